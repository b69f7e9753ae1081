"""Readings rewritten to cost what an espace holds give what they gave: the old ones are the models (issue 12, items 2 and 3)."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.identifiants import pour_chercher
from habilitations.depart.suppression import _dependants
from habilitations.droits.roles import RETIRER_SES_DELEGATIONS, VOIR_HABILITATIONS, roles_pour
from habilitations.lectures.partage import PAR_PAGE, Filtres, mes_habilitations, page_de, personnes_trouvees
from habilitations.lectures.recherche import contient
from habilitations.models import ORDRE, Habilitation, Role
from habilitations.partage import revue
from habilitations.partage.autorite import Autorite
from services.models import PersonneSirenisee
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
NOMS = ("LE BŒUF", "L'ATELIER", "ATELIERS DU NORD", "ÉTÉ & FILS", "52 RUE", "LE BŒUF")
CHERCHES = ("le boeuf", "atelier", "ete", "52", "nord ateliers", "&", "55", "absent", "LE")


def foret(hasard: random.Random) -> list[Espace]:
    """A few espaces that hold, grant, suspend and end at random, on a few personnes and services."""
    espaces = [EspaceFactory() for _ in range(5)]
    services = [ServiceFactory(code=f"S{rang}", ordre=hasard.randrange(3)) for rang in range(4)]
    maintenant = timezone.now()
    for rang in range(6):
        personne = PersonneFactory(denomination=NOMS[rang])
        for service in hasard.sample(services, 3):
            with transaction.atomic():
                racine = habiliter(hasard.choice(espaces), personne=personne, service=service)
                nees = [racine]
                for autre in hasard.sample([e for e in espaces if e != racine.espace], 3):
                    mere = hasard.choice([h for h in nees if h.role != Role.ACTEUR])
                    plus_bas = [Role.ACTEUR] if mere.role == Role.ACTEUR_DELEGANT else list(Role.values)[1:]
                    role = hasard.choice(plus_bas)
                    age = timedelta(days=hasard.choice([1, 364, 400, 430]))
                    fin = hasard.choice([None, -1, 0, 30]) if role not in {Role.SUPPLEANT} else None
                    nees.append(
                        accorder(
                            mere,
                            autre,
                            role,
                            accordee_le=maintenant - age,
                            revue_demandee_le=hasard.choice([None, None, maintenant - timedelta(days=61)]),
                            expire_le=None if fin is None else timezone.localdate() + timedelta(days=fin),
                        )
                    )
                if hasard.random() < 0.3:
                    Habilitation.objects.filter(pk=nees[-1].pk).update(
                        etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=maintenant
                    )
    return espaces


def visibles_avant(espace: Espace) -> QuerySet[Habilitation]:
    """What Autorite.visibles was: the keys of all that is held, sent."""
    siennes = list(Habilitation.objects.actives().filter(espace=espace))
    voir = roles_pour(VOIR_HABILITATIONS)
    adhesions = [h.adhesion_id for h in siennes if h.role in voir]
    accordeuses = [h.pk for h in siennes if h.role in roles_pour(RETIRER_SES_DELEGATIONS) - voir]
    return (
        Habilitation.objects.vivantes()
        .filter(Q(adhesion__in=adhesions) | Q(accordee_par__in=accordeuses))
        .exclude(role=Role.TITULAIRE)
        .exclude(espace=espace)
        .order_by(*ORDRE)
    )


def sans_reponse_avant(espace: Espace) -> list[Habilitation]:
    titulariats = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE)
    oubliees = revue._dues(timezone.now(), revue.SANS_REPONSE).filter(adhesion__in=titulariats.values("adhesion"))
    return list(revue._pour_page(oubliees.exclude(accordee_par__espace=espace)))


def dependants_avant(espace: Espace) -> dict[int, int]:
    titulariats = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE)
    return dict(
        Habilitation.objects.vivantes()
        .filter(Q(expire_le__isnull=True) | Q(expire_le__gte=timezone.localdate()))
        .filter(adhesion__habilitations__in=list(titulariats.values_list("pk", flat=True)))
        .exclude(role=Role.TITULAIRE)
        .values_list("adhesion")
        .annotate(Count("pk"))
    )


def test_memes_reponses_qu_avant(tours: Callable[[int], int], monkeypatch: pytest.MonkeyPatch) -> None:
    vues = 0
    for graine in range(tours(200)):
        for espace in foret(random.Random(graine)):
            autorite, avant = Autorite.de(espace), list(visibles_avant(espace))
            vues += len(avant)
            assert list(autorite.visibles()) == avant
            changeables = autorite.changeables(avant)
            monkeypatch.setattr("habilitations.partage.autorite.CLES_AU_PLUS", 0)  # as for a long file
            assert autorite.changeables(avant) == changeables
            monkeypatch.undo()
            assert list(revue.sans_reponse(espace, timezone.now())) == sans_reponse_avant(espace)
            assert {cle: len(qui) for cle, qui in _dependants(espace).items()} == dependants_avant(espace)
            for cherche in CHERCHES:
                siennes = PersonneSirenisee.objects.filter(habilitations__in=mes_habilitations(espace).values("pk"))
                trouvees = siennes.filter(
                    contient("denomination", cherche) | Q(siren__startswith=pour_chercher(cherche) or "-")
                )
                assert sorted(personnes_trouvees(espace, cherche).values_list("pk", flat=True)) == sorted(
                    set(trouvees.values_list("pk", flat=True))
                )
    assert vues > 50


@pytest.mark.parametrize("recues", [True, False])
def test_les_pages_par_personne_sont_celles_de_la_liste(recues: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("habilitations.lectures.partage.PAR_PAGE", 4)
    assert PAR_PAGE == 25
    for espace in foret(random.Random(7)):
        for filtres in (
            Filtres(),
            Filtres(q="martin"),
            Filtres(q="atelier"),
            Filtres(role="ACTEUR"),
            Filtres(q="rien"),
        ):
            source = mes_habilitations(espace) if recues else Autorite.de(espace).visibles()
            liste = filtres.appliquer(source, espace=espace)
            modele = Paginator(liste, 4)
            for numero in ("1", "2", str(modele.num_pages), "999", "x", "-1"):
                page, voulue = page_de(liste, numero), modele.get_page(numero)
                assert (list(page), page.number) == (list(voulue), voulue.number)
                assert (page.paginator.count, page.paginator.num_pages) == (modele.count, modele.num_pages)
                assert (page.has_next(), page.start_index()) == (voulue.has_next(), voulue.start_index())
