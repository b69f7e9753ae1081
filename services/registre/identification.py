"""An IDSP becomes a SIREN: by an agent's act, or by a documented file given to the import (domaine.md §1).

Where the SIREN is not known yet, the file of the IDSP takes it. Where both are known they are one entity: all that the
IDSP's file holds goes over to the SIREN's, each floor moving what it knows, and nothing is there twice.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Affaire, Agent
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import normaliser_identifiant, normaliser_siren
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..fichiers_insee import Rejet
from ..models import (
    AdresseAttendue,
    AdresseSaisie,
    Brouillon,
    Echange,
    EvenementRegistre,
    IdentifiantRemplace,
    PersonneSirenisee,
    PreferenceMessagerie,
    RepresentantLegal,
)
from .fichiers import lire_enregistrements
from .regles import PersonneHorsCompetence, exiger_competence

COLONNES: Final = {
    "idsp": ("idsp", "identifiant provisoire", "identifiant"),
    "siren": ("siren", "numéro siren"),
}

type Transfert = Callable[[PersonneSirenisee, PersonneSirenisee, datetime], None]
"""Moves what a floor holds of the first personne to the second, both locked; refuses by a RegleMetier."""


class IdentifiantDefinitif(RegleMetier):
    code = "identifiant_definitif"
    message = "{identifiant} n’est pas un identifiant provisoire : c’est un SIREN, qui ne change pas."


class IdspInconnu(RegleMetier):
    code = "idsp_inconnu"
    message = "Aucune personne ne porte l’identifiant provisoire {identifiant}."


class SirenProvisoire(RegleMetier):
    code = "siren_provisoire"
    message = "{siren} est lui-même l’identifiant provisoire d’une autre personne : vérifiez le SIREN."


type Annonce = Callable[[PersonneSirenisee, str], None]
"""Tells whoever a floor knows that a personne bears its SIREN, in the place of this IDSP."""

_TRANSFERTS: list[Transfert] = []
_ANNONCES: list[Annonce] = []


def inscrire_annonce(annonce: Annonce) -> None:
    """Add whoever a floor tells of a SIREN that replaces an IDSP."""
    _ANNONCES.append(annonce)


def inscrire_transfert(transfert: Transfert) -> None:
    """Add what moves the rows of a floor when two files become one; the floors that stand lowest move first."""
    _TRANSFERTS.insert(0, transfert)


def personne_d_identifiant(identifiant: str) -> PersonneSirenisee | None:
    """Return the personne of this SIREN or IDSP; an IDSP that has become a SIREN since leads to it."""
    personnes = PersonneSirenisee.objects.select_related("service_gestionnaire")
    return (
        personnes.filter(siren=identifiant).first()
        or personnes.filter(identifiants_remplaces__identifiant=identifiant).first()
    )


def personnes_d_identifiants(identifiants: Collection[str]) -> dict[str, PersonneSirenisee]:
    """Return the personne of each of these SIREN and IDSP that is known, as above: two queries."""
    remplaces = IdentifiantRemplace.objects.select_related("personne__service_gestionnaire").filter(
        identifiant__in=identifiants
    )
    return {remplace.identifiant: remplace.personne for remplace in remplaces} | {
        personne.siren: personne
        for personne in PersonneSirenisee.objects.select_related("service_gestionnaire").filter(siren__in=identifiants)
    }


@transaction.atomic
@relit_l_agent
def attribuer_siren(
    *, acteur: Agent | str, personne: PersonneSirenisee, siren: str, maintenant: datetime | None = None
) -> PersonneSirenisee:
    """Give this IDSP its SIREN, as an agent of its service or as the import; return the personne that bears it.

    The company and those who act for it are told. Rights, demandes, letters, messages and bank references follow. Where the SIREN has a file already, its name and
    address win. Raises: IdentifiantDefinitif, PersonneHorsCompetence, SirenProvisoire, the rules of a SIREN, and those
    of the floors that cannot merge.
    """
    maintenant = maintenant or timezone.now()
    siren = normaliser_siren(siren)
    # In the order of their keys: two merges that cross wait for each other, they never stand in a circle.
    verrouillees = {
        p.pk: p
        for p in PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .filter(siren__in={siren, personne.siren})
        .order_by("pk")
    }
    provisoire = verrouillees.get(personne.pk)
    if provisoire is None:
        raise IdspInconnu(identifiant=personne.siren)
    if not provisoire.provisoire:
        raise IdentifiantDefinitif(identifiant=provisoire.siren_lisible)
    if isinstance(acteur, Agent):
        exiger_competence(acteur, provisoire)
    definitive = next((p for p in verrouillees.values() if p.siren == siren and p.pk != provisoire.pk), None)
    idsp = provisoire.siren
    if definitive is None:
        provisoire.siren, provisoire.provisoire = siren, False
        provisoire.save(update_fields=["siren", "provisoire", "modifiee_le"])
        definitive = provisoire
    else:
        if definitive.provisoire:
            raise SirenProvisoire(siren=siren)
        if isinstance(acteur, Agent) and definitive.service_gestionnaire_id != acteur.service_gestionnaire_id:
            raise PersonneHorsCompetence
        _fusionner(provisoire, definitive, maintenant)
    IdentifiantRemplace.objects.create(identifiant=idsp, personne=definitive, remplace_le=maintenant)
    consigner(
        actes.PERSONNE_IDENTIFIEE,
        auteur=acteur,
        siren=siren,
        details={"idsp": idsp, "fusion": definitive.pk != provisoire.pk},
    )
    if definitive.courriel:
        courriels.deposer(
            "personne_identifiee_entreprise",
            destinataire=definitive.courriel,
            acte=f"personne-identifiee:{idsp}",
            contexte={"idsp": idsp, "siren": definitive.siren_lisible, "denomination": definitive.denomination},
        )
    for annonce in _ANNONCES:
        annonce(definitive, idsp)
    return definitive


def _fusionner(provisoire: PersonneSirenisee, definitive: PersonneSirenisee, maintenant: datetime) -> None:
    """Move all that the first holds to the second, and delete the first: nothing points at it any longer."""
    for transfert in _TRANSFERTS:
        transfert(provisoire, definitive, maintenant)
    # Somebody holds rights on it from now on, and the register had closed it when nobody did.
    if not definitive.active:
        EvenementRegistre.objects.create(
            personne=definitive, genre=EvenementRegistre.Genre.CESSATION, constate_le=maintenant
        )
    provisoire.delete()


def transferer_le_registre(de: PersonneSirenisee, vers: PersonneSirenisee, maintenant: datetime) -> None:
    """Move what this floor holds, and what waits for an agent: messages, addresses for letters and who waits for them, représentants, the company's e-mail, older identifiers."""
    Echange.objects.filter(personne=de).update(personne=vers)
    commences = Brouillon.objects.filter(personne=vers, echange=None).values("espace")
    Brouillon.objects.filter(personne=de, echange=None, espace__in=commences).delete()  # the other one is kept
    Brouillon.objects.filter(personne=de).update(personne=vers)
    choisis = PreferenceMessagerie.objects.filter(personne=vers).values("espace")
    PreferenceMessagerie.objects.filter(personne=de).exclude(espace__in=choisis).update(personne=vers)
    if AdresseSaisie.objects.filter(personne=vers, fin_le=None).exists():
        AdresseSaisie.objects.filter(personne=de, fin_le=None).update(fin_le=maintenant)
    AdresseSaisie.objects.filter(personne=de).update(personne=vers)
    deja = AdresseAttendue.objects.filter(personne=vers, issue=AdresseAttendue.Issue.EN_ATTENTE).values("espace")
    AdresseAttendue.objects.filter(personne=de, issue=AdresseAttendue.Issue.EN_ATTENTE, espace__in=deja).delete()
    AdresseAttendue.objects.filter(personne=de).update(personne=vers)
    dit = RepresentantLegal.objects.filter(personne=vers, fin_le=None).exists()
    if dit:
        RepresentantLegal.objects.filter(personne=de, fin_le=None).update(fin_le=maintenant)
    RepresentantLegal.objects.filter(personne=de).update(personne=vers)
    if not dit:
        vers.representant_legal, vers.representant_source = de.representant_legal, de.representant_source
    vers.courriel = vers.courriel or de.courriel
    vers.save(update_fields=["representant_legal", "representant_source", "courriel", "modifiee_le"])
    IdentifiantRemplace.objects.filter(personne=de).update(personne=vers)
    attendent = Affaire.objects.filter(personne=de.pk, finie_le=None)
    if de.service_gestionnaire_id != vers.service_gestionnaire_id:  # nobody has claimed them there (services/0010)
        attendent.update(service_gestionnaire=vers.service_gestionnaire, agent=None, prise_le=None)
    Affaire.objects.filter(personne=de.pk).update(personne=vers.pk)  # what is done stays in the figures of who did it
    EvenementRegistre.objects.filter(personne=de, traite_le=None).delete()
    EvenementRegistre.objects.filter(personne=de).update(personne=vers)


@dataclass
class BilanIdentifications:
    """What a run did, in lines of its file."""

    attribues: int = 0
    deja: int = 0
    rejetees: int = 0


def importer_identifications(
    *, acteur: str, fichier: Path, sur_rejet: Callable[[Rejet], None], a_blanc: bool = False
) -> BilanIdentifications:
    """Give each IDSP of this file its SIREN, one transaction each; what cannot be merged is a reject with the reason.

    With `a_blanc`, each is tried and undone. Raises: FichierInsee.
    """
    bilan = BilanIdentifications()

    def rejeter(rejet: Rejet) -> None:
        bilan.rejetees += 1
        sur_rejet(rejet)

    for numero, idsp, siren in _lire(fichier, rejeter):
        personne = personne_d_identifiant(idsp)
        if personne is not None and not personne.provisoire and personne.siren == siren:
            bilan.deja += 1
            continue
        try:
            if personne is None:
                raise IdspInconnu(identifiant=idsp)
            with transaction.atomic():
                attribuer_siren(acteur=acteur, personne=personne, siren=siren)
                transaction.set_rollback(a_blanc)
        except RegleMetier as regle:
            rejeter(Rejet(fichier.name, numero, siren, str(regle)))
            continue
        bilan.attribues += 1
    return bilan


def _lire(fichier: Path, rejeter: Callable[[Rejet], None]) -> Iterator[tuple[int, str, str]]:
    for numero, cellules in lire_enregistrements(fichier, colonnes=COLONNES, requises=set(COLONNES), sur_rejet=rejeter):
        try:
            yield numero, normaliser_identifiant(cellules["idsp"]), normaliser_siren(cellules["siren"])
        except RegleMetier as regle:
            rejeter(Rejet(fichier.name, numero, "", str(regle)))
