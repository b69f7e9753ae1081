"""The files of a company's message as its office downloads them: its own agents alone, and what may be served alone."""

import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, TraceLecture
from accounts.traces.journal import auteur_de
from services.messagerie.bureau import transferer
from services.messagerie.pieces.analyse import analyser_pieces
from services.models import Message, PieceJointe
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory
from tests.services.messagerie.scenes import Scene, scene

from .clamd import FauxClamd
from .scenes import EICAR, PDF, brouillon_avec, envoye_avec

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]


def message_de(piece: PieceJointe) -> Message:
    assert piece.message is not None
    return piece.message


def adresse(piece: PieceJointe) -> str:
    return reverse("admin:echange_piece", args=[message_de(piece).echange_id, piece.pk])


def fil(client: Client, piece: PieceJointe) -> str:
    return client.get(reverse("admin:services_echange_change", args=[message_de(piece).echange_id])).content.decode()


def corps(reponse: HttpResponse) -> bytes:
    return b"".join(reponse.streaming_content) if reponse.streaming else reponse.content  # type: ignore[attr-defined]


def test_l_agent_du_service_telecharge_et_laisse_une_trace(lieu: Scene) -> None:
    piece = envoye_avec(lieu, nom="Relevé d’octobre.pdf")
    client = client_verifie(lieu.agent)
    assert f'href="{adresse(piece)}"' in fil(client, piece)
    assert "ouvrez que ce que vous attendez" in fil(client, piece)
    reponse = client.get(adresse(piece))
    assert (reponse.status_code, corps(reponse)) == (200, PDF)
    entetes = ("Content-Type", "X-Content-Type-Options", "Content-Security-Policy")
    assert [reponse.headers[nom] for nom in entetes] == [
        "application/pdf",
        "nosniff",
        "sandbox; default-src 'none'",
    ]
    assert "no-store" in reponse.headers["Cache-Control"]
    assert reponse.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(piece.nom)}"
    trace = TraceLecture.objects.get(objet="services.piecejointe")
    assert (trace.cle, trace.lecteur) == (str(piece.pk), auteur_de(lieu.agent))


@pytest.mark.parametrize("fonction", sorted(set(Agent.Fonction) - {Agent.Fonction.AUCUNE}))
@pytest.mark.parametrize("ici", [True, False])
def test_personne_d_autre_que_les_agents_du_service(lieu: Scene, fonction: str, ici: bool) -> None:
    piece = envoye_avec(lieu)
    bureau = {"service_gestionnaire": lieu.personne.service_gestionnaire} if ici else {}
    reponse = client_verifie(AgentFactory(fonction=fonction, **bureau)).get(adresse(piece))
    sert = ici and fonction in {Agent.Fonction.GESTIONNAIRE, Agent.Fonction.CHEF}
    assert (reponse.status_code == 200, PDF in corps(reponse)) == (sert, sert)
    assert reponse.status_code in {200, 403, 404}
    assert TraceLecture.objects.filter(objet="services.piecejointe").exists() == sert


def test_le_service_a_qui_l_echange_est_transmis_telecharge_l_autre_non(lieu: Scene) -> None:
    piece, autre = envoye_avec(lieu), AgentFactory()
    echange = message_de(piece).echange
    transferer(acteur=lieu.agent, echange=echange, vers=autre.service_gestionnaire, motif="Relève de la DGE")
    assert client_verifie(autre).get(adresse(piece)).status_code == 200
    assert client_verifie(lieu.agent).get(adresse(piece)).status_code == 404


def test_une_cle_qui_n_est_pas_de_cet_echange_n_existe_pas(lieu: Scene) -> None:
    client, piece, ailleurs = client_verifie(lieu.agent), envoye_avec(lieu), envoye_avec(scene())
    non_envoyee = brouillon_avec(lieu, nom="b.pdf")
    echange, etranger = message_de(piece).echange_id, message_de(ailleurs).echange_id
    couples = [
        (echange, ailleurs.pk),  # another company's, under one's own exchange
        (etranger, ailleurs.pk),
        (etranger, piece.pk),
        (echange, non_envoyee.pk),  # a draft is its author's alone
        (echange, uuid.uuid4()),
        (uuid.UUID(int=0), piece.pk),
    ]
    for couple in couples:
        assert client.get(reverse("admin:echange_piece", args=couple)).status_code == 404, couple
    racine = reverse("admin:services_echange_changelist")
    for hostile in (f"{echange}/pieces/x/", f"x/pieces/{piece.pk}/", f"{echange}/pieces/..%2f{piece.pk}/"):
        assert client.get(racine + hostile).status_code in {302, 400, 404}, hostile
    for methode in ("post", "put", "delete"):
        assert getattr(client, methode)(adresse(piece)).status_code == 405, methode
    assert not TraceLecture.objects.filter(objet="services.piecejointe").exists()


def test_un_message_qui_attend_son_controle_ne_livre_pas_ses_fichiers(lieu: Scene) -> None:
    piece = envoye_avec(lieu)
    Message.objects.filter(pk=message_de(piece).pk).update(pret_le=None)
    assert client_verifie(lieu.agent).get(adresse(piece)).status_code == 404


def test_un_fichier_ecarte_se_dit_sans_lien_et_n_est_jamais_servi(lieu: Scene, clamd: FauxClamd) -> None:
    piece = envoye_avec(lieu, nom="virus.txt", contenu=EICAR)
    analyser_pieces()
    client = client_verifie(lieu.agent)
    page = fil(client, piece)
    assert "écarté par l" in page
    assert "virus.txt" in page
    assert adresse(piece) not in page
    reponse = client.get(adresse(piece))
    assert (reponse.status_code, EICAR in corps(reponse)) == (409, False)
    assert "écarté par le contrôle antivirus" in reponse.content.decode()
    assert reverse("admin:services_echange_change", args=[message_de(piece).echange_id]) in reponse.content.decode()


def test_ce_qui_n_a_pas_ete_controle_ne_l_est_pas_plus_une_fois_le_message_arrive(
    lieu: Scene, clamd: FauxClamd
) -> None:
    """Kept while nothing was scanned, and the scan is on now: it waits for it like the rest."""
    piece = envoye_avec(lieu)
    PieceJointe.objects.filter(pk=piece.pk).update(analyse="NON_ANALYSEE", analysee_le=timezone.now())
    Message.objects.filter(pk=message_de(piece).pk).update(pret_le=timezone.now())
    client = client_verifie(lieu.agent)
    assert "contrôle en cours" in fil(client, piece)
    assert adresse(piece) not in fil(client, piece)
    assert client.get(adresse(piece)).status_code == 409


def test_un_fichier_perdu_se_dit(lieu: Scene, depot: Path) -> None:
    piece = envoye_avec(lieu)
    (depot / piece.fichier).unlink()
    reponse = client_verifie(lieu.agent).get(adresse(piece))
    assert reponse.status_code == 503
    assert "ne peut pas être ouvert pour le moment" in reponse.content.decode()
