"""What a disabled espace loses of what its holder knows and has, set aside for seven days, and how it comes back (R15, R16).

Two acts of the surveillance are made of it; here stands what only the accounts touch: hashes, sessions, browsers, links, factors.
The caller holds the lock of the espace, journals and tells.
"""

import json
from datetime import datetime
from typing import Final

from django.utils.dateparse import parse_datetime

from ..chiffrement import MISE_DE_COTE, desceller, sceller
from ..facteurs.second_facteur import oublier_facteurs_recents, oublier_second_facteur
from ..models import Agent, AncienMotDePasse, AncienneAdresse, Compte, Espace, Lien
from ..mots_de_passe.confiance import REMISE, empreinte_sans_reponse, remettre_reponse, remplacer_reponse
from ..mots_de_passe.politique import invalider_mot_de_passe
from ..sessions.navigateurs import oublier_navigateurs
from . import arrets
from .arrets import Arret, Changement, Effet, Memoire, Volet
from .changement_adresse import AdresseDejaPrise, donner_adresse

REMISE_VALABLE: Final = REMISE
_DE_LA_REPONSE: Final = (
    "question_confiance",
    "reponse_confiance",
    "reponse_changee_le",
    "reponse_expire_le",
    "reponse_a_montrer",
    "question_precedente",
    "reponse_precedente",
    "reponse_precedente_le",
)


def reponse_de_personne() -> str:
    """Return the hash that takes the place of an answer: made before the locks, it takes a tenth of a second."""
    return empreinte_sans_reponse()


def _ligne(espace: Espace) -> str:
    return f"surveillance.desactivation|{espace.pk}"


def desarmer(*, auteur: Agent | str, espace: Espace, compte: Compte, empreinte: str, maintenant: datetime) -> str:
    """Make the password unusable, replace the answer by one that nobody knows, end sessions, links, known browsers.

    Both rows are locked; `empreinte` is the hash that takes the place of the answer's. Returns the former hashes, sealed.
    """
    clair = {nom: getattr(espace, nom) for nom in _DE_LA_REPONSE} | {"password": compte.password}
    scelle = sceller(json.dumps(clair, default=str).encode(), ligne=_ligne(espace), coffre=MISE_DE_COTE)
    _fermer(auteur, espace, compte, maintenant)
    remplacer_reponse(espace, empreinte, maintenant=maintenant)
    espace.etat = Espace.Etat.DESACTIVE
    espace.save(update_fields=["etat"])
    compte.is_active = False
    compte.save(update_fields=["is_active"])
    return scelle


def _fermer(auteur: Agent | str, espace: Espace, compte: Compte, maintenant: datetime) -> None:
    invalider_mot_de_passe(acteur=compte, auteur=auteur, maintenant=maintenant)
    compte.refresh_from_db(fields=["password"])
    oublier_navigateurs(acteur=compte, auteur=auteur)
    espace.liens.filter(consomme_le=None, revoque_le=None).update(revoque_le=maintenant)


def rearmer(*, espace: Espace, compte: Compte, scelle: str, etat: str) -> None:
    """Give back the hashes that were set aside: the disabling erred. Sessions and browsers begin anew.

    Raises: accounts.chiffrement.SecretIllisible, when their key is not given any more.
    """
    clair = json.loads(desceller(scelle, ligne=_ligne(espace), coffre=MISE_DE_COTE))
    compte.password = clair.pop("password")
    compte.is_active = True
    compte.save(update_fields=["password", "is_active"])
    AncienMotDePasse.objects.filter(compte=compte, empreinte=compte.password).delete()
    for nom, valeur in clair.items():
        setattr(espace, nom, parse_datetime(valeur) if nom.endswith("_le") and valeur else valeur)
    espace.etat = etat
    espace.save(update_fields=[*_DE_LA_REPONSE, "etat"])


def rouvrir(
    *,
    auteur: Agent | str,
    espace: Espace,
    compte: Compte,
    etat: str,
    empreinte: str,
    facteurs_depuis: datetime | None,
    maintenant: datetime,
) -> None:
    """Open again an espace whose holder was recognised at the counter, under an answer that only a slip will tell (R16).

    The password stays unusable until it is reset; second factors added since `facteurs_depuis` go, all of them where it is None, none where it is `maintenant`.
    """
    _fermer(auteur, espace, compte, maintenant)
    if facteurs_depuis is None:
        oublier_second_facteur(acteur=compte)
    depuis = facteurs_depuis or compte.cree_le
    if depuis < maintenant:
        oublier_facteurs_recents(espace=espace, compte=compte, depuis=depuis)
    remplacer_reponse(espace, empreinte, maintenant=maintenant, expire_le=maintenant + REMISE)
    espace.etat = etat
    espace.save(update_fields=["etat"])
    compte.is_active = True
    compte.save(update_fields=["is_active"])


def remettre_la_reponse(*, acteur: Agent, espace: Espace, maintenant: datetime) -> str:
    """Draw the answer that a slip will tell, and return it, to be printed once (R16). Raises: FonctionChangee."""
    return remettre_reponse(acteur=acteur, espace=espace, maintenant=maintenant)


def adresse_d_avant(espace: Espace, depuis: datetime) -> str:
    """Return the login address that was confirmed before this moment, "" where it has not changed since.

    What the holder gave at the counter, recognised by two agents, ends the search: the mailbox before may be lost to him.
    """
    assert espace.compte is not None  # noqa: S101 - an espace that may be disabled has an account
    changees = list(AncienneAdresse.objects.filter(espace=espace, changee_le__gte=depuis))
    donnees = [rang for rang, ligne in enumerate(changees) if ligne.voie == AncienneAdresse.Voie.GUICHET]
    depuis_le_guichet = changees[donnees[-1] + 1 :] if donnees else changees
    premiere = depuis_le_guichet[0].adresse if depuis_le_guichet else ""
    return premiere if premiere != espace.compte.email else ""


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    attendus = espace.liens.filter(objet=Lien.Objet.CHANGEMENT_ADRESSE, consomme_le=None, revoque_le=None)
    avant = adresse_d_avant(espace, depuis)
    return [
        Effet(
            titre="Adresse de connexion remise",
            lignes=(f"{avant}, confirmée avant le premier acte suspect",) if avant else (),
        ),
        Effet(titre="Changement d’adresse en attente, arrêté", lignes=tuple(lien.adresse for lien in attendus)),
    ]


def _arreter(arret: Arret) -> Memoire:
    """Put back the address that was confirmed before, unless somebody else has taken it since."""
    compte = arret.espace.compte
    assert compte is not None  # noqa: S101 - the act has refused an espace without account
    avant, apres = adresse_d_avant(arret.espace, arret.depuis), compte.email
    if not avant:
        return {}
    try:
        donner_adresse(
            acteur=compte,
            espace=arret.espace,
            adresse=avant,
            voie=AncienneAdresse.Voie.DESACTIVATION,
            maintenant=arret.maintenant,
        )
    except AdresseDejaPrise:
        compte.email = apres
        return {"avant": avant, "prise": True}
    return {"avant": avant, "apres": apres}


def _rendre(arret: Arret, memoire: Memoire) -> None:
    compte = arret.espace.compte
    if compte is None or not memoire.get("apres"):
        return
    try:
        donner_adresse(
            acteur=compte,
            espace=arret.espace,
            adresse=memoire["apres"],
            voie=AncienneAdresse.Voie.DESACTIVATION,
            maintenant=arret.maintenant,
        )
    except AdresseDejaPrise:
        compte.email = memoire["avant"]


def _changements(espace: Espace, depuis: datetime, memoire: Memoire) -> list[Changement]:
    if not memoire:
        return []
    if memoire.get("prise"):
        precision = f"{memoire['avant']} sert désormais à un autre espace : elle n’a pas pu vous être rendue."
    else:
        precision = f"{memoire['apres']} remplacée par {memoire['avant']}, confirmée avant."
    return [Changement(cle="connexion", titre="Adresse de connexion", precision=precision, quand="", defaisable=False)]


def inscrire_l_adresse() -> None:
    """Give the disablings what the accounts know: the login address."""
    arrets.inscrire(Volet(nom="adresse", prevoir=_prevoir, arreter=_arreter, rendre=_rendre, changements=_changements))
