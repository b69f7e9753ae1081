"""Who may: the backend's answers against the matrix of design.md §4, written out here by hand; and nothing else decides."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Compte, Espace
from habilitations.droits import roles
from habilitations.droits.backends import HabilitationBackend, donnant, permissions_de_la_page
from habilitations.models import Adhesion, Habilitation, Role
from services.dossiers import Dossier
from services.models import Service
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import ATTENDU, MESSAGERIE, ORDINAIRE, PAYANT, ROLES, SUR_DOSSIER, TABLEAU

pytestmark = pytest.mark.django_db
RACINE = Path(__file__).resolve().parent.parent.parent.parent

INCONNUES = ("services.tout", "", "accounts.view_espace", "services.utiliser ")
SUR_PERSONNE = {
    "services.gerer_banque": {PAYANT},
    "services.voir_banque": {PAYANT},
    "services.signaler_banque": {ORDINAIRE, PAYANT, MESSAGERIE},
    "services.gerer_courriel": {MESSAGERIE},
    "services.ecrire": {MESSAGERIE},
    "services.lire_messagerie": {MESSAGERIE},
}


def service_de(genre: str) -> Service:
    champs: dict[str, Any] = {
        ORDINAIRE: {},
        PAYANT: {"paiement": True, "famille": Service.Famille.PAYER},
        MESSAGERIE: {"famille": Service.Famille.MESSAGERIE},
    }[genre]
    return ServiceFactory(code=genre.upper(), **champs)


def habilitation_de(role: str, *, genre: str = ORDINAIRE, **champs: Any) -> Habilitation:
    """Return a live habilitation in this role, of an active espace of its own."""
    service = service_de(genre)
    if role == Role.TITULAIRE:
        return habiliter(EspaceFactory(), service=service, **champs)
    return accorder(habiliter(EspaceFactory(), service=service), EspaceFactory(), role, **champs)


def compte_de(habilitation: Habilitation) -> Compte:
    """Return the account as a new request reads it."""
    return Compte.objects.get(espace=habilitation.espace_id)


def dossier_de(habilitation: Habilitation) -> Dossier:
    return Dossier(habilitation.personne, habilitation.service)


def accordees(habilitation: Habilitation, objet: object) -> set[str]:
    compte = compte_de(habilitation)
    return {permission for permission in (*TABLEAU, *INCONNUES) if compte.has_perm(permission, objet)}


def test_la_matrice_est_celle_de_la_conception() -> None:
    assert set(roles.MATRICE) == set(TABLEAU)
    assert set(ROLES) == set(Role.values)
    for (permission, role), oui in ATTENDU.items():
        assert (role in roles.roles_pour(permission)) == oui, (permission, role)
        assert (permission in roles.permissions_de(role)) == oui, (permission, role)
    assert not any(roles.roles_pour(permission) for permission in INCONNUES)
    assert not roles.permissions_de(None)
    assert not roles.permissions_de("ADMINISTRATEUR")


@pytest.mark.parametrize("genre", [ORDINAIRE, PAYANT, MESSAGERIE])
@pytest.mark.parametrize("role", ROLES)
def test_chaque_role_a_les_permissions_de_sa_colonne(role: str, genre: str) -> None:
    habilitation = habilitation_de(role, genre=genre)
    attendues = {p for p in TABLEAU if ATTENDU[p, role] and genre in SUR_DOSSIER.get(p, {genre})}
    assert accordees(habilitation, dossier_de(habilitation)) == attendues
    sur_la_personne = {p for p, voulu in SUR_PERSONNE.items() if ATTENDU[p, role] and genre in voulu}
    assert accordees(habilitation, habilitation.personne) == sur_la_personne
    assert permissions_de_la_page(habilitation.espace, [dossier_de(habilitation)]) == {
        dossier_de(habilitation): attendues
    }


HIER, DEMAIN = timedelta(days=-1), timedelta(days=1)
VEILLE = {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE"}
# (name, roles it can be true of, columns; a timedelta counts from today, "maintenant" is now) -> gives nothing?
SITUATIONS: list[tuple[str, tuple[str, ...], dict[str, Any], bool]] = [
    ("en veille", ROLES[1:], {**VEILLE, "veille_depuis": "maintenant"}, True),
    (
        "en veille après une substitution",
        ROLES[1:],
        {**VEILLE, "veille_motif": "SUBSTITUTION", "veille_depuis": "maintenant"},
        True,
    ),
    ("expirée hier", ROLES[2:], {"expire_le": HIER}, True),
    ("expire aujourd’hui", ROLES[2:], {"expire_le": timedelta()}, False),
    ("expire demain", ROLES[2:], {"expire_le": DEMAIN}, False),
    ("en veille et expirée", ROLES[2:], {**VEILLE, "veille_depuis": "maintenant", "expire_le": HIER}, True),
    ("terminée", ROLES[1:], {"fin_le": "maintenant", "fin_motif": "RETRAIT"}, True),
]


@pytest.mark.parametrize(
    ("situation", "champs", "rien", "role"),
    [
        pytest.param(nom, champs, rien, role, id=f"{nom}-{role}")
        for nom, concernes, champs, rien in SITUATIONS
        for role in concernes
    ],
)
@pytest.mark.parametrize("genre", [ORDINAIRE, PAYANT, MESSAGERIE])
def test_en_veille_expiree_ou_terminee_ne_donne_rien(
    situation: str, champs: dict[str, Any], rien: bool, role: str, genre: str
) -> None:
    valeurs = {
        nom: timezone.now()
        if valeur == "maintenant"
        else timezone.localdate() + valeur
        if isinstance(valeur, timedelta)
        else valeur
        for nom, valeur in champs.items()
    }
    habilitation = habilitation_de(role, genre=genre, **valeurs)
    attendues = set() if rien else {p for p in TABLEAU if ATTENDU[p, role] and genre in SUR_DOSSIER.get(p, {genre})}
    dossier = dossier_de(habilitation)
    assert accordees(habilitation, dossier) == attendues
    assert permissions_de_la_page(habilitation.espace, [dossier])[dossier] == attendues
    assert bool(accordees(habilitation, habilitation.personne)) == bool(attendues & set(SUR_PERSONNE))


@pytest.mark.parametrize("role", ROLES)
def test_une_adhesion_fermee_ne_donne_rien(role: str) -> None:
    """An adhésion closes with all under it: the database refuses anything else at commit."""
    habilitation, maintenant = habilitation_de(role), timezone.now()
    fin = {"fin_le": maintenant, "fin_motif": "FERMETURE"}
    Habilitation.objects.filter(adhesion=habilitation.adhesion_id).update(**fin)
    Adhesion.objects.filter(pk=habilitation.adhesion_id).update(fermee_le=maintenant, fermee_motif="CESSATION")
    assert accordees(habilitation, dossier_de(habilitation)) == set()
    assert not donnant("services.utiliser", habilitation.espace).exists()


@pytest.mark.parametrize(
    "etat", [etat for etat in Espace.Etat if etat not in {Espace.Etat.ACTIF, Espace.Etat.SUPPRIME}]
)
@pytest.mark.parametrize("role", ROLES)
def test_un_espace_qui_n_est_pas_actif_n_a_rien(role: str, etat: str) -> None:
    habilitation = habilitation_de(role, genre=PAYANT)
    assert accordees(habilitation, dossier_de(habilitation))
    Espace.objects.filter(pk=habilitation.espace_id).update(etat=etat)
    assert accordees(habilitation, dossier_de(habilitation)) == set()
    assert accordees(habilitation, habilitation.personne) == set()
    espace = Espace.objects.get(pk=habilitation.espace_id)
    assert set().union(*permissions_de_la_page(espace, [dossier_de(habilitation)]).values()) == set()


def test_un_espace_supprime_ou_sans_compte_n_a_rien() -> None:
    habilitation = habilitation_de(Role.TITULAIRE)
    compte = compte_de(habilitation)
    Espace.objects.filter(pk=habilitation.espace_id).update(
        etat=Espace.Etat.SUPPRIME, compte=None, supprime_le=timezone.now()
    )
    assert not Compte.objects.get(pk=compte.pk).has_perm("services.utiliser", dossier_de(habilitation))
    assert not donnant("services.utiliser", Espace.objects.get(pk=habilitation.espace_id)).exists()


@pytest.mark.parametrize("role", ROLES)
def test_un_compte_inactif_n_a_rien(role: str) -> None:
    habilitation = habilitation_de(role)
    Compte.objects.filter(pk=habilitation.espace.compte_id).update(is_active=False)
    assert accordees(habilitation, dossier_de(habilitation)) == set()


def test_nul_n_est_au_dessus_des_mandats() -> None:
    """Neither an agent nor Django's superuser has a right on a SIREN."""
    dossier = dossier_de(habilitation_de(Role.TITULAIRE))
    agent = AgentFactory().compte
    agent.is_superuser = True
    etranger = EspaceFactory().compte
    etranger.is_superuser = True
    for permission in TABLEAU:
        assert not agent.has_perm(permission, dossier), permission
        assert not etranger.has_perm(permission, dossier), permission
        assert not HabilitationBackend().has_perm(AnonymousUser(), permission, dossier)
        assert not AnonymousUser().has_perm(permission, dossier)


@pytest.mark.parametrize("role", ROLES)
def test_sans_objet_ou_sur_un_autre_objet_rien(role: str) -> None:
    habilitation = habilitation_de(role, genre=PAYANT)
    autre = habilitation_de(Role.TITULAIRE, genre=MESSAGERIE)
    etrangers: list[object] = [
        None, "", 0, (), "552032534", habilitation, habilitation.service, habilitation.adhesion, habilitation.espace,
        dossier_de(autre), autre.personne, PersonneFactory(),
        Dossier(habilitation.personne, autre.service), Dossier(autre.personne, habilitation.service),
    ]  # fmt: skip
    for objet in etrangers:
        assert accordees(habilitation, objet) == set(), objet


def test_une_question_une_requete_et_une_page_une_requete() -> None:
    habilitation = habilitation_de(Role.SUPPLEANT)
    compte = compte_de(habilitation)
    assert compte.espace.est_actif  # what the door of every page has read already
    with CaptureQueriesContext(connection) as question:
        assert compte.has_perm("services.utiliser", dossier_de(habilitation))
    dossiers = [Dossier(habilitation.personne, ServiceFactory()) for _ in range(30)] + [dossier_de(habilitation)]
    with CaptureQueriesContext(connection) as page:
        reponses = permissions_de_la_page(compte.espace, dossiers)
    with CaptureQueriesContext(connection) as rien:
        assert permissions_de_la_page(compte.espace, []) == {}
    assert (len(question), len(page), len(rien)) == (1, 1, 0)
    assert [bool(reponses[dossier]) for dossier in dossiers] == [False] * 30 + [True]


# --- Nothing else decides -----------------------------------------------------------------------------------------

# Where a role is compared, and why that is not a decision about a permission. Whoever adds a line says why.
ROLE_LU = {
    "habilitations/registre/ecoute.py": "whom to tell that a SIREN replaces an IDSP",
    "espacepro/gestion/deces.py": "whose services close with the espace: which companies and offices to tell",
    "espacepro/gestion/dossiers.py": "whether an agent may withdraw adhésions of this espace: what to offer, the act decides",
    "habilitations/lectures/espace.py": "whether who opens a paying service may add its first account, by roles_pour",
    "habilitations/registre/cessations.py": "the root of an adhésion that closes",
    "habilitations/registre/representants.py": "the titulaires to tell, and what counts as a délégation",
    "habilitations/registre/reunion.py": "of two rights of one espace, the stronger",
    "habilitations/droits/messagerie.py": "who may read a mailbox, by roles_pour",
    "habilitations/droits/administrateurs.py": "whom a change of the company's own is told, by roles_pour",
    "habilitations/droits/backends.py": "the questions, from the matrix",
    "habilitations/partage/autorite.py": "what one sees and changes of others, by roles_pour",
    "habilitations/partage/designations.py": "permission_d_accorder(role) names the permission that the matrix answers",
    "habilitations/partage/delegations.py": "which roles a délégation is; rights by roles_pour",
    "habilitations/partage/suppleances.py": "which role a suppléance is; rights by roles_pour",
    "habilitations/lectures/partage.py": "filters of lists, the titulaire's inbox; rights by roles_pour",
    "habilitations/models/habilitation.py": "proxy models by role, constraints",
    "habilitations/depart/retraits.py": "who answers a request to leave (R22): the titulaire, or the service for a titulaire",
    "habilitations/arbre/substitutions.py": "who the titulaire is, to replace him (R12)",
    "habilitations/arbre/confirmations.py": "who the titulaire is, whose decision it is (R12)",
    "habilitations/depart/arret.py": "what an espace granted, which a title by code is not (R15)",
    "habilitations/droits/cles.py": "two lists of the same rows, so that pages are read once: both are kept",
    "habilitations/depart/suppression.py": "which adhésions close with the espace of their titulaire (R19)",
    "habilitations/arbre/cascade.py": "which live habilitation of an adhésion is the root",
    "activation/demandes/signalements.py": "who the titulaire is: he may report, and suspends nothing (issue 9.6)",
    "activation/demandes/substitution.py": "whose the service is, before asking to replace him (R12)",
    "habilitations/partage/en_masse.py": "which act a line of the file calls",
    "habilitations/lectures/export.py": "which list a file is",
    "habilitations/lectures/miennes.py": "the filter of the list of one's own habilitations",
    "habilitations/lectures/rappels.py": "whom a date concerns, by roles_pour",
    "habilitations/partage/temoins.py": "whom to tell of what others granted, and what he may withdraw, by roles_pour",
    "habilitations/registre/services_retires.py": "the root of an adhésion that closes",
    "habilitations/forms.py": "which choices a form shows; the act decides by roles_pour",
    "habilitations/droits/perimetre.py": "which SIREN may be delegated away; rights by roles_pour",
    "habilitations/partage/revue.py": "who the titulaire is, to be told what stays unanswered (R14)",
    "habilitations/views/changements.py": "which roles a list is about",
    "habilitations/views/designer.py": "which form a role has; rights by roles_pour",
    "habilitations/views/listes.py": "which columns a list has",
    "activation/demandes/adhesion.py": "what a pair looks like to who wants to adhere (R7)",
    "habilitations/lectures/a_faire.py": "what waits for the titulaire (R12, R22), or for who administers, by roles_pour",
    "habilitations/lectures/entreprise.py": "what one sees of a company and its tree, by roles_pour; counts by role",
    "habilitations/lectures/entreprises.py": "the filter by role and the counts of a list; what opens, by roles_pour",
    "habilitations/lectures/gerer.py": "how many suppléances are counted beside an entry",
    "habilitations/partage/demandes.py": "whose a request from below is to answer, by roles_pour",
    "habilitations/views/demandes_habilitation.py": "which roles a form shows, by roles_pour; the act decides",
    "activation/demandes/a_faire.py": "who the titulaire is whom another asks to replace (R12)",
    "activation/demandes/lectures.py": "who the titulaire is whom others ask to replace (R12)",
    "espacepro/accueil/gerer.py": "which entries of a page concern somebody; each page decides",
    "espacepro/demonstration/monde.py": "which habilitations the people of the demonstration share",
    "activation/courriers/messagerie.py": "the one reader whom a code is about to replace (R8)",
}
SQL = re.compile(r"\brole\s*(=|<>|!=|IN)\s*(ANY\b|[%('])", re.IGNORECASE)
ATTRIBUTS = {"TITULAIRE", "SUPPLEANT", "ACTEUR_DELEGANT", "ACTEUR"}


def _lit_un_role(noeud: ast.AST) -> bool:
    """Whether this expression is a role: `Role.X`, `x.role`, or one of the four words."""
    if isinstance(noeud, ast.Attribute):
        return noeud.attr == "role" or (noeud.attr in ATTRIBUTS and getattr(noeud.value, "id", "") == "Role")
    return isinstance(noeud, ast.Constant) and noeud.value in ATTRIBUTS


def comparaisons(source: str) -> list[int]:
    """Return the lines that compare a role, also in SQL, filter by role, or use a role as a key."""
    lignes = []
    for noeud in ast.walk(ast.parse(source)):
        if isinstance(noeud, ast.Compare):
            trouve = any(_lit_un_role(fils) for cote in (noeud.left, *noeud.comparators) for fils in ast.walk(cote))
        elif isinstance(noeud, ast.Call):
            trouve = (
                getattr(noeud.func, "attr", "") in {"filter", "exclude", "get"} or getattr(noeud.func, "id", "") == "Q"
            ) and any(
                (mot.arg or "").split("__")[-1] == "role" or (mot.arg or "").endswith("role__in")
                for mot in noeud.keywords
            )
        elif isinstance(noeud, ast.Subscript | ast.match_case):
            trouve = any(_lit_un_role(fils) for fils in ast.iter_child_nodes(noeud))
        else:
            trouve = isinstance(noeud, ast.Constant) and bool(SQL.search(str(noeud.value)))
        if trouve:
            lignes.append(noeud.lineno if hasattr(noeud, "lineno") else 0)
    return lignes


def test_le_detecteur_voit_ce_qu_il_cherche() -> None:
    assert comparaisons("if h.role == Role.TITULAIRE: pass")
    assert comparaisons("if h.role in roles: pass")
    assert comparaisons("Habilitation.objects.filter(adhesion__role='TITULAIRE')")
    assert comparaisons("X[h.role]")
    assert comparaisons("SQL = 'SELECT id FROM h WHERE h.role = %(titulaire)s'")
    assert comparaisons("SQL = 'SELECT id FROM h WHERE role = ANY(%s)'")
    assert not comparaisons("SQL = 'SELECT role, etat FROM h WHERE etat = %s'")
    assert not comparaisons("details = {'role': h.role}")


def test_rien_d_autre_ne_decide() -> None:
    trouves = {}
    for app in ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro"):
        for fichier in sorted((RACINE / app).rglob("*.py")):
            chemin = fichier.relative_to(RACINE).as_posix()
            if "/migrations/" not in chemin and (lignes := comparaisons(fichier.read_text())):
                trouves[chemin] = lignes
    assert {chemin: lignes for chemin, lignes in trouves.items() if chemin not in ROLE_LU} == {}
    assert set(ROLE_LU) - set(trouves) == set(), "said to read a role, and does not"
    gabarits = [
        str(g.relative_to(RACINE))
        for g in (RACINE / "templates").rglob("*.html")
        if any(f'"{role}"' in g.read_text() or f"'{role}'" in g.read_text() for role in ATTRIBUTS)
    ]
    assert gabarits == []
