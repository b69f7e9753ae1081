"""Creating an espace (CGU §2.1): what both modes share, and the espace expert, which a link opens at once.

The espace simplifié waits for a posted code: activation/demandes/creation_simplifiee.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from .. import actes
from ..compteurs.essais import essai_compte
from ..compteurs.plafonds import compter_courriels
from ..envois import courriels
from ..envois.liens import LienDejaUtilise, LienInvalide, lire_lien
from ..models import Compte, Courriel, Espace, Lien
from ..mots_de_passe.confiance import verifier_reponse
from ..mots_de_passe.hachage import hacher_reponse
from ..mots_de_passe.politique import exiger_force
from ..mots_de_passe.saturation import part_des_inscriptions
from ..saisies.adresse_saisie import forme_comptee
from ..saisies.adresses import normaliser_adresse
from ..saisies.code_postal import exiger_code_du_pays
from ..saisies.noms import normaliser_nom, normaliser_texte
from ..saisies.numeros import nouveau_numero
from ..saisies.regles import RegleMetier
from ..saisies.telephone import normaliser_telephone
from ..traces.acteurs import Visiteur
from ..traces.journal import consigner
from .conditions import version_en_vigueur
from .noms_admis import exiger_nom_admis

# The job that erases what was never confirmed, in both modes.
EFFACEMENT: Final = "systeme:effacer_inscriptions_perimees"
REFUS: Final = "systeme:refuser_inscription"  # the reader of the mailbox, whom nobody knows yet


Departs = Mapping[str, datetime]
"""When a mail to each address leaves, by its one form (accounts/compteurs/plafonds.py)."""
CONFIRMATIONS = (
    Lien.Objet.CONFIRMATION_EXPERT,
    Lien.Objet.CONFIRMATION_CONNEXION,
    Lien.Objet.CONFIRMATION_ENTREPRISE,
)


class MotDePasseAutre(RegleMetier):
    code = "mot_de_passe_autre_que_celui_de_l_inscription"
    message = "Ce n’est pas le mot de passe choisi lors de l’inscription."


@dataclass(frozen=True, kw_only=True)
class Inscription:
    """What a visitor gives to create an espace, as typed; `inscrire` checks and normalises it.

    `organisation` holds more words that a password must not rest on: the company's name and address. `cgu_version` is the
    version that the visitor has accepted, the one in force when it is not said.
    """

    email: str
    mot_de_passe: str
    civilite: str
    nom: str
    prenom: str
    telephone: str
    siren_appartenance: str
    question_confiance: str
    reponse_confiance: str
    voie: str = ""
    complement: str = ""
    distribution: str = ""
    code_postal: str = ""
    commune: str = ""
    pays: str = ""
    organisation: tuple[str, ...] = ()
    cgu_version: str = ""

    def mots_personnels(self) -> list[str]:
        return [
            *self.organisation,
            self.email,
            self.nom,
            self.prenom,
            self.siren_appartenance,
            self.telephone,
            self.commune,
        ]


def _nouvel_espace(
    compte: Compte, mode: Espace.Mode, inscription: Inscription, reponse: str, maintenant: datetime
) -> Espace:
    """Return the espace of this account, saved with a number that no other has."""
    for _ in range(10):
        try:
            with transaction.atomic():
                return Espace.objects.create(
                    compte=compte,
                    numero_abonne=nouveau_numero(timezone.localdate(maintenant)),
                    mode=mode,
                    civilite=inscription.civilite,
                    nom=normaliser_nom(inscription.nom),
                    prenom=normaliser_nom(inscription.prenom),
                    telephone=normaliser_telephone(inscription.telephone),
                    siren_appartenance=inscription.siren_appartenance,
                    voie=normaliser_texte(inscription.voie),
                    complement=normaliser_texte(inscription.complement),
                    distribution=normaliser_texte(inscription.distribution),
                    code_postal=exiger_code_du_pays(inscription.code_postal, inscription.pays),
                    commune=normaliser_texte(inscription.commune),
                    pays=normaliser_texte(inscription.pays),
                    question_confiance=inscription.question_confiance,
                    reponse_confiance=reponse,
                    reponse_changee_le=maintenant,
                    reponse_a_montrer=True,
                    cgu_version=inscription.cgu_version or version_en_vigueur(maintenant).numero,
                    cgu_acceptees_le=maintenant,
                    cree_le=maintenant,
                )
        except IntegrityError as erreur:
            if "numero_abonne" not in str(erreur):
                raise
    raise RuntimeError("no free numéro d’abonné after ten draws")  # one chance in 10^20 on a day of 10 000 creations


def liberer_adresse(adresse: str) -> None:
    """Forget the inscription that waits at this address, if there is one: nobody has shown that it is theirs.

    The espace is locked, then its account goes, as everywhere; only one that waits is locked, so that two active
    espaces never wait for each other here. In the caller's transaction.
    """
    attente = _en_attente(adresse)
    if attente is not None:
        _effacer(attente)


def _en_attente(adresse: str) -> Espace | None:
    """Return the inscription that waits at this address, locked."""
    return (
        Espace.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte")
        .filter(compte__in=Compte.objects.d_adresse(adresse), etat=Espace.Etat.EN_ATTENTE_COURRIEL)
        .first()
    )


def _a_un_lien_vivant(espace: Espace, maintenant: datetime) -> bool:
    vivants = espace.liens.filter(objet__in=CONFIRMATIONS, consomme_le=None, revoque_le=None)
    return vivants.filter(expire_le__gte=maintenant).exists()


def _effacer(espace: Espace) -> None:
    compte = espace.compte
    espace.delete()
    if compte is not None:
        compte.delete()


def inscrire_expert(*, acteur: Visiteur, inscription: Inscription, maintenant: datetime | None = None) -> Espace | None:
    """Record an inscription and mail its 48 h link; return the espace that waits, or None when the address has one.

    Raises: what `inscrire` raises.
    """
    return inscrire(
        acteur=acteur,
        inscription=inscription,
        mode=Espace.Mode.EXPERT,
        envoyer_liens=_envoyer_lien,
        maintenant=maintenant,
    )


def inscrire(
    *,
    acteur: Visiteur,
    inscription: Inscription,
    mode: Espace.Mode,
    envoyer_liens: Callable[[Espace, datetime, Departs], object],
    autres_adresses: tuple[str, ...] = (),
    maintenant: datetime | None = None,
) -> Espace | None:
    """Record an inscription of this mode; return the espace that waits, or None when the address has one already.

    `envoyer_liens` is called with the new espace in the same transaction. The visitor must see the same page in both
    cases (no hint whether an account exists): the holder of an existing espace is told by mail. `autres_adresses` are
    the others that the links go to: the visitor's network and each address have so many, counted in a transaction of
    their own, whatever becomes of the inscription (nor is anything locked while the answer is hashed). An inscription that
    waits there stays while its link lives, unless this browser made it: the mailbox gets that link again, and its owner, who
    alone reads it, confirms or erases (`refuser_inscription`).
    Raises: the rules of the address, the password, the trust answer and the names (R2–R4), TropDeDemandes,
    InscriptionsSaturees.
    """
    maintenant = maintenant or timezone.now()
    adresse = normaliser_adresse(inscription.email)
    exiger_nom_admis(prenom=inscription.prenom, nom=inscription.nom)  # before the address: it tells nothing of it
    politique = exiger_force(inscription.mot_de_passe, inscription.mots_personnels()).version
    normalisee = verifier_reponse(
        inscription.reponse_confiance,
        personnels=inscription.mots_personnels(),
        mot_de_passe=inscription.mot_de_passe,
        question=inscription.question_confiance,
    )
    with part_des_inscriptions():
        with essai_compte():
            departs = compter_courriels(
                adresses=(adresse, *autres_adresses),
                adresse_ip=acteur.adresse_ip,
                prouvee=acteur.prouvee,
                maintenant=maintenant,
            )
        empreinte = hacher_reponse(normalisee)
        try:
            with transaction.atomic(durable=True):
                liberer = _ceder_la_place(acteur, adresse, maintenant)
                espace = _ouvrir(inscription, mode, adresse, empreinte, politique, maintenant) if liberer else None
                if espace is not None:
                    envoyer_liens(espace, maintenant, departs)
                else:
                    _repondre_a_la_place(inscription, adresse, maintenant, departs)
                return espace
        except IntegrityError as erreur:
            if "compte_email_unique" not in str(erreur):
                raise
            return None  # another browser was quicker with the same address: its link is on the way


def _ceder_la_place(acteur: Visiteur, adresse: str, maintenant: datetime) -> bool:
    """Erase the inscription that waits at this address where it may be: it is this browser's, or its link is dead.

    Return whether none is left.
    """
    attente = _en_attente(adresse)
    if attente is None:
        return True
    if acteur.inscription != str(attente.pk) and _a_un_lien_vivant(attente, maintenant):
        return False
    _effacer(attente)
    return True


def _ouvrir(
    inscription: Inscription, mode: Espace.Mode, adresse: str, reponse: str, politique: int, maintenant: datetime
) -> Espace | None:
    if Compte.objects.d_adresse(adresse).exists():
        return None
    compte = Compte.objects.creer(
        email=adresse, mot_de_passe=inscription.mot_de_passe, politique=politique, is_active=False
    )
    espace = _nouvel_espace(compte, mode, inscription, reponse, maintenant)
    consigner(actes.ESPACE_INSCRIPTION, auteur=espace, details={"mode": espace.mode, "cgu": espace.cgu_version})
    return espace


def _repondre_a_la_place(inscription: Inscription, adresse: str, maintenant: datetime, departs: Departs) -> None:
    """Write to the mailbox of an address that is taken, and work as much as a creation does.

    Who waits there gets the same live link again; the holder of an espace is told; an inscription that another browser made
    a moment ago has its link on the way.
    """
    Compte(email=adresse).set_password(inscription.mot_de_passe)
    pas_avant = departs.get(forme_comptee(adresse))
    existant = Compte.objects.d_adresse(adresse).select_related("espace").first()
    if existant is None:
        return
    espace = getattr(existant, "espace", None)
    if espace is not None and espace.etat == Espace.Etat.EN_ATTENTE_COURRIEL:
        redonner_lien(adresse, maintenant, pas_avant)
        return
    courriels.deposer(
        "adresse_deja_utilisee",
        destinataire=existant.email,
        acte=f"inscription-refusee:{existant.pk}:{maintenant:%Y%m%d}",
        espace=espace,
        pas_avant=pas_avant,
    )


def redonner_lien(adresse: str, maintenant: datetime, pas_avant: datetime | None = None) -> None:
    """Mail the live link of the inscription that waits at this address, again; nothing when its own mailbox has answered."""
    attente = _en_attente(adresse)
    if attente is None or attente.compte is None:
        return
    dernier = (
        Courriel.objects.select_related("lien")
        .filter(
            destinataire=attente.compte.email,
            lien__espace=attente,
            lien__objet__in=CONFIRMATIONS,
            lien__consomme_le=None,
            lien__revoque_le=None,
            lien__expire_le__gte=maintenant,
        )
        .order_by("-cree_le")
        .first()
    )
    if dernier is not None and dernier.lien is not None:
        courriels.envoyer_lien(
            dernier.genre,
            espace=attente,
            objet=dernier.lien.objet,
            adresse=dernier.destinataire,
            maintenant=maintenant,
            contexte=dernier.contexte,
            pas_avant=pas_avant,
        )


def _envoyer_lien(espace: Espace, maintenant: datetime, departs: Departs) -> Lien | None:
    """Mail the link of an espace expert that waits; None when it has just left."""
    if espace.compte is None:
        return None
    return courriels.envoyer_lien(
        "confirmer_adresse",
        espace=espace,
        objet=Lien.Objet.CONFIRMATION_EXPERT,
        adresse=espace.compte.email,
        maintenant=maintenant,
        pas_avant=departs.get(forme_comptee(espace.compte.email)),
    )


@transaction.atomic
def renvoyer_confirmation(
    *, acteur: Espace, maintenant: datetime | None = None, departs: Departs | None = None
) -> Lien | None:
    """Mail the link of an inscription that waits, again: the same one, while it lives.

    Returns None when it waits no more, or when its last mail left within settings.RENVOI_APRES.
    """
    maintenant = maintenant or timezone.now()
    attente = (
        Espace.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte")
        .filter(pk=acteur.pk, etat=Espace.Etat.EN_ATTENTE_COURRIEL, mode=Espace.Mode.EXPERT)
        .first()
    )
    if attente is None:
        return None
    return _envoyer_lien(attente, maintenant, departs or {})


@transaction.atomic
def redemander_confirmation(
    *, acteur: Visiteur, inscription: str | None, adresse: str, maintenant: datetime | None = None
) -> None:
    """Mail the link of this inscription again, or of the one that keeps its place; the visitor sees no difference.

    Counted to the network and to the address, whether anything leaves or not. Raises: TropDeDemandes.
    """
    maintenant = maintenant or timezone.now()
    departs = compter_courriels(adresses=(adresse,), adresse_ip=acteur.adresse_ip, maintenant=maintenant)
    espace = Espace.objects.filter(pk=inscription).first() if inscription else None
    if espace is not None:
        renvoyer_confirmation(acteur=espace, maintenant=maintenant, departs=departs)
    else:
        redonner_lien(adresse, maintenant, departs[forme_comptee(adresse)])


@transaction.atomic
def refuser_inscription(*, acteur: Visiteur, objet: Lien.Objet, maintenant: datetime | None = None) -> str:
    """Erase the inscription that somebody else made under the address of this link; return the address, proved by it.

    Whoever reads the company's mailbox refuses so what is asked in its name; the person who asked is told.
    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire.
    """
    lien = lire_lien(acteur.jeton, objet=objet, maintenant=maintenant, verrouiller=True)
    compte = lien.espace.compte
    if lien.espace.etat != Espace.Etat.EN_ATTENTE_COURRIEL or compte is None:
        raise LienInvalide
    consigner(actes.ESPACE_INSCRIPTION_REFUSEE, auteur=REFUS, espace=lien.espace)
    cle = lien.espace.pk
    _effacer(lien.espace)
    if compte.email != lien.adresse:
        courriels.deposer(
            "inscription_refusee",
            destinataire=compte.email,
            acte=f"inscription-refusee:{cle}",
            contexte={"prenom": lien.espace.prenom, "nom": lien.espace.nom, "adresse_entreprise": lien.adresse},
            maintenant=maintenant,
        )
    return lien.adresse


def mot_de_passe_requis(lien: Lien, acteur: Visiteur) -> bool:
    """Whether who follows this link must give the inscription's password: an espace that somebody else has prepared
    under my address must not go on by my click in my own browser.

    The company's link may be read by anybody of the company, unless its address is the login address too.
    """
    compte = lien.espace.compte
    a_la_personne = lien.objet != Lien.Objet.CONFIRMATION_ENTREPRISE or (
        compte is not None and compte.email == lien.adresse
    )
    return a_la_personne and acteur.inscription != str(lien.espace_id)


def ouvrir_confirmation(acteur: Visiteur, *, objet: Lien.Objet, mot_de_passe: str, maintenant: datetime) -> Lien:
    """Return the live confirmation link of this visitor, locked, once they have proved that the inscription is theirs.

    A link that has served says so only after the proof: its second press leads where the first one did.
    Raises: MotDePasseAutre, LienInvalide, LienDejaUtilise, LienRemplace, LienExpire.
    """
    try:
        lien = lire_lien(acteur.jeton, objet=objet, maintenant=maintenant, verrouiller=True)
    except LienDejaUtilise as regle:
        _exiger_mot_de_passe(regle.contexte["lien"], acteur, mot_de_passe)
        raise
    _exiger_mot_de_passe(lien, acteur, mot_de_passe)
    return lien


def _exiger_mot_de_passe(lien: Lien, acteur: Visiteur, mot_de_passe: str) -> None:
    compte = lien.espace.compte
    if mot_de_passe_requis(lien, acteur) and (compte is None or not check_password(mot_de_passe, compte.password)):
        raise MotDePasseAutre


@transaction.atomic
def confirmer_adresse(*, acteur: Visiteur, mot_de_passe: str = "", maintenant: datetime | None = None) -> Espace:
    """Consume the confirmation link and open the espace expert (R2).

    Raises: what `ouvrir_confirmation` raises.
    """
    maintenant = maintenant or timezone.now()
    lien = ouvrir_confirmation(
        acteur, objet=Lien.Objet.CONFIRMATION_EXPERT, mot_de_passe=mot_de_passe, maintenant=maintenant
    )
    espace = lien.espace
    lien.consomme_le = maintenant
    lien.save(update_fields=["consomme_le"])
    Compte.objects.filter(espace=espace).update(is_active=True)
    espace.etat = Espace.Etat.ACTIF
    espace.active_le = maintenant
    espace.save(update_fields=["etat", "active_le"])
    consigner(actes.ESPACE_CONFIRME, auteur=espace)
    courriels.deposer("espace_ouvert", destinataire=lien.adresse, acte=f"espace-ouvert:{espace.pk}", espace=espace)
    return espace


@transaction.atomic
def effacer_perimees(*, acteur: str = EFFACEMENT, maintenant: datetime | None = None) -> int:
    """Erase the inscriptions whose link expired unconfirmed, and return how many."""
    maintenant = maintenant or timezone.now()
    perimes = list(
        Espace.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(etat=Espace.Etat.EN_ATTENTE_COURRIEL, mode=Espace.Mode.EXPERT)
        .exclude(
            Exists(
                Lien.objects.filter(espace=OuterRef("pk"), consomme_le=None, revoque_le=None, expire_le__gte=maintenant)
            )
        )[:500]
    )
    for espace in perimes:
        effacer_inscription(espace, acteur)
    return len(perimes)


def effacer_inscription(espace: Espace, auteur: str) -> None:
    """Forget one inscription that was never confirmed: its address is free again. The caller has locked the espace."""
    consigner(actes.ESPACE_INSCRIPTION_PERIMEE, auteur=auteur, espace=espace)
    _effacer(espace)
