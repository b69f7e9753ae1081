"""The tree of habilitations as a state machine: the real acts on PostgreSQL against a model in plain Python (issue 4)."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.espace.suppression import supprimer_espace
from accounts.models import Agent, Espace
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.confirmations import decider, ecarter_non_confirmees
from habilitations.arbre.expirations import expirer_habilitations
from habilitations.arbre.ouverture import ouvrir_services
from habilitations.arbre.substitutions import substituer
from habilitations.depart.retraits import (
    accepter_retrait,
    annuler_retrait,
    demander_retrait,
    refuser_retrait,
    retirer_adhesion,
)
from habilitations.droits.backends import permissions_de_la_page
from habilitations.models import Adhesion, DemandeRetrait, Habilitation
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.revue import revoir
from habilitations.partage.suppleances import designer_suppleant, mettre_en_veille, reactiver, retirer_suppleant
from services.dossiers import Dossier
from services.models import PersonneSirenisee, Service
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    MandatFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
)
from tests.habilitations.scenes import ATTENDU, SUR_DOSSIER, TABLEAU

from .modele_arbre import ACCORDE, ACTEUR, DELEGANT, SUPPLEANT, TITULAIRE, Cle, Modele, Noeud, Paire

ESPACES, PERSONNES, SERVICES, LIMITE = 6, 4, 2, 3
SIMPLIFIE = ESPACES - 1  # the last espace is simplifié: it neither grants nor receives
PAIRES = [(p, s) for p in range(PERSONNES) for s in range(SERVICES)]
DEBUT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DELEGUES = {DELEGANT, ACTEUR}
# About a service that is neither paid nor the Messagerie.
DE_LA_PAIRE = [p for p in TABLEAU if p not in SUR_DOSSIER]

espaces = st.integers(0, ESPACES - 1)
personnes = st.integers(0, PERSONNES - 1)
des_services = st.lists(st.integers(0, SERVICES - 1), min_size=1, max_size=SERVICES, unique=True)


class Machine(RuleBasedStateMachine):
    """Six espaces, four personnes, two services, a perimeter of three SIREN. One transaction per run, rolled back."""

    decor: ClassVar[dict[str, Any]] = {}
    pas: ClassVar[Counter[str]] = Counter()
    reussis: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.pile = ExitStack()
        self.pile.callback(self._defaire)
        self.bloc = transaction.atomic()
        self.bloc.__enter__()
        self.voyage = self.pile.enter_context(time_machine.travel(DEBUT, tick=False))
        self.espaces: list[UUID] = self.decor["espaces"]
        self.personnes: list[PersonneSirenisee] = self.decor["personnes"]
        self.services: list[Service] = self.decor["services"]
        self.agent: Agent = self.decor["agent"]
        self.modele = Modele(LIMITE, set(range(ESPACES)) - {SIMPLIFIE}, set(range(ESPACES)), DEBUT)
        self.passees: list[tuple[UUID, Cle]] = []  # every habilitation there ever was
        self.vu: object = None

    def _defaire(self) -> None:
        transaction.set_rollback(True)
        self.bloc.__exit__(None, None, None)

    def teardown(self) -> None:
        self.pile.close()

    # --- from the model to the database and back

    def espace(self, rang: int) -> Espace:
        return Espace.objects.get(pk=self.espaces[rang])

    def adhesions(self, paires: list[Paire]) -> list[Adhesion]:
        """Return the latest adhésion of each pair, closed perhaps; a pair never opened has none."""
        trouvees = [
            Adhesion.objects.filter(personne=self.personnes[p], service=self.services[s]).order_by("-pk").first()
            for p, s in dict.fromkeys(paires)
        ]
        return [adhesion for adhesion in trouvees if adhesion is not None]

    def ligne(self, data: st.DataObject, *, roles: set[str] | None = None) -> tuple[Habilitation, Cle | None] | None:
        """Draw a habilitation, mostly a live one of these roles; its key, None when it has ended."""
        vivantes = [cle for cle, noeud in sorted(self.modele.noeuds.items()) if roles is None or noeud.role in roles]
        if vivantes and not self.rarement(data):
            cle = data.draw(st.sampled_from(vivantes))
            return Habilitation.objects.get(pk=self.modele.noeuds[cle].cle_base), cle
        if not self.passees:
            return None
        pk, cle = data.draw(st.sampled_from(self.passees))
        vivante = cle in self.modele.noeuds and self.modele.noeuds[cle].cle_base == pk
        return Habilitation.objects.get(pk=pk), cle if vivante else None

    def lignes(self, data: st.DataObject, roles: set[str]) -> tuple[list[Habilitation], list[Cle | None]]:
        if not any(noeud.role in roles for noeud in self.modele.noeuds.values()) and not self.rarement(data):
            return [], []
        tirees = [self.ligne(data, roles=roles) for _ in range(data.draw(st.sampled_from([1, 1, 1, 2, 3])))]
        uniques = {h.pk: (h, cle) for h, cle in [t for t in tirees if t is not None]}
        return [h for h, _ in uniques.values()], [cle for _, cle in uniques.values()]

    def qui(self, data: st.DataObject, cles: list[Cle | None]) -> int:
        """Draw who acts: mostly somebody who holds something on the first of these pairs."""
        paire = cles[0][0] if cles and cles[0] else None
        titulaire = self.modele.titulaire(paire) if paire else None
        if titulaire is not None and data.draw(st.sampled_from([True, True, False])):
            return titulaire
        concernes = sorted(e for p, e in self.modele.noeuds if p == paire)
        return data.draw(st.sampled_from(concernes) if concernes and not self.rarement(data) else espaces)

    def essayer(self, nom: str, attendu: bool, acte: Callable[[], object]) -> bool:
        """Run a real act: it must succeed exactly when the model said so, and hold at commit."""
        Machine.pas[nom] += 1
        refus: RegleMetier | None = None
        try:
            with transaction.atomic():
                acte()
        except RegleMetier as regle:
            refus = regle
        assert (refus is None) == attendu, f"{nom} : {refus!r} {refus or ''}, permis par le modèle : {attendu}"
        if refus is not None:
            return False
        Machine.reussis[nom] += 1
        with connection.cursor() as curseur:  # what the database checks at commit
            curseur.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        return True

    def simuler(self, acte: str, *args: Any) -> bool:
        """Ask the model; a missing key (a habilitation that has ended) is always refused."""
        return all(None not in a for a in args if isinstance(a, list)) and getattr(self.modele, acte)(*args)

    @staticmethod
    def rarement(data: st.DataObject) -> bool:
        """Draw True about one time in ten; what Hypothesis draws most, zero, is the ordinary case."""
        return data.draw(st.integers(0, 99)) >= 90

    # --- the acts

    @initialize(espace=espaces, personne=personnes)
    def premier_arbre(self, espace: int, personne: int) -> None:
        """A titulaire, his suppléant, an acteur délégant of the latter, an acteur below, another of the titulaire's: as
        far as rules allow it. Then everybody tries on them what he may not."""
        self.ouvrir(espace=espace, personne=personne, services=list(range(SERVICES)))
        qui = [espace, *(rang for rang in range(ESPACES) if rang != espace)]
        paires = [(personne, service) for service in range(SERVICES)]
        for rang, role in enumerate((SUPPLEANT, DELEGANT, ACTEUR)):
            self._accorder(qui[rang], paires, qui[rang + 1], role)
        self._accorder(qui[0], paires, qui[4], ACTEUR)
        self.la_base_est_le_modele()
        self._essayer_l_interdit(paires[0])

    @rule(data=st.data(), oui=st.integers(0, 3))
    def essayer_l_interdit(self, data: st.DataObject, oui: int) -> None:
        """Not left to the draw of an actor and a line that must not meet: all of them, on one pair."""
        paires = sorted({paire for paire, _ in self.modele.noeuds})
        if paires and not oui:
            self._essayer_l_interdit(data.draw(st.sampled_from(paires)))

    def _essayer_l_interdit(self, paire: Paire) -> None:
        """Every espace tries to withdraw, confirm, suspend or wake each habilitation of this pair that it may not."""
        for cle in sorted(cle for cle in self.modele.noeuds if cle[0] == paire):
            noeud = self.modele.noeuds[cle]
            ligne = Habilitation.objects.get(pk=noeud.cle_base)
            roles = DELEGUES if noeud.role in DELEGUES else {SUPPLEANT}
            for rang in range(ESPACES):
                if self.modele.retirables(rang, [cle], roles):
                    continue
                qui = self.espace(rang)
                for acte in self._changements(noeud, qui, ligne):
                    assert self._refuse(acte), f"{rang} a pu changer {cle} ({noeud.role})"

    @staticmethod
    def _refuse(acte: Callable[[], object]) -> bool:
        try:
            with transaction.atomic():
                acte()
        except RegleMetier:
            return True
        return False

    @staticmethod
    def _changements(noeud: Noeud, qui: Espace, ligne: Habilitation) -> list[Callable[[], object]]:
        if noeud.role in DELEGUES:
            return [
                lambda: retirer_delegation(acteur=qui, delegations=[ligne]),
                lambda: revoir(acteur=qui, confirmees=[ligne]),
            ]
        bascule = reactiver if noeud.veille else mettre_en_veille
        return [
            lambda: retirer_suppleant(acteur=qui, suppleances=[ligne]),
            lambda: bascule(acteur=qui, suppleances=[ligne]),
        ]

    @rule(espace=espaces, personne=personnes, services=des_services)
    def ouvrir(self, espace: int, personne: int, services: list[int]) -> None:
        ancien = self.espace(espace)
        mandat = MandatFactory(personne=self.personnes[personne], mandataire=ancien)
        self.essayer(
            "ouvrir",
            self.modele.ouvrir(espace, personne, services),
            lambda: ouvrir_services(
                acteur=ancien,
                personne=self.personnes[personne],
                services=[self.services[s] for s in services],
                mandat=mandat,
                maintenant=self.modele.maintenant,
            ),
        )

    @rule(data=st.data(), combien=st.integers(1, 3))
    def designer(self, data: st.DataObject, combien: int) -> None:
        """Several at once, so that the tree grows faster than it falls."""
        for _ in range(combien if self.modele.noeuds else 0):
            self._designer(data)

    def _designer(self, data: st.DataObject) -> None:
        cles = sorted(self.modele.noeuds)
        paire, acteur = data.draw(st.sampled_from(cles))
        siennes = [p for p, e in cles if e == acteur]
        autres = st.sampled_from(PAIRES if self.rarement(data) else siennes)
        paires = [paire, *(data.draw(autres) for _ in range(data.draw(st.sampled_from([0, 0, 1, 2]))))]
        possibles = sorted(ACCORDE[self.modele.noeuds[paire, acteur].role])
        role = data.draw(st.sampled_from(possibles if possibles and not self.rarement(data) else [SUPPLEANT, ACTEUR]))
        vers = (acteur + data.draw(st.integers(0 if role == ACTEUR else 1, ESPACES - 1))) % ESPACES
        jours = data.draw(st.sampled_from([None, None, -1, 0, 3, 40]))
        expire = None if jours is None or role == SUPPLEANT else self.modele.jour + timedelta(days=jours)
        self._accorder(acteur, paires, vers, role, expire)

    def _accorder(self, acteur: int, paires: list[Paire], vers: int, role: str, expire: date | None = None) -> None:
        adhesions = self.adhesions(paires)
        ouvertes = [(self.personnes.index(a.personne), self.services.index(a.service)) for a in adhesions]
        attendu = self.modele.designer(acteur, ouvertes, vers, role, expire)
        qui, a_qui = self.espace(acteur), self.espace(vers)
        if role == SUPPLEANT:
            self.essayer(role, attendu, lambda: designer_suppleant(acteur=qui, adhesions=adhesions, beneficiaire=a_qui))
        else:
            self.essayer(
                role,
                attendu,
                lambda: deleguer(acteur=qui, adhesions=adhesions, beneficiaire=a_qui, role=role, expire_le=expire),
            )
        self.la_base_est_le_modele()

    @rule(data=st.data(), reprendre=st.booleans())
    def retirer_un_suppleant(self, data: st.DataObject, reprendre: bool) -> None:
        lignes, cles = self.lignes(data, {SUPPLEANT})
        if not lignes:
            return
        acteur = self.qui(data, cles)
        attendu = self.simuler("retirer", acteur, cles, {SUPPLEANT}, reprendre)
        qui = self.espace(acteur)
        self.essayer(
            "retirer_suppleant", attendu, lambda: retirer_suppleant(acteur=qui, suppleances=lignes, reprendre=reprendre)
        )

    @rule(data=st.data(), reprendre=st.booleans())
    def retirer_une_delegation(self, data: st.DataObject, reprendre: bool) -> None:
        lignes, cles = self.lignes(data, DELEGUES)
        if not lignes:
            return
        acteur = self.qui(data, cles)
        attendu = self.simuler("retirer", acteur, cles, DELEGUES, reprendre)
        qui = self.espace(acteur)
        self.essayer(
            "retirer_delegation",
            attendu,
            lambda: retirer_delegation(acteur=qui, delegations=lignes, reprendre=reprendre),
        )

    @rule(data=st.data(), reprendre=st.booleans())
    def revoir_des_delegations(self, data: st.DataObject, reprendre: bool) -> None:
        gardees, cles_gardees = self.lignes(data, DELEGUES)
        retirees, cles_retirees = self.lignes(data, DELEGUES)
        if not gardees:
            return
        acteur = self.qui(data, cles_gardees)
        attendu = all(None not in cles for cles in (cles_gardees, cles_retirees)) and self.simuler(
            "revoir", acteur, cles_gardees, cles_retirees, reprendre
        )
        qui = self.espace(acteur)
        self.essayer(
            "revoir",
            attendu,
            lambda: revoir(acteur=qui, confirmees=gardees, retirees=retirees, reprendre=reprendre),
        )

    @rule(data=st.data(), endormir=st.booleans(), avec_dessous=st.booleans())
    def veiller(self, data: st.DataObject, endormir: bool, avec_dessous: bool) -> None:
        lignes, cles = self.lignes(data, {SUPPLEANT})
        if not lignes:
            return
        acteur = self.qui(data, cles)
        attendu = self.simuler("veiller", acteur, cles, endormir, avec_dessous)
        qui, maintenant = self.espace(acteur), self.modele.maintenant
        if endormir:
            self.essayer(
                "mettre_en_veille",
                attendu,
                lambda: mettre_en_veille(
                    acteur=qui, suppleances=lignes, avec_dessous=avec_dessous, maintenant=maintenant
                ),
            )
        else:
            self.essayer("reactiver", attendu, lambda: reactiver(acteur=qui, suppleances=lignes, maintenant=maintenant))

    @rule(
        data=st.data(),
        suite=st.sampled_from(["accepter", "accepter", "refuser", "annuler", "rien"]),
        reprendre=st.booleans(),
    )
    def quitter(self, data: st.DataObject, suite: str, reprendre: bool) -> None:
        """Ask to leave, then answer, by the titulaire or by somebody else."""
        tiree = self.ligne(data, roles={SUPPLEANT, DELEGANT, ACTEUR} if data.draw(st.booleans()) else None)
        if tiree is None:
            return
        habilitation, cle = tiree
        demandeur = self.espaces.index(habilitation.espace_id)
        deja = DemandeRetrait.objects.filter(habilitation=habilitation, etat="DEPOSEE").first()
        permis = cle is not None and deja is None and demandeur in self.modele.actifs
        de_qui = self.espace(demandeur)
        self.essayer("demander_retrait", permis, lambda: demander_retrait(acteur=de_qui, habilitations=[habilitation]))
        if not permis or cle is None or suite == "rien":
            return
        demande = DemandeRetrait.objects.get(habilitation=habilitation, etat="DEPOSEE")
        acteur = self.qui(data, [cle])
        qui = self.espace(acteur)
        if suite == "annuler":
            self.essayer(
                suite,
                acteur == demandeur and acteur in self.modele.actifs,
                lambda: annuler_retrait(acteur=qui, demande=demande),
            )
        elif suite == "refuser":
            titulaire = (
                self.modele.role_utile(cle[0], acteur) == TITULAIRE and self.modele.noeuds[cle].role != TITULAIRE
            )
            self.essayer(suite, titulaire, lambda: refuser_retrait(acteur=qui, demande=demande, reponse="non"))
        else:
            attendu = self.modele.accepter_retrait(acteur, cle, reprendre)
            self.essayer(suite, attendu, lambda: accepter_retrait(acteur=qui, demande=demande, reprendre=reprendre))

    @rule(paire=st.sampled_from(PAIRES), encore=st.booleans())
    def retirer_l_adhesion(self, paire: Paire, encore: bool) -> None:
        """Rare, otherwise nothing would grow."""
        adhesions = self.adhesions([paire])
        if adhesions and encore and self.modele.maintenant.minute % 4 == 0:
            attendu = self.modele.fermer(paire)
            self.essayer(
                "retirer_adhesion", attendu, lambda: retirer_adhesion(acteur=self.agent, adhesion=adhesions[0])
            )

    @rule(
        espace=espaces,
        personne=personnes,
        services=des_services,
        age=st.sampled_from([0, 0, 0, 5, 100_000]),
        oui=st.integers(0, 2),
    )
    def se_substituer(self, espace: int, personne: int, services: list[int], age: int, oui: int) -> None:
        if oui:
            return
        demandee_le = self.modele.maintenant - timedelta(minutes=age)
        qui = self.espace(espace)
        mandat = MandatFactory(personne=self.personnes[personne], mandataire=qui, nature="SUBSTITUTION")
        self.essayer(
            "substituer",
            self.modele.substituer(espace, personne, services, demandee_le),
            lambda: substituer(
                acteur=qui,
                personne=self.personnes[personne],
                services=[self.services[s] for s in services],
                mandat=mandat,
                demandee_le=demandee_le,
                maintenant=self.modele.maintenant,
            ),
        )

    @rule(data=st.data(), reprendre=st.booleans())
    def decider_apres_substitution(self, data: st.DataObject, reprendre: bool) -> None:
        attendent = sorted(cle for cle, noeud in self.modele.noeuds.items() if noeud.veille == "SUBSTITUTION")
        if not attendent:
            return
        tirees = [
            self.modele.noeuds[cle].cle_base
            for cle in data.draw(st.lists(st.sampled_from(attendent), min_size=1, max_size=3, unique=True))
        ]
        cles = {noeud.cle_base: cle for cle, noeud in self.modele.noeuds.items()}
        lignes = {h.pk: h for h in Habilitation.objects.filter(pk__in=tirees)}
        gardees = [pk for pk in tirees if data.draw(st.booleans())]
        ecartees = [pk for pk in tirees if pk not in gardees]
        paire = cles[tirees[0]][0]
        titulaire = self.modele.titulaire(paire)
        acteur = data.draw(espaces) if titulaire is None or self.rarement(data) else titulaire
        attendu = self.modele.decider(acteur, [cles[pk] for pk in gardees], [cles[pk] for pk in ecartees], reprendre)
        qui = self.espace(acteur)
        self.essayer(
            "decider",
            attendu,
            lambda: decider(
                acteur=qui,
                gardees=[lignes[pk] for pk in gardees],
                ecartees=[lignes[pk] for pk in ecartees],
                reprendre=reprendre,
            ),
        )

    @rule(jours=st.sampled_from([0, 1, 3, 31]), minutes=st.integers(1, 30), taches=st.booleans())
    def le_temps_passe(self, jours: int, minutes: int, taches: bool) -> None:
        """Time passes; the jobs of the night run, or have not yet."""
        self.modele.maintenant += timedelta(days=jours, minutes=minutes)
        self.voyage.move_to(self.modele.maintenant)
        if not taches:
            return
        self.modele.expirer()
        self.essayer("expirer", True, expirer_habilitations)
        self.modele.ecarter_non_confirmees()
        self.essayer("ecarter_non_confirmees", True, ecarter_non_confirmees)

    @rule(
        espace=espaces, comment=st.sampled_from(["desactiver", "reactiver", "reactiver", "supprimer", "rien", "rien"])
    )
    def changer_l_espace(self, espace: int, comment: str) -> None:
        qui = self.espace(espace)
        if comment == "rien":
            return
        if comment == "supprimer":
            self.essayer(comment, self.modele.supprimer_espace(espace), lambda: supprimer_espace(acteur=qui))
        elif qui.etat != Espace.Etat.SUPPRIME:
            actif = comment == "reactiver"
            (self.modele.actifs.add if actif else self.modele.actifs.discard)(espace)
            Espace.objects.filter(pk=qui.pk).update(etat=Espace.Etat.ACTIF if actif else Espace.Etat.DESACTIVE)

    # --- what must always be true

    @invariant()
    def la_base_est_le_modele(self) -> None:
        lues = list(
            Habilitation.objects.filter(fin_le=None).values_list(
                "pk",
                "personne",
                "service",
                "espace",
                "role",
                "veille_motif",
                "accordee_par__espace",
                "expire_le",
                "etat",
            )
        )
        rang_personne = {p.pk: i for i, p in enumerate(self.personnes)}
        rang_service = {s.pk: i for i, s in enumerate(self.services)}
        rang_espace = {pk: i for i, pk in enumerate(self.espaces)}
        base: dict[Cle, tuple[object, ...]] = {}
        nouvelles: list[tuple[Cle, UUID]] = []
        for pk, p, s, e, role, veille, par, expire, etat in lues:
            cle = ((rang_personne[p], rang_service[s]), rang_espace[e])
            assert cle not in base, "two live habilitations of one espace on one pair"
            assert (etat == "EN_VEILLE") == bool(veille)
            base[cle] = (role, rang_espace.get(par), expire, veille)
            noeud = self.modele.noeuds.get(cle)
            if noeud is not None and noeud.cle_base != pk:
                noeud.cle_base = pk
                nouvelles.append((cle, pk))
        self.passees += [
            (pk, cle) for cle, pk in sorted(nouvelles)
        ]  # what is drawn from must not hang on the heap's order
        assert base == {c: (n.role, n.parent, n.expire, n.veille) for c, n in self.modele.noeuds.items()}
        ouvertes = set(Adhesion.objects.ouvertes().values_list("personne", "service"))
        titulaires = Counter((p, s) for _, p, s, _, role, *_ in lues if role == TITULAIRE)
        assert titulaires == Counter(ouvertes), "one titulaire per open adhésion, none elsewhere"
        assert {(p, s) for _, p, s, *_ in lues} == ouvertes
        for espace in range(ESPACES):
            assert len({p for (p, _), e in base if e == espace}) <= LIMITE

    @invariant()
    def nul_n_a_plus_que_son_chemin(self) -> None:
        """has_perm is the model's answer; what gives a right goes up, live and in date, to the titulaire."""
        etat = (
            sorted((c, n.role, n.parent, n.expire, n.veille) for c, n in self.modele.noeuds.items()).__repr__(),
            sorted(self.modele.actifs),
            self.modele.jour,
        )
        if etat == self.vu:
            return
        self.vu = etat
        dossiers = {(p, s): Dossier(self.personnes[p], self.services[s]) for p, s in PAIRES}
        # One by one, those that give a right or might have: whatever ended, slept, expired or moved.
        en_question = {cle for _, cle in self.passees}
        lus = Espace.objects.select_related("compte").in_bulk(self.espaces)
        for rang, pk in enumerate(self.espaces):
            reponses = permissions_de_la_page(lus[pk], list(dossiers.values()))
            compte = lus[pk].compte
            for paire, dossier in dossiers.items():
                role = self.modele.role_utile(paire, rang)
                attendues = {p for p in DE_LA_PAIRE if role is not None and ATTENDU[p, role]}
                assert reponses[dossier] == attendues, (rang, paire, role)
                if compte is not None and (paire, rang) in en_question:
                    assert compte.has_perm("services.utiliser", dossier) == (role is not None), (rang, paire, role)
                if role is not None:
                    self._monter(paire, rang)

    def _monter(self, paire: Paire, rang: int) -> None:
        noeud: Noeud = self.modele.noeuds[paire, rang]
        pas = 0
        while noeud.role != TITULAIRE:
            assert not self.modele.expire(noeud)
            assert noeud.parent is not None
            noeud, pas = self.modele.noeuds[paire, noeud.parent], pas + 1
            assert pas <= 4, "titulaire, suppléant, acteur délégant, acteur: no path is longer"


@pytest.fixture
def decor(transactional_db: None, settings: LazySettings) -> Iterator[None]:
    settings.PERIMETRE_SIREN = LIMITE
    gestionnaire = ServiceGestionnaireFactory()
    modes = [Espace.Mode.SIMPLIFIE if rang == SIMPLIFIE else Espace.Mode.EXPERT for rang in range(ESPACES)]
    Machine.decor = {
        "espaces": [EspaceFactory(mode=mode).pk for mode in modes],
        "personnes": [PersonneFactory(service_gestionnaire=gestionnaire) for _ in range(PERSONNES)],
        "services": [ServiceFactory() for _ in range(SERVICES)],
        "agent": AgentFactory(service_gestionnaire=gestionnaire),
    }
    Machine.pas.clear()
    Machine.reussis.clear()
    yield
    Machine.decor = {}


@pytest.mark.usefixtures("decor")
def test_l_arbre_se_comporte_comme_le_modele() -> None:
    """A few hundred steps; 100,000 acts with ESSAIS_LONGS=1 (or as many as ESSAIS_PAS says)."""
    long = os.environ.get("ESSAIS_LONGS") == "1"
    voulus = int(os.environ.get("ESSAIS_PAS", "100000" if long else "100"))
    reglage = settings(
        max_examples=50 if voulus > 1000 else 5,
        stateful_step_count=40,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Machine.pas.total() < voulus:
        run_state_machine_as_test(Machine, settings=reglage)
    print(
        "actes faits/tentés :",
        {nom: f"{Machine.reussis[nom]}/{tentes}" for nom, tentes in sorted(Machine.pas.items())},
        Machine.pas.total(),
    )
    if voulus > 10_000:
        assert all(Machine.reussis[nom] for nom in Machine.pas), "an act that never succeeds is not tested"
