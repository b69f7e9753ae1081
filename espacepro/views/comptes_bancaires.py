"""The accounts that a company pays from: a tab of its page, and the acts on one account (R20, CGU §4.d).

Who may see or change them is asked of `services.banque.droits`, as the acts do; for anybody else no such page exists.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.compteurs.double_envoi import FENETRE_DU_DOUBLE_ENVOI, annoncer_une_fois
from accounts.forms.reauthentification import ConfirmationForm
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.etapes import pages_gardees
from accounts.portes.reauthentification import mot_de_passe_prouve, reauthentification_requise
from accounts.saisies.regles import RegleMetier
from habilitations.lectures.entreprise import Entreprise
from habilitations.lectures.entreprise import entreprise as lire_entreprise
from habilitations.tableurs.ecriture import en_csv
from services.banque import droits
from services.banque.avis import dire_prevenus
from services.banque.comptes import (
    CompteDejaEnregistre,
    CompteRetire,
    CompteSuspendu,
    ajouter_compte,
    est_cet_ajout,
    montrer_iban,
    renommer_titulaire,
    retire,
    retirer_compte,
    verifier_ajout,
)
from services.banque.export import COLONNES_EXPORT, exporter_comptes
from services.banque.forms import IbanForm, RelectureForm, RemiseForm, TitulaireForm
from services.banque.iban import en_groupes, lire_iban, proposer_banque
from services.banque.lectures import Compte, comptes_de, dernier_signalement, derniers_changements
from services.banque.mandat import (
    TropDeCorrectionsDeRemise,
    annuler_remise,
    editer_mandat,
    exiger_editable,
    noter_remise,
)
from services.banque.signalable import refus_de_signaler, signalable_jusqu_au
from services.banque.signalement import reprendre_signalement, signaler_changement
from services.messagerie.droits import peut_ecrire
from services.models import ChangementBancaire, ReferenceBancaire, SignalementBancaire

MANDAT_PRET: Final = "mandat_pret"
PRET: Final = 5 * 60  # seconds: how long a proof of the password gives one mandate
MONTRE: Final = 60  # seconds: how long a whole IBAN stays on the screen
RESTE_SIGNALE: Final = "Le compte reste suspendu : ce changement est aussi signalé par d’autres que vous."
CORRIGE: Final = "Ce que vous venez d’y changer n’est pas enregistré : renommez son titulaire, ou supprimez-le pour l’ajouter de nouveau."


@dataclass(frozen=True)
class Sujet:
    """The company of the page, and the one account that it is about."""

    vue: Entreprise
    reference: ReferenceBancaire

    @property
    def liste(self) -> str:
        return reverse("comptes_bancaires", args=[self.vue.personne.siren])

    @property
    def contexte(self) -> dict[str, Any]:
        return {"vue": self.vue, "personne": self.vue.personne, "reference": self.reference, "liste": self.liste}


def _vue(espace: Espace, siren: str, permission: str) -> Entreprise:
    """Return what this espace sees of this SIREN. Raises: Http404 where it has not this permission."""
    vue = lire_entreprise(espace, siren)
    if vue is None or not droits.peut(espace, permission, vue.personne):
        raise Http404
    return vue


def _sujet(espace: Espace, siren: str, cle: UUID) -> Sujet:
    """Return this account of this company, for who manages it. Raises: Http404; a removed one is found, the act says so."""
    vue = _vue(espace, siren, droits.GERER)
    reference = get_object_or_404(ReferenceBancaire.objects.select_related("mandat"), pk=cle, personne=vue.personne)
    reference.personne = vue.personne
    return Sujet(vue, reference)


def _refus(request: HttpRequest, sujet: Sujet, regle: RegleMetier) -> HttpResponse:
    """Say why nothing was done, and go back to the list."""
    messages.error(request, str(regle))
    return redirect(sujet.liste)


@espace_requis
@require_GET
def liste(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """The accounts, masked, and the mandates to hand over; without acts for who only pays."""
    return _montrer_liste(request, _vue(espace, siren, droits.VOIR), espace)


def _montrer_liste(
    request: HttpRequest, vue: Entreprise, espace: Espace, bound: tuple[UUID, RemiseForm] | None = None
) -> HttpResponse:
    gere = droits.peut(espace, droits.GERER, vue.personne)
    comptes = comptes_de(vue.personne)
    changements = derniers_changements(vue.personne) if gere else []
    corrige = (
        bound[0] if bound else None
    )  # a date that is refused is shown where it was typed, whatever became of the mandate
    a_remettre = [  # the newest first: the account that was just added is the one that one comes for
        _a_remettre(compte, bound)
        for compte in sorted(comptes, key=lambda compte: compte.reference.ajoutee_le, reverse=True)
        if gere and (compte.mandat_a_remettre or compte.reference.pk == corrige)
    ]
    return render(
        request,
        "espacepro/comptes/liste.html",
        {
            "vue": vue,
            "personne": vue.personne,
            "onglet": "comptes",
            "comptes": comptes,
            "gere": gere,
            "a_remettre": a_remettre,
            "changements": changements,
            "anciens": [un for un in changements if signalable_jusqu_au(un) <= timezone.now()],
            "ics": settings.ICS,
            "formulaire_refuse": bound[1] if bound and any(c.reference.pk == corrige for c in comptes) else None,
        },
    )


def _a_remettre(compte: Compte, bound: tuple[UUID, RemiseForm] | None) -> dict[str, Any]:
    """Return the course of one mandate, with its one field."""
    reference, mandat = compte.reference, compte.reference.mandat
    propre = bound is not None and bound[0] == reference.pk
    formulaire = bound[1] if propre and bound else _remise(reference)
    etapes = [
        {"titre": "Compte ajouté", "etat": "fait", "date": timezone.localdate(reference.ajoutee_le)},
        {
            "titre": "Mandat édité" if mandat.edite_le else "Mandat à éditer",
            "etat": "fait" if mandat.edite_le else "en_cours",
            "date": timezone.localdate(mandat.edite_le) if mandat.edite_le else None,
            "detail": "" if mandat.edite_le else "Éditez-le, datez-le et signez-le.",
        },
        {
            "titre": "Remettez-le à votre banque, daté et signé, avant le premier paiement",
            "etat": "en_cours" if mandat.edite_le else "a_venir",
        },
        {
            "titre": "Enregistré par la banque",
            "etat": "a_venir",
            "detail": "Sa réponse vous parviendra : mandat accepté, ou refusé et pourquoi.",
        },
    ]
    return {"compte": compte, "etapes": etapes, "formulaire": formulaire}


def _remise(reference: ReferenceBancaire, donnees: Any = None) -> RemiseForm:
    return RemiseForm(donnees, auto_id=f"id_%s_{reference.pk.hex}", initial={"le": timezone.localdate()})


@reauthentification_requise
@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def ajouter(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """An IBAN typed, then read again with its bank, then confirmed."""
    vue = _vue(espace, siren, droits.GERER)
    if request.method == "POST" and "confirmer" in request.POST:
        return _confirmer(request, espace, vue)
    depart = {"titulaire": vue.personne.denomination}
    if "corriger" in request.POST:
        depart = {nom: request.POST.get(nom, "") for nom in ("iban", "titulaire")}
        depart["iban"] = _comme_sur_un_rib(depart["iban"])
    saisie = IbanForm(
        request.POST if request.method == "POST" and "corriger" not in request.POST else None, initial=depart
    )
    if saisie.is_bound and saisie.is_valid():
        try:
            iban = verifier_ajout(acteur=espace, personne=vue.personne, iban=saisie.cleaned_data["iban"])
        except RegleMetier as regle:
            saisie.refuser(regle)
        else:
            proposee = proposer_banque(iban)
            relecture = RelectureForm(
                initial={
                    "iban": iban,
                    "titulaire": saisie.cleaned_data["titulaire"],
                    "banque": proposee.nom,
                    "bic": proposee.bic,
                }
            )
            return _relire(request, vue, relecture, iban)
    return render(
        request, "espacepro/comptes/ajouter.html", {"vue": vue, "personne": vue.personne, "formulaire": saisie}
    )


def _comme_sur_un_rib(saisi: str) -> str:
    """Return an IBAN in groups of four, to be compared with the paper; what is none as it was typed."""
    try:
        return en_groupes(lire_iban(saisi))
    except RegleMetier:
        return saisi


def _relire(request: HttpRequest, vue: Entreprise, relecture: RelectureForm, iban: str) -> HttpResponse:
    contexte = {"vue": vue, "personne": vue.personne, "formulaire": relecture, "iban": en_groupes(iban)}
    return render(request, "espacepro/comptes/relire.html", contexte)


def _confirmer(request: HttpRequest, espace: Espace, vue: Entreprise) -> HttpResponse:
    """Add the account that was read again; what is refused of it is shown where it may be corrected."""
    relecture = RelectureForm(request.POST)
    if not relecture.is_valid():
        if "iban" in relecture.errors:
            saisie = IbanForm(request.POST)
            return render(
                request, "espacepro/comptes/ajouter.html", {"vue": vue, "personne": vue.personne, "formulaire": saisie}
            )
        return _relire(request, vue, relecture, relecture.cleaned_data["iban"])
    liste_ = reverse("comptes_bancaires", args=[vue.personne.siren])
    try:
        reference = ajouter_compte(acteur=espace, personne=vue.personne, **relecture.cleaned_data)
    except CompteDejaEnregistre as regle:
        deja = regle.contexte["reference"]
        if timezone.now() - regle.contexte["ajoutee_le"] >= FENETRE_DU_DOUBLE_ENVOI:
            messages.error(request, str(regle))
        elif est_cet_ajout(deja, **relecture.cleaned_data):
            annoncer_une_fois(request, _dire_l_ajout(vue, deja))
        else:
            messages.error(request, f"{regle} {CORRIGE}")
        return redirect(liste_)
    except RegleMetier as regle:
        relecture.refuser(regle)
        return _relire(request, vue, relecture, relecture.cleaned_data.get("iban", request.POST["iban"]))
    annoncer_une_fois(request, _dire_l_ajout(vue, reference))
    return redirect(liste_)


def _dire_l_ajout(vue: Entreprise, reference: ReferenceBancaire) -> SafeString:
    """Return which account was added, with the way to its mandate."""
    return format_html(
        'Le compte <span class="ep-insecable">{}</span> est ajouté. <a href="{}">Éditez son mandat</a> et remettez-le à votre banque '
        "avant le premier paiement.",
        reference.iban_masque,
        reverse("compte_bancaire_mandat", args=[vue.personne.siren, reference.pk]),
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def renommer(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """The holder's name, the one thing that changes of an account."""
    sujet = _sujet(espace, siren, cle)
    depart = {"titulaire": sujet.reference.titulaire, "montre": sujet.reference.titulaire}
    formulaire = TitulaireForm(request.POST if request.method == "POST" else None, initial=depart)
    if formulaire.is_bound and formulaire.is_valid():
        try:
            renommer_titulaire(acteur=espace, reference=sujet.reference, **formulaire.cleaned_data)
        except (CompteRetire, CompteSuspendu) as regle:
            return _refus(request, sujet, regle)
        except RegleMetier as regle:
            formulaire.refuser(regle)
            formulaire.data = formulaire.data.copy()
            formulaire.data["montre"] = regle.contexte.get("titulaire", formulaire.data["montre"])
        else:
            annoncer_une_fois(request, f"Le titulaire est renommé. {dire_prevenus(sujet.vue.personne)}")
            return redirect(sujet.liste)
    return render(request, "espacepro/comptes/renommer.html", {**sujet.contexte, "formulaire": formulaire})


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def supprimer(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """Confirm, then remove."""
    sujet = _sujet(espace, siren, cle)
    if request.method == "POST":
        try:
            retirer_compte(acteur=espace, reference=sujet.reference)
        except RegleMetier as regle:
            return _refus(request, sujet, regle)
        messages.success(request, f"Le compte est supprimé. {dire_prevenus(sujet.vue.personne)}")
        return redirect(sujet.liste)
    return render(request, "espacepro/comptes/supprimer.html", sujet.contexte)


@sensitive_post_parameters()
@espace_requis
@require_http_methods(["GET", "POST"])
def iban(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """The whole IBAN, for a minute, once the password is typed again."""
    sujet = _sujet(espace, siren, cle)

    def montrer() -> HttpResponse:
        entier = montrer_iban(acteur=espace, reference=sujet.reference)
        contexte = {**sujet.contexte, "iban": en_groupes(entier), "secondes": MONTRE}
        reponse = render(request, "espacepro/comptes/iban.html", contexte)
        reponse["Refresh"] = f"{MONTRE}; url={sujet.liste}"
        return reponse

    return _avec_mot_de_passe(request, sujet, montrer, "espacepro/comptes/iban_demander.html")


@sensitive_post_parameters()
@espace_requis
@require_http_methods(["GET", "POST"])
def mandat(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """Ask the password, then say that the mandate is ready and what is to be done of it: a file would leave the page as it was."""
    sujet = _sujet(espace, siren, cle)

    def promettre() -> HttpResponse:
        exiger_editable(sujet.reference)
        request.session[MANDAT_PRET] = {"compte": sujet.reference.pk.hex, "prouve_le": time.time(), "pris_le": None}
        return redirect("compte_bancaire_mandat", siren, cle)

    if request.method == "GET" and _mandat_pret(request, sujet.reference):
        return render(request, "espacepro/comptes/mandat_pret.html", {**sujet.contexte, "minutes": PRET // 60})
    return _avec_mot_de_passe(request, sujet, promettre, "espacepro/comptes/mandat.html")


def _mandat_pret(request: HttpRequest, reference: ReferenceBancaire) -> bool:
    """Whether the password was proved in this session for the mandate of this account, and gave none yet: a double press is one."""
    pret = request.session.get(MANDAT_PRET, {})
    if pret.get("compte") != reference.pk.hex or not 0 <= time.time() - pret["prouve_le"] <= PRET:
        return False
    return pret["pris_le"] is None or time.time() - pret["pris_le"] <= FENETRE_DU_DOUBLE_ENVOI.total_seconds()


@espace_requis
@require_POST
def mandat_pdf(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """The mandate as a PDF, once for each proof of the password: made as it is asked for, kept nowhere, the session has but its key."""
    sujet = _sujet(espace, siren, cle)
    if not _mandat_pret(request, sujet.reference):
        messages.info(
            request, "Ce téléchargement a servi ou n’est plus possible : saisissez de nouveau votre mot de passe."
        )
        return redirect("compte_bancaire_mandat", siren, cle)
    try:
        pdf = editer_mandat(acteur=espace, reference=sujet.reference)
    except RegleMetier as regle:
        return _refus(request, sujet, regle)
    request.session[MANDAT_PRET] = request.session[MANDAT_PRET] | {"pris_le": time.time()}
    nom = f"mandat-sepa-{sujet.reference.derniers}.pdf"
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{nom}"'}
    )


def _avec_mot_de_passe(
    request: HttpRequest, sujet: Sujet, faire: Callable[[], HttpResponse], gabarit: str
) -> HttpResponse:
    """Ask the password, always, then do this."""
    formulaire: Form = ConfirmationForm(request.POST if request.method == "POST" else None)
    if formulaire.is_bound and formulaire.is_valid():
        if mot_de_passe_prouve(request, formulaire.cleaned_data[ConfirmationForm.CHAMP]):
            try:
                return faire()
            except RegleMetier as regle:
                return _refus(request, sujet, regle)
        formulaire.add_error(ConfirmationForm.CHAMP, "Ce mot de passe n’est pas reconnu.")
    return render(request, gabarit, {**sujet.contexte, "formulaire": formulaire})


@espace_requis
@require_POST
def remise(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """Tick that the mandate was handed to the bank, and when."""
    sujet = _sujet(espace, siren, cle)
    if "annuler" in request.POST:
        try:
            annuler_remise(acteur=espace, reference=sujet.reference)
        except RegleMetier as regle:
            return _refus(request, sujet, regle)
        annoncer_une_fois(request, "C’est noté : ce mandat reste à remettre à la banque.")
        return redirect(sujet.liste)
    formulaire = _remise(sujet.reference, request.POST)
    if formulaire.is_valid():
        try:
            noter_remise(acteur=espace, reference=sujet.reference, le=formulaire.cleaned_data["le"])
        except (CompteRetire, CompteSuspendu, TropDeCorrectionsDeRemise) as regle:
            return _refus(request, sujet, regle)
        except RegleMetier as regle:
            formulaire.refuser(regle)
        else:
            annoncer_une_fois(
                request,
                "C’est noté : le mandat est remis à la banque. La banque répond, et sa réponse vous parviendra : vous n’avez rien "
                "d’autre à faire.",
            )
            return redirect(sujet.liste)
    if sujet.reference.supprimee_le is not None:
        return _refus(request, sujet, retire(sujet.reference))
    return _montrer_liste(request, sujet.vue, espace, (sujet.reference.pk, formulaire))


@espace_requis
@require_http_methods(["GET", "POST"])
def signaler(request: HttpRequest, espace: Espace, siren: str, cle: UUID) -> HttpResponse:
    """« Ce n’est pas nous »: where the mail of a change leads whoever was told of it; what became of it once it was said."""
    vue = lire_entreprise(espace, siren)
    gere = vue is not None and droits.peut(espace, droits.GERER, vue.personne)
    if vue is None or not (gere or droits.peut(espace, droits.SIGNALER, vue.personne)):  # who manages may say so
        raise Http404
    changement = get_object_or_404(
        ChangementBancaire.objects.select_related("reference", "espace"), pk=cle, reference__personne=vue.personne
    )
    changement.reference.personne = vue.personne
    lu = dernier_signalement(changement, espace)
    if request.method == "POST":
        try:
            if "reprendre" in request.POST and lu.dernier is not None:
                frais = reprendre_signalement(acteur=espace, signalement=lu.dernier)
                seul = frais.etat != SignalementBancaire.Etat.DEPOSE
                suite = dire_prevenus(vue.personne) if seul else RESTE_SIGNALE
                dit = f"Votre signalement est repris. {suite}"
            else:
                signaler_changement(acteur=espace, changement=changement)
                dit = "Votre signalement est enregistré : ce compte ne peut plus servir à payer, et le service gestionnaire en décide."
                dit += f" {dire_prevenus(vue.personne)}"
        except RegleMetier as regle:
            messages.error(request, str(regle))
        else:
            annoncer_une_fois(request, dit)
        return redirect(request.path)
    refus = refus_de_signaler(espace, changement, gere=gere)
    contexte = {
        "vue": vue,
        "personne": vue.personne,
        "changement": changement,
        "reference": changement.reference,
        "signalement": lu.dernier,
        "lu": lu,
        "refus": refus,
        "jusqu_au": signalable_jusqu_au(changement),
        "ecrit": refus is not None and peut_ecrire(espace, vue.personne),
        "gere": gere,
    }
    return render(request, "espacepro/comptes/signaler.html", contexte)


@reauthentification_requise
@espace_requis
@require_POST
def exporter(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """What is held of the accounts of this company, masked, for a spreadsheet. A POST, since it leaves a line in the journal."""
    vue = _vue(espace, siren, droits.VOIR)
    nom = f"comptes-bancaires-{vue.personne.siren}.csv"
    return HttpResponse(
        en_csv(COLONNES_EXPORT, exporter_comptes(acteur=espace, personne=vue.personne)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{nom}"'},
    )
