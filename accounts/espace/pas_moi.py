"""« Ce n'est pas moi »: its holder says that somebody else uses an espace, by the link of a mail of security or on « Sécurité ».

It closes and gives nothing: sessions, other links and known browsers end, the password serves no more, and another is chosen as a
forgotten one is, by mail and with the trust answer (CGU §3.2.f, R15). So whoever reads the holder's mails can make him renew his
password, three times in thirty days, and nothing else. What is said from a mailbox neither uses up the times nor kills the links
of another: a thief who has changed the address does not take from its holder what was mailed to the former one. The floor above raises its alert in the same transaction (`ecouter`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.liens import lire_lien
from ..models import Compte, Espace, Lien
from ..mots_de_passe.politique import invalider_mot_de_passe
from ..saisies.dates import jour_heure
from ..saisies.regles import RegleMetier
from ..sessions.navigateurs import oublier_navigateurs
from ..sessions.ouvertures import fermer_toutes
from ..traces.acteurs import Visiteur
from ..traces.journal import consigner, ecrites
from .oubli import ESSAIS_EN_TOUT, OUVERTS

PAR_MOIS: Final = 3
MOIS: Final = timedelta(days=30)
RECENT: Final = timedelta(days=7)
PAR_COURRIEL, DEPUIS_L_ESPACE = "courriel", "espace"


class EspacePlusOuvert(RegleMetier):
    code = "espace_plus_ouvert"
    message = (
        "Cet espace est {etat} : plus personne ne s’en sert. Si vous en êtes le détenteur, présentez-vous à l’accueil de votre "
        "service gestionnaire avec une pièce d’identité."
    )


@dataclass(frozen=True)
class Dit:
    """What was said and done: whose espace, when, by a mail or from the espace, how many sessions ended, whether the password serves no more.

    `adresse` is the one that the link was mailed to, which may not be the login address any more. `evenement` is its line of the
    journal, which tells one saying from another.
    """

    espace: Espace
    compte: Compte
    le: datetime
    voie: str
    adresse: str
    sessions: int
    mot_de_passe_bloque: bool
    evenement: str


@dataclass(frozen=True)
class Consequences:
    """What whoever is about to press must know: whether the password would be blocked, what was changed these last days."""

    mot_de_passe_bloque: bool
    reponse_recente: bool
    adresse_ancienne: bool


Ecouteur = Callable[[Dit], None]
_ecouteurs: list[Ecouteur] = []


def ecouter(ecouteur: Ecouteur) -> None:
    """Have this called with each « ce n'est pas moi », in its transaction (called once, in AppConfig.ready)."""
    if ecouteur not in _ecouteurs:
        _ecouteurs.append(ecouteur)


def _mot_de_passe_a_bloquer(espace: Espace, adresse: str, maintenant: datetime) -> bool:
    """Whether the password may be made unusable: its holder can choose another, and this was not said too often from there.

    A former address always may: it says so once (its other links end, and no mail goes there again), as its undoing of the change does.
    """
    if _est_ancienne(espace, adresse):
        return True
    perimee = espace.reponse_expire_le is not None and maintenant > espace.reponse_expire_le
    if perimee or espace.reponse_essais >= ESSAIS_EN_TOUT:
        return False
    return _fois(espace, adresse, depuis=maintenant - MOIS) < PAR_MOIS


def _est_ancienne(espace: Espace, adresse: str) -> bool:
    return bool(adresse) and espace.compte is not None and adresse != espace.compte.email


def _fois(espace: Espace, adresse: str, *, depuis: datetime) -> int:
    """Return how often it was said since: by the links of this address (kept for thirty days at least), or from the espace."""
    if adresse:
        return espace.liens.filter(objet=Lien.Objet.CE_N_EST_PAS_MOI, adresse=adresse, consomme_le__gt=depuis).count()
    dites = ecrites(actes.ESPACE_CE_N_EST_PAS_MOI, auteur=espace, depuis=depuis)
    return dites.filter(details__voie=DEPUIS_L_ESPACE).count()


def _exiger_ouvert(espace: Espace) -> Compte:
    compte = espace.compte
    if espace.etat not in OUVERTS or compte is None or not compte.is_active:
        raise EspacePlusOuvert(etat=espace.get_etat_display())
    return compte


def consequences(espace: Espace, *, adresse: str = "", maintenant: datetime | None = None) -> Consequences:
    """Return what the page says before its button. Raises: EspacePlusOuvert."""
    maintenant = maintenant or timezone.now()
    _exiger_ouvert(espace)
    return Consequences(
        mot_de_passe_bloque=_mot_de_passe_a_bloquer(espace, adresse, maintenant),
        reponse_recente=bool(espace.reponse_precedente) and espace.reponse_changee_le > maintenant - RECENT,
        adresse_ancienne=_est_ancienne(espace, adresse),
    )


def lire(*, jeton: str, maintenant: datetime | None = None) -> Lien:
    """Return the live link of this token; consumes nothing.

    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire.
    """
    return lire_lien(jeton, objet=Lien.Objet.CE_N_EST_PAS_MOI, maintenant=maintenant)


@transaction.atomic
def dire_par_un_lien(*, acteur: Visiteur, maintenant: datetime | None = None) -> Dit:
    """Consume the link of a mail and close everything; return what was done.

    Whoever reads the mailbox that it was sent to may, whether that is still the login address or not: it closes, and gives
    nothing. Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, EspacePlusOuvert.
    """
    maintenant = maintenant or timezone.now()
    lien = lire_lien(acteur.jeton, objet=Lien.Objet.CE_N_EST_PAS_MOI, maintenant=maintenant, verrouiller=True)
    bloquer = consequences(lien.espace, adresse=lien.adresse, maintenant=maintenant).mot_de_passe_bloque
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    return _fermer_tout(lien.espace, PAR_COURRIEL, lien.adresse, bloquer, maintenant)


@transaction.atomic
def dire_depuis_l_espace(*, acteur: Espace, maintenant: datetime | None = None) -> Dit:
    """Close everything, the session that says so too: nobody can tell whose it is. Raises: EspacePlusOuvert."""
    maintenant = maintenant or timezone.now()
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    bloquer = consequences(espace, maintenant=maintenant).mot_de_passe_bloque
    return _fermer_tout(espace, DEPUIS_L_ESPACE, "", bloquer, maintenant)


def _fermer_tout(espace: Espace, voie: str, adresse: str, bloquer: bool, maintenant: datetime) -> Dit:
    compte = Compte.objects.select_for_update(no_key=True).get(pk=_exiger_ouvert(espace).pk)
    ouvertes = compte.sessions.count()
    if bloquer:
        invalider_mot_de_passe(acteur=compte, maintenant=maintenant)
    else:
        fermer_toutes(acteur=compte)
    oublier_navigateurs(acteur=compte)
    # The undoing of a change of address stays, and so does what another mailbox holds to say this: who was robbed of the address
    # comes back by them.
    d_ailleurs = Q(objet=Lien.Objet.CE_N_EST_PAS_MOI) & ~Q(adresse=adresse or compte.email)
    laisses = Q(objet=Lien.Objet.ANNULATION_ADRESSE) | d_ailleurs
    if not bloquer:  # who says it without end does not keep its holder from choosing another password
        laisses |= Q(objet=Lien.Objet.MOT_DE_PASSE_OUBLIE)
    espace.liens.filter(consomme_le=None, revoque_le=None).exclude(laisses).update(revoque_le=maintenant)
    details = {"voie": voie, "mot_de_passe_bloque": bloquer, "sessions": ouvertes}
    evenement = consigner(actes.ESPACE_CE_N_EST_PAS_MOI, auteur=espace, details=details)
    dit = Dit(
        espace=espace,
        compte=compte,
        le=maintenant,
        voie=voie,
        adresse=adresse,
        sessions=ouvertes,
        mot_de_passe_bloque=bloquer,
        evenement=f"evenement:{evenement.pk}",
    )
    for ecouteur in _ecouteurs:
        ecouteur(dit)
    _confirmer(dit)
    return dit


def _confirmer(dit: Dit) -> None:
    """Tell the login address, and the former one that said so, which gets again the link that puts it back while there is one.

    What blocked nothing is told once a day: it may be said without end.
    """
    acte = dit.evenement if dit.mot_de_passe_bloque else f"pas-moi:{dit.espace.pk}:{timezone.localdate(dit.le)}"
    for adresse in {dit.compte.email, dit.adresse} - {""}:
        ancienne = adresse != dit.compte.email
        courriels.deposer(
            "ce_n_est_pas_moi",
            destinataire=adresse,
            acte=acte,
            espace=dit.espace,
            lien=annulation_vivante(dit.espace, adresse, dit.le) if ancienne else None,
            contexte={
                "le": jour_heure(dit.le),
                "mot_de_passe_bloque": dit.mot_de_passe_bloque,
                "ancienne": ancienne,
                "de_l_espace": dit.voie == DEPUIS_L_ESPACE,
            },
        )


def annulation_vivante(espace: Espace, adresse: str, maintenant: datetime) -> Lien | None:
    """Return the link by which this former address may still be put back."""
    return espace.liens.filter(
        objet=Lien.Objet.ANNULATION_ADRESSE,
        adresse=adresse,
        consomme_le=None,
        revoque_le=None,
        expire_le__gte=maintenant,
    ).first()


def mot_de_passe_bloque_depuis(espace: Espace, depuis: datetime) -> bool:
    """Whether the « ce n'est pas moi » said at this moment blocked the password: what its page goes on saying."""
    premier = ecrites(actes.ESPACE_CE_N_EST_PAS_MOI, auteur=espace, depuis=depuis).order_by("quand").first()
    return premier is not None and bool(premier.details["mot_de_passe_bloque"])
