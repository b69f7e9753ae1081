"""What an outbox has set aside is tried again, when whoever looks after it asks (design.md §6; issue 14, item 7)."""

import re
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from .. import actes
from ..envois.courriels import TACHE, objet_du_genre
from ..envois.reveil import reveiller
from ..models import Agent, Courriel, Envoi
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner

REPRISE_AU_PLUS: Final = timedelta(days=30)
"""Beyond, a mail would tell old news: « in three days », « yesterday »."""


class EnvoiNonEcarte(RegleMetier):
    code = "envoi_non_ecarte"
    message = "Cet envoi n’est plus mis de côté : il a été repris, ou il est parti."


class CourrielTropAncien(RegleMetier):
    code = "courriel_trop_ancien"
    message = "Ce courriel ne peut plus repartir : {raison}."


def exiger_mis_de_cote(ligne: Envoi) -> None:
    """Check that this row, which is locked, is set aside. Raises: EnvoiNonEcarte."""
    if ligne.ecarte_le is None or ligne.traite_le is not None:
        raise EnvoiNonEcarte


def reprendre(ligne: Envoi, tache: str, maintenant: datetime) -> None:
    """Put this row, which is locked, back among those that wait, its tries forgotten, and wake its worker after the commit."""
    ligne.ecarte_le = ligne.bail_jusqu_a = None
    ligne.tentatives, ligne.prochain_essai_le = 0, maintenant
    ligne.save(update_fields=["ecarte_le", "bail_jusqu_a", "tentatives", "prochain_essai_le"])
    reveiller(tache, ligne.pk)


def trop_ancien(courriel: Courriel, maintenant: datetime) -> str:
    """Return why this mail may not leave any more, "" when it may."""
    if courriel.cree_le < maintenant - REPRISE_AU_PLUS:
        return "il a été écrit il y a plus d’un mois"
    if courriel.lien is not None and courriel.lien.expire_le <= maintenant:
        return "le lien qu’il porte ne vaut plus"
    return ""


@transaction.atomic
@relit_l_agent
def reprendre_courriel(*, acteur: Agent, courriel: Courriel, maintenant: datetime | None = None) -> Courriel:
    """Have a mail that was set aside tried again, from the beginning; return it. Who may, the caller has asked.

    Raises: EnvoiNonEcarte, CourrielTropAncien.
    """
    maintenant = maintenant or timezone.now()
    frais = (
        Courriel.objects.select_for_update(no_key=True, of=("self",))
        .select_related("lien", "espace")
        .get(pk=courriel.pk)
    )
    exiger_mis_de_cote(frais)
    if raison := trop_ancien(frais, maintenant):
        raise CourrielTropAncien(raison=raison)
    reprendre(frais, TACHE, maintenant)
    consigner(actes.COURRIEL_REPRIS, auteur=acteur, espace=frais.espace, details={"objet": objet_du_genre(frais.genre)})
    return frais


_ADRESSE = re.compile(r"\S+@\S+")
_CODE = re.compile(r"(?<!\d)([45])\d\d(?!\d)")


def raison_lisible(reponse: str) -> str:
    """Return why a row was set aside, in words and without any address: what the provider answered, or what was missing."""
    if not reponse:
        return "aucune réponse gardée"
    code = _CODE.search(reponse)
    if reponse.startswith("SMTP") or "Refused" in reponse:
        if code is None:
            return "le serveur de messagerie n’a pas répondu comme il le devait"
        refus = "a refusé cette adresse" if code[1] == "5" else "a remis l’envoi à plus tard, huit fois"
        return f"le serveur de messagerie du destinataire {refus} (réponse {code[0]})"
    if re.match(r"\w+(Error|Exception)\b", reponse) or reponse.endswith(("Error", "Exception")):
        return "une panne du portail ou de son serveur de messagerie, que l’exploitation trouve dans ses relevés"
    return _ADRESSE.sub("l’adresse", reponse)[:200]
