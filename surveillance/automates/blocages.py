"""Blocking a source address, and lifting it (R17; CGU §3.7.b): by an agent of the cell, or by the exploitation."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.gestion.fonctions import SURVEILLANCE
from accounts.models import Agent
from accounts.saisies.dates import jour_heure
from accounts.saisies.porte import lire_identifiant, lire_ligne
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from accounts.traces.requete import ILLISIBLE, une_adresse

from .. import actes
from ..models import Alerte, BlocageIP
from ..signaux.registre import ADRESSE_SANS_FIN, SIGNAUX
from ..signaux.seuils import BLOCAGES_A_TERME, JOURS_DE_RECIDIVE
from .detecteurs import PAR_NOM

LONGUEUR_DU_MOTIF_DE_BLOCAGE: Final = 200
PLUS_LARGE: Final = {4: 16, 6: 32}
"""The widest network that may be blocked, in bits of its prefix, by version of IP: wider, a whole operator is refused."""
LIGNE_IPV6: Final = 64
"""An IPv6 line is a /64: one address of it is the whole line."""
DUREES: Final = {"15 min": timedelta(minutes=15), "1 h": timedelta(hours=1), "24 h": timedelta(hours=24)}
"""For how long, from what is seen first to what comes again; beyond, until an agent decides."""

MOTIF_D_AUTOMATE: Final = "Automate"
RECIDIVE: Final = timedelta(days=JOURS_DE_RECIDIVE)
"""An automaton that comes back within these days is blocked for the next longer of DUREES."""
VOISINAGE: Final = {4: 24, 6: 48}
"""Addresses blocked without end are one alert where they are of one such network."""
ADRESSES_DITES: Final = 50
"""Of one alert; the list of the blocked addresses has all."""
COMPTES_HONNETES: Final = 3
JOURS_HONNETES: Final = 2
MEMOIRE_DES_ADRESSES: Final = timedelta(days=30)
"""An address from which so many accounts signed in, each on so many days of these, is shared: one robot there is not the others."""
_HONNETES = """
SELECT count(*) FROM (
    SELECT compte_id FROM surveillance_connexion
     WHERE adresse_ip BETWEEN %s::inet AND %s::inet AND quand > %s AND resultat = 'REUSSIE' AND compte_id IS NOT NULL
     GROUP BY compte_id HAVING count(DISTINCT quand::date) >= %s LIMIT %s
) AS honnetes
"""

type Reseau = ipaddress.IPv4Network | ipaddress.IPv6Network


class BlocageReserve(RegleMetier):
    code = "blocage_reserve"
    message = "Seule la cellule de surveillance bloque une adresse, ou lève un blocage."


class ReseauInvalide(RegleMetier):
    code = "reseau_invalide"
    message = "Écrivez une adresse ou un réseau : 203.0.113.7, 203.0.113.0/24 ou 2001:db8::/64."


class ReseauTropLarge(RegleMetier):
    code = "reseau_trop_large"
    message = "Ce réseau est trop large : /{limite} au plus en IPv{version}. Bloquez-le par parties, si c’est bien ce qu’il faut."


class ReseauDesAgents(RegleMetier):
    code = "reseau_des_agents"
    message = "Ce réseau {lien} {reseau}, d’où les agents ou le portail lui-même se connectent : il ne se bloque pas."


class ReseauDejaBloque(RegleMetier):
    code = "reseau_deja_bloque"
    message = "Ce réseau est déjà bloqué : levez ce blocage pour en changer le motif ou la durée."


class MotifDeBlocageRequis(RegleMetier):
    code = "motif_de_blocage_requis"
    message = "Dites pourquoi, en {limite} caractères au plus."


class AdressePartagee(RegleMetier):
    code = "adresse_partagee"
    message = "Plusieurs comptes se connectent de cette adresse, jour après jour : elle n’est pas bloquée d’office."


class BlocageDejaLeve(RegleMetier):
    code = "blocage_deja_leve"
    message = "Ce blocage a déjà pris fin."


def lire_reseau(saisie: str) -> Reseau:
    """Return the network of an address or of a network; an IPv6 address alone is its line, a /64.

    Raises: TexteIllisible, ReseauInvalide, ReseauTropLarge, ReseauDesAgents.
    """
    texte = lire_identifiant(saisie)
    try:
        reseau: Reseau = ipaddress.ip_network(texte if "/" in texte else str(une_adresse(texte)), strict=False)
    except ValueError as erreur:
        raise ReseauInvalide from erreur
    if reseau.version == 6 and reseau.prefixlen > LIGNE_IPV6:
        reseau = reseau.supernet(new_prefix=LIGNE_IPV6)
    if reseau.prefixlen < (limite := PLUS_LARGE[reseau.version]):
        raise ReseauTropLarge(limite=limite, version=reseau.version)
    for sien in ("127.0.0.0/8", "::1/128", f"{ILLISIBLE}/32", *settings.RESEAUX_AGENTS):
        propre = ipaddress.ip_network(sien)
        if propre.version == reseau.version and propre.overlaps(reseau):
            lien = "fait partie de" if propre.supernet_of(reseau) else "contient"  # type: ignore[arg-type]  # of one version, as asked above
            raise ReseauDesAgents(lien=lien, reseau=propre)
    return reseau


@transaction.atomic
@relit_l_agent
def bloquer_ip(
    *,
    acteur: Agent | str,
    reseau: str,
    motif: str,
    duree: timedelta | None = DUREES["24 h"],
    maintenant: datetime | None = None,
) -> BlocageIP:
    """Refuse what comes from this address or network for this long (None: until somebody decides), and return the blocking.

    Raises: FonctionChangee, BlocageReserve, TexteIllisible, ReseauInvalide, ReseauTropLarge, ReseauDesAgents,
    MotifDeBlocageRequis, ReseauDejaBloque.
    """
    maintenant = maintenant or timezone.now()
    exiger_la_cellule(acteur)
    lu, dit = lire_reseau(reseau), lire_ligne(motif)
    if not 0 < len(dit) <= LONGUEUR_DU_MOTIF_DE_BLOCAGE:
        raise MotifDeBlocageRequis(limite=LONGUEUR_DU_MOTIF_DE_BLOCAGE)
    # One whose time is over is closed here, at its end: nobody has lifted it, and the same network may come back.
    BlocageIP.objects.filter(reseau=str(lu), leve_le=None, jusqu_a__lte=maintenant).update(leve_le=F("jusqu_a"))
    try:
        with transaction.atomic():
            blocage = BlocageIP.objects.create(
                reseau=str(lu),
                motif=dit,
                bloque_le=maintenant,
                jusqu_a=None if duree is None else maintenant + duree,
                agent=acteur if isinstance(acteur, Agent) else None,
            )
    except IntegrityError as erreur:
        if "blocage_un_par_reseau" not in str(erreur):
            raise
        raise ReseauDejaBloque from erreur
    details = {
        "reseau": blocage.reseau_lisible,
        "motif": dit,
        "jusqu_au": jour_heure(blocage.jusqu_a) if blocage.jusqu_a else "",
    }
    consigner(actes.ADRESSE_BLOQUEE, auteur=acteur, details=details)
    return blocage


@transaction.atomic
def bloquer_automate(
    *, acteur: str, adresse: str, marques: Mapping[str, float], maintenant: datetime | None = None
) -> BlocageIP:
    """Block the source address of an automaton for 15 min, then 1 h, then 24 h, then until an agent decides, and return the blocking.

    The last raises an alert of its network for the cell, or is counted on the one that is open.

    Raises: ReseauDesAgents, AdressePartagee, ReseauDejaBloque.
    """
    maintenant = maintenant or timezone.now()
    lu = lire_reseau(adresse)
    if est_partagee(lu, maintenant):
        raise AdressePartagee
    # What an agent blocked by hand says nothing of an automaton that comes back, nor does what somebody lifted as an error.
    des_automates = BlocageIP.objects.filter(reseau=str(lu), agent=None, motif__startswith=MOTIF_D_AUTOMATE)
    a_leur_fin = Q(leve_le=None) | Q(leve_le__gte=F("jusqu_a"))
    deja = des_automates.filter(a_leur_fin, bloque_le__gt=maintenant - RECIDIVE).count()
    duree = None if deja >= BLOCAGES_A_TERME else list(DUREES.values())[deja]
    motif = f"{MOTIF_D_AUTOMATE} : {decrire_marques(marques)}"[:LONGUEUR_DU_MOTIF_DE_BLOCAGE]
    blocage = bloquer_ip(acteur=acteur, reseau=str(lu), motif=motif, duree=duree, maintenant=maintenant)
    if duree is None:
        _alerter(lu, blocage, marques, maintenant)
    return blocage


def _alerter(lu: Reseau, blocage: BlocageIP, marques: Mapping[str, float], maintenant: datetime) -> None:
    """Have the cell decide: one alert of the network for all addresses of it that are blocked without end."""
    voisinage = lu.supernet(new_prefix=VOISINAGE[lu.version])
    Alerte.objects.lever(
        compte=None,
        motif=ADRESSE_SANS_FIN,
        cause=f"reseau:{voisinage}",
        gravite=SIGNAUX[ADRESSE_SANS_FIN].gravite,
        details={"reseau": str(voisinage), "adresses": [blocage.reseau_lisible], "marques": decrire_marques(marques)},
        maintenant=maintenant,
        joindre=lambda avant, vus: (
            vus | {"adresses": list(dict.fromkeys([*avant["adresses"], *vus["adresses"]]))[:ADRESSES_DITES]}
        ),
    )


def decrire_marques(marques: Mapping[str, float]) -> str:
    """Return in words what was seen and how often, the heaviest first."""
    vues = sorted((nom for nom in marques if nom in PAR_NOM), key=lambda nom: -marques[nom] * PAR_NOM[nom].poids)
    return ", ".join(f"{PAR_NOM[nom].voit} × {marques[nom]:.0f}" for nom in vues)


def est_partagee(reseau: Reseau, maintenant: datetime) -> bool:
    """Whether honest people share this network: the settings name it, or our own sign-ins have taught it."""
    if any(reseau.version == connu.version and reseau.overlaps(connu) for connu in settings.RESEAUX_PARTAGES):
        return True
    bornes = [str(reseau.network_address), str(reseau.broadcast_address)]
    with connection.cursor() as curseur:
        curseur.execute(_HONNETES, [*bornes, maintenant - MEMOIRE_DES_ADRESSES, JOURS_HONNETES, COMPTES_HONNETES])
        (nombre,) = curseur.fetchone() or (0,)
    return bool(nombre >= COMPTES_HONNETES)


@transaction.atomic
@relit_l_agent
def debloquer_ip(*, acteur: Agent | str, blocage: BlocageIP, maintenant: datetime | None = None) -> BlocageIP:
    """Let this network in again, and return the blocking, which stays to be read.

    Raises: FonctionChangee, BlocageReserve, BlocageDejaLeve.
    """
    exiger_la_cellule(acteur)
    maintenant = maintenant or timezone.now()
    frais = BlocageIP.objects.select_for_update(no_key=True).get(pk=blocage.pk)
    if not frais.est_en_vigueur(maintenant):
        raise BlocageDejaLeve
    frais.leve_le = maintenant
    frais.save(update_fields=["leve_le"])
    consigner(actes.ADRESSE_DEBLOQUEE, auteur=acteur, details={"reseau": frais.reseau_lisible})
    return frais


def exiger_la_cellule(acteur: Agent | str) -> None:
    """Raises: BlocageReserve."""
    if isinstance(acteur, Agent) and acteur.fonction not in SURVEILLANCE:
        raise BlocageReserve
