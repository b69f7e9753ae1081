"""What an espace granted before it was disabled: put en veille, then withdrawn or given back by its holder (R15, R16; CGU §3.6.b).

What was granted before the first suspect act goes on. Exports that wait hold data: they go.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from accounts.espace import arrets
from accounts.espace.arrets import Arret, Changement, Effet, Memoire, Volet
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import dessous, relire, terminer, verrouiller_adhesions
from ..models import ORDRE, DemandeHabilitation, Export, Habilitation, Role
from ..models.habilitation import HabilitationQuerySet


def _accordees(espace: Espace, depuis: datetime) -> HabilitationQuerySet:
    """Return what this espace granted since then and that gives a right, with what hangs below it."""
    directes = Habilitation.objects.vivantes().filter(accordee_par__espace=espace, accordee_le__gte=depuis)
    racines = list(directes.exclude(role=Role.TITULAIRE).values_list("pk", flat=True))
    return Habilitation.objects.vivantes().filter(pk__in={*racines, *dessous(racines)}, etat=Habilitation.Etat.ACTIVE)


def _ligne(habilitation: Habilitation) -> str:
    return (
        f"{habilitation.espace.nom_complet} ({habilitation.espace.numero_lisible}) : {habilitation.service}, "
        f"{habilitation.personne}, {habilitation.get_role_display()}"
    )


def _demandes(espace: Espace, depuis: datetime) -> list[DemandeHabilitation]:
    siennes = DemandeHabilitation.objects.filter(demandeur=espace, etat=DemandeHabilitation.Etat.DEPOSEE)
    return list(siennes.filter(deposee_le__gte=depuis).order_by("pk"))


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    accordees = _accordees(espace, depuis).select_related("espace", "personne", "service").order_by(*ORDRE)
    return [
        Effet(titre="Habilitations accordées depuis, mises en veille", lignes=tuple(map(_ligne, accordees))),
        Effet(
            titre="Habilitations demandées depuis, demandes arrêtées",
            lignes=tuple(f"SIREN {demande.siren}" for demande in _demandes(espace, depuis)),
        ),
    ]


def _verrouiller(espace: Espace) -> None:
    """Lock the adhésions on which this espace holds something: nobody grants under it any more meanwhile."""
    verrouiller_adhesions(Habilitation.objects.vivantes().filter(espace=espace).values_list("adhesion", flat=True))


def _arreter(arret: Arret) -> Memoire:
    suspendues = relire(_accordees(arret.espace, arret.depuis).values_list("pk", flat=True))
    for habilitation in suspendues:
        habilitation.etat = Habilitation.Etat.EN_VEILLE
        habilitation.veille_motif = Habilitation.MotifVeille.COMPROMIS
        habilitation.veille_depuis = arret.maintenant
    Habilitation.objects.bulk_update(suspendues, ["etat", "veille_motif", "veille_depuis"])
    _consigner(actes.HABILITATION_EN_VEILLE_COMPROMIS, arret, suspendues)
    _prevenir("habilitation_en_veille_securite", arret, suspendues)
    for demande in _demandes(arret.espace, arret.depuis):
        demande.etat, demande.traitee_le = DemandeHabilitation.Etat.ANNULEE, arret.maintenant
        demande.save(update_fields=["etat", "traitee_le"])
        consigner(actes.HABILITATION_DEMANDE_ANNULEE, auteur=arret.auteur, espace=arret.espace, siren=demande.siren)
    Export.objects.filter(espace=arret.espace).delete()
    return {"en_veille": [str(habilitation.pk) for habilitation in suspendues]}


def _consigner(acte: Acte, arret: Arret, habilitations: Iterable[Habilitation]) -> None:
    for habilitation in habilitations:
        consigner(
            acte,
            auteur=arret.auteur,
            espace=habilitation.espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"role": habilitation.role},
        )


def _prevenir(genre: str, arret: Arret, habilitations: Iterable[Habilitation]) -> None:
    """Tell who holds them, without a word of why (CGU §3.6.b is between the portal and the holder)."""
    for espace, leurs in avis.par_espace(habilitations).items():
        if espace.pk != arret.espace.pk:
            acte = f"{genre}:{arret.espace.pk}:{arret.maintenant:%Y%m%d%H%M%S%f}"
            avis.ecrire(genre, espace=espace, acte=acte, habilitations=leurs)


def _encore_en_veille(memoire: Memoire) -> list[Habilitation]:
    """Return those that this disabling suspended and that nobody has decided on since, locked with their adhésions."""
    cles = [UUID(cle) for cle in memoire.get("en_veille", [])]
    verrouiller_adhesions(Habilitation.objects.filter(pk__in=cles).values_list("adhesion", flat=True))
    return [h for h in relire(cles) if _attend(h)]


def _attend(habilitation: Habilitation) -> bool:
    return habilitation.est_vivante and habilitation.veille_motif == Habilitation.MotifVeille.COMPROMIS


def _reveiller(arret: Arret, habilitations: list[Habilitation]) -> None:
    for habilitation in habilitations:
        habilitation.etat = Habilitation.Etat.ACTIVE
        habilitation.veille_motif, habilitation.veille_depuis = "", None
    Habilitation.objects.bulk_update(habilitations, ["etat", "veille_motif", "veille_depuis"])
    _consigner(actes.HABILITATION_RENDUE_COMPROMIS, arret, habilitations)
    _prevenir("habilitation_rendue_securite", arret, habilitations)


def _rendre(arret: Arret, memoire: Memoire) -> None:
    _reveiller(arret, _encore_en_veille(memoire))


def _changements(espace: Espace, depuis: datetime, memoire: Memoire) -> list[Changement]:
    suspendues = (
        Habilitation.objects.vivantes()
        .filter(pk__in=memoire.get("en_veille", []), veille_motif=Habilitation.MotifVeille.COMPROMIS)
        .select_related("espace", "personne", "service")
        .order_by(*ORDRE)
    )
    return [
        Changement(
            cle=str(habilitation.pk),
            titre="Habilitation accordée",
            precision=_ligne(habilitation),
            quand=jour_heure(habilitation.accordee_le),
        )
        for habilitation in suspendues
    ]


def _trancher(arret: Arret, memoire: Memoire, defaire: Collection[str]) -> None:
    """Withdraw what the holder did not grant, with what hangs below; give the rest back."""
    attendent = _encore_en_veille(memoire)
    terminees = terminer(
        [h for h in attendent if str(h.pk) in defaire],
        auteur=arret.auteur,
        acte=actes.HABILITATION_DEFAITE_COMPROMIS,
        motif=Habilitation.MotifFin.RETRAIT,
        maintenant=arret.maintenant,
    )
    tombees = {h.pk for h in terminees}
    _reveiller(arret, [h for h in attendent if h.pk not in tombees])


def inscrire() -> None:
    """Give the disablings what this floor knows: what was granted, what is asked."""
    arrets.inscrire(
        Volet(
            nom="habilitations",
            verrouiller=_verrouiller,
            prevoir=_prevoir,
            arreter=_arreter,
            rendre=_rendre,
            changements=_changements,
            trancher=_trancher,
        )
    )
