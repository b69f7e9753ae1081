"""One million habilitations: the plan, times, pages, and the same questions asked of django-guardian (issue 4).

    ESSAIS_LONGS=1 .venv/bin/python -m pytest tests/charge/test_million.py --ds=tests.charge.reglages -W default -s

These settings put django-guardian into a folder of its own; with the portal's the comparison is not made, and the test says so.
`CHARGE_GROUPES` sets the size (× 10,890 habilitations; 460 are 5 million).
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Compte, Espace
from habilitations.droits.backends import HabilitationBackend, permissions_de_la_page
from habilitations.lectures.entreprises import PAR_PAGE, entreprises
from habilitations.models import Adhesion, Habilitation
from services.dossiers import Dossier
from services.models import PersonneSirenisee
from tests.charge.mesures import PAGES, REQUETES_AU_PLUS, exiger_index_seul, question, requete_de, requetes_par_page

from .jeu import TAILLES, Jeu, charger, expliquer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="a million rows: ESSAIS_LONGS=1"),
]
GROUPES = int(os.environ.get("CHARGE_GROUPES", "92"))  # 92 × 10,890 = 1,001,880
QUESTIONS, LECTURES = 2000, 60


def chronometrer(actions: Iterable[Callable[[], Any]]) -> tuple[float, float, int]:
    """Run each action; return the median and the 95th centile in milliseconds, and the most queries one made."""
    durees, requetes = [], 0
    for action in actions:
        debut = time.perf_counter()
        action()
        durees.append((time.perf_counter() - debut) * 1000)
    with CaptureQueriesContext(connection) as comptees:
        action()
        requetes = len(comptees)
    return statistics.median(durees), statistics.quantiles(durees, n=20)[-1], requetes


def dire(quoi: str, mesure: tuple[float, float, int], reference: tuple[float, float, int] | None = None) -> None:
    ligne = f"{quoi:<62} p50 {mesure[0]:8.2f} ms   p95 {mesure[1]:8.2f} ms   {mesure[2]:3d} requêtes"
    print(ligne + (f"   × {mesure[0] / reference[0]:.1f}" if reference else ""))


def melange(jeu: Jeu) -> list[tuple[Compte, Dossier, Adhesion]]:
    """Draw questions about what is held and what is not, half and half, all over the table."""
    de = random.Random(4)
    comptes = list(Compte.objects.select_related("espace").filter(espace__in=de.sample(jeu.tous, 200)).order_by("pk"))
    adhesions = list(Adhesion.objects.select_related("personne", "service").filter(pk__in=_au_hasard(de, QUESTIONS)))
    questions = []
    for adhesion in adhesions:
        if de.random() < 0.5:
            tenue = Habilitation.objects.filter(adhesion=adhesion).order_by("pk")[0]
            compte = Compte.objects.select_related("espace").get(espace=tenue.espace_id)
        else:
            compte = de.choice(comptes)
        questions.append((compte, Dossier(adhesion.personne, adhesion.service), adhesion))
    return questions


def _au_hasard(de: random.Random, nombre: int) -> list[int]:
    premiere, derniere = Adhesion.objects.order_by("pk")[0].pk, Adhesion.objects.order_by("-pk")[0].pk
    return de.sample(range(premiere, derniere + 1), nombre)


def charger_guardian() -> None:
    """Give django-guardian the same rights: one row per habilitation, one permission (it would need nine)."""
    type_, _ = ContentType.objects.get_or_create(app_label="habilitations", model="adhesion")
    permission, _ = Permission.objects.get_or_create(
        content_type=type_, codename="utiliser", defaults={"name": "utiliser"}
    )
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(
            "SET LOCAL session_replication_role = replica;"
            "INSERT INTO guardian_userobjectpermission (object_pk, content_type_id, permission_id, user_id)"
            " SELECT h.adhesion_id::text, %s, %s, e.compte_id FROM habilitations_habilitation h"
            " JOIN accounts_espace e ON e.id = h.espace_id",
            [type_.pk, permission.pk],
        )
    with connection.cursor() as curseur:
        curseur.execute("VACUUM ANALYZE guardian_userobjectpermission")


def accueil_guardian(compte: Compte) -> int:
    """Read the home page's dossiers with guardian: some personnes in order, and their services that may be used."""
    from guardian.shortcuts import get_objects_for_user

    permises = get_objects_for_user(compte, "habilitations.utiliser", Adhesion, accept_global_perms=False)
    personnes = PersonneSirenisee.objects.filter(pk__in=permises.values("personne")).order_by("denomination", "siren")
    page = Paginator(personnes, PAR_PAGE).get_page("1")
    services = list(permises.filter(personne__in=list(page)).select_related("service").order_by("service__ordre"))
    return len(services) + permises.values("personne").distinct().count()


def page_guardian(compte: Compte, adhesions: list[Adhesion]) -> int:
    """Ask for all the dossiers of a page at once with guardian."""
    from guardian.core import ObjectPermissionChecker

    verificateur = ObjectPermissionChecker(compte)
    verificateur.prefetch_perms(adhesions)
    return sum(verificateur.has_perm("utiliser", adhesion) for adhesion in adhesions)


def test_un_million(client_de: Callable[[Espace], Client]) -> None:
    debut = time.perf_counter()
    jeu = charger(GROUPES)
    print(f"\n{jeu.habilitations} habilitations chargées en {time.perf_counter() - debut:.0f} s")
    compte, dossier = question(jeu.espaces[100])
    plan = expliquer(requete_de(compte, dossier))
    print(plan)
    exiger_index_seul(plan)
    assert "Heap Fetches: 0" in plan, plan  # alone on this database: the vacuum of `charger` has seen every row

    avec_guardian = apps.is_installed("guardian")
    if not avec_guardian:
        print("django-guardian is not beside: --ds=tests.charge.reglages")
    if avec_guardian:
        debut = time.perf_counter()
        charger_guardian()
        print(f"guardian chargé en {time.perf_counter() - debut:.0f} s")
    questions = melange(jeu)
    portail = HabilitationBackend()
    notre = chronometrer(lambda c=c, d=d: portail.has_perm(c, "services.utiliser", d) for c, d, _ in questions)  # type: ignore[misc]
    dire("une question (has_perm)", notre)
    if avec_guardian:
        from guardian.backends import ObjectPermissionBackend

        autre = ObjectPermissionBackend()
        leur = chronometrer(lambda c=c, a=a: autre.has_perm(c, "habilitations.utiliser", a) for c, _, a in questions)  # type: ignore[misc]
        dire("  la même à django-guardian", leur, notre)
        assert [portail.has_perm(c, "services.utiliser", d) for c, d, _ in questions[:200]] == [
            autre.has_perm(c, "habilitations.utiliser", a) for c, _, a in questions[:200]
        ]
    for taille in TAILLES:
        mesurer_un_espace(jeu.espaces[taille], taille, avec_guardian)
    comptes = requetes_par_page(jeu.espaces, client_de)
    print("requêtes par page à 1, 20 et 100 SIREN :", comptes)
    assert all(len(set(valeurs)) == 1 and valeurs[0] <= REQUETES_AU_PLUS for valeurs in comptes.values()), comptes
    for taille in TAILLES:
        navigateur = client_de(jeu.espaces[taille])
        for page in PAGES:
            dire(f"page {page}, {taille} SIREN", chronometrer([lambda: navigateur.get(reverse(page))] * 20))


def mesurer_un_espace(espace: Espace, taille: int, avec_guardian: bool) -> None:
    """Measure the home page's reads and a page of questions, at twenty-five SIREN × 30 services at most."""
    espace = Espace.objects.select_related("compte").get(pk=espace.pk)
    compte = espace.compte
    assert compte is not None
    adhesions = list(
        Adhesion.objects.select_related("personne", "service")
        .filter(habilitations__espace=espace)
        .order_by("personne__denomination", "pk")[: 30 * PAR_PAGE]
    )
    dossiers = [Dossier(adhesion.personne, adhesion.service) for adhesion in adhesions]
    lectures = chronometrer([lambda: entreprises(espace)] * LECTURES)
    page = chronometrer([lambda: permissions_de_la_page(espace, dossiers)] * LECTURES)
    dire(f"les lectures de l'accueil, {taille} SIREN", lectures)
    if avec_guardian:
        dire("  les mêmes par django-guardian", chronometrer([lambda: accueil_guardian(compte)] * LECTURES), lectures)
    dire(f"une page de {len(dossiers)} questions, {taille} SIREN", page)
    if avec_guardian:
        dire("  les mêmes à django-guardian", chronometrer([lambda: page_guardian(compte, adhesions)] * LECTURES), page)
        assert page_guardian(compte, adhesions) == sum(
            bool(p) for p in permissions_de_la_page(espace, dossiers).values()
        )
