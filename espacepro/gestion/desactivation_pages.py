"""The pages by which the cell disables an espace, or undoes it; the acts are surveillance/espaces/desactivation.py's (R15)."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.espace.arrets import Effet
from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampChoix, ChampJour, ChampTexte
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import ActeChoisi, PageActe
from accounts.models import Espace
from accounts.saisies.apercu import empreinte
from accounts.saisies.dates import jour_heure
from surveillance.alertes.desactivations import (
    ESPACES_AU_PLUS,
    Issue,
    Portee,
    desactiver_la_cause,
    espaces_a_desactiver,
    portees_de,
)
from surveillance.alertes.ensembles import Ensemble, alertes_ouvertes, ensemble_de
from surveillance.espaces.desactivation import (
    LONGUEUR_DU_MOTIF,
    OUVERTS,
    annulable,
    annuler_desactivation,
    apercu_de,
    desactivation_en_cours,
    desactiver_espace,
    effets_de,
)
from surveillance.models import Alerte, Desactivation
from surveillance.signaux.registre import nom_de

CE_QUI_SE_PASSE = (
    "Le mot de passe devient inutilisable et la réponse de confiance est remplacée. Les sessions se ferment, les liens et les "
    "navigateurs mémorisés ne valent plus rien, ce qui attend est arrêté. Les habilitations de l’espace demeurent sans rien "
    "ouvrir ; ce qu’il avait accordé avant le premier acte suspect continue de servir."
)


def premier_instant(jour: date) -> datetime:
    """Return the first moment of this day, in the portal's time zone."""
    return timezone.make_aware(datetime.combine(jour, time.min))


class DesactiverForm(FormulairePortail):
    """The first suspect act, what the holder is told, and why."""

    regles = {"motif_de_desactivation_requis": "motif", "premier_acte_invalide": "depuis"}

    depuis = ChampJour(
        label="Jour du premier acte suspect",
        help_text="Ce que l’espace a accordé depuis ce jour est mis en veille. Par exemple 28/11/2026.",
        error_messages={"required": "Indiquez le jour du premier acte suspect."},
    )
    raison = ChampChoix(
        label="Ce qui est dit au détenteur",
        choices=[(cle, libelle[0].upper() + libelle[1:]) for cle, libelle in Desactivation.Raison.choices],
        requis="Choisissez ce qui est dit au détenteur.",
    )
    motif = ChampTexte(
        label="Motif, pour qui réexaminera la décision",
        max_length=LONGUEUR_DU_MOTIF,
        help_text=f"Le détenteur ne le lit pas. {LONGUEUR_DU_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi vous désactivez cet espace."},
    )


class DesactiverEspace(ActeChoisi):
    """Disable an espace: a first press shows what stops, a second one confirms."""

    fonctions = SURVEILLANCE
    mot_de_passe_frais = True
    template_name = "gestion/desactiver.html"
    nom = "desactiver"
    titre = "Désactiver l’espace"
    bouton = "Désactiver l’espace"
    bouton_montrer = "Voir l’effet, puis confirmer"
    succes = "L’espace est désactivé. Son détenteur est prévenu."
    form_class = DesactiverForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        return objet.etat in OUVERTS and objet.compte_id is not None

    def faits(self) -> list[tuple[str, str | models.Model]]:
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            ("Ce qui se passe", CE_QUI_SE_PASSE),
            (
                "Comment en revenir",
                "La cellule annule pendant 7 jours ; ensuite, le service gestionnaire rétablit l’accès au guichet.",
            ),
        ]

    def get_initial(self) -> dict[str, Any]:
        """Begin by the day of the first alert that waits about this espace."""
        premiere = alertes_ouvertes(self.objet).first()
        return {**super().get_initial(), **({"depuis": timezone.localdate(premiere.levee_le)} if premiere else {})}

    def choisir(self, form: Any) -> None:
        self.depuis = premier_instant(form.cleaned_data["depuis"])
        self.effets = effets_de(self.objet, self.depuis)

    def empreinte_montree(self, lignes: list[list[str]]) -> str:
        return apercu_de(self.effets) if self.choisi else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {**contexte, "choisi": self.choisi, "effets": self.effets if self.choisi else []}

    def agir(self, form: Any) -> None:
        desactiver_espace(
            acteur=self.agent,
            espace=self.objet,
            raison=form.cleaned_data["raison"],
            motif=form.cleaned_data["motif"],
            depuis=self.depuis,
            alertes=list(alertes_ouvertes(self.objet)),
            montre=apercu_de(self.effets),
        )


class DesactiverCause(ActeChoisi):
    """Disable all the espaces that the cause of one alert touches: a first press shows each, a second one confirms."""

    fonctions = SURVEILLANCE
    mot_de_passe_frais = True
    template_name = "gestion/desactiver_cause.html"
    nom = "desactiver-ensemble"
    titre = "Désactiver tous les espaces de la même cause"
    bouton = "Désactiver ces espaces"
    bouton_montrer = "Voir l’effet, puis confirmer"
    revenir = "Revenir à l’alerte"
    form_class = DesactiverForm
    issues: list[Issue]
    effets: dict[Espace, list[Effet]]

    @staticmethod
    def possible(objet: Alerte) -> bool:
        return objet.etat == Alerte.Etat.OUVERTE and len(espaces_a_desactiver(ensemble_de(objet).alertes)) > 1

    def est_possible(self) -> bool:
        return self.objet.etat == Alerte.Etat.OUVERTE and len(self.touches) > 1

    @cached_property
    def ensemble(self) -> Ensemble:
        """All that the cause raised, read once a request: the print compares with what was shown."""
        return ensemble_de(self.objet)

    @cached_property
    def touches(self) -> list[Espace]:
        """Those that can be disabled."""
        return espaces_a_desactiver(self.ensemble.alertes)

    @property
    def espaces(self) -> list[Espace]:
        """Those that this decision is about."""
        return self.touches[:ESPACES_AU_PLUS]

    def oublier_ce_qui_est_lu(self, form: Any) -> None:
        for lu in ("ensemble", "touches"):
            vars(self).pop(lu, None)
        self.choisir(form)

    def faits(self) -> list[tuple[str, str | models.Model]]:
        restent = (
            f" ; {ESPACES_AU_PLUS} au plus à la fois, recommencez pour les autres"
            if len(self.touches) > ESPACES_AU_PLUS
            else ""
        )
        return [
            ("Alerte", nom_de(self.objet.motif)),
            (
                "Espaces",
                f"{len(self.espaces)} à désactiver, sur {self.ensemble.comptes} que cette cause touche{restent}",
            ),
            ("Ce qui se passe pour chacun", CE_QUI_SE_PASSE),
            (
                "Comment en revenir",
                "Espace par espace : la cellule annule pendant 7 jours ; ensuite, le service gestionnaire rétablit l’accès au guichet.",
            ),
            ("Si l’un résiste", "Les autres sont désactivés tout de même, et la page dit lequel ne l’est pas."),
        ]

    def get_initial(self) -> dict[str, Any]:
        """Begin by the day of the first alert of the cause."""
        return {**super().get_initial(), "depuis": timezone.localdate(self.ensemble.premiere.levee_le)}

    def choisir(self, form: Any) -> None:
        self.depuis = premier_instant(form.cleaned_data["depuis"])
        self.effets = {espace: effets_de(espace, self.depuis) for espace in self.espaces}

    def empreintes(self) -> list[tuple[str, str]]:
        """Return the print of each espace as it is shown."""
        return [(espace.numero_abonne, apercu_de(self.effets[espace])) for espace in self.espaces]

    def empreinte_montree(self, lignes: list[list[str]]) -> str:
        return empreinte(self.empreintes()) if self.choisi else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        portees = portees_de(self.espaces)
        vues = [
            {
                "espace": espace,
                "portee": portees.get(espace.pk, Portee()),
                "effets": self.effets[espace] if self.choisi else [],
            }
            for espace in self.espaces
        ]
        return {**contexte, "choisi": self.choisi, "vues": vues}

    def agir(self, form: Any) -> None:
        self.issues = desactiver_la_cause(
            acteur=self.agent,
            espaces={espace: apercu_de(self.effets[espace]) for espace in self.espaces},
            raison=form.cleaned_data["raison"],
            motif=form.cleaned_data["motif"],
            depuis=self.depuis,
        )

    def adresse_de_suite(self) -> str:
        """Go on with the alert while espaces of its cause remain open; else it has nothing left to decide."""
        faites = sum(issue.desactivation is not None for issue in self.issues)
        return self.page if faites < len(self.touches) else reverse("admin:alertes")

    def dire_le_succes(self) -> str:
        """Say how many are disabled, and one by one which are not, and why."""
        faites = [issue for issue in self.issues if issue.desactivation is not None]
        for issue in self.issues:
            if issue.desactivation is None:
                qui = f"{issue.espace.nom_complet}, {issue.espace.numero_lisible}"
                messages.warning(self.request, f"Cet espace n’est pas désactivé : {qui}. {issue.refus}")
        if len(faites) == 1:
            return "1 espace est désactivé. Son détenteur est prévenu."
        return f"{len(faites)} espaces sont désactivés. Chaque détenteur est prévenu."


class AnnulerForm(FormulairePortail):
    """Why the disabling erred."""

    regles = {"motif_de_desactivation_requis": "motif"}

    motif = ChampTexte(
        label="Pourquoi la désactivation était une erreur",
        max_length=LONGUEUR_DU_MOTIF,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi la désactivation était une erreur."},
    )


class AnnulerDesactivation(PageActe):
    """Undo a disabling of less than seven days."""

    fonctions = SURVEILLANCE
    mot_de_passe_frais = True
    nom = "annuler-desactivation"
    titre = "Annuler la désactivation"
    bouton = "Rouvrir l’espace"
    succes = (
        "L’espace est rouvert : son mot de passe et sa réponse d’avant servent de nouveau. Son détenteur est prévenu."
    )
    form_class = AnnulerForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        if objet.etat != Espace.Etat.DESACTIVE:
            return False
        en_cours = desactivation_en_cours(objet)
        return en_cours is not None and annulable(en_cours)

    def faits(self) -> list[tuple[str, str | models.Model]]:
        en_cours = desactivation_en_cours(self.objet)
        if en_cours is None:
            return []
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            ("Désactivé le", jour_heure(en_cours.desactive_le)),
            ("Décision", en_cours.get_voie_display()),
            ("Motif", en_cours.motif),
            (
                "Ce qui se passe",
                "Le mot de passe et la réponse d’avant reviennent, les habilitations mises en veille et les comptes bancaires sont "
                "rendus. Les sessions et les demandes annulées ne reviennent pas.",
            ),
        ]

    def agir(self, form: Any) -> None:
        en_cours = desactivation_en_cours(self.objet)
        if en_cours is not None:
            annuler_desactivation(acteur=self.agent, desactivation=en_cours, motif=form.cleaned_data["motif"])
