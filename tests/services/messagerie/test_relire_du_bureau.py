"""What an agent sends to a company is read again before it leaves: a GET that keeps everything, and whatever happened meanwhile is said."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse

from accounts.models import Agent, Evenement
from services.messagerie.bureau import (
    brouillon_du_bureau,
    clore_du_bureau,
    dernier_de_l_entreprise,
    garder_du_bureau,
    prendre_en_charge,
)
from services.messagerie.echanges import clore, repondre
from services.messagerie.pieces.jointes import joindre_du_bureau
from services.models import Brouillon, Echange, Message
from tests.factories import AgentFactory
from tests.services.messagerie.pieces.scenes import PDF
from tests.services.messagerie.scenes import Scene, repondre_en_agent

pytestmark = pytest.mark.django_db
DITS = {"repondre": "La réponse est envoyée.", "piece": "La demande est envoyée"}
TEXTE = "Bonjour,\n\nVotre option vaut à partir du 1er janvier."


@pytest.fixture
def client(du_bureau: Client) -> Client:
    return du_bureau


@pytest.fixture
def collegue(lieu: Scene) -> Agent:
    return AgentFactory(service_gestionnaire=lieu.personne.service_gestionnaire, prenom="Agnès", nom="Marchal")


def page(nom: str, echange: Echange) -> str:
    return reverse(f"admin:services_echange_{nom}", args=[echange.pk])


def mots(reponse: object) -> str:
    nu = re.sub(r"<[^>]+>", " ", reponse.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", nu.replace("&#x27;", "’").replace("\xa0", " ").replace("\u202f", " "))


def caches(reponse: object) -> dict[str, str]:
    """Return what the form of this page carries hidden."""
    html = reponse.content.decode()  # type: ignore[attr-defined]
    return dict(
        re.findall(r'<input type="hidden" name="(envoi|vu|repondu|tenue|vers|motif|garde|page)" value="([^"]*)"', html)
    )


def rediger(client: Client, nom: str, echange: Echange, texte: str = TEXTE) -> HttpResponse:
    """Write, press « Relire », and return the page read again."""
    ecrite = client.get(page(nom, echange))
    suite = client.post(page(nom, echange), {**caches(ecrite), "texte": texte})
    assert suite["Location"] == page(f"{nom}-relire", echange)
    return client.get(suite["Location"])  # type: ignore[return-value]


def envoyes(lieu: Scene) -> list[str]:
    return list(Message.objects.filter(agent__isnull=False, interne=False).values_list("texte", flat=True))


@pytest.mark.parametrize("nom", DITS)
def test_rien_ne_part_avant_d_etre_relu_et_part_une_fois(
    client: Client, lieu: Scene, echange: Echange, nom: str
) -> None:
    relue = rediger(client, nom, echange)
    for texte in ("Ce que l’entreprise lira", "Votre option vaut à partir du 1er janvier.", lieu.agent.nom_signe):
        assert texte in mots(relue), texte
    assert envoyes(lieu) == []
    assert "Votre option vaut" in client.get(page(nom, echange)).content.decode(), "« Modifier » loses nothing"
    assert mots(client.get(page(f"{nom}-relire", echange))) == mots(relue), "nor does « Recharger »"
    saisie = caches(relue)
    for _ in range(2):  # pressed twice
        assert client.post(page(f"{nom}-relire", echange), saisie)["Location"] == page("change", echange)
    assert envoyes(lieu) == [TEXTE]
    assert Message.objects.get(agent=lieu.agent).demande_piece == (nom == "piece")
    assert mots(client.get(page("change", echange))).count(DITS[nom]) == 1
    assert not Brouillon.objects.exists()
    apres = client.get(page(f"{nom}-relire", echange), follow=True)
    assert "Rien n’attend d’être relu" in mots(apres)


@pytest.mark.parametrize(
    ("texte", "choisi"), [("Votre message est arrivé. Nous vous répondrons.", "attend"), (TEXTE, "repond")]
)
def test_la_page_demande_si_le_message_repond(client: Client, echange: Echange, texte: str, choisi: str) -> None:
    relue = rediger(client, "repondre", echange, texte)
    assert "d’habitude avant le" in mots(relue)
    [coche] = re.findall(r'<input[^>]*name="portee"[^>]*checked[^>]*>', relue.content.decode())
    assert f'value="{choisi}"' in coche
    suite = client.post(page("repondre-relire", echange), {**caches(relue), "portee": choisi}, follow=True)
    attend = choisi == "attend"
    assert ("attend toujours votre réponse" in mots(suite), "délai habituel : avant le" in mots(suite)) == (
        attend,
        attend,
    )
    assert Echange.objects.get().etat == (Echange.Etat.PRIS_EN_CHARGE if attend else Echange.Etat.REPONDU)


@pytest.mark.usefixtures("depot")
def test_ce_qui_part_est_ce_qui_fut_montre_texte_et_fichiers(client: Client, lieu: Scene, echange: Echange) -> None:
    montree = caches(rediger(client, "repondre", echange))
    garder_du_bureau(acteur=lieu.agent, echange=echange, texte="Un autre texte, dans un autre onglet")
    refusee = client.post(page("repondre-relire", echange), montree)
    assert "Votre réponse a changé" in mots(refusee)
    assert "Un autre texte, dans un autre onglet" in mots(refusee)
    joindre_du_bureau(acteur=lieu.agent, echange=echange, nom="avis.pdf", contenu=PDF)
    avec = client.post(page("repondre-relire", echange), caches(refusee))
    assert "Votre réponse a changé" in mots(avec)
    assert "avis.pdf" in mots(avec)
    assert envoyes(lieu) == []
    assert client.post(page("repondre-relire", echange), caches(avec)).status_code == 302
    assert envoyes(lieu) == ["Un autre texte, dans un autre onglet"]
    assert [piece.nom for piece in Message.objects.get(agent=lieu.agent).pieces_jointes.all()] == ["avis.pdf"]


@pytest.mark.parametrize("nom", DITS)
def test_un_autre_onglet_ne_perd_pas_ce_que_le_premier_a_garde(client: Client, echange: Echange, nom: str) -> None:
    """Two tabs of one answer: the second is told, shown what the first kept beside its own words, and decides."""
    premier, second = caches(client.get(page("repondre", echange))), caches(client.get(page(nom, echange)))
    suite = client.post(page("repondre", echange), {**premier, "texte": "Du premier onglet"})
    assert suite["Location"] == page("repondre-relire", echange)
    refusee = client.post(page(nom, echange), {**second, "texte": TEXTE, "joindre": "oui"})
    for dit in ("Un autre texte a été gardé", "Du premier onglet", "Votre option vaut à partir du 1er janvier."):
        assert dit in mots(refusee), dit
    assert Brouillon.objects.get().texte == "Du premier onglet"
    trop_long = client.post(page(nom, echange), {**caches(client.get(page(nom, echange))), "texte": "x" * 20_001})
    assert trop_long.status_code == 200
    suite = client.post(page(nom, echange), {**caches(refusee), "texte": TEXTE})
    assert suite["Location"] == page(f"{nom}-relire", echange), "said once, then confirmed"
    assert Brouillon.objects.get().texte == TEXTE


def test_une_page_a_laquelle_on_revient_corrige_son_propre_texte(client: Client, echange: Echange) -> None:
    """« Back » shows the page as it was made, before it kept anything: what it kept is its own."""
    ecrite = caches(client.get(page("repondre", echange)))
    for texte in ("Un début", "Un début, corrigé", ""):
        assert client.post(page("repondre", echange), {**ecrite, "texte": texte, "joindre": "oui"}).status_code == 302
    assert not Brouillon.objects.exists()


def _un_message_arrive(lieu: Scene, echange: Echange, collegue: Agent) -> None:
    repondre(acteur=lieu.acteur, echange=echange, texte="Une précision", envoi=uuid.uuid4())


def _un_collegue_repond(lieu: Scene, echange: Echange, collegue: Agent) -> None:
    repondre_en_agent(collegue, echange, "Déjà répondu")


def _l_entreprise_clot(lieu: Scene, echange: Echange, collegue: Agent) -> None:
    clore(acteur=lieu.titulaire, echange=echange)


def _un_collegue_clot(lieu: Scene, echange: Echange, collegue: Agent) -> None:
    clore_du_bureau(acteur=collegue, echange=echange, vu=dernier_de_l_entreprise(echange))


def _un_collegue_prend(lieu: Scene, echange: Echange, collegue: Agent) -> None:
    prendre_en_charge(acteur=collegue, echange=echange)


ENTRE_TEMPS = {
    _un_message_arrive: "Un message est arrivé",
    _un_collegue_repond: "Marchal a écrit à l’entreprise",
    _l_entreprise_clot: "Cet échange vient d’être clos par l’entreprise",
    _un_collegue_clot: "Cet échange vient d’être clos par un agent de votre service",
    _un_collegue_prend: "Marchal vient de prendre cet échange",
}


@pytest.mark.parametrize("fait", ENTRE_TEMPS, ids=lambda fait: fait.__name__)
@pytest.mark.parametrize("nom", DITS)
def test_ce_qui_s_est_passe_entre_temps_se_dit_et_ne_perd_rien(
    client: Client, lieu: Scene, echange: Echange, collegue: Agent, fait: object, nom: str
) -> None:
    relue = rediger(client, nom, echange)
    fait(lieu, echange, collegue)  # type: ignore[operator]
    avant = envoyes(lieu)
    refusee = client.post(page(f"{nom}-relire", echange), caches(relue))
    assert refusee.status_code == 200
    assert ENTRE_TEMPS[fait] in mots(refusee)  # type: ignore[index]
    assert "Votre option vaut à partir du 1er janvier." in mots(refusee)
    assert envoyes(lieu) == avant
    assert client.post(page(f"{nom}-relire", echange), caches(refusee)).status_code == 302, "said once, then confirmed"
    assert envoyes(lieu) == [*avant, TEXTE]


def test_un_message_arrive_pendant_qu_on_ecrivait_se_dit_avant_d_envoyer(
    client: Client, lieu: Scene, echange: Echange
) -> None:
    ecrite = client.get(page("repondre", echange))
    repondre(acteur=lieu.acteur, echange=echange, texte="Une précision de dernière minute", envoi=uuid.uuid4())
    relue = client.post(page("repondre", echange), {**caches(ecrite), "texte": TEXTE}, follow=True)
    for texte in ("est arrivé pendant que vous écriviez", "Une précision de dernière minute", "Votre option vaut"):
        assert texte in mots(relue), texte


def test_l_echange_parti_ailleurs_entre_temps_se_dit(client: Client, lieu: Scene, echange: Echange) -> None:
    relue = rediger(client, "repondre", echange)
    Echange.objects.filter(pk=echange.pk).update(service_gestionnaire=AgentFactory().service_gestionnaire)
    suite = client.post(page("repondre-relire", echange), caches(relue), follow=True)
    assert suite.status_code == 200
    assert envoyes(lieu) == []


@pytest.mark.parametrize("saisie", [{}, {"envoi": "x"}, {"envoi": str(uuid.uuid4()), "tenue": "x"}, {"vu": "\x00"}])
def test_une_page_relue_abimee_se_montre_de_nouveau(
    client: Client, lieu: Scene, echange: Echange, saisie: dict[str, str]
) -> None:
    relue = rediger(client, "repondre", echange)
    montree = client.post(page("repondre-relire", echange), saisie)
    assert montree.status_code == 200
    assert caches(montree) == caches(relue)
    assert envoyes(lieu) == []


def test_le_transfert_se_relit_dit_ce_qui_se_perd_et_se_fait_une_fois(
    client: Client, lieu: Scene, echange: Echange
) -> None:
    vers = AgentFactory().service_gestionnaire
    garder_du_bureau(acteur=lieu.agent, echange=echange, texte="Un début")
    vide = client.get(page("transferer-relire", echange), follow=True)
    assert "Rien n’attend d’être relu" in mots(vide)
    saisie = {"vers": vers.pk, "motif": "Relève d’un autre département"}
    suite = client.post(page("transferer", echange), saisie)
    assert suite["Location"] == page("transferer-relire", echange)
    relue = client.get(suite["Location"])
    dits = (str(vers), "Relève d’un autre département", f"Votre échange est transmis à {vers.nom}", "Ce qui se perd")
    for texte in dits:
        assert texte in mots(relue), texte
    assert "Relève d’un autre département" in client.get(page("transferer", echange)).content.decode()
    echange.refresh_from_db()
    assert echange.service_gestionnaire == lieu.agent.service_gestionnaire
    liste = reverse("admin:services_echange_changelist")
    for _ in range(2):
        assert client.post(page("transferer-relire", echange), caches(relue))["Location"] == liste
    assert Evenement.objects.filter(acte="echange.transfere").count() == 1
    assert mots(client.get(liste)).count("L’échange est transmis") == 1
    assert client.get(page("change", echange)).status_code == 302


@pytest.mark.parametrize(
    "fait", [_un_message_arrive, _un_collegue_repond, _un_collegue_prend], ids=lambda fait: fait.__name__
)
def test_le_transfert_dit_ce_qui_s_est_passe_entre_temps(
    client: Client, lieu: Scene, echange: Echange, collegue: Agent, fait: object
) -> None:
    saisie = {"vers": AgentFactory().service_gestionnaire.pk, "motif": "Relève d’un autre"}
    relue = client.post(page("transferer", echange), saisie, follow=True)
    fait(lieu, echange, collegue)  # type: ignore[operator]
    refusee = client.post(page("transferer-relire", echange), caches(relue))
    assert ENTRE_TEMPS[fait] in mots(refusee)  # type: ignore[index]
    assert "Relève d’un autre" in mots(refusee)
    assert client.post(page("transferer-relire", echange), caches(refusee)).status_code == 302
    assert Evenement.objects.filter(acte="echange.transfere").count() == 1


def test_un_echange_clos_entre_temps_ne_se_transfere_plus(client: Client, lieu: Scene, echange: Echange) -> None:
    saisie = {"vers": AgentFactory().service_gestionnaire.pk, "motif": "Relève d’un autre"}
    relue = client.post(page("transferer", echange), saisie, follow=True)
    clore(acteur=lieu.titulaire, echange=echange)
    assert "Cet échange est clos" in mots(client.post(page("transferer-relire", echange), caches(relue)))


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize(("fichiers", "ecrire_"), [("fichiers", "repondre"), ("piece-fichiers", "piece")])
def test_la_page_des_fichiers_revient_a_son_acte_et_joint_ce_qui_est_choisi(
    client: Client, lieu: Scene, echange: Echange, fichiers: str, ecrire_: str
) -> None:
    suite = client.post(page(ecrire_, echange), {**caches(client.get(page(ecrire_, echange))), "joindre": "oui"})
    assert suite["Location"] == page(fichiers, echange)
    montree = client.get(suite["Location"]).content.decode()
    autre = {"repondre": "demande de pièce</button>", "piece": "Revenir à la réponse"}[ecrire_]
    assert montree.count('name="revenir"') == 1
    assert autre not in montree

    def poster(**champs: object) -> HttpResponse:
        corps = encode_multipart(BOUNDARY, champs)
        return client.generic("POST", page(fichiers, echange), corps, content_type=MULTIPART_CONTENT)  # type: ignore[return-value]

    assert poster(revenir="oui")["Location"] == page(ecrire_, echange), "nothing chosen: nothing to say"
    choisi = SimpleUploadedFile("avis.pdf", PDF)
    assert poster(revenir="oui", fichiers=[choisi])["Location"] == page(ecrire_, echange)
    brouillon = brouillon_du_bureau(lieu.agent, echange)
    assert brouillon is not None
    assert [piece.nom for piece in brouillon.pieces_jointes.all()] == ["avis.pdf"]
    refuse = SimpleUploadedFile("page.pdf", b"<html>")
    assert poster(revenir="oui", fichiers=[refuse])["Location"] == page(fichiers, echange), (
        "what is refused is read there"
    )


def test_une_note_corrigee_apres_un_retour_en_arriere_n_est_pas_perdue(client: Client, echange: Echange) -> None:
    adresse = page("noter", echange)
    champs = caches(client.get(adresse))
    client.post(adresse, champs | {"texte": "Appelée ce matin."})
    corrigee = "Appelée ce matin : elle rappellera."
    refusee = client.post(adresse, champs | {"texte": corrigee})
    assert "est déjà envoyé" in mots(refusee)
    assert "elle rappellera." in mots(refusee)
    client.post(adresse, caches(refusee) | {"texte": corrigee})
    assert Message.objects.filter(interne=True).count() == 2
