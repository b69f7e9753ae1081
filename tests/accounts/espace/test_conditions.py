"""The versions of the CGU: published, announced, asked to be accepted, readable for ever (CGU §1)."""

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.envois import annonces, courriels
from accounts.espace.conditions import (
    ORIGINE,
    PREAVIS,
    PreavisTropCourt,
    TexteAbsent,
    VersionDejaPubliee,
    VersionMalNommee,
    accepter_conditions,
    annoncer_conditions,
    publier_conditions,
    version_en_vigueur,
)
from accounts.models import Compte, Courriel, Espace, Evenement, VersionCGU
from accounts.portes.ouvertes import Du, ouvertes
from accounts.saisies.regles import RegleMetier
from espacepro.acces import TABLE, Acces
from tests.accounts.scenes import INSCRIPTION, connecter
from tests.espacepro.scenes import NOMS, adresse
from tests.factories import AgentFactory, EspaceFactory
from tests.scenes import RACINE

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
PUBLIEE = datetime(2027, 1, 10, 12, tzinfo=PARIS)
VIGUEUR = datetime(2027, 3, 1, tzinfo=PARIS)
SECONDE = timedelta(seconds=1)
CONDITIONS = "/espace/conditions/"


def publier(numero: str = "2027-01", le: datetime = VIGUEUR, publiee: datetime = PUBLIEE) -> VersionCGU:
    """Publish a version and tell everybody."""
    version = publier_conditions(acteur="systeme:essai", numero=numero, en_vigueur_le=le, maintenant=publiee)
    while annoncer_conditions(maintenant=publiee):
        pass
    return version


def a_la_date(quand: datetime) -> time_machine.travel:
    return time_machine.travel(quand, tick=False)


def vers(suite: str) -> str:
    return reverse("accepter_conditions", query={"suite": suite})


def en_clair(reponse: Any) -> str:
    return reponse.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("numero", "quand", "regle"),
    [
        ("2027", VIGUEUR, VersionMalNommee),
        ("2025-12", VIGUEUR, VersionMalNommee),
        ("../2027-01", VIGUEUR, VersionMalNommee),
        (ORIGINE, VIGUEUR, VersionDejaPubliee),
        ("2027-01", PUBLIEE + PREAVIS - SECONDE, PreavisTropCourt),
        ("2027-01", PUBLIEE - PREAVIS, PreavisTropCourt),
        ("2027-09", VIGUEUR, TexteAbsent),
    ],
)
def test_ce_qui_ne_se_publie_pas(textes_cgu: Path, numero: str, quand: datetime, regle: type[RegleMetier]) -> None:
    with pytest.raises(regle):
        publier_conditions(acteur="systeme:essai", numero=numero, en_vigueur_le=quand, maintenant=PUBLIEE)
    assert not VersionCGU.objects.exists()


def test_une_version_publiee_ne_change_plus(textes_cgu: Path) -> None:
    publier()
    with pytest.raises(VersionDejaPubliee):
        publier()
    with pytest.raises(PreavisTropCourt):  # not before the one that is published already
        publier("2027-02", VIGUEUR)
    publier("2027-02", VIGUEUR + timedelta(days=1))


def test_le_texte_accepte_depuis_l_origine_est_scelle() -> None:
    """What people have accepted does not change: a new text is a new version, published by the command."""
    texte = (RACINE / "templates" / "cgu" / ORIGINE / "texte.html").read_bytes()
    assert hashlib.sha256(texte).hexdigest() == "ffb1c450006d7989a45a8660f85fc18210fdfd6c604e11b966f30d73f355f71f"


def test_chacun_est_prevenu_une_fois(textes_cgu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 2)
    prevenus = [EspaceFactory() for _ in range(4)] + [EspaceFactory(etat=Espace.Etat.EN_ATTENTE_CODE)]
    EspaceFactory(etat=Espace.Etat.EN_ATTENTE_COURRIEL)
    EspaceFactory(etat=Espace.Etat.DESACTIVE)
    AgentFactory()
    publier_conditions(acteur="systeme:essai", numero="2027-01", en_vigueur_le=VIGUEUR, maintenant=PUBLIEE)
    assert version_en_vigueur(VIGUEUR).numero == ORIGINE, "not before everybody is told"
    assert [annoncer_conditions(), annoncer_conditions(), annoncer_conditions(), annoncer_conditions()] == [2, 2, 1, 0]
    assert {c.espace_id for c in Courriel.objects.all()} == {e.pk for e in prevenus}
    assert Courriel.objects.count() == len(prevenus)
    assert version_en_vigueur(VIGUEUR - SECONDE).numero == ORIGINE
    assert version_en_vigueur(VIGUEUR).numero == "2027-01"


def test_qui_arrive_pendant_l_annonce_est_prevenu_aussi(textes_cgu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the run has passed, or an inscription begun before and confirmed after: told once all the same."""
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 2)
    prevenus = [EspaceFactory(cree_le=PUBLIEE - timedelta(days=300)) for _ in range(3)]
    a_cheval = EspaceFactory(pk=UUID(int=1), cree_le=PUBLIEE - timedelta(days=1), etat=Espace.Etat.EN_ATTENTE_COURRIEL)
    publier_conditions(acteur="systeme:essai", numero="2027-01", en_vigueur_le=VIGUEUR, maintenant=PUBLIEE)
    assert annoncer_conditions(maintenant=PUBLIEE) == 2
    arrives = [EspaceFactory(pk=UUID(int=rang), cree_le=PUBLIEE) for rang in (2, 3, 4)]
    assert annoncer_conditions(maintenant=PUBLIEE) == 1
    Espace.objects.filter(pk=a_cheval.pk).update(etat=Espace.Etat.ACTIF)
    suite = PUBLIEE + timedelta(minutes=10)
    assert [annoncer_conditions(maintenant=suite) for _ in range(3)] == [2, 2, 0]
    assert {c.espace_id for c in Courriel.objects.all()} == {e.pk for e in [*prevenus, a_cheval, *arrives]}
    assert Courriel.objects.count() == 7
    EspaceFactory(pk=UUID(int=5), cree_le=VIGUEUR, cgu_version="2027-01")
    assert annoncer_conditions(maintenant=VIGUEUR) == 0, "who accepted it is told nothing"


def test_une_annonce_qui_meurt_reprend_ou_elle_en_etait(textes_cgu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 2)
    for _ in range(3):
        EspaceFactory()
    publier_conditions(acteur="systeme:essai", numero="2027-01", en_vigueur_le=VIGUEUR, maintenant=PUBLIEE)
    deposer, deposes = courriels.deposer, []

    def mourir(*args: Any, **options: Any) -> Courriel:
        deposes.append(options["destinataire"])
        if len(deposes) == 2:
            raise ConnectionError("killed")
        return deposer(*args, **options)

    monkeypatch.setattr(courriels, "deposer", mourir)
    with pytest.raises(ConnectionError):
        annoncer_conditions()
    assert Courriel.objects.count() == 0
    assert [annoncer_conditions(), annoncer_conditions()] == [2, 1]
    assert Courriel.objects.count() == 3


def test_le_courriel_se_lit(textes_cgu: Path, espace: Espace) -> None:
    publier()
    assert courriels.envoyer_en_attente() == 1
    (message,) = mail.outbox
    assert message.subject == "Les conditions générales d’utilisation changent le 01/03/2027"
    assert "/cgu/2027-01/" in message.body
    assert "si vous l’acceptez" in message.body


def test_a_la_seconde_et_pour_les_sessions_ouvertes_aussi(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    with a_la_date(VIGUEUR - SECONDE) as horloge:
        client = client_de(espace)
        assert client.get(reverse("espace")).status_code == 200
        assert client.get(CONDITIONS)["Location"] == reverse("espace")
        horloge.shift(SECONDE)
        assert client.get(reverse("demandes"))["Location"] == vers(reverse("demandes"))
        page = en_clair(client.get(f"{CONDITIONS}?suite=/espace/demandes/"))
        assert "Une réponse est donnée sous dix jours (version 2027-01)" in page
        refus = client.post(f"{CONDITIONS}?suite=/espace/demandes/", {"cgu_version": "2027-01"})
        assert "Pour continuer, acceptez cette version" in en_clair(refus)
        oui = {"cgu": "on", "cgu_version": "2027-01"}
        assert client.post(f"{CONDITIONS}?suite=/espace/demandes/", oui)["Location"] == "/espace/demandes/"
        assert client.get(reverse("demandes")).status_code == 200
        assert client.post(CONDITIONS, oui)["Location"] == reverse("espace"), "a double press"
        espace.refresh_from_db()
        assert (espace.cgu_version, espace.cgu_acceptees_le) == ("2027-01", VIGUEUR)
        (ligne,) = Evenement.objects.filter(acte="cgu.acceptees")
        assert (ligne.auteur, ligne.details) == (espace.numero_abonne, {"cgu": "2027-01"})
        pdf = PdfReader(io.BytesIO(client.get(reverse("recapitulatif")).content)).pages[0].extract_text()
        assert "version 2027-01, acceptées le 1er mars 2027" in " ".join(pdf.split())
        assert "version 2027-01 des conditions générales d’utilisation" in en_clair(
            client.get(reverse("gerer_services"))
        )


def test_une_suite_ailleurs_n_est_pas_suivie(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    with a_la_date(VIGUEUR):
        oui = {"cgu": "on", "cgu_version": "2027-01"}
        reponse = client_de(espace).post(f"{CONDITIONS}?suite=https://ailleurs.exemple/", oui)
        assert reponse["Location"] == reverse("espace")


SANS_CGU = ouvertes(Du.CONDITIONS)
D_UN_ESPACE = [n for n in NOMS if TABLE[n].qui in {Acces.ESPACE, Acces.PRESENT, Acces.CONNECTE}]


@pytest.mark.parametrize("methode", ["get", "post"])
def test_qui_refuse_garde_ses_donnees_ses_departs_et_rien_d_autre(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client], methode: str
) -> None:
    publier()
    with a_la_date(VIGUEUR):
        for nom in sorted(D_UN_ESPACE, key="securite_pas_moi".__eq__):  # the last: it ends every session
            reponse = getattr(client_de(espace), methode)(adresse(nom))
            renvoyee = reponse.status_code == 302 and reponse["Location"].startswith(CONDITIONS)
            assert renvoyee is (nom not in SANS_CGU), nom
    assert {"mes_donnees", "telecharger_donnees", "recapitulatif", "retraits_choisir", "supprimer_espace"} < SANS_CGU
    assert not SANS_CGU & {"espace", "ouvrir_service", "adherer", "delegations", "coordonnees", "journal_personne"}


def test_qui_refuse_quitte_et_supprime(textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    publier()
    with a_la_date(VIGUEUR):
        client = client_de(espace)
        for nom in ("mes_donnees", "recapitulatif", "retraits", "retraits_choisir", "supprimer_espace", "cgu"):
            assert client.get(reverse(nom)).status_code == 200, nom
        assert client.post(reverse("telecharger_donnees"), {"format": "json"}).status_code == 200
        assert client.post(reverse("deconnexion")).status_code == 302
        espace.refresh_from_db()
        assert espace.cgu_version == ORIGINE
        assert connecter(espace).get(reverse("espace"))["Location"].startswith(CONDITIONS), "asked again next time"


def test_un_envoi_en_cours_ne_perd_rien(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    with a_la_date(VIGUEUR - SECONDE) as horloge:
        client = client_de(espace)
        page = client.get(reverse("coordonnees")).content.decode()
        estampille = page.split('name="estampille" value="')[1].split('"')[0]
        champs = {c: INSCRIPTION[c] for c in ("civilite", "prenom", "nom", "telephone", "code_postal", "commune")}
        horloge.shift(SECONDE)
        saisie = {**champs, "voie": "12 rue Neuve", "estampille": estampille}
        reponse = client.post(reverse("coordonnees"), saisie)
        assert reponse["Location"] == vers(reverse("saisie_gardee"))
        assert "gardé quinze minutes" in en_clair(client.get(reponse["Location"]))
        accepte = client.post(reponse["Location"], {"cgu": "on", "cgu_version": "2027-01"})
        assert "12 rue Neuve" in en_clair(client.get(accepte["Location"]))
    espace.refresh_from_db()
    assert espace.voie != "12 rue Neuve", "nothing is sent by itself"


def test_sans_estampille_on_dit_que_rien_n_est_enregistre(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    with a_la_date(VIGUEUR):
        client = client_de(espace)
        assert client.post(reverse("coordonnees"), {"voie": "x"})["Location"] == CONDITIONS
        assert "Rien n’a été enregistré" in en_clair(client.get(CONDITIONS))


def test_la_version_montree_est_celle_qui_est_acceptee(
    textes_cgu: Path, espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    publier("2027-02", VIGUEUR + timedelta(days=1))
    with a_la_date(VIGUEUR + timedelta(days=1)):
        client = client_de(espace)
        reponse = en_clair(client.post(CONDITIONS, {"cgu": "on", "cgu_version": "2027-01"}))
        assert "ont changé depuis l’affichage" in reponse
        assert 'value="2027-02"' in reponse
        assert "checked" not in reponse.split("id_cgu")[1]
        espace.refresh_from_db()
        assert espace.cgu_version == ORIGINE
        with pytest.raises(RegleMetier, match="ont changé"):
            accepter_conditions(acteur=espace, numero="2027-01")


def test_une_inscription_a_cheval(textes_cgu: Path) -> None:
    publier()
    page = reverse("inscription_expert")
    with a_la_date(VIGUEUR):
        refus = Client().post(page, {**INSCRIPTION, "cgu_version": ORIGINE})
        assert "ont changé depuis l’affichage" in en_clair(refus)
        assert 'value="2027-01"' in en_clair(refus)
        assert not Compte.objects.exists()
        assert Client().post(page, {**INSCRIPTION, "cgu_version": "2027-01"}).status_code == 302
        assert Espace.objects.get().cgu_version == "2027-01"


def test_qui_attend_son_code_accepte_aussi_et_un_agent_jamais(
    textes_cgu: Path, client_de: Callable[[Espace], Client]
) -> None:
    attend = EspaceFactory(etat=Espace.Etat.EN_ATTENTE_CODE)
    agent = AgentFactory()
    publier()
    with a_la_date(VIGUEUR):
        client = client_de(attend)
        assert client.get(reverse("activer_espace"))["Location"].startswith(CONDITIONS)
        assert client.get(CONDITIONS).status_code == 200
        gestion = Client()
        gestion.force_login(agent.compte, backend="accounts.portes.connexion.CompteBackend")
        assert not gestion.get(reverse("admin:index"))["Location"].startswith(CONDITIONS)


def test_le_renouvellement_et_la_reponse_passent_d_abord(
    textes_cgu: Path, client_de: Callable[[Espace], Client]
) -> None:
    publier()
    du = EspaceFactory(compte__renouvellement_exige=True)
    sans_reponse = EspaceFactory(reponse_a_montrer=True)
    with a_la_date(VIGUEUR):
        client = client_de(du)
        assert client.get(reverse("espace"))["Location"] == reverse("renouveler_mot_de_passe")
        assert client.get(reverse("renouveler_mot_de_passe")).status_code == 200
        client = client_de(sans_reponse)
        assert client.get(reverse("espace"))["Location"] == reverse("choisir_question")
        assert client.get(reverse("choisir_question")).status_code == 200


def test_chaque_version_reste_lisible(textes_cgu: Path, client: Client) -> None:
    publier()
    with a_la_date(PUBLIEE):
        assert "Une nouvelle version entrera en vigueur le 1er mars 2027" in en_clair(client.get("/cgu/"))
        future = en_clair(client.get("/cgu/2027-01/"))
        assert "ne s’applique pas encore" in future
        assert "Texte entier de la version 2027-01" in future
    with a_la_date(VIGUEUR):
        assert "Texte entier de la version 2027-01" in en_clair(client.get("/cgu/"))
        ancienne = en_clair(client.get(f"/cgu/{ORIGINE}/"))
        assert "ne s’applique plus" in ancienne
        assert "en vigueur du 1er janvier 2026 au 1er mars 2027" in ancienne
        assert "Un espace professionnel strictement personnel" in ancienne
    for inconnue in ("2027-02", "2030-01", "texte"):
        assert client.get(f"/cgu/{inconnue}/").status_code == 404


def test_la_commande(textes_cgu: Path, espace: Espace) -> None:
    def lancer(*options: str) -> str:
        sortie = io.StringIO()
        with a_la_date(PUBLIEE):
            call_command("publier_cgu", "2027-01", *options, stdout=sortie)
        return sortie.getvalue()

    essai = lancer("--en-vigueur", "2027-03-01", "--dry-run")
    assert "1 espace(s) à prévenir. Rien n'a été écrit." in essai
    assert not VersionCGU.objects.exists()
    assert "en vigueur le 01/03/2027" in lancer("--en-vigueur", "2027-03-01")
    version = VersionCGU.objects.get()
    assert (version.en_vigueur_le, version.annoncee_le) == (VIGUEUR, None)
    (ligne,) = Evenement.objects.filter(acte="cgu.publiees")
    assert ligne.details == {"cgu": "2027-01", "en_vigueur_le": "01/03/2027", "empreinte": version.empreinte}
    with pytest.raises(CommandError, match="déjà publiée"):
        lancer("--en-vigueur", "2027-04-01")
