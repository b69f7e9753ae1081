"""Disabling an espace that somebody else uses: nothing opens it, what was under way stops, an error is undone (R15; CGU §3.6.b)."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.donnees.retention import purger
from accounts.envois.courriels import composer
from accounts.envois.liens import LienInvalide, LienRemplace, creer_lien, jeton
from accounts.espace import oubli
from accounts.espace.changement_adresse import confirmer_changement, demander_changement
from accounts.gestion.contreseings import contresigner
from accounts.models import AncienneAdresse, Courriel, Espace, Evenement, Lien, NavigateurConnu, Session
from accounts.mots_de_passe.politique import EspaceDesactive, changer_mot_de_passe
from accounts.traces.acteurs import Visiteur
from activation.courriers.remise import remettre, renvoyer
from activation.models import AvisPostal, Demande
from habilitations.models import Habilitation
from services.banque.comptes import ajouter_compte
from services.models import ReferenceBancaire
from surveillance.espaces.desactivation import (
    AnnulationTardive,
    CelluleRequise,
    DesactivationTerminee,
    EffetsChanges,
    EspaceNonDesactivable,
    MotifDeDesactivationRequis,
    PremierActeInvalide,
    SignauxInsuffisants,
    annuler_desactivation,
    apercu_de,
    desactiver_automatiquement,
    effets_de,
)
from surveillance.espaces.retablissement import demander_retablissement
from surveillance.models import Alerte, Desactivation
from tests.accounts.scenes import connecter
from tests.espacepro.scenes import client_verifie
from tests.factories import IBAN, MOT_DE_PASSE, EspaceFactory, PersonneFactory
from tests.habilitations.scenes import apercu_de as apercu_de_la_page
from tests.habilitations.scenes import texte

from .scenes import MOTIF, Compromis

pytestmark = pytest.mark.django_db
NOUVEAU = "brouillard kayak 81 moutarde violon"


def test_plus_rien_n_ouvre_un_espace_desactive() -> None:
    scene = Compromis()
    client = connecter(scene.espace)
    assert client.get(reverse("espace")).status_code == 200
    lien = creer_lien(espace=scene.espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=scene.espace.compte.email)
    scene.desactiver()

    page = client.get(reverse("espace"))
    assert page.status_code == 302, "the session is dead on its next request"
    assert page["Location"].startswith(reverse("connexion"))
    assert not Session.objects.filter(compte=scene.espace.compte).exists()
    assert not NavigateurConnu.objects.filter(compte=scene.espace.compte).exists()
    essai = client.post(reverse("connexion"), {"username": scene.espace.compte.email, "password": MOT_DE_PASSE})
    assert essai.status_code == 200
    with pytest.raises(LienRemplace):
        oubli.lire(jeton=jeton(lien))
    apres = creer_lien(espace=scene.espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=scene.espace.compte.email)
    with pytest.raises(LienInvalide):
        oubli.lire(jeton=jeton(apres))
    with pytest.raises(EspaceDesactive):
        changer_mot_de_passe(acteur=scene.espace.compte, nouveau=NOUVEAU)
    espace = Espace.objects.get(pk=scene.espace.pk)
    assert (espace.etat, espace.compte.is_active, espace.compte.has_usable_password()) == ("DESACTIVE", False, False)
    assert espace.reponse_confiance != scene.espace.reponse_confiance
    faits = Evenement.objects.filter(acte__in=["session.toutes_fermees", "navigateurs.oublies"])
    assert set(faits.values_list("auteur", flat=True)) == {f"agent:{scene.cellule.pk}"}, "not the holder's doing"


def test_la_connexion_ne_dit_rien_de_plus_a_qui_essaie() -> None:
    """The refusal is the same, word for word, for a disabled espace, a wrong password and an address of nobody."""
    scene = Compromis()
    scene.desactiver()

    def refus(adresse: str) -> str:
        page = Client().post(reverse("connexion"), {"username": adresse, "password": MOT_DE_PASSE}).content.decode()
        return page.split("<main")[1].split("</main")[0].replace(adresse, "?").split('name="csrfmiddlewaretoken"')[0]

    assert refus(scene.espace.compte.email) == refus("personne@nulle-part.fr")
    assert "désactivé par sécurité" in Client().get(reverse("connexion")).content.decode(), "said to everybody"


def test_ce_qui_est_accorde_depuis_est_en_veille_le_reste_continue(client_de) -> None:  # type: ignore[no-untyped-def]
    scene = Compromis()
    scene.desactiver()
    assert scene.etats() == ("ACTIVE", "EN_VEILLE")
    nouvelle = Habilitation.objects.get(pk=scene.nouvelle.pk)
    assert nouvelle.veille_motif == Habilitation.MotifVeille.COMPROMIS
    page = client_de(scene.victor).get(reverse("vos_habilitations"), {"situation": "en-veille"}).content.decode()
    assert "par mesure de sécurité" in page
    avis = Courriel.objects.get(genre="habilitation_en_veille_securite")
    assert avis.espace == scene.victor
    assert "Karine" not in composer(avis).body, "why, and by whom, is not for the others"


def test_l_adresse_confirmee_avant_revient_et_le_courrier_part_aussi(tmp_path: Path) -> None:
    scene = Compromis()
    ancienne = scene.espace.compte.email
    demander_changement(acteur=scene.espace, nouvelle="voleur@ailleurs.fr")
    lien = Lien.objects.get(espace=scene.espace, objet=Lien.Objet.CHANGEMENT_ADRESSE)
    confirmer_changement(acteur=Visiteur(jeton=jeton(lien)))
    scene.desactiver()

    espace = Espace.objects.get(pk=scene.espace.pk)
    assert espace.compte.email == ancienne
    courriel = Courriel.objects.get(genre="espace_desactive")
    assert courriel.destinataire == ancienne
    corps = composer(courriel).body
    assert scene.guichet.service_gestionnaire.nom in corps
    assert "pièce d’identité" in corps
    assert "la contester" in corps
    avis = AvisPostal.objects.get()
    assert avis.espace == espace
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert (lot.courriers, lot.differents) == (1, [])
    page = PdfReader(lot.pdf).pages[0].extract_text()
    assert "KARINE VIDAL" in page
    assert "4 RUE DES ACACIAS" in page
    assert "désactivé" in page
    avis.refresh_from_db()
    assert avis.remis_le is not None
    assert remettre(dossier=tmp_path) is None
    assert renvoyer(reference=lot.reference, dossier=tmp_path).courriers == 1
    AvisPostal.objects.update(contenu={})  # what the purge does
    assert renvoyer(reference=lot.reference, dossier=tmp_path).courriers == 0


def test_sans_doute_sur_la_boite_aucune_lettre_ne_part() -> None:
    scene = Compromis()
    scene.desactiver()
    assert not AvisPostal.objects.exists()


def test_les_demandes_deposees_depuis_sont_annulees_les_autres_attendent() -> None:
    scene = Compromis()
    recente, ancienne = (
        Demande.objects.create(
            reference=f"D-2026-{rang:08d}",
            nature="ADHESION",
            espace=scene.espace,
            personne=PersonneFactory(),
            qualite="MANDATAIRE",
            deposee_le=quand,
        )
        for rang, quand in ((1, scene.maintenant), (2, scene.maintenant - timedelta(days=3)))
    )
    scene.desactiver()
    recente.refresh_from_db()
    ancienne.refresh_from_db()
    assert (recente.etat, ancienne.etat) == ("ANNULEE", "DEPOSEE")
    assert recente.reference in composer(Courriel.objects.get(genre="espace_desactive")).body


def test_un_compte_bancaire_ajoute_depuis_n_est_plus_utilisable() -> None:
    scene = Compromis()
    reference = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Karine Vidal")
    scene.desactiver()
    reference.refresh_from_db()
    assert reference.attente == ReferenceBancaire.Attente.DESACTIVATION
    assert reference.utilisable_le > timezone.now() + timedelta(days=29)
    assert Evenement.objects.filter(acte="compte_bancaire.gele", siren=scene.personne.siren).exists()


def test_une_erreur_s_annule_en_sept_jours_tout_revient() -> None:
    scene = Compromis()
    reference = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Karine Vidal")
    avant = (scene.espace.reponse_confiance, scene.espace.question_confiance)
    desactivation = scene.desactiver()
    assert MOT_DE_PASSE not in desactivation.secrets
    assert "argon2" not in desactivation.secrets, "sealed"
    Desactivation.objects.filter(pk=desactivation.pk).update(motif="x" * 500)
    annulee = annuler_desactivation(acteur=scene.cellule, desactivation=desactivation, motif="Elle était en voyage.")
    assert annulee.motif == "x" * 500 + " Annulée : Elle était en voyage.", "neither reason is cut"

    espace = Espace.objects.get(pk=scene.espace.pk)
    assert (espace.etat, espace.compte.is_active) == ("ACTIF", True)
    assert (espace.reponse_confiance, espace.question_confiance) == avant
    assert scene.etats() == ("ACTIVE", "ACTIVE")
    reference.refresh_from_db()
    assert (reference.attente, reference.utilisable_le) == ("", None)
    assert not espace.compte.anciens_mots_de_passe.exists()
    connecter(espace)
    desactivation.refresh_from_db()
    assert (desactivation.secrets, desactivation.memoire) == ("", {})
    with pytest.raises(DesactivationTerminee):
        annuler_desactivation(acteur=scene.cellule, desactivation=desactivation, motif="Encore.")


def test_apres_sept_jours_seul_le_guichet_retablit_et_les_empreintes_sont_effacees() -> None:
    scene = Compromis()
    desactivation = scene.desactiver()
    Desactivation.objects.update(desactive_le=timezone.now() - timedelta(days=7, minutes=1))
    with pytest.raises(AnnulationTardive):
        annuler_desactivation(acteur=scene.cellule, desactivation=desactivation, motif="Trop tard.")
    purger()
    desactivation.refresh_from_db()
    assert desactivation.secrets == ""
    assert desactivation.motif == MOTIF


def test_ce_que_la_desactivation_refuse() -> None:
    scene = Compromis()
    with pytest.raises(CelluleRequise):
        scene.desactiver(acteur=scene.guichet)
    with pytest.raises(MotifDeDesactivationRequis):
        scene.desactiver(motif="  ")
    with pytest.raises(PremierActeInvalide):
        scene.desactiver(depuis=timezone.now() + timedelta(hours=1))
    with pytest.raises(PremierActeInvalide):
        scene.desactiver(depuis=timezone.now() - timedelta(days=366))
    montre = apercu_de(effets_de(scene.espace, scene.depuis))
    Habilitation.objects.filter(pk=scene.nouvelle.pk).update(
        etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now()
    )
    with pytest.raises(EffetsChanges):
        scene.desactiver(montre=montre)
    scene.desactiver()
    with pytest.raises(EspaceNonDesactivable):
        scene.desactiver()


# --- Automatically ----------------------------------------------------------------------------------------------------


def alerte(espace: Espace, motif: str, **champs: object) -> Alerte:
    return Alerte.objects.create(compte=espace.compte, motif=motif, **champs)


def test_deux_signaux_independants_desactivent_un_seul_non() -> None:
    scene = Compromis()
    premier, double = alerte(scene.espace, "voyage_impossible"), alerte(scene.espace, "voyage_impossible")
    d_un_autre = alerte(scene.ines, "rafale")
    ecartee = alerte(scene.espace, "rafale", etat=Alerte.Etat.ECARTEE)
    for signaux in ([], [premier], [premier, double], [premier, d_un_autre], [premier, ecartee]):
        with pytest.raises(SignauxInsuffisants):
            desactiver_automatiquement(espace=scene.espace, alertes=signaux)
    for genre in (
        "pays_nouveau",  # the same family
        "demande_non_reconnue",  # what a stranger can cause from outside
        "pulverisation",
        "reussite_apres_pulverisation",
        "echecs_puis_reussite",  # what an honest holder does in an ordinary week
    ):
        with pytest.raises(SignauxInsuffisants):
            desactiver_automatiquement(espace=scene.espace, alertes=[premier, alerte(scene.espace, genre)])
    scores = [alerte(scene.espace, nom, score=0.99) for nom in ("score_connexion", "score_session")]
    with pytest.raises(SignauxInsuffisants):
        desactiver_automatiquement(espace=scene.espace, alertes=scores)

    desactivation = desactiver_automatiquement(espace=scene.espace, alertes=[premier, scores[0]])
    assert desactivation is not None
    assert desactivation.voie == Desactivation.Voie.AUTOMATIQUE
    premier.refresh_from_db()
    assert premier.etat == Alerte.Etat.CONFIRMEE
    assert "automatiquement" in composer(Courriel.objects.get(genre="espace_desactive")).body, "RGPD art. 22"


def test_au_dela_du_plafond_du_jour_la_cellule_est_seulement_alertee(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PLAFOND_DESACTIVATIONS_AUTO = 1
    for attendu in (True, False):
        espace = EspaceFactory()
        signaux = [alerte(espace, "rafale"), alerte(espace, "voyage_impossible")]
        assert (desactiver_automatiquement(espace=espace, alertes=signaux) is not None) is attendu
        espace.refresh_from_db()
        assert (espace.etat == Espace.Etat.DESACTIVE) is attendu
    assert Alerte.objects.filter(compte=espace.compte, motif="plafond_desactivations").exists()
    desactiver_automatiquement(espace=espace, alertes=signaux)
    assert Alerte.objects.filter(motif="plafond_desactivations").count() == 1
    Desactivation.objects.update(desactive_le=timezone.now() - timedelta(hours=25))
    assert desactiver_automatiquement(espace=espace, alertes=signaux) is not None, "the next day"


# --- The command, the pages -------------------------------------------------------------------------------------------


def test_la_commande_desactive_puis_annule() -> None:
    scene = Compromis()
    numero, sortie = scene.espace.numero_abonne, StringIO()
    jour = f"{timezone.localdate(scene.depuis):%Y-%m-%d}"
    call_command("desactiver_espace", numero, "--depuis", jour, "--motif", MOTIF, "--dry-run", stdout=sortie)
    assert "Victor Nouveau" in sortie.getvalue()
    assert not Desactivation.objects.exists()
    ouverte = alerte(scene.espace, "rafale")
    call_command("desactiver_espace", numero, "--depuis", jour, "--motif", MOTIF, stdout=sortie)
    assert Desactivation.objects.get().voie == Desactivation.Voie.COMMANDE
    ouverte.refresh_from_db()
    assert ouverte.etat == Alerte.Etat.CONFIRMEE, "as by the page: it does not count again once the access is back"
    with pytest.raises(CommandError, match="désactivé"):
        call_command("desactiver_espace", numero, "--depuis", jour, "--motif", MOTIF)
    call_command("desactiver_espace", numero, "--annuler", "--motif", "Erreur.", stdout=sortie)
    assert Espace.objects.get(pk=scene.espace.pk).est_actif
    with pytest.raises(CommandError, match="en cours"):
        call_command("desactiver_espace", numero, "--annuler", "--motif", "Erreur.")
    with pytest.raises(CommandError, match="premier acte"):
        call_command("desactiver_espace", numero, "--motif", MOTIF)
    with pytest.raises(CommandError, match="Aucun espace"):
        call_command("desactiver_espace", "20260010000011", "--motif", MOTIF)


def test_la_cellule_desactive_par_sa_page_et_l_annule() -> None:
    scene = Compromis()
    client = client_verifie(scene.cellule)
    dossier = reverse("admin:espace", args=[scene.espace.pk])
    page = reverse("admin:espace_desactiver", args=[scene.espace.pk])
    assert page in client.get(dossier).content.decode()
    saisie = {"depuis": f"{timezone.localdate(scene.depuis):%d/%m/%Y}", "raison": "INHABITUEL", "motif": MOTIF}
    assert client.get(page).status_code == 200
    montree = texte(client.post(page, saisie))
    assert "Victor Nouveau" in montree
    assert not Desactivation.objects.exists(), "a first press shows"
    assert client.post(page, {**saisie, **apercu_de_la_page(montree)}).status_code == 302
    assert Desactivation.objects.get().agent == scene.cellule
    assert "Espace désactivé par sécurité" in texte(client.get(dossier))
    guichet = texte(client_verifie(scene.guichet).get(dossier))
    assert "Espace désactivé par sécurité" in guichet
    assert MOTIF not in guichet, "what was seen stays with the cell"
    assert "n’ouvre rien tant que l’espace est désactivé" in guichet, "its rights are kept, none of them is active"
    assert ", active" not in guichet
    entreprise = reverse("admin:services_personnesirenisee_change", args=[scene.personne.pk])
    assert "(espace désactivé)" in texte(client_verifie(scene.guichet).get(entreprise))

    annuler = reverse("admin:espace_annuler-desactivation", args=[scene.espace.pk])
    assert annuler in client.get(dossier).content.decode()
    assert client.get(annuler).status_code == 200
    assert client.post(annuler, {"motif": "Elle était en voyage."}).status_code == 302
    assert Espace.objects.get(pk=scene.espace.pk).est_actif


def test_un_agent_de_guichet_ne_desactive_pas() -> None:
    scene = Compromis()
    client = client_verifie(scene.guichet)
    page = reverse("admin:espace_desactiver", args=[scene.espace.pk])
    assert client.get(page).status_code == 403
    assert page not in client.get(reverse("admin:espace", args=[scene.espace.pk])).content.decode()


def test_l_adresse_donnee_au_guichet_n_est_pas_remplacee_par_la_boite_perdue() -> None:
    """A change merely asked for has a link that warns the former mailbox: it says nothing of an address before."""
    scene = Compromis()
    perdue = scene.espace.compte.email
    demander_changement(acteur=relu(scene), nouvelle="voleur@ailleurs.fr")
    scene.desactiver()
    contresigner(
        acteur=scene.second,
        contreseing=demander_retablissement(
            acteur=scene.guichet,
            espace=relu(scene),
            piece="CARTE",
            piece_derniers="3K7P",
            legitimite="KBIS",
            motif="Reconnue au guichet.",
            nouvelle_adresse="karine@neuve.fr",
        ),
    )
    lien = Lien.objects.filter(espace=scene.espace, objet=Lien.Objet.CHANGEMENT_ADRESSE).latest("cree_le")
    confirmer_changement(acteur=Visiteur(jeton=jeton(lien)))
    scene.espace = relu(scene)
    scene.desactiver(depuis=scene.depuis - timedelta(days=1))  # the cell takes it early rather than late
    assert relu(scene).compte.email == "karine@neuve.fr", perdue


def test_un_changement_d_adresse_de_plusieurs_mois_se_defait_encore() -> None:
    """The links of then are purged: the change itself is kept as long as the first suspect act may be old."""
    scene = Compromis()
    ancienne = scene.espace.compte.email
    il_y_a = timezone.now() - timedelta(days=200)
    demander_changement(acteur=relu(scene), nouvelle="voleur@ailleurs.fr", maintenant=il_y_a)
    lien = Lien.objects.get(espace=scene.espace, objet=Lien.Objet.CHANGEMENT_ADRESSE)
    confirmer_changement(acteur=Visiteur(jeton=jeton(lien)), maintenant=il_y_a + timedelta(minutes=1))
    purger()
    assert not Lien.objects.filter(espace=scene.espace, objet=Lien.Objet.ANNULATION_ADRESSE).exists()
    scene.espace = relu(scene)
    scene.desactiver(depuis=il_y_a - timedelta(days=1))
    assert relu(scene).compte.email == ancienne
    assert AncienneAdresse.objects.filter(espace=scene.espace).count() == 2


def relu(scene: Compromis) -> Espace:
    return Espace.objects.select_related("compte").get(pk=scene.espace.pk)
