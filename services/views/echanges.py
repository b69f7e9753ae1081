"""What an agent does to an exchange of the secure mailbox, at /gestion/: each page shows it, and calls one act (issue 15, item 9)."""

import uuid
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampCle, ChampPorte, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.gestion.fonctions import CHEFS
from accounts.gestion.page_acte import PageActe
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import FonctionChangee

from ..messagerie import bureau
from ..messagerie.bureau import LONGUEUR_MOTIF, EchangeHorsService, dernier_de_l_entreprise, fil
from ..messagerie.modeles import LONGUEUR_TITRE, enregistrer_modele, modeles_pour, retirer_modele
from ..messagerie.pieces.jointes import TAILLE_D_UN_ENVOI, joindre_du_bureau, oter
from ..messagerie.pieces.natures import EXTENSIONS
from ..messagerie.pieces.regles import SANS_FICHIER
from ..messagerie.themes import a_choisir, theme_de
from ..models import Echange, Message, ModeleDeReponse, PieceJointe
from ..models.messagerie import LONGUEUR_TEXTE

DERNIERS = 5
"""Messages shown again above an answer: the whole exchange stands on its own page."""
INSERER = "inserer"
"""The name of the button that puts a model into the text, instead of sending."""
JOINDRE = "joindre"
"""The name of the button that keeps the text and leads to the page of the files, instead of sending."""
OTER = "oter"
"""The name of the buttons that take a file off."""
DU_TEXTE = dict.fromkeys(("message_vide", "message_trop_long", "envoi_d_un_autre"), "texte")


EN_CONTROLE = "La réponse partira d’elle-même dès que ses fichiers auront été contrôlés : l’échange attend jusque-là."


def pieces_de(agent: Agent, echange: Echange) -> list[PieceJointe]:
    """Return the files of what this agent has begun to answer: one query."""
    return list(PieceJointe.objects.filter(brouillon__agent=agent, brouillon__echange=echange))


class VuForm(FormulairePortail):
    """`vu`: up to which message of the company the page had shown the exchange."""

    vu = ChampCle(required=False)


class NoteForm(FormulairePortail):
    """A note between agents."""

    regles = DU_TEXTE

    envoi = ChampCle(initial=uuid.uuid4)
    texte = ChampTexte(
        label="Note",
        help_text="Les agents de votre service la lisent, et ceux d’un service à qui l’échange est transmis. L’entreprise ne la voit jamais.",
        max_length=LONGUEUR_TEXTE,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Écrivez votre note."},
    )


class ReponseDuBureauForm(VuForm):
    """The words that the company will read, begun from a model or not."""

    regles = DU_TEXTE

    envoi = ChampCle(initial=uuid.uuid4)
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


class TransfertForm(FormulairePortail):
    """To which office, and why."""

    regles = {"motif_de_transfert_requis": "motif", "deja_ce_service": "vers"}

    vers = forms.ModelChoiceField(
        queryset=ServiceGestionnaire.objects.none(),
        label="Service qui répondra",
        empty_label="Choisir un service",
        error_messages={"required": "Choisissez le service.", "invalid_choice": "Choisissez un service de la liste."},
    )
    motif = ChampTexte(
        label="Motif",
        max_length=LONGUEUR_MOTIF,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"L’agent qui le reçoit le lira ; l’entreprise, non. {LONGUEUR_MOTIF} caractères au plus.",
        error_messages={"required": "Dites pourquoi cet échange relève d’un autre service."},
    )


class _SurUnEchange(PageActe):
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

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "vu": dernier_de_l_entreprise(self.objet)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        derniers = list(fil(self.objet).reverse()[:DERNIERS])
        return {**super().get_context_data(**kwargs), "echange": self.objet, "messages_lus": derniers[::-1]}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the page again: what it says to have shown is what it shows now."""
        if "vu" in form.fields:
            form.data = form.data.copy()
            form.data["vu"] = dernier_de_l_entreprise(self.objet) or ""
        return super().form_invalid(form)


class PrendreEnCharge(_SurUnEchange):
    """Take it, as from the queue, and tell the company that somebody works on it: one act."""

    nom = "prendre-en-charge"
    titre = "Prendre et prévenir l’entreprise"
    bouton = "Prendre et prévenir"
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


class Repondre(_SurUnEchange):
    """Answer; the exchange waits for the company."""

    nom = "repondre"
    titre = "Répondre"
    bouton = "Envoyer la réponse"
    succes = "La réponse est envoyée."
    form_class = ReponseDuBureauForm
    piece = False
    envoye: Message

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
        return {**super().get_initial(), "texte": garde.texte if garde is not None else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "avec_modeles": True, "pieces": pieces_de(self.agent, self.objet)}

    def form_valid(self, form: Any) -> HttpResponse:
        """Send; or, asked by its own button, put the model after what is written, or keep it and lead to its files."""
        if JOINDRE in form.data:
            return self._garder(form)
        if INSERER not in form.data:
            return super().form_valid(form)
        modele, texte = form.cleaned_data.get("modele"), form.cleaned_data["texte"]
        form.data = form.data.copy()
        form.data["texte"] = "\n\n".join(filter(None, [texte, modele.texte if modele else ""]))
        form.data["vu"] = dernier_de_l_entreprise(self.objet) or ""
        return self.render_to_response(self.get_context_data(form=form))

    def _garder(self, form: Any) -> HttpResponse:
        """Keep the text in the agent's draft: the page of the files has none to lose."""
        try:
            bureau.garder_du_bureau(acteur=self.agent, echange=self.objet, texte=form.cleaned_data["texte"])
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        return redirect("admin:services_echange_fichiers", self.objet.pk)

    def dire_le_succes(self) -> str:
        return self.succes if self.envoye.pret_le is not None else EN_CONTROLE

    def agir(self, form: Any) -> None:
        dits = form.cleaned_data
        self.envoye = bureau.repondre_du_bureau(
            acteur=self.agent,
            echange=self.objet,
            texte=dits["texte"],
            envoi=dits["envoi"],
            vu=dits["vu"],
            piece=self.piece,
        )


class JoindreDesFichiers(_SurUnEchange):
    """The files of the answer that one has begun, on a page of their own: what is too heavy or refused takes no text with it."""

    template_name = "gestion/fichiers.html"
    nom = "fichiers"
    titre = "Joindre des fichiers à la réponse"
    danger = False
    bouton = "Joindre les fichiers choisis"
    fichier_max = TAILLE_D_UN_ENVOI

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "pieces": pieces_de(self.agent, self.objet),
            "extensions": ",".join(EXTENSIONS),
            "octets": self.fichier_max,
            "demandable": DemanderUnePiece.possible(self.objet),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Join the files, each by itself, or take one off, and show the page again with what became of them."""
        choisis = self.request.FILES.getlist("fichiers")
        if OTER in self.request.POST:
            self._oter(self.request.POST[OTER])
        elif not choisis:
            messages.error(self.request, SANS_FICHIER)
        joints = 0
        for fichier in choisis:
            try:
                joindre_du_bureau(acteur=self.agent, echange=self.objet, nom=fichier.name or "", contenu=fichier.read())
            except (EchangeHorsService, FonctionChangee) as regle:
                return self.montrer_le_refus(form, regle)
            except RegleMetier as regle:
                messages.error(self.request, str(regle))
            else:
                joints += 1
        if joints:
            dit = "1 fichier joint à votre réponse." if joints == 1 else f"{joints} fichiers joints à votre réponse."
            messages.success(self.request, dit)
        return redirect(self.request.path)

    def _oter(self, saisie: str) -> None:
        brouillon = bureau.brouillon_du_bureau(self.agent, self.objet)
        try:
            if brouillon is not None:
                oter(acteur=self.agent, brouillon=brouillon, piece=UUID(saisie))
        except ValueError:
            messages.error(self.request, "Ce fichier n’est plus joint à votre réponse.")
        except RegleMetier as regle:
            messages.error(self.request, str(regle))


class DemanderUnePiece(Repondre):
    """Ask for a document; the company reads that one is waited for."""

    nom = "piece"
    titre = "Demander une pièce"
    bouton = "Envoyer la demande"
    succes = "La demande est envoyée : l’échange attend la pièce."
    piece = True

    @staticmethod
    def possible(objet: Echange) -> bool:
        return _SurUnEchange.possible(objet)


class Noter(_SurUnEchange):
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


class Transferer(_SurUnEchange):
    """Give the exchange to another office: this one reads it no more."""

    nom = "transferer"
    titre = "Transmettre à un autre service"
    bouton = "Transmettre"
    succes = "L’échange est transmis : l’autre service y répondra, l’entreprise en est prévenue."
    form_class = TransfertForm
    parti = False

    @property
    def page(self) -> str:
        """Return the page of the exchange; once it has gone to another office, the list of those that stay."""
        return self.admin.adresse_sans_objet() if self.parti else super().page

    def get_form(self, form_class: Any = None) -> Any:
        """Offer the other offices."""
        form = super().get_form(form_class)
        form.fields["vers"].queryset = ServiceGestionnaire.objects.exclude(pk=self.agent.service_gestionnaire_id)
        return form

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            *super().faits(),
            (
                "Ce qui se passe",
                "Vous ne lirez plus cet échange. L’autre service le reçoit avec ses notes, et l’attente continue. Le dossier de "
                "l’entreprise reste au vôtre.",
            ),
        ]

    def agir(self, form: Any) -> None:
        bureau.transferer(acteur=self.agent, echange=self.objet, **form.cleaned_data)
        self.parti = True


class CloreEchange(_SurUnEchange):
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


class ModeleForm(FormulairePortail):
    """A model: its title, the theme that it serves, its text."""

    regles = {
        **DU_TEXTE,
        "titre_de_modele_requis": "titre",
        "theme_inconnu": "theme",
    }

    titre = ChampPorte(
        label="Titre",
        max_length=LONGUEUR_TITRE,
        clavier=Clavier.PHRASE,
        help_text=f"Ce que l’agent lit dans la liste. {LONGUEUR_TITRE} caractères au plus.",
        error_messages={"required": "Donnez un titre à ce modèle."},
    )
    theme = forms.ChoiceField(label="Thème", required=False)
    texte = ChampTexte(
        label="Texte",
        max_length=LONGUEUR_TEXTE,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": "Écrivez le texte du modèle."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choix = [("", "Tous les thèmes"), *((theme.code, theme.libelle) for theme in a_choisir())]
        self.fields["theme"].choices = choix


class AjouterModele(PageActe):
    """A new model for the office of its head."""

    nom = "ajouter-modele"
    titre = "Ajouter un modèle de réponse"
    bouton = "Enregistrer le modèle"
    succes = "Le modèle est enregistré : les agents de votre service peuvent partir de lui."
    form_class = ModeleForm
    fonctions = CHEFS
    fait = False

    @staticmethod
    def possible(objet: ServiceGestionnaire) -> bool:
        return True

    @property
    def page(self) -> str:
        """Return the list of the models."""
        return reverse("admin:services_modeledereponse_changelist")

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Service", self.objet),
            ("Qui s’en sert", "Les agents de ce service, quand ils répondent à un message."),
        ]

    def agir(self, form: Any) -> None:
        enregistrer_modele(acteur=self.agent, **form.cleaned_data)


class ModifierModele(PageActe):
    """Write a model anew: what was sent from it stays as it was."""

    nom = "modifier"
    titre = "Modifier le modèle"
    bouton = "Enregistrer le modèle"
    succes = "Le modèle est enregistré."
    form_class = ModeleForm
    fonctions = CHEFS
    objet: ModeleDeReponse

    @staticmethod
    def possible(objet: ModeleDeReponse) -> bool:
        return objet.service_gestionnaire_id is not None

    def get_initial(self) -> dict[str, Any]:
        return {"titre": self.objet.titre, "theme": self.objet.theme, "texte": self.objet.texte}

    def faits(self) -> list[tuple[str, str | Model]]:
        return [("Modèle", self.objet.titre), ("Ce qui se passe", "Ce qui a déjà été envoyé ne change pas.")]

    def agir(self, form: Any) -> None:
        enregistrer_modele(acteur=self.agent, modele=self.objet, **form.cleaned_data)


class RetirerModele(PageActe):
    """Withdraw a model."""

    nom = "retirer"
    titre = "Retirer le modèle"
    bouton = "Retirer le modèle"
    succes = "Le modèle est retiré."
    fonctions = CHEFS
    retire = False
    objet: ModeleDeReponse

    @staticmethod
    def possible(objet: ModeleDeReponse) -> bool:
        return objet.service_gestionnaire_id is not None

    @property
    def page(self) -> str:
        """Return the page of the model; once it is withdrawn, the list."""
        return self.admin.adresse_sans_objet() if self.retire else super().page

    def faits(self) -> list[tuple[str, str | Model]]:
        return [("Modèle", self.objet.titre), ("Ce qui se passe", "Ce qui a déjà été envoyé ne change pas.")]

    def agir(self, form: Any) -> None:
        retirer_modele(acteur=self.agent, modele=self.objet)
        self.retire = True


ACTES_D_UN_ECHANGE = (Repondre, PrendreEnCharge, DemanderUnePiece, Noter, Transferer, CloreEchange, JoindreDesFichiers)
