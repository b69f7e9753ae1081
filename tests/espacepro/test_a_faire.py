"""« À faire »: one test a line, each told where something waits and gone once it is done (issue 13.1)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Gravite, Ligne, a_faire
from accounts.models import Compte, Espace, Lien
from accounts.saisies.dates import jour
from activation.models import Courrier, Demande, Signalement
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Habilitation, Role
from habilitations.partage.suppleances import mettre_en_veille
from services.models import PersonneSirenisee
from surveillance.models import Desactivation
from tests.activation import scenes
from tests.espacepro.scenes import alerte_avec_question
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import remplacer, texte

pytestmark = pytest.mark.django_db
JOUR = timedelta(days=1)


def dites(espace: Espace, **avance: int) -> list[Ligne]:
    return a_faire(
        Espace.objects.select_related("compte").get(pk=espace.pk), maintenant=timezone.now() + timedelta(**avance)
    )


def une(espace: Espace, **avance: int) -> Ligne:
    (ligne,) = dites(espace, **avance)
    return ligne


@pytest.fixture
def personne() -> PersonneSirenisee:
    return PersonneFactory(denomination="SCI LES TILLEULS")


def test_rien_n_attend_rien_n_est_dit(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    habiliter(espace)
    assert dites(espace) == []
    accueil = texte(client_de(espace).get(reverse("espace")))
    assert "À faire" not in accueil
    assert reverse("activer") in accueil, "« J'ai reçu un code » stands there always"
    assert "Rien n’attend" in texte(client_de(espace).get(reverse("a_faire")))


def test_un_code_attendu(espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]) -> None:
    demande = scenes.adhesion(espace, personne)
    courrier = scenes.editer(demande)
    ligne = une(espace)
    assert ligne.gravite is Gravite.INFO
    assert ligne.quand == f"Vers le {jour(courrier.edite_le + 14 * JOUR)}"
    assert ligne.quoi == f"Code d’activation attendu, à saisir jusqu’au {jour(courrier.expire_le)}"
    assert (ligne.personnes, ligne.url) == ((personne.pk,), reverse("activer"))
    assert "SCI LES TILLEULS" in texte(client_de(espace).get(reverse("espace")))
    assert (une(espace, days=50).gravite, une(espace, days=58).gravite) == (Gravite.ATTENTION, Gravite.GRAVE)
    assert une(espace, days=58).quand == f"{jour(courrier.expire_le)}, dans 2 jours"
    scenes.activer(acteur=espace, demande=demande, saisie=scenes.code(demande))
    assert dites(espace) == []


def test_un_courrier_pas_encore_parti(espace: Espace, personne: PersonneSirenisee) -> None:
    demande = scenes.adhesion(espace, personne)
    assert (une(espace).quand, une(espace).url) == ("En préparation", reverse("demande", args=[demande.reference]))
    Courrier.objects.update(pas_avant=timezone.now() + 3 * JOUR)
    assert une(espace).quand == f"Part le {jour(timezone.now() + 3 * JOUR)}"


def test_une_lettre_revenue_passe_devant(espace: Espace, personne: PersonneSirenisee) -> None:
    scenes.editer(scenes.adhesion(espace))
    scenes.editer(scenes.adhesion(espace, personne))
    Courrier.objects.filter(demande__personne=personne).update(etat=Courrier.Etat.NPAI)
    premiere, _ = dites(espace)
    assert (premiere.gravite, premiere.quand, premiere.personnes) == (Gravite.GRAVE, "Lettre revenue", (personne.pk,))


@pytest.mark.parametrize(
    ("changement", "dit"), [({"essais": 5}, "Code bloqué"), ({"expire_le": timezone.now() - JOUR}, "Code expiré")]
)
def test_un_code_qui_ne_sert_plus(
    espace: Espace, personne: PersonneSirenisee, changement: dict[str, Any], dit: str
) -> None:
    scenes.editer(scenes.adhesion(espace, personne))
    Courrier.objects.update(**changement)
    assert (une(espace).quand, une(espace).quoi) == (dit, "Demander un nouveau courrier")


def test_un_code_suspendu(espace: Espace, personne: PersonneSirenisee) -> None:
    demande = scenes.adhesion(espace, personne)
    scenes.editer(demande)
    Signalement.objects.create(demande=demande, origine="COURRIER", suspend_jusqu_au=timezone.now() + JOUR)
    assert une(espace).quand == "Code suspendu"


def test_beaucoup_de_codes_tiennent_sur_une_ligne(espace: Espace) -> None:
    for _ in range(4):
        scenes.editer(scenes.adhesion(espace))
    ligne = une(espace)
    assert ligne.quoi.startswith("4 codes d’activation attendus")
    assert len(ligne.personnes) == 4
    assert ligne.pour(dict.fromkeys(ligne.personnes, "X")) == "4 entreprises"


def test_quelqu_un_demande_a_remplacer_le_titulaire(espace: Espace, personne: PersonneSirenisee) -> None:
    service = ServiceFactory()
    habiliter(espace, personne=personne, service=service)
    autre = EspaceFactory()
    demande = Demande.objects.create(
        reference="D-2026-SUBST", nature="SUBSTITUTION", espace=autre, personne=personne, qualite="MANDATAIRE"
    )
    demande.lignes.create(service=ServiceFactory())
    assert dites(espace) == [], "a service that it does not hold"
    demande.lignes.create(service=service)
    ligne = une(espace)
    assert ligne.quoi == "Substitution demandée : un autre demande à devenir titulaire d’un service"
    assert ligne.url == reverse("signaler", query={"reference": "D-2026-SUBST"})
    assert [sienne.en_bref for sienne in dites(autre)] == ["Courrier à venir"]


def test_les_trente_jours_d_une_substitution(espace: Espace, personne: PersonneSirenisee) -> None:
    racine = habiliter(EspaceFactory(), personne=personne)
    accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    remplacer(espace, racine)
    ligne = une(espace)
    assert (ligne.quoi, ligne.url) == ("1 habilitation à conserver ou à retirer", reverse("revue_substitution"))
    assert ligne.quand == f"{jour(timezone.now() + 30 * JOUR)}, dans 30 jours"
    assert une(espace, days=25).gravite is Gravite.GRAVE
    Habilitation.objects.filter(veille_motif="SUBSTITUTION").update(fin_le=timezone.now(), fin_motif="RETRAIT")
    assert dites(espace) == []


def test_des_delegations_accordees_se_terminent(espace: Espace, personne: PersonneSirenisee) -> None:
    racine = habiliter(espace, personne=personne)
    dans_quatre = timezone.localdate() + 4 * JOUR
    delegation = accorder(racine, EspaceFactory(prenom="Hugo", nom="Marchal"), Role.ACTEUR, expire_le=dans_quatre)
    accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() + 16 * JOUR)
    ligne = une(espace)
    assert (ligne.quoi, ligne.quand) == ("1 délégation se termine", f"{jour(dans_quatre)}, dans 4 jours")
    assert ligne.pour({personne.pk: personne.denomination}) == "Hugo Marchal, SCI LES TILLEULS"
    recue, _ = dites(delegation.espace)  # and that it is recent
    assert recue.quoi == "1 habilitation qui vous est confiée se termine"


def test_ce_qui_est_compte_est_ce_que_la_liste_montre(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    """The number on the line is the number of rows behind its link, the nearest last day first."""
    racine = habiliter(espace, personne=personne)
    autre = habiliter(espace, personne=PersonneFactory(denomination="AUBE"))
    demain = timezone.localdate() + JOUR
    delegant = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT, expire_le=demain + 2 * JOUR)
    accorder(autre, delegant.espace, Role.ACTEUR, expire_le=demain + 3 * JOUR)
    accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=demain + 20 * JOUR)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    accorder(delegant, EspaceFactory(), Role.ACTEUR, expire_le=demain)  # which another granted
    ligne = une(espace)
    page = client_de(espace).get(ligne.url).context["page"]
    assert ligne.quoi == "2 délégations se terminent"
    assert [h.personne.denomination for h in page] == ["SCI LES TILLEULS", "AUBE"]
    recue = next(ligne for ligne in dites(delegant.espace) if ligne.en_bref == "Se termine bientôt")
    assert len(client_de(delegant.espace).get(recue.url).context["page"]) == 2


def test_la_liste_de_ce_qui_se_termine_garde_ses_filtres(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    racine = habiliter(espace)
    accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() + JOUR)
    html = client_de(espace).get(une(espace).url).content.decode()
    assert 'value="BIENTOT" selected' in html
    assert 'value="vous" selected' in html


@pytest.mark.parametrize("quoi", ["revenues", "à venir"])
def test_plusieurs_lettres_menent_a_leur_liste(
    espace: Espace, client_de: Callable[[Espace], Client], quoi: str
) -> None:
    for _ in range(4):
        demande = scenes.adhesion(espace)
        if quoi == "revenues":
            scenes.editer(demande)
    Courrier.objects.filter(edite_le__isnull=False).update(etat=Courrier.Etat.NPAI)
    scenes.editer(scenes.adhesion(espace))
    ligne = next(ligne for ligne in dites(espace) if quoi in f"{ligne.quand} {ligne.quoi}")
    assert len(ligne.personnes) == 4
    assert len(client_de(espace).get(ligne.url).context["page"]) == 4


def test_une_delegation_d_un_autre_ne_concerne_que_qui_l_a_accordee(espace: Espace) -> None:
    delegant = accorder(habiliter(espace), EspaceFactory(), Role.ACTEUR_DELEGANT)
    Habilitation.objects.filter(pk=delegant.pk).update(accordee_le=timezone.now() - 20 * JOUR)
    accorder(delegant, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() + JOUR)
    assert dites(espace) == []
    assert [ligne.acte for ligne in dites(delegant.espace)] == ["Prolonger"]


def test_la_revue_annuelle(espace: Espace) -> None:
    delegant = accorder(habiliter(espace), EspaceFactory(), Role.ACTEUR_DELEGANT, revue_le=timezone.now())
    sous = accorder(delegant, EspaceFactory(), Role.ACTEUR)
    Habilitation.objects.filter(pk__in=[sous.pk, delegant.pk]).update(accordee_le=timezone.now() - 366 * JOUR)
    assert dites(espace) == []
    assert (une(delegant.espace).quoi, une(delegant.espace).url) == (
        "1 délégation à revoir",
        reverse("revue_delegations"),
    )
    Habilitation.objects.filter(pk=sous.pk).update(accordee_le=timezone.now() - 426 * JOUR)
    assert une(espace).quoi == "1 délégation accordée par un autre, restée sans réponse"


def test_une_demande_de_quitter_un_service(espace: Espace) -> None:
    acteur = accorder(habiliter(espace), EspaceFactory(), Role.ACTEUR)
    demander_retrait(acteur=acteur.espace, habilitations=[acteur])
    assert une(espace).url == reverse("retraits")
    assert [ligne.acte for ligne in dites(acteur.espace)] == ["Vérifier"], "the recent grant alone"


def test_ce_qui_est_en_veille(espace: Espace) -> None:
    titulaire = EspaceFactory()
    suppleance = accorder(habiliter(titulaire), espace, Role.SUPPLEANT, accordee_le=timezone.now() - 20 * JOUR)
    mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    assert (une(espace).quand, une(espace).quoi) == ("En veille", "1 service suspendu")


def test_ce_qui_vient_d_etre_confie(espace: Espace) -> None:
    accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR)
    ligne = une(espace)
    assert ligne.quoi.startswith("1 service vient de vous être confié")
    assert (ligne.quand, ligne.url) == (
        f"Avant le {jour(timezone.now() + 15 * JOUR)}",
        reverse("habilitations_recentes"),
    )
    assert dites(espace, days=16) == []


def test_un_perimetre_qui_se_remplit(espace: Espace, settings: Any) -> None:
    settings.PERIMETRE_ALERTE = settings.PERIMETRE_SIREN = 2
    habiliter(espace)
    assert dites(espace) == []
    habiliter(espace)
    assert une(espace).quoi == "2 SIREN sur 2 : aucun autre n’y entre"
    settings.PERIMETRE_SIREN = 3
    assert (une(espace).gravite, une(espace).url) == (Gravite.INFO, reverse("perimetre"))


def test_un_mot_de_passe_bientot_trop_vieux(espace: Espace) -> None:
    assert dites(espace) == []
    Compte.objects.filter(espace=espace).update(mot_de_passe_change_le=timezone.now() - timedelta(days=3 * 365 - 40))
    assert (une(espace).gravite, une(espace).url) == (Gravite.ATTENTION, reverse("changer_mot_de_passe"))
    assert une(espace, days=38).gravite is Gravite.GRAVE


def test_une_adresse_qui_ne_repond_pas(espace: Espace) -> None:
    Compte.objects.filter(espace=espace).update(adresse_rejetee_le=timezone.now())
    assert (une(espace).gravite, une(espace).url) == (Gravite.GRAVE, reverse("identifiants"))


def test_des_changements_a_examiner_apres_un_retablissement(espace: Espace) -> None:
    assert dites(espace) == []
    maintenant = timezone.now()
    Desactivation.objects.create(
        espace=espace,
        voie="AGENT",
        raison="INHABITUEL",
        depuis=maintenant,
        etat_avant="ACTIF",
        retablie_le=maintenant,
    )
    assert (une(espace).gravite, une(espace).url) == (Gravite.GRAVE, reverse("changements_examines"))


def test_une_question_de_la_cellule(espace: Espace) -> None:
    alerte = alerte_avec_question(espace, AgentFactory())
    ligne = une(espace)
    assert (ligne.gravite, ligne.url) == (Gravite.GRAVE, reverse("usage_inhabituel", args=[alerte.pk]))
    assert dites(espace, days=8) == []
    alerte.etat = "ECARTEE"
    alerte.save()
    assert dites(espace) == [], "what the cell has decided is asked no more"


def test_une_adresse_a_confirmer(espace: Espace) -> None:
    Lien.objects.create(
        espace=espace, objet="CHANGEMENT_ADRESSE", adresse="n@exemple.fr", expire_le=timezone.now() + JOUR
    )
    assert (une(espace).pour_qui, une(espace).url) == ("n@exemple.fr", reverse("identifiants"))
    assert dites(espace, days=2) == []


def test_cinq_a_l_accueil_toutes_sur_leur_page(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    service = ServiceFactory(code="UN")
    for etat in ("NPAI", "EDITE"):
        for _ in range(3):
            demande = scenes.adhesion(espace, service=service)
            scenes.editer(demande)
            Courrier.objects.filter(demande=demande).update(etat=etat)
    navigateur = client_de(espace)
    accueil, tout = texte(navigateur.get(reverse("espace"))), texte(navigateur.get(reverse("a_faire")))
    assert accueil.count("Voir quoi faire") == 3
    assert accueil.count("Saisir le code") == 2
    assert "Les 6 choses à faire" in accueil
    assert tout.count("Saisir le code") == 3


def test_le_nombre_de_requetes_ne_depend_pas_de_ce_qui_est_tenu(espace: Espace, django_assert_num_queries: Any) -> None:
    service = ServiceFactory(code="UN")
    for tour in range(2):
        for _ in range(10 * tour + 1):
            racine = habiliter(espace, service=service)
            accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() + JOUR)
            scenes.editer(scenes.adhesion(espace, service=service))
        lu = Espace.objects.select_related("compte").get(pk=espace.pk)
        with django_assert_num_queries(2):
            assert len(a_faire(lu)) >= 2
