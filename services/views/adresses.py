"""The address that an agent enters for the letters of a personne, at /gestion/."""

from typing import Any

from django import forms
from django.db.models import Model

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampRegle, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.gestion.page_acte import PageActe
from accounts.saisies.noms import normaliser_texte

from ..adresses.attendues import LONGUEUR_MOTIF, classer_sans_adresse
from ..adresses.envoi import adresse_du_courrier
from ..adresses.saisie import LONGUEUR_PREUVE, Saisie, retirer_adresse, saisir_adresse
from ..models import AdresseAttendue, PersonneSirenisee


def champ_libre(
    label: str,
    *,
    longueur: int = 120,
    requis: str = "",
    aide: str = "",
    clavier: Clavier = Clavier.NOM_D_AUTRUI,
) -> ChampRegle:
    """Return the field of a part of an address; `requis` is what is said where it is asked for and was not typed."""
    return ChampRegle(
        normaliser_texte,
        label=label,
        required=bool(requis),
        max_length=longueur,
        help_text=aide,
        clavier=clavier,
        error_messages={"required": requis} if requis else {},
    )


SELON_LE_RESTE = frozenset({"voie", "distribution", "code_postal", "pays"})
"""Of an address for the letters: a street or a post box, a code of five digits or a country."""
VOIE = "Ou une boîte postale, un lieu-dit."
CODE_POSTAL = "Cinq chiffres, en France."


class AdresseForm(FormulairePortail):
    """The address to write to, why it is entered, and what proves it."""

    conditionnels = SELON_LE_RESTE

    regles = {
        "adresse_non_distribuable": "voie",
        "code_postal_de_france": "code_postal",
        "code_postal_invalide": "code_postal",
        "destinataire_requis": "destinataire",
    }

    destinataire = champ_libre(
        "Nom à porter sur l’enveloppe", longueur=160, aide="S’il n’est pas la dénomination du registre."
    )
    complement = champ_libre("Complément d’adresse")
    voie = champ_libre("Numéro et voie", aide=VOIE)
    distribution = champ_libre("Boîte postale ou lieu-dit")
    code_postal = champ_libre("Code postal", longueur=10, aide=CODE_POSTAL, clavier=Clavier.REFERENCE)
    commune = champ_libre("Commune", requis="Saisissez la commune.")
    pays = champ_libre("Pays, hors de France", longueur=80)
    justificatif = champ_libre(
        "Justificatif vu",
        longueur=LONGUEUR_PREUVE,
        requis="Dites quel justificatif vous avez vu.",
        aide="Par exemple : extrait Kbis du 12 mars 2027.",
        clavier=Clavier.PHRASE,
    )
    motif = ChampTexte(
        label="Motif",
        max_length=LONGUEUR_PREUVE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Indiquez le motif."},
    )


class SaisirAdresse(PageActe):
    """Enter the address for the letters: the register's stays as it is."""

    nom = "adresse"
    danger = False
    titre = "Saisir l’adresse des courriers"
    bouton = "Enregistrer cette adresse"
    succes = "L’adresse est enregistrée : les prochains courriers y partiront."
    form_class = AdresseForm

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return True

    def faits(self) -> list[tuple[str, str | Model]]:
        envoi = adresse_du_courrier(self.objet)
        return [
            ("Personne sirénisée", self.objet),
            ("Adresse du registre", ", ".join(self.objet.lignes_adresse) or "inconnue"),
            ("Les courriers partent à", ", ".join(envoi.lignes_adresse) if envoi else "aucune adresse : rien ne part"),
            (
                "Ce qui se passe",
                "Les codes d’activation partiront à l’adresse saisie, tant que le registre n’en donne pas une autre. "
                "L’entreprise en est avertie par courriel.",
            ),
        ]

    def agir(self, form: Any) -> None:
        champs = dict(form.cleaned_data)
        preuve = {nom: champs.pop(nom) for nom in ("motif", "justificatif")}
        saisir_adresse(acteur=self.agent, personne=self.objet, saisie=Saisie(**champs), **preuve)


class RetirerAdresse(PageActe):
    """Go back to the register's address."""

    nom = "adresse-registre"
    titre = "Revenir à l’adresse du registre"
    bouton = "Revenir à l’adresse du registre"
    succes = "L’adresse saisie est retirée : les courriers partent à celle du registre."

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return objet.adresses_saisies.filter(fin_le=None).exists()

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Personne sirénisée", self.objet),
            ("Adresse saisie", str(self.objet.adresses_saisies.filter(fin_le=None).first() or "aucune")),
            ("Adresse du registre", ", ".join(self.objet.lignes_adresse) or "inconnue"),
        ]

    def agir(self, form: Any) -> None:
        retirer_adresse(acteur=self.agent, personne=self.objet)


class ReponseForm(FormulairePortail):
    """What whoever waits for the address will read."""

    regles = {"reponse_sans_suite_requise": "motif"}

    motif = ChampTexte(
        label="Votre réponse aux demandeurs",
        max_length=LONGUEUR_MOTIF,
        help_text=f"Chacun la lira telle quelle. {LONGUEUR_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites pourquoi : chaque demandeur lira votre réponse."},
    )


class ClasserSansAdresse(PageActe):
    """Answer whoever waits for the address that there is none to record."""

    nom = "sans-adresse"
    titre = "Répondre qu’aucune adresse ne peut être enregistrée"
    bouton = "Répondre aux demandeurs"
    succes = "Les demandeurs ont votre réponse : plus rien n’attend pour cette adresse."
    form_class = ReponseForm

    @staticmethod
    def possible(objet: PersonneSirenisee) -> bool:
        return objet.adresses_attendues.filter(issue=AdresseAttendue.Issue.EN_ATTENTE).exists()

    def faits(self) -> list[tuple[str, str | Model]]:
        nombre = self.objet.adresses_attendues.filter(issue=AdresseAttendue.Issue.EN_ATTENTE).count()
        return [
            ("Personne sirénisée", self.objet),
            ("Adresse du registre", ", ".join(self.objet.lignes_adresse) or "inconnue"),
            ("Demandeurs qui attendent", str(nombre)),
            (
                "Ce qui se passe",
                "Chacun reçoit votre réponse par courriel et peut redemander plus tard. Si vous connaissez l’adresse, "
                "saisissez-la plutôt : ils sont prévenus aussi.",
            ),
        ]

    def agir(self, form: Any) -> None:
        classer_sans_adresse(acteur=self.agent, personne=self.objet, motif=form.cleaned_data["motif"])
