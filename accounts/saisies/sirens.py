"""What a person types where a SIREN or an IDSP is asked: brought to nine characters, or refused by a named rule."""

import re

from accounts.saisies.porte import TexteIllisible, serrer
from accounts.saisies.regles import RegleMetier

DOUBLES = str.maketrans("0123456789", "0246813579")  # each digit doubled, its own digits added
LA_POSTE = "356000000"  # more establishments than Luhn's rule leaves numbers for


class SirenInvalide(RegleMetier):
    """What was typed is not a SIREN. The subclasses say why; the typed text is never repeated in a message."""

    code = "siren_invalide"
    message = "Ce numéro SIREN n’est pas valable."


class SirenAbsent(SirenInvalide):
    code = "siren_absent"
    message = "Saisissez le numéro SIREN : neuf chiffres, par exemple 552 032 534."


class SirenCaracteres(SirenInvalide):
    code = "siren_caracteres"
    message = "Un numéro SIREN ne contient que des chiffres : retirez les lettres et les autres signes."


class SirenTropCourt(SirenInvalide):
    code = "siren_trop_court"
    message = "Il manque des chiffres : un numéro SIREN en compte neuf, vous en avez saisi {longueur}."


class SirenTropLong(SirenInvalide):
    code = "siren_trop_long"
    message = "Il y a trop de chiffres : un numéro SIREN en compte neuf, vous en avez saisi {longueur}."


class SirenCleFausse(SirenInvalide):
    code = "siren_cle"
    message = "Ce numéro SIREN n’existe pas : sa clé de contrôle est fausse. Vérifiez chaque chiffre."


class SiretCleFausse(SirenInvalide):
    code = "siret_cle"
    message = (
        "Vous avez saisi un numéro SIRET (14 chiffres) dont la clé de contrôle est fausse. "
        "Vérifiez-le, ou saisissez seulement les neuf premiers chiffres : le SIREN."
    )


class IdentifiantLongueur(SirenInvalide):
    code = "identifiant_longueur"
    message = "Un SIREN ou un identifiant provisoire (IDSP) compte neuf caractères, vous en avez saisi {longueur}."


def cle_siren_valide(siren: str) -> bool:
    """Tell whether nine ASCII digits carry the right key (Luhn, décret 73-314). Nine zeros name nobody."""
    return _somme_luhn(siren) % 10 == 0 and siren != "000000000"


def cle_siret_valide(siret: str) -> bool:
    """Tell whether fourteen ASCII digits carry the right keys: Luhn, or a sum multiple of five for La Poste."""
    if not cle_siren_valide(siret[:9]):
        return False
    return _somme_luhn(siret) % 10 == 0 or (siret.startswith(LA_POSTE) and sum(map(int, siret)) % 5 == 0)


def normaliser_siren(saisie: str) -> str:
    """Return the nine digits of the SIREN in `saisie`, whatever separates them (spaces of any kind, dots, dashes).

    A whole SIRET (14 digits, right key) is understood too, since many papers carry only that: its SIREN is returned.

    Raises: SirenAbsent, SirenCaracteres, SirenTropCourt, SirenTropLong, SirenCleFausse, SiretCleFausse.
    """
    chiffres = _sans_separateurs(saisie)
    if not chiffres:
        raise SirenAbsent()
    if not re.fullmatch(r"[0-9]+", chiffres):
        raise SirenCaracteres()
    if len(chiffres) == 14:
        if not cle_siret_valide(chiffres):
            raise SiretCleFausse()
        chiffres = chiffres[:9]
    if len(chiffres) < 9:
        raise SirenTropCourt(longueur=len(chiffres))
    if len(chiffres) > 9:
        raise SirenTropLong(longueur=len(chiffres))
    if not cle_siren_valide(chiffres):
        raise SirenCleFausse()
    return chiffres


def normaliser_identifiant(saisie: str) -> str:
    """Return the SIREN or the IDSP in `saisie`: nine characters, an IDSP having a letter at least, in capitals.

    The form of an IDSP is published nowhere: the nine boxes it fills are all that is known.

    Raises: IdentifiantLongueur, and all that `normaliser_siren` raises.
    """
    signes = _sans_separateurs(saisie).upper()
    if not re.fullmatch(r"[0-9A-Z]*[A-Z][0-9A-Z]*", signes):
        return normaliser_siren(saisie)
    if len(signes) != 9:
        raise IdentifiantLongueur(longueur=len(signes))
    return signes


def _sans_separateurs(saisie: str) -> str:
    """Return what the door leaves of it, without spaces, dots and dashes. NUL, refused by the fields, is as good as none."""
    try:
        return serrer(saisie.replace("\x00", ""))
    except TexteIllisible:
        raise SirenCaracteres from None


def _somme_luhn(chiffres: str) -> int:
    """Return Luhn's sum. Not stdnum's, several times slower: an import asks it some eighty million times."""
    return sum(map(int, chiffres[::-2])) + sum(map(int, chiffres[-2::-2].translate(DOUBLES)))
