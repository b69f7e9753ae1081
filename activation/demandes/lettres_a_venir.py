"""What is said of a letter before it is sent: to whom, where, for what, when (CGU §2.3; issue 10, item 7).

Who holds a right on the company reads the envelope as it will be. Another is told of the register, which is public, and
of what an agent has entered that there is such an address, no more; a visitor, the town.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.elisions import de
from services.adresses.envoi import AdresseEnvoi, AdresseInconnue, adresses_des_courriers
from services.models import PersonneSirenisee

from ..models import Courrier, Demande
from .courriel_personne import DEMARCHE
from .lectures import ACHEMINEMENT
from .plafonds import departs_des_courriers


@dataclass(frozen=True, kw_only=True)
class LettreAVenir:
    """One letter that a button is about to send. `date_du`: the day that it waits for, when it does not leave at once."""

    personne: PersonneSirenisee
    demarches: tuple[str, ...]
    destinataire: str
    adresse: str
    part_le: date
    attend_son_jour: bool

    @property
    def arrive_le(self) -> date:
        """About when it is there."""
        return self.part_le + ACHEMINEMENT

    @property
    def montre(self) -> tuple[object, ...]:
        """Return what its print covers: all that the page says of it, but the estimate."""
        return (self.personne.siren, *self.demarches, self.destinataire, self.adresse, self.part_le)


def lettres_a_venir(
    espace: Espace, choix: Sequence[tuple[PersonneSirenisee, Sequence[str]]], *, maintenant: datetime | None = None
) -> list[LettreAVenir]:
    """Return the letters that asking for these démarches would send, in the order given: five queries in all.

    Raises: AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    personnes = [personne for personne, _ in choix]
    envois = adresses_des_courriers(personnes)
    departs = departs_des_courriers(espace, personnes, maintenant=maintenant)
    lettres = []
    for personne, demarches in choix:
        envoi = envois[personne.pk]
        if envoi is None:
            raise AdresseInconnue(personne)
        tour, depart = departs[personne.pk]
        habilite = tour == Courrier.Priorite.HABILITE
        lettres.append(
            LettreAVenir(
                personne=personne,
                demarches=tuple(demarches),
                destinataire=_destinataire(personne, envoi, habilite=habilite),
                adresse=", ".join(envoi.lignes_adresse) if habilite else envoi.annonce,
                part_le=timezone.localdate(depart),
                attend_son_jour=depart > maintenant,
            )
        )
    return lettres


def lettre_d_une_demande(demande: Demande) -> LettreAVenir:
    """Return another letter of this demande, as it would leave now. Raises: AdresseInconnue."""
    demarches = [ligne.service.libelle for ligne in demande.lignes.select_related("service").order_by("service__ordre")]
    if demande.nouvelle_adresse:
        demarches = [f"{DEMARCHE} par {demande.nouvelle_adresse}"]
    (lettre,) = lettres_a_venir(demande.espace, [(demande.personne, demarches)])
    return lettre


def _destinataire(personne: PersonneSirenisee, envoi: AdresseEnvoi, *, habilite: bool) -> str:
    """Return whom the envelope names; to who holds nothing there, the représentant légal without his name."""
    if not habilite:
        return f"Représentant légal {de(personne.denomination)}"
    nom = envoi.destinataire or personne.denomination
    if personne.representant_legal:
        return f"{nom}, {personne.representant_legal}, représentant légal"
    return f"{nom}, à l’attention du représentant légal"
