"""The window of the envelope: what stands, what gives way, and the norm's abbreviations before any cut (issue 11 item 10)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation.courriers.enveloppe import COLONNES_ADRESSE, LIGNES_ADRESSE, Adresse, composer

MENTION = "À L'ATTENTION DU REPRÉSENTANT LÉGAL"


def bloc(destinataire: str, *, representant: str = "", **parties: str) -> list[str]:
    return list(composer(destinataire=destinataire, representant=representant, adresse=Adresse(**parties)))


# The rows of ../shared/cases/ that have an address, by SIREN: name, parts, and the lines of the window.
CAS: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "900000001, a name of 121 characters": (
        "COMITE DES OEUVRES SOCIALES DES AGENTS DE LA VILLE DE HAM, DU CENTRE COMMUNAL D'ACTION SOCIALE ET DE LA COMMUNAUTE "
        "DE COM",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        [
            "COS DES AGENTS DE LA VILLE DE HAM, DU",
            "CCAS ET DE LA COMMUNAUTE DE COM",
            MENTION,
            "1 RUE DE LA PAIX",
            "75002 PARIS",
        ],
    ),
    "900000142, a name with œ": (
        "ANNE-LÉA LE BŒUF",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["ANNE-LÉA LE BŒUF", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000357, quotes": (
        'SARL "LE PETIT ""GOURMET"""',
        {"voie": '1 RUE DES "TROIS" FRERES', "localite": "75002 PARIS"},
        ['SARL "LE PETIT ""GOURMET"""', MENTION, '1 RUE DES "TROIS" FRERES', "75002 PARIS"],
    ),
    "900000423, commas": (
        "DUPONT, MARTIN ET FILS",
        {"complement": "BAT A, ESC 2", "voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["DUPONT, MARTIN ET FILS", MENTION, "BAT A, ESC 2", "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000498, a line break in the name": (
        "SOCIETE\nDES DEUX LIGNES",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["SOCIETE DES DEUX LIGNES", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000563, a line break in the address": (
        "SOCIETE TROIS",
        {"complement": "CHEZ X\r\nBAT B", "voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["SOCIETE TROIS", MENTION, "CHEZ X BAT B", "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000639, from 12 to 14 B": (
        "SOCIETE PLAGE",
        {"voie": "12-14 B RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["SOCIETE PLAGE", MENTION, "12-14 B RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000779, bis": (
        "SOCIETE BIS V4",
        {"voie": "12 bis RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["SOCIETE BIS V4", MENTION, "12 BIS RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900000845, Monaco": (
        "SAM MONACO",
        {"voie": "1 RUE PRINCESSE CAROLINE", "localite": "98000 MONACO", "pays": "MONACO"},
        ["SAM MONACO", MENTION, "1 RUE PRINCESSE CAROLINE", "98000 MONACO", "MONACO"],
    ),
    "900000910, Belgium": (
        "BELGE SA",
        {"voie": "1 AV LOUISE", "localite": "1050 BRUXELLES", "pays": "BELGIQUE"},
        ["BELGE SA", MENTION, "1 AV LOUISE", "1050 BRUXELLES", "BELGIQUE"],
    ),
    "900000985, United Kingdom, long lines, a post box": (
        "BRITISH LTD",
        {
            "complement": "UNIT 12 NORTHGATE BUSINESS PARK CENTRE",
            "voie": "SAINT MARTIN LE GRAND LITTLE BRITAIN HOUSE STREET",
            "distribution": "PO BOX 1234",
            "localite": "LONDON SW1A 1AA",
            "pays": "ROYAUME-UNI",
        },
        [
            "BRITISH LTD, REPRÉSENTANT LÉGAL",
            "SAINT MARTIN LE GRAND LITTLE BRITAIN",
            "HOUSE STREET",
            "PO BOX 1234",
            "LONDON SW1A 1AA",
            "ROYAUME-UNI",
        ],
    ),
    "900001058, Mayotte": (
        "MAORE",
        {"voie": "1 RUE DE LA PAIX", "localite": "97600 MAMOUDZOU"},
        ["MAORE", MENTION, "1 RUE DE LA PAIX", "97600 MAMOUDZOU"],
    ),
    "900001264, Polynésie": (
        "TE ʻAVA",
        {"voie": "1 RUE DE LA PAIX", "localite": "98714 PAPEETE"},
        ["TE ʻAVA", MENTION, "1 RUE DE LA PAIX", "98714 PAPEETE"],
    ),
    "900001330, CEDEX with BP 12": (
        "CEDEXEE",
        {"voie": "1 RUE DE LA PAIX", "distribution": "BP 12", "localite": "92085 PARIS LA DEFENSE CEDEX"},
        ["CEDEXEE", MENTION, "1 RUE DE LA PAIX", "BP 12", "92085 PARIS LA DEFENSE CEDEX"],
    ),
    "900001827, a name like a formula": (
        '=HYPERLINK("http://x";"y")',
        {"voie": "1 RUE +33 RUE", "localite": "75002 PARIS"},
        ['=HYPERLINK("HTTP://X";"Y")', MENTION, "1 RUE +33 RUE", "75002 PARIS"],
    ),
    "900001892, Cyrillic and emoji": (
        "ООО РОМАШКА 😀",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["ООО РОМАШКА 😀", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900001967, odd spaces": (
        "A\u00a0B \u2009 C",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["A\u00a0B C", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900002031, right-to-left marks": (
        "\u202eELAS\u202c",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["ELAS", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "900002106, a street of 100 characters": (
        "LONGUE VOIE",
        {
            "complement": "RESIDENCE LES JARDINS DE LA VILLA MONTMORENCY BATIMENT C",
            "voie": "125 AVENUE DU GENERAL DE DIVISION JEAN BAPTISTE MARIE FRANCOIS DE LA TOUR D AUVERGNE CORRET PROLONGEE",
            "localite": "75002 PARIS",
        },
        [
            "LONGUE VOIE",
            MENTION,
            "RES JARDINS LA VLA MONTMORENCY BAT C",
            "125 AV DU GAL DE DIV J B M F DE LA",
            "TOUR D AUVERGNE CORRET PROLONGEE",
            "75002 PARIS",
        ],
    ),
    # Of the same kinds.
    "Germany, post box": (
        "MUSTERMANN GMBH",
        {
            "voie": "HAUPTSTRASSE 5",
            "distribution": "POSTFACH 10 01 02",
            "localite": "80331 MÜNCHEN",
            "pays": "ALLEMAGNE",
        },
        ["MUSTERMANN GMBH", MENTION, "HAUPTSTRASSE 5", "POSTFACH 10 01 02", "80331 MÜNCHEN", "ALLEMAGNE"],
    ),
    "abroad nothing is abbreviated in French": (
        "X SA",
        {"voie": "12 AVENUE DU GENERAL DE DIVISION VAN DER MEERSCH", "localite": "1000 BRUXELLES", "pays": "Belgique"},
        ["X SA", MENTION, "12 AVENUE DU GENERAL DE DIVISION VAN", "DER MEERSCH", "1000 BRUXELLES", "BELGIQUE"],
    ),
    "a foreign town of two lines": (
        "X",
        {
            "voie": "1 MAIN STREET",
            "localite": "LLANFAIRPWLLGWYNGYLL ISLE OF ANGLESEY LL61 5UJ",
            "pays": "ROYAUME-UNI",
        },
        ["X", MENTION, "1 MAIN STREET", "LLANFAIRPWLLGWYNGYLL ISLE OF ANGLESEY", "LL61 5UJ", "ROYAUME-UNI"],
    ),
    "France is no country to write": (
        "X",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS", "pays": "France"},
        ["X", MENTION, "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
    "the norm's words only where the line is too long": (
        "X",
        {"voie": "12 BOULEVARD DU MARECHAL DE LATTRE", "localite": "69003 LYON"},
        ["X", MENTION, "12 BOULEVARD DU MARECHAL DE LATTRE", "69003 LYON"],
    ),
    "a boulevard": (
        "X",
        {"voie": "12 BOULEVARD DU MARÉCHAL DE LATTRE DE TASSIGNY", "localite": "69003 LYON"},
        ["X", MENTION, "12 BD DU MAL DE LATTRE DE TASSIGNY", "69003 LYON"],
    ),
    "a street that ends with a word of the norm keeps it": (
        "X",
        {"voie": "3 LOTISSEMENT DES HAUTS DU VIEUX GRAND CHEMIN", "localite": "97419 LA POSSESSION"},
        ["X", MENTION, "3 LOT DES HAUTS DU VIEUX GRAND CHEMIN", "97419 LA POSSESSION"],
    ),
    "all six lines": (
        "ASSOCIATION DES AMIS DU TRÈS VIEUX LYON ET DE SES ENVIRONS",
        {
            "complement": "BATIMENT B",
            "voie": "12 RUE DE LA REPUBLIQUE",
            "distribution": "CS 40012",
            "localite": "69303 LYON CEDEX 03",
        },
        [
            "ASSOC DES AMIS DU TRÈS VIEUX LYON ET…",
            MENTION,
            "BATIMENT B",
            "12 RUE DE LA REPUBLIQUE",
            "CS 40012",
            "69303 LYON CEDEX 03",
        ],
    ),
    "a first name after « saint » is the place's name, not the norm's initial": (
        "SA",
        {"voie": "12 RUE DU FAUBOURG SAINT HONORE ET DU PRESIDENT WILSON", "localite": "75008 PARIS"},
        ["SA", MENTION, "12 RUE FG ST HONORE ET DU PDT WILSON", "75008 PARIS"],
    ),
    "a GAEC": (
        "GROUPEMENT AGRICOLE D'EXPLOITATION EN COMMUN DES TROIS FONTAINES DU HAUT VALLESPIR",
        {"voie": "LIEU DIT LE MAS", "localite": "66230 PRATS-DE-MOLLO-LA-PRESTE"},
        [
            "GAEC DES TROIS FONTAINES DU HAUT",
            "VALLESPIR",
            MENTION,
            "LIEU DIT LE MAS",
            "66230 PRATS-DE-MOLLO-LA-PRESTE",
        ],
    ),
    "a school": (
        "ASSOCIATION DES PARENTS D'ELEVES DE L'ECOLE MATERNELLE ET ELEMENTAIRE JULES FERRY",
        {"complement": "MAIRIE ANNEXE", "voie": "ALLEE DES TILLEULS", "localite": "33700 MERIGNAC"},
        [
            "ASSOC DES PARENTS D'ELEVES DE L'ECOLE",
            "MATERNELLE ET ELEMENTAIRE JULES FERRY",
            MENTION,
            "MAIRIE ANNEXE",
            "ALLEE DES TILLEULS",
            "33700 MERIGNAC",
        ],
    ),
    "a CEDEX, its box and a building": (
        "SAS NORD",
        {
            "voie": "PARC D'ACTIVITES DE LA HAUTE BORNE 40 AVENUE HALLEY BATIMENT A",
            "distribution": "CS 70001",
            "localite": "59658 VILLENEUVE D'ASCQ CEDEX",
        },
        [
            "SAS NORD",
            MENTION,
            "PARC D'ACTIVITES DE LA HTE BORNE 40 AV",
            "HALLEY BAT A",
            "CS 70001",
            "59658 VILLENEUVE D'ASCQ CEDEX",
        ],
    ),
    "a box where there are no streets": (
        "PACIFIQUE SARL",
        {
            "voie": "PK 12 COTE MER SERVITUDE TEAUROA DEUXIEME MAISON A GAUCHE",
            "distribution": "BP 130",
            "localite": "98713 PAPEETE",
        },
        [
            "PACIFIQUE SARL",
            MENTION,
            "PK 12 COTE MER SERVITUDE TEAUROA 2E",
            "MAISON A GAUCHE",
            "BP 130",
            "98713 PAPEETE",
        ],
    ),
    "a floor in the third building": (
        "SA",
        {
            "complement": "BATIMENT DES SERVICES GENERAUX TROISIEME ETAGE",
            "voie": "3 AVENUE FOCH",
            "localite": "75116 PARIS",
        },
        ["SA", MENTION, "BAT DES SERVICES GENERAUX 3E ETAGE", "3 AVENUE FOCH", "75116 PARIS"],
    ),
    "a complement on two lines, a long one of a person": (
        "EURL DUPUY",
        {
            "complement": "CHEZ MADAME VEUVE ELISABETH DUPUY-LASSERRE NEE BARTHELEMY",
            "voie": "17 IMPASSE DU PETIT CLOS",
            "localite": "31000 TOULOUSE",
        },
        [
            "EURL DUPUY",
            MENTION,
            "CHEZ MME VEUVE ELISABETH DUPUY-",
            "LASSERRE NEE BARTHELEMY",
            "17 IMPASSE DU PETIT CLOS",
            "31000 TOULOUSE",
        ],
    ),
    "a British box passes before the rest, the suite gives way": (
        "BUILD LTD",
        {
            "complement": "SUITE 400",
            "voie": "1 RIVERSIDE BUSINESS CENTRE, KINGSTON UPON THAMES NORTH SIDE",
            "distribution": "PO BOX 5",
            "localite": "KINGSTON UPON THAMES KT1 1AA",
            "pays": "ROYAUME-UNI",
        },
        [
            "BUILD LTD, REPRÉSENTANT LÉGAL",
            "1 RIVERSIDE BUSINESS CENTRE, KINGSTON",
            "UPON THAMES NORTH SIDE",
            "PO BOX 5",
            "KINGSTON UPON THAMES KT1 1AA",
            "ROYAUME-UNI",
        ],
    ),
    "a German firm of two lines": (
        "GMBH & CO. KG FÜR VERMÖGENSVERWALTUNG UND BETEILIGUNGEN MBH",
        {"voie": "STRAẞE DES 17. JUNI 135", "localite": "10623 BERLIN", "pays": "ALLEMAGNE"},
        [
            "GMBH & CO. KG FÜR VERMÖGENSVERWALTUNG",
            "UND BETEILIGUNGEN MBH",
            MENTION,
            "STRAẞE DES 17. JUNI 135",
            "10623 BERLIN",
            "ALLEMAGNE",
        ],
    ),
    "a Swiss case postale": (
        "SA SUISSE",
        {
            "voie": "CHEMIN DE LA GRAND-VIGNE DU HAUT 14 BIS",
            "distribution": "CASE POSTALE 220",
            "localite": "1211 GENEVE 3",
            "pays": "SUISSE",
        },
        [
            "SA SUISSE, REPRÉSENTANT LÉGAL",
            "CHEMIN DE LA GRAND-VIGNE DU HAUT 14",
            "BIS",
            "CASE POSTALE 220",
            "1211 GENEVE 3",
            "SUISSE",
        ],
    ),
    "an Italian postal code begins like a French one": (
        "SRL",
        {"voie": "VIA DEI CONDOTTI 10", "localite": "00187 ROMA RM", "pays": "ITALIE"},
        ["SRL", MENTION, "VIA DEI CONDOTTI 10", "00187 ROMA RM", "ITALIE"],
    ),
    "a commune of two lines": (
        "MAIRIE",
        {"voie": "LE BOURG", "localite": "23150 SAINT-YRIEIX-LES-BOIS-ET-MAISONNISSES-LE-VIEUX"},
        ["MAIRIE", MENTION, "LE BOURG", "23150 ST-YRIEIX-LES-BOIS-ET-", "MAISONNISSES-LE-VIEUX"],
    ),
    "from a number to another, both repeated": (
        "X",
        {"voie": "12 BIS-14 TER CHEMIN DE LA CROIX DU PETIT BOIS JOLI", "localite": "44000 NANTES"},
        ["X", MENTION, "12 BIS-14 TER CHE CROIX PT BOIS JOLI", "44000 NANTES"],
    ),
    "a named représentant": (
        "X",
        {"voie": "1 RUE DE LA PAIX", "localite": "75002 PARIS"},
        ["X", "JEAN-NOËL DURAND, REPR. LÉGAL", "1 RUE DE LA PAIX", "75002 PARIS"],
    ),
}


@pytest.mark.parametrize("cas", CAS)
def test_fenetre(cas: str) -> None:
    nom, parties, attendu = CAS[cas]
    lignes = bloc(nom, **parties)
    if cas == "a named représentant":
        lignes = bloc(nom, representant="Jean-Noël Durand", **parties)
        attendu = ["X", "JEAN-NOËL DURAND, REPRÉSENTANT LÉGAL", *attendu[2:]]
    assert lignes == attendu


def test_un_long_representant_garde_son_titre_abrege() -> None:
    lignes = bloc("X", representant="Marie-Antoinette Dubois", voie="1 RUE", localite="75002 PARIS")
    assert lignes[1] == "MARIE-ANTOINETTE DUBOIS, REPR. LÉGAL"


DEMESURE = {
    "complement": "RESIDENCE DU PARC DE LA TETE D'OR, ENTREE NUMERO DOUZE, AU FOND DE LA COUR PAVEE",
    "voie": "1234 CHEMIN DES TRES ANCIENNES CARRIERES OUBLIEES DE TOUS LES PROMENEURS DU DIMANCHE",
    "distribution": "LIEU-DIT LE PLUS LONG LIEU-DIT DE TOUT LE DEPARTEMENT ET DE SES ENVIRONS",
}


def test_ce_qui_cede_d_abord() -> None:
    """With everything too long: the name's second line goes first, then the complement, then the second of the two."""
    france = bloc("Y" * 30 + " " + "Z" * 30, **DEMESURE, localite="38000 GRENOBLE")
    assert (france[0], france[1], france[-1]) == ("Y" * 30 + "…", MENTION, "38000 GRENOBLE")
    assert france[2].startswith("1234 CHE")
    assert france[4].startswith("LD LE PLUS LONG")
    cedex = bloc("Y", **DEMESURE, localite="38031 GRENOBLE CEDEX 2")
    assert cedex[0] == "Y, REPRÉSENTANT LÉGAL"
    assert [ligne[:10] for ligne in cedex[3:5]] == ["LD LE PLUS", "DEPARTEMEN"] or cedex[2].startswith("LD")
    etranger = bloc("Y" * 40, **DEMESURE, localite="1000 BRUXELLES", pays="BELGIQUE")
    assert etranger[-2:] == ["1000 BRUXELLES", "BELGIQUE"]
    assert (etranger[0].startswith("Y"), etranger[1]) == (True, MENTION)


def test_avec_cedex_la_boite_passe_avant_la_voie() -> None:
    parties = {"voie": "R" * 38, "distribution": "BP " + "1" * 60, "localite": "92085 PARIS LA DEFENSE CEDEX"}
    lignes = bloc("N" * 39 + " N", **parties)
    assert sum(ligne.startswith(("BP", "1")) for ligne in lignes) == 2, "the whole of the box, over two lines"
    assert "R" * 38 in lignes


def test_ce_qui_est_coupe_se_voit() -> None:
    assert bloc("x" * 300, voie="1 RUE", localite="75002 PARIS")[:2] == ["X" * 38, "X" * 37 + "…"]


@given(
    destinataire=st.text(max_size=300),
    representant=st.text(max_size=80),
    complement=st.text(max_size=150),
    voie=st.text(max_size=150),
    distribution=st.text(max_size=150),
    localite=st.text(max_size=120),
    pays=st.text(max_size=80),
)
@settings(max_examples=300, deadline=None)
def test_le_bloc_ne_deborde_jamais(representant: str, destinataire: str, **parties: str) -> None:
    lignes = bloc(destinataire, representant=representant, **parties)
    assert 1 <= len(lignes) <= LIGNES_ADRESSE
    assert all(0 < len(ligne) <= COLONNES_ADRESSE for ligne in lignes)


MOTS = st.lists(
    st.sampled_from(
        [
            "AVENUE",
            "DU",
            "GENERAL",
            "DE",
            "LA",
            "SAINT",
            "JEAN",
            "BOULEVARD",
            "MARECHAL",
            "D'ARTAGNAN",
            "CHEMIN",
            "VERT",
            "12",
        ]
    ),
    max_size=14,
).map(" ".join)


@given(
    destinataire=MOTS, complement=MOTS, voie=MOTS, distribution=MOTS, pays=st.sampled_from(["", "FRANCE", "BELGIQUE"])
)
@settings(max_examples=300, deadline=None)
def test_la_ville_et_le_pays_restent_toujours(
    destinataire: str, complement: str, voie: str, distribution: str, pays: str
) -> None:
    lignes = bloc(
        destinataire, complement=complement, voie=voie, distribution=distribution, localite="38000 GRENOBLE", pays=pays
    )
    assert lignes[-2:] == ["38000 GRENOBLE", "BELGIQUE"] if pays == "BELGIQUE" else lignes[-1] == "38000 GRENOBLE"
    assert any("REPRÉSENTANT LÉGAL" in ligne for ligne in lignes)
