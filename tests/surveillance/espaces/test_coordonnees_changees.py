"""Whoever writes his own name and company on an espace is not recognised by them at a counter, nor written to (R15, R16)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.espace.coordonnees import Coordonnees, modifier_coordonnees
from accounts.espace.pas_moi import dire_depuis_l_espace
from accounts.gestion.contreseings import contresigner
from accounts.models import Agent, AnciennesCoordonnees, Espace
from accounts.portes.reauthentification import PROUVE_LE
from activation.models import AvisPostal, Demande
from habilitations.models import Adhesion, Habilitation
from surveillance.espaces.bureau import bureau_de
from surveillance.espaces.desactivation import annuler_desactivation, effets_de
from surveillance.espaces.orientation import diriger_vers_un_service
from surveillance.espaces.retablissement import (
    CoordonneesChangeesDepuis,
    GuichetHorsCompetence,
    a_examiner,
    changements_de,
    demander_retablissement,
)
from surveillance.espaces.visibilite import espaces_du_bureau, espaces_visibles, est_competent
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, PersonneFactory, habiliter
from tests.habilitations.scenes import texte

from .scenes import Compromis

pytestmark = pytest.mark.django_db
LUI = {
    "civilite": "MONSIEUR",
    "prenom": "Marc",
    "nom": "Voleur",
    "telephone": "06 99 99 99 99",
    "voie": "1 rue du Voleur",
}


class Vole(Compromis):
    """Karine's espace, on which somebody has written his name and his company, which another office follows."""

    def __init__(self, le: datetime | None = None) -> None:
        super().__init__()
        self.chez_lui: Agent = AgentFactory()
        self.sienne = PersonneFactory(
            service_gestionnaire=self.chez_lui.service_gestionnaire, denomination="SARL VOLEUR", voie="1 RUE DU VOLEUR"
        )
        self.changer(le, **LUI, siren_appartenance=self.sienne.siren)

    def changer(self, le: datetime | None = None, **voulues: str) -> None:
        self.espace = self.relu()
        coordonnees = replace(Coordonnees.de(self.espace), **voulues)
        modifier_coordonnees(acteur=self.espace, coordonnees=coordonnees, maintenant=le)
        self.espace = self.relu()

    def relu(self) -> Espace:
        return Espace.objects.select_related("compte").get(pk=self.espace.pk)


def test_une_session_trouvee_ouverte_ne_mene_pas_a_l_espace_par_le_guichet() -> None:
    """No password, no mailbox: five minutes at an unlocked computer, then one's own identity card at one's own counter."""
    scene, voleur = Compromis(), AgentFactory()
    sienne = PersonneFactory(service_gestionnaire=voleur.service_gestionnaire)
    espace = Espace.objects.get(pk=scene.espace.pk)
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    session = client.session
    session[PROUVE_LE] = 0
    session.save()
    champs = {**LUI, "siren_appartenance": sienne.siren, "code_postal": "69003", "commune": "Lyon"}
    assert client.post(reverse("coordonnees"), champs).templates[0].name == "accounts/confirmer_identite.html"
    client.post(reverse("securite_pas_moi"))  # blocks the password: the counter has something to give back
    espace = Espace.objects.get(pk=espace.pk)
    assert espace.nom == "Vidal"
    assert not est_competent(voleur, espace)


@pytest.mark.parametrize("fermer", ["désactivé par la cellule", "ce n’est pas moi"])
def test_le_voleur_ne_se_fait_pas_rendre_l_espace_a_son_propre_guichet(fermer: str) -> None:
    scene = Vole()
    scene.desactiver() if fermer.startswith("désactivé") else dire_depuis_l_espace(acteur=scene.espace)
    with pytest.raises(GuichetHorsCompetence) as refus:
        scene.demander(acteur=scene.chez_lui)
    assert scene.guichet.service_gestionnaire.nom in str(refus.value), "an honest mover reads where to go"
    assert "cellule de surveillance" in str(refus.value)
    assert bureau_de(scene.relu()) == scene.guichet.service_gestionnaire
    contresigner(acteur=scene.second, contreseing=scene.demander(acteur=scene.guichet))
    assert scene.relu().est_actif


def test_attendre_que_la_cellule_desactive_n_y_change_rien() -> None:
    """The thirty days are counted before the first suspect act, not before the day when somebody comes to the counter."""
    scene = Vole(le=timezone.now() - timedelta(days=20))
    scene.desactiver(depuis=timezone.now() - timedelta(days=1))
    assert scene.relu().nom == "Voleur", "changed before what the cell holds to be the first suspect act"
    plus_tard = timezone.now() + timedelta(days=40)
    assert not est_competent(scene.chez_lui, scene.relu(), plus_tard)
    assert est_competent(scene.guichet, scene.relu(), plus_tard)


def test_un_mandat_que_le_voleur_donne_de_sa_propre_entreprise_ne_compte_pas() -> None:
    scene = Vole()
    Espace.objects.filter(pk=scene.espace.pk).update(cree_le=timezone.now() - timedelta(days=400))
    avant = timezone.now() - timedelta(days=200)
    Habilitation.objects.filter(pk=scene.racine.pk).update(accordee_le=avant)
    with transaction.atomic():
        habiliter(scene.relu(), personne=scene.sienne)
    dire_depuis_l_espace(acteur=scene.relu())
    assert scene.relu() in espaces_visibles(scene.chez_lui), "seen"
    assert not est_competent(scene.chez_lui, scene.relu()), "and not given back"
    assert est_competent(scene.guichet, scene.relu())
    AnciennesCoordonnees.objects.all().delete()
    assert est_competent(scene.chez_lui, scene.relu()), "of who has not changed his name, a mandate of the day counts"


@pytest.mark.parametrize("etat", ["DEPOSEE", "CODE_ENVOYE", "EXPIREE", "ANNULEE", "REFUSEE", "ACTIVEE"])
def test_une_demande_ne_rend_un_guichet_competent_que_si_son_code_a_ete_saisi(etat: str) -> None:
    """A thief who signed in deposits one for a company that the office of his accomplice follows: nothing was obtained by it."""
    scene, complice = Compromis(), AgentFactory()
    choisie = PersonneFactory(service_gestionnaire=complice.service_gestionnaire)
    champs = {} if etat in Demande.ETATS_EN_COURS else {"terminee_le": timezone.now()}
    champs |= {"motif_refus": "Pièce illisible"} if etat == "REFUSEE" else {}
    Demande.objects.create(
        reference="D-2026-CHOISIE1",
        nature="ADHESION",
        espace=scene.espace,
        personne=choisie,
        qualite="MANDATAIRE",
        etat=etat,
        **champs,
    )
    espace = Espace.objects.get(pk=scene.espace.pk)
    assert espace in espaces_visibles(complice), "seen"
    assert est_competent(complice, espace) is (etat == "ACTIVEE"), "and not given back"
    assert est_competent(scene.guichet, espace)


def test_passe_trente_jours_l_organisation_declaree_compte() -> None:
    scene = Vole(le=timezone.now() - timedelta(days=31))
    dire_depuis_l_espace(acteur=scene.relu())
    assert est_competent(scene.chez_lui, scene.relu())
    assert bureau_de(scene.relu()) == scene.chez_lui.service_gestionnaire


def test_qui_a_vraiment_change_d_entreprise_va_au_service_d_avant_ou_a_celui_que_choisit_la_cellule() -> None:
    scene, arrive = Compromis(), AgentFactory()
    nouvelle = PersonneFactory(service_gestionnaire=arrive.service_gestionnaire)
    espace = Espace.objects.get(pk=scene.espace.pk)
    modifier_coordonnees(
        acteur=espace,
        coordonnees=replace(Coordonnees.de(espace), siren_appartenance=nouvelle.siren),
        maintenant=timezone.now() - timedelta(days=3),
    )
    dire_depuis_l_espace(acteur=Espace.objects.get(pk=espace.pk))
    espace = Espace.objects.get(pk=espace.pk)
    assert est_competent(scene.guichet, espace)
    assert not est_competent(arrive, espace)
    for agent in (scene.guichet, arrive):
        assert espace in espaces_visibles(agent)
        assert espace in set(espaces_du_bureau(agent.service_gestionnaire_id))
    diriger_vers_un_service(
        acteur=scene.cellule,
        espace=espace,
        service=arrive.service_gestionnaire.code,
        motif="Son contrat chez le nouvel employeur, rappelé.",
    )
    assert est_competent(arrive, espace)
    assert bureau_de(espace) == arrive.service_gestionnaire


def test_une_organisation_ecrite_par_le_voleur_ne_defait_pas_le_choix_de_la_cellule() -> None:
    scene, choisi = Vole(), AgentFactory()
    with transaction.atomic():
        Habilitation.objects.update(fin_le=timezone.now(), fin_motif="FERMETURE")
        Adhesion.objects.update(fermee_le=timezone.now(), fermee_motif="CESSATION")
    AnciennesCoordonnees.objects.update(siren_appartenance="")
    espace = scene.relu()
    assert bureau_de(espace) is None
    diriger_vers_un_service(
        acteur=scene.cellule, espace=espace, service=choisi.service_gestionnaire.code, motif="Reconnue au téléphone."
    )
    assert est_competent(choisi, espace)
    assert not est_competent(scene.chez_lui, espace)


def test_la_desactivation_remet_et_montre_ce_qui_a_ete_change_et_l_annulation_le_rend() -> None:
    scene = Vole()
    scene.changer(voie="2 rue du Voleur")
    lignes = [ligne for effet in effets_de(scene.espace, scene.depuis) for ligne in effet.lignes]
    assert any("Karine Vidal" in ligne and "Marc Voleur" in ligne for ligne in lignes), lignes
    assert any("SARL VOLEUR" in ligne for ligne in lignes)
    desactivation = scene.desactiver()
    espace = scene.relu()
    assert (espace.prenom, espace.nom, espace.siren_appartenance) == ("Karine", "Vidal", scene.personne.siren)
    assert (espace.voie, espace.telephone, espace.civilite) == ("4 rue des Acacias", "01 23 45 67 89", "MADAME")
    annuler_desactivation(acteur=scene.cellule, desactivation=desactivation, motif="Son mariage, acte vu.")
    assert (scene.relu().nom, scene.relu().voie) == ("Voleur", "2 rue du Voleur")


def test_ce_qui_etait_change_avant_le_premier_acte_suspect_reste() -> None:
    scene = Vole(le=timezone.now() - timedelta(days=5))
    scene.desactiver()
    assert scene.relu().nom == "Voleur"


def test_le_detenteur_revenu_lit_ce_qui_a_ete_change_et_remis() -> None:
    scene = Vole()
    scene.desactiver()
    contresigner(acteur=scene.second, contreseing=scene.demander(acteur=scene.guichet))
    desactivation = a_examiner(scene.relu())
    assert desactivation is not None
    dits = {change.cle: change.precision for change in changements_de(desactivation)}
    assert "Marc Voleur" in dits["coordonnees:nom"]
    assert "SARL VOLEUR" in dits["coordonnees:organisation"]
    assert "1 rue du Voleur" in dits["coordonnees:adresse"]


@pytest.mark.parametrize("voie", ["4 rue des Acacias", ""])
def test_la_lettre_ne_va_ni_chez_le_voleur_ni_a_son_entreprise(voie: str) -> None:
    scene = Vole()
    AnciennesCoordonnees.objects.update(voie=voie)
    compte = scene.espace.compte
    compte.adresse_rejetee_le = timezone.now() - timedelta(days=1)
    compte.save()
    scene.desactiver()
    avis = AvisPostal.objects.get()
    assert "VOLEUR" not in str(avis.contenu).upper()
    assert avis.contenu["destinataire"] == "Karine Vidal"


def test_les_deux_agents_lisent_ce_qui_a_change_dans_l_identite() -> None:
    scene = Vole()
    dire_depuis_l_espace(acteur=scene.relu())
    page = texte(client_verifie(scene.guichet).get(reverse("admin:espace_retablir", args=[scene.espace.pk])))
    attend = scene.demander(acteur=scene.guichet)
    seconde = texte(client_verifie(scene.second).get(reverse("admin:accounts_contreseing_change", args=[attend.pk])))
    for lue in (page, seconde):
        assert "Madame Karine Vidal" in lue
        assert "Monsieur Marc Voleur" in lue
        assert "SARL VOLEUR" in lue
    AnciennesCoordonnees.objects.all().delete()
    page = texte(client_verifie(scene.guichet).get(reverse("admin:espace_retablir", args=[scene.espace.pk])))
    assert "inchangés depuis 90" in page


def test_un_nom_change_puis_remis_est_dit_sans_fin() -> None:
    scene = Vole()
    for nom in ("Voleur", "Vidal") * 3:
        scene.changer(nom=nom, prenom="Karine", civilite="MADAME")
    dire_depuis_l_espace(acteur=scene.relu())
    page = texte(client_verifie(scene.guichet).get(reverse("admin:espace_retablir", args=[scene.espace.pk])))
    assert "Karine Voleur" in page, "by way of"
    assert "7 fois du" in page


def test_ce_qui_change_entre_les_deux_regards_arrete_le_second() -> None:
    scene = Compromis()
    scene.espace = Espace.objects.get(pk=scene.espace.pk)
    scene.desactiver()
    attend = demander_retablissement(
        acteur=scene.guichet,
        espace=scene.espace,
        piece="CARTE",
        piece_derniers="3K7P",
        legitimite="KBIS",
        motif="Reconnue au guichet.",
    )
    AnciennesCoordonnees.objects.create(espace=scene.espace, nom="Autre", prenom="Karine")
    with pytest.raises(CoordonneesChangeesDepuis):
        contresigner(acteur=scene.second, contreseing=attend)
    assert Espace.objects.get(pk=scene.espace.pk).etat == Espace.Etat.DESACTIVE
