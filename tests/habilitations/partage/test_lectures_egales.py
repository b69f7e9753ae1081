"""Readings rewritten to cost what an espace holds give what they gave: the old ones are the models (issue 12, items 2 and 3)."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.documents.typst import siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.identifiants import compacter, pour_chercher
from accounts.saisies.repliement import replier
from espacepro.donnees.personnes_tenues import sirens_tenus
from habilitations.arbre.cascade import ce_qui_tombe
from habilitations.depart import suppression
from habilitations.droits.backends import donnant
from habilitations.droits.roles import (
    DELEGUER_ACTEUR,
    GERER_SUPPLEANTS,
    RETIRER_SES_DELEGATIONS,
    VOIR_HABILITATIONS,
    roles_pour,
)
from habilitations.lectures.export import lignes
from habilitations.lectures.miennes import (
    ACTIVES,
    EN_VEILLE,
    ORDRES,
    PERDUES,
    SITUATIONS,
    FiltresMiennes,
    vos_habilitations,
)
from habilitations.lectures.partage import (
    A_MONTRER,
    PAR_PAGE,
    Filtres,
    etat_lisible,
    mes_habilitations,
    page_de,
    personnes_trouvees,
)
from habilitations.lectures.partage import retenues as lire_retenues
from habilitations.lectures.recherche import contient, nomme
from habilitations.models import ORDRE, DemandeRetrait, Habilitation, Role
from habilitations.partage import revue
from habilitations.partage.autorite import Autorite
from habilitations.partage.beneficiaires import collaborateurs
from habilitations.partage.designations import examiner
from habilitations.views.changements import ACTIONS
from habilitations.views.revue import Suite
from services.models import PersonneSirenisee
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
NOMS = ("LE BŒUF", "L'ATELIER", "ATELIERS DU NORD", "ÉTÉ & FILS", "52 RUE", "LE BŒUF")
CHERCHES = ("le boeuf", "atelier", "ete", "52", "nord ateliers", "&", "55", "absent", "LE")


def foret(hasard: random.Random) -> list[Espace]:
    """A few espaces that hold, grant, suspend and end at random, on a few personnes and services."""
    espaces = [EspaceFactory() for _ in range(5)]
    services = [
        ServiceFactory(code=f"S{rang}", ordre=hasard.randrange(3), retrait_par_gestionnaire=rang == 2)
        for rang in range(4)
    ]
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
    for tenue in (
        Habilitation.objects.vivantes()
        .filter(espace__in=espaces)
        .order_by("personne__siren", "service__code", "espace__numero_abonne")
    ):
        if hasard.random() < 0.15:
            DemandeRetrait.objects.create(habilitation=tenue, demandeur=tenue.espace)
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


def sirens_tenus_avant(espace: Espace) -> list[str]:
    """The SIREN of the highest role, then of what was granted first, among what gives a right today."""
    siennes = Habilitation.objects.actives().filter(espace=espace).select_related("personne")
    triees = sorted(siennes, key=lambda h: (list(Role.values).index(h.role), h.accordee_le, h.adhesion_id))
    return [h.personne.siren for h in triees[:1]]


def bloquants_avant(espace: Espace) -> set[tuple[str, str, str, str, tuple[tuple[str, int], ...]]]:
    """What keeps an espace from being deleted, service by service as it was told: who uses it, who may remove it, when asked."""
    jour = timezone.localdate()
    trouves: list[tuple[str, str, str]] = []
    acces: Counter[tuple[str, str, str]] = Counter()
    for h in Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE):
        autres = [
            autre
            for autre in h.adhesion.habilitations.filter(fin_le__isnull=True).exclude(pk=h.pk)
            if autre.expire_le is None or autre.expire_le >= jour
        ]
        demande = h.demandes_retrait.filter(etat="DEPOSEE").first()
        raison = " ; ".join(
            [suppression.RETRAIT_PAR_GESTIONNAIRE] * h.service.retrait_par_gestionnaire
            + [suppression.DEPENDANTS] * bool(autres)
        )
        if raison:
            cle = f"{raison}, {timezone.localdate(demande.deposee_le) if demande else None}"
            trouves.append((cle, h.personne.denomination, h.service.libelle))
            for autre in autres:
                liste = "suppleants" if autre.role == Role.SUPPLEANT else "delegations"
                acces[cle, autre.espace.nom_complet, reverse(liste, query={"q": autre.espace.numero_abonne})] += 1
    return {(*trouve, "service", ()) for trouve in trouves} | {
        (*qui, "accès", ((qui[1], n),)) for qui, n in acces.items()
    }


def bloquants_apres(espace: Espace) -> set[tuple[str, str, str, str, tuple[tuple[str, int], ...]]]:
    dits: set[tuple[str, str, str, str, tuple[tuple[str, int], ...]]] = set()
    for motif in suppression.bloquants(espace):
        cle = f"{motif.raison}, {motif.demandee_le}"
        dits |= {(cle, b.personne, service, "service", ()) for b in motif.blocages for service in b.services}
        dits |= {(cle, qui.nom, qui.page, "accès", ((qui.nom, n),)) for qui, n in motif.dependants}
    return dits


def chutes_avant(espace: Espace) -> dict[str, tuple[int, set[str]]]:
    """What falls with an espace, as it was told: instances, grouped in Python."""
    siennes = list(Habilitation.objects.vivantes().filter(espace=espace).order_by(*ORDRE))
    titulaire = [h for h in siennes if h.role == Role.TITULAIRE]
    recues = [h for h in siennes if h.role != Role.TITULAIRE]

    def dire(habilitations: Sequence[Habilitation], qui: Callable[[Habilitation], str]) -> tuple[int, set[str]]:
        services: dict[tuple[int, str], list[str]] = {}
        noms = {}
        for h in habilitations:
            services.setdefault((h.personne_id, qui(h)), []).append(h.service.libelle)
            noms[h.personne_id] = f"{h.personne.denomination} ({siren_lisible(h.personne.siren)})"
        lignes = {f"{noms[cle]}{precision} : {', '.join(leurs)}" for (cle, precision), leurs in services.items()}
        return len(habilitations), lignes

    return {
        "Adhésions fermées": dire(titulaire, lambda h: ""),
        "Suppléances et délégations reçues": dire(recues, lambda h: f", {h.get_role_display()}"),
        "Délégations que vous avez accordées": dire(ce_qui_tombe(*recues), lambda h: f", {h.espace.nom_complet}"),
    }


def miennes_avant(espace: Espace, filtres: FiltresMiennes) -> tuple[dict[str, int], list[str], list[tuple[Any, ...]]]:
    """« Vos habilitations » as it was: everything read, sorted out and grouped in Python."""
    aujourd_hui = timezone.localdate()

    def situation(h: Habilitation) -> str:
        if h.fin_le is not None or (h.expire_le is not None and h.expire_le < aujourd_hui):
            return PERDUES
        return ACTIVES if h.etat == Habilitation.Etat.ACTIVE else EN_VEILLE

    mots = [replier(mot) for mot in filtres.q.split() if replier(mot)]
    siren = pour_chercher(filtres.q) if filtres.q else ""
    toutes = list(
        Habilitation.objects.filter(espace=espace).order_by("service__ordre", "service__code", "espace__nom", "pk")
    )
    gardees = [
        h
        for h in toutes
        if situation(h) == filtres.situation
        and filtres.role in {"", h.role}
        and filtres.service in {"", h.service.code}
        and (
            not filtres.q
            or (siren and h.personne.siren.startswith(siren))
            or any(
                mots and all(mot in replier(texte) for mot in mots)
                for texte in (h.personne.denomination, h.service.libelle)
            )
        )
    ]
    par_personne: dict[int, list[Habilitation]] = {}
    for h in gardees:
        par_personne.setdefault(h.personne_id, []).append(h)

    def cle(groupe: list[Habilitation]) -> tuple[Any, ...]:
        nom = (groupe[0].personne.denomination, groupe[0].personne.siren)
        if filtres.ordre == "recentes":
            return (-max(h.accordee_le for h in groupe).timestamp(), *nom)
        if filtres.ordre == "dernier_jour":
            return (min(h.expire_le or date.max for h in groupe), *nom)
        return nom

    groupes: dict[tuple[Any, ...], list[str]] = {}
    for siennes in sorted(par_personne.values(), key=cle):
        for h in siennes:
            de = h.accordee_par
            par = f"{h.accordee_par_qui}, {de.get_role_display()}" if de else ""
            fait = filtres.situation != ACTIVES and (h.fin_le, h.veille_depuis)
            une = (h.personne.siren, h.get_role_display(), timezone.localdate(h.accordee_le), par, h.adhesion.mandat_id)
            groupes.setdefault((*une, h.expire_le, fait), []).append(h.service.code)
    comptes = {code: sum(situation(h) == code for h in toutes) for code in SITUATIONS}
    roles = [role for role in Role.values if any(h.role == role and situation(h) == filtres.situation for h in toutes)]
    return comptes, roles, [(*groupe[:6], codes) for groupe, codes in groupes.items()]


def miennes_apres(espace: Espace, filtres: FiltresMiennes) -> tuple[dict[str, int], list[str], list[tuple[Any, ...]]]:
    lues = vos_habilitations(espace, filtres, "1")
    lignes = [
        (
            ligne.personne.siren,
            ligne.role,
            ligne.accordee_le,
            ligne.accordee_par,
            ligne.mandat.pk,
            ligne.expire_le,
            [service.code for service in ligne.services],
        )
        for ligne in lues.lignes
    ]
    return lues.comptes, [role for role, _ in lues.roles], lignes


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
            assert sirens_tenus(espace) == sirens_tenus_avant(espace)
            assert bloquants_apres(espace) == bloquants_avant(espace)
            assert {c.titre: (c.nombre, set(c.lignes)) for c in suppression.chutes(espace)} == chutes_avant(espace)
            for cherche in CHERCHES:
                siennes = PersonneSirenisee.objects.filter(habilitations__in=mes_habilitations(espace).values("pk"))
                trouvees = siennes.filter(
                    contient("denomination", cherche) | Q(siren__startswith=pour_chercher(cherche) or "-")
                )
                assert sorted(personnes_trouvees(espace, cherche).values_list("pk", flat=True)) == sorted(
                    set(trouvees.values_list("pk", flat=True))
                )
    assert vues > 50


def retenues_avant(espace: Espace, permission: str, adhesions: Sequence[int]) -> list[tuple[Any, ...]]:
    """What `retenues` was: rows with their adhésions."""
    lues = donnant(permission, espace).filter(adhesion__in=adhesions).select_related("adhesion", "personne", "service")
    return [
        (h.adhesion, h.adhesion.est_ouverte, h.role, h.expire_le, h.personne, h.personne.admet_de_nouveaux_droits,
         str(h.personne), h.service, h.service.libelle, h.espace)
        for h in lues.order_by("personne__denomination", "personne__siren", "service__ordre", "service__code")
    ]  # fmt: skip


def collaborateurs_avant(espace: Espace) -> list[Espace]:
    accordees = Habilitation.objects.vivantes().filter(accordee_par__espace=espace, accordee_par__fin_le=None)
    connus = {h.espace for h in accordees.select_related("espace") if h.espace.est_actif and h.espace.mode == "EXPERT"}
    return sorted(connus, key=lambda connu: (connu.nom, connu.prenom, connu.pk))


def test_designer_lit_ce_qu_il_lisait(
    tours: Callable[[int], int], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """The pages of a designation read the index of what is held: the same services, refusals and persons as its rows tell."""
    lues = refusees = connus = 0
    for graine in range(tours(40)):
        hasard = random.Random(graine)
        espaces = foret(hasard)
        Espace.objects.filter(pk=espaces[0].pk).update(mode="SIMPLIFIE")
        PersonneSirenisee.objects.filter(denomination="52 RUE").update(active=False)
        for espace in espaces:
            assert collaborateurs(espace) == collaborateurs_avant(espace)
            connus += len(collaborateurs(espace))
            for permission, role in ((DELEGUER_ACTEUR, Role.ACTEUR), (GERER_SUPPLEANTS, Role.SUPPLEANT)):
                toutes = list(Habilitation.objects.vivantes().filter(espace=espace).values_list("adhesion", flat=True))
                voulues = hasard.sample(toutes, len(toutes) // 2 + len(toutes) % 2)
                with monkeypatch.context() as peu:
                    if hasard.random() < 0.5:
                        peu.setattr("habilitations.lectures.partage.CLES_AU_PLUS", 0)
                        peu.setattr("habilitations.partage.designations.CLES_AU_PLUS", 0)
                    with django_assert_num_queries(1):
                        retenues = lire_retenues(espace, permission, voulues)
                        gardees = [
                            (h.adhesion, h.adhesion.est_ouverte, h.role, h.expire_le, h.personne,
                             h.personne.admet_de_nouveaux_droits, str(h.personne), h.service, h.service.libelle, h.espace)
                            for h in retenues
                        ]  # fmt: skip
                    assert gardees == retenues_avant(espace, permission, voulues)
                    lues += len(gardees)
                    beneficiaire = hasard.choice([un for un in espaces if un != espace])
                    quoi: dict[str, Any] = {"acteur": espace, "beneficiaire": beneficiaire, "role": role}
                    lu = examiner(
                        adhesions=[h.adhesion for h in retenues], miennes={h.adhesion_id: h for h in retenues}, **quoi
                    )
                sous_verrou = examiner(adhesions=[h.adhesion for h in retenues], **quoi)
                for un, autre in zip(lu.refusees, sous_verrou.refusees, strict=True):
                    assert (un.personne, un.service, str(un.regle)) == (autre.personne, autre.service, str(autre.regle))
                assert [adhesion for adhesion, _ in lu.accordables] == [a for a, _ in sous_verrou.accordables]
                assert (lu.perimees, lu.bornee_le) == (sous_verrou.perimees, sous_verrou.bornee_le)
                refusees += len(lu.refusees)
    assert min(lues, refusees, connus) > 20


def test_la_revue_se_lit_par_tranches(tours: Callable[[int], int]) -> None:
    """Page by page, what was granted and what others left unanswered are in the order of the whole lists."""
    vues = 0
    for graine in range(tours(20)):
        for espace in foret(random.Random(graine)):
            maintenant = timezone.now()
            accordees = revue._delegations().filter(accordee_par__espace=espace, accordee_par__fin_le=None)
            assert list(revue.accordees_par(espace)) == list(revue._pour_page(accordees))
            dues = revue._dues(maintenant).filter(accordee_par__espace=espace, accordee_par__fin_le=None)
            assert list(revue.a_revoir(espace, maintenant)) == list(revue._pour_page(dues))
            toutes = [*revue.sans_reponse(espace, maintenant), *revue.accordees_par(espace)]
            suite = Suite(
                revue.ParAnciennete(partial(revue.sans_reponse, espace, maintenant), *A_MONTRER, "revue_le"),
                revue.ParAnciennete(partial(revue.accordees_par, espace), *A_MONTRER, "revue_le"),
            )
            assert len(suite) == len(toutes)
            for debut in range(0, len(toutes), 3):
                assert suite[debut : min(debut + 3, len(toutes))] == toutes[debut : debut + 3]
            vues += len(toutes)
    assert vues > 50


def test_vos_habilitations_sont_celles_d_avant(tours: Callable[[int], int]) -> None:
    """Counted, narrowed, ordered and grouped by PostgreSQL as they were in Python."""
    hasard, vues = random.Random(3), 0
    espaces = foret(hasard)
    for personne in PersonneSirenisee.objects.filter(adhesions__isnull=False).distinct():
        premiere = personne.adhesions.select_related("mandat").order_by("pk")[0]
        personne.adhesions.update(mandat=premiere.mandat)  # one code for all
    finies = Habilitation.objects.filter(role=Role.ACTEUR).order_by("accordee_le", "pk")[:3]
    for finie in finies:
        Habilitation.objects.filter(pk=finie.pk).update(fin_le=timezone.now(), fin_motif="RETRAIT")
    for rang in range(tours(400) * 5):
        filtres = FiltresMiennes.depuis(
            {
                "situation": hasard.choice([*SITUATIONS]),
                "q": hasard.choice(["", "", *CHERCHES, "service"]),
                "role": hasard.choice(["", "", *Role.values]),
                "service": hasard.choice(["", "", "S1"]),
                "ordre": hasard.choice([*ORDRES]),
            }
        )
        apres = miennes_apres(espaces[rang % 5], filtres)
        assert apres == miennes_avant(espaces[rang % 5], filtres), filtres
        vues += len(apres[-1])
    assert vues > 20


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


def cherchees_avant(liste: QuerySet[Habilitation], espace: Espace, q: str) -> QuerySet[Habilitation]:
    """What `Filtres` kept of a word: the holder's name was looked for line by line."""
    tenues = personnes_trouvees(espace, q).values("pk")
    return liste.filter(
        Q(personne__in=tenues) | nomme(q, "espace__") | Q(espace__numero_abonne=compacter(q))
    ).distinct()


def rangees_avant(liste: QuerySet[Habilitation]) -> list[tuple[str, ...]]:
    """The file of a list, row by row as each habilitation tells it."""
    return [
        (h.personne.siren, h.personne.denomination, h.service.code, h.service.libelle, h.get_role_display(),
         etat_lisible(h), h.espace.numero_abonne, h.espace.nom, h.espace.prenom, h.accordee_par_qui,
         jour(h.accordee_le), jour(h.expire_le), jour(h.revue_le), "")
        for h in liste.select_related("accordee_par__espace")
    ]  # fmt: skip


def test_listes_cherchees_fichiers_et_retraits_sont_ceux_d_avant(
    tours: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each name is read once where it was read line by line: the same lines, in the same order (issue 12.3)."""
    vues = cherchees = tombees = 0
    for graine in range(tours(100)):
        hasard = random.Random(graine)
        espaces = foret(hasard)
        noms = ["Le Bœuf", "DE LA TOUR", "de la Tour", "Été", "de la Tour"]
        for espace, nom in zip(espaces, noms, strict=True):
            Espace.objects.filter(pk=espace.pk).update(nom=nom, prenom=hasard.choice(["Jeanne", "Élodie"]))
        ancienne = Habilitation.objects.exclude(accordee_par=None).order_by("pk")[0].accordee_par_id
        Habilitation.objects.filter(pk=ancienne).update(accordee_le=timezone.now())  # a successor
        for espace in Espace.objects.filter(pk__in=[e.pk for e in espaces]):
            for recues in (False, True):
                source = mes_habilitations(espace) if recues else Autorite.de(espace).visibles()
                mots = [*CHERCHES, "tour", "jeanne boeuf", "elodie", hasard.choice(espaces).numero_abonne]
                for q in hasard.sample(mots, 3):
                    apres = list(Filtres(q=q).appliquer(source, espace=espace))
                    assert apres == list(cherchees_avant(source, espace, q)), (espace, q)
                    cherchees += len(apres)
                with monkeypatch.context() as lots:
                    lots.setattr("habilitations.lectures.export.ENTREPRISES_PAR_LECTURE", hasard.choice([1, 2, 50]))
                    assert list(lignes(source)) == rangees_avant(source)
                toutes = list(source)
                vues += len(toutes)
                choisies = [h.pk for h in hasard.sample(toutes, len(toutes) // 2)]
                action = replace(
                    ACTIONS["quitter" if recues else "retirer_delegation"], source=lambda _, source=source: source
                )
                avant = [h for h in toutes if h.pk in choisies]
                tombent = ce_qui_tombe(*avant)
                with monkeypatch.context() as peu:
                    peu.setattr("habilitations.views.changements.CLES_AU_PLUS", 0)
                    peu.setattr("habilitations.arbre.cascade.CLES_AU_PLUS", 0)
                    trouvees = action.trouver(espace, choisies)
                    assert trouvees == avant
                    assert [(h.espace, h.personne, h.service) for h in trouvees] == [
                        (h.espace, h.personne, h.service) for h in avant
                    ]
                    assert ce_qui_tombe(*avant) == tombent
                tombees += len(tombent)
    assert min(vues, cherchees, tombees) > 20
