"""Long lists as workbooks: asked for, made by a worker, kept a day for whoever asked (issue 11 item 2)."""

import contextlib
import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.envois.relais import traiter, vider
from accounts.envois.reveil import reveiller
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier

from ..arbre import avis
from ..arbre.lots import verrouiller_acteur
from ..models import Export
from ..models.export import GARDE
from ..tableurs.ecriture import Feuille, ecrire_xlsx
from .export import COLONNES, TITRE, Liste, consigner_export, rangees

TACHE: Final = "habilitations.fabriquer_export"
GARDES: Final = 5  # files of one espace at once
EN_MEMOIRE: Final = 2_000_000
AVANCEMENT: Final = 3600  # seconds that Redis keeps how far a file is


class TropDeFichiers(RegleMetier):
    code = "trop_de_fichiers"
    message = (
        "Vous avez demandé {limite} fichiers en 24 heures : téléchargez-les, ou attendez pour en demander un autre."
    )


class FichierPerime(RegleMetier):
    code = "fichier_perime"
    message = "Ce fichier n’est plus gardé : demandez-le de nouveau."


@dataclass(frozen=True)
class Avancement:
    """How far a file is: rows written of rows in all; zero of zero while nobody has begun, or Redis does not say."""

    faites: int = 0
    total: int = 0


@transaction.atomic
def demander_export(*, acteur: Espace, liste: Liste, maintenant: datetime | None = None) -> Export:
    """Ask for this list as a workbook and return the request; the same list still to be made is not asked for twice.

    Raises: ActeurNonActif, TropDeFichiers.
    """
    maintenant = maintenant or timezone.now()
    acteur = verrouiller_acteur(acteur)
    gardes = list(Export.objects.filter(espace=acteur, cree_le__gt=maintenant - GARDE).defer("contenu"))
    for export in gardes:
        if Liste.depuis_json(export.liste) == liste and export.traite_le is None and export.ecarte_le is None:
            return export
    if len(gardes) >= GARDES:
        raise TropDeFichiers(limite=GARDES)
    export = Export.objects.create(
        espace=acteur, liste=liste.en_json(), cree_le=maintenant, prochain_essai_le=maintenant
    )
    reveiller(TACHE, export.pk)
    return export


def livrer(export: Export) -> str:
    """Make the file of this request, with what its espace sees now, and mail that it is ready; return what became of it."""
    espace = Espace.objects.select_related("compte").get(pk=export.espace_id)
    if not espace.est_actif or espace.compte is None:
        return "espace non actif : aucun fichier"
    liste = Liste.depuis_json(export.liste)
    total = liste.habilitations(espace).count()
    with tempfile.SpooledTemporaryFile(max_size=EN_MEMOIRE) as sortie:
        feuille = Feuille(TITRE, COLONNES, rangees(liste, espace))
        ecrire_xlsx(sortie, feuille, avancer=lambda faites: _noter(export, Avancement(faites, total)))
        sortie.seek(0)
        export.contenu = sortie.read()
    export.lignes = total
    export.save(update_fields=["contenu", "lignes"])
    consigner_export(acteur=espace, liste=liste, format_="xlsx", nombre=total)
    avis.ecrire(
        "export_pret",
        espace=espace,
        acte=f"export:{export.pk}",
        chemin=reverse("export", args=[export.pk]),
        lignes=total,
        garde_jusqu_au=jour_heure(export.cree_le + GARDE),
    )
    return f"{total} lignes"


def fabriquer(cle: str) -> bool:
    """Make the file of this id, once. Return whether it was made now."""
    return traiter(Export, cle, livrer)


def fabriquer_en_attente(nombre: int = 2) -> int:
    """Sweep of the requests: make what is due and return how many were made."""
    return vider(Export, livrer, nombre)


def avancement(export: Export) -> Avancement:
    """Return how far this file is. Redis alone knows it, and may have forgotten."""
    with contextlib.suppress(RedisError, OSError):
        return Avancement(*cache.get(_cle(export), (0, 0)))
    return Avancement()


def contenu_de(export: Export, *, maintenant: datetime | None = None) -> bytes:
    """Return the file. Raises: FichierPerime when its day is over, or when it was never made."""
    if export.contenu is None or est_perime(export, maintenant=maintenant):
        raise FichierPerime
    return bytes(export.contenu)


def est_perime(export: Export, *, maintenant: datetime | None = None) -> bool:
    """Whether the day of this file is over; the purge of the night erases it."""
    return export.cree_le + GARDE <= (maintenant or timezone.now())


def _cle(export: Export) -> str:
    return f"export:{export.pk}"


def _noter(export: Export, avancee: Avancement) -> None:
    with contextlib.suppress(RedisError, OSError):
        cache.set(_cle(export), (avancee.faites, avancee.total), AVANCEMENT)
