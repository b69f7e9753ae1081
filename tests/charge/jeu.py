"""A portal with many habilitations, loaded by INSERT … SELECT: what the measures read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import AutoField, Model, UUIDField
from django.utils import timezone

from accounts.models import Compte, Espace
from accounts.saisies.numeros import nouveau_numero
from services.models import PersonneSirenisee, Service
from tests.factories import EspaceFactory, MandatFactory, PersonneFactory, ServiceGestionnaireFactory, hache, siren

TAILLES = (1, 20, 100)  # SIREN held by an espace, each with the 30 services
PAR_GROUPE = sum(TAILLES)
ROLES = ("TITULAIRE", "SUPPLEANT", "ACTEUR_DELEGANT")


@dataclass
class Jeu:
    """`espaces[taille]` is an espace that holds as many SIREN × 30 services, as titulaire."""

    habilitations: int
    espaces: dict[int, Espace] = field(default_factory=dict)
    tous: list[Espace] = field(default_factory=list)


def _espaces(nombre: int, depuis: int) -> list[Espace]:
    """Create that many active espaces with their accounts, in two statements."""
    jour, mot_de_passe = timezone.localdate(), hache("cerise lampadaire 47 brouette indigo")
    comptes = Compte.objects.bulk_create(
        Compte(email=f"charge{rang}@cabinet-dupont.fr", password=mot_de_passe)
        for rang in range(depuis, depuis + nombre)
    )
    pris = set(Espace.objects.values_list("numero_abonne", flat=True))
    numeros: set[str] = set()
    while len(numeros) < nombre:
        numeros.add(nouveau_numero(jour))
        numeros -= pris
    return Espace.objects.bulk_create(
        EspaceFactory.build(compte=compte, numero_abonne=numero, nom=f"Martin{depuis + rang}")
        for rang, (compte, numero) in enumerate(zip(comptes, sorted(numeros), strict=True))
    )


def _personnes(nombre: int, depuis: int) -> list[PersonneSirenisee]:
    gestionnaire = ServiceGestionnaireFactory()

    def creees() -> Iterator[PersonneSirenisee]:
        for rang in range(nombre):
            yield PersonneFactory.build(
                siren=siren(500_000 + depuis + rang),
                denomination=f"ATELIERS {depuis + rang * 7919 % nombre:06d}",
                service_gestionnaire=gestionnaire,
            )

    return PersonneSirenisee.objects.bulk_create(creees(), batch_size=2000)


# Triggers and foreign keys are put aside: the rows are made right, and the constraint triggers would run a million times.
# In no order, as rights are granted over the years: what one espace holds lies on as many pages as there are rows, each time.
CHARGER = """
SET LOCAL session_replication_role = replica;
INSERT INTO habilitations_adhesion (personne_id, service_id, mandat_id, ouverte_le, fermee_motif)
    SELECT r.personne_id, s.id, %(mandat)s, now(), '' FROM repartition r CROSS JOIN services_service s
    ORDER BY gen_random_uuid();
INSERT INTO habilitations_habilitation (id, adhesion_id, personne_id, service_id, espace_id, role, etat, veille_motif,
                                        accordee_le, fin_motif)
    SELECT gen_random_uuid(), a.id, a.personne_id, a.service_id, r.titulaire, 'TITULAIRE', 'ACTIVE', '', now(), ''
    FROM habilitations_adhesion a JOIN repartition r USING (personne_id)
    ORDER BY 1;
INSERT INTO habilitations_habilitation (id, adhesion_id, personne_id, service_id, espace_id, role, etat, veille_motif,
                                        accordee_par_id, accordee_le, fin_motif)
    SELECT gen_random_uuid(), h.adhesion_id, h.personne_id, h.service_id, v.espace, v.role, 'ACTIVE', '', h.id, now(), ''
    FROM habilitations_habilitation h JOIN repartition r USING (personne_id)
    CROSS JOIN LATERAL (VALUES (r.suppleant, 'SUPPLEANT'), (r.delegant, 'ACTEUR_DELEGANT')) v (espace, role)
    ORDER BY 1;
SET LOCAL session_replication_role = origin;
"""


def charger(groupes: int, *, depuis: int = 0) -> Jeu:
    """Load `groupes` × 121 SIREN × 30 services × 3 roles = `groupes` × 10,890 habilitations; return what to read.

    `depuis` is how many groups an earlier call has loaded.
    """
    call_command("charger_catalogue", verbosity=0)
    with transaction.atomic():
        espaces = _espaces(groupes * len(TAILLES) * len(ROLES), depuis * len(TAILLES) * len(ROLES))
        personnes = _personnes(groupes * PAR_GROUPE, depuis * PAR_GROUPE)
        mandat = MandatFactory(personne=personnes[0], mandataire=espaces[0])
        lignes: list[tuple[Any, ...]] = []
        a_donner, a_tenir = iter(personnes), iter(espaces)
        titulaires = {}
        for _ in range(groupes):
            for taille in TAILLES:
                detenteurs = [next(a_tenir).pk for _ in ROLES]
                titulaires[taille] = detenteurs[0]
                lignes += [(next(a_donner).pk, *detenteurs) for _ in range(taille)]
        with connection.cursor() as curseur:
            curseur.execute(
                "CREATE TEMP TABLE repartition (personne_id bigint, titulaire uuid, suppleant uuid, delegant uuid)"
                " ON COMMIT DROP"
            )
            with curseur.copy("COPY repartition FROM STDIN") as copie:
                for ligne in lignes:
                    copie.write_row(ligne)
            curseur.execute("ANALYZE repartition")
            curseur.execute(CHARGER, {"mandat": mandat.pk})
    nettoyer()
    nombre = len(lignes) * Service.objects.count() * len(ROLES)
    par_cle = {espace.pk: espace for espace in espaces}
    return Jeu(nombre, {taille: par_cle[cle] for taille, cle in titulaires.items()}, espaces)


def nettoyer() -> None:
    """Do what autovacuum does in the night: the visibility map and the statistics that the plans rest on."""
    with connection.cursor() as curseur:
        for table in ("habilitations_habilitation", "habilitations_adhesion", "services_personnesirenisee"):
            curseur.execute(f"VACUUM ANALYZE {table}")
        curseur.execute("ANALYZE accounts_espace, accounts_servicegestionnaire")


# Rows like one that is valid, but for what is said: a new column needs nothing here. Triggers and foreign keys are put
# aside, as above; what is said keeps the constraints.
MULTIPLIER = """
INSERT INTO {table} SELECT r.* FROM {table} modele, generate_series(1, %s) g,
    LATERAL jsonb_populate_record(modele, jsonb_build_object({champs})) r
WHERE modele.{cle} = %s
"""


def multiplier(modele: Model, nombre: int, **champs: str) -> None:
    """Add that many rows like this one; `champs` are columns and their SQL, in which `g` counts from 1."""
    table, cle = modele._meta.db_table, modele._meta.pk.column
    if isinstance(modele._meta.pk, UUIDField):
        champs.setdefault(cle, "gen_random_uuid()")
    elif isinstance(modele._meta.pk, AutoField):
        champs.setdefault(cle, f"nextval(pg_get_serial_sequence('{table}', '{cle}'))")
    paires = ", ".join(f"'{nom}', {sql}" for nom, sql in champs.items())
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")
        curseur.execute(MULTIPLIER.format(table=table, champs=paires, cle=cle), [nombre, modele.pk])


def expliquer(sql: str) -> str:
    """Return the plan of a query as it ran."""
    with connection.cursor() as curseur:
        curseur.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}")
        return "\n".join(ligne for (ligne,) in curseur.fetchall())
