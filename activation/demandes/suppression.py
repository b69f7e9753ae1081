"""What the demandes say when an espace is to be deleted (R19): those that wait are cancelled, their letters emptied."""

from datetime import datetime

from accounts.espace import suppression
from accounts.espace.suppression import Chute, Volet
from accounts.models import Agent, Espace
from accounts.traces.journal import consigner
from services.models import AdresseAttendue

from .. import actes
from ..models import AvisPostal, Courrier, CreationSimplifiee, Demande
from .depot import terminer


def chutes(espace: Espace) -> list[Chute]:
    """Return the demandes whose code would die."""
    en_cours = list(
        Demande.objects.en_cours().filter(espace=espace).select_related("personne").order_by("deposee_le", "pk")
    )
    return [
        Chute(
            titre="Demandes annulées",
            explication="Le code du courrier ne pourra plus servir, même s’il arrive plus tard.",
            nombre=len(en_cours),
            lignes=tuple(f"{d.reference} : {d.get_nature_display()}, {d.personne}" for d in en_cours),
        )
    ]


def verrouiller(espace: Espace) -> None:
    """Lock the demandes that wait, in the order of their keys."""
    list(Demande.objects.en_cours().select_for_update(no_key=True).filter(espace=espace).order_by("pk"))


def faire_tomber(espace: Espace, maintenant: datetime, auteur: Espace | Agent) -> None:
    """Cancel the demandes that wait, forget which addresses are waited for, and empty the letters whose code gave no mandate: they name the person."""
    for demande in Demande.objects.en_cours().filter(espace=espace).select_related("personne").order_by("pk"):
        terminer(demande, Demande.Etat.ANNULEE, maintenant)
        consigner(
            actes.DEMANDE_ANNULEE,
            auteur=auteur,
            espace=None if auteur is espace else espace,
            siren=demande.personne.siren,
            details={"demande": demande.reference, "nature": demande.nature},
        )
    sans_mandat = Courrier.objects.filter(demande__espace=espace).exclude(demande__etat=Demande.Etat.ACTIVEE)
    sans_mandat.exclude(contenu={}).update(contenu={})
    AvisPostal.objects.filter(espace=espace, remis_le__isnull=False).exclude(contenu={}).update(contenu={})
    CreationSimplifiee.objects.filter(espace=espace).delete()
    # In the order of the companies: each row touches the one affaire of its company, which others' rows touch too.
    for attendue in AdresseAttendue.objects.filter(espace=espace).order_by("personne"):
        attendue.delete()


def inscrire() -> None:
    """Give the accounts what this floor knows of a deletion."""
    suppression.inscrire(
        Volet(
            nom="activation",
            verrouiller=verrouiller,
            bloquants=lambda espace: [],
            chutes=chutes,
            faire_tomber=faire_tomber,
        )
    )
