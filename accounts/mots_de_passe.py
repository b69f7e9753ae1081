"""The password policy (R3, CGU §3.2): strength, history, renewal. How strong one is, is in mots_de_passe_force.py."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from .journal import consigner
from .models import AncienMotDePasse, Compte, Espace
from .mots_de_passe_force import Evaluation, evaluer
from .regles import RegleMetier

HISTORIQUE = 5
LONGUEUR_MAX = 256


class MotDePasseFaible(RegleMetier):
    code = "mot_de_passe_faible"
    message = "Ce mot de passe est trop faible. {conseils}"


class MotDePasseTropLong(RegleMetier):
    code = "mot_de_passe_trop_long"
    message = "Ce mot de passe dépasse {limite} caractères."


class MotDePasseDejaUtilise(RegleMetier):
    code = "mot_de_passe_deja_utilise"
    message = "Ce mot de passe est l'un de vos cinq derniers : choisissez-en un que vous n'avez pas encore utilisé."


def exiger_force(mot_de_passe: str, personnels: Iterable[str]) -> Evaluation:
    """Return the evaluation of an acceptable password. Raises: MotDePasseTropLong, MotDePasseFaible (CGU §3.2.a-b)."""
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise MotDePasseTropLong(limite=LONGUEUR_MAX)
    evaluation = evaluer(mot_de_passe, [mot for mot in personnels if mot])
    if not evaluation.acceptable:
        raise MotDePasseFaible(conseils=" ".join(evaluation.conseils))
    return evaluation


def mots_personnels(espace: Espace) -> list[str]:
    """Return the words of the person that a password must not rest on."""
    compte = espace.compte
    return [
        compte.email if compte else "",
        espace.nom,
        espace.prenom,
        espace.siren_appartenance,
        espace.numero_abonne,
        espace.telephone,
        espace.commune,
    ]


@transaction.atomic
def changer_mot_de_passe(*, compte: Compte, nouveau: str, maintenant: datetime | None = None) -> None:
    """Replace the password and remember the old one among the last five.

    The caller has proved who asks (current password, or link and trust answer).
    Raises: MotDePasseTropLong, MotDePasseFaible, MotDePasseDejaUtilise (R3).
    """
    maintenant = maintenant or timezone.now()
    compte = Compte.objects.select_for_update(no_key=True).get(pk=compte.pk)
    espace = Espace.objects.filter(compte=compte).first()
    exiger_force(nouveau, mots_personnels(espace) if espace else [compte.email])
    anciens = list(compte.anciens_mots_de_passe.order_by("-remplace_le")[: HISTORIQUE - 1])
    if any(check_password(nouveau, empreinte) for empreinte in [compte.password, *(a.empreinte for a in anciens)]):
        raise MotDePasseDejaUtilise
    AncienMotDePasse.objects.create(compte=compte, empreinte=compte.password, remplace_le=maintenant)
    gardes = compte.anciens_mots_de_passe.order_by("-remplace_le").values("pk")[: HISTORIQUE - 1]
    compte.anciens_mots_de_passe.exclude(pk__in=list(gardes.values_list("pk", flat=True))).delete()
    compte.set_password(nouveau)
    compte.mot_de_passe_change_le = maintenant
    compte.renouvellement_exige = False
    compte.save(update_fields=["password", "mot_de_passe_change_le", "renouvellement_exige"])
    consigner("mot_de_passe.change", auteur=espace or compte, espace=espace)


def age(compte: Compte, maintenant: datetime | None = None) -> timedelta:
    """Return how old the password is."""
    return (maintenant or timezone.now()) - compte.mot_de_passe_change_le
