"""What an exchange printed costs: parts of lines and of files too, a process that does not grow, a page where it is busy."""

import subprocess
import sys
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.documents import typst as documents
from services.messagerie.echanges import ecrire
from services.messagerie.imprime import parties
from services.messagerie.remise import remettre
from services.models import Echange, MessageNonLu, PieceJointe
from tests.scenes import RACINE
from tests.services.banque.scenes import client_de
from tests.services.messagerie.scenes import Scene, recevoir, scene

MEMOIRE = 260  # megabytes, of a process that has composed nothing else; 786 before long documents were forgotten
SECONDES = 4.0  # of processor, where the machine is idle 0.6 to 3
PIRES = {
    "lignes": '[("a\\n" * 10_000).strip()]',
    "sans blanc": '["a" * 20_000] * 4',
    "sans dessin": '["".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))] * 4',
    "paire sans dessin": '["a" * 19_998 + "\\u0393\\u0953"] * 4',
}
COMPOSER = """
import sys, time
sys.path.insert(0, ".")
from datetime import date
from pathlib import Path
from accounts.documents.typst import composer_pdf
champs = "titre edite_le reference objet theme etat denomination identifiant siren gestionnaire"
pires = []
for textes in {textes}:
    messages = [dict(par="p", de_nous=True, le="l", paragraphes=t.split(chr(10)), pieces=[]) for t in textes]
    donnees = dict.fromkeys(champs.split(), "x") | dict(
        date_document=date(2026, 1, 1), demonstration=False, marque_etat=False, partie="", messages=messages
    )
    debut = time.process_time()
    composer_pdf(Path("services/gabarits/echange.typ").resolve(), donnees)
    pires.append(time.process_time() - debut)
# The peak of this process alone: getrusage would tell that of the tests which it was forked from.
haut = next(ligne.split()[1] for ligne in open("/proc/self/status") if ligne.startswith("VmHWM"))
print(max(pires), int(haut) // 1024)
"""


def test_une_partie_et_celles_d_avant_tiennent_dans_la_memoire_d_une() -> None:
    """The worst of each, one after the other, each other than the last: Typst keeps ten documents unless told to forget."""
    textes = f"[{', '.join(PIRES.values())}]"
    rendu = subprocess.run(
        [sys.executable, "-c", COMPOSER.format(textes=textes)], capture_output=True, text=True, cwd=RACINE, check=True
    )
    secondes, memoire = (float(lu) for lu in rendu.stdout.split())
    assert memoire < MEMOIRE
    assert secondes < SECONDES


@pytest.fixture
def lieu(db: None) -> Scene:
    return scene()


def fil(lieu: Scene, *textes: str) -> Echange:
    echange = ecrire(
        acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="TVA", texte="début", envoi=uuid.uuid4()
    ).echange
    for texte in textes:
        remettre(recevoir(lieu.personne, echange=echange, agent=lieu.agent, texte=texte))
    return echange


def bornes(lieu: Scene, echange: Echange) -> list[tuple[int, int]]:
    return [(partie.premier, partie.dernier) for partie in parties(lieu.titulaire, echange)]


def test_une_ligne_coute_plus_que_ses_signes(lieu: Scene) -> None:
    """Seven messages of ten thousand lines of one letter were one document: 713 MB, 3 s of processor."""
    assert bornes(lieu, fil(lieu, *["x" * 20_000] * 3)) == [(1, 4)]
    assert bornes(lieu, fil(lieu, *[("a\n" * 10_000).strip()] * 3)) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_le_nom_d_un_fichier_compte(lieu: Scene) -> None:
    """Three hundred messages of ten files each were one document: 610 MB, 3.8 s of processor."""
    echange = fil(lieu, *["Voir les pièces."] * 60)
    modele = {
        "type_mime": "application/pdf",
        "taille": 1,
        "analyse": PieceJointe.Analyse.SAINE,
        "analysee_le": timezone.now(),
        "empreinte": "0" * 64,
        "cle": "0" * 8 + "." + "A" * 80,
    }
    PieceJointe.objects.bulk_create(
        PieceJointe(pk=uuid.uuid4(), message=message, nom="n" * 116 + ".pdf", fichier=str(uuid.uuid4()), **modele)
        for message in echange.messages.all()
        for _ in range(10)
    )
    assert bornes(lieu, echange) == [(1, 43), (44, 61)]


def test_occupe_le_portail_dit_de_reessayer_et_rien_n_est_lu(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    echange = fil(lieu, "À lire")
    monkeypatch.setattr(documents, "ATTENTE", 0.01)
    client, non_lus = client_de(lieu.titulaire), MessageNonLu.objects.count()
    adresse = reverse("echange_pdf", args=[echange.reference])
    with documents._un_a_la_fois:
        reponse = client.get(adresse)
    assert reponse.status_code == 503
    assert reponse["Retry-After"]
    assert "Réessayez dans une minute" in reponse.content.decode()
    assert MessageNonLu.objects.count() == non_lus > 0
    assert client.get(adresse)["Content-Type"] == "application/pdf"
