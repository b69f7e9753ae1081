"""Letter economy: no company is flooded, no espace runs up the postage, and nobody is kept out by it (issue 9, item 3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as reglages
from hypothesis import strategies as st

from accounts.envois.courriels import composer
from accounts.models import Courriel, Espace, Evenement
from accounts.saisies.dates import jour, jour_en_lettres
from activation.courriers import edition
from activation.demandes.activation import CreationDevancee, activer
from activation.demandes.attente import TropTotPourUnCourrier
from activation.demandes.avancement import avancer_courriers
from activation.demandes.depot import DemandeDejaEnCours
from activation.demandes.devancees import ecarter_devancees
from activation.demandes.plafonds import Plafond, premier_depart
from activation.demandes.retours import AgentNonCompetent, CourrierNonDate, laisser_partir
from activation.demandes.substitution import Choix, deposer_substitution
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from habilitations.models import Adhesion, Role
from services.models import PersonneSirenisee
from tests.activation import scenes
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    habiliter,
    representer,
)
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
SOIXANTE = timedelta(days=60)


def courrier(demande: Demande) -> Courrier:
    return demande.courriers.get(remplace_le=None)


def dirigee() -> PersonneSirenisee:
    personne: PersonneSirenisee = PersonneFactory()
    representer(personne, "Durand", "Paul")
    return personne


def saturer(personne: PersonneSirenisee, depart: datetime, fois: int = 3) -> list[Demande]:
    """Letters that strangers, each from an espace of his own, had sent to this company."""
    demandes = [scenes.adhesion(None, personne, maintenant=depart) for _ in range(fois)]
    for demande in demandes:
        if courrier(demande).pas_avant is None:
            scenes.editer(demande)
    return demandes


# --- Nothing is refused: the letter is dated --------------------------------------------------------------------------


def test_trois_inconnus_ne_ferment_pas_l_entreprise() -> None:
    """The attack of issue 9.3: three waiting demandes closed a SIREN to everybody for sixty days."""
    personne, depart = PersonneFactory(), timezone.now()
    assert [courrier(d).pas_avant for d in saturer(personne, depart)] == [None] * 3
    quatrieme = scenes.adhesion(None, personne, maintenant=depart)
    assert quatrieme.etat == Demande.Etat.DEPOSEE
    assert courrier(quatrieme).pas_avant == depart + SOIXANTE


def test_qui_est_habilite_passe_quoi_que_fassent_les_inconnus() -> None:
    personne, depart = PersonneFactory(), timezone.now()
    racine = habiliter(EspaceFactory(), personne=personne)
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT).espace
    saturer(personne, depart, 9)
    for espace in (racine.espace, suppleant):
        lettre = courrier(scenes.adhesion(espace, personne, maintenant=depart))
        assert (lettre.priorite, lettre.pas_avant) == (Courrier.Priorite.HABILITE, None)


def test_le_representant_du_registre_passe_quoi_que_fassent_les_inconnus() -> None:
    personne, depart = dirigee(), timezone.now()
    saturer(personne, depart, 9)
    lettre = courrier(scenes.adhesion(EspaceFactory(nom="Durand", prenom="Paul"), personne, maintenant=depart))
    assert (lettre.priorite, lettre.pas_avant) == (Courrier.Priorite.REPRESENTANT, None)
    autre = courrier(scenes.adhesion(EspaceFactory(nom="Durant", prenom="Paul"), personne, maintenant=depart))
    assert autre.pas_avant is not None


def test_un_espace_seul_ne_prend_que_sa_part() -> None:
    personne, nuisible, depart = PersonneFactory(), EspaceFactory(), timezone.now()
    habiliter(nuisible, personne=personne)
    for rang in range(3):
        demande = scenes.adhesion(nuisible, personne, maintenant=depart + timedelta(days=rang))
        scenes.editer(demande)
        annuler_demande(acteur=nuisible, demande=demande)
    suivante = scenes.adhesion(nuisible, personne, maintenant=depart + timedelta(days=4))
    assert courrier(suivante).pas_avant == depart + SOIXANTE
    assert courrier(scenes.adhesion(nuisible, maintenant=depart + timedelta(days=4))).pas_avant is None


def test_ce_qui_n_est_pas_parti_ne_compte_pas() -> None:
    """Dropped before it was made, a letter cost nothing; a demande that ends gives its day back."""
    personne, depart = PersonneFactory(), timezone.now()
    for _ in range(4):
        demande = scenes.adhesion(None, personne, maintenant=depart)
        annuler_demande(acteur=demande.espace, demande=demande)
        edition.editer(str(courrier(demande).pk))
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    annuler_demande(acteur=datee.espace, demande=datee)
    suivantes = [courrier(scenes.adhesion(None, personne, maintenant=depart)).pas_avant for _ in range(4)]
    assert suivantes == [depart + SOIXANTE] * 3 + [depart + 2 * SOIXANTE]


def test_une_place_rendue_avance_qui_attend_chacun_a_son_tour() -> None:
    """Of two strangers who wait, the first who asked takes the place, and the second the day that it leaves."""
    personne, depart = PersonneFactory(), timezone.now()
    nuisibles = [scenes.adhesion(None, personne, maintenant=depart) for _ in range(3)]
    attendent = [scenes.adhesion(None, personne, maintenant=depart + timedelta(minutes=rang)) for rang in range(4)]
    assert courrier(attendent[0]).pas_avant == depart + SOIXANTE
    avant = [courrier(demande).pas_avant for demande in attendent]
    annuler_demande(acteur=nuisibles[0].espace, demande=nuisibles[0])
    lendemain = depart + timedelta(hours=1)
    assert avancer_courriers(demande=str(nuisibles[0].pk), maintenant=lendemain) >= 2
    apres = [courrier(demande).pas_avant for demande in attendent]
    assert apres[0] == lendemain
    assert all(nouveau <= ancien for nouveau, ancien in zip(apres, avant, strict=True) if nouveau and ancien)
    assert apres[3] is not None
    assert avant[3] is not None
    assert apres[3] < avant[3]
    assert avancer_courriers(demande=str(nuisibles[0].pk), maintenant=lendemain) == 0
    assert Evenement.objects.filter(acte="courrier.avance").exists()
    assert edition.editer(str(courrier(attendent[0]).pk)) is (lendemain <= timezone.now())
    for tour in (1, 2, 3):
        memes = [c for c in Courrier.objects.filter(demande__in=attendent) if c.priorite == tour]
        assert [c.part_le for c in sorted(memes, key=lambda c: c.cree_le)] == sorted(c.part_le for c in memes)


def test_la_place_d_un_inconnu_ne_passe_pas_devant_les_gens_de_l_entreprise() -> None:
    """Who is habilitated waits for his own people's places only, and is served first when his own espace's cap frees."""
    espace, depart = EspaceFactory(), timezone.now()
    service = ServiceFactory()
    premieres = [scenes.adhesion(espace, PersonneFactory(), service, maintenant=depart) for _ in range(20)]
    autre = scenes.adhesion(espace, PersonneFactory(), service, maintenant=depart)
    habilitee = habiliter(espace)
    prioritaire = scenes.adhesion(espace, habilitee.personne, maintenant=depart + timedelta(minutes=1))
    assert courrier(autre).pas_avant is not None
    assert courrier(prioritaire).priorite == Courrier.Priorite.HABILITE
    annuler_demande(acteur=espace, demande=premieres[0])
    instant = depart + timedelta(minutes=2)
    avancer_courriers(maintenant=instant)
    assert courrier(prioritaire).pas_avant == instant
    attente = courrier(autre).pas_avant
    assert attente is not None
    assert attente > instant


@pytest.mark.parametrize("fin", ["annulee", "lachee"])
def test_ce_qui_rend_une_place_reveille_l_avancement(
    fin: str, _reveils: list[tuple[str, list[str]]], django_capture_on_commit_callbacks: Any
) -> None:
    personne, depart = PersonneFactory(), timezone.now()
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    with django_capture_on_commit_callbacks(execute=True):
        if fin == "annulee":
            annuler_demande(acteur=datee.espace, demande=datee)
        else:
            agent = AgentFactory(service_gestionnaire=personne.service_gestionnaire)
            laisser_partir(acteur=agent, courrier=courrier(datee))
    assert ("activation.avancer_courriers", [str(datee.pk)]) in _reveils


@pytest.mark.parametrize(("secondes", "attend"), [(-1, True), (0, False), (1, False)])
def test_vingt_courriers_par_espace_et_par_jour(secondes: int, attend: bool) -> None:
    espace, service = EspaceFactory(), ServiceFactory()
    depart = timezone.now() - timedelta(days=1)
    for _ in range(20):
        assert courrier(scenes.adhesion(espace, PersonneFactory(), service, maintenant=depart)).pas_avant is None
    instant = depart + timedelta(days=1, seconds=secondes)
    lettre = courrier(scenes.adhesion(espace, PersonneFactory(), service, maintenant=instant))
    assert (lettre.pas_avant is not None) is attend
    assert courrier(scenes.adhesion(None, PersonneFactory(), service, maintenant=depart)).pas_avant is None


def test_un_lot_est_accepte_en_entier_et_part_au_rythme_du_jour() -> None:
    espace, depart = EspaceFactory(), timezone.now()
    racines = [habiliter(EspaceFactory()) for _ in range(45)]
    choix = [Choix(racine.personne, [racine.service]) for racine in racines]
    demandes = deposer_substitution(acteur=espace, choix=choix, qualite="MANDATAIRE", maintenant=depart)
    jours = [courrier(demande).part_le - depart for demande in demandes]
    assert [jours.count(timedelta(days=rang)) for rang in range(3)] == [20, 20, 5]
    lignes = Courriel.objects.get(genre="substitutions_deposees").contexte["lignes"]
    assert sum("courrier à partir du" in ligne for ligne in lignes) == 25


@reglages(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=25),
    st.integers(1, 4),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(1, 5),
)
def test_aucune_fenetre_ne_deborde(ecarts: list[int], limite: int, duree: int, autre: int, courte: int) -> None:
    """Whatever comes when, under two caps at once: no window of either ever holds more than it may, and none waits in vain."""
    zero, departs, instant = timezone.now(), [], timezone.now()
    for ecart in ecarts:
        instant += timedelta(hours=ecart)
        plafonds = [
            Plafond(limite, timedelta(hours=duree), sorted(departs)),
            Plafond(autre, timedelta(hours=courte), sorted(departs)),
        ]
        depart = premier_depart(plafonds, instant)
        assert depart >= instant >= zero
        if all(plafond.permet(instant) for plafond in plafonds):
            assert depart == instant
        departs.append(depart)
    departs.sort()
    for combien, heures in ((limite, duree), (autre, courte)):
        fenetres = zip(departs, departs[combien:], strict=False)
        assert all(dernier - premier >= timedelta(hours=heures) for premier, dernier in fenetres)


# --- Its day ----------------------------------------------------------------------------------------------------------


def test_le_courrier_part_a_son_jour_et_le_code_court_de_la() -> None:
    personne, depart = PersonneFactory(), timezone.now()
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    lettre = courrier(datee)
    assert not edition.editer(str(lettre.pk)), "not even when it is asked by name"
    for quand, partis in ((depart + SOIXANTE - timedelta(seconds=5), 0), (depart + SOIXANTE + timedelta(seconds=5), 1)):
        with time_machine.travel(quand, tick=False):
            assert edition.editer_en_attente() == partis
    lettre.refresh_from_db()
    assert lettre.tentatives == 1, "waiting for its day is no failure"
    assert lettre.edite_le is not None
    assert lettre.expire_le == lettre.edite_le + timedelta(days=60)
    assert lettre.edite_le > depart + SOIXANTE


def test_les_gens_de_l_entreprise_d_abord() -> None:
    """Due together, whatever the order in which they were asked."""
    personne = dirigee()
    racine = habiliter(EspaceFactory(), personne=personne)
    depart = timezone.now() - timedelta(minutes=1)
    demandes = [
        scenes.adhesion(espace, personne, maintenant=depart + timedelta(seconds=rang))
        for rang, espace in enumerate([EspaceFactory(), EspaceFactory(nom="Durand", prenom="Paul"), racine.espace])
    ]
    assert edition.editer_en_attente() == 3
    faits = Evenement.objects.filter(acte="courrier.edite").order_by("pk")
    ordre = [evenement.details["demande"] for evenement in faits]
    assert ordre == [demande.reference for demande in reversed(demandes)]


def test_un_nouveau_courrier_se_compte_du_jour_de_depart() -> None:
    personne, depart = PersonneFactory(), timezone.now()
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    with pytest.raises(TropTotPourUnCourrier) as refus:
        demander_nouveau_courrier(acteur=datee.espace, demande=datee, maintenant=depart + timedelta(days=20))
    assert jour(depart + timedelta(days=75)) in str(refus.value)


def test_le_nouveau_courrier_compte_aussi_et_l_ancien_code_vaut_jusque_la() -> None:
    personne, depart = PersonneFactory(), timezone.now()
    demandes = saturer(personne, depart)
    tard = depart + timedelta(days=16)
    nouvelle = demander_nouveau_courrier(acteur=demandes[0].espace, demande=demandes[0], maintenant=tard)
    assert nouvelle.pas_avant == depart + SOIXANTE


def test_la_page_et_le_courriel_disent_le_jour(client_de: Any) -> None:
    personne, depart = PersonneFactory(), timezone.now()
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    page = client_de(datee.espace).get(reverse("demande", args=[datee.reference])).content.decode()
    assert jour_en_lettres(depart + SOIXANTE) in page
    assert personne.service_gestionnaire.telephone in page
    courriel = composer(Courriel.objects.get(acte=f"demande-deposee:{datee.pk}")).body
    assert jour(depart + SOIXANTE) in courriel
    immediate = scenes.adhesion()
    assert "Plusieurs courriers" not in composer(Courriel.objects.get(acte=f"demande-deposee:{immediate.pk}")).body


def test_le_jour_est_dit_des_le_depot(client_de: Any) -> None:
    personne, espace, service = PersonneFactory(), EspaceFactory(), ServiceFactory()
    saturer(personne, timezone.now())
    adresse = reverse("adherer", query={"siren": personne.siren})
    saisie = {"services": service.code, "qualite": "MANDATAIRE"}
    client = client_de(espace)
    relue = client.post(adresse, saisie).content.decode()
    page = scenes.envoyer(client, adresse, saisie, suivre=True)
    lettre = courrier(Demande.objects.get(espace=espace))
    assert jour_en_lettres(lettre.pas_avant) in relue, "and before it is asked for"
    assert f"partira le {jour(lettre.pas_avant)}" in page.content.decode()


# --- The agent's way --------------------------------------------------------------------------------------------------


def test_un_agent_laisse_partir_un_courrier() -> None:
    personne, depart = PersonneFactory(), timezone.now()
    saturer(personne, depart)
    datee = scenes.adhesion(None, personne, maintenant=depart)
    with pytest.raises(AgentNonCompetent):
        laisser_partir(acteur=AgentFactory(), courrier=courrier(datee))
    agent = AgentFactory(service_gestionnaire=personne.service_gestionnaire)
    laisser_partir(acteur=agent, courrier=courrier(datee))
    assert edition.editer_en_attente() == 1
    datee.refresh_from_db()
    assert datee.etat == Demande.Etat.CODE_ENVOYE
    ligne = Evenement.objects.get(acte="courrier.libere")
    assert (ligne.siren, ligne.details["demande"]) == (personne.siren, datee.reference)
    assert ligne.auteur.startswith("agent:")
    with pytest.raises(CourrierNonDate):
        laisser_partir(acteur=agent, courrier=courrier(datee))


# --- One waiting demande of each nature, none twice for one service ---------------------------------------------------


def test_une_demande_par_nature_et_jamais_deux_fois_un_service() -> None:
    espace, personne, service = EspaceFactory(), PersonneFactory(), ServiceFactory()
    premiere = scenes.adhesion(espace, personne, service)
    with pytest.raises(DemandeDejaEnCours) as refus:
        scenes.adhesion(espace, personne)
    assert premiere.reference in str(refus.value)
    habiliter(EspaceFactory(), personne=personne, service=service)  # somebody opens it meanwhile
    with pytest.raises(DemandeDejaEnCours):
        deposer_substitution(acteur=espace, choix=[Choix(personne, [service])], qualite="MANDATAIRE")
    autre = habiliter(EspaceFactory(), personne=personne)
    deposer_substitution(acteur=espace, choix=[Choix(personne, [autre.service])], qualite="MANDATAIRE")
    scenes.adhesion(EspaceFactory(), personne)
    doublon = {"espace": espace, "personne": personne, "nature": premiere.nature, "qualite": "MANDATAIRE"}
    with pytest.raises(IntegrityError, match="demande_une_par_espace"), transaction.atomic():
        Demande.objects.create(reference="D-2026-DOUBLON", **doublon)


# --- The creation simplifiée: the first code wins ---------------------------------------------------------------------


def deux_creations() -> tuple[Demande, Demande]:
    personne = PersonneFactory()
    scenes.services_du_bouquet()
    scenes.adhesion(None, personne, ServiceFactory(code="DEM_TVA_UE"))  # somebody else's demande closes nothing
    demandes = []
    for rang in range(2):
        espace = scenes.inscrire(personne, email=f"jeanne{rang}-{personne.siren}@cabinet-dupont.fr")
        demandes.append(scenes.confirmer(espace))
        scenes.editer(demandes[-1])
    return demandes[0], demandes[1]


def test_le_premier_code_gagne_et_l_autre_le_sait() -> None:
    perdante, gagnante = deux_creations()
    espace, adresse = perdante.espace, perdante.espace.compte.email
    activer(acteur=gagnante.espace, demande=gagnante, saisie=scenes.code(gagnante))
    with pytest.raises(CreationDevancee):
        activer(acteur=espace, demande=perdante, saisie=scenes.code(perdante))
    assert ecarter_devancees(personne=PersonneFactory().pk) == 0
    assert ecarter_devancees(personne=gagnante.personne_id) == 1
    perdante.refresh_from_db()
    espace.refresh_from_db()
    assert (perdante.etat, espace.etat) == (Demande.Etat.ANNULEE, Espace.Etat.SUPPRIME)
    assert Courriel.objects.get(genre="creation_devancee").destinataire == adresse
    assert Evenement.objects.filter(acte="demande.devancee", siren=gagnante.personne.siren).count() == 1
    assert ecarter_devancees() == 0


def test_celle_a_qui_il_reste_un_service_n_est_pas_devancee() -> None:
    creation, _ = deux_creations()
    habiliter(EspaceFactory(), personne=creation.personne, service=creation.services.get(code="MSG"))
    assert ecarter_devancees() == 0
    activation = activer(acteur=creation.espace, demande=creation, saisie=scenes.code(creation))
    assert [service.code for service in activation.deja_ouverts] == ["MSG"]


# --- Races ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_course_aux_derniers_courriers_de_l_entreprise(tours: Callable[[int], int]) -> None:
    with transaction.atomic():
        service = ServiceFactory()
    for _ in range(tours(200)):
        with transaction.atomic():
            personne, espaces = PersonneFactory(), [EspaceFactory() for _ in range(16)]
        issues = en_parallele(16, lambda rang, p=personne, e=espaces: scenes.adhesion(e[rang], p, service))
        assert all(isinstance(issue, Demande) for issue in issues), issues
        jours = sorted(lettre.part_le for lettre in Courrier.objects.filter(demande__personne=personne))
        assert Courrier.objects.filter(demande__personne=personne, pas_avant=None).count() == 3
        assert all(quatrieme - premier >= SOIXANTE for premier, quatrieme in zip(jours, jours[3:], strict=False))


@pytest.mark.django_db(transaction=True)
def test_course_a_la_derniere_place_du_jour(tours: Callable[[int], int], settings: Any) -> None:
    settings.PLAFOND_COURRIERS_ESPACE = 5
    with transaction.atomic():
        service = ServiceFactory()
    for _ in range(tours(200)):
        with transaction.atomic():
            espace, personnes = EspaceFactory(), [PersonneFactory() for _ in range(16)]
        issues = en_parallele(16, lambda rang, p=personnes, e=espace: scenes.adhesion(e, p[rang], service))
        assert all(isinstance(issue, Demande) for issue in issues), issues
        lettres = Courrier.objects.filter(demande__espace=espace)
        assert lettres.filter(pas_avant=None).count() == 5
        jours = sorted(lettre.part_le for lettre in lettres)
        assert all(b - a >= timedelta(days=1) for a, b in zip(jours, jours[5:], strict=False))


@pytest.mark.django_db(transaction=True)
def test_course_de_deux_codes_pour_une_creation(tours: Callable[[int], int]) -> None:
    for _ in range(tours(50)):
        creations = deux_creations()
        issues = en_parallele(
            2, lambda r, c=creations: activer(acteur=c[r].espace, demande=c[r], saisie=scenes.code(c[r]))
        )
        assert sum(isinstance(issue, CreationDevancee) for issue in issues) == 1, issues
        assert ecarter_devancees() == 1
        assert Adhesion.objects.ouvertes().filter(personne=creations[0].personne).count() == 2
