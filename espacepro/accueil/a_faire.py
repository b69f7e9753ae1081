"""« À faire » as pages draw it: each line with the names of whom it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from django.urls import reverse
from django.utils.http import urlencode

from accounts.espace.a_faire import Ligne, Seule
from accounts.espace.a_faire import a_faire as lire_a_faire
from accounts.models import Espace
from services.models import PersonneSirenisee

A_L_ACCUEIL: Final = 5
"""Lines that the home page shows; the rest stand on their own page."""
PAR_ENTREPRISE: Final = {
    "delegations": "siren",
    "suppleants": "siren",
    "vos_habilitations": "q",
    "activer": "q",
    "demandes": "q",
}
"""The lists that a line may lead to and that can be kept to one company, and by which parameter."""


@dataclass(frozen=True)
class AFaire:
    """The lines to draw, each with whom it is for, how many wait in all, and whether one of them is a code to enter."""

    lignes: list[tuple[Ligne, str]]
    total: int
    code_attendu: bool


def noms_des_personnes(lignes: Sequence[Ligne]) -> dict[int, str]:
    """Return the names of the companies of these lines, by key: one query, none when they name none."""
    cles = {cle for ligne in lignes for cle in ligne.personnes}
    return dict(PersonneSirenisee.objects.filter(pk__in=cles).values_list("pk", "denomination")) if cles else {}


def a_montrer(lignes: Sequence[Ligne], noms: Mapping[int, str], *, nombre: int | None = None) -> AFaire:
    """Return the first of these lines, all of them without `nombre`."""
    return AFaire(
        [(ligne, ligne.pour(noms)) for ligne in lignes[:nombre]],
        len(lignes),
        any(ligne.url == reverse("activer") for ligne in lignes),
    )


def pour_l_entreprise(espace: Espace, personne: PersonneSirenisee) -> AFaire:
    """Return all that waits for this holder about one company, each link kept to it: as many queries as sources by four."""
    seule = Seule(personne.pk, personne.siren)
    lignes = [replace(ligne, url=_gardee(ligne.url, personne.siren)) for ligne in lire_a_faire(espace, seule=seule)]
    return a_montrer(lignes, {})


def _gardee(url: str, siren: str) -> str:
    """Return this address, kept to one company where its page can be."""
    lue = urlsplit(url)
    parametres = {reverse(page): parametre for page, parametre in PAR_ENTREPRISE.items()}
    if lue.path not in parametres:
        return url
    return f"{lue.path}?{urlencode([*parse_qsl(lue.query), (parametres[lue.path], siren)])}"
