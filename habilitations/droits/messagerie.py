"""Whose mailboxes one reads, and who reads a mailbox: by the Messagerie that one holds (CGU §2.3)."""

from django.utils import timezone

from accounts.models import Espace
from services.models import PersonneSirenisee, Service

from ..models import Habilitation
from .backends import donnant
from .question import roles_tenus_de_la_famille
from .roles import LIRE_MESSAGERIE, permissions_de, roles_pour


def lecteurs_de_la_messagerie(personne: PersonneSirenisee) -> list[Espace]:
    """Return the active espaces that may read the mailbox of this personne today, with their account: one query."""
    leurs = Habilitation.objects.actives().filter(
        personne=personne, service__famille=Service.Famille.MESSAGERIE, role__in=roles_pour(LIRE_MESSAGERIE)
    )
    return list(
        Espace.objects.filter(pk__in=leurs.values("espace"), etat=Espace.Etat.ACTIF)
        .select_related("compte")
        .order_by("nom", "prenom", "pk")
    )


def messageries_de(espace: Espace) -> list[int]:
    """Return the keys of the personnes whose mailbox this espace may read today: one query."""
    if not espace.est_actif:
        return []
    tenues = roles_tenus_de_la_famille(espace.pk, Service.Famille.MESSAGERIE, jour=timezone.localdate())
    return list({personne for personne, _, role in tenues if LIRE_MESSAGERIE in permissions_de(role)})


def retenir_la_messagerie(espace: Espace, personne: PersonneSirenisee) -> None:
    """Lock the rights by which this espace reads this mailbox today: they end after the transaction, not within it."""
    siennes = donnant(LIRE_MESSAGERIE, espace).filter(personne=personne, service__famille=Service.Famille.MESSAGERIE)
    list(siennes.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
