"""Recording each sign-in, and telling when one account is used from two places at once (R6, R15, CGU §3.3, §3.6)."""

import uuid
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.compteurs.debit import empreinte, essai_de
from accounts.models import Compte, Session
from accounts.saisies.adresse_saisie import forme_comptee
from accounts.sessions.appareils import decrire, reseau
from accounts.sessions.navigateurs import navigateur_connu

from .automates.grades import noter
from .models import Connexion, SignalVu
from .signaux.connexion import examiner
from .signaux.registre import USAGE_PARALLELE
from .signaux.signalement import signaler


def enregistrer(
    request: HttpRequest, *, compte: Compte | None, resultat: str, adresse_essayee: str = "", score: float | None = None
) -> Connexion:
    """Write one sign-in with its context and return it. An address that no account answers to is kept as a keyed hash."""
    lieu = decrire(request)
    return Connexion.objects.create(
        id=uuid.uuid4(),
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
        signaler_la_connexion(acteur=user, request=request, connexion=connexion)


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
    ici = (connexion.pays, connexion.reseau)
    ailleurs = [
        {"adresse_ip": adresse, "pays": pays, "navigateur": navigateur}
        for adresse, pays, navigateur in Session.objects.vivantes(acteur).values_list(
            "adresse_ip", "pays", "navigateur"
        )[:50]
        if adresse and (pays, reseau(adresse)) != ici
    ]
    if not ailleurs:
        return None
    return signaler(
        compte=acteur,
        genre=USAGE_PARALLELE,
        connexion=connexion,
        details={
            "ici": {"adresse_ip": connexion.adresse_ip, "pays": connexion.pays, "navigateur": connexion.navigateur},
            "ailleurs": ailleurs[:5],
        },
    )
