"""What an agent enters when the register's address cannot be written to (issue 11 item 9): kept apart from it, with its proof."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent
from accounts.saisies.code_postal import CodePostalDeFrance, est_en_france, exiger_code_du_pays
from accounts.saisies.noms import normaliser_texte
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import AdresseSaisie, PersonneSirenisee
from ..registre.regles import exiger_competence
from .attendues import conclure
from .envoi import est_distribuable, nom_inconnu

LONGUEUR_PREUVE = 300
LIGNES: Final = ("complement", "voie", "distribution", "code_postal", "commune", "pays")


class AdresseNonDistribuable(RegleMetier):
    code = "adresse_non_distribuable"
    message = (
        "La Poste ne peut pas distribuer à cette adresse : indiquez un numéro et une voie, ou une boîte postale ou un "
        "lieu-dit, et la commune."
    )


class DestinataireRequis(RegleMetier):
    code = "destinataire_requis"
    message = "Le registre ne donne pas le nom de cette personne : indiquez celui à porter sur l’enveloppe."


class PreuveRequise(RegleMetier):
    code = "motif_et_justificatif_requis"
    message = "Indiquez, en 300 caractères au plus, le motif de la saisie et le justificatif que vous avez vu."


class AucuneAdresseSaisie(RegleMetier):
    code = "aucune_adresse_saisie"
    message = "Aucune adresse n’est saisie pour cette personne."


@dataclass(frozen=True, kw_only=True, slots=True)
class Saisie:
    """What the agent typed."""

    complement: str = ""
    voie: str = ""
    distribution: str = ""
    code_postal: str = ""
    commune: str = ""
    pays: str = ""
    destinataire: str = ""


def _verrouiller(acteur: Agent, personne: PersonneSirenisee) -> PersonneSirenisee:
    """Lock the personne. Raises: PersonneHorsCompetence."""
    fraiche = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=personne.pk)
    exiger_competence(acteur, fraiche)
    return fraiche


def lire_adresse(saisie: Mapping[str, str]) -> dict[str, str]:
    """Return an address typed for the letters, cell by cell, as it is kept: a street or a post box, a town, and in France its code.

    The register's own is held to less (`est_distribuable`): nobody is there to be asked. Raises: CodePostalDeFrance, CodePostalInvalide,
    AdresseNonDistribuable, TexteIllisible.
    """
    champs = {nom: normaliser_texte(texte) for nom, texte in saisie.items()}
    champs["code_postal"] = exiger_code_du_pays(champs["code_postal"], champs["pays"])
    if est_en_france(champs["pays"]) and not champs["code_postal"]:
        raise CodePostalDeFrance
    lignes = {nom: champs[nom] for nom in LIGNES}
    if not (champs["voie"] or champs["distribution"]) or not est_distribuable(AdresseSaisie(**lignes)):
        raise AdresseNonDistribuable
    return champs


def _preuve(texte: str) -> str:
    propre = normaliser_texte(texte)
    if not 0 < len(propre) <= LONGUEUR_PREUVE:
        raise PreuveRequise
    return propre


@transaction.atomic
@relit_l_agent
def saisir_adresse(
    *,
    acteur: Agent,
    personne: PersonneSirenisee,
    saisie: Saisie,
    motif: str,
    justificatif: str,
    maintenant: datetime | None = None,
) -> AdresseSaisie:
    """Enter the address to which the letters of this personne go; the register's own stays as it is. Return it.

    It replaces one entered before, and gives way once the register gives another address. The company is told by mail, and
    whoever waited for it (attendues.py). Raises: PersonneHorsCompetence, PreuveRequise, DestinataireRequis, and what
    `lire_adresse` raises.
    """
    maintenant = maintenant or timezone.now()
    motif, justificatif = _preuve(motif), _preuve(justificatif)
    champs = lire_adresse(asdict(saisie))
    personne = _verrouiller(acteur, personne)
    if nom_inconnu(personne) and not champs["destinataire"]:
        raise DestinataireRequis
    personne.adresses_saisies.filter(fin_le=None).update(fin_le=maintenant)
    adresse = AdresseSaisie.objects.create(
        personne=personne,
        registre=personne.lignes_adresse,
        motif=motif,
        justificatif=justificatif,
        agent=acteur,
        saisie_le=maintenant,
        **champs,
    )
    consigner(actes.ADRESSE_COURRIER_SAISIE, auteur=acteur, siren=personne.siren)
    _prevenir(personne, adresse.pk)
    conclure(acteur, personne, maintenant)
    return adresse


@transaction.atomic
@relit_l_agent
def retirer_adresse(
    *, acteur: Agent, personne: PersonneSirenisee, maintenant: datetime | None = None
) -> PersonneSirenisee:
    """Go back to the register's address. Raises: PersonneHorsCompetence, AucuneAdresseSaisie."""
    personne = _verrouiller(acteur, personne)
    if not personne.adresses_saisies.filter(fin_le=None).update(fin_le=maintenant or timezone.now()):
        raise AucuneAdresseSaisie
    consigner(actes.ADRESSE_COURRIER_RETIREE, auteur=acteur, siren=personne.siren)
    return personne


def _prevenir(personne: PersonneSirenisee, cle: int) -> None:
    if personne.courriel:
        courriels.deposer(
            "adresse_courrier_saisie",
            destinataire=personne.courriel,
            acte=f"adresse-courrier:{cle}",
            contexte={"denomination": personne.denomination},
        )
