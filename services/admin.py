"""What an agent reads of the personnes, of the catalogue, and of the accounts that a company pays from, masked."""

import re
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_objet_et_page
from accounts.gestion.agents import agent_verifie
from accounts.gestion.consultation import ConsultationAdmin, lecture_seule
from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent
from accounts.saisies.citations import citer
from accounts.saisies.dates import jour
from accounts.saisies.porte import lire_recherche, serrer
from accounts.saisies.sirens import SirenInvalide, normaliser_siren
from accounts.traces.lecture import noter_la_suite

from .banque.lectures import joindre
from .banque.reponses import motif_lisible
from .messagerie.bureau import echeance, fil, marquer_lus_du_bureau
from .messagerie.lectures import page_du_fil
from .messagerie.themes import theme_de
from .models import Echange, ModeleDeReponse, PieceJointe, ReferenceBancaire, Service, SignalementBancaire
from .views.banque import (
    AnnulerChangement,
    LeverCloture,
    MaintenirChangement,
    RecueillirSignalement,
    lien_de_l_entreprise,
)
from .views.echanges import CloreEchange, DemanderUnePiece, Noter, PrendreEnCharge, Repondre
from .views.echanges_relus import RelireDemande, RelireReponse, RelireTransfert, Transferer
from .views.fichiers_du_bureau import FichiersDeLaDemande, JoindreDesFichiers
from .views.modeles import ModifierModele, RetirerModele
from .views.pieces import servir

FORME_DE_REFERENCE = re.compile(r"E-\d{4}-[0-9A-Z]{8}")
FORME_D_UNE_DEMANDE = re.compile(r"D(\d{4})([0-9A-Z]{2,13})")
PERSONNE = ("personne__siren__startswith", "personne__denomination__replie_contient")
PAR_ENTREPRISE = ("personne__denomination", "personne__siren")  # in this order an index has the companies of an office


class RechercheParPersonne(ConsultationAdmin):
    """A list about personnes: found by SIREN, grouped or not, and by dénomination; or by `reference`, that of a demande.

    One or the other: where a row may be found by two tables, no index finds it.
    """

    chemin_service = "personne__service_gestionnaire"
    reference: ClassVar[str] = ""
    search_fields: ClassVar[Any] = PERSONNE
    search_help_text = "SIREN, dénomination"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        texte = serrer(lire_recherche(search_term)).upper()
        if self.reference and (lue := FORME_D_UNE_DEMANDE.fullmatch(texte)):
            trouvees = queryset.filter(**{self.reference: f"D-{lue[1]}-{lue[2]}"})
            if trouvees.exists():  # a company may be called so
                return trouvees, False
        return super().get_search_results(request, queryset, siren_saisi(search_term))


@admin.register(Service)
class ServiceAdmin(ConsultationAdmin):
    """The catalogue, the same for everybody."""

    peu_de_lignes = True
    list_display = ("code", "libelle", "famille", "domaine", "paiement", "retrait_par_gestionnaire")
    list_filter = ("famille", "domaine", "paiement")
    search_fields = ("code__startswith", "libelle__replie_contient")
    exclude = ("ordre",)


def siren_saisi(recherche: str) -> str:
    """Return a search that is a whole SIREN or SIRET, however typed, as its nine digits; any other as it is."""
    try:
        return normaliser_siren(recherche)
    except SirenInvalide:
        return recherche


@admin.register(ReferenceBancaire)
class ReferenceBancaireAdmin(RechercheParPersonne):
    """The accounts of the companies of the office, the last ones first, those removed included; never an IBAN."""

    list_display = ("compte", "personne", "titulaire", "ajoutee_le", "supprimee_le")
    list_select_related = ("personne",)
    ordering = ("-ajoutee_le", "pk")
    ordre_du_bureau = (*PAR_ENTREPRISE, "-ajoutee_le", "pk")
    fields = (
        "personne",
        "compte",
        "titulaire",
        "banque",
        "bic",
        "core",
        "b2b",
        "rum",
        "remis_le",
        "ajoutee_le",
        "utilisable_le",
        "supprimee_le",
        "cloture_levee_le",
    )
    readonly_fields = ("compte", "core", "b2b", "rum", "remis_le")
    actes = (RecueillirSignalement, LeverCloture)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("mandat", "personne")

    @admin.display(description="compte", ordering="derniers")
    def compte(self, reference: ReferenceBancaire) -> str:
        return reference.iban_masque

    @admin.display(description="prélèvement CORE")
    def core(self, reference: ReferenceBancaire) -> str:
        return _dire(reference.get_etat_core_display(), reference.core_motif)

    @admin.display(description="prélèvement interentreprises")
    def b2b(self, reference: ReferenceBancaire) -> str:
        return _dire(reference.get_etat_b2b_display(), reference.b2b_motif)

    @admin.display(description="RUM du mandat")
    def rum(self, reference: ReferenceBancaire) -> str:
        return reference.mandat.rum

    @admin.display(description="mandat remis à la banque le")
    def remis_le(self, reference: ReferenceBancaire) -> str:
        return jour(reference.mandat.remis_le)


def _dire(etat: str, motif: str) -> str:
    return f"{etat} : {motif_lisible(motif)}" if motif else etat


@admin.register(SignalementBancaire)
class SignalementBancaireAdmin(RechercheParPersonne):
    """The changes of accounts that companies do not recognise: those that wait first, the oldest first."""

    chemin_service = "changement__reference__personne__service_gestionnaire"
    list_display = ("depose_le", "etat", "personne", "compte", "changement_dit", "decide_le")
    list_filter = ("etat",)
    list_select_related = ("changement__reference__personne",)
    ordering = (F("decide_le").desc(nulls_first=True), "depose_le", "pk")
    search_fields = tuple(f"changement__reference__{chemin}" for chemin in PERSONNE)
    fields = (
        "entreprise",
        "joindre",
        "compte",
        "titulaire",
        "changement_dit",
        "fait_par",
        "titulaire_avant",
        "etat",
        "depose_le",
        "espace",
        "recueilli_par",
        "preuve_donnee",
        "decide_le",
        "agent",
        "motif_donne",
    )
    readonly_fields = (
        "entreprise",
        "joindre",
        "compte",
        "titulaire",
        "changement_dit",
        "fait_par",
        "titulaire_avant",
        "preuve_donnee",
        "motif_donne",
    )
    acte_par_ligne = True
    actes = (MaintenirChangement, AnnulerChangement)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("changement__reference__personne", "changement__espace", "espace")
        )

    @admin.display(description="personne sirénisée", ordering="changement__reference__personne__denomination")
    def personne(self, signalement: SignalementBancaire) -> str:
        return str(signalement.changement.reference.personne)

    @admin.display(description="personne sirénisée")
    def entreprise(self, signalement: SignalementBancaire) -> SafeString:
        return lien_de_l_entreprise(signalement.changement.reference.personne)

    @admin.display(description="pour l’appeler")
    def joindre(self, signalement: SignalementBancaire) -> SafeString:
        return format_html_join(mark_safe("<br>"), "{}", ((ligne,) for ligne in joindre(signalement)))

    @admin.display(description="compte", ordering="changement__reference__derniers")
    def compte(self, signalement: SignalementBancaire) -> str:
        return signalement.changement.reference.iban_masque

    @admin.display(description="titulaire du compte")
    def titulaire(self, signalement: SignalementBancaire) -> str:
        return citer(signalement.changement.reference.titulaire)

    @admin.display(description="changement", ordering="changement__fait_le")
    def changement_dit(self, signalement: SignalementBancaire) -> str:
        return str(signalement.changement)

    @admin.display(description="fait par")
    def fait_par(self, signalement: SignalementBancaire) -> str:
        return str(signalement.changement.espace or "voir le journal de l’entreprise")

    @admin.display(description="titulaire d’avant")
    def titulaire_avant(self, signalement: SignalementBancaire) -> str:
        avant = signalement.changement.titulaire_avant
        return citer(avant) if avant else ""

    @admin.display(description="comment l’entreprise l’a dit")
    def preuve_donnee(self, signalement: SignalementBancaire) -> str:
        return citer(signalement.preuve) if signalement.preuve else ""

    @admin.display(description="motif de la décision")
    def motif_donne(self, signalement: SignalementBancaire) -> str:
        return citer(signalement.reponse) if signalement.reponse else ""


@admin.register(Echange)
class EchangeAdmin(ConsultationAdmin):
    """The exchanges of the office: those that wait first, the oldest first. What companies write is their office's to read,

    not the cell's: it watches over espaces, and needs no tax secret for it.
    """

    chemin_service = "service_gestionnaire"
    fonctions = BUREAU
    change_form_template = "gestion/echange.html"
    list_display = ("reference", "personne", "quoi", "etat_dit", "attend_le", "pour_le")
    list_display_links = ("reference",)
    list_filter = ("etat",)
    list_select_related = ("personne",)
    ordering = (F("attend_le").asc(nulls_last=True), "-dernier_le")
    search_fields = PERSONNE
    search_help_text = "référence, SIREN, dénomination"
    fields = ("reference",)  # the page is not made of fields
    actes = (
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

    def get_urls(self) -> list[URLPattern]:
        """Put the files of its messages before the stock pages, whose last address takes whatever is left."""
        adresse = path(
            "<uuid:echange>/pieces/<uuid:cle>/", self.admin_site.admin_view(self.piece), name="echange_piece"
        )
        return [adresse, *super().get_urls()]

    @method_decorator(require_GET)
    def piece(self, request: HttpRequest, echange: UUID, cle: UUID) -> HttpResponseBase:
        """Serve a file of an exchange of the office as a download, once its message has arrived; or one of its agent's answer.

        It leaves a trace.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        trouve = get_object_or_404(self.get_queryset(request), pk=echange)
        ici = Q(message__echange=trouve) & (Q(message__pret_le__isnull=False) | Q(message__agent__isnull=False))
        pieces = PieceJointe.objects.filter(ici | Q(brouillon__echange=trouve, brouillon__agent=agent_verifie(request)))
        return servir(
            request,
            get_object_or_404(pieces, pk=cle),
            retour=self.adresse_de(trouve),
            libelle="Revenir à l’échange",
        )

    @admin.display(description="thème et objet", ordering="theme")
    def quoi(self, echange: Echange) -> str:
        return f"{theme_de(echange.theme)} : {echange.objet}"

    @admin.display(description="état", ordering="etat")
    def etat_dit(self, echange: Echange) -> str:
        return str(echange.get_etat_display()).capitalize()

    @admin.display(description="délai habituel, avant le")
    def pour_le(self, echange: Echange) -> str:
        """The last day of the theme's usual delay, which the company is told of as such, and whether it is past."""
        fin = echeance(echange)
        return "" if fin is None else f"{jour(fin)}{', en retard' if fin < timezone.now() else ''}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a reference however it is cased, by its own index alone; or a SIREN, typed in groups of three as well, or a name."""
        if FORME_DE_REFERENCE.fullmatch(cherche := lire_recherche(search_term).upper()):
            return queryset.filter(reference=cherche), False
        return super().get_search_results(request, queryset, siren_saisi(search_term))

    @lecture_seule(exiger_objet_et_page)
    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Let its address name one of its pages."""
        return super(ConsultationAdmin, self).change_view(request, object_id, *args, **kwargs)

    def contexte_de(self, request: HttpRequest, objet: Any) -> dict[str, Any]:
        """Show a page of the exchange, its notes included, and leave the read receipts of the agent. Raises: AdresseRefusee."""
        agent = agent_verifie(request)
        if agent is None:
            return {}
        fin, page = echeance(objet), int(request.GET.get(PAGE_VAR, "1"))
        lus, precedents = page_du_fil(fil(objet), page)
        if not lus and page > 1:
            raise AdresseRefusee
        noter_la_suite(request, lambda: marquer_lus_du_bureau(agent, lus))
        return {
            "theme": theme_de(objet.theme),
            "messages_lus": lus,
            "page_du_fil": page,
            "precedents": precedents,
            "pour_le": fin,
            "en_retard": fin is not None and fin < timezone.now(),
        }


@admin.register(ModeleDeReponse)
class ModeleDeReponseAdmin(ConsultationAdmin):
    """The texts that answers start from: those of every office, and the office's own, which its head keeps."""

    fonctions = BUREAU
    change_list_template = "gestion/modeles.html"
    list_display = ("titre", "pour_quoi", "de_qui")
    ordering = ("titre", "pk")
    search_fields = ("titre__replie_contient",)
    search_help_text = "titre"
    fields = ("titre", "pour_quoi", "de_qui", "texte")
    readonly_fields = ("pour_quoi", "de_qui")
    acte_par_ligne = True
    actes = (ModifierModele, RetirerModele)

    def limiter_au_service(self, lignes: QuerySet[Any], agent: Agent) -> QuerySet[Any]:
        return lignes.filter(Q(service_gestionnaire=None) | Q(service_gestionnaire=agent.service_gestionnaire_id))

    @admin.display(description="thème")
    def pour_quoi(self, modele: ModeleDeReponse) -> str:
        return str(theme_de(modele.theme)) if modele.theme else "tous"

    @admin.display(description="à qui")
    def de_qui(self, modele: ModeleDeReponse) -> str:
        return "à tous les services" if modele.service_gestionnaire_id is None else "à votre service"
