"""`retablir_espace`: the counter's act by the hands of the exploitation, for two agents whom it names (R16; design.md §6)."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Agent, Contreseing, Courriel, Espace, Evenement
from surveillance.espaces.retablissement import PliParUnAutre, demander_retablissement, imprimer_pli
from surveillance.models import Retablissement
from tests.factories import AgentFactory

from .scenes import Compromis

pytestmark = pytest.mark.django_db


def lancer(scene: Compromis, *options: str, **choix: str) -> str:
    sortie = StringIO()
    arguments = {
        "--recu-par": scene.guichet.compte.email,
        "--second": scene.second.compte.email,
        "--piece": "CARTE",
        "--derniers": "3K7P",
        "--legitimite": "KBIS",
        "--motif": "Reconnue au guichet, panne de réseau du service.",
        **choix,
    }
    deplies = [mot for paire in arguments.items() for mot in paire]
    call_command("retablir_espace", scene.espace.numero_abonne, *deplies, *options, stdout=sortie)
    return sortie.getvalue()


def test_la_commande_retablit_pour_deux_agents_nommes() -> None:
    scene = Compromis()
    scene.desactiver()
    assert "À blanc" in lancer(scene, "--dry-run")
    assert not Contreseing.objects.exists()
    assert str(scene.guichet) in lancer(scene)
    assert Espace.objects.get(pk=scene.espace.pk).est_actif
    retablissement = Retablissement.objects.get()
    assert (retablissement.demandeur, retablissement.second) == (scene.guichet, scene.second)
    assert (retablissement.piece_derniers, retablissement.legitimite) == ("3K7P", "KBIS")
    assert Evenement.objects.get(acte="retablissement.saisi").auteur == "systeme:retablir_espace"
    ecrits = set(Courriel.objects.values_list("genre", flat=True))
    assert {"acces_retabli", "contreseing_demande", "contreseing_decide"} <= ecrits, "all are told"
    with pytest.raises(PliParUnAutre):
        imprimer_pli(acteur=AgentFactory(service_gestionnaire=scene.guichet.service_gestionnaire), espace=scene.espace)
    assert imprimer_pli(acteur=scene.guichet, espace=scene.espace).startswith(b"%PDF")


def test_ce_que_la_commande_refuse() -> None:
    scene = Compromis()
    assert "pas à rétablir" in lancer(scene, "--dry-run")
    with pytest.raises(CommandError, match="n’est pas à rétablir"):
        lancer(scene)
    scene.desactiver()
    with pytest.raises(CommandError, match="autre agent qui le contresigne"):
        lancer(scene, **{"--second": scene.guichet.compte.email})
    with pytest.raises(CommandError, match="n’agit pour aucune entreprise"):
        lancer(scene, **{"--recu-par": AgentFactory().compte.email})
    with pytest.raises(CommandError, match="quatre derniers"):
        lancer(scene, **{"--derniers": "7P"})
    for adresse in ("personne@exemple.fr", AgentFactory(fonction=Agent.Fonction.AUCUNE).compte.email):
        with pytest.raises(CommandError, match="Aucun agent en exercice"):
            lancer(scene, **{"--second": adresse})
    with pytest.raises(CommandError, match="Aucun espace"):
        call_command("retablir_espace", "20260010000011", "--recu-par", "a@b.fr", "--second", "c@d.fr", "--piece", "CARTE",
                     "--derniers", "3K7P", "--legitimite", "KBIS", "--motif", "x")  # fmt: skip
    assert not Retablissement.objects.exists()
    assert not Contreseing.objects.exists(), "what is refused leaves nothing that waits"


def test_la_commande_reprend_ce_que_le_bureau_avait_demande_avant_la_panne() -> None:
    """What waits at a desk that is down is what the exploitation is called for; another agent's, or another proof, is named."""
    scene = Compromis()
    scene.desactiver()
    preuve = {"piece": "CARTE", "piece_derniers": "3k7p", "legitimite": "KBIS", "motif": "Reconnue au guichet."}
    attend = demander_retablissement(acteur=scene.guichet, espace=scene.espace, **preuve)
    un_autre = AgentFactory(service_gestionnaire=scene.guichet.service_gestionnaire)
    for choix in ({"--recu-par": un_autre.compte.email}, {"--derniers": "9999"}, {"--adresse": "karine@autre.fr"}):
        with pytest.raises(CommandError, match="attend déjà un second regard"):
            lancer(scene, **choix)
    assert not Retablissement.objects.exists()
    lancer(scene, **{"--derniers": "3k7p"})
    attend.refresh_from_db()
    assert (attend.etat, attend.agent) == (Contreseing.Etat.CONTRESIGNE, scene.second)
    assert Retablissement.objects.get().demandeur == scene.guichet
    assert Contreseing.objects.count() == 1
