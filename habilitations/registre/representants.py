"""A new représentant légal: the titulaires are told, and the délégations of the personne are to be reviewed (R14)."""

from datetime import datetime

from accounts.traces.journal import consigner
from services.models import EvenementRegistre

from .. import actes
from ..arbre import avis
from ..models import Habilitation, Role
from ..partage.delegations import ROLES_DELEGUES

AUTEUR = "systeme:suivre_registre"


def constater_representant(evenement: EvenementRegistre, maintenant: datetime) -> None:
    """Tell each titulaire of a service of this personne, and open the review of what was delegated under them."""
    personne = evenement.personne
    vivantes = Habilitation.objects.vivantes().filter(personne=personne)
    nombre = vivantes.filter(role__in=ROLES_DELEGUES).update(revue_demandee_le=maintenant)
    if nombre:
        consigner(actes.REVUE_OUVERTE, auteur=AUTEUR, siren=personne.siren, details={"nombre": nombre})
    titulaires = vivantes.filter(role=Role.TITULAIRE).select_related("espace__compte", "personne", "service")
    for espace, leurs in avis.par_espace(titulaires).items():
        avis.ecrire(
            "representant_change",
            espace=espace,
            acte=f"representant:{evenement.pk}",
            habilitations=leurs,
            denomination=personne.denomination,
            a_revoir=bool(nombre),
        )
