"""What a closure says to the usagers: on their pages, to who waits for a code, to who would put a last day off."""

import os
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour_en_lettres
from activation.demandes.adhesion import deposer_adhesion
from habilitations.arbre.lots import LignesRefusees
from habilitations.lectures.cessations import avis_de_cessation
from habilitations.models import Cessation, Habilitation, Role
from habilitations.models.cessation import DELAI_DE_CESSATION
from habilitations.partage.delegations import deleguer
from habilitations.partage.designations import CessationConstatee
from habilitations.partage.echeances import changer_fin
from services.models import EvenementRegistre, PersonneSirenisee
from services.registre.suivi import commencer_le_suivi, essayer_le_suivi, suivre_registre
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de, texte
from tests.scenes import en_parallele

FIN = date(2031, 6, 30)
TOURS = 8 if os.environ.get("ESSAIS_LONGS") else 3


def suivre() -> None:
    essayer_le_suivi(acteur="systeme:essai")
    commencer_le_suivi(acteur="systeme:essai")


def dire(personne: PersonneSirenisee, *, active: bool) -> None:
    """As the import leaves a change of the register, before anybody is told."""
    PersonneSirenisee.objects.filter(pk=personne.pk).update(active=active)
    EvenementRegistre.objects.create(personne=personne, genre="REOUVERTURE" if active else "CESSATION")


@pytest.mark.django_db
def test_qui_attend_un_code_le_sait_puis_sait_que_l_entreprise_est_rouverte() -> None:
    suivre()
    demande = deposer_adhesion(
        acteur=EspaceFactory(), personne=PersonneFactory(), services=[ServiceFactory()], qualite="MANDATAIRE"
    )
    Courriel.objects.all().delete()
    dire(demande.personne, active=False)
    suivre_registre()
    suivre_registre()
    adresse = demande.espace.compte.email
    assert list(Courriel.objects.filter(destinataire=adresse).values_list("genre", flat=True)) == [
        "demande_personne_cessee"
    ]
    assert Cessation.objects.get().etat == Cessation.Etat.A_DECIDER, "the office can say that the register is wrong"
    dire(demande.personne, active=True)
    suivre_registre()
    assert courriels.envoyer_en_attente() >= 2
    siens = [m for m in mail.outbox if m.to == [adresse]]
    assert [m.subject.split(" ")[0] for m in siens] == ["Le", "L’entreprise"]
    assert demande.personne.denomination.split()[0] in siens[1].subject
    assert demande.reference in siens[0].body
    assert "ne peut donc plus aboutir" in siens[0].body
    assert demande.personne.service_gestionnaire.telephone in siens[0].body
    assert "peut aboutir" in siens[1].body


@pytest.mark.django_db
def test_une_demande_terminee_n_est_plus_prevenue() -> None:
    suivre()
    demande = deposer_adhesion(
        acteur=EspaceFactory(), personne=PersonneFactory(), services=[ServiceFactory()], qualite="MANDATAIRE"
    )
    type(demande).objects.filter(pk=demande.pk).update(etat="ANNULEE", terminee_le=timezone.now())
    dire(demande.personne, active=False)
    suivre_registre()
    assert not Courriel.objects.filter(genre="demande_personne_cessee").exists()


def pages(client: Client, habilitation: Habilitation) -> dict[str, str]:
    """The home page, the service's, and the journal: where the company is shown."""
    return {
        "accueil": texte(client.get(reverse("espace"))),
        "service": texte(
            client.get(reverse("ouvrir_service", args=[habilitation.personne.siren, habilitation.service.code]))
        ),
        "journal": texte(client.get(reverse("journal_personne"), {"siren": habilitation.personne.siren})),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("etat", ["pas encore dite", "à décider", "maintenue", "restreinte", "contestée", "ouverte"])
def test_les_pages_disent_ce_qui_reste_possible_et_jusqu_a_quand(
    client_de: Callable[[Espace], Client], etat: str
) -> None:
    titulaire = EspaceFactory()
    habilitation = habiliter(titulaire)
    personne = habilitation.personne
    constatee = timezone.now() - timedelta(days=10)
    attendu = "faites dès maintenant les dernières déclarations"
    if etat not in {"contestée", "ouverte"}:
        PersonneSirenisee.objects.filter(pk=personne.pk).update(active=False)
    if etat in {"à décider", "maintenue", "restreinte"}:
        cessation = Cessation(personne=personne, constatee_le=constatee)
        attendu = f"à partir du {jour_en_lettres(constatee + DELAI_DE_CESSATION)}".replace("\u00a0", " ")
        if etat == "maintenue":
            cessation.etat, cessation.maintenue_jusqu_au = "MAINTENUE", FIN
            attendu = "laisse tous vos services jusqu’au 30 juin 2031"
        if etat == "restreinte":
            cessation.restreinte_le = timezone.now()
            attendu = "seule la consultation reste possible, jusqu’au"
        cessation.save()
    if etat == "contestée":
        PersonneSirenisee.objects.filter(pk=personne.pk).update(active=False, cessation_contestee_le=timezone.now())
    for nom, page in pages(client_de(titulaire), habilitation).items():
        assert ("a cessé son activité, selon le registre" in page) is (etat not in {"contestée", "ouverte"}), nom
        assert (attendu in " ".join(page.split())) is (etat not in {"contestée", "ouverte"}), nom


@pytest.mark.django_db
def test_une_requete_et_aucune_quand_tout_est_ouvert(django_assert_num_queries: Callable[[int], object]) -> None:
    ouvertes, closes = [PersonneFactory() for _ in range(3)], [PersonneFactory(active=False) for _ in range(3)]
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert avis_de_cessation(ouvertes) == []
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert len(avis_de_cessation([*ouvertes, *closes])) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("voulue", "permise"), [(FIN + timedelta(days=1), False), (None, False), (date(2031, 1, 1), True)]
)
def test_un_dernier_jour_n_est_pas_repousse_pour_une_personne_cessee(voulue: date | None, permise: bool) -> None:
    titulaire = EspaceFactory()
    delegation = accorder(habiliter(titulaire), EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    PersonneSirenisee.objects.filter(pk=delegation.personne_id).update(active=False)
    if permise:
        assert changer_fin(acteur=titulaire, delegations=[delegation], expire_le=voulue)
        return
    with pytest.raises(LignesRefusees) as refus:
        changer_fin(acteur=titulaire, delegations=[delegation], expire_le=voulue)
    assert [type(ligne.regle) for ligne in refus.value.lignes] == [CessationConstatee]


@pytest.mark.django_db
def test_le_fichier_ne_le_repousse_pas_non_plus(client_de: Callable[[Espace], Client]) -> None:
    titulaire, delegue = EspaceFactory(), EspaceFactory()
    delegation = accorder(habiliter(titulaire), delegue, Role.ACTEUR, expire_le=FIN)
    PersonneSirenisee.objects.filter(pk=delegation.personne_id).update(active=False)
    lignes = [
        "acte;numéro d’abonné;nom;SIREN;service;rôle;dernier jour",
        f"changer la fin;{delegue.numero_abonne};{delegue.nom};{delegation.personne.siren};{delegation.service.code};"
        "acteur;31/12/2033",
    ]
    fichier = SimpleUploadedFile("fins.csv", "\n".join(lignes).encode(), content_type="text/csv")
    page = texte(client_de(titulaire).post(reverse("designation_fichier"), {"fichier": fichier}, follow=True))
    assert "ni prolongé" in page


@pytest.mark.django_db
def test_le_bouton_des_delegations(client_de: Callable[[Espace], Client]) -> None:
    """CGU §3.4.b-d: the last day is changed in the list too, shown with what follows."""
    titulaire, delegant = EspaceFactory(), EspaceFactory()
    deleguee = accorder(habiliter(titulaire), delegant, Role.ACTEUR_DELEGANT, expire_le=FIN)
    dessous = accorder(deleguee, EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    client, page = client_de(titulaire), reverse("habilitations_changer")
    assert "Changer le dernier jour" in texte(client.get(reverse("delegations")))
    choix = {"liste": "delegations", "habilitations": [str(deleguee.pk)], "action": "changer_fin"}
    assert client.post(reverse("habilitations_choisir"), choix)["Location"] == page
    montre = texte(client.get(page))
    assert 'value="2031-06-30"' in montre
    assert dessous.espace.nom_complet in montre
    passee = texte(client.post(page, {**apercu_de(montre), "expire_le": "2020-01-01"}))
    assert "déjà passée" in passee
    assert "Délégations dont le dernier jour change" in passee
    assert client.post(page, {**apercu_de(passee), "expire_le": "2030-12-31"})["Location"] == reverse("delegations")
    assert set(Habilitation.objects.filter(pk__in=[deleguee.pk, dessous.pk]).values_list("expire_le", flat=True)) == {
        date(2030, 12, 31)
    }
    assert "le dernier jour est changé" in texte(client.get(reverse("delegations")))
    client.post(reverse("habilitations_choisir"), choix)
    rien = client.post(page, {**apercu_de(texte(client.get(page))), "expire_le": "2030-12-31"}, follow=True)
    assert "Rien n’a changé" in texte(rien)
    assert "Changer le dernier jour" not in texte(client.get(reverse("suppleants")))


@pytest.mark.django_db
def test_le_bouton_aussi_refuse_de_repousser(client_de: Callable[[Espace], Client]) -> None:
    titulaire = EspaceFactory()
    delegation = accorder(habiliter(titulaire), EspaceFactory(), Role.ACTEUR, expire_le=FIN)
    PersonneSirenisee.objects.filter(pk=delegation.personne_id).update(active=False)
    client, page = client_de(titulaire), reverse("habilitations_changer")
    client.post(reverse("habilitations_choisir"), {"habilitations": [str(delegation.pk)], "action": "changer_fin"})
    refus = client.post(page, {**apercu_de(texte(client.get(page))), "expire_le": ""}, follow=True)
    assert "ni prolongé" in texte(refus)
    delegation.refresh_from_db()
    assert delegation.expire_le == FIN


@pytest.mark.django_db(transaction=True)
def test_course_d_un_octroi_et_de_la_cessation() -> None:
    """Whoever is granted something while the register closes the company is told of it, or is granted nothing."""
    suivre()
    for _ in range(TOURS):
        titulaire, delegue = EspaceFactory(), EspaceFactory()
        with transaction.atomic():
            racine = habiliter(titulaire)
        dire(racine.personne, active=True)
        suivre_registre()

        def clore(racine: Habilitation = racine) -> None:
            dire(racine.personne, active=False)
            suivre_registre()

        def octroyer(racine: Habilitation = racine, titulaire: Espace = titulaire, delegue: Espace = delegue) -> object:
            return deleguer(
                acteur=titulaire, adhesions=[racine.adhesion], beneficiaire=delegue, role=Role.ACTEUR, expire_le=None
            )

        resultats = en_parallele(2, lambda rang, clore=clore, octroyer=octroyer: (clore, octroyer)[rang]())
        assert not isinstance(resultats[0], BaseException), resultats
        accordee = Habilitation.objects.filter(espace=delegue).exists()
        assert accordee is not isinstance(resultats[1], LignesRefusees), resultats
        prevenu = Courriel.objects.filter(genre="cessation_constatee", espace=delegue).exists()
        assert prevenu is accordee
