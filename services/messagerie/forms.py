"""Forms of the mailbox. What is refused is what the act refuses: a page cuts nothing that was typed or pasted."""

import uuid
from typing import Any, Final

from django import forms

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampCle, ChampPhrase, ChampTexte
from accounts.saisies.regles import RegleMetier

from ..models import Echange
from ..models.messagerie import LONGUEUR_OBJET, LONGUEUR_TEXTE
from .echanges import EnvoiDejaParti

LONGUEUR_LUE: Final = 400  # what is read of an object; how long it may be is the act's to say
NOMBRE_LISIBLE: Final = f"{LONGUEUR_TEXTE:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


class FormulaireDEnvoi(FormulairePortail):
    """`envoi` is the key of the message to come: the same form sent twice sends once."""

    data: Any
    envoi = ChampCle(initial=uuid.uuid4)

    def refuser(self, regle: RegleMetier) -> None:
        """Show this rule; what a message has left behind is another one, under a key of its own."""
        super().refuser(regle)
        if isinstance(regle, EnvoiDejaParti):
            self.data = self.data.copy()
            self.data["envoi"] = str(uuid.uuid4())


class RedactionForm(FormulaireDEnvoi):
    """A new message: what it is about, and its text."""

    regles = {
        **dict.fromkeys(("objet_vide", "objet_trop_long", "iban_en_clair"), "objet"),
        **dict.fromkeys(("message_vide", "message_trop_long"), "texte"),
    }

    objet = ChampPhrase(
        label="Objet",
        max_length=LONGUEUR_LUE,
        help_text=f"{LONGUEUR_OBJET} caractères au plus : c’est ce que vous et le service verrez dans la liste.",
        error_messages={"required": "Dites en quelques mots de quoi il s’agit."},
    )
    texte = ChampTexte(
        label="Message",
        help_text=f"{NOMBRE_LISIBLE} caractères au plus. N’écrivez ni mot de passe, ni code, ni IBAN entier.",
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={"required": "Écrivez votre message."},
    )


class ReponseForm(FormulaireDEnvoi):
    """An answer within an exchange."""

    regles = dict.fromkeys(("message_vide", "message_trop_long"), "texte")

    texte = ChampTexte(
        label="Votre réponse",
        help_text=f"{NOMBRE_LISIBLE} caractères au plus. N’écrivez ni mot de passe, ni code, ni IBAN entier.",
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": "Écrivez votre réponse."},
    )

    def __init__(self, *args: Any, echange: Echange, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if echange.attend_le is not None:  # what waits for the office is no question to us
            self.nommer("texte", "Compléter votre message")
            self.fields["texte"].error_messages["required"] = "Écrivez votre message."
