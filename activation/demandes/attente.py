"""What a demande waits for (R9, CGU §2.3): whether a code may be tried, and from when another letter may be asked for.

The acts ask under their locks, the pages before they show the field and the button: one answer for both.
"""

from datetime import datetime

from django.conf import settings

from accounts.saisies.dates import jour, jour_heure
from accounts.saisies.regles import RegleMetier
from services.adresses.envoi import AdresseEnvoi

from ..courriers.codes import (
    CodeDejaUtilise,
    CodeExpire,
    CodePasEncoreEdite,
    CodeSuspendu,
    CourrierRevenu,
    TropDEssais,
)
from ..courriers.edition import adresse_changee
from ..models import Courrier, Demande


class DemandeTerminee(RegleMetier):
    code = "demande_terminee"
    message = "Cette demande est terminée ({etat}) : elle ne peut plus être modifiée."


class AdresseNonConfirmee(RegleMetier):
    code = "adresse_entreprise_non_confirmee"
    message = (
        "L’adresse {adresse} n’est pas encore confirmée : le lien qui y a été envoyé doit d’abord être ouvert. Le code ne "
        "sert qu’ensuite ; il n’est pas perdu, et aucun essai n’est compté."
    )


class TropTotPourUnCourrier(RegleMetier):
    code = "trop_tot_pour_un_courrier"
    message = "Un nouveau courrier pourra être demandé à partir du {jour} : La Poste peut livrer jusque-là le premier."


class PlusDeCourrier(RegleMetier):
    code = "plus_de_courrier"
    message = (
        "Trois courriers ont déjà été envoyés pour cette demande, c’est le maximum : utilisez le code du dernier, ou "
        "adressez-vous au service gestionnaire de l’entreprise."
    )


def exiger_en_cours(demande: Demande) -> None:
    """Raises: DemandeTerminee."""
    if not demande.est_en_cours:
        raise DemandeTerminee(etat=demande.get_etat_display())


def exiger_non_suspendue(demande: Demande, maintenant: datetime) -> None:
    """Check that nobody's report suspends the code of this demande (R8). Raises: CodeSuspendu."""
    if fin := demande.suspendue_jusqu_au(maintenant):
        raise CodeSuspendu(jour=jour_heure(fin))


def exiger_adresse_confirmee(demande: Demande) -> None:
    """Check that the company's new address has answered its link, where one was sent (R21). Raises: AdresseNonConfirmee."""
    if demande.adresse_a_confirmer:
        raise AdresseNonConfirmee(adresse=demande.nouvelle_adresse)


def exiger_courrier(demande: Demande) -> Courrier:
    """Return the letter whose code counts, locked. Raises: DemandeTerminee, AdresseNonConfirmee, where none ever left."""
    courrier = demande.courriers.select_for_update(no_key=True).filter(remplace_le=None).first()
    if courrier is None:
        exiger_en_cours(demande)
        raise AdresseNonConfirmee(adresse=demande.nouvelle_adresse)
    return courrier


def exiger_code_attendu(demande: Demande, courrier: Courrier, maintenant: datetime) -> None:
    """Check that the code of this letter, the last one of this demande, may be tried now.

    Raises: CodeDejaUtilise, CodeExpire, DemandeTerminee, CodeSuspendu, AdresseNonConfirmee, CodePasEncoreEdite,
    CourrierRevenu, TropDEssais.
    """
    if demande.etat == Demande.Etat.ACTIVEE:
        raise CodeDejaUtilise(reference=demande.reference)
    if demande.etat == Demande.Etat.EXPIREE or courrier.est_expire(maintenant):
        raise CodeExpire(jour=jour(courrier.expire_le))
    exiger_en_cours(demande)
    exiger_non_suspendue(demande, maintenant)
    exiger_adresse_confirmee(demande)
    if courrier.edite_le is None:
        raise CodePasEncoreEdite
    if courrier.etat == Courrier.Etat.NPAI:
        raise CourrierRevenu
    if courrier.essais >= settings.CODE_ESSAIS:
        raise TropDEssais


def code_attendu(demande: Demande, courrier: Courrier, maintenant: datetime) -> bool:
    """Whether the code of this letter may be tried now."""
    try:
        exiger_code_attendu(demande, courrier, maintenant)
    except RegleMetier:
        return False
    return True


def nouveau_courrier_le(
    demande: Demande, dernier: Courrier, envoi: AdresseEnvoi | None, maintenant: datetime
) -> datetime | None:
    """Return from when another letter than this last one may be asked for; None: no more.

    At once when it came back, or went to another address than `envoi`, where letters go today; never while the code is
    suspended (R8).
    """
    if not demande.est_en_cours or demande.adresse_a_confirmer or dernier.numero > settings.CODE_NOUVEAUX_COURRIERS:
        return None
    perdu = dernier.etat == Courrier.Etat.NPAI or adresse_changee(dernier, envoi)
    possible_le = dernier.cree_le if perdu else dernier.part_le + settings.CODE_NOUVEAU_COURRIER_APRES
    return max(possible_le, demande.suspendue_jusqu_au(maintenant) or possible_le)


def exiger_nouveau_courrier(
    demande: Demande, dernier: Courrier, envoi: AdresseEnvoi | None, maintenant: datetime
) -> None:
    """Check that another letter than this last one may be asked for now, to go to `envoi`.

    Raises: DemandeTerminee, CodeSuspendu, AdresseNonConfirmee, PlusDeCourrier, TropTotPourUnCourrier.
    """
    exiger_en_cours(demande)
    exiger_non_suspendue(demande, maintenant)
    exiger_adresse_confirmee(demande)
    possible_le = nouveau_courrier_le(demande, dernier, envoi, maintenant)
    if possible_le is None:
        raise PlusDeCourrier
    if maintenant < possible_le:
        raise TropTotPourUnCourrier(jour=jour(possible_le))
