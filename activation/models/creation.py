"""What a creation simplifiée keeps between its form and its letter."""

from django.db import models
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.adresses import LONGUEUR_ADRESSE_ENTREPRISE
from services.models import PersonneSirenisee

from .demande import Demande


class CreationSimplifiee(models.Model):
    """For which company an espace simplifié was asked, and which addresses have answered so far (CGU §2.1.a)."""

    espace = models.OneToOneField(Espace, models.CASCADE, related_name="creation_simplifiee")
    personne = models.ForeignKey(PersonneSirenisee, models.PROTECT, related_name="+")
    courriel = models.EmailField("adresse électronique de l’entreprise", max_length=LONGUEUR_ADRESSE_ENTREPRISE)
    qualite = models.CharField("qualité du demandeur", max_length=18, choices=Demande.Qualite)
    entreprise_confirmee_le = models.DateTimeField("adresse de l’entreprise confirmée le", null=True, blank=True)
    connexion_confirmee_le = models.DateTimeField("adresse de connexion confirmée le", null=True, blank=True)
    cree_le = models.DateTimeField("créée le", default=timezone.now)

    class Meta:
        verbose_name = "création simplifiée"
        verbose_name_plural = "créations simplifiées"

    def __str__(self) -> str:
        return f"création simplifiée pour {self.personne}"

    @property
    def complete(self) -> bool:
        """Whether both addresses have answered: the letter may leave."""
        return self.entreprise_confirmee_le is not None and self.connexion_confirmee_le is not None
