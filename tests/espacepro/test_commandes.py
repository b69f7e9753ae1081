"""Every command tells, in French and with an example, what it does and what each of its options is."""

import re

import pytest
from django.conf import settings
from django.core.management import BaseCommand, get_commands, load_command_class

APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
COMMANDES = sorted((nom, app) for nom, app in get_commands().items() if app in APPLICATIONS)
DE_DJANGO = {option.dest for option in BaseCommand().create_parser("manage.py", "")._actions}
ANGLAIS = re.compile(r"\b(the|and|of|this|example|how many)\b", re.IGNORECASE)


@pytest.mark.parametrize(("nom", "app"), COMMANDES)
def test_l_aide_est_en_francais_avec_un_exemple(nom: str, app: str) -> None:
    analyseur = load_command_class(app, nom).create_parser("manage.py", nom)
    siennes = [option for option in analyseur._actions if option.dest not in DE_DJANGO]
    assert [option.dest for option in siennes if not option.help] == []
    dit = " ".join([analyseur.description or "", analyseur.epilog or "", *(str(option.help) for option in siennes)])
    assert re.search(rf"(?s)[Ee]xemples? :.*manage(\.py)? {nom}\b", dit), "no example"
    assert ANGLAIS.findall(dit) == []


def test_le_tableau_des_commandes_les_dit_toutes() -> None:
    exploitation = (settings.RACINE / "docs" / "exploitation.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", exploitation, re.MULTILINE)) == [nom for nom, _ in COMMANDES]
