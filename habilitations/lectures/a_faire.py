"""What this floor adds to « À faire »: decisions, ends, reviews, requests to leave, what is suspended, a full perimeter.

All is found from the espace's own habilitations, grouped by company: one row each at most, whatever is held or shared. The
rules are those of `fin_prochaine`, `dues`, `non_utilisee` and the acts, said once more in constant SQL: test_a_faire_lu.py
holds that both find the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Fait, Gravite, Ligne, Source, inscrire
from accounts.models import Espace, TraceLecture
from accounts.saisies.dates import dans, jour
from services.banque.reponses import SANS_SUITE
from services.models import Echange, ReferenceBancaire, Service, SignalementBancaire
from services.models.banque import CLOS

from ..arbre.expirations import PREAVIS
from ..arbre.recentes import DELAI_DECLIN, OBJET
from ..arbre.substitutions import DELAI_DE_DECISION
from ..droits.roles import GERER_BANQUE, LIRE_MESSAGERIE, VOIR_HABILITATIONS, roles_pour
from ..models import DemandeHabilitation, DemandeRetrait, Habilitation, Role
from ..partage.delegations import ROLES_DELEGUES
from ..partage.revue import PERIODE, SANS_REPONSE
from .partage import BIENTOT, PAR_VOUS

A_PART_AU_PLUS: Final = 3
"""Companies of which one kind of thing is told one by one; beyond, together."""
PRESSE: Final = timedelta(days=7)


def combien(nombre: int, un: str, plusieurs: str) -> str:
    """Return « 1 délégation à revoir », « 3 délégations à revoir »."""
    return f"{nombre} {un if nombre < 2 else plusieurs}"


# What one holds, of one company where `seule` is given, by the index alone (`habilitation_question`).
SIENNES: Final = """
SELECT adhesion_id, personne_id, service_id, role, etat, expire_le FROM habilitations_habilitation
WHERE espace_id = %(espace)s AND fin_le IS NULL AND (%(seule)s::bigint IS NULL OR personne_id = %(seule)s)
"""
# What ends soon, is due or is suspended on the adhésions of what one holds, by the index alone (`habilitation_une_par_espace`).
_DESSOUS: Final = """
SELECT * FROM (
SELECT adhesion_id, personne_id, espace_id, accordee_par_id, expire_le, veille_depuis,
expire_le BETWEEN %(aujourd_hui)s AND %(preavis)s AS finit, veille_motif = %(remplacement)s AS suspendue,
role = ANY(%(delegues)s) AND (coalesce(revue_le, accordee_le) <= %(vue_avant)s
OR revue_demandee_le <= %(maintenant)s) AS due,
role = ANY(%(delegues)s) AND (coalesce(revue_le, accordee_le) <= %(oubliee_avant)s
OR revue_demandee_le <= %(demandee_avant)s) AS oubliee
FROM habilitations_habilitation
WHERE fin_le IS NULL AND adhesion_id = ANY(ARRAY(SELECT adhesion_id FROM siennes))
) h WHERE finit OR suspendue OR due
"""


def _parametres(maintenant: datetime) -> Mapping[str, Any]:
    aujourd_hui = timezone.localdate(maintenant)
    return {
        "preavis": aujourd_hui + PREAVIS,
        "vue_avant": maintenant - PERIODE,
        "oubliee_avant": maintenant - PERIODE - SANS_REPONSE,
        "demandee_avant": maintenant - SANS_REPONSE,
        "declinable": maintenant - DELAI_DECLIN,
        "remplacement": Habilitation.MotifVeille.SUBSTITUTION.value,
        "active": Habilitation.Etat.ACTIVE.value,
        "en_veille": Habilitation.Etat.EN_VEILLE.value,
        "titulaire": Role.TITULAIRE.value,
        "delegues": [role.value for role in ROLES_DELEGUES],
        "administrateurs": [role.value for role in roles_pour(VOIR_HABILITATIONS)],
        "retrait_depose": DemandeRetrait.Etat.DEPOSEE.value,
        "demandee": DemandeHabilitation.Etat.DEPOSEE.value,
        "ouverture": TraceLecture.Nature.CONSULTATION.value,
        "objet": OBJET,
    }


def _cles(faits: Iterable[Fait]) -> tuple[int, ...]:
    return tuple(fait["p"] for fait in faits)


def _date(iso: str) -> date:
    return date.fromisoformat(iso)


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def un_par_un(
    faits: Sequence[Fait], dire: Callable[[Sequence[Fait]], Ligne], jour_de: Callable[[Fait], Any]
) -> list[Ligne]:
    """Return a line a company, the nearest first, or one for all when they are many."""
    if len(faits) > A_PART_AU_PLUS:
        return [dire(sorted(faits, key=jour_de))]
    return [dire([fait]) for fait in sorted(faits, key=jour_de)]


# What one holds.


# A titulaire was granted nothing: his rows are not read (`recentes.non_utilisee`).
_TENUES: Final = """
SELECT json_build_object('p', s.personne_id, 'veille', s.veille, 'fins', s.fins, 'fin', s.fin, 'confiees', c.confiees)
FROM (SELECT personne_id, count(*) FILTER (WHERE etat = %(en_veille)s) veille,
count(*) FILTER (WHERE expire_le BETWEEN %(aujourd_hui)s AND %(preavis)s) fins,
min(expire_le) FILTER (WHERE expire_le BETWEEN %(aujourd_hui)s AND %(preavis)s) fin
FROM siennes GROUP BY personne_id) s
LEFT JOIN (SELECT h.personne_id, array_agg(h.accordee_le) confiees FROM habilitations_habilitation h
WHERE h.espace_id = %(espace)s AND h.fin_le IS NULL AND (%(seule)s::bigint IS NULL OR h.personne_id = %(seule)s)
AND h.accordee_par_id IS NOT NULL
AND h.accordee_le > %(declinable)s AND EXISTS (SELECT FROM siennes WHERE role <> %(titulaire)s)
AND NOT EXISTS (SELECT FROM habilitations_habilitation a WHERE a.accordee_par_id = h.id)
AND NOT EXISTS (SELECT FROM accounts_tracelecture t WHERE t.lecteur = %(numero)s AND t.objet = %(objet)s
AND t.cle = h.id::text AND t.nature = %(ouverture)s)
GROUP BY h.personne_id) c USING (personne_id)
"""


def _dire_tenues(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """What is suspended, what ends within fifteen days or may be declined (R11), how full the perimeter is (R13)."""
    lignes = []
    if finissant := [fait for fait in faits if fait["fins"]]:
        fin = min(_date(fait["fin"]) for fait in finissant)
        nombre = sum(fait["fins"] for fait in finissant)
        lignes.append(
            Ligne(
                Gravite.ATTENTION,
                dans(fin, maintenant),
                combien(
                    nombre,
                    "habilitation qui vous est confiée se termine",
                    "habilitations qui vous sont confiées se terminent",
                ),
                "Voir",
                reverse("delegations", query={"sens": "recues", "etat": BIENTOT}),
                jour=fin,
                personnes=_cles(finissant),
                en_bref="Se termine bientôt",
            )
        )
    if suspendues := [fait for fait in faits if fait["veille"]]:
        nombre = sum(fait["veille"] for fait in suspendues)
        lignes.append(
            Ligne(
                Gravite.INFO,
                "En veille",
                combien(nombre, "service suspendu", "services suspendus"),
                "Voir pourquoi",
                reverse("vos_habilitations", query={"situation": "en-veille"}),
                personnes=_cles(suspendues),
                en_bref="En veille",
            )
        )
    if confiees := [fait for fait in faits if fait["confiees"]]:
        accordees = [_instant(quand) for fait in confiees for quand in fait["confiees"]]
        fin_du_choix, nombre = min(accordees) + DELAI_DECLIN, len(accordees)
        lignes.append(
            Ligne(
                Gravite.INFO,
                f"Avant le {jour(fin_du_choix)}",
                combien(nombre, "service vient de vous être confié", "services viennent de vous être confiés")
                + " : l’ouvrir vaut acceptation, vous pouvez aussi le décliner",
                "Vérifier",
                reverse("habilitations_recentes"),
                jour=timezone.localdate(fin_du_choix),
                personnes=_cles(confiees),
                en_bref="Confié récemment",
            )
        )
    if len(faits) >= settings.PERIMETRE_ALERTE:
        plein = len(faits) >= settings.PERIMETRE_SIREN
        lignes.append(
            Ligne(
                Gravite.ATTENTION if plein else Gravite.INFO,
                "Périmètre",
                f"{len(faits)} SIREN sur {settings.PERIMETRE_SIREN} : "
                + ("aucun autre n’y entre" if plein else "pensez à les répartir"),
                "Répartir les SIREN",
                reverse("perimetre"),
            )
        )
    return lignes


# What others hold under one's authority.


# What this espace granted that ends soon or is due: granted from what it holds, so on the same adhésions.
_ACCORDEES: Final = """
SELECT json_build_object('p', d.personne_id, 'fins', count(*) FILTER (WHERE d.finit),
'fin', min(d.expire_le) FILTER (WHERE d.finit),
'noms', array_agg(DISTINCT e.prenom || ' ' || e.nom) FILTER (WHERE d.finit),
'revues', count(*) FILTER (WHERE d.due))
FROM dessous d JOIN habilitations_habilitation par ON par.id = d.accordee_par_id
JOIN accounts_espace e ON e.id = d.espace_id
WHERE par.espace_id = %(espace)s AND (d.finit OR d.due) GROUP BY d.personne_id
"""


def _dire_accordees(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Délégations that end within fifteen days (R11), and those that the yearly review asks about (R14, CGU §3.4.d)."""
    lignes = []
    if leurs := [fait for fait in faits if fait["fins"]]:
        fin = min(_date(fait["fin"]) for fait in leurs)
        noms = {nom for fait in leurs for nom in fait["noms"]}
        lignes.append(
            Ligne(
                Gravite.ATTENTION,
                dans(fin, maintenant),
                combien(sum(fait["fins"] for fait in leurs), "délégation se termine", "délégations se terminent"),
                "Prolonger",
                reverse("delegations", query={"sens": "accordees", "etat": BIENTOT, "par": PAR_VOUS}),
                jour=fin,
                personnes=_cles(leurs),
                pour_qui=noms.pop() if len(noms) == 1 else "",
                en_bref="Délégation à prolonger",
            )
        )
    return lignes + _dire_revue(faits, "délégation à revoir", "délégations à revoir")


# What waits for this titulaire: suspended by a substitution, or granted by another and left unanswered.
_SOUS_LE_TITULAIRE: Final = """
SELECT json_build_object('p', d.personne_id, 'decider', count(*) FILTER (WHERE d.suspendue),
'depuis', min(d.veille_depuis) FILTER (WHERE d.suspendue),
'revues', count(*) FILTER (WHERE d.oubliee AND par.espace_id <> %(espace)s))
FROM dessous d JOIN habilitations_habilitation par ON par.id = d.accordee_par_id
WHERE (d.suspendue OR d.oubliee)
AND d.adhesion_id IN (SELECT adhesion_id FROM siennes WHERE role = %(titulaire)s) GROUP BY d.personne_id
"""


def _dire_sous_le_titulaire(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """A substitution's thirty days (R12), and what grantors have not answered for sixty days (R14)."""

    def decider(leurs: Sequence[Fait]) -> Ligne:
        fin = _instant(leurs[0]["depuis"]) + DELAI_DE_DECISION
        nombre = sum(fait["decider"] for fait in leurs)
        quoi = "habilitation{s} à conserver ou à retirer"
        return Ligne(
            Gravite.GRAVE if fin - PRESSE <= maintenant else Gravite.ATTENTION,
            dans(fin, maintenant),
            combien(nombre, quoi.format(s=""), quoi.format(s="s")),
            "Décider",
            reverse("revue_substitution"),
            jour=timezone.localdate(fin),
            personnes=_cles(leurs),
            en_bref="Habilitations à décider",
        )

    suspendues = [fait for fait in faits if fait["decider"]]
    return un_par_un(suspendues, decider, lambda fait: fait["depuis"]) + _dire_revue(
        faits,
        "délégation accordée par un autre, restée sans réponse",
        "délégations accordées par d’autres, restées sans réponse",
    )


def _dire_revue(faits: Sequence[Fait], une: str, plusieurs: str) -> list[Ligne]:
    leurs = [fait for fait in faits if fait["revues"]]
    if not leurs:
        return []
    return [
        Ligne(
            Gravite.ATTENTION,
            "Revue annuelle",
            combien(sum(fait["revues"] for fait in leurs), une, plusieurs),
            "Revoir",
            reverse("revue_delegations"),
            personnes=_cles(leurs),
            en_bref="Délégations à revoir",
        )
    ]


_RETRAITS: Final = """
SELECT json_build_object('p', h.personne_id, 'n', count(*), 'depuis', min(r.deposee_le))
FROM habilitations_demanderetrait r JOIN habilitations_habilitation h ON h.id = r.habilitation_id
WHERE r.etat = %(retrait_depose)s AND r.service_gestionnaire_id IS NULL
AND h.adhesion_id IN (SELECT adhesion_id FROM siennes WHERE role = %(titulaire)s) GROUP BY h.personne_id
"""


def _dire_retraits(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Those who ask to leave a service, of this titulaire (R22, CGU §4.h)."""
    if not faits:
        return []
    depuis = min(_instant(fait["depuis"]) for fait in faits)
    return [
        Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(depuis)}",
            combien(
                sum(fait["n"] for fait in faits),
                "demande à traiter : ne plus utiliser un service",
                "demandes à traiter : ne plus utiliser un service",
            ),
            "Répondre",
            reverse("retraits"),
            jour=timezone.localdate(depuis),
            personnes=_cles(faits),
            en_bref="Demande à traiter",
        )
    ]


# Who administers has no last day (a constraint): `demandes_habilitation.demandes_a_repondre` has the rows.
_DEMANDES: Final = """
SELECT json_build_object('p', p.id, 'n', count(*), 'depuis', min(d.deposee_le))
FROM services_personnesirenisee p JOIN habilitations_demandehabilitation d ON d.siren = p.siren
WHERE p.id = ANY(ARRAY(SELECT DISTINCT personne_id FROM siennes WHERE etat = %(active)s AND role = ANY(%(administrateurs)s)))
AND d.etat = %(demandee)s AND d.demandeur_id <> %(espace)s GROUP BY p.id
"""


def _dire_demandes(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """Those who ask for a habilitation, of whoever administers the SIREN (issue 13.4)."""
    if not faits:
        return []
    depuis = min(_instant(fait["depuis"]) for fait in faits)
    return [
        Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(depuis)}",
            combien(sum(fait["n"] for fait in faits), "personne demande une habilitation", "demandes d’habilitation"),
            "Répondre",
            reverse("demandes_habilitation"),
            jour=timezone.localdate(depuis),
            personnes=_cles(faits),
            en_bref="Habilitation demandée",
        )
    ]


# As `services.banque.lectures.Compte.mandat_a_remettre`, of the companies whose accounts one manages (R20); of an account said closed
# without its days: a reminder, in as few letters as may be (`accounts.espace.a_faire.OCTETS`). Its page decides.
_MANDATS: Final = """
SELECT json_build_object('p', p.id, 'siren', p.siren, 'n', count(*), 'le', min(ajoutee_le))
FROM services_referencebancaire r JOIN services_mandatsepa ON reference_id = r.id
JOIN services_personnesirenisee p ON p.id = r.personne_id AND p.restreinte_le IS NULL
WHERE r.personne_id = ANY(ARRAY(SELECT personne_id FROM siennes s JOIN services_service v ON v.id = service_id
WHERE paiement AND s.etat = %(active)s AND s.role = ANY(%(gerants)s)))
AND supprimee_le IS NULL AND etat_b2b <> %(valide)s AND remis_le IS NULL
AND (cloture_levee_le IS NOT NULL OR core_motif <> %(clos)s AND b2b_motif <> ALL(%(perdus)s))
AND NOT EXISTS (SELECT FROM services_signalementbancaire JOIN services_changementbancaire c ON c.id = changement_id
WHERE reference_id = r.id AND etat = %(depose)s) GROUP BY p.id
"""


def _des_mandats(maintenant: datetime) -> Mapping[str, Any]:
    return {
        "active": Habilitation.Etat.ACTIVE.value,
        "gerants": [role.value for role in roles_pour(GERER_BANQUE)],
        "valide": ReferenceBancaire.Etat.VALIDE.value,
        "depose": SignalementBancaire.Etat.DEPOSE.value,
        "perdus": [*SANS_SUITE, CLOS],
        "clos": CLOS,
    }


def _dire_mandats(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """The SEPA mandates to hand to the bank before the first payment, a company each (R20, CGU §4.d)."""

    def dire(leurs: Sequence[Fait]) -> Ligne:
        premier = leurs[0]
        return Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(_instant(premier['le']))}",
            combien(
                sum(fait["n"] for fait in leurs),
                "mandat SEPA à remettre à la banque avant le premier paiement",
                "mandats SEPA à remettre à la banque avant le premier paiement",
            ),
            "Voir" if len(leurs) == 1 else "Voir la première",
            reverse("comptes_bancaires", args=[premier["siren"]]),
            jour=timezone.localdate(_instant(premier["le"])),
            personnes=_cles(leurs),
            en_bref="Mandat à remettre",
        )

    return un_par_un(faits, dire, lambda fait: fait["le"])


# As the boxes of the mailbox (services/messagerie/lectures.py), by company: what one has not read, what is asked of who may write.
# The exchange that asks for a document is told once, by what it asks for, whether its message was read or not.
_MESSAGES: Final = """
SELECT json_build_object('p', p.id, 'n', coalesce(cardinality(neufs), 0) - d.dits, 'd', d.n, 'depuis', le) FROM services_personnesirenisee p,
LATERAL (SELECT array_agg(DISTINCT echange_id) neufs FROM services_messagenonlu WHERE personne_id = p.id
AND lecteur_id = (SELECT compte_id FROM accounts_espace WHERE id = %(espace)s)) l,
LATERAL (SELECT count(*) n, min(dernier_le) le, count(u) dits FROM services_echange e LEFT JOIN unnest(neufs) u ON u = e.id
WHERE personne_id = p.id AND etat = %(piece)s AND p.restreinte_le IS NULL) d
WHERE p.id = ANY(ARRAY(SELECT personne_id FROM siennes s JOIN services_service v ON v.id = service_id
WHERE famille = %(messagerie)s AND s.etat = %(active)s AND role = ANY(%(lecteurs)s)
AND (expire_le IS NULL OR expire_le >= %(aujourd_hui)s))) AND (neufs IS NOT NULL OR d.n > 0)
"""


def _des_messages(maintenant: datetime) -> Mapping[str, Any]:
    return {
        "messagerie": Service.Famille.MESSAGERIE.value,
        "active": Habilitation.Etat.ACTIVE.value,
        "lecteurs": [role.value for role in roles_pour(LIRE_MESSAGERIE)],  # the same as those who write
        "piece": Echange.Etat.PIECE_DEMANDEE.value,
    }


def _dire_messages(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    """The documents that offices ask for, a company each, until a message answers; then, in one line, the other answers that one has not read (issue 15.7)."""

    def dire_pieces(leurs: Sequence[Fait]) -> Ligne:
        depuis = _instant(min(fait["depuis"] for fait in leurs))
        return Ligne(
            Gravite.ATTENTION,
            f"Depuis le {jour(depuis)}",
            combien(
                sum(fait["d"] for fait in leurs),
                "pièce demandée par le service, dans la messagerie",
                "pièces demandées par le service, dans la messagerie",
            ),
            "Voir",
            reverse("messagerie", query={"boite": "a-traiter"}),
            jour=timezone.localdate(depuis),
            personnes=_cles(leurs),
            en_bref="Pièce demandée",
        )

    lignes = un_par_un([fait for fait in faits if fait["d"]], dire_pieces, lambda fait: fait["depuis"])
    non_lus = [fait for fait in faits if fait["n"]]
    if non_lus:
        lignes.append(
            Ligne(
                Gravite.ATTENTION,  # an answer that one waits for: among the first, not behind what only informs
                "Non lu",
                combien(
                    sum(fait["n"] for fait in non_lus),
                    "autre échange à lire dans la messagerie" if lignes else "échange à lire dans la messagerie",
                    "autres échanges à lire dans la messagerie" if lignes else "échanges à lire dans la messagerie",
                ),
                "Lire",
                reverse("messagerie", query={"boite": "non-lus"}),
                jour=timezone.localdate(maintenant),
                personnes=_cles(non_lus),
                en_bref="Message non lu",
            )
        )
    return lignes


def inscrire_sources() -> None:
    """Add them, in the order in which they are told where nothing else orders them."""
    siennes = {"siennes": SIENNES}
    sous = siennes | {"dessous": _DESSOUS}
    inscrire(Source("sous_le_titulaire", _dire_sous_le_titulaire, _SOUS_LE_TITULAIRE, _parametres, sous))
    inscrire(Source("accordees", _dire_accordees, _ACCORDEES, _parametres, sous))
    inscrire(Source("retraits", _dire_retraits, _RETRAITS, _parametres, siennes))
    inscrire(Source("habilitations_demandees", _dire_demandes, _DEMANDES, _parametres, siennes))
    inscrire(Source("tenues", _dire_tenues, _TENUES, _parametres, siennes))
    inscrire(Source("messages", _dire_messages, _MESSAGES, _des_messages, siennes))
    inscrire(Source("mandats", _dire_mandats, _MANDATS, _des_mandats, siennes))
