"""« Gérer vos coordonnées » (CGU §4.b)."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.envois import courriels
from accounts.espace.coordonnees import Coordonnees, NomRequis, modifier_coordonnees
from accounts.forms.coordonnees import CoordonneesForm
from accounts.models import Courriel, Espace, Evenement
from tests.factories import EspaceFactory

pytestmark = pytest.mark.django_db
SAISIE = {
    "civilite": "MADAME",
    "prenom": "Zoé",
    "nom": "L’Hermite  de Brie",
    "telephone": "+33 1 98 76 54 32",
    "complement": "Bâtiment B",
    "voie": "3 rue des Lilas",
    "distribution": "BP 12",
    "code_postal": "75012",
    "commune": "Paris",
    "pays": "",
    "siren_appartenance": "552 032 534",
}


def test_lire_et_changer(espace: Espace, client_de) -> None:
    client = client_de(espace)
    page = reverse("coordonnees")
    assert f'value="{espace.nom}"' in client.get(page).content.decode()
    assert client.post(page, SAISIE)["Location"] == page
    espace.refresh_from_db()
    assert (espace.prenom, espace.nom, espace.distribution) == ("Zoé", "L'Hermite de Brie", "BP 12")
    evenement = Evenement.objects.get(acte="coordonnees.modifiees")
    assert "siren_appartenance" not in evenement.details["champs"], "it was the same"
    assert "Zoé" not in str(evenement.details)
    assert courriels.envoyer_en_attente() == 1
    assert "- téléphone" in mail.outbox[0].body
    assert "98 76" not in mail.outbox[0].body


def test_double_envoi(espace: Espace, client_de) -> None:
    client = client_de(espace)
    for _ in range(2):
        assert client.post(reverse("coordonnees"), SAISIE).status_code == 302
    assert Courriel.objects.filter(genre="coordonnees_modifiees").count() == 1
    assert Evenement.objects.filter(acte="coordonnees.modifiees").count() == 1


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("telephone", "appelez-moi"),
        ("siren_appartenance", "552032535"),
        ("nom", ""),
        ("nom", "Dupont\ue000"),
        ("code_postal", "rue!"),
        ("civilite", "ROI"),
        ("pays", "x" * 81),
    ],
)
def test_une_erreur_ne_perd_rien(espace: Espace, client_de, champ: str, valeur: str) -> None:
    page = client_de(espace).post(reverse("coordonnees"), {**SAISIE, champ: valeur})
    assert page.status_code == 200
    assert page.context["formulaire"].errors.keys() == {champ}
    assert 'value="Bâtiment B"' in page.content.decode()
    avant = espace.nom
    espace.refresh_from_db()
    assert espace.nom == avant


def test_le_siren_peut_manquer(espace: Espace) -> None:
    assert (
        modifier_coordonnees(acteur=espace, coordonnees=Coordonnees(**{**SAISIE, "siren_appartenance": " "})).count(
            "siren_appartenance"
        )
        == 1
    )


def test_le_nom_est_exige_par_l_acte_aussi(espace: Espace) -> None:
    with pytest.raises(NomRequis):
        modifier_coordonnees(acteur=espace, coordonnees=Coordonnees(**{**SAISIE, "prenom": "  "}))


def test_reserve_au_titulaire() -> None:
    assert Client().get(reverse("coordonnees"))["Location"].startswith(reverse("connexion"))
    espace = EspaceFactory(etat=Espace.Etat.DESACTIVE)
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    assert client.get(reverse("coordonnees")).status_code == 404


def test_les_memes_champs_dans_le_meme_ordre_qu_a_l_inscription(espace: Espace, client_de: Any) -> None:
    def champs(html: str) -> list[str]:
        noms = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', html.split("<h1>")[1])
        return [nom for nom in dict.fromkeys(noms) if nom in CoordonneesForm.base_fields]

    inscription = champs(Client().get(reverse("inscription_expert")).content.decode())
    assert inscription == champs(client_de(espace).get(reverse("coordonnees")).content.decode())
    assert inscription == list(CoordonneesForm.base_fields)
