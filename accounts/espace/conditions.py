"""The versions of the CGU (CGU §1): which is in force, who accepted which, how a new one is published and announced."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from django.db import IntegrityError, models, transaction
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.annonces import INSCRIPTION, annoncer_un_lot, sans_courriel
from ..models import Espace, VersionCGU
from ..models.publication import oublier_publications
from ..saisies.dates import jour
from ..saisies.regles import RegleMetier
from ..traces.journal import consigner

ORIGINE: Final = "2026-01"
ORIGINE_LE: Final = datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())
PREAVIS: Final = timedelta(days=30)
"""Between the publication of a version and the day when it is asked to be accepted: the CGU name none, a month is ours."""
NUMERO: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
TEXTE: Final = "cgu/{}/texte.html"
CHANGEMENTS: Final = "cgu/{}/changements.html"
# Who has to accept: whoever can sign in. An espace that an agent restores is asked at its next sign-in.
TENUS: Final = (Espace.Etat.ACTIF, Espace.Etat.EN_ATTENTE_CODE)


class VersionMalNommee(RegleMetier):
    code = "cgu_numero"
    message = "Le numéro d’une version s’écrit comme 2027-01, et suit celui de la précédente ({derniere})."


class VersionDejaPubliee(RegleMetier):
    code = "cgu_deja_publiee"
    message = "La version {numero} est déjà publiée : un texte publié ne change plus, publiez-en une autre."


class TexteAbsent(RegleMetier):
    code = "cgu_texte_absent"
    message = "Le fichier templates/{gabarit} est introuvable."


class PreavisTropCourt(RegleMetier):
    code = "cgu_preavis"
    message = "Une version entre en vigueur {jours} jours au moins après sa publication, et après la précédente : au plus tôt le {au_plus_tot}."


class ConditionsRemplacees(RegleMetier):
    code = "cgu_remplacees"
    message = "Les conditions générales d’utilisation ont changé depuis l’affichage de cette page : relisez-les, puis acceptez-les."


@dataclass(frozen=True)
class Version:
    """A version as pages show it; `jusqu_au` is when the next one took its place."""

    numero: str
    en_vigueur_le: datetime
    jusqu_au: datetime | None = None

    @property
    def texte(self) -> str:
        """The template of its text."""
        return TEXTE.format(self.numero)

    @property
    def changements(self) -> str:
        """The template of what it changes; the first version has none."""
        return "" if self.numero == ORIGINE else CHANGEMENTS.format(self.numero)


def _toutes(maintenant: datetime) -> tuple[list[Version], list[Version]]:
    """Return the versions that are or were in force, oldest first, and those to come."""
    publiees = VersionCGU.publiees()
    passees = [Version(ORIGINE, ORIGINE_LE)]
    passees += [Version(v.numero, v.en_vigueur_le) for v in publiees if v.est_en_vigueur(maintenant)]
    passees = [Version(a.numero, a.en_vigueur_le, b.en_vigueur_le) for a, b in pairwise(passees)] + passees[-1:]
    return passees, [Version(v.numero, v.en_vigueur_le) for v in publiees if not v.est_en_vigueur(maintenant)]


def version_en_vigueur(maintenant: datetime | None = None) -> Version:
    """Return the version in force."""
    return _toutes(maintenant or timezone.now())[0][-1]


def version_a_venir(maintenant: datetime | None = None) -> Version | None:
    """Return the next version, published and not yet in force."""
    return next(iter(_toutes(maintenant or timezone.now())[1]), None)


def versions(maintenant: datetime | None = None) -> list[Version]:
    """Return every version that was published, newest first."""
    passees, futures = _toutes(maintenant or timezone.now())
    return [*passees, *futures][::-1]


def conditions_dues(espace: Espace, maintenant: datetime | None = None) -> bool:
    """Whether the holder has not accepted the version in force (CGU §1). Agents accept none."""
    return espace.cgu_version != version_en_vigueur(maintenant).numero


@transaction.atomic
def accepter_conditions(*, acteur: Espace, numero: str, maintenant: datetime | None = None) -> Espace:
    """Record that the holder accepts the version that was shown, if it is the one in force; a second time changes nothing.

    Raises: ConditionsRemplacees (another came into force meanwhile).
    """
    maintenant = maintenant or timezone.now()
    if numero != version_en_vigueur(maintenant).numero:
        raise ConditionsRemplacees
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    if espace.cgu_version != numero:
        espace.cgu_version, espace.cgu_acceptees_le = numero, maintenant
        espace.save(update_fields=["cgu_version", "cgu_acceptees_le"])
        consigner(actes.CGU_ACCEPTEES, auteur=espace, details={"cgu": numero})
    return espace


@dataclass(frozen=True)
class Apercu:
    """What a publication would do: `concernes` espaces are told."""

    numero: str
    en_vigueur_le: datetime
    empreinte: str
    concernes: int


def _empreinte(numero: str) -> str:
    """Return the SHA-256 of the text and of what it changes. Raises: TexteAbsent."""
    sceau = hashlib.sha256()
    for gabarit in (TEXTE.format(numero), CHANGEMENTS.format(numero)):
        try:
            origine = get_template(gabarit).origin  # type: ignore[attr-defined]  # every backend's template has one
        except TemplateDoesNotExist as absent:
            raise TexteAbsent(gabarit=gabarit) from absent
        sceau.update(Path(origine.name).read_bytes())
    return sceau.hexdigest()


def _exiger_publiable(numero: str, en_vigueur_le: datetime, maintenant: datetime) -> str:
    """Return the seal of a version that may be published. Raises: what `publier_conditions` raises."""
    if VersionCGU.objects.filter(numero=numero).exists() or numero == ORIGINE:
        raise VersionDejaPubliee(numero=numero)
    derniere = VersionCGU.objects.order_by("-en_vigueur_le").first()
    if not NUMERO.fullmatch(numero) or numero <= (derniere.numero if derniere else ORIGINE):
        raise VersionMalNommee(derniere=derniere.numero if derniere else ORIGINE)
    if en_vigueur_le < maintenant + PREAVIS or (derniere is not None and en_vigueur_le <= derniere.en_vigueur_le):
        plus_tot = max(maintenant + PREAVIS, derniere.en_vigueur_le if derniere else maintenant) + timedelta(days=1)
        raise PreavisTropCourt(jours=PREAVIS.days, au_plus_tot=jour(plus_tot))
    return _empreinte(numero)


def apercevoir_publication(numero: str, en_vigueur_le: datetime, maintenant: datetime | None = None) -> Apercu:
    """Return what `publier_conditions` would do, and write nothing. Raises: what it raises."""
    empreinte = _exiger_publiable(numero, en_vigueur_le, maintenant or timezone.now())
    return Apercu(numero, en_vigueur_le, empreinte, Espace.objects.filter(etat__in=TENUS).count())


@transaction.atomic
def publier_conditions(
    *, acteur: str, numero: str, en_vigueur_le: datetime, maintenant: datetime | None = None
) -> VersionCGU:
    """Publish the version whose text is in templates/cgu/<numero>/: the job announces it, then the date brings it into force.

    Raises: VersionDejaPubliee, VersionMalNommee, PreavisTropCourt, TexteAbsent.
    """
    maintenant = maintenant or timezone.now()
    empreinte = _exiger_publiable(numero, en_vigueur_le, maintenant)
    try:
        with transaction.atomic():
            version = VersionCGU.objects.create(
                numero=numero, empreinte=empreinte, publiee_le=maintenant, en_vigueur_le=en_vigueur_le
            )
    except IntegrityError as double:
        if "(numero)=" not in str(double):
            raise
        raise VersionDejaPubliee(numero=numero) from double
    consigner(
        actes.CGU_PUBLIEES,
        auteur=acteur,
        details={"cgu": numero, "en_vigueur_le": jour(en_vigueur_le), "empreinte": empreinte},
    )
    oublier_publications()
    return version


def _a_prevenir(version: VersionCGU) -> models.QuerySet[Espace]:
    return Espace.objects.filter(etat__in=TENUS).select_related("compte")


def _oublies(version: VersionCGU) -> models.QuerySet[Espace]:
    """Return the espaces opened since, whose key the run had passed: they accepted the version before."""
    recents = _a_prevenir(version).filter(cree_le__gte=version.publiee_le - INSCRIPTION, compte__isnull=False)
    return recents.exclude(cgu_version=version.numero).filter(sans_courriel(_acte(version)))


def _acte(version: VersionCGU) -> str:
    return f"cgu:{version.numero}:"


def annoncer_conditions(*, maintenant: datetime | None = None) -> int:
    """Tell the next batch of holders of the version that was published; return how many (one mail each, ever)."""
    return annoncer_un_lot(
        VersionCGU, destinataires=_a_prevenir, ecrire=_ecrire, oublies=_oublies, maintenant=maintenant
    )


def _ecrire(version: VersionCGU, espace: Espace) -> None:
    if espace.compte is None:
        return
    courriels.deposer(
        "cgu_nouvelle_version",
        destinataire=espace.compte.email,
        acte=f"{_acte(version)}{espace.pk}",
        espace=espace,
        contexte={"cgu": version.numero, "en_vigueur_le": jour(version.en_vigueur_le)},
    )
