"""How somebody does things in a browser: with which hand, at which pace, on which screen; and what the portal answered them (R17).

A `Maniere` is the habit of a person, a `Visite` one browser of theirs: it reads, follows, fills and presses by that habit, and keeps
every answer that an honest person must never be given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, Response, expect

LECTURE: Final = 2_000.0  # milliseconds that anybody spends on a form of several fields before sending it
BUREAU: Final = {"width": 1280, "height": 900}
TELEPHONE: Final = {"width": 390, "height": 844}
REMPLIR_TOUT: Final = """([adresse, mot, cachés]) => {
  for (const champ of document.querySelectorAll("main input")) {
    if (champ.type === "hidden" || (!cachés && !champ.checkVisibility())) continue;
    champ.value = champ.type === "password" ? mot : adresse;
    champ.dispatchEvent(new Event("input", { bubbles: true }));
    champ.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""
"""What a password manager does: every field that it sees is filled at once; a clumsy one fills those that nobody sees too."""


@dataclass(frozen=True)
class Maniere:
    """The habit of a person."""

    nom: str
    contexte: Mapping[str, Any] = field(default_factory=lambda: {"viewport": BUREAU})
    clavier: bool = False
    """Nothing is pressed with a mouse: Tab until it is reached, then Enter."""
    lecteur: bool = False
    """Each page is gone through by its headings before anything is done, as a screen reader does (its pauses shortened)."""
    gestionnaire: bool = False
    """A password manager fills what it sees at once, and signs in within a second."""
    remplit_les_caches: bool = False
    onglets: bool = False
    """Every link opens in a tab of its own; the page of the sign-in stays open in another, and is sent too."""
    retour: bool = False
    """After each link, back and forward again."""
    lent: bool = False
    """A slow network, and an impatient finger: each button is pressed twice."""

    @property
    def script(self) -> bool:
        return bool(self.contexte.get("java_script_enabled", True))


class Visite:
    """One browser of one person."""

    def __init__(self, browser: Browser, racine: str, maniere: Maniere, arguments: Mapping[str, Any]) -> None:
        self.maniere = maniere
        self.contexte = browser.new_context(**{**arguments, **maniere.contexte, "base_url": racine})
        self.contexte.set_default_timeout(60_000)
        self.subis: list[str] = []
        self.connecte = False
        self.attente: Page | None = None
        """The tab in which the page of the sign-in stays open."""
        self.contexte.on("response", self._garder)
        self.page = self.contexte.new_page()
        if maniere.lent:
            reseau = self.contexte.new_cdp_session(self.page)
            reseau.send(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": 200, "downloadThroughput": 200_000, "uploadThroughput": 50_000},
            )

    def fermer(self) -> None:
        self.contexte.close()

    def _garder(self, reponse: Response) -> None:
        """Keep what was slowed, refused or broken, and each page that asks for a verification."""
        chemin = urlsplit(reponse.url).path
        verifie = chemin in {reverse("verifier_humain"), reverse("verifier_session")}
        if reponse.status in {403, 429} or reponse.status >= 500 or verifie:
            self.subis.append(f"{reponse.status} {chemin}")

    def aller(self, chemin: str) -> None:
        """Open a page by its address, as by a favourite."""
        self.page.goto(chemin)
        self._arriver()

    def _arriver(self) -> None:
        self.page.wait_for_load_state()
        if self.maniere.lecteur:
            for titre in self.page.locator("main h1, main h2").all()[:6]:
                titre.scroll_into_view_if_needed()
                assert titre.inner_text()
                self.page.wait_for_timeout(50)

    def _atteindre(self, cible: Locator) -> None:
        """Reach this by Tab alone, as who has no mouse."""
        cible.wait_for()
        for _ in range(400):
            if cible.evaluate("cible => cible === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"out of reach by the keyboard: {cible} of {self.page.url}")

    def _prendre_le_temps(self) -> None:
        """Whoever fills several fields as a visitor has spent some seconds on the page."""
        if not self.connecte:
            passe = self.page.evaluate("performance.now()")
            self.page.wait_for_timeout(max(0.0, LECTURE - passe))

    def suivre(self, lien: Locator) -> None:
        """Follow this link."""
        maniere, lien = self.maniere, lien.first
        if maniere.onglets:
            with self.contexte.expect_page() as neuve:
                lien.click(modifiers=["Control"])
            self.page = neuve.value
        else:
            with self.page.expect_navigation():
                if maniere.clavier:
                    self._atteindre(lien)
                    self.page.keyboard.press("Enter")
                else:
                    lien.click()
        self._arriver()
        if maniere.retour:
            self.page.go_back()
            self._arriver()
            self.page.go_forward()
            self._arriver()

    def revenir(self) -> None:
        """Go back to the page that led here."""
        if self.maniere.onglets:
            self.page.close()
            self.page = self.contexte.pages[-1]
        else:
            self.page.go_back()
        self._arriver()

    def remplir(self, champ: Locator, texte: str) -> None:
        """Fill this field."""
        if self.maniere.gestionnaire:
            champ.fill(texte)
        elif self.maniere.clavier:
            self._atteindre(champ)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(texte, delay=3)
        else:
            champ.click()
            champ.fill("")
            champ.press_sequentially(texte, delay=3)

    def cocher(self, case: Locator) -> None:
        """Tick this box, or choose this answer: by its label, or by Space."""
        case = case.first
        if self.maniere.clavier:
            case.press("Space")
        else:
            etiquette = self.page.locator(f"label[for='{case.get_attribute('id')}']")
            etiquette.click(position={"x": 5, "y": 10})
        expect(case).to_be_checked()

    def presser(self, bouton: Locator, *, aussitot: bool = False) -> None:
        """Send a form by this button; `aussitot`: there is nothing to fill, or something else than the person filled it."""
        if not aussitot:
            self._prendre_le_temps()
        with self.page.expect_navigation():
            if self.maniere.clavier:
                self._atteindre(bouton)
                self.page.keyboard.press("Enter")
            elif self.maniere.lent:
                bouton.dblclick()
            else:
                bouton.click()
        self._arriver()

    def telecharger(self, bouton: Locator) -> bytes:
        """Save the file that this button answers with."""
        with self.page.expect_download() as fichier:
            if self.maniere.clavier:
                self._atteindre(bouton)
                self.page.keyboard.press("Enter")
            else:
                bouton.click()
        return Path(fichier.value.path()).read_bytes()

    def se_connecter(self, adresse: str, mot_de_passe: str, *, manques: int = 0, suite: str = "espace") -> None:
        """Sign in by the page, after so many passwords mistyped."""
        self.aller(reverse("connexion"))
        if self.maniere.onglets:
            self.attente = self.page
            self.page = self.contexte.new_page()
            self.aller(reverse("connexion"))
        for rang in range(manques):
            self._saisir(adresse, f"{mot_de_passe[:-1]}{rang}")
            expect(self.page.get_by_role("alert").first).to_be_visible()
        self._saisir(adresse, mot_de_passe)
        expect(self.page).to_have_url(f"{self.racine}{reverse(suite)}")
        self.connecte = suite == "espace"
        if self.attente is not None:
            self._rattraper(adresse, mot_de_passe)

    @property
    def racine(self) -> str:
        return "/".join(self.page.url.split("/")[:3])

    def _saisir(self, adresse: str, mot_de_passe: str) -> None:
        bouton = self.page.get_by_role("button", name="Se connecter")
        if self.maniere.gestionnaire:
            self.page.evaluate(REMPLIR_TOUT, [adresse, mot_de_passe, self.maniere.remplit_les_caches])
        else:
            self.remplir(self.page.locator("#id_username"), adresse)
            self.remplir(self.page.locator("#id_password"), mot_de_passe)
        self.presser(bouton, aussitot=True)

    def _rattraper(self, adresse: str, mot_de_passe: str) -> None:
        """Sign in in the other tab too, which was left at the sign-in: it leads to the espace."""
        ici, self.page = self.page, self.attente or self.page
        self._saisir(adresse, mot_de_passe)
        expect(self.page.locator("h1")).to_have_count(1)
        self.page.close()
        self.page, self.attente = ici, None
