"""Health and metrics, for operators and probes; what anybody may keep of the journal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error, connection
from django.db.models import Aggregate, Count, Min, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from accounts.models import Attestation, Courriel, DemandeOubli, Evenement, EvenementASceller
from accounts.traces.attestations import cles_publiques, pem
from accounts.traces.requete import adresse_ip
from activation.models import Courrier
from habilitations.models import Export
from services.models import AvisDeMessage, PieceJointe

BOITES = (  # every subclass of Envoi
    ("courriels", Courriel),
    ("courriers", Courrier),
    ("oublis", DemandeOubli),
    ("exports", Export),
    ("avis", AvisDeMessage),
)


@login_not_required
@require_GET
def sante(request: HttpRequest) -> JsonResponse:
    """Return 200 when PostgreSQL and Redis answer, 503 otherwise; says which one."""
    etats = {"postgresql": _postgresql(), "redis": _redis()}
    return JsonResponse(etats, status=200 if all(etats.values()) else 503)


def _postgresql() -> bool:
    try:
        with connection.cursor() as curseur:
            curseur.execute("SELECT 1")
        return True
    except Error:
        return False


def _redis() -> bool:
    try:
        cache.get("sante")
        return True
    except (RedisError, OSError):
        return False


@login_not_required
@require_GET
def journal_json(request: HttpRequest) -> JsonResponse:
    """Give the public keys that verify the statements of the journal, and the last one: whoever keeps it holds a proof."""
    derniere = Attestation.objects.order_by("-numero").first()
    contenu = {"texte": derniere.contenu, "signature": derniere.signature} if derniere else None
    cles = [{"nom": nom, "algorithme": "Ed25519", "pem": pem(cle)} for nom, cle in cles_publiques().items()]
    return JsonResponse({"cles": cles, "attestation": contenu})


def _compter_les_boites(
    maintenant: datetime,
) -> tuple[Mapping[str, int], Mapping[str, int], Mapping[str, datetime | None]]:
    """Return how many rows wait, how many are set aside, since when the row is due that is due longest: three queries for all
    the outboxes."""
    lignes = {boite: modele._default_manager.all() for boite, modele in BOITES}
    attendent = [_par_boite(boite, siennes.en_attente(), Count("pk")) for boite, siennes in lignes.items()]
    de_cote = [_par_boite(boite, siennes.exclude(ecarte_le=None), Count("pk")) for boite, siennes in lignes.items()]
    dues = [
        _par_boite(boite, siennes.a_prendre(maintenant), Min("prochain_essai_le")) for boite, siennes in lignes.items()
    ]
    lus = (dict(premiere.union(*autres, all=True).order_by()) for premiere, *autres in (attendent, de_cote, dues))
    return next(lus), next(lus), next(lus)


def _par_boite(boite: str, lignes: QuerySet[Any], dit: Aggregate) -> QuerySet[Any]:
    """Return one row, the name of this outbox and what its rows say together."""
    return lignes.order_by().annotate(boite=Value(boite)).values("boite").annotate(dit=dit).values_list("boite", "dit")


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures of the outboxes and of the journal, to loopback only."""
    if adresse_ip(request) not in {"127.0.0.1", "::1"}:
        raise Http404
    registre = CollectorRegistry()
    maintenant = timezone.now()
    attente = Gauge("espacepro_envois_en_attente", "Outbox rows that wait", ["boite"], registry=registre)
    ecartes = Gauge("espacepro_envois_ecartes", "Outbox rows set aside", ["boite"], registry=registre)
    retard = Gauge(
        "espacepro_envoi_retard_secondes", "How late the row is that is due longest", ["boite"], registry=registre
    )
    en_attente, mis_de_cote, dues = _compter_les_boites(maintenant)
    for boite, _ in BOITES:
        attente.labels(boite).set(en_attente[boite])
        ecartes.labels(boite).set(mis_de_cote[boite])
        due = dues[boite]
        retard.labels(boite).set((maintenant - due).total_seconds() if due else 0)
    posee = PieceJointe.objects.filter(analyse=PieceJointe.Analyse.A_FAIRE).aggregate(premiere=Min("posee_le"))[
        "premiere"
    ]
    Gauge(
        "espacepro_pieces_a_analyser_secondes", "Since when the attachment waits that waits longest", registry=registre
    ).set((maintenant - posee).total_seconds() if posee else 0)
    Gauge("espacepro_evenements_a_sceller", "Journal lines not sealed yet", registry=registre).set(
        EvenementASceller.objects.count()
    )
    Gauge("espacepro_evenement_dernier_id", "Last id of the journal", registry=registre).set(
        Evenement.objects.order_by("-id").values_list("id", flat=True).first() or 0
    )
    return HttpResponse(generate_latest(registre), content_type=CONTENT_TYPE_LATEST)
