"""The queues of the alerts, one for each gravity: the gravest first, in each the oldest (accounts/gestion/files.py)."""

from datetime import timedelta
from typing import Final

from accounts.gestion.files import File
from accounts.gestion.fonctions import SURVEILLANCE

MODELE: Final = "surveillance.alerte"
FILES: Final = (
    File(
        code="ALERTE_GRAVE",
        libelle="Alertes graves",
        singulier="Alerte grave",
        modele=MODELE,
        retard=timedelta(hours=1),  # somebody may be inside
        rang=1,
        fonctions=SURVEILLANCE,
    ),
    File(
        code="ALERTE_MOYENNE",
        libelle="Alertes de gravité moyenne",
        singulier="Alerte de gravité moyenne",
        modele=MODELE,
        retard=timedelta(days=1),
        rang=2,
        fonctions=SURVEILLANCE,
    ),
    File(
        code="ALERTE_INFO",
        libelle="Alertes pour information",
        singulier="Alerte pour information",
        modele=MODELE,
        retard=timedelta(days=7),
        rang=3,
        fonctions=SURVEILLANCE,
    ),
)
