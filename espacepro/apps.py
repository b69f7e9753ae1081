from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class GestionConfig(AdminConfig):
    """Django's admin as the agents' door, with a compulsory second factor."""

    default_site = "espacepro.gestion.site.SiteGestion"


class EspaceproConfig(AppConfig):
    name = "espacepro"
    verbose_name = "Portail"
    default = True

    def ready(self) -> None:
        """Give the accounts what the floors above know: the words of « Vos données », and whom an espace acts for."""
        from django.core.checks import Tags, register

        from accounts.espace import rectification
        from accounts.portes.ouvertes import laisser_ouvertes
        from accounts.traces.actes import inscrire
        from habilitations.tableurs.lecture import inscrire_a_lire
        from services.banque.export import COLONNES_EXPORT

        from . import actes
        from .acces import OUVERTES
        from .demonstration.garde import verifier_la_production
        from .donnees import declaration, personnes_tenues
        from .gestion.deces import inscrire_le_deces
        from .gestion.hote import verifier_les_reseaux
        from .journal.journal_personne import COLONNES
        from .roles import verifier_les_roles

        register(verifier_la_production)
        register(verifier_les_reseaux)
        register(verifier_les_roles, Tags.database)
        inscrire(actes)
        inscrire_le_deces()
        laisser_ouvertes(OUVERTES)
        inscrire_a_lire("le journal de vos entreprises", COLONNES)
        inscrire_a_lire("la liste des comptes bancaires", COLONNES_EXPORT)
        declaration.inscrire()
        rectification.inscrire_sirens(personnes_tenues.sirens_tenus)
