"""The mails of the sharing of authority: one per person and act, whatever the number of lines."""

from collections.abc import Iterable
from typing import Any

from accounts.envois import courriels
from accounts.models import Espace

from ..models import Habilitation

SERVICES_NOMMES = 5


def lignes_par_siren(habilitations: Iterable[Habilitation]) -> list[str]:
    """Return one line of text per SIREN, that names its services, or counts them above five: the catalogue's order."""
    services: dict[str, list[str]] = {}
    for habilitation in sorted(habilitations, key=_rang):
        services.setdefault(str(habilitation.personne), []).append(habilitation.service.libelle)
    return [
        f"{personne} : {', '.join(libelles)}"
        if len(libelles) <= SERVICES_NOMMES
        else f"{personne} : {len(libelles)} services"
        for personne, libelles in services.items()
    ]


def _rang(habilitation: Habilitation) -> tuple[str, str, int, str]:
    personne, service = habilitation.personne, habilitation.service
    return personne.denomination, personne.siren, service.ordre, service.code


def par_espace(habilitations: Iterable[Habilitation]) -> dict[Espace, list[Habilitation]]:
    """Group habilitations by holder."""
    groupes: dict[Espace, list[Habilitation]] = {}
    for habilitation in habilitations:
        groupes.setdefault(habilitation.espace, []).append(habilitation)
    return groupes


def ecrire(
    genre: str, *, espace: Espace, acte: str, habilitations: Iterable[Habilitation] = (), **contexte: Any
) -> None:
    """Deposit one mail to whoever holds this espace, unless it is deleted; `lignes` tells what it is about."""
    if espace.compte is None:
        return
    courriels.deposer(
        genre,
        destinataire=espace.compte.email,
        acte=acte,
        espace=espace,
        contexte={"lignes": lignes_par_siren(habilitations), **contexte},
    )
