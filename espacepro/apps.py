from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class GestionConfig(AdminConfig):
    """Django's admin as the agents' door, with a compulsory second factor."""

    default_site = "espacepro.gestion.SiteGestion"


class EspaceproConfig(AppConfig):
    name = "espacepro"
    verbose_name = "Portail"
    default = True
