"""Designating by a file: the report says what the act would do, and the act is all or nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from habilitations import actes
from habilitations.arbre.lots import LignesRefusees
from habilitations.droits.perimetre import PerimetreDepasse
from habilitations.models import Habilitation, Role
from habilitations.partage.beneficiaires import ESSAIS
from habilitations.partage.en_masse import (
    BENEFICIAIRES,
    CHANGEMENTS,
    FichierTropCharge,
    Rapport,
    TropDeBeneficiaires,
    appliquer_fichier,
    examiner_fichier,
)
from habilitations.partage.fichier import lire
from habilitations.tableurs.lecture import (
    LIGNES,
    TAILLE_DU_FICHIER,
    ColonnesManquantes,
    FichierIllisible,
    FichierTropGrand,
)
from tests.factories import EspaceFactory, ServiceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
ENTETE = "siren;service;numero_abonne;nom;role;fin"


def fichier(*lignes: str, entete: str = ENTETE) -> bytes:
    return "\r\n".join([entete, *lignes]).encode()


def ligne(h: Habilitation, a: Espace, role: str = "acteur", fin: str = "", nom: str = "") -> str:
    return f"{h.personne.siren};{h.service.code};{a.numero_abonne};{nom or a.nom};{role};{fin}"


def erreurs(rapport: Rapport) -> list[str]:
    return [x.erreur for x in rapport.lignes]


def test_le_rapport_n_ecrit_rien_puis_l_acte_fait_ce_qu_il_dit() -> None:
    titulaire, a, b = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(3)]
    fin = timezone.localdate() + timedelta(days=90)
    rapport = examiner_fichier(
        acteur=titulaire,
        contenu=fichier(
            ligne(racines[0], a, "suppleant"),
            ligne(racines[1], a, "Acteur délégant"),
            "",
            ligne(racines[2], b, "ACTEUR", f"{fin:%d/%m/%Y}"),
        ),
    )
    assert erreurs(rapport) == ["", "", ""]
    assert not Habilitation.objects.exclude(role=Role.TITULAIRE).exists()
    assert not Courriel.objects.exists()
    accordees = appliquer_fichier(acteur=titulaire, operations=rapport.operations())
    connection.check_constraints()
    assert {(h.espace_id, h.adhesion_id, h.role, h.expire_le) for h in accordees} == {
        (a.pk, racines[0].adhesion_id, Role.SUPPLEANT, None),
        (a.pk, racines[1].adhesion_id, Role.ACTEUR_DELEGANT, None),
        (b.pk, racines[2].adhesion_id, Role.ACTEUR, fin),
    }


def test_chaque_ligne_dit_ce_qui_ne_va_pas() -> None:
    titulaire, a = EspaceFactory(), EspaceFactory()
    racine, tenue, etrangere = habiliter(titulaire), habiliter(titulaire), habiliter(EspaceFactory())
    accorder(tenue, a, Role.ACTEUR)
    deleguee = accorder(habiliter(EspaceFactory()), titulaire, Role.ACTEUR_DELEGANT)
    hier = f"{timezone.localdate() - timedelta(days=1):%d/%m/%Y}"
    rapport = examiner_fichier(
        acteur=titulaire,
        contenu=fichier(
            ligne(racine, a),
            ligne(racine, a, "suppleant"),
            ligne(racine, a, "chef"),
            ligne(racine, a, "acteur", "2027-31-12"),
            ligne(racine, a, "acteur", hier),
            ligne(racine, a, "suppleant", "31/12/2099"),
            ligne(etrangere, a),
            ligne(racine, a, nom="Personne"),
            ligne(tenue, a, "suppleant"),
            ligne(deleguee, a, "acteur_delegant"),
            ligne(racine, titulaire),
        ),
    )
    attendues = (
        "",
        "répète la ligne 2",
        "rôle inconnu",
        "illisible",
        "passée",
        "pas de date de fin",
        "vous n’avez pas ce service",
        "le nom écrit est différent",
        "y est acteur",
        "votre rôle",
        "le vôtre",
    )
    assert len(rapport.lignes) == len(attendues)
    for obtenue, attendue in zip(erreurs(rapport), attendues, strict=True):
        assert (attendue in obtenue) if attendue else obtenue == ""
    assert not rapport.possible


def test_le_fichier_ne_sert_pas_a_pecher_des_numeros() -> None:
    titulaire, cible = EspaceFactory(), EspaceFactory(nom="Petit")
    racine = habiliter(titulaire)
    rapport = examiner_fichier(
        acteur=titulaire, contenu=fichier(*(ligne(racine, cible, nom=f"Nom{i}") for i in range(30)))
    )
    assert Evenement.objects.filter(acte="beneficiaire.introuvable").count() == ESSAIS
    assert sum("Trop de numéros" in e for e in erreurs(rapport)) == 30 - ESSAIS


def compter(acteur: Espace, contenu: bytes) -> tuple[int, Rapport]:
    with CaptureQueriesContext(connection) as requetes:
        rapport = examiner_fichier(acteur=acteur, contenu=contenu)
    return len(requetes), rapport


def test_le_nombre_de_requetes_ne_depend_pas_des_lignes() -> None:
    titulaire, service = EspaceFactory(), ServiceFactory()
    racines = [habiliter(titulaire, service=service) for _ in range(6)]
    collegues = [EspaceFactory() for _ in range(12)]
    roles = ("acteur", "suppleant", "acteur_delegant")
    mesures = []
    for taille in (1, 12, 72):
        paires = [(racine, collegue) for racine in racines for collegue in collegues][:taille]
        lignes = [ligne(racine, collegue, roles[rang % 3]) for rang, (racine, collegue) in enumerate(paires)]
        requetes, rapport = compter(titulaire, fichier(*lignes))
        assert rapport.possible
        mesures.append(requetes)
    assert len(set(mesures)) == 1, mesures


def test_une_peche_de_cent_numeros_ne_coute_que_dix_essais() -> None:
    titulaire = EspaceFactory()
    racine, juste = habiliter(titulaire), EspaceFactory()
    inconnus = [EspaceFactory.build(compte=None) for _ in range(BENEFICIAIRES - 1)]
    peche = fichier(*(ligne(racine, inconnu) for inconnu in inconnus), ligne(racine, juste))
    requetes, rapport = compter(titulaire, peche)
    assert requetes < 3 * ESSAIS, (
        "two statements for each line of the journal, and none for a number after the last try"
    )
    assert Evenement.objects.filter(acte="beneficiaire.introuvable").count() == ESSAIS
    assert [("Aucun espace" in e, "Trop de numéros" in e) for e in erreurs(rapport)] == (
        [(True, False)] * ESSAIS + [(False, True)] * (BENEFICIAIRES - ESSAIS)
    ), "after the last try, the right one is not told apart either"
    assert "Trop de numéros" in erreurs(examiner_fichier(acteur=titulaire, contenu=fichier(ligne(racine, juste))))[0]
    assert Evenement.objects.filter(acte="beneficiaire.introuvable").count() == ESSAIS


def test_trois_mille_numeros_sont_refuses_sans_en_chercher_un() -> None:
    titulaire = EspaceFactory()
    racine = habiliter(titulaire)
    inconnus = [EspaceFactory.build(compte=None) for _ in range(BENEFICIAIRES + 1)]
    with CaptureQueriesContext(connection) as requetes, pytest.raises(TropDeBeneficiaires, match="101"):
        examiner_fichier(acteur=titulaire, contenu=fichier(*(ligne(racine, inconnu) for inconnu in inconnus)))
    assert not any('FROM "accounts_espace"' in requete["sql"] for requete in requetes)
    assert not Evenement.objects.filter(acte=actes.BENEFICIAIRE_INTROUVABLE.code).exists()
    un_seul = fichier(*(ligne(racine, inconnus[0]) for _ in range(BENEFICIAIRES + 1)))
    assert examiner_fichier(acteur=titulaire, contenu=un_seul).lignes


def test_le_perimetre_compte_toutes_les_lignes_d_un_beneficiaire(settings: object) -> None:
    settings.PERIMETRE_SIREN = 2  # type: ignore[attr-defined]
    titulaire, a = EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(2)]
    habiliter(a)
    rapport = examiner_fichier(
        acteur=titulaire, contenu=fichier(ligne(racines[0], a, "acteur"), ligne(racines[1], a, "suppleant"))
    )
    assert all("ne peut pas dépasser" in e for e in erreurs(rapport))


def test_tout_ou_rien_meme_au_dernier_beneficiaire(settings: object) -> None:
    titulaire, a, b = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(2)]
    rapport = examiner_fichier(acteur=titulaire, contenu=fichier(ligne(racines[0], a), ligne(racines[1], b)))
    accorder(racines[1], b, Role.ACTEUR)  # meanwhile
    with pytest.raises(LignesRefusees), transaction.atomic():
        appliquer_fichier(acteur=titulaire, operations=rapport.operations())
    assert not Habilitation.objects.filter(espace=a).exists()


def test_lire_ce_que_les_tableurs_ecrivent() -> None:
    corps = "552032534,TVA,2026,L'Hermite,acteur,"
    for contenu in (
        ("siren,service,numero_abonne,nom,role,fin\n" + corps).encode("utf-8-sig"),
        ("siren,service,numero_abonne,nom,role,fin\r\n" + corps.replace("L'H", "É")).encode("cp1252"),
        (b"NOM;role;SIREN;service;numero_abonne\nX;acteur;1;TVA;2"),
        (b"siren\tservice\tnumero_abonne\tnom\trole\n1\tTVA\t2\t3\tacteur"),
    ):
        assert len(lire(contenu)) == 1
        assert lire(contenu)[0].service == "TVA"
    assert lire(fichier('1;TVA;2;"Nom; composé";acteur;'))[0].nom == "Nom; composé"
    for contenu in (b"\x00\x01", b"PK\x03\x04\x00", b"\x81\x8d\x8f"):
        with pytest.raises((FichierIllisible, ColonnesManquantes)):
            lire(contenu)
    with pytest.raises(ColonnesManquantes, match="Nom, Rôle"):
        lire(b"siren;service;numero_abonne\n1;2;3")
    with pytest.raises(FichierTropGrand):
        lire(fichier(*["1;TVA;2;3;acteur;"] * (LIGNES + 1)))
    with pytest.raises(FichierTropGrand):
        lire(b"x" * (TAILLE_DU_FICHIER + 1))
    with pytest.raises(FichierTropCharge, match="3001"):
        examiner_fichier(acteur=EspaceFactory(), contenu=fichier(*["1;TVA;2;3;acteur;"] * (CHANGEMENTS + 1)))
    assert lire(fichier()) == []


@pytest.mark.django_db(transaction=True)
def test_deux_fichiers_croises_ne_se_bloquent_pas(tours: Callable[[int], int]) -> None:
    for _ in range(tours(100)):
        with transaction.atomic():
            a, b, c = (EspaceFactory() for _ in range(3))
            chez = {x.pk: [habiliter(x, service=ServiceFactory()) for _ in range(2)] for x in (a, b, c)}
        lots = []
        for x, (y, z) in ((a, (b, c)), (b, (c, a)), (c, (a, b))):
            h1, h2 = chez[x.pk]
            lots.append((x, examiner_fichier(acteur=x, contenu=fichier(ligne(h1, y), ligne(h2, z))).operations()))
        resultats = en_parallele(
            3, lambda rang, lots=lots: appliquer_fichier(acteur=lots[rang][0], operations=lots[rang][1])
        )
        assert [len(r) for r in resultats] == [2, 2, 2], resultats


@pytest.mark.django_db(transaction=True)
def test_le_perimetre_tient_contre_des_fichiers_simultanes(settings: object) -> None:
    settings.PERIMETRE_SIREN = 3  # type: ignore[attr-defined]
    with transaction.atomic():
        collegue = EspaceFactory()
        racines = [habiliter(EspaceFactory()) for _ in range(8)]
    lots = [
        examiner_fichier(acteur=r.espace, contenu=fichier(ligne(r, collegue, "suppleant"))).operations()
        for r in racines
    ]
    resultats = en_parallele(
        8,
        lambda rang: appliquer_fichier(acteur=Espace.objects.get(pk=racines[rang].espace_id), operations=lots[rang]),
    )
    assert sum(isinstance(r, PerimetreDepasse) for r in resultats) == 5
