"""What this floor adds to « À faire »: codes to enter, letters that came back, a substitution that somebody asks for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Fait, Gravite, Ligne, Source, inscrire
from accounts.models import Espace, Lien
from accounts.saisies.dates import dans, jour
from accounts.saisies.jours_ouvres import apres_jours_ouvres
from habilitations.lectures.a_faire import SIENNES, combien, un_par_un
from habilitations.models import Role

from ..models import Courrier, Demande, Signalement
from .lectures import ACHEMINEMENT, LETTRE_A_VENIR, LETTRE_REVENUE

BIENTOT: Final = timedelta(days=15)
PRESSE: Final = timedelta(days=7)
OBJETS: Final = {
    Demande.Nature.SUBSTITUTION: "substitution",
    Demande.Nature.COURRIEL_PERSONNE: "adresse électronique de l’entreprise",
}


# The demandes of this espace that are not over, each with the letter whose code counts.
_ATTENDUES: Final = """
SELECT json_build_object('p', personne_id, 'reference', reference, 'nature', nature, 'etat', c.etat,
'canal', canal, 'edite', edite_le, 'remis', remis_le, 'pas_avant', pas_avant, 'fin', expire_le,
'essais', essais, 'a_confirmer', nature = %(adresse)s AND adresse_confirmee_le IS NULL,
'lien', (SELECT json_build_object('fin', l.expire_le, 'refuse', COALESCE((SELECT ecarte_le IS NOT NULL
FROM accounts_courriel WHERE lien_id = l.id ORDER BY cree_le DESC LIMIT 1), false)) FROM accounts_lien l
WHERE nature = %(adresse)s AND l.espace_id = d.espace_id AND objet = %(lien)s AND sujet = d.id
AND consomme_le IS NULL AND revoque_le IS NULL), 'suspendue', EXISTS (SELECT FROM activation_signalement
WHERE demande_id = d.id AND decision = %(a_examiner)s AND repris_le IS NULL AND suspend_jusqu_au > %(maintenant)s))
FROM activation_demande d LEFT JOIN activation_courrier c ON c.demande_id = d.id AND c.remplace_le IS NULL
WHERE espace_id = %(espace)s AND d.etat = ANY(%(en_cours)s)
AND (%(seule)s::bigint IS NULL OR personne_id = %(seule)s)
"""


def _parametres(maintenant: datetime) -> Mapping[str, Any]:
    return {
        "a_examiner": Signalement.Decision.EN_ATTENTE.value,
        "en_cours": [etat.value for etat in Demande.ETATS_EN_COURS],
        "adresse": Demande.Nature.COURRIEL_PERSONNE.value,
        "lien": Lien.Objet.COURRIEL_ENTREPRISE.value,
        "substitution": Demande.Nature.SUBSTITUTION.value,
        "titulaire": Role.TITULAIRE.value,
    }


def _instant(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None


def _dire_attendues(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """For whom a code is awaited, until when, the likely day of its letter; and what keeps it from coming (R8, R9)."""
    par_genre: dict[str, list[Fait]] = {
        genre: [] for genre in ("a_confirmer", "revenue", "arretee", "a_saisir", "en_chemin")
    }
    for fait in faits:
        par_genre[_genre(fait, maintenant)].append(fait)
    lignes = [_a_confirmer(fait, maintenant) for fait in par_genre["a_confirmer"]]
    lignes += un_par_un(par_genre["revenue"], _revenue, lambda fait: fait["reference"])
    lignes += [_arretee(fait) for fait in par_genre["arretee"]]
    lignes += un_par_un(
        par_genre["a_saisir"], lambda leurs: _a_saisir(leurs, maintenant), lambda fait: fait["fin"] or ""
    )
    lignes += un_par_un(par_genre["en_chemin"], _en_chemin, lambda fait: fait["pas_avant"] or "")
    return lignes


def _genre(fait: Fait, maintenant: datetime) -> str:
    fin = _instant(fait["fin"])
    if fait["a_confirmer"]:
        return "a_confirmer"
    if fait["etat"] == Courrier.Etat.NPAI:
        return "revenue"
    if fait["suspendue"] or (fait["essais"] or 0) >= settings.CODE_ESSAIS or (fin is not None and fin < maintenant):
        return "arretee"
    return "a_saisir" if fait["edite"] else "en_chemin"


def _suivre(leurs: Sequence[Fait], etat: str) -> str:
    """Return where what is wrong with these is told: the one, or the list of those in that state."""
    if len(leurs) == 1:
        return reverse("demande", args=[leurs[0]["reference"]])
    return reverse("demandes", query={"etat": etat})


def _a_confirmer(fait: Fait, maintenant: datetime) -> Ligne:
    """The link sent to a company's new address is not answered yet: no letter leaves before (R21)."""
    lien = fait["lien"] or {"fin": None, "refuse": False}
    fin = _instant(lien["fin"])
    return Ligne(
        Gravite.GRAVE if lien["refuse"] else Gravite.ATTENTION,
        "Courriel refusé" if lien["refuse"] else dans(fin, maintenant) if fin else "À confirmer",
        "Nouvelle adresse de l’entreprise à vérifier : notre courriel n’a pas pu lui être remis"
        if lien["refuse"]
        else "Nouvelle adresse de l’entreprise à confirmer par le lien qu’elle a reçu",
        "Voir quoi faire" if lien["refuse"] else "Suivre",
        reverse("demande", args=[fait["reference"]]),
        jour=timezone.localdate(fin) if fin and not lien["refuse"] else None,
        personnes=(fait["p"],),
        en_bref="Adresse à confirmer",
    )


def _revenue(leurs: Sequence[Fait]) -> Ligne:
    return Ligne(
        Gravite.GRAVE,
        "Lettre revenue" if len(leurs) == 1 else f"{len(leurs)} lettres revenues",
        "Faire corriger l’adresse avant tout nouveau courrier",
        "Voir quoi faire",
        _suivre(leurs, LETTRE_REVENUE),
        personnes=tuple(fait["p"] for fait in leurs),
        en_bref="Lettre revenue",
    )


def _arretee(fait: Fait) -> Ligne:
    quand, quoi = "Code expiré", "Demander un nouveau courrier"
    if fait["suspendue"]:
        quand, quoi = "Code suspendu", "L’entreprise n’a pas reconnu la demande : un agent l’examine"
    elif (fait["essais"] or 0) >= settings.CODE_ESSAIS:
        quand = "Code bloqué"
    return Ligne(
        Gravite.ATTENTION,
        quand,
        quoi,
        "Voir la demande",
        reverse("demande", args=[fait["reference"]]),
        personnes=(fait["p"],),
        en_bref=quand,
    )


def _arrivee(fait: Fait) -> datetime | None:
    """Return when the code may be read: the letter's likely day, or the moment from which the mailbox shows it (R8)."""
    edite, remis = _instant(fait["edite"]), _instant(fait["remis"])
    if fait["canal"] == Courrier.Canal.MESSAGERIE:
        return apres_jours_ouvres(remis, settings.CODE_LISIBLE_APRES) if remis else None
    return edite + ACHEMINEMENT if edite else None


def _a_saisir(leurs: Sequence[Fait], maintenant: datetime) -> Ligne:
    premier = leurs[0]
    arrivee, fin = _arrivee(premier), _instant(premier["fin"])
    attendu = arrivee is not None and arrivee > maintenant
    reste = fin - maintenant if fin else None
    gravite = Gravite.INFO
    if reste is not None and reste <= BIENTOT:
        gravite = Gravite.GRAVE if reste <= PRESSE else Gravite.ATTENTION
    un, plusieurs = ("code d’activation attendu", "codes d’activation attendus")
    quoi = combien(len(leurs), un, plusieurs) if len(leurs) > 1 else un.capitalize()
    objet = OBJETS.get(premier["nature"]) if len(leurs) == 1 else None
    le = arrivee if attendu and gravite is Gravite.INFO else fin
    return Ligne(
        gravite,
        f"Vers le {jour(arrivee)}" if le is arrivee and le else dans(fin, maintenant) if fin else "À saisir",
        quoi + (f" ({objet})" if objet else "") + (f", à saisir jusqu’au {jour(fin)}" if fin else ""),
        "Saisir le code",
        reverse("activer"),
        jour=timezone.localdate(le) if le else None,
        personnes=tuple(fait["p"] for fait in leurs),
        en_bref="Code attendu",
    )


def _en_chemin(leurs: Sequence[Fait]) -> Ligne:
    depart = _instant(leurs[0]["pas_avant"])
    return Ligne(
        Gravite.INFO,
        f"Part le {jour(depart)}" if depart else "En préparation",
        combien(len(leurs), "courrier d’activation à venir", "courriers d’activation à venir"),
        "Suivre",
        _suivre(leurs, LETTRE_A_VENIR),
        jour=timezone.localdate(depart) if depart else None,
        personnes=tuple(fait["p"] for fait in leurs),
        en_bref="Courrier à venir",
    )


# The demandes of others that would make them the titulaire of a service whose titulaire this espace is.
_SUBSTITUTIONS: Final = """
SELECT json_build_object('p', d.personne_id, 'reference', min(d.reference), 'n', count(DISTINCT l.service_id),
'le', min(d.deposee_le), 'demandes', count(DISTINCT d.id))
FROM activation_demande d JOIN activation_lignedemande l ON l.demande_id = d.id
WHERE d.personne_id = ANY(ARRAY(SELECT DISTINCT personne_id FROM siennes WHERE role = %(titulaire)s))
AND (d.personne_id, l.service_id) IN (SELECT personne_id, service_id FROM siennes WHERE role = %(titulaire)s)
AND d.etat = ANY(%(en_cours)s) AND d.nature = %(substitution)s AND d.espace_id <> %(espace)s GROUP BY d.personne_id
"""


def _dire_substitutions(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Somebody asks to take the titulaire's place: the représentant légal decides, the titulaire may report it (R12, R8)."""

    def dire(leurs: Sequence[Fait]) -> Ligne:
        seule = len(leurs) == 1 and leurs[0]["demandes"] == 1
        nombre = sum(fait["n"] for fait in leurs)
        return Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(_instant(leurs[0]['le']))}",
            "Substitution demandée : un autre demande à devenir titulaire "
            + (f"de {combien(nombre, 'service', 'services')}" if nombre > 1 else "d’un service"),
            "Signaler si vous l’ignoriez",
            reverse("signaler", query={"reference": leurs[0]["reference"]} if seule else None),
            jour=timezone.localdate(_instant(leurs[0]["le"])),
            personnes=tuple(fait["p"] for fait in leurs),
            en_bref="Substitution demandée",
        )

    return un_par_un(faits, dire, lambda fait: fait["le"])


def inscrire_sources() -> None:
    """Add them, in the order in which they are told where nothing else orders them."""
    inscrire(Source("attendues", _dire_attendues, _ATTENDUES, _parametres))
    inscrire(Source("substitutions", _dire_substitutions, _SUBSTITUTIONS, _parametres, {"siennes": SIENNES}))
