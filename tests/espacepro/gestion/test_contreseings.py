"""Four eyes: what one agent asks for, another one countersigns; shown with the deletion after a death, the first of these acts."""

import html
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer
from accounts.espace.suppression import EspaceNonActif, supprimer_espace
from accounts.gestion.acteurs import ACCES_TOUCHE
from accounts.gestion.agents import PreuveIdentite, reinitialiser_agent
from accounts.gestion.contreseings import (
    ActeGrave,
    ActeGraveDejaDeclare,
    ContreseingDejaDecide,
    ContreseingDejaDemande,
    ContreseingExpire,
    ContreseingHorsCompetence,
    ContreseingParUnAutre,
    ContreseingParUneMainLiee,
    ContreseingPasLeVotre,
    MotifDeContreseingRequis,
    abandonner_contreseing,
    actes_graves,
    contresigner,
    expirer_contreseings,
    inscrire,
    refuser_contreseing,
    remonter_contreseings,
    seconds_possibles,
)
from accounts.gestion.equipe import donner_fonction, retirer_fonction
from accounts.models import Affaire, Agent, Compte, Contreseing, Courriel, Espace, Evenement
from accounts.saisies.dates import jour_heure, jour_heure_en_lettres
from accounts.traces.agents_relus import FonctionChangee
from espacepro.gestion.deces import (
    DetenteurConnecteDepuis,
    EspaceHorsCompetence,
    PreuveDeDecesRequise,
    demander_suppression_pour_deces,
)
from habilitations.arbre.montrees import ApercuChange
from habilitations.depart.tombees import cles_de, tombent_avec
from habilitations.models import Adhesion, Habilitation, Role
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
MOTIF = "Acte présenté au guichet par son épouse."
VENDREDI = datetime(2026, 11, 27, 15, tzinfo=UTC)


class Bureau:
    """Two agents of one office, the cell, and the espace of Karine Vidal: titulaire here and elsewhere, others below her."""

    def __init__(self) -> None:
        self.premier: Agent = AgentFactory()
        self.service = self.premier.service_gestionnaire
        self.second: Agent = AgentFactory(service_gestionnaire=self.service)
        self.cellule: Agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
        self.karine: Espace = EspaceFactory(prenom="Karine", nom="Vidal")
        self.ines: Espace = EspaceFactory(prenom="Inès", nom="Colin")
        personne = PersonneFactory(service_gestionnaire=self.service, courriel="boulangerie@exemple.fr")
        service = ServiceFactory(retrait_par_gestionnaire=True)
        with transaction.atomic():
            self.racine = habiliter(self.karine, personne=personne, service=service)
            accorder(self.racine, self.ines, Role.SUPPLEANT)
            self.ailleurs = habiliter(self.karine)

    def demander(self, acteur: Agent | None = None, **choix: Any) -> Contreseing:
        return demander_suppression_pour_deces(
            **{
                "acteur": acteur or self.premier,
                "espace": self.karine,
                "preuve": "ACTE",
                "preuve_le": date(2026, 11, 2),
                "motif": MOTIF,
                **choix,
            }
        )


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()


def lire(client: Client, adresse: str) -> str:
    reponse = client.get(adresse, follow=True)
    assert reponse.status_code == 200
    return html.unescape(reponse.content.decode())


def page(demande: Contreseing, acte: str) -> str:
    return reverse(f"admin:accounts_contreseing_{acte}", args=[demande.pk])


def test_un_agent_demande_un_autre_contresigne_et_l_espace_est_supprime(bureau: Bureau) -> None:
    """From the page of the espace to the deletion: proof without a copy, what falls shown twice, everybody told."""
    premier, second = client_verifie(bureau.premier), client_verifie(bureau.second)
    adresse = reverse("admin:espace_deces", args=[bureau.karine.pk])
    assert f'href="{adresse}"' in lire(premier, reverse("admin:espace", args=[bureau.karine.pk]))
    montre = lire(premier, adresse)
    assert "Inès" in montre
    assert "entreprises\u00a0: 1" in montre, "what is elsewhere is counted"
    assert bureau.ailleurs.personne.denomination not in montre
    saisie = {"preuve": "ACTE", "preuve_le": "2026-11-02", "motif": MOTIF, **apercu_de(montre)}
    assert premier.post(adresse, saisie).status_code == 302
    demande = Contreseing.objects.get()
    assert Espace.objects.get(pk=bureau.karine.pk).est_actif, "nothing is done yet"
    attente = Affaire.objects.get(file="CONTRESEING")
    assert (attente.service_gestionnaire, attente.finie_le) == (bureau.service, None)
    assert Courriel.objects.get(genre="contreseing_demande").destinataire == bureau.service.courriel
    assert "contreseing.demande" in Evenement.objects.values_list("acte", flat=True)

    # Who asked is not given it, and may only take it back.
    assert "ceux que vous avez demandés" in html.unescape(
        premier.post(reverse("admin:prendre_suivante", args=["CONTRESEING"]), follow=True).content.decode()
    )
    fiche = lire(premier, page(demande, "change"))
    assert page(demande, "abandonner") in fiche
    assert page(demande, "contresigner") not in fiche
    assert "c’est un autre agent" in lire(premier, page(demande, "contresigner"))

    reponse = second.post(reverse("admin:prendre_suivante", args=["CONTRESEING"]))
    assert reponse["Location"] == page(demande, "change")
    fiche = lire(second, page(demande, "change"))
    assert page(demande, "contresigner") in fiche
    assert "Preuve vue\u00a0: acte de décès" in fiche, "the page itself says what was seen, and when"
    assert "Date de la preuve\u00a0: 02/11/2026" in fiche
    libelle = actes_graves()[demande.genre].libelle
    assert f"<h1>{libelle}</h1>" in fiche
    file = lire(second, reverse("admin:file", args=["CONTRESEING"]))
    assert f"{libelle[0].lower()}{libelle[1:]}, demandé par {bureau.premier}" in file, (
        "each row names the act, and who asked"
    )
    montre = lire(second, page(demande, "contresigner"))
    assert "acte de décès" in montre
    assert MOTIF in montre
    second.post(page(demande, "contresigner"), apercu_de(montre))
    connection.check_constraints()
    espace = Espace.objects.get(pk=bureau.karine.pk)
    assert (espace.etat, espace.nom, espace.compte) == ("SUPPRIME", "", None)
    assert f"Espace supprimé ({espace.numero_lisible})" in lire(second, page(demande, "change"))
    assert not Adhesion.objects.ouvertes().exists()
    evenement = Evenement.objects.get(acte="espace.supprime_deces")
    assert (evenement.auteur, evenement.details["preuve"]) == (f"agent:{bureau.second.pk}", "ACTE")
    genres = dict(Courriel.objects.values_list("genre", "destinataire"))
    assert genres["habilitation_perdue_suppression"] == bureau.ines.compte.email
    assert genres["deces_entreprise"] == "boulangerie@exemple.fr"
    assert genres["deces_gestionnaire"] == bureau.ailleurs.personne.service_gestionnaire.courriel
    assert genres["contreseing_decide"] == bureau.premier.compte.email
    assert genres["espace_supprime"], "the address is told: perhaps nobody died"
    assert Affaire.objects.get(file="CONTRESEING").finie_le is not None
    assert "c’est fait, le" in lire(second, page(demande, "change"))


def test_ce_qui_tombe_est_compare_sous_les_verrous(bureau: Bureau) -> None:
    demande = bureau.demander()
    montrees = cles_de(tombent_avec(bureau.karine))
    accorder(bureau.racine, EspaceFactory(), Role.ACTEUR)
    with pytest.raises(ApercuChange):
        contresigner(acteur=bureau.second, contreseing=demande, montrees=montrees)
    demande.refresh_from_db()
    assert demande.etat == Contreseing.Etat.DEMANDE
    assert Habilitation.objects.vivantes().count() == 4


def test_qui_contresigne(bureau: Bureau) -> None:
    demande = bureau.demander()
    with pytest.raises(ContreseingParUnAutre):
        contresigner(acteur=bureau.premier, contreseing=demande)
    with pytest.raises(ContreseingParUnAutre):
        refuser_contreseing(acteur=bureau.premier, contreseing=demande, reponse="non")
    for autre in (AgentFactory(), bureau.cellule, AgentFactory(fonction=Agent.Fonction.AUDITEUR)):
        with pytest.raises(ContreseingHorsCompetence):
            contresigner(acteur=autre, contreseing=demande)
    with pytest.raises(ContreseingPasLeVotre):
        abandonner_contreseing(acteur=bureau.second, contreseing=demande)
    assert Espace.objects.get(pk=bureau.karine.pk).est_actif


def reinitialiser(chef: Agent, agent: Agent) -> None:
    reinitialiser_agent(acteur=chef, agent=agent, preuve=PreuveIdentite.CARTE)
    Compte.objects.filter(pk=agent.compte_id).update(renouvellement_exige=False)  # and he has chosen another password


def rendre_sa_fonction(chef: Agent, agent: Agent) -> None:
    retirer_fonction(acteur=chef, agent=agent)
    donner_fonction(acteur=chef, agent=agent, fonction=Agent.Fonction.GESTIONNAIRE)


@pytest.mark.parametrize("prendre", [reinitialiser, rendre_sa_fonction])
@pytest.mark.parametrize("demande_par_le_chef", [True, False])
def test_qui_tient_l_acces_d_un_collegue_ne_contresigne_pas_par_lui(
    prendre: Callable[[Agent, Agent], None], demande_par_le_chef: bool, bureau: Bureau
) -> None:
    """A head resets a colleague, reads the first password, and signs in as him: to countersign, or to ask."""
    chef = AgentFactory(service_gestionnaire=bureau.service, fonction=Agent.Fonction.CHEF)
    tiers = AgentFactory(service_gestionnaire=bureau.service)
    prendre(chef, bureau.second)
    bureau.second = Agent.objects.get(pk=bureau.second.pk)
    assert [seconds_possibles(qui) for qui in (chef, bureau.second, tiers)] == [2, 2, 3]
    acteur, second = (chef, bureau.second) if demande_par_le_chef else (bureau.second, chef)
    demande = bureau.demander(acteur=acteur)
    with pytest.raises(ContreseingParUneMainLiee):
        contresigner(acteur=second, contreseing=demande)
    with pytest.raises(ContreseingParUneMainLiee):
        refuser_contreseing(acteur=second, contreseing=demande, reponse="non")
    client = client_verifie(second)
    assert "de proche en proche" in lire(client, page(demande, "contresigner"))
    assert page(demande, "contresigner") not in lire(client, page(demande, "change"))
    assert "ne pouvez pas être le second regard" in html.unescape(
        client.post(reverse("admin:prendre_suivante", args=["CONTRESEING"]), follow=True).content.decode()
    )
    contresigner(acteur=tiers, contreseing=demande)
    assert Espace.objects.get(pk=bureau.karine.pk).etat == "SUPPRIME"


def test_ni_par_deux_comptes_qu_il_a_pris_ni_de_proche_en_proche(bureau: Bureau) -> None:
    chef, autre = (AgentFactory(service_gestionnaire=bureau.service, fonction=Agent.Fonction.CHEF) for _ in range(2))
    reinitialiser(chef, autre)
    reinitialiser(autre, bureau.premier)
    reinitialiser(autre, bureau.second)
    assert seconds_possibles(bureau.premier) == 0
    demande = bureau.demander(acteur=bureau.premier)
    assert demande.a_la_cellule
    for second in (chef, autre, bureau.second):
        with pytest.raises(ContreseingParUneMainLiee):
            contresigner(acteur=second, contreseing=demande)
    contresigner(acteur=bureau.cellule, contreseing=demande)


def test_l_exploitation_ne_lie_personne_et_quinze_jours_passent(bureau: Bureau) -> None:
    reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=bureau.second, preuve=PreuveIdentite.CARTE)
    assert seconds_possibles(bureau.premier) == 1
    chef = AgentFactory(service_gestionnaire=bureau.service, fonction=Agent.Fonction.CHEF)
    reinitialiser(chef, bureau.second)
    assert seconds_possibles(chef) == 1
    assert seconds_possibles(chef, timezone.now() + ACCES_TOUCHE + timedelta(minutes=1)) == 2


def test_ce_qui_attend_expire_en_quinze_jours_et_qui_le_demandait_l_apprend(bureau: Bureau) -> None:
    demande = bureau.demander()
    presque, apres = (demande.demande_le + timedelta(days=15, minutes=delta) for delta in (-1, 1))
    assert expirer_contreseings(maintenant=presque) == 0
    with pytest.raises(ContreseingExpire, match="15 jours"):
        contresigner(acteur=bureau.second, contreseing=demande, maintenant=apres)
    assert (expirer_contreseings(maintenant=apres), expirer_contreseings(maintenant=apres)) == (1, 0)
    demande.refresh_from_db()
    assert (demande.etat, demande.agent) == (Contreseing.Etat.EXPIRE, None)
    assert Evenement.objects.get(acte="contreseing.expire").auteur == "systeme:expirer_contreseings"
    assert Affaire.objects.get(file="CONTRESEING").finie_le is not None
    courriel = Courriel.objects.get(genre="contreseing_decide")
    assert (courriel.destinataire, courriel.contexte["par"]) == (bureau.premier.compte.email, "")
    assert "aucun second regard en 15 jours" in lire(client_verifie(bureau.second), page(demande, "change"))
    bureau.demander()  # anew


@pytest.mark.parametrize(
    "partir",
    [
        lambda agent: Agent.objects.filter(pk=agent.pk).update(fonction=Agent.Fonction.AUCUNE),
        lambda agent: Agent.objects.filter(pk=agent.pk).update(
            service_gestionnaire=AgentFactory().service_gestionnaire
        ),
        lambda agent: type(agent.compte).objects.filter(pk=agent.compte_id).update(is_active=False),
    ],
)
def test_une_demande_ne_survit_pas_a_la_fonction_de_son_auteur(partir: Callable[[Agent], Any], bureau: Bureau) -> None:
    demande = bureau.demander()
    partir(bureau.premier)
    with pytest.raises(ContreseingExpire, match="n’exerce plus"):
        contresigner(acteur=bureau.second, contreseing=demande)
    assert expirer_contreseings() == 1
    assert Espace.objects.get(pk=bureau.karine.pk).est_actif


def test_l_agent_qui_agit_est_relu_sous_verrou(bureau: Bureau) -> None:
    """His function goes between the page and the act: neither asks, nor countersigns, nor refuses, nor takes back."""
    demande = bureau.demander()
    Agent.objects.filter(pk__in=[bureau.premier.pk, bureau.second.pk]).update(fonction=Agent.Fonction.AUCUNE)
    for geste in (
        lambda: bureau.demander(),
        lambda: abandonner_contreseing(acteur=bureau.premier, contreseing=demande),
        lambda: contresigner(acteur=bureau.second, contreseing=demande),
        lambda: refuser_contreseing(acteur=bureau.second, contreseing=demande, reponse="non"),
    ):
        with pytest.raises(FonctionChangee):
            geste()
    parti = AgentFactory(service_gestionnaire=bureau.service)
    Agent.objects.filter(pk=parti.pk).update(service_gestionnaire=AgentFactory().service_gestionnaire)
    with pytest.raises(ContreseingHorsCompetence):
        contresigner(acteur=parti, contreseing=demande)


def test_l_adresse_de_l_espace_et_les_autres_services_apprennent_la_demande(bureau: Bureau) -> None:
    demande = bureau.demander()
    au_detenteur = Courriel.objects.get(genre="deces_demande")
    assert au_detenteur.destinataire == bureau.karine.compte.email
    message = composer(au_detenteur)
    assert "second examen" in message.subject
    assert "signalez-le" in message.body
    assert bureau.service.telephone in message.body
    autre = Courriel.objects.get(genre="deces_demande_gestionnaire")
    assert autre.destinataire == bureau.ailleurs.personne.service_gestionnaire.courriel
    assert bureau.ailleurs.personne.denomination in composer(autre).body
    montre = lire(client_verifie(bureau.second), page(demande, "contresigner"))
    assert "Dernière connexion à cet espace" in montre


def test_qui_donne_signe_de_vie_n_est_pas_supprime(bureau: Bureau) -> None:
    """Signed in after the proof: not even asked for. After the demand: not countersigned; the page shows when."""
    Compte.objects.filter(pk=bureau.karine.compte_id).update(last_login=datetime(2026, 11, 3, 9, tzinfo=UTC))
    with pytest.raises(DetenteurConnecteDepuis):
        bureau.demander()
    demande = bureau.demander(preuve_le=date(2026, 11, 3))
    client = client_verifie(bureau.second)
    assert jour_heure(datetime(2026, 11, 3, 9, tzinfo=UTC)) in lire(client, page(demande, "contresigner"))
    detenteur = Client()
    detenteur.force_login(bureau.karine.compte, backend="accounts.portes.connexion.CompteBackend")
    with pytest.raises(DetenteurConnecteDepuis):
        contresigner(acteur=bureau.second, contreseing=demande)
    reponse = client.post(page(demande, "contresigner"), apercu_de(lire(client, page(demande, "contresigner"))))
    assert "rien n’est supprimé" in html.unescape(reponse.content.decode())
    assert Espace.objects.get(pk=bureau.karine.pk).est_actif
    refuser_contreseing(acteur=bureau.second, contreseing=demande, reponse="Elle s’est connectée.")


def test_une_session_qui_sert_encore_est_un_signe_de_vie(bureau: Bureau) -> None:
    client = Client()
    client.force_login(bureau.karine.compte, backend="accounts.portes.connexion.CompteBackend")
    Compte.objects.filter(pk=bureau.karine.compte_id).update(last_login=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(DetenteurConnecteDepuis):
        bureau.demander()


def test_dans_un_service_d_un_seul_agent_la_cellule_regarde(bureau: Bureau) -> None:
    """So does a colleague whose account is closed, or who is an auditor: nobody else of the office can."""
    bureau.second.compte.is_active = False
    bureau.second.compte.save(update_fields=["is_active"])
    AgentFactory(service_gestionnaire=bureau.service, fonction=Agent.Fonction.AUDITEUR)
    demande = bureau.demander()
    assert demande.a_la_cellule
    assert Affaire.objects.get(file="CONTRESEING").service_gestionnaire is None
    client = client_verifie(bureau.cellule)
    accueil = lire(client, reverse("admin:index"))
    assert "Actes à contresigner" in accueil
    assert "Scanner" not in accueil
    assert client.post(reverse("admin:prendre_suivante", args=["CONTRESEING"]))["Location"] == page(demande, "change")
    montre = lire(client, page(demande, "contresigner"))
    client.post(page(demande, "contresigner"), apercu_de(montre))
    assert Espace.objects.get(pk=bureau.karine.pk).etat == "SUPPRIME"


def test_sans_second_regard_dans_le_jour_ouvre_la_cellule_le_recoit(bureau: Bureau) -> None:
    """Asked on a Friday: Monday's end of day counts, not the week-end's; the office may still decide."""
    demande = bureau.demander(maintenant=VENDREDI)
    assert timezone.localtime(demande.avant_le).date() == date(2026, 11, 30)
    assert remonter_contreseings(maintenant=VENDREDI + timedelta(days=2)) == 0
    tard = demande.avant_le + timedelta(minutes=1)
    assert remonter_contreseings(maintenant=tard) == 1
    assert remonter_contreseings(maintenant=tard) == 0
    demande.refresh_from_db()
    attente = Affaire.objects.get(file="CONTRESEING")
    assert (demande.a_la_cellule, attente.service_gestionnaire) == (True, None)
    assert Evenement.objects.get(acte="contreseing.remonte").auteur == "systeme:remonter_contreseings"
    refuser_contreseing(acteur=bureau.second, contreseing=demande, reponse="Homonyme.")


def test_refuser_dit_pourquoi_a_qui_demandait(bureau: Bureau) -> None:
    demande = bureau.demander()
    client = client_verifie(bureau.second)
    vide = client.post(page(demande, "refuser"), {"reponse": "  "})
    assert "Dites pourquoi vous refusez" in html.unescape(vide.content.decode())
    client.post(page(demande, "refuser"), {"reponse": "L’acte est celui d’un homonyme.\nhttps://ailleurs.exemple/"})
    demande.refresh_from_db()
    assert demande.etat == Contreseing.Etat.REFUSE
    courriel = Courriel.objects.get(genre="contreseing_decide")
    assert courriel.contexte["reponse"] == "L’acte est celui d’un homonyme. https://ailleurs.exemple/"
    assert Espace.objects.get(pk=bureau.karine.pk).est_actif
    with pytest.raises(ContreseingDejaDecide):
        contresigner(acteur=bureau.second, contreseing=demande)
    bureau.demander()  # anew, once refused


def test_une_demande_a_la_fois_et_dite_en_francais(bureau: Bureau) -> None:
    demande = bureau.demander()
    with pytest.raises(ContreseingDejaDemande):
        bureau.demander(acteur=bureau.second)
    abandonner_contreseing(acteur=bureau.premier, contreseing=demande)
    assert Affaire.objects.get(file="CONTRESEING").finie_le is not None
    bureau.demander(acteur=bureau.second)


@pytest.mark.parametrize(
    ("choix", "regle"),
    [
        ({"preuve": "CARTE"}, PreuveDeDecesRequise),
        ({"preuve_le": date(2999, 1, 1)}, PreuveDeDecesRequise),
        ({"preuve_le": date(1789, 7, 14)}, PreuveDeDecesRequise),
        ({"motif": " \n "}, MotifDeContreseingRequis),
        ({"motif": "x" * 501}, MotifDeContreseingRequis),
    ],
)
def test_sans_preuve_ni_motif_rien_n_est_demande(choix: dict[str, Any], regle: type[Exception], bureau: Bureau) -> None:
    with pytest.raises(regle):
        bureau.demander(**choix)
    assert not Contreseing.objects.exists()


def test_l_espace_d_un_autre_service_n_existe_pas(bureau: Bureau) -> None:
    etranger = AgentFactory()
    with pytest.raises(EspaceHorsCompetence):
        bureau.demander(acteur=etranger)
    client = client_verifie(etranger)
    adresse = reverse("admin:espace_deces", args=[bureau.karine.pk])
    assert client.get(adresse).status_code == 404
    assert client.post(adresse, {"preuve": "ACTE"}).status_code == 404


def test_un_espace_desactive_aussi_jamais_un_espace_supprime(bureau: Bureau) -> None:
    Espace.objects.filter(pk=bureau.karine.pk).update(etat=Espace.Etat.DESACTIVE)
    contresigner(acteur=bureau.second, contreseing=bureau.demander())
    with pytest.raises(EspaceNonActif):
        bureau.demander()


def test_le_detenteur_supprime_pendant_que_la_demande_attend(bureau: Bureau) -> None:
    """He is alive, after all: what waited has no object left, and says nothing of him any more."""
    seul = EspaceFactory(siren_appartenance=bureau.racine.personne.siren)
    demande = bureau.demander(espace=seul)
    supprimer_espace(acteur=seul)
    demande.refresh_from_db()
    assert (demande.etat, demande.motif, demande.parametres) == (Contreseing.Etat.EXPIRE, "", {})
    assert Evenement.objects.get(acte="contreseing.expire").espace == seul.numero_abonne
    dit = Courriel.objects.get(genre="contreseing_decide")
    assert (dit.destinataire, dit.contexte["reponse"]) == (bureau.premier.compte.email, "l’espace est supprimé")
    assert Affaire.objects.get(file="CONTRESEING").finie_le is not None
    with pytest.raises(ContreseingDejaDecide):
        contresigner(acteur=bureau.second, contreseing=demande)
    assert client_verifie(bureau.second).get(page(demande, "change")).status_code == 200


def test_deux_actes_graves_ne_portent_pas_le_meme_code() -> None:
    grave = actes_graves()["DECES"]
    inscrire(grave)
    with pytest.raises(ActeGraveDejaDeclare):
        inscrire(ActeGrave(code="DECES", libelle="autre", suite="", faire=grave.faire, faits=lambda agent, demande: []))


@pytest.mark.django_db(transaction=True)
def test_deux_agents_contresignent_pendant_que_le_detenteur_supprime(tours: Callable[[int], int]) -> None:
    """Sixteen at once, agents and the holder: one deletion, one line of it, everybody else is told why not."""
    for _ in range(tours(200)):
        with transaction.atomic():
            bureau = Bureau()
            seconds = [AgentFactory(service_gestionnaire=bureau.service) for _ in range(8)]
            seul = EspaceFactory(siren_appartenance=bureau.racine.personne.siren)
            habiliter(seul)
        demande = bureau.demander(espace=seul)

        def courir(rang: int, d: Contreseing = demande, s: list[Agent] = seconds, e: Espace = seul) -> object:
            if rang % 2:
                return supprimer_espace(acteur=e)
            return contresigner(acteur=s[rang // 2], contreseing=d)

        resultats = en_parallele(16, courir)
        faits = [r for r in resultats if not isinstance(r, Exception)]
        assert len(faits) == 1, resultats
        assert {type(r) for r in resultats if isinstance(r, Exception)} <= {ContreseingDejaDecide, EspaceNonActif}
        assert Evenement.objects.filter(acte__startswith="espace.supprime", espace=seul.numero_abonne).count() == 1
        demande.refresh_from_db()
        assert demande.etat in {Contreseing.Etat.CONTRESIGNE, Contreseing.Etat.EXPIRE}


def test_le_premier_du_mois_s_ecrit_1er_sur_une_fiche(bureau: Bureau) -> None:
    demande = bureau.demander()
    premier = datetime(2026, 12, 1, 12, tzinfo=UTC)
    Contreseing.objects.filter(pk=demande.pk).update(avant_le=premier)
    assert jour_heure_en_lettres(premier) in lire(client_verifie(bureau.second), page(demande, "change"))
