"""The accounts that an espace added or removed before it was disabled (R15, R20): frozen, then undone or kept by its holder (R16).

Nothing but the journal says who added an account: its line and the account are of the same SIREN and the same moment. What the
holder lost meanwhile the right to change (CGU §4.d) is neither shown to him nor decided by him: what was frozen stays so.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.espace import arrets
from accounts.espace.arrets import Arret, Changement, Effet, Memoire, Volet
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner, ecrites

from .. import actes
from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire
from .avis import prevenir
from .comptes import noter
from .droits import GERER, peut

GEL: Final = timedelta(days=30)
"""For how long an account that such an espace added is not usable, unless its holder says before that it was his act."""
_DEFAIT: Final = "Il avait été ajouté peu avant que l’accès à cet espace ne soit désactivé par sécurité ; son détenteur, revenu, l’a fait défaire."
_RENDU: Final = "Il avait été supprimé peu avant que l’accès à cet espace ne soit désactivé par sécurité ; son détenteur, revenu, l’a repris."
_MEME_INSTANT: Final = timedelta(minutes=1)


def _touchees(espace: Espace, depuis: datetime, acte: Acte, moment: str) -> QuerySet[ReferenceBancaire]:
    """Return the accounts whose date `moment` this espace wrote since then, by the lines of its own act."""
    lignes = ecrites(acte, auteur=espace, depuis=depuis).values_list("siren", "quand", "details__compte")
    trouvees = Q(pk__in=[])
    for siren, quand, masque in lignes:
        pays, derniers = masque[:2], masque[-4:]
        proches = {f"{moment}__range": (quand - _MEME_INSTANT, quand + _MEME_INSTANT)}
        trouvees |= Q(personne__siren=siren, pays=pays, derniers=derniers, **proches)
    return ReferenceBancaire.objects.filter(trouvees).select_related("personne").order_by("personne", "pk")


def _ajoutees(espace: Espace, depuis: datetime) -> QuerySet[ReferenceBancaire]:
    return _touchees(espace, depuis, actes.COMPTE_BANCAIRE_AJOUTE, "ajoutee_le").filter(supprimee_le=None)


def _retirees(espace: Espace, depuis: datetime) -> QuerySet[ReferenceBancaire]:
    return _touchees(espace, depuis, actes.COMPTE_BANCAIRE_RETIRE, "supprimee_le")


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
    ]


def _arreter(arret: Arret) -> Memoire:
    """Freeze what was added; what was removed is remembered."""
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
    cles = [*(gelee["cle"] for gelee in memoire.get("gelees", [])), *memoire.get("retirees", [])]
    leurs = ReferenceBancaire.objects.filter(pk__in=cles).values("personne")
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


def _vivantes(memoire: Memoire) -> QuerySet[ReferenceBancaire]:
    cles = [gelee["cle"] for gelee in memoire.get("gelees", [])]
    vivantes = ReferenceBancaire.objects.filter(pk__in=cles, supprimee_le=None)
    return vivantes.select_related("personne__service_gestionnaire").order_by("pk")


def _absentes(memoire: Memoire) -> QuerySet[ReferenceBancaire]:
    """Return what was removed and is neither back nor entered again."""
    retirees = ReferenceBancaire.objects.filter(pk__in=memoire.get("retirees", []), supprimee_le__isnull=False)
    vivantes = ReferenceBancaire.objects.filter(supprimee_le=None)
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


def _changements(espace: Espace, memoire: Memoire) -> list[Changement]:
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
        for reference in _gerees(espace, _absentes(memoire))
    ]
    return ajoutees + retirees


def _trancher(arret: Arret, memoire: Memoire, defaire: Collection[str]) -> None:
    """Remove the accounts that were not the holder's doing, give back those removed, let the others be used; tell of each change."""
    for reference in _gerees(arret.espace, _verrouillees(_vivantes(memoire).filter(pk__in=defaire))):
        reference.supprimee_le = arret.maintenant
        reference.save(update_fields=["supprimee_le"])
        _consigner(actes.COMPTE_BANCAIRE_RETIRE, arret, reference)
        _prevenir(arret, reference, ChangementBancaire.Genre.SUPPRESSION, _DEFAIT)
    for reference in _gerees(arret.espace, _verrouillees(_absentes(memoire).filter(pk__in=defaire))):
        reference.supprimee_le = None
        reference.save(update_fields=["supprimee_le"])
        _consigner(actes.COMPTE_BANCAIRE_RENDU, arret, reference)
        _prevenir(arret, reference, ChangementBancaire.Genre.AJOUT, _RENDU)
    gardees = _vivantes(memoire).exclude(pk__in=defaire)
    _degeler(arret, memoire, _gerees(arret.espace, _verrouillees(gardees)))


def _prevenir(arret: Arret, reference: ReferenceBancaire, genre: ChangementBancaire.Genre, details: str) -> None:
    """Keep and tell this change as any other one: whoever does not recognise it may say so."""
    changement = noter(reference, genre, arret.espace, arret.maintenant)
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
