"""Adding, renaming, removing and showing an account: by whom, told to whom, twice, and what is refused (R20, CGU §4.d)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actes as actes_accounts
from accounts.donnees.retention import purger
from accounts.envois.courriels import composer
from accounts.espace.suppression import supprimer_espace
from accounts.models import Courriel, Espace, Evenement, NavigateurConnu
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner
from habilitations.depart.retraits import retirer_adhesion
from habilitations.models import Adhesion, Habilitation, Role
from services.banque.comptes import ajouter_compte, montrer_iban, renommer_titulaire, retirer_compte
from services.banque.delai import delai
from services.banque.lectures import comptes_de
from services.banque.mandat import editer_mandat, noter_remise
from services.models import ChangementBancaire, MandatSepa, ReferenceBancaire, SignalementBancaire
from surveillance.models import Alerte, Connexion
from surveillance.signaux.signalement import signaler
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    changement_bancaire,
    compte_bancaire,
    habiliter,
)

from .scenes import AUTRE, IBAN, SENTINELLE, Entreprise, client_de, payer

JOUR = timedelta(days=1)


def ajouter(entreprise: Entreprise, acteur: Espace | None = None, **champs: Any) -> ReferenceBancaire:
    return ajouter_compte(
        acteur=acteur or entreprise.titulaire,
        personne=entreprise.personne,
        **{"iban": IBAN, "titulaire": "ATELIER ROUSSEL", **champs},
    )


def code_du_refus(faire: Any) -> str:
    with pytest.raises(RegleMetier) as refus:
        faire()
    return refus.value.code


@pytest.mark.parametrize(
    ("qui", "peut"),
    [
        ("titulaire", True),
        ("suppleant", True),
        ("delegant", False),
        ("acteur", False),
        ("declarant", False),
        ("etranger", False),
    ],
)
def test_seul_le_titulaire_ou_le_suppleant_d_un_service_de_paiement_change_les_comptes(
    entreprise: Entreprise, qui: str, peut: bool
) -> None:
    acteur, reference = getattr(entreprise, qui), compte_bancaire(entreprise.personne, AUTRE)
    gestes = [
        lambda: ajouter(entreprise, acteur),
        lambda: renommer_titulaire(
            acteur=acteur, reference=reference, titulaire="ROUSSEL P", montre=reference.titulaire
        ),
        lambda: montrer_iban(acteur=acteur, reference=reference),
        lambda: editer_mandat(acteur=acteur, reference=reference),
        lambda: noter_remise(acteur=acteur, reference=reference, le=timezone.localdate()),
        lambda: retirer_compte(acteur=acteur, reference=reference),
    ]
    for geste in gestes:
        if peut:
            geste()
        else:
            assert code_du_refus(geste) == "gestion_banque_requise"
    assert Evenement.objects.filter(acte__startswith="compte_bancaire").exists() == peut


def test_un_droit_en_veille_ou_perdu_ne_change_plus_rien(entreprise: Entreprise) -> None:
    siens = Habilitation.objects.filter(espace=entreprise.suppleant)
    siens.update(etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now())
    assert code_du_refus(lambda: ajouter(entreprise, entreprise.suppleant)) == "gestion_banque_requise"


def test_un_ajout_est_garde_dit_a_tous_et_au_journal(entreprise: Entreprise) -> None:
    reference = ajouter(entreprise, bic="AGRIFRPPXXX", banque="Crédit agricole")
    lue = ReferenceBancaire.objects.get(pk=reference.pk)
    assert (lue.desceller_iban(), lue.bic, lue.banque, lue.utilisable_le) == (IBAN, "AGRIFRPP", "Crédit agricole", None)
    assert lue.mandat.rum.startswith(f"01DGFIP{timezone.localdate():%Y}{entreprise.personne.siren}")
    ligne = Evenement.objects.get(acte="compte_bancaire.ajoute")
    assert (ligne.auteur, ligne.siren) == (entreprise.titulaire.numero_abonne, entreprise.personne.siren)
    assert ligne.details == {"compte": "FR •••• 0189"}
    administrateurs = {e.compte.email for e in (entreprise.titulaire, entreprise.suppleant, entreprise.declarant)}
    assert set(Courriel.objects.values_list("destinataire", flat=True)) == administrateurs | {
        "compta@atelier-roussel.fr"
    }


def test_un_meme_compte_deux_fois_est_refuse_et_ailleurs_admis(entreprise: Entreprise) -> None:
    ajouter(entreprise)
    assert (
        code_du_refus(lambda: ajouter(entreprise, iban="fr76 3000 6000 0112 3456 7890 189")) == "compte_deja_enregistre"
    )
    autre = PersonneFactory()
    titulaire = habiliter(EspaceFactory(), personne=autre, service=payer()).espace
    ajouter_compte(acteur=titulaire, personne=autre, iban=IBAN, titulaire="X")
    assert ReferenceBancaire.objects.count() == 2


def test_un_compte_retire_s_ajoute_de_nouveau_sous_une_autre_rum(entreprise: Entreprise) -> None:
    premier = ajouter(entreprise)
    retirer_compte(acteur=entreprise.titulaire, reference=premier)
    second = ajouter(entreprise)
    assert second.mandat.rum != premier.mandat.rum
    assert code_du_refus(lambda: retirer_compte(acteur=entreprise.titulaire, reference=premier)) == "compte_retire"


def test_une_rum_ne_sert_jamais_deux_fois_meme_apres_la_purge(entreprise: Entreprise) -> None:
    premier = ajouter(entreprise)
    rum = premier.mandat.rum
    premier.delete()
    assert ajouter(entreprise).mandat.rum > rum
    assert len(rum) <= 35


def test_un_compte_que_la_banque_a_dit_clos_est_refuse(entreprise: Entreprise) -> None:
    compte_bancaire(
        entreprise.personne,
        etat_b2b="REFUSE",
        b2b_motif="AC04",
        b2b_le=timezone.localdate(),
        supprimee_le=timezone.now(),
    )
    assert code_du_refus(lambda: ajouter(entreprise)) == "compte_clos"


def test_renommer_dit_l_ancien_nom_et_ne_fait_rien_deux_fois(entreprise: Entreprise) -> None:
    reference = ajouter(entreprise)

    def renommer(nom: str, montre: str) -> ReferenceBancaire:
        return renommer_titulaire(acteur=entreprise.suppleant, reference=reference, titulaire=nom, montre=montre)

    renommer("ROUSSEL PASCAL", "ATELIER ROUSSEL")
    renommer("ROUSSEL PASCAL", "ATELIER ROUSSEL")
    assert Evenement.objects.filter(acte="compte_bancaire.renomme").count() == 1
    assert code_du_refus(lambda: renommer("AUTRE NOM", "ATELIER ROUSSEL")) == "titulaire_change_entretemps"
    courriel = Courriel.objects.filter(acte__startswith="compte-bancaire-renomme", espace=entreprise.titulaire).get()
    assert "ATELIER ROUSSEL" in courriel.contexte["details"]


@pytest.mark.parametrize(
    ("nom", "code"), [("", "titulaire_vide"), ("é" * 300, "titulaire_trop_long"), ("\u202e \u200b", "titulaire_vide")]
)
def test_un_titulaire_impossible_est_refuse(entreprise: Entreprise, nom: str, code: str) -> None:
    assert code_du_refus(lambda: ajouter(entreprise, titulaire=nom)) == code
    assert not ReferenceBancaire.objects.exists()


@pytest.mark.parametrize(
    ("acte", "cause"),
    [
        (actes_accounts.ADRESSE_CHANGEE, "ADRESSE"),
        (actes_accounts.MOT_DE_PASSE_CHANGE, "MOT_DE_PASSE"),
        (actes_accounts.MOT_DE_PASSE_REINITIALISE, "MOT_DE_PASSE"),
        (actes_accounts.SECOND_FACTEUR_ENREGISTRE, "SECOND_FACTEUR"),
        (actes_accounts.SECOND_FACTEUR_CLE_ENREGISTREE, "SECOND_FACTEUR"),
        (actes_accounts.SECOND_FACTEUR_RETIRE, "SECOND_FACTEUR"),
    ],
)
def test_quarante_huit_heures_apres_un_changement_sensible_de_la_semaine(
    entreprise: Entreprise, acte: Any, cause: str
) -> None:
    with transaction.atomic():
        consigner(acte, auteur=entreprise.titulaire)
    reference = ajouter(entreprise)
    assert (reference.utilisable_le, reference.attente) == (reference.ajoutee_le + timedelta(hours=48), cause)
    Habilitation.objects.filter(espace=entreprise.suppleant).update(accordee_le=timezone.now() - 8 * JOUR)
    assert ajouter(entreprise, entreprise.suppleant, iban=AUTRE).utilisable_le is None, "another's change is not his"
    assert delai(entreprise.titulaire, entreprise.personne, "", timezone.now() + 8 * JOUR).utilisable_le is None


def test_retirer_et_faire_ajouter_par_un_autre_n_abrege_pas_l_attente(entreprise: Entreprise) -> None:
    with transaction.atomic():
        consigner(actes_accounts.MOT_DE_PASSE_CHANGE, auteur=entreprise.titulaire)
    attend = ajouter(entreprise)
    retirer_compte(acteur=entreprise.titulaire, reference=attend)
    Habilitation.objects.filter(espace=entreprise.suppleant).update(accordee_le=timezone.now() - 8 * JOUR)
    encore = ajouter(entreprise, entreprise.suppleant)
    assert (encore.utilisable_le, encore.attente) == (attend.utilisable_le, "MOT_DE_PASSE")


def test_qui_vient_d_etre_designe_par_un_espace_qui_a_change_attend(entreprise: Entreprise) -> None:
    assert ajouter(entreprise, entreprise.suppleant, iban=AUTRE).utilisable_le is None
    with transaction.atomic():
        consigner(actes_accounts.ADRESSE_CHANGEE, auteur=entreprise.titulaire)
    assert ajouter(entreprise, entreprise.suppleant).attente == "DESIGNATION"


@pytest.mark.parametrize(
    ("habituel", "navigateur_nouveau", "attente"),
    [(True, True, "CONNEXION"), (True, False, ""), (False, True, "")],
)
def test_un_navigateur_inconnu_d_un_reseau_inconnu_est_une_connexion_inhabituelle(
    entreprise: Entreprise, habituel: bool, navigateur_nouveau: bool, attente: str
) -> None:
    """A stolen password, on a quiet night: no other session is open, so no alert is raised."""
    compte, maintenant = entreprise.titulaire.compte, timezone.now()
    lieux = [("192.0.2.0/24", maintenant - 30 * JOUR)] * habituel + [("198.51.100.0/24", maintenant)]
    for reseau, quand in lieux:
        Connexion.objects.create(
            id=uuid4(), quand=quand, compte=compte, resultat="REUSSIE", adresse_ip="192.0.2.7", reseau=reseau
        )
    connu_depuis = maintenant if navigateur_nouveau else maintenant - 30 * JOUR
    NavigateurConnu.objects.create(compte=compte, empreinte="e" * 64, connu_depuis=connu_depuis)
    assert ajouter(entreprise).attente == attente


def test_apres_une_cessation_qui_reduit_les_droits_rien_ne_s_ajoute(entreprise: Entreprise) -> None:
    entreprise.personne.restreinte_le = timezone.now()
    entreprise.personne.save()
    assert code_du_refus(lambda: ajouter(entreprise)) == "gestion_banque_requise"


def test_un_compte_passe_sous_un_autre_dossier_le_dit(entreprise: Entreprise) -> None:
    """An IDSP became a SIREN that has its file, between the page and the act."""
    reference = ajouter(entreprise)
    ReferenceBancaire.objects.filter(pk=reference.pk).update(personne=PersonneFactory())
    assert code_du_refus(lambda: retirer_compte(acteur=entreprise.titulaire, reference=reference)) == "compte_deplace"


def test_quarante_huit_heures_apres_une_connexion_inhabituelle(entreprise: Entreprise) -> None:
    alerte = Alerte.objects.create(compte=entreprise.titulaire.compte, motif="usage_parallele")
    assert ajouter(entreprise).attente == "CONNEXION"
    Alerte.objects.filter(pk=alerte.pk).update(etat="ECARTEE")
    assert ajouter(entreprise, iban=AUTRE).attente == ""


def test_une_alerte_ancienne_jamais_close_ne_cache_pas_la_nouvelle(entreprise: Entreprise) -> None:
    compte, maintenant = entreprise.titulaire.compte, timezone.now()
    signaler(compte=compte, genre="usage_parallele", details={}, maintenant=maintenant - timedelta(days=40))
    assert ajouter(entreprise).attente == ""
    signaler(compte=compte, genre="usage_parallele", details={}, maintenant=maintenant)
    assert Alerte.objects.count() == 1, "counted on the old one, still open"
    assert ajouter(entreprise, iban=AUTRE).attente == "CONNEXION"


def test_trop_de_changements_attendent_sauf_les_suppressions(entreprise: Entreprise, settings: Any) -> None:
    settings.PLAFOND_CHANGEMENTS_BANCAIRES = 2
    reference = ajouter(entreprise)
    ajouter(entreprise, iban=AUTRE)
    geste = {"reference": reference, "titulaire": "NOUVEAU", "montre": reference.titulaire}
    assert (
        code_du_refus(lambda: renommer_titulaire(acteur=entreprise.titulaire, **geste))
        == "trop_de_changements_bancaires"
    )
    renommer_titulaire(acteur=entreprise.suppleant, **geste)  # another administrator has his own
    retirer_compte(acteur=entreprise.titulaire, reference=reference)


def test_une_entreprise_pleine_se_libere_par_qui_la_gere(entreprise: Entreprise, settings: Any) -> None:
    settings.PLAFOND_COMPTES_BANCAIRES = 1
    reference = ajouter(entreprise)
    assert code_du_refus(lambda: ajouter(entreprise, entreprise.suppleant, iban=AUTRE)) == "trop_de_comptes"
    retirer_compte(acteur=entreprise.suppleant, reference=reference)
    ajouter(entreprise, entreprise.suppleant, iban=AUTRE)


def test_montrer_rend_l_iban_et_laisse_une_ligne(entreprise: Entreprise) -> None:
    reference = ajouter(entreprise)
    assert montrer_iban(acteur=entreprise.suppleant, reference=reference) == IBAN
    assert Evenement.objects.get(acte="compte_bancaire.montre").auteur == entreprise.suppleant.numero_abonne


def test_sans_la_cle_l_iban_est_dit_illisible(entreprise: Entreprise, settings: Any) -> None:
    reference = ajouter(entreprise)
    settings.CLES_CHIFFREMENT = ["une tout autre cle, de quarante-huit signes au moins"]
    assert code_du_refus(lambda: montrer_iban(acteur=entreprise.titulaire, reference=reference)) == "compte_illisible"
    retirer_compte(acteur=entreprise.titulaire, reference=reference)


def tient(entreprise: Entreprise, reference: ReferenceBancaire) -> bool:
    """Whether the company has this account still, with its mandate, for whoever manages its accounts next."""
    suivant = EspaceFactory(nom="Suivant")
    with transaction.atomic():
        habiliter(
            suivant,
            personne=entreprise.personne,
            service=ServiceFactory(code=f"PAYER_{uuid4().hex[:6].upper()}", paiement=True),
        )
    siens = {compte.reference.pk: compte.reference.mandat.rum for compte in comptes_de(entreprise.personne)}
    renommer_titulaire(
        acteur=suivant,
        reference=reference,
        titulaire=f"APRES {uuid4().hex[:4]}",
        montre=ReferenceBancaire.objects.get().titulaire,
    )
    return siens == {reference.pk: reference.mandat.rum}


def test_les_references_survivent_au_depart_a_la_fermeture_et_a_la_suppression(entreprise: Entreprise) -> None:
    """They are the company's: who added them may leave, be replaced, or delete the espace (CGU §3.4.c)."""
    reference = ajouter(entreprise)
    adhesion = Adhesion.objects.get(personne=entreprise.personne, service__code="PAYER_TVA")
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    retirer_adhesion(acteur=agent, adhesion=adhesion, motif="Départ du titulaire.")
    assert not entreprise.titulaire.compte.has_perm("services.gerer_banque", entreprise.personne)
    assert tient(entreprise, reference)
    supprimer_espace(acteur=entreprise.titulaire)
    assert tient(entreprise, reference)
    changement = reference.changements.get(genre="AJOUT")
    assert changement.espace == entreprise.titulaire, "the number stays, the name is gone with the espace"
    assert "Roussel" not in changement.espace.nom_complet
    page = client_de(Espace.objects.filter(nom="Suivant").first())
    assert page.get(reverse("comptes_bancaires", args=[entreprise.personne.siren])).status_code == 200


def test_ce_qui_est_supprime_s_efface_six_ans_apres_avec_ses_mandats_et_ses_signalements(
    entreprise: Entreprise,
) -> None:
    maintenant = timezone.now()
    seconde = timedelta(seconds=1)
    for iban, supprimee_le in (
        (IBAN, maintenant - settings.PRESCRIPTION_FISCALE - seconde),
        (AUTRE, maintenant - settings.PRESCRIPTION_FISCALE + seconde),
        (SENTINELLE, None),
    ):
        ajout = changement_bancaire(compte_bancaire(entreprise.personne, iban, supprimee_le=supprimee_le))
        SignalementBancaire.objects.create(changement=ajout, espace=entreprise.suppleant)
    purger(maintenant=maintenant)
    assert set(ReferenceBancaire.objects.values_list("derniers", flat=True)) == {AUTRE[-4:], SENTINELLE[-4:]}
    tables = (MandatSepa, ChangementBancaire, SignalementBancaire)
    assert [table.objects.count() for table in tables] == [2, 2, 2]
    ChangementBancaire.objects.update(fait_le=maintenant - settings.PRESCRIPTION_FISCALE - seconde)
    SignalementBancaire.objects.all().delete()
    purger(maintenant=maintenant)
    assert ReferenceBancaire.objects.count() == 2, "an account outlives what was done to it"
    assert not ChangementBancaire.objects.exists()


def test_l_avis_d_une_suppression_ne_dit_pas_que_le_compte_sert_encore(entreprise: Entreprise) -> None:
    entreprise.personne.courriel = "entreprise@exemple.fr"
    entreprise.personne.save()
    reference = compte_bancaire(entreprise.personne)
    retirer_compte(acteur=entreprise.titulaire, reference=reference)
    avis = Courriel.objects.filter(genre__startswith="compte_bancaire_change")
    assert {un.genre for un in avis} == {"compte_bancaire_change", "compte_bancaire_change_entreprise"}
    for un in avis:
        texte = str(composer(un).body)
        assert "rétablir le compte" in texte
        assert "ne peut plus servir à payer" not in texte


def test_un_changement_coute_autant_quel_que_soit_le_nombre_d_administrateurs(entreprise: Entreprise) -> None:
    """The company is locked meanwhile: its mails are written in one statement."""
    racine, nombres = Habilitation.objects.get(espace=entreprise.titulaire), []
    for iban in (IBAN, AUTRE):
        with CaptureQueriesContext(connection) as faites:
            ajouter(entreprise, iban=iban)
        nombres.append(len(faites))
        for rang in range(20):
            accorder(racine, EspaceFactory(nom=f"Suppléant {rang}"), Role.SUPPLEANT)
    assert nombres[1] <= nombres[0] + 2, nombres
    assert Courriel.objects.filter(genre="compte_bancaire_change").count() == 3 + 23
