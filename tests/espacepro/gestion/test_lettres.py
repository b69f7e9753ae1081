"""The letters desk: what an office reads of its letters, previews without the code, what is set aside, the batches of the cell."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.envois.courriels import deposer as deposer_courriel
from accounts.gestion.reprises import (
    REPRISE_AU_PLUS,
    CourrielTropAncien,
    EnvoiNonEcarte,
    raison_lisible,
    reprendre_courriel,
)
from accounts.models import Agent, Courriel, CourrielDeCote, Espace, Evenement, TraceLecture
from activation.courriers import codes, edition, remise, suivi
from activation.demandes.reprises import reprendre_courrier
from activation.demandes.retours import AgentNonCompetent, constater_retour
from activation.demandes.suites import annuler_demande
from activation.models import Courrier, Demande, Remise
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db
Fonction = Agent.Fonction


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def cellule() -> Agent:
    return AgentFactory(fonction=Fonction.SURVEILLANCE)


@pytest.fixture(autouse=True)
def _dossier(settings: Any, tmp_path: Path) -> None:
    settings.ETAT = tmp_path


def faite(agent: Agent, denomination: str = "BOULANGERIE D’ICI") -> Courrier:
    """A letter of this agent's office, made."""
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination=denomination)
    return scenes.editer(scenes.adhesion(personne=personne, service=ServiceFactory()))


def a_faire(agent: Agent, denomination: str = "BOULANGERIE D’ICI") -> Courrier:
    """A letter of this agent's office that is still to be made."""
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination=denomination)
    return scenes.adhesion(personne=personne).courriers.get()


def page(agent: Agent, nom: str, *args: Any, **parametres: Any) -> str:
    reponse = client_verifie(agent).get(reverse(f"admin:{nom}", args=args), parametres)
    assert reponse.status_code == 200
    return reponse.content.decode()


def ecarter(courrier: Courrier, raison: str = "l’adresse de la personne n’est plus connue") -> Courrier:
    Courrier.objects.filter(pk=courrier.pk).update(ecarte_le=timezone.now(), tentatives=8, derniere_reponse=raison)
    courrier.refresh_from_db()
    return courrier


def bureau_de(courrier: Courrier) -> int | None:
    return Courrier.objects.values_list("service_gestionnaire", flat=True).get(pk=courrier.pk)


# --- Whose letters ----------------------------------------------------------------------------------------------------


def test_la_base_dit_de_quel_bureau_est_une_lettre(agent: Agent) -> None:
    courrier, autre = faite(agent), AgentFactory()
    assert bureau_de(courrier) == agent.service_gestionnaire_id
    personne = courrier.demande.personne
    personne.service_gestionnaire = autre.service_gestionnaire
    personne.save()
    assert bureau_de(courrier) == autre.service_gestionnaire_id
    # A whole row written by somebody who had read it before changes nothing.
    courrier.service_gestionnaire = agent.service_gestionnaire
    courrier.save()
    assert bureau_de(courrier) == autre.service_gestionnaire_id
    ici = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    Demande.objects.filter(pk=courrier.demande_id).update(personne=ici)
    assert bureau_de(courrier) == agent.service_gestionnaire_id


def test_la_file_d_un_bureau_etat_par_etat(agent: Agent) -> None:
    a_remettre, remise_, revenue = faite(agent, "A REMETTRE"), faite(agent, "PARTIE"), faite(agent, "REVENUE")
    faite(AgentFactory(), "GARAGE D’AILLEURS")
    deposer(
        PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination="A FAIRE"), EspaceFactory(), 9
    )
    for courrier in (remise_, revenue):
        scenes.remettre(courrier, timezone.now())
    constater_retour(acteur=agent, courrier=revenue)
    revenue.refresh_from_db()
    assert revenue.revenu_le is not None
    vues = {etat: page(agent, "lettres", etat=etat) for etat in ("A_EDITER", "EDITE", "REMIS", "NPAI")}
    noms = {"A_EDITER": "A FAIRE", "EDITE": "A REMETTRE", "REMIS": "PARTIE", "NPAI": "REVENUE"}
    for etat, vue in vues.items():
        assert {nom for nom in noms.values() if nom in vue} == {noms[etat]}, etat
        assert "GARAGE" not in vue
    assert page(agent, "lettres").count("A REMETTRE") == vues["EDITE"].count("A REMETTRE")
    annuler_demande(acteur=a_remettre.demande.espace, demande=a_remettre.demande)
    assert "A REMETTRE" not in page(agent, "lettres"), "what nobody waits for is no work"
    assert TraceLecture.objects.filter(objet="gestion.lettres", lecteur=f"agent:{agent.pk}").exists()


def test_les_delais_par_semaine(agent: Agent) -> None:
    maintenant = timezone.now()
    lettres = [faite(agent) for _ in range(3)]
    faite(AgentFactory())
    faites = maintenant - timedelta(days=14)
    for rang, courrier in enumerate(lettres, start=1):
        Courrier.objects.filter(pk=courrier.pk).update(
            edite_le=faites, remis_le=faites + timedelta(days=rang), etat="REMIS"
        )
    Courrier.objects.filter(pk=lettres[0].pk).update(etat="NPAI", revenu_le=faites + timedelta(days=10))
    (semaine,) = suivi.semaines(agent.service_gestionnaire_id, maintenant=maintenant)
    assert (semaine.faits, semaine.remis, semaine.revenus) == (3, 3, 1)
    assert (semaine.avant_remise, semaine.avant_retour) == (timedelta(days=2), timedelta(days=9))
    assert semaine.debut.weekday() == 0
    assert "2 jours" in page(agent, "lettres")
    Courrier.objects.update(edite_le=maintenant - timedelta(weeks=9))
    assert suivi.semaines(agent.service_gestionnaire_id, maintenant=maintenant) == []


# --- Previews ---------------------------------------------------------------------------------------------------------


def texte_du_pdf(contenu: bytes) -> str:
    return "\n".join(feuille.extract_text() for feuille in PdfReader(io.BytesIO(contenu)).pages)


def test_l_apercu_est_la_lettre_sans_son_code(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    courrier = faite(agent)
    code, cle = codes.presenter(scenes.code(courrier.demande)), courrier.a_signaler.rpartition("-")[2]
    entiere = texte_du_pdf(edition.produire_pdf(courrier))
    assert code in entiere
    assert cle in entiere

    def interdit(**_: Any) -> str:
        raise AssertionError("the preview derives no code")

    for derive in ("deriver_code", "reference_a_signaler"):
        monkeypatch.setattr(edition, derive, interdit)
    reponse = client_verifie(agent).get(reverse("admin:lettre_apercu", args=[courrier.pk]))
    assert (reponse.status_code, reponse["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in reponse["Cache-Control"]
    apercu = texte_du_pdf(reponse.content)
    assert edition.MASQUE in apercu
    assert code not in apercu
    assert cle not in apercu
    assert apercu.replace(edition.MASQUE, code).replace(edition.CLE_MASQUEE, cle) == entiere
    assert TraceLecture.objects.filter(objet="activation.courrier.apercu", cle=str(courrier.pk)).exists()


def test_l_apercu_de_ce_qui_n_est_pas_encore_fait_n_ecrit_ni_ne_derive_rien(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    courrier = a_faire(agent)
    personne = courrier.demande.personne
    for derive in ("deriver_code", "reference_a_signaler"):
        monkeypatch.delattr(edition, derive)
    client, adresse = client_verifie(agent), reverse("admin:lettre_apercu", args=[courrier.pk])
    assert edition.MASQUE in texte_du_pdf(client.get(adresse).content)
    courrier.refresh_from_db()
    assert (courrier.etat, courrier.contenu) == ("A_EDITER", {})
    type(personne).objects.filter(pk=personne.pk).update(commune="", code_postal="", voie="")
    reponse = client.get(adresse)
    assert reponse.status_code in {200, 302}  # no address: led to the letter, which says so


def test_l_apercu_se_fait_pendant_que_la_lettre_est_remise(agent: Agent, cellule: Agent) -> None:
    courrier, client = faite(agent), client_verifie(agent)
    adresse = reverse("admin:lettre_apercu", args=[courrier.pk])
    avant = client.get(adresse).content
    client_verifie(cellule).post(reverse("admin:remettre"), {"apres": ""})
    assert Courrier.objects.get(pk=courrier.pk).etat == "REMIS"
    assert client.get(adresse).content == avant


# --- Set aside --------------------------------------------------------------------------------------------------------


def courriel_ecarte(
    espace: Espace, reponse: str = "SMTPRecipientsRefused: {'x@y.fr': (550, b'no')}", **champs: Any
) -> Courriel:
    with transaction.atomic():
        courriel = deposer_courriel(
            "demande_annulee",
            destinataire=str(espace.compte.email if espace.compte else ""),
            acte=f"essai:{espace.pk}",
            espace=espace,
            contexte={"reference": "D-1", "denomination": "DANONE"},
        )
    Courriel.objects.filter(pk=courriel.pk).update(
        **{"ecarte_le": timezone.now(), "tentatives": 8, "derniere_reponse": reponse} | champs
    )
    return Courriel.objects.get(pk=courriel.pk)


def test_ce_qui_est_mis_de_cote_et_pourquoi(agent: Agent, cellule: Agent) -> None:
    ecarter(a_faire(agent, "D’ICI"))
    ecarter(a_faire(AgentFactory(), "D’AILLEURS"))
    ici = habiliter(
        EspaceFactory(nom="Vidal"), personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    )
    courriel_ecarte(ici.espace)
    courriel_ecarte(habiliter(EspaceFactory(nom="Lointain")).espace)
    vu = page(agent, "lettres_de_cote")
    for montre in ("D’ICI", "n’est plus connue", "Vidal", "a refusé cette adresse (réponse 550)"):
        assert montre in vu, montre
    for tu in ("D’AILLEURS", "Lointain", "x@y.fr", ici.espace.compte.email):
        assert tu not in vu, tu
    tout = page(cellule, "lettres_de_cote")
    assert all(nom in tout for nom in ("D’ICI", "D’AILLEURS", "Vidal", "Lointain"))
    assert reverse("admin:lettre_reprendre", args=[Courrier.objects.first().pk]) not in tout  # type: ignore[union-attr]


def test_un_service_lit_les_siens_quoi_qu_une_panne_ait_mis_de_cote_ailleurs(agent: Agent, cellule: Agent) -> None:
    """Read by the office's own list: the older one is found whatever the country has set aside since, page by page."""
    bureau = agent.service_gestionnaire
    ici = habiliter(EspaceFactory(nom="Vidal"), personne=PersonneFactory(service_gestionnaire=bureau)).espace
    mail = courriel_ecarte(ici, cree_le=timezone.now() - timedelta(days=3))
    ailleurs = habiliter(EspaceFactory(nom="Lointain")).espace
    modele = {"genre": "demande_annulee", "destinataire": "a@exemple.fr", "espace": ailleurs}
    Courriel.objects.bulk_create(Courriel(acte=f"panne:{rang}", **modele) for rang in range(310))
    Courriel.objects.filter(espace=ailleurs).update(ecarte_le=timezone.now())
    assert list(CourrielDeCote.objects.filter(service_gestionnaire=bureau).values_list("courriel", flat=True)) == [
        mail.pk
    ]
    assert "Vidal" in page(agent, "lettres_de_cote")
    client = client_verifie(cellule)
    assert "Page 1 sur 7" in client.get(reverse("admin:lettres_de_cote")).content.decode()
    assert "Vidal" in client.get(reverse("admin:lettres_de_cote"), {"page": 7}).content.decode()
    assert client.get(reverse("admin:lettres_de_cote"), {"page": "x"}).status_code == 400


def test_un_courriel_de_cote_suit_l_entreprise_et_s_en_va_quand_il_est_repris(agent: Agent) -> None:
    tenue = habiliter(EspaceFactory(nom="Vidal"), personne=PersonneFactory())
    mail = courriel_ecarte(tenue.espace)
    assert "Vidal" not in page(agent, "lettres_de_cote")
    ancien = AgentFactory(service_gestionnaire=tenue.personne.service_gestionnaire)
    tenue.personne.service_gestionnaire = agent.service_gestionnaire
    tenue.personne.save(update_fields=["service_gestionnaire"])
    assert "Vidal" in page(agent, "lettres_de_cote")
    assert "Vidal" not in page(ancien, "lettres_de_cote"), "what it may see is asked again"
    reprendre_courriel(acteur=agent, courriel=mail)
    assert not CourrielDeCote.objects.exists()
    Courriel.objects.filter(pk=mail.pk).update(ecarte_le=timezone.now())
    Courriel.objects.filter(pk=mail.pk).delete()
    assert not CourrielDeCote.objects.exists()


def test_une_lettre_reprise_est_faite(agent: Agent) -> None:
    courrier = ecarter(a_faire(agent))
    client, adresse = client_verifie(agent), reverse("admin:lettre_reprendre", args=[courrier.pk])
    for _ in range(2):  # a double press
        assert client.post(adresse)["Location"] == reverse("admin:lettres_de_cote")
    assert "n’est plus mis de côté" in client.get(reverse("admin:lettres_de_cote")).content.decode()
    courrier.refresh_from_db()
    assert (courrier.ecarte_le, courrier.tentatives) == (None, 0)
    assert Evenement.objects.filter(acte="courrier.repris", auteur=f"agent:{agent.pk}").count() == 1
    assert edition.editer_en_attente() == 1
    courrier.refresh_from_db()
    assert courrier.etat == "EDITE"


def test_une_lettre_d_ailleurs_ou_dont_la_demande_a_fini_ne_se_reprend_pas(agent: Agent) -> None:
    ailleurs = ecarter(a_faire(AgentFactory()))
    with pytest.raises(AgentNonCompetent):
        reprendre_courrier(acteur=agent, courrier=ailleurs)
    finie = ecarter(a_faire(agent))
    annuler_demande(acteur=finie.demande.espace, demande=finie.demande)
    client = client_verifie(agent)
    client.post(reverse("admin:lettre_reprendre", args=[finie.pk]))
    assert Courrier.objects.get(pk=finie.pk).ecarte_le is not None
    assert not Evenement.objects.filter(acte="courrier.repris").exists()


def test_un_courriel_repris_attend_de_nouveau(agent: Agent) -> None:
    ici = habiliter(EspaceFactory(), personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    courriel = courriel_ecarte(ici.espace)
    client = client_verifie(agent)
    for _ in range(2):
        client.post(reverse("admin:courriel_reprendre", args=[courriel.pk]))
    courriel.refresh_from_db()
    assert courriel.ecarte_le is None
    assert Courriel.objects.en_attente().filter(pk=courriel.pk).exists()
    assert Evenement.objects.filter(acte="courriel.repris", espace=ici.espace.numero_abonne).count() == 1
    with pytest.raises(EnvoiNonEcarte):
        reprendre_courriel(acteur=agent, courriel=courriel)


def test_un_vieux_courriel_ne_repart_pas(agent: Agent) -> None:
    ici = habiliter(EspaceFactory(), personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    vieux = courriel_ecarte(ici.espace, cree_le=timezone.now() - REPRISE_AU_PLUS - timedelta(hours=1))
    with pytest.raises(CourrielTropAncien):
        reprendre_courriel(acteur=agent, courriel=vieux)
    vu = page(agent, "lettres_de_cote")
    assert "il y a plus d’un mois" in vu
    assert reverse("admin:courriel_reprendre", args=[vieux.pk]) not in vu


@pytest.mark.parametrize(
    ("reponse", "dit"),
    [
        ("", "aucune réponse gardée"),
        ("SMTPRecipientsRefused: {'jean@exemple.fr': (550, b'5.1.1 unknown')}", "a refusé cette adresse (réponse 550)"),
        ("SMTPDataError: (451, b'later')", "a remis l’envoi à plus tard, huit fois (réponse 451)"),
        ("SMTPServerDisconnected: Connection unexpectedly closed", "n’a pas répondu comme il le devait"),
        ("TypstError", "une panne du portail"),
        ("l’adresse de la personne n’est plus connue", "l’adresse de la personne n’est plus connue"),
        ("refus de jean@exemple.fr", "refus de l’adresse"),
    ],
)
def test_la_raison_se_dit_en_mots_et_sans_adresse(reponse: str, dit: str) -> None:
    assert dit in raison_lisible(reponse)
    assert "@" not in raison_lisible(reponse)


# --- Batches ----------------------------------------------------------------------------------------------------------


def test_la_cellule_remet_un_lot_une_fois(
    agent: Agent, cellule: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remise, "COURRIERS_PAR_LOT", 2)
    monkeypatch.setitem(remise.remettre.__kwdefaults__, "taille", 2)
    for _ in range(3):
        faite(agent)
    client = client_verifie(cellule)
    vue = client.get(reverse("admin:remettre")).content.decode()
    assert "3, de tous les services" in vue
    assert client.post(reverse("admin:remettre"), {"apres": ""})["Location"] == reverse("admin:remises")
    lot = Remise.objects.get()
    assert {fichier.name for fichier in (tmp_path / "remises").iterdir()} == {
        f"{lot.reference}.pdf",
        f"{lot.reference}.csv",
    }
    encore = client.post(reverse("admin:remettre"), {"apres": ""})  # the same page, pressed again
    assert "Une remise s’est achevée depuis" in encore.content.decode()
    assert Remise.objects.count() == 1
    assert Courrier.objects.filter(etat="REMIS").count() == 2
    client.post(reverse("admin:remettre"), {"apres": lot.reference})
    assert not Courrier.objects.filter(etat="EDITE").exists()
    auteurs = Evenement.objects.filter(acte="remise.achevee").values_list("auteur", flat=True)
    assert set(auteurs) == {f"agent:{cellule.pk}"}
    derniere = Remise.objects.latest("pk").reference
    client.post(reverse("admin:remettre"), {"apres": derniere})
    assert "rien n’a été remis" in client.get(reverse("admin:remises")).content.decode()


def test_une_remise_en_cours_ou_un_disque_plein_se_disent(
    agent: Agent, cellule: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    faite(agent)
    client = client_verifie(cellule)
    for panne, dit in (
        (remise.RemiseEnCours(), "en train de tourner"),
        (OSError("plein"), "aucune lettre n’est perdue"),
    ):

        def tomber(panne: Exception = panne, **_: Any) -> None:
            raise panne

        with monkeypatch.context() as pendant:
            pendant.setattr(remise, "remettre", tomber)
            assert dit in client.post(reverse("admin:remettre"), {"apres": ""}).content.decode()
    assert Courrier.objects.get().etat == "EDITE"


def test_un_lot_se_produit_de_nouveau(agent: Agent, cellule: Agent, tmp_path: Path) -> None:
    faite(agent)
    client = client_verifie(cellule)
    client.post(reverse("admin:remettre"), {"apres": ""})
    lot = Remise.objects.get()
    for _ in range(2):
        client.post(reverse("admin:remise_renvoyer", args=[lot.reference]))
    assert (tmp_path / "remises" / f"{lot.reference}-renvoi.pdf").exists()
    assert Evenement.objects.filter(acte="remise.renvoyee", auteur=f"agent:{cellule.pk}").count() == 2
    assert client.post(reverse("admin:remise_renvoyer", args=["R-20200101-01"])).status_code == 404


def test_un_bureau_ne_lit_d_un_lot_que_ses_lettres(agent: Agent, cellule: Agent) -> None:
    ici, autre = faite(agent, "D’ICI"), AgentFactory()
    faite(autre, "D’AILLEURS")
    client_verifie(cellule).post(reverse("admin:remettre"), {"apres": ""})
    lot = Remise.objects.get()
    vu = page(agent, "remise", lot.reference)
    assert "D’ICI" in vu
    assert "D’AILLEURS" not in vu
    assert Courrier.objects.get(pk=ici.pk).empreinte in vu
    assert [lue.lettres for lue in suivi.remises(agent.service_gestionnaire_id)] == [1]
    assert [lue.lettres for lue in suivi.remises(None)] == [2]
    assert "D’AILLEURS" in page(cellule, "remise", lot.reference)
    sans = AgentFactory()
    assert client_verifie(sans).get(reverse("admin:remise", args=[lot.reference])).status_code == 404
    assert lot.reference not in page(sans, "remises")


# --- Who may ----------------------------------------------------------------------------------------------------------

BUREAU = {Fonction.GESTIONNAIRE, Fonction.CHEF}
LECTEURS = BUREAU | {Fonction.SURVEILLANCE}
# page -> (method, who may on a row of their own office, who may on another's)
PAGES: dict[str, tuple[str, set[Agent.Fonction], set[Agent.Fonction]]] = {
    "lettres": ("get", BUREAU, BUREAU),  # each its own
    "lettres_de_cote": ("get", LECTEURS, LECTEURS),
    "remises": ("get", LECTEURS, LECTEURS),
    "lettre_apercu": ("get", LECTEURS, {Fonction.SURVEILLANCE}),
    "remise": ("get", LECTEURS, {Fonction.SURVEILLANCE}),
    "remettre": ("get", {Fonction.SURVEILLANCE}, {Fonction.SURVEILLANCE}),
    "lettre_reprendre": ("post", BUREAU, set()),
    "courriel_reprendre": ("post", LECTEURS, {Fonction.SURVEILLANCE}),
    "remise_renvoyer": ("post", {Fonction.SURVEILLANCE}, {Fonction.SURVEILLANCE}),
}


@pytest.mark.parametrize("fonction", list(Fonction))
@pytest.mark.parametrize("sien", [True, False])
def test_chaque_fonction_chaque_page(agent: Agent, fonction: Agent.Fonction, sien: bool) -> None:
    courrier, lettre = faite(agent), ecarter(a_faire(agent))
    remise.remettre(dossier=remise.dossier_des_remises())
    lot = Remise.objects.get()
    courriel = courriel_ecarte(courrier.demande.espace)
    lecteur = AgentFactory(fonction=fonction, **({"service_gestionnaire": agent.service_gestionnaire} if sien else {}))
    client = client_verifie(lecteur)
    cles: dict[str, list[str | UUID]] = {
        "lettre_apercu": [courrier.pk],
        "lettre_reprendre": [lettre.pk],
        "courriel_reprendre": [courriel.pk],
        "remise": [lot.reference],
        "remise_renvoyer": [lot.reference],
    }
    for nom, (methode, siens, etrangers) in PAGES.items():
        adresse = reverse(f"admin:{nom}", args=cles.get(nom, []))
        ouvert = fonction in (siens if sien else etrangers)
        statut = getattr(client, methode)(adresse).status_code
        if nom == "lettres" and fonction == Fonction.SURVEILLANCE:
            assert statut == 302, nom  # led to the batches
        else:
            assert statut == ((200 if methode == "get" else 302) if ouvert else 404), nom
        if methode == "post":
            assert client.get(adresse).status_code in {404, 405}, nom
    assert client.post(reverse("admin:remettre"), {"apres": "x"}).status_code == (
        200 if fonction == Fonction.SURVEILLANCE else 404
    )
    assert Evenement.objects.filter(acte="courrier.repris").exists() is (sien and fonction in BUREAU)


def test_l_adresse_ne_dit_que_ce_que_disent_les_liens(agent: Agent) -> None:
    client = client_verifie(agent)
    for parametres in ({"etat": "X"}, {"etat": ""}, {"page": "0"}, {"demande__espace__nom": "a"}):
        assert client.get(reverse("admin:lettres"), parametres).status_code == 400, parametres
    assert Client().get(reverse("admin:lettres")).status_code == 302
