"""A signal is written once a day, and what the table asks for is done with it (R15, CGU §3.6.a)."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer
from accounts.models import Agent, Courriel, Espace, Evenement, Session
from surveillance.alertes.decisions import classer_alertes
from surveillance.models import Alerte, Gravite, SignalVu
from surveillance.signaux import signalement
from surveillance.signaux.registre import DETAILS, RAFALE_SIREN, SESSION_VOLEE, SIGNAUX, Demande, Famille
from surveillance.signaux.signalement import DetailInconnu, fournir_verification, signaler
from tests.accounts.scenes import connecter
from tests.factories import AgentFactory, EspaceFactory
from tests.surveillance.espaces.scenes import Compromis

VERIFIES: list[tuple[Session, str]] = []


@pytest.fixture
def verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify in memory: the one that the portal has is another room's."""
    monkeypatch.setattr(signalement, "_verifications", [])
    VERIFIES.clear()

    def noter(session: Session, raison: str) -> None:
        VERIFIES.append((session, raison))

    fournir_verification(noter)


def session_de(espace: Espace) -> Session:
    return Session.objects.get(compte=espace.compte)


def test_chaque_genre_de_la_table_se_dit_en_francais_et_fait_ce_qu_il_demande(
    espace: Espace, verification: None
) -> None:
    for signal in SIGNAUX.values():
        connecter(espace, "193.51.224.1")
        session = Session.objects.filter(compte=espace.compte).first()
        assert session is not None
        vu = signaler(compte=espace.compte, genre=signal.genre, details={"nombre": 3}, session=session)
        assert vu is not None
        assert set(vu.demandes) == set(signal.demande)
        assert (vu.alerte is not None) is (Demande.ALERTER in signal.demande)
        assert ((session, signal.nom) in VERIFIES) is (Demande.VERIFIER in signal.demande)
        assert Session.objects.filter(pk=session.pk).exists() is (Demande.FERMER not in signal.demande)
        avis = Courriel.objects.filter(genre="signal_vu", acte=f"signal:{vu.pk}")
        assert avis.exists() is (Demande.DIRE in signal.demande)
        assert signal.nom[0].isupper() or signal.nom.startswith("«")
        assert len(signal.nom) < 80
        if vu.alerte is not None:
            assert (vu.alerte.gravite, vu.alerte.motif) == (signal.gravite, signal.genre)


def test_une_fois_par_jour_et_la_meme_alerte_tant_qu_elle_est_ouverte(espace: Espace) -> None:
    maintenant = timezone.now()

    def vu(quand=maintenant, cause: str = "") -> SignalVu | None:  # type: ignore[no-untyped-def]
        return signaler(
            compte=espace.compte, genre="rafale_exports", details={"fichiers": 20}, cause=cause, maintenant=quand
        )

    premier = vu()
    assert premier is not None
    assert vu() is None
    assert vu(cause="reseau:192.0.2.0/24") is not None, "another cause is another signal"
    demain = vu(maintenant + timedelta(days=1))
    assert demain is not None
    assert demain.alerte == premier.alerte
    alerte = Alerte.objects.get(pk=premier.alerte.pk)
    assert (alerte.nombre, alerte.derniere_le, alerte.gravite) == (2, maintenant + timedelta(days=1), Gravite.GRAVE)
    assert {s.pk for s in alerte.signaux.all()} == {premier.pk, demain.pk}
    alerte.etat = Alerte.Etat.ECARTEE
    alerte.save(update_fields=["etat"])
    suivant = vu(maintenant + timedelta(days=2))
    assert suivant is not None
    assert suivant.alerte != alerte, "set aside: what is seen again is looked at again"


def test_sans_verification_possible_la_cellule_est_alertee(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalement, "_verifications", [])
    vu = signaler(compte=espace.compte, genre="session_pays", details={"pays": "BR"})
    assert vu is not None
    assert vu.demandes == ["ALERTER"]
    assert vu.alerte is not None


def test_une_session_volee_est_fermee_et_son_detenteur_prevenu(espace: Espace, verification: None) -> None:
    ici, ailleurs = connecter(espace, "193.51.224.1"), connecter(espace, "193.51.224.1")
    volee, _ = Session.objects.filter(compte=espace.compte).order_by("ouverte_le")
    signaler(
        compte=espace.compte,
        genre="session_volee",
        session=volee,
        details={"avant": {"pays": "FR"}, "apres": {"pays": "BR", "navigateur": "Chrome 140"}},
    )
    assert ici.get(reverse("securite")).status_code == 302
    assert ailleurs.get(reverse("securite")).status_code == 200
    assert Evenement.objects.filter(acte="session.fermee", auteur="systeme:signaler").count() == 1
    message = " ".join(composer(Courriel.objects.get(genre="signal_vu")).body.split())
    assert "Après : Pays : Brésil, Navigateur : Chrome 140" in message
    assert "est fermée" in message
    assert reverse("securite") in message


def test_un_detail_sans_mots_est_un_defaut_et_n_ecrit_rien(espace: Espace) -> None:
    with pytest.raises(DetailInconnu):
        signaler(compte=espace.compte, genre="rafale_pages", details={"jeton": "secret"})
    assert not SignalVu.objects.exists()
    assert all(mots[0].isupper() for mots in DETAILS.values())


def test_ce_qu_un_etranger_provoque_ne_compte_pas_contre_le_detenteur() -> None:
    assert {s.genre for s in SIGNAUX.values() if s.exterieur} == {
        "pulverisation",
        "reussite_apres_pulverisation",
        "demande_non_reconnue",
        "adresse_sans_fin",
    }
    assert {s.genre for s in SIGNAUX.values() if s.ordinaire} == {"usage_parallele", "echecs_puis_reussite"}
    assert all(s.famille is not Famille.SCORE for s in SIGNAUX.values())


def test_mes_donnees_disent_le_signal_en_mots(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    signaler(compte=espace.compte, genre="rafale_exports", details={"fichiers": 21})
    page = client_de(espace).get(reverse("mes_donnees"), {"liste": "usages-inhabituels-vus-sur-votre-espace"})
    texte = page.content.decode()
    assert "Très nombreux fichiers téléchargés en peu de temps" in texte
    assert "la cellule de surveillance a été prévenue" in texte
    assert "rafale_exports" not in texte


def test_la_page_des_connexions_dit_ce_qui_a_ete_vu_et_combien_de_temps_c_est_garde(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    client = client_de(espace)
    adresse = reverse("securite_connexions")
    assert "Aucun usage inhabituel" in client.get(adresse).content.decode()
    signaler(compte=espace.compte, genre="acte_appareil_neuf", details={"acte": "Mot de passe changé"})
    signaler(compte=EspaceFactory().compte, genre="usage_parallele", details={})
    page = client.get(adresse).content.decode()
    assert (
        "sensible d’un nouvel appareil. La cellule de surveillance a été prévenue, un courriel vous a été envoyé."
        in page
    )
    assert "utilisé de deux endroits" not in page
    assert "gardons un an" in page


def ouvrir_n(espace: Espace, nombre: int, adresse: str = "90.1.2.3") -> None:
    """So many live sessions of the account, as a thief opens them one after the other."""
    maintenant = timezone.now()
    Session.objects.bulk_create(
        Session(
            session_key=uuid.uuid4().hex,
            numero=uuid.uuid4(),
            compte=espace.compte,
            expire_date=maintenant + timedelta(hours=1),
            dernier_usage=maintenant - timedelta(seconds=rang),
            adresse_ip=adresse,
            pays="FR",
        )
        for rang in range(nombre)
    )


@pytest.mark.parametrize("genre", [SESSION_VOLEE, RAFALE_SIREN])
def test_aucune_session_n_echappe_par_le_nombre(espace: Espace, genre: str) -> None:
    """A thief with sixty sessions keeps none that is neither closed nor asked to verify."""
    ouvrir_n(espace, 60)
    signaler(compte=espace.compte, genre=genre, details={})
    libres = Session.objects.filter(compte=espace.compte, verification=None)
    assert not libres.exists()


def test_soixante_sessions_d_un_lieu_ne_cachent_pas_celle_d_un_autre(espace: Espace) -> None:
    """Use from two places at once is seen whatever is open here."""
    ouvrir_n(espace, 1, "193.51.224.1")
    Session.objects.update(dernier_usage=timezone.now() - timedelta(minutes=5))
    ouvrir_n(espace, 60)
    connecter(espace, "90.1.2.9")
    vu = SignalVu.objects.get(genre="usage_parallele")
    assert [lieu["adresse_ip"] for lieu in vu.details["ailleurs"]] == ["193.51.224.1"]


def test_ce_qui_recommence_apres_un_classement_le_meme_jour_est_une_alerte(espace: Espace) -> None:
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    matin = timezone.localtime().replace(hour=9, minute=0)

    def voir(heure: int, minute: int = 0) -> SignalVu | None:
        quand = matin.replace(hour=heure, minute=minute)
        return signaler(compte=espace.compte, genre="rafale_siren", details={"entreprises": 40}, maintenant=quand)

    assert voir(9) is not None
    classer_alertes(
        acteur=cellule,
        alertes=list(Alerte.objects.all()),
        motif="Son extension de navigateur.",
        maintenant=matin.replace(hour=10),
    )
    assert voir(9, 30) is None, "what was seen before it was judged is judged with it"
    assert voir(11) is not None, "another's hand"
    assert voir(15) is None, "once a day, again"
    ouverte = Alerte.objects.get(etat=Alerte.Etat.OUVERTE)
    assert (ouverte.nombre, ouverte.signaux.get().vu_le) == (1, matin.replace(hour=11))
    classer_alertes(acteur=cellule, alertes=[ouverte], motif="Encore elle.", maintenant=matin.replace(hour=16))
    assert voir(17) is not None


@pytest.mark.django_db
def test_ce_qui_recommence_apres_le_guichet_le_meme_jour_compte_de_nouveau() -> None:
    scene = Compromis()
    signaler(compte=scene.espace.compte, genre="demande_non_reconnue", details={})  # stays open
    scene.desactiver()
    scene.reconnaitre()
    assert signaler(compte=scene.espace.compte, genre="demande_non_reconnue", details={}) is not None
    assert Alerte.objects.get(etat=Alerte.Etat.OUVERTE).nombre == 2
