"""Titulaire and suppléants are told of what others grant on their company: at once, or in the digest of the morning.

One act is one mail, a file of 3,000 rights too. What waits for a digest is read from the habilitations themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour, jour_heure

from ..arbre import avis
from ..droits.cles import CLES_AU_PLUS, parmi
from ..droits.roles import GERER_SUPPLEANTS, RETIRER_DELEGATION, VOIR_HABILITATIONS, roles_pour
from ..models import ORDRE, Habilitation, Preference, Role
from ..models.preference import preference_de

AUTEUR: Final = "systeme:resumer_accords"
LIGNES: Final = 40  # of one mail; beyond, it says how many more


def prevenir_administrateurs(*, acteur: Espace, accordees: Iterable[Habilitation]) -> None:
    """Tell who administers each pair, but the actor and whoever receives, of what was just granted: one mail each.

    In the transaction of the act, whose actor is locked; who chose the digest reads it tomorrow. Two queries, whatever
    the number of rights. Beyond PLAFOND_AVIS_PAIRE of one actor, one last mail leads to the journal.
    """
    par_adhesion: dict[int, list[Habilitation]] = defaultdict(list)
    for accordee in accordees:
        par_adhesion[accordee.adhesion_id].append(accordee)
    ou = Q(adhesion__in=list(par_adhesion))
    if len(par_adhesion) > CLES_AU_PLUS:  # all where the actor ever held a right is read instead
        ou = Q(parmi("adhesion", Habilitation.objects.filter(espace=acteur).values("adhesion")))
    temoins = (
        Habilitation.objects.actives()
        .filter(
            ou,
            role__in=roles_pour(VOIR_HABILITATIONS),
            espace__etat=Espace.Etat.ACTIF,
        )
        .exclude(espace=acteur)
        .select_related("espace__compte", "espace__preference")
        .order_by("espace", "pk")
    )
    vues: dict[Espace, list[Habilitation]] = defaultdict(list)
    roles: dict[Espace, dict[int, str]] = defaultdict(dict)
    for temoin in temoins:
        if temoin.adhesion_id not in par_adhesion:
            continue
        vues[temoin.espace] += [h for h in par_adhesion[temoin.adhesion_id] if h.espace_id != temoin.espace_id]
        roles[temoin.espace][temoin.adhesion_id] = temoin.role
    lot = uuid4()
    for espace, leurs in vues.items():
        if leurs and preference_de(espace).accords == Preference.Accords.AUSSITOT:
            avis.ecrire(
                "accords_par_un_autre",
                espace=espace,
                de=acteur,
                acte=f"accords:{lot}",
                acteur=acteur.nom_complet,
                lignes=_lignes(leurs, acteur),
                retirer=_a_retirer(leurs, roles[espace]),
            )


def _a_retirer(habilitations: Iterable[Habilitation], roles: Mapping[int, str]) -> dict[str, bool]:
    """Return whether who has these roles, by adhésion, may withdraw some of these, and whether some are another's to withdraw."""
    permises = {
        roles[h.adhesion_id] in roles_pour(GERER_SUPPLEANTS if h.role == Role.SUPPLEANT else RETIRER_DELEGATION)
        for h in habilitations
        if h.fin_le is None
    }
    return {"retirables": True in permises, "reservees": False in permises}


def _lignes(habilitations: Iterable[Habilitation], acteur: Espace | None = None) -> list[str]:
    """Return one line per grantor (unless it is `acteur`), person, role and SIREN; after LIGNES, how many more."""
    groupes: dict[tuple[str, str], list[Habilitation]] = defaultdict(list)
    for h in habilitations:
        superieure = h.accordee_par
        qui = "" if acteur is not None or superieure is None else f"{superieure.espace.nom_complet} a habilité "
        fin = f", jusqu’au {jour(h.expire_le)}" if h.expire_le else ""
        retiree = " (terminée depuis)" if h.fin_le else ""
        groupes[f"{qui}{h.espace.nom_complet}, {h.get_role_display()}{fin}", retiree].append(h)
    lignes = [
        f"{tete} : {ligne}{queue}"
        for (tete, queue), leurs in sorted(groupes.items())
        for ligne in avis.lignes_par_siren(leurs)
    ]
    if len(lignes) > LIGNES:
        reste = len(lignes) - LIGNES
        lignes = [*lignes[:LIGNES], f"et {reste} autre{'s' if reste > 1 else ''}"]
    return lignes


@transaction.atomic
def resumer_accords(*, acteur: str = AUTEUR, maintenant: datetime | None = None, nombre: int = 100) -> int:
    """Mail to some espaces the digest of what others granted before today; return how many were looked at (0: none is left).

    Catches up with days that were missed, in one mail; run twice it writes nothing more: what was told is behind
    `resume_depuis`, and one mail has the day of an espace. Who administers a pair no more is told nothing of it.
    """
    maintenant = maintenant or timezone.now()
    minuit = timezone.make_aware(datetime.combine(timezone.localdate(maintenant), time.min))
    dues = list(
        Preference.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("espace__compte")
        .filter(resume_depuis__lt=minuit)
        .order_by("resume_depuis")[:nombre]
    )
    for preference in dues:
        _resumer(preference, minuit, maintenant)
    return len(dues)


def _resumer(preference: Preference, minuit: datetime, maintenant: datetime) -> None:
    """Write the digest of one locked preference up to today, or to when it chose to be told at once again."""
    fin = minuit
    suite: datetime | None = minuit
    if preference.accords == Preference.Accords.AUSSITOT and preference.accords_choisi_le <= minuit:
        fin, suite = preference.accords_choisi_le, None
    espace, depuis = preference.espace, preference.resume_depuis
    roles: dict[int, str] = {}
    accordees: Sequence[Habilitation] = []
    if espace.est_actif and depuis is not None:
        roles, accordees = _accordees_par_d_autres(espace, depuis, fin, maintenant)
    if accordees and depuis is not None:
        avis.ecrire(
            "resume_accords",
            espace=espace,
            acte=f"resume-accords:{espace.pk}:{timezone.localdate(maintenant)}",
            depuis=jour_heure(depuis),
            lignes=_lignes(accordees),
            nombre=len(accordees),
            retirer=_a_retirer(accordees, roles),
        )
    preference.resume_depuis = suite
    preference.save(update_fields=["resume_depuis"])


def _accordees_par_d_autres(
    espace: Espace, depuis: datetime, fin: datetime, maintenant: datetime
) -> tuple[dict[int, str], Sequence[Habilitation]]:
    """Return the roles by which this espace administers now, by adhésion, and what others granted to others there.

    Then, and on what it did administer already: two queries.
    """
    siennes = Habilitation.objects.actives(timezone.localdate(maintenant)).filter(
        espace=espace, role__in=roles_pour(VOIR_HABILITATIONS)
    )
    administrees = list(siennes.values_list("adhesion", "role", "accordee_le"))
    roles = {adhesion: role for adhesion, role, _ in administrees}
    depuis_quand = {adhesion: quand for adhesion, _, quand in administrees}
    accordees = (
        Habilitation.objects.filter(
            Q(parmi("adhesion", siennes.values("adhesion"))),
            accordee_le__gte=depuis,
            accordee_le__lt=fin,
            accordee_par__isnull=False,
        )
        .exclude(espace=espace)
        .exclude(accordee_par__espace=espace)
        .select_related("espace", "personne", "service", "accordee_par__espace")
        .order_by(*ORDRE)
    )
    return roles, [h for h in accordees if h.adhesion_id in roles and h.accordee_le >= depuis_quand[h.adhesion_id]]
