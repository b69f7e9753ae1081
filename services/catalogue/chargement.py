"""The reference data of the portal: the catalogue of services, and the services gestionnaires."""

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import ServiceGestionnaire
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..models import Service
from .retrait import PREAVIS, PREAVIS_MINIMAL, retablir_service, retirer_service

DONNEES = Path(__file__).parents[1] / "donnees"
CATALOGUE = DONNEES / "catalogue.toml"
SERVICES_GESTIONNAIRES = DONNEES / "services_gestionnaires.toml"
CERTITUDES = {"confirme", "deduit", "a_confirmer"}


class CatalogueInvalide(RegleMetier):
    code = "catalogue_invalide"
    message = "Le fichier {fichier} n’est pas un catalogue valable : {raison}."


@dataclass
class Bilan:
    """What a load did, by code. `absents` are in the database only, and kept: others point at them.

    `retires` are those whose retirement this load has decided, with their last day; `retablis` those that stay after all.
    """

    crees: list[str] = field(default_factory=list)
    modifies: list[str] = field(default_factory=list)
    inchanges: list[str] = field(default_factory=list)
    absents: list[str] = field(default_factory=list)
    retires: dict[str, date] = field(default_factory=dict)
    retablis: list[str] = field(default_factory=list)


class PreavisTropCourt(RegleMetier):
    code = "preavis_trop_court"
    message = (
        "Le service {service} ne peut pas fermer le {ferme_le} : ceux qui s’en servent doivent en être prévenus au moins "
        "{jours} jours avant."
    )


@transaction.atomic
def charger_catalogue(
    *,
    acteur: str = "systeme:charger_catalogue",
    fichier: Path = CATALOGUE,
    maintenant: datetime | None = None,
) -> Bilan:
    """Bring the services to what `fichier` (TOML, see the one given) says; they are shown in its order.

    All or nothing; an address of téléprocédure already set is kept where the file gives none. A service that the file has
    no more, or gives a last day, is retired: it closes nothing now (services/catalogue/retrait.py); one that it has again stays.

    Raises: CatalogueInvalide, PreavisTropCourt.
    """
    maintenant = maintenant or timezone.now()
    contenu = _lire(fichier)
    entrees = contenu.get("service", [])
    codes = {entree.get("code") for entree in entrees}
    fins: dict[str, date] = {}
    for rang, entree in enumerate(entrees, start=1):
        if entree.pop("certitude", None) not in CERTITUDES:
            raise CatalogueInvalide(fichier=fichier, raison=f"{entree.get('code')} : certitude absente ou inconnue")
        inconnues = set(entree.pop("sources", [])) - set(contenu.get("sources", {}))
        if inconnues:
            raise CatalogueInvalide(
                fichier=fichier, raison=f"{entree.get('code')} : source inconnue {', '.join(sorted(inconnues))}"
            )
        if fin := entree.pop("ferme_le", None):
            if type(fin) is not date:
                raise CatalogueInvalide(fichier=fichier, raison=f"{entree.get('code')} : ferme_le n’est pas un jour")
            fins[entree.get("code", "")] = fin
        entree["ordre"] = rang * 10
    bilan = _charger(Service, entrees, fichier=fichier, acteur=acteur, acte=actes.CATALOGUE_CHARGE)
    for entree in entrees:
        if perdus := set(entree.get("voisins", [])) - codes:
            raise CatalogueInvalide(
                fichier=fichier, raison=f"{entree['code']} : voisin inconnu {', '.join(sorted(perdus))}"
            )
    _tenir_les_retraits(bilan, fins, acteur=acteur, maintenant=maintenant)
    return bilan


def _tenir_les_retraits(bilan: Bilan, fins: dict[str, date], *, acteur: str, maintenant: datetime) -> None:
    """Decide, move or undo the retirement of each service, by what the file says of it. Raises: PreavisTropCourt."""
    aujourd_hui = timezone.localdate(maintenant)
    for service in Service.objects.select_for_update().order_by("code"):
        if service.est_retire(aujourd_hui) and service.code in bilan.absents:
            continue
        voulu = fins.get(service.code)
        if service.code in bilan.absents:
            voulu = service.ferme_le or aujourd_hui + PREAVIS
        if voulu == service.ferme_le:
            continue
        if voulu is None:
            retablir_service(acteur=acteur, service=service, maintenant=maintenant)
            bilan.retablis.append(service.code)
        else:
            if voulu < aujourd_hui + PREAVIS_MINIMAL:
                raise PreavisTropCourt(service=service.code, ferme_le=jour(voulu), jours=PREAVIS_MINIMAL.days)
            retirer_service(acteur=acteur, service=service, ferme_le=voulu, maintenant=maintenant)
            bilan.retires[service.code] = voulu


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
            raise CatalogueInvalide(fichier=fichier, raison=f"{code} : champ inconnu {', '.join(sorted(inconnus))}")
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
            raisons = "; ".join(f"{nom} : {' '.join(messages)}" for nom, messages in erreur.message_dict.items())
            raise CatalogueInvalide(fichier=fichier, raison=f"{code} : {raisons}") from erreur
        objet.save()
    bilan.absents = sorted(set(connus) - codes)
    if bilan.crees or bilan.modifies:
        consigner(acte, auteur=acteur, details={"crees": bilan.crees, "modifies": bilan.modifies})
    return bilan
