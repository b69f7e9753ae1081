"""What the benchmarks measure: the one question and its query, the queries of each page."""

import random
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Compte, Espace
from habilitations.models import Adhesion, Habilitation
from services.dossiers import Dossier
from tests.charge.jeu import TAILLES

PAGES = ("espace", "gerer_services", "demandes", "journal", "adherer", "activer")
REQUETES_AU_PLUS = 8


def question(espace: Espace) -> tuple[Compte, Dossier]:
    """Return an account and something that it may do."""
    habilitation = Habilitation.objects.select_related("personne", "service").filter(espace=espace).order_by("pk")[0]
    compte = Compte.objects.select_related("espace").get(espace=espace)
    return compte, Dossier(habilitation.personne, habilitation.service)


def requete_de(compte: Compte, dossier: Dossier) -> str:
    """Return the one query of the one question."""
    with CaptureQueriesContext(connection) as requetes:
        assert compte.has_perm("services.utiliser", dossier)
    assert len(requetes) == 1
    return requetes.captured_queries[0]["sql"]


def melange(nombre: int) -> list[tuple[Compte, Dossier, Adhesion]]:
    """Draw questions about what is held and what is not, half and half, all over the table."""
    de = random.Random(4)
    comptes = list(Compte.objects.select_related("espace").filter(espace__isnull=False).order_by("email")[:200])
    premiere, derniere = Adhesion.objects.order_by("pk")[0].pk, Adhesion.objects.order_by("-pk")[0].pk
    cles = de.sample(range(premiere, derniere + 1), nombre)
    adhesions = Adhesion.objects.select_related("personne", "service").in_bulk(cles)
    tenues = Habilitation.objects.filter(adhesion__in=cles, role="TITULAIRE").select_related("espace__compte")
    par_adhesion = {tenue.adhesion_id: tenue.espace for tenue in tenues}
    questions = []
    for cle in cles:
        compte = par_adhesion[cle].compte if de.random() < 0.5 else de.choice(comptes)
        adhesion = adhesions[cle]
        assert compte is not None
        questions.append((compte, Dossier(adhesion.personne, adhesion.service), adhesion))
    return questions


def exiger_index_seul(plan: str) -> None:
    """Check that the question is answered by one index. What the heap is asked besides is up to the last vacuum."""
    assert "Index Only Scan using habilitation_question" in plan, plan
    assert "Seq Scan" not in plan, plan


def compter(navigateur: Client, adresse: str) -> int:
    navigateur.get(adresse)  # what a first visit alone does (the session's own row)
    with CaptureQueriesContext(connection) as requetes:
        reponse = navigateur.get(adresse)
    assert reponse.status_code in {200, 302}
    return len(requetes)


def requetes_par_page(espaces: dict[int, Espace], client_de: Callable[[Espace], Client]) -> dict[str, list[int]]:
    """Return the number of queries of each page at 1, 20 and 100 SIREN."""
    comptes: dict[str, list[int]] = {}
    for taille in TAILLES:
        navigateur, (_, dossier) = client_de(espaces[taille]), question(espaces[taille])
        service = reverse("ouvrir_service", args=[dossier.personne.siren, dossier.service.code])
        for nom, adresse in [*((page, reverse(page)) for page in PAGES), ("ouvrir_service", service)]:
            comptes.setdefault(nom, []).append(compter(navigateur, adresse))
    return comptes
