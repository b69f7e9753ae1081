"""Reading an IBAN, or the parts of a French RIB, and the BIC: what is refused says where to look (R20, CGU §4.d).

The library knows the structure and the national key of each country; which countries are in SEPA is our own dated list.
Nothing that is refused here is written anywhere: a rule's message quotes one group of four at most.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from schwifty import BIC, IBAN
from schwifty.checksum import algorithms
from schwifty.exceptions import SchwiftyException

from accounts.saisies.porte import serrer
from accounts.saisies.regles import RegleMetier

LISTE: Final = Path(__file__).resolve().parent.parent / "donnees" / "sepa.toml"
GROUPE: Final = 4
RIB: Final = (("le code banque", 5), ("le code guichet", 5), ("le numéro de compte", 11), ("la clé RIB", 2))
LONGUEUR_RIB: Final = sum(taille for _, taille in RIB)
_ETIQUETTE: Final = re.compile(r"^(IBAN|RIB)[: ]*", re.IGNORECASE)
_SOSIES: Final = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8", "G": "6"}
_LIEUX_DITS: Final = 3  # beyond, where to look would be everywhere


class IbanIllisible(RegleMetier):
    code = "iban_illisible"
    message = (
        "Un IBAN français commence par FR et compte 27 caractères, un RIB en compte 23. Recopiez-le tel qu’il figure sur "
        "votre relevé d’identité bancaire."
    )


class IbanCaractere(RegleMetier):
    code = "iban_caractere"
    message = "Un IBAN ne contient que des lettres sans accent et des chiffres. Regardez {ou}."


class PaysHorsSepa(RegleMetier):
    code = "iban_hors_sepa"
    message = (
        "Cet IBAN commence par {pays} : seul un compte de l’espace SEPA peut être prélevé. Enregistrez un compte tenu dans "
        "l’un de ses pays."
    )


class PaysSousUnAutre(RegleMetier):
    code = "iban_outre_mer"
    message = (
        "Aucun IBAN ne commence par {pays} : ceux de ce territoire commencent par {vrai}. Recopiez-le depuis votre RIB."
    )


class IbanLongueur(RegleMetier):
    code = "iban_longueur"
    message = "Un IBAN qui commence par {pays} compte {attendue} caractères ; celui-ci en a {saisie}. {ecart}"


class IbanStructure(RegleMetier):
    code = "iban_structure"
    message = "Cet IBAN n’a pas la forme de ceux qui commencent par {pays}. Regardez {ou}."


class IbanCle(RegleMetier):
    code = "iban_cle"
    message = "La clé de contrôle n’est pas bonne : un caractère est faux, ou deux sont inversés. Regardez {ou}."


class BicIllisible(RegleMetier):
    code = "bic_illisible"
    message = "Un BIC compte 8 ou 11 caractères, par exemple AGRIFRPP : recopiez-le depuis votre RIB, ou laissez le champ vide."


class BicRequis(RegleMetier):
    code = "bic_requis"
    message = "Saisissez le BIC : il est demandé pour un compte tenu hors de l’Espace économique européen ({pays})."


class BicDUnAutrePays(RegleMetier):
    code = "bic_d_un_autre_pays"
    message = (
        "Ce BIC est celui d’une banque d’un autre pays ({bic}) que l’IBAN ({iban}). Recopiez les deux depuis le même relevé d’identité "
        "bancaire{ou_vide}."
    )


class BicDUneAutreBanque(RegleMetier):
    code = "bic_d_une_autre_banque"
    message = (
        "D’après son code banque, cet IBAN est {banque:de} (BIC {attendu}), et ce BIC est d’une autre banque. Recopiez-le depuis "
        "le même relevé d’identité bancaire, ou laissez le champ vide."
    )


@dataclass(frozen=True)
class Sepa:
    """Our list: the name of each country by its code, those outside the EEA, the territories that have no IBAN of their own and what
    theirs begin with, and the neighbours whose banks hold accounts of each other's."""

    pays: dict[str, str]
    hors_eee: frozenset[str]
    territoires: dict[str, str]
    voisins: dict[str, str]

    def pays_du_bic(self, pays: str) -> frozenset[str]:
        """Return the country codes that the BIC of an account may have, whose IBAN begins with this one."""
        siens = {territoire for territoire, iban in self.territoires.items() if iban == pays}
        return frozenset({pays, *siens, self.voisins.get(pays, pays)})


@cache
def sepa() -> Sepa:
    """Return the list of `services/donnees/sepa.toml`."""
    lue = tomllib.loads(LISTE.read_text(encoding="utf-8"))
    territoires = dict.fromkeys(lue["en_france"], "FR") | dict.fromkeys(lue["au_royaume_uni"], "GB")
    return Sepa(lue["eee"] | lue["hors_eee"], frozenset(lue["hors_eee"]), territoires, lue["voisins"])


@dataclass(frozen=True)
class Banque:
    """What the bank code of an IBAN says: proposed to the person, who confirms or corrects it; empty where nothing is known."""

    bic: str = ""
    nom: str = ""


def en_groupes(iban: str) -> str:
    """Return an IBAN as it is printed: groups of four."""
    return " ".join(iban[debut : debut + GROUPE] for debut in range(0, len(iban), GROUPE))


def lire_iban(saisie: str) -> str:
    """Return the IBAN that was typed or pasted, or that of the French RIB whose parts were, in one form.

    Raises: TexteIllisible, IbanIllisible, IbanCaractere, PaysHorsSepa, PaysSousUnAutre, IbanLongueur, IbanStructure, IbanCle.
    """
    serre = _ETIQUETTE.sub("", serrer(saisie).replace("/", "").replace("|", "")).upper()
    rang = next((rang for rang, signe in enumerate(serre) if not _admis(signe)), None)
    if rang is not None:
        raise IbanCaractere(ou=_groupe(serre, rang // GROUPE))
    if len(serre) == LONGUEUR_RIB and serre[:5].isdigit():
        return _iban_du_rib(serre)
    if not re.match(r"[A-Z]{2}[0-9A-Z]{2}", serre):
        raise IbanIllisible
    pays = serre[:2]
    if pays not in sepa().pays and not serre[2:4].isdigit():  # words: no country's IBAN begins so
        raise IbanIllisible
    if pays in sepa().territoires:
        raise PaysSousUnAutre(pays=pays, vrai=sepa().territoires[pays])
    if pays not in sepa().pays:
        raise PaysHorsSepa(pays=pays)
    _exiger_la_forme(serre)
    if not _est_juste(serre):
        raise IbanCle(ou=_ou_regarder(serre))
    return serre


def proposer_banque(iban: str) -> Banque:
    """Return the BIC and the name of the bank that the register of bank codes gives for this IBAN.

    No BIC where that is the one of the mother house, in a country that no BIC of such an IBAN may have: it would be refused as it
    stands, and the true one as another bank's.
    """
    lu = _lu(iban)
    admis = lu.bic is not None and lu.bic.country_code in sepa().pays_du_bic(iban[:2])
    bic = str(lu.bic) if admis else ""
    return Banque(bic.removesuffix("XXX"), (lu.bank_name or "").strip())


def lire_bic(saisie: str, *, iban: str) -> str:
    """Return the BIC in one form; it may be empty in the European Economic Area.

    Its country must be that of the IBAN, or a territory whose IBAN begin alike. Its bank must be that of the bank code where that
    one is known, and where the BIC may be left out: the register of bank codes may be behind, and bars nobody.
    Raises: BicIllisible, BicRequis, BicDUnAutrePays, BicDUneAutreBanque.
    """
    bic, pays = serrer(saisie).upper(), iban[:2]
    facultatif = pays not in sepa().hors_eee
    if not bic:
        if not facultatif:
            raise BicRequis(pays=sepa().pays[pays])
        return ""
    try:
        lu = BIC(bic)
    except SchwiftyException as erreur:
        raise BicIllisible from erreur
    if lu.country_code not in sepa().pays_du_bic(pays):
        ou_vide = ", ou laissez le champ vide" if facultatif else ""
        raise BicDUnAutrePays(bic=lu.country_code, iban=pays, ou_vide=ou_vide)
    connue = proposer_banque(iban)
    if facultatif and connue.bic and connue.bic[:4] != lu.bank_code:
        raise BicDUneAutreBanque(banque=connue.nom or "cette banque", attendu=connue.bic)
    return str(lu).removesuffix("XXX")


def _admis(signe: str) -> bool:
    return signe.isascii() and signe.isalnum()


@cache
def _a_une_cle_nationale(pays: str) -> bool:
    """Whether the library can check the national key; without (Albania) it would only warn, at each reading."""
    return any(cle.startswith(f"{pays}:") for cle in algorithms)


def _lu(iban: str) -> IBAN:
    """Return the IBAN as the library reads it. Raises: SchwiftyException."""
    return IBAN(iban, validate_bban=_a_une_cle_nationale(iban[:2]))


def _est_juste(iban: str) -> bool:
    """Whether the structure, the key of the IBAN and the national key, where the library can check it, are right."""
    try:
        _lu(iban)
    except SchwiftyException:
        return False
    return True


def _exiger_la_forme(iban: str) -> None:
    """Raises: IbanLongueur, IbanStructure (which group holds a letter where a digit stands, or the other way round)."""
    forme = IBAN(iban, allow_invalid=True).spec
    if len(iban) != forme.iban_length:
        manque = forme.iban_length - len(iban)
        ecart = f"Il en manque {manque}." if manque > 0 else f"Il en a {-manque} de trop."
        raise IbanLongueur(pays=iban[:2], attendue=forme.iban_length, saisie=len(iban), ecart=ecart)
    attendus = "aann" + "".join(genre * int(nombre) for nombre, genre in re.findall(r"(\d+)!?([nac])", forme.bban_spec))
    for rang, (signe, attendu) in enumerate(zip(iban, attendus, strict=True)):
        if (attendu == "n" and not signe.isdigit()) or (attendu == "a" and not signe.isalpha()):
            raise IbanStructure(pays=iban[:2], ou=_groupe(iban, rang // GROUPE))


def _groupe(iban: str, rang: int) -> str:
    """Return which group of four this is, as it is printed; the last one, where it is shorter, is not of four."""
    groupe = iban[rang * GROUPE : (rang + 1) * GROUPE]
    if rang and len(groupe) < GROUPE:
        return f"le dernier groupe (« {groupe} »)"
    return f"le {'premier' if rang == 0 else f'{rang + 1}e'} groupe de quatre (« {groupe} »)"


def _voisins(texte: str) -> Iterator[tuple[int, str]]:
    """Yield what one slip of a hand may have changed: one sign taken for another, or two neighbours inverted; and where."""
    for rang, signe in enumerate(texte):
        essais = set("0123456789") if signe.isdigit() else {_SOSIES[signe]} if signe in _SOSIES else set()
        for autre in essais - {signe}:
            yield rang, texte[:rang] + autre + texte[rang + 1 :]
        if rang + 1 < len(texte) and texte[rang + 1] != signe:
            yield rang, texte[:rang] + texte[rang + 1] + signe + texte[rang + 2 :]


def _ou_regarder(iban: str) -> str:
    """Return which groups of four may hold the slip, where it is one of few; else all of them."""
    lieux = [_groupe(iban, lieu) for lieu in sorted({rang // GROUPE for rang in _fautes(iban, iban)})]
    return _dire(lieux) or "chaque groupe de quatre"


def _fautes(texte: str, iban: str) -> list[int]:
    """Return where one slip in `texte`, an IBAN or the RIB of one, makes it right; those that leave a bank we know, if any."""
    essais = [(rang, essai if texte is iban else _avec_cle(essai)) for rang, essai in _voisins(texte)]
    justes = [(rang, essai) for rang, essai in essais if _est_juste(essai)]
    connus = [rang for rang, essai in justes if proposer_banque(essai).nom]
    return connus or [rang for rang, _ in justes]


def _dire(lieux: list[str]) -> str:
    """Return these places as words, nothing when they are none or too many to help."""
    if not lieux or len(lieux) > _LIEUX_DITS:
        return ""
    *premiers, dernier = lieux
    return f"{', '.join(premiers)} ou {dernier}" if premiers else dernier


def _iban_du_rib(rib: str) -> str:
    """Return the IBAN of the parts of a RIB. Raises: IbanStructure, IbanCle, which name the part."""
    iban = _avec_cle(rib)
    try:
        _exiger_la_forme(iban)
    except IbanStructure as erreur:
        fautif = next(rang for rang, signe in enumerate(rib) if not signe.isdigit() and not 10 <= rang < 21)
        raise IbanStructure(pays="FR", ou=_partie(fautif)) from erreur
    if _est_juste(iban):
        return iban
    lieux = dict.fromkeys([*(_partie(rang) for rang in _fautes(rib, iban)), RIB[-1][0]])  # the key itself, always
    raise IbanCle(ou=_dire(list(lieux)) or "chaque partie du RIB")


def _avec_cle(rib: str) -> str:
    """Return this RIB with FR and the key of an IBAN before it (ISO 13616)."""
    chiffres = "".join(str(int(signe, 36)) for signe in f"{rib}FR00")
    return f"FR{98 - int(chiffres) % 97:02d}{rib}"


def _partie(rang: int) -> str:
    """Return the name of the part of a RIB that this sign stands in."""
    fin = 0
    for nom, taille in RIB:
        fin += taille
        if rang < fin:
            return nom
    raise IndexError(rang)
