"""The sweep of each minute: what no request sees (signaux/balayages.py), then the espaces that two signals disable (R15)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.utils import timezone

from accounts.envois.budget import epuiser
from accounts.envois.un_a_un import chacun
from accounts.models import Compte, Espace, Evenement

from .espaces.desactivation import (
    OUVERTS,
    EspaceNonDesactivable,
    SignauxInsuffisants,
    desactiver_automatiquement,
)
from .models import Alerte, Balayage
from .signaux.balayages import examiner_les_lignes, lignes_suivies, pulverisations
from .signaux.preuves import SIGNAUX_TIENNENT, comptees
from .signaux.registre import EXTERIEURS, PLAFOND_DESACTIVATIONS, est_grave, sont_independantes
from .verification.demandes import VALIDITE

RECOUVREMENT: Final = timedelta(minutes=2)
"""A sign-in or a line of the journal may be committed that long after its date or its number: it is read again."""
AU_DEBUT: Final = timedelta(hours=1)
LIGNES_PAR_LOT: Final = 2_000


def balayer(*, maintenant: datetime | None = None) -> int:
    """Signal what the sign-ins and acts since the last sweep show, disable what two signals name; return how many signals are new.

    It may run twice or die half-way: how far it went is written last, and a signal is written once. A network, an account or a
    line of the journal that fails is logged, and keeps none of the others from being looked at.
    """
    maintenant = maintenant or timezone.now()
    derniere = Evenement.objects.aggregate(derniere=Max("pk"))["derniere"] or 0
    repere = Balayage.objects.first() or Balayage(
        vu_jusqu_a=maintenant - AU_DEBUT,
        ligne=derniere,
        ligne_recente=derniere,
        recente_le=maintenant,
    )
    depuis = repere.vu_jusqu_a - RECOUVREMENT
    nouveaux = pulverisations(depuis=depuis, maintenant=maintenant)
    suite = _Suite(repere.ligne)
    epuiser(suite.lot)
    desactiver_les_compromis(depuis=depuis, maintenant=maintenant)
    if lignes_suivies(apres=suite.ligne, au_plus=1):
        repere.ligne = suite.ligne  # its time was over: the next run goes on there
    elif maintenant - repere.recente_le >= RECOUVREMENT:
        repere.ligne, repere.ligne_recente, repere.recente_le = repere.ligne_recente, derniere, maintenant
    repere.vu_jusqu_a = maintenant
    repere.save()
    return nouveaux + suite.nouveaux


@dataclass
class _Suite:
    """The lines of the journal, batch after batch, from this number on."""

    ligne: int
    nouveaux: int = 0

    def lot(self) -> int:
        lignes = lignes_suivies(apres=self.ligne, au_plus=LIGNES_PAR_LOT)
        self.nouveaux += examiner_les_lignes(lignes=lignes)
        if lignes:
            self.ligne = lignes[-1].pk
        return len(lignes)


def desactiver_les_compromis(*, depuis: datetime, maintenant: datetime) -> int:
    """Disable each espace of which an alert was raised, or seen again, since then, and that two independent alerts name, one of them grave.

    Open alerts seen within seven days and since the holder last proved himself (`signaux/preuves.py`); beyond the day's cap the cell is alerted, once. Return how many.
    """
    vues = Alerte.objects.filter(etat=Alerte.Etat.OUVERTE, derniere_le__gt=depuis - VALIDITE)  # or verified meanwhile
    recentes = vues.exclude(motif__in=EXTERIEURS).exclude(compte=None)
    # Their keys first: joined with the alerts, the accounts of the whole country would be walked in order.
    cles = set(recentes.order_by().values_list("compte", flat=True))
    comptes = Compte.objects.filter(pk__in=cles, is_staff=False)
    return chacun("desactiver", comptes, lambda compte: _desactiver(compte, maintenant))


def _desactiver(compte: Compte, maintenant: datetime) -> bool:
    alertes = list(
        Alerte.objects.filter(compte=compte, etat=Alerte.Etat.OUVERTE, derniere_le__gt=maintenant - SIGNAUX_TIENNENT)
    )
    jour = maintenant - timedelta(days=1)
    retenue = any(alerte.motif == PLAFOND_DESACTIVATIONS and alerte.derniere_le > jour for alerte in alertes)
    espace = Espace.objects.filter(compte=compte, etat__in=OUVERTS).first()
    if espace is None or retenue:
        return False
    comptent = [comptee.alerte for comptee in comptees(alertes, espace=espace, maintenant=maintenant)]
    if not any(map(est_grave, comptent)) or not sont_independantes(comptent):
        return False
    try:
        return desactiver_automatiquement(espace=espace, alertes=alertes, maintenant=maintenant) is not None
    except (EspaceNonDesactivable, SignauxInsuffisants):  # an agent has decided meanwhile
        return False
