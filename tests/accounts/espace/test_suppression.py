"""Deleting an espace: what blocks it, what falls, what stays (R19, CGU §4.c)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.donnees.retention import purger
from accounts.envois import courriels
from accounts.envois.liens import creer_lien
from accounts.espace import suppression
from accounts.espace.suppression import EspaceNonActif, SuppressionBloquee, supprimer_espace
from accounts.models import AncienMotDePasse, Compte, Courriel, DemandeOubli, Espace, Evenement, Lien, Session
from accounts.saisies.adresses import normaliser_adresse
from activation.models import Courrier, Demande
from habilitations.models import Adhesion, DemandeRetrait, Habilitation, Mandat, Role
from habilitations.partage.delegations import deleguer
from services.models import Message
from surveillance.models import Connexion
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, echanger, habiliter
from tests.habilitations.scenes import apercu_de
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def demande_en_cours(espace: Espace) -> Demande:
    demande = Demande.objects.create(
        reference="D-2026-ABCDEFGH",
        nature="ADHESION",
        espace=espace,
        personne=PersonneFactory(),
        qualite="MANDATAIRE",
        etat="CODE_ENVOYE",
    )
    Courrier.objects.create(
        demande=demande,
        contenu={"demandeur": espace.nom_complet},
        etat="EDITE",
        edite_le=timezone.now(),
        expire_le=timezone.now() + timedelta(days=60),
    )
    return demande


def test_un_espace_vide_se_supprime(espace: Espace) -> None:
    numero, adresse, cle = espace.numero_abonne, espace.compte.email, espace.compte_id
    supprimer_espace(acteur=espace)
    reste = Espace.objects.get()
    assert (reste.numero_abonne, reste.etat, reste.compte) == (numero, Espace.Etat.SUPPRIME, None)
    assert reste.supprime_le
    assert not Compte.objects.filter(pk=cle).exists()
    assert Evenement.objects.get(acte="espace.supprime").espace == numero
    recu = Courriel.objects.get()
    assert (recu.genre, recu.destinataire, recu.espace) == ("espace_supprime", adresse, None)
    assert courriels.envoyer_en_attente() == 1
    assert mail.outbox[0].to == [adresse]
    assert numero[:4] in mail.outbox[0].body


def test_toute_colonne_qui_n_est_pas_gardee_est_vide(espace: Espace) -> None:
    """Driven by the schema: a column that is added to Espace is blanked unless GARDES names it."""
    colonnes = {champ.name for champ in Espace._meta.concrete_fields}
    assert colonnes >= suppression.GARDES
    assert {
        "nom",
        "prenom",
        "telephone",
        "voie",
        "reponse_confiance",
        "siren_appartenance",
    } <= colonnes - suppression.GARDES
    supprimer_espace(acteur=espace)
    ligne = Espace.objects.values().get()
    pleines = {nom for nom, valeur in ligne.items() if valeur not in (None, "", [], 0)}
    assert pleines - suppression.GARDES == set()


def test_ce_qui_tombe_tombe(espace: Espace) -> None:
    """An adhésion of one's own closes; what was received ends; what was granted under it falls; a demande is cancelled."""
    autre, tiers = EspaceFactory(), EspaceFactory()
    with transaction.atomic():
        mienne = habiliter(espace)
        recue = accorder(habiliter(autre), espace, Role.SUPPLEANT)
        accordee = accorder(recue, tiers, Role.ACTEUR)
    demande = demande_en_cours(espace)
    annonce = {chute.titre: chute.lignes for chute in suppression.chutes(espace)}
    assert {titre: len(lignes) for titre, lignes in annonce.items()} == {
        "Demandes annulées": 1,
        "Adhésions fermées": 1,
        "Suppléances et délégations reçues": 1,
        "Délégations que vous avez accordées": 1,
    }
    assert tiers.nom_complet in annonce["Délégations que vous avez accordées"][0]
    supprimer_espace(acteur=espace)
    for habilitation, motif in ((mienne, "SUPPRESSION_ESPACE"), (recue, "SUPPRESSION_ESPACE"), (accordee, "CASCADE")):
        habilitation.refresh_from_db()
        assert habilitation.fin_motif == motif
    mienne.adhesion.refresh_from_db()
    assert mienne.adhesion.fermee_motif == Adhesion.Motif.SUPPRESSION_ESPACE
    assert recue.adhesion.est_ouverte
    assert Habilitation.objects.vivantes().filter(espace=autre).count() == 1, "the titulaire keeps his own"
    demande.refresh_from_db()
    assert demande.etat == Demande.Etat.ANNULEE
    assert Courrier.objects.get().contenu == {}
    assert Courriel.objects.get(genre="habilitation_perdue_suppression").destinataire == tiers.compte.email
    courriels.envoyer_en_attente()
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("prets", [suppression.ORDRE, suppression.ORDRE[::-1]])
def test_ce_qui_tombe_d_abord_ne_suit_pas_qui_est_pret_le_premier(
    espace: Espace, monkeypatch: pytest.MonkeyPatch, prets: tuple[str, ...]
) -> None:
    """The order is written once: a demande whose code could still open something falls before what is open."""
    inscrits = {volet.nom: volet for volet in suppression._VOLETS}
    assert set(inscrits) == set(suppression.ORDRE)
    demande_en_cours(espace)
    with transaction.atomic():
        habiliter(espace)
    monkeypatch.setattr(suppression, "_VOLETS", [])
    for nom in prets:
        suppression.inscrire(inscrits[nom])
    supprimer_espace(acteur=espace)
    tombes = Evenement.objects.filter(acte__in=("demande.annulee", "adhesion.fermee")).order_by("pk")
    assert [evenement.acte for evenement in tombes] == ["demande.annulee", "adhesion.fermee"]


def test_un_volet_sans_place_dans_l_ordre_est_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_VOLETS", [])
    inconnu = suppression.Volet(
        nom="surveillance",
        verrouiller=lambda espace: None,
        bloquants=lambda espace: [],
        chutes=lambda espace: [],
        faire_tomber=lambda espace, maintenant: None,
    )
    with pytest.raises(ValueError, match="surveillance"):
        suppression.inscrire(inconnu)
    assert suppression._VOLETS == []


def test_le_retrait_par_le_gestionnaire_bloque(espace: Espace) -> None:
    with transaction.atomic():
        habiliter(espace, service=ServiceFactory(code="RESERVE", retrait_par_gestionnaire=True))
    with pytest.raises(SuppressionBloquee) as refus:
        supprimer_espace(acteur=espace)
    assert "service gestionnaire" in refus.value.blocages[0].raison
    assert Espace.objects.get(pk=espace.pk).est_actif
    assert Adhesion.objects.get().est_ouverte


@pytest.mark.parametrize(
    ("role", "champs", "bloque"),
    [
        (Role.SUPPLEANT, {}, True),
        (Role.ACTEUR, {}, True),
        (Role.SUPPLEANT, {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE", "veille_depuis": timezone.now()}, True),
        (Role.ACTEUR, {"expire_le": timezone.localdate()}, True),
        (Role.ACTEUR, {"expire_le": timezone.localdate() - timedelta(days=1)}, False),
        (Role.ACTEUR, {"fin_le": timezone.now(), "fin_motif": "RETRAIT"}, False),
    ],
)
def test_ceux_qui_dependent_d_un_titulaire_bloquent(
    espace: Espace, role: str, champs: dict[str, Any], bloque: bool
) -> None:
    with transaction.atomic():
        accorder(habiliter(espace), EspaceFactory(), role, **champs)
    assert bool(suppression.blocages(espace)) is bloque
    if not bloque:
        supprimer_espace(acteur=espace)
        assert not Habilitation.objects.vivantes().exists()


def test_un_suppleant_part_sans_rien_bloquer(espace: Espace) -> None:
    """Neither a service withdrawn by the office nor others on the adhésion stop somebody who is not its titulaire."""
    with transaction.atomic():
        racine = habiliter(EspaceFactory(), service=ServiceFactory(code="RESERVE", retrait_par_gestionnaire=True))
        accorder(accorder(racine, espace, Role.SUPPLEANT), EspaceFactory(), Role.ACTEUR)
    assert suppression.blocages(espace) == []
    supprimer_espace(acteur=espace)
    assert Habilitation.objects.vivantes().get() == racine


def test_le_retrait_se_demande_en_une_fois(espace: Espace) -> None:
    with transaction.atomic():
        habiliter(espace, service=ServiceFactory(code="RESERVE", retrait_par_gestionnaire=True))
        accorder(habiliter(espace), EspaceFactory(), Role.SUPPLEANT)
        habiliter(espace)
    assert [suppression.demander_au_gestionnaire(acteur=espace) for _ in range(2)] == [2, 0]
    assert DemandeRetrait.objects.filter(demandeur=espace, service_gestionnaire__isnull=False).count() == 2
    assert all(blocage.demandee_le for blocage in suppression.blocages(espace))


@pytest.mark.parametrize("etat", ["DESACTIVE", "EN_ATTENTE_COURRIEL"])
def test_seul_un_espace_actif_se_supprime(espace: Espace, etat: str) -> None:
    Espace.objects.filter(pk=espace.pk).update(etat=etat)
    for acte in (suppression.supprimer_espace, suppression.demander_au_gestionnaire):
        with pytest.raises(EspaceNonActif):
            acte(acteur=espace)


def test_le_parcours(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client, ailleurs = client_de(espace), client_de(espace)
    with transaction.atomic():
        habiliter(espace)
    page = client.get(reverse("supprimer_espace"))
    assert "Adhésions fermées (1)" in page.content.decode()
    assert client.post(reverse("supprimer_espace"), {}).status_code == 200
    assert Espace.objects.get(pk=espace.pk).est_actif, "the box must be ticked"
    montre = apercu_de(page.content.decode())
    sans = client.post(reverse("supprimer_espace"), {"confirme": "on"}).content.decode()
    assert "ce que cette page montrait a changé" in sans
    assert Espace.objects.get(pk=espace.pk).est_actif, "what falls was shown"
    reponse = client.post(reverse("supprimer_espace"), {"confirme": "on", **montre}, follow=True)
    assert reponse.redirect_chain[-1][0] == reverse("espace_supprime")
    assert "Un reçu part" in reponse.content.decode()
    assert Espace.objects.get(pk=espace.pk).etat == Espace.Etat.SUPPRIME
    for navigateur in (client, ailleurs):
        assert navigateur.get(reverse("espace")).status_code == 302, "every session is over"
    assert not Session.objects.filter(compte__isnull=False).exists()


def test_le_parcours_bloque(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    with transaction.atomic():
        habiliter(espace, service=ServiceFactory(code="RESERVE", retrait_par_gestionnaire=True))
    page = client.get(reverse("supprimer_espace")).content.decode()
    assert "Demander le retrait au service gestionnaire" in page
    assert "Supprimer définitivement" not in page
    refus = client.post(reverse("supprimer_espace"), {"confirme": "on", **apercu_de(page)})
    assert "ne peut pas être supprimé" in refus.content.decode()
    assert "Demander le retrait" in client.post(reverse("demander_suppression"), follow=True).content.decode()
    page = client.post(reverse("demander_suppression"), apercu_de(page), follow=True).content.decode()
    assert "Retrait demandé le" in page
    assert "Demander le retrait au service gestionnaire" not in page


def test_les_services_d_une_personne_tiennent_en_une_ligne(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    """What an accountant of 100 SIREN × 30 services reads: a line for each company, and for each reason."""
    services = [ServiceFactory(retrait_par_gestionnaire=True) for _ in range(3)]
    with transaction.atomic():
        personne = habiliter(espace, service=services[0]).personne
        for service in services[1:]:
            habiliter(espace, personne=personne, service=service)
        habiliter(espace)
    (chute,) = suppression.chutes(espace)
    assert (chute.nombre, len(chute.lignes)) == (4, 2)
    assert all(any(service.libelle in ligne for ligne in chute.lignes) for service in services)
    page = client_de(espace).get(reverse("supprimer_espace")).content.decode()
    assert page.count("eul le service gestionnaire peut retirer") == 1
    assert "Adhésions fermées (4)" in page


def test_ce_qui_bloque_est_dit_une_fois_et_nomme_qui_utilise_le_service(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    """Sixty companies shared with the same two persons: one sentence, two names, each with the list where to withdraw him."""
    ines, tom = EspaceFactory(prenom="Inès", nom="Petit"), EspaceFactory(prenom="Tom", nom="Faure")
    with transaction.atomic():
        for rang in range(60):
            racine = habiliter(espace)
            accorder(racine, ines, Role.SUPPLEANT)
            if rang < 3:
                accorder(racine, tom, Role.ACTEUR)
    client = client_de(espace)
    page = client.get(reverse("supprimer_espace")).content.decode().replace("&#x27;", "'")
    assert page.count("’autres personnes y ont accès grâce à vous") == 1
    assert "60 services de 60 entreprises" in page
    for nom, nombre, liste, qui in (
        ("Inès Petit", "60 services", "suppleants", ines),
        ("Tom Faure", "3 services", "delegations", tom),
    ):
        adresse = reverse(liste, query={"q": qui.numero_abonne})
        assert f'{nom}, {nombre} : <a href="{adresse}">' in page
        montree = client.get(adresse).content.decode()
        assert qui.nom in montree, "the list that the link opens shows what to withdraw"
    assert "Tom Faure" not in client.get(reverse("suppleants", query={"q": ines.numero_abonne})).content.decode()


def test_le_mot_de_passe_est_demande(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    session = client.session
    session["prouve_le"] = 0
    session.save()
    assert client.get(reverse("supprimer_espace"))["Location"].startswith(reverse("confirmer_identite"))
    client.post(reverse("supprimer_espace"), {"confirme": "on"})
    client.post(reverse("supprimer_espace"), {"confirme": "on", "confirmation_mot_de_passe": "faux"})
    assert Espace.objects.get(pk=espace.pk).est_actif


# --- Nothing personal remains outside what the law keeps ------------------------------------------------------------

SENTINELLE = "Quetzalcoatlus"
TELEPHONE = "06 98 76 54 32"
ADRESSE = "quetzalcoatlus@cabinet-dupont.fr"
# Where a value of the person may stay, and why.
PERMIS = {
    "habilitations_mandat.representant_legal": "evidence of the mandate: the person was the représentant légal",
    "habilitations_mandat.adresse_du_courrier": "evidence of the mandate",
    "activation_courrier.contenu": "the letter of a mandate that was given",
    "services_message.texte": "what was written to the administration in a company's name",
    "accounts_courriel.destinataire": "the receipt, purged a day after it left",
    "accounts_courriel.contexte": "what others were told, purged thirty days after it left",
}


def ou_se_trouve(*valeurs: str) -> set[str]:
    """Return the columns (`table.colonne`) of the whole database that hold one of these values, in any case."""
    trouvees = set()
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name NOT IN (SELECT viewname FROM pg_views)"
        )
        for table, colonne in curseur.fetchall():
            motif = "|".join(re.escape(valeur) for valeur in valeurs)
            curseur.execute(f'SELECT 1 FROM "{table}" WHERE "{colonne}"::text ~* %s LIMIT 1', [motif])
            if curseur.fetchone():
                trouvees.add(f"{table}.{colonne}")
    return trouvees


def remplir(espace: Espace) -> None:
    """Leave a trace of this person everywhere a trace may be left."""
    autre = EspaceFactory()
    with transaction.atomic():
        mienne = habiliter(espace)
        recue = accorder(habiliter(autre), espace, Role.SUPPLEANT)
        accorder(recue, EspaceFactory(), Role.ACTEUR)
    Mandat.objects.filter(mandataire=espace).update(representant_legal=espace.nom_complet)
    mandat = Mandat.objects.filter(mandataire=espace).first()
    activee = Demande.objects.create(
        reference=mandat.demande,
        nature="ADHESION",
        espace=espace,
        personne=mienne.personne,
        qualite="MANDATAIRE",
        etat="ACTIVEE",
        terminee_le=timezone.now(),
    )
    Courrier.objects.create(demande=activee, contenu={"demandeur": espace.nom_complet}, empreinte_code="a")
    demande_en_cours(espace)
    DemandeRetrait.objects.create(habilitation=recue, demandeur=espace, motif=f"moi, {SENTINELLE}")
    AncienMotDePasse.objects.create(compte=espace.compte, empreinte=SENTINELLE)
    DemandeOubli.objects.create(adresse=normaliser_adresse(ADRESSE.upper()))
    creer_lien(espace=espace, objet=Lien.Objet.CHANGEMENT_ADRESSE, adresse=f"autre-{ADRESSE}")
    Connexion.objects.create(
        id="0197d2b8-0000-7000-8000-000000000002", compte=espace.compte, resultat="REUSSIE", adresse_ip="203.0.113.9"
    )
    echange = echanger(mienne.personne)
    Message.objects.create(echange=echange, espace=espace, texte=f"Bonjour, {SENTINELLE}")
    courriels.deposer("espace_ouvert", destinataire=ADRESSE, acte="a", espace=espace, contexte={"nom": SENTINELLE})
    courriels.deposer(
        "habilitation_accordee",
        destinataire=autre.compte.email,
        acte="b",
        espace=autre,
        contexte={"acteur": espace.nom_complet},
    )
    with transaction.atomic():
        from accounts.actes import ESPACE_CONFIRME
        from accounts.traces.journal import consigner

        consigner(ESPACE_CONFIRME, auteur=espace)


@pytest.fixture
def reperable() -> Espace:
    return EspaceFactory(
        compte__email=ADRESSE, nom=SENTINELLE, telephone=TELEPHONE, voie=f"rue {SENTINELLE}", commune=SENTINELLE
    )


def test_rien_de_personnel_ne_reste(reperable: Espace, client_de: Callable[[Espace], Client]) -> None:
    remplir(reperable)
    client = client_de(reperable)
    client.get(reverse("espace"), {"q": SENTINELLE})
    avant = ou_se_trouve(SENTINELLE, TELEPHONE, ADRESSE)
    assert {
        "accounts_espace.nom",
        "accounts_compte.email",
        "accounts_lien.adresse",
        "accounts_ancienmotdepasse.empreinte",
        "accounts_demandeoubli.adresse",
        "habilitations_demanderetrait.motif",
    } <= avant, "the search sees what is there"
    supprimer_espace(acteur=reperable)
    reste = ou_se_trouve(SENTINELLE, TELEPHONE, ADRESSE)
    assert reste <= set(PERMIS), f"left behind: {reste - set(PERMIS)}"
    assert "accounts_courriel.destinataire" in reste, "the receipt has not left yet"
    assert Evenement.objects.filter(espace=reperable.numero_abonne).exists(), "the journal stays"
    assert Mandat.objects.filter(mandataire=reperable).exists(), "the evidence stays"


def test_apres_les_purges_ne_reste_que_ce_que_la_loi_garde(reperable: Espace) -> None:
    remplir(reperable)
    supprimer_espace(acteur=reperable)
    Courriel.objects.update(traite_le=timezone.now())
    purger(maintenant=timezone.now() + timedelta(days=31))
    reste = ou_se_trouve(SENTINELLE, TELEPHONE, ADRESSE)
    assert reste == {
        "habilitations_mandat.representant_legal",
        "activation_courrier.contenu",
        "services_message.texte",
    }


# --- Races --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_deux_suppressions_en_meme_temps(tours: Callable[[int], int]) -> None:
    for _ in range(tours(100)):
        espace = EspaceFactory()
        with transaction.atomic():
            habiliter(espace)
        resultats = en_parallele(4, lambda _, e=espace: supprimer_espace(acteur=e))
        assert sum(isinstance(resultat, Espace) for resultat in resultats) == 1, resultats
        assert sum(isinstance(resultat, EspaceNonActif) for resultat in resultats) == 3, resultats
        assert Evenement.objects.filter(acte="espace.supprime", espace=espace.numero_abonne).count() == 1
        assert Courriel.objects.filter(acte=f"espace-supprime:{espace.pk}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_supprimer_pendant_qu_on_lui_delegue(tours: Callable[[int], int]) -> None:
    """Either the delegation comes first and falls with the espace, or it is refused: none hangs on a deleted espace."""
    for _ in range(tours(200)):
        titulaire, beneficiaire = EspaceFactory(), EspaceFactory()
        with transaction.atomic():
            adhesion = habiliter(titulaire).adhesion

        def courir(rang: int, a: Espace = titulaire, b: Espace = beneficiaire, adhesion: Adhesion = adhesion) -> object:
            if rang:
                return supprimer_espace(acteur=b)
            return deleguer(acteur=a, adhesions=[adhesion], beneficiaire=b, role=Role.ACTEUR)

        delegation, suppression_faite = en_parallele(2, courir)
        assert isinstance(suppression_faite, Espace), suppression_faite
        assert not Habilitation.objects.vivantes().filter(espace=beneficiaire).exists()
        assert isinstance(delegation, list) or type(delegation).__name__ == "BeneficiaireIntrouvable", delegation


@pytest.mark.django_db(transaction=True)
def test_supprimer_pendant_que_l_on_delegue_plus_bas(tours: Callable[[int], int]) -> None:
    """An acteur délégant grants while the suppléant above him leaves: nothing live is left under something ended."""
    for _ in range(tours(400)):
        titulaire, partant, delegant, tiers = EspaceFactory(), EspaceFactory(), EspaceFactory(), EspaceFactory()
        with transaction.atomic():
            racine = habiliter(titulaire)
            sienne = accorder(accorder(racine, partant, Role.SUPPLEANT), delegant, Role.ACTEUR_DELEGANT)

        def courir(
            rang: int, a: Espace = partant, b: Espace = delegant, c: Espace = tiers, h: Habilitation = sienne
        ) -> object:
            if rang:
                return supprimer_espace(acteur=a)
            return deleguer(acteur=b, adhesions=[h.adhesion], beneficiaire=c, role=Role.ACTEUR)

        delegation, suppression_faite = en_parallele(2, courir)
        assert isinstance(suppression_faite, Espace), suppression_faite
        assert isinstance(delegation, list) or type(delegation).__name__ == "LignesRefusees", delegation
        assert set(Habilitation.objects.vivantes().filter(adhesion=racine.adhesion)) == {racine}
