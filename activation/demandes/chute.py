"""The fall of an espace simplifié whose demande came to nothing: its address is free again (CGU §2.1.a)."""

from datetime import datetime

from accounts.espace.suppression import blanchir
from accounts.models import Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import Demande


def faire_tomber(demande: Demande, maintenant: datetime) -> None:
    """Close the espace that waited for this demande: like one deleted, it keeps a number and dates, no person.

    The mail that says why has been written and still leaves. The espace is locked by the caller.
    """
    espace = Espace.objects.select_related("compte").get(pk=demande.espace_id)
    if espace.etat != Espace.Etat.EN_ATTENTE_CODE:
        return
    compte = espace.compte
    espace.liens.all().delete()
    espace.etat = Espace.Etat.SUPPRIME
    espace.supprime_le = maintenant
    blanchir(espace)
    espace.save()
    if compte is not None:
        compte.delete()
    consigner(
        actes.ESPACE_TOMBE,
        auteur="systeme:creation_simplifiee",
        espace=espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "etat": demande.etat},
    )
