"""An act whose password was proved, and which has its lock after the account was closed (R15): races, played in their order."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.urls import reverse

from accounts.envois import courriels
from accounts.envois.liens import jeton
from accounts.espace import pas_moi
from accounts.espace.changement_adresse import demander_changement
from accounts.facteurs.second_facteur import (
    appareil_en_attente,
    commencer_enrolement,
    confirmer_enrolement,
    renouveler_codes_secours,
)
from accounts.facteurs.securite import retirer_application
from accounts.gestion.agents import changer_mot_de_passe_agent
from accounts.models import Application, Compte, Courriel, Espace, Lien, Session
from accounts.models.sessions_base import SessionStore, empreinte
from accounts.mots_de_passe.confiance import changer_reponse
from accounts.mots_de_passe.politique import CompteModifie, changer_mot_de_passe
from accounts.traces.acteurs import Visiteur
from accounts.views import identifiants
from tests.accounts.scenes import code_de, connecter
from tests.factories import MOT_DE_PASSE, AgentFactory

pytestmark = pytest.mark.django_db
NOUVEAU = "brouillard kayak 81 moutarde violon"


def appuyer(espace: Espace) -> None:
    """The holder says « ce n'est pas moi » by the link of a mail."""
    courriel = courriels.deposer(
        "coordonnees_modifiees",
        destinataire=Compte.objects.get(espace=espace).email,
        acte=f"essai:{Courriel.objects.count()}",
        espace=espace,
        contexte={"champs": ["téléphone"]},
    )
    lien = Lien.objects.get(objet=Lien.Objet.CE_N_EST_PAS_MOI, sujet=courriel.pk)
    assert pas_moi.dire_par_un_lien(acteur=Visiteur(jeton=jeton(lien))).mot_de_passe_bloque


def vu(espace: Espace) -> Espace:
    """The espace and its account as the request under way holds them."""
    return Espace.objects.select_related("compte").get(pk=espace.pk)


@pytest.mark.django_db(transaction=True)
def test_un_mot_de_passe_en_route_ne_defait_pas_ce_n_est_pas_moi(
    espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thief's form has proved the password; the holder presses; then the thief's act has the lock."""
    voleur = connecter(espace, "198.51.100.4")

    def apres_le_detenteur(**choix: object) -> None:
        appuyer(espace)
        changer_mot_de_passe(**choix)  # type: ignore[arg-type]

    monkeypatch.setattr(identifiants, "changer_mot_de_passe", apres_le_detenteur)
    reponse = voleur.post(reverse("changer_mot_de_passe"), {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU})
    assert reponse.status_code == 303
    assert not Compte.objects.get(espace=espace).has_usable_password()
    assert voleur.get(reverse("espace")).status_code == 302
    assert not Session.objects.filter(compte=espace.compte).exists()


def _mot_de_passe(acteur: Espace) -> None:
    assert acteur.compte is not None
    changer_mot_de_passe(acteur=acteur.compte, nouveau=NOUVEAU)


def _reponse(acteur: Espace) -> None:
    changer_reponse(acteur=acteur, question="PHRASE", reponse="Tambour-Lucarne-Fougère-Canapé")


def _adresse(acteur: Espace) -> None:
    demander_changement(acteur=acteur, nouvelle="voleur@ailleurs-cabinet.fr")


def _graine(acteur: Espace) -> None:
    assert acteur.compte is not None
    commencer_enrolement(acteur=acteur.compte)


def _application(acteur: Espace) -> None:
    assert acteur.compte is not None
    appareil = appareil_en_attente(acteur.compte)
    assert appareil is not None
    confirmer_enrolement(acteur=acteur.compte, code=code_de(appareil), remplacer=False, garder="")


def _codes(acteur: Espace) -> None:
    assert acteur.compte is not None
    renouveler_codes_secours(acteur=acteur.compte, preuve=None)


def _retrait(acteur: Espace) -> None:
    assert acteur.compte is not None
    retirer_application(acteur=acteur.compte, garder="")


@pytest.mark.parametrize("acte", [_mot_de_passe, _reponse, _adresse, _graine, _application, _codes, _retrait])
def test_rien_de_ce_qui_etait_en_route_ne_suit_ce_n_est_pas_moi(espace: Espace, acte: Callable[[Espace], None]) -> None:
    assert espace.compte is not None
    commencer_enrolement(acteur=espace.compte)
    avant = vu(espace)
    appuyer(espace)
    with pytest.raises(CompteModifie):
        acte(avant)
    assert Espace.objects.get(pk=espace.pk).reponse_confiance == avant.reponse_confiance
    assert not Lien.objects.filter(
        espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, consomme_le=None, revoque_le=None
    ).exists()
    assert not Application.objects.filter(user=espace.compte, confirmed=True).exists()


def test_un_agent_dont_le_mot_de_passe_vient_d_etre_remplace_n_en_choisit_pas_un_autre() -> None:
    agent = AgentFactory()
    prouve = Compte.objects.get(pk=agent.compte_id)
    changer_mot_de_passe_agent(acteur=agent, nouveau=NOUVEAU)
    with pytest.raises(CompteModifie):
        changer_mot_de_passe_agent(acteur=agent, nouveau=f"{NOUVEAU} tambour", prouve=prouve)


def test_une_session_fermee_ne_renait_pas_sous_une_autre_cle(espace: Espace) -> None:
    voleur = connecter(espace, "198.51.100.4")
    magasin = SessionStore(voleur.session.session_key)
    magasin.load()
    magasin["essai"] = 1
    Session.objects.filter(session_key=empreinte(voleur.session.session_key or "")).delete()  # the holder closes it
    with pytest.raises(SessionInterrupted):
        magasin.cycle_key()
    assert not Session.objects.filter(compte=espace.compte).exists()
