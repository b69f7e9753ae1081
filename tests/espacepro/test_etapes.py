"""A form of several pages: each answer has an address, which « back » finds, and its form is filled as it was (walker 6: 6)."""

import ast
import base64
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisAbsent

from accounts.models import Espace, Evenement
from accounts.portes import etapes
from accounts.portes.etapes import PAGES_AU_PLUS
from accounts.portes.saisie import ETAPE, sans_etape
from habilitations.models import Role
from habilitations.partage.demandes import annoncer_demandes_habilitation, demander_habilitation
from services.models import Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, habiliter
from tests.scenes import RACINE
from tests.services.banque.scenes import IBAN, client_de
from tests.sources import module_de, noeuds

ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")


@dataclass(frozen=True)
class Lieu:
    titulaire: Espace
    personne: Any
    adhesion: Any
    autre: Espace

    @property
    def siren(self) -> str:
        return str(self.personne.siren)


@dataclass(frozen=True)
class Envoi:
    """What is posted to one page: what it refuses, and what leads to the next page; what stands in that one, and is typed in this one."""

    page: str
    refuse: dict[str, Any]
    juste: dict[str, Any]
    suivante: str
    tape: str


def compte(lieu: Lieu, client: Client) -> Envoi:
    page = reverse("compte_bancaire_ajouter", args=[lieu.siren])
    juste = {"iban": IBAN, "titulaire": "ROUSSEL ET FILLE"}
    return Envoi(page, {**juste, "iban": IBAN[:-1]}, juste, "Confirmer l’ajout", 'value="ROUSSEL ET FILLE"')


def adherer(lieu: Lieu, client: Client) -> Envoi:
    service = ServiceFactory()
    page = reverse("adherer", query={"siren": PersonneFactory(code_postal="69003", commune="LYON").siren})
    juste = {"qualite": "MANDATAIRE", "services": service.code}
    return Envoi(page, {"services": service.code}, juste, "Relire avant l’envoi", f'value="{service.code}" checked')


def substituer(lieu: Lieu, client: Client) -> Envoi:
    tenu = habiliter(EspaceFactory(), personne=PersonneFactory(code_postal="69003", commune="LYON"))
    page, case = (
        reverse("substitution", query={"sirens": tenu.personne.siren}),
        f"{tenu.personne.siren}:{tenu.service.code}",
    )
    return Envoi(
        page, {"services": case}, {"qualite": "MANDATAIRE", "services": case}, "Relire avant l’envoi", f'value="{case}"'
    )


def courriel(lieu: Lieu, client: Client) -> Envoi:
    page = reverse("courriel_entreprise_changer", args=[lieu.siren])
    juste = {"adresse": "contact@garage.fr", "qualite": "MANDATAIRE"}
    return Envoi(page, {"adresse": "contact@garage.fr"}, juste, "Relire avant l’envoi", 'value="contact@garage.fr"')


def designer(lieu: Lieu, client: Client) -> Envoi:
    client.post(reverse("delegations_designer"), {"adhesions": [lieu.adhesion.pk], "continuer": "1"})
    saisie = {"numero": lieu.autre.numero_abonne, "nom": lieu.autre.nom, "role": "ACTEUR", "expire_le": "2099-12-31"}
    return Envoi(
        reverse("delegations_personne"),
        {**saisie, "numero": "9999 999", "role": ""},
        saisie,
        lieu.autre.nom,
        'value="2099-12-31"',
    )


def accepter(lieu: Lieu, client: Client) -> Envoi:
    demande = demander_habilitation(acteur=lieu.autre, siren=lieu.siren, motif="Je tiens la comptabilité.")
    annoncer_demandes_habilitation()
    saisie = {"numero": lieu.autre.numero_lisible, "services": [lieu.adhesion.pk], "role": Role.ACTEUR}
    page = reverse("demande_habilitation_accepter", args=[demande.pk])
    return Envoi(page, {**saisie, "services": []}, saisie, "apercu", f'value="{lieu.autre.numero_lisible}"')


def fichier(lieu: Lieu, client: Client) -> Envoi:
    contenu = SimpleUploadedFile("f.csv", b"action;siren;code service;numero abonne;nom;role;expire le\nx;;;;;;")
    return Envoi(reverse("designation_fichier"), {}, {"fichier": contenu}, "ligne", "")


# Each view that answers its POST by an address, and how one goes through it.
ASSISTANTS: dict[str, Callable[[Lieu, Client], Envoi]] = {
    "espacepro/views/comptes_bancaires.py:ajouter": compte,
    "activation/views/demandes.py:adherer": adherer,
    "activation/views/substitution.py:substituer": substituer,
    "activation/views/courriel_personne.py:changer": courriel,
    "habilitations/views/designer.py:personne": designer,
    "habilitations/views/demandes_habilitation.py:accepter": accepter,
    "habilitations/views/fichier.py:examiner": fichier,
}
# The other views of the modules that show where one stands in a procedure, or a letter before it leaves, and why they need none.
AUTREMENT = {
    "espacepro/views/comptes_bancaires.py:iban": "an IBAN is kept by no page, not even for a minute more",
    "espacepro/views/comptes_bancaires.py:mandat": "redirects; the password that is refused is typed again",
    "espacepro/views/comptes_bancaires.py:renommer": "one page",
    "espacepro/views/comptes_bancaires.py:supprimer": "one page, which redirects whatever becomes of it",
    "espacepro/views/comptes_bancaires.py:signaler": "one page, which redirects whatever becomes of it",
    "espacepro/views/messagerie.py:rediger": "redirects; the draft keeps what was typed",
    "espacepro/views/messagerie.py:echange": "one page; the draft keeps what was typed",
    "habilitations/views/designer.py:choisir": "redirects whatever becomes of it",
    "habilitations/views/designer.py:confirmer": "redirects whatever becomes of it",
    "activation/views/demandes.py:annuler": "one page",
    "activation/views/demandes.py:nouveau_courrier": "a page of its own, which redirects whatever becomes of it",
    "activation/views/attente.py:activer_espace": "one page, with a code",
    "activation/views/attente.py:annuler": "one page",
    "activation/views/attente.py:nouveau_courrier": "a page of its own, which redirects whatever becomes of it",
    "activation/views/creation.py:simplifiee": "a visitor's, with a password: each step that is right redirects",
    "activation/views/creation.py:confirmer_connexion": "one page, of a link",
    "activation/views/creation.py:confirmer_entreprise": "one page, of a link",
}


def _gabarits() -> set[str]:
    """Return the templates that show a step, or a letter before it leaves."""
    dossier = RACINE / "templates"
    return {
        str(f.relative_to(dossier))
        for f in dossier.rglob("*.html")
        if "composants/etapes.html" in f.read_text(encoding="utf-8")
    }


def _vues(chemin: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each view of this file that takes a POST and also a GET, with its decorators."""
    for noeud in noeuds(module_de(chemin)):
        if isinstance(noeud, ast.FunctionDef):
            decorateurs = [ast.unparse(d) for d in noeud.decorator_list]
            if any("require_http_methods" in d and "POST" in d for d in decorateurs):
                yield f"{chemin.relative_to(RACINE)}:{noeud.name}", set(decorateurs)


def test_chaque_assistant_repond_par_une_adresse() -> None:
    """Seen red: without its decorator, a view named above is missing; another one that shows steps is to be named."""
    gabarits, gardees, autres = _gabarits(), set(), set()
    for etage in ETAGES:
        for chemin in sorted((RACINE / etage / "views").glob("*.py")):
            texte = chemin.read_text(encoding="utf-8")
            montre = any(f'"{gabarit}"' in texte for gabarit in gabarits) or "from .relire import" in texte
            for vue, decorateurs in _vues(chemin):
                if "pages_gardees" in decorateurs:
                    gardees.add(vue)
                elif montre:
                    autres.add(vue)
    assert gardees == set(ASSISTANTS)
    assert autres == set(AUTREMENT)


@pytest.fixture
def lieu(db: None) -> Lieu:
    personne = PersonneFactory(denomination="GARAGE DU CANAL", code_postal="69003", commune="LYON")
    messagerie = ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE)
    tenue = habiliter(
        EspaceFactory(nom="Roussel"), personne=personne, service=ServiceFactory(code="PAY", paiement=True)
    )
    habiliter(tenue.espace, personne=personne, service=messagerie)
    return Lieu(tenue.espace, personne, tenue.adhesion, EspaceFactory(prenom="Chloé", nom="Simon"))


def poster(client: Client, page: str, saisie: dict[str, Any]) -> Any:
    return client.post(page, saisie, follow=False)


def lire(client: Client, adresse: str) -> str:
    return " ".join(client.get(adresse).content.decode().split())


@pytest.mark.parametrize("vue", ASSISTANTS)
def test_revenir_en_arriere_retrouve_chaque_page_remplie(lieu: Lieu, vue: str) -> None:
    client = client_de(lieu.titulaire)
    envoi = ASSISTANTS[vue](lieu, client)
    refusee = poster(client, envoi.page, envoi.refuse)
    assert refusee.status_code == 302, "what is refused has an address too"
    assert sans_etape(refusee["Location"]) == envoi.page
    avec_erreurs = lire(client, refusee["Location"])
    assert "fr-error-text" in avec_erreurs or "fr-message--error" in avec_erreurs
    assert envoi.tape in avec_erreurs
    suivante = poster(client, refusee["Location"], envoi.juste)  # its form posts where its page stands
    assert suivante.status_code == 302
    assert envoi.suivante in lire(client, suivante["Location"])
    assert lire(client, refusee["Location"]) == avec_erreurs, "back"
    assert envoi.tape in lire(client, envoi.page), "back again: the first page, filled"


@pytest.fixture
def ajout(lieu: Lieu) -> tuple[Client, Envoi, str]:
    """Who has typed an account, and the address of the page that reads it again."""
    client = client_de(lieu.titulaire)
    envoi = compte(lieu, client)
    return client, envoi, poster(client, envoi.page, envoi.juste)["Location"]


def test_ce_qui_est_garde_n_est_lisible_que_de_cette_session(ajout: tuple[Client, Envoi, str], lieu: Lieu) -> None:
    client, envoi, relue = ajout
    autre = client_de(lieu.titulaire)
    assert autre.get(relue)["Location"] == envoi.page, "another session of the same espace"
    assert envoi.tape not in lire(autre, envoi.page)
    assert client_de(lieu.autre).get(relue)["Location"] == envoi.page, "another espace"
    assert client_de(lieu.autre).get(envoi.page).status_code == 404
    assert Client().get(relue)["Location"].startswith(reverse("connexion"))
    assert client.get(f"{urlsplit(relue).path}?{ETAPE}=inconnue")["Location"] == envoi.page
    dits = str(dict(client.session.items()))
    assert IBAN[4:] not in dits
    assert "ROUSSEL ET FILLE" not in dits
    cle = next(cle for cle in cache._cache.get_client(None).keys("*etape:*"))  # type: ignore[attr-defined]
    garde = cache._cache.get_client(None).get(cle)  # type: ignore[attr-defined]
    assert IBAN.encode() not in garde
    assert b"ROUSSEL" not in garde


def test_une_fois_enregistre_le_formulaire_est_vide(ajout: tuple[Client, Envoi, str]) -> None:
    client, envoi, relue = ajout
    champs = {**envoi.juste, "banque": "", "bic": "", "confirmer": "oui"}
    assert ETAPE not in poster(client, relue, champs)["Location"]
    assert envoi.tape not in lire(client, envoi.page)
    assert Evenement.objects.filter(acte="compte_bancaire.ajoute").count() == 1


def test_huit_pages_au_plus_sont_gardees(ajout: tuple[Client, Envoi, str]) -> None:
    client, envoi, premiere = ajout
    for _ in range(PAGES_AU_PLUS):
        poster(client, envoi.page, envoi.juste)
    assert len(client.session[etapes.MONTREES]) == PAGES_AU_PLUS
    assert client.get(premiere)["Location"] == envoi.page


def test_sans_redis_la_page_repond_elle_meme(lieu: Lieu, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_de(lieu.titulaire)
    envoi = compte(lieu, client)

    class Panne:
        def __getattr__(self, nom: str) -> Any:
            raise RedisAbsent

    monkeypatch.setattr(etapes, "cache", Panne())
    reponse = poster(client, envoi.page, envoi.juste)
    assert reponse.status_code == 200
    assert "Confirmer l’ajout" in reponse.content.decode()
    assert client.get(f"{envoi.page}?{ETAPE}=perdue")["Location"] == envoi.page


def test_aucun_secret_n_est_garde(lieu: Lieu, monkeypatch: pytest.MonkeyPatch) -> None:
    clairs: list[str] = []
    chiffrer = etapes.chiffrer

    def noter(texte: str, *, usage: str) -> str:
        clairs.append(zlib.decompress(base64.b85decode(texte)).decode())
        return chiffrer(texte, usage=usage)

    monkeypatch.setattr(etapes, "chiffrer", noter)
    client = client_de(lieu.titulaire)
    envoi = compte(lieu, client)
    poster(client, envoi.page, {**envoi.juste, "confirmation_mot_de_passe": "sesame-ouvre-toi", "code": "987654"})
    assert "ROUSSEL ET FILLE" in clairs[0]
    assert not re.search("sesame|987654", clairs[0])
