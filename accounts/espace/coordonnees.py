"""The particulars of the holder (CGU §4.b, « Gérer vos coordonnées »)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..models import Compte, Espace
from ..mots_de_passe.politique import CompteModifie, exiger_non_desactive, exiger_prouve
from ..saisies.code_postal import exiger_code_du_pays, normaliser_code_postal
from ..saisies.noms import normaliser_nom, normaliser_texte
from ..saisies.regles import RegleMetier
from ..saisies.sirens import normaliser_siren
from ..saisies.telephone import normaliser_telephone
from ..traces.journal import consigner
from .coordonnees_d_avant import ecrire
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
def modifier_coordonnees(*, acteur: Espace, coordonnees: Coordonnees, maintenant: datetime | None = None) -> list[str]:
    """Store the particulars and return the columns that changed; nothing is written when none did.

    What they were is kept a year (`coordonnees_d_avant`); the journal and the mail name the fields, never the values (CNIL
    2021-122). `acteur.compte` is the account as it was read to prove the password.
    Raises: EspaceDesactive, CompteModifie, NomRequis, NomInvalide, NomReserve, TexteIllisible, TelephoneInvalide,
    CodePostalInvalide, CodePostalDeFrance, SirenInvalide.
    """
    prouve = acteur.compte
    espace = Espace.objects.select_for_update(no_key=True).select_related(None).get(pk=acteur.pk)
    exiger_non_desactive(espace)
    if espace.compte_id is None:
        raise CompteModifie
    compte = Compte.objects.select_for_update(no_key=True).get(pk=espace.compte_id)
    exiger_prouve(prouve, compte)
    lues = {
        champ: valeur if valeur == getattr(espace, champ) else _normaliser(champ, valeur)
        for champ, valeur in asdict(coordonnees).items()
    }
    if any(lues[champ] != getattr(espace, champ) for champ in ("code_postal", "pays")):
        exiger_code_du_pays(lues["code_postal"], lues["pays"])
    if not (lues["nom"] and lues["prenom"]):
        raise NomRequis
    nouvelles = {champ: valeur for champ, valeur in lues.items() if getattr(espace, champ) != valeur}
    changes = list(nouvelles)
    if not changes:
        return []
    if {"nom", "prenom"} & set(changes):
        exiger_nom_admis(prenom=lues["prenom"], nom=lues["nom"])
    ecrire(espace=espace, nouvelles=nouvelles, maintenant=maintenant or timezone.now())
    evenement = consigner(actes.COORDONNEES_MODIFIEES, auteur=espace, details={"champs": changes})
    courriels.deposer(
        "coordonnees_modifiees",
        destinataire=compte.email,
        acte=f"evenement:{evenement.pk}",
        espace=espace,
        contexte={"champs": [str(Espace._meta.get_field(champ).verbose_name) for champ in changes]},  # type: ignore[union-attr]
    )
    return changes
