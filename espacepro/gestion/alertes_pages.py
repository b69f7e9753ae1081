"""The pages of the cell about alerts: what waits, one alert and its evidence, what is decided (R15; CGU §3.6)."""

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_GET

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampTexte
from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_nue
from accounts.gestion.agents import agent_verifie
from accounts.gestion.consultation import ConsultationAdmin
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import PageActe
from accounts.models import Contreseing, TraceLecture
from accounts.saisies.apercu import empreinte
from accounts.saisies.dates import jour_heure
from accounts.traces.lecture import lire
from surveillance.alertes.chiffres import semaines
from surveillance.alertes.decisions import LONGUEUR_DU_MOTIF, classer_alertes, confirmer_alertes, dire
from surveillance.alertes.ensembles import Ensemble, ensemble_de, ensembles_ouverts, est_commune
from surveillance.alertes.questions import boite_changee_le, demander_au_detenteur, interrogeables
from surveillance.models import Alerte, Gravite, SuiteAlerte
from surveillance.signaux.registre import SIGNAUX, nom_de

from .alertes import lire_preuves
from .desactivation_pages import DesactiverCause, DesactiverEspace

ENSEMBLES_MONTRES: Final = 100


class MotifForm(FormulairePortail):
    """Why the cell decides so."""

    regles = {"motif_d_alerte_requis": "motif"}

    motif = ChampTexte(
        label="Motif, pour qui rouvrira ce dossier",
        max_length=LONGUEUR_DU_MOTIF,
        help_text=f"Le détenteur ne le lit pas. {LONGUEUR_DU_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi."},
    )


class _DecisionDAlerte(PageActe):
    """What these pages share: the alert, and all that its cause raised where the act takes them all (`ensemble`)."""

    fonctions = SURVEILLANCE
    ensemble: ClassVar[bool] = False
    template_name = "gestion/acte_alertes.html"
    danger = False

    @staticmethod
    def possible(objet: Alerte) -> bool:
        return objet.etat == Alerte.Etat.OUVERTE

    @cached_property
    def lues(self) -> list[Alerte]:
        """What waits, read once a request: the act decides on what was compared with the page."""
        return ensemble_de(self.objet).alertes if self.ensemble else [self.objet]

    def alertes(self) -> list[Alerte]:
        """Return what the act is about."""
        return self.lues

    def oublier_ce_qui_est_lu(self, form: Any) -> None:
        vars(self).pop("lues", None)

    def empreinte_montree(self, lignes: list[list[str]]) -> str:
        """Of one alert too: what was seen again after its page was served is not decided with it."""
        alertes = [(str(alerte.pk), alerte.nombre, alerte.gravite) for alerte in self.alertes()]
        return empreinte(alertes) if alertes else ""

    def lignes(self) -> list[list[str]]:
        if not self.ensemble:
            return []
        return [
            [
                dire(alerte),
                jour_heure(alerte.levee_le),
                str(alerte.nombre),
                alerte.get_gravite_display(),
            ]
            for alerte in self.alertes()
        ]

    def faits(self) -> list[tuple[str, str | models.Model]]:
        return [
            ("Alerte", nom_de(self.objet.motif)),
            ("Alertes", f"{len(self.alertes())}, la même cause")
            if self.ensemble
            else (self.de_quoi(), dire(self.objet)),
            ("Gravité", self.objet.get_gravite_display()),
            ("Levée le", jour_heure(self.objet.levee_le)),
            *self.revue(),
            ("Ce qui se passe", self.suite_dite()),
        ]

    def revue(self) -> list[tuple[str, str | models.Model]]:
        """Return how often one alert was seen, where it was again."""
        if self.ensemble or self.objet.nombre == 1:
            return []
        return [("Vue", f"{self.objet.nombre} fois, la dernière le {jour_heure(self.objet.derniere_le)}")]

    def de_quoi(self) -> str:
        """Return the heading of what the alert is of."""
        return "Espace" if self.objet.compte_id is not None else "De quoi"

    def suite_dite(self) -> str:
        """Return what the act comes to, in one or two sentences."""
        raise NotImplementedError


class Classer(_DecisionDAlerte):
    """Nothing in it; a grave one waits for a second agent of the cell."""

    nom = "classer"
    titre = "Classer sans suite"
    bouton = "Classer sans suite"
    form_class = MotifForm
    demandee: Contreseing | None = None

    def suite_dite(self) -> str:
        if self.objet.compte_id is None:
            return (
                "L’alerte quitte la file. Les blocages restent : si c’est une erreur, levez-les d’abord, sur la page de chacun. "
                "Une autre adresse de ce réseau lèvera une nouvelle alerte."
            )
        if any(alerte.gravite == Gravite.GRAVE for alerte in self.alertes()):
            return "Une alerte grave est classée par deux agents : un autre agent de la cellule confirme, et rien n’est fait avant."
        return "L’alerte quitte la file et ne compte plus contre l’espace. Le détenteur n’est pas prévenu."

    def agir(self, form: Any) -> None:
        self.demandee = classer_alertes(acteur=self.agent, alertes=self.alertes(), motif=form.cleaned_data["motif"])

    def dire_le_succes(self) -> str:
        if self.demandee is not None:
            return "Un autre agent de la cellule doit confirmer ce classement : il l’a dans sa file."
        return "C’est classé sans suite."


class ClasserEnsemble(Classer):
    """The same, for all that one cause raised."""

    nom = "classer-ensemble"
    titre = "Classer sans suite toutes celles de la même cause"
    ensemble = True


class Confirmer(_DecisionDAlerte):
    """True, and dealt with otherwise than by disabling."""

    nom = "averer"
    titre = "Avérée, déjà traitée"
    bouton = "Dire avérée"
    succes = "L’alerte est dite avérée."
    form_class = MotifForm

    def suite_dite(self) -> str:
        if self.objet.compte_id is None:
            return "C’est bien un automate : l’alerte quitte la file, et chaque adresse reste bloquée jusqu’à ce qu’un agent lève son blocage."
        return (
            "Quelqu’un d’autre s’est servi de l’espace, ou l’a essayé, et rien n’est plus à faire : le détenteur a changé de mot de "
            "passe, la banque est prévenue. L’espace reste ouvert. S’il faut le fermer, désactivez-le."
        )

    def agir(self, form: Any) -> None:
        confirmer_alertes(acteur=self.agent, alertes=self.alertes(), motif=form.cleaned_data["motif"])


class Demander(_DecisionDAlerte):
    """Ask the holder: a mail and a line on « À faire », two answers, seven days."""

    nom = "demander"
    titre = "Demander au détenteur"
    bouton = "Envoyer la question"
    succes = "La question est envoyée. L’alerte reste dans la file, et sa page montre la réponse."

    @staticmethod
    def possible(objet: Alerte) -> bool:
        return objet.etat == Alerte.Etat.OUVERTE and bool(interrogeables([objet]))

    def faits(self) -> list[tuple[str, str | models.Model]]:
        espace = getattr(self.objet.compte, "espace", None)
        changee = boite_changee_le(espace, self.objet.levee_le) if espace is not None else None
        if changee is None:
            return super().faits()
        return [
            *super().faits(),
            (
                "Attention",
                f"L’adresse de connexion a été changée le {jour_heure(changee)} : la question ira à la nouvelle. Téléphonez plutôt.",
            ),
        ]

    def suite_dite(self) -> str:
        return (
            "Un courriel, et une ligne de « À faire », demandent si c’était lui, pendant sept jours. « Ce n’était pas moi » rend l’alerte "
            "grave. « C’était moi » ne la classe pas : qui tient l’espace peut y répondre aussi."
        )

    def agir(self, form: Any) -> None:
        demander_au_detenteur(acteur=self.agent, alertes=self.alertes())


class DemanderEnsemble(Demander):
    """The same, to each holder whom one cause touches."""

    nom = "demander-ensemble"
    titre = "Demander à tous les détenteurs de la même cause"
    ensemble = True
    succes = "Les questions sont envoyées."

    @staticmethod
    def possible(objet: Alerte) -> bool:
        return bool(interrogeables(ensemble_de(objet).alertes)) and objet.etat == Alerte.Etat.OUVERTE

    def alertes(self) -> list[Alerte]:
        """Those whose holder can be asked, and is not yet."""
        return interrogeables(super().alertes())


class AlerteAdmin(ConsultationAdmin):
    """All alerts, decided ones too, and the page of each: its evidence (espacepro/gestion/alertes.py)."""

    fonctions = SURVEILLANCE
    change_form_template = "gestion/alerte.html"
    change_list_template = "gestion/alertes_toutes.html"
    peu_de_lignes = True
    list_display = ("levee_le", "signal", "de_qui", "gravite", "etat", "examinee_le")
    list_display_links = ("levee_le", "signal")
    list_filter = ("etat", "gravite", ("levee_le", admin.DateFieldListFilter))
    list_select_related = ("compte__espace", "compte__agent")
    search_fields = ("compte__espace__numero_abonne__exact",)
    search_help_text = "numéro d’abonné"
    fields = ("motif",)  # the page is not made of fields
    actes = (DesactiverCause, Demander, DemanderEnsemble, Classer, ClasserEnsemble, Confirmer)

    @admin.display(description="signal", ordering="motif")
    def signal(self, alerte: Alerte) -> str:
        return nom_de(alerte.motif)

    @admin.display(description="espace")
    def de_qui(self, alerte: Alerte) -> str:
        return dire(alerte)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("compte__espace", "compte__agent", "examinee_par")

    def actes_possibles(self, request: HttpRequest, obj: models.Model) -> list[dict[str, str]]:
        """Offer what is about a whole cause only where it raised several; and the disabling, which is the espace's page."""
        if not isinstance(obj, Alerte):
            return []
        plusieurs = est_commune(obj.cause) and len(ensemble_de(obj).alertes) > 1
        seuls = {ClasserEnsemble.titre, DemanderEnsemble.titre, DesactiverCause.titre}
        offerts = [a for a in super().actes_possibles(request, obj) if plusieurs or a["titre"] not in seuls]
        espace = getattr(obj.compte, "espace", None)
        if espace is not None and DesactiverEspace.possible(espace):
            adresse = reverse("admin:espace_desactiver", args=[espace.pk])
            offerts.insert(0, {"titre": DesactiverEspace.titre, "adresse": adresse})
        return offerts

    def contexte_de(self, request: HttpRequest, objet: Any) -> dict[str, Any]:
        """Show the evidence."""
        return {
            "preuves": lire_preuves(objet),
            "ensemble": ensemble_de(objet),
            "signal": SIGNAUX.get(objet.motif),
        }


@require_GET
def alertes(request: HttpRequest) -> HttpResponse:
    """Show what waits, the gravest first, what one cause raised as one row; then the cell's eight weeks. Raises: Http404."""
    agent = agent_verifie(request)
    if agent is None or agent.fonction not in SURVEILLANCE:
        raise Http404
    try:
        exiger_nue(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    ensembles, davantage = ensembles_ouverts()
    montres = ensembles[:ENSEMBLES_MONTRES]
    posees = _questions(montres)
    lire(request, TraceLecture.Nature.LISTE, "gestion.alertes", lignes=len(montres))
    return render(
        request,
        "gestion/alertes.html",
        {
            **admin.site.each_context(request),
            "title": "Alertes",
            "lignes": [_ligne(ensemble, posees) for ensemble in montres],
            "alertes": sum(len(ensemble.alertes) for ensemble in montres),
            "davantage": davantage or len(ensembles) > ENSEMBLES_MONTRES,
            "semaines": semaines(),
        },
    )


def _questions(ensembles: list[Ensemble]) -> dict[Any, SuiteAlerte]:
    cles = [ensemble.premiere.pk for ensemble in ensembles]
    posees = SuiteAlerte.objects.filter(alerte__in=cles, genre=SuiteAlerte.Genre.QUESTION) if cles else []
    return {question.alerte_id: question for question in posees}


def _ligne(ensemble: Ensemble, posees: dict[Any, SuiteAlerte]) -> dict[str, Any]:
    premiere = ensemble.premiere
    return {
        "adresse": reverse("admin:surveillance_alerte_change", args=[premiere.pk]),
        "nom": nom_de(premiere.motif),
        "gravite": max(alerte.gravite for alerte in ensemble.alertes),
        "gravite_dite": Gravite(max(alerte.gravite for alerte in ensemble.alertes)).label,
        "qui": dire(premiere) if ensemble.comptes == 1 else f"{ensemble.comptes} espaces, la même cause",
        "cle": premiere.pk,
        "depuis": premiere.levee_le,
        "derniere": max(alerte.derniere_le for alerte in ensemble.alertes),
        "fois": ensemble.fois,
        "question": posees.get(premiere.pk),
    }
