"""A request from below, answered while it is cancelled and while its answerer loses his right (issue 13.4)."""

import random
from collections.abc import Callable

import pytest
from django.db import transaction

from accounts.saisies.regles import RegleMetier
from habilitations.models import DemandeHabilitation, Habilitation, Role
from habilitations.partage.demandes import (
    accepter_demande_habilitation,
    annoncer_demandes_habilitation,
    annuler_demande_habilitation,
    demander_habilitation,
    refuser_demande_habilitation,
)
from habilitations.partage.suppleances import retirer_suppleant
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db(transaction=True)
COUREURS = 8


def test_une_demande_ne_finit_qu_une_fois_et_rien_ne_survit_a_qui_l_accorde(tours: Callable[[int], int]) -> None:
    """Accept, refuse, cancel, and the withdrawal of who accepts, at once: one end, and no right under what has ended."""
    issues: set[str] = set()
    for tour in range(tours(200)):
        hasard = random.Random(tour)
        with transaction.atomic():
            titulaire, suppleant, demandeur = EspaceFactory(), EspaceFactory(), EspaceFactory()
            personne = PersonneFactory()
            racine = habiliter(titulaire, personne=personne, service=ServiceFactory(code="DECL_TVA"))
            suppleance = accorder(racine, suppleant, Role.SUPPLEANT)
            demande = demander_habilitation(acteur=demandeur, siren=personne.siren, motif="collaborateur")

        def accepter(acteur: object) -> object:
            return accepter_demande_habilitation(
                acteur=acteur,  # type: ignore[arg-type]
                demande=demande,
                numero=demandeur.numero_abonne,
                adhesions=[racine.adhesion],
                role=Role.ACTEUR,
            )

        gestes: list[Callable[[], object]] = [
            lambda: accepter(titulaire),
            lambda: accepter(suppleant),
            lambda: accepter(suppleant),
            lambda: annuler_demande_habilitation(acteur=demandeur, demande=demande),
            lambda: annuler_demande_habilitation(acteur=demandeur, demande=demande),
            lambda: refuser_demande_habilitation(acteur=titulaire, demande=demande, reponse="non"),
            lambda: retirer_suppleant(acteur=titulaire, suppleances=[suppleance]),
            annoncer_demandes_habilitation,
        ]
        hasard.shuffle(gestes)
        resultats = en_parallele(COUREURS, lambda rang: gestes[rang]())
        imprevus = [r for r in resultats if isinstance(r, BaseException) and not isinstance(r, RegleMetier)]
        assert imprevus == []  # no deadlock, no broken constraint
        demande.refresh_from_db()
        issues.add(demande.etat)
        assert not demande.est_en_cours
        accordees = Habilitation.objects.filter(espace=demandeur)
        assert accordees.count() == (demande.etat == DemandeHabilitation.Etat.ACCEPTEE)
        suppleance.refresh_from_db()
        assert suppleance.fin_le is not None
        vivantes = accordees.vivantes()
        assert all(h.accordee_par_id == racine.pk for h in vivantes), "granted under a suppléance that has ended"
    assert issues <= set(DemandeHabilitation.Etat.values) - {"DEPOSEE", "EXPIREE"}


def test_deux_demandes_du_meme_instant_n_en_font_qu_une() -> None:
    espace, personne = EspaceFactory(), PersonneFactory()
    resultats = en_parallele(
        COUREURS, lambda _: demander_habilitation(acteur=espace, siren=personne.siren, motif="collaborateur")
    )
    assert sum(isinstance(resultat, DemandeHabilitation) for resultat in resultats) == 1
    assert all(isinstance(r, DemandeHabilitation | RegleMetier) for r in resultats)
    assert DemandeHabilitation.objects.count() == 1
