"""The postal address of a person, a company or an office."""

from django.db import models


class AdressePostale(models.Model):
    """Columns of a French postal address (AFNOR NF Z 10-011), shared by everything that receives post."""

    complement = models.CharField("complément d’adresse", max_length=120, blank=True)
    voie = models.CharField("numéro et voie", max_length=120, blank=True)
    distribution = models.CharField("boîte postale, lieu-dit", max_length=120, blank=True)
    code_postal = models.CharField("code postal", max_length=10, blank=True)
    commune = models.CharField("commune", max_length=120, blank=True)
    pays = models.CharField("pays", max_length=80, blank=True)

    class Meta:
        abstract = True

    @property
    def lignes_adresse(self) -> list[str]:
        """The lines below the addressee's name, in the order of the envelope, without the empty ones."""
        localite = f"{self.code_postal} {self.commune}".strip()
        return [
            ligne
            for ligne in (self.complement, self.voie, self.distribution, localite, self.pays)
            if ligne and ligne.upper() != "FRANCE"
        ]
