"""A sign-in from a browser that the account does not know is told to its holder, within a bound (R6, R15, CGU §3.3)."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer
from accounts.envois.liens import jeton
from accounts.models import Compte, Courriel, Espace, Lien
from accounts.mots_de_passe.politique import changer_mot_de_passe
from surveillance.connexions import NAVIGATEUR_INCONNU, NAVIGATEURS_PAR_JOUR
from surveillance.models import SignalVu
from tests.accounts.scenes import CHROME, IPHONE, changer_adresse, connecter
from tests.factories import MOT_DE_PASSE, AgentFactory

NOUVEAU = "brouillard kayak 81 moutarde violon"
BUREAU, MAISON = "193.51.224.1", "90.1.2.3"


def avis() -> list[Courriel]:
    return list(Courriel.objects.filter(genre=NAVIGATEUR_INCONNU).order_by("cree_le"))


def texte(courriel: Courriel) -> str:
    return " ".join(str(composer(courriel).body).split())


def test_une_connexion_d_un_navigateur_inconnu_est_annoncee_au_detenteur(espace: Espace) -> None:
    client = connecter(espace, BUREAU)
    assert not avis(), "the very first sign-in is nobody else's"
    client.post(reverse("deconnexion"))
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert "_auth_user_id" in client.session
    assert not avis(), "this browser is known"
    minuit_cinq = timezone.localtime().replace(hour=0, minute=5) + timedelta(days=1)  # in Paris: the day before in UTC
    with time_machine.travel(minuit_cinq, tick=False):
        connecter(espace, MAISON, IPHONE)
    (annonce,) = avis()
    assert annonce.destinataire == espace.compte.email
    lu = texte(annonce)
    assert f"{minuit_cinq:%d/%m/%Y} à 0\u00a0h\u00a005" in str(composer(annonce).body)
    for attendu in ("heure de Paris", "France, 90.1.2.3", "Mobile Safari", "iOS 17", "iPhone"):
        assert attendu in lu
    lien = Lien.objects.get(objet=Lien.Objet.CE_N_EST_PAS_MOI, sujet=annonce.pk)
    assert settings.SITE_URL + reverse("ce_n_est_pas_moi", args=[jeton(lien)]) in lu


@pytest.mark.parametrize(("heures", "aux_deux"), [(71, True), (73, False)])
def test_l_adresse_d_avant_est_prevenue_tant_qu_elle_peut_defaire_le_changement(
    espace: Espace, heures: int, aux_deux: bool
) -> None:
    """A thief who has put his own address would be the only one to read of his sign-ins; each mail has a link of its own."""
    connecter(espace, BUREAU)
    ancienne = changer_adresse(espace)
    with time_machine.travel(timezone.now() + timedelta(hours=heures), tick=False):
        connecter(espace, MAISON, IPHONE)
    assert sorted(un.destinataire for un in avis()) == sorted([espace.compte.email, *([ancienne] if aux_deux else [])])
    liens = Lien.objects.filter(objet=Lien.Objet.CE_N_EST_PAS_MOI, sujet__in=[un.pk for un in avis()])
    assert {lien.adresse for lien in liens} == {un.destinataire for un in avis()}
    assert len({texte(un) for un in avis()}) == len(avis())


def test_ce_qu_un_autre_courriel_annonce_deja_n_est_pas_dit_deux_fois(espace: Espace) -> None:
    for _ in range(3):
        connecter(espace, BUREAU)
    deja = len(avis())
    connecter(espace, "8.8.8.8", IPHONE)
    assert Courriel.objects.filter(genre="signal_vu").exists()
    assert len(avis()) == deja, "the mail of the signal has said it"
    connecter(espace, "8.8.4.4", IPHONE)
    assert len(avis()) == deja + 1, "this one, no signal says it: it was written already today"


def test_une_alerte_que_le_detenteur_ne_recoit_pas_ne_tait_pas_la_connexion(espace: Espace) -> None:
    connecter(espace, BUREAU)
    connecter(espace, MAISON)
    assert list(SignalVu.objects.values_list("genre", flat=True)) == ["usage_parallele"], "for the cell alone"
    assert len(avis()) == 1


def test_qui_efface_ses_temoins_n_est_prevenu_qu_une_fois_par_jour_du_meme_endroit(espace: Espace) -> None:
    depart = timezone.now()
    with time_machine.travel(depart, tick=False) as horloge:
        connecter(espace, BUREAU)
        for _ in range(3):
            connecter(espace, BUREAU)
        assert len(avis()) == 1
        connecter(espace, BUREAU, IPHONE)
        assert len(avis()) == 2, "another kind of browser is another person, perhaps"
        horloge.shift(timedelta(days=1, seconds=1))
        connecter(espace, BUREAU)
        assert len(avis()) == 3


def test_une_boite_n_en_recoit_que_cinq_par_jour_et_un_nouveau_mot_de_passe_recommence(espace: Espace) -> None:
    """Who has the password cannot flood the mailbox; nor, by five of his own, hide who comes after a renewal."""
    connecter(espace, BUREAU)
    for rang in range(NAVIGATEURS_PAR_JOUR + 2):
        connecter(espace, f"90.1.{rang}.3")
    assert len(avis()) == NAVIGATEURS_PAR_JOUR == 5
    assert "cinq" in texte(avis()[0])
    changer_mot_de_passe(acteur=Compte.objects.get(espace=espace), nouveau=NOUVEAU)
    client = Client(REMOTE_ADDR="90.1.99.3", headers={"user-agent": CHROME})
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": NOUVEAU})
    assert len(avis()) == NAVIGATEURS_PAR_JOUR + 1


def test_un_espace_dont_les_connexions_ne_sont_plus_gardees_est_prevenu(espace: Espace) -> None:
    """An old espace, asleep for more than a year: whoever wakes it is no newcomer."""
    Compte.objects.filter(pk=espace.compte.pk).update(last_login=timezone.now() - timedelta(days=500))
    connecter(espace, BUREAU)
    assert len(avis()) == 1


@pytest.mark.django_db
def test_un_agent_a_son_second_facteur_et_ne_recoit_rien() -> None:
    agent = AgentFactory()
    for adresse in (BUREAU, MAISON):
        client = Client(REMOTE_ADDR=adresse)
        client.post(reverse("admin:login"), {"username": agent.compte.email, "password": MOT_DE_PASSE})
    assert not avis()
