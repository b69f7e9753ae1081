"""What this floor adds to « À faire »: decisions, ends, reviews, requests to leave, what is suspended, a full perimeter.

All is found from the espace's own habilitations, grouped by company: one row each at most, whatever is held or shared.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Min, Q, QuerySet, Value
from django.db.models.functions import Concat, JSONObject
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Fait, Gravite, Ligne, Source, inscrire
from accounts.models import Espace
from accounts.saisies.dates import dans, jour

from ..arbre.recentes import DELAI_DECLIN, non_utilisee
from ..arbre.substitutions import DELAI_DE_DECISION
from ..droits.cles import parmi
from ..models import DemandeHabilitation, DemandeRetrait, Habilitation, Role
from ..partage.revue import SANS_REPONSE, dues
from .demandes_habilitation import a_repondre_par_personne
from .partage import BIENTOT, PAR_VOUS, fin_prochaine

A_PART_AU_PLUS: Final = 3
"""Companies of which one kind of thing is told one by one; beyond, together."""
PRESSE: Final = timedelta(days=7)


def combien(nombre: int, un: str, plusieurs: str) -> str:
    """Return « 1 délégation à revoir », « 3 délégations à revoir »."""
    return f"{nombre} {un if nombre < 2 else plusieurs}"


def _siennes(espace: Espace) -> QuerySet[Habilitation]:
    return Habilitation.objects.vivantes().filter(espace=espace).order_by()


def _titulaire(espace: Espace) -> QuerySet[Habilitation]:
    return _siennes(espace).filter(role=Role.TITULAIRE)


def _cles(faits: Iterable[Fait]) -> tuple[int, ...]:
    return tuple(fait["p"] for fait in faits)


def _date(iso: str) -> date:
    return date.fromisoformat(iso)


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def un_par_un(
    faits: Sequence[Fait], dire: Callable[[Sequence[Fait]], Ligne], jour_de: Callable[[Fait], Any]
) -> list[Ligne]:
    """Return a line a company, the nearest first, or one for all when they are many."""
    if len(faits) > A_PART_AU_PLUS:
        return [dire(sorted(faits, key=jour_de))]
    return [dire([fait]) for fait in sorted(faits, key=jour_de)]


# What one holds.


def _tenues(espace: Espace, maintenant: datetime) -> QuerySet[Habilitation, Any]:
    aujourd_hui = timezone.localdate(maintenant)
    finit = fin_prochaine(aujourd_hui)
    confiee = non_utilisee(espace, maintenant=maintenant)
    return (
        _siennes(espace)
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                veille=Count("pk", filter=Q(etat=Habilitation.Etat.EN_VEILLE)),
                fins=Count("pk", filter=finit),
                fin=Min("expire_le", filter=finit),
                confiees=ArrayAgg("accordee_le", filter=confiee),
            )
        )
    )


def _dire_tenues(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """What is suspended, what ends within fifteen days or may be declined (R11), how full the perimeter is (R13)."""
    lignes = []
    if finissant := [fait for fait in faits if fait["fins"]]:
        fin = min(_date(fait["fin"]) for fait in finissant)
        nombre = sum(fait["fins"] for fait in finissant)
        lignes.append(
            Ligne(
                Gravite.ATTENTION,
                dans(fin, maintenant),
                combien(
                    nombre,
                    "habilitation qui vous est confiée se termine",
                    "habilitations qui vous sont confiées se terminent",
                ),
                "Voir",
                reverse("delegations", query={"sens": "recues", "etat": BIENTOT}),
                jour=fin,
                personnes=_cles(finissant),
                en_bref="Se termine bientôt",
            )
        )
    if suspendues := [fait for fait in faits if fait["veille"]]:
        nombre = sum(fait["veille"] for fait in suspendues)
        lignes.append(
            Ligne(
                Gravite.INFO,
                "En veille",
                combien(nombre, "service suspendu", "services suspendus"),
                "Voir pourquoi",
                reverse("vos_habilitations", query={"situation": "en-veille"}),
                personnes=_cles(suspendues),
                en_bref="En veille",
            )
        )
    if confiees := [fait for fait in faits if fait["confiees"]]:
        accordees = [_instant(quand) for fait in confiees for quand in fait["confiees"]]
        fin_du_choix, nombre = min(accordees) + DELAI_DECLIN, len(accordees)
        lignes.append(
            Ligne(
                Gravite.INFO,
                f"Avant le {jour(fin_du_choix)}",
                combien(nombre, "service vient de vous être confié", "services viennent de vous être confiés")
                + " : l’ouvrir vaut acceptation, vous pouvez aussi le décliner",
                "Vérifier",
                reverse("habilitations_recentes"),
                jour=timezone.localdate(fin_du_choix),
                personnes=_cles(confiees),
                en_bref="Confié récemment",
            )
        )
    if len(faits) >= settings.PERIMETRE_ALERTE:
        plein = len(faits) >= settings.PERIMETRE_SIREN
        lignes.append(
            Ligne(
                Gravite.ATTENTION if plein else Gravite.INFO,
                "Périmètre",
                f"{len(faits)} SIREN sur {settings.PERIMETRE_SIREN} : "
                + ("aucun autre n’y entre" if plein else "pensez à les répartir"),
                "Répartir les SIREN",
                reverse("perimetre"),
            )
        )
    return lignes


# What others hold under one's authority.


def _accordees(espace: Espace, maintenant: datetime) -> QuerySet[Habilitation, Any]:
    """What this espace granted that ends soon or is due: granted from what it holds, so on the same adhésions."""
    aujourd_hui = timezone.localdate(maintenant)
    finit, due = fin_prochaine(aujourd_hui), dues(maintenant)
    nom = Concat("espace__prenom", Value(" "), "espace__nom")
    return (
        Habilitation.objects.vivantes()
        .filter(finit | due, parmi("adhesion", _siennes(espace).values("adhesion")), accordee_par__espace=espace)
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                fins=Count("adhesion", filter=finit),
                fin=Min("expire_le", filter=finit),
                noms=ArrayAgg(nom, filter=finit, distinct=True),
                revues=Count("adhesion", filter=due),
            )
        )
    )


def _dire_accordees(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Délégations that end within fifteen days (R11), and those that the yearly review asks about (R14, CGU §3.4.d)."""
    lignes = []
    if leurs := [fait for fait in faits if fait["fins"]]:
        fin = min(_date(fait["fin"]) for fait in leurs)
        noms = {nom for fait in leurs for nom in fait["noms"]}
        lignes.append(
            Ligne(
                Gravite.ATTENTION,
                dans(fin, maintenant),
                combien(sum(fait["fins"] for fait in leurs), "délégation se termine", "délégations se terminent"),
                "Prolonger",
                reverse("delegations", query={"sens": "accordees", "etat": BIENTOT, "par": PAR_VOUS}),
                jour=fin,
                personnes=_cles(leurs),
                pour_qui=noms.pop() if len(noms) == 1 else "",
                en_bref="Délégation à prolonger",
            )
        )
    return lignes + _dire_revue(faits, "délégation à revoir", "délégations à revoir")


def _sous_le_titulaire(espace: Espace, maintenant: datetime) -> QuerySet[Habilitation, Any]:
    """What waits for this titulaire: suspended by a substitution, or granted by another and left unanswered."""
    suspendue, oubliee = Q(veille_motif=Habilitation.MotifVeille.SUBSTITUTION), dues(maintenant, SANS_REPONSE)
    return (
        Habilitation.objects.vivantes()
        .filter(suspendue | oubliee, parmi("adhesion", _titulaire(espace).values("adhesion")))
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                decider=Count("adhesion", filter=suspendue),
                depuis=Min("veille_depuis", filter=suspendue),
                revues=Count("adhesion", filter=oubliee & ~Q(accordee_par__espace=espace)),
            )
        )
    )


def _dire_sous_le_titulaire(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """A substitution's thirty days (R12), and what grantors have not answered for sixty days (R14)."""

    def decider(leurs: Sequence[Fait]) -> Ligne:
        fin = _instant(leurs[0]["depuis"]) + DELAI_DE_DECISION
        nombre = sum(fait["decider"] for fait in leurs)
        quoi = "habilitation{s} à conserver ou à retirer"
        return Ligne(
            Gravite.GRAVE if fin - PRESSE <= maintenant else Gravite.ATTENTION,
            dans(fin, maintenant),
            combien(nombre, quoi.format(s=""), quoi.format(s="s")),
            "Décider",
            reverse("revue_substitution"),
            jour=timezone.localdate(fin),
            personnes=_cles(leurs),
            en_bref="Habilitations à décider",
        )

    suspendues = [fait for fait in faits if fait["decider"]]
    return un_par_un(suspendues, decider, lambda fait: fait["depuis"]) + _dire_revue(
        faits,
        "délégation accordée par un autre, restée sans réponse",
        "délégations accordées par d’autres, restées sans réponse",
    )


def _dire_revue(faits: Sequence[Fait], une: str, plusieurs: str) -> list[Ligne]:
    leurs = [fait for fait in faits if fait["revues"]]
    if not leurs:
        return []
    return [
        Ligne(
            Gravite.ATTENTION,
            "Revue annuelle",
            combien(sum(fait["revues"] for fait in leurs), une, plusieurs),
            "Revoir",
            reverse("revue_delegations"),
            personnes=_cles(leurs),
            en_bref="Délégations à revoir",
        )
    ]


def _retraits(espace: Espace, maintenant: datetime) -> QuerySet[DemandeRetrait, Any]:
    return (
        DemandeRetrait.objects.filter(
            etat=DemandeRetrait.Etat.DEPOSEE,
            service_gestionnaire=None,
            habilitation__adhesion__in=_titulaire(espace).values("adhesion"),
        )
        .values("habilitation__personne")
        .annotate(fait=JSONObject(p="habilitation__personne", n=Count("pk"), depuis=Min("deposee_le")))
    )


def _dire_retraits(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Those who ask to leave a service, of this titulaire (R22, CGU §4.h)."""
    if not faits:
        return []
    depuis = min(_instant(fait["depuis"]) for fait in faits)
    return [
        Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(depuis)}",
            combien(
                sum(fait["n"] for fait in faits),
                "demande à traiter : ne plus utiliser un service",
                "demandes à traiter : ne plus utiliser un service",
            ),
            "Répondre",
            reverse("retraits"),
            jour=timezone.localdate(depuis),
            personnes=_cles(faits),
            en_bref="Demande à traiter",
        )
    ]


def _dire_demandes(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Those who ask for a habilitation, of whoever administers the SIREN (issue 13.4)."""
    if not faits:
        return []
    depuis = min(_instant(fait["depuis"]) for fait in faits)
    return [
        Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(depuis)}",
            combien(sum(fait["n"] for fait in faits), "personne demande une habilitation", "demandes d’habilitation"),
            "Répondre",
            reverse("demandes_habilitation"),
            jour=timezone.localdate(depuis),
            personnes=_cles(faits),
            en_bref="Habilitation demandée",
        )
    ]


def _demandes(espace: Espace, maintenant: datetime) -> QuerySet[DemandeHabilitation, Any]:
    return a_repondre_par_personne(espace)


def inscrire_sources() -> None:
    """Add them, in the order in which they are told where nothing else orders them."""
    inscrire(Source("sous_le_titulaire", _dire_sous_le_titulaire, _sous_le_titulaire))
    inscrire(Source("accordees", _dire_accordees, _accordees))
    inscrire(Source("retraits", _dire_retraits, _retraits, de=lambda seule: Q(habilitation__personne=seule.cle)))
    inscrire(Source("habilitations_demandees", _dire_demandes, _demandes, de=lambda seule: Q(siren=seule.siren)))
    inscrire(Source("tenues", _dire_tenues, _tenues))
