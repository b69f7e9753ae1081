"""Changing a company's e-mail (R21, CGU §4.e): asked by its Messagerie's administrators, effective on the code.

A link goes to the new address first; the letter leaves once whoever reads it has answered (confirmation_adresse.py).
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs.plafonds import compter_adresse_entreprise, dater_avis
from accounts.envois import courriels
from accounts.models import Courriel, Espace, Lien
from accounts.saisies.adresses import normaliser_adresse_entreprise
from accounts.saisies.regles import RegleMetier
from habilitations.droits.roles import GERER_COURRIEL
from services.models import PersonneSirenisee

from ..models import Demande
from .depot import (
    EspaceNonActif,
    enregistrer,
    exiger_droits_admis,
    exiger_seule,
    verrouiller_pour_deposer,
)

DEMARCHE = "Remplacement de l’adresse électronique de l’entreprise"


class MessagerieRequise(RegleMetier):
    code = "messagerie_requise"
    message = (
        "Seul l’administrateur titulaire ou suppléant de la messagerie {denomination:de} peut faire changer son adresse "
        "électronique."
    )


class AdresseInchangee(RegleMetier):
    code = "courriel_inchange"
    message = "Cette adresse est déjà celle de l’entreprise."


def exiger_administrateur(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Check that this espace administers the Messagerie of this personne today. Raises: MessagerieRequise."""
    if acteur.compte is None or not acteur.compte.has_perm(GERER_COURRIEL, personne):
        raise MessagerieRequise(denomination=personne.denomination)


def examiner_changement(acteur: Espace, personne: PersonneSirenisee, adresse: str) -> str:
    """Return the new address in its one form, when its change may be asked for.

    Raises: the rules of an address, EspaceNonActif, MessagerieRequise, PersonneCessee, AdresseInchangee,
    DemandeDejaEnCours.
    """
    nouvelle = normaliser_adresse_entreprise(adresse)
    if not acteur.est_actif:
        raise EspaceNonActif
    exiger_administrateur(acteur, personne)
    exiger_droits_admis(personne)
    if nouvelle == personne.courriel:
        raise AdresseInchangee
    exiger_seule(acteur, personne, Demande.Nature.COURRIEL_PERSONNE, ())
    return nouvelle


@transaction.atomic
def demander_changement(
    *, acteur: Espace, personne: PersonneSirenisee, adresse: str, qualite: str, maintenant: datetime | None = None
) -> Demande:
    """Record the demande, mail a link to the new address and a warning to the present one; return it.

    Raises: EspaceNonActif, MessagerieRequise, PersonneCessee, AdresseInconnue, the rules of an address, AdresseInchangee,
    DemandeDejaEnCours, TropDeChangements. What another administrator asked for keeps nobody from asking.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller_pour_deposer(acteur, personne)
    nouvelle = examiner_changement(acteur, personne, adresse)
    demande = enregistrer(
        acteur=acteur,
        personne=personne,
        nature=Demande.Nature.COURRIEL_PERSONNE,
        qualite=qualite,
        nouvelle_adresse=nouvelle,
        maintenant=maintenant,
    )
    envoyer_le_lien(demande, maintenant)
    if personne.courriel:
        _prevenir_l_entreprise(demande, maintenant)
    return demande


def envoyer_le_lien(demande: Demande, maintenant: datetime) -> bool:
    """Mail its link to the address asked for, the same one while it lives; whether a mail was written.

    None within settings.RENVOI_APRES of the last one. The espace is locked. Raises: TropDeChangements; nothing is written.
    """
    pas_avant = compter_adresse_entreprise(
        espace=demande.espace, adresse=demande.nouvelle_adresse, maintenant=maintenant
    )
    lien = courriels.envoyer_lien(
        "courriel_entreprise_confirmer",
        espace=demande.espace,
        objet=Lien.Objet.COURRIEL_ENTREPRISE,
        adresse=demande.nouvelle_adresse,
        sujet=demande.pk,
        maintenant=maintenant,
        contexte={
            "reference": demande.reference,
            "denomination": demande.personne.denomination,
            "siren": demande.personne.siren_lisible,
        },
        pas_avant=pas_avant,
    )
    return lien is not None


def _prevenir_l_entreprise(demande: Demande, maintenant: datetime) -> None:
    """Tell the present address of it: at once, or within the hour, in the one mail that then tells of all (personne locked).

    Of all that is asked of this company: another whose address it is too has its own mail.
    """
    adresse = demande.personne.courriel
    acte = f"courriel-entreprise-demande:{demande.personne_id}:"
    pas_avant = dater_avis(f"courriel-entreprise|{demande.personne_id}", settings.DEBIT_COURRIEL_ENTREPRISE, maintenant)
    en_attente = (
        Courriel.objects.select_for_update(no_key=True, of=("self",))
        .en_attente()
        .filter(
            destinataire=adresse,
            genre="courriel_entreprise_demande",
            acte__startswith=acte,
            prochain_essai_le__gt=maintenant,
        )
        .first()
    )
    if en_attente is not None and pas_avant > maintenant:
        en_attente.contexte = {
            **_contexte(demande),
            "autres": [*en_attente.contexte.get("autres", []), en_attente.contexte["reference"]],
        }
        en_attente.save(update_fields=["contexte"])
        return
    courriels.deposer(
        "courriel_entreprise_demande",
        destinataire=adresse,
        acte=f"{acte}{demande.pk}",
        contexte={**_contexte(demande), "autres": []},
        maintenant=maintenant,
        pas_avant=pas_avant,
    )


def changer_courriel(demande: Demande) -> str:
    """Give the personne its new address, tell both, and return the former one. Called with the right code."""
    personne = demande.personne
    ancienne = personne.courriel
    if ancienne == demande.nouvelle_adresse:  # another demande has given it meanwhile: nothing changes
        return ancienne
    personne.courriel = demande.nouvelle_adresse
    personne.save(update_fields=["courriel", "modifiee_le"])
    for adresse in {ancienne, personne.courriel} - {""}:
        courriels.deposer(
            "courriel_entreprise_change",
            destinataire=adresse,
            acte=f"courriel-entreprise-change:{demande.pk}",
            contexte=_contexte(demande),
        )
    return ancienne


def _contexte(demande: Demande) -> dict[str, str]:
    return {
        "reference": demande.reference,
        "denomination": demande.personne.denomination,
        "demandeur": demande.espace.nom_complet,
        "nouvelle": demande.nouvelle_adresse,
    }
