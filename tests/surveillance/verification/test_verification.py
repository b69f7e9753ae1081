"""A session that must prove again whose it is: what leads there, what frees it, what ends it (R15, CGU §3.6.a)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import ResolverMatch, reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.facteurs.second_facteur import commencer_enrolement, confirmer_enrolement
from accounts.models import Application, Compte, Courriel, Espace, Evenement, Lien, NavigateurConnu, Session
from accounts.models.sessions_base import SessionStore, empreinte
from accounts.mots_de_passe.politique import changer_mot_de_passe
from accounts.portes.ouvertes import Du, est_ouverte
from surveillance.models import Alerte, Gravite, SignalVu, Verification
from surveillance.signaux import signalement
from surveillance.signaux.registre import PAYS_NOUVEAU, SESSION_PAYS, SESSION_VOLEE, nom_de, probantes
from surveillance.verification import demandes
from surveillance.verification.codes import code_de
from surveillance.verification.demandes import demander_verification, est_verifiee
from tests.accounts.scenes import changer_adresse, connecter
from tests.accounts.scenes import code_de as code_de_l_application
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory
from tests.scenes import en_parallele

RAISON = "Une session change de pays"
PAGE, ENVOI = "verifier_session", "verifier_session_code"
NOUVEAU = "brouillard kayak 81 moutarde violon"


@pytest.fixture
def application(espace: Espace) -> Application:
    """The application of the holder, whose code of now has not served."""
    assert espace.compte is not None
    appareil = commencer_enrolement(acteur=espace.compte)
    confirmer_enrolement(acteur=espace.compte, code=code_de_l_application(appareil), remplacer=False)
    Application.objects.filter(pk=appareil.pk).update(dernier_pas=-1)
    return Application.objects.get(pk=appareil.pk)


def session_de(client: Client) -> Session:
    return Session.objects.get(session_key=empreinte(client.session.session_key or ""))


def marquer(client: Client) -> Verification:
    """Mark the session of this browser."""
    verification = demander_verification(session=session_de(client), raison=RAISON)
    assert verification is not None
    return verification


def demander_code(client: Client) -> str:
    """Ask for a code on the page, and read it in the mail."""
    assert client.post(reverse(ENVOI)).status_code == 302
    mail.outbox.clear()
    courriels.envoyer_en_attente()
    trouve = re.search(r"^(\d{4}) (\d{4})$", mail.outbox[-1].body, re.MULTILINE)
    assert trouve is not None, mail.outbox[-1].body
    return trouve[1] + trouve[2]


def saisir(client: Client, code: str, suite: str = "") -> str:
    """Type a code; return where it leads, or what the page says."""
    reponse = client.post(reverse(PAGE), {"code": code, "suite": suite})
    return str(reponse.headers.get("Location") or reponse.content.decode())


def rentrer(client: Client, espace: Espace) -> None:
    """Sign in again with the same browser."""
    client.post(reverse("deconnexion"))
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert session_de(client).compte == espace.compte


def epuiser(espace: Espace, verification: Verification) -> None:
    """Use up the codes of the day, from browsers that the account does not know."""
    assert espace.compte is not None
    debut = timezone.now() - timedelta(hours=1)
    for rang in range(demandes.CODES_PAR_JOUR):
        demandes.envoyer_code(
            acteur=espace.compte,
            verification=verification.pk,
            navigateur=f"n{rang}",
            maintenant=debut + timedelta(minutes=rang),
        )


def faux(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def copie(client: Client) -> Client:
    """A browser with a copy of the session's cookie, and nothing else."""
    autre = Client()
    nom = settings.SESSION_COOKIE_NAME
    autre.cookies[nom] = client.cookies[nom].value
    return autre


def test_chaque_page_mene_a_la_verification_et_y_revient(espace: Espace) -> None:
    client = connecter(espace)
    assert est_verifiee(session_de(client)) is False
    assert client.get(reverse("securite")).status_code == 200
    verification = marquer(client)
    for nom in ("espace", "securite", "journal", "delegations", "mes_donnees", "saisir_code", "confirmer_identite"):
        assert client.get(reverse(nom))["Location"] == reverse(PAGE, query={"suite": reverse(nom)}), nom
    page = client.get(reverse(PAGE, query={"suite": reverse("journal")})).content.decode()
    assert RAISON in page
    assert 'name="suite" value="/espace/journal/"' in page
    assert not Courriel.objects.filter(genre="verification_code").exists(), "opening the page sends nothing"
    for nom in ("aide", "cgu", "securite_pas_moi"):
        assert client.get(reverse(nom)).status_code == 200, nom
    code = demander_code(client)
    assert saisir(client, f"{code[:4]} {code[4:]}", reverse("journal")) == reverse("journal")
    assert client.get(reverse("journal")).status_code == 200
    assert est_verifiee(session_de(client))
    verification.refresh_from_db()
    assert (verification.preuve, verification.attend) == ("COURRIEL", False)
    assert set(Evenement.objects.filter(acte__startswith="verification.").values_list("acte", flat=True)) == {
        "verification.demandee",
        "verification.reussie",
    }
    assert client.get(reverse(PAGE))["Location"] == reverse("espace"), "nothing is asked any more"
    assert demander_verification(session=session_de(client), raison=RAISON) is None, "not twice within ten minutes"


@pytest.mark.parametrize("du", list(Du))
def test_la_demonstration_reste_ouverte_a_qui_doit_se_verifier(rf: RequestFactory, du: Du) -> None:
    """The mail that holds the code is read there, in the same browser (walker 7: 3); no other door of a session closes it."""

    def vue(_: object) -> HttpResponse:
        return HttpResponse()

    for lieu, ouverte in (("demonstration", True), ("admin", False)):
        requete = rf.get("/demonstration/courriels/")
        requete.resolver_match = ResolverMatch(vue, (), {}, "courriels", namespaces=[lieu])
        assert est_ouverte(requete, du) == ouverte


def test_un_autre_navigateur_ne_se_sert_pas_du_code(espace: Espace) -> None:
    """A thief with a copy of the cookie has the code sent; the holder types it in his own browser: it frees neither."""
    detenteur = connecter(espace)
    voleur = copie(detenteur)
    verification = marquer(detenteur)
    code = demander_code(voleur)
    assert "depuis un autre navigateur" in saisir(detenteur, code)
    verification.refresh_from_db()
    assert (verification.attend, verification.essais) == (True, 0)
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        sien = demander_code(detenteur)
        assert "depuis un autre navigateur" in saisir(voleur, sien)
        assert saisir(detenteur, sien) == reverse("espace")
        assert detenteur.get(reverse("securite")).status_code == 200
        assert voleur.get(reverse("securite"))["Location"].startswith(reverse("connexion")), "the key has changed"


def test_deux_onglets(espace: Espace) -> None:
    client = connecter(espace)
    marquer(client)
    premier = demander_code(client)
    assert "attendez une minute" in client.post(reverse(ENVOI), follow=True).content.decode()
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        second = demander_code(client)
        assert second != premier
        assert "Essais restants : 4" in saisir(client, premier).replace("\u202f", " ").replace("\xa0", " ")
        assert saisir(client, second, reverse("journal")) == reverse("journal")
        assert saisir(client, second) == reverse("espace"), "the other tab finds it done"


def test_un_code_perime_ou_rejoue(espace: Espace) -> None:
    client = connecter(espace)
    verification = marquer(client)
    assert "Demandez d’abord un code" in saisir(client, "12345678")
    code = demander_code(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert "plus de dix minutes" in saisir(client, code)
    verification.refresh_from_db()
    assert verification.essais == 0, "what is not compared is not counted"
    assert saisir(client, code) == reverse("espace")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        marquer(client)
        assert "Demandez d’abord un code" in saisir(client, code), "a code is of one verification"


def test_cinq_codes_inexacts_ferment_la_session_sans_bloquer_le_compte(espace: Espace) -> None:
    client = connecter(espace)
    verification = marquer(client)
    code = demander_code(client)
    for reste in (4, 3, 2, 1):
        assert re.search(rf"Essais restants\s: {reste}", saisir(client, faux(code)))
    assert saisir(client, faux(code)) == reverse("connexion")
    assert "Votre espace n’est pas bloqué" in client.get(reverse("connexion")).content.decode()
    assert not Session.objects.filter(compte=espace.compte).exists()
    verification.refresh_from_db()
    assert (verification.essais, verification.manquee_le is not None) == (5, True)
    alerte = Alerte.objects.get(motif="verification_manquee")
    assert (alerte.compte, alerte.gravite) == (espace.compte, Gravite.GRAVE)
    assert (nom_de(alerte.motif), probantes([alerte])) == ("Vérification manquée", []), "no proof against who mistypes"
    assert Evenement.objects.get(acte="verification.manquee").espace == espace.numero_abonne
    mail.outbox.clear()
    courriels.envoyer_en_attente()
    assert "/lien/ce-n-est-pas-moi/" in mail.outbox[-1].body

    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        rentrer(client, espace)
        assert client.get(reverse("espace"))["Location"].startswith(reverse(PAGE)), "to sign in again is no way round"
        assert saisir(client, demander_code(client)) == reverse("espace")
        assert connecter(espace).get(reverse("espace")).status_code == 200, "answered once, it is asked no more"


def test_le_detenteur_qui_verifie_ne_blanchit_pas_le_voleur(espace: Espace) -> None:
    """What another browser left unanswered is asked of it again; of the one that has answered, not twice in the day."""
    assert espace.compte is not None
    marquer(connecter(espace, "198.51.100.4"))
    detenteur = connecter(espace)
    assert saisir(detenteur, demander_code(detenteur)) == reverse("espace")
    rentrer(detenteur, espace)
    assert detenteur.get(reverse("espace")).status_code == 200
    voleur = connecter(espace, "198.51.100.4")
    assert voleur.get(reverse("espace"))["Location"].startswith(reverse(PAGE))
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert connecter(espace).get(reverse("espace")).status_code == 200, "a day at most"


def test_un_signal_du_jour_est_demande_aussi_d_une_autre_session(espace: Espace) -> None:
    """Written once a day, it asks each session that shows it: not again the one that has answered since."""
    assert espace.compte is not None
    voleur, detenteur = connecter(espace, "198.51.100.4"), connecter(espace)
    for client in (voleur, detenteur):
        signalement.signaler(
            compte=espace.compte, genre=PAYS_NOUVEAU, details={"pays": "XX"}, session=session_de(client)
        )
        assert client.get(reverse("espace"))["Location"].startswith(reverse(PAGE))
    assert SignalVu.objects.filter(genre=PAYS_NOUVEAU).count() == 1
    assert saisir(detenteur, demander_code(detenteur)) == reverse("espace")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        signalement.signaler(
            compte=espace.compte, genre=PAYS_NOUVEAU, details={"pays": "XX"}, session=session_de(detenteur)
        )
        assert session_de(detenteur).verification is None


def test_une_vieille_session_volee_est_fermee_a_chaque_fois(espace: Espace) -> None:
    assert espace.compte is not None
    for _ in range(2):
        client = connecter(espace)
        signalement.signaler(compte=espace.compte, genre=SESSION_VOLEE, details={}, session=session_de(client))
        assert not Session.objects.filter(compte=espace.compte).exists()


def test_les_verifications_manquees_se_comptent_sur_une_alerte(espace: Espace) -> None:
    """Who has many right passwords does not drown the cell: one open alert for one account."""
    debut = timezone.now()
    for rang in range(3):
        with time_machine.travel(debut + timedelta(minutes=2 * rang), tick=False):
            voleur = connecter(espace, "198.51.100.4")
            if session_de(voleur).verification is None:
                marquer(voleur)
            code = demander_code(voleur)
            for _ in range(demandes.ESSAIS):
                saisir(voleur, faux(code))
    alerte = Alerte.objects.get(motif="verification_manquee")
    assert (alerte.nombre, alerte.derniere_le) == (3, debut + timedelta(minutes=4))
    assert alerte.cause == f"compte:{espace.compte_id}"


def test_ce_qui_etait_saisi_est_rendu(espace: Espace) -> None:
    client = connecter(espace)
    formulaire = client.get(reverse("coordonnees")).content.decode()
    estampille = re.search(r'name="estampille" value="([^"]+)"', formulaire)
    assert estampille is not None
    marquer(client)
    reponse = client.post(
        reverse("coordonnees"), {"voie": "12 rue de la Paix", "commune": "Paris", "estampille": estampille[1]}
    )
    assert reponse["Location"] == reverse(PAGE, query={"suite": reverse("saisie_gardee")})
    assert "vous le retrouverez après" in client.get(reponse["Location"]).content.decode()
    assert saisir(client, demander_code(client), reverse("saisie_gardee")) == reverse("saisie_gardee")
    assert "12 rue de la Paix" in client.get(reverse("saisie_gardee")).content.decode()
    assert Espace.objects.get(pk=espace.pk).voie == espace.voie, "nothing was done with it"


def test_l_application_verifie_aussi(espace: Espace, application: Application) -> None:
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    marquer(client)
    assert "Par votre application" in client.get(reverse(PAGE)).content.decode()
    code = code_de_l_application(application)
    mauvais = client.post(reverse(PAGE), {"application-code": "000000", "application": "1"})
    assert mauvais.status_code == 200
    bon = client.post(reverse(PAGE), {"application-code": code, "application": "1", "suite": reverse("journal")})
    assert bon["Location"] == reverse("journal"), bon.content.decode()[-3000:]
    assert Verification.objects.get().preuve == "APPLICATION"
    assert est_verifiee(session_de(client))


def test_le_second_facteur_de_la_connexion_compte(espace: Espace, application: Application) -> None:
    client = Client()
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    client.post(reverse("connexion_verification"), {"code": code_de_l_application(application)})
    assert est_verifiee(session_de(client))
    faite = demander_verification(session=session_de(client), raison=RAISON)
    assert faite is not None
    assert (faite.preuve, faite.attend) == ("CONNEXION", False)
    assert client.get(reverse("espace")).status_code == 200


def test_un_signal_qui_la_demande_l_obtient(espace: Espace) -> None:
    client = connecter(espace)
    signalement.signaler(compte=espace.compte, genre=SESSION_PAYS, details={"pays": "US"}, session=session_de(client))
    assert client.get(reverse("espace"))["Location"].startswith(reverse(PAGE))
    assert "Une session change de pays" in client.get(reverse(PAGE)).content.decode()


def test_la_marque_resiste_a_la_requete_en_cours(espace: Espace) -> None:
    """A request that began before writes its session after: neither its save nor its change of key takes the mark away."""
    client = connecter(espace)
    en_cours = SessionStore(client.session.session_key)
    assert en_cours["derniere_activite"]
    verification = marquer(client)
    en_cours["derniere_activite"] = 1
    en_cours.save()
    assert session_de(client).verification == verification.pk
    en_cours.cycle_key()
    en_cours.save()
    assert Session.objects.get(compte=espace.compte).verification == verification.pk
    en_cours.flush()
    en_cours.save()
    assert Session.objects.get(session_key=empreinte(en_cours.session_key or "")).verification is None


def test_une_session_qui_n_est_pas_marquee_ne_coute_rien(espace: Espace) -> None:
    client = connecter(espace)
    with CaptureQueriesContext(connection) as lues:
        assert client.get(reverse("espace")).status_code == 200
    assert lues.captured_queries
    assert not [lue for lue in lues.captured_queries if "surveillance_verification" in lue["sql"]]


def test_la_verification_passe_avant_le_renouvellement(espace: Espace) -> None:
    """Neither page leads to the other for ever."""
    Compte.objects.filter(espace=espace).update(renouvellement_exige=True)
    client = connecter(espace)
    marquer(client)
    assert client.get(reverse("renouveler_mot_de_passe"))["Location"].startswith(reverse(PAGE))
    assert client.get(reverse(PAGE)).status_code == 200
    assert saisir(client, demander_code(client)) == reverse("espace")
    assert client.get(reverse("espace"))["Location"] == reverse("renouveler_mot_de_passe")


def test_vingt_codes_par_jour_et_la_sortie(espace: Espace) -> None:
    """Who knows the password may use up the codes: the holder chooses another password, and is asked nothing of it."""
    voleur = connecter(espace)
    verification = marquer(voleur)
    epuiser(espace, verification)
    assert "Vingt codes" in voleur.post(reverse(ENVOI), follow=True).content.decode()
    changer_mot_de_passe(acteur=espace.compte, nouveau=NOUVEAU)
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": NOUVEAU})
    assert client.get(reverse("espace")).status_code == 200
    marquer(client)
    assert demander_code(client)


def test_vingt_codes_demandes_par_le_voleur_n_enferment_pas_le_detenteur(espace: Espace) -> None:
    """A browser that the account has known for a day has its own twenty; whoever comes with the password alone shares the others."""
    detenteur = connecter(espace)
    NavigateurConnu.objects.filter(compte=espace.compte).update(connu_depuis=timezone.now() - timedelta(days=2))
    epuiser(espace, marquer(connecter(espace, "198.51.100.4")))
    rentrer(detenteur, espace)
    assert saisir(detenteur, demander_code(detenteur)) == reverse("espace")
    autre = connecter(espace, "198.51.100.4")
    assert "Vingt codes" in autre.post(reverse(ENVOI), follow=True).content.decode(), "known since his sign-in alone"


def test_une_minute_entre_deux_codes_quelle_que_soit_la_session(espace: Espace) -> None:
    premier = connecter(espace, "198.51.100.4")
    marquer(premier)
    demander_code(premier)
    suivant = connecter(espace, "198.51.100.4")
    assert "attendez une minute" in suivant.post(reverse(ENVOI), follow=True).content.decode()


def test_un_code_remplace_ne_part_plus(espace: Espace) -> None:
    client = connecter(espace)
    verification = marquer(client)
    client.post(reverse(ENVOI))
    Verification.objects.filter(pk=verification.pk).update(envois=2)
    courriels.envoyer_en_attente()
    assert not [m for m in mail.outbox if "code de vérification" in m.subject]


def test_le_code_n_est_nulle_part(espace: Espace) -> None:
    client = connecter(espace)
    marquer(client)
    code = demander_code(client)
    lignes = [*Verification.objects.values(), *Courriel.objects.values(), *Session.objects.values()]
    assert code not in str(lignes)
    assert f"{code[:4]} {code[4:]}" not in str(lignes)


def test_securite_dit_pourquoi_et_combien_de_temps(espace: Espace) -> None:
    client = connecter(espace)
    marquer(client)
    saisir(client, demander_code(client))
    page = client.get(reverse("securite_connexions")).content.decode()
    assert RAISON in page
    assert "code reçu par courriel" in page
    assert "un an" in page
    assert reverse("securite_connexions") in client.get(reverse("securite")).content.decode()


@pytest.mark.django_db
def test_un_agent_n_y_passe_pas() -> None:
    client = client_verifie(AgentFactory())
    assert demander_verification(session=session_de(client), raison=RAISON) is None


@pytest.mark.django_db(transaction=True)
def test_seize_essais_a_la_fois_en_comptent_cinq() -> None:
    espace = EspaceFactory()
    compte = Compte.objects.get(espace=espace)
    client = connecter(espace)
    verification = marquer(client)
    demandes.envoyer_code(acteur=compte, verification=verification.pk, navigateur="secret")
    verification.refresh_from_db()
    mauvais = faux(code_de(verification))

    def essayer(_: int) -> str:
        try:
            demandes.verifier_par_courriel(
                acteur=compte,
                verification=verification.pk,
                session=SessionStore(client.session.session_key),
                code=mauvais,
                navigateur="secret",
            )
        except (
            demandes.CodeDeVerificationInexact,
            demandes.VerificationManquee,
            demandes.VerificationTerminee,
        ) as regle:
            return regle.code
        return "entré"

    resultats = sorted(en_parallele(16, essayer))
    assert resultats == (
        ["code_de_verification_inexact"] * 4 + ["verification_manquee"] + ["verification_terminee"] * 11
    )
    verification.refresh_from_db()
    assert verification.essais == 5
    assert Alerte.objects.filter(motif="verification_manquee").count() == 1
    assert not Session.objects.exists()


def test_le_code_va_a_l_adresse_d_avant_tant_qu_elle_peut_defaire_le_changement(espace: Espace) -> None:
    """A thief who has put his own address does not verify himself by it; what is told is told to both."""
    client = connecter(espace)
    ancienne = changer_adresse(espace)
    marquer(client)
    page = client.get(reverse(PAGE)).content.decode()
    assert ancienne in page
    client.post(reverse(ENVOI))
    codes = Courriel.objects.filter(genre=demandes.COURRIEL)
    assert [code.destinataire for code in codes] == [ancienne]
    signalement.signaler(compte=espace.compte, genre=PAYS_NOUVEAU, details={})
    assert {avis.destinataire for avis in Courriel.objects.filter(genre="signal_vu")} == {ancienne, espace.compte.email}
    with time_machine.travel(timezone.now() + timedelta(hours=73), tick=False):
        plus_tard = connecter(espace)
        marquer(plus_tard)
        plus_tard.post(reverse(ENVOI))
        assert codes.latest("cree_le").destinataire == espace.compte.email, "nobody can undo it any more"


@pytest.mark.parametrize(("heures", "aux_deux"), [(71, True), (73, False)])
def test_une_verification_manquee_se_dit_a_l_adresse_d_avant_tant_qu_elle_peut_defaire_le_changement(
    espace: Espace, heures: int, aux_deux: bool
) -> None:
    """The thief who has put his own address would be the only one to read that he missed; each mail has a link of its own."""
    ancienne = changer_adresse(espace)
    with time_machine.travel(timezone.now() + timedelta(hours=heures), tick=False):
        client = connecter(espace)
        marquer(client)
        code = demander_code(client)
        for _ in range(demandes.ESSAIS):
            saisir(client, faux(code))
    avis = Courriel.objects.filter(genre=demandes.MANQUEE)
    assert sorted(un.destinataire for un in avis) == sorted([espace.compte.email, *([ancienne] if aux_deux else [])])
    liens = {
        lien.adresse for lien in Lien.objects.filter(objet=Lien.Objet.CE_N_EST_PAS_MOI, sujet__in=avis.values("pk"))
    }
    assert liens == {un.destinataire for un in avis}


def test_qui_a_perdu_l_adresse_d_avant_passe_par_un_nouveau_mot_de_passe(espace: Espace) -> None:
    """The honest holder who left that mailbox: the page says so, and the password renewed by the trust answer frees him."""
    client = connecter(espace)
    changer_adresse(espace)
    marquer(client)
    assert reverse("mot_de_passe_oublie") in client.get(reverse(PAGE)).content.decode()
    changer_mot_de_passe(acteur=Compte.objects.get(espace=espace), nouveau=NOUVEAU)
    autre = Client()
    autre.post(reverse("connexion"), {"username": espace.compte.email, "password": NOUVEAU})
    assert autre.get(reverse("espace")).status_code == 200
