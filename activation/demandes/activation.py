"""What takes effect when a code is entered (R7, R9; CGU §2.3, §4.e)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.compteurs.essais import essai_compte
from accounts.envois import courriels
from accounts.envois.reveil import reveiller
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from accounts.traces.journal import combien, consigner
from habilitations.arbre.montrees import PlaceChangee, exiger_montrees
from habilitations.arbre.ouverture import ouvrir_services
from habilitations.models import Adhesion, Mandat
from services.models import Service

from .. import actes
from ..courriers.codes import (
    CodeAutreDemande,
    CodeEtranger,
    CodeInexact,
    CodeMalSaisi,
    CodeRemplace,
    CodeSansDemande,
    TropDeCodesSansDemande,
    TropDEssais,
    deriver_code,
    empreinte_code,
    meme_code,
    normaliser_code,
)
from ..models import Courrier, CreationSimplifiee, Demande, LigneDemande
from .attente import exiger_code_attendu, exiger_courrier
from .courriel_personne import DEMARCHE, changer_courriel, exiger_administrateur
from .depot import EspaceNonActif, exiger_droits_admis, terminer, verrouiller
from .devancees import devancee
from .lectures import ce_que_le_code_termine
from .substitution import prendre_la_suite

TACHE_DEVANCEES = "activation.ecarter_devancees"


class PlaceARelire(PlaceChangee):
    """The code is right, and would end recent grants that no page has shown yet; `demande` is the one to show."""

    code = "place_a_relire"
    message = "Ce code est celui de cette demande : relisez ce qui prendra fin, puis activez."


class CreationDevancee(RegleMetier):
    code = "creation_devancee"
    message = (
        "Les services de cette entreprise viennent d’être ouverts dans un autre espace, avec un code que son "
        "représentant légal a remis : cet espace simplifié ne peut plus être ouvert. Créez un espace expert, puis demandez à "
        "remplacer le titulaire, ou à être habilité par lui."
    )


@dataclass(frozen=True)
class Activation:
    """What a right code opened: the adhésions, the services that somebody else had opened meanwhile, and how many
    habilitations of a former titulaire wait for a decision."""

    demande: Demande
    adhesions: list[Adhesion] = field(default_factory=list)
    deja_ouverts: list[Service] = field(default_factory=list)
    a_confirmer: int = 0

    @property
    def sans_effet(self) -> bool:
        """Whether the code was used and opened nothing of what was asked."""
        return bool(self.deja_ouverts) and not self.adhesions

    @property
    def devances(self) -> bool:
        """Whether somebody else holds one of these services, which may be asked of him, or taken over."""
        aujourd_hui = timezone.localdate()
        return any(not service.est_retire(aujourd_hui) for service in self.deja_ouverts)

    @property
    def non_ouverts(self) -> list[str]:
        """Return one sentence for each service that the code did not open."""
        aujourd_hui = timezone.localdate()
        return [
            f"« {service.libelle} » a été retiré du catalogue le {jour(service.ferme_le)}."
            if service.est_retire(aujourd_hui)
            else f"« {service.libelle} » avait été ouvert entre-temps par un autre espace."
            for service in self.deja_ouverts
        ]


@essai_compte()
def activer(
    *,
    acteur: Espace,
    demande: Demande,
    saisie: str,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> Activation:
    """Try the code on this demande of one's own; when it is right, open what was asked for, all together.

    Decides under the locks of espace and demande. A wrong code is counted even though it is refused; none is while no
    code is awaited (`exiger_code_attendu`). `montrees`: the keys of the recent grants that its page showed to end.
    Raises: CodeMalSaisi (no try counted), CodeInexact, CodeEtranger, CodeAutreDemande, CodeRemplace, CodeExpire,
    CodeDejaUtilise, CodePasEncoreEdite, CodeSuspendu, AdresseNonConfirmee, CourrierRevenu, TropDEssais, DemandeTerminee, EspaceNonActif,
    PersonneCessee, PerimetreDepasse, MessagerieRequise, CreationDevancee, PlaceChangee (no try counted).
    """
    maintenant = maintenant or timezone.now()
    return _essayer(acteur, demande, normaliser_code(saisie), montrees, maintenant)


def demande_du_code(espace: Espace, saisie: str) -> Demande | None:
    """Return the demande of this espace whose last letter carries this code, whatever its state: two queries at most.

    The letter is found by the keyed hash of the code and compared in constant time. None also for what is mistyped.
    """
    try:
        code = normaliser_code(saisie)
    except CodeMalSaisi:
        return None
    courrier = _courrier_du_code(code)
    if courrier is None or courrier.demande.espace_id != espace.pk or courrier.remplace_le is not None:
        return None
    return courrier.demande


def _courrier_du_code(code: str) -> Courrier | None:
    courrier = (
        Courrier.objects.select_related("demande__personne__service_gestionnaire")
        .filter(empreinte_code=empreinte_code(code))
        .first()
    )
    if courrier is None or not meme_code(code, deriver_code(demande=courrier.demande_id, numero=courrier.numero)):
        return None
    return courrier


@essai_compte()
def activer_code_recu(*, acteur: Espace, saisie: str, maintenant: datetime | None = None) -> Activation:
    """Find which of one's own demandes this code is for, and do what `activer` does with it (issue 10.8).

    Decides under the lock of the espace. A code that is for none of them is counted once for the espace, ten an hour, on
    no letter. A right one is never counted, and says itself why it cannot serve: used, expired, suspended, not yet out.
    Raises: CodeMalSaisi (not counted), CodeSansDemande, CodeRemplace, CodeEtranger, TropDeCodesSansDemande, PlaceARelire,
    and what `activer` raises for a right code.
    """
    maintenant = maintenant or timezone.now()
    code = normaliser_code(saisie)
    acteur = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    depuis = maintenant - settings.PLAFOND_CODES_SANS_DEMANDE_DUREE
    rates = combien(actes.CODE_SANS_DEMANDE, auteur=acteur, depuis=depuis)
    if rates >= settings.PLAFOND_CODES_SANS_DEMANDE:
        raise TropDeCodesSansDemande
    demande = demande_du_code(acteur, code)
    if demande is None:
        consigner(actes.CODE_SANS_DEMANDE, auteur=acteur)
        raise _sans_demande(acteur, code, settings.PLAFOND_CODES_SANS_DEMANDE - rates - 1)
    try:
        return _essayer(acteur, demande, code, (), maintenant)
    except PlaceChangee as regle:
        raise PlaceARelire(demande=demande) from regle


def _sans_demande(acteur: Espace, code: str, restants: int) -> EssaiRefuse:
    """Return the rule that says why this code is for none of the demandes that wait."""
    autre = _courrier_du_code(code)
    if autre is None:
        return CodeSansDemande(restants=restants)
    return CodeRemplace() if autre.demande.espace_id == acteur.pk else CodeEtranger()


def _essayer(
    acteur: Espace, demande: Demande, code: str, montrees: Collection[UUID] | None, maintenant: datetime
) -> Activation:
    """Try this code on this demande, under its locks."""
    demande = verrouiller(demande)
    if demande.espace_id != acteur.pk:
        raise CodeEtranger
    if demande.espace.etat == Espace.Etat.DESACTIVE:
        raise EspaceNonActif
    courrier = exiger_courrier(demande)
    exiger_code_attendu(demande, courrier, maintenant)
    if not meme_code(code, deriver_code(demande=demande.pk, numero=courrier.numero)):
        raise _compter_essai(acteur, demande, courrier, code)
    exiger_montrees(montrees, [h.pk for h in ce_que_le_code_termine(demande, maintenant)], PlaceChangee)
    return _prendre_effet(acteur, demande, courrier, maintenant)


def _compter_essai(acteur: Espace, demande: Demande, courrier: Courrier, code: str) -> EssaiRefuse:
    """Count a miss and return the rule that says why it missed."""
    courrier.essais += 1
    courrier.save(update_fields=["essais"])
    consigner(
        actes.CODE_INEXACT,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature, "essai": courrier.essais},
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
    """Keep the mandate, do what this nature of demande does, close the demande, tell everybody."""
    attendu = ETAT_ATTENDU.get(Demande.Nature(demande.nature), Espace.Etat.ACTIF)
    if demande.espace.etat != attendu:
        raise EspaceNonActif
    exiger_droits_admis(demande.personne)
    if devancee(demande):
        raise CreationDevancee
    mandat = _garder_mandat(demande, courrier, maintenant)
    adresse_avant = demande.personne.courriel
    activation = EFFETS[Demande.Nature(demande.nature)](demande, mandat, maintenant)
    terminer(demande, Demande.Etat.ACTIVEE, maintenant)
    consigner(
        actes.DEMANDE_ACTIVEE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={
            "demande": demande.reference,
            "nature": demande.nature,
            "ouverts": [adhesion.service.code for adhesion in activation.adhesions],
            "deja_ouverts": [service.code for service in activation.deja_ouverts],
        },
    )
    _prevenir(activation, mandat, adresse_avant)
    return activation


def _ouvrir_lignes(demande: Demande, mandat: Mandat, maintenant: datetime) -> Activation:
    """Open the services of the demande; those that somebody else opened meanwhile are passed over."""
    services = list(demande.services.order_by("ordre"))
    adhesions = ouvrir_services(
        acteur=demande.espace, personne=demande.personne, services=services, mandat=mandat, maintenant=maintenant
    )
    ouverts = {adhesion.service_id for adhesion in adhesions}
    lignes = LigneDemande.objects.filter(demande=demande)
    lignes.filter(service__in=ouverts).update(resultat=LigneDemande.Resultat.OUVERT)
    lignes.exclude(service__in=ouverts).update(resultat=LigneDemande.Resultat.DEJA_OUVERT)
    return Activation(demande, adhesions, [service for service in services if service.pk not in ouverts])


def _ouvrir_espace_simplifie(demande: Demande, mandat: Mandat, maintenant: datetime) -> Activation:
    """Open the espace and its whole bouquet at once (CGU §2.1.a); the company's confirmed address becomes its own.

    Should an adhésion have been quicker on some services, the espace opens with the others.
    """
    espace = demande.espace
    espace.etat = Espace.Etat.ACTIF
    espace.active_le = maintenant
    espace.save(update_fields=["etat", "active_le"])
    demande.personne.courriel = CreationSimplifiee.objects.get(espace=espace).courriel
    demande.personne.save(update_fields=["courriel", "modifiee_le"])
    consigner(actes.ESPACE_ACTIVE, auteur=espace, siren=demande.personne.siren, details={"demande": demande.reference})
    reveiller(
        TACHE_DEVANCEES, demande.personne_id
    )  # other creations of the same company have lost the race: they are told
    return _ouvrir_lignes(demande, mandat, maintenant)


def _changer_courriel(demande: Demande, mandat: Mandat, maintenant: datetime) -> Activation:
    """Give the personne its new address, if who asked still administers its Messagerie (CGU §4.e)."""
    exiger_administrateur(demande.espace, demande.personne)
    changer_courriel(demande)
    return Activation(demande)


def _substituer(demande: Demande, mandat: Mandat, maintenant: datetime) -> Activation:
    """Make who asked the titulaire in the place of the former one (R12)."""
    substitution = prendre_la_suite(demande, mandat, maintenant)
    return Activation(demande, substitution.adhesions, substitution.ecartes, len(substitution.en_veille))


EFFETS: dict[Demande.Nature, Callable[[Demande, Mandat, datetime], Activation]] = {
    Demande.Nature.ADHESION: _ouvrir_lignes,
    Demande.Nature.CREATION_SIMPLIFIEE: _ouvrir_espace_simplifie,
    Demande.Nature.COURRIEL_PERSONNE: _changer_courriel,
    Demande.Nature.SUBSTITUTION: _substituer,
}
ETAT_ATTENDU = {Demande.Nature.CREATION_SIMPLIFIEE: Espace.Etat.EN_ATTENTE_CODE}


def _prevenir(activation: Activation, mandat: Mandat, adresse_avant: str) -> None:
    """Tell the requester what is open, and the company, at the address it had, that its code was used."""
    demande = activation.demande
    if demande.espace.compte is not None:
        courriels.deposer(
            "demande_sans_effet" if activation.sans_effet else "demande_activee",
            destinataire=demande.espace.compte.email,
            acte=f"demande-activee:{demande.pk}",
            espace=demande.espace,
            contexte={
                "reference": demande.reference,
                "denomination": demande.personne.denomination,
                "creation": demande.nature == Demande.Nature.CREATION_SIMPLIFIEE,
                "nouvelle_adresse": demande.nouvelle_adresse,
                "ouverts": [adhesion.service.libelle for adhesion in activation.adhesions],
                "non_ouverts": activation.non_ouverts,
                "devances": activation.devances,
                "a_confirmer": activation.a_confirmer,
            },
        )
    if adresse_avant or demande.personne.courriel:
        courriels.deposer(
            "mandat_utilise",
            destinataire=adresse_avant or demande.personne.courriel,
            acte=f"mandat:{mandat.pk}",
            contexte={
                "reference": demande.reference,
                "denomination": demande.personne.denomination,
                "demandeur": demande.espace.nom_complet,
            },
        )


def _garder_mandat(demande: Demande, courrier: Courrier, maintenant: datetime) -> Mandat:
    """Keep the evidence: who handed the code over, for what, by which letter (CGU §2.3)."""
    personne = demande.personne
    demarches = list(demande.services.order_by("ordre").values_list("libelle", flat=True))
    if demande.nature == Demande.Nature.COURRIEL_PERSONNE:
        demarches = [DEMARCHE]
    return Mandat.objects.create(
        demande=demande.reference,
        nature=demande.nature,
        personne=personne,
        mandataire=demande.espace,
        qualite=demande.get_qualite_display(),
        representant_legal=personne.representant_legal or "représentant légal en exercice",
        adresse_du_courrier=[personne.denomination, *courrier.contenu["adresse"]],
        demarches=demarches,
        courrier_numero=courrier.numero,
        courrier_canal=courrier.canal,
        courrier_edite_le=courrier.edite_le,  # type: ignore[misc]  # no code is awaited before it is made
        code_saisi_le=maintenant,
    )
