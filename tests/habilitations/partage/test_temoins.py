"""Who administers is told of what others grant: at once or in one digest a day (issue 10.10)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs.debit import Bareme, reserver_ensemble
from accounts.envois.courriels import composer
from accounts.forms.reauthentification import ConfirmationForm
from accounts.models import Courriel, Espace, Evenement
from accounts.portes.reauthentification import PROUVE_LE
from habilitations.arbre import avis
from habilitations.arbre.expirations import expirer_habilitations
from habilitations.models import Habilitation, Preference, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.en_masse import appliquer_fichier
from habilitations.partage.preferences import changer_preferences
from habilitations.partage.suppleances import designer_suppleant, mettre_en_veille, retirer_suppleant
from habilitations.partage.temoins import LIGNES, resumer_accords
from tests.factories import MOT_DE_PASSE, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import texte
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


class Scene:
    """A company with a titulaire, two suppléants, an acteur délégant and an acteur."""

    def __init__(self) -> None:
        self.titulaire = EspaceFactory(nom="Vidal", prenom="Karine")
        self.suppleante, self.autre = EspaceFactory(nom="Colin", prenom="Inès"), EspaceFactory(nom="Roche")
        self.delegante, self.acteur = EspaceFactory(nom="Simon", prenom="Chloé"), EspaceFactory()
        self.racine = habiliter(self.titulaire, personne=PersonneFactory(denomination="GARAGE DU PONT NEUF"))
        self.suppleance = accorder(self.racine, self.suppleante, Role.SUPPLEANT)
        self.seconde = accorder(self.racine, self.autre, Role.SUPPLEANT)
        self.delegation = accorder(self.racine, self.delegante, Role.ACTEUR_DELEGANT)
        accorder(self.delegation, self.acteur, Role.ACTEUR)
        il_y_a_un_an = timezone.now() - timedelta(days=365)
        Habilitation.objects.update(accordee_le=il_y_a_un_an)

    def accorder(self, acteur: Espace, nom: str = "Amrani", **champs: datetime) -> list[Habilitation]:
        """Have this espace grant to somebody new."""
        return deleguer(
            acteur=acteur,
            adhesions=[self.racine.adhesion],
            beneficiaire=EspaceFactory(nom=nom, prenom="Driss"),
            role=Role.ACTEUR,
            **champs,
        )


@pytest.fixture
def scene() -> Scene:
    return Scene()


def prevenus(genre: str = "accords_par_un_autre") -> list[str]:
    return sorted(c.espace.nom for c in Courriel.objects.filter(genre=genre).select_related("espace") if c.espace)


def resumer(jours: int) -> int:
    return resumer_accords(maintenant=timezone.now() + timedelta(days=jours))


def quotidien(espace: Espace) -> None:
    changer_preferences(
        acteur=espace, accords="QUOTIDIEN", echeances="AUSSITOT", fichiers="AUSSITOT", rappels="HEBDOMADAIRE"
    )


def test_le_titulaire_et_les_autres_suppleants_sont_prevenus(scene: Scene) -> None:
    scene.accorder(scene.delegante)
    assert prevenus() == ["Colin", "Roche", "Vidal"]
    Courriel.objects.all().delete()
    scene.accorder(scene.suppleante)
    assert prevenus() == ["Roche", "Vidal"]
    Courriel.objects.all().delete()
    scene.accorder(scene.titulaire)
    assert prevenus() == ["Colin", "Roche"]
    corps = str(composer(Courriel.objects.filter(genre="accords_par_un_autre")[0]).body)
    assert "Karine Vidal vient d’habiliter" in corps
    assert "- Driss Amrani, acteur : GARAGE DU PONT NEUF" in corps
    assert reverse("delegations") in corps


def test_ni_le_beneficiaire_ni_qui_est_en_veille_ou_desactive(scene: Scene) -> None:
    mettre_en_veille(acteur=scene.titulaire, suppleances=[scene.suppleance])
    Espace.objects.filter(pk=scene.autre.pk).update(etat=Espace.Etat.DESACTIVE)
    nouveau = EspaceFactory(nom="Nouveau")
    designer_suppleant(acteur=scene.titulaire, adhesions=[scene.racine.adhesion], beneficiaire=nouveau)
    assert prevenus() == []


def test_un_acte_est_un_courriel_quel_que_soit_le_nombre_de_siren(scene: Scene) -> None:
    racines = [habiliter(scene.titulaire, service=ServiceFactory(code=f"S{rang}")) for rang in range(4)]
    for racine in racines:
        accorder(racine, scene.suppleante, Role.SUPPLEANT)
    deleguer(
        acteur=scene.titulaire,
        adhesions=[racine.adhesion for racine in racines],
        beneficiaire=EspaceFactory(),
        role=Role.ACTEUR,
    )
    assert prevenus() == ["Colin"]


SEUL = "Seul l’administrateur titulaire d’un service peut en retirer un administrateur suppléant"
PEUT = "Vous pouvez à tout moment retirer"


def corps(genre: str, espace: Espace) -> str:
    return str(composer(Courriel.objects.get(genre=genre, espace=espace)).body)


@pytest.mark.parametrize("genre", ["accords_par_un_autre", "resume_accords"])
def test_le_courriel_ne_promet_que_ce_que_son_lecteur_peut_retirer(scene: Scene, genre: str) -> None:
    """A suppléant is told of a suppléance, which he cannot withdraw; of a délégation, which he can."""
    if genre == "resume_accords":
        for espace in (scene.titulaire, scene.suppleante):
            quotidien(espace)
    designer_suppleant(acteur=scene.titulaire, adhesions=[scene.racine.adhesion], beneficiaire=EspaceFactory())
    if genre == "accords_par_un_autre":
        lu = corps(genre, scene.suppleante)
        assert SEUL in lu
        assert PEUT not in lu
        assert reverse("suppleants") in lu
        assert reverse("delegations") not in lu
        Courriel.objects.all().delete()
    scene.accorder(scene.delegante)
    if genre == "resume_accords":
        assert resumer(1) == 2
        lu = corps(genre, scene.suppleante)
        assert SEUL in lu
        assert f"{PEUT} les habilitations d’acteur et d’acteur délégant" in lu
        assert reverse("suppleants") in lu
        assert reverse("delegations") in lu
    lu = corps(genre, scene.titulaire)
    assert f"{PEUT} ces habilitations dans" in lu
    assert SEUL not in lu
    assert reverse("delegations") in lu
    assert reverse("suppleants") not in lu


def test_rien_a_retirer_de_ce_qui_est_termine(scene: Scene) -> None:
    quotidien(scene.titulaire)
    retirer_delegation(acteur=scene.delegante, delegations=scene.accorder(scene.delegante))
    resumer(1)
    assert "à tout moment" not in corps("resume_accords", scene.titulaire)


def test_un_fichier_est_un_courriel(scene: Scene) -> None:
    uns, autres = EspaceFactory(), EspaceFactory()
    appliquer_fichier(
        acteur=scene.suppleante,
        operations=[
            {
                "acte": "accorder",
                "adhesion": scene.racine.adhesion_id,
                "beneficiaire": str(beneficiaire.pk),
                "habilitation": None,
                "role": role,
                "fin": None,
            }
            for beneficiaire, role in ((uns, "ACTEUR"), (autres, "ACTEUR_DELEGANT"))
        ],
    )
    assert prevenus() == ["Roche", "Vidal"]
    (courriel,) = Courriel.objects.filter(genre="accords_par_un_autre", espace=scene.titulaire)
    assert len(courriel.contexte["lignes"]) == 2


@pytest.mark.parametrize("peu", [0, 100])
def test_des_milliers_de_cles_ne_sont_pas_envoyees(scene: Scene, peu: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was granted is found through what the actor holds, and what is told is the same; so is the digest."""
    monkeypatch.setattr("habilitations.partage.temoins.CLES_AU_PLUS", peu)
    racines = [habiliter(scene.titulaire, service=ServiceFactory(code=f"S{rang}")) for rang in range(4)]
    for racine in racines:
        accorder(racine, scene.suppleante, Role.SUPPLEANT)
        accorder(racine, scene.autre, Role.SUPPLEANT)
    Habilitation.objects.update(accordee_le=timezone.now() - timedelta(days=365))
    quotidien(scene.autre)
    with CaptureQueriesContext(connection) as requetes:
        deleguer(
            acteur=scene.titulaire,
            adhesions=[racine.adhesion for racine in racines[:3]],
            beneficiaire=EspaceFactory(nom="Amrani"),
            role=Role.ACTEUR,
        )
        resumer(1)
    (courriel,) = Courriel.objects.filter(genre="accords_par_un_autre")
    (resume,) = Courriel.objects.filter(genre="resume_accords")
    assert (courriel.espace, resume.espace) == (scene.suppleante, scene.autre)
    assert resume.contexte["nombre"] == 3
    lues = [r["sql"] for r in requetes if '"accounts_preference"' in r["sql"] or "accordee_par_id" in r["sql"]]
    nommees = [sql for sql in lues if re.search(r"adhesion_id\" IN \(\d", sql) and "preference" in sql]
    assert bool(nommees) == bool(peu)


def test_au_dela_du_plafond_un_seul_courriel_le_dit(scene: Scene, settings) -> None:
    settings.PLAFOND_AVIS_PAIRE = 2
    for rang in range(4):
        scene.accorder(scene.delegante, f"Numéro {rang}")
    assert Courriel.objects.filter(genre="accords_par_un_autre", espace=scene.titulaire).count() == 2
    assert Courriel.objects.filter(genre="habilitations_suite", espace=scene.titulaire).count() == 1


def test_un_plafond_de_zero_n_en_laisse_aucun(scene: Scene, settings) -> None:
    settings.PLAFOND_AVIS_PAIRE = 0
    scene.accorder(scene.delegante)
    assert prevenus() == []
    assert prevenus("habilitations_suite") == ["Amrani", "Colin", "Roche", "Simon", "Vidal"]


def test_qui_compte_sans_attendre_n_attend_personne_et_s_arrete_a_la_meme_figure() -> None:
    """The two ways of counting differ by who waits, not by what is refused."""
    for limite in (0, 1, 3):
        bareme = Bareme(libres=limite, pas=1, limite=limite)
        for attendre in (True, False):
            compteur = [(f"essai-{limite}-{attendre}", bareme)]
            faits = [reserver_ensemble(compteur, attendre=attendre) is not None for _ in range(limite + 2)]
            assert faits == [True] * limite + [False] * 2, (limite, attendre)


def test_le_resume_ne_double_ni_ne_perd_rien(scene: Scene) -> None:
    quotidien(scene.titulaire)
    scene.accorder(scene.delegante)
    scene.accorder(scene.suppleante, "Benali")
    scene.accorder(scene.titulaire, "De lui-même")
    assert prevenus() == ["Colin", "Colin", "Roche", "Roche", "Roche"]
    assert resumer(0) == 0  # the day is not over
    assert resumer(1) == 1
    assert resumer(1) == 0
    assert resumer(2) == 1
    (courriel,) = Courriel.objects.filter(genre="resume_accords")
    assert courriel.espace == scene.titulaire
    assert [ligne.split(",")[0] for ligne in courriel.contexte["lignes"]] == [
        "Chloé Simon a habilité Driss Amrani",
        "Inès Colin a habilité Driss Benali",
    ]
    assert "2 habilitations ont été accordées par d’autres que vous" in str(composer(courriel).body)


def test_le_resume_rattrape_les_jours_manques_en_un_courriel(scene: Scene) -> None:
    quotidien(scene.titulaire)
    for rang in range(3):
        scene.accorder(scene.delegante, f"Jour {rang}", maintenant=timezone.now() + timedelta(days=rang))
    assert resumer(5) == 1
    (courriel,) = Courriel.objects.filter(genre="resume_accords")
    assert courriel.contexte["nombre"] == 3


def test_un_seul_resume_quel_que_soit_le_nombre_de_siren(scene: Scene) -> None:
    quotidien(scene.suppleante)
    for _ in range(LIGNES + 3):
        racine = habiliter(scene.titulaire)
        accorder(racine, scene.suppleante, Role.SUPPLEANT)
        accorder(racine, EspaceFactory(), Role.ACTEUR)
    Habilitation.objects.filter(role=Role.SUPPLEANT).update(accordee_le=timezone.now() - timedelta(days=30))
    resumer(1)
    (courriel,) = Courriel.objects.filter(genre="resume_accords")
    assert len(courriel.contexte["lignes"]) == LIGNES + 1
    assert courriel.contexte["lignes"][-1] == "et 3 autres"


def test_qui_n_administre_plus_ne_lit_rien(scene: Scene) -> None:
    for espace in (scene.suppleante, scene.autre):
        quotidien(espace)
    scene.accorder(scene.delegante)
    retirer_suppleant(acteur=scene.titulaire, suppleances=[scene.suppleance])
    mettre_en_veille(acteur=scene.titulaire, suppleances=[scene.seconde])
    assert resumer(1) == 2
    assert prevenus("resume_accords") == []


def test_ce_qui_fut_accorde_avant_qu_il_administre_n_est_pas_a_lui(scene: Scene) -> None:
    nouveau = EspaceFactory(nom="Nouveau")
    quotidien(nouveau)
    scene.accorder(scene.delegante)
    designer_suppleant(acteur=scene.titulaire, adhesions=[scene.racine.adhesion], beneficiaire=nouveau)
    resumer(1)
    assert "Nouveau" not in prevenus("resume_accords")


def test_ce_qui_est_deja_retire_est_dit_et_le_dit(scene: Scene) -> None:
    quotidien(scene.titulaire)
    retirer_delegation(acteur=scene.delegante, delegations=scene.accorder(scene.delegante))
    resumer(1)
    (courriel,) = Courriel.objects.filter(genre="resume_accords")
    assert courriel.contexte["lignes"][0].endswith("(terminée depuis)")


def test_etre_prevenu_plus_tard_redemande_le_mot_de_passe(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    """Who took a session over would first have the holder told less; the other choices, and being told more, ask nothing."""
    choix = {"accords": "QUOTIDIEN", "echeances": "AUSSITOT", "fichiers": "AUSSITOT", "rappels": "HEBDOMADAIRE"}
    client = client_de(scene.titulaire)
    session = client.session
    session[PROUVE_LE] = 0
    session.save()
    page = client.post(reverse("preferences"), choix)
    assert page.status_code == 200
    assert ConfirmationForm.CHAMP in page.content.decode()
    faux = client.post(reverse("preferences"), {**choix, ConfirmationForm.CHAMP: "autre chose"})
    assert "n’est pas reconnu" in faux.content.decode()
    assert not Preference.objects.exists()
    sans_rapport = {**choix, "accords": "AUSSITOT", "fichiers": "AUCUN"}
    assert client.post(reverse("preferences"), sans_rapport)["Location"] == reverse("preferences")
    assert Preference.objects.get().fichiers == "AUCUN"
    juste = client.post(reverse("preferences"), {**choix, ConfirmationForm.CHAMP: MOT_DE_PASSE})
    assert juste["Location"] == reverse("preferences")
    assert Preference.objects.get().accords == "QUOTIDIEN"
    session = client.session
    session[PROUVE_LE] = 0
    session.save()
    assert client.post(reverse("preferences"), sans_rapport)["Location"] == reverse("preferences")
    assert Preference.objects.get().accords == "AUSSITOT"


def test_revenir_a_aussitot_ne_perd_pas_ce_qui_attendait(scene: Scene) -> None:
    quotidien(scene.titulaire)
    scene.accorder(scene.delegante, "Avant")
    changer_preferences(
        acteur=scene.titulaire, accords="AUSSITOT", echeances="AUSSITOT", fichiers="AUSSITOT", rappels="HEBDOMADAIRE"
    )
    scene.accorder(scene.delegante, "Après")
    assert resumer(1) == 1
    (courriel,) = Courriel.objects.filter(genre="resume_accords")
    assert "Driss Avant" in courriel.contexte["lignes"][0]
    assert len(courriel.contexte["lignes"]) == 1
    assert "Vidal" in prevenus()
    assert Preference.objects.get().resume_depuis is None


def test_les_echeances_peuvent_se_taire_pas_le_reste(scene: Scene) -> None:
    dans_dix_jours = timezone.localdate() + timedelta(days=10)
    Habilitation.objects.filter(espace=scene.acteur).update(expire_le=dans_dix_jours)
    changer_preferences(
        acteur=scene.acteur, accords="AUSSITOT", echeances="AUCUN", fichiers="AUCUN", rappels="HEBDOMADAIRE"
    )
    expirer_habilitations()
    assert prevenus("habilitation_expire_bientot") == []
    assert prevenus("habilitation_expire_bientot_mandant") == ["Simon"]
    assert set(avis.FACULTATIFS) == {
        "habilitation_expire_bientot",
        "habilitation_expire_bientot_mandant",
        "export_pret",
    }
    expirer_habilitations(maintenant=timezone.now() + timedelta(days=11))
    assert prevenus("habilitation_expiree") == [scene.acteur.nom]


def test_la_page(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    page = texte(client.get(reverse("preferences")))
    assert espace.compte.email in page
    assert "ne peuvent pas être coupés" in page
    choix = {"accords": "QUOTIDIEN", "echeances": "AUCUN", "fichiers": "AUSSITOT", "rappels": "HEBDOMADAIRE"}
    page = texte(client.post(reverse("preferences"), choix, follow=True))
    assert "Vos préférences sont enregistrées." in page
    preference = Preference.objects.get(espace=espace)
    assert (preference.accords, preference.echeances, preference.fichiers) == ("QUOTIDIEN", "AUCUN", "AUSSITOT")
    assert Evenement.objects.get(acte="preferences.changees").details == {"champs": ["accords", "echeances"]}
    page = texte(client.post(reverse("preferences"), choix, follow=True))
    assert "Rien n’a changé." in page
    assert Evenement.objects.filter(acte="preferences.changees").count() == 1
    assert "AUCUN" in texte(client.post(reverse("preferences"), {**choix, "accords": "AUCUN"}))
    assert Preference.objects.get().accords == "QUOTIDIEN"


@pytest.mark.django_db(transaction=True)
def test_deux_passages_a_la_fois_n_ecrivent_qu_un_courriel() -> None:
    with transaction.atomic():
        scene = Scene()
    quotidien(scene.titulaire)
    scene.accorder(scene.delegante)
    demain = timezone.now() + timedelta(days=1)
    resultats = en_parallele(4, lambda _: resumer_accords(maintenant=demain))
    assert sorted(resultats) == [0, 0, 0, 1]
    assert Courriel.objects.filter(genre="resume_accords").count() == 1
