"""Creating an espace."""

from collections.abc import Callable
from typing import Any

from ..espace.noms_admis import exiger_nom_admis
from ..mots_de_passe.confiance import verifier_reponse
from ..mots_de_passe.politique import exiger_force
from ..saisies.adresses import normaliser_adresse
from ..saisies.regles import RegleMetier
from .champs import (
    champ_adresse,
    champ_nouveau_mot_de_passe,
    champ_nouvelle_reponse,
    champ_question,
    champ_siren_appartenance,
    regles_mot_de_passe,
    regles_reponse,
)
from .conditions import AvecConditions, champ_conditions, champ_version
from .titulaire import TitulaireForm

PERSONNELS = ("email", "nom", "prenom", "siren_appartenance", "telephone", "commune")
"""The fields whose words a password and an answer must not rest on (`Inscription.mots_personnels`)."""


class InscriptionForm(AvecConditions, TitulaireForm):
    """What is asked of a person to create an espace, in either mode (CGU §2.1; domaine.md §2.1, §2.2)."""

    regles = {
        **TitulaireForm.regles,
        **regles_mot_de_passe("mot_de_passe"),
        **regles_reponse("reponse_confiance"),
        **dict.fromkeys(("adresse_jetable", "adresse_invalide", "adresse_trop_longue"), "email"),
    }

    email = champ_adresse(
        normaliser_adresse,
        label="Adresse électronique de connexion",
        aide="Une adresse personnelle et durable, que vous relevez : elle est votre identifiant. 110 caractères au plus.",
    )
    mot_de_passe = champ_nouveau_mot_de_passe(label="Mot de passe")
    question_confiance = champ_question()
    reponse_confiance = champ_nouvelle_reponse(suite="Elle figurera sur votre récapitulatif.")
    cgu_version = champ_version()
    cgu = champ_conditions(
        label="J’ai lu et j’accepte les conditions générales d’utilisation",
        absentes="Pour créer un espace, acceptez les conditions générales d’utilisation.",
    )

    def clean(self) -> dict[str, Any] | None:
        """Tell all that is wrong at once: the rules of the act on the name, the password and the answer are asked here too."""
        donnees = super().clean()
        lus = {nom: self.cleaned_data.get(nom, "") for nom in self.fields}
        personnels = [lus.get(nom, "") for nom in PERSONNELS]
        if lus["prenom"] and lus["nom"]:
            self._exiger(lambda: exiger_nom_admis(prenom=lus["prenom"], nom=lus["nom"]))
        if lus["mot_de_passe"]:
            self._exiger(lambda: exiger_force(lus["mot_de_passe"], personnels))
        if lus["reponse_confiance"]:
            self._exiger(
                lambda: verifier_reponse(
                    lus["reponse_confiance"],
                    personnels=personnels,
                    mot_de_passe=lus["mot_de_passe"],
                    question=lus["question_confiance"],
                )
            )
        return donnees

    def _exiger(self, regle: Callable[[], object]) -> None:
        try:
            regle()
        except RegleMetier as refus:
            self.refuser(refus)


class InscriptionExpertForm(InscriptionForm):
    """An espace expert asks for the organisation that the person works for: it gives no right on it (CGU §2.1.b)."""

    field_order = (*TitulaireForm.base_fields, "siren_appartenance")  # as the page shows them; the errors follow it

    siren_appartenance = champ_siren_appartenance(obligatoire=True)
