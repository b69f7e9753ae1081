"""« Gérer vos coordonnées » (CGU §4.b)."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.donnees.retention import AN, purger
from accounts.envois import courriels
from accounts.espace.coordonnees import Coordonnees, NomRequis, modifier_coordonnees
from accounts.espace.coordonnees_d_avant import valeurs
from accounts.espace.pas_moi import dire_depuis_l_espace
from accounts.espace.suppression import supprimer_espace
from accounts.forms.coordonnees import CoordonneesForm
from accounts.forms.reauthentification import ConfirmationForm
from accounts.models import AnciennesCoordonnees, Courriel, Espace, Evenement
from accounts.mots_de_passe.politique import CompteModifie, EspaceDesactive
from accounts.portes.reauthentification import PROUVE_LE
from tests.factories import MOT_DE_PASSE, EspaceFactory

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


def test_un_changement_redemande_le_mot_de_passe_et_ne_perd_rien(espace: Espace, client_de: Any) -> None:
    client = client_de(espace)
    session = client.session
    session[PROUVE_LE] = 0  # signed in hours ago: whoever sits down at an unlocked computer
    session.save()
    page = reverse("coordonnees")
    assert client.get(page).status_code == 200, "reading them asks nothing"
    demande = client.post(page, SAISIE)
    assert demande.templates[0].name == "accounts/confirmer_identite.html"
    avant = espace.nom
    espace.refresh_from_db()
    assert espace.nom == avant
    for champ in ("L’Hermite  de Brie", "552 032 534", "Bâtiment B"):
        assert champ in demande.content.decode(), "nothing typed is lost"
    faux = client.post(page, {**SAISIE, ConfirmationForm.CHAMP: "un autre mot de passe"})
    assert "pas reconnu" in faux.content.decode()
    assert client.post(page, {**SAISIE, ConfirmationForm.CHAMP: MOT_DE_PASSE})["Location"] == page
    espace.refresh_from_db()
    assert espace.nom == "L'Hermite de Brie"


def test_les_coordonnees_d_avant_sont_gardees_un_an_et_partent_avec_l_espace(espace: Espace, client_de: Any) -> None:
    avant = valeurs(espace)
    client_de(espace).post(reverse("coordonnees"), SAISIE)
    (gardees,) = AnciennesCoordonnees.objects.filter(espace=espace)
    assert valeurs(gardees) == avant
    client_de(espace).post(reverse("coordonnees"), SAISIE)
    assert AnciennesCoordonnees.objects.count() == 1, "nothing was changed the second time"
    purger(maintenant=timezone.now() + AN - timedelta(days=1))
    assert AnciennesCoordonnees.objects.exists()
    purger(maintenant=timezone.now() + AN + timedelta(days=1))
    assert not AnciennesCoordonnees.objects.exists()
    espace = Espace.objects.get(pk=espace.pk)
    modifier_coordonnees(acteur=espace, coordonnees=replace(Coordonnees.de(espace), voie="5 rue des Lilas"))
    supprimer_espace(acteur=espace)
    assert not AnciennesCoordonnees.objects.exists()


@pytest.mark.parametrize(
    ("fermer", "refus"),
    [
        (lambda espace: Espace.objects.filter(pk=espace.pk).update(etat="DESACTIVE"), EspaceDesactive),
        (lambda espace: dire_depuis_l_espace(acteur=Espace.objects.get(pk=espace.pk)), CompteModifie),
    ],
)
def test_ce_qui_ferme_l_espace_gagne_contre_un_changement_en_cours(espace: Espace, fermer: Any, refus: Any) -> None:
    acteur = Espace.objects.select_related("compte").get(pk=espace.pk)
    fermer(espace)
    with pytest.raises(refus):
        modifier_coordonnees(acteur=acteur, coordonnees=Coordonnees(**SAISIE))
    assert Espace.objects.get(pk=espace.pk).nom == espace.nom
