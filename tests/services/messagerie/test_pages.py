"""The pages of the mailbox: the inbox, one exchange, writing, the PDF; what each shows and to whom."""

import io
import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Left
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from stdnum import luhn

from accounts.models import Espace
from accounts.saisies.dates import jour
from habilitations.models import Habilitation
from services.messagerie.brouillons import garder
from services.messagerie.echanges import clore, ecrire, repondre
from services.messagerie.imprime import SIGNES_D_UNE_PARTIE, imprimer, parties
from services.messagerie.remise import remettre
from services.models import Brouillon, Echange, LectureMessage, Message, MessageNonLu, PersonneSirenisee
from tests.factories import EspaceFactory, PersonneFactory, echanger, habiliter
from tests.scenes import D_UN_AUTRE_SITE
from tests.services.messagerie.scenes import Scene, messagerie, recevoir, repondre_en_agent, scene, texte_du_pdf

pytestmark = pytest.mark.django_db


def client_de(espace: Espace) -> Client:
    client = Client()
    assert espace.compte is not None
    client.force_login(espace.compte)
    return client


def texte(reponse: object) -> str:
    """Return the words of a page as one reads them."""
    nu = re.sub(r"<[^>]+>", " ", reponse.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", nu.replace("&#x27;", "'").replace("’", "'").replace("\xa0", " "))


def ecrit(lieu: Scene, **champs: object) -> Echange:
    valeurs = {
        "acteur": lieu.titulaire,
        "personne": lieu.personne,
        "theme": "TVA",
        "objet": "Option pour la TVA",
        "texte": "Bonjour",
        "envoi": uuid.uuid4(),
    }
    return ecrire(**(valeurs | champs)).echange  # type: ignore[arg-type]


def test_la_boite_montre_tous_les_echanges_de_ses_entreprises() -> None:
    lieu, autre = scene(denomination="ATELIER ROUSSEL"), scene(denomination="CAVE DES CANUTS")
    habiliter(lieu.titulaire, personne=PersonneSirenisee.objects.get(pk=echanger(autre.personne).personne_id))
    ecrit(lieu, objet="Option pour la TVA")
    page = client_de(lieu.titulaire).get(reverse("messagerie"))
    assert "ATELIER ROUSSEL Option pour la TVA" in texte(page)
    assert "CAVE DES CANUTS" not in texte(page), "another service of it does not open its mailbox"
    assert "Vous" in texte(page)
    assert "Karine Vidal" in texte(client_de(lieu.acteur).get(reverse("messagerie")))


def test_une_boite_vide_et_une_boite_de_personne() -> None:
    lieu = scene()
    assert "Aucun échange Écrivez à votre service" in texte(client_de(lieu.titulaire).get(reverse("messagerie")))
    assert "la messagerie d'aucune entreprise" in texte(client_de(EspaceFactory()).get(reverse("messagerie")))
    assert "la messagerie d'aucune entreprise" in texte(client_de(EspaceFactory()).get(reverse("message_ecrire")))


def test_les_filtres() -> None:
    lieu = scene(denomination="ATELIER ROUSSEL")
    autre = scene(denomination="CAVE DES CANUTS")
    habiliter_aussi(autre, lieu.titulaire)
    option = ecrit(lieu, objet="Option pour la TVA")
    clos = ecrit(autre, acteur=lieu.titulaire, theme="IS", objet="Étalement des acomptes")
    clore(acteur=lieu.titulaire, echange=clos)
    demande = echanger(autre.personne, objet="Factures manquantes", etat="PIECE_DEMANDEE")
    client = client_de(lieu.titulaire)

    def vus(**filtres: str) -> set[str]:
        page = texte(client.get(reverse("messagerie"), filtres))
        return {e.objet for e in (option, clos, demande) if e.objet in page}

    assert vus() == {option.objet, clos.objet, demande.objet}
    assert vus(boite="clos") == {clos.objet}
    assert vus(boite="en-attente") == {option.objet}
    assert vus(boite="a-traiter") == {demande.objet}
    assert vus(boite="non-lus") == set()
    assert vus(theme="IS") == {clos.objet}
    assert vus(theme="IS", boite="en-attente") == set()
    assert vus(q="etalement") == {clos.objet}
    assert vus(q="roussel") == {option.objet}
    assert vus(q=demande.reference.lower()) == {demande.objet}
    assert vus(q="factures", boite="a-traiter") == {demande.objet}
    assert vus(q="option", boite="a-traiter") == set()
    assert vus(entreprise=autre.personne.siren) == {clos.objet, demande.objet}
    assert vus(boite="inconnue", theme="INCONNU", avant="nimporte", q="\x00") == {
        option.objet,
        clos.objet,
        demande.objet,
    }


def habiliter_aussi(lieu: Scene, espace: Espace) -> None:
    """Have this espace hold the mailbox of another company too."""
    Habilitation.objects.filter(espace=lieu.titulaire).update(espace=espace)


def test_les_pages_suivent_l_ordre_du_dernier_message() -> None:
    lieu, maintenant = scene(), timezone.now()
    for rang in range(30):
        echanger(lieu.personne, objet=f"Échange no {rang:02d}.", dernier_le=maintenant - timedelta(hours=rang // 2))
    client = client_de(lieu.titulaire)
    premiere = client.get(reverse("messagerie"))
    suite = re.search(r'href="(\?avant=[^"]+)"', premiere.content.decode())
    assert suite
    seconde = client.get(reverse("messagerie") + suite[1].replace("&amp;", "&"))
    vus = [re.findall(r"Échange no (\d\d)\.", page.content.decode()) for page in (premiere, seconde)]
    assert len(vus[0]) == 25
    assert sorted(vus[0] + vus[1]) == [f"{rang:02d}" for rang in range(30)]
    assert "Les plus récents" in texte(seconde)


def test_non_lu_puis_lu() -> None:
    lieu = scene()
    message = remettre(recevoir(lieu.personne, agent=lieu.agent, texte="Voici notre réponse"))
    client, autre = client_de(lieu.titulaire), client_de(lieu.acteur)
    boite = client.get(reverse("messagerie"))
    assert "(non lu)" in texte(boite)
    assert "1 échange à lire" in texte(boite)
    assert "Messagerie 1 à lire" in texte(boite), "the menu counts what the session knows"
    page = client.get(reverse("echange", args=[message.echange.reference]))
    assert "Voici notre réponse" in texte(page)
    assert LectureMessage.objects.get().lecteur == lieu.titulaire.compte
    assert "tout est lu" in texte(client.get(reverse("messagerie")))
    assert "1 échange à lire" in texte(autre.get(reverse("messagerie"))), "read by one, unread by the other"
    assert MessageNonLu.objects.count() == 1
    assert "lu par Karine Vidal le" in texte(autre.get(reverse("echange", args=[message.echange.reference])))


def test_une_page_preparee_par_le_navigateur_ne_marque_rien() -> None:
    lieu = scene()
    message = remettre(recevoir(lieu.personne, agent=lieu.agent))
    page = reverse("echange", args=[message.echange.reference])
    assert client_de(lieu.titulaire).get(page, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert not LectureMessage.objects.exists()


def test_une_page_qu_un_autre_site_ouvre_ne_marque_rien() -> None:
    """« Read » is what a person did, whom nobody's page led there unasked; the same page, opened from the portal, marks it."""
    lieu = scene()
    message = remettre(recevoir(lieu.personne, agent=lieu.agent, texte="Voici notre réponse"))
    page, client = reverse("echange", args=[message.echange.reference]), client_de(lieu.titulaire)
    assert "Voici notre réponse" in texte(client.get(page, headers=D_UN_AUTRE_SITE))
    assert not LectureMessage.objects.exists()
    client.get(page, headers=D_UN_AUTRE_SITE | {"Sec-Fetch-Site": "same-origin"})
    assert LectureMessage.objects.get().lecteur == lieu.titulaire.compte


def test_ce_que_l_on_ne_voit_pas() -> None:
    """Notes of agents, and what waits for its files: its author alone sees it."""
    lieu = scene()
    echange = ecrit(lieu)
    recevoir(lieu.personne, echange=echange, agent=lieu.agent, interne=True, texte="NOTE-INTERNE")
    recevoir(lieu.personne, echange=echange, espace=lieu.titulaire, pret_le=None, texte="PIECE-EN-COURS")
    page = reverse("echange", args=[echange.reference])
    auteur, autre = (texte(client_de(espace).get(page)) for espace in (lieu.titulaire, lieu.acteur))
    assert "NOTE-INTERNE" not in auteur + autre
    assert "PIECE-EN-COURS" in auteur
    assert "en cours d'analyse" in auteur
    assert "PIECE-EN-COURS" not in autre
    pdf = client_de(lieu.acteur).get(reverse("echange_pdf", args=[echange.reference]))
    assert pdf.content.startswith(b"%PDF")


def test_un_etranger_ne_trouve_rien() -> None:
    lieu, etranger = scene(), EspaceFactory()
    habiliter(etranger, personne=lieu.personne)
    echange = ecrit(lieu)
    client = client_de(etranger)
    for nom, args in (
        ("echange", [echange.reference]),
        ("echange_pdf", [echange.reference]),
        ("echange_relire", [echange.reference]),
        ("message_rediger", [lieu.personne.siren]),
        ("message_relire", [lieu.personne.siren]),
        ("entreprise_messages", [lieu.personne.siren]),
    ):
        assert client.get(reverse(nom, args=args)).status_code == 404, nom
    assert client.post(reverse("echange_clore", args=[echange.reference])).status_code == 404
    assert "Messages" not in texte(client.get(reverse("entreprise", args=[lieu.personne.siren])))


def ecrits(siren: str) -> list[str]:
    """A number as papers and spreadsheets have it: a whole SIRET, with dots, with dashes."""
    groupes = siren[:3], siren[3:6], siren[6:]
    siret = f"{siren}0001"
    return [siret + luhn.calc_check_digit(siret), ".".join(groupes), "-".join(groupes)]


def test_qui_a_beaucoup_d_entreprises_y_cherche_celle_pour_qui_il_ecrit() -> None:
    lieu, adresse = scene(denomination="ATELIER ROUSSEL"), reverse("message_ecrire")
    client = client_de(lieu.titulaire)
    assert 'name="q"' not in client.get(adresse).content.decode(), "one does not look for one's only company"
    for rang in range(11):
        habiliter(lieu.titulaire, personne=PersonneFactory(denomination=f"CAVE Nº {rang}"), service=messagerie())
    toutes = client.get(adresse).content.decode()
    assert 'name="q"' in toutes
    assert toutes.count("<option") == 13
    for cherche in (
        "atelier",
        "Roussel",
        lieu.personne.siren_lisible,
        lieu.personne.siren[:8],
        *ecrits(lieu.personne.siren),
    ):
        trouvee = client.get(adresse, {"q": cherche, "theme": "TVA", "chercher": "oui"}).content.decode()
        assert trouvee.count("<option") == 1, cherche
        assert f'value="{lieu.personne.siren}" selected' in trouvee
        assert 'value="TVA" checked' in trouvee, "the theme is not lost"
    rien = texte(client.get(adresse, {"q": "zzz"}))
    assert "Aucune de vos entreprises ne répond à « zzz »" in rien
    assert "ATELIER ROUSSEL" in rien
    for hostile in ("\x00", "%", "'"):
        assert client.get(adresse, {"q": hostile}).status_code == 200


def test_ecrire_de_bout_en_bout() -> None:
    lieu = scene(denomination="ATELIER ROUSSEL")
    client = client_de(lieu.titulaire)
    depart = client.get(reverse("message_ecrire"))
    assert "Joignez le dernier bilan" in texte(depart)
    assert "Choisissez un thème" in texte(client.get(reverse("message_ecrire"), {"continuer": "oui"}))
    vers = client.get(reverse("message_ecrire"), {"siren": lieu.personne.siren, "theme": "DELAI_PAIEMENT"})
    page = vers["Location"]
    vue = client.get(page)
    assert "Réponse habituelle : 15 jours" in texte(vue)
    envoi = re.search(r'name="envoi" value="([^"]+)"', vue.content.decode())
    assert envoi
    champs = {
        "theme": "DELAI_PAIEMENT",
        "objet": "Étalement",
        "texte": "Bonjour,\n\npourrions-nous.",
        "envoi": envoi[1],
    }
    vide = client.post(page, champs | {"texte": ""})
    assert "Écrivez votre message" in texte(vide)
    assert "Étalement" in vide.content.decode(), "nothing typed is lost"
    vers = client.post(page, champs)
    assert vers.status_code == 302, "reloaded, or come back to, the page asks for nothing to be sent again"
    relue = client.get(vers["Location"])
    assert "Un message envoyé ne se reprend pas" in texte(relue)
    assert Brouillon.objects.get().objet == "Étalement"
    assert "Étalement" in client.get(reverse("message_rediger", args=[lieu.personne.siren])).content.decode()
    champs = dict(re.findall(r'name="(theme|objet|texte|envoi)" value="([^"]+)"', relue.content.decode()))
    for _ in range(2):
        fini = client.post(page, champs | {"envoyer": "oui"})
        assert fini.status_code == 302
    echange = Echange.objects.get()
    assert fini["Location"] == reverse("echange", args=[echange.reference])
    assert Message.objects.get().texte == "Bonjour,\n\npourrions-nous."
    assert not Brouillon.objects.exists()
    lue = client.get(fini["Location"])
    assert texte(lue).count("Votre message est envoyé") == 1
    assert "Délai habituel 15 jours" in texte(lue)


def test_relire_deux_fois_envoie_une_fois_et_un_autre_texte_est_un_autre_message() -> None:
    lieu = scene()
    client = client_de(lieu.titulaire)
    page = reverse("message_rediger", args=[lieu.personne.siren])
    champs = {"theme": "TVA", "objet": "Ma question", "texte": "Bonjour"}

    def relire(texte: str) -> dict[str, str]:
        vers = client.post(page, champs | {"texte": texte, "envoi": str(uuid.uuid4())})
        html = client.get(vers["Location"]).content.decode()
        return dict(re.findall(r'name="(theme|objet|texte|envoi)" value="([^"]+)"', html)) | {"envoyer": "oui"}

    un, encore, autre = relire("Bonjour"), relire("Bonjour"), relire("Autre chose")
    for formulaire in (un, encore, autre):
        assert client.post(page, formulaire).status_code == 302
    assert sorted(Message.objects.values_list("texte", flat=True)) == ["Autre chose", "Bonjour"]
    partie = client.get(reverse("message_relire", args=[lieu.personne.siren]))
    assert partie["Location"] == page, "the draft has left: there is nothing to read again"
    assert client_de(lieu.acteur).get(reverse("message_relire", args=[lieu.personne.siren]))["Location"] == page
    etranger = client_de(scene().titulaire)
    assert etranger.get(reverse("message_relire", args=[lieu.personne.siren])).status_code == 404


def test_une_piece_demandee_reste_a_faire_jusqu_a_ce_qu_un_message_y_reponde() -> None:
    """Read by each of them, it still waits: of who may write, until somebody answers or the exchange is closed."""
    lieu = scene()
    echange = ecrit(lieu)
    client, autre = client_de(lieu.titulaire), client_de(lieu.acteur)

    def demander() -> None:
        repondre_en_agent(lieu.agent, echange, "Un RIB", piece=True)

    def attend(qui: Client) -> bool:
        return "1 pièce demandée par le service" in texte(qui.get(reverse("a_faire")))

    assert not attend(client)
    demander()
    assert "à lire dans la messagerie" not in texte(client.get(reverse("a_faire"))), "one thing is told once"
    remettre(recevoir(lieu.personne, agent=lieu.agent))
    assert "1 autre échange à lire dans la messagerie" in texte(client.get(reverse("a_faire")))
    for qui in (client, autre):
        for lu in Echange.objects.exclude(pk=echange.pk):
            qui.get(reverse("echange", args=[lu.reference]))
    for qui in (client, autre):
        assert "vous demande une pièce" in texte(qui.get(reverse("echange", args=[echange.reference])))
        assert attend(qui)
        assert "à lire" not in texte(qui.get(reverse("a_faire")))
    PersonneSirenisee.objects.update(restreinte_le=timezone.now())
    assert not attend(client), "nobody may answer any more"
    PersonneSirenisee.objects.update(restreinte_le=None)
    repondre(acteur=lieu.acteur, echange=echange, texte="Le voici", envoi=uuid.uuid4())
    assert not attend(client)
    demander()
    assert attend(client)
    clore(acteur=lieu.acteur, echange=echange)
    assert not attend(client)


def test_trop_long_est_dit_et_rien_n_est_perdu() -> None:
    lieu = scene()
    client, page = client_de(lieu.titulaire), reverse("message_rediger", args=[scene().personne.siren])
    assert client.get(page).status_code == 404
    page = reverse("message_rediger", args=[lieu.personne.siren])
    champs = {"theme": "TVA", "objet": "x" * 300, "texte": "y" * 20_001, "envoi": str(uuid.uuid4())}
    refus = client.post(page, champs)
    assert "L'objet a 300 caractères, pour 160 au plus" in texte(refus)
    assert "x" * 300 in refus.content.decode()
    garde = client.post(page, champs | {"garder": "oui", "objet": "court"})
    assert "retirez-en 1" in texte(garde)
    assert "y" * 20_001 in garde.content.decode()


def test_le_brouillon_se_retrouve_dans_une_autre_session() -> None:
    lieu = scene()
    page = f"{reverse('message_rediger', args=[lieu.personne.siren])}?theme=TVA"
    champs = {"theme": "TVA", "objet": "Ma question", "texte": "", "envoi": str(uuid.uuid4()), "garder": "oui"}
    assert client_de(lieu.titulaire).post(page, champs).status_code == 302
    autre_session = client_de(lieu.titulaire)
    assert "Ma question" in texte(autre_session.get(reverse("messagerie"), {"boite": "brouillons"}))
    assert (
        'value="Ma question"'
        in autre_session.get(reverse("message_rediger", args=[lieu.personne.siren])).content.decode()
    )
    assert "Ma question" not in texte(client_de(lieu.acteur).get(reverse("messagerie"), {"boite": "brouillons"}))
    garde = Brouillon.objects.get()
    client_de(lieu.acteur).post(reverse("brouillon_effacer", args=[garde.pk]))
    assert Brouillon.objects.exists(), "nobody erases another's"
    for _ in range(2):
        assert autre_session.post(reverse("brouillon_effacer", args=[garde.pk])).status_code == 302
    assert not Brouillon.objects.exists()


def test_repondre_garder_clore_rouvrir() -> None:
    lieu = scene()
    echange = ecrit(lieu)
    client, page = client_de(lieu.acteur), reverse("echange", args=[echange.reference])
    envoi = str(uuid.uuid4())
    client.post(page, {"texte": "À finir", "envoi": envoi, "garder": "oui"})
    assert "À finir" in client.get(page).content.decode()
    assert "Brouillon gardé le" in texte(client.get(page))
    refusee = texte(client.post(page, {"texte": " ", "envoi": envoi}))
    assert "Écrivez votre message" in refusee, "nobody has asked us anything yet"
    assert ">Votre réponse" not in client.get(page).content.decode()
    for _ in range(2):
        client.post(page, {"texte": "Fini", "envoi": envoi})
    assert Message.objects.filter(texte="Fini").count() == 1
    client.post(reverse("echange_clore", args=[echange.reference]))
    close = client.get(page)
    assert "Échange clos le" in texte(close)
    assert 'name="texte"' not in close.content.decode()
    client.post(reverse("echange_rouvrir", args=[echange.reference]))
    assert 'name="texte"' in client.get(page).content.decode()


def formulaire(reponse: object) -> dict[str, str]:
    """Return what the form of an answer carries hidden."""
    return dict(re.findall(r'name="(envoi|montre|texte)" value="([^"]*)"', reponse.content.decode()))  # type: ignore[attr-defined]


def test_une_reponse_se_relit_avant_de_partir_une_fois() -> None:
    """As a first message does: a GET that writes nothing, « Modifier » and « Recharger » lose nothing, and what it shows is what leaves."""
    lieu = scene()
    echange = ecrit(lieu)
    client, page = client_de(lieu.acteur), reverse("echange", args=[echange.reference])
    relire = reverse("echange_relire", args=[echange.reference])
    assert client.get(relire)["Location"] == page, "nothing is begun"
    assert "Envoyer la réponse" not in texte(client.get(page))
    saisie = formulaire(client.get(page))
    suite = client.post(page, {**saisie, "texte": "Voici le bilan.", "relire": "oui"})
    assert suite["Location"] == relire
    assert not Message.objects.filter(espace=lieu.acteur).exists()
    relue = client.get(relire)
    for dit in ("Un message envoyé ne se reprend pas", "Voici le bilan.", str(echange.service_gestionnaire.nom)):
        assert dit in texte(relue), dit
    assert "Voici le bilan." in client.get(page).content.decode(), "« Modifier »"
    # « Back », to the first page as it was made.
    corrigee = client.post(page, {**saisie, "texte": "Voici le bilan de 2026.", "relire": "oui"})
    assert corrigee["Location"] == relire
    derniere = formulaire(client.get(relire))
    for _ in range(2):  # pressed twice
        assert client.post(page, derniere)["Location"] == page
    assert list(Message.objects.filter(espace=lieu.acteur).values_list("texte", flat=True)) == [
        "Voici le bilan de 2026."
    ]
    assert not Brouillon.objects.exists()
    vide = client.post(page, {**formulaire(client.get(page)), "texte": " ", "relire": "oui"})
    assert "Écrivez votre message" in texte(vide)


def test_une_reponse_d_un_autre_onglet_n_est_pas_remplacee_sans_etre_montree() -> None:
    lieu = scene()
    echange = ecrit(lieu)
    client, page = client_de(lieu.acteur), reverse("echange", args=[echange.reference])
    premier, second = formulaire(client.get(page)), formulaire(client.get(page))
    client.post(page, {**premier, "texte": "Du premier onglet", "relire": "oui"})
    refusee = client.post(page, {**second, "texte": "Du second", "relire": "oui"})
    for dit in ("Un autre texte a été gardé en brouillon", "Du premier onglet", "Du second"):
        assert dit in texte(refusee), dit
    assert Brouillon.objects.get().texte == "Du premier onglet"
    suite = client.post(page, {**formulaire(refusee), "texte": "Du second", "relire": "oui"})
    assert suite.status_code == 302, "said once, then confirmed"
    assert Brouillon.objects.get().texte == "Du second"


def test_le_texte_corrige_apres_un_retour_en_arriere_n_est_pas_perdu() -> None:
    lieu = scene()
    client, page = client_de(lieu.acteur), reverse("echange", args=[ecrit(lieu).reference])
    envoi = re.search(r'name="envoi" value="([^"]*)"', client.get(page).content.decode())
    assert envoi is not None
    client.post(page, {"texte": "Je paierai le 15.", "envoi": envoi[1]})
    corrige = "Je paierai le 15, et conteste le reste."
    refusee = client.post(page, {"texte": corrige, "envoi": envoi[1]})  # the browser's « back », the text corrected
    assert "est déjà envoyé" in texte(refusee)
    assert corrige in texte(refusee)
    autre = re.search(r'name="envoi" value="([^"]*)"', refusee.content.decode())
    assert autre is not None
    client.post(page, {"texte": corrige, "envoi": autre[1]})
    assert Message.objects.filter(texte=corrige).exists()


def test_une_reponse_vide_a_un_echange_clos_entretemps_garde_son_formulaire() -> None:
    lieu = scene()
    echange = ecrit(lieu)
    clore(acteur=lieu.titulaire, echange=echange)
    page = reverse("echange", args=[echange.reference])
    refus = client_de(lieu.titulaire).post(page, {"texte": "z" * 20_001, "envoi": str(uuid.uuid4())})
    assert "l'échange vient d'être clos" in texte(refus).casefold()
    assert "z" * 20_001 in refus.content.decode()


def test_le_message_du_portail_ne_se_repond_pas() -> None:
    lieu = scene()
    message = remettre(
        recevoir(lieu.personne, echange=echanger(lieu.personne, theme="CODE_ACTIVATION", etat="REPONDU"))
    )
    client = client_de(lieu.titulaire)
    assert "Le portail" in texte(client.get(reverse("messagerie")))
    page = texte(client.get(reverse("echange", args=[message.echange.reference])))
    assert "personne n'y répond" in page
    assert "Votre réponse" not in page


def test_la_boite_d_une_entreprise() -> None:
    lieu = scene(denomination="ATELIER ROUSSEL")
    echange = ecrit(lieu)
    client = client_de(lieu.titulaire)
    page = texte(client.get(reverse("entreprise_messages", args=[lieu.personne.siren])))
    assert "Messages d'ATELIER ROUSSEL" in page
    assert echange.objet in page
    assert "Messages" in texte(client.get(reverse("entreprise", args=[lieu.personne.siren])))
    PersonneSirenisee.objects.update(restreinte_le=timezone.now())
    lue = client.get(reverse("entreprise_messages", args=[lieu.personne.siren]))
    assert reverse("message_ecrire") not in lue.content.decode()
    assert "plus aucun message ne peut y être écrit" in texte(client.get(reverse("echange", args=[echange.reference])))


def test_un_long_echange_s_ouvre_a_la_fin() -> None:
    lieu, maintenant = scene(), timezone.now()
    echange = ecrit(lieu)
    for rang in range(60):
        recevoir(
            lieu.personne, echange=echange, agent=lieu.agent, texte=f"Message {rang}.",
            envoye_le=maintenant + timedelta(minutes=rang),
        )  # fmt: skip
    page = texte(client_de(lieu.titulaire).get(reverse("echange", args=[echange.reference])))
    assert "Message 59." in page
    assert "Message 3." not in page
    assert "Message 3." in texte(
        client_de(lieu.titulaire).get(reverse("echange", args=[echange.reference]), {"page": 2})
    )


def test_le_pdf_dit_tout_l_echange() -> None:
    lieu = scene(denomination="ATELIER ROUSSEL")
    echange = ecrit(lieu, texte="Bonjour,\n\n#let x = 1 *gras* <script>")
    repondre(acteur=lieu.acteur, echange=echange, texte="Merci", envoi=uuid.uuid4())
    reponse = client_de(lieu.titulaire).get(reverse("echange_pdf", args=[echange.reference]))
    assert reponse["Content-Type"] == "application/pdf"
    assert reponse["Content-Disposition"] == f'attachment; filename="echange-{echange.reference}.pdf"'
    assert b"/StructTreeRoot" in reponse.content
    assert b"/Lang" in reponse.content


def test_aucun_lien_ne_mene_a_un_pdf_qui_n_est_pas() -> None:
    """Whoever sees no message of an exchange yet is offered no document of it; its author sees his own."""
    lieu = scene()
    echange = ecrit(lieu)
    Message.objects.update(pret_le=None)
    lien = reverse("echange_pdf", args=[echange.reference])
    assert lien in client_de(lieu.titulaire).get(reverse("echange", args=[echange.reference])).content.decode()
    client = client_de(lieu.acteur)
    assert client.get(lien).status_code == 404
    page = client.get(reverse("echange", args=[echange.reference]))
    assert page.status_code == 200
    assert lien not in page.content.decode()


def test_un_message_arrive_tard_ne_decale_pas_la_partie_qu_on_imprime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files were still analysed when the parts were made; it takes its place, by its date, in the first one."""
    lieu, maintenant = scene(), timezone.now()
    echange = ecrit(lieu, texte="MOT0")
    tard = recevoir(lieu.personne, echange=echange, agent=lieu.agent, texte="TARD", envoye_le=maintenant, pret_le=None)
    for rang in range(1, 4):
        quand = maintenant + timedelta(minutes=rang)
        remettre(recevoir(lieu.personne, echange=echange, agent=lieu.agent, texte=f"MOT{rang}", envoye_le=quand))
    monkeypatch.setattr("services.messagerie.imprime.MESSAGES_D_UNE_PARTIE", 2)
    avant = parties(lieu.titulaire, echange)
    remettre(tard)
    lue = texte_du_pdf(imprimer(lieu.titulaire, echange, 2, toutes=avant))
    assert [mot for mot in ("MOT0", "MOT1", "TARD", "MOT2", "MOT3") if mot in lue] == ["MOT2", "MOT3"]


def test_un_tres_long_echange_se_telecharge_en_parties_et_rien_n_y_manque(monkeypatch: pytest.MonkeyPatch) -> None:
    """One document is composed within a request: a million signs would take ten seconds and gigabytes of the web process.

    Its parts are those of the true figure; their words are read again from an exchange ten times shorter, in parts ten times
    shorter: pypdf takes a second for each page of signs.
    """
    lieu = scene(denomination="ATELIER ROUSSEL")
    echange = ecrit(lieu, texte="début")
    for rang in range(17):
        remettre(recevoir(lieu.personne, echange=echange, agent=lieu.agent, texte=f"MOT{rang:02} " + "x" * 19_000))
    client, adresse = client_de(lieu.titulaire), reverse("echange_pdf", args=[echange.reference])
    toutes = parties(lieu.titulaire, echange)
    assert [(partie.premier, partie.dernier) for partie in toutes] == [(1, 5), (6, 9), (10, 13), (14, 17), (18, 18)]
    page = texte(client.get(adresse))
    assert "en 5 documents PDF" in page
    assert "messages 6 à 9" in page
    assert client.get(adresse, {"partie": 1})["Content-Type"] == "application/pdf"
    assert client.get(adresse, {"partie": 6}).status_code == 404
    Message.objects.filter(echange=echange, texte__startswith="MOT").update(texte=Left("texte", 1_906))
    monkeypatch.setattr("services.messagerie.imprime.SIGNES_D_UNE_PARTIE", SIGNES_D_UNE_PARTIE // 10)
    assert parties(lieu.titulaire, echange) == toutes
    lus = []
    for partie in toutes:
        document = client.get(adresse, {"partie": partie.numero})
        assert document["Content-Disposition"].endswith(f'-partie-{partie.numero}.pdf"')
        lus += re.findall(r"MOT\d\d", texte_du_pdf(document.content))
    assert lus == [f"MOT{rang:02}" for rang in range(17)]


def test_le_nombre_de_requetes_ne_depend_pas_de_ce_que_l_on_a() -> None:
    lieu = scene()
    for _ in range(3):
        autre = scene()
        habiliter_aussi(autre, lieu.titulaire)
        for _ in range(10):
            remettre(recevoir(autre.personne, agent=autre.agent))
    garder(acteur=lieu.titulaire, personne=lieu.personne, texte="x")
    commence = Echange.objects.first()
    assert commence is not None
    garder(acteur=lieu.titulaire, personne=commence.personne, echange=commence, texte="y")
    client = client_de(lieu.titulaire)
    client.get(reverse("echange", args=[Echange.objects.first().reference]))  # type: ignore[union-attr]
    client.get(reverse("messagerie"))
    for adresse in (
        reverse("messagerie"),
        f"{reverse('messagerie')}?boite=a-traiter&q=objet",
        f"{reverse('messagerie')}?boite=brouillons",
        reverse("echange", args=[Echange.objects.first().reference]),  # type: ignore[union-attr]
        reverse("message_ecrire"),
        f"{reverse('message_rediger', args=[lieu.personne.siren])}?theme=TVA",
    ):
        with CaptureQueriesContext(connection) as requetes:
            assert client.get(adresse).status_code == 200, adresse
        lues = [q["sql"] for q in requetes if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(lues) <= 8, adresse + "\n".join(sql[:90] + "…" + sql[-90:] for sql in lues)


def test_la_page_nomme_qui_lit_et_ce_qu_on_ajoute() -> None:
    lieu = scene()
    echange = ecrit(lieu)
    page = texte(client_de(lieu.titulaire).get(reverse("echange", args=[echange.reference])))
    assert f"vous et {lieu.acteur.nom_complet}." in page
    assert "Compléter votre message" in page
    assert "Votre réponse" not in page, "nobody has written yet"
    clore(acteur=lieu.titulaire, echange=echange)
    echange.refresh_from_db()
    assert f"clos le {jour(echange.clos_le)}, par l’entreprise" in texte_du_pdf(imprimer(lieu.titulaire, echange))


def test_a_faire_dit_ce_qui_n_est_pas_lu_et_le_menu_le_compte() -> None:
    lieu = scene(denomination="ATELIER ROUSSEL")
    echange = recevoir(lieu.personne, agent=lieu.agent).echange
    for _ in range(2):
        remettre(recevoir(lieu.personne, echange=echange, agent=lieu.agent))
    client = client_de(lieu.titulaire)
    accueil = texte(client.get(reverse("espace")))
    assert "1 échange à lire dans la messagerie" in accueil
    assert "Messagerie 1 à lire" in accueil
    client.get(reverse("echange", args=[echange.reference]))
    accueil = texte(client.get(reverse("espace")))
    assert "à lire" not in accueil


def test_une_cle_d_envoi_illisible_est_dite_et_rien_n_est_perdu() -> None:
    lieu = scene()
    echange = ecrit(lieu)
    page = reverse("echange", args=[echange.reference])
    refus = client_de(lieu.titulaire).post(page, {"texte": "Ma longue réponse", "envoi": "rien"})
    assert "Ce formulaire est incomplet" in texte(refus)
    assert "Ma longue réponse" in refus.content.decode()


def test_les_entrees_de_la_messagerie() -> None:
    """From the page of the company, from the service that was opened, from « Votre espace »; not for who does not hold it."""
    lieu, autre = scene(), EspaceFactory()
    habiliter(autre, personne=lieu.personne)
    client = client_de(lieu.titulaire)
    fiche = reverse("entreprise", args=[lieu.personne.siren])
    ecrire_a = f"{reverse('message_ecrire')}?siren={lieu.personne.siren}"
    assert ecrire_a in client.get(fiche).content.decode()
    assert ecrire_a not in client_de(autre).get(fiche).content.decode()
    service = client.get(reverse("ouvrir_service", args=[lieu.personne.siren, messagerie().code]))
    assert reverse("entreprise_messages", args=[lieu.personne.siren]) in service.content.decode()
    assert f'href="{reverse("messagerie")}"' in client.get(reverse("votre_espace")).content.decode()


def test_un_echange_se_compose_quels_que_soient_ses_noms_et_ce_qui_y_fut_colle() -> None:
    """Names of one word of 160 letters, right-to-left ones, lists pasted from Word, many messages: in order, and on few pages."""
    arabe = "شركة النور"
    lieu = scene(denomination="ANTICONSTITUTIONNELLEMENT" * 10)
    Espace.objects.filter(pk=lieu.titulaire.pk).update(nom=f"{arabe} {'M' * 60}")
    lieu.titulaire.refresh_from_db()
    colle = f"Bonjour,\n\n\uf0b7\tPremier point\n1. Numéroté\n\n\n{arabe}\nhttps://www.impots.gouv.fr/{'x' * 200}"
    echange = ecrit(lieu, texte=colle, objet="Question sur l’été")
    for rang in range(30):
        repondre(acteur=lieu.acteur, echange=echange, texte=f"Message {rang}\n\nCordialement", envoi=uuid.uuid4())
    lu = PdfReader(io.BytesIO(imprimer(lieu.titulaire, echange)))
    dit = " ".join("".join(feuille.extract_text() for feuille in lu.pages).split())
    for texte_ in ("Question sur l’été", "• Premier point", "1. Numéroté", "Message 0 ", "Message 29 "):
        assert texte_ in dit, texte_
    assert dit.index("Message 0 ") < dit.index("Message 29 ")
    assert len(lu.pages) <= 6


def caches(reponse: object) -> dict[str, str]:
    """Return what the form of this page carries hidden."""
    html = reponse.content.decode()  # type: ignore[attr-defined]
    return dict(re.findall(r'<input type="hidden" name="(envoi|montre|theme)" value="([^"]*)"', html))


@pytest.mark.parametrize("dans", ["un message neuf", "une réponse"])
@pytest.mark.parametrize("bouton", [{"garder": "oui"}, {"ailleurs": "oui"}, {"joindre": "oui"}, {}])
def test_un_second_onglet_ne_remplace_pas_ce_que_le_premier_a_garde(dans: str, bouton: dict[str, str]) -> None:
    """Whatever door keeps: the second tab is told, reads both, and decides; going back to one's own page is no second tab."""
    lieu = scene()
    client = client_de(lieu.titulaire)
    if dans == "une réponse":
        page, champs = reverse("echange", args=[ecrit(lieu).reference]), {"texte": "Du second"}
        bouton = bouton or {"garder": "oui"}  # sending is another matter: what leaves is what was shown
    else:
        page = reverse("message_rediger", args=[lieu.personne.siren], query={"theme": "DELAI_PAIEMENT"})
        champs = {"objet": "Autre", "texte": "Du second"}
    premier, second = caches(client.get(page)), caches(client.get(page))
    gardees = {"objet": "Objet", "texte": "Du premier"}
    client.post(page, premier | gardees | {"garder": "oui"})
    assert client.post(page, premier | gardees | {"texte": "Du premier, corrigé", "garder": "oui"}).status_code == 302
    refusee = client.post(page, second | champs | bouton)
    assert refusee.status_code == 200
    for dit in ("Un autre texte a été gardé en brouillon", "Du premier, corrigé", "Du second"):
        assert dit in texte(refusee)
    assert Brouillon.objects.get().texte == "Du premier, corrigé"
    assert client.post(page, caches(refusee) | champs | bouton).status_code == 302, "said once, then confirmed"
    assert Brouillon.objects.get().texte == "Du second"


def test_ce_qui_n_est_pas_garde_ne_se_dit_pas_garde() -> None:
    """Words that are refused with a file beside them: the file has made a draft, which does not hold the words."""
    lieu = scene()
    client = client_de(lieu.titulaire)
    page = reverse("message_rediger", args=[lieu.personne.siren], query={"theme": "DELAI_PAIEMENT"})
    champs = caches(client.get(page)) | {"objet": "x" * 300, "texte": "Mon texte", "garder": "oui"}
    refusee = client.post(page, champs | {"fichiers": SimpleUploadedFile("note.txt", b"Une note")})
    assert Brouillon.objects.get().texte == ""
    assert "Mon texte" in texte(refusee)
    assert "Gardé le" not in texte(refusee)
    assert "Pas encore gardé" in texte(refusee)
