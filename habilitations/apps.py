from datetime import timedelta

from django.apps import AppConfig


class HabilitationsConfig(AppConfig):
    name = "habilitations"
    verbose_name = "Habilitations"

    def ready(self) -> None:
        """Declare what this floor holds about a person, what of it falls with an espace, what the récapitulatif lists,
        and what the events of the register do to rights."""
        from accounts.espace import recapitulatif
        from accounts.gestion.files import File
        from accounts.gestion.files import inscrire as inscrire_files
        from accounts.traces.actes import inscrire
        from services.banque.delai import inscrire_designants
        from services.banque.droits import inscrire_administrateurs
        from services.messagerie.droits import inscrire_lecteurs

        from . import actes, donnees_personnelles
        from .depart import arret, suppression
        from .droits.administrateurs import administrateurs_du_siren, designants_de
        from .droits.messagerie import lecteurs_de_la_messagerie, messageries_de, retenir_la_messagerie
        from .lectures import a_faire, espace, miennes
        from .registre import ecoute
        from .tableurs.lecture import inscrire_a_lire

        ecoute.inscrire()
        inscrire_administrateurs(administrateurs_du_siren)
        inscrire_lecteurs(lecteurs_de_la_messagerie, messageries_de, retenir_la_messagerie)
        inscrire_designants(designants_de)
        inscrire_a_lire("votre liste « Vos habilitations »", miennes.COLONNES)

        inscrire(actes)
        donnees_personnelles.inscrire()
        suppression.inscrire()
        arret.inscrire()
        a_faire.inscrire_sources()
        recapitulatif.inscrire_services(espace.services_obtenus)
        inscrire_files(
            File(
                code="RETRAIT",
                libelle="Demandes de retrait",
                singulier="Demande de retrait",
                modele="habilitations.demanderetrait",
                retard=timedelta(days=10),
                rang=10,
            ),
            File(
                code="SUPPRESSION",
                libelle="Suppressions d’espace bloquées",
                singulier="Suppression bloquée",
                modele="habilitations.demanderetrait",
                retard=timedelta(days=10),
                rang=20,
            ),
            File(
                code="CESSATION",
                libelle="Cessations à décider",
                singulier="Cessation",
                modele="habilitations.cessation",
                retard=timedelta(days=60),  # rights are reduced after a year
                rang=50,
            ),
        )
