"""The secure mailbox of one's companies: the inbox, one exchange, writing (CGU §2.3; domaine.md 2.14).

Who may read or write is asked of `services.messagerie.droits`, as the acts do; for anybody else no such page exists.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.compteurs.double_envoi import annoncer_une_fois
from accounts.models import Espace
from accounts.portes.acces import espace_requis, recoit_fichier
from accounts.saisies.dates import jour_heure
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import noter_la_suite
from habilitations.lectures.entreprise import entreprise as lire_entreprise
from habilitations.lectures.recherche import contient
from services.messagerie import brouillons, lectures
from services.messagerie.droits import lecteurs_de, personnes_de, peut_ecrire, peut_lire
from services.messagerie.echanges import clore as clore_echange
from services.messagerie.echanges import ecrire, repondre
from services.messagerie.echanges import rouvrir as rouvrir_echange
from services.messagerie.forms import RedactionForm, ReponseForm
from services.messagerie.imprime import PartieInconnue, imprimer, parties
from services.messagerie.montres import change_ailleurs, lire_montre, montrer
from services.messagerie.pieces.jointes import TAILLE_D_UN_ENVOI
from services.messagerie.themes import Theme, a_choisir, theme_de, themes
from services.models import Brouillon, Echange, PersonneSirenisee, PieceJointe

from ..contexte import NON_LUS
from .pieces import (
    A_PART,
    SANS_BROUILLON,
    Suite,
    du_brouillon,
    garder,
    montre_de,
    recevoir_a_part,
    recevoir_pieces,
)

SANS_CHERCHER: Final = 10
"""How many companies one chooses from in a list alone; beyond, one looks for it by its name or number."""
GARDE = "Votre brouillon est gardé : vous le retrouverez dans la messagerie, même après une déconnexion."


@espace_requis
@require_GET
def boite(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The exchanges of all one's companies, the latest first; boxes, search, themes."""
    try:
        filtres = lectures.lire_filtres(request.GET)
    except RegleMetier:  # a NUL or half a character in an address
        filtres = lectures.Filtres()
    lue = lectures.messagerie(espace, filtres)
    if not filtres.siren and request.session.get(NON_LUS, 0) != lue.non_lus:
        request.session[NON_LUS] = lue.non_lus
    return render(request, "espacepro/messagerie/boite.html", {"lue": lue, "filtres": filtres, "themes": lue.themes})


@espace_requis
@require_GET
def entreprise(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """The exchanges of one company, as a tab of its page."""
    vue = lire_entreprise(espace, siren)
    if vue is None:
        raise Http404
    ecrit = peut_ecrire(espace, vue.personne)
    if not ecrit and not peut_lire(espace, vue.personne):  # who writes reads
        raise Http404
    try:
        lus = lectures.lire_filtres(request.GET)
    except RegleMetier:
        lus = lectures.Filtres()
    filtres = lectures.Filtres(boite=lus.boite, q=lus.q, theme=lus.theme, siren=vue.personne.siren, avant=lus.avant)
    lue = lectures.messagerie(espace, filtres, seule=vue.personne)
    return render(
        request,
        "espacepro/messagerie/entreprise.html",
        {
            "vue": vue,
            "personne": vue.personne,
            "onglet": "messages",
            "lue": lue,
            "filtres": filtres,
            "themes": lue.themes,
            "ecrit": ecrit,
        },
    )


# --- One exchange


def _trouver(espace: Espace, reference: str) -> lectures.EchangeTrouve:
    """Return this exchange. Raises: Http404 where this espace does not read its mailbox."""
    trouve = lectures.trouver_echange(espace, reference)
    if trouve is None:
        raise Http404
    return trouve


@recoit_fichier(TAILLE_D_UN_ENVOI)
@espace_requis
@require_http_methods(["GET", "POST"])
def echange(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """The messages, the oldest first, who has read them; the answer, kept as a draft or sent."""
    lu_d_abord = _trouver(espace, reference)
    trouve = lu_d_abord.echange
    if A_PART in request.GET and lu_d_abord.peut_ecrire and not theme_de(trouve.theme).portail:
        return _des_fichiers(request, espace, trouve.personne, reverse("echange", args=[reference]), trouve)
    formulaire = ReponseForm(request.POST, echange=trouve) if request.method == "POST" else None
    if formulaire is not None and (reponse := _recevoir_reponse(request, espace, trouve, formulaire)) is not None:
        return reponse
    lu = lectures.lire_echange(espace, lu_d_abord, _numero(request.GET.get("page", "")))
    a_marquer = lu.a_marquer()
    if a_marquer:
        noter_la_suite(request, partial(lectures.marquer_lus, espace, a_marquer))
    if formulaire is None:
        garde = lu.brouillon
        formulaire = ReponseForm(initial={"texte": garde.texte} if garde is not None else None, echange=trouve)
    contexte: dict[str, Any] = {"lu": lu, "echange": trouve, "formulaire": formulaire}
    if formulaire.is_bound:  # the draft may be of this very request
        contexte |= du_brouillon(espace, trouve.personne, trouve)
        contexte |= _ce_qui_est_garde(request, trouve.personne, trouve, espace, contexte["pieces"])
    else:
        contexte |= SANS_BROUILLON | {"pieces": lu.pieces_du_brouillon}
        contexte |= _montre(lu.brouillon, contexte["pieces"])
    return render(request, "espacepro/messagerie/echange.html", contexte)


def _recevoir_reponse(
    request: HttpRequest, espace: Espace, trouve: Echange, formulaire: ReponseForm
) -> HttpResponse | None:
    """Keep or send the answer, its files first; None where the page is to be shown again with what was refused."""
    suite, montre = recevoir_pieces(request, formulaire, espace, trouve.personne, echange=trouve)
    if suite is Suite.REVENIR:
        return redirect("echange", trouve.reference)
    if suite is Suite.JOINDRE:
        return redirect(reverse("echange", args=[trouve.reference], query={A_PART: "oui"}))
    if suite is Suite.REFUSER:
        return None
    if "garder" in request.POST:
        faite = _garder(request, espace, trouve.personne, formulaire, echange=trouve)
        return redirect("echange", trouve.reference) if faite is not None else None
    if not formulaire.is_valid():
        return None
    if "relire" in request.POST:
        try:
            garder(request, {"acteur": espace, "personne": trouve.personne, "echange": trouve, "theme": ""})
        except RegleMetier as regle:
            formulaire.refuser(regle)
            return None
        return redirect("echange_relire", trouve.reference)
    try:
        repondre(acteur=espace, echange=trouve, montre=montre, **formulaire.cleaned_data)
    except RegleMetier as regle:
        formulaire.refuser(regle)
        return None
    annoncer_une_fois(request, f"Votre message est envoyé {trouve.service_gestionnaire.au_service}.")
    return redirect("echange", trouve.reference)


def _montre(garde: Brouillon | None, pieces: Iterable[PieceJointe]) -> dict[str, Any]:
    """Return what a page shows of this draft: its print, when it was kept, and no words of another page."""
    garde_le = jour_heure(garde.modifie_le) if garde is not None else ""
    return {"montre": montrer(garde, pieces), "garde_le": garde_le, "ailleurs": None}


def _ce_qui_est_garde(
    request: HttpRequest,
    personne: PersonneSirenisee,
    echange: Echange | None,
    espace: Espace,
    pieces: Iterable[PieceJointe],
) -> dict[str, Any]:
    """Return what a page of what was refused shows of the draft: that it is kept where its words are those typed; else, beside

    them, words that another page has kept since, which are shown from then on; the files as they are now.
    """
    garde = brouillons.brouillon_de(espace, personne, echange)
    dits = tuple(request.POST.get(nom, "").split() for nom in ("objet", "texte"))
    if garde is None or (garde.objet.split(), garde.texte.split()) == dits:
        return _montre(garde, pieces)
    vu = montre_de(request, personne, echange)
    if vu is not None and change_ailleurs(garde, vu, "\n".join(dits[1]), " ".join(dits[0])):
        return _montre(garde, pieces) | {"garde_le": "", "ailleurs": garde}
    montre = replace(montrer(garde, pieces), mots=lire_montre(request.POST.get("montre", "")).mots)
    return {"montre": montre, "garde_le": "", "ailleurs": None}


def _numero(saisie: str) -> int:
    """Return the number of a page, the first for anything else."""
    return int(saisie) if saisie.isdecimal() and 0 < int(saisie[:4]) < 10_000 and len(saisie) < 5 else 1


@espace_requis
@require_POST
def clore(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Close the exchange, from its own page."""
    return _agir(request, espace, reference, clore_echange, "L’échange est clos. Vous pouvez le rouvrir à tout moment.")


@espace_requis
@require_POST
def rouvrir(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """Reopen the exchange."""
    return _agir(request, espace, reference, rouvrir_echange, "L’échange est rouvert : vous pouvez y répondre.")


def _agir(request: HttpRequest, espace: Espace, reference: str, acte: Callable[..., Echange], dit: str) -> HttpResponse:
    try:
        acte(acteur=espace, echange=_trouver(espace, reference).echange)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        annoncer_une_fois(request, dit)
    return redirect("echange", reference)


@espace_requis
@require_GET
def pdf(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """The whole exchange as a PDF, to print or keep; a very long one in parts, of which this page is the list.

    Whoever prints reads: the messages of the part are read, as those that the page of the exchange shows.
    """
    trouve = _trouver(espace, reference).echange
    numero, toutes = request.GET.get("partie", ""), parties(espace, trouve)
    if not numero and len(toutes) > 1:
        return render(request, "espacepro/messagerie/parties.html", {"echange": trouve, "parties": toutes})
    suffixe = f"-partie-{_numero(numero)}" if numero else ""
    try:
        document = imprimer(espace, trouve, _numero(numero), toutes=toutes)
    except PartieInconnue as inconnue:
        raise Http404 from inconnue
    imprimes = next(partie.cles for partie in toutes if partie.numero == _numero(numero))
    noter_la_suite(request, partial(lectures.marquer_lus_parmi, espace, imprimes))
    return HttpResponse(
        document,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="echange-{trouve.reference}{suffixe}.pdf"'},
    )


# --- Writing


@espace_requis
@require_GET
def ecrire_a(request: HttpRequest, espace: Espace) -> HttpResponse:
    """For which company, and what about: the theme says what to attach and the delay to expect."""
    siennes = PersonneSirenisee.objects.filter(pk__in=personnes_de(espace), restreinte_le=None).order_by("denomination")
    siren, code = request.GET.get("siren", ""), request.GET.get("theme", "")
    cherche = _cherche(request)
    trouvees = list(siennes.filter(_repond_a(cherche))) if cherche else list(siennes)
    choisie = next((personne for personne in siennes if personne.siren == siren), None)
    if cherche and choisie not in trouvees:
        choisie = None
    choisi = themes().get(code)
    if choisie is not None and choisi is not None and not choisi.portail:
        return redirect(f"{reverse('message_rediger', args=[siren])}?theme={code}")
    return render(
        request,
        "espacepro/messagerie/ecrire.html",
        {
            "personnes": trouvees or siennes,
            "cherche": cherche,
            "trouvees": len(trouvees),
            "cherchable": len(siennes) > SANS_CHERCHER,
            "choisie": choisie or (trouvees[0] if len(trouvees) == 1 else None),
            "themes": a_choisir(),
            "theme": code,
            "envoye": "continuer" in request.GET,
        },
    )


def _cherche(request: HttpRequest) -> str:
    """Return what is looked for among one's companies; nothing for what cannot be read."""
    try:
        return lire_recherche(request.GET.get("q", ""))
    except RegleMetier:  # a NUL or half a character in an address
        return ""


def _repond_a(cherche: str) -> Q:
    """Return the condition that a company bears these words, or a number that begins so."""
    return contient("denomination", cherche) | Q(siren__startswith=pour_chercher(cherche) or "-")


def _personne(espace: Espace, siren: str) -> PersonneSirenisee:
    """Return this personne. Raises: Http404 where this espace may not read its mailbox; who may not write is told by the act."""
    personne = get_object_or_404(PersonneSirenisee.objects.select_related("service_gestionnaire"), siren=siren)
    if not peut_lire(espace, personne):
        raise Http404
    return personne


@recoit_fichier(TAILLE_D_UN_ENVOI)
@espace_requis
@require_http_methods(["GET", "POST"])
def rediger(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """The text: kept as a draft, which another page shows again before it leaves, or sent from there."""
    personne = _personne(espace, siren)
    garde = brouillons.brouillon_de(espace, personne)
    theme = theme_de(
        request.POST.get("theme") or request.GET.get("theme") or (garde.theme if garde is not None else "")
    )
    if theme.portail:
        return redirect(f"{reverse('message_ecrire')}?siren={personne.siren}")
    if A_PART in request.GET:
        return _des_fichiers(request, espace, personne, _page_du_texte(personne, theme), theme=theme.code)
    if request.method == "POST":
        return _recevoir(request, espace, personne, theme, garde)
    depart = {"objet": garde.objet, "texte": garde.texte} if garde is not None else None
    return _montrer(request, espace, personne, theme, RedactionForm(initial=depart), garde)


def _recevoir(
    request: HttpRequest, espace: Espace, personne: PersonneSirenisee, theme: Theme, garde: Brouillon | None
) -> HttpResponse:
    """Keep, show again, or send what was typed; what is refused is shown where it may be corrected."""
    formulaire = RedactionForm(request.POST)
    suite, montre = recevoir_pieces(request, formulaire, espace, personne, theme=theme.code)
    if suite is Suite.REVENIR:
        return redirect(_page_du_texte(personne, theme))
    if suite is Suite.JOINDRE:
        return redirect(reverse("message_rediger", args=[personne.siren], query={"theme": theme.code, A_PART: "oui"}))
    if suite is Suite.REFUSER:
        return _montrer(request, espace, personne, theme, formulaire, garde)
    if "garder" in request.POST:
        faite = _garder(request, espace, personne, formulaire, theme=theme.code)
        if faite is not None:
            return redirect(f"{reverse('messagerie')}?boite={lectures.BROUILLONS}")
    elif formulaire.is_valid():
        try:
            if "envoyer" in request.POST:
                message = ecrire(
                    acteur=espace, personne=personne, theme=theme.code, montre=montre, **formulaire.cleaned_data
                )
                annoncer_une_fois(
                    request,
                    f"Votre message est envoyé {personne.service_gestionnaire.au_service}. "
                    f"Réponse habituelle : {theme.delai_jours} jours.",
                )
                return redirect("echange", message.echange.reference)
            garder(request, {"acteur": espace, "personne": personne, "echange": None, "theme": theme.code})
        except RegleMetier as regle:
            formulaire.refuser(regle)
        else:
            return redirect("message_relire", personne.siren)
    return _montrer(request, espace, personne, theme, formulaire, garde)


def _page_du_texte(personne: PersonneSirenisee, theme: Theme) -> str:
    return reverse("message_rediger", args=[personne.siren], query={"theme": theme.code})


def _des_fichiers(
    request: HttpRequest,
    espace: Espace,
    personne: PersonneSirenisee,
    page: str,
    echange: Echange | None = None,
    *,
    theme: str = "",
) -> HttpResponse:
    """The files of a draft, apart from its text: without script, a sending too heavy takes nothing that was typed with it."""
    if request.method == "POST":
        recevoir_a_part(request, espace, personne, theme=theme, echange=echange)
        return redirect(request.get_full_path())
    contexte = {"personne": personne, "page": page, "theme": theme}
    return render(request, "espacepro/messagerie/fichiers.html", contexte | du_brouillon(espace, personne, echange))


@espace_requis
@require_GET
def relire(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """The draft as it would leave: what is sent is what this page shows. Where none could leave, the page of writing."""
    personne = _personne(espace, siren)
    garde = brouillons.brouillon_de(espace, personne)
    if garde is None or not garde.objet or not garde.texte or theme_de(garde.theme).portail:
        return redirect("message_rediger", personne.siren)
    fichiers = du_brouillon(espace, personne)
    contexte = {
        "personne": personne,
        "theme": theme_de(garde.theme),
        "brouillon": garde,
        "envoi": brouillons.cle_d_envoi(garde, fichiers["pieces"]),
        "montre": montrer(garde, fichiers["pieces"]),
        "autres_lecteurs": [lecteur for lecteur in lecteurs_de(personne) if lecteur != espace],
    }
    return render(request, "espacepro/messagerie/relire.html", contexte | fichiers)


@espace_requis
@require_GET
def relire_reponse(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """The answer as it would leave: what is sent is what this page shows. Where none could leave, the page of the exchange."""
    trouve = _trouver(espace, reference).echange
    garde = brouillons.brouillon_de(espace, trouve.personne, trouve)
    if garde is None or not garde.texte:
        return redirect("echange", reference)
    fichiers = du_brouillon(espace, trouve.personne, trouve)
    contexte = {
        "echange": trouve,
        "theme": theme_de(trouve.theme),
        "brouillon": garde,
        "envoi": brouillons.cle_d_envoi(garde, fichiers["pieces"]),
        "montre": montrer(garde, fichiers["pieces"]),
        "autres_lecteurs": [lecteur for lecteur in lecteurs_de(trouve.personne) if lecteur != espace],
    }
    return render(request, "espacepro/messagerie/relire_reponse.html", contexte | fichiers)


def _garder(
    request: HttpRequest,
    espace: Espace,
    personne: PersonneSirenisee,
    formulaire: RedactionForm | ReponseForm,
    *,
    theme: str = "",
    echange: Echange | None = None,
) -> str | None:
    """Keep what was typed as a draft, whole or not; return what is said of it, None where it is refused (the form says why)."""
    try:
        garde = garder(request, {"acteur": espace, "personne": personne, "echange": echange, "theme": theme})
    except RegleMetier as regle:
        formulaire.errors.clear()
        formulaire.refuser(regle)
        return None
    dit = GARDE if garde is not None else "Il n’y avait rien à garder : le brouillon est vide."
    annoncer_une_fois(request, dit)
    return dit


def _montrer(
    request: HttpRequest,
    espace: Espace,
    personne: PersonneSirenisee,
    theme: Theme,
    formulaire: RedactionForm,
    garde: Brouillon | None,
) -> HttpResponse:
    contexte: dict[str, Any] = {
        "personne": personne,
        "theme": theme,
        "formulaire": formulaire,
        "autres_lecteurs": [lecteur for lecteur in lecteurs_de(personne) if lecteur != espace],
        **du_brouillon(espace, personne),
    }
    if formulaire.is_bound:
        garde = brouillons.brouillon_de(espace, personne)
        contexte |= _ce_qui_est_garde(request, personne, None, espace, contexte["pieces"])
    else:
        contexte |= _montre(garde, contexte["pieces"])
    return render(request, "espacepro/messagerie/rediger.html", contexte | {"brouillon": garde})


@espace_requis
@require_POST
def effacer_brouillon(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponse:
    """Erase a draft of one's own; one that is gone already is no fault."""
    garde = Brouillon.objects.filter(pk=cle, espace=espace).first()
    if garde is not None:
        brouillons.effacer(acteur=espace, brouillon=garde)
    annoncer_une_fois(request, "Le brouillon est effacé.")
    return redirect(f"{reverse('messagerie')}?boite={lectures.BROUILLONS}")
