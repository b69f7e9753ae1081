"""Handing letters over to the print shop: one PDF a batch, and its manifest (design.md §6).

In three steps, so that a run that dies is simply run again: the letters are reserved in a Remise (committed), the two
files are written under the Remise's own names (a rename makes each appear whole), then the letters are marked as
handed over. A letter is a pure function of its row, so the files written again are the same. Two runs at once are
kept apart by an advisory lock.
"""

import csv
import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Agent
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import AvisPostal, Courrier, Demande, Remise
from . import avis_postaux, feuillets
from .assemblage import Assemblage
from .edition import produire_pdf

COURRIERS_PAR_LOT = 500
COURRIERS_PAR_LOT_AU_PLUS = 5_000  # one batch is one file for the print shop, and one transaction
_VERROU = 7_203_411_958  # any number of our own: pg_try_advisory_lock
COLONNES = ("lot", "rang", "courrier", "premiere_page", "pages", "sha256", "hmac")
AUTEUR = "systeme:remettre_courriers"

Progression = Callable[[int, int], None]
"""Called after each letter with how many are done and how many there are."""


class RemiseEnCours(RegleMetier):
    code = "remise_en_cours"
    message = "Une autre remise de courriers est en train de tourner."


class RemiseDepassee(RegleMetier):
    code = "remise_depassee"
    message = "Une remise s’est achevée depuis que cette page a été ouverte : voici ce qui attend maintenant."


class RemiseInconnue(RegleMetier):
    code = "remise_inconnue"
    message = "Aucune remise achevée ne porte la référence {reference}."


@dataclass
class Lot:
    """What one batch wrote. `differents` are letters whose bytes are no longer those of the day they were made."""

    reference: str
    pdf: Path
    manifeste: Path
    courriers: int = 0
    pages: int = 0
    differents: list[str] = field(default_factory=list)


def dossier_des_remises() -> Path:
    """Return where the files of a batch are written, unless the command says otherwise."""
    return settings.ETAT / "remises"


def cle_imprimeur() -> str:
    """Return the key by which the print shop checks a manifest, in hexadecimal.

    It is derived from the server's key and tells nothing of it, nor of any code.
    """
    return hmac.new(settings.CLE_CODES.encode(), b"remise|imprimeur", hashlib.sha256).hexdigest()


def sceau(*valeurs: object) -> str:
    """Return the HMAC-SHA256 of these values joined by « | », under the print shop's key."""
    message = "|".join(map(str, valeurs)).encode()
    return hmac.new(bytes.fromhex(cle_imprimeur()), message, hashlib.sha256).hexdigest()


@contextmanager
def _seul() -> Iterator[None]:
    """Run alone. Raises: RemiseEnCours. The lock goes with the connection, so a dead run holds nothing."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_try_advisory_lock(%s)", [_VERROU])
        if not curseur.fetchone()[0]:
            raise RemiseEnCours
        try:
            yield
        finally:
            curseur.execute("SELECT pg_advisory_unlock(%s)", [_VERROU])


def a_remettre() -> QuerySet[Courrier]:
    """Return the letters that are made, still wanted, and in no batch: oldest first.

    One that tells of a code put into a mailbox is a letter like another (R8).
    """
    return (
        Courrier.objects.exclude(empreinte="")
        .filter(
            etat=Courrier.Etat.EDITE,
            remplace_le=None,
            remise=None,
            demande__etat__in=Demande.ETATS_EN_COURS,
        )
        .order_by("edite_le", "pk")
    )


def compter() -> tuple[int, Remise | None]:
    """Return how many letters wait, and the batch that an earlier run left unfinished."""
    inachevee = Remise.objects.filter(achevee_le=None).first()
    reservees = inachevee.courriers.count() + inachevee.avis_postaux.count() if inachevee else 0
    return a_remettre().count() + AvisPostal.objects.filter(remise=None).count() + reservees, inachevee


def derniere_reference() -> str:
    """Return the reference of the batch that was finished last, "" when there is none."""
    derniere = Remise.objects.exclude(achevee_le=None).order_by("-achevee_le", "-pk").first()
    return derniere.reference if derniere is not None else ""


def remettre(
    *,
    acteur: Agent | str = AUTEUR,
    dossier: Path,
    taille: int = COURRIERS_PAR_LOT,
    apres: str | None = None,
    progression: Progression | None = None,
    maintenant: datetime | None = None,
) -> Lot | None:
    """Write one batch of at most `taille` letters into `dossier` and mark them as handed over; None when none waits.

    A batch left unfinished is taken up first. `apres` is the reference of the last finished one (« » for none) that whoever asks
    has been shown: asked twice, a page hands over one batch. Raises: RemiseEnCours, RemiseDepassee, FonctionChangee, OSError.
    """
    maintenant = maintenant or timezone.now()
    with _seul():
        if apres is not None and apres != derniere_reference():
            raise RemiseDepassee
        remise = _reserver(acteur=acteur, taille=taille, maintenant=maintenant)
        if remise is None:
            return None
        lot = _ecrire(remise, dossier, remise.reference, progression)
        _achever(remise, maintenant, acteur)
        return lot


def renvoyer(
    *, acteur: Agent | str = AUTEUR, reference: str, dossier: Path, progression: Progression | None = None
) -> Lot:
    """Write the files of a finished batch again, for a print shop that lost them; no letter changes state.

    Letters that are of no more use (code entered, cancelled, replaced, expired) are left out; ranks do not change.
    Raises: RemiseInconnue, RemiseEnCours, FonctionChangee, OSError.
    """
    remise = _a_renvoyer(acteur=acteur, reference=reference)
    with _seul():
        lot = _ecrire(remise, dossier, f"{remise.reference}-renvoi", progression)
    with transaction.atomic():
        consigner(actes.REMISE_RENVOYEE, auteur=acteur, details={"remise": reference, "courriers": lot.courriers})
    return lot


@transaction.atomic
@relit_l_agent
def _a_renvoyer(*, acteur: Agent | str, reference: str) -> Remise:
    """Return this finished batch. Raises: RemiseInconnue, FonctionChangee."""
    remise = Remise.objects.filter(reference=reference).exclude(achevee_le=None).first()
    if remise is None:
        raise RemiseInconnue(reference=reference)
    return remise


@transaction.atomic
@relit_l_agent
def _reserver(*, acteur: Agent | str, taille: int, maintenant: datetime) -> Remise | None:
    """Return the unfinished batch, rid of what is no longer wanted and numbered anew, or a new one, or None."""
    remise = Remise.objects.select_for_update(no_key=True).filter(achevee_le=None).first()
    if remise is not None:
        remise.courriers.exclude(pk__in=_utiles(remise).values("pk")).update(remise=None, rang=None)
    else:
        avis = list(
            AvisPostal.objects.filter(remise=None).order_by("cree_le", "pk").values_list("pk", flat=True)[:taille]
        )
        cles = list(a_remettre().values_list("pk", flat=True)[: taille - len(avis)])
        if not cles and not avis:
            return None
        remise = Remise.objects.create(reference=_nouvelle_reference(maintenant), preparee_le=maintenant)
        a_remettre().filter(pk__in=cles).update(remise=remise)
        AvisPostal.objects.filter(pk__in=avis, remise=None).update(remise=remise)
    cles = list(remise.courriers.order_by("edite_le", "pk").values_list("pk", flat=True))
    remise.courriers.update(rang=None)  # the ranks are unique: free them before dealing them out
    for rangs in batched(enumerate(cles, start=1), 500):
        Courrier.objects.bulk_update([Courrier(pk=cle, rang=rang) for rang, cle in rangs], ["rang"])
    avis_du_lot = list(remise.avis_postaux.order_by("cree_le", "pk").values_list("pk", flat=True))
    remise.avis_postaux.update(rang=None)
    for rang, cle in enumerate(avis_du_lot, start=len(cles) + 1):  # after the letters
        AvisPostal.objects.filter(pk=cle).update(rang=rang)
    return remise


def _nouvelle_reference(maintenant: datetime) -> str:
    """Return `R-20261123-01`: the day, and the batch's number in it."""
    jour = f"R-{timezone.localdate(maintenant):%Y%m%d}-"
    return f"{jour}{Remise.objects.filter(reference__startswith=jour).count() + 1:02d}"


def _utiles(remise: Remise) -> QuerySet[Courrier]:
    return remise.courriers.filter(
        etat__in=[Courrier.Etat.EDITE, Courrier.Etat.REMIS],
        remplace_le=None,
        demande__etat__in=Demande.ETATS_EN_COURS,
    )


def _ecrire(remise: Remise, dossier: Path, nom: str, progression: Progression | None) -> Lot:
    """Write the PDF and the manifest, letter by letter; each appears whole, the PDF first, readable by its owner alone.

    They carry codes. Memory does not grow with the letters.
    """
    dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    lot = Lot(remise.reference, dossier / f"{nom}.pdf", dossier / f"{nom}.csv")
    courriers = _utiles(remise).select_related("demande").order_by("rang")
    avis = remise.avis_postaux.exclude(contenu={}).order_by("rang")  # one that was emptied says nothing any more
    total = courriers.count() + avis.count()
    with _poser(lot.manifeste) as manifeste, _poser(lot.pdf) as pdf:
        document, lignes = Assemblage(pdf.ecrire), csv.writer(manifeste, delimiter=";", lineterminator="\r\n")
        lignes.writerow(COLONNES)

        def inscrire(envoi: Courrier | AvisPostal, lettre: bytes) -> str:
            empreinte = hashlib.sha256(lettre).hexdigest()
            pages = document.ajouter(lettre)
            ligne = (remise.reference, envoi.rang, str(envoi), lot.pages + 1, pages, empreinte)
            lignes.writerow([*ligne, sceau(*ligne)])
            lot.pages += pages
            lot.courriers += 1
            if progression is not None:
                progression(lot.courriers, total)
            return empreinte

        for courrier in courriers.iterator(chunk_size=100):
            if inscrire(courrier, feuillets.relire(courrier) or produire_pdf(courrier)) != courrier.empreinte:
                lot.differents.append(str(courrier))
        for sans_code in avis:
            inscrire(sans_code, avis_postaux.produire(sans_code))
        document.finir()
        fin = (remise.reference, "TOTAL", lot.courriers, "", lot.pages, pdf.empreinte())
        lignes.writerow([*fin, sceau(*fin, manifeste.empreinte())])
    return lot


class _Fichier:
    """A file under way, and the SHA-256 of what was written into it so far."""

    def __init__(self, flux: BinaryIO) -> None:
        self._flux, self._hachage = flux, hashlib.sha256()

    def ecrire(self, octets: bytes) -> None:
        self._flux.write(octets)
        self._hachage.update(octets)

    def write(self, texte: str) -> None:
        """What `csv.writer` calls."""
        self.ecrire(texte.encode())

    def empreinte(self) -> str:
        return self._hachage.hexdigest()


@contextmanager
def _poser(fichier: Path) -> Iterator[_Fichier]:
    """Write a file so that it is either absent or whole, even across a power cut."""
    provisoire = fichier.with_name(f".{fichier.name}.partiel")
    provisoire.unlink(missing_ok=True)
    with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as flux:
        yield _Fichier(flux)
        flux.flush()
        os.fsync(flux.fileno())
    provisoire.rename(fichier)


@transaction.atomic
def _achever(remise: Remise, maintenant: datetime, auteur: Agent | str) -> None:
    """Mark the letters as handed over, in the order of their demandes' locks, and close the batch."""
    list(
        Demande.objects.select_for_update(no_key=True, of=("self",))
        .filter(courriers__remise=remise)
        .order_by("pk")
        .values_list("pk")
    )
    edites = remise.courriers.filter(etat=Courrier.Etat.EDITE)
    nombre = 0
    for courrier in (
        edites.select_related("demande__espace", "demande__personne").defer("contenu").order_by("rang").iterator(200)
    ):
        nombre += 1
        consigner(
            actes.COURRIER_REMIS,
            auteur=auteur,
            espace=courrier.demande.espace,
            siren=courrier.demande.personne.siren,
            details={"demande": courrier.demande.reference, "numero": courrier.numero, "remise": remise.reference},
        )
    edites.update(etat=Courrier.Etat.REMIS, remis_le=maintenant)
    for avis in remise.avis_postaux.select_related("espace").order_by("rang"):
        nombre += 1
        consigner(
            actes.AVIS_POSTAL_REMIS,
            auteur=auteur,
            espace=avis.espace,
            details={"reference": avis.reference, "remise": remise.reference},
        )
    remise.avis_postaux.update(remis_le=maintenant)
    remise.achevee_le = maintenant
    remise.save(update_fields=["achevee_le"])
    feuillets.oublier(a_remettre())
    consigner(actes.REMISE_ACHEVEE, auteur=auteur, details={"remise": remise.reference, "courriers": nombre})
