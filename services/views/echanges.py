"""What an agent does to an exchange of the secure mailbox, at /gestion/: each page shows it, and calls one act (issue 15, item 9).

What is read again before it is done stands in `echanges_relus.py`, the files in `fichiers_du_bureau.py`.
"""

from functools import partial
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampCle, ChampTexte
from accounts.gestion.page_acte import PageActe
from accounts.models import Agent
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import noter_la_suite

from ..messagerie import bureau
from ..messagerie.bureau import dernier_de_l_entreprise, fil
from ..messagerie.forms import FormulaireDEnvoi
from ..messagerie.modeles import modeles_pour
from ..messagerie.montres import BrouillonMontre, mots_de
from ..messagerie.themes import theme_de
from ..models import Echange, ModeleDeReponse, PieceJointe
from ..models.messagerie import LONGUEUR_TEXTE

DERNIERS = 5
"""Messages shown again above an answer: the whole exchange stands on its own page."""
INSERER = "inserer"
"""The name of the button that puts a model into the text, instead of sending."""
JOINDRE = "joindre"
"""The name of the button that keeps the text and leads to the page of the files, instead of sending."""
GARDEE: Final = "reponse_gardee"
"""What the session keeps of the page that kept an answer last: its exchange, its key."""
ARRIVE = "Un message de l’entreprise est arrivé pendant que vous écriviez : il est affiché plus bas, lisez-le avant d’envoyer."
DU_TEXTE = dict.fromkeys(("message_vide", "message_trop_long", "envoi_d_un_autre", "envoi_deja_parti"), "texte")


def pieces_de(agent: Agent, echange: Echange) -> list[PieceJointe]:
    """Return the files of what this agent has begun to answer: one query."""
    return list(PieceJointe.objects.filter(brouillon__agent=agent, brouillon__echange=echange))


class VuForm(FormulairePortail):
    """`vu`: up to which message of the company the page had shown the exchange."""

    vu = ChampCle(required=False)


class NoteForm(FormulaireDEnvoi):
    """A note between agents."""

    regles = DU_TEXTE

    texte = ChampTexte(
        label="Note",
        help_text="Les agents de votre service la lisent, et ceux d’un service à qui l’échange est transmis. L’entreprise ne la voit jamais.",
        max_length=LONGUEUR_TEXTE,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Écrivez votre note."},
    )


class ReponseDuBureauForm(VuForm):
    """The words that the company will read, begun from a model or not.

    `garde`: the print of the words that the page had shown kept; `page`: its own key, by which one gone back to knows its own words.
    """

    garde = ChampCle(required=False)
    page = ChampCle(required=False, initial=uuid4)

    regles = DU_TEXTE

    modele = forms.ModelChoiceField(
        queryset=ModeleDeReponse.objects.none(),
        required=False,
        label="Partir d’un modèle",
        empty_label="Aucun modèle",
        help_text="Son texte s’ajoute à la suite du vôtre ; vous le corrigez avant d’envoyer.",
    )
    texte = ChampTexte(
        label="Votre message",
        help_text="L’entreprise le lit tel quel. N’y écrivez ni code, ni IBAN entier.",
        max_length=LONGUEUR_TEXTE,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": "Écrivez votre message."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if INSERER in self.data or JOINDRE in self.data:  # into a text that is not begun, or beside it
            self.fields["texte"].required = False


class SurUnEchange(PageActe):
    """What the pages of an exchange share: the exchange as it is now, with its last messages."""

    template_name = "gestion/acte_echange.html"
    objet: Echange

    @staticmethod
    def possible(objet: Echange) -> bool:
        return objet.etat != Echange.Etat.CLOS and not theme_de(objet.theme).portail

    def faits(self) -> list[tuple[str, str | Model]]:
        echange = self.objet
        return [
            ("Entreprise", echange.personne),
            ("Échange", f"{theme_de(echange.theme)} : {echange.objet}"),
            ("État", echange.get_etat_display()),
        ]

    def montre(self) -> dict[str, UUID | None]:
        """Return what the page says to have shown, by the fields that carry it."""
        return {"vu": dernier_de_l_entreprise(self.objet)}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.montre()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the last messages, and leave the read receipts of the agent, as the page of the exchange does."""
        derniers = list(fil(self.objet).reverse()[:DERNIERS])
        noter_la_suite(self.request, partial(bureau.marquer_lus_du_bureau, self.agent, derniers))
        return {
            **super().get_context_data(**kwargs),
            "echange": self.objet,
            "messages_lus": derniers[::-1],
            "ailleurs": "",
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the page again: what it says to have shown is what it shows now."""
        form.data = form.data.copy()
        for nom, cle in self.montre().items():
            if nom in form.fields:
                form.data[nom] = cle or ""
        return super().form_invalid(form)

    def adresse(self, nom: str) -> str:
        """Return the address of another page of this exchange."""
        return reverse(f"admin:services_echange_{nom}", args=[self.objet.pk])


class PrendreEnCharge(SurUnEchange):
    """Tell the company that somebody works on it, and take it, as from the queue, where one has not yet: one act."""

    nom = "prendre-en-charge"
    titre = "Dire à l’entreprise que vous vous en occupez"
    bouton = "Prévenir l’entreprise"
    succes = "L’échange est à vous, et pris en charge : l’entreprise le voit."

    @staticmethod
    def possible(objet: Echange) -> bool:
        return objet.etat == Echange.Etat.ENVOYE and not theme_de(objet.theme).portail

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            *super().faits(),
            (
                "Ce qui se passe",
                "Les autres agents voient que vous l’avez, l’entreprise lit « pris en charge ». L’échange attend toujours.",
            ),
        ]

    def agir(self, form: Any) -> None:
        bureau.prendre_en_charge(acteur=self.agent, echange=self.objet)


class Repondre(SurUnEchange):
    """Begin an answer: kept as it is typed on, read again on a page of its own before it leaves."""

    nom = "repondre"
    titre = "Répondre"
    bouton = "Relire avant d’envoyer"
    form_class = ReponseDuBureauForm
    relire: ClassVar[str] = "repondre-relire"  # the pages that follow
    fichiers: ClassVar[str] = "fichiers"
    ailleurs = ""  # the words kept from another page, to be shown

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def get_form(self, form_class: Any = None) -> Any:
        """Offer the models of this theme; without any, no list."""
        form = super().get_form(form_class)
        if not (modeles := modeles_pour(self.agent, self.objet.theme)).exists():
            del form.fields["modele"]
        else:
            form.fields["modele"].queryset = modeles
        return form

    def get_initial(self) -> dict[str, Any]:
        garde = bureau.brouillon_du_bureau(self.agent, self.objet)
        return {**super().get_initial(), "texte": garde.texte if garde is not None else "", "garde": mots_de(garde)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "avec_modeles": True,
            "pieces": pieces_de(self.agent, self.objet),
            "ailleurs": self.ailleurs,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Put the model after what is written, where its button asks so; else keep what is written, and lead to what comes next."""
        if INSERER in form.data:
            modele, texte = form.cleaned_data.get("modele"), form.cleaned_data["texte"]
            form.data = form.data.copy()
            form.data["texte"] = "\n\n".join(filter(None, [texte, modele.texte if modele else ""]))
            form.data["vu"] = dernier_de_l_entreprise(self.objet) or ""
            return self.render_to_response(self.get_context_data(form=form))
        try:
            self.garder(form)
        except bureau.ReponseGardeeAilleurs as regle:
            return self.montrer_ce_qui_est_garde(form, regle)
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        if JOINDRE in form.data:
            return redirect(self.adresse(self.fichiers))
        if form.cleaned_data["vu"] != dernier_de_l_entreprise(self.objet):
            messages.warning(self.request, ARRIVE)
        return redirect(self.adresse(self.relire))

    def garder(self, form: Any) -> None:
        """Keep what is written, unless other words are kept that neither this page has shown nor wrote. Raises: what the act raises."""
        dits = form.cleaned_data
        cle = {"echange": str(self.objet.pk), "page": str(dits["page"] or uuid4())}
        montre = None if self.request.session.get(GARDEE) == cle else BrouillonMontre(dits["garde"])
        bureau.garder_du_bureau(acteur=self.agent, echange=self.objet, texte=dits["texte"], montre=montre)
        self.request.session[GARDEE] = cle

    def montrer_ce_qui_est_garde(self, form: Any, regle: RegleMetier) -> HttpResponse:
        """Show what is kept beside what is typed: pressed again, the latter stands in its place."""
        garde = bureau.brouillon_du_bureau(self.agent, self.objet)
        self.ailleurs = garde.texte if garde is not None else ""
        form.data = form.data.copy()
        form.data["garde"] = mots_de(garde) or ""
        return self.montrer_le_refus(form, regle)


class DemandeDePieceForm(ReponseDuBureauForm):
    """The words that ask for a document."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nommer("texte", "Quelle pièce, et avant quand")
        self.fields["texte"].help_text = self["texte"].help_text = (
            "Nommez la pièce, dites à quoi elle sert et avant quelle date vous l’attendez : l’entreprise ne lit que ce texte. N’y "
            "écrivez ni code, ni IBAN entier."
        )
        self.fields["texte"].error_messages["required"] = "Dites quelle pièce vous demandez, et avant quelle date."


class DemanderUnePiece(Repondre):
    """Ask for a document; the company reads that one is waited for."""

    nom = "piece"
    titre = "Demander une pièce"
    form_class = DemandeDePieceForm
    relire, fichiers = "piece-relire", "piece-fichiers"

    @staticmethod
    def possible(objet: Echange) -> bool:
        return SurUnEchange.possible(objet)


class Noter(SurUnEchange):
    """A note that the company never sees."""

    nom = "noter"
    titre = "Ajouter une note interne"
    bouton = "Enregistrer la note"
    succes = "La note est enregistrée."
    form_class = NoteForm

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def agir(self, form: Any) -> None:
        bureau.noter(acteur=self.agent, echange=self.objet, **form.cleaned_data)


class CloreEchange(SurUnEchange):
    """Close the exchange; the company may reopen it."""

    nom = "clore"
    titre = "Clore l’échange"
    bouton = "Clore"
    succes = "L’échange est clos. Une réponse de l’entreprise le rouvre."
    form_class = VuForm

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            *super().faits(),
            ("Ce qui se passe", "Rien n’est effacé. Une réponse de l’entreprise rouvre l’échange."),
        ]

    def agir(self, form: Any) -> None:
        bureau.clore_du_bureau(acteur=self.agent, echange=self.objet, vu=form.cleaned_data["vu"])
