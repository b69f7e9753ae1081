"""A page of confirmation does what it showed: another tab, or the back button, never changes it (issue 4 items 2, 3, 7)."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from habilitations.arbre.confirmations import decider
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Habilitation, Role
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de, confirmer, texte

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]
CHANGE = "Rien n’a été enregistré : ce que cette page montrait a changé"


@pytest.mark.parametrize(
    ("sujet", "change"),
    [
        ("suppleants", "personne"),
        ("suppleants", "services"),
        ("delegations", "personne"),
        ("delegations", "services"),
        ("delegations", "role"),
        ("delegations", "fin"),
    ],
)
def test_designer_dans_deux_onglets(client_de: Ouvrir, sujet: str, change: str) -> None:
    titulaire, vu, autre = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire), habiliter(titulaire)]
    client, page = client_de(titulaire), reverse(f"{sujet}_confirmer")

    def preparer(racine: Habilitation, personne: Espace, role: str, fin: str) -> dict[str, str]:
        client.post(reverse(f"{sujet}_designer"), {"rien": "1"})
        client.post(reverse(f"{sujet}_designer"), {"adhesions": [racine.adhesion_id], "continuer": "1"})
        choix = {"numero": personne.numero_abonne, "nom": personne.nom, "role": role, "expire_le": fin}
        assert client.post(reverse(f"{sujet}_personne"), choix)["Location"] == page
        return apercu_de(texte(client.get(page)))

    premier = preparer(racines[0], vu, "ACTEUR", "")
    second = preparer(
        racines[change == "services"],
        autre if change == "personne" else vu,
        "ACTEUR_DELEGANT" if change == "role" else "ACTEUR",
        "2099-12-31" if change == "fin" else "",
    )
    assert CHANGE in texte(client.post(page, premier, follow=True))
    assert not Habilitation.objects.filter(espace__in=[vu, autre]).exists()
    assert client.post(page, second)["Location"] == reverse(sujet), "the page shown last still confirms"


def test_une_ligne_perdue_entre_temps_n_est_pas_passee_sous_silence(client_de: Ouvrir) -> None:
    titulaire, delegant, collegue = EspaceFactory(), EspaceFactory(), EspaceFactory()
    tenues = [accorder(habiliter(titulaire), delegant, Role.ACTEUR_DELEGANT) for _ in range(2)]
    client, page = client_de(delegant), reverse("delegations_confirmer")
    client.post(reverse("delegations_designer"), {"adhesions": [t.adhesion_id for t in tenues], "continuer": "1"})
    choix = {"numero": collegue.numero_abonne, "nom": collegue.nom, "role": "ACTEUR"}
    client.post(reverse("delegations_personne"), choix)
    montre = apercu_de(texte(client.get(page)))
    Habilitation.objects.filter(pk=tenues[0].pk).update(
        etat="EN_VEILLE", veille_motif="SUBSTITUTION", veille_depuis=timezone.now()
    )
    assert CHANGE in texte(client.post(page, montre, follow=True))
    assert not Habilitation.objects.filter(espace=collegue).exists()


def test_changer_dans_deux_onglets(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    vue, autre = (accorder(racine, EspaceFactory(), Role.SUPPLEANT) for _ in range(2))
    client, page = client_de(racine.espace), reverse("habilitations_changer")

    def choisir(action: str, ligne: Habilitation) -> dict[str, str]:
        client.post(reverse("habilitations_choisir"), {"action": action, "habilitations": [ligne.pk]})
        return apercu_de(texte(client.get(page)))

    premier = choisir("veille", vue)
    choisir("veille", autre)
    assert CHANGE in texte(client.post(page, premier, follow=True))
    choisir("retirer_suppleant", vue)
    assert CHANGE in texte(client.post(page, premier, follow=True))
    assert all(Habilitation.objects.get(pk=h.pk).est_active() for h in (vue, autre))
    assert confirmer(client, page) == reverse("suppleants")
    assert not Habilitation.objects.get(pk=vue.pk).est_vivante


def test_ce_qui_tombe_est_ce_qui_a_ete_montre(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    client, page = client_de(racine.espace), reverse("habilitations_changer")
    client.post(reverse("habilitations_choisir"), {"action": "retirer_suppleant", "habilitations": [suppleance.pk]})
    lue = texte(client.get(page))
    assert "<h1>Retirer un administrateur suppléant</h1>" in lue
    montre = apercu_de(lue)
    accorder(suppleance, EspaceFactory(nom="Survenu"), Role.ACTEUR)
    reponse = texte(client.post(page, montre, follow=True))
    assert CHANGE in reponse
    assert "Survenu" in reponse
    assert Habilitation.objects.get(pk=suppleance.pk).est_vivante
    (demande,) = demander_retrait(acteur=suppleance.espace, habilitations=[suppleance])
    page = reverse("retrait_accepter", args=[demande.pk])
    montre = apercu_de(texte(client.get(page)))
    accorder(suppleance, EspaceFactory(nom="Arrivé"), Role.ACTEUR)
    reponse = texte(client.post(page, montre, follow=True))
    assert CHANGE in reponse
    assert "Arrivé" in reponse
    assert Habilitation.objects.get(pk=suppleance.pk).est_vivante
    assert confirmer(client, page) == reverse("retraits")
    assert not Habilitation.objects.get(pk=suppleance.pk).est_vivante


def test_tout_retirer_ne_retire_que_ce_que_la_revue_a_montre(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    client, page, apres = client_de(racine.espace), reverse("revue_delegations"), reverse("habilitations_changer")
    choix = {f"ligne-{delegation.pk}": "", "tout": "retirer"}
    assert client.post(page, choix)["Location"] == apres
    premier = apercu_de(texte(client.get(apres)))
    accorder(delegation, EspaceFactory(nom="Survenu"), Role.ACTEUR)
    for montre in ({}, premier):
        reponse = texte(client.post(apres, montre, follow=True))
        assert CHANGE in reponse
        assert "Survenu" in reponse, "what falls is shown before it falls"
        assert Habilitation.objects.get(pk=delegation.pk).est_vivante
    assert confirmer(client, apres) == page
    assert not Habilitation.objects.get(pk=delegation.pk).est_vivante


def test_tout_retirer_apres_un_changement_de_titulaire_ne_retire_que_ce_qui_a_ete_montre(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    veille = {"etat": "EN_VEILLE", "veille_motif": "SUBSTITUTION", "veille_depuis": timezone.now()}
    vue, autre = (accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT, **veille) for _ in range(2))
    dessous = accorder(vue, EspaceFactory(nom="Dessous"), Role.ACTEUR, **veille)
    client, page, apres = client_de(racine.espace), reverse("revue_substitution"), reverse("habilitations_changer")
    choix = {f"ligne-{vue.pk}": "", f"ligne-{autre.pk}": "", "tout": "retirer"}
    assert client.post(page, choix)["Location"] == apres
    premier = apercu_de(texte(client.get(apres)))
    assert "Dessous" in texte(client.get(apres)), "what falls is shown, here as everywhere else"
    decider(acteur=racine.espace, gardees=[autre])
    for montre in ({}, premier):
        assert CHANGE in texte(client.post(apres, montre, follow=True))
        assert Habilitation.objects.get(pk=vue.pk).est_vivante
    assert confirmer(client, apres) == page
    assert "l’accès est retiré (2 personnes, 2 habilitations)" in texte(client.get(page))
    assert not Habilitation.objects.filter(pk__in=[vue.pk, dessous.pk], fin_le=None).exists()
    assert Habilitation.objects.get(pk=autre.pk).est_active()


def test_deux_fichiers_dans_deux_onglets(client_de: Ouvrir) -> None:
    titulaire, vu, autre = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire, personne=PersonneFactory())
    client, page = client_de(titulaire), reverse("designation_fichier_confirmer")

    def deposer(personne: Espace) -> dict[str, str]:
        ligne = f"{racine.personne.siren};{racine.service.code};{personne.numero_abonne};{personne.nom};acteur"
        fichier = SimpleUploadedFile("masse.csv", f"siren;service;numero_abonne;nom;role\n{ligne}".encode())
        return apercu_de(texte(client.post(reverse("designation_fichier"), {"fichier": fichier})))

    premier, second = deposer(vu), deposer(autre)
    assert client.post(page, premier)["Location"] == reverse("designation_fichier")
    assert not Habilitation.objects.filter(espace__in=[vu, autre]).exists()
    assert client.post(page, second)["Location"] == reverse("delegations"), "the report shown last still confirms"
    assert Habilitation.objects.filter(espace=autre).count() == 1
