"""An address that somebody else signs up with, and the mailbox whose owner decides (issue 9, item 7)."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.compteurs.plafonds import compter_courriels
from accounts.envois import courriels
from accounts.espace import inscription as actes
from accounts.espace import oubli
from accounts.models import Compte, Courriel, Espace, EssaiConnexion, Evenement
from activation.demandes.courriel_personne import demander_changement
from activation.demandes.suites import annuler_demande
from services.models import Service
from tests.accounts.scenes import INSCRIPTION
from tests.factories import MOT_DE_PASSE, EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db
MIDI = datetime(2027, 1, 4, 12, tzinfo=ZoneInfo("Europe/Paris"))
MOI = "jeanne@cabinet-dupont.fr"
LE_SIEN = "le mot de passe d'un parfait inconnu 77"


@pytest.fixture(autouse=True)
def horloge(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(actes, "hacher_reponse", lambda _: "argon2reponse$")
    with time_machine.travel(MIDI, tick=False) as voyageur:
        yield voyageur


def navigateur(rang: int) -> Client:
    return Client(REMOTE_ADDR=f"198.51.100.{rang}")


def inscrire(client: Client, **champs: str) -> Any:
    return client.post(reverse("inscription_expert"), {**INSCRIPTION, "email": MOI, **champs})


def liens() -> list[str]:
    """Send what is due; return the links that the mailbox has had, in order."""
    courriels.envoyer_en_attente()
    trouves = [re.search(r"http://\S+(/\S*lien/\S+)", str(m.body)) for m in mail.outbox if m.to == [MOI]]
    return [trouve[1] for trouve in trouves if trouve]


def sans_jeton(page: Any) -> str:
    return re.sub(r'<input type="hidden"[^>]*>', "", page.content.decode())


def test_la_premiere_inscription_reste_tant_que_son_lien_vit(horloge: Any) -> None:
    """Whoever comes later gets the same page, the mailbox the same link, and the first's is not killed."""
    premier, second = navigateur(1), navigateur(2)
    assert inscrire(premier).status_code == 302
    assert len(liens()) == 1
    horloge.shift(timedelta(minutes=10))
    suite = inscrire(second, nom="Tout-Autre", mot_de_passe=LE_SIEN)
    assert suite["Location"] == inscrire(navigateur(3), email="libre@cabinet-dupont.fr")["Location"]
    pages = [sans_jeton(client.get(reverse("inscription_envoyee"))) for client in (premier, second)]
    assert pages[0] == pages[1]
    assert len(set(liens())) == 1
    assert len(liens()) == 2
    assert Espace.objects.get(compte__email=MOI).nom == INSCRIPTION["nom"]
    horloge.shift(timedelta(minutes=10))
    second.post(reverse("inscription_renvoyer"))
    assert len(liens()) == 3, "asked again by whom it does not belong to, it is mailed again all the same"
    assert premier.post(liens()[0])["Location"] == reverse("inscription_confirmee")


def test_le_lien_mort_la_place_est_libre(horloge: Any) -> None:
    inscrire(navigateur(1))
    horloge.shift(settings.LIEN_EXPERT + timedelta(minutes=1))
    inscrire(navigateur(2), nom="Tout-Autre")
    assert Espace.objects.get().nom == "Tout-Autre"


@pytest.mark.parametrize("mode", ["expert", "simplifie"])
def test_ce_n_est_pas_moi_efface_et_ouvre_la_voie(mode: str, horloge: Any) -> None:
    """Strangers hammer; the owner of the mailbox opens the link, sees who it is, erases it and signs up at once."""
    for rang in range(12):
        _inscrire_en_mode(mode, navigateur(rang + 1))
        liens()
        horloge.shift(timedelta(minutes=3))
    moi = navigateur(99)
    page = moi.get(liens()[0])
    texte = page.content.decode()
    assert "Rémi Inconnu" in texte
    assert LE_SIEN not in texte
    demande = moi.post(liens()[0], {"effacer": "1"}).content.decode()
    assert re.search(r"Effacer l’inscription de Rémi Inconnu\s\?", html.unescape(demande))
    assert 'name="effacer" value="oui"' in demande
    assert Compte.objects.filter(email=MOI).exists(), "one press by mistake erases nothing (walker 6)"
    suite = moi.post(liens()[0], {"effacer": "oui"})
    assert suite["Location"] == reverse("inscription")
    assert not Compte.objects.filter(email=MOI).exists()
    assert Evenement.objects.filter(acte="espace.inscription_refusee").count() == 1
    comptes = EssaiConnexion.objects.count()
    assert inscrire(moi).status_code == 302
    assert EssaiConnexion.objects.count() == comptes, "not counted"
    nouveaux = liens()
    assert nouveaux[-1] not in nouveaux[:-1], "mailed at once"
    assert moi.post(nouveaux[-1])["Location"] == reverse("inscription_confirmee")
    assert navigateur(98).post(nouveaux[0], {"effacer": "1"}).status_code == 410


def _inscrire_en_mode(mode: str, client: Client) -> None:
    champs = {"prenom": "Rémi", "nom": "Inconnu", "mot_de_passe": LE_SIEN}
    if mode == "expert":
        assert inscrire(client, **champs).status_code == 302
        return
    if not Service.objects.exists():
        ServiceFactory(code="MSG", bouquet_simplifie=True)
    personne = PersonneFactory()
    client.post(reverse("inscription_simplifiee"), {"siren": personne.siren})
    page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
    autres = {"email": MOI, "courriel_entreprise": "contact@ateliers-du-nord.fr", "qualite": "REPRESENTANT_LEGAL"}
    assert client.post(page, {**INSCRIPTION, **autres, **champs}).status_code == 302


def test_la_preuve_ne_sert_qu_une_fois_dans_ce_navigateur_et_le_temps_d_un_lien(horloge: Any) -> None:
    inscrire(navigateur(1))
    moi = navigateur(99)
    moi.post(liens()[0], {"effacer": "oui"})
    comptes = EssaiConnexion.objects.count()
    inscrire(navigateur(2), email="autre@cabinet-dupont.fr")
    assert EssaiConnexion.objects.count() > comptes, "another browser is counted"
    inscrire(moi)
    comptes = EssaiConnexion.objects.count()
    inscrire(moi)
    assert EssaiConnexion.objects.count() > comptes, "once"


def test_un_titulaire_n_est_pas_efface_par_son_lien(espace: Espace) -> None:
    inscrire(navigateur(1))
    lien = liens()[0]
    client = navigateur(2)
    client.post(lien, {"actuel": MOT_DE_PASSE, "mot_de_passe": MOT_DE_PASSE})
    assert Espace.objects.actifs().filter(compte__email=MOI).exists()
    assert navigateur(3).post(lien, {"effacer": "oui"}).status_code == 410
    client.post(lien, {"effacer": "oui"})
    assert Espace.objects.actifs().filter(compte__email=MOI).exists()


# --- One mailbox, one budget, never none -------------------------------------------------------------------------------


def test_oublis_et_inscriptions_ont_un_seul_budget(horloge: Any) -> None:
    espace = EspaceFactory(compte__email=MOI)
    for rang in range(20):
        client = navigateur(rang + 1)
        inscrire(client) if rang % 2 else client.post(reverse("mot_de_passe_oublie"), {"adresse": MOI})
        oubli.traiter_en_attente()
        courriels.envoyer_en_attente()
        horloge.shift(timedelta(minutes=2, seconds=10))
    recus = [m for m in mail.outbox if m.to == [espace.compte.email]]
    assert len(recus) <= settings.DEBIT_COURRIELS_ADRESSE[0]
    horloge.shift(timedelta(hours=1))
    oubli.traiter_en_attente()
    courriels.envoyer_en_attente()
    assert len(mail.outbox) > len(recus), "and the next one within the hour"


def test_la_boite_assaillie_a_le_lien_de_son_proprietaire_dans_l_heure(horloge: Any) -> None:
    for rang in range(12):
        compter_courriels(adresses=[MOI], adresse_ip=f"203.0.113.{rang}")
    assert inscrire(navigateur(1)).status_code == 302
    assert liens() == []
    horloge.shift(timedelta(hours=1, seconds=1))
    assert len(liens()) == 1


def test_une_date_lointaine_s_avance_quand_le_proprietaire_demande(horloge: Any) -> None:
    """One network uses its own pace up; the owner, who comes from elsewhere, waits for none of it."""
    for _ in range(3):
        compter_courriels(adresses=[MOI], adresse_ip="198.51.100.1")
    inscrire(navigateur(1))
    assert liens() == []
    inscrire(navigateur(2))
    assert len(liens()) == 1


def test_les_avis_de_changement_du_courriel_de_l_entreprise_ont_leur_pas(horloge: Any) -> None:
    espace, personne = EspaceFactory(), PersonneFactory(courriel="contact@ateliers-du-nord.fr")
    habiliter(espace, personne=personne, service=ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE))
    for rang in range(12):
        demande = demander_changement(
            acteur=espace, personne=personne, adresse=f"autre{rang}@ateliers-du-nord.fr", qualite="MANDATAIRE"
        )
        annuler_demande(acteur=espace, demande=demande)
        horloge.shift(timedelta(minutes=1))
    avis = Courriel.objects.filter(genre="courriel_entreprise_demande").order_by("cree_le")
    assert len(avis) == settings.DEBIT_COURRIEL_ENTREPRISE[0] + 1
    assert "autre11@" in str(avis[len(avis) - 1].contexte["nouvelle"]), "the last one is told, within the hour"
    assert len(avis[len(avis) - 1].contexte["autres"]) == 8
    horloge.shift(timedelta(hours=1))
    courriels.envoyer_en_attente()
    assert sum(m.to == ["contact@ateliers-du-nord.fr"] for m in mail.outbox) == len(avis)


def test_qui_signale_n_est_jamais_ferme_pour_un_jour(horloge: Any) -> None:
    """The company that shares its network with who tries references: an hour at most, whatever was tried."""
    client: Callable[[], Client] = lambda: Client(REMOTE_ADDR="198.51.100.1")  # noqa: E731 - one browser after the other
    for _ in range(60):
        client().post(reverse("signaler"), {"reference": "D-2026-7KQ4M2XA-K7QM5"})
        horloge.shift(timedelta(minutes=3))
    horloge.shift(timedelta(hours=1))
    assert client().post(reverse("signaler"), {"reference": "D-2026-7KQ4M2XA-K7QM5"}).status_code != 429
