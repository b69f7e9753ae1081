"""The import of personnes: what it creates, changes, keeps and refuses."""

import csv
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Evenement, ServiceGestionnaire
from services.fichiers_insee import NON_DIFFUSIBLE, FichierInsee
from services.importation import VERROU, ImportDejaEnCours, ServiceParDefautAbsent, importer_personnes
from services.models import Categorie, PersonneSirenisee
from tests.scenes import attendre_un_verrou

from .insee import ETABLISSEMENTS, UNITES, ecrire_sieges, ecrire_unites, siege, unite

pytestmark = pytest.mark.django_db

DANONE, SG = "552032534", "552120222"


@pytest.fixture
def importer(services_gestionnaires, tmp_path):
    """Import the given lines; return the bilan and the rejects."""

    def importer(unites, sieges=(), **options):
        rejets = []
        bilan = importer_personnes(
            acteur="systeme:essai",
            unites=ecrire_unites(tmp_path, *unites),
            etablissements=ecrire_sieges(tmp_path, *sieges),
            sur_rejet=rejets.append,
            **options,
        )
        return bilan, rejets

    return importer


def aucun_rejet(rejet):
    pytest.fail(f"rejected: {rejet}")


def comptes(bilan):
    return bilan.creees, bilan.modifiees, bilan.inchangees, bilan.rejetees


def test_l_extrait_puis_encore(services_gestionnaires):
    def importer():
        return importer_personnes(
            acteur="systeme:essai", unites=UNITES, etablissements=ETABLISSEMENTS, sur_rejet=aucun_rejet
        )

    assert comptes(importer()) == (11, 0, 0, 0)
    avant = list(PersonneSirenisee.objects.order_by("pk").values())
    assert comptes(importer()) == (0, 0, 11, 0)
    assert list(PersonneSirenisee.objects.order_by("pk").values()) == avant
    danone = PersonneSirenisee.objects.select_related("service_gestionnaire").get(siren=DANONE)
    assert danone.lignes_adresse == ["17 BOULEVARD HAUSSMANN", "75009 PARIS"]
    assert (danone.categorie, danone.active, danone.service_gestionnaire.code) == (Categorie.ENTREPRISE, True, "SIE75")
    assert PersonneSirenisee.objects.get(siren="217500016").categorie == Categorie.COLLECTIVITE
    for personne in PersonneSirenisee.objects.all():
        personne.full_clean()


def test_ce_qui_a_change_est_mis_a_jour_en_place(importer):
    importer([unite(), unite(siren=SG, denomination="SG")], [siege()])
    pk = PersonneSirenisee.objects.get(siren=DANONE).pk
    bilan, _ = importer(
        [unite(denomination="DANONE SE", etatAdministratif="C"), unite(siren=SG, denomination="SG")],
        [siege(numeroVoie="19")],
    )
    assert comptes(bilan) == (0, 1, 1, 0)
    danone = PersonneSirenisee.objects.get(pk=pk)
    assert (danone.denomination, danone.active, danone.voie) == ("DANONE SE", False, "19 BOULEVARD HAUSSMANN")


def test_rien_de_connu_n_est_efface(importer):
    importer([unite()], [siege()])
    PersonneSirenisee.objects.update(representant_legal="ANNE PETIT", courriel="contact@danone.example")
    avant = PersonneSirenisee.objects.values().get()
    masquee, _ = importer(
        [unite(statutDiffusion="P", denomination="[ND]")],
        [siege(statutDiffusion="P", libelleVoie="[ND]", numeroVoie="[ND]", codePostal="[ND]")],
    )
    sans_siege, _ = importer([unite()], [])
    assert comptes(masquee) == comptes(sans_siege) == (0, 0, 1, 0)
    assert sans_siege.sans_siege == 1
    assert PersonneSirenisee.objects.values().get() == avant


def test_une_personne_masquee_puis_diffusee(importer):
    importer(
        [unite(statutDiffusion="P", categorieJuridique="1000", denomination="[ND]", nom="[ND]")],
        [siege(statutDiffusion="P", libelleVoie="[ND]", numeroVoie="[ND]", codePostal="[ND]")],
    )
    personne = PersonneSirenisee.objects.select_related("service_gestionnaire").get()
    assert (personne.denomination, personne.representant_legal) == (NON_DIFFUSIBLE, "")
    assert (personne.lignes_adresse, personne.service_gestionnaire.code) == (["PARIS"], "SIE75")
    bilan, _ = importer([unite(categorieJuridique="1000", denomination="", nom="DURAND", prenom1="ANNE")], [siege()])
    assert comptes(bilan) == (0, 1, 0, 0)
    personne.refresh_from_db()
    assert (personne.denomination, personne.representant_legal) == ("ANNE DURAND", "ANNE DURAND")
    assert personne.voie == "17 BOULEVARD HAUSSMANN"


def test_le_representant_d_un_entrepreneur_suit_son_nom_sauf_s_il_a_ete_dit(importer):
    def durand(**valeurs):
        return unite(categorieJuridique="1000", denomination="", prenom1="ANNE", nom="DURAND", **valeurs)

    importer([durand()])
    importer([durand(nomUsage="PETIT")])
    assert PersonneSirenisee.objects.get().representant_legal == "ANNE PETIT"
    PersonneSirenisee.objects.update(representant_legal="LE TUTEUR", representant_source="AGENT")
    importer([durand(nomUsage="MARTIN")])
    personne = PersonneSirenisee.objects.get()
    assert (personne.denomination, personne.representant_legal) == ("ANNE MARTIN", "LE TUTEUR")


@pytest.mark.parametrize(
    ("ailleurs", "code"),
    [
        ({"codeCommune": "92026", "codePostal": "92400"}, "SIE92"),
        ({"codeCommune": "2A004", "codePostal": "20000"}, "SIE000"),
        ({"codeCommune": "97411", "codePostal": "97400"}, "SIE000"),
        ({"codeCommune": "", "codePostal": "", "libellePaysEtranger": "BELGIQUE"}, "SIE99"),
    ],
)
def test_le_service_gestionnaire_d_une_nouvelle_personne(importer, ailleurs, code):
    importer([unite()], [siege(**ailleurs)])
    assert PersonneSirenisee.objects.get().service_gestionnaire.code == code


def test_le_service_gestionnaire_ne_change_qu_avec_le_departement(importer):
    def confier_a(code):
        PersonneSirenisee.objects.update(service_gestionnaire=ServiceGestionnaire.objects.get(code=code))

    def suivie_par(**valeurs):
        importer([unite()], [siege(**valeurs)])
        return PersonneSirenisee.objects.get().service_gestionnaire.code

    sie75 = ServiceGestionnaire.objects.get(code="SIE75")
    sie75.pk, sie75.code, sie75.departements = None, "SIE75B", "75 77"
    sie75.save()
    hauts_de_seine = {"codeCommune": "92026", "codePostal": "92400"}
    assert suivie_par() == "SIE75"
    confier_a("SIE75B")
    assert suivie_par() == "SIE75B", "another office of the same département"
    assert suivie_par(**hauts_de_seine) == "SIE92", "the company has moved"
    confier_a("DGE")
    assert suivie_par() == "DGE", "the DGE follows its companies wherever they are"
    confier_a("SIE31")
    assert suivie_par(codeCommune="13055", codePostal="13001") == "SIE31", "nobody follows the new département"


def test_doublons_et_idsp_sont_rejetes(importer):
    sie = ServiceGestionnaire.objects.get(code="SIE75")
    PersonneSirenisee.objects.create(
        siren=SG, provisoire=True, denomination="EN ATTENTE", categorie=Categorie.ENTREPRISE, service_gestionnaire=sie
    )
    bilan, rejets = importer(
        [unite(), unite(denomination="AUTRE"), unite(siren=SG)], [siege(), siege(libelleVoie="AUTRE")]
    )
    assert comptes(bilan) == (1, 0, 0, 3)
    assert [(rejet.fichier, rejet.ligne, rejet.siren, rejet.motif) for rejet in rejets] == [
        ("unites.csv", 3, DANONE, "SIREN déjà lu à la ligne 2"),
        ("unites.csv", 4, SG, "identifiant déjà donné comme IDSP"),
        ("etablissements.csv", 3, DANONE, "SIREN déjà lu à la ligne 2"),
    ]
    danone = PersonneSirenisee.objects.get(siren=DANONE)
    assert (danone.denomination, danone.voie) == ("DANONE", "17 BOULEVARD HAUSSMANN")
    assert PersonneSirenisee.objects.get(siren=SG).denomination == "EN ATTENTE"


def test_une_personne_absente_des_fichiers_reste(importer):
    importer([unite(), unite(siren=SG)])
    bilan, _ = importer([unite()])
    assert comptes(bilan) == (0, 0, 1, 0)
    assert PersonneSirenisee.objects.count() == 2


def test_a_blanc_compte_juste_et_n_ecrit_rien(importer):
    importer([unite(), unite(siren=SG)])
    avant = list(PersonneSirenisee.objects.order_by("pk").values())
    lignes = [unite(denomination="DANONE SE"), unite(siren=SG), unite(siren="443061841")]
    evenements = Evenement.objects.count()
    a_blanc, _ = importer(lignes, a_blanc=True)
    assert list(PersonneSirenisee.objects.order_by("pk").values()) == avant
    assert Evenement.objects.count() == evenements
    pour_de_bon, _ = importer(lignes)
    assert comptes(a_blanc) == comptes(pour_de_bon) == (1, 1, 1, 0)


@pytest.mark.parametrize("tranche", [1, 2, 3, 20_000])
def test_les_tranches_ne_changent_rien(importer, tranche):
    lignes = [unite(siren=siren) for siren in (SG, DANONE, "443061841", "383474814", "356000000")]
    assert comptes(importer(lignes, tranche=tranche)[0]) == (5, 0, 0, 0)
    assert comptes(importer(lignes, tranche=tranche)[0]) == (0, 0, 5, 0)


def test_le_nombre_de_requetes_ne_depend_pas_des_lignes(importer):
    def requetes(sirens):
        with CaptureQueriesContext(
            connection,
        ) as capture:
            importer([unite(siren=siren) for siren in sirens])
        return len(capture)

    assert requetes([DANONE]) == requetes([DANONE, SG, "443061841", "383474814"])


def test_un_fichier_illisible_n_ecrit_rien(importer, tmp_path):
    importer([unite()], [siege()])
    (tmp_path / "tronque.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(FichierInsee):
        importer_personnes(
            acteur="systeme:essai",
            unites=ecrire_unites(tmp_path, unite(denomination="AUTRE")),
            etablissements=tmp_path / "tronque.zip",
            sur_rejet=aucun_rejet,
        )
    assert PersonneSirenisee.objects.get().denomination == "DANONE"
    assert comptes(importer([unite(denomination="AUTRE")])[0]) == (0, 1, 0, 0), "and the next run works"


def test_sans_service_par_defaut(tmp_path):
    with pytest.raises(ServiceParDefautAbsent, match="charger_catalogue"):
        importer_personnes(acteur="systeme:essai", unites=UNITES, etablissements=ETABLISSEMENTS, sur_rejet=aucun_rejet)


def test_un_seul_import_a_la_fois(importer):
    autre = connection.copy()
    try:
        with autre.cursor() as curseur:
            curseur.execute("SELECT pg_advisory_lock(%s)", [VERROU])
            with pytest.raises(ImportDejaEnCours):
                importer([unite()])
            curseur.execute("SELECT pg_advisory_unlock(%s)", [VERROU])
    finally:
        autre.close()
    assert comptes(importer([unite()])[0]) == (1, 0, 0, 0)


def test_le_journal_dit_l_import_meme_interrompu(importer):
    def arreter(etape, fait, total):
        if etape == "personnes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importer([unite(), unite(siren=SG)], tranche=1, progression=arreter)
    importer([unite(), unite(siren=SG)], tranche=1)
    interrompu, complet = Evenement.objects.filter(acte="personnes.importees").order_by("id")
    assert (interrompu.auteur, interrompu.details["creees"], interrompu.details["complet"]) == (
        "systeme:essai",
        1,
        False,
    )
    assert (complet.details["creees"], complet.details["inchangees"], complet.details["complet"]) == (1, 1, True)


@pytest.mark.django_db(transaction=True)
def test_ce_qu_un_agent_ecrit_pendant_l_import_n_est_pas_ecrase(importer):
    def durand(nom):
        return unite(categorieJuridique="1000", denomination="", prenom1="ANNE", nom=nom)

    importer([durand("DURAND")])
    with ThreadPoolExecutor(1) as executeur:

        def importer_a_part():
            try:
                return importer([durand("PETIT")])
            finally:
                connection.close()

        with transaction.atomic():
            PersonneSirenisee.objects.update(representant_legal="LE TUTEUR", representant_source="AGENT")
            import_en_cours = executeur.submit(importer_a_part)
            attendre_un_verrou(import_en_cours.done)
        bilan, _ = import_en_cours.result()
    assert comptes(bilan) == (0, 1, 0, 0)
    personne = PersonneSirenisee.objects.get()
    assert (personne.denomination, personne.representant_legal) == ("ANNE PETIT", "LE TUTEUR")


def test_commande(services_gestionnaires, tmp_path):
    fautives = [unite(siren=f"{n:09d}") for n in range(1, 8)] + ["trop,court"] * 20
    unites = ecrire_unites(tmp_path, unite(), *fautives)
    rejets = tmp_path / "rejets.csv"
    sortie, erreurs = StringIO(), StringIO()
    with pytest.raises(SystemExit) as fin:
        call_command(
            "importer_personnes", unites, ecrire_sieges(tmp_path, siege()), rejets=rejets, stdout=sortie, stderr=erreurs
        )
    assert fin.value.code == 3
    assert "créées : 1\n" in sortie.getvalue()
    assert "lignes rejetées : 27\n" in sortie.getvalue()
    assert erreurs.getvalue().count("unites.csv, ligne ") == 20
    assert "unites.csv, ligne 3 : SIREN invalide (clé de contrôle fausse)" in erreurs.getvalue()
    assert "7 autres lignes rejetées" in erreurs.getvalue()
    with rejets.open(newline="") as flux:
        lignes = list(csv.DictReader(flux))
    assert len(lignes) == 27
    assert lignes[0] == {
        "fichier": "unites.csv", "ligne": "3", "siren": "000000001", "motif": "SIREN invalide (clé de contrôle fausse)"
    }  # fmt: skip
    assert lignes[-1]["siren"] == ""


def test_commande_a_blanc_et_fichier_absent(services_gestionnaires, tmp_path):
    sortie = StringIO()
    call_command("importer_personnes", UNITES, ETABLISSEMENTS, dry_run=True, stdout=sortie)
    assert "rien n'a été écrit" in sortie.getvalue()
    assert not PersonneSirenisee.objects.exists()
    with pytest.raises(CommandError, match="illisible"):
        call_command("importer_personnes", tmp_path / "absent", ETABLISSEMENTS, stdout=sortie)
    with pytest.raises(CommandError, match="compris entre 1 et"):
        call_command("importer_personnes", str(UNITES), str(ETABLISSEMENTS), "--tranche", "0", stdout=sortie)
