"""What the page of the accounts of a company shows: never a whole IBAN."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.repliement import replier

from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from ..models.banque import CLOS
from .droits import GERER, VOIR, peut
from .reponses import A_REMETTRE_DE_NOUVEAU, REMETTRE, SANS_SUITE, motif_lisible, suite_du_refus
from .signaleurs import Signaleurs, signaleurs_de

CHANGEMENTS_MONTRES: Final = 10
CHANGEMENTS_A_SIGNALER: Final = 20


@dataclass(frozen=True)
class Compte:
    """One account as the list shows it."""

    reference: ReferenceBancaire
    maintenant: datetime

    @property
    def cle(self) -> str:
        """What its box says that is ticked to choose it."""
        return str(self.reference.pk)

    @property
    def attend(self) -> bool:
        """Whether it may not be used yet."""
        return self.reference.utilisable_le is not None and self.reference.utilisable_le > self.maintenant

    @property
    def suspendu(self) -> bool:
        """Whether a change of it that somebody did not recognise waits for the office."""
        return bool(self.reference.suspendue)

    @property
    def mandat_a_remettre(self) -> bool:
        mandat = self.reference.mandat
        a_remettre = mandat.remis_le is None and self.reference.etat_b2b != ReferenceBancaire.Etat.VALIDE
        perdu = self.reference.dite_close or (
            self.reference.etat_b2b == ReferenceBancaire.Etat.REFUSE and self.reference.b2b_motif in SANS_SUITE
        )
        return a_remettre and not self.suspendu and not perdu

    @property
    def remise_a_corriger(self) -> bool:
        """Whether the tick may be undone: the bank has not recorded the mandate."""
        mandat = self.reference.mandat
        return (
            mandat.remis_le is not None
            and self.reference.etat_b2b != ReferenceBancaire.Etat.VALIDE
            and not self.suspendu
        )

    @property
    def remis_de_nouveau(self) -> bool:
        """Whether the mandate that the bank did not have was handed over since: its answer had taken the tick away (reponses.py)."""
        refuse = self.reference.etat_b2b == ReferenceBancaire.Etat.REFUSE
        attendu = refuse and self.reference.b2b_motif in A_REMETTRE_DE_NOUVEAU
        return attendu and self.reference.mandat.remis_le is not None

    @property
    def refus(self) -> str:
        """Why the bank refused the mandate; nothing where it did not."""
        refuse = self.reference.etat_b2b == ReferenceBancaire.Etat.REFUSE
        return motif_lisible(self.reference.b2b_motif) if refuse else ""

    @property
    def suite_du_refus(self) -> str:
        """What to do of a mandate that the bank refused; nothing where it did not, or where it is done."""
        if not self.refus or self.suspendu or self.remis_de_nouveau:
            return ""
        if self.reference.b2b_motif == CLOS and not self.reference.dite_close:
            return REMETTRE
        return suite_du_refus(self.reference.b2b_motif)

    @property
    def suite_du_refus_core(self) -> str:
        """What to do of an ordinary debit that the bank refused: no mandate is handed over for it."""
        rouvert = self.reference.core_motif == CLOS and not self.reference.dite_close
        if self.reference.etat_core != ReferenceBancaire.Etat.REFUSE or self.suspendu or rouvert:
            return ""
        return suite_du_refus(self.reference.core_motif, mandat=False)

    @property
    def pourquoi_ecarte(self) -> str:
        """Why it is not offered to pay with, in words; nothing where it is."""
        if self.suspendu:
            return "suspendu : un changement non reconnu est signalé"
        if self.attend:
            return "pas encore utilisable"
        if self.reference.dite_close:
            return "clos, d’après la banque"
        return ""

    @property
    def core(self) -> str:
        return _dire(self.reference.etat_core, self.reference.core_motif)

    @property
    def b2b(self) -> str:
        """What is known of the B2B debit: the bank's answer, or where the mandate is."""
        if self.reference.etat_b2b == ReferenceBancaire.Etat.SAISI:
            remis = self.reference.mandat.remis_le is not None
            return "Mandat remis, en attente de la banque" if remis else "Mandat à remettre"
        if self.remis_de_nouveau:
            return f"Mandat remis de nouveau, en attente de la banque ; refusé avant : {self.refus}"
        return _dire(self.reference.etat_b2b, self.reference.b2b_motif)


@dataclass(frozen=True)
class SansCompte:
    """A company that pays by a service and has no account yet, for one who would see them; `gere` is whether he may add one."""

    personne: PersonneSirenisee
    gere: bool


def sans_compte(espace: Espace, personne: PersonneSirenisee) -> SansCompte | None:
    """Return what to say of the missing account, None where there is one or this espace sees none: one query, rights apart."""
    if ReferenceBancaire.objects.filter(personne=personne, supprimee_le=None).exists():
        return None
    gere = peut(espace, GERER, personne)
    return SansCompte(personne, gere) if gere or peut(espace, VOIR, personne) else None


def derniers_changements(personne: PersonneSirenisee) -> list[ChangementBancaire]:
    """Return the last changes of the accounts of this personne, removed ones included, each with its last report: two queries."""
    return list(
        ChangementBancaire.objects.filter(reference__personne=personne)
        .select_related("reference", "espace")
        .prefetch_related(Prefetch("signalements", SignalementBancaire.objects.order_by("-depose_le", "-pk")))
        .order_by("-fait_le", "-pk")[:CHANGEMENTS_MONTRES]
    )


def changements_a_signaler(reference: ReferenceBancaire) -> list[ChangementBancaire]:
    """Return the changes of this account of which the office has noted no report that waits, the last first: two queries.

    One that an espace has reported is the company's to report too, by the office: nobody takes that back. However many there are, its addition is among them: renaming what one added does not hide it.
    """
    siens = reference.changements.select_related("espace").order_by("-fait_le", "-pk")
    attendent = SignalementBancaire.objects.filter(
        changement=OuterRef("pk"), etat=SignalementBancaire.Etat.DEPOSE, recueilli_par__isnull=False
    )
    libres = siens.filter(~Exists(attendent))
    derniers = list(libres[:CHANGEMENTS_A_SIGNALER])
    ajouts = libres.filter(genre=ChangementBancaire.Genre.AJOUT).exclude(pk__in=[un.pk for un in derniers])
    return [*derniers, *ajouts]


def _dire(etat: str, motif: str) -> str:
    libelle = str(ReferenceBancaire.Etat(etat).label).capitalize()
    return f"{libelle} : {motif_lisible(motif)}" if motif else libelle


def comptes_de(personne: PersonneSirenisee, maintenant: datetime | None = None) -> list[Compte]:
    """Return the accounts of this personne, as their table is read: by holder, then bank, then number: one query."""
    maintenant = maintenant or timezone.now()
    siens = (
        ReferenceBancaire.objects.filter(personne=personne, supprimee_le=None)
        .avec_suspension()
        .avec_cloture()
        .select_related("mandat")
    )
    comptes = [Compte(reference, maintenant) for reference in siens.order_by("ajoutee_le", "pk")]
    return sorted(
        comptes, key=lambda c: (replier(c.reference.titulaire), replier(c.reference.banque), c.reference.iban_masque)
    )


@dataclass(frozen=True)
class SignalementLu:
    """The last report of a change, as the page of the change shows it to one espace: whose it is, what that espace may do of it."""

    espace: Espace
    dernier: SignalementBancaire | None
    dits: Signaleurs

    @property
    def attend(self) -> bool:
        """Whether it waits for the office."""
        return self.dernier is not None and self.dernier.etat == SignalementBancaire.Etat.DEPOSE

    @property
    def sien(self) -> bool:
        return self.attend and self.espace.numero_abonne in self.dits.tiennent

    @property
    def avec_d_autres(self) -> bool:
        """Whether another's report stands beside his."""
        return self.sien and len(self.dits.tiennent) > 1

    @property
    def a_reprendre(self) -> bool:
        """Whether this espace may take its own back: not once the office has recorded the company's word."""
        return self.sien and self.dernier is not None and self.dernier.recueilli_par_id is None

    @property
    def a_signaler(self) -> bool:
        """Whether nobody's report waits, and the office has decided nothing."""
        return self.dernier is None or self.dernier.etat == SignalementBancaire.Etat.REPRIS


def dernier_signalement(changement: ChangementBancaire, espace: Espace) -> SignalementLu:
    """Return the last report of this change, which holds its reference and its personne, for the page of this espace: two queries."""
    dernier = changement.signalements.select_related("espace").order_by("-depose_le", "-pk").first()
    if dernier is None:
        return SignalementLu(espace, None, Signaleurs((), frozenset()))
    dernier.changement = changement
    return SignalementLu(espace, dernier, signaleurs_de(dernier))


def joindre(signalement: SignalementBancaire) -> list[str]:
    """Return how an agent calls who reported this change and who made it, then where the company itself is written to."""
    leurs = Espace.objects.filter(numero_abonne__in=signaleurs_de(signalement).tiennent).select_related("compte")
    ceux = (signalement.espace, *leurs.order_by("pk"), signalement.changement.espace)
    qui = {espace.pk: espace for espace in ceux if espace is not None}
    lignes = [f"{espace.nom_complet}, {espace.telephone or 'téléphone non indiqué'}" for espace in qui.values()]
    courriel = signalement.changement.reference.personne.courriel
    return [*lignes, f"l’entreprise, {courriel}" if courriel else "l’entreprise, sans adresse électronique"]
