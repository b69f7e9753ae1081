"""What an agent reads again before it is done to an exchange: an answer, a request for a document, a transfer, which is written here too."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.compteurs.double_envoi import annoncer_une_fois
from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampCle, ChampTexte
from accounts.models import ServiceGestionnaire
from accounts.saisies.citations import citer
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier

from ..messagerie import bureau
from ..messagerie.accuses import parait_faire_patienter
from ..messagerie.bureau import LONGUEUR_MOTIF
from ..messagerie.themes import theme_de
from ..models import Brouillon, Echange, Message
from .echanges import SurUnEchange, VuForm, pieces_de

TRANSFERT: Final = "transfert"
"""What the session keeps of the one transfer that is being written: its exchange, the office, why."""
TRANSMIS: Final = "transmis"
"""The exchange that this session has just given to another office."""
RIEN_A_RELIRE = "Rien n’attend d’être relu : c’est envoyé, ou ce n’est pas commencé. Voici où en est l’échange."
EN_CONTROLE = "La réponse partira d’elle-même dès que ses fichiers auront été contrôlés : l’échange attend jusque-là."

PATIENTE = "Le message est envoyé. L’échange est pris en charge, et attend toujours votre réponse."


def garder_transfert(request: HttpRequest, echange: Echange, dit: dict[str, Any]) -> None:
    """Keep in the session what is written of this transfer, in the place of another."""
    request.session[TRANSFERT] = {"echange": str(echange.pk), **dit}


def transfert_garde(request: HttpRequest, echange: Echange) -> dict[str, Any]:
    """Return what the session keeps of a transfer of this exchange."""
    garde = dict(request.session.get(TRANSFERT, {}))
    return garde if garde.pop("echange", "") == str(echange.pk) else {}


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


class ReponseRelueForm(EnvoiForm):
    """The same, and whether it answers: a message that does not leaves the exchange in the queue.

    A page that does not ask sends an answer.
    """

    regles = {"accuse_avec_fichier": "portee"}
    REPOND: Final = "repond"
    ATTEND: Final = "attend"

    portee = forms.ChoiceField(
        label="Ce message",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Dites si ce message répond à l’entreprise, ou la fait patienter."},
    )

    def proposer(self, promise: datetime | None) -> None:
        """Word both choices, by the day until when the answer comes as a rule."""
        avant = f", d’habitude avant le {jour(promise)}" if promise is not None else ""
        self.fields["portee"].choices = [
            (self.REPOND, "répond à l’entreprise : l’échange n’attend plus votre service"),
            (self.ATTEND, f"accuse réception ou fait patienter : l’échange attend toujours votre réponse{avant}"),
        ]


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


class Relire(SurUnEchange):
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


class RelireReponse(Relire):
    """The answer that one has begun, before it leaves."""

    nom = "repondre-relire"
    titre = "Relire votre réponse avant de l’envoyer"
    bouton = "Envoyer la réponse"
    succes = "La réponse est envoyée."
    form_class: type[FormulairePortail] = ReponseRelueForm
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

    def get_initial(self) -> dict[str, Any]:
        texte = self.brouillon.texte if self.brouillon is not None else ""
        portee = ReponseRelueForm.ATTEND if parait_faire_patienter(texte) else ReponseRelueForm.REPOND
        return {**super().get_initial(), "portee": portee}

    def get_form(self, form_class: Any = None) -> Any:
        """Ask whether it answers, where the company waits for an answer."""
        form = super().get_form(form_class)
        if "portee" in form.fields:
            if self.objet.etat in Echange.ATTENDENT_LE_SERVICE:
                form.proposer(bureau.echeance(self.objet))
            else:
                del form.fields["portee"]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "texte": self.brouillon.texte if self.brouillon is not None else "",
            "pieces": pieces_de(self.agent, self.objet),
            "signature": f"{self.agent.service_gestionnaire}, {self.agent.nom_signe}",
            "fichiers": self.adresse(self.fichiers),
        }

    def montrer_le_refus(self, form: Any, regle: RegleMetier) -> HttpResponse:
        self.__dict__.pop("brouillon", None)  # it was read before the act, which may have found another
        return super().montrer_le_refus(form, regle)

    def dire_le_succes(self) -> str:
        if self.envoye.echange.etat in Echange.ATTENDENT_LE_SERVICE and self.envoye.pret_le is not None:
            return PATIENTE
        return self.succes if self.envoye.pret_le is not None else EN_CONTROLE

    def agir(self, form: Any) -> None:
        self.envoye = bureau.envoyer_du_bureau(
            acteur=self.agent,
            echange=self.objet,
            envoi=form.cleaned_data["envoi"],
            montre=form.montre(),
            piece=self.piece,
            attend=form.cleaned_data.get("portee") == ReponseRelueForm.ATTEND,
        )


class RelireDemande(RelireReponse):
    """The request for a document, before it leaves."""

    nom = "piece-relire"
    titre = "Relire votre demande de pièce avant de l’envoyer"
    bouton = "Envoyer la demande"
    succes = "La demande est envoyée : l’échange attend la pièce."
    form_class = EnvoiForm
    ecrire, fichiers = "piece", "piece-fichiers"
    apres = "L’entreprise la lit telle quelle, et voit qu’une pièce est attendue. Un message envoyé ne se reprend pas."
    piece = True


class Transferer(SurUnEchange):
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


class RelireTransfert(Relire):
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
        return SurUnEchange.possible(objet)

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
