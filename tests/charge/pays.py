"""A small portal, then the same one in a country: 200,000 habilitations, personnes and journal lines around it (issue 12.1).

What the measured espace, agent and jobs have to read is all in `installer`; `grossir` adds what is none of theirs.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.gestion.fonctions import TOUTES
from accounts.models import (
    Agent,
    AncienMotDePasse,
    Contreseing,
    Courriel,
    Espace,
    EssaiConnexion,
    Evenement,
    Lien,
    NavigateurConnu,
    Rectification,
    ServiceGestionnaire,
    Session,
    TraceLecture,
)
from accounts.traces.journal import consigner
from activation.actes import DEMANDE_DEPOSEE
from activation.models import Courrier, Demande, LigneDemande, Signalement
from habilitations.models import Cessation, DemandeHabilitation, DemandeRetrait, Export, Habilitation, Role
from services.models import (
    AdresseAttendue,
    Brouillon,
    Echange,
    EvenementRegistre,
    Message,
    ModeleDeReponse,
    PersonneSirenisee,
    PieceJointe,
    ReferenceBancaire,
    RepresentantLegal,
    RetraitService,
    Service,
)
from surveillance.models import Alerte, Balayage, BlocageIP, Connexion, SuiteAlerte
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    compte_signale,
    echanger,
    habiliter,
    poser_piece,
)

from .jeu import Jeu, charger, multiplier

GROUPES = 18  # × 10,890 habilitations, beside the measured group
AUTOUR = 200_000
CAUSE = "reseau:198.51.100.0/24"
RESEAU = "192.0.7.0/24"  # of which the sign-ins around come too
EMPREINTE = "md5(g::text) || md5((-g)::text)"


@dataclass
class Pays:
    """The measured group, what its biggest espace is asked to show, and the agents of its service gestionnaire."""

    jeu: Jeu
    espace: Espace
    agents: list[Agent]
    personne: PersonneSirenisee
    service: Service
    demande: Demande
    retrait: DemandeRetrait
    demandee: DemandeHabilitation
    export: Export
    compte: ReferenceBancaire
    echange: Echange
    piece: PieceJointe
    modeles: dict[str, Any]


def installer() -> Pays:
    """Load one group, and give its biggest espace some of everything that a page can show."""
    _tasser()
    jeu = charger(1)
    espace = Espace.objects.select_related("compte").get(pk=jeu.espaces[100].pk)
    tenues = list(
        Habilitation.objects.select_related("personne", "service", "adhesion").filter(espace=espace).order_by("pk")[:60]
    )
    une = tenues[0]
    maintenant = timezone.now()
    with transaction.atomic():
        for tenue in tenues:
            consigner(DEMANDE_DEPOSEE, auteur=espace, siren=tenue.personne.siren, service=tenue.service.code)
    demandes = []
    for rang, tenue in enumerate(tenues[:5]):
        demande = Demande.objects.create(
            reference=f"D-2026-CHARGE{rang:02d}",
            nature="SUBSTITUTION",
            espace=espace,
            personne=PersonneFactory(service_gestionnaire=une.personne.service_gestionnaire),
            qualite="MANDATAIRE",
        )
        LigneDemande.objects.create(demande=demande, service=tenue.service)
        Courrier.objects.create(
            demande=demande, empreinte_code=f"{rang:064x}", empreinte=f"{rang:064x}", etat="EDITE",
            edite_le=maintenant, expire_le=maintenant + timedelta(days=60), traite_le=maintenant,
        )  # fmt: skip
        demandes.append(demande)
    recues = Habilitation.objects.filter(adhesion__in=[t.adhesion_id for t in tenues], role=Role.ACTEUR_DELEGANT)
    retraits = [
        DemandeRetrait.objects.create(habilitation=recue, demandeur=recue.espace) for recue in recues.order_by("pk")[:5]
    ]
    siens = [DemandeRetrait.objects.create(habilitation=tenue, demandeur=espace) for tenue in tenues[:3]]
    demandees = [
        DemandeHabilitation.objects.create(
            demandeur=EspaceFactory(),
            siren=tenue.personne.siren,
            motif="collaborateur",
            annoncee_le=maintenant if rang else None,  # one that the job has to tell
        )
        for rang, tenue in enumerate(tenues[:5])
    ]
    DemandeHabilitation.objects.create(demandeur=espace, siren=demandes[0].personne.siren, motif="collaborateur")
    bureau = une.personne.service_gestionnaire
    messagerie = Service.objects.get(famille=Service.Famille.MESSAGERIE)
    with transaction.atomic():
        habiliter(espace, personne=une.personne, service=ServiceFactory(code="PAYER_ESSAI", paiement=True))
        if (
            not Habilitation.objects.vivantes()
            .filter(espace=espace, personne=une.personne, service=messagerie)
            .exists()
        ):
            habiliter(espace, personne=une.personne, service=messagerie)
    echange = echanger(une.personne)
    for rang in range(5):
        echanger(une.personne, etat="REPONDU", objet=f"Question {rang}")
    Brouillon.objects.create(espace=espace, personne=une.personne, theme="TVA", objet="Question", texte="Bonjour")
    Brouillon.objects.create(espace=espace, personne=une.personne, echange=echange, texte="Bonjour")
    message = Message.objects.create(echange=echange, espace=espace, texte="Bonjour")
    piece = poser_piece(b"%PDF", message=message, analyse="NON_ANALYSEE", analysee_le=maintenant)
    agents = [AgentFactory(service_gestionnaire=bureau, fonction=fonction) for fonction in sorted(TOUTES)]
    return Pays(
        jeu=jeu,
        espace=espace,
        agents=agents,
        personne=une.personne,
        service=une.service,
        demande=demandes[0],
        retrait=retraits[0],
        demandee=demandees[0],
        export=Export.objects.create(espace=espace, liste={}, traite_le=maintenant, lignes=1, contenu=b"x"),
        compte=(signalement := compte_signale(une.personne, espace, espace)).changement.reference,
        modeles={"retrait": siens[0], "demande": demandes[0], "services.signalementbancaire": signalement}
        | {"services.referencebancaire": signalement.changement.reference}
        | _pour_les_agents(espace, tenues[3], demandes, agents),
        echange=echange,
        piece=piece,
    )


def _pour_les_agents(
    espace: Espace, tenue: Habilitation, demandes: list[Demande], agents: list[Agent]
) -> dict[str, Any]:
    """Return one of each thing that an agent's act is about, by the label of its model."""
    maintenant = timezone.now()
    chef, gestionnaire = (
        next(agent for agent in agents if agent.fonction == fonction)
        for fonction in (Agent.Fonction.CHEF, Agent.Fonction.GESTIONNAIRE)
    )
    lettre = demandes[1].courriers.get()
    Courrier.objects.filter(pk=lettre.pk).update(etat="REMIS", remis_le=maintenant)
    AdresseAttendue.objects.create(espace=espace, personne=tenue.personne, registre_le=tenue.personne.modifiee_le)
    bureau = tenue.personne.service_gestionnaire
    # Asked of the office: nobody above the titulaire.
    retrait = DemandeRetrait.objects.create(habilitation=tenue, demandeur=espace, service_gestionnaire=bureau)
    echange = echanger(tenue.personne)
    for agent in agents:  # each has begun an answer: it is read again
        Brouillon.objects.create(agent=agent, personne=tenue.personne, echange=echange, texte="Bonjour")
    return {
        "services.personnesirenisee": tenue.personne,
        "habilitations.adhesion": tenue.adhesion,
        "habilitations.cessation": Cessation.objects.create(personne=demandes[4].personne),
        "habilitations.demanderetrait": retrait,
        "activation.demande": demandes[2],
        "activation.courrier": lettre,
        "activation.signalement": Signalement.objects.create(demande=demandes[3], origine="COURRIER"),
        "accounts.servicegestionnaire": bureau,
        "accounts.agent": gestionnaire,
        "services.echange": echange,
        "services.modeledereponse": ModeleDeReponse.objects.create(
            service_gestionnaire=bureau, titre="Accusé de réception", texte="Bonjour"
        ),
        "surveillance.alerte": Alerte.objects.create(compte=espace.compte, motif="usage_parallele", cause=CAUSE),
        "alerte d’un réseau": Alerte.objects.create(
            motif="adresse_sans_fin",
            cause=f"reseau:{RESEAU}",
            details={"reseau": RESEAU, "adresses": ["192.0.7.1"]},
        ),
        "question": _interroger(espace, gestionnaire),
        "surveillance.blocageip": BlocageIP.objects.create(reseau="203.0.113.0/24", motif="robot"),
        "accounts.rectification": Rectification.objects.create(
            espace=espace, service_gestionnaire=bureau, objet="AUTRE", texte="Mon nom."
        ),
        "accounts.contreseing": Contreseing.objects.create(
            genre="CHEF",
            cle=str(gestionnaire.pk),
            service_gestionnaire=bureau,
            motif="départ",
            demandeur=chef,
            avant_le=maintenant + timedelta(days=1),
        ),
    }


def _interroger(espace: Espace, agent: Agent) -> Alerte:
    """An alert of which this holder is asked whether it was he."""
    alerte = Alerte.objects.create(compte=espace.compte, motif="pays_nouveau", cause=CAUSE)
    SuiteAlerte.objects.create(
        alerte=alerte, genre="QUESTION", espace=espace, agent=agent, expire_le=timezone.now() + timedelta(days=7)
    )
    return alerte


def grossir(pays: Pays) -> None:
    """Add the country around: nothing of it belongs to the measured group or is due to a job."""
    charger(GROUPES, depuis=1)
    # Loading the catalogue again retired the one service that is not in it: nothing is due to the job that announces that.
    RetraitService.objects.filter(service__code="PAYER_ESSAI").delete()
    Service.objects.filter(code="PAYER_ESSAI").update(ferme_le=None)
    maintenant, hier = timezone.now(), timezone.now() - timedelta(days=1)
    bureaux = ServiceGestionnaire.objects.bulk_create(ServiceGestionnaireFactory.build() for _ in range(50))
    personne = PersonneFactory(service_gestionnaire=bureaux[0], denomination="GARAGE")
    au_hasard = f"(ARRAY{[bureau.pk for bureau in bureaux]})[1 + mod(g, 50)]"
    with transaction.atomic(), connection.cursor() as curseur:  # a GIN index is built at once in a fifth of the time
        curseur.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'personne_denomination_repliee'")
        (index,) = curseur.fetchone() or ("",)
        curseur.execute("DROP INDEX personne_denomination_repliee")
        multiplier(
            personne,
            AUTOUR,
            siren="(700000000 + g)::text",
            denomination="'GARAGE ' || md5(g::text)",
            service_gestionnaire_id=au_hasard,
        )
        curseur.execute(index)
    autre = EspaceFactory()
    assert autre.compte is not None
    multiplier(autre.compte, 20_000, id="md5('c' || g)::uuid", email="'pays' || g || '@exemple.fr'")
    multiplier(
        autre,
        20_000,
        id="md5('e' || g)::uuid",
        compte_id="md5('c' || g)::uuid",
        numero_abonne="(20261000000000 + g)::text",
        nom="'Durand ' || g",
        # Each his own company: of one for all, as the model row has, PostgreSQL would rather read every Durand than begin with the office.
        siren_appartenance="(700000000 + g)::text",
    )
    un_espace, un_compte = "md5('e' || (1 + mod(g, 20000)))::uuid", "md5('c' || (1 + mod(g, 20000)))::uuid"
    un_siren = "(700000000 + g)::text"
    une_personne = f"{personne.pk} + 1 + g"
    with transaction.atomic():
        evenement = consigner(DEMANDE_DEPOSEE, auteur=autre, siren=personne.siren, service=pays.service.code)
    abonne = "(20261000000000 + 1 + mod(g, 20000))::text"
    multiplier(evenement, AUTOUR, siren=un_siren, espace=abonne, auteur=abonne)
    demande = Demande.objects.create(
        reference="D-2026-AUTOUR00", nature="ADHESION", espace=autre, personne=personne, qualite="MANDATAIRE",
        etat="ACTIVEE", terminee_le=maintenant,
    )  # fmt: skip
    multiplier(
        demande,
        12_000,
        id="md5('d' || g)::uuid",
        reference="'D-2026-' || g",
        espace_id=un_espace,
        personne_id=une_personne,
    )
    ligne = LigneDemande.objects.create(demande=demande, service=pays.service, resultat="OUVERT")
    multiplier(ligne, 12_000, demande_id="md5('d' || g)::uuid")
    courrier = Courrier.objects.create(
        demande=demande, empreinte_code="f" * 64, empreinte="f" * 64, etat="REMIS", edite_le=maintenant,
        remis_le=maintenant, expire_le=maintenant + timedelta(days=60), traite_le=maintenant,
    )  # fmt: skip
    multiplier(courrier, 12_000, demande_id="md5('d' || g)::uuid", empreinte_code=EMPREINTE)
    mandat = pays.modeles["retrait"].habilitation.adhesion.mandat
    multiplier(mandat, 12_000, demande="'D-2026-M' || g", personne_id=une_personne, mandataire_id=un_espace)
    signalement = Signalement.objects.create(
        demande=demande, origine="COURRIER", decision="ECARTE", decide_le=maintenant, agent=pays.agents[0]
    )
    multiplier(signalement, 12_000, demande_id="md5('d' || g)::uuid")
    courriel = Courriel.objects.create(
        genre="espace_ouvert", destinataire="a@exemple.fr", acte="autour:0", espace=autre, traite_le=hier, cree_le=hier
    )
    multiplier(
        courriel, 15_000, acte="'autour:' || g", espace_id=un_espace, destinataire="'pays' || g || '@exemple.fr'"
    )
    multiplier_les_traces(autre, un_espace, un_compte, maintenant)
    retire = DemandeRetrait.objects.create(
        habilitation=Habilitation.objects.filter(role=Role.ACTEUR_DELEGANT).order_by("-accordee_le")[0],
        demandeur=autre,
        etat="REFUSEE",
        reponse="non",
        traitee_le=hier,
    )
    multiplier(retire, 20_000, demandeur_id=un_espace)
    close = DemandeHabilitation.objects.create(
        demandeur=autre, siren="700000001", motif="x", etat="EXPIREE", traitee_le=hier, annoncee_le=hier
    )
    multiplier(close, 12_000, demandeur_id=un_espace, siren=un_siren)
    representant = RepresentantLegal.objects.create(personne=personne, nom="DURAND", source="INSEE")
    multiplier(representant, 12_000, personne_id=une_personne)
    decidee = Alerte.objects.create(
        compte=autre.compte, motif="pays_nouveau", etat="ECARTEE", examinee_le=hier, levee_le=hier - timedelta(days=200)
    )
    multiplier(decidee, 12_000, compte_id=un_compte)
    en_attente = Alerte.objects.create(compte=autre.compte, motif="pays_nouveau", levee_le=hier, derniere_le=hier)
    multiplier(en_attente, 12_000, compte_id=un_compte)
    # As the sweep of an hour ago left it: what it reads is what came since.
    derniere = Evenement.objects.latest("pk").pk
    Balayage.objects.create(
        vu_jusqu_a=maintenant - timedelta(hours=1), ligne=derniere - 50, ligne_recente=derniere, recente_le=hier
    )
    registre = EvenementRegistre.objects.create(personne=personne, genre="CESSATION", traite_le=hier)
    multiplier(registre, 20_000, personne_id=une_personne)
    _nettoyer()


def _tasser() -> None:
    """Give each table pages of its own: those that other tests leave are full of rows that were rolled back, among which the
    rows loaded would be scattered.
    """
    tables = """
        SELECT oid::regclass::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
    """
    with connection.cursor() as curseur:
        curseur.execute(tables)
        for (table,) in curseur.fetchall():
            curseur.execute(f"VACUUM FULL {table}")


def _nettoyer() -> None:
    """Do what autovacuum does in the night, until the visibility map says so: without it an index alone answers nothing."""
    entieres = """
        SELECT bool_and(relallvisible >= 0.95 * relpages) FROM pg_class
        WHERE relkind = 'r' AND relpages > 200 AND relnamespace = 'public'::regnamespace
    """
    fin = time.monotonic() + 30
    with connection.cursor() as curseur:
        while time.monotonic() < fin:
            curseur.execute("VACUUM ANALYZE")
            curseur.execute(entieres)
            if curseur.fetchone()[0]:
                return
            time.sleep(1)
    raise AssertionError("an older transaction keeps the rows just loaded from being seen by all")


def multiplier_les_traces(autre: Espace, un_espace: str, un_compte: str, maintenant: Any) -> None:
    """What signing in and reading leave: sessions, browsers, sign-ins, links, hashes, counted tries."""
    session = Session.objects.create(
        session_key="0" * 64,
        numero=uuid.uuid4(),
        compte=autre.compte,
        session_data="x" * 200,
        expire_date=maintenant + timedelta(hours=8),
    )
    multiplier(session, 15_000, session_key=EMPREINTE, numero="gen_random_uuid()", compte_id=un_compte)
    navigateur = NavigateurConnu.objects.create(compte=autre.compte, empreinte="0" * 64)
    multiplier(navigateur, 15_000, compte_id=un_compte, empreinte=EMPREINTE)
    ancien = AncienMotDePasse.objects.create(compte=autre.compte, empreinte="x")
    multiplier(ancien, 15_000, compte_id=un_compte)
    lien = Lien.objects.create(
        espace=autre, objet="CONFIRMATION_EXPERT", expire_le=maintenant + timedelta(hours=1), consomme_le=maintenant
    )
    multiplier(lien, 15_000, espace_id=un_espace)
    essai = EssaiConnexion.objects.create(cle="0" * 64)
    multiplier(essai, 15_000, cle=EMPREINTE)
    trace = TraceLecture.objects.create(minute=maintenant, lecteur="agent:x", nature="LISTE", objet="x", bureau="AUTRE")
    multiplier(trace, 15_000, cle="g::text")
    Connexion.objects.create(
        id=uuid.uuid4(), quand=maintenant, compte=autre.compte, resultat="REUSSIE", adresse_ip="192.0.2.1"
    )
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")
        curseur.execute(
            "INSERT INTO surveillance_connexion SELECT r.* FROM surveillance_connexion m, generate_series(1, 30000) g,"
            " LATERAL jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'quand',"
            f" now() - g * interval '1 minute', 'reseau', '192.0.' || g % 250 || '.0/24', 'compte_id', {un_compte})) r"
        )
