"""From espace simplifié to expert in one step, keeping all it has (design.md §8)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Courriel, Espace, Evenement
from activation.demandes.depot import EspaceNonActif
from activation.demandes.passage_expert import DejaExpert, passer_expert
from habilitations.models import Habilitation
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def test_garde_tout() -> None:
    espace = EspaceFactory(mode=Espace.Mode.SIMPLIFIE)
    habiliter(espace)
    sauf = {"mode"}
    avant = Espace.objects.filter(pk=espace.pk).values().get()
    droits = list(Habilitation.objects.values())
    passer_expert(acteur=espace)
    apres = Espace.objects.filter(pk=espace.pk).values().get()
    assert apres["mode"] == Espace.Mode.EXPERT
    assert {c: v for c, v in apres.items() if c not in sauf} == {c: v for c, v in avant.items() if c not in sauf}
    assert list(Habilitation.objects.values()) == droits
    assert Evenement.objects.filter(acte="espace.passe_expert", auteur=espace.numero_abonne).count() == 1
    assert Courriel.objects.filter(genre="espace_passe_expert").count() == 1
    espace.refresh_from_db()
    assert scenes.adhesion(espace, PersonneFactory())


@pytest.mark.parametrize("etat", [Espace.Etat.EN_ATTENTE_CODE, Espace.Etat.DESACTIVE])
def test_refuse_s_il_n_est_pas_actif(etat: str) -> None:
    with pytest.raises(EspaceNonActif):
        passer_expert(acteur=EspaceFactory(mode=Espace.Mode.SIMPLIFIE, etat=etat))


@pytest.mark.django_db(transaction=True)
def test_une_seule_fois() -> None:
    espace = EspaceFactory(mode=Espace.Mode.SIMPLIFIE)
    issues = en_parallele(4, lambda _: passer_expert(acteur=espace))
    assert sum(isinstance(issue, DejaExpert) for issue in issues) == 3, issues


def test_pages(client_de: Callable[[Espace], Client], espace: Espace) -> None:
    simplifie = EspaceFactory(mode=Espace.Mode.SIMPLIFIE)
    navigateur = client_de(simplifie)
    page = reverse("passer_expert")
    gerer = navigateur.get(reverse("gerer_services")).content.decode()
    assert page in gerer
    for nom in ("adherer", "substitution", "suppleants", "delegations", "revue_delegations", "perimetre"):
        assert f'href="{reverse(nom)}"' not in gerer, "it shows what it may use"
    for nom in ("activer", "demandes", "retraits", "courriel_entreprise"):
        assert f'href="{reverse(nom)}"' in gerer
    assert navigateur.get(reverse("adherer"))["Location"] == page, "the way out, not a dead end"
    assert navigateur.get(page).status_code == 200
    simplifie.refresh_from_db()
    assert simplifie.mode == Espace.Mode.SIMPLIFIE, "GET changes nothing"
    assert navigateur.post(page)["Location"] == reverse("gerer_services")
    simplifie.refresh_from_db()
    assert simplifie.mode == Espace.Mode.EXPERT
    assert page not in client_de(espace).get(reverse("gerer_services")).content.decode()
    assert client_de(espace).get(page)["Location"] == reverse("gerer_services")
