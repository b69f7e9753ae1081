"""The files of one request share one patience, and what is examined counts: in what order, and what is not even read."""

import random
import time
import uuid
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse

from accounts.models import EssaiConnexion
from services.messagerie.brouillons import garder
from services.messagerie.echanges import ecrire
from services.messagerie.pieces import jointes, patience
from services.messagerie.pieces.jointes import (
    PIECES_D_UN_MESSAGE,
    PiecesTropLourdes,
    PiecesTropNombreuses,
    joindre,
    joindre_du_bureau,
)
from services.messagerie.pieces.patience import Patience
from services.messagerie.pieces.regles import PieceNonExaminee
from services.messagerie.plafonds import FICHIERS_REFUSES, TropDeFichiersRefuses
from services.models import PieceJointe
from tests.espacepro.scenes import client_verifie
from tests.factories import echanger
from tests.services.banque.scenes import client_de
from tests.services.messagerie.scenes import Scene, scene

from .scenes import PDF, envoyer, fichier, open_xml, phrases

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]
Joindre = Callable[[str, bytes], PieceJointe]


@pytest.fixture(params=["titulaire", "agent"])
def qui(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lieu() -> Scene:
    return scene()


@pytest.fixture
def joindre_un(lieu: Scene, qui: str) -> Joindre:
    """Join one file to one draft, of a company or of its office."""
    if qui == "agent":
        echange = echanger(lieu.personne)
        return lambda nom, contenu: joindre_du_bureau(acteur=lieu.agent, echange=echange, nom=nom, contenu=contenu)
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert brouillon is not None
    return lambda nom, contenu: joindre(acteur=lieu.titulaire, brouillon=brouillon, nom=nom, contenu=contenu)


def lent(blocs: int = 400) -> bytes:
    """Return a Word document that unpacks, just under what a bomb does, to pieces each of which is long to look at."""
    hasard = random.Random(1)
    bruit = [b"<t>" + hasard.randbytes(35).hex().encode() + b"</t>" for _ in range(blocs)]
    return open_xml(
        "docx", {"word/d.xml": b"<a>" + b"".join(b + b"<w:instrText>a</w:instrText>" * 2_100 for b in bruit)}
    )


def test_les_fichiers_d_un_envoi_ont_une_patience_pour_tous(
    lieu: Scene, qui: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten documents of four seconds each would hold a process for forty: the first is refused, the others are not examined."""
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    examines: list[str] = []
    examiner = jointes.examiner
    monkeypatch.setattr(jointes, "examiner", lambda nom, *reste: examines.append(nom) or examiner(nom, *reste))
    fichiers = [(f"f{rang}.docx", lent()) for rang in range(4)]
    avant, debut = EssaiConnexion.objects.count(), time.thread_time()
    if qui == "agent":
        ecrit = ecrire(
            acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="TVA", texte="x", envoi=uuid.uuid4()
        )
        page = reverse("admin:services_echange_fichiers", args=[ecrit.echange_id])
        client = client_verifie(lieu.agent)
        corps = encode_multipart(BOUNDARY, {"fichiers": [SimpleUploadedFile(*choisi) for choisi in fichiers]})
        avant = EssaiConnexion.objects.count()
        client.generic("POST", page, corps, content_type=MULTIPART_CONTENT)
        lu = phrases(client.get(page))  # type: ignore[arg-type]
    else:
        page = reverse("message_rediger", args=[lieu.personne.siren])
        lu = phrases(envoyer(client_de(lieu.titulaire), page, fichiers, joindre="oui"))
    assert time.thread_time() - debut < 3
    assert examines == ["f0.docx"]
    assert lu.count("est démesuré") == 1
    assert lu.count("n'a pas été examiné jusqu'au bout") == 3
    assert EssaiConnexion.objects.count() == avant + 1, "what was not examined does not count"


def test_celui_qui_vient_apres_les_autres_n_est_pas_dit_demesure(monkeypatch: pytest.MonkeyPatch) -> None:
    une = Patience()
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    une.depense = 0.15
    with pytest.raises(PieceNonExaminee):
        jointes.examiner("b.docx", lent(), une)


def test_le_onzieme_fichier_est_refuse_sans_etre_examine(joindre_un: Joindre, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = fichier("photo.jpg")
    premieres = [joindre_un("photo.jpg", photo)]
    premieres += [joindre_un(f"{rang}.pdf", PDF) for rang in range(PIECES_D_UN_MESSAGE - 1)]
    assert joindre_un("photo.jpg", photo) == premieres[0], "a browser that goes back posts it again, cleaned or not"
    avant = EssaiConnexion.objects.count()
    with monkeypatch.context() as sans:
        sans.setattr(jointes, "examiner", lambda *_: 1 / 0)
        assert joindre_un("0.pdf", PDF) == premieres[1], "what was examined is not examined again"
        with pytest.raises(PiecesTropNombreuses, match="onze.docx"):
            joindre_un("onze.docx", lent(2))
    assert EssaiConnexion.objects.count() == avant + 1, "the refusal of the ceiling alone"
    with pytest.raises(PiecesTropNombreuses):
        joindre_un("0.pdf", PDF + b"\n")
    assert EssaiConnexion.objects.count() == avant + 3, "examined to say whether it is the same, and refused: it counts"


def test_ce_qui_prend_longtemps_compte_meme_accepte(joindre_un: Joindre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jointes, "LONGUE", 0.0)
    monkeypatch.setattr(jointes, "PIECES_D_UN_MESSAGE", 100)
    for rang in range(FICHIERS_REFUSES.libres):
        joindre_un(f"{rang}.pdf", PDF)
    with pytest.raises(TropDeFichiersRefuses):
        joindre_un("encore.pdf", PDF)
    assert PieceJointe.objects.count() == FICHIERS_REFUSES.libres


def test_ce_qu_un_plafond_refuse_apres_l_examen_compte(joindre_un: Joindre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jointes, "TAILLE_D_UN_MESSAGE", 10)
    for _ in range(FICHIERS_REFUSES.libres):
        with pytest.raises(PiecesTropLourdes):
            joindre_un("a.pdf", PDF)
    with pytest.raises(TropDeFichiersRefuses):
        joindre_un("a.pdf", PDF)
