"""The récapitulatif d'inscription (R5, CGU §2.4): the trust answer in clear once, then never again."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from .. import actes
from ..chiffrement import chiffrer, dechiffrer
from ..documents.typst import Contact
from ..models import Espace, Lien
from ..saisies.organisations import denomination
from ..traces.journal import consigner
from .recapitulatif_pdf import Recapitulatif, ServiceObtenu, produire
from .rectification import gestionnaire_de

CLE = "reponse_choisie"
_USAGE: Final = "reponse-de-confiance"
DUREE_DE_LA_REPONSE: Final = timedelta(minutes=30)
# The links whose use confirms the addresses of an inscription.
CONFIRMATIONS: Final = (
    Lien.Objet.CONFIRMATION_EXPERT,
    Lien.Objet.CONFIRMATION_CONNEXION,
    Lien.Objet.CONFIRMATION_ENTREPRISE,
)

# The floors above know what an espace may do.
_SOURCES: list[Callable[[Espace], Iterable[ServiceObtenu]]] = []


def inscrire_services(source: Callable[[Espace], Iterable[ServiceObtenu]]) -> None:
    """Add a way from an espace to the services that it has obtained."""
    _SOURCES.append(source)


def retenir_reponse(session: SessionBase, espace: Espace, reponse: str) -> None:
    """Keep the clear answer, encrypted, in the session that chose it, until its récapitulatif or `_fin`."""
    session[CLE] = {
        "espace": str(espace.pk),
        "choisie_le": espace.reponse_changee_le.astimezone(UTC).isoformat(),
        "reponse": chiffrer(reponse, usage=_USAGE),
    }


def _fin(espace: Espace) -> datetime:
    """Return until when the clear answer is kept: thirty minutes from the confirmation, never longer than its link lives.

    While nothing is confirmed, that is the life of the link that waits; an answer chosen since has thirty minutes.
    """
    lien = espace.liens.filter(objet__in=CONFIRMATIONS, revoque_le=None).order_by("-cree_le").first()
    if lien is not None and lien.consomme_le is None:
        return lien.expire_le
    if lien is None or lien.consomme_le is None or lien.consomme_le < espace.reponse_changee_le:
        return espace.reponse_changee_le + DUREE_DE_LA_REPONSE
    return min(lien.consomme_le + DUREE_DE_LA_REPONSE, lien.expire_le)


def _lire(session: SessionBase, espace: Espace) -> str | None:
    """Return the clear answer that the session keeps; None when it is too old, another's, or was replaced since."""
    garde: dict[str, Any] | None = session.get(CLE)
    if garde is None or garde["espace"] != str(espace.pk):
        return None
    if garde["choisie_le"] != espace.reponse_changee_le.astimezone(UTC).isoformat() or timezone.now() > _fin(espace):
        del session[CLE]
        return None
    duree = 2 * int(settings.LIEN_ENTREPRISE.total_seconds())
    return dechiffrer(garde["reponse"], usage=_USAGE, duree_max=duree, deja_garde=True)


def reponse_changee_a_l_instant(espace: Espace, *, maintenant: datetime | None = None) -> bool:
    """Whether this holder has just chosen another answer: it may be said that it is changed."""
    change = espace.reponse_changee_le
    recente = change is not None and (maintenant or timezone.now()) - change < DUREE_DE_LA_REPONSE
    return recente and change != espace.cree_le


def reponse_disponible(session: SessionBase, espace: Espace) -> bool:
    """Whether the next download would show the answer."""
    return _lire(session, espace) is not None


@transaction.atomic
def remettre_recapitulatif(*, acteur: Espace, session: SessionBase) -> bytes:
    """Return the PDF, with the clear answer when this session keeps it: it is then gone from there, and was shown."""
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    reponse = _lire(session, espace)
    pdf = produire_recapitulatif(espace, reponse=reponse)
    session.pop(CLE, None)
    if reponse is not None:
        noter_reponse_montree(acteur=espace)
    return pdf


@transaction.atomic
def noter_reponse_montree(*, acteur: Espace) -> None:
    """Note that the holder has seen the present answer: none has to be chosen at the next sign-in."""
    Espace.objects.filter(pk=acteur.pk).update(reponse_a_montrer=False)
    consigner(actes.REPONSE_MONTREE, auteur=acteur)


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
            reponse_choisie_le=timezone.localdate(espace.reponse_changee_le),
            site_url=settings.SITE_URL,
            reponse_confiance=reponse,
            services=tuple(service for source in _SOURCES for service in source(espace)),
            gestionnaire=_contact(espace),
            demonstration=settings.DEMONSTRATION,
            marque_etat=settings.MARQUE_ETAT,
        )
    )
