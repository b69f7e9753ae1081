"""Long lists as files: asked for, made once by a worker, kept a day for whoever asked and nobody else."""

import io
import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from redis.exceptions import ConnectionError as RedisAbsent

from accounts.donnees import retention
from accounts.espace.suppression import supprimer_espace
from accounts.models import Courriel, Espace, Evenement
from habilitations.arbre.lots import ActeurNonActif
from habilitations.lectures import export as module_export
from habilitations.lectures.export import COLONNES, Liste
from habilitations.lectures.exports import (
    GARDE,
    GARDES,
    TACHE,
    Avancement,
    FichierPerime,
    TropDeFichiers,
    avancement,
    contenu_de,
    demander_export,
    fabriquer,
    fabriquer_en_attente,
)
from habilitations.lectures.partage import Filtres
from habilitations.models import Export, Habilitation, Role
from habilitations.tableurs.ecriture import Feuille, ecrire_xlsx, morceaux_csv
from tests.factories import EspaceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]
LISTE = Liste("delegations-accordees", (Role.ACTEUR, Role.ACTEUR_DELEGANT), recues=False, filtres=Filtres())


@pytest.fixture
def racine(monkeypatch: pytest.MonkeyPatch) -> Habilitation:
    """A titulaire of one service who has granted three rights, in a portal where two rows are a long list."""
    monkeypatch.setattr(module_export, "XLSX_DIRECT", 2)
    racine: Habilitation = habiliter(EspaceFactory())
    for nom in ("Petit", "Leroux", "Garnier"):
        accorder(racine, EspaceFactory(nom=nom), Role.ACTEUR)
    return racine


def texte(reponse: object) -> str:
    return reponse.content.decode()  # type: ignore[attr-defined]


def test_de_la_demande_au_fichier(
    racine: Habilitation, client_de: Ouvrir, _reveils: list[tuple[str, list[str]]]
) -> None:
    client = client_de(racine.espace)
    with pytest.MonkeyPatch.context() as immediat:
        immediat.setattr("accounts.envois.reveil.transaction.on_commit", lambda suite: suite())
        reponse = client.post(reverse("delegations_exporter"), {"format": "xlsx"})
    export = Export.objects.get()
    suivi = reverse("export", args=[export.pk])
    assert reponse["Location"] == suivi
    assert (TACHE, [str(export.pk)]) in _reveils
    page = texte(client.get(suivi))
    assert '<meta http-equiv="refresh" content="5">' in page
    assert re.search(r'<label for="avancement">.*?<progress id="avancement"></progress>', page, re.DOTALL)
    assert 'http-equiv="refresh"' not in texte(client.get(suivi, {"pause": "1"}))
    assert not Evenement.objects.filter(acte="habilitations.exportees").exists()

    assert fabriquer(str(export.pk))
    assert not fabriquer(str(export.pk)), "once"
    page = texte(client.get(suivi))
    assert "http-equiv" not in page
    assert "Votre fichier est prêt" in page
    courriel = Courriel.objects.get(genre="export_pret")
    assert courriel.destinataire == racine.espace.compte.email
    assert courriel.contexte["chemin"] == suivi
    fichier = client.post(reverse("export_telecharger", args=[export.pk]))
    feuille = load_workbook(io.BytesIO(fichier.content)).active
    rangees = list(feuille.iter_rows(values_only=True))
    assert rangees[0] == COLONNES
    assert {rangee[7] for rangee in rangees[1:]} == {"Petit", "Leroux", "Garnier"}
    assert 'filename="delegations-accordees.xlsx"' in fichier["Content-Disposition"]
    assert Evenement.objects.get(acte="habilitations.exportees").details["lignes"] == 3


def test_une_liste_courte_et_tout_csv_partent_de_suite(racine: Habilitation, client_de: Ouvrir) -> None:
    client = client_de(racine.espace)
    csv = client.post(reverse("delegations_exporter"), {"format": "csv"})
    assert csv.streaming
    assert csv.getvalue().count(b"\r\n") == 4
    court = client.post(reverse("delegations_exporter"), {"format": "xlsx", "q": "Petit"})
    assert court.getvalue().startswith(b"PK")
    assert not Export.objects.exists()


def test_un_fichier_n_est_qu_a_qui_l_a_demande(racine: Habilitation, client_de: Ouvrir) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    fabriquer(str(export.pk))
    autre = client_de(EspaceFactory())
    assert autre.get(reverse("export", args=[export.pk])).status_code == 404
    assert autre.post(reverse("export_telecharger", args=[export.pk])).status_code == 404
    assert client_de(racine.espace).get(reverse("export_telecharger", args=[export.pk])).status_code == 405


def test_le_fichier_dit_les_droits_du_moment_ou_il_est_fait(racine: Habilitation) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    Habilitation.objects.exclude(role=Role.TITULAIRE).filter(espace__nom="Petit").update(
        fin_le=timezone.now(), fin_motif=Habilitation.MotifFin.RETRAIT
    )
    fabriquer(str(export.pk))
    export.refresh_from_db()
    assert export.lignes == 2


def test_un_espace_desactive_n_a_pas_de_fichier(racine: Habilitation) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    Espace.objects.filter(pk=racine.espace_id).update(etat=Espace.Etat.DESACTIVE)
    fabriquer(str(export.pk))
    export.refresh_from_db()
    assert export.contenu is None
    assert not Courriel.objects.filter(genre="export_pret").exists()
    with pytest.raises(FichierPerime):
        contenu_de(export)
    racine.espace.refresh_from_db()
    with pytest.raises(ActeurNonActif):
        demander_export(acteur=racine.espace, liste=LISTE)


def test_deux_demandes_n_en_font_qu_une_et_cinq_suffisent(racine: Habilitation, client_de: Ouvrir) -> None:
    premiere = demander_export(acteur=racine.espace, liste=LISTE)
    assert demander_export(acteur=racine.espace, liste=LISTE) == premiere
    for rang in range(GARDES - 1):
        filtres = Filtres(q=f"recherche {rang}")
        demander_export(acteur=racine.espace, liste=Liste("x", (Role.ACTEUR,), recues=False, filtres=filtres))
    fabriquer(str(premiere.pk))
    with pytest.raises(TropDeFichiers):
        demander_export(acteur=racine.espace, liste=LISTE)
    client = client_de(racine.espace)
    assert client.post(reverse("delegations_exporter"), {"format": "xlsx"})["Location"] == reverse("delegations")
    assert "Vous avez demandé 5 fichiers" in texte(client.get(reverse("delegations")))
    assert demander_export(acteur=racine.espace, liste=LISTE, maintenant=timezone.now() + GARDE) != premiere


def test_apres_un_jour_le_fichier_n_est_plus_donne_puis_la_purge_l_efface(
    racine: Habilitation, client_de: Ouvrir
) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    fabriquer(str(export.pk))
    (regle,) = [regle for regle in retention.table() if regle.cle == "exports"]
    assert not regle.lignes(timezone.now()).exists()
    Export.objects.update(cree_le=timezone.now() - GARDE)
    client = client_de(racine.espace)
    assert "n’est plus gardé" in texte(client.get(reverse("export", args=[export.pk]))).replace("&#x27;", "'")
    assert client.post(reverse("export_telecharger", args=[export.pk])).status_code == 302
    retention.purger()
    assert not Export.objects.exists()


def test_un_fichier_abandonne_dit_comment_faire(racine: Habilitation, client_de: Ouvrir) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    Export.objects.update(ecarte_le=timezone.now())
    page = texte(client_de(racine.espace).get(reverse("export", args=[export.pk]))).replace("&#x27;", "'")
    assert "n’a pas pu être préparé" in page
    assert "http-equiv" not in page


def test_l_espace_supprime_n_en_laisse_aucun() -> None:
    espace = EspaceFactory()
    demander_export(acteur=espace, liste=LISTE)
    supprimer_espace(acteur=espace)
    assert not Export.objects.exists()


def test_l_avancement_se_lit_et_redis_peut_l_oublier(
    racine: Habilitation, client_de: Ouvrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = demander_export(acteur=racine.espace, liste=LISTE)
    assert avancement(export) == Avancement(0, 0)
    cache.set(f"export:{export.pk}", (1200, 70_000))
    page = texte(client_de(racine.espace).get(reverse("export", args=[export.pk])))
    assert re.search(r'<progress id="avancement" max="70000" value="1200">', page)

    def absent(*_: object, **__: object) -> None:
        raise RedisAbsent

    monkeypatch.setattr("habilitations.lectures.exports.cache.get", absent)
    monkeypatch.setattr("habilitations.lectures.exports.cache.set", absent)
    assert avancement(export) == Avancement()
    assert fabriquer_en_attente() == 1, "the file is made without Redis"
    export.refresh_from_db()
    assert export.traite_le is not None


def test_la_memoire_ne_depend_pas_du_nombre_de_lignes() -> None:
    def rangees(nombre: int) -> Iterator[tuple[str, ...]]:
        return (("005410220", f"SOCIÉTÉ {rang}", "x" * 60) for rang in range(nombre))

    def pointe(nombre: int, ecrire: Callable[[Iterator[tuple[str, ...]]], None]) -> int:
        tracemalloc.start()
        ecrire(rangees(nombre))
        mesure = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return mesure

    def csv(lignes: Iterator[tuple[str, ...]]) -> None:
        for _ in morceaux_csv(("A", "B", "C"), lignes):
            pass

    class Puits(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, octets: object) -> int:
            return len(octets)  # type: ignore[arg-type]

    def xlsx(lignes: Iterator[tuple[str, ...]]) -> None:
        ecrire_xlsx(io.BufferedWriter(Puits()), Feuille("x", ("A", "B", "C"), lignes))

    for ecrire in (csv, xlsx):
        assert pointe(20_000, ecrire) < 1.5 * pointe(2_000, ecrire) + 200_000


def test_une_demande_de_plus_d_un_jour_est_perimee_sans_etre_faite(racine: Habilitation, client_de: Ouvrir) -> None:
    export = demander_export(
        acteur=racine.espace, liste=LISTE, maintenant=timezone.now() - GARDE - timedelta(minutes=1)
    )
    page = texte(client_de(racine.espace).get(reverse("export", args=[export.pk])))
    assert "http-equiv" not in page
