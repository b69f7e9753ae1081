"""The pictures of the fiches: each is light, shown with its words once unfolded, and what it shows stands on its page today."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from accounts.saisies.repliement import replier
from espacepro.aide.captures import CAPTURES, DESSINS
from espacepro.aide.fiches import FICHES
from tests.parcours.scenes_captures import SCENES

IMAGES = Path(settings.RACINE) / "static" / "img" / "aide"
CHACUNE, TOUTES = 40_000, 600_000


def taille(image: bytes) -> tuple[int, int]:
    """Return the width and height written in a lossy WebP (RFC 9649 §2.5)."""
    debut = image.index(b"\x9d\x01\x2a", 20) + 3
    return int.from_bytes(image[debut : debut + 2], "little") & 0x3FFF, int.from_bytes(
        image[debut + 2 : debut + 4], "little"
    ) & 0x3FFF


def lisible(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return replier(html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_chaque_image_a_sa_fiche_sa_scene_et_son_releve() -> None:
    fichiers = {fichier.stem for fichier in IMAGES.iterdir()}
    assert fichiers == set(DESSINS) == set(CAPTURES) == set(SCENES)
    assert set(DESSINS) <= set(FICHES)
    assert len(DESSINS) > 12


def test_les_images_sont_legeres_et_de_la_taille_dite() -> None:
    octets = {fichier.name: fichier.stat().st_size for fichier in IMAGES.iterdir()}
    assert max(octets.values()) <= CHACUNE, octets
    assert sum(octets.values()) <= TOUTES
    for capture in CAPTURES.values():
        image = (IMAGES / f"{capture.slug}.webp").read_bytes()
        assert image[:4] + image[8:12] == b"RIFFWEBP"
        largeur, hauteur = taille(image)
        assert abs(largeur - capture.largeur * 1.25) < 1, capture.slug
        assert abs(hauteur - capture.hauteur * 1.25) < 1, capture.slug


def test_chaque_image_dit_en_mots_ce_qu_elle_montre() -> None:
    for capture in CAPTURES.values():
        assert len(capture.alternative) > 60, capture.slug
        assert capture.libelles, capture.slug
    assert len({capture.alternative for capture in CAPTURES.values()}) == len(CAPTURES)
    for capture in CAPTURES.values():
        cites = re.findall("«\u00a0([^»]+?)\u00a0»", capture.alternative)
        page = replier(" ".join(capture.libelles))
        absents = [cite for cite in cites if replier(cite) not in page]
        # A picture of a part of a page names the page, whose title is above it.
        assert absents in ([], ["Sécurité de votre espace"]), (capture.slug, absents)


@pytest.mark.parametrize("slug", DESSINS)
def test_l_image_vient_a_la_demande(client: Client, slug: str) -> None:
    page = client.get(reverse("fiche", args=[slug])).text
    depliant = re.search(r'<details class="ep-capture">.*?</details>', page, re.S)
    assert depliant is not None
    image = re.search(r"<img [^>]*>", depliant[0])
    assert image is not None
    assert all(attribut in image[0] for attribut in ('loading="lazy"', 'width="', 'height="', f"img/aide/{slug}"))
    assert len(re.findall(r"<img ", page)) == 1


def test_une_fiche_sans_image_n_en_montre_pas(client: Client) -> None:
    sans = set(FICHES) - set(DESSINS)
    assert sans
    assert all("ep-capture" not in client.get(reverse("fiche", args=[slug])).text for slug in sans)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", DESSINS)
def test_ce_qu_elle_montre_est_sur_sa_page(slug: str, client: Client, client_de: Callable[[Espace], Client]) -> None:
    vue = SCENES[slug]()
    navigateur = client if vue.espace is None else client_de(vue.espace)
    reponse = navigateur.get(vue.adresse)
    assert reponse.status_code == 200
    page = lisible(reponse.text)
    absents = [libelle for libelle in CAPTURES[slug].libelles if replier(libelle) not in page]
    assert absents == [], "python -m tests.captures draws it again"
