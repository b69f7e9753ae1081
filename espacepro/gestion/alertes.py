"""The evidence of one alert: what happened around it, from where, what the espace reaches, what else is known (R15; CGU §3.6).

Each thing is asked once, by the index of this account, this espace or this address: never a reading of the country.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from accounts.models import Agent, Compte, Espace, Evenement
from accounts.saisies.pays import nom_du_pays
from accounts.traces.journal import auteur_de
from habilitations.models import Habilitation
from services.models import PersonneSirenisee
from surveillance.alertes.ensembles import est_commune
from surveillance.models import Alerte, BlocageIP, Connexion, Desactivation, SignalVu, SuiteAlerte
from surveillance.signaux.mots import en_lignes
from surveillance.signaux.registre import famille_de, nom_de

from ..donnees.declaration import auteur_en_mots
from ..journal.libelles import libelle_acte
from ..typographie import INSECABLE

AVANT: Final = timedelta(days=2)
LIEUX_SUR: Final = timedelta(days=30)
AILLEURS_SUR: Final = timedelta(days=7)
LIGNES: Final = 40
"""Of sign-ins, and of acts, on the page."""
LIEUX: Final = 10
AUTRES: Final = 10
AILLEURS_LUES: Final = 500
NOMMEES: Final = 5
PORTE: Final = {4: 24, 6: 64}
"""How long the network is that a sign-in bears (`Connexion.reseau`), by version of IP."""


@dataclass(frozen=True)
class LigneFil:
    """One moment: when, what, and the words around it; `insolite`: from where this account had not been."""

    quand: datetime
    quoi: str
    precision: str
    insolite: bool


@dataclass(frozen=True)
class Lieu:
    """A place and a device from which this account signed in, or was tried."""

    ou: str
    appareil: str
    reussies: int
    manquees: int
    premiere: datetime
    derniere: datetime
    insolite: bool


@dataclass(frozen=True)
class Ailleurs:
    """What else came from the address of this alert in seven days: how many accounts, of which how many entered."""

    adresse: str
    comptes: int
    entres: int
    essais: int
    tout: bool
    """Whether all of it was read."""


@dataclass(frozen=True)
class Portee:
    """What this espace reaches today, and what it has touched since."""

    entreprises: int
    services: int
    payables: int
    dependants: int
    touchees: list[PersonneSirenisee]
    touchees_en_tout: int


@dataclass(frozen=True)
class Autre:
    """Another alert, in words."""

    alerte: Alerte
    nom: str
    lien: str


@dataclass
class Preuves:
    """All that the page of an alert shows."""

    alerte: Alerte
    nom: str
    espace: Espace | None
    agent: Agent | None
    faits: list[str]
    familles: int
    fil: list[LigneFil]
    lieux: list[Lieu]
    ailleurs: Ailleurs | None
    portee: Portee | None
    autres: list[Autre]
    suites: list[SuiteAlerte]
    desactivations: list[Desactivation]
    blocages: list[BlocageIP]
    """Of an alert of a network: what is blocked there."""
    question: SuiteAlerte | None
    signaux: list[tuple[datetime, str, list[str]]]


def lire_preuves(alerte: Alerte) -> Preuves:
    """Return what the cell reads of this alert: fifteen queries, whatever the account did."""
    compte = alerte.compte
    if compte is None:
        return _preuves_du_reseau(alerte)
    espace, agent = getattr(compte, "espace", None), getattr(compte, "agent", None)
    debut, fin = alerte.levee_le - AVANT, max(alerte.derniere_le, alerte.levee_le) + timedelta(days=7)
    connexions = _connexions(compte, debut, fin)
    lieux = _lieux(compte, alerte)
    insolites = {(lieu.ou, lieu.appareil) for lieu in lieux if lieu.insolite}
    siennes = next((c for c in connexions if alerte.connexion and c.id == alerte.connexion), None)
    depuis = min(alerte.levee_le, siennes.quand) if siennes is not None else alerte.levee_le
    adresses = {c.adresse_ip for c in connexions if (_ou(c), _appareil(c)) in insolites}
    vus = list(SignalVu.objects.filter(compte=compte).order_by("-vu_le")[:AUTRES])
    autres = _autres(alerte)
    suites = list(SuiteAlerte.objects.filter(alerte=alerte).select_related("agent", "second"))
    ouvertes = [a.alerte for a in autres if a.alerte.compte_id == compte.pk and a.alerte.etat == Alerte.Etat.OUVERTE]
    return Preuves(
        alerte=alerte,
        nom=nom_de(alerte.motif),
        espace=espace,
        agent=agent,
        faits=en_lignes(alerte.details),
        familles=len({famille_de(a) for a in (alerte, *ouvertes)}),
        fil=_fil(connexions, _actes(espace, agent, debut, fin), insolites, adresses),
        lieux=lieux,
        ailleurs=_ailleurs(siennes.adresse_ip if siennes is not None else str(alerte.details.get("adresse_ip") or "")),
        portee=_portee(espace, depuis) if espace is not None else None,
        autres=autres,
        suites=suites,
        desactivations=list(Desactivation.objects.filter(espace=espace).select_related("agent")[:3]) if espace else [],
        blocages=[],
        question=next((suite for suite in suites if suite.genre == SuiteAlerte.Genre.QUESTION), None),
        signaux=[(vu.vu_le, nom_de(vu.genre), en_lignes(vu.details)) for vu in vus],
    )


def _preuves_du_reseau(alerte: Alerte) -> Preuves:
    """Return what the cell reads of a network: what is blocked there, and who signed in from it, so that a shared one shows: five queries."""
    reseau = ipaddress.ip_network(alerte.details["reseau"])
    venues = Connexion.objects.filter(**_d_ou(reseau), quand__gte=alerte.levee_le - LIEUX_SUR)
    adresses = alerte.details["adresses"]
    return Preuves(
        alerte=alerte,
        nom=nom_de(alerte.motif),
        espace=None,
        agent=None,
        faits=en_lignes(alerte.details),
        familles=1,
        fil=[
            LigneFil(
                venue.quand,
                f"Connexion {venue.get_resultat_display()}",
                _mots(_de_qui(venue), _appareil(venue), venue.adresse_ip),
                insolite=False,
            )
            for venue in venues.select_related("compte__espace").order_by("-quand")[:LIGNES]
        ],
        lieux=[],
        ailleurs=_ailleurs(adresses[0].partition("/")[0]) if len(adresses) == 1 and reseau.version == 4 else None,
        portee=None,
        autres=_autres(alerte),
        suites=list(SuiteAlerte.objects.filter(alerte=alerte).select_related("agent", "second")),
        desactivations=[],
        blocages=list(
            BlocageIP.objects.filter(reseau__in=adresses).select_related("agent").order_by("-bloque_le", "pk")[:LIGNES]
        ),
        question=None,
        signaux=[],
    )


def _d_ou(reseau: ipaddress.IPv4Network | ipaddress.IPv6Network) -> dict[str, Any]:
    """Return what is asked of the sign-ins of this network: one that they bear is found by name, as its index has it with their dates."""
    if reseau.prefixlen == PORTE[reseau.version]:
        return {"reseau": str(reseau)}
    return {"adresse_ip__range": (str(reseau.network_address), str(reseau.broadcast_address))}


def _de_qui(connexion: Connexion) -> str:
    espace = getattr(connexion.compte, "espace", None)
    return f"{espace.nom_complet}, {espace.numero_lisible.replace(' ', INSECABLE)}" if espace is not None else ""


def _connexions(compte: Compte, debut: datetime, fin: datetime) -> list[Connexion]:
    siennes = Connexion.objects.filter(compte=compte, quand__gte=debut, quand__lte=fin)
    return list(siennes.order_by("-quand")[:LIGNES])


def _lieux(compte: Compte, alerte: Alerte) -> list[Lieu]:
    """Return from where this account came in thirty days; unusual: first seen within a day of the alert, others being known before."""
    lignes: list[Any] = list(  # rows of columns
        Connexion.objects.filter(compte=compte, quand__gte=alerte.levee_le - LIEUX_SUR)
        .order_by()
        .values("pays", "reseau", "navigateur", "systeme")
        .annotate(
            reussies=Count("id", filter=Q(resultat=Connexion.Resultat.REUSSIE)),
            essais=Count("id"),
            premiere=Min("quand"),
            derniere=Max("quand"),
        )
        .order_by("-derniere")[:LIEUX]
    )
    limite = alerte.levee_le - timedelta(days=1)
    connus = any(ligne["premiere"] < limite and ligne["reussies"] for ligne in lignes)
    return [
        Lieu(
            ou=_mots(nom_du_pays(ligne["pays"]), ligne["reseau"]) or "lieu inconnu",
            appareil=_mots(ligne["systeme"], ligne["navigateur"]) or "appareil inconnu",
            reussies=ligne["reussies"],
            manquees=ligne["essais"] - ligne["reussies"],
            premiere=ligne["premiere"],
            derniere=ligne["derniere"],
            insolite=connus and ligne["premiere"] >= limite,
        )
        for ligne in lignes
    ]


def _mots(*morceaux: str) -> str:
    return ", ".join(filter(None, morceaux))


def _ou(connexion: Connexion) -> str:
    return _mots(nom_du_pays(connexion.pays), connexion.reseau) or "lieu inconnu"


def _appareil(connexion: Connexion) -> str:
    return _mots(connexion.systeme, connexion.navigateur) or "appareil inconnu"


def _actes(espace: Espace | None, agent: Agent | None, debut: datetime, fin: datetime) -> list[Evenement]:
    """Return the last acts of this person, and on the espace: two queries, each by its index, in the window."""
    lui = espace if espace is not None else agent
    if lui is None:
        return []
    fenetre = Evenement.objects.filter(quand__gte=debut, quand__lte=fin).order_by("-pk")
    lignes = {ligne.pk: ligne for ligne in fenetre.filter(auteur=auteur_de(lui))[:LIGNES]}
    if espace is not None:
        lignes |= {ligne.pk: ligne for ligne in fenetre.filter(espace=espace.numero_abonne)[:LIGNES]}
    return sorted(lignes.values(), key=lambda ligne: ligne.pk, reverse=True)[:LIGNES]


def _fil(
    connexions: list[Connexion], actes: list[Evenement], insolites: set[tuple[str, str]], adresses: set[str]
) -> list[LigneFil]:
    """Return sign-ins and acts in one course, the newest first."""
    lignes = [
        LigneFil(
            c.quand,
            f"Connexion {c.get_resultat_display()}",
            _mots(_ou(c), _appareil(c), c.adresse_ip),
            (_ou(c), _appareil(c)) in insolites,
        )
        for c in connexions
    ]
    noms = dict(
        PersonneSirenisee.objects.filter(siren__in={a.siren for a in actes if a.siren}).values_list(
            "siren", "denomination"
        )
    )
    for acte in actes:
        qui = "" if acte.auteur == acte.espace or not acte.espace else auteur_en_mots(acte.auteur)
        lignes.append(
            LigneFil(
                acte.quand,
                libelle_acte(acte.acte),
                _mots(noms.get(acte.siren, acte.siren), qui, acte.adresse_ip or ""),
                bool(acte.adresse_ip) and acte.adresse_ip in adresses,
            )
        )
    return sorted(lignes, key=lambda ligne: ligne.quand, reverse=True)


def _ailleurs(adresse: str) -> Ailleurs | None:
    if not adresse:
        return None
    depuis = timezone.now() - AILLEURS_SUR
    lues = list(
        Connexion.objects.filter(adresse_ip=adresse, quand__gte=depuis)
        .order_by("-quand")
        .values_list("compte", "resultat")[: AILLEURS_LUES + 1]
    )
    return Ailleurs(
        adresse=adresse,
        comptes=len({compte for compte, _ in lues if compte}),
        entres=len({compte for compte, resultat in lues if compte and resultat == Connexion.Resultat.REUSSIE}),
        essais=min(len(lues), AILLEURS_LUES),
        tout=len(lues) <= AILLEURS_LUES,
    )


def _portee(espace: Espace, depuis: datetime) -> Portee:
    """Return what it reaches and touched since: four queries, by its own habilitations and its own lines."""
    tenues: dict[str, int] = (
        Habilitation.objects.actives()  # what is en veille gives nothing
        .filter(espace=espace)
        .order_by()
        .aggregate(
            entreprises=Count("personne", distinct=True),
            services=Count("service", distinct=True),
            payables=Count("personne", distinct=True, filter=Q(service__paiement=True)),
        )
    )
    dependants = (
        Habilitation.objects.vivantes().filter(accordee_par__espace=espace).order_by().values("espace").distinct()
    )
    sirens = set(
        Evenement.objects.filter(auteur=espace.numero_abonne, quand__gte=depuis)
        .exclude(siren="")
        .order_by("-pk")
        .values_list("siren", flat=True)[:500]
    )
    nommees = PersonneSirenisee.objects.filter(siren__in=sirens).order_by("denomination", "siren")[:NOMMEES]
    return Portee(
        **tenues,
        dependants=dependants.count(),
        touchees=list(nommees) if sirens else [],
        touchees_en_tout=len(sirens),
    )


def _autres(alerte: Alerte) -> list[Autre]:
    """Return the last alerts of the same account, then of the same cause: two queries."""
    lignes = Alerte.objects.exclude(pk=alerte.pk).select_related("compte__espace").order_by("-levee_le", "pk")
    du_compte = lignes.filter(compte=alerte.compte_id)[:AUTRES] if alerte.compte_id is not None else []
    trouvees = {a.pk: Autre(a, nom_de(a.motif), "même espace") for a in du_compte}
    if est_commune(alerte.cause):
        for a in lignes.filter(cause=alerte.cause)[:AUTRES]:
            trouvees.setdefault(a.pk, Autre(a, nom_de(a.motif), "même cause"))
    return list(trouvees.values())
