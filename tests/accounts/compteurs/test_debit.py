"""Guesses at sign-in: few for strangers, and nobody keeps the owner out (design.md §8, CNIL 2022-100)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs import debit
from accounts.models import Compte, Espace, EssaiConnexion, NavigateurConnu
from accounts.mots_de_passe import saturation
from accounts.sessions.navigateurs import nom_du_temoin
from surveillance.connexions import empreinte_adresse
from surveillance.models import Connexion
from tests.factories import MOT_DE_PASSE, EspaceFactory
from tests.scenes import en_parallele

DEPART = timezone.now().replace(microsecond=0)


def a(secondes: float) -> time_machine.travel:
    return time_machine.travel(DEPART + timedelta(seconds=secondes), tick=False)


def essayer(espace: Espace, mot_de_passe: str, client: Client | None = None, adresse: str = "203.0.113.9") -> Any:
    return (client or Client()).post(
        reverse("connexion"), {"username": espace.compte.email, "password": mot_de_passe}, REMOTE_ADDR=adresse
    )


def test_apres_cinq_essais_une_minute_puis_le_double(espace: Espace) -> None:
    with a(0):
        for _ in range(5):
            assert essayer(espace, "faux").status_code == 200
        assert essayer(espace, MOT_DE_PASSE).status_code == 200, "locked: the right password is not even compared"
    with a(59):
        assert essayer(espace, MOT_DE_PASSE).status_code == 200
    with a(61):
        assert essayer(espace, "faux").status_code == 200
    with a(61 + 119):
        assert essayer(espace, MOT_DE_PASSE).status_code == 200
    with a(61 + 121):
        assert essayer(espace, MOT_DE_PASSE).status_code == 302


def test_au_plus_vingt_essais_compares_en_24_heures(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    compares: list[str] = []
    monkeypatch.setattr(Compte, "check_password", lambda self, brut: compares.append(brut) or False)
    for minute in range(0, 24 * 60, 5):
        with a(60 * minute):
            essayer(espace, f"essai {minute}", adresse=f"198.51.{minute // 250}.{minute % 250}")
    assert 15 <= len(compares) <= 20, len(compares)


def test_une_reussite_ne_rend_pas_leurs_essais_aux_inconnus(espace: Espace) -> None:
    cle = debit.cle_compte(espace.compte)
    with a(0):
        for _ in range(4):
            essayer(espace, "faux")
        essayer(espace, MOT_DE_PASSE)
    assert EssaiConnexion.objects.filter(cle=cle).count() == 4


def test_dix_mille_echecs_n_empechent_pas_un_navigateur_connu(espace: Espace, tours: Any) -> None:
    client = Client()
    assert essayer(espace, MOT_DE_PASSE, client).status_code == 302
    client.post(reverse("deconnexion"))
    for rang in range(tours(10_000)):
        essayer(espace, "faux", adresse=f"198.{51 + rang // 65536}.{rang // 256 % 256}.{rang % 256}")
    EssaiConnexion.objects.bulk_create(
        EssaiConnexion(cle=cle)
        for cle in (debit.cle_compte(espace.compte), debit.cles_reseau("203.0.113.9")[0][0])
        for _ in range(400)
    )
    assert essayer(espace, MOT_DE_PASSE, adresse="192.0.2.77").status_code == 200, "a stranger waits"
    assert essayer(espace, MOT_DE_PASSE, client).status_code == 302, (
        "the known browser gets in, even from a refused network"
    )


def test_un_navigateur_connu_a_lui_aussi_sa_limite(espace: Espace) -> None:
    client = Client()
    essayer(espace, MOT_DE_PASSE, client)
    client.post(reverse("deconnexion"))
    with a(0):
        for _ in range(5):
            essayer(espace, "faux", client)
        assert essayer(espace, MOT_DE_PASSE, client).status_code == 200


def test_le_temoin_d_un_compte_ne_vaut_pas_pour_un_autre_et_tourne(espace: Espace) -> None:
    client, autre = Client(), EspaceFactory()
    essayer(espace, MOT_DE_PASSE, client)
    nom = nom_du_temoin(espace.compte)
    premier = client.cookies[nom].value
    assert client.cookies[nom]["httponly"]
    assert int(client.cookies[nom]["max-age"]) == 180 * 86400
    client.post(reverse("deconnexion"))
    client.cookies[nom_du_temoin(autre.compte)] = premier
    with a(0):
        for _ in range(5):
            essayer(autre, "faux")
        assert essayer(autre, MOT_DE_PASSE, client).status_code == 200
    client.post(reverse("deconnexion"))
    essayer(espace, MOT_DE_PASSE, client)
    assert client.cookies[nom].value != premier
    assert NavigateurConnu.objects.filter(compte=espace.compte).count() == 1
    vieux = Client()
    vieux.cookies[nom] = premier
    with a(0):
        for _ in range(6):
            essayer(espace, "faux")
        assert essayer(espace, MOT_DE_PASSE, vieux).status_code == 200, "the replaced secret is a stranger's"


def test_oublier_les_navigateurs_leur_retire_ce_droit(espace: Espace) -> None:
    client = Client()
    essayer(espace, MOT_DE_PASSE, client)
    client.post(reverse("oublier_navigateurs"))
    client.post(reverse("deconnexion"))
    with a(0):
        for _ in range(5):
            essayer(espace, "faux")
        assert essayer(espace, MOT_DE_PASSE, client).status_code == 200


def test_un_reseau_qui_essaie_partout_attend_et_le_dit(db: None) -> None:
    espaces = [EspaceFactory() for _ in range(8)]
    with a(0):
        for rang in range(30):
            assert essayer(espaces[rang % 8], "faux", adresse=f"2001:db8:1:2::{rang + 1:x}").status_code == 200
        refus = essayer(espaces[0], MOT_DE_PASSE, adresse="2001:db8:1:2:ffff::1")
        assert refus.status_code == 429
        assert "votre réseau" in refus.content.decode()
        assert essayer(espaces[0], MOT_DE_PASSE, adresse="2001:db8:1:3::1").status_code == 302, "the next /64 is free"
    assert Connexion.objects.filter(resultat="VERROUILLEE").exists()


def test_les_adresses_inconnues_sont_comptees_de_meme(db: None) -> None:
    with a(0):
        for _ in range(5):
            Client().post(reverse("connexion"), {"username": "Personne@nulle-part.fr", "password": "x"})
    assert EssaiConnexion.objects.filter(cle=debit.empreinte("compte", "personne@nulle-part.fr")).count() == 5


def test_redemander_son_mot_de_passe_ne_depend_pas_des_inconnus(espace: Espace) -> None:
    client = Client()
    essayer(espace, MOT_DE_PASSE, client)
    EssaiConnexion.objects.bulk_create(EssaiConnexion(cle=debit.cle_compte(espace.compte)) for _ in range(30))
    reponse = client.post(
        reverse("confirmer_identite"), {"mot_de_passe_confirmation": MOT_DE_PASSE, "suite": "/espace/"}
    )
    assert reponse.status_code in {200, 302}
    requete = RequestFactory().post("/")
    requete.user, requete.session = espace.compte, client.session  # type: ignore[assignment]
    assert authenticate(requete, username=espace.compte.email, password=MOT_DE_PASSE) == espace.compte
    requete.user = AnonymousUser()
    assert authenticate(requete, username=espace.compte.email, password=MOT_DE_PASSE) is None


@pytest.mark.django_db(transaction=True)
def test_des_essais_envoyes_ensemble_ne_passent_pas_ensemble() -> None:
    cle = debit.empreinte("compte", "course@exemple.fr")
    obtenus = en_parallele(12, lambda _: debit.reserver(cle, debit.COMPTE))
    assert sum(isinstance(o, int) for o in obtenus) == 5, obtenus


def test_les_essais_s_effacent_apres_un_jour(db: None) -> None:
    cle = debit.empreinte("compte", "x")
    with a(0):
        debit.reserver(cle, debit.COMPTE)
    with a(86_399):
        assert debit.effacer_perimes() == 0
    with a(86_401):
        assert debit.effacer_perimes() == 1


def test_trop_de_hachages_a_la_fois_donnent_503_sans_compter_d_essai(
    espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saturation, "ATTENTE", 0.01)
    prises = [saturation._places.acquire(timeout=1) for _ in range(saturation.places())]
    try:
        reponse = essayer(espace, MOT_DE_PASSE)
        assert all(prises)
        assert reponse.status_code == 503
        assert reponse["Retry-After"]
        assert Client().get(reverse("accueil")).status_code == 200
    finally:
        for _ in prises:
            saturation._places.release()
    assert not EssaiConnexion.objects.exists()
    assert essayer(espace, MOT_DE_PASSE).status_code == 302


def test_les_durees_du_bareme() -> None:
    minutes = [debit.COMPTE.attente(n).total_seconds() / 60 for n in range(21)]
    assert minutes[:5] == [0] * 5
    assert minutes[5:12] == [1, 2, 4, 8, 16, 32, 60]
    assert minutes[19] == 60
    assert minutes[20] == 24 * 60
    assert settings.AXES_HANDLER == "accounts.compteurs.debit.GardienEssais"


def test_une_session_volee_n_a_pas_plus_d_essais_en_changeant_de_cle(
    espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    compares: list[str] = []
    monkeypatch.setattr(Compte, "check_password", lambda self, brut: compares.append(brut) or False)
    requete = RequestFactory().post("/")
    with a(0):
        for rang in range(12):
            client = Client()
            client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
            requete.user, requete.session = espace.compte, client.session  # type: ignore[assignment]
            assert authenticate(requete, username=espace.compte.email, password=f"essai {rang}") is None
    assert len(compares) == 5


def test_changer_la_cle_des_sessions_ne_vide_aucun_compteur(
    espace: Espace, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    compares: list[str] = []
    monkeypatch.setattr(Compte, "check_password", lambda self, brut: compares.append(brut) or False)
    with a(0):
        for rang in range(5):
            essayer(espace, f"essai {rang}")
            Client().post(reverse("connexion"), {"username": "personne@nulle-part.fr", "password": "x"})
        connues = set(EssaiConnexion.objects.values_list("cle", flat=True))
        tentee = empreinte_adresse("personne@nulle-part.fr")
        settings.SECRET_KEY = "une autre clé, elle aussi bien assez longue pour la production"
        essayer(espace, "essai 6")
        Client().post(reverse("connexion"), {"username": "personne@nulle-part.fr", "password": "x"})
    assert len(compares) == 5
    refus = {debit.empreinte("refus", cle) for cle in connues}
    assert set(EssaiConnexion.objects.values_list("cle", flat=True)) <= connues | refus
    assert empreinte_adresse("personne@nulle-part.fr") == tentee


def test_qui_change_de_64_dans_son_48_finit_par_attendre(db: None) -> None:
    """An IPv6 subscriber has a /56 or a /48, that is thousands of /64."""
    espaces = [EspaceFactory() for _ in range(30)]
    with a(0):
        for rang in range(debit.RESEAU.libres * 4):
            reponse = essayer(espaces[rang % 30], "faux", adresse=f"2001:db8:77:{rang:x}::1")
            assert reponse.status_code == 200, rang
        assert essayer(espaces[0], MOT_DE_PASSE, adresse="2001:db8:77:ffff::1").status_code == 429
        assert essayer(espaces[0], MOT_DE_PASSE, adresse="2001:db8:78::1").status_code == 302, "the next /48 is free"


@pytest.mark.parametrize(
    ("adresse", "reseaux"),
    [
        ("203.0.113.9", ["203.0.113.9"]),
        ("::ffff:203.0.113.9", ["203.0.113.9"]),
        ("2001:db8:1:2:3::1", ["2001:db8:1:2::/64", "2001:db8:1::/48"]),
        ("2001:DB8:1:2:0:0:0:1", ["2001:db8:1:2::/64", "2001:db8:1::/48"]),
    ],
)
def test_les_compteurs_d_une_adresse(adresse: str, reseaux: list[str]) -> None:
    assert debit.cles_reseau(adresse) == [
        (debit.empreinte("reseau", reseau), fois) for reseau, fois in zip(reseaux, (1, 4), strict=False)
    ]


def test_un_refus_du_48_ne_compte_rien_dans_le_64(db: None) -> None:
    bareme = debit.Bareme(1, 1, 2)
    obtenus = [debit.reserver_reseau("x", f"2001:db8:5:{rang:x}::1", bareme) for rang in range(6)]
    assert [obtenu is not None for obtenu in obtenus] == [True] * 4 + [False] * 2
    assert EssaiConnexion.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_des_essais_simultanes_a_des_comptes_differents_ne_passent_pas_le_reseau() -> None:
    """Each at another account, all before any is refused: the network counts a guess before it is compared."""
    gardien = debit.GardienEssais()

    def permis(rang: int) -> bool:
        requete = RequestFactory().post(reverse("connexion"), REMOTE_ADDR="203.0.113.9")
        requete.user, requete.session = AnonymousUser(), Client().session
        return gardien.is_allowed(requete, {"username": f"personne{rang}@exemple.fr", "password": "faux"})

    permises = [resultat for _ in range(3) for resultat in en_parallele(16, permis)]
    assert permises.count(True) == debit.RESEAU.libres


def test_un_bon_mot_de_passe_rend_aussi_l_essai_du_reseau(espace: Espace) -> None:
    for _ in range(3):
        client = Client(REMOTE_ADDR="203.0.113.9")
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        assert "_auth_user_id" in client.session
    assert not EssaiConnexion.objects.filter(cle__in=[cle for cle, _ in debit.cles_reseau("203.0.113.9")]).exists()
