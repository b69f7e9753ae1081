"""`{% url %}` is Django's: what is kept from one request to the next is what it would have found (espacepro/templatetags/adresses.py)."""

from typing import Any

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.defaulttags import URLNode
from django.test import RequestFactory, override_settings
from django.urls import NoReverseMatch, get_resolver, path, reverse, set_script_prefix

from espacepro.templatetags.adresses import NoeudAdresse

urlpatterns = [path("ailleurs/", lambda _: None, name="plan"), path("l'un & l'autre/", lambda _: None, name="deux")]


def _rendre(gabarit: str, **contexte: Any) -> str:
    return Template(gabarit).render(Context(contexte))


def _sans_argument() -> list[str]:
    noms = []
    for nom in filter(lambda cle: isinstance(cle, str), get_resolver().reverse_dict):
        try:
            reverse(nom)
        except NoReverseMatch:
            continue
        noms.append(nom)
    return noms


def test_chaque_page_sans_argument_a_l_adresse_de_django() -> None:
    noms = _sans_argument()
    assert len(noms) > 60
    for nom in noms:
        noeud = Template(f'{{% url "{nom}" %}}').nodelist[0]
        assert isinstance(noeud, NoeudAdresse)
        for _ in range(2):
            assert noeud.render(Context()) == URLNode(noeud.view_name, [], {}, None).render(Context()) == reverse(nom)


def test_une_adresse_gardee_suit_la_table_et_le_prefixe() -> None:
    chez_nous = _rendre('{% url "plan" %}')
    with override_settings(ROOT_URLCONF=__name__):
        assert _rendre('{% url "plan" %}') == "/ailleurs/"
        assert _rendre('{% url "deux" %}') == "/l&#x27;un%20&amp;%20l&#x27;autre/"
        assert _rendre('{% autoescape off %}{% url "deux" %}{% endautoescape %}') == "/l'un%20&%20l'autre/"
    try:
        set_script_prefix("/sous/")
        assert _rendre('{% url "plan" %}') == f"/sous{chez_nous}"
    finally:
        set_script_prefix("/")
    assert _rendre('{% url "plan" %}') == chez_nous


def test_l_espace_de_noms_ouvert_est_celui_de_la_requete() -> None:
    requete = RequestFactory().get("/")
    requete.current_app = "admin"  # type: ignore[attr-defined]
    contexte = Context()
    contexte.request = requete  # type: ignore[attr-defined]
    assert Template('{% url "admin:index" %}').render(contexte) == reverse("admin:index", current_app="admin")


def test_un_nom_calcule_un_argument_et_une_variable_sont_ceux_de_django() -> None:
    assert _rendre("{% url nom %}", nom="plan") == reverse("plan")
    assert _rendre('{% url "fiche" slug %}', slug="un-code") == reverse("fiche", args=["un-code"])
    assert _rendre('{% url "plan" as la %}[{{ la }}]') == f"[{reverse('plan')}]"
    assert _rendre('{% url "nulle_part" as la %}[{{ la }}]') == "[]"
    for _ in range(2):  # what is not found is not kept
        with pytest.raises(NoReverseMatch):
            _rendre('{% url "nulle_part" %}')
    with pytest.raises(TemplateSyntaxError):
        Template("{% url %}")
