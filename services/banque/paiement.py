"""From which accounts a payment may be made: what who pays is offered, masked, and what is said of each (CGU §4.d, domaine.md §2.13).

The portal pays nothing: it hands over to a téléprocédure, with the accounts that were chosen at its door. The choice is the company's
for that service: journalled with who made it, remembered, proposed the next time. It changes nothing of the accounts themselves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils import timezone

from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..dossiers import UTILISER, Dossier
from ..models import PersonneSirenisee, ReferenceBancaire, Service
from .droits import VOIR, peut
from .lectures import Compte, comptes_de

COMPTES_PAR_PAIEMENT: Final = 3


class TropDeComptesChoisis(PlafondAtteint):
    code = "trop_de_comptes_choisis"
    plafond = "comptes d’un paiement"
    message = "Un paiement se partage entre {limite} comptes au plus ; vous en avez coché {nombre}. Décochez-en."


class CompteNonChoisissable(RegleMetier):
    code = "compte_non_choisissable"
    message = (
        "Un compte que vous aviez coché ne peut plus servir à payer : voici ceux qui le peuvent. Choisissez de nouveau."
    )


class AucunCompteChoisi(RegleMetier):
    code = "aucun_compte_choisi"
    message = "Cochez au moins un compte, puis choisissez de nouveau."


class PaiementNonDetenu(RegleMetier):
    code = "paiement_non_detenu"
    message = "Vous ne payez plus par ce service pour {denomination} : rien n’est choisi."


@dataclass(frozen=True)
class Paiement:
    """The accounts that may be chosen, those that may not yet or any more, and those that are chosen: now, or the last time."""

    offerts: list[Compte]
    ecartes: list[Compte]
    choisis: list[Compte]
    refus: RegleMetier | None = None
    perdus: list[Compte] = field(default_factory=list)
    """Those that were chosen the last time and may not be used today."""

    @property
    def mandats_a_remettre(self) -> list[Compte]:
        """Those offered whose mandate was not handed to the bank: it would reject the debit."""
        return [compte for compte in self.offerts if compte.mandat_a_remettre]


def preparer_paiement(comptes: Iterable[Compte], service: Service, cles: Collection[str] | None = None) -> Paiement:
    """Return what is offered of these accounts, and which of them these keys choose; a choice that cannot be is refused whole.

    Without keys, what was chosen the last time for this service is, as far as it may still be used; nothing where that is more
    than a payment takes, as after two files became one: whoever pays chooses anew.
    """
    lus = list(comptes)
    offerts = [compte for compte in lus if not compte.pourquoi_ecarte]
    ecartes = [compte for compte in lus if compte.pourquoi_ecarte]
    if cles is None:
        anciens = [compte for compte in lus if service.code in compte.reference.choisie_pour]
        gardes = [compte for compte in anciens if not compte.pourquoi_ecarte]
        if len(gardes) > COMPTES_PAR_PAIEMENT:
            gardes = []
        return Paiement(offerts, ecartes, gardes, perdus=[compte for compte in anciens if compte.pourquoi_ecarte])
    voulus = frozenset(cles)
    choisis = [compte for compte in offerts if str(compte.reference.pk) in voulus]
    refus: RegleMetier | None = None
    if len(choisis) < len(voulus):
        refus = CompteNonChoisissable()
    elif not choisis:
        refus = AucunCompteChoisi()
    elif len(choisis) > COMPTES_PAR_PAIEMENT:
        refus = TropDeComptesChoisis(
            limite=COMPTES_PAR_PAIEMENT, nombre=len(choisis), personne=choisis[0].reference.personne
        )
    return Paiement(offerts, ecartes, [] if refus else choisis, refus)


@plafonne
def choisir_comptes(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    service: Service,
    cles: Collection[str],
    maintenant: datetime | None = None,
) -> list[Compte]:
    """Choose from which accounts this personne pays by this service, in the place of the last choice; return them.

    Whoever pays by it may, whatever his role. What is chosen already is journalled no second time. Raises: PaiementNonDetenu, AucunCompteChoisi,
    CompteNonChoisissable, TropDeComptesChoisis.
    """
    maintenant = maintenant or timezone.now()
    acteur = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    personne = PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",)).get(pk=personne.pk)
    compte = acteur.compte
    paie = service.paiement and compte is not None and compte.has_perm(UTILISER, Dossier(personne, service))
    if not paie or not peut(acteur, VOIR, personne):
        raise PaiementNonDetenu(denomination=personne.denomination)
    # Whoever removes one waits, or has removed it.
    siens = list(
        ReferenceBancaire.objects.select_for_update(no_key=True, of=("self",))
        .filter(personne=personne, supprimee_le=None)
        .order_by("pk")
    )
    paiement = preparer_paiement(comptes_de(personne, maintenant), service, cles)
    if paiement.refus is not None:
        raise paiement.refus
    voulues = {choisi.reference.pk for choisi in paiement.choisis}
    change = False
    for reference in siens:
        autres = [code for code in reference.choisie_pour if code != service.code]
        pour = sorted([*autres, service.code]) if reference.pk in voulues else autres
        if pour != reference.choisie_pour:
            reference.choisie_pour = pour
            reference.save(update_fields=["choisie_pour"])
            change = True
    if change:
        dits = ", ".join(sorted(choisi.reference.iban_masque for choisi in paiement.choisis))
        consigner(
            actes.COMPTES_BANCAIRES_CHOISIS,
            auteur=acteur,
            siren=personne.siren,
            service=service.code,
            details={"comptes": dits},
        )
    return paiement.choisis
