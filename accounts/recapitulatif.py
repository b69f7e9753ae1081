"""The récapitulatif d'inscription (R5, CGU §2.4): the trust answer in clear once, then never again."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from .chiffrement import chiffrer, dechiffrer
from .models import Espace
from .recapitulatif_pdf import Recapitulatif, ServiceObtenu, produire

CLE = "reponse_choisie"
DUREE = 30 * 60  # seconds


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


def produire_recapitulatif(
    espace: Espace, *, reponse: str | None, organisation: str = "", services: tuple[ServiceObtenu, ...] = ()
) -> bytes:
    """Return the PDF, made in memory and kept nowhere. `reponse` None: it says that the answer was shown at creation."""
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
            organisation_denomination=organisation,
            organisation_siren=espace.siren_appartenance,
            cgu_version=espace.cgu_version,
            cgu_acceptees_le=timezone.localdate(espace.cgu_acceptees_le),
            question_confiance=espace.get_question_confiance_display(),
            site_url=settings.SITE_URL,
            reponse_confiance=reponse,
            services=services,
            demonstration=settings.DEMONSTRATION,
            marque_etat=settings.MARQUE_ETAT,
        )
    )
