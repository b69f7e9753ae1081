"""Files on the pages of the mailbox: joined, taken off, sent, downloaded; what is refused loses nothing that was typed."""

import re
import uuid
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace, TraceLecture
from espacepro.corps import FICHIERS_MAX
from habilitations.models import Habilitation
from habilitations.partage.delegations import retirer_delegation
from services.messagerie.brouillons import garder
from services.messagerie.montres import montrer
from services.messagerie.pieces.analyse import analyser_pieces
from services.messagerie.pieces.contenu import lire
from services.messagerie.pieces.jointes import joindre, oter
from services.models import Brouillon, Message, PieceJointe
from tests.factories import EspaceFactory
from tests.services.messagerie.scenes import Scene, scene

from .clamd import FauxClamd
from .scenes import EICAR, LONG, PDF, brouillon_avec, envoye_avec, envoyer, phrases

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]


def client_de(espace: Espace) -> Client:
    client = Client()
    assert espace.compte is not None
    client.force_login(espace.compte)
    return client


def montre(page: HttpResponse | None = None) -> str:
    """Return what this page says to have shown of the draft; what one would say now of the only draft there is."""
    if page is None:
        brouillon = Brouillon.objects.get()
        return str(montrer(brouillon, brouillon.pieces_jointes.all()))
    lu = re.search(r'name="montre" value="([^"]*)"', page.content.decode())
    assert lu is not None
    return lu[1]


def rediger(lieu: Scene) -> str:
    return reverse("message_rediger", args=[lieu.personne.siren])


def test_joindre_oter_puis_envoyer() -> None:
    lieu = scene()
    client = client_de(lieu.titulaire)
    page = envoyer(client, rediger(lieu), [("avis.pdf", PDF), ("notes.txt", b"Bonjour")], joindre="oui")
    assert "avis.pdf" in phrases(page)
    assert "mon attestation est jointe." in phrases(page)
    assert list(PieceJointe.objects.order_by("nom").values_list("nom", flat=True)) == ["avis.pdf", "notes.txt"]
    page = envoyer(client, rediger(lieu), oter=str(PieceJointe.objects.get(nom="notes.txt").pk))
    assert "notes.txt" not in phrases(page)
    page = envoyer(client, rediger(lieu))
    assert "Un message envoyé ne se reprend pas" in phrases(page)
    assert "avis.pdf" in phrases(page)
    page = envoyer(client, rediger(lieu), envoyer="oui", montre=montre(page))
    message = Message.objects.get()
    assert [piece.nom for piece in message.pieces_jointes.all()] == ["avis.pdf"]
    assert reverse("piece_jointe", args=[message.pieces_jointes.get().pk]) in page.content.decode()
    assert "analysé par un antivirus" not in phrases(page), "the holder can do nothing of it"
    assert re.search(r"avis\.pdf \d+\sko", phrases(page)), "in the unit of the limits"
    assert "n'ouvrez que ce que vous attendez" not in phrases(page), (
        "said to the office alone, of what comes from outside"
    )


def test_un_fichier_que_la_page_n_a_pas_montre_ne_part_pas() -> None:
    lieu = scene()
    client, adresse = client_de(lieu.titulaire), reverse("message_relire", args=[lieu.personne.siren])
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Attestation", texte=LONG)
    page = client.get(adresse)
    # In another tab: another message is begun, with its file.
    autre = garder(acteur=lieu.titulaire, personne=lieu.personne, theme="IS", objet="Autre", texte="Ma santé")
    assert autre is not None
    assert autre == brouillon
    joindre(acteur=lieu.titulaire, brouillon=autre, nom="certificat.pdf", contenu=PDF)
    refusee = envoyer(client, rediger(lieu), envoyer="oui", montre=montre(page))  # type: ignore[arg-type]
    assert "ne sont plus ceux que cette page montrait" in phrases(refusee)
    assert LONG.strip()[:20] in refusee.content.decode(), "what was written is there"
    assert not Message.objects.exists()
    assert Brouillon.objects.get().texte == "Ma santé"


def test_le_brouillon_d_un_autre_onglet_reste_quand_on_envoie() -> None:
    lieu = scene()
    client, adresse = client_de(lieu.titulaire), reverse("message_relire", args=[lieu.personne.siren])
    garder(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Attestation", texte=LONG)
    page = client.get(adresse)
    garder(acteur=lieu.titulaire, personne=lieu.personne, theme="IS", objet="Autre", texte="Ma santé")
    envoyer(client, rediger(lieu), envoyer="oui", montre=montre(page))  # type: ignore[arg-type]
    assert Message.objects.get().texte == LONG.strip()
    assert Brouillon.objects.get().texte == "Ma santé"


def test_une_reponse_part_avec_les_fichiers_que_sa_page_montre() -> None:
    """One joined, or taken off, in another tab has the page shown again; then it leaves as it shows."""
    lieu = scene()
    envoye = envoye_avec(lieu).message
    assert envoye is not None
    echange, client = envoye.echange, client_de(lieu.acteur)
    adresse = reverse("echange", args=[echange.reference])
    page = client.get(adresse)
    autre = garder(acteur=lieu.acteur, personne=lieu.personne, echange=echange, texte="Dans l’autre onglet")
    assert autre is not None
    piece = joindre(acteur=lieu.acteur, brouillon=autre, nom="certificat.pdf", contenu=PDF)
    refusee = envoyer(client, adresse, texte="Fini", montre=montre(page))  # type: ignore[arg-type]
    assert "ne sont plus ceux que cette page montrait" in phrases(refusee)
    assert "certificat.pdf" in phrases(refusee)
    oter(acteur=lieu.acteur, brouillon=autre, piece=piece.pk)
    encore = envoyer(client, adresse, texte="Fini", montre=montre(refusee))
    assert "ne sont plus ceux que cette page montrait" in phrases(encore)
    envoyer(client, adresse, [("b.pdf", PDF)], texte="Fini", montre=montre(encore))
    assert [p.nom for p in Message.objects.get(texte="Fini").pieces_jointes.all()] == ["b.pdf"]


def test_un_fichier_ajoute_apres_un_retour_en_arriere_n_est_pas_dit_parti() -> None:
    lieu = scene()
    envoye = envoye_avec(lieu).message
    assert envoye is not None
    client, adresse = client_de(lieu.acteur), reverse("echange", args=[envoye.echange.reference])
    champs = {"texte": "Voici la pièce.", "envoi": str(uuid.uuid4())}
    envoyer(client, adresse, [("a.pdf", PDF)], **champs)
    assert "est envoyé" in phrases(envoyer(client, adresse, [("a.pdf", PDF)], **champs)), "the button pressed twice"
    assert not Brouillon.objects.filter(espace=lieu.acteur).exists()
    refusee = envoyer(client, adresse, [("b.pdf", PDF)], **champs)
    assert "est déjà envoyé" in phrases(refusee)
    assert "b.pdf" in phrases(refusee)
    assert [p.nom for p in Message.objects.get(texte="Voici la pièce.").pieces_jointes.all()] == ["a.pdf"]


def test_un_fichier_de_meme_nom_et_de_meme_taille_n_est_pas_le_meme() -> None:
    """A figure corrected in a statement, after one has gone back: the size stays, and the office must not be left with the old one."""
    lieu = scene()
    envoye = envoye_avec(lieu).message
    assert envoye is not None
    client, adresse = client_de(lieu.acteur), reverse("echange", args=[envoye.echange.reference])
    champs = {"texte": "Voici le relevé.", "envoi": str(uuid.uuid4())}
    releve, corrige = (PDF + f"% total : {total}\n".encode() for total in ("1 200", "1 900"))
    assert len(releve) == len(corrige)
    envoyer(client, adresse, [("releve.pdf", releve)], **champs)
    assert "est envoyé" in phrases(envoyer(client, adresse, [("releve.pdf", releve)], **champs)), "the same again"
    assert not Brouillon.objects.filter(espace=lieu.acteur).exists()
    refusee = envoyer(client, adresse, [("releve.pdf", corrige)], **champs)
    assert "est déjà envoyé" in phrases(refusee)
    assert Message.objects.filter(texte="Voici le relevé.").count() == 1
    suite = champs | {"envoi": str(uuid.uuid4())}
    envoyer(client, adresse, montre=montre(refusee), **suite)
    partis = [b"".join(lire(piece)) for piece in PieceJointe.objects.filter(message__texte="Voici le relevé.")]
    assert partis == [releve, corrige], "the corrected one is kept, and leaves as another message"


def test_un_fichier_choisi_part_avec_l_envoi_sans_autre_bouton() -> None:
    lieu = scene()
    client = client_de(lieu.titulaire)
    premiere = envoyer(client, rediger(lieu), [("avis.pdf", PDF)], envoyer="oui")
    assert "est envoyé" in phrases(premiere)
    echange = Message.objects.get().echange
    envoyer(client, reverse("echange", args=[echange.reference]), [("suite.pdf", PDF)], texte="Et la suite")
    assert sorted(PieceJointe.objects.values_list("nom", "message__texte")) == [
        ("avis.pdf", LONG.strip()),
        ("suite.pdf", "Et la suite"),
    ]


@pytest.mark.parametrize("bouton", ["joindre", "envoyer", "garder", "rien"])
def test_un_fichier_refuse_ne_perd_rien_de_ce_qui_est_ecrit(bouton: str) -> None:
    lieu = scene()
    page = envoyer(
        client_de(lieu.titulaire),
        rediger(lieu),
        [("page.pdf", b"<html>"), ("avis.pdf", PDF), ("b.pdf", b"<html>")],
        **{bouton: "oui"},
    )
    assert "« page.pdf » est une page web" in phrases(page)
    assert ("n'est pas parti" in phrases(page)) == (bouton == "envoyer"), "who has not pressed it has sent nothing"
    assert ("est gardé en brouillon" in phrases(page)) == (bouton != "joindre")
    assert page.content.decode().count("fr-alert--error") == 1, "all that is refused in one box (walker 7: 18)"
    assert "mon attestation est jointe." in phrases(page)
    assert PieceJointe.objects.get().nom == "avis.pdf"  # the other one is joined
    assert not Message.objects.exists()


@pytest.mark.parametrize("bouton", ["joindre", "envoyer", "garder", "rien"])
@pytest.mark.parametrize(
    ("champ", "saisie", "refus"),
    [("texte", "x" * 20_001, "20001 caractères"), ("objet", "x" * 300, "300 caractères, pour 160 au plus")],
)
def test_ce_qui_est_refuse_ailleurs_ne_perd_pas_les_fichiers(bouton: str, champ: str, saisie: str, refus: str) -> None:
    lieu = scene()
    client = client_de(lieu.titulaire)
    choisis = [("avis.pdf", PDF), ("page.pdf", b"<html>"), ("notes.txt", b"Bonjour")]
    page = envoyer(client, rediger(lieu), choisis, **{bouton: "oui", champ: saisie})
    assert refus in phrases(page)
    assert saisie in page.content.decode()
    assert "2 fichiers joints au brouillon" in phrases(page)
    assert "« page.pdf » est une page web" in phrases(page)
    assert "avis.pdf" in phrases(page)
    assert not Message.objects.exists()
    envoyer(client, rediger(lieu), envoyer="oui", montre=montre())
    assert sorted(piece.nom for piece in Message.objects.get().pieces_jointes.all()) == ["avis.pdf", "notes.txt"]


def test_une_reponse_trop_longue_ne_perd_pas_ses_fichiers_ni_le_brouillon() -> None:
    lieu = scene()
    piece = envoye_avec(lieu)
    assert piece.message is not None
    echange = piece.message.echange
    garder(acteur=lieu.acteur, personne=lieu.personne, echange=echange, texte="Ce qui était gardé")
    adresse = reverse("echange", args=[echange.reference])
    page = envoyer(client_de(lieu.acteur), adresse, [("b.pdf", PDF)], texte="x" * 20_001)
    assert "x" * 20_001 in page.content.decode()
    assert "1 fichier joint au brouillon" in phrases(page)
    assert [p.nom for p in Brouillon.objects.get(texte="Ce qui était gardé").pieces_jointes.all()] == ["b.pdf"]


def test_l_objet_dit_combien_il_peut_tenir() -> None:
    lieu = scene()
    page = client_de(lieu.titulaire).get(f"{rediger(lieu)}?theme=TVA")
    assert "160 caractères au plus" in phrases(page)  # type: ignore[arg-type]


def test_joindre_sans_fichier_et_oter_n_importe_quoi() -> None:
    lieu = scene()
    client = client_de(lieu.titulaire)
    assert "Choisissez d'abord un fichier" in phrases(envoyer(client, rediger(lieu), joindre="oui"))
    autre = brouillon_avec(scene())
    for cle in ("", "x", str(uuid.uuid4()), str(autre.pk)):
        assert envoyer(client, rediger(lieu), oter=cle).status_code == 200
    assert PieceJointe.objects.filter(pk=autre.pk).exists()


def test_une_reponse_d_un_seul_fichier_garde_son_brouillon() -> None:
    lieu = scene()
    piece = envoye_avec(lieu)
    assert piece.message is not None
    adresse = reverse("echange", args=[piece.message.echange.reference])
    page = envoyer(client_de(lieu.acteur), adresse, [("b.pdf", PDF)], joindre="oui", texte="")
    assert "b.pdf" in phrases(page)
    assert Brouillon.objects.get().espace == lieu.acteur
    assert "Écrivez votre message" in phrases(envoyer(client_de(lieu.acteur), adresse, texte=""))


def test_un_fichier_de_plus_de_dix_megaoctets_est_refuse_la_ou_l_on_ecrit() -> None:
    lieu = scene()
    gros = PDF + b"\n" * 10_000_000
    page = envoyer(client_de(lieu.titulaire), rediger(lieu), [("gros.pdf", gros)], joindre="oui")
    assert "« gros.pdf » dépasse 10 Mo" in phrases(page)
    assert "mon attestation est jointe." in phrases(page)
    page = envoyer(client_de(lieu.titulaire), rediger(lieu), [("gros.pdf", b"x" * FICHIERS_MAX)] * 2, joindre="oui")
    assert page.status_code == 413


def test_un_envoi_coupe_en_chemin_ne_joint_rien() -> None:
    """The end of the body never comes: what came of the file is not whole, and no message leaves."""
    lieu = scene()
    client = client_de(lieu.titulaire)
    corps = encode_multipart(
        BOUNDARY,
        {"theme": "TVA", "objet": "a", "texte": LONG, "envoyer": "oui", "fichiers": SimpleUploadedFile("a.pdf", PDF)},
    )
    page = client.generic("POST", rediger(lieu), corps[: -len(PDF) // 2 - 60], content_type=MULTIPART_CONTENT)
    assert page.status_code in (200, 400)
    assert not PieceJointe.objects.exists()
    assert not Message.objects.exists()


def test_un_depot_en_panne_se_dit_et_ne_perd_rien(monkeypatch: pytest.MonkeyPatch) -> None:
    def plein(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", plein)
    lieu = scene()
    page = envoyer(client_de(lieu.titulaire), rediger(lieu), [("avis.pdf", PDF)], envoyer="oui")
    assert "le dépôt des fichiers ne répond pas ou est plein" in phrases(page)
    assert "mon attestation est jointe." in phrases(page)
    assert not Message.objects.exists()


# --- Downloading


def test_le_telechargement_ne_s_ouvre_pas_dans_la_page() -> None:
    lieu = scene()
    piece = envoye_avec(lieu, nom="Relevé d’octobre.pdf")
    reponse = client_de(lieu.acteur).get(reverse("piece_jointe", args=[piece.pk]))
    assert b"".join(reponse.streaming_content) == PDF  # type: ignore[attr-defined]
    entetes = {nom: reponse.headers[nom] for nom in ("Content-Type", "X-Content-Type-Options", "Cache-Control")}
    assert entetes == {
        "Content-Type": "application/pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    assert reponse.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert reponse.headers["Content-Disposition"] == "attachment; filename*=utf-8''Relev%C3%A9%20d%27octobre.pdf"
    assert reponse.headers["Content-Length"] == str(len(PDF))
    trace = TraceLecture.objects.get(objet="services.piecejointe")
    assert (trace.cle, trace.lecteur) == (str(piece.pk), lieu.acteur.numero_abonne)


def test_qui_ne_lit_pas_le_message_ne_telecharge_pas() -> None:
    lieu = scene()
    piece, brouillon = envoye_avec(lieu), brouillon_avec(lieu, nom="b.pdf")
    statuts = {
        (qui, quoi): client_de(espace).get(reverse("piece_jointe", args=[laquelle.pk])).status_code
        for qui, espace in (("auteur", lieu.titulaire), ("autre", lieu.acteur), ("inconnu", EspaceFactory()))
        for quoi, laquelle in (("message", piece), ("brouillon", brouillon))
    }
    assert statuts == {
        ("auteur", "message"): 200,
        ("auteur", "brouillon"): 200,
        ("autre", "message"): 200,
        ("autre", "brouillon"): 404,
        ("inconnu", "message"): 404,
        ("inconnu", "brouillon"): 404,
    }
    assert Client().get(reverse("piece_jointe", args=[piece.pk])).status_code == 302


def test_le_droit_retire_ferme_le_telechargement() -> None:
    lieu = scene()
    piece = envoye_avec(lieu)
    retirer_delegation(acteur=lieu.titulaire, delegations=[Habilitation.objects.get(espace=lieu.acteur)])
    assert client_de(lieu.acteur).get(reverse("piece_jointe", args=[piece.pk])).status_code == 404


def test_une_piece_d_une_note_interne_ou_qui_attend_n_est_pas_montree_aux_autres() -> None:
    lieu = scene()
    piece = envoye_avec(lieu)
    assert piece.message is not None
    adresse = reverse("piece_jointe", args=[piece.pk])
    Message.objects.filter(pk=piece.message.pk).update(pret_le=None)
    assert client_de(lieu.acteur).get(adresse).status_code == 404
    assert client_de(lieu.titulaire).get(adresse).status_code == 200
    Message.objects.filter(pk=piece.message.pk).update(
        pret_le=timezone.now(), interne=True, espace=None, agent=lieu.agent
    )
    assert client_de(lieu.titulaire).get(adresse).status_code == 404


def test_avant_le_controle_et_en_quarantaine_rien_n_est_servi(clamd: FauxClamd) -> None:
    lieu = scene()
    piece = envoye_avec(lieu, nom="virus.txt", contenu=EICAR)
    client, adresse = client_de(lieu.titulaire), reverse("piece_jointe", args=[piece.pk])
    assert piece.message is not None
    fil = reverse("echange", args=[piece.message.echange.reference])
    attend = client.get(adresse)
    assert (attend.status_code, "n'est pas encore contrôlé" in phrases(attend)) == (409, True)
    assert adresse not in client.get(fil).content.decode()
    analyser_pieces()
    ecartee = client.get(adresse)
    assert (ecartee.status_code, "écarté par le contrôle antivirus" in phrases(ecartee)) == (409, True)
    page = client_de(lieu.acteur).get(fil)
    assert "écarté par l'antivirus" in phrases(page)
    assert adresse not in page.content.decode()
    assert EICAR not in attend.content + ecartee.content


def test_un_fichier_perdu_se_dit(depot: Path) -> None:
    lieu = scene()
    piece = envoye_avec(lieu)
    (depot / piece.fichier).unlink()
    reponse = client_de(lieu.titulaire).get(reverse("piece_jointe", args=[piece.pk]))
    assert (reponse.status_code, "ne peut pas être ouvert pour le moment" in phrases(reponse)) == (503, True)
    assert not TraceLecture.objects.filter(objet="services.piecejointe").exists()


@pytest.mark.parametrize("reponse", [False, True])
def test_sans_script_le_texte_est_garde_avant_la_page_des_fichiers(reponse: bool) -> None:
    """Which posts files alone: one too heavy, refused before it is read, takes nothing that was typed with it."""
    lieu = scene()
    client = client_de(lieu.titulaire)
    adresse = rediger(lieu)
    if reponse:
        piece = envoye_avec(lieu)
        assert piece.message is not None
        adresse = reverse("echange", args=[piece.message.echange.reference])
    html = client.get(f"{adresse}?theme=TVA").content.decode()
    assert 'class="ep-sans-script"><button type="submit" class="fr-btn fr-btn--secondary" name="ailleurs"' in html
    page = envoyer(client, adresse, ailleurs="oui")
    assert "Joindre des fichiers pour" in phrases(page)
    assert LONG.strip()[:20] not in phrases(page)
    a_part = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]  # type: ignore[attr-defined]
    seuls = {"joindre": "oui"} | ({} if reponse else {"theme": "TVA"})

    def poster(*choisis: tuple[str, bytes], **champs: str) -> HttpResponse:
        envois = [SimpleUploadedFile(nom, contenu) for nom, contenu in choisis]
        corps = encode_multipart(BOUNDARY, seuls | champs | ({"fichiers": envois} if envois else {}))
        suite = client.generic("POST", a_part, corps, content_type=MULTIPART_CONTENT)
        assert suite["Location"] == a_part
        return client.get(a_part)  # type: ignore[return-value]

    assert "Choisissez d'abord un fichier" in phrases(poster())
    page = poster(("page.pdf", b"<html>"), ("avis.pdf", PDF), ("notes.txt", b"Bonjour"))
    assert "« page.pdf » est une page web" in phrases(page)
    assert "2 fichiers joints au brouillon" in phrases(page)
    page = poster(oter=str(PieceJointe.objects.get(nom="notes.txt").pk))
    assert "notes.txt" not in phrases(page)
    lourd = client.generic(
        "POST", a_part, b"x" * 12_100_000, content_type=MULTIPART_CONTENT, headers={"content-length": "12100000"}
    )
    assert lourd.status_code == 413
    page = client.get(f"{adresse}?theme=TVA")  # type: ignore[assignment]
    assert LONG.strip()[:20] in page.content.decode()
    assert "avis.pdf" in phrases(page)


def test_la_page_des_fichiers_est_a_qui_ecrit() -> None:
    lieu = scene()
    adresse = f"{rediger(lieu)}?theme=TVA&fichiers=oui"
    assert client_de(scene().titulaire).get(adresse).status_code == 404
    assert client_de(scene().titulaire).post(adresse, {"joindre": "oui"}).status_code == 404
    vide = client_de(lieu.titulaire)
    assert "Joindre des fichiers pour" in phrases(envoyer(vide, rediger(lieu), ailleurs="oui", objet="", texte=""))
