"""What no request sees by itself: patterns over the sign-ins and the acts of the last minutes (R15, CGU §3.6.a).

Each detector is given how far the last sweep went, reads from there by an index, and may run twice: a signal is written once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts import actes as du_compte
from accounts.envois.un_a_un import chacun
from accounts.models import Agent, Compte, Espace, Evenement, TraceLecture
from accounts.saisies.dates import jour_heure
from accounts.saisies.jours_ouvres import est_ouvre
from accounts.sessions.appareils import reseau
from accounts.traces.actes import Acte
from accounts.traces.journal import auteur_de
from accounts.traces.requete import marque_de_la_ligne
from activation.actes import DEMANDE_SIGNALEE
from habilitations.actes import DELEGATION_ACCORDEE, SUPPLEANCE_DESIGNEE
from services.actes import COMPTE_BANCAIRE_AJOUTE, COMPTE_BANCAIRE_RENOMME

from ..actes import ESPACE_RETABLI
from ..models import Connexion, Retablissement
from .connexion import CONNEXIONS_LUES, MEMOIRE_DES_CONNEXIONS
from .registre import (
    ACTE_APPAREIL_NEUF,
    DEMANDE_NON_RECONNUE,
    PULVERISATION,
    RETABLISSEMENTS_INHABITUELS,
    REUSSITE_APRES_PULVERISATION,
)
from .session import nom_seul
from .seuils import (
    COMPTES_ESSAYES,
    FERMETURE,
    OUVERTURE,
    RETABLIS_HORS_DES_HEURES,
    RETABLIS_LUS_AVANT,
    RETABLIS_PAR_JOUR,
)
from .signalement import signaler

FENETRE_DE_PULVERISATION: Final = timedelta(hours=1)
COMPTES_SIGNALES: Final = 50
"""Of one network and one sweep: the first fifty say enough, and one cause groups them."""

SENSIBLES: Final[dict[str, Acte]] = {
    acte.code: acte
    for acte in (
        du_compte.ADRESSE_CHANGEMENT_DEMANDE,
        du_compte.COORDONNEES_MODIFIEES,
        du_compte.MOT_DE_PASSE_CHANGE,
        du_compte.REPONSE_CHANGEE,
        du_compte.SECOND_FACTEUR_ENREGISTRE,
        du_compte.SECOND_FACTEUR_CLE_ENREGISTREE,
        du_compte.SECOND_FACTEUR_RETIRE,
        SUPPLEANCE_DESIGNEE,
        DELEGATION_ACCORDEE,
        COMPTE_BANCAIRE_AJOUTE,
        COMPTE_BANCAIRE_RENOMME,
    )
}
SUIVIS: Final = [*SENSIBLES, DEMANDE_SIGNALEE.code, ESPACE_RETABLI.code]
SESSION_AU_PLUS: Final = timedelta(hours=24)

FENETRE_DES_RETABLIS: Final = timedelta(days=30)
LU_AVANT: Final = timedelta(days=1)

_RESEAUX = """
SELECT r.reseau, t.essayes, t.echecs
  FROM (SELECT DISTINCT reseau FROM surveillance_connexion
         WHERE quand > %(depuis)s AND quand <= %(maintenant)s AND resultat IN ('ECHOUEE', 'VERROUILLEE') AND reseau <> '') r
 CROSS JOIN LATERAL (
       SELECT count(*) AS vues, count(*) FILTER (WHERE resultat <> 'REUSSIE') AS echecs,
              count(DISTINCT coalesce(compte_id::text, adresse_essayee)) FILTER (WHERE resultat <> 'REUSSIE') AS essayes,
              count(DISTINCT compte_id) FILTER (WHERE resultat = 'REUSSIE') AS entres
         FROM surveillance_connexion c
        WHERE c.reseau = r.reseau AND c.quand > %(debut)s AND c.quand <= %(maintenant)s) t
 WHERE t.essayes >= %(seuil)s AND (t.essayes >= t.entres * 2 OR t.echecs * 3 >= t.vues * 2)
"""
"""Who signs in to an account of his own after each guess enters one, however often; who tries few accounts often is seen by his failures."""


def pulverisations(*, depuis: datetime, maintenant: datetime) -> int:
    """Signal the accounts that a network tries among many, and those where it got in. Return how many signals are new."""
    debut = maintenant - FENETRE_DE_PULVERISATION
    with connection.cursor() as curseur:
        curseur.execute(
            _RESEAUX, {"depuis": depuis, "maintenant": maintenant, "debut": debut, "seuil": COMPTES_ESSAYES}
        )
        reseaux = curseur.fetchall()
    return chacun("pulverisations", reseaux, lambda vu: _du_reseau(vu[0], vu[1], vu[2], debut, maintenant))


def _du_reseau(lu: str, essayes: int, echecs: int, debut: datetime, maintenant: datetime) -> int:
    siennes = Connexion.objects.filter(reseau=lu, quand__gt=debut, quand__lte=maintenant, compte__isnull=False)
    details = {"reseau": lu, "comptes": essayes, "echecs": echecs}
    reussie = Connexion.Resultat.REUSSIE
    entres = _dernieres(siennes.filter(resultat=reussie))
    habitues = set(
        Connexion.objects.filter(
            compte_id__in=[*entres],
            reseau=lu,
            resultat=reussie,
            quand__gt=maintenant - MEMOIRE_DES_CONNEXIONS,
            quand__lte=debut,
        ).values_list("compte_id", flat=True)
    )
    touches = _dernieres(siennes.exclude(resultat=reussie))
    comptes = Compte.objects.select_related("espace").in_bulk([*touches, *entres])
    signales = [(REUSSITE_APRES_PULVERISATION, cle, entres[cle]) for cle in entres.keys() - habitues]
    signales += [(PULVERISATION, cle, touches[cle]) for cle in touches.keys() - entres.keys()]

    def dire(signale: tuple[str, UUID, datetime]) -> bool:
        genre, cle, quand = signale
        if cle not in comptes or comptes[cle].is_staff:
            return False
        vu = signaler(
            compte=comptes[cle],
            genre=genre,
            details=details,
            cause=f"reseau:{lu}",
            arrive_le=quand,
            maintenant=maintenant,
        )
        return vu is not None

    return chacun("pulverisation", signales, dire)


def _dernieres(connexions: QuerySet[Connexion]) -> dict[UUID, datetime]:
    """Return the accounts of these sign-ins, each with its last: the first fifty."""
    lues = connexions.order_by().values_list("compte_id").annotate(derniere=Max("quand"))
    return dict(lues[:COMPTES_SIGNALES])


def lignes_suivies(*, apres: int, au_plus: int) -> list[Evenement]:
    """Return the lines of the journal that a detector looks at, after this number, the oldest first."""
    return list(Evenement.objects.filter(acte__in=SUIVIS, id__gt=apres).order_by("id")[:au_plus])


def examiner_les_lignes(*, lignes: Sequence[Evenement]) -> int:
    """Signal what these lines show. Return how many signals are new; one that cannot be read, which nobody may remove, is passed."""
    return chacun("lignes_du_journal", lignes, _examiner)


def _examiner(ligne: Evenement) -> bool:
    if ligne.acte == DEMANDE_SIGNALEE.code:
        return _demande_non_reconnue(ligne)
    if ligne.acte == ESPACE_RETABLI.code:
        return _retablissement(ligne)
    return _premier_acte(ligne)


def _compte_de(numero: str) -> Compte | None:
    espace = Espace.objects.select_related("compte").filter(numero_abonne=numero).first() if numero else None
    return espace.compte if espace is not None else None


def _demande_non_reconnue(ligne: Evenement) -> bool:
    compte = _compte_de(ligne.espace)
    if compte is None:
        return False
    reference = str(ligne.details.get("demande", ""))
    vu = signaler(
        compte=compte,
        genre=DEMANDE_NON_RECONNUE,
        details={"reference": reference, "quand": jour_heure(ligne.quand)},
        cause=f"demande:{reference}",
        arrive_le=ligne.quand,
    )
    return vu is not None


def _premier_acte(ligne: Evenement) -> bool:
    """Whether this sensitive act is the first of a session of a browser that the account had never signed in with.

    Only such acts of this session are looked at (of its network, where the line bears no mark): neither what its holder does meanwhile,
    beside the thief too, nor something harmless done first, hides it.
    """
    compte = _compte_de(ligne.auteur)
    if compte is None or not ligne.adresse_ip:
        return False
    reussies = Connexion.objects.filter(compte=compte, resultat=Connexion.Resultat.REUSSIE).order_by("-quand")
    marque = marque_de_la_ligne(ligne.requete)
    d_alors = reussies.filter(quand__gt=ligne.quand - SESSION_AU_PLUS, quand__lte=ligne.quand)
    session = d_alors.filter(id__range=_cles_de(marque)).last() if marque else None  # the first: it opened the session
    if session is None:
        marque, session = "", d_alors.filter(reseau=reseau(ligne.adresse_ip)).first()
    if session is None:
        return False
    connus = {
        (nom_seul(navigateur), nom_seul(systeme))
        for navigateur, systeme in reussies.filter(
            quand__gt=session.quand - MEMOIRE_DES_CONNEXIONS, quand__lt=session.quand
        ).values_list("navigateur", "systeme")[:CONNEXIONS_LUES]
    }
    if not connus or (nom_seul(session.navigateur), nom_seul(session.systeme)) in connus:
        return False
    avant = Evenement.objects.filter(
        auteur=ligne.auteur, acte__in=[*SENSIBLES], quand__gt=session.quand, id__lt=ligne.pk
    ).values_list("adresse_ip", "requete")
    if marque:
        deja = any(marque_de_la_ligne(requete) == marque for _, requete in avant)
    else:
        deja = session.reseau in {reseau(adresse) for adresse, _ in avant if adresse}
    if deja:
        return False
    vu = signaler(
        compte=compte,
        genre=ACTE_APPAREIL_NEUF,
        details={
            "acte": SENSIBLES[ligne.acte].libelle,
            "quand": jour_heure(ligne.quand),
            "ici": {"pays": session.pays, "navigateur": session.navigateur, "systeme": session.systeme},
        },
        connexion=session,
        arrive_le=ligne.quand,
    )
    return vu is not None


def _cles_de(marque: str) -> tuple[UUID, UUID]:
    """Return between which keys stand the sign-ins that opened the session of this mark."""
    return UUID(hex=marque.ljust(32, "0")), UUID(hex=marque.ljust(32, "f"))


def _retablissement(ligne: Evenement) -> bool:
    """Whether who gave this access back does so unusually: many, outside the hours, espaces looked up long before (R16)."""
    fait = (
        Retablissement.objects.select_related("espace", "demandeur__compte", "second__compte")
        .filter(pk=ligne.details.get("reference"))
        .first()
    )
    if fait is None:
        return False
    return sum(_de_l_agent(agent, fait) for agent in (fait.demandeur, fait.second)) > 0  # both are looked at


def _de_l_agent(agent: Agent, fait: Retablissement) -> bool:
    siens = list(
        Retablissement.objects.select_related("espace").filter(
            Q(demandeur=agent) | Q(second=agent),
            service_gestionnaire=fait.service_gestionnaire_id,
            accorde_le__gt=fait.accorde_le - FENETRE_DES_RETABLIS,
            accorde_le__lte=fait.accorde_le,
        )
    )
    du_jour = [autre for autre in siens if autre.accorde_le > fait.accorde_le - timedelta(days=1)]
    hors_des_heures = [autre for autre in siens if not _aux_heures(autre.accorde_le)]
    lus = [autre for autre in siens if autre.demandeur_id == agent.pk and _lu_avant(agent, autre)]
    motifs = [
        *([f"{len(du_jour)} accès rendus en un jour"] if len(du_jour) >= RETABLIS_PAR_JOUR else []),
        *([f"{len(hors_des_heures)} hors des heures"] if len(hors_des_heures) >= RETABLIS_HORS_DES_HEURES else []),
        *([f"{len(lus)} espaces consultés plus d’un jour avant"] if len(lus) >= RETABLIS_LUS_AVANT else []),
    ]
    if not motifs:
        return False
    vu = signaler(
        compte=agent.compte,
        genre=RETABLISSEMENTS_INHABITUELS,
        details={"motifs": motifs, "nombre": len(siens), "quand": jour_heure(fait.accorde_le)},
        arrive_le=fait.accorde_le,
    )
    return vu is not None


def _aux_heures(quand: datetime) -> bool:
    local = timezone.localtime(quand)
    return est_ouvre(local.date()) and OUVERTURE <= local.hour < FERMETURE


def _lu_avant(agent: Agent, fait: Retablissement) -> bool:
    """Whether this agent had looked the espace up before the day when its holder stood at the counter."""
    return TraceLecture.objects.filter(
        lecteur=auteur_de(agent),
        objet="accounts.espace",
        cle=fait.espace.numero_abonne,
        minute__gt=fait.accorde_le - FENETRE_DES_RETABLIS,
        minute__lt=fait.accorde_le - LU_AVANT,
    ).exists()
