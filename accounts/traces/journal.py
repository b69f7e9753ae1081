"""The journal: one line per act, in the act's own transaction (design.md §3, CNIL 2021-122)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from ..models import Agent, Compte, Espace, Evenement
from .actes import Acte, exiger_declare
from .requete import provenance
from .sceau import sceller_ligne, temoin


def auteur_de(acteur: Espace | Agent | Compte | str) -> str:
    """Return how the journal names who acts: a numéro d'abonné, `agent:<id>`, or the given `systeme:…` name."""
    if isinstance(acteur, Espace):
        return acteur.numero_abonne
    if isinstance(acteur, Agent):
        return f"agent:{acteur.pk}"
    if isinstance(acteur, Compte):
        return acteur.espace.numero_abonne if hasattr(acteur, "espace") else f"compte:{acteur.pk}"
    return acteur


def consigner(
    acte: Acte,
    *,
    auteur: Espace | Agent | Compte | str,
    espace: Espace | None = None,
    siren: str = "",
    service: str = "",
    details: dict[str, Any] | None = None,
) -> Evenement:
    """Write one line of the journal, sealed, and return it. Must run inside the act's transaction.

    `acte` is declared in the `actes.py` of its app, `siren` and `service` are plain codes, `details` holds JSON values
    without any secret or tax datum, under declared keys. Raises ActeNonDeclare, DetailNonDeclare, and RuntimeError
    outside a transaction: a line must live and die with its act.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("consigner() must run in the transaction of the act that it tells")
    exiger_declare(acte)
    acte.exiger_details(details or ())
    origine = provenance.get()
    colonnes: dict[str, Any] = {
        "quand": timezone.now(),
        "acte": acte.code,
        "auteur": auteur_de(auteur),
        "espace": espace.numero_abonne if espace else (auteur.numero_abonne if isinstance(auteur, Espace) else ""),
        "siren": siren,
        "service": service,
        "adresse_ip": origine.adresse_ip,
        "requete": origine.nom_de_requete,
        "details": details or {},
    }
    suite = temoin.etat()  # before the number: a line never follows one of this process that bears a larger number
    numero = _prochain_numero()
    return Evenement.objects.create(pk=numero, **colonnes, sceau=sceller_ligne(suite, numero=numero, **colonnes))


def _prochain_numero() -> int:
    """Draw the number of a line before it is written: its seal covers it."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT nextval('accounts_evenement_id_seq')")
        return int(curseur.fetchone()[0])


def combien(acte: Acte, *, auteur: Espace, depuis: datetime) -> int:
    """Return how many lines of this act this espace has written since: what limits count, in one index of the journal."""
    return Evenement.objects.filter(auteur=auteur_de(auteur), acte=acte.code, quand__gt=depuis).count()


def ecrites(acte: Acte, *, auteur: Espace, depuis: datetime) -> QuerySet[Evenement]:
    """Return the lines of this act that this espace has written since then, that instant too, in the same index."""
    return Evenement.objects.filter(auteur=auteur_de(auteur), acte=acte.code, quand__gte=depuis)


def dernier_acte(parmi: Collection[str], *, auteurs: Collection[str], depuis: datetime, jusqu_a: datetime) -> str:
    """Return the code of the last of these acts that these authors wrote between two moments, in the same index; "" for none."""
    ecrits = Evenement.objects.filter(auteur__in=auteurs, acte__in=parmi, quand__gt=depuis, quand__lte=jusqu_a)
    return ecrits.order_by("-quand").values_list("acte", flat=True).first() or ""
