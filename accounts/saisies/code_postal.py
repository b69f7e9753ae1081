"""A postal code, French or foreign."""

import re

from accounts.saisies.regles import RegleMetier

from .porte import lire_identifiant, serrer

LONGUEUR_DU_CODE_POSTAL = 10


class CodePostalInvalide(RegleMetier):
    code = "code_postal_invalide"
    message = "Écrivez un code postal, par exemple 75012."


class CodePostalDeFrance(RegleMetier):
    code = "code_postal_de_france"
    message = "Un code postal de France a cinq chiffres, par exemple 75012 : corrigez-le, ou indiquez le pays."


def est_en_france(pays: str) -> bool:
    """Whether an address with this country, as typed, is one in France: where none is given, it is."""
    return pays.strip().upper() in {"", "FRANCE"}


def exiger_code_du_pays(saisie: str, pays: str) -> str:
    """Return the code of an address in this country: five digits in one piece in France. An empty one stays empty.

    Raises: CodePostalDeFrance, CodePostalInvalide, TexteIllisible.
    """
    code = normaliser_code_postal(saisie)
    if code and est_en_france(pays) and not re.fullmatch(r"[0-9]{5}", code):
        raise CodePostalDeFrance
    return code


def normaliser_code_postal(saisie: str) -> str:
    """Return the code: five digits in one piece (`75 001` = `75001`), any other as typed; an empty one stays empty.

    Raises: CodePostalInvalide, TexteIllisible.
    """
    code = lire_identifiant(saisie)
    if re.fullmatch(r"[0-9]{5}", serrer(code)):
        return serrer(code)
    if code and not (
        re.fullmatch(rf"[0-9A-Za-z -]{{3,{LONGUEUR_DU_CODE_POSTAL}}}", code) and re.search(r"[0-9]", code)
    ):
        raise CodePostalInvalide
    return code
