from datetime import timedelta

from django.apps import AppConfig


class ActivationConfig(AppConfig):
    name = "activation"
    verbose_name = "Demandes et codes d’activation"

    def ready(self) -> None:
        """Declare what this floor holds about a person, and what of it falls with an espace or follows an IDSP."""
        from accounts.envois.courriels import relire_au_depart
        from accounts.gestion.files import File
        from accounts.gestion.files import inscrire as inscrire_files
        from accounts.traces.actes import inscrire
        from services.models import EvenementRegistre
        from services.registre import identification, suivi

        from . import actes, donnees_personnelles
        from .courriers import messagerie
        from .demandes import a_faire, arret, suppression
        from .demandes.registre import personnes_attendues, prevenir_les_demandeurs, transferer_les_demandes

        inscrire(actes)
        identification.inscrire_transfert(transferer_les_demandes)
        suivi.inscrire_concernees(personnes_attendues)
        suivi.ecouter(EvenementRegistre.Genre.CESSATION, prevenir_les_demandeurs)
        suivi.ecouter(EvenementRegistre.Genre.REOUVERTURE, prevenir_les_demandeurs)
        donnees_personnelles.inscrire()
        suppression.inscrire()
        arret.inscrire()
        a_faire.inscrire_sources()
        relire_au_depart("message_recu", messagerie.relire_avis)
        inscrire_files(
            File(
                code="NPAI",
                libelle="Lettres revenues (NPAI)",
                singulier="Lettre revenue",
                modele="activation.courrier",
                retard=timedelta(days=5),
                rang=40,
            ),
            File(
                code="SIGNALEMENT",
                libelle="Demandes non reconnues par l’entreprise",
                singulier="Demande non reconnue",
                modele="activation.signalement",
                retard=timedelta(days=3),  # the code lives again after five working days
                rang=60,
            ),
        )
