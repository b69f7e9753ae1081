"""Creating an espace: one account per address whoever races for it, and a number that no other has (CGU §2.1, §3.1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.liens import LienInvalide, jeton
from accounts.espace import inscription as actes
from accounts.espace import recapitulatif_pdf
from accounts.espace.changement_adresse import AdresseDejaPrise, confirmer_changement, demander_changement
from accounts.espace.inscription import (
    Inscription,
    confirmer_adresse,
    effacer_perimees,
    inscrire_expert,
    renvoyer_confirmation,
)
from accounts.models import Compte, Courriel, Espace, Lien
from accounts.mots_de_passe import saturation
from accounts.mots_de_passe.confiance import ReponseDevinable
from accounts.saisies.numeros import nouveau_numero, numero_valide
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory
from tests.scenes import en_parallele

COUREURS = 16


def saisie(email: str) -> Inscription:
    return Inscription(
        email=email,
        mot_de_passe=MOT_DE_PASSE,
        civilite="MADAME",
        nom="Martin",
        prenom="Jeanne",
        telephone="0123456789",
        siren_appartenance="552032534",
        question_confiance="PHRASE",
        reponse_confiance=REPONSE,
    )


def inscrit(email: str) -> Espace:
    espace = inscrire_expert(acteur=Visiteur(), inscription=saisie(email))
    assert espace is not None
    return espace


def jeton_de(espace: Espace, objet: Lien.Objet) -> str:
    return jeton(espace.liens.get(objet=objet, consomme_le=None, revoque_le=None))


def ici(espace: Espace) -> Visiteur:
    """Who follows the confirmation link in the browser that filled the form."""
    return Visiteur(jeton=jeton_de(espace, Lien.Objet.CONFIRMATION_EXPERT), inscription=str(espace.pk))


@pytest.fixture(autouse=True)
def _sans_hate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue for hashing (accounts/mots_de_passe/saturation.py) is not what is raced here."""
    monkeypatch.setattr(saturation, "ATTENTE", 60)


@pytest.mark.django_db(transaction=True)
def test_inscriptions_confirmation_et_changement_courent_vers_la_meme_adresse(tours: Callable[[int], int]) -> None:
    for tour in range(tours(200)):
        adresse = f"jeanne.martin{tour}@cabinet-dupont.fr"
        titulaire, attente = EspaceFactory(), inscrit(adresse)
        demander_changement(acteur=titulaire, nouvelle=adresse)
        confirmation = jeton_de(attente, Lien.Objet.CONFIRMATION_EXPERT)
        changement = jeton_de(titulaire, Lien.Objet.CHANGEMENT_ADRESSE)
        plus_tard = timezone.now() + settings.RENVOI_APRES + timedelta(minutes=1)
        gestes: list[Callable[[], object]] = [
            lambda: inscrire_expert(acteur=Visiteur(), inscription=saisie(adresse)),
            lambda: confirmer_adresse(acteur=Visiteur(jeton=confirmation, inscription=str(attente.pk))),
            lambda: confirmer_changement(acteur=Visiteur(jeton=changement)),
            lambda: renvoyer_confirmation(acteur=attente, maintenant=plus_tard),
        ]
        resultats = en_parallele(COUREURS, lambda rang: gestes[rang % 4]())
        assert all(r is None or isinstance(r, (Espace, Lien, RegleMetier)) for r in resultats), resultats
        compte = Compte.objects.get(email__iexact=adresse)
        assert compte.espace.etat in {Espace.Etat.ACTIF, Espace.Etat.EN_ATTENTE_COURRIEL}
        confirmes = [r for rang, r in enumerate(resultats) if rang % 4 in {1, 2} and isinstance(r, Espace)]
        assert len(confirmes) <= 1, resultats
        if confirmes:
            assert compte.espace == confirmes[0], "whoever was told that the address is theirs has it"
        assert not Compte.objects.filter(espace=None).exists(), "an account never stays without its espace"


@pytest.mark.django_db(transaction=True)
def test_deux_espaces_qui_echangent_leurs_adresses_ne_s_attendent_pas(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        un, autre = EspaceFactory(), EspaceFactory()
        liens = []
        for espace, adresse in ((un, autre.compte.email), (autre, un.compte.email)):
            demander_changement(acteur=espace, nouvelle=adresse)
            liens.append(jeton_de(espace, Lien.Objet.CHANGEMENT_ADRESSE))
        resultats = en_parallele(2, lambda rang: confirmer_changement(acteur=Visiteur(jeton=liens[rang])))
        assert all(isinstance(r, AdresseDejaPrise) for r in resultats), resultats


def test_dans_le_meme_navigateur_la_derniere_inscription_remplace_celle_qui_attend(db: None) -> None:
    premiere = inscrit("jeanne@cabinet-dupont.fr")
    ancien = jeton_de(premiere, Lien.Objet.CONFIRMATION_EXPERT)
    seconde = inscrire_expert(
        acteur=Visiteur(inscription=str(premiere.pk)), inscription=saisie("Jeanne@Cabinet-Dupont.fr")
    )
    assert seconde is not None
    assert not Espace.objects.filter(pk=premiere.pk).exists()
    with pytest.raises(LienInvalide):
        confirmer_adresse(acteur=Visiteur(jeton=ancien))
    assert renvoyer_confirmation(acteur=premiere) is None, "its page may still be open in a browser"
    assert confirmer_adresse(acteur=ici(seconde)).est_actif


def test_l_adresse_d_un_espace_ouvert_previent_son_titulaire(espace: Espace) -> None:
    assert inscrire_expert(acteur=Visiteur(), inscription=saisie(espace.compte.email)) is None
    assert Courriel.objects.get(genre="adresse_deja_utilisee").destinataire == espace.compte.email
    assert Compte.objects.count() == 1


def test_un_numero_deja_donne_est_retire(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pris = EspaceFactory().numero_abonne
    libre = nouveau_numero(timezone.localdate())
    tirages = iter([pris, pris, libre])
    monkeypatch.setattr(actes, "nouveau_numero", lambda jour: next(tirages))
    assert inscrit("jeanne@cabinet-dupont.fr").numero_abonne == libre


def test_dix_tirages_deja_donnes_se_disent(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pris = EspaceFactory().numero_abonne
    monkeypatch.setattr(actes, "nouveau_numero", lambda jour: pris)
    with pytest.raises(RuntimeError, match="ten draws"):
        inscrire_expert(acteur=Visiteur(), inscription=saisie("jeanne@cabinet-dupont.fr"))
    assert not Compte.objects.filter(email="jeanne@cabinet-dupont.fr").exists()


def test_la_question_ne_fait_pas_sa_reponse(db: None) -> None:
    recopiee = "suite de mots acceptée pour cet espace"  # words of the question PHRASE
    with pytest.raises(ReponseDevinable):
        inscrire_expert(
            acteur=Visiteur(), inscription=replace(saisie("recopieur@cabinet-dupont.fr"), reponse_confiance=recopiee)
        )
    assert not Espace.objects.exists()


def test_un_numero_se_lit_partout_de_meme() -> None:
    """The récapitulatif, the pages and the mails: what is read aloud from one is found in the other."""
    numero = "20263274815936"
    assert Espace(numero_abonne=numero).numero_lisible == "2026 327 481 593 6"
    assert Espace(numero_abonne=numero).numero_lisible == recapitulatif_pdf.numero_lisible(numero).replace("\xa0", " ")


def test_un_numero_porte_son_jour_et_sa_cle() -> None:
    numero = nouveau_numero(date(2026, 11, 23))
    assert numero.startswith("2026327")
    assert numero_valide(numero)
    assert not numero_valide(numero[:-1] + str((int(numero[-1]) + 1) % 10))


def test_une_inscription_jamais_confirmee_tombe_au_bout_de_48_heures(db: None) -> None:
    depart = timezone.now()
    assert inscrire_expert(acteur=Visiteur(), inscription=saisie("jeanne@cabinet-dupont.fr"), maintenant=depart)
    assert effacer_perimees(maintenant=depart + timedelta(hours=48, seconds=-1)) == 0
    assert effacer_perimees(maintenant=depart + timedelta(hours=48, seconds=1)) == 1
    assert effacer_perimees(maintenant=depart + timedelta(hours=48, seconds=1)) == 0, "twice is harmless"
    assert not Compte.objects.exists()
    assert inscrire_expert(acteur=Visiteur(), inscription=saisie("jeanne@cabinet-dupont.fr")), (
        "its address is free again"
    )


def test_un_lien_renvoye_prolonge_l_attente(db: None) -> None:
    depart = timezone.now()
    attente = inscrit("jeanne@cabinet-dupont.fr")
    ancien = jeton_de(attente, Lien.Objet.CONFIRMATION_EXPERT)
    assert renvoyer_confirmation(acteur=attente, maintenant=depart + timedelta(hours=47)) is None, "it waits to leave"
    courriels.envoyer_en_attente()
    assert renvoyer_confirmation(acteur=attente, maintenant=depart + timedelta(hours=47))
    assert jeton_de(attente, Lien.Objet.CONFIRMATION_EXPERT) == ancien
    assert effacer_perimees(maintenant=depart + timedelta(hours=94)) == 0
    assert effacer_perimees(maintenant=depart + timedelta(hours=96)) == 1


def test_un_espace_confirme_ne_tombe_pas(db: None) -> None:
    attente = inscrit("jeanne@cabinet-dupont.fr")
    confirmer_adresse(acteur=ici(attente))
    assert effacer_perimees(maintenant=timezone.now() + timedelta(days=4000)) == 0
    assert Espace.objects.get().est_actif
