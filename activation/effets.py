"""What takes effect when a code is entered (R7, R9; CGU §2.3, §4.e)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import courriels
from accounts.journal import consigner
from accounts.models import Espace
from accounts.regles import RegleMetier
from habilitations.models import Adhesion, Mandat
from habilitations.ouverture import ouvrir_services
from services.models import Service

from .codes import (
    CodeAutreDemande,
    CodeDejaUtilise,
    CodeEtranger,
    CodeExpire,
    CodeInexact,
    CodePasEncoreEdite,
    CodeRemplace,
    TropDEssais,
    deriver_code,
    empreinte_code,
    meme_code,
    normaliser_code,
)
from .demandes import DemandeTerminee, terminer, verrouiller
from .models import Courrier, Demande, LigneDemande


@dataclass(frozen=True)
class Activation:
    """What a right code opened: the adhésions, and the services that somebody else had opened meanwhile."""

    demande: Demande
    adhesions: list[Adhesion]
    deja_ouverts: list[Service]


def activer(*, acteur: Espace, demande: Demande, saisie: str, maintenant: datetime | None = None) -> Activation:
    """Try the code on this demande of one's own; when it is right, open what was asked for, all together.

    A wrong code is counted even though it is refused: the count is committed, then the rule is raised.
    Raises: CodeMalSaisi (no try counted), CodeInexact, CodeEtranger, CodeAutreDemande, CodeRemplace, CodeExpire,
    CodeDejaUtilise, CodePasEncoreEdite, TropDEssais, DemandeTerminee, PerimetreDepasse.
    """
    code = normaliser_code(saisie)
    resultat = _essayer(acteur, demande, code, maintenant or timezone.now())
    if isinstance(resultat, RegleMetier):
        raise resultat
    return resultat


@transaction.atomic
def _essayer(acteur: Espace, demande: Demande, code: str, maintenant: datetime) -> Activation | RegleMetier:
    """Decide under the locks of espace and demande. A refusal that counts a try is returned, so that it is kept."""
    demande = verrouiller(demande)
    if demande.espace_id != acteur.pk:
        raise CodeEtranger
    if demande.etat == Demande.Etat.ACTIVEE:
        raise CodeDejaUtilise(reference=demande.reference)
    courrier = demande.courriers.select_for_update(no_key=True).get(remplace_le=None)
    if demande.etat == Demande.Etat.EXPIREE or courrier.est_expire(maintenant):
        raise CodeExpire(jour=f"{timezone.localdate(courrier.expire_le):%d/%m/%Y}")
    if not demande.est_en_cours:
        raise DemandeTerminee(etat=demande.get_etat_display())
    if courrier.essais >= settings.CODE_ESSAIS:
        raise TropDEssais
    if not meme_code(code, deriver_code(demande=demande.pk, numero=courrier.numero)):
        return _compter_essai(acteur, demande, courrier, code)
    if courrier.edite_le is None:
        raise CodePasEncoreEdite
    return _prendre_effet(acteur, demande, courrier, maintenant)


def _compter_essai(acteur: Espace, demande: Demande, courrier: Courrier, code: str) -> RegleMetier:
    """Count a miss and return the rule that says why it missed."""
    courrier.essais += 1
    courrier.save(update_fields=["essais"])
    consigner(
        "code.inexact",
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "essai": courrier.essais},
    )
    autre = Courrier.objects.select_related("demande").filter(empreinte_code=empreinte_code(code)).first()
    if courrier.essais >= settings.CODE_ESSAIS:
        return TropDEssais()
    if autre is None:
        return CodeInexact(restants=settings.CODE_ESSAIS - courrier.essais)
    if autre.demande_id == demande.pk:
        return CodeRemplace()
    if autre.demande.espace_id == acteur.pk:
        return CodeAutreDemande(reference=autre.demande.reference)
    return CodeEtranger()


def _prendre_effet(acteur: Espace, demande: Demande, courrier: Courrier, maintenant: datetime) -> Activation:
    services = list(demande.services.order_by("ordre"))
    mandat = _garder_mandat(demande, courrier, services, maintenant)
    adhesions = ouvrir_services(
        espace=acteur, personne=demande.personne, services=services, mandat=mandat, maintenant=maintenant
    )
    ouverts = {adhesion.service_id for adhesion in adhesions}
    lignes = LigneDemande.objects.filter(demande=demande)
    lignes.filter(service__in=ouverts).update(resultat=LigneDemande.Resultat.OUVERT)
    lignes.exclude(service__in=ouverts).update(resultat=LigneDemande.Resultat.DEJA_OUVERT)
    deja_ouverts = [service for service in services if service.pk not in ouverts]
    terminer(demande, Demande.Etat.ACTIVEE, maintenant)
    consigner(
        "demande.activee",
        auteur=acteur,
        siren=demande.personne.siren,
        details={
            "demande": demande.reference,
            "nature": demande.nature,
            "ouverts": [s.code for s in services if s.pk in ouverts],
            "deja_ouverts": [s.code for s in deja_ouverts],
        },
    )
    if demande.espace.compte is not None:
        courriels.deposer(
            "demande_activee",
            destinataire=demande.espace.compte.email,
            acte=f"demande-activee:{demande.pk}",
            espace=demande.espace,
            contexte={
                "reference": demande.reference,
                "denomination": demande.personne.denomination,
                "ouverts": [s.libelle for s in services if s.pk in ouverts],
                "deja_ouverts": [s.libelle for s in deja_ouverts],
            },
        )
    if demande.personne.courriel:
        courriels.deposer(
            "mandat_utilise",
            destinataire=demande.personne.courriel,
            acte=f"mandat:{mandat.pk}",
            contexte={
                "reference": demande.reference,
                "denomination": demande.personne.denomination,
                "demandeur": demande.espace.nom_complet,
            },
        )
    return Activation(demande, adhesions, deja_ouverts)


def _garder_mandat(demande: Demande, courrier: Courrier, services: list[Service], maintenant: datetime) -> Mandat:
    """Keep the evidence: who handed the code over, for what, by which letter (CGU §2.3)."""
    personne = demande.personne
    return Mandat.objects.create(
        demande=demande.reference,
        nature=demande.nature,
        personne=personne,
        mandataire=demande.espace,
        qualite=demande.get_qualite_display(),
        representant_legal=personne.representant_legal or "représentant légal en exercice",
        adresse_du_courrier=[personne.denomination, *courrier.contenu["adresse"]],
        demarches=[service.libelle for service in services],
        courrier_numero=courrier.numero,
        courrier_canal=courrier.canal,
        courrier_edite_le=courrier.edite_le,
        code_saisi_le=maintenant,
    )
