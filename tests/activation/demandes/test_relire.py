"""Before a letter leaves, a page says to whom, where, for what, when; the 101st SIREN is refused before it (issue 10.7)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as reglages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, Lien
from accounts.saisies.dates import jour_en_lettres
from accounts.saisies.elisions import de
from activation.demandes.creation_simplifiee import confirmer_connexion
from activation.demandes.lettres_a_venir import lettres_a_venir
from activation.demandes.plafonds import departs_des_courriers
from activation.models import Courrier, Demande
from habilitations.models import Role
from services.models import AdresseSaisie
from tests.activation import scenes
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    habiliter,
    representer,
)

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]


def texte(reponse: Any) -> str:
    return str(reponse.content.decode()).replace("&#x27;", "'")


def test_rien_ne_part_sans_avoir_ete_relu(client_de: Ouvrir) -> None:
    personne, service = (
        PersonneFactory(voie="4 rue des Tilleuls", commune="LYON", code_postal="69003"),
        ServiceFactory(),
    )
    client, adresse = client_de(EspaceFactory()), reverse("adherer", query={"siren": personne.siren})
    saisie = {"qualite": "MANDATAIRE", "services": service.code}
    page = texte(client.post(adresse, saisie))
    assert "Rien n’est encore parti" in page
    for dit in (f"Représentant légal {de(personne.denomination)}", "4 rue des Tilleuls", "69003 LYON", service.libelle):
        assert dit in page
    assert "personne mandatée" in page
    for empreinte in ("", "autre"):
        assert "ce que cette page montrait a changé" in texte(client.post(adresse, {**saisie, "apercu": empreinte}))
    assert not Courrier.objects.exists()
    modifiee = texte(client.post(adresse, {**saisie, "modifier": "1"}))
    assert f'value="{service.code}"' in modifiee
    assert modifiee.count(" checked") == 2, "nothing that was typed is lost"
    assert scenes.envoyer(client, adresse, saisie).status_code == 302
    assert Courrier.objects.count() == 1


def test_ce_qui_est_confirme_est_ce_qui_a_ete_lu(client_de: Ouvrir) -> None:
    personne, services = PersonneFactory(), [ServiceFactory(), ServiceFactory()]
    client, adresse = client_de(EspaceFactory()), reverse("adherer", query={"siren": personne.siren})
    saisie = {"qualite": "MANDATAIRE", "services": services[0].code}
    montre = client.post(adresse, saisie).context["apercu"]
    autre = {**saisie, "services": [service.code for service in services], "apercu": montre}
    assert "a changé" in texte(client.post(adresse, autre))
    type(personne).objects.filter(pk=personne.pk).update(voie="9 quai Neuf")
    assert "9 quai Neuf" in texte(client.post(adresse, {**saisie, "apercu": montre})), "the letter would go elsewhere"
    assert not Demande.objects.exists()


@pytest.mark.parametrize("habilite", [False, True])
def test_ce_qu_on_dit_de_l_adresse(habilite: bool) -> None:
    """What an agent has entered, and the name of the représentant, are told to who holds a right there."""
    espace, personne = EspaceFactory(), PersonneFactory(commune="", code_postal="")
    representer(personne, "LOVELACE", "Ada")
    AdresseSaisie.objects.create(
        personne=personne,
        voie="7 impasse Privée",
        code_postal="29000",
        commune="QUIMPER",
        registre=personne.lignes_adresse,
        agent=AgentFactory(),
    )
    if habilite:
        accorder(habiliter(EspaceFactory(), personne=personne), espace, Role.ACTEUR)
    (lettre,) = lettres_a_venir(espace, [(personne, ["Déclarer la TVA"])])
    assert ("7 impasse Privée" in lettre.adresse) == habilite
    assert ("LOVELACE" in lettre.destinataire) == habilite
    assert personne.denomination in lettre.destinataire


def test_le_jour_de_chaque_lettre_d_un_lot(settings: Any, django_assert_num_queries: Any) -> None:
    """Said before, it is the day that each gets: the same computing, the letters of the batch counted one after the other."""
    settings.PLAFOND_COURRIERS_ESPACE = 2
    espace, maintenant = EspaceFactory(), timezone.now()
    personnes = [PersonneFactory() for _ in range(5)]
    with django_assert_num_queries(4):
        departs = departs_des_courriers(espace, personnes, maintenant=maintenant)
    jours = [(departs[personne.pk][1] - maintenant).days for personne in sorted(personnes, key=lambda p: p.pk)]
    assert jours == [0, 0, 1, 1, 2]
    for personne in sorted(personnes, key=lambda p: p.pk):
        demande = scenes.adhesion(espace, personne, maintenant=maintenant)
        assert demande.courriers.get().part_le == departs[personne.pk][1]


@pytest.mark.parametrize("voie", ["adherer", "substitution", "lot"])
def test_le_101e_siren_est_refuse_des_le_premier_ecran(voie: str, client_de: Ouvrir, settings: Any) -> None:
    settings.PERIMETRE_SIREN = 2
    espace, service = EspaceFactory(), ServiceFactory()
    tenues = [habiliter(espace, service=service) for _ in range(2)]
    nouvelle = habiliter(EspaceFactory(), service=service).personne
    nom, cle = ("adherer", "siren") if voie == "adherer" else ("substitution", "sirens")
    sirens = [nouvelle.siren, tenues[0].personne.siren] if voie == "lot" else [nouvelle.siren]
    page = texte(client_de(espace).get(reverse(nom), {cle: ",".join(sirens)}))
    assert "Votre espace est plein" in page
    assert f"{nouvelle.denomination} n’y entre pas" in page
    assert reverse("perimetre") in page, "with the way out"
    assert 'name="services"' not in page
    connue = texte(client_de(espace).get(reverse(nom), {cle: tenues[0].personne.siren}))
    assert "Votre espace est plein" not in connue, "what one holds takes no place"


def test_le_101e_siren_a_la_saisie_du_code(client_de: Ouvrir, settings: Any) -> None:
    settings.PERIMETRE_SIREN = 1
    espace = EspaceFactory()
    demande = scenes.adhesion(espace)
    scenes.editer(demande)
    habiliter(espace)
    page = texte(client_de(espace).get(reverse("demande", args=[demande.reference])))
    assert "Votre espace est plein" in page
    assert "Le code reste valable jusqu’au" in page
    assert 'id="id_code"' not in page


def test_un_nouveau_courrier_se_relit_aussi(client_de: Ouvrir) -> None:
    espace = EspaceFactory()
    demande = scenes.adhesion(espace)
    il_y_a = timezone.now() - reglages.CODE_NOUVEAU_COURRIER_APRES - timedelta(hours=1)
    scenes.editer(demande, edite_le=il_y_a)
    Courrier.objects.update(cree_le=il_y_a)
    client, page = client_de(espace), reverse("nouveau_courrier", args=[demande.reference])
    lue = texte(client.get(page))
    assert demande.reference in lue
    assert "Le code du courrier précédent ne pourra plus servir" in lue
    assert demande.personne.commune in lue
    client.post(page)
    assert demande.courriers.count() == 1, "what is sent was shown"
    assert scenes.envoyer(client, page, {}).status_code == 302
    assert demande.courriers.count() == 2
    assert client.get(page).status_code == 302, "too early for a third: the demande says from when"


def test_le_lien_qui_fait_partir_le_courrier_d_une_creation_le_dit(client: Client) -> None:
    personne = PersonneFactory(
        courriel=scenes.ENTREPRISE, commune="LYON", code_postal="69003", voie="4 rue des Tilleuls"
    )
    services = scenes.services_du_bouquet()
    espace = scenes.inscrire(personne)
    page = reverse("confirmer_connexion", args=[scenes.lien(espace, Lien.Objet.CONFIRMATION_CONNEXION)])
    lue = texte(client.get(page))
    assert "Quand l’autre adresse aura aussi été confirmée" in lue
    confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION))
    page = reverse("confirmer_entreprise", args=[scenes.lien(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)])
    lue = texte(client.get(page))
    assert "Dès que vous confirmez" in lue
    assert "69003 LYON" in lue
    assert "Tilleuls" not in lue, "a visitor is told the town"
    assert services[1].libelle in lue


def test_l_arrivee_est_une_estimation_de_deux_semaines() -> None:
    (lettre,) = lettres_a_venir(EspaceFactory(), [(PersonneFactory(), ["Payer"])])
    assert lettre.arrive_le - lettre.part_le == timedelta(days=14)
    assert jour_en_lettres(lettre.part_le)
