"""The tables of pages carry what a telephone needs to stack them (issue 13.10)."""

from django.template import engines

from espacepro.templatetags.tableaux import empiler

TABLE = """{% tableau id="essai" legende="L'essai" %}
<thead><tr><th scope="col" class="ep-choix"><span class="fr-sr-only">Choisir</span></th><th scope="col">Nom</th>
<th scope="col">Dernier <b>jour</b></th><th scope="col">Fin</th></tr></thead>
<tbody>{% for x in lignes %}<tr class="a"><td class="ep-choix"><input></td><th scope="row">{{ x }}</th><td>demain</td><td>
  {% if vide %}x{% endif %}
</td></tr>{% endfor %}</tbody>{% endtableau %}"""


def test_chaque_cellule_dit_sa_colonne_et_son_role() -> None:
    rendu = engines["django"].from_string(TABLE).render({"lignes": ["<Léa>", "Zoé"], "vide": False})
    assert '<table id="essai" role="table">' in rendu
    assert rendu.count('<tr role="row" class="a">') == 2
    assert '<th role="columnheader" scope="col">Nom</th>' in rendu
    assert '<th role="rowheader" scope="row">&lt;Léa&gt;</th>' in rendu
    assert rendu.count('<td role="cell" data-l="Dernier jour">demain</td>') == 2
    assert rendu.count('<td role="cell" class="ep-choix"><input></td>') == 2, "a box needs no label beside it"
    assert rendu.count('<td role="cell" data-l="Fin"></td>') == 2, "an empty cell is not drawn"


def test_ce_qui_est_dans_une_cellule_reste() -> None:
    assert empiler("<tbody><tr><td><p title='td'> a <br> b </p></td></tr></tbody>") == (
        '<tbody role="rowgroup"><tr role="row"><td role="cell"><p title=\'td\'> a <br> b </p></td></tr></tbody>'
    )


def test_les_choix_d_une_liste() -> None:
    gabarit = engines["django"].from_string("{% options couples choisi %}")
    couples = [("1", "L'un & l'autre"), (2, "Deux"), ("", "")]
    assert gabarit.render({"couples": couples, "choisi": 2}) == (
        '<option value="1">L&#x27;un &amp; l&#x27;autre</option><option value="2" selected>Deux</option><option value=""></option>'
    )
    assert gabarit.render({"couples": (), "choisi": "x"}) == ""
