"""What an agent reads of the accounts: the services gestionnaires, the requests to correct; and the agents of an office, for its head."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from .documents.typst import siren_lisible
from .facteurs.second_facteur import appareil_confirme
from .gestion.agents import agent_verifie, fin_du_premier_mot_de_passe, premier_mot_de_passe_perime
from .gestion.cessions import cessions_de, vers_quels_services
from .gestion.consultation import ConsultationAdmin
from .gestion.contreseings import actes_graves, genres_de_la_cellule, refus_de_decider
from .gestion.fonctions import CONTROLE
from .models import Agent, Contreseing, NomAdmis, Rectification, ServiceGestionnaire
from .saisies.citations import citer
from .saisies.dates import jour_heure
from .views.contreseings import AbandonnerContreseing, Contresigner, RefuserContreseing
from .views.equipe import DonnerFonction, NommerChef, ReinitialiserAcces, RetirerFonction
from .views.noms_admis import AdmettreNom
from .views.rectifications import RectificationFaite, RectificationRefusee


@admin.register(ServiceGestionnaire)
class ServiceGestionnaireAdmin(ConsultationAdmin):
    chemin_service = "pk"
    peu_de_lignes = True
    list_display = ("code", "nom", "type", "telephone", "commune")
    search_fields = ("code__startswith", "nom__replie_contient")
    fields = (
        "code",
        "type",
        "nom",
        "telephone",
        "courriel",
        "horaires",
        "complement",
        "voie",
        "distribution",
        "code_postal",
        "commune",
        "departements",
        "cedees",
    )
    readonly_fields = ("cedees",)
    actes = (AdmettreNom,)

    @admin.display(description="entreprises cédées à un autre service")
    def cedees(self, service: ServiceGestionnaire) -> str:
        """The last moves away from this office: the journal of a company is read by the office that follows it now alone."""
        lignes = cessions_de(service)
        noms = vers_quels_services(lignes)
        return (
            format_html_join(
                mark_safe("<br>"),  # nosec B308 B703 - a constant
                "{}, SIREN {}, à {} : {}",
                (
                    (
                        jour_heure(ligne.quand),
                        siren_lisible(ligne.siren),
                        noms.get(ligne.details["vers"], ligne.details["vers"]),
                        citer(ligne.details["motif"]),
                    )
                    for ligne in lignes
                ),
            )
            or "aucune"
        )


@admin.register(Agent)
class AgentAdmin(ConsultationAdmin):
    """The agents of an office, for its head, who gives and withdraws their functions; the cell and the auditors read all."""

    fonctions = CONTROLE
    chemin_service = "service_gestionnaire"
    peu_de_lignes = True
    list_display = ("nom", "prenom", "fonction", "adresse", "derniere_connexion", "acces")
    list_display_links = ("nom", "prenom")
    list_filter = ("fonction",)
    list_select_related = ("compte", "service_gestionnaire")
    search_fields = ("nom__replie_contient", "prenom__replie_contient", "compte__email__exact")
    search_help_text = "nom, prénom, adresse de connexion"
    fields = (
        "prenom",
        "nom",
        "fonction",
        "service_gestionnaire",
        "adresse",
        "derniere_connexion",
        "acces",
        "second_facteur",
    )
    readonly_fields = ("adresse", "derniere_connexion", "acces", "second_facteur")
    acte_par_ligne = True
    actes = (DonnerFonction, NommerChef, RetirerFonction, ReinitialiserAcces)

    def actes_possibles(self, request: HttpRequest, obj: Any) -> list[dict[str, str]]:
        """Nothing on one's own row: nobody raises themselves."""
        agent = agent_verifie(request)
        return [] if agent is None or agent.pk == obj.pk else super().actes_possibles(request, obj)

    @admin.display(description="adresse de connexion", ordering="compte__email")
    def adresse(self, agent: Agent) -> str:
        return agent.compte.email

    @admin.display(description="dernière connexion", ordering="compte__last_login")
    def derniere_connexion(self, agent: Agent) -> str:
        return jour_heure(agent.compte.last_login) or "jamais"

    @admin.display(description="accès")
    def acces(self, agent: Agent) -> str:
        compte = agent.compte
        if agent.fonction == Agent.Fonction.AUCUNE or not compte.is_active:
            return "fermé"
        if premier_mot_de_passe_perime(compte):
            return "premier mot de passe périmé : réinitialisez l’accès"
        if compte.renouvellement_exige:
            return f"premier mot de passe, à changer avant le {jour_heure(fin_du_premier_mot_de_passe(compte))}"
        return "ouvert"

    @admin.display(description="second facteur")
    def second_facteur(self, agent: Agent) -> str:
        return "enregistré" if appareil_confirme(agent.compte) is not None else "à enregistrer à la prochaine connexion"


@admin.register(NomAdmis)
class NomAdmisAdmin(ConsultationAdmin):
    """The names admitted by the agents, the same for everybody."""

    peu_de_lignes = True
    list_display = ("nom", "prenom", "agent", "admis_le")
    list_select_related = ("agent",)
    search_fields = ("nom__replie_contient", "prenom__replie_contient")
    fields = ("prenom", "nom", "justificatif", "agent", "admis_le")


@admin.register(Rectification)
class RectificationAdmin(ConsultationAdmin):
    """The requests to correct that holders address to the office: those that wait first, the oldest first."""

    chemin_service = "service_gestionnaire"
    peu_de_lignes = True
    list_display = ("deposee_le", "etat", "a_corriger", "espace", "traitee_le")
    list_filter = ("etat", "objet")
    list_select_related = ("espace",)
    ordering = (F("traitee_le").desc(nulls_first=True), "deposee_le")
    search_fields = ("espace__numero_abonne__exact", "espace__nom__replie")
    search_help_text = "numéro d’abonné, nom"
    fields = ("demandeur", "a_corriger", "demande", "etat", "deposee_le", "traitee_le", "reponse_donnee", "agent")
    readonly_fields = ("demandeur", "a_corriger", "demande", "reponse_donnee")
    acte_par_ligne = True
    actes = (RectificationFaite, RectificationRefusee)

    @admin.display(description="espace professionnel")
    def demandeur(self, rectification: Rectification) -> SafeString:
        """Who asks, and the way to the page of the espace."""
        espace = rectification.espace
        return format_html('<a href="{}">{}</a>', reverse("admin:espace", args=[espace.pk]), espace)

    @admin.display(description="ce qui est à corriger", ordering="objet")
    def a_corriger(self, rectification: Rectification) -> str:
        return rectification.objet_pour_l_agent

    @admin.display(description="demande")
    def demande(self, rectification: Rectification) -> str:
        return citer(rectification.texte) if rectification.texte else ""

    @admin.display(description="réponse")
    def reponse_donnee(self, rectification: Rectification) -> str:
        return citer(rectification.reponse) if rectification.reponse else ""


@admin.register(Contreseing)
class ContreseingAdmin(ConsultationAdmin):
    """The grave acts that agents ask for, those that wait for a second look first, the oldest first."""

    chemin_service = "service_gestionnaire"
    peu_de_lignes = True
    list_display = ("demande_le", "acte", "etat", "demandeur", "avant_le", "decide_le")
    list_filter = ("etat",)
    list_select_related = ("demandeur",)
    ordering = (F("decide_le").desc(nulls_first=True), "demande_le")
    fields = (
        "acte",
        "espace",
        "service_gestionnaire",
        "etat",
        "demande_par",
        "demande_le",
        "motif_donne",
        "preuve",
        "attendu_de",
        "avant_le",
        "decide_par",
        "decide_le",
        "reponse_donnee",
    )
    readonly_fields = ("acte", "demande_par", "motif_donne", "preuve", "attendu_de", "decide_par", "reponse_donnee")
    actes = (Contresigner, RefuserContreseing, AbandonnerContreseing)

    def contexte_de(self, request: HttpRequest, objet: Any) -> dict[str, Any]:
        """Name the page by the act that is asked for."""
        return {"nomme": actes_graves()[objet.genre].libelle}

    def actes_possibles(self, request: HttpRequest, obj: Model) -> list[dict[str, str]]:
        """Offer who asked to take it back, another agent the second look."""
        agent = agent_verifie(request)
        if agent is None or not isinstance(obj, Contreseing):
            return []
        siens = [AbandonnerContreseing] if obj.demandeur_id == agent.pk else [Contresigner, RefuserContreseing]
        if obj.demandeur_id != agent.pk and refus_de_decider(agent, obj):
            return []
        offerts = {acte.titre for acte in siens}
        return [acte for acte in super().actes_possibles(request, obj) if acte["titre"] in offerts]

    @admin.display(description="acte", ordering="genre")
    def acte(self, contreseing: Contreseing) -> str:
        return actes_graves()[contreseing.genre].libelle

    @admin.display(description="demandé par")
    def demande_par(self, contreseing: Contreseing) -> str:
        """By name: the page of an agent is for the head of office."""
        return str(contreseing.demandeur)

    @admin.display(description="décidé par")
    def decide_par(self, contreseing: Contreseing) -> str:
        return str(contreseing.agent or "")

    def limiter_au_service(self, lignes: QuerySet[Any], agent: Agent) -> QuerySet[Any]:
        """What the cell asks of itself is no office's to read, not even of the office of its agents."""
        return super().limiter_au_service(lignes, agent).exclude(genre__in=genres_de_la_cellule())

    @admin.display(description="second regard attendu de")
    def attendu_de(self, contreseing: Contreseing) -> str:
        if actes_graves()[contreseing.genre].de_la_cellule:
            return "un autre agent de la cellule de surveillance"
        if contreseing.a_la_cellule:
            return "la cellule de surveillance, ou un autre agent du service"
        return "un autre agent du service ; passé le délai, la cellule de surveillance aussi"

    @admin.display(description="motif")
    def motif_donne(self, contreseing: Contreseing) -> str:
        return citer(contreseing.motif) if contreseing.motif else ""

    @admin.display(description="ce qui a été vu")
    def preuve(self, contreseing: Contreseing) -> str:
        """The proof and its date, as the page of the second look shows them; emptied with the espace, or after two years."""
        faits = actes_graves()[contreseing.genre].faits(contreseing.demandeur, contreseing)
        return format_html_join(
            mark_safe("<br>"),  # nosec B308 B703 - a constant
            "{} : {}",
            ((nom, valeur) for nom, valeur in faits if nom != "Espace"),
        )

    @admin.display(description="réponse")
    def reponse_donnee(self, contreseing: Contreseing) -> str:
        return citer(contreseing.reponse) if contreseing.reponse else ""
