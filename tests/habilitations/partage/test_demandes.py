"""Demander une habilitation: a request from below, and the silence that it meets or not (issue 13.4)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import a_faire
from accounts.models import Courriel, Espace, Evenement
from accounts.portes.reauthentification import PROUVE_LE
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.lots import ActeurNonActif, AucuneLigne, DroitInsuffisant, LignesRefusees
from habilitations.arbre.montrees import ApercuChange
from habilitations.depart import suppression
from habilitations.lectures.demandes_habilitation import de_cette_personne
from habilitations.models import DemandeHabilitation, Habilitation, Role
from habilitations.partage import demandes
from habilitations.partage.beneficiaires import ESSAIS, NumeroDuDemandeurInexact, NumeroMalSaisi, TropDeRecherches
from habilitations.partage.delegations import RoleNonDelegable, retirer_delegation
from habilitations.partage.demandes import (
    PAR_JOUR,
    PAUSE_APRES_REFUS,
    accepter_demande_habilitation,
    annoncer_demandes_habilitation,
    annuler_demande_habilitation,
    demander_habilitation,
    eteindre_demandes_habilitation,
    rappeler_demandes_habilitation,
    refuser_demande_habilitation,
)
from habilitations.partage.designations import ActeurNonExpert, BeneficiaireIntrouvable, DejaHabilite
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter, siren
from tests.habilitations.scenes import apercu_de, texte

pytestmark = pytest.mark.django_db
JOUR = timedelta(days=1)
MOTIF = "Je tiens la comptabilité depuis septembre."


class Scene:
    """A company with two services under one titulaire, his suppléant on the first, and somebody who works there."""

    def __init__(self) -> None:
        self.personne = PersonneFactory(denomination="GARAGE DU PONT NEUF")
        self.tva, self.cfe = ServiceFactory(code="DECL_TVA", ordre=10), ServiceFactory(code="PAY_CFE", ordre=20)
        self.titulaire = EspaceFactory(prenom="Karine", nom="Vidal")
        self.suppleant = EspaceFactory(prenom="Inès", nom="Colin")
        self.acteur = EspaceFactory(prenom="Hugo", nom="Marchal")
        self.demandeur = EspaceFactory(prenom="Chloé", nom="Simon")
        self.racine = habiliter(self.titulaire, personne=self.personne, service=self.tva)
        self.autre = habiliter(self.titulaire, personne=self.personne, service=self.cfe)
        self.suppleance = accorder(self.racine, self.suppleant, Role.SUPPLEANT)
        accorder(self.racine, self.acteur, Role.ACTEUR)

    def demander(self, *, annoncer: bool = True) -> DemandeHabilitation:
        demande = demander_habilitation(acteur=self.demandeur, siren=self.personne.siren, motif=MOTIF)
        if annoncer:
            annoncer_demandes_habilitation()
        return demande

    def tenues(self) -> list[tuple[str, str]]:
        siennes = Habilitation.objects.vivantes().filter(espace=self.demandeur).order_by("service__ordre")
        return list(siennes.values_list("service__code", "role"))


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def ecrits(genre: str) -> set[str]:
    return set(Courriel.objects.filter(genre=genre).values_list("destinataire", flat=True))


def lignes(acte: str) -> list[tuple[str, str]]:
    return list(Evenement.objects.filter(acte=acte).values_list("auteur", "espace"))


def test_qui_administre_est_prevenu_et_personne_d_autre(scene: Scene) -> None:
    scene.demander()
    voulus = {scene.titulaire.compte.email, scene.suppleant.compte.email}
    assert ecrits("habilitation_demandee") == voulus
    assert {espace for _, espace in lignes("habilitation.demande_recue")} == {
        scene.titulaire.numero_abonne,
        scene.suppleant.numero_abonne,
    }
    assert lignes("habilitation.demandee") == [(scene.demandeur.numero_abonne,) * 2]
    for espace, dit in (
        (scene.titulaire, True),
        (scene.suppleant, True),
        (scene.acteur, False),
        (scene.demandeur, False),
    ):
        frais = Espace.objects.select_related("compte").get(pk=espace.pk)
        assert any(ligne.quoi == "1 personne demande une habilitation" for ligne in a_faire(frais)) is dit
    assert annoncer_demandes_habilitation() == 0  # once


def test_le_courriel_ne_dit_ni_qui_demande_ni_pourquoi(scene: Scene) -> None:
    scene.demander()
    for courriel in Courriel.objects.filter(genre="habilitation_demandee"):
        assert "Simon" not in str(courriel.contexte)
        assert "comptabilité" not in str(courriel.contexte)


def test_rien_ne_distingue_un_siren_tenu_d_un_siren_que_personne_ne_tient(
    scene: Scene, client_de: Callable[[Espace], Client]
) -> None:
    """The same page, the same queries, the same row, the same dates and mails: up to the end (no oracle)."""
    inconnu, sans_titulaire = siren(987_654), PersonneFactory().siren
    faits = {}
    for numero in (inconnu, sans_titulaire, scene.personne.siren):
        espace = EspaceFactory(prenom="Paul", nom="Petit")
        client = client_de(espace)
        client.get(reverse("demandes_habilitation"))
        with CaptureQueriesContext(connection) as requetes:
            reponse = client.post(reverse("demander_habilitation"), {"siren": numero, "motif": MOTIF})
            posees = [requete["sql"].split(" ", 1)[0] for requete in requetes.captured_queries]
        assert posees
        page = texte(client.get(reverse("demandes_habilitation")))
        annoncer_demandes_habilitation()
        rappeler_demandes_habilitation(maintenant=timezone.now() + 8 * JOUR)
        demande = DemandeHabilitation.objects.get(demandeur=espace)
        page = re.sub(rf"{numero[:3]}\s{numero[3:6]}\s{numero[6:]}", "", page).replace(str(demande.pk), "")
        page = re.sub(r'class="ep-menu__qui">.*?</p>', "", page, flags=re.DOTALL)
        page = re.sub(r'(csrfmiddlewaretoken" value="|estampille" value="|servi" value="|nonce-)[^"\']+', "", page)
        siennes = {
            c: getattr(demande, c) is not None for c in ("annoncee_le", "rappelee_le", "traitee_le", "traitee_par")
        }
        apres = texte(client.get(reverse("demandes_habilitation")))
        assert "Annuler" in apres
        eteindre_demandes_habilitation(maintenant=timezone.now() + 31 * JOUR)
        demande.refresh_from_db()
        faits[numero] = (
            posees,
            reponse.status_code,
            reponse["Location"],
            page,
            siennes,
            demande.etat,
            list(Courriel.objects.filter(espace=espace).values_list("genre", flat=True)),
            list(
                Evenement.objects.filter(espace=espace.numero_abonne).order_by("id").values_list("acte", "auteur")[1:]
            ),
        )
    assert faits[inconnu] == faits[sans_titulaire] == faits[scene.personne.siren]
    assert ecrits("habilitation_demandee")  # and yet somebody was told


def test_accepter_delegue_les_services_choisis(scene: Scene) -> None:
    demande = scene.demander()
    acceptation = accepter_demande_habilitation(
        acteur=scene.titulaire,
        demande=demande,
        numero=scene.demandeur.numero_abonne,
        adhesions=[scene.racine.adhesion, scene.autre.adhesion],
        role=Role.ACTEUR_DELEGANT,
        expire_le=timezone.localdate() + 40 * JOUR,
    )
    assert acceptation.refusees == []
    assert scene.tenues() == [("DECL_TVA", "ACTEUR_DELEGANT"), ("PAY_CFE", "ACTEUR_DELEGANT")]
    assert ecrits("habilitation_accordee") == {scene.demandeur.compte.email}
    assert lignes("habilitation.demande_acceptee") == [(scene.titulaire.numero_abonne, scene.demandeur.numero_abonne)]
    assert len(lignes("delegation.accordee")) == 2
    with pytest.raises(demandes.DemandeHabilitationTraitee):
        refuser_demande_habilitation(acteur=scene.suppleant, demande=demande, reponse="non")


def test_un_service_refuse_n_empeche_pas_les_autres(scene: Scene) -> None:
    accorder(scene.autre, scene.demandeur, Role.ACTEUR)
    ailleurs = habiliter(scene.titulaire, service=scene.tva)  # of another company: not what was asked
    acceptation = accepter_demande_habilitation(
        acteur=scene.titulaire,
        demande=scene.demander(),
        numero=scene.demandeur.numero_abonne,
        adhesions=[scene.racine.adhesion, scene.autre.adhesion, ailleurs.adhesion],
        role=Role.ACTEUR,
    )
    assert [type(ligne.regle) for ligne in acceptation.refusees] == [DejaHabilite, DroitInsuffisant]
    assert [h.service.code for h in acceptation.accordees] == ["DECL_TVA"]
    assert not Habilitation.objects.filter(espace=scene.demandeur, adhesion=ailleurs.adhesion).exists()


def test_les_regles_de_la_delegation_valent_toutes(scene: Scene) -> None:
    demande = scene.demander()
    tva = [scene.racine.adhesion]

    def accepter(acteur: Espace, **autrement: object) -> None:
        accepter_demande_habilitation(
            **{  # type: ignore[arg-type]
                "acteur": acteur,
                "demande": demande,
                "numero": scene.demandeur.numero_abonne,
                "adhesions": tva,
                "role": Role.ACTEUR,
            }
            | autrement
        )

    with pytest.raises(AucuneLigne):
        accepter(scene.titulaire, adhesions=[])
    with pytest.raises(demandes.ReponseReservee):
        accepter(scene.acteur)
    with pytest.raises(demandes.ReponseReservee):
        accepter(scene.demandeur)
    with pytest.raises(RoleNonDelegable):
        accepter(scene.titulaire, role=Role.SUPPLEANT)
    with pytest.raises(LignesRefusees):  # the suppléant of the other service holds nothing there
        accepter(scene.suppleant, adhesions=[scene.autre.adhesion])
    Espace.objects.filter(pk=scene.titulaire.pk).update(mode=Espace.Mode.SIMPLIFIE)
    with pytest.raises(ActeurNonExpert):
        accepter(scene.titulaire)
    Espace.objects.filter(pk=scene.demandeur.pk).update(etat=Espace.Etat.DESACTIVE)
    with pytest.raises(BeneficiaireIntrouvable):
        accepter(scene.suppleant)
    Espace.objects.filter(pk=scene.suppleant.pk).update(etat=Espace.Etat.DESACTIVE)
    with pytest.raises(ActeurNonActif):
        accepter(scene.suppleant)
    demande.refresh_from_db()
    assert demande.est_en_cours
    assert scene.tenues() == []


def test_qui_perd_son_droit_ne_repond_plus(scene: Scene) -> None:
    demande = scene.demander()
    Habilitation.objects.filter(pk=scene.suppleance.pk).update(
        etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now()
    )
    with pytest.raises(demandes.ReponseReservee):
        refuser_demande_habilitation(acteur=scene.suppleant, demande=demande, reponse="non")


def test_refuser_dit_pourquoi_et_donne_une_pause(scene: Scene) -> None:
    demande = scene.demander()
    with pytest.raises(demandes.MotifDuRefusRequis):
        refuser_demande_habilitation(acteur=scene.titulaire, demande=demande, reponse="  ")
    refuser_demande_habilitation(acteur=scene.titulaire, demande=demande, reponse="Je ne vous\nconnais pas.")
    demande.refresh_from_db()
    assert (demande.reponse, demande.traitee_par) == ("Je ne vous connais pas.", scene.titulaire)
    assert ecrits("demande_habilitation_refusee") == {scene.demandeur.compte.email}
    assert "connais" not in str(Courriel.objects.get(genre="demande_habilitation_refusee").contexte)
    with pytest.raises(demandes.DemandeTropProche):
        scene.demander()
    with pytest.raises(demandes.DemandeTropProche):
        demander_habilitation(
            acteur=scene.demandeur,
            siren=scene.personne.siren,
            motif=MOTIF,
            maintenant=timezone.now() + PAUSE_APRES_REFUS - timedelta(minutes=1),
        )
    apres = timezone.now() + PAUSE_APRES_REFUS + timedelta(minutes=1)
    assert demander_habilitation(acteur=scene.demandeur, siren=scene.personne.siren, motif=MOTIF, maintenant=apres)


def test_annuler_la_sienne(scene: Scene) -> None:
    demande = scene.demander()
    with pytest.raises(demandes.DemandeDUnAutre):
        annuler_demande_habilitation(acteur=scene.titulaire, demande=demande)
    annuler_demande_habilitation(acteur=scene.demandeur, demande=demande)
    with pytest.raises(demandes.DemandeHabilitationTraitee):
        annuler_demande_habilitation(acteur=scene.demandeur, demande=demande)
    with pytest.raises(demandes.DemandeHabilitationTraitee):
        accepter_demande_habilitation(
            acteur=scene.titulaire,
            demande=demande,
            numero=scene.demandeur.numero_abonne,
            adhesions=[scene.racine.adhesion],
            role=Role.ACTEUR,
        )
    with pytest.raises(demandes.DemandeTropProche):  # asking and cancelling without end is a mail a day at most
        scene.demander()
    assert demander_habilitation(
        acteur=scene.demandeur, siren=scene.personne.siren, motif=MOTIF, maintenant=timezone.now() + 2 * JOUR
    )


@pytest.mark.parametrize(
    ("champs", "regle"),
    [
        ({"motif": " \n "}, "motif_de_demande_requis"),
        ({"siren": "552032535"}, "siren_cle"),
        ({"mode": Espace.Mode.SIMPLIFIE}, "demandeur_non_expert"),
        ({"etat": Espace.Etat.DESACTIVE}, "acteur_non_actif"),
    ],
)
def test_qui_ne_peut_pas_demander(champs: dict[str, str], regle: str) -> None:
    saisie = {"siren": "552032534", "motif": MOTIF}
    espace = EspaceFactory(**{cle: valeur for cle, valeur in champs.items() if cle not in saisie})
    with pytest.raises(RegleMetier) as refus:
        demander_habilitation(acteur=espace, **saisie | {c: v for c, v in champs.items() if c in saisie})
    assert refus.value.code == regle


def test_une_a_la_fois_et_dix_par_jour(scene: Scene) -> None:
    scene.demander()
    with pytest.raises(demandes.DemandeHabilitationEnCours):
        scene.demander()
    for rang in range(PAR_JOUR - 1):
        demander_habilitation(acteur=scene.demandeur, siren=siren(555_000 + rang), motif=MOTIF)
    with pytest.raises(demandes.TropDeDemandesHabilitation):
        demander_habilitation(acteur=scene.demandeur, siren=siren(555_999), motif=MOTIF)
    # The collaborator of a firm of 100 SIREN is granted all of it without asking; and he goes on tomorrow.
    demain = timezone.now() + JOUR + timedelta(minutes=1)
    assert demander_habilitation(acteur=scene.demandeur, siren=siren(555_999), motif=MOTIF, maintenant=demain)


def test_des_inconnus_qui_demandent_ne_noient_ni_l_administrateur_ni_le_collegue(scene: Scene) -> None:
    for _ in range(7):
        demander_habilitation(acteur=EspaceFactory(), siren=scene.personne.siren, motif=MOTIF)
    annoncer_demandes_habilitation()
    recus = Courriel.objects.filter(genre="habilitation_demandee", destinataire=scene.titulaire.compte.email)
    assert recus.count() == demandes.AVIS_PAR_SIREN.limite == 5
    collegue = scene.demander()  # no mail, and yet it is read, and granted
    frais = Espace.objects.select_related("compte").get(pk=scene.titulaire.pk)
    assert any(ligne.quoi == "8 demandes d’habilitation" for ligne in a_faire(frais))
    accepter_demande_habilitation(
        acteur=scene.titulaire,
        demande=collegue,
        numero=scene.demandeur.numero_abonne,
        adhesions=[scene.racine.adhesion],
        role=Role.ACTEUR,
    )
    assert scene.tenues() == [("DECL_TVA", "ACTEUR")]


def test_rappelee_au_septieme_jour_eteinte_au_trentieme(scene: Scene) -> None:
    demande = scene.demander()
    depart = demande.deposee_le
    assert rappeler_demandes_habilitation(maintenant=depart + 7 * JOUR - timedelta(seconds=1)) == 0
    assert rappeler_demandes_habilitation(maintenant=depart + 7 * JOUR) == 1
    assert rappeler_demandes_habilitation(maintenant=depart + 8 * JOUR) == 0
    assert ecrits("habilitation_demandee_rappel") == {scene.titulaire.compte.email, scene.suppleant.compte.email}
    assert eteindre_demandes_habilitation(maintenant=depart + 30 * JOUR - timedelta(seconds=1)) == 0
    assert eteindre_demandes_habilitation(maintenant=depart + 30 * JOUR) == 1
    assert eteindre_demandes_habilitation(maintenant=depart + 31 * JOUR) == 0
    demande.refresh_from_db()
    assert (demande.etat, demande.traitee_par) == (DemandeHabilitation.Etat.EXPIREE, None)
    assert ecrits("demande_habilitation_expiree") == {scene.demandeur.compte.email}
    assert lignes("habilitation.demande_expiree") == [(demandes.SUIVI, scene.demandeur.numero_abonne)]


def test_ce_qui_est_repondu_n_est_plus_rappele(scene: Scene) -> None:
    demande = scene.demander()
    refuser_demande_habilitation(acteur=scene.titulaire, demande=demande, reponse="non")
    assert rappeler_demandes_habilitation(maintenant=demande.deposee_le + 8 * JOUR) == 0
    assert eteindre_demandes_habilitation(maintenant=demande.deposee_le + 31 * JOUR) == 0


def test_un_espace_supprime_ne_demande_plus_rien(scene: Scene) -> None:
    demande = scene.demander()
    suppression.faire_tomber(scene.demandeur, timezone.now(), scene.demandeur)
    demande.refresh_from_db()
    assert (demande.etat, demande.motif) == (DemandeHabilitation.Etat.ANNULEE, "")


def test_les_pages_du_depot_a_la_reponse(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    demandeur, titulaire = client_de(scene.demandeur), client_de(scene.titulaire)
    vide = demandeur.post(reverse("demander_habilitation"), {"siren": "552032535", "motif": ""})
    assert "clé de contrôle" in texte(vide)
    assert scene.personne.siren in texte(
        demandeur.get(reverse("demander_habilitation"), {"siren": scene.personne.siren})
    )
    demandeur.post(reverse("demander_habilitation"), {"siren": scene.personne.siren, "motif": "<b>Bonjour</b>"})
    siennes = texte(demandeur.get(reverse("demandes_habilitation")))
    assert "GARAGE" not in siennes  # the register is not read for him
    liste = texte(titulaire.get(reverse("demandes_habilitation")))
    sienne = texte(demandeur.get(reverse("demandes_habilitation"))).partition("Vos demandes</h2>")[2]
    assert "&lt;b&gt;Bonjour&lt;/b&gt;" in sienne, "one's own reason, while it waits"
    assert scene.racine.personne.denomination not in sienne, "not before it is accepted"
    assert "« &lt;b&gt;Bonjour&lt;/b&gt; »" in liste
    assert "Chloé Simon" in liste
    demande = DemandeHabilitation.objects.get()
    page = reverse("demande_habilitation_accepter", args=[demande.pk])
    assert titulaire.get(page).status_code == 200
    saisie = {
        "numero": scene.demandeur.numero_lisible,
        "services": [scene.racine.adhesion_id, scene.autre.adhesion_id],
        "role": Role.ACTEUR,
        "expire_le": "",
    }
    accorder(scene.autre, scene.demandeur, Role.ACTEUR)
    relue = texte(titulaire.post(page, saisie))
    assert "Chloé Simon y est déjà habilité" in relue
    assert scene.demandeur.numero_lisible in relue
    assert scene.tenues() == [("PAY_CFE", "ACTEUR")]  # nothing yet
    assert "a changé" in texte(titulaire.post(page, saisie | {"apercu": "autre"}))
    assert 'name="retour"' in relue
    jour = (timezone.localdate() + timedelta(days=20)).isoformat()
    revenu = texte(
        titulaire.post(page, {**saisie, "services": [scene.racine.adhesion_id], "expire_le": jour, "retour": "1"})
    )
    assert re.findall(r'name="services" value="(\d+)"[^>]*checked', revenu) == [str(scene.racine.adhesion_id)]
    assert f'value="{jour}"' in revenu
    assert "fr-error-text" not in revenu
    fait = titulaire.post(page, saisie | apercu_de(relue), follow=True)
    dit = f"acteur de « {scene.racine.service.libelle} » pour {scene.racine.personne.denomination}"
    assert f"est désormais {dit}. Refusé : Service PAY_CFE" in texte(fait)
    assert scene.tenues() == [("DECL_TVA", "ACTEUR"), ("PAY_CFE", "ACTEUR")]
    assert titulaire.get(page).status_code == 404  # it waits no more
    acceptee = texte(demandeur.get(reverse("demandes_habilitation"))).partition("Vos demandes</h2>")[2]
    assert "Acceptée" in acceptee
    assert scene.racine.personne.denomination in acceptee


def test_refuser_et_annuler_par_les_pages(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    demande = scene.demander()
    page = reverse("demande_habilitation_refuser", args=[demande.pk])
    for espace in (scene.acteur, scene.demandeur, EspaceFactory()):
        assert client_de(espace).get(page).status_code == 404
    titulaire = client_de(scene.titulaire)
    assert "Dites pourquoi" in texte(titulaire.post(page, {"motif": ""}))
    titulaire.post(page, {"motif": "Je ne vous connais pas."})
    demandeur = client_de(scene.demandeur)
    assert "« Je ne vous connais pas. »" in texte(demandeur.get(reverse("demandes_habilitation")))
    demandeur.post(reverse("demander_habilitation"), {"siren": siren(555_001), "motif": MOTIF})
    autre = DemandeHabilitation.objects.get(etat="DEPOSEE")
    annuler = reverse("demande_habilitation_annuler", args=[autre.pk])
    assert titulaire.post(annuler).status_code == 404
    demandeur.post(annuler)
    autre.refresh_from_db()
    assert autre.etat == DemandeHabilitation.Etat.ANNULEE


def test_la_page_de_l_entreprise_y_mene(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    scene.demander()
    onglet = texte(client_de(scene.titulaire).get(reverse("entreprise_demandes", args=[scene.personne.siren])))
    assert "Chloé Simon" in onglet
    assert "Chloé Simon" not in texte(
        client_de(scene.acteur).get(reverse("entreprise_demandes", args=[scene.personne.siren]))
    )
    services = texte(client_de(scene.acteur).get(reverse("entreprise", args=[scene.personne.siren])))
    assert f"{reverse('demander_habilitation')}?siren={scene.personne.siren}" in services


def test_vos_demandes_disent_aussi_les_demandes_d_habilitation(client_de: Callable[[Espace], Client]) -> None:
    """Who asked an administrator finds it from « Vos demandes », which hold those to the représentant légal."""
    scene = Scene()
    dite = "vous en avez envoyé une depuis un an"
    assert dite not in texte(client_de(scene.demandeur).get(reverse("demandes")))
    scene.demander()
    page = texte(client_de(scene.demandeur).get(reverse("demandes")))
    assert dite in page
    assert f'href="{reverse("demandes_habilitation")}"' in page


def test_qui_demande_sous_le_nom_d_une_collegue_n_obtient_rien(
    scene: Scene, client_de: Callable[[Espace], Client]
) -> None:
    """The name is what the espace was opened with: what is believed is the number that the colleague herself tells (R11)."""
    collegue, usurpateur = EspaceFactory(prenom="Jade", nom="Perrin"), EspaceFactory(prenom="Jade", nom="Perrin")
    demande = demander_habilitation(acteur=usurpateur, siren=scene.personne.siren, motif=MOTIF)
    titulaire, page = client_de(scene.titulaire), reverse("demande_habilitation_accepter", args=[demande.pk])
    choix = {"services": [scene.racine.adhesion_id], "role": Role.ACTEUR, "expire_le": ""}
    pages = [titulaire.get(reverse("demandes_habilitation")), titulaire.get(page)]
    pages += [titulaire.post(page, choix | {"numero": numero}) for numero in ("", "123", collegue.numero_lisible)]
    for reponse in pages:
        assert usurpateur.numero_lisible not in texte(reponse), "the number is told by the colleague, never by the page"
        assert usurpateur.numero_abonne not in texte(reponse)
    assert "Indiquez le numéro d’abonné" in texte(pages[2])
    assert "n’est pas bien recopié" in texte(pages[3])
    assert "n’est pas celui de la personne" in texte(pages[4])
    assert len(lignes("beneficiaire.introuvable")) == 1
    forgee = titulaire.post(page, choix | {"numero": collegue.numero_abonne, "apercu": "autre"})
    assert "a changé" in texte(forgee)
    bonne = apercu_de(texte(forgee))
    assert "n’est pas celui de la personne" in texte(
        titulaire.post(page, choix | {"numero": collegue.numero_abonne} | bonne)
    )
    assert not Habilitation.objects.filter(espace__in=[usurpateur, collegue]).exists()
    assert len(lignes("beneficiaire.introuvable")) == 2


def test_le_numero_du_demandeur_est_exige_et_ne_se_devine_pas(scene: Scene) -> None:
    demande = scene.demander()

    def accepter(numero: str, acteur: Espace = scene.titulaire) -> None:
        accepter_demande_habilitation(
            acteur=acteur, demande=demande, numero=numero, adhesions=[scene.racine.adhesion], role=Role.ACTEUR
        )

    with pytest.raises(NumeroMalSaisi):
        accepter("123")
    with pytest.raises(demandes.ReponseReservee):  # and nothing is told to who may not answer
        accepter(EspaceFactory().numero_abonne, scene.acteur)
    for _ in range(ESSAIS):
        with pytest.raises(NumeroDuDemandeurInexact):
            accepter(scene.acteur.numero_abonne)
    with pytest.raises(TropDeRecherches):
        accepter(scene.demandeur.numero_abonne)
    assert scene.tenues() == []
    accepter(scene.demandeur.numero_abonne, scene.suppleant)  # each has his own tries


def test_ce_qui_est_confirme_est_ce_qui_a_ete_montre(scene: Scene, client_de: Callable[[Espace], Client]) -> None:
    """« TVA granted, CFE refused » was shown: « CFE granted, TVA refused » is as many, and is not done."""
    deja = accorder(scene.autre, scene.demandeur, Role.ACTEUR)
    demande = scene.demander()
    titulaire, page = client_de(scene.titulaire), reverse("demande_habilitation_accepter", args=[demande.pk])
    saisie = {
        "numero": scene.demandeur.numero_abonne,
        "services": [scene.racine.adhesion_id, scene.autre.adhesion_id],
        "role": Role.ACTEUR,
        "expire_le": "",
    }
    montre = apercu_de(texte(titulaire.post(page, saisie)))
    retirer_delegation(acteur=scene.titulaire, delegations=[deja])
    accorder(scene.suppleance, scene.demandeur, Role.ACTEUR)
    refaite = texte(titulaire.post(page, saisie | montre))
    assert "a changé" in refaite
    assert scene.tenues() == [("DECL_TVA", "ACTEUR")]
    with pytest.raises(ApercuChange):  # under the locks too
        accepter_demande_habilitation(
            acteur=scene.titulaire,
            demande=demande,
            numero=scene.demandeur.numero_abonne,
            adhesions=[scene.racine.adhesion, scene.autre.adhesion],
            role=Role.ACTEUR,
            montrees=[scene.racine.adhesion_id],
        )
    titulaire.post(page, saisie | apercu_de(refaite))
    assert scene.tenues() == [("DECL_TVA", "ACTEUR"), ("PAY_CFE", "ACTEUR")]


def test_refuser_demande_le_mot_de_passe_et_garde_ce_qui_est_saisi(
    scene: Scene, client_de: Callable[[Espace], Client]
) -> None:
    demande = scene.demander()
    page, titulaire = reverse("demande_habilitation_refuser", args=[demande.pk]), client_de(scene.titulaire)
    dite = texte(titulaire.get(page))
    assert "Votre réponse lui apprend votre nom et que vous administrez" in dite
    session = titulaire.session
    session[PROUVE_LE] = 0
    session.save()
    assert reverse("confirmer_identite") in titulaire.get(page)["Location"]
    demandee = texte(titulaire.post(page, {"motif": "Je ne vous connais pas."}))
    demande.refresh_from_db()
    assert demande.est_en_cours
    assert "Je ne vous connais pas." in demandee


def test_la_plus_ancienne_qui_attend_reste_sur_la_page_de_l_entreprise(scene: Scene) -> None:
    """Strangers who ask later do not push it off; what one asked oneself comes after what waits."""
    honnete, maintenant = scene.demander(annoncer=False), timezone.now()
    sienne = DemandeHabilitation.objects.create(
        demandeur=scene.titulaire, siren=scene.personne.siren, etat="EXPIREE", traitee_le=maintenant
    )
    DemandeHabilitation.objects.bulk_create(
        DemandeHabilitation(demandeur=EspaceFactory(), siren=scene.personne.siren, deposee_le=maintenant + rang * JOUR)
        for rang in range(1, 4)
    )
    lues = de_cette_personne(scene.titulaire, scene.personne.siren, administre=True)
    assert (lues[0], lues[-1], len(lues)) == (honnete, sienne, 5)
    assert [lue.deposee_le for lue in lues[:-1]] == sorted(lue.deposee_le for lue in lues[:-1])
