"""« Ce n'est pas moi »: its holder says that somebody else uses an espace, by the link of a mail of security or on « Sécurité ».

It closes and gives nothing: sessions, other links and known browsers end, the password serves no more, and another is chosen as a
forgotten one is, by mail and with the trust answer (CGU §3.2.f, R15). So whoever reads the holder's mails can make him renew his
password, three times in thirty days, and nothing else. The floor above raises its alert in the same transaction (`ecouter`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.liens import lire_lien
from ..models import Compte, Espace, Evenement, Lien
from ..mots_de_passe.politique import invalider_mot_de_passe
from ..saisies.dates import jour_heure
from ..saisies.regles import RegleMetier
from ..sessions.navigateurs import oublier_navigateurs
from ..sessions.ouvertures import fermer_toutes
from ..traces.acteurs import Visiteur
from ..traces.journal import combien, consigner, ecrites
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

    `adresse` is the one that the link was mailed to, which may not be the login address any more.
    """

    espace: Espace
    compte: Compte
    le: datetime
    voie: str
    adresse: str
    sessions: int
    mot_de_passe_bloque: bool


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


def _mot_de_passe_a_bloquer(espace: Espace, maintenant: datetime) -> bool:
    """Whether the password may be made unusable: its holder can choose another, and this was not done too often."""
    perimee = espace.reponse_expire_le is not None and maintenant > espace.reponse_expire_le
    if perimee or espace.reponse_essais >= ESSAIS_EN_TOUT:
        return False
    return combien(actes.ESPACE_CE_N_EST_PAS_MOI, auteur=espace, depuis=maintenant - MOIS) < PAR_MOIS


def _exiger_ouvert(espace: Espace) -> Compte:
    compte = espace.compte
    if espace.etat not in OUVERTS or compte is None or not compte.is_active:
        raise EspacePlusOuvert(etat=espace.get_etat_display())
    return compte


def consequences(espace: Espace, *, adresse: str = "", maintenant: datetime | None = None) -> Consequences:
    """Return what the page says before its button. Raises: EspacePlusOuvert."""
    maintenant = maintenant or timezone.now()
    compte = _exiger_ouvert(espace)
    return Consequences(
        mot_de_passe_bloque=_mot_de_passe_a_bloquer(espace, maintenant),
        reponse_recente=bool(espace.reponse_precedente) and espace.reponse_changee_le > maintenant - RECENT,
        adresse_ancienne=bool(adresse) and adresse != compte.email,
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
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    return _fermer_tout(lien.espace, PAR_COURRIEL, lien.adresse, maintenant)


@transaction.atomic
def dire_depuis_l_espace(*, acteur: Espace, maintenant: datetime | None = None) -> Dit:
    """Close everything, the session that says so too: nobody can tell whose it is. Raises: EspacePlusOuvert."""
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    return _fermer_tout(espace, DEPUIS_L_ESPACE, "", maintenant or timezone.now())


def _fermer_tout(espace: Espace, voie: str, adresse: str, maintenant: datetime) -> Dit:
    compte = Compte.objects.select_for_update(no_key=True).get(pk=_exiger_ouvert(espace).pk)
    bloquer = _mot_de_passe_a_bloquer(espace, maintenant)
    ouvertes = compte.sessions.count()
    if bloquer:
        invalider_mot_de_passe(acteur=compte, maintenant=maintenant)
    else:
        fermer_toutes(acteur=compte)
    oublier_navigateurs(acteur=compte)
    # The undoing of a change of address stays: it is the way back of who was robbed of the address.
    espace.liens.filter(consomme_le=None, revoque_le=None).exclude(objet=Lien.Objet.ANNULATION_ADRESSE).update(
        revoque_le=maintenant
    )
    dit = Dit(
        espace=espace,
        compte=compte,
        le=maintenant,
        voie=voie,
        adresse=adresse,
        sessions=ouvertes,
        mot_de_passe_bloque=bloquer,
    )
    details = {"voie": voie, "mot_de_passe_bloque": bloquer, "sessions": ouvertes}
    evenement = consigner(actes.ESPACE_CE_N_EST_PAS_MOI, auteur=espace, details=details)
    for ecouteur in _ecouteurs:
        ecouteur(dit)
    _confirmer(dit, evenement)
    return dit


def _confirmer(dit: Dit, evenement: Evenement) -> None:
    """Tell the login address, and the former one that said so, which gets again the link that puts it back while there is one."""
    for adresse in {dit.compte.email, dit.adresse} - {""}:
        ancienne = adresse != dit.compte.email
        courriels.deposer(
            "ce_n_est_pas_moi",
            destinataire=adresse,
            acte=f"evenement:{evenement.pk}",
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
