"""The whole main job through Django's client: from an empty machine to a service used with a posted code."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.envois import courriels
from accounts.envois.liens import jeton
from accounts.models import Compte, Courriel, Espace, Evenement, Lien
from accounts.saisies.sirens import SirenAbsent
from activation.courriers import edition
from activation.courriers.codes import deriver_code, presenter
from activation.demandes.adhesion import services_proposables
from activation.demandes.creation_simplifiee import bouquet
from activation.demandes.suites import annuler_demande
from activation.models import Courrier, Demande
from habilitations.models import Adhesion, Mandat
from services.models import PersonneSirenisee
from tests.accounts.scenes import INSCRIPTION
from tests.activation import scenes
from tests.factories import MOT_DE_PASSE, REPONSE, PersonneFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def test_de_l_inscription_au_service(client: Client, catalogue: None, danone: PersonneSirenisee) -> None:
    reponse = client.post(reverse("inscription_expert"), INSCRIPTION)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    assert reponse["Location"] == reverse("inscription_envoyee")

    espace = Espace.objects.get()
    assert espace.etat == Espace.Etat.EN_ATTENTE_COURRIEL
    assert espace.compte.email == "amelie.lhermite@cabinet-dupont.fr"
    assert courriels.envoyer_en_attente() == 1
    lien = jeton(Lien.objects.get())
    assert lien in mail.outbox[0].body

    page = reverse("confirmer_adresse", args=[lien])
    assert client.get(page).status_code == 200
    assert Espace.objects.get().etat == Espace.Etat.EN_ATTENTE_COURRIEL, "GET consumes nothing"
    assert client.post(page)["Location"] == reverse("inscription_confirmee")
    assert client.post(page)["Location"] == reverse("inscription_confirmee"), "a double click leads there too"
    assert Client().post(page).status_code == 410
    assert client.get(reverse("inscription_confirmee")).status_code == 200
    premier = client.post(reverse("inscription_recapitulatif"))
    assert REPONSE in texte_pdf(premier.content)
    second = client.post(reverse("inscription_recapitulatif"))
    assert REPONSE not in texte_pdf(second.content)

    assert client.login(username="AMELIE.lhermite@cabinet-dupont.fr", password=MOT_DE_PASSE, request=requete())
    accueil = client.get(reverse("espace"))
    assert "Vous n’avez pas encore de service" in accueil.content.decode().replace("&#x27;", "'")

    adherer = reverse("adherer") + "?siren=552032534"
    assert client.get(adherer).status_code == 200
    reponse = scenes.envoyer(client, adherer, {"qualite": "MANDATAIRE", "services": ["DECL_TVA", "PAY_TVA"]})
    demande = Demande.objects.get()
    assert reponse["Location"] == reverse("demande", args=[demande.reference])

    courrier = Courrier.objects.get()
    assert [edition.editer(str(courrier.pk)) for _ in range(5)] == [True, False, False, False, False]
    courrier.refresh_from_db()
    code = presenter(deriver_code(demande=demande.pk, numero=1))
    assert code in texte_pdf(edition.produire_pdf(courrier))

    page = reverse("demande", args=[demande.reference])
    assert client.get(page).status_code == 200
    assert client.post(page, {"code": f"  {code.lower()} "}).status_code == 302
    assert Adhesion.objects.ouvertes().count() == 2
    assert Mandat.objects.get().demarches == ["Déclarer la TVA", "Payer la TVA"]
    assert Evenement.objects.filter(acte="demande.activee", siren="552032534").count() == 1
    assert Courriel.objects.filter(genre="demande_activee").count() == 1

    assert "DANONE" in client.get(reverse("espace")).content.decode()
    service = client.get(reverse("ouvrir_service", args=["552032534", "DECL_TVA"]))
    assert "administrateur titulaire" in service.content.decode()
    assert client.get(reverse("journal")).status_code == 200


def test_la_seconde_pression_mene_a_la_demande_de_la_premiere(
    espace: Espace, client_de: Callable[[Espace], Client], catalogue: None, danone: PersonneSirenisee
) -> None:
    client = client_de(espace)
    adherer = reverse("adherer") + "?siren=552032534"
    saisie = {"qualite": "MANDATAIRE", "services": ["PAY_TVA", "DECL_TVA"]}
    saisie["apercu"] = client.post(adherer, saisie).context["apercu"]
    assert client.post(adherer, saisie).status_code == 302
    demande = Demande.objects.get()
    suivi = reverse("demande", args=[demande.reference])
    assert client.post(adherer, saisie).headers.get("Location") == suivi
    page = client.get(suivi).content.decode()
    assert page.count("est enregistrée. Le code d’activation part") == 1, (
        "said once, true of the post and of the messagerie"
    )
    for autre in ({**saisie, "services": ["DECL_TVA"]}, {**saisie, "qualite": "REPRESENTANT_LEGAL"}):
        assert "déjà une demande en cours" in client.post(adherer, autre).content.decode()
    Demande.objects.update(deposee_le=timezone.now() - timedelta(minutes=2))
    assert "déjà une demande en cours" in client.post(adherer, saisie).content.decode()
    assert Demande.objects.count() == 1


def test_le_siren_de_l_organisation_absent_dit_quoi_saisir(client: Client) -> None:
    reponse = client.post(reverse("inscription_expert"), {**INSCRIPTION, "siren_appartenance": " "})
    assert reponse.context["formulaire"].errors["siren_appartenance"] == [SirenAbsent.message]


def requete():
    from django.test import RequestFactory

    return RequestFactory().post("/connexion/")


def texte_pdf(contenu: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(contenu)).pages)


def test_compte_unique_quelle_que_soit_la_casse() -> None:
    assert Compte._meta.constraints[0].name == "compte_email_unique"


def test_renoncer_a_une_demande_terminee_ne_se_propose_pas(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    demande = scenes.adhesion(espace)
    navigateur, page = client_de(espace), reverse("annuler_demande", args=[demande.reference])
    assert navigateur.get(page).status_code == 200
    annuler_demande(acteur=espace, demande=demande)
    assert navigateur.get(page)["Location"] == reverse("demande", args=[demande.reference])


def test_un_service_reserve_a_la_dge_le_dit(espace: Espace) -> None:
    ServiceFactory(code="PAY_DGE", reserve_dge=True)
    ServiceFactory(code="DOM_EVAL", categories=["COLLECTIVITE"])
    lignes = {ligne.service.code: ligne.disponibilite for ligne in services_proposables(espace, PersonneFactory())}
    assert "grandes entreprises" in lignes["PAY_DGE"].explication
    assert "catégorie" in lignes["DOM_EVAL"].explication


@pytest.mark.parametrize(
    ("categorie", "suivie_par", "attendus"),
    [
        ("ENTREPRISE", "SIE", {"DECL_TVA"}),
        ("ENTREPRISE", "DGE", {"DECL_TVA", "PAY_DGE"}),
        ("ASSOCIATION", "SIE", set()),
        ("COLLECTIVITE", "SIE", {"DECL_TVA", "DOM_EVAL"}),
        ("COLLECTIVITE", "DGE", {"DECL_TVA", "DOM_EVAL", "PAY_DGE"}),
    ],
)
def test_le_bouquet_et_le_formulaire_ouvrent_les_memes_services(
    espace: Espace, categorie: str, suivie_par: str, attendus: set[str]
) -> None:
    """One predicate: what an adhésion would offer of the bouquet is the bouquet."""
    for code, champs in {
        "PAY_DGE": {"reserve_dge": True},
        "DOM_EVAL": {"categories": ["COLLECTIVITE"]},
        "DECL_TVA": {"categories": ["ENTREPRISE", "COLLECTIVITE"]},
    }.items():
        ServiceFactory(code=code, bouquet_simplifie=True, **champs)
    personne = PersonneFactory(categorie=categorie, service_gestionnaire__type=suivie_par)
    libres = {ligne.service.code for ligne in services_proposables(espace, personne) if ligne.libre}
    assert {service.code for service in bouquet(personne)} == libres == attendus


def test_le_bouquet_est_une_seule_case(
    client_de: Callable[[Espace], Client], espace: Espace, catalogue: None, danone: PersonneSirenisee
) -> None:
    """Without JavaScript too: its box stands for its services, beside those ticked; what somebody else holds is left out."""
    lignes = services_proposables(espace, danone)
    du_bouquet = [li.service for li in lignes if li.demandable and li.service.bouquet_simplifie]
    autre = next(li.service for li in lignes if li.demandable and not li.service.bouquet_simplifie)
    client, adresse = client_de(espace), reverse("adherer", query={"siren": danone.siren})
    page = client.get(adresse).content.decode()
    assert page.count('name="services"') == sum(li.demandable for li in lignes)
    assert f"Les {len(du_bouquet)} services" in page
    relue = client.post(adresse, {"qualite": "MANDATAIRE", "bouquet": "oui", "services": [autre.code]})
    gardes = dict(relue.context["gardes"])
    assert gardes["bouquet"] == "oui"
    (lettre,) = relue.context["lettres"]
    assert sorted(lettre.demarches) == sorted(service.libelle for service in [*du_bouquet, autre])
    envoi = {"qualite": "MANDATAIRE", "bouquet": "oui", "services": [autre.code], "apercu": relue.context["apercu"]}
    assert client.post(adresse, envoi).status_code == 302
    assert set(Demande.objects.get().services.all()) == {*du_bouquet, autre}
