from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services et personnes sirénisées"

    def ready(self) -> None:
        """Declare what this floor holds about a person, and answer for its SIREN."""
        from accounts.traces.actes import inscrire

        from . import actes, annuaire, donnees_personnelles

        annuaire.inscrire()
        donnees_personnelles.inscrire()
        inscrire(actes)
