"""Asking for a substitution, alone or in a batch, and what the code does (R12, CGU §2.3, §3.2.g, §3.4.c)."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs import debit
from accounts.models import Courriel, Espace, EssaiConnexion, Evenement
from accounts.portes.reauthentification import PROUVE_LE
from activation.courriers import edition
from activation.courriers.codes import deriver_code
from activation.demandes.activation import Activation, activer
from activation.demandes.adhesion import ServiceNonDisponible
from activation.demandes.depot import AucunService, DemandeDejaEnCours, EspaceNonActif, EspaceNonExpert, PersonneCessee
from activation.demandes.substitution import (
    Choix,
    SirenRefuses,
    deposer_substitution,
    services_demandables,
    services_substituables,
)
from activation.demandes.suites import annuler_demande
from activation.models import Demande, LigneDemande
from habilitations.droits.perimetre import PerimetreDepasse
from habilitations.models import Habilitation, Mandat, Role
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db


@pytest.fixture
def racine(db: None) -> Habilitation:
    return habiliter(EspaceFactory(), accordee_le=timezone.now() - timedelta(days=400))


def choix(*habilitations: Habilitation) -> list[Choix]:
    return [Choix(h.personne, [h.service]) for h in habilitations]


def deposer(espace: Espace, *habilitations: Habilitation, **champs: Any) -> list[Demande]:
    champs.setdefault("qualite", "MANDATAIRE")
    return deposer_substitution(acteur=espace, choix=choix(*habilitations), **champs)


def saisir(demande: Demande, maintenant: datetime | None = None) -> Activation:
    edition.editer_en_attente(100)
    code = deriver_code(demande=demande.pk, numero=1)
    return activer(acteur=demande.espace, demande=demande, saisie=code, maintenant=maintenant)


def test_de_la_demande_a_l_activation(racine: Habilitation) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    nouveau = EspaceFactory()
    (demande,) = deposer(nouveau, racine)
    assert demande.nature == Demande.Nature.SUBSTITUTION
    assert demande.lot is None
    assert Courriel.objects.filter(genre="substitution_demandee", destinataire=racine.espace.compte.email).count() == 1
    racine.refresh_from_db()
    assert racine.est_active(), "nothing changes until the code is entered"
    activation = saisir(demande)
    connection.check_constraints()
    assert activation.adhesions == [racine.adhesion]
    assert activation.a_confirmer == 1
    titulaire = Habilitation.objects.vivantes().get(adhesion=racine.adhesion, role=Role.TITULAIRE)
    assert titulaire.espace == nouveau
    assert demande.lignes.get().resultat == LigneDemande.Resultat.OUVERT
    assert Mandat.objects.get(demande=demande.reference).nature == "SUBSTITUTION"
    suppleant.refresh_from_db()
    assert suppleant.etat == Habilitation.Etat.EN_VEILLE
    assert Courriel.objects.filter(genre="substitution_effectuee", destinataire=racine.espace.compte.email).exists()
    activee = Courriel.objects.get(genre="demande_activee", destinataire=nouveau.compte.email)
    assert activee.contexte["a_confirmer"] == 1


def test_la_page_du_code_dit_ce_qui_attend_une_decision(racine: Habilitation, client_de: Any) -> None:
    accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    libre, nouveau = habiliter(EspaceFactory(), accordee_le=racine.accordee_le), EspaceFactory()
    client, dites = client_de(nouveau), []
    for tenue in (racine, libre):
        (demande,) = deposer(nouveau, tenue)
        edition.editer_en_attente(100)
        saisie = {"code": deriver_code(demande=demande.pk, numero=1)}
        page = client.post(reverse("demande", args=[demande.reference]), saisie, follow=True).content.decode()
        dites.append("que votre prédécesseur avait accordée" in page and reverse("revue_substitution") in page)
    assert dites == [True, False]


def test_l_avis_ne_dit_que_le_nom_et_l_organisation(racine: Habilitation) -> None:
    PersonneFactory(siren="552032534", denomination="CABINET DURAND")
    nouveau = EspaceFactory(prenom="Awa", nom="Diallo", siren_appartenance="552032534")
    deposer(nouveau, racine)
    contexte = Courriel.objects.get(genre="substitution_demandee").contexte
    assert set(contexte) == {"lignes", "nombre", "demandeur", "organisation", "references"}
    assert (contexte["demandeur"], contexte["organisation"]) == ("Awa Diallo", "CABINET DURAND")
    evenement = Evenement.objects.get(acte="substitution.demandee")
    assert evenement.espace == racine.espace.numero_abonne
    assert set(evenement.details) == {"demande"}


def test_un_lot_une_demande_par_siren_un_seul_avis(racine: Habilitation) -> None:
    ancien, nouveau = racine.espace, EspaceFactory()
    autres = [habiliter(ancien, accordee_le=racine.accordee_le) for _ in range(29)]
    demandes = deposer(nouveau, racine, *autres)
    assert len(demandes) == 30
    assert len({d.personne_id for d in demandes}) == 30
    assert len({d.lot for d in demandes}) == 1
    assert demandes[0].lot is not None
    assert all(d.courriers.count() == 1 for d in demandes)
    assert Courriel.objects.filter(genre="substitution_demandee").count() == 1
    assert len(Courriel.objects.get(genre="substitution_demandee").contexte["lignes"]) == 30
    assert Courriel.objects.filter(genre="substitutions_deposees", destinataire=nouveau.compte.email).count() == 1
    assert not Courriel.objects.filter(genre="demande_deposee").exists()
    saisir(demandes[3])
    assert Demande.objects.en_cours().filter(lot=demandes[0].lot).count() == 29


def test_un_lot_refuse_tout_et_dit_lesquels(racine: Habilitation) -> None:
    nouveau = EspaceFactory()
    cessee, libre = habiliter(racine.espace), habiliter(EspaceFactory())
    cessee.personne.active = False
    cessee.personne.save()
    service = ServiceFactory()
    with pytest.raises(SirenRefuses) as refus:
        deposer_substitution(
            acteur=nouveau,
            choix=[*choix(racine, cessee), Choix(libre.personne, [service])],
            qualite="MANDATAIRE",
        )
    assert {p: type(r) for p, r in refus.value.refus.items()} == {
        cessee.personne: PersonneCessee,
        libre.personne: ServiceNonDisponible,
    }
    assert not Demande.objects.exists()
    assert not Courriel.objects.exists()


def test_services_proposes(racine: Habilitation) -> None:
    nouveau = EspaceFactory()
    libre = ServiceFactory()
    sien = habiliter(nouveau, personne=racine.personne)
    partage = habiliter(racine.espace, personne=racine.personne)
    accorder(partage, nouveau, Role.ACTEUR)
    assert services_substituables(nouveau, racine.personne) == {racine.service, partage.service}
    lignes = {
        ligne.service: ligne.habilite for ligne in services_demandables(nouveau, [racine.personne])[racine.personne]
    }
    assert lignes == {racine.service: False, partage.service: True, libre: False}, "what others hold is not told"
    assert sien.service not in lignes


def test_refus(racine: Habilitation) -> None:
    with pytest.raises(EspaceNonExpert):
        deposer(EspaceFactory(mode=Espace.Mode.SIMPLIFIE), racine)
    with pytest.raises(EspaceNonActif):
        deposer(EspaceFactory(etat=Espace.Etat.DESACTIVE), racine)
    with pytest.raises(ServiceNonDisponible, match="déjà l’administrateur titulaire"):
        deposer(racine.espace, racine)
    nouveau = EspaceFactory()
    for rien in ([], [Choix(racine.personne, [])]):
        with pytest.raises(AucunService):
            deposer_substitution(acteur=nouveau, choix=rien, qualite="MANDATAIRE")
    with pytest.raises(ServiceNonDisponible, match="demandez une adhésion"):
        deposer_substitution(acteur=nouveau, choix=[Choix(racine.personne, [ServiceFactory()])], qualite="MANDATAIRE")
    (demande,) = deposer(nouveau, racine)
    with pytest.raises(DemandeDejaEnCours):
        deposer(nouveau, racine)
    annuler_demande(acteur=nouveau, demande=demande)
    deposer(nouveau, racine)


def test_une_entreprise_n_est_pas_inondee(racine: Habilitation, settings: Any) -> None:
    limite = settings.PLAFOND_COURRIERS_SIREN_AUTRE
    lettres = [deposer(EspaceFactory(), racine)[0].courriers.get() for _ in range(limite + 1)]
    assert [lettre.pas_avant is None for lettre in lettres] == [True] * limite + [False]


def test_le_perimetre_a_la_demande_puis_a_l_activation(racine: Habilitation, settings: Any) -> None:
    settings.PERIMETRE_SIREN = 2
    nouveau = EspaceFactory()
    habiliter(nouveau)
    autre = habiliter(racine.espace)
    with pytest.raises(PerimetreDepasse):
        deposer(nouveau, racine, autre)
    (demande,) = deposer(nouveau, racine)
    habiliter(nouveau)
    with pytest.raises(PerimetreDepasse):
        saisir(demande)
    demande.refresh_from_db()
    assert demande.est_en_cours, "the code is not spent: make room and enter it again"


def test_la_seconde_de_deux_substitutions_n_emporte_rien(racine: Habilitation) -> None:
    premier, second = EspaceFactory(), EspaceFactory()
    (d1,), (d2,) = deposer(premier, racine), deposer(second, racine)
    saisir(d2)
    activation = saisir(d1)
    assert activation.adhesions == []
    assert activation.deja_ouverts == [racine.service]
    assert d1.lignes.get().resultat == LigneDemande.Resultat.DEJA_OUVERT
    titulaire = Habilitation.objects.vivantes().get(adhesion=racine.adhesion, role=Role.TITULAIRE)
    assert titulaire.espace == second


def test_le_code_expire_au_bout_de_soixante_jours(racine: Habilitation, settings: Any) -> None:
    from activation.courriers.codes import CodeExpire

    (demande,) = deposer(EspaceFactory(), racine)
    edition.editer_en_attente()
    limite = demande.courriers.get().expire_le
    assert limite is not None
    with pytest.raises(CodeExpire):
        saisir(demande, limite + timedelta(microseconds=1))
    assert saisir(demande, limite).adhesions == [racine.adhesion]


# The pages.

PAGE = "/espace/gerer-les-services/substitution/"


def test_la_page_pour_un_siren(racine: Habilitation, client_de: Any) -> None:
    espace = EspaceFactory()
    client = client_de(espace)
    assert client.get(PAGE).status_code == 200
    adresse = f"{PAGE}?sirens={racine.personne.siren}"
    valeur = f"{racine.personne.siren}:{racine.service.code}"
    page = client.get(adresse).content.decode()
    assert f'value="{valeur}">' in page, "nothing is ticked beforehand"
    refus = client.post(adresse, {"qualite": "MANDATAIRE"})
    assert "Choisissez au moins un service" in refus.content.decode()
    relue = client.post(adresse, {"qualite": "MANDATAIRE", "services": valeur}).content.decode()
    assert "Rien n’est encore parti" in relue
    assert "1 personne, qui ne peut pas s’y opposer" in relue
    for secret in (racine.espace.nom, racine.espace.numero_abonne, racine.espace.numero_lisible):
        assert secret not in relue, "how many, never who"
    assert not Demande.objects.exists(), "nothing leaves before it is read again"
    depots = EssaiConnexion.objects.filter(cle=debit.empreinte("depot-refuse", f"{espace.pk}|lot"))
    assert depots.count() == 1, "what the page told is counted until the demande has left, and read again no more"
    reponse = scenes.envoyer(client, adresse, {"qualite": "MANDATAIRE", "services": valeur})
    assert not depots.exists()
    assert reponse["Location"] == f"/espace/demandes/{Demande.objects.get().reference}/"


def test_le_nombre_de_personnes_remplacees_vieillit_et_se_confirme(racine: Habilitation, client_de: Any) -> None:
    """What was told ten minutes ago is counted anew, and another number is shown before anything leaves."""
    autre = habiliter(EspaceFactory(), personne=racine.personne, service=ServiceFactory(code="AUTRE"))
    client = client_de(EspaceFactory())
    adresse = f"{PAGE}?sirens={racine.personne.siren}"
    saisie = {
        "qualite": "MANDATAIRE",
        "services": [f"{racine.personne.siren}:{h.service.code}" for h in (racine, autre)],
    }

    def poster(**champs: str) -> str:
        """Post with a fresh proof of the password; return the page."""
        session = client.session
        session[PROUVE_LE] = timezone.now().timestamp()
        session.save()
        return str(client.post(adresse, {**saisie, **champs}, follow=True).content.decode())

    def apercu(page: str) -> str:
        return page.partition('name="apercu" value="')[2].partition('"')[0]

    debut = timezone.now()
    with time_machine.travel(debut, tick=False):
        montree = poster()
    assert "2 personnes, qui ne peuvent pas s’y opposer" in montree
    Habilitation.objects.filter(pk=autre.pk).update(espace=racine.espace)
    with time_machine.travel(debut + timedelta(minutes=11), tick=False):
        changee = poster(apercu=apercu(montree))
        assert not Demande.objects.exists(), "two persons were told, one would be replaced"
        assert "1 personne, qui ne peut pas s’y opposer" in changee
        assert "ce que cette page montrait a changé" in html.unescape(changee)
    with time_machine.travel(debut + timedelta(minutes=22), tick=False):
        poster(apercu=apercu(changee))
    assert Demande.objects.count() == 1, "the same number, counted anew, is what was read"


def test_la_page_pour_beaucoup_de_siren(
    racine: Habilitation, client_de: Any, django_assert_max_num_queries: Any
) -> None:
    service = racine.service
    autres = [habiliter(racine.espace, service=service) for _ in range(20)]
    commune = habiliter(EspaceFactory(), personne=PersonneFactory(categorie="COLLECTIVITE"), service=service)
    cessee = PersonneFactory(active=False)
    sirens = [h.personne.siren for h in (racine, *autres, commune)] + [cessee.siren, "732829320", "12A456789"]
    client = client_de(EspaceFactory())
    with django_assert_max_num_queries(18):
        page = client.get(PAGE, {"sirens": "\n".join(sirens)})
    texte = page.content.decode()
    assert " checked" not in texte, "nothing is ticked beforehand"
    for siren in (racine.personne.siren, commune.personne.siren):
        assert f'value="{siren}:{service.code}">' in texte, "one choice for each SIREN"
    assert "elle a cessé son activité" in texte
    assert "732829320 : ce SIREN n’est pas connu" in texte
    assert "12A456789 : cet identifiant provisoire (IDSP) n’est pas connu" in texte
    adresse = f"{PAGE}?sirens={','.join(sirens)}"
    seul = f"{racine.personne.siren}:{service.code}"
    partout = client.post(adresse, {"qualite": "MANDATAIRE", "services": seul, "partout": "1"}).content.decode()
    coches = re.findall(r'value="([^"]+)" checked', partout)
    assert re.search(r'<input[^>]*value="MANDATAIRE"[^>]*checked', partout), "nothing that was typed is lost"
    assert sorted(coches) == sorted(f"{h.personne.siren}:{service.code}" for h in (racine, *autres))
    with django_assert_max_num_queries(36):
        relue = client.post(adresse, {"qualite": "MANDATAIRE", "services": coches}).content.decode()
    assert "1 personne, qui ne peut pas s’y opposer" in relue, "one titulaire holds them all"
    assert not Demande.objects.exists()
    reponse = scenes.envoyer(client, adresse, {"qualite": "MANDATAIRE", "services": coches})
    assert reponse["Location"] == "/espace/demandes/"
    assert Demande.objects.count() == 21
    assert not Demande.objects.filter(personne=commune.personne).exists()


@pytest.mark.parametrize("saisie", ["", "12345", ",,", "\n".join(["552032534"] * 101), "<script>"])
def test_la_page_refuse_une_liste_mal_saisie(client_de: Any, espace: Espace, saisie: str) -> None:
    page = client_de(espace).get(PAGE, {"sirens": saisie})
    assert page.status_code == 200
    assert "sont à corriger" in page.content.decode()
    assert "<script>12" not in page.content.decode()
