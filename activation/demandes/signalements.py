"""« Je ne reconnais pas cette demande » (R8): who has the letter suspends its code, and an agent decides.

The suspension is a pause, not a refusal: five working days at most, once per demande, and the days lost are added to the
code's validity at once, so that neither a late job nor a silent agent takes anything from an honest requester. What
proves the letter is the end of the reference, printed there alone (activation/courriers/codes.py); the answer is the same whatever
the reference leads to.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.essais import essai_compte
from accounts.envois import courriels
from accounts.envois.un_a_un import chacun
from accounts.models import Agent, Espace
from accounts.saisies.dates import jour, jour_heure
from accounts.saisies.jours_ouvres import apres_jours_ouvres
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from habilitations.models import Habilitation, Role

from .. import actes
from ..courriers.codes import lire_reference, reference_a_signaler
from ..models import Demande, Signalement, SignalementDiffere
from .depot import prevenir, verrouiller
from .retours import exiger_competence, refuser_demande

PAR_DEMANDE = 3
"""Beyond so many reports of one demande nothing is added: the agents have read enough of it."""
VISITEUR = "systeme:signaler"


class ReferenceIncomplete(RegleMetier):
    code = "reference_incomplete"
    message = (
        "Saisissez la référence entière, avec ses cinq derniers caractères : elle est imprimée sur le courrier, sous « Vous "
        "ne reconnaissez pas cette demande ? »."
    )


class ReferenceInconnue(RegleMetier):
    code = "reference_inconnue"
    message = (
        "Cette référence n’est pas celle d’une demande en cours qui porte sur un service dont vous êtes l’administrateur "
        "titulaire. Si vous avez reçu le courrier, saisissez la référence entière qu’il porte."
    )


class SignalementDejaTraite(RegleMetier):
    code = "signalement_deja_traite"
    message = "Ce signalement a déjà été examiné."


def signaler(
    *, acteur: Espace | Visiteur, saisie: str, texte: str = "", adresse_ip: str, maintenant: datetime | None = None
) -> None:
    """Record that a demande is not recognised, and suspend its code where that is due; tell nothing of what was found.

    `saisie` is the reference of the letter; whoever is signed in as the titulaire of a service asked for may give the
    plain one of the demande, and suspends nothing (he would lose that service by the code). Counted for the network: beyond
    its pace the report is taken all the same, and what it says is compared at a later hour (`examiner_signalements`).
    Raises: ReferenceMalSaisie, ReferenceIncomplete, ReferenceInconnue.
    """
    maintenant = maintenant or timezone.now()
    with essai_compte():
        examiner_le, reseau = _dater(adresse_ip, maintenant)
    espace = acteur if isinstance(acteur, Espace) else None
    reference, cle = lire_reference(saisie)
    if not cle and espace is None:
        raise ReferenceIncomplete
    demande = Demande.objects.en_cours().filter(reference=reference).first()
    if examiner_le > maintenant:
        if demande is not None:
            _differer(demande, espace, cle, texte, reseau, maintenant, examiner_le)
    elif not _examiner(demande, espace, reference, cle, texte, maintenant) and not cle:
        raise ReferenceInconnue


def _dater(adresse_ip: str, maintenant: datetime) -> tuple[datetime, str]:
    """Count one report of this network, and return when it may be examined, with the key of its narrowest counter."""
    cadence = debit.Cadence(*settings.DEBIT_SIGNALEMENTS_RESEAU)
    compteurs = [
        (debit.empreinte("signalement", cle), cadence.fois(fois)) for cle, fois in debit.cles_reseau(adresse_ip)
    ]
    return max(debit.dater(cle, bareme, maintenant) for cle, bareme in compteurs), compteurs[0][0]


def _examiner(
    demande: Demande | None,
    espace: Espace | None,
    reference: str,
    cle: str,
    texte: str,
    recu_le: datetime,
    auteur: str = VISITEUR,
) -> bool:
    """Record this report if it is right; whether it was."""
    if cle:
        attendue = reference_a_signaler(reference=reference, demande=demande.pk if demande else "")
        juste = demande is not None and attendue == f"{reference}-{cle}"
    else:
        juste = demande is not None and espace is not None and _tient_un_service(espace, demande)
    if juste and demande is not None:
        _enregistrer(espace, demande, texte, recu_le, auteur)
    return juste


@transaction.atomic
def _differer(
    demande: Demande,
    espace: Espace | None,
    cle: str,
    texte: str,
    reseau: str,
    maintenant: datetime,
    examiner_le: datetime,
) -> None:
    """Keep what was typed until then: of one network, so many for one demande, since each may be a guess."""
    demande = verrouiller(demande)
    if SignalementDiffere.objects.filter(demande=demande, reseau=reseau).count() < PAR_DEMANDE:
        SignalementDiffere.objects.create(
            demande=demande,
            espace=espace,
            cle=cle,
            texte=_precision(texte),
            reseau=reseau,
            recu_le=maintenant,
            examiner_le=examiner_le,
        )


def examiner_signalements(*, acteur: str = VISITEUR, maintenant: datetime | None = None, nombre: int = 100) -> int:
    """Examine the reports whose hour has come, each in a transaction of its own; return how many. May run beside itself."""
    maintenant = maintenant or timezone.now()
    dus = SignalementDiffere.objects.filter(examiner_le__lte=maintenant).order_by("examiner_le", "pk")
    return chacun(
        "signalements",
        dus.values_list("pk", flat=True)[:nombre],
        lambda cle: _examiner_differe(cle, acteur, maintenant),
    )


def _examiner_differe(cle: UUID, auteur: str, maintenant: datetime) -> bool:
    differe = SignalementDiffere.objects.select_related("demande", "espace").filter(pk=cle).first()
    if differe is None:
        return False
    demande = verrouiller(differe.demande)
    if not SignalementDiffere.objects.filter(pk=cle).delete()[0]:  # another run has had it
        return False
    espace = differe.espace if differe.espace is not None and differe.espace.est_actif else None
    _examiner(demande, espace, demande.reference, differe.cle, differe.texte, maintenant, auteur)
    return True


def _precision(texte: str) -> str:
    return " ".join(texte.split())[:500]


def _tient_un_service(espace: Espace, demande: Demande) -> bool:
    """Whether this espace is the titulaire of a service that the demande asks for."""
    siens = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE, personne=demande.personne_id)
    return siens.filter(service__in=demande.services.values("pk")).exists()


@transaction.atomic
def _enregistrer(espace: Espace | None, demande: Demande, texte: str, maintenant: datetime, auteur: str) -> None:
    """Write the report, unless the demande is over, one of the same kind waits, or the demande has had enough of them."""
    demande = verrouiller(demande)
    courrier = demande.courriers.select_for_update(no_key=True).filter(remplace_le=None).first()
    if courrier is None or not demande.est_en_cours or courrier.est_expire(maintenant):  # no letter: nobody has its key
        return
    titulaire = espace if espace is not None and _tient_un_service(espace, demande) else None
    origine = Signalement.Origine.TITULAIRE if titulaire is not None else Signalement.Origine.COURRIER
    deja = list(demande.signalements.all())
    if len(deja) >= PAR_DEMANDE or any(s.origine == origine and s.decide_le is None for s in deja):
        return
    jusqu_au = None
    if titulaire is None and all(s.suspend_jusqu_au is None for s in deja):
        jusqu_au = apres_jours_ouvres(maintenant, settings.CODE_SUSPENDU)
        if courrier.expire_le is not None:
            courrier.expire_le += jusqu_au - maintenant
            courrier.save(update_fields=["expire_le"])
    signalement = Signalement.objects.create(
        demande=demande,
        origine=origine,
        espace=titulaire,
        texte=_precision(texte),
        recu_le=maintenant,
        suspend_jusqu_au=jusqu_au,
    )
    consigner(
        actes.DEMANDE_SIGNALEE,
        auteur=titulaire or auteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature, "suspendu": jusqu_au is not None},
    )
    _prevenir(signalement, demande)


def _prevenir(signalement: Signalement, demande: Demande) -> None:
    """Tell the requester, and the office whose agents decide."""
    jusqu_au = jour_heure(signalement.suspend_jusqu_au)
    prevenir(demande, "demande_signalee", f"signalee-{signalement.pk}", suspendu_jusqu_au=jusqu_au)
    courriels.deposer(
        "signalement_recu",
        destinataire=demande.personne.service_gestionnaire.courriel,
        acte=f"signalement:{signalement.pk}",
        contexte={
            "reference": demande.reference,
            "denomination": demande.personne.denomination,
            "origine": signalement.get_origine_display(),
            "suspendu_jusqu_au": jusqu_au,
        },
    )


def _verrouiller(signalement: Signalement) -> tuple[Demande, Signalement]:
    """Lock the demande, then the report. Raises: SignalementDejaTraite."""
    demande = verrouiller(signalement.demande)
    frais = Signalement.objects.select_for_update(no_key=True).get(pk=signalement.pk)
    frais.demande = demande
    if frais.decision != Signalement.Decision.EN_ATTENTE:
        raise SignalementDejaTraite
    return demande, frais


@transaction.atomic
@relit_l_agent
def confirmer_signalement(
    *, acteur: Agent, signalement: Signalement, motif: str, maintenant: datetime | None = None
) -> Demande:
    """Refuse the demande that the company does not recognise, and return it: its code dies, the requester is told why.

    Raises: SignalementDejaTraite, and what `refuser_demande` raises.
    """
    demande, signalement = _verrouiller(signalement)
    signalement.agent = acteur
    signalement.save(update_fields=["agent"])
    return refuser_demande(acteur=acteur, demande=demande, motif=motif, maintenant=maintenant)


@transaction.atomic
@relit_l_agent
def ecarter_signalement(*, acteur: Agent, signalement: Signalement, maintenant: datetime | None = None) -> Signalement:
    """Let the code of the demande live again at once, and tell the requester until when. Return the report.

    Raises: SignalementDejaTraite, AgentNonCompetent.
    """
    maintenant = maintenant or timezone.now()
    demande, signalement = _verrouiller(signalement)
    exiger_competence(acteur, demande.personne)
    signalement.decision = Signalement.Decision.ECARTE
    signalement.decide_le = maintenant
    signalement.agent = acteur
    signalement.save(update_fields=["decision", "decide_le", "agent"])
    consigner(
        actes.SIGNALEMENT_ECARTE,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    _reprendre(demande, signalement, maintenant)
    return signalement


def _reprendre(demande: Demande, signalement: Signalement, maintenant: datetime) -> None:
    """Let a suspended code live again: the days that were added and not lost are taken back, the requester is told."""
    if signalement.suspend_jusqu_au is None or signalement.repris_le is not None:
        return
    courrier = demande.courriers.select_for_update(no_key=True).get(remplace_le=None)
    commun = courrier.edite_le is not None and courrier.edite_le <= signalement.recu_le
    if commun and courrier.expire_le is not None and maintenant < signalement.suspend_jusqu_au:
        courrier.expire_le -= signalement.suspend_jusqu_au - maintenant
        courrier.save(update_fields=["expire_le"])
    signalement.repris_le = maintenant
    signalement.save(update_fields=["repris_le"])
    prevenir(demande, "code_repris", f"code-repris-{signalement.pk}", expire_le_jour=jour(courrier.expire_le))


def reprendre_codes(
    *, acteur: str = "systeme:reprendre_codes", maintenant: datetime | None = None, nombre: int = 500
) -> int:
    """Note that the codes whose suspension is over live again, no agent having answered, and return how many.

    The report stays in the agents' queue: the demande may still be refused while its code has not been entered.
    """
    maintenant = maintenant or timezone.now()
    finis = Signalement.objects.filter(
        suspend_jusqu_au__lte=maintenant, repris_le=None, decision=Signalement.Decision.EN_ATTENTE
    )
    return chacun(
        "codes_repris",
        finis.select_related("demande")[:nombre],
        lambda signalement: _reprendre_sans_reponse(acteur, signalement, maintenant),
    )


def _reprendre_sans_reponse(acteur: str, signalement: Signalement, maintenant: datetime) -> bool:
    demande = verrouiller(signalement.demande)
    frais = Signalement.objects.select_for_update(no_key=True).get(pk=signalement.pk)
    if frais.repris_le is not None or frais.decision != Signalement.Decision.EN_ATTENTE:
        return False
    consigner(
        actes.CODE_REPRIS,
        auteur=acteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    _reprendre(demande, frais, maintenant)
    return True
