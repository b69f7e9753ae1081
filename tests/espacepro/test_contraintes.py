"""What the database holds by itself: each constraint refuses a write that goes around the acts."""

import inspect
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.envois.liens import creer_lien
from accounts.models import (
    Affaire,
    Contreseing,
    Courriel,
    CourrielDeCote,
    Lien,
    PolitiqueMotDePasse,
    Publication,
    Rectification,
    VersionCGU,
)
from activation.demandes.adhesion import deposer_adhesion
from activation.models import AvisPostal, Courrier, Demande, Remise, Signalement
from habilitations.models import (
    Adhesion,
    Cessation,
    DemandeHabilitation,
    DemandeRetrait,
    Habilitation,
    Preference,
    Role,
)
from services.models import (
    AdresseAttendue,
    AdresseSaisie,
    Brouillon,
    Echeance,
    LectureMessage,
    Message,
    MessageNonLu,
    PieceJointe,
    PreferenceMessagerie,
    ReferenceBancaire,
    RetraitService,
    SignalementBancaire,
)
from surveillance.models import Alerte, BlocageIP, Desactivation, Retablissement, SignalVu, SuiteAlerte, Verification
from tests.espacepro.contraintes import contraintes
from tests.factories import (
    AgentFactory,
    CompteFactory,
    EspaceFactory,
    MandatFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    compte_bancaire,
    compte_signale,
    echanger,
    habiliter,
    poser_piece,
    representer,
)

MAINTENANT = timezone.now()
FIN: dict[str, Any] = {"fin_le": MAINTENANT, "fin_motif": "RETRAIT"}
VEILLE: dict[str, Any] = {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE", "veille_depuis": MAINTENANT}

# Named by the migrations, and broken elsewhere.
AILLEURS = {
    "adhesion_triplet": "cannot be broken alone: the primary key is in it; a foreign key points at it",
    "habilitation_id_adhesion": "the same",
    "adhesion_coherente": "a trigger: raises adhesion_un_titulaire, adhesion_fermee_vide, habilitation_chemin_vivant",
    "habilitation_coherente": "the same, on the other table",
    "habilitation_perimetre": "tests/habilitations/droits/test_perimetre.py",
    "habilitation_perimetre_ajout": "tests/habilitations/droits/test_perimetre.py",
    "habilitation_perimetre_reprise": "tests/habilitations/droits/test_perimetre.py",
    "attestation_immuable": "tests/accounts/traces/test_attestations.py",
    "attestation_intronquable": "tests/espacepro/test_roles.py and tests/accounts/traces/test_attestations.py",
    "abandon_immuable": "tests/accounts/traces/test_attestations.py",
    "abandon_intronquable": "tests/accounts/traces/test_attestations.py",
    "evenement_quand_lisible": "tests/accounts/traces/test_journal.py",
    "evenement_adresse_d_un_hote": "tests/accounts/traces/test_journal.py",
    "evenement_details_lisibles": "tests/accounts/traces/test_journal.py",
    "bloc_date_lisible": "tests/accounts/traces/test_journal.py",
    "bloc_evenements_lisibles": "tests/accounts/traces/test_journal.py",
    "attestation_date_lisible": "tests/accounts/traces/test_journal.py",
    "abandon_dates_lisibles": "tests/accounts/traces/test_journal.py",
    "chaine_suivie": "tests/accounts/traces/test_journal.py",
    "attestation_suivie": "tests/accounts/traces/test_journal.py",
    "journal_immuable": "tests/accounts/traces/test_journal.py",
    "journal_intronquable": "tests/accounts/traces/test_journal.py",
    "chaine_immuable": "tests/accounts/traces/test_journal.py",
    "chaine_intronquable": "tests/accounts/traces/test_journal.py",
    "trace_immuable": "tests/espacepro/gestion/test_site.py",
    "trace_une_par_minute": "the same: ignored by the insert, a second reading of the minute writes nothing",
    "journal_a_sceller": "tests/accounts/traces/test_journal.py",
    "courriel_attend": "tests/espacepro/test_tables.py",
    "courriel_change": "the same",
    "courriel_parti": "the same",
    **dict.fromkeys(
        (
            "adresse_attend",
            "courriel_ecarte",
            "courriel_ecarte_efface",
            "personne_emporte_ses_courriels",
            "rectification_attend",
            "rectification_change",
            "alerte_attend",
            "alerte_change",
            "contreseing_attend",
            "contreseing_change",
            "personne_change_de_bureau",
            "retrait_attend",
            "retrait_change",
            "cessation_attend",
            "cessation_change",
            "courrier_revient",
            "courrier_revenu_change",
            "courrier_revenu_efface",
            "demande_finit",
            "signalement_attend",
            "signalement_change",
            "changement_bancaire_attend",
            "changement_bancaire_decide",
        ),
        "a trigger that follows what waits: tests/espacepro/gestion/test_bureau.py",
    ),
    **dict.fromkeys(
        (
            "echange_attend",
            "echange_change",
            "echange_change_de_bureau",
            "echange_oublie_les_reponses",
            "personne_emporte_ses_echanges",
        ),
        "the same: tests/services/messagerie/test_bureau.py",
    ),
    "non_lu_de_qui": "a trigger: whose exchange it is, tests/services/messagerie/test_remise.py",
    "echange_emporte_ses_non_lus": "a trigger: the same when it changes, test_remise.py and test_courses.py",
    "message_lu": "a trigger: what is read is not unread any more, tests/services/messagerie/test_remise.py",
    **dict.fromkeys(
        ("courrier_bureau", "personne_emporte_ses_courriers", "demande_emporte_ses_courriers"),
        "a trigger that says whose a letter is: tests/espacepro/gestion/test_lettres.py",
    ),
}


def ecrire(objet: models.Model, **champs: Any) -> None:
    """Change these columns of a valid row, around every act."""
    type(objet)._default_manager.filter(pk=objet.pk).update(**champs)


def copier(objet: models.Model, **champs: Any) -> None:
    """Insert a second row, like a valid one but for these columns."""
    objet.pk = uuid.uuid4() if isinstance(objet._meta.pk, models.UUIDField) else None
    for nom, valeur in champs.items():
        setattr(objet, nom, valeur)
    objet.save(force_insert=True)


def valider(faute: Callable[[], object]) -> None:
    """Do it and have the database decide, deferred constraints too, as at commit."""
    with transaction.atomic():
        faute()
        connection.check_constraints()


def echeance() -> Echeance:
    return Echeance.objects.create(
        service=ServiceFactory(), jour=MAINTENANT.date(), libelle="Solde", source="une page officielle"
    )


def retrait_de_service() -> RetraitService:
    return RetraitService.objects.create(service=ServiceFactory(), decide_le=MAINTENANT, ferme_le=MAINTENANT.date())


def titulaire() -> Habilitation:
    return habiliter(EspaceFactory())


def sous(superieure: Habilitation, role: Role = Role.ACTEUR_DELEGANT) -> Habilitation:
    return accorder(superieure, EspaceFactory(), role)


def demande() -> Demande:
    """Within the transaction of `valider`: the act without what refuses to be nested."""
    return inspect.unwrap(deposer_adhesion)(
        acteur=EspaceFactory(), personne=PersonneFactory(), services=[ServiceFactory()], qualite="MANDATAIRE"
    )


def courrier() -> Courrier:
    return demande().courriers.get()


def message() -> Message:
    return Message.objects.create(echange=echanger(PersonneFactory()), texte="…")


def deux_non_lus() -> None:
    copier(MessageNonLu.objects.create(message=message(), lecteur=CompteFactory()))


def brouillon() -> Brouillon:
    return Brouillon.objects.create(espace=EspaceFactory(), personne=PersonneFactory())


def piece(**champs: Any) -> PieceJointe:
    return poser_piece(**{"brouillon": brouillon()} | champs)


def lien() -> Lien:
    return creer_lien(espace=EspaceFactory(), objet=Lien.Objet.CONFIRMATION_EXPERT)


def reference() -> ReferenceBancaire:
    return compte_bancaire(PersonneFactory())


def signalement_bancaire() -> SignalementBancaire:
    espace = EspaceFactory()
    return compte_signale(PersonneFactory(), espace, espace)


def deux_adresses() -> None:
    CompteFactory(email="jeanne@cabinet-dupont.fr")
    CompteFactory(email="Jeanne@Cabinet-Dupont.fr")


def meme_courriel() -> None:
    copier(Courriel.objects.create(genre="essai", destinataire="a@b.fr", acte="demande:1"))


def publiee(modele: type[Publication], **champs: Any) -> None:
    modele.objects.create(publiee_le=MAINTENANT, en_vigueur_le=MAINTENANT, **champs)


def deux_remises() -> None:
    copier(Remise.objects.create(reference="R-20260101-01"), reference="R-20260101-02")


def deux_demandes(nature: str, adresse: str) -> None:
    premiere = demande()
    ecrire(premiere, nature=nature, nouvelle_adresse=adresse)
    copier(premiere, nature=nature, nouvelle_adresse=adresse, reference="D-2026-AUTRE")


def meme_numero() -> None:
    premier = courrier()
    ecrire(premier, remplace_le=MAINTENANT)
    copier(premier, empreinte_code="autre")


def meme_rang() -> None:
    remise = Remise.objects.create(reference="R-20260101-01")
    for _ in range(2):
        ecrire(courrier(), remise=remise, rang=1)


def meme_espace_deux_fois() -> None:
    racine = titulaire()
    accorder(racine, racine.espace, Role.ACTEUR)


def titulaire_accorde() -> None:
    racine = titulaire()
    ecrire(racine, accordee_par=sous(racine, Role.SUPPLEANT))


def dessous_sans_dessus() -> None:
    milieu = sous(titulaire())
    sous(milieu, Role.ACTEUR)
    ecrire(milieu, **FIN)


def affaire() -> Affaire:
    return Affaire.objects.create(file="RETRAIT", cle="1", depuis=MAINTENANT)


def rectification() -> Rectification:
    return Rectification.objects.create(
        espace=EspaceFactory(), service_gestionnaire=ServiceGestionnaireFactory(), objet="AUTRE", texte="x"
    )


def contreseing(**champs: Any) -> Contreseing:
    agent = AgentFactory()
    return Contreseing.objects.create(
        genre="DECES",
        cle="1",
        service_gestionnaire=agent.service_gestionnaire,
        demandeur=agent,
        avant_le=MAINTENANT,
        **champs,
    )


def contresigne_par_le_demandeur() -> None:
    demande = contreseing()
    ecrire(demande, etat="CONTRESIGNE", decide_le=MAINTENANT, agent=demande.demandeur)


def desactivation(**champs: Any) -> Desactivation:
    return Desactivation.objects.create(
        espace=EspaceFactory(), voie="AGENT", raison="INHABITUEL", depuis=MAINTENANT, etat_avant="ACTIF", **champs
    )


def suites(*genres: str, **champs: Any) -> None:
    alerte, agent = Alerte.objects.create(compte=CompteFactory(), motif="usage_parallele"), AgentFactory()
    for genre in genres:
        SuiteAlerte.objects.create(alerte=alerte, agent=agent, genre=genre, **champs)


def deux_alertes_ouvertes() -> None:
    compte = CompteFactory()
    for _ in range(2):
        Alerte.objects.create(compte=compte, motif="rafale_pages", cause="reseau:192.0.2.0/24")


def deux_signaux() -> None:
    compte = CompteFactory()
    for _ in range(2):
        SignalVu.objects.create(compte=compte, genre="rafale_pages", cause="x", jour=MAINTENANT.date())


def verification(**champs: object) -> Verification:
    return Verification.objects.create(compte=CompteFactory(), raison="x", **champs)


def retablissement(*, meme: bool = False) -> Retablissement:
    agent = AgentFactory()
    second = agent if meme else AgentFactory()
    return Retablissement.objects.create(
        espace=EspaceFactory(),
        cas="DESACTIVE",
        piece="CARTE",
        piece_derniers="3K7P",
        legitimite="KBIS",
        service_gestionnaire=agent.service_gestionnaire,
        demandeur=agent,
        second=second,
    )


def avis_postal(**champs: Any) -> AvisPostal:
    rang = AvisPostal.objects.count()
    return AvisPostal.objects.create(**{"espace": EspaceFactory(), "reference": f"S-2026-{rang:08d}"} | champs)


def deux_avis_du_meme_rang() -> None:
    remise = Remise.objects.create(reference="R-20261130-01")
    for _ in range(2):
        avis_postal(remise=remise, rang=1)


def deux_retraits() -> None:
    habilitation = titulaire()
    copier(DemandeRetrait.objects.create(habilitation=habilitation, demandeur=habilitation.espace))


def demande_habilitation(**champs: Any) -> DemandeHabilitation:
    return DemandeHabilitation.objects.create(
        **{"demandeur": EspaceFactory(), "siren": "552032534", "motif": "collaborateur"} | champs
    )


def sans_titulaire() -> None:
    mandat = MandatFactory()
    Adhesion.objects.create(personne=mandat.personne, service=ServiceFactory(), mandat=mandat)


def signalement() -> Signalement:
    return Signalement.objects.create(demande=courrier().demande, origine="COURRIER", suspend_jusqu_au=MAINTENANT)


def courriel_de_cote() -> CourrielDeCote:
    courriel = Courriel.objects.create(genre="demande_annulee", destinataire="a@exemple.fr", acte="essai")
    return CourrielDeCote.objects.create(courriel=courriel, service_gestionnaire=ServiceGestionnaireFactory())


def adresse_attendue() -> AdresseAttendue:
    return AdresseAttendue.objects.create(espace=EspaceFactory(), personne=PersonneFactory(), registre_le=MAINTENANT)


def deux_adresses_saisies() -> None:
    copier(AdresseSaisie.objects.create(personne=PersonneFactory(), agent=AgentFactory()))


def deux_lectures() -> None:
    copier(LectureMessage.objects.create(message=message(), lecteur=CompteFactory()))


def deux_blocages() -> None:
    copier(BlocageIP.objects.create(reseau="203.0.113.0/24", motif="essai"))


CAS: list[tuple[str, Callable[[], object]]] = [
    ("compte_email_unique", deux_adresses),
    ("espace_numero_abonne", lambda: ecrire(EspaceFactory(), numero_abonne="2026327481593")),
    ("espace_siren_appartenance", lambda: ecrire(EspaceFactory(), siren_appartenance="55203253")),
    ("espace_supprime_sans_compte", lambda: ecrire(EspaceFactory(), etat="SUPPRIME", supprime_le=MAINTENANT)),
    ("espace_supprime_sans_compte", lambda: ecrire(EspaceFactory(), etat="SUPPRIME", compte=None)),
    ("espace_supprime_sans_compte", lambda: ecrire(EspaceFactory(), compte=None)),
    ("espace_supprime_sans_compte", lambda: ecrire(EspaceFactory(), supprime_le=MAINTENANT)),
    ("lien_un_seul_vivant", lambda: copier(lien())),
    ("versioncgu_annoncee_avant", lambda: publiee(VersionCGU, numero="2027-01")),
    (
        "politiquemotdepasse_annoncee_avant",
        lambda: publiee(PolitiqueMotDePasse, version=2, longueur=24, niveau=2),
    ),
    ("courriel_un_par_acte", meme_courriel),
    ("contreseing_attend_une_fois", lambda: copier(contreseing())),
    ("contreseing_decide", lambda: ecrire(contreseing(), etat="REFUSE")),
    ("contreseing_decide", lambda: ecrire(contreseing(), decide_le=MAINTENANT)),
    ("contreseing_par_un_autre", contresigne_par_le_demandeur),
    ("contreseing_par_un_autre", lambda: ecrire(contreseing(), etat="CONTRESIGNE", decide_le=MAINTENANT)),
    ("remise_une_en_cours", deux_remises),
    ("ligne_service_unique", lambda: copier(demande().lignes.get())),
    ("demande_terminee", lambda: ecrire(demande(), etat="ACTIVEE")),
    ("demande_terminee", lambda: ecrire(demande(), terminee_le=MAINTENANT)),
    ("demande_nouvelle_adresse", lambda: ecrire(demande(), nature="COURRIEL_PERSONNE")),
    ("demande_nouvelle_adresse", lambda: ecrire(demande(), nouvelle_adresse="a@b.fr")),
    ("demande_adresse_confirmee", lambda: ecrire(demande(), adresse_confirmee_le=MAINTENANT)),
    ("demande_refusee_avec_motif", lambda: ecrire(demande(), etat="REFUSEE", terminee_le=MAINTENANT)),
    ("demande_refusee_avec_motif", lambda: ecrire(demande(), motif_refus="pièce illisible")),
    ("demande_une_par_espace", lambda: deux_demandes("CREATION_SIMPLIFIEE", "")),
    ("demande_une_par_espace", lambda: deux_demandes("COURRIEL_PERSONNE", "a@b.fr")),
    (
        "preference_resume_depuis",
        lambda: Preference.objects.create(espace=EspaceFactory(), accords="QUOTIDIEN", resume_depuis=None),
    ),
    ("signalement_suspend_une_fois", lambda: copier(signalement(), decision="ECARTE", decide_le=MAINTENANT)),
    ("signalement_un_en_attente", lambda: copier(signalement(), suspend_jusqu_au=None)),
    ("signalement_decide_avec_date", lambda: ecrire(signalement(), decide_le=MAINTENANT)),
    ("signalement_decide_avec_date", lambda: ecrire(signalement(), decision="ECARTE")),
    ("signalement_titulaire_ne_suspend_pas", lambda: ecrire(signalement(), origine="TITULAIRE")),
    ("adresse_saisie_une_vivante", deux_adresses_saisies),
    ("courriel_de_cote_une_fois", lambda: copier(courriel_de_cote())),
    ("adresse_attendue_une_fois", lambda: copier(adresse_attendue())),
    ("adresse_attendue_finie", lambda: ecrire(adresse_attendue(), finie_le=MAINTENANT)),
    ("adresse_attendue_finie", lambda: ecrire(adresse_attendue(), issue="CONNUE")),
    ("courrier_numero_unique", meme_numero),
    ("courrier_un_vivant", lambda: copier(courrier(), numero=2, empreinte_code="autre")),
    ("courrier_trois_au_plus", lambda: ecrire(courrier(), numero=4)),
    ("courrier_trois_au_plus", lambda: ecrire(courrier(), numero=0)),
    ("courrier_essais", lambda: ecrire(courrier(), essais=6)),
    ("courrier_rang_unique", meme_rang),
    ("courrier_edite_avec_date", lambda: ecrire(courrier(), etat="EDITE")),
    ("courrier_edite_avec_date", lambda: ecrire(courrier(), etat="REMIS", edite_le=MAINTENANT)),
    ("courrier_edite_avec_date", lambda: ecrire(courrier(), expire_le=MAINTENANT)),
    ("habilitation_un_titulaire", lambda: copier(titulaire(), espace=EspaceFactory())),
    ("habilitation_une_par_espace", meme_espace_deux_fois),
    ("habilitation_racine_titulaire", lambda: copier(titulaire(), espace=EspaceFactory(), role=Role.SUPPLEANT)),
    ("habilitation_racine_titulaire", titulaire_accorde),
    ("habilitation_titulaire_actif", lambda: ecrire(titulaire(), **VEILLE)),
    ("habilitation_fin_delegations", lambda: ecrire(titulaire(), expire_le=MAINTENANT.date())),
    ("habilitation_fin_delegations", lambda: ecrire(sous(titulaire(), Role.SUPPLEANT), expire_le=MAINTENANT.date())),
    ("habilitation_veille_avec_motif", lambda: ecrire(sous(titulaire()), **VEILLE | {"veille_motif": ""})),
    ("habilitation_veille_avec_motif", lambda: ecrire(sous(titulaire()), **VEILLE | {"veille_depuis": None})),
    ("habilitation_veille_avec_motif", lambda: ecrire(sous(titulaire()), **VEILLE | {"etat": "ACTIVE"})),
    ("habilitation_fin_avec_motif", lambda: ecrire(sous(titulaire()), fin_le=MAINTENANT)),
    ("habilitation_fin_avec_motif", lambda: ecrire(sous(titulaire()), fin_motif="RETRAIT")),
    ("habilitation_de_son_adhesion", lambda: ecrire(titulaire(), personne=PersonneFactory())),
    ("habilitation_de_son_adhesion", lambda: ecrire(titulaire(), service=ServiceFactory())),
    ("habilitation_meme_adhesion", lambda: ecrire(sous(titulaire()), accordee_par=titulaire())),
    ("habilitation_chemin_vivant", dessous_sans_dessus),
    ("adhesion_un_titulaire", lambda: ecrire(titulaire(), **FIN)),
    ("adhesion_un_titulaire", sans_titulaire),
    ("adhesion_fermee_vide", lambda: ecrire(titulaire().adhesion, fermee_le=MAINTENANT, fermee_motif="CESSATION")),
    ("adhesion_une_ouverte", lambda: copier(titulaire().adhesion)),
    ("adhesion_fermee_avec_motif", lambda: ecrire(titulaire().adhesion, fermee_le=MAINTENANT)),
    ("adhesion_fermee_avec_motif", lambda: ecrire(titulaire().adhesion, fermee_motif="CESSATION")),
    ("retrait_une_en_cours", deux_retraits),
    ("affaire_attend_une_fois", lambda: copier(affaire())),
    ("affaire_prise_avec_date", lambda: ecrire(affaire(), prise_le=MAINTENANT)),
    ("changement_bancaire_noms", lambda: ecrire(signalement_bancaire().changement, titulaire_avant="A")),
    ("changement_bancaire_noms", lambda: ecrire(signalement_bancaire().changement, genre="RENOMMAGE")),
    ("signalement_bancaire_un_en_attente", lambda: copier(signalement_bancaire())),
    ("signalement_bancaire_par_un_seul", lambda: ecrire(signalement_bancaire(), espace=None)),
    ("signalement_bancaire_par_un_seul", lambda: ecrire(signalement_bancaire(), preuve="Au téléphone.")),
    ("signalement_bancaire_decide", lambda: ecrire(signalement_bancaire(), etat="ANNULE", decide_le=MAINTENANT)),
    ("signalement_bancaire_decide", lambda: ecrire(signalement_bancaire(), etat="REPRIS")),
    ("signalement_bancaire_decide", lambda: ecrire(signalement_bancaire(), reponse="Vu.")),
    ("rectification_repondue", lambda: ecrire(rectification(), traitee_le=MAINTENANT)),
    ("rectification_repondue", lambda: ecrire(rectification(), etat="FAITE")),
    ("demande_habilitation_une_en_cours", lambda: copier(demande_habilitation())),
    ("demande_habilitation_siren", lambda: demande_habilitation(siren="55203253A")),
    ("demande_habilitation_terminee", lambda: ecrire(demande_habilitation(), etat="ANNULEE")),
    ("demande_habilitation_terminee", lambda: ecrire(demande_habilitation(), traitee_le=MAINTENANT)),
    ("demande_habilitation_repondue", lambda: ecrire(demande_habilitation(), traitee_par=EspaceFactory())),
    (
        "demande_habilitation_repondue",
        lambda: ecrire(demande_habilitation(), etat="REFUSEE", traitee_le=MAINTENANT),
    ),
    ("cessation_une_en_cours", lambda: copier(Cessation.objects.create(personne=PersonneFactory()))),
    ("cessation_terminee", lambda: ecrire(Cessation.objects.create(personne=PersonneFactory()), etat="FERMEE")),
    (
        "cessation_terminee",
        lambda: ecrire(Cessation.objects.create(personne=PersonneFactory()), terminee_le=MAINTENANT),
    ),
    (
        "cessation_maintenue_jusqu_au",
        lambda: ecrire(Cessation.objects.create(personne=PersonneFactory()), etat="MAINTENUE"),
    ),
    ("echeance_une_fois", lambda: copier(echeance())),
    ("echeance_avec_source", lambda: ecrire(echeance(), source="")),
    ("retrait_service_un_seul", lambda: copier(retrait_de_service())),
    ("retrait_service_annonce_avant", lambda: ecrire(retrait_de_service(), execute_le=MAINTENANT)),
    ("representant_un_en_exercice", lambda: copier(representer(PersonneFactory(), "Petit", "Anne"))),
    ("representant_constate_avec_preuve", lambda: ecrire(representer(PersonneFactory(), "Petit"), source="AGENT")),
    (
        "representant_constate_avec_preuve",
        lambda: ecrire(representer(PersonneFactory(), "Petit"), source="AGENT", agent=AgentFactory()),
    ),
    ("representant_constate_avec_preuve", lambda: ecrire(representer(PersonneFactory(), "Petit"), preuve="Kbis")),
    ("service_code_forme", lambda: ecrire(ServiceFactory(), code="decl_tva")),
    ("message_un_auteur", lambda: ecrire(message(), espace=EspaceFactory(), agent=AgentFactory())),
    ("lecture_unique", deux_lectures),
    ("message_interne_d_un_agent", lambda: ecrire(message(), interne=True)),
    ("echange_reference", lambda: copier(echanger(PersonneFactory()))),
    ("echange_theme_forme", lambda: ecrire(echanger(PersonneFactory()), theme="autre question")),
    ("echange_clos_avec_date", lambda: ecrire(echanger(PersonneFactory()), etat="CLOS", attend_le=None)),
    ("echange_clos_avec_date", lambda: ecrire(echanger(PersonneFactory()), clos_le=MAINTENANT)),
    ("echange_clos_avec_date", lambda: ecrire(echanger(PersonneFactory()), clos_par_usager=True)),
    ("echange_attend_avec_date", lambda: ecrire(echanger(PersonneFactory()), attend_le=None)),
    ("echange_attend_avec_date", lambda: ecrire(echanger(PersonneFactory()), etat="REPONDU")),
    ("non_lu_unique", deux_non_lus),
    ("brouillon_un_seul", lambda: copier(brouillon())),
    ("brouillon_un_auteur", lambda: ecrire(brouillon(), agent=AgentFactory())),
    ("brouillon_un_auteur", lambda: ecrire(brouillon(), espace=None)),
    ("brouillon_un_auteur", lambda: ecrire(brouillon(), espace=None, agent=AgentFactory())),  # answers nothing
    ("message_demande_d_un_agent", lambda: ecrire(message(), demande_piece=True)),
    (
        "preference_messagerie_unique",
        lambda: copier(PreferenceMessagerie.objects.create(espace=EspaceFactory(), rythme="IMMEDIAT")),
    ),
    ("piece_d_un_seul", lambda: ecrire(piece(), brouillon=None)),
    ("piece_d_un_seul", lambda: ecrire(piece(), message=message())),
    ("piece_chiffree", lambda: ecrire(piece(), cle="")),
    ("piece_chiffree", lambda: ecrire(piece(), empreinte="")),
    ("piece_non_vide", lambda: ecrire(piece(), taille=0)),
    ("piece_analysee_avec_date", lambda: ecrire(piece(), analyse="SAINE")),
    ("piece_analysee_avec_date", lambda: ecrire(piece(), analysee_le=MAINTENANT)),
    ("personne_siren_forme", lambda: ecrire(PersonneFactory(), siren="55203253A")),
    ("personne_siren_forme", lambda: ecrire(PersonneFactory(), siren="55203253", provisoire=True)),
    ("personne_categorie", lambda: ecrire(PersonneFactory(), categorie="PARTICULIER")),
    ("reference_iban_unique", lambda: copier(reference())),
    ("reference_iban_forme", lambda: ecrire(reference(), iban_chiffre="FR7630006000011234567890189")),
    ("reference_iban_forme", lambda: ecrire(reference(), empreinte="FR7630006000011234567890189")),
    ("reference_motif_forme", lambda: ecrire(reference(), b2b_motif="clos")),
    ("reference_attente_avec_motif", lambda: ecrire(reference(), utilisable_le=MAINTENANT)),
    ("mandat_rum_forme", lambda: ecrire(reference().mandat, rum="RUM 1")),
    ("blocage_un_par_reseau", deux_blocages),
    ("alerte_ouverte_une_par_cause", deux_alertes_ouvertes),
    ("signal_un_par_jour", deux_signaux),
    ("verification_reussie_ou_manquee", lambda: verification(reussie_le=MAINTENANT, manquee_le=MAINTENANT)),
    ("verification_cinq_essais", lambda: verification(essais=6)),
    ("retablissement_par_deux_agents", lambda: retablissement(meme=True)),
    ("retablissement_trois_plis", lambda: ecrire(retablissement(), plis=1)),
    ("retablissement_trois_plis", lambda: ecrire(retablissement(), plis=4, pli_le=MAINTENANT)),
    ("suite_une_question", lambda: suites("QUESTION", "QUESTION", expire_le=MAINTENANT)),
    ("suite_question_datee", lambda: suites("QUESTION")),
    ("suite_question_datee", lambda: suites("SANS_SUITE", expire_le=MAINTENANT)),
    ("suite_reponse_datee", lambda: suites("QUESTION", expire_le=MAINTENANT, reponse="MOI")),
    ("desactivation_une_en_cours", lambda: copier(desactivation())),
    ("desactivation_annulee_ou_retablie", lambda: ecrire(desactivation(secrets="x"), annulee_le=MAINTENANT)),
    ("desactivation_tranchee_retablie", lambda: ecrire(desactivation(), tranchee_le=MAINTENANT)),
    (
        "avis_postal_reference_unique",
        lambda: ecrire(avis_postal(), reference=avis_postal(reference="S-2026-X").reference),
    ),
    ("avis_postal_rang_unique", deux_avis_du_meme_rang),
    ("avis_postal_remis_dans_un_lot", lambda: ecrire(avis_postal(), remis_le=MAINTENANT)),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("nom", "faute"), CAS, ids=[nom for nom, _ in CAS])
def test_la_base_refuse(nom: str, faute: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError) as refus:
        valider(faute)
    assert refus.value.__cause__.diag.constraint_name == nom


def test_aucune_contrainte_n_est_oubliee() -> None:
    assert {nom for nom, _ in CAS} | set(AILLEURS) == contraintes()
