"""What is ticked in a list stays ticked when its page is turned, or its filters change (issue 10.3).

The controls that turn the page are buttons of the list's own form: without JavaScript too, they post the boxes. What is ticked waits in
the session, for one list at a time, COCHEES_AU_PLUS keys at most; « Étendre aux N habilitations » is for more.
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
    """Return what is ticked in this list: one query when anything is."""
    cles = frozenset(_gardees(request, liste))
    vivantes = frozenset(source.filter(pk__in=cles).values_list("pk", flat=True)) if cles else cles
    la = [habilitation.pk for habilitation in montrees]
    return Cochees(
        liste,
        vivantes,
        len(vivantes),
        len(vivantes & set(la)),
        ",".join(map(str, la)),
        urlencode(filtres.dits),
        not vivantes.issuperset(la),
        request.GET.get("page", "1"),
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
    request.session[CLE] = {"liste": liste, "cles": [cle.hex for cle in voulues[:COCHEES_AU_PLUS]]}
    return voulues[:COCHEES_AU_PLUS]


def oublier(request: HttpRequest) -> None:
    """Forget what was ticked: it was done."""
    request.session.pop(CLE, None)


def filtres_poses(request: HttpRequest) -> Filtres:
    """Return the filters of the list that this POST comes from, as they were when it was shown."""
    return Filtres.depuis(QueryDict(request.POST["filtres"]) if "filtres" in request.POST else request.POST)


def adresse_suivante(request: HttpRequest, liste: Liste) -> str:
    """Return where the button that was pressed leads: another page, other filters, the same page."""
    if "filtrer" in request.POST:
        return liste.adresse(Filtres.depuis(request.POST))
    if "effacer" in request.POST:
        return liste.adresse(Filtres())
    return liste.adresse(filtres_poses(request), request.POST.get("vers") or request.POST.get("toute_la_page", ""))
