"""Who stands behind one report of a change of an account: one row waits for the office, each of those who said so is kept.

The journal says who reported it and who took that back, each in a line that names the report, written in the act's own transaction
under the lock of the company: so that nobody's « ce n’est pas nous » is lost because another has said it first.
"""

from dataclasses import dataclass

from accounts.models import Evenement

from .. import actes
from ..models import IdentifiantRemplace, SignalementBancaire


@dataclass(frozen=True, slots=True)
class Signaleurs:
    """Authors as the journal names them. `tiennent`: whose report stands, the first who said so first; `repris`: who took his back."""

    tiennent: tuple[str, ...]
    repris: frozenset[str]


def signaleurs_de(signalement: SignalementBancaire) -> Signaleurs:
    """Return who stands behind this report, its row's own author first, agents who recorded it too: two queries.

    Its lines bear the identifier of their day: an IDSP, of a company that has its SIREN since then.
    """
    premier = signalement.espace
    tiennent = [premier.numero_abonne] if premier is not None else []
    repris: set[str] = set()
    personne = signalement.changement.reference.personne
    anciens = IdentifiantRemplace.objects.filter(personne=personne).values_list("identifiant", flat=True)
    lignes = Evenement.objects.filter(
        acte__in=(actes.CHANGEMENT_BANCAIRE_SIGNALE.code, actes.SIGNALEMENT_BANCAIRE_REPRIS.code),
        siren__in=[personne.siren, *anciens],
        details__signalement=str(signalement.pk),
    )
    for acte, auteur in lignes.order_by("pk").values_list("acte", "auteur"):
        if acte == actes.SIGNALEMENT_BANCAIRE_REPRIS.code:
            repris.add(auteur)
            tiennent = [un for un in tiennent if un != auteur]
        else:
            repris.discard(auteur)
            tiennent = tiennent if auteur in tiennent else [*tiennent, auteur]
    return Signaleurs(tuple(tiennent), frozenset(repris))
