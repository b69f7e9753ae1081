"""What the password policy asks, version by version, and how an operator hardens it (CGU §3.2.d).

A hash does not say whether its password meets a harder policy: an account keeps the version that accepted its password,
and the next one typed at a sign-in is measured again (`politique.py`: `reconnaitre_mot_de_passe`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Q
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.annonces import INSCRIPTION, annoncer_un_lot, sans_courriel
from ..models import Compte, PolitiqueMotDePasse
from ..models.publication import oublier_publications
from ..saisies.dates import jour
from ..saisies.regles import RegleMetier
from ..traces.journal import consigner
from .force import Exigence, Niveau, exigence_d_origine

PREMIERE: Final = 1
PREAVIS: Final = timedelta(days=15)
"""Between the publication of a policy and the day when only the renewal is open: the CGU name none."""
LONGUEUR_EXIGIBLE: Final = 64
"""NIST SP 800-63B asks that 64 characters be possible; to ask for more would shut people out of their managers."""


class PolitiquePasPlusDure(RegleMetier):
    code = "politique_pas_plus_dure"
    message = (
        "Une politique ne peut qu’être durcie : {longueur} caractères et le niveau « {niveau} » sont déjà exigés, demandez "
        "davantage de l’un sans demander moins de l’autre."
    )


class PolitiqueDemesuree(RegleMetier):
    code = "politique_demesuree"
    message = "Aucune politique n’exige plus de {limite} caractères."


class PolitiqueTropTot(RegleMetier):
    code = "politique_trop_tot"
    message = "Une politique s’impose {jours} jours au moins après sa publication, et après la précédente : au plus tôt le {au_plus_tot}."


class PolitiqueDejaDurcie(RegleMetier):
    code = "politique_deja_durcie"
    message = "Une autre commande vient de publier une politique : relancez l’essai à blanc."


@dataclass(frozen=True)
class Politique:
    """One version of the policy; the first is that of the CGU (20 characters, level moyen) and needs no row."""

    version: int
    exigence: Exigence
    impose_le: datetime | None = None


def _de_la_base(ligne: PolitiqueMotDePasse) -> Politique:
    return Politique(ligne.version, Exigence(ligne.longueur, Niveau(ligne.niveau)), ligne.en_vigueur_le)


def politiques() -> list[Politique]:
    """Return every version that was published, oldest first."""
    return [Politique(PREMIERE, exigence_d_origine()), *map(_de_la_base, PolitiqueMotDePasse.publiees())]


def politique_exigee() -> Politique:
    """Return what a new password must meet: the newest version from its publication on, so that nobody chooses twice."""
    return politiques()[-1]


def version_imposee(maintenant: datetime) -> int:
    """Return the version below which only the renewal of the password is open."""
    return max((p.version for p in PolitiqueMotDePasse.publiees() if p.est_en_vigueur(maintenant)), default=PREMIERE)


@dataclass(frozen=True)
class Concernes:
    """How many passwords were accepted by one version: those of usagers and those of agents."""

    politique: Politique
    usagers: int
    agents: int


def concernes() -> Iterator[Concernes]:
    """Yield, version by version, whose passwords a new policy would have measured again."""
    comptes = _a_prevenir_de(politique_exigee().version + 1).values("politique")
    nombres = {
        ligne["politique"]: (ligne["usagers"], ligne["agents"])
        for ligne in comptes.annotate(
            usagers=Count("id", filter=Q(is_staff=False)), agents=Count("id", filter=Q(is_staff=True))
        ).order_by("politique")
    }
    for politique in politiques():
        yield Concernes(politique, *nombres.get(politique.version, (0, 0)))


def exiger_durcissement(exigence: Exigence, impose_le: datetime, *, maintenant: datetime | None = None) -> Politique:
    """Return the version that would be published. Raises: what `durcir_politique` raises."""
    maintenant = maintenant or timezone.now()
    derniere = politique_exigee()
    actuelle = derniere.exigence
    moindre = exigence.longueur < actuelle.longueur or exigence.niveau < actuelle.niveau
    if moindre or exigence == actuelle:
        raise PolitiquePasPlusDure(longueur=actuelle.longueur, niveau=actuelle.niveau.libelle)
    if exigence.longueur > LONGUEUR_EXIGIBLE:
        raise PolitiqueDemesuree(limite=LONGUEUR_EXIGIBLE)
    plus_tot = max(maintenant + PREAVIS, derniere.impose_le or maintenant)
    if impose_le < plus_tot or impose_le == derniere.impose_le:
        raise PolitiqueTropTot(jours=PREAVIS.days, au_plus_tot=jour(plus_tot + timedelta(days=1)))
    return Politique(derniere.version + 1, exigence, impose_le)


@transaction.atomic
def durcir_politique(
    *, acteur: str, exigence: Exigence, impose_le: datetime, maintenant: datetime | None = None
) -> Politique:
    """Publish a harder policy: new passwords follow it at once, the job tells everybody, and at the date only the renewal
    is open to whose password no sign-in has shown to meet it (CGU §3.2.d).

    Raises: PolitiquePasPlusDure, PolitiqueDemesuree, PolitiqueTropTot, PolitiqueDejaDurcie.
    """
    maintenant = maintenant or timezone.now()
    oublier_publications()
    politique = exiger_durcissement(exigence, impose_le, maintenant=maintenant)
    try:
        with transaction.atomic():
            PolitiqueMotDePasse.objects.create(
                version=politique.version,
                longueur=exigence.longueur,
                niveau=exigence.niveau,
                publiee_le=maintenant,
                en_vigueur_le=impose_le,
            )
    except IntegrityError as double:
        if "(version)=" not in str(double):
            raise
        raise PolitiqueDejaDurcie from double
    consigner(
        actes.MOT_DE_PASSE_POLITIQUE_DURCIE,
        auteur=acteur,
        details={
            "version": politique.version,
            "longueur": exigence.longueur,
            "niveau": exigence.niveau.libelle,
            "en_vigueur_le": jour(impose_le),
        },
    )
    oublier_publications()
    return politique


def _a_prevenir_de(version: int) -> models.QuerySet[Compte]:
    """Return the accounts, usagers' and agents', whose password an older version accepted."""
    return Compte.objects.filter(politique__lt=version, is_active=True).exclude(
        password__startswith=UNUSABLE_PASSWORD_PREFIX
    )


def _oublies(publiee: PolitiqueMotDePasse) -> models.QuerySet[Compte]:
    """Return the accounts opened since with a password chosen before, whose key the run had passed."""
    depuis = publiee.publiee_le - INSCRIPTION
    recents = _a_prevenir_de(publiee.version).filter(espace__cree_le__gte=depuis)
    return recents.select_related("espace", "agent").filter(sans_courriel(_acte(publiee)))


def _acte(publiee: PolitiqueMotDePasse) -> str:
    return f"politique:{publiee.version}:"


def annoncer_politique(*, maintenant: datetime | None = None) -> int:
    """Tell the next batch of holders and agents of the policy that was published; return how many (one mail each)."""
    return annoncer_un_lot(
        PolitiqueMotDePasse,
        destinataires=lambda publiee: _a_prevenir_de(publiee.version).select_related("espace", "agent"),
        ecrire=_ecrire,
        oublies=_oublies,
        maintenant=maintenant,
    )


def _ecrire(publiee: PolitiqueMotDePasse, compte: Compte) -> None:
    espace = getattr(compte, "espace", None)
    personne = espace or getattr(compte, "agent", None)
    courriels.deposer(
        "mot_de_passe_durci",
        destinataire=compte.email,
        acte=f"{_acte(publiee)}{compte.pk}",
        espace=espace,
        contexte={
            "prenom": personne.prenom if personne else "",
            "nom": personne.nom if personne else "",
            "longueur": publiee.longueur,
            "niveau": Niveau(publiee.niveau).libelle,
            "en_vigueur_le": jour(publiee.en_vigueur_le),
            "agent": compte.is_staff,
        },
    )
