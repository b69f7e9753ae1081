from datetime import timedelta

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services et personnes sirénisées"

    def ready(self) -> None:
        """Declare what this floor holds about a person, answer for its SIREN, and move what it holds of an IDSP."""
        from django.core.checks import register

        from accounts.gestion.cessions import inscrire_cession
        from accounts.gestion.files import File
        from accounts.gestion.files import inscrire as inscrire_files
        from accounts.traces.actes import inscrire

        from . import actes, annuaire, donnees_personnelles
        from .banque import arret
        from .banque.reunion import reunir_les_comptes
        from .messagerie import avis
        from .messagerie.bureau import FILE
        from .messagerie.pieces.verification import verifier_les_pieces
        from .registre import identification

        identification.inscrire_transfert(reunir_les_comptes)  # after the next one, by when the address is known
        identification.inscrire_transfert(identification.transferer_le_registre)
        annuaire.inscrire()
        register(verifier_les_pieces, deploy=True)
        donnees_personnelles.inscrire()
        inscrire(actes)
        arret.inscrire()
        avis.inscrire_relectures()
        inscrire_cession(actes.PERSONNE_RATTACHEE)
        inscrire_files(
            File(
                code="COMPTE_BANCAIRE",
                libelle="Changements bancaires non reconnus",
                singulier="Changement bancaire non reconnu",
                modele="services.signalementbancaire",
                retard=timedelta(days=1),  # meanwhile the company does not pay from this account
                rang=5,
            ),
            File(
                code="ADRESSE",
                libelle="Entreprises sans adresse",
                singulier="Entreprise sans adresse",
                modele="services.personnesirenisee",
                retard=timedelta(days=5),
                rang=45,
            ),
            File(
                code=FILE,
                libelle="Messages à traiter",
                singulier="Message",
                modele="services.echange",
                retard=timedelta(days=15),
                rang=15,
            ),
        )
