"""What one espace writes and joins in a day: beyond, a clear refusal that loses nothing, and nobody else is held back."""

import uuid
from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import Espace, EssaiConnexion
from services.messagerie import plafonds
from services.messagerie.brouillons import garder
from services.messagerie.echanges import ecrire, repondre
from services.messagerie.pieces import jointes
from services.messagerie.pieces.jointes import joindre, joindre_du_bureau, oter
from services.messagerie.pieces.regles import FichierRefuse
from services.messagerie.plafonds import (
    FICHIERS_REFUSES,
    TropDeFichiersJoints,
    TropDeFichiersRefuses,
    TropDeMessages,
    TropDeMessagesPourUneEntreprise,
)
from services.models import Brouillon, Message, PersonneSirenisee, PieceJointe
from tests.factories import PersonneFactory, echanger, habiliter
from tests.services.messagerie.pieces.scenes import PDF
from tests.services.messagerie.scenes import Scene, messagerie

pytestmark = pytest.mark.django_db


def envoyer(espace: Espace, personne: PersonneSirenisee, envoi: uuid.UUID | None = None) -> Message:
    return ecrire(
        acteur=espace, personne=personne, theme="TVA", objet="Une", texte="Bonjour", envoi=envoi or uuid.uuid4()
    )


def brouillon(lieu: Scene) -> Brouillon:
    garde = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert garde is not None
    return garde


def le_lendemain() -> None:
    EssaiConnexion.objects.update(quand=F("quand") - timedelta(hours=24, minutes=1))


def test_une_entreprise_ne_recoit_pas_tout_ce_qu_un_espace_ecrit(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plafonds, "MESSAGES_POUR_UNE_ENTREPRISE", 3)
    autre = PersonneFactory()
    habiliter(lieu.titulaire, personne=autre, service=messagerie())
    echange, envoi = echanger(lieu.personne), uuid.uuid4()
    for _ in range(5):
        envoyer(lieu.titulaire, lieu.personne, envoi)  # the same form, again and again, counts once
    envoyer(lieu.titulaire, lieu.personne)
    repondre(acteur=lieu.titulaire, echange=echange, texte="Encore", envoi=uuid.uuid4())
    garde = brouillon(lieu)
    for essai in (
        lambda: envoyer(lieu.titulaire, lieu.personne),
        lambda: repondre(acteur=lieu.titulaire, echange=echange, texte="Et encore", envoi=uuid.uuid4()),
    ):
        with pytest.raises(TropDeMessagesPourUneEntreprise) as refus:
            essai()
        assert lieu.personne.denomination in str(refus.value)
    assert Message.objects.count() == 3
    assert Brouillon.objects.get(pk=garde.pk).texte == "Voici"
    envoyer(lieu.titulaire, autre)  # his other companies
    envoyer(lieu.acteur, lieu.personne)  # a colleague
    le_lendemain()
    envoyer(lieu.titulaire, lieu.personne)


def test_ce_qu_un_espace_ecrit_en_un_jour_a_une_fin(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plafonds, "MESSAGES_PAR_JOUR", 2)
    for _ in range(2):
        envoyer(lieu.titulaire, lieu.personne)
    with pytest.raises(TropDeMessages, match=r"\b2\b"):
        envoyer(lieu.titulaire, lieu.personne)
    assert Message.objects.count() == 2
    envoyer(lieu.acteur, lieu.personne)


@pytest.mark.usefixtures("depot")
def test_les_fichiers_d_un_jour_ont_une_fin_meme_otes(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plafonds, "FICHIERS_PAR_JOUR", 2)
    garde = brouillon(lieu)
    for _ in range(2):
        piece = joindre(acteur=lieu.titulaire, brouillon=garde, nom="a.pdf", contenu=PDF)
        oter(acteur=lieu.titulaire, brouillon=garde, piece=piece.pk)
    with pytest.raises(TropDeFichiersJoints, match="b.pdf"):
        joindre(acteur=lieu.titulaire, brouillon=garde, nom="b.pdf", contenu=PDF)
    assert not PieceJointe.objects.exists()
    le_lendemain()
    joindre(acteur=lieu.titulaire, brouillon=garde, nom="b.pdf", contenu=PDF)


@pytest.mark.usefixtures("depot")
def test_les_gros_fichiers_se_comptent_a_part(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plafonds, "GROS_FICHIERS_PAR_JOUR", 1)
    garde, gros = brouillon(lieu), b"a;b;c\r\n" * 200_000
    joindre(acteur=lieu.titulaire, brouillon=garde, nom="gros.csv", contenu=gros)
    with pytest.raises(TropDeFichiersJoints, match=r"1\sMo"):
        joindre(acteur=lieu.titulaire, brouillon=garde, nom="gros2.csv", contenu=gros)
    joindre(acteur=lieu.titulaire, brouillon=garde, nom="petit.pdf", contenu=PDF)
    comptes = EssaiConnexion.objects.count()
    with pytest.raises(TropDeFichiersJoints):
        joindre(acteur=lieu.titulaire, brouillon=garde, nom="gros2.csv", contenu=gros)
    assert EssaiConnexion.objects.count() == comptes + 2, (
        "of the files nothing more, of the refusals one, and its examination"
    )


def test_un_comptable_de_cent_entreprises_un_jour_d_echeance_n_est_pas_retenu() -> None:
    """Several messages and files for each of the hundred companies that an espace may hold."""
    assert plafonds.MESSAGES_PAR_JOUR >= 4 * 100
    assert plafonds.FICHIERS_PAR_JOUR >= 10 * 100
    assert plafonds.GROS_FICHIERS_PAR_JOUR >= 3 * 100
    assert plafonds.MESSAGES_POUR_UNE_ENTREPRISE >= 50
    au_plus = plafonds.GROS_FICHIERS_PAR_JOUR * 10_000_000 + plafonds.FICHIERS_PAR_JOUR * plafonds.GROS
    assert au_plus <= 4_000_000_000, "what docs/maison.md says of the storage"


def plus_tard(**duree: int) -> None:
    EssaiConnexion.objects.update(quand=F("quand") - timedelta(**duree))


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("qui", ["titulaire", "agent"])
def test_les_fichiers_refuses_ont_un_rythme_et_personne_n_est_mis_dehors(
    lieu: Scene, qui: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take four seconds of processor: after twenty of a day, one a minute, which is not examined before."""
    echange, garde = echanger(lieu.personne), brouillon(lieu)

    def envoyer_un(nom: str, contenu: bytes) -> PieceJointe:
        if qui == "agent":
            return joindre_du_bureau(acteur=lieu.agent, echange=echange, nom=nom, contenu=contenu)
        return joindre(acteur=lieu.titulaire, brouillon=garde, nom=nom, contenu=contenu)

    for rang in range(FICHIERS_REFUSES.libres):
        with pytest.raises(FichierRefuse):
            envoyer_un(f"{rang}.pdf", b"MZ")
    with monkeypatch.context() as sans:
        sans.setattr(jointes, "examiner", lambda *_: 1 / 0)
        with pytest.raises(TropDeFichiersRefuses, match="Attendez une minute") as refus:
            envoyer_un("piège.docx", b"PK")
    assert "« piège.docx »" in str(refus.value).replace("\u00a0", " ").replace("\u202f", " ")
    plus_tard(seconds=61)
    for nom in ("a.pdf", "b.pdf", "c.pdf"):
        envoyer_un(nom, PDF + nom.encode())  # what is taken makes nothing wait
    with pytest.raises(FichierRefuse):
        envoyer_un("encore.pdf", b"MZ")
    with pytest.raises(TropDeFichiersRefuses):
        envoyer_un("d.pdf", PDF)
    plus_tard(seconds=61)
    envoyer_un("d.pdf", PDF)
    collegue = brouillon_d_un_collegue(lieu)
    assert joindre(acteur=lieu.acteur, brouillon=collegue, nom="a.pdf", contenu=PDF).pk, "a colleague has his own"
    le_lendemain()
    for rang in range(FICHIERS_REFUSES.libres):
        with pytest.raises(FichierRefuse):
            envoyer_un(f"{rang}.pdf", b"MZ")


def brouillon_d_un_collegue(lieu: Scene) -> Brouillon:
    garde = garder(acteur=lieu.acteur, personne=lieu.personne, texte="Voici")
    assert garde is not None
    return garde


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("faute", [MemoryError, KeyboardInterrupt, SystemExit])
def test_un_fichier_qui_arrete_son_processus_reste_compte(
    lieu: Scene, faute: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mourir(*_: object) -> None:
        raise faute

    garde, avant = brouillon(lieu), EssaiConnexion.objects.count()
    monkeypatch.setattr(jointes, "examiner", mourir)
    with pytest.raises(faute):
        joindre(acteur=lieu.titulaire, brouillon=garde, nom="a.pdf", contenu=PDF)
    assert EssaiConnexion.objects.count() == avant + 1


@pytest.mark.usefixtures("depot")
def test_un_fichier_pris_ne_laisse_que_son_propre_compte(lieu: Scene) -> None:
    garde, avant = brouillon(lieu), EssaiConnexion.objects.count()
    joindre(acteur=lieu.titulaire, brouillon=garde, nom="a.pdf", contenu=PDF)
    assert EssaiConnexion.objects.count() == avant + 1, "of `FICHIERS_PAR_JOUR`"
