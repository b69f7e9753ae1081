"""A company without address: the refused deposit waits at its office, and whoever asked is written to (issue 14, item 1)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.espace.suppression import supprimer_espace
from accounts.models import Affaire, Agent, Courriel, Espace, Evenement
from services.adresses.attendues import (
    PAR_JOUR,
    AdresseDejaConnue,
    AdresseSansObjet,
    AttenteReserveeAuxActifs,
    AucuneAdresseAttendue,
    ReponseRequise,
    TropDAdressesAttendues,
    classer_sans_adresse,
    constater_adresses,
    demander_adresse,
)
from services.adresses.saisie import Saisie, saisir_adresse
from services.models import AdresseAttendue, PersonneSirenisee
from services.registre.identification import attribuer_siren
from services.registre.regles import PersonneHorsCompetence
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceGestionnaireFactory, habiliter

pytestmark = pytest.mark.django_db
SANS = {"complement": "", "voie": "", "distribution": "", "code_postal": "", "commune": "", "pays": ""}
BONNE = Saisie(voie="3 quai des Brumes", code_postal="76600", commune="LE HAVRE")


def personne(**champs: Any) -> PersonneSirenisee:
    return PersonneFactory(**{**SANS, **champs})


def agent_de(objet: PersonneSirenisee) -> Agent:
    return AgentFactory(service_gestionnaire=objet.service_gestionnaire)


def attendent() -> list[tuple[str, int | None, int | None]]:
    lignes = Affaire.objects.filter(file="ADRESSE", finie_le=None).order_by("pk")
    return [(une.cle, une.personne, une.service_gestionnaire_id) for une in lignes]


def saisir(objet: PersonneSirenisee) -> None:
    saisir_adresse(acteur=agent_de(objet), personne=objet, saisie=BONNE, motif="Siège masqué.", justificatif="Kbis")


def test_une_affaire_par_entreprise_quel_que_soit_le_nombre_de_demandeurs() -> None:
    objet, un, autre = personne(), EspaceFactory(), EspaceFactory()
    premiere = demander_adresse(acteur=un, personne=objet)
    assert demander_adresse(acteur=un, personne=objet) == premiere, "asked twice, it waits once"
    demander_adresse(acteur=autre, personne=objet)
    assert attendent() == [(str(objet.pk), objet.pk, objet.service_gestionnaire_id)]
    affaire = Affaire.objects.get()
    assert (affaire.depuis, affaire.espace) == (premiere.demandee_le, None)
    ligne = Evenement.objects.get(acte="adresse_courrier.demandee", auteur=un.numero_abonne)
    assert ligne.siren == objet.siren
    objet.service_gestionnaire = ServiceGestionnaireFactory()
    objet.save()
    assert attendent() == [(str(objet.pk), objet.pk, objet.service_gestionnaire_id)]


def test_l_adresse_saisie_finit_l_affaire_et_chaque_demandeur_est_prevenu() -> None:
    objet, un, autre = personne(), EspaceFactory(), EspaceFactory()
    for espace in (un, autre):
        demander_adresse(acteur=espace, personne=objet)
    saisir(objet)
    assert attendent() == []
    assert set(AdresseAttendue.objects.values_list("issue", flat=True)) == {"CONNUE"}
    mails = [courriels.composer(mail) for mail in Courriel.objects.filter(genre="adresse_connue")]
    assert {mail.to[0] for mail in mails} == {un.compte.email, autre.compte.email}
    assert all(objet.siren_lisible in mail.body and "Brumes" not in mail.body for mail in mails)
    saisir(objet)
    assert Courriel.objects.filter(genre="adresse_connue").count() == 2, "told once"


def test_l_adresse_venue_du_registre_est_constatee() -> None:
    objet, ailleurs = personne(), personne()
    for une in (objet, ailleurs):
        demander_adresse(acteur=EspaceFactory(), personne=une)
    assert constater_adresses() == 0, "nothing has changed"
    objet.voie, objet.code_postal, objet.commune = "1 RUE DE LA PAIX", "75002", "PARIS"
    ailleurs.denomination = "AUTRE NOM"
    for une in (objet, ailleurs):
        une.save()
    assert constater_adresses() == 2
    assert constater_adresses() == 0
    assert attendent() == [(str(ailleurs.pk), ailleurs.pk, ailleurs.service_gestionnaire_id)]
    assert Courriel.objects.get(genre="adresse_connue").espace_id is not None


def test_le_service_repond_qu_il_n_en_a_pas() -> None:
    objet, espace = personne(), EspaceFactory()
    demander_adresse(acteur=espace, personne=objet)
    agent = agent_de(objet)
    for motif in (" ", "m" * 301):
        with pytest.raises(ReponseRequise):
            classer_sans_adresse(acteur=agent, personne=objet, motif=motif)
    with pytest.raises(PersonneHorsCompetence):
        classer_sans_adresse(acteur=AgentFactory(), personne=objet, motif="Non.")
    classer_sans_adresse(acteur=agent, personne=objet, motif="L’entreprise ne répond pas.")
    assert attendent() == []
    mail = courriels.composer(Courriel.objects.get(genre="adresse_sans_suite"))
    assert "ne répond pas" in mail.body
    with pytest.raises(AucuneAdresseAttendue):
        classer_sans_adresse(acteur=agent, personne=objet, motif="Non.")


def test_ce_qui_n_attend_pas() -> None:
    espace = EspaceFactory()
    with pytest.raises(AdresseDejaConnue):
        demander_adresse(acteur=espace, personne=PersonneFactory())
    with pytest.raises(AdresseSansObjet):
        demander_adresse(acteur=espace, personne=personne(active=False))
    inactif = EspaceFactory(etat=Espace.Etat.DESACTIVE)
    with pytest.raises(AttenteReserveeAuxActifs):
        demander_adresse(acteur=inactif, personne=personne())
    assert attendent() == []


def test_vingt_par_jour_et_le_lendemain_reste_ouvert() -> None:
    """A firm asks for the twenty-first tomorrow; what it asked for already goes on waiting, and its own demandes are not concerned."""
    espace, maintenant = EspaceFactory(), timezone.now()
    objets = [personne() for _ in range(PAR_JOUR + 1)]
    for objet in objets[:PAR_JOUR]:
        demander_adresse(acteur=espace, personne=objet, maintenant=maintenant)
    with pytest.raises(TropDAdressesAttendues):
        demander_adresse(acteur=espace, personne=objets[-1], maintenant=maintenant)
    assert demander_adresse(acteur=espace, personne=objets[0], maintenant=maintenant)
    demander_adresse(acteur=EspaceFactory(), personne=objets[-1], maintenant=maintenant)
    demander_adresse(acteur=espace, personne=objets[-1], maintenant=maintenant + timedelta(days=1))


def test_un_idsp_qui_devient_siren_emporte_l_attente() -> None:
    espace, autre = EspaceFactory(), EspaceFactory()
    definitive = personne(siren="552032534")
    provisoire = personne(siren="P12345678", provisoire=True, service_gestionnaire=definitive.service_gestionnaire)
    for qui, objet in ((espace, provisoire), (espace, definitive), (autre, provisoire)):
        demander_adresse(acteur=qui, personne=objet)
    attribuer_siren(acteur=agent_de(definitive), personne=provisoire, siren="552032534")
    assert attendent() == [(str(definitive.pk), definitive.pk, definitive.service_gestionnaire_id)]
    assert AdresseAttendue.objects.filter(personne=definitive).count() == 2


def test_l_espace_supprime_n_attend_plus() -> None:
    espace, objet = EspaceFactory(), personne()
    demander_adresse(acteur=espace, personne=objet)
    supprimer_espace(acteur=espace)
    assert attendent() == []
    assert not AdresseAttendue.objects.exists()


def test_du_refus_a_l_adresse_par_les_pages(client_de: Callable[[Espace], Client]) -> None:
    espace, objet = EspaceFactory(), personne()
    client = client_de(espace)
    refusee = client.get(reverse("adherer"), {"siren": objet.siren}).content.decode()
    assert "Prévenir le service gestionnaire" in refusee
    assert attendent() == [], "a GET writes nothing"
    suite = client.post(reverse("adresses_attendues"), {"sirens": objet.siren}, follow=True).content.decode()
    assert f"{objet.service_gestionnaire.nom} est prévenu" in suite
    assert "nous vous écrirons" in suite
    assert reverse("adresses_attendues") in client.get(reverse("demandes")).content.decode()
    agent = client_verifie(agent_de(objet))
    assert objet.denomination in agent.get(reverse("admin:file", args=["ADRESSE"])).content.decode()
    fiche = agent.get(reverse("admin:services_personnesirenisee_change", args=[objet.pk])).content.decode()
    assert espace.nom_complet in fiche
    assert "Personne ne s’en occupe" in fiche
    saisir(objet)
    assert f"{reverse('adherer')}?siren={objet.siren}" in client.get(reverse("adresses_attendues")).content.decode()


def test_la_substitution_et_l_adresse_de_l_entreprise_offrent_la_meme_sortie(
    client_de: Callable[[Espace], Client],
) -> None:
    espace, objet = EspaceFactory(), personne()
    client = client_de(espace)
    habiliter(EspaceFactory(), personne=objet)
    page = client.get(reverse("substitution"), {"sirens": f"{objet.siren},{PersonneFactory().siren}"}).content.decode()
    assert "Prévenir les services gestionnaires" in page
    assert f'value="{objet.siren}"' in page
    client.post(reverse("adresses_attendues"), {"sirens": f"{objet.siren},{PersonneFactory().siren}"})
    assert AdresseAttendue.objects.get().personne == objet


def test_les_pages_de_l_agent_qui_repond() -> None:
    objet = personne()
    demander_adresse(acteur=EspaceFactory(), personne=objet)
    client = client_verifie(agent_de(objet))
    page = reverse("admin:services_personnesirenisee_sans-adresse", args=[objet.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"motif": ""}).context["formulaire"].errors["motif"]
    assert client.post(page, {"motif": "Le justificatif manque."}).status_code == 302
    assert AdresseAttendue.objects.get().motif == "Le justificatif manque."
    assert client.get(page).status_code == 302, "no longer possible"
