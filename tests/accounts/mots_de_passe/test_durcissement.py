"""The password policy is hardened: mails first, then, at the date, only the renewal for whom it concerns (CGU §3.2.d)."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.envois import annonces, courriels
from accounts.envois.liens import jeton
from accounts.espace import oubli
from accounts.gestion.agents import changer_mot_de_passe_agent, mot_de_passe_a_changer
from accounts.models import Compte, Courriel, Espace, Evenement, Lien, PolitiqueMotDePasse
from accounts.mots_de_passe.exigences import (
    PREAVIS,
    PolitiqueDemesuree,
    PolitiquePasPlusDure,
    PolitiqueTropTot,
    annoncer_politique,
    durcir_politique,
    politique_exigee,
)
from accounts.mots_de_passe.force import Exigence, Niveau, evaluer
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.mots_de_passe.politique import MotDePasseFaible, changer_mot_de_passe, renouvellement_du
from accounts.saisies.regles import RegleMetier
from accounts.saisies.reponses import normaliser_reponse
from tests.accounts.scenes import INSCRIPTION, connecter
from tests.factories import MOT_DE_PASSE, REPONSE, AgentFactory, EspaceFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
PUBLIEE = datetime(2027, 1, 10, 12, tzinfo=PARIS)
IMPOSEE = datetime(2027, 3, 1, tzinfo=PARIS)
SECONDE = timedelta(seconds=1)
DURE = Exigence(48, Niveau.FORT)
CONFORME = "brouillard kayak 81 moutarde violon tournevis coquelicot"
RENOUVELER = "/espace/renouvellement/"


def a_la_date(quand: datetime) -> time_machine.travel:
    return time_machine.travel(quand, tick=False)


def durcir(exigence: Exigence = DURE, le: datetime = IMPOSEE) -> None:
    durcir_politique(acteur="systeme:essai", exigence=exigence, impose_le=le, maintenant=PUBLIEE)
    while annoncer_politique(maintenant=PUBLIEE):
        pass


def choisi(quand: datetime = PUBLIEE, **champs: Any) -> Espace:
    """An espace whose password is not three years old."""
    return EspaceFactory(compte__mot_de_passe_change_le=quand - timedelta(days=30), **champs)


def en_clair(reponse: Any) -> str:
    return reponse.content.decode().replace("&#x27;", "'").replace("\xa0", " ")


def test_la_saisie_des_essais_convient_a_l_origine_et_non_a_la_politique_durcie() -> None:
    assert evaluer(MOT_DE_PASSE).acceptable
    assert not evaluer(MOT_DE_PASSE, (), DURE).acceptable
    assert evaluer(CONFORME, (), DURE).acceptable


@pytest.mark.parametrize(
    ("exigence", "quand", "regle"),
    [
        (Exigence(20, Niveau.MOYEN), IMPOSEE, PolitiquePasPlusDure),
        (Exigence(19, Niveau.FORT), IMPOSEE, PolitiquePasPlusDure),
        (Exigence(30, Niveau.FAIBLE), IMPOSEE, PolitiquePasPlusDure),
        (Exigence(65, Niveau.MOYEN), IMPOSEE, PolitiqueDemesuree),
        (DURE, PUBLIEE + PREAVIS - SECONDE, PolitiqueTropTot),
    ],
)
def test_ce_qui_ne_se_publie_pas(exigence: Exigence, quand: datetime, regle: type[RegleMetier]) -> None:
    with pytest.raises(regle):
        durcir_politique(acteur="systeme:essai", exigence=exigence, impose_le=quand, maintenant=PUBLIEE)
    assert not PolitiqueMotDePasse.objects.exists()


def test_chacun_est_prevenu_une_fois_agents_compris(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 2)
    comptes = [choisi().compte for _ in range(2)] + [AgentFactory().compte]
    EspaceFactory(etat=Espace.Etat.EN_ATTENTE_COURRIEL, compte__is_active=False)
    EspaceFactory().compte.__class__.objects.exclude(pk__in=[c.pk for c in comptes]).update(password="!")
    durcir()
    assert sorted(c.destinataire for c in Courriel.objects.all()) == sorted(c.email for c in comptes)
    assert courriels.envoyer_en_attente() == 3
    assert {m.subject for m in mail.outbox} == {"Les règles des mots de passe changent le 01/03/2027"}
    assert all("48 caractères au moins" in m.body and "« fort »" in m.body for m in mail.outbox)
    assert sum("/gestion/" in m.body for m in mail.outbox) == 1


def test_un_nouveau_mot_de_passe_suit_la_politique_des_sa_publication(espace: Espace) -> None:
    compte = espace.compte
    durcir()
    with pytest.raises(MotDePasseFaible, match="48"):
        changer_mot_de_passe(acteur=compte, nouveau="brouillard kayak 81 moutarde violon")
    changer_mot_de_passe(acteur=compte, nouveau=CONFORME)
    compte.refresh_from_db()
    assert compte.politique == 2
    agent = AgentFactory()
    changer_mot_de_passe_agent(acteur=agent, nouveau=CONFORME)
    agent.compte.refresh_from_db()
    assert agent.compte.politique == 2


def test_a_la_date_seul_le_renouvellement_est_ouvert() -> None:
    espace, jour_meme = choisi(), reverse("espace")
    durcir()
    with a_la_date(IMPOSEE - SECONDE) as horloge:
        client = connecter(espace)
        page = en_clair(client.get(jour_meme))
        assert "À partir du 01/03/2027, votre mot de passe ne suffira plus" in page
        assert "48 caractères au moins et le niveau « fort »" in page
        assert "ne suffira plus" not in en_clair(client.get(jour_meme)), "told once"
        horloge.shift(SECONDE)
        assert client.get(jour_meme)["Location"] == RENOUVELER
        assert "48 caractères au moins" in en_clair(client.get(RENOUVELER))
        assert connecter(espace).get(jour_meme)["Location"] == RENOUVELER
        faible = client.post(RENOUVELER, {"actuel": MOT_DE_PASSE, "nouveau": "brouillard kayak 81 moutarde violon"})
        assert "il en faut au moins 48" in en_clair(faible)
        assert client.post(RENOUVELER, {"actuel": MOT_DE_PASSE, "nouveau": CONFORME})["Location"] == jour_meme
        assert client.get(jour_meme).status_code == 200


def test_pas_avant_que_tous_soient_prevenus() -> None:
    espace = choisi()
    durcir_politique(acteur="systeme:essai", exigence=DURE, impose_le=IMPOSEE, maintenant=PUBLIEE)
    assert not renouvellement_du(espace.compte, IMPOSEE)
    annoncer_politique(maintenant=PUBLIEE)
    assert renouvellement_du(espace.compte, IMPOSEE)


@pytest.mark.parametrize("quand", [IMPOSEE - timedelta(days=10), IMPOSEE + timedelta(days=10)])
def test_un_mot_de_passe_conforme_est_reconnu_a_sa_saisie(quand: datetime) -> None:
    """A hash does not say it: the one that is typed does."""
    espace = choisi()
    espace.compte.set_password(CONFORME)
    espace.compte.save()
    durcir()
    with a_la_date(quand):
        client = Client()
        faux = client.post(reverse("connexion"), {"username": espace.compte.email, "password": CONFORME + "x"})
        assert faux.status_code == 200
        assert Compte.objects.get().politique == 1
        assert (
            client.post(reverse("connexion"), {"username": espace.compte.email, "password": CONFORME}).status_code
            == 302
        )
        page = client.get(reverse("espace"))
        assert page.status_code == 200
        assert "ne suffira plus" not in en_clair(page)
    assert Compte.objects.get().politique == 2
    (ligne,) = Evenement.objects.filter(acte="mot_de_passe.conforme")
    assert (ligne.auteur, ligne.details) == (espace.numero_abonne, {"version": 2})


def test_une_session_ouverte_avant_la_date_redemande_le_mot_de_passe_par_le_renouvellement() -> None:
    """Nobody is asked twice: a password that conforms is measured where it is typed, there as elsewhere."""
    espace = choisi()
    espace.compte.set_password(CONFORME)
    espace.compte.save()
    with a_la_date(IMPOSEE - SECONDE) as horloge:
        client = Client()
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": CONFORME})
        durcir()
        horloge.shift(SECONDE)
        assert client.get(reverse("espace"))["Location"] == RENOUVELER
        client.post(RENOUVELER, {"actuel": CONFORME, "nouveau": "trop court"})
        assert client.get(reverse("espace")).status_code == 200, "what was typed as the present one conforms"


def test_un_agent_aussi() -> None:
    agent = AgentFactory(compte__mot_de_passe_change_le=PUBLIEE - timedelta(days=30))
    durcir()
    assert not mot_de_passe_a_changer(agent.compte, IMPOSEE - SECONDE)
    assert mot_de_passe_a_changer(agent.compte, IMPOSEE)


def test_le_mot_de_passe_oublie_reste_ouvert() -> None:
    """Who is behind the renewal page and has forgotten the password is not shut out."""
    espace = choisi(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    durcir()
    with a_la_date(IMPOSEE):
        client = connecter(espace)
        assert client.get(reverse("espace"))["Location"] == RENOUVELER
        client.post(reverse("deconnexion"))
        client.post(reverse("mot_de_passe_oublie"), {"adresse": espace.compte.email})
        oubli.traiter_en_attente()
        lien = jeton(Lien.objects.get(espace=espace))
        suite = client.post(reverse("reinitialiser_mot_de_passe", args=[lien]), {"reponse": REPONSE})
        assert suite.status_code == 302
        assert "48 caractères au moins" in en_clair(client.get(suite["Location"]))
        assert client.post(suite["Location"], {"nouveau": CONFORME}).status_code == 302
    espace.compte.refresh_from_db()
    assert espace.compte.check_password(CONFORME)
    assert espace.compte.politique == 2
    assert not renouvellement_du(espace.compte, IMPOSEE)


def test_une_inscription_garde_la_version_qui_l_a_acceptee() -> None:
    with a_la_date(PUBLIEE):
        assert Client().post(reverse("inscription_expert"), INSCRIPTION).status_code == 302
        assert Compte.objects.get().politique == 1
        durcir()
        refus = Client().post(reverse("inscription_expert"), {**INSCRIPTION, "email": "autre@exemple.fr"})
        assert "il en faut au moins 48" in en_clair(refus)
        page = en_clair(Client().get(reverse("inscription_expert")))
        assert "48 caractères au moins" in page
        assert 'data-longueur="48" data-niveau="2"' in page
        autre = {**INSCRIPTION, "email": "autre@exemple.fr", "mot_de_passe": CONFORME}
        assert Client().post(reverse("inscription_expert"), autre).status_code == 302
        assert Compte.objects.get(email="autre@exemple.fr").politique == 2


def test_deux_durcissements_de_suite() -> None:
    espace = choisi()
    durcir()
    with pytest.raises(PolitiqueTropTot):
        durcir(Exigence(48, Niveau.TRES_FORT), IMPOSEE)
    durcir(Exigence(48, Niveau.TRES_FORT), IMPOSEE + timedelta(days=30))
    assert politique_exigee().version == 3
    changer_mot_de_passe(acteur=espace.compte, nouveau=CONFORME, maintenant=PUBLIEE + SECONDE)
    espace.compte.refresh_from_db()
    assert espace.compte.politique == 3
    assert not renouvellement_du(espace.compte, IMPOSEE + timedelta(days=30))


def test_la_commande(client_de: Callable[[Espace], Client]) -> None:
    def lancer(*options: str) -> str:
        sortie = io.StringIO()
        with a_la_date(PUBLIEE):
            call_command("durcir_mots_de_passe", "--en-vigueur", "2027-03-01", *options, stdout=sortie)
        return sortie.getvalue()

    for _ in range(2):
        choisi()
    AgentFactory()
    essai = lancer("--longueur", "48", "--niveau", "fort", "--dry-run")
    assert "version 1 (20 caractères, niveau moyen) : 2 usager(s), 1 agent(s)" in essai
    assert "Rien n'a été écrit." in essai
    assert not PolitiqueMotDePasse.objects.exists()
    assert "Publiée" in lancer("--niveau", "fort")
    politique = PolitiqueMotDePasse.objects.get()
    assert (politique.version, politique.longueur, politique.niveau, politique.annoncee_le) == (2, 20, 2, None)
    (ligne,) = Evenement.objects.filter(acte="mot_de_passe.politique_durcie")
    assert ligne.details == {"version": 2, "longueur": 20, "niveau": "fort", "en_vigueur_le": "01/03/2027"}
    with pytest.raises(CommandError, match="déjà exigés"):
        lancer("--niveau", "fort")
