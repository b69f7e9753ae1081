"""The particulars of the holder (CGU §4.b, « Gérer vos coordonnées »)."""

from dataclasses import asdict, dataclass

from django.db import transaction

from .. import actes
from ..envois import courriels
from ..models import Espace
from ..saisies.code_postal import normaliser_code_postal
from ..saisies.noms import normaliser_nom, normaliser_texte
from ..saisies.regles import RegleMetier
from ..saisies.sirens import normaliser_siren
from ..saisies.telephone import normaliser_telephone
from ..traces.journal import consigner
from .noms_admis import exiger_nom_admis


class NomRequis(RegleMetier):
    code = "nom_requis"
    message = "Le nom et le prénom sont obligatoires : l’espace est celui d’une personne."


@dataclass(frozen=True, kw_only=True)
class Coordonnees:
    """What the holder may change alone, as typed; `modifier_coordonnees` checks and normalises it."""

    civilite: str
    prenom: str
    nom: str
    telephone: str
    siren_appartenance: str
    complement: str = ""
    voie: str = ""
    distribution: str = ""
    code_postal: str = ""
    commune: str = ""
    pays: str = ""

    @classmethod
    def de(cls, espace: Espace) -> "Coordonnees":
        """Return the particulars of this espace as they stand."""
        return cls(**{champ: getattr(espace, champ) for champ in cls.__dataclass_fields__})


def _normaliser(champ: str, valeur: str) -> str:
    if champ == "siren_appartenance":
        return normaliser_siren(valeur) if valeur.strip() else ""
    if champ in {"nom", "prenom"}:
        return normaliser_nom(valeur)
    if champ == "telephone":
        return normaliser_telephone(valeur)
    if champ == "code_postal":
        return normaliser_code_postal(valeur)
    return normaliser_texte(valeur)


@transaction.atomic
def modifier_coordonnees(*, acteur: Espace, coordonnees: Coordonnees) -> list[str]:
    """Store the particulars and return the columns that changed; nothing is written when none did.

    The journal and the mail name the fields, never the values (CNIL 2021-122).
    Raises: NomRequis, NomInvalide, NomReserve, TexteIllisible, TelephoneInvalide, CodePostalInvalide, SirenInvalide.
    """
    espace = Espace.objects.select_for_update(no_key=True).select_related(None).get(pk=acteur.pk)
    nouvelles = {
        champ: valeur if valeur == getattr(espace, champ) else _normaliser(champ, valeur)
        for champ, valeur in asdict(coordonnees).items()
    }
    if not (nouvelles["nom"] and nouvelles["prenom"]):
        raise NomRequis
    changes = [champ for champ, valeur in nouvelles.items() if getattr(espace, champ) != valeur]
    if not changes:
        return []
    if {"nom", "prenom"} & set(changes):
        exiger_nom_admis(prenom=nouvelles["prenom"], nom=nouvelles["nom"])
    for champ in changes:
        setattr(espace, champ, nouvelles[champ])
    espace.save(update_fields=changes)
    evenement = consigner(actes.COORDONNEES_MODIFIEES, auteur=espace, details={"champs": changes})
    compte = espace.compte
    if compte is not None:
        courriels.deposer(
            "coordonnees_modifiees",
            destinataire=compte.email,
            acte=f"evenement:{evenement.pk}",
            espace=espace,
            contexte={"champs": [str(Espace._meta.get_field(champ).verbose_name) for champ in changes]},  # type: ignore[union-attr]
        )
    return changes
