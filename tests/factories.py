"""Factories of the tests: valid objects in the states that the acts leave them in."""

import itertools
from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum import luhn

from accounts.models import Agent, Compte, Espace, ServiceGestionnaire
from accounts.mots_de_passe.hachage import Argon2Poivre
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from services.messagerie.pieces.chiffrement import chiffrer, nouvelle_cle
from services.messagerie.pieces.stockage import deposer, nom_de
from services.models import (
    Categorie,
    ChangementBancaire,
    Echange,
    MandatSepa,
    PersonneSirenisee,
    PieceJointe,
    ReferenceBancaire,
    RepresentantLegal,
    Service,
    SignalementBancaire,
)

MOT_DE_PASSE = "cerise lampadaire 47 brouette indigo"
REPONSE = "girafe volcan piano tablier"
_HACHES: dict[tuple[str, int], str] = {}
_compteur = itertools.count(1)


def hache(mot_de_passe: str) -> str:
    """Return the hash of a password, made once for what a hash costs here (tests/hachage.py)."""
    cle = mot_de_passe, Argon2Poivre.memory_cost
    if cle not in _HACHES:
        _HACHES[cle] = make_password(mot_de_passe)
    return _HACHES[cle]


def siren(rang: int) -> str:
    """Return a SIREN with a right key, the same for the same rank."""
    corps = f"{10_000_000 + rang:08d}"
    return corps + luhn.calc_check_digit(corps)


def numero(rang: int) -> str:
    """Return a numéro d'abonné of today, never the same twice: drawn at random they collide after a thousand or so."""
    corps = f"{timezone.localdate():%Y%j}{rang % 10**6:06d}"
    return corps + luhn.calc_check_digit(corps)


def lettres(rang: int) -> str:
    """Return a word without digits, as the name of a person must be, never the same for another rank."""
    return "".join("ABCDEFGHIJ"[int(chiffre)] for chiffre in str(rang))


class CompteFactory(DjangoModelFactory[Compte]):
    class Meta:
        model = Compte

    email = factory.Sequence(lambda n: f"personne{n}@cabinet-dupont.fr")
    password = factory.LazyFunction(lambda: hache(MOT_DE_PASSE))


class EspaceFactory(DjangoModelFactory[Espace]):
    class Meta:
        model = Espace

    compte = factory.SubFactory(CompteFactory)
    numero_abonne = factory.Sequence(lambda n: numero(n))
    mode = Espace.Mode.EXPERT
    etat = Espace.Etat.ACTIF
    civilite = Espace.Civilite.MADAME
    nom = factory.Sequence(lambda n: f"Martin {lettres(n)}")
    prenom = "Jeanne"
    telephone = "01 23 45 67 89"
    siren_appartenance = "552032534"
    question_confiance = Espace.Question.PHRASE
    reponse_confiance = "argon2reponse$"
    cgu_version = "2026-01"
    active_le = factory.LazyFunction(timezone.now)


class ServiceGestionnaireFactory(DjangoModelFactory[ServiceGestionnaire]):
    class Meta:
        model = ServiceGestionnaire

    code = factory.Sequence(lambda n: f"SIE{n:05d}")
    type = ServiceGestionnaire.Type.SIE
    nom = factory.Sequence(lambda n: f"SIE de Paris {n}")
    telephone = "01 44 00 00 00"
    courriel = "sie@exemple.fr"
    voie = "1 rue de la Banque"
    code_postal = "75002"
    commune = "PARIS"


class AgentFactory(DjangoModelFactory[Agent]):
    class Meta:
        model = Agent

    compte = factory.SubFactory(CompteFactory, is_staff=True)
    service_gestionnaire = factory.SubFactory(ServiceGestionnaireFactory)
    nom = "Leroy"
    prenom = "Paul"


class PersonneFactory(DjangoModelFactory[PersonneSirenisee]):
    class Meta:
        model = PersonneSirenisee

    siren = factory.LazyFunction(lambda: siren(next(_compteur)))
    denomination = factory.Sequence(lambda n: f"ATELIERS DU NORD {n}")
    categorie = Categorie.ENTREPRISE
    voie = "17 BOULEVARD HAUSSMANN"
    code_postal = "75009"
    commune = "PARIS"
    service_gestionnaire = factory.SubFactory(ServiceGestionnaireFactory)


class ServiceFactory(DjangoModelFactory[Service]):
    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"SERVICE_{n}")
    libelle = factory.LazyAttribute(lambda o: f"Service {o.code}")
    famille = Service.Famille.DECLARER
    domaine = Service.Domaine.FISCAL
    description = "Un service pour les essais."
    categories = factory.LazyFunction(lambda: list(Categorie.values))


class MandatFactory(DjangoModelFactory[Mandat]):
    class Meta:
        model = Mandat

    demande = factory.Sequence(lambda n: f"D-2026-{n:08d}")
    nature = "ADHESION"
    personne = factory.SubFactory(PersonneFactory)
    mandataire = factory.SubFactory(EspaceFactory)
    qualite = "représentant légal"
    representant_legal = "représentant légal en exercice"
    courrier_numero = 1
    courrier_canal = "POSTAL"
    courrier_edite_le = factory.LazyFunction(lambda: timezone.now() - timedelta(days=10))


def habiliter(
    espace: Espace, *, personne: PersonneSirenisee | None = None, service: Service | None = None, **champs: Any
) -> Habilitation:
    """Return the titulaire's habilitation of a fresh open adhésion held by `espace`. Call it inside a transaction."""
    personne = personne or PersonneFactory()
    service = service or ServiceFactory()
    mandat = MandatFactory(personne=personne, mandataire=espace)
    adhesion = Adhesion.objects.create(personne=personne, service=service, mandat=mandat)
    return Habilitation.objects.create(
        adhesion=adhesion, personne=personne, service=service, espace=espace, role=Role.TITULAIRE, **champs
    )


def representer(
    personne: PersonneSirenisee, nom: str, prenoms: str = "", *, source: str = "INSEE", **champs: Any
) -> RepresentantLegal:
    """Return who is put on record for this personne, as the import or an agent leaves it."""
    representant = RepresentantLegal.objects.create(
        personne=personne, nom=nom, prenoms=prenoms, source=source, **champs
    )
    personne.representant_legal, personne.representant_source = representant.nom_complet, source
    personne.save(update_fields=["representant_legal", "representant_source"])
    return representant


def accorder(superieure: Habilitation, espace: Espace, role: str, **champs: Any) -> Habilitation:
    """Return a habilitation granted under another one, on the same adhésion."""
    return Habilitation.objects.create(
        adhesion=superieure.adhesion,
        personne=superieure.personne,
        service=superieure.service,
        espace=espace,
        role=role,
        accordee_par=superieure,
        **champs,
    )


IBAN = "FR7630006000011234567890189"


def compte_bancaire(personne: PersonneSirenisee, iban: str = IBAN, **champs: Any) -> ReferenceBancaire:
    """Return a bank reference of this personne with its mandate, as the act leaves it; `remis_le` is the mandate's."""
    mandat = {cle: champs.pop(cle) for cle in ("edite_le", "remis_le") if cle in champs}
    if "remis_le" in mandat:  # nothing is handed over that was not edited
        mandat.setdefault("edite_le", timezone.now())
    reference = ReferenceBancaire(personne=personne, **{"titulaire": personne.denomination[:160], **champs})
    reference.sceller_iban(iban)
    reference.save()
    rum = f"01DGFIP2026{personne.siren}T{next(_compteur):07d}"
    MandatSepa.objects.create(reference=reference, rum=rum, **mandat)
    return reference


def poser_piece(contenu: bytes = b"", **champs: Any) -> PieceJointe:
    """Return an attachment: its row, and its file when it has a content."""
    piece = PieceJointe(
        **{"nom": "bilan.pdf", "type_mime": "application/pdf", "taille": 12, "empreinte": "0" * 64} | champs
    )
    piece.fichier = nom_de(piece.pk)
    cle = nouvelle_cle()
    piece.sceller_cle(cle)
    if contenu:
        piece.taille = len(contenu)
        piece.empreinte = deposer(piece.pk, chiffrer([contenu], cle=cle, ligne=piece.ligne))
    piece.save(force_insert=True)
    return piece


def echanger(personne: PersonneSirenisee, **champs: Any) -> Echange:
    """Return an exchange of this personne with its office that waits for an answer, without a message."""
    maintenant = timezone.now()
    return Echange.objects.create(
        **{
            "personne": personne,
            "service_gestionnaire": personne.service_gestionnaire,
            "theme": "AUTRE",
            "objet": "objet",
            "ouvert_le": maintenant,
            "dernier_le": maintenant,
            "attend_le": maintenant if champs.get("etat", "ENVOYE") in Echange.ATTENDENT_LE_SERVICE else None,
            "clos_le": maintenant if champs.get("etat") == Echange.Etat.CLOS else None,
        }
        | champs
    )


def compte_signale(personne: PersonneSirenisee, par: Espace, auteur: Espace) -> SignalementBancaire:
    """Return the report by an espace of an addition; the account was renamed since, and its bank says it closed."""
    clos = {"etat_core": "REFUSE", "core_motif": "AC04", "core_le": timezone.localdate()}
    reference = compte_bancaire(personne, **clos)
    ajout = changement_bancaire(reference, auteur)
    changement_bancaire(
        reference, auteur, genre="RENOMMAGE", titulaire_avant="ANCIEN", titulaire_apres=reference.titulaire
    )
    return SignalementBancaire.objects.create(changement=ajout, espace=par)


def changement_bancaire(
    reference: ReferenceBancaire, espace: Espace | None = None, **champs: Any
) -> ChangementBancaire:
    """Return a change of this reference, its addition unless said otherwise, by this espace."""
    return ChangementBancaire.objects.create(reference=reference, espace=espace, **{"genre": "AJOUT", **champs})
