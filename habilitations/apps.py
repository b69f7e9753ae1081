from django.apps import AppConfig


class HabilitationsConfig(AppConfig):
    name = "habilitations"
    verbose_name = "Habilitations"

    def ready(self) -> None:
        """Declare what this floor holds about a person, what of it falls with an espace, what the récapitulatif lists,
        and what the events of the register do to rights."""
        from accounts.espace import recapitulatif
        from accounts.traces.actes import inscrire

        from . import actes, donnees_personnelles
        from .depart import suppression
        from .lectures import a_faire, espace, miennes
        from .registre import ecoute
        from .tableurs.lecture import inscrire_a_lire

        ecoute.inscrire()
        inscrire_a_lire("votre liste « Vos habilitations »", miennes.COLONNES)

        inscrire(actes)
        donnees_personnelles.inscrire()
        suppression.inscrire()
        a_faire.inscrire_sources()
        recapitulatif.inscrire_services(espace.services_obtenus)
