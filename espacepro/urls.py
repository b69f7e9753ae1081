"""Every door of the portal; who may open which is in espacepro/acces.py."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import TemplateView

from .journal import views
from .views import (
    accueil,
    aide,
    automates,
    catalogue,
    changements_examines,
    comptes_bancaires,
    entreprise,
    messagerie,
    pages,
    pieces,
    sante,
    usage_inhabituel,
    verifier_session,
)

COMPTES = [
    path("", comptes_bancaires.liste, name="comptes_bancaires"),
    path("ajouter/", comptes_bancaires.ajouter, name="compte_bancaire_ajouter"),
    path("exporter/", comptes_bancaires.exporter, name="comptes_bancaires_exporter"),
    path("<uuid:cle>/renommer/", comptes_bancaires.renommer, name="compte_bancaire_renommer"),
    path("<uuid:cle>/supprimer/", comptes_bancaires.supprimer, name="compte_bancaire_supprimer"),
    path("<uuid:cle>/iban/", comptes_bancaires.iban, name="compte_bancaire_iban"),
    path("<uuid:cle>/mandat/", comptes_bancaires.mandat, name="compte_bancaire_mandat"),
    path("<uuid:cle>/mandat/pdf/", comptes_bancaires.mandat_pdf, name="compte_bancaire_mandat_pdf"),
    path("changements/<uuid:cle>/", comptes_bancaires.signaler, name="compte_bancaire_signaler"),
    path("<uuid:cle>/remise/", comptes_bancaires.remise, name="compte_bancaire_remise"),
]

MESSAGES = [
    path("", messagerie.boite, name="messagerie"),
    path("ecrire/", messagerie.ecrire_a, name="message_ecrire"),
    path("ecrire/<str:siren>/", messagerie.rediger, name="message_rediger"),
    path("ecrire/<str:siren>/relire/", messagerie.relire, name="message_relire"),
    path("pieces/<uuid:cle>/", pieces.telecharger, name="piece_jointe"),
    path("brouillons/<uuid:cle>/effacer/", messagerie.effacer_brouillon, name="brouillon_effacer"),
    path("<str:reference>/", messagerie.echange, name="echange"),
    path("<str:reference>/relire/", messagerie.relire_reponse, name="echange_relire"),
    path("<str:reference>/clore/", messagerie.clore, name="echange_clore"),
    path("<str:reference>/rouvrir/", messagerie.rouvrir, name="echange_rouvrir"),
    path("<str:reference>/pdf/", messagerie.pdf, name="echange_pdf"),
]

urlpatterns = [
    path("", pages.accueil, name="accueil"),
    path("espace/", accueil.espace, name="espace"),
    path("espace/a-faire/", accueil.a_faire, name="a_faire"),
    path("espace/changements/", changements_examines.examiner, name="changements_examines"),
    path("espace/verification/", verifier_session.verifier, name="verifier_session"),
    path("espace/verification/code/", verifier_session.envoyer_code, name="verifier_session_code"),
    path("espace/usage-inhabituel/<uuid:alerte>/", usage_inhabituel.repondre, name="usage_inhabituel"),
    path("espace/favori/", accueil.favori, name="favori"),
    path("espace/gerer-les-services/", pages.gerer_services, name="gerer_services"),
    path("espace/entreprises/<str:siren>/", entreprise.services, name="entreprise"),
    path("espace/entreprises/<str:siren>/acces/", entreprise.acces, name="entreprise_acces"),
    path("espace/entreprises/<str:siren>/demandes/", entreprise.demandes, name="entreprise_demandes"),
    path("espace/entreprises/<str:siren>/messages/", messagerie.entreprise, name="entreprise_messages"),
    path("espace/messages/", include(MESSAGES)),
    path("espace/votre-espace/", pages.votre_espace, name="votre_espace"),
    path("espace/entreprises/<str:siren>/comptes-bancaires/", include(COMPTES)),
    path("espace/journal/", pages.journal, name="journal"),
    path("espace/journal-entreprise/", views.journal, name="journal_personne"),
    path("espace/journal-entreprise/exporter/", views.exporter, name="journal_personne_exporter"),
    path("espace/recapitulatif/", pages.recapitulatif, name="recapitulatif"),
    path("services/", catalogue.catalogue, name="catalogue"),
    path("services/<str:code>/", catalogue.service_public, name="service_public"),
    path("aide/", aide.aide, name="aide"),
    path("aide/<slug:slug>/", aide.fiche, name="fiche"),
    path("plan-du-site/", aide.plan, name="plan"),
    path("mentions-legales/", aide.mentions_legales, name="mentions_legales"),
    path(".well-known/security.txt", aide.security_txt, name="security_txt"),
    path(".well-known/journal.json", sante.journal_json, name="journal_json"),
    path("accessibilite/", pages.texte, {"nom": "accessibilite"}, name="accessibilite"),
    path("verification/", automates.verifier_humain, name="verifier_humain"),
    path("sante/", sante.sante, name="sante"),
    path("metrics", sante.metrics, name="metrics"),
    path(
        "robots.txt",
        login_not_required(TemplateView.as_view(template_name="robots.txt", content_type="text/plain")),
        name="robots",
    ),
    path("", include("accounts.urls")),
    path("", include("habilitations.urls")),
    path("", include("activation.urls")),
    path("gestion/", admin.site.urls),
]

if settings.DEMONSTRATION:
    urlpatterns.append(path("demonstration/", include("espacepro.demonstration.urls")))

handler400 = "espacepro.views.erreurs.requete_invalide"
handler403 = "espacepro.views.erreurs.acces_refuse"
handler404 = "espacepro.views.erreurs.page_introuvable"
handler500 = "espacepro.views.erreurs.erreur_serveur"
