"""What every demande shares: locked, recorded, told, ended (R7)."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from accounts.envois import courriels
from accounts.envois.reveil import reveiller
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner
from services.adresses.envoi import exiger_adresse
from services.models import PersonneSirenisee, Service

from .. import actes
from ..courriers.codes import ALPHABET
from ..courriers.edition import deposer_courrier
from ..models import Courrier, Demande, LigneDemande, Signalement
from .chute import faire_tomber
from .plafonds import TACHE_AVANCEMENT, depart_du_courrier


class EspaceNonActif(RegleMetier):
    code = "deposant_non_actif"
    message = "Votre espace doit être actif pour déposer une demande."


class EspaceNonExpert(RegleMetier):
    code = "espace_non_expert"
    message = (
        "Seul un espace expert peut adhérer à d’autres services : transformez d’abord votre espace en espace expert."
    )


class PersonneCessee(RegleMetier):
    code = "personne_cessee"
    message = "{denomination} a cessé son activité : aucun service ne peut plus être ouvert pour ce SIREN."


class AucunService(RegleMetier):
    code = "aucun_service"
    message = "Choisissez au moins un service."


class DemandeDejaEnCours(RegleMetier):
    code = "demande_deja_en_cours"
    message = (
        "Vous avez déjà une demande en cours pour ce SIREN ({reference}) : activez-la ou annulez-la avant d’en "
        "déposer une autre."
    )


def nouvelle_reference(maintenant: datetime) -> str:
    """Return a reference that can be read on the telephone: `D-2026-7KQ4M2XA` (31^8 a year)."""
    return f"D-{maintenant:%Y}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def exiger_droits_admis(personne: PersonneSirenisee) -> None:
    """Check that a service may still be opened or taken over for this personne. Raises: PersonneCessee."""
    if not personne.admet_de_nouveaux_droits:
        raise PersonneCessee(denomination=personne.denomination)


def exiger_expert_actif(espace: Espace) -> None:
    """Raises: EspaceNonActif, EspaceNonExpert."""
    if espace.etat != Espace.Etat.ACTIF:
        raise EspaceNonActif
    if espace.mode != Espace.Mode.EXPERT:
        raise EspaceNonExpert


def verrouiller_pour_deposer(acteur: Espace, personne: PersonneSirenisee) -> tuple[Espace, PersonneSirenisee]:
    """Lock espace then personne, so that the limits of both are counted once; return them fresh."""
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    fraiche = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    return espace, fraiche


def exiger_seule(acteur: Espace, personne: PersonneSirenisee, nature: str, services: Sequence[Service]) -> None:
    """Check that nothing of this waits already for this espace; both are locked. Raises: DemandeDejaEnCours."""
    siennes = Demande.objects.en_cours().filter(espace=acteur, personne=personne)
    deja = siennes.filter(Q(nature=nature) | Q(lignes__service__in=services)).first()
    if deja is not None:
        raise DemandeDejaEnCours(reference=deja.reference)


def enregistrer(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    nature: Demande.Nature,
    qualite: str,
    maintenant: datetime,
    services: Sequence[Service] = (),
    nouvelle_adresse: str = "",
    lot: uuid.UUID | None = None,
) -> Demande:
    """Write a demande of any nature, its letter, its line in the journal and its mail; return it (R7).

    For a `lot`, one mail is the caller's to write. That of a company's new address has no letter yet: its link comes first
    (R21, confirmation_adresse.py).
    The caller has locked espace and personne and checked the rules of this nature.
    Beyond a cap of the letters nothing is refused: this one's is dated (plafonds.py).
    Raises: AdresseInconnue, DemandeDejaEnCours: one waiting demande of each nature, and none twice for one service.
    """
    exiger_adresse(personne)
    exiger_seule(acteur, personne, nature, services)
    demande = Demande.objects.create(
        reference=nouvelle_reference(maintenant),
        nature=nature,
        espace=acteur,
        personne=personne,
        qualite=qualite,
        nouvelle_adresse=nouvelle_adresse,
        lot=lot,
        deposee_le=maintenant,
    )
    LigneDemande.objects.bulk_create([LigneDemande(demande=demande, service=service) for service in services])
    part_le = None if demande.adresse_a_confirmer else envoyer_la_lettre(demande, maintenant).pas_avant
    consigner(
        actes.DEMANDE_DEPOSEE,
        auteur=acteur,
        siren=personne.siren,
        details={
            "demande": demande.reference,
            "nature": demande.nature,
            "qualite": qualite,
            "services": [s.code for s in services],
        },
    )
    if lot is None:
        prevenir(
            demande, "demande_deposee", "deposee", part_le_jour=jour(part_le), nouvelle_adresse=demande.nouvelle_adresse
        )
    return demande


def envoyer_la_lettre(demande: Demande, maintenant: datetime) -> Courrier:
    """Have the first letter of this demande leave, when the caps let it; espace and personne are locked."""
    tour, depart = depart_du_courrier(demande.espace, demande.personne, maintenant=maintenant)
    return deposer_courrier(demande, numero=1, maintenant=maintenant, tour=tour, depart=depart)


def prevenir(demande: Demande, genre: str, quoi: str, **contexte: object) -> None:
    """Mail the requester about the demande."""
    if demande.espace.compte is not None:
        courriels.deposer(
            genre,
            destinataire=demande.espace.compte.email,
            acte=f"demande-{quoi}:{demande.pk}",
            espace=demande.espace,
            contexte={
                "reference": demande.reference,
                "nature": demande.get_nature_display(),
                "denomination": demande.personne.denomination,
                "creation": demande.nature == Demande.Nature.CREATION_SIMPLIFIEE,
                **contexte,
            },
        )


def verrouiller(demande: Demande) -> Demande:
    """Return the demande with its espace, its personne, then itself locked: the order of every act (style.md)."""
    espace = Espace.objects.select_for_update(no_key=True).get(pk=demande.espace_id)
    PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=demande.personne_id)
    fraiche = (
        Demande.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne", "espace__compte")
        .get(pk=demande.pk)
    )
    fraiche.espace.etat = espace.etat
    return fraiche


def terminer(demande: Demande, etat: Demande.Etat, maintenant: datetime) -> None:
    """Close a demande, after its mail was written: a creation simplifiée that came to nothing takes its espace along."""
    demande.etat = etat
    demande.terminee_le = maintenant
    demande.save(update_fields=["etat", "terminee_le", "motif_refus"])
    suite = Signalement.Decision.CONFIRME if etat == Demande.Etat.REFUSEE else Signalement.Decision.SANS_OBJET
    demande.signalements.filter(decision=Signalement.Decision.EN_ATTENTE).update(decision=suite, decide_le=maintenant)
    reveiller(TACHE_AVANCEMENT, demande.pk)  # its letter, if it had not left, gives its day back
    if demande.nature == Demande.Nature.CREATION_SIMPLIFIEE and etat != Demande.Etat.ACTIVEE:
        faire_tomber(demande, maintenant)
