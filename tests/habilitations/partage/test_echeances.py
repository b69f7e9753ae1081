"""Changing the last day of délégations: who may, what is brought forward with it, who is told."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from habilitations.arbre.lots import AucuneLigne, LignesRefusees
from habilitations.models import Habilitation, Role
from habilitations.partage.designations import FinPassee
from habilitations.partage.echeances import changer_fin
from tests.factories import EspaceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
FIN = date(2031, 12, 31)
TOT = date(2031, 6, 30)


def fin_de(habilitation: Habilitation) -> date | None:
    return Habilitation.objects.get(pk=habilitation.pk).expire_le


def test_avancer_reculer_et_oter_la_fin() -> None:
    titulaire = EspaceFactory()
    delegation = accorder(habiliter(titulaire), EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    for voulue in (TOT, FIN + timedelta(days=900), None, FIN):
        assert changer_fin(acteur=titulaire, delegations=[delegation], expire_le=voulue) == [delegation]
        assert fin_de(delegation) == voulue
    assert changer_fin(acteur=titulaire, delegations=[delegation], expire_le=FIN) == []
    evenements = Evenement.objects.filter(acte="delegation.fin_changee").order_by("id")
    assert [(e.details["avant"], e.details["expire_le"]) for e in evenements][:3] == [
        ("2031-12-31", "2031-06-30"),
        ("2031-06-30", "2034-06-18"),
        ("2034-06-18", None),
    ]
    genres = Courriel.objects.values_list("genre", "destinataire")
    assert set(genres) == {
        ("delegation_fin_changee", delegation.espace.compte.email),
        ("delegation_fin_changee_confirmation", titulaire.compte.email),
    }
    assert len(genres) == 8


def test_rien_ne_dure_plus_que_ce_dont_il_depend() -> None:
    titulaire, delegant = EspaceFactory(), EspaceFactory()
    deleguee = accorder(habiliter(titulaire), delegant, Role.ACTEUR_DELEGANT)
    courte = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=TOT)
    longue = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    libre = accorder(deleguee, EspaceFactory(), Role.ACTEUR)
    milieu = TOT + timedelta(days=90)
    changees = changer_fin(acteur=titulaire, delegations=[deleguee], expire_le=milieu)
    assert {h.pk for h in changees} == {deleguee.pk, longue.pk, libre.pk}
    assert [fin_de(h) for h in (deleguee, courte, longue, libre)] == [milieu, TOT, milieu, milieu]
    # The acteur délégant gives no more than what he has.
    assert changer_fin(acteur=delegant, delegations=[courte], expire_le=FIN)
    assert fin_de(courte) == milieu
    connection.check_constraints()


def test_la_superieure_et_ce_qui_en_depend_ensemble() -> None:
    titulaire, delegant = EspaceFactory(), EspaceFactory()
    deleguee = accorder(habiliter(titulaire), delegant, Role.ACTEUR_DELEGANT, expire_le=TOT)
    dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=TOT)
    changer_fin(acteur=titulaire, delegations=[dessous, deleguee], expire_le=FIN)
    assert (fin_de(deleguee), fin_de(dessous)) == (FIN, FIN)


def regles(acteur: Espace, delegation: Habilitation) -> str:
    with pytest.raises(LignesRefusees) as refus:
        changer_fin(acteur=acteur, delegations=[delegation], expire_le=FIN)
    return str(refus.value.lignes[0].regle)


def test_qui_ne_peut_pas() -> None:
    titulaire, autre, delegant = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    deleguee = accorder(racine, delegant, Role.ACTEUR_DELEGANT)
    voisine = accorder(racine, EspaceFactory(), Role.ACTEUR)
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    passee = accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() - timedelta(days=1))
    assert "votre rôle" in regles(autre, deleguee)
    assert "votre rôle" in regles(delegant, voisine)
    assert "votre rôle" in regles(delegant, deleguee), "nobody puts off his own end"
    assert "pas une délégation" in regles(titulaire, suppleance)
    assert "déjà pris fin" in regles(titulaire, passee)
    with pytest.raises(FinPassee):
        changer_fin(acteur=titulaire, delegations=[deleguee], expire_le=timezone.localdate() - timedelta(days=1))
    with pytest.raises(AucuneLigne):
        changer_fin(acteur=titulaire, delegations=[], expire_le=FIN)
    assert not Evenement.objects.filter(acte="delegation.fin_changee").exists()


def test_un_suppleant_le_peut() -> None:
    racine = habiliter(EspaceFactory())
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR)
    assert changer_fin(acteur=suppleant.espace, delegations=[delegation], expire_le=FIN)


@pytest.mark.django_db(transaction=True)
def test_deux_changements_croises_laissent_un_arbre_juste() -> None:
    """One brings the acteur délégant forward while he puts off what he granted: nothing outlasts him."""
    with transaction.atomic():
        titulaire, delegant = EspaceFactory(), EspaceFactory()
        deleguee = accorder(habiliter(titulaire), delegant, Role.ACTEUR_DELEGANT, expire_le=FIN)
        dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=TOT - timedelta(days=30))
    actes = [(titulaire, deleguee, TOT), (delegant, dessous, FIN)]
    en_parallele(
        2, lambda rang: changer_fin(acteur=actes[rang][0], delegations=[actes[rang][1]], expire_le=actes[rang][2])
    )
    assert fin_de(deleguee) == TOT
    assert fin_de(dessous) == TOT
