"""What may be asked without an account: link mails, and whether a SIREN may have an espace simplifié (design.md §8).

Counted before it is done, in the table and with the growing delays of the guesses (accounts/compteurs/debit.py); the figures are
in the settings. A network that asks for too many mails is refused. A mailbox has one budget for all that visitors have it
written: beyond it a mail is dated, within the hour, and nothing is refused; a network that bombs a mailbox meets its own pace
before the mailbox's, so that the owner, who comes from elsewhere, has his at once. The counters do not know whether the
address has an account: nothing is told of it.

Whoever is signed in does not share the visitors' counters: the account counts, not the network (CGU §3.1.c asks the
holder to keep the address up to date, whatever the visitors of the same office do).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..models import Compte, Espace
from ..saisies.adresse_saisie import forme_comptee
from ..saisies.regles import RegleMetier
from . import debit


class TropDeDemandes(RegleMetier):
    code = "trop_de_demandes"
    statut = 429
    message = (
        "Trop de demandes viennent de votre réseau : attendez une heure avant de recommencer. "
        "Si un lien vous a déjà été envoyé, il reste valable."
    )


class TropDeCourriels(RegleMetier):
    code = "trop_de_courriels"
    statut = 429
    message = (
        "Plusieurs courriels ont déjà été demandés pour cette adresse : {adresse}. Consultez cette messagerie, courriers "
        "indésirables compris ; si vous n’y trouvez rien, attendez une heure avant de recommencer."
    )


class TropDeChangements(RegleMetier):
    code = "trop_de_changements"
    statut = 429
    message = (
        "Vous avez déjà demandé plusieurs changements d’adresse : attendez une heure avant de recommencer. Si un lien a "
        "été envoyé à la bonne adresse, il reste valable : ouvrez-le."
    )


@transaction.atomic
def compter_courriels(
    *, adresses: Iterable[str], adresse_ip: str, prouvee: str = "", maintenant: datetime | None = None
) -> dict[str, datetime]:
    """Count one link mail to each of these addresses, asked from this network; return when each leaves, by its one form.

    Nothing is counted when no network asks (a job), nor to the mailbox that who asks has proved to read (`prouvee`).
    Raises: TropDeDemandes; nothing is counted then.
    """
    maintenant = maintenant or timezone.now()
    formes = sorted(set(map(forme_comptee, adresses)))
    a_compter = [forme for forme in formes if adresse_ip and forme != forme_comptee(prouvee)]
    departs = dict.fromkeys(formes, maintenant)
    if not a_compter:
        return departs
    reseaux = debit.cles_reseau(adresse_ip)
    de_reseau = debit.Bareme(*settings.DEBIT_COURRIELS_RESEAU)
    _reserver_tout(
        [(debit.empreinte("courriels", reseau), de_reseau.fois(fois), TropDeDemandes()) for reseau, fois in reseaux],
        maintenant,
    )
    for forme in a_compter:
        # The pair counts the widest network: a subscriber who changes his /64 is still one for this mailbox.
        paire = debit.empreinte("courriel", f"{forme}|{reseaux[-1][0]}")
        de_la_paire = debit.dater(paire, debit.Cadence(*settings.DEBIT_COURRIELS_ADRESSE_RESEAU), maintenant)
        boite = debit.empreinte("courriel", forme)
        attendue = de_la_paire > maintenant and debit.est_date(
            boite, de_la_paire
        )  # what this network waits for counts once
        departs[forme] = de_la_paire if attendue else dater_courriel(forme, de_la_paire)
    return departs


def dater_courriel(adresse: str, maintenant: datetime) -> datetime:
    """Count one mail that a visitor has this mailbox written, whatever about; return when it leaves."""
    cadence = debit.Cadence(*settings.DEBIT_COURRIELS_ADRESSE)
    return debit.dater(debit.empreinte("courriel", forme_comptee(adresse)), cadence, maintenant)


@transaction.atomic
def compter_changement(*, compte: Compte, adresse: str, maintenant: datetime | None = None) -> datetime:
    """Count one mail to the address that a signed-in holder wants, and return when it leaves.

    The account is refused beyond its own figures, which nobody else can use up; those of the address date the mail.
    Raises: TropDeChangements, TropDeCourriels; nothing is counted then.
    """
    maintenant = maintenant or timezone.now()
    forme = forme_comptee(adresse)
    du_compte, de_paire = (
        debit.Bareme(*settings.DEBIT_CHANGEMENTS_COMPTE),
        debit.Bareme(*settings.DEBIT_CHANGEMENTS_COMPTE_ADRESSE),
    )
    _reserver_tout(
        [
            (debit.empreinte("changements", str(compte.pk)), du_compte, TropDeChangements()),
            (debit.empreinte("changement", f"{forme}|{compte.pk}"), de_paire, TropDeCourriels(adresse=adresse)),
        ],
        maintenant,
    )
    return debit.dater(
        debit.empreinte("changement", forme), debit.Cadence(*settings.DEBIT_CHANGEMENTS_ADRESSE), maintenant
    )


@transaction.atomic
def compter_adresse_entreprise(*, espace: Espace, adresse: str, maintenant: datetime) -> datetime:
    """Count one link to the address that an administrator wants for a company, and return when it leaves.

    The espace is refused beyond its own figures; the budget of the mailbox, shared with the changes of one's own address,
    dates the mail. Raises: TropDeChangements; nothing is counted then.
    """
    bareme = debit.Bareme(*settings.DEBIT_ADRESSES_ENTREPRISE)
    _reserver_tout([(debit.empreinte("adresses-entreprise", str(espace.pk)), bareme, TropDeChangements())], maintenant)
    cadence = debit.Cadence(*settings.DEBIT_CHANGEMENTS_ADRESSE)
    return debit.dater(debit.empreinte("changement", forme_comptee(adresse)), cadence, maintenant)


def dater_avis(quoi: str, cadence: tuple[int, timedelta], maintenant: datetime) -> datetime:
    """Count one mail of this kind (its name and what it is about); return when it leaves."""
    return dater_les_avis({"": quoi}, cadence, maintenant)[""]


def dater_les_avis[Qui](
    quoi: Mapping[Qui, str], cadence: tuple[int, timedelta], maintenant: datetime
) -> dict[Qui, datetime]:
    """Count one mail of each of these kinds, in three statements; return when each leaves."""
    cles = {qui: debit.empreinte("avis-date", sujet) for qui, sujet in quoi.items()}
    departs = debit.dater_ensemble(cles.values(), debit.Cadence(*cadence), maintenant)
    return {qui: departs[cle] for qui, cle in cles.items()}


@transaction.atomic
def _reserver_tout(compteurs: list[tuple[str, debit.Bareme, RegleMetier]], maintenant: datetime) -> None:
    """Count one in each, or none and raise the rule of the first that refuses."""
    for cle, bareme, refus in compteurs:
        if debit.reserver(cle, bareme, maintenant) is None:
            raise refus


def compter_siren(*, adresse_ip: str) -> None:
    """Count one SIREN looked up by a visitor of this network. Raises: TropDeDemandes."""
    if debit.reserver_reseau("siren", adresse_ip, debit.Bareme(*settings.DEBIT_SIREN_RESEAU)) is None:
        raise TropDeDemandes
