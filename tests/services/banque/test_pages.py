"""The pages of the accounts: what each shows to whom, and what becomes of what is typed."""

import re
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Courriel, Evenement
from espacepro.views import comptes_bancaires
from services.banque.iban import en_groupes
from services.banque.signalement import signaler_changement
from services.models import PersonneSirenisee, ReferenceBancaire
from tests.factories import (
    MOT_DE_PASSE,
    ServiceFactory,
    changement_bancaire,
    compte_bancaire,
    compte_signale,
    habiliter,
)

from .scenes import AUTRE, IBAN, SENTINELLE, Entreprise, client_de

GROUPES = "FR76 3000 6000 0112 3456 7890 189"


def texte(reponse: object) -> str:
    return " ".join(unescape(reponse.content.decode()).split())  # type: ignore[attr-defined]


def adresse(entreprise: Entreprise, nom: str = "comptes_bancaires", reference: ReferenceBancaire | None = None) -> str:
    return reverse(nom, args=[entreprise.personne.siren, *([reference.pk] if reference else [])])


def relire(client: Client, entreprise: Entreprise, **champs: str) -> dict[str, str]:
    """Type an IBAN, and return what the page to read again would post."""
    page = client.post(
        adresse(entreprise, "compte_bancaire_ajouter"), {"iban": GROUPES, "titulaire": "ATELIER ROUSSEL", **champs}
    )
    champs_lus = re.findall(r'<input[^>]*name="(\w+)"[^>]*?(?:value="([^"]*)")?[^>]*>', page.content.decode())
    return {nom: unescape(valeur) for nom, valeur in champs_lus if nom in {"iban", "banque", "bic", "titulaire"}}


def test_ajouter_relire_confirmer(entreprise: Entreprise) -> None:
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_ajouter")
    assert 'value="ATELIER ROUSSEL"' in texte(client.get(page))
    relue = texte(client.post(page, {"iban": "30006 00001 12345678901 89", "titulaire": "ATELIER ROUSSEL"}))
    assert GROUPES in relue
    assert "CREDIT AGRICOLE SA" in relue
    assert "AGRIFRPP" in relue
    assert not ReferenceBancaire.objects.exists(), "nothing before it is confirmed"
    champs = {"iban": IBAN, "banque": "Crédit agricole", "bic": "", "titulaire": "ATELIER ROUSSEL", "confirmer": "oui"}
    for _ in range(2):  # pressed twice
        assert client.post(page, champs)["Location"] == adresse(entreprise)
    lue = texte(client.get(adresse(entreprise)))
    assert lue.count("est ajouté. ") == 1
    mandat = reverse("compte_bancaire_mandat", args=[entreprise.personne.siren, ReferenceBancaire.objects.get().pk])
    assert f'est ajouté. <a href="{mandat}">Éditez son mandat</a>' in lue
    assert "FR •••• 0189" in lue
    assert (ReferenceBancaire.objects.count(), ReferenceBancaire.objects.get().banque) == (1, "Crédit agricole")


@pytest.mark.parametrize("corrige", [{"titulaire": "ROUSSEL ET FILLE"}, {"banque": "Crédit coopératif"}])
def test_un_ajout_corrige_apres_un_retour_en_arriere_n_est_pas_dit_fait(
    entreprise: Entreprise, corrige: dict[str, str]
) -> None:
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_ajouter")
    champs = {"iban": IBAN, "banque": "Crédit agricole", "bic": "", "titulaire": "ATELIER ROUSSEL", "confirmer": "oui"}
    client.post(page, champs)
    client.get(adresse(entreprise))
    client.post(page, champs | corrige)
    lue = texte(client.get(adresse(entreprise)))
    assert "est pas enregistré" in lue
    assert "est ajouté. " not in lue


def test_ce_qui_est_refuse_garde_ce_qui_est_tape(entreprise: Entreprise) -> None:
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_ajouter")
    refusee = texte(client.post(page, {"iban": "FR77 3000 6000 0112 3456 7890 189", "titulaire": "x" * 300}))
    assert "FR77 3000 6000 0112 3456 7890 189" in refusee
    assert "x" * 300 in refusee
    assert "Regardez le premier groupe" in refusee
    assert "70 caractères au plus" in refusee
    champs = {"iban": IBAN, "banque": "B", "bic": "PASUNBIC!", "titulaire": "ATELIER", "confirmer": "oui"}
    relue = texte(client.post(page, champs))
    assert "PASUNBIC!" in relue
    assert "8 ou 11 caractères" in relue
    retour = {cle: valeur for cle, valeur in champs.items() if cle != "confirmer"} | {"corriger": "oui"}
    assert f'value="{en_groupes(IBAN)}"' in texte(client.post(page, retour))
    trafiquee = texte(client.post(page, {**champs, "bic": "", "iban": "FR00"}))
    assert "Regardez" in trafiquee or "compte 27 caractères" in trafiquee
    assert not ReferenceBancaire.objects.exists()


def test_l_iban_a_corriger_revient_par_groupes_de_quatre(entreprise: Entreprise) -> None:
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_ajouter")
    serre = {"iban": IBAN.replace(" ", ""), "titulaire": "ATELIER", "corriger": "oui"}
    assert f'value="{en_groupes(serre["iban"])}"' in texte(client.post(page, serre))
    assert 'value="pas un IBAN"' in texte(client.post(page, serre | {"iban": "pas un IBAN"}))


def test_le_bic_n_est_pas_dit_facultatif_ou_il_est_demande(entreprise: Entreprise) -> None:
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_ajouter")
    for iban, facultatif in ((IBAN, True), ("GB82 WEST 1234 5698 7654 32", False)):
        relue = texte(client.post(page, {"iban": iban, "titulaire": "ATELIER"}))
        etiquette = relue[relue.index('for="id_bic"') :].partition("</label>")[0]
        assert ("facultatif" in etiquette) is facultatif
    refusee = texte(
        client.post(page, {"iban": "GB82WEST12345698765432", "titulaire": "A", "bic": "", "confirmer": "oui"})
    )
    assert "Saisissez le BIC" in refusee
    assert "facultatif" not in refusee[refusee.index('for="id_bic"') :].partition("</label>")[0]


def test_un_compte_deja_la_est_dit_au_premier_ecran(entreprise: Entreprise) -> None:
    compte_bancaire(entreprise.personne)
    page = client_de(entreprise.suppleant).post(
        adresse(entreprise, "compte_bancaire_ajouter"), {"iban": IBAN, "titulaire": "ATELIER"}
    )
    assert "est déjà enregistré pour ATELIER ROUSSEL" in texte(page)


def test_l_acteur_voit_les_comptes_masques_et_n_y_change_rien(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    for qui in (entreprise.acteur, entreprise.delegant):
        page = texte(client_de(qui).get(adresse(entreprise)))
        assert "FR •••• 0189" in page
        liens = (f"/{acte}/" for acte in ("ajouter", "renommer", "supprimer", "iban", "mandat", "remise"))
        assert not any(f"/comptes-bancaires{lien}" in page or f"{reference.pk}{lien}" in page for lien in liens)
        assert "Mandat à remettre à la banque" not in page
        for nom in ("renommer", "supprimer", "iban", "mandat"):
            assert client_de(qui).get(adresse(entreprise, f"compte_bancaire_{nom}", reference)).status_code == 404
    for qui in (entreprise.declarant, entreprise.etranger):
        assert client_de(qui).get(adresse(entreprise)).status_code == 404
    onglets = [
        adresse(entreprise) in texte(client_de(qui).get(reverse("entreprise", args=[entreprise.personne.siren])))
        for qui in (entreprise.acteur, entreprise.declarant)
    ]
    assert onglets == [True, False]


def test_renommer_dans_deux_onglets(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_renommer", reference)
    montre = reference.titulaire
    assert client.post(page, {"titulaire": "PREMIER", "montre": montre})["Location"] == adresse(entreprise)
    second = client.post(page, {"titulaire": "SECOND", "montre": montre})
    assert "Entre-temps, le titulaire est devenu « PREMIER »" in texte(second)
    assert client.post(page, {"titulaire": "SECOND", "montre": "PREMIER"})["Location"] == adresse(entreprise)
    assert ReferenceBancaire.objects.get().titulaire == "SECOND"


@pytest.mark.parametrize("courriel", ["compta@atelier-roussel.fr", ""])
def test_l_entreprise_n_est_dite_prevenue_que_si_elle_l_est(entreprise: Entreprise, courriel: str) -> None:
    PersonneSirenisee.objects.update(courriel=courriel)
    reference, client = compte_bancaire(entreprise.personne), client_de(entreprise.titulaire)
    for acte, champs in (
        ("renommer", {"titulaire": "AUTRE", "montre": reference.titulaire}),
        ("supprimer", {}),
    ):
        client.post(adresse(entreprise, f"compte_bancaire_{acte}", reference), champs)
        lue = texte(client.get(adresse(entreprise)))
        assert "Les administrateurs" in lue
        assert ("et l’entreprise sont prévenus" in lue) is bool(courriel)
    ecrits = Courriel.objects.filter(genre="compte_bancaire_change_entreprise")
    assert ecrits.count() == (2 if courriel else 0)


def test_supprimer_se_confirme_et_deux_fois_se_dit(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_supprimer", reference)
    assert "Supprimer le compte" in texte(client.get(page))
    for _ in range(2):
        assert client.post(page)["Location"] == adresse(entreprise)
    assert "a été supprimé le" in texte(client.get(adresse(entreprise)))
    assert Evenement.objects.filter(acte="compte_bancaire.retire").count() == 1


def test_voir_l_iban_demande_toujours_le_mot_de_passe_et_la_page_se_ferme(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_iban", reference)
    assert GROUPES not in texte(client.get(page))
    faux = client.post(page, {"confirmation_mot_de_passe": "pas le bon mot de passe"})
    assert GROUPES not in texte(faux)
    assert "pas reconnu" in texte(faux)
    assert not Evenement.objects.filter(acte="compte_bancaire.montre").exists()
    juste = client.post(page, {"confirmation_mot_de_passe": MOT_DE_PASSE})
    assert GROUPES in texte(juste)
    assert juste["Refresh"] == f"60; url={adresse(entreprise)}"
    assert "no-store" in juste["Cache-Control"]
    assert Evenement.objects.filter(acte="compte_bancaire.montre").count() == 1


def test_le_mandat_se_telecharge_contre_le_mot_de_passe_et_se_coche(entreprise: Entreprise) -> None:
    """The password leads to a page that says what follows, whatever the browser shows of a file (walker 6: 12)."""
    reference = compte_bancaire(entreprise.personne, ajoutee_le=timezone.now() - timedelta(days=2))
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_mandat", reference)
    assert client.post(page, {"confirmation_mot_de_passe": MOT_DE_PASSE})["Location"] == page
    pret = texte(client.get(page))
    assert "Remettez-le à votre banque" in pret
    assert 'type="password"' not in pret
    assert adresse(entreprise, "compte_bancaire_mandat_pdf", reference) in pret
    assert not Evenement.objects.filter(acte="mandat_sepa.edite").exists()
    reponse = client.post(adresse(entreprise, "compte_bancaire_mandat_pdf", reference))
    assert reponse["Content-Type"] == "application/pdf"
    assert "no-store" in reponse["Cache-Control"]
    remise = adresse(entreprise, "compte_bancaire_remise", reference)
    avant = texte(client.get(adresse(entreprise)))
    assert f'value="{timezone.localdate():%Y-%m-%d}"' in avant
    assert "mandat accepté, ou refusé" in avant
    assert "CORE est le prélèvement ordinaire" in avant
    refusee = client.post(remise, {"le": f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"})
    assert "Cette date n’est pas encore passée" in texte(refusee)
    assert client.post(remise, {"le": f"{timezone.localdate():%Y-%m-%d}"})["Location"] == adresse(entreprise)
    lue = texte(client.get(adresse(entreprise)))
    assert "Mandat à remettre à la" not in lue
    assert "Mandat remis, en attente de la banque" in lue
    assert "rien d’autre à faire" in lue


def test_une_preuve_du_mot_de_passe_donne_un_mandat_de_ce_compte_et_un_seul(
    entreprise: Entreprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    un, autre = (
        compte_bancaire(entreprise.personne),
        compte_bancaire(entreprise.personne, "FR1420041010050500013M02606"),
    )
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_mandat", un)
    pdf = adresse(entreprise, "compte_bancaire_mandat_pdf", un)

    def genre(adresse_: str) -> str:
        return client.post(adresse_)["Content-Type"]

    def a(secondes: float) -> None:
        monkeypatch.setattr(comptes_bancaires.time, "time", lambda: depart + secondes)

    depart = time.time()
    assert client.post(pdf)["Location"] == page, "without the password, nothing"
    client.post(page, {"confirmation_mot_de_passe": "pas le bon mot de passe"})
    assert client.post(pdf)["Location"] == page
    client.post(page, {"confirmation_mot_de_passe": MOT_DE_PASSE})
    assert client.post(adresse(entreprise, "compte_bancaire_mandat_pdf", autre)).status_code == 302, "another's"
    assert [genre(pdf), genre(pdf)] == ["application/pdf"] * 2, "a double press"
    a(120)
    assert client.post(pdf)["Location"] == page, "it has served"
    assert 'type="password"' in texte(client.get(page))
    client.post(page, {"confirmation_mot_de_passe": MOT_DE_PASSE})
    a(120 + comptes_bancaires.PRET + 1)
    assert client.post(pdf)["Location"] == page, "too late"
    dites = str(dict(client.session.items()))
    assert "0123456789" not in dites
    assert MOT_DE_PASSE not in dites


def test_une_date_refusee_se_corrige_ou_elle_est_tapee_quoi_que_devienne_le_compte(entreprise: Entreprise) -> None:
    """In another tab, the mandate was ticked, then the account removed: the message stands by a field, or alone."""
    reference = compte_bancaire(entreprise.personne, remis_le=timezone.localdate())
    client, page = client_de(entreprise.titulaire), adresse(entreprise, "compte_bancaire_remise", reference)
    refusee = client.post(page, {"le": "n’importe quoi"}).content.decode()
    assert f'id="id_le_{reference.pk.hex}"' in refusee
    ReferenceBancaire.objects.update(supprimee_le=timezone.now())
    assert client.post(page, {"le": ""})["Location"] == adresse(entreprise)
    assert "a été supprimé le" in texte(client.get(adresse(entreprise)))


def test_un_compte_qui_attend_dit_pourquoi_et_jusqu_a_quand(entreprise: Entreprise) -> None:
    fin = timezone.now() + timedelta(hours=40)
    compte_bancaire(entreprise.personne, utilisable_le=fin, attente="MOT_DE_PASSE")
    page = texte(client_de(entreprise.acteur).get(adresse(entreprise)))
    assert "Utilisable le" in page
    assert "un changement de mot de passe" in page


def test_sans_compte_une_phrase_et_un_bouton(entreprise: Entreprise) -> None:
    page = texte(client_de(entreprise.titulaire).get(adresse(entreprise)))
    assert "Aucun compte" in page
    assert "au nom d’ATELIER ROUSSEL n’est pas possible" in page
    assert page.count("Ajouter un compte") == 1


def test_sans_compte_le_service_de_paiement_et_l_entreprise_disent_qui_peut_en_ajouter(entreprise: Entreprise) -> None:
    siren, dit = entreprise.personne.siren, "Aucun compte bancaire enregistré"
    pages = [reverse("ouvrir_service", args=[siren, "PAYER_TVA"]), reverse("entreprise", args=[siren])]
    lien = f'href="{adresse(entreprise, "compte_bancaire_ajouter")}"'
    for page in pages:
        for qui in (entreprise.titulaire, entreprise.suppleant):
            lue = texte(client_de(qui).get(page))
            assert dit in lue
            assert lien in lue
        lue = texte(client_de(entreprise.acteur).get(page))
        assert dit in lue
        assert "un administrateur d’un service de paiement peut en ajouter un" in lue
        assert lien not in lue
    # Acteur of this one, titulaire of another paying service of the company: that one gives it.
    habiliter(entreprise.acteur, personne=entreprise.personne, service=ServiceFactory(code="PAYER_IS", paiement=True))
    assert all(lien in texte(client_de(entreprise.acteur).get(page)) for page in pages)
    autres = [reverse("ouvrir_service", args=[siren, "DECL_TVA"]), pages[1]]
    assert not any(dit in texte(client_de(entreprise.declarant).get(page)) for page in autres)
    compte_bancaire(entreprise.personne)
    assert not any(dit in texte(client_de(entreprise.titulaire).get(page)) for page in pages)


def test_l_export_est_masque(entreprise: Entreprise) -> None:
    compte_bancaire(entreprise.personne, titulaire="=1+1")
    contenu = (
        client_de(entreprise.acteur).post(adresse(entreprise, "comptes_bancaires_exporter")).content.decode("utf-8-sig")
    )
    assert "FR •••• 0189" in contenu
    assert "'=1+1" in contenu
    assert contenu.splitlines()[1].endswith(';"oui"')
    assert IBAN[4:14] not in contenu


def test_les_pages_posent_huit_questions_au_plus_quel_que_soit_le_nombre_de_comptes(
    entreprise: Entreprise, settings: Any
) -> None:
    """The list with its last changes and reports, the page of a change, and the service to pay by."""
    settings.DEMONSTRATION = True
    signalement = compte_signale(entreprise.personne, entreprise.suppleant, entreprise.titulaire)
    siren = entreprise.personne.siren
    pages = [
        adresse(entreprise),
        reverse("compte_bancaire_signaler", args=[siren, signalement.changement_id]),
        reverse("ouvrir_service", args=[siren, "PAYER_TVA"]),
    ]
    client = client_de(entreprise.titulaire)

    def nombres() -> list[int]:
        lus = []
        for page in pages:
            client.get(page)  # the trace of a reading is written once a minute
            with CaptureQueriesContext(connection) as requetes:
                client.get(page)
            lus.append(len([r for r in requetes if not r["sql"].startswith(("SAVEPOINT", "RELEASE"))]))
        return lus

    premiers = nombres()
    for iban in (AUTRE, SENTINELLE):
        autre = compte_bancaire(entreprise.personne, iban)
        signaler_changement(acteur=entreprise.titulaire, changement=changement_bancaire(autre, entreprise.suppleant))
    assert nombres() == premiers
    assert max(premiers) <= 8, premiers


def test_le_mandat_s_edite_avant_d_etre_remis_et_le_dernier_compte_vient_d_abord(entreprise: Entreprise) -> None:
    ancien = compte_bancaire(entreprise.personne, edite_le=timezone.now())
    nouveau = compte_bancaire(entreprise.personne, AUTRE)
    lue = texte(client_de(entreprise.titulaire).get(adresse(entreprise)))
    assert lue.index(f'id="mandat-{nouveau.pk.hex}"') < lue.index(f'id="mandat-{ancien.pk.hex}"')
    assert lue.count("Mandat à éditer") == 1
    assert f'id="id_le_{ancien.pk.hex}"' in lue
    assert f'id="id_le_{nouveau.pk.hex}"' not in lue, "nothing to hand over before it is edited"


@pytest.mark.parametrize(
    ("motif", "suite"),
    [("MD01", "remettez-le de nouveau"), ("AC04", "ajoutez un autre compte"), ("MS03", "demandez à")],
)
def test_un_mandat_refuse_dit_quoi_faire(entreprise: Entreprise, motif: str, suite: str) -> None:
    refus = {"etat_b2b": "REFUSE", "b2b_motif": motif, "b2b_le": timezone.localdate()}
    remis_le = None if motif == "MD01" else timezone.localdate()  # its answer takes the tick away
    compte_bancaire(entreprise.personne, remis_le=remis_le, **refus)
    assert suite in texte(client_de(entreprise.titulaire).get(adresse(entreprise)))
    assert suite not in texte(client_de(entreprise.acteur).get(adresse(entreprise))), "who only pays does nothing of it"
