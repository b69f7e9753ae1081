"""An IBAN stands whole nowhere but in its own field: every free text beside it refuses one (R20, CGU §4.d)."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Courriel
from accounts.saisies.regles import RegleMetier
from services.banque.comptes import ajouter_compte, est_cet_ajout, renommer_titulaire
from services.banque.forms import RelectureForm, TitulaireForm
from services.banque.signalement import decider_signalement, lever_cloture, recueillir_signalement, signaler_changement
from services.iban_en_clair import exiger_sans_iban
from services.messagerie.echanges import lire_objet
from services.models import ReferenceBancaire
from services.views.banque import DecisionBancaireForm, PreuveBancaireForm
from tests.factories import AgentFactory, changement_bancaire, compte_bancaire

from .scenes import AUTRE, IBAN, SENTINELLE, Entreprise

ECRITS = [
    SENTINELLE,
    "FR76 1001 1000 2012 3456 7890 188",
    "compte fr76-1001-1000-2012-3456-7890-188, merci",
    "ＦＲ76 1001 1000 2012 3456 7890 188",
    "RIB : 30006 00001 12345678901 89",
    "SARL DUPONT 30006/00001/12345678901/89 AGENCE 12",
    "DE89 3704 0044 0532 0130 00",
]


def code_du_refus(faire: Any) -> str:
    with pytest.raises(RegleMetier) as refus:
        faire()
    return refus.value.code


@pytest.mark.parametrize("texte", ECRITS)
def test_un_iban_ou_un_rib_se_reconnait_ou_qu_il_soit(texte: str) -> None:
    assert code_du_refus(lambda: exiger_sans_iban(texte)) == "iban_en_clair"


@pytest.mark.parametrize(
    "texte",
    [
        "ATELIER ROUSSEL",
        "SIRET 55203253400012, acompte du 15 03 2026, 1 234 567,89 €",
        "FR •••• 0188",
        "Vu la pièce, rappelé au 01 44 55 66 77 puis au 06 12 34 56 78 le 12/03/2026 à 14 h 30.",
        "FR76 1001 1000 2012 3456 7890 189",  # no IBAN: its key is wrong
        "",
    ],
)
def test_ce_qui_n_en_est_pas_un_passe(texte: str) -> None:
    assert exiger_sans_iban(texte) == texte


def test_aucun_texte_des_pages_bancaires_n_en_garde_un(entreprise: Entreprise) -> None:
    """Pasted one field too low, it would be stored in clear, shown to who pays, exported, mailed to all."""
    reference, titulaire = compte_bancaire(entreprise.personne, AUTRE), entreprise.titulaire
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    changement = changement_bancaire(reference, titulaire)
    ajout = {"acteur": titulaire, "personne": entreprise.personne, "iban": IBAN}
    signalement = signaler_changement(acteur=entreprise.suppleant, changement=changement)
    clos = compte_bancaire(
        entreprise.personne, SENTINELLE, etat_b2b="REFUSE", b2b_motif="AC04", b2b_le=timezone.localdate()
    )
    dit = "Le compte est en fait le FR76 1001 1000 2012 3456 7890 188."
    for geste in (
        lambda: ajouter_compte(titulaire=ECRITS[1], **ajout),
        lambda: ajouter_compte(titulaire="X", banque=ECRITS[1], **ajout),
        lambda: renommer_titulaire(
            acteur=titulaire, reference=reference, titulaire=ECRITS[1], montre=reference.titulaire
        ),
        lambda: recueillir_signalement(acteur=agent, changement=changement, preuve=dit),
        lambda: decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif=dit),
        lambda: lever_cloture(acteur=agent, reference=clos, preuve=dit),
        lambda: lire_objet(dit),
    ):
        assert code_du_refus(geste) == "iban_en_clair"
    assert ReferenceBancaire.objects.count() == 2
    assert "1001 1000" not in str(list(Courriel.objects.values_list("contexte", flat=True)))
    assert not est_cet_ajout(reference, iban=AUTRE, titulaire=ECRITS[1], bic="", banque="")


def test_le_formulaire_le_dit_au_champ() -> None:
    relue = RelectureForm({"iban": IBAN, "titulaire": ECRITS[1], "banque": ECRITS[1], "bic": ""})
    assert set(relue.errors) == {"titulaire", "banque"}
    (dit,) = relue.errors["banque"]
    assert "finissant par 0188" in dit
    assert set(TitulaireForm({"titulaire": ECRITS[0], "montre": ""}).errors) == {"titulaire"}
    assert DecisionBancaireForm.regles["iban_en_clair"] == "motif"
    assert PreuveBancaireForm.regles["iban_en_clair"] == "preuve"
