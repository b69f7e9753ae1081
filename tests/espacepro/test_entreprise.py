"""The page of one company: each part only for who may see it, and nothing at all for who holds nothing there (issue 13.3)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Seule, a_faire
from accounts.models import Compte, Espace, TraceLecture
from habilitations.arbre.recentes import OBJET
from habilitations.depart.retraits import demander_retrait
from habilitations.lectures.entreprise import LIGNES_PAR_PAGE, acces, entreprise, services_de
from habilitations.models import DemandeHabilitation, Habilitation, Role
from services.models import Echeance, PersonneSirenisee, Service
from tests.charge.mesures import compter
from tests.espacepro.scenes import deposer
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de

pytestmark = pytest.mark.django_db
ONGLETS = ("entreprise", "entreprise_acces", "entreprise_demandes")
VEILLE = {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE", "veille_depuis": timezone.now()}


def changer_mot_de_passe_depuis_trois_ans(espace: Espace) -> None:
    Compte.objects.filter(espace=espace).update(mot_de_passe_change_le=timezone.now() - timedelta(days=1090))


class Scene:
    """A company with one service and its whole tree, and somebody else's service."""

    def __init__(self) -> None:
        self.personne: PersonneSirenisee = PersonneFactory(
            denomination="GARAGE DU PONT NEUF", courriel="compta@garage-pont-neuf.fr"
        )
        bureau = self.personne.service_gestionnaire
        bureau.horaires = "Du lundi au vendredi"
        bureau.save()
        self.tva = ServiceFactory(code="DECL_TVA", ordre=20)
        self.messagerie = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE, ordre=40)
        self.titulaire, self.suppleant, self.delegant, self.acteur, self.autre = (
            EspaceFactory(prenom=prenom, nom=nom)
            for prenom, nom in (
                ("Karine", "Vidal"),
                ("Inès", "Colin"),
                ("Chloé", "Simon"),
                ("Hugo", "Marchal"),
                ("Pascal", "Roche"),
            )
        )
        self.racine = habiliter(self.titulaire, personne=self.personne, service=self.tva)
        self.suppleance = accorder(self.racine, self.suppleant, Role.SUPPLEANT)
        self.delegation = accorder(self.suppleance, self.delegant, Role.ACTEUR_DELEGANT)
        self.sous_delegation = accorder(self.delegation, self.acteur, Role.ACTEUR)
        self.etrangere = habiliter(self.autre, personne=self.personne, service=self.messagerie)

    def ouvrir(self, client: Client, nom: str = "entreprise", suite: str = "") -> str:
        reponse = client.get(reverse(nom, args=[self.personne.siren]) + suite)
        assert reponse.status_code == 200
        return " ".join(reponse.content.decode().replace("&#x27;", "'").split())


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


@pytest.mark.parametrize("nom", ONGLETS)
def test_qui_n_y_tient_rien_a_la_reponse_d_un_siren_inconnu(
    scene: Scene, client_de: Callable[[Espace], Client], nom: str
) -> None:
    Habilitation.objects.filter(pk=scene.sous_delegation.pk).update(expire_le=timezone.localdate() - timedelta(days=1))
    for espace in (EspaceFactory(), scene.acteur):  # past its last day, even before the job has ended it
        client = client_de(espace)
        reponse = client.get(reverse(nom, args=[scene.personne.siren]))
        inconnue = client.get(reverse(nom, args=["552032534"]))
        assert reponse.status_code == inconnue.status_code == 404

        def nu(contenu: bytes) -> str:
            return re.sub(
                r'(csrfmiddlewaretoken" value="|estampille" value="|servi" value="|nonce-)[^"\']+', "", contenu.decode()
            )

        assert nu(reponse.content) == nu(inconnue.content)


def test_le_titulaire_voit_tout_de_ses_services(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    Echeance.objects.create(
        service=scene.tva, jour=timezone.localdate() + timedelta(days=9), libelle="TVA du mois", source="BOFiP"
    )
    page = scene.ouvrir(client_de(scene.titulaire))
    assert "<strong>administrateur titulaire</strong> d’un service" in page
    assert "3 autres personnes" in page
    assert "TVA du mois" in page
    assert "Du lundi au vendredi" in page
    assert scene.personne.service_gestionnaire.telephone in page
    assert "compta@garage-pont-neuf.fr" in page  # an administrator of some service
    assert "Demander sa modification" not in page  # not of the Messagerie
    assert "Inès Colin" in page
    assert "Pascal Roche" not in page  # of another service: not told
    assert f"{reverse('adherer')}?siren={scene.personne.siren}" in page
    assert f"{reverse('journal_personne')}?siren={scene.personne.siren}" in page
    assert f"{reverse('retraits_choisir')}?q={scene.personne.siren}" in page
    assert "Demander sa modification" in scene.ouvrir(client_de(scene.autre))


def test_le_calendrier_se_trouve_meme_sans_date(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    page = scene.ouvrir(client_de(scene.titulaire))
    assert "Aucune date commune" in page
    assert f'href="{reverse("echeances")}"' in page


def test_sans_adresse_connue_on_en_demande_l_enregistrement(
    scene: Scene, client_de: Callable[[Espace], Client]
) -> None:
    type(scene.personne).objects.filter(pk=scene.personne.pk).update(courriel="")
    page = scene.ouvrir(client_de(scene.autre))
    assert "Demander l’enregistrement d’une adresse" in page
    assert "Demander sa modification" not in page


def test_l_arbre_entier_pour_les_administrateurs(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    TraceLecture.objects.create(
        minute=timezone.now(),
        lecteur=scene.acteur.numero_abonne,
        nature=TraceLecture.Nature.CONSULTATION,
        objet=OBJET,
        cle=str(scene.sous_delegation.pk),
    )
    for qui in (scene.titulaire, scene.suppleant):
        page = scene.ouvrir(client_de(qui), "entreprise_acces")
        rangs = [page.rindex(nom) for nom in ("Karine Vidal", "Inès Colin", "Chloé Simon", "Hugo Marchal")]
        assert rangs == sorted(rangs)
        assert page.count("a ouvert un service le") == 1
        assert "Pascal Roche" not in page
        assert "Désigner un délégataire" in page
        assert ("Désigner un suppléant" in page) == (qui is scene.titulaire)


def test_l_acteur_ne_voit_que_la_branche_dont_il_depend(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    voisin = EspaceFactory(prenom="Driss", nom="Amrani")
    accorder(scene.delegation, voisin, Role.ACTEUR)
    page = scene.ouvrir(client_de(scene.acteur), "entreprise_acces")
    assert all(nom in page for nom in ("Karine Vidal", "Inès Colin", "Chloé Simon", "Hugo Marchal (vous)"))
    assert "Driss Amrani" not in page
    assert "ouvert un service" not in page
    assert "aucune utilisation" not in page
    premiere = scene.ouvrir(client_de(scene.acteur))
    assert "Driss" not in premiere
    assert "autres personnes" not in premiere
    assert "Journal" not in premiere.split("Cette entreprise")[1].split("</nav>")[0]
    assert "compta@" not in premiere


def test_l_acteur_delegant_voit_ce_qu_il_a_accorde(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    accorder(scene.suppleance, EspaceFactory(prenom="Driss", nom="Amrani"), Role.ACTEUR)
    page = scene.ouvrir(client_de(scene.delegant), "entreprise_acces")
    assert "Hugo Marchal" in page
    assert "Driss Amrani" not in page


def test_ce_qui_est_en_veille_se_lit_sans_s_ouvrir(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    Habilitation.objects.filter(pk=scene.suppleance.pk).update(**VEILLE)
    page = scene.ouvrir(client_de(scene.suppleant))
    assert "<strong>en veille</strong>" in page
    assert "tout y est en veille" in page
    assert reverse("ouvrir_service", args=[scene.personne.siren, "DECL_TVA"]) not in page
    assert "Chloé Simon" not in scene.ouvrir(client_de(scene.suppleant), "entreprise_acces")


def test_un_meme_partage_n_est_dessine_qu_une_fois(scene: Scene) -> None:
    for code in ("PAY_TVA", "PAY_IS"):
        racine = habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code=code, ordre=30))
        suppleance = accorder(racine, scene.suppleant, Role.SUPPLEANT)
        accorder(accorder(suppleance, scene.delegant, Role.ACTEUR_DELEGANT), scene.acteur, Role.ACTEUR)
    a_part = habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code="AVIS", ordre=50))
    accorder(a_part, scene.acteur, Role.ACTEUR, expire_le=timezone.localdate() + timedelta(days=9))
    vue = entreprise(scene.titulaire, scene.personne.siren)
    assert vue is not None
    lus = acces(vue, scene.titulaire)
    assert [[s.code for s in partage.services] for partage in lus.partages] == [
        ["DECL_TVA", "PAY_IS", "PAY_TVA"],
        ["AVIS"],
    ]
    assert lus.personnes == 4
    (seul,) = acces(vue, scene.titulaire, service="AVIS").partages
    assert [noeud.habilitation.espace_id for noeud in seul.racine.parcourir()] == [scene.titulaire.pk, scene.acteur.pk]


def test_un_arbre_tres_large_est_coupe_et_le_dit(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    for _ in range(LIGNES_PAR_PAGE + 5):
        accorder(scene.racine, EspaceFactory(), Role.ACTEUR)
    page = scene.ouvrir(client_de(scene.titulaire), "entreprise_acces")
    assert page.count('class="ep-place"') == LIGNES_PAR_PAGE
    assert "Et 9 autres personnes" in page  # 4 of the scene and 45


def test_trop_de_personnes_ne_sont_pas_comptees_a_moitie(
    scene: Scene, client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    accorder(
        habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code="AVIS", ordre=90)),
        scene.acteur,
        Role.ACTEUR,
    )
    monkeypatch.setattr("habilitations.lectures.entreprise.LUES_AU_PLUS", 4)  # all there are
    page = scene.ouvrir(client_de(scene.titulaire))
    assert "Toutes les personnes, par service" in page
    assert not re.search(r"\d+ autres? personne", page)
    acces_ = scene.ouvrir(client_de(scene.titulaire), "entreprise_acces")
    assert "choisissez un service" in acces_
    assert acces_.count('class="ep-place"') == 4  # the first service, whole; the last one when it is asked for
    seul = scene.ouvrir(client_de(scene.titulaire), "entreprise_acces", "?service=AVIS")
    assert seul.count('class="ep-place"') == 2
    assert "choisissez un service" not in seul


def test_ce_que_l_on_ne_detient_pas(scene: Scene) -> None:
    reserve = ServiceFactory(code="RESERVE", reserve_dge=True)
    ferme = ServiceFactory(code="FERME", ferme_le=timezone.localdate() - timedelta(days=1))
    vue = entreprise(scene.titulaire, scene.personne.siren)
    assert vue is not None
    absents = services_de(vue, scene.titulaire).absents
    assert scene.messagerie in absents  # whoever holds it: nothing is told of that
    assert not {reserve, ferme, scene.tva} & set(absents)


def test_les_demandes_sont_les_siennes(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    sienne = deposer(scene.personne, scene.titulaire, 1).demande
    autre = deposer(scene.personne, scene.suppleant, 2).demande
    ailleurs = deposer(PersonneFactory(), scene.titulaire, 3).demande
    demander_retrait(acteur=scene.acteur, habilitations=[scene.sous_delegation])
    page = scene.ouvrir(client_de(scene.titulaire), "entreprise_demandes")
    assert sienne.reference in page
    assert "Service TVA" in page
    assert autre.reference not in page
    assert ailleurs.reference not in page
    assert "par Hugo Marchal" in page
    assert "Répondre" in page
    assert "Suivre" in scene.ouvrir(client_de(scene.acteur), "entreprise_demandes")
    assert "Demandes de retrait" not in scene.ouvrir(client_de(scene.suppleant), "entreprise_demandes")


def test_le_journal_est_un_onglet(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    page = client_de(scene.titulaire).get(reverse("journal_personne"), {"siren": scene.personne.siren}).content.decode()
    assert reverse("entreprise_acces", args=[scene.personne.siren]) in page


@pytest.mark.parametrize("nom", ONGLETS)
def test_le_nombre_de_requetes_ne_depend_de_rien(scene: Scene, client_de: Callable[[Espace], Client], nom: str) -> None:
    navigateur, ou = client_de(scene.titulaire), reverse(nom, args=[scene.personne.siren])
    peu = compter(navigateur, ou)
    for rang in range(20):
        racine = habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code=f"S{rang}"))
        for _ in range(rang % 4):
            accorder(racine, EspaceFactory(), Role.ACTEUR)
        deposer(scene.personne, EspaceFactory(), 100 + rang)
    assert compter(navigateur, ou) == peu <= 8
    PersonneSirenisee.objects.filter(pk=scene.personne.pk).update(active=False)
    assert compter(navigateur, ou) <= 8, "of a closed one too"


@pytest.mark.parametrize("nom", ONGLETS)
def test_on_la_met_parmi_ses_favorites_et_on_y_revient(
    scene: Scene, client_de: Callable[[Espace], Client], nom: str
) -> None:
    navigateur, ou = client_de(scene.acteur), reverse(nom, args=[scene.personne.siren])
    for geste, presse in (("ajouter", "true"), ("retirer", "false")):
        assert f'name="{geste}" value="{scene.personne.siren}"' in scene.ouvrir(navigateur, nom)
        reponse = navigateur.post(reverse("favori"), {geste: scene.personne.siren, "retour": ou})
        assert reponse["Location"] == f"{ou}#e-{scene.personne.siren}"
        assert f'aria-pressed="{presse}"' in scene.ouvrir(navigateur, nom)
    assert 'aria-pressed="false"' in scene.ouvrir(client_de(scene.titulaire), nom), "each has his own"


def test_un_service_se_delegue_depuis_sa_ligne(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    siren, navigateur = scene.personne.siren, client_de(scene.titulaire)
    habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code="PAY_TVA"))
    adresse = reverse("delegations_designer", query={"nouveau": "1", "entreprise": siren, "service": "DECL_TVA"})
    assert f'href="{adresse.replace("&", "&amp;")}"' in scene.ouvrir(navigateur)
    ouverte = navigateur.get(adresse, follow=True)
    assert ouverte.redirect_chain[-1][0] == reverse("delegations_personne")
    choisis = " ".join(ouverte.content.decode().split())
    assert "1 service choisi" in choisis
    # Who was granted something already is one press away.
    assert f'href="?collaborateur={scene.suppleant.numero_abonne}"' in choisis
    # A service that is not held chooses nothing; an acteur has nothing to delegate.
    autre = navigateur.get(adresse.replace("DECL_TVA", "MSG"), follow=True)
    assert autre.redirect_chain[-1][0] == reverse("delegations_designer", query={"q": siren})
    assert "Déléguer" not in scene.ouvrir(client_de(scene.acteur))


def test_une_personne_se_retire_depuis_l_arbre(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    """One press shows what falls, a second one does it, and leads back to the tree; all that she holds in that sharing."""
    autre = habiliter(scene.titulaire, personne=scene.personne, service=ServiceFactory(code="PAY_TVA", ordre=30))
    en_double = accorder(
        accorder(accorder(autre, scene.suppleant, Role.SUPPLEANT), scene.delegant, Role.ACTEUR_DELEGANT),
        scene.acteur,
        Role.ACTEUR,
    )
    navigateur = client_de(scene.titulaire)
    page = scene.ouvrir(navigateur, "entreprise_acces")
    boutons = re.findall(
        r'name="de_l_arbre" value="([^"]+)"[^>]*>Retirer<span class="fr-sr-only"> ([^<]+)</span>', page
    )
    assert [nom for _, nom in boutons] == [
        "Inès Colin, 2 services",
        "Chloé Simon, 2 services",
        "Hugo Marchal, 2 services",
    ]
    valeur = boutons[2][0]
    assert valeur == f"retirer_delegation:{scene.sous_delegation.pk},{en_double.pk}"
    corps = {"de_l_arbre": valeur, "entreprise": scene.personne.siren}
    assert client_de(scene.autre).post(reverse("habilitations_choisir"), corps)["Location"] == reverse("delegations"), (
        "not hers"
    )
    reponse = navigateur.post(reverse("habilitations_choisir"), corps)
    assert reponse["Location"] == reverse("habilitations_changer")
    apercu = navigateur.get(reponse["Location"]).content.decode()
    assert "Retirer l’accès de cette personne" in apercu
    fait = navigateur.post(reponse["Location"], apercu_de(apercu))
    assert fait["Location"] == reverse("entreprise_acces", args=[scene.personne.siren])
    assert not Habilitation.objects.vivantes().filter(espace=scene.acteur).exists()
    assert Habilitation.objects.vivantes().filter(espace=scene.delegant).count() == 2
    assert "Hugo Marchal" not in scene.ouvrir(navigateur, "entreprise_acces").split("ep-arbre")[-1]


def test_elle_dit_ce_qui_attend_pour_elle_et_rien_d_autre(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    navigateur = client_de(scene.titulaire)
    assert "À faire" not in scene.ouvrir(navigateur)
    dans_quatre = timezone.localdate() + timedelta(days=4)
    racines = [scene.racine, *(habiliter(scene.titulaire, service=scene.tva) for _ in range(4))]
    for racine in racines:
        accorder(racine, scene.autre, Role.ACTEUR, expire_le=dans_quatre)
    deposer(racines[1].personne, scene.titulaire, 7)
    changer_mot_de_passe_depuis_trois_ans(scene.titulaire)
    page = scene.ouvrir(navigateur)
    assert "1 délégation se termine" in page, "of five in all, one is for this company"
    liste = f"{reverse('delegations')}?sens=accordees&amp;etat=BIENTOT&amp;par=vous&amp;siren={scene.personne.siren}"
    assert f'href="{liste}"' in page
    assert "courrier d’activation" not in page, "the letter is for another company"
    assert "Renouveler votre mot de passe" not in page, "a matter of the espace"
    deposer(scene.personne, scene.titulaire, 8)
    assert "courrier d’activation à venir" in scene.ouvrir(navigateur)


def test_chaque_source_de_a_faire_se_restreint_a_une_entreprise(scene: Scene) -> None:
    """What waits for one company is what the list of all says of it: no source is forgotten, none tells of another."""
    espace = Espace.objects.select_related("compte").get(pk=scene.titulaire.pk)
    ailleurs = habiliter(espace)
    for racine in (scene.racine, ailleurs):
        accorder(racine, scene.autre, Role.ACTEUR, expire_le=timezone.localdate() + timedelta(days=4))
        suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
        demander_retrait(acteur=suppleance.espace, habilitations=[suppleance])
        DemandeHabilitation.objects.create(demandeur=EspaceFactory(), siren=racine.personne.siren, motif="Reprise")
        deposer(racine.personne, espace, 1 + racine.personne_id)
    en_tout = a_faire(espace)
    seules = a_faire(espace, seule=Seule(scene.personne.pk, scene.personne.siren))
    assert {ligne.en_bref for ligne in seules} == {ligne.en_bref for ligne in en_tout if ligne.personnes}
    assert len(seules) >= 4
    assert {cle for ligne in seules for cle in ligne.personnes} == {scene.personne.pk}
