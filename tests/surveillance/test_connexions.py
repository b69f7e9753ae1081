"""Each sign-in is recorded with its context; two places at once raise one alert (R6, R15)."""

from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from surveillance.connexions import empreinte_adresse
from surveillance.models import Alerte, Connexion
from surveillance.signaux.registre import USAGE_PARALLELE
from tests.accounts.scenes import IPHONE, connecter


def test_une_connexion_reussie_garde_son_contexte(espace: Espace) -> None:
    connecter(espace, "8.8.8.8", IPHONE)
    vue = Connexion.objects.get()
    assert (vue.compte, vue.resultat, vue.pays, vue.reseau) == (espace.compte, "REUSSIE", "US", "8.8.8.0/24")
    assert (vue.systeme, vue.appareil, vue.adresse_essayee) == ("iOS 17", "iPhone", "")


def test_un_echec_est_note_et_une_adresse_inconnue_seulement_hachee(espace: Espace) -> None:
    Client().post(reverse("connexion"), {"username": espace.compte.email.upper(), "password": "faux"})
    Client().post(reverse("connexion"), {"username": "Secret.Personne@nulle-part.fr", "password": "faux"})
    connu, inconnu = Connexion.objects.order_by("quand")
    assert (connu.compte, connu.resultat, connu.adresse_essayee) == (espace.compte, "ECHOUEE", "")
    assert inconnu.compte is None
    assert inconnu.adresse_essayee == empreinte_adresse("secret.personne@nulle-part.fr")
    assert "secret" not in inconnu.adresse_essayee
    assert len(inconnu.adresse_essayee) == 64


def test_un_essai_refuse_sans_etre_compare_est_note_verrouille(espace: Espace) -> None:
    for _ in range(6):
        Client().post(reverse("connexion"), {"username": espace.compte.email, "password": "faux"})
    resultats = list(Connexion.objects.order_by("quand").values_list("resultat", flat=True))
    assert resultats == ["ECHOUEE"] * 5 + ["VERROUILLEE"]


def test_deux_lieux_a_la_fois_levent_une_alerte_et_une_seule_par_jour(espace: Espace) -> None:
    connecter(espace, "193.51.224.1")
    connecter(espace, "193.51.224.77")
    assert not Alerte.objects.exists(), "the same network is the same place"
    connecter(espace, "8.8.8.8", IPHONE)
    connecter(espace, "8.8.4.4", IPHONE)
    alerte = Alerte.objects.get(motif=USAGE_PARALLELE)
    assert (alerte.compte, alerte.motif, alerte.etat) == (espace.compte, USAGE_PARALLELE, "OUVERTE")
    assert alerte.details["ici"]["pays"] == "US"
    assert {a["pays"] for a in alerte.details["ailleurs"]} == {"FR"}
    assert Connexion.objects.filter(id=alerte.connexion).exists()


def test_deux_lieux_l_un_apres_l_autre_n_en_levent_pas(espace: Espace) -> None:
    depart = timezone.now()
    with time_machine.travel(depart - timedelta(minutes=61), tick=False):
        connecter(espace, "193.51.224.1")
    connecter(espace, "8.8.8.8")
    assert not Alerte.objects.exists()
