"""Races on who may: no right outlives its withdrawal, and no two acts wait for each other (issue 4)."""

import itertools
import os
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.espace.suppression import supprimer_espace
from accounts.gestion.contreseings import contresigner
from accounts.models import Affaire, Agent, Compte, Espace
from accounts.saisies.regles import RegleMetier
from activation.courriers import edition
from activation.courriers.codes import deriver_code
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.retours import constater_retour, refuser_demande
from activation.demandes.substitution import Choix, deposer_substitution
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier, expirer_demandes, renvoyer_courrier
from activation.models import Demande
from espacepro.gestion.deces import demander_suppression_pour_deces
from habilitations.arbre.confirmations import decider, ecarter_non_confirmees
from habilitations.arbre.expirations import expirer_habilitations
from habilitations.arbre.ouverture import ouvrir_services
from habilitations.arbre.substitutions import substituer
from habilitations.depart.liberation import liberer_espace
from habilitations.depart.retraits import (
    accepter_retrait,
    annuler_retrait,
    demander_retrait,
    refuser_retrait,
    retirer_adhesion,
    retirer_adhesions,
)
from habilitations.droits.roles import UTILISER
from habilitations.models import Adhesion, DemandeRetrait, Habilitation, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.revue import revoir, revoir_delegations
from habilitations.partage.suppleances import designer_suppleant, mettre_en_veille, reactiver, retirer_suppleant
from services.adresses.attendues import classer_sans_adresse, constater_adresses, demander_adresse
from services.adresses.envoi import adresse_du_courrier
from services.adresses.saisie import Saisie, retirer_adresse, saisir_adresse
from services.dossiers import Dossier
from services.models import AdresseAttendue, PersonneSirenisee, Service
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    MandatFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    habiliter,
)
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db(transaction=True)
COUREURS = 16


# --- Withdrawal against use -------------------------------------------------------------------------------------------


@dataclass
class Arbre:
    """A titulaire, his suppléant, the acteur délégant of the latter, and an acteur under him."""

    racine: Habilitation
    suppleant: Habilitation
    delegant: Habilitation
    acteur: Habilitation

    @property
    def dossier(self) -> Dossier:
        return Dossier(self.racine.personne, self.racine.service)


def arbre(espaces: Sequence[Espace], personne: PersonneSirenisee, service: Service) -> Arbre:
    with transaction.atomic():
        racine = habiliter(espaces[0], personne=personne, service=service)
        suppleant = accorder(racine, espaces[1], Role.SUPPLEANT)
        delegant = accorder(suppleant, espaces[2], Role.ACTEUR_DELEGANT)
        return Arbre(racine, suppleant, delegant, accorder(delegant, espaces[3], Role.ACTEUR))


def _se_faire_remplacer(a: Arbre) -> None:
    nouveau = EspaceFactory()
    maintenant = timezone.now()
    substituer(
        acteur=nouveau,
        personne=a.racine.personne,
        services=[a.racine.service],
        mandat=MandatFactory(personne=a.racine.personne, mandataire=nouveau),
        demandee_le=maintenant,
        maintenant=maintenant,
    )


def _retirer_l_adhesion(a: Arbre) -> None:
    agent = AgentFactory(service_gestionnaire=a.racine.personne.service_gestionnaire)
    retirer_adhesion(acteur=agent, adhesion=a.racine.adhesion)


# (how, who loses the right by it)
RETRAITS: list[tuple[Callable[[Arbre], object], Callable[[Arbre], Habilitation]]] = [
    (lambda a: retirer_delegation(acteur=a.delegant.espace, delegations=[a.acteur]), lambda a: a.acteur),
    (lambda a: retirer_delegation(acteur=a.racine.espace, delegations=[a.delegant]), lambda a: a.acteur),
    (lambda a: retirer_suppleant(acteur=a.racine.espace, suppleances=[a.suppleant]), lambda a: a.delegant),
    (lambda a: mettre_en_veille(acteur=a.racine.espace, suppleances=[a.suppleant]), lambda a: a.suppleant),
    (_se_faire_remplacer, lambda a: a.racine),
    (_se_faire_remplacer, lambda a: a.acteur),
    (_retirer_l_adhesion, lambda a: a.suppleant),
]


def test_aucun_droit_ne_survit_a_son_retrait(tours: Callable[[int], int]) -> None:
    """One thread withdraws while others ask without pause: after the commit no question that starts is answered yes.

    A tour is one withdrawal; each is asked about by three threads, one with an account read long before.
    """
    service = ServiceFactory()
    essais, oui, non = tours(10_000), 0, 0
    for tour in range(essais if os.environ.get("ESSAIS_LONGS") == "1" else 2 * len(RETRAITS)):
        retirer, perdant = RETRAITS[tour % len(RETRAITS)]
        a = arbre([EspaceFactory() for _ in range(4)], PersonneFactory(), service)
        compte = Compte.objects.select_related("espace").get(espace=perdant(a).espace_id)
        assert compte.has_perm(UTILISER, a.dossier)
        fait = threading.Event()

        def courir(
            rang: int,
            a: Arbre = a,
            retirer: Callable[[Arbre], object] = retirer,
            compte: Compte = compte,
            fait: threading.Event = fait,
        ) -> list[bool]:
            if rang == 0:
                try:
                    retirer(a)
                finally:
                    fait.set()  # the act has committed: it is the outermost transaction
                return []
            reponses = []
            for _ in range(1000):
                apres = fait.is_set()
                lu = compte if rang == 1 else Compte.objects.get(pk=compte.pk)
                reponse = lu.has_perm(UTILISER, a.dossier)
                assert not (apres and reponse), "a right after the commit of its withdrawal"
                reponses.append(reponse)
                if apres:
                    break
            return reponses

        resultats = en_parallele(4, courir)
        assert all(isinstance(r, list) for r in resultats), resultats
        oui += sum(sum(r) for r in resultats)
        non += sum(len(r) - sum(r) for r in resultats)
    assert oui, "nobody used the right while it was withdrawn"
    assert non >= 3


# --- Nobody waits for one another -------------------------------------------------------------------------------------


class Terrain:
    """Five espaces, two personnes, two services, a tree on each pair: small enough for everybody to meet."""

    def __init__(self) -> None:
        gestionnaire = ServiceGestionnaireFactory()
        self.agent: Agent = AgentFactory(service_gestionnaire=gestionnaire)
        self.second: Agent = AgentFactory(service_gestionnaire=gestionnaire)
        self.espaces: list[Espace] = [EspaceFactory() for _ in range(5)]
        self.personnes = [PersonneFactory(service_gestionnaire=gestionnaire) for _ in range(2)]
        self.sans_adresse = PersonneFactory(service_gestionnaire=gestionnaire, voie="", code_postal="", commune="")
        self.services = [ServiceFactory() for _ in range(2)]
        hier = timezone.localdate() - timedelta(days=1)
        for rang, (personne, service) in enumerate(itertools.product(self.personnes, self.services)):
            tournes = self.espaces[rang:] + self.espaces[:rang]
            a = arbre(tournes, personne, service)
            accorder(a.racine, tournes[4], Role.ACTEUR, expire_le=hier)
        for acteur in self.espaces[2:4]:
            self.essayer(lambda acteur=acteur: self.substitution(acteur))  # type: ignore[misc]
        for habilitation in self.siennes(fin_le=None).exclude(role=Role.TITULAIRE)[:3]:
            demander_retrait(acteur=habilitation.espace, habilitations=[habilitation])
        edition.editer_en_attente()

    @staticmethod
    def essayer(acte: Callable[[], object]) -> RegleMetier | None:
        """Do it; a refusal by a rule is an answer, anything else a fault."""
        try:
            acte()
        except RegleMetier as regle:
            return regle
        return None

    def substitution(self, acteur: Espace) -> list[Demande]:
        choix = [Choix(personne, self.services) for personne in self.personnes]
        return deposer_substitution(acteur=acteur, choix=choix, qualite="MANDATAIRE")

    # What an act takes, drawn at random among what the terrain holds now.

    def habilitations(self, de: random.Random, *roles: str, **criteres: Any) -> list[Habilitation]:
        lignes = list(self.siennes(role__in=roles or Role.values, **criteres))
        return de.sample(lignes, k=min(len(lignes), de.randint(1, 3)))

    def siennes(self, **criteres: Any) -> QuerySet[Habilitation]:
        return Habilitation.objects.filter(personne__in=self.personnes, **criteres).order_by("pk")

    def maitre(self, de: random.Random, lignes: Sequence[Habilitation]) -> Espace:
        """Return mostly the titulaire of the first of these lines, otherwise anybody."""
        if lignes and de.random() < 0.8:
            racine = Habilitation.objects.filter(
                adhesion=lignes[0].adhesion_id, role=Role.TITULAIRE, fin_le=None
            ).first()
            if racine is not None:
                return racine.espace
        return de.choice(self.espaces)

    def adhesions(self, de: random.Random) -> list[Adhesion]:
        ouvertes = list(Adhesion.objects.ouvertes().filter(personne__in=self.personnes).order_by("pk"))
        return de.sample(ouvertes, k=min(len(ouvertes), de.randint(1, 3)))

    def mandat(self, espace: Espace, personne: PersonneSirenisee) -> dict[str, Any]:
        maintenant = timezone.now()
        return {
            "acteur": espace,
            "personne": personne,
            "services": self.services,
            "mandat": MandatFactory(personne=personne, mandataire=espace),
            "maintenant": maintenant,
        }

    def retrait(self, de: random.Random) -> DemandeRetrait | None:
        deposees = list(
            DemandeRetrait.objects.filter(etat="DEPOSEE", demandeur__in=self.espaces)
            .select_related("habilitation", "demandeur")
            .order_by("pk")
        )
        return de.choice(deposees) if deposees else None

    def demande(self, de: random.Random) -> Demande | None:
        toutes = list(
            Demande.objects.en_cours()
            .filter(espace__in=self.espaces)
            .select_related("espace", "personne")
            .order_by("pk")
        )
        return de.choice(toutes) if toutes else None


Acte = Callable[[Terrain, random.Random], object]
TOUJOURS = "non, pour l’instant"


def _sur_lignes(*roles: str, **criteres: Any) -> Callable[[Callable[[Espace, list[Habilitation], bool], object]], Acte]:
    """Make an act of a function of who acts, the lines, and a coin."""

    def avec(fonction: Callable[[Espace, list[Habilitation], bool], object]) -> Acte:
        def acte(t: Terrain, de: random.Random) -> object:
            lignes = t.habilitations(de, *roles, **criteres)
            return fonction(t.maitre(de, lignes), lignes, de.random() < 0.5)

        return acte

    return avec


def _designer(role: str) -> Acte:
    def acte(t: Terrain, de: random.Random) -> object:
        adhesions = t.adhesions(de)
        qui = t.maitre(de, list(Habilitation.objects.filter(adhesion__in=adhesions[:1])[:1]))
        if role == Role.SUPPLEANT:
            return designer_suppleant(acteur=qui, adhesions=adhesions, beneficiaire=de.choice(t.espaces))
        return deleguer(acteur=qui, adhesions=adhesions, beneficiaire=de.choice(t.espaces), role=role)

    return acte


def _substituer(t: Terrain, de: random.Random) -> object:
    return substituer(**t.mandat(de.choice(t.espaces), de.choice(t.personnes)), demandee_le=timezone.now())


def _decider(t: Terrain, de: random.Random) -> object:
    lignes = t.habilitations(de, fin_le=None, veille_motif="SUBSTITUTION")
    return decider(acteur=t.maitre(de, lignes), gardees=lignes[:1], ecartees=lignes[1:])


def _repondre(accepter: bool) -> Acte:
    def acte(t: Terrain, de: random.Random) -> object:
        demande = t.retrait(de)
        if demande is None:
            return None
        qui = t.maitre(de, [demande.habilitation])
        if accepter:
            return accepter_retrait(acteur=qui, demande=demande, reprendre=de.random() < 0.5)
        return refuser_retrait(acteur=qui, demande=demande, reponse=TOUJOURS)

    return acte


def _annuler_retrait(t: Terrain, de: random.Random) -> object:
    demande = t.retrait(de)
    return demande and annuler_retrait(acteur=demande.demandeur, demande=demande)


def _renvoyer(t: Terrain, de: random.Random) -> object:
    demande = t.demande(de)
    return demande and renvoyer_courrier(acteur=t.agent, demande=demande, motif="Jamais arrivée.")


def _adresse(t: Terrain, de: random.Random) -> PersonneSirenisee:
    return de.choice([t.sans_adresse, t.sans_adresse, *t.personnes])


def _saisir_adresse(t: Terrain, de: random.Random) -> object:
    saisie = Saisie(voie=f"{de.randint(1, 99)} rue Haute", code_postal="29000", commune="QUIMPER")
    return saisir_adresse(acteur=t.agent, personne=_adresse(t, de), saisie=saisie, motif="Kbis", justificatif="Kbis")


def _constater_retour(t: Terrain, de: random.Random) -> object:
    demande = t.demande(de)
    lettre = demande and demande.courriers.order_by("-numero").first()
    return lettre and constater_retour(acteur=t.second, courrier=lettre)


def _refuser_demande(t: Terrain, de: random.Random) -> object:
    demande = t.demande(de)
    return demande and refuser_demande(acteur=t.second, demande=demande, motif="Le représentant ne la reconnaît pas.")


def _supprimer_pour_deces(t: Terrain, de: random.Random) -> object:
    demande = demander_suppression_pour_deces(
        acteur=t.agent,
        espace=de.choice(t.espaces),
        preuve="ACTE",
        preuve_le=timezone.localdate(),
        motif="Acte vu au guichet.",
    )
    return contresigner(acteur=t.second, contreseing=demande)


def _activer(t: Terrain, de: random.Random) -> object:
    demande = t.demande(de)
    if demande is None:
        return None
    numero = max((courrier.numero for courrier in demande.courriers.all()), default=1)
    return activer(acteur=demande.espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=numero))


def _deposer_adhesion(t: Terrain, de: random.Random) -> object:
    personne = de.choice(t.personnes)
    return deposer_adhesion(acteur=de.choice(t.espaces), personne=personne, services=t.services, qualite="MANDATAIRE")


def _sur_demande(fonction: Callable[..., object]) -> Acte:
    def acte(t: Terrain, de: random.Random) -> object:
        demande = t.demande(de)
        return demande and fonction(acteur=demande.espace, demande=demande)

    return acte


def _demander_retrait(t: Terrain, de: random.Random) -> object:
    lignes = t.habilitations(de, fin_le=None)
    siennes = [ligne for ligne in lignes if ligne.espace_id == lignes[0].espace_id]
    return siennes and demander_retrait(acteur=siennes[0].espace, habilitations=siennes)


def _revoir(t: Terrain, de: random.Random) -> object:
    lignes = t.habilitations(de, Role.ACTEUR_DELEGANT, Role.ACTEUR, fin_le=None)
    return revoir(acteur=t.maitre(de, lignes), confirmees=lignes[:1], retirees=lignes[1:], reprendre=True)


def _peut(t: Terrain, de: random.Random) -> object:
    compte = Compte.objects.filter(espace=de.choice(t.espaces)).first()
    return compte and compte.has_perm(UTILISER, Dossier(de.choice(t.personnes), de.choice(t.services)))


DELEGUES = (Role.ACTEUR_DELEGANT, Role.ACTEUR)
ACTES: dict[str, Acte] = {
    "ouvrir": lambda t, de: ouvrir_services(**t.mandat(de.choice(t.espaces), de.choice(t.personnes))),
    "designer_suppleant": _designer(Role.SUPPLEANT),
    "deleguer_acteur_delegant": _designer(Role.ACTEUR_DELEGANT),
    "deleguer_acteur": _designer(Role.ACTEUR),
    "mettre_en_veille": _sur_lignes(Role.SUPPLEANT)(lambda qui, ls, _: mettre_en_veille(acteur=qui, suppleances=ls)),
    "reactiver": _sur_lignes(Role.SUPPLEANT)(lambda qui, ls, _: reactiver(acteur=qui, suppleances=ls)),
    "retirer_suppleant": _sur_lignes(Role.SUPPLEANT, fin_le=None)(
        lambda qui, ls, oui: retirer_suppleant(acteur=qui, suppleances=ls, reprendre=oui)
    ),
    "retirer_delegation": _sur_lignes(*DELEGUES, fin_le=None)(
        lambda qui, ls, oui: retirer_delegation(acteur=qui, delegations=ls, reprendre=oui)
    ),
    "revoir": _revoir,
    "revoir_delegations": lambda t, de: revoir_delegations(maintenant=timezone.now() + timedelta(days=500)),
    "demander_retrait": _demander_retrait,
    "accepter_retrait": _repondre(accepter=True),
    "refuser_retrait": _repondre(accepter=False),
    "annuler_retrait": _annuler_retrait,
    "retirer_adhesion": lambda t, de: [retirer_adhesion(acteur=t.agent, adhesion=a) for a in t.adhesions(de)[:1]],
    "retirer_adhesions": lambda t, de: retirer_adhesions(acteur=t.agent, adhesions=t.adhesions(de)),
    "liberer_espace": lambda t, de: liberer_espace(acteur=t.agent, espace=de.choice(t.espaces), motif="Au guichet."),
    "renvoyer_courrier": _renvoyer,
    "supprimer_pour_deces": _supprimer_pour_deces,
    "demander_adresse": lambda t, de: demander_adresse(acteur=de.choice(t.espaces), personne=_adresse(t, de)),
    "saisir_adresse": _saisir_adresse,
    "retirer_adresse": lambda t, de: retirer_adresse(acteur=t.second, personne=_adresse(t, de)),
    "classer_sans_adresse": lambda t, de: classer_sans_adresse(
        acteur=t.second, personne=t.sans_adresse, motif="Aucun justificatif."
    ),
    "constater_adresses": lambda t, de: constater_adresses(),
    "constater_retour": _constater_retour,
    "refuser_demande": _refuser_demande,
    "substituer": _substituer,
    "decider": _decider,
    "ecarter_non_confirmees": lambda t, de: ecarter_non_confirmees(maintenant=timezone.now() + timedelta(days=31)),
    "expirer_habilitations": lambda t, de: expirer_habilitations(),
    "supprimer_espace": lambda t, de: supprimer_espace(acteur=de.choice(t.espaces)),
    "deposer_adhesion": _deposer_adhesion,
    "deposer_substitution": lambda t, de: t.substitution(de.choice(t.espaces)),
    "annuler_demande": _sur_demande(annuler_demande),
    "nouveau_courrier": _sur_demande(demander_nouveau_courrier),
    "expirer_demandes": lambda t, de: expirer_demandes(maintenant=timezone.now() + timedelta(days=70)),
    "editer_courriers": lambda t, de: edition.editer_en_attente(),
    "activer": _activer,
    "peut": _peut,
}
AGENTS = (
    "retirer_adhesion",
    "retirer_adhesions",
    "liberer_espace",
    "renvoyer_courrier",
    "supprimer_pour_deces",
    "saisir_adresse",
    "retirer_adresse",
    "classer_sans_adresse",
    "constater_retour",
    "refuser_demande",
)
TITULAIRES = (
    "demander_adresse",
    "demander_retrait",
    "annuler_retrait",
    "supprimer_espace",
    "deposer_adhesion",
    "annuler_demande",
    "nouveau_courrier",
    "activer",
    "designer_suppleant",
    "retirer_delegation",
)
TOUTES_LES_PAIRES = list(itertools.combinations_with_replacement(sorted(ACTES), 2))


def courir(terrain: Terrain, actes: Callable[[int], Sequence[str]], graine: object) -> list[str]:
    """Run these acts, sixteen threads at once; return the faults: all that is neither done nor refused by a rule."""

    def coureur(rang: int) -> None:
        de = random.Random(f"{graine}-{rang}")
        for nom in actes(rang):
            try:
                terrain.essayer(lambda nom=nom: ACTES[nom](terrain, de))  # type: ignore[misc]
            except Exception as erreur:
                raise AssertionError(f"{nom} : {type(erreur).__name__} : {erreur}") from erreur

    return [str(resultat) for resultat in en_parallele(COUREURS, coureur) if resultat is not None]


def verifier_l_arbre() -> None:
    """Check what must be true of any tree, whoever raced."""
    vivantes = Habilitation.objects.vivantes()
    ouvertes = set(Adhesion.objects.ouvertes().values_list("pk", flat=True))
    assert sorted(vivantes.filter(role=Role.TITULAIRE).values_list("adhesion", flat=True)) == sorted(ouvertes)
    assert set(vivantes.values_list("adhesion", flat=True)) == ouvertes
    assert not vivantes.filter(accordee_par__fin_le__isnull=False).exists()
    assert not vivantes.filter(espace__etat=Espace.Etat.SUPPRIME).exists()


def test_seize_a_la_fois_sans_s_attendre(tours: Callable[[int], int]) -> None:
    """Sixteen threads, each a few acts drawn among all of them, on five espaces and four adhésions."""
    for tour in range(max(3, tours(200) // 2) if tours(200) < 200 else 200):
        terrain = Terrain()
        fautes = courir(
            terrain, lambda rang, tour=tour: random.Random(f"{tour}/{rang}").choices(list(ACTES), k=5), tour
        )
        assert fautes == []
        verifier_l_arbre()


def test_les_actes_d_un_agent_contre_ceux_du_titulaire(tours: Callable[[int], int]) -> None:
    """Eight threads of the desk, eight of the holders, on the same espaces, demandes, letters and addresses."""
    for tour in range(tours(200)):
        terrain = Terrain()
        fautes = courir(
            terrain,
            lambda rang, tour=tour: random.Random(f"{tour}/{rang}").choices(AGENTS if rang % 2 else TITULAIRES, k=3),
            f"bureau/{tour}",
        )
        assert fautes == []
        verifier_l_arbre()
        verifier_les_attentes(terrain)


def verifier_les_attentes(terrain: Terrain) -> None:
    """Check that the office has one affaire for the company while somebody waits for its address, and none when nobody does."""
    attendent = AdresseAttendue.objects.filter(personne=terrain.sans_adresse, issue="EN_ATTENTE").exists()
    affaires = Affaire.objects.filter(file="ADRESSE", cle=str(terrain.sans_adresse.pk), finie_le=None)
    assert affaires.count() == attendent
    if adresse_du_courrier(terrain.sans_adresse) is not None:
        assert not attendent, "an address that nobody was told of"


def test_toutes_les_paires_d_actes(tours: Callable[[int], int]) -> None:
    """Eight threads do one act and eight the other, twice: some pairs here, all of them with ESSAIS_LONGS=1."""
    paires = TOUTES_LES_PAIRES
    if tours(len(paires)) < len(paires):
        paires = random.Random(timezone.now().timestamp()).sample(paires, 6)
    for premier, second in paires:
        terrain = Terrain()
        fautes = courir(
            terrain, lambda rang, p=premier, s=second: [p, s] if rang % 2 else [s, p], f"{premier}/{second}"
        )
        assert fautes == [], (premier, second)
        verifier_l_arbre()


def test_la_chasse_voit_un_interblocage() -> None:
    """The hunt sees what it hunts: two transactions that lock two espaces in opposite orders."""
    un, deux = EspaceFactory(), EspaceFactory()
    barriere = threading.Barrier(2)

    def croiser(rang: int) -> None:
        with transaction.atomic():
            for espace in (un, deux) if rang else (deux, un):
                Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
                if not barriere.broken and barriere.n_waiting < 2:
                    try:
                        barriere.wait(timeout=5)
                    except threading.BrokenBarrierError:
                        pass
                    barriere.abort()

    resultats = en_parallele(2, croiser)
    assert "DeadlockDetected" in str([getattr(r, "__cause__", None).__class__.__name__ for r in resultats]), resultats
    assert connection.vendor == "postgresql"
