"""The catalogue of journal acts refuses what was not declared, and is closed where a declaration says nothing."""

from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from django.db import transaction

from accounts import actes
from accounts.models import Espace, Evenement
from accounts.traces import actes as traces
from accounts.traces.actes import Acte, ActeDejaDeclare, ActeNonDeclare, Cas, DetailNonDeclare, Lecteur, inscrire
from accounts.traces.journal import consigner
from accounts.traces.visibilite import du_journal_de

MUET = Acte("essai.muet", "Acte dont rien n’est dit")


@pytest.fixture
def muet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Acte]:
    """An act whose declaration says nothing of its readers, entered for one test."""
    monkeypatch.setattr(traces, "_catalogue", dict(traces.catalogue()))
    inscrire(module(MUET))
    return MUET


def module(*declares: Acte) -> ModuleType:
    return cast("ModuleType", SimpleNamespace(**{f"A{rang}": acte for rang, acte in enumerate(declares)}))


@pytest.mark.django_db
@pytest.mark.parametrize("details", [{"motif": "x"}, {"nombre": 1, "motif": None}])
def test_un_detail_non_declare_est_refuse(details: dict[str, Any]) -> None:
    with pytest.raises(DetailNonDeclare, match=r"purge\.faite\s: motif"):
        consigner(actes.PURGE_FAITE, auteur="systeme:essai", details=details)
    assert not Evenement.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("acte", ["purge.faite", MUET, Acte("purge.faite", "Autre déclaration du même code")])
def test_un_acte_hors_du_catalogue_est_refuse(acte: Any) -> None:
    with pytest.raises(ActeNonDeclare):
        consigner(acte, auteur="systeme:essai")
    assert not Evenement.objects.exists()


def test_un_code_n_a_qu_une_declaration(muet: Acte) -> None:
    inscrire(module(muet))
    with pytest.raises(ActeDejaDeclare, match=muet.code):
        inscrire(module(Acte(muet.code, "Autre")))
    assert traces.catalogue()[muet.code] is muet


@pytest.mark.django_db
def test_ce_qui_ne_dit_rien_n_est_montre_a_aucun_espace(espace: Espace, muet: Acte) -> None:
    assert muet.cas() == Cas(frozenset(), anonyme=True, libelle=muet.libelle)
    with transaction.atomic():
        consigner(muet, auteur=espace)
        montre = consigner(actes.ESPACE_CONFIRME, auteur=espace)
    assert list(Evenement.objects.filter(du_journal_de(espace.numero_abonne))) == [montre]


def test_une_nature_a_ses_lecteurs_et_les_mots_de_l_acte_quand_elle_n_en_a_pas() -> None:
    soi = frozenset({Lecteur.DETENTEUR})
    acte = Acte("essai.natures", "Les mots", soi, anonyme=False, natures={"A": Cas(), "B": Cas(soi, libelle="Autres")})
    assert acte.cas() == acte.cas("C") == Cas(soi, anonyme=False, libelle="Les mots")
    assert acte.cas("A") == Cas(frozenset(), anonyme=True, libelle="Les mots")
    assert acte.cas("B") == Cas(soi, anonyme=True, libelle="Autres")
