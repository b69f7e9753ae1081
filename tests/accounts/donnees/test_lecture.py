"""« Vos données »: every column about the person, and nobody else's (R18, R24)."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.donnees import lecture
from accounts.donnees.lecture import ColonneInconnue, Partie
from accounts.espace import rectification
from accounts.models import Courriel, Espace, Evenement, Session
from habilitations.models import Habilitation, Role
from services.models import Message, PersonneSirenisee
from surveillance.models import Connexion
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, echanger, habiliter

pytestmark = pytest.mark.django_db


@pytest.fixture
def registre(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test declare and undeclare."""
    monkeypatch.setattr(lecture, "_PARTIES", list(lecture._PARTIES))
    monkeypatch.setattr(lecture, "_SANS_PERSONNE", {m: dict(r) for m, r in lecture._SANS_PERSONNE.items()})


def test_aucune_colonne_n_est_oubliee() -> None:
    oubliees = lecture.colonnes_oubliees()
    assert not oubliees, (
        f"Declare these columns in <app>/donnees_personnelles.py, as a Partie or by declarer_sans_personne: {oubliees}"
    )


def test_aucun_chemin_vers_la_personne_n_est_oublie() -> None:
    assert not lecture.chemins_oublies()


def test_un_modele_retire_du_registre_se_voit(registre: None) -> None:
    lecture._PARTIES[:] = [partie for partie in lecture._PARTIES if partie.modele is not Session]
    assert "accounts.Session.adresse_ip" in lecture.colonnes_oubliees()
    assert "accounts.Session.compte" in lecture.chemins_oublies()


def test_une_colonne_nouvelle_se_voit(registre: None) -> None:
    """A column added to a model that is about nobody must be declared by name: the model's declaration is not enough."""
    del lecture._SANS_PERSONNE[PersonneSirenisee]["representant_legal"]
    assert lecture.colonnes_oubliees() == ["services.PersonneSirenisee.representant_legal"]


def test_une_seconde_relation_vers_la_personne_se_voit(registre: None) -> None:
    lecture._PARTIES[:] = [p for p in lecture._PARTIES if p.titre != "Vos habilitations"]
    assert lecture.chemins_oublies() == ["habilitations.Habilitation.espace"]


def test_une_condition_ne_couvre_que_ce_qu_elle_dit_suivre(registre: None) -> None:
    """A part found by a condition of its own hid every foreign key of its model, followed or not."""
    lecture._PARTIES[:] = [p for p in lecture._PARTIES if p.titre != "Courriels qui vous concernent"]
    lecture._PARTIES.append(
        Partie(groupe="x", titre="x", modele=Courriel, filtre=lambda espace: Q(destinataire=espace.compte.email))
    )
    assert lecture.chemins_oublies() == ["accounts.Courriel.espace"]
    with pytest.raises(ValueError, match="follows"):
        Partie(groupe="x", titre="x", modele=Courriel, chemins=("espace",), suit=("espace",))


@pytest.mark.parametrize("option", ["ecartees", "libelles", "valeurs", "suit"])
def test_une_colonne_mal_nommee_est_refusee(option: str) -> None:
    with pytest.raises(ColonneInconnue):
        Partie(groupe="x", titre="x", modele=Espace, chemins=("pk",), **{option: {"inconnue": "x"}})
    with pytest.raises(ColonneInconnue):
        lecture.declarer_sans_personne(Espace, "x", "id inconnue")


def test_les_secrets_ne_sont_pas_donnes() -> None:
    donnees_secretes = {("Compte", "password"), ("Espace", "reponse_confiance"), ("Application", "graine_chiffree")}
    donnees_secretes |= {("AncienMotDePasse", "empreinte"), ("CodeSecours", "empreinte"), ("Session", "session_key")}
    donnees_secretes |= {("Courrier", "empreinte_code"), ("NavigateurConnu", "empreinte"), ("Lien", "id")}
    donnees_secretes |= {("Session", "session_data"), ("Courriel", "lien")}
    donnes = {(p.modele.__name__, champ.name) for p in lecture.parties() for champ in p.champs}
    assert not donnees_secretes & donnes


def test_chaque_colonne_porte_un_nom_francais() -> None:
    """A label left to Django would be the column's own name: `reponse changee le`."""
    nus = [
        f"{partie.titre}.{champ.name}"
        for partie in lecture.parties()
        for champ in partie.champs
        if "_" in champ.name and champ._verbose_name is None and champ.name not in partie.libelles
    ]
    assert not nus


def remplir(espace: Espace) -> dict[str, str]:
    """Give this person one of everything; return what must be found."""
    compte = espace.compte
    assert compte is not None
    with transaction.atomic():
        autre = EspaceFactory(nom="Cedeuse")
        mienne = habiliter(espace)
        accorder(mienne, autre, Role.SUPPLEANT)
    Connexion.objects.create(
        id="0197d2b8-0000-7000-8000-000000000001", compte=compte, resultat="REUSSIE", adresse_ip="203.0.113.7"
    )
    echange = echanger(mienne.personne)
    Message.objects.create(echange=echange, espace=espace, texte="texte que j'ai écrit")
    return {
        "nom": espace.nom,
        "adresse": compte.email,
        "telephone": espace.telephone,
        "connexion": "203.0.113.7",
        "message": "texte que j'ai écrit",
        "beneficiaire": "Cedeuse",
        "siren": mienne.personne.siren_lisible,
    }


def test_l_export_dit_tout(espace: Espace) -> None:
    attendus = remplir(espace)
    contenu = json.loads(b"".join(lecture.exporter_json(acteur=espace)))
    texte = json.dumps(contenu, ensure_ascii=False)
    assert {quoi for quoi, valeur in attendus.items() if valeur not in texte} == set()
    for section, partie in zip(contenu["donnees"], lecture.parties(), strict=True):
        for ligne in section["lignes"]:
            assert list(ligne) == [champ.name for champ in partie.champs]
    assert Evenement.objects.filter(acte="donnees.exportees", espace=espace.numero_abonne).count() == 1


def test_l_export_suit_le_schema(espace: Espace) -> None:
    """Every column of Espace has its value, none is picked by hand."""
    contenu = json.loads(b"".join(lecture.exporter_json(acteur=espace)))
    ligne = next(s for s in contenu["donnees"] if s["table"] == "accounts_espace")["lignes"][0]
    ecartees = {"id", "reponse_confiance", "reponse_precedente"}
    assert set(ligne) == {champ.name for champ in Espace._meta.concrete_fields} - ecartees
    assert ligne["civilite"] == "Madame"


def test_l_export_ne_dit_rien_des_autres(espace: Espace) -> None:
    autre = EspaceFactory(nom="Zébulon", telephone="06 99 99 99 99")
    remplir(autre)
    texte = b"".join(lecture.exporter_json(acteur=espace)).decode()
    for valeur in (autre.nom, autre.telephone, autre.compte.email, "203.0.113.7", "texte que j'ai écrit"):
        assert valeur not in texte


def test_le_pdf_se_lit(espace: Espace) -> None:
    attendus = remplir(espace)
    lecteur = PdfReader(io.BytesIO(lecture.exporter_pdf(acteur=espace)))
    texte = " ".join(" ".join(page.extract_text() for page in lecteur.pages).split()).replace("’", "'")
    assert attendus["connexion"] in texte
    assert attendus["beneficiaire"] in texte
    assert "n'est pas communiqué" in texte


def test_le_nombre_de_requetes_ne_depend_pas_des_lignes(
    espace: Espace, client_de: Callable[[Espace], Client], django_assert_max_num_queries: Any
) -> None:
    client = client_de(espace)
    with CaptureQueriesContext(connection) as une:
        assert client.get(reverse("mes_donnees")).status_code == 200
    with transaction.atomic():
        for _ in range(10):
            accorder(habiliter(espace), EspaceFactory(), Role.SUPPLEANT)
    with CaptureQueriesContext(connection) as dix:
        assert client.get(reverse("mes_donnees")).status_code == 200
    assert len(dix) <= len(une), "the rows of each part come with what they name"


def test_la_page_et_le_telechargement(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    page = client.get(reverse("mes_donnees")).content.decode()
    assert espace.compte.email in page
    assert client.get(reverse("telecharger_donnees")).status_code in (302, 405)
    reponse = client.post(reverse("telecharger_donnees"), {"format": "json"})
    assert reponse["Content-Type"] == "application/json"
    assert reponse["Cache-Control"] == "no-store"
    assert espace.numero_abonne in reponse["Content-Disposition"]
    assert client.post(reverse("telecharger_donnees"), {"format": "pdf"}).content.startswith(b"%PDF")


def test_le_telechargement_demande_le_mot_de_passe(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    session = client.session
    session["prouve_le"] = 0
    session.save()
    reponse = client.post(reverse("telecharger_donnees"), {"format": "json"})
    assert reponse["Content-Type"].startswith("text/html")
    assert not Evenement.objects.filter(acte="donnees.exportees").exists()


def test_la_rectification_part_vers_le_service_gestionnaire(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = rectification.demander_rectification(acteur=espace, objet="AUTRE", texte="mon numéro est faux")
    assert demande.service_gestionnaire == danone.service_gestionnaire
    assert set(Courriel.objects.values_list("destinataire", flat=True)) == {
        danone.service_gestionnaire.courriel,
        espace.compte.email,
    }
    evenement = Evenement.objects.get(acte="rectification.demandee")
    assert "faux" not in json.dumps(evenement.details), "what the person wrote is not copied into the journal"


def test_trois_rectifications_par_jour(espace: Espace, danone: PersonneSirenisee) -> None:
    for _ in range(rectification.PAR_JOUR):
        rectification.demander_rectification(acteur=espace, objet="AUTRE", texte="x")
    with pytest.raises(rectification.TropDeDemandes):
        rectification.demander_rectification(acteur=espace, objet="AUTRE", texte="x")
    assert Courriel.objects.count() == 2 * rectification.PAR_JOUR


def test_sans_organisation_la_rectification_suit_une_personne_administree(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    """No SIREN d'appartenance, or one that nobody knows: the service of what one is titulaire of comes before others'."""
    with transaction.atomic():
        acteur_de = accorder(habiliter(EspaceFactory()), espace, Role.SUPPLEANT)
        tenue = habiliter(espace)
    for inconnu in ("", "732829320"):
        Espace.objects.filter(pk=espace.pk).update(siren_appartenance=inconnu)
        espace.refresh_from_db()
        assert rectification.gestionnaire_de(espace) == tenue.personne.service_gestionnaire
    assert tenue.personne.service_gestionnaire != acteur_de.personne.service_gestionnaire
    client = client_de(espace)
    assert tenue.personne.service_gestionnaire.nom in client.get(reverse("rectifier_donnees")).content.decode()
    assert client.post(reverse("rectifier_donnees"), {"objet": "AUTRE", "texte": "x"}).status_code == 302
    assert Courriel.objects.filter(destinataire=tenue.personne.service_gestionnaire.courriel).exists()


def test_ce_qui_n_est_plus_tenu_ne_dit_plus_de_service(espace: Espace) -> None:
    Espace.objects.filter(pk=espace.pk).update(siren_appartenance="")
    espace.refresh_from_db()
    with transaction.atomic():
        veille = accorder(habiliter(EspaceFactory()), espace, Role.SUPPLEANT)
        assert rectification.gestionnaire_de(espace) == veille.personne.service_gestionnaire
        veille.etat, veille.veille_motif = Habilitation.Etat.EN_VEILLE, Habilitation.MotifVeille.TITULAIRE
        veille.veille_depuis = timezone.now()
        veille.save()
    assert rectification.gestionnaire_de(espace) is None


def test_sans_service_gestionnaire_la_page_dit_ou_aller(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    assert "service des impôts des entreprises" in client.get(reverse("rectifier_donnees")).content.decode()
    reponse = client.post(reverse("rectifier_donnees"), {"objet": "AUTRE", "texte": "tout est faux"})
    assert reponse.status_code == 200
    assert "service des impôts des entreprises" in reponse.content.decode()
    assert "tout est faux" in reponse.content.decode(), "what was typed is not lost"
    assert not Courriel.objects.exists()


def remplir_de(espace: Espace, nombre: int) -> None:
    """Give this person `nombre` mails, in one statement."""
    Courriel.objects.bulk_create(
        Courriel(
            genre="demande_activee", destinataire=espace.compte.email, acte=f"essai:{rang}", espace=espace, contexte={}
        )
        for rang in range(nombre)
    )


def test_le_json_est_entier_et_ecrit_ligne_a_ligne(espace: Espace) -> None:
    """2,100 rows of one list: all there, and no piece of the answer holds more than one."""
    remplir_de(espace, 2_100)
    morceaux = list(lecture.exporter_json(acteur=espace))
    contenu = json.loads(b"".join(morceaux))
    courriels = next(s for s in contenu["donnees"] if s["table"] == "accounts_courriel")["lignes"]
    assert len(courriels) == 2_100
    assert max(map(len, morceaux)) < 12_000
    assert sum(b"essai" in m or b"demande_activee" in m for m in morceaux) >= 2_100


def test_le_pdf_dit_combien_il_manque_et_ou(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole up to 2,000 rows a list; beyond, the PDF says how many more there are, and where (issue 10.4)."""
    remplir_de(espace, 2_100)
    donnees: dict[str, Any] = {}
    monkeypatch.setattr(lecture, "composer_pdf", lambda modele, valeurs: donnees.update(valeurs) or b"")
    lecture.exporter_pdf(acteur=espace)
    sections = {s["titre"]: s for _, parties in donnees["groupes"] for s in parties}
    assert len(sections["Courriels qui vous concernent"]["lignes"]) == 2_000
    assert sections["Courriels qui vous concernent"]["suite"] == "100"
    assert sections["Courriels qui vous concernent"]["total"] == "2\u202f100"
    assert sections["Votre espace"]["suite"] == ""
    monkeypatch.undo()
    monkeypatch.setattr(lecture, "LIGNES_PDF", 3)
    lecteur = PdfReader(io.BytesIO(lecture.exporter_pdf(acteur=espace)))
    texte = " ".join(" ".join(page.extract_text() for page in lecteur.pages).split()).replace("\u202f", " ")
    assert "Cette liste compte 2 100 lignes" in texte
    assert "2 097 plus anciennes figurent dans le fichier JSON" in texte.replace("\u00a0", " ")


def test_deux_cent_quarante_habilitations_se_lisent(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    """What issue 10.4 saw: the page first says what one may do, by which mandate; the list is whole, by pages; nothing is cut."""
    with transaction.atomic():
        services = [ServiceFactory() for _ in range(4)]
        personnes = [PersonneFactory() for _ in range(59)]
        tenues = [habiliter(espace, personne=p, service=s) for p in personnes for s in services]
        tenues += [habiliter(espace, personne=PersonneFactory(), service=s) for s in services[:3]]
        recue = accorder(habiliter(EspaceFactory(nom="Cedeuse")), espace, Role.ACTEUR)
    client = client_de(espace)
    client.get(reverse("aide"))  # the CGU in force are read once by a process
    with CaptureQueriesContext(connection) as requetes:
        page = client.get(reverse("mes_donnees")).content.decode()
    assert len(requetes) <= 9, [q["sql"][:120] for q in requetes]
    assert "Les 10 dernières, sur 240." in page
    assert "donnée par Jeanne Cedeuse" in page
    assert tenues[-1].personne.denomination in page
    assert f"mandat {tenues[-1].adhesion.mandat.demande}" in page
    assert len(page) < 60_000
    liste = reverse("mes_donnees") + "?liste=vos-habilitations"
    vues = ""
    for numero in range(1, 11):
        reponse = client.get(f"{liste}&page={numero}").content.decode()
        assert "240 lignes" in reponse
        assert reponse.partition("<main")[2].count("<details") == (25 if numero < 10 else 15)
        vues += reponse
    assert {h.personne.denomination for h in [*tenues, recue] if h.personne.denomination not in vues} == set()
    contenu = json.loads(b"".join(lecture.exporter_json(acteur=espace)))
    assert max(len(s["lignes"]) for s in contenu["donnees"] if s["titre"] == "Vos habilitations") == 240


def test_chaque_liste_s_ouvre(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    remplir(espace)
    client = client_de(espace)
    page = client.get(reverse("mes_donnees")).content.decode()
    cles = [partie.cle for partie in lecture.parties()]
    assert len(set(cles)) == len(cles), "the key of a list names one"
    for partie in lecture.parties():
        reponse = client.get(reverse("mes_donnees"), {"liste": partie.cle})
        assert partie.titre.replace("'", "&#x27;") in reponse.content.decode()
        assert (f"liste={partie.cle}" in page) is (lecture.compter(espace)[partie.cle] > 0)
    assert client.get(reverse("mes_donnees"), {"liste": "inconnue"}).status_code == 200
