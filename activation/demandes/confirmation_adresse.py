"""The first step of a company's new e-mail: whoever reads it answers a link, then the letter leaves (R21, CGU §4.e).

The link is for the mailbox, not for who asked: it may be opened on any device, signed in or not. It opens nothing by itself;
the posted code does.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.envois.liens import LienDejaUtilise, LienInvalide, lire_lien
from accounts.envois.un_a_un import chacun
from accounts.models import Courriel, Espace, Lien
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.traces.journal import consigner
from habilitations.droits.roles import GERER_COURRIEL
from services.adresses.envoi import exiger_adresse

from .. import actes
from ..models import Courrier, Demande
from .attente import exiger_en_cours
from .courriel_personne import AdresseInchangee, envoyer_le_lien, exiger_administrateur
from .depot import envoyer_la_lettre, exiger_droits_admis, prevenir, terminer, verrouiller

OBJET = Lien.Objet.COURRIEL_ENTREPRISE
LECTEUR = "systeme:confirmer_adresse_entreprise"
"""Whoever reads the new mailbox: nobody that the portal knows."""
TENTATIVES_SUSPECTES = 3  # tries after which the mail relay of the address is said not to answer


class AdresseDejaConfirmee(RegleMetier):
    code = "adresse_entreprise_deja_confirmee"
    message = "L’adresse {adresse} est déjà confirmée : il reste à saisir le code du courrier."


class DemandeSansSuite(RegleMetier):
    code = "confirmation_sans_suite"
    message = (
        "La demande {reference} est terminée ({etat}) : cette adresse n’a plus à être confirmée. Ce lien n’a rien changé "
        "pour l’entreprise."
    )


class DemandeurSansDroit(RegleMetier):
    code = "demandeur_sans_droit"
    message = (
        "La personne qui a fait la demande {reference} n’administre plus la messagerie {denomination:de} : l’adresse ne peut "
        "pas changer par cette demande."
    )


class LienRecent(RegleMetier):
    code = "lien_adresse_recent"
    message = "Un courriel est déjà en route vers {adresse} : attendez deux minutes avant d’en demander un autre."


@dataclass(frozen=True)
class EtatDuLien:
    """What became of the link to the new address. `refuse`: its mail was set aside; `peine`: the relay has not taken it yet."""

    envoye_le: datetime | None
    expire_le: datetime | None
    refuse: bool
    peine: bool
    droit_perdu: bool


def demande_du_lien(jeton: str) -> tuple[Lien, Demande]:
    """Return the live link and its demande. Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire."""
    lien = lire_lien(jeton, objet=OBJET)
    return lien, _demande(lien.sujet)


def demande_confirmee(regle: LienDejaUtilise) -> Demande | None:
    """Return the demande that this used link confirmed; None when it was refused."""
    lien: Lien = regle.contexte["lien"]
    demande = _demande(lien.sujet)
    return demande if demande.adresse_confirmee_le is not None else None


def _demande(cle: UUID | None) -> Demande:
    if cle is None:
        raise LienInvalide
    demande = Demande.objects.select_related("personne__service_gestionnaire", "espace__compte").filter(pk=cle).first()
    if demande is None:  # purged since
        raise LienInvalide
    return demande


def examiner_confirmation(demande: Demande) -> None:
    """Check that this demande may still be confirmed, before the button is shown.

    Raises: DemandeSansSuite, DemandeurSansDroit, PersonneCessee, AdresseInconnue, AdresseInchangee.
    """
    if not demande.est_en_cours:
        raise DemandeSansSuite(reference=demande.reference, etat=demande.get_etat_display())
    if not _administre(demande):
        raise DemandeurSansDroit(reference=demande.reference, denomination=demande.personne.denomination)
    exiger_droits_admis(demande.personne)
    if demande.nouvelle_adresse == demande.personne.courriel:
        raise AdresseInchangee
    exiger_adresse(demande.personne)


def _administre(demande: Demande) -> bool:
    espace = demande.espace
    return espace.est_actif and espace.compte is not None and espace.compte.has_perm(GERER_COURRIEL, demande.personne)


@transaction.atomic
def confirmer_adresse(*, acteur: Visiteur, maintenant: datetime | None = None) -> Demande:
    """Consume the link of the new address: the letter that carries the code leaves; return the demande.

    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, and what `examiner_confirmation` raises: then the link is
    not used up.
    """
    maintenant = maintenant or timezone.now()
    lien, demande = _verrouiller(acteur, maintenant)
    examiner_confirmation(demande)
    _consommer(lien, maintenant)
    demande.adresse_confirmee_le = maintenant
    demande.save(update_fields=["adresse_confirmee_le"])
    courrier = demande.courriers.filter(remplace_le=None).first() or envoyer_la_lettre(demande, maintenant)
    consigner(
        actes.DEMANDE_ADRESSE_CONFIRMEE,
        auteur=LECTEUR,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference},
    )
    prevenir(
        demande,
        "courriel_entreprise_confirmee",
        "adresse-confirmee",
        nouvelle_adresse=demande.nouvelle_adresse,
        part_le_jour=jour(courrier.pas_avant),
    )
    return demande


@transaction.atomic
def refuser_adresse(*, acteur: Visiteur, maintenant: datetime | None = None) -> Demande:
    """« Ce n’est pas nous »: end the demande from the new mailbox, no letter leaves, who asked is told; return it.

    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, DemandeSansSuite.
    """
    maintenant = maintenant or timezone.now()
    lien, demande = _verrouiller(acteur, maintenant)
    if not demande.est_en_cours:
        raise DemandeSansSuite(reference=demande.reference, etat=demande.get_etat_display())
    _consommer(lien, maintenant)
    consigner(
        actes.DEMANDE_ADRESSE_REFUSEE,
        auteur=LECTEUR,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference},
    )
    prevenir(demande, "courriel_entreprise_refusee", "adresse-refusee", nouvelle_adresse=demande.nouvelle_adresse)
    terminer(demande, Demande.Etat.ANNULEE, maintenant)
    return demande


def _verrouiller(acteur: Visiteur, maintenant: datetime) -> tuple[Lien, Demande]:
    lien = lire_lien(acteur.jeton, objet=OBJET, maintenant=maintenant, verrouiller=True)
    return lien, verrouiller(_demande(lien.sujet))


def _consommer(lien: Lien, maintenant: datetime) -> None:
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])


@transaction.atomic
def renvoyer_le_lien(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Demande:
    """Mail the link again to the address that has not answered: the same one, while it lives; return the demande.

    Raises: DemandeTerminee, AdresseDejaConfirmee, MessagerieRequise, TropDeChangements, LienRecent.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    if not demande.adresse_a_confirmer:
        raise AdresseDejaConfirmee(adresse=demande.nouvelle_adresse)
    exiger_administrateur(demande.espace, demande.personne)
    if not envoyer_le_lien(demande, maintenant):
        raise LienRecent(adresse=demande.nouvelle_adresse)
    consigner(
        actes.DEMANDE_LIEN_RENVOYE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference},
    )
    return demande


def etat_du_lien(demande: Demande) -> EtatDuLien | None:
    """Return what became of the link of this demande: two queries, three while it waits; None for another nature."""
    if demande.nature != Demande.Nature.COURRIEL_PERSONNE:
        return None
    lien = demande.espace.liens.filter(objet=OBJET, sujet=demande.pk).order_by("-cree_le").first()
    dernier = Courriel.objects.filter(lien=lien).order_by("-cree_le").first() if lien is not None else None
    return EtatDuLien(
        envoye_le=dernier.cree_le if dernier is not None else None,
        expire_le=lien.expire_le if lien is not None else None,
        refuse=dernier is not None and dernier.ecarte_le is not None,
        peine=dernier is not None and dernier.traite_le is None and dernier.tentatives >= TENTATIVES_SUSPECTES,
        droit_perdu=demande.est_en_cours and not _administre(demande),
    )


def expirer_non_confirmees(
    *, acteur: str = "systeme:expirer_demandes", maintenant: datetime | None = None, nombre: int = 500
) -> int:
    """Close the demandes whose new address let its link expire, no letter having left; return how many."""
    maintenant = maintenant or timezone.now()
    cles = list(_echues(maintenant).order_by("deposee_le", "pk").values_list("pk", flat=True)[:nombre])
    return chacun("adresses_non_confirmees", cles, lambda cle: _expirer(cle, acteur, maintenant))


def _echues(maintenant: datetime) -> QuerySet[Demande]:
    vivants = Lien.objects.filter(
        espace=OuterRef("espace"),
        objet=OBJET,
        sujet=OuterRef("pk"),
        consomme_le=None,
        revoque_le=None,
        expire_le__gte=maintenant,
    )
    lettres = Courrier.objects.filter(demande=OuterRef("pk"))
    return Demande.objects.adresse_a_confirmer().filter(~Exists(vivants), ~Exists(lettres), terminee_le=None)


def _expirer(cle: UUID, auteur: str, maintenant: datetime) -> bool:
    demande = verrouiller(Demande.objects.get(pk=cle))
    if not _echues(maintenant).filter(pk=cle).exists():
        return False
    consigner(
        actes.DEMANDE_EXPIREE,
        auteur=auteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_expiree", "expiree", nouvelle_adresse=demande.nouvelle_adresse)
    terminer(demande, Demande.Etat.EXPIREE, maintenant)
    return True
