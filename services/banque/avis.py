"""The mails of the accounts: every change is told to all administrators of the SIREN and to the company, with a way to report it."""

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.compteurs.plafonds import dater_avis
from accounts.envois import courriels
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour_heure

from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire
from .droits import administrateurs_de


def prevenir(
    reference: ReferenceBancaire,
    *,
    changement: ChangementBancaire,
    acte: str,
    acteur: Espace,
    maintenant: datetime,
    details: str = "",
) -> None:
    """Write of this change to all administrators of the SIREN, whoever did it included, and to the company's address.

    Never withheld, only the company's may be dated: who changes too much is refused.
    """
    contexte = _contexte(reference, changement) | {
        "details": details,
        "acteur": acteur.nom_complet,
        "le": jour_heure(maintenant),
    }
    _a_tous("compte_bancaire_change", reference, acte, contexte, maintenant)


def prevenir_de_la_reunion(
    reference: ReferenceBancaire,
    *,
    changement: ChangementBancaire,
    rum: str,
    aussi: PersonneSirenisee,
    maintenant: datetime,
) -> None:
    """Write to the administrators of both files that this account stood in each, and which mandate stays; `aussi`: the other file."""
    contexte = _contexte(reference, changement) | {
        "details": (
            "Il figurait dans deux dossiers qui viennent d’être réunis, l’un sous un identifiant provisoire : l’autre exemplaire "
            f"reste, avec le mandat {rum}."
        ),
        "acteur": reference.personne.service_gestionnaire.nom,
        "le": jour_heure(maintenant),
    }
    _a_tous(
        "compte_bancaire_change", reference, f"compte-bancaire-reuni:{reference.pk}", contexte, maintenant, aussi=aussi
    )


def prevenir_du_signalement(
    signalement: SignalementBancaire, *, par: str, maintenant: datetime, ligne: int | None = None
) -> None:
    """Write to the same that this change is said not to be theirs, and what is suspended. `par` is who said so, in words.

    `ligne`: the line of the journal of who says so after another: a notice of its own.
    """
    changement = signalement.changement
    contexte = _contexte(changement.reference, changement) | {
        "fait_le": jour_heure(changement.fait_le),
        "fait_par": changement.espace.nom_complet if changement.espace else "",
        "par": par,
        "le": jour_heure(maintenant),
    }
    acte = f"compte-bancaire-signale:{signalement.pk}" + (f":{ligne}" if ligne is not None else "")
    _a_tous("compte_bancaire_signale", changement.reference, acte, contexte, maintenant)


def prevenir_de_la_decision(signalement: SignalementBancaire, *, suite: str, maintenant: datetime) -> None:
    """Write to the same what became of a report: taken back, or decided by the office. `suite` is what it comes to, in words."""
    changement = signalement.changement
    contexte = _contexte(changement.reference, changement) | {
        "fait_le": jour_heure(changement.fait_le),
        "issue": signalement.get_etat_display(),
        "motif": signalement.reponse,
        "suite": suite,
    }
    acte = f"compte-bancaire-signalement-{signalement.etat.lower()}:{signalement.pk}"
    _a_tous("compte_bancaire_signalement_clos", changement.reference, acte, contexte, maintenant)


def prevenir_de_la_levee(reference: ReferenceBancaire, *, motif: str, maintenant: datetime) -> None:
    """Write to the administrators that the office has seen that this account is open: it serves again, or may be added again."""
    contexte = _contexte(reference) | {"motif": motif, "retire": reference.supprimee_le is not None}
    acte = f"compte-bancaire-cloture-levee:{reference.pk}:{maintenant:%Y%m%d%H%M%S%f}"
    _aux_administrateurs("compte_bancaire_cloture_levee", reference, acte, contexte, maintenant)


def _contexte(reference: ReferenceBancaire, changement: ChangementBancaire | None = None) -> dict[str, Any]:
    """Return what each of these mails says of the account, never its IBAN."""
    personne = reference.personne
    gestionnaire = personne.service_gestionnaire
    quoi: dict[str, Any] = {}
    if changement is not None:
        retire = changement.genre == ChangementBancaire.Genre.SUPPRESSION
        quoi = {"quoi": changement.get_genre_display(), "changement": str(changement.pk), "retire": retire}
    return quoi | {
        "compte": reference.iban_masque,
        "titulaire": reference.titulaire,
        "denomination": personne.denomination,
        "siren": personne.siren,
        "gestionnaire": gestionnaire.nom,
        "telephone": gestionnaire.telephone,
    }


def _a_tous(
    genre: str,
    reference: ReferenceBancaire,
    acte: str,
    contexte: dict[str, Any],
    maintenant: datetime,
    *,
    aussi: PersonneSirenisee | None = None,
) -> None:
    """Write this to all administrators of the SIREN, and in its own words to the company's address."""
    personne = reference.personne
    _aux_administrateurs(genre, reference, acte, contexte, maintenant, aussi=aussi)
    if personne.courriel:
        courriels.deposer(
            f"{genre}_entreprise",
            destinataire=personne.courriel,
            acte=f"{acte}:entreprise",
            contexte=contexte,
            maintenant=maintenant,
            pas_avant=dater_avis(f"banque|{personne.pk}", settings.DEBIT_COURRIEL_ENTREPRISE, maintenant),
        )


def dire_prevenus(personne: PersonneSirenisee) -> str:
    """Return whom `prevenir` wrote to: the company only where its address is confirmed."""
    return f"Les administrateurs{' et l’entreprise' if personne.courriel else ''} sont prévenus."


def prevenir_de_la_reponse(
    reference: ReferenceBancaire,
    *,
    prelevement: str,
    reponse: str,
    motif: str,
    suite: str,
    acte: str,
    maintenant: datetime,
) -> None:
    """Write what the bank answered to all administrators of the SIREN; `suite` is what a refusal asks of them."""
    contexte = {
        "compte": reference.iban_masque,
        "titulaire": reference.titulaire,
        "denomination": reference.personne.denomination,
        "siren": reference.personne.siren,
        "prelevement": prelevement,
        "reponse": reponse,
        "motif": motif,
        "suite": suite,
    }
    _aux_administrateurs("compte_bancaire_reponse", reference, acte, contexte, maintenant)


def _aux_administrateurs(
    genre: str,
    reference: ReferenceBancaire,
    acte: str,
    contexte: dict[str, Any],
    maintenant: datetime,
    *,
    aussi: PersonneSirenisee | None = None,
) -> None:
    """Write this to all of them in one statement: the company is locked meanwhile, however many they are."""
    personnes = [reference.personne] if aussi is None else [reference.personne, aussi]
    leurs = {espace.pk: espace for personne in personnes for espace in administrateurs_de(personne)}
    neufs = [
        Courriel(
            genre=genre,
            destinataire=espace.compte.email,
            acte=acte,
            espace=espace,
            contexte=contexte,
            cree_le=maintenant,
            prochain_essai_le=maintenant,
        )
        for espace in leurs.values()
        if espace.compte is not None
    ]
    courriels.deposer_ensemble(neufs, maintenant)
