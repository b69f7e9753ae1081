"""The reference data of the portal: the catalogue of services, and the services gestionnaires."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.models import ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from . import actes
from .models import Service

DONNEES = Path(__file__).parent / "donnees"
CATALOGUE = DONNEES / "catalogue.toml"
SERVICES_GESTIONNAIRES = DONNEES / "services_gestionnaires.toml"
CERTITUDES = {"confirme", "deduit", "a_confirmer"}


class CatalogueInvalide(RegleMetier):
    code = "catalogue_invalide"
    message = "Le fichier {fichier} n'est pas un catalogue valable : {raison}."


@dataclass
class Bilan:
    """What a load did, by code. `absents` are in the database only, and kept: others point at them."""

    crees: list[str] = field(default_factory=list)
    modifies: list[str] = field(default_factory=list)
    inchanges: list[str] = field(default_factory=list)
    absents: list[str] = field(default_factory=list)


@transaction.atomic
def charger_catalogue(*, acteur: str = "systeme:charger_catalogue", fichier: Path = CATALOGUE) -> Bilan:
    """Bring the services to what `fichier` (TOML, see the one given) says; they are shown in its order.

    All or nothing; an address of téléprocédure already set is kept where the file gives none.

    Raises: CatalogueInvalide.
    """
    contenu = _lire(fichier)
    entrees = contenu.get("service", [])
    for rang, entree in enumerate(entrees, start=1):
        if entree.pop("certitude", None) not in CERTITUDES:
            raise CatalogueInvalide(fichier=fichier, raison=f"{entree.get('code')} : certitude absente ou inconnue")
        inconnues = set(entree.pop("sources", [])) - set(contenu.get("sources", {}))
        if inconnues:
            raise CatalogueInvalide(
                fichier=fichier, raison=f"{entree.get('code')} : source inconnue {', '.join(sorted(inconnues))}"
            )
        entree["ordre"] = rang * 10
    return _charger(Service, entrees, fichier=fichier, acteur=acteur, acte=actes.CATALOGUE_CHARGE)


@transaction.atomic
def charger_services_gestionnaires(
    *, acteur: str = "systeme:charger_catalogue", fichier: Path = SERVICES_GESTIONNAIRES
) -> Bilan:
    """Bring the services gestionnaires to what `fichier` says. One SIE without département is required: the default.

    Raises: CatalogueInvalide.
    """
    entrees = _lire(fichier).get("service_gestionnaire", [])
    if not any(entree.get("type") == "SIE" and not entree.get("departements", "").strip() for entree in entrees):
        raise CatalogueInvalide(fichier=fichier, raison="il manque un SIE sans département, qui reçoit les autres")
    return _charger(
        ServiceGestionnaire, entrees, fichier=fichier, acteur=acteur, acte=actes.SERVICES_GESTIONNAIRES_CHARGES
    )


def _lire(fichier: Path) -> dict[str, Any]:
    try:
        with fichier.open("rb") as flux:
            return tomllib.load(flux)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as erreur:
        raise CatalogueInvalide(fichier=fichier, raison=str(erreur)) from erreur


def _charger(
    modele: type[models.Model], entrees: list[dict[str, Any]], *, fichier: Path, acteur: str, acte: Acte
) -> Bilan:
    """Create or update the rows of `modele` keyed by `code`, and journal what changed. Raises: CatalogueInvalide."""
    connus = {objet.code: objet for objet in modele._default_manager.select_for_update().order_by("code")}  # type: ignore[attr-defined]
    bilan = Bilan()
    codes: set[str] = set()
    noms = {champ.name for champ in modele._meta.concrete_fields if not champ.primary_key}
    for entree in entrees:
        code = entree.get("code", "")
        if code in codes:
            raise CatalogueInvalide(fichier=fichier, raison=f"{code} figure deux fois")
        codes.add(code)
        if inconnus := set(entree) - noms:
            raise CatalogueInvalide(fichier=fichier, raison=f"{code} : champ inconnu {', '.join(sorted(inconnus))}")
        objet = connus.get(code)
        if objet is not None and all(getattr(objet, nom) == valeur for nom, valeur in entree.items()):
            bilan.inchanges.append(code)
            continue
        (bilan.crees if objet is None else bilan.modifies).append(code)
        objet = objet or modele()
        for nom, valeur in entree.items():
            setattr(objet, nom, valeur)
        try:
            objet.full_clean()
        except ValidationError as erreur:
            raisons = "; ".join(f"{nom} : {' '.join(messages)}" for nom, messages in erreur.message_dict.items())
            raise CatalogueInvalide(fichier=fichier, raison=f"{code} : {raisons}") from erreur
        objet.save()
    bilan.absents = sorted(set(connus) - codes)
    if bilan.crees or bilan.modifies:
        consigner(acte, auteur=acteur, details={"crees": bilan.crees, "modifies": bilan.modifies})
    return bilan
