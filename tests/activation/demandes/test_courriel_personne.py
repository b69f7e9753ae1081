"""R21: the company's e-mail, asked by its Messagerie's administrators, effective on the code (CGU §4.e)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Courriel, Espace
from accounts.saisies.adresses import AdresseInvalide
from activation.demandes.activation import activer
from activation.demandes.courriel_personne import AdresseInchangee, MessagerieRequise, demander_changement
from activation.demandes.depot import DemandeDejaEnCours, EspaceNonActif, PersonneCessee
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Mandat, Role
from services.models import PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
NOUVELLE = "nouvelle@ateliers-du-nord.fr"


def messagerie() -> Service:
    return ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)


@pytest.fixture
def droit() -> Habilitation:
    """The titulaire of a company's Messagerie."""
    return habiliter(EspaceFactory(), personne=PersonneFactory(courriel=scenes.ENTREPRISE), service=messagerie())


def demander(espace: Espace, personne: PersonneSirenisee, adresse: str = NOUVELLE) -> Demande:
    return demander_changement(acteur=espace, personne=personne, adresse=adresse, qualite="REPRESENTANT_LEGAL")


def test_effectif_au_code(droit: Habilitation) -> None:
    demande = demander(droit.espace, droit.personne, NOUVELLE.upper())
    droit.personne.refresh_from_db()
    assert droit.personne.courriel == scenes.ENTREPRISE, "not before the code"
    assert Courriel.objects.get(genre="courriel_entreprise_demande").destinataire == scenes.ENTREPRISE
    scenes.adresse_confirmee(demande)
    courrier = scenes.editer(demande)
    assert courrier.canal == Courrier.Canal.POSTAL, "CGU §4.e: by post"
    activation = activer(acteur=droit.espace, demande=demande, saisie=scenes.code(demande))
    droit.personne.refresh_from_db()
    assert droit.personne.courriel == NOUVELLE
    assert activation.adhesions == []
    assert set(Courriel.objects.filter(genre="courriel_entreprise_change").values_list("destinataire", flat=True)) == {
        scenes.ENTREPRISE,
        NOUVELLE,
    }
    assert Courriel.objects.get(genre="mandat_utilise").destinataire == scenes.ENTREPRISE, "the former one is warned"
    mandat = Mandat.objects.get(demande=demande.reference)
    assert mandat.demarches == ["Remplacement de l’adresse électronique de l’entreprise"]


@pytest.mark.parametrize(
    ("role", "permis"), [(Role.SUPPLEANT, True), (Role.ACTEUR_DELEGANT, False), (Role.ACTEUR, False)]
)
def test_selon_le_role(droit: Habilitation, role: str, permis: bool) -> None:
    espace = EspaceFactory()
    accorder(droit, espace, role)
    if permis:
        demander(espace, droit.personne)
    else:
        with pytest.raises(MessagerieRequise):
            demander(espace, droit.personne)


def test_titulaire_d_un_autre_service(droit: Habilitation) -> None:
    autre = habiliter(EspaceFactory(), personne=droit.personne)
    with pytest.raises(MessagerieRequise):
        demander(autre.espace, droit.personne)


def test_suppleant_en_veille(droit: Habilitation) -> None:
    espace = EspaceFactory()
    accorder(droit, espace, Role.SUPPLEANT, etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now())
    with pytest.raises(MessagerieRequise):
        demander(espace, droit.personne)


def test_refus(droit: Habilitation) -> None:
    with pytest.raises(AdresseInchangee):
        demander(droit.espace, droit.personne, scenes.ENTREPRISE.title())
    with pytest.raises(AdresseInvalide):
        demander(droit.espace, droit.personne, "pas une adresse")
    PersonneSirenisee.objects.update(active=False)
    with pytest.raises(PersonneCessee):
        demander(droit.espace, droit.personne)
    Espace.objects.update(etat=Espace.Etat.DESACTIVE)
    with pytest.raises(EspaceNonActif):
        demander(droit.espace, droit.personne)
    assert not Demande.objects.exists()


def test_une_a_la_fois_et_celle_d_un_autre_n_empeche_rien(droit: Habilitation) -> None:
    demande = demander(droit.espace, droit.personne)
    with pytest.raises(DemandeDejaEnCours, match=demande.reference):
        demander(droit.espace, droit.personne, "autre@exemple.fr")
    suppleant = EspaceFactory()
    accorder(droit, suppleant, Role.SUPPLEANT)
    demande = demander(suppleant, droit.personne, "autre@exemple.fr")
    assert scenes.adresse_confirmee(demande).courriers.get().pas_avant is None


def test_celui_qui_n_administre_plus_ne_change_plus_rien(droit: Habilitation) -> None:
    suppleant = EspaceFactory()
    habilitation = accorder(droit, suppleant, Role.SUPPLEANT)
    demande = scenes.adresse_confirmee(demander(suppleant, droit.personne))
    scenes.editer(demande)
    Habilitation.objects.filter(pk=habilitation.pk).update(fin_le=timezone.now(), fin_motif="RETRAIT")
    with pytest.raises(MessagerieRequise):
        activer(acteur=suppleant, demande=demande, saisie=scenes.code(demande))
    droit.personne.refresh_from_db()
    assert droit.personne.courriel == scenes.ENTREPRISE
    assert not Mandat.objects.filter(demande=demande.reference).exists()


def test_deux_entreprises_d_une_meme_adresse_sont_averties_chacune(droit: Habilitation, settings: Any) -> None:
    """The mail that waits tells of one company: what is asked of another of the same address has its own."""
    settings.DEBIT_COURRIEL_ENTREPRISE = (1, timedelta(hours=1))
    autre = PersonneFactory(courriel=scenes.ENTREPRISE)
    voisin = habiliter(EspaceFactory(), personne=autre, service=droit.service)
    suppleants = [EspaceFactory(), EspaceFactory()]
    for suppleant in suppleants:
        accorder(droit, suppleant, Role.SUPPLEANT)
        accorder(voisin, suppleant, Role.SUPPLEANT)
    for racine in (droit, voisin):  # told at once
        demander(racine.espace, racine.personne)
    attendent = [demander(suppleants[0], droit.personne), demander(suppleants[0], autre)]
    derniere = demander(suppleants[1], droit.personne)
    avis = Courriel.objects.filter(destinataire=scenes.ENTREPRISE, prochain_essai_le__gt=timezone.now())
    assert {c.contexte["denomination"]: (c.contexte["reference"], c.contexte["autres"]) for c in avis} == {
        droit.personne.denomination: (derniere.reference, [attendent[0].reference]),
        autre.denomination: (attendent[1].reference, []),
    }


@pytest.mark.django_db(transaction=True)
def test_course_le_meme_administrateur_deux_fois(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        with transaction.atomic():
            droit = habiliter(EspaceFactory(), service=messagerie())
        issues = en_parallele(2, lambda _, e=droit.espace, p=droit.personne: demander(e, p))
        assert sum(isinstance(issue, Demande) for issue in issues) == 1, issues
        assert sum(isinstance(issue, DemandeDejaEnCours) for issue in issues) == 1, issues


def test_pages(droit: Habilitation, espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    navigateur = client_de(droit.espace)
    liste = reverse("courriel_entreprise")
    page = reverse("courriel_entreprise_changer", args=[droit.personne.siren])
    assert page in navigateur.get(liste).content.decode()
    changer = navigateur.get(page).content.decode()
    assert scenes.ENTREPRISE in changer
    assert "<h1>Changer" in changer
    PersonneSirenisee.objects.filter(pk=droit.personne.pk).update(courriel="")
    premiere = navigateur.get(page).content.decode()
    assert "<h1>Enregistrer" in premiere
    assert "hange" not in premiere.partition("<h1>")[2].partition("<form")[0], (
        "nothing is changed where nothing is known"
    )
    PersonneSirenisee.objects.filter(pk=droit.personne.pk).update(courriel=scenes.ENTREPRISE)
    erreurs = (
        navigateur.post(page, {"adresse": scenes.ENTREPRISE, "qualite": "MANDATAIRE"}).context["formulaire"].errors
    )
    assert list(erreurs) == ["adresse"]
    relue = navigateur.post(page, {"adresse": NOUVELLE, "qualite": "MANDATAIRE"}).content.decode()
    assert NOUVELLE in relue
    assert droit.personne.commune in relue
    reponse = scenes.envoyer(navigateur, page, {"adresse": NOUVELLE, "qualite": "MANDATAIRE"})
    demande = Demande.objects.get()
    assert reponse["Location"] == reverse("demande", args=[demande.reference])
    scenes.adresse_confirmee(demande)
    scenes.editer(demande)
    contenu = navigateur.get(reponse["Location"]).content.decode()
    assert NOUVELLE in contenu
    assert "Services demandés" not in contenu
    assert navigateur.post(reponse["Location"], {"code": scenes.code(demande)}).status_code == 302
    assert "est changée" in navigateur.get(reponse["Location"]).content.decode()
    for methode in (client_de(espace).get, client_de(espace).post):
        assert methode(page).status_code == 404, "another's company does not exist"
    assert "aucune messagerie" in client_de(espace).get(liste).content.decode()


def test_mot_de_passe_redemande_apres_dix_minutes(droit: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    navigateur = client_de(droit.espace)
    page = reverse("courriel_entreprise_changer", args=[droit.personne.siren])
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        navigateur.post(page, {"adresse": NOUVELLE, "qualite": "MANDATAIRE"})
    assert not Demande.objects.exists()
