from django.apps import AppConfig


class ActivationConfig(AppConfig):
    name = "activation"
    verbose_name = "Demandes et codes d'activation"

    def ready(self) -> None:
        """Declare what this floor holds about a person, and what of it falls with an espace."""
        from accounts.traces.actes import inscrire

        from . import actes, donnees_personnelles
        from .demandes import suppression

        inscrire(actes)
        donnees_personnelles.inscrire()
        suppression.inscrire()
