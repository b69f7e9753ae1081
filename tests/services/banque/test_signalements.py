"""« Ce n’est pas nous »: who may say it, what stops, who is told, and what the office makes of it (issue 15, item 5)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Affaire, Agent, Courriel, Espace, Evenement
from accounts.saisies.regles import RegleMetier
from services.banque.comptes import ajouter_compte, renommer_titulaire, retirer_compte
from services.banque.lectures import CHANGEMENTS_A_SIGNALER, comptes_de
from services.banque.mandat import editer_mandat, noter_remise
from services.banque.signalement import (
    decider_signalement,
    lever_cloture,
    recueillir_signalement,
    reprendre_signalement,
    signaler_changement,
)
from services.models import ChangementBancaire, ReferenceBancaire, SignalementBancaire
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, changement_bancaire, compte_bancaire

from .scenes import AUTRE, IBAN, Entreprise, client_de

JOUR = timedelta(days=1)


def ajouter(entreprise: Entreprise, acteur: Espace | None = None, iban: str = IBAN) -> ReferenceBancaire:
    return ajouter_compte(
        acteur=acteur or entreprise.titulaire, personne=entreprise.personne, iban=iban, titulaire="ATELIER ROUSSEL"
    )


def dernier(reference: ReferenceBancaire) -> ChangementBancaire:
    return reference.changements.order_by("-fait_le").select_related("reference").first()  # type: ignore[return-value]


def signale(entreprise: Entreprise, par: Espace | None = None) -> SignalementBancaire:
    """An account that the titulaire adds, and the suppléant, or another, does not recognise."""
    return signaler_changement(acteur=par or entreprise.suppleant, changement=dernier(ajouter(entreprise)))


def agent_de(entreprise: Entreprise, **champs: Any) -> Agent:
    return AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire, **champs)


def code_du_refus(faire: Any) -> str:
    with pytest.raises(RegleMetier) as refus:
        faire()
    return refus.value.code


@pytest.mark.parametrize(
    ("qui", "peut"),
    [
        ("titulaire", True),
        ("suppleant", True),
        ("declarant", True),  # is told of each change, whatever service he administers
        ("delegant", False),
        ("acteur", False),
        ("etranger", False),
    ],
)
def test_qui_est_prevenu_d_un_changement_peut_le_signaler(entreprise: Entreprise, qui: str, peut: bool) -> None:
    acteur, changement = getattr(entreprise, qui), dernier(ajouter(entreprise))
    page = reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])
    client = client_de(acteur)
    prevenus = set(Courriel.objects.filter(genre="compte_bancaire_change").values_list("espace", flat=True))
    assert (acteur.pk in prevenus) is peut
    assert client.get(page).status_code == (200 if peut else 404)
    if peut:
        assert signaler_changement(acteur=acteur, changement=changement).espace == acteur
    else:
        assert client.post(page).status_code == 404
        assert code_du_refus(lambda: signaler_changement(acteur=acteur, changement=changement)) == (
            "signalement_banque_requis"
        )
        assert not SignalementBancaire.objects.exists()


def test_le_courriel_mene_a_la_page_qui_demande_de_se_connecter_et_d_appuyer(entreprise: Entreprise) -> None:
    from accounts.envois.courriels import composer

    changement = dernier(ajouter(entreprise))
    page = reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])
    for courriel in Courriel.objects.filter(acte__startswith="compte-bancaire-ajoute"):
        corps = composer(courriel).body
        assert page in corps
        assert IBAN not in corps
    client = client_de(entreprise.suppleant)
    client.logout()
    assert "connexion" in client.get(page)["Location"]
    client = client_de(entreprise.suppleant)
    assert "Ce n’est pas nous" in client.get(page).content.decode()
    assert not SignalementBancaire.objects.exists(), "a GET says nothing"
    for _ in range(2):  # pressed twice
        assert client.post(page)["Location"] == page
    assert SignalementBancaire.objects.count() == 1
    lue = client.get(page).content.decode()
    assert "Reprendre mon signalement" in lue
    assert "n’en a pas décidé" in lue
    assert "Reprendre" not in client_de(entreprise.titulaire).get(page).content.decode()


def test_un_signalement_suspend_le_compte_le_dit_a_tous_et_attend_le_bureau(entreprise: Entreprise) -> None:
    signalement = signale(entreprise)
    reference = signalement.changement.reference
    assert [compte.suspendu for compte in comptes_de(entreprise.personne)] == [True]
    assert not comptes_de(entreprise.personne)[0].mandat_a_remettre
    acte = f"compte-bancaire-signale:{signalement.pk}"
    ecrits = Courriel.objects.filter(acte=acte).values_list("espace", flat=True)
    assert set(ecrits) == {entreprise.titulaire.pk, entreprise.suppleant.pk, entreprise.declarant.pk}
    assert Courriel.objects.get(acte=f"{acte}:entreprise").destinataire == "compta@atelier-roussel.fr"
    ligne = Evenement.objects.get(acte="changement_bancaire.signale")
    assert ligne.details == {
        "compte": "FR •••• 0189",
        "changement": "compte ajouté",
        "signalement": str(signalement.pk),
    }
    affaire = Affaire.objects.get(file="COMPTE_BANCAIRE", finie_le=None)
    assert (affaire.cle, affaire.personne) == (str(signalement.pk), entreprise.personne.pk)
    assert affaire.service_gestionnaire == entreprise.personne.service_gestionnaire
    for geste in (
        lambda: renommer_titulaire(
            acteur=entreprise.titulaire, reference=reference, titulaire="B", montre="ATELIER ROUSSEL"
        ),
        lambda: editer_mandat(acteur=entreprise.titulaire, reference=reference),
        lambda: noter_remise(acteur=entreprise.titulaire, reference=reference, le=timezone.localdate()),
    ):
        assert code_du_refus(geste) == "compte_suspendu"
    assert ajouter(entreprise, iban=AUTRE).pk, "who is hurt adds another account"


def test_supprimer_puis_ajouter_de_nouveau_ne_leve_pas_la_suspension(entreprise: Entreprise) -> None:
    signalement = signale(entreprise)
    retirer_compte(acteur=entreprise.titulaire, reference=signalement.changement.reference)
    assert code_du_refus(lambda: ajouter(entreprise)) == "compte_suspendu"
    decider_signalement(acteur=agent_de(entreprise), signalement=signalement, annuler=True, motif="Non reconnu.")
    encore = ajouter(entreprise)
    assert encore.attente == "ECARTE", "what the office undid waits each time that it is added again"
    assert encore.utilisable_le is not None


def test_seul_qui_a_signale_reprend_et_tout_revient(entreprise: Entreprise) -> None:
    signalement = signale(entreprise)
    assert code_du_refus(lambda: reprendre_signalement(acteur=entreprise.titulaire, signalement=signalement)) == (
        "signalement_bancaire_d_un_autre"
    )
    for _ in range(2):
        reprendre_signalement(acteur=entreprise.suppleant, signalement=signalement)
    assert Evenement.objects.filter(acte="signalement_bancaire.repris").count() == 1
    assert not comptes_de(entreprise.personne)[0].suspendu
    assert not Affaire.objects.filter(file="COMPTE_BANCAIRE", finie_le=None).exists()
    encore = signaler_changement(acteur=entreprise.declarant, changement=signalement.changement)
    assert encore.pk != signalement.pk, "who took it back speaks for nobody else"


@pytest.mark.parametrize("annuler", [True, False])
def test_le_bureau_decide_d_un_ajout(entreprise: Entreprise, annuler: bool) -> None:
    signalement, agent = signale(entreprise), agent_de(entreprise)
    page = reverse(f"admin:services_signalementbancaire_{'annuler' if annuler else 'maintenir'}", args=[signalement.pk])
    client = client_verifie(agent)
    vue = client.get(page).content.decode()
    assert "FR •••• 0189" in vue
    assert IBAN not in vue
    assert client.post(page, {"motif": "Vu avec le gérant."}).status_code == 302
    signalement.refresh_from_db()
    reference = ReferenceBancaire.objects.get()
    assert (signalement.etat, signalement.agent) == ("ANNULE" if annuler else "MAINTENU", agent)
    assert (reference.supprimee_le is not None) is annuler
    assert [compte.suspendu for compte in comptes_de(entreprise.personne)] == ([] if annuler else [False])
    assert not Affaire.objects.filter(file="COMPTE_BANCAIRE", finie_le=None).exists()
    code = "changement_bancaire.annule" if annuler else "changement_bancaire.maintenu"
    assert Evenement.objects.get(acte=code).details["motif"] == "Vu avec le gérant."
    clos = Courriel.objects.filter(genre__startswith="compte_bancaire_signalement_clos")
    assert clos.count() == 4, "three administrators and the company"
    assert all(courriel.contexte["motif"] == "Vu avec le gérant." for courriel in clos)
    assert code_du_refus(
        lambda: decider_signalement(acteur=agent, signalement=signalement, annuler=not annuler, motif="Encore.")
    ) == ("signalement_bancaire_clos")
    assert code_du_refus(
        lambda: signaler_changement(acteur=entreprise.suppleant, changement=signalement.changement)
    ) == ("changement_bancaire_deja_examine")
    assert "a examiné ce changement" in (
        client_de(entreprise.suppleant)
        .get(reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, signalement.changement_id]))
        .content.decode()
    )


def test_annuler_rend_le_nom_d_avant_sauf_change_de_nouveau(entreprise: Entreprise) -> None:
    reference, agent = ajouter(entreprise), agent_de(entreprise)
    for nom, avant in (("VOLEUR", "ATELIER ROUSSEL"), ("VOLEUR", "ATELIER ROUSSEL")):
        renommer_titulaire(acteur=entreprise.titulaire, reference=reference, titulaire=nom, montre=avant)
        signalement = signaler_changement(acteur=entreprise.suppleant, changement=dernier(reference))
        decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif="Non.")
        reference.refresh_from_db()
        assert reference.titulaire == "ATELIER ROUSSEL"
    renommer_titulaire(acteur=entreprise.titulaire, reference=reference, titulaire="B", montre="ATELIER ROUSSEL")
    premier = dernier(reference)
    renommer_titulaire(acteur=entreprise.suppleant, reference=reference, titulaire="C", montre="B")
    signalement = signaler_changement(acteur=entreprise.suppleant, changement=premier)
    decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif="Non.")
    reference.refresh_from_db()
    assert reference.titulaire == "C", "what was done since stays"
    assert "le titulaire reste « C »" in (
        Courriel.objects.filter(acte=f"compte-bancaire-signalement-annule:{signalement.pk}")
        .first()
        .contexte["suite"]  # type: ignore[union-attr]
        .replace("\u202f", " ")
        .replace("\xa0", " ")
    )


def test_annuler_une_suppression_retablit_le_compte_et_son_mandat(entreprise: Entreprise) -> None:
    reference, agent = ajouter(entreprise), agent_de(entreprise)
    rum = reference.mandat.rum
    retirer_compte(acteur=entreprise.titulaire, reference=reference)
    signalement = signaler_changement(acteur=entreprise.declarant, changement=dernier(reference))
    decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif="Supprimé par un tiers.")
    assert [compte.reference.mandat.rum for compte in comptes_de(entreprise.personne)] == [rum]
    # Removed, then added again while nobody had said anything: what is undone would be there twice.
    retirer_compte(acteur=entreprise.titulaire, reference=reference)
    suppression = dernier(reference)
    ajouter(entreprise)
    signalement = signaler_changement(acteur=entreprise.declarant, changement=suppression)
    decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif="Supprimé par un tiers.")
    assert len(comptes_de(entreprise.personne)) == 1


def test_l_entreprise_sans_espace_le_fait_noter_par_le_bureau_sans_limite(
    entreprise: Entreprise, settings: Any
) -> None:
    settings.PLAFOND_SIGNALEMENTS_BANCAIRES = 1
    agent, client = agent_de(entreprise), client_verifie(agent_de(entreprise))
    references = [ajouter(entreprise), ajouter(entreprise, iban=AUTRE)]
    signaler_changement(acteur=entreprise.suppleant, changement=dernier(references[0]))
    geste = lambda acteur: signaler_changement(acteur=acteur, changement=dernier(references[1]))  # noqa: E731
    assert code_du_refus(lambda: geste(entreprise.suppleant)) == "trop_de_signalements_bancaires"
    page = reverse("admin:services_referencebancaire_signaler", args=[references[1].pk])
    dit = {"preuve": "Le gérant, rappelé au numéro connu.", "changement": dernier(references[1]).pk}
    assert client.post(page, dit).status_code == 302
    signalement = SignalementBancaire.objects.get(espace=None)
    assert signalement.recueilli_par is not None
    assert code_du_refus(
        lambda: recueillir_signalement(acteur=agent, changement=dernier(references[1]), preuve="Encore.")
    ) == ("changement_bancaire_deja_signale")
    assert geste(entreprise.titulaire) == signalement, "already said: nothing more"


def test_l_agent_choisit_parmi_les_changements_celui_que_l_entreprise_ne_reconnait_pas(entreprise: Entreprise) -> None:
    """A thief who renames what he added, again and again, does not hide the addition from the office."""
    reference, agent = ajouter(entreprise), agent_de(entreprise)
    ajout, client = dernier(reference), client_verifie(agent)
    maintenant = timezone.now()
    for rang in range(CHANGEMENTS_A_SIGNALER + 3):
        changement_bancaire(
            reference,
            entreprise.titulaire,
            genre="RENOMMAGE",
            titulaire_avant="A",
            titulaire_apres="B",
            fait_le=maintenant + timedelta(seconds=rang),
        )
    page = reverse("admin:services_referencebancaire_signaler", args=[reference.pk])
    lue = client.get(page).content.decode()
    assert lue.count('type="radio"') == CHANGEMENTS_A_SIGNALER + 1, "the last ones, and the addition"
    assert f'value="{ajout.pk}"' in lue
    assert "checked" not in lue, "the agent says which"
    assert "Choisissez le changement" in client.post(page, {"preuve": "Le gérant."}).content.decode()
    ailleurs = dernier(ajouter(entreprise, iban=AUTRE))
    refusee = client.post(page, {"preuve": "Le gérant.", "changement": ailleurs.pk}).content.decode()
    assert "Choisissez un changement de ce compte" in refusee
    assert not SignalementBancaire.objects.exists()
    # Made between the page and the press: what was shown is what is reported.
    renomme = changement_bancaire(
        reference, entreprise.titulaire, genre="RENOMMAGE", titulaire_avant="B", titulaire_apres="C"
    )
    assert client.post(page, {"preuve": "Le gérant.", "changement": ajout.pk}).status_code == 302
    assert SignalementBancaire.objects.get().changement == ajout
    assert f'value="{ajout.pk}"' not in client.get(page).content.decode(), "it waits already"
    encore = client.post(page, {"preuve": "Le gérant.", "changement": ajout.pk}).content.decode()
    assert "est déjà signalé" in encore
    assert client.post(page, {"preuve": "Le gérant.", "changement": renomme.pk}).status_code == 302
    # One of two is settled: the account stays suspended, and everybody reads so.
    signalement = SignalementBancaire.objects.get(changement=ajout)
    maintenir = reverse("admin:services_signalementbancaire_maintenir", args=[signalement.pk])
    assert "reste suspendu" in client.get(maintenir).content.decode()
    suivie = client.post(maintenir, {"motif": "Vu avec le gérant."}, follow=True).content.decode()
    assert "reste suspendu" in suivie
    assert "n’est plus suspendu" not in suivie
    clos = Courriel.objects.filter(genre__startswith="compte_bancaire_signalement_clos")
    assert clos
    assert all("reste suspendu" in courriel.contexte["suite"] for courriel in clos)
    assert ReferenceBancaire.objects.avec_suspension().get(pk=reference.pk).suspendue


def test_un_autre_bureau_n_en_decide_pas(entreprise: Entreprise) -> None:
    signalement, ailleurs = signale(entreprise), AgentFactory()
    for geste in (
        lambda: decider_signalement(acteur=ailleurs, signalement=signalement, annuler=True, motif="Non."),
        lambda: recueillir_signalement(acteur=ailleurs, changement=signalement.changement, preuve="Vu."),
        lambda: lever_cloture(acteur=ailleurs, reference=signalement.changement.reference, preuve="Vu."),
    ):
        assert code_du_refus(geste) == "personne_hors_competence"
    page = reverse("admin:services_signalementbancaire_annuler", args=[signalement.pk])
    assert client_verifie(ailleurs).post(page, {"motif": "Non."}).status_code == 302
    signalement.refresh_from_db()
    assert signalement.etat == "DEPOSE"


def test_la_cloture_se_leve_par_le_bureau_ou_par_la_banque(entreprise: Entreprise) -> None:
    """A bank that answers AC04 by mistake does not bar an account for ever."""
    hier = timezone.localdate() - JOUR
    clos = {"etat_b2b": "REFUSE", "b2b_motif": "AC04", "b2b_le": hier, "supprimee_le": timezone.now()}
    reference, agent = compte_bancaire(entreprise.personne, **clos), agent_de(entreprise)
    assert code_du_refus(lambda: ajouter(entreprise)) == "compte_clos"
    page = reverse("admin:services_referencebancaire_lever-cloture", args=[reference.pk])
    assert client_verifie(agent).post(page, {"preuve": "Attestation de la banque."}).status_code == 302
    assert Evenement.objects.get(acte="cloture_bancaire.levee").details["preuve"] == "Attestation de la banque."
    assert Courriel.objects.filter(genre="compte_bancaire_cloture_levee").count() == 3
    assert ajouter(entreprise).supprimee_le is None
    assert code_du_refus(lambda: lever_cloture(acteur=agent, reference=reference, preuve="Encore.")) == (
        "compte_non_clos"
    )
    # Closed again, the day after the office had lifted it.
    nouvelle = ReferenceBancaire.objects.get(supprimee_le=None)
    retirer_compte(acteur=entreprise.titulaire, reference=nouvelle)
    ReferenceBancaire.objects.filter(pk=reference.pk).update(
        cloture_levee_le=timezone.now() - 3 * JOUR, b2b_le=timezone.localdate()
    )
    assert code_du_refus(lambda: ajouter(entreprise)) == "compte_clos"
    ReferenceBancaire.objects.filter(pk=reference.pk).update(etat_b2b="VALIDE", b2b_motif="")
    assert ajouter(entreprise).supprimee_le is None, "the bank's later answer"


def test_la_page_des_comptes_dit_les_derniers_changements_et_ce_qui_est_signale(entreprise: Entreprise) -> None:
    signalement = signale(entreprise)
    retire = ajouter(entreprise, iban=AUTRE)
    retirer_compte(acteur=entreprise.titulaire, reference=retire)
    liste = reverse("comptes_bancaires", args=[entreprise.personne.siren])
    page = client_de(entreprise.suppleant).get(liste).content.decode()
    assert "Suspendu" in page
    assert "Signalé" in page
    suspendue = signalement.changement.reference
    for acte, montree in (("mandat", False), ("renommer", False), ("iban", True), ("supprimer", True)):
        lien = reverse(f"compte_bancaire_{acte}", args=[entreprise.personne.siren, suspendue.pk])
        assert (lien in page) is montree, "what would be refused is not offered"
    for changement in ChangementBancaire.objects.exclude(pk=signalement.changement_id):
        assert reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk]) in page
    lue = client_de(entreprise.acteur).get(liste).content.decode()
    assert "Suspendu" in lue
    assert "/changements/" not in lue


def test_un_changement_d_avant_n_a_pas_d_auteur_et_se_signale(entreprise: Entreprise) -> None:
    changement = changement_bancaire(compte_bancaire(entreprise.personne))
    page = reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])
    assert client_de(entreprise.titulaire).post(page).status_code == 302
    assert SignalementBancaire.objects.get().etat == "DEPOSE"
