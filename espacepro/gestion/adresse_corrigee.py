"""The address of the letters, entered or withdrawn by an agent: what waits for a letter there is offered one at once."""

from typing import Final

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts.gestion.page_acte import PageActe
from activation.models import Courrier, Demande
from services.views.adresses import RetirerAdresse, SaisirAdresse

OFFERTES: Final = 5  # demandes of one company whose letter came back: beyond, the page of the company lists them


class _PuisLaLettre(PageActe):
    """Once the address has changed, offer a letter to each demande whose last one came back."""

    def dire_le_succes(self) -> str:
        """Return the success, and a link for each demande that waits."""
        demandes = Demande.objects.filter(
            personne=self.objet,
            etat=Demande.Etat.CODE_ENVOYE,
            courriers__etat=Courrier.Etat.NPAI,
            courriers__remplace_le=None,
        ).order_by("deposee_le")[:OFFERTES]
        liens = format_html_join(
            ", ",
            '<a href="{}">Envoyer une nouvelle lettre pour la demande {}</a>',
            (
                (reverse("admin:activation_demande_nouvelle-lettre", args=[demande.pk]), demande.reference)
                for demande in demandes
            ),
        )
        return format_html("{} {}", self.succes, liens) if liens else self.succes


class SaisirAdressePuisLaLettre(_PuisLaLettre, SaisirAdresse):
    """Enter the address, then send the letter that came back."""


class RetirerAdressePuisLaLettre(_PuisLaLettre, RetirerAdresse):
    """Go back to the register's address, then send the letter that came back."""
