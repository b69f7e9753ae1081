"""What each kind of field says to the keyboard of a telephone, to the browser's memory and to whoever helps to fill it (issue 10.14).

One kind a field, declared with it (`clavier=`): the attributes are never written page by page. The `autocomplete` of what is asked about
the user is the HTML standard's token (WCAG 1.3.5); of anything else, `off`. A keypad of digits is for what holds digits alone.
"""

from enum import Enum
from typing import NamedTuple

from django import forms


class Attributs(NamedTuple):
    """The attributes of a field; an empty one is not written."""

    type: str = "text"
    autocomplete: str = "off"
    inputmode: str = ""
    autocapitalize: str = "none"
    spellcheck: str = "false"
    enterkeyhint: str = "done"


class Clavier(Enum):
    """A kind of field."""

    IDENTIFIANT_DE_CONNEXION = Attributs("email", "username", "email", enterkeyhint="go")
    ADRESSE = Attributs("email", "email", "email")
    ADRESSE_D_ENTREPRISE = Attributs("email", "off", "email")
    MOT_DE_PASSE = Attributs("password", "current-password", enterkeyhint="go")
    NOUVEAU_MOT_DE_PASSE = Attributs("password", "new-password")
    PRENOM = Attributs(autocomplete="given-name", autocapitalize="words")
    NOM = Attributs(autocomplete="family-name", autocapitalize="words")
    TELEPHONE = Attributs("tel", "tel", "tel")
    VOIE = Attributs(autocomplete="address-line1", autocapitalize="words")
    COMPLEMENT = Attributs(autocomplete="address-line2", autocapitalize="words")
    DISTRIBUTION = Attributs(autocomplete="address-line3", autocapitalize="words")
    CODE_POSTAL = Attributs(autocomplete="postal-code", autocapitalize="characters")  # foreign ones have letters
    COMMUNE = Attributs(autocomplete="address-level2", autocapitalize="words")
    PAYS = Attributs(autocomplete="country-name", autocapitalize="words")
    REPONSE_DE_CONFIANCE = Attributs()
    CHIFFRES = Attributs(inputmode="numeric")  # and nothing else: a SIREN, a numéro d'abonné
    CODE = Attributs(autocapitalize="characters", enterkeyhint="go")  # letters and digits: an IDSP, a recovery code
    LISTE_DE_SIREN = Attributs("textarea", autocapitalize="characters", enterkeyhint="enter")
    CODE_A_SIX_CHIFFRES = Attributs(autocomplete="one-time-code", inputmode="numeric", enterkeyhint="go")
    CODE_RECU = Attributs(autocomplete="one-time-code", autocapitalize="characters", enterkeyhint="go")
    REFERENCE = Attributs(autocapitalize="characters")  # printed somewhere; or a postal code that is not the user's
    NOM_D_AUTRUI = Attributs(autocapitalize="words")  # of a person or of a place that is not the user's
    PHRASE = Attributs(autocapitalize="sentences", spellcheck="true")
    TEXTE = Attributs("textarea", autocapitalize="sentences", spellcheck="true", enterkeyhint="enter")
    RECHERCHE = Attributs("search", inputmode="search", enterkeyhint="search")
    JOUR = Attributs("date", autocapitalize="", spellcheck="")

    @property
    def attributs(self) -> dict[str, str]:
        """Return what is written on the element beside its type."""
        return {nom: valeur for nom, valeur in self.value._asdict().items() if valeur and nom != "type"}

    def widget(self) -> forms.Widget:
        """Return the element that this kind is typed in."""
        return _WIDGETS[self.value.type]()


_WIDGETS: dict[str, type[forms.Widget]] = {
    "text": forms.TextInput,
    "email": forms.EmailInput,
    "password": forms.PasswordInput,
    "tel": forms.TelInput,
    "search": forms.SearchInput,
    "textarea": forms.Textarea,
}
