"""An IBAN in a text where none belongs: a holder's name, a bank's, the subject of an exchange, the reason of a decision.

What is typed there is stored, shown, exported and mailed in clear, while an IBAN is kept encrypted and shown masked (R20).
"""

import re
from collections.abc import Iterator
from typing import Final

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from accounts.saisies.normalisation import normaliser
from accounts.saisies.regles import RegleMetier

_SEPARES: Final = re.compile(r"[^0-9A-Z]")
_IBAN: Final = re.compile(r"(?=([A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}))")
_RIB: Final = re.compile(r"(?=([0-9]{10}[0-9A-Z]{11}[0-9]{2}))")


class IbanEnClair(RegleMetier):
    code = "iban_en_clair"
    message = (
        "Ce texte contient un IBAN ou un RIB, et d’autres que vous le liront en clair : retirez-le. « Le compte finissant par "
        "{derniers} » suffit à dire lequel."
    )


def exiger_sans_iban(texte: str) -> str:
    """Return this text, which holds no IBAN and no RIB, however they are spaced. Raises: IbanEnClair, which quotes four signs."""
    serre = _SEPARES.sub("", normaliser("NFKC", texte).upper()).removeprefix("RIB")
    trouve = next(_ibans(serre), None)
    if trouve is not None:
        raise IbanEnClair(derniers=trouve[-4:])
    return texte


def _ibans(serre: str) -> Iterator[str]:
    """Yield the IBAN that stand in these letters and digits, and those of the RIB whose bank is known or which are all that there is."""
    for trouve in _IBAN.finditer(serre):
        lu = _lire(trouve[1])
        if lu is not None:
            yield str(lu)
    for trouve in _RIB.finditer(serre):
        lu = _lire(_avec_cle(trouve[1]))
        if lu is not None and (lu.bank_name or trouve[1] == serre):
            yield str(lu)


def _lire(signes: str) -> IBAN | None:
    """Return the IBAN that these signs begin with, its keys right, if any."""
    try:
        longueur = IBAN(signes, allow_invalid=True).spec.iban_length
        return IBAN(signes[:longueur], validate_bban=signes.startswith("FR"))
    except SchwiftyException:
        return None


def _avec_cle(rib: str) -> str:
    """Return this RIB with FR and the key of an IBAN before it (ISO 13616)."""
    chiffres = "".join(str(int(signe, 36)) for signe in f"{rib}FR00")
    return f"FR{98 - int(chiffres) % 97:02d}{rib}"
