"""« Vos entreprises » as the home page draws them: what the habilitations hold, with what waits for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from accounts.espace.a_faire import Ligne, chercher, dire, personnes_des, restreindre
from accounts.models import Espace
from habilitations.lectures.cessations import avis_de_cessation
from habilitations.lectures.entreprises import (
    EntrepriseTenue,
    FiltresEntreprises,
    VosEntreprises,
    dernieres_ouvertures,
    entreprises,
    nombre_d_autres,
    ouvertes_recemment,
    vos_entreprises,
)

from .a_faire import A_L_ACCUEIL, AFaire, a_montrer


@dataclass(frozen=True)
class Accueil:
    """The home page of an espace."""

    a_faire: AFaire
    vos: VosEntreprises
    tenues: Sequence[EntrepriseTenue]
    recentes: Sequence[EntrepriseTenue] = ()
    autres: int = 0  # who else has access to the one company
    siren: int = 0  # companies of which something is held, en veille too
    en_demande: int = 0  # the others, of which a code is still awaited
    servies: bool = False  # whether a service is held, for any company
    non_lus: int = 0  # exchanges of the mailbox that one has to read
    ailleurs: int = 0  # companies of other offices, which an office is not shown


def lire(espace: Espace, filtres: FiltresEntreprises, *, bureau: int | None = None) -> Accueil:
    """Return what waits and the companies: four queries, one more for one or many, two by service, one where one is closed.

    `bureau` is the key of the service gestionnaire that looks at it in the holder's place: its companies alone, and neither
    what the holder prefers, nor an e-mail address (issue 14, item 5).
    """
    maintenant = timezone.now()
    faits = chercher(espace, maintenant=maintenant)
    toutes = entreprises(espace, personnes_des(faits), avec_favoris=bureau is None)
    tenues = [tenue for tenue in toutes if bureau in {None, tenue.personne.service_gestionnaire_id}]
    if bureau is None:
        lignes = dire(espace, faits, maintenant)
    else:
        lignes = dire(espace, restreindre(faits, {tenue.personne.pk for tenue in tenues}), maintenant)
        lignes = [ligne if ligne.personnes else replace(ligne, pour_qui="") for ligne in lignes]
    premieres = _premieres(lignes)
    for tenue in tenues:
        tenue.attend = premieres.get(tenue.personne.pk)
    vos = vos_entreprises(tenues, filtres, total=len(toutes))
    noms = {tenue.personne.pk: tenue.personne.denomination for tenue in tenues}
    recentes: Sequence[EntrepriseTenue] = ()
    if vos.filtres.vue and vos.choisi:
        ouvertures = dernieres_ouvertures(espace, vos.choisi.service, [tenue.personne.pk for tenue in vos.page])
        for tenue in vos.page:
            tenue.ouverte_le = ouvertures.get(tenue.personne.pk)
    elif vos.dense and not filtres.poses and bureau is None and any(tenue.services for tenue in tenues):
        recentes = ouvertes_recemment(espace, tenues)
    autres = nombre_d_autres(espace, vos.seule.personne) if vos.seule else 0
    closes = {avis.personne.pk: avis for avis in avis_de_cessation(tenue.personne for tenue in vos.page)}
    for tenue in vos.page:
        tenue.avis = closes.get(tenue.personne.pk)
    return Accueil(
        a_montrer(lignes, noms, nombre=A_L_ACCUEIL),
        vos,
        tenues,
        recentes,
        autres,
        siren=sum(tenue.tenue for tenue in toutes),
        en_demande=sum(not tenue.tenue for tenue in toutes),
        servies=any(tenue.services for tenue in toutes),
        ailleurs=len(toutes) - len(tenues),
        non_lus=sum(fait["n"] for fait in faits.get("messages", ())),
    )


def _premieres(lignes: Sequence[Ligne]) -> dict[int, Ligne]:
    """Return the gravest line about each company, by key: they come in that order."""
    premieres: dict[int, Ligne] = {}
    for ligne in lignes:
        if ligne.en_bref:
            for cle in ligne.personnes:
                premieres.setdefault(cle, ligne)
    return premieres
