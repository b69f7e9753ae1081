"""The lists of /gestion/ in a country that grows, as each function of an agent reads them: what tests/charge/test_listes.py measures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import connection
from django.db.models import Model
from django.test import RequestFactory
from django.utils import timezone

from accounts.gestion.consultation import ConsultationAdmin
from accounts.gestion.fonctions import DU_PAYS
from accounts.models import Agent, TraceLecture
from habilitations.models import Cessation
from services.models import ChangementBancaire, PersonneSirenisee
from tests.espacepro.scenes import dossier
from tests.factories import AgentFactory, ServiceGestionnaireFactory, echanger

from .jeu import multiplier
from .plans import Releve, relever

EMPREINTE = "md5(g::text) || md5((-g)::text)"
INDEX_DE_NOMS = ("personne_denomination_repliee", "echange_objet_replie")
PERSONNE = "services_personnesirenisee"


@dataclass(frozen=True)
class Bureau:
    """Who reads, by function; a company of the office that is measured, and one row of each table, of another office."""

    agents: list[Agent]
    personne: PersonneSirenisee
    modeles: dict[str, Model]


def installer() -> Bureau:
    """Give the measured office a few dossiers, and another office the rows that are multiplied; as among millions, no table
    is read whole because it is small.
    """
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL enable_seqscan = off")
        curseur.execute("SET LOCAL random_page_cost = 1.1")
    bureau, autre = ServiceGestionnaireFactory(), AgentFactory(service_gestionnaire=ServiceGestionnaireFactory())
    fonctions = (Agent.Fonction.GESTIONNAIRE, Agent.Fonction.CHEF, Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR)
    agents = [AgentFactory(service_gestionnaire=bureau, fonction=fonction) for fonction in fonctions]
    for rang in range(3):
        sien = dossier(agents[0], rang)
        echanger(sien[PERSONNE])
    return Bureau(agents, sien[PERSONNE], _modeles(autre))


def _modeles(agent: Agent) -> dict[str, Model]:
    """Return one row of each table that grows, as it is once all is done and nothing waits."""
    maintenant = timezone.now()
    modeles: dict[str, Model] = dossier(agent, 900)
    finis: dict[str, dict[str, Any]] = {
        "activation_demande": {"etat": "ACTIVEE", "terminee_le": maintenant},
        "activation_courrier": {
            "etat": "REMIS",
            "edite_le": maintenant,
            "remis_le": maintenant,
            "expire_le": maintenant,
        },
        "activation_signalement": {"decision": "ECARTE", "decide_le": maintenant},
        "habilitations_demanderetrait": {"etat": "REFUSEE", "traitee_le": maintenant},
        "services_signalementbancaire": {"etat": "MAINTENU", "decide_le": maintenant, "agent": agent, "reponse": "non"},
    }
    for table, champs in finis.items():
        type(modeles[table])._default_manager.filter(pk=modeles[table].pk).update(**champs)
    personne: Any = modeles[PERSONNE]
    return modeles | {
        "services_changementbancaire": ChangementBancaire.objects.filter(reference__personne=personne)[0],
        "services_echange": echanger(personne, etat="REPONDU", attend_le=None),
        "habilitations_cessation": Cessation.objects.create(personne=personne, etat="FERMEE", terminee_le=maintenant),
        "accounts_tracelecture": TraceLecture.objects.create(
            minute=maintenant, lecteur="agent:x", nature="LISTE", objet="x", cle="x", bureau="AUTRE"
        ),
    }


def grossir(bureau: Bureau, nombre: int, *, depuis: int, a_lui: bool = False) -> frozenset[str]:
    """Add so many of everything, of the measured office or of another: the rows from `depuis` on. Return what has grown."""
    g = f"({depuis} + g)"
    cle = f"1000000 + {g}"
    le = f"now() - (100000 - {g}) * interval '1 minute'"
    un = {"personne_id": cle}
    personne: Any = bureau.personne if a_lui else bureau.modeles[PERSONNE]
    lieu = {"service_gestionnaire_id": f"{personne.service_gestionnaire_id}"}
    uuid = {lettre: f"md5('{lettre}' || {g})::uuid" for lettre in "dhrk"}
    empreinte = EMPREINTE.replace("g::", f"{g}::").replace("-g", f"-{g}")
    lignes: dict[str, dict[str, str]] = {
        PERSONNE: lieu | {"id": cle, "siren": f"(700000000 + {g})::text", "denomination": f"'GARAGE ' || md5({g}::text)"},
        "habilitations_mandat": un | {"demande": f"'D-2026-M' || {g}", "code_saisi_le": le},
        "habilitations_adhesion": un | {"id": cle, "ouverte_le": le},
        "habilitations_habilitation": un | {"id": uuid["h"], "adhesion_id": cle, "accordee_le": le},
        "habilitations_demanderetrait": lieu | {"habilitation_id": uuid["h"], "deposee_le": le, "traitee_le": le},
        "habilitations_cessation": un | {"id": cle, "constatee_le": le, "terminee_le": le},
        "activation_demande": un | {"id": uuid["d"], "reference": f"'D-2026-' || {g}", "deposee_le": le},
        "activation_courrier": lieu | {"demande_id": uuid["d"], "empreinte_code": empreinte, "cree_le": le},
        "activation_signalement": {"demande_id": uuid["d"], "recu_le": le, "decide_le": le},
        "services_referencebancaire": un | {"id": uuid["r"], "empreinte": empreinte, "ajoutee_le": le},
        "services_changementbancaire": {"id": uuid["k"], "reference_id": uuid["r"], "fait_le": le},
        "services_signalementbancaire": {"changement_id": uuid["k"], "depose_le": le, "decide_le": le},
        "services_echange": un | lieu | {"reference": f"'E-2026-' || lpad({g}::text, 8, '0')", "dernier_le": le},
        "accounts_evenement": {"siren": f"(700000000 + {g})::text", "quand": le},
        "accounts_tracelecture": {"cle": f"{g}::text", "minute": le, "lecteur": f"'agent:' || {g} / 10"},
    }  # fmt: skip
    for table, champs in lignes.items():
        multiplier(bureau.modeles[table], nombre, **champs)
    with connection.cursor() as curseur:
        for index in INDEX_DE_NOMS:  # as autovacuum does: what is not yet in its place is read through
            curseur.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        curseur.execute(f"ANALYZE {', '.join(lignes)}")
    return frozenset(lignes)


def _parametres(requete: str) -> dict[str, str]:
    return {nom: valeur for nom, (valeur,) in parse_qs(requete.removeprefix("?"), keep_blank_values=True).items()}


def adresses(liste: Any, page: ConsultationAdmin, personne: PersonneSirenisee) -> Iterator[dict[str, str]]:
    """Yield the parameters of each address that this list leads to: its headers, its filters, its last page, two searches."""
    yield {}
    if liste.multi_page:
        yield {PAGE_VAR: str(liste.paginator.num_pages)}
    for rang, colonne in enumerate(liste.list_display):
        if colonne in (liste.sortable_by if liste.sortable_by is not None else liste.list_display):
            yield from ({ORDER_VAR: f"{sens}{rang}"} for sens in ("", "-"))
    for filtre in liste.filter_specs:
        yield from (choisis for choix in filtre.choices(liste) if (choisis := _parametres(choix["query_string"])))
    if page.search_fields:
        par_nom = any("denomination" in champ for champ in page.search_fields)
        yield from ({SEARCH_VAR: texte} for texte in ("zzzz", personne.siren, *(["garage"] if par_nom else [])))


def lire(
    page: ConsultationAdmin, agent: Agent, parametres: dict[str, str], tables: frozenset[str]
) -> tuple[Any, Releve]:
    """Read one page of the list as this agent, without its template; return it and what it asked of the database."""
    demande = RequestFactory().get("/gestion/", parametres)
    compte: Any = agent.compte
    compte.otp_device = True
    demande.user = compte
    with relever(tables) as releve:
        liste = page.get_changelist_instance(demande)
        liste.result_list = list(liste.result_list)
    return liste, releve


def lecteurs(bureau: Bureau, page: ConsultationAdmin, *, tous: bool) -> list[Agent]:
    """Return who may open this list; one of the office and one of the country are shown the same rows as `tous`."""
    siens = [agent for agent in bureau.agents if agent.fonction in page.fonctions]
    return siens if tous else list({agent.fonction in DU_PAYS: agent for agent in reversed(siens)}.values())


def parcourir(bureau: Bureau, tables: frozenset[str], *, tous: bool) -> dict[str, Releve]:
    """Read every address of every list as those who may open it; return what each asked."""
    releves: dict[str, Releve] = {}
    for modele, page in admin.site._registry.items():
        if not isinstance(page, ConsultationAdmin) or (page.peu_de_lignes and not tous):
            continue
        for agent in lecteurs(bureau, page, tous=tous):
            liste, _ = lire(page, agent, {}, frozenset())
            for parametres in list(adresses(liste, page, bureau.personne)):
                dit = "&".join(f"{nom}={valeur}" for nom, valeur in parametres.items())
                nom = f"{agent.fonction.lower()} {modele._meta.model_name} {dit}".strip()
                _, releves[nom] = lire(page, agent, parametres, tables)
    return releves
