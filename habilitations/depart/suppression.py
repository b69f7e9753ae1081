"""What the habilitations say when an espace is to be deleted (R19, CGU §4.c): what blocks, what falls."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.espace import suppression
from accounts.espace.suppression import Blocage, Chute, Dependant, Volet
from accounts.models import Espace
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import ce_qui_tombe, relire, terminer, verrouiller_adhesions
from ..droits.cles import parmi
from ..models import ORDRE, Adhesion, DemandeRetrait, Export, Habilitation, Preference, Role
from ..partage.demandes import tomber_avec_l_espace
from .retraits import demander_retrait

RETRAIT_PAR_GESTIONNAIRE = "seul le service gestionnaire peut retirer cette adhésion"
DEPENDANTS = (
    "d’autres personnes y ont accès grâce à vous : retirez d’abord leur accès, faites-vous remplacer, ou demandez au "
    "service gestionnaire de retirer l’adhésion"
)


def _siennes(espace: Espace) -> list[Habilitation]:
    """Return the live habilitations of this espace, in the order in which a page shows them."""
    return list(
        Habilitation.objects.vivantes()
        .de_l_espace(espace)
        .select_related("personne__service_gestionnaire", "service")
        .order_by(*ORDRE)
    )


def _dependants(espace: Espace) -> dict[int, list[Dependant]]:
    """Return, by adhésion that this espace holds as titulaire, who else uses it today or is en veille."""
    jour = timezone.localdate()
    dependants: dict[int, list[Dependant]] = {}
    titulariats = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE)
    for habilitation in (
        Habilitation.objects.vivantes()
        .filter(Q(expire_le__isnull=True) | Q(expire_le__gte=jour))
        .filter(parmi("adhesion", titulariats.values("adhesion")))
        .exclude(role=Role.TITULAIRE)
        .select_related("espace")
        .order_by("espace__nom", "espace__prenom", "pk")
    ):
        liste = "suppleants" if habilitation.role == Role.SUPPLEANT else "delegations"
        page = reverse(liste, query={"q": habilitation.espace.numero_abonne})
        dependants.setdefault(habilitation.adhesion_id, []).append(Dependant(habilitation.espace.nom_complet, page))
    return dependants


def _bloquantes(espace: Espace) -> list[tuple[Habilitation, str, list[Dependant]]]:
    """Return the habilitations of a titulaire that keep the espace from being deleted, why, and who uses them.

    Two queries.
    """
    dependants = _dependants(espace)
    bloquantes = []
    for habilitation in _siennes(espace):
        if habilitation.role != Role.TITULAIRE:
            continue
        raisons = []
        if habilitation.service.retrait_par_gestionnaire:
            raisons.append(RETRAIT_PAR_GESTIONNAIRE)
        leurs = dependants.get(habilitation.adhesion_id, [])
        if leurs:
            raisons.append(DEPENDANTS)
        if raisons:
            bloquantes.append((habilitation, " ; ".join(raisons), leurs))
    return bloquantes


def bloquants(espace: Espace) -> list[Blocage]:
    """Return the adhésions held as titulaire that only the service gestionnaire removes, or that others depend on."""
    bloquantes = _bloquantes(espace)
    siennes = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE)
    demandees = dict(
        DemandeRetrait.objects.filter(
            parmi("habilitation", siennes.values("pk")), etat=DemandeRetrait.Etat.DEPOSEE
        ).values_list("habilitation", "deposee_le")
    )
    return [
        Blocage(
            personne=habilitation.personne.denomination,
            siren=habilitation.personne.siren_lisible,
            service=habilitation.service.libelle,
            raison=raison,
            gestionnaire=habilitation.personne.service_gestionnaire.nom,
            demandee_le=demandees.get(habilitation.pk),
            dependants=tuple(dependants),
        )
        for habilitation, raison, dependants in bloquantes
    ]


def demander(espace: Espace, maintenant: datetime) -> int:
    """Ask the services gestionnaires to remove the blocking adhésions that were not asked for yet."""
    bloquantes = [habilitation for habilitation, _, _ in _bloquantes(espace)]
    demandees = set(
        DemandeRetrait.objects.filter(habilitation__in=bloquantes, etat=DemandeRetrait.Etat.DEPOSEE).values_list(
            "habilitation", flat=True
        )
    )
    restantes = [habilitation for habilitation in bloquantes if habilitation.pk not in demandees]
    if not restantes:
        return 0
    motif = "Suppression de l’espace professionnel"
    return len(
        demander_retrait(
            acteur=espace, habilitations=restantes, motif=motif, pour_suppression=True, maintenant=maintenant
        )
    )


def _chute(
    titre: str, explication: str, habilitations: list[Habilitation], qui: Callable[[Habilitation], str]
) -> Chute:
    """Tell habilitations by personne and by what `qui` says of them: one line each, with its services."""
    services: dict[tuple[int, str], tuple[Habilitation, list[str]]] = {}
    for h in habilitations:
        services.setdefault((h.personne_id, qui(h)), (h, []))[1].append(h.service.libelle)
    return Chute(
        titre=titre,
        explication=explication,
        nombre=len(habilitations),
        lignes=tuple(f"{h.personne}{precision} : {', '.join(noms)}" for (_, precision), (h, noms) in services.items()),
    )


def chutes(espace: Espace) -> list[Chute]:
    """Return the adhésions that would close, the habilitations received that would end, and those granted."""
    siennes = _siennes(espace)
    titulaire = [h for h in siennes if h.role == Role.TITULAIRE]
    recues = [h for h in siennes if h.role != Role.TITULAIRE]
    return [
        _chute(
            "Adhésions fermées",
            "Vous en êtes l’administrateur titulaire : le service ne sera plus ouvert pour cette personne.",
            titulaire,
            lambda h: "",
        ),
        _chute(
            "Suppléances et délégations reçues",
            "Vous perdez ces accès ; les autres personnes gardent les leurs.",
            recues,
            lambda h: f", {h.get_role_display()}",
        ),
        _chute(
            "Délégations que vous avez accordées",
            "Ces personnes perdent l’accès qu’elles tiennent de vous, et en sont prévenues.",
            ce_qui_tombe(*recues),
            lambda h: f", {h.espace.nom_complet}",
        ),
    ]


def verrouiller(espace: Espace) -> None:
    """Lock the adhésions on which this espace holds something: nobody grants under it any more meanwhile."""
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in _siennes(espace))


def faire_tomber(espace: Espace, maintenant: datetime) -> None:
    """Close the adhésions of the titulaire, end what was received and what was granted, and tell who loses something."""
    siennes = relire(habilitation.pk for habilitation in _siennes(espace))
    titulariats = [habilitation for habilitation in siennes if habilitation.role == Role.TITULAIRE]
    Adhesion.objects.filter(pk__in=[habilitation.adhesion_id for habilitation in titulariats]).update(
        fermee_le=maintenant, fermee_motif=Adhesion.Motif.SUPPRESSION_ESPACE
    )
    for habilitation in titulariats:
        consigner(
            actes.ADHESION_FERMEE,
            auteur=espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"motif": Adhesion.Motif.SUPPRESSION_ESPACE.value},
        )
    terminees = terminer(
        siennes,
        auteur=espace,
        acte=actes.HABILITATION_SUPPRIMEE,
        motif=Habilitation.MotifFin.SUPPRESSION_ESPACE,
        maintenant=maintenant,
    )
    Export.objects.filter(espace=espace).delete()
    Preference.objects.filter(espace=espace).delete()
    tomber_avec_l_espace(espace, maintenant)
    DemandeRetrait.objects.filter(demandeur=espace).exclude(motif="", reponse="").update(motif="", reponse="")
    perdantes = [habilitation for habilitation in terminees if habilitation.espace_id != espace.pk]
    for autre, leurs in avis.par_espace(perdantes).items():
        avis.ecrire(
            "habilitation_perdue_suppression",
            espace=autre,
            acte=f"espace-supprime:{espace.pk}:{autre.pk}",
            habilitations=leurs,
        )


def inscrire() -> None:
    """Give the accounts what this floor knows of a deletion."""
    suppression.inscrire(
        Volet(
            nom="habilitations",
            verrouiller=verrouiller,
            bloquants=bloquants,
            chutes=chutes,
            faire_tomber=faire_tomber,
            demander=demander,
        )
    )
