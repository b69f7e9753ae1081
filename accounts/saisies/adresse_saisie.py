"""The one form of an e-mail address that is typed: to store it, to find its account, to count what is tried with it.

PostgreSQL's `lower` and Python's do not agree on `İ`: neither is asked. Case is that of ASCII, the domain is in its ASCII
form (IDNA), and what cannot be an address has no account.
"""

from email_validator import EmailNotValidError, validate_email

from .porte import TexteIllisible, lire_identifiant
from .repliement import replier

LONGUEUR_POSSIBLE = (
    320  # 64 before the sign and 255 after (RFC 5321 §4.5.3.1): a longer text is no address, and costs nothing
)


def forme_adresse(saisie: str) -> str | None:
    """Return the form under which an account would be stored, None when no account can have this address."""
    try:
        texte = lire_identifiant(saisie)
    except TexteIllisible:
        return None
    if len(texte) > LONGUEUR_POSSIBLE:
        return None
    try:
        lue = validate_email(texte, check_deliverability=False, allow_smtputf8=False, allow_quoted_local=False)
    except EmailNotValidError:
        return texte.lower() if texte.isascii() else None
    return f"{lue.local_part}@{lue.ascii_domain}".lower()


def forme_comptee(saisie: str) -> str:
    """Return the form under which tries with this address are counted: all that people would read alike is one."""
    forme = forme_adresse(saisie)
    if forme is not None:
        return forme
    local, _, domaine = saisie.rpartition("@")
    return "@".join(".".join(replier(morceau) for morceau in cote.split(".")) for cote in (local, domaine))
