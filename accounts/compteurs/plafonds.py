"""What may be asked without an account: link mails, and whether a SIREN may have an espace simplifié (design.md §8).

Counted before it is done, in the table and with the growing delays of the guesses (accounts/compteurs/debit.py); the figures are
in the settings. Mails count for the network that asks, for each address written to, and for the two together: a
network that bombs a mailbox meets its own limit before the mailbox's, so that the owner, who comes from elsewhere, may
still sign up. The counters do not know whether the address has an account: a refusal tells nothing of it.

Whoever is signed in does not share the visitors' counters: the account counts, not the network (CGU §3.1.c asks the
holder to keep the address up to date, whatever the visitors of the same office do).
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from ..models import Compte
from ..saisies.adresse_saisie import forme_comptee
from ..saisies.regles import RegleMetier
from . import debit


class TropDeDemandes(RegleMetier):
    code = "trop_de_demandes"
    statut = 429
    message = (
        "Trop de demandes viennent de votre réseau : attendez une heure avant de recommencer. "
        "Si un lien vous a déjà été envoyé, il reste valable."
    )


class TropDeCourriels(RegleMetier):
    code = "trop_de_courriels"
    statut = 429
    message = (
        "Plusieurs courriels ont déjà été demandés pour cette adresse : {adresse}. Consultez cette messagerie, courriers "
        "indésirables compris ; si vous n'y trouvez rien, attendez une heure avant de recommencer."
    )


class TropDeChangements(RegleMetier):
    code = "trop_de_changements"
    statut = 429
    message = (
        "Vous avez déjà demandé plusieurs changements d'adresse : attendez une heure avant de recommencer. Si un lien a "
        "été envoyé à la bonne adresse, il reste valable : ouvrez-le."
    )


def compter_courriels(*, adresses: Iterable[str], adresse_ip: str, maintenant: datetime | None = None) -> None:
    """Count one link mail to each of these addresses, asked from this network; nothing when no network asks (a job).

    Raises: TropDeDemandes, TropDeCourriels; nothing is counted then.
    """
    if not adresse_ip:
        return
    reseaux = debit.cles_reseau(adresse_ip)
    de_reseau = debit.Bareme(*settings.DEBIT_COURRIELS_RESEAU)
    compteurs: list[tuple[str, debit.Bareme | debit.Cadence, RegleMetier]] = [
        (debit.empreinte("courriels", reseau), de_reseau.fois(fois), TropDeDemandes()) for reseau, fois in reseaux
    ]
    for adresse in sorted(set(map(forme_comptee, adresses))):
        trop = TropDeCourriels(adresse=adresse)
        # The pair counts the widest network: a subscriber who changes his /64 is still one for this mailbox.
        paire = debit.empreinte("courriel", f"{adresse}|{reseaux[-1][0]}")
        compteurs.append((paire, debit.Cadence(*settings.DEBIT_COURRIELS_ADRESSE_RESEAU), trop))
        compteurs.append((debit.empreinte("courriel", adresse), debit.Cadence(*settings.DEBIT_COURRIELS_ADRESSE), trop))
    _reserver_tout(compteurs, maintenant)


def compter_changement(*, compte: Compte, adresse: str, maintenant: datetime | None = None) -> None:
    """Count one mail to the address that a signed-in holder wants, for the account and for this address.

    Raises: TropDeChangements, TropDeCourriels; nothing is counted then.
    """
    trop = TropDeCourriels(adresse=adresse)
    forme = forme_comptee(adresse)
    du_compte, de_paire, de_l_adresse = (
        debit.Bareme(*settings.DEBIT_CHANGEMENTS_COMPTE),
        debit.Bareme(*settings.DEBIT_CHANGEMENTS_COMPTE_ADRESSE),
        debit.Bareme(*settings.DEBIT_CHANGEMENTS_ADRESSE),
    )
    _reserver_tout(
        [
            (debit.empreinte("changements", str(compte.pk)), du_compte, TropDeChangements()),
            (debit.empreinte("changement", f"{forme}|{compte.pk}"), de_paire, trop),
            (debit.empreinte("changement", forme), de_l_adresse, trop),
        ],
        maintenant,
    )


@transaction.atomic
def _reserver_tout(
    compteurs: list[tuple[str, debit.Bareme | debit.Cadence, RegleMetier]], maintenant: datetime | None
) -> None:
    """Count one in each, or none and raise the rule of the first that refuses."""
    for cle, bareme, refus in compteurs:
        if debit.reserver(cle, bareme, maintenant) is None:
            raise refus


def compter_siren(*, adresse_ip: str) -> None:
    """Count one SIREN looked up by a visitor of this network. Raises: TropDeDemandes."""
    if debit.reserver_reseau("siren", adresse_ip, debit.Bareme(*settings.DEBIT_SIREN_RESEAU)) is None:
        raise TropDeDemandes
