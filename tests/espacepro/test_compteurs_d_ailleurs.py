"""What the page of another site has a browser open uses up no limit, burst or count of who opened it: over all counters, all pages."""

import ast
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from redis import Redis

from accounts.models import Espace, TraceLecture
from accounts.traces import lecture
from activation.demandes.consultations import OBJET
from espacepro.acces import TABLE, Acces
from habilitations.arbre.recentes import OBJET as USAGE
from services.models import Echange, Service
from surveillance.automates import grades
from tests.factories import PersonneFactory, ServiceFactory, echanger, habiliter
from tests.scenes import D_UN_AUTRE_SITE, NAVIGATEUR, RACINE
from tests.sources import module_de, noeuds

from .scenes import NOMS, TOUS, VALEURS, adresse

pytestmark = pytest.mark.django_db
ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
COMPTENT = frozenset(
    {"reserver", "reserver_reseau", "lire_comptees", "incr", "hincrby", "sadd", "du_jour", "cache.incr"}
)
"""What adds one to a count that is not made of the rows of acts."""
A_PART = "under a key of its own where another origin asks (`grades._ou`, `rafales.compter` not at all)"
UN_ACTE = "in an act: by a POST, whose Origin is ours"
PAR_UN_BOUTON = "told and counted once the person asks for it from here (`LectureDAilleurs`)"
COMPTEURS = {
    "accounts/compteurs/plafonds.py": UN_ACTE,
    "accounts/compteurs/refus.py": UN_ACTE,
    "accounts/espace/oubli.py": UN_ACTE,
    "accounts/facteurs/second_facteur.py": UN_ACTE,
    "activation/demandes/consultations.py": PAR_UN_BOUTON + "; `reserver_depot`: " + UN_ACTE,
    "habilitations/partage/demandes.py": UN_ACTE,
    "services/banque/comptes.py": UN_ACTE,
    "services/banque/mandat.py": UN_ACTE,
    "services/banque/signalement.py": UN_ACTE,
    "services/messagerie/plafonds.py": UN_ACTE,
    "surveillance/automates/grades.py": A_PART,
    "surveillance/automates/releve.py": A_PART,
    "surveillance/signaux/rafales.py": A_PART,
    "surveillance/verification/demandes.py": UN_ACTE,
}


def _nom(noeud: ast.Call) -> str:
    return noeud.func.attr if isinstance(noeud.func, ast.Attribute) else getattr(noeud.func, "id", "")


def compteurs() -> Iterator[str]:
    """Yield each file that adds one to a counter."""
    for etage in ETAGES:
        for fichier in sorted((RACINE / etage).rglob("*.py")):
            appels = (noeud for noeud in noeuds(module_de(fichier)) if isinstance(noeud, ast.Call))
            if any(_nom(appel) in COMPTENT for appel in appels):
                yield str(fichier.relative_to(RACINE))


def test_chaque_compteur_dit_pourquoi_une_page_d_ailleurs_ne_l_use_pas() -> None:
    assert set(compteurs()) == set(COMPTEURS)


def etat() -> dict[str, Any]:
    """Return what every counter holds: each table but sessions and traces, the traces that are counted, the keys of Redis of nobody apart."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition AND n.nspname = 'public'"
        )
        tables = sorted({nom for (nom,) in curseur.fetchall()} - {"accounts_session", "accounts_tracelecture"})
        lu: dict[str, Any] = {}
        for table in tables:
            curseur.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
            lu[table] = curseur.fetchone()[0]
    lu["traces comptées"] = list(
        TraceLecture.objects.filter(objet__in=(OBJET, USAGE)).order_by("pk").values_list("objet", "cle")
    )
    redis = Redis.from_url(settings.CACHES["default"]["LOCATION"])
    for cle in redis.scan_iter():
        if b"ailleurs:" not in cle:
            lu[f"redis {cle!r}"] = hashlib.sha256(redis.dump(cle) or b"").hexdigest()
    return lu


@pytest.fixture
def pages(espace: Espace) -> list[str]:
    """Every page of a holder that an address opens, with a company and a service of his, and the look-ups of companies of others."""
    messagerie = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
    tenue = habiliter(espace, service=ServiceFactory(code=VALEURS["code"], paiement=True))
    habiliter(espace, personne=tenue.personne, service=messagerie)
    echange = echanger(tenue.personne, etat=Echange.Etat.REPONDU)
    autre = PersonneFactory()
    # A session that ends or that changes leaves the next ones to nobody.
    noms = [
        nom for nom in NOMS if TABLE[nom].qui not in {Acces.RESSOURCE, Acces.DEMONSTRATION} and nom != "deconnexion"
    ]
    chemins = {nom: next(c for e, n, c in TOUS if n == nom and not e) for nom in noms}
    return [
        *(
            adresse(nom)
            .replace(VALEURS["siren"], tenue.personne.siren)
            .replace(VALEURS["reference"], echange.reference if "echange" in nom else VALEURS["reference"])
            for nom in chemins
        ),
        reverse("adherer", query={"siren": autre.siren}),
        reverse("substitution", query={"sirens": autre.siren}),
    ]


def ouvrir(client: Client, pages: list[str], en_tetes: dict[str, str]) -> list[int]:
    return [client.get(page, headers=en_tetes).status_code for page in pages]


def test_aucune_page_qu_un_autre_site_ouvre_ne_compte_pour_qui_l_ouvre(
    espace: Espace, client_de: Callable[[Espace], Client], pages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grades, "AILLEURS_PAR_JOUR", 10_000)  # beyond, nothing of ours is opened at all
    client = client_de(espace)
    client.get(reverse("espace"))
    avant = etat()
    codes = ouvrir(client, pages, D_UN_AUTRE_SITE)
    apres = etat()
    assert {cle: apres.get(cle) for cle in avant.keys() | apres.keys() if avant.get(cle) != apres.get(cle)} == {}
    assert codes.count(200) > 40, "pages are opened"
    ouvrir(client, pages, NAVIGATEUR)
    d_ici = etat()
    comptes = {cle for cle in d_ici if d_ici[cle] != avant.get(cle)}
    assert "traces comptées" in comptes, "from here all of it counts"
    assert any("rafale" in cle for cle in comptes)
    assert any("releve" in cle or "pages" in cle for cle in comptes)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_les_consultations_du_jour_ne_s_usent_pas_d_ailleurs(
    espace: Espace, client_de: Callable[[Espace], Client], site: str, settings: Any
) -> None:
    """Neither is anything told: the header is written by whoever likes."""
    settings.PLAFOND_CONSULTATIONS_JOUR = 1
    client, personnes = client_de(espace), [PersonneFactory() for _ in range(3)]
    for personne in personnes:
        for ou in (
            reverse("adherer", query={"siren": personne.siren}),
            reverse("substitution", query={"sirens": personne.siren}),
        ):
            page = client.get(ou, headers=D_UN_AUTRE_SITE | {"Sec-Fetch-Site": site})
            assert page.status_code == 200
            assert "rien n’a été ouvert" in page.content.decode()
            assert personne.denomination not in page.content.decode()
            assert f'href="{ou}">Continuer</a>' in page.content.decode()
    assert not TraceLecture.objects.filter(objet=OBJET).exists()
    lue = client.get(reverse("adherer", query={"siren": personnes[0].siren}), headers=NAVIGATEUR)
    assert personnes[0].denomination in lue.content.decode(), "his own look-up of the day is whole"
    assert TraceLecture.objects.filter(objet=OBJET).count() == 1


def test_ce_qui_compte_une_lecture_demande_qu_elle_soit_d_ici(rf: Any, espace: Espace) -> None:
    """The kind: whatever page counts what it tells, and nothing noted before on that page stays."""
    requete = rf.get("/", headers=D_UN_AUTRE_SITE)
    requete.user = espace.compte
    lecture.lire(requete, TraceLecture.Nature.CONSULTATION, "une page")
    with pytest.raises(lecture.LectureDAilleurs):
        lecture.lire_comptees(requete, "une chose", ["1"], ((timedelta(days=1), 5),))
    lecture.ecrire(requete)
    assert not TraceLecture.objects.exists()
