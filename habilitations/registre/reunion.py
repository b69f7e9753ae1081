"""The rights of an IDSP go over to its SIREN: nothing is lost, and nobody holds one service twice (domaine.md §1)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Func, Value

from accounts.saisies.regles import RegleMetier
from services.models import PersonneSirenisee

from ..arbre.cascade import relire, verrouiller_adhesions
from ..models import Adhesion, Cessation, Habilitation, Mandat, Preference, Role

RANG = {role: rang for rang, role in enumerate(Role.values)}


class TitulairesDifferents(RegleMetier):
    code = "titulaires_differents"
    message = (
        "Deux espaces sont administrateurs titulaires du même service, l’un pour l’IDSP, l’autre pour le SIREN : "
        "{services}. Retirez d’abord l’une des deux adhésions."
    )


def transferer_les_droits(de: PersonneSirenisee, vers: PersonneSirenisee, maintenant: datetime) -> None:
    """Move adhésions, habilitations and mandates; where both have a service open, one tree is made of the two.

    Raises: TitulairesDifferents: neither may lose a mandate that nobody withdrew.
    """
    ouvertes = verrouiller_adhesions(
        Adhesion.objects.ouvertes().filter(personne__in=(de, vers)).values_list("pk", flat=True)
    )
    vers_service = {a.service_id: a for a in ouvertes.values() if a.personne_id == vers.pk and a.est_ouverte}
    paires = [
        (a, vers_service[a.service_id])
        for a in ouvertes.values()
        if a.personne_id == de.pk and a.est_ouverte and a.service_id in vers_service
    ]
    _exiger_memes_titulaires(paires)
    Mandat.objects.filter(personne=de).update(personne=vers)
    for ancienne, gardee in paires:
        _reunir(ancienne, gardee, maintenant)
    Preference.objects.filter(
        espace__in=Habilitation.objects.filter(personne=de).values("espace"), favoris__contains=[de.siren]
    ).update(favoris=Func("favoris", Value(de.siren), Value(vers.siren), function="array_replace"))
    Habilitation.objects.filter(personne=de).update(personne=vers)
    Adhesion.objects.filter(personne=de).update(personne=vers)
    _reunir_les_cessations(de, vers, maintenant)


def _exiger_memes_titulaires(paires: list[tuple[Adhesion, Adhesion]]) -> None:
    cles = [adhesion.pk for paire in paires for adhesion in paire]
    racines = dict(
        Habilitation.objects.vivantes()
        .filter(adhesion__in=cles, role=Role.TITULAIRE)
        .values_list("adhesion_id", "espace_id")
    )
    differents = [a.service.libelle for a, b in paires if racines[a.pk] != racines[b.pk]]
    if differents:
        raise TitulairesDifferents(services=", ".join(sorted(differents)))


def _reunir(ancienne: Adhesion, gardee: Adhesion, maintenant: datetime) -> None:
    """Hang the tree of `ancienne` into that of `gardee`; of two rights of one espace the stronger goes on.

    No circle can come of it: what is granted is always weaker than what it rests on.
    """
    vivantes = relire(
        Habilitation.objects.vivantes().filter(adhesion__in=(ancienne, gardee)).values_list("pk", flat=True)
    )
    gardees = {h.espace_id: h for h in vivantes if h.adhesion_id == gardee.pk}
    finies: dict[UUID, Habilitation] = {}
    for venue in (h for h in vivantes if h.adhesion_id == ancienne.pk):
        tenue = gardees.get(venue.espace_id)
        if tenue is None:
            continue
        faible, forte = (tenue, venue) if _est_plus_forte(venue, tenue) else (venue, tenue)
        finies[faible.pk] = forte
    for habilitation in vivantes:
        if habilitation.pk not in finies and habilitation.accordee_par_id in finies:  # None is no key
            habilitation.accordee_par = finies[habilitation.accordee_par_id]
    Habilitation.objects.bulk_update([h for h in vivantes if h.pk not in finies], ["accordee_par"])
    Habilitation.objects.filter(pk__in=finies).update(fin_le=maintenant, fin_motif=Habilitation.MotifFin.REUNION)
    # The ended ones too: what was granted rests on a habilitation of the same adhésion.
    Habilitation.objects.filter(adhesion=ancienne).update(adhesion=gardee, personne=gardee.personne_id)
    Adhesion.objects.filter(pk=ancienne.pk).update(fermee_le=maintenant, fermee_motif=Adhesion.Motif.REUNION)


def _est_plus_forte(venue: Habilitation, tenue: Habilitation) -> bool:
    """Whether the IDSP's right outdoes the SIREN's: by its role, at equal roles by lasting longer; no root is replaced."""
    if tenue.role == Role.TITULAIRE:
        return False
    if venue.role != tenue.role:
        return RANG[venue.role] < RANG[tenue.role]
    return tenue.expire_le is not None and (venue.expire_le is None or venue.expire_le > tenue.expire_le)


def _reunir_les_cessations(de: PersonneSirenisee, vers: PersonneSirenisee, maintenant: datetime) -> None:
    """Keep one request in the queue: the SIREN's, where both have one."""
    if Cessation.objects.filter(personne=vers, terminee_le=None).exists():
        Cessation.objects.filter(personne=de, terminee_le=None).update(
            etat=Cessation.Etat.ROUVERTE, terminee_le=maintenant
        )
    Cessation.objects.filter(personne=de).update(personne=vers)
