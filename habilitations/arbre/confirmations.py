"""What waits for a new titulaire after a substitution: kept or withdrawn by him, ended after thirty days (R12)."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import ORDRE, Habilitation, Role
from . import avis
from .cascade import dessous, relire, reprendre, reprendre_gardees, terminer, verrouiller_adhesions
from .lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, verrouiller_acteur
from .montrees import exiger_montrees
from .retrait import HabilitationTerminee
from .substitutions import DELAI_DE_DECISION, titulaires

RAPPEL: Final = timedelta(days=7)
AUTEUR: Final = "systeme:ecarter_non_confirmees"


class RienADecider(RegleMetier):
    code = "rien_a_decider"
    message = "cette habilitation n’attend pas, ou plus, votre décision"


class DelaiPasse(RegleMetier):
    code = "delai_passe"
    message = "les trente jours pour la conserver sont passés"


def en_attente(espace: Espace) -> QuerySet[Habilitation]:
    """Return what waits for the decision of this titulaire, the SIREN together, the oldest deadline first."""
    return (
        _suspendues()
        .filter(
            adhesion__in=Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE).values("adhesion")
        )
        .select_related("espace", "personne", "service", "accordee_par__espace")
        .order_by("veille_depuis", *ORDRE)
    )


def _suspendues() -> QuerySet[Habilitation]:
    return Habilitation.objects.vivantes().filter(
        etat=Habilitation.Etat.EN_VEILLE, veille_motif=Habilitation.MotifVeille.SUBSTITUTION
    )


def suspendue_trop_longtemps(habilitation: Habilitation, maintenant: datetime) -> bool:
    """Whether a substitution suspended it and the thirty days are over: they end with the thirtieth instant included."""
    return (
        habilitation.veille_motif == Habilitation.MotifVeille.SUBSTITUTION
        and habilitation.veille_depuis is not None
        and maintenant > habilitation.veille_depuis + DELAI_DE_DECISION
    )


def _refus(
    acteur: Espace, racine: Habilitation | None, ligne: Habilitation, gardee: bool, maintenant: datetime
) -> RegleMetier | None:
    if racine is None or racine.espace_id != acteur.pk:
        return DroitInsuffisant()
    if not ligne.est_vivante:
        return HabilitationTerminee()
    if ligne.veille_motif != Habilitation.MotifVeille.SUBSTITUTION:
        return RienADecider()
    return DelaiPasse() if gardee and suspendue_trop_longtemps(ligne, maintenant) else None


@transaction.atomic
def decider(
    *,
    acteur: Espace,
    gardees: Collection[Habilitation] = (),
    ecartees: Collection[Habilitation] = (),
    reprendre: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Keep some of the suspended habilitations and withdraw others, all or nothing; journal and mail; return what ended.

    What hangs under a withdrawn one falls with it, as wherever something is withdrawn, or goes under the titulaire
    (`reprendre`), kept or still waiting; what is kept goes there in both cases.
    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, RienADecider,
    DelaiPasse), ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    a_garder = {habilitation.pk for habilitation in gardees}
    a_ecarter = {habilitation.pk for habilitation in ecartees} - a_garder
    if not a_garder | a_ecarter:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    adhesions = verrouiller_adhesions(habilitation.adhesion_id for habilitation in (*gardees, *ecartees))
    fraiches = relire(a_garder | a_ecarter)
    racines = titulaires(adhesions)
    refusees = []
    for ligne in fraiches:
        regle = _refus(acteur, racines.get(ligne.adhesion_id), ligne, ligne.pk in a_garder, maintenant)
        if regle is not None:
            refusees.append(LigneRefusee(ligne.personne, ligne.service, regle))
    if refusees:
        raise LignesRefusees(refusees)
    exiger_montrees(montrees, dessous(a_ecarter, sauf=a_garder))
    _garder(acteur, [ligne for ligne in fraiches if ligne.pk in a_garder])
    return _ecarter(
        [ligne for ligne in fraiches if ligne.pk in a_ecarter],
        racines,
        gardees=[ligne for ligne in fraiches if ligne.pk in a_garder],
        reprise=reprendre,
        auteur=acteur,
        motif=Habilitation.MotifFin.RETRAIT,
        maintenant=maintenant,
    )


def _garder(acteur: Espace, lignes: Sequence[Habilitation]) -> None:
    for ligne in lignes:
        ligne.etat = Habilitation.Etat.ACTIVE
        ligne.veille_motif = ""
        ligne.veille_depuis = None
        consigner(
            actes.HABILITATION_CONSERVEE,
            auteur=acteur,
            espace=ligne.espace,
            siren=ligne.personne.siren,
            service=ligne.service.code,
            details={"role": ligne.role},
        )
    Habilitation.objects.bulk_update(lignes, ["etat", "veille_motif", "veille_depuis"])
    lot = uuid.uuid4()
    for espace, leurs in avis.par_espace(lignes).items():
        avis.ecrire(
            "habilitation_conservee",
            espace=espace,
            acte=f"habilitations-conservees:{lot}",
            habilitations=leurs,
            acteur=acteur.nom_complet,
        )


def _ecarter(
    lignes: Sequence[Habilitation],
    racines: dict[int, Habilitation],
    *,
    auteur: Espace | str,
    motif: str,
    maintenant: datetime,
    reprise: bool,
    gardees: Sequence[Habilitation] = (),
) -> list[Habilitation]:
    """End these locked lines; what is under them falls, but what is kept, or goes under their titulaire (`reprise`)."""
    if not lignes:
        return []
    if reprise:
        reprendre(lignes, repreneurs=racines, auteur=auteur)
    else:
        reprendre_gardees(lignes, gardees, repreneurs=racines, auteur=auteur)
    terminees = terminer(lignes, auteur=auteur, acte=actes.HABILITATION_ECARTEE, motif=motif, maintenant=maintenant)
    lot = uuid.uuid4()
    for espace, leurs in avis.par_espace(terminees).items():
        avis.ecrire("habilitation_ecartee", espace=espace, acte=f"habilitations-ecartees:{lot}", habilitations=leurs)
    return terminees


def ecarter_non_confirmees(*, acteur: str = AUTEUR, maintenant: datetime | None = None) -> int:
    """Remind the new titulaires a week before the end of the thirty days, drop what they left unanswered.

    One transaction per adhésion and one per reminder. May run twice or die half-way. Returns how many were dropped.
    """
    maintenant = maintenant or timezone.now()
    _rappeler(maintenant)
    adhesions = (
        _suspendues()
        .filter(veille_depuis__lt=maintenant - DELAI_DE_DECISION)
        .order_by("adhesion")
        .values_list("adhesion", flat=True)
        .distinct()
    )
    return chacun("non_confirmees", adhesions.iterator(), lambda cle: _ecarter_adhesion(cle, maintenant, acteur))


def _ecarter_adhesion(cle: int, maintenant: datetime, auteur: str) -> int:
    verrouiller_adhesions([cle])
    lignes = relire(
        _suspendues()
        .filter(adhesion=cle, veille_depuis__lt=maintenant - DELAI_DE_DECISION)
        .values_list("pk", flat=True)
    )
    _ecarter(
        lignes,
        titulaires([cle]),
        reprise=True,  # nobody chose what becomes of what was kept below
        auteur=auteur,
        motif=Habilitation.MotifFin.NON_CONFIRMEE,
        maintenant=maintenant,
    )
    return len(lignes)


def _rappeler(maintenant: datetime) -> None:
    """Write to each titulaire whose delay ends within a week; the mail's row is unique, so twice writes one."""
    proches = _suspendues().filter(
        veille_depuis__gte=maintenant - DELAI_DE_DECISION, veille_depuis__lt=maintenant - DELAI_DE_DECISION + RAPPEL
    )
    espaces = (
        Habilitation.objects.vivantes()
        .filter(role=Role.TITULAIRE, adhesion__in=proches.values("adhesion"))
        .order_by("espace")
        .values_list("espace", flat=True)
        .distinct()
    )
    chacun("rappels_de_confirmation", espaces.iterator(), lambda cle: _rappeler_titulaire(cle, maintenant))


def _rappeler_titulaire(cle: uuid.UUID, maintenant: datetime) -> bool:
    """Tell this titulaire all that is about to end; one mail for each day on which something ends first."""
    espace = Espace.objects.select_related("compte").get(pk=cle)
    lignes = list(
        en_attente(espace).filter(
            veille_depuis__gte=maintenant - DELAI_DE_DECISION, veille_depuis__lt=maintenant - DELAI_DE_DECISION + RAPPEL
        )
    )
    if not lignes or lignes[0].veille_depuis is None:
        return False
    limite = timezone.localdate(lignes[0].veille_depuis + DELAI_DE_DECISION)
    avis.ecrire(
        "substitution_rappel",
        espace=espace,
        acte=f"substitution-rappel:{cle}:{limite}",
        habilitations=lignes,
        jusqu_au=jour(limite),
    )
    return True
