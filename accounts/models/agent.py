"""The offices that look after companies, and the agents who work there."""

from django.conf import settings
from django.db import models

from .adresse import AdressePostale


class ServiceGestionnaire(AdressePostale):
    """A service des impôts des entreprises or the direction des grandes entreprises (CGU §4.c)."""

    class Type(models.TextChoices):
        SIE = "SIE", "service des impôts des entreprises"
        DGE = "DGE", "direction des grandes entreprises"

    code = models.CharField("code", max_length=12, unique=True)
    type = models.CharField("type", max_length=3, choices=Type)
    nom = models.CharField("nom", max_length=120)
    telephone = models.CharField("téléphone", max_length=20)
    courriel = models.EmailField("adresse électronique")
    horaires = models.CharField("horaires d’ouverture", max_length=200, blank=True)
    departements = models.CharField(
        "départements suivis", max_length=200, blank=True, help_text="Codes séparés par des espaces : 75 92 2A"
    )

    class Meta:
        verbose_name = "service gestionnaire"
        verbose_name_plural = "services gestionnaires"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.nom

    @property
    def au_service(self) -> str:
        """Return « au SIE de Paris », « à la Direction des grandes entreprises »: to whom something goes."""
        return f"{'à la' if self.type == self.Type.DGE else 'au'} {self.nom}"


class Agent(models.Model):
    """An agent of a service gestionnaire: signs in at /gestion/ with a second factor."""

    class Fonction(models.TextChoices):
        GESTIONNAIRE = "GESTIONNAIRE", "gestionnaire"
        CHEF = "CHEF", "chef de service"
        SURVEILLANCE = "SURVEILLANCE", "cellule de surveillance"
        AUDITEUR = "AUDITEUR", "auditeur"
        AUCUNE = "AUCUNE", "sans fonction"  # withdrawn: no door opens

    compte = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="agent")
    service_gestionnaire = models.ForeignKey(ServiceGestionnaire, models.PROTECT, related_name="agents")
    fonction = models.CharField("fonction", max_length=12, choices=Fonction, default=Fonction.GESTIONNAIRE)
    nom = models.CharField("nom", max_length=80)
    prenom = models.CharField("prénom", max_length=80)

    class Meta:
        verbose_name = "agent"
        ordering = ["nom", "prenom"]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def nom_signe(self) -> str:
        """Return the name that a company reads under what an agent writes: the initial of the first name, and the name."""
        return f"{self.prenom[:1]}. {self.nom}"


class CodeSecours(models.Model):
    """A hashed recovery code of a second factor, single use (style.md, Secrets and answers)."""

    compte = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="codes_secours")
    empreinte = models.CharField(max_length=64, unique=True)
    utilise_le = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "code de secours"
        verbose_name_plural = "codes de secours"

    def __str__(self) -> str:
        return f"code de secours de {self.compte}"
