from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SurveillanceConfig(AppConfig):
    name = "surveillance"
    verbose_name = "Surveillance"

    def ready(self) -> None:
        """Record each sign-in, and give the accounts' page the sign-ins that only this floor knows."""
        from django.contrib.auth.signals import user_logged_in, user_login_failed

        from accounts.envois.courriels import relire_au_depart
        from accounts.espace.a_faire import inscrire as inscrire_a_faire
        from accounts.espace.pas_moi import ecouter as ecouter_pas_moi
        from accounts.facteurs.securite import fournir_connexions, fournir_signaux, fournir_verifications
        from accounts.gestion.files import inscrire as inscrire_files
        from accounts.traces.actes import inscrire
        from services.banque.delai import inscrire_signal
        from services.models import ReferenceBancaire

        from . import actes, donnees_personnelles
        from .alertes.a_faire import SURVEILLANCE
        from .alertes.decisions import inscrire_le_classement
        from .alertes.files import FILES
        from .alertes.questions import noter_ce_n_etait_pas_lui
        from .connexions import connexion_manquee, connexion_reussie
        from .espaces.retablissement import inscrire_le_retablissement
        from .lectures import a_ete_signale, connexions_du_compte, signaux_du_compte, verifications_du_compte
        from .pas_moi import alerter
        from .signaux.signalement import fournir_verification
        from .verification.demandes import COURRIEL, composer_le_code, exiger_une_preuve, reporter_a_la_connexion

        post_migrate.connect(_creer_partitions, sender=self, dispatch_uid="surveillance.creer_partitions")
        user_logged_in.connect(connexion_reussie, dispatch_uid="surveillance.connexion_reussie")
        user_login_failed.connect(connexion_manquee, dispatch_uid="surveillance.connexion_manquee")
        fournir_connexions(connexions_du_compte)
        fournir_verifications(verifications_du_compte)
        fournir_signaux(signaux_du_compte)
        ecouter_pas_moi(alerter)
        fournir_verification(lambda session, raison: exiger_une_preuve(session=session, raison=raison))
        relire_au_depart(COURRIEL, composer_le_code)
        user_logged_in.connect(reporter_a_la_connexion, dispatch_uid="surveillance.verification")
        ecouter_pas_moi(noter_ce_n_etait_pas_lui)
        inscrire_signal(ReferenceBancaire.Attente.CONNEXION, a_ete_signale)
        inscrire(actes)
        inscrire_le_retablissement()
        inscrire_le_classement()
        inscrire_files(*FILES)
        inscrire_a_faire(SURVEILLANCE)
        donnees_personnelles.inscrire()


def _creer_partitions(**_: Any) -> None:
    """After each `migrate`: a fresh install has sign-ins before the first night's job (what is there stays as it is)."""
    from .partitions import creer_partitions, est_partitionnee

    if est_partitionnee():
        creer_partitions()
