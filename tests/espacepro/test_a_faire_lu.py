"""What « À faire » looks for in constant SQL is what the domain's own querysets find, in worlds drawn at random (issue 12)."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Case, Count, Exists, FilteredRelation, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, JSONObject
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.espace.a_faire import PAR_REQUETE, Seule, _requetes, chercher
from accounts.espace.changement_adresse import en_attente_de_confirmation
from accounts.models import Courriel, Espace, Lien, TraceLecture
from activation.models import Courrier, Demande, Signalement
from habilitations.arbre.expirations import PREAVIS
from habilitations.arbre.recentes import DELAI_DECLIN, OBJET, non_utilisee
from habilitations.droits.roles import GERER_BANQUE, LIRE_MESSAGERIE, roles_pour
from habilitations.lectures.demandes_habilitation import demandes_a_repondre
from habilitations.lectures.partage import fin_prochaine
from habilitations.models import DemandeHabilitation, DemandeRetrait, Habilitation, Role
from habilitations.partage.revue import PERIODE, SANS_REPONSE, dues
from services.models import Echange, Message, MessageNonLu, PersonneSirenisee, ReferenceBancaire, Service
from surveillance.models import Desactivation, SuiteAlerte
from tests.espacepro.scenes import alerte_avec_question
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    compte_bancaire,
    echanger,
    habiliter,
)

pytestmark = pytest.mark.django_db
JOUR, SECONDE = timedelta(days=1), timedelta(seconds=1)
GRAINES = range(4)
OCTETS_AU_PLUS = 4_400


def siennes(espace: Espace, **champs: Any) -> QuerySet[Habilitation]:
    return Habilitation.objects.vivantes().filter(espace=espace, **champs).order_by()


def identifiants(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    return en_attente_de_confirmation(espace, maintenant).annotate(fait=JSONObject(adresse="adresse", fin="expire_le"))


def tenues(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    finit = fin_prochaine(timezone.localdate(maintenant))
    confiee = non_utilisee(espace, maintenant=maintenant)
    return (
        siennes(espace)
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                veille=Count("pk", filter=Q(etat="EN_VEILLE")),
                fins=Count("pk", filter=finit),
                fin=Min("expire_le", filter=finit),
                confiees=ArrayAgg("accordee_le", filter=confiee),
            )
        )
    )


def accordees(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    finit, due = fin_prochaine(timezone.localdate(maintenant)), dues(maintenant)
    nom = Concat("espace__prenom", Value(" "), "espace__nom")
    return (
        Habilitation.objects.vivantes()
        .filter(finit | due, accordee_par__espace=espace)
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                fins=Count("adhesion", filter=finit),
                fin=Min("expire_le", filter=finit),
                noms=ArrayAgg(nom, filter=finit, distinct=True),
                revues=Count("adhesion", filter=due),
            )
        )
    )


def sous_le_titulaire(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    suspendue, oubliee = Q(veille_motif="SUBSTITUTION"), dues(maintenant, SANS_REPONSE)
    return (
        Habilitation.objects.vivantes()
        .filter(suspendue | oubliee, adhesion__in=siennes(espace, role="TITULAIRE").values("adhesion"))
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                decider=Count("adhesion", filter=suspendue),
                depuis=Min("veille_depuis", filter=suspendue),
                revues=Count("adhesion", filter=oubliee & ~Q(accordee_par__espace=espace)),
            )
        )
    )


def retraits(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    return (
        DemandeRetrait.objects.filter(
            etat="DEPOSEE",
            service_gestionnaire=None,
            habilitation__adhesion__in=siennes(espace, role="TITULAIRE").values("adhesion"),
        )
        .values("habilitation__personne")
        .annotate(fait=JSONObject(p="habilitation__personne", n=Count("pk"), depuis=Min("deposee_le")))
    )


def habilitations_demandees(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    cle = PersonneSirenisee.objects.filter(siren=OuterRef("siren")).order_by().values("pk")
    return (
        demandes_a_repondre(espace)
        .order_by()
        .annotate(cle=cle)
        .values("siren")
        .annotate(fait=JSONObject(p=Min("cle"), n=Count("*"), depuis=Min("deposee_le")))
    )


def attendues(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    suspendue = Signalement.objects.suspensifs(maintenant).filter(demande=OuterRef("pk"))
    lettre = FilteredRelation("courriers", condition=Q(courriers__remplace_le=None))
    colonnes = {"etat": "etat", "canal": "canal", "edite": "edite_le", "remis": "remis_le", "pas_avant": "pas_avant"}
    colonnes |= {"fin": "expire_le", "essais": "essais"}
    attend = Q(nature="COURRIEL_PERSONNE", adresse_confirmee_le=None)
    mails = Courriel.objects.filter(lien=OuterRef("pk")).order_by("-cree_le")
    lien = (
        Lien.objects.filter(espace=OuterRef("espace"), objet="COURRIEL_ENTREPRISE", sujet=OuterRef("pk"))
        .filter(consomme_le=None, revoque_le=None)
        .annotate(ecarte=Subquery(mails.annotate(dit=Q(ecarte_le__isnull=False)).values("dit")[:1]))
        .annotate(dit=JSONObject(fin="expire_le", refuse=Coalesce("ecarte", False)))
    )
    return (
        Demande.objects.visibles_par(espace)
        .en_cours()
        .annotate(lettre=lettre)
        .annotate(
            fait=JSONObject(
                p="personne_id",
                reference="reference",
                nature="nature",
                suspendue=Exists(suspendue),
                a_confirmer=Case(When(attend, then=True), default=False),
                lien=Subquery(lien.values("dit")[:1]),
                **{cle: f"lettre__{champ}" for cle, champ in colonnes.items()},
            )
        )
    )


def substitutions(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    sien = siennes(espace, role="TITULAIRE", personne=OuterRef("personne"), service=OuterRef("lignes__service"))
    return (
        Demande.objects.en_cours()
        .filter(Exists(sien), nature="SUBSTITUTION")
        .exclude(espace=espace)
        .order_by()
        .values("personne")
        .annotate(
            fait=JSONObject(
                p="personne",
                reference=Min("reference"),
                n=Count("lignes__service", distinct=True),
                le=Min("deposee_le"),
                demandes=Count("pk", distinct=True),
            )
        )
    )


def mandats(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    gerees = siennes(espace, etat="ACTIVE", role__in=roles_pour(GERER_BANQUE), service__paiement=True)
    return (
        ReferenceBancaire.objects.filter(personne__in=gerees.values("personne"), personne__restreinte_le=None)
        .filter(supprimee_le=None, mandat__remis_le=None)
        .exclude(etat_b2b="VALIDE")
        .exclude(changements__signalements__etat="DEPOSE")
        .values("personne")
        .annotate(fait=JSONObject(p="personne", siren="personne__siren", n=Count("pk"), le=Min("ajoutee_le")))
    )


def messages(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    lues = Habilitation.objects.actives(timezone.localdate(maintenant)).filter(
        espace=espace, role__in=roles_pour(LIRE_MESSAGERIE), service__famille=Service.Famille.MESSAGERIE
    )
    non_lus = MessageNonLu.objects.filter(lecteur=espace.compte, message__echange__personne=OuterRef("pk")).exclude(
        message__echange__etat=Echange.Etat.PIECE_DEMANDEE, message__echange__personne__restreinte_le=None
    )  # told by the document that it asks for
    demandees = Echange.objects.filter(
        personne=OuterRef("pk"), personne__restreinte_le=None, etat=Echange.Etat.PIECE_DEMANDEE
    )
    return (
        PersonneSirenisee.objects.filter(pk__in=lues.values("personne"))
        .annotate(
            n=Coalesce(Subquery(_combien(non_lus, "message__echange__personne", "message__echange")), 0),
            d=Coalesce(Subquery(_combien(demandees, "personne", "pk")), 0),
            depuis=Subquery(demandees.order_by("dernier_le").values("dernier_le")[:1]),
        )
        .filter(Q(n__gt=0) | Q(d__gt=0))
        .annotate(fait=JSONObject(p="pk", n="n", d="d", depuis="depuis"))
    )


def _combien(lignes: QuerySet[Any], par: str, quoi: str) -> QuerySet[Any]:
    return lignes.order_by().values(par).annotate(nombre=Count(quoi, distinct=True)).values("nombre")


Lecture = Callable[[Espace, datetime], QuerySet[Any]]


def surveillance(espace: Espace, maintenant: datetime) -> QuerySet[Any]:
    restent = Desactivation.objects.filter(espace=espace, retablie_le__isnull=False, tranchee_le=None)
    attendent = SuiteAlerte.objects.filter(
        espace=espace, genre="QUESTION", repondue_le=None, expire_le__gte=maintenant, alerte__etat="OUVERTE"
    )
    questions = attendent.order_by().annotate(fait=JSONObject(alerte="alerte", fin="expire_le")).values("fait")
    changements = restent.order_by().annotate(fait=JSONObject(desactive_le="desactive_le")).values("fait")
    return changements.union(questions, all=True)


LECTURES: list[Lecture] = [
    surveillance,
    identifiants,
    tenues,
    accordees,
    sous_le_titulaire,
    retraits,
    habilitations_demandees,
    attendues,
    substitutions,
    mandats,
    messages,
]


class Monde:
    """Espaces, what they hold and share, what they ask: each date on one side or the other of what its rule says."""

    def __init__(self, graine: int) -> None:
        self.graine, self.hasard = graine, random.Random(graine)
        self.maintenant = timezone.now()
        self.aujourd_hui = timezone.localdate(self.maintenant)
        self.espaces = [EspaceFactory(prenom=f"P{'ab'[rang % 2]}") for rang in range(5)]
        self.personnes = [PersonneFactory() for _ in range(4)]
        self.services = [
            ServiceFactory(code=f"S{rang}", paiement=rang == 0, famille=famille)
            for rang, famille in enumerate(("PAYER", "CONSULTER", "MESSAGERIE"))
        ]
        self.bureau = ServiceGestionnaireFactory()
        for personne in self.personnes:
            for service in self.services:
                self._arbre(habiliter(self.un(self.espaces), personne=personne, service=service))
            self._comptes(personne)
        for espace in self.espaces:
            self._demander(espace)
        for espace in self.espaces[:3]:  # last: no draw before it changes
            retablie, tranchee = self.un([(None, None), (self.maintenant, None), (self.maintenant, self.maintenant)])
            Desactivation.objects.create(
                espace=espace,
                voie="AGENT",
                raison="INHABITUEL",
                depuis=self.maintenant,
                etat_avant="ACTIF",
                retablie_le=retablie,
                tranchee_le=tranchee,
            )
        for espace in self.espaces:
            alerte = alerte_avec_question(espace, AgentFactory())
            alerte.etat = self.un(["OUVERTE", "OUVERTE", "ECARTEE"])
            alerte.save()
            alerte.suites.update(expire_le=self.maintenant + self.un([-SECONDE, SECONDE]))
        for personne in self.personnes:
            echange = echanger(personne, etat=self.un(["REPONDU", "PIECE_DEMANDEE"]))
            for _ in range(2):
                message = Message.objects.create(echange=echange, texte="x")
                for espace in self.hasard.sample(self.espaces, 3):
                    MessageNonLu.objects.create(message=message, lecteur=espace.compte)

    def un(self, choix: Any) -> Any:
        return self.hasard.choice(list(choix))

    def _instants(self, *bornes: timedelta) -> Iterator[datetime]:
        for borne in bornes:
            yield from (self.maintenant - borne, self.maintenant - borne + SECONDE, self.maintenant - borne - SECONDE)

    def _arbre(self, racine: Habilitation) -> None:
        dessus = [racine]
        for espace in self.hasard.sample(self.espaces, 4):
            if espace in {habilitation.espace for habilitation in dessus}:
                continue
            par = self.un(habilitation for habilitation in dessus if habilitation.role != Role.ACTEUR)
            role = self.un(
                [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR]
                if par.role == Role.TITULAIRE
                else [Role.ACTEUR_DELEGANT, Role.ACTEUR]
            )
            dessus.append(accorder(par, espace, role, **self._champs(role)))
        for habilitation in dessus:
            self._usage(habilitation)

    def _champs(self, role: str) -> dict[str, Any]:
        champs: dict[str, Any] = {
            "accordee_le": self.un(self._instants(timedelta(), DELAI_DECLIN, PERIODE, PERIODE + SANS_REPONSE))
        }
        if role in {Role.ACTEUR, Role.ACTEUR_DELEGANT}:
            jours = [None, self.aujourd_hui, self.aujourd_hui - JOUR, self.aujourd_hui + PREAVIS]
            champs["expire_le"] = self.un([*jours, self.aujourd_hui + PREAVIS + JOUR])
            champs["revue_le"] = self.un([None, None, *self._instants(timedelta(), PERIODE, PERIODE + SANS_REPONSE)])
            champs["revue_demandee_le"] = self.un([None, None, None, *self._instants(timedelta(), SANS_REPONSE)])
        if self.hasard.random() < 0.4:
            champs |= {"etat": "EN_VEILLE", "veille_depuis": self.maintenant - self.hasard.randrange(30) * JOUR}
            champs["veille_motif"] = self.un(["TITULAIRE", "SUBSTITUTION", "SUBSTITUTION"])
        return champs

    def _comptes(self, personne: PersonneSirenisee) -> None:
        personne.restreinte_le = self.un([None, None, None, self.maintenant])
        personne.save()
        for iban in ("FR7630006000011234567890189", "FR1420041010050500013M02606"):
            valide = self.hasard.random() < 0.3
            compte_bancaire(
                personne,
                iban,
                ajoutee_le=self.maintenant,
                supprimee_le=self.un([None, None, self.maintenant]),
                remis_le=self.un([None, None, self.aujourd_hui]),
                **({"etat_b2b": "VALIDE", "b2b_le": self.aujourd_hui} if valide else {}),
            )

    def _usage(self, habilitation: Habilitation) -> None:
        if self.hasard.random() < 0.3:
            TraceLecture.objects.create(
                minute=self.maintenant,
                lecteur=habilitation.espace.numero_abonne,
                nature=self.un(TraceLecture.Nature),
                objet=self.un([OBJET, "autre"]),
                cle=str(habilitation.pk),
            )
        if self.hasard.random() < 0.4:
            etat = self.un(["DEPOSEE", "DEPOSEE", "ACCEPTEE"])
            DemandeRetrait.objects.create(
                habilitation=habilitation,
                demandeur=habilitation.espace,
                etat=etat,
                service_gestionnaire=self.un([None, None, self.bureau]),
                deposee_le=self.maintenant - self.hasard.randrange(90) * JOUR,
                traitee_le=None if etat == "DEPOSEE" else self.maintenant,
            )

    def _demander(self, espace: Espace) -> None:
        for personne in self.hasard.sample(self.personnes, 2):
            DemandeHabilitation.objects.create(
                demandeur=espace,
                siren=personne.siren,
                motif="m",
                deposee_le=self.maintenant - self.un(range(20)) * JOUR,
            )
        for nature in ("SUBSTITUTION", "ADHESION", "COURRIEL_PERSONNE"):
            for personne in self.hasard.sample(self.personnes, 2):
                self._demande(espace, personne, nature)
        objet = self.un([Lien.Objet.CHANGEMENT_ADRESSE, Lien.Objet.CHANGEMENT_ADRESSE, Lien.Objet.ANNULATION_ADRESSE])
        fin = self.un([self.maintenant, self.maintenant + JOUR, self.maintenant - SECONDE])
        rendu = {self.un(["consomme_le", "revoque_le"]): self.un([None, None, self.maintenant])}
        Lien.objects.create(espace=espace, objet=objet, adresse="n@exemple.fr", expire_le=fin, **rendu)

    def _lien(self, demande: Demande) -> None:
        rendu = {self.un(["consomme_le", "revoque_le"]): self.un([None, None, self.maintenant])}
        lien = Lien.objects.create(
            espace=demande.espace,
            objet="COURRIEL_ENTREPRISE",
            sujet=demande.pk,
            adresse="n@exemple.fr",
            expire_le=self.maintenant + self.un([-JOUR, JOUR]),
            **rendu,
        )
        for rang in range(self.un([0, 1, 2])):
            Courriel.objects.create(
                genre="courriel_entreprise_confirmer",
                destinataire="n@exemple.fr",
                acte=f"lien:{lien.pk}:{rang}",
                lien=lien,
                cree_le=self.maintenant + rang * SECONDE,
                ecarte_le=self.un([None, self.maintenant]),
            )

    def _demande(self, espace: Espace, personne: PersonneSirenisee, nature: str) -> None:
        etat = self.un(["DEPOSEE", "CODE_ENVOYE", "CODE_ENVOYE", "EXPIREE"])
        rang = Demande.objects.count()
        demande = Demande.objects.create(
            reference=f"D-2026-{rang:08d}",
            nature=nature,
            espace=espace,
            personne=personne,
            qualite="MANDATAIRE",
            etat=etat,
            deposee_le=self.maintenant - self.un(range(40)) * JOUR,
            terminee_le=self.maintenant if etat == "EXPIREE" else None,
            nouvelle_adresse="n@exemple.fr" if nature == "COURRIEL_PERSONNE" else "",
            adresse_confirmee_le=self.un([None, None, self.maintenant]) if nature == "COURRIEL_PERSONNE" else None,
        )
        if nature == "COURRIEL_PERSONNE":
            self._lien(demande)
        for service in self.hasard.sample(self.services, 2):
            demande.lignes.create(service=service)
        for numero in range(1, 1 + self.un([0, 1, 2])):
            Courrier.objects.create(
                demande=demande,
                numero=numero,
                empreinte_code=f"{rang:060x}{numero:04x}",
                empreinte=f"{rang:064x}",
                etat=self.un(["EDITE", "NPAI"]),
                canal=self.un(["POSTAL", "MESSAGERIE"]),
                pas_avant=self.un([None, self.maintenant]),
                remis_le=self.un([None, self.maintenant]),
                edite_le=self.maintenant,
                traite_le=self.maintenant,
                expire_le=self.maintenant + self.un(range(-3, 60)) * JOUR,
                essais=self.un([0, 5]),
                remplace_le=self.maintenant if numero == 1 else None,
            )
        if self.hasard.random() < 0.5:
            decision = self.un(["EN_ATTENTE", "ECARTE"])
            Signalement.objects.create(
                demande=demande,
                origine="COURRIER",
                suspend_jusqu_au=self.un([self.maintenant, self.maintenant + SECONDE]),
                repris_le=self.un([None, None, self.maintenant]),
                decision=decision,
                decide_le=None if decision == "EN_ATTENTE" else self.maintenant,
            )


def triees(faits: list[dict[str, Any]]) -> list[str]:
    """Return the facts in one order, as their readings give none."""
    return sorted(
        json.dumps({cle: sorted(dit) if isinstance(dit, list) else dit for cle, dit in fait.items()}, sort_keys=True)
        for fait in faits
    )


def _d_une_seule(espace: Espace, monde: Monde) -> None:
    """Of one company, each source finds what it finds of it among all."""
    toutes = chercher(espace, maintenant=monde.maintenant)
    for personne in monde.personnes:
        de_celle_ci = chercher(espace, seule=Seule(personne.pk, personne.siren), maintenant=monde.maintenant)
        assert set(de_celle_ci) == set(toutes) - {"identifiants", "surveillance"}
        for nom, faits in de_celle_ci.items():
            assert triees(faits) == triees([fait for fait in toutes[nom] if fait["p"] == personne.pk]), nom


def test_le_sql_constant_trouve_ce_que_l_orm_trouve() -> None:
    dits: dict[tuple[str, str], int] = {}
    for monde in map(Monde, GRAINES):
        for espace in monde.espaces:
            for maintenant in (monde.maintenant, monde.maintenant + JOUR):  # nothing of the first is kept
                trouves = chercher(espace, maintenant=maintenant)
                assert set(trouves) == {lecture.__name__ for lecture in LECTURES}
                for lecture in LECTURES:
                    nom = lecture.__name__
                    attendus = list(lecture(espace, maintenant).order_by().values_list("fait", flat=True))
                    assert triees(trouves[nom]) == triees(attendus), (nom, monde.graine)
                    for cle, dit in [paire for fait in attendus for paire in fait.items()]:
                        dits[nom, cle] = dits.get((nom, cle), 0) + bool(dit)
            _d_une_seule(espace, monde)
    assert {nom for nom, _ in dits} == {lecture.__name__ for lecture in LECTURES}, "every source finds something"
    assert not {ou for ou, fois in dits.items() if not fois}, "every key says something"


def test_les_textes_sont_constants_et_courts(espace: Espace, django_assert_num_queries: Any) -> None:
    """Two espaces, two moments: the same two texts of 4.4 kB at most, whatever else changes."""
    avant = _requetes(d_une_entreprise=False)
    with django_assert_num_queries(2), CaptureQueriesContext(connection) as requetes:
        chercher(espace, maintenant=timezone.now())
    assert all(len(requete["sql"].encode()) < OCTETS_AU_PLUS for requete in requetes)
    chercher(EspaceFactory(), maintenant=timezone.now() + JOUR)
    assert _requetes(d_une_entreprise=False) is avant
    assert all(len(sources) <= PAR_REQUETE for _, sources in avant)


def test_deux_sources_ne_se_prennent_pas_un_parametre() -> None:
    """What two sources of one statement call alike is the same thing."""
    maintenant = timezone.now()
    for _, sources in _requetes(d_une_entreprise=False):
        lus: dict[str, Any] = {}
        for source in sources:
            parametres = source.parametres(maintenant)
            assert {**lus, **parametres} == {**parametres, **lus}, source.nom
            assert not {"espace", "numero", "seule", "maintenant", "aujourd_hui"} & set(parametres)
            lus |= parametres
