"""No list of /gestion/ costs more when the country grows, whoever reads it, however it is sorted, filtered or searched (issue 12.1).

    .venv/bin/python -m pytest tests/charge/test_listes.py -s

prints the blocks of each address of each list in a country, then in one four times as large; with ESSAIS_LONGS=1, as each function.
"""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection

from accounts.gestion.consultation import ConsultationAdmin, PagesDUneListe
from activation.models import Demande

from .jeu import multiplier
from .listes import grossir, installer, lire, parcourir
from .plans import Releve

D_ABORD, FOIS = 2_000, 4
COMPTEES = 60  # of 10,000: what a list counts and shows, put within what a test can load
CROISSANCE, JEU = 1.3, 80  # of blocks: an index grows a level deeper
PAYS, SANS_RIEN = 120_000, 10_000  # companies of the country, and of an office that little was asked for
# Read whole, and why: each would take an index that the country does not have.
ADMISES = {
    f"{fonction} tracelecture q={texte}": "what was read is looked for by its key, which begins no index"
    for fonction in ("surveillance", "auditeur")
    for texte in ("zzzz", "{siren}")
}
# Found through the companies of an office, then sorted: it grows with the office, not with the country.
DU_BUREAU = {
    "activation_demande": "the last ones first: an index has the companies of an office, and the dates of the country",
    "activation_signalement": "those that wait first: few in an office",
    "habilitations_cessation": "those that wait first: few in an office",
    "habilitations_demanderetrait": "those that wait first: few in an office",
    "services_signalementbancaire": "those that wait first: few in an office",
    "accounts_evenement": "the lines of each of its SIREN, which an index has one by one",
}


@pytest.fixture
def comptees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesDUneListe, "COMPTEES", COMPTEES)


def grandit(avant: Releve, apres: Releve) -> bool:
    """Whether it looked at more rows, read more blocks than a tree that is a level deeper explains, or a table whole."""
    plus = any(a > CROISSANCE * b + JEU for a, b in ((apres.blocs, avant.blocs), (apres.lignes, avant.lignes)))
    return plus or bool(apres.entieres)


def comparer(avant: dict[str, Releve], apres: dict[str, Releve], admises: dict[str, str], subtests: Any) -> None:
    """Print both, and hold each that is not admitted."""
    assert set(avant) == set(apres)
    for nom, releve in apres.items():
        lignes = f"{avant[nom].lignes:>6} → {releve.lignes:>6} rows"
        print(f"\n{nom:<80} {avant[nom].blocs:>6} → {releve.blocs:>6} blocks, {lignes}", end="")
        with subtests.test(nom):
            dit = str(max(releve.requetes, key=lambda requete: (bool(requete.entieres), requete.lignes)))
            assert nom in admises or not grandit(avant[nom], releve), dit
    assert admises.keys() <= apres.keys()


def test_aucune_liste_ne_grandit_avec_le_pays(db: None, comptees: None, tours: Any, subtests: Any) -> None:
    bureau, tous = installer(), tours(100) == 100
    grossir(bureau, D_ABORD, depuis=0)
    avant = parcourir(bureau, frozenset(), tous=tous)
    tables = grossir(bureau, D_ABORD * (FOIS - 1), depuis=D_ABORD)
    apres = parcourir(bureau, tables, tous=tous)
    dites = {nom.format(siren=bureau.personne.siren): raison for nom, raison in ADMISES.items()}
    comparer(avant, apres, {nom: raison for nom, raison in dites.items() if tous or nom in apres}, subtests)


@pytest.mark.long
def test_un_grand_bureau_a_qui_peu_est_demande_ne_lit_pas_le_pays(db: None) -> None:
    """Whoever expects of its companies what those of the country have would look for fifty demandes to the end of the table."""
    bureau = installer()
    demande, personne = bureau.modeles["activation_demande"], bureau.modeles["services_personnesirenisee"]
    siennes = {
        "personne_id": f"{bureau.personne.pk}",
        "deposee_le": "now() - g * interval '1 hour' - interval '5 years'",
    }
    multiplier(demande, 60, reference="'D-2021-' || g", **siennes)
    multiplier(bureau.personne, SANS_RIEN, siren="(600000000 + g)::text", denomination="'JARDIN ' || g")
    multiplier(personne, PAYS, id="1000000 + g", siren="(700000000 + g)::text", denomination="'GARAGE ' || g")
    multiplier(
        demande,
        PAYS,
        reference="'D-2026-' || g",
        personne_id="1000000 + g",
        deposee_le="now() - g * interval '1 minute'",
    )
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE services_personnesirenisee, activation_demande")
    _, releve = lire(admin.site._registry[Demande], bureau.agents[0], {}, frozenset())
    (lignes,) = (requete for requete in releve.requetes if requete.sql.endswith("LIMIT 50"))
    assert lignes.lignes <= 1.1 * SANS_RIEN, str(lignes)


def test_la_liste_d_un_grand_bureau_s_arrete(db: None, comptees: None, subtests: Any) -> None:
    """As it opens, and at its last page: an office that has ten times as many reads no more, but for what is named."""
    bureau = installer()
    releves: list[dict[str, Releve]] = []
    for depuis, nombre in ((0, D_ABORD), (D_ABORD, D_ABORD * (FOIS - 1))):
        tables = grossir(bureau, nombre, depuis=depuis, a_lui=True)
        releves.append({})
        for modele, page in admin.site._registry.items():
            if isinstance(page, ConsultationAdmin) and modele._meta.db_table in tables:
                agent = next(agent for agent in bureau.agents if agent.fonction in page.fonctions)
                for parametres in ({}, {"p": "2"}):
                    nom = f"{modele._meta.db_table} {parametres.get('p', '')}".strip()
                    if nom != "accounts_tracelecture 2":  # of another office
                        _, releves[-1][nom] = lire(page, agent, parametres, tables)
    admises = {nom: raison for nom in releves[1] for table, raison in DU_BUREAU.items() if nom.split()[0] == table}
    comparer(*releves, admises, subtests)
