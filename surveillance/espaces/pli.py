"""The sealed slip that tells the holder the answer which opens the choice of a password (R16): paper, never a screen."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.documents.typst import composer_pdf, date_longue
from accounts.espace.desarmement import REMISE_VALABLE
from accounts.models import Espace, ServiceGestionnaire
from accounts.saisies.dates import jour_heure

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "pli.typ"


def composer(
    *, espace: Espace, bureau: ServiceGestionnaire, reponse: str, examiner: bool, maintenant: datetime
) -> bytes:
    """Return the slip: one sheet, folded in three so that the answer is inside, sealed on its outer face.

    `examiner`: whether « À faire » leads its holder to what was changed meanwhile.
    """
    le = timezone.localdate(maintenant)
    return composer_pdf(
        MODELE,
        {
            "date_document": le,
            "titre": "Pli confidentiel – réponse de confiance",
            "edite_le": date_longue(le),
            "jusqu_au": jour_heure(maintenant + REMISE_VALABLE),
            "destinataire": espace.nom_complet,
            "numero_abonne": espace.numero_lisible,
            "reponse": reponse,
            "examiner": examiner,
            "page": settings.SITE_URL + reverse("mot_de_passe_oublie"),
            "gestionnaire": {
                "nom": bureau.nom,
                "adresse": bureau.lignes_adresse,
                "telephone": bureau.telephone,
                "courriel": bureau.courriel,
                "horaires": "",
            },
            "demonstration": settings.DEMONSTRATION,
            "marque_etat": settings.MARQUE_ETAT,
        },
    )
