"""What the bank says closed: one question for the list, what is to be handed over, what may be added, what the office lifts (R20)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import a_faire
from accounts.models import Courriel
from accounts.saisies.regles import RegleMetier
from services.banque.comptes import dits_clos, verifier_ajout
from services.banque.lectures import Compte, comptes_de
from services.banque.reponses import BilanReponses, enregistrer_reponses
from services.banque.signalement import lever_cloture
from services.models import ReferenceBancaire
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, compte_bancaire

from .scenes import IBAN, Entreprise, client_de

JOUR = timedelta(days=1)


def clos(entreprise: Entreprise, genre: str = "b2b", **champs: Any) -> ReferenceBancaire:
    dit = {f"etat_{genre}": "REFUSE", f"{genre}_motif": "AC04", f"{genre}_le": timezone.localdate() - 5 * JOUR}
    return compte_bancaire(entreprise.personne, **{"ajoutee_le": timezone.now() - 9 * JOUR, **dit, **champs})


def lever(entreprise: Entreprise, reference: ReferenceBancaire) -> None:
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    lever_cloture(acteur=agent, reference=reference, preuve="Vu le RIB du jour.")


def compte(entreprise: Entreprise) -> Compte:
    (seul,) = comptes_de(entreprise.personne)
    return seul


def repondre(fichier: Path, *lignes: str, a_blanc: bool = False) -> BilanReponses:
    fichier.write_text("\n".join(["rum;prelevement;etat;motif;date", *lignes, ""]))
    rejets: list[Any] = []
    return enregistrer_reponses(acteur="systeme:banques", fichier=fichier, sur_rejet=rejets.append, a_blanc=a_blanc)


@pytest.mark.parametrize("genre", ["core", "b2b"])
def test_une_cloture_levee_rend_le_compte_qui_est_dans_la_liste(entreprise: Entreprise, genre: str) -> None:
    reference = clos(entreprise, genre)
    assert compte(entreprise).pourquoi_ecarte == "clos, d’après la banque"
    lever(entreprise, reference)
    assert compte(entreprise).pourquoi_ecarte == ""
    assert compte(entreprise).mandat_a_remettre
    if genre == "b2b":
        assert "remettez-le de nouveau" in compte(entreprise).suite_du_refus


def test_l_agent_lit_ce_que_devient_un_compte_qui_est_dans_la_liste(entreprise: Entreprise) -> None:
    reference = clos(entreprise)
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    client = client_verifie(agent)
    page = reverse("admin:services_referencebancaire_lever-cloture", args=[reference.pk])
    assert "Ce compte peut de nouveau servir" in client.get(page).content.decode()
    client.post(page, {"preuve": "Vu le RIB du jour."})
    courriel = Courriel.objects.filter(genre="compte_bancaire_cloture_levee").first()
    assert courriel is not None
    assert courriel.contexte["retire"] is False


def test_une_reponse_plus_recente_rouvre_le_compte_quel_que_soit_le_prelevement(
    entreprise: Entreprise, tmp_path: Path
) -> None:
    """docs/exploitation.md: AC04 bars the account until a later answer of the bank."""
    reference = compte_bancaire(entreprise.personne, ajoutee_le=timezone.now() - 9 * JOUR)
    rum, le = reference.mandat.rum, timezone.localdate()
    repondre(tmp_path / "r.csv", f"{rum};CORE;REFUSE;AC04;{le - 5 * JOUR}")
    assert compte(entreprise).pourquoi_ecarte
    repondre(tmp_path / "r.csv", f"{rum};B2B;VALIDE;;{le}")
    assert compte(entreprise).pourquoi_ecarte == ""
    assert not dits_clos(ReferenceBancaire.objects.all()).exists()


@pytest.mark.parametrize("ecart", [0, 1])
def test_une_reponse_du_meme_jour_ou_plus_ancienne_ne_rouvre_rien(entreprise: Entreprise, ecart: int) -> None:
    le = timezone.localdate() - 5 * JOUR
    clos(entreprise, "core", etat_b2b="VALIDE", b2b_le=le - ecart * JOUR)
    assert compte(entreprise).pourquoi_ecarte


@pytest.mark.parametrize("motif", ["AC04", "AC01", "AC13"])
def test_un_compte_auquel_un_autre_doit_succeder_n_a_pas_de_mandat_a_remettre(
    entreprise: Entreprise, motif: str
) -> None:
    """« Ajoutez un autre compte », and hand over the mandate of this one: both cannot be."""
    clos(entreprise, b2b_motif=motif)
    assert not compte(entreprise).mandat_a_remettre
    assert compte(entreprise).suite_du_refus == "ajoutez un autre compte"
    page = client_de(entreprise.titulaire).get(reverse("comptes_bancaires", args=[entreprise.personne.siren]))
    assert "C'est fait" not in page.content.decode()
    assert "Mandat à remettre" not in {ligne.en_bref for ligne in a_faire(entreprise.titulaire)}


@pytest.mark.parametrize(
    ("genre", "leve", "autre", "attend"),
    [
        ("core", False, None, False),
        ("core", True, None, True),
        ("b2b", True, None, True),
        ("core", False, timezone.localdate, False),
    ],
)
def test_a_faire_dit_des_mandats_ce_que_dit_la_page(
    entreprise: Entreprise, genre: str, leve: bool, autre: Any, attend: bool
) -> None:
    reference = clos(entreprise, genre)
    if leve:
        lever(entreprise, reference)
    if autre is not None:  # a later answer of the bank, which has recorded it: nothing is to be handed over
        ReferenceBancaire.objects.update(etat_b2b="VALIDE", b2b_motif="", b2b_le=autre())
    assert compte(entreprise).mandat_a_remettre is attend
    assert ("Mandat à remettre" in {ligne.en_bref for ligne in a_faire(entreprise.titulaire)}) is attend


def test_ce_qui_est_clos_hors_de_la_liste_se_dit_de_meme(entreprise: Entreprise) -> None:
    reference = clos(entreprise, supprimee_le=timezone.now())
    with pytest.raises(RegleMetier) as refus:
        verifier_ajout(acteur=entreprise.titulaire, personne=entreprise.personne, iban=IBAN)
    assert refus.value.code == "compte_clos"
    lever(entreprise, reference)
    assert verifier_ajout(acteur=entreprise.titulaire, personne=entreprise.personne, iban=IBAN) == IBAN


def test_a_blanc_dit_ce_que_le_vrai_passage_dira(entreprise: Entreprise, tmp_path: Path) -> None:
    """A line judged by those before it, as they would have been written."""
    rum, le = compte_bancaire(entreprise.personne).mandat.rum, timezone.localdate()
    lignes = (
        f"{rum};B2B;VALIDE;;{le}",
        f"{rum};B2B;REFUSE;MD01;{le}",
        f"{rum};B2B;VALIDE;;{le}",
        f"{rum};CORE;VALIDE;;{le}",
    )
    blanc = repondre(tmp_path / "r.csv", *lignes, a_blanc=True)
    assert ReferenceBancaire.objects.get().etat_b2b == "SAISI", "nothing is written"
    assert blanc == repondre(tmp_path / "r.csv", *lignes)
    assert (blanc.enregistrees, blanc.inchangees, blanc.rejetees) == (2, 1, 1)
