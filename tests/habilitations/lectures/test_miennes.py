"""« Vos habilitations »: what is held, suspended, lost, why and by whom (issue 10.9)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, Evenement
from accounts.saisies.dates import jour
from habilitations.arbre.substitutions import DELAI_DE_DECISION
from habilitations.lectures.miennes import ACTIVES, COLONNES, EN_VEILLE, PERDUES, FiltresMiennes, vos_habilitations
from habilitations.models import Adhesion, Habilitation, Role
from habilitations.partage.delegations import retirer_delegation
from habilitations.partage.suppleances import mettre_en_veille
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import remplacer, texte

pytestmark = pytest.mark.django_db


def onglet(espace: Espace, situation: str = ACTIVES, **filtres: str):
    return vos_habilitations(espace, FiltresMiennes.depuis({"situation": situation, **filtres}), "1")


def denominations(espace: Espace, situation: str = ACTIVES, **filtres: str) -> list[str]:
    return [ligne.personne.denomination for ligne in onglet(espace, situation, **filtres).lignes]


def test_les_services_tenus_de_meme_sont_sur_une_ligne(espace: Espace) -> None:
    personne = PersonneFactory(denomination="ALPES CHARPENTE")
    titulaire = EspaceFactory(nom="Vidal", prenom="Karine")
    racines = [
        habiliter(titulaire, personne=personne, service=ServiceFactory(code=code, ordre=rang))
        for rang, code in enumerate(("TVA", "CFE"))
    ]
    mandat = racines[0].adhesion.mandat
    Adhesion.objects.update(mandat=mandat)  # both were opened by one code
    for racine in racines:
        accorder(racine, espace, Role.ACTEUR)
    propre = habiliter(espace, personne=personne, service=ServiceFactory(code="IS", ordre=3))
    une, deux = onglet(espace).lignes
    assert [service.code for service in une.services] == ["TVA", "CFE"]
    assert (une.accordee_par, une.mandat) == ("Karine Vidal, administrateur titulaire", mandat)
    assert [service.code for service in deux.services] == ["IS"]
    assert (deux.accordee_par, deux.mandat) == ("", propre.adhesion.mandat)


def test_en_veille_par_le_titulaire(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    titulaire = EspaceFactory(nom="Vidal", prenom="Karine")
    suppleance = accorder(habiliter(titulaire), espace, Role.SUPPLEANT)
    mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    (ligne,) = onglet(espace, EN_VEILLE).lignes
    assert ligne.premiere.evenement == f"En veille depuis le {jour(timezone.now())}, par Karine Vidal."
    accueil = texte(client_de(espace).get(reverse("espace")))
    assert "par Karine Vidal" in accueil
    assert suppleance.personne.denomination in accueil
    assert "Vous n’avez pas encore de service" not in accueil
    assert onglet(espace).lignes == []


def test_en_veille_apres_une_substitution(espace: Espace) -> None:
    ancien, nouveau = EspaceFactory(), EspaceFactory(nom="Faure", prenom="Julie")
    racine = habiliter(ancien)
    accorder(racine, espace, Role.ACTEUR)
    remplacer(nouveau, racine)
    (ligne,) = onglet(espace, EN_VEILLE).lignes
    assert "Julie Faure remplace désormais le titulaire" in ligne.premiere.evenement
    assert jour(timezone.now() + DELAI_DE_DECISION) in ligne.premiere.ensuite
    (perdue,) = onglet(ancien, PERDUES).lignes
    assert perdue.premiere.evenement.startswith("Julie Faure vous a remplacé")


def test_qui_a_perdu_son_droit_entraine_ceux_qu_il_a_habilites(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    titulaire, delegant = EspaceFactory(nom="Vidal", prenom="Karine"), EspaceFactory(nom="Simon", prenom="Chloé")
    racine = habiliter(titulaire)
    delegation = accorder(racine, delegant, Role.ACTEUR_DELEGANT)
    accorder(delegation, espace, Role.ACTEUR)
    retirer_delegation(acteur=titulaire, delegations=[delegation])
    (ligne,) = onglet(espace, PERDUES).lignes
    assert "Chloé Simon, qui vous l’avait accordée, a perdu son propre droit, retiré par Karine Vidal." in (
        ligne.premiere.evenement
    )
    (sienne,) = onglet(delegant, PERDUES).lignes
    assert sienne.premiere.evenement == f"Retirée le {jour(timezone.now())} par Karine Vidal."
    accueil = texte(client_de(espace).get(reverse("espace")))
    assert "a perdu son propre droit" in accueil
    assert "Vous n’avez pas encore de service" not in accueil
    assert "Vous n’avez pas encore de service" in texte(client_de(EspaceFactory()).get(reverse("espace")))


def test_le_dernier_jour_passe_se_lit_parmi_les_perdues(espace: Espace) -> None:
    hier = timezone.localdate() - timedelta(days=1)
    accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR, expire_le=hier)
    (ligne,) = onglet(espace, PERDUES).lignes
    assert ligne.premiere.evenement == f"Dernier jour passé le {jour(hier)}."


def test_la_derniere_utilisation(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    ancienne = accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR)
    Habilitation.objects.update(accordee_le=timezone.now() - timedelta(days=400))
    assert onglet(espace).lignes[0].derniere_utilisation is None
    client = client_de(espace)
    client.get(reverse("ouvrir_service", args=[ancienne.personne.siren, ancienne.service.code]))
    assert onglet(espace).lignes[0].derniere_utilisation is not None
    assert jour(timezone.now()) in texte(client.get(reverse("vos_habilitations")))


def test_recherche_filtres_ordre(espace: Espace) -> None:
    tva = ServiceFactory(code="TVA", libelle="Déclarer la TVA", ordre=2)
    cfe = ServiceFactory(code="CFE", libelle="Payer la CFE", ordre=1)
    habiliter(espace, personne=PersonneFactory(denomination="ZINGUERIE"), service=tva)
    habiliter(espace, personne=PersonneFactory(denomination="LE BŒUF ET FILS"), service=cfe)
    racine = habiliter(EspaceFactory(), personne=PersonneFactory(denomination="ALPES CHARPENTE"), service=tva)
    accorder(racine, espace, Role.ACTEUR, expire_le=timezone.localdate() + timedelta(days=3))
    assert denominations(espace) == ["ALPES CHARPENTE", "LE BŒUF ET FILS", "ZINGUERIE"]
    assert denominations(espace, ordre="recentes")[0] == "ALPES CHARPENTE"
    assert denominations(espace, ordre="dernier_jour")[0] == "ALPES CHARPENTE"
    assert denominations(espace, q="leboeuf") == ["LE BŒUF ET FILS"]
    assert denominations(espace, q="declarer tva") == ["ALPES CHARPENTE", "ZINGUERIE"]
    assert denominations(espace, q="…") == []
    assert denominations(espace, service="CFE") == ["LE BŒUF ET FILS"]
    assert denominations(espace, role="ACTEUR") == ["ALPES CHARPENTE"]
    assert (
        onglet(espace).services == [("CFE", "Payer la CFE"), ("TVA", "Déclarer la TVA")]
        or len(onglet(espace).services) == 2
    )
    assert [nombre for *_, nombre in onglet(espace, q="zing").onglets] == [3, 0, 0]


def test_on_ne_voit_que_les_siennes(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    autre = habiliter(EspaceFactory(), personne=PersonneFactory(denomination="AILLEURS"))
    accorder(autre, EspaceFactory(nom="Cachée"), Role.ACTEUR)
    page = texte(client_de(espace).get(reverse("vos_habilitations")))
    assert "AILLEURS" not in page
    assert "Aucune habilitation active" in page


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_le_fichier(espace: Espace, client_de: Callable[[Espace], Client], format_: str) -> None:
    habiliter(espace, personne=PersonneFactory(denomination="ALPES CHARPENTE"))
    habiliter(espace, personne=PersonneFactory(denomination="ZINGUERIE"))
    reponse = client_de(espace).post(reverse("vos_habilitations_exporter"), {"format": format_, "q": "alpes"})
    contenu = b"".join(reponse.streaming_content)
    assert reponse["Content-Disposition"] == f'attachment; filename="vos-habilitations-actives.{format_}"'
    if format_ == "csv":
        lignes = contenu.decode("utf-8-sig").splitlines()
        assert len(lignes) == 2
        assert lignes[0].count(";") == len(COLONNES) - 1
        assert "ALPES CHARPENTE" in lignes[1]
    else:
        assert contenu.startswith(b"PK")
    evenement = Evenement.objects.get(acte="habilitations.exportees")
    assert evenement.details == {"quoi": "vos-habilitations-actives", "format": format_, "lignes": 1}


def test_huit_requetes_au_plus(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    titulaire = EspaceFactory()
    for rang in range(12):
        racine = habiliter(titulaire, service=ServiceFactory(code=f"S{rang % 3}"))
        sienne = accorder(racine, espace, Role.SUPPLEANT)
        if rang % 3 == 1:
            mettre_en_veille(acteur=titulaire, suppleances=[sienne])
    client = client_de(espace)
    for situation in (ACTIVES, EN_VEILLE, PERDUES):
        adresse = reverse("vos_habilitations") + f"?situation={situation}"
        client.get(adresse)
        with CaptureQueriesContext(connection) as requetes:
            assert client.get(adresse).status_code == 200
        assert len(requetes) <= 8, [requete["sql"][:90] for requete in requetes]
