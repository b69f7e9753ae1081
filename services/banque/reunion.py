"""Two files become one, an IDSP's and its SIREN's: of an account that both hold, one copy stays, and nothing that bars it is lost (R20).

The copy that stays is the one whose mandate the bank has, else the one handed over, else the older: debits bear its RUM.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from accounts.traces.journal import consigner

from .. import actes
from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from .avis import prevenir_de_la_reunion

AUTEUR: Final = "systeme:identification"


def reunir_les_comptes(de: PersonneSirenisee, vers: PersonneSirenisee, maintenant: datetime) -> None:
    """Move the accounts of the first personne to the second, both locked; each double is removed, kept as a change, journalled and told."""
    references = ReferenceBancaire.objects.filter(personne__in=[de, vers]).select_related("mandat")
    copies: dict[str, list[ReferenceBancaire]] = defaultdict(list)
    for reference in references.order_by("ajoutee_le", "pk").select_for_update(no_key=True, of=("self",)):
        copies[reference.empreinte].append(reference)
    doubles: list[tuple[ReferenceBancaire, ReferenceBancaire]] = []
    for memes in copies.values():
        vivantes = sorted((une for une in memes if une.supprimee_le is None), key=_rang)
        if vivantes and len({une.personne_id for une in memes}) > 1:
            gardee, *autres = vivantes
            _reporter(gardee, [une for une in memes if une is not gardee], autres, maintenant)
            doubles += [(double, gardee) for double in autres]
    ReferenceBancaire.objects.filter(personne=de).update(personne=vers)
    for double, gardee in doubles:
        double.personne = vers
        changement = ChangementBancaire.objects.create(
            reference=double, genre=ChangementBancaire.Genre.SUPPRESSION, fait_le=maintenant
        )
        consigner(actes.COMPTE_BANCAIRE_RETIRE, auteur=AUTEUR, siren=vers.siren, details={"compte": double.iban_masque})
        prevenir_de_la_reunion(double, changement=changement, rum=gardee.mandat.rum, aussi=de, maintenant=maintenant)


def _rang(reference: ReferenceBancaire) -> tuple[bool, bool, bool, datetime]:
    """Order the copies of an account by which is to stay."""
    valide = ReferenceBancaire.Etat.VALIDE
    return (
        reference.etat_b2b != valide,
        reference.mandat.remis_le is None,
        reference.etat_core != valide,
        reference.ajoutee_le,
    )


def _reporter(
    gardee: ReferenceBancaire,
    autres: Sequence[ReferenceBancaire],
    doubles: Sequence[ReferenceBancaire],
    maintenant: datetime,
) -> None:
    """Remove these doubles; what waits for the office of any other copy, and until when it may not serve, is the kept one's from now on."""
    attendent = SignalementBancaire.objects.filter(etat=SignalementBancaire.Etat.DEPOSE).values("changement")
    leurs = ChangementBancaire.objects.filter(reference__in=autres)
    leurs.filter(pk__in=attendent).update(reference=gardee)
    leurs.filter(reference__in=doubles).update(reference=gardee)
    for une in autres:
        plus_tard = une.utilisable_le is not None and une.utilisable_le > max(
            maintenant, gardee.utilisable_le or maintenant
        )
        if plus_tard:
            gardee.utilisable_le, gardee.attente = une.utilisable_le, une.attente
    gardee.choisie_pour = sorted({*gardee.choisie_pour, *(code for une in doubles for code in une.choisie_pour)})
    gardee.save(update_fields=["utilisable_le", "attente", "choisie_pour"])
    for double in doubles:
        double.retirer(maintenant)
        double.save(update_fields=double.CHAMPS_DU_RETRAIT)
