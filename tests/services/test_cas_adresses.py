"""Cases of our own beside ../shared/cases/: addresses as INSEE's files have them, through the importer to the window."""

from pathlib import Path

import pytest
from stdnum import luhn

from accounts.models import AdressePostale
from activation.courriers.enveloppe import Adresse, composer
from services.adresses.envoi import adresses_des_courriers
from services.importation import importer_personnes
from services.models import PersonneSirenisee
from tests.factories import siren
from tests.services.insee import ecrire_sieges, ecrire_unites, siege, unite

pytestmark = pytest.mark.django_db
SANS_RUE = {"numeroVoie": "", "typeVoie": "", "libelleVoie": ""}
AILLEURS = {"codePostal": "", "libelleCommune": "", "codeCommune": ""}
MENTION = "À L'ATTENTION DU REPRÉSENTANT LÉGAL"
HAUSSMANN = "17 BOULEVARD HAUSSMANN"
# dénomination -> cells of the head office, lines of the address, lines of the window (None: no letter can be posted).
CAS: dict[str, tuple[dict[str, str], list[str], list[str] | None]] = {
    "BIS A TER": (
        {
            "numeroVoie": "3",
            "indiceRepetition": "B",
            "dernierNumeroVoie": "5",
            "indiceRepetitionDernierNumeroVoie": "T",
        },
        ["3 BIS-5 TER BOULEVARD HAUSSMANN", "75009 PARIS"],
        ["3 BIS-5 TER BOULEVARD HAUSSMANN", "75009 PARIS"],
    ),
    "QUATER": (
        {"numeroVoie": "7", "indiceRepetition": "Q"},
        ["7 QUATER BOULEVARD HAUSSMANN", "75009 PARIS"],
        ["7 QUATER BOULEVARD HAUSSMANN", "75009 PARIS"],
    ),
    "QUINQUIES": (
        {"numeroVoie": "7", "indiceRepetition": "C"},
        ["7 QUINQUIES BOULEVARD HAUSSMANN", "75009 PARIS"],
        ["7 QUINQUIES BOULEVARD HAUSSMANN", "75009 PARIS"],
    ),
    "ZEROS": (
        {"numeroVoie": "0012", "dernierNumeroVoie": "0014"},
        ["12-14 BOULEVARD HAUSSMANN", "75009 PARIS"],
        ["12-14 BOULEVARD HAUSSMANN", "75009 PARIS"],
    ),
    "LIEU DIT": (
        {"numeroVoie": "", "typeVoie": "LIEU DIT", "libelleVoie": "LE BOUT DU MONDE"},
        ["LIEU DIT LE BOUT DU MONDE", "75009 PARIS"],
        ["LIEU DIT LE BOUT DU MONDE", "75009 PARIS"],
    ),
    "SANS TYPE": (
        {**SANS_RUE, "libelleVoie": "LE BOURG"},
        ["LE BOURG", "75009 PARIS"],
        ["LE BOURG", "75009 PARIS"],
    ),
    "SUISSE": (
        {
            **AILLEURS,
            "numeroVoie": "12",
            "typeVoie": "",
            "libelleVoie": "RUE DU RHONE",
            "libelleCommuneEtranger": "1204 GENEVE",
            "codePaysEtranger": "99140",
            "libellePaysEtranger": "SUISSE",
        },
        ["12 RUE DU RHONE", "1204 GENEVE", "SUISSE"],
        ["12 RUE DU RHONE", "1204 GENEVE", "SUISSE"],
    ),
    "JAPON": (
        {
            **AILLEURS,
            **SANS_RUE,
            "libelleVoie": "NISHINOKYO KUWABARACHO 1",
            "libelleCommuneEtranger": "KYOTO 604-8511",
            "codePaysEtranger": "99217",
            "libellePaysEtranger": "JAPON",
        },
        ["NISHINOKYO KUWABARACHO 1", "KYOTO 604-8511", "JAPON"],
        ["NISHINOKYO KUWABARACHO 1", "KYOTO 604-8511", "JAPON"],
    ),
    "ALLEMAGNE": (
        {
            **AILLEURS,
            **SANS_RUE,
            "libelleVoie": "KÖNIGSTRASSE 12",
            "distributionSpeciale": "POSTFACH 10 01 02",
            "libelleCommuneEtranger": "70173 STUTTGART",
            "codePaysEtranger": "99109",
            "libellePaysEtranger": "ALLEMAGNE",
        },
        ["KÖNIGSTRASSE 12", "POSTFACH 10 01 02", "70173 STUTTGART", "ALLEMAGNE"],
        ["KÖNIGSTRASSE 12", "POSTFACH 10 01 02", "70173 STUTTGART", "ALLEMAGNE"],
    ),
    "CEDEX SANS RUE": (
        {**SANS_RUE, "distributionSpeciale": "CS 40021", "codeCedex": "33612", "libelleCedex": "CESTAS CEDEX"},
        ["CS 40021", "33612 CESTAS CEDEX"],
        ["CS 40021", "33612 CESTAS CEDEX"],
    ),
    "TSA": (
        {**SANS_RUE, "distributionSpeciale": "TSA 12345", "codeCedex": "75901", "libelleCedex": "PARIS CEDEX 15"},
        ["TSA 12345", "75901 PARIS CEDEX 15"],
        ["TSA 12345", "75901 PARIS CEDEX 15"],
    ),
    "NOUMEA": (
        {"codePostal": "98800", "libelleCommune": "NOUMEA", "codeCommune": "98818"},
        [HAUSSMANN, "98800 NOUMEA"],
        [HAUSSMANN, "98800 NOUMEA"],
    ),
    "MIQUELON": (
        {"codePostal": "97500", "libelleCommune": "SAINT-PIERRE", "codeCommune": "97502"},
        [HAUSSMANN, "97500 SAINT-PIERRE"],
        [HAUSSMANN, "97500 SAINT-PIERRE"],
    ),
    "BASTIA": (
        {"codePostal": "20200", "libelleCommune": "BASTIA", "codeCommune": "2B033"},
        [HAUSSMANN, "20200 BASTIA"],
        [HAUSSMANN, "20200 BASTIA"],
    ),
    "COMPLEMENT": (
        {"complementAdresse": "CHEZ MME N'GUYEN - APPT 12 ETG 3"},
        ["CHEZ MME N'GUYEN - APPT 12 ETG 3", HAUSSMANN, "75009 PARIS"],
        ["CHEZ MME N'GUYEN - APPT 12 ETG 3", HAUSSMANN, "75009 PARIS"],
    ),
    "VOIE LONGUE": (
        {"libelleVoie": "DU MARECHAL DE LATTRE DE TASSIGNY PROLONGE"},
        ["17 BOULEVARD DU MARECHAL DE LATTRE DE TASSIGNY PROLONGE", "75009 PARIS"],
        ["17 BD MAL LATTRE DE TASSIGNY PROLONGE", "75009 PARIS"],
    ),
    "MASQUEE": (
        {
            "statutDiffusion": "P",
            "numeroVoie": "[ND]",
            "typeVoie": "[ND]",
            "libelleVoie": "[ND]",
            "codePostal": "[ND]",
            "libelleCommune": "LYON",
        },
        ["LYON"],
        None,
    ),
}


def test_de_la_cellule_a_la_fenetre(tmp_path: Path, services_gestionnaires: None) -> None:
    unites, sieges = [], []
    for rang, (denomination, (cellules, _, _)) in enumerate(CAS.items()):
        numero = siren(900 + rang)
        siret = f"{numero}0001{luhn.calc_check_digit(f'{numero}0001')}"
        unites.append(unite(numero, denomination=denomination))
        sieges.append(siege(numero, siret=siret, **cellules))
    bilan = importer_personnes(
        acteur="systeme:essai",
        unites=ecrire_unites(tmp_path, *unites),
        etablissements=ecrire_sieges(tmp_path, *sieges),
        sur_rejet=lambda rejet: pytest.fail(str(rejet)),
    )
    assert bilan.creees == len(CAS)
    personnes = {p.denomination: p for p in PersonneSirenisee.objects.all()}
    assert {nom: p.lignes_adresse for nom, p in personnes.items()} == {nom: cas[1] for nom, cas in CAS.items()}
    envois = adresses_des_courriers(list(personnes.values()))
    fenetres = {nom: _fenetre(personne, envois[personne.pk]) for nom, personne in personnes.items()}
    assert fenetres == {nom: cas[2] and [nom, MENTION, *cas[2]] for nom, cas in CAS.items()}


def _fenetre(personne: PersonneSirenisee, envoi: AdressePostale | None) -> list[str] | None:
    """Return what the letter's window shows, from the parts that activation/courriers/edition.py keeps."""
    if envoi is None:
        return None
    adresse = Adresse(
        complement=envoi.complement,
        voie=envoi.voie,
        distribution=envoi.distribution,
        localite=f"{envoi.code_postal} {envoi.commune}".strip(),
        pays=envoi.pays,
    )
    return list(composer(destinataire=personne.denomination, representant="", adresse=adresse))
