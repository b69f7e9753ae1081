"""Which change of an account may still be reported, and by whom: what the act refuses, its page says beforehand (CGU §4.d).

Thirteen months, as a payment that was not authorised is contested (code monétaire et financier, art. L. 133-24; PROPOSAL: counted
here from the change, which precedes every debit that it allows). By who was told of that change, or administers a service that pays:
else whoever administers one service of a company suspends all its accounts at once, years back. The office records what it is told
of any age (`signalement.recueillir_signalement`), and removing an account is never limited.
"""

from datetime import datetime
from typing import Final

from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import apres_des_mois, jour
from accounts.saisies.regles import RegleMetier

from ..models import ChangementBancaire
from .droits import SIGNALER

MOIS_POUR_SIGNALER: Final = 13


class ChangementTropAncien(RegleMetier):
    code = "changement_bancaire_trop_ancien"
    message = (
        "Ce changement a plus de treize mois : il ne peut plus être signalé ici depuis le {depuis}. Écrivez ou téléphonez à votre "
        "service gestionnaire, {gestionnaire} ({telephone}) : lui peut encore suspendre ce compte et annuler le changement."
    )


class ChangementDAvantVous(RegleMetier):
    code = "changement_bancaire_d_avant_vous"
    message = (
        "Quand ce changement a été fait, le {le}, vous n’administriez aucun service {denomination:de}. Peuvent le signaler, jusqu’au "
        "{jusqu_au}, ceux qui en ont été prévenus et les administrateurs d’un service de paiement : demandez-le à l’un d’eux. Vous pouvez "
        "aussi écrire ou téléphoner au service gestionnaire, {gestionnaire} ({telephone}), qui peut suspendre ce compte aussitôt."
    )


def signalable_jusqu_au(changement: ChangementBancaire) -> datetime:
    """Return until when this change may be reported by an espace."""
    return apres_des_mois(changement.fait_le, MOIS_POUR_SIGNALER)


def refus_de_signaler(
    espace: Espace, changement: ChangementBancaire, *, gere: bool = False, maintenant: datetime | None = None
) -> RegleMetier | None:
    """Return the rule that keeps this espace, which administers some service of the company, from reporting this change; None: it may.

    `changement` holds its reference, and that its personne with its office. `gere`: it is known already to manage the accounts.
    """
    personne, fin = changement.reference.personne, signalable_jusqu_au(changement)
    gestionnaire = personne.service_gestionnaire
    bureau = {"gestionnaire": gestionnaire.nom, "telephone": gestionnaire.telephone}
    if (maintenant or timezone.now()) >= fin:
        return ChangementTropAncien(depuis=jour(fin), **bureau)
    if not gere and (espace.compte is None or not espace.compte.has_perm(SIGNALER, changement)):
        return ChangementDAvantVous(
            le=jour(changement.fait_le), jusqu_au=jour(fin), denomination=personne.denomination, **bureau
        )
    return None


def exiger_signalable(espace: Espace, changement: ChangementBancaire, maintenant: datetime) -> None:
    """Check that this espace may still report this change. Raises: ChangementTropAncien, ChangementDAvantVous."""
    refus = refus_de_signaler(espace, changement, maintenant=maintenant)
    if refus is not None:
        raise refus
