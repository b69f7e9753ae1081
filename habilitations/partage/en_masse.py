"""Designating by a CSV file: read, examined line by line without writing anything, then done, all or nothing."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypedDict

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.numeros import normaliser_numero
from accounts.saisies.regles import RegleMetier

from ..arbre.cascade import verrouiller_adhesions
from ..arbre.lots import AucuneLigne, siennes, verrouiller_espaces
from ..droits.perimetre import PerimetreDepasse, exiger_place, personnes_tenues
from ..models import Adhesion, Habilitation, Role
from .beneficiaires import trouver_beneficiaires
from .delegations import deleguer
from .designations import FinPassee, PerimetreDuBeneficiaire, exiger_fin_a_venir, refus
from .suppleances import designer_suppleant

COLONNES: Final = ("siren", "service", "numero_abonne", "nom", "role", "fin")
OBLIGATOIRES: Final = COLONNES[:5]
ROLES: Final = {"suppleant": Role.SUPPLEANT, "acteur_delegant": Role.ACTEUR_DELEGANT, "acteur": Role.ACTEUR}
TAILLE: Final = 500_000
LIGNES: Final = 3_000
BENEFICIAIRES: Final = 100


class FichierTropGrand(RegleMetier):
    code = "fichier_trop_grand"
    message = "Ce fichier est trop grand : 3 000 lignes et 500 ko au plus. Partagez-le en plusieurs."


class TropDeBeneficiaires(RegleMetier):
    code = "trop_de_beneficiaires"
    message = "Ce fichier nomme {nombre} numéros d'abonné : {limite} au plus. Partagez-le en plusieurs."


class FichierIllisible(RegleMetier):
    code = "fichier_illisible"
    message = "Ce fichier n'est pas un fichier CSV lisible : enregistrez-le en « CSV UTF-8 » depuis votre tableur."


class ColonnesManquantes(RegleMetier):
    code = "colonnes_manquantes"
    message = "La première ligne doit nommer les colonnes. Il manque : {manquantes}."


class Designation(TypedDict):
    """One right line of the file, as the session carries it from the report to the confirmation (JSON values)."""

    adhesion: int
    beneficiaire: str
    role: str
    fin: str | None


@dataclass
class LigneFichier:
    """One line of the file, what it resolves to, and what is wrong with it."""

    numero: int
    siren: str
    service: str
    abonne: str
    nom: str
    role: str
    fin: str
    erreur: str = ""
    expire_le: date | None = None
    adhesion: Adhesion | None = None
    beneficiaire: Espace | None = None


@dataclass
class Rapport:
    """What the file would do. `possible` when no line is wrong."""

    lignes: list[LigneFichier] = field(default_factory=list)

    @property
    def en_erreur(self) -> list[LigneFichier]:
        return [ligne for ligne in self.lignes if ligne.erreur]

    @property
    def possible(self) -> bool:
        return bool(self.lignes) and not self.en_erreur

    def designations(self) -> list[Designation]:
        """Return the right lines, as the act takes them."""
        return [
            Designation(
                adhesion=ligne.adhesion.pk,
                beneficiaire=str(ligne.beneficiaire.pk),
                role=ROLES[ligne.role],
                fin=ligne.expire_le.isoformat() if ligne.expire_le else None,
            )
            for ligne in self.lignes
            if not ligne.erreur and ligne.adhesion and ligne.beneficiaire
        ]


def lire(contenu: bytes) -> list[LigneFichier]:
    """Return the lines of the file: UTF-8 or Windows-1252, semicolons, commas or tabs, columns in any order.

    Raises: FichierTropGrand, FichierIllisible, ColonnesManquantes.
    """
    if len(contenu) > TAILLE:
        raise FichierTropGrand
    texte = _decoder(contenu)
    entete = texte.partition("\n")[0]
    separateur = max(";,\t", key=entete.count)
    try:
        lecteur = csv.DictReader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
        noms = {(nom or "").strip().casefold(): nom for nom in lecteur.fieldnames or []}
        if manquantes := [nom for nom in OBLIGATOIRES if nom not in noms]:
            raise ColonnesManquantes(manquantes=", ".join(manquantes))
        lignes = []
        for rangee in lecteur:
            siren, service, abonne, nom, role, fin = (
                str(rangee.get(noms.get(colonne, ""), None) or "").strip() for colonne in COLONNES
            )
            if any((siren, service, abonne, nom, role, fin)):
                lignes.append(LigneFichier(lecteur.line_num, siren, service, abonne, nom, role, fin))
            if len(lignes) > LIGNES:
                raise FichierTropGrand
    except csv.Error as erreur:
        raise FichierIllisible from erreur
    return lignes


def _decoder(contenu: bytes) -> str:
    if b"\x00" in contenu:
        raise FichierIllisible
    for encodage in ("utf-8-sig", "cp1252"):
        try:
            return contenu.decode(encodage)
        except UnicodeDecodeError:
            continue
    raise FichierIllisible


def examiner_fichier(*, acteur: Espace, contenu: bytes, maintenant: datetime | None = None) -> Rapport:
    """Return what this file would do, line by line: nothing is granted.

    Each beneficiary is looked up once; a miss counts as one typed in the form (beneficiaires.ESSAIS). The number of
    queries does not depend on the number of lines, misses apart.
    Raises: FichierTropGrand, FichierIllisible, ColonnesManquantes, TropDeBeneficiaires, ActeurNonActif.
    """
    jour = timezone.localdate(maintenant or timezone.now())
    rapport = Rapport(lire(contenu))
    nombre = len({normaliser_numero(ligne.abonne) for ligne in rapport.lignes})
    if nombre > BENEFICIAIRES:
        raise TropDeBeneficiaires(nombre=nombre, limite=BENEFICIAIRES)
    for ligne in rapport.lignes:
        _lire_role_et_fin(ligne, jour)
    _trouver_adhesions(acteur, rapport.lignes)
    _trouver_beneficiaires(acteur, [ligne for ligne in rapport.lignes if not ligne.erreur], maintenant)
    _signaler_doublons(rapport.lignes)
    _examiner_droits(acteur, [ligne for ligne in rapport.lignes if not ligne.erreur], jour)
    return rapport


def _lire_role_et_fin(ligne: LigneFichier, jour: date) -> None:
    ligne.siren = "".join(c for c in ligne.siren if c.isalnum()).upper()
    ligne.service = ligne.service.upper()
    ligne.role = ligne.role.casefold().replace("é", "e").replace(" ", "_")
    if ligne.role not in ROLES:
        ligne.erreur = "rôle inconnu : écrivez suppleant, acteur_delegant ou acteur"
        return
    if not ligne.fin:
        return
    try:
        ligne.expire_le = datetime.strptime(ligne.fin, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        ligne.erreur = "date de fin illisible : écrivez-la 31/12/2026"
        return
    if ligne.role == "suppleant":
        ligne.erreur = "un administrateur suppléant n'a pas de date de fin"
        return
    try:
        exiger_fin_a_venir(ligne.expire_le, jour=jour)
    except FinPassee:
        ligne.erreur = "date de fin déjà passée"


def _trouver_adhesions(acteur: Espace, lignes: Sequence[LigneFichier]) -> None:
    """Resolve SIREN × service among what the actor holds: what he does not hold is the same as what does not exist."""
    miennes = {
        (h.personne.siren, h.service.code): h.adhesion
        for h in Habilitation.objects.actives()
        .filter(espace=acteur, personne__siren__in={ligne.siren for ligne in lignes})
        .select_related("adhesion__personne", "adhesion__service", "personne", "service")
    }
    for ligne in lignes:
        ligne.adhesion = miennes.get((ligne.siren, ligne.service))
        if not ligne.erreur and ligne.adhesion is None:
            ligne.erreur = "vous n'avez pas ce service pour ce SIREN"


def _trouver_beneficiaires(acteur: Espace, lignes: Sequence[LigneFichier], maintenant: datetime | None) -> None:
    trouves = trouver_beneficiaires(
        acteur=acteur, saisies=[(ligne.abonne, ligne.nom) for ligne in lignes], maintenant=maintenant
    )
    for ligne in lignes:
        trouve = trouves[ligne.abonne, ligne.nom]
        if isinstance(trouve, RegleMetier):
            ligne.erreur = str(trouve)
        else:
            ligne.beneficiaire = trouve


def _signaler_doublons(lignes: Iterable[LigneFichier]) -> None:
    vues: dict[tuple[int, object], int] = {}
    for ligne in lignes:
        if ligne.erreur or ligne.adhesion is None or ligne.beneficiaire is None:
            continue
        premiere = vues.setdefault((ligne.adhesion.pk, ligne.beneficiaire.pk), ligne.numero)
        if premiere != ligne.numero:
            ligne.erreur = f"répète la ligne {premiere}"


def _examiner_droits(acteur: Espace, lignes: Sequence[LigneFichier], jour: date) -> None:
    """Ask what the act will ask, the perimeter over all the lines of a beneficiary: three queries for all of them."""
    resolues = [
        (ligne, ligne.adhesion, ligne.beneficiaire) for ligne in lignes if ligne.adhesion and ligne.beneficiaire
    ]
    adhesions = {adhesion.pk for _, adhesion, _ in resolues}
    beneficiaires = {beneficiaire for _, _, beneficiaire in resolues}
    miennes = siennes(acteur, adhesions, jour=jour)
    tenues = {
        (habilitation.espace_id, habilitation.adhesion_id): habilitation
        for habilitation in Habilitation.objects.vivantes().filter(espace__in=beneficiaires, adhesion__in=adhesions)
    }
    par_beneficiaire: dict[Espace, list[tuple[LigneFichier, Adhesion]]] = defaultdict(list)
    for ligne, adhesion, beneficiaire in resolues:
        regle = refus(
            adhesion,
            mienne=miennes.get(adhesion.pk),
            tenue=tenues.get((beneficiaire.pk, adhesion.pk)),
            beneficiaire=beneficiaire,
            role=ROLES[ligne.role],
            jour=jour,
        )
        if regle is not None:
            ligne.erreur = str(regle)
        else:
            par_beneficiaire[beneficiaire].append((ligne, adhesion))
    perimetres = personnes_tenues(par_beneficiaire)
    for beneficiaire, bonnes in par_beneficiaire.items():
        try:
            exiger_place(beneficiaire, [adhesion.personne for _, adhesion in bonnes], tenues=perimetres[beneficiaire])
        except PerimetreDepasse as depasse:
            for ligne, _ in bonnes:
                ligne.erreur = str(PerimetreDuBeneficiaire(nom=beneficiaire.nom_complet, **depasse.contexte))


@transaction.atomic
def designer_en_masse(
    *, acteur: Espace, designations: Sequence[Designation], maintenant: datetime | None = None
) -> list[Habilitation]:
    """Do all that an examined file says, or nothing; each beneficiary and role is one act of its own, with its mail.

    Locks every espace, then every adhésion, before the first act. Raises: as `designer_suppleant` and `deleguer`.
    """
    if not designations:
        raise AucuneLigne
    espaces = Espace.objects.in_bulk({d["beneficiaire"] for d in designations})
    verrouiller_espaces(acteur, *espaces.values())
    adhesions = verrouiller_adhesions(d["adhesion"] for d in designations)
    groupes: dict[tuple[str, str, str | None], list[Adhesion]] = defaultdict(list)
    for d in designations:
        groupes[d["beneficiaire"], d["role"], d["fin"]].append(adhesions[d["adhesion"]])
    par_cle = {str(cle): espace for cle, espace in espaces.items()}
    accordees: list[Habilitation] = []
    for (cle, role, fin), leurs in groupes.items():
        if role == Role.SUPPLEANT:
            accordees += designer_suppleant(
                acteur=acteur, adhesions=leurs, beneficiaire=par_cle[cle], maintenant=maintenant
            )
        else:
            accordees += deleguer(
                acteur=acteur,
                adhesions=leurs,
                beneficiaire=par_cle[cle],
                role=role,
                expire_le=date.fromisoformat(fin) if fin else None,
                maintenant=maintenant,
            )
    return accordees
