"""Every sign-in with its context. The table is partitioned by month (migration 0002)."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.saisies.dates import jour


class Connexion(models.Model):
    """One sign-in, tried or made. `email` is kept only when no account answered to it, and then as a keyed hash."""

    class Resultat(models.TextChoices):
        REUSSIE = "REUSSIE", "réussie"
        ECHOUEE = "ECHOUEE", "échouée"
        VERROUILLEE = "VERROUILLEE", "refusée (trop d’essais)"
        VERIFICATION = "VERIFICATION", "vérification demandée"

    pk = models.CompositePrimaryKey("id", "quand")
    id = models.UUIDField()
    quand = models.DateTimeField("quand", default=timezone.now)
    compte = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="connexions"
    )
    adresse_essayee = models.CharField("empreinte de l’adresse essayée", max_length=64, blank=True)
    resultat = models.CharField("résultat", max_length=12, choices=Resultat)
    adresse_ip = models.GenericIPAddressField("adresse IP")
    reseau = models.CharField("réseau", max_length=40, blank=True)
    pays = models.CharField("pays", max_length=2, blank=True)
    navigateur = models.CharField("navigateur", max_length=60, blank=True)
    systeme = models.CharField("système", max_length=60, blank=True)
    appareil = models.CharField("appareil", max_length=60, blank=True)
    score = models.FloatField("score", null=True, blank=True)

    class Meta:
        verbose_name = "connexion"
        ordering = ["-quand"]

    def __str__(self) -> str:
        return f"{self.get_resultat_display()} le {jour(self.quand)}"
