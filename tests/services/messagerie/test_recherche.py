"""Whatever is searched, filtered and turned over, the inbox shows what a plain reading of every exchange finds, in the same order."""

import random
import re
from datetime import timedelta
from itertools import product
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.repliement import replier
from services.messagerie import lectures
from services.messagerie.droits import personnes_de
from services.messagerie.lectures import A_TRAITER, CLOS, EN_ATTENTE, NON_LUS, TOUS, lire_filtres, messagerie
from services.messagerie.remise import remettre
from services.models import Echange, MessageNonLu
from tests.factories import PersonneFactory, echanger, habiliter
from tests.services.messagerie.scenes import Scene, recevoir, scene
from tests.services.messagerie.scenes import messagerie as service_messagerie

pytestmark = pytest.mark.django_db
MOTS = ("facture", "Étalement", "option", "n° 7", "ornithorynque")
THEMES = ("TVA", "IS", "AUTRE")


def peupler(graine: int) -> Scene:
    """Return three companies of one reader and one of nobody's, with exchanges of every state; some dates are the same."""
    de, maintenant = random.Random(graine), timezone.now()
    lieu, autre = scene(denomination="ATELIER ROUSSEL"), scene(denomination="CAVE DES CANUTS")
    siennes = [lieu.personne, *(PersonneFactory(denomination=nom) for nom in ("FACTURE PLUS", "GARAGE DU LAC"))]
    for personne in siennes[1:]:
        habiliter(lieu.titulaire, personne=personne, service=service_messagerie())
    for personne, nombre in zip([*siennes, autre.personne], (60, 9, 33, 40), strict=True):
        for _ in range(nombre):
            echange = echanger(
                personne,
                objet=f"{de.choices(MOTS, (60, 20, 10, 9, 1))[0]} {de.randrange(99)}",
                theme=de.choice(THEMES),
                etat=de.choice(Echange.Etat.values),
                dernier_le=maintenant - timedelta(hours=de.randrange(40)),
            )
            if de.random() < 0.3:
                recu = recevoir(personne, agent=lieu.agent, echange=echange, pret_le=echange.dernier_le)
                remettre(recu, echange.dernier_le)
    return lieu


def attendus(tous: list[Echange], non_lus: set[UUID], boite: str, q: str, theme: str) -> list[str]:
    """Return the references that should be shown, by looking at every exchange."""
    trouves = []
    for echange in sorted(tous, key=lambda un: (un.dernier_le, un.pk), reverse=True):
        dans = {
            TOUS: True,
            CLOS: echange.etat == "CLOS",
            EN_ATTENTE: echange.etat in Echange.ATTENDENT_LE_SERVICE,
            NON_LUS: echange.pk in non_lus,
            A_TRAITER: echange.pk in non_lus or echange.etat == "PIECE_DEMANDEE",
        }[boite]
        nom = echange.personne.denomination
        dit = (
            not q
            or replier(q) in replier(nom)
            or q in echange.personne.siren
            or q.upper() == echange.reference
            or (len(replier(q)) > 2 and replier(q) in replier(echange.objet))
        )
        if dans and dit and theme in {"", echange.theme}:
            trouves.append(echange.reference)
    return trouves


def montres(espace: Espace, boite: str, q: str, theme: str) -> list[str]:
    """Return the references that the pages show, one page after the other."""
    demande = QueryDict(mutable=True)
    demande.update({"boite": boite, "q": q, "theme": theme})
    vus: list[str] = []
    for _ in range(20):
        lue = messagerie(espace, lire_filtres(demande))
        vus += [ligne.reference for ligne in lue.lignes]
        if not lue.suite:
            return vus
        demande["avant"] = parse_qs(lue.suite[1:])["avant"][0]
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(("graine", "fenetre"), [(1, 3_000), (2, 3), (3, 120)])
def test_la_boite_est_ce_qu_une_lecture_de_tout_trouve(
    graine: int, fenetre: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few exchanges a search looks at before it asks the index of words."""
    monkeypatch.setattr(lectures, "FENETRE_DE_RECHERCHE", fenetre)
    lieu = peupler(graine)
    tous = list(Echange.objects.filter(personne__in=personnes_de(lieu.titulaire)).select_related("personne"))
    non_lus = set(MessageNonLu.objects.filter(lecteur=lieu.titulaire.compte).values_list("message__echange", flat=True))
    une = Echange.objects.filter(personne=lieu.personne)[7].reference
    recherches = (
        "",
        "facture",
        "ETALEMENT",
        "ornithorynque",
        "zzz",
        "n°7",
        "n°",
        "pl",
        "canuts",
        lieu.personne.siren,
        une.lower(),
    )
    pleines = 0
    for boite, q, theme in product((TOUS, CLOS, EN_ATTENTE, NON_LUS, A_TRAITER), recherches, ("", "IS")):
        voulus = attendus(tous, non_lus, boite, q, theme)
        assert montres(lieu.titulaire, boite, q, theme) == voulus, (boite, q, theme)
        pleines += len(voulus) > lectures.PAR_PAGE
    assert pleines > 5, "several of these lists have more than one page"


def test_une_recherche_de_deux_lettres_ne_lit_pas_toute_la_boite() -> None:
    """No index of words has two letters: what they are of an objet is not looked for, and what is read does not grow."""
    lieu, maintenant = scene(), timezone.now()
    demande = QueryDict("q=zq")
    autres = [PersonneFactory() for _ in range(40)]
    lus = []
    for tour in range(2):
        siens, leurs = [lieu.personne] * 6_000, autres * (100 if not tour else 0)
        Echange.objects.bulk_create(
            Echange(
                personne=personne,
                service_gestionnaire=personne.service_gestionnaire,
                theme="TVA",
                objet=f"Objet {rang} bonjour",
                etat="REPONDU",
                dernier_le=maintenant - timedelta(seconds=rang),
            )
            for rang, personne in enumerate([*siens, *leurs], start=tour * 6_000)
        )
        with connection.cursor() as curseur:
            curseur.execute("ANALYZE services_echange")
        with CaptureQueriesContext(connection) as faites:
            assert not messagerie(lieu.titulaire, lire_filtres(demande)).lignes
        page = next(une["sql"] for une in faites.captured_queries if "trouves AS" in une["sql"])
        with connection.cursor() as curseur:
            curseur.execute(f"EXPLAIN (ANALYZE) {page}")
            plan = "\n".join(ligne for (ligne,) in curseur.fetchall())
        lus.append(sum(int(nombre) for nombre in re.findall(r"Rows Removed by Filter: (\d+)", plan)))
    assert lus[1] < 1.2 * lus[0] + 100, lus


def test_l_onglet_d_une_entreprise_est_la_boite_de_cette_entreprise() -> None:
    lieu = peupler(3)
    for boite, q in product((TOUS, CLOS, NON_LUS, A_TRAITER), ("", "facture")):
        filtres = lectures.Filtres(boite=boite, q=q, siren=lieu.personne.siren)
        entiere, seule = messagerie(lieu.titulaire, filtres), messagerie(lieu.titulaire, filtres, seule=lieu.personne)
        assert [*seule.lignes] == [*entiere.lignes]
        assert seule.suite == entiere.suite
        assert [b.nombre for b in seule.boites] == [b.nombre for b in entiere.boites]
        assert all(re.fullmatch(r"E-\d{4}-\w{8}", ligne.reference) for ligne in seule.lignes)
