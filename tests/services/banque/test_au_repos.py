"""An IBAN at rest: encrypted for its row under keys that turn, told apart by a keyed fingerprint, masked wherever it is named."""

import secrets
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import Evenement
from services.models import ReferenceBancaire
from services.models.banque import SecretIllisible, empreinte_iban
from tests.factories import IBAN, PersonneFactory, compte_bancaire

pytestmark = pytest.mark.django_db
AUTRE = "FR1420041010050500013M02606"


def test_la_ligne_ne_dit_ni_l_iban_ni_une_partie_de_lui_hors_les_quatre_derniers() -> None:
    reference = compte_bancaire(PersonneFactory())
    with connection.cursor() as curseur:
        curseur.execute("SELECT ligne::text FROM services_referencebancaire AS ligne")
        (texte,) = curseur.fetchone()
    assert IBAN[4:14] not in texte
    assert IBAN[14:25] not in texte
    assert (str(reference), repr(reference)) == ("FR •••• 0189", "<ReferenceBancaire: FR •••• 0189>")
    assert ReferenceBancaire.objects.get().desceller_iban() == IBAN


def test_l_iban_n_ouvre_que_sur_sa_ligne_et_sous_sa_cle(settings: Any) -> None:
    une, autre = compte_bancaire(PersonneFactory()), compte_bancaire(PersonneFactory(), AUTRE)
    autre.iban_chiffre = une.iban_chiffre
    with pytest.raises(SecretIllisible):
        autre.desceller_iban()
    settings.CLES_CHIFFREMENT = ["une tout autre cle, de quarante-huit signes au moins"]
    with pytest.raises(SecretIllisible):
        une.desceller_iban()


def test_l_empreinte_ne_tient_qu_a_l_iban_et_au_poivre(settings: Any) -> None:
    avant = empreinte_iban(IBAN)
    settings.CLES_CHIFFREMENT = ["une autre cle"]
    assert empreinte_iban(IBAN) == avant != empreinte_iban(AUTRE)
    settings.POIVRE = "un autre poivre, de trente-deux signes"
    assert empreinte_iban(IBAN) != avant


def test_la_cle_se_tourne(settings: Any) -> None:
    ancienne, nouvelle = settings.CLES_CHIFFREMENT[0], secrets.token_urlsafe(48)
    vieux = compte_bancaire(PersonneFactory())
    settings.CLES_CHIFFREMENT = [nouvelle, ancienne]
    neuf = compte_bancaire(PersonneFactory(), AUTRE)
    for _ in range(2):
        call_command("rechiffrer_iban")
    settings.CLES_CHIFFREMENT = [nouvelle]
    assert ReferenceBancaire.objects.get(pk=vieux.pk).desceller_iban() == IBAN
    assert ReferenceBancaire.objects.get(pk=neuf.pk).desceller_iban() == AUTRE
    (ligne,) = Evenement.objects.filter(acte="comptes_bancaires.rechiffres")
    assert ligne.details == {"nombre": 1}
    settings.CLES_CHIFFREMENT = [ancienne]
    with pytest.raises(CommandError, match="ancienne clé manque"):
        call_command("rechiffrer_iban")


def test_les_iban_d_avant_sont_repris_chiffres() -> None:
    """What the migration does to a row of before, on the columns that it finds."""
    reference = compte_bancaire(PersonneFactory(), ajoutee_le=datetime(2026, 3, 1, tzinfo=UTC))
    ReferenceBancaire.iban = IBAN  # type: ignore[attr-defined]  # the column that has gone
    try:
        with transaction.atomic():
            ReferenceBancaire.objects.update(empreinte=empreinte_iban(AUTRE), pays="XX", derniers="0000")
            migration = import_module("services.migrations.0012_comptes_bancaires")
            migration.chiffrer_les_iban(apps, type("Editeur", (), {"connection": connection}))
    finally:
        del ReferenceBancaire.iban  # type: ignore[attr-defined]
    reference.refresh_from_db()
    assert (reference.desceller_iban(), reference.empreinte, str(reference)) == (
        IBAN,
        empreinte_iban(IBAN),
        "FR •••• 0189",
    )
    assert reference.mandat.rum.startswith(f"01DGFIP2026{reference.personne.siren}")
