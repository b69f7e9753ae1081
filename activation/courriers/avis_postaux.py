"""The letters without a code: what the portal tells the holder of an espace by post, where his mailbox is in doubt (R15)."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.documents.typst import composer_pdf, date_longue
from accounts.models import AdressePostale, Espace, ServiceGestionnaire
from services.adresses.envoi import AdresseEnvoi, adresse_du_courrier, est_distribuable
from services.models import PersonneSirenisee

from ..models import AvisPostal
from . import code128
from .codes import ALPHABET
from .enveloppe import Adresse, composer

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "information.typ"


def adresse_de_l_espace(espace: Espace) -> AdressePostale | AdresseEnvoi | None:
    """Return where a letter to this person goes: the address of the espace, else the organisation's."""
    if est_distribuable(espace):
        return espace
    if not espace.siren_appartenance:
        return None
    organisation = PersonneSirenisee.objects.filter(siren=espace.siren_appartenance).first()
    return None if organisation is None else adresse_du_courrier(organisation)


def deposer_avis(
    *,
    espace: Espace,
    adresse: AdressePostale | AdresseEnvoi,
    bureau: ServiceGestionnaire,
    titre: str,
    paragraphes: Sequence[str],
    maintenant: datetime,
) -> AvisPostal:
    """Write a letter to the holder, in the transaction of its act; it leaves with the next batch (activation/courriers/remise.py)."""
    le = timezone.localdate(maintenant)
    organisation = "" if isinstance(adresse, Espace) else _nom(espace.siren_appartenance)
    return AvisPostal.objects.create(
        espace=espace,
        reference=f"S-{le:%Y}-{''.join(secrets.choice(ALPHABET) for _ in range(8))}",
        cree_le=maintenant,
        contenu={
            "titre": titre,
            "paragraphes": list(paragraphes),
            "edite_le": le.isoformat(),
            "destinataire": espace.nom_complet,
            "organisation": organisation,
            "enveloppe": {
                "complement": adresse.complement,
                "voie": adresse.voie,
                "distribution": adresse.distribution,
                "localite": f"{adresse.code_postal} {adresse.commune}".strip(),
                "pays": adresse.pays,
            },
            "numero_abonne": espace.numero_lisible,
            "gestionnaire": {
                "nom": bureau.nom,
                "adresse": bureau.lignes_adresse,
                "telephone": bureau.telephone,
                "courriel": bureau.courriel,
                "horaires": "",
            },
        },
    )


def _nom(siren: str) -> str:
    return PersonneSirenisee.objects.filter(siren=siren).values_list("denomination", flat=True).first() or ""


def produire(avis: AvisPostal) -> bytes:
    """Return the PDF of this letter: the same bytes each time."""
    contenu: dict[str, Any] = avis.contenu
    le = parse_date(contenu["edite_le"])
    assert le is not None  # noqa: S101 - written by deposer_avis
    return composer_pdf(
        MODELE,
        {
            "date_document": le,
            "edite_le": date_longue(le),
            "titre": contenu["titre"],
            "reference": avis.reference,
            "numero": 1,
            "code_barres": code128.dessiner(avis.reference),
            "bloc_adresse": composer(
                destinataire=contenu["organisation"] or contenu["destinataire"],
                representant="",
                adresse=Adresse(**contenu["enveloppe"]),
                mention=f"à l’attention de {contenu['destinataire']}" if contenu["organisation"] else "",
            ),
            "destinataire": contenu["destinataire"],
            "numero_abonne": contenu["numero_abonne"],
            "paragraphes": contenu["paragraphes"],
            "gestionnaire": contenu["gestionnaire"],
            "site_url": settings.SITE_URL,
            "demonstration": settings.DEMONSTRATION,
            "marque_etat": settings.MARQUE_ETAT,
        },
    )
