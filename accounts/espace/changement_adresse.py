"""Changing the login address: password, link to the new address, warning to the old one (R2, CGU §3.1.c).

The password was asked by the page. The old address can undo the change for 72 hours; meanwhile the address cannot
change again, so that nobody who took an espace over can make the link of the holder die.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import actes
from ..compteurs.plafonds import compter_changement
from ..envois import courriels
from ..envois.liens import LienInvalide, creer_lien, lien_a_envoyer, lire_lien
from ..facteurs.second_facteur import oublier_facteurs_recents
from ..models import Agent, AncienneAdresse, Compte, Espace, Lien
from ..mots_de_passe.confiance import REGRET, rendre_reponse
from ..mots_de_passe.politique import exiger_prouve, invalider_mot_de_passe
from ..saisies.adresses import normaliser_adresse
from ..saisies.dates import jour, jour_heure
from ..saisies.regles import RegleMetier
from ..sessions.navigateurs import oublier_navigateurs
from ..traces.acteurs import Visiteur
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner
from .inscription import liberer_adresse


class EspaceIndisponible(RegleMetier):
    code = "espace_indisponible"
    message = "Cet espace n’est pas actif : son adresse ne peut pas changer."


class AdresseInchangee(RegleMetier):
    code = "adresse_inchangee"
    message = "C’est déjà votre adresse de connexion."


class AdresseDejaPrise(RegleMetier):
    code = "adresse_deja_prise"
    message = "Cette adresse sert désormais d’identifiant à un autre espace : elle ne peut pas devenir le vôtre."


class ChangementRecent(RegleMetier):
    code = "changement_recent"
    message = (
        "Votre adresse a déjà changé il y a moins de 72 heures. "
        "Pour votre sécurité, vous pourrez la changer de nouveau à partir du {jusqu_a}."
    )


class AdresseInconnue(RegleMetier):
    code = "adresse_inconnue"
    message = "Aucun compte n’a l’adresse {adresse}."


def _verrouiller(espace: Espace) -> tuple[Espace, Compte]:
    """Return the espace and its account under lock. Raises EspaceIndisponible unless it is active."""
    espace = Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
    if not espace.est_actif or espace.compte_id is None:
        raise EspaceIndisponible
    return espace, Compte.objects.select_for_update(no_key=True).get(pk=espace.compte_id)


def en_attente_de_confirmation(espace: Espace, maintenant: datetime) -> QuerySet[Lien]:
    """Return the link that waits in the new mailbox, if there is one."""
    return Lien.objects.filter(
        espace=espace,
        objet=Lien.Objet.CHANGEMENT_ADRESSE,
        consomme_le=None,
        revoque_le=None,
        expire_le__gte=maintenant,
    )


def changement_en_attente(espace: Espace, maintenant: datetime | None = None) -> Lien | None:
    """Return the link that waits in the new mailbox, if there is one."""
    return en_attente_de_confirmation(espace, maintenant or timezone.now()).first()


def _annulation_d_ailleurs(espace: Espace, compte: Compte, maintenant: datetime) -> Lien | None:
    """Return the link by which a former address may still undo the last change."""
    vivantes = espace.liens.filter(
        objet=Lien.Objet.ANNULATION_ADRESSE, consomme_le=None, revoque_le=None, expire_le__gte=maintenant
    )
    return vivantes.exclude(adresse=compte.email).order_by("cree_le").first()


def adresses_du_detenteur(compte: Compte, maintenant: datetime) -> list[str]:
    """Return where the holder is told of what is unusual: the login address, then the former one while it may undo the change.

    Whoever has just changed the address reads the first; who then proves to be the holder reads the last.
    """
    espace = Espace.objects.filter(compte=compte).first()
    annulation = None if espace is None else _annulation_d_ailleurs(espace, compte, maintenant)
    return [compte.email] if annulation is None else [compte.email, annulation.adresse]


def _exiger_delai(espace: Espace, compte: Compte, maintenant: datetime) -> None:
    """Raise ChangementRecent while the former address may still undo the last change."""
    annulation = _annulation_d_ailleurs(espace, compte, maintenant)
    if annulation is not None:
        raise ChangementRecent(jusqu_a=jour_heure(annulation.expire_le))


@transaction.atomic
def demander_changement(*, acteur: Espace, nouvelle: str, maintenant: datetime | None = None) -> str:
    """Mail a 24 h link to the new address and a warning to the present one; return the address as it will be stored.

    An address that already belongs to somebody gets no link, but a word to its holder: the asker sees no difference.
    `acteur.compte` is the account as it was read to prove the password. An account asks so often, and an address is written to so often (accounts/compteurs/plafonds.py); what the visitors of the
    same network do does not count.
    Raises: EspaceIndisponible, CompteModifie, AdresseInchangee, ChangementRecent, AdresseInvalide, AdresseTropLongue, AdresseJetable,
    TropDeChangements, TropDeCourriels.
    """
    maintenant = maintenant or timezone.now()
    adresse = normaliser_adresse(nouvelle)
    prouve = acteur.compte
    espace, compte = _verrouiller(acteur)
    exiger_prouve(prouve, compte)
    if adresse == compte.email:
        raise AdresseInchangee
    _exiger_delai(espace, compte, maintenant)
    pas_avant = compter_changement(compte=compte, adresse=adresse, maintenant=maintenant)
    occupant = Compte.objects.d_adresse(adresse).select_related("espace").first()
    if occupant is None or _en_attente(occupant):
        courriels.envoyer_lien(
            "changement_adresse_confirmer",
            espace=espace,
            objet=Lien.Objet.CHANGEMENT_ADRESSE,
            adresse=adresse,
            maintenant=maintenant,
            pas_avant=pas_avant,
        )
    else:
        lien = lien_a_envoyer(
            espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, adresse=adresse, maintenant=maintenant
        )
        courriels.deposer(
            "changement_adresse_impossible",
            destinataire=occupant.email,
            acte=f"lien:{lien.pk}",
            maintenant=maintenant,
            pas_avant=pas_avant,
        )
    courriels.envoyer_lien(
        "changement_adresse_demande",
        espace=espace,
        objet=Lien.Objet.ANNULATION_ADRESSE,
        adresse=compte.email,
        maintenant=maintenant,
    )
    consigner(actes.ADRESSE_CHANGEMENT_DEMANDE, auteur=espace)
    return adresse


def proposer_au_guichet(*, espace: Espace, adresse: str, maintenant: datetime) -> None:
    """Mail the link of the address that the holder gave at the counter (R16); the espace is locked, the address normalised.

    Raises: AdresseDejaPrise.
    """
    if Compte.objects.d_adresse(adresse).exclude(espace=espace).exists():
        raise AdresseDejaPrise
    courriels.envoyer_lien(
        "adresse_guichet_confirmer",
        espace=espace,
        objet=Lien.Objet.CHANGEMENT_ADRESSE,
        adresse=adresse,
        maintenant=maintenant,
    )


def _en_attente(compte: Compte) -> bool:
    """Whether this account is an inscription that nobody confirmed yet: it does not own its address."""
    espace = getattr(compte, "espace", None)
    return espace is not None and espace.etat == Espace.Etat.EN_ATTENTE_COURRIEL


def donner_adresse(
    *, acteur: Compte, espace: Espace, adresse: str, voie: AncienneAdresse.Voie, maintenant: datetime
) -> None:
    """Store the new address of this account, of which our link proves the reader: an inscription that waited for it goes.

    The one before is kept a year, with how it was changed: a disabling gives it back. Raises AdresseDejaPrise; the constraint decides between two that race.
    """
    liberer_adresse(adresse)
    if Compte.objects.d_adresse(adresse).exclude(pk=acteur.pk).exists():
        raise AdresseDejaPrise
    ancienne, acteur.email = acteur.email, adresse
    acteur.adresse_rejetee_le = None
    try:
        with transaction.atomic():
            acteur.save(update_fields=["email", "adresse_rejetee_le"])
    except IntegrityError as erreur:
        if "compte_email_unique" not in str(erreur):
            raise
        raise AdresseDejaPrise from erreur
    AncienneAdresse.objects.create(espace=espace, adresse=ancienne, voie=voie, changee_le=maintenant)


def _revoquer(espace: Espace, objets: list[str], maintenant: datetime) -> int:
    return espace.liens.filter(objet__in=objets, consomme_le=None, revoque_le=None).update(revoque_le=maintenant)


def _taire_les_autres(espace: Espace, compte: Compte, *, depuis: datetime | None, maintenant: datetime) -> None:
    """Kill the links « ce n'est pas moi » mailed since then to any address but the present one, which its holder has proved his."""
    autres = espace.liens.filter(objet=Lien.Objet.CE_N_EST_PAS_MOI, consomme_le=None, revoque_le=None)
    if depuis is not None:
        autres = autres.filter(cree_le__gte=depuis)
    autres.exclude(adresse=compte.email).update(revoque_le=maintenant)


@transaction.atomic
def confirmer_changement(*, acteur: Visiteur, maintenant: datetime | None = None) -> Espace:
    """Consume the link of the new address: it is the identifier from now on. Return the espace.

    The former address gets a link that undoes it for 72 hours; a forgotten-password link that went there dies. Where the address
    was given at the counter (R16: the answer that was handed over has not served yet), the former one is told, and undoes nothing:
    somebody else may read it.
    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, EspaceIndisponible, AdresseDejaPrise.
    """
    maintenant = maintenant or timezone.now()
    lien = lire_lien(acteur.jeton, objet=Lien.Objet.CHANGEMENT_ADRESSE, maintenant=maintenant, verrouiller=True)
    espace, compte = _verrouiller(lien.espace)
    ancienne = compte.email
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    donner_adresse(
        acteur=compte,
        espace=espace,
        adresse=lien.adresse,
        voie=AncienneAdresse.Voie.DETENTEUR if espace.reponse_expire_le is None else AncienneAdresse.Voie.GUICHET,
        maintenant=maintenant,
    )
    _revoquer(espace, [Lien.Objet.MOT_DE_PASSE_OUBLIE], maintenant)
    consigner(actes.ADRESSE_CHANGEE, auteur=espace)
    if espace.reponse_expire_le is None:
        retour = creer_lien(espace=espace, objet=Lien.Objet.ANNULATION_ADRESSE, adresse=ancienne, maintenant=maintenant)
        courriels.deposer(
            "adresse_changee_ancienne", destinataire=ancienne, acte=f"lien:{retour.pk}", espace=espace, lien=retour
        )
    else:
        _taire_les_autres(espace, compte, depuis=None, maintenant=maintenant)
        courriels.deposer("adresse_guichet_ancienne", destinataire=ancienne, acte=f"lien-ancienne:{lien.pk}")
    courriels.deposer("adresse_changee", destinataire=lien.adresse, acte=f"lien-suivi:{lien.pk}", espace=espace)
    return espace


@transaction.atomic
def annuler_changement(*, acteur: Visiteur, maintenant: datetime | None = None) -> Espace:
    """Consume the link of the former address: it is the identifier again, and the password no longer serves.

    Somebody who knew the password asked for the change: it is made unusable, with every session and every known
    browser, and the holder chooses another through the forgotten-password link and the trust answer. What that person
    may have put in the holder's way goes too: the answer is again the one from before, the second factors that were
    added go, back to REGRET before the change; so do the links « ce n'est pas moi » mailed to the other address since.
    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire, EspaceIndisponible, AdresseDejaPrise.
    """
    maintenant = maintenant or timezone.now()
    lien = lire_lien(acteur.jeton, objet=Lien.Objet.ANNULATION_ADRESSE, maintenant=maintenant, verrouiller=True)
    espace, compte = _verrouiller(lien.espace)
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    if compte.email != lien.adresse:
        donner_adresse(
            acteur=compte,
            espace=espace,
            adresse=lien.adresse,
            voie=AncienneAdresse.Voie.ANNULATION,
            maintenant=maintenant,
        )
    _taire_les_autres(espace, compte, depuis=lien.cree_le, maintenant=maintenant)
    depuis = lien.cree_le - REGRET
    reponse_rendue = rendre_reponse(espace, depuis=depuis)
    facteurs_retires = oublier_facteurs_recents(espace=espace, compte=compte, depuis=depuis)
    invalider_mot_de_passe(acteur=compte, maintenant=maintenant)
    oublier_navigateurs(acteur=compte)
    consigner(
        actes.ADRESSE_CHANGEMENT_ANNULE,
        auteur=espace,
        details={"reponse_rendue": reponse_rendue, "facteurs_retires": facteurs_retires},
    )
    courriels.deposer(
        "changement_adresse_annule",
        destinataire=lien.adresse,
        acte=f"lien-suivi:{lien.pk}",
        espace=espace,
        contexte={
            "reponse_du": jour(espace.reponse_changee_le) if reponse_rendue else "",
            "facteurs_retires": facteurs_retires,
        },
    )
    return espace


@transaction.atomic
def abandonner_changement(*, acteur: Espace, maintenant: datetime | None = None) -> bool:
    """Give up the change that waits for its confirmation. Return whether there was one."""
    maintenant = maintenant or timezone.now()
    espace, _ = _verrouiller(acteur)
    if not _revoquer(espace, [Lien.Objet.CHANGEMENT_ADRESSE], maintenant):
        return False
    consigner(actes.ADRESSE_CHANGEMENT_ABANDONNE, auteur=espace)
    return True


@transaction.atomic
@relit_l_agent
def signaler_rejet(*, acteur: Agent | str, adresse: str, motif: str = "", maintenant: datetime | None = None) -> Compte:
    """Note that the provider returned a mail sent to this login address; the holder reads it at the next sign-in.

    Raises: AdresseInconnue (CGU §3.1.b-c).
    """
    compte = Compte.objects.d_adresse(adresse).select_for_update(no_key=True).first()
    if compte is None:
        raise AdresseInconnue(adresse=adresse)
    if compte.adresse_rejetee_le is None:
        compte.adresse_rejetee_le = maintenant or timezone.now()
        compte.save(update_fields=["adresse_rejetee_le"])
        consigner(
            actes.ADRESSE_REJETEE,
            auteur=acteur,
            espace=Espace.objects.filter(compte=compte).first(),
            details={"motif": motif[:200]},
        )
    return compte


@transaction.atomic
def lever_rejet(*, acteur: Espace) -> None:
    """Forget the returned mail: the holder says that the mailbox works again."""
    espace, compte = _verrouiller(acteur)
    if compte.adresse_rejetee_le is not None:
        compte.adresse_rejetee_le = None
        compte.save(update_fields=["adresse_rejetee_le"])
        consigner(actes.ADRESSE_REJET_LEVE, auteur=espace)


def exiger_annulable(lien: Lien) -> None:
    """Raise LienInvalide when the espace behind this link is no longer active (read by the page before its button)."""
    if not lien.espace.est_actif:
        raise LienInvalide
