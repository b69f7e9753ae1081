"""Writing to one's service gestionnaire, answering it, closing and reopening (CGU §2.3; domaine.md 2.14).

Locks: espace, personne, the right, exchange. Each message bears the key that its form was given, so that a form sent twice is sent once.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.compteurs.refus import plafonne
from accounts.models import Espace
from accounts.saisies.porte import lire_phrase, lire_texte
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner

from .. import actes
from ..iban_en_clair import exiger_sans_iban
from ..models import Brouillon, Echange, Message, PersonneSirenisee, PieceJointe
from ..models.messagerie import LONGUEUR_OBJET, LONGUEUR_TEXTE
from .droits import exiger_ecriture, retenir_le_droit
from .montres import BrouillonMontre, est_le_meme_envoi, mots_de
from .plafonds import compter_message
from .remise import remettre
from .themes import exiger_theme, theme_de


class ObjetVide(RegleMetier):
    code = "objet_vide"
    message = "Dites en quelques mots de quoi il s’agit."


class ObjetTropLong(RegleMetier):
    code = "objet_trop_long"
    message = "L’objet a {longueur} caractères, pour {limite} au plus : abrégez-le, le message dira le reste."


class MessageVide(RegleMetier):
    code = "message_vide"
    message = "Écrivez votre message."


class MessageTropLong(RegleMetier):
    code = "message_trop_long"
    message = (
        "Ce message a {longueur} caractères, pour {limite} au plus : retirez-en {exces}, ou écrivez-le en deux fois."
    )


class EchangeDuPortail(RegleMetier):
    code = "echange_du_portail"
    message = (
        "Ce message vient du portail, personne n’y répond. Pour écrire à votre service, commencez un nouveau message."
    )


class EchangeDeplace(RegleMetier):
    code = "echange_deplace"
    message = "Cet échange vient de changer de dossier : retrouvez-le dans votre messagerie."


class EnvoiDUnAutre(RegleMetier):
    code = "envoi_d_un_autre"
    message = "Ce formulaire a déjà servi pour un autre message : copiez votre texte, puis rouvrez la page."


class EnvoiDejaParti(RegleMetier):
    code = "envoi_deja_parti"
    message = "Votre message précédent est déjà envoyé. Ce que vous venez d’y changer ne l’est pas : envoyez-le s’il le complète."


class FichiersChanges(RegleMetier):
    code = "fichiers_changes"
    message = (
        "Rien n’est parti : les fichiers de ce message ne sont plus ceux que cette page montrait, peut-être à cause d’un autre "
        "onglet. Vérifiez-les, puis envoyez."
    )


class PieceRefusee(RegleMetier):
    code = "piece_refusee"
    message = "« {nom} » a été refusée par le contrôle des fichiers : ôtez-la, puis envoyez."


def lire_objet(saisie: str) -> str:
    """Return what an exchange is about, in one form. Raises: TexteIllisible, ObjetVide, IbanEnClair, ObjetTropLong."""
    objet = exiger_sans_iban(lire_phrase(saisie))
    if not objet:
        raise ObjetVide
    if len(objet) > LONGUEUR_OBJET:
        raise ObjetTropLong(longueur=len(objet), limite=LONGUEUR_OBJET)
    return objet


def lire_message(saisie: str) -> str:
    """Return the text of a message, in one form. Raises: TexteIllisible, MessageVide, MessageTropLong."""
    texte = lire_texte(saisie)
    if not texte:
        raise MessageVide
    if len(texte) > LONGUEUR_TEXTE:
        raise MessageTropLong(longueur=len(texte), limite=LONGUEUR_TEXTE, exces=len(texte) - LONGUEUR_TEXTE)
    return texte


def verrouiller(acteur: Espace, personne: PersonneSirenisee) -> tuple[Espace, PersonneSirenisee]:
    """Lock espace, personne and the right, and check that the first may write for the second; return them fresh.

    Raises: MessagerieNonDetenue, MessagerieEnConsultation.
    """
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    fraiche = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    retenir_le_droit(espace, fraiche)
    exiger_ecriture(espace, fraiche)
    return espace, fraiche


def verrouiller_echange(acteur: Espace, echange: Echange) -> tuple[Espace, Echange]:
    """Lock espace, personne and exchange; return the first and the last fresh.

    Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace (an IDSP has become a SIREN that has its file).
    """
    espace, personne = verrouiller(acteur, echange.personne)
    frais = (
        Echange.objects.select_for_update(no_key=True, of=("self",)).filter(pk=echange.pk, personne=personne).first()
    )
    if frais is None:
        raise EchangeDeplace
    frais.personne = personne
    return espace, frais


@plafonne
def ecrire(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    theme: str,
    objet: str,
    texte: str,
    envoi: UUID,
    montre: BrouillonMontre | None = None,
    maintenant: datetime | None = None,
) -> Message:
    """Open an exchange with the office of this personne; return its first message. The draft of a new message ends with it.

    `envoi` is the key that the form was given: the same again sends nothing more. `montre` is what its page showed of the draft:
    other files do not leave, other words stay. Raises: MessagerieNonDetenue,
    MessagerieEnConsultation, ThemeInconnu, TexteIllisible, ObjetVide, ObjetTropLong, MessageVide, MessageTropLong,
    PieceRefusee, FichiersChanges, EnvoiDUnAutre, EnvoiDejaParti, TropDeMessages, TropDeMessagesPourUneEntreprise.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller(acteur, personne)
    if (deja := _deja_envoye(acteur, personne, envoi, texte, montre)) is not None:
        if (deja.echange.theme, deja.echange.objet) != (theme, lire_objet(objet)):
            raise EnvoiDejaParti
        return deja
    voulu = exiger_theme(theme)
    echange = Echange(
        personne=personne,
        service_gestionnaire=personne.service_gestionnaire,
        theme=voulu.code,
        objet=lire_objet(objet),
        ouvert_le=maintenant,
        dernier_le=maintenant,
    )
    echange.passer(Echange.Etat.ENVOYE, maintenant)
    lu = lire_message(texte)
    echange.save(force_insert=True)
    brouillon = Brouillon.objects.filter(espace=acteur, personne=personne, echange=None).first()
    return _poster(acteur, echange, lu, envoi, brouillon, montre, maintenant)


@plafonne
def repondre(
    *,
    acteur: Espace,
    echange: Echange,
    texte: str,
    envoi: UUID,
    montre: BrouillonMontre | None = None,
    maintenant: datetime | None = None,
) -> Message:
    """Add a message to this exchange, and return it; one that was closed meanwhile is reopened by it, nothing is lost.

    `envoi` and `montre` are those of `ecrire`. Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace,
    EchangeDuPortail, TexteIllisible, MessageVide, MessageTropLong, PieceRefusee, FichiersChanges, EnvoiDUnAutre,
    EnvoiDejaParti, TropDeMessages, TropDeMessagesPourUneEntreprise.
    """
    maintenant = maintenant or timezone.now()
    acteur, echange = verrouiller_echange(acteur, echange)
    if (deja := _deja_envoye(acteur, echange.personne, envoi, texte, montre)) is not None:
        if montre is not None:
            _effacer_le_double(acteur, deja, montre)
        return deja
    _exiger_d_un_service(echange)
    lu = lire_message(texte)
    if echange.etat == Echange.Etat.CLOS:
        _suivre_l_entreprise(echange)
        _consigner(actes.ECHANGE_ROUVERT, acteur, echange)
    # Who has taken it goes on with it; what waits already goes on waiting since then.
    if echange.etat != Echange.Etat.PRIS_EN_CHARGE:
        echange.passer(Echange.Etat.ENVOYE, maintenant)
    echange.save(update_fields=["service_gestionnaire", *Echange.CHAMPS_D_ETAT])
    brouillon = Brouillon.objects.filter(espace=acteur, personne=echange.personne, echange=echange).first()
    return _poster(acteur, echange, lu, envoi, brouillon, montre, maintenant)


@transaction.atomic
def clore(*, acteur: Espace, echange: Echange, maintenant: datetime | None = None) -> Echange:
    """Close this exchange for everybody; one that is closed already stays so.

    Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace.
    """
    maintenant = maintenant or timezone.now()
    acteur, echange = verrouiller_echange(acteur, echange)
    if echange.etat == Echange.Etat.CLOS:
        return echange
    echange.passer(Echange.Etat.CLOS, maintenant, par_usager=True)
    echange.save(update_fields=Echange.CHAMPS_D_ETAT)
    _consigner(actes.ECHANGE_CLOS, acteur, echange)
    return echange


@transaction.atomic
def rouvrir(*, acteur: Espace, echange: Echange, maintenant: datetime | None = None) -> Echange:
    """Reopen this exchange: it waits for the office where its last message is ours, else for us. An open one stays so.

    What the portal said of it is neither's; a document that was asked for last is asked for again.

    Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace, EchangeDuPortail.
    """
    maintenant = maintenant or timezone.now()
    acteur, echange = verrouiller_echange(acteur, echange)
    _exiger_d_un_service(echange)
    if echange.etat != Echange.Etat.CLOS:
        return echange
    _suivre_l_entreprise(echange)
    echange.passer(_etat_rouvert(echange), maintenant)
    echange.save(update_fields=["service_gestionnaire", *Echange.CHAMPS_D_ETAT])
    _consigner(actes.ECHANGE_ROUVERT, acteur, echange)
    return echange


def _exiger_d_un_service(echange: Echange) -> None:
    """Raises: EchangeDuPortail."""
    if theme_de(echange.theme).portail:
        raise EchangeDuPortail


def _etat_rouvert(echange: Echange) -> Echange.Etat:
    """Return what the last word of either side makes of what is reopened."""
    dits = Message.objects.filter(echange=echange, interne=False, pret_le__isnull=False)
    dernier = dits.exclude(espace=None, agent=None).last()
    if dernier is not None and dernier.espace_id is not None:
        return Echange.Etat.ENVOYE
    if dernier is not None and dernier.demande_piece:
        return Echange.Etat.PIECE_DEMANDEE
    return Echange.Etat.REPONDU


def _suivre_l_entreprise(echange: Echange) -> None:
    """What is reopened goes to the office that follows the company today, which may have moved since; what was passed on stays.

    That it was passed on, the portal said to the company (`bureau.transferer`): it says nothing else there.
    """
    if not Message.objects.filter(echange=echange, espace=None, agent=None).exists():
        echange.service_gestionnaire = echange.personne.service_gestionnaire


def _deja_envoye(
    acteur: Espace, personne: PersonneSirenisee, envoi: UUID, texte: str, montre: BrouillonMontre | None
) -> Message | None:
    """Return the message that this form has already sent, the espace being locked; a page gone back to may say something else.

    Raises: EnvoiDUnAutre, EnvoiDejaParti, TexteIllisible.
    """
    deja = Message.objects.select_related("echange").filter(pk=envoi).first()
    if deja is not None and (deja.espace_id, deja.echange.personne_id) != (acteur.pk, personne.pk):
        raise EnvoiDUnAutre
    if deja is not None and not est_le_meme_envoi(deja, texte=lire_texte(texte), montre=montre):
        raise EnvoiDejaParti
    return deja


def _effacer_le_double(acteur: Espace, deja: Message, montre: BrouillonMontre) -> None:
    """Erase the draft that a form sent twice has made of the message that left: a browser sends its files again."""
    brouillon = (
        Brouillon.objects.select_for_update(of=("self",))
        .filter(espace=acteur, echange=deja.echange, texte=deja.texte)
        .first()
    )
    if brouillon is not None and set(brouillon.pieces_jointes.values_list("pk", flat=True)) <= montre.pieces:
        brouillon.delete()


def _poster(
    acteur: Espace,
    echange: Echange,
    texte: str,
    envoi: UUID,
    brouillon: Brouillon | None,
    montre: BrouillonMontre | None,
    maintenant: datetime,
) -> Message:
    """Write this message with the files of its draft, and have it arrive, unless one of them waits to be analysed.

    Raises: PieceRefusee, FichiersChanges, TropDeMessages, TropDeMessagesPourUneEntreprise.
    """
    compter_message(acteur, echange.personne)
    message = Message(pk=envoi, echange=echange, espace=acteur, texte=texte, envoye_le=maintenant)
    poster_avec_ses_pieces(message, brouillon, montre)
    if message.pret_le is not None:
        remettre(message, maintenant)
    consigner(
        actes.MESSAGE_ECRIT,
        auteur=acteur,
        siren=echange.personne.siren,
        details={"echange": echange.reference, "theme": echange.theme},
    )
    return message


def poster_avec_ses_pieces(
    message: Message, brouillon: Brouillon | None, montre: BrouillonMontre | None = None
) -> None:
    """Write this message with the files of its draft, which ends; it is ready at once unless one of them waits to be analysed.

    Where a page showed a draft (`montre`), no other files leave, and words that it did not show stay, to be gone on with.
    Within the act that sends it, under the lock of the exchange. Raises: PieceRefusee, FichiersChanges.
    """
    if brouillon is not None:  # who is joining a file is waited for, and nobody joins one any more
        brouillon = Brouillon.objects.select_for_update(of=("self",)).filter(pk=brouillon.pk).first()
    pieces = PieceJointe.objects.filter(brouillon=brouillon) if brouillon is not None else PieceJointe.objects.none()
    tenues = list(pieces.select_for_update(no_key=True))
    if montre is not None and montre.pieces != {piece.pk for piece in tenues}:
        raise FichiersChanges
    analyses = {piece.analyse: piece.nom for piece in tenues}
    for ecartee in PieceJointe.ECARTEES:
        if ecartee in analyses:
            raise PieceRefusee(nom=analyses[ecartee])
    message.pret_le = None if PieceJointe.Analyse.A_FAIRE in analyses else message.envoye_le
    message.save(force_insert=True)
    if brouillon is not None:
        pieces.update(brouillon=None, message=message)
        a_part = montre is not None and mots_de(brouillon) != montre.mots
        if not (a_part and (brouillon.objet or brouillon.texte) and brouillon.texte != message.texte):
            brouillon.delete()


def _consigner(acte: Acte, acteur: Espace, echange: Echange) -> None:
    consigner(acte, auteur=acteur, siren=echange.personne.siren, details={"echange": echange.reference})
