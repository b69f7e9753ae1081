"""Every file that leaves the portal leaves a line in the journal or a trace of reading, or says here why not (docs/maison.md, R24)."""

import ast
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.forms.reauthentification import ConfirmationForm
from accounts.models import Espace, Evenement, TraceLecture
from habilitations.models import Export
from habilitations.views.exports import EXISTANT
from services.models import Echange, LectureMessage, ReferenceBancaire
from tests.factories import MOT_DE_PASSE, ServiceFactory, compte_bancaire, echanger, habiliter
from tests.scenes import RACINE
from tests.services.messagerie.pieces.scenes import brouillon_avec
from tests.services.messagerie.scenes import Scene, recevoir, scene
from tests.sources import module_de, noeuds

type Demande = tuple[str, str, dict[str, str]]
"""How a browser asks: the method, the address, what is sent."""
ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")


def poster(nom: str, **donnees: str) -> Callable[[Scene], Demande]:
    return lambda lieu: ("post", reverse(nom), donnees)


def ouvrir(nom: str) -> Callable[[Scene], Demande]:
    return lambda lieu: ("get", reverse(nom), {})


def exporter_les_comptes(lieu: Scene) -> Demande:
    return "post", reverse("comptes_bancaires_exporter", args=[lieu.personne.siren]), {}


def editer_le_mandat(lieu: Scene) -> Demande:
    cle = [lieu.personne.siren, ReferenceBancaire.objects.get().pk]
    return "post", reverse("compte_bancaire_mandat_pdf", args=cle), {}


def imprimer_un_echange(lieu: Scene) -> Demande:
    echange = echanger(lieu.personne, etat=Echange.Etat.REPONDU)
    recevoir(lieu.personne, echange=echange, agent=lieu.agent, pret_le=timezone.now())
    return "get", reverse("echange_pdf", args=[echange.reference]), {}


def prendre_une_piece(lieu: Scene) -> Demande:
    return "get", reverse("piece_jointe", args=[brouillon_avec(lieu).pk]), {}


def prendre_un_fichier_demande(lieu: Scene) -> Demande:
    fait = {"traite_le": timezone.now(), "lignes": 1, "contenu": b"PK"}
    export = Export.objects.create(espace=lieu.titulaire, liste=EXISTANT.en_json(), **fait)
    return "post", reverse("export_telecharger", args=[export.pk]), {}


# Who has a browser keep what it answers: how one asks for it, or why it leaves nothing of its own, or where that is seen.
TABLE: dict[str, tuple[Callable[[Scene], Demande], ...] | str] = {
    "accounts/views/donnees.py:telecharger_donnees": (
        poster("telecharger_donnees", format="pdf"),
        poster("telecharger_donnees", format="json"),
    ),
    "accounts/views/inscription.py:reponse_pdf": (ouvrir("recapitulatif"), poster("question_changee")),
    "accounts/facteurs/codes_montres.py:fichier_codes": "the act that drew them has its line; they are shown ten minutes, once",
    "espacepro/demonstration/views.py:piece": "mails to imagined people, in a demonstration alone",
    "espacepro/demonstration/views.py:courrier_pdf": "letters to imagined people, in a demonstration alone",
    "espacepro/gestion/lettres.py:apercu": "an agent's: its trace is seen by test_lettres.py",
    "espacepro/gestion/retablissement_pages.py:form_valid": "an agent's: the line of its act is seen by test_retablissement.py",
    "espacepro/journal/views.py:exporter": (
        poster("journal_personne_exporter", format="csv"),
        poster("journal_personne_exporter", format="xlsx"),
    ),
    "espacepro/views/comptes_bancaires.py:exporter": (exporter_les_comptes,),
    "espacepro/views/comptes_bancaires.py:mandat_pdf": (editer_le_mandat,),
    "espacepro/views/messagerie.py:pdf": (imprimer_un_echange,),
    "habilitations/views/echeances.py:agenda": (ouvrir("echeances_agenda"),),
    "habilitations/views/exports.py:repondre": (
        poster("designation_fichier_existant", format="csv"),
        poster("delegations_exporter", format="xlsx"),
        poster("suppleants_exporter", format="csv"),
    ),
    "habilitations/views/exports.py:telecharger": (prendre_un_fichier_demande,),
    "habilitations/views/exports.py:telecharger_modele": "an empty file: names of columns",
    "habilitations/views/miennes.py:exporter": (poster("vos_habilitations_exporter", format="csv"),),
    "services/views/pieces.py:servir": (prendre_une_piece,),
}


def ecrivains() -> Iterator[str]:
    """Yield each function that writes the header of a file, innermost."""
    for etage in ETAGES:
        for fichier in sorted((RACINE / etage).rglob("*.py")):
            fonctions = [noeud for noeud in noeuds(module_de(fichier)) if isinstance(noeud, ast.FunctionDef)]
            portent = [f for f in fonctions if any(_est_l_en_tete(noeud) for noeud in noeuds(f))]
            for f in portent:
                if not any(autre is not f and autre in noeuds(f) for autre in portent):
                    yield f"{fichier.relative_to(RACINE)}:{f.name}"


def _est_l_en_tete(noeud: ast.AST) -> bool:
    """Whether this writes it: the key of a dictionary, or of an assignment."""
    cles = noeud.keys if isinstance(noeud, ast.Dict) else [noeud.slice] if isinstance(noeud, ast.Subscript) else []
    return any(isinstance(cle, ast.Constant) and cle.value == "Content-Disposition" for cle in cles)


def laisses() -> int:
    return Evenement.objects.count() + TraceLecture.objects.count() + LectureMessage.objects.count()


@pytest.fixture
def lieu(settings: Settings, tmp_path: Path) -> Scene:
    """A titulaire of a paying service and of the mailbox, whose company has an account."""
    pieces = settings.STORAGES["pieces"] | {"OPTIONS": {"location": tmp_path / "pieces"}}
    settings.STORAGES = settings.STORAGES | {"pieces": pieces}
    lieu = scene(denomination="ATELIER ROUSSEL")
    habiliter(lieu.titulaire, personne=lieu.personne, service=ServiceFactory(code="PAYER_TVA", paiement=True))
    compte_bancaire(lieu.personne)
    return lieu


def navigateur(espace: Espace) -> Client:
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    session = client.session
    session["prouve_le"] = time.time()
    session.save()
    return client


def test_la_table_a_tous_ceux_qui_servent_un_fichier() -> None:
    assert set(ecrivains()) == set(TABLE)
    assert all(faire for faire in TABLE.values())


@pytest.mark.django_db
@pytest.mark.parametrize("ou", [ou for ou, faire in TABLE.items() if not isinstance(faire, str)])
def test_chaque_fichier_laisse_une_ligne_ou_une_trace(lieu: Scene, ou: str) -> None:
    client = navigateur(lieu.titulaire)
    for rang, demander in enumerate(TABLE[ou]):
        assert callable(demander)
        methode, adresse, donnees = demander(lieu)
        if adresse.endswith("/mandat/pdf/"):  # the password is proved on its page first
            client.post(adresse.removesuffix("pdf/"), {ConfirmationForm.CHAMP: MOT_DE_PASSE})
        TraceLecture.objects.all().delete()  # one a minute: what another file has left is not this one's
        avant = laisses()
        reponse = getattr(client, methode)(adresse, donnees)
        assert reponse.status_code == 200, (adresse, rang)
        assert reponse["Content-Disposition"].startswith("attachment"), (adresse, rang)
        assert b"".join(reponse), adresse
        assert laisses() > avant, f"{adresse}: this file leaves nothing behind"
