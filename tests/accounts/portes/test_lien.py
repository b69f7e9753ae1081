"""Issue 10.12: a link's page never takes the session for the link's owner: every link, every page of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.liens import creer_lien, jeton
from accounts.models import Compte, Courriel, Espace, Evenement, Lien
from activation.models import CreationSimplifiee, Demande
from tests.espacepro.scenes import TOUS
from tests.factories import MOT_DE_PASSE, REPONSE, AgentFactory, EspaceFactory, PersonneFactory

pytestmark = pytest.mark.django_db
# page of a link -> the links that it opens, in an espace of this state
PAGES = {
    "confirmer_adresse": (Lien.Objet.CONFIRMATION_EXPERT, Espace.Etat.EN_ATTENTE_COURRIEL),
    "confirmer_entreprise": (Lien.Objet.CONFIRMATION_ENTREPRISE, Espace.Etat.EN_ATTENTE_COURRIEL),
    "confirmer_connexion": (Lien.Objet.CONFIRMATION_CONNEXION, Espace.Etat.EN_ATTENTE_COURRIEL),
    "confirmer_changement_adresse": (Lien.Objet.CHANGEMENT_ADRESSE, Espace.Etat.ACTIF),
    "annuler_changement_adresse": (Lien.Objet.ANNULATION_ADRESSE, Espace.Etat.ACTIF),
    "ce_n_est_pas_moi": (Lien.Objet.CE_N_EST_PAS_MOI, Espace.Etat.ACTIF),
    "reinitialiser_mot_de_passe": (Lien.Objet.MOT_DE_PASSE_OUBLIE, Espace.Etat.ACTIF),
}
# A company's mailbox is nobody's espace: whoever reads it confirms, signed in or not, and no session is taken for its own.
DE_PERSONNE = {"confirmer_adresse_entreprise": "tests/activation/demandes/test_confirmation_adresse.py"}
SAISIE = {"mot_de_passe": MOT_DE_PASSE, "reponse": REPONSE}
REFUS = "Ce lien est celui d’un autre espace"


def lien_de(nom: str, etat: str) -> Lien:
    """A link of this page, alive or not, of an espace that has nothing to do with whoever is signed in."""
    objet, ouvert = PAGES[nom]
    espace = EspaceFactory(etat=ouvert)
    CreationSimplifiee.objects.create(
        espace=espace,
        personne=PersonneFactory(),
        courriel="contact@entreprise.fr",
        qualite=Demande.Qualite.REPRESENTANT_LEGAL,
    )
    adresse = "nouvelle@cabinet.fr" if objet == Lien.Objet.CHANGEMENT_ADRESSE else espace.compte.email
    lien = creer_lien(espace=espace, objet=objet, adresse=adresse)
    if etat == "utilisé":
        lien.consomme_le = timezone.now()
        Compte.objects.filter(espace=espace).update(email=adresse)
    elif etat == "expiré":
        lien.expire_le = timezone.now() - timedelta(seconds=1)
    elif etat == "remplacé":
        lien.revoque_le = timezone.now()
    lien.save()
    return lien


def tout() -> tuple[Any, ...]:
    """Everything that a link may change."""
    return (
        list(Lien.objects.order_by("pk").values()),
        list(Compte.objects.order_by("pk").values("pk", "email", "password", "is_active")),
        list(Espace.objects.order_by("pk").values()),
        Evenement.objects.count(),
        Courriel.objects.count(),
    )


def test_chaque_page_de_lien_est_ici() -> None:
    assert {nom for _, nom, chemin in TOUS if chemin.startswith("lien/")} == {*PAGES, *DE_PERSONNE}


@pytest.mark.parametrize("qui", ["espace", "agent"])
@pytest.mark.parametrize("etat", ["vivant", "utilisé", "expiré", "remplacé"])
@pytest.mark.parametrize("nom", PAGES)
def test_connecte_comme_quelqu_un_d_autre(client: Client, nom: str, etat: str, qui: str) -> None:
    lien = lien_de(nom, etat)
    page = reverse(nom, args=[jeton(lien)])
    connecte = EspaceFactory(nom="Dubois").compte if qui == "espace" else AgentFactory().compte
    client.force_login(connecte, backend="accounts.portes.connexion.CompteBackend")
    avant = tout()
    for reponse in (client.get(page), client.post(page, SAISIE)):
        contenu = reponse.content.decode()
        assert reponse.status_code == 409
        assert REFUS in contenu.replace("&#x27;", "'")
        assert lien.espace.nom not in contenu
        assert lien.adresse not in contenu
        assert f'name="next" value="{page}"' in contenu
    assert tout() == avant
    sortie = client.post(reverse("deconnexion"), {"next": page})
    assert sortie["Location"] == page
    dit_ce_qui_fut_fait = (nom, etat) == ("ce_n_est_pas_moi", "utilisé")
    assert (client.get(page).status_code == 200) is (etat == "vivant" or dit_ce_qui_fut_fait)


@pytest.mark.parametrize(
    "nom",
    ["confirmer_changement_adresse", "annuler_changement_adresse", "reinitialiser_mot_de_passe", "ce_n_est_pas_moi"],
)
def test_le_titulaire_connecte_ouvre_le_sien(client_de: Callable[[Espace], Client], nom: str) -> None:
    lien = lien_de(nom, "vivant")
    assert client_de(lien.espace).get(reverse(nom, args=[jeton(lien)])).status_code == 200


def test_les_pages_qui_suivent_un_lien(client: Client) -> None:
    """The visitor confirms, or answers the question, and then signs in as somebody else in the same browser."""
    autre = EspaceFactory()
    oubli = lien_de("reinitialiser_mot_de_passe", "vivant")
    inscription = lien_de("confirmer_adresse", "vivant")
    assert client.post(reverse("confirmer_adresse", args=[jeton(inscription)]), SAISIE).status_code == 302
    assert client.get(reverse("inscription_confirmee")).status_code == 200
    client.force_login(autre.compte, backend="accounts.portes.connexion.CompteBackend")
    session = client.session
    session["inscription_confirmee"] = str(inscription.espace_id)
    session["oubli_repondu"] = {"lien": str(oubli.pk), "le": timezone.now().timestamp()}
    session["creation_confirmee"] = {"espace": str(oubli.espace_id), "complete": True, "denomination": "DANONE"}
    session.save()
    avant = tout()
    for nom, methode in (
        ("inscription_confirmee", client.get),
        ("inscription_recapitulatif", client.post),
        ("inscription_simplifiee_confirmee", client.get),
        ("choisir_mot_de_passe", client.get),
        ("choisir_mot_de_passe", client.post),
    ):
        reponse = methode(reverse(nom))
        assert reponse.status_code == 409, nom
        assert REFUS in reponse.content.decode().replace("&#x27;", "'")
        assert oubli.espace.numero_lisible not in reponse.content.decode()
    assert tout() == avant
