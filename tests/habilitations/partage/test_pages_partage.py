"""The pages of the sharing, without JavaScript: who sees what, step by step, with a constant number of queries."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import jour_en_lettres
from habilitations.depart.retraits import RENONCEMENTS, annuler_retrait, demander_retrait
from habilitations.models import DemandeRetrait, Habilitation, Role
from habilitations.views.gestion import _lignes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de, confirmer

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]


def texte(reponse: object) -> str:
    return reponse.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("sujet", ["suppleants", "delegations"])
def test_designer_en_trois_pages(client_de: Ouvrir, sujet: str) -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory(nom="Petit", prenom="Anne")
    racines = [habiliter(titulaire, personne=PersonneFactory(denomination=f"SOCIÉTÉ {i:02}")) for i in range(12)]
    etrangere = habiliter(EspaceFactory())
    client = client_de(titulaire)
    page1 = reverse(f"{sujet}_designer")
    cles = [r.adhesion_id for r in racines]
    assert "SOCIÉTÉ 00" in texte(client.get(page1))
    # Two ticked here, the page turned: they stay; a foreign key is dropped.
    reponse = client.post(
        page1,
        {
            "montrees": ",".join(map(str, cles[:10])),
            "adhesions": [cles[0], cles[3], etrangere.adhesion_id],
            "vers": "2",
        },
    )
    assert reponse["Location"] == f"{page1}?page=2"
    reponse = client.get(reponse["Location"])
    assert "2 services choisis" in texte(reponse)
    reponse = client.post(
        page1,
        {"montrees": ",".join(map(str, cles[10:])), "adhesions": [cles[11]], "continuer": "1"},
    )
    page2 = reverse(f"{sujet}_personne")
    assert reponse["Location"] == page2
    assert "3 services choisis" in texte(client.get(page2))
    faux = client.post(page2, {"numero": collegue.numero_abonne, "nom": "Grand", "role": "ACTEUR"})
    assert "Aucun espace actif" in texte(faux)
    fin = timezone.localdate() + timedelta(days=10)
    reponse = client.post(
        page2,
        {"numero": collegue.numero_lisible, "nom": "petit", "role": "ACTEUR_DELEGANT", "expire_le": fin.isoformat()},
    )
    page3 = reverse(f"{sujet}_confirmer")
    assert reponse["Location"] == page3
    recapitulatif = texte(client.get(page3))
    assert "Anne Petit" in recapitulatif
    assert "SOCIÉTÉ 03" in recapitulatif
    assert "SOCIÉTÉ 05" not in recapitulatif
    assert not Habilitation.objects.filter(espace=collegue).exists()
    reponse = client.post(page3, apercu_de(recapitulatif), follow=True)
    assert reponse.redirect_chain[-1][0] == reverse(sujet)
    assert "Anne Petit est désormais" in texte(reponse)
    accordees = Habilitation.objects.filter(espace=collegue)
    assert {h.adhesion_id for h in accordees} == {cles[0], cles[3], cles[11]}
    assert {(h.role, h.expire_le) for h in accordees} == (
        {("SUPPLEANT", None)} if sujet == "suppleants" else {("ACTEUR_DELEGANT", fin)}
    )
    assert client.post(page3, apercu_de(recapitulatif))["Location"] == page1, "sent twice, nothing more is done"


@pytest.mark.parametrize("sujet", ["suppleants", "delegations"])
def test_designer_d_une_autre_entree_recommence_et_chaque_etape_dit_ce_qui_est_choisi(
    client_de: Ouvrir, sujet: str
) -> None:
    titulaire, anne = EspaceFactory(), EspaceFactory(nom="Petit", prenom="Anne")
    garage, librairie = (
        habiliter(titulaire, personne=PersonneFactory(denomination=nom)) for nom in ("GARAGE", "LIVRES")
    )
    client = client_de(titulaire)
    page1, page2, page3 = (reverse(f"{sujet}_{suite}") for suite in ("designer", "personne", "confirmer"))
    client.post(page1, {"adhesions": [garage.adhesion_id], "continuer": "1"})
    assert "GARAGE" in texte(client.get(page2))
    filtree = texte(client.get(page1, {"q": librairie.personne.siren}))
    assert "1 service choisi" in filtree
    assert "GARAGE" in filtree, "what is chosen is named whatever the filter shows"
    # Abandoned; then the button of another company's page: nothing of the former choice is left.
    acces = reverse("entreprise_acces", args=[librairie.personne.siren])
    entree = reverse(f"{sujet}_designer", query={"nouveau": "1", "entreprise": librairie.personne.siren})
    assert entree.replace("&", "&amp;") in texte(client.get(acces))
    ouverte = client.get(entree, follow=True)
    assert ouverte.redirect_chain[-1][0] == f"{page1}?q={librairie.personne.siren}"
    assert "0 service choisi" in texte(ouverte)
    assert f'href="{acces}"' in texte(ouverte), "one gives up where one came from"
    client.post(page1, {"adhesions": [librairie.adhesion_id], "continuer": "1"})
    fin = timezone.localdate() + timedelta(days=10)
    client.post(page2, {"numero": anne.numero_abonne, "nom": "Petit", "role": "ACTEUR", "expire_le": fin.isoformat()})
    assert "GARAGE" not in texte(client.get(page3))
    fait = client.post(page3, apercu_de(texte(client.get(page3))), follow=True)
    assert fait.redirect_chain[-1][0] == acces
    assert f"de « {librairie.service.libelle} » pour LIVRES" in texte(fait)
    assert (f"LIVRES, jusqu’au {jour_en_lettres(fin)}" in texte(fait)) == (sujet == "delegations")
    assert [h.adhesion_id for h in Habilitation.objects.filter(espace=anne)] == [librairie.adhesion_id]


@pytest.mark.parametrize(("page", "role"), [("delegations", Role.ACTEUR), ("suppleants", Role.SUPPLEANT)])
def test_une_liste_d_une_ligne_n_a_pas_de_filtres(client_de: Ouvrir, page: str, role: Role) -> None:
    racine = habiliter(EspaceFactory())
    accorder(racine, EspaceFactory(), role)
    client = client_de(racine.espace)
    assert 'name="filtrer"' not in texte(client.get(reverse(page)))
    assert 'name="effacer"' in texte(client.get(reverse(page), {"q": "personne"})), "what hides something can be undone"
    accorder(racine, EspaceFactory(), role)
    assert 'name="filtrer"' in texte(client.get(reverse(page)))


@pytest.mark.parametrize("sujet", ["suppleants", "delegations"])
def test_designer_depuis_la_liste_recommence(client_de: Ouvrir, sujet: str) -> None:
    racine = habiliter(EspaceFactory())
    client = client_de(racine.espace)
    client.post(reverse(f"{sujet}_designer"), {"adhesions": [racine.adhesion_id], "continuer": "1"})
    liste = texte(client.get(reverse(sujet)))
    liens = re.findall(rf'href="({reverse(f"{sujet}_designer")}[^"]*)"', liste)
    assert liens
    assert {lien.partition("?")[2] for lien in liens} == {"nouveau=1"}
    assert "0 service choisi" in texte(client.get(liens[0], follow=True))
    # A company that one does not hold is no filter, and nowhere to go back to.
    etrangere = habiliter(EspaceFactory())
    ouverte = client.get(liens[0] + f"&entreprise={etrangere.personne.siren}", follow=True)
    assert ouverte.redirect_chain[-1][0] == reverse(f"{sujet}_designer")


def test_tout_cocher_du_filtre_et_tout_decocher(client_de: Ouvrir) -> None:
    titulaire = EspaceFactory()
    tva, cfe = ServiceFactory(code="TVA"), ServiceFactory(code="CFE")
    for _ in range(15):
        personne = PersonneFactory()
        habiliter(titulaire, personne=personne, service=tva)
        habiliter(titulaire, personne=personne, service=cfe)
    client = client_de(titulaire)
    page = reverse("delegations_designer")
    suite = client.post(page, {"service": "TVA", "tout": "1", "montrees": ""})["Location"]
    assert suite == f"{page}?service=TVA"
    assert "15 services choisis" in texte(client.get(suite))
    client.post(page, {"rien": "1"})
    assert "0 service choisi" in texte(client.get(page))
    assert "Choisissez au moins un service" in texte(client.post(page, {"continuer": "1"}, follow=True))


def test_les_lignes_refusees_se_voient_et_s_ecartent(client_de: Ouvrir) -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    libre, tenue = habiliter(titulaire), habiliter(titulaire)
    accorder(tenue, collegue, Role.ACTEUR)
    client = client_de(titulaire)
    client.post(
        reverse("delegations_designer"), {"adhesions": [libre.adhesion_id, tenue.adhesion_id], "continuer": "1"}
    )
    client.post(
        reverse("delegations_personne"),
        {"numero": collegue.numero_abonne, "nom": collegue.nom, "role": "ACTEUR"},
    )
    page = reverse("delegations_confirmer")
    refus = texte(client.get(page))
    assert "y est déjà habilité" in refus
    assert not apercu_de(refus), "nothing to confirm"
    assert "Rien n’a été enregistré" in texte(client.post(page, follow=True)).replace("&#x27;", "'")
    client.post(page, {"ecarter": "1"})
    confirmer(client, page)
    assert set(Habilitation.objects.filter(espace=collegue).values_list("adhesion_id", flat=True)) == {
        libre.adhesion_id,
        tenue.adhesion_id,
    }


def test_un_acteur_delegant_ne_voit_que_ce_qu_il_a_accorde(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    suppleant, delegant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    accorder(racine, suppleant, Role.SUPPLEANT)
    delegation = accorder(racine, delegant, Role.ACTEUR_DELEGANT)
    accorder(delegation, acteur, Role.ACTEUR)
    autre = accorder(racine, EspaceFactory(nom="Invisible"), Role.ACTEUR)

    def vus(espace: Espace) -> set[str]:
        contenu = texte(client_de(espace).get(reverse("delegations"))).partition("<main")[2]
        return {e.nom for e in (delegant, acteur, autre.espace) if e.numero_lisible in contenu}

    assert vus(racine.espace) == vus(suppleant) == {delegant.nom, acteur.nom, "Invisible"}
    assert vus(delegant) == {acteur.nom}
    assert vus(acteur) == vus(autre.espace) == vus(EspaceFactory()) == set()
    recues = texte(client_de(acteur).get(reverse("delegations"), {"sens": "recues"}))
    assert racine.personne.denomination in recues


def test_une_date_de_fin_passee_est_refusee_la_ou_on_la_saisit(client_de: Ouvrir) -> None:
    racine, collegue = habiliter(EspaceFactory()), EspaceFactory()
    client, page = client_de(racine.espace), reverse("delegations_personne")
    client.post(reverse("delegations_designer"), {"adhesions": [racine.adhesion_id], "continuer": "1"})
    saisie = {"numero": collegue.numero_abonne, "nom": collegue.nom, "role": "ACTEUR"}
    hier, aujourd_hui = timezone.localdate() - timedelta(days=1), timezone.localdate()
    reponse = client.post(page, {**saisie, "expire_le": hier.isoformat()})
    assert reponse.status_code == 200
    assert reponse.context["formulaire"].errors["expire_le"] == ["La date de fin est déjà passée."]
    assert client.post(page, {**saisie, "expire_le": aujourd_hui.isoformat()}).status_code == 302


@pytest.mark.parametrize("sujet", ["suppleants", "delegations"])
def test_revenir_en_arriere_ne_perd_pas_la_personne_saisie(client_de: Ouvrir, sujet: str) -> None:
    racine, collegue = habiliter(EspaceFactory()), EspaceFactory(prenom="Anne", nom="Petit")
    client, page = client_de(racine.espace), reverse(f"{sujet}_personne")
    client.post(reverse(f"{sujet}_designer"), {"adhesions": [racine.adhesion_id], "continuer": "1"})
    saisie = {"numero": collegue.numero_abonne, "nom": "petit", "role": "ACTEUR_DELEGANT", "expire_le": "2099-12-31"}
    client.post(page, saisie)
    formulaire = client.get(page).context["formulaire"]
    lue = {nom: str(formulaire[nom].value()) for nom in formulaire.fields}
    assert lue["numero"] == collegue.numero_lisible
    assert client.post(page, lue)["Location"] == reverse(f"{sujet}_confirmer"), "it may be sent again as it is"
    if sujet == "delegations":
        assert (lue["role"], lue["expire_le"]) == ("ACTEUR_DELEGANT", "2099-12-31")
    client.post(reverse(f"{sujet}_designer"), {"adhesions": [racine.adhesion_id], "continuer": "1"})
    collegue.etat = Espace.Etat.DESACTIVE
    collegue.save()
    assert not client.get(page).context["formulaire"]["numero"].value(), (
        "nobody, when the espace is not active any more"
    )


@pytest.mark.parametrize(
    ("cherche", "trouvee"),
    [
        ("Petit", True),
        ("anne", True),
        ("Anne Petit", True),
        ("petit  anne", True),
        ("Anne Grand", False),
        ("Anne Petit Grand", False),
        ("leanne petit", False),
        ("ànné pétit", True),
        ("societe gen", True),
        ("SOCIÉTÉ GÉN", True),
        ("sociètê", True),
        ("sociologie", False),
    ],
)
def test_une_personne_se_trouve_par_le_nom_que_la_liste_montre(client_de: Ouvrir, cherche: str, trouvee: bool) -> None:
    racine = habiliter(EspaceFactory(), personne=PersonneFactory(denomination="SOCIÉTÉ GÉNÉRALE"))
    accorder(racine, EspaceFactory(prenom="Anne", nom="Petit"), Role.ACTEUR)
    reponse = client_de(racine.espace).get(reverse("delegations"), {"q": cherche})
    assert bool(reponse.context["page"].object_list) is trouvee


def test_les_accents_ne_comptent_pas_dans_une_recherche(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory(), personne=PersonneFactory(denomination="Crêperie de l'Île"))
    accorder(racine, EspaceFactory(prenom="Léa", nom="François-Noël"), Role.ACTEUR)
    client = client_de(racine.espace)
    for cherche in ("Lea", "FRANCOIS", "noel lea", "creperie de l'ile", "Crêperie"):
        assert client.get(reverse("delegations"), {"q": cherche}).context["page"].object_list, cherche
    for cherche in ("creperie", "l'ile"):
        assert client.get(reverse("espace"), {"q": cherche}).context["page"].object_list, cherche


@pytest.mark.parametrize("action", ["veille", "reactiver", "retirer_suppleant", "retirer_delegation", "quitter"])
def test_un_identifiant_etranger_n_est_rien(client_de: Ouvrir, action: str) -> None:
    racine = habiliter(EspaceFactory())
    cibles = [accorder(racine, EspaceFactory(), role) for role in (Role.SUPPLEANT, Role.ACTEUR)]
    curieux = EspaceFactory()
    accorder(racine, curieux, Role.ACTEUR)
    client = client_de(curieux)
    client.post(
        reverse("habilitations_choisir"),
        {"action": action, "habilitations": [*(c.pk for c in cibles), uuid.uuid4(), "x"]},
    )
    assert client.get(reverse("habilitations_changer")).status_code == 302
    client.post(reverse("habilitations_changer"))
    assert all(Habilitation.objects.get(pk=c.pk).est_active() for c in cibles)
    assert not DemandeRetrait.objects.exists()


def test_mettre_en_veille_reactiver_et_retirer_en_reprenant(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    dessous = accorder(suppleance, EspaceFactory(nom="Dessous"), Role.ACTEUR)
    client = client_de(racine.espace)

    def agir(action: str, **choix: str) -> str:
        client.post(reverse("habilitations_choisir"), {"action": action, "habilitations": [suppleance.pk]})
        page = texte(client.get(reverse("habilitations_changer")))
        assert confirmer(client, reverse("habilitations_changer"), **choix) == reverse("suppleants")
        suppleance.refresh_from_db()
        return page

    assert "Dessous" in agir("veille"), "what he granted is shown, and goes on unless one says otherwise"
    dessous.refresh_from_db()
    assert (suppleance.etat, dessous.etat) == ("EN_VEILLE", "ACTIVE")
    assert "Dessous" not in agir("reactiver")
    agir("veille", suite="veille")
    dessous.refresh_from_db()
    assert (suppleance.etat, dessous.etat) == ("EN_VEILLE", "EN_VEILLE")
    assert "Dessous" in agir("reactiver")
    dessous.refresh_from_db()
    assert suppleance.est_active()
    assert dessous.est_active()
    assert "Dessous" in agir("retirer_suppleant", suite="reprendre")
    assert not suppleance.est_vivante
    dessous.refresh_from_db()
    assert dessous.accordee_par_id == racine.pk


def test_retirer_tout_ce_que_tient_quelqu_un(client_de: Ouvrir) -> None:
    titulaire, parti = EspaceFactory(), EspaceFactory(nom="Parti")
    for _ in range(30):
        racine = habiliter(titulaire)
        accorder(racine, parti, Role.ACTEUR)
    gardee = accorder(racine, EspaceFactory(nom="Restant"), Role.ACTEUR)
    client = client_de(titulaire)
    client.post(reverse("habilitations_choisir"), {"action": "retirer_delegation", "tout": "1", "q": "Parti"})
    assert "1 personne, 30 habilitations" in texte(client.get(reverse("habilitations_changer")))
    confirmer(client, reverse("habilitations_changer"))
    assert list(Habilitation.objects.vivantes().exclude(role=Role.TITULAIRE)) == [gardee]


def test_demander_a_quitter_puis_repondre(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    client, titulaire = client_de(tenue.espace), client_de(racine.espace)
    assert racine.personne.denomination in texte(client.get(reverse("retraits_choisir")))
    client.post(reverse("habilitations_choisir"), {"action": "quitter", "habilitations": [tenue.pk]})
    confirmer(client, reverse("habilitations_changer"), motif="Départ")
    demande = DemandeRetrait.objects.get()
    assert demande.motif == "Départ"
    assert "Départ" in texte(titulaire.get(reverse("retraits")))
    refus = reverse("retrait_refuser", args=[demande.pk])
    assert titulaire.get(refus).status_code == 200
    titulaire.post(refus, {"reponse": "Pas avant lundi"})
    assert "Pas avant lundi" in texte(client.get(reverse("retraits")))
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    accord = reverse("retrait_accepter", args=[demande.pk])
    confirmer(titulaire, accord)
    tenue.refresh_from_db()
    assert not tenue.est_vivante
    (demande,) = demander_retrait(acteur=racine.espace, habilitations=[racine])
    titulaire.post(reverse("retrait_renoncer", args=[demande.pk]))
    demande.refresh_from_db()
    assert demande.etat == "ANNULEE"


def test_un_refus_ne_perd_pas_le_motif_saisi(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    client, page = client_de(racine.espace), reverse("habilitations_changer")

    def choisir() -> None:
        client.post(reverse("habilitations_choisir"), {"action": "quitter", "habilitations": [racine.pk]})

    for _ in range(RENONCEMENTS):
        (demande,) = demander_retrait(acteur=racine.espace, habilitations=[racine])
        annuler_retrait(acteur=racine.espace, demande=demande)
    choisir()
    assert confirmer(client, page, motif="Je cède <le> fonds") == page
    reponse = texte(client.get(page))
    assert "Réessayez demain" in reponse
    assert ">Je cède &lt;le&gt; fonds</textarea>" in reponse
    client.post(page, {"apercu": "autre", "motif": "Autre motif"})
    assert ">Autre motif</textarea>" in texte(client.get(page)), "nor does a page that has changed"
    choisir()
    assert "Autre motif" not in texte(client.get(page)), "another choice begins anew"


def test_ce_dont_le_retrait_est_demande_ne_gene_pas_le_reste(client_de: Ouvrir) -> None:
    titulaire, parti = EspaceFactory(), EspaceFactory()
    demandee, restante = (accorder(habiliter(titulaire), parti, Role.ACTEUR) for _ in range(2))
    demander_retrait(acteur=parti, habilitations=[demandee])
    client = client_de(parti)
    page = texte(client.get(reverse("retraits_choisir")))
    assert "retrait demandé" in page
    assert f'value="{demandee.pk}"' not in page
    assert f'value="{restante.pk}"' in page
    client.post(reverse("habilitations_choisir"), {"action": "quitter", "tout": "1"})
    assert confirmer(client, reverse("habilitations_changer")) == reverse("retraits")
    assert DemandeRetrait.objects.filter(etat="DEPOSEE").count() == 2
    seule = {"action": "quitter", "habilitations": [demandee.pk]}
    assert client.post(reverse("habilitations_choisir"), seule)["Location"] == reverse("retraits")


def test_la_demande_d_un_autre_n_existe_pas(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.ACTEUR)
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    intrus = client_de(EspaceFactory())
    for nom in ("retrait_accepter", "retrait_refuser", "retrait_renoncer"):
        assert intrus.post(reverse(nom, args=[demande.pk])).status_code == 404
    assert client_de(tenue.espace).post(reverse("retrait_accepter", args=[demande.pk])).status_code == 404
    assert client_de(racine.espace).post(reverse("retrait_renoncer", args=[demande.pk])).status_code == 404


def test_designer_par_un_fichier(client_de: Ouvrir) -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    client = client_de(titulaire)
    page = reverse("designation_fichier")
    assert client.get(page).status_code == 200

    def deposer(ligne: str) -> str:
        contenu = f"siren;service;numero_abonne;nom;role\n{ligne}".encode()
        return texte(client.post(page, {"fichier": SimpleUploadedFile("masse.csv", contenu)}))

    bonne = f"{racine.personne.siren};{racine.service.code};{collegue.numero_abonne};{collegue.nom};acteur"
    assert "1 ligne à corriger" in deposer(bonne.replace("acteur", "chef"))
    assert client.post(reverse("designation_fichier_confirmer"))["Location"] == page
    rapport = deposer(bonne)
    assert "Toutes les lignes sont bonnes" in rapport
    assert "sur ce changement." in rapport
    assert not Habilitation.objects.filter(espace=collegue).exists()
    confirmation = client.post(reverse("designation_fichier_confirmer"), apercu_de(rapport))
    assert confirmation["Location"] == reverse("delegations")
    assert Habilitation.objects.filter(espace=collegue, role=Role.ACTEUR).count() == 1
    assert "Choisissez un fichier" in texte(client.post(page))


def test_une_date_de_fin_passee_se_dit_sans_attendre_le_travail_de_nuit(client_de: Ouvrir) -> None:
    titulaire, acteur = EspaceFactory(), EspaceFactory()
    hier = timezone.localdate() - timedelta(days=1)
    passee = accorder(habiliter(titulaire), acteur, Role.ACTEUR, expire_le=hier)
    accorder(habiliter(titulaire), acteur, Role.ACTEUR, expire_le=hier + timedelta(days=1))
    pages = [
        (client_de(titulaire), reverse("delegations"), {}),
        (client_de(acteur), reverse("delegations"), {"sens": "recues"}),
        (client_de(acteur), reverse("retraits_choisir"), {}),
    ]
    for client, adresse, sens in pages:
        for etat, attendu in {"": (1, 1), "ACTIVE": (1, 0), "EXPIREE": (0, 1), "EN_VEILLE": (0, 0)}.items():
            contenu = texte(client.get(adresse, {**sens, "etat": etat}))
            comptes = len(re.findall(r">Active ?</td>", contenu)), len(re.findall(r">expirée</p>", contenu))
            assert comptes == attendu, (adresse, etat)
    fichier = (
        client_de(titulaire).post(reverse("delegations_exporter"), {"format": "csv"}).getvalue().decode("utf-8-sig")
    )
    etats = {ligne.split(";")[0]: ligne.split(";")[5] for ligne in fichier.splitlines()[1:]}
    assert etats.pop(f'"\'{passee.personne.siren}"') == '"expirée"'
    assert set(etats.values()) == {'"active"'}
    agent = _lignes(passee.adhesion)
    assert [etat for *_, etat in agent] == ["active", "expirée"]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_exporter(client_de: Ouvrir, format_: str) -> None:
    racine = habiliter(EspaceFactory())
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    client = client_de(racine.espace)
    reponse = client.post(reverse("delegations_exporter"), {"format": format_})
    assert reponse.status_code == 200
    assert f'filename="delegations-accordees.{format_}"' in reponse["Content-Disposition"]
    assert client.get(reverse("delegations_exporter")).status_code == 405
    assert client.post(reverse("delegations_exporter"), {"format": "exe"}).status_code == 404


def test_un_espace_simplifie_ne_designe_pas(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory(mode="SIMPLIFIE"))
    client = client_de(racine.espace)
    assert "Passer en espace expert" in texte(client.get(reverse("suppleants")))
    assert client.get(reverse("suppleants_designer"))["Location"] == reverse("suppleants")


def test_qui_ne_fait_que_recevoir_arrive_sur_ce_qu_il_a_recu(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory())
    recue = accorder(racine, EspaceFactory(), Role.ACTEUR)
    client, page = client_de(recue.espace), reverse("delegations")
    arrivee = texte(client.get(page))
    assert racine.personne.denomination in arrivee
    assert f'href="{page}?sens=recues" aria-current="page"' in arrivee
    assert racine.personne.denomination not in texte(client.get(page, {"sens": "accordees"})), (
        "the other tab still opens"
    )
    assert "Accordées" in texte(client_de(racine.espace).get(page))
    assert f'href="{page}?sens=accordees" aria-current="page"' in texte(client_de(racine.espace).get(page))
    assert f'href="{page}?sens=accordees" aria-current="page"' in texte(client_de(EspaceFactory()).get(page))


def test_les_filtres_ne_proposent_que_ce_qui_est_dans_la_liste(client_de: Ouvrir) -> None:
    racine = habiliter(EspaceFactory(), service=ServiceFactory(code="TENU"))
    habiliter(racine.espace, service=racine.service)
    for _ in range(2):
        accorder(racine, EspaceFactory(), Role.ACTEUR)
    ServiceFactory(code="AILLEURS")
    client = client_de(racine.espace)
    for nom in ("delegations", "retraits_choisir", "delegations_designer"):
        page = texte(client.get(reverse(nom)))
        assert '<option value="TENU"' in page, nom
        assert "AILLEURS" not in page, nom
    assert "AILLEURS" in texte(client.get(reverse("designation_fichier"))), "a file may name any code of the catalogue"


def test_une_raison_est_dite_une_fois(client_de: Ouvrir) -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    tenues = [habiliter(titulaire) for _ in range(12)]
    for tenue in tenues:
        accorder(tenue, collegue, Role.ACTEUR)
    client = client_de(titulaire)
    client.post(reverse("delegations_designer"), {"adhesions": [t.adhesion_id for t in tenues], "continuer": "1"})
    client.post(
        reverse("delegations_personne"), {"numero": collegue.numero_abonne, "nom": collegue.nom, "role": "ACTEUR"}
    )
    page = texte(client.get(reverse("delegations_confirmer")))
    assert page.count("y est déjà habilité") == 1
    assert "(12 habilitations)" in page


PAGES = [
    ("suppleants", {}),
    ("delegations", {}),
    ("delegations", {"sens": "recues"}),
    ("delegations", {"q": "soc", "service": "TVA", "role": "ACTEUR", "etat": "ACTIVE"}),
    ("delegations_designer", {}),
    ("delegations_designer", {"q": "soc", "page": "2"}),
    ("retraits", {}),
    ("retraits_choisir", {}),
]


@time_machine.travel(timezone.now, tick=False)  # a session notes its last use each minute: one statement more
def test_le_nombre_de_requetes_ne_depend_pas_des_siren(client_de: Ouvrir) -> None:
    """At 1, 10 and 100 SIREN, each shared by two persons: the same number, at most eight."""
    titulaire, suppleant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    services = [ServiceFactory(code=code) for code in ("TVA", "CFE", "IS")]
    client = client_de(titulaire)
    client.get(reverse("suppleants"))  # the CGU in force are read once by a process
    comptes: list[list[int]] = []
    total = 0
    for cible in (1, 10, 100):
        quittees, tenues = [], []
        while total < cible:
            personne = PersonneFactory(denomination=f"SOCIÉTÉ {total:03}")
            for service in services:
                racine = habiliter(titulaire, personne=personne, service=service)
                accorder(racine, suppleant, Role.SUPPLEANT)
                quittees.append(accorder(racine, acteur, Role.ACTEUR))
            tenues.append(racine)
            total += 1
        demander_retrait(acteur=acteur, habilitations=quittees)
        demander_retrait(acteur=titulaire, habilitations=tenues)
        client.get(reverse("suppleants"))  # making so many takes longer than a process keeps the CGU in force
        mesures = []
        for nom, parametres in PAGES:
            with CaptureQueriesContext(
                connection,
            ) as requetes:
                assert client.get(reverse(nom), parametres).status_code == 200
            mesures.append(len(requetes))
        comptes.append(mesures)
    assert comptes[1] == comptes[2], comptes
    assert all(un <= dix for un, dix in zip(comptes[0], comptes[1], strict=True)), comptes
    assert max(comptes[2]) <= 8, comptes
