"""Refused, but the try is counted: the count outlives the refusal, and no such act can be nested in a transaction.

`ESSAIS` holds one scene for each act of the kind; `test_aucun_essai_compte_n_est_oublie` finds them in the source.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from accounts.compteurs import debit
from accounts.compteurs.essais import essai_compte
from accounts.envois.liens import creer_lien, jeton
from accounts.espace import oubli
from accounts.espace.inscription import inscrire_expert
from accounts.facteurs.second_facteur import (
    commencer_enrolement,
    confirmer_enrolement,
    renouveler_codes_secours,
    utiliser_code_secours,
    verifier_code,
)
from accounts.models import Compte, Espace, EssaiConnexion, Evenement, Lien, Session
from accounts.models.sessions_base import SessionStore, empreinte
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from accounts.saisies.reponses import normaliser_reponse
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import ReferenceMalSaisie, _cle
from activation.demandes.activation import activer, activer_code_recu
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.creation_simplifiee import consulter_siren
from activation.demandes.depot import PersonneCessee
from activation.demandes.signalements import signaler
from activation.demandes.substitution import Choix, deposer_substitution
from espacepro.demonstration import lettres
from espacepro.demonstration.comptes import DIRIGEANTE
from espacepro.management.commands import charger_demonstration
from habilitations.models import DemandeHabilitation, Habilitation
from habilitations.partage.beneficiaires import trouver_beneficiaire, trouver_beneficiaires
from habilitations.partage.demandes import (
    accepter_demande_habilitation,
    demander_habilitation,
    verifier_numero_du_demandeur,
)
from surveillance.models import Verification
from surveillance.verification.codes import code_de
from surveillance.verification.demandes import demander_verification, envoyer_code, verifier_par_courriel
from tests.accounts.scenes import connecter
from tests.activation import scenes
from tests.factories import REPONSE, CompteFactory, EspaceFactory, PersonneFactory, habiliter
from tests.sources import module_de, noeuds

RACINE = Path(__file__).resolve().parent.parent.parent
ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
Essai = tuple[Callable[[], Any], Callable[[], int]]


def activation_du_code() -> Essai:
    """Return a try that is refused, and what counts it."""
    espace = EspaceFactory()
    demande = scenes.adhesion(espace)
    scenes.editer(demande)
    bon = scenes.code(demande)
    corps = ("3" if bon[0] == "2" else "2") + bon[1:-1]
    return (
        lambda: activer(acteur=espace, demande=demande, saisie=corps + _cle(corps)),
        lambda: demande.courriers.get().essais,
    )


def code_recu() -> Essai:
    espace = EspaceFactory()
    corps = "K7QM4TXB9RW"
    return (
        lambda: activer_code_recu(acteur=espace, saisie=corps + _cle(corps)),
        lambda: Evenement.objects.filter(acte="code.sans_demande").count(),
    )


def recherche_d_une_personne() -> Essai:
    espace = EspaceFactory()
    return (
        lambda: trouver_beneficiaire(acteur=espace, numero=EspaceFactory().numero_abonne, nom="Personne"),
        lambda: Evenement.objects.filter(acte="beneficiaire.introuvable").count(),
    )


def recherche_de_beaucoup() -> Essai:
    espace = EspaceFactory()
    saisies = [(EspaceFactory().numero_abonne, "Personne")]
    return (
        lambda: trouver_beneficiaires(acteur=espace, saisies=saisies),
        lambda: Evenement.objects.filter(acte="beneficiaire.introuvable").count(),
    )


def _demande_et_sa_racine() -> tuple[DemandeHabilitation, Habilitation]:
    with transaction.atomic():
        racine = habiliter(EspaceFactory())
    return demander_habilitation(acteur=EspaceFactory(), siren=racine.personne.siren, motif="motif"), racine


def numero_du_demandeur() -> Essai:
    """The number of somebody else is typed where that of who asks from below is due."""
    demande, racine = _demande_et_sa_racine()
    return (
        lambda: verifier_numero_du_demandeur(acteur=racine.espace, demande=demande, numero=racine.espace.numero_abonne),
        lambda: Evenement.objects.filter(acte="beneficiaire.introuvable").count(),
    )


def acceptation_d_une_demande() -> Essai:
    demande, racine = _demande_et_sa_racine()
    return (
        lambda: accepter_demande_habilitation(
            acteur=racine.espace,
            demande=demande,
            numero=racine.espace.numero_abonne,
            adhesions=[racine.adhesion],
            role="ACTEUR",
        ),
        lambda: Evenement.objects.filter(acte="beneficiaire.introuvable").count(),
    )


def _compte_avec_application() -> Compte:
    compte = CompteFactory()
    appareil = commencer_enrolement(acteur=compte)
    appareil.confirmed = True
    appareil.save()
    return compte


def _refus(quoi: str) -> int:
    return Evenement.objects.filter(acte=quoi).count()


def code_de_l_application() -> Essai:
    compte = _compte_avec_application()
    return lambda: verifier_code(acteur=compte, code="0000000"), lambda: _refus("second_facteur.refuse")


def code_pour_de_nouveaux_codes() -> Essai:
    compte = _compte_avec_application()
    return (
        lambda: renouveler_codes_secours(acteur=compte, preuve="0000000"),
        lambda: _refus("second_facteur.refuse"),
    )


def code_de_secours() -> Essai:
    compte = _compte_avec_application()
    return (
        lambda: utiliser_code_secours(acteur=compte, code="0000-0000-0000-0000"),
        lambda: _refus("second_facteur.code_secours_refuse"),
    )


def premier_code() -> Essai:
    compte = CompteFactory()
    appareil = commencer_enrolement(acteur=compte)

    cle = debit.empreinte("enrolement", str(appareil.numero))
    return (
        lambda: confirmer_enrolement(acteur=compte, code="0000000", remplacer=False),
        lambda: EssaiConnexion.objects.filter(cle=cle).count(),
    )


def reponse_de_confiance() -> Essai:
    espace = EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    lien = creer_lien(espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=espace.compte.email)

    def compter() -> int:
        espace.refresh_from_db()
        return espace.reponse_essais

    return lambda: oubli.repondre(acteur=Visiteur(jeton=jeton(lien)), reponse="une autre réponse"), compter


def inscription() -> Essai:
    """Its mails are counted, though the address has an espace already and nothing is opened."""
    espace = EspaceFactory()
    saisie = scenes.inscription(PersonneFactory(), espace.compte.email)
    return (
        lambda: inscrire_expert(inscription=saisie, acteur=Visiteur(adresse_ip="192.0.2.7")),
        lambda: EssaiConnexion.objects.count() // 3,  # the network, the pair, the address
    )


def mot_de_passe() -> Essai:
    """The guess is counted before it is tried."""
    requete = RequestFactory().post("/connexion/", REMOTE_ADDR="192.0.2.7")
    compte = CompteFactory()
    return (
        lambda: authenticate(requete, username=compte.email, password="faux"),
        lambda: EssaiConnexion.objects.filter(cle=debit.cle_compte(compte)).count(),
    )


def siren() -> Essai:
    """What is told of a SIREN is counted, though this one may have no espace simplifié."""
    personne = PersonneFactory(active=False)
    return (
        lambda: consulter_siren(acteur=Visiteur(adresse_ip="192.0.2.7"), siren=personne.siren, deja_dit=False),
        lambda: EssaiConnexion.objects.count(),
    )


def signalement() -> Essai:
    """A reference that says nothing is counted like one that leads to a demande."""
    acteur = Visiteur(adresse_ip="192.0.2.7")
    return (
        lambda: signaler(acteur=acteur, saisie="D-2026-XX", adresse_ip=acteur.adresse_ip),
        lambda: EssaiConnexion.objects.count(),
    )


def depot_d_une_adhesion() -> Essai:
    """It is refused because another espace holds the service, which it tells."""
    with transaction.atomic():
        espace, tenu = EspaceFactory(), habiliter(EspaceFactory())
    return (
        lambda: deposer_adhesion(acteur=espace, personne=tenu.personne, services=[tenu.service], qualite="MANDATAIRE"),
        lambda: EssaiConnexion.objects.count(),
    )


def depot_d_une_substitution() -> Essai:
    """It is refused because nobody holds the service, which it tells; what it had written for another SIREN goes."""
    with transaction.atomic():
        espace, tenu = EspaceFactory(), habiliter(EspaceFactory())
    choix = [Choix(tenu.personne, [tenu.service]), Choix(PersonneFactory(), [tenu.service])]
    return (
        lambda: deposer_substitution(acteur=espace, choix=choix, qualite="MANDATAIRE"),
        lambda: EssaiConnexion.objects.count() - espace.demandes.count(),
    )


def code_d_une_verification() -> Essai:
    espace = EspaceFactory()
    compte, client = espace.compte, connecter(espace)
    ouverte = Session.objects.get(session_key=empreinte(client.session.session_key or ""))
    verification = demander_verification(session=ouverte, raison="Une session change de pays")
    assert verification is not None
    envoyer_code(acteur=compte, verification=verification.pk, navigateur="secret")
    verification.refresh_from_db()
    return (
        lambda: verifier_par_courriel(
            acteur=compte,
            verification=verification.pk,
            session=SessionStore(client.session.session_key),
            code=f"{(int(code_de(verification)) + 1) % 10**8:08d}",
            navigateur="secret",
        ),
        lambda: Verification.objects.get(pk=verification.pk).essais,
    )


ESSAIS = {
    "surveillance/verification/demandes.py::verifier_par_courriel": code_d_une_verification,
    "activation/demandes/adhesion.py::deposer_adhesion": depot_d_une_adhesion,
    "activation/demandes/substitution.py::deposer_substitution": depot_d_une_substitution,
    "activation/demandes/signalements.py::signaler": signalement,
    "activation/demandes/creation_simplifiee.py::consulter_siren": siren,
    "accounts/compteurs/debit.py::is_allowed": mot_de_passe,
    "activation/demandes/activation.py::activer": activation_du_code,
    "activation/demandes/activation.py::activer_code_recu": code_recu,
    "habilitations/partage/beneficiaires.py::trouver_beneficiaire": recherche_d_une_personne,
    "habilitations/partage/beneficiaires.py::trouver_beneficiaires": recherche_de_beaucoup,
    "habilitations/partage/demandes.py::verifier_numero_du_demandeur": numero_du_demandeur,
    "habilitations/partage/demandes.py::accepter_demande_habilitation": acceptation_d_une_demande,
    "accounts/facteurs/second_facteur.py::verifier_code": code_de_l_application,
    "accounts/facteurs/second_facteur.py::renouveler_codes_secours": code_pour_de_nouveaux_codes,
    "accounts/facteurs/second_facteur.py::utiliser_code_secours": code_de_secours,
    "accounts/facteurs/second_facteur.py::confirmer_enrolement": premier_code,
    "accounts/espace/oubli.py::repondre": reponse_de_confiance,
    "accounts/espace/inscription.py::inscrire": inscription,
}
# Those that count what they answer and refuse nothing after it: no nesting, and no exception that must keep the count.
SANS_REFUS = {
    "activation/demandes/substitution.py::combien_seraient_remplaces",
    "accounts/compteurs/refus.py::plafonne",  # a decorator: its acts have their scenes in tests/services/test_refus_des_plafonds.py
    "accounts/compteurs/refus.py::compte",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scene", ESSAIS.values(), ids=ESSAIS)
def test_imbrique_l_essai_refuse_de_commencer(scene: Callable[[], Essai]) -> None:
    essayer, compter = scene()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        essayer()
    assert compter() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scene", ESSAIS.values(), ids=ESSAIS)
def test_le_compte_survit_au_refus(scene: Callable[[], Essai]) -> None:
    essayer, compter = scene()
    if scene in {inscription, recherche_de_beaucoup, mot_de_passe}:
        essayer()  # what they refuse is not said by an exception
    else:
        with pytest.raises({siren: PersonneCessee, signalement: ReferenceMalSaisie}.get(scene, EssaiRefuse)):
            essayer()
    assert compter() == 1


def _porteurs(arbre: ast.Module) -> Iterator[str]:
    """Yield the functions of a module that use `essai_compte`, as a decorator or around a block."""
    for noeud in noeuds(arbre):
        if isinstance(noeud, ast.FunctionDef):
            noms = [n.id for n in noeuds(noeud) if isinstance(n, ast.Name)]
            if "essai_compte" in noms and noeud.name != "essai_compte":
                yield noeud.name


def test_aucun_essai_compte_n_est_oublie() -> None:
    trouves = {
        f"{fichier.relative_to(RACINE)}::{nom}"
        for etage in ETAGES
        for fichier in (RACINE / etage).rglob("*.py")
        for nom in _porteurs(module_de(fichier))
    }
    assert trouves == set(ESSAIS) | set(SANS_REFUS)


@pytest.mark.django_db(transaction=True)
def test_une_autre_exception_defait_tout() -> None:
    class AutreRegle(RegleMetier):
        pass

    @essai_compte()
    def agir(erreur: type[Exception]) -> None:
        EssaiConnexion.objects.create(cle="a")
        raise erreur

    for erreur in (AutreRegle, IntegrityError, KeyError):
        with pytest.raises(erreur):
            agir(erreur)
    assert not EssaiConnexion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_la_demonstration_reprend_ou_elle_est_morte(settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its acts are not nested: a death between two of them leaves the first, and another run does the rest."""
    settings.DEMONSTRATION, settings.ETAT = True, tmp_path

    def mourir(**_: Any) -> None:
        raise InterruptedError

    for piece, acte in ((charger_demonstration, "confirmer_adresse"), (lettres, "activer")):
        with monkeypatch.context() as mort:
            mort.setattr(piece, acte, mourir)
            with pytest.raises(InterruptedError):
                call_command("charger_demonstration", verbosity=0)
    assert not Habilitation.objects.exists()
    for _ in range(2):
        call_command("charger_demonstration", verbosity=0)
    assert set(Espace.objects.values_list("etat", flat=True)) == {Espace.Etat.ACTIF}
    assert Habilitation.objects.filter(espace__compte__email=DIRIGEANTE.email).count() == 6
