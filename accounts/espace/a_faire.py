"""« À faire »: what waits for a holder, told by every floor through one registry (CGU §2.2, §3.4.d; issue 13.1).

Each floor adds its `Source` in `AppConfig.ready`. What they look for is asked together, four sources in one statement: so
many queries whatever an espace holds. Lines name companies by key: who draws them has the names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import batched
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from ..models import Compte, Espace, Lien
from ..mots_de_passe.politique import durcissement_a_venir, echeance
from ..saisies.dates import dans, jour
from .changement_adresse import en_attente_de_confirmation

Fait = Mapping[str, Any]
"""What one row says, as the JSON object that its source has it built."""
PAR_REQUETE: Final = 4
RENOUVELLEMENT_ANNONCE: Final = timedelta(days=60)
RENOUVELLEMENT_PRESSE: Final = timedelta(days=7)


class Gravite(IntEnum):
    """How much it matters, the worst first; `forme` is its sign, since a colour alone tells nothing."""

    GRAVE = 0
    ATTENTION = 1
    INFO = 2

    @property
    def forme(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Ligne:
    """One thing to do: by when, what, for whom, and the one link that does it.

    `personnes` are the keys of the companies it is about, `pour_qui` whoever else; `en_bref` is what the row of one of
    these companies says of it; `jour` orders, the nearest first.
    """

    gravite: Gravite
    quand: str
    quoi: str
    acte: str
    url: str
    jour: date | None = None
    personnes: tuple[int, ...] = ()
    pour_qui: str = ""
    en_bref: str = ""

    def pour(self, noms: Mapping[int, str]) -> str:
        """Return for whom it is: a name, or how many companies."""
        nommees = [noms[cle] for cle in self.personnes if cle in noms]
        entreprises = nommees[0] if len(nommees) == 1 else f"{len(nommees)} entreprises" if nommees else ""
        return ", ".join(filter(None, [self.pour_qui, entreprises]))


class Seule(NamedTuple):
    """The one company that a page is about: its key, and its SIREN for what is found by it."""

    cle: int
    siren: str


def par_personne(seule: Seule) -> Q:
    """Return the condition by which most sources keep to one company."""
    return Q(personne=seule.cle)


@dataclass(frozen=True)
class Source:
    """What one floor adds: what it looks for, and the lines that it makes of what was found.

    `chercher` returns a queryset annotated with `fait`, a JSONObject, of few rows: one a company at most; `de` narrows it to one
    company, None for what is of none.
    """

    nom: str
    dire: Callable[[Espace, Sequence[Fait], datetime], Iterable[Ligne]]
    chercher: Callable[[Espace, datetime], QuerySet[Any, Any]]
    de: Callable[[Seule], Q] | None = par_personne


_SOURCES: dict[str, Source] = {}


def inscrire(source: Source) -> None:
    """Add what a floor has to say."""
    _SOURCES[source.nom] = source


def a_faire(espace: Espace, *, seule: Seule | None = None, maintenant: datetime | None = None) -> list[Ligne]:
    """Return what waits for this holder, the gravest first, then the nearest: one query for four sources.

    Of one company where `seule` is given: nothing else is looked for.
    """
    maintenant = maintenant or timezone.now()
    sources = [source for source in _SOURCES.values() if seule is None or source.de is not None]
    faits = _chercher(espace, sources, seule, maintenant)
    lignes = [ligne for source in sources for ligne in source.dire(espace, faits[source.nom], maintenant)]
    return sorted(lignes, key=lambda ligne: (ligne.gravite, ligne.jour or date.max))


def _chercher(
    espace: Espace, toutes: Sequence[Source], seule: Seule | None, maintenant: datetime
) -> dict[str, list[Fait]]:
    faits: dict[str, list[Fait]] = {}
    for sources in batched(sorted(toutes, key=attrgetter("nom")), PAR_REQUETE):
        colonnes = {}
        for source in sources:
            cherche = source.chercher(espace, maintenant).order_by()
            if seule is not None and source.de is not None:
                cherche = cherche.filter(source.de(seule))
            colonnes[source.nom] = ArraySubquery(cherche.values("fait"))
        faits |= Espace.objects.filter(pk=espace.pk).annotate(**colonnes).values(*colonnes).get()
    return faits


# What the accounts themselves have to say.


def _dire_identifiants(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """A password that must be renewed within sixty days, or when a policy comes into force; an address that does not answer."""
    compte = cast(Compte, espace.compte)
    lignes = []
    if compte.adresse_rejetee_le is not None:
        lignes.append(
            Ligne(
                Gravite.GRAVE,
                f"Depuis le {jour(compte.adresse_rejetee_le)}",
                "Vérifier ou remplacer votre adresse de connexion : un courriel nous a été retourné",
                "Vérifier",
                reverse("identifiants"),
                pour_qui=compte.email,
            )
        )
    fin = echeance(compte.mot_de_passe_change_le)
    quoi = "Renouveler votre mot de passe : il aura trois ans"
    a_venir = durcissement_a_venir(compte)
    if a_venir is not None and a_venir.impose_le is not None and a_venir.impose_le < fin:
        fin, quoi = a_venir.impose_le, "Renouveler votre mot de passe : il ne répondra plus aux règles de sécurité"
    if fin - RENOUVELLEMENT_ANNONCE <= maintenant:
        gravite = Gravite.GRAVE if fin - RENOUVELLEMENT_PRESSE <= maintenant else Gravite.ATTENTION
        le = timezone.localdate(fin)
        lignes.append(Ligne(gravite, dans(le, maintenant), quoi, "Changer", reverse("changer_mot_de_passe"), jour=le))
    for fait in faits:
        lignes.append(
            Ligne(
                Gravite.ATTENTION,
                f"Avant le {jour(datetime.fromisoformat(fait['fin']))}",
                "Confirmer votre nouvelle adresse de connexion : un lien y a été envoyé",
                "Voir",
                reverse("identifiants"),
                jour=timezone.localdate(datetime.fromisoformat(fait["fin"])),
                pour_qui=fait["adresse"],
            )
        )
    return lignes


def _changements(espace: Espace, maintenant: datetime) -> QuerySet[Lien]:
    return en_attente_de_confirmation(espace, maintenant).annotate(fait=JSONObject(adresse="adresse", fin="expire_le"))


IDENTIFIANTS: Final = Source("identifiants", _dire_identifiants, _changements, de=None)
