"""Every command tells, in French and with an example, what it does and what each of its options is."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands, load_command_class

APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
COMMANDES = sorted((nom, app) for nom, app in get_commands().items() if app in APPLICATIONS)
DE_DJANGO = {option.dest for option in BaseCommand().create_parser("manage.py", "")._actions}
ANGLAIS = re.compile(
    r"\b(the|and|of|this|example|how many|usage|show|exit|positional|optional|don't|output)\b", re.IGNORECASE
)


@pytest.mark.parametrize(("nom", "app"), COMMANDES)
def test_l_aide_est_en_francais_avec_un_exemple(nom: str, app: str) -> None:
    analyseur = load_command_class(app, nom).create_parser("manage.py", nom)
    siennes = [option for option in analyseur._actions if option.dest not in DE_DJANGO]
    assert [option.dest for option in siennes if not option.help] == []
    dit = " ".join([analyseur.description or "", analyseur.epilog or "", *(str(option.help) for option in siennes)])
    assert re.search(rf"(?s)[Ee]xemples? :.*manage(\.py)? {nom}\b", dit), "no example"
    assert ANGLAIS.findall(dit) == []


@pytest.mark.parametrize(("nom", "app"), COMMANDES)
def test_l_aide_entiere_est_en_francais(nom: str, app: str) -> None:
    """From « utilisation » to Django's own options."""
    aide = load_command_class(app, nom).create_parser("manage.py", nom).format_help()
    assert aide.startswith("utilisation : manage.py ")
    assert ANGLAIS.findall(aide) == []
    assert "montre cette aide" in aide


def nombres(nom: str, app: str) -> list[tuple[str, Callable[[str], object]]]:
    """Return the options of a command that read a number, and how they read it."""
    trouves = []
    for option in load_command_class(app, nom).create_parser("manage.py", nom)._actions:
        if option.dest in DE_DJANGO or not callable(option.type):
            continue
        with suppress(ArgumentTypeError):  # a day is no number
            if isinstance(option.type("1"), int | float):
                trouves.append((option.dest, option.type))
    return trouves


def test_aucun_nombre_d_une_commande_n_est_sans_bornes() -> None:
    lus = {(nom, dest): lire for nom, app in COMMANDES for dest, lire in nombres(nom, app)}
    assert len(lus) >= 4
    admis = {}
    for cle, lire in lus.items():
        for demesure in ("-1", "1000000", "9" * 30):
            with pytest.raises(ArgumentTypeError, match="compris entre"):
                admis[cle] = lire(demesure)
        with pytest.raises(ArgumentTypeError, match="nombre entier"):
            admis[cle] = lire("douze")
    assert admis == {}


def test_cent_mille_mois_sont_refuses_avant_la_premiere_partition() -> None:
    with pytest.raises(CommandError, match="compris entre 0 et 24"):
        call_command("creer_partitions", "--mois", "100000")


def test_le_tableau_des_commandes_les_dit_toutes() -> None:
    exploitation = (settings.RACINE / "docs" / "exploitation.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", exploitation, re.MULTILINE)) == [nom for nom, _ in COMMANDES]
