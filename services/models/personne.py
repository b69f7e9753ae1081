"""The company, association or public body on whose behalf one acts."""

from django.db import models
from django.db.models import Q
from stdnum.fr import siren as stdnum_siren

from accounts.models import AdressePostale, ServiceGestionnaire
from accounts.saisies.adresses import LONGUEUR_ADRESSE_ENTREPRISE


class Categorie(models.TextChoices):
    """The four kinds of personne sirénisée (CGU §1)."""

    ENTREPRISE = "ENTREPRISE", "entreprise"
    ASSOCIATION = "ASSOCIATION", "association"
    COLLECTIVITE = "COLLECTIVITE", "collectivité locale"
    ETABLISSEMENT_PUBLIC = "ETABLISSEMENT_PUBLIC", "établissement public"


class PersonneSirenisee(AdressePostale):
    """An entity identified by a SIREN, or by an IDSP given by its service gestionnaire until INSEE has answered."""

    siren = models.CharField("SIREN ou IDSP", max_length=9, unique=True)
    provisoire = models.BooleanField("identifiant provisoire (IDSP)", default=False)
    denomination = models.CharField("dénomination", max_length=300)
    categorie = models.CharField("catégorie", max_length=20, choices=Categorie)
    categorie_juridique = models.CharField("catégorie juridique (INSEE)", max_length=4, blank=True)
    # Who is on record (RepresentantLegal), repeated for letters and for the import; "" where nobody is.
    representant_legal = models.CharField("représentant légal", max_length=160, blank=True)
    representant_source = models.CharField("source du représentant légal", max_length=7, blank=True)
    service_gestionnaire = models.ForeignKey(
        ServiceGestionnaire,
        models.PROTECT,
        related_name="personnes",
        verbose_name="service gestionnaire",
        db_index=False,
    )
    courriel = models.EmailField(
        "adresse électronique de l’entreprise", max_length=LONGUEUR_ADRESSE_ENTREPRISE, blank=True
    )
    active = models.BooleanField("en activité", default=True, help_text="Ce que dit le registre.")
    cessation_contestee_le = models.DateTimeField(
        "activité constatée malgré le registre le", null=True, blank=True, editable=False
    )
    restreinte_le = models.DateTimeField("droits réduits à la consultation le", null=True, blank=True, editable=False)
    cree_le = models.DateTimeField("créée le", auto_now_add=True)
    modifiee_le = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "personne sirénisée"
        verbose_name_plural = "personnes sirénisées"
        ordering = ["denomination", "siren"]
        constraints = [
            models.CheckConstraint(
                condition=Q(provisoire=True, siren__regex=r"^[0-9A-Z]{9}$")
                | Q(provisoire=False, siren__regex=r"^[0-9]{9}$"),
                name="personne_siren_forme",
                violation_error_message="Un SIREN compte neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(categorie__in=Categorie.values),
                name="personne_categorie",
                violation_error_message="Cette catégorie n’existe pas.",
            ),
        ]
        indexes = [
            models.Index(fields=["service_gestionnaire", "denomination"]),
            models.Index(fields=["denomination", "siren"], name="personne_par_nom"),
            models.Index(fields=["service_gestionnaire"], condition=Q(provisoire=True), name="personne_provisoire"),
        ]

    def __str__(self) -> str:
        return f"{self.denomination} ({self.siren_lisible})"

    @property
    def admet_de_nouveaux_droits(self) -> bool:
        """Whether a service may be opened or granted for it: the register says so, or an agent who knows better."""
        return self.active or self.cessation_contestee_le is not None

    @property
    def siren_lisible(self) -> str:
        """The identifier in groups of three: `552 032 534`."""
        return stdnum_siren.format(self.siren)
