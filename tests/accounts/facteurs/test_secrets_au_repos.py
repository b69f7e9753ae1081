"""What the database keeps opens no account: seeds encrypted, recovery codes beyond any search (issue 9, item 11)."""

import base64
import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.chiffrement import SecretIllisible, chiffrer, dechiffrer
from accounts.envois import courriels
from accounts.facteurs import second_facteur
from accounts.facteurs.second_facteur import (
    ApplicationIllisible,
    CodeSecoursRefuse,
    commencer_enrolement,
    confirmer_enrolement,
    utiliser_code_secours,
    verifier_code,
)
from accounts.models import Agent, Application, CodeSecours, Compte, Courriel, Espace, Evenement
from accounts.saisies.dates import jour_heure
from accounts.sessions.navigateurs import nom_du_temoin
from tests.accounts.scenes import code_de, enroler
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory


def vider_la_base() -> str:
    """Return the text of every row of every table, as a dump holds it."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in curseur.fetchall()]
        lignes = []
        for table in tables:
            curseur.execute(f"SELECT ligne::text FROM {table} AS ligne")
            lignes += [texte for (texte,) in curseur.fetchall()]
    return "\n".join(lignes)


def ecritures(secret: bytes) -> set[str]:
    """The ways in which these bytes may stand in a dump."""
    return {
        secret.hex(),
        base64.b32encode(secret).decode().rstrip("="),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
    }


def graines_lisibles(base: str) -> set[bytes]:
    """Every run of bytes of the length of a seed that a dump gives by plain decoding."""
    trouvees = {bytes.fromhex(mot) for mot in re.findall(r"(?<![0-9a-fA-F])[0-9a-fA-F]{40}(?![0-9a-fA-F])", base)}
    trouvees |= {base64.b32decode(mot) for mot in re.findall(r"(?<![A-Z2-7])[A-Z2-7]{32}(?![A-Z2-7])", base)}
    trouvees |= {base64.b64decode(f"{mot}=") for mot in re.findall(r"(?<![\w+/])[A-Za-z0-9+/]{27}(?![\w+/])", base)}
    return trouvees


@pytest.fixture(params=["agent", "titulaire"])
def compte(request: pytest.FixtureRequest, db: None) -> Compte:
    qui: Agent | Espace = AgentFactory() if request.param == "agent" else EspaceFactory()
    trouve = qui.compte
    assert trouve is not None
    return trouve


def test_une_copie_de_la_base_n_ouvre_aucun_compte(compte: Compte) -> None:
    appareil = commencer_enrolement(acteur=compte)
    graine = appareil.bin_key
    _, codes = confirmer_enrolement(acteur=compte, code=code_de(appareil), remplacer=False)
    client = Client()
    client.post(reverse("connexion"), {"username": compte.email, "password": MOT_DE_PASSE})
    en_attente = commencer_enrolement(acteur=compte).bin_key
    base = vider_la_base()
    assert compte.email in base
    for secret in (graine, en_attente):
        assert not [ecrit for ecrit in ecritures(secret) if ecrit.lower() in base.lower()]
    assert not {graine, en_attente} & graines_lisibles(base)
    for code in codes:
        assert code not in base
        assert code.replace("-", "") not in base
    assert MOT_DE_PASSE not in base
    assert client.session.session_key not in base
    temoin = client.cookies.get(nom_du_temoin(compte))
    assert temoin is None or temoin.value not in base


def test_un_code_de_secours_ne_se_cherche_pas(compte: Compte) -> None:
    """120 bits at least: even with the keys of the hashes, nobody tries them all."""
    appareil = commencer_enrolement(acteur=compte)
    _, codes = confirmer_enrolement(acteur=compte, code=code_de(appareil), remplacer=False)
    for code in codes:
        signes = code.replace("-", "")
        assert len(signes) * 5 >= 120
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]+", signes)


def test_la_graine_n_ouvre_que_sur_sa_ligne_et_sous_sa_cle(compte: Compte, settings: Any) -> None:
    """Copied over another's, or read without its key, the encrypted text is no seed; the person is told what to do."""
    autre = EspaceFactory().compte
    appareils = []
    for proprietaire in (compte, autre):
        appareil = commencer_enrolement(acteur=proprietaire)
        _, codes = confirmer_enrolement(acteur=proprietaire, code=code_de(appareil), remplacer=False)
        appareils.append(appareil)
    sienne, victime = appareils
    assert sienne.graine_chiffree != victime.graine_chiffree
    copie = Application.objects.get(pk=victime.pk)
    copie.graine_chiffree, copie.numero = sienne.graine_chiffree, sienne.numero
    with pytest.raises(SecretIllisible):
        _ = copie.bin_key
    settings.CLES_CHIFFREMENT = ["une tout autre cle, de quarante-huit signes au moins"]
    with pytest.raises(SecretIllisible):
        _ = victime.bin_key
    with pytest.raises(ApplicationIllisible, match="code de secours"):
        verifier_code(acteur=autre, code="123456")
    assert utiliser_code_secours(acteur=autre, code=codes[0]) == victime


def test_la_cle_se_tourne(compte: Compte, settings: Any) -> None:
    """The newest key comes first and writes; the command moves the rest over; then the old one can go."""
    appareil = commencer_enrolement(acteur=compte)
    graine, ancienne = appareil.bin_key, settings.CLES_CHIFFREMENT[0]
    nouvelle = secrets.token_urlsafe(48)
    settings.CLES_CHIFFREMENT = [nouvelle, ancienne]
    assert Application.objects.get().bin_key == graine
    neuve = commencer_enrolement(acteur=EspaceFactory().compte)
    call_command("rechiffrer_graines")
    settings.CLES_CHIFFREMENT = [nouvelle]
    assert Application.objects.get(pk=appareil.pk).bin_key == graine
    assert Application.objects.get(pk=neuve.pk).bin_key == neuve.bin_key
    (ligne,) = Evenement.objects.filter(acte="second_facteur.rechiffre")
    assert ligne.details == {"nombre": 1}
    call_command("rechiffrer_graines")
    assert Evenement.objects.filter(acte="second_facteur.rechiffre").count() == 1
    settings.CLES_CHIFFREMENT = [ancienne]
    with pytest.raises(CommandError, match="ancienne clé manque"):
        call_command("rechiffrer_graines")


def test_les_anciennes_graines_en_clair_sont_reprises_chiffrees(compte: Compte) -> None:
    """What the migration does to the rows of django-otp's table: the application of the phone goes on working."""
    graine = secrets.token_bytes(20)
    with connection.cursor() as curseur:
        curseur.execute(
            "CREATE TABLE otp_totp_totpdevice (id serial, user_id uuid, name varchar, confirmed boolean, key varchar,"
            " last_t bigint, drift smallint, created_at timestamptz, last_used_at timestamptz)"
        )
        curseur.execute(
            "INSERT INTO otp_totp_totpdevice (user_id, name, confirmed, key, last_t, drift, created_at)"
            " VALUES (%s, 'application', true, %s, -1, 0, '2026-01-02 03:04:05Z')",
            [compte.pk, graine.hex()],
        )
    assert ecritures(graine) & set(re.findall(r"\w+", vider_la_base()))
    (migration,) = [
        m for m in MigrationLoader(None).disk_migrations.values() if m.name.endswith("applications_chiffrees")
    ]
    (reprise,) = [operation for operation in migration.operations if isinstance(operation, RunPython)]
    with connection.schema_editor(atomic=False) as editeur:
        reprise.code(apps, editeur)
    base = vider_la_base()
    assert not [ecrit for ecrit in ecritures(graine) if ecrit.lower() in base.lower()]
    appareil = Application.objects.get()
    assert (appareil.bin_key, appareil.created_at.year) == (graine, 2026)
    assert verifier_code(acteur=compte, code=code_de(appareil)) == appareil


def test_un_ancien_code_de_secours_sert_encore(compte: Compte) -> None:
    """Those of 16 characters, on paper already, are hashed under SECRET_KEY."""
    appareil = commencer_enrolement(acteur=compte)
    confirmer_enrolement(acteur=compte, code=code_de(appareil), remplacer=False)
    ancien = "7K2M-90QD-ABCD-EFGH"
    CodeSecours.objects.create(
        compte=compte,
        empreinte=salted_hmac(
            "accounts.second_facteur.code_secours", f"{compte.pk}|{ancien.replace('-', '')}", algorithm="sha256"
        ).hexdigest(),
    )
    assert utiliser_code_secours(acteur=compte, code=ancien) == appareil
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=compte, code=ancien)


def test_les_anciens_codes_ont_une_fin_et_leur_titulaire_le_sait(db: None) -> None:
    espace = EspaceFactory()
    enroler(espace)
    compte = espace.compte
    fin = second_facteur.ANCIENS_CODES_JUSQU_AU
    for code in ("0123-4567-89AB-CDEF", "FEDC-BA98-7654-3210"):
        ancienne = second_facteur.empreintes_code(compte, code)[1]
        CodeSecours.objects.create(compte=compte, empreinte=ancienne)
    avant = fin - timedelta(seconds=1)
    assert utiliser_code_secours(acteur=compte, code="0123-4567-89AB-CDEF", maintenant=avant)
    avis = Courriel.objects.filter(genre="second_facteur_change").latest("cree_le")
    texte = str(courriels.composer(avis).body)
    assert "ancien modèle" in texte
    assert jour_heure(fin) in texte
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=compte, code="FEDC-BA98-7654-3210", maintenant=fin)


def test_ce_qui_est_chiffre_pour_un_usage_ne_se_lit_pas_pour_un_autre(settings: Any) -> None:
    chiffre = chiffrer("une réponse", usage="reponse-de-confiance")
    assert dechiffrer(chiffre, usage="reponse-de-confiance", duree_max=60) == "une réponse"
    for deja_garde in (False, True):
        assert dechiffrer(chiffre, usage="saisie-emportee", duree_max=60, deja_garde=deja_garde) is None
    settings.CLES_CHIFFREMENT = ["une nouvelle clé", *settings.CLES_CHIFFREMENT]
    assert dechiffrer(chiffre, usage="reponse-de-confiance", duree_max=60) == "une réponse", "the key is turned"


def test_ce_qui_etait_garde_avant_les_usages_se_lit_ou_il_est_garde_et_d_aucune_page(settings: Any) -> None:
    cle = base64.urlsafe_b64encode(hashlib.sha256(settings.CLES_CHIFFREMENT[0].encode()).digest())
    ancien = Fernet(cle).encrypt("une réponse".encode()).decode()
    assert dechiffrer(ancien, usage="reponse-de-confiance", duree_max=60, deja_garde=True) == "une réponse"
    assert dechiffrer(ancien, usage="saisie-emportee", duree_max=60) is None
