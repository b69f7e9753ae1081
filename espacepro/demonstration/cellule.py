"""What the surveillance cell of the demonstration has before it: an alert of each gravity, each with the sign-ins that it rests on.

What a detector says of them it says itself, or its details are of its own shape.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final
from uuid import uuid4

from django.utils import timezone

from accounts.models import Compte, Espace
from surveillance.automates.blocages import bloquer_automate, bloquer_ip
from surveillance.models import Alerte, BlocageIP, Connexion
from surveillance.signaux import registre
from surveillance.signaux.balayages import FENETRE_DE_PULVERISATION, pulverisations
from surveillance.signaux.seuils import COMPTES_ESSAYES
from surveillance.signaux.signalement import signaler

from .comptes import HUGO, INES, PASCAL, YVES, CompteDemonstration
from .recit import AUTEUR, Scene

RESEAU_BLOQUE, AUTOMATE = "203.0.113.0/24", "198.51.100.23"
CHEZ_HUGO, LE_VOLEUR = ("2001:db8:1:4::40", "FR", "Edge", "Windows"), ("2001:db8:2:3::77", "RO", "Firefox", "Linux")
CHEZ_PASCAL, EN_VOYAGE = (
    ("2001:db8:1:7::12", "FR", "Firefox", "Windows"),
    ("2001:db8:3:1::9", "BE", "Chrome", "Android"),
)
QUI_ESSAIE: Final = ("192.0.2.9", "NL", "", "")
"""Reserved for documentation (RFC 5737, RFC 3849): nobody's, and no two of one network."""
type Lieu = tuple[str, str, str, str]
"""An address, its country, a browser and a system."""


def tout_est_dit() -> bool:
    """Whether the story is told to its end: the last scene of all is the address that the cell blocks."""
    return BlocageIP.objects.filter(reseau=RESEAU_BLOQUE).exists()


def ce_que_voit_la_cellule(espaces: Mapping[CompteDemonstration, Espace]) -> Iterator[Scene]:
    """Yield an alert of each gravity that waits, with the sign-ins that it comes from, and the addresses that are blocked."""
    if not BlocageIP.objects.filter(reseau=f"{AUTOMATE}/32").exists():
        for jours in (4.0, 3.5, 2.5, 0.2):  # the fourth time within a week it waits for the cell
            blocage = partial(bloquer_automate, acteur=AUTEUR, adresse=AUTOMATE, marques={"programme": 9.0})
            yield Scene(jours, blocage, a_l_ecran=False)
    comptes = {qui: espace.compte for qui, espace in espaces.items() if espace.compte is not None}
    if not Alerte.objects.filter(compte__in=comptes.values()).exists():
        for qui, alerter in ((HUGO, _session_volee), (PASCAL, _deux_endroits)):
            if qui in comptes:
                yield from alerter(comptes[qui])
        yield from _pulverisation([comptes[qui] for qui in (INES, YVES) if qui in comptes])
    blocage = partial(
        bloquer_ip, acteur=AUTEUR, reseau=RESEAU_BLOQUE, motif="aspiration de pages par un programme", duree=None
    )
    yield Scene(0, blocage, faite=tout_est_dit, a_l_ecran=False)


def _session_volee(hugo: Compte) -> Iterator[Scene]:
    """Grave: his session goes on from elsewhere; it ends, and whoever has copied it tries to come back without the password."""
    for jours in (21.1, 14.2, 7.1, 1.1, 0.06):
        yield Scene(jours, partial(_se_connecter, hugo, CHEZ_HUGO), a_l_ecran=False)
    details = {"avant": _session(CHEZ_HUGO), "apres": _session(LE_VOLEUR)}
    vol = partial(signaler, acteur=AUTEUR, compte=hugo, genre=registre.SESSION_VOLEE, details=details)
    yield Scene(0.05, vol, a_l_ecran=False)
    yield Scene(0.049, partial(_se_connecter, hugo, LE_VOLEUR, Connexion.Resultat.ECHOUEE), a_l_ecran=False)


def _deux_endroits(pascal: Compte) -> Iterator[Scene]:
    """Middling: he signs in from abroad while his session of the office serves."""
    for jours in (16.2, 9.3, 2.2, 0.31):
        yield Scene(jours, partial(_se_connecter, pascal, CHEZ_PASCAL), a_l_ecran=False)
    yield Scene(0.3, partial(_se_connecter_d_ailleurs, pascal), a_l_ecran=False)


def _se_connecter_d_ailleurs(pascal: Compte) -> None:
    signaler(
        acteur=AUTEUR,
        compte=pascal,
        genre=registre.USAGE_PARALLELE,
        connexion=_se_connecter(pascal, EN_VOYAGE),
        details={"ici": _endroit(EN_VOYAGE), "ailleurs": [_endroit(CHEZ_PASCAL)]},
    )


def _pulverisation(touches: list[Compte]) -> Iterator[Scene]:
    """For information: one network tries many accounts, two of which are here."""
    if touches:
        yield Scene(0.9, partial(_essayer, touches), a_l_ecran=False)


def _essayer(touches: list[Compte]) -> None:
    for compte in (*touches, *[None] * COMPTES_ESSAYES):
        _se_connecter(compte, QUI_ESSAIE, Connexion.Resultat.ECHOUEE)
    maintenant = timezone.now()
    pulverisations(depuis=maintenant - FENETRE_DE_PULVERISATION, maintenant=maintenant)


def _se_connecter(
    compte: Compte | None, lieu: Lieu, resultat: Connexion.Resultat = Connexion.Resultat.REUSSIE
) -> Connexion:
    adresse_ip, pays, navigateur, systeme = lieu
    return Connexion.objects.create(
        id=uuid4(),
        compte=compte,
        adresse_essayee="" if compte is not None else uuid4().hex,
        resultat=resultat,
        adresse_ip=adresse_ip,
        reseau=str(ipaddress.ip_network(f"{adresse_ip}/{64 if ':' in adresse_ip else 24}", strict=False)),
        pays=pays,
        navigateur=navigateur,
        systeme=systeme,
    )


def _session(lieu: Lieu) -> dict[str, str]:
    return dict(zip(("adresse_ip", "pays", "navigateur", "systeme"), lieu, strict=True))


def _endroit(lieu: Lieu) -> dict[str, str]:
    return {cle: dit for cle, dit in _session(lieu).items() if cle != "systeme"}
