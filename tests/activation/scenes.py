"""Scenes that the tests of the activation share."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.documents.typst import Contact
from accounts.envois.liens import jeton
from accounts.espace.inscription import Inscription
from accounts.models import Espace, Lien
from accounts.traces.acteurs import Visiteur
from activation.courriers import edition
from activation.courriers.codes import _cle, deriver_code
from activation.courriers.enveloppe import Adresse
from activation.courriers.lettre import Lettre
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.confirmation_adresse import confirmer_adresse
from activation.demandes.creation_simplifiee import confirmer_connexion, confirmer_entreprise, inscrire_simplifie
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Mandat, Role
from services.models import PersonneSirenisee, Service
from tests.factories import (
    MOT_DE_PASSE,
    REPONSE,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    habiliter,
    representer,
)

LOGIN = "jeanne.martin@cabinet-dupont.fr"
ENTREPRISE = "contact@ateliers-du-nord.fr"
CODE = "K7QM-4TXB-9RWD"
GESTIONNAIRE = Contact(
    nom="Service des impôts des entreprises de Lyon 3e",
    adresse=("165 rue Garibaldi", "69401 Lyon Cedex 03"),
    telephone="04 78 63 25 00",
    courriel="sie.lyon3@exemple.fr",
    horaires="Du lundi au vendredi, de 9 h à 12 h",
)


def inscription(personne: PersonneSirenisee, email: str = LOGIN, **champs: Any) -> Inscription:
    return Inscription(
        **{
            "email": email,
            "mot_de_passe": MOT_DE_PASSE,
            "civilite": "MADAME",
            "nom": "Martin",
            "prenom": "Jeanne",
            "telephone": "01 23 45 67 89",
            "siren_appartenance": personne.siren,
            "question_confiance": "PHRASE",
            "reponse_confiance": REPONSE,
            **champs,
        }
    )


def services_du_bouquet() -> list[Service]:
    return [
        ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE, bouquet_simplifie=True, ordre=1),
        ServiceFactory(code="DECL_TVA", bouquet_simplifie=True, ordre=2),
        ServiceFactory(code="DEM_TVA_UE", bouquet_simplifie=False, ordre=3),
    ]


def inscrire(
    personne: PersonneSirenisee, *, email: str = LOGIN, courriel: str = ENTREPRISE, maintenant: datetime | None = None
) -> Espace:
    espace = inscrire_simplifie(
        acteur=Visiteur(),
        inscription=inscription(personne, email),
        personne=personne,
        courriel=courriel,
        qualite=Demande.Qualite.REPRESENTANT_LEGAL,
        maintenant=maintenant,
    )
    assert espace is not None
    return espace


def lien(espace: Espace, objet: str) -> str:
    return jeton(Lien.objects.get(espace=espace, objet=objet, consomme_le=None, revoque_le=None))


def visiteur(espace: Espace, objet: str) -> Visiteur:
    """Who follows this link in the browser that filled the form of this espace."""
    return Visiteur(jeton=lien(espace, objet), inscription=str(espace.pk))


def confirmer(espace: Espace, *, maintenant: datetime | None = None) -> Demande:
    """Answer both links; the letter has been asked for."""
    for objet, acte in (
        (Lien.Objet.CONFIRMATION_CONNEXION, confirmer_connexion),
        (Lien.Objet.CONFIRMATION_ENTREPRISE, confirmer_entreprise),
    ):
        if Lien.objects.filter(espace=espace, objet=objet, consomme_le=None, revoque_le=None).exists():
            acte(acteur=visiteur(espace, objet), maintenant=maintenant)
    return Demande.objects.get(espace=espace, nature=Demande.Nature.CREATION_SIMPLIFIEE)


def editer(demande: Demande, *, edite_le: datetime | None = None) -> Courrier:
    """Make the live letter of this demande; as if it had been made at `edite_le`."""
    courrier = demande.courriers.get(remplace_le=None)
    assert edition.editer(str(courrier.pk))
    courrier.refresh_from_db()
    if edite_le is not None:
        Courrier.objects.filter(pk=courrier.pk).update(edite_le=edite_le, expire_le=edite_le + settings.CODE_VALIDITE)
        courrier.refresh_from_db()
    demande.refresh_from_db()
    return courrier


def envoyer(client: Client, page: str, saisie: dict[str, Any], *, suivre: bool = False) -> Any:
    """Post this form, read the page that tells of its letter, and confirm it; return what comes last."""
    relue = client.post(page, saisie)
    montre = re.search(r'name="apercu" value="([^"]+)"', relue.content.decode())
    assert montre, relue.content.decode()
    return client.post(page, {**saisie, "apercu": montre[1]}, follow=suivre)


def code(demande: Demande) -> str:
    return deriver_code(demande=demande.pk, numero=demande.courriers.get(remplace_le=None).numero)


def code_de(demande: Demande, numero: int = 1) -> str:
    """Return the code of this letter of the demande, dead or alive."""
    return deriver_code(demande=demande.pk, numero=numero)


def lien_adresse(demande: Demande) -> str:
    """Return the token of the live link that was sent to the company's new address."""
    return jeton(Lien.objects.get(sujet=demande.pk, consomme_le=None, revoque_le=None))


def adresse_confirmee(demande: Demande, *, maintenant: datetime | None = None) -> Demande:
    """Have whoever reads the new address answer its link; the letter has been asked for."""
    return confirmer_adresse(acteur=Visiteur(jeton=lien_adresse(demande)), maintenant=maintenant)


def adhesion(
    espace: Espace | None = None,
    personne: PersonneSirenisee | None = None,
    service: Service | None = None,
    qualite: str = "MANDATAIRE",
    maintenant: datetime | None = None,
) -> Demande:
    return deposer_adhesion(
        acteur=espace or EspaceFactory(),
        personne=personne or PersonneFactory(),
        services=[service or ServiceFactory()],
        qualite=qualite,
        maintenant=maintenant or timezone.now(),
    )


def ouvrir_messagerie(espace: Espace, personne: PersonneSirenisee, il_y_a: timedelta = timedelta(days=91)) -> None:
    """Have the représentant légal of the register, who is this holder, open the mailbox with a posted code."""
    representer(personne, espace.nom, espace.prenom)
    service = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
    demande = adhesion(espace, personne, service, Demande.Qualite.REPRESENTANT_LEGAL)
    editer(demande)
    activer(acteur=espace, demande=demande, saisie=code(demande))
    Mandat.objects.filter(demande=demande.reference).update(code_saisi_le=timezone.now() - il_y_a)


def remettre(courrier: Courrier, remis_le: datetime) -> None:
    """As if the print shop had handed this letter to the post then."""
    Courrier.objects.filter(pk=courrier.pk).update(etat=Courrier.Etat.REMIS, remis_le=remis_le)
    courrier.refresh_from_db()


def tenir(espace: Espace, personne: PersonneSirenisee, code_service: str) -> Habilitation:
    """Have this espace be the titulaire of one more service of this personne."""
    return habiliter(espace, personne=personne, service=ServiceFactory(code=code_service))


def terminer(habilitation: Habilitation) -> None:
    """End a habilitation, as its grantor does."""
    habilitation.fin_le = timezone.now()
    habilitation.fin_motif = Habilitation.MotifFin.RETRAIT
    habilitation.save()


def habiliter_tous(*espaces: Espace) -> None:
    """Have somebody else grant one and the same service of another company to all of these, and take it back."""
    racine = habiliter(EspaceFactory())
    for espace in espaces:
        terminer(accorder(racine, espace, Role.ACTEUR))


def lettre(**champs: Any) -> Lettre:
    """Give a plain letter, some fields changed."""
    ordinaire = Lettre(
        nature="ADHESION",
        reference="D-2026-004217",
        numero=1,
        code=CODE,
        edite_le=date(2026, 11, 23),
        expire_le=date(2027, 1, 22),
        demandee_le=date(2026, 11, 22),
        demandeur="Mme Claire Montéléone",
        qualite="mandataire (expert-comptable)",
        denomination="Boulangerie de l'Épi d'Or",
        siren="552100554",
        a_signaler="D-2026-004217-K7QM5",
        page_signaler="https://professionnels.exemple.fr/signaler/",
        adresse=Adresse(complement="Bâtiment B, 2e étage", voie="12 rue de la République", localite="69003 Lyon"),
        services=("Déclarer la TVA", "Payer la TVA"),
        gestionnaire=GESTIONNAIRE,
        site_url="https://professionnels.exemple.fr",
    )
    return replace(ordinaire, **champs)


def code_faux(bon: str) -> str:
    """Return another code that a person could have typed: its check character is right."""
    corps = ("3" if bon[0] == "2" else "2") + bon[1:-1]
    return corps + _cle(corps)


def essais(demande: Demande) -> int:
    return demande.courriers.get(remplace_le=None).essais
