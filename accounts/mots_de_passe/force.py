"""How strong a password is: what the server decides and the gauge shows (CGU §3.2.a–b, design.md R3).

The password is cut, at the least cost, into pieces that an attacker would try (words, personal data, keyboard
walks, suites, dates, copies of what stands before) and characters tried one by one. The cost of a piece is
the logarithm of the number of tries, in tenths of a bit. Everything is an integer, and characters are folded
by our own table, never by the Unicode tables of Python or of the browser, which differ by version:
`static/js/force_mot_de_passe.js` is this algorithm line for line, over the same files, and
`tests/parcours/test_jauge.py` compares them. Change both or neither.

Levels: medium from 50 bits (CNIL 2022-100, case 2: sign-in is throttled), strong from 80 (case 1), very
strong from 100 (ANSSI-PG-078 R21).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

DOSSIER = Path(__file__).parent.parent / "dictionnaires"
REGLES = "regles.json"
REPLIEMENT = "repliement.json"
LISTES = ("portail.txt", "longs.txt", "francais.txt", "noms.txt", "courants.txt")
KIND_OF_LIST = {"portail.txt": "contexte", "longs.txt": "connu"}
PREFIXES = (4, 8)
NATURES_CONSEILLEES = ("connu", "contexte", "copie", "clavier", "suite", "date", "mot")
FORMES_DE_DATE: tuple[tuple[int, int, int], ...] = ((2, 2, 4), (2, 2, 2), (4, 2, 2), (1, 2, 4), (2, 1, 4), (1, 1, 4))


class Niveau(IntEnum):
    """The four steps of the gauge; FAIBLE is refused (CGU §3.2.b)."""

    FAIBLE = 0
    MOYEN = 1
    FORT = 2
    TRES_FORT = 3

    @property
    def libelle(self) -> str:
        """The step's name as the user reads it."""
        return str(_donnees().regles["niveaux"][self]["libelle"])


@dataclass(frozen=True, slots=True)
class Exigence:
    """What a policy asks of a password: so many characters, and this level at least."""

    longueur: int
    niveau: Niveau


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is thought of a password: its level, its cost in tenths of a bit, and what to tell its author, in French."""

    niveau: Niveau
    dixiemes_de_bit: int
    longueur: int
    longueur_suffisante: bool
    trop_long: bool
    conseils: list[str]
    niveau_exige: Niveau = Niveau.MOYEN

    @property
    def acceptable(self) -> bool:
        """Whether the portal takes this password: FAIBLE never, nor what is below the level that its policy asks."""
        return self.niveau >= self.niveau_exige


@dataclass(frozen=True, slots=True)
class _Donnees:
    regles: dict[str, Any]
    repliement: dict[str, str]
    mots: dict[str, tuple[int, str]]
    prefixes: tuple[frozenset[str], ...]
    claviers: tuple[dict[str, tuple[int, int]], ...]
    invisibles: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Texte:
    """A password made plain: `plie` has one BMP character per piece of text; the lists run beside it."""

    longueur: int
    trop_long: bool
    plie: str
    classes: list[str]
    touches: list[str]
    codes: list[int]


@cache
def _donnees() -> _Donnees:
    regles = json.loads((DOSSIER / REGLES).read_text(encoding="utf-8"))
    repliement = {
        caractere: cible
        for cible, caracteres in json.loads((DOSSIER / REPLIEMENT).read_text(encoding="utf-8")).items()
        for caractere in caracteres
    }
    mots: dict[str, tuple[int, str]] = {}
    for nom in LISTES:
        cout = 0
        for ligne in (DOSSIER / nom).read_text(encoding="ascii").split("\n"):
            if ligne.startswith("= "):
                cout = int(ligne[2:]) * 10
            elif ligne:
                mots[ligne] = (cout, KIND_OF_LIST.get(nom, "mot"))
    prefixes = tuple(frozenset(mot[:taille] for mot in mots if len(mot) >= taille) for taille in PREFIXES)
    claviers = []
    for rangees in regles["claviers"]:
        places: dict[str, tuple[int, int]] = {}
        for y, rangee in enumerate(rangees):
            for touches in rangee:
                for x, touche in enumerate(touches):
                    places.setdefault(touche, (x, y))
        claviers.append(places)
    invisibles = tuple((debut, fin) for debut, fin in regles["invisibles"])
    return _Donnees(regles, repliement, mots, prefixes, tuple(claviers), invisibles)


def _lire(texte: str) -> _Texte:
    """Fold `texte`: case, accents and look-alikes go, invisible marks too; other scripts get place-holders."""
    donnees = _donnees()
    maximale = donnees.regles["longueur"]["maximale"]
    compositions = donnees.regles["compositions"]
    visibles: list[str] = []
    trop_long = len(texte) > maximale
    for caractere in texte[:maximale]:
        code = ord(caractere)
        if visibles and visibles[-1] + caractere in compositions:
            visibles[-1] = compositions[visibles[-1] + caractere]
        elif not any(debut <= code <= fin for debut, fin in donnees.invisibles):
            visibles.append("�" if 0xD800 <= code <= 0xDFFF else caractere)
    plie: list[str] = []
    classes: list[str] = []
    touches: list[str] = []
    codes: list[int] = []
    autres: dict[str, str] = {}
    for caractere in visibles:
        cible = caractere if " " <= caractere <= "~" else donnees.repliement.get(caractere, "")
        if cible:
            for signe in cible:
                petit = signe.lower()
                plie.append(petit)
                classes.append(_classe(signe))
                touches.append(petit if caractere == signe else caractere)
                codes.append(ord(petit))
        else:
            plie.append(autres.setdefault(caractere, chr(0xE000 + len(autres))))
            classes.append("autre")
            touches.append(caractere)
            codes.append(ord(caractere))
    return _Texte(len(visibles), trop_long, "".join(plie), classes, touches, codes)


def _classe(signe: str) -> str:
    if "a" <= signe <= "z":
        return "minuscule"
    if "A" <= signe <= "Z":
        return "majuscule"
    if "0" <= signe <= "9":
        return "chiffre"
    return "espace" if signe == " " else "signe"


def _mots_du_contexte(contexte: Sequence[str]) -> list[str]:
    """Cut what designates the person and the company into the words to look for, with and without their separators.

    A group of figures shorter than five is noise, and `552 100 554` must count as `552100554` does.
    """
    regle = _donnees().regles["contexte"]
    mots: dict[str, None] = {}
    for ligne in (ligne for texte in contexte for ligne in texte.split("\n")):
        for partie in _lire(ligne).plie.split("@"):
            morceaux = re.findall("[a-z0-9]+", partie)
            for mot in [*morceaux, "".join(morceaux)]:
                minimale = regle["chiffres_minimale" if re.fullmatch("[0-9]+", mot) else "minimale"]
                if minimale <= len(mot) <= regle["maximale"] and len(mots) < regle["mots"]:
                    mots[mot] = None
    return list(mots)


def _bits(nombre: int) -> int:
    """Tenths of a bit needed to name one of `nombre` things, to the whole bit above."""
    return nombre.bit_length() * 10


def _cout_un_a_un(texte: _Texte, couts: dict[str, int]) -> list[int]:
    """The price of each character tried alone: dearer at a change of class, cheaper for a sign already used."""
    vus: set[str] = set()
    prix = []
    alphabet = {"minuscule", "majuscule", "chiffre"}
    for i, (signe, classe) in enumerate(zip(texte.plie, texte.classes, strict=True)):
        if classe in {"signe", "autre"}:
            cout = couts[classe + "_revu"] if signe in vus else couts[classe]
        elif classe == "espace":
            cout = couts["espace"]
        else:
            cout = couts["chiffre"] if classe == "chiffre" else couts["lettre"]
            if i and classe != texte.classes[i - 1] and texte.classes[i - 1] in alphabet:
                cout += couts["changement_de_classe"]
        vus.add(signe)
        prix.append(cout)
    return prix


def _cout_casse(classes: list[str], couts: dict[str, int]) -> int:
    """What capitals add to a word: nothing, a bit for the first or all of them, more for a mixture."""
    majuscules = classes.count("majuscule")
    minuscules = classes.count("minuscule")
    if not majuscules:
        return 0
    if not minuscules or (majuscules == 1 and classes[0] == "majuscule"):
        return couts["majuscule_simple"]
    return couts["majuscule_melee"] * min(majuscules, minuscules)


def _lectures(plie: str) -> Iterator[tuple[str, Sequence[int], str]]:
    """The text as an attacker reads it, with the place of each character and the name of what this reading costs.

    As it stands; with its look-alike signs taken for letters (two tables); backwards; without its separators.
    """
    places = range(len(plie))
    yield plie, places, ""
    for table in _donnees().regles["substitutions"]:
        yield "".join(table.get(signe, signe) for signe in plie), places, "substitution"
    yield plie[::-1], places[::-1], "envers"
    serre = [i for i in places if "a" <= plie[i] <= "z" or "0" <= plie[i] <= "9"]
    yield "".join(plie[i] for i in serre), serre, "separateurs"


def _connus(lu: str, minimale: int, contexte: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Every word of the dictionaries and of the context in one reading, as (start, end, cost, kind)."""
    donnees = _donnees()
    for debut in range(len(lu)):
        limite = min(len(lu), debut + donnees.regles["mot"]["maximale"])
        for taille, prefixes in zip(PREFIXES, donnees.prefixes, strict=True):
            if lu[debut : debut + taille] not in prefixes:
                limite = min(limite, debut + taille - 1)
                break
        for fin in range(debut + minimale, limite + 1):
            mot = donnees.mots.get(lu[debut:fin])
            if mot is not None:
                yield debut, fin, *mot
    for personnel in contexte:
        debut = lu.find(personnel)
        while debut >= 0:
            yield debut, debut + len(personnel), donnees.regles["couts"]["contexte"], "contexte"
            debut = lu.find(personnel, debut + 1)


def _mots(texte: _Texte, contexte: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Every known word in the text, in all its readings, as (start, end, cost, kind)."""
    regles = _donnees().regles
    couts = regles["couts"]
    for lu, places, lecture in _lectures(texte.plie):
        minimale = regles["mot"]["deforme_minimale" if lecture else "minimale"]
        for lu_debut, lu_fin, cout, nature in _connus(lu, minimale, contexte):
            debut = min(places[lu_debut], places[lu_fin - 1])
            fin = max(places[lu_debut], places[lu_fin - 1]) + 1
            deformations = 0
            if lecture == "substitution":
                deformations = sum(lu[i] != texte.plie[i] for i in range(debut, fin))
            elif lecture == "envers":
                deformations = 1
            elif lecture == "separateurs":
                deformations = int(fin - debut > lu_fin - lu_debut)
            if lecture and not deformations:
                continue
            yield (
                debut,
                fin,
                cout + _cout_casse(texte.classes[debut:fin], couts) + (couts[lecture] * deformations if lecture else 0),
                nature,
            )


def _suites(texte: _Texte) -> Iterator[tuple[int, int, int, str]]:
    """Arithmetic suites: abcd, 9876, 2468 (three characters at a step of 1, four at a step of 2 to 5)."""
    couts = _donnees().regles["couts"]
    prix = _cout_un_a_un(texte, couts)
    taille = len(texte.plie)
    for debut in range(taille - 2):
        pas = texte.codes[debut + 1] - texte.codes[debut]
        if not 1 <= abs(pas) <= 5:
            continue
        fin = debut + 1
        while fin < taille and texte.codes[fin] - texte.codes[fin - 1] == pas:
            fin += 1
        depart = couts["suite_banale"] if texte.plie[debut] in "az019" else prix[debut]
        depart += couts["suite_pas"] * (abs(pas) - 1) + (couts["suite_descendante"] if pas < 0 else 0)
        for arret in range(debut + (3 if abs(pas) == 1 else 4), fin + 1):
            yield debut, arret, depart + _bits(arret - debut) + _cout_casse(texte.classes[debut:arret], couts), "suite"


def _marches(texte: _Texte) -> Iterator[tuple[int, int, int, str]]:
    """Walks of three or more neighbouring keys on AZERTY, QWERTY or the number pad; each turn costs."""
    donnees = _donnees()
    couts = donnees.regles["couts"]
    taille = len(texte.plie)
    for places in donnees.claviers:
        for debut in range(taille - 2):
            place = places.get(texte.touches[debut])
            fin = debut + 1
            virages = 0
            cap: tuple[int, int] | None = None
            while place is not None and fin < taille:
                suivante = places.get(texte.touches[fin])
                if suivante is None:
                    break
                nouveau = (suivante[0] - place[0], suivante[1] - place[1])
                if nouveau == (0, 0) or abs(nouveau[0]) > 1 or abs(nouveau[1]) > 1:
                    break
                if nouveau != cap:
                    virages += 1
                cap = nouveau
                place = suivante
                fin += 1
                if fin - debut >= 3:
                    cout = couts["clavier_depart"] + couts["clavier_virage"] * virages + _bits(fin - debut)
                    yield debut, fin, cout + _cout_casse(texte.classes[debut:fin], couts), "clavier"


def _nombre(plie: str, debut: int, chiffres: int) -> int:
    """The number of `chiffres` digits at `debut`, or -1."""
    morceau = plie[debut : debut + chiffres]
    if len(morceau) == chiffres and all("0" <= signe <= "9" for signe in morceau):
        return int(morceau)
    return -1


def _dates(texte: _Texte) -> Iterator[tuple[int, int, int, str]]:  # noqa: C901 - line for line the browser's
    """Years, and dates in French, American or ISO order, with or without separators."""
    regles = _donnees().regles
    couts = regles["couts"]
    premiere, derniere = regles["annees"]
    plie = texte.plie
    for debut in range(len(plie)):
        annee = _nombre(plie, debut, 4)
        if premiere <= annee <= derniere:
            yield debut, debut + 4, couts["annee"], "date"
        for tailles in FORMES_DE_DATE:
            for separe in (0, 1):
                if not separe and 1 in tailles:
                    continue
                milieu = debut + tailles[0] + separe
                bout = milieu + tailles[1] + separe
                fin = bout + tailles[2]
                if fin > len(plie):
                    continue
                if separe and (plie[milieu - 1] not in "/-. _" or plie[bout - 1] != plie[milieu - 1]):
                    continue
                nombres = [
                    _nombre(plie, depart, chiffres)
                    for depart, chiffres in zip((debut, milieu, bout), tailles, strict=True)
                ]
                if tailles[0] == 4:
                    nombres.reverse()
                jour, mois, an = nombres
                if not (1 <= min(jour, mois) <= 12 and 1 <= max(jour, mois) <= 31 and an >= 0):
                    continue
                if 4 in tailles and not premiere <= an <= derniere:
                    continue
                yield debut, fin, couts["date"] + (couts["date_separateur"] if separe else 0), "date"


def _copies(texte: _Texte) -> Iterator[tuple[int, int, int, str]]:
    """Stretches of three or more characters that already stood before: repeated letters, blocks and words."""
    regles = _donnees().regles
    couts = regles["couts"]
    minimale, maximale, candidats = (regles["copie"][cle] for cle in ("minimale", "maximale", "candidats"))
    plie = texte.plie
    taille = len(plie)
    vus: dict[str, list[int]] = {}
    for debut in range(taille - minimale + 1):
        cle = plie[debut : debut + minimale]
        deja = vus.setdefault(cle, [])
        atteint = minimale - 1
        for source in reversed(deja[-candidats:]):
            longueur = minimale
            while (
                longueur < maximale and debut + longueur < taille and plie[source + longueur] == plie[debut + longueur]
            ):
                longueur += 1
            differe = sum(texte.classes[source + i] != texte.classes[debut + i] for i in range(atteint))
            for garde in range(atteint + 1, longueur + 1):
                differe += texte.classes[source + garde - 1] != texte.classes[debut + garde - 1]
                cout = couts["copie"] + _bits(debut - source) + _bits(garde)
                cout += couts["majuscule_melee"] * min(differe, garde - differe) + (
                    couts["majuscule_simple"] if differe else 0
                )
                yield debut, debut + garde, cout, "copie"
            atteint = max(atteint, longueur)
            if atteint == maximale:
                break
        deja.append(debut)


def _decouper(texte: _Texte, contexte: list[str]) -> tuple[int, dict[str, int]]:
    """Find the cheapest way to cut the text; return its cost and, by kind of piece, how many characters it covers."""
    prix = _cout_un_a_un(texte, _donnees().regles["couts"])
    taille = len(texte.plie)
    departs: list[list[tuple[int, int, str]]] = [[(i + 1, prix[i], "caractere")] for i in range(taille)]
    for pieces in (_mots(texte, contexte), _suites(texte), _marches(texte), _dates(texte), _copies(texte)):
        for debut, fin, cout, nature in pieces:
            departs[debut].append((fin, cout, nature))
    meilleurs: list[tuple[int, int, str]] = [(0, 0, "")] + [(-1, 0, "")] * taille
    for debut in range(taille):
        acquis = meilleurs[debut][0]
        for fin, cout, nature in departs[debut]:
            if meilleurs[fin][0] < 0 or acquis + cout < meilleurs[fin][0]:
                meilleurs[fin] = (acquis + cout, debut, nature)
    couverture: dict[str, int] = {}
    fin = taille
    while fin > 0:
        _, debut, nature = meilleurs[fin]
        couverture[nature] = couverture.get(nature, 0) + fin - debut
        fin = debut
    return meilleurs[taille][0], couverture


def _conseiller(texte: _Texte, niveau: Niveau, couverture: dict[str, int], exigence: Exigence) -> list[str]:
    """Say, in French, what would make the password better: at most three things, the most useful first.

    A kind of piece is spoken of when it makes a good part of what was typed: three letters of a random password that
    happen to be a word teach nothing.
    """
    regles = _donnees().regles
    part = regles["conseil_part"]
    phrases = regles["conseils"]
    manque = exigence.longueur - texte.longueur
    conseils = []
    if texte.trop_long:
        return [phrases["retirer"]]
    if manque > 0:
        phrase = phrases["ajouter_un"] if manque == 1 else phrases["ajouter"].replace("{n}", str(manque))
        conseils.append(phrase.replace("{minimale}", str(exigence.longueur)))
    if niveau < max(Niveau.FORT, exigence.niveau):
        nommees = [n for n in NATURES_CONSEILLEES if couverture.get(n, 0) * part >= max(1, len(texte.plie))]
        conseils += [phrases[n] for n in sorted(nommees, key=lambda nature: -couverture[nature])]
        if manque <= 0:
            conseils.append(phrases["allonger"])
    return conseils[:3]


def exigence_d_origine() -> Exigence:
    """Return what the CGU ask (§3.2.a-b): 20 characters, level moyen."""
    return Exigence(_donnees().regles["longueur"]["minimale"], Niveau.MOYEN)


def evaluer(mot_de_passe: str, contexte: Sequence[str] = (), exigence: Exigence | None = None) -> Evaluation:
    """Give the level of `mot_de_passe` and the advice to show (CGU §3.2.a–b, R3).

    `contexte` holds what designates the person and the company, as typed: e-mail address,
    nom, prénom, dénomination, SIREN. The portal's own words are always known. `exigence` is the
    CGU's where it is not given. Raises nothing, whatever the text.
    """
    regles = _donnees().regles
    exigence = exigence or exigence_d_origine()
    texte = _lire(mot_de_passe)
    dixiemes, couverture = _decouper(texte, _mots_du_contexte(contexte))
    suffisante = texte.longueur >= exigence.longueur
    niveau = Niveau.FAIBLE
    if suffisante and not texte.trop_long:
        niveau = max(Niveau(palier["niveau"]) for palier in regles["niveaux"] if dixiemes >= palier["seuil"])
    conseils = _conseiller(texte, niveau, couverture, exigence)
    return Evaluation(niveau, dixiemes, texte.longueur, suffisante, texte.trop_long, conseils, exigence.niveau)
