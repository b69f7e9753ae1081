"""The letter to the représentant légal (R7, R8): made by the worker from its outbox row, once.

It goes by post, or into the messagerie sécurisée where activation/courriers/messagerie.py allows it.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.documents.typst import Contact, siren_lisible
from accounts.envois import courriels
from accounts.envois.budget import DUREE_BALAYAGE
from accounts.envois.relais import EnvoiImpossible, traiter, vider
from accounts.envois.reveil import reveiller
from accounts.saisies.dates import jour
from accounts.saisies.organisations import denomination
from accounts.traces.journal import consigner
from services.adresses.envoi import AdresseEnvoi, adresse_du_courrier, exiger_adresse
from services.models import PersonneSirenisee

from .. import actes
from ..models import Courrier, Demande
from . import feuillets, lettre
from .codes import deriver_code, empreinte_code, presenter, reference_a_signaler
from .enveloppe import Adresse
from .messagerie import deposer_message, lecteur_du_code

TACHE = "activation.editer_courrier"


def deposer_courrier(
    demande: Demande,
    *,
    numero: int,
    maintenant: datetime,
    tour: Courrier.Priorite = Courrier.Priorite.AUTRE,
    depart: datetime | None = None,
) -> Courrier:
    """Write the outbox row of a letter, in the transaction of its act, and wake the worker after the commit.

    One that is to leave later than now is dated, and waits for its day (activation/demandes/plafonds.py).
    A second letter always goes by post: the mailbox was not read. Raises: AdresseInconnue.
    """
    exiger_adresse(demande.personne)
    par_messagerie = numero == 1 and lecteur_du_code(demande, maintenant) is not None
    courrier = Courrier.objects.create(
        demande=demande,
        numero=numero,
        canal=Courrier.Canal.MESSAGERIE if par_messagerie else Courrier.Canal.POSTAL,
        empreinte_code=empreinte_code(deriver_code(demande=demande.pk, numero=numero)),
        cree_le=maintenant,
        prochain_essai_le=depart or maintenant,
        priorite=tour,
        pas_avant=depart if depart is not None and depart > maintenant else None,
    )
    if courrier.pas_avant is None:
        reveiller(TACHE, courrier.pk)
    return courrier


def organisation_du_demandeur(demande: Demande) -> str:
    """Return the organisation that the requester says he belongs to, as who decides reads it: with its SIREN; "" where
    none is given, or where it is the company itself."""
    siren = demande.espace.siren_appartenance
    if not siren or siren == demande.personne.siren:
        return ""
    nom = denomination(siren)
    return f"{nom} (SIREN {siren_lisible(siren)})" if nom else f"l’organisation de SIREN {siren_lisible(siren)}"


def _contenu(courrier: Courrier, edite_le: date, expire_le: date, *, a_signaler: str) -> dict[str, Any]:
    """Return what the letter says, all but the code, as JSON values. Raises: EnvoiImpossible without an address."""
    demande = courrier.demande
    personne: PersonneSirenisee = demande.personne
    gestionnaire = personne.service_gestionnaire
    envoi = adresse_du_courrier(personne)
    if envoi is None:
        raise EnvoiImpossible("l’adresse de la personne n’est plus connue : aucun courrier ne peut lui être remis")
    return {
        "nature": demande.nature,
        "reference": demande.reference,
        "numero": courrier.numero,
        "edite_le": edite_le.isoformat(),
        "expire_le": expire_le.isoformat(),
        "demandee_le": timezone.localdate(demande.deposee_le).isoformat(),
        "demandeur": demande.espace.nom_complet,
        "organisation": organisation_du_demandeur(demande),
        "qualite": demande.get_qualite_display(),
        "denomination": personne.denomination,
        "siren": personne.siren,
        "adresse": envoi.lignes_adresse,
        "enveloppe": {
            "complement": envoi.complement,
            "voie": envoi.voie,
            "distribution": envoi.distribution,
            "localite": f"{envoi.code_postal} {envoi.commune}".strip(),
            "pays": envoi.pays,
        },
        "destinataire": envoi.destinataire,
        "representant": personne.representant_legal,
        "services": list(demande.services.order_by("ordre").values_list("libelle", flat=True)),
        "nouveau_courriel": demande.nouvelle_adresse,
        "a_signaler": a_signaler,
        "avis": courrier.canal == Courrier.Canal.MESSAGERIE,
        "page_signaler": settings.SITE_URL + reverse("signaler"),
        "site_url": settings.SITE_URL,
        "demonstration": settings.DEMONSTRATION,
        "marque_etat": settings.MARQUE_ETAT,
        "gestionnaire": {
            "nom": gestionnaire.nom,
            "adresse": gestionnaire.lignes_adresse,
            "telephone": gestionnaire.telephone,
            "courriel": gestionnaire.courriel,
        },
    }


def adresse_changee(courrier: Courrier, envoi: AdresseEnvoi | None) -> bool:
    """Whether letters now go elsewhere than this one went: it need not be waited for, another may leave at once."""
    return envoi is not None and bool(courrier.contenu) and courrier.contenu["adresse"] != envoi.lignes_adresse


def _jour(texte: str) -> date:
    jour = parse_date(texte)
    if jour is None:
        raise ValueError(f"not a date: {texte!r}")
    return jour


def produire_pdf(courrier: Courrier) -> bytes:
    """Return the PDF of an edited letter: the same bytes each time, code included."""
    return _composer(courrier.contenu, "" if courrier.contenu.get("avis") else _code_presente(courrier))


MASQUE: Final = "****-****-****"
CLE_MASQUEE: Final = "*****"
"""What stands in a preview where a letter bears its code."""


def produire_apercu(courrier: Courrier, *, maintenant: datetime | None = None) -> bytes:
    """Return the PDF of a letter as it was made, or as it would be made now, its code and the key of its reference masked.

    Neither is derived. The letter comes with its demande, espace, personne and service gestionnaire. Raises: EnvoiImpossible.
    """
    maintenant = maintenant or timezone.now()
    masquee = f"{courrier.demande.reference}-{CLE_MASQUEE}"
    contenu = courrier.contenu or _contenu(
        courrier,
        timezone.localdate(maintenant),
        timezone.localdate(maintenant + settings.CODE_VALIDITE),
        a_signaler=masquee,
    )
    if contenu.get("a_signaler"):
        contenu = {**contenu, "a_signaler": masquee}
    return _composer(contenu, "" if contenu.get("avis") else MASQUE)


def _composer(contenu: Mapping[str, Any], code: str) -> bytes:
    contenu = dict(contenu)
    gestionnaire = contenu.pop("gestionnaire")
    lignes, parties = contenu.pop("adresse"), contenu.pop("enveloppe", None)
    return lettre.produire(
        lettre.Lettre(
            **{
                **contenu,
                "edite_le": _jour(contenu["edite_le"]),
                "expire_le": _jour(contenu["expire_le"]),
                "demandee_le": _jour(contenu["demandee_le"]),
                "adresse": Adresse(**parties) if parties else Adresse.depuis_lignes(lignes),
                "services": tuple(contenu["services"]),
            },
            gestionnaire=Contact(
                nom=gestionnaire["nom"],
                adresse=tuple(gestionnaire["adresse"]),
                telephone=gestionnaire["telephone"],
                courriel=gestionnaire["courriel"],
            ),
            code=code,
        )
    )


def _code_presente(courrier: Courrier) -> str:
    return presenter(deriver_code(demande=courrier.demande_id, numero=courrier.numero))


def _verrouiller_demande(cle: object) -> None:
    """Lock the demande of this letter: every act locks the demande before its letter."""
    Demande.objects.select_for_update(no_key=True, of=("self",)).filter(courriers=cle).first()  # type: ignore[misc]


def _editer(courrier: Courrier) -> str:
    """Make one letter, inside the relay's transaction; return what the outbox row remembers of it."""
    demande = Demande.objects.select_related("espace__compte", "personne__service_gestionnaire").get(
        pk=courrier.demande_id
    )
    courrier.demande = demande
    if not demande.est_en_cours or courrier.remplace_le is not None:
        return "sans objet : la demande n’attend plus ce courrier"
    maintenant = timezone.now()
    expire_le = (demande.suspendue_jusqu_au(maintenant) or maintenant) + settings.CODE_VALIDITE
    courrier.contenu = _contenu(
        courrier,
        timezone.localdate(maintenant),
        timezone.localdate(expire_le),
        a_signaler=reference_a_signaler(reference=demande.reference, demande=demande.pk),
    )
    pdf = produire_pdf(courrier)
    courrier.empreinte = hashlib.sha256(pdf).hexdigest()
    reponse = f"édité, {len(pdf)} octets"
    if courrier.canal == Courrier.Canal.MESSAGERIE:
        reponse += f", code annoncé dans la messagerie, message {deposer_message(courrier, maintenant).pk}"
    courrier.etat = Courrier.Etat.EDITE
    courrier.edite_le = maintenant
    courrier.expire_le = expire_le
    courrier.save(update_fields=["contenu", "etat", "edite_le", "expire_le", "empreinte"])
    feuillets.garder(courrier, pdf)
    demande.etat = Demande.Etat.CODE_ENVOYE
    demande.save(update_fields=["etat"])
    consigner(
        actes.COURRIER_EDITE,
        auteur="systeme:editer_courriers",
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero, "canal": courrier.canal},
    )
    if demande.espace.compte is not None:
        courriels.deposer(
            "courrier_parti",
            destinataire=demande.espace.compte.email,
            acte=f"courrier:{courrier.pk}",
            espace=demande.espace,
            contexte={
                "reference": demande.reference,
                "denomination": demande.personne.denomination,
                "expire_le_jour": jour(expire_le),
                "par_messagerie": courrier.canal == Courrier.Canal.MESSAGERIE,
            },
        )
    return reponse


def editer(cle: str) -> bool:
    """Make the letter of this id, once, however often and in parallel it is asked; not before its day.

    Return whether it was made now.
    """
    if Courrier.objects.filter(pk=cle, pas_avant__gt=timezone.now()).exists():
        return False
    return traiter(Courrier, cle, _editer, _verrouiller_demande)


def editer_en_attente(nombre: int = 20, *, duree: float = DUREE_BALAYAGE) -> int:
    """Sweep of the outbox: make the letters that are due, for `duree` seconds; return how many."""
    return vider(Courrier, _editer, nombre, _verrouiller_demande, duree=duree)
