"""The relay of the outboxes: once, under a lease, with back-off, set aside in the end."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels, relais, reveil
from accounts.espace import oubli
from accounts.models import Courriel
from tests.scenes import en_parallele


def deposer(acte: str = "essai:1") -> Courriel:
    return courriels.deposer(
        "demande_annulee",
        destinataire="jeanne@cabinet-dupont.fr",
        acte=acte,
        contexte={"reference": "D-1", "denomination": "DANONE"},
    )


@pytest.mark.django_db
def test_un_seul_par_acte_et_destinataire() -> None:
    assert deposer().pk == deposer().pk
    assert Courriel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_reveil_apres_le_commit(_reveils: list) -> None:
    courriel = deposer()
    assert _reveils == [(courriels.TACHE, [str(courriel.pk)])]


@pytest.mark.django_db(transaction=True)
def test_livre_une_fois_par_seize_ouvriers() -> None:
    courriel = deposer()
    resultats = en_parallele(16, lambda _: courriels.envoyer(str(courriel.pk)))
    assert sorted(resultats) == [False] * 15 + [True]
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{courriel.pk}@")


@pytest.mark.django_db
def test_une_tache_redelivree_n_envoie_rien() -> None:
    courriel = deposer()
    assert [courriels.envoyer(str(courriel.pk)) for _ in range(5)] == [True, False, False, False, False]
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_echec_attend_puis_est_mis_de_cote() -> None:
    courriel = deposer()

    def refuser(_: Courriel) -> str:
        raise relais.EnvoiImpossible("450 boîte pleine")

    for rang in range(1, relais.TENTATIVES_MAX + 1):
        assert relais.traiter(Courriel, courriel.pk, refuser) is False
        courriel.refresh_from_db()
        assert courriel.tentatives == rang
    assert courriel.ecarte_le is not None
    assert courriel.derniere_reponse == "450 boîte pleine"
    assert relais.traiter(Courriel, courriel.pk, refuser) is False
    courriel.refresh_from_db()
    assert courriel.tentatives == relais.TENTATIVES_MAX


@pytest.mark.django_db
def test_un_courriel_sans_destinataire_n_est_pas_dit_parti() -> None:
    courriel = deposer()
    Courriel.objects.filter(pk=courriel.pk).update(destinataire="")
    assert courriels.envoyer(str(courriel.pk)) is False
    courriel.refresh_from_db()
    assert (courriel.traite_le, courriel.derniere_reponse) == (None, "aucun destinataire")


@pytest.mark.django_db
def test_une_ligne_en_panne_n_arrete_pas_celles_qui_suivent() -> None:
    premiere, suivante = deposer("essai:1"), deposer("essai:2")

    def livrer(courriel: Courriel) -> str:
        if courriel.pk == premiere.pk:
            raise LookupError("gabarit absent")
        return "250 accepté"

    assert relais.vider(Courriel, livrer) == 1
    premiere.refresh_from_db()
    suivante.refresh_from_db()
    assert (premiere.traite_le, premiere.tentatives, premiere.derniere_reponse) == (None, 1, "gabarit absent")
    assert premiere.prochain_essai_le > timezone.now()
    assert suivante.traite_le is not None


@pytest.mark.django_db(transaction=True)
def test_un_courtier_mort_n_est_attendu_qu_une_fois(monkeypatch: pytest.MonkeyPatch) -> None:
    """The acts that follow do not try again for half a minute; then one does."""
    essais: list[str] = []

    def send_task(*_: object, args: list[str], **__: object) -> None:
        essais.append(args[0])
        raise ConnectionRefusedError("redis is dead")

    monkeypatch.setattr("accounts.envois.reveil.current_app.send_task", send_task)
    premiere = deposer("essai:1")
    deposer("essai:2")
    assert essais == [str(premiere.pk)]
    monkeypatch.setattr(reveil, "_muet_jusqu_a", reveil._muet_jusqu_a - reveil.SILENCE)
    derniere = deposer("essai:3")
    assert essais == [str(premiere.pk), str(derniere.pk)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("panne", [ModuleNotFoundError("packaging"), RuntimeError("client"), ConnectionRefusedError()])
def test_un_reveil_qui_echoue_ne_regarde_pas_le_visiteur(
    monkeypatch: pytest.MonkeyPatch, client: Client, panne: Exception
) -> None:
    """The demande is committed: its POST answers whatever the send raised, and the next act does not try again."""
    essais: list[str] = []

    def send_task(nom: str, **_: object) -> None:
        essais.append(nom)
        raise panne

    monkeypatch.setattr("accounts.envois.reveil.current_app.send_task", send_task)
    client.raise_request_exception = False
    for _ in range(2):
        reponse = client.post(reverse("mot_de_passe_oublie"), {"adresse": "jeanne.martin@cabinet-dupont.fr"})
        assert (reponse.status_code, reponse.headers.get("Location")) == (302, reverse("mot_de_passe_oublie_envoye"))
    assert essais == [oubli.TACHE]
    assert oubli.traiter_en_attente() == 2


@pytest.mark.django_db
def test_bail_d_un_ouvrier_mort_repris_apres_une_minute() -> None:
    deposer()
    maintenant = timezone.now()
    assert len(relais.prendre(Courriel, 10, maintenant)) == 1
    assert relais.prendre(Courriel, 10, maintenant + timedelta(seconds=59)) == []
    assert len(relais.prendre(Courriel, 10, maintenant + timedelta(seconds=61))) == 1


def test_attente_croit_et_reste_sous_une_heure_et_quart() -> None:
    attentes = [relais.attente(n).total_seconds() for n in range(1, 9)]
    assert attentes[0] <= 2.4
    assert all(a <= 3600 * 1.2 for a in attentes)
    assert attentes[-1] > attentes[0]
