"""What an agent does to an exchange of the secure mailbox, at /gestion/: each page shows it, and calls one act (issue 15, item 9)."""

from dataclasses import asdict
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.compteurs.double_envoi import annoncer_une_fois
from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampCle, ChampPhrase, ChampTexte
from accounts.gestion.fonctions import CHEFS
from accounts.gestion.page_acte import PageActe
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.citations import citer
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import FonctionChangee

from ..messagerie import bureau
from ..messagerie.bureau import LONGUEUR_MOTIF, EchangeHorsService, dernier_de_l_entreprise, fil
from ..messagerie.forms import FormulaireDEnvoi
from ..messagerie.modeles import LONGUEUR_TITRE, enregistrer_modele, modeles_pour, retirer_modele
from ..messagerie.pieces.jointes import TAILLE_D_UN_ENVOI, joindre_du_bureau, oter
from ..messagerie.pieces.natures import EXTENSIONS
from ..messagerie.pieces.regles import SANS_FICHIER
from ..messagerie.themes import a_choisir, theme_de
from ..models import Brouillon, Echange, Message, ModeleDeReponse, PieceJointe
from ..models.messagerie import LONGUEUR_TEXTE

DERNIERS = 5
"""Messages shown again above an answer: the whole exchange stands on its own page."""
INSERER = "inserer"
"""The name of the button that puts a model into the text, instead of sending."""
JOINDRE = "joindre"
"""The name of the button that keeps the text and leads to the page of the files, instead of sending."""
OTER = "oter"
"""The name of the buttons that take a file off."""
REVENIR = "revenir"
"""The name of the button that joins what is chosen, then leads back to the text."""
TRANSFERT: Final = "transfert"
"""What the session keeps of the one transfer that is being written: its exchange, the office, why."""
TRANSMIS: Final = "transmis"
"""The exchange that this session has just given to another office."""
ARRIVE = "Un message de l’entreprise est arrivé pendant que vous écriviez : il est affiché plus bas, lisez-le avant d’envoyer."
RIEN_A_RELIRE = "Rien n’attend d’être relu : c’est envoyé, ou ce n’est pas commencé. Voici où en est l’échange."
DU_TEXTE = dict.fromkeys(("message_vide", "message_trop_long", "envoi_d_un_autre", "envoi_deja_parti"), "texte")


EN_CONTROLE = "La réponse partira d’elle-même dès que ses fichiers auront été contrôlés : l’échange attend jusque-là."


def pieces_de(agent: Agent, echange: Echange) -> list[PieceJointe]:
    """Return the files of what this agent has begun to answer: one query."""
    return list(PieceJointe.objects.filter(brouillon__agent=agent, brouillon__echange=echange))


def garder_transfert(request: HttpRequest, echange: Echange, dit: dict[str, Any]) -> None:
    """Keep in the session what is written of this transfer, in the place of another."""
    request.session[TRANSFERT] = {"echange": str(echange.pk), **dit}


def transfert_garde(request: HttpRequest, echange: Echange) -> dict[str, Any]:
    """Return what the session keeps of a transfer of this exchange."""
    garde = dict(request.session.get(TRANSFERT, {}))
    return garde if garde.pop("echange", "") == str(echange.pk) else {}


class VuForm(FormulairePortail):
    """`vu`: up to which message of the company the page had shown the exchange."""

    vu = ChampCle(required=False)


class MontreForm(VuForm):
    """What a page read again had shown of the exchange: the last messages, whether it was closed, who had it."""

    repondu = ChampCle(required=False)
    tenue = ChampCle()

    def montre(self) -> bureau.Montre:
        """Return it for the act to compare."""
        return bureau.Montre(**{nom: self.cleaned_data[nom] for nom in ("vu", "repondu", "tenue")})


class EnvoiForm(MontreForm):
    """`envoi`: which words and files the page had shown."""

    envoi = ChampCle()


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
    """The words that the company will read, begun from a model or not."""

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


class TransfertForm(FormulairePortail):
    """To which office, and why; kept in the session until it is read again."""

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


class TransfertReluForm(MontreForm, TransfertForm):
    """The same, as the page has shown it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for nom in ("vers", "motif"):
            self.fields[nom].widget = forms.HiddenInput()


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

    def montre(self) -> dict[str, UUID | None]:
        """Return what the page says to have shown, by the fields that carry it."""
        return {"vu": dernier_de_l_entreprise(self.objet)}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.montre()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        derniers = list(fil(self.objet).reverse()[:DERNIERS])
        return {**super().get_context_data(**kwargs), "echange": self.objet, "messages_lus": derniers[::-1]}

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


class PrendreEnCharge(_SurUnEchange):
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


class Repondre(_SurUnEchange):
    """Begin an answer: kept as it is typed on, read again on a page of its own before it leaves."""

    nom = "repondre"
    titre = "Répondre"
    bouton = "Relire avant d’envoyer"
    form_class = ReponseDuBureauForm
    relire: ClassVar[str] = "repondre-relire"  # the pages that follow
    fichiers: ClassVar[str] = "fichiers"

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
        """Put the model after what is written, where its button asks so; else keep what is written, and lead to what comes next."""
        if INSERER in form.data:
            modele, texte = form.cleaned_data.get("modele"), form.cleaned_data["texte"]
            form.data = form.data.copy()
            form.data["texte"] = "\n\n".join(filter(None, [texte, modele.texte if modele else ""]))
            form.data["vu"] = dernier_de_l_entreprise(self.objet) or ""
            return self.render_to_response(self.get_context_data(form=form))
        try:
            bureau.garder_du_bureau(acteur=self.agent, echange=self.objet, texte=form.cleaned_data["texte"])
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        if JOINDRE in form.data:
            return redirect(self.adresse(self.fichiers))
        if form.cleaned_data["vu"] != dernier_de_l_entreprise(self.objet):
            messages.warning(self.request, ARRIVE)
        return redirect(self.adresse(self.relire))


class _Relire(_SurUnEchange):
    """What leaves, as it would be read: a GET that writes nothing. The POST sends that, or shows what has changed."""

    template_name = "gestion/relire.html"
    menee = True
    ecrire: ClassVar[str]  # the page where it was written
    apres: ClassVar[str]  # what happens, said above the words

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def montre(self) -> dict[str, UUID | None]:
        return asdict(bureau.montre_de(self.agent, self.objet))

    def faits(self) -> list[tuple[str, str | Model]]:
        return [*super().faits(), ("Ce qui se passe", self.apres)]

    def a_relire(self) -> bool:
        """Whether something is there to be read again."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; where nothing waits any more, go back to the exchange, which says what was sent."""
        if not self.a_relire():
            messages.warning(request, RIEN_A_RELIRE)
            return redirect(self.page)
        return super().get(request, *args, **kwargs)

    def montrer_le_refus(self, form: Any, regle: RegleMetier) -> HttpResponse:
        """Show what was refused above what would leave; with nothing left to send, go back to the exchange."""
        if not self.a_relire():
            messages.error(self.request, str(regle))
            return redirect(self.page)
        return super().montrer_le_refus(form, regle)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Its fields are hidden: one that came spoiled is no fault of the agent's, the page as it is now is to be read."""
        if not self.a_relire():
            messages.warning(self.request, RIEN_A_RELIRE)
            return redirect(self.page)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tenu = bureau.tenu_par_un_autre(self.agent, self.objet, timezone.now())
        return {**super().get_context_data(**kwargs), "modifier": self.adresse(self.ecrire), "tenu": tenu}


class RelireReponse(_Relire):
    """The answer that one has begun, before it leaves."""

    nom = "repondre-relire"
    titre = "Relire votre réponse avant de l’envoyer"
    bouton = "Envoyer la réponse"
    succes = "La réponse est envoyée."
    form_class = EnvoiForm
    ecrire = "repondre"
    fichiers: ClassVar[str] = "fichiers"
    apres = "L’entreprise la lit telle quelle. Un message envoyé ne se reprend pas."
    piece = False
    envoye: Message

    @cached_property
    def brouillon(self) -> Brouillon | None:
        """What this agent has begun, as it is when the page is made."""
        return bureau.brouillon_du_bureau(self.agent, self.objet)

    def a_relire(self) -> bool:
        return self.brouillon is not None and bool(self.brouillon.texte)

    def montre(self) -> dict[str, UUID | None]:
        envoi = bureau.cle_d_envoi_du_bureau(self.brouillon, piece=self.piece) if self.brouillon is not None else None
        return {**super().montre(), "envoi": envoi}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "texte": self.brouillon.texte if self.brouillon is not None else "",
            "pieces": pieces_de(self.agent, self.objet),
            "signature": f"{self.agent}, {self.agent.service_gestionnaire}",
            "fichiers": self.adresse(self.fichiers),
        }

    def montrer_le_refus(self, form: Any, regle: RegleMetier) -> HttpResponse:
        self.__dict__.pop("brouillon", None)  # it was read before the act, which may have found another
        return super().montrer_le_refus(form, regle)

    def dire_le_succes(self) -> str:
        return self.succes if self.envoye.pret_le is not None else EN_CONTROLE

    def agir(self, form: Any) -> None:
        self.envoye = bureau.envoyer_du_bureau(
            acteur=self.agent,
            echange=self.objet,
            envoi=form.cleaned_data["envoi"],
            montre=form.montre(),
            piece=self.piece,
        )


class RelireDemande(RelireReponse):
    """The request for a document, before it leaves."""

    nom = "piece-relire"
    titre = "Relire votre demande de pièce avant de l’envoyer"
    bouton = "Envoyer la demande"
    succes = "La demande est envoyée : l’échange attend la pièce."
    ecrire, fichiers = "piece", "piece-fichiers"
    apres = "L’entreprise la lit telle quelle, et voit qu’une pièce est attendue. Un message envoyé ne se reprend pas."
    piece = True


class JoindreDesFichiers(_SurUnEchange):
    """The files of the answer that one has begun, on a page of their own: what is too heavy or refused takes no text with it.

    It leads back to the act from which it was opened, and to no other; what is chosen there is joined first.
    """

    template_name = "gestion/fichiers.html"
    nom = "fichiers"
    titre = "Joindre des fichiers à la réponse"
    danger = False
    bouton = "Joindre les fichiers choisis"
    menee = True
    fichier_max = TAILLE_D_UN_ENVOI
    ecrire: ClassVar[str] = "repondre"
    revenir: ClassVar[str] = "Revenir à la réponse"

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "pieces": pieces_de(self.agent, self.objet),
            "extensions": ",".join(EXTENSIONS),
            "octets": self.fichier_max,
            "revenir": self.revenir,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Join the files, each by itself, or take one off, and show the page again with what became of them."""
        choisis = self.request.FILES.getlist("fichiers")
        if OTER in self.request.POST:
            self._oter(self.request.POST[OTER])
        elif not choisis and REVENIR not in self.request.POST:
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
        revient = REVENIR in self.request.POST and joints == len(choisis)
        return redirect(self.adresse(self.ecrire) if revient else self.request.path)

    def _oter(self, saisie: str) -> None:
        brouillon = bureau.brouillon_du_bureau(self.agent, self.objet)
        try:
            if brouillon is not None:
                oter(acteur=self.agent, brouillon=brouillon, piece=UUID(saisie))
        except ValueError:
            messages.error(self.request, "Ce fichier n’est plus joint à votre réponse.")
        except RegleMetier as regle:
            messages.error(self.request, str(regle))


class FichiersDeLaDemande(JoindreDesFichiers):
    """The files of a request for a document."""

    nom = "piece-fichiers"
    titre = "Joindre des fichiers à la demande de pièce"
    ecrire, revenir = "piece", "Revenir à la demande de pièce"


class DemanderUnePiece(Repondre):
    """Ask for a document; the company reads that one is waited for."""

    nom = "piece"
    titre = "Demander une pièce"
    relire, fichiers = "piece-relire", "piece-fichiers"

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
    """To which office an exchange would go, and why: kept in the session, read again before it goes."""

    nom = "transferer"
    titre = "Transmettre à un autre service"
    bouton = "Relire avant de transmettre"
    form_class = TransfertForm

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **transfert_garde(self.request, self.objet)}

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

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep what was typed, and show it again."""
        try:
            motif = bureau.lire_motif(form.cleaned_data["motif"])
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        garder_transfert(self.request, self.objet, {"vers": form.cleaned_data["vers"].pk, "motif": motif})
        return redirect(self.adresse("transferer-relire"))


class RelireTransfert(_Relire):
    """The transfer, before it is done: what the other office reads, what the company reads, what ends."""

    nom = "transferer-relire"
    titre = "Relire avant de transmettre à un autre service"
    bouton = "Transmettre"
    succes = "L’échange est transmis : l’autre service y répondra, l’entreprise en est prévenue."
    form_class = TransfertReluForm
    ecrire = "transferer"
    apres = "Vous ne lirez plus cet échange. L’autre service le reçoit avec ses notes, et l’attente continue."
    parti = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A second press finds the exchange gone by the first one: it leads where that one did."""
        cle = str(kwargs["object_id"])
        transmis = request.method == "POST" and request.session.get(TRANSMIS) == cle
        if transmis and self.admin.get_object(request, cle) is None:
            annoncer_une_fois(request, self.succes)
            return redirect(self.admin.adresse_sans_objet())
        return super().dispatch(request, *args, **kwargs)

    @staticmethod
    def possible(objet: Echange) -> bool:
        return _SurUnEchange.possible(objet)

    @property
    def page(self) -> str:
        """Return the page of the exchange; once it has gone to another office, the list of those that stay."""
        return self.admin.adresse_sans_objet() if self.parti else super().page

    @cached_property
    def vers(self) -> ServiceGestionnaire | None:
        """The office that was chosen, None where none is kept any more."""
        garde = transfert_garde(self.request, self.objet)
        autres = ServiceGestionnaire.objects.exclude(pk=self.agent.service_gestionnaire_id)
        return autres.filter(pk=garde["vers"]).first() if garde else None

    def a_relire(self) -> bool:
        return self.vers is not None

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **transfert_garde(self.request, self.objet)}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["vers"].queryset = ServiceGestionnaire.objects.exclude(pk=self.agent.service_gestionnaire_id)
        return form

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show again what the session keeps: another tab may have chosen another office since."""
        form.data = form.data.copy()
        for nom, dit in transfert_garde(self.request, self.objet).items():
            form.data[nom] = str(dit)
        return super().form_invalid(form)

    def faits(self) -> list[tuple[str, str | Model]]:
        motif = transfert_garde(self.request, self.objet).get("motif", "")
        perdue = bureau.brouillon_du_bureau(self.agent, self.objet) is not None
        return [
            *super().faits(),
            ("Service qui répondra", self.vers or ""),
            ("Motif, que l’agent qui le reçoit lira", citer(motif)),
            ("Ce que l’entreprise lit", bureau.dire_le_transfert(self.vers) if self.vers is not None else ""),
            *([("Ce qui se perd", "La réponse que vous avez commencée, avec ses fichiers.")] if perdue else []),
        ]

    def agir(self, form: Any) -> None:
        dits = form.cleaned_data
        bureau.transferer(
            acteur=self.agent, echange=self.objet, vers=dits["vers"], motif=dits["motif"], montre=form.montre()
        )
        self.parti = True
        self.request.session.pop(TRANSFERT, None)
        self.request.session[TRANSMIS] = str(self.objet.pk)


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

    titre = ChampPhrase(
        label="Titre",
        max_length=LONGUEUR_TITRE,
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


ACTES_D_UN_ECHANGE = (
    Repondre,
    RelireReponse,
    PrendreEnCharge,
    DemanderUnePiece,
    RelireDemande,
    Noter,
    Transferer,
    RelireTransfert,
    CloreEchange,
    JoindreDesFichiers,
    FichiersDeLaDemande,
)
