"""Giving an IDSP: the provisional identifier of a personne that INSEE has not identified yet (domaine.md §1; CGU §5).

Its office gives it, with a proof, so that demandes and letters are possible at once; `services.registre.identification.attribuer_siren` turns it
into the SIREN later. The form of an IDSP is published nowhere: one that another application gave is taken, else one is drawn.
"""

import secrets
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.noms import normaliser_texte
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import normaliser_identifiant
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..fichiers_insee import departement_de
from ..models import IdentifiantRemplace, PersonneSirenisee
from ..models.personne import Categorie
from ..models.registre import PREUVE_LONGUEUR
from ..registre.rattachement import BureauHorsDepartement
from ..registre.regles import exiger_preuve
from .saisie import lire_adresse

CHIFFRES: Final = 8  # after the letter of a drawn IDSP


class DenominationRequise(RegleMetier):
    code = "denomination_requise"
    message = "Indiquez la dénomination, en 300 caractères au plus."


class IdspEstUnSiren(RegleMetier):
    code = "idsp_est_un_siren"
    message = "{identifiant} est un SIREN : un identifiant provisoire compte une lettre au moins."


class IdspDejaDonne(RegleMetier):
    code = "idsp_deja_donne"
    message = "L’identifiant provisoire {identifiant} est déjà celui d’une personne."


class PersonneDejaProvisoire(RegleMetier):
    code = "personne_deja_provisoire"
    message = "Votre service a déjà donné l’identifiant provisoire {identifiant} à une personne de ce nom et de ce code postal."


@transaction.atomic
@relit_l_agent
def donner_idsp(
    *,
    acteur: Agent,
    denomination: str,
    categorie: str,
    preuve: str,
    complement: str = "",
    voie: str = "",
    distribution: str = "",
    code_postal: str = "",
    commune: str = "",
    pays: str = "",
    idsp: str = "",
) -> PersonneSirenisee:
    """Give a personne that waits for its SIREN a provisional identifier, and return it: it is of the agent's own office.

    `idsp`: one that another application gave; "" draws one. Raises: DenominationRequise, PreuveNonDite, what `lire_adresse` raises,
    BureauHorsDepartement, PersonneDejaProvisoire, IdspEstUnSiren, IdspDejaDonne, TexteIllisible, the rules of an identifier.
    """
    denomination = normaliser_texte(denomination)
    if not 0 < len(denomination) <= 300:
        raise DenominationRequise
    preuve = exiger_preuve(preuve, PREUVE_LONGUEUR)
    adresse = lire_adresse(
        {
            "complement": complement,
            "voie": voie,
            "distribution": distribution,
            "code_postal": code_postal,
            "commune": commune,
            "pays": pays,
        }
    )
    personne = PersonneSirenisee(
        provisoire=True,
        denomination=denomination,
        categorie=Categorie(categorie),
        service_gestionnaire=acteur.service_gestionnaire,
        **adresse,
    )
    _exiger_du_departement(acteur, personne)
    # One at a time in an office: a form sent twice, or by two agents, gives one identifier.
    ServiceGestionnaire.objects.select_for_update(no_key=True).get(pk=acteur.service_gestionnaire_id)
    _exiger_nouvelle(acteur, personne)
    personne.siren = _identifiant(idsp)
    try:
        with transaction.atomic():
            personne.save(force_insert=True)
    except IntegrityError as erreur:
        if "(siren)=" not in str(erreur):
            raise
        raise IdspDejaDonne(identifiant=personne.siren) from erreur
    consigner(actes.PERSONNE_PROVISOIRE, auteur=acteur, siren=personne.siren, details={"preuve": preuve})
    return personne


def _exiger_du_departement(acteur: Agent, personne: PersonneSirenisee) -> None:
    """The office of its département, as the register's import would choose; the DGE's are chosen one by one."""
    bureau, departement = acteur.service_gestionnaire, departement_de(personne.code_postal)
    if departement and bureau.type != bureau.Type.DGE and departement not in bureau.departements.split():
        raise BureauHorsDepartement(departement=departement)


def _exiger_nouvelle(acteur: Agent, personne: PersonneSirenisee) -> None:
    deja = PersonneSirenisee.objects.filter(
        service_gestionnaire=acteur.service_gestionnaire_id,
        denomination__replie=personne.denomination,
        code_postal=personne.code_postal,
        provisoire=True,
    ).first()
    if deja is not None:
        raise PersonneDejaProvisoire(identifiant=deja.siren_lisible)


def _identifiant(idsp: str) -> str:
    """Return the IDSP that was typed, or a drawn one: a letter and eight digits."""
    if not idsp.strip():
        return "P" + "".join(secrets.choice("0123456789") for _ in range(CHIFFRES))
    identifiant = normaliser_identifiant(idsp)
    if identifiant.isdigit():
        raise IdspEstUnSiren(identifiant=identifiant)
    if IdentifiantRemplace.objects.filter(identifiant=identifiant).exists():
        raise IdspDejaDonne(identifiant=identifiant)
    return identifiant
