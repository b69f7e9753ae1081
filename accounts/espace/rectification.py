"""Asking for what only an agent can correct (CGU §4.b; RGPD art. 16).

The request goes to the service gestionnaire of the SIREN d'appartenance, or else of a SIREN that the espace may act for;
it waits in its queue at /gestion/, is journaled, acknowledged, and followed on both sides until an agent answers.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..models import Agent, Espace, Rectification, ServiceGestionnaire
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import combien, consigner

PAR_JOUR = 3
LONGUEUR_DE_LA_DEMANDE = 1000


class GestionnaireIntrouvable(RegleMetier):
    code = "gestionnaire_introuvable"
    message = (
        "Nous ne savons pas quel service gestionnaire vous suit : indiquez le SIREN de votre organisation dans vos "
        "coordonnées, ou adressez-vous au service des impôts des entreprises."
    )


class TropDeDemandes(RegleMetier):
    code = "trop_de_rectifications"
    message = "Trois demandes sont déjà parties aujourd’hui. Attendez leur réponse, ou réessayez demain."


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


class RectificationDejaRepondue(RegleMetier):
    code = "rectification_deja_repondue"
    message = "Cette demande de rectification a déjà sa réponse ({etat})."


class RectificationHorsCompetence(RegleMetier):
    code = "rectification_hors_competence"
    message = "Cette demande de rectification est adressée à un autre service gestionnaire que le vôtre."


class RectificationEffacee(RegleMetier):
    code = "rectification_effacee"
    message = "Cette demande n’attend plus de réponse : l’espace a été supprimé par son détenteur."


class ReponseDeRectificationRequise(RegleMetier):
    code = "reponse_de_rectification_requise"
    message = "Dites à la personne, en 1 000 caractères au plus, ce qui a été corrigé, ou pourquoi rien ne l’est."


@transaction.atomic
def demander_rectification(
    *, acteur: Espace, objet: str, texte: str, maintenant: datetime | None = None
) -> Rectification:
    """Put the request in the queue of the service gestionnaire, tell it, acknowledge it to the holder, journal it; return it.

    The text is in the request and in the mails, not in the journal. Raises: GestionnaireIntrouvable, TropDeDemandes.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    gestionnaire = gestionnaire_de(acteur)
    if gestionnaire is None or acteur.compte is None:
        raise GestionnaireIntrouvable
    if combien(actes.RECTIFICATION_DEMANDEE, auteur=acteur, depuis=maintenant - timedelta(days=1)) >= PAR_JOUR:
        raise TropDeDemandes
    rectification = Rectification.objects.create(
        espace=acteur,
        service_gestionnaire=gestionnaire,
        objet=Rectification.Objet(objet),
        texte=texte,
        deposee_le=maintenant,
    )
    commun = {
        "objet": rectification.get_objet_display(),
        "texte": texte,
        "nom": acteur.nom_complet,
        "numero": acteur.numero_lisible,
        "gestionnaire": gestionnaire.nom,
    }
    acte = f"rectification:{rectification.pk}"
    courriels.deposer(
        "rectification_gestionnaire", destinataire=gestionnaire.courriel, acte=acte, espace=acteur, contexte=commun
    )
    courriels.deposer(
        "rectification_accuse", destinataire=acteur.compte.email, acte=acte, espace=acteur, contexte=commun
    )
    consigner(
        actes.RECTIFICATION_DEMANDEE,
        auteur=acteur,
        details={"objet": objet, "reference": str(rectification.pk), "service": gestionnaire.code},
    )
    return rectification


@transaction.atomic
@relit_l_agent
def repondre_rectification(
    *, acteur: Agent, rectification: Rectification, faite: bool, reponse: str, maintenant: datetime | None = None
) -> Rectification:
    """Answer a request to correct: done, or refused, in words that its holder is sent as quoted; return it.

    What is corrected is corrected by its own act (an address, a représentant légal …): this one says so (RGPD art. 12 and 16).
    Raises: ReponseDeRectificationRequise, RectificationEffacee, RectificationHorsCompetence, RectificationDejaRepondue.
    """
    reponse = " ".join(reponse.split())
    if not 0 < len(reponse) <= LONGUEUR_DE_LA_DEMANDE:
        raise ReponseDeRectificationRequise
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte")
    espace_vise = espace.get(pk=rectification.espace_id)
    fraiche = Rectification.objects.select_for_update(no_key=True, of=("self",)).filter(pk=rectification.pk).first()
    if fraiche is None:
        raise RectificationEffacee
    if fraiche.service_gestionnaire_id != acteur.service_gestionnaire_id:
        raise RectificationHorsCompetence
    if fraiche.etat != Rectification.Etat.DEPOSEE:
        raise RectificationDejaRepondue(etat=fraiche.get_etat_display())
    fraiche.etat = Rectification.Etat.FAITE if faite else Rectification.Etat.REFUSEE
    fraiche.reponse, fraiche.agent, fraiche.traitee_le = reponse, acteur, maintenant or timezone.now()
    fraiche.save(update_fields=["etat", "reponse", "agent", "traitee_le"])
    consigner(
        actes.RECTIFICATION_FAITE if faite else actes.RECTIFICATION_REFUSEE,
        auteur=acteur,
        espace=espace_vise,
        details={"objet": fraiche.objet, "reference": str(fraiche.pk)},
    )
    if espace_vise.compte is not None:
        courriels.deposer(
            "rectification_reponse",
            destinataire=espace_vise.compte.email,
            acte=f"rectification-reponse:{fraiche.pk}",
            espace=espace_vise,
            contexte={
                "nom": espace_vise.nom_complet,
                "objet": fraiche.get_objet_display(),
                "etat": fraiche.get_etat_display(),
                "reponse": reponse,
                "gestionnaire": acteur.service_gestionnaire.nom,
                "telephone": acteur.service_gestionnaire.telephone,
            },
        )
    return fraiche
