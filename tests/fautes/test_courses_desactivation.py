"""A disabling wins every race: whatever its holder, or who took his place, does at the same instant (R15; issue 16, item 2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.espace.changement_adresse import confirmer_changement, demander_changement
from accounts.espace.suppression import supprimer_espace
from accounts.models import Compte, Espace, Lien, Session
from accounts.mots_de_passe.politique import changer_mot_de_passe
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import deleguer
from habilitations.partage.suppleances import designer_suppleant
from surveillance.espaces.desactivation import desactiver_espace
from surveillance.models import Desactivation
from tests.factories import MOT_DE_PASSE, EspaceFactory, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db(transaction=True)
COUREURS = 16
DESACTIVE = 7  # the rank of the one that disables, among the others


def changer_le_mot_de_passe(espace: Espace, racine: Habilitation, rang: int) -> Any:
    return changer_mot_de_passe(acteur=espace.compte, nouveau=f"brouillard kayak 8{rang} moutarde violon")


def changer_l_adresse(espace: Espace, racine: Habilitation, rang: int) -> Any:
    if rang % 2:
        return demander_changement(acteur=espace, nouvelle=f"voleur{rang}-{espace.numero_abonne}@ailleurs.fr")
    lien = Lien.objects.filter(espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE).order_by("-cree_le").first()
    return None if lien is None else confirmer_changement(acteur=Visiteur(jeton=jeton(lien)))


def se_connecter(espace: Espace, racine: Habilitation, rang: int) -> Any:
    client = Client(REMOTE_ADDR=f"193.51.224.{rang + 1}")
    return client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE}).status_code


def supprimer(espace: Espace, racine: Habilitation, rang: int) -> Any:
    return supprimer_espace(acteur=espace)


def deleguer_a_un_autre(espace: Espace, racine: Habilitation, rang: int) -> Any:
    autre = EspaceFactory()
    if rang % 2:
        return designer_suppleant(acteur=espace, adhesions=[racine.adhesion], beneficiaire=autre)
    return deleguer(acteur=espace, adhesions=[racine.adhesion], beneficiaire=autre, role=Role.ACTEUR)


ACTES = [changer_le_mot_de_passe, changer_l_adresse, se_connecter, supprimer, deleguer_a_un_autre]


@pytest.mark.parametrize("acte", ACTES, ids=lambda acte: acte.__name__)
def test_la_desactivation_gagne(acte: Callable[..., Any], tours: Callable[[int], int]) -> None:
    """One round here, the issue's 200 with `run.py test --long`."""
    for _ in range(200 if tours(200) == 200 else 1):
        depuis = timezone.now()
        espace: Espace = EspaceFactory()
        adresse = espace.compte.email
        with transaction.atomic():
            racine = habiliter(espace)

        def courir(rang: int, espace: Espace = espace, racine: Habilitation = racine, depuis: Any = depuis) -> Any:
            if rang == DESACTIVE:
                return desactiver_espace(
                    acteur="systeme:desactiver_espace",
                    espace=espace,
                    raison="INHABITUEL",
                    motif="Course.",
                    depuis=depuis,
                )
            return acte(Espace.objects.select_related("compte").get(pk=espace.pk), racine, rang)

        resultats = en_parallele(COUREURS, courir)
        pannes = [r for r in resultats if isinstance(r, BaseException) and not isinstance(r, RegleMetier)]
        assert not pannes, pannes
        espace.refresh_from_db()
        if espace.etat == Espace.Etat.SUPPRIME:  # the deletion was over before: nothing is left to open
            assert not Compte.objects.filter(email=adresse).exists()
            continue
        assert isinstance(resultats[DESACTIVE], Desactivation), resultats[DESACTIVE]
        compte = Compte.objects.get(pk=espace.compte_id)
        assert (espace.etat, compte.is_active, compte.has_usable_password()) == ("DESACTIVE", False, False)
        assert compte.email == adresse
        assert not Session.objects.filter(compte=compte).exists()
        assert not espace.liens.filter(consomme_le=None, revoque_le=None).exists()
        assert not Habilitation.objects.actives().filter(accordee_par__espace=espace).exists()
