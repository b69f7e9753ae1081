"""A postal code, French or foreign."""

import re

from accounts.saisies.regles import RegleMetier

from .porte import lire_identifiant, serrer

LONGUEUR_DU_CODE_POSTAL = 10


class CodePostalInvalide(RegleMetier):
    code = "code_postal_invalide"
    message = "Écrivez un code postal, par exemple 75012."


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
