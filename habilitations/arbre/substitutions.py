"""Replacing the titulaire of services: the tree changes root, what he had shared waits for the new one (R12, CGU §3.4.c)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.organisations import denomination
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee, Service

from .. import actes
from ..models import Adhesion, Habilitation, Mandat, Role
from . import avis
from .cascade import dessous, rattacher, relire, terminer, verrouiller_adhesions
from .lots import verrouiller_acteur
from .ouverture import ouvrir_services
from .recentes import faire_place

DELAI_DE_DECISION: Final = timedelta(days=30)


@dataclass(frozen=True)
class Substitution:
    """What a substitution did: the adhésions taken over or opened, the services passed over, what waits for a decision."""

    adhesions: list[Adhesion] = field(default_factory=list)
    ecartes: list[Service] = field(default_factory=list)
    en_veille: list[Habilitation] = field(default_factory=list)


def organisation(espace: Espace) -> str:
    """Return the name of the organisation that this espace says it belongs to, its SIREN when it is not known, or ""."""
    siren = espace.siren_appartenance
    return denomination(siren) or (f"SIREN {siren}" if siren else "")


def titulaires(adhesions: Iterable[int]) -> dict[int, Habilitation]:
    """Return the live titulaire's habilitation of each of these adhésions, by adhésion."""
    return {
        habilitation.adhesion_id: habilitation
        for habilitation in Habilitation.objects.vivantes()
        .select_related("espace__compte", "personne", "service")
        .filter(adhesion__in=adhesions, role=Role.TITULAIRE)
    }


@transaction.atomic
def substituer(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    services: Sequence[Service],
    mandat: Mandat,
    demandee_le: datetime,
    maintenant: datetime,
) -> Substitution:
    """Make `espace` the titulaire of these services of `personne`; return what was done.

    The former titulaire loses the service and is told. What hung under him hangs under the new root, en veille for
    thirty days; what `espace` itself had granted goes on. A service that has no titulaire any more is opened. One whose
    titulaire came after `demandee_le` is passed over: the mandate was given to replace the one before. Bank references
    belong to the personne and stay. Undecided grants end first when the perimeter is full. Locks espace, personne, then the adhésions. Raises: ActeurNonActif, PerimetreDepasse.
    """
    espace = verrouiller_acteur(acteur)
    personne = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=personne.pk)
    ouvertes = Adhesion.objects.ouvertes().pour_personne(personne).filter(service__in=services)
    cles = list(ouvertes.values_list("pk", flat=True))
    faire_place(acteur=espace, personnes=[personne], maintenant=maintenant, adhesions=cles)
    tenues = verrouiller_adhesions(cles)
    # Closed between the two queries: it is free again.
    tenues = {cle: adhesion for cle, adhesion in tenues.items() if adhesion.est_ouverte}
    racines = titulaires(tenues)
    pris = {adhesion.service_id for adhesion in tenues.values()}
    libres = [service for service in services if service.pk not in pris]
    ouvertures: list[Adhesion] = []
    if libres:
        ouvertures = ouvrir_services(
            acteur=espace, personne=personne, services=libres, mandat=mandat, maintenant=maintenant
        )
    a_reprendre, deja, trop_tard = [], [], []
    for adhesion in tenues.values():
        racine = racines[adhesion.pk]
        if racine.espace_id == espace.pk:
            deja.append(adhesion)
        elif racine.accordee_le > demandee_le:
            trop_tard.append(adhesion.service)
        else:
            a_reprendre.append(adhesion)
    en_veille = _changer_de_racine(espace, a_reprendre, racines, mandat, maintenant)
    return Substitution([*ouvertures, *deja, *a_reprendre], trop_tard, en_veille)


def _changer_de_racine(
    espace: Espace,
    adhesions: Sequence[Adhesion],
    racines: dict[int, Habilitation],
    mandat: Mandat,
    maintenant: datetime,
) -> list[Habilitation]:
    """Put `espace` at the root of these locked adhésions; return what was put en veille."""
    cles = {adhesion.pk for adhesion in adhesions}
    anciennes = relire(racines[cle].pk for cle in cles)
    promues = relire(
        Habilitation.objects.vivantes().filter(espace=espace, adhesion__in=cles).values_list("pk", flat=True)
    )
    siens = dessous([h.pk for h in promues])
    suspendues = dessous([h.pk for h in anciennes]) - siens - {h.pk for h in promues}
    nouvelles = {
        adhesion.pk: Habilitation(
            adhesion=adhesion,
            personne=adhesion.personne,
            service=adhesion.service,
            espace=espace,
            role=Role.TITULAIRE,
            accordee_le=maintenant,
        )
        for adhesion in adhesions
    }
    # The new roots are written last: until the old ones have ended, the adhésion would have two titulaires.
    rattacher(anciennes + promues, repreneurs=nouvelles)
    en_veille = _mettre_en_veille(espace, suspendues, maintenant)
    for habilitations, acte, motif in (
        (promues, actes.HABILITATION_PROMUE, Habilitation.MotifFin.PROMOTION),
        (anciennes, actes.TITULAIRE_REMPLACE, Habilitation.MotifFin.SUBSTITUTION),
    ):
        terminer(
            habilitations,
            auteur=espace,
            acte=acte,
            motif=motif,
            maintenant=maintenant,
            details={"demande": mandat.demande},
        )
    Habilitation.objects.bulk_create(nouvelles.values())
    Adhesion.objects.filter(pk__in=cles).update(mandat=mandat)
    for adhesion in adhesions:
        adhesion.mandat = mandat
        consigner(
            actes.TITULAIRE_SUBSTITUE,
            auteur=espace,
            siren=adhesion.personne.siren,
            service=adhesion.service.code,
            details={"demande": mandat.demande},
        )
    _prevenir(espace, anciennes, en_veille, mandat, maintenant)
    return en_veille


def _mettre_en_veille(espace: Espace, cles: Collection[object], maintenant: datetime) -> list[Habilitation]:
    """Suspend these habilitations until the new titulaire has decided; journal each; return them."""
    suspendues = relire(cles)  # type: ignore[arg-type]
    for habilitation in suspendues:
        habilitation.etat = Habilitation.Etat.EN_VEILLE
        habilitation.veille_motif = Habilitation.MotifVeille.SUBSTITUTION
        habilitation.veille_depuis = maintenant
        consigner(
            actes.HABILITATION_A_CONFIRMER,
            auteur=espace,
            espace=habilitation.espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"role": habilitation.role},
        )
    Habilitation.objects.bulk_update(suspendues, ["etat", "veille_motif", "veille_depuis"])
    return suspendues


def _prevenir(
    espace: Espace,
    anciennes: Sequence[Habilitation],
    en_veille: Sequence[Habilitation],
    mandat: Mandat,
    maintenant: datetime,
) -> None:
    """Tell the former titulaire and whoever waits. Of the new one they learn the name and the organisation only."""
    commun: dict[str, Any] = {"demandeur": espace.nom_complet, "organisation": organisation(espace)}
    for destinataire, leurs in avis.par_espace(anciennes).items():
        avis.ecrire(
            "substitution_effectuee",
            espace=destinataire,
            acte=f"substitution:{mandat.pk}",
            habilitations=leurs,
            **commun,
        )
    for destinataire, leurs in avis.par_espace(en_veille).items():
        avis.ecrire(
            "substitution_en_attente",
            espace=destinataire,
            acte=f"substitution-attente:{mandat.pk}",
            habilitations=leurs,
            jusqu_au=jour(maintenant + DELAI_DE_DECISION),
            **commun,
        )
