"""What the particulars of an espace were: kept at each change, put back by a disabling, told to who must recognise its holder (R15, R16).

Whoever finds a session open could write his own name and company on an espace, then have himself recognised at his own counter.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..documents.typst import siren_lisible
from ..models import AnciennesCoordonnees, Espace
from ..saisies.organisations import denomination
from . import arrets
from .arrets import Arret, Changement, Effet, Memoire, Volet

CHAMPS: Final = (
    "civilite",
    "prenom",
    "nom",
    "telephone",
    "siren_appartenance",
    "complement",
    "voie",
    "distribution",
    "code_postal",
    "commune",
    "pays",
)
IDENTITE: Final = {"Nom": ("civilite", "prenom", "nom"), "Organisation": ("siren_appartenance",)}
"""What says who somebody is and whom he acts for: what a counter must know was changed."""


@dataclass(frozen=True, kw_only=True)
class IdentiteChangee:
    """One thing of the identity that was changed, `fois` times: from `de` to `a`, by way of `entre` where it was changed again."""

    quoi: str
    de: str
    a: str
    entre: str
    fois: int
    premier_le: datetime
    dernier_le: datetime


def valeurs(ligne: Espace | AnciennesCoordonnees) -> dict[str, str]:
    """Return the particulars that this row holds, column by column."""
    return {champ: getattr(ligne, champ) for champ in CHAMPS}


def ecrire(*, espace: Espace, nouvelles: dict[str, str], maintenant: datetime) -> None:
    """Store these particulars, already checked, and keep the ones before; the espace is locked, and one of them differs."""
    AnciennesCoordonnees.objects.create(espace=espace, changees_le=maintenant, **valeurs(espace))
    for champ, valeur in nouvelles.items():
        setattr(espace, champ, valeur)
    espace.save(update_fields=list(nouvelles))


def avant(espace: Espace, depuis: datetime) -> AnciennesCoordonnees | None:
    """Return the particulars as they stood at this moment, None where nothing of them was changed since."""
    return AnciennesCoordonnees.objects.filter(espace=espace, changees_le__gte=depuis).first()


def renomme_depuis(espace: Espace, depuis: datetime) -> bool:
    """Whether the espace bore another name at any time since this moment."""
    lignes = AnciennesCoordonnees.objects.filter(espace=espace, changees_le__gte=depuis)
    return lignes.exclude(prenom=espace.prenom, nom=espace.nom).exists()


def identite_changee_depuis(espace: Espace, depuis: datetime) -> list[IdentiteChangee]:
    """Return what of the name and the organisation was changed since this moment, however often."""
    lignes = list(AnciennesCoordonnees.objects.filter(espace=espace, changees_le__gte=depuis))
    bilan = []
    for quoi, colonnes in IDENTITE.items():
        etats = [tuple(getattr(ligne, colonne) for colonne in colonnes) for ligne in (*lignes, espace)]
        dates = [ligne.changees_le for ligne, a, b in zip(lignes, etats, etats[1:], strict=False) if a != b]
        if not dates:
            continue
        autres = [etat for etat in etats if etat not in (etats[0], etats[-1])]
        de, a, entre = (
            _dire(dict(zip(colonnes, etat, strict=True)))[quoi] if etat is not None else ""
            for etat in (etats[0], etats[-1], autres[-1] if autres else None)
        )
        bilan.append(
            IdentiteChangee(
                quoi=quoi, de=de, a=a, entre=entre, fois=len(dates), premier_le=dates[0], dernier_le=dates[-1]
            )
        )
    return bilan


def differences(de: dict[str, str], a: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return what differs between two sets of particulars, as a person reads it."""
    if de == a:
        return []
    dits, redits = _dire(de), _dire(a)
    return [(quoi, dits[quoi], redits[quoi]) for quoi in dits if dits[quoi] != redits[quoi]]


def _dire(lues: dict[str, str]) -> dict[str, str]:
    ligne = AnciennesCoordonnees(**lues)
    siren = ligne.siren_appartenance
    return {
        "Nom": f"{ligne.get_civilite_display()} {ligne.prenom} {ligne.nom}".strip(),
        "Organisation": ", ".join(filter(None, (denomination(siren), f"SIREN {siren_lisible(siren)}")))
        if siren
        else "non indiquée",
        "Téléphone": ligne.telephone or "non indiqué",
        "Adresse": ", ".join(ligne.lignes_adresse) or "non indiquée",
    }


def _a_remettre(espace: Espace, depuis: datetime) -> dict[str, str]:
    """Return the columns that a disabling puts back, with what they held before the first suspect act."""
    anciennes, present = avant(espace, depuis), valeurs(espace)
    if anciennes is None:
        return {}
    return {champ: valeur for champ, valeur in valeurs(anciennes).items() if present[champ] != valeur}


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    present = valeurs(espace)
    remises = differences(present, present | _a_remettre(espace, depuis))
    return [
        Effet(
            titre="Coordonnées remises comme avant le premier acte suspect",
            lignes=tuple(f"{quoi} : {a} (aujourd’hui : {de})" for quoi, de, a in remises),
        )
    ]


def _arreter(arret: Arret) -> Memoire:
    """Put back what was changed since the first suspect act: nobody is recognised at a counter by what a thief has written."""
    remettre = _a_remettre(arret.espace, arret.depuis)
    if not remettre:
        return {}
    apres = {champ: getattr(arret.espace, champ) for champ in remettre}
    ecrire(espace=arret.espace, nouvelles=remettre, maintenant=arret.maintenant)
    return {"avant": remettre, "apres": apres}


def _rendre(arret: Arret, memoire: Memoire) -> None:
    if memoire:
        ecrire(espace=arret.espace, nouvelles=memoire["apres"], maintenant=arret.maintenant)


def _changements(espace: Espace, depuis: datetime, memoire: Memoire) -> list[Changement]:
    if not memoire:
        return []
    vide: dict[str, Any] = dict.fromkeys(CHAMPS, "")
    return [
        Changement(
            cle=quoi.lower(),
            titre=f"Coordonnées : {quoi.lower()}",
            precision=f"« {de} » remplacé par « {a} », comme avant. Si ce changement était le vôtre, refaites-le dans « Vos coordonnées ».",
            quand="",
            defaisable=False,
        )
        for quoi, de, a in differences(vide | memoire["apres"], vide | memoire["avant"])
    ]


def inscrire_les_coordonnees() -> None:
    """Give the disablings what the espace says of its holder."""
    arrets.inscrire(
        Volet(nom="coordonnees", prevoir=_prevoir, arreter=_arreter, rendre=_rendre, changements=_changements)
    )
