"""Asking for what only an agent can correct (CGU §4.b; RGPD art. 16).

The request leaves by mail to the service gestionnaire of the SIREN d'appartenance, or else of a SIREN that the espace
may act for; it is journaled, and acknowledged.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..models import Espace, ServiceGestionnaire
from ..saisies.regles import RegleMetier
from ..traces.journal import combien, consigner

PAR_JOUR = 3
LONGUEUR_DE_LA_DEMANDE = 1000


class Objet(models.TextChoices):
    """What the holder cannot change alone."""

    NUMERO_ABONNE = "NUMERO_ABONNE", "votre numéro d'abonné ou les dates de votre espace"
    HABILITATIONS = "HABILITATIONS", "vos habilitations, vos demandes ou vos mandats"
    ENTREPRISE = "ENTREPRISE", "la dénomination, l'adresse ou le représentant légal d'une personne"
    CONNEXIONS = "CONNEXIONS", "une connexion ou un acte que je ne reconnais pas"
    AUTRE = "AUTRE", "autre chose"


class GestionnaireIntrouvable(RegleMetier):
    code = "gestionnaire_introuvable"
    message = (
        "Nous ne savons pas quel service gestionnaire vous suit : indiquez le SIREN de votre organisation dans vos "
        "coordonnées, ou adressez-vous au service des impôts des entreprises."
    )


class TropDeDemandes(RegleMetier):
    code = "trop_de_rectifications"
    message = "Trois demandes sont déjà parties aujourd'hui. Attendez leur réponse, ou réessayez demain."


# The floor that knows the personnes says which service gestionnaire follows a SIREN.
_ANNUAIRES: list[Callable[[str], ServiceGestionnaire | None]] = []


def inscrire_annuaire(annuaire: Callable[[str], ServiceGestionnaire | None]) -> None:
    """Add a way from a SIREN to its service gestionnaire."""
    _ANNUAIRES.append(annuaire)


# The floor that knows the habilitations says which SIREN an espace may act for, the best to write about first.
_TENUS: list[Callable[[Espace], Iterable[str]]] = []


def inscrire_sirens(tenus: Callable[[Espace], Iterable[str]]) -> None:
    """Add a way from an espace to the SIREN that it may act for."""
    _TENUS.append(tenus)


def _sirens_de(espace: Espace) -> Iterator[str]:
    if espace.siren_appartenance:
        yield espace.siren_appartenance
    for tenus in _TENUS:
        yield from tenus(espace)


def gestionnaire_de(espace: Espace) -> ServiceGestionnaire | None:
    """Return the service gestionnaire of the espace's SIREN d'appartenance, or else of a SIREN it may act for, if any."""
    trouves = (annuaire(siren) for siren in _sirens_de(espace) for annuaire in _ANNUAIRES)
    return next((trouve for trouve in trouves if trouve is not None), None)


@transaction.atomic
def demander_rectification(
    *, acteur: Espace, objet: str, texte: str, maintenant: datetime | None = None
) -> ServiceGestionnaire:
    """Send the request to the service gestionnaire, acknowledge it to the holder, journal it; return the service.

    The text is in the mail alone, not in the journal. Raises: GestionnaireIntrouvable, TropDeDemandes.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    gestionnaire = gestionnaire_de(acteur)
    if gestionnaire is None or acteur.compte is None:
        raise GestionnaireIntrouvable
    if combien(actes.RECTIFICATION_DEMANDEE, auteur=acteur, depuis=maintenant - timedelta(days=1)) >= PAR_JOUR:
        raise TropDeDemandes
    reference = uuid.uuid4()
    commun = {
        "objet": Objet(objet).label,
        "texte": texte,
        "nom": acteur.nom_complet,
        "numero": acteur.numero_lisible,
        "adresse_reponse": acteur.compte.email,
        "gestionnaire": gestionnaire.nom,
    }
    acte = f"rectification:{reference}"
    courriels.deposer(
        "rectification_gestionnaire", destinataire=gestionnaire.courriel, acte=acte, espace=acteur, contexte=commun
    )
    courriels.deposer(
        "rectification_accuse", destinataire=acteur.compte.email, acte=acte, espace=acteur, contexte=commun
    )
    consigner(
        actes.RECTIFICATION_DEMANDEE,
        auteur=acteur,
        details={"objet": objet, "reference": str(reference), "service": gestionnaire.code},
    )
    return gestionnaire
