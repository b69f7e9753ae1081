"""R21, first step: the company's new address answers a link, then the letter leaves (CGU §4.e)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs.plafonds import TropDeChangements
from accounts.envois import courriels, relais
from accounts.envois.liens import LienDejaUtilise, LienExpire, LienInvalide, jeton
from accounts.espace.a_faire import Gravite, a_faire
from accounts.models import Courriel, Espace, Evenement, Lien
from accounts.traces.acteurs import Visiteur
from activation.demandes.activation import activer
from activation.demandes.attente import AdresseNonConfirmee
from activation.demandes.confirmation_adresse import (
    AdresseDejaConfirmee,
    DemandeSansSuite,
    DemandeurSansDroit,
    LienRecent,
    confirmer_adresse,
    expirer_non_confirmees,
    refuser_adresse,
    renvoyer_le_lien,
)
from activation.demandes.courriel_personne import AdresseInchangee, MessagerieRequise, demander_changement
from activation.demandes.depot import PersonneCessee
from activation.demandes.lectures import EN_ATTENTE, FiltresDemandes, codes_attendus, detail_demande, mes_demandes
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier, expirer_demandes
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Role
from services.models import PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
NOUVELLE = "nouvelle@ateliers-du-nord.fr"
APRES = timedelta(hours=72, seconds=1)


@pytest.fixture
def droit() -> Habilitation:
    """The titulaire of a company's Messagerie."""
    service = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
    return habiliter(EspaceFactory(), personne=PersonneFactory(courriel=scenes.ENTREPRISE), service=service)


@pytest.fixture
def demande(droit: Habilitation) -> Demande:
    return demander(droit.espace, droit.personne)


def demander(espace: Espace, personne: PersonneSirenisee, adresse: str = NOUVELLE) -> Demande:
    return demander_changement(acteur=espace, personne=personne, adresse=adresse, qualite="REPRESENTANT_LEGAL")


def lecteur(demande: Demande) -> Visiteur:
    return Visiteur(jeton=scenes.lien_adresse(demande))


def etapes(demande: Demande) -> list[tuple[str, str]]:
    demande.refresh_from_db()
    return [(etape["titre"], etape["etat"]) for etape in detail_demande(demande).frise]


def test_le_lien_d_abord_puis_la_lettre(demande: Demande) -> None:
    assert not demande.courriers.exists(), "no letter before the link is answered"
    lien = Courriel.objects.get(genre="courriel_entreprise_confirmer")
    assert (lien.destinataire, lien.lien.sujet) == (NOUVELLE, demande.pk)
    assert Courriel.objects.get(genre="courriel_entreprise_demande").destinataire == scenes.ENTREPRISE, "at once"
    assert etapes(demande) == [
        ("Demande déposée", "fait"),
        ("Lien envoyé à la nouvelle adresse", "fait"),
        ("Nouvelle adresse à confirmer", "en_cours"),
        ("Courrier portant le code, au représentant légal", "a_venir"),
        ("Saisie du code", "a_venir"),
    ]
    scenes.adresse_confirmee(demande)
    assert demande.courriers.get().canal == Courrier.Canal.POSTAL
    assert Courriel.objects.get(genre="courriel_entreprise_confirmee").destinataire == demande.espace.compte.email
    ligne = Evenement.objects.get(acte="demande.adresse_confirmee")
    assert (ligne.auteur, ligne.espace) == ("systeme:confirmer_adresse_entreprise", demande.espace.numero_abonne)
    scenes.editer(demande)
    assert ("Nouvelle adresse confirmée", "fait") in etapes(demande)
    activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    assert PersonneSirenisee.objects.get(pk=demande.personne_id).courriel == NOUVELLE
    assert etapes(demande)[-1] == ("Code saisi, adresse changée", "fait")


def test_une_seule_fois(demande: Demande) -> None:
    visiteur = lecteur(demande)
    confirmer_adresse(acteur=visiteur)
    for acte in (confirmer_adresse, refuser_adresse):
        with pytest.raises(LienDejaUtilise):
            acte(acteur=visiteur)
    assert demande.courriers.count() == 1
    with pytest.raises(LienInvalide):
        confirmer_adresse(acteur=Visiteur(jeton="n-importe-quoi"))


@pytest.mark.django_db(transaction=True)
def test_course_le_meme_lien_deux_fois(tours: Callable[[int], int]) -> None:
    for _ in range(tours(100)):
        with transaction.atomic():
            service = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
            droit = habiliter(EspaceFactory(), service=service)
            demande = demander(droit.espace, droit.personne)
        visiteur = lecteur(demande)
        issues = en_parallele(2, lambda rang, v=visiteur: (confirmer_adresse, refuser_adresse)[rang](acteur=v))
        assert sum(isinstance(issue, Demande) for issue in issues) == 1, issues
        assert demande.courriers.count() == (Demande.objects.get(pk=demande.pk).etat == Demande.Etat.DEPOSEE)


def test_un_lien_par_demande(droit: Habilitation, demande: Demande) -> None:
    """One espace may change the addresses of its whole portfolio at once: no link kills another's."""
    autre = habiliter(droit.espace, personne=PersonneFactory(), service=droit.service)
    seconde = demander(droit.espace, autre.personne)
    scenes.adresse_confirmee(demande)
    scenes.adresse_confirmee(seconde)
    assert Demande.objects.exclude(adresse_confirmee_le=None).count() == 2


def test_sans_reponse_la_demande_expire(demande: Demande) -> None:
    visiteur, fin = lecteur(demande), timezone.now() + APRES
    assert expirer_non_confirmees(maintenant=fin - timedelta(minutes=1)) == 0
    with pytest.raises(LienExpire):
        confirmer_adresse(acteur=visiteur, maintenant=fin)
    assert expirer_demandes(maintenant=fin) == 0, "no letter: not that job's"
    assert expirer_non_confirmees(maintenant=fin) == 1
    assert expirer_non_confirmees(maintenant=fin) == 0, "once"
    demande.refresh_from_db()
    assert demande.etat == Demande.Etat.EXPIREE
    message = courriels.composer(Courriel.objects.get(genre="demande_expiree"))
    assert "n’a pas été confirmée" in str(message.body)
    assert not Courrier.objects.exists()


def test_renvoyer(demande: Demande) -> None:
    premier = scenes.lien_adresse(demande)
    with pytest.raises(LienRecent):
        renvoyer_le_lien(acteur=demande.espace, demande=demande)
    Courriel.objects.update(traite_le=timezone.now())
    plus_tard = timezone.now() + timedelta(hours=71)
    renvoyer_le_lien(acteur=demande.espace, demande=demande, maintenant=plus_tard)
    assert scenes.lien_adresse(demande) == premier, "the mail already received stays good"
    assert Lien.objects.get(sujet=demande.pk).expire_le == plus_tard + timedelta(hours=72)
    assert Courriel.objects.filter(genre="courriel_entreprise_confirmer").count() == 2
    assert expirer_non_confirmees(maintenant=timezone.now() + APRES) == 0
    scenes.adresse_confirmee(demande, maintenant=plus_tard)
    with pytest.raises(AdresseDejaConfirmee):
        renvoyer_le_lien(acteur=demande.espace, demande=demande, maintenant=plus_tard)


def test_l_espace_ne_bombarde_personne(droit: Habilitation, settings: Any) -> None:
    settings.DEBIT_ADRESSES_ENTREPRISE = (2, 1, 2)
    for rang in range(2):
        annuler_demande(acteur=droit.espace, demande=demander(droit.espace, droit.personne, f"a{rang}@exemple.fr"))
    with pytest.raises(TropDeChangements):
        demander(droit.espace, droit.personne)
    assert Demande.objects.count() == 2, "nothing is written"
    suppleant = EspaceFactory()
    accorder(droit, suppleant, Role.SUPPLEANT)
    demander(suppleant, droit.personne)


def test_la_boite_que_tous_nomment_a_son_lien_dans_l_heure(droit: Habilitation, settings: Any) -> None:
    settings.DEBIT_CHANGEMENTS_ADRESSE = (1, timedelta(hours=1))
    annuler_demande(acteur=droit.espace, demande=demander(droit.espace, droit.personne))
    demander(droit.espace, droit.personne)
    dernier = Courriel.objects.filter(genre="courriel_entreprise_confirmer").order_by("-cree_le")[0]
    assert timezone.now() < dernier.prochain_essai_le <= timezone.now() + timedelta(hours=1)


def test_qui_a_perdu_le_droit_ne_fait_rien_partir(droit: Habilitation) -> None:
    suppleant = EspaceFactory()
    habilitation = accorder(droit, suppleant, Role.SUPPLEANT)
    demande = demander(suppleant, droit.personne)
    visiteur = lecteur(demande)
    scenes.terminer(habilitation)
    with pytest.raises(DemandeurSansDroit):
        confirmer_adresse(acteur=visiteur)
    with pytest.raises(MessagerieRequise):
        renvoyer_le_lien(acteur=suppleant, demande=demande)
    assert not demande.courriers.exists()
    assert Lien.objects.get(sujet=demande.pk).consomme_le is None, "not used up: the right may come back"
    assert detail_demande(demande).lien.droit_perdu
    accorder(droit, suppleant, Role.SUPPLEANT)
    confirmer_adresse(acteur=visiteur)


def test_ce_qui_a_change_entre_temps(droit: Habilitation, demande: Demande) -> None:
    visiteur = lecteur(demande)
    PersonneSirenisee.objects.update(courriel=NOUVELLE)
    with pytest.raises(AdresseInchangee):
        confirmer_adresse(acteur=visiteur)
    PersonneSirenisee.objects.update(courriel=scenes.ENTREPRISE, active=False)
    with pytest.raises(PersonneCessee):
        confirmer_adresse(acteur=visiteur)
    PersonneSirenisee.objects.update(active=True)
    annuler_demande(acteur=droit.espace, demande=demande)
    with pytest.raises(DemandeSansSuite, match="annulée"):
        confirmer_adresse(acteur=visiteur)
    assert not Courrier.objects.exists()


def test_deux_administrateurs_a_la_fois(droit: Habilitation, demande: Demande) -> None:
    """Each asks for his own; the code that comes last wins, and the same address twice changes nothing more."""
    suppleant = EspaceFactory()
    accorder(droit, suppleant, Role.SUPPLEANT)
    memes = [demande, demander(suppleant, droit.personne)]
    for une in memes:
        scenes.adresse_confirmee(une)
        scenes.editer(une)
    for une in memes:
        activer(acteur=une.espace, demande=une, saisie=scenes.code(une))
    droit.personne.refresh_from_db()
    assert droit.personne.courriel == NOUVELLE
    assert Courriel.objects.filter(genre="courriel_entreprise_change").count() == 2, "told once to each address"


def test_un_code_sans_lien(demande: Demande) -> None:
    """Asked before the link existed: its letter has left, and its code waits for the link, no try counted."""
    scenes.adresse_confirmee(demande)
    scenes.editer(demande)
    Lien.objects.all().delete()
    Demande.objects.update(adresse_confirmee_le=None)
    demande.refresh_from_db()
    with pytest.raises(AdresseNonConfirmee, match=NOUVELLE):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    with pytest.raises(AdresseNonConfirmee):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    assert scenes.essais(demande) == 0
    assert expirer_non_confirmees(maintenant=timezone.now() + APRES) == 0, "its letter says how long it lives"
    renvoyer_le_lien(acteur=demande.espace, demande=demande)
    scenes.adresse_confirmee(demande)
    assert demande.courriers.count() == 1, "no second letter"
    activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))


def test_aucun_code_avant_le_lien(demande: Demande) -> None:
    with pytest.raises(AdresseNonConfirmee):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code_de(demande))
    with pytest.raises(AdresseNonConfirmee):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande)
    assert codes_attendus(demande.espace) == 0
    assert not mes_demandes(demande.espace, FiltresDemandes(etat=EN_ATTENTE, ordre="recentes"), "1").object_list
    a_confirmer = FiltresDemandes.depuis({"etat": "ADRESSE_A_CONFIRMER"})
    assert list(mes_demandes(demande.espace, a_confirmer, "1").object_list) == [demande]


def test_ce_n_est_pas_nous(demande: Demande) -> None:
    refuser_adresse(acteur=lecteur(demande))
    demande.refresh_from_db()
    assert demande.etat == Demande.Etat.ANNULEE
    assert not demande.courriers.exists()
    dit = Courriel.objects.get(genre="courriel_entreprise_refusee")
    assert dit.destinataire == demande.espace.compte.email
    assert NOUVELLE in str(courriels.composer(dit).body)
    assert Evenement.objects.filter(acte="demande.adresse_refusee").count() == 1


def test_a_faire(demande: Demande) -> None:
    (ligne,) = a_faire(demande.espace)
    assert (ligne.gravite, ligne.en_bref) == (Gravite.ATTENTION, "Adresse à confirmer")
    assert ligne.url == reverse("demande", args=[demande.reference])
    Courriel.objects.filter(genre="courriel_entreprise_confirmer").update(ecarte_le=timezone.now())
    (ligne,) = a_faire(demande.espace)
    assert (ligne.gravite, ligne.quand) == (Gravite.GRAVE, "Courriel refusé")
    scenes.adresse_confirmee(demande)
    (ligne,) = a_faire(demande.espace)
    assert ligne.en_bref == "Courrier à venir"


def test_adresse_que_la_messagerie_refuse(
    demande: Demande, client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reverse("demande", args=[demande.reference])
    navigateur = client_de(demande.espace)

    def refuser(_: Courriel) -> str:
        raise relais.EnvoiImpossible("550 5.1.1 unknown user")

    mail = Courriel.objects.get(genre="courriel_entreprise_confirmer")
    for _ in range(3):
        relais.traiter(Courriel, mail.pk, refuser)
    assert "n’est pas encore remis" in navigateur.get(page).content.decode()
    for _ in range(5):
        relais.traiter(Courriel, mail.pk, refuser)
    contenu = navigateur.get(page).content.decode()
    assert "n’a pas pu être remis" in contenu
    assert "Courriel refusé par la messagerie de la nouvelle adresse" in contenu
    Courriel.objects.filter(pk=mail.pk).update(cree_le=timezone.now() - timedelta(minutes=3))
    assert navigateur.post(reverse("demande_renvoyer_lien", args=[demande.reference])).status_code == 302
    assert "n’a pas pu être remis" not in navigateur.get(page).content.decode(), "it is tried again"


def test_pages_du_lien(demande: Demande, client: Client, client_de: Callable[[Espace], Client]) -> None:
    """On any device, signed in as anybody or not; GET shows a button, POST consumes, once and for all to see."""
    page = reverse("confirmer_adresse_entreprise", args=[scenes.lien_adresse(demande)])
    for navigateur in (client, client_de(EspaceFactory())):
        contenu = navigateur.get(page).content.decode()
        assert "Confirmer cette adresse" in contenu
        assert NOUVELLE in contenu
    demande.refresh_from_db()
    assert demande.adresse_confirmee_le is None
    for _ in range(2):  # pressed twice
        assert client.post(page)["Location"] == page
    assert "Il reste une étape" in client.get(page).content.decode()
    assert demande.courriers.count() == 1
    scenes.editer(demande)
    activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    assert "a changé" in client.get(page).content.decode()
    faux = reverse(
        "confirmer_adresse_entreprise", args=[jeton(Lien(espace=demande.espace, objet="COURRIEL_ENTREPRISE"))]
    )
    assert client.get(faux).status_code == 410


def test_page_du_refus(demande: Demande, client: Client) -> None:
    page = reverse("confirmer_adresse_entreprise", args=[scenes.lien_adresse(demande)])
    assert client.post(page, {"refuser": "1"})["Location"] == reverse("accueil")
    assert client.get(page).status_code == 410
    assert client.post(page).status_code == 410


def test_page_de_la_demande(droit: Habilitation, demande: Demande, client_de: Callable[[Espace], Client]) -> None:
    navigateur = client_de(droit.espace)
    page = reverse("demande", args=[demande.reference])
    contenu = navigateur.get(page).content.decode()
    assert "Étape 1 sur 2" in contenu
    assert "Saisir le code d’activation" not in contenu
    assert "n’arrive pas" not in contenu, "no letter has left"
    assert "adresse à confirmer" in navigateur.get(reverse("demandes")).content.decode()
    suppleant = EspaceFactory()
    perdu = accorder(droit, suppleant, Role.SUPPLEANT)
    sienne = demander(suppleant, droit.personne)
    scenes.terminer(perdu)
    perdue = client_de(suppleant).get(reverse("demande", args=[sienne.reference])).content.decode()
    assert "ne peut plus aboutir" in perdue


def test_courriels_lus(demande: Demande) -> None:
    """Each says its own step, in text and HTML; only the new address has the link."""
    scenes.adresse_confirmee(demande)
    dits = {c.genre: courriels.composer(c) for c in Courriel.objects.all()}
    lien = reverse("confirmer_adresse_entreprise", args=["x"]).removesuffix("x/")
    for genre, message in dits.items():
        html = str(message.alternatives[0][0])
        assert (lien in str(message.body)) == (genre == "courriel_entreprise_confirmer"), genre
        assert (lien in html) == (genre == "courriel_entreprise_confirmer"), genre
        assert demande.reference in str(message.body), genre
    assert "D’abord, un lien part" in str(dits["demande_deposee"].body)
    assert "doit d’abord être confirmée" in str(dits["courriel_entreprise_demande"].body)
