"""A code put into the messagerie sécurisée of the SIREN instead of the post (R8, CGU §2.3).

Who reads a code there could give himself authority, and what an espace says of its holder is only said: R8 is read
narrowly. The mailbox must be one that the représentant légal whom the register names opened with a posted code, under
that very name, at least ninety days ago, and still reads; only he may open the code, not those he shared the mailbox
with; no reader may share the requester's espace, name or organisation; he holds none of the services asked for, since
he would receive the code of his own replacement; and he and the requester never held rights in one and the same tree.
Every doubt, a name changed since included, goes by post.
The message holds no code: it names a page where the code is derived and shown, five working days after a short posted
letter has told the company: a mailbox that was taken over is found out before it gives anything away.
"""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.courriels import Depart
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour_heure
from accounts.saisies.porte import lire_identifiant
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from accounts.traces.journal import consigner
from habilitations.models import Habilitation, Mandat, Role
from services.messagerie.avis import dit_autrement
from services.messagerie.remise import remettre
from services.messagerie.themes import CODE_ACTIVATION
from services.models import Echange, Message, PersonneSirenisee, Service
from services.registre.representants import representant_de, representants_de

from .. import actes
from ..models import Courrier, Demande
from .codes import CodeSuspendu, deriver_code, presenter

LUE_DEPUIS = timedelta(days=30)
OUVERTE_DEPUIS = timedelta(days=90)
NATURES = (Demande.Nature.ADHESION, Demande.Nature.SUBSTITUTION)  # CGU §4.e wants the post for the company's e-mail


class CodePlusLisible(RegleMetier):
    code = "code_plus_lisible"
    message = "Ce code ne peut plus servir : la demande est terminée, ou un courrier plus récent le remplace."


class CodePasEncoreLisible(RegleMetier):
    code = "code_pas_encore_lisible"
    message = (
        "Ce code ne peut pas encore être lu : il le sera cinq jours ouvrés après le départ de la lettre qui en informe "
        "l’entreprise{suite}."
    )


def lecteur_du_code(demande: Demande, maintenant: datetime) -> Espace | None:
    """Return the one espace that may read the code of this demande in the mailbox of its SIREN; None: post it."""
    if demande.nature not in NATURES:
        return None
    lecteurs = (
        Habilitation.objects.vivantes()
        .filter(personne=demande.personne_id, service__famille=Service.Famille.MESSAGERIE)
        .select_related("espace__compte", "adhesion__mandat")
    )
    titulaire = None
    for habilitation in lecteurs:
        if _meme_personne(habilitation.espace, demande.espace):
            return None
        if habilitation.role == Role.TITULAIRE:
            titulaire = habilitation
    if titulaire is None or not titulaire.espace.est_actif or titulaire.espace.compte is None:
        return None
    mandat = titulaire.adhesion.mandat
    derniere = titulaire.espace.compte.last_login
    if (
        mandat.mandataire_id != titulaire.espace_id
        or mandat.courrier_canal != Courrier.Canal.POSTAL
        or mandat.qualite != Demande.Qualite.REPRESENTANT_LEGAL.label
        or derniere is None
        or derniere < maintenant - LUE_DEPUIS
        or mandat.code_saisi_le > maintenant - OUVERTE_DEPUIS
        or not _est_le_representant_du_registre(titulaire.espace, mandat, demande.personne)
        or _tient_un_service(titulaire.espace, demande)
        or _ont_ete_lies(titulaire.espace, demande.espace)
    ):
        return None
    return titulaire.espace


def _meme_personne(un: Espace, autre: Espace) -> bool:
    """Whether two espaces may belong to one natural person: the lost keys of CGU §3.2.g, or worse."""
    return (
        un.pk == autre.pk
        or un.siren_appartenance == autre.siren_appartenance
        or _mots(un.nom_complet) == _mots(autre.nom_complet)
    )


def _tient_un_service(espace: Espace, demande: Demande) -> bool:
    """Whether this espace is the titulaire of a service asked for: it would read the code of its own replacement."""
    siens = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE, personne=demande.personne_id)
    return siens.filter(service__in=demande.services.values("pk")).exists()


def _ont_ete_lies(un: Espace, autre: Espace) -> bool:
    """Whether the two ever held rights on one and the same adhésion, of any SIREN, today or once.

    A habilitation lies within one adhésion, so whoever habilitated the other is found, even where somebody has since
    taken the grant over; who were both habilitated by a third are in doubt too.
    """
    siennes = Habilitation.objects.filter(espace=autre).values("adhesion")
    return Habilitation.objects.filter(espace=un, adhesion__in=siennes).exists()


def _est_le_representant_du_registre(espace: Espace, mandat: Mandat, personne: PersonneSirenisee) -> bool:
    """Whether this holder bears the name on record (INSEE, the file, an agent), now and in what proves his mandate.

    The proof is the letter that carried his code: it named him to the company, and no change of name reaches it.
    """
    au_registre = representant_de(personne)
    if au_registre is None or not au_registre.prenoms:  # nobody on record, or a company: no reader is favoured
        return False
    lettre = Courrier.objects.filter(demande__reference=mandat.demande, numero=mandat.courrier_numero).first()
    noms = (
        au_registre.nom_complet,
        mandat.representant_legal,
        lettre.contenu.get("demandeur", "") if lettre is not None else "",
        espace.nom_complet,
    )
    # A first name and a surname at least: no holder is recognised by one word.
    return len(_mots(au_registre.nom_complet)) > 1 and len({tuple(_mots(nom)) for nom in noms}) == 1


def porte_le_nom_du_registre(espace: Espace, personnes: Collection[PersonneSirenisee]) -> set[int]:
    """Return the keys of those of which this holder says the name of the représentant légal on record: one query.

    Only said: it proves nothing.
    """
    siens = _mots(espace.nom_complet)
    if len(siens) < 2:
        return set()
    return {
        au_registre.personne_id
        for au_registre in representants_de(personnes)
        if au_registre.prenoms and _mots(au_registre.nom_complet) == siens
    }


def _mots(nom: str) -> list[str]:
    """Return the words of a name as they are compared, in no order: `DURAND Jean-Noël` = `Jean Noel Durand`."""
    return sorted(filter(None, map(replier, re.split(r"[\s'-]+", lire_identifiant(nom)))))


def deposer_message(courrier: Courrier, maintenant: datetime) -> Message:
    """Put the message that leads to the code into the mailbox, and tell the reader; return it. It holds no code."""
    demande = courrier.demande
    echange = Echange.objects.create(
        personne=demande.personne,
        service_gestionnaire_id=demande.personne.service_gestionnaire_id,
        theme=CODE_ACTIVATION,
        objet=f"Code d’activation de la demande {demande.reference}",
        etat=Echange.Etat.REPONDU,
        ouvert_le=maintenant,
        dernier_le=maintenant,
    )
    message = Message.objects.create(
        echange=echange,
        texte=render_to_string(
            "activation/message_code.txt",
            {**courrier.contenu, "page": settings.SITE_URL + reverse("code_recu", args=[courrier.pk])},
        ).strip(),
        envoye_le=maintenant,
        pret_le=maintenant,
    )
    lecteur = lecteur_du_code(demande, maintenant)
    remettre(message, maintenant)
    if lecteur is not None and lecteur.compte is not None:
        courriels.deposer(
            "message_recu",
            destinataire=lecteur.compte.email,
            acte=dit_autrement(message),
            espace=lecteur,
            contexte={"denomination": demande.personne.denomination, "courrier": str(courrier.pk)},
        )
    return message


def relire_avis(courriel: Courriel) -> Depart | None:
    """Ask again, as the mail of a code leaves, whether its reader may still read it (R8)."""
    courrier = (
        Courrier.objects.select_related("demande__personne", "demande__espace")
        .filter(pk=courriel.contexte.get("courrier"), remplace_le=None)
        .first()
    )
    lecteur = lecteur_du_code(courrier.demande, timezone.now()) if courrier and courrier.demande.est_en_cours else None
    if lecteur is None or lecteur.compte is None or lecteur != courriel.espace:
        return None
    return Depart(courriel.contexte, lecteur.compte.email)


def codes_recus(espace: Espace) -> QuerySet[Courrier]:
    """Return the letters that came through a mailbox whose titulaire is this espace."""
    return Courrier.objects.filter(
        canal=Courrier.Canal.MESSAGERIE,
        edite_le__isnull=False,
        demande__personne__in=Habilitation.objects.actives()
        .filter(espace=espace, role=Role.TITULAIRE, service__famille=Service.Famille.MESSAGERIE)
        .values("personne"),
    ).select_related("demande__personne", "demande__espace")


@transaction.atomic
def lire_code(*, acteur: Espace, courrier: Courrier, maintenant: datetime | None = None) -> str:
    """Return the code as it is printed, to the one who may read it, and journal that he did.

    Raises: CodePlusLisible, also for a reader who is no longer the one (a new titulaire, an espace closed) and once the
    letter that told the company came back; CodePasEncoreLisible; CodeSuspendu.
    """
    maintenant = maintenant or timezone.now()
    demande = (
        Demande.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne", "espace")
        .get(pk=courrier.demande_id)
    )
    courrier = Courrier.objects.get(pk=courrier.pk)
    if (
        courrier.canal != Courrier.Canal.MESSAGERIE
        or not demande.est_en_cours
        or courrier.etat == Courrier.Etat.NPAI
        or courrier.remplace_le is not None
        or courrier.est_expire(maintenant)
        or lecteur_du_code(demande, maintenant) != acteur
    ):
        raise CodePlusLisible
    if fin := demande.suspendue_jusqu_au(maintenant):
        raise CodeSuspendu(jour=jour_heure(fin))
    lisible_le = courrier.lisible_le
    if lisible_le is None:
        raise CodePasEncoreLisible(suite="")
    if maintenant < lisible_le:
        raise CodePasEncoreLisible(suite=f", à partir du {jour_heure(lisible_le)}")
    consigner(actes.CODE_LU, auteur=acteur, siren=demande.personne.siren, details={"demande": demande.reference})
    return presenter(deriver_code(demande=demande.pk, numero=courrier.numero))
