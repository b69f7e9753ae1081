"""Sharing by a file, CSV or XLSX: read, examined line by line without writing anything, then done, all or nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies import dates
from accounts.saisies.elisions import de
from accounts.saisies.regles import RegleMetier
from services.models import Service

from ..arbre.cascade import ce_qui_tombe, verrouiller_adhesions, verrouiller_personnes
from ..arbre.lots import AucuneLigne, DroitInsuffisant, siennes, verrouiller_espaces
from ..arbre.montrees import exiger_montrees
from ..arbre.retrait import HabilitationTerminee
from ..droits.perimetre import PerimetreDepasse, exiger_place, personnes_tenues
from ..models import Adhesion, Habilitation, Role
from .autorite import Autorite
from .beneficiaires import BeneficiaireSoiMeme, porte_ce_nom, trouver_beneficiaires
from .delegations import ROLES_DELEGUES, deleguer, retirer_delegation
from .designations import FinPassee, PerimetreDuBeneficiaire, exiger_fin_a_venir, refus
from .echeances import changer_fin, echeances, refus_de_changer
from .fichier import Acte, LigneFichier, dechiffrer, lire
from .suppleances import designer_suppleant, retirer_suppleant
from .temoins import prevenir_administrateurs

CHANGEMENTS: Final = 3_000
BENEFICIAIRES: Final = 100


class FichierTropCharge(RegleMetier):
    code = "fichier_trop_charge"
    message = "Ce fichier demande {nombre} changements : {limite} au plus à la fois. Partagez-le en plusieurs."


class TropDeBeneficiaires(RegleMetier):
    code = "trop_de_beneficiaires"
    message = (
        "Ce fichier nomme {nombre} numéros d’abonné qui n’ont encore rien reçu de vous : {limite} au plus. Partagez-le "
        "en plusieurs."
    )


class Operation(TypedDict):
    """One thing that the file asks for, as the session carries it from the report to the confirmation (JSON values)."""

    acte: str  # of Acte
    adhesion: int
    beneficiaire: str
    habilitation: str
    role: str
    fin: str | None


@dataclass(frozen=True)
class Compte:
    """How much one kind of act is about: rights, SIREN, persons."""

    acte: Acte
    droits: int
    sirens: int
    personnes: int


@dataclass
class Rapport:
    """What the file would do. `possible` when no line is wrong and one at least changes something."""

    lignes: list[LigneFichier] = field(default_factory=list)
    tombent: list[Habilitation] = field(default_factory=list)
    raccourcies: list[tuple[Habilitation, date | None]] = field(default_factory=list)

    @property
    def en_erreur(self) -> list[LigneFichier]:
        return [ligne for ligne in self.lignes if ligne.fautes]

    @property
    def agissantes(self) -> list[LigneFichier]:
        return [ligne for ligne in self.lignes if ligne.quoi is not None and not ligne.fautes]

    @property
    def inchangees(self) -> list[LigneFichier]:
        return [ligne for ligne in self.lignes if ligne.inchangee and not ligne.fautes]

    @property
    def possible(self) -> bool:
        return bool(self.agissantes) and not self.en_erreur

    @property
    def comptes(self) -> list[Compte]:
        """Return what each kind of act is about, those that the file does not ask for left out."""
        comptes = []
        for acte in Acte:
            lignes = [ligne for ligne in self.agissantes if ligne.quoi is acte]
            if lignes:
                sirens, personnes = {x.siren_lu for x in lignes}, {x.numero_lu for x in lignes}
                comptes.append(Compte(acte, len(lignes), len(sirens), len(personnes)))
        return comptes

    def operations(self) -> list[Operation]:
        """Return what the right lines ask for, as the act takes it."""
        return list(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for ligne in self.agissantes:
            if ligne.adhesion is None or ligne.beneficiaire is None or ligne.quoi is None:
                continue
            yield Operation(
                acte=ligne.quoi.value,
                adhesion=ligne.adhesion.pk,
                beneficiaire=str(ligne.beneficiaire.pk),
                habilitation=str(ligne.existante.pk) if ligne.existante else "",
                role=ligne.role_lu or "",
                fin=ligne.expire_le.isoformat() if ligne.expire_le else None,
            )


def examiner_fichier(*, acteur: Espace, contenu: bytes, maintenant: datetime | None = None) -> Rapport:
    """Return what this file would do, line by line, and all that is wrong with each: nothing is written but the tries.

    A person who holds something that the actor sees is known to him; another is looked up once, and a miss counts as
    one typed in the form (beneficiaires.ESSAIS). The number of queries does not depend on the number of lines.
    Raises: FichierTropGrand, FichierIllisible, ColonnesManquantes, TropDeBeneficiaires, FichierTropCharge,
    ActeurNonActif.
    """
    jour = timezone.localdate(maintenant or timezone.now())
    rapport = Rapport(lire(contenu))
    lignes = rapport.lignes
    if not lignes:
        return rapport
    dechiffrer(lignes, Service.objects.all())
    _trouver_adhesions(acteur, lignes)
    autorite = Autorite.de(acteur)
    _reconnaitre(acteur, autorite, lignes)
    _comprendre(acteur, lignes, jour)
    _chercher(acteur, lignes, maintenant)
    demandees = sum(ligne.quoi is not None for ligne in lignes)
    if demandees > CHANGEMENTS:
        raise FichierTropCharge(nombre=demandees, limite=CHANGEMENTS)
    _signaler_doublons(lignes)
    _examiner_retraits(autorite, rapport)
    _examiner_fins(acteur, rapport, jour)
    _examiner_accords(acteur, lignes, jour)
    return rapport


def _trouver_adhesions(acteur: Espace, lignes: Sequence[LigneFichier]) -> None:
    """Resolve SIREN × service among what the actor holds: what he does not hold is the same as what does not exist."""
    miennes = {
        (h.personne.siren, h.service.code): h.adhesion
        for h in Habilitation.objects.vivantes()
        .filter(espace=acteur, personne__siren__in={ligne.siren_lu for ligne in lignes})
        .select_related("adhesion__personne", "adhesion__service", "personne", "service")
    }
    for ligne in lignes:
        trouvees = [miennes[ligne.siren_lu, code] for code in ligne.codes if (ligne.siren_lu, code) in miennes]
        if len(trouvees) == 1:
            ligne.adhesion = trouvees[0]
        elif len(trouvees) > 1:
            ligne.fautes.append("plusieurs services portent ce nom : écrivez le code du service")
        elif ligne.siren_lu and ligne.codes:
            ligne.fautes.append("vous n’avez pas ce service pour ce SIREN")


def _reconnaitre(acteur: Espace, autorite: Autorite, lignes: Sequence[LigneFichier]) -> None:
    """Find the right that each line speaks of among those the actor sees, and whether the name is its holder's.

    Two queries. The actor reads these names in his own lists: a wrong one here is a slip and counts for nothing.
    """
    adhesions = {ligne.adhesion.pk for ligne in lignes if ligne.adhesion}
    numeros = {ligne.numero_lu for ligne in lignes}
    vues = [
        *autorite.visibles().filter(adhesion__in=adhesions, espace__numero_abonne__in=numeros),
        *(autorite.siennes().filter(adhesion__in=adhesions) if acteur.numero_abonne in numeros else ()),
    ]
    par_droit = {(h.adhesion_id, h.espace.numero_abonne): h for h in vues}
    personnes = {h.espace.numero_abonne: h.espace for h in vues}
    for ligne in lignes:
        ligne.beneficiaire = personnes.get(ligne.numero_lu)
        if ligne.beneficiaire is None or not ligne.nom:
            continue
        if not porte_ce_nom(ligne.beneficiaire, ligne.nom):
            ligne.fautes.append(
                f"ce numéro d’abonné est celui {de(ligne.beneficiaire.nom_complet)} : le nom écrit est différent"
            )
        elif ligne.adhesion:
            ligne.existante = par_droit.get((ligne.adhesion.pk, ligne.numero_lu))


def _comprendre(acteur: Espace, lignes: Iterable[LigneFichier], jour: date) -> None:
    """Say what each line comes to: an act, nothing since it is already so, or what does not fit together."""
    for ligne in lignes:
        ligne.quoi = ligne.demande
        if ligne.existante is not None:
            _comparer(ligne, ligne.existante, jour)
        elif not ligne.acte:
            ligne.quoi = Acte.ACCORDER
        if ligne.inchangee:
            continue
        _examiner_fin(ligne, jour)
        if ligne.quoi is Acte.ACCORDER and ligne.role_lu is Role.TITULAIRE:
            ligne.fautes.append("on ne devient administrateur titulaire que par un code envoyé par courrier")
        if ligne.numero_lu == acteur.numero_abonne:
            ligne.fautes.append(str(BeneficiaireSoiMeme()))
        elif ligne.quoi in (Acte.RETIRER, Acte.CHANGER_LA_FIN) and ligne.existante is None and ligne.adhesion:
            ligne.fautes.append("cette personne n’y a aucun droit que vous puissiez changer")


def _comparer(ligne: LigneFichier, existante: Habilitation, jour: date) -> None:
    """Compare the line with the right that is there: without an act it asks for nothing when it says the same."""
    meme_role = ligne.role_lu == existante.role
    if not ligne.acte:
        ligne.inchangee = meme_role and ligne.expire_le == existante.expire_le
        if ligne.inchangee:
            return
        if _est_passee(existante, jour):
            ligne.quoi = Acte.ACCORDER
    if ligne.quoi is Acte.ACCORDER:
        return
    if ligne.role_lu is not None and not meme_role:
        ligne.fautes.append(
            f"{existante.espace.nom_complet} y est {existante.get_role_display()} : retirez d’abord cette habilitation"
        )
    elif ligne.quoi is None and meme_role:
        ligne.fautes.append(
            "déjà habilité, avec une autre date de fin : écrivez « changer la fin » dans la colonne Acte"
        )


def _examiner_fin(ligne: LigneFichier, jour: date) -> None:
    if ligne.quoi is Acte.CHANGER_LA_FIN and not (ligne.fin or ligne.sans_fin):
        ligne.fautes.append("écrivez le nouveau dernier jour, ou « sans fin »")
    if ligne.quoi not in (Acte.ACCORDER, Acte.CHANGER_LA_FIN) or ligne.expire_le is None:
        return
    if ligne.role_lu is Role.SUPPLEANT:
        ligne.fautes.append("un administrateur suppléant n’a pas de date de fin")
        return
    try:
        exiger_fin_a_venir(ligne.expire_le, jour=jour)
    except FinPassee as regle:
        ligne.fautes.append(str(regle))


def _est_passee(habilitation: Habilitation, jour: date) -> bool:
    return habilitation.expire_le is not None and habilitation.expire_le < jour


def _chercher(acteur: Espace, lignes: Sequence[LigneFichier], maintenant: datetime | None) -> None:
    """Look up the persons to whom something is granted and of whom the actor sees nothing yet."""
    inconnues = [
        ligne
        for ligne in lignes
        if ligne.quoi is Acte.ACCORDER
        and ligne.beneficiaire is None
        and ligne.numero_lu
        and ligne.nom
        and ligne.numero_lu != acteur.numero_abonne
    ]
    nombre = len({ligne.numero_lu for ligne in inconnues})
    if nombre > BENEFICIAIRES:
        raise TropDeBeneficiaires(nombre=nombre, limite=BENEFICIAIRES)
    if not inconnues:
        return
    trouves = trouver_beneficiaires(
        acteur=acteur, saisies=[(ligne.numero_lu, ligne.nom) for ligne in inconnues], maintenant=maintenant
    )
    for ligne in inconnues:
        trouve = trouves[ligne.numero_lu, ligne.nom]
        if isinstance(trouve, RegleMetier):
            ligne.fautes.append(str(trouve))
        else:
            ligne.beneficiaire = trouve


def _signaler_doublons(lignes: Iterable[LigneFichier]) -> None:
    """One right is spoken of once, but to be withdrawn and granted anew in another role."""
    vues: dict[tuple[int, object], dict[Acte | None, int]] = defaultdict(dict)
    for ligne in lignes:
        if ligne.adhesion is None or ligne.beneficiaire is None or not (ligne.quoi or ligne.inchangee):
            continue
        leurs = vues[ligne.adhesion.pk, ligne.beneficiaire.pk]
        remplace = {ligne.quoi, *leurs} == {Acte.RETIRER, Acte.ACCORDER}
        if leurs and (ligne.quoi in leurs or not remplace):
            ligne.fautes.append(f"répète la ligne {min(leurs.values())}")
        leurs.setdefault(ligne.quoi, ligne.numero)


def _avec(lignes: Iterable[LigneFichier], acte: Acte) -> list[tuple[LigneFichier, Habilitation]]:
    return [(x, x.existante) for x in lignes if x.quoi is acte and x.existante is not None]


def _examiner_retraits(autorite: Autorite, rapport: Rapport) -> None:
    """Ask what the withdrawals will ask, and find what falls with them."""
    retirees = _avec(rapport.lignes, Acte.RETIRER)
    permises = autorite.changeables(habilitation for _, habilitation in retirees)
    for ligne, habilitation in retirees:
        if habilitation.pk not in permises:
            ligne.fautes.append(str(DroitInsuffisant()))
    if retirees:
        rapport.tombent = ce_qui_tombe(*(habilitation for _, habilitation in retirees))


def _examiner_fins(acteur: Espace, rapport: Rapport, jour: date) -> None:
    """Ask what the changes of last day will ask, and find what is brought forward with them."""
    changees = _avec(rapport.lignes, Acte.CHANGER_LA_FIN)
    if not changees:
        return
    miennes = siennes(acteur, {h.adhesion_id for _, h in changees}, jour=jour)
    tombees = {h.pk for h in rapport.tombent}
    for ligne, habilitation in changees:
        mienne = miennes.get(habilitation.adhesion_id)
        if regle := refus_de_changer(mienne, habilitation, expire_le=ligne.expire_le, jour=jour):
            ligne.fautes.append(str(regle))
        elif habilitation.pk in tombees:
            ligne.fautes.append("cette habilitation tombe avec une autre que le fichier retire")
    dessous = ce_qui_tombe(*(habilitation for _, habilitation in changees))
    nouvelles = echeances([h for _, h in changees], dessous, {h.pk: ligne.expire_le for ligne, h in changees})
    for ligne, habilitation in changees:
        if ligne.expire_le != nouvelles[habilitation.pk]:
            ligne.expire_le = nouvelles[habilitation.pk]
            ligne.remarques.append(f"au plus tard le {dates.jour(ligne.expire_le)}, comme celle dont elle dépend")
    demandees = {habilitation.pk for _, habilitation in changees}
    rapport.raccourcies = [
        (h, nouvelles[h.pk]) for h in dessous if h.pk not in demandees and h.expire_le != nouvelles[h.pk]
    ]


def _examiner_accords(acteur: Espace, lignes: Sequence[LigneFichier], jour: date) -> None:
    """Ask what the grants will ask, the perimeter over all the lines of a beneficiary: three queries for all of them."""
    resolues = [
        (ligne, ligne.adhesion, ligne.beneficiaire, ligne.role_lu)
        for ligne in lignes
        if ligne.quoi is Acte.ACCORDER and ligne.adhesion and ligne.beneficiaire and ligne.role_lu
    ]
    retirees = {habilitation.pk for _, habilitation in _avec(lignes, Acte.RETIRER)}
    adhesions = {adhesion.pk for _, adhesion, _, _ in resolues}
    beneficiaires = {beneficiaire for _, _, beneficiaire, _ in resolues}
    miennes = siennes(acteur, adhesions, jour=jour)
    tenues = {
        (habilitation.espace_id, habilitation.adhesion_id): habilitation
        for habilitation in Habilitation.objects.vivantes().filter(espace__in=beneficiaires, adhesion__in=adhesions)
        if habilitation.pk not in retirees
    }
    par_beneficiaire: dict[Espace, list[tuple[LigneFichier, Adhesion]]] = defaultdict(list)
    for ligne, adhesion, beneficiaire, role in resolues:
        regle = refus(
            adhesion,
            mienne=miennes.get(adhesion.pk),
            tenue=tenues.get((beneficiaire.pk, adhesion.pk)),
            beneficiaire=beneficiaire,
            role=role,
            jour=jour,
        )
        if regle is not None and role is not Role.TITULAIRE:
            ligne.fautes.append(str(regle))
        elif not ligne.fautes:
            par_beneficiaire[beneficiaire].append((ligne, adhesion))
    perimetres = personnes_tenues(par_beneficiaire)
    for beneficiaire, bonnes in par_beneficiaire.items():
        try:
            exiger_place(beneficiaire, [adhesion.personne for _, adhesion in bonnes], tenues=perimetres[beneficiaire])
        except PerimetreDepasse as depasse:
            for ligne, _ in bonnes:
                ligne.fautes.append(str(PerimetreDuBeneficiaire(nom=beneficiaire.nom_complet, **depasse.contexte)))


def ce_que_touche(acteur: Espace, operations: Iterable[Operation]) -> list[Habilitation]:
    """Return what would fall with these withdrawals today: the page of confirmation showed it, the POST asks again."""
    cles = [UUID(operation["habilitation"]) for operation in operations if operation["acte"] == Acte.RETIRER]
    return ce_qui_tombe(*Autorite.de(acteur).visibles().filter(pk__in=cles)) if cles else []


@transaction.atomic
def appliquer_fichier(
    *,
    acteur: Espace,
    operations: Sequence[Operation],
    reprendre: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Do all that an examined file says, or nothing: withdrawals, then last days, then grants; return what changed.

    Each kind, beneficiary and role is one act of its own, with its mail. What falls with a withdrawal is taken over
    with `reprendre`. Locks every espace, every personne, then every adhésion, before the first act.
    Raises: AucuneLigne, HabilitationTerminee, ApercuChange, and as the acts of suppléances, délégations and partage.echeances.
    """
    if not operations:
        raise AucuneLigne
    maintenant = maintenant or timezone.now()  # one moment for all of it: a file is one act
    espaces = Espace.objects.in_bulk({operation["beneficiaire"] for operation in operations})
    verrouiller_espaces(acteur, *espaces.values())
    verrouiller_personnes(operation["adhesion"] for operation in operations)
    adhesions = verrouiller_adhesions(operation["adhesion"] for operation in operations)
    exiger_montrees(montrees, [h.pk for h in ce_que_touche(acteur, operations)] if montrees is not None else ())
    par_acte: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        par_acte[operation["acte"]].append(operation)
    changees = _retirer(acteur, par_acte[Acte.RETIRER], reprendre, maintenant)
    changees += _changer_les_fins(acteur, par_acte[Acte.CHANGER_LA_FIN], maintenant)
    par_cle = {str(cle): espace for cle, espace in espaces.items()}
    return changees + _accorder(acteur, par_acte[Acte.ACCORDER], par_cle, adhesions, maintenant)


def _existantes(operations: Collection[Operation]) -> dict[UUID, Habilitation]:
    """Return the habilitations that these operations name. Raises HabilitationTerminee when one is gone."""
    trouvees = Habilitation.objects.vivantes().in_bulk([UUID(operation["habilitation"]) for operation in operations])
    if len(trouvees) < len(operations):
        raise HabilitationTerminee
    return trouvees


def _retirer(
    acteur: Espace, operations: Collection[Operation], reprendre: bool, maintenant: datetime | None
) -> list[Habilitation]:
    existantes = list(_existantes(operations).values())
    delegations = [h for h in existantes if h.role in ROLES_DELEGUES]
    suppleances = [h for h in existantes if h.role not in ROLES_DELEGUES]
    terminees: list[Habilitation] = []
    if delegations:  # first: they may hang under the suppléances
        terminees += retirer_delegation(
            acteur=acteur, delegations=delegations, reprendre=reprendre, maintenant=maintenant
        )
    if suppleances:
        terminees += retirer_suppleant(
            acteur=acteur, suppleances=suppleances, reprendre=reprendre, maintenant=maintenant
        )
    return terminees


def _changer_les_fins(
    acteur: Espace, operations: Collection[Operation], maintenant: datetime | None
) -> list[Habilitation]:
    existantes = _existantes(operations)
    par_fin: dict[str | None, list[Habilitation]] = defaultdict(list)
    for operation in operations:
        par_fin[operation["fin"]].append(existantes[UUID(operation["habilitation"])])
    changees: list[Habilitation] = []
    # The latest day first, none before all: what must outlast something does when its own turn comes.
    for fin in sorted(par_fin, key=lambda fin: fin or "9999-12-31", reverse=True):
        changees += changer_fin(
            acteur=acteur,
            delegations=par_fin[fin],
            expire_le=date.fromisoformat(fin) if fin else None,
            maintenant=maintenant,
        )
    return changees


def _accorder(
    acteur: Espace,
    operations: Collection[Operation],
    espaces: dict[str, Espace],
    adhesions: dict[int, Adhesion],
    maintenant: datetime | None,
) -> list[Habilitation]:
    groupes: dict[tuple[str, str, str | None], list[Adhesion]] = defaultdict(list)
    for operation in operations:
        cle = operation["beneficiaire"], operation["role"], operation["fin"]
        groupes[cle].append(adhesions[operation["adhesion"]])
    accordees: list[Habilitation] = []
    for (beneficiaire, role, fin), leurs in groupes.items():
        if role == Role.SUPPLEANT:
            accordees += designer_suppleant(
                acteur=acteur,
                adhesions=leurs,
                beneficiaire=espaces[beneficiaire],
                dire_aux_administrateurs=False,
                maintenant=maintenant,
            )
        else:
            accordees += deleguer(
                acteur=acteur,
                adhesions=leurs,
                beneficiaire=espaces[beneficiaire],
                role=role,
                expire_le=date.fromisoformat(fin) if fin else None,
                dire_aux_administrateurs=False,
                maintenant=maintenant,
            )
    prevenir_administrateurs(acteur=acteur, accordees=accordees)  # a file is one act, and one mail
    return accordees
