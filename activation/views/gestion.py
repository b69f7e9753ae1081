"""What an agent says of a demande or of its letter, at /gestion/."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.forms.motif import MotifForm
from accounts.gestion.page_acte import PageActe
from accounts.saisies.citations import citer
from accounts.saisies.dates import jour
from services.adresses.envoi import adresse_du_courrier

from ..courriers.edition import organisation_du_demandeur
from ..demandes.courriel_personne import DEMARCHE
from ..demandes.retours import constater_retour, laisser_partir, refuser_demande, retour_possible
from ..demandes.signalements import confirmer_signalement, ecarter_signalement
from ..demandes.suites import renvoyer_courrier
from ..models import Courrier, Demande, Signalement


def _faits(demande: Demande) -> list[tuple[str, str | Model]]:
    return [
        ("Demande", demande.reference),
        ("Nature", demande.get_nature_display()),
        ("Personne sirénisée", demande.personne),
        ("Demandeur", demande.espace.nom_complet),
        ("Organisation déclarée", organisation_du_demandeur(demande) or "celle de l’entreprise, ou aucune"),
        ("Qualité déclarée", demande.get_qualite_display()),
    ]


def _destination(demande: Demande) -> str:
    """Return whom and where the letter of this demande is addressed to, today."""
    envoi = adresse_du_courrier(demande.personne)
    if envoi is None:
        return "nulle part : son adresse n’est plus connue"
    return ", ".join([envoi.destinataire or demande.personne.denomination, *envoi.lignes_adresse])


class CourrierRevenu(PageActe):
    """The post returned the letter (NPAI): its code dies, another may be asked for."""

    nom = "revenu"
    titre = "Lettre revenue (NPAI)"
    bouton = "Enregistrer le retour de la lettre"
    succes = "Le retour de la lettre est enregistré : son code ne vaut plus, et le demandeur est prévenu."

    @staticmethod
    def possible(objet: Courrier) -> bool:
        return retour_possible(objet)

    def faits(self) -> list[tuple[str, str | Model]]:
        courrier = self.objet
        return [
            *_faits(courrier.demande),
            ("Lettre", f"n° {courrier.numero}, {courrier.get_etat_display()}"),
            ("Ce qui se passe", "Le code de cette lettre ne vaut plus ; le demandeur peut en demander une autre."),
        ]

    def agir(self, form: Any) -> None:
        constater_retour(acteur=self.agent, courrier=self.objet)


class LaisserPartir(PageActe):
    """Let a dated letter leave now."""

    nom = "laisser-partir"
    danger = False
    titre = "Laisser partir la lettre"
    bouton = "Laisser partir la lettre"
    succes = "La lettre part maintenant : le demandeur en est prévenu dès qu’elle est éditée."

    @staticmethod
    def possible(objet: Courrier) -> bool:
        return objet.demande.est_en_cours and objet.remplace_le is None and objet.attend_son_jour(timezone.now())

    def faits(self) -> list[tuple[str, str | Model]]:
        courrier = self.objet
        return [
            *_faits(courrier.demande),
            ("La lettre part à", _destination(courrier.demande)),
            (
                "Pour",
                ", ".join(courrier.demande.services.order_by("ordre").values_list("libelle", flat=True)) or DEMARCHE,
            ),
            ("Tour du demandeur", courrier.get_priorite_display()),
            ("Date prévue", jour(courrier.pas_avant)),
            (
                "Ce qui se passe",
                "La lettre part sans attendre sa date. Assurez-vous que le demandeur agit pour cette entreprise.",
            ),
        ]

    def agir(self, form: Any) -> None:
        laisser_partir(acteur=self.agent, courrier=self.objet)


class RenvoyerCourrier(PageActe):
    """Send another letter: the last one was lost, or the address has been corrected since."""

    nom = "nouvelle-lettre"
    titre = "Envoyer une nouvelle lettre"
    bouton = "Envoyer une nouvelle lettre"
    succes = "Une nouvelle lettre est préparée : le code de la précédente ne vaut plus, et le demandeur est prévenu."
    form_class = MotifForm

    @staticmethod
    def possible(objet: Demande) -> bool:
        return objet.etat == Demande.Etat.CODE_ENVOYE and not objet.adresse_a_confirmer

    def faits(self) -> list[tuple[str, str | Model]]:
        dernier = self.objet.courriers.filter(remplace_le=None).first()
        return [
            *_faits(self.objet),
            ("Dernière lettre", f"n° {dernier.numero}, {dernier.get_etat_display()}" if dernier else "aucune"),
            ("La lettre part à", _destination(self.objet)),
            (
                "Ce qui se passe",
                "Une lettre part avec un nouveau code (trois au plus par demande), à l’adresse ci-dessus : corrigez-la d’abord "
                "si elle est fausse. Le code "
                "de la lettre précédente ne vaut plus. Si les plafonds la datent, « Laisser partir la lettre » la fait partir.",
            ),
        ]

    def agir(self, form: Any) -> None:
        renvoyer_courrier(acteur=self.agent, demande=self.objet, motif=form.cleaned_data["motif"])


class RefuserDemande(PageActe):
    """Refuse a demande that waits, for instance because the représentant légal says it is not theirs."""

    nom = "refuser"
    titre = "Refuser la demande"
    bouton = "Refuser la demande"
    succes = "La demande est refusée : son code ne vaut plus, et le demandeur est prévenu."
    form_class = MotifForm

    @staticmethod
    def possible(objet: Demande) -> bool:
        return objet.est_en_cours

    def faits(self) -> list[tuple[str, str | Model]]:
        suite = "Le code de la lettre ne vaut plus."
        if self.objet.nature == Demande.Nature.CREATION_SIMPLIFIEE:
            suite += " L’espace du demandeur, qui attendait ce code, est effacé."
        return [*_faits(self.objet), ("Ce qui se passe", suite)]

    def agir(self, form: Any) -> None:
        refuser_demande(acteur=self.agent, demande=self.objet, motif=form.cleaned_data["motif"])


class _ExaminerSignalement(PageActe):
    """What the agent reads before deciding on a report."""

    suite = ""

    @staticmethod
    def possible(objet: Signalement) -> bool:
        return objet.decision == Signalement.Decision.EN_ATTENTE and objet.demande.est_en_cours

    def faits(self) -> list[tuple[str, str | Model]]:
        signalement = self.objet
        return [
            *_faits(signalement.demande),
            ("Signalée par", signalement.get_origine_display()),
            ("Précision donnée", citer(signalement.texte) if signalement.texte else "aucune"),
            ("Ce qui se passe", self.suite),
        ]


class ConfirmerSignalement(_ExaminerSignalement):
    """The company is not at the origin of the demande: it is refused."""

    nom = "confirmer"
    titre = "Confirmer : refuser la demande"
    bouton = "Refuser la demande"
    succes = "La demande est refusée : son code ne vaut plus, et le demandeur est prévenu."
    form_class = MotifForm
    suite = "La demande est refusée ; le code de la lettre ne vaut plus."

    def agir(self, form: Any) -> None:
        confirmer_signalement(acteur=self.agent, signalement=self.objet, motif=form.cleaned_data["motif"])


class EcarterSignalement(_ExaminerSignalement):
    """The demande is a true one: its code lives again."""

    nom = "ecarter"
    titre = "Écarter : rendre le code au demandeur"
    bouton = "Écarter le signalement"
    succes = "Le signalement est écarté : le code vaut de nouveau, et le demandeur est prévenu."
    suite = "Le code vaut de nouveau aussitôt, jours perdus rendus. Il ne pourra plus être suspendu."

    def agir(self, form: Any) -> None:
        ecarter_signalement(acteur=self.agent, signalement=self.objet)
