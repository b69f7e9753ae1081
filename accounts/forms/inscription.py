"""Creating an espace."""

from ..saisies.adresses import normaliser_adresse
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


class InscriptionExpertForm(InscriptionForm):
    """An espace expert asks for the organisation that the person works for: it gives no right on it (CGU §2.1.b)."""

    field_order = (*TitulaireForm.base_fields, "siren_appartenance")  # as the page shows them; the errors follow it

    siren_appartenance = champ_siren_appartenance(obligatoire=True)
