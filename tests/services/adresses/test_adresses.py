"""Where a letter goes: no letter without an address that the post can deliver, and the way out (issue 11 item 9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, Courriel, Espace, Evenement, NomAdmis
from accounts.saisies.code_postal import CodePostalDeFrance, CodePostalInvalide
from activation.courriers import edition
from activation.demandes.attente import TropTotPourUnCourrier
from activation.demandes.courriel_personne import demander_changement
from activation.demandes.creation_simplifiee import exiger_admissible
from activation.demandes.lectures import detail_demande
from activation.demandes.substitution import Choix, SirenRefuses, deposer_substitution
from activation.demandes.suites import demander_nouveau_courrier
from activation.models import Courrier, Demande
from services.adresses.envoi import AdresseInconnue, adresse_du_courrier
from services.adresses.saisie import (
    AdresseNonDistribuable,
    AucuneAdresseSaisie,
    DestinataireRequis,
    PreuveRequise,
    Saisie,
    retirer_adresse,
    saisir_adresse,
)
from services.fichiers_insee import NON_DIFFUSIBLE
from services.models import AdresseSaisie, PersonneSirenisee, Service
from services.registre.regles import PersonneHorsCompetence
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db
SANS = {"complement": "", "voie": "", "distribution": "", "code_postal": "", "commune": "", "pays": ""}
BONNE = Saisie(voie="3 quai des Brumes", code_postal="76600", commune="LE HAVRE")

# What the register gives, and whether a letter can be posted there.
REGISTRE: dict[str, tuple[dict[str, str], bool]] = {
    "900000217, all masked": ({"voie": "[ND]", "code_postal": "[ND]", "commune": "LE POULIGUEN"}, False),
    "900000282, masked street and code": ({"voie": "[ND] [ND]", "distribution": "[ND]", "commune": "PARIS"}, False),
    "900001405, no head office": ({}, False),
    "no street": ({"code_postal": "75002", "commune": "PARIS"}, False),
    "no town": ({"voie": "1 RUE DE LA PAIX", "code_postal": "75002"}, False),
    "no code in France": ({"voie": "1 RUE DE LA PAIX", "commune": "PARIS", "pays": "FRANCE"}, False),
    "blank cells": ({"voie": "  ", "code_postal": " ", "commune": " "}, False),
    "plain": ({"voie": "1 RUE DE LA PAIX", "code_postal": "75002", "commune": "PARIS"}, True),
    "900000910, abroad without a code": (
        {"voie": "1 AV LOUISE", "commune": "1050 BRUXELLES", "pays": "BELGIQUE"},
        True,
    ),
    "900000985, a post box abroad": ({"distribution": "PO BOX 1234", "commune": "LONDON", "pays": "ROYAUME-UNI"}, True),
    "900001330, CEDEX": ({"distribution": "BP 12", "code_postal": "92085", "commune": "PARIS LA DEFENSE CEDEX"}, True),
    "a hamlet in the complement": ({"complement": "LE BOURG", "code_postal": "23000", "commune": "GUERET"}, True),
    "900000845, Monaco": ({"voie": "1 RUE P", "code_postal": "98000", "commune": "MONACO", "pays": "MONACO"}, True),
}


def personne(**champs: Any) -> PersonneSirenisee:
    return PersonneFactory(**{**SANS, **champs})


def agent_de(objet: PersonneSirenisee) -> Agent:
    return AgentFactory(service_gestionnaire=objet.service_gestionnaire)


def saisir(objet: PersonneSirenisee, saisie: Saisie = BONNE) -> AdresseSaisie:
    return saisir_adresse(
        acteur=agent_de(objet), personne=objet, saisie=saisie, motif="Siège masqué.", justificatif="Kbis du 2 mars"
    )


@pytest.mark.parametrize("cas", REGISTRE)
def test_ce_que_la_poste_peut_distribuer(cas: str) -> None:
    champs, possible = REGISTRE[cas]
    objet = personne(**champs)
    assert (adresse_du_courrier(objet) is not None) is possible
    if possible:
        assert scenes.editer(scenes.adhesion(None, objet)).etat == Courrier.Etat.EDITE
        return
    with pytest.raises(AdresseInconnue, match=objet.service_gestionnaire.telephone):
        scenes.adhesion(None, objet)
    assert not Demande.objects.exists()
    assert not Courrier.objects.exists()


def test_sans_nom_au_registre_aucune_lettre_meme_avec_une_adresse() -> None:
    assert adresse_du_courrier(PersonneFactory(denomination=NON_DIFFUSIBLE)) is None
    assert adresse_du_courrier(PersonneFactory(denomination="[ND]")) is None


@pytest.mark.parametrize("nature", ["adhesion", "substitution", "courriel", "creation"])
def test_quelle_que_soit_la_nature(nature: str) -> None:
    objet, espace = personne(), EspaceFactory()
    service = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE, bouquet_simplifie=True)
    if nature != "creation":
        habiliter(espace if nature == "courriel" else EspaceFactory(), personne=objet, service=service)
    choix = [Choix(objet, [service])]
    actes: dict[str, Callable[[], object]] = {
        "adhesion": lambda: scenes.adhesion(espace, objet),
        "substitution": lambda: deposer_substitution(acteur=espace, choix=choix, qualite="MANDATAIRE"),
        "courriel": lambda: demander_changement(
            acteur=espace, personne=objet, adresse="a@societe-nord.fr", qualite="MANDATAIRE"
        ),
        "creation": lambda: exiger_admissible(objet),
    }
    with pytest.raises(AdresseInconnue):
        actes[nature]()
    assert not Courrier.objects.exists()


def test_un_lot_nomme_le_siren_sans_adresse() -> None:
    racines = [habiliter(EspaceFactory(), personne=objet) for objet in (PersonneFactory(), personne())]
    choix = [Choix(racine.personne, [racine.service]) for racine in racines]
    with pytest.raises(SirenRefuses) as refus:
        deposer_substitution(acteur=EspaceFactory(), choix=choix, qualite="MANDATAIRE")
    assert {objet.pk: type(regle) for objet, regle in refus.value.refus.items()} == {
        racines[1].personne.pk: AdresseInconnue
    }


def test_ni_nouveau_courrier_ni_edition_quand_l_adresse_disparait() -> None:
    objet = PersonneFactory()
    demande = scenes.adhesion(None, objet)
    PersonneSirenisee.objects.update(voie="", code_postal="")
    courrier = demande.courriers.get()
    assert not edition.editer(str(courrier.pk))
    courrier.refresh_from_db()
    assert (courrier.etat, courrier.contenu) == ("A_EDITER", {})
    assert "adresse" in courrier.derniere_reponse
    Courrier.objects.update(cree_le=timezone.now() - timedelta(days=16))
    with pytest.raises(AdresseInconnue):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)


def test_l_adresse_saisie_par_un_agent_est_celle_de_la_lettre_et_le_registre_reste() -> None:
    objet = personne(commune="LE POULIGUEN", courriel="contact@societe-nord.fr")
    saisie = saisir(objet)
    courrier = scenes.editer(scenes.adhesion(None, objet))
    assert courrier.contenu["adresse"] == ["3 quai des Brumes", "76600 LE HAVRE"]
    objet.refresh_from_db()
    assert (objet.voie, objet.commune) == ("", "LE POULIGUEN")
    assert (saisie.registre, saisie.justificatif) == (["LE POULIGUEN"], "Kbis du 2 mars")
    ligne = Evenement.objects.get(acte="adresse_courrier.saisie")
    assert (ligne.auteur, ligne.siren, ligne.details) == (f"agent:{saisie.agent_id}", objet.siren, {})
    avis = courriels.composer(Courriel.objects.get(genre="adresse_courrier_saisie"))
    assert avis.to == ["contact@societe-nord.fr"]
    assert "Brumes" not in avis.body


def test_une_nouvelle_adresse_du_registre_l_emporte_une_adresse_masquee_non() -> None:
    objet = PersonneFactory()
    saisir(objet)
    assert adresse_du_courrier(objet).saisie  # type: ignore[union-attr]
    objet.voie, objet.code_postal = "", ""
    assert adresse_du_courrier(objet).saisie  # type: ignore[union-attr]
    objet.voie, objet.code_postal = "9 RUE NEUVE", "33000"
    assert adresse_du_courrier(objet).lignes_adresse[0] == "9 RUE NEUVE"  # type: ignore[union-attr]


def test_une_saisie_remplace_la_precedente_et_se_retire() -> None:
    objet = personne()
    premiere, seconde = saisir(objet), saisir(objet)
    premiere.refresh_from_db()
    assert (premiere.fin_le is None, seconde.fin_le) == (False, None)
    retirer_adresse(acteur=agent_de(objet), personne=objet)
    assert adresse_du_courrier(objet) is None
    with pytest.raises(AucuneAdresseSaisie):
        retirer_adresse(acteur=agent_de(objet), personne=objet)


@pytest.mark.parametrize(
    ("saisie", "motif", "preuve", "regle"),
    [
        (Saisie(voie="1 rue", commune="PARIS"), "m", "p", CodePostalDeFrance),
        (replace(BONNE, code_postal="ABCDE"), "m", "p", CodePostalInvalide),
        (replace(BONNE, code_postal="7660"), "m", "p", CodePostalDeFrance),
        (replace(BONNE, code_postal="L-1234", pays="france"), "m", "p", CodePostalDeFrance),
        (Saisie(complement="Bâtiment B", code_postal="75002", commune="PARIS"), "m", "p", AdresseNonDistribuable),
        (Saisie(commune="LUXEMBOURG", pays="LUXEMBOURG"), "m", "p", AdresseNonDistribuable),
        (Saisie(code_postal="75002", commune="PARIS"), "m", "p", AdresseNonDistribuable),
        (BONNE, " ", "p", PreuveRequise),
        (BONNE, "m", "", PreuveRequise),
        (BONNE, "m" * 301, "p", PreuveRequise),
        (BONNE, "m", "p", DestinataireRequis),
    ],
)
def test_saisie_refusee(saisie: Saisie, motif: str, preuve: str, regle: type[Exception]) -> None:
    objet = personne(denomination=NON_DIFFUSIBLE)
    with pytest.raises(regle):
        saisir_adresse(acteur=agent_de(objet), personne=objet, saisie=saisie, motif=motif, justificatif=preuve)
    with pytest.raises(PersonneHorsCompetence):
        saisir_adresse(acteur=AgentFactory(), personne=objet, saisie=BONNE, motif="m", justificatif="p")
    assert not AdresseSaisie.objects.exists()


def test_le_nom_donne_par_l_agent_est_sur_l_enveloppe_et_nulle_part_ailleurs() -> None:
    objet = personne(denomination=NON_DIFFUSIBLE)
    saisir(objet, Saisie(voie="1 rue Haute", code_postal="29000", commune="QUIMPER", destinataire="Mme Anne Le Goff"))
    contenu = scenes.editer(scenes.adhesion(None, objet)).contenu
    assert (contenu["destinataire"], contenu["denomination"]) == ("Mme Anne Le Goff", NON_DIFFUSIBLE)


def test_les_pages_offrent_la_sortie(client_de: Callable[[Espace], Client]) -> None:
    espace, objet = EspaceFactory(), personne()
    client = client_de(espace)
    page = client.get(reverse("adherer"), {"siren": objet.siren}).content.decode()
    assert objet.service_gestionnaire.telephone in page
    assert "justificatif récent" in page
    demande = scenes.adhesion(espace, PersonneFactory())
    suivi = client.get(reverse("demande", args=[demande.reference])).content.decode()
    assert "Cette adresse n’est pas la bonne ?" in suivi


def test_les_pages_de_l_agent() -> None:
    objet = personne()
    client = client_verifie(agent_de(objet))
    page = reverse("admin:services_personnesirenisee_adresse", args=[objet.pk])
    assert "aucune adresse : rien ne part" in client.get(page).content.decode()
    champs = {"voie": "3 quai des Brumes", "commune": "LE HAVRE", "motif": "Masquée.", "justificatif": "Kbis"}
    for code in ("", "ABCDE", "7660", "L-1234"):
        faux = client.post(page, {**champs, "code_postal": code})
        assert list(faux.context["formulaire"].errors) == ["code_postal"], code
    manque = client.post(page, {**champs, "voie": "", "code_postal": "76600"})
    assert list(manque.context["formulaire"].errors) == ["voie"]
    assert client.post(page, {**champs, "code_postal": "76 600"}).status_code == 302
    fiche = client.get(reverse("admin:services_personnesirenisee_change", args=[objet.pk])).content.decode()
    assert "3 quai des Brumes, 76600 LE HAVRE" in fiche
    retrait = reverse("admin:services_personnesirenisee_adresse-registre", args=[objet.pk])
    assert "3 quai des Brumes" in client.get(retrait).content.decode()
    assert client.post(retrait).status_code == 302
    assert not AdresseSaisie.objects.filter(fin_le=None).exists()
    ailleurs = client_verifie(AgentFactory())
    assert ailleurs.post(page, {**champs, "code_postal": "76600"})["Location"] == reverse("admin:index")
    assert AdresseSaisie.objects.count() == 1


def test_l_agent_admet_un_nom_depuis_la_page_de_son_service() -> None:
    agent = AgentFactory()
    client = client_verifie(agent)
    page = reverse("admin:accounts_servicegestionnaire_admettre-nom", args=[agent.service_gestionnaire_id])
    assert client.get(page).status_code == 200
    saisie = {"prenom": "Finances", "nom": "Publiques", "justificatif": "CNI vue au guichet"}
    assert client.post(page, {**saisie, "nom": "Martin"}).context["formulaire"].errors["nom"]
    assert client.post(page, saisie).status_code == 302
    assert NomAdmis.objects.get().agent == agent
    assert client.get(reverse("admin:accounts_nomadmis_changelist")).status_code == 200


def test_une_adresse_rectifiee_laisse_partir_aussitot_un_nouveau_courrier() -> None:
    demande = scenes.adhesion(None, PersonneFactory())
    scenes.editer(demande)
    assert not detail_demande(demande).nouveau_courrier_possible
    with pytest.raises(TropTotPourUnCourrier):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    saisir(demande.personne)
    assert detail_demande(demande).nouveau_courrier_possible
    demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    assert scenes.editer(demande).contenu["adresse"] == ["3 quai des Brumes", "76600 LE HAVRE"]
    with pytest.raises(TropTotPourUnCourrier):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)
