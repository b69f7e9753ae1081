"""The récapitulatif d'inscription (R5, CGU §2.4): the trust answer in clear once, then never again."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from ..chiffrement import chiffrer, dechiffrer
from ..documents.typst import Contact
from ..models import Espace
from ..saisies.organisations import denomination
from .recapitulatif_pdf import Recapitulatif, ServiceObtenu, produire
from .rectification import gestionnaire_de

CLE = "reponse_choisie"
DUREE = 30 * 60  # seconds

# The floors above know what an espace may do.
_SOURCES: list[Callable[[Espace], Iterable[ServiceObtenu]]] = []


def inscrire_services(source: Callable[[Espace], Iterable[ServiceObtenu]]) -> None:
    """Add a way from an espace to the services that it has obtained."""
    _SOURCES.append(source)


def retenir_reponse(session: SessionBase, espace: Espace, reponse: str) -> None:
    """Keep the clear answer in the session that chose it, encrypted, until the first download or 30 minutes."""
    session[CLE] = {"espace": str(espace.pk), "reponse": chiffrer(reponse)}


def reprendre_reponse(session: SessionBase, espace: Espace) -> str | None:
    """Take the clear answer out of the session: it is there once. None when it is gone, too old or another's."""
    garde: dict[str, Any] | None = session.pop(CLE, None)
    if garde is None or garde["espace"] != str(espace.pk):
        return None
    return dechiffrer(garde["reponse"], duree_max=DUREE)


def reponse_disponible(session: SessionBase, espace: Espace) -> bool:
    """Whether the next download would show the answer."""
    garde = session.get(CLE)
    return bool(
        garde and garde["espace"] == str(espace.pk) and dechiffrer(garde["reponse"], duree_max=DUREE) is not None
    )


def _contact(espace: Espace) -> Contact | None:
    """Return whom to call: the service gestionnaire of the SIREN d'appartenance, where it is known."""
    gestionnaire = gestionnaire_de(espace)
    if gestionnaire is None:
        return None
    return Contact(
        nom=gestionnaire.nom,
        adresse=tuple(gestionnaire.lignes_adresse),
        telephone=gestionnaire.telephone,
        courriel=gestionnaire.courriel,
    )


def produire_recapitulatif(espace: Espace, *, reponse: str | None) -> bytes:
    """Return the PDF, made in memory and kept nowhere. `reponse` None: it says that the answer was shown at creation.

    It lists what the espace has obtained by now: nothing at the end of creation, its services after activation.
    """
    compte = espace.compte
    return produire(
        Recapitulatif(
            numero_abonne=espace.numero_abonne,
            mode=espace.mode,
            cree_le=timezone.localdate(espace.cree_le),
            edite_le=timezone.localdate(),
            civilite=espace.get_civilite_display(),
            nom=espace.nom,
            prenom=espace.prenom,
            courriel=compte.email if compte else "",
            telephone=espace.telephone,
            adresse=tuple(espace.lignes_adresse),
            organisation_denomination=denomination(espace.siren_appartenance),
            organisation_siren=espace.siren_appartenance,
            cgu_version=espace.cgu_version,
            cgu_acceptees_le=timezone.localdate(espace.cgu_acceptees_le),
            question_confiance=espace.get_question_confiance_display(),
            site_url=settings.SITE_URL,
            reponse_confiance=reponse,
            services=tuple(service for source in _SOURCES for service in source(espace)),
            gestionnaire=_contact(espace),
            demonstration=settings.DEMONSTRATION,
            marque_etat=settings.MARQUE_ETAT,
        )
    )
