from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services et personnes sirénisées"

    def ready(self) -> None:
        """Declare what this floor holds about a person."""
        from . import donnees_personnelles

        donnees_personnelles.inscrire()
