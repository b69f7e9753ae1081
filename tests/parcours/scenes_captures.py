"""What stands behind each picture of the fiches: who looks, at which page, from which element on; the same for the drawing and for its test."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, ServiceGestionnaire
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Role
from services.catalogue.chargement import charger_catalogue
from services.models import PersonneSirenisee, Service
from tests.activation.scenes import adhesion, editer
from tests.factories import (
    CompteFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceGestionnaireFactory,
    accorder,
    habiliter,
)

# The fictional companies of the demonstration: their SIREN are nobody's.
ENTREPRISES = {
    "BOULANGERIE DU PONT NEUF": "999991011",
    "GARAGE DU PONT NEUF": "999991003",
    "MENUISERIE DU PONT NEUF": "999991029",
}
REFERENCE = "D-2026-7K3QX2M9"


class Vue(NamedTuple):
    """`espace`: who looks, nobody for a public page; `depuis`: the element that the picture begins with; `hauteur`: at most, `largeur`: of the window."""

    espace: Espace | None
    adresse: str
    depuis: str = "main"
    hauteur: int = 620
    largeur: int = 720


def _espace(prenom: str, nom: str) -> Espace:
    compte = CompteFactory(email=f"{prenom.lower()}.{nom.lower()}@example.org".replace("è", "e"))
    return EspaceFactory(compte=compte, prenom=prenom, nom=nom, telephone="01 99 00 12 34")


def _bureau() -> ServiceGestionnaire:
    return ServiceGestionnaireFactory(code="SIE99999", nom="SIE d’Exempleville", commune="EXEMPLEVILLE")


def _entreprise(nom: str, bureau: ServiceGestionnaire | None = None) -> PersonneSirenisee:
    return PersonneFactory(
        siren=ENTREPRISES[nom],
        denomination=nom,
        voie="2 RUE DE LA DEMONSTRATION",
        code_postal="75999",
        commune="EXEMPLEVILLE",
        service_gestionnaire=bureau or _bureau(),
    )


def _cabinet() -> tuple[Espace, list[Habilitation]]:
    """Karine Vidal, titulaire of two services of three companies."""
    charger_catalogue()
    karine, bureau = _espace("Karine", "Vidal"), _bureau()
    services = [Service.objects.get(code=code) for code in ("DECL_TVA", "PAY_TVA")]
    with transaction.atomic():
        tenues = [
            habiliter(karine, personne=personne, service=service)
            for personne in [_entreprise(nom, bureau) for nom in ENTREPRISES]
            for service in services
        ]
    return karine, tenues


def _delegations(il_y_a: timedelta) -> Espace:
    karine, tenues = _cabinet()
    hugo, ines = _espace("Hugo", "Marchal"), _espace("Inès", "Colin")
    with transaction.atomic():
        for rang, (tenue, qui, role) in enumerate(
            zip(tenues[:3], (hugo, ines, hugo), (Role.ACTEUR, Role.ACTEUR_DELEGANT, Role.ACTEUR), strict=True)
        ):
            accorder(tenue, qui, role, accordee_le=timezone.now() - il_y_a - timedelta(days=rang))
    return karine


def _publique(page: str, hauteur: int = 620) -> Callable[[], Vue]:
    return lambda: Vue(None, reverse(page), hauteur=hauteur)


def _seule(page: str, depuis: str = "main", hauteur: int = 620) -> Callable[[], Vue]:
    return lambda: Vue(_espace("Karine", "Vidal"), reverse(page), depuis, hauteur)


def _adherer() -> Vue:
    charger_catalogue()
    siren = _entreprise("BOULANGERIE DU PONT NEUF").siren
    return Vue(_espace("Karine", "Vidal"), f"{reverse('adherer')}?siren={siren}", "#id_services")


def _demande(il_y_a: timedelta) -> Demande:
    charger_catalogue()
    karine = _espace("Karine", "Vidal")
    demande = adhesion(karine, _entreprise("GARAGE DU PONT NEUF"), Service.objects.get(code="DECL_TVA"))
    Demande.objects.filter(pk=demande.pk).update(
        reference=REFERENCE, deposee_le=timezone.now() - il_y_a - timedelta(days=1)
    )
    demande.refresh_from_db()
    courrier = editer(demande, edite_le=timezone.now() - il_y_a)
    Courrier.objects.filter(pk=courrier.pk).update(cree_le=timezone.now() - il_y_a)
    return demande


def _code() -> Vue:
    return Vue(_demande(timedelta(days=6)).espace, reverse("activer"))


def _lettre() -> Vue:
    return Vue(_demande(timedelta(days=18)).espace, reverse("demande", args=[REFERENCE]), 'h2:text-is("Suivi")', 700)


def _designer() -> Vue:
    return Vue(_cabinet()[0], reverse("suppleants_designer"))


def _perimetre() -> Vue:
    charger_catalogue()
    karine, service = _espace("Karine", "Vidal"), Service.objects.get(code="DECL_TVA")
    bureau = _bureau()
    with transaction.atomic():
        for rang in range(82):
            habiliter(
                karine,
                personne=PersonneFactory(denomination=f"ATELIER {rang + 1}", service_gestionnaire=bureau),
                service=service,
            )
    return Vue(karine, reverse("perimetre"))


def _quitter() -> Vue:
    return Vue(_cabinet()[0], reverse("retraits_choisir"), hauteur=760)


SCENES: dict[str, Callable[[], Vue]] = {
    "espace-simplifie": _publique("inscription_simplifiee"),
    "espace-expert": _publique("inscription", 800),
    "mot-de-passe-oublie": _publique("mot_de_passe_oublie"),
    "adresse-et-mot-de-passe": _seule("identifiants"),
    "second-facteur": _seule("securite", '[aria-labelledby="titre-facteurs"]', 270),
    "adherer": _adherer,
    "code-d-activation": _code,
    "lettre-non-recue": _lettre,
    "remplacer-le-titulaire": _seule("substitution"),
    "suppleants": _designer,
    "deleguer": lambda: Vue(_delegations(timedelta(days=40)), reverse("delegations"), hauteur=850, largeur=1000),
    "demander-une-habilitation": _seule("demander_habilitation", hauteur=800),
    "revue": lambda: Vue(_delegations(timedelta(days=380)), reverse("revue_delegations"), largeur=1000),
    "cent-siren": _perimetre,
    "quitter-un-service": _quitter,
    "supprimer-l-espace": _seule("supprimer_espace"),
}
