"""Forgotten password: the link to the address first, then the answer to the question de confiance (R4, CGU §3.2.f-g).

What the visitor's page does is one row, the same for every address; the worker finds out what the address is and
mails the link, or says why there is none. Nobody without a live link ever sees the question (references.md B.6).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from .. import actes
from ..compteurs import debit
from ..compteurs.essais import essai_compte
from ..compteurs.plafonds import TropDeDemandes, dater_courriel
from ..envois import courriels
from ..envois.liens import ESSAIS_PAR_LIEN, LienDejaUtilise, LienInvalide, LienRemplace, lire_lien
from ..envois.relais import ENVOIS_PAR_LOT, traiter, vider
from ..envois.reveil import reveiller
from ..models import Compte, DemandeOubli, Espace, Lien
from ..mots_de_passe.confiance import changer_reponse
from ..mots_de_passe.hachage import est_d_une_ancienne_forme, hacher_reponse, reponse_correspond
from ..mots_de_passe.politique import changer_mot_de_passe
from ..saisies.adresses import normaliser_adresse
from ..saisies.dates import jour_heure
from ..saisies.regles import EssaiRefuse, RegleMetier
from ..saisies.reponses import normaliser_reponse
from ..sessions.navigateurs import Temoin, retenir
from ..traces.acteurs import Visiteur
from ..traces.journal import consigner
from .inscription import renvoyer_confirmation

TACHE = "accounts.traiter_oubli"
ESSAIS_PAR_JOUR = 5
ESSAIS_EN_TOUT = 10
JOUR = timedelta(hours=24)
# Time to choose the password once the answer is right, however old the link was.
CHOIX = timedelta(minutes=15)
GARDE = timedelta(days=1)
# Who may sign in: an espace simplifié does while its letter is on its way.
OUVERTS = (Espace.Etat.ACTIF, Espace.Etat.EN_ATTENTE_CODE)
# Requests of one network (an office shares its address): no machine writes to thousands of mailboxes through us.
RESEAU = debit.Bareme(libres=20, pas=5, limite=100)


class ReponseInexacte(EssaiRefuse):
    code = "reponse_inexacte"
    message = (
        "Ce n’est pas la réponse attendue. Essais restants avec ce lien : {reste}. "
        "Majuscules, accents, espaces et ponctuation ne comptent pas."
    )


class LienEpuise(EssaiRefuse):
    code = "lien_epuise"
    message = "Trois réponses inexactes ont été données avec ce lien : il ne peut plus servir. Demandez-en un nouveau."


class ReponseSuspendue(EssaiRefuse):
    code = "reponse_suspendue"
    message = (
        "Trop de réponses inexactes ont été données en 24 heures. "
        "Vous pourrez essayer de nouveau à partir du {jusqu_a}, avec un nouveau lien."
    )


class ReponseBloquee(EssaiRefuse):
    code = "reponse_bloquee"
    message = (
        "Dix réponses inexactes ont été données en tout : par sécurité, cette réponse n’est plus acceptée. "
        "Créez un nouvel espace en mode expert, puis demandez la substitution pour retrouver vos services."
    )


class ReponsePerimee(RegleMetier):
    code = "reponse_perimee"
    message = (
        "La réponse remise par votre service gestionnaire n’est plus valable : elle l’était 72 heures. "
        "Présentez-vous de nouveau à son accueil."
    )


class NouvelleReponseRequise(RegleMetier):
    code = "nouvelle_reponse_requise"
    message = (
        "Choisissez aussi une question de confiance et sa réponse : celle qui vous a été remise ne sert qu’une fois."
    )


class ChoixExpire(RegleMetier):
    code = "choix_expire"
    message = "Le temps prévu pour choisir le mot de passe est écoulé. Demandez un nouveau lien."


@transaction.atomic
def demander(*, acteur: Visiteur, adresse: str, maintenant: datetime | None = None) -> None:
    """Record that this address was typed; the same work whatever stands behind it.

    A network that asks too much must wait; an address that was asked for too often, for this or for an inscription, is
    answered at the hour that is its turn, once for all who asked meanwhile. A browser that the account knows is counted in neither.
    Raises: TropDeDemandes, AdresseInvalide, AdresseTropLongue (none depends on whether the address has an account).
    """
    maintenant = maintenant or timezone.now()
    saisie = normaliser_adresse(adresse, durable=False)
    quand = maintenant
    if acteur.adresse_ip and not acteur.connu:
        if debit.reserver_reseau("oubli", acteur.adresse_ip, RESEAU, maintenant) is None:
            raise TropDeDemandes
        quand = dater_courriel(saisie, maintenant)
        if quand > maintenant and DemandeOubli.objects.filter(adresse=saisie, traite_le=None, ecarte_le=None).exists():
            return  # one waits for that hour already
    demande = DemandeOubli.objects.create(adresse=saisie, cree_le=maintenant, prochain_essai_le=quand)
    if quand <= maintenant:
        reveiller(TACHE, demande.pk)


def _repondre_sans_lien(adresse: str, motif: str, jour: datetime, espace: Espace | None = None) -> str:
    """Mail why there is no link, at most once a day to the same address; return the motive."""
    courriels.deposer(
        "oubli_sans_lien",
        destinataire=adresse,
        acte=f"oubli-sans-lien:{motif}:{timezone.localdate(jour):%Y%m%d}",
        espace=espace,
        contexte={"motif": motif},
    )
    return motif


def _envoyer_lien(espace: Espace, adresse: str, maintenant: datetime) -> str:
    espace = Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
    lien = courriels.envoyer_lien(
        "mot_de_passe_oublie",
        espace=espace,
        objet=Lien.Objet.MOT_DE_PASSE_OUBLIE,
        adresse=adresse,
        maintenant=maintenant,
    )
    if lien is None:
        return "le courriel du lien vient de partir"
    consigner(actes.MOT_DE_PASSE_OUBLIE, auteur="systeme:mot_de_passe_oublie", espace=espace)
    return "lien envoyé"


def livrer(demande: DemandeOubli) -> str:
    """Mail the link, or why there is none, to the address of this request; return what was done."""
    maintenant = timezone.now()
    compte = Compte.objects.d_adresse(demande.adresse).first()
    if compte is None:
        return _repondre_sans_lien(demande.adresse, "inconnue", maintenant)
    espace = Espace.objects.filter(compte=compte).first()
    if espace is None:
        return _repondre_sans_lien(compte.email, "agent", maintenant)
    if espace.etat == Espace.Etat.EN_ATTENTE_COURRIEL and espace.mode == Espace.Mode.EXPERT:
        renvoyer_confirmation(acteur=espace, maintenant=maintenant)
        return "confirmation renvoyée"
    if compte.is_active and espace.etat in OUVERTS:
        return _envoyer_lien(espace, compte.email, maintenant)
    motif = "desactive" if espace.etat == Espace.Etat.DESACTIVE else "attente"
    return _repondre_sans_lien(compte.email, motif, maintenant, espace)


def traiter_demande(cle: str) -> bool:
    """Answer the request of this id, once. Return whether it was answered now."""
    return traiter(DemandeOubli, cle, livrer)


def traiter_en_attente(nombre: int = ENVOIS_PAR_LOT) -> int:
    """Sweep of the requests: answer what waits, forget what was answered a day ago. Return how many were answered."""
    DemandeOubli.objects.filter(traite_le__lt=timezone.now() - GARDE).delete()
    return vider(DemandeOubli, livrer, nombre)


def _exiger_ouvert(espace: Espace) -> Compte:
    """Return the account of an espace that may sign in. Raises LienInvalide: it was disabled since the link left."""
    compte = espace.compte
    if espace.etat not in OUVERTS or compte is None or not compte.is_active:
        raise LienInvalide
    return compte


def exiger_reponse_ouverte(espace: Espace, lien: Lien, maintenant: datetime) -> None:
    """Say whether an answer may be tried now (design.md §8).

    Raises: ReponsePerimee, ReponseBloquee, LienEpuise, ReponseSuspendue.
    """
    if espace.reponse_expire_le is not None and maintenant > espace.reponse_expire_le:
        raise ReponsePerimee
    if espace.reponse_essais >= ESSAIS_EN_TOUT:
        raise ReponseBloquee
    if lien.essais >= ESSAIS_PAR_LIEN:
        raise LienEpuise
    recents = [quand for quand in espace.reponse_manquee_le if maintenant - quand < JOUR]
    if len(recents) >= ESSAIS_PAR_JOUR:
        raise ReponseSuspendue(jusqu_a=jour_heure(recents[-ESSAIS_PAR_JOUR] + JOUR))


def lire(*, jeton: str, maintenant: datetime | None = None) -> Lien:
    """Return the live link of this token when an answer may be tried; consumes nothing.

    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, ReponsePerimee, ReponseBloquee, LienEpuise, ReponseSuspendue.
    """
    maintenant = maintenant or timezone.now()
    lien = lire_lien(jeton, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, maintenant=maintenant)
    _exiger_ouvert(lien.espace)
    exiger_reponse_ouverte(lien.espace, lien, maintenant)
    return lien


def _compter(lien: Lien, maintenant: datetime) -> None:
    """Count a wrong answer on the link, the day and the espace; tell the holder when the answer dies."""
    espace = lien.espace
    lien.essais += 1
    lien.save(update_fields=["essais"])
    espace.reponse_essais += 1
    espace.reponse_manquee_le = [*espace.reponse_manquee_le, maintenant][-ESSAIS_PAR_JOUR:]
    espace.save(update_fields=["reponse_essais", "reponse_manquee_le"])
    consigner(actes.REPONSE_INEXACTE, auteur="systeme:mot_de_passe_oublie", espace=espace)
    if espace.reponse_essais == ESSAIS_EN_TOUT:
        consigner(actes.REPONSE_BLOQUEE, auteur="systeme:mot_de_passe_oublie", espace=espace)
        courriels.deposer(
            "reponse_bloquee",
            destinataire=lien.adresse,
            acte=f"reponse-bloquee:{espace.pk}:{espace.reponse_changee_le:%Y%m%d%H%M%S}",
            espace=espace,
        )


@essai_compte()
def repondre(*, acteur: Visiteur, reponse: str, maintenant: datetime | None = None) -> Lien:
    """Check the answer given with this link, and return the link; the right one opens the choice of a password.

    A wrong answer is counted under the espace's lock, although it is refused.
    Raises: ReponseInexacte, and what `lire` raises.
    """
    maintenant = maintenant or timezone.now()
    lien = lire_lien(acteur.jeton, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, maintenant=maintenant, verrouiller=True)
    espace = lien.espace
    _exiger_ouvert(espace)
    exiger_reponse_ouverte(espace, lien, maintenant)
    if reponse_correspond(reponse, espace.reponse_confiance):
        if est_d_une_ancienne_forme(espace.reponse_confiance):
            espace.reponse_confiance = hacher_reponse(normaliser_reponse(reponse))
            espace.save(update_fields=["reponse_confiance"])
        return lien
    _compter(lien, maintenant)
    exiger_reponse_ouverte(espace, lien, maintenant)  # the limit that this try has met, if it has met one
    raise ReponseInexacte(reste=ESSAIS_PAR_LIEN - lien.essais)


@transaction.atomic
def reinitialiser(
    *,
    acteur: Visiteur,
    request: HttpRequest,
    repondu_le: datetime,
    nouveau: str,
    question: str = "",
    reponse: str = "",
    maintenant: datetime | None = None,
) -> tuple[Compte, Temoin]:
    """Consume the link of this id, whose answer was right at `repondu_le`, and set the new password.

    Returns the account, whose `espace` is the one of the new answer when one was given, and the cookie of its browser.
    The guesses at the former password are forgotten, and the browser of this request is known from now on: strangers who
    guess on do not keep out who has proved to be the holder (design.md §8).
    The caller's session is the proof of the answer. `question` and `reponse` are the next ones: asked when the answer
    was one that an agent had handed over. Raises: LienInvalide, LienDejaUtilise, LienRemplace, ChoixExpire,
    NouvelleReponseRequise, the rules of the password (R3) and of the answer (R4).
    """
    maintenant = maintenant or timezone.now()
    trouve = lire_choix(lien=acteur.lien, repondu_le=repondu_le, maintenant=maintenant, verrouiller=True)
    compte = _exiger_ouvert(trouve.espace)
    trouve.consomme_le = maintenant
    trouve.save(update_fields=["consomme_le"])
    if trouve.espace.reponse_expire_le is not None:
        if not reponse:
            raise NouvelleReponseRequise
        compte.espace = changer_reponse(
            acteur=trouve.espace, question=question, reponse=reponse, mot_de_passe=nouveau, maintenant=maintenant
        )
    consigner(actes.MOT_DE_PASSE_REINITIALISE, auteur=trouve.espace)
    changer_mot_de_passe(acteur=compte, nouveau=nouveau, maintenant=maintenant)
    debit.oublier_essais(compte)
    return compte, retenir(acteur=compte, request=request)


def lire_choix(
    *, lien: str, repondu_le: datetime, maintenant: datetime | None = None, verrouiller: bool = False
) -> Lien:
    """Return the link of this id whose answer was right at `repondu_le`, while a password may still be chosen.

    Raises: LienInvalide, LienDejaUtilise, LienRemplace, ChoixExpire.
    """
    trouve = Lien.objects.select_related("espace__compte").filter(pk=lien, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE).first()
    if trouve is None:
        raise LienInvalide
    if verrouiller:
        trouve.espace = Espace.objects.select_for_update(no_key=True).get(pk=trouve.espace_id)
        trouve.refresh_from_db(fields=["consomme_le", "revoque_le"])
    if trouve.consomme_le is not None:
        raise LienDejaUtilise
    if trouve.revoque_le is not None:
        raise LienRemplace
    if (maintenant or timezone.now()) > repondu_le + CHOIX:
        raise ChoixExpire
    _exiger_ouvert(trouve.espace)
    return trouve
