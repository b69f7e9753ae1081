from datetime import timedelta

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Espaces et comptes"

    def ready(self) -> None:
        """Date each session, and the proof of the password, at sign-in; declare what the accounts hold and write."""
        from django.contrib.auth.signals import user_logged_in

        from . import actes
        from .donnees import declaration
        from .espace import a_faire, coordonnees_d_avant, desarmement
        from .gestion.affaires import CONTRESEING
        from .gestion.chefs import inscrire_la_nomination
        from .gestion.contreseings import inscrire_l_arret, inscrire_la_suppression
        from .gestion.files import File
        from .gestion.files import inscrire as inscrire_files
        from .gestion.fonctions import LECTEURS
        from .portes import code_garde
        from .portes.reauthentification import noter_connexion
        from .portes.reponse import noter_reponse_due
        from .sessions.ouvertures import noter_ouverture
        from .traces.actes import inscrire

        # accounts.portes.connexion.ouvrir dates the sign-in, within its own transaction.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(noter_ouverture, dispatch_uid="accounts.sessions.ouvertures")
        user_logged_in.connect(noter_reponse_due, dispatch_uid="accounts.portes.reponse")
        user_logged_in.connect(noter_connexion, dispatch_uid="accounts.portes.reauthentification")
        user_logged_in.connect(code_garde.noter_connexion, dispatch_uid="accounts.portes.code_garde")
        declaration.inscrire()
        a_faire.inscrire(a_faire.IDENTIFIANTS)
        inscrire(actes)
        inscrire_la_suppression()
        desarmement.inscrire_l_adresse()
        coordonnees_d_avant.inscrire_les_coordonnees()
        inscrire_l_arret()
        inscrire_la_nomination()
        inscrire_files(
            File(
                code="RECTIFICATION",
                libelle="Rectifications",
                singulier="Rectification",
                modele="accounts.rectification",
                retard=timedelta(days=15),  # the answer is due within a month (RGPD art. 12.3)
                rang=30,
            ),
            File(
                code=CONTRESEING,
                libelle="Actes à contresigner",
                singulier="Acte à contresigner",
                modele="accounts.contreseing",
                retard=timedelta(days=1),  # a second look is due within a working day; then the cell has it
                rang=90,
                fonctions=LECTEURS,
            ),
        )
