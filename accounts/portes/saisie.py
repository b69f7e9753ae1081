"""What was posted too late is kept for whoever typed it: a session that ended, a token that expired (issue 10.2).

Every form of an espace, and of an agent who has passed the agents' door, carries a sealed stamp (whose, address, time). What comes
with a valid one, and cannot be taken, is kept fifteen minutes, encrypted, for that espace or agent alone; it is shown at the next
sign-in (an agent's: after the second factor) and never sent by itself.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from redis.exceptions import RedisError

from ..chiffrement import chiffrer, dechiffrer
from ..facteurs.second_facteur import facteur_prouve
from ..forms.reauthentification import ConfirmationForm
from ..models import Compte
from ..traces.requete import compte_connecte
from .marques import MARQUES
from .reauthentification import SECRETS

CHAMP: Final = "estampille"
ETAPE: Final = "etape"
"""In an address: the page that was kept of its form (`etapes.py`)."""
ESTAMPILLE: Final = "estampille"
GARDEE: Final = "saisie-gardee"
EMPORTEE: Final = "saisie-emportee"
"""What each is encrypted for: none is read in the place of another."""
_ETAPE: Final = re.compile(rf"(?<=[?&]){ETAPE}=[^&]*&?")
VALIDITE: Final = 24 * 3600  # seconds between the page and what is posted from it
GARDE: Final = 15 * 60  # seconds
TAILLE_MAX: Final = 100_000  # bytes
MASQUES: Final = frozenset({"iban"})
"""What is kept to fill the form again, behind its own door, and not shown whole on the page that says what is kept."""
# What belongs to the form's frame and not to who fills it.
CADRE: Final = frozenset({"csrfmiddlewaretoken", ConfirmationForm.CHAMP, CHAMP, "next"}) | MARQUES


@dataclass(frozen=True)
class Saisie:
    """What was typed in the form of `page`, field by field, and the address that it was posted to."""

    page: str
    adresse: str
    champs: list[tuple[str, str]]
    fichiers: bool
    secrets: bool

    @property
    def masquee(self) -> "Saisie":
        """The same as it may be read by whoever passes by the screen."""
        return replace(
            self, champs=[(nom, masquer(valeur) if nom in MASQUES else valeur) for nom, valeur in self.champs]
        )


def masquer(valeur: str) -> str:
    """Return what tells this number from another, as the list of the accounts does; nothing of one too short to hide anything."""
    signes = "".join(valeur.split())
    return f"•••• {signes[-4:]}" if len(signes) > 8 else "••••"


def _porteur(compte: Compte | None) -> str:
    """Return whose the words typed by this account are: an espace's, an agent's; nothing for anybody else."""
    espace = getattr(compte, "espace", None)
    if espace is not None:
        return str(espace.pk)
    agent = getattr(compte, "agent", None) if compte is not None and compte.is_staff else None
    return "" if agent is None else f"agent:{agent.pk}"


def ne_pas_estampiller(request: HttpRequest) -> None:
    """Stamp no form of the answer: a stamp is of a page that was served, and says that it may be read again."""
    request._sans_estampille = True  # type: ignore[attr-defined]


def estampiller(request: HttpRequest) -> str:
    """Return the stamp of the forms of this page, the same for all of them.

    Nothing for a visitor, for an agent before the second factor, nor on a page that was refused (`ne_pas_estampiller`).
    """
    compte = compte_connecte(request)
    porteur = _porteur(compte)
    if not porteur or getattr(request, "_sans_estampille", False):
        return ""
    if compte is not None and compte.is_staff and facteur_prouve(request) is None:
        return ""
    estampille: str | None = getattr(request, "_estampille", None)
    if estampille is None:
        estampille = chiffrer(json.dumps([porteur, request.get_full_path()]), usage=ESTAMPILLE)
        request._estampille = estampille  # type: ignore[attr-defined]
    return estampille


def est_estampille(request: HttpRequest) -> bool:
    """Whether what is posted comes from the form of a page of an espace or an agent, whoever is signed in now.

    A page that is open to visitors takes no stamp but its own: anybody has that of a page of his espace.
    """
    clair = _lire_estampille(request)
    if clair is None:
        return False
    try:
        vue = resolve(request.path_info).func
    except Resolver404:
        return True
    return getattr(vue, "login_required", True) or urlsplit(json.loads(clair)[1]).path == request.path_info


def _lire_estampille(request: HttpRequest) -> str | None:
    return dechiffrer(request.POST.get(CHAMP, ""), usage=ESTAMPILLE, duree_max=VALIDITE)


def _cle(porteur: str) -> str:
    return f"saisie:{porteur}"


def page_gardee(request: HttpRequest) -> str:
    """Return the page that shows what is kept: the agents have theirs, behind their door."""
    chez_les_agents = request.path_info.startswith(reverse("admin:index"))
    return reverse("admin:saisie_gardee" if chez_les_agents else "saisie_gardee")


def sans_etape(adresse: str) -> str:
    """Return the address of a form without the name of the page of it that was shown (`etapes.py`)."""
    return _ETAPE.sub("", adresse).rstrip("?&")  # by its text: what else the address says stays as it was written


def champs_saisis(request: HttpRequest) -> tuple[list[tuple[str, str]], bool]:
    """Return what this request posts and somebody typed, and whether secrets were left out."""
    donnes = [(nom, v) for nom, valeurs in request.POST.lists() if nom not in CADRE for v in valeurs]
    champs = [(nom, valeur) for nom, valeur in donnes if not SECRETS.search(nom)]
    return champs, len(champs) < len(donnes)


def est_la_page(adresse: str) -> bool:
    """Whether this address is that of the page which shows what is kept: it has nothing of its own to keep or show."""
    return urlsplit(adresse).path in {reverse("saisie_gardee"), reverse("admin:saisie_gardee")}


def garder_saisie(request: HttpRequest) -> bool:
    """Keep what this request posts, when its stamp is ours; return whether anything was kept.

    Neither files nor secrets, nothing of more than TAILLE_MAX bytes, nothing of somebody else than who is signed in, nor of
    the page that shows what is kept: that stays.
    """
    clair = _lire_estampille(request)
    if clair is None:
        return False
    porteur, page = json.loads(clair)
    if est_la_page(page):
        return False
    compte = compte_connecte(request)
    if compte is not None and _porteur(compte) != porteur:
        return False
    champs, tus = champs_saisis(request)
    if not champs:
        return False
    contenu = json.dumps(
        {
            "page": page,
            "adresse": sans_etape(request.get_full_path()),
            "champs": champs,
            "fichiers": bool(request.FILES),
            "secrets": tus,
        }
    )
    if len(contenu.encode()) > TAILLE_MAX:
        return False
    try:
        cache.set(_cle(porteur), chiffrer(contenu, usage=GARDEE), GARDE)
    except (RedisError, OSError):
        return False  # nothing may depend on Redis: the page says that nothing is kept
    request._saisie_gardee = True  # type: ignore[attr-defined]
    return True


def page_du_formulaire(request: HttpRequest) -> str:
    """Return the page of ours that posted this, as the browser says it; nothing where it says none, or another site's."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # `http://[`: no browser writes it
        return ""
    return urlunsplit(("", "", page.path, page.query, "")) if page.netloc == request.get_host() else ""


def suite_de(request: HttpRequest, *, gardee: str, perdue: str) -> str:
    """Return where whoever is sent elsewhere first goes on from there: the page asked for, or, of a POST, what was kept of it.

    Which is said: `gardee`, or `perdue` where nothing could be kept; the page of the form is then the one to go on with.
    """
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    if garder_saisie(request):
        messages.info(request, gardee)
        return page_gardee(request)
    messages.info(request, perdue)
    return page_du_formulaire(request)


def sceller_saisie(clair: str) -> str:
    """Return what was posted, encrypted: its page carries it through a verification, and nobody reads nor changes it on the way."""
    return chiffrer(clair, usage=EMPORTEE)


def lire_saisie_scellee(scellee: str) -> str | None:
    """Return what `sceller_saisie` was given, for GARDE seconds."""
    return dechiffrer(scellee, usage=EMPORTEE, duree_max=GARDE)


def vient_d_etre_gardee(request: HttpRequest) -> bool:
    """Whether what this very request posts was kept."""
    return getattr(request, "_saisie_gardee", False)


def saisie_gardee(compte: Compte) -> Saisie | None:
    """Return what is kept for the espace or the agent of this account, if there is anything."""
    try:
        chiffre = cache.get(_cle(_porteur(compte)))
    except (RedisError, OSError):
        return None
    clair = dechiffrer(chiffre, usage=GARDEE, duree_max=GARDE, deja_garde=True) if chiffre else None
    if clair is None:
        return None
    donnees: dict[str, Any] = json.loads(clair)
    return Saisie(**{**donnees, "champs": [(nom, valeur) for nom, valeur in donnees["champs"]]})


def oublier_saisie(compte: Compte) -> bool:
    """Forget what is kept for this account; return False where Redis is away, and it ends by itself."""
    try:
        cache.delete(_cle(_porteur(compte)))
    except (RedisError, OSError):
        return False
    return True


def annoncer(request: HttpRequest, *, gardee: bool) -> str:
    """Say on the sign-in page what became of what was posted; return the page to go to after it, nothing if none."""
    if not gardee:
        messages.info(
            request, "Votre session a pris fin : rien n’a été enregistré. Connectez-vous de nouveau pour continuer."
        )
        return ""
    messages.info(
        request,
        "Votre session a pris fin avant l’envoi : rien n’a encore été enregistré. Ce que vous aviez rempli est gardé quinze "
        "minutes, sans les fichiers ni les mots de passe : connectez-vous pour le retrouver.",
    )
    return page_gardee(request)
