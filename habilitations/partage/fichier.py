"""The file of the sharing, the same in both directions: its columns, its words, and each line as it reads by itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from accounts.models import Espace
from accounts.saisies.identifiants import (
    CelluleEnErreur,
    IdentifiantPerdu,
    Lu,
    numero_de_cellule,
    siren_de_cellule,
    texte_de_cellule,
)
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from services.models import Service

from ..models import Adhesion, Habilitation, Role
from ..tableurs.cellules import DateIllisible, lire_jour
from ..tableurs.lecture import Colonne, lire_tableau


class Acte(StrEnum):
    """What a line asks for. An empty cell asks to grant what is not there yet, and nothing where it is."""

    ACCORDER = "accorder"
    RETIRER = "retirer"
    CHANGER_LA_FIN = "changer la fin"


# As the portal writes each column first; then as people do.
COLONNES: Final = {
    "siren": Colonne(
        "SIREN",
        (
            "SIREN",
            "Numéro SIREN",
            "N° SIREN",
            "No SIREN",
            "SIREN ou IDSP",
            "SIREN/IDSP",
            "IDSP",
            "SIRET",
            "Numéro SIRET",
        ),
        obligatoire=True,
    ),
    "service": Colonne(
        "Code du service",
        ("Code du service", "Code service", "Service", "Téléservice", "Nom du service", "Libellé du service"),
        obligatoire=True,
    ),
    "abonne": Colonne(
        "Numéro d’abonné",
        (
            "Numéro d’abonné",
            "Numéro abonné",
            "N° d’abonné",
            "No d’abonné",
            "Nº d’abonné",
            "N° abonné",
            "No abonné",
            "Num abonné",
            "Abonné",
            "Identifiant abonné",
        ),
        obligatoire=True,
    ),
    "nom": Colonne(
        "Nom",
        (
            "Nom",
            "Nom de famille",
            "Nom et prénom",
            "Nom prénom",
            "Prénom et nom",
            "Prénom nom",
            "Nom de la personne",
            "Nom du bénéficiaire",
            "Personne",
            "Bénéficiaire",
        ),
        obligatoire=True,
    ),
    "prenom": Colonne("Prénom", ("Prénom", "Prénoms")),
    "role": Colonne("Rôle", ("Rôle", "Rôle à donner", "Droit", "Habilitation"), obligatoire=True),
    "fin": Colonne(
        "Dernier jour",
        (
            "Dernier jour",
            "Fin",
            "Date de fin",
            "Fin le",
            "Jusqu’au",
            "Expire le",
            "Expiration",
            "Date d’expiration",
            "Échéance",
            "Date d’échéance",
        ),
    ),
    "acte": Colonne("Acte", ("Acte", "Action", "Opération", "Que faire")),
}
ROLES: Final = {
    **{replier(mot): role for role in Role for mot in (role.value, role.label)},
    "suppleante": Role.SUPPLEANT,
    "adminsuppleant": Role.SUPPLEANT,
    "administratricesuppleante": Role.SUPPLEANT,
    "administrateursuppleante": Role.SUPPLEANT,
    "delegant": Role.ACTEUR_DELEGANT,
    "delegante": Role.ACTEUR_DELEGANT,
    "acteurdelegante": Role.ACTEUR_DELEGANT,
    "actricedelegante": Role.ACTEUR_DELEGANT,
    "acteuredelegante": Role.ACTEUR_DELEGANT,
    "actrice": Role.ACTEUR,
    "acteure": Role.ACTEUR,
    "acteursimple": Role.ACTEUR,
    "acteurs": Role.ACTEUR,
    "acteursdelegants": Role.ACTEUR_DELEGANT,
    "administrateurssuppleants": Role.SUPPLEANT,
    "suppleants": Role.SUPPLEANT,
}
ACTES: Final = {
    acte_lu: acte
    for acte, mots in {
        Acte.ACCORDER: (
            "accorder",
            "accord",
            "ajouter",
            "ajout",
            "designer",
            "deleguer",
            "donner",
            "creer",
            "accorde",
            "accordee",
        ),
        Acte.RETIRER: (
            "retirer",
            "retrait",
            "supprimer",
            "suppression",
            "enlever",
            "revoquer",
            "oter",
            "retire",
            "retiree",
            "aretirer",
            "asupprimer",
        ),
        Acte.CHANGER_LA_FIN: (
            "changerlafin",
            "changerfin",
            "changementdefin",
            "changerladatedefin",
            "changerledernierjour",
            "modifierlafin",
            "modifierladatedefin",
            "prolonger",
            "prolongation",
            "proroger",
        ),
    }.items()
    for acte_lu in mots
}
SANS_FIN: Final = frozenset(
    {"sansfin", "aucune", "aucun", "neant", "illimitee", "illimite", "sanslimite", "indeterminee"}
)
TIRETS: Final = frozenset({"-", "–", "—", "--", "/"})


@dataclass
class LigneFichier:
    """One line of the file: as written, what it resolves to, and all that is wrong with it."""

    numero: int
    siren: str
    service: str
    abonne: str
    nom: str
    role: str
    fin: str
    acte: str = ""
    fautes: list[str] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)
    siren_lu: str = ""
    numero_lu: str = ""
    codes: frozenset[str] = frozenset()  # of the services that it may mean
    role_lu: Role | None = None
    expire_le: date | None = None
    sans_fin: bool = False
    demande: Acte | None = None  # as written; `quoi` is what it comes to
    quoi: Acte | None = None
    inchangee: bool = False
    adhesion: Adhesion | None = None
    beneficiaire: Espace | None = None
    existante: Habilitation | None = None

    @property
    def erreur(self) -> str:
        return " ; ".join(self.fautes)


def lire(contenu: bytes) -> list[LigneFichier]:
    """Return the lines of the file, each cell as written. Raises: as `tableurs.lecture.lire_tableau`."""
    return [
        LigneFichier(
            rangee.numero,
            siren=rangee.cellules["siren"],
            service=texte_de_cellule(rangee.cellules["service"]),
            abonne=rangee.cellules["abonne"],
            nom=_nom_entier(
                texte_de_cellule(rangee.cellules["nom"]), texte_de_cellule(rangee.cellules.get("prenom", ""))
            ),
            role=texte_de_cellule(rangee.cellules["role"]),
            fin=texte_de_cellule(rangee.cellules.get("fin", "")),
            acte=texte_de_cellule(rangee.cellules.get("acte", "")),
        )
        for rangee in lire_tableau(contenu, COLONNES)
    ]


def _nom_entier(nom: str, prenom: str) -> str:
    """Return the name to compare: with the prénom of its own column, unless the name holds it already."""
    return nom if not nom or replier(prenom) in replier(nom) else f"{prenom} {nom}"


def dechiffrer(lignes: Iterable[LigneFichier], services: Iterable[Service]) -> None:
    """Read each cell of these lines by itself, noting every fault."""
    par_mot: dict[str, set[str]] = defaultdict(set)
    for service in services:
        for mot in (service.code, service.libelle):
            par_mot[replier(mot)].add(service.code)
    for ligne in lignes:
        ligne.demande = ACTES.get(replier(ligne.acte))
        if ligne.acte and ligne.demande is None:
            ligne.fautes.append("acte inconnu : écrivez accorder, retirer ou changer la fin, ou laissez vide")
        ligne.siren_lu = _identifiant(ligne, siren_de_cellule, ligne.siren, "SIREN")
        ligne.numero_lu = _identifiant(ligne, numero_de_cellule, ligne.abonne, "numéro d’abonné")
        ligne.codes = frozenset(par_mot.get(replier(ligne.service), ()))
        if not ligne.service:
            ligne.fautes.append("le service manque")
        elif not ligne.codes:
            ligne.fautes.append("service inconnu : écrivez son code ou son nom, tels que le portail les montre")
        if not replier(ligne.nom):
            ligne.fautes.append("le nom de la personne manque")
        _lire_role_et_fin(ligne)


def _identifiant(ligne: LigneFichier, lire_cellule: Callable[[str], Lu], cellule: str, quoi: str) -> str:
    if not texte_de_cellule(cellule):
        ligne.fautes.append(f"le {quoi} manque")
        return ""
    try:
        lu = lire_cellule(cellule)
    except (CelluleEnErreur, IdentifiantPerdu) as regle:
        ligne.fautes.append(f"{quoi} : {regle}")
        return ""
    except RegleMetier as regle:
        ligne.fautes.append(str(regle))
        return ""
    if lu.reparation:
        ligne.remarques.append(lu.reparation)
    return lu.valeur


def _lire_role_et_fin(ligne: LigneFichier) -> None:
    ligne.role_lu = ROLES.get(replier(ligne.role))
    if ligne.role_lu is None and not (ligne.demande in (Acte.RETIRER, Acte.CHANGER_LA_FIN) and not ligne.role):
        ligne.fautes.append("rôle inconnu : écrivez acteur, acteur délégant ou administrateur suppléant")
    ligne.sans_fin = replier(ligne.fin) in SANS_FIN or ligne.fin in TIRETS
    if not ligne.fin or ligne.sans_fin or ligne.demande is Acte.RETIRER:  # what is withdrawn has no end to read
        return
    try:
        ligne.expire_le = lire_jour(ligne.fin)
    except DateIllisible as regle:
        ligne.fautes.append(str(regle))
