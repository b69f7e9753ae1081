"""The password policy (R3, CGU §3.2): strength, history, renewal. How strong one is, is in mots_de_passe_force.py."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.db import transaction
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.budget import DUREE_TACHE
from ..models import Agent, AncienMotDePasse, Compte, Espace, Lien
from ..saisies.dates import apres_des_mois, jour, jour_heure
from ..saisies.organisations import denomination
from ..saisies.regles import RegleMetier
from ..sessions.ouvertures import fermer_toutes
from ..traces.journal import consigner
from .exigences import Politique, politique_exigee, version_imposee
from .force import evaluer

HISTORIQUE = 5
LONGUEUR_MAX = 256
MOIS_CONSEIL = 6
MOIS_VALIDITE = 36
COMPTES_PAR_LOT = 200


class MotDePasseFaible(RegleMetier):
    code = "mot_de_passe_faible"
    message = "Ce mot de passe est trop faible. {conseils}"


class MotDePasseTropLong(RegleMetier):
    code = "mot_de_passe_trop_long"
    message = "Ce mot de passe dépasse {limite} caractères."


class MotDePasseDejaUtilise(RegleMetier):
    code = "mot_de_passe_deja_utilise"
    message = "Ce mot de passe est l’un de vos cinq derniers : choisissez-en un que vous n’avez pas encore utilisé."


class EspaceDesactive(RegleMetier):
    code = "espace_desactive"
    message = (
        "Cet espace vient d’être désactivé par sécurité : rien n’est changé. Présentez-vous à l’accueil de votre service "
        "gestionnaire avec une pièce d’identité."
    )


class CompteModifie(RegleMetier):
    code = "compte_modifie"
    message = "Votre compte vient d’être modifié. Connectez-vous de nouveau."


def exiger_prouve(acteur: Compte | None, compte: Compte) -> None:
    """Check that the password of this account, which is locked, is still the one that its actor proved: what has closed the account
    meanwhile, as « ce n'est pas moi », wins every race (R15). Raises: CompteModifie.
    """
    if acteur is None or acteur.password != compte.password:
        raise CompteModifie


def exiger_non_desactive(espace: Espace | None) -> None:
    """Check that this espace, which is locked, is not disabled: a disabling wins every race (R15). Raises: EspaceDesactive."""
    if espace is not None and espace.etat == Espace.Etat.DESACTIVE:
        raise EspaceDesactive


class Etape(IntEnum):
    """How far the reminders of one password have gone; kept in `Compte.rappel_mot_de_passe`, so each is sent once."""

    AUCUNE = 0
    CONSEIL = 1  # six months old: advice (CGU §3.2.e)
    SOIXANTE_JOURS = 2
    TRENTE_JOURS = 3
    SEPT_JOURS = 4
    EXIGE = 5  # three years old: only the renewal page is open (CGU §3.2.c)


JOURS_AVANT = {Etape.SOIXANTE_JOURS: 60, Etape.TRENTE_JOURS: 30, Etape.SEPT_JOURS: 7}


def exiger_force(mot_de_passe: str, personnels: Iterable[str]) -> Politique:
    """Return the policy that accepts this password. Raises: MotDePasseTropLong, MotDePasseFaible (CGU §3.2.a-b, d)."""
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise MotDePasseTropLong(limite=LONGUEUR_MAX)
    politique = politique_exigee()
    evaluation = evaluer(mot_de_passe, [mot for mot in personnels if mot], politique.exigence)
    if not evaluation.acceptable:
        raise MotDePasseFaible(conseils=" ".join(evaluation.conseils))
    return politique


def mots_personnels(espace: Espace) -> list[str]:
    """Return the words of the person and of their organisation that a password must not rest on."""
    compte = espace.compte
    return [
        compte.email if compte else "",
        espace.nom,
        espace.prenom,
        espace.siren_appartenance,
        denomination(espace.siren_appartenance),
        espace.numero_abonne,
        espace.telephone,
        espace.commune,
    ]


def mots_personnels_agent(agent: Agent) -> list[str]:
    """Return the words of the agent, and of the office, that a password must not rest on."""
    service = agent.service_gestionnaire
    return [agent.compte.email, agent.nom, agent.prenom, service.nom, service.code, service.commune]


@transaction.atomic
def reconnaitre_mot_de_passe(*, acteur: Compte, mot_de_passe: str) -> bool:
    """Record that the password just proved meets a policy harder than the one that accepted it; return whether it does.

    Nothing else can tell: a hash does not say how strong its password is (CGU §3.2.d).
    """
    politique = politique_exigee()
    if acteur.politique >= politique.version:
        return True
    espace = Espace.objects.filter(compte=acteur).first()
    agent = Agent.objects.select_related("service_gestionnaire", "compte").filter(compte=acteur).first()
    mots = mots_personnels(espace) if espace else mots_personnels_agent(agent) if agent else [acteur.email]
    if not evaluer(mot_de_passe, [mot for mot in mots if mot], politique.exigence).acceptable:
        return False
    if Compte.objects.filter(pk=acteur.pk, password=acteur.password).update(politique=politique.version):
        acteur.politique = politique.version
        details = {"version": politique.version}
        consigner(actes.MOT_DE_PASSE_CONFORME, auteur=espace or acteur, espace=espace, details=details)
    return True


def _archiver(compte: Compte, maintenant: datetime) -> None:
    """Remember the hash that is about to be replaced, and no more than the policy may look at."""
    if compte.has_usable_password():
        AncienMotDePasse.objects.create(compte=compte, empreinte=compte.password, remplace_le=maintenant)
        gardes = compte.anciens_mots_de_passe.order_by("-remplace_le").values_list("pk", flat=True)[:HISTORIQUE]
        compte.anciens_mots_de_passe.exclude(pk__in=list(gardes)).delete()


def _derniers(compte: Compte) -> list[str]:
    """Return the hashes of the last five passwords; one that was made unusable is among the old ones."""
    anciens = compte.anciens_mots_de_passe.order_by("-remplace_le").values_list("empreinte", flat=True)[:HISTORIQUE]
    actuel = [compte.password] if compte.has_usable_password() else []
    return [*actuel, *anciens][:HISTORIQUE]


def _revoquer_liens(espace: Espace, maintenant: datetime) -> bool:
    """Kill the links that were asked for under the password that goes; return whether a change of address still waited, now given up."""
    vivants = espace.liens.filter(consomme_le=None, revoque_le=None)
    attendait = vivants.filter(objet=Lien.Objet.CHANGEMENT_ADRESSE, expire_le__gte=maintenant).exists()
    vivants.filter(objet__in=[Lien.Objet.MOT_DE_PASSE_OUBLIE, Lien.Objet.CHANGEMENT_ADRESSE]).update(
        revoque_le=maintenant
    )
    return attendait


@transaction.atomic
def changer_mot_de_passe(
    *, acteur: Compte, nouveau: str, garder: str | None = None, maintenant: datetime | None = None
) -> bool:
    """Replace the password, remember the old one among the last five, and tell the holder by mail.

    Return whether a change of address that waited for its confirmation is given up by it: the page says so, as the mail does.

    The caller has proved who asks (current password, or link and trust answer): `acteur` is the account as it was read for that, and
    is then the one of the new password. Whoever knew the old password keeps nothing: the links asked for under it die, and every
    session closes but the one of key `garder`.
    Raises: EspaceDesactive, CompteModifie, MotDePasseTropLong, MotDePasseFaible, MotDePasseDejaUtilise (R3).
    """
    maintenant = maintenant or timezone.now()
    espace = Espace.objects.select_for_update(no_key=True).filter(compte=acteur).first()
    exiger_non_desactive(espace)
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    exiger_prouve(acteur, compte)
    politique = exiger_force(nouveau, mots_personnels(espace) if espace else [compte.email])
    if any(check_password(nouveau, empreinte) for empreinte in _derniers(compte)):
        raise MotDePasseDejaUtilise
    _archiver(compte, maintenant)
    compte.set_password(nouveau)
    compte.politique = politique.version
    compte.mot_de_passe_change_le = maintenant
    compte.renouvellement_exige = False
    compte.rappel_mot_de_passe = Etape.AUCUNE
    compte.save(
        update_fields=["password", "politique", "mot_de_passe_change_le", "renouvellement_exige", "rappel_mot_de_passe"]
    )
    acteur.password = compte.password
    evenement = consigner(actes.MOT_DE_PASSE_CHANGE, auteur=espace or compte, espace=espace)
    fermer_toutes(acteur=compte, sauf=garder)
    if espace is None:
        return False
    abandonne = _revoquer_liens(espace, maintenant)
    if abandonne:
        consigner(actes.ADRESSE_CHANGEMENT_ABANDONNE, auteur=espace)
    courriels.deposer(
        "mot_de_passe_change",
        destinataire=compte.email,
        acte=f"evenement:{evenement.pk}",
        espace=espace,
        contexte={"le": jour_heure(maintenant), "adresse_abandonnee": abandonne},
    )
    return abandonne


@transaction.atomic
def invalider_mot_de_passe(
    *, acteur: Compte, auteur: Agent | str | None = None, maintenant: datetime | None = None
) -> None:
    """Make the password unusable, and close every session: only a forgotten-password link gives a new one.

    The caller journals why and tells the holder. `auteur`: who does it, where it is not the holder (R15, R16).
    """
    maintenant = maintenant or timezone.now()
    espace = Espace.objects.select_for_update(no_key=True).filter(compte=acteur).first()
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    _archiver(compte, maintenant)
    compte.set_unusable_password()
    compte.save(update_fields=["password"])
    fermer_toutes(acteur=compte, auteur=auteur)
    if espace is not None:
        _revoquer_liens(espace, maintenant)


def age(compte: Compte, maintenant: datetime | None = None) -> timedelta:
    """Return how old the password is."""
    return (maintenant or timezone.now()) - compte.mot_de_passe_change_le


def echeance(change_le: datetime) -> datetime:
    """Return when a password chosen at this moment must be renewed: three years later (CGU §3.2.c)."""
    return apres_des_mois(change_le, MOIS_VALIDITE)


def renouvellement_du(compte: Compte, maintenant: datetime | None = None) -> bool:
    """Whether the password must be renewed before anything else, even where no job has run."""
    maintenant = maintenant or timezone.now()
    return (
        compte.renouvellement_exige
        or maintenant >= echeance(compte.mot_de_passe_change_le)
        or politique_depassee(compte, maintenant)
    )


def politique_depassee(compte: Compte, maintenant: datetime | None = None) -> bool:
    """Whether the policy that accepted this password is one that is imposed no longer (CGU §3.2.d)."""
    return compte.politique < version_imposee(maintenant or timezone.now())


def durcissement_a_venir(compte: Compte) -> Politique | None:
    """Return the policy that is published, and that this password is not known to meet."""
    politique = politique_exigee()
    return politique if compte.politique < politique.version else None


def conseil_du(compte: Compte, maintenant: datetime | None = None) -> bool:
    """Whether the password has reached the six months after which a change is advised (CGU §3.2.e)."""
    return (maintenant or timezone.now()) >= apres_des_mois(compte.mot_de_passe_change_le, MOIS_CONSEIL)


def _atteinte(etape: Etape, change_le: datetime) -> datetime:
    """Return when a password chosen at this moment reaches this step."""
    if etape is Etape.CONSEIL:
        return apres_des_mois(change_le, MOIS_CONSEIL)
    return echeance(change_le) - timedelta(days=JOURS_AVANT.get(etape, 0))


def _parcourir(etape: Etape, maintenant: datetime, agir: Callable[[Compte], bool], fin: float) -> int:
    """Call `agir` under lock, batch by batch, for each usager's account that has reached this step unmarked; mark it.

    Each batch is one transaction: a run that dies half-way leaves whole batches. No batch begins after `fin` (monotonic
    clock) but the first. Return how many times `agir` said yes.
    """
    mois = MOIS_CONSEIL if etape is Etape.CONSEIL else MOIS_VALIDITE
    # Some days of slack, then the exact date of each: months differ in length, and so do the days of a change of hour.
    avant = apres_des_mois(maintenant, -mois) + timedelta(days=JOURS_AVANT.get(etape, 0) + 4)
    nombre = 0
    while True:
        with transaction.atomic():
            candidats = (
                Compte.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
                .filter(
                    rappel_mot_de_passe__in=range(etape),
                    mot_de_passe_change_le__lte=avant,
                    is_active=True,
                    espace__etat=Espace.Etat.ACTIF,
                )
                .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
                .select_related("espace")
                .order_by("mot_de_passe_change_le")[:COMPTES_PAR_LOT]
            )
            lot = [compte for compte in candidats if _atteinte(etape, compte.mot_de_passe_change_le) <= maintenant]
            for compte in lot:
                nombre += agir(compte)
                compte.rappel_mot_de_passe = etape
            Compte.objects.bulk_update(lot, ["rappel_mot_de_passe", "renouvellement_exige"])
        if not lot or time.monotonic() >= fin:
            return nombre


def _ecrire(compte: Compte, etape: Etape) -> None:
    """Deposit the mail of this step."""
    fin = echeance(compte.mot_de_passe_change_le)
    courriels.deposer(
        {Etape.CONSEIL: "mot_de_passe_conseil", Etape.EXIGE: "mot_de_passe_exige"}.get(etape, "mot_de_passe_echeance"),
        destinataire=compte.email,
        acte=f"mot-de-passe:{compte.pk}:{compte.mot_de_passe_change_le:%Y%m%d%H%M%S}:{etape.name.lower()}",
        espace=compte.espace,
        contexte={
            "change_le": jour(compte.mot_de_passe_change_le),
            "echeance": jour(fin),
        },
    )


def rappeler_mots_de_passe(*, maintenant: datetime | None = None) -> int:
    """Mail the reminders that are due: at six months, then 60, 30 and 7 days before three years. Return how many.

    Run late, it sends to each person the latest step reached and never the ones that it overtook.
    """
    maintenant = maintenant or timezone.now()

    def rappeler(compte: Compte, etape: Etape) -> bool:
        if renouvellement_du(compte, maintenant):
            return False  # too late for a reminder: exiger_renouvellement writes
        _ecrire(compte, etape)
        return True

    etapes = (Etape.SEPT_JOURS, Etape.TRENTE_JOURS, Etape.SOIXANTE_JOURS, Etape.CONSEIL)
    fin, ecrits = time.monotonic() + DUREE_TACHE, 0
    for etape in etapes:
        ecrits += _parcourir(etape, maintenant, partial(rappeler, etape=etape), fin)
        if time.monotonic() >= fin:
            break  # the steps below wait for the next run: they would write to whoever is past them
    return ecrits


def exiger_renouvellement(*, acteur: str = "systeme:exiger_renouvellement", maintenant: datetime | None = None) -> int:
    """Require a new password where the present one is three years old (CGU §3.2.c). Return how many accounts."""
    maintenant = maintenant or timezone.now()

    def exiger(compte: Compte) -> bool:
        compte.renouvellement_exige = True
        consigner(actes.MOT_DE_PASSE_RENOUVELLEMENT_EXIGE, auteur=acteur, espace=compte.espace)
        _ecrire(compte, Etape.EXIGE)
        return True

    return _parcourir(Etape.EXIGE, maintenant, exiger, time.monotonic() + DUREE_TACHE)
