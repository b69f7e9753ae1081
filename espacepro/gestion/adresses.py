"""Where what waits is dealt with."""

from django.contrib.admin.utils import quote
from django.urls import reverse

from accounts.gestion.files import catalogue
from accounts.models import Affaire


def adresse_de(affaire: Affaire) -> str:
    """Return the page of what waits."""
    nom = catalogue()[affaire.file].modele.replace(".", "_")
    return reverse(f"admin:{nom}_change", args=[quote(affaire.cle)])
