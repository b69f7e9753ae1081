"""Where a letter to a personne goes, and whether the post can deliver it (issue 11 item 9).

The register's address, unless an agent has entered another one for the letters; what the agent entered was right against
the register of that day, so that it gives way once the register gives a new address.
"""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import AdressePostale
from accounts.saisies.regles import RegleMetier

from ..fichiers_insee import NON_DIFFUSIBLE
from ..models import AdresseSaisie, PersonneSirenisee

_MASQUE = "[ND]"  # what INSEE writes in a cell that it does not give


class AdresseInconnue(RegleMetier):
    code = "adresse_postale_inconnue"
    message = (
        "L’adresse postale {denomination:de} n’est pas connue, ou pas assez précise pour qu’un courrier y arrive : aucun code ne "
        "peut lui être envoyé. Adressez-vous à son service gestionnaire ({gestionnaire}, {telephone}) avec un justificatif "
        "récent de l’adresse : un agent peut l’enregistrer, et vous pourrez alors déposer votre demande."
    )

    def __init__(self, personne: PersonneSirenisee) -> None:
        gestionnaire = personne.service_gestionnaire
        super().__init__(
            denomination=personne.denomination,
            gestionnaire=gestionnaire.nom,
            telephone=gestionnaire.telephone,
            siren=personne.siren,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AdresseEnvoi:
    """The address of a letter. `saisie`: entered by an agent; `destinataire`: whom to write to, when it is another name."""

    complement: str
    voie: str
    distribution: str
    code_postal: str
    commune: str
    pays: str
    destinataire: str = ""
    saisie: bool = False

    @property
    def lignes_adresse(self) -> list[str]:
        """The lines below the addressee's name, in the order of the envelope, without the empty ones."""
        localite = f"{self.code_postal} {self.commune}".strip()
        lignes = (self.complement, self.voie, self.distribution, localite, self.pays)
        return [ligne for ligne in lignes if ligne and ligne.upper() != "FRANCE"]

    @property
    def localite(self) -> str:
        """The town, with its postal code; abroad, the country: what a visitor is told of it."""
        lieu = f"{self.code_postal} {self.commune}".strip()
        return lieu if self.pays.upper() in ("", "FRANCE") else f"{lieu}, {self.pays}"

    @property
    def annonce(self) -> str:
        """What who names the SIREN is told of it: the register's, which is public; an agent's entry is the company's own."""
        return "l’adresse connue de son service gestionnaire" if self.saisie else ", ".join(self.lignes_adresse)

    @property
    def est_distribuable(self) -> bool:
        """Whether the post can deliver it: a town with its postal code, or a country; and a place in that town."""
        return bool(
            self.commune
            and (self.code_postal or self.pays.upper() not in ("", "FRANCE"))
            and (self.voie or self.distribution or self.complement)
        )


def _lire(adresse: AdressePostale, *, destinataire: str = "", saisie: bool = False) -> AdresseEnvoi:
    colonnes = ("complement", "voie", "distribution", "code_postal", "commune", "pays")
    return AdresseEnvoi(
        **{nom: _connu(getattr(adresse, nom)) for nom in colonnes}, destinataire=destinataire, saisie=saisie
    )


def _connu(cellule: str) -> str:
    return " ".join(cellule.replace(_MASQUE, " ").split())


def est_distribuable(adresse: AdressePostale) -> bool:
    """Whether the post can deliver this address."""
    return _lire(adresse).est_distribuable


def adresses_des_courriers(personnes: Collection[PersonneSirenisee]) -> dict[int, AdresseEnvoi | None]:
    """Return, by the key of each personne, where a letter to it goes; None where none can: one query in all."""
    saisies = {
        saisie.personne_id: saisie
        for saisie in AdresseSaisie.objects.filter(personne__in=[personne.pk for personne in personnes], fin_le=None)
    }
    return {personne.pk: _choisir(personne, saisies.get(personne.pk)) for personne in personnes}


def adresse_du_courrier(personne: PersonneSirenisee) -> AdresseEnvoi | None:
    """Return where a letter to this personne goes; None where none can be delivered."""
    return adresses_des_courriers([personne])[personne.pk]


def _choisir(personne: PersonneSirenisee, saisie: AdresseSaisie | None) -> AdresseEnvoi | None:
    registre = _lire(personne)
    suffit = registre.est_distribuable and not nom_inconnu(personne)
    if suffit and (saisie is None or saisie.registre != personne.lignes_adresse):
        return registre
    if saisie is None:
        return None
    return _lire(saisie, destinataire=saisie.destinataire, saisie=True)


def nom_inconnu(personne: PersonneSirenisee) -> bool:
    """Whether the register gives no name to write on an envelope."""
    return personne.denomination == NON_DIFFUSIBLE or not _connu(personne.denomination)


def exiger_adresse(personne: PersonneSirenisee) -> AdresseEnvoi:
    """Return where a letter to this personne goes. Raises: AdresseInconnue."""
    adresse = adresse_du_courrier(personne)
    if adresse is None:
        raise AdresseInconnue(personne)
    return adresse
