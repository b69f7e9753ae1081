"""A refused sign-in tells nothing: same page, same status, same time, whatever stands behind the address (ANSSI R14).

The five classes cost the same queries, so that a server under load, where a refusal takes several steps of
`debit.PALIER`, tells nothing more. And measured: samples of the classes are interleaved; for each pair the AUC (the chance that a sample of one takes longer than one
of the other) must stay within 0.47–0.53 for 2,000 samples a class (ESSAIS_LONGS=1), and within 3.3 standard errors of
one half for fewer, which is what so many samples can tell.
"""

import itertools
import math
import random
import re
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.compteurs import debit
from accounts.models import Compte, Espace, EssaiConnexion
from tests.factories import MOT_DE_PASSE, EspaceFactory, hache

CLASSES = ("inconnue", "connue", "verrouil", "desactiv", "nonconfi")
TOLERANCE = 0.03
LIT_OU_ECRIT = re.compile(r'^\w+|(?<=FROM )"\w+"|(?<=INTO )"\w+"|pg_advisory\w+')


def adresse(classe: str, rang: int) -> str:
    return f"{classe:_<8}{rang:06d}@cabinet-oracle.fr"


def preparer(nombre: int) -> None:
    """One account per sample, so that no counter of one sample weighs on the next."""
    comptes = [
        Compte(
            email=adresse(classe, rang),
            password=hache(MOT_DE_PASSE),
            is_active=classe not in {"desactiv", "nonconfi"},
        )
        for classe in CLASSES[1:]
        for rang in range(nombre)
    ]
    Compte.objects.bulk_create(comptes)
    etats = {"desactiv": Espace.Etat.DESACTIVE, "nonconfi": Espace.Etat.EN_ATTENTE_COURRIEL}
    Espace.objects.bulk_create(
        EspaceFactory.build(
            compte=compte, etat=etats.get(compte.email[:8], Espace.Etat.ACTIF), numero_abonne=f"{rang:014d}"
        )
        for rang, compte in enumerate(comptes)
    )
    EssaiConnexion.objects.bulk_create(
        EssaiConnexion(cle=debit.cle_compte(compte))
        for compte in comptes
        if compte.email.startswith("verrouil")
        for _ in range(debit.COMPTE.limite)
    )


def essai(classe: str, rang: int, numero: int) -> tuple[float, int, str]:
    """One refused sign-in: its time, status and page. Only a wrong password is refused to an account in order."""
    client = Client(REMOTE_ADDR=f"198.{18 + numero // 65536}.{numero // 256 % 256}.{numero % 256}")
    tape = {"username": adresse(classe, rang), "password": MOT_DE_PASSE + ("" if classe != "connue" else "!")}
    depart = time.perf_counter()
    reponse = client.post(reverse("connexion"), tape)
    duree = time.perf_counter() - depart
    page = re.sub(r'name="(?:csrfmiddlewaretoken|servi)" value="[\w.]+"', "", reponse.content.decode())
    return duree, reponse.status_code, page.replace(tape["username"], "")


def auc(a: list[float], b: list[float]) -> float:
    """The chance that a value of `a` is above one of `b` (Mann-Whitney); inputs without ties."""
    rangs = {valeur: rang for rang, valeur in enumerate(sorted(a + b), start=1)}
    return (sum(rangs[valeur] for valeur in a) - len(a) * (len(a) + 1) / 2) / (len(a) * len(b))


@pytest.mark.usefixtures("durees_vraies")
@pytest.mark.django_db(transaction=True)
def test_un_refus_ne_dit_rien_du_compte(
    tours: Callable[[int], int], record_property: Callable[[str, object], None]
) -> None:
    nombre = tours(2_000)
    preparer(nombre)
    for classe in CLASSES:
        essai(classe, 0, 70_000)  # warm: templates, connections
    EssaiConnexion.objects.exclude(
        cle__in=[debit.cle_compte(compte) for compte in Compte.objects.filter(email__startswith="verrouil")]
    ).delete()
    ordre = [(classe, rang) for classe in CLASSES for rang in range(nombre)]
    random.Random(20261123).shuffle(ordre)
    durees: dict[str, list[float]] = {classe: [] for classe in CLASSES}
    pages = set()
    for numero, (classe, rang) in enumerate(ordre):
        duree, statut, page = essai(classe, rang, numero)
        durees[classe].append(duree)
        pages.add((statut, page))
    assert len(pages) == 1, [(statut, len(page)) for statut, page in pages]
    assert next(iter(pages))[0] == 200
    tolerance = max(TOLERANCE, 3.3 * math.sqrt((2 * nombre + 1) / (12 * nombre * nombre)))
    mesures = {paire: auc(durees[paire[0]], durees[paire[1]]) for paire in itertools.combinations(CLASSES, 2)}
    record_property("auc", mesures)  # told by `--junitxml=F -o junit_family=xunit1`
    assert all(abs(mesure - 0.5) <= tolerance for mesure in mesures.values()), (tolerance, mesures)


@pytest.mark.django_db(transaction=True)
def test_un_refus_coute_les_memes_requetes() -> None:
    """The same reads and writes of the same tables, whatever the account; only their order may differ."""
    preparer(1)
    essai("inconnue", 9, 70_000)  # warm
    couts = {}
    for numero, classe in enumerate(CLASSES):
        with CaptureQueriesContext(connection) as requetes:
            essai(classe, 0, numero)
        couts[classe] = sorted(" ".join(LIT_OU_ECRIT.findall(requete["sql"])) for requete in requetes)
    assert len({tuple(cout) for cout in couts.values()}) == 1, couts


def test_l_auc_voit_un_ecart() -> None:
    hasard = random.Random(1)
    a = [hasard.gauss(100, 3) for _ in range(2000)]
    b = [hasard.gauss(100, 3) for _ in range(2000)]
    assert abs(auc(a, b) - 0.5) <= TOLERANCE
    assert abs(auc([valeur + 1 for valeur in a], b) - 0.5) > TOLERANCE
