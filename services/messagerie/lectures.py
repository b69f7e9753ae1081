"""What the pages of the mailbox show: the inbox over all one's companies, its counts, one exchange whole.

Everything is found from the companies whose mailbox one reads, each by its own index, and only as far as a page goes: so
many rows whatever they hold. The statements are constant SQL: compiling them cost more than all the rest of the page.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.porte import lire_recherche, serrer
from accounts.saisies.repliement import replier

from ..models import Brouillon, Echange, LectureMessage, Message, PersonneSirenisee, PieceJointe
from .droits import lecteurs_de, personnes_de, peut_ecrire, peut_lire
from .themes import Theme, theme_de, themes

PAR_PAGE: Final = 25
BORNE: Final = 100
"""Counts stop there: « 99+ »."""
FENETRE_DE_RECHERCHE: Final = 3_000
"""How many of the last exchanges a search looks at, all companies together, before it asks the index of words."""
LETTRES_D_UN_OBJET: Final = 3
"""How few letters are looked for in what an exchange is about: an index of words knows no fewer; references and companies always are."""
MESSAGES_PAR_PAGE: Final = 50

TOUS, A_TRAITER, NON_LUS, EN_ATTENTE, BROUILLONS, CLOS = "", "a-traiter", "non-lus", "en-attente", "brouillons", "clos"
BOITES: Final[Mapping[str, str]] = {
    TOUS: "Tous les échanges",
    A_TRAITER: "À traiter",
    NON_LUS: "Non lus",
    EN_ATTENTE: "En attente d’une réponse",
    BROUILLONS: "Brouillons",
    CLOS: "Clos",
}
ETATS: Final[Mapping[str, tuple[str, ...]]] = {
    EN_ATTENTE: tuple(etat.value for etat in Echange.ATTENDENT_LE_SERVICE),
    CLOS: (Echange.Etat.CLOS.value,),
}
ATTENTE: Final = {Echange.Etat.PIECE_DEMANDEE.value: "attention", Echange.Etat.REPONDU.value: "info"}
"""The sign of a state that calls for something, or that brings an answer."""


@dataclass(frozen=True)
class Filtres:
    """What the address asks of the inbox."""

    boite: str = TOUS
    q: str = ""
    theme: str = ""
    siren: str = ""
    avant: str = ""

    @property
    def poses(self) -> bool:
        """Whether anything but the box narrows the list."""
        return bool(self.q or self.theme or self.siren)

    @property
    def sans_filtre(self) -> str:
        """The address of the open box, nothing narrowing it."""
        return self.vers(q="", theme="", entreprise="")

    def vers(self, **autres: str) -> str:
        """Return the address of this list with these in the place of its own, from its first page."""
        valeurs = {"boite": self.boite, "q": self.q, "theme": self.theme, "entreprise": self.siren} | autres
        adresse = QueryDict(mutable=True)
        adresse.update({nom: valeur for nom, valeur in valeurs.items() if valeur})
        return f"?{adresse.urlencode()}" if adresse else "?"


def lire_filtres(parametres: QueryDict) -> Filtres:
    """Return what the address asks for; what is unknown asks for nothing. Raises: TexteIllisible."""
    boite, theme = parametres.get("boite", ""), parametres.get("theme", "")
    return Filtres(
        boite=boite if boite in BOITES else TOUS,
        q=lire_recherche(parametres.get("q", "")),
        theme=theme if theme in themes() else "",
        siren=serrer(parametres.get("entreprise", ""))[:9],
        avant=lire_recherche(parametres.get("avant", "")),
    )


@dataclass(frozen=True)
class Ligne:
    """One exchange as the inbox shows it; `par` is who wrote last."""

    reference: str
    objet: str
    etat: str
    theme: Theme
    dernier_le: datetime
    denomination: str
    siren: str
    par: str
    non_lu: bool
    cle: str

    @property
    def etat_lisible(self) -> str:
        return str(Echange.Etat(self.etat).label).capitalize()

    @property
    def signe(self) -> str:
        return ATTENTE.get(self.etat, "")


@dataclass(frozen=True)
class Boite:
    """One box of the inbox, with how many it holds; None where it is not counted."""

    code: str
    libelle: str
    nombre: int | None
    ouverte: bool
    adresse: str

    @property
    def compte(self) -> str:
        if not self.nombre:
            return ""
        return str(self.nombre) if self.nombre < BORNE else f"{BORNE - 1}+"


@dataclass(frozen=True)
class Messagerie:
    """The inbox of an espace: its companies, its boxes, and a page of what the open one holds."""

    filtres: Filtres
    personnes: Mapping[int, tuple[str, str]]
    boites: Sequence[Boite]
    lignes: Sequence[Ligne] = ()
    brouillons: Sequence[Brouillon] = ()
    suite: str = ""
    themes: Sequence[Theme] = field(default_factory=lambda: list(themes().values()))

    @property
    def non_lus(self) -> int:
        return next(boite.nombre or 0 for boite in self.boites if boite.code == NON_LUS)

    @property
    def commences(self) -> Boite | None:
        """The box of one's drafts, where the open one leaves them out and there are some: said above all the exchanges."""
        boite = next(boite for boite in self.boites if boite.code == BROUILLONS)
        return boite if self.filtres.boite == TOUS and boite.nombre else None

    @property
    def ouverte(self) -> Boite:
        return next(boite for boite in self.boites if boite.ouverte)

    @property
    def entreprises(self) -> list[tuple[str, str]]:
        """SIREN and name of each company, by name."""
        return sorted(self.personnes.values(), key=lambda une: une[1])


# The threads of some companies whose last message is before a given one, each company by its own index.
_PAR_ENTREPRISE: Final = """
SELECT e.id, e.dernier_le FROM unnest(%(personnes)s::bigint[]) AS p(id) CROSS JOIN LATERAL (
SELECT id, dernier_le FROM services_echange WHERE personne_id = p.id AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid)
ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s) e
"""
_PAR_ETAT: Final = """
SELECT e.id, e.dernier_le FROM unnest(%(personnes)s::bigint[]) AS p(id) CROSS JOIN unnest(%(etats)s::text[]) AS s(etat)
CROSS JOIN LATERAL (SELECT id, dernier_le FROM services_echange WHERE personne_id = p.id AND etat = s.etat
AND (%(theme)s = '' OR theme = %(theme)s) AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid)
ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s) e
"""
_PAR_THEME: Final = """
SELECT e.id, e.dernier_le FROM unnest(%(personnes)s::bigint[]) AS p(id) CROSS JOIN LATERAL (
SELECT id, dernier_le FROM services_echange WHERE personne_id = p.id AND theme = %(theme)s
AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid) ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s) e
"""
# By the name of the company, the reference, or what it is about. A common word is found among the last exchanges of each company,
# in the order of the inbox: all that is found there is found once it comes before the last one looked at of each company (`borne`).
# Where these do not fill a page, the word is rare enough for its own index; and where each company was seen to its end, that is all.
_FENETRE: Final = """CROSS JOIN LATERAL (SELECT *, row_number() OVER (ORDER BY dernier_le DESC, id DESC) AS rang
FROM services_echange WHERE personne_id = p.id AND {0} AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid)
ORDER BY dernier_le DESC, id DESC LIMIT %(fenetre)s) e"""
_FENETRES: Final[Mapping[str, str]] = {
    "entreprise": _FENETRE.format("true"),
    "etat": "CROSS JOIN unnest(%(etats)s::text[]) AS s(etat) " + _FENETRE.format("etat = s.etat"),
    "theme": _FENETRE.format("theme = %(theme)s"),
}
_VOULU: Final = """(dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid)
AND (%(theme)s = '' OR theme = %(theme)s) AND (%(tous)s OR etat = ANY(%(etats)s::text[]))"""
_TROUVES: Final = f"""
WITH p AS MATERIALIZED (SELECT unnest(%(personnes)s::bigint[]) AS id), n AS MATERIALIZED (SELECT unnest(%(nommees)s::bigint[]) AS id),
f AS MATERIALIZED (SELECT e.id, dernier_le, rang, (%(theme)s = '' OR theme = %(theme)s) AND
(personne_id IN (SELECT id FROM n) OR reference = %(reference)s OR replier(objet) LIKE %(motif)s) AS trouve FROM p {{fenetre}}),
borne AS MATERIALIZED (SELECT dernier_le, id FROM f WHERE rang = %(fenetre)s ORDER BY dernier_le DESC, id DESC LIMIT 1),
vus AS MATERIALIZED (SELECT id, dernier_le FROM f WHERE trouve
AND NOT EXISTS (SELECT 1 FROM borne b WHERE (f.dernier_le, f.id) < (b.dernier_le, b.id))),
suffit AS MATERIALIZED (SELECT NOT EXISTS (SELECT 1 FROM borne) OR (SELECT count(*) FROM vus) >= %(combien)s AS oui)
SELECT * FROM vus WHERE (SELECT oui FROM suffit)
UNION (SELECT id, dernier_le FROM services_echange WHERE (replier(objet) LIKE %(motif)s OR reference = %(reference)s)
AND personne_id = ANY(ARRAY(SELECT id FROM p)) AND {_VOULU} AND NOT (SELECT oui FROM suffit))
UNION (SELECT e.id, e.dernier_le FROM n CROSS JOIN LATERAL (SELECT id, dernier_le FROM services_echange WHERE personne_id = n.id
AND {_VOULU} ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s) e WHERE NOT (SELECT oui FROM suffit))
"""  # noqa: S608  # nosec B608 - our own words
# What is unread, or unread or asked for. Where much is, it is first looked for among the last exchanges of each company, as a word
# is; otherwise, or where these do not fill a page, found whole by its own index.
_DIT: Final = """(%(theme)s = '' OR theme = %(theme)s) AND (%(libre)s OR personne_id IN (SELECT id FROM n)
OR reference = %(reference)s OR replier(objet) LIKE %(motif)s)"""
_A_LIRE: Final = f"""
WITH p AS MATERIALIZED (SELECT unnest(%(personnes)s::bigint[]) AS id), n AS MATERIALIZED (SELECT unnest(%(nommees)s::bigint[]) AS id),
u AS MATERIALIZED (SELECT d.id FROM p CROSS JOIN LATERAL (SELECT DISTINCT echange_id AS id FROM services_messagenonlu
WHERE lecteur_id = %(lecteur)s AND personne_id = p.id) d),
beaucoup AS MATERIALIZED (SELECT count(*) > %(assez)s AS oui FROM u),
f AS MATERIALIZED (SELECT e.id, dernier_le, rang, ({{trouve}}) AND {_DIT} AS trouve FROM p {_FENETRES["entreprise"]}
WHERE (SELECT oui FROM beaucoup)),
borne AS MATERIALIZED (SELECT dernier_le, id FROM f WHERE rang = %(fenetre)s ORDER BY dernier_le DESC, id DESC LIMIT 1),
vus AS MATERIALIZED (SELECT id, dernier_le FROM f WHERE trouve
AND NOT EXISTS (SELECT 1 FROM borne b WHERE (f.dernier_le, f.id) < (b.dernier_le, b.id))),
suffit AS MATERIALIZED (SELECT (SELECT oui FROM beaucoup)
AND (NOT EXISTS (SELECT 1 FROM borne) OR (SELECT count(*) FROM vus) >= %(combien)s) AS oui)
SELECT * FROM vus WHERE (SELECT oui FROM suffit)
UNION (SELECT id, dernier_le FROM services_echange WHERE id = ANY(ARRAY(SELECT id FROM u))
AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid) AND {_DIT} AND NOT (SELECT oui FROM suffit)){{demandes}}
"""  # noqa: S608  # nosec B608 - our own words
_DEMANDES: Final = f"""
UNION (SELECT e.id, e.dernier_le FROM p CROSS JOIN LATERAL (SELECT id, dernier_le FROM services_echange WHERE personne_id = p.id
AND etat = 'PIECE_DEMANDEE' AND (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid) AND {_DIT}
ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s) e WHERE NOT (SELECT oui FROM suffit))"""  # noqa: S608  # nosec B608
_UNE_LUE: Final = "e.id IN (SELECT id FROM u)"
_PAGE: Final = """
WITH trouves AS MATERIALIZED (SELECT id, dernier_le FROM ({source}) t
WHERE (dernier_le, id) < (%(avant)s::timestamptz, %(avant_id)s::uuid) ORDER BY dernier_le DESC, id DESC LIMIT %(combien)s)
SELECT e.reference, e.objet, e.etat, e.theme, e.dernier_le, p.denomination, p.siren, d.espace_id, a.prenom, a.nom, d.agent_id,
EXISTS (SELECT 1 FROM services_messagenonlu n
WHERE n.lecteur_id = %(lecteur)s AND n.personne_id = e.personne_id AND n.echange_id = e.id), e.id::text
FROM trouves t JOIN services_echange e ON e.id = t.id JOIN services_personnesirenisee p ON p.id = e.personne_id
LEFT JOIN LATERAL (SELECT m.espace_id, m.agent_id FROM services_message m WHERE m.echange_id = e.id AND NOT m.interne
AND m.pret_le IS NOT NULL ORDER BY m.envoye_le DESC, m.id DESC LIMIT 1) d ON true
LEFT JOIN accounts_espace a ON a.id = d.espace_id
ORDER BY e.dernier_le DESC, e.id DESC
"""
_SOURCES: Final[Mapping[str, str]] = {
    "entreprise": _PAGE.format(source=_PAR_ENTREPRISE),
    "etat": _PAGE.format(source=_PAR_ETAT),
    "theme": _PAGE.format(source=_PAR_THEME),
    **{f"{quoi}, cherche": _PAGE.format(source=_TROUVES.format(fenetre=f)) for quoi, f in _FENETRES.items()},
    NON_LUS: _PAGE.format(source=_A_LIRE.format(trouve=_UNE_LUE, demandes="")),
    A_TRAITER: _PAGE.format(source=_A_LIRE.format(trouve=f"etat = 'PIECE_DEMANDEE' OR {_UNE_LUE}", demandes=_DEMANDES)),
}
# Each box is counted no further than a hundred, from the index of what it holds; the keys of the companies are said once.
_COMPTES: Final = """
WITH p AS MATERIALIZED (SELECT unnest(%(personnes)s::bigint[]) AS id),
n AS MATERIALIZED (SELECT u.id FROM p CROSS JOIN LATERAL (SELECT DISTINCT echange_id AS id FROM services_messagenonlu
WHERE lecteur_id = %(lecteur)s AND personne_id = p.id ORDER BY echange_id LIMIT %(combien)s) u LIMIT %(combien)s),
d AS MATERIALIZED (SELECT e.id FROM p CROSS JOIN LATERAL (SELECT id FROM services_echange
WHERE personne_id = p.id AND etat = 'PIECE_DEMANDEE' LIMIT %(combien)s) e LIMIT %(combien)s)
SELECT (SELECT count(*) FROM (SELECT id FROM n UNION SELECT id FROM d LIMIT %(combien)s) x),
(SELECT count(*) FROM n),
(SELECT count(*) FROM (SELECT 1 FROM p CROSS JOIN unnest(%(attente)s::text[]) AS s(etat)
CROSS JOIN LATERAL (SELECT 1 FROM services_echange WHERE personne_id = p.id AND etat = s.etat LIMIT %(combien)s) e
LIMIT %(combien)s) x),
(SELECT count(*) FROM services_brouillon WHERE espace_id = %(espace)s AND personne_id IN (SELECT id FROM p))
"""
_NOMS: Final = """
SELECT id, siren, denomination FROM services_personnesirenisee WHERE id = ANY(%s::bigint[]) ORDER BY denomination, siren
"""
_DEPART: Final = ("9999-01-01T00:00:00+00:00", "ffffffff-ffff-ffff-ffff-ffffffffffff")
"""Before this comes every exchange."""


def messagerie(espace: Espace, filtres: Filtres, *, seule: PersonneSirenisee | None = None) -> Messagerie:
    """Return the inbox of this espace as the address asks for it: four queries, whatever it holds.

    `seule`: the one company of the page, which its caller has found to be read by this espace; two queries less.
    """
    if seule is not None:
        cles, personnes = [seule.pk], {seule.pk: (seule.siren, seule.denomination)}
    else:
        cles = personnes_de(espace)
        personnes = _nommer(cles)
    if filtres.siren:
        cles = [cle for cle in cles if personnes[cle][0] == filtres.siren]
    boites = _compter(espace, cles, filtres)
    if filtres.boite == BROUILLONS:
        siens = Brouillon.objects.filter(espace=espace, personne__in=cles).select_related("personne", "echange")
        return Messagerie(filtres, personnes, boites, brouillons=list(siens))
    lues = _lire(espace, cles, personnes, filtres) if cles else []
    suite = ""
    if len(lues) > PAR_PAGE:
        derniere = lues[PAR_PAGE - 1]
        suite = filtres.vers(avant=f"{derniere.dernier_le.isoformat()}_{derniere.cle}")
    return Messagerie(filtres, personnes, boites, lignes=lues[:PAR_PAGE], suite=suite)


def _tableau(cles: Collection[int]) -> str:
    """Return these keys as PostgreSQL writes an array: one text, where the driver would look at each of a hundred keys."""
    return f"{{{','.join(map(str, cles))}}}"


def _nommer(cles: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return the SIREN and the name of these personnes, by name: one query, none when empty."""
    if not cles:
        return {}
    with connection.cursor() as curseur:
        curseur.execute(_NOMS, [_tableau(cles)])
        return {cle: (siren, denomination) for cle, siren, denomination in curseur.fetchall()}


def _compter(espace: Espace, cles: list[int], filtres: Filtres) -> list[Boite]:
    """Return the boxes with their counts, a hundred at most each: one query."""
    nombres: Sequence[int] = (0, 0, 0, 0)
    if cles:
        with connection.cursor() as curseur:
            curseur.execute(
                _COMPTES,
                {
                    "lecteur": espace.compte_id,
                    "espace": espace.pk,
                    "personnes": _tableau(cles),
                    "attente": list(ETATS[EN_ATTENTE]),
                    "combien": BORNE,
                },
            )
            nombres = curseur.fetchone()
    comptes = dict(zip((A_TRAITER, NON_LUS, EN_ATTENTE, BROUILLONS), nombres, strict=True))
    return [
        Boite(code, libelle, comptes.get(code), code == filtres.boite, filtres.vers(boite=code))
        for code, libelle in BOITES.items()
    ]


def _lire(espace: Espace, cles: list[int], personnes: Mapping[int, tuple[str, str]], filtres: Filtres) -> list[Ligne]:
    """Return a page of exchanges and one more: one query."""
    avant, avant_id = _depart(filtres.avant)
    cherche = replier(filtres.q)
    parametres: dict[str, Any] = {
        "personnes": _tableau(cles),
        "lecteur": espace.compte_id,
        "theme": filtres.theme,
        "etats": list(ETATS.get(filtres.boite, ())),
        "tous": filtres.boite not in ETATS,
        "avant": avant,
        "avant_id": avant_id,
        "combien": PAR_PAGE + 1,
        "fenetre": max(PAR_PAGE + 1, FENETRE_DE_RECHERCHE // (len(cles) * len(ETATS.get(filtres.boite, ("",))))),
        "assez": FENETRE_DE_RECHERCHE // 6,
        "libre": not filtres.q,
        # Compared with nothing, what an exchange is about is not looked at, nor read.
        "motif": f"%{cherche}%" if len(cherche) >= LETTRES_D_UN_OBJET else None,
        "reference": filtres.q.upper(),
        "nommees": [
            cle
            for cle in cles
            if cherche and (cherche in replier(personnes[cle][1]) or cherche in personnes[cle][0].casefold())
        ],
    }
    with connection.cursor() as curseur:
        curseur.execute(_SOURCES[_source(filtres)], parametres)
        rangees = curseur.fetchall()
    return [_ligne(espace, rangee) for rangee in rangees]


def _source(filtres: Filtres) -> str:
    """Return which index finds what is asked for."""
    if filtres.boite in {NON_LUS, A_TRAITER}:
        return filtres.boite
    parmi = "etat" if filtres.boite in ETATS else "theme" if filtres.theme else "entreprise"
    return f"{parmi}, cherche" if filtres.q else parmi


def _depart(avant: str) -> tuple[str, str]:
    """Return before which exchange the page begins; what cannot be read begins at the first."""
    instant, _, cle = avant.rpartition("_")
    try:
        return datetime.fromisoformat(instant).astimezone(UTC).isoformat(), str(UUID(cle))
    except (ValueError, OverflowError):
        return _DEPART


def _ligne(espace: Espace, rangee: Sequence[Any]) -> Ligne:
    reference, objet, etat, theme, dernier_le, denomination, siren, auteur, prenom, nom, agent, non_lu, cle = rangee
    if auteur is None:
        par = "Le service" if agent is not None else "Le portail"
    else:
        par = "Vous" if auteur == espace.pk else f"{prenom} {nom}"
    return Ligne(reference, objet, etat, theme_de(theme), dernier_le, denomination, siren, par, non_lu, cle)


# --- One exchange


@dataclass(frozen=True)
class MessageLu:
    """One message as the page shows it: who wrote, whether it is the office, and who has read it."""

    message: Message
    espace: Espace
    pieces: Sequence[PieceJointe] = ()

    @property
    def de_nous(self) -> bool:
        return self.message.espace_id is not None

    @property
    def par(self) -> str:
        """Who signs it: one of us by name, the office by its own."""
        auteur = self.message.espace
        if auteur is not None:
            return f"Vous, {auteur.nom_complet}" if auteur == self.espace else auteur.nom_complet
        if self.message.agent is None:
            return "Espace professionnel"
        bureau = self.message.agent.service_gestionnaire
        return bureau.nom if bureau is not None else "Administration"

    @property
    def precision(self) -> str:
        """What is said after the name: an agent is named by the initial of the first name."""
        agent = self.message.agent
        return agent.nom_signe if agent is not None else ""

    @property
    def attend(self) -> bool:
        """Whether a file of it is still to be analysed: nobody else sees it yet."""
        return self.message.pret_le is None

    @property
    def lectures(self) -> list[tuple[str, datetime]]:
        """Who has read it and when, the office once; not its author."""
        dites: dict[str, datetime] = {}
        for lecture in sorted(self.message.lectures.all(), key=lambda une: une.lu_le):
            lecteur = getattr(lecture.lecteur, "espace", None)
            if lecteur is not None and lecteur.pk == self.message.espace_id:
                continue
            nom = "le service"
            if lecteur is not None:
                nom = "vous" if lecteur == self.espace else lecteur.nom_complet
            elif self.message.agent_id is not None:
                continue  # the office's own reading of what it wrote
            dites.setdefault(nom, lecture.lu_le)
        return list(dites.items())


class EchangeTrouve(NamedTuple):
    """One exchange that somebody reads, whether he may write there, and what he has begun to answer."""

    echange: Echange
    peut_ecrire: bool
    brouillon: Brouillon | None


@dataclass(frozen=True)
class EchangeLu:
    """One exchange as its page shows it: `lus` are the messages of `page`, counted from the last ones."""

    echange: Echange
    espace: Espace
    page: int
    lus: Sequence[Message]
    precedents: bool
    peut_ecrire: bool
    brouillon: Brouillon | None
    lecteurs: Sequence[Espace]
    pieces: Sequence[PieceJointe] = ()

    @property
    def theme(self) -> Theme:
        return theme_de(self.echange.theme)

    @property
    def du_portail(self) -> bool:
        return self.theme.portail

    @property
    def clos(self) -> bool:
        return self.echange.etat == Echange.Etat.CLOS

    @property
    def etat_lisible(self) -> str:
        return str(self.echange.get_etat_display()).capitalize()

    @property
    def signe(self) -> str:
        return ATTENTE.get(self.echange.etat, "")

    @property
    def messages(self) -> list[MessageLu]:
        return [
            MessageLu(message, self.espace, [piece for piece in self.pieces if piece.message_id == message.pk])
            for message in self.lus
        ]

    @property
    def pieces_du_brouillon(self) -> list[PieceJointe]:
        return [piece for piece in self.pieces if piece.message_id is None]

    @property
    def autres_lecteurs(self) -> list[Espace]:
        return [lecteur for lecteur in self.lecteurs if lecteur != self.espace]

    def a_marquer(self) -> list[Message]:
        """Return the messages of the page that this espace has not written nor read yet."""
        return [
            message
            for message in self.lus
            if message.espace_id != self.espace.pk
            and all(lecture.lecteur_id != self.espace.compte_id for lecture in message.lectures.all())
        ]


def trouver_echange(espace: Espace, reference: str) -> EchangeTrouve | None:
    """Return this exchange, where this espace may read the mailbox that it stands in: two queries for who may write."""
    echange = (
        Echange.objects.select_related("personne__service_gestionnaire", "service_gestionnaire")
        .annotate(mien=FilteredRelation("brouillons", condition=Q(brouillons__espace=espace)))
        .annotate(mien_cle=F("mien__pk"), mien_texte=F("mien__texte"), mien_le=F("mien__modifie_le"))
        .filter(reference=reference)
        .first()
    )
    if echange is None:
        return None
    ecrit = peut_ecrire(espace, echange.personne)
    if not ecrit and not peut_lire(espace, echange.personne):
        return None
    brouillon = None
    if ecrit and echange.mien_cle is not None:
        brouillon = Brouillon(
            pk=echange.mien_cle,
            espace=espace,
            personne=echange.personne,
            echange=echange,
            texte=echange.mien_texte,
            modifie_le=echange.mien_le,
        )
    return EchangeTrouve(echange, ecrit, brouillon)


def visibles_de(espace: Espace, echange: Echange) -> QuerySet[Message]:
    """Return the messages of an exchange that this espace sees, the oldest first: what arrived, and its own before it does."""
    arrives = Message.objects.filter(echange=echange, interne=False)
    return (
        arrives.filter(Q(pret_le__isnull=False) | Q(espace=espace))
        .select_related("espace", "agent__service_gestionnaire")
        .prefetch_related(Prefetch("lectures", LectureMessage.objects.select_related("lecteur__espace")))
        .order_by("envoye_le", "pk")
    )


def page_du_fil(messages: QuerySet[Message], page: int) -> tuple[list[Message], bool]:
    """Return a page of these messages, the oldest first, counted from the last ones, and whether others come before: one query."""
    depuis = (page - 1) * MESSAGES_PAR_PAGE
    lus = list(messages.reverse()[depuis : depuis + MESSAGES_PAR_PAGE + 1])
    return lus[:MESSAGES_PAR_PAGE][::-1], len(lus) > MESSAGES_PAR_PAGE


def lire_echange(espace: Espace, trouve: EchangeTrouve, page: int = 1) -> EchangeLu:
    """Return this exchange as its page shows it, a page of messages counted from the last: four queries."""
    lus, precedents = page_du_fil(visibles_de(espace, trouve.echange), page)
    # The files of the messages and those of the draft together: one query.
    pieces = Q(message__in=[message.pk for message in lus])
    if trouve.brouillon is not None:
        pieces |= Q(brouillon=trouve.brouillon)
    return EchangeLu(
        echange=trouve.echange,
        espace=espace,
        page=page,
        lus=lus,
        precedents=precedents,
        peut_ecrire=trouve.peut_ecrire,
        brouillon=trouve.brouillon,
        lecteurs=lecteurs_de(trouve.echange.personne),
        pieces=list(PieceJointe.objects.filter(pieces)),
    )


def marquer_lus(espace: Espace, messages: Sequence[Message], maintenant: datetime | None = None) -> None:
    """Leave the read receipts of this espace on these messages, once: a trace of reading, written when the page is made."""
    maintenant = maintenant or timezone.now()
    if espace.compte_id is not None:
        LectureMessage.objects.bulk_create(
            (LectureMessage(message=message, lecteur_id=espace.compte_id, lu_le=maintenant) for message in messages),
            ignore_conflicts=True,
        )


def marquer_lus_parmi(espace: Espace, cles: Collection[UUID]) -> None:
    """Leave the read receipts of this espace on those of these messages that it has not written nor read: what was printed is read."""
    lues = LectureMessage.objects.filter(message=OuterRef("pk"), lecteur=espace.compte_id)
    des_autres = Message.objects.filter(Q(espace=None) | ~Q(espace=espace), pk__in=cles)
    marquer_lus(espace, list(des_autres.filter(~Exists(lues)).order_by()))
