"""The journal and the traces of reading as an agent reads them: who by name, what in words, no code and no JSON (issue 14, item 8)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import apps
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.documents.typst import siren_lisible
from accounts.gestion.faits import en_faits, en_libelle
from accounts.gestion.files import catalogue
from accounts.models import Agent, TraceLecture
from accounts.saisies.numeros import grouper_numero, numero_valide
from accounts.traces.lecture import ANONYME
from activation.models import Demande
from services.models import PersonneSirenisee, Service

from ..donnees.declaration import CODES, SERVICES, auteur_en_mots, contenu_lisible

D_UN_AGENT: Final = "agent:"
PAGES: Final[Mapping[str, str]] = {
    "gestion.accueil": "Accueil : à traiter",
    "gestion.recherche": "Recherche du guichet",
    "gestion.lettres_revenues": "Lettres revenues",
    "gestion.idsp": "Donner un identifiant provisoire",
    "gestion.modele": "Ajouter un modèle de réponse",
    "gestion.bloquer": "Bloquer une adresse",
    "gestion.alertes": "Alertes à examiner",
    "gestion.surveillees": "Adresses surveillées",
    "gestion.surveillee": "Décider d’une adresse surveillée",
    "gestion.comme_l_usager": "Comme l’usager le voit",
    "gestion.lettres": "Lettres du service",
    "gestion.de_cote": "Envois mis de côté",
    "gestion.remises": "Remises à l’imprimeur",
    "gestion.remettre": "Remettre un lot de lettres",
    "activation.courrier.apercu": "Aperçu d’une lettre, sans son code",
    "accounts.espace": "Espace professionnel",
    "accounts.recapitulatif": "Récapitulatif téléchargé",
    "habilitations.echeances": "Calendrier téléchargé",
    "habilitations.lien": "Service ouvert par le lien d’un autre site",
}
DETAILS_DE_LECTURE: Final[Mapping[str, str]] = {
    "page": "Page",
    "filtres": "Filtres",
    "recherche": "Empreinte de ce qui a été cherché",
    "lignes": "Lignes montrées",
    "entreprises": "Entreprises trouvées",
    "ailleurs": "Entreprises d’autres services",
    "espaces": "Personnes trouvées",
    "demandes": "Demandes et lettres trouvées",
    "etat": "État",
    "lettres": "Lettres",
    "courriels": "Courriels",
    "lot": "Lot",
}


def nommer(lignes: Iterable[Any], champ: str) -> None:
    """Give each line `nomme`: who acted or read, by name where it is an agent. One query, none without agents."""
    toutes = list(lignes)
    cles = {
        numero
        for ligne in toutes
        if (auteur := getattr(ligne, champ)).startswith(D_UN_AGENT)
        and (numero := auteur.removeprefix(D_UN_AGENT)).isdigit()
    }
    agents = {f"{D_UN_AGENT}{agent.pk}": str(agent) for agent in Agent.objects.filter(pk__in=cles)} if cles else {}
    for ligne in toutes:
        ligne.nomme = qui(getattr(ligne, champ), agents)


def qui(auteur: str, agents: Mapping[str, str]) -> str:
    """Return who this is: an agent by name, the portal, a numéro d'abonné in its groups, a visitor."""
    if auteur in agents:
        return agents[auteur]
    if auteur == ANONYME:
        return "un visiteur"
    lisible = grouper_numero(auteur)
    return lisible if lisible != auteur else auteur_en_mots(auteur)


def nommer_les_objets(traces: Iterable[TraceLecture]) -> None:
    """Give each trace `objet_nomme`: the company, the demande or the espace that was opened; two queries at most."""
    toutes = list(traces)
    lus: dict[tuple[str, str], str] = {}
    for modele in (PersonneSirenisee, Demande):
        objet = modele._meta.label_lower
        cles = {trace.cle for trace in toutes if trace.objet == objet and trace.nature != TraceLecture.Nature.LISTE}
        if cles:
            noms = modele._default_manager.filter(pk__in=cles)
            lus |= {
                (objet, str(un.pk)): un.denomination if isinstance(un, PersonneSirenisee) else un.reference
                for un in noms
            }
    for trace in toutes:
        trace.objet_nomme = lus.get((trace.objet, trace.cle)) or _numero_dit(trace)  # type: ignore[attr-defined]


def _numero_dit(trace: TraceLecture) -> str:
    """Return the key of what was opened where it is a number that people use; a list or a search is not one thing."""
    if trace.nature == TraceLecture.Nature.LISTE:
        return ""
    if numero_valide(trace.cle):
        return grouper_numero(trace.cle)
    return siren_lisible(trace.cle) if trace.cle.isdigit() and len(trace.cle) == 9 else ""


def nommer_les_services(lignes: Iterable[Any]) -> None:
    """Give each line of the journal `service_nomme`. One query, none where no line has a service."""
    toutes = list(lignes)
    codes = {ligne.service for ligne in toutes if ligne.service}
    libelles = dict(Service.objects.filter(code__in=codes).values_list("code", "libelle")) if codes else {}
    for ligne in toutes:
        ligne.service_nomme = libelles.get(ligne.service, ligne.service)


def details_en_mots(details: Mapping[str, object]) -> SafeString:
    """Return the details of an act as a list of facts, in French: labels, and codes by their words."""
    services = dict(Service.objects.values_list("code", "libelle")) if SERVICES & set(details) else {}
    return en_faits(contenu_lisible(details, {**CODES, **dict.fromkeys(SERVICES, services)}))


def lecture_en_mots(details: Mapping[str, object]) -> SafeString:
    """Return what a trace of reading says beside its object, as a list of facts, in French."""
    return en_faits({DETAILS_DE_LECTURE.get(cle, en_libelle(cle)): valeur for cle, valeur in details.items()})


def objet_lu(objet: str) -> str:
    """Return the page or the kind of thing that was read, in words."""
    if objet in PAGES:
        return PAGES[objet]
    file = catalogue().get(objet.removeprefix("gestion.file."))
    if objet.startswith("gestion.file.") and file is not None:
        return f"File : {file.libelle}"
    application, _, modele = objet.partition(".")
    try:
        return capfirst(str(apps.get_model(application, modele)._meta.verbose_name))
    except LookupError:
        return capfirst(objet.rpartition(".")[2].replace("_", " "))
