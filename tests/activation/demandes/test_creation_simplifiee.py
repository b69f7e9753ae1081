"""R1: the creation simplifiée, from its form to the bouquet opened by the code (CGU §2.1.a)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.liens import LienDejaUtilise, LienExpire, LienInvalide, jeton
from accounts.espace.inscription import MotDePasseAutre, confirmer_adresse, inscrire_expert
from accounts.models import Compte, Courriel, Espace, Evenement, Lien
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from accounts.views.inscription import PROUVEE
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.creation_simplifiee import (
    ReserveeAuxEntreprises,
    ServicesDejaOuverts,
    confirmer_connexion,
    confirmer_entreprise,
    effacer_perimees,
    exiger_admissible,
    inscrire_simplifie,
    renvoyer_liens,
)
from activation.demandes.depot import EspaceNonExpert, PersonneCessee
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier, expirer_demandes
from activation.models import Courrier, CreationSimplifiee, Demande
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from services.models import Categorie, PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory, PersonneFactory, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne() -> PersonneSirenisee:
    scenes.services_du_bouquet()
    return PersonneFactory()


def test_de_la_demande_au_bouquet(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    assert (espace.mode, espace.etat) == (Espace.Mode.SIMPLIFIE, Espace.Etat.EN_ATTENTE_COURRIEL)
    assert not Demande.objects.exists(), "nothing is asked of the SIREN before the addresses answer"
    assert list(Courriel.objects.values_list("genre", "destinataire")) == [("confirmer_connexion", scenes.LOGIN)]
    creation = confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION))
    assert not creation.complete
    assert not Courrier.objects.exists(), "the company has not answered"
    assert Courriel.objects.filter(genre="confirmer_entreprise", destinataire=scenes.ENTREPRISE).count() == 1
    assert confirmer_entreprise(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)).complete
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.EN_ATTENTE_CODE
    assert espace.compte.is_active
    demande = Demande.objects.get()
    assert sorted(demande.services.values_list("code", flat=True)) == ["DECL_TVA", "MSG"]
    scenes.editer(demande)
    activation = activer(acteur=espace, demande=demande, saisie=scenes.code(demande))
    espace.refresh_from_db()
    personne.refresh_from_db()
    assert espace.etat == Espace.Etat.ACTIF
    assert espace.active_le is not None
    assert personne.courriel == scenes.ENTREPRISE
    assert {a.service.code for a in activation.adhesions} == {"DECL_TVA", "MSG"}
    assert set(Habilitation.objects.actives().values_list("espace", "role")) == {(espace.pk, Role.TITULAIRE)}
    mandat = Mandat.objects.get()
    assert (mandat.nature, mandat.qualite, mandat.mandataire_id) == (
        "CREATION_SIMPLIFIEE",
        "représentant légal",
        espace.pk,
    )
    assert len(mandat.demarches) == 2
    assert Evenement.objects.filter(acte="espace.active", espace=espace.numero_abonne).count() == 1


def test_une_seule_adresse_un_seul_lien(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne, courriel=scenes.LOGIN.upper())
    assert Lien.objects.count() == Courriel.objects.count() == 1
    assert confirmer_entreprise(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)).complete
    assert Demande.objects.count() == 1


@pytest.mark.parametrize(
    ("champs", "regle"),
    [
        ({"active": False}, PersonneCessee),
        ({"categorie": Categorie.COLLECTIVITE}, ReserveeAuxEntreprises),
        ({"categorie": Categorie.ETABLISSEMENT_PUBLIC}, ReserveeAuxEntreprises),
    ],
)
def test_refusee(personne: PersonneSirenisee, champs: dict[str, Any], regle: type[RegleMetier]) -> None:
    PersonneSirenisee.objects.filter(pk=personne.pk).update(**champs)
    personne.refresh_from_db()
    with pytest.raises(regle):
        scenes.inscrire(personne)
    assert not Espace.objects.exists()


def test_ouverte_aux_associations(personne: PersonneSirenisee) -> None:
    exiger_admissible(PersonneFactory(categorie=Categorie.ASSOCIATION))


def test_refusee_quand_un_service_est_ouvert(personne: PersonneSirenisee) -> None:
    habiliter(EspaceFactory(), personne=personne)
    with pytest.raises(ServicesDejaOuverts):
        scenes.inscrire(personne)


def test_la_demande_d_un_autre_ne_ferme_rien_et_ne_se_voit_pas(personne: PersonneSirenisee) -> None:
    for _ in range(4):
        scenes.adhesion(None, personne)
    exiger_admissible(personne)
    assert scenes.confirmer(scenes.inscrire(personne)).etat == Demande.Etat.DEPOSEE


def test_les_regles_sont_revues_au_clic(personne: PersonneSirenisee) -> None:
    """The company ceased between the form and the click: refused, and the link is not used up."""
    espace = scenes.inscrire(personne, courriel=scenes.LOGIN)
    ici = scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)
    PersonneSirenisee.objects.filter(pk=personne.pk).update(active=False)
    with pytest.raises(PersonneCessee):
        confirmer_entreprise(acteur=ici)
    PersonneSirenisee.objects.filter(pk=personne.pk).update(active=True)
    assert confirmer_entreprise(acteur=ici).complete


@pytest.mark.parametrize("secondes", [-1, 1])
def test_lien_de_72_heures(personne: PersonneSirenisee, secondes: int) -> None:
    depart = timezone.now()
    espace = scenes.inscrire(personne, courriel=scenes.LOGIN, maintenant=depart)
    ici = scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)
    instant = depart + timedelta(hours=72, seconds=secondes)
    if secondes < 0:
        assert effacer_perimees(maintenant=instant) == 0
        assert confirmer_entreprise(acteur=ici, maintenant=instant).complete
    else:
        with pytest.raises(LienExpire):
            confirmer_entreprise(acteur=ici, maintenant=instant)
        assert effacer_perimees(maintenant=instant) == 1
        assert not Espace.objects.exists()
        assert not Compte.objects.exists()
        assert scenes.inscrire(personne), "the address is free again: restart"


def test_chaque_adresse_a_ses_72_heures(personne: PersonneSirenisee) -> None:
    depart = timezone.now()
    premier = depart + timedelta(hours=71)
    espace = scenes.inscrire(personne, maintenant=depart)
    confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION), maintenant=premier)
    assert effacer_perimees(maintenant=premier + timedelta(hours=71)) == 0
    assert effacer_perimees(maintenant=premier + timedelta(hours=73)) == 1
    assert not CreationSimplifiee.objects.exists()


def test_une_adresse_de_connexion_sans_reponse_perime(personne: PersonneSirenisee) -> None:
    depart = timezone.now()
    scenes.inscrire(personne, maintenant=depart)
    assert effacer_perimees(maintenant=depart + timedelta(hours=71)) == 0
    assert effacer_perimees(maintenant=depart + timedelta(hours=73)) == 1


def test_une_creation_qui_attend_son_code_n_est_pas_effacee(personne: PersonneSirenisee) -> None:
    scenes.confirmer(scenes.inscrire(personne))
    assert effacer_perimees(maintenant=timezone.now() + timedelta(days=30)) == 0


def test_liens_a_usage_unique_et_sans_croisement(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    ici = scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION)
    for acte in (confirmer_entreprise, confirmer_adresse):
        with pytest.raises(LienInvalide):
            acte(acteur=ici)
    confirmer_connexion(acteur=ici)
    with pytest.raises(LienDejaUtilise):
        confirmer_connexion(acteur=ici)
    with pytest.raises(LienInvalide):
        confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE))
    assert not Demande.objects.exists()


def test_l_entreprise_efface_une_demande_qu_elle_ne_reconnait_pas(client: Client, personne: PersonneSirenisee) -> None:
    """Whoever reads the company's mailbox, which is not the login's: erased, the person told, nothing proved for this browser."""
    espace = scenes.inscrire(personne)
    adresse = espace.compte.email
    confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION))
    page = scenes.lien(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)
    chemin = reverse("confirmer_entreprise", args=[page])
    assert "Ce n’est pas nous : effacer cette demande" in client.get(chemin).content.decode().replace("&#x27;", "'")
    assert Espace.objects.filter(pk=espace.pk).exists(), "looking erases nothing"
    assert "en sera prévenu" in client.post(chemin, {"effacer": "1"}).content.decode()
    assert Espace.objects.filter(pk=espace.pk).exists(), "nor one press by mistake"
    suite = client.post(chemin, {"effacer": "oui"}, follow=True)
    assert "La demande est effacée" in suite.content.decode()
    assert not Espace.objects.filter(pk=espace.pk).exists()
    assert not Demande.objects.exists()
    assert PROUVEE not in client.session
    (courriel,) = Courriel.objects.filter(genre="inscription_refusee")
    assert courriel.destinataire == adresse
    assert "ne reconnaît pas votre demande" in str(courriels.composer(courriel).body)
    assert client.post(chemin, {"effacer": "1"}).status_code == 410


def test_renvoyer(personne: PersonneSirenisee) -> None:
    depart = timezone.now()
    espace = scenes.inscrire(personne, maintenant=depart)
    confirmer_connexion(acteur=scenes.visiteur(espace, Lien.Objet.CONFIRMATION_CONNEXION), maintenant=depart)
    ancien = scenes.lien(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)
    courriels.envoyer_en_attente()
    assert not renvoyer_liens(acteur=espace, maintenant=depart + timedelta(seconds=119))
    assert renvoyer_liens(acteur=espace, maintenant=depart + timedelta(seconds=121))
    assert Lien.objects.filter(objet=Lien.Objet.CONFIRMATION_CONNEXION).count() == 1, "that address has answered"
    assert scenes.lien(espace, Lien.Objet.CONFIRMATION_ENTREPRISE) == ancien, "asking again kills no link"


def test_adresse_de_connexion_deja_prise_ne_se_voit_pas(personne: PersonneSirenisee) -> None:
    existant = EspaceFactory()
    espace = inscrire_simplifie(
        acteur=Visiteur(),
        inscription=scenes.inscription(personne, existant.compte.email),
        personne=personne,
        courriel=scenes.ENTREPRISE,
        qualite=Demande.Qualite.MANDATAIRE,
    )
    assert espace is None
    assert list(Courriel.objects.values_list("genre", flat=True)) == ["adresse_deja_utilisee"]
    assert not CreationSimplifiee.objects.exists()


def test_la_messagerie_de_l_entreprise_ne_dit_pas_si_l_adresse_est_prise(personne: PersonneSirenisee) -> None:
    """Who types somebody's login address and a company's address of their own reads the same mails: none."""
    for adresse in (EspaceFactory().compte.email, "inconnu@cabinet-dupont.fr"):
        inscrire_simplifie(
            acteur=Visiteur(),
            inscription=scenes.inscription(personne, adresse),
            personne=personne,
            courriel=scenes.ENTREPRISE,
            qualite=Demande.Qualite.MANDATAIRE,
        )
        assert Courriel.objects.filter(destinataire=adresse).count() == 1
        assert not Courriel.objects.filter(destinataire=scenes.ENTREPRISE).exists(), adresse


def test_la_premiere_inscription_d_une_adresse_reste_dans_les_deux_modes(personne: PersonneSirenisee) -> None:
    simplifie = scenes.inscrire(personne)
    assert inscrire_expert(acteur=Visiteur(), inscription=scenes.inscription(personne)) is None
    assert list(Espace.objects.all()) == [simplifie]
    son_navigateur = Visiteur(inscription=str(simplifie.pk))
    expert = inscrire_expert(acteur=son_navigateur, inscription=scenes.inscription(personne))
    assert list(Espace.objects.all()) == [expert], "but for the browser that made it"


@pytest.mark.parametrize("secondes", [-1, 1])
def test_code_expire_l_espace_tombe(personne: PersonneSirenisee, secondes: int) -> None:
    espace = scenes.inscrire(personne)
    demande = scenes.confirmer(espace)
    courrier = scenes.editer(demande)
    instant = courrier.expire_le + timedelta(seconds=secondes)
    assert expirer_demandes(maintenant=instant) == (1 if secondes > 0 else 0)
    espace.refresh_from_db()
    if secondes < 0:
        activer(acteur=espace, demande=demande, saisie=scenes.code(demande), maintenant=instant)
        return
    assert espace.etat == Espace.Etat.SUPPRIME
    assert espace.compte is None
    assert (espace.nom, espace.reponse_confiance, espace.telephone, espace.siren_appartenance) == ("", "", "", "")
    assert not Compte.objects.exists()
    assert Courriel.objects.filter(genre="demande_expiree", destinataire=scenes.LOGIN).count() == 1
    assert scenes.confirmer(scenes.inscrire(personne)), "address and SIREN are free again"


def test_annuler_fait_tomber_l_espace(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    demande = scenes.confirmer(espace)
    annuler_demande(acteur=espace, demande=demande)
    espace.refresh_from_db()
    assert (espace.etat, espace.compte) == (Espace.Etat.SUPPRIME, None)
    assert Courriel.objects.filter(genre="demande_annulee", destinataire=scenes.LOGIN).exists()


def test_nouveau_courrier_en_attente(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    demande = scenes.confirmer(espace)
    scenes.editer(demande)
    demander_nouveau_courrier(acteur=espace, demande=demande, maintenant=timezone.now() + timedelta(days=15))
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.EN_ATTENTE_CODE


def test_un_service_ouvert_entre_temps_est_laisse_a_son_titulaire(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    demande = scenes.confirmer(espace)
    scenes.editer(demande)
    rival = EspaceFactory()
    habiliter(rival, personne=personne, service=Service.objects.get(code="MSG"))
    activation = activer(acteur=espace, demande=demande, saisie=scenes.code(demande))
    assert [s.code for s in activation.deja_ouverts] == ["MSG"]
    espace.refresh_from_db()
    assert espace.est_actif
    assert Adhesion.objects.ouvertes().count() == 2


def test_un_espace_simplifie_n_adhere_pas_ailleurs(personne: PersonneSirenisee) -> None:
    espace = EspaceFactory(mode=Espace.Mode.SIMPLIFIE)
    with pytest.raises(EspaceNonExpert):
        deposer_adhesion(
            acteur=espace, personne=personne, services=[Service.objects.get(code="MSG")], qualite="MANDATAIRE"
        )


# --- Races -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_course_deux_creations_pour_un_siren(tours: Callable[[int], int]) -> None:
    scenes.services_du_bouquet()
    for tour in range(tours(200)):
        personne = PersonneFactory()
        visiteurs = [
            scenes.visiteur(
                scenes.inscrire(
                    personne, email=f"p{tour}-{rang}@cabinet-dupont.fr", courriel=f"p{tour}-{rang}@cabinet-dupont.fr"
                ),
                Lien.Objet.CONFIRMATION_ENTREPRISE,
            )
            for rang in range(4)
        ]
        issues = en_parallele(4, lambda rang, qui=visiteurs: confirmer_entreprise(acteur=qui[rang]))
        assert all(isinstance(issue, CreationSimplifiee) for issue in issues), issues
        assert Courrier.objects.filter(demande__personne=personne, pas_avant=None).count() == 3
        assert Courrier.objects.filter(demande__personne=personne, pas_avant__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_course_le_meme_lien_seize_fois() -> None:
    scenes.services_du_bouquet()
    espace = scenes.inscrire(PersonneFactory(), courriel=scenes.LOGIN)
    ici = scenes.visiteur(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)
    issues = en_parallele(8, lambda _: confirmer_entreprise(acteur=ici))
    assert sum(isinstance(issue, CreationSimplifiee) for issue in issues) == 1, issues
    assert Courrier.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_course_bouquet_contre_adhesion(tours: Callable[[int], int]) -> None:
    """Both codes entered at once: each service has one titulaire, and both espaces end well."""
    _, tva, _ = scenes.services_du_bouquet()
    for tour in range(tours(200)):
        personne = PersonneFactory()
        simplifie = scenes.inscrire(personne, email=f"s{tour}@cabinet-dupont.fr", courriel=f"s{tour}@cabinet-dupont.fr")
        creation = scenes.confirmer(simplifie)
        scenes.editer(creation)
        simplifie.refresh_from_db()
        adhesion = scenes.adhesion(EspaceFactory(), personne, tva)
        scenes.editer(adhesion)
        codes = [(simplifie, creation, scenes.code(creation)), (adhesion.espace, adhesion, scenes.code(adhesion))]
        issues = en_parallele(
            2, lambda rang, codes=codes: activer(acteur=codes[rang][0], demande=codes[rang][1], saisie=codes[rang][2])
        )
        assert not any(isinstance(issue, BaseException) for issue in issues), issues
        assert sum(len(issue.adhesions) for issue in issues) == 2
        assert sum(len(issue.deja_ouverts) for issue in issues) == 1
        assert Adhesion.objects.ouvertes().filter(personne=personne).count() == 2


# --- Pages -------------------------------------------------------------------------------------------------------------

FORMULAIRE = {
    "courriel_entreprise": scenes.ENTREPRISE,
    "qualite": "REPRESENTANT_LEGAL",
    "civilite": "MADAME",
    "prenom": "Jeanne",
    "nom": "Martin",
    "telephone": "01 23 45 67 89",
    "email": scenes.LOGIN,
    "mot_de_passe": MOT_DE_PASSE,
    "question_confiance": "PHRASE",
    "reponse_confiance": REPONSE,
    "cgu": "on",
}


def test_parcours(client: Client, personne: PersonneSirenisee) -> None:
    assert reverse("inscription_simplifiee") in client.get(reverse("inscription")).content.decode()
    page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
    choix = client.post(reverse("inscription_simplifiee"), {"siren": f" {personne.siren} "})
    assert choix["Location"] == page
    assert personne.denomination in client.get(page).content.decode()
    reponse = client.post(page, FORMULAIRE)
    assert reponse.status_code == 302, reponse.context["formulaire"].errors
    assert reponse["Location"] == reverse("inscription_simplifiee_envoyee")
    assert scenes.ENTREPRISE in client.get(reponse["Location"]).content.decode()
    espace = Espace.objects.get()
    assert client.post(reverse("inscription_simplifiee_renvoyer")).status_code == 302

    lien = reverse("confirmer_connexion", args=[scenes.lien(espace, Lien.Objet.CONFIRMATION_CONNEXION)])
    assert Client().post(lien).status_code == 200, "another browser must give the password"
    assert Client().post(lien, {"mot_de_passe": "autre chose de bien long"}).status_code == 200
    assert CreationSimplifiee.objects.get().connexion_confirmee_le is None
    fin = client.post(lien, follow=True).content.decode()
    assert espace.numero_lisible in fin
    assert client.post(lien)["Location"] == reverse("inscription_simplifiee_confirmee"), (
        "a double click leads there too"
    )
    assert client.post(reverse("inscription_recapitulatif"))["Content-Type"] == "application/pdf"
    assert client.get(lien).status_code == 410
    assert Client().post(lien).status_code == 410

    tiers = Client()
    lien = reverse("confirmer_entreprise", args=[scenes.lien(espace, Lien.Objet.CONFIRMATION_ENTREPRISE)])
    assert "mot de passe" not in tiers.get(lien).content.decode(), "the company's mailbox needs no password"
    assert CreationSimplifiee.objects.get().entreprise_confirmee_le is None, "GET consumes nothing"
    fin = tiers.post(lien, follow=True).content.decode()
    assert "Adresse confirmée" in fin
    assert espace.numero_lisible not in fin, "whoever reads the company's mail does not get the number"

    demande = Demande.objects.get()
    espace.refresh_from_db()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    for nom in ("espace", "gerer_services", "demandes", "adherer", "journal"):
        assert client.get(reverse(nom))["Location"] == reverse("activer_espace")
    assert "en préparation" in client.get(reverse("activer_espace")).content.decode()
    scenes.editer(demande)
    assert client.post(reverse("activer_espace_courrier")).status_code == 302
    assert Courrier.objects.count() == 1, "too early for another letter"
    mauvais = client.post(reverse("activer_espace"), {"code": "2222-2222-2222"})
    assert mauvais.status_code == 200
    reponse = client.post(reverse("activer_espace"), {"code": scenes.code(demande)})
    assert reponse["Location"] == reverse("question_changee", query={"suite": reverse("espace")})
    offre = client.get(reponse["Location"]).content.decode()
    assert "Télécharger le récapitulatif" in offre, "CGU 2.4"
    assert f'href="{reverse("espace")}">Continuer' in offre
    assert "est changée" not in offre
    assert "DECL_TVA" in client.get(reverse("espace")).content.decode()
    assert client.get(reverse("activer_espace"))["Location"] == reverse("espace")
    assert client.get(reverse("demande", args=[demande.reference])).status_code == 200


def test_la_porte_du_code_est_a_celui_qui_attend(
    client: Client, espace: Espace, client_de: Callable[[Espace], Client], personne: PersonneSirenisee
) -> None:
    assert reverse("connexion") in client.get(reverse("activer_espace"))["Location"]
    assert client_de(espace).get(reverse("activer_espace"))["Location"] == reverse("espace")
    desactive = EspaceFactory(etat=Espace.Etat.DESACTIVE)
    assert client_de(desactive).get(reverse("activer_espace")).status_code == 404


def test_renoncer_ferme_la_session(personne: PersonneSirenisee, client_de: Callable[[Espace], Client]) -> None:
    espace = scenes.inscrire(personne)
    scenes.confirmer(espace)
    espace.refresh_from_db()
    navigateur = client_de(espace)
    assert navigateur.get(reverse("activer_espace_annuler")).status_code == 200
    assert navigateur.post(reverse("activer_espace_annuler"))["Location"] == reverse("accueil")
    assert reverse("connexion") in navigateur.get(reverse("espace"))["Location"]
    assert not Compte.objects.exists()


def test_page_refusee_avec_la_sortie(client: Client, personne: PersonneSirenisee) -> None:
    page = reverse("inscription_simplifiee")
    commune = PersonneFactory(categorie=Categorie.COLLECTIVITE)
    contenu = client.post(page, {"siren": commune.siren}).content.decode()
    assert reverse("inscription_expert") in contenu
    assert "courriel_entreprise" not in contenu
    habiliter(EspaceFactory(), personne=personne)
    assert reverse("inscription_expert") in client.post(page, {"siren": personne.siren}).content.decode()
    assert "connu de nos services" in client.post(page, {"siren": "552 100 554"}).content.decode()


def test_erreurs_sur_la_page(client: Client, personne: PersonneSirenisee) -> None:
    page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
    for champ, valeur in (
        ("mot_de_passe", f"{personne.denomination} 2026"),
        ("courriel_entreprise", "contact@yopmail.com"),
        ("email", "pas une adresse"),
    ):
        formulaire = client.post(page, {**FORMULAIRE, champ: valeur}).context["formulaire"]
        assert champ in formulaire.errors
    assert not Espace.objects.exists()


def sans_jeton(page: str) -> str:
    return re.sub(r'name="(?:csrfmiddlewaretoken|servi)" value="[^"]+"', "", page)


def test_meme_page_que_l_adresse_soit_prise_ou_non(client: Client, personne: PersonneSirenisee) -> None:
    existant = EspaceFactory()
    page = f"{reverse('inscription_simplifiee')}?siren={personne.siren}"
    reponse = client.post(page, {**FORMULAIRE, "email": existant.compte.email}, follow=True)
    autre = Client()
    libre = autre.post(page, FORMULAIRE, follow=True)
    assert reponse.status_code == libre.status_code == 200
    vu = sans_jeton(reponse.content.decode().replace(existant.compte.email, scenes.LOGIN))
    assert sorted(vu.split()) == sorted(sans_jeton(libre.content.decode()).split())
    assert client.post(reverse("inscription_simplifiee_renvoyer")).status_code == 302


def test_aucun_jeton_dans_la_base(personne: PersonneSirenisee) -> None:
    espace = scenes.inscrire(personne)
    brut = jeton(Lien.objects.get(objet=Lien.Objet.CONFIRMATION_CONNEXION))
    assert brut not in str(list(Courriel.objects.values())) + str(list(Lien.objects.values()))
    assert timedelta(hours=72) == settings.LIEN_ENTREPRISE
    assert espace.compte is not None
    assert not espace.compte.is_active


def inscription_remplie(mode: str, client: Client) -> tuple[str, str]:
    """Fill the form of this mode in this browser; return the page and the token of the first link."""
    scenes.services_du_bouquet()
    personne = PersonneFactory()
    if mode == Espace.Mode.SIMPLIFIE:
        client.post(reverse("inscription_simplifiee"), {"siren": personne.siren})
        client.post(f"{reverse('inscription_simplifiee')}?siren={personne.siren}", FORMULAIRE)
        nom, objet = "confirmer_connexion", Lien.Objet.CONFIRMATION_CONNEXION
    else:
        client.post(reverse("inscription_expert"), {**FORMULAIRE, "siren_appartenance": personne.siren})
        nom, objet = "confirmer_adresse", Lien.Objet.CONFIRMATION_EXPERT
    return nom, scenes.lien(Espace.objects.get(), objet)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", Espace.Mode)
def test_course_le_meme_bouton_presse_deux_fois(mode: str) -> None:
    """Without JavaScript, the browser shows the answer to the last press: it must not be that the link is spent."""
    client = Client()
    nom, brut = inscription_remplie(mode, client)
    page = reverse(nom, args=[brut])

    def presser(_: int) -> int:
        navigateur = Client()
        navigateur.cookies = client.cookies
        return navigateur.post(page).status_code

    assert en_parallele(4, presser) == [302] * 4


@pytest.mark.parametrize("mode", Espace.Mode)
@pytest.mark.parametrize(("ailleurs", "tard", "statut"), [(False, False, 302), (True, False, 410), (False, True, 410)])
def test_le_second_appui_devance_la_session_du_premier(mode: str, ailleurs: bool, tard: bool, statut: int) -> None:
    """The link is spent and the session of the first press not written yet; another browser, or later, is refused."""
    client = Client()
    nom, brut = inscription_remplie(mode, client)
    (confirmer_connexion if mode == Espace.Mode.SIMPLIFIE else confirmer_adresse)(
        acteur=Visiteur(jeton=brut, inscription=str(Espace.objects.get().pk))
    )
    if tard:
        Lien.objects.update(consomme_le=timezone.now() - timedelta(minutes=2))
    navigateur = Client() if ailleurs else client
    assert navigateur.post(reverse(nom, args=[brut])).status_code == statut


@pytest.mark.parametrize("mode", Espace.Mode)
def test_l_acte_veut_le_mot_de_passe_d_un_autre_navigateur(mode: str) -> None:
    """The proof is the act's own, and comes before all that it would tell of a link that has served."""
    nom, brut = inscription_remplie(mode, Client())
    acte = {"confirmer_connexion": confirmer_connexion, "confirmer_adresse": confirmer_adresse}[nom]
    for faux in ("", "autre chose de bien long"):
        with pytest.raises(MotDePasseAutre):
            acte(acteur=Visiteur(jeton=brut), mot_de_passe=faux)
    assert Lien.objects.get().consomme_le is None
    acte(acteur=Visiteur(jeton=brut), mot_de_passe=MOT_DE_PASSE)
    with pytest.raises(MotDePasseAutre):
        acte(acteur=Visiteur(jeton=brut), mot_de_passe="autre chose de bien long")
    with pytest.raises(LienDejaUtilise):
        acte(acteur=Visiteur(jeton=brut), mot_de_passe=MOT_DE_PASSE)
