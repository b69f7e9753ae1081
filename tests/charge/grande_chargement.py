"""What a kept database of tests/charge/grande.py holds: habilitations, the same rights for django-guardian, a sealed journal, traces."""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.envois.budget import epuiser
from accounts.models import Courriel, Espace, EvenementASceller
from accounts.traces.journal import consigner
from accounts.traces.scellement import sceller
from activation.actes import DEMANDE_DEPOSEE
from habilitations.models import Adhesion, Habilitation
from tests.accounts.scenes import resceller

from .jeu import TAILLES, charger, multiplier
from .pays import multiplier_les_traces


def charger_tout(groupes: int, evenements: int, traces: int) -> None:
    """Make the tables and load them all."""
    call_command("migrate", verbosity=0)
    jeu = charger(groupes)
    charger_guardian()
    espace = jeu.espaces[100]
    with transaction.atomic():
        evenement = consigner(DEMANDE_DEPOSEE, auteur=espace, siren="552032534", service="X")
    abonnes = f"({min(e.numero_abonne for e in jeu.tous)}::bigint + mod(g, 1000000))::text"
    multiplier(evenement, evenements, espace=abonnes, auteur=abonnes, requete="'r' || g")
    resceller()
    EvenementASceller.objects.all().delete()
    with connection.cursor() as curseur:
        curseur.execute("INSERT INTO accounts_evenementasceller (evenement_id) SELECT id FROM accounts_evenement")
    epuiser(sceller, duree=24 * 3600.0)
    autre = jeu.tous[0]
    courriel = Courriel.objects.create(
        genre="espace_ouvert", destinataire="a@exemple.fr", acte="charge:0", espace=autre, traite_le=timezone.now()
    )
    multiplier(courriel, traces, acte="'charge:' || g", destinataire="'pays' || g || '@exemple.fr'")
    multiplier_les_traces(autre, "md5('e' || g)::uuid", "md5('c' || g)::uuid", timezone.now())
    with connection.cursor() as curseur:
        curseur.execute("VACUUM ANALYZE")


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


def changer_de_base(nom: str) -> None:
    """Leave the database that was loaded, which nobody may use while it is renamed, and go on in it under its new name."""
    connections.close_all()
    connection.close_pool()
    connection.settings_dict["NAME"] = nom


def espaces_mesures() -> tuple[int, dict[int, Espace]]:
    """Return how many habilitations there are, and an espace that holds 1, 20 and 100 SIREN, as titulaire."""
    trouves: dict[int, Any] = {}
    candidats = Espace.objects.select_related("compte").order_by("nom")
    par_taille = {taille * 30: taille for taille in TAILLES}
    for espace in candidats[:100]:
        tenues = Habilitation.objects.filter(espace=espace, role="TITULAIRE").count()
        if tenues in par_taille:
            trouves.setdefault(par_taille[tenues], espace)
        if len(trouves) == len(TAILLES):
            break
    with connection.cursor() as curseur:
        curseur.execute("SELECT count(*) FROM habilitations_habilitation")
        ((nombre,),) = curseur.fetchall()
    assert Adhesion.objects.exists()
    return nombre, {taille: trouves[taille] for taille in TAILLES}


def quelques_espaces(nombre: int) -> list[Espace]:
    """Return so many espaces, of all sizes and roles."""
    return list(Espace.objects.select_related("compte").order_by("numero_abonne")[:nombre])
