"""Deleting one's espace (R19; CGU §4.c, §4.h; RGPD art. 17).

What blocks it and what falls with it is known by the apps above, each of which adds a `Volet` in `AppConfig.ready`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models, transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from .. import actes
from ..envois import courriels
from ..models import Agent, Compte, Courriel, DemandeOubli, Espace, Rectification
from ..saisies.apercu import CHANGE, empreinte
from ..saisies.dates import jour, jour_heure
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner

# What stays of an espace: its number, never given again, what it was, and dates. Anything else is blanked, so a column
# that is added tomorrow is too.
GARDES = frozenset(
    {"id", "numero_abonne", "mode", "etat", "compte", "cgu_version", "cgu_acceptees_le"}
    | {"cree_le", "active_le", "supprime_le", "reponse_changee_le"}
)


class EspaceNonActif(RegleMetier):
    code = "espace_non_actif"
    message = "Cet espace n’est pas actif, ou il est déjà supprimé."


class SuppressionBloquee(RegleMetier):
    """`blocages` holds what must go first."""

    code = "suppression_bloquee"
    message = "Votre espace ne peut pas être supprimé pour l’instant : des services l’empêchent ({nombre})."

    def __init__(self, blocages: "Sequence[Motif]") -> None:
        self.blocages = list(blocages)
        super().__init__(nombre=sum(motif.nombre for motif in self.blocages))


class SuppressionChangee(RegleMetier):
    code = "suppression_changee"
    message = CHANGE


@dataclass(frozen=True)
class Dependant:
    """Somebody who uses a service thanks to the espace, and the address of the list where that is ended."""

    nom: str
    page: str


@dataclass(frozen=True, kw_only=True)
class Blocage:
    """The services of one company that keep an espace from being deleted, and who may lift it."""

    personne: str
    siren: str
    services: tuple[str, ...]
    gestionnaire: str = ""

    @property
    def ligne(self) -> str:
        office = f" (service gestionnaire : {self.gestionnaire})" if self.gestionnaire else ""
        return f"{self.personne} ({self.siren}) : {', '.join(self.services)}{office}"


@dataclass(frozen=True, kw_only=True)
class Motif:
    """What is blocked for one and the same reason, told once: the companies, who uses their services and how many of them.

    `demandee_le` is the day on which the removal was asked for, if it was.
    """

    raison: str
    demandee_le: date | None = None
    blocages: tuple[Blocage, ...]
    dependants: tuple[tuple[Dependant, int], ...] = ()

    @property
    def explication(self) -> str:
        if self.demandee_le is None:
            return f"{self.raison}."
        return f"{self.raison}. Retrait demandé le {jour(self.demandee_le)} : la réponse vous parviendra par courriel."

    @property
    def nombre(self) -> int:
        """How many services."""
        return sum(len(blocage.services) for blocage in self.blocages)

    @property
    def lignes(self) -> tuple[str, ...]:
        return tuple(blocage.ligne for blocage in self.blocages)


@dataclass(frozen=True, kw_only=True)
class Chute:
    """What falls with the espace, under one title: `nombre` things, told in `lignes` (several may stand in one line)."""

    titre: str
    explication: str
    nombre: int
    lignes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Volet:
    """What one app knows of a deletion.

    `verrouiller` takes the app's locks, the espace being locked; `faire_tomber` runs under them, once nothing blocks, in the
    name of who deletes: the holder, or an agent after a death.
    `demander` asks whoever may lift what blocks, and returns how many requests it made.
    """

    nom: str
    verrouiller: Callable[[Espace], object]
    bloquants: Callable[[Espace], list[Motif]]
    chutes: Callable[[Espace], list[Chute]]
    faire_tomber: Callable[[Espace, datetime, Espace | Agent], object]
    demander: Callable[[Espace, datetime], int] = lambda espace, maintenant: 0


@dataclass(frozen=True)
class ListeEntiere:
    """One of the lists of the page, which shows the first lines alone: each line, and the address where it is ended."""

    titre: str
    explication: str
    lignes: Sequence[tuple[str, str]]


def liste_entiere(cle: str, motifs: "Sequence[Motif]", chutes: "Sequence[Chute]") -> ListeEntiere | None:
    """Return the list that an address names (`empechement-1`, `acces-1`, `chute-1`: which one, in the order of the page)."""
    genre, _, rang = cle.partition("-")
    source: Sequence[Motif | Chute] = chutes if genre == "chute" else motifs
    if genre not in {"empechement", "acces", "chute"} or rang not in {str(n + 1) for n in range(len(source))}:
        return None
    choisi = source[int(rang) - 1]
    if isinstance(choisi, Motif) and genre == "acces":
        acces = [(f"{qui.nom} ({nombre})", qui.page) for qui, nombre in choisi.dependants]
        return ListeEntiere("Qui a accès à ces services", choisi.explication, acces)
    titre = choisi.titre if isinstance(choisi, Chute) else "Ce qui empêche la suppression"
    return ListeEntiere(f"{titre} ({choisi.nombre})", choisi.explication, [(ligne, "") for ligne in choisi.lignes])


# What falls first: a demande whose code could still open something, then what is open, then what two agents had in hand.
ORDRE = ("activation", "habilitations", "contreseings")
_VOLETS: list[Volet] = []


def inscrire(volet: Volet) -> None:
    """Add what an app knows of a deletion; its name stands in `ORDRE`, whichever app is ready first."""
    if volet.nom not in ORDRE:
        raise ValueError(f"{volet.nom!r} has no place in the order of a deletion: {', '.join(ORDRE)}")
    _VOLETS.append(volet)
    _VOLETS.sort(key=lambda inscrit: ORDRE.index(inscrit.nom))


def blocages(espace: Espace) -> list[Motif]:
    """Return what keeps this espace from being deleted, reason by reason, all apps together."""
    return [motif for volet in _VOLETS for motif in volet.bloquants(espace)]


def chutes(espace: Espace) -> list[Chute]:
    """Return what would fall with this espace, without the titles that hold nothing."""
    return [chute for volet in _VOLETS for chute in volet.chutes(espace) if chute.lignes]


@transaction.atomic
def demander_au_gestionnaire(*, acteur: Espace, maintenant: datetime | None = None) -> int:
    """Ask the services gestionnaires to remove what blocks the deletion; return how many requests were made now.

    What was already asked is not asked again. Raises: EspaceNonActif.
    """
    maintenant = maintenant or timezone.now()
    acteur = _verrouiller(acteur)
    return sum(volet.demander(acteur, maintenant) for volet in _VOLETS)


def _verrouiller(espace: Espace, *, desactive: bool = False) -> Espace:
    """Return the espace locked, as it is now, then lock what the apps hold under it. Raises EspaceNonActif."""
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=espace.pk)
    ouvert = espace.est_actif or (desactive and espace.etat == Espace.Etat.DESACTIVE)
    if not ouvert or espace.compte is None:
        raise EspaceNonActif
    for volet in _VOLETS:
        volet.verrouiller(espace)
    return espace


def apercu_de(blocages: Sequence[Motif], chutes: Sequence[Chute]) -> str:
    """Return the print of what a page shows of a deletion."""
    return empreinte(blocages, chutes)


@transaction.atomic
def supprimer_espace(*, acteur: Espace, montre: str | None = None, maintenant: datetime | None = None) -> Espace:
    """Delete one's espace: what hangs on it falls, the sign-in goes, the row keeps a number and dates; return it.

    A receipt leaves to the address that was the person's. The journal and the mandates stay: the law wants them.
    `montre` is the print of what its page showed (`apercu_de`). Raises: EspaceNonActif, SuppressionBloquee, SuppressionChangee.
    """
    maintenant = maintenant or timezone.now()
    espace = _verrouiller(acteur)
    if bloquants := blocages(espace):
        raise SuppressionBloquee(bloquants)
    if montre is not None and not constant_time_compare(montre, apercu_de(bloquants, chutes(espace))):
        raise SuppressionChangee
    return _effacer(
        espace,
        auteur=espace,
        maintenant=maintenant,
        consigner_la_fin=lambda: consigner(actes.ESPACE_SUPPRIME, auteur=espace),
    )


@transaction.atomic
@relit_l_agent
def supprimer_pour_deces(
    *,
    acteur: Agent,
    espace: Espace,
    details: dict[str, str],
    exiger: Callable[[Espace], object],
    maintenant: datetime | None = None,
) -> Espace:
    """Delete, as a second agent, the espace of somebody who died: the holder's own deletion, whatever kept it; return it.

    Only by the countersignature that calls it (espacepro/gestion/deces.py). `exiger` compares, under the locks, what was shown;
    `details`: the kind and the date of the proof seen, for the journal. The address is told, in case nobody died.
    Raises: EspaceNonActif, and what `exiger` raises.
    """
    maintenant = maintenant or timezone.now()
    espace = _verrouiller(espace, desactive=True)
    exiger(espace)
    service = acteur.service_gestionnaire
    return _effacer(
        espace,
        auteur=acteur,
        maintenant=maintenant,
        consigner_la_fin=lambda: consigner(actes.ESPACE_SUPPRIME_DECES, auteur=acteur, espace=espace, details=details),
        gestionnaire=service.nom,
        telephone=service.telephone,
    )


def _effacer(
    espace: Espace,
    *,
    auteur: Espace | Agent,
    maintenant: datetime,
    consigner_la_fin: Callable[[], object],
    **contexte: str,
) -> Espace:
    """Let all that hangs on the espace fall, end its sign-in, keep a number and dates, and write to the address; return it."""
    compte = espace.compte
    assert compte is not None  # noqa: S101 - _verrouiller has refused an espace without account
    adresse = compte.email
    for volet in _VOLETS:
        volet.faire_tomber(espace, maintenant, auteur)
    consigner_la_fin()
    effacer_traces(espace, compte)
    espace.etat = Espace.Etat.SUPPRIME
    espace.supprime_le = maintenant
    blanchir(espace)
    espace.save()
    compte.delete()  # and with it the sessions, known browsers, factors, old hashes
    courriels.deposer(
        "espace_supprime",
        destinataire=adresse,
        acte=f"espace-supprime:{espace.pk}",
        contexte={
            "numero": espace.numero_lisible,
            "supprime_le": jour_heure(maintenant),
            **contexte,
        },
    )
    return espace


def blanchir(espace: Espace) -> None:
    """Empty, without saving, every column of an espace but those of `GARDES`, and cut it from its account."""
    espace.compte = None
    for champ in Espace._meta.concrete_fields:
        if champ.name not in GARDES:
            setattr(espace, champ.attname, _vide(champ))


def _vide(champ: "Field[object, object]") -> object:
    """Return what an empty column of this kind holds."""
    if champ.null:
        return None
    if champ.has_default():
        return champ.get_default()
    return "" if champ.empty_strings_allowed else champ.to_python(0)


def effacer_traces(espace: Espace, compte: Compte) -> None:
    """Delete the links, the former particulars and addresses, the mails to this person, the requests made with this address, and what was asked to be corrected."""
    Courriel.objects.filter(models.Q(espace=espace) | models.Q(destinataire=compte.email)).delete()
    espace.liens.all().delete()
    espace.anciennes_coordonnees.all().delete()
    espace.anciennes_adresses.all().delete()
    espace.rectifications.filter(
        etat=Rectification.Etat.DEPOSEE
    ).delete()  # nothing is left to correct: the queue forgets it
    espace.rectifications.update(texte="", reponse="")
    DemandeOubli.objects.filter(adresse=compte.email).delete()
