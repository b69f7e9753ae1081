"""What every act on several SIREN and services at once shares: its locks, and the report that names each refused line.

Such an act is all or nothing: one refused line refuses the whole, with what is wrong on each.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from services.models import PersonneSirenisee, Service

from ..droits.cles import CLES_AU_PLUS
from ..models import Habilitation


class ActeurNonActif(RegleMetier):
    code = "acteur_non_actif"
    message = "Votre espace doit être actif pour gérer des habilitations."


class AucuneLigne(RegleMetier):
    code = "aucune_ligne"
    message = "Choisissez au moins un service."


class DroitInsuffisant(RegleMetier):
    code = "droit_insuffisant"
    message = "votre rôle sur ce service ne le permet pas, ou ne le permet plus"


@dataclass(frozen=True)
class LigneRefusee:
    """One SIREN × service of a lot that cannot be done, and the rule that says why."""

    personne: PersonneSirenisee
    service: Service
    regle: RegleMetier

    def __str__(self) -> str:
        return f"{self.personne.denomination} ({self.personne.siren_lisible}), {self.service.libelle} : {self.regle}"


def par_raison(refusees: Collection[LigneRefusee]) -> dict[str, list[LigneRefusee]]:
    """Group refused lines by what refuses them, so that a page says each reason once."""
    raisons: dict[str, list[LigneRefusee]] = {}
    for ligne in refusees:
        raisons.setdefault(str(ligne.regle), []).append(ligne)
    return raisons


class LignesRefusees(RegleMetier):
    """At least one line is refused, so nothing is done. `lignes` holds each of them."""

    code = "lignes_refusees"
    message = "Rien n’a été enregistré. {resume}"
    montrees: ClassVar[int] = 3

    def __init__(self, lignes: Collection[LigneRefusee]) -> None:
        self.lignes = list(lignes)
        resume = " ; ".join(str(ligne) for ligne in self.lignes[: self.montrees])
        if len(self.lignes) > self.montrees:
            reste = len(self.lignes) - self.montrees
            resume += (
                f" ; et {reste} autres habilitations refusées" if reste > 1 else " ; et une autre habilitation refusée"
            )
        super().__init__(resume=resume + ".")


def verrouiller_espaces(*espaces: Espace) -> list[Espace]:
    """Lock these espaces, in the order of their keys whatever the order given, and return them as they are now."""
    verrouilles = {
        espace.pk: espace
        for espace in Espace.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte")
        .filter(pk__in={espace.pk for espace in espaces})
        .order_by("pk")
    }
    return [verrouilles[espace.pk] for espace in espaces]


def verrouiller_acteur(acteur: Espace) -> Espace:
    """Lock the espace of whoever acts. Raises ActeurNonActif."""
    (acteur,) = verrouiller_espaces(acteur)
    if not acteur.est_actif:
        raise ActeurNonActif
    return acteur


def siennes(acteur: Espace, adhesions: Collection[int], *, jour: date) -> dict[int, Habilitation]:
    """Return the actor's own habilitation that gives rights on each of these adhésions that day, by adhésion."""
    voulues = set(adhesions)
    tenues = Habilitation.objects.actives(jour).filter(espace=acteur)
    if len(voulues) <= CLES_AU_PLUS:
        tenues = tenues.filter(adhesion__in=voulues)
    return {h.adhesion_id: h for h in tenues if h.adhesion_id in voulues}
