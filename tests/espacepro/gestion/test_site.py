"""The agents' door: nobody passes before the second factor, and nobody reads another service's rows."""

import html
import logging
import re
from collections.abc import Callable, Iterator
from copy import copy
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection, models
from django.http import HttpResponse, QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.facteurs.second_facteur import codes_restants
from accounts.gestion import consultation
from accounts.gestion.agents import creer_agent, reinitialiser_agent
from accounts.gestion.fonctions import TOUTES
from accounts.models import Agent, Application, Compte, Espace, TraceLecture
from activation.models import Courrier, Demande
from services.models import PersonneSirenisee
from surveillance.models import Alerte, BlocageIP, Desactivation
from tests.accounts.scenes import code_de, enroler
from tests.espacepro.scenes import client_verifie, dossier
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory

NOUVEAU = "tournesol barque 58 enclume velours"
LISTES = {
    "services_personnesirenisee",
    "activation_demande",
    "activation_courrier",
    "activation_signalement",
    "habilitations_adhesion",
    "habilitations_habilitation",
    "habilitations_mandat",
    "habilitations_demanderetrait",
    "services_referencebancaire",
    "services_signalementbancaire",
    "accounts_evenement",
    "accounts_servicegestionnaire",
}


@pytest.fixture
def agent(db: None) -> Agent:
    return AgentFactory()


@pytest.fixture
def surveillant(db: None) -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


def pages(prefixe: str = "admin") -> list[str]:
    """Every address of the site that needs no argument."""
    noms = [m.name for m in admin.site.get_urls() if getattr(m, "name", None) and "<" not in str(m.pattern)]
    noms += [f"{m._meta.app_label}_{m._meta.model_name}_changelist" for m in admin.site._registry]
    return [reverse(f"{prefixe}:{nom}") for nom in noms if nom not in {"login", "app_list"}]


# --- The door


def test_un_inconnu_est_mene_a_la_page_de_connexion(db: None) -> None:
    for page in [*pages(), "/gestion/nimporte/quoi/"]:
        reponse = Client().get(page)
        assert reponse.status_code == 302, page
        assert reponse["Location"].startswith("/gestion/login/?next="), page


def test_un_usager_ne_trouve_rien(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = client_de(espace)
    for page in [*pages(), reverse("admin:login"), "/gestion/nimporte/"]:
        assert client.get(page).status_code == 404, page
        assert client.post(page).status_code == 404, page


def test_la_connexion_repond_de_meme_a_l_inconnu_et_a_l_usager(espace: Espace) -> None:
    corps = []
    for saisie in (
        {"username": "personne@exemple.fr", "password": MOT_DE_PASSE},
        {"username": espace.compte.email, "password": "faux"},
        {"username": espace.compte.email, "password": MOT_DE_PASSE},
    ):
        reponse = Client().post(reverse("admin:login"), saisie)
        assert reponse.status_code == 200
        texte = re.sub(r'name="(?:csrfmiddlewaretoken|servi)" value="[^"]+"', "", reponse.content.decode())
        corps.append(texte.replace(saisie["username"], "X"))
    assert corps[0] == corps[1] == corps[2]
    assert "n’est pas reconnu" in corps[0]


@pytest.mark.parametrize("mot_de_passe", ["faux", MOT_DE_PASSE])
def test_chaque_refus_de_la_porte_compte_meme_le_bon_mot_de_passe_d_un_usager(
    espace: Espace, mot_de_passe: str
) -> None:
    """Refused here, the account must wait: the door is no way round the counters of the usagers' sign-in."""
    saisie = {"username": espace.compte.email, "password": mot_de_passe}
    for _ in range(6):
        assert Client().post(reverse("admin:login"), saisie).status_code == 200
    ailleurs = Client()
    ailleurs.post(reverse("connexion"), {**saisie, "password": MOT_DE_PASSE})
    assert "_auth_user_id" not in ailleurs.session


def test_un_agent_qui_se_trompe_trop_attend_aussi(agent: Agent) -> None:
    for _ in range(6):
        Client().post(reverse("admin:login"), {"username": agent.compte.email, "password": "faux"})
    client = Client()
    client.post(reverse("admin:login"), {"username": agent.compte.email, "password": MOT_DE_PASSE})
    assert "_auth_user_id" not in client.session


def test_de_la_premiere_connexion_a_la_suivante(db: None) -> None:
    agent, premier = creer_agent(
        acteur="systeme:essai",
        email="anne.martin@exemple.fr",
        nom="Martin",
        prenom="Anne",
        service=AgentFactory().service_gestionnaire,
    )
    client = Client()
    but = reverse("admin:activation_demande_changelist")
    depart = timezone.now()
    with time_machine.travel(depart, tick=True):
        reponse = client.post(
            reverse("admin:login") + f"?next={but}",
            {"username": agent.compte.email, "password": premier, "next": but},
            follow=True,
        )
        assert reponse.redirect_chain[-1][0] == f"{reverse('admin:password_change')}?next={but.replace('/', '%2F')}"
        for page in pages():
            attendu = {200} if page == reverse("admin:password_change") else {302, 405}
            assert client.get(page).status_code in attendu, page
        saisie = {"actuel": premier, "nouveau": NOUVEAU, "confirmation": NOUVEAU, "next": but}
        assert "reconnu" in client.post(reverse("admin:password_change"), {**saisie, "actuel": "x"}).content.decode()
        faible = client.post(
            reverse("admin:password_change"), {**saisie, "nouveau": "azerty", "confirmation": "azerty"}
        )
        assert "trop faible" in faible.content.decode()
        reponse = client.post(reverse("admin:password_change"), saisie, follow=True)
        assert reponse.redirect_chain[-1][0].startswith(reverse("admin:enrolement") + "?next=")
        for page in pages():
            attendu = {200} if page == reverse("admin:enrolement") else {302, 405}
            assert client.get(page).status_code in attendu, page
        reponse = client.post(reverse("admin:enrolement"), {"next": but}, follow=True)
        appareil = Application.objects.get(user=agent.compte)
        assert not appareil.confirmed
        contenu = reponse.content.decode()
        assert '<svg role="img"' in contenu
        assert "style=" not in contenu
        assert client.get(but).status_code == 302
        reponse = client.post(reverse("admin:enrolement_code"), {"code": code_de(appareil), "next": but}, follow=True)
        assert reponse.redirect_chain[-1][0].startswith(reverse("admin:codes_secours"))
        codes = re.findall(r"<code>([0-9A-Z-]{29})</code>", reponse.content.decode())
        assert len(codes) == 10
        texte = client.get(reverse("admin:codes_secours_texte"))
        assert texte["Content-Type"].startswith("text/plain")
        assert all(code in texte.content.decode() for code in codes)
        assert client.post(reverse("admin:codes_secours"), {"next": but})["Location"] == but
        assert client.get(reverse("admin:codes_secours"))["Location"] == reverse("admin:second_facteur")
        assert client.get(reverse("admin:codes_secours_texte")).status_code == 302
        assert client.get(but).status_code == 200

        # Sessions opened by the password alone stay outside, and one code opens one of them.
        autre, encore = Client(), Client()
        for navigateur in (autre, encore):
            navigateur.post(reverse("admin:login"), {"username": agent.compte.email, "password": NOUVEAU})
            assert navigateur.get(but)["Location"].startswith(reverse("admin:verification"))
            for nom in ("enrolement", "enrolement_code", "password_change", "second_facteur", "codes_secours"):
                assert navigateur.get(reverse(f"admin:{nom}"))["Location"].startswith(reverse("admin:verification"))
                assert navigateur.post(reverse(f"admin:{nom}"))["Location"].startswith(reverse("admin:verification"))
    with time_machine.travel(depart + timedelta(seconds=90), tick=True):
        code = code_de(Application.objects.get(user=agent.compte))
        assert (
            autre.post(reverse("admin:verification"), {"code": f"{code[:3]} {code[3:]}", "next": but})["Location"]
            == but
        )
        refus = encore.post(reverse("admin:verification"), {"code": code})
        assert refus.status_code == 200
        assert "pas accepté" in refus.content.decode()
        assert encore.get(but).status_code == 302
    with time_machine.travel(depart + timedelta(seconds=180), tick=True):
        reponse = encore.post(reverse("admin:verification_secours"), {"code": codes[0].lower()}, follow=True)
        assert "Codes encore utilisables : 9" in reponse.content.decode()
        assert encore.get(but).status_code == 200


def test_une_adresse_de_suite_ne_sort_pas_du_portail(agent: Agent) -> None:
    client = client_verifie(agent)
    assert client.get(reverse("admin:login") + "?next=https://ailleurs.exemple/")["Location"] == reverse("admin:index")


def test_le_mot_de_passe_seul_ne_change_ni_mot_de_passe_ni_appareil(agent: Agent) -> None:
    enroler(agent)
    client = Client()
    client.force_login(agent.compte, backend="accounts.portes.connexion.CompteBackend")
    saisie = {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU, "confirmation": NOUVEAU}
    for nom in ("password_change", "enrolement", "enrolement_code", "second_facteur"):
        assert client.post(reverse(f"admin:{nom}"), saisie)["Location"].startswith(reverse("admin:verification"))
    agent.compte.refresh_from_db()
    assert agent.compte.check_password(MOT_DE_PASSE)
    assert Application.objects.filter(user=agent.compte).count() == 1


def test_changer_d_appareil_demande_le_mot_de_passe(agent: Agent) -> None:
    client = client_verifie(agent)
    refus = client.post(reverse("admin:enrolement"), {"actuel": "faux"})
    assert "pas reconnu" in refus.content.decode()
    assert Application.objects.filter(user=agent.compte).count() == 1
    client.post(reverse("admin:enrolement"), {"actuel": MOT_DE_PASSE})
    nouveau = Application.objects.get(user=agent.compte, confirmed=False)
    client.post(reverse("admin:enrolement_code"), {"code": code_de(nouveau)})
    assert list(Application.objects.filter(user=agent.compte)) == [nouveau]
    assert client.get(reverse("admin:index")).status_code == 200


def test_de_nouveaux_codes_de_secours_demandent_un_code(agent: Agent) -> None:
    client = client_verifie(agent)
    assert client.get(reverse("admin:second_facteur")).status_code == 200
    client.post(reverse("admin:second_facteur"), {"code": "12"})
    assert codes_restants(agent.compte) == 0
    client.post(reverse("admin:second_facteur"), {"code": code_de(Application.objects.get(user=agent.compte))})
    assert codes_restants(agent.compte) == 10


def test_la_porte_se_referme(agent: Agent) -> None:
    """Signing out, a reset, a suspended account, a password due: the very next page is refused."""
    index = reverse("admin:index")
    client = client_verifie(agent)
    assert client.get(reverse("admin:logout")).status_code == 405
    assert client.get(index).status_code == 200
    assert client.post(reverse("admin:logout"))["Location"] == reverse("admin:login")
    assert client.get(index)["Location"].startswith(reverse("admin:login"))

    client = client_verifie(agent)
    Compte.objects.filter(pk=agent.compte_id).update(renouvellement_exige=True)
    assert client.get(index)["Location"].startswith(reverse("admin:password_change"))
    Compte.objects.filter(pk=agent.compte_id).update(renouvellement_exige=False)
    assert client.get(index).status_code == 200
    Compte.objects.filter(pk=agent.compte_id).update(is_active=False)
    assert client.get(index)["Location"].startswith(reverse("admin:login"))
    Compte.objects.filter(pk=agent.compte_id).update(is_active=True)
    assert client.get(index).status_code == 200
    reinitialiser_agent(acteur="systeme:essai", agent=agent, preuve="CARTE")
    assert client.get(index)["Location"].startswith(reverse("admin:login"))


def test_seules_nos_pages_sont_a_la_porte() -> None:
    """The admin pages that libraries bring (seeds of the second factor, lock-outs, groups) stay out."""
    assert {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry} == LISTES | {
        "accounts_agent",
        "accounts_contreseing",
        "accounts_nomadmis",
        "accounts_rectification",
        "accounts_tracelecture",
        "habilitations_cessation",
        "services_echange",
        "services_modeledereponse",
        "services_service",
        "surveillance_alerte",
        "surveillance_blocageip",
        "surveillance_desactivation",
    }


def test_un_compte_agent_sans_fiche_d_agent_n_entre_pas(db: None) -> None:
    client = Client()
    client.force_login(
        Compte.objects.creer(email="x@exemple.fr", mot_de_passe="x", is_staff=True, is_superuser=True),
        backend="accounts.portes.connexion.CompteBackend",
    )
    assert client.get(reverse("admin:index")).status_code == 404


# --- What is read behind it


def test_un_agent_ne_lit_que_son_service(agent: Agent) -> None:
    miens, autres = dossier(agent, 1), dossier(AgentFactory(), 2)
    client = client_verifie(agent)
    assert set(miens) == LISTES
    for nom in LISTES:
        liste = client.get(reverse(f"admin:{nom}_changelist"))
        assert list(liste.context["cl"].queryset) == [miens[nom]], nom
        assert client.get(reverse(f"admin:{nom}_change", args=[miens[nom].pk])).status_code == 200, nom
        for vue in ("change", "history", "delete"):
            attendu = (403, None) if vue == "delete" else (302, reverse("admin:index"))
            for cle in (autres[nom].pk, _absent(autres[nom].pk)):
                reponse = client.get(reverse(f"admin:{nom}_{vue}", args=[cle]))
                assert (reponse.status_code, reponse.get("Location")) == attendu, (nom, vue)


def _absent(cle: Any) -> Any:
    return cle + 10_000 if isinstance(cle, int) else "00000000-0000-4000-8000-000000000000"


def test_la_recherche_reste_dans_le_service(agent: Agent) -> None:
    mien, autre = dossier(agent, 1), dossier(AgentFactory(), 2)
    client = client_verifie(agent)
    for nom in LISTES - {"accounts_servicegestionnaire"}:
        siren = mien["services_personnesirenisee"].siren
        for terme in (siren, f"{siren[:3]} {siren[3:6]} {siren[6:]}"):
            trouve = client.get(reverse(f"admin:{nom}_changelist"), {"q": terme}).context["cl"].queryset
            assert list(trouve) == [mien[nom]], (nom, terme)
        trouve = client.get(reverse(f"admin:{nom}_changelist"), {"q": autre["services_personnesirenisee"].siren})
        assert list(trouve.context["cl"].queryset) == [], nom


def test_la_cellule_de_surveillance_lit_tout(agent: Agent, surveillant: Agent) -> None:
    dossier(agent, 1)
    dossier(AgentFactory(), 2)
    alerte = Alerte.objects.create(compte=EspaceFactory().compte, motif="pays inhabituel")
    blocage = BlocageIP.objects.create(reseau="203.0.113.0/24", motif="robot")
    desactivation = Desactivation.objects.create(
        espace=EspaceFactory(), voie="AGENT", raison="INHABITUEL", depuis=timezone.now(), etat_avant="ACTIF"
    )
    client = client_verifie(surveillant)
    for nom in LISTES - {"accounts_servicegestionnaire"}:
        assert client.get(reverse(f"admin:{nom}_changelist")).context["cl"].queryset.count() == 2, nom
    for nom, ligne in (
        ("surveillance_alerte", alerte),
        ("surveillance_blocageip", blocage),
        ("surveillance_desactivation", desactivation),
    ):
        assert client.get(reverse(f"admin:{nom}_changelist")).context["cl"].queryset.count() == 1
        assert client.get(reverse(f"admin:{nom}_change", args=[ligne.pk])).status_code == 200
        gestionnaire = client_verifie(agent)
        assert gestionnaire.get(reverse(f"admin:{nom}_changelist")).status_code == 403
        assert gestionnaire.get(reverse(f"admin:{nom}_change", args=[ligne.pk])).status_code in {302, 403}
    assert "surveillance" not in client_verifie(agent).get(reverse("admin:index")).content.decode()


def test_rien_ne_s_ecrit(agent: Agent, surveillant: Agent) -> None:
    lignes = dossier(agent, 1)
    for lecteur in (agent, surveillant):
        client = client_verifie(lecteur)
        for nom, ligne in lignes.items():
            assert client.get(reverse(f"admin:{nom}_add")).status_code == 403, nom
            for vue, arguments in (("add", []), ("change", [ligne.pk]), ("delete", [ligne.pk])):
                assert client.post(reverse(f"admin:{nom}_{vue}", args=arguments), {"post": "yes"}).status_code == 403
            action = {"action": "delete_selected", "_selected_action": ligne.pk}
            client.post(reverse(f"admin:{nom}_changelist"), action)
            assert type(ligne).objects.filter(pk=ligne.pk).exists()


def test_rien_de_secret_ne_s_affiche(agent: Agent, surveillant: Agent) -> None:
    lignes = dossier(agent, 1)
    courrier, espace = lignes["activation_courrier"], lignes["activation_demande"].espace
    secrets = [courrier.empreinte_code, courrier.empreinte, espace.reponse_confiance, espace.compte.password]
    for lecteur in (agent, surveillant):
        client = client_verifie(lecteur)
        for nom, ligne in lignes.items():
            for page in (reverse(f"admin:{nom}_changelist"), reverse(f"admin:{nom}_change", args=[ligne.pk])):
                contenu = client.get(page).content.decode()
                assert not [secret for secret in secrets if secret in contenu], page


@pytest.mark.parametrize(
    ("nom", "filtre"),
    [
        ("activation_courrier", "empreinte_code__startswith"),
        ("activation_courrier", "demande__espace__reponse_confiance__startswith"),
        ("activation_demande", "espace__compte__password__startswith"),
        ("services_personnesirenisee", "service_gestionnaire__agents__compte__password__startswith"),
    ],
)
def test_une_colonne_cachee_ne_se_devine_pas_par_l_adresse(agent: Agent, nom: str, filtre: str) -> None:
    dossier(agent, 1)
    assert client_verifie(agent).get(reverse(f"admin:{nom}_changelist"), {filtre: "0"}).status_code == 400


def test_l_adresse_ip_du_journal_est_pour_la_surveillance(agent: Agent, surveillant: Agent) -> None:
    evenement = dossier(agent, 1)["accounts_evenement"]
    page = reverse("admin:accounts_evenement_change", args=[evenement.pk])
    assert "adresse IP" not in client_verifie(agent).get(page).content.decode()
    assert "Adresse IP" in client_verifie(surveillant).get(page).content.decode()


@pytest.mark.parametrize(
    ("recherche", "trouve"),
    [("Demande deposee", True), ("demande.deposee", True), ("déposée", True), ("demande annulee", False), ("-", False)],
)
def test_le_journal_se_lit_et_se_cherche_en_francais(agent: Agent, recherche: str, trouve: bool) -> None:
    evenement = dossier(agent, 1)["accounts_evenement"]
    dossier(AgentFactory(), 2)
    page = client_verifie(agent).get(reverse("admin:accounts_evenement_changelist"), {"q": recherche})
    assert (evenement in page.context["cl"].queryset) is trouve
    assert ("Demande déposée" in page.content.decode()) is trouve
    assert {ligne.siren for ligne in page.context["cl"].queryset} <= {evenement.siren}, "never another service's"


def test_un_filtre_a_l_ecran_fonctionne(agent: Agent) -> None:
    ligne = dossier(agent, 1)["activation_demande"]
    client = client_verifie(agent)
    for etat, attendu in (("DEPOSEE", [ligne]), ("ACTIVEE", [])):
        liste = client.get(reverse("admin:activation_demande_changelist"), {"etat__exact": etat})
        assert list(liste.context["cl"].queryset) == attendu


NOMS_DES_LISTES = [f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry]


def colonnes_voisines(modele: type[models.Model]) -> Iterator[str]:
    """Every column of this model and, one relation further, of those that it leads to, in both directions."""
    for champ in modele._meta.get_fields():
        yield champ.name
        if champ.is_relation and isinstance(champ.related_model, type):
            for voisin in champ.related_model._meta.get_fields():
                yield f"{champ.name}__{voisin.name}"


def listes_de(fonction: str) -> list[str]:
    """The lists that an agent of this function may open: of a head of office and an auditor, those that others have not."""
    propres = {
        Agent.Fonction.CHEF: {"accounts_tracelecture", "accounts_agent"},
        Agent.Fonction.AUDITEUR: {"accounts_tracelecture", "accounts_evenement", "accounts_agent"},
        Agent.Fonction.AUCUNE: set(),
    }
    toutes = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}
    return sorted(propres.get(Agent.Fonction(fonction), toutes))


@pytest.mark.parametrize("fonction", Agent.Fonction.values)
def test_aucune_liste_ne_se_filtre_au_dela_de_ce_qu_elle_montre(
    db: None, fonction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One relation further, by each look-up: 400 everywhere, on every list of the site, for every function of agent.

    The first of each list through the whole portal; the others ask the list's own view, and the page that refuses is not made.
    """
    rendre = consultation.render
    lecteur = AgentFactory(fonction=fonction)
    ligne = dossier(lecteur, 1)
    navigateur = client_verifie(lecteur)
    for modele, page in admin.site._registry.items():
        nom = f"{modele._meta.app_label}_{modele._meta.model_name}"
        liste = reverse(f"admin:{nom}_changelist")
        ouverte = navigateur.get(liste)
        if nom not in listes_de(fonction) or ouverte.status_code == 403:
            continue
        filtres = [filtre if isinstance(filtre, str) else filtre[0] for filtre in page.list_filter]
        essayees = 0
        for rang, colonne in enumerate([*colonnes_voisines(modele), *(f"{nom}__libelle" for nom in filtres), *filtres]):
            for suite in ("__startswith", ("__regex", "__gt", "__in", "__year", "__isnull", "")[rang % 6]):
                if f"{colonne}{suite}" in {f"{nom}__isnull" for nom in filtres}:
                    continue
                if not essayees:
                    monkeypatch.setattr(consultation, "render", rendre)
                    assert navigateur.get(liste, {f"{colonne}{suite}": "0"}).status_code == 400, (liste, colonne, suite)
                    monkeypatch.setattr(
                        consultation, "render", lambda _, page, status: HttpResponse(page, status=status)
                    )
                demande = copy(ouverte.wsgi_request)
                demande.GET = QueryDict(f"{colonne}{suite}=0")  # type: ignore[misc]
                assert page.changelist_view(demande).status_code == 400, (liste, colonne, suite)
                essayees += 1
        assert essayees > 10, liste
    assert ligne


@pytest.mark.parametrize(
    "suite",
    [
        "etat__exact=%00",
        "etat__exact=AUTRE",
        "etat__exact=DEPOSEE&etat__exact=REFUSEE",
        "etat__isnull=True",
        "etat__regex=(",
        "etat__in=DEPOSEE,REFUSEE",
        "deposee_le__gte=hier",
        "deposee_le__gte=2026-01-01+12:34:56%2B01:00",
        "deposee_le__gte=2026-02-30+00:00:00%2B01:00",
        "deposee_le__gte=0001-01-01+00:00:00%2B14:00",
        "deposee_le__year=99999999999999",
        "quand__year=99999999999999",
        "_to_field=id",
        "_to_field=espace__compte__password",
        "_popup=1",
        "_facets=1",
        "all=",
        "e=1",
        "p=0",
        "p=-1",
        "p=x",
        "p=" + "9" * 5000,
        "p=%D9%A1",
        "o=x",
        "o=99",
        "o=1.1",
        "o=" + "9" * 5000,
        "o=1__regex",
        "q=%00",
        "q=%ED%A0%80",
        "q=%C0%80",
        "q=a&q=b",
        "q=" + "a" * 101,
        "&".join(f"a{rang}=" for rang in range(1100)),
    ],
)
def test_une_adresse_que_la_page_n_a_pas_ecrite_est_refusee_par_une_page(
    agent: Agent, caplog: pytest.LogCaptureFixture, suite: str
) -> None:
    """400 on lists, objects, history and acts, read or posted: a French page, and no traceback in the log."""
    lignes = dossier(agent, 1)
    client = client_verifie(agent)
    adresses = [reverse("admin:activation_demande_changelist")]
    for vue in ("change", "history", "delete", "refuser"):
        adresses.append(reverse(f"admin:activation_demande_{vue}", args=[lignes["activation_demande"].pk]))
    adresses.append(reverse("admin:activation_demande_add"))
    with caplog.at_level(logging.DEBUG):
        for rang, adresse in enumerate(adresses):
            seule = f"{adresse}?{suite}"
            gardee = f"{adresse}?_changelist_filters={quote(suite)}" if rang else seule
            for demandee in {seule, gardee}:
                reponse = client.get(demandee)
                assert reponse.status_code == 400, demandee[:200]
                assert "Demande incomprise" in reponse.content.decode()
            assert client.post(seule).status_code in {400, 403}
    assert not [ligne for ligne in caplog.records if ligne.exc_info]


def test_une_page_au_dela_de_la_derniere_est_refusee(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier(agent, 1)
    client, liste = client_verifie(agent), reverse("admin:activation_demande_changelist")
    assert [client.get(liste, {"p": p}).status_code for p in ("1", "2")] == [200, 400]
    dossier(agent, 2)
    monkeypatch.setattr(consultation.ConsultationAdmin, "list_per_page", 1)
    assert [client.get(liste, {"p": p}).status_code for p in ("1", "2", "3")] == [200, 200, 400]


@pytest.mark.parametrize("vue", ["changelist", "change", "delete", "add", "history"])
def test_rien_ne_se_poste_aux_pages_de_lecture(agent: Agent, caplog: pytest.LogCaptureFixture, vue: str) -> None:
    """Not even what the stock admin reads of a POST before it asks who may write."""
    arguments = [] if vue in {"changelist", "add"} else [dossier(agent, 1)["activation_demande"].pk]
    adresse = reverse(f"admin:activation_demande_{vue}", args=arguments)
    client = client_verifie(agent)
    with caplog.at_level(logging.DEBUG):
        for saisie in ({"_to_field": "espace__compte__password"}, {"_popup": "1", "_source_model": "x"}, {}):
            assert client.post(adresse, saisie).status_code == 403
    assert not [ligne for ligne in caplog.records if ligne.exc_info]


def liens(contenu: str) -> set[str]:
    """Every link of a page that adds to an address."""
    return {html.unescape(lien) for lien in re.findall(r'href="([^"]*\?[^"]*)"', contenu)}


def test_chaque_liste_et_chaque_fiche_portent_la_feuille_de_leur_en_tete(agent: Agent) -> None:
    """The head of the desk is drawn by a sheet of its own: Django's templates name theirs again, page by page."""
    lignes, client, vues = dossier(agent, 1), client_verifie(agent), 0
    for nom in NOMS_DES_LISTES:
        for adresse in (f"admin:{nom}_changelist", f"admin:{nom}_change"):
            cles = [lignes[nom].pk] if adresse.endswith("_change") and nom in lignes else []
            if adresse.endswith("_change") and not cles:
                continue
            page = client.get(reverse(adresse, args=cles))
            if page.status_code == 200:
                vues += 1
                assert "css/gestion_entete" in page.content.decode(), adresse
    assert vues > len(NOMS_DES_LISTES)


def une_de_chaque_sorte(adresses: set[str]) -> list[str]:
    """Return one address for each page and each set of parameters, the same in each run."""
    return list({re.sub(r"=[^&]*|/[0-9a-f-]{1,36}/", "", adresse): adresse for adresse in sorted(adresses)}.values())


@pytest.mark.parametrize("fonction", sorted(TOUTES))
def test_tout_lien_qu_une_liste_ecrit_s_ouvre(db: None, fonction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters, sorts, pages, and the objects opened from a filtered list, whose links lead back to it.

    A gestionnaire opens each; the others one of each kind, for what differs between them is who may, not which value.
    """
    lecteur, chaque = AgentFactory(fonction=fonction), fonction == Agent.Fonction.GESTIONNAIRE
    dossier(lecteur, 1)
    dossier(lecteur, 2)
    monkeypatch.setattr(consultation.ConsultationAdmin, "list_per_page", 1)
    monkeypatch.setattr(consultation.ConsultationAdmin, "list_max_show_all", 1)
    navigateur = client_verifie(lecteur)
    suivis = set()
    for nom in NOMS_DES_LISTES:
        liste = reverse(f"admin:{nom}_changelist")
        page = navigateur.get(liste, {"q": "1"})
        if navigateur.get(liste).status_code == 403:
            continue
        a_suivre = liens(page.content.decode()) | liens(navigateur.get(liste).content.decode())
        assert a_suivre, (nom, page.status_code)
        for lien in a_suivre if chaque else une_de_chaque_sorte(a_suivre):
            reponse = navigateur.get(lien if lien.startswith("/") else liste + lien)
            assert reponse.status_code == 200, (nom, lien)
            suivis.add(re.sub(r"=.*", "", urlsplit(lien).query))
            if "_changelist_filters" in lien:
                for suite in une_de_chaque_sorte(liens(reponse.content.decode())):
                    assert navigateur.get(suite).status_code == 200, suite
    attendus = (
        {"p", "o"} if fonction == Agent.Fonction.AUDITEUR else {"p", "o", "etat__exact"}
    )  # what is read has no state
    assert suivis >= attendus


def test_la_recherche_supporte_toute_saisie(agent: Agent, surveillant: Agent) -> None:
    dossier(agent, 1)
    for lecteur in (agent, surveillant):
        client = client_verifie(lecteur)
        for nom in NOMS_DES_LISTES:
            modele = apps.get_model(*nom.split("_", 1))
            sans = not admin.site._registry[modele].search_fields  # `q` is no part of its address
            for saisie in ('"', "'", '"a', "\\", "%_", "9" * 100, "-1", "é\u0301", "1 " * 50, "'\\'"):
                statut = client.get(reverse(f"admin:{nom}_changelist"), {"q": saisie}).status_code
                assert statut in ({400, 403} if sans else {200, 403}), (nom, saisie)


def test_chercher_et_lister_laissent_une_trace_sans_dire_ce_qui_etait_cherche(agent: Agent) -> None:
    """Who, which list, which filters, how many rows; of the words a keyed imprint, the same however they are typed."""
    demande = dossier(agent, 1)["activation_demande"]
    siren = demande.personne.siren
    client = client_verifie(agent)
    liste = reverse("admin:activation_demande_changelist")
    depart = timezone.now().replace(second=0)
    adresses = [
        {},
        {"q": siren, "etat__exact": "DEPOSEE"},
        {"q": f" {siren} "},
        {"q": "introuvable"},
        {"etat__regex": "("},
    ]
    for minute, requete in enumerate(adresses):
        with time_machine.travel(depart + timedelta(minutes=minute), tick=False):
            client.get(liste, requete)
    client.get(reverse("admin:activation_demande_history", args=[demande.pk]))
    listes = list(TraceLecture.objects.filter(nature="LISTE").order_by("pk"))
    assert [(t.lecteur, t.bureau, t.objet, t.details["page"], t.details["lignes"]) for t in listes] == [
        (f"agent:{agent.pk}", agent.service_gestionnaire.code, "activation.demande", "1", n) for n in (1, 1, 1, 0)
    ]
    assert [t.details["filtres"] for t in listes] == [[], ["etat__exact=DEPOSEE"], [], []]
    aucune, siens, memes, autres = [t.details["recherche"] for t in listes]
    assert aucune == ""
    assert re.fullmatch(r"[0-9a-f]{16}", siens)
    assert siens == memes != autres
    ecrit = str(list(TraceLecture.objects.values()))
    assert siren not in ecrit
    assert "introuvable" not in ecrit
    assert TraceLecture.objects.get(nature="HISTORIQUE").cle == str(demande.pk), "the history is reading too"


def test_consulter_un_dossier_laisse_une_trace_par_minute(agent: Agent) -> None:
    personne = dossier(agent, 1)["services_personnesirenisee"]
    client = client_verifie(agent)
    page = reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    depart = timezone.now().replace(second=1)
    for secondes in (0, 30, 60):
        with time_machine.travel(depart + timedelta(seconds=secondes), tick=False):
            assert client.get(page).status_code == 200
    traces = TraceLecture.objects.filter(nature="CONSULTATION").values_list("lecteur", "objet", "cle", "details")
    assert list(traces) == [(f"agent:{agent.pk}", "services.personnesirenisee", str(personne.pk), {})] * 2


def test_une_lecture_sans_trace_n_est_pas_montree(agent: Agent) -> None:
    """What a browser prepares unasked, and a trace that PostgreSQL refuses: the agent sees neither."""
    personne = dossier(agent, 1)["services_personnesirenisee"]
    client = client_verifie(agent)
    page = reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    preparee = client.get(page, headers={"Sec-Purpose": "prefetch;prerender"})
    with connection.cursor() as curseur:
        curseur.execute("ALTER TABLE accounts_tracelecture ADD CONSTRAINT panne CHECK (false) NOT VALID")
    for reponse in (preparee, client.get(page)):
        assert reponse.status_code == 503
        assert personne.denomination not in reponse.content.decode()
    assert not TraceLecture.objects.exists()


def test_une_trace_ne_se_modifie_pas(agent: Agent) -> None:
    dossier(agent, 1)
    client_verifie(agent).get(reverse("admin:activation_demande_changelist"))
    with pytest.raises(IntegrityError, match="ajout seul"):
        TraceLecture.objects.update(lecteur="agent:autre")


def test_la_cellule_lit_les_traces_et_elle_seule(agent: Agent, surveillant: Agent) -> None:
    page = reverse("admin:accounts_tracelecture_changelist")
    assert client_verifie(agent).get(page).status_code == 403
    client = client_verifie(surveillant)
    assert client.get(page).status_code == 200
    assert str(surveillant) in client.get(page).content.decode(), "who reads the traces leaves one too"


@pytest.mark.parametrize("nom", sorted(LISTES - {"accounts_servicegestionnaire"}))
def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_lignes(agent: Agent, nom: str) -> None:
    client = client_verifie(agent)
    client.get(reverse("admin:index"))  # the session's first page writes when it was opened
    comptes = []
    rang = 0
    for nombre in (1, 10, 40):
        while rang < nombre:
            rang += 1
            dossier(agent, rang)
        with CaptureQueriesContext(connection) as requetes:
            assert client.get(reverse(f"admin:{nom}_changelist")).status_code == 200
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1] == comptes[2], comptes
    assert comptes[0] <= 12, "nine, and the trace of reading in its savepoint"


def test_derriere_la_porte_aussi_rien_ne_se_lit_sans_second_facteur(agent: Agent) -> None:
    """The pages ask again for themselves: a page that forgot the door would show nothing."""
    dossier(agent, 1)
    for verifie in (False, True):
        requete = RequestFactory().get("/gestion/")
        requete.user = Compte.objects.get(pk=agent.compte_id)
        requete.user.otp_device = Application(user=requete.user) if verifie else None
        assert admin.site.has_permission(requete) is verifie
        for modele, page in admin.site._registry.items():
            if modele in {PersonneSirenisee, Demande, Courrier}:
                assert page.has_view_permission(requete) is verifie
                assert page.get_queryset(requete).count() == int(verifie)
