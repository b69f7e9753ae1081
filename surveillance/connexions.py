"""Recording each sign-in, and telling when one account is used from two places at once, or from a new browser (R6, R15, CGU §3.3, §3.6)."""

import ipaddress
import uuid
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.compteurs.debit import Bareme, empreinte, essai_de, reserver_ensemble
from accounts.envois import courriels
from accounts.espace.changement_adresse import adresses_du_detenteur
from accounts.models import Compte, Courriel, Session
from accounts.saisies.adresse_saisie import forme_comptee
from accounts.saisies.dates import jour_heure
from accounts.sessions.appareils import decrire
from accounts.sessions.navigateurs import navigateur_connu
from accounts.traces.requete import marquer_la_session

from .automates.grades import noter
from .models import Connexion, SignalVu
from .signaux.connexion import examiner
from .signaux.registre import USAGE_PARALLELE, Demande
from .signaux.signalement import signaler

NAVIGATEUR_INCONNU: Final = "connexion_navigateur_inconnu"
NAVIGATEURS_PAR_JOUR: Final = 5
_PAR_COMPTE: Final = Bareme(libres=NAVIGATEURS_PAR_JOUR, pas=1, limite=NAVIGATEURS_PAR_JOUR)
_PAR_ENDROIT: Final = Bareme(libres=1, pas=1, limite=1)
"""One mail a day for one network and kind of browser, five in all, and as many again after a new password."""


def enregistrer(
    request: HttpRequest, *, compte: Compte | None, resultat: str, adresse_essayee: str = "", score: float | None = None
) -> Connexion:
    """Write one sign-in with its context and return it. An address that no account answers to is kept as a keyed hash.

    The key of one that opened a session begins with its mark, as do the lines of the journal that are written in it.
    """
    lieu = decrire(request)
    marque = marquer_la_session(request) if resultat == Connexion.Resultat.REUSSIE else ""
    return Connexion.objects.create(
        id=uuid.UUID(hex=(marque + uuid.uuid4().hex)[:32]),
        quand=timezone.now(),
        compte=compte,
        adresse_essayee=empreinte_adresse(adresse_essayee) if adresse_essayee and compte is None else "",
        resultat=resultat,
        score=score,
        **lieu.en_dict(),
    )


def empreinte_adresse(adresse: str) -> str:
    """Return the keyed hash of an address tried, in its one form: the same address can be told again, not read."""
    return empreinte("adresse-essayee", forme_comptee(adresse))


@transaction.atomic(savepoint=False)
def connexion_reussie(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """Record a sign-in, and look whether the account is in use elsewhere (signal user_logged_in)."""
    connexion = enregistrer(request, compte=user, resultat=Connexion.Resultat.REUSSIE)
    signaler_usage_parallele(acteur=user, connexion=connexion)
    if not user.is_staff:  # an agent has a second factor, and comes from the agents' networks
        signales = signaler_la_connexion(acteur=user, request=request, connexion=connexion)
        if navigateur_connu(request, user) is None and not any(Demande.DIRE in vu.demandes for vu in signales):
            annoncer_navigateur_inconnu(acteur=user, connexion=connexion)


@transaction.atomic(savepoint=False)
def annoncer_navigateur_inconnu(*, acteur: Compte, connexion: Connexion) -> list[Courriel]:
    """Tell the holder, by mail, of this sign-in from a browser that the account did not know, and return what is sent.

    To the former login address too, while it may undo a change. Nothing for the very first sign-in of an account, without an espace, and beyond the day's bound: once for one network and kind of
    browser, `NAVIGATEURS_PAR_JOUR` in all. A new password begins anew, so that who knew the former one has hidden nothing by using
    them up. No preference of the holder's switches it off.
    """
    espace = getattr(acteur, "espace", None)
    if espace is None or acteur.connexion_precedente is None:
        return []
    sous_ce_mot_de_passe = f"{acteur.pk}|{acteur.mot_de_passe_change_le.timestamp()}"
    endroit = f"{sous_ce_mot_de_passe}|{connexion.reseau}|{connexion.navigateur}|{connexion.systeme}"
    compteurs = [
        (empreinte("navigateur-inconnu", sous_ce_mot_de_passe), _PAR_COMPTE),
        (empreinte("navigateur-inconnu-endroit", endroit), _PAR_ENDROIT),
    ]
    if reserver_ensemble(compteurs, connexion.quand) is None:
        return []
    contexte = {
        "quand": jour_heure(connexion.quand),
        "pays": connexion.pays,
        "adresse_ip": connexion.adresse_ip,
        "navigateur": connexion.navigateur,
        "systeme": connexion.systeme,
        "appareil": connexion.appareil,
    }
    return [
        courriels.deposer(
            NAVIGATEUR_INCONNU,
            destinataire=adresse,
            acte=f"connexion:{connexion.id}",
            espace=espace,
            contexte=contexte,
            maintenant=connexion.quand,
        )
        for adresse in adresses_du_detenteur(acteur, connexion.quand)
    ]


@transaction.atomic(savepoint=False)
def signaler_la_connexion(*, acteur: Compte, request: HttpRequest, connexion: Connexion) -> list[SignalVu]:
    """Signal what this sign-in shows beside those before it, and return what was new today."""
    vus = examiner(connexion, connu=navigateur_connu(request, acteur) is not None)
    if not vus:
        return []
    signales = [
        signaler(compte=acteur, genre=genre, details=details, session=request.session, connexion=connexion)
        for genre, details in vus.items()
    ]
    return [vu for vu in signales if vu is not None]


def connexion_manquee(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record a failure (signal user_login_failed): refused by the counters, or wrong."""
    if request is None:
        return
    noter(request, "echec")
    adresse = str(credentials.get("username") or "")
    essai = essai_de(request)
    refuse = essai is not None and essai.refuse
    enregistrer(
        request,
        compte=essai.compte if essai is not None and essai.adresse == adresse else _compte(adresse),
        adresse_essayee=adresse,
        resultat=Connexion.Resultat.VERROUILLEE if refuse else Connexion.Resultat.ECHOUEE,
    )


def _compte(adresse: str) -> Compte | None:
    return Compte.objects.d_adresse(adresse).first() if adresse else None


@transaction.atomic(savepoint=False)
def signaler_usage_parallele(*, acteur: Compte, connexion: Connexion) -> SignalVu | None:
    """Signal that another live session of this account is used from another place; one a day at most.

    Sign-ins of one account queue before: `accounts.portes.connexion.ouvrir` has written its row. A place is a country and a network
    (/24, /64). An espace belongs to one natural person (CGU §3.3): two of them at
    once may be an office and a telephone, so the alert is for a person to judge and closes nothing.
    """
    ici = ipaddress.ip_network(connexion.reseau)
    d_ici = Q(pays=connexion.pays, adresse_ip__range=(str(ici.network_address), str(ici.broadcast_address)))
    # Those of here are left out by the query: however many they are, they hide none of elsewhere.
    d_ailleurs = Session.objects.vivantes(acteur).filter(adresse_ip__isnull=False).exclude(d_ici)
    ailleurs = [
        {"adresse_ip": adresse, "pays": pays, "navigateur": navigateur}
        for adresse, pays, navigateur in d_ailleurs.values_list("adresse_ip", "pays", "navigateur")[:5]
    ]
    if not ailleurs:
        return None
    return signaler(
        compte=acteur,
        genre=USAGE_PARALLELE,
        connexion=connexion,
        details={
            "ici": {"adresse_ip": connexion.adresse_ip, "pays": connexion.pays, "navigateur": connexion.navigateur},
            "ailleurs": ailleurs,
        },
    )
