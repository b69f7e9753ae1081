"""What several tests of who somebody is begin with: an inscription, a browser that signs in, a device and its codes."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from psycopg.types.json import Jsonb

from accounts.actes import PURGE_FAITE
from accounts.envois.liens import jeton
from accounts.espace.changement_adresse import confirmer_changement, demander_changement
from accounts.facteurs.second_facteur import commencer_enrolement, confirmer_enrolement
from accounts.models import Agent, Application, Espace, Evenement, Lien
from accounts.traces.acteurs import Visiteur
from accounts.traces.journal import consigner
from accounts.traces.sceau import COLONNES, sceau_de, texte_de_ligne
from tests.factories import MOT_DE_PASSE, REPONSE

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
INSCRIPTION = {
    "civilite": "MADAME",
    "prenom": "Amélie",
    "nom": "L'Hermite",
    "telephone": "01 23 45 67 89",
    "voie": "3 rue des Lilas",
    "complement": "",
    "code_postal": "75012",
    "commune": "Paris",
    "siren_appartenance": "552 032 534",
    "email": "Amelie.LHermite@Cabinet-Dupont.fr",
    "mot_de_passe": MOT_DE_PASSE,
    "question_confiance": "PHRASE",
    "reponse_confiance": REPONSE,
    "cgu": "on",
}
NOMS_REELS = [
    "Jean-Paul",
    "J.-P.",
    "Jean J. R.",
    "L'Hermite",
    "de La Tour d'Auvergne-Lauraguais",
    "Nguyễn Thị Minh",
    "Đặng",
    "M'Bâ",
    "O\u2019Connor",
    "Łukasz",
    "Gal·la",
    "Kaʻahumanu",
    "Anaïs",
    "محمد",
    "Юлия",
    "李",
    "Σωκράτης",
    "Jean\u2010Paul",
    "St. John",
]


def code_de(appareil: Application) -> str:
    """What the application shows now."""
    return f"{totp(appareil.bin_key, t0=0):06d}"


def enroler(agent: Agent) -> tuple[Application, list[str]]:
    appareil = commencer_enrolement(acteur=agent.compte)
    return confirmer_enrolement(acteur=agent.compte, code=code_de(appareil), remplacer=False)


def connecter(espace: Espace, adresse: str = "193.51.224.1", agent: str = CHROME) -> Client:
    """A browser that signs in through the page."""
    client = Client(REMOTE_ADDR=adresse, headers={"user-agent": agent})
    compte = espace.compte
    assert compte is not None
    reponse = client.post(reverse("connexion"), {"username": compte.email, "password": MOT_DE_PASSE})
    assert reponse.status_code == 302, reponse.content[:500]
    return client


def changer_adresse(espace: Espace) -> str:
    """Give the account another login address by its link, as a thief does who knows the password; return the former one."""
    assert espace.compte is not None
    ancienne = espace.compte.email
    demander_changement(acteur=espace, nouvelle="voleur@ailleurs-cabinet.fr")
    lien = Lien.objects.get(espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE)
    confirmer_changement(acteur=Visiteur(jeton=jeton(lien)))
    espace.refresh_from_db()
    return ancienne


def consigner_n(nombre: int) -> list[Evenement]:
    with transaction.atomic():
        return [consigner(PURGE_FAITE, auteur="systeme:essai", details={"nombre": rang}) for rang in range(nombre)]


def lignes_scellees(nombre: int, premier: int, debut: datetime, pas: timedelta) -> Iterator[tuple[Any, ...]]:
    """Yield so many lines as `consigner` seals them, by three processes, one number in fifty lost: what nothing else writes so fast."""
    numero, suivis, tirage = premier, [0, 0, 0], secrets.token_hex(5)
    for rang in range(nombre):
        numero += 2 if rang % 50 == 0 else 1
        auteur = f"{rang * 7919 % 10**14:014}"
        ligne = (
            numero,
            debut + rang * pas,
            "essai.ligne",
            auteur,
            auteur,
            "552032534",
            "DECL_TVA",
        )
        ligne += ("192.0.2.7", f"{rang:036}", {"nombre": rang, "nature": "ADHESION"})
        processus = rang % 3
        yield *ligne, sceau_de(texte_de_ligne(ligne), processus=f"{tirage}{processus:02x}", suivis=suivis[processus])
        suivis[processus] += 1


def ecrire_lignes(nombre: int, *, depuis: datetime | None = None, pas: timedelta = timedelta(milliseconds=10)) -> None:
    """Write so many sealed lines in one statement, one every `pas`, the last of them now unless `depuis` says when the first was."""
    debut = depuis or timezone.now() - nombre * pas
    with connection.cursor() as curseur:
        curseur.execute("SELECT last_value FROM accounts_evenement_id_seq")
        premier = curseur.fetchone()[0]
        colonnes = "id, quand, acte, auteur, espace, siren, service, adresse_ip, requete, details, sceau"
        with curseur.copy(f"COPY accounts_evenement ({colonnes}) FROM STDIN") as copie:
            copie.set_types(["int8", "timestamptz", *["text"] * 5, "inet", "text", "jsonb", "text"])
            for *ligne, details, sceau in lignes_scellees(nombre, premier, debut, pas):
                copie.write_row((*ligne, Jsonb(details), sceau))
        curseur.execute("SELECT setval('accounts_evenement_id_seq', (SELECT max(id) FROM accounts_evenement))")


def resceller() -> None:
    """Give each line that was loaded by SQL the seal that `consigner` would have: for databases that are measured."""
    lus, dernier = True, 0
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")
        while lus:
            lus = list(Evenement.objects.filter(pk__gt=dernier).order_by("pk").values_list(*COLONNES)[:10_000])
            sceaux = [sceau_de(texte_de_ligne(ligne), processus="0" * 12, suivis=0) for ligne in lus]
            curseur.execute(
                "UPDATE accounts_evenement e SET sceau = v.sceau FROM unnest(%s::bigint[], %s::text[]) AS v(id, sceau)"
                " WHERE e.id = v.id",
                [[ligne[0] for ligne in lus], sceaux],
            )
            dernier = lus[-1][0] if lus else 0
