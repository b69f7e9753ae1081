"""Sentinel secrets driven through every journey of the keys are found nowhere that they must not be (issue 3).

The secrets: password, trust answer, activation code, token of a link. The places: what the logs write, the journal,
the mails, the sessions in clear, every column of every table, the cache, every address but the link's own path.
"""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.envois import courriels
from accounts.envois.liens import jeton
from accounts.espace import oubli
from accounts.models import Courriel, Lien, Session
from accounts.saisies.reponses import normaliser_reponse
from activation.courriers import edition
from activation.courriers.codes import deriver_code, presenter
from activation.models import Courrier, Demande
from habilitations.models import Adhesion
from services.models import PersonneSirenisee
from tests.activation import scenes
from tests.habilitations.scenes import apercu_de

pytestmark = pytest.mark.django_db

MOT_DE_PASSE = "xylophone 8312 mirabelle quasar vertueux"
NOUVEAU = "trombone 5519 groseille nebuleuse placide"
TROISIEME = "clavecin 7704 cassis galaxie intrepide"
FAUX = "bombarde 1186 framboise comete paresseux"
REPONSE = "pingouin cratere harmonica paravent"
AUTRE_REPONSE = "autruche falaise contrebasse rideau"
ADRESSE = "sentinelle@cabinet-dupont.fr"


def formes(secret: str) -> set[str]:
    """Return how a secret may hide: as it is, folded, without separators, quoted for a URL, in base64, in hexadecimal."""
    serre = "".join(c for c in secret if c.isalnum())
    toutes = {secret, serre, normaliser_reponse(secret), quote(secret), quote_plus(secret), secret.encode().hex()}
    toutes.add(base64.b64encode(secret.encode()).decode().rstrip("="))
    return {forme.lower() for forme in toutes}


class Guetteur:
    """Knows the secrets, and says where one shows."""

    def __init__(self) -> None:
        self.secrets: dict[str, set[str]] = {}
        self.liens: set[str] = set()

    def apprendre(self, nom: str, secret: str) -> None:
        self.secrets[nom] = formes(secret)

    def apprendre_lien(self, secret: str) -> None:
        self.liens.add(secret)
        self.apprendre(f"lien {len(self.liens)}", secret)

    def trouver(self, texte: str) -> set[str]:
        """Return the names of the secrets that this text holds."""
        bas = texte.lower()
        return {nom for nom, variantes in self.secrets.items() if any(forme in bas for forme in variantes)}

    def exiger(self, texte: str, ou: str) -> None:
        vus = self.trouver(texte)
        assert not vus, f"{vus} found in {ou}: {self._extrait(texte, vus)}"

    def _extrait(self, texte: str, noms: set[str]) -> str:
        """Return what stands around the first secret found: for whoever has to repair."""
        bas = texte.lower()
        ou = min(bas.find(forme) for nom in noms for forme in self.secrets[nom] if forme in bas)
        return texte[max(0, ou - 150) : ou + 150]


class Navigateur(Client):
    """A browser whose addresses and answers are watched."""

    def __init__(self, guetteur: Guetteur, **options: Any) -> None:
        super().__init__(raise_request_exception=False, **options)
        self.guetteur = guetteur

    def request(self, **requete: Any) -> Any:
        reponse = super().request(**requete)
        chemin = f"{requete.get('PATH_INFO', '')}?{requete.get('QUERY_STRING', '')}"
        self._verifier_adresse(chemin)
        self._verifier_adresse(reponse.headers.get("Location", ""))
        for nom, valeur in reponse.headers.items():
            if nom != "Location":
                self.guetteur.exiger(valeur, f"header {nom} of {chemin}")
        for temoin in reponse.cookies.values():
            self.guetteur.exiger(temoin.value, f"cookie {temoin.key} of {chemin}")
        self.reponses = [*getattr(self, "reponses", []), reponse]
        return reponse

    def _verifier_adresse(self, adresse: str) -> None:
        """A link's token may stand in one place: the path of the link itself."""
        for lien in self.guetteur.liens:
            if f"/{lien}/" in adresse and adresse.startswith("/lien/"):
                adresse = adresse.replace(f"/{lien}/", "/…/")
        self.guetteur.exiger(adresse, "an address")


@pytest.fixture
def journaux() -> Iterator[io.StringIO]:
    """What the console would write at DEBUG: the formatter and the filters are those of the settings."""
    console = next(h for h in logging.getLogger().handlers if any("Masque" in type(f).__name__ for f in h.filters))
    flux = io.StringIO()
    espion = logging.StreamHandler(flux)
    espion.setFormatter(console.formatter)
    espion.filters = list(console.filters)
    racine = logging.getLogger()
    niveaux = {nom: logging.getLogger(nom).level for nom in [None, *logging.Logger.manager.loggerDict]}
    for nom in niveaux:
        logging.getLogger(nom).setLevel(logging.DEBUG)
    racine.addHandler(espion)
    connection.force_debug_cursor = False
    yield flux
    racine.removeHandler(espion)
    for nom, niveau in niveaux.items():
        logging.getLogger(nom).setLevel(niveau)


def lignes_de_la_base() -> Iterator[tuple[str, str]]:
    """Yield (table, row as JSON) for the whole database."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in curseur.fetchall():
            curseur.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            for (ligne,) in curseur.fetchall():
                yield table, ligne


def verifier_le_repos(guetteur: Guetteur) -> None:
    """Look at everything that is at rest, now."""
    for table, ligne in lignes_de_la_base():
        guetteur.exiger(ligne, f"table {table}")
    for session in Session.objects.all():
        guetteur.exiger(json.dumps(session.get_decoded(), default=str), "a session in clear")
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    for cle in client.scan_iter():
        lire = {b"hash": client.hgetall, b"set": client.smembers, b"string": client.get}[client.type(cle)]
        guetteur.exiger(repr(cle) + repr(lire(cle)), "the cache")


def dernier_lien(objet: str) -> str:
    return jeton(Lien.objects.filter(objet=objet, consomme_le=None, revoque_le=None).get())


def test_les_secrets_ne_se_trouvent_nulle_part(
    catalogue: None,
    danone: PersonneSirenisee,
    journaux: io.StringIO,
    _reveils: list[tuple[str, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guetteur = Guetteur()
    for nom, secret in [("mot de passe", MOT_DE_PASSE), ("nouveau", NOUVEAU), ("troisième", TROISIEME), ("faux", FAUX)]:
        guetteur.apprendre(nom, secret)
    for nom, secret in [("réponse", REPONSE), ("autre réponse", AUTRE_REPONSE)]:
        guetteur.apprendre(nom, secret)
    client = Navigateur(guetteur)
    faire_le_tour(client, guetteur, monkeypatch)

    verifier_le_repos(guetteur)
    guetteur.exiger(journaux.getvalue(), "the logs")
    assert "/inscription/expert/" in journaux.getvalue(), "the logs were listened to"
    guetteur.exiger(repr(_reveils), "the broker's messages")
    assert len(mail.outbox) >= 6
    sans_liens = {nom for nom in guetteur.secrets if not nom.startswith("lien")}
    for message in mail.outbox:
        guetteur.exiger(message.subject, "a subject")
        guetteur.exiger(repr(message.extra_headers), "the headers of a mail")
        assert not guetteur.trouver(str(message.message())) & sans_liens, message.subject
    for reponse in client.reponses:
        if reponse["Content-Type"].startswith("text/html"):
            vus = guetteur.trouver(reponse.content.decode())
            assert not vus & {"mot de passe", "nouveau", "troisième", "faux", "code"}, reponse.request["PATH_INFO"]


def faire_le_tour(client: Navigateur, guetteur: Guetteur, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every journey that a secret goes through, with its failures."""
    inscription = {
        "civilite": "MADAME",
        "prenom": "Amélie",
        "nom": "L'Hermite",
        "telephone": "01 23 45 67 89",
        "code_postal": "75012",
        "commune": "Paris",
        "siren_appartenance": "552 032 534",
        "email": ADRESSE,
        "mot_de_passe": MOT_DE_PASSE,
        "question_confiance": "PHRASE",
        "reponse_confiance": REPONSE,
        "cgu": "on",
    }

    # A form that fails (500), one that is refused, one that CSRF stops, then the good one.
    with monkeypatch.context() as panne:
        panne.setattr("accounts.espace.inscription.hacher_reponse", _tomber_en_panne)
        assert client.post(reverse("inscription_expert"), inscription).status_code == 500
    assert client.post(reverse("inscription_expert"), inscription | {"cgu": ""}).status_code == 200
    assert Navigateur(guetteur, enforce_csrf_checks=True).post(reverse("connexion"), inscription).status_code == 403
    reponse = client.post(reverse("inscription_expert"), inscription)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    verifier_le_repos(guetteur)  # the session carries the answer now, encrypted

    # The link, mistaken, good, then used again.
    courriels.envoyer_en_attente()
    lien = dernier_lien("CONFIRMATION_EXPERT")
    guetteur.apprendre_lien(lien)
    assert lien in str(mail.outbox[-1].message()).replace("=\n", "")
    page = reverse("confirmer_adresse", args=[lien])
    assert client.get(page).status_code == 200
    ailleurs = Navigateur(guetteur)
    assert ailleurs.post(page, {"mot_de_passe": FAUX}).status_code == 200
    assert client.post(page).status_code == 302
    assert client.get(page).status_code == 410
    assert client.post(reverse("inscription_recapitulatif")).content.startswith(b"%PDF")
    verifier_le_repos(guetteur)

    # Signing in, as the days after: the browser of the inscription was signed in by the link.
    assert client.post(reverse("deconnexion")).status_code == 302
    assert client.post(reverse("connexion"), {"username": ADRESSE, "password": FAUX}).status_code == 200
    assert client.post(reverse("connexion"), {"username": "inconnu@exemple.fr", "password": FAUX}).status_code == 200
    assert client.post(reverse("connexion"), {"username": ADRESSE, "password": MOT_DE_PASSE}).status_code == 302
    assert client.get(reverse("espace")).status_code == 200
    verifier_le_repos(guetteur)

    # An adhésion and its code, mistaken then right.
    adherer = reverse("adherer") + "?siren=552032534"
    saisie = {"qualite": "MANDATAIRE", "services": ["DECL_TVA"]}
    assert scenes.envoyer(client, adherer, saisie).status_code == 302
    demande = Demande.objects.get()
    edition.editer(str(Courrier.objects.get().pk))
    code = presenter(deriver_code(demande=demande.pk, numero=1))
    guetteur.apprendre("code", code)
    page = reverse("demande", args=[demande.reference])
    assert client.post(page, {"code": code[:-1] + ("2" if code[-1] != "2" else "3")}).status_code == 200
    verifier_le_repos(guetteur)
    assert client.post(page, {"code": f" {code.lower()} "}).status_code == 302
    assert Adhesion.objects.ouvertes().count() == 1
    courriels.envoyer_en_attente()

    # Another password, another answer.
    client.post(reverse("changer_mot_de_passe"), {"actuel": FAUX, "nouveau": NOUVEAU})
    reponse = client.post(reverse("changer_mot_de_passe"), {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU})
    assert reponse.status_code == 302, reponse.content.decode()
    reponse = client.post(
        reverse("changer_question"), {"actuel": NOUVEAU, "question": "VOYAGE", "reponse": AUTRE_REPONSE}
    )
    assert reponse.status_code == 302, reponse.content.decode()
    verifier_le_repos(guetteur)
    assert client.post(reverse("question_changee")).content.startswith(b"%PDF")

    # The password asked again before an export.
    session = client.session
    session["prouve_le"] = 0
    session.save()
    client.post(reverse("telecharger_donnees"), {"format": "json", "confirmation_mot_de_passe": FAUX})
    reponse = client.post(reverse("telecharger_donnees"), {"format": "json", "confirmation_mot_de_passe": NOUVEAU})
    assert reponse["Content-Type"] == "application/json"
    guetteur.exiger(b"".join(reponse.streaming_content).decode(), "the export")  # type: ignore[attr-defined]

    # Forgotten.
    oublieux = Navigateur(guetteur)
    assert oublieux.post(reverse("mot_de_passe_oublie"), {"adresse": ADRESSE}).status_code == 302
    oubli.traiter_en_attente()
    courriels.envoyer_en_attente()
    lien = dernier_lien("MOT_DE_PASSE_OUBLIE")
    guetteur.apprendre_lien(lien)
    page = reverse("reinitialiser_mot_de_passe", args=[lien])
    assert oublieux.get(page).status_code == 200
    assert oublieux.post(page, {"reponse": REPONSE}).status_code == 200, "the former answer is wrong now"
    assert oublieux.post(page, {"reponse": AUTRE_REPONSE}).status_code == 302
    reponse = oublieux.post(reverse("choisir_mot_de_passe"), {"nouveau": TROISIEME})
    assert reponse.status_code == 302, reponse.content.decode()
    assert oublieux.get(page).status_code == 410
    verifier_le_repos(guetteur)

    # The end: the espace deleted.
    assert client.post(reverse("connexion"), {"username": ADRESSE, "password": TROISIEME}).status_code == 302
    montre = apercu_de(client.get(reverse("supprimer_espace")).content.decode())
    reponse = client.post(reverse("supprimer_espace"), {"confirme": "on", **montre})
    assert reponse["Location"] == reverse("espace_supprime")
    courriels.envoyer_en_attente()
    client.reponses.extend([*ailleurs.reponses, *oublieux.reponses])


def _tomber_en_panne(reponse: str) -> str:
    raise RuntimeError("a failure while the secrets are local variables")


@pytest.mark.parametrize(
    "cachette",
    [
        REPONSE.upper(),
        REPONSE.replace(" ", ""),
        quote(REPONSE),
        base64.b64encode(REPONSE.encode()).decode(),
        f"x={REPONSE.encode().hex()}",
    ],
)
def test_le_guetteur_voit_chaque_forme(cachette: str) -> None:
    guetteur = Guetteur()
    guetteur.apprendre("réponse", REPONSE)
    assert guetteur.trouver(cachette) == {"réponse"}
    with pytest.raises(AssertionError, match="found in"):
        guetteur.exiger(cachette, "x")


def test_le_guetteur_voit_les_journaux_et_la_base(journaux: io.StringIO) -> None:
    """Each place is really looked at: a secret put there is seen."""
    guetteur = Guetteur()
    guetteur.apprendre("réponse", REPONSE)
    logging.getLogger("django.request").debug("tried %s", REPONSE)
    assert guetteur.trouver(journaux.getvalue())
    cache.set("x", REPONSE)
    with pytest.raises(AssertionError, match="the cache"):
        verifier_le_repos(guetteur)
    cache.clear()
    Courriel.objects.create(genre="x", destinataire="a@b.fr", acte="x", contexte={"a": REPONSE})
    with pytest.raises(AssertionError, match="accounts_courriel"):
        verifier_le_repos(guetteur)
