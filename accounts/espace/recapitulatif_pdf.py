"""The récapitulatif d'inscription as a PDF (CGU §2.4; R5).

Pure: a frozen `Recapitulatif` in, the bytes of a PDF out. Where it carries the trust answer in clear, the caller
streams it (`no-store`) and keeps nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from accounts.documents.typst import Contact, composer_pdf, date_longue, grouper, siren_lisible
from accounts.saisies.numeros import GROUPES

MODELE = Path(__file__).resolve().parent.parent / "gabarits" / "recapitulatif.typ"

MODES = {"SIMPLIFIE": "simplifié", "EXPERT": "expert"}


@dataclass(frozen=True, slots=True)
class ServiceObtenu:
    """One line of what the espace may do: for whom, which service, in which role (as a reader sees it)."""

    denomination: str
    siren: str
    service: str
    role: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recapitulatif:
    """All that the récapitulatif says; `reponse_confiance` is None once it has been shown."""

    numero_abonne: str
    mode: str
    cree_le: date
    edite_le: date
    civilite: str
    nom: str
    prenom: str
    courriel: str
    telephone: str
    adresse: tuple[str, ...]
    organisation_denomination: str
    organisation_siren: str
    cgu_version: str
    cgu_acceptees_le: date
    question_confiance: str
    reponse_choisie_le: date
    site_url: str
    reponse_confiance: str | None = field(default=None, repr=False)
    services: tuple[ServiceObtenu, ...] = ()
    gestionnaire: Contact | None = None
    demonstration: bool = False
    marque_etat: bool = False

    def __post_init__(self) -> None:
        """Refuse what would print a wrong document.

        Raises: ValueError for an unknown mode, or an answer that is empty where one is said to be given.
        """
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode!r}")
        if self.reponse_confiance is not None and not self.reponse_confiance.strip():
            raise ValueError("an empty trust answer: pass None where it is not to be shown")


def numero_lisible(numero: str) -> str:
    """Return the 14 digits of a numéro d'abonné in groups that can be read aloud: « 2026 327 481 593 6 »."""
    return grouper(numero, GROUPES)


def _par_personne(services: Sequence[ServiceObtenu]) -> list[dict[str, object]]:
    """Return one line per personne and role, in the order of the services: a cabinet has thousands of these."""
    lignes: dict[tuple[str, str, str], list[str]] = {}
    for obtenu in services:
        lignes.setdefault((obtenu.denomination, obtenu.siren, obtenu.role), []).append(obtenu.service)
    return [
        {"denomination": denomination, "siren": siren_lisible(siren), "services": noms, "role": role}
        for (denomination, siren, role), noms in lignes.items()
    ]


def produire(recapitulatif: Recapitulatif) -> bytes:
    """Return the récapitulatif as a tagged PDF; the same data give the same bytes."""
    gestionnaire = recapitulatif.gestionnaire
    return composer_pdf(
        MODELE,
        {
            "date_document": recapitulatif.edite_le,
            "titre": f"Récapitulatif d’inscription – numéro d’abonné {numero_lisible(recapitulatif.numero_abonne)}",
            "numero_abonne": numero_lisible(recapitulatif.numero_abonne),
            "mode": MODES[recapitulatif.mode],
            "cree_le": date_longue(recapitulatif.cree_le),
            "edite_le": date_longue(recapitulatif.edite_le),
            "identite": f"{recapitulatif.civilite} {recapitulatif.prenom} {recapitulatif.nom}",
            "courriel": recapitulatif.courriel,
            "telephone": recapitulatif.telephone,
            "adresse": recapitulatif.adresse,
            "organisation_denomination": recapitulatif.organisation_denomination,
            "organisation_siren": siren_lisible(recapitulatif.organisation_siren),
            "cgu_version": recapitulatif.cgu_version,
            "cgu_acceptees_le": date_longue(recapitulatif.cgu_acceptees_le),
            "question_confiance": recapitulatif.question_confiance,
            "reponse_confiance": recapitulatif.reponse_confiance,
            "reponse_choisie_le": date_longue(recapitulatif.reponse_choisie_le),
            "services": _par_personne(recapitulatif.services),
            "gestionnaire": None
            if gestionnaire is None
            else {
                "nom": gestionnaire.nom,
                "adresse": gestionnaire.adresse,
                "telephone": gestionnaire.telephone,
                "courriel": gestionnaire.courriel,
                "horaires": gestionnaire.horaires,
            },
            "site_url": recapitulatif.site_url,
            "demonstration": recapitulatif.demonstration,
            "marque_etat": recapitulatif.marque_etat,
        },
    )
