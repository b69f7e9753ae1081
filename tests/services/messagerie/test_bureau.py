"""The office's side: who acts, what the company sees, what waits, and that nothing crosses a message that came meanwhile."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.gestion.affaires import prendre
from accounts.models import Affaire, Agent, Evenement
from services.messagerie.accuses import AccuseAvecFichier, parait_faire_patienter
from services.messagerie.bureau import (
    DejaCeService,
    EchangeDejaClos,
    EchangeDejaPris,
    EchangeHorsService,
    MessageArrive,
    MotifDeTransfertRequis,
    ReponseChangee,
    brouillon_du_bureau,
    cle_d_envoi_du_bureau,
    clore_du_bureau,
    dernier_de_l_entreprise,
    echeance,
    envoyer_du_bureau,
    fil,
    garder_du_bureau,
    marquer_lus_du_bureau,
    montre_de,
    noter,
    prendre_en_charge,
    transferer,
)
from services.messagerie.echanges import EchangeDuPortail, EnvoiDUnAutre, MessageVide, repondre, rouvrir
from services.messagerie.modeles import (
    ModeleAbsent,
    ModeleReserve,
    TitreDeModeleRequis,
    enregistrer_modele,
    modeles_pour,
    retirer_modele,
)
from services.messagerie.remise import remettre
from services.messagerie.themes import CODE_ACTIVATION, ThemeInconnu, theme_de
from services.models import Brouillon, Echange, LectureMessage, Message, MessageNonLu, ModeleDeReponse, PieceJointe
from tests.factories import AgentFactory, ServiceGestionnaireFactory, echanger, poser_piece
from tests.services.messagerie.scenes import Scene, ouvrir, repondre_en_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def ecrit(lieu: Scene) -> Echange:
    """An exchange that the titulaire has opened."""
    return ouvrir(lieu)


def affaires(echange: Echange) -> list[Affaire]:
    return list(Affaire.objects.filter(file="MESSAGERIE", cle=str(echange.pk)).order_by("pk"))


def relu(echange: Echange) -> Echange:
    return Echange.objects.get(pk=echange.pk)


def reponse(lieu: Scene, echange: Echange, **champs: Any) -> Message:
    return repondre_en_agent(champs.pop("acteur", lieu.agent), echange, **champs)


def commencer(agent: Agent, echange: Echange) -> uuid.UUID:
    """Keep what an agent begins to answer; return the key of what its page read again shows."""
    brouillon = garder_du_bureau(acteur=agent, echange=echange, texte="C’est noté.")
    assert brouillon is not None
    return cle_d_envoi_du_bureau(brouillon, piece=False)


def test_ce_qui_est_ecrit_attend_jusqu_a_la_reponse(lieu: Scene, ecrit: Echange) -> None:
    [attend] = affaires(ecrit)
    assert (attend.finie_le, attend.personne, attend.service_gestionnaire_id, attend.depuis) == (
        None,
        lieu.personne.pk,
        lieu.personne.service_gestionnaire_id,
        ecrit.attend_le,
    )
    message = reponse(lieu, ecrit)
    assert affaires(ecrit)[0].finie_le is not None
    assert relu(ecrit).etat == Echange.Etat.REPONDU
    assert set(MessageNonLu.objects.filter(message=message).values_list("lecteur", flat=True)) == {
        lieu.titulaire.compte_id,
        lieu.acteur.compte_id,
    }
    repondre(acteur=lieu.acteur, echange=ecrit, texte="Merci", envoi=uuid.uuid4())
    assert [une.finie_le is None for une in affaires(ecrit)] == [False, True]


def test_pris_en_charge_il_attend_toujours(lieu: Scene, ecrit: Echange) -> None:
    prendre_en_charge(acteur=lieu.agent, echange=ecrit)
    assert relu(ecrit).etat == Echange.Etat.PRIS_EN_CHARGE
    assert (affaires(ecrit)[0].finie_le, affaires(ecrit)[0].agent) == (None, lieu.agent), "one act, not two"
    with pytest.raises(EchangeDejaPris):
        prendre_en_charge(acteur=lieu.agent, echange=ecrit)


def test_pris_par_un_collegue_il_reste_a_lui(lieu: Scene, ecrit: Echange) -> None:
    collegue = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire)
    prendre(acteur=collegue, affaire=affaires(ecrit)[0])
    prendre_en_charge(acteur=lieu.agent, echange=ecrit)
    assert relu(ecrit).etat == Echange.Etat.PRIS_EN_CHARGE
    assert affaires(ecrit)[0].agent == collegue


def test_un_accuse_de_reception_n_est_pas_une_reponse(lieu: Scene, ecrit: Echange) -> None:
    """The office that only says that a message came still owes its answer, by the day that it promised."""
    promise = echeance(ecrit)
    message = reponse(lieu, ecrit, texte="Votre message est bien arrivé.", attend=True)
    assert MessageNonLu.objects.filter(message=message).exists(), "the company reads it"
    assert (relu(ecrit).etat, relu(ecrit).attend_le) == (Echange.Etat.PRIS_EN_CHARGE, ecrit.attend_le)
    assert echeance(relu(ecrit)) == promise
    assert (affaires(ecrit)[0].finie_le, affaires(ecrit)[0].agent) == (None, lieu.agent)
    assert not Evenement.objects.filter(acte="echange.repondu").exists()
    reponse(lieu, ecrit, texte="Encore un peu de patience.", attend=True)
    assert relu(ecrit).etat == Echange.Etat.PRIS_EN_CHARGE
    reponse(lieu, ecrit)
    assert relu(ecrit).etat == Echange.Etat.REPONDU
    reponse(lieu, ecrit, texte="Bonne journée.", attend=True)
    assert relu(ecrit).etat == Echange.Etat.REPONDU, "nothing waits any more"


def test_un_accuse_dont_un_fichier_attend_son_controle_ne_part_pas(lieu: Scene, ecrit: Echange) -> None:
    commencer(lieu.agent, ecrit)
    poser_piece(brouillon=brouillon_du_bureau(lieu.agent, ecrit))
    with pytest.raises(AccuseAvecFichier):
        reponse(lieu, ecrit, attend=True)
    assert relu(ecrit).etat == Echange.Etat.ENVOYE
    assert brouillon_du_bureau(lieu.agent, ecrit) is not None


@pytest.mark.parametrize(
    ("texte", "attend"),
    [
        ("Votre message est bien arrivé. Nous vous répondrons dans le délai indiqué.", True),
        ("Nous accusons réception de votre demande.", True),
        ("Accusé de réception", True),
        ("Je reviendrai vers vous sous peu.", True),
        ("Votre option vaut à partir du 1er janvier.", False),
        ("Répondez-nous avant le 3 mars : nous avons bien reçu votre facture.", False),
    ],
)
def test_ce_qui_promet_une_reponse_parait_faire_patienter(texte: str, attend: bool) -> None:
    assert parait_faire_patienter(texte) == attend


def test_une_piece_demandee_attend_l_entreprise(lieu: Scene, ecrit: Echange) -> None:
    reponse(lieu, ecrit, texte="Joignez la facture.", piece=True)
    assert relu(ecrit).etat == Echange.Etat.PIECE_DEMANDEE
    assert relu(ecrit).attend_le is None


def test_une_note_ne_sort_pas_du_service_et_ne_change_rien(lieu: Scene, ecrit: Echange) -> None:
    note = noter(acteur=lieu.agent, echange=ecrit, texte="Vu avec le chef.", envoi=uuid.uuid4())
    assert (relu(ecrit).etat, relu(ecrit).dernier_le) == (ecrit.etat, ecrit.dernier_le)
    assert not MessageNonLu.objects.filter(message=note).exists()
    assert [message.interne for message in fil(ecrit)] == [False, True]
    assert Evenement.objects.filter(acte="echange.note").exists()


@pytest.mark.parametrize("acte", ["repondre", "clore"])
def test_rien_ne_croise_un_message_arrive_entre_temps(lieu: Scene, ecrit: Echange, acte: str) -> None:
    vu, montre = dernier_de_l_entreprise(ecrit), montre_de(lieu.agent, ecrit)
    envoi = commencer(lieu.agent, ecrit)
    repondre(acteur=lieu.acteur, echange=ecrit, texte="Une précision", envoi=uuid.uuid4())
    actes: dict[str, Callable[[], object]] = {
        "repondre": lambda: envoyer_du_bureau(acteur=lieu.agent, echange=ecrit, envoi=envoi, montre=montre),
        "clore": lambda: clore_du_bureau(acteur=lieu.agent, echange=ecrit, vu=vu),
    }
    with pytest.raises(MessageArrive):
        actes[acte]()
    assert relu(ecrit).etat == Echange.Etat.ENVOYE


def test_clos_par_le_service_une_reponse_de_l_entreprise_le_rouvre(lieu: Scene, ecrit: Echange) -> None:
    clore_du_bureau(acteur=lieu.agent, echange=ecrit, vu=dernier_de_l_entreprise(ecrit))
    clos = relu(ecrit)
    assert (clos.etat, clos.clos_par_usager) == (Echange.Etat.CLOS, False)
    with pytest.raises(EchangeDejaClos):
        clore_du_bureau(acteur=lieu.agent, echange=ecrit, vu=dernier_de_l_entreprise(ecrit))
    repondre(acteur=lieu.titulaire, echange=ecrit, texte="Encore", envoi=uuid.uuid4())
    assert relu(ecrit).etat == Echange.Etat.ENVOYE


def test_un_formulaire_envoye_deux_fois_repond_une_fois(lieu: Scene, ecrit: Echange) -> None:
    montre, envoi = montre_de(lieu.agent, ecrit), commencer(lieu.agent, ecrit)

    def envoyer(acteur: Agent) -> Message:
        return envoyer_du_bureau(acteur=acteur, echange=ecrit, envoi=envoi, montre=montre)

    assert envoyer(lieu.agent) == envoyer(lieu.agent)
    assert Message.objects.filter(agent=lieu.agent).count() == 1
    with pytest.raises(EnvoiDUnAutre):
        envoyer(AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire))


def test_transmis_il_attend_ailleurs_depuis_le_meme_jour(lieu: Scene, ecrit: Echange) -> None:
    Affaire.objects.filter(cle=str(ecrit.pk)).update(agent=lieu.agent, prise_le=timezone.now())
    autre = AgentFactory()
    transferer(acteur=lieu.agent, echange=ecrit, vers=autre.service_gestionnaire, motif="Relève de la DGE")
    [attend] = affaires(ecrit)
    assert (attend.service_gestionnaire, attend.agent, attend.prise_le, attend.depuis) == (
        autre.service_gestionnaire,
        None,
        None,
        ecrit.attend_le,
    )
    assert [m.texte for m in fil(ecrit)][1:] == [
        f"Transmis à {autre.service_gestionnaire.nom}\N{NO-BREAK SPACE}: Relève de la DGE",
        f"Votre échange est transmis à {autre.service_gestionnaire.nom}, qui vous répondra.",
    ]
    with pytest.raises(EchangeHorsService):
        reponse(lieu, ecrit)
    assert reponse(lieu, ecrit, acteur=autre).agent == autre


@pytest.mark.parametrize(("motif", "refus"), [("  ", MotifDeTransfertRequis), ("x" * 301, MotifDeTransfertRequis)])
def test_un_transfert_dit_pourquoi(lieu: Scene, ecrit: Echange, motif: str, refus: type[Exception]) -> None:
    with pytest.raises(refus):
        transferer(acteur=lieu.agent, echange=ecrit, vers=ServiceGestionnaireFactory(), motif=motif)
    with pytest.raises(DejaCeService):
        transferer(acteur=lieu.agent, echange=ecrit, vers=lieu.agent.service_gestionnaire, motif="x")


@pytest.mark.parametrize("fonction", sorted(set(Agent.Fonction) - {Agent.Fonction.AUCUNE}))
@pytest.mark.parametrize("ici", [True, False])
def test_seuls_les_agents_du_service_agissent(lieu: Scene, ecrit: Echange, fonction: str, ici: bool) -> None:
    bureau = {"service_gestionnaire": lieu.personne.service_gestionnaire} if ici else {}
    agent = AgentFactory(fonction=fonction, **bureau)
    vu, envoi, montre = dernier_de_l_entreprise(ecrit), uuid.uuid4(), montre_de(lieu.agent, ecrit)
    actes = [
        lambda: prendre_en_charge(acteur=agent, echange=ecrit),
        lambda: noter(acteur=agent, echange=ecrit, texte="x", envoi=uuid.uuid4()),
        lambda: reponse(lieu, ecrit, acteur=agent),
        lambda: clore_du_bureau(acteur=agent, echange=ecrit, vu=vu),
        lambda: transferer(acteur=agent, echange=ecrit, vers=ServiceGestionnaireFactory(), motif="x"),
    ]
    for acte in actes[:-1] if ici and fonction in {"GESTIONNAIRE", "CHEF"} else []:
        acte()
    actes.append(lambda: envoyer_du_bureau(acteur=agent, echange=ecrit, envoi=envoi, montre=montre))
    for acte in actes if not (ici and fonction in {"GESTIONNAIRE", "CHEF"}) else []:
        with pytest.raises(EchangeHorsService):
            acte()


def test_le_portail_n_attend_pas_de_reponse(lieu: Scene) -> None:
    echange = echanger(lieu.personne, theme=CODE_ACTIVATION, etat=Echange.Etat.REPONDU)
    with pytest.raises(EchangeDuPortail):
        reponse(lieu, echange)


def test_un_texte_vide_n_est_pas_envoye(lieu: Scene, ecrit: Echange) -> None:
    envoi = commencer(lieu.agent, ecrit)
    brouillon = brouillon_du_bureau(lieu.agent, ecrit)
    assert brouillon is not None
    poser_piece(brouillon=brouillon)
    garde = garder_du_bureau(acteur=lieu.agent, echange=ecrit, texte="  \n ")
    assert garde == brouillon, "its file is kept"
    montre = montre_de(lieu.agent, ecrit)
    with pytest.raises(ReponseChangee):
        envoyer_du_bureau(acteur=lieu.agent, echange=ecrit, envoi=envoi, montre=montre)
    envoi = cle_d_envoi_du_bureau(brouillon_du_bureau(lieu.agent, ecrit), piece=False)  # type: ignore[arg-type]
    with pytest.raises(MessageVide):
        envoyer_du_bureau(acteur=lieu.agent, echange=ecrit, envoi=envoi, montre=montre)


def test_ce_qui_attend_son_controle_n_est_pas_lu_du_service(lieu: Scene, ecrit: Echange) -> None:
    Message.objects.create(echange=ecrit, espace=lieu.titulaire, texte="avec pièce", pret_le=None)
    assert [message.texte for message in fil(ecrit)] == ["Bonjour"]


@pytest.mark.parametrize("etat", [Echange.Etat.REPONDU, Echange.Etat.PIECE_DEMANDEE, Echange.Etat.CLOS])
def test_ce_qui_arrive_apres_la_reponse_ou_la_cloture_attend_le_service(lieu: Scene, etat: str) -> None:
    """Its files were still being analysed when the office answered or closed: nobody would have read it."""
    echange = echanger(lieu.personne, etat=etat)
    tard = Message.objects.create(echange=echange, espace=lieu.titulaire, texte="avec pièce", pret_le=None)
    remettre(tard)
    assert (relu(echange).etat, relu(echange).clos_le) == (Echange.Etat.ENVOYE, None)
    assert [une.finie_le for une in affaires(echange)] == [None]


def test_l_accuse_de_lecture_de_l_agent_est_laisse_une_fois(lieu: Scene, ecrit: Echange) -> None:
    reponse(lieu, ecrit)
    for _ in range(2):
        marquer_lus_du_bureau(lieu.agent, list(fil(ecrit)))
    assert [lecture.message.texte for lecture in LectureMessage.objects.filter(lecteur=lieu.agent.compte)] == [
        "Bonjour"
    ]


def test_la_reponse_est_promise_par_le_theme(lieu: Scene, ecrit: Echange) -> None:
    assert ecrit.attend_le is not None
    assert echeance(ecrit) == ecrit.attend_le + timedelta(days=theme_de("TVA").delai_jours)
    reponse(lieu, ecrit)
    assert echeance(relu(ecrit)) is None


def test_l_entreprise_rattachee_emporte_ses_echanges_ouverts(lieu: Scene, ecrit: Echange) -> None:
    clos = echanger(lieu.personne, etat=Echange.Etat.CLOS)
    ancien, nouveau = lieu.personne.service_gestionnaire, ServiceGestionnaireFactory()
    with connection.cursor() as curseur:  # whatever moves it
        curseur.execute(
            "UPDATE services_personnesirenisee SET service_gestionnaire_id = %s WHERE id = %s",
            [nouveau.pk, lieu.personne.pk],
        )
    assert relu(ecrit).service_gestionnaire == nouveau
    assert affaires(ecrit)[0].service_gestionnaire == nouveau
    assert relu(clos).service_gestionnaire == ancien


def test_un_echange_transmis_ne_suit_pas_l_entreprise_qui_demenage(lieu: Scene, ecrit: Echange) -> None:
    tiers = AgentFactory()
    transferer(acteur=lieu.agent, echange=ecrit, vers=tiers.service_gestionnaire, motif="C’est de son ressort.")
    Affaire.objects.filter(cle=str(ecrit.pk)).update(agent=tiers, prise_le=timezone.now())
    garder_du_bureau(acteur=tiers, echange=relu(ecrit), texte="J’y réponds")
    lieu.personne.service_gestionnaire = ServiceGestionnaireFactory()
    lieu.personne.save()
    assert relu(ecrit).service_gestionnaire == tiers.service_gestionnaire
    [attend] = affaires(ecrit)
    assert (attend.service_gestionnaire, attend.agent) == (tiers.service_gestionnaire, tiers)
    assert brouillon_du_bureau(tiers, ecrit) is not None


@pytest.mark.parametrize("comment", ["transmis", "demenage"])
def test_ce_qui_change_de_bureau_n_y_est_pris_en_charge_de_personne(lieu: Scene, ecrit: Echange, comment: str) -> None:
    """However it does: nobody there has it, and whoever takes it may say so to the company."""
    prendre_en_charge(acteur=lieu.agent, echange=ecrit)
    tiers = AgentFactory()
    if comment == "transmis":
        rendu = transferer(acteur=lieu.agent, echange=ecrit, vers=tiers.service_gestionnaire, motif="De son ressort")
        assert rendu.etat == Echange.Etat.ENVOYE
    else:
        lieu.personne.service_gestionnaire = tiers.service_gestionnaire
        lieu.personne.save()
    ici = relu(ecrit)
    assert (ici.etat, ici.attend_le) == (Echange.Etat.ENVOYE, ecrit.attend_le)
    assert [(une.agent, une.depuis) for une in affaires(ecrit)] == [(None, ecrit.attend_le)]
    assert prendre_en_charge(acteur=tiers, echange=ici).etat == Echange.Etat.PRIS_EN_CHARGE
    assert affaires(ecrit)[0].agent == tiers


@pytest.mark.parametrize("comment", ["transmis", "demenage", "rouvert"])
def test_ce_que_l_ancien_bureau_a_commence_de_repondre_est_efface(lieu: Scene, ecrit: Echange, comment: str) -> None:
    garder_du_bureau(acteur=lieu.agent, echange=ecrit, texte="Je vous réponds que")
    garde = brouillon_du_bureau(lieu.agent, ecrit)
    assert garde is not None
    piece = poser_piece(brouillon=garde, analyse=PieceJointe.Analyse.NON_ANALYSEE, analysee_le=timezone.now())
    sien = Brouillon.objects.create(espace=lieu.titulaire, personne=lieu.personne, echange=ecrit, texte="À nous")
    ailleurs = ServiceGestionnaireFactory()
    if comment == "transmis":
        transferer(acteur=lieu.agent, echange=ecrit, vers=ailleurs, motif="C’est de son ressort.")
    else:
        if comment == "rouvert":
            clore_du_bureau(acteur=lieu.agent, echange=ecrit, vu=dernier_de_l_entreprise(ecrit))
        lieu.personne.service_gestionnaire = ailleurs
        lieu.personne.save()
        if comment == "rouvert":
            rouvrir(acteur=lieu.titulaire, echange=relu(ecrit))
    assert relu(ecrit).service_gestionnaire == ailleurs
    assert list(Brouillon.objects.all()) == [sien], "what the company has begun is its own"
    assert not PieceJointe.objects.filter(pk=piece.pk).exists()


# --- Models of answers


def test_le_chef_tient_les_modeles_de_son_service(lieu: Scene) -> None:
    chef = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire, fonction=Agent.Fonction.CHEF)
    modele = enregistrer_modele(acteur=chef, titre="Accusé", texte="Bonjour", theme="TVA")
    ModeleDeReponse.objects.create(titre="Commun", texte="x")
    ModeleDeReponse.objects.create(titre="Ailleurs", texte="x", service_gestionnaire=ServiceGestionnaireFactory())
    assert [str(un) for un in modeles_pour(lieu.agent, "TVA")] == ["Accusé", "Commun"]
    assert [str(un) for un in modeles_pour(lieu.agent, "IS")] == ["Commun"]
    enregistrer_modele(acteur=chef, titre="Accusé de réception", texte="Bonjour", modele=modele)
    assert [str(un) for un in modeles_pour(lieu.agent, "IS")] == ["Accusé de réception", "Commun"]
    retirer_modele(acteur=chef, modele=modele)
    with pytest.raises(ModeleAbsent):
        retirer_modele(acteur=chef, modele=modele)
    assert Evenement.objects.filter(acte="modele_de_reponse.retire").count() == 1


def test_un_modele_n_est_pas_d_un_autre_ni_de_qui_n_est_pas_chef(lieu: Scene) -> None:
    chef = AgentFactory(fonction=Agent.Fonction.CHEF)
    sien = enregistrer_modele(acteur=chef, titre="Accusé", texte="Bonjour")
    voisin = AgentFactory(fonction=Agent.Fonction.CHEF)
    for acte in (
        lambda: enregistrer_modele(acteur=voisin, titre="x", texte="x", modele=sien),
        lambda: retirer_modele(acteur=voisin, modele=sien),
    ):
        with pytest.raises(ModeleAbsent):
            acte()
    for acte in (
        lambda: enregistrer_modele(acteur=lieu.agent, titre="x", texte="x"),
        lambda: retirer_modele(acteur=lieu.agent, modele=sien),
    ):
        with pytest.raises(ModeleReserve):
            acte()


@pytest.mark.parametrize(
    ("champs", "refus"),
    [
        ({"titre": " "}, TitreDeModeleRequis),
        ({"titre": "x" * 81}, TitreDeModeleRequis),
        ({"texte": ""}, MessageVide),
        ({"theme": "RIEN"}, ThemeInconnu),
    ],
)
def test_un_modele_mal_ecrit_est_refuse(champs: dict[str, str], refus: type[Exception]) -> None:
    chef = AgentFactory(fonction=Agent.Fonction.CHEF)
    with pytest.raises(refus):
        enregistrer_modele(acteur=chef, **({"titre": "Accusé", "texte": "Bonjour"} | champs))
