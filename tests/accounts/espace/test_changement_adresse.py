"""Changing the login address (R2, CGU §3.1.c), and the mail that comes back."""

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.donnees.retention import purger
from accounts.envois import courriels
from accounts.envois.liens import LienDejaUtilise, LienExpire, LienRemplace, creer_lien, jeton
from accounts.espace import changement_adresse as actes
from accounts.facteurs.second_facteur import renouveler_codes_secours, tirer_codes_secours
from accounts.models import (
    Application,
    CodeSecours,
    Compte,
    Courriel,
    Espace,
    Evenement,
    Lien,
    NavigateurConnu,
    Session,
)
from accounts.mots_de_passe.confiance import REGRET, changer_reponse, remettre_reponse
from accounts.mots_de_passe.politique import changer_mot_de_passe
from accounts.traces.acteurs import Visiteur
from tests.factories import MOT_DE_PASSE, EspaceFactory
from tests.scenes import en_parallele

NOUVELLE = "jeanne.martin@nouveau-cabinet.fr"
CHANGEMENT, ANNULATION = Lien.Objet.CHANGEMENT_ADRESSE, Lien.Objet.ANNULATION_ADRESSE
PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
SECONDE = timedelta(seconds=1)


def demander(espace: Espace, adresse: str = NOUVELLE, maintenant: datetime | None = None) -> tuple[Lien, Lien]:
    """Ask for the change; return the link of the new address and that of the old one."""
    actes.demander_changement(acteur=espace, nouvelle=adresse, maintenant=maintenant)
    return vivant(espace, CHANGEMENT), vivant(espace, ANNULATION)


def vivant(espace: Espace, objet: str) -> Lien:
    return Lien.objects.get(espace=espace, objet=objet, consomme_le=None, revoque_le=None)


def adresse_de(espace: Espace) -> str:
    return Compte.objects.get(espace=espace).email


@pytest.mark.django_db
def test_parcours_entier(espace: Espace, client_de) -> None:
    ancienne = espace.compte.email
    client = client_de(espace)
    page = reverse("changer_adresse")
    assert client.get(page).status_code == 200
    refus = client.post(page, {"adresse": NOUVELLE, "actuel": "pas le bon mot de passe"})
    assert refus.status_code == 200
    assert f'value="{NOUVELLE}"' in refus.content.decode(), "what was typed is kept"
    assert "pas le bon" not in refus.content.decode()
    assert not Lien.objects.exists()
    assert client.post(page, {"adresse": NOUVELLE.upper(), "actuel": MOT_DE_PASSE})["Location"] == reverse(
        "identifiants"
    )
    assert adresse_de(espace) == ancienne
    assert NOUVELLE in client.get(reverse("identifiants")).content.decode()

    assert courriels.envoyer_en_attente() == 2
    a_la_nouvelle, a_l_ancienne = (next(m for m in mail.outbox if m.to == [a]) for a in (NOUVELLE, ancienne))
    assert jeton(vivant(espace, CHANGEMENT)) in a_la_nouvelle.body
    assert jeton(vivant(espace, CHANGEMENT)) not in a_l_ancienne.body
    assert NOUVELLE not in a_l_ancienne.body + a_l_ancienne.subject

    lien = reverse("confirmer_changement_adresse", args=[jeton(vivant(espace, CHANGEMENT))])
    autre_appareil = Client()
    for _ in range(3):
        assert autre_appareil.get(lien).status_code == 200
    assert adresse_de(espace) == ancienne, "GET consumes nothing"
    assert autre_appareil.post(lien)["Location"] == reverse("connexion")
    assert adresse_de(espace) == NOUVELLE
    assert autre_appareil.get(lien).status_code == 410
    assert client.get(reverse("espace")).status_code == 200, "the session goes on"
    assert {c.genre for c in Courriel.objects.filter(destinataire=ancienne)} == {
        "changement_adresse_demande",
        "adresse_changee_ancienne",
    }
    details = " ".join(str(e.details) for e in Evenement.objects.all())
    assert NOUVELLE not in details
    assert ancienne not in details


@pytest.mark.django_db
def test_annuler_apres_coup(espace: Espace, client_de) -> None:
    ancienne = espace.compte.email
    voleur = client_de(espace)
    change, _ = demander(espace)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    retour = reverse("annuler_changement_adresse", args=[jeton(vivant(espace, ANNULATION))])
    titulaire = Client()
    assert titulaire.get(retour).status_code == 200
    assert adresse_de(espace) == NOUVELLE
    assert titulaire.post(retour)["Location"] == reverse("mot_de_passe_oublie")
    assert "Le changement est annulé" in titulaire.get(reverse("mot_de_passe_oublie")).content.decode()
    assert adresse_de(espace) == ancienne
    compte = Compte.objects.get(espace=espace)
    assert not compte.has_usable_password()
    assert not Session.objects.filter(compte=compte).exists()
    assert voleur.get(reverse("espace")).status_code == 302
    assert titulaire.post(retour).status_code == 410
    # The stolen password does not come back either.
    with pytest.raises(Exception, match="cinq derniers"):
        changer_mot_de_passe(acteur=compte, nouveau=MOT_DE_PASSE)


@pytest.mark.django_db
@pytest.mark.parametrize("attend", [True, False])
def test_changer_de_mot_de_passe_dit_que_le_changement_d_adresse_est_abandonne(
    espace: Espace, client_de, attend: bool
) -> None:
    if attend:
        demander(espace)
    saisie = {"actuel": MOT_DE_PASSE, "nouveau": "brouillard kayak 81 moutarde violon"}
    suite = client_de(espace).post(reverse("changer_mot_de_passe"), saisie, follow=True)
    dit = "qui attendait sa confirmation est abandonné"
    assert "Votre mot de passe est changé" in suite.content.decode()
    assert (dit in suite.content.decode()) == attend
    assert Evenement.objects.filter(acte="adresse.changement_abandonne").exists() == attend
    assert Courriel.objects.get(genre="mot_de_passe_change").contexte["adresse_abandonnee"] == attend
    assert actes.changement_en_attente(espace) is None


NOUVELLE_REPONSE = "quatorze moutons sur la banquise verte"


def reponses_du_voleur(espace: Espace, *instants: datetime) -> None:
    for rang, instant in enumerate(instants):
        changer_reponse(acteur=espace, question="VOYAGE", reponse=f"{NOUVELLE_REPONSE} {rang}", maintenant=instant)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("avant", "rendue"),
    [
        ([timedelta(hours=1)], True),  # changed just before the address
        ([-timedelta(hours=1)], True),  # just after
        ([timedelta(hours=2), timedelta(hours=1), -timedelta(hours=1)], True),  # three times: the holder's is kept
        ([REGRET], True),
        ([REGRET + SECONDE], False),
        ([], False),
    ],
)
def test_annuler_rend_la_reponse(espace: Espace, avant: list[timedelta], rendue: bool) -> None:
    """Otherwise the holder, back in the mailbox, would be asked the thief's own question (R4)."""
    debut = timezone.now() - timedelta(hours=2)
    choisie_le = debut - timedelta(days=200)
    Espace.objects.filter(pk=espace.pk).update(reponse_changee_le=choisie_le)
    sienne = Espace.objects.get(pk=espace.pk)
    reponses_du_voleur(espace, *(debut - delai for delai in avant if delai > timedelta(0)))
    change, _ = demander(espace, maintenant=debut)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)), maintenant=debut)
    reponses_du_voleur(espace, *(debut - delai for delai in avant if delai < timedelta(0)))
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(vivant(espace, ANNULATION))))
    relue = Espace.objects.get(pk=espace.pk)
    intacte = (relue.question_confiance, relue.reponse_confiance) == (
        sienne.question_confiance,
        sienne.reponse_confiance,
    )
    assert intacte is (rendue or not avant)
    if rendue:
        assert relue.reponse_changee_le == choisie_le
        assert not relue.reponse_precedente
    courriels.envoyer_en_attente()
    annulation = next(m for m in mail.outbox if m.subject == "Le changement d’adresse est annulé")
    assert (f"choisies le {timezone.localtime(choisie_le):%d/%m/%Y}" in annulation.body) is rendue
    assert "clés d’accès" not in annulation.body


@pytest.mark.django_db
@pytest.mark.parametrize("choisit", [False, True])
def test_une_reponse_remise_par_un_agent_reste(espace: Espace, choisit: bool) -> None:
    """Handed out after a change, it stays; once the holder has chosen another, it is not what comes back."""
    reponses_du_voleur(espace, timezone.now())
    remettre_reponse(acteur="operateur:essai", espace=espace)
    if choisit:
        reponses_du_voleur(espace, timezone.now())
    gardee = Espace.objects.get(pk=espace.pk).reponse_confiance
    _, retour = demander(espace)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    assert Espace.objects.get(pk=espace.pk).reponse_confiance == gardee


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "reste"), [(timedelta(hours=1), False), (REGRET + timedelta(hours=1), True)])
def test_annuler_retire_les_facteurs_ajoutes(espace: Espace, age: timedelta, reste: bool) -> None:
    debut = timezone.now()
    compte = espace.compte
    application = Application.objects.create(user=compte, name="application", confirmed=True)
    Application.objects.filter(pk=application.pk).update(created_at=debut - age)
    tirer_codes_secours(compte)
    NavigateurConnu.objects.create(compte=compte, empreinte="e" * 64)
    _, retour = demander(espace, maintenant=debut)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    assert Application.objects.filter(user=compte).exists() is reste
    assert CodeSecours.objects.filter(compte=compte).exists() is reste
    assert not NavigateurConnu.objects.exists()
    assert Evenement.objects.get(acte="adresse.changement_annule").details == {
        "reponse_rendue": False,
        "facteurs_retires": not reste,
    }
    courriels.envoyer_en_attente()
    assert any("clés d’accès ajoutées récemment sont retirées" in m.body for m in mail.outbox) is not reste


@pytest.mark.django_db
def test_des_codes_renouveles_par_un_autre_ne_servent_plus(espace: Espace) -> None:
    application = Application.objects.create(user=espace.compte, name="application", confirmed=True)
    Application.objects.filter(pk=application.pk).update(created_at=timezone.now() - timedelta(days=90))
    renouveler_codes_secours(acteur=espace.compte, preuve=application)
    _, retour = demander(espace)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    assert Application.objects.exists()
    assert not CodeSecours.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "reste"), [(2 * REGRET - SECONDE * 60, True), (2 * REGRET + SECONDE, False)])
def test_la_reponse_precedente_s_efface(espace: Espace, age: timedelta, reste: bool) -> None:
    maintenant = timezone.now()
    reponses_du_voleur(espace, maintenant - age)
    purger(maintenant=maintenant)
    espace.refresh_from_db()
    assert bool(espace.reponse_precedente) is reste
    assert (espace.reponse_precedente_le is not None) is reste
    assert espace.reponse_confiance


@pytest.mark.django_db
def test_annuler_avant_l_effet(espace: Espace) -> None:
    change, retour = demander(espace)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)))
    with pytest.raises(LienRemplace):
        actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    assert not Compte.objects.get(espace=espace).has_usable_password()


@pytest.mark.django_db
def test_le_voleur_ne_fait_pas_tomber_l_annulation(espace: Espace) -> None:
    """A second change would replace the link that the first address holds: it waits until that link is over."""
    ancienne = espace.compte.email
    debut = datetime(2028, 2, 27, 12, tzinfo=PARIS)  # 72 hours over 29 February
    change, _ = demander(espace, maintenant=debut)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)), maintenant=debut)
    retour = vivant(espace, ANNULATION)
    fin = debut + timedelta(hours=72)
    with pytest.raises(actes.ChangementRecent):
        demander(espace, "encore@nouveau-cabinet.fr", fin)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)), maintenant=fin)
    assert adresse_de(espace) == ancienne


@pytest.mark.django_db
def test_un_autre_changement_apres_soixante_douze_heures(espace: Espace) -> None:
    debut = datetime(2027, 10, 30, 12, tzinfo=PARIS)  # over the night of 25 hours
    change, _ = demander(espace, maintenant=debut)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)), maintenant=debut)
    retour = vivant(espace, ANNULATION)
    fin = debut.astimezone(UTC) + timedelta(hours=72)
    with pytest.raises(LienExpire):
        actes.annuler_changement(acteur=Visiteur(jeton=jeton(retour)), maintenant=fin + SECONDE)
    demander(espace, "encore@nouveau-cabinet.fr", fin + SECONDE)


@pytest.mark.django_db
@pytest.mark.parametrize("debut", [datetime(2027, 3, 27, 12, tzinfo=PARIS), datetime(2028, 2, 28, 18, tzinfo=PARIS)])
def test_vingt_quatre_heures_pour_confirmer(espace: Espace, debut: datetime) -> None:
    change, _ = demander(espace, maintenant=debut)
    fin = debut.astimezone(UTC) + timedelta(hours=24)
    assert actes.changement_en_attente(espace, fin) == change
    assert actes.changement_en_attente(espace, fin + SECONDE) is None
    with pytest.raises(LienExpire):
        actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)), maintenant=fin + SECONDE)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)), maintenant=fin)
    assert adresse_de(espace) == NOUVELLE


@pytest.mark.django_db
def test_adresse_d_un_autre_espace(espace: Espace, client_de) -> None:
    """The asker sees the same page; the other holder gets a word, and no link leaves."""
    autre = EspaceFactory()
    client = client_de(espace)
    donnees = {"adresse": autre.compte.email.upper(), "actuel": MOT_DE_PASSE}
    assert client.post(reverse("changer_adresse"), donnees)["Location"] == reverse("identifiants")
    assert autre.compte.email in client.get(reverse("identifiants")).content.decode()
    assert Courriel.objects.get(destinataire=autre.compte.email).genre == "changement_adresse_impossible"
    change = vivant(espace, CHANGEMENT)
    assert not Courriel.objects.filter(lien=change).exists()
    with pytest.raises(actes.AdresseDejaPrise):
        actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    assert adresse_de(autre) == autre.compte.email


@pytest.mark.django_db
def test_une_inscription_non_confirmee_ne_retient_pas_l_adresse(espace: Espace) -> None:
    EspaceFactory(compte__email=NOUVELLE, compte__is_active=False, etat=Espace.Etat.EN_ATTENTE_COURRIEL, active_le=None)
    change, _ = demander(espace)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    assert adresse_de(espace) == NOUVELLE
    assert Espace.objects.count() == 1


@pytest.mark.django_db
def test_le_voleur_ne_bloque_pas_l_ancienne_adresse(espace: Espace) -> None:
    """He starts an inscription under the address that he took away: the holder's undo erases it."""
    ancienne = espace.compte.email
    change, _ = demander(espace)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    EspaceFactory(compte__email=ancienne, compte__is_active=False, etat=Espace.Etat.EN_ATTENTE_COURRIEL, active_le=None)
    actes.annuler_changement(acteur=Visiteur(jeton=jeton(vivant(espace, ANNULATION))))
    assert adresse_de(espace) == ancienne


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("adresse", "message"),
    [
        ("jeanne@yopmail.com", "jetables"),
        ("jeanne", "pas valide"),
        ("a" * 60 + "@" + "b" * 50 + ".fr", "110 caractères"),
    ],
)
def test_adresses_refusees(espace: Espace, client_de, adresse: str, message: str) -> None:
    page = client_de(espace).post(reverse("changer_adresse"), {"adresse": adresse, "actuel": MOT_DE_PASSE})
    assert page.status_code == 200
    assert message in page.content.decode()
    assert adresse in page.content.decode()
    assert not Lien.objects.exists()


@pytest.mark.django_db
def test_la_meme_adresse_est_refusee(espace: Espace) -> None:
    with pytest.raises(actes.AdresseInchangee):
        actes.demander_changement(acteur=espace, nouvelle=espace.compte.email.upper())


@pytest.mark.django_db
def test_le_lien_d_oubli_parti_a_l_ancienne_adresse_tombe(espace: Espace) -> None:
    oubli = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)
    change, _ = demander(espace)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    oubli.refresh_from_db()
    assert oubli.revoque_le is not None


@pytest.mark.django_db
def test_abandonner(espace: Espace, client_de) -> None:
    change, _ = demander(espace)
    client = client_de(espace)
    assert [client.post(reverse("abandonner_adresse")).status_code for _ in range(2)] == [302, 302]
    with pytest.raises(LienRemplace):
        actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    assert Evenement.objects.filter(acte="adresse.changement_abandonne").count() == 1


@pytest.mark.django_db
def test_courriel_rejete(espace: Espace) -> None:
    sortie = io.StringIO()
    for _ in range(2):
        call_command("signaler_rejet", adresse=espace.compte.email.upper(), motif="550 boîte inconnue", stdout=sortie)
    assert Evenement.objects.filter(acte="adresse.rejetee").count() == 1
    with pytest.raises(CommandError, match="Aucun compte"):
        call_command("signaler_rejet", adresse="inconnue@exemple.fr", stdout=sortie)
    client = Client()
    page = client.post(
        reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE}, follow=True
    ).content.decode()
    annonce = "Un courriel envoyé à votre adresse de connexion nous a été retourné"
    assert annonce in page
    accueil = client.get(reverse("espace")).content.decode()
    assert annonce not in accueil, "said once a sign-in"
    assert "Vérifier ou remplacer votre adresse de connexion" in accueil, "and it stays to be done"
    assert "Un courriel nous a été retourné" in client.get(reverse("identifiants")).content.decode()
    client.post(reverse("adresse_verifiee"))
    assert "Un courriel nous a été retourné" not in client.get(reverse("identifiants")).content.decode()


@pytest.mark.django_db
def test_une_nouvelle_adresse_efface_le_rejet(espace: Espace) -> None:
    actes.signaler_rejet(acteur="systeme:signaler_rejet", adresse=espace.compte.email)
    change, _ = demander(espace)
    actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
    assert Compte.objects.get(espace=espace).adresse_rejetee_le is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("objet", [CHANGEMENT, ANNULATION])
def test_seize_clics_a_la_fois_un_seul_gagne(objet: str) -> None:
    espace = EspaceFactory()
    change, _ = demander(espace)
    agir = actes.confirmer_changement
    if objet == ANNULATION:
        actes.confirmer_changement(acteur=Visiteur(jeton=jeton(change)))
        agir = actes.annuler_changement
    brut = jeton(vivant(espace, objet))
    resultats = en_parallele(16, lambda _: agir(acteur=Visiteur(jeton=brut)))
    assert sum(isinstance(r, Espace) for r in resultats) == 1, resultats
    assert sum(isinstance(r, LienDejaUtilise) for r in resultats) == 15, resultats


@pytest.mark.django_db(transaction=True)
def test_huit_espaces_vers_la_meme_adresse_un_seul_l_a() -> None:
    espaces = [EspaceFactory() for _ in range(8)]
    jetons = [jeton(demander(espace)[0]) for espace in espaces]
    resultats = en_parallele(8, lambda rang: actes.confirmer_changement(acteur=Visiteur(jeton=jetons[rang])))
    assert sum(isinstance(r, Espace) for r in resultats) == 1, resultats
    assert sum(isinstance(r, actes.AdresseDejaPrise) for r in resultats) == 7, resultats
    assert Compte.objects.filter(email=NOUVELLE).count() == 1
    perdant = next(e for e, r in zip(espaces, resultats, strict=True) if not isinstance(r, Espace))
    assert vivant(perdant, CHANGEMENT).expire_le > timezone.now(), "a refusal consumes nothing"


@pytest.mark.django_db(transaction=True)
def test_confirmer_et_annuler_a_la_fois() -> None:
    """Whichever comes first, the former address has the last word."""
    espace = EspaceFactory()
    ancienne = espace.compte.email
    change, retour = demander(espace)
    jetons = [jeton(change), jeton(retour)]
    actions = [actes.confirmer_changement, actes.annuler_changement]
    en_parallele(2, lambda rang: actions[rang](acteur=Visiteur(jeton=jetons[rang])))
    if adresse_de(espace) != ancienne:
        actes.annuler_changement(acteur=Visiteur(jeton=jeton(vivant(espace, ANNULATION))))
    assert adresse_de(espace) == ancienne
