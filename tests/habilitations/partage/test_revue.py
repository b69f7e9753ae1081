"""The yearly review of délégations: due a year later, confirmed or withdrawn, unanswered shown to the titulaire (R14)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Courriel, Evenement
from habilitations.arbre.expirations import _avertir_detenteur, _avertir_mandant
from habilitations.arbre.lots import AucuneLigne, DroitInsuffisant, LignesRefusees
from habilitations.arbre.retrait import HabilitationTerminee
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import PasUneDelegation, retirer_delegation
from habilitations.partage.revue import (
    PERIODE,
    SANS_REPONSE,
    _rappeler,
    a_revoir,
    accordees_par,
    revoir,
    revoir_delegations,
    sans_reponse,
)
from tests.factories import EspaceFactory, accorder, habiliter
from tests.habilitations.scenes import regles, revoir_puis_confirmer

pytestmark = pytest.mark.django_db
DEBUT = datetime(2026, 1, 15, 9, 0, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def arbre(db: None) -> dict[str, Habilitation]:
    """Return a titulaire, his suppléant, an acteur délégant of the latter and his acteur, all of the same day."""
    racine = habiliter(EspaceFactory(), accordee_le=DEBUT)
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT, accordee_le=DEBUT)
    delegant = accorder(suppleant, EspaceFactory(), Role.ACTEUR_DELEGANT, accordee_le=DEBUT)
    acteur = accorder(delegant, EspaceFactory(), Role.ACTEUR, accordee_le=DEBUT)
    return {"racine": racine, "suppleant": suppleant, "delegant": delegant, "acteur": acteur}


def lues(genre: str) -> list[str]:
    return sorted(Courriel.objects.filter(genre=genre).values_list("destinataire", flat=True))


def email(habilitation: Habilitation) -> str:
    assert habilitation.espace.compte is not None
    return habilitation.espace.compte.email


def test_a_revoir_au_bout_d_un_an_jour_pour_jour(arbre: dict[str, Habilitation]) -> None:
    suppleant = arbre["suppleant"].espace
    assert not a_revoir(suppleant, DEBUT + PERIODE - timedelta(microseconds=1)).exists()
    assert list(a_revoir(suppleant, DEBUT + PERIODE)) == [arbre["delegant"]]
    assert list(accordees_par(suppleant)) == [arbre["delegant"]], "a suppléance is not a délégation"
    assert not accordees_par(arbre["racine"].espace).exists()


def test_chaque_mandant_est_prevenu_une_fois_par_mois(arbre: dict[str, Habilitation]) -> None:
    attendus = sorted([email(arbre["suppleant"]), email(arbre["delegant"])])
    assert revoir_delegations(maintenant=DEBUT + PERIODE - timedelta(days=1)) == 0
    assert revoir_delegations(maintenant=DEBUT + PERIODE) == 2
    assert lues("revue_delegations") == attendus
    assert (
        revoir_delegations(maintenant=DEBUT + PERIODE)
        == revoir_delegations(maintenant=DEBUT + PERIODE + timedelta(days=3))
        == 0
    )
    assert lues("revue_delegations") == attendus
    revoir_delegations(maintenant=DEBUT + PERIODE + timedelta(days=31))
    assert lues("revue_delegations") == sorted(attendus * 2)


def test_pas_de_rappel_pour_ce_qui_a_ete_retire_pendant_le_travail(arbre: dict[str, Habilitation]) -> None:
    """The job had chosen this grantor; what was due is gone when his turn comes."""
    delegant, maintenant = arbre["delegant"].espace, DEBUT + PERIODE
    retirer_delegation(acteur=delegant, delegations=[arbre["acteur"]])
    Courriel.objects.all().delete()
    assert _rappeler(delegant.pk, "revue_delegations", maintenant) == 0
    _avertir_detenteur(delegant.pk, maintenant.date())
    _avertir_mandant(delegant.pk, maintenant.date())
    assert not Courriel.objects.exists(), "no mail without a line"


def test_sans_reponse_au_bout_de_soixante_jours_le_titulaire_le_voit(arbre: dict[str, Habilitation]) -> None:
    titulaire, limite = arbre["racine"].espace, DEBUT + PERIODE + SANS_REPONSE
    revoir_delegations(maintenant=limite - timedelta(microseconds=1))
    assert not sans_reponse(titulaire, limite - timedelta(microseconds=1)).exists()
    assert lues("revue_sans_reponse") == []
    revoir_delegations(maintenant=limite)
    assert list(sans_reponse(titulaire, limite)) == [arbre["delegant"], arbre["acteur"]] or set(
        sans_reponse(titulaire, limite)
    ) == {arbre["delegant"], arbre["acteur"]}
    assert lues("revue_sans_reponse") == [email(arbre["racine"])]
    assert not sans_reponse(arbre["suppleant"].espace, limite).exists()


def test_ses_propres_delegations_ne_sont_pas_signalees_au_titulaire() -> None:
    racine = habiliter(EspaceFactory(), accordee_le=DEBUT)
    accorder(racine, EspaceFactory(), Role.ACTEUR, accordee_le=DEBUT)
    limite = DEBUT + PERIODE + SANS_REPONSE
    revoir_delegations(maintenant=limite)
    assert not sans_reponse(racine.espace, limite).exists()
    assert lues("revue_sans_reponse") == []
    assert lues("revue_delegations") == [email(racine)]


def test_confirmer_vaut_pour_un_an(arbre: dict[str, Habilitation]) -> None:
    quand = DEBUT + PERIODE + timedelta(days=5)
    revoir(acteur=arbre["suppleant"].espace, confirmees=[arbre["delegant"]], maintenant=quand)
    assert not a_revoir(arbre["suppleant"].espace, quand + PERIODE - timedelta(days=1)).exists()
    assert a_revoir(arbre["suppleant"].espace, quand + PERIODE).exists()
    assert Evenement.objects.filter(acte="delegation.confirmee", espace=arbre["delegant"].espace.numero_abonne).exists()


def test_retirer_fait_tomber_ou_reprend(arbre: dict[str, Habilitation]) -> None:
    voisine = accorder(arbre["suppleant"], EspaceFactory(), Role.ACTEUR)
    revoir(acteur=arbre["suppleant"].espace, confirmees=[voisine], retirees=[arbre["delegant"]], reprendre=True)
    connection.check_constraints()
    for habilitation in arbre.values():
        habilitation.refresh_from_db()
    voisine.refresh_from_db()
    assert not arbre["delegant"].est_vivante
    assert voisine.revue_le is not None
    assert arbre["acteur"].accordee_par == arbre["suppleant"]
    revoir(acteur=arbre["racine"].espace, retirees=[arbre["acteur"]])
    arbre["acteur"].refresh_from_db()
    assert not arbre["acteur"].est_vivante


@pytest.mark.parametrize(
    ("qui", "quoi", "permis"),
    [
        ("racine", "acteur", True),
        ("suppleant", "acteur", True),
        ("delegant", "acteur", True),
        ("acteur", "delegant", False),
        ("delegant", "delegant", False),
    ],
)
def test_qui_confirme_quoi(arbre: dict[str, Habilitation], qui: str, quoi: str, permis: bool) -> None:
    if permis:
        revoir(acteur=arbre[qui].espace, confirmees=[arbre[quoi]])
        arbre[quoi].refresh_from_db()
        assert arbre[quoi].revue_le is not None
    else:
        with pytest.raises(LignesRefusees) as refus:
            revoir(acteur=arbre[qui].espace, confirmees=[arbre[quoi]])
        assert regles(refus.value) == [DroitInsuffisant]


def test_refus(arbre: dict[str, Habilitation]) -> None:
    etranger = EspaceFactory()
    cas: list[tuple[Any, Any, type]] = [
        (etranger, arbre["acteur"], DroitInsuffisant),
        (arbre["racine"].espace, arbre["suppleant"], PasUneDelegation),
    ]
    for acteur, delegation, regle in cas:
        with pytest.raises(LignesRefusees) as refus:
            revoir(acteur=acteur, confirmees=[delegation])
        assert regles(refus.value) == [regle]
    revoir(acteur=arbre["racine"].espace, retirees=[arbre["acteur"]])
    with pytest.raises(LignesRefusees) as refus:
        revoir(acteur=arbre["racine"].espace, confirmees=[arbre["acteur"]])
    assert regles(refus.value) == [HabilitationTerminee]
    with pytest.raises(AucuneLigne):
        revoir(acteur=arbre["racine"].espace)


def test_ce_qui_est_confirme_ne_tombe_pas_avec_ce_qui_est_retire(arbre: dict[str, Habilitation]) -> None:
    racine = arbre["racine"].espace
    terminees = revoir(acteur=racine, confirmees=[arbre["acteur"]], retirees=[arbre["delegant"]])
    connection.check_constraints()
    arbre["acteur"].refresh_from_db()
    assert terminees == [arbre["delegant"]]
    assert arbre["acteur"].est_active()
    assert arbre["acteur"].accordee_par == arbre["racine"], "who confirms answers for it"


def test_tout_ou_rien(arbre: dict[str, Habilitation]) -> None:
    with pytest.raises(LignesRefusees):
        revoir(acteur=arbre["delegant"].espace, confirmees=[arbre["acteur"]], retirees=[arbre["delegant"]])
    arbre["acteur"].refresh_from_db()
    assert arbre["acteur"].revue_le is None


PAGE = "/espace/gerer-les-services/revue-des-delegations/"


def test_la_page_confirme_et_retire(arbre: dict[str, Habilitation], client_de: Any) -> None:
    voisine = accorder(arbre["suppleant"], EspaceFactory(), Role.ACTEUR)
    client = client_de(arbre["suppleant"].espace)
    texte = client.get(PAGE).content.decode()
    assert f'name="ligne-{arbre["acteur"].pk}"' not in texte, "granted by somebody else, and not forgotten yet"
    choix = {f"ligne-{voisine.pk}": "garder", f"ligne-{arbre['delegant'].pk}": "retirer"}
    assert revoir_puis_confirmer(client, PAGE, suite="reprendre", **choix) == PAGE
    fait = client.get(PAGE).content.decode()
    assert "1 habilitation confirmée pour un an. l’accès est retiré (1 personne, 1 habilitation)" in fait
    voisine.refresh_from_db()
    arbre["delegant"].refresh_from_db()
    arbre["acteur"].refresh_from_db()
    assert voisine.revue_le is not None
    assert not arbre["delegant"].est_vivante
    assert arbre["acteur"].est_vivante


def test_la_page_sans_decision_le_dit(arbre: dict[str, Habilitation], client_de: Any) -> None:
    client = client_de(arbre["suppleant"].espace)
    client.post(PAGE, {f"ligne-{arbre['delegant'].pk}": ""})
    assert "Choisissez une décision sur au moins une habilitation." in client.get(PAGE).content.decode()


def coche(page: str) -> list[str]:
    """Return what the page answers by itself about what hangs below."""
    return re.findall(r'name="suite" value="(\w+)" checked', page)


def test_les_pages_qui_retirent_ont_le_meme_choix_par_defaut_celui_de_l_acte(
    arbre: dict[str, Habilitation], client_de: Any
) -> None:
    """Nothing is taken over that was not asked for; each page shows first what ends, and says so."""
    client = client_de(arbre["suppleant"].espace)
    client.post(PAGE, {f"ligne-{arbre['delegant'].pk}": "retirer"})
    revue = client.get(reverse("habilitations_changer")).content.decode()
    assert 'value="retirer" selected' in client.get(PAGE).content.decode(), "who comes back finds what he chose"
    client.post(
        reverse("habilitations_choisir"), {"action": "retirer_delegation", "habilitations": arbre["delegant"].pk}
    )
    retrait = client.get(reverse("habilitations_changer")).content.decode()
    (demande,) = demander_retrait(acteur=arbre["delegant"].espace, habilitations=[arbre["delegant"]])
    accepter = client_de(arbre["racine"].espace).get(reverse("retrait_accepter", args=[demande.pk])).content.decode()
    for page in (revue, retrait, accepter):
        assert coche(page) == ["tomber"]
        assert arbre["acteur"].espace.nom_complet in page, "what falls is shown before it falls"
        assert "vous en répondez" in page
    revoir_puis_confirmer(client, PAGE, **{f"ligne-{arbre['delegant'].pk}": "retirer"})
    arbre["acteur"].refresh_from_db()
    assert arbre["acteur"].fin_motif == Habilitation.MotifFin.CASCADE


def test_la_page_du_titulaire_montre_ce_qui_est_oublie(client_de: Any) -> None:
    il_y_a_longtemps = timezone.now() - PERIODE - SANS_REPONSE - timedelta(days=1)
    racine = habiliter(EspaceFactory())
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    oubliee = accorder(suppleant, EspaceFactory(), Role.ACTEUR, accordee_le=il_y_a_longtemps)
    client = client_de(racine.espace)
    assert f'name="ligne-{oubliee.pk}"' in client.get(PAGE).content.decode()
    revoir_puis_confirmer(client, PAGE, **{f"ligne-{oubliee.pk}": "", "tout": "garder"})
    oubliee.refresh_from_db()
    assert oubliee.revue_le is not None


def test_la_page_montre_d_abord_ce_qui_est_a_revoir(client_de: Any) -> None:
    """« Tout » answers for what is shown: what is not due stays as it is, and the next page says for whom and how many."""
    donneur, recu = EspaceFactory(), EspaceFactory()
    racines = [habiliter(donneur) for _ in range(4)]
    dues = [accorder(r, recu, Role.ACTEUR, accordee_le=timezone.now() - PERIODE) for r in racines[:2]]
    autres = [accorder(r, recu, Role.ACTEUR) for r in racines[2:]]
    client = client_de(donneur)

    def montrees(adresse: str) -> set[str]:
        return set(re.findall(r'name="ligne-([^"]+)"', client.get(adresse).content.decode()))

    assert montrees(PAGE) == {str(h.pk) for h in dues}
    assert "?voir=toutes" in client.get(PAGE).content.decode()
    assert montrees(f"{PAGE}?voir=toutes") == {str(h.pk) for h in [*dues, *autres]}
    suite = client.post(f"{PAGE}?voir=toutes", {"vers": "2"})
    assert suite["Location"] == f"{PAGE}?voir=toutes&page=2"
    choix = {f"ligne-{cle}": "" for cle in montrees(PAGE)}
    confirmation = client.post(PAGE, {**choix, "tout": "garder"}, follow=True).content.decode()
    assert "<strong>1 personne, 2 habilitations</strong>, pour 2 entreprises" in confirmation
    revoir_puis_confirmer(client, PAGE, **choix, tout="garder")
    assert set(Habilitation.objects.exclude(revue_le=None)) == set(dues)
    assert montrees(PAGE) == {str(h.pk) for h in [*dues, *autres]}, "nothing is due: all are shown"


def test_la_page_d_un_autre_ne_confirme_rien(arbre: dict[str, Habilitation], client_de: Any) -> None:
    reponse = client_de(EspaceFactory()).post(PAGE, {f"ligne-{arbre['acteur'].pk}": "retirer"}, follow=True)
    assert "Choisissez une décision sur au moins une habilitation." in reponse.content.decode()
    arbre["acteur"].refresh_from_db()
    assert arbre["acteur"].est_vivante
