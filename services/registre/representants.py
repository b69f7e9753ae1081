"""Who represents a personne: established by INSEE, by a documented file, or by an agent who saw a proof (design.md §4 R8)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Agent
from accounts.saisies.noms import normaliser_nom, normaliser_texte
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import EvenementRegistre, PersonneSirenisee, RepresentantLegal
from ..models.registre import PREUVE_LONGUEUR
from .regles import exiger_competence, exiger_preuve

LONGUEUR_DU_NOM = 160  # first names and name together, as a letter and the register's column hold them
Source = RepresentantLegal.Source


class RepresentantSansNom(RegleMetier):
    code = "representant_sans_nom"
    message = "Indiquez le nom du représentant légal."


class RepresentantTropLong(RegleMetier):
    code = "representant_trop_long"
    message = "Les prénoms et le nom comptent {longueur} caractères : {maximum} au plus, la qualité {qualite} au plus."


class RepresentantDansLeFutur(RegleMetier):
    code = "representant_dans_le_futur"
    message = "La date de prise de fonction est dans le futur : enregistrez-la quand elle sera venue."


class RepresentantInchange(RegleMetier):
    code = "representant_inchange"
    message = "Ce représentant légal est déjà celui qui est enregistré, avec la même qualité et la même date."


@dataclass(frozen=True)
class Identite:
    """Who somebody says the représentant légal is. A company that represents another one has no prénoms."""

    nom: str
    prenoms: str = ""
    qualite: str = ""
    depuis_le: date | None = None

    @classmethod
    def lire(cls, *, nom: str, prenoms: str, qualite: str, depuis_le: date | None, jour: date) -> "Identite":
        """Return it with its texts normalised.

        Raises: RepresentantSansNom, RepresentantTropLong, RepresentantDansLeFutur, NomInvalide, TexteIllisible.
        """
        prenoms = normaliser_nom(prenoms)
        # A company may be called 3 SUISSES, a person may not.
        nom = normaliser_nom(nom) if prenoms else normaliser_texte(nom)
        qualite = normaliser_texte(qualite)
        if not nom:
            raise RepresentantSansNom
        longueur = len(f"{prenoms} {nom}".strip())
        maximum = RepresentantLegal._meta.get_field("qualite").max_length or 0
        if longueur > LONGUEUR_DU_NOM or len(qualite) > maximum:
            raise RepresentantTropLong(longueur=longueur, maximum=LONGUEUR_DU_NOM, qualite=maximum)
        if depuis_le is not None and depuis_le > jour:
            raise RepresentantDansLeFutur
        return cls(nom, prenoms, qualite, depuis_le)

    def est(self, autre: RepresentantLegal) -> bool:
        """Whether both name one person: names compared as everywhere, the words of the first names in their order."""
        return replier(self.nom) == replier(autre.nom) and replier(self.prenoms) == replier(autre.prenoms)

    def dit_la_meme_chose_que(self, autre: RepresentantLegal) -> bool:
        return self.est(autre) and (self.qualite, self.depuis_le) == (autre.qualite, autre.depuis_le)


def representant_de(personne: PersonneSirenisee) -> RepresentantLegal | None:
    """Return who is on record for this personne, None where nobody is: then no rule favours a représentant."""
    return RepresentantLegal.objects.filter(personne=personne, fin_le=None).first()


def representants_de(personnes: Collection[PersonneSirenisee]) -> QuerySet[RepresentantLegal]:
    """Return who is on record for each of these personnes, where somebody is: one query."""
    return RepresentantLegal.objects.filter(personne__in=[personne.pk for personne in personnes], fin_le=None)


@transaction.atomic
@relit_l_agent
def enregistrer_representant(
    *,
    acteur: Agent,
    personne: PersonneSirenisee,
    nom: str,
    prenoms: str,
    qualite: str,
    depuis_le: date | None,
    preuve: str,
    maintenant: datetime | None = None,
) -> RepresentantLegal:
    """Record, as an agent of its service, who represents this personne, with the proof seen; return the record.

    Another one than before leaves an event: the titulaires are told, and the délégations are to be reviewed.
    Raises: PersonneHorsCompetence, PreuveNonDite, RepresentantInchange, and the rules of `Identite.lire`.
    """
    maintenant = maintenant or timezone.now()
    personne = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=personne.pk)
    exiger_competence(acteur, personne)
    preuve = exiger_preuve(preuve, PREUVE_LONGUEUR)
    identite = Identite.lire(
        nom=nom, prenoms=prenoms, qualite=qualite, depuis_le=depuis_le, jour=timezone.localdate(maintenant)
    )
    actuel = representant_de(personne)
    if actuel is not None and actuel.source == Source.AGENT and identite.dit_la_meme_chose_que(actuel):
        raise RepresentantInchange
    return etablir(personne, identite, actuel, source=Source.AGENT, auteur=acteur, preuve=preuve, maintenant=maintenant)


def etablir(
    personne: PersonneSirenisee,
    identite: Identite,
    actuel: RepresentantLegal | None,
    *,
    source: str,
    auteur: Agent | str,
    maintenant: datetime,
    preuve: str = "",
) -> RepresentantLegal:
    """Put `identite` on record in the place of `actuel`; the caller has locked the personne.

    The same person, of another source, quality or date, is no change: nobody is disturbed for it.
    """
    change = actuel is not None and not identite.est(actuel)
    if actuel is not None:
        actuel.fin_le = maintenant
        actuel.save(update_fields=["fin_le"])
    nouveau = RepresentantLegal.objects.create(
        personne=personne,
        nom=identite.nom,
        prenoms=identite.prenoms,
        qualite=identite.qualite,
        depuis_le=identite.depuis_le,
        source=source,
        etabli_le=maintenant,
        agent=auteur if isinstance(auteur, Agent) else None,
        preuve=preuve,
    )
    personne.representant_legal, personne.representant_source = nouveau.nom_complet, source
    personne.save(update_fields=["representant_legal", "representant_source", "modifiee_le"])
    if change:
        EvenementRegistre.objects.create(
            personne=personne, genre=EvenementRegistre.Genre.REPRESENTANT, constate_le=maintenant
        )
    consigner(
        actes.REPRESENTANT_CHANGE if change else actes.REPRESENTANT_ETABLI,
        auteur=auteur,
        siren=personne.siren,
        details={"source": nouveau.get_source_display()},
    )
    return nouveau
