"""Who is shown which act of the journal: the table, what the pages do with it, and that nothing is written beside it."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple, cast

import pytest
from django.db import transaction

from accounts.models import Espace, Evenement
from accounts.traces import actes as traces
from accounts.traces.actes import PARTIES, Acte, Lecteur, catalogue, inscrire
from accounts.traces.journal import consigner
from accounts.traces.visibilite import du_journal_de, est_de_son_journal
from activation.models import Demande
from espacepro.journal.journal_personne import Filtres, actes_filtrables, etendue, evenements, lignes
from habilitations.models import Role
from services.models import Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.sources import module_de, noeuds

RACINE = Path(__file__).resolve().parents[2]
ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")

# Every act of the journal. One letter for each reader that is shown it; `·` where he is not:
#   D  the holder of the espace that the line names, or that acted on itself
#   A  the other party: whose espace acted on another's
#   S  titulaire and suppléants of the service and SIREN of the line
#   d  titulaire and suppléants of a service that the demande asks for
#   M  titulaire and suppléants of the SIREN's Messagerie
#   P  titulaire and suppléants of a paying service of the SIREN (a column left out where they are not shown)
# `?`: administrators are not told who it is, unless it is themselves or the code has given him their service.
# Agents of the personne's service gestionnaire read every line; `·····` are for them alone.
# After `:`, what differs for the demandes of this nature.
TABLE = """
adhesion.cessee                        D A S · ·
adhesion.fermee                        D A S · ·
adhesion.ouverte                       D A S · ·
adhesion.retiree                       D A S · ·
adhesion.retiree_du_catalogue          D A S · ·
adresse.bloquee                        · · · · ·
adresse.changee                        D · · · ·
adresse.changement_abandonne           D · · · ·
adresse.changement_annule              D · · · ·
adresse.changement_demande             D · · · ·
adresse.debloquee                      · · · · ·
adresse.marque_levee                   · · · · ·
adresse.rejet_leve                     D · · · ·
adresse.rejetee                        D · · · ·
adresse_courrier.connue                D · · · ·
adresse_courrier.demandee              D · · · ·
adresse_courrier.retiree               · · · · ·
adresse_courrier.saisie                · · · · ·
adresse_courrier.sans_suite            D · · · ·
affaire.prise                          · · · · ·
affaire.rendue                         · · · · ·
agent.cree                             · · · · ·
agent.fonction                         · · · · ·
agent.reinitialise                     · · · · ·
alerte.averee                          · · · · ·
alerte.classee                         · · · · ·
alerte.question                        D · · · ·
alerte.reponse                         D · · · ·
avis_postal.remis                      D · · · ·
avis_messagerie.choisis                D · · · ·
beneficiaire.introuvable               D · · · ·
catalogue.charge                       · · · · ·
cessation.annulee                      · · · · ·
cessation.constatee                    · · · · ·
cessation.contestee                    · · · · ·
cessation.maintenue                    · · · · ·
cessation.restreinte                   · · · · ·
cgu.acceptees                          D · · · ·
cgu.publiees                           · · · · ·
changement_bancaire.annule             D · · · · P
changement_bancaire.maintenu           D · · · · P
changement_bancaire.signale            D · · · · P
changements.examines                   D · · · ·
cloture_bancaire.levee                 D · · · · P
code.inexact                           D · · d · ?
code.inexact:COURRIEL_PERSONNE         D · · · M
code.inexact:SUBSTITUTION              D · · d ·
code.lu                                D · · · ·
code.repris                            D · · · ·
code.sans_demande                      D · · · ·
compte_bancaire.ajoute                 D · · · · P
compte_bancaire.degele                 D · · · · P
compte_bancaire.gele                   D · · · · P
compte_bancaire.montre                 D · · · · P
compte_bancaire.rendu                  D · · · · P
compte_bancaire.renomme                D · · · · P
compte_bancaire.reponse                D · · · · P
compte_bancaire.retire                 D · · · · P
comptes_bancaires.choisis              D · · · · P
comptes_bancaires.exportes             D · · · · P
comptes_bancaires.rechiffres           · · · · ·
contreseing.abandonne                  D · · · ·
contreseing.demande                    D · · · ·
contreseing.donne                      D · · · ·
contreseing.expire                     D · · · ·
contreseing.refuse                     D · · · ·
contreseing.remonte                    D · · · ·
coordonnees.modifiees                  D · · · ·
echange.clos                           D · · · M
echange.clos_par_le_service            D · · · M
echange.note                           · · · · ·
echange.piece_demandee                 D · · · M
echange.pris_en_charge                 D · · · M
echange.accuse                         D · · · M
echange.repondu                        D · · · M
echange.rouvert                        D · · · M
echange.transfere                      D · · · M
message.ecrit                          D · · · M
courriel.repris                        D · · · ·
courrier.avance                        D · · · ·
courrier.edite                         D · · · ·
courrier.libere                        D · · · ·
courrier.redemande                     D · · · ·
courrier.remis                         D · · · ·
courrier.renvoye                       D · · · ·
courrier.repris                        D · · · ·
courrier.revenu                        D · · · ·
creation.adresse_confirmee             D · · · ·
delegation.accordee                    D A S · ·
delegation.confirmee                   D A S · ·
delegation.fin_changee                 D A S · ·
delegation.mise_en_veille               D A S · ·
delegation.reactivee                   D A S · ·
delegation.retiree                     D A S · ·
demande.activee                        D · · · ·
demande.activee:COURRIEL_PERSONNE      D · · · M
demande.adresse_confirmee              D · · · M
demande.adresse_refusee                D · · · M
demande.annulee                        D · · d · ?
demande.annulee:COURRIEL_PERSONNE      D · · · M
demande.annulee:SUBSTITUTION           D · · d ·
demande.deposee                        D · · d · ?
demande.deposee:COURRIEL_PERSONNE      D · · · M
demande.deposee:SUBSTITUTION           D · · · ·
demande.devancee                       D · · · ·
demande.expiree                        D · · d · ?
demande.expiree:COURRIEL_PERSONNE      D · · · M
demande.expiree:SUBSTITUTION           D · · d ·
demande.lien_renvoye                   D · · · ·
demande.refusee                        D · · d · ?
demande.refusee:COURRIEL_PERSONNE      D · · · M
demande.refusee:SUBSTITUTION           D · · d ·
demande.signalee                       D · · d · ?
demande.signalee:COURRIEL_PERSONNE     D · · · M
demande.signalee:SUBSTITUTION          D · · d ·
donnees.exportees                      D · · · ·
echange.clos                           D · · · M
echange.rouvert                        D · · · M
echeances.chargees                     · · · · ·
espace.active                          D · · · ·
espace.ce_n_est_pas_moi                D · · · ·
espace.confirme                        D · · · ·
espace.desactivation_annulee           D · · · ·
espace.desactivation_plafonnee         · · · · ·
espace.desactive                       D · · · ·
espace.dirige                          D · · · ·
espace.dormant_signale                 D · · · ·
espace.inscription                     D · · · ·
espace.inscription_perimee             D · · · ·
espace.inscription_refusee             D · · · ·
espace.libere                          D · · · ·
espace.passe_expert                    D · · · ·
espace.retabli                         D · · · ·
espace.supprime                        D · · · ·
espace.supprime_deces                  D · · · ·
espace.tombe                           D · · · ·
espace.vu_par_un_agent                 D · · · ·
habilitation.a_confirmer               D A S · ·
habilitation.cedee                     D A S · ·
habilitation.conservee                 D A S · ·
habilitation.declinee                  D A S · ·
habilitation.defaite_compromis         D A S · ·
habilitation.demande_acceptee           D A · · ·
habilitation.demande_annulee            D · · · ·
habilitation.demande_expiree            D · · · ·
habilitation.demande_recue              D · · · ·
habilitation.demande_refusee            D A · · ·
habilitation.demandee                   D · · · ·
habilitation.ecartee                   D A S · ·
habilitation.en_veille_compromis       D A S · ·
habilitation.expiree                   D A S · ·
habilitation.fermee                    D A S · ·
habilitation.promue                    D A S · ·
habilitation.rendue_compromis          D A S · ·
habilitation.reprise                   D A S · ·
habilitation.retablie                  D A S · ·
habilitation.supprimee                 D A S · ·
habilitation.suspendue                 D A S · ·
habilitation.tombee                    D A S · ·
habilitations.exportees                D · · · ·
journal.abandonne                      · · · · ·
journal.exporte                        · · · · ·
journal.prouve                         · · · · ·
journal_entreprise.exporte             D · · · ·
mandat_sepa.edite                      D · · · · P
mandat_sepa.remis                      D · · · · P
mandat_sepa.remise_annulee             D · · · · P
message.ecrit                          D · · · M
modele_de_reponse.enregistre           · · · · ·
modele_de_reponse.retire               · · · · ·
mot_de_passe.change                    D · · · ·
mot_de_passe.conforme                  D · · · ·
mot_de_passe.oublie                    D · · · ·
mot_de_passe.politique_durcie          · · · · ·
mot_de_passe.reinitialise              D · · · ·
mot_de_passe.renouvellement_exige      D · · · ·
navigateurs.oublies                    D · · · ·
nom.admis                              · · · · ·
personne.identifiee                    · · · · ·
personne.provisoire                    · · · · ·
personne.rattachee                     · · · · ·
personnes.importees                    · · · · ·
piece.ecartee                          D · · · M
piece.illisible                        D · · · M
pieces.balayees                        · · · · ·
pieces.rechiffrees                     · · · · ·
preferences.changees                   D · · · ·
purge.faite                            · · · · ·
rectification.demandee                 D · · · ·
rectification.faite                    D · · · ·
rectification.refusee                  D · · · ·
refus.plafond                          D · · · ·
registre.essaye                        · · · · ·
registre.suivi                         · · · · ·
remise.achevee                         · · · · ·
remise.renvoyee                        · · · · ·
reponse.bloquee                        D · · · ·
reponse.changee                        D · · · ·
reponse.inexacte                       D · · · ·
reponse.montree                        D · · · ·
reponse.remise                         D · · · ·
representant.change                    · · · · ·
representant.etabli                    · · · · ·
representants.importes                 · · · · ·
retablissement.saisi                   D · · · ·
retrait.accepte                        D A S · ·
retrait.annule                         D A S · ·
retrait.demande                        D A S · ·
retrait.refuse                         D A S · ·
revue.ouverte                          · · · · ·
second_facteur.cle_enregistree         D · · · ·
second_facteur.code_secours_refuse     D · · · ·
second_facteur.code_secours_utilise    D · · · ·
second_facteur.codes_renouveles        D · · · ·
second_facteur.enregistre              D · · · ·
second_facteur.rechiffre               · · · · ·
second_facteur.refuse                  D · · · ·
second_facteur.retire                  D · · · ·
second_facteur.verifie                 D · · · ·
service.retabli                        · · · · ·
service.retire                         · · · · ·
services_gestionnaires.charges         · · · · ·
session.fermee                         D · · · ·
session.toutes_fermees                 D · · · ·
signalement.ecarte                     D · · · ·
signalement_bancaire.repris            D · · · · P
substitution.demandee                  D A S · ·
suppleance.designee                    D A S · ·
suppleance.mise_en_veille              D A S · ·
suppleance.reactivee                   D A S · ·
suppleance.retiree                     D A S · ·
titulaire.remplace                     D A S · ·
titulaire.substitue                    D A S · ·
verification.demandee                  D · · · ·
verification.manquee                   D · · · ·
verification.reussie                   D · · · ·
"""
LETTRES = {
    Lecteur.DETENTEUR: "D",
    Lecteur.AUTRE_PARTIE: "A",
    Lecteur.ADMINISTRATEURS: "S",
    Lecteur.ADMINISTRATEURS_DEMANDE: "d",
    Lecteur.ADMINISTRATEURS_MESSAGERIE: "M",
}
PAIEMENT = Lecteur.ADMINISTRATEURS_PAIEMENT
ATTENDU = {ligne.split()[0]: "".join(ligne.split()[1:]) for ligne in TABLE.strip().splitlines()}


def lettres(acte: Acte, nature: str = "") -> str:
    cas = acte.cas(nature)
    administres = cas.lecteurs & traces.ADMINISTRATEURS
    signes = "".join(lettre if lecteur in cas.lecteurs else "·" for lecteur, lettre in LETTRES.items())
    signes += "P" if PAIEMENT in cas.lecteurs else ""
    return signes + ("?" if administres and cas.anonyme else "")


def cas_declares() -> Iterator[tuple[str, Acte, str]]:
    """Yield every act, and each nature for which it says something else, as the table names them."""
    for acte in catalogue().values():
        for nature in ("", *acte.natures):
            yield f"{acte.code}:{nature}".rstrip(":"), acte, nature


def attendus(lettre: str) -> set[str]:
    return {code for code, signes in ATTENDU.items() if lettre in signes}


def test_qui_lit_quoi() -> None:
    assert {code: lettres(acte, nature) for code, acte, nature in cas_declares()} == ATTENDU


class Scene(NamedTuple):
    """One line of every act and nature, all by one espace on another's, about one service and one demande."""

    auteur: Espace
    nomme: Espace
    titulaire: Espace
    demande_titulaire: Espace
    messagerie_titulaire: Espace
    paiement_titulaire: Espace


@pytest.fixture
def scene(db: None) -> Scene:
    personne, nomme, auteur = PersonneFactory(), EspaceFactory(nom="Nommée"), EspaceFactory(nom="Auteure")
    service, demande_service = ServiceFactory(code="TVA"), ServiceFactory(code="CFE")
    messagerie = ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE)
    paiement = ServiceFactory(code="PAYER", paiement=True)
    demande = Demande.objects.create(
        reference="D-2026-ESSAI", nature="ADHESION", espace=nomme, personne=personne, qualite="MANDATAIRE"
    )
    demande.lignes.create(service=demande_service)
    with transaction.atomic():
        for _, acte, nature in cas_declares():
            dits = {"demande": demande.reference, "nature": nature or "ADHESION"}
            details = {cle: valeur for cle, valeur in dits.items() if cle in acte.details}
            # Siren and service on every line: that they stand there discloses nothing by itself.
            consigner(acte, auteur=auteur, espace=nomme, siren=personne.siren, service=service.code, details=details)
    return Scene(
        auteur,
        nomme,
        *(
            habiliter(EspaceFactory(), personne=personne, service=s).espace
            for s in (service, demande_service, messagerie, paiement)
        ),
    )


def lus(lignes_lues: Iterator[Evenement]) -> set[str]:
    """Return what was read as the table names it."""
    trouves = set()
    for evenement in lignes_lues:
        nature = evenement.details.get("nature", "")
        a_part = nature in catalogue()[evenement.acte].natures
        trouves.add(f"{evenement.acte}:{nature}" if a_part else evenement.acte)
    return trouves


def lus_par(espace: Espace) -> set[str]:
    return lus(evenements(espace, etendue(espace), Filtres()).iterator())


def test_les_pages_montrent_ce_que_dit_la_table(scene: Scene) -> None:
    journal = Evenement.objects.filter
    assert lus(journal(du_journal_de(scene.nomme.numero_abonne)).iterator()) == attendus("D")
    assert lus(journal(du_journal_de(scene.auteur.numero_abonne)).iterator()) == attendus("A")
    for espace in (scene.nomme, scene.auteur, scene.titulaire):  # of a line that is read already, the same is said
        numero = espace.numero_abonne
        des_lignes = [evenement for evenement in journal() if est_de_son_journal(evenement, numero)]
        assert lus(iter(des_lignes)) == lus(journal(du_journal_de(numero)).iterator())
    assert lus_par(scene.titulaire) == attendus("S")
    assert lus_par(scene.demande_titulaire) == attendus("d")
    assert lus_par(scene.messagerie_titulaire) == attendus("M")
    assert lus_par(scene.paiement_titulaire) == attendus("P")


def test_le_filtre_propose_ce_que_les_administrateurs_peuvent_lire_et_le_trouve(scene: Scene) -> None:
    lecteurs = (scene.titulaire, scene.demande_titulaire, scene.messagerie_titulaire, scene.paiement_titulaire)
    proposes = actes_filtrables()
    a_part = attendus("M") | attendus("P")  # the first are the only natures with words of their own
    assert set(proposes) == attendus("S") | attendus("d") - {c for c in ATTENDU if ":SUBSTITUTION" in c} | a_part
    for acte, libelle in proposes.items():
        trouves = [
            ligne.acte
            for espace in lecteurs
            for ligne in lignes(
                espace, etendue(espace), evenements(espace, etendue(espace), Filtres.depuis({"acte": acte}))
            )
        ]
        assert set(trouves) == {libelle}, acte


def test_le_nom_d_un_inconnu_n_est_pas_dit(scene: Scene) -> None:
    espace = scene.demande_titulaire
    lues = evenements(espace, etendue(espace), Filtres())
    tus = lus(e for e in lues if e.anonyme)  # type: ignore[attr-defined]  # annotated
    assert tus == attendus("?")
    assert {ligne.auteur for ligne in lignes(espace, etendue(espace), lues.filter(anonyme=True))} == {
        "une autre personne"
    }


@pytest.mark.parametrize(
    "declare",
    [Acte("essai.muet", "Rien n’est dit des lecteurs"), Acte("essai.parties", "Les parties seules", PARTIES)],
    ids=["muet", "parties"],
)
def test_les_administrateurs_ne_lisent_rien_qui_ne_leur_soit_declare(
    db: None, declare: Acte, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever journals a SIREN and a service tells the administrators nothing, unless its declaration says so."""
    monkeypatch.setattr(traces, "_catalogue", dict(catalogue()))
    racine = habiliter(EspaceFactory())
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    inscrire(cast("ModuleType", SimpleNamespace(DECLARE=declare)))
    with transaction.atomic():
        consigner(declare, auteur=EspaceFactory(), siren=racine.personne.siren, service=racine.service.code)
    for espace in (racine.espace, suppleant.espace):
        assert not evenements(espace, etendue(espace), Filtres()).exists()


# What follows reads the source.


@cache
def arbres() -> dict[str, ast.Module]:
    return {
        str(fichier.relative_to(RACINE)): module_de(fichier)
        for etage in ETAGES
        for fichier in sorted((RACINE / etage).rglob("*.py"))
    }


def modules_declares() -> dict[str, ModuleType]:
    return {f"{e}/actes.py": import_module(f"{e}.actes") for e in ETAGES if (RACINE / e / "actes.py").is_file()}


def nom_du_code(code: str) -> str:
    return code.upper().replace(".", "_")


def test_chaque_declaration_est_au_catalogue_sous_le_nom_de_son_code() -> None:
    declares = {
        acte.code: (nom, acte)
        for module in modules_declares().values()
        for nom, acte in vars(module).items()
        if isinstance(acte, Acte)
    }
    assert {code: acte for code, (_, acte) in declares.items()} == dict(catalogue())
    assert not [code for code, (nom, _) in declares.items() if nom != nom_du_code(code)]
    assert not [acte for _, acte in declares.values() if not acte.libelle[:1].isupper() or len(acte.code) > 60]


def nomme_un_acte(valeur: ast.expr, parametres: set[str]) -> bool:
    """Whether this expression can only be a declared act: `actes.X`, one of two such, or a parameter typed `Acte`."""
    match valeur:
        case ast.Attribute(value=ast.Name(id="actes"), attr=nom):
            return nom in {nom_du_code(code) for code in catalogue()}
        case ast.IfExp(body=oui, orelse=non):
            return nomme_un_acte(oui, parametres) and nomme_un_acte(non, parametres)
        case ast.Name(id=nom):
            return nom in parametres
    return False


def types_acte(fonction: ast.FunctionDef) -> set[str]:
    arguments = fonction.args
    return {
        a.arg
        for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        if a.annotation is not None and ast.unparse(a.annotation) == "Acte"
    }


def appels_a_consigner(arbre: ast.AST, parametres: set[str]) -> Iterator[tuple[ast.Call, set[str]]]:
    """Yield each call, with the parameters typed `Acte` of the functions around it."""
    for noeud in ast.iter_child_nodes(arbre):
        ici = parametres | types_acte(noeud) if isinstance(noeud, ast.FunctionDef) else parametres
        if isinstance(noeud, ast.Call) and "consigner" in {
            getattr(noeud.func, "id", ""),
            getattr(noeud.func, "attr", ""),
        }:
            yield noeud, ici
        yield from appels_a_consigner(noeud, ici)


def fautifs(chemin: str, arbre: ast.AST) -> list[str]:
    return [
        f"{chemin}:{appel.lineno}"
        for appel, parametres in appels_a_consigner(arbre, set())
        if len(appel.args) != 1 or not nomme_un_acte(appel.args[0], parametres)
    ]


def test_chaque_consigner_recoit_un_acte_declare() -> None:
    appels = [appel for arbre in arbres().values() for appel in appels_a_consigner(arbre, set())]
    assert len(appels) > 60, "the reading of the source finds the calls"
    assert not [faute for chemin, arbre in arbres().items() for faute in fautifs(chemin, arbre)]


def details_non_declares(chemin: str, arbre: ast.AST) -> list[str]:
    """Return the keys written in a call that the act it names does not declare."""
    actes = {nom_du_code(code): acte for code, acte in catalogue().items()}
    return [
        f"{chemin}:{appel.lineno} {cle.value}"
        for appel, _ in appels_a_consigner(arbre, set())
        for nomme in noeuds(appel.args[0])
        if isinstance(nomme, ast.Attribute) and nomme.attr in actes
        for mot in appel.keywords
        if mot.arg == "details"
        for dictionnaire in noeuds(mot.value)
        if isinstance(dictionnaire, ast.Dict)
        for cle in dictionnaire.keys
        if isinstance(cle, ast.Constant) and cle.value not in actes[nomme.attr].details
    ]


def test_chaque_detail_ecrit_est_declare() -> None:
    """An act whose line is refused is itself undone: what no test runs must not wait for a visitor."""
    assert not [faute for chemin, arbre in arbres().items() for faute in details_non_declares(chemin, arbre)]
    faute = ast.parse('consigner(actes.PURGE_FAITE, auteur=a, details={"regle": r, "motif": m} | b)')
    assert details_non_declares("essai.py", faute) == ["essai.py:1 motif"]


@pytest.mark.parametrize(
    "source",
    [
        'consigner("purge.faite", auteur=a)',
        'journal.consigner(f"purge.{x}", auteur=a)',
        "consigner(actes.INCONNU, auteur=a)",
        "consigner(actes.PURGE_FAITE if x else y, auteur=a)",
        "def f(acte: str) -> None:\n    consigner(acte, auteur=a)",
        "consigner(acte=actes.PURGE_FAITE, auteur=a)",
        'consigner(Acte("purge.faite", "x"), auteur=a)',
    ],
)
def test_la_lecture_voit_qui_passe_autre_chose(source: str) -> None:
    assert fautifs("essai.py", ast.parse(source)) != []


def test_aucun_code_d_acte_n_est_ecrit_hors_de_sa_declaration() -> None:
    """No second list: a limit that counts lines, a filter or a page names the declared object."""
    permis = set(modules_declares())
    ecrits = [
        f"{chemin}:{noeud.lineno} {noeud.value}"
        for chemin, arbre in arbres().items()
        if chemin not in permis
        for noeud in noeuds(arbre)
        if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str) and noeud.value in catalogue()
    ]
    assert not ecrits


def test_chaque_acte_declare_est_ecrit_quelque_part() -> None:
    nommes = {
        noeud.attr
        for chemin, arbre in arbres().items()
        if chemin not in modules_declares()
        for noeud in noeuds(arbre)
        if isinstance(noeud, ast.Attribute) and isinstance(noeud.value, ast.Name) and noeud.value.id == "actes"
    }
    assert not [code for code in catalogue() if nom_du_code(code) not in nommes]
