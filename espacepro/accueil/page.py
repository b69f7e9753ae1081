"""What the home page of an espace shows, for its holder and for the agent who looks at it in the holder's place."""

from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Espace
from activation.demandes.suivi import demandes_suivies
from activation.forms import CodeForm
from habilitations.lectures.echeances import prochaines_echeances
from habilitations.lectures.miennes import a_dire_a_l_accueil

from .entreprises import Accueil

GABARIT: Final = "espacepro/accueil/page.html"
"""The page between its frame's header and footer."""


def contexte(espace: Espace, lu: Accueil, *, bureau: int | None = None) -> dict[str, Any]:
    """Return what GABARIT draws of what was read; for one service gestionnaire alone where `bureau` is given (its key), as it was
    read: four queries at most."""
    retour = reverse("espace", query=lu.vos.filtres.parametres or None)
    dits: dict[str, Any] = {
        "espace": espace,
        "a_faire": lu.a_faire,
        "vos": lu.vos,
        "page": lu.vos.page,
        "filtres": lu.vos.filtres,
        "recentes": lu.recentes,
        "autres": lu.autres,
        "servies": lu.servies,
        "formulaire_code": CodeForm(),
        "tenues": any(tenue.tenue for tenue in lu.tenues),
        "siren": lu.siren,
        "en_demande": lu.en_demande,
        "limite": settings.PERIMETRE_SIREN,
        "alerte": settings.PERIMETRE_ALERTE,
        "retour": retour,
        "vers": f"?{urlencode({'retour': f'{retour}#e-'})}" if lu.vos.filtres.adresse else "",
        "echeances": prochaines_echeances(espace, bureau=bureau) if lu.servies and not lu.vos.filtres.vue else [],
    }
    if not lu.servies:
        dits["attendus"], dits["suivies"] = demandes_suivies(espace, bureau=bureau)
        dits["arrivees"] = [
            ligne for ligne in a_dire_a_l_accueil(espace) if bureau in {None, ligne.personne.service_gestionnaire_id}
        ]
    return dits
