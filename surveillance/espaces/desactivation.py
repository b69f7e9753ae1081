"""Disabling an espace that somebody else uses, and undoing what erred (R15; CGU §3.6.b; RGPD art. 22).

By an agent of the cell, by the exploitation, or automatically on two independent signals, a few a day at most. It decides under
the lock of the espace, which every act of its holder takes first: whatever that act was, it finds the espace disabled, or was
done before and is stopped here. What was granted before the first suspect act goes on.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.espace import arrets
from accounts.espace.arrets import Arret, Effet
from accounts.espace.desarmement import desarmer, rearmer, reponse_de_personne
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.models import Agent, Compte, Espace, ServiceGestionnaire
from accounts.saisies.apercu import empreinte
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from activation.courriers.avis_postaux import adresse_de_l_espace, deposer_avis

from .. import actes
from ..models import Alerte, Desactivation, Gravite
from ..signaux.preuves import SIGNAUX_TIENNENT, comptees
from ..signaux.registre import PLAFOND_DESACTIVATIONS, nom_de, sont_independantes
from .bureau import bureau_de

ANNULABLE: Final = timedelta(days=7)
LONGUEUR_DU_MOTIF: Final = 500
PREMIER_ACTE_AU_PLUS: Final = timedelta(days=365)
AUTOMATE: Final = "systeme:desactiver_automatiquement"
_VERROU: Final = 7_203_411_960  # of our own: pg_advisory_xact_lock
OUVERTS: Final = (Espace.Etat.ACTIF, Espace.Etat.EN_ATTENTE_CODE)


class CelluleRequise(RegleMetier):
    code = "cellule_requise"
    message = "Seule la cellule de surveillance désactive un espace, ou annule une désactivation."


class MotifDeDesactivationRequis(RegleMetier):
    code = "motif_de_desactivation_requis"
    message = "Dites pourquoi, en 500 caractères au plus : qui examinera ce dossier lira votre motif."


class PremierActeInvalide(RegleMetier):
    code = "premier_acte_invalide"
    message = "Le premier acte suspect est passé, et d’il y a un an au plus."


class EspaceNonDesactivable(RegleMetier):
    code = "espace_non_desactivable"
    message = "Cet espace ne peut pas être désactivé : il est {etat}."


class EffetsChanges(RegleMetier):
    code = "effets_changes"
    message = "Ce qui serait arrêté a changé depuis que cette page a été affichée : relisez-la, puis confirmez."


class SignauxInsuffisants(RegleMetier):
    code = "signaux_insuffisants"
    message = "Une désactivation automatique repose sur deux signaux indépendants, dont un au moins n’est pas un score."


class DesactivationTerminee(RegleMetier):
    code = "desactivation_terminee"
    message = "Cette désactivation n’est plus en cours : elle est annulée, ou l’accès est déjà rétabli."


class AnnulationTardive(RegleMetier):
    code = "annulation_tardive"
    message = (
        "Une désactivation s’annule pendant 7 jours. Depuis, seul le service gestionnaire rétablit l’accès, au guichet, après "
        "avoir vérifié l’identité du détenteur."
    )


def effets_de(espace: Espace, depuis: datetime) -> list[Effet]:
    """Return what would stop with this espace: what an agent reads before confirming."""
    return arrets.effets(espace, depuis)


def apercu_de(effets: Collection[Effet]) -> str:
    """Return the print of what a page shows of a disabling."""
    return empreinte([(effet.titre, effet.lignes) for effet in effets])


def desactivation_en_cours(espace: Espace) -> Desactivation | None:
    """Return the disabling under way of this espace, None when there is none."""
    return Desactivation.objects.filter(espace=espace, annulee_le=None, retablie_le=None).first()


@transaction.atomic
@relit_l_agent
def desactiver_espace(
    *,
    acteur: Agent | str,
    espace: Espace,
    raison: str,
    motif: str,
    depuis: datetime,
    alertes: Collection[Alerte] = (),
    montre: str | None = None,
    maintenant: datetime | None = None,
) -> Desactivation:
    """Disable this espace, stop what was under way since the first suspect act (`depuis`), tell the holder; return the disabling.

    `montre` is the print of what its page showed. Raises: FonctionChangee, CelluleRequise, MotifDeDesactivationRequis,
    PremierActeInvalide, EspaceNonDesactivable, EffetsChanges.
    """
    if isinstance(acteur, Agent):
        _exiger_la_cellule(acteur)
    voie = Desactivation.Voie.AGENT if isinstance(acteur, Agent) else Desactivation.Voie.COMMANDE
    return _desactiver(
        acteur,
        espace,
        voie=voie,
        raison=Desactivation.Raison(raison),
        motif=_motif(motif),
        depuis=depuis,
        alertes=alertes,
        montre=montre,
        maintenant=maintenant or timezone.now(),
    )


@transaction.atomic
def desactiver_automatiquement(
    *, acteur: str = AUTOMATE, espace: Espace, alertes: Collection[Alerte], maintenant: datetime | None = None
) -> Desactivation | None:
    """Disable this espace on these alerts, two independent ones at least; None beyond the cap of the day, which alerts the cell.

    Independent: of two families of the table of signals, raised for this account, not set aside, nothing ordinary nor that a
    stranger can cause from outside, seen within seven days and since its holder last proved himself (`signaux/preuves.py`), one of
    them at least no score (design.md §8). The first suspect act is the oldest that they saw in this time: an alert that stayed
    open for months says nothing of the acts of then.
    Raises: SignauxInsuffisants, EspaceNonDesactivable.
    """
    maintenant = maintenant or timezone.now()
    tiennent = maintenant - SIGNAUX_TIENNENT
    espace, _ = _verrouiller(espace)  # he proves himself under the same lock: before, or never
    siennes = Alerte.objects.filter(
        pk__in=[alerte.pk for alerte in alertes], compte__espace=espace, derniere_le__gt=tiennent
    )
    comptent = comptees(list(siennes), espace=espace, maintenant=maintenant)
    retenues = [comptee.alerte for comptee in comptent]
    if not sont_independantes(retenues):
        raise SignauxInsuffisants
    with connection.cursor() as curseur:  # one at a time: the cap is counted, then used
        curseur.execute("SELECT pg_advisory_xact_lock(%s)", [_VERROU])
    if (faites := _automatiques_du_jour(maintenant)) >= settings.PLAFOND_DESACTIVATIONS_AUTO:
        _alerter_du_plafond(acteur, espace, faites, maintenant)
        return None
    return _desactiver(
        acteur,
        espace,
        voie=Desactivation.Voie.AUTOMATIQUE,
        raison=Desactivation.Raison.INHABITUEL,
        motif="Signaux : " + ", ".join(sorted({nom_de(alerte.motif) for alerte in retenues})),
        depuis=min(maintenant, *(comptee.premiere for comptee in comptent)),
        alertes=retenues,
        maintenant=maintenant,
    )


@transaction.atomic
@relit_l_agent
def annuler_desactivation(
    *, acteur: Agent | str, desactivation: Desactivation, motif: str, maintenant: datetime | None = None
) -> Desactivation:
    """Undo a disabling that erred, within seven days, and return it: the former password and answer serve again.

    Raises: FonctionChangee, CelluleRequise, MotifDeDesactivationRequis, DesactivationTerminee, AnnulationTardive,
    accounts.chiffrement.SecretIllisible.
    """
    maintenant = maintenant or timezone.now()
    if isinstance(acteur, Agent):
        _exiger_la_cellule(acteur)
    motif = _motif(motif)
    espace, compte = _verrouiller(desactivation.espace)
    fraiche = Desactivation.objects.select_for_update(no_key=True, of=("self",)).get(pk=desactivation.pk)
    if not fraiche.est_en_cours or compte is None:
        raise DesactivationTerminee
    if not annulable(fraiche, maintenant):
        raise AnnulationTardive
    arrets.verrouiller(espace)
    rearmer(espace=espace, compte=compte, scelle=fraiche.secrets, etat=fraiche.etat_avant)
    arrets.rendre(Arret(espace=espace, depuis=fraiche.depuis, maintenant=maintenant, auteur=acteur), fraiche.memoire)
    fraiche.annulee_le, fraiche.secrets, fraiche.memoire = maintenant, "", {}
    fraiche.annulee_par = acteur if isinstance(acteur, Agent) else None
    fraiche.motif = f"{fraiche.motif} Annulée : {motif}"
    fraiche.save(update_fields=["annulee_le", "annulee_par", "secrets", "memoire", "motif"])
    consigner(actes.ESPACE_DESACTIVATION_ANNULEE, auteur=acteur, espace=espace, details={"reference": str(fraiche.pk)})
    courriels.deposer(
        "espace_desactivation_annulee",
        destinataire=compte.email,
        acte=f"desactivation-annulee:{fraiche.pk}",
        espace=espace,
        contexte={"desactive_le": jour_heure(fraiche.desactive_le)},
    )
    return fraiche


def annulable(desactivation: Desactivation, maintenant: datetime | None = None) -> bool:
    """Whether this disabling, under way, may still be undone: its hashes are kept seven days."""
    limite = (maintenant or timezone.now()) - ANNULABLE
    return desactivation.est_en_cours and desactivation.desactive_le > limite and bool(desactivation.secrets)


def _exiger_la_cellule(acteur: Agent) -> None:
    if acteur.fonction not in SURVEILLANCE:
        raise CelluleRequise


def _motif(motif: str) -> str:
    propre = " ".join(motif.split())
    if not 0 < len(propre) <= LONGUEUR_DU_MOTIF:
        raise MotifDeDesactivationRequis
    return propre


def _verrouiller(espace: Espace) -> tuple[Espace, Compte | None]:
    """Return the espace and its account, locked in the order of every act of its holder."""
    frais = Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=espace.pk)
    if frais.compte_id is None:
        return frais, None
    compte = Compte.objects.select_for_update(no_key=True).get(pk=frais.compte_id)
    frais.compte = compte
    return frais, compte


def _desactiver(
    acteur: Agent | str,
    espace: Espace,
    *,
    voie: Desactivation.Voie,
    raison: Desactivation.Raison,
    motif: str,
    depuis: datetime,
    alertes: Collection[Alerte],
    maintenant: datetime,
    montre: str | None = None,
) -> Desactivation:
    if not maintenant - PREMIER_ACTE_AU_PLUS <= depuis <= maintenant:
        raise PremierActeInvalide
    sans_reponse = reponse_de_personne()
    espace, compte = _verrouiller(espace)
    if espace.etat not in OUVERTS or compte is None:
        raise EspaceNonDesactivable(etat=espace.get_etat_display())
    if montre is not None and montre != apercu_de(effets_de(espace, depuis)):
        raise EffetsChanges
    arrets.verrouiller(espace)
    etat_avant = espace.etat
    memoires = arrets.arreter(Arret(espace=espace, depuis=depuis, maintenant=maintenant, auteur=acteur))
    secrets = desarmer(auteur=acteur, espace=espace, compte=compte, empreinte=sans_reponse, maintenant=maintenant)
    desactivation = Desactivation.objects.create(
        espace=espace,
        voie=voie,
        raison=raison,
        motif=motif,
        agent=acteur if isinstance(acteur, Agent) else None,
        alertes=[alerte.pk for alerte in alertes],
        depuis=depuis,
        desactive_le=maintenant,
        etat_avant=etat_avant,
        secrets=secrets,
        memoire=memoires,
    )
    Alerte.objects.filter(pk__in=desactivation.alertes, etat=Alerte.Etat.OUVERTE).update(
        etat=Alerte.Etat.CONFIRMEE, examinee_le=maintenant, examinee_par=desactivation.agent
    )
    consigner(
        actes.ESPACE_DESACTIVE,
        auteur=acteur,
        espace=espace,
        details={
            "voie": voie.value,
            "raison": raison.value,
            "depuis": depuis.isoformat(),
            "reference": str(desactivation.pk),
        },
    )
    _prevenir(desactivation, espace, compte, maintenant)
    return desactivation


def boite_douteuse(desactivation: Desactivation, compte: Compte) -> bool:
    """Whether a mail may reach somebody else, or nobody: the address was changed since the first suspect act, or bounces."""
    return bool(desactivation.memoire.get("adresse")) or compte.adresse_rejetee_le is not None


def _prevenir(desactivation: Desactivation, espace: Espace, compte: Compte, maintenant: datetime) -> None:
    """Tell the holder: what happened, why, where to go; by post too where the mailbox is in doubt."""
    bureau = bureau_de(espace)
    contexte = {
        "le": jour_heure(maintenant),
        "raison": desactivation.get_raison_display(),
        "automatique": desactivation.voie == Desactivation.Voie.AUTOMATIQUE,
        "annulees": desactivation.memoire.get("activation", {}).get("references", []),
        **_contact(bureau),
    }
    courriels.deposer(
        "espace_desactive",
        destinataire=compte.email,
        acte=f"desactivation:{desactivation.pk}",
        espace=espace,
        contexte=contexte,
    )
    if not boite_douteuse(desactivation, compte):
        return
    adresse = adresse_de_l_espace(
        espace
    )  # as before the first suspect act: what was changed since has just been put back
    if adresse is not None and bureau is not None:
        deposer_avis(
            espace=espace,
            adresse=adresse,
            bureau=bureau,
            titre="Votre espace professionnel est désactivé",
            paragraphes=_lettre(desactivation, maintenant),
            maintenant=maintenant,
        )


def _contact(bureau: ServiceGestionnaire | None) -> dict[str, str]:
    if bureau is None:
        return {"gestionnaire": "", "telephone": "", "adresse": ""}
    return {
        "gestionnaire": bureau.nom,
        "telephone": bureau.telephone,
        "adresse": ", ".join(bureau.lignes_adresse),
    }


def _lettre(desactivation: Desactivation, maintenant: datetime) -> list[str]:
    decision = (
        "Cette décision a été prise automatiquement, sur deux signaux indépendants. Vous pouvez demander qu’un agent la réexamine, "
        "donner votre point de vue et la contester auprès du service ci-dessous."
        if desactivation.voie == Desactivation.Voie.AUTOMATIQUE
        else "Cette décision a été prise par un agent. Vous pouvez la contester auprès du service ci-dessous."
    )
    return [
        f"Le {jour_heure(maintenant)}, l’administration a désactivé votre espace professionnel par sécurité, parce que "
        f"{desactivation.get_raison_display()} (conditions générales d’utilisation, §3.6).",
        "Votre mot de passe et la réponse à votre question de confiance ont été changés d’office : plus personne n’entre dans cet "
        "espace. Vos habilitations demeurent, et celles que vous aviez accordées auparavant continuent de servir.",
        "Pour rétablir votre accès, présentez-vous à l’accueil du service ci-dessous avec une pièce d’identité en cours de validité "
        "et un document qui montre que vous agissez pour l’entreprise. Vous y recevrez, sous pli, de quoi choisir un nouveau mot de "
        "passe.",
        decision,
        "Nous vous écrivons par la poste parce que l’adresse électronique de votre espace n’est pas sûre.",
    ]


def _automatiques_du_jour(maintenant: datetime) -> int:
    jour = maintenant - timedelta(hours=24)
    return Desactivation.objects.filter(voie=Desactivation.Voie.AUTOMATIQUE, desactive_le__gt=jour).count()


def _alerter_du_plafond(acteur: str, espace: Espace, faites: int, maintenant: datetime) -> None:
    """Leave this one to the cell: an alert on the account, once a day, and a line that says why."""
    if espace.compte_id is None:
        return
    depuis = maintenant - timedelta(hours=24)
    if not Alerte.objects.filter(compte=espace.compte_id, motif=PLAFOND_DESACTIVATIONS, levee_le__gt=depuis).exists():
        Alerte.objects.create(
            compte_id=espace.compte_id,
            motif=PLAFOND_DESACTIVATIONS,
            gravite=Gravite.GRAVE,
            levee_le=maintenant,
            derniere_le=maintenant,
            details={"nombre": faites},
        )
    consigner(actes.ESPACE_DESACTIVATION_PLAFONNEE, auteur=acteur, espace=espace, details={"nombre": faites})
