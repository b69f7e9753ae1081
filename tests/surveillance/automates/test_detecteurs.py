"""Each detector alone, on what it sees and on what it must not (R17)."""

import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from accounts.portes.marques import PIEGE, SERVI, marquer, sceller, servi_depuis
from surveillance.automates.detecteurs import DETECTEURS, PAR_NOM, Vue, marques_de, peser
from surveillance.automates.grades import SEUILS, Grade, voir

from .scenes import FORMULAIRE, HONNETES, ROBOTS


def vue(entetes: dict[str, str] | None = None, **champs: object) -> Vue:
    lus = HONNETES["chrome"] if entetes is None else entetes
    return replace(Vue("GET", {nom.lower(): valeur for nom, valeur in lus.items()}), **champs)


VUS = {
    "programme": vue(dict(ROBOTS["curl"])),
    "sans_tete": vue(dict(ROBOTS["chrome sans écran"])),
    "pilote": vue(methode="POST", pilote=True),
    "sans_agent": vue(dict(ROBOTS["sans nom"])),
    "sans_langue": vue(dict(ROBOTS["requests au nom de chrome"])),
    "jamais_lu": vue(methode="POST", formulaire=True),
    "trop_vite": vue(methode="POST", formulaire=True, remplis=3, age=0.4),
    "page_ancienne": vue(methode="POST", formulaire=True, age=2 * 86400.0),
    "page_resservie": vue(methode="POST", formulaire=True, age=30.0, resservie=True),
    "champ_piege": vue(methode="POST", formulaire=True, age=30.0, piege=True),
    "accepte_tout": vue(dict(ROBOTS["sans nom"])),
    "provenance_tue": vue(dict(HONNETES["mandataire qui ôte tout, et le tait"])),
    "indices_contraires": vue(dict(HONNETES["extension qui change le nom"])),
    "adresses_tapees": vue({**HONNETES["chrome"], "Sec-Fetch-Site": "none"}, connecte=True, profonde=True),
}


def test_chaque_detecteur_a_son_exemple() -> None:
    assert set(VUS) == {detecteur.nom for detecteur in DETECTEURS if detecteur.vu is not None}


@pytest.mark.parametrize("nom", sorted(VUS))
def test_un_detecteur_voit_ce_qu_il_dit(nom: str) -> None:
    assert nom in set(marques_de(VUS[nom]))
    assert nom not in set(marques_de(vue()))


@pytest.mark.parametrize("qui", sorted(HONNETES))
def test_ce_qu_un_navigateur_honnete_laisse_voir_ne_compte_pour_son_adresse_en_rien(qui: str) -> None:
    vues = [
        vue(dict(HONNETES[qui])),
        vue(dict(HONNETES[qui]), methode="POST", formulaire=True, age=0.2, remplis=2),
    ]
    marques = [nom for une in vues for nom in marques_de(une)]
    assert not [nom for nom in marques if PAR_NOM[nom].reseau]
    assert peser(dict.fromkeys(marques, 10_000)) < SEUILS[Grade.RALENTIR]


def test_ce_qu_un_navigateur_fait_seul_ne_demande_jamais_de_verification() -> None:
    """All weak detectors at once, for ever; and the field that a clumsy password manager fills."""
    faibles = {detecteur.nom: 10_000.0 for detecteur in DETECTEURS if not detecteur.reseau}
    assert peser(faibles) < SEUILS[Grade.VERIFIER]
    assert peser({"champ_piege": 10_000}) < SEUILS[Grade.VERIFIER]


def marques_du_formulaire(nom: str, champs: dict[str, str], *, secondes: float) -> set[str]:
    """Return what is seen of a form of this page, sent so soon after it was served, by Chrome."""
    corps = urlencode(champs | {SERVI: sceller(time.time() - secondes), "csrfmiddlewaretoken": "x"})
    adresse = reverse(nom, args=["jeton"] if nom == "confirmer_adresse" else [])
    entetes = {f"HTTP_{nom.upper().replace('-', '_')}": valeur for nom, valeur in HONNETES["chrome"].items()}
    return set(marques_de(voir(RequestFactory().post(adresse, corps, content_type=FORMULAIRE, **entetes))))


@pytest.mark.parametrize(
    ("nom", "champs"),
    [
        ("connexion", {"username": "x@exemple.fr", "password": "mot", "next": "/espace/"}),
        ("connexion_verification", {"code": "123456", "next": "/espace/"}),
        ("mot_de_passe_oublie", {"email": "x@exemple.fr"}),
        ("choisir_mot_de_passe", {"nouveau": "un mot de passe proposé"}),
        ("confirmer_adresse", {}),
    ],
)
def test_ce_que_le_navigateur_remplit_seul_n_est_jamais_trop_vite(nom: str, champs: dict[str, str]) -> None:
    """A password manager signs in, gives its code and an address in a tenth of a second; a link that is opened has one button."""
    assert marques_du_formulaire(nom, champs, secondes=0.1) == set()


def test_une_inscription_remplie_en_une_seconde_est_trop_vite() -> None:
    champs = {"prenom": "Jeanne", "nom": "Martin", "telephone": "0123456789", "email": "x@exemple.fr"}
    assert marques_du_formulaire("inscription_expert", champs, secondes=1) == {"trop_vite"}
    assert marques_du_formulaire("inscription_expert", champs, secondes=9) == set()


def test_l_heure_d_une_page_est_scellee() -> None:
    marque = sceller(1_000_000.5)
    assert servi_depuis(marque, 1_000_002.5) == pytest.approx(2)
    faux = [
        "",
        "x",
        "é.1",
        marque[:-1] + ("0" if marque[-1] != "0" else "1"),
        "f" * 40 + ".1",
        marque.partition(".")[0],
        "-1.2",
    ]
    assert [servi_depuis(une) for une in faux] == [None] * len(faux)


def test_le_champ_piege_n_est_montre_a_personne() -> None:
    page = HttpResponse(marquer(RequestFactory().get("/"))).content.decode()
    assert f'name="{SERVI}"' in page
    assert "<div hidden>" in page
    piege = page[page.index(f'name="{PIEGE}"') :]
    assert 'tabindex="-1"' in piege
    assert 'autocomplete="off"' in piege
    assert "data-1p-ignore" in piege
