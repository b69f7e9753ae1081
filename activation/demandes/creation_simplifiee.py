"""Creating an espace simplifié (R1, CGU §2.1.a; domaine.md §2.1): one company, its whole bouquet, one holder.

Form → link to the login address, when it is another one than the company's → link to the company's (72 h each) →
letter → code. A login address that nobody reads would lose the espace (CGU §3.1); and it answers first, since a login
address that has an espace already gets no link: a company's mailbox that got its own at once would tell it to whoever
typed both. Until both have answered nothing is asked of the SIREN and nobody is kept from it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.compteurs.essais import essai_compte
from accounts.compteurs.plafonds import compter_courriels, compter_siren
from accounts.envois import courriels
from accounts.espace.inscription import (
    EFFACEMENT,
    Departs,
    Inscription,
    effacer_inscription,
    inscrire,
    ouvrir_confirmation,
    redonner_lien,
)
from accounts.models import Compte, Espace, Lien
from accounts.saisies.adresse_saisie import forme_comptee
from accounts.saisies.adresses import normaliser_adresse_entreprise
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.traces.journal import consigner
from habilitations.models import Adhesion
from services.adresses.envoi import exiger_adresse
from services.models import Categorie, PersonneSirenisee, Service

from .. import actes
from ..models import CreationSimplifiee, Demande
from .depot import AucunService, enregistrer, exiger_droits_admis, verrouiller_pour_deposer

CATEGORIES = (Categorie.ENTREPRISE, Categorie.ASSOCIATION)


class ReserveeAuxEntreprises(RegleMetier):
    code = "reservee_aux_entreprises"
    message = (
        "L’espace simplifié est réservé aux entreprises et aux associations. Pour une collectivité locale ou un "
        "établissement public, créez un espace expert, puis demandez l’adhésion aux services."
    )


class ServicesDejaOuverts(RegleMetier):
    code = "services_deja_ouverts"
    message = (
        "Au moins un service en ligne est déjà ouvert pour ce SIREN. Créez un espace expert, puis demandez l’adhésion "
        "aux autres services, ou demandez à remplacer leur titulaire."
    )


def bouquet(personne: PersonneSirenisee) -> list[Service]:
    """Return the services that an espace simplifié of this personne receives at once."""
    return [
        service
        for service in Service.objects.filter(bouquet_simplifie=True, ferme_le=None)
        if service.ferme_a(personne) is None
    ]


def exiger_admissible(personne: PersonneSirenisee) -> None:
    """Check that this personne may be the one of an espace simplifié (R1). Who else asks keeps nobody out.

    Raises: PersonneCessee, ReserveeAuxEntreprises, ServicesDejaOuverts, AucunService, AdresseInconnue.
    """
    exiger_droits_admis(personne)
    if personne.categorie not in CATEGORIES:
        raise ReserveeAuxEntreprises
    if Adhesion.objects.ouvertes().pour_personne(personne).exists():
        raise ServicesDejaOuverts
    if not bouquet(personne):
        raise AucunService
    exiger_adresse(personne)


def consulter_siren(*, acteur: Visiteur, siren: str, deja_dit: bool) -> PersonneSirenisee | None:
    """Return the personne of this SIREN when it may have an espace simplifié, None when it is not known.

    Counts one look-up of the network, whatever is answered, unless this visitor was told of it already (`deja_dit`).
    Raises: TropDeDemandes, and what `exiger_admissible` raises.
    """
    if not deja_dit:
        with essai_compte():
            compter_siren(adresse_ip=acteur.adresse_ip)
    personne = PersonneSirenisee.objects.select_related("service_gestionnaire").filter(siren=siren).first()
    if personne is not None:
        exiger_admissible(personne)
    return personne


def inscrire_simplifie(
    *,
    acteur: Visiteur,
    inscription: Inscription,
    personne: PersonneSirenisee,
    courriel: str,
    qualite: str,
    maintenant: datetime | None = None,
) -> Espace | None:
    """Record the inscription and mail its first link; return the espace that waits, or None when its address has one.

    `courriel` is the company's address. The visitor sees the same page in both cases (accounts/espace/inscription.py).
    Raises: what `exiger_admissible` and `inscrire` raise, and the rules of the company's address.
    """
    adresse = normaliser_adresse_entreprise(courriel)
    exiger_admissible(personne)

    def envoyer_liens(espace: Espace, maintenant: datetime, departs: Departs) -> None:
        creation = CreationSimplifiee.objects.create(
            espace=espace, personne=personne, courriel=adresse, qualite=qualite, cree_le=maintenant
        )
        _envoyer_lien(creation, maintenant, departs)

    return inscrire(
        inscription=inscription,
        mode=Espace.Mode.SIMPLIFIE,
        envoyer_liens=envoyer_liens,
        autres_adresses=(adresse,),
        acteur=acteur,
        maintenant=maintenant,
    )


def _envoyer_lien(creation: CreationSimplifiee, maintenant: datetime, departs: Departs | None = None) -> Lien | None:
    """Mail its link to the address whose turn it is; a link of the company's confirms both when they are one."""
    espace = creation.espace
    if espace.compte is None:
        return None
    if creation.connexion_confirmee_le is None and creation.courriel != espace.compte.email:
        objet, adresse, genre = Lien.Objet.CONFIRMATION_CONNEXION, espace.compte.email, "confirmer_connexion"
    else:
        objet, adresse, genre = Lien.Objet.CONFIRMATION_ENTREPRISE, creation.courriel, "confirmer_entreprise"
    return courriels.envoyer_lien(
        genre,
        espace=espace,
        objet=objet,
        adresse=adresse,
        maintenant=maintenant,
        contexte={"denomination": creation.personne.denomination, "siren": creation.personne.siren_lisible},
        pas_avant=(departs or {}).get(forme_comptee(adresse)),
    )


@transaction.atomic
def renvoyer_liens(*, acteur: Espace, maintenant: datetime | None = None, departs: Departs | None = None) -> bool:
    """Mail its link again to the address that has not answered: the same one, while it lives. Return whether it left.

    Not within settings.RENVOI_APRES of the last one, and not once the letter has been asked for.
    """
    maintenant = maintenant or timezone.now()
    attente = (
        Espace.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte")
        .filter(pk=acteur.pk, etat=Espace.Etat.EN_ATTENTE_COURRIEL)
        .first()
    )
    creation = CreationSimplifiee.objects.select_related("personne").filter(espace=attente).first()
    if attente is None or creation is None:
        return False
    creation.espace = attente
    return _envoyer_lien(creation, maintenant, departs) is not None


@transaction.atomic
def redemander_liens(
    *, acteur: Visiteur, inscription: str | None, adresses: Sequence[str], maintenant: datetime | None = None
) -> None:
    """Mail the link that waits again, or that of the inscription that keeps its place; the visitor sees no difference.

    `adresses`: that of the login first. Counted to the network and to each, whether anything leaves or not.
    Raises: TropDeDemandes.
    """
    maintenant = maintenant or timezone.now()
    departs = compter_courriels(adresses=adresses, adresse_ip=acteur.adresse_ip, maintenant=maintenant)
    espace = Espace.objects.filter(pk=inscription).first() if inscription else None
    if espace is not None:
        renvoyer_liens(acteur=espace, maintenant=maintenant, departs=departs)
    else:
        redonner_lien(adresses[0], maintenant, departs[forme_comptee(adresses[0])])


def confirmer_entreprise(
    *, acteur: Visiteur, mot_de_passe: str = "", maintenant: datetime | None = None
) -> CreationSimplifiee:
    """Consume the link sent to the company, whose login address has answered: the letter leaves (R2).

    Raises: what `ouvrir_confirmation` raises, and what `exiger_admissible` raises: then the link is not used up.
    """
    return _confirmer(acteur, Lien.Objet.CONFIRMATION_ENTREPRISE, mot_de_passe, maintenant or timezone.now())


def confirmer_connexion(
    *, acteur: Visiteur, mot_de_passe: str = "", maintenant: datetime | None = None
) -> CreationSimplifiee:
    """Consume the link sent to the login address: the company gets its own. Raises: as `confirmer_entreprise`."""
    return _confirmer(acteur, Lien.Objet.CONFIRMATION_CONNEXION, mot_de_passe, maintenant or timezone.now())


@transaction.atomic
def _confirmer(acteur: Visiteur, objet: Lien.Objet, mot_de_passe: str, maintenant: datetime) -> CreationSimplifiee:
    lien = ouvrir_confirmation(acteur, objet=objet, mot_de_passe=mot_de_passe, maintenant=maintenant)
    creation = CreationSimplifiee.objects.select_related("espace__compte").get(espace=lien.espace)
    espace, personne = verrouiller_pour_deposer(creation.espace, creation.personne)
    creation.espace, creation.personne = espace, personne
    exiger_admissible(personne)
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    if objet == Lien.Objet.CONFIRMATION_ENTREPRISE:
        creation.entreprise_confirmee_le = maintenant
    if espace.compte is not None and lien.adresse == espace.compte.email:
        creation.connexion_confirmee_le = maintenant
    creation.save(update_fields=["entreprise_confirmee_le", "connexion_confirmee_le"])
    consigner(
        actes.CREATION_ADRESSE_CONFIRMEE,
        auteur=espace,
        siren=personne.siren,
        details={"adresse": Lien.Objet(objet).label},
    )
    if creation.complete:
        _demander_le_code(creation, maintenant)
    else:
        _envoyer_lien(creation, maintenant)
    return creation


def enverra_le_courrier(creation: CreationSimplifiee, objet: Lien.Objet, *, personnel: bool) -> bool:
    """Whether this link is the last one awaited: confirming its address sends the letter. `personnel`: it is the login's."""
    entreprise = objet == Lien.Objet.CONFIRMATION_ENTREPRISE or creation.entreprise_confirmee_le is not None
    return entreprise and (personnel or creation.connexion_confirmee_le is not None)


def _demander_le_code(creation: CreationSimplifiee, maintenant: datetime) -> None:
    """Let the letter leave, and the espace wait for its code; its holder may sign in, to enter it and nothing else."""
    espace = creation.espace
    Compte.objects.filter(espace=espace).update(is_active=True)
    espace.etat = Espace.Etat.EN_ATTENTE_CODE
    espace.save(update_fields=["etat"])
    enregistrer(
        acteur=espace,
        personne=creation.personne,
        nature=Demande.Nature.CREATION_SIMPLIFIEE,
        qualite=creation.qualite,
        services=bouquet(creation.personne),
        maintenant=maintenant,
    )


@transaction.atomic
def effacer_perimees(*, acteur: str = EFFACEMENT, maintenant: datetime | None = None, nombre: int = 500) -> int:
    """Erase the creations whose link expired before its address answered, and return how many: restart (T4)."""
    maintenant = maintenant or timezone.now()
    attendus = Lien.objects.filter(
        espace=OuterRef("pk"),
        objet__in=[Lien.Objet.CONFIRMATION_CONNEXION, Lien.Objet.CONFIRMATION_ENTREPRISE],
        consomme_le=None,
        revoque_le=None,
        expire_le__gte=maintenant,
    )
    perimes = list(
        Espace.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(~Exists(attendus), etat=Espace.Etat.EN_ATTENTE_COURRIEL, mode=Espace.Mode.SIMPLIFIE)
        .order_by("pk")[:nombre]
    )
    for espace in perimes:
        effacer_inscription(espace, acteur)
    return len(perimes)
