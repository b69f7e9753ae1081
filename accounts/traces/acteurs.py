"""Who acts: an Espace, an Agent, an account, a job by its name (`systeme:…`), or a visitor that nobody knows yet."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Visiteur:
    """Somebody who has not signed in: known by the link in their hands, what their session proved, or their address only."""

    jeton: str = field(default="", repr=False)
    """The secret of the link that they followed."""
    lien: str = field(default="", repr=False)
    """The id of the link whose answer their session proved."""
    inscription: str = ""
    """The id of the espace whose form this browser filled, if its session remembers one."""
    adresse_ip: str = ""
    prouvee: str = ""
    """The address of the mailbox that they have just proved to read, by refusing somebody else's inscription there."""
    connu: bool = False
    """Whether their browser is one that the account of the address they typed knows."""
