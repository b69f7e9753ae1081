"""Typed text as people have it: every row of ../shared/cases/ on it, and as many of our own of each kind (issue 11)."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Compte, Espace, EssaiConnexion, Evenement
from habilitations.actes import BENEFICIAIRE_INTROUVABLE
from habilitations.models import Habilitation
from habilitations.partage.beneficiaires import (
    BeneficiaireIntrouvable,
    trouver_beneficiaire,
    trouver_beneficiaires,
)
from habilitations.partage.en_masse import examiner_fichier
from services.models import PersonneSirenisee
from tests.accounts.scenes import INSCRIPTION
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db
LU = "01 23 45 67 89"


def inscrire(client: Client, **champs: str) -> Any:
    return client.post(reverse("inscription_expert"), {**INSCRIPTION, **champs})


@pytest.mark.parametrize(
    ("saisi", "lu"),
    [
        *((f"01{blanc}23{blanc}45{blanc}67{blanc}89", LU) for blanc in "\u00a0\u202f\u2009\u3000\u2007"),
        *((f"01{trait}23{trait}45{trait}67{trait}89", "01-23-45-67-89") for trait in "\u2011\u2010\u2013\u2212\uff0d"),
        *((f"01{rien} 23 {rien}45 67 89{rien}", LU) for rien in "\u200e\u200b\u2060\ufeff\u00ad\u202c"),
        ("\uff10\uff11 23 45 67 89", LU),
        ("+33\u00a01 23 45 67 89", "+33 1 23 45 67 89"),
        ("\u202a+33 1 23 45 67 89\u202c", "+33 1 23 45 67 89"),
    ],
)
def test_un_telephone_colle_de_word_ou_du_web(client: Client, saisi: str, lu: str) -> None:
    reponse = inscrire(client, telephone=saisi)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    assert Espace.objects.get().telephone == lu


@pytest.mark.parametrize(
    "saisi", ["................", "((((((((", "------", "+ . . . .", "12345", "1 . . . . .", "01\x0023456789"]
)
def test_ce_qui_n_est_pas_un_telephone(client: Client, saisi: str) -> None:
    reponse = inscrire(client, telephone=saisi)
    assert reponse.status_code == 200
    assert reponse.context["formulaire"].errors["telephone"]


@pytest.mark.parametrize(
    ("saisi", "lu"),
    [
        ("75\u00a0001", "75001"),
        ("75 001", "75001"),
        ("75\u202f001", "75001"),
        ("7\u200b5001", "75001"),
        ("\uff17\uff15001", "75001"),
        ("20\u2060169", "20169"),
    ],
)
def test_un_code_postal_colle(client: Client, saisi: str, lu: str) -> None:
    reponse = inscrire(client, code_postal=saisi)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    assert Espace.objects.get().code_postal == lu


@pytest.mark.parametrize(("saisi", "lu"), [("L\u20111234", "L-1234"), ("SW1A\u00a01AA", "SW1A 1AA")])
def test_un_code_postal_d_ailleurs_veut_son_pays(client: Client, saisi: str, lu: str) -> None:
    assert "code_postal" in inscrire(client, code_postal=saisi).context["formulaire"].errors
    assert inscrire(client, code_postal=saisi, pays="Ailleurs").status_code == 302
    assert Espace.objects.get().code_postal == lu


@pytest.mark.parametrize("saisi", ["---", "   - -", "abc", "75001\x00"])
def test_ce_qui_n_est_pas_un_code_postal(client: Client, saisi: str) -> None:
    assert "code_postal" in inscrire(client, code_postal=saisi).context["formulaire"].errors


@pytest.mark.parametrize(
    ("champ", "saisi", "lu"),
    [
        ("nom", "Mar\u200btin", "Martin"),
        ("nom", "Martin\u202e", "Martin"),
        ("nom", "Le\u00a0Goff", "Le Goff"),
        ("nom", "L\u00b4Hermite", "L'Hermite"),
        ("prenom", unicodedata.normalize("NFD", "Hélène"), "Hélène"),
        ("prenom", "Oﬃe", "Offie"),
        ("voie", "12½\u202frue des\u2003Lilas", "12 1/2 rue des Lilas"),
        ("commune", "Saint\u2011Denis\u200b", "Saint\u2010Denis"),
    ],
)
def test_les_champs_d_une_ligne(client: Client, champ: str, saisi: str, lu: str) -> None:
    reponse = inscrire(client, **{champ: saisi})
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    assert getattr(Espace.objects.get(), champ) == lu


@pytest.mark.parametrize("signe", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\x02"])
def test_un_motif_avec_un_signe_invisible_passe_sans_lui(client_de: Any, signe: str) -> None:
    demandeur, client = _pret_a_quitter(client_de)
    reponse = _quitter(client, f"Je change{signe} de cabinet")
    assert reponse.status_code == 302
    assert [retrait.motif for retrait in demandeur.demandes_retrait.all()] == ["Je change de cabinet"]


def test_un_motif_avec_un_caractere_nul_a_un_message_et_reste(client_de: Any) -> None:
    demandeur, client = _pret_a_quitter(client_de)
    reponse = _quitter(client, "Je change\x00 de cabinet")
    assert reponse.status_code == 302
    page = client.get(reponse["Location"]).content.decode()
    assert "caractère" in page
    assert "Je change" in page
    assert not demandeur.demandes_retrait.exists()


def _pret_a_quitter(client_de: Any) -> tuple[Espace, Client]:
    demandeur = EspaceFactory()
    habilitation = habiliter(demandeur)
    client = client_de(demandeur)
    client.post(reverse("habilitations_choisir"), {"action": "quitter", "habilitations": [str(habilitation.pk)]})
    return demandeur, client


def _quitter(client: Client, motif: str) -> Any:
    page = client.get(reverse("habilitations_changer"))
    return client.post(reverse("habilitations_changer"), {"motif": motif, "apercu": page.context["apercu"]})


# --- Names ------------------------------------------------------------------------------------------------------------

NOMS = [
    ("Lebœuf", "LEBOEUF"),
    ("LEBOEUF", "Lebœuf"),
    ("Łódź", "lodz"),
    ("Đặng", "DANG"),
    ("Ærø", "aero"),
    ("Iʻo", "I'o"),
    ("Iʻo", "Io"),
    ("Muñoz", "MUNOZ"),
    (unicodedata.normalize("NFD", "Hélène"), "Hélène"),
    ("Hélène", unicodedata.normalize("NFD", "HÉLÈNE")),
    ("Strauß", "STRAUSS"),
    ("Yıldız", "YILDIZ"),
    ("Ingibjörg Þórsdóttir", "ingibjorg thorsdottir"),
    ("Œdipe", "oedipe"),
    ("Mac\u2011Mahon", "Mac Mahon"),
    ("N'Diaye", "N\u2019DIAYE"),
    ("N'Diaye", "Ndiaye\u200b"),
    ("Đukić", "Dukic"),
]


@pytest.mark.parametrize(("porte", "saisi"), NOMS)
def test_un_nom_se_designe_comme_on_l_ecrit(porte: str, saisi: str) -> None:
    acteur, cible = EspaceFactory(), EspaceFactory(nom=porte)
    assert trouver_beneficiaire(acteur=acteur, numero=cible.numero_abonne, nom=saisi) == cible
    assert not Evenement.objects.filter(acte=BENEFICIAIRE_INTROUVABLE.code).exists(), "and no try is counted"


@pytest.mark.parametrize(("porte", "saisi"), [("Lebœuf", "Lebuf"), ("Łódź", "odz"), ("Muñoz", "Munos"), ("Lebœuf", "")])
def test_un_autre_nom_reste_un_autre_nom(porte: str, saisi: str) -> None:
    acteur, cible = EspaceFactory(), EspaceFactory(nom=porte)
    with pytest.raises(BeneficiaireIntrouvable):
        trouver_beneficiaire(acteur=acteur, numero=cible.numero_abonne, nom=saisi)


@pytest.mark.parametrize("separateur", [" ", "\u00a0", "\u202f", "\u2011", "-", ".", "\u200b", "\u2060"])
def test_un_numero_d_abonne_colle(separateur: str) -> None:
    acteur, cible = EspaceFactory(), EspaceFactory(nom="Lebœuf")
    n = cible.numero_abonne
    saisi = separateur.join([n[:4], n[4:7], n[7:10], n[10:13], n[13:]])
    assert trouver_beneficiaire(acteur=acteur, numero=saisi, nom="Lebœuf") == cible


def test_le_meme_essai_ecrit_de_deux_facons_ne_compte_qu_une_fois() -> None:
    acteur, cible = EspaceFactory(), EspaceFactory(nom="Lebœuf")
    n = cible.numero_abonne
    trouver_beneficiaires(acteur=acteur, saisies=[(n, "Durand"), (f"{n[:4]} {n[4:]}", "DURAND"), (n, "Du\u200brand")])
    assert Evenement.objects.filter(acte=BENEFICIAIRE_INTROUVABLE.code).count() == 1


@pytest.mark.parametrize(
    ("denomination", "cherche"),
    [
        ("LE BŒUF SUR LE TOIT", "LE BOEUF"),
        ("LE BŒUF SUR LE TOIT", "le bœuf"),
        ("LE BŒUF SUR LE TOIT", "Le Boeuf"),
        ("LE BOEUF SUR LE TOIT", "le bœuf"),
        ("L'ŒUVRE DU LÉON", "l’œuvre du leon"),
        ("SCI ŁÓDŹ", "lodz"),
        ("SARL ÆRØ", "aero"),
        ("CAFÉ DES HALLES", unicodedata.normalize("NFD", "café")),
        ("IʻO NATURELLE", "i'o"),
        ("A.B.C. - CONSEIL", "ABC conseil"),
        ("100 % NATURE", "100%"),
    ],
)
def test_chaque_recherche_trouve_la_denomination(client_de: Any, denomination: str, cherche: str) -> None:
    espace, agent = EspaceFactory(), AgentFactory()
    personne = PersonneFactory(denomination=denomination, service_gestionnaire=agent.service_gestionnaire)
    autre = PersonneFactory(denomination="TOUT AUTRE CHOSE", service_gestionnaire=agent.service_gestionnaire)
    racine = habiliter(espace, personne=personne)
    habiliter(espace, personne=autre)
    client = client_de(espace)
    accueil = client.get(reverse("espace"), {"q": cherche})
    assert [tenue.personne for tenue in accueil.context["page"]] == [personne]
    journal = client.get(reverse("journal_personne"), {"q": cherche})
    assert journal.status_code == 200
    page = client.get(reverse("suppleants_designer"), {"q": cherche}) if racine else None
    assert page is not None
    assert page.status_code == 200
    gestion = client_verifie(agent)
    for nom in ("services_personnesirenisee", "habilitations_adhesion", "habilitations_habilitation"):
        liste = gestion.get(reverse(f"admin:{nom}_changelist"), {"q": cherche})
        trouves = [getattr(ligne, "personne", ligne) for ligne in liste.context["cl"].result_list]
        assert trouves == [personne], nom


@pytest.mark.parametrize(
    "ecrire",
    [
        str,
        str.lower,
        str.swapcase,
        lambda reference: reference.replace("-", "\u2011"),
        lambda reference: reference.replace("-", ""),
        lambda reference: f"\u202e{reference}\u202c",
    ],
)
def test_un_agent_trouve_une_reference_comme_elle_est_collee(
    danone: PersonneSirenisee, catalogue: None, ecrire: Callable[[str], str]
) -> None:
    demande = scenes.adhesion(EspaceFactory(), danone)
    autre = scenes.adhesion(EspaceFactory(), PersonneFactory(service_gestionnaire=danone.service_gestionnaire))
    scenes.editer(demande)
    gestion = client_verifie(AgentFactory(service_gestionnaire=danone.service_gestionnaire))
    for nom, lues in (("activation_demande", "pk"), ("activation_courrier", "demande_id")):
        liste = gestion.get(reverse(f"admin:{nom}_changelist"), {"q": ecrire(demande.reference)})
        assert {getattr(ligne, lues) for ligne in liste.context["cl"].result_list} == {demande.pk}, nom
    assert autre.reference != demande.reference


@pytest.mark.parametrize("q", ["\x00", "a\x00b"])
def test_un_caractere_nul_dans_une_recherche_a_un_message(client_de: Any, q: str) -> None:
    espace = EspaceFactory()
    habiliter(espace)
    client = client_de(espace)
    for nom in ("espace", "suppleants", "delegations", "retraits_choisir", "journal_personne", "delegations_designer"):
        page = client.get(reverse(nom), {"q": q}, follow=True)
        assert page.status_code == 200, nom
        assert "caractère" in page.content.decode(), nom
    gestion = client_verifie(AgentFactory())
    liste = gestion.get(reverse("admin:services_personnesirenisee_changelist"), {"q": q})
    assert liste.status_code == 400, "the grammar of the agents' addresses refuses it first"


@pytest.mark.parametrize(("nom", "champ"), [("adherer", "services"), ("substitution", "services")])
def test_un_caractere_nul_dans_un_choix_n_est_jamais_une_500(
    client_de: Any, catalogue: None, danone: PersonneSirenisee, nom: str, champ: str
) -> None:
    client = client_de(EspaceFactory())
    cle = "siren" if nom == "adherer" else "sirens"
    reponse = client.post(f"{reverse(nom)}?{cle}=552032534", {"qualite": "MANDATAIRE", champ: ["DECL\x00TVA"]})
    assert reponse.status_code == 200


def test_un_fichier_ecrit_dans_un_tableur_passe_la_meme_porte() -> None:
    titulaire, a = EspaceFactory(), EspaceFactory(nom="Lebœuf")
    racine: Habilitation = habiliter(titulaire, service=ServiceFactory())
    s, n = racine.personne.siren, a.numero_abonne
    contenu = "\ufeffsiren;service;numero_abonne;nom;role;fin\r\n" + (
        f"{s[:3]}\u202f{s[3:6]}\u00a0{s[6:]};{racine.service.code}\u200b;{n[:4]}\u00a0{n[4:]};LE\u00a0BOEUF\u200e;"
        f"act\u00adeur;31/12/2027\u200e\r\n"
    )
    rapport = examiner_fichier(acteur=titulaire, contenu=contenu.encode())
    assert [ligne.erreur for ligne in rapport.lignes] == [""]
    assert rapport.lignes[0].beneficiaire == a


# --- Addresses --------------------------------------------------------------------------------------------------------


def entrer_avec(adresse: str, mot_de_passe: str = MOT_DE_PASSE, porte: str = "connexion") -> int:
    page = Client().post(reverse(porte), {"username": adresse, "password": mot_de_passe})
    return int(page.status_code)


@pytest.mark.parametrize("porte", ["connexion", "admin:login"])
@pytest.mark.parametrize(
    "variante",
    ["İ", "ı", "I", "i\u0307", "\uff49", "ⅰ", "i\u200b"],
)
def test_un_i_autrement_n_a_pas_un_compteur_neuf(porte: str, variante: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compte = AgentFactory().compte if porte == "admin:login" else EspaceFactory().compte
    compte.email = "dimitri@exemple.fr"
    compte.save()
    compares: list[str] = []
    monkeypatch.setattr(Compte, "check_password", lambda self, brut: compares.append(brut) or False)
    for rang in range(5):
        entrer_avec("dimitri@exemple.fr", f"essai {rang}", porte)
    assert len(compares) == 5
    for place in ("d{}mitri@exemple.fr", "dim{}tri@exemple.fr", "dimitr{}@exemple.fr", "d{0}m{0}tr{0}@exemple.fr"):
        entrer_avec(place.format(variante), "encore", porte)
    assert len(compares) == 5, "the sixth guess waits, whatever the spelling"
    assert EssaiConnexion.objects.values("cle").distinct().count() <= 3, (
        "the account's, the network's, the refused ones'"
    )


@pytest.mark.parametrize("variante", ["İ", "ı"])
def test_un_i_d_ailleurs_n_ouvre_pas_le_compte(variante: str) -> None:
    compte = EspaceFactory().compte
    compte.email = "dimitri@exemple.fr"
    compte.save()
    assert entrer_avec(f"d{variante}mitri@exemple.fr") == 200
    assert entrer_avec("DIMITRI@exemple.fr") == 302


@pytest.mark.parametrize(
    "saisie",
    [
        "jean@société.fr",
        unicodedata.normalize("NFD", "jean@société.fr"),
        "JEAN@SOCIÉTÉ.FR",
        " jean@socie\u0301te\u0301.fr\u00a0",
        "jean@xn--socit-esab.fr",
        "jean\u200b@société.fr",
        "jean＠société．fr",
    ],
)
def test_un_domaine_accentue_se_retrouve_a_la_connexion(saisie: str) -> None:
    reponse = inscrire(Client(), email="jean@société.fr")
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    espace = Espace.objects.get()
    assert espace.compte.email == "jean@xn--socit-esab.fr"
    espace.etat = Espace.Etat.ACTIF
    espace.save()
    Compte.objects.update(is_active=True)
    assert entrer_avec(saisie, INSCRIPTION["mot_de_passe"]) == 302
