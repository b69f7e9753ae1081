"""Who is on the telephone: one box for a name, an address, a number, a reference (issue 14, item 2).

Names are compared by the house's one folding, through the trigram indexes of services/0005 and accounts/0018: at least
three letters, whole words or parts of them. What is another office's is told in one way: which office, and its telephone.
"""

import contextlib
import itertools
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.db.models.lookups import Contains

from accounts.gestion.affaires import en_attente
from accounts.gestion.files import catalogue
from accounts.gestion.fonctions import BUREAU, DU_PAYS
from accounts.models import Agent, Compte, Espace, ServiceGestionnaire
from accounts.saisies.numeros import normaliser_numero, numero_valide
from accounts.saisies.porte import lire_identifiant, lire_recherche
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import Replier, replier
from accounts.saisies.sirens import SirenInvalide, normaliser_identifiant
from activation.courriers.code128 import lire_numero
from activation.courriers.codes import ReferenceMalSaisie, lire_reference
from activation.models import Courrier, CreationSimplifiee, Demande
from habilitations.lectures.recherche import contient, nomme
from habilitations.models import Habilitation, Mandat
from services.models import PersonneSirenisee
from services.registre.identification import personne_d_identifiant
from surveillance.espaces.visibilite import espaces_du_bureau, espaces_visibles

RUM: Final = re.compile(r"[0-9]{2}DGFIP[0-9A-Z]{1,28}")
MANDAT: Final = re.compile(r"D(-[0-9A-Z]+){2,}")
LETTRES: Final = 3  # fewer are in no trigram: the whole country would be read
MONTRES: Final = 20
CANDIDATS: Final = (
    40  # espaces of one name, of the whole country, that are looked at; beyond, an office's own are looked through
)
REPARTIS: Final = 3  # words: two names, eight ways; of more, each is rare
SEPARATEUR: Final = "0"  # between two folded names: a name has no digit
TOUCHENT: Final = 1_000  # espaces of one company that are looked at for a name


class RechercheTropCourte(RegleMetier):
    code = "recherche_trop_courte"
    message = "Tapez au moins trois lettres d’un nom, ou un numéro entier : SIREN, numéro d’abonné, référence."


@dataclass
class Trouves:
    """What the search found, side by side. `en_cours`: what waits for an agent, by the key of its personne."""

    entreprises: list[PersonneSirenisee] = field(default_factory=list)
    ailleurs: list[ServiceGestionnaire] = field(default_factory=list)
    """The offices of the companies found that are another office's: nothing more is said of them."""
    espaces: list[Espace] = field(default_factory=list)
    demandes: list[Demande] = field(default_factory=list)
    courriers: list[Courrier] = field(default_factory=list)
    mandats: list[Mandat] = field(default_factory=list)
    """Those whose demande is there no more."""
    en_cours: dict[int, list[str]] = field(default_factory=dict)
    suite_entreprises: bool = False
    """There are more companies than are shown."""
    suite_espaces: bool = False
    """There are more persons of this name than are shown: the SIREN of a company of theirs beside it, or a number, says which."""

    @property
    def seul(self) -> PersonneSirenisee | Espace | Demande | Courrier | Mandat | None:
        """The one thing found, if there is one: it opens at once."""
        tout: list[PersonneSirenisee | Espace | Demande | Courrier | Mandat] = [
            *self.entreprises,
            *self.espaces,
            *self.demandes,
            *self.courriers,
            *self.mandats,
        ]
        return tout[0] if len(tout) == 1 and not (self.ailleurs or self.suite_espaces) else None


def chercher(agent: Agent, saisie: str) -> Trouves:
    """Return what this agent may be told of what was typed: six queries at most. Raises: RechercheTropCourte, TexteIllisible."""
    texte = lire_recherche(saisie)
    trouves = Trouves()
    if lu := lire_numero(texte):
        _courrier(agent, lu, trouves)
    elif reference := _reference(texte):
        _demande(agent, reference, trouves)
    elif numero := _numero_de_mandat(texte):
        _mandat(agent, numero, trouves)
    elif "@" in texte:
        _espaces(agent, trouves, Espace.objects.filter(compte__in=Compte.objects.d_adresse(texte)))
    elif identifiants := _identifiants(texte):
        _par_identifiant(agent, texte, identifiants, trouves)
    elif precise := _nom_et_siren(texte):
        _par_nom_et_siren(agent, *precise, trouves)
    elif max((len(replier(mot)) for mot in texte.split()), default=0) < LETTRES:
        raise RechercheTropCourte
    else:
        _par_nom(agent, texte, trouves)
    _ce_qui_attend(agent, trouves)
    return trouves


def _reference(texte: str) -> str:
    try:
        return lire_reference(texte)[0]
    except ReferenceMalSaisie:
        return ""


def _identifiants(texte: str) -> list[str]:
    """Return what this may be the number of: a SIREN (or a SIRET's), an IDSP, a numéro d'abonné; [] for a name."""
    lus = []
    with contextlib.suppress(SirenInvalide):
        lus.append(normaliser_identifiant(texte))
    numero = normaliser_numero(texte)
    if numero_valide(numero):
        lus.append(numero)
    # An IDSP may be any nine letters: a word of nine letters is a name first.
    return [lu for lu in lus if any(signe.isdigit() for signe in lu)]


def _nom_et_siren(texte: str) -> tuple[str, str] | None:
    """Return the name and the SIREN, SIRET or IDSP typed beside it, in any order; None when there are not both."""
    mots = texte.split()
    chiffres = [mot for mot in mots if any(signe.isdigit() for signe in mot)]
    nom = " ".join(mot for mot in mots if mot not in chiffres)
    lus = [lu for lu in _identifiants(" ".join(chiffres)) if len(lu) == 9]
    return (nom, lus[0]) if lus and replier(nom) else None


def _du_bureau(agent: Agent) -> Q:
    """Return the condition of the companies that this agent reads."""
    if agent.fonction == Agent.Fonction.SURVEILLANCE:
        return Q()
    return Q(service_gestionnaire=agent.service_gestionnaire_id)


def _est_du_bureau(agent: Agent, personne: PersonneSirenisee) -> bool:
    return (
        agent.fonction == Agent.Fonction.SURVEILLANCE
        or personne.service_gestionnaire_id == agent.service_gestionnaire_id
    )


def _courrier(agent: Agent, lu: tuple[str, int], trouves: Trouves) -> None:
    courriers = Courrier.objects.select_related("demande__personne__service_gestionnaire", "demande__espace")
    for courrier in courriers.filter(demande__reference=lu[0], numero=lu[1]):
        if _est_du_bureau(agent, courrier.demande.personne):
            trouves.courriers.append(courrier)
        else:
            trouves.ailleurs.append(courrier.demande.personne.service_gestionnaire)


def _demande(agent: Agent, reference: str, trouves: Trouves) -> None:
    demandes = Demande.objects.select_related("personne__service_gestionnaire", "espace")
    for demande in demandes.filter(reference=reference):
        if _est_du_bureau(agent, demande.personne):
            trouves.demandes.append(demande)
        else:
            trouves.ailleurs.append(demande.personne.service_gestionnaire)
    if not trouves.demandes and not trouves.ailleurs:
        _mandat(agent, reference, trouves)


def _numero_de_mandat(texte: str) -> str:
    """Return the reference of a mandate that is read here, of a code or of SEPA, as it is kept; nothing for anything else."""
    plat = lire_identifiant(texte).upper()
    rum = plat.replace(" ", "").replace("-", "")
    return rum if RUM.fullmatch(rum) else plat if MANDAT.fullmatch(plat) else ""


def _mandat(agent: Agent, numero: str, trouves: Trouves) -> None:
    """Find the mandate of this reference, as the company's pages print it, or the company of this mandate of SEPA (its RUM)."""
    if RUM.fullmatch(numero):
        siennes = PersonneSirenisee.objects.filter(references_bancaires__mandat__rum=numero)
        for personne in siennes.select_related("service_gestionnaire"):
            du_bureau = _est_du_bureau(agent, personne)
            trouves.entreprises.extend([personne] if du_bureau else [])
            trouves.ailleurs.extend([] if du_bureau else [personne.service_gestionnaire])
        return
    for mandat in Mandat.objects.filter(demande=numero).select_related("personne__service_gestionnaire"):
        if _est_du_bureau(agent, mandat.personne):
            trouves.mandats.append(mandat)
        else:
            trouves.ailleurs.append(mandat.personne.service_gestionnaire)


def _par_identifiant(agent: Agent, texte: str, identifiants: Sequence[str], trouves: Trouves) -> None:
    """Find the company of this SIREN, with who holds something on it today or waits for it, and the espace of this number."""
    for identifiant in identifiants:
        if len(identifiant) == 14:
            _espaces(agent, trouves, Espace.objects.filter(numero_abonne=identifiant))
            continue
        personne = personne_d_identifiant(identifiant)
        if personne is None:
            continue
        if not _est_du_bureau(agent, personne):
            trouves.ailleurs.append(personne.service_gestionnaire)
            continue
        trouves.entreprises.append(personne)
        vivantes = Habilitation.objects.vivantes().filter(personne=personne)
        attendent = Demande.objects.filter(personne=personne, etat__in=Demande.ETATS_EN_COURS)
        # One list of keys, by index from the company: two joined by OR would have every espace read.
        cles = vivantes.order_by().values("espace").union(attendent.order_by().values("espace"))
        trouves.espaces += Espace.objects.filter(pk__in=cles).order_by("nom", "prenom")[:MONTRES]


def _par_nom_et_siren(agent: Agent, nom: str, identifiant: str, trouves: Trouves) -> None:
    """Find who bears this name among those who hold, held or asked for something on this company: a common name is found.

    Among the espaces of the company alone, by its indexes: what it costs does not depend on how common the name is.
    """
    personne = personne_d_identifiant(identifiant)
    if personne is None:
        return
    if not _est_du_bureau(agent, personne):
        trouves.ailleurs.append(personne.service_gestionnaire)
        return
    trouves.entreprises.append(personne)
    touchent = (
        Habilitation.objects.filter(personne=personne)
        .order_by()
        .values_list("espace")
        .union(
            Demande.objects.filter(personne=personne).order_by().values_list("espace"),
            CreationSimplifiee.objects.filter(personne=personne).order_by().values_list("espace"),
        )
    )
    cles = [cle for (cle,) in touchent[: TOUCHENT + 1]]
    nommes = Espace.objects.filter(nomme(nom), pk__in=cles[:TOUCHENT]).order_by("nom", "prenom", "numero_abonne")
    lus = list(nommes[: MONTRES + 1])
    trouves.espaces, trouves.suite_espaces = lus[:MONTRES], len(lus) > MONTRES or len(cles) > TOUCHENT


def _par_nom(agent: Agent, texte: str, trouves: Trouves) -> None:
    siennes = PersonneSirenisee.objects.filter(_du_bureau(agent)).filter(contient("denomination", texte))
    # Of an office the first by name; of the country whichever come first, put in order here: a common word would have
    # a hundred thousand companies read and sorted (tests/charge/bureau.py: 1.2 s, then 15 ms).
    en_ordre = siennes.order_by() if agent.fonction in DU_PAYS else siennes.order_by("denomination", "siren")
    entreprises = sorted(en_ordre[: MONTRES + 1], key=lambda personne: (personne.denomination, personne.siren))
    trouves.entreprises, trouves.suite_entreprises = entreprises[:MONTRES], len(entreprises) > MONTRES
    if agent.fonction != Agent.Fonction.SURVEILLANCE:
        autres = (
            PersonneSirenisee.objects.filter(denomination__replie=texte)
            .exclude(service_gestionnaire=agent.service_gestionnaire_id)
            .select_related("service_gestionnaire")[:MONTRES]
        )
        bureaux = {autre.service_gestionnaire_id: autre.service_gestionnaire for autre in autres}
        trouves.ailleurs = list(bureaux.values())
    nommes = list(Espace.objects.filter(_nomme(texte)).order_by().values_list("pk", flat=True)[: CANDIDATS + 1])
    if len(nommes) > CANDIDATS and agent.fonction in BUREAU:
        # Ten thousand of this name in the country: those of the office are found from its companies, and all of them.
        _montrer(trouves, espaces_du_bureau(agent.service_gestionnaire_id, *map(_est_dans_un_nom, texte.split())))
        return
    trouves.suite_espaces = len(nommes) > CANDIDATS
    if nommes:
        _espaces(agent, trouves, Espace.objects.filter(pk__in=nommes[:CANDIDATS]))


def _nomme(texte: str) -> Q:
    """Return the condition of `nomme`, its words dealt out between the two names: one alternative for each way.

    Each alternative asks several keys of the index at once, which begins with the rarest; « this word in either name, and that
    one in either » has all the bearers of each read first (a million espaces, two of the commonest words: 136 ms, then 29 ms).
    A word under three letters is in no trigram: it is only compared, or the whole of one name's index would be read.
    """
    courts = [mot for mot in texte.split() if len(replier(mot)) < LETTRES]
    mots = [mot for mot in texte.split() if mot not in courts]
    if not 1 < len(mots) <= REPARTIS:
        return nomme(texte)
    compares = nomme(" ".join(courts)) if any(map(replier, courts)) else Q()
    facons = itertools.product(("nom", "prenom"), repeat=len(mots))
    return compares & reduce(
        operator.or_,
        (Q(*(contient(nom, mot) for nom, mot in zip(facon, mots, strict=True))) for facon in facons),
    )


def _est_dans_un_nom(mot: str) -> Q:
    """Return the condition that this word stands in one of the names of an espace, for rows that are read one by one.

    The two are folded at once, with a sign between them that is not of the word: folding is what such a row costs, and `nomme`
    folds each name for each word (2,500 espaces of an office: 65 ms, then 30). Of no index, as `espaces_du_bureau` asks.
    """
    plie = replier(mot)
    if SEPARATEUR in plie:
        return contient("nom", mot) | contient("prenom", mot)
    return Q(Contains(Replier(Concat("nom", Value(SEPARATEUR), "prenom")), plie))


def _espaces(agent: Agent, trouves: Trouves, lignes: QuerySet[Espace]) -> None:
    _montrer(trouves, espaces_visibles(agent, espaces=lignes))


def _montrer(trouves: Trouves, visibles: QuerySet[Espace]) -> None:
    trouves.espaces += visibles.order_by("nom", "prenom", "numero_abonne")[: MONTRES + 1]
    if len(trouves.espaces) > MONTRES:
        del trouves.espaces[MONTRES:]
        trouves.suite_espaces = True


def _ce_qui_attend(agent: Agent, trouves: Trouves) -> None:
    """Say what waits about the companies found: one query."""
    cles = [personne.pk for personne in trouves.entreprises]
    if not cles:
        return
    attendues = en_attente(agent).filter(personne__in=cles).order_by("personne", "file").values_list("personne", "file")
    for personne, lignes in itertools.groupby(attendues, key=lambda ligne: ligne[0]):
        files = [file for _, file in lignes]
        trouves.en_cours[personne] = [
            f"{catalogue()[file].singulier} ({files.count(file)})" for file in dict.fromkeys(files)
        ]
