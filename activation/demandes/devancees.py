"""Creations simplifiées that another code has made pointless: the first one wins, the others are told (design.md §8)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.traces.journal import consigner
from habilitations.models import Adhesion

from .. import actes
from ..models import Demande, LigneDemande
from .depot import prevenir, terminer, verrouiller


def devancee(demande: Demande) -> bool:
    """Whether nothing of what this creation asks for is free any more."""
    return demande.nature == Demande.Nature.CREATION_SIMPLIFIEE and not _libres().filter(demande=demande).exists()


def _libres() -> QuerySet[LigneDemande]:
    ouverte = Adhesion.objects.ouvertes().filter(personne=OuterRef("demande__personne"), service=OuterRef("service"))
    return LigneDemande.objects.filter(~Exists(ouverte))


def ecarter_devancees(
    *,
    acteur: str = "systeme:ecarter_devancees",
    personne: int | None = None,
    maintenant: datetime | None = None,
    nombre: int = 500,
) -> int:
    """End the creations whose services others have all opened, of one personne or of all; return how many.

    At most `nombre` a run, each in a transaction of its own: it locks the espace that it ends.
    """
    maintenant = maintenant or timezone.now()
    demandes = Demande.objects.en_cours().filter(
        ~Exists(_libres().filter(demande=OuterRef("pk"))), nature=Demande.Nature.CREATION_SIMPLIFIEE
    )
    if personne is not None:
        demandes = demandes.filter(personne=personne)
    cles = list(demandes.values_list("pk", flat=True)[:nombre])
    return chacun("creations_devancees", cles, lambda cle: _ecarter(cle, acteur, maintenant))


def _ecarter(cle: UUID, acteur: str, maintenant: datetime) -> bool:
    demande = verrouiller(Demande.objects.get(pk=cle))
    if not demande.est_en_cours or not devancee(demande):
        return False
    consigner(
        actes.DEMANDE_DEVANCEE,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "creation_devancee", "devancee")
    terminer(demande, Demande.Etat.ANNULEE, maintenant)
    return True
