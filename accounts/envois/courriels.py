"""Mails: deposited with the act, written and sent by the worker, one look (design.md §6, style.md).

A mail is written once, as text: `templates/courriels/<genre>.txt`. Its first line is the subject; blank lines part the
paragraphs; a line that is only an address becomes a button in the HTML version.
"""

import contextlib
import re
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from django.utils import timezone

from ..models import Courriel, Espace, Lien
from ..saisies.citations import contexte_sans_lien
from .budget import DUREE_BALAYAGE
from .liens import delai, jeton, lien_a_envoyer, prolonger
from .relais import ENVOIS_PAR_LOT, EnvoiImpossible, RelaisInjoignable, traiter, vider
from .reveil import reveiller

TACHE = "accounts.envoyer_courriel"
BALAYAGE = "accounts.envoyer_courriels"
FERMETURE = 421  # RFC 5321 §3.8: the relay says that it closes the connection
SILENCE = 30.0  # seconds without a wake-up's try, once the relay could not be reached
SANS_OBJET = "rien n’est parti : ce dont il s’agit n’attend plus cette personne"
PAGES_DES_LIENS = {
    Lien.Objet.CONFIRMATION_EXPERT: "confirmer_adresse",
    Lien.Objet.CONFIRMATION_ENTREPRISE: "confirmer_entreprise",
    Lien.Objet.CONFIRMATION_CONNEXION: "confirmer_connexion",
    Lien.Objet.CHANGEMENT_ADRESSE: "confirmer_changement_adresse",
    Lien.Objet.ANNULATION_ADRESSE: "annuler_changement_adresse",
    Lien.Objet.MOT_DE_PASSE_OUBLIE: "reinitialiser_mot_de_passe",
    Lien.Objet.COURRIEL_ENTREPRISE: "confirmer_adresse_entreprise",
    Lien.Objet.CE_N_EST_PAS_MOI: "ce_n_est_pas_moi",
}

DE_SECURITE = frozenset(
    {
        "adresse_changee",
        "adresse_changee_ancienne",
        "alerte_question",
        "changement_adresse_demande",
        "connexion_navigateur_inconnu",
        "coordonnees_modifiees",
        "espace_passe_expert",
        "mot_de_passe_change",
        "reponse_changee",
        "second_facteur_change",
        "signal_vu",
        "verification_code",
        "verification_manquee",
    }
)
"""The mails that tell a holder of what protects his espace: each carries a link « ce n'est pas moi » of its own
(accounts/espace/pas_moi.py), by `courriels/composants/ce_n_est_pas_moi.txt`."""


ADRESSES = frozenset({"adresse_entreprise", "nouvelle", "nouvelle_adresse"})
"""What a context holds that is an e-mail address by a rule of ours. All the rest may come from a person: it is rendered on
one line, without links (accounts/saisies/citations.py)."""


@dataclass(frozen=True)
class Depart:
    """What a mail says, and to whom, once it has been asked again at the moment when it leaves."""

    contexte: dict[str, Any]
    destinataire: str


type Relecture = Callable[[Courriel], Depart | None]
"""Asks again, as it leaves, whether a mail still holds; None: it is dropped."""
_RELECTURES: dict[str, tuple[Relecture, str]] = {}


def relire_au_depart(genre: str, relecture: Relecture, *, reglage: str = "") -> None:
    """Have each mail of this genre asked again when it leaves; `reglage` names the page where its reader chooses them."""
    _RELECTURES[genre] = (relecture, reglage)


@dataclass
class _Silence:
    """Until when (monotonic clock) this process tries no mail that it is woken for."""

    jusqu_a: float = 0.0


_silence = _Silence()


def deposer(
    genre: str,
    *,
    destinataire: str,
    acte: str,
    espace: Espace | None = None,
    lien: Lien | None = None,
    contexte: dict[str, Any] | None = None,
    maintenant: datetime | None = None,
    pas_avant: datetime | None = None,
) -> Courriel:
    """Write a mail in the transaction of its act and return it. The same (acte, destinataire) is only written once.

    It leaves at once, or at `pas_avant` (accounts/compteurs/plafonds.py).

    `genre` names the template, `acte` what it is about (`adhesion:<id>`), `contexte` holds JSON values for the text:
    nothing secret, since the row stays. The token of `lien` is derived when the mail leaves.
    """
    maintenant = maintenant or timezone.now()
    depart = max(pas_avant or maintenant, maintenant)
    courriel, cree = Courriel.objects.get_or_create(
        acte=acte,
        destinataire=destinataire,
        defaults={
            "genre": genre,
            "espace": espace,
            "lien": lien,
            "contexte": contexte or {},
            "cree_le": maintenant,
            "prochain_essai_le": depart,
        },
    )
    if cree and genre in DE_SECURITE and espace is not None:
        Lien.objects.create(
            espace=espace,
            objet=Lien.Objet.CE_N_EST_PAS_MOI,
            adresse=destinataire,
            sujet=courriel.pk,
            cree_le=maintenant,
            expire_le=depart + delai(Lien.Objet.CE_N_EST_PAS_MOI),
        )
    if cree and depart <= maintenant:
        reveiller(TACHE, courriel.pk)
    return courriel


def deposer_ensemble(neufs: Sequence[Courriel], maintenant: datetime) -> None:
    """Write these mails, which nothing has saved yet, in one statement: for an act that writes to many.

    The same (acte, destinataire) is only written once, as by `deposer`.
    """
    Courriel.objects.bulk_create(neufs, ignore_conflicts=True, batch_size=500)
    for courriel in neufs:
        if courriel.prochain_essai_le <= maintenant:
            reveiller(TACHE, courriel.pk)


@transaction.atomic
def envoyer_lien(
    genre: str,
    *,
    espace: Espace,
    objet: str,
    adresse: str,
    maintenant: datetime,
    sujet: UUID | None = None,
    contexte: dict[str, Any] | None = None,
    pas_avant: datetime | None = None,
) -> Lien | None:
    """Mail the link of this purpose (about `sujet`), not before `pas_avant`: the one that lives, again, else a fresh one; return it.

    None when its last mail still waits (it leaves sooner, if this one would), or was written within settings.RENVOI_APRES.
    """
    lien = lien_a_envoyer(espace=espace, objet=objet, adresse=adresse, sujet=sujet, maintenant=maintenant)
    dernier = Courriel.objects.filter(lien=lien, destinataire=adresse).order_by("-cree_le").first()
    if dernier is not None:
        attend = dernier.traite_le is None and dernier.ecarte_le is None
        if attend and not dernier.tentatives and dernier.prochain_essai_le > (depart := pas_avant or maintenant):
            dernier.prochain_essai_le = depart
            dernier.save(update_fields=["prochain_essai_le"])
            if depart <= maintenant:
                reveiller(TACHE, dernier.pk)
        if attend or maintenant - dernier.cree_le < settings.RENVOI_APRES:
            return None
        prolonger(lien, maintenant)
    suite = f":{maintenant:%Y%m%d%H%M%S}" if dernier is not None else ""
    deposer(
        genre,
        destinataire=adresse,
        acte=f"lien:{lien.pk}{suite}",
        espace=espace,
        lien=lien,
        contexte=contexte,
        maintenant=maintenant,
        pas_avant=pas_avant,
    )
    return lien


def _adresse_du_lien(lien: Lien) -> str:
    return settings.SITE_URL + reverse(PAGES_DES_LIENS[Lien.Objet(lien.objet)], args=[jeton(lien)])


def _pas_moi(courriel: Courriel) -> Lien | None:
    """Return the link « ce n'est pas moi » of this mail, made with it."""
    if courriel.genre not in DE_SECURITE or courriel.espace_id is None:
        return None
    siens = Lien.objects.filter(espace=courriel.espace_id, objet=Lien.Objet.CE_N_EST_PAS_MOI, sujet=courriel.pk)
    return siens.order_by("-cree_le").first()


def composer(courriel: Courriel) -> EmailMultiAlternatives:
    """Return the message ready to leave, its Message-ID derived from the row so that a double can be told."""
    pas_moi = _pas_moi(courriel)
    contexte: dict[str, Any] = {
        **contexte_sans_lien(courriel.contexte, sauf=ADRESSES),
        "espace": courriel.espace,
        "lien": _adresse_du_lien(courriel.lien) if courriel.lien else "",
        "expire_le": courriel.lien.expire_le if courriel.lien else None,
        "pas_moi": _adresse_du_lien(pas_moi) if pas_moi else "",
        "pas_moi_jusqu_au": pas_moi.expire_le if pas_moi else None,
        "site": settings.SITE_URL,
        "site_gestion": f"https://{settings.ADMIN_HOST}" if settings.ADMIN_HOST else settings.SITE_URL,
        "demonstration": settings.DEMONSTRATION,
    }
    texte = render_to_string(f"courriels/{courriel.genre}.txt", contexte).strip()
    sujet, _, corps = texte.partition("\n")
    paragraphes = [p.strip() for p in corps.split("\n\n") if p.strip()]
    html = render_to_string(
        "courriels/cadre.html",
        {
            "sujet": sujet,
            "paragraphes": paragraphes,
            "pas_moi": contexte["pas_moi"],
            "site": settings.SITE_URL,
            "demonstration": settings.DEMONSTRATION,
        },
    )
    pied = render_to_string("courriels/pied.txt", contexte).strip()
    domaine = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or urlsplit(settings.SITE_URL).hostname
    message = EmailMultiAlternatives(
        subject=sujet.strip(),
        body="\n\n".join([*paragraphes, pied]) + "\n",
        to=[courriel.destinataire],
        headers={"Message-ID": f"<{courriel.pk}@{domaine}>", "Auto-Submitted": "auto-generated"},
    )
    if reglage := _RELECTURES.get(courriel.genre, (None, ""))[1]:
        message.extra_headers["List-Unsubscribe"] = f"<{settings.SITE_URL}{reverse(reglage)}>"
    message.attach_alternative(html, "text/html")
    return message


@cache
def objet_du_genre(genre: str) -> str:
    """Return the subject that the mails of this genre have, « … » where it varies, the singular of two; « Courriel » for a genre of old."""
    try:
        gabarit: Any = get_template(f"courriels/{genre}.txt")
    except TemplateDoesNotExist:
        return "Courriel"
    source = gabarit.template.source.strip()
    bloc = re.search(r"{% block objet %}(.*?){% endblock %}", source)
    objet = bloc[1] if bloc else source.partition("\n")[0]
    singulier = re.sub(r"{% if [^%]*%}(?:(?!{%).)*{% else %}(.*?){% endif %}", r"\1", objet)
    singulier = re.sub(r'{{ \w+\|pluralize(?::"(?:([^",]*),)?[^"]*")? }}', lambda lu: lu[1] or "", singulier)
    singulier = re.sub(r"{{ \w+\|(de|que) }}", r"\1 …", singulier)
    return re.sub(r"{{.*?}}", "…", re.sub(r"{%.*?%}", "", singulier)).strip()


class Liaison:
    """The connection to the mail relay for the mails of one sweep: opened with the first, again when the relay ended it."""

    def __init__(self) -> None:
        self._serveur: Any = mailers.default
        self._remis = 0

    def livrer(self, courriel: Courriel) -> str:
        """Send one mail and return the relay's answer; one that holds no more is dropped, and says so.

        Raises: RelaisInjoignable when the relay is not to be reached, EnvoiImpossible when it refused this mail.
        """
        if (relue := _RELECTURES.get(courriel.genre)) is not None:
            depart = relue[0](courriel)
            if depart is None:
                return SANS_OBJET
            courriel.contexte = depart.contexte
            if courriel.destinataire != depart.destinataire:
                courriel.destinataire = depart.destinataire
                courriel.save(update_fields=["destinataire"])
        message = composer(courriel)
        if not message.recipients():
            raise EnvoiImpossible("aucun destinataire")
        try:
            remis = self._remettre(message)
        except (smtplib.SMTPException, OSError) as erreur:
            texte = f"{type(erreur).__name__}: {erreur}"
            if _est_perdue(erreur):
                self.abandonner()
                raise RelaisInjoignable(texte) from erreur
            raise EnvoiImpossible(texte) from erreur
        return f"accepté par le serveur de messagerie ({remis})"

    def _remettre(self, message: EmailMultiAlternatives) -> int:
        """Hand one mail over; when a connection that has served was ended meanwhile, once more on a new one."""
        self._ouvrir()
        try:
            remis: int = self._serveur.send_messages([message])
        except (smtplib.SMTPException, OSError) as erreur:
            if not self._remis or not _est_perdue(erreur) or isinstance(erreur, TimeoutError):
                raise
            self.abandonner()
            self._ouvrir()
            remis = self._serveur.send_messages([message])
        self._remis += 1
        return remis

    def _ouvrir(self) -> None:
        try:
            self._serveur.open()
        except smtplib.SMTPException as erreur:  # no relay that refuses us at the door takes the next mail
            raise ConnectionError(f"{type(erreur).__name__}: {erreur}") from erreur

    def abandonner(self) -> None:
        """Forget a connection that answers no more, without taking leave."""
        for prise in (getattr(self._serveur, "connection", None), getattr(self._serveur, "_partial_connection", None)):
            if prise is not None:
                with contextlib.suppress(OSError):
                    prise.close()
        self._serveur = mailers.default
        self._remis = 0

    def fermer(self) -> None:
        """Take leave of the relay; whether it answers matters no more."""
        with contextlib.suppress(OSError):
            self._serveur.close()


def _est_perdue(erreur: OSError) -> bool:
    """Whether the connection is of no more use: broken, silent, or ended by the relay (421)."""
    if isinstance(erreur, smtplib.SMTPResponseException):
        return erreur.smtp_code == FERMETURE
    return isinstance(erreur, smtplib.SMTPServerDisconnected) or not isinstance(erreur, smtplib.SMTPException)


def envoyer(cle: str) -> bool:
    """Send the mail of this id, once. Return whether it left now.

    Nothing is tried for SILENCE seconds after the relay could not be reached: the sweep, which tries one, takes the row.
    """
    if time.monotonic() < _silence.jusqu_a:
        return False
    liaison = Liaison()
    try:
        return traiter(Courriel, cle, liaison.livrer)
    except RelaisInjoignable:
        _silence.jusqu_a = time.monotonic() + SILENCE
        return False
    finally:
        liaison.fermer()


def envoyer_en_attente(nombre: int = ENVOIS_PAR_LOT, *, duree: float = DUREE_BALAYAGE) -> int:
    """Sweep of the outbox: send what is due, over one connection, for `duree` seconds; return how many left.

    Stops at the first failure to reach the relay.
    """
    liaison = Liaison()
    try:
        partis = vider(Courriel, liaison.livrer, nombre, duree=duree)
    finally:
        liaison.fermer()
    if partis:
        _silence.jusqu_a = 0.0
    return partis
