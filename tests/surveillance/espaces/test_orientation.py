"""An espace that no office follows: the cell directs it to one, whose counter may then give the access back (R16; CGU §3.6.b)."""

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.gestion.contreseings import contresigner
from accounts.models import Agent, Espace, Evenement
from surveillance.espaces.bureau import bureau_de
from surveillance.espaces.desactivation import CelluleRequise
from surveillance.espaces.orientation import (
    EspaceDejaSuivi,
    MotifDOrientationRequis,
    ServiceGestionnaireInconnu,
    diriger_vers_un_service,
)
from surveillance.espaces.retablissement import GuichetHorsCompetence, demander_retablissement
from surveillance.espaces.visibilite import espaces_du_bureau, espaces_visibles
from surveillance.models import Orientation
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, habiliter
from tests.habilitations.scenes import texte

from .scenes import Compromis

pytestmark = pytest.mark.django_db
MOTIF = "Il habite Lyon et s’y présentera ; son organisation n’est pas au fichier."
PREUVE = {"piece": "CARTE", "piece_derniers": "3K7P", "legitimite": "RECAPITULATIF", "motif": "Reconnu au guichet."}


def sans_bureau() -> Espace:
    espace: Espace = EspaceFactory(siren_appartenance="")
    return espace


def diriger(scene: Compromis, espace: Espace, agent: Agent, **choix: object) -> Orientation:
    return diriger_vers_un_service(
        **{
            "acteur": scene.cellule,
            "espace": espace,
            "service": agent.service_gestionnaire.code,
            "motif": MOTIF,
            **choix,
        }  # type: ignore[arg-type]
    )


def test_le_service_choisi_par_la_cellule_retablit_et_aucun_autre() -> None:
    scene, espace = Compromis(), sans_bureau()
    scene.desactiver(espace=espace)
    assert bureau_de(espace) is None
    with pytest.raises(GuichetHorsCompetence):
        demander_retablissement(acteur=scene.guichet, espace=espace, **PREUVE)
    diriger(scene, espace, scene.guichet)
    assert bureau_de(espace) == scene.guichet.service_gestionnaire
    (ligne,) = Evenement.objects.filter(acte="espace.dirige", espace=espace.numero_abonne)
    assert ligne.details == {"gestionnaire": scene.guichet.service_gestionnaire.code}
    with pytest.raises(GuichetHorsCompetence):
        demander_retablissement(acteur=AgentFactory(), espace=espace, **PREUVE)
    contresigner(
        acteur=scene.second, contreseing=demander_retablissement(acteur=scene.guichet, espace=espace, **PREUVE)
    )
    assert Espace.objects.get(pk=espace.pk).est_actif


def test_une_orientation_qui_se_trompe_est_remplacee_et_l_ancien_service_ne_voit_plus_rien() -> None:
    scene, espace, autre = Compromis(), sans_bureau(), AgentFactory()
    scene.desactiver(espace=espace)
    diriger(scene, espace, autre)
    diriger(scene, espace, autre)
    assert Evenement.objects.filter(acte="espace.dirige").count() == 1, "twice the same changes nothing"
    diriger(scene, espace, scene.guichet)
    assert Orientation.objects.get().service_gestionnaire == scene.guichet.service_gestionnaire
    with pytest.raises(GuichetHorsCompetence):
        demander_retablissement(acteur=autre, espace=espace, **PREUVE)


def test_ce_que_l_orientation_refuse() -> None:
    scene, espace = Compromis(), sans_bureau()
    with pytest.raises(CelluleRequise):
        diriger(scene, espace, scene.guichet, acteur=scene.guichet)
    with pytest.raises(EspaceDejaSuivi):
        diriger(scene, scene.espace, AgentFactory())
    with pytest.raises(ServiceGestionnaireInconnu):
        diriger(scene, espace, scene.guichet, service="SIE00000")
    for motif in ("", " ", "x" * 501):
        with pytest.raises(MotifDOrientationRequis):
            diriger(scene, espace, scene.guichet, motif=motif)
    assert not Orientation.objects.exists()


def test_un_service_connu_depuis_passe_avant_l_orientation() -> None:
    scene, espace, autre = Compromis(), sans_bureau(), AgentFactory()
    diriger(scene, espace, autre)
    with transaction.atomic():
        habiliter(espace, personne=scene.personne)
    assert bureau_de(espace) == scene.guichet.service_gestionnaire
    with pytest.raises(EspaceDejaSuivi):
        diriger(scene, espace, autre)


def test_la_cellule_dirige_par_la_page_de_l_espace() -> None:
    scene, espace = Compromis(), sans_bureau()
    client = client_verifie(scene.cellule)
    page = reverse("admin:espace_diriger", args=[espace.pk])
    assert page in client.get(reverse("admin:espace", args=[espace.pk])).content.decode()
    assert page not in client.get(reverse("admin:espace", args=[scene.espace.pk])).content.decode()
    code = scene.guichet.service_gestionnaire.code
    bureau = scene.guichet.service_gestionnaire
    assert f'<option value="{bureau.code}">{bureau.nom}' in texte(client.get(page)), (
        "chosen by its name, no code is known by heart"
    )
    assert "Choisissez un service de la liste" in texte(client.post(page, {"service": "AUCUN", "motif": MOTIF}))
    assert client.post(page, {"service": code, "motif": MOTIF}).status_code == 302
    assert Orientation.objects.get(espace=espace).motif == MOTIF
    assert scene.guichet.service_gestionnaire.nom in texte(client.get(page)), "the cell reads where it is directed"
    client = client_verifie(scene.guichet)
    assert client.get(reverse("admin:espace", args=[espace.pk])).status_code == 200
    assert client.get(page).status_code == 403


def test_l_orientation_finit_quand_un_autre_bureau_suit_l_espace() -> None:
    scene = Compromis()
    par_organisation, par_habilitation, par_personne = sans_bureau(), sans_bureau(), sans_bureau()
    siens = [par_organisation, par_habilitation, par_personne]
    ancien = AgentFactory()
    for espace in siens:
        diriger(scene, espace, ancien)
    assert set(espaces_visibles(ancien)) == set(siens)
    Espace.objects.filter(pk=par_organisation.pk).update(siren_appartenance=scene.personne.siren)
    with transaction.atomic():
        habiliter(par_habilitation, personne=scene.personne)
    assert set(espaces_visibles(ancien)) == {par_personne}
    assert set(espaces_du_bureau(ancien.service_gestionnaire_id)) == {par_personne}
    scene.desactiver(espace=par_organisation)
    with pytest.raises(GuichetHorsCompetence):
        demander_retablissement(acteur=ancien, espace=par_organisation, **PREUVE)
