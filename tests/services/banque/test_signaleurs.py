"""Several report the same change: each one's « ce n’est pas nous » is kept, whoever takes his own back (CGU §4.d)."""

import pytest
from django.urls import reverse

from accounts.models import Courriel, Evenement
from services.banque.lectures import comptes_de
from services.banque.signalement import SignalementDUnAutre, reprendre_signalement, signaler_changement
from services.models import SignalementBancaire
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, changement_bancaire, compte_bancaire

from .scenes import Entreprise, client_de


def signale(entreprise: Entreprise, par: str = "suppleant") -> SignalementBancaire:
    """A change that this one is the first not to recognise."""
    changement = changement_bancaire(compte_bancaire(entreprise.personne), entreprise.titulaire)
    return signaler_changement(acteur=getattr(entreprise, par), changement=changement)


def test_chacun_garde_son_signalement_et_qui_reprend_le_sien_ne_leve_rien_de_celui_d_un_autre(
    entreprise: Entreprise,
) -> None:
    """A thief's accomplice says it first, the titulaire after him; the accomplice takes his own back."""
    signalement = signale(entreprise)
    changement, complice, titulaire = signalement.changement, entreprise.suppleant, entreprise.titulaire
    page = reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])
    lue = client_de(titulaire).get(page).content.decode()
    assert "Vous non plus ne reconnaissez pas ce changement" in lue
    for _ in range(2):  # pressed twice
        assert client_de(titulaire).post(page).status_code == 302
    lignes = Evenement.objects.filter(acte="changement_bancaire.signale").order_by("pk")
    assert list(lignes.values_list("auteur", flat=True)) == [complice.numero_abonne, titulaire.numero_abonne]
    dits = Courriel.objects.filter(genre="compte_bancaire_signale").values_list("contexte__par", flat=True)
    assert set(dits) == {complice.nom_complet, titulaire.nom_complet}, "each report is told"
    assert "tant que ceux des autres tiennent" in client_de(complice).get(page).content.decode()
    for _ in range(2):
        suivie = client_de(complice).post(page, {"reprendre": "oui"}, follow=True).content.decode()
        assert "Le compte reste suspendu" in suivie
    assert Evenement.objects.filter(acte="signalement_bancaire.repris").count() == 1
    signalement.refresh_from_db()
    assert (signalement.etat, signalement.espace) == ("DEPOSE", titulaire)
    assert comptes_de(entreprise.personne)[0].suspendu
    assert not Courriel.objects.filter(genre="compte_bancaire_signalement_clos").exists()
    reprendre_signalement(acteur=titulaire, signalement=signalement)
    assert not comptes_de(entreprise.personne)[0].suspendu


@pytest.mark.parametrize("premier", ["suppleant", "titulaire"])
def test_dans_quelque_ordre_qu_on_signale_il_faut_que_tous_reprennent(entreprise: Entreprise, premier: str) -> None:
    """Who speaks second takes nobody's place either."""
    qui = [entreprise.suppleant, entreprise.titulaire, entreprise.declarant]
    qui.sort(key=lambda espace: espace != getattr(entreprise, premier))
    signalement = signale(entreprise, premier)
    for espace in qui[1:]:
        assert signaler_changement(acteur=espace, changement=signalement.changement) == signalement
    for espace in (entreprise.suppleant, entreprise.titulaire):
        reprendre_signalement(acteur=espace, signalement=signalement)
        assert comptes_de(entreprise.personne)[0].suspendu
    # Who took it back may say it again.
    signaler_changement(acteur=entreprise.titulaire, changement=signalement.changement)
    reprendre_signalement(acteur=entreprise.declarant, signalement=signalement)
    assert comptes_de(entreprise.personne)[0].suspendu
    reprendre_signalement(acteur=entreprise.titulaire, signalement=signalement)
    assert not comptes_de(entreprise.personne)[0].suspendu


def test_ce_que_l_entreprise_dit_au_bureau_n_est_repris_par_aucun_espace(entreprise: Entreprise) -> None:
    """The accomplice reports, the company telephones: the office notes it, and the accomplice takes nothing back."""
    signalement = signale(entreprise)
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    changement, dit = signalement.changement, "Le gérant, rappelé au numéro connu."
    client = client_verifie(agent)
    page = reverse("admin:services_referencebancaire_signaler", args=[changement.reference_id])
    assert f'value="{changement.pk}"' in client.get(page).content.decode()
    assert client.post(page, {"preuve": dit, "changement": changement.pk}).status_code == 302
    signalement.refresh_from_db()
    assert (signalement.recueilli_par, signalement.preuve, signalement.espace) == (agent, dit, None)
    with pytest.raises(SignalementDUnAutre):
        reprendre_signalement(acteur=entreprise.suppleant, signalement=signalement)
    assert comptes_de(entreprise.personne)[0].suspendu
    du_changement = reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])
    assert "Reprendre" not in client_de(entreprise.suppleant).get(du_changement).content.decode()
    # Who reported it is still called.
    decider = reverse("admin:services_signalementbancaire_maintenir", args=[signalement.pk])
    assert entreprise.suppleant.nom_complet in client.get(decider).content.decode()


def test_les_signalements_de_deux_changements_du_meme_compte_ne_se_confondent_pas(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    changements = [
        changement_bancaire(reference, entreprise.titulaire, genre="RENOMMAGE", titulaire_avant=a, titulaire_apres=b)
        for a, b in (("A", "B"), ("B", "C"))
    ]
    un, autre = (
        signaler_changement(acteur=qui, changement=changement)
        for qui, changement in zip((entreprise.suppleant, entreprise.titulaire), changements, strict=True)
    )
    assert reprendre_signalement(acteur=entreprise.suppleant, signalement=un).etat == "REPRIS"
    assert reprendre_signalement(acteur=entreprise.titulaire, signalement=autre).etat == "REPRIS"
