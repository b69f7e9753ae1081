"""A message arrives: from that moment who may read the mailbox sees it, and has it to read."""

from datetime import datetime

from django.utils import timezone

from accounts.models import Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import Echange, Message, MessageNonLu
from .avis import prevenir
from .droits import lecteurs_de


def remettre(message: Message, maintenant: datetime | None = None) -> Message:
    """Show this message to whoever may read the mailbox of its personne; return it. Once: again changes nothing.

    Called by each act that writes a message, within its transaction and under the lock of the exchange, or by the analysis
    of its files once they are sound. What the office or the portal wrote is to be read by each of them; what one of them wrote
    is shown to the others, and waits for the office again where that one answered or closed while the files were analysed. An answer
    of the office is one from then on. The worker tells by mail who reads that it waits (avis.py): this act waits for none of them.
    """
    maintenant = maintenant or timezone.now()
    if message.interne:
        return message
    if message.pret_le is None:
        message.pret_le = maintenant
        message.save(update_fields=["pret_le"])
        if message.espace is not None:
            _faire_attendre(message, message.espace, maintenant)
        elif message.agent_id is not None:
            donner_la_reponse(message, maintenant)
    Echange.objects.filter(pk=message.echange_id, dernier_le__lt=message.pret_le).update(dernier_le=message.pret_le)
    if message.espace_id is None:
        lecteurs = {espace.compte_id for espace in lecteurs_de(message.echange.personne)}
        MessageNonLu.objects.bulk_create(
            (MessageNonLu(message=message, lecteur_id=cle) for cle in lecteurs if cle is not None),
            ignore_conflicts=True,
        )
        prevenir(message, maintenant)
    return message


def _faire_attendre(message: Message, auteur: Espace, maintenant: datetime) -> None:
    """Have the exchange wait for the office: it may have answered or closed before this message could be read.

    What the company itself closed once it had written stays closed.
    """
    echange = (
        Echange.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne")
        .get(pk=message.echange_id)
    )
    if echange.etat in Echange.ATTENDENT_LE_SERVICE:
        return
    if echange.clos_par_usager and echange.clos_le is not None and echange.clos_le > message.envoye_le:
        return
    if echange.etat == Echange.Etat.CLOS:
        details = {"echange": echange.reference}
        consigner(actes.ECHANGE_ROUVERT, auteur=auteur, siren=echange.personne.siren, details=details)
    echange.passer(Echange.Etat.ENVOYE, maintenant)
    echange.save(update_fields=Echange.CHAMPS_D_ETAT)


def donner_la_reponse(message: Message, maintenant: datetime) -> None:
    """Have the exchange be answered, or wait for the document asked for, by this message of the office that leaves.

    Where somebody wrote, passed it on or closed it since the message was sent, that is the last word: the state stays.
    """
    echange = Echange.objects.select_for_update(no_key=True, of=("self",)).get(pk=message.echange_id)
    clos_depuis = echange.clos_le is not None and echange.clos_le > message.envoye_le
    venus = Message.objects.filter(echange=echange, interne=False, pret_le__gt=message.envoye_le).exclude(pk=message.pk)
    if clos_depuis or venus.exists():
        return
    echange.passer(Echange.Etat.PIECE_DEMANDEE if message.demande_piece else Echange.Etat.REPONDU, maintenant)
    echange.save(update_fields=Echange.CHAMPS_D_ETAT)
