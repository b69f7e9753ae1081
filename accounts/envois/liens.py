"""One-time links: derived token, one live per espace and purpose, consumed under a lock (style.md, Secrets)."""

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..models import Espace, Lien
from ..saisies.regles import RegleMetier

ESSAIS_PAR_LIEN = 3  # wrong answers to the question de confiance (design.md §8)


class LienInvalide(RegleMetier):
    code = "lien_invalide"
    message = "Ce lien n’est pas valide. Vérifiez que c’est celui du dernier courriel reçu, et qu’il est entier."


class LienExpire(RegleMetier):
    code = "lien_expire"
    message = "Ce lien a expiré. Recommencez la démarche pour en recevoir un nouveau."


class LienDejaUtilise(RegleMetier):
    code = "lien_deja_utilise"
    message = "Ce lien a déjà servi. Il n’est valable qu’une fois."

    def utilise_depuis(self, quand: datetime) -> Lien | None:
        """Return the link of the token, if it was used since then: its button was pressed twice."""
        lien: Lien | None = self.contexte.get("lien")
        return lien if lien is not None and lien.consomme_le is not None and lien.consomme_le >= quand else None


class LienRemplace(RegleMetier):
    code = "lien_remplace"
    message = "Ce lien a été remplacé par un lien plus récent : ouvrez le dernier courriel reçu."


def delai(objet: str) -> timedelta:
    """Return how long a link of this purpose lives (design.md §8)."""
    return {
        Lien.Objet.CONFIRMATION_EXPERT: settings.LIEN_EXPERT,
        Lien.Objet.CONFIRMATION_ENTREPRISE: settings.LIEN_ENTREPRISE,
        Lien.Objet.CONFIRMATION_CONNEXION: settings.LIEN_ENTREPRISE,
        Lien.Objet.CHANGEMENT_ADRESSE: settings.LIEN_ADRESSE,
        Lien.Objet.ANNULATION_ADRESSE: settings.LIEN_ENTREPRISE,
        Lien.Objet.MOT_DE_PASSE_OUBLIE: settings.LIEN_OUBLI,
        Lien.Objet.COURRIEL_ENTREPRISE: settings.LIEN_ENTREPRISE,
        Lien.Objet.CE_N_EST_PAS_MOI: settings.LIEN_PAS_MOI,
    }[Lien.Objet(objet)]


def _sceau(lien: Lien) -> bytes:
    message = f"lien|{lien.pk}|{lien.objet}|{lien.espace_id}|{lien.adresse}".encode()
    return hmac.new(settings.CLE_CODES.encode(), message, hashlib.sha256).digest()[:24]


def jeton(lien: Lien) -> str:
    """Return the token of a link: URL-safe base64 of its id (16 bytes) and its seal (24 bytes), 54 characters."""
    return base64.urlsafe_b64encode(lien.pk.bytes + _sceau(lien)).rstrip(b"=").decode()


@transaction.atomic
def creer_lien(
    *, espace: Espace, objet: str, adresse: str = "", sujet: uuid.UUID | None = None, maintenant: datetime | None = None
) -> Lien:
    """Return a fresh link; the older one of the same purpose, about the same thing (`sujet`), is dead from now on."""
    maintenant = (maintenant or timezone.now()).astimezone(UTC)  # hours that elapse, over a change of hour too
    Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
    Lien.objects.filter(espace=espace, objet=objet, sujet=sujet, consomme_le=None, revoque_le=None).update(
        revoque_le=maintenant
    )
    return Lien.objects.create(
        espace=espace,
        objet=objet,
        adresse=adresse,
        sujet=sujet,
        cree_le=maintenant,
        expire_le=maintenant + delai(objet),
    )


def _trouver(brut: str) -> Lien | None:
    """Return the link of this token, alive or not."""
    try:
        cle = uuid.UUID(bytes=base64.urlsafe_b64decode(brut + "=" * (-len(brut) % 4))[:16])
    except ValueError:
        return None
    lien = Lien.objects.select_related("espace__compte").filter(pk=cle).first()
    # base64 lets spare bits vary: only the canonical spelling is the token.
    if lien is None or not hmac.compare_digest(jeton(lien).encode(), brut.encode()):
        return None
    return lien


def espace_du_lien(brut: str) -> Espace | None:
    """Return whose link this token is, alive or not; None when it is no token of ours."""
    lien = _trouver(brut)
    return lien.espace if lien is not None else None


@transaction.atomic
def lien_a_envoyer(
    *, espace: Espace, objet: str, adresse: str, sujet: uuid.UUID | None = None, maintenant: datetime | None = None
) -> Lien:
    """Return the live link of this purpose and address, to be mailed again, or a fresh one when there is none.

    Whoever makes us write again thus kills nobody's link: its token is derived, the same in every mail.
    """
    maintenant = (maintenant or timezone.now()).astimezone(UTC)
    Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
    vivant = Lien.objects.filter(
        espace=espace,
        objet=objet,
        adresse=adresse,
        sujet=sujet,
        consomme_le=None,
        revoque_le=None,
        expire_le__gte=maintenant,
        essais__lt=ESSAIS_PAR_LIEN,
    ).first()
    return vivant or creer_lien(espace=espace, objet=objet, adresse=adresse, sujet=sujet, maintenant=maintenant)


def prolonger(lien: Lien, maintenant: datetime) -> None:
    """Let a link that is mailed again live as long as a fresh one: what its mail says is true. In the caller's transaction."""
    lien.expire_le = maintenant.astimezone(UTC) + delai(lien.objet)
    lien.save(update_fields=["expire_le"])


def lire_lien(brut: str, *, objet: str, maintenant: datetime | None = None, verrouiller: bool = False) -> Lien:
    """Return the live link of this token, checked for this purpose; consumes nothing.

    With `verrouiller`, inside a transaction, the espace then the link are locked, so that one of many wins.
    Raises: LienInvalide, LienDejaUtilise, LienRemplace, LienExpire.
    """
    lien = _trouver(brut)
    if lien is None or lien.objet != objet:
        raise LienInvalide
    if verrouiller:
        espace = Espace.objects.select_for_update(no_key=True).filter(pk=lien.espace_id).first()
        if espace is None:  # erased meanwhile: an inscription for the same address has taken its place
            raise LienInvalide
        lien.refresh_from_db(fields=["consomme_le", "revoque_le", "essais"])
        lien.espace = espace
    if lien.consomme_le is not None:
        raise LienDejaUtilise(lien=lien)
    if lien.revoque_le is not None:
        raise LienRemplace
    if (maintenant or timezone.now()) > lien.expire_le:
        raise LienExpire
    return lien
