"""The formats of accounts/saisies/dates.py, for every template (a built-in of the engine, espacepro/settings.py)."""

from django import template

from ..saisies import dates

register = template.Library()
for ecriture in (
    dates.jour,
    dates.jour_heure,
    dates.horodatage,
    dates.jour_en_lettres,
    dates.jour_heure_en_lettres,
    dates.en_jours,
):
    register.filter(ecriture.__name__, ecriture)
