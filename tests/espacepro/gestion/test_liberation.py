"""Freeing an espace kept from being deleted (CGU §4.c): the office removes its own, the others receive a line, the holder a page."""

import html
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.urls import reverse

from accounts.espace.suppression import EspaceNonActif, SuppressionBloquee, demander_au_gestionnaire, supprimer_espace
from accounts.models import Affaire, Agent, Courriel, Espace, Evenement
from habilitations.arbre.montrees import ApercuChange
from habilitations.depart.liberation import RienNeBloqueIci, liberer_espace
from habilitations.depart.tombees import cles_de, tombent_sous
from habilitations.models import Adhesion, DemandeRetrait, Habilitation, Role
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
MOTIF = "Demande au guichet, pièce d’identité vue."


class Blocage:
    """Karine cannot delete: a service that the office alone removes, another that Inès uses, a third at another office."""

    def __init__(self) -> None:
        self.agent: Agent = AgentFactory()
        self.autre: Agent = AgentFactory()
        self.karine: Espace = EspaceFactory(prenom="Karine", nom="Vidal")
        personne = PersonneFactory(service_gestionnaire=self.agent.service_gestionnaire)
        seul = ServiceFactory(retrait_par_gestionnaire=True)
        with transaction.atomic():
            self.gardee = habiliter(self.karine, personne=personne, service=seul)
            self.partagee = habiliter(self.karine, personne=personne)
            accorder(self.partagee, EspaceFactory(prenom="Inès", nom="Colin"), Role.SUPPLEANT)
            self.libre = habiliter(self.karine, personne=personne)
            elsewhere = PersonneFactory(service_gestionnaire=self.autre.service_gestionnaire)
            self.ailleurs = habiliter(self.karine, personne=elsewhere, service=seul)


@pytest.fixture
def blocage() -> Blocage:
    return Blocage()


def test_de_la_file_a_la_suppression_par_le_detenteur(blocage: Blocage) -> None:
    """Asked for by the holder, lifted by one office then the other; each mail leads to the page where to delete."""
    with pytest.raises(SuppressionBloquee):
        supprimer_espace(acteur=blocage.karine)
    demander_au_gestionnaire(acteur=blocage.karine)
    client = client_verifie(blocage.agent)
    demande = DemandeRetrait.objects.filter(habilitation=blocage.gardee).get()
    adresse = reverse("admin:espace_liberer", args=[blocage.karine.pk])
    fiche = client.get(reverse("admin:habilitations_demanderetrait_change", args=[demande.pk])).content.decode()
    assert f'href="{adresse}"' in fiche
    montre = html.unescape(client.get(adresse).content.decode())
    assert "Inès" in montre
    assert "1\N{NO-BREAK SPACE}: une demande est transmise à chacun d’eux" in montre
    assert blocage.libre.service.libelle not in montre, "what does not keep it stays until the deletion"
    assert client.post(adresse, {"motif": MOTIF, **apercu_de(montre)}).status_code == 302
    connection.check_constraints()
    assert set(Adhesion.objects.ouvertes()) == {blocage.libre.adhesion, blocage.ailleurs.adhesion}
    assert not Affaire.objects.filter(
        file="SUPPRESSION", finie_le=None, service_gestionnaire=blocage.agent.service_gestionnaire
    ).exists()
    courriel = Courriel.objects.get(genre="espace_a_supprimer")
    assert (courriel.destinataire, courriel.contexte["restent"]) == (blocage.karine.compte.email, True)
    assert Evenement.objects.get(acte="espace.libere").details == {"retirees": 2, "transmises": 0, "restent": True}
    liberer_espace(acteur=blocage.autre, espace=blocage.karine, motif=MOTIF)
    assert not Courriel.objects.filter(genre="espace_a_supprimer").order_by("cree_le").last().contexte["restent"]
    supprimer_espace(acteur=blocage.karine)
    assert Espace.objects.get(pk=blocage.karine.pk).etat == Espace.Etat.SUPPRIME


def test_sans_demande_du_detenteur_le_reste_est_transmis(blocage: Blocage) -> None:
    """Asked at the counter: the other office receives a line in its queue, once, and a mail."""
    fait = liberer_espace(acteur=blocage.agent, espace=blocage.karine, motif=MOTIF)
    assert (len(fait.retirees), [d.habilitation for d in fait.transmises]) == (2, [blocage.ailleurs])
    attente = Affaire.objects.get(file="SUPPRESSION", finie_le=None)
    assert attente.service_gestionnaire == blocage.autre.service_gestionnaire
    courriel = Courriel.objects.get(genre="retrait_demande_gestionnaire")
    assert courriel.destinataire == blocage.autre.service_gestionnaire.courriel
    assert blocage.agent.service_gestionnaire.nom in courriel.contexte["motif"]
    assert Evenement.objects.filter(acte="retrait.demande", auteur=f"agent:{blocage.agent.pk}").count() == 1
    with pytest.raises(RienNeBloqueIci):
        liberer_espace(acteur=blocage.agent, espace=blocage.karine, motif=MOTIF)
    assert DemandeRetrait.objects.count() == 1


def test_rien_ne_bloque_ici(blocage: Blocage) -> None:
    etranger = AgentFactory()
    with pytest.raises(RienNeBloqueIci):
        liberer_espace(acteur=etranger, espace=blocage.karine, motif=MOTIF)
    adresse = reverse("admin:espace_liberer", args=[blocage.karine.pk])
    assert client_verifie(etranger).get(adresse).status_code == 404
    liberer_espace(acteur=blocage.agent, espace=blocage.karine, motif=MOTIF)
    reponse = client_verifie(blocage.agent).get(adresse, follow=True)
    assert "n’empêche de supprimer cet espace" in html.unescape(reponse.content.decode())


def test_ce_qui_est_accorde_entre_temps_n_est_pas_retire(blocage: Blocage) -> None:
    ici = [blocage.gardee.adhesion, blocage.partagee.adhesion]
    montrees = cles_de(tombent_sous(ici))
    accorder(blocage.partagee, EspaceFactory(), Role.ACTEUR)
    with pytest.raises(ApercuChange):
        liberer_espace(acteur=blocage.agent, espace=blocage.karine, motif=MOTIF, montrees=montrees)
    assert Adhesion.objects.ouvertes().count() == 4
    assert not DemandeRetrait.objects.exists()


def test_un_espace_supprime_ne_se_libere_pas(blocage: Blocage) -> None:
    seul = EspaceFactory()
    supprimer_espace(acteur=seul)
    with pytest.raises(EspaceNonActif):
        liberer_espace(acteur=blocage.agent, espace=seul, motif=MOTIF)


@pytest.mark.django_db(transaction=True)
def test_deux_services_liberent_pendant_que_le_detenteur_demande(tours: Callable[[int], int]) -> None:
    """Sixteen at once: each office once, one request for each adhésion, and nothing left that keeps the espace."""
    for _ in range(tours(200)):
        with transaction.atomic():
            blocage = Blocage()

        def courir(rang: int, b: Blocage = blocage) -> object:
            if rang % 3 == 0:
                return demander_au_gestionnaire(acteur=b.karine)
            return liberer_espace(acteur=b.agent if rang % 3 == 1 else b.autre, espace=b.karine, motif=MOTIF)

        resultats = en_parallele(16, courir)
        refus = [r for r in resultats if isinstance(r, Exception)]
        assert all(isinstance(r, RienNeBloqueIci) for r in refus), refus
        assert Evenement.objects.filter(acte="espace.libere", espace=blocage.karine.numero_abonne).count() == 2
        assert set(DemandeRetrait.objects.filter(demandeur=blocage.karine).values_list("etat", flat=True)) <= {
            "ACCEPTEE"
        }
        restent = Habilitation.objects.vivantes().filter(espace=blocage.karine)
        assert set(restent) == {blocage.libre}
        supprimer_espace(acteur=blocage.karine)
