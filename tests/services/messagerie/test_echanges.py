"""Writing, answering, closing, reopening: who may, what is refused, what the journal says, and that a form sends once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Evenement
from habilitations.actes import DELEGATION_RETIREE
from habilitations.arbre.cascade import relire, terminer
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import retirer_delegation
from services.messagerie.brouillons import brouillon_de, brouillons_de, effacer, garder
from services.messagerie.bureau import transferer
from services.messagerie.droits import MessagerieEnConsultation, MessagerieNonDetenue
from services.messagerie.echanges import (
    EchangeDuPortail,
    EnvoiDejaParti,
    EnvoiDUnAutre,
    MessageTropLong,
    MessageVide,
    ObjetTropLong,
    ObjetVide,
    PieceRefusee,
    clore,
    ecrire,
    repondre,
    rouvrir,
)
from services.messagerie.montres import BrouillonMontre, lire_montre
from services.messagerie.remise import remettre
from services.messagerie.themes import CODE_ACTIVATION, ThemeInconnu
from services.models import Brouillon, Echange, Message, PersonneSirenisee, PieceJointe, Service
from tests.factories import (
    EspaceFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    echanger,
    habiliter,
    poser_piece,
)
from tests.services.messagerie.scenes import Scene, recevoir, repondre_en_agent, scene

pytestmark = pytest.mark.django_db


def envoyer(lieu: Scene, **champs: Any) -> Message:
    valeurs = {
        "acteur": lieu.titulaire,
        "personne": lieu.personne,
        "theme": "TVA",
        "objet": "Option pour la TVA",
        "texte": "Bonjour,\n\nnous voudrions opter.",
        "envoi": uuid.uuid4(),
    }
    return ecrire(**(valeurs | champs))


def journal(lieu: Scene) -> list[str]:
    return list(
        Evenement.objects.filter(siren=lieu.personne.siren, acte__regex="^(message|echange)")
        .order_by("pk")
        .values_list("acte", flat=True)
    )


def test_ecrire_ouvre_un_echange_avec_le_service_de_l_entreprise() -> None:
    lieu, maintenant = scene(), timezone.now()
    message = envoyer(lieu, maintenant=maintenant)
    echange = Echange.objects.get()
    assert (echange.service_gestionnaire, echange.theme) == (lieu.personne.service_gestionnaire, "TVA")
    assert (echange.etat, echange.attend_le, echange.dernier_le) == ("ENVOYE", maintenant, maintenant)
    assert message.texte == "Bonjour,\n\nnous voudrions opter."
    assert (message.espace, message.agent, message.pret_le) == (lieu.titulaire, None, maintenant)
    evenement = Evenement.objects.get(acte="message.ecrit")
    assert evenement.details == {"echange": echange.reference, "theme": "TVA"}
    assert "opter" not in str(evenement.details)


def test_un_formulaire_envoye_deux_fois_envoie_une_fois() -> None:
    lieu, envoi = scene(), uuid.uuid4()
    premier = envoyer(lieu, envoi=envoi)
    assert envoyer(lieu, envoi=envoi) == premier
    assert Message.objects.get().texte == premier.texte
    reponse = repondre(acteur=lieu.acteur, echange=premier.echange, texte="Merci", envoi=uuid.uuid4())
    assert repondre(acteur=lieu.acteur, echange=premier.echange, texte="Merci", envoi=reponse.pk) == reponse
    assert Message.objects.count() == 2
    assert journal(lieu) == ["message.ecrit", "message.ecrit"]


def test_la_cle_d_un_autre_ne_sert_pas() -> None:
    lieu = scene()
    premier = envoyer(lieu)
    with pytest.raises(EnvoiDUnAutre):
        envoyer(lieu, acteur=lieu.acteur, envoi=premier.pk)


@pytest.mark.parametrize(
    ("champs", "regle"),
    [
        ({"theme": "INCONNU"}, ThemeInconnu),
        ({"theme": CODE_ACTIVATION}, ThemeInconnu),
        ({"objet": " \u200b "}, ObjetVide),
        ({"objet": "x" * 161}, ObjetTropLong),
        ({"texte": " \n "}, MessageVide),
        ({"texte": "x" * 20_001}, MessageTropLong),
    ],
)
def test_ce_qui_est_refuse_n_ecrit_rien(champs: dict[str, str], regle: type[Exception]) -> None:
    lieu = scene()
    with pytest.raises(regle):
        envoyer(lieu, **champs)
    assert not Echange.objects.exists()
    assert journal(lieu) == []


def test_vingt_mille_signes_et_trois_cents_caracteres() -> None:
    lieu = scene(denomination="É" * 160)
    message = envoyer(lieu, texte="é" * 20_000, objet="ü" * 160)
    assert len(message.texte) == 20_000


def test_qui_n_a_pas_la_messagerie_n_ecrit_ni_ne_clot() -> None:
    lieu, etranger = scene(), EspaceFactory()
    habiliter(etranger, personne=lieu.personne)
    echange = envoyer(lieu).echange
    for acte in (
        lambda: envoyer(lieu, acteur=etranger),
        lambda: repondre(acteur=etranger, echange=echange, texte="x", envoi=uuid.uuid4()),
        lambda: clore(acteur=etranger, echange=echange),
        lambda: rouvrir(acteur=etranger, echange=echange),
        lambda: garder(acteur=etranger, personne=lieu.personne, texte="x"),
    ):
        with pytest.raises(MessagerieNonDetenue):
            acte()


def test_une_entreprise_cessee_ne_s_ecrit_plus() -> None:
    lieu = scene()
    echange = envoyer(lieu).echange
    PersonneSirenisee.objects.update(restreinte_le=timezone.now())
    with pytest.raises(MessagerieEnConsultation):
        repondre(acteur=lieu.titulaire, echange=echange, texte="x", envoi=uuid.uuid4())


def test_repondre_garde_le_rang_de_qui_attend_deja() -> None:
    lieu, avant = scene(), timezone.now() - timedelta(days=3)
    echange = envoyer(lieu, maintenant=avant).echange
    repondre(acteur=lieu.acteur, echange=echange, texte="Une précision", envoi=uuid.uuid4())
    echange.refresh_from_db()
    assert (echange.etat, echange.attend_le) == ("ENVOYE", avant)
    assert echange.dernier_le > avant
    echange.passer("PRIS_EN_CHARGE", timezone.now())
    echange.save()
    repondre(acteur=lieu.acteur, echange=echange, texte="Encore une", envoi=uuid.uuid4())
    echange.refresh_from_db()
    assert (echange.etat, echange.attend_le) == ("PRIS_EN_CHARGE", avant)


@pytest.mark.parametrize("etat", ["REPONDU", "PIECE_DEMANDEE"])
def test_repondre_au_service_attend_de_nouveau(etat: str) -> None:
    lieu, maintenant = scene(), timezone.now()
    echange = echanger(lieu.personne, etat=etat)
    repondre(acteur=lieu.titulaire, echange=echange, texte="Voici", envoi=uuid.uuid4(), maintenant=maintenant)
    echange.refresh_from_db()
    assert (echange.etat, echange.attend_le) == ("ENVOYE", maintenant)


def test_l_agent_a_clos_pendant_que_l_on_repondait() -> None:
    """Nothing is lost: the answer reopens the exchange, at the office that follows the company today."""
    lieu = scene()
    echange = envoyer(lieu).echange
    echange.passer("CLOS", timezone.now())
    echange.save()
    nouveau = ServiceGestionnaireFactory()
    PersonneSirenisee.objects.update(service_gestionnaire=nouveau)
    repondre(acteur=lieu.titulaire, echange=echange, texte="Encore un mot", envoi=uuid.uuid4())
    echange.refresh_from_db()
    assert (echange.etat, echange.clos_le, echange.service_gestionnaire) == ("ENVOYE", None, nouveau)
    assert journal(lieu) == ["message.ecrit", "echange.rouvert", "message.ecrit"]


def test_clore_et_rouvrir_une_fois() -> None:
    lieu = scene()
    echange = envoyer(lieu).echange
    for _ in range(2):
        clos = clore(acteur=lieu.acteur, echange=echange)
    assert (clos.etat, clos.clos_par_usager, clos.attend_le) == ("CLOS", True, None)
    for _ in range(2):
        rouvert = rouvrir(acteur=lieu.titulaire, echange=echange)
    assert (rouvert.etat, rouvert.clos_le, rouvert.clos_par_usager) == ("ENVOYE", None, False)
    assert journal(lieu) == ["message.ecrit", "echange.clos", "echange.rouvert"]


def test_rouvert_apres_une_reponse_il_nous_attend() -> None:
    lieu = scene()
    echange = envoyer(lieu).echange
    recevoir(lieu.personne, agent=lieu.agent, echange=echange)
    recevoir(lieu.personne, agent=lieu.agent, echange=echange, interne=True)
    clore(acteur=lieu.titulaire, echange=echange)
    assert rouvrir(acteur=lieu.titulaire, echange=echange).etat == "REPONDU"


def test_rouvert_apres_un_transfert_il_attend_le_bureau_ou_il_a_ete_transmis() -> None:
    """What the portal said of it is no answer: the company's own word is the last one."""
    lieu = scene()
    echange = envoyer(lieu).echange
    vers = ServiceGestionnaireFactory()
    transferer(acteur=lieu.agent, echange=echange, vers=vers, motif="C’est de son ressort.")
    clore(acteur=lieu.titulaire, echange=echange)
    rouvert = rouvrir(acteur=lieu.titulaire, echange=echange)
    assert (rouvert.etat, rouvert.attend_le is not None, rouvert.service_gestionnaire) == ("ENVOYE", True, vers)
    clore(acteur=lieu.titulaire, echange=echange)
    repondre(acteur=lieu.titulaire, echange=echange, texte="Encore", envoi=uuid.uuid4())
    assert Echange.objects.get(pk=echange.pk).service_gestionnaire == vers


def test_une_piece_demandee_le_reste_quand_on_rouvre() -> None:
    lieu = scene()
    echange = envoyer(lieu).echange
    repondre_en_agent(lieu.agent, echange, "Joignez le bilan.", piece=True)
    transferer(acteur=lieu.agent, echange=echange, vers=ServiceGestionnaireFactory(), motif="C’est de son ressort.")
    clore(acteur=lieu.acteur, echange=echange)
    assert rouvrir(acteur=lieu.titulaire, echange=echange).etat == "PIECE_DEMANDEE"


@pytest.mark.parametrize(
    ("clos_par_usager", "apres", "etat"), [(True, True, "CLOS"), (True, False, "ENVOYE"), (False, True, "ENVOYE")]
)
def test_le_controle_ne_rouvre_pas_ce_que_l_entreprise_a_clos_apres_avoir_ecrit(
    etat: str, *, clos_par_usager: bool, apres: bool
) -> None:
    """What the office closed without having read it is reopened, and what was closed before it was written."""
    lieu = scene()
    message = envoyer(lieu)
    clos_le = message.envoye_le + timedelta(minutes=1 if apres else -1)
    Echange.objects.update(etat="CLOS", clos_le=clos_le, clos_par_usager=clos_par_usager, attend_le=None)
    Message.objects.update(pret_le=None)
    message.refresh_from_db()
    remettre(message)
    assert Echange.objects.get(pk=message.echange_id).etat == etat
    assert ("echange.rouvert" in journal(lieu)) == (etat == "ENVOYE")


def test_un_theme_ote_du_fichier_laisse_ecrire_et_clore() -> None:
    """What was written under it is between the company and its office as before."""
    lieu = scene()
    echange = envoyer(lieu).echange
    Echange.objects.update(theme="ANCIEN_THEME")
    assert repondre_en_agent(lieu.agent, echange).pret_le is not None
    repondre(acteur=lieu.titulaire, echange=echange, texte="Merci", envoi=uuid.uuid4())
    clore(acteur=lieu.titulaire, echange=echange)
    assert rouvrir(acteur=lieu.titulaire, echange=echange).etat == "ENVOYE"


def test_on_ne_repond_pas_au_portail() -> None:
    lieu = scene()
    echange = echanger(lieu.personne, theme=CODE_ACTIVATION, etat="REPONDU")
    with pytest.raises(EchangeDuPortail):
        repondre(acteur=lieu.titulaire, echange=echange, texte="x", envoi=uuid.uuid4())
    assert clore(acteur=lieu.titulaire, echange=echange).etat == "CLOS"
    with pytest.raises(EchangeDuPortail):
        rouvrir(acteur=lieu.titulaire, echange=echange)


# --- Drafts


def test_un_brouillon_est_a_son_auteur_seul_et_finit_a_l_envoi() -> None:
    lieu = scene()
    garder(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Option", texte="Bonj")
    garde = garder(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Option", texte="Bonjour")
    assert garde is not None
    assert brouillon_de(lieu.titulaire, lieu.personne) == garde
    assert brouillons_de(lieu.titulaire) == [garde]
    assert Brouillon.objects.get().texte == "Bonjour"
    assert brouillon_de(lieu.acteur, lieu.personne) is None
    effacer(acteur=lieu.acteur, brouillon=garde)
    envoyer(lieu, acteur=lieu.acteur)
    assert Brouillon.objects.exists()
    envoyer(lieu)
    assert not Brouillon.objects.exists()


def test_qui_garde_la_boite_par_un_autre_droit_garde_son_brouillon() -> None:
    lieu = scene()
    seconde = ServiceFactory(code="MESSAGERIE_BIS", famille=Service.Famille.MESSAGERIE)
    accorder(habiliter(EspaceFactory(), personne=lieu.personne, service=seconde), lieu.acteur, Role.ACTEUR)
    autre = EspaceFactory()
    fins = [Habilitation.objects.get(espace=lieu.acteur, service=lieu.racine.service)]
    fins.append(accorder(lieu.racine, autre, Role.ACTEUR))
    for espace in (lieu.acteur, autre):
        garder(acteur=espace, personne=lieu.personne, texte="Bonjour")
    terminer(
        relire([h.pk for h in fins]),
        auteur=lieu.titulaire,
        acte=DELEGATION_RETIREE,
        motif=Habilitation.MotifFin.RETRAIT,
        maintenant=timezone.now(),
    )
    assert [brouillon.espace for brouillon in Brouillon.objects.all()] == [lieu.acteur]


def test_un_brouillon_vide_n_est_pas_garde() -> None:
    lieu = scene()
    assert garder(acteur=lieu.titulaire, personne=lieu.personne, texte="  ") is None
    garder(acteur=lieu.titulaire, personne=lieu.personne, texte="x")
    assert garder(acteur=lieu.titulaire, personne=lieu.personne) is None
    assert not Brouillon.objects.exists()


@pytest.mark.parametrize(
    ("champ", "longueur", "regle"), [("objet", 161, ObjetTropLong), ("texte", 20_001, MessageTropLong)]
)
def test_un_brouillon_trop_long_est_dit(champ: str, longueur: int, regle: type[Exception]) -> None:
    lieu = scene()
    with pytest.raises(regle):
        garder(acteur=lieu.titulaire, personne=lieu.personne, **{champ: "x" * longueur})


def test_un_brouillon_finit_avec_le_droit() -> None:
    lieu = scene()
    for espace in (lieu.titulaire, lieu.acteur):
        garder(acteur=espace, personne=lieu.personne, texte="Bonjour")
    retirer_delegation(acteur=lieu.titulaire, delegations=[Habilitation.objects.get(espace=lieu.acteur)])
    assert list(Brouillon.objects.values_list("espace", flat=True)) == [lieu.titulaire.pk]


def test_un_droit_en_veille_cache_le_brouillon_sans_l_effacer() -> None:
    lieu = scene()
    garder(acteur=lieu.acteur, personne=lieu.personne, texte="Bonjour")
    tenue = Habilitation.objects.filter(espace=lieu.acteur)
    tenue.update(etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now())
    assert (brouillon_de(lieu.acteur, lieu.personne), brouillons_de(lieu.acteur)) == (None, [])
    tenue.update(etat="ACTIVE", veille_motif="", veille_depuis=None)
    assert brouillon_de(lieu.acteur, lieu.personne) is not None


# --- Files of a draft


def piece(brouillon: Brouillon, analyse: str) -> PieceJointe:
    return poser_piece(
        brouillon=brouillon, analyse=analyse, analysee_le=None if analyse == "A_FAIRE" else timezone.now()
    )


@pytest.mark.parametrize(("analyse", "arrive"), [("SAINE", True), ("NON_ANALYSEE", True), ("A_FAIRE", False)])
def test_les_pieces_du_brouillon_partent_avec_lui(analyse: str, *, arrive: bool) -> None:
    lieu = scene()
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert brouillon is not None
    jointe = piece(brouillon, analyse)
    message = envoyer(lieu)
    jointe.refresh_from_db()
    assert (jointe.message, jointe.brouillon) == (message, None)
    assert (message.pret_le is not None) == arrive


def test_une_piece_refusee_retient_l_envoi() -> None:
    lieu = scene()
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert brouillon is not None
    piece(brouillon, "QUARANTAINE")
    with pytest.raises(PieceRefusee, match="bilan.pdf"):
        envoyer(lieu)
    assert Brouillon.objects.exists()


def test_l_objet_garde_ses_apostrophes() -> None:
    """It is somebody's own words: what is searched for finds it by the folding, whatever the apostrophe."""
    lieu = scene()
    message = ecrire(
        acteur=lieu.titulaire,
        personne=lieu.personne,
        theme="TVA",
        objet="Question\u00a0sur l’été",
        texte="Bonjour",
        envoi=uuid.uuid4(),
    )
    assert message.echange.objet == "Question sur l’été"
    assert Echange.objects.filter(objet__replie_contient="l'ete").exists()


@pytest.mark.parametrize("change", [{"texte": "Autre texte"}, {"objet": "Autre objet"}, {"theme": "IS"}])
def test_la_meme_cle_et_autre_chose_n_est_pas_le_meme_message(change: dict[str, str]) -> None:
    lieu, envoi = scene(), uuid.uuid4()
    message = envoyer(lieu, envoi=envoi)
    assert envoyer(lieu, envoi=envoi) == message
    with pytest.raises(EnvoiDejaParti):
        envoyer(lieu, envoi=envoi, **change)
    assert Message.objects.count() == 1


def test_ce_qu_une_page_dit_avoir_montre_se_relit() -> None:
    lu = BrouillonMontre(uuid.uuid4(), frozenset({uuid.uuid4(), uuid.uuid4()}))
    assert lire_montre(str(lu)) == lu
    assert lire_montre(str(BrouillonMontre())) == BrouillonMontre()
    for illisible in ("", "x", str(lu)[:-1], f"{lu}é", "\0" * 32):
        assert lire_montre(illisible) == BrouillonMontre()
