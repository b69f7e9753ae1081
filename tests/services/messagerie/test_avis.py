"""Notices of the mailbox: without content, to who may read and has not read when they leave, once (issue 15.10)."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.relais import EnvoiImpossible
from accounts.forms.reauthentification import ConfirmationForm
from accounts.models import Compte, Courriel, Espace, Evenement
from accounts.portes.reauthentification import PROUVE_LE
from habilitations.models import Habilitation, Role
from services.messagerie import avis
from services.messagerie.avis import (
    LIGNES,
    Rythme,
    choisir_rythmes,
    choix_de,
    prevenir,
    prochain_matin,
)
from services.messagerie.remise import remettre
from services.models import (
    AvisDeMessage,
    Brouillon,
    Echange,
    LectureMessage,
    Message,
    PersonneSirenisee,
    PreferenceMessagerie,
)
from tests.factories import MOT_DE_PASSE, EspaceFactory, PersonneFactory, accorder, echanger, habiliter, poser_piece
from tests.scenes import en_parallele
from tests.services.messagerie.scenes import Scene, messagerie, recevoir, repondre_en_agent, scene

pytestmark = pytest.mark.django_db
OBJET, TEXTE = "Contrôle de la TVA de mars", "Vous devez 12 345 euros"
GENRES = ("messagerie_message", "messagerie_resume", "messagerie_entreprise", "piece_ecartee")
MIDI = datetime(2026, 11, 30, 11, tzinfo=UTC)  # noon in Paris
MATIN = datetime(2026, 12, 1, 6, tzinfo=UTC)


@pytest.fixture
def horloge() -> Any:
    with time_machine.travel(MIDI, tick=False) as voyageur:
        yield voyageur


@pytest.fixture
def boite(horloge: time_machine.Traveller) -> Scene:
    return scene(denomination="SCI LES TILLEULS")


def remis(message: Message, maintenant: datetime | None = None) -> Message:
    """Have this message arrive, and the worker write the mails of it."""
    remettre(message, maintenant)
    avis.ecrire_les_avis()
    assert not AvisDeMessage.objects.filter(traite_le=None).exists(), "nothing failed"
    return message


def arriver(boite: Scene, **champs: Any) -> Message:
    boite.personne.refresh_from_db()
    echange = echanger(boite.personne, objet=OBJET, etat=champs.pop("etat", Echange.Etat.REPONDU))
    return remis(recevoir(boite.personne, agent=boite.agent, texte=TEXTE, echange=echange, **champs))


def partir() -> list[tuple[str, str]]:
    """Have the outbox send what is due; return to whom, and the subjects."""
    mail.outbox.clear()
    for courriel in Courriel.objects.en_attente().filter(genre__in=GENRES).order_by("cree_le", "pk"):
        if courriel.prochain_essai_le <= timezone.now():
            courriels.envoyer(str(courriel.pk))
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def adresse(espace: Espace) -> str:
    return Compte.objects.get(espace=espace).email


def quotidien(*espaces: Espace) -> None:
    for espace in espaces:
        choisir_rythmes(acteur=espace, defaut=Rythme.QUOTIDIEN, par_personne={})


def perdre(habilitation: Habilitation) -> None:
    Habilitation.objects.filter(pk=habilitation.pk).update(fin_le=timezone.now(), fin_motif="RETRAIT")


def lire(message: Message, espace: Espace) -> None:
    LectureMessage.objects.create(message=message, lecteur=espace.compte)


def test_aussitot_a_chaque_lecteur_sans_rien_en_dire(boite: Scene) -> None:
    PersonneSirenisee.objects.update(courriel="contact@tilleuls.fr")
    arriver(boite)
    attendu = "Un message vous attend dans la messagerie de SCI LES TILLEULS"
    assert partir() == sorted(
        [
            (adresse(boite.titulaire), attendu),
            (adresse(boite.acteur), attendu),
            ("contact@tilleuls.fr", "Un message attend dans la messagerie sécurisée de SCI LES TILLEULS"),
        ]
    )
    for message in mail.outbox:
        entier = str(message.message())
        corps = str(message.body) + str(message.alternatives[0][0]) + message.subject + entier
        for secret in (OBJET, TEXTE, "12 345", "TVA", boite.personne.siren, "E-2026"):
            assert secret not in corps
    reglage = f"<{settings.SITE_URL}{reverse('preferences_messagerie')}>"
    assert {m.extra_headers.get("List-Unsubscribe") for m in mail.outbox} == {reglage, None}


@pytest.mark.parametrize(("etat", "case"), [("REPONDU", "non-lus"), ("PIECE_DEMANDEE", "a-traiter")])
def test_le_courriel_mene_a_la_case_de_ce_qu_il_dit(boite: Scene, etat: str, case: str) -> None:
    """Not to the whole list, nor by a reference that would tell of the exchange."""
    quotidien(boite.acteur)
    arriver(boite, etat=etat)
    partir()
    lien = f"{settings.SITE_URL}{reverse('messagerie')}?boite="
    (aussitot,) = [str(m.body) for m in mail.outbox if adresse(boite.titulaire) in m.to]
    assert f"{lien}{case}" in aussitot
    client = Client()
    client.force_login(boite.titulaire.compte)  # type: ignore[arg-type]
    assert OBJET in client.get(reverse("messagerie"), {"boite": case}).content.decode()


def test_rien_pour_ce_qui_n_est_pas_a_lire(boite: Scene) -> None:
    echange = echanger(boite.personne)
    remettre(recevoir(boite.personne, agent=boite.agent, echange=echange, interne=True))
    remettre(Message.objects.create(echange=echange, espace=boite.titulaire, texte="Bonjour"))
    prevenir(recevoir(boite.personne, agent=boite.agent, echange=echange, pret_le=None))
    assert not AvisDeMessage.objects.exists()
    avis.ecrire_les_avis()
    assert not Courriel.objects.filter(genre__startswith="messagerie").exists()


def test_un_document_demande(boite: Scene) -> None:
    arriver(boite, etat=Echange.Etat.PIECE_DEMANDEE)
    assert {sujet for _, sujet in partir()} == {"Une pièce vous est demandée dans la messagerie de SCI LES TILLEULS"}


def test_deux_fois_le_meme_n_ecrit_qu_une_fois(boite: Scene) -> None:
    quotidien(boite.acteur)
    message = arriver(boite)
    AvisDeMessage.objects.all().delete()  # forgotten since, and asked for again
    for _ in range(2):
        remis(message)
    assert Courriel.objects.filter(genre__startswith="messagerie").count() == 2
    (resume,) = Courriel.objects.filter(genre="messagerie_resume")
    assert resume.contexte["messages"] == [str(message.pk)]


def test_qui_a_deja_lu_n_est_pas_averti(boite: Scene) -> None:
    """Read between the act and the worker: no mail is written."""
    echange = echanger(boite.personne, etat=Echange.Etat.REPONDU)
    message = remettre(recevoir(boite.personne, agent=boite.agent, echange=echange))
    lire(message, boite.acteur)
    avis.ecrire_les_avis()
    assert [c.espace for c in Courriel.objects.filter(genre__startswith="messagerie")] == [boite.titulaire]


def test_autant_de_requetes_pour_quarante_lecteurs_que_pour_deux(
    boite: Scene,
) -> None:
    """The office's act writes one row of them and waits for none; the worker writes to all at once."""
    comptes = []
    for nombre in (0, 40):
        autres = [accorder(boite.racine, EspaceFactory(), Role.ACTEUR).espace for _ in range(nombre)]
        quotidien(*autres[: nombre // 2], *([] if nombre else [boite.acteur]))
        echange = echanger(boite.personne, etat=Echange.Etat.REPONDU)
        with CaptureQueriesContext(connection) as de_l_acte:
            message = remettre(recevoir(boite.personne, agent=boite.agent, echange=echange))
        assert not any("accounts_courriel" in requete["sql"] for requete in de_l_acte)
        with CaptureQueriesContext(connection) as du_travail:
            assert avis.ecrire_avis(str(message.pk))
        comptes.append((len(de_l_acte), len(du_travail)))
        a_qui = Courriel.objects.filter(contexte__messages__contains=[str(message.pk)])
        assert a_qui.values("espace").distinct().count() == nombre + 2
    assert comptes[0] == comptes[1]


def test_qui_a_perdu_le_droit_entre_temps_n_est_pas_averti(boite: Scene) -> None:
    """Asked when it leaves, not when it was written: the relay may have been dead for a day."""
    du_matin = accorder(boite.racine, EspaceFactory(), Role.SUPPLEANT)
    quotidien(du_matin.espace)
    arriver(boite)
    perdre(du_matin)
    perdre(Habilitation.objects.get(espace=boite.acteur))
    assert [qui for qui, _ in partir()] == [adresse(boite.titulaire)]
    with time_machine.travel(MATIN, tick=False):
        assert partir() == []
    sans_objet = Courriel.objects.filter(derniere_reponse=courriels.SANS_OBJET, traite_le__isnull=False)
    assert {c.espace for c in sans_objet} == {du_matin.espace, boite.acteur}


def test_qui_a_lu_entre_temps_n_est_pas_averti(boite: Scene) -> None:
    quotidien(boite.titulaire)
    message = arriver(boite)
    lire(message, boite.acteur)
    assert partir() == []
    lire(message, boite.titulaire)
    with time_machine.travel(MATIN, tick=False):
        assert partir() == [], "nothing to read, no mail"


def test_resume_un_par_jour_toutes_entreprises(boite: Scene, horloge: time_machine.Traveller) -> None:
    autre = PersonneFactory(denomination="GARAGE DU PORT")
    habiliter(boite.titulaire, personne=autre, service=messagerie())
    quotidien(boite.titulaire)
    arriver(boite)
    arriver(boite, etat=Echange.Etat.PIECE_DEMANDEE)
    remis(recevoir(autre))
    mien = adresse(boite.titulaire)
    assert mien not in dict(partir())
    horloge.move_to(MATIN)
    assert partir() == [(mien, "Dans vos messageries sécurisées, 3 messages à lire")]
    corps = str(mail.outbox[0].body)
    assert "SCI LES TILLEULS\N{NO-BREAK SPACE}: 2 messages, une pièce vous est demandée" in corps
    assert "GARAGE DU PORT\N{NO-BREAK SPACE}: un message" in corps
    assert OBJET not in corps
    assert TEXTE not in corps
    assert partir() == [], "sent once, however often the outbox is swept"
    arriver(boite)
    assert mien not in dict(partir()), "that of today has left"
    horloge.move_to(MATIN + timedelta(days=1))
    assert partir() == [(mien, "Dans vos messageries sécurisées, 1 message à lire")], "what was told is not told again"


def test_le_resume_meurt_a_mi_chemin(
    boite: Scene, horloge: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay dies while it is handed over: it leaves later, once, for who still has the right."""
    quotidien(boite.titulaire)
    arriver(boite)
    partir()
    horloge.move_to(MATIN)

    def mourir(*_: Any) -> int:
        raise EnvoiImpossible("le processus est tombé")

    with monkeypatch.context() as panne:
        panne.setattr(courriels.Liaison, "_remettre", mourir)
        assert partir() == []
    horloge.shift(timedelta(hours=2))
    assert [qui for qui, _ in partir()] == [adresse(boite.titulaire)]
    assert partir() == []


def test_un_message_pendant_que_le_resume_part(boite: Scene, horloge: time_machine.Traveller) -> None:
    """Written just before seven by an act that ends after: it waits for the next morning, and is not lost."""
    quotidien(boite.titulaire)
    arriver(boite)
    horloge.move_to(MATIN)
    partir()
    avant = MATIN - timedelta(seconds=1)
    message = recevoir(boite.personne, agent=boite.agent)
    remis(message, avant)
    horloge.move_to(MATIN + timedelta(days=1))
    assert adresse(boite.titulaire) in dict(partir())


@pytest.mark.parametrize(
    ("instant", "jour"),
    [
        (datetime(2026, 11, 30, 5, 59, 59, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 6, 0, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), date(2026, 12, 1)),  # already the 1st in Paris
        (datetime(2027, 3, 27, 22, 30, tzinfo=UTC), date(2027, 3, 28)),  # the night that has no two o'clock
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), date(2026, 10, 25)),  # the night that has it twice
    ],
)
def test_le_matin_est_celui_de_paris(instant: datetime, jour: date) -> None:
    local = timezone.localtime(prochain_matin(instant))
    assert (local.date(), local.hour, local.minute) == (jour, 7, 0)


def test_l_avis_suit_l_adresse_de_connexion(boite: Scene, horloge: time_machine.Traveller) -> None:
    quotidien(boite.titulaire)
    arriver(boite)
    Compte.objects.filter(espace=boite.titulaire).update(email="neuve@exemple.fr")
    Compte.objects.filter(espace=boite.acteur).update(email="autre@exemple.fr")
    assert [qui for qui, _ in partir()] == ["autre@exemple.fr"]
    arriver(boite)
    horloge.move_to(MATIN)
    assert "neuve@exemple.fr" in dict(partir())
    assert Courriel.objects.filter(genre="messagerie_resume").count() == 1
    assert Courriel.objects.get(genre="messagerie_resume").destinataire == "neuve@exemple.fr"


def test_dix_messages_dans_l_heure(boite: Scene, horloge: time_machine.Traveller) -> None:
    """Six mails at once, then one an hour that tells of all."""
    for _ in range(10):
        arriver(boite)
    mien = adresse(boite.titulaire)
    assert [qui for qui, _ in partir()].count(mien) == settings.DEBIT_AVIS_MESSAGERIE[0]
    horloge.shift(timedelta(hours=1))
    assert dict(partir())[mien] == "Des messages vous attendent dans la messagerie de SCI LES TILLEULS"
    assert "4 messages" in str(next(m for m in mail.outbox if m.to == [mien]).body)


def test_l_adresse_de_l_entreprise(boite: Scene) -> None:
    """Only the confirmed one, the one that is hers when the mail leaves, and not once somebody of the company has read."""
    arriver(boite)
    assert not Courriel.objects.filter(genre="messagerie_entreprise").exists(), "none is confirmed"
    PersonneSirenisee.objects.update(courriel="ancienne@tilleuls.fr")
    message = arriver(boite)
    PersonneSirenisee.objects.update(courriel="nouvelle@tilleuls.fr")
    partis = dict(partir())
    assert ("ancienne@tilleuls.fr" in partis, "nouvelle@tilleuls.fr" in partis) == (False, True), "hers of today"
    message = arriver(boite)
    lire(message, boite.acteur)
    assert "nouvelle@tilleuls.fr" not in dict(partir())
    arriver(boite)
    assert "nouvelle@tilleuls.fr" in dict(partir())
    PersonneSirenisee.objects.update(courriel=adresse(boite.titulaire))
    arriver(boite)
    assert [qui for qui, _ in partir()].count(adresse(boite.titulaire)) == 1, "not told twice at one address"
    PersonneSirenisee.objects.update(courriel="autre@tilleuls.fr")
    arriver(boite)
    Courriel.objects.filter(genre="messagerie_entreprise", traite_le=None).update(prochain_essai_le=timezone.now())
    PersonneSirenisee.objects.update(courriel=adresse(boite.titulaire))
    assert [qui for qui, _ in partir()].count(adresse(boite.titulaire)) == 1, (
        "nor at the one that is a reader's by then"
    )


def test_une_piece_refusee_n_est_dite_qu_a_qui_garde_le_droit(boite: Scene) -> None:
    """The mail of the quarantine (pieces/analyse.py) is asked again when it leaves too."""
    for espace in (boite.titulaire, boite.acteur):
        brouillon = Brouillon.objects.create(espace=espace, personne=boite.personne)
        piece = poser_piece(brouillon=brouillon)
        courriels.deposer(
            "piece_ecartee",
            destinataire=adresse(espace),
            acte=f"piece:{piece.pk}",
            espace=espace,
            contexte={"denomination": boite.personne.denomination, "envoye": False},
        )
    perdre(Habilitation.objects.get(espace=boite.acteur))
    assert [qui for qui, _ in partir()] == [adresse(boite.titulaire)]


def test_une_longue_liste_se_compte(boite: Scene, horloge: time_machine.Traveller) -> None:
    quotidien(boite.titulaire)
    for rang in range(LIGNES + 1):
        personne = PersonneFactory(denomination=f"ENTREPRISE {rang:03}")
        habiliter(boite.titulaire, personne=personne, service=messagerie())
        remis(recevoir(personne))
    arriver(boite)
    horloge.move_to(MATIN)
    partir()
    assert "et 2 autres entreprises" in str(mail.outbox[-1].body) + str(mail.outbox[0].body)


def test_choisir(boite: Scene) -> None:
    cle, etrangere = boite.personne.pk, PersonneFactory().pk
    assert choix_de(boite.titulaire) == {None: "IMMEDIAT"}
    par = {cle: Rythme.QUOTIDIEN, etrangere: Rythme.QUOTIDIEN}
    assert choisir_rythmes(acteur=boite.titulaire, defaut="IMMEDIAT", par_personne=par)
    assert choix_de(boite.titulaire) == {None: "IMMEDIAT", cle: "QUOTIDIEN"}, "what one does not read is passed over"
    assert not choisir_rythmes(acteur=boite.titulaire, defaut="IMMEDIAT", par_personne=par)
    arriver(boite)
    assert {qui for qui, _ in partir()} == {adresse(boite.acteur)}
    assert choisir_rythmes(acteur=boite.titulaire, defaut="QUOTIDIEN", par_personne={cle: ""})
    assert choix_de(boite.titulaire) == {None: "QUOTIDIEN"}
    assert Evenement.objects.filter(acte="avis_messagerie.choisis").count() == 2


def test_page_des_preferences(boite: Scene, client_de: Callable[[Espace], Client]) -> None:
    navigateur, page = client_de(boite.titulaire), reverse("preferences_messagerie")
    assert page in navigateur.get(reverse("preferences")).content.decode()
    contenu = navigateur.get(page).content.decode()
    assert "SCI LES TILLEULS" in contenu
    nom = f"siren_{boite.personne.siren}"
    assert navigateur.post(page, {"defaut": "IMMEDIAT", nom: "QUOTIDIEN"}).status_code == 302
    assert choix_de(boite.titulaire)[boite.personne.pk] == "QUOTIDIEN"
    refusee = navigateur.post(page, {"defaut": "JAMAIS", nom: "QUOTIDIEN"})
    assert list(refusee.context["formulaire"].errors) == ["defaut"]
    assert PreferenceMessagerie.objects.filter(espace=boite.titulaire).count() == 1
    assert "aucune messagerie" in client_de(EspaceFactory()).get(page).content.decode()


@pytest.mark.parametrize(
    ("avant", "apres", "demande"),
    [
        (("IMMEDIAT", ""), ("QUOTIDIEN", ""), True),
        (("IMMEDIAT", ""), ("IMMEDIAT", "QUOTIDIEN"), True),
        (("QUOTIDIEN", "IMMEDIAT"), ("QUOTIDIEN", ""), True),
        (("QUOTIDIEN", "IMMEDIAT"), ("QUOTIDIEN", "QUOTIDIEN"), True),
        (("QUOTIDIEN", ""), ("IMMEDIAT", ""), False),
        (("QUOTIDIEN", "QUOTIDIEN"), ("QUOTIDIEN", ""), False),
        (("IMMEDIAT", "QUOTIDIEN"), ("IMMEDIAT", "IMMEDIAT"), False),
        (("IMMEDIAT", ""), ("IMMEDIAT", "IMMEDIAT"), False),
    ],
)
def test_etre_averti_plus_tard_redemande_le_mot_de_passe(
    boite: Scene,
    client_de: Callable[[Espace], Client],
    avant: tuple[str, str],
    apres: tuple[str, str],
    demande: bool,
) -> None:
    """Who took a session over would first have the holder told a day later; what makes it sooner asks nothing."""
    cle, nom = boite.personne.pk, f"siren_{boite.personne.siren}"
    choisir_rythmes(acteur=boite.titulaire, defaut=avant[0], par_personne={cle: avant[1]})
    client, page = client_de(boite.titulaire), reverse("preferences_messagerie")
    session = client.session
    session[PROUVE_LE] = 0
    session.save()
    voulu = {None: apres[0]} | ({cle: apres[1]} if apres[1] else {})
    reponse = client.post(page, {"defaut": apres[0], nom: apres[1]})
    assert (reponse.status_code, choix_de(boite.titulaire) == voulu) == ((200, False) if demande else (302, True))
    if demande:
        juste = {"defaut": apres[0], nom: apres[1], ConfirmationForm.CHAMP: MOT_DE_PASSE}
        assert client.post(page, juste).status_code == 302
        assert choix_de(boite.titulaire) == voulu


@pytest.mark.parametrize("graine", range(4))
def test_jamais_a_qui_n_a_plus_le_droit_jamais_deux_fois(graine: int, horloge: time_machine.Traveller) -> None:
    """Worlds drawn at random: messages, readings, rights lost and given back, paces, addresses, mornings, a dead relay."""
    hasard = random.Random(graine)
    boites = [scene(denomination=f"ENTREPRISE {rang}") for rang in range(2)]
    espaces = [e for boite in boites for e in (boite.titulaire, boite.acteur)]
    accorder(boites[1].racine, boites[0].titulaire, Role.ACTEUR)
    droits = list(Habilitation.objects.filter(espace__in=espaces, role=Role.ACTEUR))
    dits: dict[tuple[str, str], int] = {}
    d_avant = courriels._RELECTURES.copy()

    def noter(genre: str) -> Any:
        def relue(courriel: Courriel) -> Any:
            depart = d_avant[genre][0](courriel)
            if depart is not None:
                _verifier(courriel, depart.destinataire, dits)
            return depart

        return relue

    for genre in ("messagerie_message", "messagerie_resume"):
        courriels._RELECTURES[genre] = (noter(genre), "")
    try:
        for _ in range(40):
            _un_pas(hasard, boites, espaces, droits, horloge)
            partir()
    finally:
        courriels._RELECTURES.update(d_avant)
    assert dits, "something was told"
    assert set(dits.values()) == {1}, "nobody is told twice of one message"


def _verifier(courriel: Courriel, destinataire: str, dits: dict[tuple[str, str], int]) -> None:
    """What this mail is about to tell, by the right and the readings of this very moment."""
    espace = Espace.objects.get(pk=courriel.espace_id)
    assert destinataire == adresse(espace)
    dus = []
    for message in Message.objects.filter(pk__in=Courriel.objects.get(pk=courriel.pk).contexte["messages"]):
        tenues = Habilitation.objects.actives().filter(espace=espace, personne=message.echange.personne)
        lu = LectureMessage.objects.filter(message=message, lecteur=espace.compte).exists()
        if tenues.exists() and not lu:
            dus.append(message)
    assert dus, "a mail leaves only where something waits for who may read it"
    for message in dus:
        cle = (str(message.pk), str(espace.pk))
        dits[cle] = dits.get(cle, 0) + 1


def _un_pas(
    hasard: random.Random,
    boites: list[Scene],
    espaces: list[Espace],
    droits: list[Habilitation],
    horloge: time_machine.Traveller,
) -> None:
    espace, boite = hasard.choice(espaces), hasard.choice(boites)
    match hasard.randrange(8):
        case 0 | 1 | 2:
            arriver(boite)
        case 3:
            for message in Message.objects.filter(non_lus__lecteur=espace.compte):
                lire(message, espace)
        case 4:
            droit = hasard.choice(droits)
            perdu = Habilitation.objects.get(pk=droit.pk).fin_le is None
            fin = {"fin_le": timezone.now(), "fin_motif": "RETRAIT"} if perdu else {"fin_le": None, "fin_motif": ""}
            Habilitation.objects.filter(pk=droit.pk).update(**fin)
        case 5:
            par = {boite.personne.pk: hasard.choice(["", *Rythme.values])}
            choisir_rythmes(acteur=espace, defaut=hasard.choice(Rythme.values), par_personne=par)
        case 6:
            Compte.objects.filter(espace=espace).update(email=f"a{hasard.randrange(10**9)}@exemple.fr")
        case _:
            horloge.shift(timedelta(hours=hasard.choice([1, 8, 24])))


@pytest.mark.django_db(transaction=True)
def test_un_lecteur_que_l_on_tient_ne_fait_pas_attendre_l_agent() -> None:
    """The relay may hold the mail of one reader for as long as its server is slow: the answer leaves, and its notices after."""
    with transaction.atomic():
        lieu = scene()
    quotidien(lieu.titulaire)
    remis(recevoir(lieu.personne, agent=lieu.agent))
    echange = echanger(lieu.personne)
    tenu, repondu = threading.Event(), threading.Event()

    def tenir() -> None:
        with transaction.atomic():
            list(Courriel.objects.select_for_update())
            list(Espace.objects.select_for_update(no_key=True))
            list(Compte.objects.select_for_update(no_key=True))
            tenu.set()
            repondu.wait(30)

    def repondre() -> Message:
        assert tenu.wait(30)
        try:
            with transaction.atomic(), connection.cursor() as curseur:
                curseur.execute("SET LOCAL lock_timeout = '500ms'")
                return repondre_en_agent(lieu.agent, echange, "Bonjour")
        finally:
            repondu.set()

    message = en_parallele(2, lambda rang: (tenir, repondre)[rang]())[1]
    assert isinstance(message, Message), message
    avis.ecrire_les_avis()
    (resume,) = Courriel.objects.filter(genre="messagerie_resume")
    assert str(message.pk) in resume.contexte["messages"]


@pytest.mark.django_db(transaction=True)
def test_deux_services_qui_ecrivent_aux_memes_lecteurs(horloge: time_machine.Traveller) -> None:
    """Eight companies, the same ten readers, every worker at once: one digest each, that tells of all, and no deadlock."""
    lecteurs = [EspaceFactory() for _ in range(10)]
    quotidien(*lecteurs)
    messages = []
    for _ in range(8):
        with transaction.atomic():
            lieu = scene()
            for espace in lecteurs:
                accorder(lieu.racine, espace, Role.ACTEUR)
        messages.append(remettre(recevoir(lieu.personne, agent=lieu.agent)))
    faits = en_parallele(8, lambda rang: avis.ecrire_avis(str(messages[rang].pk)))
    assert faits == [True] * 8
    resumes = Courriel.objects.filter(genre="messagerie_resume", espace__in=lecteurs)
    assert resumes.count() == 10
    assert all(set(r.contexte["messages"]) == {str(m.pk) for m in messages} for r in resumes)
