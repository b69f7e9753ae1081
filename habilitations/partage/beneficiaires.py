"""Finding the person to share with: by numéro d'abonné and name, without saying which of the two is wrong (R11)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from accounts.compteurs.essais import essai_compte
from accounts.models import Espace
from accounts.saisies.numeros import normaliser_numero, numero_valide
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from accounts.saisies.repliement import replier
from accounts.traces.journal import combien, consigner

from .. import actes
from ..arbre.lots import verrouiller_acteur
from ..droits.cles import accordees_sous
from ..models import Habilitation

ESSAIS: Final = 10
COLLABORATEURS_AU_PLUS: Final = 100
FENETRE_DES_RECHERCHES: Final = timedelta(hours=1)


class NumeroMalSaisi(RegleMetier):
    code = "numero_mal_saisi"
    message = "Ce numéro d’abonné n’est pas bien recopié : il compte 14 chiffres. Vérifiez chacun d’eux."


class BeneficiaireIntrouvable(EssaiRefuse):
    """The one answer for an unknown number, another name, an espace that is not active."""

    code = "beneficiaire_introuvable"
    message = (
        "Aucun espace actif ne porte à la fois ce numéro d’abonné et ce nom. Demandez à la personne les deux, tels "
        "qu’ils figurent sur son récapitulatif d’inscription."
    )


class BeneficiaireSoiMeme(RegleMetier):
    code = "beneficiaire_soi_meme"
    message = "Ce numéro d’abonné est le vôtre : indiquez celui de la personne à habiliter."


class BeneficiaireNonExpert(RegleMetier):
    code = "beneficiaire_non_expert"
    message = (
        "Cet espace est un espace simplifié : il ne peut recevoir aucune habilitation. Son détenteur doit d’abord le "
        "transformer en espace expert."
    )


class NumeroDuDemandeurInexact(EssaiRefuse):
    """The number typed is not that of who asks from below, who is perhaps not the person whose name is shown."""

    code = "numero_du_demandeur_inexact"
    message = (
        "Ce numéro d’abonné n’est pas celui de la personne qui a fait cette demande. Redemandez-le à la personne que vous "
        "connaissez : si elle vous donne de nouveau celui-ci, la demande n’est pas d’elle."
    )


class TropDeRecherches(EssaiRefuse):
    code = "trop_de_recherches"
    message = "Trop de numéros ou de noms inexacts : vous pourrez de nouveau désigner quelqu’un dans une heure."


def lire_numero(saisie: str) -> str:
    """Return the numéro d'abonné that was typed, in one form. Raises: NumeroMalSaisi."""
    numero = normaliser_numero(saisie)
    if not numero_valide(numero):
        raise NumeroMalSaisi
    return numero


def collaborateurs(espace: Espace) -> list[Espace]:
    """Return the active espaces expert that hold something granted by this one, by name: nobody that it does not know already."""
    accordees = accordees_sous(Habilitation.objects.vivantes(), espace)
    connus = Espace.objects.actifs().filter(mode=Espace.Mode.EXPERT, pk__in=accordees.order_by().values("espace"))
    return list(connus.only("numero_abonne", "prenom", "nom").order_by("nom", "prenom", "pk")[:COLLABORATEURS_AU_PLUS])


@essai_compte()
def trouver_beneficiaire(*, acteur: Espace, numero: str, nom: str, maintenant: datetime | None = None) -> Espace:
    """Return the active espace expert of this number whose holder bears this name (nom, or prénom and nom).

    A miss is counted in the journal even though it is refused, ten an hour for each espace: numbers cannot be
    fished for. A number that was mistyped is told apart by its check digit and not counted.
    Raises: NumeroMalSaisi, BeneficiaireIntrouvable, BeneficiaireSoiMeme, BeneficiaireNonExpert, TropDeRecherches,
    ActeurNonActif.
    """
    resultat = _chercher(acteur, [(numero, nom)], maintenant)[numero, nom]
    if isinstance(resultat, RegleMetier):
        raise resultat
    return resultat


@essai_compte()
def trouver_beneficiaires(
    *, acteur: Espace, saisies: Iterable[tuple[str, str]], maintenant: datetime | None = None
) -> dict[tuple[str, str], Espace | RegleMetier]:
    """Return what each pair of number and name is, in the order given: the espace, or the rule that refuses it.

    Decides under the lock of the actor's espace; after the last miss allowed, all that follows is TropDeRecherches. Three
    queries and the misses, whatever the number. Raises: ActeurNonActif.
    """
    return _chercher(acteur, saisies, maintenant)


def _chercher(
    acteur: Espace, saisies: Iterable[tuple[str, str]], maintenant: datetime | None
) -> dict[tuple[str, str], Espace | RegleMetier]:
    """Resolve each pair of number and name, and count the misses; within the transaction of either act."""
    maintenant = maintenant or timezone.now()
    numeros = {saisie: normaliser_numero(saisie[0]) for saisie in saisies}
    if not any(map(numero_valide, numeros.values())):
        return dict.fromkeys(numeros, NumeroMalSaisi())
    acteur = verrouiller_acteur(acteur)
    restants = _restants(acteur, maintenant)
    cherches = set(filter(numero_valide, numeros.values())) if restants > 0 else set()
    connus = {espace.numero_abonne: espace for espace in Espace.objects.actifs().filter(numero_abonne__in=cherches)}
    resultats: dict[tuple[str, str], Espace | RegleMetier] = {}
    deja: dict[tuple[str, str], Espace | RegleMetier] = {}  # one thing written in two ways is one try
    for saisie, numero in numeros.items():
        cle = (numero, replier(saisie[1]))
        if cle in deja:
            resultats[saisie] = deja[cle]
            continue
        trouve = connus.get(numero)
        if not numero_valide(numero):
            resultats[saisie] = NumeroMalSaisi()
        elif restants <= 0:
            resultats[saisie] = TropDeRecherches()
        elif numero == acteur.numero_abonne:
            resultats[saisie] = BeneficiaireSoiMeme()
        elif trouve is None or not porte_ce_nom(trouve, saisie[1]):
            consigner(actes.BENEFICIAIRE_INTROUVABLE, auteur=acteur)
            restants -= 1
            resultats[saisie] = BeneficiaireIntrouvable()
        else:
            resultats[saisie] = trouve if trouve.mode == Espace.Mode.EXPERT else BeneficiaireNonExpert()
        deja[cle] = resultats[saisie]
    return resultats


def _restants(acteur: Espace, maintenant: datetime) -> int:
    """Return how many misses this espace, which is locked, has left."""
    return ESSAIS - combien(actes.BENEFICIAIRE_INTROUVABLE, auteur=acteur, depuis=maintenant - FENETRE_DES_RECHERCHES)


def exiger_numero(*, acteur: Espace, demandeur: Espace, numero: str, maintenant: datetime) -> None:
    """Require that this number, which the actor was told elsewhere, is that of who asks; a miss is one of `ESSAIS` (R11).

    The name is not typed: it is that of the request, which its author has chosen; the number is what he cannot choose.
    Within the `essai_compte` of the act, the actor's espace locked.
    Raises: NumeroMalSaisi, NumeroDuDemandeurInexact, TropDeRecherches.
    """
    saisi = normaliser_numero(numero)
    if not numero_valide(saisi):
        raise NumeroMalSaisi
    if _restants(acteur, maintenant) <= 0:
        raise TropDeRecherches
    if saisi != demandeur.numero_abonne:
        consigner(actes.BENEFICIAIRE_INTROUVABLE, auteur=acteur)
        raise NumeroDuDemandeurInexact


def porte_ce_nom(espace: Espace, saisie: str) -> bool:
    """Whether the name typed is the holder's by the one folding, in any order: nom alone, or with the prénom."""
    nom, prenom, saisi = replier(espace.nom), replier(espace.prenom), replier(saisie)
    return bool(saisi) and saisi in {nom, nom + prenom, prenom + nom}
