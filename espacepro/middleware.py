"""Middleware of the whole portal: headers, request context, traces of reading, and GET that never writes."""

import re
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.sessions import middleware as sessions
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from structlog.contextvars import bind_contextvars

from accounts.envois.courriels import PAGES_DES_LIENS
from accounts.portes.saisie import ne_pas_estampiller
from accounts.saisies.porte import TexteIllisible
from accounts.sessions.navigateurs import navigateur_de_quelqu_un
from accounts.traces.lecture import LectureDAilleurs, LectureNonTracee, TropDeLectures, ecrire
from accounts.traces.requete import Provenance, adresse_ip, compte_connecte, marque_de_session, provenance
from surveillance.ailleurs import vient_d_un_autre_site
from surveillance.automates.epreuve import passe_de
from surveillance.automates.grades import Garde, Grade, source_de
from surveillance.automates.liste import est_bloquee, relire
from surveillance.signaux.rafales import compter
from surveillance.signaux.session import examiner_la_session

from .acces import FICHIERS, TABLE, Acces
from .views.automates import continuer_d_ici, demander_verification_humaine, ralentir
from .views.erreurs import adresse_bloquee, csrf, refuser, requete_invalide

Suite = Callable[[HttpRequest], HttpResponse]


class CompressionMiddleware(GZipMiddleware):
    """Compresses text, with Django's random padding against BREACH; a PDF or a workbook is compressed already."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the response, compressed if it is text and the browser takes gzip."""
        genre = response.headers.get("Content-Type", "")
        if not genre.startswith(("text/", "application/json", "image/svg")):
            return response
        return super().process_response(request, response)


class EnTetesMiddleware:
    """Headers that Django does not set: pages of a person are never stored, no device feature is asked for."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            reponse.headers.setdefault("Cache-Control", "no-store")
        reponse.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        reponse.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return reponse


class CheminMiddleware:
    """Answers 404 to a path with a NUL: no text of the database holds one, and PostgreSQL refuses to look for it."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            request.path_info = "/introuvable/"
        return self.get_response(request)


# The methods that some page takes, or that say which it takes (RFC 9110 §9.3).
METHODES = ("GET", "HEAD", "OPTIONS", "POST")


class VerbeMiddleware:
    """Refuses a method that no page takes (405), whatever the address and whoever asks: no session is read for it, no page made."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if request.method in METHODES else HttpResponseNotAllowed(METHODES)


def _ressources() -> frozenset[str]:
    """Return the paths of what is the same for everybody."""
    return frozenset(reverse(nom) for nom, porte in TABLE.items() if porte.qui is Acces.RESSOURCE)


def _liens() -> tuple[str, ...]:
    """Return how the paths of all links of mails begin."""
    return tuple(sorted({reverse(nom, args=["_"]).partition("_/")[0] for nom in PAGES_DES_LIENS.values()}))


def _par_courriel() -> tuple[str, ...]:
    """Return how the paths begin of what a person without JavaScript does by mail: ask for a new password, after which the browser is one
    that the account knows, and follow the link of a mail, « ce n'est pas moi » above all. Their own counters limit them, and their tokens.
    """
    return reverse("mot_de_passe_oublie"), *_liens()


LECTURES: Final = frozenset(
    {
        "accueil",
        "aide",
        "fiche",
        "plan",
        "mentions_legales",
        "donnees_personnelles",
        "accessibilite",
        "cgu",
        "cgu_version",
        "catalogue",
        "service_public",
    }
)
"""What anybody may read, who is asked to verify too: help, rights, and how to complain are not taken from a person by a mistake."""
RETIRENT: Final = frozenset(
    {
        "securite_pas_moi",
        "ce_n_est_pas_moi",
        "pas_moi_fait",
        "annuler_changement_adresse",
        "fermer_session",
        "fermer_autres_sessions",
        "oublier_navigateurs",
        "deconnexion",
        "admin:logout",
    }
)
"""What takes access away and gives none: nobody is made to wait for it."""


def _est_ouverte(request: HttpRequest, grade: Grade) -> bool:
    """Whether this page is given whatever was seen: what closes, the page of its buttons, and below a blocking what anybody reads."""
    try:
        page = resolve(request.path_info).view_name
    except Resolver404:
        return False
    if page in RETIRENT:
        return True
    return request.method in {"GET", "HEAD"} and (page == "securite" or (page in LECTURES and grade < Grade.BLOQUER))


def _est_un_fichier(request: HttpRequest) -> bool:
    """Whether this is the address of a file that is made for who asks."""
    try:
        return resolve(request.path_info).view_name in FICHIERS
    except Resolver404:
        return False


def _fichiers() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the paths of what a browser fetches by itself with a page, and how others begin: none is a page."""
    return frozenset({reverse("admin:jsi18n"), "/favicon.ico"}), (settings.STATIC_URL, "/apple-touch-icon")


class BlocageMiddleware:
    """Refuses what comes from a blocked address (403), by a page that says how to go on (R17, CGU §3.7.b): the address, not the espace.

    A browser that an account knows goes on, one that has verified too, the pages where it does (by a computation, or by mail), and what is
    the same for everybody: health and figures are asked by machines.
    """

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response
        self.ouvertes = _ressources() | {reverse("verifier_humain")}
        self.par_courriel = _par_courriel()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        adresse = adresse_ip(request)
        bloquee, fin = est_bloquee(adresse)
        if (
            not bloquee
            or request.path_info in self.ouvertes
            or request.path_info.startswith(self.par_courriel)
            or passe_de(request, source_de(adresse)) is not None
            or navigateur_de_quelqu_un(request) is not None
        ):
            return self.get_response(request)
        return adresse_bloquee(request, adresse, fin)


class AutomatesMiddleware:
    """Counts what gives an automaton away, and answers by grades: slower, a verification, the source address blocked (R17).

    What the page of another site has a browser send is refused, and counted against nobody. Nor is who opens the link of a mail: it
    writes nothing, no token is guessed, and the gateway before a company's mailboxes opens each from the company's own address.
    """

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response
        fichiers, self.debuts_de_fichiers = _fichiers()
        self.ouvertes = _ressources() | fichiers | {reverse("verifier_humain")}
        self.par_courriel = _par_courriel()
        self.liens = _liens()
        self.autre_epreuve = {reverse("verifier_session"), reverse("verifier_session_code")}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in self.ouvertes or request.path_info.startswith(self.debuts_de_fichiers):
            return self.get_response(request)
        if request.method in {"GET", "HEAD"} and request.path_info.startswith(self.liens):
            return self.get_response(request)
        if vient_d_un_autre_site(request):
            return csrf(request) if request.method == "POST" else HttpResponseForbidden()
        garde = Garde(request, connu=lambda: navigateur_de_quelqu_un(request))
        try:
            return self._repondre(request, garde)
        finally:
            garde.conclure()

    def _repondre(self, request: HttpRequest, garde: Garde) -> HttpResponse:
        grade = garde.decider()
        if request.path_info.startswith(self.par_courriel):
            grade = min(grade, Grade.RALENTIR)
        if grade < Grade.BLOQUER and request.path_info in self.autre_epreuve:
            grade = Grade.RIEN  # it counts its own tries, and ends the session
        if grade is Grade.RIEN or _est_ouverte(request, grade) or (grade is Grade.RALENTIR and garde.peut_continuer()):
            reponse = self._servir(request, garde)
            garde.suivre(reponse)
            return reponse
        garde.refuser()
        if grade is Grade.BLOQUER:
            return adresse_bloquee(request, garde.adresse, relire().fin_de(garde.adresse, timezone.now())[1])
        if grade is Grade.VERIFIER:
            return demander_verification_humaine(request, garde.source)
        return ralentir(request)

    def _servir(self, request: HttpRequest, garde: Garde) -> HttpResponse:
        """Return the page; to who is signed in, and is led here by another site, a link to it for a file, and beyond so many pages a day."""
        if not garde.d_ailleurs or compte_connecte(request) is None or _est_ouverte(request, Grade.VERIFIER):
            return self.get_response(request)
        fichier = _est_un_fichier(request)
        if fichier or not garde.est_admise_d_ailleurs():
            return continuer_d_ici(request, fichier=fichier)
        return self.get_response(request)


class RessourceMiddleware:
    """Reads no session where the answer is the same for everybody: robots.txt, health, figures."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response
        self.chemins = _ressources()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in self.chemins:
            request.COOKIES = {}
        return self.get_response(request)


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's, where the session ended or changed its key meanwhile, as by a double press, and Django would answer 400.

    A redirection leads where it led, under whatever session there is now; a page is asked again as it now is.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Return the response, or a redirection to the same address by GET."""
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            if isinstance(response, HttpResponseRedirect):
                return response
            suite = HttpResponseRedirect(request.get_full_path())
            suite.status_code = 303  # RFC 9110 §15.4.4
            return suite


class SaisieMiddleware:
    """Answers a text that the door of typed text refused, where no form shows it: a search, a hidden field."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say so on the page without its filters; a POST, which might act on more than was meant, is refused."""
        if not isinstance(exception, TexteIllisible):
            return None
        if request.method == "GET" and request.GET:
            messages.error(request, str(exception))
            return redirect(request.path)
        return requete_invalide(request)


class ContexteMiddleware:
    """Makes the caller's address and a request id known to the journal (accounts/traces/requete.py), and the address to the logs."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        adresse = adresse_ip(request)
        bind_contextvars(ip=adresse)
        jeton = provenance.set(Provenance(adresse, str(uuid.uuid4()), partial(marque_de_session, request)))
        try:
            return self.get_response(request)
        finally:
            provenance.reset(jeton)


class MethodeMiddleware:
    """Gives a page to the bare 405 of a GET on an address that only takes a POST, as after a sign-in in between."""

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if request.method == "GET" and isinstance(reponse, HttpResponseNotAllowed):
            ne_pas_estampiller(request)
            reponse.content = render_to_string("erreurs/405.html", request=request).encode()
        return reponse


# What CsrfViewMiddleware lets through without a token (RFC 9110 §9.2.1).
SANS_EFFET = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class EcritureSurLecture(Exception):
    """A GET tried to write: a defect of the view (style.md, GET never writes)."""


# All that a mere visit may send to the database; anything else is refused, known or not. A string or a quoted name cannot
# hide a writing part, nor make one: they are set aside first. What is not a write but a statement of its own comes last.
_CITATIONS = re.compile(
    r"""\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""",
    re.DOTALL | re.IGNORECASE,
)
_LECTURE = re.compile(r"\s*\(*\s*(SELECT|WITH|VALUES)\b(?!.*;\s*\S)", re.IGNORECASE | re.DOTALL)
_PARTIE_QUI_ECRIT = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|INTO|SHARE|nextval|setval|set_config|pg_notify|pg_logical_emit_message|lo_\w+"
    r"|dblink\w*|pg_\w*advisory\w*|pg_terminate_backend|pg_cancel_backend)\b",
    re.IGNORECASE,
)
_POINT_DE_REPRISE = re.compile(r"\s*(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b[^;]*$", re.IGNORECASE)
# The session's own row: opened, its last use, closed.
_SESSION = re.compile(r"""(INSERT INTO|UPDATE|DELETE FROM) "accounts_session"(?!.*;\s*\S)""", re.DOTALL)


def est_une_lecture(sql: str) -> bool:
    """Whether a GET may send this statement: a SELECT or WITH without a writing part, a savepoint, the session engine's own."""
    nu = _CITATIONS.sub("''", sql)
    if _SESSION.match(sql):
        return not re.search(r"\bSELECT\b|\(\s*WITH\b", nu, re.IGNORECASE)
    return bool(_POINT_DE_REPRISE.match(nu)) or bool(_LECTURE.match(nu) and not _PARTIE_QUI_ECRIT.search(nu))


def _refuser_l_ecriture(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if not est_une_lecture(sql):
        raise EcritureSurLecture(sql.split("VALUES")[0][:200])
    return execute(sql, params, many, context)


class SignauxMiddleware:
    """Looks whether a session has moved, before its page, and how fast it is used, after it (R15): outside `LectureSeuleMiddleware`.

    No query of the database but when something is seen.
    """

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        examiner_la_session(request)
        reponse = self.get_response(request)
        compter(request, reponse)
        return reponse


class TracesMiddleware:
    """Writes the traces of reading once the page is made, outside what `LectureSeuleMiddleware` guards.

    An agent's page whose reading cannot be traced is not shown (503), nor a usager's that is one too many (429).
    """

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        try:
            ecrire(request)
        except LectureNonTracee:
            return refuser(request, "erreurs/503_trace.html", 503)
        except TropDeLectures as regle:
            return refuser(request, "erreurs/429_lectures.html", regle.statut, {"regle": regle})
        return reponse

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what another site leads to, and would be counted against who reads it, by a page with a link to it."""
        return continuer_d_ici(request, fichier=False) if isinstance(exception, LectureDAilleurs) else None


class LectureSeuleMiddleware:
    """Refuses every statement that is not a reading during GET, HEAD and OPTIONS: link scanners and prefetch change nothing.

    In tests PostgreSQL itself is read-only meanwhile (tests/lecture_seule.py).
    """

    def __init__(self, get_response: Suite) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as pile:
            if request.method in SANS_EFFET:
                pile.enter_context(connection.execute_wrapper(_refuser_l_ecriture))
            return self.get_response(request)
