"""How the codes of « Vos données » read in French (accounts/donnees/lecture.py): this floor has the words of all of them."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from accounts.donnees import lecture
from accounts.donnees.lecture import Traduit
from accounts.models import Agent, Courriel, Espace, Evenement, Rectification
from activation.models import Courrier, Demande
from habilitations.models import Adhesion, Habilitation, Role
from services.models import Service

from ..journal.libelles import DETAILS, libelle_acte

SERVICES = frozenset({"service", "services", "ouverts", "deja_ouverts"})
CODES: dict[str, dict[str, str]] = {
    "canal": {str(code): str(mot) for code, mot in Courrier.Canal.choices},
    "etat": {str(code): str(mot) for code, mot in Demande.Etat.choices},
    "fonction": {str(code): str(mot) for code, mot in Agent.Fonction.choices},
    "mode": {str(code): str(mot) for code, mot in Espace.Mode.choices},
    "motif": {str(code): str(mot) for code, mot in [*Adhesion.Motif.choices, *Habilitation.MotifFin.choices]},
    "nature": {str(code): str(mot) for code, mot in Demande.Nature.choices},
    "objet": {str(code): str(mot) for code, mot in Rectification.Objet.choices},
    "qualite": {str(code): str(mot) for code, mot in Demande.Qualite.choices},
    "role": {str(code): str(mot) for code, mot in Role.choices},
    "champs": {champ.name: str(champ.verbose_name) for champ in Espace._meta.concrete_fields},
}


def inscrire() -> None:
    """Register the writers of the columns that hold codes."""
    lecture.traduire(Evenement, "acte", lambda: lambda ligne: Traduit(ligne.acte, libelle_acte(ligne.acte)))
    lecture.traduire(Evenement, "auteur", lambda: lambda ligne: auteur_lisible(ligne.auteur))
    lecture.traduire(Evenement, "service", _preparer_service)
    lecture.traduire(Evenement, "details", lambda: _preparer_contenu("details"))
    lecture.traduire(Courriel, "contexte", lambda: _preparer_contenu("contexte"))


def auteur_lisible(auteur: str) -> object:
    """Return who acted: a numéro d'abonné as it stands, the portal or an agent in words."""
    if auteur.startswith("systeme:"):
        return Traduit(auteur, "le portail")
    return "un agent de l’administration" if auteur.startswith(("agent:", "compte:")) else auteur


def auteur_en_mots(auteur: str) -> str:
    """Return who acted as a sentence says it, never the code."""
    lu = auteur_lisible(auteur)
    return str(lu.libelle if isinstance(lu, Traduit) else lu)


def _services() -> dict[str, str]:
    return dict(Service.objects.values_list("code", "libelle"))


def _preparer_service() -> Callable[[Any], object]:
    services = _services()
    return lambda ligne: Traduit(ligne.service, services.get(ligne.service, ligne.service))


def _preparer_contenu(colonne: str) -> Callable[[Any], object]:
    codes = {**CODES, **dict.fromkeys(SERVICES, _services())}

    def ecrire(ligne: Any) -> object:
        contenu: dict[str, object] = getattr(ligne, colonne)
        return Traduit(contenu, contenu_lisible(contenu, codes))

    return ecrire


def contenu_lisible(contenu: Mapping[str, object], codes: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """Return the details of an act, or what a mail said, in French; an internal number (UUID) says nothing: left out."""
    return {
        DETAILS.get(cle, cle.replace("_", " ").capitalize()): _mots(valeur, codes.get(cle, {}))
        for cle, valeur in contenu.items()
        if not _est_uuid(valeur)
    }


def _mots(valeur: object, codes: Mapping[str, str]) -> object:
    if isinstance(valeur, list):
        return [_mots(element, codes) for element in valeur]
    if isinstance(valeur, dict):
        return {DETAILS.get(cle, cle): _mots(element, CODES.get(cle, {})) for cle, element in valeur.items()}
    return codes.get(valeur, valeur) if isinstance(valeur, str) else valeur


def _est_uuid(valeur: object) -> bool:
    try:
        return isinstance(valeur, str) and bool(uuid.UUID(valeur))
    except ValueError:
        return False
