"""Délégations with an end date: a warning fifteen days before, and their end the day after (R11)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour

from .. import actes
from ..models import ORDRE, Habilitation
from . import avis
from .cascade import relire, terminer, verrouiller_adhesions

PREAVIS: Final = timedelta(days=15)
AUTEUR: Final = "systeme:expirer_habilitations"
ACTE_DETENTEUR: Final = "expiration-prochaine"
ACTE_MANDANT: Final = "expiration-prochaine-mandant"


def expirer_habilitations(*, acteur: str = AUTEUR, maintenant: datetime | None = None) -> int:
    """End what is past its last day, with what hangs below, and warn of what ends within fifteen days.

    One transaction per holder and last day, the ends first. May run twice or die half-way: each end and each mail
    happens once, and the next run goes on from there. Returns how many habilitations ended.
    """
    maintenant = maintenant or timezone.now()
    jour = timezone.localdate(maintenant)
    echus = _couples("espace", date.min, jour - timedelta(days=1))
    terminees = chacun("habilitations_echues", echus, lambda couple: _expirer(*couple, maintenant, acteur))
    tenues = _couples("espace", jour, jour + PREAVIS, a_ecrire=ACTE_DETENTEUR)
    chacun("fins_proches", tenues, lambda couple: _avertir_detenteur(*couple))
    accordees = _couples("accordee_par__espace", jour, jour + PREAVIS, a_ecrire=ACTE_MANDANT)
    chacun("fins_proches_accordees", accordees, lambda couple: _avertir_mandant(*couple))
    return terminees


def _couples(qui: str, debut: date, fin: date, a_ecrire: str = "") -> Iterator[tuple[UUID, date]]:
    """Yield the distinct (espace, last day) of live habilitations between two days, both included.

    With `a_ecrire`, what a mail is about: only those to whom it was not written yet.
    """
    lignes = Habilitation.objects.vivantes().filter(expire_le__gte=debut, expire_le__lte=fin)
    if a_ecrire:
        acte = Concat(
            Value(f"{a_ecrire}:"),
            Cast(OuterRef(qui), CharField()),
            Value(":"),
            Cast(OuterRef("expire_le"), CharField()),
        )
        lignes = lignes.filter(~Exists(Courriel.objects.filter(acte=acte)))
    return lignes.order_by(qui, "expire_le").values_list(qui, "expire_le").distinct().iterator()


def _avertir_detenteur(cle: UUID, dernier_jour: date) -> bool:
    espace = Espace.objects.select_related("compte").get(pk=cle)
    tenues = _de(espace=cle, expire_le=dernier_jour)
    if not tenues:  # withdrawn since the list was read
        return False
    avis.ecrire(
        "habilitation_expire_bientot",
        espace=espace,
        acte=f"{ACTE_DETENTEUR}:{cle}:{dernier_jour}",
        habilitations=tenues,
        expire_le_jour=jour(dernier_jour),
    )
    return True


def _avertir_mandant(cle: UUID, dernier_jour: date) -> bool:
    accordees = _de(accordee_par__espace=cle, expire_le=dernier_jour)
    if not accordees:
        return False
    avis.ecrire(
        "habilitation_expire_bientot_mandant",
        espace=Espace.objects.select_related("compte").get(pk=cle),
        acte=f"{ACTE_MANDANT}:{cle}:{dernier_jour}",
        habilitations=accordees,
        beneficiaires=[espace.nom_complet for espace in avis.par_espace(accordees)],
        expire_le_jour=jour(dernier_jour),
    )
    return True


def _de(**criteres: object) -> list[Habilitation]:
    return list(
        Habilitation.objects.vivantes()
        .filter(**criteres)
        .select_related("espace__compte", "personne", "service")
        .order_by(*ORDRE)
    )


def _expirer(cle: UUID, dernier_jour: date, maintenant: datetime, auteur: str) -> int:
    echues = _de(espace=cle, expire_le=dernier_jour)
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in echues)
    echues = [h for h in relire(h.pk for h in echues) if h.est_vivante]
    terminees = terminer(
        echues,
        auteur=auteur,
        acte=actes.HABILITATION_EXPIREE,
        motif=Habilitation.MotifFin.EXPIRATION,
        maintenant=maintenant,
    )
    for espace, leurs in avis.par_espace(terminees).items():
        avis.ecrire(
            "habilitation_expiree",
            espace=espace,
            acte=f"habilitations-expirees:{cle}:{dernier_jour}:{timezone.localdate(maintenant)}",
            habilitations=leurs,
        )
    return len(terminees)
