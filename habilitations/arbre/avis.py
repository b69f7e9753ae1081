"""The mails of the sharing of authority: one per person and act, whatever the number of lines."""

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from accounts.compteurs import debit
from accounts.envois import courriels
from accounts.models import Espace, ServiceGestionnaire

from ..models import Habilitation, Preference
from ..models.preference import preference_de

SERVICES_NOMMES = 5
# The mails that one may have none of, by the column of the choice (models/preference.py).
FACULTATIFS: Final = {
    "habilitation_expire_bientot": "echeances",
    "habilitation_expire_bientot_mandant": "echeances",
    "export_pret": "fichiers",
}


def lignes_par_siren(habilitations: Iterable[Habilitation]) -> list[str]:
    """Return one line of text per SIREN, that names its services, or counts them above five: the catalogue's order."""
    services: dict[str, list[str]] = {}
    for habilitation in sorted(habilitations, key=_rang):
        services.setdefault(str(habilitation.personne), []).append(habilitation.service.libelle)
    return [
        f"{personne} : {', '.join(libelles)}"
        if len(libelles) <= SERVICES_NOMMES
        else f"{personne} : {len(libelles)} services"
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


def ecrire_aux_bureaux(
    genre: str,
    habilitations: Iterable[Habilitation],
    *,
    acte: str,
    sauf: ServiceGestionnaire | None = None,
    **contexte: object,
) -> None:
    """Write one mail to each service gestionnaire of these personnes (come with them), but one, with the lines that are its own."""
    bureaux: dict[str, list[Habilitation]] = {}
    for habilitation in habilitations:
        bureau = habilitation.personne.service_gestionnaire
        if bureau != sauf:
            bureaux.setdefault(bureau.courriel, []).append(habilitation)
    for adresse, leurs in bureaux.items():
        courriels.deposer(
            genre, destinataire=adresse, acte=acte, contexte={"lignes": lignes_par_siren(leurs), **contexte}
        )


def ecrire(
    genre: str,
    *,
    espace: Espace,
    acte: str,
    de: Espace | None = None,
    habilitations: Iterable[Habilitation] = (),
    **contexte: Any,
) -> None:
    """Deposit one mail to whoever holds this espace, unless it is deleted; `lignes` tells what it is about, `nombre` on how many.

    `de` is whose acts it tells of, where these may be repeated at will: beyond PLAFOND_AVIS_PAIRE of them in 24 hours
    one last mail says that the rest is in the journal (design.md §8).
    """
    if espace.compte is None or _refuse(genre, espace):
        return
    habilitations = list(habilitations)
    if de is not None and not _avis_permis(de, espace):
        acte, genre = f"avis-suite:{de.pk}:{espace.pk}:{timezone.localdate():%Y%m%d}", "habilitations_suite"
        habilitations, contexte = [], {"acteur": de.nom_complet, "les_siens": de.pk == espace.pk}
    courriels.deposer(
        genre,
        destinataire=espace.compte.email,
        acte=acte,
        espace=espace,
        contexte={"lignes": lignes_par_siren(habilitations), "nombre": len(habilitations), **contexte},
    )


def _refuse(genre: str, espace: Espace) -> bool:
    """Whether this espace chose to have no mail of this kind; what protects it is no choice."""
    champ = FACULTATIFS.get(genre)
    return champ is not None and getattr(preference_de(espace), champ) == Preference.Avis.AUCUN


def _avis_permis(de: Espace, espace: Espace) -> bool:
    """Count one mail of this pair, in this direction; False beyond the cap.

    Without waiting: an act tells the other of itself, then itself of the other, and the other's act does the same the other way round.
    """
    limite = settings.PLAFOND_AVIS_PAIRE
    bareme = debit.Bareme(libres=limite, pas=1, limite=limite)
    cle = debit.empreinte("avis", f"{de.pk}|{espace.pk}")
    return debit.reserver_ensemble([(cle, bareme)], attendre=False) is not None
