"""The mandate: what it says and in which order, that it is kept nowhere, and its handing over."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import Evenement
from accounts.saisies.regles import RegleMetier
from services.banque import mandat
from services.banque.mandat import annuler_remise, editer_mandat, noter_remise
from services.models import MandatSepa, ReferenceBancaire
from tests.factories import MOT_DE_PASSE, compte_bancaire

from .scenes import IBAN, Entreprise, client_de, monter


def texte_de(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_le_mandat_suit_l_ordre_du_formulaire(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne, banque="CREDIT AGRICOLE SA", bic="AGRIFRPP")
    pdf = editer_mandat(acteur=entreprise.titulaire, reference=reference)
    lecteur = PdfReader(io.BytesIO(pdf))
    texte = texte_de(pdf)
    ordre = [
        "Mandat de prélèvement SEPA interentreprises",
        "remettre à votre banque",
        "En signant ce formulaire de mandat",
        "Vous n’avez pas droit au remboursement",
        "Référence unique du mandat",
        reference.mandat.rum,
        "SIREN",
        "Raison sociale",
        "Civilité ou forme juridique",
        "Nom ou dénomination",
        "Compte à débiter",
        "FR76 3000 6000 0112 3456 7890 189",
        "Direction générale des Finances publiques",
        "FR00ZZZ000000",
        entreprise.personne.service_gestionnaire.nom,
        "paiement récurrent",
        "Fait à",
        "JJ MM AAAA",
        "Signature",
    ]
    rangs = [texte.replace("\n", " ").find(mot) for mot in ordre]
    assert -1 not in rangs, dict(zip(ordre, rangs, strict=True))
    assert rangs == sorted(rangs)
    assert len(lecteur.pages) == 1
    assert lecteur.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_hors_de_l_eee_le_mandat_porte_le_bic_et_le_titulaire_tiers_n_a_pas_l_adresse_de_l_entreprise(
    entreprise: Entreprise,
) -> None:
    reference = compte_bancaire(
        entreprise.personne, "GB82WEST12345698765432", bic="WESTGB22", titulaire="ROUSSEL PASCAL"
    )
    texte = texte_de(editer_mandat(acteur=entreprise.titulaire, reference=reference))
    assert "WESTGB22" in texte
    assert "ROUSSEL PASCAL" in texte
    assert entreprise.personne.voie not in texte


def test_dans_l_eee_le_mandat_ne_porte_pas_de_bic(entreprise: Entreprise) -> None:
    """As the form: « BIC only outside the EEA » (domaine.md §2.13)."""
    for bic in ("", "AGRIFRPP"):
        reference = compte_bancaire(entreprise.personne, bic=bic)
        assert "BIC" not in texte_de(editer_mandat(acteur=entreprise.titulaire, reference=reference))
        reference.delete()


def test_un_nom_impossible_ne_casse_pas_le_mandat(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne, bic="AGRIFRPP", titulaire="#panic() ناجي 漢字 " + "W" * 40)
    assert len(PdfReader(io.BytesIO(editer_mandat(acteur=entreprise.titulaire, reference=reference))).pages) == 1


def test_editer_laisse_une_date_et_une_ligne_et_aucun_document(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne)
    for _ in range(2):
        editer_mandat(acteur=entreprise.suppleant, reference=reference)
    assert MandatSepa.objects.get().edite_le is not None
    assert Evenement.objects.filter(acte="mandat_sepa.edite").count() == 2
    assert [champ.name for champ in MandatSepa._meta.fields] == ["id", "reference", "rum", "edite_le", "remis_le"]


def test_sans_identifiant_du_creancier_aucun_mandat(entreprise: Entreprise, settings: Any) -> None:
    settings.ICS = ""
    with pytest.raises(RegleMetier) as refus:
        editer_mandat(acteur=entreprise.titulaire, reference=compte_bancaire(entreprise.personne, IBAN))
    assert refus.value.code == "mandat_indisponible"


def test_la_remise_se_note_une_fois_et_se_corrige(entreprise: Entreprise) -> None:
    hier, aujourd_hui = timezone.localdate() - timedelta(days=1), timezone.localdate()
    depuis = timezone.now() - timedelta(days=1)
    reference = compte_bancaire(entreprise.personne, ajoutee_le=depuis, edite_le=depuis)
    for le in (aujourd_hui, aujourd_hui, hier):
        noter_remise(acteur=entreprise.titulaire, reference=reference, le=le)
    assert MandatSepa.objects.get().remis_le == hier
    assert Evenement.objects.filter(acte="mandat_sepa.remis").count() == 2
    for le, code in [
        (aujourd_hui + timedelta(days=1), "remise_a_venir"),
        (hier - timedelta(days=1), "remise_avant_ajout"),
    ]:
        with pytest.raises(RegleMetier) as refus:
            noter_remise(acteur=entreprise.titulaire, reference=reference, le=le)
        assert refus.value.code == code


def test_un_mandat_jamais_edite_n_est_pas_remis_ni_par_l_acte_ni_par_la_page(entreprise: Entreprise) -> None:
    """The page does not offer it; another tab, or who posts by hand, is told so beside the day that was typed."""
    reference, aujourd_hui = compte_bancaire(entreprise.personne), timezone.localdate()
    with pytest.raises(RegleMetier) as refus:
        noter_remise(acteur=entreprise.titulaire, reference=reference, le=aujourd_hui)
    assert refus.value.code == "mandat_jamais_edite"
    remise = reverse("compte_bancaire_remise", args=[entreprise.personne.siren, reference.pk])
    lue = client_de(entreprise.titulaire).post(remise, {"le": f"{aujourd_hui:%Y-%m-%d}"}).content.decode()
    assert "n’a pas encore été édité" in lue
    assert f'value="{aujourd_hui:%Y-%m-%d}"' in lue
    assert MandatSepa.objects.get().remis_le is None
    assert not Evenement.objects.filter(acte="mandat_sepa.remis").exists()
    editer_mandat(acteur=entreprise.suppleant, reference=reference)
    noter_remise(acteur=entreprise.titulaire, reference=reference, le=aujourd_hui)
    assert MandatSepa.objects.get().remis_le == aujourd_hui


def test_la_remise_se_defait_et_se_corrige_dix_fois_par_jour(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne, edite_le=timezone.now())
    aujourd_hui = timezone.localdate()

    def cocher(acteur: Any) -> None:
        noter_remise(acteur=acteur, reference=reference, le=aujourd_hui)

    cocher(entreprise.titulaire)
    for _ in range(2):
        annuler_remise(acteur=entreprise.titulaire, reference=reference)
    assert MandatSepa.objects.get().remis_le is None
    assert Evenement.objects.filter(acte="mandat_sepa.remise_annulee").count() == 1
    for _ in range(mandat.CORRECTIONS_PAR_JOUR - 1):
        cocher(entreprise.titulaire)
        annuler_remise(acteur=entreprise.titulaire, reference=reference)
    cocher(entreprise.titulaire)
    with pytest.raises(RegleMetier) as refus:
        annuler_remise(acteur=entreprise.titulaire, reference=reference)
    assert refus.value.code == "trop_de_corrections_de_remise"
    cocher(entreprise.titulaire)  # what stands already is no correction
    annuler_remise(acteur=entreprise.suppleant, reference=reference)  # who is not hurt by the other's tries
    assert MandatSepa.objects.get().remis_le is None
    ReferenceBancaire.objects.update(etat_b2b="VALIDE", b2b_le=aujourd_hui)
    with pytest.raises(RegleMetier) as enregistree:
        annuler_remise(acteur=entreprise.suppleant, reference=reference)
    assert enregistree.value.code == "remise_enregistree"


def test_la_page_defait_la_remise(entreprise: Entreprise) -> None:
    reference = compte_bancaire(entreprise.personne, remis_le=timezone.localdate())
    client, siren = client_de(entreprise.titulaire), entreprise.personne.siren
    liste = reverse("comptes_bancaires", args=[siren])
    assert 'name="annuler"' in client.get(liste).content.decode()
    remise = reverse("compte_bancaire_remise", args=[siren, reference.pk])
    assert client.post(remise, {"annuler": "oui"})["Location"] == liste
    lue = client.get(liste).content.decode()
    assert 'name="annuler"' not in lue
    assert "Mandat à remettre à la" in lue


@pytest.mark.django_db(transaction=True)
def test_le_mandat_se_compose_hors_de_toute_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a company while its mandate is composed: by the act, and by the page."""
    with transaction.atomic():
        entreprise = monter()
        reference = compte_bancaire(entreprise.personne)
    vues: list[bool] = []

    def composer(*args: Any) -> bytes:
        vues.append(connection.in_atomic_block)
        return b"%PDF-"

    monkeypatch.setattr(mandat, "composer_pdf", composer)
    editer_mandat(acteur=entreprise.titulaire, reference=reference)
    cle, client = [entreprise.personne.siren, reference.pk], client_de(entreprise.titulaire)
    client.post(reverse("compte_bancaire_mandat", args=cle), {"confirmation_mot_de_passe": MOT_DE_PASSE})
    assert client.post(reverse("compte_bancaire_mandat_pdf", args=cle)).content == b"%PDF-"
    assert vues == [False, False]


def test_un_mandat_n_est_pas_remis_avant_sa_premiere_edition(entreprise: Entreprise) -> None:
    """Edited again, as for a lost sheet, it may have been handed over since the first time."""
    maintenant, jour = timezone.now(), timedelta(days=1)
    reference = compte_bancaire(entreprise.personne, ajoutee_le=maintenant - 20 * jour)
    for il_y_a in (10, 2):
        editer_mandat(acteur=entreprise.titulaire, reference=reference, maintenant=maintenant - il_y_a * jour)
    aujourd_hui = timezone.localdate(maintenant)
    with pytest.raises(RegleMetier) as refus:
        noter_remise(acteur=entreprise.titulaire, reference=reference, le=aujourd_hui - 11 * jour)
    assert refus.value.code == "remise_avant_edition"
    noter_remise(acteur=entreprise.titulaire, reference=reference, le=aujourd_hui - 10 * jour)
    assert MandatSepa.objects.get().remis_le == aujourd_hui - 10 * jour
