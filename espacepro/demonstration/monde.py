"""The world of the demonstration: fictional companies and people, and a year of their acts, told by a moved clock (`recit`).

Each scene looks first whether it is done, so that a run that died goes on where it stopped. All is done by the acts that
everybody calls; what a letter would open at ninety-four companies is opened by the act that its code calls, with the
mandate that it keeps, since making ninety-four letters would take a minute.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.envois.liens import jeton
from accounts.espace.inscription import Inscription
from accounts.espace.recapitulatif import noter_reponse_montree
from accounts.models import Agent, Compte, Espace, Lien
from accounts.traces.acteurs import Visiteur
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

from .cellule import ce_que_voit_la_cellule
from .comptes import CHEFFE, HUGO, INES, KARINE, MARC, MONDE, NORA, ODILE, PASCAL, YVES, CompteDemonstration
from .horloge import il_y_a
from .lettres import editer_a_sa_date, lettre_recue
from .recit import AUTEUR, Scene, raconter

FICTIF: Final = Path(__file__).parent / "fictif"
CHARPENTES, COMMUNE, ASSOCIATION = "999999006", "999999014", "999999022"
PREMIER_SIREN: Final = "99999"  # none of INSEE's begins so: with 999, the fictional ones
REPRISE_A_FAIRE, REPRISE_FAITE = "GARAGE DU PONT NEUF", "BOULANGERIE DU PONT NEUF"
DU_CABINET: Final = ("CONS_CF", "DECL_TVA", "PAY_TVA", "PAY_IS", "MSG")
DE_LA_MAIRE: Final = (Service.Famille.DECLARER, Service.Famille.DEMARCHE, Service.Famille.MESSAGERIE)
DU_COMPTABLE: Final = (Service.Famille.CONSULTER, Service.Famille.PAYER)
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
    # As who has changed it lately: a demonstration kept for months asks nobody to renew what is printed on its page.
    Compte.objects.filter(email__in=[compte.email for compte in MONDE]).update(mot_de_passe_change_le=timezone.now())
    raconter(
        (
            *_ouvrir_les_entreprises(monde),
            *_partager_au_cabinet(monde),
            *_habiliter_la_commune(monde),
            *_enregistrer_les_comptes(monde),
            *_fonder_l_association(monde),
            *_laisser_partir_marc(monde),
            *_changer_de_representant(monde),
            *_finir_cette_semaine(monde),
            *_demander_d_en_bas(monde),
            *_ecrire_au_service(monde),
            *ce_que_voit_la_cellule(monde.espaces),
        )
    )


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
        comme_il_y_a_un_an(PersonneSirenisee.objects.filter(siren__startswith=PREMIER_SIREN))


def comme_il_y_a_un_an(importees: QuerySet[PersonneSirenisee]) -> None:
    """Date these as imported before what is told of them: the import writes its dates by PostgreSQL's clock."""
    le = timezone.now() - timedelta(days=360)
    importees.update(cree_le=le, modifiee_le=le)


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


def _ouvrir_les_entreprises(monde: Monde) -> Iterator[Scene]:
    """Month by month the firm takes on its companies; two of them come to Marc, who leaves with them."""
    services = list(Service.objects.filter(code__in=DU_CABINET, ferme_le=None).order_by("ordre"))
    ouvertes = set(Adhesion.objects.ouvertes().values_list("personne", flat=True))
    for rang, personne in enumerate(_du_cabinet()):
        if personne.pk not in ouvertes:
            espace = monde[MARC if personne.denomination in (REPRISE_A_FAIRE, REPRISE_FAITE) else KARINE]
            yield Scene(345 - rang, partial(_ouvrir_par_mandat, espace, personne, services))
    charpentes = _personne(CHARPENTES)
    bouquet = Service.objects.filter(bouquet_simplifie=True, reserve_dge=False).order_by("ordre")
    if charpentes.pk not in ouvertes:
        siens = [service for service in bouquet if service.ferme_a(charpentes) is None][:8]
        yield Scene(340, partial(_ouvrir_par_mandat, monde[PASCAL], charpentes, siens))


def _deja(espace: Espace, personnes: Sequence[PersonneSirenisee]) -> bool:
    """Whether this espace holds, or has held, something at the first of these."""
    return Habilitation.objects.filter(espace=espace, personne=personnes[0]).exists()


def _partager_au_cabinet(monde: Monde) -> Iterator[Scene]:
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
        yield Scene(
            jours,
            partial(_designer, acteur, beneficiaire, personnes),
            faite=partial(_deja, beneficiaire, personnes),
        )
    delegations = [
        (240, karine, marc, siennes[:20], Role.ACTEUR_DELEGANT),
        (220, karine, hugo, siennes[70:75], Role.ACTEUR),
        (150, ines, hugo, siennes[20:23], Role.ACTEUR),
        (140, marc, hugo, a_marc, Role.ACTEUR),
    ]
    for jours, acteur, beneficiaire, personnes, role in delegations:
        yield Scene(
            jours,
            partial(_deleguer, acteur, beneficiaire, personnes, role),
            faite=partial(_deja, beneficiaire, personnes),
        )


def _designer(acteur: Espace, beneficiaire: Espace, personnes: Sequence[PersonneSirenisee]) -> None:
    designer_suppleant(acteur=acteur, adhesions=_adhesions(personnes), beneficiaire=beneficiaire)


def _deleguer(
    acteur: Espace,
    beneficiaire: Espace,
    personnes: Sequence[PersonneSirenisee],
    role: Role,
    expire_le: date | None = None,
) -> None:
    deleguer(acteur=acteur, adhesions=_adhesions(personnes), beneficiaire=beneficiaire, role=role, expire_le=expire_le)


def _habiliter_la_commune(monde: Monde) -> Iterator[Scene]:
    """Two titulaires of one SIREN: the ordonnatrice declares and asks, the comptable public pays (R7)."""
    commune = _personne(COMMUNE)
    for compte, familles, jours in ((ODILE, DE_LA_MAIRE, 300), (YVES, DU_COMPTABLE, 298)):
        yield Scene(
            jours,
            partial(_ouvrir_ces_familles, monde[compte], commune, familles),
            faite=partial(_deja, monde[compte], [commune]),
        )


def _ouvrir_ces_familles(espace: Espace, personne: PersonneSirenisee, familles: Collection[Service.Famille]) -> None:
    proposes = services_proposables(espace, personne)
    _ouvrir_par_mandat(
        espace, personne, [ligne.service for ligne in proposes if ligne.libre and ligne.service.famille in familles]
    )


def _enregistrer_les_comptes(monde: Monde) -> Iterator[Scene]:
    """Accounts of the commune in each state: B2B valid, CORE alone, mandate not handed over, refused, said not to be its own.

    The report comes last: once it is there all is, and before it another run does the rest.
    """
    commune, yves = _personne(COMMUNE), monde[YVES]
    if SignalementBancaire.objects.filter(changement__reference__personne=commune).exists():
        return
    for rang, (iban, reponses) in enumerate(COMPTES_DE_LA_COMMUNE.items()):
        yield Scene(
            40 - rang / 100,
            partial(
                ajouter_compte,
                acteur=yves,
                personne=commune,
                iban=iban,
                titulaire=commune.denomination,
                banque=proposer_banque(iban).nom,
            ),
            faite=partial(_compte_de(commune, iban).exists),
        )
        if reponses is not None:
            yield Scene(38 - rang / 100, partial(_remettre_le_mandat, yves, commune, iban))
            yield Scene(30 - rang / 100, partial(_repondre, commune, iban, reponses), a_l_ecran=False)
    yield Scene(1, partial(_signaler_le_dernier, monde[ODILE], commune))


def _compte_de(commune: PersonneSirenisee, iban: str) -> QuerySet[ReferenceBancaire]:
    return ReferenceBancaire.objects.filter(personne=commune, empreinte=empreinte_iban(iban))


def _remettre_le_mandat(yves: Espace, commune: PersonneSirenisee, iban: str) -> None:
    reference = _compte_de(commune, iban).get()
    editer_mandat(acteur=yves, reference=reference)
    noter_remise(acteur=yves, reference=reference, le=timezone.localdate())


def _repondre(commune: PersonneSirenisee, iban: str, reponses: Sequence[tuple[str, str]]) -> None:
    """Have the bank answer, each kind of debit apart."""
    reference = _compte_de(commune, iban).get()
    for prelevement, motif in reponses:
        etat = ReferenceBancaire.Etat.REFUSE if motif else ReferenceBancaire.Etat.VALIDE
        reponse = Reponse(reference.mandat.rum, prelevement, etat, motif, timezone.localdate())
        enregistrer_reponse(acteur=AUTEUR, reponse=reponse)


def _signaler_le_dernier(odile: Espace, commune: PersonneSirenisee) -> None:
    reference = _compte_de(commune, list(COMPTES_DE_LA_COMMUNE)[-1]).get()
    signaler_changement(acteur=odile, changement=reference.changements.get(genre=ChangementBancaire.Genre.AJOUT))


def _ecrire_au_service(monde: Monde) -> Iterator[Scene]:
    """Three exchanges of the firm's clients: answered and not read, waiting for the office, waiting for a document; a model of answer."""
    cheffe = Agent.objects.get(compte__email=CHEFFE.email)
    titre, texte = MODELE
    yield Scene(
        60,
        partial(enregistrer_modele, acteur=cheffe, titre=titre, texte=texte),
        faite=ModeleDeReponse.objects.filter(service_gestionnaire=cheffe.service_gestionnaire).exists,
    )
    clients = [
        personne
        for personne in _du_cabinet()
        if personne.service_gestionnaire_id == monde.agent.service_gestionnaire_id
        and personne.denomination not in (REPRISE_A_FAIRE, REPRISE_FAITE)
    ]
    les_anciens_d_abord = sorted(ECHANGES, key=lambda un: un[3], reverse=True)
    for personne, (theme, objet, texte, jours, reponse) in zip(clients, les_anciens_d_abord, strict=False):
        ecrits = Message.objects.filter(echange__personne=personne, echange__theme=theme).order_by("pk")
        yield Scene(
            jours,
            partial(
                ecrire,
                acteur=monde[KARINE],
                personne=personne,
                theme=theme,
                objet=objet,
                texte=texte,
                envoi=uuid.uuid4(),
            ),
            faite=ecrits.filter(espace__isnull=False).exists,
        )
        if reponse is not None:
            yield Scene(
                jours - 4,
                partial(_repondre_du_bureau, monde.agent, ecrits, *reponse),
                faite=ecrits.filter(agent__isnull=False).exists,
            )


def _repondre_du_bureau(agent: Agent, ecrits: QuerySet[Message], dit: str, piece: bool) -> None:
    """Have the office answer the first of these."""
    echange = ecrits.select_related("echange")[0].echange
    brouillon = garder_du_bureau(acteur=agent, echange=echange, texte=dit)
    if brouillon is not None:
        envoyer_du_bureau(
            acteur=agent,
            echange=echange,
            envoi=cle_d_envoi_du_bureau(brouillon, piece=piece),
            montre=montre_de(agent, echange),
            piece=piece,
        )


def _fonder_l_association(monde: Monde) -> Iterator[Scene]:
    """An espace simplifié, opened by its code; then a change of the company's address, whose letter comes back."""
    association = _personne(ASSOCIATION)
    les_siennes = Demande.objects.filter(espace__compte__email=NORA.email)
    yield Scene(
        124,
        partial(_inscrire_nora, association),
        faite=les_siennes.filter(nature=Demande.Nature.CREATION_SIMPLIFIEE, courriers__edite_le__isnull=False).exists,
    )
    yield from lettre_recue(les_siennes.filter(nature=Demande.Nature.CREATION_SIMPLIFIEE), remise=123, code=120)
    changements = les_siennes.filter(nature=Demande.Nature.COURRIEL_PERSONNE)
    yield Scene(14, partial(_changer_l_adresse, association), faite=changements.exists)
    yield from lettre_recue(changements, remise=13)
    lettre = Courrier.objects.filter(demande__in=changements, numero=1)
    yield Scene(
        3,
        lambda: constater_retour(acteur=monde.agent, courrier=lettre.get()),
        faite=lettre.exclude(etat=Courrier.Etat.REMIS).exists,
    )


def _inscrire_nora(association: PersonneSirenisee) -> None:
    espace = Espace.objects.filter(compte__email=NORA.email).first()
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
    editer_a_sa_date(espace.demandes.get(nature=Demande.Nature.CREATION_SIMPLIFIEE))


def _changer_l_adresse(association: PersonneSirenisee) -> None:
    espace = Espace.objects.get(compte__email=NORA.email)
    demande = demander_changement(
        acteur=espace,
        personne=association,
        adresse="bureau.amis@example.org",
        qualite=Demande.Qualite.REPRESENTANT_LEGAL,
    )
    lien = espace.liens.get(objet=Lien.Objet.COURRIEL_ENTREPRISE, sujet=demande.pk)
    confirmer_adresse(acteur=Visiteur(jeton=jeton(lien)))
    editer_a_sa_date(demande)


def _laisser_partir_marc(monde: Monde) -> Iterator[Scene]:
    """He leaves: what he held of the firm is withdrawn; of his two companies one is taken over, one is about to be."""
    karine, marc = monde[KARINE], monde[MARC]
    recues = Habilitation.objects.filter(espace=marc, role=Role.ACTEUR_DELEGANT)
    yield Scene(
        60,
        lambda: retirer_delegation(acteur=karine, delegations=list(recues.vivantes()), reprendre=True),
        faite=lambda: not recues.vivantes().exists(),
    )
    for denomination, jours in ((REPRISE_FAITE, 16), (REPRISE_A_FAIRE, 4)):
        personne = PersonneSirenisee.objects.get(denomination=denomination, siren__startswith=PREMIER_SIREN)
        reprises = Demande.objects.filter(espace=karine, personne=personne, nature=Demande.Nature.SUBSTITUTION)
        yield Scene(jours, partial(_reprendre, karine, personne), faite=reprises.exists)
        if denomination == REPRISE_FAITE:
            yield from lettre_recue(reprises, remise=15, code=12)


def _reprendre(karine: Espace, personne: PersonneSirenisee) -> None:
    services = [adhesion.service for adhesion in _adhesions([personne])]
    (demande,) = deposer_substitution(
        acteur=karine, choix=[Choix(personne, services)], qualite=Demande.Qualite.MANDATAIRE
    )
    editer_a_sa_date(demande)


def _changer_de_representant(monde: Monde) -> Iterator[Scene]:
    """A company has another représentant légal: what was delegated there is to be reviewed (R14)."""
    personne = _du_cabinet()[72]
    if representant_de(personne) is not None:
        return
    for rang, (nom, prenoms) in enumerate((("Dupont-Exemple", "Jean"), ("Martin-Exemple", "Anne"))):
        yield Scene(
            9 - rang / 100,
            partial(
                enregistrer_representant,
                acteur=monde.agent,
                personne=personne,
                nom=nom,
                prenoms=prenoms,
                qualite="gérant",
                depuis_le=None,
                preuve="Extrait de la démonstration.",
            ),
        )
    yield Scene(8.98, partial(essayer_le_suivi, acteur=AUTEUR), a_l_ecran=False)
    yield Scene(8.98, partial(commencer_le_suivi, acteur=AUTEUR), a_l_ecran=False)


def _finir_cette_semaine(monde: Monde) -> Iterator[Scene]:
    """Three délégations that end within the week."""
    personnes, fin = _du_cabinet()[80:83], timezone.localdate() + timedelta(days=4)
    yield Scene(
        25,
        partial(_deleguer, monde[KARINE], monde[HUGO], personnes, Role.ACTEUR, fin),
        faite=partial(_deja, monde[HUGO], personnes),
    )


def _demander_d_en_bas(monde: Monde) -> Iterator[Scene]:
    """Hugo asks whoever administers Pascal's company for a habilitation: Pascal, and Karine, find it in « À faire »."""
    motif = "Je prépare la déclaration de TVA de novembre."
    demandees = monde[HUGO].demandes_habilitation.filter(siren=CHARPENTES)
    yield Scene(
        2,
        partial(demander_habilitation, acteur=monde[HUGO], siren=CHARPENTES, motif=motif),
        faite=demandees.exists,
    )
    yield Scene(2, _annoncer, faite=demandees.filter(annoncee_le__isnull=False).exists, a_l_ecran=False)


def _annoncer() -> None:
    while annoncer_demandes_habilitation(acteur=AUTEUR):
        pass
