"""The desk: what waits follows whatever changes it, is claimed by one agent at a time, and is told to its own office alone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.espace.rectification import (
    RectificationDejaRepondue,
    RectificationEffacee,
    RectificationHorsCompetence,
    ReponseDeRectificationRequise,
    demander_rectification,
    repondre_rectification,
)
from accounts.espace.suppression import effacer_traces
from accounts.gestion.affaires import (
    PRISE_VAUT,
    AffaireDejaPrise,
    AffaireHorsCompetence,
    AffairePasLaVotre,
    FileVide,
    en_attente,
    prendre,
    prendre_la_suivante,
    rendre,
)
from accounts.gestion.bureau import derniers_actes, lire_bureau
from accounts.gestion.files import File, FileDejaDeclaree, catalogue, files_de, inscrire
from accounts.models import Affaire, Agent, Courriel, Espace, Evenement, Rectification
from accounts.saisies.dates import en_jours
from activation.demandes.retours import constater_retour, refuser_demande
from activation.demandes.suites import demander_nouveau_courrier
from activation.models import Courrier, Signalement
from habilitations.depart.retraits import accorder_retrait, annuler_retrait, demander_retrait, refuser_retrait
from habilitations.depart.suppression import demander
from habilitations.models import Cessation, DemandeRetrait, Role
from services.models import PersonneSirenisee
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def personne(agent: Agent) -> PersonneSirenisee:
    return PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination="ALPES CHARPENTE")


def attendent(file: str = "") -> list[str]:
    """Return the keys of what waits."""
    lignes = Affaire.objects.filter(finie_le=None)
    return [affaire.cle for affaire in (lignes.filter(file=file) if file else lignes)]


def retrait(personne: PersonneSirenisee) -> DemandeRetrait:
    with transaction.atomic():
        tenue = habiliter(EspaceFactory(), personne=personne)
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue], motif="Je pars")
    return demande


def revenu(personne: PersonneSirenisee, agent: Agent, rang: int = 1) -> Courrier:
    courrier = deposer(personne, EspaceFactory(), rang)
    maintenant = timezone.now()
    Courrier.objects.filter(pk=courrier.pk).update(
        etat="REMIS", edite_le=maintenant, remis_le=maintenant, expire_le=maintenant + timedelta(days=60)
    )
    return constater_retour(acteur=agent, courrier=courrier)


def affaire(file: str, cle: Any) -> Affaire:
    return Affaire.objects.get(file=file, cle=str(cle), finie_le=None)


# --- What waits


@pytest.mark.parametrize("fin", ["accorder", "refuser", "annuler"])
def test_une_demande_de_retrait_attend_jusqu_a_sa_reponse(agent: Agent, personne: PersonneSirenisee, fin: str) -> None:
    demande = retrait(personne)
    attendue = affaire("RETRAIT", demande.pk)
    assert (attendue.service_gestionnaire, attendue.personne) == (agent.service_gestionnaire, personne.pk)
    assert (attendue.espace, attendue.depuis) == (demande.demandeur, demande.deposee_le)
    if fin == "accorder":
        accorder_retrait(acteur=agent, demande=demande)
    elif fin == "refuser":
        refuser_retrait(acteur=agent, demande=demande, reponse="Non")
    else:
        annuler_retrait(acteur=demande.demandeur, demande=demande)
    attendue.refresh_from_db()
    assert attendue.finie_le is not None
    assert attendent() == []


def test_la_demande_faite_a_un_titulaire_n_est_l_affaire_d_aucun_bureau(personne: PersonneSirenisee) -> None:
    with transaction.atomic():
        tenue = accorder(habiliter(EspaceFactory(), personne=personne), EspaceFactory(), Role.SUPPLEANT)
    demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    assert attendent() == []


def test_ce_qui_empeche_de_supprimer_un_espace_a_sa_file(personne: PersonneSirenisee) -> None:
    with transaction.atomic():
        tenue = habiliter(EspaceFactory(), personne=personne, service=ServiceFactory(retrait_par_gestionnaire=True))
    assert demander(tenue.espace, timezone.now()) == 1
    assert attendent("SUPPRESSION") == [str(DemandeRetrait.objects.get().pk)]
    assert attendent("RETRAIT") == []


def test_une_cessation_attend_sa_decision(agent: Agent, personne: PersonneSirenisee) -> None:
    cessation = Cessation.objects.create(personne=personne)
    assert attendent("CESSATION") == [str(cessation.pk)]
    Cessation.objects.filter(pk=cessation.pk).update(etat="MAINTENUE", maintenue_jusqu_au=timezone.localdate())
    assert attendent() == []


def test_une_lettre_revenue_attend_la_suivante_ou_la_fin_de_la_demande(
    agent: Agent, personne: PersonneSirenisee
) -> None:
    une, autre = (
        revenu(personne, agent, 1),
        revenu(PersonneFactory(service_gestionnaire=personne.service_gestionnaire), agent, 2),
    )
    assert attendent("NPAI") == [str(une.pk), str(autre.pk)]
    demander_nouveau_courrier(acteur=une.demande.espace, demande=une.demande)
    assert attendent("NPAI") == [str(autre.pk)]
    refuser_demande(acteur=agent, demande=autre.demande, motif="Inconnue")
    assert attendent() == []


def test_une_demande_non_reconnue_attend_sa_decision(agent: Agent, personne: PersonneSirenisee) -> None:
    courrier = deposer(personne, EspaceFactory(), 1)
    signalement = Signalement.objects.create(demande=courrier.demande, origine="COURRIER")
    assert attendent("SIGNALEMENT") == [str(signalement.pk)]
    refuser_demande(acteur=agent, demande=courrier.demande, motif="Elle n'est pas de l'entreprise")
    assert attendent() == []


def test_ce_qui_s_efface_n_attend_plus(agent: Agent, personne: PersonneSirenisee) -> None:
    retrait(personne).delete()
    Cessation.objects.create(personne=personne).delete()
    Signalement.objects.create(demande=deposer(personne, EspaceFactory(), 1).demande, origine="COURRIER").delete()
    revenu(PersonneFactory(service_gestionnaire=agent.service_gestionnaire), agent, 2).delete()
    assert attendent() == []


def test_les_affaires_suivent_la_personne_dans_son_nouveau_bureau(agent: Agent, personne: PersonneSirenisee) -> None:
    demande, autre = retrait(personne), AgentFactory()
    prendre(acteur=agent, affaire=affaire("RETRAIT", demande.pk))
    personne.service_gestionnaire = autre.service_gestionnaire
    personne.save()
    suivie = affaire("RETRAIT", demande.pk)
    assert (suivie.service_gestionnaire, suivie.agent) == (autre.service_gestionnaire, None)
    assert list(en_attente(agent)) == []
    assert list(en_attente(autre)) == [suivie]


# --- Claiming


def test_prendre_donne_la_plus_ancienne_que_personne_n_a(agent: Agent, personne: PersonneSirenisee) -> None:
    une, deux = retrait(personne), retrait(personne)
    autre = AgentFactory(service_gestionnaire=agent.service_gestionnaire)
    file = catalogue()["RETRAIT"]
    assert prendre_la_suivante(acteur=agent, file=file).cle == str(une.pk)
    assert prendre_la_suivante(acteur=agent, file=file).cle == str(une.pk)  # one's own first
    assert prendre_la_suivante(acteur=autre, file=file).cle == str(deux.pk)
    with pytest.raises(FileVide):
        prendre_la_suivante(acteur=AgentFactory(service_gestionnaire=agent.service_gestionnaire), file=file)
    assert [e.auteur for e in Evenement.objects.filter(acte="affaire.prise").order_by("pk")] == [
        f"agent:{agent.pk}",
        f"agent:{autre.pk}",
    ]


def test_une_prise_se_rend_ou_s_use(agent: Agent, personne: PersonneSirenisee) -> None:
    attendue = affaire("RETRAIT", retrait(personne).pk)
    autre = AgentFactory(service_gestionnaire=agent.service_gestionnaire)
    prendre(acteur=agent, affaire=attendue)
    with pytest.raises(AffaireDejaPrise):
        prendre(acteur=autre, affaire=attendue)
    with pytest.raises(AffairePasLaVotre):
        rendre(acteur=autre, affaire=attendue)
    rendre(acteur=agent, affaire=attendue)
    assert prendre(acteur=autre, affaire=attendue).agent == autre
    plus_tard = timezone.now() + PRISE_VAUT + timedelta(minutes=1)
    assert prendre(acteur=autre, affaire=attendue, maintenant=plus_tard).prise_le == plus_tard, (
        "what has worn out is claimed anew"
    )
    plus_tard += PRISE_VAUT + timedelta(minutes=1)
    assert prendre(acteur=agent, affaire=attendue, maintenant=plus_tard).agent == agent
    assert Evenement.objects.filter(acte="affaire.rendue").count() == 1


def test_l_affaire_d_un_autre_bureau_n_existe_pas(agent: Agent, personne: PersonneSirenisee) -> None:
    attendue, ailleurs = affaire("RETRAIT", retrait(personne).pk), AgentFactory()
    for acte in (prendre, rendre):
        with pytest.raises(AffaireHorsCompetence):
            acte(acteur=ailleurs, affaire=attendue)
    client = client_verifie(ailleurs)
    for nom in ("prendre", "rendre"):
        assert client.post(reverse(f"admin:{nom}", args=[attendue.pk])).status_code == 404
    assert "ALPES CHARPENTE" not in client.get(reverse("admin:index")).content.decode()
    assert "ALPES CHARPENTE" not in client.get(reverse("admin:file", args=["RETRAIT"])).content.decode()


def test_la_cellule_n_a_aucune_file_d_un_service(personne: PersonneSirenisee) -> None:
    attendue = affaire("RETRAIT", retrait(personne).pk)
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE, service_gestionnaire=personne.service_gestionnaire)
    siennes = ["ALERTE_GRAVE", "ALERTE_MOYENNE", "ALERTE_INFO", "CONTRESEING"]
    assert [file.code for file in files_de(cellule)] == siennes, (
        "its own, and the second look of an office of one agent"
    )
    client = client_verifie(cellule)
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("admin:file", args=["RETRAIT"])).status_code == 404
    assert client.post(reverse("admin:prendre_suivante", args=["RETRAIT"])).status_code == 404
    assert client.post(reverse("admin:prendre", args=[attendue.pk])).status_code == 404


def test_deux_files_ne_portent_pas_le_meme_code() -> None:
    tenue = catalogue()["RETRAIT"]
    inscrire(tenue)
    with pytest.raises(FileDejaDeclaree):
        inscrire(File(code="RETRAIT", libelle="x", singulier="x", modele="x.y", retard=timedelta(1), rang=1))


# --- The pages


def test_prendre_depuis_une_ligne_passe_la_garde_des_formulaires(agent: Agent, personne: PersonneSirenisee) -> None:
    """The form of a row is what a browser posts: an include with « only » carries the token as well."""
    demande = retrait(personne)
    attendue = affaire("RETRAIT", demande.pk)
    Affaire.objects.filter(pk=attendue.pk).update(depuis=timezone.now() - timedelta(days=60))
    client = client_verifie(agent)
    client.handler.enforce_csrf_checks = True
    prise = reverse("admin:prendre", args=[attendue.pk])
    for page in (reverse("admin:index"), reverse("admin:file", args=["RETRAIT"])):
        texte = client.get(page).content.decode()
        formulaire = re.search(rf'<form method="post" action="{prise}">(.*?)</form>', texte, re.DOTALL)
        assert formulaire is not None, page
        champs = dict(re.findall(r'name="(\w+)" value="([^"]*)"', formulaire[1]))
        assert client.post(prise, champs)["Location"].endswith(f"{demande.pk}/change/"), page
        rendre(acteur=agent, affaire=attendue)


def test_prendre_traiter_puis_la_suivante(agent: Agent, personne: PersonneSirenisee) -> None:
    une, deux = retrait(personne), retrait(personne)
    client = client_verifie(agent)
    accueil = client.get(reverse("admin:index")).content.decode()
    assert "ALPES CHARPENTE" in accueil
    page = reverse("admin:habilitations_demanderetrait_change", args=[une.pk])
    reponse = client.post(reverse("admin:prendre_suivante", args=["RETRAIT"]))
    assert reponse["Location"] == page
    assert "Vous vous en occupez" in client.get(page).content.decode()
    collegue = client_verifie(AgentFactory(service_gestionnaire=agent.service_gestionnaire, prenom="Zoé"))
    assert "Paul Leroy s’en occupe" in collegue.get(page).content.decode()
    assert "Paul Leroy (1)" in collegue.get(reverse("admin:index")).content.decode()
    client.post(reverse("admin:habilitations_demanderetrait_accepter", args=[une.pk]), {"apercu": "x"})
    accorder_retrait(acteur=agent, demande=une)
    assert "Prendre la suivante" in client.get(page).content.decode()
    assert client.post(reverse("admin:prendre_suivante", args=["RETRAIT"]))["Location"].endswith(f"{deux.pk}/change/")
    affaire_deux = affaire("RETRAIT", deux.pk)
    suite = client.post(reverse("admin:rendre", args=[affaire_deux.pk]), {"suite": "https://ailleurs.exemple/"})
    assert suite["Location"] == reverse("admin:index")
    assert client.post(reverse("admin:rendre", args=[affaire_deux.pk]), {"suite": page})["Location"] == page
    annuler_retrait(acteur=deux.demandeur, demande=deux)
    vide = client.post(reverse("admin:prendre_suivante", args=["RETRAIT"]), follow=True)
    assert "Plus rien n" in vide.content.decode()
    assert client.get(reverse("admin:file", args=["RETRAIT"]), {"page": "deux"}).status_code == 400


def test_le_bureau_compte_ce_qui_attend_ce_qui_tarde_et_ce_qui_est_fait(
    agent: Agent, personne: PersonneSirenisee
) -> None:
    maintenant = timezone.now()
    vieille, neuve, faite = retrait(personne), retrait(personne), retrait(personne)
    Affaire.objects.filter(cle=str(vieille.pk)).update(depuis=maintenant - timedelta(days=14))
    Affaire.objects.filter(cle=str(faite.pk)).update(depuis=maintenant - timedelta(days=4))
    prendre(acteur=agent, affaire=affaire("RETRAIT", faite.pk))
    refuser_retrait(acteur=agent, demande=faite, reponse="Non")
    prendre(acteur=agent, affaire=affaire("RETRAIT", neuve.pk))
    bureau = lire_bureau(agent)
    assert [etat.file.code for etat in bureau.files] == [
        "COMPTE_BANCAIRE", "RETRAIT", "MESSAGERIE", "SUPPRESSION", "RECTIFICATION", "NPAI", "ADRESSE", "CESSATION",
        "SIGNALEMENT", "CONTRESEING",
    ]  # fmt: skip
    etat = bureau.files[1]
    assert (etat.nombre, etat.en_retard, etat.libres, etat.prises) == (2, 1, 1, {"Vous": 1})
    assert etat.plus_ancienne is not None
    assert etat.plus_ancienne.cle == str(vieille.pk)
    assert [a.cle for a in bureau.en_retard] == [str(vieille.pk)]
    assert [a.cle for a in bureau.siennes] == [str(neuve.pk)]
    chiffres = bureau.chiffres
    assert (chiffres.en_attente, chiffres.en_retard, chiffres.traitees, chiffres.traitees_par_vous) == (2, 1, 1, 1)
    assert chiffres.delai is not None
    assert en_jours(chiffres.delai) == "4 jours"
    assert [e.acte for e in derniers_actes(agent)] == ["retrait.refuse"]
    texte = client_verifie(agent).get(reverse("admin:index")).content.decode()
    assert "14 jours, ALPES CHARPENTE" in texte


# --- The answer to a rectification


@pytest.fixture
def rectification(agent: Agent, espace: Espace) -> Rectification:
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    Espace.objects.filter(pk=espace.pk).update(siren_appartenance=personne.siren)
    espace.refresh_from_db()
    return demander_rectification(acteur=espace, objet="AUTRE", texte="Mon nom est mal écrit")


def test_une_rectification_se_suit_des_deux_cotes(
    agent: Agent, rectification: Rectification, client_de: Callable[[Espace], Any]
) -> None:
    assert attendent("RECTIFICATION") == [str(rectification.pk)]
    espace = rectification.espace
    client = client_de(espace)
    assert "déposée" in client.get(reverse("rectifier_donnees")).content.decode()
    bureau = client_verifie(agent)
    page = bureau.get(reverse("admin:accounts_rectification_change", args=[rectification.pk])).content.decode()
    assert "Mon nom est mal écrit" in page
    acte = reverse("admin:accounts_rectification_faite", args=[rectification.pk])
    reponse = bureau.post(acte, {"reponse": "Le nom est corrigé."})
    assert reponse.status_code == 302
    assert attendent() == []
    assert "Le nom est corrigé." in client.get(reverse("rectifier_donnees")).content.decode()
    courriel = Courriel.objects.get(genre="rectification_reponse")
    assert courriel.destinataire == espace.compte.email  # type: ignore[union-attr]
    assert courriel.contexte["reponse"] == "Le nom est corrigé."
    assert Evenement.objects.get(acte="rectification.faite").espace == espace.numero_abonne


@pytest.mark.parametrize("suite", ["admin:logout", "n-importe", "//ailleurs.exemple", "https://ailleurs.exemple/", ""])
def test_rendre_ne_suit_que_le_portail(agent: Agent, personne: PersonneSirenisee, suite: str) -> None:
    attendue = affaire("RETRAIT", retrait(personne).pk)
    prendre(acteur=agent, affaire=attendue)
    reponse = client_verifie(agent).post(reverse("admin:rendre", args=[attendue.pk]), {"suite": suite})
    assert reponse["Location"] == reverse("admin:index")


def test_un_espace_supprime_n_attend_plus_de_rectification(agent: Agent, rectification: Rectification) -> None:
    espace = rectification.espace
    compte = espace.compte
    assert compte is not None
    repondre_rectification(acteur=agent, rectification=rectification, faite=True, reponse="Le nom est corrigé.")
    autre = Rectification.objects.create(
        espace=espace, service_gestionnaire=agent.service_gestionnaire, objet="AUTRE", texte="Encore"
    )
    assert attendent("RECTIFICATION") == [str(autre.pk)]
    effacer_traces(espace, compte)
    with pytest.raises(RectificationEffacee):
        repondre_rectification(acteur=agent, rectification=autre, faite=True, reponse="Trop tard")
    assert attendent("RECTIFICATION") == []
    assert [(r.texte, r.reponse) for r in Rectification.objects.all()] == [("", "")]


def test_les_refus_de_la_reponse(agent: Agent, rectification: Rectification) -> None:
    with pytest.raises(ReponseDeRectificationRequise):
        repondre_rectification(acteur=agent, rectification=rectification, faite=True, reponse=" ")
    with pytest.raises(RectificationHorsCompetence):
        repondre_rectification(acteur=AgentFactory(), rectification=rectification, faite=True, reponse="Oui")
    repondre_rectification(acteur=agent, rectification=rectification, faite=False, reponse="Rien n'est faux.")
    with pytest.raises(RectificationDejaRepondue):
        repondre_rectification(acteur=agent, rectification=rectification, faite=True, reponse="Oui")
    assert Rectification.objects.get().etat == "REFUSEE"
    assert Evenement.objects.get(acte="rectification.refusee").espace


def test_les_suppressions_bloquees_d_une_pression_se_distinguent_par_leur_service(
    agent: Agent, personne: PersonneSirenisee
) -> None:
    """And to allow the deletion is the first act on the espace that asked for it, the last one elsewhere."""
    services = [ServiceFactory(libelle=nom, retrait_par_gestionnaire=True) for nom in ("Déclarer la paie", "Payer")]
    with transaction.atomic():
        tenues = [habiliter(espace := EspaceFactory(), personne=personne, service=services[0])]
        tenues.append(habiliter(espace, personne=personne, service=services[1]))
    client = client_verifie(agent)
    fiche = reverse("admin:espace", args=[espace.pk])
    liberer, deces, usager = (
        reverse(f"admin:{nom}", args=[espace.pk]) for nom in ("espace_liberer", "espace_deces", "comme_l_usager")
    )
    texte = client.get(fiche).content.decode()
    assert texte.index(usager) < texte.index(deces) < texte.index(liberer)
    assert demander(espace, timezone.now()) == 2
    texte = client.get(reverse("admin:file", args=["SUPPRESSION"])).content.decode()
    assert all(f"Suppression bloquée, {service.libelle}" in texte for service in services)
    texte = client.get(fiche).content.decode()
    assert texte.index(usager) < texte.index(liberer) < texte.index(deces)


def test_la_fiche_d_une_rectification_parle_a_l_agent_et_mene_a_l_espace(
    agent: Agent, rectification: Rectification
) -> None:
    Rectification.objects.filter(pk=rectification.pk).update(objet=Rectification.Objet.HABILITATIONS)
    client = client_verifie(agent)
    for nom in ("change", "faite", "refuser"):
        texte = client.get(reverse(f"admin:accounts_rectification_{nom}", args=[rectification.pk])).content.decode()
        assert "ses habilitations, ses demandes ou ses mandats" in texte, nom
        assert "vos habilitations" not in texte, nom
    texte = client.get(reverse("admin:accounts_rectification_change", args=[rectification.pk])).content.decode()
    assert f'href="{reverse("admin:espace", args=[rectification.espace_id])}"' in texte
