"""The desk: what waits in the agent's office, one queue, and claiming (issue 14; CGU §4.c, §4.h, §5)."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_GET, require_POST

from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_page
from accounts.gestion.affaires import en_attente, prendre, prendre_la_suivante, rendre
from accounts.gestion.agents import agent_verifie
from accounts.gestion.bureau import chiffres_de, derniers_actes, est_prise, lire_bureau
from accounts.gestion.contreseings import actes_graves, suivis_de
from accounts.gestion.files import File, catalogue, files_de, files_du_modele
from accounts.gestion.fonctions import BUREAU, SURVEILLANCE
from accounts.models import Affaire, Agent, Contreseing, TraceLecture
from accounts.portes.acces import adresse_du_portail
from accounts.saisies.dates import en_jours
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire
from habilitations.models import DemandeRetrait
from services.models import Echange, PersonneSirenisee
from surveillance.alertes.decisions import dire
from surveillance.models import Alerte
from surveillance.signaux.registre import nom_de

from ..journal.libelles import libelle_acte
from .adresses import adresse_de
from .cellule import lire_la_cellule

PAR_PAGE = 50


def accueil(request: HttpRequest) -> dict[str, Any]:
    """Return what the home page shows this agent, and leave a trace of who looked: eight queries, five more for the cell."""
    agent = _agent(request)
    maintenant = timezone.now()
    bureau = lire_bureau(agent, maintenant=maintenant)
    actes = derniers_actes(agent)
    affaires = [*bureau.en_retard, *bureau.siennes, *(f.plus_ancienne for f in bureau.files if f.plus_ancienne)]
    personnes = _personnes(affaires, [acte.siren for acte in actes])
    services = _services(affaires)
    par_siren = {personne.siren: personne for personne in personnes.values()}
    lire(request, TraceLecture.Nature.LISTE, "gestion.accueil", lignes=bureau.chiffres.en_attente)
    return {
        "cellule": lire_la_cellule(maintenant) if agent.fonction in SURVEILLANCE else None,
        "jour": timezone.localdate(maintenant),
        "bureau": bureau,
        "files": [
            {
                "etat": etat,
                "ancienne": _ligne(etat.plus_ancienne, agent, personnes, services) if etat.plus_ancienne else None,
            }
            for etat in bureau.files
        ],
        "en_retard": [_ligne(affaire, agent, personnes, services) for affaire in bureau.en_retard],
        "siennes": [_ligne(affaire, agent, personnes, services) for affaire in bureau.siennes],
        "suivis": suivis_de(agent, maintenant=maintenant) if agent.fonction in BUREAU else [],
        "actes": [
            {"libelle": libelle_acte(acte.acte), "personne": par_siren.get(acte.siren), "quand": acte.quand}
            for acte in actes
        ],
    }


class _PagesDUneFile(Paginator):
    """The pages of a queue, whose figures have counted what waits."""

    def __init__(self, lignes: QuerySet[Affaire], nombre: int) -> None:
        super().__init__(lignes, PAR_PAGE)
        self._nombre = nombre

    @cached_property
    def count(self) -> int:
        return self._nombre


@require_GET
def file(request: HttpRequest, code: str) -> HttpResponse:
    """Show one queue whole, the oldest first. Raises: Http404 for one that is not the agent's work."""
    agent = _agent(request)
    laquelle = _file(agent, code)
    try:
        exiger_page(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    lignes = en_attente(agent).filter(file=laquelle.code).select_related("agent", "espace").order_by("depuis", "pk")
    chiffres = chiffres_de(agent, laquelle)
    page = _PagesDUneFile(lignes, chiffres.en_attente).get_page(request.GET.get("page", "1"))
    personnes, services = _personnes(page.object_list, []), _services(page.object_list)
    lire(request, TraceLecture.Nature.LISTE, f"gestion.file.{laquelle.code}", page=str(page.number))
    return render(
        request,
        "gestion/file.html",
        {
            **_cadre(request, laquelle.libelle),
            "file": laquelle,
            "chiffres": chiffres,
            "page": page,
            "lignes": [_ligne(affaire, agent, personnes, services) for affaire in page.object_list],
        },
    )


@require_POST
def prendre_suivante(request: HttpRequest, code: str) -> HttpResponse:
    """Claim the oldest of a queue that nobody has, and open it. Raises: Http404 for one that is not the agent's work."""
    agent = _agent(request)
    laquelle = _file(agent, code)
    try:
        affaire = prendre_la_suivante(acteur=agent, file=laquelle)
    except RegleMetier as regle:
        messages.info(request, str(regle))
        return redirect("admin:index")
    return redirect(adresse_de(affaire))


@require_POST
def prendre_celle_ci(request: HttpRequest, pk: int) -> HttpResponse:
    """Claim one, and open it; where somebody was first, its page says who."""
    agent = _agent(request)
    affaire = _affaire(agent, pk)
    try:
        prendre(acteur=agent, affaire=affaire)
    except RegleMetier as regle:
        messages.warning(request, str(regle))
    return redirect(adresse_de(affaire))


@require_POST
def rendre_celle_ci(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one back, and return to where it was asked from."""
    agent = _agent(request)
    affaire = _affaire(agent, pk)
    try:
        rendre(acteur=agent, affaire=affaire)
    except RegleMetier as regle:
        messages.warning(request, str(regle))
    else:
        messages.success(request, "Vous avez rendu cette affaire : un autre agent peut la prendre.")
    return HttpResponseRedirect(adresse_du_portail(request.POST.get("suite", "")) or reverse("admin:index"))


def _ligne(
    affaire: Affaire, agent: Agent, personnes: dict[int, PersonneSirenisee], services: dict[str, str]
) -> dict[str, Any]:
    """Return one thing that waits, as a row says it: what, for whom, since when, who has it."""
    maintenant = timezone.now()
    laquelle = catalogue()[affaire.file]
    personne = personnes.get(affaire.personne) if affaire.personne else None
    age = maintenant - affaire.depuis
    de_qui = personne.denomination if personne else (affaire.espace.nom_complet if affaire.espace else "")
    quoi = services.get(affaire.cle, "")
    return {
        "affaire": affaire,
        "file": laquelle,
        "adresse": adresse_de(affaire),
        "pour": de_qui or quoi,
        "personne": personne,
        "service": quoi if de_qui else "",
        "par": affaire.espace.nom_complet if affaire.espace and personne else "",
        "age": en_jours(age),
        "en_retard": age > laquelle.retard,
        "prise": est_prise(affaire, maintenant),
        "sienne": affaire.agent_id == agent.pk and est_prise(affaire, maintenant),
    }


def _services(affaires: Iterable[Affaire]) -> dict[str, str]:
    """Return what tells each thing apart: the service of a demande de retrait, one press asking for several; what a message is about.

    And of an alert that is of no espace, what was seen, of which network or agent; which act waits for a second look, and who asked.
    """
    du_modele = files_du_modele("habilitations.demanderetrait")
    cles = [affaire.cle for affaire in affaires if affaire.file in du_modele]
    demandes = DemandeRetrait.objects.filter(pk__in=cles).select_related("habilitation__service") if cles else []
    ecrits = files_du_modele("services.echange")
    cles = [affaire.cle for affaire in affaires if affaire.file in ecrits]
    echanges = Echange.objects.filter(pk__in=cles) if cles else []
    des_alertes = files_du_modele("surveillance.alerte")
    cles = [affaire.cle for affaire in affaires if affaire.file in des_alertes and affaire.espace_id is None]
    avec_qui = Alerte.objects.select_related("compte__espace", "compte__agent")
    alertes = avec_qui.filter(pk__in=cles) if cles else []
    graves = files_du_modele("accounts.contreseing")
    cles = [affaire.cle for affaire in affaires if affaire.file in graves]
    attendus = Contreseing.objects.filter(pk__in=cles).select_related("demandeur") if cles else []
    return {
        **{
            str(c.pk): f"{_sans_majuscule(actes_graves()[c.genre].libelle)}, demandé par {c.demandeur}"
            for c in attendus
        },
        **{str(demande.pk): str(demande.habilitation.service) for demande in demandes},
        **{str(echange.pk): echange.objet for echange in echanges},
        **{str(alerte.pk): f"{nom_de(alerte.motif)}, {dire(alerte)}" for alerte in alertes},
    }


def _sans_majuscule(texte: str) -> str:
    return texte[:1].lower() + texte[1:]


def _personnes(affaires: Iterable[Affaire], sirens: Iterable[str]) -> dict[int, PersonneSirenisee]:
    """Return the personnes that these things are about, and those of these SIREN: two queries at most."""
    cles = {affaire.personne for affaire in affaires if affaire.personne}
    trouvees = PersonneSirenisee.objects.in_bulk(cles) if cles else {}
    restants = set(filter(None, sirens)) - {personne.siren for personne in trouvees.values()}
    autres = PersonneSirenisee.objects.filter(siren__in=restants) if restants else []
    return trouvees | {personne.pk: personne for personne in autres}


def _agent(request: HttpRequest) -> Agent:
    """Return the agent who is behind the door. Raises: Http404 for anybody else: the door has let nobody else through."""
    agent = agent_verifie(request)
    if agent is None:
        raise Http404
    return agent


def _file(agent: Agent, code: str) -> File:
    for laquelle in files_de(agent):
        if laquelle.code == code:
            return laquelle
    raise Http404


def _affaire(agent: Agent, pk: int) -> Affaire:
    affaire = en_attente(agent).filter(pk=pk).first()
    if affaire is None:
        raise Http404
    return affaire


def _cadre(request: HttpRequest, titre: str) -> dict[str, Any]:
    from django.contrib import admin

    return {**admin.site.each_context(request), "title": titre}
