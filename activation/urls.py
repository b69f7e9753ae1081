from django.urls import path

from .views import (
    attente,
    codes,
    confirmation_adresse,
    courriel_personne,
    creation,
    demandes,
    messagerie,
    passage,
    signalements,
    substitution,
)

urlpatterns = [
    path("inscription/simplifiee/", creation.simplifiee, name="inscription_simplifiee"),
    path("inscription/simplifiee/envoyee/", creation.envoyee, name="inscription_simplifiee_envoyee"),
    path("inscription/simplifiee/renvoyer/", creation.renvoyer, name="inscription_simplifiee_renvoyer"),
    path("inscription/simplifiee/confirmee/", creation.confirmee, name="inscription_simplifiee_confirmee"),
    path("lien/entreprise/<str:jeton>/", creation.confirmer_entreprise, name="confirmer_entreprise"),
    path("lien/connexion/<str:jeton>/", creation.confirmer_connexion, name="confirmer_connexion"),
    path(
        "lien/adresse-entreprise/<str:jeton>/",
        confirmation_adresse.confirmer,
        name="confirmer_adresse_entreprise",
    ),
    path("signaler/", signalements.signalement, name="signaler"),
    path("signaler/recu/", signalements.recu, name="signalement_recu"),
    path("code-recu/", codes.saisir_code, name="saisir_code"),
    path("activation/", attente.activer_espace, name="activer_espace"),
    path("activation/nouveau-courrier/", attente.nouveau_courrier, name="activer_espace_courrier"),
    path("activation/annuler/", attente.annuler, name="activer_espace_annuler"),
    path("espace/gerer-les-services/adherer/", demandes.adherer, name="adherer"),
    path("espace/gerer-les-services/substitution/", substitution.substituer, name="substitution"),
    path("espace/gerer-les-services/activer/", codes.a_activer, name="activer"),
    path("espace/gerer-les-services/passer-en-expert/", passage.passer, name="passer_expert"),
    path("espace/gerer-les-services/courriel-entreprise/", courriel_personne.choisir, name="courriel_entreprise"),
    path(
        "espace/gerer-les-services/courriel-entreprise/<str:siren>/",
        courriel_personne.changer,
        name="courriel_entreprise_changer",
    ),
    path("espace/demandes/", demandes.liste, name="demandes"),
    path("espace/demandes/<str:reference>/", codes.demande, name="demande"),
    path("espace/demandes/<str:reference>/annuler/", demandes.annuler, name="annuler_demande"),
    path(
        "espace/demandes/<str:reference>/renvoyer-le-lien/",
        confirmation_adresse.renvoyer,
        name="demande_renvoyer_lien",
    ),
    path("espace/demandes/<str:reference>/nouveau-courrier/", demandes.nouveau_courrier, name="nouveau_courrier"),
    path("espace/codes-recus/<uuid:courrier>/", messagerie.code_recu, name="code_recu"),
]
