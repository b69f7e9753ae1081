from django.urls import path

from .views import (
    changements,
    demandes_habilitation,
    designer,
    echeances,
    exports,
    fichier,
    listes,
    miennes,
    perimetre,
    preferences,
    retraits,
    revue,
    service,
)
from .views.sujets import DELEGATIONS, SUPPLEANTS

GERER = "espace/gerer-les-services"

urlpatterns = [
    path("espace/services/<str:siren>/<str:code>/", service.ouvrir, name="ouvrir_service"),
    path("espace/echeances/", echeances.echeances, name="echeances"),
    path("espace/echeances/calendrier.ics", echeances.agenda, name="echeances_agenda"),
    path("espace/habilitations/", miennes.liste, name="vos_habilitations"),
    path("espace/habilitations/exporter/", miennes.exporter, name="vos_habilitations_exporter"),
    path("espace/preferences/", preferences.choisir, name="preferences"),
    path("espace/preferences/messagerie/", preferences.choisir_messagerie, name="preferences_messagerie"),
    path(f"{GERER}/delegations/fichier/", fichier.examiner, name="designation_fichier"),
    path(f"{GERER}/delegations/fichier/confirmer/", fichier.confirmer, name="designation_fichier_confirmer"),
    path(f"{GERER}/delegations/fichier/existant/", exports.existant, name="designation_fichier_existant"),
    path(f"{GERER}/delegations/fichier/modele/", exports.telecharger_modele, name="designation_fichier_modele"),
    path(f"{GERER}/fichiers/<uuid:cle>/", exports.suivre, name="export"),
    path(f"{GERER}/fichiers/<uuid:cle>/telecharger/", exports.telecharger, name="export_telecharger"),
    path(f"{GERER}/habilitations/recentes/", listes.recentes, name="habilitations_recentes"),
    path(f"{GERER}/habilitations/choisir/", changements.choisir, name="habilitations_choisir"),
    path(f"{GERER}/habilitations/confirmer/", changements.confirmer, name="habilitations_changer"),
    path(f"{GERER}/changement-de-titulaire/", revue.substitution, name="revue_substitution"),
    path(f"{GERER}/revue-des-delegations/", revue.delegations, name="revue_delegations"),
    path(f"{GERER}/perimetre/", perimetre.voir, name="perimetre"),
    path(f"{GERER}/perimetre/deleguer/", perimetre.preparer_delegations, name="perimetre_deleguer"),
    path(f"{GERER}/demandes-d-habilitation/", demandes_habilitation.liste, name="demandes_habilitation"),
    path(f"{GERER}/demandes-d-habilitation/demander/", demandes_habilitation.demander, name="demander_habilitation"),
    path(
        f"{GERER}/demandes-d-habilitation/<uuid:cle>/accepter/",
        demandes_habilitation.accepter,
        name="demande_habilitation_accepter",
    ),
    path(
        f"{GERER}/demandes-d-habilitation/<uuid:cle>/refuser/",
        demandes_habilitation.refuser,
        name="demande_habilitation_refuser",
    ),
    path(
        f"{GERER}/demandes-d-habilitation/<uuid:cle>/annuler/",
        demandes_habilitation.annuler,
        name="demande_habilitation_annuler",
    ),
    path(f"{GERER}/retraits/", retraits.liste, name="retraits"),
    path(f"{GERER}/retraits/demander/", retraits.choisir, name="retraits_choisir"),
    path(f"{GERER}/retraits/<uuid:cle>/accepter/", retraits.accepter, name="retrait_accepter"),
    path(f"{GERER}/retraits/<uuid:cle>/refuser/", retraits.refuser, name="retrait_refuser"),
    path(f"{GERER}/retraits/<uuid:cle>/renoncer/", retraits.renoncer, name="retrait_renoncer"),
]
for _sujet in (SUPPLEANTS, DELEGATIONS):
    _base = f"{GERER}/{_sujet.code}"
    urlpatterns += [
        path(f"{_base}/", listes.liste, {"sujet": _sujet}, name=_sujet.url()),
        path(f"{_base}/exporter/", listes.exporter_liste, {"sujet": _sujet}, name=_sujet.url("exporter")),
        path(f"{_base}/designer/", designer.choisir, {"sujet": _sujet}, name=_sujet.url("designer")),
        path(f"{_base}/designer/personne/", designer.personne, {"sujet": _sujet}, name=_sujet.url("personne")),
        path(f"{_base}/designer/confirmer/", designer.confirmer, {"sujet": _sujet}, name=_sujet.url("confirmer")),
    ]
