"""A telephone number, as people write it."""

import re

from accounts.saisies.regles import RegleMetier

from .porte import lire_identifiant

CHIFFRES_AU_MOINS = 6
CHIFFRES_AU_PLUS = 15  # ITU-T E.164
LONGUEUR_DU_NUMERO = 20


class TelephoneInvalide(RegleMetier):
    code = "telephone_invalide"
    message = "Écrivez un numéro de téléphone avec des chiffres et des espaces : 01 23 45 67 89."


def normaliser_telephone(saisie: str) -> str:
    """Return the number in plain signs, its groups as typed; an empty one stays empty.

    Raises: TelephoneInvalide, TexteIllisible.
    """
    numero = lire_identifiant(saisie)
    nombre = len(re.sub(r"[^0-9]", "", numero))
    forme = re.fullmatch(rf"\+?[0-9 .()-]{{6,{LONGUEUR_DU_NUMERO}}}", numero) and len(numero) <= LONGUEUR_DU_NUMERO
    if numero and not (forme and CHIFFRES_AU_MOINS <= nombre <= CHIFFRES_AU_PLUS):
        raise TelephoneInvalide
    return numero
