"""The tree of habilitations in plain Python: what the acts must do, written a second time without a database.

A live habilitation is named by its pair and its holder: there is at most one. Each function changes the model and
returns True, or refuses and returns False with the model as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

TITULAIRE, SUPPLEANT, DELEGANT, ACTEUR = "TITULAIRE", "SUPPLEANT", "ACTEUR_DELEGANT", "ACTEUR"
ACCORDE = {TITULAIRE: {SUPPLEANT, DELEGANT, ACTEUR}, SUPPLEANT: {DELEGANT, ACTEUR}, DELEGANT: {ACTEUR}, ACTEUR: set()}
TRENTE_JOURS = timedelta(days=30)

Paire = tuple[int, int]  # (personne, service)
Cle = tuple[Paire, int]  # (pair, espace)


@dataclass
class Noeud:
    role: str
    parent: int | None
    accordee_le: datetime
    expire: date | None = None
    veille: str = ""
    veille_depuis: datetime | None = None
    cle_base: object = None


@dataclass
class Modele:
    limite: int
    experts: set[int]
    actifs: set[int]
    maintenant: datetime
    noeuds: dict[Cle, Noeud] = field(default_factory=dict)

    @property
    def jour(self) -> date:
        return self.maintenant.date()

    # --- what is read

    def role_utile(self, paire: Paire, espace: int) -> str | None:
        """Return the role in which this espace acts on this pair today, or None."""
        noeud = self.noeuds.get((paire, espace))
        if noeud is None or espace not in self.actifs or noeud.veille or self.expire(noeud):
            return None
        return noeud.role

    def expire(self, noeud: Noeud) -> bool:
        return noeud.expire is not None and noeud.expire < self.jour

    def titulaire(self, paire: Paire) -> int | None:
        return next((e for (p, e), n in self.noeuds.items() if p == paire and n.role == TITULAIRE), None)

    def sirens(self, espace: int) -> set[int]:
        return {paire[0] for paire, holder in self.noeuds if holder == espace}

    def a_la_place(self, espace: int, personnes: Iterable[int]) -> bool:
        tenus = self.sirens(espace)
        nouveaux = set(personnes) - tenus
        return not nouveaux or len(tenus) + len(nouveaux) <= self.limite

    def dessous(self, cles: Iterable[Cle]) -> set[Cle]:
        trouves: set[Cle] = set()
        a_voir = set(cles)
        while a_voir:
            suite = {(p, e) for (p, e), n in self.noeuds.items() if (p, n.parent) in a_voir} - trouves
            trouves |= suite
            a_voir = suite
        return trouves - set(cles)

    # --- the pieces

    def tomber(self, cles: Iterable[Cle]) -> None:
        for cle in self.dessous(cles) | set(cles):
            del self.noeuds[cle]

    def rattacher(self, cles: set[Cle], repreneurs: dict[Paire, int]) -> None:
        """Hang what is directly under these nodes, and not among them, under the taker of its pair."""
        for (paire, espace), noeud in self.noeuds.items():
            if (paire, noeud.parent) in cles and (paire, espace) not in cles:
                noeud.parent = repreneurs[paire]

    # --- the acts

    def ouvrir(self, espace: int, personne: int, services: Iterable[int]) -> bool:
        if espace not in self.actifs or not self.a_la_place(espace, {personne}):
            return False
        for service in services:
            if self.titulaire((personne, service)) is None:
                self.noeuds[(personne, service), espace] = Noeud(TITULAIRE, None, self.maintenant)
        return True

    def designer(self, acteur: int, paires: list[Paire], vers: int, role: str, expire: date | None) -> bool:
        paires = list(dict.fromkeys(paires))
        if acteur == vers or not {acteur, vers} <= self.actifs & self.experts or not paires:
            return False
        if expire is not None and expire < self.jour:
            return False
        for paire in paires:
            sien, tenu = self.role_utile(paire, acteur), self.noeuds.get((paire, vers))
            if sien is None or role not in ACCORDE[sien] or (tenu is not None and not self.expire(tenu)):
                return False
        if not self.a_la_place(vers, {paire[0] for paire in paires}):
            return False
        self.tomber([(paire, vers) for paire in paires if (paire, vers) in self.noeuds])
        for paire in paires:
            jours = [jour for jour in (expire, self.noeuds[paire, acteur].expire) if jour]
            self.noeuds[paire, vers] = Noeud(role, acteur, self.maintenant, expire=min(jours, default=None))
        return True

    def retirables(self, acteur: int, cles: list[Cle], roles: set[str]) -> bool:
        """Whether this espace may withdraw (confirm, suspend) all these, which must have one of these roles."""
        if acteur not in self.actifs or not cles:
            return False
        for paire, espace in cles:
            noeud, sien = self.noeuds.get((paire, espace)), self.role_utile(paire, acteur)
            if noeud is None or sien is None or noeud.role not in roles:
                return False
            if roles == {SUPPLEANT} and sien != TITULAIRE:
                return False
            if sien == ACTEUR or (sien == DELEGANT and noeud.parent != acteur):
                return False
        return True

    def retirer(self, acteur: int, cles: list[Cle], roles: set[str], reprendre: bool) -> bool:
        if not self.retirables(acteur, cles, roles):
            return False
        if reprendre:
            self.rattacher(set(cles), {paire: acteur for paire, _ in cles})
        self.tomber([cle for cle in dict.fromkeys(cles) if cle in self.noeuds])
        return True

    def revoir(self, acteur: int, confirmees: list[Cle], retirees: list[Cle], reprendre: bool) -> bool:
        delegues = {DELEGANT, ACTEUR}
        if not confirmees and not retirees:
            return False
        if confirmees and not self.retirables(acteur, confirmees, delegues):
            return False
        if not retirees:
            return True
        if self.retirables(acteur, retirees, delegues) and not reprendre:
            self.sauver(confirmees, retirees, {paire: acteur for paire, _ in retirees})
        return self.retirer(acteur, retirees, delegues, reprendre)

    def sauver(self, gardees: list[Cle], finies: list[Cle], repreneurs: dict[Paire, int]) -> None:
        """Hang under the taker what the same act keeps below what it ends."""
        gardees = [cle for cle in gardees if cle not in finies]
        tombent = set(finies)
        while suivants := {
            (paire, espace)
            for (paire, espace), noeud in self.noeuds.items()
            if noeud.parent is not None
            and (paire, noeud.parent) in tombent
            and (paire, espace) not in tombent
            and (paire, espace) not in gardees
        }:
            tombent |= suivants
        for paire, espace in gardees:
            noeud = self.noeuds[paire, espace]
            if noeud.parent is not None and (paire, noeud.parent) in tombent:
                noeud.parent = repreneurs[paire]

    def veiller(self, acteur: int, cles: list[Cle], endormir: bool, avec_dessous: bool = False) -> bool:
        if not self.retirables(acteur, cles, {SUPPLEANT}):
            return False
        if any(bool(self.noeuds[cle].veille) == endormir for cle in cles):
            return False
        if any(self.noeuds[cle].veille == "SUBSTITUTION" and self.en_retard(self.noeuds[cle]) for cle in cles):
            return False
        dessous = self.dessous(cles) if cles else set()
        if endormir:
            suivent = {cle for cle in dessous if avec_dessous and not self.noeuds[cle].veille}
        else:
            instants = {
                (p, self.noeuds[p, e].veille_depuis) for p, e in cles if self.noeuds[p, e].veille == "TITULAIRE"
            }
            suivent = {
                (p, e)
                for p, e in dessous
                if self.noeuds[p, e].veille == "TITULAIRE" and (p, self.noeuds[p, e].veille_depuis) in instants
            }
        for cle in {*cles, *suivent}:
            self.noeuds[cle].veille = "TITULAIRE" if endormir else ""
            self.noeuds[cle].veille_depuis = self.maintenant if endormir else None
        return True

    def accepter_retrait(self, acteur: int, cle: Cle, reprendre: bool) -> bool:
        """The request is known to wait; the titulaire alone answers, and not his own."""
        noeud = self.noeuds[cle]
        if noeud.role == TITULAIRE or self.role_utile(cle[0], acteur) != TITULAIRE:
            return False
        if reprendre:
            self.rattacher({cle}, {cle[0]: acteur})
        self.tomber([cle])
        return True

    def fermer(self, paire: Paire) -> bool:
        siens = [cle for cle in self.noeuds if cle[0] == paire]
        for cle in siens:
            del self.noeuds[cle]
        return bool(siens)

    def substituer(self, espace: int, personne: int, services: Iterable[int], demandee_le: datetime) -> bool:
        if espace not in self.actifs or not self.a_la_place(espace, {personne}):
            return False
        for service in services:
            paire = (personne, service)
            ancien = self.titulaire(paire)
            if ancien is None:
                self.noeuds[paire, espace] = Noeud(TITULAIRE, None, self.maintenant)
            elif ancien != espace and self.noeuds[paire, ancien].accordee_le <= demandee_le:
                self._changer_de_racine(paire, ancien, espace)
        return True

    def _changer_de_racine(self, paire: Paire, ancien: int, nouveau: int) -> None:
        siens = self.dessous([(paire, nouveau)]) if (paire, nouveau) in self.noeuds else set()
        attendent = self.dessous([(paire, ancien)]) - siens - {(paire, nouveau)}
        self.rattacher({(paire, ancien), (paire, nouveau)}, {paire: nouveau})
        for cle in attendent:
            self.noeuds[cle].veille, self.noeuds[cle].veille_depuis = "SUBSTITUTION", self.maintenant
        self.noeuds.pop((paire, nouveau), None)
        del self.noeuds[paire, ancien]
        self.noeuds[paire, nouveau] = Noeud(TITULAIRE, None, self.maintenant)

    def decider(self, acteur: int, gardees: list[Cle], ecartees: list[Cle], reprendre: bool) -> bool:
        ecartees = [cle for cle in ecartees if cle not in gardees]
        if acteur not in self.actifs or not gardees + ecartees:
            return False
        for cle in gardees + ecartees:
            noeud = self.noeuds.get(cle)
            if noeud is None or self.titulaire(cle[0]) != acteur or noeud.veille != "SUBSTITUTION":
                return False
            if cle in gardees and self.en_retard(noeud):
                return False
        for cle in gardees:
            self.noeuds[cle].veille, self.noeuds[cle].veille_depuis = "", None
        if reprendre:
            self._ecarter(set(ecartees))
        else:
            self.sauver(gardees, ecartees, {paire: acteur for paire, _ in ecartees})
            self.tomber([cle for cle in ecartees if cle in self.noeuds])
        return True

    def en_retard(self, noeud: Noeud) -> bool:
        return noeud.veille_depuis is not None and self.maintenant > noeud.veille_depuis + TRENTE_JOURS

    def _ecarter(self, cles: set[Cle]) -> None:
        self.rattacher(cles, {paire: t for paire, _ in cles if (t := self.titulaire(paire)) is not None})
        self.tomber(cles)

    def ecarter_non_confirmees(self) -> None:
        self._ecarter({cle for cle, n in self.noeuds.items() if n.veille == "SUBSTITUTION" and self.en_retard(n)})

    def expirer(self) -> None:
        self.tomber([cle for cle, noeud in self.noeuds.items() if self.expire(noeud)])

    def supprimer_espace(self, espace: int) -> bool:
        if espace not in self.actifs:
            return False
        siens = [cle for cle in self.noeuds if cle[1] == espace]
        miens = {paire for paire, _ in siens if self.noeuds[paire, espace].role == TITULAIRE}
        if any(p in miens and n.role != TITULAIRE and not self.expire(n) for (p, _), n in self.noeuds.items()):
            return False
        self.tomber(siens)
        self.actifs.discard(espace)
        return True
