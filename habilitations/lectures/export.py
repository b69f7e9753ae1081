"""The lists of the sharing as tables for a spreadsheet, with the columns that the file of the sharing is read by."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.traces.journal import consigner
from services.models import Service

from .. import actes
from ..models import Habilitation, Role
from ..partage.autorite import Autorite
from ..partage.fichier import COLONNES as LUES
from ..partage.fichier import Acte
from ..tableurs.ecriture import Feuille, en_xlsx, morceaux_csv
from .partage import ETATS, EXPIREE, Filtres, mes_habilitations

TITRE: Final = "Habilitations"
XLSX_DIRECT: Final = 5_000  # rows made while the browser waits; more are made by a worker
PAR_LECTURE: Final = 1_000
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


# What a row is made of: no instance is, of thousands of rows.
_LUES: Final = (
    "personne__siren",
    "personne__denomination",
    "service__code",
    "service__libelle",
    "role",
    "etat",
    "espace__numero_abonne",
    "espace__nom",
    "espace__prenom",
    "accordee_par__espace__prenom",
    "accordee_par__espace__nom",
    "accordee_par__accordee_le",
    "accordee_le",
    "expire_le",
    "revue_le",
)
_ROLES: Final = dict(Role.choices)


def lignes(habilitations: QuerySet[Habilitation]) -> Iterator[tuple[str, ...]]:
    """Yield one row per habilitation as it is read, in the order of COLONNES; dates as `31/12/2026`. « Acte » is left to be filled."""
    aujourd_hui, etats = timezone.localdate(), dict(ETATS)
    for (
        siren,
        denomination,
        code,
        libelle,
        role,
        etat,
        numero,
        nom,
        prenom,
        de_prenom,
        de_nom,
        de_depuis,
        accordee_le,
        expire_le,
        revue_le,
    ) in habilitations.values_list(*_LUES).iterator(chunk_size=PAR_LECTURE):
        passee = expire_le is not None and expire_le < aujourd_hui
        predecesseur = de_depuis is not None and de_depuis > accordee_le  # as Habilitation.accordee_par_qui
        yield (
            siren,
            denomination,
            code,
            libelle,
            _ROLES[role],
            etats[EXPIREE if passee else etat],
            numero,
            nom,
            prenom,
            ("le prédécesseur de " if predecesseur else "") + f"{de_prenom or ''} {de_nom or ''}".strip(),
            jour(accordee_le),
            jour(expire_le),
            jour(revue_le),
            "",
        )


def rangees(liste: Liste, espace: Espace) -> Iterator[tuple[str, ...]]:
    """Yield the rows of this list as they are read: their number does not count in memory."""
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
