"""« Ce n'est pas moi »: one button of a mail or of « Sécurité » closes everything and gives nothing (R15, CGU §3.2.f)."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.courriels import DE_SECURITE, composer
from accounts.envois.liens import LienDejaUtilise, LienRemplace, creer_lien, jeton
from accounts.espace import changement_adresse, oubli, pas_moi
from accounts.models import Compte, Courriel, Espace, Evenement, Lien, NavigateurConnu, Session
from accounts.mots_de_passe.confiance import changer_reponse
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.mots_de_passe.politique import changer_mot_de_passe
from accounts.saisies.reponses import normaliser_reponse
from accounts.traces.acteurs import Visiteur
from surveillance.models import Alerte
from surveillance.models.alerte import Gravite
from surveillance.signaux.signalement import PUIS
from tests.accounts.scenes import connecter
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory
from tests.scenes import en_parallele

NOUVEAU = "brouillard kayak 81 moutarde violon"
TROISIEME = "canape fougere 52 tambour lucarne"
NOUVELLE = "voleur@ailleurs-cabinet.fr"
PAS_MOI = Lien.Objet.CE_N_EST_PAS_MOI
COURRIELS = settings.RACINE / "templates" / "courriels"
COMPOSANT = '{% include "courriels/composants/ce_n_est_pas_moi.txt" %}'
# Mails that say « si ce n'est pas vous » and carry no such link, and why.
SANS_LE_LIEN = {
    "acces_retabli": "two agents have just recognised the holder: the office is to be telephoned",
    "adresse_deja_utilisee": "nothing was changed",
    "adresse_guichet_ancienne": "to a mailbox that has no espace any more",
    "adresse_guichet_confirmer": "to a mailbox that has no espace yet",
    "agent_reinitialise": "to an agent: another agent looks after his access",
    "ce_n_est_pas_moi": "everything is closed already",
    "changement_adresse_confirmer": "to a mailbox that has no espace yet",
    "changement_adresse_impossible": "somebody else's espace names this address: this one is not touched",
    "confirmer_adresse": "no espace is open yet",
    "confirmer_connexion": "no espace is open yet",
    "espace_supprime": "no espace is left",
    "mot_de_passe_oublie": "nothing is changed by it",
    "oubli_sans_lien": "nothing is changed by it",
    "reponse_bloquee": "the renewal that it demands needs the answer that is blocked",
}


def lien_de(espace: Espace, adresse: str | None = None) -> Lien:
    """A link « ce n'est pas moi » of a mail of security to this address, the espace's own unless said."""
    assert espace.compte is not None
    destinataire = adresse or espace.compte.email
    courriel = courriels.deposer(
        "coordonnees_modifiees",
        destinataire=destinataire,
        acte=f"essai:{Courriel.objects.count()}",
        espace=espace,
        contexte={"champs": ["téléphone"]},
    )
    return Lien.objects.get(objet=PAS_MOI, sujet=courriel.pk)


def appuyer(lien: Lien) -> pas_moi.Dit:
    return pas_moi.dire_par_un_lien(acteur=Visiteur(jeton=jeton(lien)))


def peut_entrer(espace: Espace, mot_de_passe: str = MOT_DE_PASSE) -> bool:
    client = Client(REMOTE_ADDR="203.0.113.9")
    adresse = Compte.objects.get(espace=espace).email
    client.post(reverse("connexion"), {"username": adresse, "password": mot_de_passe})
    return "_auth_user_id" in client.session


def renouveler(espace: Espace, nouveau: str, reponse: str = REPONSE) -> Client:
    """Choose a password as a forgotten one is, by the newest link and the answer."""
    client = Client(REMOTE_ADDR="203.0.113.9")
    compte = Compte.objects.get(espace=espace)
    client.post(reverse("mot_de_passe_oublie"), {"adresse": compte.email})
    oubli.traiter_en_attente()
    lien = Lien.objects.get(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, consomme_le=None, revoque_le=None)
    client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien)]), {"reponse": reponse})
    client.post(reverse("choisir_mot_de_passe"), {"nouveau": nouveau})
    return client


@pytest.fixture
def espace(db: None) -> Espace:
    return EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))


def test_chaque_courriel_de_securite_porte_le_lien() -> None:
    """Which ones: every mail that says « si ce n'est pas vous », but those named above."""
    ecrits = {gabarit.stem: gabarit.read_text(encoding="utf-8") for gabarit in COURRIELS.glob("*.txt")}
    portent = {genre for genre, texte in ecrits.items() if COMPOSANT in texte}
    assert portent == DE_SECURITE
    assert "{{ pas_moi }}" in (COURRIELS / "composants" / "ce_n_est_pas_moi.txt").read_text(encoding="utf-8")
    doutent = {
        genre
        for genre, texte in ecrits.items()
        if re.search(r"n'est pas vous|rien demandé|pas de vous|ne vous êtes pas présenté", texte)
    }
    assert doutent - DE_SECURITE == set(SANS_LE_LIEN)


@pytest.mark.parametrize("genre", sorted(DE_SECURITE))
def test_le_lien_part_avec_le_courriel(espace: Espace, genre: str) -> None:
    contexte = {
        "le": "ce jour",
        "quand": "ce jour",
        "anciens_jusqu_au": "",
        "changement": "cle_ajoutee",
        "champs": [],
        "signal": "essai",
        "question": str(uuid4()),
        "avant_le": "ce jour",
        "fermee": False,
        "lignes": [],
        "code": "0000 0000",
        "jusqu_au": "ce soir",
        "raison": "essai",
        "essais": 5,
        "pays": "FR",
        "adresse_ip": "193.51.224.1",
        "navigateur": "Firefox 145",
        "systeme": "Windows 10",
        "appareil": "",
    }
    courriel = courriels.deposer(
        genre, destinataire=espace.compte.email, acte="essai", espace=espace, contexte=contexte
    )
    lien = Lien.objects.get(objet=PAS_MOI)
    adresse = settings.SITE_URL + reverse("ce_n_est_pas_moi", args=[jeton(lien)])
    message = composer(courriel)
    assert adresse in message.body
    assert f'href="{adresse}"' in message.alternatives[0][0]
    assert (lien.expire_le - courriel.cree_le, lien.adresse) == (timedelta(days=7), espace.compte.email)
    courriels.deposer(genre, destinataire=espace.compte.email, acte="essai", espace=espace)
    assert Lien.objects.count() == 1, "deposited twice, written once"


def test_un_courriel_qui_attend_son_heure_a_ses_sept_jours(espace: Espace) -> None:
    depart = timezone.now() + timedelta(hours=5)
    courriels.deposer(
        "adresse_changee", destinataire=espace.compte.email, acte="essai", espace=espace, pas_avant=depart
    )
    assert Lien.objects.get().expire_le == depart + timedelta(days=7)


def test_un_bouton_ferme_tout_et_le_detenteur_revient(espace: Espace) -> None:
    """Mail → page → button → renewal → back in; the thief's session, pending change and password are dead."""
    voleur = connecter(espace, "198.51.100.4")
    changement_adresse.demander_changement(acteur=espace, nouvelle=NOUVELLE)
    courriels.envoyer_en_attente()
    courriel = next(m for m in mail.outbox if m.to == [espace.compte.email])
    page = re.search(r"\S+/lien/ce-n-est-pas-moi/\S+", courriel.body)[0].removeprefix(settings.SITE_URL)

    detenteur = Client()
    montree = detenteur.get(page)
    assert "seul bouton" not in montree.content.decode()
    assert montree.content.decode().count('type="submit"') == 1
    assert voleur.get(reverse("espace")).status_code == 200, "opening the page does nothing"
    assert detenteur.post(page)["Location"] == page
    faite = detenteur.get(page).content.decode()
    assert "Votre mot de passe a été bloqué" in faite

    assert voleur.get(reverse("espace"))["Location"].startswith(reverse("connexion"))
    assert not peut_entrer(espace)
    assert not Session.objects.filter(compte=espace.compte).exists()
    assert not NavigateurConnu.objects.exists()
    vivants = Lien.objects.filter(espace=espace, consomme_le=None, revoque_le=None)
    assert {lien.objet for lien in vivants} == {Lien.Objet.ANNULATION_ADRESSE}
    evenement = Evenement.objects.get(acte="espace.ce_n_est_pas_moi")
    assert evenement.auteur == espace.numero_abonne
    assert evenement.details == {"voie": "courriel", "mot_de_passe_bloque": True, "sessions": 1}
    alerte = Alerte.objects.get()
    assert (alerte.compte, alerte.motif, alerte.etat) == (espace.compte, "ce_n_est_pas_moi", "OUVERTE")
    assert alerte.gravite == Gravite.GRAVE
    mail.outbox.clear()
    courriels.envoyer_en_attente()
    assert [(m.to, "Votre mot de passe ne sert plus" in m.body) for m in mail.outbox] == [([espace.compte.email], True)]

    renouveler(espace, NOUVEAU)
    assert peut_entrer(espace, NOUVEAU)
    assert "si ce n’est pas déjà fait" in detenteur.get(page).content.decode(), "the page still says what was done"


def test_deux_appuis_n_en_font_qu_un(espace: Espace) -> None:
    lien, autre = lien_de(espace), lien_de(espace)
    page, client = reverse("ce_n_est_pas_moi", args=[jeton(lien)]), Client()
    assert client.post(page).status_code == 302
    renouveler(espace, NOUVEAU)
    seconde = client.post(page)
    assert (seconde.status_code, "C’est fait le" in seconde.content.decode()) == (200, True)
    assert peut_entrer(espace, NOUVEAU), "pressed twice, nothing more is closed"
    with pytest.raises(LienDejaUtilise):
        appuyer(lien)
    remplace = client.post(reverse("ce_n_est_pas_moi", args=[jeton(autre)]))
    assert (remplace.status_code, "tout a déjà été fermé une fois" in remplace.content.decode()) == (410, True)
    assert peut_entrer(espace, NOUVEAU), "a mail of before the press closes nothing after it"
    assert Evenement.objects.filter(acte="espace.ce_n_est_pas_moi").count() == 1


def test_un_lien_expire_dit_que_faire(espace: Espace) -> None:
    page = reverse("ce_n_est_pas_moi", args=[jeton(lien_de(espace))])
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        for reponse in (Client().get(page), Client().post(page)):
            assert reponse.status_code == 410
            assert "servait sept jours" in reponse.content.decode()
            assert reverse("mot_de_passe_oublie") in reponse.content.decode()
    assert peut_entrer(espace)


def test_le_lien_d_un_espace_desactive_ou_supprime(espace: Espace) -> None:
    lien = lien_de(espace)
    page = reverse("ce_n_est_pas_moi", args=[jeton(lien)])
    ferme = {"etat": Espace.Etat.SUPPRIME, "compte": None, "supprime_le": timezone.now()}
    for champs, dit in (({"etat": Espace.Etat.DESACTIVE}, "désactivé"), (ferme, "supprimé")):
        Espace.objects.filter(pk=espace.pk).update(**champs)
        refus = Client().post(page)
        assert (refus.status_code, "Cet espace est déjà fermé" in refus.content.decode()) == (410, True)
        assert dit in refus.content.decode()
        assert Lien.objects.get(pk=lien.pk).consomme_le is None
    lien.delete()
    assert "n’existe peut-être plus" in Client().get(page).content.decode()


def test_l_ancienne_adresse_ferme_la_porte_au_voleur_et_se_reprend(espace: Espace) -> None:
    """The thief has changed the login address. The link mailed to the former one before that works: it closes him out, and the
    mail that confirms it there holds the link that puts the address back.
    """
    ancienne = espace.compte.email
    lien = lien_de(espace)
    voleur = connecter(espace, "198.51.100.4")
    changement_adresse.demander_changement(acteur=espace, nouvelle=NOUVELLE)
    vivant = Lien.objects.get(objet=Lien.Objet.CHANGEMENT_ADRESSE)
    changement_adresse.confirmer_changement(acteur=Visiteur(jeton=jeton(vivant)))
    page = reverse("ce_n_est_pas_moi", args=[jeton(lien)])
    assert "n’est plus l’identifiant" in Client().get(page).content.decode()
    Client().post(page)
    assert "son lien en refait l’identifiant" in Client().get(page).content.decode()
    assert voleur.get(reverse("espace")).status_code == 302
    assert not peut_entrer(espace)
    assert "n’est plus celle de connexion" in Alerte.objects.get(motif="ce_n_est_pas_moi").details["annonce"]

    deposes = {c.destinataire: composer(c).body for c in Courriel.objects.filter(genre="ce_n_est_pas_moi")}
    assert set(deposes) == {ancienne, NOUVELLE}, "who holds the present address is told too"
    retour = Lien.objects.get(objet=Lien.Objet.ANNULATION_ADRESSE, consomme_le=None, revoque_le=None)
    assert jeton(retour) in deposes[ancienne]
    assert jeton(retour) not in deposes[NOUVELLE]
    Client().post(reverse("annuler_changement_adresse", args=[jeton(retour)]))
    assert Compte.objects.get(espace=espace).email == ancienne
    renouveler(espace, NOUVEAU)
    assert peut_entrer(espace, NOUVEAU)


def test_l_ancienne_adresse_apres_72_heures_mene_au_guichet(espace: Espace) -> None:
    lien = lien_de(espace)
    Compte.objects.filter(espace=espace).update(email=NOUVELLE)
    appuyer(lien)
    depose = Courriel.objects.get(genre="ce_n_est_pas_moi", destinataire=lien.adresse)
    assert "Présentez-vous à son accueil" in composer(depose).body
    assert not peut_entrer(espace)


def test_il_ferme_et_ne_rend_rien(espace: Espace) -> None:
    """Who reads the mailbox gets neither a former answer back nor a session: the answer that the holder chose last stays."""
    changer_reponse(
        acteur=espace, question="PHRASE", reponse="Tambour-Lucarne-Fougère-Canapé", mot_de_passe=MOT_DE_PASSE
    )
    courriel = Courriel.objects.get(genre="reponse_changee")
    lien = Lien.objects.get(sujet=courriel.pk)
    page = reverse("ce_n_est_pas_moi", args=[jeton(lien)])
    client = Client()
    assert "a changé ces derniers jours" in client.get(page).content.decode()
    client.post(page)
    assert "_auth_user_id" not in client.session
    assert "réponse de confiance changée" in Alerte.objects.get().details["annonce"]
    renouveler(espace, NOUVEAU, "Tambour-Lucarne-Fougère-Canapé")
    assert peut_entrer(espace, NOUVEAU)


def test_nul_n_est_enferme_dehors_par_qui_lit_ses_courriels(espace: Espace) -> None:
    """Three times in thirty days the holder renews; the fourth press leaves his password. A month later it blocks again."""
    mots = [NOUVEAU, TROISIEME, f"{NOUVEAU} un", f"{TROISIEME} deux"]
    for mot in mots[: pas_moi.PAR_MOIS]:
        assert appuyer(lien_de(espace)).mot_de_passe_bloque
        renouveler(espace, mot)
    dernier = mots[pas_moi.PAR_MOIS - 1]
    ouverte = connecter_par(espace, dernier)
    lien = lien_de(espace)
    page = reverse("ce_n_est_pas_moi", args=[jeton(lien)])
    assert "pas bloqué" in Client().get(page).content.decode()
    Client().post(page)
    assert "il n’a pas été bloqué" in Client().get(page).content.decode()
    assert ouverte.get(reverse("espace")).status_code == 302, "all the rest closes"
    assert peut_entrer(espace, dernier)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert appuyer(lien_de(espace)).mot_de_passe_bloque


def connecter_par(espace: Espace, mot_de_passe: str) -> Client:
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": mot_de_passe})
    assert client.get(reverse("espace")).status_code == 200
    return client


@pytest.mark.parametrize(
    "champs", [{"reponse_essais": oubli.ESSAIS_EN_TOUT}, {"reponse_expire_le": timezone.now() - timedelta(days=1)}]
)
def test_le_mot_de_passe_reste_a_qui_n_a_plus_de_reponse(espace: Espace, champs: dict[str, object]) -> None:
    Espace.objects.filter(pk=espace.pk).update(**champs)
    assert not appuyer(lien_de(espace)).mot_de_passe_bloque
    assert not Session.objects.filter(compte=espace.compte).exists()
    assert peut_entrer(espace)
    assert "n'a pas été bloqué" in composer(Courriel.objects.get(genre="ce_n_est_pas_moi")).body.replace("’", "'")


def test_depuis_securite_cette_session_aussi_se_ferme(espace: Espace) -> None:
    client, autre = connecter(espace), connecter(espace)
    page = reverse("securite_pas_moi")
    assert page in client.get(reverse("securite")).content.decode()
    assert "celle-ci aussi" in client.get(page).content.decode()
    suite = client.post(page)
    assert suite["Location"] == reverse("pas_moi_fait")
    assert "Choisissez un autre mot de passe" in client.get(suite["Location"]).content.decode()
    assert client.get(reverse("espace")).status_code == autre.get(reverse("espace")).status_code == 302
    assert client.post(page)["Location"].startswith(reverse("connexion")), "pressed twice: nobody is there any more"
    assert Client().get(reverse("pas_moi_fait"))["Location"] == reverse("connexion")
    assert not peut_entrer(espace)
    assert Evenement.objects.get(acte="espace.ce_n_est_pas_moi").details["voie"] == "espace"


def test_depuis_securite_un_espace_ferme_au_meme_instant_le_dit(
    espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell disables it between the reading of the session and the act: a page that says so, not an error."""
    client = connecter(espace)

    def refuser(*, acteur: Espace) -> None:
        raise pas_moi.EspacePlusOuvert(etat="désactivé par sécurité")

    monkeypatch.setattr(pas_moi, "dire_depuis_l_espace", refuser)
    refus = client.post(reverse("securite_pas_moi"))
    assert refus.status_code == 410
    assert "désactivé par sécurité" in refus.content.decode()


def test_un_espace_qui_attend_son_code_le_dit_aussi(espace: Espace) -> None:
    Espace.objects.filter(pk=espace.pk).update(etat=Espace.Etat.EN_ATTENTE_CODE)
    assert appuyer(lien_de(espace)).mot_de_passe_bloque
    assert not peut_entrer(espace)


@pytest.mark.django_db(transaction=True)
def test_seize_appuis_a_la_fois_n_en_font_qu_un() -> None:
    lien = lien_de(EspaceFactory())

    def appui(_: int) -> str:
        try:
            appuyer(lien)
        except LienDejaUtilise:
            return "déjà"
        return "fait"

    assert sorted(en_parallele(16, appui)) == ["déjà"] * 15 + ["fait"]
    assert Evenement.objects.filter(acte="espace.ce_n_est_pas_moi").count() == 1
    assert Courriel.objects.filter(genre="ce_n_est_pas_moi").count() == 1


def test_un_changement_de_mot_de_passe_n_efface_pas_le_lien_de_son_courriel(espace: Espace) -> None:
    """The thief changes the password twice: the link of each mail still closes him out."""
    changer_mot_de_passe(acteur=espace.compte, nouveau=NOUVEAU)
    premier = Lien.objects.get(objet=PAS_MOI)
    changer_mot_de_passe(acteur=espace.compte, nouveau=TROISIEME)
    creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)
    assert appuyer(premier).mot_de_passe_bloque
    assert not Lien.objects.filter(espace=espace, consomme_le=None, revoque_le=None).exists()
    assert not peut_entrer(espace, TROISIEME)


def changer_adresse(espace: Espace, nouvelle: str) -> None:
    """As a thief does who knows the password: the login address is another, confirmed from his mailbox."""
    changement_adresse.demander_changement(acteur=Espace.objects.get(pk=espace.pk), nouvelle=nouvelle)
    vivant = Lien.objects.get(espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, consomme_le=None, revoque_le=None)
    changement_adresse.confirmer_changement(acteur=Visiteur(jeton=jeton(vivant)))


@pytest.mark.parametrize("voie", ["courriel", "espace"])
def test_ce_que_dit_le_voleur_laisse_les_liens_de_l_ancienne_adresse(espace: Espace, voie: str) -> None:
    """The thief says it first, by a mail of his own or from the espace: the link in the holder's mails still closes him out."""
    sien = lien_de(espace)
    changer_adresse(espace, NOUVELLE)
    espace.refresh_from_db()
    du_voleur = lien_de(espace, NOUVELLE)
    if voie == "courriel":
        appuyer(du_voleur)
    else:
        pas_moi.dire_depuis_l_espace(acteur=espace)
    autres = Lien.objects.filter(espace=espace, objet=PAS_MOI, adresse=NOUVELLE, consomme_le=None, revoque_le=None)
    assert not autres.exists(), "of the mailbox that said it, or is the login address, none serves again"
    renouveler(espace, NOUVEAU)
    assert appuyer(sien).mot_de_passe_bloque
    assert not peut_entrer(espace, NOUVEAU)
    for autre in Lien.objects.filter(objet=PAS_MOI, adresse=sien.adresse, consomme_le=None):
        with pytest.raises(LienRemplace):
            appuyer(autre)


def test_les_liens_du_voleur_meurent_quand_l_adresse_est_rendue(espace: Espace) -> None:
    """The holder puts his address back and renews: no mail that the thief has kept throws him out again, or accuses him."""
    ancienne = espace.compte.email
    sien = lien_de(espace)
    changer_adresse(espace, NOUVELLE)
    retour = Lien.objects.get(objet=Lien.Objet.ANNULATION_ADRESSE, consomme_le=None, revoque_le=None)
    changement_adresse.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    renouveler(espace, NOUVEAU)
    with pytest.raises(LienRemplace):
        appuyer(Lien.objects.get(espace=espace, objet=PAS_MOI, adresse=NOUVELLE))
    assert peut_entrer(espace, NOUVEAU)
    assert not Alerte.objects.exists()
    assert (appuyer(sien).adresse, sien.adresse) == (ancienne, ancienne), "those of the address put back serve"


def test_l_annulation_n_eteint_pas_les_liens_d_avant_le_changement(espace: Espace) -> None:
    """A thief who changes twice, then undoes the second change, does not kill the links of the holder's mails."""
    sien = lien_de(espace)
    changer_adresse(espace, NOUVELLE)
    Lien.objects.filter(objet=Lien.Objet.ANNULATION_ADRESSE).update(revoque_le=timezone.now())
    changer_adresse(espace, "second@ailleurs-cabinet.fr")
    retour = Lien.objects.get(objet=Lien.Objet.ANNULATION_ADRESSE, adresse=NOUVELLE, consomme_le=None, revoque_le=None)
    changement_adresse.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    assert appuyer(sien).mot_de_passe_bloque


def test_l_adresse_donnee_au_guichet_eteint_les_liens_de_celle_du_voleur(espace: Espace) -> None:
    """R16: the mails that went to the thief's mailbox while the counter's address waited close nothing once it is confirmed."""
    Compte.objects.filter(espace=espace).update(email=NOUVELLE)
    Espace.objects.filter(pk=espace.pk).update(reponse_expire_le=timezone.now() + timedelta(hours=72))
    espace.refresh_from_db()
    du_voleur = lien_de(espace, NOUVELLE)
    du_guichet = creer_lien(espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, adresse="detenteur@cabinet.fr")
    changement_adresse.confirmer_changement(acteur=Visiteur(jeton=jeton(du_guichet)))
    with pytest.raises(LienRemplace):
        appuyer(du_voleur)


def test_le_voleur_n_epuise_pas_les_trois_fois_du_detenteur(espace: Espace) -> None:
    """He holds address and answer, says it thrice himself by his mails and thrice from the espace, and renews each time."""
    ancienne = espace.compte.email
    sien = lien_de(espace)
    changer_adresse(espace, NOUVELLE)
    mots = [f"{NOUVEAU} {rang}" for rang in range(7)]
    for rang in range(pas_moi.PAR_MOIS):
        assert appuyer(lien_de(espace, NOUVELLE)).mot_de_passe_bloque
        changer_mot_de_passe(acteur=Compte.objects.get(espace=espace), nouveau=mots[rang])
    assert not appuyer(lien_de(espace, NOUVELLE)).mot_de_passe_bloque, "his own three are used up"
    for rang in range(pas_moi.PAR_MOIS):
        assert pas_moi.dire_depuis_l_espace(acteur=espace).mot_de_passe_bloque
        changer_mot_de_passe(acteur=Compte.objects.get(espace=espace), nouveau=mots[pas_moi.PAR_MOIS + rang])
    assert not pas_moi.dire_depuis_l_espace(acteur=espace).mot_de_passe_bloque
    assert "ne sert plus : vous en choisirez" in lue(sien)
    assert appuyer(sien).mot_de_passe_bloque
    assert (sien.adresse, peut_entrer(espace, mots[5])) == (ancienne, False)


def test_l_ancienne_adresse_bloque_toujours(espace: Espace) -> None:
    """The holder had said it thrice, and the thief has tried ten answers: the link of the former address closes him out all the same."""
    for rang in range(pas_moi.PAR_MOIS):
        assert appuyer(lien_de(espace)).mot_de_passe_bloque
        changer_mot_de_passe(acteur=Compte.objects.get(espace=espace), nouveau=f"{NOUVEAU} {rang}")
    sien = lien_de(espace)
    changer_adresse(espace, NOUVELLE)
    Espace.objects.filter(pk=espace.pk).update(reponse_essais=oubli.ESSAIS_EN_TOUT)
    assert appuyer(sien).mot_de_passe_bloque
    assert not peut_entrer(espace, f"{NOUVEAU} 2")


def lue(lien: Lien) -> str:
    """What the page of this link says before its button."""
    return Client().get(reverse("ce_n_est_pas_moi", args=[jeton(lien)])).content.decode().replace("\u00a0", " ")


def test_chaque_ce_n_est_pas_moi_arrive_a_la_cellule(espace: Espace) -> None:
    """The thief says it first, in benign words, and again last: what the holder said between stands in the alert."""
    pas_moi.dire_depuis_l_espace(acteur=espace)
    sien = lien_de(espace)
    Compte.objects.filter(espace=espace).update(email=NOUVELLE)
    appuyer(sien)
    for _ in range(3):
        pas_moi.dire_depuis_l_espace(acteur=espace)
    alerte = Alerte.objects.get(motif="ce_n_est_pas_moi")
    assert (alerte.nombre, alerte.signaux.count()) == (5, 5)
    assert "n’est plus celle de connexion" in alerte.details["annonce"]
    assert len(alerte.details["annonce"].split(PUIS)) == 3, "what is said again is written once"


def test_une_alerte_ecartee_le_matin_est_levee_a_nouveau_l_apres_midi(espace: Espace) -> None:
    pas_moi.dire_depuis_l_espace(acteur=espace)
    Alerte.objects.update(etat=Alerte.Etat.ECARTEE)
    appuyer(lien_de(espace))
    nouvelle = Alerte.objects.get(motif="ce_n_est_pas_moi", etat=Alerte.Etat.OUVERTE)
    assert "par le lien d’un courriel" in nouvelle.details["annonce"]
    assert "depuis la page" not in nouvelle.details["annonce"]


def test_qui_le_dit_sans_fin_n_empeche_pas_de_choisir_un_mot_de_passe_ni_ne_noie_la_boite(espace: Espace) -> None:
    """Who knows the password of an espace whose answer serves no more presses six times: one mail, and the renewal under way lives."""
    Espace.objects.filter(pk=espace.pk).update(reponse_essais=oubli.ESSAIS_EN_TOUT)
    renouvellement = creer_lien(
        espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email, maintenant=timezone.now()
    )
    midi = timezone.now().replace(hour=11)
    for rang in range(6):
        dit = pas_moi.dire_depuis_l_espace(acteur=espace, maintenant=midi + timedelta(minutes=rang))
        assert not dit.mot_de_passe_bloque
    renouvellement.refresh_from_db()
    assert renouvellement.revoque_le is None
    dits = Courriel.objects.filter(genre="ce_n_est_pas_moi")
    assert dits.count() == 1
    pas_moi.dire_depuis_l_espace(acteur=espace, maintenant=midi + timedelta(days=1))
    assert dits.count() == 2, "one a day"
