"""The gauge in a real browser: the same answer as the server on every password, and its behaviour in the page (R3)."""

import json
import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dsfr
import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

from accounts.mots_de_passe.force import DOSSIER, LISTES, evaluer

CONTEXTE = ["jean.dupont@cabinet-dupont.fr", "Dupont-Lévêque", "Jean", "BOULANGERIE MARTIN & FILS", "552 100 554"]
ORIGINE = "https://portail.test"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".txt": "text/plain"}
DSFR_JS = Path(dsfr.__file__).parent / "static/dsfr/dist/dsfr.module.min.js"


class Formulaire(forms.Form):
    """What the template is included with."""

    nom = forms.CharField()
    mot_de_passe = forms.CharField(label="Nouveau mot de passe", strip=False, widget=forms.PasswordInput)


@pytest.fixture
def demandes(page: Page) -> Iterator[list[str]]:
    """Serve a page with the component and our files under the strict policy; give what is asked; forbid errors."""
    recues: list[str] = []
    plaintes: list[str] = []
    page.on("console", lambda message: plaintes.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda erreur: plaintes.append(str(erreur)))

    def servir(route: Route) -> None:
        chemin = urlsplit(route.request.url).path
        recues.append(chemin)
        if chemin == "/":
            formulaire = Formulaire()
            composant = render_to_string(
                "composants/mot_de_passe.html",
                {
                    "champ": formulaire["mot_de_passe"],
                    "autocomplete": "new-password",
                    "jauge": True,
                    "contexte": CONTEXTE,
                    "contexte_champs": "id_nom",
                },
            )
            corps = (
                '<!doctype html><html lang="fr" data-fr-scheme="light"><meta charset="utf-8"><title>Jauge</title>'
                '<link rel="stylesheet" href="/static/css/jauge.css">'
                '<link rel="icon" href="data:,"><script type="module" src="/dsfr.js"></script>'
                f"<main><h1>Jauge</h1><label for=id_nom>Nom</label>{formulaire['nom']}{composant}</main></html>"
            )
            route.fulfill(body=corps, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": CSP})
            return
        fichier = DSFR_JS if chemin == "/dsfr.js" else Path(str(finders.find(chemin.removeprefix("/static/"))))
        route.fulfill(body=fichier.read_bytes(), content_type=TYPES[fichier.suffix] + "; charset=utf-8")

    page.route("**/*", servir)
    yield recues
    assert plaintes == []


def _mots_de_passe() -> list[str]:
    """At least 4,000 passwords of every kind that has its own treatment, the same at each run."""
    hasard = random.Random(20260101)
    mots = [mot for nom in LISTES for mot in (DOSSIER / nom).read_text().split("\n") if mot and not mot.startswith("=")]
    accents = str.maketrans({"e": "é", "a": "à", "c": "ç", "o": "ö", "i": "î", "u": "ù"})
    leet = str.maketrans({"a": "@", "e": "3", "i": "1", "o": "0", "s": "$", "l": "1", "t": "7", "g": "9"})
    transformations: list[Callable[[str], str]] = [
        str.upper,
        str.title,
        str.swapcase,
        lambda texte: texte.translate(accents),
        lambda texte: unicodedata.normalize("NFD", texte.translate(accents)),
        lambda texte: texte.translate(leet),
        lambda texte: texte[::-1],
        lambda texte: texte * 2,
        lambda texte: texte + texte.upper(),
        lambda texte: "".join(signe.upper() if hasard.random() < 0.4 else signe for signe in texte),
        lambda texte: "".join(chr(ord(signe) + 0xFEE0) if "!" <= signe <= "~" else signe for signe in texte),
        lambda texte: texte,
    ]
    claviers = [
        "azertyuiop^$",
        "qsdfghjklmù*",
        "wxcvbn,;:!",
        "&é\"'(-è_çà)=",
        "1234567890°+",
        "qwertyuiop[]",
        "aqwzsxedc",
        "741852963",
    ]
    personnel = [
        "jean",
        "DUPONT",
        "lévêque",
        "552100554",
        "552 100 554",
        "Boulangerie",
        "impôts",
        "dgfip",
        "cabinetdupont",
    ]
    emojis = [chr(code) for code in [*range(0x1F600, 0x1F64F), 0x200D, 0xFE0F, 0x1F3FD, 0x2764, 0x1F468]]

    def date() -> str:
        jour, mois, an = hasard.randint(0, 32), hasard.randint(0, 13), hasard.randint(1890, 2065)
        separateur = hasard.choice(["", "/", "-", ".", " ", "_", ","])
        formes = [
            f"{jour:02}{mois:02}{an}",
            f"{jour}-{mois}-{an}",
            f"{an}{mois:02}{jour:02}",
            f"{jour:02}{mois:02}{an % 100:02}",
        ]
        return hasard.choice(
            [
                *formes,
                separateur.join([f"{jour:02}", f"{mois:02}", str(an)]),
                separateur.join(map(str, [jour, mois, an])),
            ]
        )

    def suite() -> str:
        depart, pas = hasard.randint(33, 126), hasard.choice([-6, -3, -2, -1, 0, 1, 2, 5, 6])
        return "".join(chr(max(1, depart + pas * rang)) for rang in range(hasard.randint(2, 12)))

    def unicode_quelconque() -> str:
        limite = hasard.choice([0x7F, 0xFF, 0x24F, 0x3000, 0xFFFF, 0x10FFFF])
        codes = (hasard.randint(1, limite) for _ in range(hasard.randint(1, 30)))
        return "".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF)

    def morceau_de_clavier() -> str:
        rangee = hasard.choice(claviers)
        debut = hasard.randrange(len(rangee))
        return rangee[debut : debut + hasard.randint(2, 12)][:: hasard.choice([1, -1])]

    sources: list[Callable[[], str]] = [
        lambda: hasard.choice(mots),
        lambda: hasard.choice(mots),
        lambda: hasard.choice(mots),
        lambda: hasard.choice(personnel),
        lambda: hasard.choice(emojis) * hasard.randint(1, 3),
        lambda: "".join(hasard.choices(string.printable[:95], k=hasard.randint(1, 20))),
        lambda: "".join(hasard.choices("ab1", k=hasard.randint(3, 20))),
        date,
        suite,
        unicode_quelconque,
        morceau_de_clavier,
    ]
    liste = []
    for rang in range(3200):
        texte = ""
        visee = hasard.choice([5, 18, 19, 20, 21, 24, 30, 40, 80])
        separateur = hasard.choice(["", "", " ", "-", "_", ".", "'"])
        familles = sources if rang % 2 else sources[:4]
        while len(texte) < visee:
            morceau = hasard.choice(transformations)(hasard.choice(familles)())
            texte += (separateur if texte else "") + morceau
        liste.append(texte if hasard.random() < 0.3 else texte[:visee])
    for longueur in (19, 20, 21, 70, 72, 73, 255, 256, 257, 400):
        for signe in (
            "a",
            "aZ9!",
            "😀",
            "é",
            "e\u0301",
            "œ",
            "ﬃ",
            "\u200b",
            "x\u0301\u0302",
            "azertyuiop",
            "p@ssw0rd",
            "\ue000\ue001",
        ):
            liste.append((signe * longueur)[:longueur])
        liste += [unicode_quelconque() * (longueur // 10) for _ in range(10)]
        liste += ["".join(hasard.choices(string.printable[:95], k=longueur)) for _ in range(5)]
    return liste


def _evaluer_dans_le_navigateur(page: Page, mots_de_passe: list[str], contexte: list[str]) -> list[Any]:
    reponses: list[Any] = page.evaluate(
        """async ([motsDePasse, contexte]) => {
            const donnees = document.querySelector("[data-jauge]").dataset;
            const { chargerEvaluateur } = await import(donnees.module);
            const listes = Object.fromEntries(donnees.listes.trim().split(/\\s+/).map((paire) => paire.split("=")));
            const evaluer = await chargerEvaluateur({ regles: donnees.regles, repliement: donnees.repliement, listes });
            return motsDePasse.map((motDePasse) => {
                const e = evaluer(motDePasse, contexte);
                return [e.niveau, e.dixiemesDeBit, e.longueur, e.longueurSuffisante, e.tropLong, e.conseils, e.libelle];
            });
        }""",
        [mots_de_passe, contexte],
    )
    return reponses


def _evaluer_sur_le_serveur(mots_de_passe: list[str], contexte: list[str]) -> list[Any]:
    evaluations = [evaluer(mot_de_passe, contexte) for mot_de_passe in mots_de_passe]
    return [
        [e.niveau, e.dixiemes_de_bit, e.longueur, e.longueur_suffisante, e.trop_long, e.conseils, e.niveau.libelle]
        for e in evaluations
    ]


def test_navigateur_et_serveur_d_accord_sur_tout(page: Page, demandes: list[str]) -> None:
    page.goto(ORIGINE)
    mots_de_passe = _mots_de_passe()
    assert len(mots_de_passe) >= 3400
    niveaux = set()
    for contexte, essayes in ((CONTEXTE, mots_de_passe), ([], mots_de_passe[::4])):
        serveur = _evaluer_sur_le_serveur(essayes, contexte)
        navigateur = _evaluer_dans_le_navigateur(page, essayes, contexte)
        desaccords = [(mot, la, ici) for mot, la, ici in zip(essayes, serveur, navigateur, strict=True) if la != ici]
        assert desaccords == [], f"{len(desaccords)} désaccords"
        niveaux |= {reponse[0] for reponse in serveur}
    assert niveaux == {0, 1, 2, 3}


def test_chaque_caractere_replie_et_chaque_mot_connu_compte_pareil(page: Page, demandes: list[str]) -> None:
    """The whole folding table and a tenth of the dictionaries, alone and in rows."""
    page.goto(ORIGINE)
    plies = "".join(json.loads((DOSSIER / "repliement.json").read_text()).values())
    assert len(plies) > 1800
    mots = [mot for nom in LISTES for mot in (DOSSIER / nom).read_text().split("\n") if mot and not mot.startswith("=")]
    textes = [plies[rang : rang + 20] for rang in range(0, len(plies), 20)] + mots[::10]
    assert _evaluer_sur_le_serveur(textes, []) == _evaluer_dans_le_navigateur(page, textes, [])


def test_demi_caractere_isole(page: Page, demandes: list[str]) -> None:
    """A lone surrogate is posted as U+FFFD: the gauge counts it as that already."""
    page.goto(ORIGINE)
    longueurs = page.evaluate(
        """async () => {
            const { module, regles, repliement } = document.querySelector("[data-jauge]").dataset;
            const { chargerEvaluateur } = await import(module);
            const evaluer = await chargerEvaluateur({ regles, repliement, listes: {} });
            const signes = ["\\ud800", "\\ufffd", "\\udc00"];
            const motsDePasse = signes.map((signe) => `xkqvjwzpmtrbh${signe}gyfndlc${signe}`);
            return motsDePasse.map((motDePasse) => evaluer(motDePasse).dixiemesDeBit);
        }"""
    )
    assert len(set(longueurs)) == 1
    assert evaluer("xkqvjwzpmtrbh\ud800gyfndlc\ud800") == evaluer("xkqvjwzpmtrbh�gyfndlc�")


def test_la_page_montre_le_niveau_du_serveur(page: Page, demandes: list[str]) -> None:
    page.goto(ORIGINE)
    page.wait_for_load_state("networkidle")
    assert not any("dictionnaires" in chemin or "force_mot" in chemin for chemin in demandes)
    champ = page.get_by_label("Nouveau mot de passe", exact=True)
    expect(page.locator("[data-jauge]")).to_be_hidden()
    champ.focus()
    for mot_de_passe in (
        "motdepassemotdepasse",
        "girafe bougie tonnerre valise radis",
        "moulin cactus vendredi orchestre citron brume",
        "gT7#xQ2!vLp9@Zr4$Wd8kM",
    ):
        champ.fill("")
        page.keyboard.insert_text(mot_de_passe)
        attendu = evaluer(mot_de_passe, [*CONTEXTE, ""])
        expect(page.locator("[data-jauge-pas]")).to_have_attribute("data-niveau", str(attendu.niveau.value))
        expect(page.locator("[aria-live=polite] [data-jauge-niveau]")).to_have_text(attendu.niveau.libelle)
        expect(page.locator("[aria-live=polite] [data-jauge-conseils] li")).to_have_text(attendu.conseils)
        expect(page.locator("[data-jauge-suite]")).to_have_text("accepté" if attendu.acceptable else "refusé")
    assert sum("dictionnaires" in chemin for chemin in demandes) == 2 + len(LISTES)
    champ.fill("")
    expect(page.locator("[data-jauge-niveau]")).to_be_hidden()
    expect(page.locator("[data-jauge-pas]")).not_to_have_attribute("data-niveau", re.compile("."))


def test_un_mot_de_passe_accepte_n_est_pas_dessine_comme_une_erreur() -> None:
    feuille = Path(str(finders.find("css/jauge.css"))).read_text()
    couleurs = dict(re.findall(r'data-niveau="(\d)"\].*?var\((--[\w-]+)\)', feuille))
    assert set(couleurs) == {"0", "1", "2", "3"}
    assert "error" in couleurs.pop("0")
    assert not [c for c in couleurs.values() if "error" in c or "warning" in c]


@pytest.mark.parametrize("largeur", [1280, 390])
def test_rien_ne_bouge_sous_la_souris(page: Page, demandes: list[str], largeur: int) -> None:
    """The advice comes late: were its place not kept, the button would move away from under the click."""
    page.set_viewport_size({"width": largeur, "height": 900})
    page.goto(ORIGINE)
    champ, bas = page.get_by_label("Nouveau mot de passe", exact=True), page.locator("[data-jauge]")
    champ.focus()
    hauteurs = []
    for mot_de_passe in ("claire", "claire fontaine claire", "gT7#xQ2!vLp9@Zr4$Wd8kM", ""):
        champ.fill(mot_de_passe)
        if mot_de_passe:
            expect(page.locator("[data-jauge-niveau]")).to_have_text(
                evaluer(mot_de_passe, [*CONTEXTE, ""]).niveau.libelle
            )
        hauteurs.append(bas.evaluate("bloc => bloc.getBoundingClientRect().height"))
    assert len(set(hauteurs)) == 1, hauteurs


def test_un_autre_champ_du_formulaire_change_le_niveau(page: Page, demandes: list[str]) -> None:
    page.goto(ORIGINE)
    mot_de_passe = "Wojciechowska moulin cactus"
    champ = page.get_by_label("Nouveau mot de passe", exact=True)
    champ.focus()
    champ.fill(mot_de_passe)
    pas = page.locator("[data-jauge-pas]")
    sans, avec = evaluer(mot_de_passe, CONTEXTE).niveau, evaluer(mot_de_passe, [*CONTEXTE, "Wojciechowska"]).niveau
    assert avec < sans
    expect(pas).to_have_attribute("data-niveau", str(sans.value))
    page.get_by_label("Nom", exact=True).fill("Wojciechowska")
    expect(pas).to_have_attribute("data-niveau", str(avec.value))


def test_afficher_le_mot_de_passe(page: Page, demandes: list[str]) -> None:
    page.goto(ORIGINE)
    champ = page.get_by_label("Nouveau mot de passe", exact=True)
    champ.fill("girafe bougie")
    page.locator(".fr-password__checkbox label").click()
    expect(champ).to_have_attribute("type", "text")
    expect(champ).to_have_value("girafe bougie")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_sans_javascript_la_page_dit_les_regles(page: Page, demandes: list[str]) -> None:
    page.goto(ORIGINE)
    expect(page.get_by_text("20 caractères au moins")).to_be_visible()
    expect(page.locator("[data-jauge]")).to_be_hidden()
    expect(page.locator(".fr-password__checkbox")).to_be_hidden()
    expect(page.get_by_label("Nouveau mot de passe", exact=True)).to_be_editable()


def test_gabarit_cite_toutes_les_listes_et_dit_les_regles() -> None:
    rendu = render_to_string(
        "composants/mot_de_passe.html",
        {
            "champ": Formulaire()["mot_de_passe"],
            "autocomplete": "new-password",
            "jauge": True,
            "contexte": ['<b>"'],
            "contexte_champs": "",
        },
    )
    for nom in LISTES:
        assert f"{nom}=" in rendu
    assert "20 caractères au moins" in rendu
    assert "maxlength" not in rendu
    assert "style=" not in rendu
    assert "&lt;b&gt;&quot;&#10;" in rendu
