"""What the pages of the demonstration say of one thing agrees, wherever it is said (walker 6: 7, 8, 9, 15, 16, 18)."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q

from accounts.facteurs.securite import actes_recents
from accounts.models import Espace, Evenement
from activation.models import Courrier, Demande
from espacepro.demonstration.comptes import HUGO, CompteDemonstration
from espacepro.demonstration.monde import PREMIER_SIREN
from espacepro.gestion.alertes import lire_preuves
from habilitations.models import Habilitation
from surveillance.models import Alerte, BlocageIP, Connexion


def tout_se_tient(espaces: Mapping[CompteDemonstration, Espace]) -> None:
    """Raises: AssertionError on what contradicts itself in the world of these people."""
    le_journal_suit_le_calendrier({espace.numero_abonne for espace in espaces.values()})
    aucun_acte_recent_ne_se_repete(espaces.values())
    une_alerte_montre_ce_qui_la_leve()
    une_lettre_part_avant_qu_on_en_saisisse_le_code()
    un_blocage_fini_n_est_pas_leve_apres_sa_fin()
    preuves = lire_preuves(Alerte.objects.get(compte=espaces[HUGO].compte))
    actives = Habilitation.objects.actives().filter(espace=espaces[HUGO]).values("personne").distinct().count()
    assert preuves.portee is not None
    assert (preuves.portee.entreprises, preuves.portee.payables) == (actives, actives) == (11, 11)


def le_journal_suit_le_calendrier(numeros: set[str]) -> None:
    """Its pages are read by its numbers, « du plus récent au plus ancien »."""
    siens = Evenement.objects.filter(
        Q(auteur__in=numeros) | Q(espace__in=numeros) | Q(siren__startswith=PREMIER_SIREN)
    ).order_by("pk")
    lus = [ligne for ligne in siens if ligne.acte != "personnes.importees"]
    assert [f"{b.quand:%d/%m} {b.acte}" for a, b in itertools.pairwise(lus) if b.quand < a.quand] == []


def aucun_acte_recent_ne_se_repete(espaces: Any) -> None:
    for espace in espaces:
        lus = [
            (f"{acte.quand:%d/%m/%Y %H:%M}", acte.acte, acte.siren, acte.a_qui, acte.services, acte.service)
            for acte in actes_recents(espace)
        ]
        assert len(set(lus)) == len(lus), lus


def une_alerte_montre_ce_qui_la_leve() -> None:
    """Each country and network that its details name is one of a sign-in that its page shows."""
    for alerte in Alerte.objects.filter(compte__isnull=False):
        vues = Connexion.objects.filter(
            compte=alerte.compte,
            quand__gte=alerte.levee_le - timedelta(days=30),
            quand__lte=alerte.levee_le + timedelta(days=7),
        )
        for cle in ("pays", "reseau"):
            assert set(_dits(alerte.details, cle)) <= set(vues.values_list(cle, flat=True)), (alerte.motif, cle)
        if alerte.connexion is not None:
            assert vues.filter(id=alerte.connexion, quand__lte=alerte.levee_le).exists(), alerte.motif
        assert lire_preuves(alerte).lieux, alerte.motif


def _dits(valeur: Any, cle: str) -> Iterator[str]:
    if isinstance(valeur, list):
        for une in valeur:
            yield from _dits(une, cle)
    elif isinstance(valeur, Mapping):
        for nom, dit in valeur.items():
            if nom == cle and isinstance(dit, str):
                yield dit
            yield from _dits(dit, cle)


def une_lettre_part_avant_qu_on_en_saisisse_le_code() -> None:
    for lettre in Courrier.objects.select_related("demande"):
        assert (lettre.remis_le is None) == (lettre.remise_id is None), lettre
        if lettre.demande.etat == Demande.Etat.ACTIVEE:
            assert lettre.edite_le is not None
            assert lettre.remis_le is not None, lettre
            assert lettre.edite_le < lettre.remis_le < lettre.demande.terminee_le, lettre


def un_blocage_fini_n_est_pas_leve_apres_sa_fin() -> None:
    leves = BlocageIP.objects.filter(leve_le__isnull=False, jusqu_a__isnull=False)
    assert leves.exists()
    assert all(blocage.leve_le <= blocage.jusqu_a for blocage in leves)
