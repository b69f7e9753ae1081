"""Which lines of the journal an espace is shown: what the catalogue of acts declares, as conditions of SQL."""

from collections.abc import Callable
from functools import cache, lru_cache

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In

from ..models import Evenement
from .actes import Cas, Lecteur, catalogue


def declares(predicat: Callable[[Cas], bool]) -> Q:
    """Return the condition that the declaration of a line's act, for the line's nature, is one of these."""
    generaux, particuliers = _codes(predicat, tuple(catalogue()))
    if not particuliers:
        return Q(acte__in=generaux)
    nature_dite = Coalesce(KT("details__nature"), Value(""), output_field=TextField())
    condition = Q(acte__in=generaux) & ~Q(In(nature_dite, list(particuliers)))
    for nature, siens in particuliers.items():
        condition |= Q(Exact(nature_dite, Value(nature)), acte__in=siens)
    return condition


@lru_cache(maxsize=64)
def _codes(predicat: Callable[[Cas], bool], declares: tuple[str, ...]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the acts declared so, in general and for the natures that differ; read once for each catalogue."""

    def codes(nature: str = "") -> list[str]:
        return [code for code in declares if predicat(catalogue()[code].cas(nature))]

    generaux = codes()
    natures = sorted({nature for code in declares for nature in catalogue()[code].natures})
    return generaux, {nature: codes(nature) for nature in natures if codes(nature) != generaux}


@cache
def _montre_a(lecteur: Lecteur) -> Callable[[Cas], bool]:
    return lambda cas: lecteur in cas.lecteurs


def montres(lecteur: Lecteur) -> Q:
    """Return the condition that an act is declared as shown to this reader; whose it is, the caller adds."""
    return declares(_montre_a(lecteur))


def _est_anonyme(cas: Cas) -> bool:
    return cas.anonyme


def anonymes() -> Q:
    """Return the condition that administrators are kept from whom an act is about."""
    return declares(_est_anonyme)


def du_journal_de(numero_abonne: str) -> Q:
    """Return the condition that a line is shown to this espace as its own: done on it, or by it on another's."""
    sien = Q(espace=numero_abonne) | Q(auteur=numero_abonne)
    nomme = Q(espace__in=["", numero_abonne])  # a line that names no espace is about its author's
    au_nomme, a_l_autre = _montre_a(Lecteur.DETENTEUR), _montre_a(Lecteur.AUTRE_PARTIE)
    aux_deux = declares(_les_deux(au_nomme, a_l_autre))  # what both are shown is said once
    au_seul_nomme, a_l_autre_seul = declares(_sans(au_nomme, a_l_autre)), declares(_sans(a_l_autre, au_nomme))
    return sien & (aux_deux | nomme & au_seul_nomme | ~nomme & a_l_autre_seul)


def est_de_son_journal(evenement: Evenement, numero_abonne: str) -> bool:
    """Whether this line is shown to this espace as its own: `du_journal_de`, of a line that is read already."""
    if numero_abonne not in (evenement.espace, evenement.auteur) or evenement.acte not in catalogue():
        return False
    lecteurs = catalogue()[evenement.acte].cas(evenement.details.get("nature", "")).lecteurs
    nomme = evenement.espace in ("", numero_abonne)
    return (Lecteur.DETENTEUR if nomme else Lecteur.AUTRE_PARTIE) in lecteurs


@cache
def _les_deux(un: Callable[[Cas], bool], autre: Callable[[Cas], bool]) -> Callable[[Cas], bool]:
    return lambda cas: un(cas) and autre(cas)


@cache
def _sans(un: Callable[[Cas], bool], autre: Callable[[Cas], bool]) -> Callable[[Cas], bool]:
    return lambda cas: un(cas) and not autre(cas)
