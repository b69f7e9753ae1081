"""What goes along with an act is what its page showed, compared under the act's locks (issue 9): each act, and the race."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.confirmations import decider
from habilitations.arbre.montrees import ApercuChange
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.echeances import changer_fin
from habilitations.partage.revue import revoir
from habilitations.partage.suppleances import mettre_en_veille, reactiver, retirer_suppleant
from tests.factories import EspaceFactory, accorder, habiliter
from tests.scenes import en_parallele

Acte = Callable[[Espace, Habilitation, Collection[UUID]], Any]
DEMAIN = timezone.localdate() + timedelta(days=40)


def _en_veille(habilitation: Habilitation, motif: str) -> None:
    Habilitation.objects.filter(pk=habilitation.pk).update(
        etat="EN_VEILLE", veille_motif=motif, veille_depuis=timezone.now()
    )


# The act, the role of the line that it is asked on, and what that line must be before.
ACTES: dict[str, tuple[Acte, str, str]] = {
    "mettre_en_veille": (
        lambda e, h, m: mettre_en_veille(acteur=e, suppleances=[h], montrees=m),
        Role.SUPPLEANT,
        "",
    ),
    "retirer_suppleant": (
        lambda e, h, m: retirer_suppleant(acteur=e, suppleances=[h], montrees=m),
        Role.SUPPLEANT,
        "",
    ),
    "retirer_delegation": (
        lambda e, h, m: retirer_delegation(acteur=e, delegations=[h], montrees=m),
        Role.ACTEUR_DELEGANT,
        "",
    ),
    "changer_fin": (
        lambda e, h, m: changer_fin(acteur=e, delegations=[h], expire_le=DEMAIN, montrees=m),
        Role.ACTEUR_DELEGANT,
        "",
    ),
    "revoir": (lambda e, h, m: revoir(acteur=e, retirees=[h], montrees=m), Role.ACTEUR_DELEGANT, ""),
    "decider": (lambda e, h, m: decider(acteur=e, ecartees=[h], montrees=m), Role.ACTEUR_DELEGANT, "SUBSTITUTION"),
    "reactiver": (lambda e, h, m: reactiver(acteur=e, suppleances=[h], montrees=m), Role.SUPPLEANT, "TITULAIRE"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("nom", ACTES)
def test_un_acte_ne_fait_que_ce_qui_a_ete_montre(nom: str) -> None:
    acte, role, motif = ACTES[nom]
    racine = habiliter(EspaceFactory())
    ligne = accorder(racine, EspaceFactory(), role)
    vue = accorder(ligne, EspaceFactory(), Role.ACTEUR)
    if motif:
        _en_veille(ligne, motif)
    if nom == "reactiver":
        Habilitation.objects.filter(pk=vue.pk).update(
            etat="EN_VEILLE",
            veille_motif=motif,
            veille_depuis=Habilitation.objects.values_list("veille_depuis", flat=True).get(pk=ligne.pk),
        )
    avant = list(Habilitation.objects.order_by("pk").values())
    for montrees in ([], [vue.pk, racine.pk]):
        with pytest.raises(ApercuChange):
            acte(racine.espace, Habilitation.objects.get(pk=ligne.pk), montrees)
    assert list(Habilitation.objects.order_by("pk").values()) == avant
    acte(racine.espace, Habilitation.objects.get(pk=ligne.pk), [vue.pk])
    assert list(Habilitation.objects.order_by("pk").values()) != avant


@pytest.mark.django_db(transaction=True)
def test_une_delegation_donnee_pendant_le_retrait_ne_tombe_jamais_sans_avoir_ete_vue(
    tours: Callable[[int], int],
) -> None:
    """Two browsers: the titulaire withdraws what he saw to have nothing below; the délégant grants at that moment."""
    for _ in range(tours(3)):
        with transaction.atomic():
            racine = habiliter(EspaceFactory())
            ligne = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
            collegue = EspaceFactory()

        def courir(
            rang: int, racine: Habilitation = racine, ligne: Habilitation = ligne, collegue: Espace = collegue
        ) -> object:
            if rang:
                return deleguer(
                    acteur=ligne.espace, adhesions=[ligne.adhesion], beneficiaire=collegue, role=Role.ACTEUR
                )
            return retirer_delegation(acteur=racine.espace, delegations=[ligne], montrees=[])

        retrait, accord = en_parallele(2, courir)
        assert [isinstance(r, RegleMetier) for r in (retrait, accord)].count(True) == 1, (retrait, accord)
        donnee = Habilitation.objects.filter(espace=collegue).first()
        assert donnee is None or donnee.est_vivante
