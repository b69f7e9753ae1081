"""Forms of the sharing."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone

from accounts.forms import FormulairePortail
from accounts.forms.champs import ChampJour, ChampPorte, ChampRegle, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.forms.motif import MotifForm
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.sirens import SirenAbsent, normaliser_siren
from services.models import PersonneSirenisee, PreferenceMessagerie

from .models import Adhesion, Preference, Role
from .partage.beneficiaires import BeneficiaireSoiMeme, lire_numero
from .partage.designations import FinPassee, exiger_fin_a_venir
from .tableurs.lecture import TAILLE_DU_FICHIER


def jour_de(texte: str) -> date | None:
    """Return the day that the session carries as `2026-12-31`, None when there is none."""
    return date.fromisoformat(texte) if texte else None


def _a_venir(jour: date | None) -> date | None:
    """Refuse a day that is over: the act would refuse it, after the page that confirms."""
    try:
        exiger_fin_a_venir(jour, jour=timezone.localdate())
    except FinPassee as regle:
        raise forms.ValidationError(str(regle), code=regle.code) from regle
    return jour


class BeneficiaireForm(FormulairePortail):
    """Who is designated: both fields must be right (R11)."""

    regles = {"numero_mal_saisi": "numero", "beneficiaire_soi_meme": "numero"}

    numero = ChampRegle(
        lire_numero,
        label="Numéro d’abonné",
        max_length=60,
        help_text="Quatorze chiffres, espaces admis. La personne le trouve sur sa page d’accueil et son récapitulatif.",
        clavier=Clavier.CHIFFRES,
        error_messages={"required": "Indiquez le numéro d’abonné de la personne."},
    )
    nom = ChampPorte(
        label="Nom",
        max_length=170,
        help_text="Son nom de famille, précédé ou non de son prénom.",
        clavier=Clavier.NOM_D_AUTRUI,
        error_messages={"required": "Indiquez le nom de la personne."},
    )

    def __init__(self, *args: Any, acteur: Espace | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acteur = acteur

    def clean_numero(self) -> str:
        """Refuse one's own number beside what else is wrong, as the act would once all the rest is right."""
        numero: str = self.cleaned_data["numero"]
        if self.acteur is not None and numero == self.acteur.numero_abonne:
            raise forms.ValidationError(BeneficiaireSoiMeme.message, code=BeneficiaireSoiMeme.code)
        return numero


class FinForm(FormulairePortail):
    """The last day of délégations that are there already."""

    expire_le = ChampJour(
        label="Dernier jour",
        required=False,
        help_text="Sans date, chaque délégation dure jusqu’à ce que vous la retiriez.",
    )

    def clean_expire_le(self) -> date | None:
        return _a_venir(self.cleaned_data["expire_le"])


class RoleForm(FormulairePortail):
    """Which role is given by a délégation, until when."""

    role = forms.ChoiceField(
        label="Rôle",
        choices=[
            (Role.ACTEUR, "Acteur : utilise les services"),
            (Role.ACTEUR_DELEGANT, "Acteur délégant : utilise les services et peut désigner des acteurs"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez le rôle à donner."},
    )
    expire_le = ChampJour(
        label="Dernier jour",
        required=False,
        help_text="Sans date, la délégation dure jusqu’à ce que vous la retiriez.",
    )

    def clean_expire_le(self) -> date | None:
        return _a_venir(self.cleaned_data["expire_le"])

    def proposer_acteur_seul(self) -> None:
        """Offer acteur alone: an acteur délégant gives no other role."""
        champ: Any = self.fields["role"]
        champ.choices = [choix for choix in champ.choices if choix[0] == Role.ACTEUR]


class DelegataireForm(RoleForm, BeneficiaireForm):
    """Who is designated, in which role, until when."""


class DemandeHabilitationForm(FormulairePortail):
    """For which company one asks for a habilitation, and why."""

    regles = {
        "motif_de_demande_requis": "motif",
        "demande_habilitation_en_cours": "siren",
        "demande_habilitation_trop_proche": "siren",
    }

    siren = ChampRegle(
        normaliser_siren,
        label="Numéro SIREN",
        max_length=40,
        help_text="Neuf chiffres, espaces admis : 552 032 534.",
        clavier=Clavier.CHIFFRES,
        error_messages={"required": SirenAbsent.message},
    )
    motif = ChampTexte(
        label="Pourquoi demandez-vous cette habilitation ?",
        max_length=300,
        help_text="Qui vous êtes pour cette entreprise, et les services qu’il vous faut. Qui l’administre lira ce texte.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi vous demandez cette habilitation."},
    )


class AccepterForm(RoleForm):
    """The number that the person asking has told, and what is granted: the services, the role, the last day."""

    regles = {
        "numero_mal_saisi": "numero",
        "numero_du_demandeur_inexact": "numero",
        "trop_de_recherches": "numero",
    }
    field_order = ("numero", "services", "role", "expire_le")

    numero = ChampRegle(
        lire_numero,
        label="Numéro d’abonné de cette personne",
        max_length=60,
        help_text="Quatorze chiffres, espaces admis. Elle le lit sur sa page d’accueil et vous le dit elle-même.",
        clavier=Clavier.CHIFFRES,
        error_messages={"required": "Indiquez le numéro d’abonné que cette personne vous a dit."},
    )
    services = forms.MultipleChoiceField(
        label="Services",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un service."},
    )

    def proposer(self, services: list[tuple[str, str]], *, delegant: bool) -> None:
        """Offer these services, and acteur délégant where some of them lets it be granted."""
        champ: Any = self.fields["services"]
        champ.choices = services
        if not delegant:
            self.proposer_acteur_seul()


class RefusForm(FormulairePortail):
    """Why a habilitation that somebody asked for is refused."""

    # Not « reponse »: the page that asks the password anew keeps nothing of that name (a secret answer).
    regles = {"motif_du_refus_requis": "motif"}

    motif = ChampTexte(
        label="Pourquoi refusez-vous ?",
        max_length=300,
        help_text="Votre réponse est transmise à la personne, avec votre nom.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi vous refusez."},
    )


class FichierForm(FormulairePortail):
    """The file of the sharing: a workbook or a CSV."""

    fichier = forms.FileField(
        label="Fichier XLSX ou CSV",
        help_text="1,6 Mo et 10 000 lignes au plus, dont 3 000 changements.",
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,.csv,.txt,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
    )

    def refuser(self, regle: Any) -> None:
        self.add_error("fichier", str(regle))

    def contenu(self) -> bytes:
        """Return the bytes of the file, at most one more than what is taken."""
        fichier: UploadedFile = self.cleaned_data["fichier"]
        return fichier.read(TAILLE_DU_FICHIER + 1)


class ReponseForm(FormulairePortail):
    """Why a request to leave is refused."""

    regles = {"reponse_requise": "reponse"}

    reponse = ChampTexte(
        label="Pourquoi refusez-vous ?",
        max_length=500,
        help_text="Votre réponse est transmise à la personne.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi vous refusez."},
    )


class PreferenceForm(FormulairePortail):
    """What is told by mail, and when."""

    accords = forms.ChoiceField(
        label="Habilitations accordées par d’autres sur des services que vous administrez",
        choices=Preference.Accords.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une des réponses."},
    )
    echeances = forms.ChoiceField(
        label="Habilitations reçues ou accordées qui prennent fin dans quinze jours",
        choices=Preference.Avis.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une des réponses."},
    )
    fichiers = forms.ChoiceField(
        label="Fichiers longs que vous avez demandés, quand ils sont prêts",
        choices=Preference.Avis.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une des réponses."},
    )
    rappels = forms.ChoiceField(
        label="Échéances indicatives de vos services",
        choices=Preference.Rappels.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une des réponses."},
    )


class AvisMessagerieForm(FormulairePortail):
    """How soon one is told of messages: of all mailboxes, and of each of these."""

    defaut = forms.ChoiceField(
        label="Pour toutes vos messageries",
        choices=PreferenceMessagerie.Rythme.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une des réponses."},
    )

    def __init__(self, *args: Any, personnes: Sequence[PersonneSirenisee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.par_champ = {f"siren_{personne.siren}": personne for personne in personnes}
        for nom, personne in self.par_champ.items():
            self.fields[nom] = forms.ChoiceField(
                label=f"{personne.denomination} ({personne.siren_lisible})",
                choices=[("", "Comme pour toutes"), *PreferenceMessagerie.Rythme.choices],
                required=False,
            )

    @property
    def par_personne(self) -> dict[int, str]:
        """Return what was chosen for each mailbox, by the key of its personne."""
        return {personne.pk: self.cleaned_data[nom] for nom, personne in self.par_champ.items()}


ADHESIONS_OFFERTES = 200  # boxes on one page; an espace may hold thousands of services (100 SIREN, 30 services)


class ChampAdhesions(forms.ModelMultipleChoiceField):
    """Open adhésions to tick, each by its service; by its personne too where they are several's."""

    personne = False

    def clean(self, value: Any) -> Any:
        """Refuse more than one page offers: nobody has ticked them. Raises: ValidationError."""
        if isinstance(value, (list, tuple)) and len(value) > ADHESIONS_OFFERTES:
            raise forms.ValidationError(
                f"{ADHESIONS_OFFERTES} adhésions au plus à la fois : retirez-les, puis revenez pour les suivantes."
            )
        return super().clean(value)

    def label_from_instance(self, obj: Any) -> str:
        ouverte = f"{obj.service}, ouvert le {jour(obj.ouverte_le)}"
        return f"{obj.personne} : {ouverte}" if self.personne else ouverte


class AdhesionsForm(MotifForm):
    """Which adhésions an agent withdraws at once, and why."""

    regles = {**MotifForm.regles, "aucune_ligne": "adhesions", "lignes_refusees": "adhesions"}
    field_order = ("adhesions", "motif")

    adhesions = ChampAdhesions(
        label="Adhésions à retirer",
        queryset=Adhesion.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Cochez au moins une adhésion.",
            "invalid_choice": "Une adhésion cochée n’est plus ouverte, ou ne relève plus de votre service : vérifiez la liste.",
        },
    )

    def proposer(self, adhesions: QuerySet[Adhesion], *, personne: bool) -> None:
        """Offer these adhésions; `personne`: they are of several personnes, each is named with its own."""
        champ: Any = self.fields["adhesions"]
        champ.queryset, champ.personne = adhesions, personne
        offertes = adhesions[:ADHESIONS_OFFERTES]
        champ.widget.choices = [(adhesion.pk, champ.label_from_instance(adhesion)) for adhesion in offertes]
        if len(offertes) == ADHESIONS_OFFERTES:
            champ.help_text = f"Les {ADHESIONS_OFFERTES} premières : retirez-les, puis revenez pour les suivantes."
