"""The retention table and the purge that obeys it (R24)."""

import io
import re
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Q
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.donnees import lecture, retention
from accounts.donnees.declaration import COURRIEL, COURRIEL_CONTEXTE, LIEN, OUBLI, RECU
from accounts.donnees.retention import AN, Conservation, Sort, duree_lisible, purger
from accounts.models import Courriel, DemandeOubli, Espace, Evenement, Lien
from activation.models import Courrier, Demande
from espacepro.taches import CALENDRIER
from habilitations.models import Adhesion, Mandat
from tests.factories import EspaceFactory, MandatFactory, PersonneFactory, ServiceFactory
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
UNE_SECONDE = timedelta(seconds=1)


@pytest.fixture
def maintenant() -> datetime:
    return timezone.now()


def lien(espace: Espace, expire_le: datetime) -> Lien:
    return Lien.objects.create(
        espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, expire_le=expire_le, consomme_le=expire_le
    )


def courriel(rang: int, **champs: object) -> Courriel:
    valeurs = {
        "genre": "espace_ouvert",
        "destinataire": "a@exemple.fr",
        "acte": f"acte:{rang}",
        "contexte": {"nom": "x"},
    }
    if champs.get("traite_le"):
        valeurs["cree_le"] = champs["traite_le"]  # none left before it was written
    return Courriel.objects.create(**valeurs | champs)


def test_chaque_donnee_d_une_personne_a_sa_duree() -> None:
    """What the person reads on « Vos données » has its line, or goes with the row that has one (cascade)."""
    avec = retention.modeles_couverts()
    suivent = {
        "accounts.Compte": "espace",
        "accounts.NavigateurConnu": "secrets",
        "accounts.CodeSecours": "secrets",
        "accounts.Application": "secrets",
        "django_otp_webauthn.WebAuthnCredential": "secrets",
        "django_otp_webauthn.WebAuthnAttestation": "secrets",
        "django_otp_webauthn.WebAuthnUserHandle": "secrets",
        "services.PieceJointe": "messages",
        "services.LectureMessage": "messages",
        "services.MessageNonLu": "messages",
        "activation.LigneDemande": "demandes",
        "activation.CreationSimplifiee": "espace",
    }
    cles = {regle.cle for regle in retention.table()}
    assert set(suivent.values()) <= cles
    sans = {m._meta.label for m in lecture.modeles_exportes() if m not in avec} - set(suivent)
    assert not sans, f"Give these a line in a retention table (<app>/donnees_personnelles.py): {sans}"
    assert not [label for label in suivent if apps.get_model(label) in avec], "listed for nothing"


def test_la_duree_dite_des_courriels_est_la_leur() -> None:
    """« Vos données » shows one line for a table that has several: the one of all its rows, not of the receipts alone."""
    regle = retention.regle_de(Courriel)
    assert regle is not None
    assert (regle.cle, regle.duree) == ("courriels", "13 mois")


def test_ce_qui_s_efface_a_une_echeance() -> None:
    commun = {"cle": "x", "modele": Lien, "donnees": "", "finalite": "", "duree": "", "depart": "", "fondement": ""}
    with pytest.raises(ValueError, match="due"):
        Conservation(**commun, sort=Sort.EFFACER)
    with pytest.raises(ValueError, match="due"):
        Conservation(**commun, sort=Sort.CONSERVER, echues=lambda _: Q())
    with pytest.raises(ValueError, match="anonymous"):
        Conservation(**commun, sort=Sort.ANONYMISER, echues=lambda _: Q())
    with pytest.raises(ValueError, match="named"):
        retention.inscrire(retention.table()[0])


def test_chaque_regle_a_la_seconde_pres(espace: Espace, maintenant: datetime) -> None:
    gardes = [
        lien(espace, maintenant - LIEN + UNE_SECONDE),
        DemandeOubli.objects.create(adresse="a@b.fr", cree_le=maintenant - OUBLI + UNE_SECONDE),
        courriel(1, cree_le=maintenant - COURRIEL + UNE_SECONDE),
        courriel(2, genre="espace_supprime", traite_le=maintenant - RECU + UNE_SECONDE),
    ]
    effaces = [
        lien(EspaceFactory(), maintenant - LIEN - UNE_SECONDE),
        DemandeOubli.objects.create(adresse="a@b.fr", cree_le=maintenant - OUBLI - UNE_SECONDE),
        courriel(3, cree_le=maintenant - COURRIEL - UNE_SECONDE),
        courriel(4, genre="espace_supprime", traite_le=maintenant - RECU - UNE_SECONDE),
        courriel(5, genre="espace_supprime", ecarte_le=maintenant - RECU - UNE_SECONDE),
    ]
    purger(maintenant=maintenant)
    for ligne in gardes:
        assert type(ligne)._default_manager.filter(pk=ligne.pk).exists(), ligne
    for ligne in effaces:
        assert not type(ligne)._default_manager.filter(pk=ligne.pk).exists(), ligne


def test_le_contenu_des_courriels_s_efface_avant_la_ligne(maintenant: datetime) -> None:
    vide = courriel(1, traite_le=maintenant - COURRIEL_CONTEXTE - UNE_SECONDE)
    plein = courriel(2, traite_le=maintenant - COURRIEL_CONTEXTE + UNE_SECONDE)
    en_attente = courriel(3, cree_le=maintenant - COURRIEL_CONTEXTE * 2)
    purger(maintenant=maintenant)
    for ligne in (vide, plein, en_attente):
        ligne.refresh_from_db()
    assert (vide.contexte, plein.contexte, en_attente.contexte) == ({}, {"nom": "x"}, {"nom": "x"})
    assert COURRIEL > settings.DORMANCE_RAPPEL, "the yearly mails remember by their row"


def mandat_ferme(ferme_le: datetime | None) -> Mandat:
    """A mandate on which one adhésion rests, closed then (open with None), and its letter."""
    mandat = MandatFactory(
        adresse_du_courrier=["DANONE", "17 BOULEVARD"], code_saisi_le=timezone.now() - timedelta(days=9000)
    )
    Adhesion.objects.create(
        personne=mandat.personne,
        service=ServiceFactory(),
        mandat=mandat,
        fermee_le=ferme_le,
        fermee_motif="CESSATION" if ferme_le else "",
    )
    demande = Demande.objects.create(
        reference=mandat.demande,
        nature="ADHESION",
        espace=mandat.mandataire,
        personne=mandat.personne,
        qualite="MANDATAIRE",
        etat="ACTIVEE",
        terminee_le=mandat.code_saisi_le,
    )
    Courrier.objects.create(demande=demande, contenu={"demandeur": "Jeanne Martin"}, empreinte_code=mandat.demande)
    return mandat


def lettre_de(mandat: Mandat) -> dict[str, str]:
    return Courrier.objects.get(demande__reference=mandat.demande).contenu


def test_la_preuve_d_un_mandat_dure_six_ans_apres_le_dernier_service(maintenant: datetime) -> None:
    limite = maintenant - settings.PRESCRIPTION_FISCALE
    ferme, tot = mandat_ferme(limite - UNE_SECONDE), mandat_ferme(limite + UNE_SECONDE)
    assert lettre_de(ferme)
    purger(maintenant=maintenant)
    ferme.refresh_from_db()
    tot.refresh_from_db()
    assert (ferme.representant_legal, ferme.adresse_du_courrier, lettre_de(ferme)) == ("", [], {})
    assert tot.representant_legal
    assert lettre_de(tot)


@pytest.mark.django_db(transaction=True)
def test_la_preuve_d_un_mandat_dure_tant_qu_un_service_est_ouvert() -> None:
    from habilitations.models import Habilitation

    with transaction.atomic():
        mandat = mandat_ferme(None)
        adhesion = mandat.adhesions.get()
        Habilitation.objects.create(
            adhesion=adhesion,
            personne=adhesion.personne,
            service=adhesion.service,
            espace=mandat.mandataire,
            role="TITULAIRE",
        )
    purger()
    mandat.refresh_from_db()
    assert mandat.representant_legal
    assert lettre_de(mandat)


@pytest.mark.parametrize(("age", "vide"), [(AN - UNE_SECONDE, False), (AN + UNE_SECONDE, True)])
def test_une_lettre_sans_suite_se_vide_au_bout_d_un_an(
    espace: Espace, maintenant: datetime, age: timedelta, vide: bool
) -> None:
    demande = Demande.objects.create(
        reference="D-2020-AAAAAAAA",
        nature="ADHESION",
        espace=espace,
        personne=PersonneFactory(),
        qualite="MANDATAIRE",
        etat="EXPIREE",
        terminee_le=maintenant - age,
    )
    Courrier.objects.create(demande=demande, contenu={"demandeur": "x"})
    purger(maintenant=maintenant)
    assert (Courrier.objects.get().contenu == {}) is vide


def test_par_lots_et_deux_fois_sans_effet(maintenant: datetime) -> None:
    for rang in range(7):
        courriel(rang, traite_le=maintenant - COURRIEL_CONTEXTE * 2)
    bilans = {bilan.regle.cle: bilan for bilan in purger(maintenant=maintenant, lot=3)}
    assert (bilans["courriels_contenu"].nombre, bilans["courriels_contenu"].reste) == (7, False)
    lignes = Evenement.objects.filter(acte="purge.faite", details__regle="courriels_contenu")
    assert sorted(ligne.details["nombre"] for ligne in lignes) == [1, 3, 3]
    assert sum(bilan.nombre for bilan in purger(maintenant=maintenant, lot=3)) == 0
    assert lignes.count() == 3


def test_a_court_de_temps_la_purge_le_dit(maintenant: datetime) -> None:
    courriel(1, traite_le=maintenant - COURRIEL_CONTEXTE * 2)
    assert all(bilan.reste and bilan.nombre == 0 for bilan in purger(maintenant=maintenant, duree=0.0))
    assert Courriel.objects.get().contexte


def test_l_essai_compte_et_n_ecrit_rien(maintenant: datetime) -> None:
    courriel(1, traite_le=maintenant - COURRIEL_CONTEXTE * 2)
    sortie = io.StringIO()
    call_command("purger", "--dry-run", stdout=sortie)
    assert re.search(r"courriels_contenu +1 à traiter", sortie.getvalue())
    assert Courriel.objects.get().contexte
    assert not Evenement.objects.exists()
    call_command("purger", stdout=io.StringIO())
    assert Courriel.objects.get().contexte == {}


@pytest.mark.django_db(transaction=True)
def test_deux_purges_en_meme_temps() -> None:
    maintenant = timezone.now()
    for rang in range(40):
        courriel(rang, cree_le=maintenant - COURRIEL * 2)
    resultats = en_parallele(4, lambda _: purger(maintenant=maintenant, lot=5))
    assert all(isinstance(resultat, list) for resultat in resultats), resultats
    purger(maintenant=maintenant)  # what one held and the other passed over
    assert not Courriel.objects.exists()
    faites = Evenement.objects.filter(acte="purge.faite", details__regle="courriels")
    assert sum(evenement.details["nombre"] for evenement in faites) == 40, "each row is counted once"


def test_la_page_publique_est_la_table(client: Client) -> None:
    page = client.get(reverse("donnees_personnelles")).content.decode().replace("&#x27;", "'")
    for regle in retention.table():
        assert regle.donnees in page
        assert f"{regle.duree[:1].upper()}{regle.duree[1:]} ({regle.depart})" in page


@pytest.mark.parametrize(
    ("duree", "texte"),
    [
        (timedelta(days=30), "30 jours"),
        (timedelta(days=1), "24 heures"),
        (timedelta(days=396), "13 mois"),
        (AN, "12 mois"),
        (timedelta(days=2192), "6 ans"),
    ],
)
def test_duree_lisible(duree: timedelta, texte: str) -> None:
    assert duree_lisible(duree) == texte


def test_les_taches_sont_au_calendrier() -> None:
    assert {"purger", "signaler_espaces_dormants"} <= set(CALENDRIER)
    assert get_template("courriels/espace_dormant.txt")


@pytest.mark.parametrize("cle", ["courriels_contenu", "courriels", "liens"])
def test_la_purge_passe_par_un_index(cle: str, maintenant: datetime) -> None:
    """On the tables that grow with every act; a sequential scan for each batch would never end."""
    regle = next(regle for regle in retention.table() if regle.cle == cle)
    if cle == "courriels_contenu":  # the millions that say nothing any more
        Courriel.objects.bulk_create(
            Courriel(genre="espace_ouvert", destinataire="a@exemple.fr", acte=f"vide:{rang}", traite_le=maintenant)
            for rang in range(3000)
        )
        Courriel.objects.update(cree_le=maintenant - COURRIEL_CONTEXTE * 2)
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE accounts_courriel")
        curseur.execute("SET LOCAL enable_seqscan = off")
    plan = regle.lignes(maintenant).order_by()[:500].explain()
    index = {"courriels_contenu": "courriel_a_vider", "courriels": "courriel_age", "liens": "accounts_li"}[cle]
    assert re.search(rf"Index.* {index}", plan), plan
    assert "Index Cond" in plan, plan
