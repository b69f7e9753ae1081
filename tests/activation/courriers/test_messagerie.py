"""R8: a code goes into the messagerie only where a représentant légal, who is not the requester, reads it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.envois import courriels
from accounts.models import Compte, Courriel, Espace, Evenement
from accounts.saisies.jours_ouvres import apres_jours_ouvres
from activation.courriers import remise
from activation.courriers.codes import presenter
from activation.courriers.messagerie import CodePasEncoreLisible, CodePlusLisible, lire_code
from activation.demandes.activation import activer
from activation.demandes.retours import constater_retour
from activation.demandes.substitution import Choix, deposer_substitution
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier
from habilitations.models import Habilitation, Mandat, Role
from services.models import Message, PersonneSirenisee, RepresentantLegal, Service
from tests.activation import scenes
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, accorder, habiliter, representer, siren

pytestmark = pytest.mark.django_db


def il_y_a_longtemps() -> datetime:
    """So long ago that five working days are over, whatever the holidays."""
    return timezone.now() - timedelta(days=15)


@pytest.fixture
def boite() -> Habilitation:
    """A mailbox that the représentant légal of the register opened with a posted code, and read yesterday."""
    personne = PersonneFactory()
    chef = EspaceFactory(nom="Durand", prenom="Jean Noel", siren_appartenance=personne.siren)
    scenes.ouvrir_messagerie(chef, personne)
    registre(personne, "Durand", "Jean-Noël")
    Compte.objects.filter(pk=chef.compte_id).update(last_login=timezone.now() - timedelta(days=1))
    return Habilitation.objects.select_related("espace__compte", "personne", "service", "adhesion").get(espace=chef)


def deposer(boite: Habilitation, espace: Espace | None = None) -> Courrier:
    return scenes.editer(scenes.adhesion(espace, boite.personne))


def test_le_code_passe_par_la_messagerie(boite: Habilitation) -> None:
    courrier = deposer(boite)
    demande = courrier.demande
    assert (courrier.canal, courrier.etat) == ("MESSAGERIE", "EDITE")
    message = Message.objects.get()
    assert message.echange.personne == boite.personne
    assert reverse("code_recu", args=[courrier.pk]) in message.texte
    assert demande.reference in message.texte
    assert "appartenir à l’organisation de SIREN 552\u00a0032\u00a0534 et agir" in message.texte, (
        "who asks is of another"
    )
    code = presenter(scenes.code(demande))
    scenes.remettre(courrier, il_y_a_longtemps())
    assert lire_code(acteur=boite.espace, courrier=courrier) == code
    partout = str([list(m.objects.values()) for m in (Message, Courrier, Courriel, Evenement)])
    assert code not in partout
    assert code.replace("-", "") not in partout
    avis = courriels.composer(Courriel.objects.get(genre="message_recu"))
    assert avis.to == [boite.espace.compte.email]
    assert activer(acteur=demande.espace, demande=demande, saisie=code).adhesions
    assert Mandat.objects.get(demande=demande.reference).courrier_canal == "MESSAGERIE"
    assert Evenement.objects.filter(acte="code.lu", auteur=boite.espace.numero_abonne).count() == 1


def mandat(boite: Habilitation, **champs: object) -> None:
    Mandat.objects.filter(pk=boite.adhesion.mandat_id).update(**champs)


def nommer(espace: Espace, nom: str, prenom: str) -> None:
    Espace.objects.filter(pk=espace.pk).update(nom=nom, prenom=prenom)


def registre(personne: PersonneSirenisee, nom: str, prenoms: str = "", source: str = "INSEE") -> None:
    """As if that was on record; with no name, nobody is, whatever the column of the letter says."""
    RepresentantLegal.objects.filter(personne=personne).delete()
    if nom:
        representer(personne, nom, prenoms, source=source)


def lettre_lue_par(boite: Habilitation, demandeur: str) -> None:
    """As if the code of the mailbox had been handed over to a holder of that name."""
    courrier = Courrier.objects.get(demande__espace=boite.espace)
    courrier.contenu["demandeur"] = demandeur
    courrier.save()


# What keeps the code out of the mailbox: what is done to it, given the requester.
PAR_LA_POSTE: dict[str, Callable[[Habilitation, Espace], object]] = {
    "le_demandeur_est_delegataire": lambda boite, demandeur: accorder(boite, demandeur, Role.ACTEUR),
    "le_demandeur_est_en_veille": lambda boite, demandeur: accorder(
        boite, demandeur, Role.SUPPLEANT, etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now()
    ),
    "un_delegataire_a_son_nom": lambda boite, _: accorder(
        boite, EspaceFactory(nom="martin", prenom="Jeanne"), Role.ACTEUR
    ),
    "mandataire": lambda boite, _: mandat(boite, qualite="personne mandatée"),
    "mandat_d_un_autre": lambda boite, _: mandat(boite, mandataire=EspaceFactory()),
    "ouverte_par_messagerie": lambda boite, _: mandat(boite, courrier_canal="MESSAGERIE"),
    "boite_dormante": lambda *_: Compte.objects.update(last_login=timezone.now() - timedelta(days=30, seconds=1)),
    "jamais_connecte": lambda *_: Compte.objects.update(last_login=None),
    "espace_desactive": lambda boite, _: Espace.objects.filter(pk=boite.espace_id).update(etat="DESACTIVE"),
    "il_n_est_pas_celui_du_registre": lambda boite, _: (
        nommer(boite.espace, "Faux", "Chef"),
        mandat(boite, representant_legal="Chef Faux"),
        lettre_lue_par(boite, "Chef Faux"),
    ),
    "le_registre_ne_nomme_personne": lambda boite, _: registre(boite.personne, ""),
    "le_registre_a_change": lambda boite, _: registre(boite.personne, "Petit", "Anne"),
    "il_a_pris_le_nom_apres_coup": lambda boite, _: lettre_lue_par(boite, "Jean Tricheur"),
    "il_a_change_de_nom": lambda boite, _: nommer(boite.espace, "Dupont", "Jean Noel"),
    "un_seul_mot": lambda boite, _: (
        nommer(boite.espace, "Durand", ""),
        registre(boite.personne, "Durand"),
        mandat(boite, representant_legal="Durand"),
        lettre_lue_par(boite, "Durand"),
    ),
    "une_societe_du_meme_nom_le_represente": lambda boite, _: registre(boite.personne, "DURAND JEAN NOEL"),
    "le_registre_disait_autre_chose": lambda boite, _: mandat(boite, representant_legal="Anne Petit"),
    "la_preuve_est_effacee": lambda *_: Courrier.objects.update(contenu={}),
    "meme_organisation": lambda boite, demandeur: Espace.objects.filter(pk=boite.espace_id).update(
        siren_appartenance=demandeur.siren_appartenance
    ),
    "ouverte_depuis_89_jours": lambda boite, _: mandat(
        boite, code_saisi_le=timezone.now() - timedelta(days=90) + timedelta(minutes=1)
    ),
    "il_tient_le_service_demande": lambda boite, _: scenes.tenir(boite.espace, boite.personne, "DEMANDE"),
    "il_a_habilite_le_demandeur_autrefois": lambda boite, demandeur: scenes.terminer(
        accorder(boite, demandeur, Role.ACTEUR)
    ),
    "le_demandeur_l_a_habilite_ailleurs": lambda boite, demandeur: accorder(
        habiliter(demandeur), boite.espace, Role.SUPPLEANT
    ),
    "un_tiers_les_a_habilites_tous_deux": lambda boite, demandeur: scenes.habiliter_tous(boite.espace, demandeur),
    "pas_de_messagerie": lambda *_: Service.objects.filter(code="MSG").update(famille="DECLARER"),
}


@pytest.mark.parametrize("cas", PAR_LA_POSTE)
def test_par_la_poste_sinon(boite: Habilitation, cas: str) -> None:
    demandeur = EspaceFactory(nom="Martin", prenom="Jeanne", siren_appartenance=siren(404))
    PAR_LA_POSTE[cas](boite, demandeur)
    if cas == "il_tient_le_service_demande":
        service = Service.objects.get(code="DEMANDE")
        choix = [Choix(boite.personne, [service])]
        (demande,) = deposer_substitution(acteur=demandeur, choix=choix, qualite="MANDATAIRE")
        assert scenes.editer(demande).canal == Courrier.Canal.POSTAL
    else:
        assert deposer(boite, demandeur).canal == Courrier.Canal.POSTAL
    assert not Message.objects.exists()


def test_par_la_poste_quand_le_lecteur_demande(boite: Habilitation) -> None:
    assert deposer(boite, boite.espace).canal == Courrier.Canal.POSTAL
    assert deposer(boite, EspaceFactory(nom="JEAN-NOËL", prenom="durand")).canal == Courrier.Canal.POSTAL


def test_le_second_courrier_part_par_la_poste(boite: Habilitation) -> None:
    courrier = deposer(boite)
    demande = courrier.demande
    nouveau = demander_nouveau_courrier(
        acteur=demande.espace, demande=demande, maintenant=timezone.now() + timedelta(days=15)
    )
    assert nouveau.canal == Courrier.Canal.POSTAL
    with pytest.raises(CodePlusLisible):
        lire_code(acteur=boite.espace, courrier=courrier)


@pytest.mark.parametrize(
    "cas", ["delegataire", "demandeur", "etranger", "terminee", "expiree", "demandeur_devenu_lecteur"]
)
def test_qui_ne_lit_pas_le_code(boite: Habilitation, cas: str) -> None:
    courrier = deposer(boite)
    scenes.remettre(courrier, il_y_a_longtemps())
    demande, lecteur, instant = courrier.demande, boite.espace, timezone.now()
    if cas == "delegataire":
        lecteur = accorder(boite, EspaceFactory(), Role.SUPPLEANT).espace
    elif cas == "demandeur":
        lecteur = demande.espace
    elif cas == "etranger":
        lecteur = EspaceFactory()
    elif cas == "terminee":
        annuler_demande(acteur=demande.espace, demande=demande)
    elif cas == "expiree":
        instant = courrier.expire_le + timedelta(seconds=1)
        Compte.objects.update(last_login=instant)
    else:
        accorder(boite, demande.espace, Role.ACTEUR)
    with pytest.raises(CodePlusLisible):
        lire_code(acteur=lecteur, courrier=courrier, maintenant=instant)


def test_page(boite: Habilitation, client_de: Callable[[Espace], Client]) -> None:
    courrier = deposer(boite)
    page = reverse("code_recu", args=[courrier.pk])
    scenes.remettre(courrier, il_y_a_longtemps())
    code = presenter(scenes.code(courrier.demande))
    lecteur = client_de(boite.espace)
    assert code not in lecteur.get(page).content.decode()
    assert not Evenement.objects.filter(acte="code.lu").exists(), "GET reads nothing"
    assert code in lecteur.post(page).content.decode()
    delegataire = accorder(boite, EspaceFactory(), Role.SUPPLEANT).espace
    for autre in (delegataire, courrier.demande.espace, EspaceFactory()):
        assert client_de(autre).get(page).status_code == 404
        assert client_de(autre).post(page).status_code == 404
    assert (
        client_de(courrier.demande.espace)
        .get(reverse("demande", args=[courrier.demande.reference]))
        .content.decode()
        .count("déposé dans la messagerie")
    )


def test_le_code_n_est_lisible_que_cinq_jours_ouvres_apres_la_lettre(boite: Habilitation) -> None:
    courrier = deposer(boite)
    with pytest.raises(CodePasEncoreLisible, match="cinq jours ouvrés"):  # nothing has left yet
        lire_code(acteur=boite.espace, courrier=courrier, maintenant=timezone.now() + timedelta(days=20))
    scenes.remettre(courrier, timezone.make_aware(datetime(2026, 12, 24, 15)))
    lisible_le = timezone.make_aware(datetime(2027, 1, 4, 15))
    Compte.objects.update(last_login=lisible_le)
    Mandat.objects.update(code_saisi_le=lisible_le - timedelta(days=200))
    with pytest.raises(CodePasEncoreLisible, match="04/01/2027"):
        lire_code(acteur=boite.espace, courrier=courrier, maintenant=lisible_le - timedelta(seconds=1))
    assert lire_code(acteur=boite.espace, courrier=courrier, maintenant=lisible_le)


def test_la_lettre_qui_previent_l_entreprise_part_et_ne_porte_pas_de_code(boite: Habilitation, tmp_path: Path) -> None:
    courrier = deposer(boite)
    code = presenter(scenes.code(courrier.demande))
    lot = remise.remettre(dossier=tmp_path)
    assert lot is not None
    assert (lot.courriers, lot.pages, lot.differents) == (1, 1, [])
    texte = " ".join(page.extract_text() for page in PdfReader(lot.pdf).pages)
    assert code not in texte
    assert code.replace("-", "") not in texte.replace(" ", "")
    assert "messagerie sécurisée" in texte
    assert courrier.demande.espace.nom_complet in " ".join(texte.split())
    courrier.refresh_from_db()
    assert courrier.etat == Courrier.Etat.REMIS
    assert courrier.lisible_le == apres_jours_ouvres(courrier.remis_le, 5)


def test_la_lettre_revenue_ferme_la_boite(boite: Habilitation) -> None:
    courrier = deposer(boite)
    scenes.remettre(courrier, il_y_a_longtemps())
    agent = AgentFactory(service_gestionnaire=boite.personne.service_gestionnaire)
    constater_retour(acteur=agent, courrier=courrier)
    with pytest.raises(CodePlusLisible):
        lire_code(acteur=boite.espace, courrier=courrier)
    nouveau = demander_nouveau_courrier(acteur=courrier.demande.espace, demande=courrier.demande)
    assert nouveau.canal == Courrier.Canal.POSTAL
