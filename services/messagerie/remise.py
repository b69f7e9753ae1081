"""A message arrives: from that moment who may read the mailbox sees it, and has it to read."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from accounts.models import Espace

from ..models import Echange, Message, MessageNonLu
from .avis import prevenir
from .droits import lecteurs_de


def remettre(message: Message, maintenant: datetime | None = None, *, sauf: Collection[Espace] = ()) -> Message:
    """Show this message to whoever may read the mailbox of its personne; return it. Once: again changes nothing.

    Called by each act that writes a message, within its transaction and under the lock of the exchange, or by the analysis
    of its files once they are sound. What the office or the portal wrote is to be read by each of them; what one of them wrote
    is shown to the others and calls for nothing. Who reads is told by mail that it waits (avis.py), but `sauf`.
    """
    maintenant = maintenant or timezone.now()
    if message.interne:
        return message
    if message.pret_le is None:
        message.pret_le = maintenant
        message.save(update_fields=["pret_le"])
    Echange.objects.filter(pk=message.echange_id, dernier_le__lt=message.pret_le).update(dernier_le=message.pret_le)
    if message.espace_id is None:
        lecteurs = {espace.compte_id for espace in lecteurs_de(message.echange.personne)}
        MessageNonLu.objects.bulk_create(
            (MessageNonLu(message=message, lecteur_id=cle) for cle in lecteurs if cle is not None),
            ignore_conflicts=True,
        )
        prevenir(message, maintenant=maintenant, sauf=sauf)
    return message
