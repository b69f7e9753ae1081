"""The fields that several forms ask: each idea has one label, one limit and one hint."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from ..models import Espace
from ..mots_de_passe.confiance import proposer_reponse
from ..saisies.porte import TexteIllisible, lire_brut, lire_identifiant, lire_ligne, lire_liste, lire_phrase, lire_texte
from ..saisies.regles import RegleMetier
from ..saisies.sirens import SirenAbsent, normaliser_siren
from .claviers import Clavier

LONGUEUR_MOT_DE_PASSE = 1024  # what is read of one; how much of it counts is for accounts/mots_de_passe/politique.py
TROP_LONG = "%(limit_value)d caractères au plus : vous en avez saisi %(show_value)d."
INCOMPLET = "Ce formulaire est incomplet : copiez votre texte, puis rouvrez la page."
SIGNES_PAR_SIGNE, MARGE = (
    4,
    1_000,
)  # what is read of a text before its length counts: letters taken apart, a paste's spaces
LONGUEUR_SAISIE_ADRESSE = 400  # the same: accounts/saisies/adresses.py says 110, in words


class _ChampTape(forms.CharField):
    """A field of a kind (`clavier`), which gives its element and what that says to the keyboard."""

    clavier: Clavier | None = None

    def __init__(self, *, clavier: Clavier | None = None, **options: Any) -> None:
        self.clavier = clavier or self.clavier
        if self.clavier is not None:
            options.setdefault("widget", self.clavier.widget())
        options["error_messages"] = {"max_length": TROP_LONG} | (options.get("error_messages") or {})
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Return the attributes of the element: no `maxlength`, by which a browser cuts what is pasted without a word."""
        siens = {nom: valeur for nom, valeur in super().widget_attrs(widget).items() if nom != "maxlength"}
        return {**siens, **(self.clavier.attributs if self.clavier else {})}


class ChampPorte(_ChampTape):
    """A typed text: it passes the door (accounts/saisies/porte.py) before any rule reads it, as one line here."""

    porte = staticmethod(lire_ligne)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return self.empty_value
        try:
            self._exiger_raisonnable(str(value))
            return self.porte(str(value)) or self.empty_value
        except TexteIllisible as regle:
            raise forms.ValidationError(str(regle), code=regle.code) from regle

    def _exiger_raisonnable(self, saisie: str) -> None:
        """Say that a text is too long before it is read, where nothing that the door drops or composes can make it short enough."""
        if self.max_length is not None and len(saisie) > SIGNES_PAR_SIGNE * self.max_length + MARGE:
            try:
                MaxLengthValidator(self.max_length)(saisie)
            except forms.ValidationError as erreur:
                erreur.message = self.error_messages.get("max_length", erreur.message)
                raise


class ChampIdentifiant(ChampPorte):
    """A number, a code, a reference, an e-mail address: plain spaces and dashes."""

    porte = staticmethod(lire_identifiant)


class ChampCle(ChampIdentifiant):
    """The key of a row, or of a row to come, that a page carries hidden; None when it carries none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.HiddenInput(),
            empty_value=None,
            error_messages={"invalid": INCOMPLET, "required": INCOMPLET} | options.pop("error_messages", {}),
            **options,
        )

    def to_python(self, value: Any) -> Any:
        lue = super().to_python(value)
        try:
            return lue if lue is None else uuid.UUID(lue)
        except ValueError as erreur:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from erreur


class ChampPhrase(ChampPorte):
    """One line of somebody's own words."""

    clavier = Clavier.PHRASE
    porte = staticmethod(lire_phrase)


class ChampTexte(ChampPorte):
    """A free text, on several lines."""

    clavier = Clavier.TEXTE
    porte = staticmethod(lire_texte)


class ChampListe(ChampPorte):
    """A list of identifiers, pasted from a table or typed one a line."""

    porte = staticmethod(lire_liste)


class ChampReponse(ChampPorte):
    """A trust answer, as it is typed: its form is accounts/saisies/reponses.py."""

    clavier = Clavier.REPONSE_DE_CONFIANCE
    porte = staticmethod(lire_brut)


class ChampSecret(_ChampTape):
    """A password: what is typed is what is hashed, to the last space."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)


class ChampRegle(ChampPorte):
    """A text read by one rule: `regle` returns what to keep of it, or raises a RegleMetier, shown on the field."""

    def __init__(self, regle: Callable[[str], str], /, **options: Any) -> None:
        super().__init__(**options)
        self.regle = regle

    def clean(self, value: Any) -> str:
        saisie = super().clean(value)
        try:
            return self.regle(saisie) if saisie else saisie
        except RegleMetier as erreur:
            raise forms.ValidationError(str(erreur), code=erreur.code) from erreur


class ChampChoix(forms.ChoiceField):
    """A choice from a list in which nothing is chosen beforehand: a proof or a reason is never attested by doing nothing.

    `requis` is what is said where nothing was chosen.
    """

    A_CHOISIR = "Choisir…"

    def __init__(self, *, choices: Iterable[tuple[Any, Any]], requis: str, **options: Any) -> None:
        super().__init__(
            choices=[("", self.A_CHOISIR), *choices],
            error_messages={"required": requis, "invalid_choice": "Choisissez dans la liste."},
            **options,
        )


class ChampJour(forms.DateField):
    """A day: the browser's calendar, or typed as people write it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date", **Clavier.JOUR.attributs}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            error_messages={"invalid": "Écrivez la date ainsi : 31/12/2026."} | options.pop("error_messages", {}),
            **options,
        )


def champ_adresse(
    regle: Callable[[str], str],
    *,
    label: str,
    aide: str = "",
    clavier: Clavier = Clavier.ADRESSE,
    requise: str = "Saisissez votre adresse électronique de connexion.",
) -> ChampRegle:
    """Return the field of an e-mail address: one's own, or of the kind `clavier`; `requise` is said where none was typed."""
    return ChampRegle(
        regle,
        label=label,
        max_length=LONGUEUR_SAISIE_ADRESSE,
        help_text=aide,
        clavier=clavier,
        error_messages={"required": requise},
    )


def champ_mot_de_passe_actuel(*, label: str = "Mot de passe actuel") -> ChampSecret:
    """Return the field of the password that one has."""
    return ChampSecret(
        label=label,
        max_length=LONGUEUR_MOT_DE_PASSE,
        clavier=Clavier.MOT_DE_PASSE,
        error_messages={"required": "Saisissez votre mot de passe."},
    )


def champ_nouveau_mot_de_passe(
    *, label: str = "Nouveau mot de passe", requis: str = "Choisissez un mot de passe."
) -> ChampSecret:
    """Return the field of the password that one chooses: pasting and managers work (CGU §3.2)."""
    return ChampSecret(
        label=label,
        max_length=LONGUEUR_MOT_DE_PASSE,
        clavier=Clavier.NOUVEAU_MOT_DE_PASSE,
        error_messages={"required": requis},
    )


def regles_mot_de_passe(champ: str) -> dict[str, str]:
    """Return the rules that a new password may break, each to be shown on this field."""
    return dict.fromkeys(("mot_de_passe_faible", "mot_de_passe_trop_long", "mot_de_passe_deja_utilise"), champ)


def secrets_proposes(question: str, reponse: str) -> dict[str, str]:
    """Return the first values of the fields of these names: a random answer, under the question that it answers."""
    proposee, mots = proposer_reponse()
    return {question: proposee, reponse: mots}


def champ_question() -> forms.ChoiceField:
    """Return the choice of a question de confiance."""
    return forms.ChoiceField(
        label="Question de confiance",
        choices=Espace.Question.choices,
        error_messages={"required": "Choisissez une question de confiance."},
    )


def champ_nouvelle_reponse(*, suite: str = "") -> ChampReponse:
    """Return the field of the answer that one chooses; `suite` ends its hint."""
    return ChampReponse(
        label="Réponse à la question de confiance",
        max_length=200,
        help_text=(
            "Dix lettres ou chiffres au moins, sans rapport avec vous. La réponse proposée est tirée au hasard et "
            f"répond à « {Espace.Question.PHRASE.label} » : vous pouvez garder l’une et l’autre. {suite}"
        ).rstrip(),
        error_messages={"required": "Saisissez une réponse à la question de confiance."},
    )


def regles_reponse(champ: str) -> dict[str, str]:
    """Return the rules that a new answer may break, each to be shown on this field."""
    return dict.fromkeys(("reponse_trop_courte", "reponse_devinable", "reponse_revelatrice"), champ)


def champ_siren_appartenance(*, obligatoire: bool) -> ChampRegle:
    """Return the field of the organisation that the holder works for: it gives no right on it (CGU §2.1.b)."""
    return ChampRegle(
        normaliser_siren,
        label="SIREN de votre organisation",
        required=obligatoire,
        max_length=40,
        help_text=(
            "Neuf chiffres. L’entreprise, le cabinet ou la collectivité où vous travaillez : "
            "ce numéro ne donne aucun droit sur elle."
        ),
        clavier=Clavier.CHIFFRES,
        error_messages={"required": SirenAbsent.message},
    )
