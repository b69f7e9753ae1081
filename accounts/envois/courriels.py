"""Mails: deposited with the act, written and sent by the worker, one look (design.md §6, style.md).

A mail is written once, as text: `templates/courriels/<genre>.txt`. Its first line is the subject; blank lines part the
paragraphs; a line that is only an address becomes a button in the HTML version.
"""

import re
import smtplib
from email.utils import parseaddr
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.urls import reverse

from ..models import Courriel, Espace, Lien
from .liens import jeton
from .relais import EnvoiImpossible, traiter, vider
from .reveil import reveiller

TACHE = "accounts.envoyer_courriel"
_PAGES = {
    Lien.Objet.CONFIRMATION_EXPERT: "confirmer_adresse",
    Lien.Objet.CONFIRMATION_ENTREPRISE: "confirmer_entreprise",
    Lien.Objet.CONFIRMATION_CONNEXION: "confirmer_connexion",
    Lien.Objet.CHANGEMENT_ADRESSE: "confirmer_changement_adresse",
    Lien.Objet.ANNULATION_ADRESSE: "annuler_changement_adresse",
    Lien.Objet.MOT_DE_PASSE_OUBLIE: "reinitialiser_mot_de_passe",
}


def deposer(
    genre: str,
    *,
    destinataire: str,
    acte: str,
    espace: Espace | None = None,
    lien: Lien | None = None,
    contexte: dict[str, Any] | None = None,
) -> Courriel:
    """Write a mail in the transaction of its act and return it. The same (acte, destinataire) is only written once.

    `genre` names the template, `acte` what it is about (`adhesion:<id>`), `contexte` holds JSON values for the text:
    nothing secret, since the row stays. The token of `lien` is derived when the mail leaves.
    """
    courriel, cree = Courriel.objects.get_or_create(
        acte=acte,
        destinataire=destinataire,
        defaults={"genre": genre, "espace": espace, "lien": lien, "contexte": contexte or {}},
    )
    if cree:
        reveiller(TACHE, courriel.pk)
    return courriel


def _adresse_du_lien(lien: Lien) -> str:
    return settings.SITE_URL + reverse(_PAGES[Lien.Objet(lien.objet)], args=[jeton(lien)])


def composer(courriel: Courriel) -> EmailMultiAlternatives:
    """Return the message ready to leave, its Message-ID derived from the row so that a double can be told."""
    contexte: dict[str, Any] = {
        **courriel.contexte,
        "espace": courriel.espace,
        "lien": _adresse_du_lien(courriel.lien) if courriel.lien else "",
        "expire_le": courriel.lien.expire_le if courriel.lien else None,
        "site": settings.SITE_URL,
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
    message.attach_alternative(html, "text/html")
    return message


@cache
def objet_du_genre(genre: str) -> str:
    """Return the subject that the mails of this genre have, « … » where it varies; « Courriel » for a genre of old."""
    try:
        gabarit: Any = get_template(f"courriels/{genre}.txt")
    except TemplateDoesNotExist:
        return "Courriel"
    objet = gabarit.template.source.strip().partition("\n")[0]
    return re.sub(r"{{.*?}}", "…", re.sub(r"{%.*?%}", "", objet)).strip()


def livrer(courriel: Courriel) -> str:
    """Send one mail and return the provider's answer. Raises EnvoiImpossible when it could not be handed over."""
    try:
        remis = composer(courriel).send()
    except (smtplib.SMTPException, OSError) as erreur:
        raise EnvoiImpossible(f"{type(erreur).__name__}: {erreur}") from erreur
    if not remis:
        raise EnvoiImpossible("aucun destinataire")
    return f"accepté par le serveur de messagerie ({remis})"


def envoyer(cle: str) -> bool:
    """Send the mail of this id, once. Return whether it left now."""
    return traiter(Courriel, cle, livrer)


def envoyer_en_attente(nombre: int = 50) -> int:
    """Sweep of the outbox: send what is due and return how many left."""
    return vider(Courriel, livrer, nombre)
