"""Granting authority on several SIREN and services at once: what suppléants (R10) and délégations (R11) share."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import terminer, verrouiller_adhesions, verrouiller_personnes
from ..arbre.lots import (
    ActeurNonActif,
    AucuneLigne,
    DroitInsuffisant,
    LigneRefusee,
    LignesRefusees,
    siennes,
    verrouiller_espaces,
)
from ..droits.cles import CLES_AU_PLUS, parmi
from ..droits.perimetre import PerimetreDepasse, exiger_place
from ..droits.roles import permission_d_accorder, roles_pour
from ..models import Adhesion, Habilitation, Role
from .beneficiaires import BeneficiaireIntrouvable, BeneficiaireNonExpert, BeneficiaireSoiMeme
from .temoins import prevenir_administrateurs

FENETRE_DESIGNATIONS: Final = timedelta(days=1)


class ActeurNonExpert(RegleMetier):
    code = "acteur_non_expert"
    message = (
        "Seul un espace expert peut partager ses habilitations : transformez d’abord votre espace en espace expert."
    )


class DejaHabilite(RegleMetier):
    code = "deja_habilite"
    message = "{nom} y est déjà habilité"


class AdhesionFermee(RegleMetier):
    code = "adhesion_fermee"
    message = "ce service n’est plus ouvert pour cette personne"


class CessationConstatee(RegleMetier):
    code = "cessation_constatee"
    message = "cette personne a cessé son activité : aucun droit ne peut plus y être accordé ni prolongé"


class FinPassee(RegleMetier):
    code = "fin_passee"
    message = "La date de fin est déjà passée."


class TropDeDesignations(RegleMetier):
    code = "trop_de_designations"
    message = (
        "Vous avez déjà désigné {nom} {limite} fois en 24 heures, c’est le maximum. Réunissez les services en une seule "
        "désignation, ou en un seul fichier, et continuez demain."
    )


class PerimetreDuBeneficiaire(PerimetreDepasse):
    """The beneficiary has no room. How many SIREN they already hold is not the grantor's to know."""

    message = (
        "L’espace {nom:de} ne peut pas dépasser {limite} SIREN : ceux que vous lui confiez n’y tiennent pas tous. "
        "Choisissez-en moins, ou désignez un autre espace."
    )


class Mienne(Protocol):
    """What decides of the actor's own habilitation: its role and its last day."""

    @property
    def role(self) -> str: ...

    @property
    def expire_le(self) -> date | None: ...


@dataclass
class Examen:
    """What a designation would do: what is held of each line that may be granted, and the refused lines."""

    accordables: list[tuple[Adhesion, Mienne]] = field(default_factory=list)
    refusees: list[LigneRefusee] = field(default_factory=list)
    perimees: list[Habilitation] = field(default_factory=list)
    perimetre: PerimetreDuBeneficiaire | None = None
    bornee_le: date | None = None  # the earliest last day of the grants that end before the day asked for

    @property
    def possible(self) -> bool:
        return bool(self.accordables) and not self.refusees and self.perimetre is None


def exiger_fin_a_venir(expire_le: date | None, *, jour: date) -> None:
    """Check that this last day, if there is one, is not over. Raises: FinPassee."""
    if expire_le is not None and expire_le < jour:
        raise FinPassee


def refus(
    adhesion: Adhesion,
    *,
    mienne: Mienne | None,
    tenue: Habilitation | None,
    beneficiaire: Espace,
    role: str,
    jour: date,
) -> RegleMetier | None:
    """Return the rule against granting this role on this adhésion, if there is one.

    `mienne` is the actor's own habilitation on it that day, `tenue` the one that the beneficiary already holds.
    """
    if not adhesion.est_ouverte:
        return AdhesionFermee()
    if not adhesion.personne.admet_de_nouveaux_droits:
        return CessationConstatee()
    if mienne is None or mienne.role not in roles_pour(permission_d_accorder(role)):
        return DroitInsuffisant()
    if tenue is not None and (tenue.expire_le is None or tenue.expire_le >= jour):
        return DejaHabilite(nom=beneficiaire.nom_complet)
    return None


def examiner(
    *,
    acteur: Espace,
    adhesions: Collection[Adhesion],
    beneficiaire: Espace,
    role: str,
    expire_le: date | None = None,
    jour: date | None = None,
    miennes: Mapping[int, Mienne] | None = None,
) -> Examen:
    """Return what this designation would do, line by line, and write nothing: three queries whatever their number.

    The page of confirmation reads it without locks; the act reads it under them. `miennes` are the actor's own
    habilitations of that day by adhésion, where they have been read: one query less.
    """
    jour = jour or timezone.localdate()
    examen = Examen()
    cles = [adhesion.pk for adhesion in adhesions]
    if miennes is None:
        miennes = siennes(acteur, cles, jour=jour)
    deja = Habilitation.objects.vivantes().filter(espace=beneficiaire).select_related("espace", "personne", "service")
    if len(cles) <= CLES_AU_PLUS:
        deja = deja.filter(adhesion__in=cles)
    else:  # what the actor does not hold is refused, whatever the beneficiary holds of it: the keys of both first
        du_beneficiaire = Habilitation.objects.vivantes().filter(espace=beneficiaire)
        de_l_acteur = Habilitation.objects.actives(jour).filter(espace=acteur).order_by().values("adhesion")
        deja = deja.filter(parmi("adhesion", du_beneficiaire.filter(adhesion__in=de_l_acteur).values("adhesion")))
    tenues = {h.adhesion_id: h for h in deja}
    for adhesion in adhesions:
        mienne, tenue = miennes.get(adhesion.pk), tenues.get(adhesion.pk)
        regle = refus(adhesion, mienne=mienne, tenue=tenue, beneficiaire=beneficiaire, role=role, jour=jour)
        if regle is not None or mienne is None:
            examen.refusees.append(LigneRefusee(adhesion.personne, adhesion.service, regle or DroitInsuffisant()))
            continue
        examen.accordables.append((adhesion, mienne))
        if tenue is not None:
            examen.perimees.append(tenue)
    bornes = [_au_plus_tard(expire_le, mienne.expire_le) for _, mienne in examen.accordables]
    examen.bornee_le = min((borne for borne in bornes if borne and borne != expire_le), default=None)
    try:
        exiger_place(beneficiaire, [adhesion.personne for adhesion, _ in examen.accordables])
    except PerimetreDepasse as regle_du_perimetre:
        examen.perimetre = PerimetreDuBeneficiaire(nom=beneficiaire.nom_complet, **regle_du_perimetre.contexte)
    return examen


@transaction.atomic
def designer(
    *,
    acteur: Espace,
    adhesions: Collection[Adhesion],
    beneficiaire: Espace,
    role: str,
    acte: Acte,
    expire_le: date | None = None,
    dire_aux_administrateurs: bool = True,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Grant `role` to `beneficiaire` on all these adhésions, or on none; journal each, mail both; return the grants.

    Titulaire and suppléants are told too, but by whoever calls several of these as one act (a file). Each grant hangs under the actor's own habilitation and never outlasts it. Locks both espaces, the personnes, then the adhésions.
    Raises: AucuneLigne, ActeurNonActif, ActeurNonExpert, BeneficiaireSoiMeme, BeneficiaireIntrouvable,
    BeneficiaireNonExpert, FinPassee, TropDeDesignations, LignesRefusees, PerimetreDuBeneficiaire.
    """
    maintenant = maintenant or timezone.now()
    jour = timezone.localdate(maintenant)
    if not adhesions:
        raise AucuneLigne
    acteur, beneficiaire = verrouiller_espaces(acteur, beneficiaire)
    _exiger_parties(acteur, beneficiaire)
    exiger_fin_a_venir(expire_le, jour=jour)
    _exiger_mesure(acteur, beneficiaire, maintenant)
    verrouiller_personnes(adhesion.pk for adhesion in adhesions)
    verrouillees = verrouiller_adhesions(adhesion.pk for adhesion in adhesions)
    miennes = siennes(acteur, verrouillees, jour=jour)
    examen = examiner(
        acteur=acteur,
        adhesions=list(verrouillees.values()),
        beneficiaire=beneficiaire,
        role=role,
        expire_le=expire_le,
        jour=jour,
        miennes=miennes,
    )
    if examen.refusees:
        raise LignesRefusees(examen.refusees)
    if examen.perimetre is not None:
        raise examen.perimetre
    if examen.perimees:
        terminer(
            examen.perimees,
            auteur=acteur,
            acte=actes.HABILITATION_EXPIREE,
            motif=Habilitation.MotifFin.EXPIRATION,
            maintenant=maintenant,
        )
    accordees = Habilitation.objects.bulk_create(
        Habilitation(
            adhesion=adhesion,
            personne=adhesion.personne,
            service=adhesion.service,
            espace=beneficiaire,
            role=role,
            accordee_par=miennes[adhesion.pk],
            accordee_le=maintenant,
            expire_le=_au_plus_tard(expire_le, mienne.expire_le),
        )
        for adhesion, mienne in examen.accordables
    )
    for habilitation in accordees:
        consigner(
            acte,
            auteur=acteur,
            espace=beneficiaire,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"role": role, "expire_le": habilitation.expire_le and habilitation.expire_le.isoformat()},
        )
    _prevenir(acteur, beneficiaire, role, accordees)
    if dire_aux_administrateurs:
        prevenir_administrateurs(acteur=acteur, accordees=accordees)
    return accordees


def _exiger_mesure(acteur: Espace, beneficiaire: Espace, maintenant: datetime) -> None:
    """Check that this pair has not had its acts of the day: what is granted at one moment, a file too, is one act.

    What has been withdrawn since counts all the same. Raises: TropDeDesignations.
    """
    du_jour = Habilitation.objects.filter(
        espace=beneficiaire, accordee_par__espace=acteur, accordee_le__gt=maintenant - FENETRE_DESIGNATIONS
    ).exclude(accordee_le=maintenant)
    if du_jour.values("accordee_le").distinct().count() >= settings.PLAFOND_DESIGNATIONS_PAIRE:
        raise TropDeDesignations(nom=beneficiaire.nom_complet, limite=settings.PLAFOND_DESIGNATIONS_PAIRE)


def _exiger_parties(acteur: Espace, beneficiaire: Espace) -> None:
    if not acteur.est_actif:
        raise ActeurNonActif
    if acteur.mode != Espace.Mode.EXPERT:
        raise ActeurNonExpert
    if beneficiaire.pk == acteur.pk:
        raise BeneficiaireSoiMeme
    if not beneficiaire.est_actif:
        raise BeneficiaireIntrouvable
    if beneficiaire.mode != Espace.Mode.EXPERT:
        raise BeneficiaireNonExpert


def _au_plus_tard(demandee: date | None, sienne: date | None) -> date | None:
    """Return the last day of a grant: the one asked for, and never after the grantor's own."""
    return min((jour for jour in (demandee, sienne) if jour), default=None)


def _prevenir(acteur: Espace, beneficiaire: Espace, role: str, accordees: Sequence[Habilitation]) -> None:
    lot = uuid.uuid4()
    commun = {
        "role": Role(role).label,
        "expire_le_jour": jour(min((h.expire_le for h in accordees if h.expire_le), default=None)),
        "acteur": acteur.nom_complet,
        "beneficiaire": beneficiaire.nom_complet,
    }
    for genre, espace in (("habilitation_accordee", beneficiaire), ("habilitation_accordee_confirmation", acteur)):
        autre = acteur if espace is beneficiaire else beneficiaire
        avis.ecrire(
            genre,
            espace=espace,
            de=autre,
            acte=f"habilitations-accordees:{lot}",
            habilitations=accordees,
            **commun,
        )
