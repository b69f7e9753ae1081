"""Which espaces an office sees: those that touch one of its SIREN, and no other (issue 14, item 2; CGU §5).

Seeing one is not enough to give it back at the counter (R16): `est_competent` counts nothing that a thief may just have written.
"""

from datetime import datetime
from typing import Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, OuterRef, Q, QuerySet, Subquery

from accounts.gestion.fonctions import BUREAU, SURVEILLANCE
from accounts.models import Agent, AnciennesCoordonnees, Espace
from activation.models import CreationSimplifiee, Demande
from habilitations.models import Habilitation
from services.models import PersonneSirenisee

from .appartenance import appartenance_de
from .bureau import orientation_de, orientations_en_vigueur

_OBTENU: Final[dict[type[Model], tuple[str, Q]]] = {
    Habilitation: ("accordee_le", Q()),
    Demande: (
        "terminee_le",
        Q(etat=Demande.Etat.ACTIVEE),
    ),  # whoever signs in deposits one for any SIREN: the letter's code proves it
    CreationSimplifiee: ("cree_le", Q()),
}
"""What binds an espace to an office because it was obtained, and when."""


def espaces_visibles(agent: Agent, *, espaces: QuerySet[Espace] | None = None) -> QuerySet[Espace]:
    """Return, among these espaces, those that this agent may see.

    The agent's office sees an espace that holds, asked for or was ended on one of its SIREN, or gave one of them as SIREN
    d'appartenance, now or within a year; or the cell has directed it there, and no office follows it since. The surveillance cell sees all, an auditor none.
    """
    lignes = Espace.objects.all() if espaces is None else espaces
    if agent.fonction in SURVEILLANCE:
        return lignes
    if agent.fonction not in BUREAU:
        return lignes.none()
    bureau = agent.service_gestionnaire_id
    du_bureau = {"espace": OuterRef("pk"), "personne__service_gestionnaire": bureau}
    siennes = PersonneSirenisee.objects.filter(service_gestionnaire=bureau)
    # One row at most of each, asked for each espace by its own index: as EXISTS, PostgreSQL would first read the whole office.
    touche = {
        "tient": Habilitation.objects.filter(**du_bureau),
        "demande": Demande.objects.filter(**du_bureau),
        "attend": CreationSimplifiee.objects.filter(**du_bureau),
        "appartient": siennes.filter(siren=OuterRef("siren_appartenance")),
        "appartenait": AnciennesCoordonnees.objects.filter(espace=OuterRef("pk"))
        .alias(suivie=Subquery(siennes.filter(siren=OuterRef("siren_appartenance")).values("pk")[:1]))
        .filter(suivie__isnull=False),
        "dirige": orientations_en_vigueur().filter(espace=OuterRef("pk"), service_gestionnaire=bureau),
    }
    trouvees = {nom: Subquery(siennes.order_by().values("pk")[:1]) for nom, siennes in touche.items()}
    vues = Q()
    for nom in trouvees:
        vues |= Q(**{f"{nom}__isnull": False})
    return lignes.alias(**trouvees).filter(vues)


def espaces_du_bureau(bureau: int, *conditions: Q) -> QuerySet[Espace]:
    """Return the espaces that this office sees and that meet these conditions, found from its own companies.

    For a name that the whole country bears: the conditions are read row by row, and must be of no index, or PostgreSQL would begin
    with all the bearers. The same six ways as `espaces_visibles`, each by an index that begins with the company.
    """
    siennes = PersonneSirenisee.objects.filter(service_gestionnaire=bureau)
    dirigees = orientations_en_vigueur().filter(service_gestionnaire=bureau).order_by().values("espace")
    touchent = (
        modele._default_manager.filter(personne__service_gestionnaire=bureau).order_by().values("espace")
        for modele in (Habilitation, Demande, CreationSimplifiee)
    )
    appartenaient = AnciennesCoordonnees.objects.exclude(siren_appartenance="").filter(
        siren_appartenance__in=siennes.values("siren")
    )
    # As an array, whose keys are read by index, each once; those of the companies themselves, the most by far, are read where they stand.
    cles = ArraySubquery(dirigees.union(*touchent, appartenaient.order_by().values("espace")).order_by())
    parmi = Func(F("pk"), cles, template="%(expressions)s)", arg_joiner=" = ANY (", output_field=BooleanField())
    appartiennent = Espace.objects.exclude(siren_appartenance="").filter(siren_appartenance__in=siennes.values("siren"))
    siens = (appartiennent.filter(*conditions), Espace.objects.filter(parmi, *conditions))
    premiers, autres = (lignes.order_by().values("pk") for lignes in siens)
    return Espace.objects.filter(pk__in=premiers.union(autres))


def est_competent(agent: Agent, espace: Espace, maintenant: datetime | None = None) -> bool:
    """Whether this agent may give this espace back at his counter: his office follows it by what was so before anything suspect.

    A SIREN d'appartenance as it counts (`appartenance_de`), what it holds, had or obtained by a code, or the cell's choice.
    """
    bureau = agent.service_gestionnaire_id
    if agent.fonction not in BUREAU:
        return False
    appartenance = appartenance_de(espace, maintenant)
    siennes = PersonneSirenisee.objects.exclude(siren="").filter(service_gestionnaire=bureau)
    if siennes.filter(siren=appartenance.siren).exists():
        return True
    for modele, (date, obtenu) in _OBTENU.items():
        liens = modele._default_manager.filter(obtenu, espace=espace, personne__service_gestionnaire=bureau)
        if appartenance.mandats_avant is not None:
            liens = liens.filter(**{f"{date}__lt": appartenance.mandats_avant})
        if liens.order_by().exists():
            return True
    orientation = orientation_de(espace, appartenance)
    return orientation is not None and orientation.service_gestionnaire_id == bureau
