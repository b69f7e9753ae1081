"""The French plural of every template."""

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    ("combien", "accord"),
    [(0, ""), (1, ""), (1.5, ""), (2, "s"), (96, "s"), ([], ""), ([1], ""), ([1, 2], "s"), ("2", "s"), (None, "")],
)
def test_le_pluriel_commence_a_deux(combien: object, accord: str) -> None:
    assert Template("{{ n|pluralize }}").render(Context({"n": combien})) == accord


def test_les_formes_se_disent() -> None:
    assert Template('{{ n|pluralize:"a,ont" }}').render(Context({"n": 0})) == "a"
