"""The file of the sharing, line by line: what it comes to, all that is wrong with it, what falls, what it may not do."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Espace, Evenement
from activation.forms import SirensForm
from habilitations import actes
from habilitations.arbre.retrait import HabilitationTerminee
from habilitations.models import Habilitation, Role
from habilitations.partage.en_masse import Rapport, appliquer_fichier, ce_que_touche, examiner_fichier
from habilitations.partage.fichier import lire
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de

pytestmark = pytest.mark.django_db
ENTETE = "Acte;SIREN;Code du service;Numéro d’abonné;Nom;Rôle;Dernier jour"
FIN = date(2031, 12, 31)


def ligne(acte: str, h: Habilitation, qui: Espace, role: str = "", fin: str = "", nom: str | None = None) -> str:
    return (
        f"{acte};{h.personne.siren};{h.service.code};{qui.numero_abonne};{qui.nom if nom is None else nom};{role};{fin}"
    )


def examiner(acteur: Espace, *lignes: str) -> Rapport:
    return examiner_fichier(acteur=acteur, contenu="\r\n".join([ENTETE, *lignes]).encode())


def fautes(rapport: Rapport) -> list[str]:
    return [x.erreur for x in rapport.lignes]


@pytest.fixture
def racine() -> Habilitation:
    return habiliter(EspaceFactory())  # type: ignore[no-any-return]


def test_toutes_les_fautes_d_une_ligne(racine: Habilitation) -> None:
    rapport = examiner(racine.espace, "détruire;552032535;RIEN;2,02633E+13;;chef;demain")
    assert rapport.lignes[0].fautes == [
        "acte inconnu : écrivez accorder, retirer ou changer la fin, ou laissez vide",
        "Ce numéro SIREN n’existe pas : sa clé de contrôle est fausse. Vérifiez chaque chiffre.",
        "numéro d’abonné : Un tableur a remplacé ce numéro par un nombre arrondi : ses derniers chiffres sont perdus. "
        "Recopiez-le en entier dans une cellule au format Texte, ou repartez du fichier XLSX que le portail propose.",
        "service inconnu : écrivez son code ou son nom, tels que le portail les montre",
        "le nom de la personne manque",
        "rôle inconnu : écrivez acteur, acteur délégant ou administrateur suppléant",
        "date de fin illisible : écrivez-la 31/12/2026",
    ]
    vide = examiner(racine.espace, "retirer;;;;;;x").lignes[0].fautes
    assert vide == ["le SIREN manque", "le numéro d’abonné manque", "le service manque", "le nom de la personne manque"]


def test_retirer_veut_le_nom_de_la_personne(racine: Habilitation) -> None:
    collegue = EspaceFactory(nom="Petit", prenom="Anne")
    accorder(racine, collegue, Role.ACTEUR)
    titulaire = racine.espace
    assert fautes(examiner(titulaire, ligne("retirer", racine, collegue))) == [""]
    assert fautes(examiner(titulaire, ligne("retirer", racine, collegue, nom="Anne PETIT"))) == [""]
    assert "manque" in fautes(examiner(titulaire, ligne("retirer", racine, collegue, nom="")))[0]
    assert (
        "Anne Petit : le nom écrit est différent"
        in fautes(examiner(titulaire, ligne("retirer", racine, collegue, nom="Grand")))[0]
    )
    assert "y est acteur" in fautes(examiner(titulaire, ligne("retirer", racine, collegue, "suppléant")))[0]
    assert not Evenement.objects.filter(acte=actes.BENEFICIAIRE_INTROUVABLE.code).exists(), (
        "these names are in the actor's own lists"
    )


def test_on_ne_retire_ni_ne_change_ce_que_l_on_ne_voit_pas(racine: Habilitation) -> None:
    etrangere = accorder(habiliter(EspaceFactory()), EspaceFactory(), Role.ACTEUR)
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    voisine = accorder(racine, EspaceFactory(), Role.ACTEUR)
    inconnu = EspaceFactory.build(compte=None)
    rapport = examiner(
        acteur.espace,
        ligne("retirer", voisine, voisine.espace),
        ligne("changer la fin", voisine, voisine.espace, fin="31/12/31"),
        ligne("retirer", etrangere, etrangere.espace),
        ligne("retirer", racine, inconnu),
    )
    aucun = "cette personne n’y a aucun droit que vous puissiez changer"
    assert fautes(rapport) == [aucun, aucun, "vous n’avez pas ce service pour ce SIREN", aucun]
    assert not Evenement.objects.filter(acte=actes.BENEFICIAIRE_INTROUVABLE.code).exists()


def test_un_acteur_delegant_ne_retire_que_les_siennes(racine: Habilitation) -> None:
    deleguee = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    sienne, voisine = accorder(deleguee, EspaceFactory(), Role.ACTEUR), accorder(racine, EspaceFactory(), Role.ACTEUR)
    rapport = examiner(
        deleguee.espace, ligne("retirer", sienne, sienne.espace), ligne("retirer", voisine, voisine.espace)
    )
    assert [bool(faute) for faute in fautes(rapport)] == [False, True]


def test_ce_qui_tombe_est_montre_puis_tombe_ou_est_repris(racine: Habilitation) -> None:
    titulaire = racine.espace
    deleguee = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR)
    rapport = examiner(titulaire, ligne("retirer", racine, deleguee.espace))
    assert rapport.tombent == [dessous]
    assert ce_que_touche(titulaire, rapport.operations()) == [dessous]
    changees = appliquer_fichier(acteur=titulaire, operations=rapport.operations(), reprendre=True)
    assert changees == [deleguee]
    dessous.refresh_from_db()
    assert dessous.accordee_par_id == racine.pk
    with pytest.raises(HabilitationTerminee):
        appliquer_fichier(acteur=titulaire, operations=rapport.operations())


def test_le_suppleant_et_ce_qu_il_a_accorde_dans_le_meme_fichier(racine: Habilitation) -> None:
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegation = accorder(suppleance, EspaceFactory(), Role.ACTEUR)
    rapport = examiner(
        racine.espace, ligne("retirer", racine, suppleance.espace), ligne("retirer", racine, delegation.espace)
    )
    assert rapport.tombent == []
    assert len(appliquer_fichier(acteur=racine.espace, operations=rapport.operations())) == 2
    assert list(Habilitation.objects.vivantes()) == [racine]


def test_ce_qui_tombe_ne_se_change_pas(racine: Habilitation) -> None:
    deleguee = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR)
    rapport = examiner(
        racine.espace,
        ligne("retirer", racine, deleguee.espace),
        ligne("changer la fin", racine, dessous.espace, fin="31/12/2031"),
    )
    assert "tombe avec une autre" in fautes(rapport)[1]


def test_changer_la_fin(racine: Habilitation) -> None:
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    qui, titulaire = delegation.espace, racine.espace
    for fin, attendue in (("30/06/31", date(2031, 6, 30)), ("sans fin", None), ("2031-12-31", FIN)):
        rapport = examiner(titulaire, ligne("changer la fin", racine, qui, fin=fin))
        assert fautes(rapport) == [""]
        appliquer_fichier(acteur=titulaire, operations=rapport.operations())
        delegation.refresh_from_db()
        assert delegation.expire_le == attendue
    assert "nouveau dernier jour" in fautes(examiner(titulaire, ligne("changer la fin", racine, qui)))[0]
    assert "déjà passée" in fautes(examiner(titulaire, ligne("changer la fin", racine, qui, fin="31/12/2020")))[0]
    assert "« changer la fin »" in fautes(examiner(titulaire, ligne("", racine, qui, "acteur", "30/06/2031")))[0]
    assert (
        "répète la ligne 2"
        in fautes(
            examiner(
                titulaire,
                ligne("changer la fin", racine, qui, fin="30/06/31"),
                ligne("changer la fin", racine, qui, fin="31/07/31"),
            )
        )[1]
    )


def test_une_fin_trop_longue_est_ramenee_et_dite(racine: Habilitation) -> None:
    deleguee = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT, expire_le=FIN)
    dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    rapport = examiner(racine.espace, ligne("changer la fin", racine, dessous.espace, fin="31/12/2040"))
    assert rapport.lignes[0].expire_le == FIN
    assert rapport.lignes[0].remarques == ["au plus tard le 31/12/2031, comme celle dont elle dépend"]


def test_on_ne_devient_pas_titulaire_par_un_fichier(racine: Habilitation) -> None:
    rapport = examiner(racine.espace, ligne("accorder", racine, EspaceFactory(), "administrateur titulaire"))
    assert fautes(rapport) == ["on ne devient administrateur titulaire que par un code envoyé par courrier"]


def test_accorder_ce_qui_existe_se_dit(racine: Habilitation) -> None:
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR)
    assert "déjà habilité" in fautes(examiner(racine.espace, ligne("accorder", racine, delegation.espace, "acteur")))[0]


def test_le_service_par_son_nom_et_deux_services_du_meme_nom() -> None:
    titulaire, qui = EspaceFactory(), EspaceFactory()
    personne = PersonneFactory()
    jumeaux = [
        habiliter(titulaire, personne=personne, service=ServiceFactory(code=code, libelle="Payer la TVA"))
        for code in ("PAY1", "PAY2")
    ]
    seul = habiliter(titulaire, service=ServiceFactory(code="DECL", libelle="Déclarer la TVA"))
    par_nom = ligne("", seul, qui, "acteur").replace(";DECL;", ";DECLARER LA TVA;")
    ambigu = ligne("", jumeaux[0], qui, "acteur").replace(";PAY1;", ";payer la tva;")
    rapport = examiner(titulaire, par_nom, ambigu)
    assert rapport.lignes[0].adhesion == seul.adhesion
    assert fautes(rapport) == ["", "plusieurs services portent ce nom : écrivez le code du service"]


def test_un_numero_connu_ne_compte_pas_parmi_les_cent(racine: Habilitation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("habilitations.partage.en_masse.BENEFICIAIRES", 1)
    tenues = [accorder(racine, EspaceFactory(), Role.ACTEUR) for _ in range(5)]
    nouveau = EspaceFactory()
    rapport = examiner(
        racine.espace, *(ligne("retirer", racine, h.espace) for h in tenues), ligne("", racine, nouveau, "acteur")
    )
    assert rapport.possible


def test_la_page_montre_puis_fait(racine: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    deleguee = accorder(racine, EspaceFactory(prenom="Anne", nom="Petit"), Role.ACTEUR_DELEGANT)
    dessous = accorder(deleguee, EspaceFactory(prenom="Bruno", nom="Leroux"), Role.ACTEUR)
    client, page = client_de(racine.espace), reverse("designation_fichier")

    def deposer(*lignes: str) -> str:
        contenu = "\n".join([ENTETE, *lignes]).encode()
        return client.post(page, {"fichier": SimpleUploadedFile("f.csv", contenu)}).content.decode()  # type: ignore[no-any-return]

    rapport = deposer(ligne("retirer", racine, deleguee.espace))
    assert re.search(r"Retirer\s+1\s+habilitation</strong> : 1 personne, 1 SIREN", rapport)
    assert "Anne Petit" in rapport
    assert "Bruno Leroux" in rapport
    # Meanwhile somebody else hangs below: the page did not show it.
    autre = accorder(deleguee, EspaceFactory(), Role.ACTEUR)
    assert client.post(reverse("designation_fichier_confirmer"), apercu_de(rapport))["Location"] == page
    assert Habilitation.objects.vivantes().count() == 4
    rapport = deposer(ligne("retirer", racine, deleguee.espace))
    client.post(reverse("designation_fichier_confirmer"), apercu_de(rapport))
    assert set(Habilitation.objects.exclude(fin_le=None)) == {deleguee, dessous, autre}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_le_modele_et_l_existant_se_telechargent(
    racine: Habilitation, client_de: Callable[[Espace], Client], format_: str
) -> None:
    client = client_de(racine.espace)
    modele = client.get(reverse("designation_fichier_modele"), {"format": format_})
    assert lire(modele.content) == []
    assert f'filename="modele-partage.{format_}"' in modele["Content-Disposition"]
    assert client.get(reverse("designation_fichier_modele"), {"format": "exe"}).status_code == 404
    accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    existant = client.post(reverse("designation_fichier_existant"), {"format": format_})
    assert len(lire(existant.getvalue())) == 2
    assert client.get(reverse("designation_fichier_existant")).status_code == 405


def test_une_liste_de_siren_collee_d_un_tableur() -> None:
    formulaire = SirensForm({"sirens": "5410220\t552 032 534\n'000325175;552032534,00"})
    assert not formulaire.is_valid(), "a comma parts: « 00 » is no SIREN"
    formulaire = SirensForm({"sirens": "5410220\t552 032 534\n'000325175;55203253400018"})
    assert formulaire.is_valid()
    assert formulaire.cleaned_data["sirens"] == ["005410220", "552032534", "000325175"]


@pytest.mark.parametrize(
    "saisie", ["552 032 534", "552\u202f032\u202f534", "552-032-534", "552 032 534 00018", "552.032"]
)
def test_chaque_recherche_prend_ce_que_prend_un_champ_siren(client_de: Callable[[Espace], Client], saisie: str) -> None:
    racine = habiliter(EspaceFactory(), personne=PersonneFactory(siren="552032534", denomination="DANONE"))
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    habiliter(racine.espace, personne=PersonneFactory(denomination="AUTRE"))
    client = client_de(racine.espace)
    for page in ("delegations", "suppleants_designer", "delegations_designer", "espace"):
        contenu = client.get(reverse(page), {"q": saisie}).content.decode()
        assert "DANONE" in contenu, page
        assert "AUTRE" not in contenu, page
