"""What the home of /gestion/ tells the surveillance cell beside its queues: what it closed, blocked and decided lately."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from surveillance.alertes.chiffres import Semaine, semaines
from surveillance.alertes.decisions import dire
from surveillance.models import Alerte, BlocageIP, Desactivation
from surveillance.signaux.registre import nom_de

RECENTES: Final = 5


@dataclass(frozen=True)
class Decidee:
    """An alert that the cell decided lately."""

    alerte: Alerte
    nom: str
    qui: str


@dataclass(frozen=True)
class Cellule:
    """The cell today: espaces that are closed, networks that are refused, what it decided last, its week."""

    desactives: int
    a_examiner: int
    """Espaces given back, whose holder has not looked at what was changed."""
    blocages: list[BlocageIP]
    bloques: int
    decidees: list[Decidee]
    semaine: Semaine | None


def lire_la_cellule(maintenant: datetime) -> Cellule:
    """Return what the cell reads on its home: five queries."""
    en_cours = Desactivation.objects.filter(annulee_le=None, retablie_le=None)
    en_vigueur = BlocageIP.objects.filter(leve_le=None).filter(Q(jusqu_a=None) | Q(jusqu_a__gt=maintenant))
    decidees = Alerte.objects.filter(examinee_le__isnull=False).select_related("compte__espace", "compte__agent")
    chiffrees = semaines(maintenant=maintenant)
    return Cellule(
        desactives=en_cours.count(),
        a_examiner=Desactivation.objects.filter(retablie_le__isnull=False, tranchee_le=None).count(),
        blocages=list(en_vigueur.order_by("-bloque_le", "pk")[:RECENTES]),
        bloques=en_vigueur.count(),
        decidees=[Decidee(a, nom_de(a.motif), dire(a)) for a in decidees.order_by("-examinee_le", "pk")[:RECENTES]],
        semaine=chiffrees[0] if chiffrees else None,
    )
