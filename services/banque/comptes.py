"""Adding, renaming, removing and showing the accounts that a personne pays from (R20, CGU §4.d).

Only the holder's name of a reference may be changed: another IBAN is another reference. Locks: espace, personne, reference.
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.porte import lire_identifiant, lire_ligne
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..iban_en_clair import exiger_sans_iban
from ..models import ChangementBancaire, MandatSepa, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from ..models.banque import CLOS, DIT_CLOS, SecretIllisible, empreinte_iban
from .avis import prevenir
from .delai import delai
from .droits import exiger_gestion
from .iban import lire_bic, lire_iban

LONGUEUR_TITULAIRE: Final = 70  # what a bank reads of a debtor's name (EPC AT-14)
LONGUEUR_BANQUE: Final = 100
SIGNES_DU_TITULAIRE: Final = frozenset(" /-?:().,'+&")
"""What a debit carries beside letters and digits (EPC217-08), and « & », which banks write « + »."""
GUILLEMETS: Final = frozenset('"«»“”„‟‹›')


class CompteDejaEnregistre(RegleMetier):
    code = "compte_deja_enregistre"
    message = "Ce compte ({compte}) est déjà enregistré pour {denomination}, depuis le {le}."


class CompteClos(RegleMetier):
    code = "compte_clos"
    message = (
        "La banque a répondu le {le} que ce compte ({compte}) est clos. Enregistrez un autre compte ; s’il est ouvert, "
        "demandez à votre banque pourquoi elle le dit clos."
    )


class CompteRetire(RegleMetier):
    code = "compte_retire"
    message = "Ce compte ({compte}) a été supprimé le {le} : il ne peut plus être ni modifié ni montré."


class CompteIllisible(RegleMetier):
    code = "compte_illisible"
    message = "Cet IBAN ne peut plus être lu : supprimez ce compte, puis ajoutez-le de nouveau."


class CompteDeplace(RegleMetier):
    code = "compte_deplace"
    message = "Ce compte vient de changer de dossier : retrouvez-le depuis la page de votre entreprise."


class CompteSuspendu(RegleMetier):
    code = "compte_suspendu"
    message = (
        "Ce compte ({compte}) est suspendu : un changement qui n’est pas reconnu a été signalé le {le}. Le service gestionnaire, "
        "{gestionnaire} ({telephone}), en décide ; qui l’a signalé peut reprendre son signalement. Un autre compte peut "
        "servir d’ici là."
    )


class TitulaireVide(RegleMetier):
    code = "titulaire_vide"
    message = "Saisissez le nom du titulaire, tel que la banque le connaît."


class TitulaireTropLong(RegleMetier):
    code = "titulaire_trop_long"
    message = "Une banque lit {limite} caractères au plus du nom du titulaire ; celui-ci en a {longueur}. Abrégez-le."


class TitulaireSigne(RegleMetier):
    code = "titulaire_signe"
    message = "Le nom du titulaire porte le signe « {signe} », qu’un prélèvement SEPA ne transmet pas : retirez-le."


class TitulaireChangeEntretemps(RegleMetier):
    code = "titulaire_change_entretemps"
    message = "Entre-temps, le titulaire est devenu « {titulaire} ». Vérifiez, puis recommencez si le nom doit changer."


class TropDeComptes(PlafondAtteint):
    code = "trop_de_comptes"
    plafond = "comptes bancaires d’une entreprise"
    message = "{denomination} a déjà {limite} comptes enregistrés : supprimez-en un qui ne sert plus avant d’en ajouter un autre."


class TropDeChangementsBancaires(PlafondAtteint):
    code = "trop_de_changements_bancaires"
    plafond = "comptes bancaires ajoutés ou renommés en 24 heures"
    statut = 429
    message = (
        "Vous avez déjà ajouté ou renommé {limite} comptes de cette entreprise en 24 heures : attendez demain. Supprimer un "
        "compte reste possible."
    )


def verrouiller(acteur: Espace, personne: PersonneSirenisee) -> tuple[Espace, PersonneSirenisee]:
    """Lock espace then personne, check that the first manages the accounts of the second; return them fresh.

    Raises: GestionBanqueRequise.
    """
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    fraiche = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    exiger_gestion(espace, fraiche)
    return espace, fraiche


def verrouiller_reference(acteur: Espace, reference: ReferenceBancaire) -> tuple[Espace, ReferenceBancaire]:
    """Lock espace, personne and reference; return the first and the last fresh.

    Raises: GestionBanqueRequise, CompteDeplace (an IDSP has become a SIREN that has its file), CompteRetire.
    """
    espace, personne = verrouiller(acteur, reference.personne)
    fraiche = (
        ReferenceBancaire.objects.select_for_update(no_key=True, of=("self",))
        .select_related("mandat")
        .filter(pk=reference.pk, personne=personne)
        .first()
    )
    if fraiche is None:
        raise CompteDeplace
    fraiche.personne = personne
    if fraiche.supprimee_le is not None:
        raise retire(fraiche)
    return espace, fraiche


def retire(reference: ReferenceBancaire) -> CompteRetire:
    """Return what is said of this account, which was removed."""
    return CompteRetire(compte=reference.iban_masque, le=jour(reference.supprimee_le))


def signalement_en_attente(references: QuerySet[ReferenceBancaire]) -> SignalementBancaire | None:
    """Return the oldest report that waits for the office about one of these references, None where there is none."""
    return (
        SignalementBancaire.objects.filter(changement__reference__in=references, etat=SignalementBancaire.Etat.DEPOSE)
        .select_related("changement__reference")
        .order_by("depose_le", "pk")
        .first()
    )


def exiger_non_suspendu(references: QuerySet[ReferenceBancaire], personne: PersonneSirenisee) -> None:
    """Check that nothing of these references of this personne waits for its office. Raises: CompteSuspendu."""
    attend = signalement_en_attente(references)
    if attend is not None:
        raise CompteSuspendu(
            compte=attend.changement.reference.iban_masque,
            le=jour(attend.depose_le),
            gestionnaire=personne.service_gestionnaire.nom,
            telephone=personne.service_gestionnaire.telephone,
        )


def normaliser_titulaire(saisie: str) -> str:
    """Return the name of a holder in one form, in the signs that a SEPA debit carries: dashes are plain, quotes dropped.

    Raises: TexteIllisible, TitulaireVide, TitulaireTropLong, IbanEnClair, TitulaireSigne.
    """
    titulaire = " ".join("".join(c for c in lire_identifiant(saisie) if c not in GUILLEMETS).split())
    if not titulaire:
        raise TitulaireVide
    if len(titulaire) > LONGUEUR_TITULAIRE:
        raise TitulaireTropLong(limite=LONGUEUR_TITULAIRE, longueur=len(titulaire))
    exiger_sans_iban(titulaire)
    refuse = next((c for c in titulaire if not c.isalnum() and c not in SIGNES_DU_TITULAIRE), "")
    if refuse:
        raise TitulaireSigne(signe=refuse)
    return titulaire


def normaliser_banque(saisie: str) -> str:
    """Return the name of a bank in one form, cut where it is too long. Raises: TexteIllisible, IbanEnClair."""
    return exiger_sans_iban(lire_ligne(saisie))[:LONGUEUR_BANQUE]


def dits_clos(references: QuerySet[ReferenceBancaire]) -> QuerySet[ReferenceBancaire]:
    """Return those of these references that the bank says closed, but where an agent has seen since then that they are not."""
    return references.filter(DIT_CLOS).order_by("ajoutee_le", "pk")


def examiner_ajout(personne: PersonneSirenisee, iban: str) -> str:
    """Return this IBAN in one form, when it may be added to this personne.

    Raises: the rules of an IBAN, CompteDejaEnregistre, CompteClos, CompteSuspendu, TropDeComptes.
    """
    lu = lire_iban(iban)
    siens = ReferenceBancaire.objects.filter(personne=personne)
    connus = siens.filter(empreinte=empreinte_iban(lu))
    deja = connus.filter(supprimee_le=None).first()
    if deja is not None:
        raise CompteDejaEnregistre(
            compte=deja.iban_masque,
            denomination=personne.denomination,
            le=jour(deja.ajoutee_le),
            ajoutee_le=deja.ajoutee_le,
            reference=deja,
        )
    clos = dits_clos(connus).first()
    if clos is not None:
        raise CompteClos(
            compte=clos.iban_masque,
            le=jour(clos.b2b_le if clos.b2b_motif == CLOS else clos.core_le),
            gestionnaire=personne.service_gestionnaire.nom,
            telephone=personne.service_gestionnaire.telephone,
        )
    exiger_non_suspendu(connus, personne)
    if siens.filter(supprimee_le=None).count() >= settings.PLAFOND_COMPTES_BANCAIRES:
        raise TropDeComptes(
            denomination=personne.denomination, limite=settings.PLAFOND_COMPTES_BANCAIRES, personne=personne
        )
    return lu


@plafonne
def verifier_ajout(*, acteur: Espace, personne: PersonneSirenisee, iban: str) -> str:
    """Return this IBAN in one form, when this espace may add it to this personne: the step before it is read again.

    Raises: GestionBanqueRequise, what `examiner_ajout` raises.
    """
    exiger_gestion(acteur, personne)
    return examiner_ajout(personne, iban)


@plafonne
def ajouter_compte(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    iban: str,
    titulaire: str,
    bic: str = "",
    banque: str = "",
    maintenant: datetime | None = None,
) -> ReferenceBancaire:
    """Add an account to this personne, with the number of its mandate; return it.

    Raises: GestionBanqueRequise, the rules of an IBAN, of a BIC and of a holder, CompteDejaEnregistre, CompteClos,
    CompteSuspendu, TropDeComptes, TropDeChangementsBancaires.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller(acteur, personne)
    lu = examiner_ajout(personne, iban)
    compter_un_changement(acteur, personne, maintenant)
    attente = delai(acteur, personne, empreinte_iban(lu), maintenant)
    reference = ReferenceBancaire(
        personne=personne,
        titulaire=normaliser_titulaire(titulaire),
        bic=lire_bic(bic, iban=lu),
        banque=normaliser_banque(banque),
        ajoutee_le=maintenant,
        utilisable_le=attente.utilisable_le,
        attente=attente.attente,
    )
    reference.sceller_iban(lu)
    reference.save(force_insert=True)
    MandatSepa.objects.create(reference=reference, rum=_tirer_rum(personne, maintenant))
    _consigner(actes.COMPTE_BANCAIRE_AJOUTE, acteur, reference)
    prevenir(
        reference,
        changement=noter(reference, ChangementBancaire.Genre.AJOUT, acteur, maintenant),
        acte=f"compte-bancaire-ajoute:{reference.pk}",
        acteur=acteur,
        maintenant=maintenant,
    )
    return reference


def est_cet_ajout(reference: ReferenceBancaire, *, iban: str, titulaire: str, bic: str, banque: str) -> bool:
    """Whether this account bears what a form sent twice says of it: one gone back to and corrected says something else."""
    try:
        dits = (normaliser_titulaire(titulaire), lire_bic(bic, iban=iban), normaliser_banque(banque))
    except RegleMetier:
        return False
    return (reference.titulaire, reference.bic, reference.banque) == dits


@plafonne
def renommer_titulaire(
    *, acteur: Espace, reference: ReferenceBancaire, titulaire: str, montre: str, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Change the holder's name of this reference from the one that the page showed; the same name again changes nothing.

    Raises: GestionBanqueRequise, CompteRetire, CompteSuspendu, TexteIllisible, TitulaireVide, TitulaireTropLong, TitulaireSigne,
    TitulaireChangeEntretemps, TropDeChangementsBancaires.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    nouveau = normaliser_titulaire(titulaire)
    if nouveau == reference.titulaire:
        return reference
    exiger_non_suspendu(ReferenceBancaire.objects.filter(pk=reference.pk), reference.personne)
    if montre != reference.titulaire:
        raise TitulaireChangeEntretemps(titulaire=reference.titulaire)
    compter_un_changement(acteur, reference.personne, maintenant)
    reference.titulaire = nouveau
    reference.save(update_fields=["titulaire"])
    evenement = _consigner(actes.COMPTE_BANCAIRE_RENOMME, acteur, reference)
    prevenir(
        reference,
        changement=noter(reference, ChangementBancaire.Genre.RENOMMAGE, acteur, maintenant, avant=montre),
        acte=f"compte-bancaire-renomme:{evenement}",
        acteur=acteur,
        maintenant=maintenant,
        details=f"Le nom précédent était « {montre} ».",
    )
    return reference


@transaction.atomic
def retirer_compte(
    *, acteur: Espace, reference: ReferenceBancaire, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Remove this account from those of the personne; what was agreed on it stays known. Never limited.

    Raises: GestionBanqueRequise, CompteRetire.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    reference.retirer(maintenant)
    reference.save(update_fields=reference.CHAMPS_DU_RETRAIT)
    _consigner(actes.COMPTE_BANCAIRE_RETIRE, acteur, reference)
    changement = noter(reference, ChangementBancaire.Genre.SUPPRESSION, acteur, maintenant)
    prevenir(
        reference,
        changement=changement,
        acte=f"compte-bancaire-retire:{changement.pk}",  # an account that was given back may be removed again
        acteur=acteur,
        maintenant=maintenant,
    )
    return reference


@transaction.atomic
def montrer_iban(*, acteur: Espace, reference: ReferenceBancaire) -> str:
    """Return the whole IBAN, to be shown once. The caller has proved the password.

    Raises: GestionBanqueRequise, CompteRetire, CompteIllisible.
    """
    acteur, reference = verrouiller_reference(acteur, reference)
    iban = lire_entier(reference)
    _consigner(actes.COMPTE_BANCAIRE_MONTRE, acteur, reference)
    return iban


def lire_entier(reference: ReferenceBancaire) -> str:
    """Return the whole IBAN. Raises: CompteIllisible."""
    try:
        return reference.desceller_iban()
    except SecretIllisible as erreur:
        raise CompteIllisible from erreur


def compter_un_changement(acteur: Espace, personne: PersonneSirenisee, maintenant: datetime) -> None:
    """Count one change of this espace on this personne, both locked. Raises: TropDeChangementsBancaires."""
    limite = settings.PLAFOND_CHANGEMENTS_BANCAIRES
    bareme = debit.Bareme(libres=limite, pas=1, limite=limite)
    if debit.reserver(debit.empreinte("banque", f"{acteur.pk}|{personne.pk}"), bareme, maintenant) is None:
        raise TropDeChangementsBancaires(limite=limite, personne=personne)


def noter(
    reference: ReferenceBancaire,
    genre: ChangementBancaire.Genre,
    acteur: Espace,
    maintenant: datetime,
    *,
    avant: str = "",
) -> ChangementBancaire:
    """Keep what was done to this reference, that whoever does not recognise it may say so; return it."""
    return ChangementBancaire.objects.create(
        reference=reference,
        genre=genre,
        espace=acteur,
        titulaire_avant=avant,
        titulaire_apres=reference.titulaire if avant else "",
        fait_le=maintenant,
    )


def _tirer_rum(personne: PersonneSirenisee, maintenant: datetime) -> str:
    """Return a RUM that never was: a sequence gives no number twice, whatever is undone or purged."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT nextval('services_rum')")
        (numero,) = curseur.fetchone()
    return f"01DGFIP{timezone.localdate(maintenant):%Y}{personne.siren}{numero:08d}"


def _consigner(acte: Acte, acteur: Espace, reference: ReferenceBancaire) -> int:
    """Journal this act on this reference; return the number of the line."""
    return consigner(acte, auteur=acteur, siren=reference.personne.siren, details={"compte": reference.iban_masque}).pk
