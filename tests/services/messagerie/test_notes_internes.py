"""What agents say to each other of an exchange never reaches the company: no page, no file, no mail (issue 15, item 9)."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts.donnees import lecture
from accounts.models import Courriel, Espace
from espacepro.acces import TABLE, Acces
from services.messagerie import lectures
from services.messagerie.avis import ecrire_les_avis, prevenir
from services.messagerie.bureau import noter, transferer
from services.messagerie.imprime import imprimer
from services.messagerie.remise import remettre
from services.models import Echange, Message, MessageNonLu
from tests.espacepro.scenes import TOUS, VALEURS
from tests.factories import ServiceGestionnaireFactory
from tests.services.messagerie.scenes import Scene, ouvrir, repondre_en_agent, texte_du_pdf

pytestmark = pytest.mark.django_db
SECRET = "SENTINELLE-DES-AGENTS"
DIT = "Votre demande est acceptée."


@pytest.fixture
def echange(lieu: Scene) -> Echange:
    """An exchange with a note before, between and after what the company reads, and the reason of a transfer."""
    ecrit = ouvrir(lieu)
    note(lieu, ecrit)
    repondre_en_agent(lieu.agent, ecrit, DIT)
    note(lieu, ecrit)
    transferer(acteur=lieu.agent, echange=ecrit, vers=ServiceGestionnaireFactory(), motif=SECRET)
    return ecrit


def note(lieu: Scene, echange: Echange) -> Message:
    return noter(acteur=lieu.agent, echange=echange, texte=SECRET, envoi=uuid.uuid4())


def portes(lieu: Scene, echange: Echange) -> Iterator[str]:
    """Yield the address of every door of an espace, of this company and of this exchange where it has such a parameter."""
    sien = VALEURS | {"siren": lieu.personne.siren, "reference": echange.reference, "code": "MESSAGERIE"}

    def valeur(trouve: re.Match[str]) -> str:
        convertisseur, _, parametre = trouve[1].rpartition(":")
        return {"uuid": VALEURS["pk"], "int": "0"}.get(convertisseur, sien.get(parametre, "x"))

    for espace, nom, chemin in TOUS:
        if not espace and TABLE[nom].qui is Acces.ESPACE:
            yield "/" + re.sub(r"<([^>]+)>", valeur, chemin)
    for nom in lectures.BOITES:
        yield f"{reverse('messagerie')}?boite={nom}"


def corps(client: Client, adresse: str) -> str:
    reponse = client.get(adresse)
    octets = b"".join(reponse.streaming_content) if reponse.streaming else reponse.content
    if octets.startswith(b"%PDF"):
        return texte_du_pdf(octets)
    return octets.decode(errors="replace")


def client_de(espace: Espace) -> Client:
    client = Client()
    assert espace.compte is not None
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    return client


def test_aucune_page_de_l_entreprise_ne_montre_une_note(lieu: Scene, echange: Echange) -> None:
    client = client_de(lieu.titulaire)
    fuites, montrees = [], 0
    for adresse in portes(lieu, echange):
        page = corps(client, adresse)
        montrees += DIT in " ".join(page.split())
        if SECRET in page:
            fuites.append(adresse)
    assert fuites == []
    assert montrees >= 2, "the thread and its PDF were read, not refused"


def test_une_recherche_ne_trouve_pas_par_une_note(lieu: Scene, echange: Echange) -> None:
    client, sien = client_de(lieu.titulaire), reverse("echange", args=[echange.reference])
    assert sien in corps(client, f"{reverse('messagerie')}?q=option")
    assert sien not in corps(client, f"{reverse('messagerie')}?q={SECRET}")


def test_le_pdf_ne_l_imprime_pas(lieu: Scene, echange: Echange) -> None:
    texte = texte_du_pdf(imprimer(lieu.titulaire, echange))
    assert (DIT in " ".join(texte.split()), SECRET in texte) == (True, False)


@pytest.mark.parametrize("qui", ["titulaire", "acteur"])
def test_vos_donnees_ne_la_disent_pas(lieu: Scene, echange: Echange, qui: str) -> None:
    espace = getattr(lieu, qui)
    client_de(espace).get(reverse("echange", args=[echange.reference]))  # its read receipts are told of
    for dit in (
        b"".join(lecture.exporter_json(acteur=espace)).decode(),
        texte_du_pdf(lecture.exporter_pdf(acteur=espace)),
    ):
        assert espace.nom.casefold() in dit.casefold()
        assert SECRET not in dit


def test_ni_courriel_ni_non_lu_ni_remise(lieu: Scene, echange: Echange) -> None:
    ecrire_les_avis()
    avant = set(Courriel.objects.values_list("pk", flat=True))
    assert avant, "the answer was told of"
    ordre = Echange.objects.get(pk=echange.pk).dernier_le
    for laissee in Message.objects.filter(echange=echange, interne=True):
        remettre(laissee)
        prevenir(laissee)
    assert ecrire_les_avis() == 0
    assert set(Courriel.objects.values_list("pk", flat=True)) == avant
    assert all(SECRET not in str(courriel.contexte) for courriel in Courriel.objects.all())
    assert not MessageNonLu.objects.filter(message__interne=True).exists()
    assert Echange.objects.get(pk=echange.pk).dernier_le == ordre
