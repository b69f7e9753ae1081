"""The demandes that an espace deposited before it was disabled: cancelled, their codes die (R15). Older ones wait for its holder."""

from datetime import datetime

from accounts.espace import arrets
from accounts.espace.arrets import Arret, Changement, Effet, Memoire, Volet
from accounts.models import Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import Demande
from .depot import terminer
from .suppression import verrouiller


def _deposees(espace: Espace, depuis: datetime) -> list[Demande]:
    siennes = Demande.objects.en_cours().filter(espace=espace, deposee_le__gte=depuis)
    return list(
        siennes.exclude(nature=Demande.Nature.CREATION_SIMPLIFIEE)
        .select_related("personne")
        .order_by("deposee_le", "pk")
    )


def _ligne(demande: Demande) -> str:
    return f"{demande.reference} : {demande.get_nature_display()}, {demande.personne}"


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    return [
        Effet(
            titre="Demandes déposées depuis, annulées : leur code ne vaudra plus rien",
            lignes=tuple(map(_ligne, _deposees(espace, depuis))),
        )
    ]


def _arreter(arret: Arret) -> Memoire:
    annulees = _deposees(arret.espace, arret.depuis)
    for demande in annulees:
        terminer(demande, Demande.Etat.ANNULEE, arret.maintenant)
        consigner(
            actes.DEMANDE_ANNULEE,
            auteur=arret.auteur,
            espace=arret.espace,
            siren=demande.personne.siren,
            details={"demande": demande.reference, "nature": demande.nature},
        )
    return {
        "annulees": [str(demande.pk) for demande in annulees],
        "references": [_ligne(demande) for demande in annulees],
    }


def _changements(espace: Espace, depuis: datetime, memoire: Memoire) -> list[Changement]:
    """Return what was cancelled, to be deposited again if it was the holder's: nothing to undo."""
    annulees = Demande.objects.filter(pk__in=memoire.get("annulees", [])).select_related("personne")
    return [
        Changement(
            cle=str(demande.pk),
            titre="Demande annulée",
            precision=f"{_ligne(demande)}. Si elle était de vous, déposez-la de nouveau.",
            quand="",
            defaisable=False,
        )
        for demande in annulees.order_by("deposee_le", "pk")
    ]


def inscrire() -> None:
    """Give the disablings what this floor knows: demandes whose code could still open something."""
    arrets.inscrire(
        Volet(
            nom="activation",
            verrouiller=verrouiller,
            prevoir=_prevoir,
            arreter=_arreter,
            changements=_changements,
        )
    )
