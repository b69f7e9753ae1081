"""What several tests of who may do what share: the expected matrix, a page of confirmation, a substitution."""

import re
from datetime import datetime

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from habilitations.arbre.lots import LignesRefusees
from habilitations.arbre.substitutions import Substitution, substituer
from habilitations.models import Habilitation, Mandat
from services.dossiers import Dossier
from services.models import Service
from tests.factories import MandatFactory

# design.md §4, copied by hand: permission -> (titulaire, suppléant, acteur délégant, acteur).
TABLEAU = {
    "services.utiliser": (True, True, True, True),
    "services.ecrire": (True, True, True, True),
    "services.lire_messagerie": (True, True, True, True),
    "services.gerer_banque": (True, True, False, False),
    "services.voir_banque": (True, True, True, True),
    "services.signaler_banque": (True, True, False, False),
    "services.gerer_courriel": (True, True, False, False),
    "habilitations.voir": (True, True, False, False),
    "habilitations.deleguer_acteur_delegant": (True, True, False, False),
    "habilitations.deleguer_acteur": (True, True, True, False),
    "habilitations.retirer_delegation": (True, True, False, False),
    "habilitations.retirer_ses_delegations": (True, True, True, False),
    "habilitations.gerer_suppleants": (True, False, False, False),
}
ROLES = ("TITULAIRE", "SUPPLEANT", "ACTEUR_DELEGANT", "ACTEUR")
# What a permission on one service is about, by kind of service; the others are about them all.
ORDINAIRE, PAYANT, MESSAGERIE = "ordinaire", "payant", "messagerie"
SUR_DOSSIER = {
    "services.gerer_banque": {PAYANT},
    "services.voir_banque": {PAYANT},
    "services.gerer_courriel": {MESSAGERIE},
    "services.ecrire": {MESSAGERIE},
    "services.lire_messagerie": {MESSAGERIE},
}
ATTENDU = {(p, r): oui for p, colonnes in TABLEAU.items() for r, oui in zip(ROLES, colonnes, strict=True)}


def texte(reponse: object) -> str:
    return reponse.content.decode().replace("&#x27;", "'")  # type: ignore[attr-defined]


def apercu_de(contenu: str) -> dict[str, str]:
    """Return what the form of a page of confirmation posts back of what it shows."""
    trouve = re.search(r'name="apercu" value="([^"]+)"', contenu)
    return {"apercu": trouve[1]} if trouve else {}


def confirmer(client: Client, page: str, **choix: str) -> str:
    """Post the confirmation as a browser that shows this page; return where it leads."""
    return client.post(page, {**apercu_de(texte(client.get(page))), **choix})["Location"]


def revoir_puis_confirmer(client: Client, page: str, suite: str = "", **choix: str) -> str:
    """Answer a review, then confirm what the next page shows; return where that leads."""
    apres = reverse("habilitations_changer")
    assert client.post(page, choix)["Location"] == apres
    return confirmer(client, apres, **({"suite": suite} if suite else {}))


def peut(espace: Espace, permission: str, habilitation: Habilitation) -> bool:
    compte = Espace.objects.get(pk=espace.pk).compte
    return compte.has_perm(permission, Dossier(habilitation.personne, habilitation.service))


def regles(erreur: LignesRefusees) -> list[type]:
    return [type(ligne.regle) for ligne in erreur.lignes]


def remplacer(
    espace: Espace,
    racine: Habilitation,
    *,
    demandee_le: datetime | None = None,
    maintenant: datetime | None = None,
    services: list[Service] | None = None,
) -> Substitution:
    """Replace the titulaire of the adhésion of `racine` as the right code does."""
    maintenant = maintenant or timezone.now()
    mandat: Mandat = MandatFactory(personne=racine.personne, mandataire=espace, nature="SUBSTITUTION")
    return substituer(
        acteur=espace,
        personne=racine.personne,
        services=services or [racine.service],
        mandat=mandat,
        demandee_le=demandee_le or maintenant,
        maintenant=maintenant,
    )
