"""A deposit that is refused because no letter can reach the company: its office is told, whoever asked is written to (issue 14, item 1).

The office has one affaire for the company, whoever asked and however many; it ends when an address is known, by an agent's entry or by
the register, or when the office answers that it has none.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.un_a_un import chacun
from accounts.models import Agent, Espace
from accounts.saisies.noms import normaliser_texte
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import AdresseAttendue, PersonneSirenisee
from ..registre.regles import exiger_competence
from .envoi import adresse_du_courrier

CONSTAT: Final = "systeme:constater_adresses"
PAR_JOUR: Final = 20
JOURNEE: Final = timedelta(days=1)
LONGUEUR_MOTIF: Final = 300


class AttenteReserveeAuxActifs(RegleMetier):
    code = "attente_reservee_aux_actifs"
    message = "Votre espace doit être actif pour demander qu’une adresse soit enregistrée."


class AdresseDejaConnue(RegleMetier):
    code = "adresse_deja_connue"
    message = "L’adresse postale {denomination:de} est connue : vous pouvez déposer votre demande."


class AdresseSansObjet(RegleMetier):
    code = "adresse_sans_objet"
    message = "{denomination} a cessé son activité : aucun courrier n’a plus à lui être envoyé."


class TropDAdressesAttendues(RegleMetier):
    code = "trop_d_adresses_attendues"
    statut = 429
    message = (
        "Vous avez fait enregistrer {limite} adresses en 24 heures, c’est le maximum : continuez demain, ou appelez le service "
        "gestionnaire de l’entreprise."
    )


class AucuneAdresseAttendue(RegleMetier):
    code = "aucune_adresse_attendue"
    message = "Plus personne n’attend l’adresse de cette entreprise."


class ReponseRequise(RegleMetier):
    code = "reponse_sans_suite_requise"
    message = "Dites pourquoi, en 300 caractères au plus : chaque demandeur lira votre réponse."


@transaction.atomic
def demander_adresse(
    *, acteur: Espace, personne: PersonneSirenisee, maintenant: datetime | None = None
) -> AdresseAttendue:
    """Tell the office of this company that its address is missing, and return what waits; asked twice, it waits once.

    Raises: AttenteReserveeAuxActifs, AdresseSansObjet, AdresseDejaConnue, TropDAdressesAttendues.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    personne = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=personne.pk)
    if acteur.etat != Espace.Etat.ACTIF:
        raise AttenteReserveeAuxActifs
    siennes = AdresseAttendue.objects.filter(espace=acteur)
    deja = siennes.filter(personne=personne, issue=AdresseAttendue.Issue.EN_ATTENTE).first()
    if deja is not None:
        return deja
    if not personne.admet_de_nouveaux_droits:
        raise AdresseSansObjet(denomination=personne.denomination)
    if adresse_du_courrier(personne) is not None:
        raise AdresseDejaConnue(denomination=personne.denomination)
    if siennes.filter(demandee_le__gt=maintenant - JOURNEE).count() >= PAR_JOUR:
        raise TropDAdressesAttendues(limite=PAR_JOUR)
    attendue = AdresseAttendue.objects.create(
        espace=acteur, personne=personne, demandee_le=maintenant, registre_le=personne.modifiee_le
    )
    consigner(actes.ADRESSE_COURRIER_DEMANDEE, auteur=acteur, siren=personne.siren)
    return attendue


def conclure(acteur: Agent | str, personne: PersonneSirenisee, maintenant: datetime) -> int:
    """End what waits for the address of this company, which is locked and has one now; return how many are written to."""
    attendent = _attendent(personne)
    for attendue in attendent:
        _finir(acteur, attendue, AdresseAttendue.Issue.CONNUE, maintenant)
    return len(attendent)


@transaction.atomic
@relit_l_agent
def classer_sans_adresse(
    *, acteur: Agent, personne: PersonneSirenisee, motif: str, maintenant: datetime | None = None
) -> PersonneSirenisee:
    """Answer whoever waits that the office has no address to record, and why; return the company.

    Raises: ReponseRequise, PersonneHorsCompetence, AucuneAdresseAttendue, TexteIllisible.
    """
    maintenant = maintenant or timezone.now()
    motif = normaliser_texte(motif)
    if not 0 < len(motif) <= LONGUEUR_MOTIF:
        raise ReponseRequise
    personne = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    exiger_competence(acteur, personne)
    attendent = _attendent(personne)
    if not attendent:
        raise AucuneAdresseAttendue
    for attendue in attendent:
        attendue.motif = motif
        _finir(acteur, attendue, AdresseAttendue.Issue.SANS_SUITE, maintenant)
    return personne


def constater_adresses(*, acteur: str = CONSTAT, maintenant: datetime | None = None, nombre: int = 200) -> int:
    """End what waits where the register has given an address since it was last read, at most `nombre` a run; return how many were read."""
    maintenant = maintenant or timezone.now()
    attendent = AdresseAttendue.objects.filter(issue=AdresseAttendue.Issue.EN_ATTENTE)
    changees = attendent.exclude(personne__modifiee_le=F("registre_le")).order_by("pk")[:nombre]
    cles = sorted(set(changees.values_list("personne", flat=True)))
    return chacun("adresses_attendues", cles, lambda cle: _constater(acteur, cle, maintenant))


def _constater(acteur: str, cle: int, maintenant: datetime) -> int:
    personne = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=cle)
    if adresse_du_courrier(personne) is not None:
        conclure(acteur, personne, maintenant)
    else:
        AdresseAttendue.objects.filter(personne=personne, issue=AdresseAttendue.Issue.EN_ATTENTE).update(
            registre_le=personne.modifiee_le
        )
    return 1


def _attendent(personne: PersonneSirenisee) -> list[AdresseAttendue]:
    lignes = AdresseAttendue.objects.filter(personne=personne, issue=AdresseAttendue.Issue.EN_ATTENTE)
    return list(
        lignes.select_for_update(no_key=True, of=("self",))
        .select_related("espace__compte", "personne__service_gestionnaire")
        .order_by("pk")
    )


def _finir(acteur: Agent | str, attendue: AdresseAttendue, issue: AdresseAttendue.Issue, maintenant: datetime) -> None:
    attendue.issue, attendue.finie_le = issue, maintenant
    attendue.agent = acteur if isinstance(acteur, Agent) else None
    attendue.save(update_fields=["issue", "finie_le", "agent", "motif"])
    espace, siren, connue = attendue.espace, attendue.personne.siren, issue == AdresseAttendue.Issue.CONNUE
    if connue:
        consigner(actes.ADRESSE_COURRIER_CONNUE, auteur=acteur, espace=espace, siren=siren)
    else:
        details = {"motif": attendue.motif}
        consigner(actes.ADRESSE_COURRIER_SANS_SUITE, auteur=acteur, espace=espace, siren=siren, details=details)
    if attendue.espace.compte is not None:
        courriels.deposer(
            "adresse_connue" if connue else "adresse_sans_suite",
            destinataire=attendue.espace.compte.email,
            acte=f"adresse-attendue:{attendue.pk}",
            espace=attendue.espace,
            contexte={
                "denomination": attendue.personne.denomination,
                "siren": attendue.personne.siren_lisible,
                "gestionnaire": attendue.personne.service_gestionnaire.nom,
                "telephone": attendue.personne.service_gestionnaire.telephone,
                "motif": attendue.motif,
            },
        )
