"""The daily statement of the journal, from its seal to the security officer's mailbox."""

import os

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..envois.courriels import deposer
from ..models import Attestation
from ..traces.attestations import AttestationIllisible, attester, deposer_fichiers, lire_declaration, par_groupes
from ..traces.horodatage import (
    DELAI_DU_JETON,
    AutoriteInjoignable,
    JetonInvalide,
    demander,
    lire_autorites,
    verifier_jeton,
)
from ..traces.scellement import sceller

log = structlog.get_logger("espacepro.journal")
JETONS_RATTRAPES = 7


def attester_le_journal(*, force: bool = False) -> Attestation | None:
    """Seal what waits, sign what the journal is, and have it leave: log, mail, folder; None where today's is done.

    A folder that cannot be written is logged, and filled by the next run: the statement is made, mailed and logged all the same.
    """
    while sceller():
        pass
    with transaction.atomic():
        attestation = attester(force=force)
        if attestation and settings.COURRIEL_SECURITE:
            dit = lire_declaration(attestation.contenu, attestation.signature)
            deposer(
                "journal_atteste",
                destinataire=settings.COURRIEL_SECURITE,
                acte=f"attestation:{attestation.numero}",
                contexte={
                    "numero": dit.numero,
                    "dernier_evenement": dit.dernier_evenement,
                    "bloc": dit.bloc,
                    "empreinte": par_groupes(dit.empreinte),
                    "precedente": par_groupes(dit.precedente),
                    "signature": par_groupes(dit.signature),
                },
            )
    try:
        deposer_fichiers()
        if settings.HORODATAGE_URL:
            _horodater()
    except OSError:
        log.exception("attestations_non_deposees", dossier=str(settings.DOSSIER_ATTESTATIONS))
    return attestation


def _horodater() -> None:
    """Ask the authority for the time stamps that the last statements lack, and put each beside its own; stop at the first failure,
    which is logged: the next run asks again. Only what verifies is kept, whole, where it is known by whom; a statement as old as
    DELAI_DU_JETON gets none any more. Raises: OSError.
    """
    for fichier in sorted(settings.DOSSIER_ATTESTATIONS.glob("attestation-*.json"))[-JETONS_RATTRAPES:]:
        jeton, texte = fichier.with_suffix(".tsr"), fichier.read_bytes()
        try:
            if jeton.exists() or lire_declaration(texte.decode(), "").faite_le < timezone.now() - DELAI_DU_JETON:
                continue
            octets = demander(settings.HORODATAGE_URL, texte)
            if settings.HORODATAGE_CERTIFICATS:
                verifier_jeton(octets, texte, lire_autorites(settings.HORODATAGE_CERTIFICATS))
            provisoire = jeton.with_name(f".{jeton.name}.{os.getpid()}")
            provisoire.write_bytes(octets)
            provisoire.replace(jeton)
        except (AttestationIllisible, UnicodeDecodeError):
            continue  # which the check of the folder says
        except (AutoriteInjoignable, JetonInvalide):
            log.exception("horodatage_impossible", attestation=fichier.stem)
            return
