"""The personnes sirénisées brought to what INSEE says of them, from its two stock files, in constant memory."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from accounts.models import ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from . import actes
from .fichiers_insee import NON_DIFFUSIBLE, Progression, Rejet, Siege, UniteLegale, lire_sieges, lire_unites

TRANCHE = 20_000  # SIREN written in one transaction: some seconds, so that nobody waits long for a row
TRANCHE_AU_PLUS = 200_000  # beyond, a row that somebody waits for is locked for minutes
VERROU = 0x53495245  # advisory lock of PostgreSQL: "SIRE"


class ImportDejaEnCours(RegleMetier):
    code = "import_deja_en_cours"
    message = "Un autre import de personnes est en cours : attendez qu'il finisse."


class ServiceParDefautAbsent(RegleMetier):
    code = "service_par_defaut_absent"
    message = (
        "Aucun service des impôts des entreprises par défaut (sans département) n'est enregistré : "
        "lancez d'abord la commande charger_catalogue."
    )


@dataclass
class BilanImport:
    """What a run did, in numbers of personnes; `rejetees` counts lines, of both files.

    Each unité of the first file is created, changed, unchanged, purged or rejected.
    """

    creees: int = 0
    modifiees: int = 0
    inchangees: int = 0
    rejetees: int = 0
    purgees: int = 0
    sans_siege: int = 0
    cessations: int = 0
    reouvertures: int = 0
    complet: bool = False


def importer_personnes(
    *,
    acteur: str,
    unites: Path,
    etablissements: Path,
    sur_rejet: Callable[[Rejet], None],
    progression: Progression | None = None,
    a_blanc: bool = False,
    tranche: int = TRANCHE,
) -> BilanImport:
    """Create and update personnes from INSEE's stock files; none is ever deleted, so what points at them stays.

    Both files are first read whole into temporary tables; nothing is written if one of them is unreadable. Then each
    `tranche` of SIREN is one transaction: an interrupted run is simply started again. With `a_blanc`, only counts.
    `sur_rejet` gets each line set aside. What INSEE masks or leaves empty never replaces what is known; neither the
    company's e-mail nor a représentant légal told by a file or an agent is touched; a personne stays with its service
    gestionnaire as long as it is the DGE or one that follows its département.
    A personne that the register closes, or opens again, leaves an event (services/registre/suivi.py tells it later).
    The journal gets one line per run, also of an interrupted one: what was committed is told.

    Raises: FichierInsee, ServiceParDefautAbsent, ImportDejaEnCours.
    """
    bilan = BilanImport()

    def rejeter(rejet: Rejet) -> None:
        bilan.rejetees += 1
        sur_rejet(rejet)

    def purger(siren: str) -> None:
        bilan.purgees += 1

    with _seul_import(), _tables_de_travail():
        with transaction.atomic():  # an unreadable file must leave a connection that works
            _copier(
                "COPY import_unite FROM STDIN",
                lire_unites(unites, sur_rejet=rejeter, sur_purge=purger, progression=progression),
            )
            _copier(
                "COPY import_siege FROM STDIN", lire_sieges(etablissements, sur_rejet=rejeter, progression=progression)
            )
        for rejet in _doublons(unites.name, etablissements.name):
            rejeter(rejet)
        total, bilan.sans_siege = _rapprocher()
        try:
            for debut, fin in _tranches(tranche):
                with transaction.atomic():
                    if a_blanc:
                        _compter(bilan, debut, fin)
                    else:
                        _ecrire(bilan, debut, fin)
                if progression is not None:
                    progression("personnes", bilan.creees + bilan.modifiees + bilan.inchangees, total)
            bilan.complet = True
        finally:
            if not a_blanc:
                with transaction.atomic():
                    consigner(
                        actes.PERSONNES_IMPORTEES,
                        auteur=acteur,
                        details=asdict(bilan) | {"fichiers": [unites.name, etablissements.name]},
                    )
    return bilan


@contextlib.contextmanager
def _seul_import() -> Iterator[None]:
    """Hold the right to import on this connection. Raises: ImportDejaEnCours."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_try_advisory_lock(%s)", [VERROU])
        if not curseur.fetchone()[0]:
            raise ImportDejaEnCours()
    try:
        yield
    finally:
        with connection.cursor() as curseur:
            curseur.execute("SELECT pg_advisory_unlock(%s)", [VERROU])


@contextlib.contextmanager
def _tables_de_travail() -> Iterator[None]:
    """Make the temporary tables of a run, and drop them. Raises: ServiceParDefautAbsent."""
    with connection.cursor() as curseur:
        curseur.execute(TABLES)
    try:
        with connection.cursor() as curseur:
            _repartir_departements(curseur)
        yield
    finally:
        with connection.cursor() as curseur:
            curseur.execute(
                "DROP VIEW import_fusion; DROP TABLE import_unite, import_siege, import_service, import_source"
            )


def _repartir_departements(curseur: Any) -> None:
    """Fill `import_service`: which offices follow a département, the first one taking what is new."""
    services = ServiceGestionnaire.objects.order_by("code")
    defaut = next((s for s in services if s.type == ServiceGestionnaire.Type.SIE and not s.departements.strip()), None)
    if defaut is None:
        raise ServiceParDefautAbsent()
    lignes = [("", defaut.pk, True)]
    connus: set[str] = set()
    for service in services:
        for departement in service.departements.split():
            lignes.append((departement, service.pk, departement not in connus))
            connus.add(departement)
    curseur.executemany("INSERT INTO import_service VALUES (%s, %s, %s)", lignes)


def _copier(ordre: str, lignes: Iterable[UniteLegale | Siege]) -> None:
    with connection.cursor() as curseur, curseur.copy(ordre) as copie:
        for ligne in lignes:
            copie.write_row(ligne)


def _doublons(fichier_unites: str, fichier_etablissements: str) -> Iterator[Rejet]:
    """Yield the lines whose SIREN cannot be taken: already read above, or borne by an IDSP."""
    for fichier, requete in ((fichier_unites, UNITES_EN_TROP), (fichier_etablissements, SIEGES_EN_TROP)):
        with connection.connection.cursor() as curseur:
            for ligne, siren, premiere in curseur.stream(requete):
                motif = f"SIREN déjà lu à la ligne {premiere}" if premiere else "identifiant déjà donné comme IDSP"
                yield Rejet(fichier, ligne, siren, motif)


def _rapprocher() -> tuple[int, int]:
    """Join each unité with its head office, ordered by SIREN. Returns how many there are, and how many without one."""
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE import_unite; ANALYZE import_siege")
        curseur.execute(RAPPROCHEMENT)
        curseur.execute("CREATE UNIQUE INDEX ON import_source (siren); ANALYZE import_source")
        curseur.execute("SELECT count(*), count(*) FILTER (WHERE departement IS NULL) FROM import_source")
        return curseur.fetchone()


def _tranches(taille: int) -> Iterator[tuple[str, str]]:
    """Yield the first and last SIREN of each run of at most `taille` of them."""
    precedent = ""
    while True:
        with connection.cursor() as curseur:
            curseur.execute(BORNES, [precedent, taille])
            debut, fin = curseur.fetchone()
        if debut is None:
            return
        yield debut, fin
        precedent = fin


def _compter(bilan: BilanImport, debut: str, fin: str) -> None:
    with connection.cursor() as curseur:
        curseur.execute(COMPTE, {"debut": debut, "fin": fin})
        lues, connues, a_modifier, cessations, reouvertures = curseur.fetchone()
    bilan.creees += lues - connues
    bilan.modifiees += a_modifier
    bilan.inchangees += connues - a_modifier
    bilan.cessations += cessations
    bilan.reouvertures += reouvertures


def _ecrire(bilan: BilanImport, debut: str, fin: str) -> None:
    bornes = {"debut": debut, "fin": fin}
    with connection.cursor() as curseur:
        curseur.execute(MODIFICATION, bornes)
        modifiees, cessations, reouvertures = curseur.fetchone()
        curseur.execute(CREATION, bornes | {"masque": NON_DIFFUSIBLE})
        creees = curseur.rowcount
        curseur.execute(REPRESENTANTS_RENOMMES, bornes)
        curseur.execute(REPRESENTANTS_NOUVEAUX, bornes)
        curseur.execute("SELECT count(*) FROM import_source WHERE siren BETWEEN %(debut)s AND %(fin)s", bornes)
        lues = curseur.fetchone()[0]
    bilan.creees += creees
    bilan.modifiees += modifiees
    bilan.inchangees += lues - creees - modifiees
    bilan.cessations += cessations
    bilan.reouvertures += reouvertures


TABLES = """
CREATE TEMP TABLE import_unite (
    ligne bigint, siren text, denomination text, representant_nom text, representant_prenoms text, categorie text,
    categorie_juridique text, active boolean
);
CREATE TEMP TABLE import_siege (
    ligne bigint, siren text, complement text, voie text, distribution text, code_postal text, commune text,
    pays text, departement text
);
CREATE TEMP TABLE import_service (departement text, service_id bigint, premier boolean);
CREATE TEMP TABLE import_source AS
    SELECT u.*, s.complement, s.voie, s.distribution, s.code_postal, s.commune, s.pays, s.departement,
        0::bigint AS service_id
    FROM import_unite u, import_siege s;
-- What each known personne becomes. `siren_connu` lets a range of SIREN be looked up in both indexes.
CREATE TEMP VIEW import_fusion AS
SELECT fusion.*,
    (p.denomination, p.representant_legal, p.representant_source, p.categorie, p.categorie_juridique, p.active, p.complement, p.voie,
        p.distribution, p.code_postal, p.commune, p.pays, p.service_gestionnaire_id)
    IS DISTINCT FROM
    (fusion.denomination, fusion.representant_legal, fusion.representant_source, fusion.categorie, fusion.categorie_juridique, fusion.active,
        fusion.complement, fusion.voie, fusion.distribution, fusion.code_postal, fusion.commune, fusion.pays,
        fusion.service_gestionnaire_id) AS change
FROM services_personnesirenisee p
JOIN import_source s ON s.siren = p.siren
CROSS JOIN LATERAL (
    SELECT p.id, s.siren, p.siren AS siren_connu, s.categorie, s.categorie_juridique, s.active,
        COALESCE(NULLIF(s.denomination, ''), p.denomination) AS denomination,
        CASE WHEN s.representant_nom <> '' AND p.representant_source IN ('', 'INSEE')
            THEN ltrim(s.representant_prenoms || ' ' || s.representant_nom)
            ELSE p.representant_legal END AS representant_legal,
        CASE WHEN s.representant_nom <> '' AND p.representant_source = ''
            THEN 'INSEE' ELSE p.representant_source END AS representant_source,
        p.active AS active_avant,
        CASE WHEN a.connue THEN s.complement ELSE p.complement END AS complement,
        CASE WHEN a.connue THEN s.voie ELSE p.voie END AS voie,
        CASE WHEN a.connue THEN s.distribution ELSE p.distribution END AS distribution,
        CASE WHEN a.connue THEN s.code_postal ELSE p.code_postal END AS code_postal,
        CASE WHEN a.connue THEN s.commune ELSE p.commune END AS commune,
        CASE WHEN a.connue THEN s.pays ELSE p.pays END AS pays,
        CASE WHEN s.service_id IS NULL
                OR p.service_gestionnaire_id IN (SELECT id FROM accounts_servicegestionnaire WHERE type = 'DGE')
                OR (s.departement, p.service_gestionnaire_id) IN (SELECT departement, service_id FROM import_service)
            THEN p.service_gestionnaire_id ELSE s.service_id END AS service_gestionnaire_id
    -- A masked address has neither street nor postal code.
    FROM (SELECT COALESCE(s.voie || s.distribution || s.code_postal || s.pays, '') <> '' AS connue) a
) fusion
"""

UNITES_EN_TROP = """
SELECT ligne, siren, CASE WHEN ligne > premiere THEN premiere END
FROM (SELECT ligne, siren, min(ligne) OVER (PARTITION BY siren) AS premiere FROM import_unite) lues
WHERE ligne > premiere
    OR EXISTS (SELECT FROM services_personnesirenisee p WHERE p.siren = lues.siren AND p.provisoire)
ORDER BY ligne
"""

SIEGES_EN_TROP = """
SELECT ligne, siren, premiere
FROM (SELECT ligne, siren, min(ligne) OVER (PARTITION BY siren) AS premiere FROM import_siege) lus
WHERE ligne > premiere
ORDER BY ligne
"""

# The office is NULL where the département is unknown or followed by nobody.
RAPPROCHEMENT = """
INSERT INTO import_source
SELECT DISTINCT ON (u.siren) u.*, s.complement, s.voie, s.distribution, s.code_postal, s.commune, s.pays,
    s.departement, e.service_id
FROM import_unite u
LEFT JOIN (SELECT DISTINCT ON (siren) * FROM import_siege ORDER BY siren, ligne) s ON s.siren = u.siren
LEFT JOIN import_service e ON e.departement = s.departement AND e.premier AND e.departement <> ''
WHERE NOT EXISTS (SELECT FROM services_personnesirenisee p WHERE p.siren = u.siren AND p.provisoire)
ORDER BY u.siren, u.ligne
"""

BORNES = """
SELECT min(siren), max(siren) FROM (SELECT siren FROM import_source WHERE siren > %s ORDER BY siren LIMIT %s) suivants
"""

COMPTE = """
SELECT
    (SELECT count(*) FROM import_source WHERE siren BETWEEN %(debut)s AND %(fin)s),
    count(*),
    count(*) FILTER (WHERE change),
    count(*) FILTER (WHERE active_avant AND NOT active),
    count(*) FILTER (WHERE active AND NOT active_avant)
FROM import_fusion
WHERE siren BETWEEN %(debut)s AND %(fin)s AND siren_connu BETWEEN %(debut)s AND %(fin)s
"""

# Locked in one order, and read again under the lock: what an agent has just changed is neither waited for in a
# circle nor overwritten.
MODIFICATION = """
WITH a_modifier AS MATERIALIZED (
    SELECT * FROM import_fusion
    WHERE change AND siren BETWEEN %(debut)s AND %(fin)s AND siren_connu BETWEEN %(debut)s AND %(fin)s
    ORDER BY siren
    FOR NO KEY UPDATE
),
maj AS (
    UPDATE services_personnesirenisee p
    SET denomination = m.denomination, representant_legal = m.representant_legal,
        representant_source = m.representant_source, categorie = m.categorie,
        categorie_juridique = m.categorie_juridique, active = m.active,
        cessation_contestee_le = CASE WHEN m.active THEN NULL ELSE p.cessation_contestee_le END,
        complement = m.complement, voie = m.voie, distribution = m.distribution, code_postal = m.code_postal,
        commune = m.commune, pays = m.pays, service_gestionnaire_id = m.service_gestionnaire_id, modifiee_le = now()
    FROM a_modifier m
    WHERE p.id = m.id
    RETURNING p.id
),
evenements AS (
    INSERT INTO services_evenementregistre (personne_id, genre, constate_le)
    SELECT id, CASE WHEN active THEN 'REOUVERTURE' ELSE 'CESSATION' END, now()
    FROM a_modifier WHERE active <> active_avant
    RETURNING genre
)
SELECT (SELECT count(*) FROM maj), count(*) FILTER (WHERE genre = 'CESSATION'),
    count(*) FILTER (WHERE genre = 'REOUVERTURE')
FROM evenements
"""

CREATION = """
INSERT INTO services_personnesirenisee (
    siren, provisoire, denomination, categorie, categorie_juridique, representant_legal, representant_source, courriel,
    active,
    complement, voie, distribution, code_postal, commune, pays, service_gestionnaire_id, cree_le, modifiee_le
)
SELECT s.siren, false, COALESCE(NULLIF(s.denomination, ''), %(masque)s), s.categorie, s.categorie_juridique,
    ltrim(s.representant_prenoms || ' ' || s.representant_nom),
    CASE WHEN s.representant_nom <> '' THEN 'INSEE' ELSE '' END, '', s.active, COALESCE(s.complement, ''), COALESCE(s.voie, ''), COALESCE(s.distribution, ''),
    COALESCE(s.code_postal, ''), COALESCE(s.commune, ''), COALESCE(s.pays, ''),
    COALESCE(s.service_id, (SELECT service_id FROM import_service WHERE departement = '')), now(), now()
FROM import_source s
WHERE s.siren BETWEEN %(debut)s AND %(fin)s
    AND NOT EXISTS (
        SELECT FROM services_personnesirenisee p
        WHERE p.siren = s.siren AND p.siren BETWEEN %(debut)s AND %(fin)s
    )
ORDER BY s.siren
ON CONFLICT (siren) DO NOTHING
"""

# The records follow the columns just written; an agent's that is being written at this moment wins over both.
REPRESENTANTS_RENOMMES = """
UPDATE services_representantlegal r
SET nom = s.representant_nom, prenoms = s.representant_prenoms
FROM import_source s JOIN services_personnesirenisee p ON p.siren = s.siren
WHERE s.siren BETWEEN %(debut)s AND %(fin)s AND p.siren BETWEEN %(debut)s AND %(fin)s
    AND r.personne_id = p.id AND r.fin_le IS NULL AND r.source = 'INSEE' AND s.representant_nom <> ''
    AND (r.nom, r.prenoms) IS DISTINCT FROM (s.representant_nom, s.representant_prenoms)
"""

REPRESENTANTS_NOUVEAUX = """
INSERT INTO services_representantlegal (personne_id, nom, prenoms, qualite, source, etabli_le, preuve)
SELECT p.id, s.representant_nom, s.representant_prenoms, 'entrepreneur individuel', 'INSEE', now(), ''
FROM import_source s JOIN services_personnesirenisee p ON p.siren = s.siren
WHERE s.siren BETWEEN %(debut)s AND %(fin)s AND p.siren BETWEEN %(debut)s AND %(fin)s
    AND p.representant_source = 'INSEE' AND s.representant_nom <> ''
    AND NOT EXISTS (SELECT FROM services_representantlegal r WHERE r.personne_id = p.id AND r.fin_le IS NULL)
ON CONFLICT DO NOTHING
"""
