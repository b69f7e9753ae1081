"""The accounts that an espace added, renamed or removed before it was disabled (R15, R20): frozen, then undone or kept (R16).

Each change of an account says who made it (`ChangementBancaire`). What the holder lost meanwhile the right to change (CGU
§4.d) is neither shown to him nor decided by him: what was frozen stays so.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.espace import arrets
from accounts.espace.arrets import Arret, Changement, Effet, Memoire, Volet
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from .avis import prevenir
from .comptes import noter
from .droits import GERER, peut

GEL: Final = timedelta(days=30)
"""For how long an account that such an espace added is not usable, unless its holder says before that it was his act."""
_NOM: Final = "nom-"  # begins the key of a change of name: the account itself may be another change
_DEFAIT: Final = "Il avait été ajouté peu avant que l’accès à cet espace ne soit désactivé par sécurité ; son détenteur, revenu, l’a fait défaire."
_RENDU: Final = "Il avait été supprimé peu avant que l’accès à cet espace ne soit désactivé par sécurité ; son détenteur, revenu, l’a repris."
_REPRIS: Final = "Il avait été renommé peu avant que l’accès à cet espace ne soit désactivé par sécurité ; son détenteur, revenu, a repris le nom « {nom} »."


def _faits(espace: Espace, depuis: datetime, genre: ChangementBancaire.Genre) -> QuerySet[ChangementBancaire]:
    return ChangementBancaire.objects.filter(espace=espace, genre=genre, fait_le__gte=depuis)


def _touchees(espace: Espace, depuis: datetime, genre: ChangementBancaire.Genre) -> QuerySet[ReferenceBancaire]:
    """Return the accounts that this espace changed in this way since then."""
    leurs = _faits(espace, depuis, genre).order_by().values("reference")
    return ReferenceBancaire.objects.filter(pk__in=leurs).select_related("personne").order_by("personne", "pk")


def _siennes(espace: Espace, depuis: datetime) -> QuerySet[ReferenceBancaire]:
    """Return the accounts that exist by this espace alone since then; one that was given back is older."""
    return _touchees(espace, depuis, ChangementBancaire.Genre.AJOUT).filter(ajoutee_le__gte=depuis)


def _ajoutees(espace: Espace, depuis: datetime) -> QuerySet[ReferenceBancaire]:
    return _siennes(espace, depuis).filter(supprimee_le=None)


def _retirees(espace: Espace, depuis: datetime) -> QuerySet[ReferenceBancaire]:
    """Return what this espace removed since then, but what it had added itself: to undo both is to leave it removed."""
    retirees = _touchees(espace, depuis, ChangementBancaire.Genre.SUPPRESSION).filter(supprimee_le__isnull=False)
    return retirees.exclude(pk__in=_siennes(espace, depuis).order_by().values("pk"))


@dataclass(frozen=True, kw_only=True)
class _Renommage:
    """What became of one holder's name: from the first change of it that counts to the last one."""

    reference: ReferenceBancaire
    avant: str
    apres: str
    quand: datetime
    signale: bool

    @property
    def precision(self) -> str:
        nom = f"{self.reference.personne.denomination} : {self.reference.iban_masque}, « {self.avant} » devenu « {self.apres} »"
        return f"{nom} ; ce changement est signalé, votre service gestionnaire en décide." if self.signale else nom


def _renommees(espace: Espace, depuis: datetime) -> QuerySet[ChangementBancaire]:
    """Return the changes of a holder's name that this espace made since then, but of the accounts that it added itself."""
    siens = _faits(espace, depuis, ChangementBancaire.Genre.RENOMMAGE)
    return siens.exclude(reference__in=_siennes(espace, depuis).order_by().values("pk"))


def _noms(
    changements: QuerySet[ChangementBancaire], retirees: QuerySet[ReferenceBancaire] | None = None
) -> list[_Renommage]:
    """Return what these changes come to, account by account, for those whose name nobody has changed since.

    Of living accounts, and of those of `retirees`, which may be given back: under which name is to be seen before.
    """
    par_compte: dict[UUID, list[ChangementBancaire]] = {}
    presents = Q(reference__supprimee_le=None)
    if retirees is not None:
        presents |= Q(reference__in=retirees.order_by().values("pk"))
    vus = changements.filter(presents).order_by("reference", "fait_le", "pk")
    for changement in vus.select_related("reference__personne__service_gestionnaire"):
        par_compte.setdefault(changement.reference_id, []).append(changement)
    attendent = SignalementBancaire.objects.filter(
        changement__reference__in=par_compte, etat=SignalementBancaire.Etat.DEPOSE
    )
    signales = set(attendent.values_list("changement__reference", flat=True))
    return [
        _Renommage(
            reference=siens[-1].reference,
            avant=siens[0].titulaire_avant,
            apres=siens[-1].titulaire_apres,
            quand=siens[-1].fait_le,
            signale=cle in signales,
        )
        for cle, siens in par_compte.items()
        if siens[-1].reference.titulaire == siens[-1].titulaire_apres != siens[0].titulaire_avant
    ]


def _ligne(reference: ReferenceBancaire) -> str:
    return f"{reference.personne.denomination} : {reference.iban_masque}, {reference.titulaire}"


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    return [
        Effet(
            titre=f"Comptes bancaires ajoutés depuis, inutilisables {GEL.days} jours",
            lignes=tuple(map(_ligne, _ajoutees(espace, depuis))),
        ),
        Effet(
            titre="Comptes bancaires supprimés depuis, que le détenteur pourra reprendre",
            lignes=tuple(map(_ligne, _retirees(espace, depuis))),
        ),
        Effet(
            titre="Titulaires renommés depuis, dont le détenteur pourra reprendre le nom",
            lignes=tuple(
                renommage.precision for renommage in _noms(_renommees(espace, depuis), _retirees(espace, depuis))
            ),
        ),
    ]


def _arreter(arret: Arret) -> Memoire:
    """Freeze what was added; what was removed or renamed is remembered."""
    renommages = list(_renommees(arret.espace, arret.depuis).values_list("pk", flat=True))
    gelees = []
    for reference in _ajoutees(arret.espace, arret.depuis).select_for_update(no_key=True, of=("self",)):
        gelees.append(
            {
                "cle": str(reference.pk),
                "utilisable_le": reference.utilisable_le.isoformat() if reference.utilisable_le else "",
                "attente": reference.attente,
            }
        )
        reference.utilisable_le = arret.maintenant + GEL
        reference.attente = ReferenceBancaire.Attente.DESACTIVATION
        reference.save(update_fields=["utilisable_le", "attente"])
        _consigner(actes.COMPTE_BANCAIRE_GELE, arret, reference)
    return {
        "gelees": gelees,
        "retirees": [str(cle) for cle in _retirees(arret.espace, arret.depuis).values_list("pk", flat=True)],
        "renommages": [str(cle) for cle in renommages],
    }


def _consigner(acte: Acte, arret: Arret, reference: ReferenceBancaire) -> None:
    consigner(
        acte,
        auteur=arret.auteur,
        espace=arret.espace,
        siren=reference.personne.siren,
        details={"compte": reference.iban_masque},
    )


def _retenir(memoire: Memoire) -> None:
    """Lock the personnes whose accounts this disabling remembers: a right on them that ends meanwhile waits, or is seen."""
    cles = [*_gelees(memoire), *memoire.get("retirees", [])]
    renommees = _changements_de_nom(memoire).order_by().values("reference")
    leurs = ReferenceBancaire.objects.filter(Q(pk__in=cles) | Q(pk__in=renommees)).values("personne")
    personnes = PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=leurs)
    list(personnes.order_by("pk").values_list("pk"))


def _gerees(espace: Espace, references: Iterable[ReferenceBancaire]) -> list[ReferenceBancaire]:
    """Return those of these accounts that this espace may change today."""
    sues: dict[int, bool] = {}
    gerees = []
    for reference in references:
        if reference.personne_id not in sues:
            sues[reference.personne_id] = peut(espace, GERER, reference.personne)
        if sues[reference.personne_id]:
            gerees.append(reference)
    return gerees


def _changements_de_nom(memoire: Memoire) -> QuerySet[ChangementBancaire]:
    return ChangementBancaire.objects.filter(pk__in=memoire.get("renommages", []))


def _vivantes(memoire: Memoire) -> QuerySet[ReferenceBancaire]:
    vivantes = ReferenceBancaire.objects.filter(pk__in=_gelees(memoire), supprimee_le=None)
    return vivantes.select_related("personne__service_gestionnaire").order_by("pk")


def _gelees(memoire: Memoire) -> list[str]:
    """Return the keys of the accounts that were frozen: those that the disabled espace had added."""
    return [gelee["cle"] for gelee in memoire.get("gelees", [])]


def _a_reprendre(
    espace: Espace, depuis: datetime, memoire: Memoire, *, defaites: Collection[str] = ()
) -> QuerySet[ReferenceBancaire]:
    """Return what was removed and its holder may have back, once the accounts of the keys `defaites` are undone too.

    Neither what is back or entered again, those apart, nor what this espace had added itself (an older disabling may remember it).
    """
    retirees = ReferenceBancaire.objects.filter(pk__in=memoire.get("retirees", []), supprimee_le__isnull=False)
    retirees = retirees.exclude(pk__in=_siennes(espace, depuis).order_by().values("pk"))
    vivantes = ReferenceBancaire.objects.filter(supprimee_le=None).exclude(pk__in=defaites)
    deja = Q()
    for personne, empreinte in retirees.values_list("personne", "empreinte"):
        if vivantes.filter(personne=personne, empreinte=empreinte).exists():
            deja |= Q(personne=personne, empreinte=empreinte)
    absentes = retirees.exclude(deja) if deja else retirees
    return absentes.select_related("personne__service_gestionnaire").order_by("pk")


def _verrouillees(references: QuerySet[ReferenceBancaire]) -> QuerySet[ReferenceBancaire]:
    return references.select_for_update(no_key=True, of=("self",))


def _degeler(arret: Arret, memoire: Memoire, references: Iterable[ReferenceBancaire]) -> None:
    avant = {gelee["cle"]: gelee for gelee in memoire.get("gelees", [])}
    for reference in references:
        if reference.attente != ReferenceBancaire.Attente.DESACTIVATION:
            continue
        sien = avant[str(reference.pk)]
        reference.utilisable_le = parse_datetime(sien["utilisable_le"]) if sien["utilisable_le"] else None
        reference.attente = sien["attente"]
        reference.save(update_fields=["utilisable_le", "attente"])
        _consigner(actes.COMPTE_BANCAIRE_DEGELE, arret, reference)


def _rendre(arret: Arret, memoire: Memoire) -> None:
    _degeler(arret, memoire, _verrouillees(_vivantes(memoire)))


def _changements(espace: Espace, depuis: datetime, memoire: Memoire) -> list[Changement]:
    a_reprendre = _a_reprendre(espace, depuis, memoire, defaites=_gelees(memoire))  # each may be undone
    ajoutees = [
        Changement(
            cle=str(reference.pk),
            titre="Compte bancaire ajouté",
            precision=_ligne(reference),
            quand=jour_heure(reference.ajoutee_le),
        )
        for reference in _gerees(espace, _vivantes(memoire))
    ]
    retirees = [
        Changement(
            cle=str(reference.pk),
            titre="Compte bancaire supprimé",
            precision=_ligne(reference),
            quand=jour_heure(reference.supprimee_le),
        )
        for reference in _gerees(espace, a_reprendre)
    ]
    return (
        ajoutees
        + retirees
        + [
            Changement(
                cle=f"{_NOM}{renommage.reference.pk}",
                titre="Titulaire d’un compte bancaire renommé",
                precision=renommage.precision,
                quand=jour_heure(renommage.quand),
                defaisable=not renommage.signale,
            )
            for renommage in _noms_geres(espace, memoire, a_reprendre)
        ]
    )


def _noms_geres(
    espace: Espace, memoire: Memoire, retirees: QuerySet[ReferenceBancaire] | None = None
) -> list[_Renommage]:
    renommages = _noms(_changements_de_nom(memoire), retirees)
    geres = {reference.pk for reference in _gerees(espace, [renommage.reference for renommage in renommages])}
    return [renommage for renommage in renommages if renommage.reference.pk in geres]


def _trancher(arret: Arret, memoire: Memoire, defaire: Collection[str]) -> None:
    """Remove the accounts that were not the holder's doing, give back those removed or their names; tell of each change.

    The others may be used.
    """
    noms = {UUID(cle.removeprefix(_NOM)) for cle in defaire if cle.startswith(_NOM)}
    defaire = {cle for cle in defaire if not cle.startswith(_NOM)}
    for reference in _gerees(arret.espace, _verrouillees(_vivantes(memoire).filter(pk__in=defaire))):
        reference.retirer(arret.maintenant)
        reference.save(update_fields=reference.CHAMPS_DU_RETRAIT)
        _consigner(actes.COMPTE_BANCAIRE_RETIRE, arret, reference)
        _prevenir(arret, reference, ChangementBancaire.Genre.SUPPRESSION, _DEFAIT)
    reprises = _a_reprendre(arret.espace, arret.depuis, memoire).filter(pk__in=defaire)
    for reference in _gerees(arret.espace, _verrouillees(reprises)):
        reference.rendre()
        reference.save(update_fields=reference.CHAMPS_DU_RETRAIT)
        _consigner(actes.COMPTE_BANCAIRE_RENDU, arret, reference)
        _prevenir(arret, reference, ChangementBancaire.Genre.AJOUT, _RENDU)
    _reprendre_les_noms(arret, memoire, noms)
    gardees = _vivantes(memoire).exclude(pk__in=defaire)
    _degeler(arret, memoire, _gerees(arret.espace, _verrouillees(gardees)))


def _reprendre_les_noms(arret: Arret, memoire: Memoire, defaire: Collection[UUID]) -> None:
    list(_verrouillees(ReferenceBancaire.objects.filter(pk__in=defaire).order_by("pk")).values_list("pk"))
    for renommage in _noms_geres(arret.espace, memoire):
        if renommage.signale or renommage.reference.pk not in defaire:
            continue
        reference = renommage.reference
        reference.titulaire = renommage.avant
        reference.save(update_fields=["titulaire"])
        _consigner(actes.COMPTE_BANCAIRE_RENOMME, arret, reference)
        _prevenir(
            arret,
            reference,
            ChangementBancaire.Genre.RENOMMAGE,
            _REPRIS.format(nom=renommage.avant),
            avant=renommage.apres,
        )


def _prevenir(
    arret: Arret, reference: ReferenceBancaire, genre: ChangementBancaire.Genre, details: str, *, avant: str = ""
) -> None:
    """Keep and tell this change as any other one: whoever does not recognise it may say so."""
    changement = noter(reference, genre, arret.espace, arret.maintenant, avant=avant)
    prevenir(
        reference,
        changement=changement,
        acte=f"compte-bancaire-tranche:{changement.pk}",
        acteur=arret.espace,
        maintenant=arret.maintenant,
        details=details,
    )


def inscrire() -> None:
    """Give the disablings what this floor knows: the accounts of the companies."""
    arrets.inscrire(
        Volet(
            nom="banque",
            retenir=_retenir,
            prevoir=_prevoir,
            arreter=_arreter,
            rendre=_rendre,
            changements=_changements,
            trancher=_trancher,
        )
    )
