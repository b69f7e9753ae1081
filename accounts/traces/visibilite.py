"""Which lines of the journal an espace is shown: what the catalogue of acts declares, as conditions of SQL."""

from collections.abc import Callable

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In

from .actes import Cas, Lecteur, catalogue


def declares(predicat: Callable[[Cas], bool]) -> Q:
    """Return the condition that the declaration of a line's act, for the line's nature, is one of these."""

    def codes(nature: str = "") -> list[str]:
        return [code for code, acte in catalogue().items() if predicat(acte.cas(nature))]

    generaux = codes()
    natures = sorted({nature for acte in catalogue().values() for nature in acte.natures})
    particuliers = {nature: codes(nature) for nature in natures if codes(nature) != generaux}
    if not particuliers:
        return Q(acte__in=generaux)
    nature_dite = Coalesce(KT("details__nature"), Value(""), output_field=TextField())
    condition = Q(acte__in=generaux) & ~Q(In(nature_dite, list(particuliers)))
    for nature, siens in particuliers.items():
        condition |= Q(Exact(nature_dite, Value(nature)), acte__in=siens)
    return condition


def montres(lecteur: Lecteur) -> Q:
    """Return the condition that an act is declared as shown to this reader; whose it is, the caller adds."""
    return declares(lambda cas: lecteur in cas.lecteurs)


def du_journal_de(numero_abonne: str) -> Q:
    """Return the condition that a line is shown to this espace as its own: done on it, or by it on another's."""
    sien = Q(espace=numero_abonne) | Q(auteur=numero_abonne)
    nomme = Q(espace__in=["", numero_abonne])  # a line that names no espace is about its author's
    return sien & (nomme & montres(Lecteur.DETENTEUR) | ~nomme & montres(Lecteur.AUTRE_PARTIE))
