"""The dates of the fiscal calendar: a file for each year, by service, each date with its source (CGU §3.1.a)."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import Echeance, Service
from .chargement import DONNEES

FICHIERS = DONNEES / "echeances"

type Cle = tuple[str, date, str]


class EcheancesInvalides(RegleMetier):
    code = "echeances_invalides"
    message = "Le fichier {fichier} n’est pas un calendrier valable : {raison}."


@dataclass(frozen=True)
class BilanEcheances:
    """What the load of one year did; `retirees` were in the database and are no more."""

    annee: int
    creees: int
    modifiees: int
    retirees: int
    inchangees: int


def calendriers() -> list[Path]:
    """Return the files given with the portal, one a year."""
    return sorted(FICHIERS.glob("*.toml"))


@transaction.atomic
def charger_echeances(*, acteur: str = "systeme:charger_echeances", fichier: Path) -> BilanEcheances:
    """Make the dates of one year be those of `fichier`, all of them or none; another year's are left alone.

    Raises: EcheancesInvalides.
    """
    contenu = _lire(fichier)
    annee = contenu.get("annee")
    if not isinstance(annee, int):
        raise EcheancesInvalides(fichier=fichier, raison="il ne dit pas son année")
    services = {service.code: service for service in Service.objects.order_by("code")}
    voulues = _verifier(contenu, annee, services, fichier)
    connues: dict[Cle, Echeance] = {
        (e.service.code, e.jour, e.libelle): e
        for e in Echeance.objects.select_for_update(of=("self",)).select_related("service").filter(jour__year=annee)
    }
    modifiees = [
        e for cle, e in connues.items() if cle in voulues and _differe(e, voulues[cle].condition, voulues[cle].source)
    ]
    for echeance in modifiees:
        voulue = voulues[echeance.service.code, echeance.jour, echeance.libelle]
        echeance.condition, echeance.source = voulue.condition, voulue.source
    Echeance.objects.bulk_update(modifiees, ["condition", "source"])
    perdues = [e.pk for cle, e in connues.items() if cle not in voulues]
    Echeance.objects.filter(pk__in=perdues).delete()
    nouvelles = Echeance.objects.bulk_create(e for cle, e in voulues.items() if cle not in connues)
    bilan = BilanEcheances(
        annee, len(nouvelles), len(modifiees), len(perdues), len(voulues) - len(nouvelles) - len(modifiees)
    )
    if nouvelles or modifiees or perdues:
        consigner(
            actes.ECHEANCES_CHARGEES,
            auteur=acteur,
            details={"annee": annee, "creees": bilan.creees, "modifiees": bilan.modifiees, "retirees": bilan.retirees},
        )
    return bilan


def _differe(echeance: Echeance, condition: str, source: str) -> bool:
    return (echeance.condition, echeance.source) != (condition, source)


def _lire(fichier: Path) -> dict[str, Any]:
    try:
        with fichier.open("rb") as flux:
            return tomllib.load(flux)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as erreur:
        raise EcheancesInvalides(fichier=fichier, raison=str(erreur)) from erreur


def _verifier(contenu: dict[str, Any], annee: int, services: dict[str, Service], fichier: Path) -> dict[Cle, Echeance]:
    """Return the dates of the file, by service, day and words. Raises: EcheancesInvalides."""
    sources = contenu.get("sources", {})
    voulues: dict[Cle, Echeance] = {}
    for rang, entree in enumerate(contenu.get("echeance", []), start=1):
        raison = "; ".join(_fautes(entree, annee, services, sources))
        if raison:
            raise EcheancesInvalides(fichier=fichier, raison=f"échéance {rang} : {raison}")
        echeance = Echeance(
            service=services[entree["service"]],
            jour=entree["jour"],
            libelle=entree["libelle"],
            condition=entree.get("condition", ""),
            source=" ; ".join(sources[cle] for cle in entree["sources"]),
        )
        cle = (entree["service"], echeance.jour, echeance.libelle)
        if cle in voulues:
            raise EcheancesInvalides(fichier=fichier, raison=f"échéance {rang} : elle figure deux fois")
        try:
            echeance.full_clean(validate_unique=False, validate_constraints=False)
        except ValidationError as erreur:
            messages = "; ".join(" ".join(textes) for textes in erreur.message_dict.values())
            raise EcheancesInvalides(fichier=fichier, raison=f"échéance {rang} : {messages}") from erreur
        voulues[cle] = echeance
    return voulues


def _fautes(entree: dict[str, Any], annee: int, services: dict[str, Service], sources: dict[str, str]) -> Iterable[str]:
    """Yield what is wrong with one entry of the file, in French."""
    inconnus = set(entree) - {"service", "jour", "libelle", "condition", "sources"}
    if inconnus:
        yield f"champ inconnu {', '.join(sorted(inconnus))}"
    if entree.get("service") not in services:
        yield f"service inconnu {entree.get('service')}"
    jour = entree.get("jour")
    if type(jour) is not date:
        yield "elle n’a pas de jour"
    elif jour.year != annee:
        yield f"son jour n’est pas de {annee}"
    if not entree.get("libelle"):
        yield "elle ne dit pas ce qui est dû"
    if not entree.get("sources"):
        yield "elle n’a pas de source"
    elif perdues := set(entree["sources"]) - set(sources):
        yield f"source inconnue {', '.join(sorted(perdues))}"
