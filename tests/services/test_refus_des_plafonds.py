"""A refusal that counts is counted: whatever ceiling of the mailbox or of the bank accounts refuses leaves a count and a line.

`PLAFONDS` holds one scene for each of them; `test_aucun_plafond_n_est_oublie` finds them in the two rooms.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.utils import timezone

import services.banque
import services.messagerie
from accounts.compteurs import debit, refus
from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.models import Agent, Espace, EssaiConnexion, Evenement
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import auteur_de
from services.banque import mandat, paiement
from services.banque.comptes import ajouter_compte, renommer_titulaire, verifier_ajout
from services.banque.mandat import annuler_remise, noter_remise
from services.banque.paiement import choisir_comptes
from services.banque.signalement import signaler_changement
from services.messagerie import modeles, plafonds
from services.messagerie.brouillons import garder
from services.messagerie.echanges import ecrire, repondre
from services.messagerie.modeles import enregistrer_modele
from services.messagerie.pieces import jointes
from services.messagerie.pieces.jointes import joindre, joindre_du_bureau
from services.models import Brouillon, Echange, Message, PersonneSirenisee, PieceJointe, Service
from tests.factories import AgentFactory, PersonneFactory, changement_bancaire, compte_bancaire, echanger
from tests.services.banque.scenes import AUTRE, IBAN, monter
from tests.services.messagerie.pieces.scenes import PDF
from tests.services.messagerie.scenes import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]

Essai = tuple[Callable[[], Any], Espace | Agent, PersonneSirenisee | None]
Reglages = tuple[LazySettings, pytest.MonkeyPatch]


def premier_message(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(plafonds, "MESSAGES_PAR_JOUR", 0)
    lieu = scene()
    champs = {"theme": "TVA", "objet": "Une", "texte": "Bonjour"}
    return (
        lambda: ecrire(acteur=lieu.titulaire, personne=lieu.personne, envoi=uuid.uuid4(), **champs),
        lieu.titulaire,
        lieu.personne,
    )


def reponse(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(plafonds, "MESSAGES_POUR_UNE_ENTREPRISE", 0)
    lieu = scene()
    echange = echanger(lieu.personne, etat=Echange.Etat.CLOS)
    return (
        lambda: repondre(acteur=lieu.titulaire, echange=echange, texte="Encore", envoi=uuid.uuid4()),
        lieu.titulaire,
        lieu.personne,
    )


def _joindre() -> Essai:
    lieu = scene()
    garde = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert garde is not None
    return (
        lambda: joindre(acteur=lieu.titulaire, brouillon=garde, nom="a.pdf", contenu=PDF),
        lieu.titulaire,
        lieu.personne,
    )


def fichier(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(plafonds, "FICHIERS_PAR_JOUR", 0)
    return _joindre()


def fichiers_refuses(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(
        plafonds, "FICHIERS_REFUSES", debit.Cadence(libres=0, intervalle=timedelta(minutes=1), limite=0)
    )
    return _joindre()


def gros_fichier(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(plafonds, "GROS", 1)
    monkeypatch.setattr(plafonds, "GROS_FICHIERS_PAR_JOUR", 0)
    return _joindre()


def onzieme_fichier(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(jointes, "PIECES_D_UN_MESSAGE", 0)
    return _joindre()


def message_trop_lourd(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(jointes, "TAILLE_D_UN_MESSAGE", 1)
    return _joindre()


def fichier_du_bureau(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(plafonds, "FICHIERS_PAR_JOUR", 0)
    lieu = scene()
    echange = echanger(lieu.personne)
    return (
        lambda: joindre_du_bureau(acteur=lieu.agent, echange=echange, nom="a.pdf", contenu=PDF),
        lieu.agent,
        lieu.personne,
    )


def modele(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(modeles, "MODELES_AU_PLUS", 0)
    chef = AgentFactory(fonction=Agent.Fonction.CHEF)
    return lambda: enregistrer_modele(acteur=chef, titre="Accusé", texte="Bonjour"), chef, None


def vingt_et_unieme_compte(settings: LazySettings, _: pytest.MonkeyPatch) -> Essai:
    settings.PLAFOND_COMPTES_BANCAIRES = 0
    lieu = monter()
    return (
        lambda: ajouter_compte(acteur=lieu.titulaire, personne=lieu.personne, iban=IBAN, titulaire="Roussel"),
        lieu.titulaire,
        lieu.personne,
    )


def compte_a_relire(settings: LazySettings, _: pytest.MonkeyPatch) -> Essai:
    settings.PLAFOND_COMPTES_BANCAIRES = 0
    lieu = monter()
    return (
        lambda: verifier_ajout(acteur=lieu.titulaire, personne=lieu.personne, iban=IBAN),
        lieu.titulaire,
        lieu.personne,
    )


def compte_de_plus_ce_jour(settings: LazySettings, _: pytest.MonkeyPatch) -> Essai:
    settings.PLAFOND_CHANGEMENTS_BANCAIRES = 0
    lieu = monter()
    return (
        lambda: ajouter_compte(acteur=lieu.titulaire, personne=lieu.personne, iban=AUTRE, titulaire="Roussel"),
        lieu.titulaire,
        lieu.personne,
    )


def titulaire_renomme(settings: LazySettings, _: pytest.MonkeyPatch) -> Essai:
    settings.PLAFOND_CHANGEMENTS_BANCAIRES = 0
    lieu = monter()
    compte = compte_bancaire(lieu.personne)
    return (
        lambda: renommer_titulaire(acteur=lieu.titulaire, reference=compte, titulaire="Autre", montre=compte.titulaire),
        lieu.titulaire,
        lieu.personne,
    )


def changement_signale(settings: LazySettings, _: pytest.MonkeyPatch) -> Essai:
    settings.PLAFOND_SIGNALEMENTS_BANCAIRES = 0
    lieu = monter()
    changement = changement_bancaire(compte_bancaire(lieu.personne))
    return lambda: signaler_changement(acteur=lieu.suppleant, changement=changement), lieu.suppleant, lieu.personne


def _remis() -> tuple[Any, Any]:
    lieu, hier = monter(), timezone.localdate() - timedelta(days=1)
    compte = compte_bancaire(
        lieu.personne, ajoutee_le=timezone.now() - timedelta(days=5), edite_le=timezone.now(), remis_le=hier
    )
    return lieu, compte


def remise_corrigee(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(mandat, "CORRECTIONS_PAR_JOUR", 0)
    lieu, compte = _remis()
    return (
        lambda: noter_remise(acteur=lieu.titulaire, reference=compte, le=timezone.localdate()),
        lieu.titulaire,
        lieu.personne,
    )


def remise_annulee(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(mandat, "CORRECTIONS_PAR_JOUR", 0)
    lieu, compte = _remis()
    return lambda: annuler_remise(acteur=lieu.titulaire, reference=compte), lieu.titulaire, lieu.personne


def comptes_d_un_paiement(_: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Essai:
    monkeypatch.setattr(paiement, "COMPTES_PAR_PAIEMENT", 0)
    lieu = monter()
    cles, service = [str(compte_bancaire(lieu.personne).pk)], Service.objects.get(code="PAYER_TVA")
    return (
        lambda: choisir_comptes(acteur=lieu.acteur, personne=lieu.personne, service=service, cles=cles),
        lieu.acteur,
        lieu.personne,
    )


PLAFONDS = {
    premier_message: plafonds.TropDeMessages,
    reponse: plafonds.TropDeMessagesPourUneEntreprise,
    fichier: plafonds.TropDeFichiersJoints,
    fichiers_refuses: plafonds.TropDeFichiersRefuses,
    gros_fichier: plafonds.TropDeFichiersJoints,
    fichier_du_bureau: plafonds.TropDeFichiersJoints,
    onzieme_fichier: jointes.PiecesTropNombreuses,
    message_trop_lourd: jointes.PiecesTropLourdes,
    modele: modeles.TropDeModeles,
    vingt_et_unieme_compte: services.banque.comptes.TropDeComptes,
    compte_a_relire: services.banque.comptes.TropDeComptes,
    compte_de_plus_ce_jour: services.banque.comptes.TropDeChangementsBancaires,
    titulaire_renomme: services.banque.comptes.TropDeChangementsBancaires,
    changement_signale: services.banque.signalement.TropDeSignalementsBancaires,
    remise_corrigee: mandat.TropDeCorrectionsDeRemise,
    remise_annulee: mandat.TropDeCorrectionsDeRemise,
    comptes_d_un_paiement: paiement.TropDeComptesChoisis,
}


@pytest.mark.parametrize("plafond", PLAFONDS, ids=lambda plafond: plafond.__name__)
def test_ce_qu_un_plafond_refuse_est_compte_et_journalise(
    plafond: Callable[..., Essai], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    essayer, acteur, personne = plafond(settings, monkeypatch)
    avant = (Echange.objects.count(), Message.objects.count(), PieceJointe.objects.count(), Brouillon.objects.count())
    # A file that a ceiling refuses was examined: that stays counted, apart from what the ceiling counts.
    examen = debit.empreinte(
        "messagerie-fichiers-refuses", f"agent|{acteur.pk}" if isinstance(acteur, Agent) else str(acteur.pk)
    )
    sans_examens = EssaiConnexion.objects.exclude(cle=examen)
    comptes = sans_examens.count()
    for rang in (1, 2):
        with pytest.raises(PLAFONDS[plafond]):
            essayer()
        assert sans_examens.count() == comptes + rang, "the refusal, and nothing of what the ceiling counts"
    ligne = Evenement.objects.get(acte="refus.plafond")
    assert ligne.auteur == auteur_de(acteur)
    assert ligne.siren == ("" if personne is None else personne.siren)
    assert ligne.details == {"plafond": PLAFONDS[plafond].plafond, "nombre": 1}
    assert ligne.details["plafond"]
    apres = (Echange.objects.count(), Message.objects.count(), PieceJointe.objects.count(), Brouillon.objects.count())
    assert apres == avant, "nothing else of the act is kept"


@pytest.mark.parametrize("plafond", PLAFONDS, ids=lambda plafond: plafond.__name__)
def test_imbrique_un_acte_plafonne_refuse_de_commencer(
    plafond: Callable[..., Essai], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    essayer, _, _ = plafond(settings, monkeypatch)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        essayer()


def _regles(de: type[RegleMetier]) -> Iterator[type[RegleMetier]]:
    for regle in de.__subclasses__():
        yield regle
        yield from _regles(regle)


def test_aucun_plafond_n_est_oublie() -> None:
    """Each by its class; what only looks like a ceiling, by its status or its code, must be one."""
    for piece in (services.messagerie, services.banque):
        for module in walk_packages(piece.__path__, f"{piece.__name__}."):
            import_module(module.name)
    trouves = {
        regle
        for regle in _regles(RegleMetier)
        if regle.__module__.startswith(("services.messagerie.", "services.banque."))
        and (
            issubclass(regle, PlafondAtteint) or regle.statut == 429 or regle.code.startswith(("trop_", "pieces_trop_"))
        )
    }
    assert trouves == set(PLAFONDS.values())


class Comble(PlafondAtteint):
    code = "comble"
    plafond = "places"


@plafonne
def prendre_place(*, acteur: Espace, personne: PersonneSirenisee) -> None:
    raise Comble(personne=personne)


def test_qui_martele_un_plafond_n_ecrit_que_trois_lignes(lieu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refus, "DITS", (1, 2, 4))
    for _ in range(6):
        with pytest.raises(Comble):
            prendre_place(acteur=lieu.titulaire, personne=lieu.personne)
    lignes = Evenement.objects.filter(acte="refus.plafond").order_by("pk")
    assert [ligne.details["nombre"] for ligne in lignes] == [1, 2, 4]
    assert EssaiConnexion.objects.count() == 4, "beyond the last that is told, none is written"
    with pytest.raises(Comble):
        prendre_place(acteur=lieu.titulaire, personne=PersonneFactory())
    with pytest.raises(Comble):
        prendre_place(acteur=lieu.acteur, personne=lieu.personne)
    assert [ligne.details["nombre"] for ligne in lignes.all()] == [1, 2, 4, 1, 1], (
        "each company and each espace its own"
    )


def test_un_plafond_ne_borne_que_qui_a_un_espace_ou_une_fonction(lieu: Any) -> None:
    with pytest.raises(TypeError, match="str"):
        prendre_place(acteur="systeme:balayer", personne=lieu.personne)  # type: ignore[arg-type]


@pytest.fixture
def lieu() -> Any:
    return scene()
