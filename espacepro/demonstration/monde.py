"""The world of the demonstration: fictional companies and people, and a year of their acts, told by a moved clock.

Each step looks first whether it is done, so that a run that died goes on where it stopped. All is done by the acts that
everybody calls; what a letter would open at ninety-four companies is opened by the act that its code calls, with the
mandate that it keeps, since making ninety-four letters would take a minute.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.espace.inscription import Inscription
from accounts.espace.recapitulatif import noter_reponse_montree
from accounts.models import Agent, Compte, Espace, Lien
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import deriver_code
from activation.courriers.edition import editer
from activation.demandes.activation import activer
from activation.demandes.adhesion import services_proposables
from activation.demandes.confirmation_adresse import confirmer_adresse
from activation.demandes.courriel_personne import demander_changement
from activation.demandes.creation_simplifiee import confirmer_connexion, confirmer_entreprise, inscrire_simplifie
from activation.demandes.retours import constater_retour
from activation.demandes.substitution import Choix, deposer_substitution
from activation.models import Courrier, Demande
from habilitations.arbre.ouverture import ouvrir_services
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.demandes import annoncer_demandes_habilitation, demander_habilitation
from habilitations.partage.suppleances import designer_suppleant
from services.banque.comptes import ajouter_compte
from services.banque.iban import proposer_banque
from services.banque.mandat import editer_mandat, noter_remise
from services.banque.reponses import Reponse, enregistrer_reponse
from services.banque.signalement import signaler_changement
from services.messagerie.bureau import cle_d_envoi_du_bureau, envoyer_du_bureau, garder_du_bureau, montre_de
from services.messagerie.echanges import ecrire
from services.messagerie.modeles import enregistrer_modele
from services.models import (
    ChangementBancaire,
    Message,
    ModeleDeReponse,
    PersonneSirenisee,
    ReferenceBancaire,
    Service,
    SignalementBancaire,
)
from services.models.banque import empreinte_iban
from services.registre.representants import enregistrer_representant, representant_de
from services.registre.suivi import commencer_le_suivi, essayer_le_suivi
from surveillance.automates.blocages import bloquer_automate, bloquer_ip
from surveillance.models import Alerte, BlocageIP, Connexion
from surveillance.signaux import registre
from surveillance.signaux.signalement import signaler

from .comptes import CHEFFE, HUGO, INES, KARINE, MARC, MONDE, NORA, ODILE, PASCAL, YVES, CompteDemonstration
from .horloge import il_y_a

FICTIF: Final = Path(__file__).parent / "fictif"
CHARPENTES, COMMUNE, ASSOCIATION = "999999006", "999999014", "999999022"
PREMIER_SIREN: Final = "99999"  # none of INSEE's begins so: with 999, the fictional ones
REPRISE_A_FAIRE, REPRISE_FAITE = "GARAGE DU PONT NEUF", "BOULANGERIE DU PONT NEUF"
DU_CABINET: Final = ("CONS_CF", "DECL_TVA", "PAY_TVA", "PAY_IS", "MSG")
DE_LA_MAIRE: Final = (Service.Famille.DECLARER, Service.Famille.DEMARCHE, Service.Famille.MESSAGERIE)
DU_COMPTABLE: Final = (Service.Famille.CONSULTER, Service.Famille.PAYER)
AUTEUR: Final = "systeme:charger_demonstration"
# Fictional, with right keys. Account -> kind of debit and reason of the bank, none where it accepts; None: its mandate waits.
COMPTES_DE_LA_COMMUNE: Final[dict[str, tuple[tuple[str, str], ...] | None]] = {
    "FR7630001009990000000001050": (("CORE", ""), ("B2B", "")),
    "FR7620041010050000000003051": (("CORE", ""),),
    "FR7630006000010000000004032": (("CORE", ""), ("B2B", "MD01")),
    "FR7610071990000000000002068": None,
    "FR7630004000020000000005068": None,  # the last one is reported
}
MODELE: Final = (
    "Accusé de réception",
    "Bonjour,\n\nVotre message est bien arrivé. Nous vous répondrons dans le délai indiqué.\n\nCordialement,",
)
# Theme, object, text, how many days ago; the office's answer four days later, and whether it asks for a document.
ECHANGES: Final[tuple[tuple[str, str, str, int, tuple[str, bool] | None], ...]] = (
    (
        "TVA",
        "Option pour la TVA sur les loyers",
        "Bonjour,\n\nNotre cliente souhaite opter pour la TVA sur ses loyers. À partir de quelle date l’option vaut-elle ?",
        9,
        ("Bonjour,\n\nL’option vaut à partir du premier jour du mois où elle est exercée.\n\nCordialement,", False),
    ),
    (
        "AUTRE",
        "Changement de date de clôture",
        "Bonjour,\n\nL’exercice sera clos le 30 juin. Quelles déclarations faut-il avancer ?",
        3,
        None,
    ),
    (
        "DELAI_PAIEMENT",
        "Étalement de la CFE",
        "Bonjour,\n\nNotre client souhaite payer sa CFE en trois fois.",
        7,
        ("Bonjour,\n\nMerci d’envoyer le dernier bilan et un plan de trésorerie.\n\nCordialement,", True),
    ),
)
RESEAU_BLOQUE, RESEAU_DU_VOLEUR, CHEZ_HUGO = "203.0.113.0/24", "198.51.100.77", "192.0.2.140"
AUTOMATE = "198.51.100.23"
"""Reserved for documentation (RFC 5737): nobody's."""
Ouvrir = Callable[[CompteDemonstration], Espace]


@dataclass(frozen=True)
class Monde:
    """Who is in it, by the account that signs in."""

    espaces: dict[CompteDemonstration, Espace]
    agent: Agent

    def __getitem__(self, compte: CompteDemonstration) -> Espace:
        return self.espaces[compte]


def charger_monde(*, ouvrir: Ouvrir, agent: Agent) -> None:
    """Make what is missing of it, the oldest first. `ouvrir` returns the espace expert of a person, inscribed where missing."""
    _importer()
    with il_y_a(350):
        espaces = {compte: ouvrir(compte) for compte in MONDE if compte != NORA}
    monde = Monde(espaces, agent)
    _ouvrir_les_entreprises(monde)
    _partager_au_cabinet(monde)
    _habiliter_la_commune(monde)
    _enregistrer_les_comptes(monde)
    _fonder_l_association(monde)
    _laisser_partir_marc(monde)
    _changer_de_representant(monde)
    _finir_cette_semaine(monde)
    _demander_d_en_bas(monde)
    _ecrire_au_service(monde)
    _donner_a_voir_a_la_cellule(monde)
    # As who has changed it lately: a demonstration kept for months asks nobody to renew what is printed on its page.
    Compte.objects.filter(email__in=[compte.email for compte in MONDE]).update(mot_de_passe_change_le=timezone.now())


def inscription_de(compte: CompteDemonstration) -> Inscription:
    """Return what this person types to open an espace."""
    return Inscription(
        email=compte.email,
        mot_de_passe=compte.mot_de_passe,
        civilite=compte.civilite,
        nom=compte.nom,
        prenom=compte.prenom,
        telephone="",
        siren_appartenance="",
        question_confiance=Espace.Question.PHRASE,
        reponse_confiance=compte.reponse_confiance,
    )


def _importer() -> None:
    """Import the fictional register, as if a year ago: the world's acts are dated after it."""
    if not PersonneSirenisee.objects.filter(siren=ASSOCIATION).exists():
        call_command(
            "importer_personnes", FICTIF / "StockUniteLegale_fictif.csv", FICTIF / "StockEtablissement_fictif.csv"
        )
        # The import writes its dates by PostgreSQL's clock.
        importees = timezone.now() - timedelta(days=360)
        PersonneSirenisee.objects.filter(siren__startswith=PREMIER_SIREN).update(
            cree_le=importees, modifiee_le=importees
        )


def _personne(siren: str) -> PersonneSirenisee:
    return PersonneSirenisee.objects.get(siren=siren)


def _du_cabinet() -> list[PersonneSirenisee]:
    """Return the fictional companies of the accounting firm, in the order in which it took them on."""
    siennes = PersonneSirenisee.objects.filter(siren__startswith=PREMIER_SIREN)
    return list(siennes.exclude(siren__in=[CHARPENTES, COMMUNE, ASSOCIATION]).order_by("siren"))


def _adhesions(personnes: Collection[PersonneSirenisee]) -> list[Adhesion]:
    return list(Adhesion.objects.ouvertes().filter(personne__in=personnes).order_by("pk"))


@transaction.atomic
def _ouvrir_par_mandat(espace: Espace, personne: PersonneSirenisee, services: Sequence[Service]) -> None:
    """Open these services as the code of a letter of some days ago does; nothing where one is open already."""
    if not services or Adhesion.objects.ouvertes().filter(personne=personne, service__in=services).exists():
        return
    maintenant = timezone.now()
    mandat = Mandat.objects.create(
        demande=f"D-DEMO-{personne.siren}-{services[0].pk % 1000:03d}",
        nature=Demande.Nature.ADHESION,
        personne=personne,
        mandataire=espace,
        qualite=Demande.Qualite.MANDATAIRE.label,
        representant_legal="représentant légal en exercice",
        adresse_du_courrier=[personne.denomination, *personne.lignes_adresse],
        demarches=[service.libelle for service in services],
        courrier_numero=1,
        courrier_canal=Courrier.Canal.POSTAL,
        courrier_edite_le=maintenant - timedelta(days=6),
        code_saisi_le=maintenant,
    )
    ouvrir_services(acteur=espace, personne=personne, services=services, mandat=mandat, maintenant=maintenant)


@transaction.atomic
def _ouvrir_les_entreprises(monde: Monde) -> None:
    """Month by month the firm takes on its companies; two of them come to Marc, who leaves with them."""
    services = list(Service.objects.filter(code__in=DU_CABINET, ferme_le=None).order_by("ordre"))
    ouvertes = set(Adhesion.objects.ouvertes().values_list("personne", flat=True))
    for rang, personne in enumerate(_du_cabinet()):
        if personne.pk not in ouvertes:
            espace = monde[MARC if personne.denomination in (REPRISE_A_FAIRE, REPRISE_FAITE) else KARINE]
            with il_y_a(345 - rang):
                _ouvrir_par_mandat(espace, personne, services)
    charpentes = _personne(CHARPENTES)
    with il_y_a(340):
        bouquet = Service.objects.filter(bouquet_simplifie=True, reserve_dge=False).order_by("ordre")
        _ouvrir_par_mandat(monde[PASCAL], charpentes, [s for s in bouquet if s.ferme_a(charpentes) is None][:8])


def _deja(espace: Espace, adhesions: Sequence[Adhesion]) -> bool:
    """Whether this espace holds, or has held, something on these adhésions."""
    return Habilitation.objects.filter(espace=espace, adhesion=adhesions[0]).exists()


def _partager_au_cabinet(monde: Monde) -> None:
    """Pascal trusts the firm; its head shares among her collaborators, who share in their turn."""
    karine, ines, hugo, marc = monde[KARINE], monde[INES], monde[HUGO], monde[MARC]
    clients = _du_cabinet()
    siennes = [personne for personne in clients if personne.denomination not in (REPRISE_A_FAIRE, REPRISE_FAITE)]
    a_marc = [personne for personne in clients if personne.denomination == REPRISE_FAITE]
    suppleances = [
        (320, monde[PASCAL], karine, [_personne(CHARPENTES)]),
        (230, karine, ines, siennes[20:61]),
    ]
    for jours, acteur, beneficiaire, personnes in suppleances:
        if not _deja(beneficiaire, adhesions := _adhesions(personnes)):
            with il_y_a(jours):
                designer_suppleant(acteur=acteur, adhesions=adhesions, beneficiaire=beneficiaire)
    delegations = [
        (240, karine, marc, siennes[:20], Role.ACTEUR_DELEGANT),
        (220, karine, hugo, siennes[70:75], Role.ACTEUR),
        (150, ines, hugo, siennes[20:23], Role.ACTEUR),
        (140, marc, hugo, a_marc, Role.ACTEUR),
    ]
    for jours, acteur, beneficiaire, personnes, role in delegations:
        if not _deja(beneficiaire, adhesions := _adhesions(personnes)):
            with il_y_a(jours):
                deleguer(acteur=acteur, adhesions=adhesions, beneficiaire=beneficiaire, role=role)


def _habiliter_la_commune(monde: Monde) -> None:
    """Two titulaires of one SIREN: the ordonnatrice declares and asks, the comptable public pays (R7)."""
    commune = _personne(COMMUNE)
    for compte, familles, jours in ((ODILE, DE_LA_MAIRE, 300), (YVES, DU_COMPTABLE, 298)):
        with il_y_a(jours):
            ouverts = [
                ligne.service
                for ligne in services_proposables(monde[compte], commune)
                if ligne.libre and ligne.service.famille in familles
            ]
            _ouvrir_par_mandat(monde[compte], commune, ouverts)


def _enregistrer_les_comptes(monde: Monde) -> None:
    """Accounts of the commune in each state: B2B valid, CORE alone, mandate not handed over, refused, said not to be its own.

    The report comes last: once it is there all is, and before it another run does the rest.
    """
    commune, yves = _personne(COMMUNE), monde[YVES]
    if SignalementBancaire.objects.filter(changement__reference__personne=commune).exists():
        return
    for iban, reponses in COMPTES_DE_LA_COMMUNE.items():
        connu = ReferenceBancaire.objects.filter(personne=commune, empreinte=empreinte_iban(iban)).first()
        with il_y_a(40):
            reference = connu or ajouter_compte(
                acteur=yves,
                personne=commune,
                iban=iban,
                titulaire=commune.denomination,
                banque=proposer_banque(iban).nom,
            )
        if reponses is None:
            continue
        with il_y_a(38):
            editer_mandat(acteur=yves, reference=reference)
            noter_remise(acteur=yves, reference=reference, le=timezone.localdate())
        with il_y_a(30):
            for prelevement, motif in reponses:
                etat = ReferenceBancaire.Etat.REFUSE if motif else ReferenceBancaire.Etat.VALIDE
                reponse = Reponse(reference.mandat.rum, prelevement, etat, motif, timezone.localdate())
                enregistrer_reponse(acteur=AUTEUR, reponse=reponse)
    with il_y_a(1):
        signaler_changement(
            acteur=monde[ODILE], changement=reference.changements.get(genre=ChangementBancaire.Genre.AJOUT)
        )


def _ecrire_au_service(monde: Monde) -> None:
    """Three exchanges of the firm's clients: answered and not read, waiting for the office, waiting for a document; a model of answer."""
    cheffe = Agent.objects.get(compte__email=CHEFFE.email)
    if not ModeleDeReponse.objects.filter(service_gestionnaire=cheffe.service_gestionnaire).exists():
        with il_y_a(60):
            titre, texte = MODELE
            enregistrer_modele(acteur=cheffe, titre=titre, texte=texte)
    clients = [
        personne
        for personne in _du_cabinet()
        if personne.service_gestionnaire_id == monde.agent.service_gestionnaire_id
        and personne.denomination not in (REPRISE_A_FAIRE, REPRISE_FAITE)
    ]
    # The counters of messages want it: what they counted later than now stands in the way.
    les_anciens_d_abord = sorted(ECHANGES, key=lambda un: un[3], reverse=True)
    for personne, (theme, objet, texte, il_y_a_jours, reponse) in zip(clients, les_anciens_d_abord, strict=False):
        _echanger(monde, personne, (theme, objet, texte), il_y_a_jours, reponse)


def _echanger(
    monde: Monde, personne: PersonneSirenisee, ecrit: tuple[str, str, str], jours: int, reponse: tuple[str, bool] | None
) -> None:
    """Write, and have the office answer; what is written, or answered, already is not again."""
    theme, objet, texte = ecrit
    message = Message.objects.filter(echange__personne=personne, echange__theme=theme, espace__isnull=False).first()
    if message is None:
        with il_y_a(jours):
            message = ecrire(
                acteur=monde[KARINE], personne=personne, theme=theme, objet=objet, texte=texte, envoi=uuid.uuid4()
            )
    if reponse is not None and not Message.objects.filter(echange=message.echange, agent__isnull=False).exists():
        with il_y_a(jours - 4):
            dit, piece = reponse
            brouillon = garder_du_bureau(acteur=monde.agent, echange=message.echange, texte=dit)
            if brouillon is not None:
                envoyer_du_bureau(
                    acteur=monde.agent,
                    echange=message.echange,
                    envoi=cle_d_envoi_du_bureau(brouillon, piece=piece),
                    montre=montre_de(monde.agent, message.echange),
                    piece=piece,
                )


def _editer_a_sa_date(demande: Demande) -> Courrier:
    """Have the letter of this demande made, and return it: a worker that was quicker has made it by today's clock, and it is dated back."""
    courrier = demande.courriers.get(remplace_le=None)
    editer(str(courrier.pk))
    courrier.refresh_from_db()
    retard = courrier.edite_le - timezone.now() if courrier.edite_le is not None else timedelta()
    if retard > timedelta(hours=1) and courrier.edite_le is not None and courrier.expire_le is not None:
        courrier.edite_le -= retard
        courrier.expire_le -= retard
        courrier.save(update_fields=["edite_le", "expire_le"])
    return courrier


def _entrer_le_code(espace: Espace, demande: Demande) -> None:
    """Have the letter made, and enter its code."""
    courrier = _editer_a_sa_date(demande)
    activer(acteur=espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=courrier.numero))


def _fonder_l_association(monde: Monde) -> None:
    """An espace simplifié, opened by its code; then a change of the company's address, whose letter comes back."""
    association = _personne(ASSOCIATION)
    espace = Espace.objects.filter(compte__email=NORA.email).first()
    with il_y_a(120):
        if espace is None:
            espace = inscrire_simplifie(
                acteur=Visiteur(),
                inscription=inscription_de(NORA),
                personne=association,
                courriel="contact.amis@example.org",
                qualite=Demande.Qualite.REPRESENTANT_LEGAL,
            )
            assert espace is not None  # noqa: S101  # the address has no account: it was looked for
            noter_reponse_montree(acteur=espace)
        for objet, confirmer in (
            (Lien.Objet.CONFIRMATION_CONNEXION, confirmer_connexion),
            (Lien.Objet.CONFIRMATION_ENTREPRISE, confirmer_entreprise),
        ):
            if lien := espace.liens.filter(objet=objet, consomme_le=None, revoque_le=None).first():
                confirmer(acteur=Visiteur(jeton=jeton(lien), inscription=str(espace.pk)))
        creation = espace.demandes.get(nature=Demande.Nature.CREATION_SIMPLIFIEE)
        if creation.est_en_cours:
            _entrer_le_code(espace, creation)
    espace.refresh_from_db()
    if espace.demandes.filter(nature=Demande.Nature.COURRIEL_PERSONNE).exists():
        return
    with il_y_a(14):
        demande = demander_changement(
            acteur=espace,
            personne=association,
            adresse="bureau.amis@example.org",
            qualite=Demande.Qualite.REPRESENTANT_LEGAL,
        )
        lien = espace.liens.get(objet=Lien.Objet.COURRIEL_ENTREPRISE, sujet=demande.pk)
        confirmer_adresse(acteur=Visiteur(jeton=jeton(lien)))
        lettre = _editer_a_sa_date(demande)
    with il_y_a(13):
        lettre.etat, lettre.remis_le = Courrier.Etat.REMIS, timezone.now()
        lettre.save(update_fields=["etat", "remis_le"])
    with il_y_a(3):
        constater_retour(acteur=monde.agent, courrier=lettre)


def _laisser_partir_marc(monde: Monde) -> None:
    """He leaves: what he held of the firm is withdrawn; of his two companies one is taken over, one is about to be."""
    karine, marc = monde[KARINE], monde[MARC]
    recues = list(Habilitation.objects.vivantes().filter(espace=marc, role=Role.ACTEUR_DELEGANT))
    if recues:
        with il_y_a(60):
            retirer_delegation(acteur=karine, delegations=recues, reprendre=True)
    for denomination, jours in ((REPRISE_FAITE, 12), (REPRISE_A_FAIRE, 4)):
        personne = PersonneSirenisee.objects.get(denomination=denomination, siren__startswith=PREMIER_SIREN)
        with il_y_a(jours):
            demande = karine.demandes.filter(personne=personne, nature=Demande.Nature.SUBSTITUTION).first()
            if demande is None:
                services = [adhesion.service for adhesion in _adhesions([personne])]
                (demande,) = deposer_substitution(
                    acteur=karine, choix=[Choix(personne, services)], qualite=Demande.Qualite.MANDATAIRE
                )
            if denomination == REPRISE_FAITE and demande.est_en_cours:
                _entrer_le_code(karine, demande)
            elif demande.est_en_cours:
                _editer_a_sa_date(demande)


def _changer_de_representant(monde: Monde) -> None:
    """A company has another représentant légal: what was delegated there is to be reviewed (R14)."""
    personne = _du_cabinet()[72]
    if representant_de(personne) is not None:
        return
    with il_y_a(9):
        for nom, prenoms in (("Dupont-Exemple", "Jean"), ("Martin-Exemple", "Anne")):
            enregistrer_representant(
                acteur=monde.agent,
                personne=personne,
                nom=nom,
                prenoms=prenoms,
                qualite="gérant",
                depuis_le=None,
                preuve="Extrait de la démonstration.",
            )
        essayer_le_suivi(acteur=AUTEUR)
        commencer_le_suivi(acteur=AUTEUR)


def _finir_cette_semaine(monde: Monde) -> None:
    """Three délégations that end within the week."""
    adhesions = _adhesions(_du_cabinet()[80:83])
    if _deja(monde[HUGO], adhesions):
        return
    fin = timezone.localdate() + timedelta(days=4)
    with il_y_a(25):
        deleguer(acteur=monde[KARINE], adhesions=adhesions, beneficiaire=monde[HUGO], role=Role.ACTEUR, expire_le=fin)


def _demander_d_en_bas(monde: Monde) -> None:
    """Hugo asks whoever administers Pascal's company for a habilitation: Pascal, and Karine, find it in « À faire »."""
    if monde[HUGO].demandes_habilitation.filter(siren=CHARPENTES).exists():
        return
    with il_y_a(2):
        demander_habilitation(
            acteur=monde[HUGO], siren=CHARPENTES, motif="Je prépare la déclaration de TVA de novembre."
        )
        while annoncer_demandes_habilitation(acteur=AUTEUR):
            pass


def _donner_a_voir_a_la_cellule(monde: Monde) -> None:
    """An alert of each gravity that waits, with the sign-ins that it comes from, and an address that is blocked."""
    if not BlocageIP.objects.filter(reseau=RESEAU_BLOQUE).exists():
        bloquer_ip(acteur=AUTEUR, reseau=RESEAU_BLOQUE, motif="aspiration de pages par un programme", duree=None)
    if not BlocageIP.objects.filter(reseau=f"{AUTOMATE}/32").exists():
        for jours in (4.0, 3.5, 2.5, 0.2):  # the fourth time within a week it waits for the cell
            with il_y_a(jours):
                bloquer_automate(acteur=AUTEUR, adresse=AUTOMATE, marques={"programme": 9.0})
    if Alerte.objects.filter(compte__espace__in=monde.espaces.values()).exists():
        return
    for jours in (21.1, 14.2, 7.1, 1.1):
        _se_connecter(monde[HUGO], jours, "FR", CHEZ_HUGO)
    intruse = _se_connecter(monde[HUGO], 0.05, "RO", RESEAU_DU_VOLEUR)
    signaux = (
        (monde[PASCAL], 0.3, registre.USAGE_PARALLELE, {"pays": "BE"}, ""),  # one each: two would disable
        (monde[HUGO], 0.048, registre.SESSION_VOLEE, {"pays": "RO", "navigateur": "Firefox", "systeme": "Linux"}, ""),
        (monde[INES], 0.9, registre.PULVERISATION, {"comptes": 18, "reseau": "192.0.2.0/24"}, "reseau:192.0.2.0/24"),
        (monde[YVES], 0.89, registre.PULVERISATION, {"comptes": 18, "reseau": "192.0.2.0/24"}, "reseau:192.0.2.0/24"),
    )
    for espace, jours, genre, details, cause in signaux:
        if espace.compte is None:
            continue
        with il_y_a(jours):
            signaler(
                acteur=AUTEUR,
                compte=espace.compte,
                genre=genre,
                details=details,
                cause=cause,
                connexion=intruse if espace == monde[HUGO] else None,
            )


def _se_connecter(espace: Espace, jours: float, pays: str, adresse_ip: str) -> Connexion:
    with il_y_a(jours):
        return Connexion.objects.create(
            id=uuid4(),
            compte=espace.compte,
            resultat=Connexion.Resultat.REUSSIE,
            adresse_ip=adresse_ip,
            pays=pays,
            navigateur="Firefox" if pays != "FR" else "Edge",
            systeme="Linux" if pays != "FR" else "Windows",
        )
