"""What is ticked in a list stays ticked when its page is turned, or its filters change (issue 10.3).

The controls that turn the page are buttons of the list's own form: without JavaScript too, they post the boxes. What is ticked waits in
the session, for one list at a time, COCHEES_AU_PLUS keys at most; « Étendre aux N habilitations » is for more. What is ticked is named
whole, whatever the page shows. The list opened with other filters than the form left it with is another choice: nothing is ticked there.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from ..lectures.partage import Filtres
from ..models import Habilitation
from .sujets import Touches

CLE: Final = "cochees"
COCHEES_AU_PLUS: Final = 500


@dataclass(frozen=True)
class Liste:
    """A list with boxes: the URL name of its page, and what of the address says which one it is."""

    page: str
    sens: str = ""

    def adresse(self, filtres: Filtres, page: str = "") -> str:
        """Return the address of this list, so filtered, at this page."""
        return reverse(
            self.page, query={k: v for k, v in {"sens": self.sens, **filtres.dits, "page": page}.items() if v}
        )


RECUES: Final = "recues"
LISTES: Final[dict[str, Liste]] = {
    "suppleants": Liste("suppleants"),
    "suppleants_recues": Liste("suppleants", RECUES),
    "delegations": Liste("delegations"),
    "delegations_recues": Liste("delegations", RECUES),
    "retraits": Liste("retraits_choisir"),
    "recentes": Liste("habilitations_recentes"),
}


@dataclass(frozen=True)
class Cochees:
    """What the page says of its boxes: those ticked, how many in all and here, those that it shows; some not ticked yet (`a_cocher`), at which page."""

    liste: str
    cles: frozenset[uuid.UUID]
    total: int
    ici: int
    montrees: str
    filtres: str
    a_cocher: bool
    page: str
    hors: Touches  # those ticked that the page does not show, by name

    @property
    def ailleurs(self) -> int:
        return self.total - self.ici


def cochees(
    request: HttpRequest,
    liste: str,
    *,
    source: QuerySet[Habilitation],
    montrees: Iterable[Habilitation],
    filtres: Filtres,
) -> Cochees:
    """Return what is ticked in this list: one query when anything is. Forget it where it was chosen under other filters."""
    garde = request.session.get(CLE, {})
    if garde.get("liste") == liste and garde.get("filtres", "") != urlencode(filtres.dits):
        oublier(request)
    cles = _gardees(request, liste)
    vivantes = list(source.filter(pk__in=cles)) if cles else []
    la = [habilitation.pk for habilitation in montrees]
    hors = [habilitation for habilitation in vivantes if habilitation.pk not in set(la)]
    return Cochees(
        liste,
        frozenset(habilitation.pk for habilitation in vivantes),
        len(vivantes),
        len(vivantes) - len(hors),
        ",".join(map(str, la)),
        urlencode(filtres.dits),
        len(vivantes) - len(hors) < len(la),
        request.GET.get("page", "1"),
        Touches.de(hors),
    )


def a_cocher(miennes: Iterable[Habilitation]) -> list[Habilitation]:
    """Return those that one may ask to leave: not asked yet (lectures.partage.mes_habilitations)."""
    return [habilitation for habilitation in miennes if not getattr(habilitation, "a_quitter", False)]


def lire_cles(valeurs: Iterable[str]) -> list[uuid.UUID]:
    """Return those of these texts that are keys."""
    cles = []
    for valeur in valeurs:
        try:
            cles.append(uuid.UUID(valeur))
        except ValueError:
            continue
    return cles


def _gardees(request: HttpRequest, liste: str) -> list[uuid.UUID]:
    garde = request.session.get(CLE, {})
    return lire_cles(garde["cles"]) if garde.get("liste") == liste else []


def noter(request: HttpRequest, liste: str) -> Sequence[uuid.UUID]:
    """Keep what is ticked after this POST, and return it: what other pages had, and the boxes of this one."""
    montrees = set(lire_cles(request.POST.get("montrees", "").split(",")))
    deja = [] if "rien" in request.POST else [cle for cle in _gardees(request, liste) if cle not in montrees]
    ici = [] if "rien" in request.POST else lire_cles(request.POST.getlist("habilitations"))
    if "toute_la_page" in request.POST:
        ici = list(montrees)
    voulues = list(dict.fromkeys([*deja, *ici]))
    if len(voulues) > COCHEES_AU_PLUS:
        messages.error(
            request,
            f"{COCHEES_AU_PLUS} habilitations cochées au plus : les dernières ne le sont pas. Pour davantage, cochez « Étendre ».",
        )
    request.session[CLE] = {
        "liste": liste,
        "cles": [cle.hex for cle in voulues[:COCHEES_AU_PLUS]],
        "filtres": urlencode(_filtres_suivants(request).dits),
    }
    return voulues[:COCHEES_AU_PLUS]


def depart(request: HttpRequest, liste: Liste, lignes: Iterable[Habilitation]) -> str:
    """Return where one goes back to from what is asked of these lines: the page of the company whose list it is, or the list as filtered."""
    filtres = filtres_poses(request)
    if any(ligne.personne.siren == filtres.siren for ligne in lignes):
        return reverse("entreprise_acces", args=[filtres.siren])
    return liste.adresse(filtres)


def oublier(request: HttpRequest) -> None:
    """Forget what was ticked: it was done."""
    request.session.pop(CLE, None)


def filtres_poses(request: HttpRequest) -> Filtres:
    """Return the filters of the list that this POST comes from, as they were when it was shown."""
    return Filtres.depuis(QueryDict(request.POST["filtres"]) if "filtres" in request.POST else request.POST)


def _filtres_suivants(request: HttpRequest) -> Filtres:
    """Return the filters of the list after the button that was pressed."""
    if "filtrer" in request.POST:
        return Filtres.depuis(request.POST)
    return Filtres() if "effacer" in request.POST else filtres_poses(request)


def adresse_suivante(request: HttpRequest, liste: Liste) -> str:
    """Return where the button that was pressed leads: another page, other filters, the same page."""
    ailleurs = "filtrer" in request.POST or "effacer" in request.POST
    page = "" if ailleurs else request.POST.get("vers") or request.POST.get("toute_la_page", "")
    return liste.adresse(_filtres_suivants(request), page)
