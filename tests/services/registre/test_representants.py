"""Who represents a personne: the file, an agent's act, INSEE; sources, dates, and what a change leaves (issue 11)."""

import csv
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Evenement
from accounts.saisies.noms import NomInvalide
from services.fichiers_insee import FichierInsee
from services.importation import importer_personnes
from services.models import EvenementRegistre, PersonneSirenisee, RepresentantLegal
from services.registre.import_representants import importer_representants
from services.registre.regles import PersonneHorsCompetence, PreuveNonDite
from services.registre.representants import (
    RepresentantDansLeFutur,
    RepresentantInchange,
    RepresentantSansNom,
    RepresentantTropLong,
    enregistrer_representant,
    representant_de,
)
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, PersonneFactory, representer

from ..insee import ecrire_sieges, ecrire_unites, siege, unite

pytestmark = pytest.mark.django_db
DANONE, SG = "552032534", "552120222"
ENTETE = "SIREN;Nom;Prénoms;Qualité;Depuis le"


@pytest.fixture
def societe() -> PersonneSirenisee:
    return PersonneFactory(siren=DANONE)


@pytest.fixture
def agent(societe: PersonneSirenisee) -> Agent:
    return AgentFactory(service_gestionnaire=societe.service_gestionnaire)


def lire(tmp_path: Any, *lignes: str, entete: str = ENTETE, encodage: str = "utf-8-sig", **options: Any) -> Any:
    fichier = tmp_path / "representants.csv"
    fichier.write_bytes("\r\n".join([entete, *lignes, ""]).encode(encodage))
    rejets: list[Any] = []
    bilan = importer_representants(acteur="systeme:essai", fichier=fichier, sur_rejet=rejets.append, **options)
    return bilan, rejets


def comptes(bilan: Any) -> tuple[int, ...]:
    return bilan.etablis, bilan.changes, bilan.inchanges, bilan.conserves, bilan.rejetees


def constater(agent: Agent, personne: PersonneSirenisee, **champs: Any) -> RepresentantLegal:
    saisie = {"nom": "Petit", "prenoms": "Anne", "qualite": "gérante", "depuis_le": None, "preuve": "Kbis du 3 mars"}
    return enregistrer_representant(acteur=agent, personne=personne, **(saisie | champs))


def changements() -> list[int]:
    return list(EvenementRegistre.objects.filter(genre="REPRESENTANT").values_list("personne", flat=True))


def test_le_fichier_etablit_puis_change_puis_ne_change_rien(societe: PersonneSirenisee, tmp_path: Any) -> None:
    assert comptes(lire(tmp_path, f"{DANONE};PETIT;Anne Léa;Présidente;31/12/2024")[0]) == (1, 0, 0, 0, 0)
    premier = representant_de(societe)
    assert premier is not None
    assert (premier.nom_complet, premier.qualite, premier.depuis_le, premier.source) == (
        "Anne Léa PETIT", "Présidente", date(2024, 12, 31), "FICHIER",
    )  # fmt: skip
    assert changements() == [], "the first one known is no change"
    assert comptes(lire(tmp_path, f"{DANONE};Petit;ANNE LEA;Présidente;2024-12-31")[0]) == (0, 0, 1, 0, 0)
    assert comptes(lire(tmp_path, f"{DANONE};DURAND;Luc;;")[0]) == (0, 1, 0, 0, 0)
    assert changements() == [societe.pk]
    premier.refresh_from_db()
    assert premier.fin_le is not None
    societe.refresh_from_db()
    assert (societe.representant_legal, societe.representant_source) == ("Luc DURAND", "FICHIER")
    assert [e.acte for e in Evenement.objects.filter(siren=DANONE).order_by("id")] == [
        "representant.etabli", "representant.change",
    ]  # fmt: skip


def test_la_meme_personne_sous_une_autre_qualite_ne_derange_personne(societe: PersonneSirenisee, tmp_path: Any) -> None:
    lire(tmp_path, f"{DANONE};PETIT;Anne;Gérante;")
    lire(tmp_path, f"{DANONE};Petit;Anne;Présidente;01/01/2025")
    actuel = representant_de(societe)
    assert actuel is not None
    assert actuel.qualite == "Présidente"
    assert changements() == []


@pytest.mark.parametrize(
    ("entete", "ligne", "encodage"),
    [
        ("siren,nom,prenoms,qualite,depuis_le", f"{DANONE},PETIT,Anne,Gérante,2024-12-31", "utf-8"),
        ("Date;COULEUR;Prénom;NOM DE FAMILLE;n°;SIREN", f"31.12.24;bleu;Anne;PETIT;3;{DANONE}", "cp1252"),
        ("SIREN\tNom\tPrénom(s)\tFonction\tDepuis", "552 032 534\tPETIT\tAnne\tGérante\t31/12/24", "utf-8-sig"),
        ("sep=;\r\n" + ENTETE, f'"{DANONE}";"PETIT";"Anne";"Gérante,\nseule";31-12-2024\r\n;;;;', "utf-8-sig"),
        ("Représentants au 1er mars;;;;\r\n".replace("Représentants au 1er mars", "") + ENTETE,
         "\u00a0552\u202f032\u202f534 ;PETIT\u200b;Anne;;31/12/2024", "utf-8"),
    ],
)  # fmt: skip
def test_comme_un_tableur_l_enregistre(
    societe: PersonneSirenisee, tmp_path: Any, entete: str, ligne: str, encodage: str
) -> None:
    bilan, rejets = lire(tmp_path, ligne, entete=entete, encodage=encodage)
    assert (comptes(bilan), rejets) == ((1, 0, 0, 0, 0), [])
    actuel = representant_de(societe)
    assert actuel is not None
    assert (actuel.nom_complet, actuel.depuis_le) == ("Anne PETIT", date(2024, 12, 31))


@pytest.mark.parametrize(
    ("ligne", "motif"),
    [
        ("552032535;PETIT;Anne;;", "clé"),
        (f"{SG};PETIT;Anne;;", "n'est pas connu"),
        (f"{DANONE};;Anne;;", "nom du représentant"),
        (f"{DANONE};PETIT;Anne;;32/12/2024", "date illisible"),
        (f"{DANONE};PETIT;Anne;;31/12/2199", "futur"),
        (f"{DANONE};PETIT;Anne http://x.fr;;", "sans chiffre"),
        (f"{DANONE};{'A' * 160};Anne;;", "165 caractères"),
        (f"{DANONE};PETIT;Anne;{'A' * 81};", "80 au plus"),
        (f"{DANONE};PET\x00IT;Anne;;", "NUL"),
    ],
)
def test_une_ligne_fautive_est_rejetee(societe: PersonneSirenisee, tmp_path: Any, ligne: str, motif: str) -> None:
    bilan, (rejet,) = lire(tmp_path, ligne)
    assert comptes(bilan) == (0, 0, 0, 0, 1)
    assert motif in rejet.motif
    assert rejet.ligne == 2
    assert not RepresentantLegal.objects.exists()


def test_un_seul_representant_par_siren(societe: PersonneSirenisee, tmp_path: Any) -> None:
    bilan, (rejet,) = lire(tmp_path, f"{DANONE};PETIT;Anne;;", f"{DANONE};DURAND;Luc;;")
    assert (comptes(bilan), rejet.ligne) == ((1, 0, 0, 0, 1), 3)
    assert "déjà lu à la ligne 2" in rejet.motif
    societe.refresh_from_db()
    assert societe.representant_legal == "Anne PETIT"


def test_a_blanc(societe: PersonneSirenisee, tmp_path: Any) -> None:
    representer(societe, "PETIT", "Anne", source="FICHIER")
    avant = Evenement.objects.count()
    assert comptes(lire(tmp_path, f"{DANONE};DURAND;Luc;;", a_blanc=True)[0]) == (0, 1, 0, 0, 0)
    actuel = representant_de(societe)
    assert actuel is not None
    assert actuel.nom == "PETIT"
    assert (Evenement.objects.count(), changements()) == (avant, [])


@pytest.mark.parametrize(
    ("octets", "raison"), [(b"", "manque"), (b"SIREN;Nom\r\n", "prenoms"), (b"\xff\xfe\x00", "manque")]
)
def test_un_fichier_illisible_n_ecrit_rien(tmp_path: Any, octets: bytes, raison: str) -> None:
    fichier = tmp_path / "r.csv"
    fichier.write_bytes(octets)
    with pytest.raises(FichierInsee, match=raison):
        importer_representants(acteur="systeme:essai", fichier=fichier, sur_rejet=lambda rejet: None)


def test_le_constat_d_un_agent_tient_jusqu_a_une_nomination_plus_recente(
    societe: PersonneSirenisee, agent: Agent, tmp_path: Any
) -> None:
    constater(agent, societe)
    hier, demain = timezone.localdate() - timedelta(days=1), timezone.localdate() + timedelta(days=1)
    assert comptes(lire(tmp_path, f"{DANONE};DURAND;Luc;;{hier}")[0]) == (0, 0, 0, 1, 0)
    assert comptes(lire(tmp_path, f"{DANONE};DURAND;Luc;;")[0]) == (0, 0, 0, 1, 0)
    assert changements() == []
    apres = timezone.now() + timedelta(days=2)
    assert comptes(lire(tmp_path, f"{DANONE};DURAND;Luc;;{demain}", maintenant=apres)[0]) == (0, 1, 0, 0, 0)
    assert changements() == [societe.pk]


def test_l_agent_enregistre_avec_la_preuve(societe: PersonneSirenisee, agent: Agent) -> None:
    representant = constater(agent, societe, preuve="Kbis du\n3 mars")
    assert (representant.source, representant.agent, representant.preuve) == ("AGENT", agent, "Kbis du 3 mars")
    assert changements() == []
    constater(agent, societe, nom="Durand", prenoms="Luc")
    assert changements() == [societe.pk]
    assert Evenement.objects.get(acte="representant.change").auteur == f"agent:{agent.pk}"
    with pytest.raises(RepresentantInchange):
        constater(agent, societe, nom="DURAND", prenoms="luc")


@pytest.mark.parametrize(
    ("champs", "regle"),
    [
        ({"preuve": " \n"}, PreuveNonDite),
        ({"preuve": "x" * 501}, PreuveNonDite),
        ({"nom": " "}, RepresentantSansNom),
        ({"nom": "A" * 160}, RepresentantTropLong),
        ({"nom": "Petit 3"}, NomInvalide),
        ({"depuis_le": date(2199, 1, 1)}, RepresentantDansLeFutur),
    ],
)
def test_ce_que_l_acte_refuse(societe: PersonneSirenisee, agent: Agent, champs: Any, regle: type[Exception]) -> None:
    with pytest.raises(regle):
        constater(agent, societe, **champs)
    with pytest.raises(PersonneHorsCompetence):
        constater(AgentFactory(), societe)
    assert not RepresentantLegal.objects.exists()


def test_la_page_de_l_agent(societe: PersonneSirenisee, agent: Agent) -> None:
    client = client_verifie(agent)
    page = reverse("admin:services_personnesirenisee_representant", args=[societe.pk])
    assert "aucun" in client.get(page).content.decode()
    saisie = {"nom": "Petit", "prenoms": "Anne", "qualite": "gérante", "depuis_le": "2025-01-31", "preuve": "Kbis"}
    for champ in ("nom", "preuve"):
        assert champ in client.post(page, saisie | {champ: ""}).context["formulaire"].errors
    assert "nom" in client.post(page, saisie | {"nom": "a@b.fr"}).context["formulaire"].errors
    assert not RepresentantLegal.objects.exists()
    assert client.post(page, saisie).status_code == 302
    fiche = client.get(reverse("admin:services_personnesirenisee_change", args=[societe.pk])).content.decode()
    assert "Anne Petit" in fiche
    assert "constat d’un agent" in fiche
    ailleurs = client_verifie(AgentFactory()).post(page, saisie)
    assert ailleurs["Location"] == reverse("admin:index")


def test_insee_nomme_l_entrepreneur_et_suit_son_nom(services_gestionnaires: None, tmp_path: Any) -> None:
    def importer(**valeurs: str) -> RepresentantLegal | None:
        importer_personnes(
            acteur="systeme:essai",
            unites=ecrire_unites(
                tmp_path, unite(categorieJuridique="1000", denomination="", prenom1="ANNE", nom="DURAND", **valeurs)
            ),
            etablissements=ecrire_sieges(tmp_path, siege()),
            sur_rejet=lambda rejet: pytest.fail(str(rejet)),
        )
        return representant_de(PersonneSirenisee.objects.get())

    premier = importer()
    assert premier is not None
    assert (premier.nom, premier.prenoms, premier.source) == ("DURAND", "ANNE", "INSEE")
    renomme = importer(nomUsage="PETIT")
    assert renomme is not None
    assert (renomme.pk, renomme.nom) == (premier.pk, "PETIT")
    assert changements() == [], "the same person, who married"
    lire(tmp_path, f"{DANONE};TUTELLE;Luc;tuteur;")
    tuteur = importer(nomUsage="MARTIN")
    assert tuteur is not None
    assert (tuteur.nom_complet, tuteur.source) == ("Luc TUTELLE", "FICHIER")
    assert PersonneSirenisee.objects.get().representant_legal == "Luc TUTELLE"


def test_une_societe_n_a_pas_de_representant_par_insee(services_gestionnaires: None, tmp_path: Any) -> None:
    importer_personnes(
        acteur="systeme:essai",
        unites=ecrire_unites(tmp_path, unite(nom="DURAND", prenom1="ANNE")),
        etablissements=ecrire_sieges(tmp_path, siege()),
        sur_rejet=lambda rejet: pytest.fail(str(rejet)),
    )
    personne = PersonneSirenisee.objects.get()
    assert (representant_de(personne), personne.representant_legal) == (None, "")


def test_la_commande(societe: PersonneSirenisee, tmp_path: Any) -> None:
    fichier, rejets, sortie = tmp_path / "r.csv", tmp_path / "rejets.csv", StringIO()
    fichier.write_text(f"{ENTETE}\n{DANONE};PETIT;Anne;;\n{SG};PETIT;Anne;;\n")
    with pytest.raises(SystemExit) as fin:
        call_command("importer_personnes", representants=fichier, rejets=rejets, stdout=sortie, stderr=StringIO())
    assert fin.value.code == 3
    assert "établis : 1, changés : 0" in sortie.getvalue()
    with rejets.open(newline="") as flux:
        assert [ligne["siren"] for ligne in csv.DictReader(flux)] == [SG]
    with pytest.raises(CommandError, match="--representants"):
        call_command("importer_personnes", stdout=sortie)
    with pytest.raises(CommandError, match="deux fichiers"):
        call_command("importer_personnes", fichier, stdout=sortie)
