"""Whatever ends or suspends a right is shown before, and confirmed (issue 10 item 6): every form that may, listed."""

import ast
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.gestion.page_acte import PageActe
from accounts.models import Espace
from activation.demandes.substitution import Choix, deposer_substitution
from espacepro.gestion.deces import demander_suppression_pour_deces
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Cessation, Habilitation, Role
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de, texte
from tests.sources import module_de, noeuds

pytestmark = pytest.mark.django_db
APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
# What ends or suspends rights itself; the last ones call what the floors above have inscribed with them.
FINS = {
    "habilitations.arbre.cascade.terminer",
    "habilitations.partage.suppleances.mettre_en_veille",
    "habilitations.registre.cessations._restreindre",
    "accounts.espace.suppression.supprimer_espace",
    "accounts.espace.suppression.supprimer_pour_deces",
    "accounts.gestion.contreseings.contresigner",
    "services.registre.identification.attribuer_siren",
}


def _modules() -> Iterator[tuple[str, bool, ast.Module]]:
    for application in APPLICATIONS:
        for fichier in sorted(Path(application).rglob("*.py")):
            if "migrations" not in fichier.parts:
                nom = ".".join(fichier.with_suffix("").parts).removesuffix(".__init__")
                yield nom, fichier.name == "__init__.py", module_de(fichier)


def _importes(module: str, paquet: bool, arbre: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, with its module."""
    noms = {}
    for noeud in noeuds(arbre):
        if isinstance(noeud, ast.ImportFrom):
            base = module.split(".")
            base = base[: len(base) - noeud.level + paquet] if noeud.level else []
            source = ".".join([*base, *([noeud.module] if noeud.module else [])])
            noms |= {alias.asname or alias.name: f"{source}.{alias.name}" for alias in noeud.names}
    return noms


def _definis(enonce: ast.stmt) -> list[str]:
    if isinstance(enonce, ast.FunctionDef | ast.ClassDef):
        return [enonce.name]
    if isinstance(enonce, ast.Assign):
        return [cible.id for cible in enonce.targets if isinstance(cible, ast.Name)]
    if isinstance(enonce, ast.AnnAssign) and isinstance(enonce.target, ast.Name):
        return [enonce.target.id]
    return []


def _emplois(enonce: ast.stmt, importes: dict[str, str], locaux: set[str], module: str) -> Iterator[str]:
    """Yield what this function, class or constant names, calls or not."""
    siens = {n.id for n in noeuds(enonce) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for noeud in noeuds(enonce):
        if isinstance(noeud, ast.Name) and noeud.id not in siens:
            if noeud.id in importes:
                yield importes[noeud.id]
            elif noeud.id in locaux:
                yield f"{module}.{noeud.id}"
        elif isinstance(noeud, ast.Attribute) and isinstance(noeud.value, ast.Name) and noeud.value.id in importes:
            yield f"{importes[noeud.value.id]}.{noeud.attr}"


def ce_qui_termine() -> set[str]:
    """Return all that leads to the end of a right, by the names that the source uses."""
    emplois: dict[str, set[str]] = {}
    for module, paquet, arbre in _modules():
        importes = _importes(module, paquet, arbre)
        locaux = {nom for enonce in arbre.body for nom in _definis(enonce)}
        for enonce in arbre.body:
            for nom in _definis(enonce):
                emplois.setdefault(f"{module}.{nom}", set()).update(_emplois(enonce, importes, locaux, module))
    trouves = set(FINS)
    while suivants := {nom for nom, employes in emplois.items() if employes & trouves} - trouves:
        trouves |= suivants
    return trouves


def vues_qui_terminent() -> set[str]:
    """Return the views, functions and pages of an agent's act, that lead there."""
    vues = {nom for nom in ce_qui_termine() if ".views." in nom and not nom.rpartition(".")[2].startswith("_")}
    vues -= {"habilitations.views.gestion.RetirerAdhesions"}  # what its two pages share
    return {
        nom
        for nom in vues
        if callable(getattr(importlib.import_module(nom.rpartition(".")[0]), nom.rpartition(".")[2]))
    }


Scene = Callable[["Lieu"], tuple[Client, str, dict[str, Any]]]


class Lieu:
    """A titulaire, his suppléant, what the latter granted, and browsers."""

    def __init__(self, client_de: Callable[[Espace], Client]) -> None:
        self.client_de = client_de
        self.racine = habiliter(EspaceFactory(), accordee_le=timezone.now())
        self.suppleance = accorder(self.racine, EspaceFactory(), Role.SUPPLEANT)
        self.delegation = accorder(self.suppleance, EspaceFactory(), Role.ACTEUR_DELEGANT)
        self.agent = AgentFactory(service_gestionnaire=self.racine.personne.service_gestionnaire)

    @property
    def titulaire(self) -> Client:
        return self.client_de(self.racine.espace)

    def acte(self, nom: str, objet: Any, **saisie: str) -> tuple[Client, str, dict[str, Any]]:
        return client_verifie(self.agent), reverse(f"admin:habilitations_{nom}", args=[objet.pk]), saisie


def changer(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    client = lieu.titulaire
    client.post(
        reverse("habilitations_choisir"), {"action": "retirer_suppleant", "habilitations": [lieu.suppleance.pk]}
    )
    return client, reverse("habilitations_changer"), {}


def accepter(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    (demande,) = demander_retrait(acteur=lieu.suppleance.espace, habilitations=[lieu.suppleance])
    return lieu.titulaire, reverse("retrait_accepter", args=[demande.pk]), {}


def supprimer(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    return lieu.client_de(lieu.delegation.espace), reverse("supprimer_espace"), {"confirme": "on"}


def accepter_en_agent(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    (demande,) = demander_retrait(acteur=lieu.racine.espace, habilitations=[lieu.racine])
    return lieu.acte("demanderetrait_accepter", demande)


def fermer(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    return lieu.acte("cessation_fermer", Cessation.objects.create(personne=lieu.racine.personne), motif="Close.")


def retirer_de_la_personne(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    page = reverse("admin:services_personnesirenisee_retirer-adhesions", args=[lieu.racine.personne_id])
    return client_verifie(lieu.agent), page, {"adhesions": [lieu.racine.adhesion_id], "motif": "Demande écrite."}


def retirer_de_l_espace(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    page = reverse("admin:espace_retirer-adhesions", args=[lieu.racine.espace_id])
    return client_verifie(lieu.agent), page, {"adhesions": [lieu.racine.adhesion_id], "motif": "Demande écrite."}


def liberer(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    page = reverse("admin:espace_liberer", args=[lieu.racine.espace_id])
    return client_verifie(lieu.agent), page, {"motif": "Demande au guichet."}


def contresigner(lieu: Lieu) -> tuple[Client, str, dict[str, Any]]:
    demande = demander_suppression_pour_deces(
        acteur=AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire),
        espace=lieu.suppleance.espace,
        preuve="ACTE",
        preuve_le=timezone.localdate(),
        motif="Présenté par son épouse.",
    )
    return client_verifie(lieu.agent), reverse("admin:accounts_contreseing_contresigner", args=[demande.pk]), {}


def montrer(client: Client, page: str, saisie: dict[str, Any]) -> dict[str, str]:
    """Return the print of what the page shows: at once, or once what it ends was ticked on it."""
    return apercu_de(texte(client.get(page))) or apercu_de(texte(client.post(page, saisie)))


# A page that shows what ends, then a POST that carries the print of what it showed.
MONTRENT: dict[str, Scene] = {
    "habilitations.views.changements.confirmer": changer,
    "habilitations.views.retraits.accepter": accepter,
    "accounts.views.donnees.supprimer_espace": supprimer,
    "habilitations.views.gestion.RetirerAdhesion": lambda lieu: lieu.acte(
        "adhesion_retirer", lieu.racine.adhesion, motif="Demande écrite."
    ),
    "habilitations.views.gestion.RetirerAdhesionsDeLaPersonne": retirer_de_la_personne,
    "habilitations.views.gestion.RetirerAdhesionsDeLEspace": retirer_de_l_espace,
    "habilitations.views.gestion.LibererEspace": liberer,
    "habilitations.views.gestion.AccepterRetrait": accepter_en_agent,
    "accounts.views.contreseings.Contresigner": contresigner,
    "habilitations.views.cessations.FermerServices": fermer,
}


def revoir(page: str) -> Scene:
    return lambda lieu: (lieu.titulaire, reverse(page), {f"ligne-{lieu.suppleance.pk}": "retirer", "tout": "retirer"})


# A POST that only chooses: the page of confirmation comes next.
CHOISISSENT: dict[str, Scene] = {
    "habilitations.views.changements.choisir": lambda lieu: (
        lieu.titulaire,
        reverse("habilitations_choisir"),
        {"action": "retirer_suppleant", "habilitations": [lieu.suppleance.pk]},
    ),
    "habilitations.views.revue.substitution": revoir("revue_substitution"),
    "habilitations.views.revue.delegations": revoir("revue_delegations"),
}
# The others, each with what stands for the confirmation.
AUTREMENT = {
    "habilitations.views.fichier.confirmer": "the report of the file, with its print: test_le_fichier_qui_retire",
    "habilitations.views.designer.confirmer": "grants; ends only what is past its last day, and carries a print",
    "habilitations.views.demandes_habilitation.accepter": "the same, asked from below",
    "activation.views.codes.demande": "the code, a mandate: test_la_page_du_code_dit_ce_qu_il_fait",
    "activation.views.codes.a_activer": "the same; what of one's own would end is shown by the demande's page first",
    "activation.views.attente.activer_espace": "opens a first espace: nobody holds anything yet",
    "services.views.gestion.AttribuerSiren": "of two rights of one person on one service the stronger stays",
}


def test_chaque_formulaire_qui_termine_un_droit_est_liste() -> None:
    assert vues_qui_terminent() == {*MONTRENT, *CHOISISSENT, *AUTREMENT}


def test_le_graphe_voit_ce_qui_termine() -> None:
    """Directly, through a module, through a table of acts; and a page that ends nothing is not seen."""
    trouves = ce_qui_termine()
    assert {"habilitations.arbre.retrait.retirer", "habilitations.views.changements.ACTIONS"} <= trouves
    assert "habilitations.depart.retraits.refuser_retrait" not in trouves
    assert "activation.views.demandes.annuler" not in trouves
    assert issubclass(importlib.import_module("habilitations.views.gestion").RetirerAdhesion, PageActe)


@pytest.fixture
def lieu(client_de: Callable[[Espace], Client]) -> Lieu:
    return Lieu(client_de)


def donnes() -> set[Any]:
    return set(Habilitation.objects.actives().values_list("pk", flat=True))


@pytest.mark.parametrize("vue", MONTRENT)
def test_rien_ne_prend_fin_sans_avoir_ete_montre(vue: str, lieu: Lieu) -> None:
    client, page, saisie = MONTRENT[vue](lieu)
    avant = donnes()
    montre = montrer(client, page, saisie)
    assert montre, "the page carries a print of what it shows"
    for empreinte in ({}, {"apercu": "autre"}):
        client.post(page, {**saisie, **empreinte})
        assert donnes() == avant, "what is confirmed is what was shown"
    client.post(page, {**saisie, **montre})
    assert donnes() < avant


@pytest.mark.parametrize("vue", MONTRENT)
def test_ce_qui_est_accorde_dessous_entre_la_lecture_et_le_verrou_n_est_pas_termine(
    vue: str, lieu: Lieu, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The print is right when the view compares it; then somebody below grants, before the act has its locks."""
    client, page, saisie = MONTRENT[vue](lieu)
    montre = montrer(client, page, saisie)
    module = importlib.import_module(vue.rpartition(".")[0])
    compare = (
        "accounts.gestion.page_acte" if isinstance(getattr(module, vue.rpartition(".")[2]), type) else module.__name__
    )
    vraie = importlib.import_module(compare).est_ce_qui_a_ete_montre
    tardives = []

    def puis_accorder(posees: Any, apercu: str) -> bool:
        if juste := vraie(posees, apercu):
            tardives.append(accorder(lieu.delegation, EspaceFactory(), Role.ACTEUR))
        return bool(juste)

    monkeypatch.setattr(f"{compare}.est_ce_qui_a_ete_montre", puis_accorder)
    avant = donnes()
    reponse = client.post(page, {**saisie, **montre}, follow=True)
    assert len(tardives) == 1
    assert donnes() == avant | {tardives[0].pk}, "nothing ended"
    assert "ce que cette page montrait a changé" in texte(reponse)


@pytest.mark.parametrize("vue", CHOISISSENT)
def test_choisir_ne_termine_rien(vue: str, lieu: Lieu) -> None:
    if vue.endswith("substitution"):
        lieu.racine.adhesion.habilitations.filter(role=Role.SUPPLEANT).update(
            etat="EN_VEILLE", veille_motif="SUBSTITUTION", veille_depuis=timezone.now()
        )
    elif vue.endswith("delegations"):
        Habilitation.objects.filter(pk=lieu.suppleance.pk).update(role=Role.ACTEUR_DELEGANT)
    client, page, saisie = CHOISISSENT[vue](lieu)
    avant = set(Habilitation.objects.vivantes())
    assert client.post(page, saisie)["Location"] == reverse("habilitations_changer")
    assert set(Habilitation.objects.vivantes()) == avant
    apres = texte(client.get(reverse("habilitations_changer")))
    for habilitation in (lieu.suppleance, lieu.delegation):
        assert habilitation.espace.nom_complet in apres, "what hangs below as well"


def test_le_fichier_qui_retire(lieu: Lieu) -> None:
    client, confirmer = lieu.titulaire, reverse("designation_fichier_confirmer")
    qui = lieu.suppleance.espace
    colonnes = "siren;service;numero_abonne;nom;role;acte"
    ligne = f"{lieu.racine.personne.siren};{lieu.racine.service.code};{qui.numero_abonne};{qui.nom};;retirer"
    fichier = SimpleUploadedFile("masse.csv", f"{colonnes}\n{ligne}".encode())
    rapport = texte(client.post(reverse("designation_fichier"), {"fichier": fichier}))
    assert lieu.delegation.espace.nom_complet in rapport, "what falls with it"
    avant = donnes()
    client.post(confirmer, {})
    assert donnes() == avant
    client.post(
        reverse("designation_fichier"), {"fichier": SimpleUploadedFile("m.csv", f"{colonnes}\n{ligne}".encode())}
    )
    client.post(confirmer, apercu_de(rapport))
    assert donnes() == {lieu.racine.pk}


def test_la_page_du_code_dit_ce_qu_il_fait(lieu: Lieu) -> None:
    choix = [Choix(lieu.racine.personne, [lieu.racine.service])]
    (demande,) = deposer_substitution(acteur=EspaceFactory(), choix=choix, qualite="MANDATAIRE")
    scenes.editer(demande)
    page = texte(lieu.client_de(demande.espace).get(reverse("demande", args=[demande.reference])))
    assert "prendre la place de l’administrateur titulaire" in page
    assert "seront mises en veille" in page
