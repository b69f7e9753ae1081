"""The files of an answer of the office: by the same door as the company's, sent once they are analysed (issue 15, items 8 and 9)."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils import timezone

from accounts.models import Affaire, Agent, Courriel
from accounts.traces.agents_relus import FonctionChangee
from services.messagerie.bureau import (
    EchangeHorsService,
    brouillon_du_bureau,
    clore_du_bureau,
    dernier_de_l_entreprise,
    garder_du_bureau,
    transferer,
)
from services.messagerie.echanges import PieceRefusee, clore, ecrire, repondre
from services.messagerie.pieces import jointes
from services.messagerie.pieces.analyse import analyser_pieces
from services.messagerie.pieces.jointes import joindre_du_bureau, oter
from services.messagerie.pieces.regles import PiecesTropNombreuses
from services.messagerie.plafonds import TropDeFichiersJoints
from services.models import Brouillon, Echange, Message, MessageNonLu, PieceJointe
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory
from tests.services.messagerie.scenes import Scene, repondre_en_agent, scene

from .clamd import FauxClamd
from .scenes import EICAR, PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]


def poser(lieu: Scene, echange: Echange, contenu: bytes = PDF, nom: str = "avis.pdf") -> PieceJointe:
    return joindre_du_bureau(acteur=lieu.agent, echange=echange, nom=nom, contenu=contenu)


def envoyer(lieu: Scene, echange: Echange, *, piece: bool = False) -> Message:
    return repondre_en_agent(lieu.agent, echange, "Voici", piece=piece)


def etat(echange: Echange) -> str:
    return Echange.objects.get(pk=echange.pk).etat


def client_de(lieu: Scene) -> Client:
    client = Client()
    client.force_login(lieu.titulaire.compte)  # type: ignore[arg-type]
    return client


def mots(reponse: object) -> str:
    nu = re.sub(r"<[^>]+>", " ", reponse.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", nu.replace("&#x27;", "'").replace("’", "'").replace("\xa0", " ").replace("\u202f", " "))


@pytest.mark.parametrize(("piece", "apres"), [(False, "REPONDU"), (True, "PIECE_DEMANDEE")])
def test_la_reponse_part_avec_ses_fichiers_une_fois_controles(
    clamd: FauxClamd, lieu: Scene, echange: Echange, piece: bool, apres: str
) -> None:
    """Until then the company sees nothing, and the exchange waits as it did."""
    jointe = poser(lieu, echange)
    message = envoyer(lieu, echange, piece=piece)
    jointe.refresh_from_db()
    assert (jointe.message_id, jointe.brouillon_id) == (message.pk, None)
    assert (message.pret_le, etat(echange)) == (None, "ENVOYE")
    assert Affaire.objects.get(cle=str(echange.pk)).finie_le is None
    assert not MessageNonLu.objects.exists()
    assert "Voici" not in mots(client_de(lieu).get(reverse("echange", args=[echange.reference])))
    page = client_verifie(lieu.agent).get(reverse("admin:services_echange_change", args=[echange.pk]))
    assert "l'entreprise le recevra ensuite" in mots(page)
    assert analyser_pieces() == 2
    assert etat(echange) == apres
    assert Affaire.objects.get(cle=str(echange.pk)).finie_le is not None
    assert MessageNonLu.objects.count() == 2
    client = client_de(lieu)
    lue = client.get(reverse("echange", args=[echange.reference]))
    adresse = reverse("piece_jointe", args=[jointe.pk])
    assert adresse in lue.content.decode()
    servie = client.get(adresse)
    assert b"".join(servie.streaming_content) == PDF  # type: ignore[attr-defined]
    assert client_de(scene()).get(adresse).status_code == 404


def test_sans_fichier_a_controler_elle_part_aussitot(lieu: Scene, echange: Echange) -> None:
    poser(lieu, echange)  # nothing is scanned here
    message = envoyer(lieu, echange)
    assert message.pret_le is not None
    assert etat(echange) == "REPONDU"
    assert [piece.nom for piece in message.pieces_jointes.all()] == ["avis.pdf"]
    assert not Brouillon.objects.exists()


def test_ce_qui_s_est_passe_depuis_a_le_dernier_mot(clamd: FauxClamd, lieu: Scene) -> None:
    """The company wrote, or one of the two closed, while the files were analysed: the answer arrives, the state stays."""

    def attendre() -> Echange:
        echange = ecrire(
            acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="TVA", texte="a", envoi=uuid.uuid4()
        ).echange
        poser(lieu, echange)
        envoyer(lieu, echange)
        return echange

    ecrit, clos, clos_par_nous, transmis = attendre(), attendre(), attendre(), attendre()
    repondre(acteur=lieu.acteur, echange=ecrit, texte="Encore une chose", envoi=uuid.uuid4())
    clore(acteur=lieu.acteur, echange=clos)
    clore_du_bureau(acteur=lieu.agent, echange=clos_par_nous, vu=dernier_de_l_entreprise(clos_par_nous))
    ailleurs = AgentFactory()
    transferer(acteur=lieu.agent, echange=transmis, vers=ailleurs.service_gestionnaire, motif="Relève de vous")
    while analyser_pieces():
        pass
    assert not Message.objects.filter(pret_le=None).exists()
    etats = [etat(echange) for echange in (ecrit, clos, clos_par_nous, transmis)]
    assert etats == ["ENVOYE", "CLOS", "CLOS", "ENVOYE"]


def test_une_reponse_a_un_echange_clos_le_rouvre_en_partant(clamd: FauxClamd, lieu: Scene, echange: Echange) -> None:
    clore(acteur=lieu.titulaire, echange=echange, maintenant=timezone.now() - timedelta(hours=1))
    poser(lieu, echange)
    envoyer(lieu, echange)
    assert etat(echange) == "CLOS"
    analyser_pieces()
    assert etat(echange) == "REPONDU"


def test_un_fichier_ecarte_est_dit_a_l_agent_et_retient_ce_qui_n_est_pas_parti(
    clamd: FauxClamd, lieu: Scene, echange: Echange
) -> None:
    piece = poser(lieu, echange, EICAR, "a.txt")
    analyser_pieces()
    courriel = Courriel.objects.get(genre="piece_ecartee_agent")
    assert (courriel.destinataire, courriel.contexte["envoye"]) == (lieu.agent.compte.email, False)
    assert courriel.contexte["reference"] == echange.reference
    with pytest.raises(PieceRefusee):
        envoyer(lieu, echange)
    brouillon = brouillon_du_bureau(lieu.agent, echange)
    assert brouillon is not None
    oter(acteur=lieu.agent, brouillon=brouillon, piece=piece.pk)
    assert envoyer(lieu, echange).pret_le is not None


def test_chacun_a_le_sien_et_personne_d_un_autre_service(lieu: Scene, echange: Echange) -> None:
    collegue = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire)
    piece = poser(lieu, echange)
    repondre_en_agent(collegue, echange, "b")
    piece.refresh_from_db()
    assert piece.message_id is None, "another's answer takes none of it"
    adresse = reverse("admin:echange_piece", args=[echange.pk, piece.pk])
    assert client_verifie(lieu.agent).get(adresse).status_code == 200
    assert client_verifie(collegue).get(adresse).status_code == 404
    with pytest.raises(EchangeHorsService):
        joindre_du_bureau(acteur=AgentFactory(), echange=echange, nom="a.pdf", contenu=PDF)
    transferer(acteur=lieu.agent, echange=echange, vers=AgentFactory().service_gestionnaire, motif="Relève de vous")
    assert not Brouillon.objects.exists()
    assert not PieceJointe.objects.exists()
    Agent.objects.filter(pk=collegue.pk).update(fonction=Agent.Fonction.AUCUNE)
    with pytest.raises(FonctionChangee):
        joindre_du_bureau(acteur=collegue, echange=echange, nom="a.pdf", contenu=PDF)


def test_les_memes_bornes_que_l_entreprise(lieu: Scene, echange: Echange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jointes, "PIECES_D_UN_MESSAGE", 1)
    poser(lieu, echange)
    with pytest.raises(PiecesTropNombreuses):
        poser(lieu, echange, nom="b.pdf")
    monkeypatch.setattr("services.messagerie.plafonds.FICHIERS_PAR_JOUR", 1)
    monkeypatch.setattr(jointes, "PIECES_D_UN_MESSAGE", 10)
    with pytest.raises(TropDeFichiersJoints):
        poser(lieu, echange, nom="b.pdf")
    collegue = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire)
    joindre_du_bureau(acteur=collegue, echange=echange, nom="a.pdf", contenu=PDF)  # has his own


# --- Its pages


def adresse(nom: str, echange: Echange) -> str:
    return reverse(f"admin:services_echange_{nom}", args=[echange.pk])


def caches(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(envoi|vu|repondu|tenue|garde|page)" value="([^"]*)"', html))


def test_le_texte_est_garde_avant_la_page_des_fichiers(lieu: Scene, echange: Echange) -> None:
    """Which takes none: what is refused there loses nothing of it, and the answer takes both."""
    client = client_verifie(lieu.agent)
    repond, fichiers = adresse("repondre", echange), adresse("fichiers", echange)
    html = client.get(repond).content.decode()
    vers = client.post(repond, caches(html) | {"texte": "Voici ce qu’il faut joindre", "joindre": "oui"})
    assert vers["Location"] == fichiers
    assert not Message.objects.filter(agent=lieu.agent).exists()

    def joindre(*choisis: tuple[str, bytes]) -> HttpResponse:
        envois = [SimpleUploadedFile(nom, contenu) for nom, contenu in choisis]
        corps = encode_multipart(BOUNDARY, {"fichiers": envois} if envois else {})
        reponse = client.generic("POST", fichiers, corps, content_type=MULTIPART_CONTENT)
        assert reponse["Location"] == fichiers
        return client.get(fichiers)  # type: ignore[return-value]

    assert "Choisissez d'abord un fichier" in mots(joindre())
    html = mots(joindre(("page.pdf", b"<html>"), ("avis.pdf", PDF)))
    assert "« page.pdf » est une page web" in html
    assert "1 fichier joint à votre réponse." in html
    autre = poser(lieu, echange, nom="autre.pdf")
    client.post(fichiers, {"oter": str(autre.pk)})
    for saisie in (str(autre.pk), "x", ""):
        assert client.post(fichiers, {"oter": saisie})["Location"] == fichiers
    html = client.get(repond).content.decode()
    assert "Voici ce qu’il faut joindre" in html
    assert "avis.pdf" in html
    assert "autre.pdf" not in html
    relue = client.post(repond, caches(html) | {"texte": "Voici ce qu’il faut joindre"}, follow=True).content.decode()
    assert "avis.pdf" in relue
    envoi = client.post(adresse("repondre-relire", echange), caches(relue), follow=True)
    assert "La réponse est envoyée." in mots(envoi)
    message = Message.objects.get(agent=lieu.agent)
    assert [piece.nom for piece in message.pieces_jointes.all()] == ["avis.pdf"]


def test_l_agent_sait_que_sa_reponse_attend_le_controle(clamd: FauxClamd, lieu: Scene, echange: Echange) -> None:
    client = client_verifie(lieu.agent)
    poser(lieu, echange)
    html = client.get(adresse("piece", echange)).content.decode()
    relue = client.post(adresse("piece", echange), caches(html) | {"texte": "Il nous faut votre RIB"}, follow=True)
    suite = client.post(adresse("piece-relire", echange), caches(relue.content.decode()), follow=True)
    assert "dès que ses fichiers auront été contrôlés" in mots(suite)
    assert Message.objects.get(agent=lieu.agent).demande_piece


def test_un_texte_trop_long_ou_vide_se_garde_ou_se_dit(lieu: Scene, echange: Echange) -> None:
    client = client_verifie(lieu.agent)
    html = client.get(adresse("repondre", echange)).content.decode()
    vers = client.post(adresse("repondre", echange), caches(html) | {"texte": "", "joindre": "oui"})
    assert vers["Location"] == adresse("fichiers", echange)
    assert not Brouillon.objects.exists()
    garde = garder_du_bureau(acteur=lieu.agent, echange=echange, texte="Un début")
    assert garde is not None
    assert garder_du_bureau(acteur=lieu.agent, echange=echange, texte="") is None
    assert not Brouillon.objects.exists()
