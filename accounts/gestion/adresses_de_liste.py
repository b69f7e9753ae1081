"""The closed grammar of the addresses of /gestion/: what a page's own links can say, and nothing else (design.md §1).

Django's admin filters by whatever column an address names, which lets a hidden one be guessed letter by letter. Here a
page names its parameters and the form of each value; any other address is refused before the database is asked.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.admin import DateFieldListFilter, ModelAdmin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import SuspiciousOperation
from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from ..saisies.noms import normaliser_texte
from ..saisies.porte import TexteIllisible
from ..saisies.regles import RegleMetier

type Forme = Callable[[str], bool]
type Page = ModelAdmin[Any]  # not evaluated: Django's own class takes no parameter
GARDES = "_changelist_filters"  # a page opened from a list carries the list's address, to go back to it
RECHERCHE_LONGUEUR = 100


class AdresseRefusee(RegleMetier):
    code = "adresse_refusee"
    statut = 400
    message = "Cette adresse porte un filtre ou une valeur que la page ne propose pas."


def exiger_liste(page: Page, request: HttpRequest) -> None:
    """Let through the addresses that this list's own filters, headers, pages and search write. Raises AdresseRefusee."""
    _exiger(_parametres(request), _formes_de_la_liste(page, page.get_list_filter(request)))


def exiger_objet(page: Page, request: HttpRequest) -> None:
    """Let through the page of one object, alone or opened from its list. Raises AdresseRefusee."""
    _exiger(_parametres(request), {GARDES: partial(_gardes, page)})


def exiger_objet_et_page(page: Page, request: HttpRequest) -> None:
    """The same for what has pages of its own: a history, an exchange. Raises AdresseRefusee."""
    _exiger(_parametres(request), {GARDES: partial(_gardes, page), PAGE_VAR: _numero})


def exiger_page(request: HttpRequest) -> None:
    """Let through an address that names a page of a list, or nothing. Raises AdresseRefusee."""
    _exiger(_parametres(request), {"page": _numero})


def exiger_etat_et_page(request: HttpRequest, etats: set[str]) -> None:
    """Let through an address that names one of these states, a page of a list, or nothing. Raises AdresseRefusee."""
    _exiger(_parametres(request), {"etat": partial(_parmi, etats), "page": _numero})


def exiger_recherche(request: HttpRequest) -> None:
    """Let through an address that says what is looked for, or nothing. Raises AdresseRefusee."""
    _exiger(_parametres(request), {SEARCH_VAR: _recherche})


def exiger_nue(request: HttpRequest) -> None:
    """Let through an address without any parameter. Raises AdresseRefusee."""
    exiger_sans_parametre(request)


def exiger_sans_parametre(request: HttpRequest) -> None:
    """The same, for a page that is no ModelAdmin's. Raises AdresseRefusee."""
    _exiger(_parametres(request), {})


def _parametres(request: HttpRequest) -> QueryDict:
    try:
        return request.GET
    except SuspiciousOperation as trop:  # more parameters than Django reads
        raise AdresseRefusee from trop


def _exiger(parametres: QueryDict, formes: dict[str, Forme]) -> None:
    for nom, valeurs in parametres.lists():
        forme = formes.get(nom)
        if forme is None or len(valeurs) != 1 or not forme(valeurs[0]):
            raise AdresseRefusee


def _gardes(page: Page, valeur: str) -> bool:
    try:
        _exiger(QueryDict(valeur), _formes_de_la_liste(page, page.list_filter))
    except (AdresseRefusee, SuspiciousOperation):
        return False
    return True


def _formes_de_la_liste(page: Page, filtres: Any) -> dict[str, Forme]:
    formes: dict[str, Forme] = {PAGE_VAR: _numero, ORDER_VAR: partial(_tri, len(page.list_display))}
    if page.search_fields:
        formes[SEARCH_VAR] = _recherche
    for filtre in filtres:
        formes |= _formes_du_filtre(page.model, filtre)
    return formes


def _formes_du_filtre(modele: type[models.Model], filtre: Any) -> dict[str, Forme]:
    """Return the parameters that one filter's links hold. A kind that is not known here opens nothing."""
    chemin, genre = (filtre, None) if isinstance(filtre, str) else filtre
    *relations, nom = chemin.split("__")
    for relation in relations:
        modele = modele._meta.get_field(relation).related_model  # type: ignore[assignment]
    champ: Any = modele._meta.get_field(nom)
    vide: dict[str, Forme] = {f"{chemin}__isnull": partial(_parmi, {"True"})} if champ.null else {}
    if genre is DateFieldListFilter and isinstance(champ, models.DateTimeField):
        if champ.null:
            vide = {f"{chemin}__isnull": partial(_parmi, {"True", "False"})}
        return {f"{chemin}__gte": _minuit, f"{chemin}__lt": _minuit} | vide
    if genre is None and isinstance(champ, models.ForeignKey):
        return {f"{chemin}__{champ.target_field.name}__exact": _numero} | vide
    if genre is None and isinstance(champ, models.BooleanField):
        return {f"{chemin}__exact": partial(_parmi, {"0", "1"})} | vide
    if genre is None and champ.choices:
        return {f"{chemin}__exact": partial(_parmi, {str(valeur) for valeur, _ in champ.flatchoices})}
    raise NotImplementedError(f"filtre de liste sans forme connue : {chemin} ({genre})")


def _parmi(valeurs: set[str], valeur: str) -> bool:
    return valeur in valeurs


def _numero(valeur: str) -> bool:
    """A page or a row of a small table, from 1."""
    return re.fullmatch(r"[1-9][0-9]{0,8}", valeur) is not None


def _tri(colonnes: int, valeur: str) -> bool:
    """Numbers of columns on display, each once, `-` for the reverse; empty when the last sort was taken away."""
    rangs = [rang.removeprefix("-") for rang in valeur.split(".")] if valeur else []
    return len(set(rangs)) == len(rangs) and set(rangs) <= {str(rang) for rang in range(colonnes)}


def _recherche(valeur: str) -> bool:
    try:
        normaliser_texte(valeur)
    except TexteIllisible:
        return False
    return len(valeur) <= RECHERCHE_LONGUEUR and "\ufffd" not in valeur


def _minuit(valeur: str) -> bool:
    """The start of a day of ours, as Django's date filter writes it."""
    try:
        quand = datetime.strptime(valeur, "%Y-%m-%d %H:%M:%S%z")
    except ValueError:
        return False
    if not 2000 <= quand.year < 2100:
        return False
    ici = timezone.localtime(quand)
    return str(ici) == valeur and (ici.hour, ici.minute, ici.second) == (0, 0, 0)
