"""The answers of the banks, by a documented CSV that an operator gives (docs/exploitation.md): which debits an account accepts.

One line a mandate and kind of debit, one transaction each. The same file again changes nothing; an answer older than the
one that is known is ignored.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.saisies.porte import TexteIllisible, serrer
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import PersonneSirenisee, ReferenceBancaire
from ..models.banque import CLOS
from .avis import prevenir_de_la_reponse

COLONNES: Final = ("rum", "prelevement", "etat", "motif", "date")
PRELEVEMENTS: Final = {"CORE": ("core", "CORE"), "B2B": ("b2b", "interentreprises (B2B)")}
ETATS: Final = {"VALIDE": ReferenceBancaire.Etat.VALIDE, "REFUSE": ReferenceBancaire.Etat.REFUSE}
LU: Final = 40  # letters of a cell that is refused, given back to who reads why
MOTIF: Final = re.compile(r"[A-Z]{2}[0-9]{2}")
# ISO 20022, ExternalStatusReason1Code: those that a debtor's bank gives for a mandate, in words.
MOTIFS: Final = {
    "AC01": "numéro de compte inexact",
    CLOS: "compte clos",
    "AC06": "compte bloqué",
    "AC13": "compte de particulier : le prélèvement interentreprises n’y est pas admis",
    "AG01": "prélèvement interdit sur ce compte",
    "BE05": "créancier inconnu",
    "MD01": "aucun mandat enregistré par la banque",
    "MD02": "mandat incomplet ou inexact",
    "MD07": "titulaire décédé",
    "MS02": "refus du titulaire",
    "MS03": "motif non précisé par la banque",
    "SL01": "service propre à la banque",
}


A_REMETTRE_DE_NOUVEAU: Final = frozenset({"MD01", "MD02"})
"""Reasons for which the bank waits for the mandate anew: what was ticked before its answer is ticked no more (R20)."""


SANS_SUITE: Final = ("AC01", "AC13")
"""Reasons for which no mandate makes the account serve; CLOS neither, as long as the bank says it."""
REMETTRE: Final = "éditez le mandat et remettez-le de nouveau à votre banque, daté et signé"
_DEMANDER: Final = "demandez à votre banque ce qu’elle attend ; un autre compte peut servir d’ici là"
SUITES_DU_REFUS: Final = {
    **dict.fromkeys(A_REMETTRE_DE_NOUVEAU, REMETTRE),
    **dict.fromkeys((*SANS_SUITE, CLOS), "ajoutez un autre compte"),
}
"""What a company does of a mandate refused for these reasons."""


def suite_du_refus(motif: str, *, mandat: bool = True) -> str:
    """Return what a company does of a debit that its bank refused for this reason; `mandat`: whether one is handed over for it."""
    suite = SUITES_DU_REFUS.get(motif, _DEMANDER)
    return suite if mandat or suite != REMETTRE else _DEMANDER


class ReponsesIllisibles(RegleMetier):
    code = "reponses_illisibles"
    message = "Fichier illisible : {pourquoi}"


@dataclass(frozen=True)
class Reponse:
    """One line: what the bank of this mandate says of one kind of debit."""

    rum: str
    prelevement: str
    etat: str
    motif: str
    le: date


type Connue = tuple[str, str, date | None]
"""What is known of one kind of debit: state, reason, day."""
type Dites = dict[tuple[str, str], Connue]
"""The same by mandate and kind of debit."""


@dataclass(frozen=True)
class RejetReponse:
    """A line that was not taken, and why; its number counts from the header's."""

    ligne: int
    pourquoi: str


@dataclass
class BilanReponses:
    """What a run did, in lines of its file."""

    enregistrees: int = 0
    inchangees: int = 0
    rejetees: int = 0


class LigneRefusee(ValueError):
    """This line cannot be taken; its text says why."""


def motif_lisible(motif: str) -> str:
    """Return a reason of the bank in words, with its code."""
    return f"{MOTIFS[motif]} ({motif})" if motif in MOTIFS else motif


def enregistrer_reponses(
    *, acteur: str, fichier: Path, sur_rejet: Callable[[RejetReponse], None], a_blanc: bool = False
) -> BilanReponses:
    """Record each answer of this file, one transaction each, and tell the administrators; with `a_blanc`, write nothing.

    Raises: ReponsesIllisibles.
    """
    bilan = BilanReponses()
    dites: Dites | None = {} if a_blanc else None
    for numero, ligne in _lignes(fichier):
        try:
            changee = enregistrer_reponse(acteur=acteur, reponse=_lire(ligne), a_blanc=dites)
        except LigneRefusee as refus:
            bilan.rejetees += 1
            sur_rejet(RejetReponse(numero, str(refus)))
            continue
        bilan.enregistrees += changee
        bilan.inchangees += not changee
    return bilan


@transaction.atomic
def enregistrer_reponse(
    *, acteur: str, reponse: Reponse, a_blanc: Dites | None = None, maintenant: datetime | None = None
) -> bool:
    """Record what the bank says of this mandate; return whether anything changed. Raises: LigneRefusee.

    With `a_blanc` nothing is written but there: what the lines before it would have written, by mandate and kind of debit.
    """
    maintenant = maintenant or timezone.now()
    trouvee = ReferenceBancaire.objects.filter(mandat__rum=reponse.rum).values_list("personne", flat=True).first()
    if trouvee is None:
        raise LigneRefusee("aucun mandat ne porte cette RUM")
    personne = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=trouvee)
    )
    reference = (
        ReferenceBancaire.objects.select_for_update(no_key=True, of=("self",))
        .select_related("mandat")
        .get(mandat__rum=reponse.rum)
    )
    reference.personne = personne
    if reponse.le < timezone.localdate(reference.ajoutee_le):
        raise LigneRefusee("la réponse est plus ancienne que le compte")
    if reponse.le > timezone.localdate(maintenant):
        raise LigneRefusee("la date de la réponse est à venir")
    genre, libelle = PRELEVEMENTS[reponse.prelevement]
    connue = (
        getattr(reference, f"etat_{genre}"),
        getattr(reference, f"{genre}_motif"),
        getattr(reference, f"{genre}_le"),
    )
    if a_blanc is not None:
        connue = a_blanc.get((reponse.rum, genre), connue)
    if not _est_nouvelle(reponse, connue):
        return False
    if a_blanc is not None:
        a_blanc[reponse.rum, genre] = (reponse.etat, reponse.motif, reponse.le)
        return True
    champs = {f"etat_{genre}": reponse.etat, f"{genre}_motif": reponse.motif, f"{genre}_le": reponse.le}
    for nom, valeur in champs.items():
        setattr(reference, nom, valeur)
    reference.save(update_fields=list(champs))
    mandat = reference.mandat
    refuse = reponse.etat == ReferenceBancaire.Etat.REFUSE and reponse.motif in A_REMETTRE_DE_NOUVEAU
    if genre == "b2b" and refuse and mandat.remis_le is not None and mandat.remis_le <= reponse.le:
        mandat.remis_le = None
        mandat.save(update_fields=["remis_le"])
        consigner(
            actes.MANDAT_SEPA_REMISE_ANNULEE,
            auteur=acteur,
            siren=personne.siren,
            details={"compte": reference.iban_masque},
        )
    consigner(
        actes.COMPTE_BANCAIRE_REPONSE,
        auteur=acteur,
        siren=personne.siren,
        details={
            "compte": reference.iban_masque,
            "prelevement": reponse.prelevement,
            "etat": ReferenceBancaire.Etat(reponse.etat).label,
            "motif": reponse.motif,
        },
    )
    if reference.supprimee_le is None:
        prevenir_de_la_reponse(
            reference,
            prelevement=libelle,
            reponse=str(ReferenceBancaire.Etat(reponse.etat).label),
            motif=motif_lisible(reponse.motif),
            suite=suite_du_refus(reponse.motif, mandat=genre == "b2b") if reponse.motif else "",
            acte=f"compte-bancaire-reponse:{reference.pk}:{genre}:{reponse.le:%Y%m%d}:{reponse.etat}:{reponse.motif}",
            maintenant=maintenant,
        )
    return True


def _est_nouvelle(reponse: Reponse, connue: Connue) -> bool:
    """Whether this answer is neither what is known nor older. Raises: LigneRefusee (another of the same day)."""
    if connue == (reponse.etat, reponse.motif, reponse.le) or (connue[2] is not None and reponse.le < connue[2]):
        return False
    if reponse.le == connue[2]:
        raise LigneRefusee(
            "une autre réponse du même jour est déjà enregistrée : le fichier suivant dira laquelle vaut"
        )
    return True


def _lignes(fichier: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line of the file with its number. Raises: ReponsesIllisibles."""
    try:
        texte = fichier.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as erreur:
        raise ReponsesIllisibles(
            pourquoi=f"{fichier.name} n’est pas un texte en UTF-8 que l’on peut ouvrir"
        ) from erreur
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=";")
    try:
        lignes = [(lecteur.line_num, cellules) for cellules in lecteur]
    except csv.Error as erreur:
        raise ReponsesIllisibles(pourquoi=f"à la ligne {lecteur.line_num}, une cellule n’a pas de fin") from erreur
    entete = [nom.strip().lower() for nom in lignes[0][1]] if lignes else []
    if manquent := [nom for nom in COLONNES if nom not in entete]:
        raise ReponsesIllisibles(pourquoi=f"il y manque {', '.join(manquent)} (séparateur : point-virgule)")
    for numero, cellules in lignes[1:]:
        if any(cellule.strip() for cellule in cellules):
            yield numero, dict(zip(entete, [*cellules, *[""] * len(entete)], strict=False))


def _lire(ligne: dict[str, str]) -> Reponse:
    """Return the answer that this line holds. Raises: LigneRefusee."""
    try:
        lues = {nom: serrer(ligne[nom]).upper() for nom in COLONNES if nom != "date"}
        le = date.fromisoformat(ligne["date"].strip())
    except TexteIllisible as erreur:
        raise LigneRefusee(str(erreur)) from erreur
    except ValueError as erreur:
        raise LigneRefusee(f"« {ligne['date'].strip()[:LU]} » : une date s’écrit 2027-03-01") from erreur
    if lues["prelevement"] not in PRELEVEMENTS:
        raise LigneRefusee(f"« {lues['prelevement'][:LU]} » : le prélèvement est {' ou '.join(PRELEVEMENTS)}")
    if lues["etat"] not in ETATS:
        raise LigneRefusee(f"« {lues['etat'][:LU]} » : l’état est {' ou '.join(ETATS)}")
    if lues["etat"] == "VALIDE" and lues["motif"]:
        raise LigneRefusee("un compte valide n’a pas de motif")
    if lues["etat"] == "REFUSE" and not MOTIF.fullmatch(lues["motif"]):
        raise LigneRefusee(f"« {lues['motif'][:LU]} » : un refus porte un code ISO 20022, comme MD01")
    return Reponse(lues["rum"], lues["prelevement"], ETATS[lues["etat"]], lues["motif"], le)
