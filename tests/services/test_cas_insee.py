"""The shapes of `tests/services/cas/`: real-world lines of INSEE's two files, made-up content, each with what is right."""

from pathlib import Path

import pytest

from services.adresses.envoi import adresses_des_courriers
from services.fichiers_insee import NON_DIFFUSIBLE, lire_sieges, lire_unites
from services.importation import importer_personnes
from services.models import PersonneSirenisee

pytestmark = pytest.mark.django_db
CAS = Path(__file__).parent / "cas"
UNITES, ETABLISSEMENTS = CAS / "StockUniteLegale_cas.csv", CAS / "StockEtablissement_cas.csv"
PAIX = "1 RUE DE LA PAIX"
# SIREN -> dénomination, lines of the address
ATTENDUS: dict[str, tuple[str, list[str]]] = {
    "900000001": (
        "COMITE DES OEUVRES SOCIALES DES AGENTS DE LA VILLE DE HAM, DU CENTRE COMMUNAL D'ACTION SOCIALE ET DE LA "
        "COMMUNAUTE DE COM",
        [PAIX, "75002 PARIS"],
    ),
    "900000076": ("THIERRY JANOYER", [PAIX, "75002 PARIS"]),
    "900000142": ("ANNE-LÉA LE BŒUF", [PAIX, "75002 PARIS"]),
    "900000217": (NON_DIFFUSIBLE, ["LE POULIGUEN"]),
    "900000282": ("SCI DES LILAS", ["PARIS"]),
    "900000357": ('SARL "LE PETIT ""GOURMET"""', ['1 RUE DES "TROIS" FRERES', "75002 PARIS"]),
    "900000423": ("DUPONT, MARTIN ET FILS", ["BAT A, ESC 2", PAIX, "75002 PARIS"]),
    "900000498": ("SOCIETE DES DEUX LIGNES", [PAIX, "75002 PARIS"]),
    "900000563": ("SOCIETE TROIS", ["CHEZ X BAT B", PAIX, "75002 PARIS"]),
    "900000639": ("SOCIETE PLAGE", ["12-14 BIS RUE DE LA PAIX", "75002 PARIS"]),
    "900000704": ("SOCIETE BIS", ["12 BIS RUE DE LA PAIX", "75002 PARIS"]),
    "900000779": ("SOCIETE BIS V4", ["12 BIS RUE DE LA PAIX", "75002 PARIS"]),
    "900000845": ("SAM MONACO", ["1 RUE PRINCESSE CAROLINE", "98000 MONACO", "MONACO"]),
    "900000910": ("BELGE SA", ["1 AV LOUISE", "1050 BRUXELLES", "BELGIQUE"]),
    "900000985": (
        "BRITISH LTD",
        [
            "UNIT 12 NORTHGATE BUSINESS PARK CENTRE",
            "SAINT MARTIN LE GRAND LITTLE BRITAIN HOUSE STREET",
            "PO BOX 1234",
            "LONDON SW1A 1AA",
            "ROYAUME-UNI",
        ],
    ),
    "900001058": ("MAORE", [PAIX, "97600 MAMOUDZOU"]),
    "900001124": ("BARTH", [PAIX, "97133 SAINT-BARTHELEMY"]),
    "900001199": ("CORSE", [PAIX, "20000 AJACCIO"]),
    "900001264": ("TE ʻAVA", [PAIX, "98714 PAPEETE"]),
    "900001330": ("CEDEXEE", [PAIX, "BP 12", "92085 PARIS LA DEFENSE CEDEX"]),
    "900001405": ("SANS SIEGE", []),
    "900001470": ("CESSEE", [PAIX, "75002 PARIS"]),
    "900001686": ("CNFPT", [PAIX, "75002 PARIS"]),
    "900001751": (NON_DIFFUSIBLE, [PAIX, "75002 PARIS"]),
    "900001827": ('=HYPERLINK("http://x";"y")', ["1 RUE +33 RUE", "75002 PARIS"]),
    "900001892": ("ООО РОМАШКА 😀", [PAIX, "75002 PARIS"]),
    "900001967": ("A B C", [PAIX, "75002 PARIS"]),
    "900002031": ("ELAS", [PAIX, "75002 PARIS"]),
    "900002106": (
        "LONGUE VOIE",
        [
            "RESIDENCE LES JARDINS DE LA VILLA MONTMORENCY BATIMENT C",
            "125 AVENUE DU GENERAL DE DIVISION JEAN BAPTISTE MARIE FRANCOIS DE LA TOUR D AUVERGNE CORRET PROLONGEE",
            "75002 PARIS",
        ],
    ),
    "900002171": ("ZERO EN TETE", [PAIX, "75002 PARIS"]),
    "005410220": ("WATTEBLED SARL", [PAIX, "75002 PARIS"]),
    "356000000": ("LA POSTE", ["9 RUE DU COLONEL PIERRE AVIA", "75015 PARIS"]),
}


def test_chaque_ligne_des_cas(services_gestionnaires):
    rejets = []
    bilan = importer_personnes(
        acteur="systeme:essai", unites=UNITES, etablissements=ETABLISSEMENTS, sur_rejet=rejets.append
    )
    lues = {p.siren: (p.denomination, p.lignes_adresse) for p in PersonneSirenisee.objects.all()}
    assert lues == ATTENDUS
    # No catégorie juridique at all: nobody could say what it may adhere to.
    assert [(rejet.siren, rejet.ligne) for rejet in rejets] == [("900001611", 26)]
    assert (bilan.creees, bilan.purgees, bilan.rejetees, bilan.sans_siege) == (len(ATTENDUS), 1, 1, 1)
    assert [p.siren for p in PersonneSirenisee.objects.filter(active=False)] == ["900001470"]
    for personne in PersonneSirenisee.objects.all():
        personne.full_clean()


def test_tout_ce_que_les_fichiers_contiennent_est_compte():
    rejets, purgees = [], []
    unites = list(lire_unites(UNITES, sur_rejet=rejets.append, sur_purge=purgees.append))
    assert len(unites) + len(rejets) + len(purgees) == 34
    assert purgees == ["900001546"]
    sieges = list(lire_sieges(ETABLISSEMENTS, sur_rejet=rejets.append))
    assert len(sieges) == 32


def test_une_lettre_part_a_chacun_de_ceux_que_la_poste_trouve(services_gestionnaires):
    """Masked or missing, by the cell or by the name: nothing is posted; every other line is one that the post delivers."""
    importer_personnes(
        acteur="systeme:essai", unites=UNITES, etablissements=ETABLISSEMENTS, sur_rejet=lambda rejet: None
    )
    personnes = list(PersonneSirenisee.objects.all())
    envois = adresses_des_courriers(personnes)
    assert {p.siren for p in personnes if envois[p.pk] is None} == {"900000217", "900000282", "900001405", "900001751"}
    ecrites = {p.siren: envoi.lignes_adresse for p in personnes if (envoi := envois[p.pk]) is not None}
    assert ecrites == {siren: lignes for siren, (_, lignes) in ATTENDUS.items() if siren in ecrites}
