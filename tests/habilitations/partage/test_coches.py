"""What is ticked in a list is not forgotten when its page is turned, or filtered, without JavaScript (issue 10.3)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from habilitations.lectures.partage import PAR_PAGE
from habilitations.models import Habilitation, Role
from habilitations.views import coches
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]
CHOISIR = "habilitations_choisir"


def accordees(nombre: int, role: str = Role.ACTEUR) -> tuple[Espace, Espace, list[Habilitation]]:
    donneur, recu = EspaceFactory(), EspaceFactory(nom="Petit")
    racines = [habiliter(donneur, personne=PersonneFactory(denomination=f"SOCIÉTÉ {i:03}")) for i in range(nombre)]
    return donneur, recu, [accorder(racine, recu, role) for racine in racines]


def champs(reponse: object, **boutons: object) -> dict[str, object]:
    """What the browser posts from this page: the hidden fields and the boxes of its list, and the button."""
    html = reponse.content.decode()  # type: ignore[attr-defined]
    formulaire = html[html.index(f'action="{reverse(CHOISIR)}"') :].partition("</form>")[0]
    caches = dict(re.findall(r'type="hidden" name="(liste|montrees|filtres)" value="([^"]*)"', formulaire))
    deja = re.findall(r'name="habilitations" value="([^"]+)"[^>]*\bchecked', formulaire)
    return {**caches, "filtres": caches["filtres"].replace("&amp;", "&"), "habilitations": deja, **boutons}


def cocher(page: dict[str, object], *cles: object) -> dict[str, object]:
    return {**page, "habilitations": [*page["habilitations"], *map(str, cles)]}  # type: ignore[misc]


# page of the list -> who reads it (the one who gave, or who received), what it asks
LISTES = {
    "suppleants": (0, "retirer_suppleant", Role.SUPPLEANT, ""),
    "delegations": (0, "retirer_delegation", Role.ACTEUR, ""),
    "delegations_recues": (1, "quitter", Role.ACTEUR, "?sens=recues"),
    "suppleants_recues": (1, "quitter", Role.SUPPLEANT, "?sens=recues"),
    "retraits": (1, "quitter", Role.ACTEUR, ""),
    "recentes": (1, "decliner", Role.ACTEUR, ""),
}


def test_chaque_liste_a_cocher_est_ici() -> None:
    assert set(LISTES) == set(coches.LISTES)


@pytest.mark.parametrize("nom", LISTES)
def test_ce_qui_est_coche_reste_quand_la_page_tourne(client_de: Ouvrir, nom: str) -> None:
    lecteur, action, role, sens = LISTES[nom]
    donneur, recu, lignes = accordees(PAR_PAGE + 3, role)
    client = client_de((donneur, recu)[lecteur])
    adresse = reverse(coches.LISTES[nom].page) + sens
    premiere = client.get(adresse)
    par_cle = {str(ligne.pk): ligne for ligne in lignes}
    montrees = str(champs(premiere)["montrees"]).split(",")
    assert len(montrees) == PAR_PAGE
    tourne = client.post(reverse(CHOISIR), cocher(champs(premiere, vers="2"), *montrees[:2]))
    assert "page=2" in tourne["Location"]
    seconde = client.get(tourne["Location"])
    assert "2 habilitations cochées, dont aucune sur cette page" in seconde.content.decode()
    for cle in montrees[:2]:
        assert par_cle[cle].personne.denomination in seconde.content.decode(), "named, though it is on another page"
    autres = str(champs(seconde)["montrees"]).split(",")
    assert len(autres) == 3
    retour = client.post(reverse(CHOISIR), cocher(champs(seconde, vers="1"), autres[0]))
    encore = client.get(retour["Location"])
    assert "3 habilitations cochées, dont 2 sur cette page" in encore.content.decode()
    assert champs(encore)["habilitations"] == [cle for cle in montrees if cle in montrees[:2]]
    # One unticked here; then the act is about all that is ticked, on every page.
    reste = {**champs(encore, action=action), "habilitations": [montrees[0]]}
    confirmation = client.get(client.post(reverse(CHOISIR), reste)["Location"]).content.decode()
    voulues = {par_cle[montrees[0]], par_cle[autres[0]]}
    assert {h for h in lignes if h.personne.denomination in confirmation} == voulues


def test_un_filtre_ne_decoche_rien(client_de: Ouvrir) -> None:
    donneur, _, lignes = accordees(4)
    client = client_de(donneur)
    page = client.get(reverse("delegations"))
    filtree = client.post(reverse(CHOISIR), cocher(champs(page, filtrer="1", q="SOCIÉTÉ 002"), lignes[0].pk))
    assert filtree["Location"] == reverse("delegations", query={"q": "SOCIÉTÉ 002"})
    page = client.get(filtree["Location"])
    assert "1 habilitation cochée, dont aucune sur cette page" in page.content.decode()
    assert str(champs(page)["montrees"]) == str(lignes[2].pk)
    # « Étendre » is about the filters that the page shows, whatever was typed since; what is ticked elsewhere goes along.
    etendue = client.post(reverse(CHOISIR), champs(page, tout="1", q="autre", action="retirer_delegation"), follow=True)
    assert {h for h in lignes if h.personne.denomination in etendue.content.decode()} == {lignes[0], lignes[2]}
    rien = client.post(reverse(CHOISIR), champs(page, filtrer="1", q="rien de tel"))
    sans_resultat = client.get(rien["Location"])
    assert "1 habilitation cochée, dont aucune sur cette page" in sans_resultat.content.decode()
    assert lignes[0].personne.denomination in sans_resultat.content.decode(), "named, though the page does not show it"
    effacee = client.post(reverse(CHOISIR), champs(sans_resultat, effacer="1"))
    assert effacee["Location"] == reverse("delegations")


def test_tout_decocher(client_de: Ouvrir) -> None:
    donneur, _, lignes = accordees(2)
    client = client_de(donneur)
    page = client.get(reverse("delegations"))
    client.post(reverse(CHOISIR), cocher(champs(page, vers="1"), *(ligne.pk for ligne in lignes)))
    page = client.get(reverse("delegations"))
    assert "2 habilitations cochées" in page.content.decode()
    client.post(reverse(CHOISIR), champs(page, rien="1"))
    page = client.get(reverse("delegations"))
    assert "Aucune habilitation cochée" in page.content.decode()
    assert champs(page)["habilitations"] == []


def test_le_nombre_est_borne_et_une_cle_d_autrui_n_est_rien(client_de: Ouvrir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coches, "COCHEES_AU_PLUS", 2)
    donneur, _, lignes = accordees(3)
    etrangere = accordees(1)[2][0]
    client = client_de(donneur)
    page = client.get(reverse("delegations"))
    envoi = cocher(champs(page, vers="1"), etrangere.pk, *(ligne.pk for ligne in lignes))
    suite = client.post(reverse(CHOISIR), envoi, follow=True).content.decode()
    assert "2 habilitations cochées au plus" in suite
    assert "1 habilitation cochée, dont 1 sur cette page" in suite
    assert len(client.session[coches.CLE]["cles"]) == 2


def test_ce_qui_est_fait_n_est_plus_coche(client_de: Ouvrir) -> None:
    donneur, _, lignes = accordees(2)
    client = client_de(donneur)
    page = client.get(reverse("delegations"))
    confirmation = client.post(
        reverse(CHOISIR), cocher(champs(page, action="retirer_delegation"), lignes[0].pk), follow=True
    )
    assert lignes[0].personne.denomination in confirmation.content.decode()
    assert 'href="?abandon=1"' in confirmation.content.decode()
    apercu = re.search(r'name="apercu" value="([^"]+)"', confirmation.content.decode())
    assert apercu
    client.post(reverse("habilitations_changer"), {"apercu": apercu[1], "suite": "tomber"})
    assert not Habilitation.objects.vivantes().filter(pk=lignes[0].pk).exists()
    assert coches.CLE not in client.session


@pytest.mark.parametrize("nom", LISTES)
def test_toute_la_page_se_coche_en_une_fois(client_de: Ouvrir, nom: str) -> None:
    """A button of the list's form, without JavaScript: what other pages had stays ticked."""
    lecteur, _, role, sens = LISTES[nom]
    donneur, recu, lignes = accordees(PAR_PAGE + 2, role)
    client = client_de((donneur, recu)[lecteur])
    premiere = client.get(reverse(coches.LISTES[nom].page) + sens)
    assert 'name="toute_la_page"' in premiere.content.decode()
    page = client.get(client.post(reverse(CHOISIR), champs(premiere, toute_la_page="1"))["Location"])
    assert f"{PAR_PAGE} habilitations cochées, dont {PAR_PAGE} sur cette page" in page.content.decode()
    assert 'name="toute_la_page"' not in page.content.decode(), "all are"
    seconde = client.get(client.post(reverse(CHOISIR), champs(page, vers="2"))["Location"])
    bouton = re.search(r'name="toute_la_page" value="([^"]+)"', seconde.content.decode())
    assert bouton
    fin = client.post(reverse(CHOISIR), champs(seconde, toute_la_page=bouton[1]), follow=True).content.decode()
    assert f"{len(lignes)} habilitations cochées, dont 2 sur cette page" in fin


def test_la_page_de_l_entreprise_mene_a_ce_qu_une_personne_y_tient(client_de: Ouvrir) -> None:
    """« Retirer » on the tab « Accès » is about what this company and this person hold alone, for who may withdraw it."""
    donneur, recu, lignes = accordees(2)
    autre = accorder(lignes[0].accordee_par, EspaceFactory(), Role.ACTEUR)  # type: ignore[arg-type]
    adresse = reverse("entreprise_acces", args=[lignes[0].personne.siren])
    boutons = re.findall(r'name="de_l_arbre" value="([^"]+)">', client_de(donneur).get(adresse).content.decode())
    assert set(boutons) == {f"retirer_delegation:{lignes[0].pk}", f"retirer_delegation:{autre.pk}"}
    assert "Retirer<" not in client_de(recu).get(adresse).content.decode(), "he may withdraw nothing"


@pytest.mark.parametrize("nom", LISTES)
def test_ne_rien_changer_decoche_et_ramene_a_la_liste(client_de: Ouvrir, nom: str) -> None:
    lecteur, action, role, sens = LISTES[nom]
    donneur, recu, lignes = accordees(2, role)
    client = client_de((donneur, recu)[lecteur])
    adresse = reverse(coches.LISTES[nom].page) + sens
    client.post(reverse(CHOISIR), cocher(champs(client.get(adresse), action=action), lignes[0].pk))
    retour = client.get(reverse("habilitations_changer"), {"abandon": "1"})
    assert retour["Location"] == adresse
    assert "Aucune habilitation cochée" in client.get(adresse).content.decode()
    assert client.get(reverse("habilitations_changer"))["Location"] == reverse("gerer_services")
    assert Habilitation.objects.vivantes().filter(pk__in=[ligne.pk for ligne in lignes]).count() == 2


def test_la_liste_ouverte_d_ailleurs_ne_garde_rien_de_coche(client_de: Ouvrir) -> None:
    donneur, _, lignes = accordees(2)
    client = client_de(donneur)
    client.post(reverse(CHOISIR), cocher(champs(client.get(reverse("delegations")), vers="1"), lignes[0].pk))
    ouverte = client.get(reverse("delegations"), {"q": lignes[1].personne.siren}).content.decode()
    assert "Aucune habilitation cochée" in ouverte
    assert "Aucune habilitation cochée" in client.get(reverse("delegations")).content.decode()


@pytest.mark.parametrize("sujet", ["delegations", "suppleants"])
def test_retirer_depuis_la_page_d_une_entreprise_y_ramene_et_dit_quoi(client_de: Ouvrir, sujet: str) -> None:
    role = Role.ACTEUR if sujet == "delegations" else Role.SUPPLEANT
    donneur, recu, lignes = accordees(2, role)
    client, ligne = client_de(donneur), lignes[0]
    acces = reverse("entreprise_acces", args=[ligne.personne.siren])
    adresse = reverse(sujet, query={"siren": ligne.personne.siren})
    assert f'href="{adresse}"' in client.get(acces).content.decode()
    page = client.get(adresse, follow=True)
    assert str(champs(page)["montrees"]) == str(ligne.pk)
    action = LISTES[sujet][1]
    confirmation = client.post(reverse(CHOISIR), cocher(champs(page, action=action), ligne.pk), follow=True)
    apercu = re.search(r'name="apercu" value="([^"]+)"', confirmation.content.decode())
    assert apercu
    fait = client.post(reverse("habilitations_changer"), {"apercu": apercu[1], "suite": "tomber"}, follow=True)
    assert fait.redirect_chain[-1][0] == acces
    dit = f"{recu.nom_complet}, « {ligne.service.libelle} » pour {ligne.personne.denomination}"
    assert dit in fait.content.decode()


def test_les_decisions_d_une_revue_restent_quand_la_page_tourne(
    client_de: Ouvrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("habilitations.views.revue.PAR_PAGE", 2)
    donneur, _, _ = accordees(3)
    client = client_de(donneur)
    adresse = reverse("revue_delegations")
    noms = re.findall(r'name="(ligne-[^"]+)"', client.get(adresse).content.decode())
    tourne = client.post(adresse, {noms[0]: "retirer", noms[1]: "", "vers": "2"})
    assert tourne["Location"] == f"{adresse}?page=2"
    seconde = client.get(tourne["Location"]).content.decode()
    assert "1 décision gardée" in seconde
    (nom,) = re.findall(r'name="(ligne-[^"]+)"', seconde)
    confirmation = client.post(adresse, {nom: "garder"}, follow=True).content.decode()
    cles = {cle: Habilitation.objects.get(pk=cle.removeprefix("ligne-")).personne.denomination for cle in [*noms, nom]}
    assert cles[noms[0]] in confirmation
    assert cles[nom] in confirmation
    assert cles[noms[1]] not in confirmation
    client.post(adresse, {nom: "garder", "rien": "1"})
    assert "gardée" not in client.get(adresse).content.decode()


def test_un_collaborateur_deja_habilite_se_choisit_sans_taper_son_numero(client_de: Ouvrir) -> None:
    """One's own grantees alone: the number of anybody else fills nothing."""
    donneur, recu, lignes = accordees(1)
    autrui = accordees(1)[1]
    client = client_de(donneur)
    adhesion = lignes[0].adhesion_id
    client.post(reverse("delegations_designer"), {"adhesions": [adhesion], "montrees": adhesion, "continuer": "1"})
    etape = reverse("delegations_personne")
    page = client.get(etape)
    assert recu.numero_abonne in page.content.decode()
    assert autrui.numero_abonne not in page.content.decode()
    remplie = client.get(etape, {"collaborateur": recu.numero_abonne}).context["formulaire"]
    assert (remplie["numero"].value(), remplie["nom"].value()) == (recu.numero_lisible, recu.nom_complet)
    vide = client.get(etape, {"collaborateur": autrui.numero_abonne}).context["formulaire"]
    assert not vide["numero"].value()
    Espace.objects.filter(pk=recu.pk).update(etat=Espace.Etat.DESACTIVE)
    assert recu.numero_abonne not in client.get(etape).content.decode()
