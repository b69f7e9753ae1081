"""All that the portal holds about one person, read from the models' own columns (R18, R24; CGU §4.a; RGPD art. 15).

Every app declares its part in `AppConfig.ready`: a `Partie` says how to reach the rows of a person, and every column of
the model is then given, except the ones set aside by name with a reason; `declarer_sans_personne` names the columns
that are about nobody. `colonnes_oubliees` compares both with the models: a column that nobody declared fails a test.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models import Field, Func, Model, Q, Value
from django.utils import timezone
from django.utils.text import slugify

from .. import actes
from ..documents.typst import composer_pdf, date_longue
from ..models import Espace
from ..saisies.dates import jour, jour_heure
from ..saisies.numeros import grouper_numero
from ..traces.journal import consigner

MODELE_PDF = Path(__file__).resolve().parent.parent / "gabarits" / "donnees.typ"
LIGNES_PDF = 2_000  # of each list; the JSON holds them all
LIGNES_PAGE = 25
LIGNES_APERCU = 10
LISTES_LONGUES = 9
UN = Func(Value(1), function="COUNT", output_field=models.IntegerField())


class ColonneInconnue(Exception):
    """A declaration names a column that its model does not have."""


class Volet(Enum):
    """A question that the page answers first, in sentences."""

    POUVOIRS = "Ce que vous pouvez faire, pour qui, et par quel mandat"
    SIGNATURES = "Ce que vous avez signé"
    ENVOIS = "Ce qui vous a été envoyé"


@dataclass(frozen=True, kw_only=True)
class Apercu:
    """How a part answers a question of the page: the rows that do, one sentence each (no query of its own), or their number.

    `champs` are the columns that the sentence is made of. `a_part` says that `lignes` narrows the list: its answer then has
    a number of its own.
    """

    volet: Volet
    phrase: Callable[[Any], str] | None = None
    lignes: Callable[["models.QuerySet[Any]"], "models.QuerySet[Any]"] = field(default=lambda lignes: lignes)
    champs: tuple[str, ...] = ()
    a_part: bool = False

    def a_dire(self, partie: "Partie", espace: Espace) -> "models.QuerySet[Any]":
        """Return the rows that answer, with what the sentence says of each."""
        liens = {champ.rpartition("__")[0] for champ in self.champs if "__" in champ}
        return self.lignes(partie.siennes(espace).order_by(*partie.ordre)).select_related(*liens).only(*self.champs)


@dataclass(frozen=True, kw_only=True)
class Partie:
    """The rows of one model that are about a person.

    `chemins`: lookups that lead from a row to the Espace; or `filtre`, a condition of its own, with `suit`: the foreign
    keys to the person that it follows. `ecartees`: column -> why it is not given. `libelles`: column -> French label,
    where the model's own says too little. `valeurs`: column -> how to write its value, given the row.
    """

    groupe: str
    titre: str
    modele: type[Model]
    chemins: tuple[str, ...] = ()
    filtre: Callable[[Espace], Q] | None = None
    suit: tuple[str, ...] = ()
    ecartees: Mapping[str, str] = field(default_factory=dict)
    libelles: Mapping[str, str] = field(default_factory=dict)
    valeurs: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    ordre: tuple[str, ...] = ()
    apercu: Apercu | None = None

    def __post_init__(self) -> None:
        connues = {champ.name for champ in self.modele._meta.concrete_fields}
        inconnues = (set(self.ecartees) | set(self.libelles) | set(self.valeurs) | set(self.suit)) - connues
        if inconnues:
            raise ColonneInconnue(f"{self.modele._meta.label}: {', '.join(sorted(inconnues))}")
        if bool(self.chemins) == (self.filtre is not None):
            raise ValueError(f"{self.titre}: give `chemins` or `filtre`")
        if self.suit and self.filtre is None:
            raise ValueError(f"{self.titre}: `chemins` says what it follows")

    @property
    def cle(self) -> str:
        """What its list is called in an address."""
        return slugify(self.titre)

    @property
    def est_une_ligne(self) -> bool:
        """Whether it is one row by nature: the espace, its account."""
        return self.modele is Espace or self.modele is Espace._meta.get_field("compte").related_model

    @property
    def champs(self) -> "list[Field[Any, Any]]":
        """The columns that are given: all of them but those set aside."""
        return [champ for champ in self.modele._meta.concrete_fields if champ.name not in self.ecartees]

    def siennes(self, espace: Espace) -> models.QuerySet[Model]:
        """Return the rows about this person, to be counted: in no order."""
        condition = (
            self.filtre(espace)
            if self.filtre is not None
            else reduce(or_, (self._suivre(chemin, espace) for chemin in self.chemins))
        )
        return self.modele._default_manager.filter(condition).order_by()

    def _suivre(self, chemin: str, espace: Espace) -> Q:
        """Return the condition of a lookup that leads to the espace, stopping at its account where it goes through it."""
        debut, _, dernier = chemin.rpartition("__")
        if dernier == "espace" and espace.compte_id is not None and _mene_au_compte(self.modele, debut):
            return Q(**{debut: espace.compte_id})
        return Q(**{chemin: espace.pk})

    def lignes(self, espace: Espace) -> models.QuerySet[Model]:
        """Return the same with what their columns name, in the order of the page."""
        liens = [champ.name for champ in self.champs if champ.is_relation]
        lignes = self.siennes(espace).order_by(*(self.ordre or ("pk",)))
        return lignes.select_related(*liens) if liens else lignes

    def libelle(self, champ: "Field[Any, Any]") -> str:
        """Return the French name of a column."""
        libelle = self.libelles.get(champ.name) or str(champ.verbose_name)
        return libelle[:1].upper() + libelle[1:]


def _mene_au_compte(modele: type[Model], chemin: str) -> bool:
    """Whether this lookup leads from a row of this model to the account that signs in."""
    atteint: Any = modele
    for nom in chemin.split("__") if chemin else ():
        atteint = atteint._meta.get_field(nom).related_model
    return bool(chemin) and atteint is Espace._meta.get_field("compte").related_model


@dataclass(frozen=True)
class Traduit:
    """A value kept as a code, and what it says in French: the page and the PDF show the second, the JSON holds both."""

    code: object
    libelle: object


# What stands for a row that a column names: its own words, not its key.
_ECRITURES: dict[type[Model], Callable[[Any], object]] = {}
# Who writes a column of codes, given its row: made once for a whole reading, so that it may fetch its words then.
_TRADUCTIONS: dict[tuple[type[Model], str], Callable[[], Callable[[Any], object]]] = {}
_PARTIES: list[Partie] = []
_SANS_PERSONNE: dict[type[Model], dict[str, str]] = {}


def declarer(*parties: Partie) -> None:
    """Add what an app holds about a person. The lowest floor is ready last and its parts come first."""
    _PARTIES[:0] = parties


def declarer_sans_personne(modele: type[Model], raison: str, colonnes: str | None = None) -> None:
    """Say that these columns of a model, named between spaces, are about nobody, and why.

    None: all of them, for models that are not ours.

    Raises: ColonneInconnue.
    """
    connues = {champ.name for champ in modele._meta.concrete_fields}
    nommees = connues if colonnes is None else set(colonnes.split())
    if nommees - connues:
        raise ColonneInconnue(f"{modele._meta.label}: {', '.join(sorted(nommees - connues))}")
    _SANS_PERSONNE.setdefault(modele, {}).update(dict.fromkeys(nommees, raison))


def ecrire_comme(modele: type[Model], ecriture: Callable[[Any], object]) -> None:
    """Say how a column that names a row of this model is written for a reader."""
    _ECRITURES[modele] = ecriture


def traduire(modele: type[Model], colonne: str, preparer: Callable[[], Callable[[Any], object]]) -> None:
    """Say how a column of codes reads in French: the floor that has the words registers here what gives the writer.

    Raises: ColonneInconnue.
    """
    if colonne not in {champ.name for champ in modele._meta.concrete_fields}:
        raise ColonneInconnue(f"{modele._meta.label}: {colonne}")
    _TRADUCTIONS[modele, colonne] = preparer


def parties() -> list[Partie]:
    """Return the declared parts, in the order in which the page shows them."""
    return list(_PARTIES)


def modeles_exportes() -> set[type[Model]]:
    """Return the models that hold rows about a person."""
    return {partie.modele for partie in _PARTIES}


def colonnes_oubliees(modeles: Iterable[type[Model]] | None = None) -> list[str]:
    """Return the columns (`app.Modele.colonne`) that are neither given nor declared to be about nobody.

    A part with its column set aside counts as declared: the reason stands there, and the person reads it.
    """
    declarees: dict[type[Model], set[str]] = {modele: set(raisons) for modele, raisons in _SANS_PERSONNE.items()}
    for partie in _PARTIES:
        declarees.setdefault(partie.modele, set()).update(c.name for c in partie.modele._meta.concrete_fields)
    tous = apps.get_models(include_auto_created=True) if modeles is None else modeles
    return sorted(
        f"{modele._meta.label}.{champ.name}"
        for modele in tous
        if not modele._meta.proxy and modele._meta.managed
        for champ in modele._meta.concrete_fields
        if champ.name not in declarees.get(modele, set())
    )


def chemins_oublies() -> list[str]:
    """Return the foreign keys to Espace or Compte (`app.Modele.colonne`) that no part follows and no reason sets aside.

    A model may be about a person in two ways (who granted, who received): each must be followed.
    """
    oublies = []
    compte = Espace._meta.get_field("compte").related_model
    for modele in apps.get_models(include_auto_created=True):
        if modele._meta.proxy:
            continue
        for champ in modele._meta.concrete_fields:
            if champ.is_relation and champ.related_model in (Espace, compte):
                siennes = [partie for partie in _PARTIES if partie.modele is modele]
                suivis = {chemin.split("__")[0] for partie in siennes for chemin in (*partie.chemins, *partie.suit)}
                sans_personne = champ.name in _SANS_PERSONNE.get(modele, {})
                if not (champ.name in suivis or "pk" in suivis or sans_personne):
                    oublies.append(f"{modele._meta.label}.{champ.name}")
    return sorted(oublies)


@dataclass(frozen=True)
class Section:
    """One part of the answer: the labels of its columns and its rows of (column, label, value)."""

    partie: Partie
    lignes: list[list[tuple[str, str, object]]]
    total: int

    @property
    def suite(self) -> int:
        """How many rows there are beside these."""
        return self.total - len(self.lignes)


type Ecrivains = Mapping[str, Callable[[Any], object]]


def _ecrivains(partie: Partie) -> Ecrivains:
    """Return who writes the columns of this part that are not written as they stand, by column."""
    traductions = {
        colonne: preparer() for (modele, colonne), preparer in _TRADUCTIONS.items() if modele is partie.modele
    }
    return {**traductions, **partie.valeurs}


def _valeur(ecrivains: Ecrivains, champ: "Field[Any, Any]", ligne: Model) -> object:
    """Return one value as JSON can hold it and a person can read it."""
    valeur = getattr(ligne, champ.attname)
    if valeur is None or valeur in ("", {}):
        return None
    if champ.name in ecrivains:
        return ecrivains[champ.name](ligne)
    valeur = getattr(ligne, champ.name)
    if champ.is_relation:
        ecriture = _ECRITURES.get(type(valeur))
        return ecriture(valeur) if ecriture else str(valeur.pk)
    if champ.choices:
        return str(dict(champ.flatchoices).get(valeur, valeur))
    if isinstance(champ, models.BinaryField):
        return bytes(valeur).hex()
    if isinstance(champ, (models.JSONField, ArrayField)):
        return valeur
    return valeur if isinstance(valeur, (bool, int, float, str, datetime, date)) else str(valeur)


def _ecrire_ligne(partie: Partie, ecrivains: Ecrivains, ligne: Model) -> list[tuple[str, str, object]]:
    return [(champ.name, partie.libelle(champ), _valeur(ecrivains, champ, ligne)) for champ in partie.champs]


def lire(espace: Espace, *, limite: int) -> list[Section]:
    """Return what is held about this person: the newest `limite` rows of each part, one query each, and how many there are."""
    nombres = compter(espace)
    sections = []
    for partie in _PARTIES:
        ecrivains = _ecrivains(partie)
        lignes = partie.lignes(espace)[:limite] if nombres[partie.cle] else ()
        sections.append(
            Section(partie, [_ecrire_ligne(partie, ecrivains, ligne) for ligne in lignes], nombres[partie.cle])
        )
    return sections


def compter(espace: Espace) -> dict[str, int]:
    """Return how many rows each part holds, by its key: one query for all."""
    une = {partie.cle: 1 for partie in _PARTIES if partie.est_une_ligne}
    return une | _nombres(_listes(espace))


def _listes(espace: Espace) -> dict[str, "models.QuerySet[Model]"]:
    """Return the rows of each part by its key, those found by a condition of their own first; without what is one row."""
    parties = sorted(_PARTIES, key=lambda partie: partie.filtre is None)
    return {partie.cle: partie.siennes(espace) for partie in parties if not partie.est_une_ligne}


def _nombres(listes: Mapping[str, "models.QuerySet[Any]"]) -> dict[str, int]:
    """Count these lists: two queries, so that neither is long; the lists of the first have longer conditions."""
    nombres: dict[str, int] = {}
    for cles in (list(listes)[:LISTES_LONGUES], list(listes)[LISTES_LONGUES:]):
        comptes: list[str] = []
        parametres: list[Any] = []
        for cle in cles:
            try:
                sql, les_siens = listes[cle].annotate(n=UN).values("n").query.sql_with_params()
            except EmptyResultSet:  # a condition that nothing meets
                sql, les_siens = "SELECT 0", ()
            comptes.append(f"({sql})")
            parametres += les_siens
        with connection.cursor() as curseur:
            curseur.execute(f"SELECT {', '.join(comptes)}", parametres)
            nombres.update(zip(cles, curseur.fetchone(), strict=True))
    return nombres


@dataclass(frozen=True)
class Reponse:
    """What one part answers to a question of the page: how many rows do, and the newest as sentences."""

    partie: Partie
    total: int
    phrases: list[str]

    @property
    def suite(self) -> int:
        return self.total - len(self.phrases)


@dataclass(frozen=True)
class Resume:
    """The page: the questions with their answers, then every list and how many rows it holds, by group."""

    volets: list[tuple[str, list[Reponse]]]
    groupes: dict[str, list[tuple[Partie, int]]]


def resumer(espace: Espace) -> Resume:
    """Return what the page says first: one query for all the counts, one for each part that answers with sentences."""
    listes = _listes(espace)
    # An answer that is not its whole list has a number of its own.
    a_part = {f"apercu:{p.cle}": p.apercu.lignes(listes[p.cle]) for p in _PARTIES if p.apercu and p.apercu.a_part}
    nombres = {p.cle: 1 for p in _PARTIES if p.est_une_ligne} | _nombres({**listes, **a_part})
    volets: dict[Volet, list[Reponse]] = {volet: [] for volet in Volet}
    groupes: dict[str, list[tuple[Partie, int]]] = {}
    for partie in _PARTIES:
        groupes.setdefault(partie.groupe, []).append((partie, nombres[partie.cle]))
        apercu = partie.apercu
        if apercu is not None:
            total = nombres[f"apercu:{partie.cle}" if apercu.a_part else partie.cle]
            dire = apercu.phrase
            phrases = [dire(ligne) for ligne in apercu.a_dire(partie, espace)[:LIGNES_APERCU]] if dire else []
            volets[apercu.volet].append(Reponse(partie, total, phrases))
    return Resume([(volet.value, reponses) for volet, reponses in volets.items() if reponses], groupes)


def partie_nommee(cle: str) -> Partie | None:
    """Return the part whose list this address names."""
    return next((partie for partie in _PARTIES if partie.cle == cle), None)


def ecrire_lignes(partie: Partie, lignes: Iterable[Model]) -> list[list[tuple[str, object]]]:
    """Return these rows as (label, value), without what is empty."""
    ecrivains = _ecrivains(partie)
    return [
        [(libelle, valeur) for _, libelle, valeur in _ecrire_ligne(partie, ecrivains, ligne) if valeur is not None]
        for ligne in lignes
    ]


def non_communiquees() -> dict[str, list[str]]:
    """Return, by reason, what is held and not given (`part : column`): the person is told of it."""
    raisons: dict[str, list[str]] = {}
    for partie in _PARTIES:
        for champ in partie.modele._meta.concrete_fields:
            if champ.name in partie.ecartees:
                information = f"{partie.titre} : {partie.libelle(champ).lower()}"
                raisons.setdefault(partie.ecartees[champ.name], []).append(information)
    return raisons


def _pour_un_logiciel(valeur: object) -> object:
    return {"code": valeur.code, "libelle": valeur.libelle} if isinstance(valeur, Traduit) else valeur


@transaction.atomic
def exporter_json(*, acteur: Espace, maintenant: datetime | None = None) -> Iterator[bytes]:
    """Journal the reading, and return everything as JSON (UTF-8), keyed by table and column, with the French labels.

    Whole, and a row at a time: what it takes of memory does not follow how much there is. A code comes with what it says:
    `{"code": …, "libelle": …}`.
    """
    consigner(actes.DONNEES_EXPORTEES, auteur=acteur, details={"format": "json"})
    return _ecrire_json(acteur, maintenant or timezone.now())


def _ecrire_json(espace: Espace, maintenant: datetime) -> Iterator[bytes]:
    def ecrit(valeur: object) -> str:
        return json.dumps(valeur, cls=DjangoJSONEncoder, ensure_ascii=False)

    yield f'{{"edite_le": {ecrit(maintenant)}, "numero_abonne": {ecrit(espace.numero_abonne)}, "donnees": ['.encode()
    for rang, partie in enumerate(_PARTIES):
        tete = {
            "groupe": partie.groupe,
            "titre": partie.titre,
            "table": partie.modele._meta.db_table,
            "libelles": {champ.name: partie.libelle(champ) for champ in partie.champs},
        }
        yield f'{"," if rang else ""}\n{ecrit(tete)[:-1]}, "lignes": ['.encode()
        ecrivains = _ecrivains(partie)
        for numero, ligne in enumerate(partie.lignes(espace).iterator(chunk_size=500)):
            colonnes = {nom: _pour_un_logiciel(valeur) for nom, _, valeur in _ecrire_ligne(partie, ecrivains, ligne)}
            yield f"{',' if numero else ''}\n  {ecrit(colonnes)}".encode()
        yield b"]}"
    yield f'],\n"non_communique": {ecrit(non_communiquees())}}}\n'.encode()


def en_clair(valeur: object) -> str:
    """Return a value as a French reader expects it."""
    match valeur:
        case None | "" | []:
            return "–"
        case Traduit():
            return en_clair(valeur.libelle)
        case bool():
            return "oui" if valeur else "non"
        case datetime():
            return jour_heure(valeur)
        case date():
            return jour(valeur)
        case Mapping():  # `case {}` would take them all
            return ", ".join(f"{cle} : {en_clair(contenu)}" for cle, contenu in valeur.items()) or "–"
        case list() | tuple():
            return ", ".join(en_clair(contenu) for contenu in valeur)
        case _:
            return grouper_numero(str(valeur))


def _milliers(nombre: int) -> str:
    return f"{nombre:,}".replace(",", "\u202f")


@transaction.atomic
def exporter_pdf(*, acteur: Espace, maintenant: datetime | None = None) -> bytes:
    """Return the same as a tagged PDF to read, LIGNES_PDF rows of each part: it says how many more there are, and where; journal the reading."""
    jour = timezone.localdate(maintenant or timezone.now())
    groupes: dict[str, list[dict[str, object]]] = {}
    for section in lire(acteur, limite=LIGNES_PDF):
        groupes.setdefault(section.partie.groupe, []).append(
            {
                "titre": section.partie.titre,
                "suite": _milliers(section.suite) if section.suite else "",
                "total": _milliers(section.total),
                "lignes": [
                    [[libelle, en_clair(valeur)] for _, libelle, valeur in ligne if valeur not in (None, "", [], {})]
                    for ligne in section.lignes
                ],
            }
        )
    consigner(actes.DONNEES_EXPORTEES, auteur=acteur, details={"format": "pdf"})
    return composer_pdf(
        MODELE_PDF,
        {
            "date_document": jour,
            "titre": f"Vos données – numéro d’abonné {acteur.numero_lisible}",
            "edite_le": date_longue(jour),
            "nom": acteur.nom_complet,
            "numero_abonne": acteur.numero_lisible,
            "limite": _milliers(LIGNES_PDF),
            "groupes": [[groupe, sections] for groupe, sections in groupes.items()],
            "non_communique": [
                [raison, " ; ".join(informations)] for raison, informations in non_communiquees().items()
            ],
            "demonstration": settings.DEMONSTRATION,
            "marque_etat": settings.MARQUE_ETAT,
        },
    )
