"""Giving an access back at the counter: a proof, two agents, a slip, then what was changed meanwhile (R16; CGU §3.6.b)."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.envois.courriels import composer
from accounts.envois.liens import creer_lien, jeton
from accounts.espace import oubli
from accounts.espace.changement_adresse import AdresseDejaPrise, confirmer_changement
from accounts.espace.desarmement import REMISE_VALABLE
from accounts.espace.pas_moi import dire_depuis_l_espace
from accounts.gestion.contreseings import SUIVI, ContreseingParUnAutre, contresigner, refuser_contreseing, suivis_de
from accounts.models import Agent, Application, Contreseing, Courriel, Espace, Evenement, Lien
from accounts.traces.acteurs import Visiteur
from habilitations.models import Habilitation
from services.banque.comptes import ajouter_compte, renommer_titulaire, retirer_compte
from services.banque.signalement import signaler_changement
from services.models import ChangementBancaire, ReferenceBancaire
from surveillance.espaces.desactivation import effets_de
from surveillance.espaces.orientation import diriger_vers_un_service
from surveillance.espaces.retablissement import (
    ChangementsAutres,
    GuichetHorsCompetence,
    PliImpossible,
    PliParUnAutre,
    PreuveDeLegitimiteRequise,
    PreuveDIdentiteRequise,
    RienAExaminer,
    RienARetablir,
    a_examiner,
    apercu_des_changements,
    changements_de,
    imprimer_pli,
    pli_a_imprimer,
    trancher_changements,
)
from surveillance.models import Desactivation, Retablissement
from tests.espacepro.scenes import client_verifie
from tests.factories import IBAN, AgentFactory, EspaceFactory, PersonneFactory, compte_bancaire
from tests.habilitations.scenes import apercu_de, texte

from .scenes import Compromis

pytestmark = pytest.mark.django_db
NOUVEAU = "brouillard kayak 81 moutarde violon"
REPONSE = "la goélette quitte Paimpol un lundi"
AUTRE_IBAN = "FR1420041010050500013M02606"


def retablir(scene: Compromis, **choix: object) -> Retablissement:
    contresigner(acteur=scene.second, contreseing=scene.demander(**choix))
    return Retablissement.objects.latest("accorde_le")


def texte_du(pdf: bytes) -> str:
    return PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def reponse_du(pdf: bytes) -> str:
    page = texte_du(pdf)
    lue = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page)
    assert lue is not None, page
    return lue[0]


def choisir_un_mot_de_passe(espace: Espace, reponse: str) -> None:
    """What the holder does with his slip: the link of the mail, the answer, then new secrets."""
    adresse = Espace.objects.get(pk=espace.pk).compte.email
    lien = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=adresse)
    client = Client()
    page = client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien)]), {"reponse": reponse})
    assert page["Location"] == reverse("choisir_mot_de_passe"), page.content[:600]
    page = client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU, "question": "PHRASE", "reponse": REPONSE})
    assert page.status_code == 302, page.content


def test_deux_agents_un_pli_et_le_detenteur_revient() -> None:
    scene = Compromis()
    scene.desactiver()
    contreseing = scene.demander()
    assert Espace.objects.get(pk=scene.espace.pk).etat == "DESACTIVE", "nothing before the second look"
    with pytest.raises(ContreseingParUnAutre):
        contresigner(acteur=scene.guichet, contreseing=contreseing)
    contresigner(acteur=scene.second, contreseing=contreseing)

    espace = Espace.objects.get(pk=scene.espace.pk)
    assert (espace.etat, espace.compte.is_active, espace.compte.has_usable_password()) == ("ACTIF", True, False)
    retablissement = Retablissement.objects.get()
    assert (retablissement.piece, retablissement.piece_derniers) == ("CARTE", "3K7P")
    assert {retablissement.demandeur, retablissement.second} == {scene.guichet, scene.second}
    corps = composer(Courriel.objects.get(genre="acces_retabli")).body
    assert "72 heures" in corps

    pli = imprimer_pli(acteur=scene.guichet, espace=espace)
    assert a_examiner(espace) is not None, "the grant that the thief made"
    assert "changé en votre absence" in texte_du(pli)
    reponse = reponse_du(pli)
    assert reponse not in str(list(Evenement.objects.values_list("details", flat=True)))
    choisir_un_mot_de_passe(espace, reponse)
    espace.refresh_from_db()
    assert espace.reponse_expire_le is None
    assert espace.compte.has_usable_password()
    with pytest.raises(PliImpossible):
        imprimer_pli(acteur=scene.guichet, espace=espace)
    assert Evenement.objects.filter(acte="espace.retabli", espace=espace.numero_abonne).exists()


def test_le_pli_vaut_72_heures_et_chacun_annule_le_precedent() -> None:
    scene = Compromis()
    scene.desactiver()
    retablir(scene)
    premier, second = (reponse_du(imprimer_pli(acteur=scene.guichet, espace=scene.espace)) for _ in range(2))
    assert premier != second
    espace = Espace.objects.get(pk=scene.espace.pk)
    lien = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)
    with pytest.raises(oubli.ReponseInexacte):
        oubli.repondre(acteur=Visiteur(jeton=jeton(lien)), reponse=premier)
    imprimer_pli(acteur=scene.guichet, espace=scene.espace)
    with pytest.raises(PliImpossible):
        imprimer_pli(acteur=scene.guichet, espace=scene.espace)

    with time_machine.travel(timezone.now() + timedelta(hours=72, minutes=2), tick=False):
        espace = Espace.objects.get(pk=scene.espace.pk)
        lien = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)
        with pytest.raises(oubli.ReponsePerimee):
            oubli.lire(jeton=jeton(lien))
        assert pli_a_imprimer(espace) is None
        Application.objects.create(user=espace.compte, name="application", confirmed=True)
        retablissement = retablir(scene)
        assert retablissement.cas == Retablissement.Cas.PLI_PERIME
        assert Application.objects.filter(user=espace.compte).exists(), "another slip takes no second factor away"
        assert pli_a_imprimer(Espace.objects.get(pk=scene.espace.pk)) == retablissement


def test_le_premier_agent_lit_sur_son_bureau_qu_un_pli_attend() -> None:
    scene = Compromis()
    scene.desactiver()
    accueil, client = reverse("admin:index"), client_verifie(scene.guichet)
    assert "Vos demandes de second regard" not in texte(client.get(accueil))
    contreseing = scene.demander()
    assert "à contresigner" in texte(client.get(accueil))
    contresigner(acteur=scene.second, contreseing=contreseing)
    lue = client.get(accueil)
    assert f"contresigné par {scene.second}" in texte(lue)
    assert "Pli à imprimer" in texte(lue)
    assert reverse("admin:espace_pli", args=[scene.espace.pk]) in lue.content.decode()
    assert "Pli à imprimer" not in texte(client_verifie(scene.second).get(accueil)), "it is who asked that is told"
    with time_machine.travel(timezone.now() + REMISE_VALABLE + timedelta(minutes=1), tick=False):
        assert not any(suivi.reste for suivi in suivis_de(scene.guichet)), "a slip that is worth nothing waits no more"
    imprimer_pli(acteur=scene.guichet, espace=scene.espace)
    lue = client.get(accueil)
    assert "Pli à imprimer" not in texte(lue)
    assert f"contresigné par {scene.second}" in texte(lue)
    with time_machine.travel(timezone.now() + SUIVI + timedelta(minutes=1), tick=False):
        assert suivis_de(scene.guichet) == []


def test_le_premier_agent_lit_qu_on_lui_a_refuse() -> None:
    scene = Compromis()
    scene.desactiver()
    refuser_contreseing(acteur=scene.second, contreseing=scene.demander(), reponse="La pièce était périmée.")
    lue = texte(client_verifie(scene.guichet).get(reverse("admin:index")))
    assert f"refusé par {scene.second}" in lue


def test_seul_qui_a_reconnu_le_detenteur_ou_contresigne_imprime_le_pli() -> None:
    scene = Compromis()
    scene.desactiver()
    retablir(scene)
    collegue = AgentFactory(service_gestionnaire=scene.guichet.service_gestionnaire)
    with pytest.raises(PliParUnAutre):
        imprimer_pli(acteur=collegue, espace=scene.espace)
    assert Retablissement.objects.get().plis == 0
    page = reverse("admin:espace_pli", args=[scene.espace.pk])
    client = client_verifie(collegue)
    assert str(scene.guichet) in texte(client.get(page)), "he reads whom to call"
    assert "Seul l’agent qui a reconnu le détenteur" in texte(client.post(page))
    imprimer_pli(acteur=scene.second, espace=scene.espace)
    imprimer_pli(acteur=scene.guichet, espace=scene.espace)
    # Both are away: somebody else recognises the holder again, and prints.
    contresigner(acteur=scene.second, contreseing=scene.demander(acteur=collegue))
    imprimer_pli(acteur=collegue, espace=scene.espace)


def test_une_autre_adresse_est_confirmee_par_son_lien_et_l_ancienne_ne_peut_rien_defaire() -> None:
    scene = Compromis()
    ancienne = scene.espace.compte.email
    scene.desactiver()
    with pytest.raises(AdresseDejaPrise):
        scene.demander(nouvelle_adresse=scene.ines.compte.email)
    retablir(scene, nouvelle_adresse="karine.vidal@laposte.net")
    assert Espace.objects.get(pk=scene.espace.pk).compte.email == ancienne, "not before its link"
    lien = Lien.objects.get(espace=scene.espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, revoque_le=None)
    confirmer_changement(acteur=Visiteur(jeton=jeton(lien)))
    assert Espace.objects.get(pk=scene.espace.pk).compte.email == "karine.vidal@laposte.net"
    dite = Courriel.objects.get(genre="adresse_guichet_ancienne")
    assert (dite.destinataire, dite.lien) == (ancienne, None)
    assert not Lien.objects.filter(espace=scene.espace, objet=Lien.Objet.ANNULATION_ADRESSE, revoque_le=None).exists()


def test_qui_a_perdu_second_facteur_et_codes_de_secours() -> None:
    scene = Compromis()
    with pytest.raises(RienARetablir):
        scene.demander()
    Application.objects.create(user=scene.espace.compte, name="application", confirmed=True)
    retablissement = retablir(scene)
    assert retablissement.cas == Retablissement.Cas.SECOND_FACTEUR
    assert not Application.objects.filter(user=scene.espace.compte).exists()
    espace = Espace.objects.get(pk=scene.espace.pk)
    assert not espace.compte.has_usable_password()
    choisir_un_mot_de_passe(espace, reponse_du(imprimer_pli(acteur=scene.guichet, espace=espace)))


def test_qui_a_dit_ce_n_est_pas_moi_et_n_a_plus_sa_reponse_revient_par_le_guichet() -> None:
    """As its page promises; a second factor that may be somebody else's goes too."""
    scene = Compromis()
    Application.objects.create(user=scene.espace.compte, name="application", confirmed=True)
    dire_depuis_l_espace(acteur=scene.espace)
    retablissement = retablir(scene)
    assert retablissement.cas == Retablissement.Cas.MOT_DE_PASSE
    assert not Application.objects.filter(user=scene.espace.compte).exists()
    espace = Espace.objects.get(pk=scene.espace.pk)
    choisir_un_mot_de_passe(espace, reponse_du(imprimer_pli(acteur=scene.guichet, espace=espace)))


def test_le_facteur_pose_depuis_le_premier_acte_suspect_est_retire() -> None:
    scene = Compromis()
    Application.objects.create(user=scene.espace.compte, name="application", confirmed=True)
    scene.desactiver()
    retablir(scene)
    assert not Application.objects.filter(user=scene.espace.compte).exists()


def test_ce_que_le_guichet_refuse() -> None:
    scene = Compromis()
    scene.desactiver()
    for choix in ({"piece": "PHOTO"}, {"piece_derniers": "3K7"}, {"piece_derniers": "3K-7"}):
        with pytest.raises(PreuveDIdentiteRequise):
            scene.demander(**choix)
    with pytest.raises(PreuveDeLegitimiteRequise):
        scene.demander(legitimite="PAROLE")
    with pytest.raises(GuichetHorsCompetence):
        scene.demander(acteur=AgentFactory())
    with pytest.raises(GuichetHorsCompetence):
        scene.demander(acteur=scene.cellule)
    retablir(scene)
    with pytest.raises(GuichetHorsCompetence):
        imprimer_pli(acteur=AgentFactory(), espace=scene.espace)


def test_un_espace_sans_siren_va_au_service_de_son_organisation() -> None:
    scene = Compromis()
    organisation = PersonneFactory(service_gestionnaire=scene.guichet.service_gestionnaire)
    sans_rien: Espace = EspaceFactory(siren_appartenance=organisation.siren)
    scene.desactiver(espace=sans_rien)
    assert scene.guichet.service_gestionnaire.nom in composer(Courriel.objects.get(genre="espace_desactive")).body
    assert scene.demander(espace=sans_rien).service_gestionnaire == scene.guichet.service_gestionnaire


def test_dans_un_service_d_un_seul_agent_la_cellule_confirme() -> None:
    scene = Compromis()
    Agent.objects.filter(pk=scene.second.pk).update(fonction=Agent.Fonction.AUCUNE)
    scene.desactiver()
    contreseing = scene.demander()
    assert contreseing.a_la_cellule
    contresigner(acteur=scene.cellule, contreseing=contreseing)
    assert Espace.objects.get(pk=scene.espace.pk).est_actif


# --- What was changed meanwhile ---------------------------------------------------------------------------------------


def test_la_page_des_changements_defait_ce_qui_est_coche_en_une_confirmation(client_de) -> None:  # type: ignore[no-untyped-def]
    scene = Compromis()
    gardee = compte_bancaire(scene.personne, AUTRE_IBAN)
    voleur = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Victor Nouveau")
    retirer_compte(acteur=scene.espace, reference=gardee)
    scene.desactiver()
    retablir(scene)
    espace = Espace.objects.get(pk=scene.espace.pk)
    client = client_de(espace)
    page = reverse("changements_examines")
    assert page in client.get(reverse("espace")).content.decode(), "« À faire » leads there"
    montree = texte(client.get(page))
    assert montree.count('name="defaire"') == 3
    cles = [f"habilitations:{scene.nouvelle.pk}", f"banque:{voleur.pk}", f"banque:{gardee.pk}"]
    relue = texte(client.post(page, {"defaire": cles}))
    assert "Relisez" in relue
    assert Habilitation.objects.get(pk=scene.nouvelle.pk).est_vivante, "a first press shows"
    assert client.post(page, {"defaire": cles, **apercu_de(relue)}).status_code == 302

    nouvelle = Habilitation.objects.get(pk=scene.nouvelle.pk)
    assert (nouvelle.est_vivante, nouvelle.fin_motif) == (False, "RETRAIT")
    assert Habilitation.objects.get(pk=scene.ancienne.pk).est_active()
    assert ReferenceBancaire.objects.get(pk=voleur.pk).supprimee_le is not None
    assert ReferenceBancaire.objects.get(pk=gardee.pk).supprimee_le is None
    assert client.get(page)["Location"] == reverse("espace"), "nothing is left to look at"
    assert page not in client.get(reverse("espace")).content.decode()


def test_ce_qui_n_est_pas_coche_est_rendu() -> None:
    scene = Compromis()
    compte = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Karine Vidal")
    scene.desactiver()
    retablir(scene)
    espace = Espace.objects.get(pk=scene.espace.pk)
    desactivation = a_examiner(espace)
    assert desactivation is not None
    with pytest.raises(ChangementsAutres):
        trancher_changements(acteur=espace, defaire=[], montre="autre chose")
    trancher_changements(acteur=espace, defaire=[], montre=apercu_des_changements(changements_de(desactivation)))
    assert scene.etats() == ("ACTIVE", "ACTIVE")
    compte.refresh_from_db()
    assert (compte.attente, compte.utilisable_le, compte.supprimee_le) == ("", None, None)
    with pytest.raises(RienAExaminer):
        trancher_changements(acteur=espace, defaire=[])


def test_les_comptes_d_une_entreprise_ou_l_on_n_a_plus_de_droit_ne_sont_ni_montres_ni_touches() -> None:
    scene = Compromis()
    gardee = compte_bancaire(scene.personne, AUTRE_IBAN)
    voleur = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Victor Nouveau")
    retirer_compte(acteur=scene.espace, reference=gardee)
    scene.desactiver()
    retablir(scene)
    desactivation = a_examiner(scene.espace)
    assert desactivation is not None
    montre = apercu_des_changements(changements_de(desactivation))
    Habilitation.objects.filter(pk=scene.racine.pk).update(espace=EspaceFactory())  # another one is the titulaire now
    espace = Espace.objects.get(pk=scene.espace.pk)
    desactivation = a_examiner(espace)
    assert desactivation is not None
    assert [change.cle for change in changements_de(desactivation) if change.cle.startswith("banque:")] == []
    defaire = [f"banque:{voleur.pk}", f"banque:{gardee.pk}"]
    with pytest.raises(ChangementsAutres):
        trancher_changements(acteur=espace, defaire=defaire, montre=montre)
    trancher_changements(acteur=espace, defaire=defaire)
    voleur.refresh_from_db()
    gardee.refresh_from_db()
    assert (voleur.supprimee_le, voleur.attente) == (None, "DESACTIVATION"), "neither removed nor let be used"
    assert gardee.supprimee_le is not None


def test_ce_qui_est_defait_des_comptes_est_dit_comme_tout_changement_et_peut_etre_signale() -> None:
    scene = Compromis()
    gardee = compte_bancaire(scene.personne, AUTRE_IBAN)
    voleur = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Victor Nouveau")
    retirer_compte(acteur=scene.espace, reference=gardee)
    scene.desactiver()
    retablir(scene)
    deja = set(ChangementBancaire.objects.values_list("pk", flat=True))
    espace = Espace.objects.get(pk=scene.espace.pk)
    trancher_changements(acteur=espace, defaire=[f"banque:{voleur.pk}", f"banque:{gardee.pk}"])
    faits = ChangementBancaire.objects.exclude(pk__in=deja)
    assert set(faits.values_list("reference", "genre")) == {(voleur.pk, "SUPPRESSION"), (gardee.pk, "AJOUT")}
    for changement in faits:
        dits = Courriel.objects.filter(genre="compte_bancaire_change", contexte__changement=str(changement.pk))
        assert scene.ines.compte is not None
        assert {scene.ines.compte.email} <= set(dits.values_list("destinataire", flat=True))
    retirer_compte(acteur=espace, reference=ReferenceBancaire.objects.get(pk=gardee.pk))
    retraits = ChangementBancaire.objects.filter(reference=gardee, genre="SUPPRESSION").values_list("pk", flat=True)
    for cle in retraits:
        assert Courriel.objects.filter(contexte__changement=str(cle)).exists(), "removed again, told again"


def renommer(scene: Compromis, reference: ReferenceBancaire, *noms: str) -> None:
    montre = reference.titulaire
    for nom in noms:
        renommer_titulaire(acteur=scene.espace, reference=reference, titulaire=nom, montre=montre)
        montre = nom


def revenu(scene: Compromis) -> tuple[Espace, dict[str, str]]:
    """Disable the espace, have its holder come back, and return what he is shown of the accounts."""
    scene.desactiver()
    retablir(scene)
    espace = Espace.objects.get(pk=scene.espace.pk)
    desactivation = a_examiner(espace)
    assert desactivation is not None
    changements = changements_de(desactivation)
    return espace, {change.cle: change.precision for change in changements if change.cle.startswith("banque:")}


def test_le_compte_que_le_voleur_a_ajoute_puis_supprime_n_est_pas_rendu() -> None:
    scene = Compromis()
    voleur = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=AUTRE_IBAN, titulaire="VOLEUR")
    retirer_compte(acteur=scene.espace, reference=voleur)
    assert not any("VOLEUR" in ligne for effet in effets_de(scene.espace, scene.depuis) for ligne in effet.lignes)
    espace, montres = revenu(scene)
    assert f"banque:{voleur.pk}" not in montres
    trancher_changements(acteur=espace, defaire=[f"banque:{voleur.pk}", *montres])
    assert not ReferenceBancaire.objects.filter(supprimee_le=None, titulaire="VOLEUR").exists()


def test_une_desactivation_d_avant_qui_se_souvient_du_compte_du_voleur_ne_le_rend_pas() -> None:
    scene = Compromis()
    voleur = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=AUTRE_IBAN, titulaire="VOLEUR")
    retirer_compte(acteur=scene.espace, reference=voleur)
    desactivation = scene.desactiver()
    desactivation.memoire["banque"]["retirees"] = [str(voleur.pk)]  # as it was remembered before
    desactivation.save(update_fields=["memoire"])
    retablir(scene)
    assert not any(change.cle == f"banque:{voleur.pk}" for change in changements_de(desactivation)), "nor offered"
    trancher_changements(acteur=Espace.objects.get(pk=scene.espace.pk), defaire=[f"banque:{voleur.pk}"])
    assert not ReferenceBancaire.objects.filter(supprimee_le=None, titulaire="VOLEUR").exists()


def test_un_compte_supprime_puis_entre_de_nouveau_revient_a_son_detenteur() -> None:
    scene = Compromis()
    sien = compte_bancaire(scene.personne, AUTRE_IBAN)
    retirer_compte(acteur=scene.espace, reference=sien)
    rentre = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=AUTRE_IBAN, titulaire="VOLEUR")
    espace, montres = revenu(scene)
    assert {f"banque:{sien.pk}", f"banque:{rentre.pk}"} <= montres.keys()
    trancher_changements(acteur=espace, defaire=montres.keys())
    assert list(ReferenceBancaire.objects.filter(supprimee_le=None)) == [sien]


def test_un_compte_renomme_puis_supprime_revient_sous_son_nom() -> None:
    scene = Compromis()
    sien = compte_bancaire(scene.personne, AUTRE_IBAN)
    nom = sien.titulaire
    renommer(scene, sien, "VOLEUR")
    retirer_compte(acteur=scene.espace, reference=sien)
    espace, montres = revenu(scene)
    assert nom in montres[f"banque:nom-{sien.pk}"], "the page says what it was"
    trancher_changements(acteur=espace, defaire=montres.keys())
    sien.refresh_from_db()
    assert (sien.supprimee_le, sien.titulaire) == (None, nom)


def test_un_titulaire_renomme_est_montre_et_repris_ou_garde() -> None:
    scene = Compromis()
    ancien, garde = compte_bancaire(scene.personne, AUTRE_IBAN), compte_bancaire(scene.personne, IBAN)
    nom = ancien.titulaire
    renommer(scene, ancien, "Victor Intermédiaire", "Victor Nouveau")
    renommer(scene, garde, "Boulangerie Vidal")
    prevus = [ligne for effet in effets_de(scene.espace, scene.depuis) for ligne in effet.lignes]
    assert any("Victor Nouveau" in ligne and nom in ligne for ligne in prevus), "the agent reads it before confirming"
    scene.desactiver()
    retablir(scene)
    espace = Espace.objects.get(pk=scene.espace.pk)
    desactivation = a_examiner(espace)
    assert desactivation is not None
    dits = {change.cle: change.precision for change in changements_de(desactivation)}
    cle = f"banque:nom-{ancien.pk}"
    assert nom in dits[cle]
    assert "Victor Nouveau" in dits[cle]
    assert "Intermédiaire" not in dits[cle]
    deja = set(ChangementBancaire.objects.values_list("pk", flat=True))
    trancher_changements(acteur=espace, defaire=[cle])
    ancien.refresh_from_db()
    garde.refresh_from_db()
    assert (ancien.titulaire, garde.titulaire) == (nom, "Boulangerie Vidal")
    repris = ChangementBancaire.objects.exclude(pk__in=deja).get()
    assert (repris.genre, repris.titulaire_avant, repris.titulaire_apres) == ("RENOMMAGE", "Victor Nouveau", nom)
    assert Courriel.objects.filter(genre="compte_bancaire_change", contexte__changement=str(repris.pk)).exists()
    assert Evenement.objects.filter(acte="compte_bancaire.renomme", auteur=espace.numero_abonne).count() == 4


def test_un_nom_change_de_nouveau_depuis_ou_signale_n_est_pas_repris() -> None:
    scene = Compromis()
    rechange, signale = compte_bancaire(scene.personne, AUTRE_IBAN), compte_bancaire(scene.personne, IBAN)
    renommer(scene, rechange, "Victor Nouveau")
    renommer(scene, signale, "Victor Nouveau")
    scene.desactiver()
    retablir(scene)
    ReferenceBancaire.objects.filter(pk=rechange.pk).update(titulaire="Corrigé par une autre")
    changement = ChangementBancaire.objects.get(reference=signale, genre="RENOMMAGE")
    espace = Espace.objects.get(pk=scene.espace.pk)
    signaler_changement(acteur=espace, changement=changement)
    desactivation = a_examiner(espace)
    assert desactivation is not None
    dits = {change.cle: change.defaisable for change in changements_de(desactivation)}
    assert f"banque:nom-{rechange.pk}" not in dits
    assert dits[f"banque:nom-{signale.pk}"] is False, "the office decides of it"
    trancher_changements(acteur=espace, defaire=[f"banque:nom-{cle}" for cle in (rechange.pk, signale.pk)])
    rechange.refresh_from_db()
    signale.refresh_from_db()
    assert (rechange.titulaire, signale.titulaire) == ("Corrigé par une autre", "Victor Nouveau")


def test_sans_rien_de_change_rien_n_est_a_examiner() -> None:
    scene = Compromis()
    scene.desactiver(depuis=timezone.now())
    retablir(scene)
    assert a_examiner(scene.espace) is None
    assert Desactivation.objects.get().tranchee_le is not None
    assert "changé en votre absence" not in texte_du(imprimer_pli(acteur=scene.guichet, espace=scene.espace))


# --- The pages of the counter -----------------------------------------------------------------------------------------


def test_le_guichet_par_ses_pages() -> None:
    scene = Compromis()
    client, second = client_verifie(scene.guichet), client_verifie(scene.second)
    dossier = reverse("admin:espace", args=[scene.espace.pk])
    page, pli = (reverse(f"admin:espace_{nom}", args=[scene.espace.pk]) for nom in ("retablir", "pli"))
    assert page not in client.get(dossier).content.decode()
    scene.desactiver()
    assert page in client.get(dossier).content.decode()
    saisie = {"piece": "CARTE", "piece_derniers": "", "legitimite": "KBIS", "motif": "Reconnue."}
    assert "quatre derniers" in texte(client.post(page, saisie))
    assert client.post(page, {**saisie, "piece_derniers": "3K7P"}).status_code == 302
    contreseing = Contreseing.objects.get()
    decision = reverse("admin:accounts_contreseing_contresigner", args=[contreseing.pk])
    montree = texte(second.get(decision))
    assert "se terminant par 3K7P" in montree
    assert second.post(decision).status_code == 302
    assert pli in client.get(dossier).content.decode()
    assert "Plis déjà imprimés" in texte(client.get(pli))
    fichier = client.post(pli)
    assert (fichier.status_code, fichier["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in fichier["Cache-Control"]
    assert reponse_du(fichier.content)


def test_un_service_qui_ne_suit_plus_l_espace_ne_le_rouvre_pas() -> None:
    scene = Compromis()
    scene.desactiver()
    attend = scene.demander()
    scene.personne.service_gestionnaire = AgentFactory().service_gestionnaire
    scene.personne.save()
    with pytest.raises(GuichetHorsCompetence) as refus:
        contresigner(acteur=scene.second, contreseing=attend)
    assert scene.guichet.service_gestionnaire.nom in str(refus.value)
    assert scene.personne.service_gestionnaire.nom in str(refus.value), "where the holder goes now"
    assert Espace.objects.get(pk=scene.espace.pk).etat == "DESACTIVE"
    assert not Retablissement.objects.exists()
    refuser_contreseing(acteur=scene.second, contreseing=attend, reponse="L’entreprise a changé de service.")


def test_un_autre_service_choisi_par_la_cellule_entre_les_deux_regards() -> None:
    scene, ailleurs = Compromis(), AgentFactory()
    espace = EspaceFactory(siren_appartenance="")
    dire_depuis_l_espace(acteur=espace)
    cellule = {"acteur": scene.cellule, "espace": espace, "motif": "Où le détenteur peut se présenter."}
    diriger_vers_un_service(service=scene.guichet.service_gestionnaire.code, **cellule)
    attend = scene.demander(espace=espace)
    diriger_vers_un_service(service=ailleurs.service_gestionnaire.code, **cellule)
    with pytest.raises(GuichetHorsCompetence):
        contresigner(acteur=scene.second, contreseing=attend)
    assert not Retablissement.objects.exists()


def test_qui_attend_son_code_et_a_dit_ce_n_est_pas_moi_revient_par_le_guichet() -> None:
    scene = Compromis()
    espace = EspaceFactory(
        etat=Espace.Etat.EN_ATTENTE_CODE, mode=Espace.Mode.SIMPLIFIE, siren_appartenance=scene.personne.siren
    )
    dire_depuis_l_espace(acteur=espace)
    retablissement = retablir(scene, espace=espace)
    assert retablissement.cas == Retablissement.Cas.MOT_DE_PASSE
    espace = Espace.objects.get(pk=espace.pk)
    assert espace.etat == Espace.Etat.EN_ATTENTE_CODE, "its code is still to come"
    choisir_un_mot_de_passe(espace, reponse_du(imprimer_pli(acteur=scene.guichet, espace=espace)))
    assert Espace.objects.get(pk=espace.pk).compte.has_usable_password()
