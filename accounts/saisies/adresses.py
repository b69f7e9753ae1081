"""The login address: real, reachable, durable (R2, CGU §3.1)."""

from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email

from .adresse_saisie import forme_adresse
from .porte import TexteIllisible, lire_identifiant
from .regles import RegleMetier

LONGUEUR_ADRESSE = 110  # CGU §3.1.d
LONGUEUR_ADRESSE_ENTREPRISE = 254  # the longest that mail knows (RFC 5321); the CGU bound the login address only


class AdresseTropLongue(RegleMetier):
    code = "adresse_trop_longue"
    message = "L’adresse électronique ne doit pas dépasser {limite} caractères (la vôtre en compte {longueur})."


class AdresseInvalide(RegleMetier):
    code = "adresse_invalide"
    message = "Cette adresse électronique n’est pas valide. Exemple attendu : prenom.nom@exemple.fr, sans accent."


class AdresseJetable(RegleMetier):
    code = "adresse_jetable"
    message = (
        "Les adresses temporaires ou jetables ({domaine}) ne sont pas acceptées : "
        "utilisez une adresse durable que vous relevez."
    )


def normaliser_adresse(saisie: str, *, limite: int = LONGUEUR_ADRESSE, durable: bool = True) -> str:
    """Return the address in its one stored form: trimmed, lower case, domain in ASCII (IDNA).

    `durable` False: to find an account, whatever its provider has become since.
    Raises: AdresseTropLongue, AdresseInvalide, AdresseJetable (R2, CGU §3.1.a and §3.1.d).
    """
    try:
        saisie = lire_identifiant(saisie)
    except TexteIllisible:
        raise AdresseInvalide from None
    if len(saisie) > limite:
        raise AdresseTropLongue(limite=limite, longueur=len(saisie))
    try:
        validate_email(saisie, check_deliverability=False, allow_smtputf8=False, allow_quoted_local=False)
    except EmailNotValidError:
        raise AdresseInvalide from None
    adresse = forme_adresse(saisie) or ""
    if len(adresse) > limite:
        raise AdresseTropLongue(limite=limite, longueur=len(adresse))
    domaine = adresse.rpartition("@")[2]
    morceaux = domaine.split(".")
    if durable and any(".".join(morceaux[i:]) in blocklist for i in range(len(morceaux) - 1)):
        raise AdresseJetable(domaine=domaine)
    return adresse


def normaliser_adresse_entreprise(saisie: str) -> str:
    """Return the address of a company in its stored form. Raises: as `normaliser_adresse`."""
    return normaliser_adresse(saisie, limite=LONGUEUR_ADRESSE_ENTREPRISE)
