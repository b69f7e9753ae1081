"""The lists of the sharing as tables for a spreadsheet, with the columns that the file of the sharing is read by."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.elisions import de
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee, Service

from .. import actes
from ..droits.cles import CLES_AU_PLUS, en_ordre
from ..models import Habilitation, Role
from ..partage.autorite import Autorite
from ..partage.fichier import COLONNES as LUES
from ..partage.fichier import Acte
from ..tableurs.ecriture import Feuille, en_xlsx, morceaux_csv
from .partage import ETATS, EXPIREE, Filtres, mes_habilitations, nombres_par_personne

TITRE: Final = "Habilitations"
XLSX_DIRECT: Final = 5_000  # rows made while the browser waits; more are made by a worker
ENTREPRISES_PAR_LECTURE: Final = 50
COLONNES: Final = (
    LUES["siren"].nom,
    "Dénomination",
    LUES["service"].nom,
    "Service",
    LUES["role"].nom,
    "État",
    LUES["abonne"].nom,
    LUES["nom"].nom,
    LUES["prenom"].nom,
    "Accordée par",
    "Accordée le",
    LUES["fin"].nom,
    "Confirmée le",
    LUES["acte"].nom,
)
MODELE: Final = tuple(colonne.nom for colonne in LUES.values())


@dataclass(frozen=True)
class Liste:
    """Which list is exported: what one has granted or received, in which roles, narrowed how."""

    quoi: str
    roles: tuple[str, ...]
    recues: bool
    filtres: Filtres

    def habilitations(self, espace: Espace) -> QuerySet[Habilitation]:
        """Return what this espace sees of it today."""
        source = mes_habilitations(espace) if self.recues else Autorite.de(espace).visibles()
        return self.filtres.appliquer(source.filter(role__in=self.roles), espace=espace)

    def en_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def depuis_json(cls, valeurs: dict[str, Any]) -> "Liste":
        return cls(valeurs["quoi"], tuple(valeurs["roles"]), valeurs["recues"], Filtres(**valeurs["filtres"]))


# What a row holds itself; whom and what it names is read apart, each once, and no instance is made of thousands of rows.
_LUES: Final = (
    "pk",
    "personne",
    "service",
    "espace",
    "accordee_par",
    "role",
    "etat",
    "accordee_le",
    "expire_le",
    "revue_le",
)
_ROLES: Final = dict(Role.choices)


def lignes(habilitations: QuerySet[Habilitation]) -> Iterator[tuple[str, ...]]:
    """Yield one row per habilitation, in the order of COLONNES; dates as `31/12/2026`. « Acte » is left to be filled.

    In ORDRE, companies by companies: what is kept in memory is fifty of them, and the names of whoever holds something.
    """
    seules = habilitations.select_related(None).order_by()
    services = {
        cle: (rang, code, libelle)
        for rang, (cle, code, libelle) in enumerate(
            Service.objects.order_by("ordre", "code").values_list("pk", "code", "libelle")
        )
    }
    espaces = en_ordre(seules)
    for lot in batched([cle for cle, *_ in nombres_par_personne(seules)], ENTREPRISES_PAR_LECTURE, strict=False):
        yield from _lignes_du_lot(seules.filter(personne__in=lot), lot, services, espaces)


def _lignes_du_lot(
    habilitations: QuerySet[Habilitation],
    personnes: Sequence[int],
    services: dict[int, tuple[int, str, str]],
    espaces: dict[UUID, tuple[int, Espace]],
) -> Iterator[tuple[str, ...]]:
    aujourd_hui, etats, rangs = timezone.localdate(), dict(ETATS), {cle: rang for rang, cle in enumerate(personnes)}
    noms = PersonneSirenisee.objects.only("siren", "denomination").in_bulk(personnes)
    lues = [
        lue for lue in habilitations.values_list(*_LUES) if lue[3] in espaces
    ]  # whoever came in between is not named
    accordeuses = _accordeuses(personnes, {lue[4] for lue in lues if lue[4] is not None})
    autres = {espace for espace, _ in accordeuses.values() if espace not in espaces}
    noms_des_autres = Espace.objects.only("nom", "prenom").in_bulk(autres) if autres else {}
    lues.sort(key=lambda lue: (rangs[lue[1]], services[lue[2]][0], espaces[lue[3]][0], lue[0]))
    for _, personne, service, espace, par, role, etat, accordee_le, expire_le, revue_le in lues:
        _, code, libelle = services[service]
        _, titulaire = espaces[espace]
        accordee_par = ""
        if par is not None:
            qui, depuis = accordeuses[par]
            nom = (espaces[qui][1] if qui in espaces else noms_des_autres[qui]).nom_complet
            # As Habilitation.accordee_par_qui: who holds it since has taken the place of who granted.
            accordee_par = f"le prédécesseur {de(nom)}" if depuis > accordee_le else nom
        passee = expire_le is not None and expire_le < aujourd_hui
        yield (
            noms[personne].siren,
            noms[personne].denomination,
            code,
            libelle,
            _ROLES[role],
            etats[EXPIREE if passee else etat],
            titulaire.numero_abonne,
            titulaire.nom,
            titulaire.prenom,
            accordee_par,
            jour(accordee_le),
            jour(expire_le),
            jour(revue_le),
            "",
        )


def _accordeuses(personnes: Sequence[int], cles: set[UUID]) -> dict[UUID, tuple[UUID, datetime]]:
    """Return whose these habilitations are and since when: found on their personnes, live as what hangs under them is."""
    la = Habilitation.objects.vivantes().filter(personne__in=personnes).exclude(role=Role.ACTEUR)
    trouvees = {cle: (espace, le) for cle, espace, le in la.values_list("pk", "espace", "accordee_le") if cle in cles}
    for manque in batched(cles - trouvees.keys(), CLES_AU_PLUS, strict=False):  # what ended in between
        finies = Habilitation.objects.filter(pk__in=manque).values_list("pk", "espace", "accordee_le")
        trouvees |= {cle: (espace, le) for cle, espace, le in finies}
    return trouvees


def rangees(liste: Liste, espace: Espace) -> Iterator[tuple[str, ...]]:
    """Yield the rows of this list, companies by companies: their number hardly counts in memory."""
    return lignes(liste.habilitations(espace))


def faite_de_suite(liste: Liste, *, acteur: Espace, format_: str) -> bool:
    """Whether this file is made while the browser waits: a CSV leaves as it is read, a long workbook is another's work."""
    return format_ == "csv" or not liste.habilitations(acteur)[XLSX_DIRECT : XLSX_DIRECT + 1].exists()


@transaction.atomic
def exporter(*, acteur: Espace, liste: Liste, format_: str) -> Iterator[bytes]:
    """Return the file of this list, piece by piece, `format_` in FORMATS, and journal that it left the portal."""
    nombre = liste.habilitations(acteur).count()
    consigner_export(acteur=acteur, liste=liste, format_=format_, nombre=nombre)
    if format_ == "xlsx":
        return iter([en_xlsx(TITRE, COLONNES, rangees(liste, acteur))])
    return morceaux_csv(COLONNES, rangees(liste, acteur))


def consigner_export(*, acteur: Espace, liste: Liste, format_: str, nombre: int) -> None:
    """Journal that this list left the portal; in the transaction of the caller."""
    consigner(
        actes.HABILITATIONS_EXPORTEES,
        auteur=acteur,
        details={"quoi": liste.quoi, "format": format_, "lignes": nombre},
    )


def modele() -> tuple[Feuille, Feuille]:
    """Return the two sheets of an empty file of the sharing: what to fill, and the words that it understands."""
    roles = [("Rôle", Role(role).label, "") for role in (Role.ACTEUR, Role.ACTEUR_DELEGANT, Role.SUPPLEANT)]
    actes = [
        (
            "Acte",
            Acte.ACCORDER.value,
            "Donne le droit. Une cellule vide fait de même pour un droit qui n’existe pas encore.",
        ),
        ("Acte", Acte.RETIRER.value, "Retire le droit ; le nom de la personne est demandé aussi."),
        ("Acte", Acte.CHANGER_LA_FIN.value, "Remplace le dernier jour d’une délégation."),
    ]
    fins = [
        ("Dernier jour", "31/12/2027", "Facultatif ; jamais pour un administrateur suppléant."),
        ("Dernier jour", "sans fin", "Avec « changer la fin » : la délégation dure jusqu’à son retrait."),
    ]
    services = [("Code du service", code, libelle) for code, libelle in Service.objects.values_list("code", "libelle")]
    return (
        Feuille("Partage", MODELE, ()),
        Feuille(
            "Mode d’emploi", ("Pour la colonne", "Écrire", "Ce que cela veut dire"), [*roles, *actes, *fins, *services]
        ),
    )
