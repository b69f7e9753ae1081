"""R9: each way of being wrong has its own clear answer, and the tries are counted even when refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from activation.courriers import edition
from activation.courriers.codes import (
    ALPHABET,
    CodeAutreDemande,
    CodeDejaUtilise,
    CodeEtranger,
    CodeExpire,
    CodeInexact,
    CodeMalSaisi,
    CodePasEncoreEdite,
    CodeRemplace,
    TropDEssais,
)
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.attente import DemandeTerminee
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from habilitations.droits.perimetre import PerimetreDepasse
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from services.models import PersonneSirenisee
from tests.activation.scenes import code_de, code_faux, essais
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db


def demande_avec_courrier(espace: Espace, personne: PersonneSirenisee, *codes: str) -> Demande:
    services = [ServiceFactory(code=code) for code in codes or ("DECL_TVA",)]
    demande = deposer_adhesion(acteur=espace, personne=personne, services=services, qualite="MANDATAIRE")
    assert edition.editer_en_attente() == 1
    demande.refresh_from_db()
    return demande


def test_juste(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone, "DECL_TVA", "PAY_TVA")
    resultat = activer(acteur=espace, demande=demande, saisie=code_de(demande))
    assert {a.service.code for a in resultat.adhesions} == {"DECL_TVA", "PAY_TVA"}
    assert set(Habilitation.objects.values_list("role", flat=True)) == {Role.TITULAIRE}
    mandat = Mandat.objects.get()
    assert (mandat.demande, mandat.mandataire, mandat.courrier_numero) == (demande.reference, espace, 1)
    assert mandat.adresse_du_courrier == ["DANONE", "17 BOULEVARD HAUSSMANN", "75009 PARIS"]
    assert Evenement.objects.filter(acte="adhesion.ouverte", siren=danone.siren).count() == 2
    assert Courriel.objects.filter(genre="demande_activee", destinataire=espace.compte.email).count() == 1


def test_faute_de_frappe_ne_coute_rien(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    bon = code_de(demande)
    faute = bon[:-1] + next(c for c in ALPHABET if c != bon[-1])
    with pytest.raises(CodeMalSaisi):
        activer(acteur=espace, demande=demande, saisie=faute)
    assert essais(demande) == 0


def test_inexact_compte_puis_ferme_au_cinquieme(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    bon = code_de(demande)
    for rang in range(1, 5):
        with pytest.raises(CodeInexact, match=f"restants : {5 - rang}"):
            activer(acteur=espace, demande=demande, saisie=code_faux(bon))
        assert essais(demande) == rang
    with pytest.raises(TropDEssais):
        activer(acteur=espace, demande=demande, saisie=code_faux(bon))
    with pytest.raises(TropDEssais):
        activer(acteur=espace, demande=demande, saisie=bon)
    assert not Adhesion.objects.exists()
    assert Evenement.objects.filter(acte="code.inexact").count() == 5


def test_etranger(espace: Espace, danone: PersonneSirenisee) -> None:
    mienne = demande_avec_courrier(espace, danone)
    autre = demande_avec_courrier(EspaceFactory(), PersonneFactory())
    with pytest.raises(CodeEtranger):
        activer(acteur=espace, demande=mienne, saisie=code_de(autre))
    assert essais(mienne) == 1
    assert essais(autre) == 0
    with pytest.raises(CodeEtranger):
        activer(acteur=espace, demande=autre, saisie=code_de(autre))


def test_d_une_autre_de_mes_demandes(espace: Espace, danone: PersonneSirenisee) -> None:
    une = demande_avec_courrier(espace, danone)
    autre = demande_avec_courrier(espace, PersonneFactory())
    with pytest.raises(CodeAutreDemande, match=autre.reference):
        activer(acteur=espace, demande=une, saisie=code_de(autre))


def test_deja_utilise(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    activer(acteur=espace, demande=demande, saisie=code_de(demande))
    with pytest.raises(CodeDejaUtilise):
        activer(acteur=espace, demande=demande, saisie=code_de(demande))
    assert Adhesion.objects.count() == 1


def test_expire_a_la_seconde_pres(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    fin = demande.courriers.get().expire_le
    assert fin == demande.courriers.get().edite_le + timedelta(days=60)
    with pytest.raises(CodeExpire):
        activer(acteur=espace, demande=demande, saisie=code_de(demande), maintenant=fin + timedelta(seconds=1))
    activer(acteur=espace, demande=demande, saisie=code_de(demande), maintenant=fin - timedelta(seconds=1))


def test_remplace_par_un_nouveau_courrier(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    plus_tard = timezone.now() + timedelta(days=15, seconds=1)
    demander_nouveau_courrier(acteur=espace, demande=demande, maintenant=plus_tard)
    Courrier.objects.update(prochain_essai_le=timezone.now())
    assert edition.editer_en_attente() == 1
    with pytest.raises(CodeRemplace):
        activer(acteur=espace, demande=demande, saisie=code_de(demande, 1))
    activer(acteur=espace, demande=demande, saisie=code_de(demande, 2))


def test_avant_que_le_courrier_parte(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = deposer_adhesion(
        acteur=espace, personne=danone, services=[ServiceFactory(code="DECL_TVA")], qualite="MANDATAIRE"
    )
    with pytest.raises(CodePasEncoreEdite):
        activer(acteur=espace, demande=demande, saisie=code_de(demande))


def test_annulee(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone)
    annuler_demande(acteur=espace, demande=demande)
    with pytest.raises(DemandeTerminee):
        activer(acteur=espace, demande=demande, saisie=code_de(demande))


def test_service_ouvert_entre_temps_par_un_autre(espace: Espace, danone: PersonneSirenisee) -> None:
    demande = demande_avec_courrier(espace, danone, "DECL_TVA", "PAY_TVA")
    habiliter(EspaceFactory(), personne=danone, service=ServiceFactory(code="PAY_TVA"))
    resultat = activer(acteur=espace, demande=demande, saisie=code_de(demande))
    assert [a.service.code for a in resultat.adhesions] == ["DECL_TVA"]
    assert [s.code for s in resultat.deja_ouverts] == ["PAY_TVA"]
    assert dict(demande.lignes.values_list("service__code", "resultat")) == {
        "DECL_TVA": "OUVERT",
        "PAY_TVA": "DEJA_OUVERT",
    }


def test_perimetre_plein_refuse_sans_user_le_code(espace: Espace, danone: PersonneSirenisee, settings) -> None:
    settings.PERIMETRE_SIREN = 3
    demande = demande_avec_courrier(espace, danone)
    for _ in range(3):
        habiliter(espace)
    with pytest.raises(PerimetreDepasse):
        activer(acteur=espace, demande=demande, saisie=code_de(demande))
    demande.refresh_from_db()
    assert demande.est_en_cours
    assert not Mandat.objects.filter(demande=demande.reference).exists()
    settings.PERIMETRE_SIREN = 4
    activer(acteur=espace, demande=demande, saisie=code_de(demande))
