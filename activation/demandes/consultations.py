"""Looking up a company: counted, traced, and told no more than the procedure needs (CGU §2.3; issue 9, item 10).

Who names a SIREN learns what the public register says of it. Whether a service is held there, he learns of the services
that he asks for, when he asks: the letter then tells the company who asked. Refusals that tell it are counted.
"""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from accounts.compteurs import debit
from accounts.models import Espace, TraceLecture
from accounts.portes.saisie import ne_pas_estampiller
from accounts.saisies.regles import EssaiRefuse
from accounts.traces.lecture import TropDeLectures, lire, lire_comptees
from accounts.traces.requete import adresse_ip
from habilitations.models import Habilitation

from ..models import Demande

OBJET = "activation.siren"
# Deposits refused because of what others hold: by espace and SIREN for an adhésion, by espace for a list.
DEPOTS_REFUSES = debit.Bareme(libres=5, pas=1, limite=20)


class TropDeDepotsRefuses(EssaiRefuse):
    code = "trop_de_depots_refuses"
    statut = 429
    message = (
        "Plusieurs demandes viennent d’être refusées : attendez une heure avant de recommencer. Pour savoir quels services "
        "demander, adressez-vous à l’entreprise."
    )


def consulter(*, acteur: Espace, request: HttpRequest, identifiants: Collection[str]) -> None:
    """Count and trace that this espace is told of these SIREN, less those on which it has a right or a demande that waits.

    Raises: TropDeLectures.
    """
    tenus = Habilitation.objects.vivantes().filter(espace=acteur, personne__siren__in=identifiants)
    demandes = Demande.objects.en_cours().filter(espace=acteur, personne__siren__in=identifiants)
    siens = set(
        tenus.order_by().values_list("personne__siren").union(demandes.order_by().values_list("personne__siren"))
    )
    jour, mois = (
        (timedelta(days=1), settings.PLAFOND_CONSULTATIONS_JOUR),
        (
            timedelta(days=30),
            settings.PLAFOND_CONSULTATIONS_MOIS,
        ),
    )
    try:
        lire_comptees(request, OBJET, [i for i in identifiants if (i,) not in siens], (jour, mois))
    except TropDeLectures:
        ne_pas_estampiller(request)
        raise


def tracer_visiteur(request: HttpRequest, siren: str) -> None:
    """Trace that a visitor is told whether this SIREN may have an espace simplifié (counted by `consulter_siren`)."""
    lire(request, TraceLecture.Nature.CONSULTATION, OBJET, cle=f"{siren} {adresse_ip(request)}")


def reserver_depot(acteur: Espace, quoi: str) -> int:
    """Count one deposit that may be refused; `debit.rendre` takes it back when it is not. Raises: TropDeDepotsRefuses."""
    essai = debit.reserver(debit.empreinte("depot-refuse", f"{acteur.pk}|{quoi}"), DEPOTS_REFUSES)
    if essai is None:
        raise TropDeDepotsRefuses
    return essai
