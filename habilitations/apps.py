from django.apps import AppConfig


class HabilitationsConfig(AppConfig):
    name = "habilitations"
    verbose_name = "Habilitations"

    def ready(self) -> None:
        """Declare what this floor holds about a person, and what of it falls with an espace."""
        from . import donnees_personnelles, suppression

        donnees_personnelles.inscrire()
        suppression.inscrire()
