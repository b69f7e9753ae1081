"""An IDSP that becomes a SIREN: everything follows, nothing is there twice (issue 11)."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.urls import reverse
from django.utils import timezone

from accounts.models import Affaire, Agent, Courriel, Evenement
from accounts.saisies.sirens import SirenCleFausse
from activation.demandes.lectures import personne_de_ce_siren
from activation.forms import SirenForm
from activation.models import Demande
from habilitations.models import Adhesion, Cessation, Habilitation, Mandat, Role
from habilitations.registre.reunion import TitulairesDifferents
from services.adresses.saisie import Saisie, saisir_adresse
from services.annuaire import denomination_du_siren, gestionnaire_du_siren
from services.models import (
    AdresseSaisie,
    Brouillon,
    Echange,
    EvenementRegistre,
    PersonneSirenisee,
    ReferenceBancaire,
    RepresentantLegal,
)
from services.registre.identification import (
    IdentifiantDefinitif,
    SirenProvisoire,
    attribuer_siren,
    importer_identifications,
    personne_d_identifiant,
)
from services.registre.regles import PersonneHorsCompetence
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    compte_bancaire,
    echanger,
    habiliter,
    representer,
)

pytestmark = pytest.mark.django_db
IDSP, SIREN = "12A456789", "552032534"


@pytest.fixture
def provisoire() -> PersonneSirenisee:
    return PersonneFactory(siren=IDSP, provisoire=True, denomination="EN ATTENTE", courriel="contact@attente.fr")


@pytest.fixture
def definitive(provisoire: PersonneSirenisee) -> PersonneSirenisee:
    return PersonneFactory(siren=SIREN, service_gestionnaire=provisoire.service_gestionnaire)


@pytest.fixture
def agent(provisoire: PersonneSirenisee) -> Agent:
    return AgentFactory(service_gestionnaire=provisoire.service_gestionnaire)


def ecrire_a(agent: Agent, personne: PersonneSirenisee) -> AdresseSaisie:
    saisie = Saisie(voie="3 quai des Brumes", code_postal="76600", commune="LE HAVRE")
    return saisir_adresse(acteur=agent, personne=personne, saisie=saisie, motif="Masquée.", justificatif="Kbis")


def reunir(agent: Agent, personne: PersonneSirenisee) -> PersonneSirenisee:
    reunie = attribuer_siren(acteur=agent, personne=personne, siren=SIREN)
    connection.check_constraints()
    return reunie


def test_sans_dossier_au_siren_l_idsp_le_prend(agent: Agent, provisoire: PersonneSirenisee) -> None:
    demande = scenes.adhesion(None, provisoire)
    racine = habiliter(EspaceFactory(), personne=provisoire)
    reunie = reunir(agent, provisoire)
    assert (reunie.pk, reunie.siren, reunie.provisoire) == (provisoire.pk, SIREN, False)
    demande.refresh_from_db()
    racine.refresh_from_db()
    assert {demande.personne_id, racine.personne_id} == {provisoire.pk}
    assert Evenement.objects.get(acte="personne.identifiee").details == {"idsp": IDSP, "fusion": False}


def test_l_ancien_identifiant_mene_au_siren(agent: Agent, provisoire: PersonneSirenisee) -> None:
    reunie = reunir(agent, provisoire)
    assert personne_d_identifiant(IDSP) == personne_d_identifiant(SIREN) == reunie
    assert personne_d_identifiant("ZZZ456789") is None
    assert denomination_du_siren(IDSP) == reunie.denomination
    assert gestionnaire_du_siren(IDSP) == reunie.service_gestionnaire
    assert personne_de_ce_siren(SirenForm({"siren": IDSP.lower()})) == reunie


def test_tout_suit(agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee) -> None:
    demande = scenes.adhesion(None, provisoire)
    racine = habiliter(EspaceFactory(), personne=provisoire)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    echange = echanger(provisoire)
    auteur, autre = EspaceFactory(), EspaceFactory()
    for personne, texte in ((provisoire, "perdu"), (definitive, "gardé")):
        Brouillon.objects.create(espace=auteur, personne=personne, texte=texte)
    Brouillon.objects.create(espace=autre, personne=provisoire, echange=echange, texte="une réponse")
    compte_bancaire(provisoire)
    representer(provisoire, "PETIT", "Anne", source="FICHIER")
    ecrire_a(agent, provisoire)
    Cessation.objects.create(personne=provisoire)
    EvenementRegistre.objects.create(personne=provisoire, genre="CESSATION")
    assert reunir(agent, provisoire) == definitive
    assert not PersonneSirenisee.objects.filter(pk=provisoire.pk).exists()
    portees: list[type[Model]] = [Demande, Habilitation, Adhesion, Mandat, Cessation]
    portees += [AdresseSaisie, Brouillon, Echange, ReferenceBancaire, RepresentantLegal]
    for modele in portees:
        assert set(modele._default_manager.values_list("personne", flat=True)) == {definitive.pk}, modele
    assert sorted(Brouillon.objects.values_list("texte", flat=True)) == ["gardé", "une réponse"]
    demande.refresh_from_db()
    assert demande.est_en_cours
    definitive.refresh_from_db()
    assert (definitive.representant_legal, definitive.courriel) == ("Anne PETIT", "contact@attente.fr")
    assert definitive.denomination != "EN ATTENTE"


@pytest.mark.parametrize("ailleurs", [True, False])
def test_ce_qui_attend_change_de_bureau_sans_qui_l_a_pris_et_ce_qui_est_fini_reste(
    agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee, ailleurs: bool
) -> None:
    if ailleurs:
        definitive.service_gestionnaire = ServiceGestionnaireFactory()
        definitive.save(update_fields=["service_gestionnaire"])
    prise = timezone.now()
    communs = {"file": "RETRAIT", "personne": provisoire.pk, "service_gestionnaire": agent.service_gestionnaire}
    for cle, finie in (("attend", None), ("finie", prise)):
        Affaire.objects.create(cle=cle, depuis=prise, agent=agent, prise_le=prise, finie_le=finie, **communs)
    with transaction.atomic():
        attribuer_siren(acteur="systeme:registre", personne=provisoire, siren=SIREN)
    attend, finie = Affaire.objects.get(cle="attend"), Affaire.objects.get(cle="finie")
    assert {attend.personne, finie.personne} == {definitive.pk}
    assert attend.service_gestionnaire == definitive.service_gestionnaire
    assert (attend.agent, attend.prise_le) == ((None, None) if ailleurs else (agent, prise))
    assert (finie.service_gestionnaire, finie.agent) == (agent.service_gestionnaire, agent)


@pytest.mark.parametrize("ailleurs", [True, False])
def test_une_affaire_remise_en_attente_pour_un_autre_bureau_n_y_est_prise_par_personne(
    agent: Agent, provisoire: PersonneSirenisee, ailleurs: bool
) -> None:
    bureau, prise = agent.service_gestionnaire, timezone.now()
    communs = {"file": "RETRAIT", "cle": "une", "depuis": prise, "agent": agent, "prise_le": prise}
    affaire = Affaire.objects.create(personne=provisoire.pk, service_gestionnaire=bureau, **communs)
    vers = ServiceGestionnaireFactory() if ailleurs else bureau
    with connection.cursor() as curseur:
        curseur.execute("SELECT faire_attendre('RETRAIT', 'une', %s, NULL, %s, now())", [PersonneFactory().pk, vers.pk])
    affaire.refresh_from_db()
    assert affaire.service_gestionnaire == vers
    assert (affaire.agent, affaire.prise_le) == ((None, None) if ailleurs else (agent, prise))


def test_rien_n_est_oublie() -> None:
    """What points at a personne: whoever adds a relation says what becomes of it when two files become one."""
    champs = PersonneSirenisee._meta.get_fields(include_hidden=True)
    relations = {(c.related_model.__name__, c.field.name) for c in champs if isinstance(c, ForeignObjectRel)}
    assert relations == {
        ("Adhesion", "personne"),
        ("AdresseAttendue", "personne"),
        ("AdresseSaisie", "personne"),
        ("Brouillon", "personne"),
        ("Cessation", "personne"),
        ("CreationSimplifiee", "personne"),
        ("Demande", "personne"),
        ("Echange", "personne"),
        ("EvenementRegistre", "personne"),
        ("Habilitation", "personne"),
        ("IdentifiantRemplace", "personne"),
        ("Mandat", "personne"),
        ("MessageNonLu", "personne"),  # it follows its exchange, by a trigger
        ("PreferenceMessagerie", "personne"),
        ("ReferenceBancaire", "personne"),
        ("RepresentantLegal", "personne"),
    }


def test_rien_n_y_est_deux_fois(agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee) -> None:
    service, titulaire = ServiceFactory(), EspaceFactory()
    suppleante, actrice, autre = EspaceFactory(), EspaceFactory(), EspaceFactory()
    ancienne = habiliter(titulaire, personne=provisoire, service=service)
    forte = accorder(ancienne, suppleante, Role.SUPPLEANT)
    sous_forte = accorder(forte, autre, Role.ACTEUR)
    faible = accorder(forte, actrice, Role.ACTEUR)
    finie = accorder(ancienne, EspaceFactory(), Role.ACTEUR, fin_le=timezone.now(), fin_motif="RETRAIT")
    gardee = habiliter(titulaire, personne=definitive, service=service)
    tenue_faible = accorder(gardee, suppleante, Role.ACTEUR_DELEGANT)
    sous_faible = accorder(tenue_faible, EspaceFactory(), Role.ACTEUR)
    tenue_forte = accorder(gardee, actrice, Role.ACTEUR_DELEGANT)
    for personne in (provisoire, definitive):
        compte_bancaire(personne)
        representer(personne, "PETIT", "Anne", source="FICHIER")
        Cessation.objects.create(personne=personne)
        ecrire_a(agent, personne)
    reunir(agent, provisoire)
    vivantes = {h.pk: h for h in Habilitation.objects.vivantes()}
    assert set(vivantes) == {h.pk for h in (gardee, forte, sous_forte, sous_faible, tenue_forte)}
    assert vivantes[forte.pk].accordee_par_id == gardee.pk
    assert vivantes[sous_forte.pk].accordee_par_id == forte.pk
    assert vivantes[sous_faible.pk].accordee_par_id == forte.pk
    for perdue in (ancienne, faible, tenue_faible):
        perdue.refresh_from_db()
        assert perdue.fin_motif == "REUNION"
    finie.refresh_from_db()
    assert finie.fin_motif == "RETRAIT"
    assert list(Adhesion.objects.ouvertes().values_list("pk", "personne")) == [(gardee.adhesion_id, definitive.pk)]
    assert ReferenceBancaire.objects.filter(supprimee_le=None).count() == 1
    assert RepresentantLegal.objects.filter(fin_le=None).count() == 1
    assert Cessation.objects.filter(terminee_le=None).count() == 1
    assert AdresseSaisie.objects.get(fin_le=None) == AdresseSaisie.objects.latest("pk"), "the one entered for the SIREN"


def test_deux_titulaires_differents_ne_sont_pas_departages(
    agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee
) -> None:
    service = ServiceFactory(libelle="Déclarer la TVA")
    for personne in (provisoire, definitive):
        habiliter(EspaceFactory(), personne=personne, service=service)
    with pytest.raises(TitulairesDifferents, match="Déclarer la TVA"):
        reunir(agent, provisoire)
    assert PersonneSirenisee.objects.filter(pk=provisoire.pk).exists()
    assert Habilitation.objects.filter(personne=provisoire).count() == 1


def test_deux_demandes_dont_une_seule_peut_attendre(
    agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee
) -> None:
    scenes.services_du_bouquet()
    PersonneSirenisee.objects.update(courriel=scenes.ENTREPRISE)
    perdue = Demande.objects.create(
        reference="D-2026-AAAAAAAA",
        nature="COURRIEL_PERSONNE",
        espace=EspaceFactory(),
        personne=provisoire,
        qualite="MANDATAIRE",
        nouvelle_adresse="a@b.fr",
    )
    gardee = Demande.objects.create(
        reference="D-2026-BBBBBBBB",
        nature="COURRIEL_PERSONNE",
        espace=EspaceFactory(),
        personne=definitive,
        qualite="MANDATAIRE",
        nouvelle_adresse="c@d.fr",
    )
    reunir(agent, provisoire)
    assert list(Demande.objects.en_cours()) == [gardee]
    perdue.refresh_from_db()
    assert (perdue.etat, perdue.personne_id) == ("ANNULEE", definitive.pk)
    assert perdue.espace.compte is not None
    assert Courriel.objects.get(genre="demande_annulee").destinataire == perdue.espace.compte.email


def test_un_perimetre_plein_ne_l_empeche_pas(
    agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee
) -> None:
    """The IDSP and the SIREN it becomes are one place of the hundred, whatever the number of services."""
    plein = EspaceFactory()
    for _ in range(99):
        habiliter(plein, service=ServiceFactory(code="TVA"))
    for code in ("TVA", "IS", "CVAE"):
        habiliter(plein, personne=provisoire, service=ServiceFactory(code=code))
    reunir(agent, provisoire)
    assert Habilitation.objects.filter(espace=plein).values("personne").distinct().count() == 100
    with pytest.raises(Exception, match="périmètre"), transaction.atomic():
        habiliter(plein)


def test_un_siren_ferme_previent_ceux_qui_arrivent(
    agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee
) -> None:
    habiliter(EspaceFactory(), personne=provisoire)
    PersonneSirenisee.objects.filter(pk=definitive.pk).update(active=False)
    reunir(agent, provisoire)
    assert list(EvenementRegistre.objects.values_list("genre", "personne")) == [("CESSATION", definitive.pk)]


def test_ce_que_l_acte_refuse(agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee) -> None:
    autre_idsp = PersonneFactory(
        siren="443061841", provisoire=True, service_gestionnaire=provisoire.service_gestionnaire
    )
    with pytest.raises(SirenCleFausse):
        attribuer_siren(acteur=agent, personne=provisoire, siren="552032535")
    with pytest.raises(SirenProvisoire):
        attribuer_siren(acteur=agent, personne=provisoire, siren=autre_idsp.siren)
    with pytest.raises(IdentifiantDefinitif):
        attribuer_siren(acteur=agent, personne=definitive, siren="552120222")
    with pytest.raises(PersonneHorsCompetence):
        attribuer_siren(acteur=AgentFactory(), personne=provisoire, siren=SIREN)
    PersonneSirenisee.objects.filter(pk=definitive.pk).update(
        service_gestionnaire=PersonneFactory().service_gestionnaire
    )
    with pytest.raises(PersonneHorsCompetence):
        attribuer_siren(acteur=agent, personne=provisoire, siren=SIREN)
    assert PersonneSirenisee.objects.filter(siren=IDSP).exists()


def test_le_fichier(provisoire: PersonneSirenisee, definitive: PersonneSirenisee, tmp_path: Any) -> None:
    habiliter(EspaceFactory(), personne=provisoire)
    fichier = tmp_path / "idsp.csv"
    fichier.write_text(f"IDSP;SIREN\n12a 456 789;552 032 534\nZZZ456789;552120222\n{IDSP};552032535\n")

    def importer(a_blanc: bool) -> tuple[int, int, list[int]]:
        rejets: list[Any] = []
        bilan = importer_identifications(
            acteur="systeme:essai", fichier=fichier, sur_rejet=rejets.append, a_blanc=a_blanc
        )
        return bilan.attribues, bilan.deja, [rejet.ligne for rejet in rejets]

    assert importer(True) == (1, 0, [3, 4])
    assert PersonneSirenisee.objects.filter(siren=IDSP).exists()
    assert importer(False) == (1, 0, [3, 4])
    assert importer(False) == (0, 1, [3, 4])
    sortie = StringIO()
    with pytest.raises(SystemExit):
        call_command("importer_personnes", idsp=fichier, stdout=sortie, stderr=StringIO())
    assert "SIREN attribués : 0, déjà attribués : 1" in sortie.getvalue()


def test_la_page_de_l_agent(agent: Agent, provisoire: PersonneSirenisee, definitive: PersonneSirenisee) -> None:
    client = client_verifie(agent)
    page = reverse("admin:services_personnesirenisee_siren", args=[provisoire.pk])
    assert "Cela ne se défait pas" in client.get(page).content.decode()
    assert "siren" in client.post(page, {"siren": "12"}).context["formulaire"].errors
    reponse = client.post(page, {"siren": "552 032 534"})
    assert reponse["Location"] == reverse("admin:services_personnesirenisee_change", args=[definitive.pk])
    fiche = client.get(reponse["Location"]).content.decode()
    assert "Attribuer le SIREN" not in fiche
    assert client.get(reverse("admin:accounts_evenement_changelist"), {"q": IDSP}).status_code == 200


def test_le_journal_d_avant_reste_lisible_par_l_agent(agent: Agent, provisoire: PersonneSirenisee) -> None:
    scenes.adhesion(None, provisoire, maintenant=timezone.now() - timedelta(days=1))
    reunir(agent, provisoire)
    liste = client_verifie(agent).get(reverse("admin:accounts_evenement_changelist"), {"q": IDSP}).content.decode()
    assert "Demande déposée" in liste
