"""Forgotten password: the link, then the answer, then the password (R4, references.md B.6)."""

import re
import unicodedata
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs import debit
from accounts.envois import courriels
from accounts.envois.liens import LienDejaUtilise, LienExpire, LienInvalide, creer_lien, jeton
from accounts.espace import oubli
from accounts.espace.changement_adresse import demander_changement
from accounts.models import (
    Compte,
    Courriel,
    DemandeOubli,
    Espace,
    EssaiConnexion,
    Evenement,
    Lien,
    NavigateurConnu,
    Session,
)
from accounts.mots_de_passe.confiance import remettre_reponse
from accounts.mots_de_passe.hachage import Argon2ReponseForme1, hacher_reponse
from accounts.mots_de_passe.politique import MotDePasseDejaUtilise, MotDePasseFaible
from accounts.saisies.reponses import formes_de, normaliser_reponse
from accounts.sessions.navigateurs import nom_du_temoin
from accounts.traces.acteurs import Visiteur
from tests.factories import MOT_DE_PASSE, REPONSE, AgentFactory, EspaceFactory
from tests.scenes import en_parallele

NOUVEAU = "brouillard kayak 81 moutarde violon"
PARIS = ZoneInfo("Europe/Paris")
OUBLI = Lien.Objet.MOT_DE_PASSE_OUBLIE
SECONDE = timedelta(seconds=1)


@cache
def _empreinte() -> str:
    return hacher_reponse(normaliser_reponse(REPONSE))


def titulaire(**champs) -> Espace:
    return EspaceFactory(reponse_confiance=_empreinte(), **champs)


def lien_de(espace: Espace, maintenant: datetime | None = None) -> Lien:
    return creer_lien(espace=espace, objet=OUBLI, adresse=espace.compte.email, maintenant=maintenant)


def essayer(lien: Lien, reponse: str, maintenant: datetime | None = None) -> str:
    """Return the code of the rule that refused, or « juste »."""
    try:
        oubli.repondre(acteur=Visiteur(jeton=jeton(lien)), reponse=reponse, maintenant=maintenant)
    except oubli.RegleMetier as regle:
        return regle.code
    return "juste"


@pytest.mark.django_db
def test_parcours_entier(client: Client) -> None:
    espace = titulaire()
    ancien = Client()
    ancien.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    reponse = client.post(reverse("mot_de_passe_oublie"), {"adresse": f" {espace.compte.email.upper()} "})
    assert reponse["Location"] == reverse("mot_de_passe_oublie_envoye")
    assert "agent" not in client.get(reponse["Location"]).content.decode()
    assert Courriel.objects.count() == 0, "the page itself finds nothing out"
    assert oubli.traiter_en_attente() == 1
    assert courriels.envoyer_en_attente() == 1
    lien = Lien.objects.get()
    assert jeton(lien) in mail.outbox[0].body
    assert jeton(lien) not in mail.outbox[0].subject

    page = reverse("reinitialiser_mot_de_passe", args=[jeton(lien)])
    question = espace.get_question_confiance_display()
    for _ in range(3):
        assert question in client.get(page).content.decode()
    refus = client.post(page, {"reponse": "girafe volcan piano"})
    assert refus.status_code == 200
    assert "Essais restants avec ce lien : 2" in refus.content.decode()
    assert espace.prenom not in refus.content.decode(), "the person's words come only after the right answer"
    juste = client.post(page, {"reponse": "  GIRAFE, volcan-piano tablier !"})
    assert juste["Location"] == reverse("choisir_mot_de_passe")

    choisir = reverse("choisir_mot_de_passe")
    assert espace.prenom in client.get(choisir).content.decode()
    faible = client.post(choisir, {"nouveau": "motdepassemotdepasse"})
    assert faible.status_code == 200
    assert client.post(choisir, {"nouveau": NOUVEAU})["Location"] == reverse("connexion")
    espace.compte.refresh_from_db()
    assert espace.compte.check_password(NOUVEAU)
    assert not Session.objects.filter(compte=espace.compte).exists()
    assert ancien.get(reverse("espace")).status_code == 302
    assert client.get(page).status_code == 410
    assert client.get(choisir)["Location"] == reverse("mot_de_passe_oublie")
    assert Evenement.objects.filter(acte="mot_de_passe.reinitialise", espace=espace.numero_abonne).count() == 1
    assert Courriel.objects.filter(genre="mot_de_passe_change", destinataire=espace.compte.email).count() == 1
    journal = " ".join(f"{e.acte}{e.details}" for e in Evenement.objects.all())
    assert not any(secret in journal for secret in (NOUVEAU, REPONSE, jeton(lien)))


def _adresses() -> dict[str, str]:
    """One address of each kind that the page must not tell apart."""
    desactive = EspaceFactory(etat=Espace.Etat.DESACTIVE)
    desactive.compte.is_active = False
    desactive.compte.save()
    attente = EspaceFactory(etat=Espace.Etat.EN_ATTENTE_COURRIEL, active_le=None)
    attente.compte.is_active = False
    attente.compte.save()
    simplifie = EspaceFactory(
        etat=Espace.Etat.EN_ATTENTE_COURRIEL, mode=Espace.Mode.SIMPLIFIE, active_le=None, compte__is_active=False
    )
    code = EspaceFactory(etat=Espace.Etat.EN_ATTENTE_CODE, mode=Espace.Mode.SIMPLIFIE, active_le=None)
    return {
        "connue": titulaire().compte.email,
        "inconnue": "personne.inconnue@cabinet-dupont.fr",
        "desactivee": desactive.compte.email,
        "non_confirmee": attente.compte.email,
        "simplifiee": simplifie.compte.email,
        "sans_code": code.compte.email,
        "agent": AgentFactory().compte.email,
    }


@pytest.mark.django_db
def test_meme_page_et_memes_requetes_pour_tous() -> None:
    vus = set()
    for adresse in _adresses().values():
        client = Client()
        client.get(reverse("mot_de_passe_oublie"))
        with CaptureQueriesContext(connection) as requetes:
            reponse = client.post(reverse("mot_de_passe_oublie"), {"adresse": adresse})
        formes = tuple(
            re.sub(r"'[0-9a-f]{64}'|'\{[0-9a-f,]+\}'|\d+", "N", r["sql"].split("VALUES")[0])
            for r in requetes.captured_queries
        )
        assert any("accounts_demandeoubli" in forme for forme in formes)
        assert not any("accounts_compte" in forme for forme in formes), "nothing is looked up while the visitor waits"
        suite = client.get(reponse["Location"])
        vus.add(
            (reponse.status_code, reponse["Location"], reponse.content, formes, suite.status_code, _sans_jeton(suite))
        )
    assert len(vus) == 1


def _sans_jeton(reponse) -> str:
    return re.sub(r'name="(?:csrfmiddlewaretoken|servi)" value="[^"]+"', "", reponse.content.decode())


@pytest.mark.django_db
def test_a_chacun_son_courriel() -> None:
    for adresse in _adresses().values():
        oubli.demander(acteur=Visiteur(), adresse=adresse)
    assert oubli.traiter_en_attente() == 7
    par_genre = {c.destinataire.split("@")[0]: (c.genre, c.contexte.get("motif")) for c in Courriel.objects.all()}
    assert sorted(par_genre.values(), key=str) == sorted(
        [
            ("mot_de_passe_oublie", None),
            ("mot_de_passe_oublie", None),
            ("confirmer_adresse", None),
            ("oubli_sans_lien", "inconnue"),
            ("oubli_sans_lien", "desactive"),
            ("oubli_sans_lien", "attente"),
            ("oubli_sans_lien", "agent"),
        ],
        key=str,
    )
    assert courriels.envoyer_en_attente() == 7
    assert len({m.subject for m in mail.outbox}) == 3


@pytest.mark.django_db
def test_traiter_plusieurs_fois_n_envoie_qu_une_fois() -> None:
    espace = titulaire()
    oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
    cle = str(DemandeOubli.objects.get().pk)
    assert [oubli.traiter_demande(cle) for _ in range(3)] == [True, False, False]
    assert Courriel.objects.count() == 1


def balayer() -> list[str]:
    """Let the worker answer what is due, and return the links of the mails that this made leave."""
    avant = len(mail.outbox)
    oubli.traiter_en_attente()
    courriels.envoyer_en_attente()
    return re.findall(r"/lien/[^\s\"<]+", " ".join(str(message.body) for message in mail.outbox[avant:]))


def assaillir(horloge: time_machine.Traveller, espace: Espace, minutes: int) -> list[str]:
    """Ask from three networks every other minute; return the links mailed."""
    recus: list[str] = []
    for _ in range(minutes // 2):
        for reseau in ("192.0.2.1", "198.51.100.1", "203.0.113.1"):
            with suppress(oubli.TropDeDemandes):
                oubli.demander(acteur=Visiteur(adresse_ip=reseau), adresse=espace.compte.email)
        recus += balayer()
        horloge.shift(timedelta(minutes=2))
    return recus


@pytest.mark.django_db
def test_trois_reseaux_assaillent_le_titulaire_qui_entre(client: Client) -> None:
    espace = titulaire()
    with time_machine.travel(datetime(2027, 3, 28, 1, 55, tzinfo=PARIS), tick=False) as horloge:
        recus = assaillir(horloge, espace, 3 * 60)
        assert 4 <= len(recus) <= settings.DEBIT_COURRIELS_ADRESSE[0] + 3, "one an hour at least, few at most"
        assert client.post(reverse("mot_de_passe_oublie"), {"adresse": espace.compte.email}).status_code == 302
        attente = 0
        while not (miens := assaillir(horloge, espace, 2)):
            attente += 2
        assert attente <= 60, "never none: his mail leaves within the hour"
        assaillir(horloge, espace, 20)
        assert client.post(miens[-1], {"reponse": REPONSE})["Location"] == reverse("choisir_mot_de_passe")
        assert client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU}).status_code == 302
    espace.compte.refresh_from_db()
    assert espace.compte.check_password(NOUVEAU)


@pytest.mark.django_db
def test_un_lien_vivant_repart_le_meme_et_vit_trente_minutes_de_plus() -> None:
    espace = titulaire()
    with time_machine.travel(datetime(2027, 3, 28, 1, 55, tzinfo=PARIS), tick=False) as horloge:
        liens: list[str] = []
        for _ in range(3):
            oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
            liens += balayer()
            horloge.shift(timedelta(minutes=29))
        assert len(liens) == 3
        assert len(set(liens)) == Lien.objects.count() == 1
        assert oubli.lire(jeton=jeton(Lien.objects.get()))
        horloge.shift(timedelta(minutes=2))
        oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
        assert balayer()[0] not in liens, "that one was over"


@pytest.mark.django_db
def test_un_lien_aux_essais_epuises_est_remplace() -> None:
    espace = titulaire()
    oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
    premier = balayer()
    for _ in range(oubli.ESSAIS_PAR_LIEN):
        essayer(Lien.objects.get(), "ce n’est pas cela")
    oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
    assert balayer() != premier


@pytest.mark.django_db
def test_appuyer_deux_fois_n_ecrit_qu_une_fois() -> None:
    espace = titulaire()
    for _ in range(5):
        oubli.demander(acteur=Visiteur(), adresse=espace.compte.email)
    assert len(balayer()) == 1


@pytest.mark.django_db
def test_un_navigateur_connu_n_attend_pas(client: Client) -> None:
    """The hour of the others, and the limit of his network, are not his."""
    espace = titulaire()
    with time_machine.travel(datetime(2027, 1, 1, 12, tzinfo=PARIS), tick=False) as horloge:
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        del client.cookies["session"]
        for _ in range(oubli.RESEAU.libres + 1):
            with suppress(oubli.TropDeDemandes):
                oubli.demander(acteur=Visiteur(adresse_ip="127.0.0.1"), adresse=espace.compte.email)
        assaillir(horloge, espace, 15)
        horloge.shift(timedelta(minutes=5))
        assert Client().post(reverse("mot_de_passe_oublie"), {"adresse": espace.compte.email}).status_code in {302, 429}
        assert balayer() == [], "a stranger waits for the hour"
        assert client.post(reverse("mot_de_passe_oublie"), {"adresse": espace.compte.email}).status_code == 302
        assert len(balayer()) == 1


@pytest.mark.django_db
def test_un_reseau_qui_demande_trop_attend(client: Client) -> None:
    with time_machine.travel(datetime(2027, 1, 1, 12, tzinfo=PARIS), tick=False) as horloge:
        for rang in range(oubli.RESEAU.libres):
            assert client.post(reverse("mot_de_passe_oublie"), {"adresse": f"a{rang}@exemple.fr"}).status_code == 302
        page = client.post(reverse("mot_de_passe_oublie"), {"adresse": "victime@exemple.fr"})
        assert page.status_code == 429
        assert "Trop de demandes" in page.content.decode()
        assert 'value="victime@exemple.fr"' in page.content.decode()
        autre = Client(REMOTE_ADDR="192.0.2.7")
        assert autre.post(reverse("mot_de_passe_oublie"), {"adresse": "victime@exemple.fr"}).status_code == 302
        horloge.shift(timedelta(minutes=1))
        assert client.post(reverse("mot_de_passe_oublie"), {"adresse": "victime@exemple.fr"}).status_code == 302
    assert DemandeOubli.objects.count() == oubli.RESEAU.libres + 2


@pytest.mark.django_db
def test_demandes_effacees_le_lendemain() -> None:
    with time_machine.travel(datetime(2027, 1, 1, 12, tzinfo=PARIS), tick=False) as horloge:
        oubli.demander(acteur=Visiteur(), adresse="quelqu.un@cabinet-dupont.fr")
        oubli.traiter_en_attente()
        horloge.shift(timedelta(hours=24))
        oubli.traiter_en_attente()
        assert DemandeOubli.objects.count() == 1
        horloge.shift(SECONDE)
        oubli.traiter_en_attente()
        assert DemandeOubli.objects.count() == 0


INSTANTS = [
    datetime(2027, 3, 28, 1, 45, tzinfo=PARIS),  # the clocks go forward at 2:00
    datetime(2027, 10, 31, 2, 45, tzinfo=PARIS),  # and back at 3:00
    datetime(2028, 2, 28, 23, 45, tzinfo=PARIS),  # into 29 February
    datetime(2028, 2, 29, 23, 45, tzinfo=PARIS),
]


@pytest.mark.django_db
@pytest.mark.parametrize("debut", INSTANTS)
def test_lien_de_trente_minutes(debut: datetime) -> None:
    espace = titulaire()
    lien = lien_de(espace, debut)
    fin = debut.astimezone(ZoneInfo("UTC")) + timedelta(minutes=30)
    assert essayer(lien, REPONSE, fin) == "juste"
    assert essayer(lien, REPONSE, fin + SECONDE) == "lien_expire"
    oubli.lire(jeton=jeton(lien), maintenant=fin)
    with pytest.raises(LienExpire):
        oubli.lire(jeton=jeton(lien), maintenant=fin + SECONDE)


@pytest.mark.django_db
def test_quinze_minutes_pour_choisir() -> None:
    debut = datetime(2028, 2, 29, 12, tzinfo=PARIS)
    espace = titulaire()
    lien = lien_de(espace, debut)
    repondu = debut + timedelta(minutes=29)
    fin = repondu + oubli.CHOIX
    with pytest.raises(oubli.ChoixExpire):
        oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=repondu,
            nouveau=NOUVEAU,
            maintenant=fin + SECONDE,
        )
    oubli.reinitialiser(
        acteur=Visiteur(lien=str(lien.pk)),
        request=RequestFactory().post("/"),
        repondu_le=repondu,
        nouveau=NOUVEAU,
        maintenant=fin,
    )
    with pytest.raises(LienDejaUtilise):
        oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=repondu,
            nouveau=NOUVEAU,
            maintenant=fin,
        )


@pytest.mark.django_db
def test_trois_essais_par_lien_cinq_par_jour_dix_en_tout() -> None:
    espace = titulaire()
    debut = datetime(2027, 10, 30, 12, tzinfo=PARIS)
    premier = lien_de(espace, debut)
    assert [essayer(premier, "faux", debut) for _ in range(4)] == ["reponse_inexacte"] * 2 + ["lien_epuise"] * 2
    assert essayer(premier, REPONSE, debut) == "lien_epuise", "the right answer comes too late"
    deuxieme = lien_de(espace, debut)
    plus_tard = debut + timedelta(minutes=5)
    assert [essayer(deuxieme, "faux", plus_tard) for _ in range(2)] == ["reponse_inexacte", "reponse_suspendue"]
    assert essayer(deuxieme, REPONSE, plus_tard) == "reponse_suspendue"
    # The first three fall out of the 24 hours first; the night has 25 hours, the delay still 24.
    lendemain = debut.astimezone(ZoneInfo("UTC")) + timedelta(hours=24)
    troisieme = lien_de(espace, lendemain)
    assert essayer(troisieme, REPONSE, lendemain - SECONDE) == "reponse_suspendue"
    assert [essayer(troisieme, "faux", lendemain) for _ in range(3)] == ["reponse_inexacte"] * 2 + ["lien_epuise"]
    assert essayer(lien_de(espace, lendemain), REPONSE, lendemain) == "reponse_suspendue"
    espace.refresh_from_db()
    assert espace.reponse_essais == 8
    apres = lendemain + timedelta(days=2)
    dernier = lien_de(espace, apres)
    assert [essayer(dernier, "faux", apres) for _ in range(2)] == ["reponse_inexacte", "reponse_bloquee"]
    encore = lien_de(espace, apres + timedelta(days=400))
    assert essayer(encore, REPONSE, apres + timedelta(days=400)) == "reponse_bloquee"
    assert Courriel.objects.filter(genre="reponse_bloquee").count() == 1
    assert Evenement.objects.filter(acte="reponse.inexacte").count() == 10
    page = Client().get(reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))]))
    assert page.status_code == 410
    assert reverse("reponse_oubliee") in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("nouveau", ["motdepassemotdepasse", MOT_DE_PASSE])
def test_mot_de_passe_refuse_ne_consomme_rien(nouveau: str) -> None:
    espace = titulaire()
    lien = lien_de(espace)
    with pytest.raises((MotDePasseFaible, MotDePasseDejaUtilise)):
        oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=timezone.now(),
            nouveau=nouveau,
        )
    oubli.reinitialiser(
        acteur=Visiteur(lien=str(lien.pk)),
        request=RequestFactory().post("/"),
        repondu_le=timezone.now(),
        nouveau=NOUVEAU,
    )


@pytest.mark.django_db
def test_les_autres_liens_tombent_avec_le_mot_de_passe() -> None:
    """Somebody who knew the password had asked for another address: the reset must not leave that door open."""
    espace = titulaire()
    demander_changement(acteur=espace, nouvelle="voleur@cabinet-dupont.fr")
    lien = lien_de(espace)
    oubli.reinitialiser(
        acteur=Visiteur(lien=str(lien.pk)),
        request=RequestFactory().post("/"),
        repondu_le=timezone.now(),
        nouveau=NOUVEAU,
    )
    change = Lien.objects.get(objet=Lien.Objet.CHANGEMENT_ADRESSE)
    assert change.revoque_le is not None
    assert Lien.objects.get(objet=Lien.Objet.ANNULATION_ADRESSE).revoque_le is None


@pytest.mark.django_db
def test_reponse_remise_au_guichet(client: Client) -> None:
    """It opens once, asks for another answer, and the new récapitulatif shows that one (R16, R5)."""
    espace = titulaire(reponse_essais=10)
    remise = remettre_reponse(acteur="agent:1", espace=espace)
    assert remise not in str(Evenement.objects.get(acte="reponse.remise").details)
    page = reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))])
    vue = client.get(page).content.decode()
    assert espace.get_question_confiance_display() not in vue
    assert client.post(page, {"reponse": remise.lower().replace("-", " ")}).status_code == 302
    choisir = reverse("choisir_mot_de_passe")
    sans = client.post(choisir, {"nouveau": NOUVEAU, "question": "VOYAGE"})
    assert sans.context["formulaire"].errors.keys() == {"reponse"}
    choisie = "glacier tambour wagon serrure"
    faible = client.post(choisir, {"nouveau": "motdepassemotdepasse", "question": "VOYAGE", "reponse": choisie})
    assert f'value="{choisie}"' in faible.content.decode(), "what was typed is kept, secrets excepted"
    espace.refresh_from_db()
    assert espace.reponse_expire_le is not None, "a refusal undoes the whole act"
    suite = client.post(choisir, {"nouveau": NOUVEAU, "question": "VOYAGE", "reponse": choisie})
    assert suite.status_code == 302
    connexion = client.post(suite["Location"], {"username": espace.compte.email, "password": NOUVEAU})
    assert connexion["Location"] == reverse("question_changee")
    assert "pour cette seule fois" in client.get(connexion["Location"]).content.decode()
    espace.refresh_from_db()
    assert espace.reponse_expire_le is None
    assert essayer(lien_de(espace), remise) == "reponse_inexacte"
    assert essayer(lien_de(espace), choisie) == "juste"


@pytest.mark.django_db
def test_reponse_remise_valable_soixante_douze_heures() -> None:
    espace = titulaire()
    debut = datetime(2027, 3, 27, 12, tzinfo=ZoneInfo("UTC"))
    remise = remettre_reponse(acteur="agent:1", espace=espace, maintenant=debut)
    fin = debut + timedelta(hours=72)
    lien = lien_de(espace, fin)
    assert essayer(lien, remise, fin) == "juste"
    assert essayer(lien, remise, fin + SECONDE) == "reponse_perimee"
    with pytest.raises(oubli.NouvelleReponseRequise):
        oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=fin,
            nouveau=NOUVEAU,
            maintenant=fin,
        )


@pytest.mark.django_db
def test_espace_desactive_entre_temps() -> None:
    espace = titulaire()
    lien = lien_de(espace)
    Espace.objects.filter(pk=espace.pk).update(etat=Espace.Etat.DESACTIVE)
    assert essayer(lien, REPONSE) == "lien_invalide"
    with pytest.raises(LienInvalide):
        oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=timezone.now(),
            nouveau=NOUVEAU,
        )


@pytest.mark.django_db
def test_sans_bonne_reponse_pas_de_mot_de_passe(client: Client) -> None:
    espace = titulaire()
    lien_de(espace)
    assert client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU})["Location"] == reverse(
        "mot_de_passe_oublie"
    )
    espace.compte.refresh_from_db()
    assert espace.compte.check_password(MOT_DE_PASSE)


@pytest.mark.django_db
def test_la_session_change_de_cle_a_la_bonne_reponse(client: Client) -> None:
    """Fixation: a key planted before the answer is worth nothing after it."""
    espace = titulaire()
    client.session["x"] = 1
    session = client.session
    session["x"] = 1
    session.save()
    plantee = client.cookies["session"].value
    client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))]), {"reponse": REPONSE})
    assert client.cookies["session"].value != plantee
    voleur = Client()
    voleur.cookies["session"] = plantee
    assert voleur.get(reverse("choisir_mot_de_passe"))["Location"] == reverse("mot_de_passe_oublie")


@pytest.mark.django_db
def test_double_envoi_de_la_bonne_reponse(client: Client) -> None:
    espace = titulaire()
    page = reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))])
    assert [client.post(page, {"reponse": REPONSE}).status_code for _ in range(2)] == [302, 302]
    assert client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU}).status_code == 302


@pytest.mark.django_db
def test_adresse_mal_ecrite_garde_la_saisie(client: Client) -> None:
    page = client.post(reverse("mot_de_passe_oublie"), {"adresse": "marie.dupont"})
    assert page.status_code == 200
    assert 'value="marie.dupont"' in page.content.decode()
    assert DemandeOubli.objects.count() == 0


@pytest.mark.django_db
def test_adresse_devenue_jetable_garde_son_recours() -> None:
    espace = titulaire(compte__email="jeanne@yopmail.com")
    oubli.demander(acteur=Visiteur(), adresse="jeanne@yopmail.com")
    oubli.traiter_en_attente()
    assert Lien.objects.filter(espace=espace).count() == 1


def test_pages_publiques(client: Client, db: None) -> None:
    for nom in ("mot_de_passe_oublie", "mot_de_passe_oublie_envoye", "reponse_oubliee"):
        assert client.get(reverse(nom)).status_code == 200
    assert reverse("mot_de_passe_oublie") in client.get(reverse("connexion")).content.decode()
    assert reverse("inscription_expert") in client.get(reverse("reponse_oubliee")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_seize_mots_de_passe_a_la_fois_un_seul_gagne() -> None:
    espace = titulaire()
    lien = lien_de(espace)
    repondu = timezone.now()
    resultats = en_parallele(
        16,
        lambda rang: oubli.reinitialiser(
            acteur=Visiteur(lien=str(lien.pk)),
            request=RequestFactory().post("/"),
            repondu_le=repondu,
            nouveau=f"{NOUVEAU} {rang}",
        ),
    )
    gagnants = [r for r in resultats if not isinstance(r, BaseException)]
    assert len(gagnants) == 1, resultats
    assert sum(isinstance(r, LienDejaUtilise) for r in resultats) == 15, resultats
    assert Courriel.objects.filter(genre="mot_de_passe_change").count() == 1


@pytest.mark.django_db(transaction=True)
def test_seize_essais_a_la_fois_trois_comptent() -> None:
    espace = titulaire()
    lien = lien_de(espace)
    resultats = en_parallele(16, lambda rang: essayer(lien, f"faux {rang}"))
    assert resultats.count("reponse_inexacte") == 2, resultats
    assert resultats.count("lien_epuise") == 14, resultats
    espace.refresh_from_db()
    assert espace.reponse_essais == 3


# --- Locked out by strangers -----------------------------------------------------------------------------------------


def essais_d_inconnus(espace: Espace) -> None:
    cle = debit.cle_compte(espace.compte)
    EssaiConnexion.objects.bulk_create(EssaiConnexion(cle=cle) for _ in range(debit.COMPTE.limite))


def connecter(client: Client, espace: Espace) -> int:
    return client.post(reverse("connexion"), {"username": espace.compte.email, "password": NOUVEAU}).status_code


@pytest.mark.django_db
def test_le_nouveau_mot_de_passe_sert_malgre_les_essais_d_inconnus(client: Client) -> None:
    espace = titulaire()
    essais_d_inconnus(espace)
    client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))]), {"reponse": REPONSE})
    client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU})
    assert connecter(Client(), espace) == 302, "from any browser: the guesses were at the former password"
    essais_d_inconnus(espace)
    assert connecter(Client(), espace) == 200
    assert connecter(client, espace) == 302, "the browser of the reset is known: strangers who go on change nothing"


@pytest.mark.django_db
def test_ses_propres_essais_d_avant_sont_oublies(client: Client) -> None:
    espace = titulaire()
    client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    client.post(reverse("deconnexion"))
    navigateur = NavigateurConnu.objects.get(compte=espace.compte)
    EssaiConnexion.objects.bulk_create(
        EssaiConnexion(cle=debit.empreinte("navigateur", str(navigateur.pk))) for _ in range(debit.COMPTE.limite)
    )
    client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))]), {"reponse": REPONSE})
    client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU})
    assert connecter(client, espace) == 302


@pytest.mark.django_db
def test_le_navigateur_est_retenu_avec_le_mot_de_passe_ou_rien_ne_change(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: a death while the browser is remembered leaves the link and the former password as they were."""
    espace = titulaire()
    client.post(reverse("reinitialiser_mot_de_passe", args=[jeton(lien_de(espace))]), {"reponse": REPONSE})

    def mourir(self: NavigateurConnu, *args: object, **kwargs: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as panne:
        panne.setattr(NavigateurConnu, "save", mourir)
        with pytest.raises(InterruptedError):
            client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU})
    compte = Compte.objects.get(pk=espace.compte_id)
    assert compte.check_password(MOT_DE_PASSE)
    assert Lien.objects.get(objet=Lien.Objet.MOT_DE_PASSE_OUBLIE).consomme_le is None
    reponse = client.post(reverse("choisir_mot_de_passe"), {"nouveau": NOUVEAU})
    assert reponse.status_code == 302
    assert NavigateurConnu.objects.get().compte == compte
    assert nom_du_temoin(compte) in reponse.cookies


# --- Answers hashed in their first form, which knew no ligature ---------------------------------------------------------

OEUVRE = "mon œuvre préférée au musée de Guéret"


def _premiere_forme(reponse: str) -> str:
    """Return the hash that the portal made when « œ » was not « oe »."""
    hacheur = Argon2ReponseForme1()
    return hacheur.encode(formes_de(reponse, 1)[0], hacheur.salt())


@pytest.fixture
def haches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each Argon2 hash of an answer that is spent."""
    faits: list[str] = []
    encoder = Argon2PasswordHasher.encode
    monkeypatch.setattr(
        Argon2PasswordHasher, "encode", lambda self, mot, sel: faits.append(self.algorithm) or encoder(self, mot, sel)
    )
    verifier = Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher,
        "verify",
        lambda self, mot, empreinte: faits.append(self.algorithm) or verifier(self, mot, empreinte),
    )
    return faits


@pytest.mark.django_db
@pytest.mark.parametrize("dite", [OEUVRE, OEUVRE.upper(), unicodedata.normalize("NFD", OEUVRE)])
def test_une_reponse_hachee_autrefois_est_reconnue_puis_hachee_de_nouveau(dite: str) -> None:
    espace = EspaceFactory(reponse_confiance=_premiere_forme(OEUVRE))
    changee_le = espace.reponse_changee_le
    assert essayer(lien_de(espace), dite) == "juste"
    espace.refresh_from_db()
    assert espace.reponse_confiance.startswith("argon2reponse2$")
    assert espace.reponse_changee_le == changee_le
    for encore in (OEUVRE, OEUVRE.replace("œ", "oe")):
        assert essayer(lien_de(espace), encore) == "juste"


@pytest.mark.django_db
def test_les_deux_formes_sont_essayees_sur_un_ancien_hachage() -> None:
    espace = EspaceFactory(reponse_confiance=_premiere_forme(OEUVRE.replace("œ", "oe")))
    assert essayer(lien_de(espace), OEUVRE) == "juste"


@pytest.mark.django_db
@pytest.mark.parametrize("forme", ["ancienne", "presente", "absente"])
def test_une_reponse_fausse_coute_autant_de_hachages_quelle_que_soit_la_forme(forme: str, haches: list[str]) -> None:
    empreintes = {"ancienne": _premiere_forme(OEUVRE), "presente": _empreinte(), "absente": ""}
    lien = lien_de(EspaceFactory(reponse_confiance=empreintes[forme]))
    haches.clear()
    assert essayer(lien, "ce n’est pas cela du tout") == "reponse_inexacte"
    assert len(haches) == 2


@pytest.mark.django_db
def test_une_reponse_fausse_ne_refait_aucun_hachage() -> None:
    espace = EspaceFactory(reponse_confiance=_premiere_forme(OEUVRE))
    avant = espace.reponse_confiance
    assert essayer(lien_de(espace), OEUVRE + "s") == "reponse_inexacte"
    espace.refresh_from_db()
    assert espace.reponse_confiance == avant
