"""The sweep of the mails: until nothing is due, over one connection, and no further than a relay that answers (issue 12.4)."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.db.models import Sum

from accounts import tasks as des_comptes
from accounts.envois import budget, courriels
from accounts.envois import relais as relais_des_envois
from accounts.models import BlocScelle, Courriel, EvenementASceller
from accounts.mots_de_passe import politique
from activation import tasks as de_l_activation
from espacepro.celery import application
from espacepro.demonstration.superviseur import OUVRIERS
from espacepro.taches import ANALYSES, COURRIELS
from habilitations import tasks as des_habilitations
from tests.accounts.scenes import consigner_n
from tests.production import commandes
from tests.scenes import RACINE, port_libre

pytestmark = pytest.mark.django_db
REFUSEE = "refusee@cabinet-dupont.fr"


class Relais:
    """An SMTP relay that counts its connections, refuses one address, and may end a connection after so many mails."""

    def __init__(self) -> None:
        self.connexions = 0
        self.recus: list[str] = []
        self.par_connexion = 10_000

    async def handle_EHLO(self, serveur: Any, session: Any, _: Any, nom: str, reponses: list[str]) -> list[str]:
        self.connexions += 1
        session.host_name, session.recus = nom, 0
        return reponses

    async def handle_MAIL(self, serveur: Any, session: Any, enveloppe: Any, adresse: str, _: Any) -> str:
        if session.recus >= self.par_connexion:
            return "421 4.7.0 too many mails on this connection"
        enveloppe.mail_from = adresse
        return "250 OK"

    async def handle_RCPT(self, serveur: Any, session: Any, enveloppe: Any, adresse: str, _: Any) -> str:
        if adresse == REFUSEE:
            return "550 5.1.1 no such mailbox"
        enveloppe.rcpt_tos.append(adresse)
        return "250 OK"

    async def handle_DATA(self, serveur: Any, session: Any, enveloppe: Any) -> str:
        session.recus += 1
        self.recus += enveloppe.rcpt_tos
        return "250 OK"


@pytest.fixture
def brancher(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what has the mails of this test leave by SMTP, to this port of the loopback."""
    monkeypatch.setattr(courriels._silence, "jusqu_a", 0.0)

    def vers(port: int) -> None:
        options = {"host": "127.0.0.1", "port": port, "timeout": 0.5}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}

    return vers


@pytest.fixture
def relais(brancher: Callable[[int], None]) -> Iterator[Relais]:
    un, port = Relais(), port_libre()
    serveur = Controller(un, hostname="127.0.0.1", port=port)
    serveur.start()
    brancher(port)
    yield un
    serveur.stop()


@pytest.fixture
def muet(brancher: Callable[[int], None]) -> Iterator[socket.socket]:
    """A relay that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as prise:
        brancher(prise.getsockname()[1])
        yield prise


def deposer(nombre: int, adresse: str = "jeanne@cabinet-dupont.fr") -> list[Courriel]:
    contexte = {"reference": "D-1", "denomination": "DANONE"}
    return Courriel.objects.bulk_create(
        Courriel(genre="demande_annulee", destinataire=adresse, acte=f"essai:{adresse}:{rang}", contexte=contexte)
        for rang in range(nombre)
    )


def en_attente() -> int:
    return Courriel.objects.filter(traite_le=None).count()


def test_un_balayage_vide_tout_par_une_connexion(relais: Relais) -> None:
    deposer(130)
    assert courriels.envoyer_en_attente() == 130
    assert (len(relais.recus), relais.connexions) == (130, 1)


def test_un_balayage_s_arrete_a_son_heure_et_rend_le_reste(relais: Relais) -> None:
    deposer(60)
    assert courriels.envoyer_en_attente(nombre=20, duree=0.0) == 1, "one row, then the time is over"
    assert not Courriel.objects.filter(traite_le=None).exclude(bail_jusqu_a=None).exists(), "leased for nobody"
    assert courriels.envoyer_en_attente() == 59


@pytest.mark.django_db(transaction=True)
def test_une_ligne_verrouillee_un_instant_n_attend_pas_la_fin_du_bail(
    relais: Relais, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that looks for free rows may lock, for a moment, one that another has just leased."""
    deposer(3)
    lignes = relais_des_envois.prendre(Courriel, 3)
    lots = iter([lignes, []])
    monkeypatch.setattr(relais_des_envois, "prendre", lambda *_: next(lots))
    livrer = courriels.Liaison.livrer
    with closing(connection.copy()) as autre:
        autre.set_autocommit(False)
        autre.cursor().execute("SELECT 1 FROM accounts_courriel WHERE id = %s FOR NO KEY UPDATE", [lignes[1].pk])

        def puis_lacher(liaison: courriels.Liaison, courriel: Courriel) -> str:
            if courriel.pk == lignes[2].pk:
                autre.rollback()
            return livrer(liaison, courriel)

        monkeypatch.setattr(courriels.Liaison, "livrer", puis_lacher)
        assert courriels.envoyer_en_attente() == 2
    monkeypatch.undo()
    assert not Courriel.objects.exclude(bail_jusqu_a=None).exists(), "leased for nobody"


def test_un_relais_qui_ferme_apres_dix_courriels_les_recoit_tous(relais: Relais) -> None:
    relais.par_connexion = 10
    deposer(35)
    assert courriels.envoyer_en_attente() == 35
    assert (len(relais.recus), relais.connexions) == (35, 4)
    assert Courriel.objects.aggregate(n=Sum("tentatives"))["n"] == 35, "no mail was tried twice for it"


def test_une_adresse_refusee_n_arrete_pas_le_balayage(relais: Relais) -> None:
    [refusee] = deposer(1, REFUSEE)
    deposer(5)
    assert courriels.envoyer_en_attente() == 5
    refusee.refresh_from_db()
    assert "no such mailbox" in refusee.derniere_reponse
    assert relais.connexions == 1


def test_un_relais_muet_n_est_attendu_qu_une_fois(muet: socket.socket) -> None:
    deposer(12)
    debut = time.monotonic()
    assert courriels.envoyer_en_attente() == 0
    assert time.monotonic() - debut < 3
    assert Courriel.objects.aggregate(n=Sum("tentatives"))["n"] == 1
    assert not Courriel.objects.exclude(bail_jusqu_a=None).exists(), "the next sweep may take them"


def test_un_relais_absent_n_est_essaye_qu_une_fois(brancher: Callable[[int], None]) -> None:
    brancher(port_libre())
    deposer(12)
    assert courriels.envoyer_en_attente() == 0
    assert Courriel.objects.aggregate(n=Sum("tentatives"))["n"] == 1


def test_les_reveils_se_taisent_apres_un_echec_et_le_balayage_les_releve(
    brancher: Callable[[int], None], relais: Relais
) -> None:
    bon = port_libre()
    brancher(bon)  # nobody is there
    lignes = deposer(5)
    assert [courriels.envoyer(str(ligne.pk)) for ligne in lignes] == [False] * 5
    assert Courriel.objects.aggregate(n=Sum("tentatives"))["n"] == 1
    serveur = Controller(relais, hostname="127.0.0.1", port=bon)
    serveur.start()
    try:
        assert courriels.envoyer_en_attente() == 4, "the fifth waits for its next try"
        [autre] = deposer(1, "autre@cabinet-dupont.fr")
        assert courriels.envoyer(str(autre.pk)), "the relay answers again: who is woken tries again"
    finally:
        serveur.stop()


# --- The other jobs ------------------------------------------------------------------------------------------------


def test_le_sceau_ne_s_arrete_pas_a_mille_lignes() -> None:
    consigner_n(2_500)
    des_comptes.sceller_journal()
    assert not EvenementASceller.objects.exists()
    assert BlocScelle.objects.count() == 3


@pytest.mark.parametrize(
    ("tache", "acte"),
    [
        (des_comptes.sceller_journal, "accounts.traces.scellement.sceller"),
        (des_comptes.effacer_inscriptions_perimees, "accounts.espace.inscription.effacer_perimees"),
        (des_comptes.signaler_espaces_dormants, "accounts.espace.dormants.signaler_dormants"),
        (des_habilitations.suivre_cessations, "habilitations.registre.cessations.suivre_cessations"),
        (de_l_activation.expirer_demandes, "activation.demandes.suites.expirer_demandes"),
        (de_l_activation.effacer_creations_perimees, "activation.demandes.creation_simplifiee.effacer_perimees"),
        (de_l_activation.rappeler_codes, "activation.courriers.rappels.rappeler_codes"),
    ],
)
def test_une_tache_reprend_son_lot_jusqu_a_ce_qu_il_n_en_reste_plus(
    monkeypatch: pytest.MonkeyPatch, tache: Callable[[], None], acte: str
) -> None:
    lots = [500, 500, 12, 0]
    monkeypatch.setattr(acte, lambda: lots.pop(0))
    tache()
    assert lots == []


def test_une_tache_s_arrete_a_son_heure() -> None:
    lots: list[int] = []
    assert budget.epuiser(lambda: lots.append(1) or 500, duree=0.0) == 500  # type: ignore[func-returns-value]
    assert lots == [1]


def test_une_etape_de_rappel_inachevee_retient_les_suivantes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is past a step must not get its mail because the run ended before his own step."""
    etapes: list[politique.Etape] = []
    monkeypatch.setattr(politique, "DUREE_TACHE", 0.0)
    monkeypatch.setattr(politique, "_parcourir", lambda etape, *_: etapes.append(etape) or 0)
    politique.rappeler_mots_de_passe()
    assert etapes == [politique.Etape.SEPT_JOURS]


# --- Who serves which queue ------------------------------------------------------------------------------------------


def test_les_courriels_et_le_controle_des_pieces_ont_leur_file(settings: Any) -> None:
    application.loader.import_default_modules()
    files = {nom: application.amqp.router.route({}, nom)["queue"].name for nom in application.tasks}
    assert {nom for nom, file in files.items() if file == COURRIELS} == {courriels.TACHE, courriels.BALAYAGE}
    assert {nom for nom, file in files.items() if file == ANALYSES} == {
        "services.analyser_piece",
        "services.analyser_pieces",
    }
    assert set(files.values()) == {"celery", COURRIELS, ANALYSES}


def test_chaque_file_a_son_ouvrier_dans_ce_qui_est_livre() -> None:
    files = set(application.amqp.queues)
    assert set(OUVRIERS.values()) == files
    livrees = commandes(8000, RACINE)
    servies = [mots[mots.index("-Q") + 1] for mots in livrees.values() if "worker" in mots]
    assert sorted(servies) == sorted(files)
