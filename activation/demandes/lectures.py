"""What the pages of the demandes read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from habilitations.arbre.confirmations import en_attente
from habilitations.arbre.recentes import a_ceder
from habilitations.droits.backends import donnant
from habilitations.droits.cles import parmi
from habilitations.droits.perimetre import PerimetreDepasse, personnes_tenues
from habilitations.droits.roles import GERER_COURRIEL
from habilitations.lectures.recherche import contient
from habilitations.models import Habilitation, Role
from services.adresses.envoi import AdresseEnvoi, AdresseInconnue, adresse_du_courrier, exiger_adresse
from services.models import AdresseAttendue, PersonneSirenisee, Service
from services.registre.identification import personne_d_identifiant

from ..courriers.rappels import acte
from ..forms import SirenForm
from ..models import Courrier, Demande, LigneDemande, Signalement
from . import attente
from .confirmation_adresse import EtatDuLien, etat_du_lien
from .depot import PersonneCessee, exiger_droits_admis

PAR_PAGE = 20
ATTENDUES_AU_PLUS: Final = 100
TAILLES: Final = (20, 50, 100)
REFERENCE_MIN: Final = 4  # signs of a reference that are looked for
EN_ATTENTE: Final = "EN_ATTENTE"
LETTRE_REVENUE: Final = "LETTRE_REVENUE"
LETTRE_A_VENIR: Final = "LETTRE_A_VENIR"
ADRESSE_A_CONFIRMER: Final = "ADRESSE_A_CONFIRMER"
A_CONFIRMER: Final = Q(nature=Demande.Nature.COURRIEL_PERSONNE, adresse_confirmee_le=None)
ETATS: Final = (
    (ADRESSE_A_CONFIRMER, "adresse à confirmer"),
    (EN_ATTENTE, "en attente du code"),
    (LETTRE_REVENUE, "lettre revenue"),
    (LETTRE_A_VENIR, "courrier à venir"),
    *Demande.Etat.choices,
)
# What a list may be ordered by: its words, and the columns.
ORDRES: Final = {
    "recentes": ("les plus récentes d’abord", ("-deposee_le", "pk")),
    "anciennes": ("les plus anciennes d’abord", ("deposee_le", "pk")),
    "entreprise": ("par nom d’entreprise", ("personne__denomination", "personne__siren", "-deposee_le", "pk")),
    "dernier_jour": ("par dernier jour du code", (F("dernier_jour").asc(nulls_last=True), "deposee_le", "pk")),
}
PRENANT_PLACE = (Demande.Nature.ADHESION, Demande.Nature.SUBSTITUTION)
ATTENTE = "Plusieurs courriers ont été demandés pour cette entreprise ou par votre espace : celui-ci part ce jour-là."
ACHEMINEMENT = timedelta(days=14)  # domaine.md §2.1: about two weeks


@dataclass(frozen=True)
class FiltresDemandes:
    """What a list of demandes is narrowed to, its order and its page size. Unknown values count as none."""

    q: str = ""
    etat: str = ""
    ordre: str = ""
    par_page: int = PAR_PAGE

    @classmethod
    def depuis(cls, donnees: Mapping[str, str], *, ordre: str = "recentes") -> "FiltresDemandes":
        """Read the filters of an address; `ordre` is the order of this list when none is asked. Raises: TexteIllisible."""
        etat, voulu, taille = donnees.get("etat", ""), donnees.get("ordre", ""), donnees.get("par_page", "")
        return cls(
            q=lire_recherche(donnees.get("q", "")),
            etat=etat if etat in dict(ETATS) else "",
            ordre=voulu if voulu in ORDRES else ordre,
            par_page=int(taille) if taille in map(str, TAILLES) else PAR_PAGE,
        )

    @property
    def poses(self) -> bool:
        return bool(self.q or self.etat)

    @property
    def ordres(self) -> list[tuple[str, str]]:
        return [(cle, libelle) for cle, (libelle, _) in ORDRES.items()]

    def appliquer(self, demandes: QuerySet[Demande]) -> QuerySet[Demande]:
        """Narrow by SIREN, dénomination or reference, and by state; order."""
        if self.q:
            # Their personnes first: a join would let PostgreSQL look for the words in the whole country.
            siennes = list(demandes.order_by().values_list("personne", flat=True).distinct())
            trouvees = PersonneSirenisee.objects.filter(
                contient("denomination", self.q) | Q(siren__startswith=pour_chercher(self.q) or "-"), pk__in=siennes
            )
            reference = Q(reference__icontains=self.q) if len(self.q) >= REFERENCE_MIN else Q(pk__in=[])
            demandes = demandes.filter(Q(personne__in=list(trouvees.values_list("pk", flat=True))) | reference)
        attendue = self.etat in (EN_ATTENTE, LETTRE_REVENUE, LETTRE_A_VENIR, ADRESSE_A_CONFIRMER)
        if self.etat:
            demandes = demandes.filter(etat__in=Demande.ETATS_EN_COURS if attendue else [self.etat])
        if self.etat == ADRESSE_A_CONFIRMER:
            demandes = demandes.filter(A_CONFIRMER)
        elif attendue:
            demandes = demandes.exclude(A_CONFIRMER)
        vivants = Courrier.objects.filter(demande=OuterRef("pk"), remplace_le=None)
        if self.etat == LETTRE_REVENUE:
            demandes = demandes.filter(Exists(vivants.filter(etat=Courrier.Etat.NPAI)))
        if self.etat == LETTRE_A_VENIR:
            demandes = demandes.exclude(Exists(vivants.filter(edite_le__isnull=False)))
        return demandes.order_by(*ORDRES[self.ordre][1])


def _sans_effet() -> Q:
    """Whether the code of a demande was used and opened nothing, as a condition that a list annotates."""
    lignes = LigneDemande.objects.filter(demande=OuterRef("pk"))
    return Q(
        Exists(lignes.filter(resultat=LigneDemande.Resultat.DEJA_OUVERT)),
        ~Exists(lignes.filter(resultat=LigneDemande.Resultat.OUVERT)),
        etat=Demande.Etat.ACTIVEE,
    )


def mes_demandes(espace: Espace, filtres: FiltresDemandes, page: str) -> Page[Demande]:
    """Return a page of the demandes of this espace: two queries, four for a search.

    Each has `dernier_jour` and `etat_courrier` of the letter whose code counts, and `sans_effet`.
    """
    vivants = Courrier.objects.filter(demande=OuterRef("pk"), remplace_le=None)
    demandes = (
        Demande.objects.visibles_par(espace)
        .annotate(
            dernier_jour=Subquery(vivants.values("expire_le")[:1]),
            etat_courrier=Subquery(vivants.values("etat")[:1]),
            sans_effet=ExpressionWrapper(_sans_effet(), BooleanField()),
        )
        .select_related("personne")
    )
    return Paginator(filtres.appliquer(demandes), filtres.par_page).get_page(page)


def demandes_pour(espace: Espace, personne: PersonneSirenisee, page: str) -> Page[Demande]:
    """Return a page of what this espace asked for this personne, each with its services and its letter: two queries.

    Each has `libelles`, `sans_effet`, and `dernier_jour`, `canal`, `etat_courrier`, `pas_avant` and `edite_le` of the letter whose code counts.
    """
    vivants = Courrier.objects.filter(demande=OuterRef("pk"), remplace_le=None)
    services = LigneDemande.objects.filter(demande=OuterRef("pk")).order_by("service__ordre", "service__code")
    demandes: QuerySet[Demande] = (
        Demande.objects.visibles_par(espace)
        .filter(personne=personne)
        .annotate(
            libelles=ArraySubquery(services.values("service__libelle")),
            sans_effet=ExpressionWrapper(_sans_effet(), BooleanField()),
            dernier_jour=Subquery(vivants.values("expire_le")[:1]),
            canal=Subquery(vivants.values("canal")[:1]),
            etat_courrier=Subquery(vivants.values("etat")[:1]),
            pas_avant=Subquery(vivants.values("pas_avant")[:1]),
            edite_le=Subquery(vivants.values("edite_le")[:1]),
        )
        .order_by("-deposee_le", "pk")
    )
    return Paginator(demandes, PAR_PAGE).get_page(page)


def substitutions_contre(espace: Espace) -> list[Demande]:
    """Return the demandes of others that would make them the titulaire of a service whose titulaire this espace is, the
    oldest first, each with `nombre`, how many of its services: one query (R12; what « À faire » counts)."""
    siennes = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE)
    visees = LigneDemande.objects.filter(
        demande=OuterRef("pk"), service__in=siennes.filter(personne=OuterRef(OuterRef("personne"))).values("service")
    )
    nombre = visees.order_by().values("demande").annotate(nombre=Count("pk")).values("nombre")
    return list(
        Demande.objects.en_cours()
        .filter(
            parmi("personne", siennes.values("personne").distinct()), Exists(visees), nature=Demande.Nature.SUBSTITUTION
        )
        .exclude(espace=espace)
        .select_related("personne")
        .annotate(nombre=Subquery(nombre))
        .order_by("deposee_le", "pk")
    )


def codes_attendus(espace: Espace) -> int:
    """Return how many demandes of this espace wait for their code: one query."""
    return Demande.objects.visibles_par(espace).attendant_un_code().count()


def adresses_attendues(espace: Espace) -> list[AdresseAttendue]:
    """Return the addresses that this espace waits for, then those that came to something, the newest first: one query."""
    siennes = AdresseAttendue.objects.filter(espace=espace).select_related("personne__service_gestionnaire")
    return list(siennes.order_by(F("finie_le").desc(nulls_first=True), "-demandee_le", "pk")[:ATTENDUES_AU_PLUS])


def attend_des_adresses(espace: Espace) -> bool:
    """Whether this espace has asked for addresses: one query."""
    return AdresseAttendue.objects.filter(espace=espace).exists()


def designer_identifiant(identifiant: str) -> str:
    """Return what to call nine characters that were typed: a SIREN, or an IDSP when a letter stands among them."""
    return "ce SIREN" if identifiant.isdigit() else "cet identifiant provisoire (IDSP)"


def personne_de_ce_siren(recherche: SirenForm) -> PersonneSirenisee | None:
    """Return the personne that this form names, or None after the form has been told why."""
    if not recherche.is_valid():
        return None
    personne = personne_d_identifiant(recherche.cleaned_data["siren"])
    if personne is None:
        dire_inconnue(recherche)
    return personne


def personne_pour_adherer(recherche: SirenForm) -> tuple[PersonneSirenisee, AdresseEnvoi] | None:
    """Return the personne that this form names, if services may be opened for it, and where its letter goes.

    None after the form was told why not.
    """
    personne = personne_de_ce_siren(recherche)
    if personne is None:
        return None
    try:
        exiger_droits_admis(personne)
        return personne, exiger_adresse(personne)
    except (PersonneCessee, AdresseInconnue) as regle:
        recherche.refuser(regle)
        return None


def place_manquante(espace: Espace, personnes: Collection[PersonneSirenisee]) -> str:
    """Return why these personnes do not fit into the perimeter of this espace, "" when they do: two queries, four when full.

    Asked on the first screen of each procedure, whose act asks it again (R13).
    """
    try:
        a_ceder(espace, personnes, maintenant=timezone.now())
    except PerimetreDepasse:
        return _dire_la_place(espace, personnes)
    return ""


def _dire_la_place(espace: Espace, personnes: Collection[PersonneSirenisee]) -> str:
    tenues = personnes_tenues([espace])[espace]
    nouvelles = [personne for personne in personnes if personne.pk not in tenues]
    places = max(0, settings.PERIMETRE_SIREN - len(tenues))
    if len(nouvelles) == 1:
        return f"Votre espace compte déjà {len(tenues)} SIREN : {nouvelles[0].denomination} n’y entre pas."
    restent = f"il reste {places} place{'s' if places > 1 else ''}" if places else "il n’a plus de place"
    return f"Votre espace compte déjà {len(tenues)} SIREN, {restent} : cette liste en demande {len(nouvelles)}."


def place_pour_la_demande(demande: Demande, maintenant: datetime | None = None) -> tuple[list[Habilitation], str]:
    """Return what entering the code of this demande would end for want of place, and why it could open nothing, "" when it
    could: four queries at most, five where it could not (R13)."""
    if not demande.est_en_cours or demande.nature not in PRENANT_PLACE:
        return [], ""
    try:
        return a_ceder(demande.espace, [demande.personne], maintenant=maintenant or timezone.now()), ""
    except PerimetreDepasse:
        return [], _dire_la_place(demande.espace, [demande.personne])


def dire_inconnue(recherche: SirenForm) -> None:
    """Say on this form that what it names is not known."""
    nom = capfirst(designer_identifiant(recherche.cleaned_data["siren"]))
    recherche.add_error(
        "siren",
        f"{nom} n’est pas connu de nos services. "
        "Vérifiez-le ; s’il est exact, adressez-vous au service des impôts des entreprises dont dépend l’entreprise.",
    )


def personnes_administrees(espace: Espace) -> QuerySet[PersonneSirenisee]:
    """Return the personnes whose Messagerie this espace administers, as titulaire or suppléant (R21)."""
    return PersonneSirenisee.objects.filter(
        pk__in=donnant(GERER_COURRIEL, espace).filter(service__famille=Service.Famille.MESSAGERIE).values("personne")
    )


def page_messageries(espace: Espace, page: str) -> Page[PersonneSirenisee]:
    """Return a page of those personnes, by name: two queries."""
    return Paginator(personnes_administrees(espace).order_by("denomination", "siren"), PAR_PAGE).get_page(page)


@dataclass(frozen=True)
class DetailDemande:
    """One demande as its page tells it."""

    demande: Demande
    lignes: list[LigneDemande]
    courriers: list[Courrier]
    rappels: list[datetime]
    signalements: list[Signalement]
    envoi: AdresseEnvoi | None
    lien: EtatDuLien | None
    maintenant: datetime

    @property
    def suspendu_jusqu_au(self) -> datetime | None:
        """Until when the code is suspended, the company not recognising the demande; None when it is not."""
        return next((s.suspend_jusqu_au for s in self.signalements if s.suspend_a(self.maintenant)), None)

    @property
    def courrier(self) -> Courrier | None:
        """The letter whose code counts."""
        return next((c for c in self.courriers if c.remplace_le is None), None)

    @property
    def essais_restants(self) -> int:
        return settings.CODE_ESSAIS - (self.courrier.essais if self.courrier else 0)

    @property
    def code_attendu(self) -> bool:
        """Whether a code may be tried now."""
        return self.courrier is not None and attente.code_attendu(self.demande, self.courrier, self.maintenant)

    @property
    def courrier_date(self) -> datetime | None:
        """The day that the letter waits for; None when it waits for none."""
        courrier = self.courrier
        en_attente = courrier is not None and self.demande.est_en_cours and courrier.attend_son_jour(self.maintenant)
        return courrier.pas_avant if courrier is not None and en_attente else None

    @property
    def courrier_revenu(self) -> bool:
        """Whether the letter whose code counts came back: another may be asked for at once."""
        return self.courrier is not None and self.courrier.etat == Courrier.Etat.NPAI

    @property
    def ouverts(self) -> list[LigneDemande]:
        """What the code opened."""
        return [ligne for ligne in self.lignes if ligne.resultat == LigneDemande.Resultat.OUVERT]

    @property
    def devances(self) -> list[LigneDemande]:
        """What somebody else had meanwhile, and that may still be asked of him, or taken over (R12)."""
        aujourd_hui = timezone.localdate(self.maintenant)
        return [
            ligne
            for ligne in self.lignes
            if ligne.resultat == LigneDemande.Resultat.DEJA_OUVERT and not ligne.service.est_retire(aujourd_hui)
        ]

    @property
    def sans_effet(self) -> bool:
        """Whether the code was used and opened nothing."""
        devancee = any(ligne.resultat == LigneDemande.Resultat.DEJA_OUVERT for ligne in self.lignes)
        return self.demande.etat == Demande.Etat.ACTIVEE and devancee and not self.ouverts

    @property
    def nouveau_courrier_le(self) -> datetime | None:
        """From when another letter may be asked; None when no more may be (R9)."""
        if self.courrier is None:
            return None
        return attente.nouveau_courrier_le(self.demande, self.courrier, self.envoi, self.maintenant)

    @property
    def nouveau_courrier_possible(self) -> bool:
        return (
            self.envoi is not None
            and self.nouveau_courrier_le is not None
            and self.nouveau_courrier_le <= self.maintenant
        )

    @property
    def frise(self) -> list[dict[str, Any]]:
        """The timeline: what happened, what is next (templates/composants/frise.html)."""
        demande = self.demande
        etapes: list[dict[str, Any]] = [
            {"titre": "Demande déposée", "etat": "fait", "date": demande.deposee_le, "heure": True, "detail": ""}
        ]
        etapes += self._etapes_adresse()
        for courrier in reversed(self.courriers):
            etapes += self._etapes_courrier(courrier)
        etapes += [_etape("Rappel envoyé par courriel", "fait", quand) for quand in self.rappels]
        for signalement in self.signalements:
            etapes += self._etapes_signalement(signalement)
        if self.sans_effet:
            etapes.append(_etape("Code saisi : aucun service ouvert", "echec", demande.terminee_le, heure=True))
        elif demande.etat == Demande.Etat.ACTIVEE:
            effet = "adresse changée" if self.lien is not None else "demande activée"
            etapes.append(_etape(f"Code saisi, {effet}", "fait", demande.terminee_le, heure=True))
        elif not demande.est_en_cours:
            etapes.append(_etape(f"Demande {demande.get_etat_display()}", "echec", demande.terminee_le, heure=True))
        else:
            vivant = self.courrier
            etapes.append(
                _etape(
                    "Saisie du code",
                    "en_cours" if self.code_attendu else "a_venir",
                    vivant.expire_le if vivant else None,
                    detail="Dernier jour pour saisir le code." if vivant and vivant.expire_le else "",
                )
            )
        return etapes

    def _etapes_adresse(self) -> list[dict[str, Any]]:
        """The link to a company's new address, which comes before the letter (R21)."""
        demande, lien = self.demande, self.lien
        if lien is None:
            return []
        etapes = []
        if lien.refuse and demande.adresse_confirmee_le is None:
            etapes.append(_etape("Courriel refusé par la messagerie de la nouvelle adresse", "echec", lien.envoye_le))
        elif lien.envoye_le is not None:
            etapes.append(_etape("Lien envoyé à la nouvelle adresse", "fait", lien.envoye_le, heure=True))
        if demande.adresse_confirmee_le is not None:
            etapes.append(_etape("Nouvelle adresse confirmée", "fait", demande.adresse_confirmee_le, heure=True))
        elif demande.est_en_cours:
            detail = "Au plus tard, par le lien reçu." if lien.expire_le else ""
            etapes.append(_etape("Nouvelle adresse à confirmer", "en_cours", lien.expire_le, heure=True, detail=detail))
            if not self.courriers:
                etapes.append(_etape("Courrier portant le code, au représentant légal", "a_venir", None))
        return etapes

    def _etapes_signalement(self, signalement: Signalement) -> list[dict[str, Any]]:
        """What a report did to the code, and what an agent decided of it."""
        etapes = [_etape("Demande signalée comme inconnue de l’entreprise", "echec", signalement.recu_le, heure=True)]
        if signalement.suspend_a(self.maintenant):
            detail = "Au plus tard ; un agent examine la demande, et les jours perdus sont rendus."
            etapes.append(_etape("Code suspendu", "en_cours", signalement.suspend_jusqu_au, heure=True, detail=detail))
        if signalement.decision == Signalement.Decision.ECARTE:
            etapes.append(_etape("Signalement écarté par un agent", "fait", signalement.decide_le, heure=True))
        elif signalement.suspend_jusqu_au is not None and signalement.suspend_jusqu_au <= self.maintenant:
            etapes.append(_etape("Code valable de nouveau", "fait", signalement.suspend_jusqu_au, heure=True))
        return etapes

    def _etapes_courrier(self, courrier: Courrier) -> list[dict[str, Any]]:
        if courrier.canal == Courrier.Canal.MESSAGERIE and courrier.edite_le is not None:
            return [
                _etape("Code déposé dans la messagerie sécurisée de l’entreprise", "fait", courrier.edite_le),
                *self._etapes_avis(courrier),
                *(
                    [_etape("Message remplacé par un courrier", "echec", courrier.remplace_le)]
                    if courrier.remplace_le
                    else []
                ),
            ]
        nom = "Courrier" if courrier.numero == 1 else f"Courrier n° {courrier.numero}"
        if courrier.edite_le is None and courrier.remplace_le is None and self.courrier_date is not None:
            return [_etape(f"{nom} à son tour d’envoi", "a_venir", courrier.pas_avant, detail=ATTENTE)]
        if courrier.edite_le is None:
            return [_etape(f"{nom} en préparation", "en_cours" if self.demande.est_en_cours else "echec", None)]
        etapes = [_etape(f"{nom} édité", "fait", courrier.edite_le)]
        if courrier.remis_le:
            etapes.append(_etape(f"{nom} remis à La Poste", "fait", courrier.remis_le))
        if courrier.etat == Courrier.Etat.NPAI:
            etapes.append(_etape(f"{nom} revenu : adresse inconnue", "echec", None))
        elif courrier.remplace_le is not None:
            etapes.append(_etape(f"{nom} remplacé : son code ne vaut plus", "echec", courrier.remplace_le))
        elif self.demande.est_en_cours:
            prevu = courrier.edite_le + ACHEMINEMENT
            etapes.append(
                _etape(
                    f"{nom} attendu chez le représentant légal",
                    "fait" if prevu <= self.maintenant else "a_venir",
                    prevu,
                    detail="Date estimée : comptez environ deux semaines.",
                )
            )
        return etapes

    def _etapes_avis(self, courrier: Courrier) -> list[dict[str, Any]]:
        """The letter that tells the company of a code in its mailbox, and from when the code may be read there."""
        if courrier.etat == Courrier.Etat.NPAI:
            return [_etape("Lettre d’information revenue : adresse inconnue", "echec", None)]
        if courrier.remis_le is None:
            return (
                [_etape("Lettre d’information à l’entreprise", "en_cours", None)] if self.demande.est_en_cours else []
            )
        return [
            _etape("Lettre d’information remise à La Poste", "fait", courrier.remis_le),
            _etape(
                "Code lisible dans la messagerie",
                "fait" if courrier.lisible_le and courrier.lisible_le <= self.maintenant else "a_venir",
                courrier.lisible_le,
                heure=True,
            ),
        ]


def _etape(titre: str, etat: str, date: datetime | None, *, heure: bool = False, detail: str = "") -> dict[str, Any]:
    return {"titre": titre, "etat": etat, "date": date, "heure": heure, "detail": detail}


def annonce_du_depot(demande: Demande) -> str:
    """Return what the requester is told at once: that it is recorded, and when its letter leaves."""
    courrier = demande.courriers.get(remplace_le=None)
    depart = f"partira le {jour(courrier.pas_avant)}" if courrier.pas_avant else "part"
    return f"Votre demande {demande.reference} est enregistrée. Le code d’activation {depart} au représentant légal."


def annonce_du_courrier(courrier: Courrier) -> str:
    """Return what who asked for another letter is told: when it leaves."""
    depart = f"partira le {jour(courrier.pas_avant)}" if courrier.pas_avant else "va partir"
    return f"Un nouveau courrier {depart}. Le code du précédent ne peut plus servir."


def ce_que_le_code_termine(demande: Demande, maintenant: datetime | None = None) -> list[Habilitation]:
    """Return the recent grants of the requester that entering the code would end for want of place: five queries (R13)."""
    cedees, _ = place_pour_la_demande(demande, maintenant)  # where there is no place, the act refuses, and says so
    return cedees


def a_decider(demande: Demande) -> int:
    """Return how many grants of a former titulaire wait, since this substitution, for its author: one query, or none (R12)."""
    if demande.nature != Demande.Nature.SUBSTITUTION or demande.etat != Demande.Etat.ACTIVEE:
        return 0
    return en_attente(demande.espace).filter(personne=demande.personne).count()


def detail_demande(demande: Demande, maintenant: datetime | None = None) -> DetailDemande:
    """Return all that the page of a demande shows: five queries beside the demande's own, eight for a company's e-mail."""
    courriers = list(demande.courriers.order_by("-numero"))
    actes = [acte(palier, courrier.pk) for palier in settings.RAPPELS_CODE for courrier in courriers]
    return DetailDemande(
        demande=demande,
        lignes=list(demande.lignes.select_related("service").order_by("service__ordre")),
        courriers=courriers,
        rappels=list(Courriel.objects.filter(acte__in=actes).order_by("cree_le").values_list("cree_le", flat=True)),
        signalements=list(demande.signalements.order_by("recu_le")),
        envoi=adresse_du_courrier(demande.personne),
        lien=etat_du_lien(demande),
        maintenant=maintenant or timezone.now(),
    )
