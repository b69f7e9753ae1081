"""Every door × method × kind of person × state of what it shows, against the live urlconf (issue 4).

A door without parameter takes its row from espacepro/acces.py. One that shows an object has a row here for each state
of the object; one of /gestion/ a row by kind of page. A URL that is new and has no row fails `test_pas_de_case_manquante`.
"""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Affaire, Agent, Espace, Evenement, Rectification
from activation.models import Courrier, Demande, LigneDemande, Remise, Signalement
from espacepro.acces import FICHIERS, TABLE, Acces
from habilitations.depart.retraits import demander_retrait
from habilitations.models import (
    Adhesion,
    Cessation,
    DemandeHabilitation,
    DemandeRetrait,
    Export,
    Habilitation,
    Mandat,
    Role,
)
from habilitations.views.exports import EXISTANT
from services.models import Brouillon, Echange, Message, ModeleDeReponse, PersonneSirenisee, PieceJointe, Service
from services.views.echanges_relus import TRANSFERT
from surveillance.models import BlocageIP
from tests.espacepro.scenes import NOMS, TOUS, adresse, alerte_avec_question, client_verifie, contreseing
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    changement_bancaire,
    compte_bancaire,
    compte_signale,
    echanger,
    habiliter,
    poser_piece,
)

pytestmark = pytest.mark.django_db
METHODES = ("get", "post", "put", "delete")
CHAMPS = {"format": "csv", "action": "quitter"}  # without them some doors answer 404 whoever asks
VISITEUR = "visiteur"
ACTIFS = {"sans_droit", "titulaire", "suppleant", "delegant", "acteur", "en_veille"}
DOSSIERS = {"agent_du_service", "chef", "agent_d_un_autre", "surveillance"}
VERIFIES = {*DOSSIERS, "auditeur"}
PERSONNES = [VISITEUR, *sorted(ACTIFS), "desactive", "agent_non_verifie", *sorted(VERIFIES)]
# Whoever must learn nothing at all of the company, whatever the page.
ETRANGERS = {VISITEUR, "sans_droit", "desactive", "agent_non_verifie", "agent_d_un_autre"}
PERSONNE: frozenset[str] = frozenset()
UTILISATEURS = frozenset({"titulaire", "suppleant", "delegant", "acteur"})
ADMINISTRATEURS = frozenset({"titulaire", "suppleant"})
TITULAIRE = frozenset({"titulaire"})
TOUT_ESPACE = frozenset(ACTIFS)


@dataclass
class Scene:
    """One company and whoever holds something on it; `cles` are the parameters of its pages, by state."""

    personne: PersonneSirenisee
    espaces: dict[str, Espace]
    agents: dict[str, Agent]
    cles: dict[str, list[Any]] = field(default_factory=dict)
    objets: dict[str, Any] = field(default_factory=dict)

    @property
    def secrets(self) -> list[bytes]:
        """What nobody else may read: the company and the persons who hold something on it."""
        noms = [
            self.personne.denomination,
            *(e.nom for q, e in self.espaces.items() if q not in {"sans_droit", "desactive"}),
        ]
        return [nom.encode() for nom in noms]


def _courrier(demande: Demande, canal: str) -> Courrier:
    maintenant = timezone.now()
    return Courrier.objects.create(
        demande=demande,
        canal=canal,
        etat=Courrier.Etat.EDITE,
        empreinte_code=uuid.uuid4().hex * 2,
        empreinte=uuid.uuid4().hex * 2,
        edite_le=maintenant,
        expire_le=maintenant + settings.CODE_VALIDITE,
    )


def _piece(echange: Echange) -> PieceJointe:
    message = Message.objects.create(echange=echange, texte="…")
    return poser_piece(b"%PDF", message=message, analyse="NON_ANALYSEE", analysee_le=timezone.now())


def _demande(espace: Espace, personne: PersonneSirenisee, service: Service, etat: str) -> Demande:
    demande = Demande.objects.create(
        reference=f"D-2026-{uuid.uuid4().hex[:8].upper()}",
        nature=Demande.Nature.ADHESION,
        espace=espace,
        personne=personne,
        qualite="MANDATAIRE",
        etat=etat,
        terminee_le=None if etat in {Demande.Etat.DEPOSEE, Demande.Etat.CODE_ENVOYE} else timezone.now(),
    )
    LigneDemande.objects.create(demande=demande, service=service)
    return demande


def _export(espace: Espace, *, prete: bool) -> Export:
    return Export.objects.create(
        espace=espace,
        liste=EXISTANT.en_json(),
        **({"traite_le": timezone.now(), "lignes": 1, "contenu": b"PK"} if prete else {}),
    )


def monter(rang: int = 0) -> Scene:
    """Build a company with its tree, its demandes, letters and requests to leave, in each state."""
    gestionnaire, autre = ServiceGestionnaireFactory(), ServiceGestionnaireFactory()
    messagerie = ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE, paiement=True)  # pays, too
    tva = ServiceFactory(code="DECL_TVA")
    personne = PersonneFactory(denomination=f"DISCRETION ET FILS {rang}", service_gestionnaire=gestionnaire)
    espaces = {
        qui: EspaceFactory(nom=f"Dissimule{qui.title().replace('_', '')}{rang}") for qui in (*ACTIFS, "desactive")
    }
    agents = {
        "agent_non_verifie": AgentFactory(service_gestionnaire=gestionnaire),
        "agent_du_service": AgentFactory(service_gestionnaire=gestionnaire),
        "agent_d_un_autre": AgentFactory(service_gestionnaire=autre),
        "chef": AgentFactory(service_gestionnaire=gestionnaire, fonction=Agent.Fonction.CHEF),
        "auditeur": AgentFactory(service_gestionnaire=autre, fonction=Agent.Fonction.AUDITEUR),
        "surveillance": AgentFactory(service_gestionnaire=autre, fonction=Agent.Fonction.SURVEILLANCE),
    }
    scene = Scene(personne, espaces, agents)
    veille = {"etat": "EN_VEILLE", "veille_motif": "TITULAIRE", "veille_depuis": timezone.now()}
    racine = habiliter(espaces["titulaire"], personne=personne, service=messagerie)
    suppleance = accorder(racine, espaces["suppleant"], Role.SUPPLEANT)
    delegation = accorder(suppleance, espaces["delegant"], Role.ACTEUR_DELEGANT)
    acteur = accorder(delegation, espaces["acteur"], Role.ACTEUR)
    accorder(racine, espaces["en_veille"], Role.SUPPLEANT, **veille)
    accorder(racine, espaces["desactive"], Role.ACTEUR)
    fermee = habiliter(espaces["titulaire"], personne=personne, service=tva)
    fin = timezone.now()
    Habilitation.objects.filter(pk=fermee.pk).update(fin_le=fin, fin_motif="FERMETURE")
    Adhesion.objects.filter(pk=fermee.adhesion_id).update(fermee_le=fin, fermee_motif="CESSATION")
    etrangere = PersonneFactory(denomination=f"AUTRE DISCRETION {rang}", service_gestionnaire=gestionnaire)
    demandes = {etat: _demande(espaces["titulaire"], personne, tva, etat) for etat in ("CODE_ENVOYE", "ANNULEE")}
    _courrier(demandes["CODE_ENVOYE"], "POSTAL")
    (retrait,) = demander_retrait(acteur=espaces["acteur"], habilitations=[acteur])
    sortie = DemandeRetrait.objects.create(
        habilitation=racine, demandeur=espaces["titulaire"], service_gestionnaire=gestionnaire
    )
    refuse = DemandeRetrait.objects.create(
        habilitation=suppleance, demandeur=espaces["suppleant"], etat="REFUSEE", traitee_le=fin, reponse="non"
    )
    demandee = DemandeHabilitation.objects.create(
        demandeur=espaces["sans_droit"], siren=personne.siren, motif="collaborateur"
    )
    refusee = DemandeHabilitation.objects.create(
        demandeur=EspaceFactory(),
        siren=personne.siren,
        motif="collaborateur",
        etat="REFUSEE",
        traitee_le=fin,
        traitee_par=espaces["titulaire"],
        reponse="non",
    )
    courriers = {
        canal: _courrier(_demande(EspaceFactory(), personne, tva, "CODE_ENVOYE"), canal)
        for canal in ("MESSAGERIE", "POSTAL")
    }
    # A batch whose letter is of no more use: what is produced again of it is empty.
    remise = Remise.objects.create(reference=f"R-20261129-{rang:02}", achevee_le=fin)
    Courrier.objects.filter(pk=courriers["POSTAL"].pk).update(etat="REMIS", remis_le=timezone.now())
    Courrier.objects.filter(pk=_courrier(_demande(EspaceFactory(), personne, tva, "ANNULEE"), "POSTAL").pk).update(
        remise=remise, rang=1
    )
    Espace.objects.filter(pk=espaces["desactive"].pk).update(etat=Espace.Etat.DESACTIVE)
    signalement = compte_signale(personne, espaces["suppleant"], espaces["titulaire"])
    changement, ailleurs = signalement.changement, compte_bancaire(etrangere)
    compte = changement.reference
    echange, autre_echange = echanger(personne), echanger(etrangere)
    piece, autre_piece = _piece(echange), _piece(autre_echange)
    scene.cles = {
        "compte": [personne.siren, compte.pk],
        "compte d’une autre": [etrangere.siren, ailleurs.pk],
        "compte sous un autre SIREN": [personne.siren, ailleurs.pk],
        "changement": [personne.siren, changement.pk],
        "changement d’une autre": [personne.siren, changement_bancaire(ailleurs).pk],
        "échange": [echange.reference],
        "échange d’une autre": [autre_echange.reference],
        "pièce": [piece.pk],
        "pièce d’une autre": [autre_piece.pk],
        "brouillon de personne": [uuid.uuid4()],
        "service ouvert": [personne.siren, messagerie.code],
        "adhésion fermée": [personne.siren, tva.code],
        "autre personne": [etrangere.siren, messagerie.code],
        "entreprise": [personne.siren],
        "autre entreprise": [etrangere.siren],
        "messagerie ouverte": [personne.siren],
        "sans messagerie": [etrangere.siren],
        "demande en cours": [demandes["CODE_ENVOYE"].reference],
        "demande annulée": [demandes["ANNULEE"].reference],
        "demande d’un autre": [courriers["POSTAL"].demande.reference],
        "par la messagerie": [courriers["MESSAGERIE"].pk],
        "par la poste": [courriers["POSTAL"].pk],
        "habilitation demandée": [demandee.pk],
        "habilitation refusée": [refusee.pk],
        "retrait en attente": [retrait.pk],
        "retrait refusé": [refuse.pk],
        "fichier demandé": [_export(espaces["titulaire"], prete=False).pk],
        "fichier prêt": [_export(espaces["suppleant"], prete=True).pk],
        "jeton de personne": ["x" * 54],
        "session de personne": [uuid.uuid4()],
        "clé de personne": [0],
        "alerte": [alerte_avec_question(espaces["titulaire"], agents["surveillance"]).pk],
        "alerte d’un autre": [alerte_avec_question(EspaceFactory(), agents["surveillance"]).pk],
    }
    scene.objets = {
        "services_personnesirenisee": personne,
        "habilitations_adhesion": racine.adhesion,
        "habilitations_habilitation": delegation,
        "habilitations_demanderetrait": sortie,
        "habilitations_mandat": Mandat.objects.get(pk=racine.adhesion.mandat_id),
        "activation_demande": demandes["CODE_ENVOYE"],
        "activation_courrier": courriers["POSTAL"],
        "accounts_evenement": Evenement.objects.filter(siren=personne.siren).order_by("pk")[0],
        "habilitations_cessation": Cessation.objects.create(personne=personne, constatee_le=fin),
        "accounts_rectification": Rectification.objects.create(
            espace=espaces["titulaire"], service_gestionnaire=gestionnaire, objet="AUTRE", texte="x"
        ),
        "accounts_contreseing": contreseing(agents["agent_du_service"], espaces["titulaire"]),
        "activation_signalement": Signalement.objects.create(demande=courriers["POSTAL"].demande, origine="COURRIER"),
        "services_echange": echanger(personne, etat="ENVOYE"),
        "services_modeledereponse": ModeleDeReponse.objects.create(
            service_gestionnaire=gestionnaire, titre="Accusé de réception", texte="Bonjour"
        ),
        "surveillance_alerte": alerte_avec_question(espaces["titulaire"], agents["surveillance"], posee=False),
        "surveillance_blocageip": BlocageIP.objects.create(reseau=f"203.0.{rang}.0/24", motif="robot"),
        "services_service": tva,
        "services_referencebancaire": compte,
        "services_signalementbancaire": signalement,
        "accounts_agent": agents["agent_du_service"],
        "affaire": Affaire.objects.get(cle=str(sortie.pk)),
        "accounts_servicegestionnaire": gestionnaire,
        "remise": remise,
    }
    # Every agent has begun an answer and a transfer, whatever he may read: nothing but his function keeps from him the pages that
    # read them again.
    commence, tiers = scene.objets["services_echange"], ServiceGestionnaireFactory()
    for agent in agents.values():
        Brouillon.objects.create(agent=agent, personne=personne, echange=commence, texte="Bonjour")
    scene.objets["transfert"] = {"echange": str(commence.pk), "vers": tiers.pk, "motif": "Votre ressort"}
    return scene


@pytest.fixture(scope="module")
def monde(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """One world for every case: each test is undone to a point of it, each request to a point of its test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield monter()
        transaction.set_rollback(True)


# --- The table --------------------------------------------------------------------------------------------------------

INCONNUS: dict[str, list[Any]] = {
    "entreprise": ["552032534"],
    "entreprise_acces": ["552032534"],
    "entreprise_demandes": ["552032534"],
    "ouvrir_service": ["552032534", "INCONNU"],
    **{key: ["552032534"] for key in ("comptes_bancaires", "comptes_bancaires_exporter", "compte_bancaire_ajouter")},
    **{
        key: ["552032534", uuid.UUID(int=0)]
        for key in (
            "compte_bancaire_renommer",
            "compte_bancaire_supprimer",
            "compte_bancaire_iban",
            "compte_bancaire_mandat",
            "compte_bancaire_mandat_pdf",
            "compte_bancaire_remise",
            "compte_bancaire_signaler",
        )
    },
    **{
        key: ["E-2026-AAAAAAAA"]
        for key in ("echange", "echange_relire", "echange_pdf", "echange_clore", "echange_rouvrir")
    },
    **{key: ["552032534"] for key in ("message_rediger", "message_relire", "entreprise_messages")},
    "piece_jointe": [uuid.UUID(int=0)],
    "usage_inhabituel": [uuid.UUID(int=0)],
    "courriel_entreprise_changer": ["552032534"],
    "demande": ["D-2026-AAAAAAAA"],
    "annuler_demande": ["D-2026-AAAAAAAA"],
    "demande_renvoyer_lien": ["D-2026-AAAAAAAA"],
    "nouveau_courrier": ["D-2026-AAAAAAAA"],
    "code_recu": [uuid.UUID(int=0)],
    "demande_habilitation_accepter": [uuid.UUID(int=0)],
    "demande_habilitation_refuser": [uuid.UUID(int=0)],
    "demande_habilitation_annuler": [uuid.UUID(int=0)],
    "retrait_accepter": [uuid.UUID(int=0)],
    "retrait_refuser": [uuid.UUID(int=0)],
    "retrait_renoncer": [uuid.UUID(int=0)],
    "export": [uuid.UUID(int=0)],
    "export_telecharger": [uuid.UUID(int=0)],
}
_EXPORT = {"fichier demandé": TITULAIRE, "fichier prêt": frozenset({"suppleant"})}
_ENTREPRISE = {"entreprise": UTILISATEURS | {"en_veille"}, "autre entreprise": PERSONNE}
_COMPTE = {"compte": ADMINISTRATEURS, "compte d’une autre": PERSONNE, "compte sous un autre SIREN": PERSONNE}
_DEMANDE = {"demande en cours": TITULAIRE, "demande annulée": TITULAIRE, "demande d’un autre": PERSONNE}
# door that shows an object -> state of the object -> who finds it there. For anybody else it does not exist.
OBJETS: dict[str, dict[str, frozenset[str]]] = {
    "entreprise": _ENTREPRISE,
    "entreprise_acces": _ENTREPRISE,
    "entreprise_demandes": _ENTREPRISE,
    "ouvrir_service": {"service ouvert": UTILISATEURS, "adhésion fermée": PERSONNE, "autre personne": PERSONNE},
    **{
        key: {"échange": UTILISATEURS, "échange d’une autre": PERSONNE}
        for key in ("echange", "echange_relire", "echange_pdf", "echange_clore", "echange_rouvrir")
    },
    **{
        key: {"messagerie ouverte": UTILISATEURS, "sans messagerie": PERSONNE}
        for key in ("message_rediger", "message_relire", "entreprise_messages")
    },
    "usage_inhabituel": {"alerte": TITULAIRE, "alerte d’un autre": PERSONNE},
    "piece_jointe": {"pièce": UTILISATEURS, "pièce d’une autre": PERSONNE},
    "courriel_entreprise_changer": {"messagerie ouverte": ADMINISTRATEURS, "sans messagerie": PERSONNE},
    **{
        key: {"entreprise": UTILISATEURS, "autre entreprise": PERSONNE}
        for key in ("comptes_bancaires", "comptes_bancaires_exporter")
    },
    "compte_bancaire_ajouter": {"entreprise": ADMINISTRATEURS, "autre entreprise": PERSONNE},
    **dict.fromkeys(
        (
            "compte_bancaire_renommer",
            "compte_bancaire_supprimer",
            "compte_bancaire_iban",
            "compte_bancaire_mandat",
            "compte_bancaire_mandat_pdf",
            "compte_bancaire_remise",
        ),
        _COMPTE,
    ),
    "compte_bancaire_signaler": {"changement": ADMINISTRATEURS, "changement d’une autre": PERSONNE},
    "demande": _DEMANDE,
    "annuler_demande": _DEMANDE,
    "demande_renvoyer_lien": _DEMANDE,
    "nouveau_courrier": _DEMANDE,
    "code_recu": {"par la messagerie": TITULAIRE, "par la poste": PERSONNE},
    **{
        key: {"habilitation demandée": ADMINISTRATEURS, "habilitation refusée": PERSONNE}
        for key in ("demande_habilitation_accepter", "demande_habilitation_refuser")
    },
    "demande_habilitation_annuler": {"habilitation demandée": frozenset({"sans_droit"})},
    "retrait_accepter": {"retrait en attente": TITULAIRE, "retrait refusé": PERSONNE},
    "retrait_refuser": {"retrait en attente": TITULAIRE, "retrait refusé": PERSONNE},
    "retrait_renoncer": {"retrait en attente": frozenset({"acteur"}), "retrait refusé": frozenset({"suppleant"})},
    "export": _EXPORT,
    "export_telecharger": _EXPORT,
    "brouillon_effacer": {"brouillon de personne": TOUT_ESPACE},
    # One's own session or key, or the same answer as for none at all.
    "fermer_session": {"session de personne": TOUT_ESPACE},
    "retirer_cle": {"clé de personne": TOUT_ESPACE},
}
LIENS = {
    "confirmer_adresse",
    "reinitialiser_mot_de_passe",
    "confirmer_changement_adresse",
    "annuler_changement_adresse",
    "ce_n_est_pas_moi",
    "confirmer_entreprise",
    "confirmer_connexion",
    "confirmer_adresse_entreprise",
}
PUBLIQUES = {
    "cgu_version",
    "fiche",
    "service_public",
}  # of a text, not of anybody's object: any version, or 404 for all
DU_SERVICE = frozenset({"agent_du_service", "chef", "surveillance"})
CONTROLE = frozenset({"chef", "surveillance", "auditeur"})
# model of /gestion/ -> who sees the list, who sees the scene's row. Nobody adds, changes or deletes.
MODELES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(
        (
            "services_personnesirenisee",
            "habilitations_adhesion",
            "habilitations_habilitation",
            "habilitations_mandat",
            "habilitations_demanderetrait",
            "activation_demande",
            "activation_courrier",
            "habilitations_cessation",
            "activation_signalement",
            "accounts_rectification",
            "accounts_contreseing",
            "services_referencebancaire",
            "services_signalementbancaire",
        ),
        (frozenset(DOSSIERS), DU_SERVICE),
    ),
    "accounts_evenement": (frozenset(VERIFIES), DU_SERVICE | {"auditeur"}),
    "services_service": (frozenset(DOSSIERS), frozenset(DOSSIERS)),
    # What companies write, and what answers start from, are for their office alone: the cell reads neither.
    **dict.fromkeys(
        ("services_echange", "services_modeledereponse"),
        (frozenset({"agent_du_service", "chef", "agent_d_un_autre"}), frozenset({"agent_du_service", "chef"})),
    ),
    "accounts_nomadmis": (frozenset(DOSSIERS), PERSONNE),  # the scene has none
    "accounts_servicegestionnaire": (frozenset(DOSSIERS), DU_SERVICE),
    "accounts_agent": (CONTROLE, CONTROLE),  # of the scene's office, by its head
    "accounts_tracelecture": (CONTROLE, PERSONNE),  # the scene has none before it is walked
    "surveillance_desactivation": (frozenset({"surveillance"}), PERSONNE),
    **dict.fromkeys(
        ("surveillance_alerte", "surveillance_blocageip"), (frozenset({"surveillance"}), frozenset({"surveillance"}))
    ),
}
SUFFIXES = ("changelist", "add", "history", "delete", "change")
DE_L_ALERTE = ("demander", "demander-ensemble", "classer", "classer-ensemble", "averer", "desactiver-ensemble")
RELUS = ("repondre-relire", "piece-relire", "transferer-relire")
# act of an agent on a row of /gestion/ (model, end of the name): for the gestionnaires of its own service alone.
ACTES = [
    ("activation_courrier", "revenu"),
    ("activation_demande", "refuser"),
    ("activation_demande", "nouvelle-lettre"),
    ("habilitations_adhesion", "retirer"),
    ("habilitations_demanderetrait", "accepter"),
    ("habilitations_demanderetrait", "refuser"),
    ("habilitations_cessation", "fermer"),
    ("habilitations_cessation", "maintenir"),
    ("habilitations_cessation", "contester"),
    ("services_personnesirenisee", "representant"),
    ("services_personnesirenisee", "siren"),
    ("services_personnesirenisee", "adresse"),
    ("services_personnesirenisee", "adresse-registre"),
    ("services_personnesirenisee", "sans-adresse"),
    ("services_personnesirenisee", "rattacher"),
    ("services_personnesirenisee", "retirer-adhesions"),
    ("accounts_servicegestionnaire", "admettre-nom"),
    ("activation_courrier", "laisser-partir"),
    ("activation_signalement", "confirmer"),
    ("activation_signalement", "ecarter"),
    ("services_referencebancaire", "signaler"),
    ("services_referencebancaire", "lever-cloture"),
    ("services_signalementbancaire", "maintenir"),
    ("services_signalementbancaire", "annuler"),
    *[
        ("services_echange", acte)
        for acte in (
            "repondre",
            "prendre-en-charge",
            "piece",
            "noter",
            "transferer",
            "clore",
            "fichiers",
            "piece-fichiers",
        )
    ],
    *[("services_echange", acte) for acte in RELUS],
    ("services_modeledereponse", "modifier"),
    ("services_modeledereponse", "retirer"),
    ("surveillance_blocageip", "lever"),
    *[("surveillance_alerte", acte) for acte in DE_L_ALERTE],
    ("accounts_rectification", "faite"),
    ("accounts_rectification", "refuser"),
    ("accounts_contreseing", "contresigner"),
    ("accounts_contreseing", "refuser"),
    ("accounts_contreseing", "abandonner"),
    ("accounts_agent", "donner-fonction"),
    ("accounts_agent", "nommer-chef"),
    ("accounts_agent", "retirer-fonction"),
    ("accounts_agent", "reinitialiser"),
]
# Acts that are not for every gestionnaire of the own service.
RESERVES: dict[tuple[str, str], frozenset[str]] = {
    ("services_personnesirenisee", "rattacher"): frozenset({"chef", "surveillance"}),
    ("accounts_contreseing", "contresigner"): frozenset(
        {"agent_du_service", "chef"}
    ),  # not who asked, nor the cell yet
    ("accounts_contreseing", "refuser"): frozenset({"agent_du_service", "chef"}),
    ("accounts_contreseing", "abandonner"): PERSONNE,  # its own alone
    ("surveillance_blocageip", "lever"): frozenset({"surveillance"}),
    **dict.fromkeys([("surveillance_alerte", acte) for acte in DE_L_ALERTE], frozenset({"surveillance"})),
    **dict.fromkeys(
        [
            *[
                ("accounts_agent", acte)
                for acte in ("donner-fonction", "nommer-chef", "retirer-fonction", "reinitialiser")
            ],
            *[("services_modeledereponse", acte) for acte in ("modifier", "retirer")],
        ],
        frozenset({"chef"}),
    ),
}
# What the scene's rows do not allow: a company that has its SIREN, no address entered by an agent and none waited for; a
# letter made; an agent who has the one function that a head gives alone.
SANS_OBJET = {
    ("surveillance_alerte", "desactiver-ensemble"),  # of several espaces: tests/surveillance/alertes/test_alertes.py
    ("services_personnesirenisee", "siren"),
    ("services_personnesirenisee", "adresse-registre"),
    ("services_personnesirenisee", "sans-adresse"),
    ("accounts_agent", "donner-fonction"),
    ("activation_courrier", "laisser-partir"),
}
# page of /gestion/ -> who is shown a page by a GET; anybody else is sent elsewhere or refused.
ETAPES = frozenset({"agent_non_verifie"})
GESTION: dict[str, frozenset[str]] = {
    "index": frozenset(VERIFIES),
    "app_list": frozenset(DOSSIERS),
    "jsi18n": frozenset(VERIFIES),
    "second_facteur": frozenset(VERIFIES),
    "codes_secours": PERSONNE,  # shown once, after they were made
    "password_change": frozenset(VERIFIES),
    "login": frozenset({VISITEUR}),
    "logout": PERSONNE,
    "verification": PERSONNE,  # for who has enrolled and has not proved it yet
    "verification_secours": PERSONNE,
    "enrolement": frozenset(VERIFIES) | ETAPES,
    "enrolement_code": PERSONNE,  # an image, while enrolling
    "codes_secours_texte": PERSONNE,
    "file": frozenset(
        {"agent_du_service", "chef", "agent_d_un_autre"}
    ),  # each reads the office's own; the cell has none yet
    "chercher": frozenset(DOSSIERS),
    "raccourcis": frozenset(VERIFIES),
    "saisie_gardee": frozenset(VERIFIES),
    "lettres_revenues": frozenset({"agent_du_service", "chef", "agent_d_un_autre"}),  # each records those of its own
    "espace": DU_SERVICE,
    "comme_l_usager": frozenset({"agent_du_service", "chef"}),  # for who answers the telephone, not for who watches
    "lettres": frozenset(
        {"agent_du_service", "chef", "agent_d_un_autre"}
    ),  # each reads the office's own; the cell is led on
    "lettres_de_cote": frozenset(DOSSIERS),
    "lettre_apercu": DU_SERVICE,
    "lettre_reprendre": PERSONNE,  # by POST alone: tests/espacepro/gestion/test_lettres.py says who may
    "courriel_reprendre": PERSONNE,
    "remises": frozenset(DOSSIERS),
    "remise": DU_SERVICE,
    "remettre": frozenset({"surveillance"}),
    "remise_renvoyer": PERSONNE,
    "comme_l_usager_page": PERSONNE,  # once it was said why: tests/espacepro/gestion/test_vue_usager.py
    "espace_liberer": frozenset({"agent_du_service", "chef"}),
    "donner_idsp": frozenset({"agent_du_service", "chef", "agent_d_un_autre"}),  # each for the own office
    "ajouter_modele": frozenset({"chef"}),
    "bloquer_adresse": frozenset({"surveillance"}),
    "surveillees": frozenset({"surveillance"}),
    "surveillee_lever": PERSONNE,  # of an address that has marks: tests/surveillance/automates/test_surveillees.py
    "surveillee_bloquer": PERSONNE,
    "alertes": frozenset({"surveillance"}),
    "echange_piece": frozenset({"agent_du_service", "chef"}),  # a file that the company joined: its office alone
    "espace_deces": frozenset({"agent_du_service", "chef"}),
    "espace_retablir": PERSONNE,  # while one is disabled: tests/surveillance/espaces/test_retablissement.py
    "espace_pli": PERSONNE,
    "espace_desactiver": frozenset({"surveillance"}),
    "espace_diriger": PERSONNE,  # of an espace that no office follows: tests/surveillance/espaces/test_orientation.py
    "espace_annuler-desactivation": PERSONNE,  # while one is under way: tests/surveillance/espaces/test_desactivation.py
    "espace_retirer-adhesions": frozenset({"agent_du_service", "chef"}),
    "prendre_suivante": PERSONNE,  # by POST alone: tests/espacepro/gestion/test_bureau.py says who may
    "prendre": PERSONNE,
    "rendre": PERSONNE,
}


def parametree(nom: str) -> bool:
    return any("<" in chemin for espace, autre, chemin in TOUS if autre == nom and not espace)


def test_pas_de_case_manquante() -> None:
    """Every door has its row, every row its door."""
    assert {nom for nom in NOMS if parametree(nom)} == set(OBJETS) | LIENS | PUBLIQUES
    noms = {nom for espace, nom, _ in TOUS if espace == "admin" and nom}
    pages = {f"{modele}_{suffixe}" for modele in MODELES for suffixe in SUFFIXES}
    assert noms == pages | {f"{modele}_{acte}" for modele, acte in ACTES} | set(GESTION)
    assert set(TABLE) == set(NOMS)
    assert set(INCONNUS) | {"fermer_session", "retirer_cle", "brouillon_effacer"} == set(OBJETS)


# --- Trying it --------------------------------------------------------------------------------------------------------


def navigateur(scene: Scene, qui: str) -> Callable[[str, str], HttpResponse]:
    """Return `demander(methode, adresse)`, in this person's browser; each request is undone."""
    client = Client()
    if qui in scene.espaces:
        client.force_login(scene.espaces[qui].compte, backend="accounts.portes.connexion.CompteBackend")
    elif qui == "agent_non_verifie":
        client.force_login(scene.agents[qui].compte, backend="accounts.portes.connexion.CompteBackend")
    elif qui in scene.agents:
        client = client_verifie(scene.agents[qui])
        commence = client.session
        commence[TRANSFERT] = scene.objets["transfert"]
        commence.save()
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)

    def demander(methode: str, ou: str) -> HttpResponse:
        neuf = Client(raise_request_exception=False)
        if session is not None:
            neuf.cookies[settings.SESSION_COOKIE_NAME] = session.value
        essai = transaction.atomic()
        essai._from_testcase = True  # type: ignore[attr-defined]  # as Django's TestCase: a counted try may not be nested
        with essai:
            reponse = neuf.post(ou, CHAMPS) if methode == "post" else getattr(neuf, methode)(ou)
            transaction.set_rollback(True)
        return reponse

    return demander


def vers_connexion(reponse: HttpResponse) -> bool:
    return reponse.status_code == 302 and reponse["Location"].startswith(reverse("connexion") + "?next=")


def corps(reponse: HttpResponse) -> bytes:
    return b"".join(reponse.streaming_content) if getattr(reponse, "streaming", False) else reponse.content  # type: ignore[attr-defined]


def portes_des_usagers(scene: Scene) -> Iterator[tuple[str, str, str, frozenset[str] | None]]:
    """Yield (door, state, address, who finds an object there; None where there is no object)."""
    for nom in NOMS:
        if nom in OBJETS:
            for etat, qui in OBJETS[nom].items():
                yield nom, etat, reverse(nom, args=scene.cles[etat]), qui
            if nom in INCONNUS:
                yield nom, "rien de tel", reverse(nom, args=INCONNUS[nom]), PERSONNE
        else:
            yield nom, "", adresse(nom), None


def attendu(nom: str, methode: str, qui: str, trouve: frozenset[str] | None, reponse: HttpResponse) -> bool:
    """Whether this answer is the one that the table wants."""
    acces, code = TABLE[nom].qui, reponse.status_code
    if code >= 500:
        return False
    if methode in {"put", "delete"}:  # before anybody is asked who it is: test_acces.py shows that nothing is read
        return code == 405 and corps(reponse) == b""
    if acces in {Acces.PUBLIC, Acces.RESSOURCE}:
        return not vers_connexion(reponse)
    if qui == VISITEUR:
        return vers_connexion(reponse)
    if acces is Acces.CONNECTE:
        return code != 404 and not vers_connexion(reponse)
    if qui not in ACTIFS:
        return code in {404, 405}
    if acces is Acces.EN_ATTENTE:
        return code in {302, 405}
    if code == 405:
        return True
    if trouve is not None and qui not in trouve:
        return code == 404
    return code not in {403, 404} and not vers_connexion(reponse)


@pytest.mark.parametrize("qui", PERSONNES)
def test_chaque_case_des_usagers(qui: str, monde: Scene) -> None:
    scene, demander = monde, navigateur(monde, qui)
    fautes, cases = [], 0
    for (nom, etat, ou, trouve), methode in itertools.product(list(portes_des_usagers(scene)), METHODES):
        reponse = demander(methode, ou)
        cases += 1
        if not attendu(nom, methode, qui, trouve, reponse):
            fautes.append((nom, etat, methode, reponse.status_code, reponse.headers.get("Location")))
        if (
            methode == "get"
            and reponse.headers.get("Content-Disposition", "").startswith("attachment")
            and nom not in FICHIERS
        ):
            fautes.append((nom, etat, methode, reponse.status_code, "fichier"))
        if qui in ETRANGERS and any(secret in corps(reponse) for secret in scene.secrets):
            fautes.append((nom, etat, methode, reponse.status_code, "fuite"))
    assert fautes == [], fautes
    assert cases > 4 * len(NOMS)


def _parametres(nom: str, scene: Scene) -> list[Any]:
    affaire = scene.objets["affaire"].pk
    tous: dict[str, list[Any]] = {
        "espace": [scene.espaces["titulaire"].pk],
        "comme_l_usager": [scene.espaces["titulaire"].pk],
        "comme_l_usager_page": [scene.espaces["titulaire"].pk],
        "lettre_apercu": [scene.objets["activation_courrier"].pk],
        "echange_piece": [PieceJointe.objects.get(pk=scene.cles["pièce"][0]).message.echange_id, *scene.cles["pièce"]],
        "lettre_reprendre": [scene.objets["activation_courrier"].pk],
        "courriel_reprendre": [uuid.UUID(int=0)],
        "remise": [scene.objets["remise"].reference],
        "remise_renvoyer": [scene.objets["remise"].reference],
        "surveillee_lever": ["inconnue"],
        "surveillee_bloquer": ["inconnue"],
        "app_list": ["services"],
        "file": ["RETRAIT"],
        "prendre_suivante": ["RETRAIT"],
    }
    if nom.startswith("espace_"):
        return tous["espace"]
    return tous.get(nom, [affaire] if nom in {"prendre", "rendre"} else [])


def portes_de_gestion(scene: Scene) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield (door, address, who is shown something by a GET)."""
    for nom, qui in GESTION.items():
        yield nom, reverse(f"admin:{nom}", args=_parametres(nom, scene)), qui
    for modele, (liste, ligne) in MODELES.items():
        cle = scene.objets[modele].pk if modele in scene.objets else uuid.UUID(int=0)
        yield f"{modele}_changelist", reverse(f"admin:{modele}_changelist"), liste
        yield f"{modele}_add", reverse(f"admin:{modele}_add"), PERSONNE
        for suffixe, qui in (("change", ligne), ("history", ligne), ("delete", PERSONNE)):
            yield f"{modele}_{suffixe}", reverse(f"admin:{modele}_{suffixe}", args=[cle]), qui
    for modele, acte in ACTES:
        ou = reverse(f"admin:{modele}_{acte}", args=[scene.objets[modele].pk])
        yield (
            f"{modele}_{acte}",
            ou,
            PERSONNE
            if (modele, acte) in SANS_OBJET
            else RESERVES.get((modele, acte), frozenset({"agent_du_service", "chef"})),
        )


@pytest.mark.parametrize("qui", PERSONNES)
def test_chaque_case_de_la_gestion(qui: str, monde: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "ETAT", tmp_path)  # where the files of a batch are written
    scene, demander = monde, navigateur(monde, qui)
    fautes, portes = [], list(portes_de_gestion(scene))
    if qui in ACTIFS - {"titulaire", "sans_droit"}:
        portes = portes[len(qui) % 4 :: 4]  # one door keeps every espace out; two of them try each address
    for (nom, ou, voit), methode in itertools.product(portes, METHODES):
        reponse = demander(methode, ou)
        if reponse.status_code >= 500:
            fautes.append((nom, methode, reponse.status_code))
        if methode in {"put", "delete"} and reponse.status_code != 405:
            fautes.append((nom, methode, reponse.status_code))
        if methode == "get" and (reponse.status_code == 200) != (qui in voit):
            fautes.append((nom, methode, reponse.status_code, reponse.headers.get("Location")))
        if qui in ETRANGERS and any(secret in corps(reponse) for secret in scene.secrets):
            fautes.append((nom, methode, reponse.status_code, "fuite"))
    assert fautes == [], fautes


# --- Foreign keys -----------------------------------------------------------------------------------------------------


def memes(reponse: HttpResponse, inconnue: HttpResponse, mots: list[str]) -> bool:
    """Whether two answers tell the same: status, where to, and text, the key asked for and the CSRF token apart."""

    def nu(r: HttpResponse) -> str:
        texte = re.sub(
            r'(csrfmiddlewaretoken" value="|estampille" value="|servi" value="|nonce-)[^"\']+',
            "",
            corps(r).decode(errors="replace"),
        )
        for mot in mots:
            texte = texte.replace(mot, "")
        return texte

    return reponse.status_code == inconnue.status_code and nu(reponse) == nu(inconnue)


def test_l_identifiant_d_autrui_n_existe_pas(tours: Callable[[int], int]) -> None:
    """Every key of other companies, on every door, by whoever holds nothing on them: as if it did not exist."""
    scenes = [monter(rang) for rang in range(1, 4)]  # beside `monde`, which may still stand
    secrets = [(scene, scene.secrets) for scene in scenes]
    voulues, faites, fautes = tours(10_000), 0, []
    curieux = [(scene, qui, navigateur(scene, qui)) for scene in scenes for qui in sorted(ACTIFS)]
    agents = [(scene, "agent_d_un_autre", navigateur(scene, "agent_d_un_autre")) for scene in scenes]
    essais = [
        (demander, methode, reverse(nom, args=scene.cles[etat]), reverse(nom, args=INCONNUS[nom]), scene, [*map(str, scene.cles[etat] + INCONNUS[nom])])
        for sienne, _, demander in curieux
        for scene in scenes
        if scene is not sienne
        for nom, etats in OBJETS.items()
        if nom in INCONNUS
        for etat in etats
        for methode in ("get", "post")
    ] + [
        (demander, methode, reverse(f"admin:{modele}_{suffixe}", args=[scene.objets[modele].pk]), "", scene, [])
        for _, _, demander in agents
        for scene in scenes
        for modele, (_, ligne) in MODELES.items()
        if ligne >= DU_SERVICE and "agent_d_un_autre" not in ligne
        for suffixe in ("change", "history", "delete", *(acte for sujet, acte in ACTES if sujet == modele))
        for methode in ("get", "post")
    ]  # fmt: skip
    for demander, methode, ou, inconnue, scene, mots in itertools.islice(
        itertools.cycle(essais[:: 1 if voulues >= 10_000 else max(1, len(essais) // voulues)]), voulues
    ):
        reponse = demander(methode, ou)
        faites += 1
        if reponse.status_code == 200 or reponse.status_code >= 500:
            fautes.append((methode, ou, reponse.status_code))
        if any(
            secret in corps(reponse) for autre, mots_secrets in secrets if autre is scene for secret in mots_secrets
        ):
            fautes.append((methode, ou, "fuite"))
        if inconnue and not memes(reponse, demander(methode, inconnue), mots):
            fautes.append((methode, ou, reponse.status_code, "se distingue d'un identifiant inconnu"))
    assert fautes == []
    assert faites >= voulues


def test_la_session_d_autrui_reste_ouverte(monde: Scene) -> None:
    """Closing somebody else's session answers as for no session, and closes nothing."""
    scene = monde
    navigateur(scene, "titulaire")
    sessions = scene.espaces["titulaire"].compte.sessions  # type: ignore[union-attr]
    avant = set(sessions.values_list("numero", flat=True))
    assert avant
    demander = navigateur(scene, "sans_droit")
    for numero in avant:
        reponse = demander("post", reverse("fermer_session", args=[numero]))
        inconnue = demander("post", reverse("fermer_session", args=[uuid.uuid4()]))
        assert (reponse.status_code, reponse["Location"]) == (inconnue.status_code, inconnue["Location"])
    assert set(sessions.values_list("numero", flat=True)) == avant
