"""What a spreadsheet has made of an identifier: read back when its key proves it, refused by a rule that says how else.

A spreadsheet takes a bare number for a quantity: it drops the zeros in front, adds `,00` behind, writes 2,02633E+13.
For cells only: what is typed in a form goes to `accounts.saisies.sirens`, where a missing digit is a missing digit.
"""

import re
from dataclasses import dataclass
from typing import Final

from accounts.saisies.numeros import LONGUEUR_DU_NUMERO, numero_valide
from accounts.saisies.porte import lire_ligne, serrer
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import (
    SirenAbsent,
    SirenInvalide,
    SirenTropCourt,
    SirenTropLong,
    cle_siren_valide,
    cle_siret_valide,
    normaliser_identifiant,
)

ZEROS_AU_PLUS: Final = 4  # in front of a SIREN: the shortest ones in use have three
_SCIENTIFIQUE: Final = re.compile(
    r"([0-9])(?:[.,]([0-9]+))?E\+([0-9]{1,3})|([0-9])[.,]([0-9]+)E([0-9]{1,3})", re.IGNORECASE
)
_DECIMALES_NULLES: Final = re.compile(r"([0-9]+)[.,]0+")
# Of other countries' spreadsheets (552,032,534; 552'032'534), read for what its key proves.
_MILLIERS: Final = re.compile(r"[0-9]{1,3}([,'_])[0-9]{3}(?:\1[0-9]{3})*(?:[.,]0+)?")
# Around digits: quotes kept by a second saving, the sign of a formula or of a sum, a label, what separated cells.
_HABILLAGE: Final = re.compile(
    r"""^[="“«\s+]*(?:(?:num[ée]ro )?sire[nt] ?(?:n° ?)?:? ?|n° ?:? ?|no\.? )?(?=["“]?[0-9])["“]?|(?<=[0-9])[\s"”»;,€]+$""",
    re.IGNORECASE,
)
_CITEE: Final = re.compile(r'=\s*"(.*)"', re.DOTALL)


class IdentifiantPerdu(RegleMetier):
    code = "identifiant_perdu"
    message = (
        "Un tableur a remplacé ce numéro par un nombre arrondi : ses derniers chiffres sont perdus. Recopiez-le en "
        "entier dans une cellule au format Texte, ou repartez du fichier XLSX que le portail propose."
    )


class CelluleEnErreur(RegleMetier):
    code = "cellule_en_erreur"
    message = (
        "Le tableur a enregistré une erreur (###, #NOM?…) à la place de ce numéro. Élargissez la colonne, mettez-la au "
        "format Texte et recopiez le numéro, ou repartez du fichier XLSX que le portail propose."
    )


class NumeroIllisible(RegleMetier):
    code = "numero_illisible"
    message = "Ce numéro d’abonné n’est pas bien recopié : il compte 14 chiffres. Vérifiez chacun d’eux."


@dataclass(frozen=True)
class Lu:
    """An identifier read in a cell, and what the spreadsheet had done to it, to be told to the person."""

    valeur: str
    reparation: str = ""


def texte_de_cellule(cellule: str) -> str:
    """Return what the cell says, through the door, without what keeps a spreadsheet from computing: `="1"`, `'1`, `'=1+1`.

    Raises: TexteIllisible.
    """
    texte = " ".join(cellule.split())
    if citee := _CITEE.fullmatch(texte):
        texte = citee[1].replace('""', '"').strip()
    return lire_ligne(texte.removeprefix("'"))


def siren_de_cellule(cellule: str) -> Lu:
    """Return the SIREN or the IDSP of a cell; zeros lost in front are given back when the key is then right.

    Raises: TexteIllisible, CelluleEnErreur, IdentifiantPerdu, and all that `normaliser_identifiant` raises.
    """
    texte = _entier(texte_de_cellule(cellule))
    try:
        return Lu(normaliser_identifiant(texte))
    except (SirenTropCourt, SirenTropLong) as regle:
        chiffres = serrer(texte)
        significatifs = chiffres.lstrip("0")
        if 9 - ZEROS_AU_PLUS <= len(significatifs) <= 9 and cle_siren_valide(significatifs.zfill(9)):
            faits = "zéros rétablis" if len(chiffres) < 9 else "zéros en trop retirés"
            return Lu(significatifs.zfill(9), f"{faits} devant le SIREN")
        if 14 - ZEROS_AU_PLUS <= len(significatifs) <= 14 and cle_siret_valide(significatifs.zfill(14)):
            faits = "zéros rétablis" if len(chiffres) < 14 else "zéros en trop retirés"
            return Lu(significatifs.zfill(14)[:9], f"{faits} devant le SIRET")
        raise regle


def numero_de_cellule(cellule: str) -> Lu:
    """Return the numéro d'abonné of a cell. Raises: TexteIllisible, CelluleEnErreur, IdentifiantPerdu, NumeroIllisible."""
    numero = serrer(_entier(texte_de_cellule(cellule)))
    if len(numero) > LONGUEUR_DU_NUMERO:
        numero = numero.lstrip("0")
    if not (numero.isascii() and numero_valide(numero)):
        raise NumeroIllisible
    return Lu(numero)


def pour_chercher(saisie: str) -> str:
    """Return what a search compares with identifiers: the SIREN of a whole SIREN, SIRET or IDSP, else its signs alone.

    Raises: TexteIllisible.
    """
    try:
        return normaliser_identifiant(saisie)
    except SirenAbsent:
        return ""
    except SirenInvalide:
        return compacter(saisie)


def compacter(saisie: str) -> str:
    """Return an identifier as it is kept: without what separates its groups, in capitals. Raises: TexteIllisible."""
    return serrer(saisie).upper()


def _entier(texte: str) -> str:
    """Return the digits that a number of a spreadsheet stands for, when it has kept them all; other texts but undressed."""
    if texte.startswith("#"):
        raise CelluleEnErreur
    texte = _HABILLAGE.sub("", texte)
    serre = "".join(texte.split())
    if _MILLIERS.fullmatch(serre):
        serre = texte = re.sub("[,'_]", "", serre)
    if trouve := _SCIENTIFIQUE.fullmatch(serre):
        premier, suite, exposant = (trouve[1], trouve[2] or "", trouve[3]) if trouve[1] else trouve.groups()[3:]
        if len(suite) != int(exposant):
            raise IdentifiantPerdu
        return premier + suite
    if trouve := _DECIMALES_NULLES.fullmatch(serre):
        return trouve[1]
    return texte
