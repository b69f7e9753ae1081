"""What one chooses: to be told by mail (issue 10.10; what protects the espace is no choice), which companies come first."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..arbre.lots import verrouiller_acteur
from ..models import Habilitation, Preference


class PasDansVosEntreprises(RegleMetier):
    code = "pas_dans_vos_entreprises"
    message = "Cette entreprise n’est pas, ou plus, parmi celles pour lesquelles vous avez une habilitation."


def desserre(preference: Preference, *, accords: str) -> bool:
    """Whether this choice has the holder told later of what others grant on his companies: who took a session over would
    make it first, so the password is asked again."""
    return preference.accords == Preference.Accords.AUSSITOT and accords != Preference.Accords.AUSSITOT


@transaction.atomic
def changer_preferences(
    *, acteur: Espace, accords: str, echeances: str, fichiers: str, rappels: str, maintenant: datetime | None = None
) -> list[str]:
    """Store what is told by mail and when; return the columns that changed, nothing is written when none did.

    What waits for a digest is not lost: chosen « aussitôt », the next morning still tells what came before. Raises: ActeurNonActif.
    """
    maintenant = maintenant or timezone.now()
    espace = verrouiller_acteur(acteur)
    preference = Preference.objects.select_for_update(no_key=True).filter(espace=espace).first()
    voulu = {
        "accords": Preference.Accords(accords),
        "echeances": Preference.Avis(echeances),
        "fichiers": Preference.Avis(fichiers),
        "rappels": Preference.Rappels(rappels),
    }
    preference = preference or Preference(espace=espace)
    changes = [champ for champ, valeur in voulu.items() if getattr(preference, champ) != valeur]
    if not changes:
        return []
    for champ in changes:
        setattr(preference, champ, voulu[champ])
    if "accords" in changes:
        preference.accords_choisi_le = maintenant
        if preference.accords == Preference.Accords.QUOTIDIEN and preference.resume_depuis is None:
            preference.resume_depuis = maintenant
    preference.save()
    consigner(actes.PREFERENCES_CHANGEES, auteur=espace, details={"champs": changes})
    return changes


@transaction.atomic
def changer_favori(*, acteur: Espace, siren: str, favori: bool) -> None:
    """Put this company of the espace first in its lists, or no longer; nothing is written where it is so already.

    Raises: ActeurNonActif, PasDansVosEntreprises.
    """
    espace = verrouiller_acteur(acteur)
    if not Habilitation.objects.vivantes().filter(espace=espace, personne__siren=siren).exists():
        raise PasDansVosEntreprises
    preference = Preference.objects.select_for_update(no_key=True).filter(espace=espace).first()
    preference = preference or Preference(espace=espace)
    if favori is (siren in preference.favoris):
        return
    preference.favoris = [*(autre for autre in preference.favoris if autre != siren), *([siren] if favori else [])]
    preference.save()
    consigner(actes.PREFERENCES_CHANGEES, auteur=espace, details={"champs": ["favoris"]})
