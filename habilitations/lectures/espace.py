"""What the pages of an espace read: one function per page, a number of queries that does not depend on its SIREN."""

from django.db.models import Exists, OuterRef

from accounts.espace.recapitulatif_pdf import ServiceObtenu
from accounts.models import Espace
from services.banque.droits import peut
from services.banque.lectures import SansCompte, comptes_de
from services.banque.paiement import Paiement, preparer_paiement
from services.models import ReferenceBancaire

from ..droits.backends import donnant
from ..droits.roles import GERER_BANQUE, UTILISER, VOIR_BANQUE, roles_pour
from ..models import ORDRE, Habilitation, Role


def habilitation_active(espace: Espace, *, siren: str, code: str) -> Habilitation | None:
    """Return the active habilitation of this espace for this pair, with all that the service's page shows, or None.

    `a_un_compte`: whether its company has a bank account to pay from.
    """
    comptes = ReferenceBancaire.objects.filter(personne=OuterRef("personne"), supprimee_le=None)
    return (
        donnant(UTILISER, espace)
        .annotate(a_un_compte=Exists(comptes))
        .filter(personne__siren=siren, service__code=code)
        .select_related(
            "personne__service_gestionnaire", "service", "adhesion__mandat__mandataire", "accordee_par__espace"
        )
        .first()
    )


def compte_manquant(habilitation: Habilitation) -> SansCompte | None:
    """Return what to say where this paying service has no account to pay from (R20).

    Who manages it by this very service is known without a query; any other is asked of the backend: another service may give it.
    """
    if not habilitation.service.paiement or habilitation.a_un_compte:  # type: ignore[attr-defined]  # annotated above
        return None
    personne = habilitation.personne
    par_ce_service = habilitation.role in roles_pour(GERER_BANQUE) and personne.restreinte_le is None
    return SansCompte(personne, par_ce_service or peut(habilitation.espace, GERER_BANQUE, personne))


def comptes_pour_payer(habilitation: Habilitation) -> Paiement | None:
    """Return the accounts that this paying service may be given, and which were chosen the last time; None where it has none (R20).

    Whoever acts on the service sees them, by the matrix, without another query.
    """
    voit = habilitation.role in roles_pour(VOIR_BANQUE)
    if not habilitation.service.paiement or not habilitation.a_un_compte or not voit:  # type: ignore[attr-defined]
        return None
    return preparer_paiement(comptes_de(habilitation.personne), habilitation.service)


def services_obtenus(espace: Espace) -> list[ServiceObtenu]:
    """Return what this espace may use today, and in which role, for its récapitulatif (R5): one query, no row whole."""
    ordre = (cle for cle in ORDRE if not cle.startswith(("espace", "pk")))  # all are of one espace
    lues = donnant(UTILISER, espace).order_by(*ordre)
    return [
        ServiceObtenu(denomination=denomination, siren=siren, service=service, role=str(Role(role).label).capitalize())
        for denomination, siren, service, role in lues.values_list(
            "personne__denomination", "personne__siren", "service__libelle", "role"
        )
    ]
