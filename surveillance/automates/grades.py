"""What is answered to what has been seen: nothing, slower, a verification, the source address blocked (R17; CGU §3.7.b).

The score of a source address and that of a browser (an account once signed in) are apart. A browser is at most asked to verify: the
espace is never blocked. What another site leads a browser to is counted apart, and answered by a verification at most. A browser that
some account knows, or that has verified, does not pay for its address, but for itself; nor does an agent with a proved second factor.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Final

import structlog
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import reverse

from accounts.gestion.agents import est_prouve
from accounts.models import NavigateurConnu, Session
from accounts.models.sessions_base import empreinte
from accounts.portes.agents import d_un_reseau_d_agents
from accounts.portes.marques import MARQUES, PIEGE, PILOTE, SERVI, servi_depuis
from accounts.portes.saisie import est_estampille
from accounts.saisies.regles import RegleMetier
from accounts.traces.requete import ILLISIBLE, adresse_ip, compte_connecte, une_adresse

from ..ailleurs import est_une_navigation_d_ailleurs
from ..memoire import cle
from ..signaux.registre import AUTOMATE
from ..signaux.signalement import signaler
from . import releve
from .blocages import LIGNE_IPV6, bloquer_automate, decrire_marques
from .detecteurs import (
    ANCIENNE,
    LONGUEUR_LUE,
    LUS,
    PAGES_PAR_FENETRE,
    PAGES_PAR_MINUTE,
    PAR_NOM,
    VISITEURS_PAR_MINUTE,
    Vue,
    marques_de,
    peser,
)
from .epreuve import Passe, passe_de

RYTHME: Final = 1.0  # seconds between two pages of what is slowed
REESSAI_DU_BLOCAGE: Final = 60.0  # seconds: an address that may not be blocked is not tried again at each request
ENVOIS_DU_PASSE: Final = 3
"""Forms that a pass has taken whatever they show: what the verification gave back, a sign-in and its second factor; each costs a proof."""
AILLEURS_PAR_JOUR: Final = 20
"""Pages of an account that are shown at once when another site leads there (the links of a webmail): beyond, a link of ours is pressed."""
SANS_EFFET: Final = ("prolonger_session", "admin:logout")
"""What an agent's page posts once his session is over, without a mark, since it was served to somebody signed in: it does nothing."""
SANS_SAISIE: Final = MARQUES | {"csrfmiddlewaretoken", REDIRECT_FIELD_NAME}
"""What a form carries that nobody types."""
_ETAT: Final = "_automates"
log = structlog.get_logger("espacepro.automates")


class Grade(IntEnum):
    """From what is let go on to what is refused."""

    RIEN = 0
    RALENTIR = 1
    VERIFIER = 2
    BLOQUER = 3


SEUILS: Final = {Grade.BLOQUER: 150, Grade.VERIFIER: 60, Grade.RALENTIR: 40}


def grade_de(score: float) -> Grade:
    """Return the grade of this score."""
    return next((grade for grade, seuil in SEUILS.items() if score >= seuil), Grade.RIEN)


def source_de(adresse: str) -> str:
    """Return what an address is counted as: itself in IPv4, its /64 in IPv6 (one line)."""
    lue = une_adresse(adresse)
    return str(lue) if lue.version == 4 else f"{int(lue) >> (128 - LIGNE_IPV6):x}/{LIGNE_IPV6}"


def _apart(la_cle: str) -> str:
    """Return the key under which what another site has it ask is counted: it blocks no address and signals no account."""
    return f"ailleurs:{la_cle}"


class Garde:
    """One request, from what it shows to what is answered."""

    def __init__(self, request: HttpRequest, *, connu: Callable[[], NavigateurConnu | None]) -> None:
        self.request = request
        self.connu = connu
        self.adresse = adresse_ip(request)
        self.source = source_de(self.adresse)
        self.reseau = cle("source", self.source)
        self.chez_les_agents = bool(settings.RESEAUX_AGENTS) and d_un_reseau_d_agents(request)
        """A network that the administration answers for: each browser of it is counted, the whole office is not."""
        self.soi = self._soi()
        self.d_ailleurs = est_une_navigation_d_ailleurs(request)
        self.suite = False
        """Whether this is the page that an act led to, which is one page with it."""
        self.vues: list[str] = []
        """What is seen while the request is answered."""
        setattr(request, _ETAT, self)

    def _soi(self) -> str | None:
        """Return the key of the account, else of the browser that an account knows, else of the session; None: nothing is proved.

        Never of what the browser only says: another cookie at each request would be another browser, that has done nothing yet.
        """
        compte = compte_connecte(self.request)
        if compte is not None:
            return cle("compte", str(compte.pk))
        navigateur = self.connu()
        if navigateur is not None:
            return cle("navigateur", str(navigateur.pk))
        session = self.request.session.session_key
        return cle("session", session) if session else None

    def decider(self) -> Grade:
        """Count what this request shows and return what is answered to it; RIEN while Redis does not answer."""
        passe = passe_de(self.request, self.source)
        lu = releve.relever(
            self._par_cle((), passe) | self._a_compter(marques_de(voir(self.request)), passe),
            pages=self._ou(self._pages()),
            suite=self._suite(self.soi, self.request.get_full_path()),
        )
        if lu is None:
            return Grade.RIEN
        self.suite = lu.suite
        if self._trop_de_pages(lu):
            self.vues.append("cadence")
        scores = {la_cle: peser(marques) for la_cle, marques in lu.marques.items()}

        def grade_au_plus(la_cle: str | None) -> Grade:
            if la_cle is None:
                return Grade.RIEN
            return min(max(grade_de(scores.get(une, 0)) for une in (la_cle, _apart(la_cle))), Grade.VERIFIER)

        if grade_de(scores[self.reseau]) > Grade.RIEN and releve.une_seule_fois(
            f"montree:{self.reseau}", secondes=REESSAI_DU_BLOCAGE
        ):
            releve.montrer(self.reseau, self.adresse)
        if grade_de(scores[self.reseau]) is Grade.BLOQUER and self._bloquer(lu.marques[self.reseau]):
            grade = Grade.BLOQUER
        else:
            grade = grade_au_plus(self.reseau)
        soi = grade_au_plus(self.soi)
        if (
            self.soi is not None and grade_de(scores[self.soi]) >= Grade.VERIFIER
        ):  # a pass lets a page be read, and hides no account from who watches
            self._signaler(lu.marques[self.soi])
        if passe is not None:
            return Grade.RIEN if self._passe_admet(passe) else grade_au_plus(passe.cle)
        if grade > soi and (self._agent_prouve() or self.connu() is not None):
            grade = soi
        return max(soi, grade)

    def _passe_admet(self, passe: Passe) -> bool:
        """Whether this is what somebody verified for: one of the first forms that a pass sends, the page that it led to."""
        if self.request.method != "POST":
            return self.suite
        return (releve.du_jour(f"envois:{passe.cle}") or ENVOIS_DU_PASSE + 1) <= ENVOIS_DU_PASSE

    def peut_continuer(self) -> bool:
        """Whether what is slowed may have this page: one each RYTHME, and what an act leads to with it."""
        return (
            self.suite
            or releve.une_seule_fois(f"pas:{self._ou(self.soi or self.reseau)}", secondes=RYTHME) is not False
        )

    def est_admise_d_ailleurs(self) -> bool:
        """Whether the page of who is signed in, that another site leads to, is shown at once: AILLEURS_PAR_JOUR are."""
        combien = releve.du_jour(self._ou(self._pages()))
        return combien is None or combien <= AILLEURS_PAR_JOUR

    def suivre(self, reponse: HttpResponse) -> None:
        """Expect the page that an act leads to, asked for under whatever session there is after it."""
        if reponse.has_header("Location") and (self.request.method == "POST" or self.suite):
            releve.attendre(self._suite(self._soi(), reponse["Location"]))

    def _suite(self, soi: str | None, adresse: str) -> str:
        return f"{self._ou(soi or self.reseau)}:{cle('suite', adresse.partition('#')[0])}"

    def refuser(self) -> None:
        """Count a request that was not answered: who goes on asking is no person who waits."""
        self.vues.append("insiste")

    def conclure(self) -> None:
        """Count what was seen while the request was answered."""
        if self.vues:
            releve.noter(self._a_compter(self.vues, passe_de(self.request, self.source)))

    def _par_cle(self, marques: Iterable[str], passe: Passe | None) -> dict[str, list[str]]:
        noms = list(marques)
        comptee = self.adresse != ILLISIBLE and not self.chez_les_agents
        cles = {self.reseau: [nom for nom in noms if PAR_NOM[nom].reseau and comptee]}
        if self.soi is not None:
            cles[self.soi] = noms
        if passe is not None:
            cles[passe.cle] = noms
        return cles

    def _a_compter(self, marques: Iterable[str], passe: Passe | None) -> dict[str, list[str]]:
        return {self._ou(la_cle): noms for la_cle, noms in self._par_cle(marques, passe).items()}

    def _ou(self, la_cle: str) -> str:
        return _apart(la_cle) if self.d_ailleurs else la_cle

    def _pages(self) -> str:
        return self.soi if self.soi is not None and compte_connecte(self.request) is not None else self.reseau

    def _trop_de_pages(self, lu: releve.Releve) -> bool:
        if self._pages() == self.reseau:
            return lu.pages_minute > VISITEURS_PAR_MINUTE
        return lu.pages_minute > PAGES_PAR_MINUTE or lu.pages_fenetre > PAGES_PAR_FENETRE

    def _agent_prouve(self) -> bool:
        compte = compte_connecte(self.request)
        return compte is not None and compte.is_staff and est_prouve(self.request)

    def _signaler(self, marques: Mapping[str, float]) -> None:
        """Say to who watches espaces that an automaton uses this one (the table of the signals says what follows), once a window."""
        compte = compte_connecte(self.request)
        if (
            compte is None
            or compte.is_staff
            or not releve.une_seule_fois(f"signal:{self.soi}", secondes=releve.FENETRE_DES_RELEVES)
        ):
            return
        session = Session.objects.filter(session_key=empreinte(self.request.session.session_key or "")).first()
        signaler(
            compte=compte,
            genre=AUTOMATE,
            details={"marques": decrire_marques(marques), "adresse_ip": self.adresse},
            session=session,
        )

    def _bloquer(self, marques: Mapping[str, float]) -> bool:
        """Block the source address; False where it is not to be (shared, or the agents'), which is not asked at each request."""
        if not releve.une_seule_fois(f"bloquer:{self.reseau}", secondes=REESSAI_DU_BLOCAGE):
            return False
        try:
            bloquer_automate(acteur="systeme:automates", adresse=self.adresse, marques=marques)
        except RegleMetier as regle:
            log.warning("automate_non_bloque", raison=regle.code)
            return False
        releve.oublier(self.reseau)
        return True


def noter(request: HttpRequest, marque: str) -> None:
    """Remember that this was seen while the request was answered (a failed sign-in)."""
    garde: Garde | None = getattr(request, _ETAT, None)
    if garde is not None:
        garde.vues.append(marque)


def voir(request: HttpRequest) -> Vue:
    """Return what the detectors look at in this request."""
    noms = ((nom, request.META.get("HTTP_" + nom.upper().replace("-", "_"))) for nom in LUS)
    connecte = compte_connecte(request) is not None
    vue = Vue(
        methode=request.method or "",
        entetes={nom: valeur[:LONGUEUR_LUE] for nom, valeur in noms if valeur is not None},
        sur=request.is_secure() or request.get_host().partition(":")[0] in {"localhost", "127.0.0.1"},
        connecte=connecte,
        profonde=request.path_info.startswith("/espace/entreprises/"),
    )
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return vue
    try:
        champs = request.POST
    except UnreadablePostError:  # the browser has gone
        return vue
    sans_effet = {reverse(nom) for nom in SANS_EFFET}
    formulaire = not connecte and request.path_info not in sans_effet and not est_estampille(request)
    marque = champs.get(SERVI, "")
    age = servi_depuis(marque) if formulaire else None
    return replace(
        vue,
        piege=bool(champs.get(PIEGE)),
        pilote=bool(champs.get(PILOTE)),
        remplis=sum(1 for nom, valeur in champs.items() if valeur and nom not in SANS_SAISIE),
        formulaire=formulaire,
        age=age,
        resservie=age is not None and releve.une_seule_fois(f"marque:{marque}", secondes=ANCIENNE) is False,
    )
