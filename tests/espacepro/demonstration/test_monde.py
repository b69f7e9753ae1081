"""The world of the demonstration: what it holds, that a second run changes nothing, and one click to be somebody of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as reglages
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse
from django.utils import timezone

from accounts.models import Affaire, Compte, Courriel, Espace, Evenement
from activation.models import Courrier, Demande
from espacepro import urls
from espacepro.demonstration.cellule import RESEAU_BLOQUE
from espacepro.demonstration.comptes import (
    AGENTS,
    COMPTABLE,
    COMPTES,
    HUGO,
    INES,
    KARINE,
    MARC,
    MONDE,
    NORA,
    NOUVELLE,
    ODILE,
    PASCAL,
    YVES,
    CompteDemonstration,
)
from espacepro.demonstration.horloge import il_y_a
from espacepro.demonstration.lettres import editer_a_sa_date
from espacepro.demonstration.monde import COMMUNE, PREMIER_SIREN
from habilitations.arbre.confirmations import en_attente
from habilitations.models import Habilitation, Role
from habilitations.partage.revue import a_revoir
from services.banque.lectures import comptes_de
from services.models import Echange, MessageNonLu, ModeleDeReponse, PersonneSirenisee
from surveillance.automates.blocages import bloquer_ip
from surveillance.models import BlocageIP
from tests.activation import scenes
from tests.factories import EspaceFactory

from . import coherence

urlpatterns = [*urls.urlpatterns, path("demonstration/", include("espacepro.demonstration.urls"))]


@pytest.fixture
def routee(settings, tmp_path: Path) -> None:
    settings.ROOT_URLCONF = __name__
    settings.ETAT = tmp_path
    settings.DEMONSTRATION = True


def espace_de(compte: CompteDemonstration) -> Espace:
    return Espace.objects.get(compte__email=compte.email)


def tenues(compte: CompteDemonstration, role: str = "") -> int:
    """Return how many SIREN this person holds something of today."""
    siennes = Habilitation.objects.vivantes().filter(espace=espace_de(compte))
    return (siennes.filter(role=role) if role else siennes).values("personne").distinct().count()


def mesures() -> dict[str, int]:
    tables = (Compte, Espace, Habilitation, Demande, Courrier, Courriel, Evenement, PersonneSirenisee)
    return {table.__name__: table.objects.count() for table in tables}


@pytest.mark.django_db(transaction=True)
def test_le_monde_se_charge_se_relit_et_s_habite(routee: None) -> None:
    """One load for all of it: it is the longest thing here."""
    call_command("charger_demonstration", "--sans-monde", verbosity=0)
    avant = Client().get(reverse("demonstration:accueil")).content.decode()
    assert avant.count("Son espace se prépare") == len(COMPTES) - 6
    call_command("charger_demonstration", verbosity=0)
    hier = timezone.now() - timedelta(days=1)
    finies = Affaire.objects.filter(file="MESSAGERIE", finie_le__isnull=False)
    assert finies.exists()
    assert not finies.filter(finie_le__gt=hier).exists(), "what was answered days ago was done then, not today"
    une_fois = mesures()
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        call_command("charger_demonstration", verbosity=0)
    apres = mesures()
    assert {**apres, "Evenement": 0} == {**une_fois, "Evenement": 0}
    assert len(requetes) < 300, "a second start of `run.py demo` asks a few questions and does nothing"

    maintenant = timezone.now()
    assert tenues(PASCAL) == 1
    assert tenues(KARINE) == 96
    assert tenues(INES, Role.SUPPLEANT) == 41
    assert tenues(HUGO) == 12
    assert (tenues(ODILE), tenues(YVES)) == (1, 1)
    roles = Habilitation.objects.vivantes().filter(espace__in=[espace_de(ODILE), espace_de(YVES)])
    assert {h.role for h in roles} == {Role.TITULAIRE}
    assert tenues(MARC) == 1, "of the firm nothing is left"
    assert tenues(NOUVELLE) == 0
    assert espace_de(NORA).mode == Espace.Mode.SIMPLIFIE
    assert espace_de(NORA).est_actif
    assert Courrier.objects.filter(demande__espace=espace_de(NORA), etat=Courrier.Etat.NPAI).count() == 1
    assert espace_de(COMPTABLE).demandes.en_cours().get().qualite == "MANDATAIRE", "an accountant represents nobody"
    reprises = espace_de(KARINE).demandes.filter(nature=Demande.Nature.SUBSTITUTION)
    assert sorted(demande.etat for demande in reprises) == [Demande.Etat.ACTIVEE, Demande.Etat.CODE_ENVOYE]
    assert en_attente(espace_de(KARINE)).exists(), "what the former titulaire had granted waits for her"
    assert a_revoir(espace_de(KARINE), maintenant).exists()
    semaine = timezone.localdate() + timedelta(days=7)
    finissent = Habilitation.objects.vivantes().filter(espace=espace_de(HUGO), expire_le__lte=semaine)
    assert finissent.values("personne").distinct().count() == 3
    assert espace_de(HUGO).demandes_habilitation.get().annoncee_le is not None, "Pascal and Karine know"
    premier = Evenement.objects.filter(auteur=espace_de(KARINE).numero_abonne).earliest("quand").quand
    assert timedelta(days=340) < maintenant - premier < timedelta(days=366)

    comptes = comptes_de(PersonneSirenisee.objects.get(siren=COMMUNE))
    assert {(c.core, c.b2b, c.suspendu) for c in comptes} == {
        ("Valide", "Valide", False),
        ("Valide", "Mandat remis, en attente de la banque", False),
        ("Valide", "Refusé\xa0: aucun mandat enregistré par la banque (MD01)", False),
        ("En attente de la banque", "Mandat à remettre", False),
        ("En attente de la banque", "Mandat à remettre", True),
    }
    assert not any(compte.attend for compte in comptes)
    assert Affaire.objects.filter(file="COMPTE_BANCAIRE", finie_le=None).count() == 1
    echanges = Echange.objects.filter(personne__siren__startswith=PREMIER_SIREN)
    assert sorted(echanges.values_list("etat", flat=True)) == ["ENVOYE", "PIECE_DEMANDEE", "REPONDU"]
    assert MessageNonLu.objects.filter(lecteur=espace_de(KARINE).compte).count() == 2
    assert Affaire.objects.filter(file="MESSAGERIE", finie_le=None).count() == 1
    assert ModeleDeReponse.objects.get().service_gestionnaire == echanges[0].service_gestionnaire
    files = Affaire.objects.filter(file__startswith="ALERTE", finie_le=None).values_list("file", flat=True)
    assert sorted(files) == ["ALERTE_GRAVE", "ALERTE_INFO", "ALERTE_INFO", "ALERTE_MOYENNE", "ALERTE_MOYENNE"]
    assert BlocageIP.objects.filter(leve_le=None).count() == 2

    coherence.tout_se_tient({compte: espace_de(compte) for compte in MONDE})

    inventees = PersonneSirenisee.objects.filter(siren__startswith=PREMIER_SIREN)
    assert inventees.count() == 99
    for personne in inventees:
        personne.full_clean()
        assert personne.lignes_adresse[1:] == ["75999 EXEMPLEVILLE"], "nobody takes it for a real one"
    assert not Compte.objects.exclude(email__endswith="@example.org").exists()

    for compte in COMPTES:
        client = Client()
        page = client.post(reverse("demonstration:entrer", args=[compte.cle]), follow=True)
        assert page.status_code == 200, compte.email
        assert page.redirect_chain[-1][0] == reverse("admin:index" if compte in AGENTS else "espace")
        assert page.wsgi_request.user.email == compte.email
    accueil = Client().get(reverse("demonstration:accueil")).content.decode()
    assert "se prépare" not in accueil
    assert all(f"Entrer comme {compte.prenom} {compte.nom}" in accueil for compte in COMPTES)
    assert accueil.count("Code du second facteur") == 1


def test_chacun_a_trois_choses_a_regarder_et_un_nom_a_lui() -> None:
    assert [compte.email for compte in COMPTES if len(compte.a_voir) != 3] == []
    assert len({compte.cle for compte in COMPTES}) == len(COMPTES)


@pytest.mark.django_db
def test_on_n_entre_que_comme_quelqu_un_de_la_page(routee: None, client: Client) -> None:
    autre = EspaceFactory()
    for cle in (autre.compte.email.partition("@")[0].replace(".", "-"), "personne", PASCAL.cle):
        assert client.post(reverse("demonstration:entrer", args=[cle])).status_code == 404
    assert client.get(reverse("demonstration:entrer", args=[PASCAL.cle])).status_code == 405
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_on_n_entre_dans_le_monde_qu_une_fois_le_recit_fini(routee: None, client: Client) -> None:
    """Half told, it said 95 companies where its page promises 96 (walker 6)."""
    espace = EspaceFactory()
    Compte.objects.filter(pk=espace.compte_id).update(email=KARINE.email)
    page, entrer = reverse("demonstration:accueil"), reverse("demonstration:entrer", args=[KARINE.cle])
    assert "Entrer comme Karine" not in client.get(page).content.decode()
    assert client.post(entrer).status_code == 404
    bloquer_ip(acteur="systeme:essai", reseau=RESEAU_BLOQUE, motif="Essai", duree=None)
    assert "Entrer comme Karine" in client.get(page).content.decode()
    assert client.post(entrer).status_code == 302


@pytest.mark.django_db
def test_hors_demonstration_personne_n_entre_meme_si_la_page_est_routee(routee: None, settings, client: Client) -> None:
    """Even with an account at the very address of somebody of the demonstration."""
    espace = EspaceFactory()
    Compte.objects.filter(pk=espace.compte_id).update(email=NOUVELLE.email)
    page = reverse("demonstration:entrer", args=[NOUVELLE.cle])
    settings.DEMONSTRATION = False
    assert client.post(page).status_code == 404
    assert "_auth_user_id" not in client.session
    settings.DEMONSTRATION = True
    assert client.post(page).status_code == 302, "the refusal was the mode's"


@pytest.mark.parametrize(
    ("routes", "mode", "codes"),
    [
        (False, False, []),
        (False, True, ["espacepro.E001"]),
        (True, False, ["espacepro.E002"]),
        (True, True, ["espacepro.E001", "espacepro.E002"]),
    ],
)
def test_la_verification_d_une_production_refuse_la_demonstration(
    settings, routes: bool, mode: bool, codes: list[str]
) -> None:
    settings.PRODUCTION = True
    settings.DEMONSTRATION = mode
    settings.RESEAUX_AGENTS = ["10.12.0.0/16"]  # an information of its own otherwise
    if routes:
        settings.ROOT_URLCONF = __name__
    assert [faute.id for faute in run_checks() if (faute.id or "").startswith("espacepro.")] == codes


def test_la_verification_laisse_la_demonstration_elle_meme(routee: None, settings) -> None:
    settings.PRODUCTION = False
    assert [faute.id for faute in run_checks() if (faute.id or "").startswith("espacepro.")] == []


@pytest.mark.django_db
def test_l_horloge_recule_et_revient(settings) -> None:
    settings.DEMONSTRATION = True
    avant = timezone.now()
    with il_y_a(10) as alors:
        assert timedelta(days=10) - timedelta(minutes=1) < avant - alors <= timedelta(days=10)
        assert timezone.localdate() == (avant - timedelta(days=10)).astimezone(timezone.get_current_timezone()).date()
        assert timedelta(days=9) < avant - Evenement().quand < timedelta(days=11), "a column's default too"
        assert timezone.is_aware(timezone.now())
    assert timezone.now() >= avant
    settings.DEMONSTRATION = False
    with pytest.raises(RuntimeError), il_y_a(1):
        pass


@pytest.mark.django_db
def test_une_lettre_faite_trop_tot_par_un_travailleur_garde_la_date_du_monde(routee: None) -> None:
    """A worker may make it before the command does, by today's clock: it is not later than the mandate that its code gives."""
    demande = scenes.adhesion(EspaceFactory())
    scenes.editer(demande)
    with il_y_a(30) as alors:
        courrier = editer_a_sa_date(demande)
    assert courrier.edite_le is not None
    assert abs(courrier.edite_le - alors) < timedelta(minutes=1)
    assert courrier.expire_le - courrier.edite_le == reglages.CODE_VALIDITE
