"""Lines of our own beside the given ones, `cas/*_notres.csv`: shapes of INSEE's two files, each with what is right.

Names in odd signs, natural persons known in part, masks cell by cell, post boxes in the wrong cell, CEDEX known by half,
numbers that are none, overseas and abroad.
"""

from pathlib import Path

import pytest

from services.adresses.envoi import adresses_des_courriers
from services.importation import importer_personnes
from services.models import PersonneSirenisee

pytestmark = pytest.mark.django_db
CAS = Path(__file__).parent / "cas"
UNITES, ETABLISSEMENTS = CAS / "StockUniteLegale_notres.csv", CAS / "StockEtablissement_notres.csv"
QUAI = "8 QUAI CLAUDE BERNARD"
LYON = (QUAI, "69007 LYON")
# dénomination -> lines of the address, and whether a letter can be posted there
ATTENDUS: dict[str, tuple[tuple[str, ...], bool]] = {
    # names
    "“L’ATELIER D’ÈVE”": (LYON, True),
    "AU P'TIT BONHEUR & FILS": (LYON, True),
    "BOULANGERIE PATISSERIE TOURNEBIZE": (LYON, True),
    "ÉLISÉE RESTAURATION": (LYON, True),
    "+ DE CONFORT": (LYON, True),
    "@COMPTA": (LYON, True),
    "-ORPHEE-": (LYON, True),
    "SYND. COPR. 12/14 R. DE LA GARE": (LYON, True),
    "7": (LYON, True),
    "CHEZ LÉONTINE": (LYON, True),
    "ADMR": (LYON, True),
    "COMMUNE DE SAINTE-COLOMBE-EN-BRUILHOIS": (LYON, True),
    "COMMUNAUTE D'AGGLOMERATION DU PAYS DE SAINT-MALO - AGGLOMERATION SAINT-MALO - CANCALE - DOL": (LYON, True),
    "株式会社 さくら": (LYON, True),
    "شركة الأمل": (LYON, True),
    # natural persons
    "AMELIE DE LA ROCHEFOUCAULD D'ESTISSAC": (LYON, True),
    "THI O'CONNOR": (LYON, True),
    "ABDOU": (LYON, True),
    "TAXI VAILLANT": ((), False),
    "TEVA": (LYON, True),
    "ZOË ÅSTRÖM": (LYON, True),
    "LI X": (LYON, True),
    # what the statuses say of the cells: nothing, each cell says it
    "RADIEE SARL": (LYON, True),
    "ANCIEN STATUT N": (LYON, True),
    "P SANS MASQUE": (LYON, True),
    "SIEGE MASQUE SEUL": ((), False),
    "NUMERO MASQUE": (("LYON",), False),
    "SANS SECOND FICHIER": ((), False),
    # addresses in France
    "POSTE RESTANTE": (("POSTE RESTANTE", "69007 LYON"), True),
    "BP AU COMPLEMENT": ((QUAI, "BP 45", "69007 LYON"), True),
    "BP EN VOIE": (("BP 80123", "69363 LYON CEDEX 07"), True),
    "CEDEX SANS LIBELLE": ((QUAI, "69363 LYON CEDEX"), True),
    "LIBELLE SANS CEDEX": (LYON, True),
    "DEUX FOIS LE MEME": (LYON, True),
    "ZERO": (("QUAI CLAUDE BERNARD", "69007 LYON"), True),
    "LETTRE SEULE": (("QUAI CLAUDE BERNARD", "69007 LYON"), True),
    "INDICE A1": (("4 A1 QUAI CLAUDE BERNARD", "69007 LYON"), True),
    "REPETE": (("8 RUE DES FOSSES", "69007 LYON"), True),
    "PETITE COMMUNE": (("05150 L'EPINE",), False),
    "AIN": ((QUAI, "01000 BOURG-EN-BRESSE"), True),
    "CHEZ": (("C/O M. & MME BREGEON - BOITE 7", *LYON), True),
    "COMPLEMENT INVISIBLE": (("BAT B", *LYON), True),
    "VOIE NUMERO": (("12 RUE DE L EGLISE", "69007 LYON"), True),
    "REUNION": ((QUAI, "97400 SAINT-DENIS"), True),
    "WALLIS": (("BP 210 MATA'UTU", "98600 UVEA"), True),
    "SAINT MARTIN": ((QUAI, "97150 SAINT-MARTIN"), True),
    "BONIFACIO": ((QUAI, "20169 BONIFACIO"), True),
    # abroad
    "LUX SARL": (("2 BOULEVARD ROYAL", "L-2449 LUXEMBOURG", "LUXEMBOURG"), True),
    "EIRE LTD": (("3RD FLOOR", "70 SIR JOHN ROGERSON'S QUAY", "DUBLIN 2 D02 R296", "IRLANDE"), True),
    "US INC": (("1209 NORTH ORANGE STREET", "WILMINGTON, DE 19801", "ETATS-UNIS"), True),
    "VILLE SEULE": (("DAKAR", "SENEGAL"), False),
    "PAYS SEUL": ((QUAI, "SENEGAL"), False),
    "ETRANGER MASQUE": (("LUXEMBOURG",), False),
    "ANDORRE SLU": (("AVINGUDA MERITXELL 75", "AD500 ANDORRA LA VELLA", "ANDORRE"), True),
    "COSTA": (("APARTADO 52", "APARTADO POSTAL 1007-1000", "SAN JOSÉ", "COSTA RICA"), True),
}  # fmt: skip


def test_chaque_ligne_de_nos_cas(services_gestionnaires: None) -> None:
    bilan = importer_personnes(
        acteur="systeme:essai",
        unites=UNITES,
        etablissements=ETABLISSEMENTS,
        sur_rejet=lambda rejet: pytest.fail(str(rejet)),
    )
    assert (bilan.creees, bilan.purgees, bilan.sans_siege) == (len(ATTENDUS), 1, 1)
    personnes = list(PersonneSirenisee.objects.all())
    envois = adresses_des_courriers(personnes)
    lues = {p.denomination: (tuple(p.lignes_adresse), envois[p.pk] is not None) for p in personnes}
    assert lues == ATTENDUS
    assert [p.denomination for p in personnes if not p.active] == ["RADIEE SARL"]
    etrangeres = {p.denomination for p in personnes if "étrangères" in p.service_gestionnaire.nom}
    assert etrangeres == {nom for nom, (lignes, _) in ATTENDUS.items() if lignes and lignes[-1] in PAYS}
    for personne in personnes:
        personne.full_clean()


PAYS = {"LUXEMBOURG", "IRLANDE", "ETATS-UNIS", "SENEGAL", "ANDORRE", "COSTA RICA"}


def test_nos_cas_sont_au_moins_aussi_nombreux_que_les_donnes() -> None:
    for fichier in (UNITES, ETABLISSEMENTS):
        donnes = CAS / fichier.name.replace("_notres", "_cas")
        assert len(fichier.read_text().splitlines()) >= len(donnes.read_text().splitlines())
