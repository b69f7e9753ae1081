"""« Ce n’est pas nous »: a change of an account that the company does not recognise, and what its office makes of it (CGU §4.d).

Whoever is told of a change by mail may report it: its account may not be used until an agent lets it stand or undoes it, or until
all who reported it have taken that back (`signaleurs.py`). Locks: espace or agent, personne, reference, report.
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.models import Agent, Espace
from accounts.saisies.dates import jour
from accounts.saisies.elisions import de
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..iban_en_clair import exiger_sans_iban
from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from ..registre.regles import exiger_competence, exiger_preuve
from .avis import prevenir_de_la_decision, prevenir_de_la_levee, prevenir_du_signalement
from .comptes import CompteDeplace, dits_clos
from .droits import exiger_signalement
from .signalable import exiger_signalable
from .signaleurs import signaleurs_de

LONGUEUR_PREUVE: Final = 500
LONGUEUR_MOTIF: Final = 300
GENRE: Final = ChangementBancaire.Genre
ETAT: Final = SignalementBancaire.Etat


class ChangementDejaExamine(RegleMetier):
    code = "changement_bancaire_deja_examine"
    message = (
        "Le service gestionnaire a déjà examiné ce changement le {le} ({etat}) : pour y revenir, téléphonez-lui "
        "({gestionnaire}, {telephone})."
    )


class TropDeSignalementsBancaires(PlafondAtteint):
    code = "trop_de_signalements_bancaires"
    plafond = "changements de comptes bancaires signalés en 24 heures"
    statut = 429
    message = (
        "Vous avez déjà signalé {limite} changements des comptes de cette entreprise en 24 heures. Pour les autres, téléphonez "
        "à votre service gestionnaire, {gestionnaire} ({telephone}), qui les enregistre aussitôt. Supprimer un compte reste possible."
    )


class SignalementDUnAutre(RegleMetier):
    code = "signalement_bancaire_d_un_autre"
    message = (
        "Seul qui a signalé ce changement peut reprendre son signalement ; sinon, le service gestionnaire en décide."
    )


class SignalementBancaireClos(RegleMetier):
    code = "signalement_bancaire_clos"
    message = "Ce signalement n’attend plus de décision ({etat}, le {le})."


class ChangementDejaSignale(RegleMetier):
    code = "changement_bancaire_deja_signale"
    message = "Ce changement est déjà signalé, depuis le {le} : il attend votre décision."


class MotifDeDecisionBancaireRequis(RegleMetier):
    code = "motif_de_decision_bancaire_requis"
    message = "Dites pourquoi, en 300 caractères au plus : les administrateurs et l’entreprise liront votre motif."


class CompteNonClos(RegleMetier):
    code = "compte_non_clos"
    message = "La banque ne dit pas ce compte clos, ou la clôture est déjà levée : il n’y a rien à lever."


@plafonne
def signaler_changement(
    *, acteur: Espace, changement: ChangementBancaire, maintenant: datetime | None = None
) -> SignalementBancaire:
    """Say that this change is not the company's: its account is suspended, everybody is told, the office decides. Return the report.

    Who says so of what another has reported already is kept beside him: what one takes back leaves the other's. Twice the same
    changes nothing. Raises: SignalementBanqueRequis, ChangementDejaExamine, ChangementTropAncien, ChangementDAvantVous,
    TropDeSignalementsBancaires.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    changement, personne = _verrouiller(changement)
    exiger_signalement(acteur, personne)
    deja = _signalement_de(changement)
    attend = deja is not None and deja.etat == ETAT.DEPOSE
    if deja is not None and attend and acteur.numero_abonne in signaleurs_de(deja).tiennent:
        return deja
    if deja is not None and deja.etat not in {ETAT.DEPOSE, ETAT.REPRIS}:
        raise ChangementDejaExamine(le=jour(deja.decide_le), etat=deja.get_etat_display(), **_bureau(personne))
    exiger_signalable(acteur, changement, maintenant)
    limite = settings.PLAFOND_SIGNALEMENTS_BANCAIRES
    bareme = debit.Bareme(libres=limite, pas=1, limite=limite)
    if debit.reserver(debit.empreinte("banque-signale", f"{acteur.pk}|{personne.pk}"), bareme, maintenant) is None:
        raise TropDeSignalementsBancaires(limite=limite, personne=personne, **_bureau(personne))
    if deja is not None and attend:
        ligne = _consigner(actes.CHANGEMENT_BANCAIRE_SIGNALE, acteur, changement, deja)
        prevenir_du_signalement(deja, par=acteur.nom_complet, maintenant=maintenant, ligne=ligne)
        return deja
    signalement = SignalementBancaire.objects.create(changement=changement, espace=acteur, depose_le=maintenant)
    _consigner(actes.CHANGEMENT_BANCAIRE_SIGNALE, acteur, changement, signalement)
    prevenir_du_signalement(signalement, par=acteur.nom_complet, maintenant=maintenant)
    return signalement


@transaction.atomic
def reprendre_signalement(
    *, acteur: Espace, signalement: SignalementBancaire, maintenant: datetime | None = None
) -> SignalementBancaire:
    """Take one's own report back: the change was theirs after all. Twice changes nothing.

    Its account may be used again once no other's report stands: else the report goes on waiting, in the name of who said so next.
    What an agent has recorded is the office's alone to decide. Raises: SignalementBanqueRequis, SignalementDUnAutre, SignalementBancaireClos.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    changement, personne = _verrouiller(signalement.changement)
    exiger_signalement(acteur, personne)
    frais = _relire(signalement, changement)
    dits = signaleurs_de(frais)
    if frais.recueilli_par_id is not None or acteur.numero_abonne not in {*dits.tiennent, *dits.repris}:
        raise SignalementDUnAutre
    if frais.etat == ETAT.REPRIS or acteur.numero_abonne in dits.repris:
        return frais
    _exiger_en_attente(frais)
    _consigner(actes.SIGNALEMENT_BANCAIRE_REPRIS, acteur, changement, frais)
    autres = [numero for numero in dits.tiennent if numero != acteur.numero_abonne]
    if autres:
        frais.espace = Espace.objects.get(numero_abonne=autres[0])
        frais.save(update_fields=["espace"])
        return frais
    frais.etat, frais.decide_le = ETAT.REPRIS, maintenant
    frais.save(update_fields=["etat", "decide_le"])
    prevenir_de_la_decision(frais, suite=dire_la_suite(changement, annule=False), maintenant=maintenant)
    return frais


@transaction.atomic
@relit_l_agent
def recueillir_signalement(
    *, acteur: Agent, changement: ChangementBancaire, preuve: str, maintenant: datetime | None = None
) -> SignalementBancaire:
    """Record a report for a company that telephones or writes, who has no espace to say it from. Never limited. Return it.

    The change is the one that the agent was shown and chose, whatever was done to the account since then. What espaces have reported
    already becomes the company's own word: none of them takes it back any more.
    Raises: PersonneHorsCompetence, PreuveNonDite, IbanEnClair, ChangementDejaSignale.
    """
    maintenant = maintenant or timezone.now()
    changement, personne = _verrouiller(changement)
    exiger_competence(acteur, personne)
    preuve = exiger_sans_iban(exiger_preuve(preuve, LONGUEUR_PREUVE))
    deja = _signalement_de(changement)
    par = f"l’entreprise, auprès {de(personne.service_gestionnaire.nom)}"
    if deja is not None and deja.etat == ETAT.DEPOSE:
        frais = _relire(deja, changement)
        if frais.recueilli_par_id is not None:
            raise ChangementDejaSignale(le=jour(frais.depose_le))
        frais.espace, frais.recueilli_par, frais.preuve = None, acteur, preuve
        frais.save(update_fields=["espace", "recueilli_par", "preuve"])
        ligne = _consigner(actes.CHANGEMENT_BANCAIRE_SIGNALE, acteur, changement, frais)
        prevenir_du_signalement(frais, par=par, maintenant=maintenant, ligne=ligne)
        return frais
    signalement = SignalementBancaire.objects.create(
        changement=changement, recueilli_par=acteur, preuve=preuve, depose_le=maintenant
    )
    _consigner(actes.CHANGEMENT_BANCAIRE_SIGNALE, acteur, changement, signalement)
    prevenir_du_signalement(signalement, par=par, maintenant=maintenant)
    return signalement


@transaction.atomic
@relit_l_agent
def decider_signalement(
    *, acteur: Agent, signalement: SignalementBancaire, annuler: bool, motif: str, maintenant: datetime | None = None
) -> SignalementBancaire:
    """Let the change stand, or undo it: an account added is removed, one removed is back, a former name too. Return the report.

    What was done meanwhile stays: a name changed again, the same account added again elsewhere in the list.
    Raises: MotifDeDecisionBancaireRequis, IbanEnClair, PersonneHorsCompetence, SignalementBancaireClos.
    """
    maintenant = maintenant or timezone.now()
    motif = " ".join(motif.split())
    if not 0 < len(motif) <= LONGUEUR_MOTIF:
        raise MotifDeDecisionBancaireRequis
    exiger_sans_iban(motif)
    changement, personne = _verrouiller(signalement.changement)
    exiger_competence(acteur, personne)
    frais = _relire(signalement, changement)
    _exiger_en_attente(frais)
    suite = dire_la_suite(changement, annule=annuler)
    if annuler:
        _defaire(changement, maintenant)
    frais.etat, frais.decide_le = ETAT.ANNULE if annuler else ETAT.MAINTENU, maintenant
    frais.agent, frais.reponse = acteur, motif
    frais.save(update_fields=["etat", "decide_le", "agent", "reponse"])
    _consigner(
        actes.CHANGEMENT_BANCAIRE_ANNULE if annuler else actes.CHANGEMENT_BANCAIRE_MAINTENU,
        acteur,
        changement,
        motif=motif,
    )
    prevenir_de_la_decision(frais, suite=suite, maintenant=maintenant)
    return frais


@transaction.atomic
@relit_l_agent
def lever_cloture(
    *, acteur: Agent, reference: ReferenceBancaire, preuve: str, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Say, for the proof seen, that an account that its bank says closed (AC04) is open: it may be used, or added again. Return it.

    What the bank has answered stays; should it answer again later that it is closed, it is again.
    Raises: PersonneHorsCompetence, PreuveNonDite, IbanEnClair, CompteNonClos.
    """
    maintenant = maintenant or timezone.now()
    personne = _verrouiller_personne(reference.personne_id)
    exiger_competence(acteur, personne)
    preuve = exiger_sans_iban(exiger_preuve(preuve, LONGUEUR_PREUVE))
    fraiche = ReferenceBancaire.objects.select_for_update(no_key=True, of=("self",)).get(pk=reference.pk)
    fraiche.personne = personne
    memes = ReferenceBancaire.objects.filter(personne=personne, empreinte=fraiche.empreinte)
    if not dits_clos(memes).update(cloture_levee_le=maintenant):
        raise CompteNonClos
    fraiche.cloture_levee_le = maintenant
    consigner(
        actes.CLOTURE_BANCAIRE_LEVEE,
        auteur=acteur,
        siren=personne.siren,
        details={"compte": fraiche.iban_masque, "preuve": preuve},
    )
    prevenir_de_la_levee(fraiche, motif=preuve, maintenant=maintenant)
    return fraiche


def _verrouiller_personne(cle: int) -> PersonneSirenisee:
    return (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=cle)
    )


def _verrouiller(changement: ChangementBancaire) -> tuple[ChangementBancaire, PersonneSirenisee]:
    """Lock the personne, then the reference, of this change; return the change fresh, with both.

    Raises: CompteDeplace (an IDSP has become a SIREN that has its file).
    """
    personne = _verrouiller_personne(changement.reference.personne_id)
    frais = ChangementBancaire.objects.select_related("espace").get(pk=changement.pk)
    reference = (
        ReferenceBancaire.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=frais.reference_id, personne=personne)
        .first()
    )
    if reference is None:
        raise CompteDeplace
    reference.personne, frais.reference = personne, reference
    return frais, personne


def _signalement_de(changement: ChangementBancaire) -> SignalementBancaire | None:
    """Return the last report of this change, with it."""
    dernier = changement.signalements.order_by("-depose_le", "-pk").first()
    if dernier is not None:
        dernier.changement = changement
    return dernier


def _relire(signalement: SignalementBancaire, changement: ChangementBancaire) -> SignalementBancaire:
    """Return this report locked and fresh, with its change."""
    frais = SignalementBancaire.objects.select_for_update(no_key=True, of=("self",)).get(pk=signalement.pk)
    frais.changement = changement
    return frais


def _exiger_en_attente(signalement: SignalementBancaire) -> None:
    if signalement.etat != ETAT.DEPOSE:
        raise SignalementBancaireClos(etat=signalement.get_etat_display(), le=jour(signalement.decide_le))


def _revit_ailleurs(reference: ReferenceBancaire) -> bool:
    """Whether the same account stands in the list of the company under another row."""
    memes = ReferenceBancaire.objects.filter(
        personne=reference.personne_id, empreinte=reference.empreinte, supprimee_le=None
    )
    return memes.exclude(pk=reference.pk).exists()


def _defaire(changement: ChangementBancaire, maintenant: datetime) -> None:
    """Undo this change, as far as nothing done since then stands against it; the reference is locked."""
    reference = changement.reference
    if changement.genre == GENRE.AJOUT and reference.supprimee_le is None:
        reference.retirer(maintenant)
    elif changement.genre == GENRE.SUPPRESSION and not _revit_ailleurs(reference):
        reference.rendre()
    elif changement.genre == GENRE.RENOMMAGE and reference.titulaire == changement.titulaire_apres:
        reference.titulaire = changement.titulaire_avant
    reference.save(update_fields=[*reference.CHAMPS_DU_RETRAIT, "titulaire"])


def dire_la_suite(changement: ChangementBancaire, *, annule: bool) -> str:
    """Return what this decision comes to: for the agent who is about to take it or has just done so, and for the mails."""
    reference = changement.reference
    if not annule:
        if reference.supprimee_le is not None:
            return "Le compte reste supprimé."
        return _dire_s_il_sert(changement, "Le compte peut de nouveau servir.")
    if changement.genre == GENRE.AJOUT:
        return "Le compte est retiré de la liste : il ne peut plus servir à payer. Prévenez aussi votre banque."
    if changement.genre == GENRE.RENOMMAGE:
        if reference.titulaire == changement.titulaire_apres:
            return f"Le titulaire redevient « {changement.titulaire_avant} »."
        return f"Le nom avait déjà été changé de nouveau : le titulaire reste « {reference.titulaire} »."
    if _revit_ailleurs(reference):
        return "Le même compte avait déjà été ajouté de nouveau : il reste, sous sa nouvelle RUM."
    return _dire_s_il_sert(changement, "Le compte est rétabli, avec son mandat : il peut de nouveau servir.")


def _dire_s_il_sert(changement: ChangementBancaire, libre: str) -> str:
    """Return these words, unless another change of the same account waits: one decision does not settle the others."""
    autres = SignalementBancaire.objects.filter(changement__reference=changement.reference, etat=ETAT.DEPOSE)
    if autres.exclude(changement=changement).exists():
        return "Le compte reste suspendu : un autre de ses changements est signalé et attend une décision."
    return libre


def _bureau(personne: PersonneSirenisee) -> dict[str, str]:
    gestionnaire = personne.service_gestionnaire
    return {"gestionnaire": gestionnaire.nom, "telephone": gestionnaire.telephone}


def _consigner(
    acte: Acte,
    auteur: Espace | Agent,
    changement: ChangementBancaire,
    signalement: SignalementBancaire | None = None,
    *,
    motif: str = "",
) -> int:
    """Journal this act on this change: the account masked, what was changed, in which report, why an agent decided. Return its line."""
    details = {"compte": changement.reference.iban_masque, "changement": changement.get_genre_display()}
    details |= {"signalement": str(signalement.pk)} if signalement is not None else {}
    details |= {"motif": motif} if motif else {}
    return consigner(acte, auteur=auteur, siren=changement.reference.personne.siren, details=details).pk
