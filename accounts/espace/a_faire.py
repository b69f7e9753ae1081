"""« À faire »: what waits for a holder, told by every floor through one registry (CGU §2.2, §3.4.d; issue 13.1).

Each floor adds its `Source` in `AppConfig.ready`. What they look for is asked together, six sources at most in one short
statement: so many queries whatever an espace holds. The statements are constant SQL, put together once: having the ORM compile them at
each request cost more than all the rest of the home page. Lines name companies by key: who draws them has the names.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any, Final, NamedTuple, cast

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from ..models import Compte, Espace, Lien
from ..mots_de_passe.politique import durcissement_a_venir, echeance
from ..saisies.dates import dans, jour

Fait = Mapping[str, Any]
"""What one row says, as the JSON object that its source has it built."""
PAR_REQUETE: Final = 6
OCTETS: Final = (
    3_800  # of one statement, before what it is given: with it, less than the 4,400 that any reading may have
)
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
    """The one company that a page is about: its key, and its SIREN."""

    cle: int
    siren: str


def _rien(maintenant: datetime) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Source:
    """What one floor adds: what it looks for, and the lines that it makes of what was found.

    `requete` is a SELECT of one JSON object a row, of few rows: one a company at most. It is given `espace`, `numero`,
    `maintenant` and `aujourd_hui`, what `parametres` returns at each request (nothing that can change stands in the text),
    and the readings that it names in `avec`, each made once for all the sources of a statement. Where `seule` is not NULL it
    keeps to that company; `d_une_entreprise`: False for what is of none, else each object bears its company's key as `p`.
    """

    nom: str
    dire: Callable[[Espace, Sequence[Fait], datetime], Iterable[Ligne]]
    requete: str
    parametres: Callable[[datetime], Mapping[str, Any]] = _rien
    avec: Mapping[str, str] = field(default_factory=dict)
    d_une_entreprise: bool = True


_SOURCES: dict[str, Source] = {}


def inscrire(source: Source) -> None:
    """Add what a floor has to say; those that share a reading one after the other."""
    _SOURCES[source.nom] = source
    _requetes.cache_clear()


def a_faire(espace: Espace, *, seule: Seule | None = None, maintenant: datetime | None = None) -> list[Ligne]:
    """Return what waits for this holder, the gravest first, then the nearest: a few queries for all the sources.

    Of one company where `seule` is given: nothing else is looked for.
    """
    maintenant = maintenant or timezone.now()
    return dire(espace, chercher(espace, seule=seule, maintenant=maintenant), maintenant)


Faits = Mapping[str, Sequence[Fait]]
"""What each source has found, by its name."""


def dire(espace: Espace, faits: Faits, maintenant: datetime) -> list[Ligne]:
    """Return the lines that these facts make, the gravest first, then the nearest. Nothing is read."""
    lignes = [ligne for nom, leurs in faits.items() for ligne in _SOURCES[nom].dire(espace, leurs, maintenant)]
    return sorted(lignes, key=lambda ligne: (ligne.gravite, ligne.jour or date.max))


def personnes_des(faits: Faits) -> set[int]:
    """Return the keys of the companies that these facts are about."""
    return {fait["p"] for nom, leurs in faits.items() if _SOURCES[nom].d_une_entreprise for fait in leurs}


def restreindre(faits: Faits, personnes: Container[int]) -> Faits:
    """Return, of these facts, those about one of these companies, and those about the account alone."""
    return {
        nom: [fait for fait in leurs if fait["p"] in personnes] if _SOURCES[nom].d_une_entreprise else leurs
        for nom, leurs in faits.items()
    }


@cache
def _requetes(*, d_une_entreprise: bool) -> tuple[tuple[str, tuple[Source, ...]], ...]:
    voulues = [source for source in _SOURCES.values() if source.d_une_entreprise or not d_une_entreprise]
    lots: list[tuple[Source, ...]] = []
    for source in voulues:  # each in the first statement that has room for it
        essais = ((rang, (*lot, source)) for rang, lot in enumerate(lots))
        rang, ensemble = next((essai for essai in essais if _tient(essai[1])), (len(lots), (source,)))
        lots[rang : rang + 1] = [ensemble]
    return tuple((_ensemble(sources), sources) for sources in lots)


def _tient(sources: Sequence[Source]) -> bool:
    return len(sources) <= PAR_REQUETE and len(_ensemble(sources).encode()) <= OCTETS


def _ensemble(sources: Sequence[Source]) -> str:
    """Return the one statement that asks what these sources look for, a column each."""
    communes = {nom: sql for source in sources for nom, sql in source.avec.items()}
    avec = ", ".join(f"{nom} AS MATERIALIZED ({sql.strip()})" for nom, sql in communes.items())
    colonnes = ", ".join(f"to_json(ARRAY({source.requete.strip()}))" for source in sources)
    return f"WITH {avec} SELECT {colonnes}" if avec else f"SELECT {colonnes}"


def chercher(espace: Espace, *, seule: Seule | None = None, maintenant: datetime) -> Faits:
    """Return what each source has found about this holder: one query for six sources at most."""
    communs = {
        "espace": espace.pk,
        "seule": seule.cle if seule is not None else None,
        "numero": espace.numero_abonne,
        "maintenant": maintenant,
        "aujourd_hui": timezone.localdate(maintenant),
    }
    faits: dict[str, list[Fait]] = {}
    for sql, sources in _requetes(d_une_entreprise=seule is not None):
        parametres = dict(communs)
        for source in sources:
            parametres |= source.parametres(maintenant)
        with connection.cursor() as curseur:
            curseur.execute(sql, parametres)
            faits |= zip((source.nom for source in sources), curseur.fetchone(), strict=True)
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


# As `changement_adresse.en_attente_de_confirmation`, which the act reads.
_CHANGEMENTS: Final = """
SELECT json_build_object('adresse', adresse, 'fin', expire_le) FROM accounts_lien
WHERE espace_id = %(espace)s AND objet = %(changement)s
AND consomme_le IS NULL AND revoque_le IS NULL AND expire_le >= %(maintenant)s
"""


def _objet(maintenant: datetime) -> Mapping[str, Any]:
    return {"changement": Lien.Objet.CHANGEMENT_ADRESSE.value}


IDENTIFIANTS: Final = Source("identifiants", _dire_identifiants, _CHANGEMENTS, _objet, d_une_entreprise=False)
