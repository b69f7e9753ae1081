"""Reading an IBAN: spaces, RIB, keys, countries, and the group that a refusal points at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty.registry import get_iban_spec

from accounts.saisies.regles import RegleMetier
from services.banque.iban import Banque, en_groupes, lire_bic, lire_iban, proposer_banque, sepa


def plat(regle: RegleMetier) -> str:
    """The message with plain spaces."""
    return " ".join(str(regle).split())


FRANCAIS = "FR7630006000011234567890189"
ETRANGERS = [
    "DE89370400440532013000",
    "BE68539007547034",
    "GB82WEST12345698765432",
    "MC5811222000010123456789030",
    "AL47212110090000000235698741",
    "RS35260005601001611379",
    "MD24AG000225100013104168",
    "ME25505000012345678951",
    "MK07250120000058984",
]


@pytest.mark.parametrize(
    "saisie",
    [
        FRANCAIS,
        "FR76 3000 6000 0112 3456 7890 189",
        " fr76\u00a03000\u202f6000 0112-3456-7890-189 ",
        "IBAN : FR76 3000 6000 0112 3456 7890 189",
        "FR76\t30006000011234567890189\n",
        "ＦＲ７６ 3000 6000 0112 3456 7890 189",
        "30006 00001 12345678901 89",
        "RIB 30006 | 00001 | 12345678901 | 89",
        "30006/00001/12345678901/89",
    ],
)
def test_l_iban_et_le_rib_se_collent_avec_leurs_espaces(saisie: str) -> None:
    assert lire_iban(saisie) == FRANCAIS


@pytest.mark.parametrize("iban", ETRANGERS)
def test_les_pays_de_notre_liste_sont_lus(iban: str) -> None:
    """AL, MD, ME, MK and RS are in SEPA, whatever the library's own list says."""
    assert lire_iban(iban) == iban


@pytest.mark.parametrize(
    ("saisie", "code", "dit"),
    [
        ("FR7630006000011234567890188", "iban_cle", "ou le dernier groupe (« 188 »)"),
        ("FR77 3000 6000 0112 3456 7890 189", "iban_cle", "Regardez le premier groupe de quatre (« FR77 »)."),
        ("FR76 3000 6000 0112 3456 7980 189", "iban_cle", "6e groupe de quatre (« 7980 »)"),
        ("FR76 3000 6000 0112 3465 7890 189", "iban_cle", "Regardez chaque groupe"),
        ("30006 00001 12345678901 88", "iban_cle", "la clé RIB"),
        ("FR76 3000 6O00 0112 3456 7890 189", "iban_structure", "3e groupe de quatre (« 6O00 »)"),
        ("3000G 00001 12345678901 89", "iban_illisible", "27 caractères"),
        ("30006 0000G 12345678901 89", "iban_structure", "le code guichet"),
        ("FR76 3000 6000 0112 3456 7890", "iban_longueur", "compte 27 caractères ; celui-ci en a 24. Il en manque 3."),
        ("FR76 3000 6000 0112 3456 7890 1891", "iban_longueur", "Il en a 1 de trop."),
        ("US64 SVBK US6S 3300 9588 79", "iban_hors_sepa", "commence par US"),
        ("TR33 0006 1005 1978 6457 8413 26", "iban_hors_sepa", "commence par TR"),
        ("MQ76 3000 6000 0112 3456 7890 189", "iban_outre_mer", "commencent par FR"),
        ("PF76 3000 6000 0112 3456 7890 189", "iban_outre_mer", "commencent par FR"),
        ("JE82 WEST 1234 5698 7654 32", "iban_outre_mer", "commencent par GB"),
        ("FR76 3000 6000 0112 34€6 7890 189", "iban_caractere", "5e groupe de quatre"),
        ("\u1369R76 3000 6000 0112 3456 7890 189", "iban_caractere", "premier groupe de quatre"),
        ("\u06630006000011234567890189", "iban_caractere", "premier groupe de quatre"),
        ("bonjour", "iban_illisible", "27 caractères"),
        ("compte courant de l'entreprise".replace("'", ""), "iban_illisible", "27 caractères"),
        ("30006 00001 12345678901 90", "iban_cle", "la clé RIB"),
        ("", "iban_illisible", "23"),
        ("12345", "iban_illisible", "27"),
        ("FR", "iban_illisible", "27"),
        ("FR76\u0000", "texte_illisible", "caractère"),
    ],
)
def test_un_refus_dit_ou_regarder(saisie: str, code: str, dit: str) -> None:
    with pytest.raises(RegleMetier) as refus:
        lire_iban(saisie)
    assert refus.value.code == code
    assert dit in plat(refus.value)


def test_une_cle_nationale_fausse_est_refusee_meme_si_celle_de_l_iban_est_bonne() -> None:
    """The key of the IBAN made right over a wrong RIB key: only the national check sees it."""
    rib = "30006000011234567890188"
    chiffres = "".join(str(int(signe, 36)) for signe in f"{rib}FR00")
    with pytest.raises(RegleMetier) as refus:
        lire_iban(f"FR{98 - int(chiffres) % 97:02d}{rib}")
    assert refus.value.code == "iban_cle"


@given(st.integers(4, 26), st.integers(1, 9))
def test_un_chiffre_faux_est_toujours_refuse_et_son_groupe_toujours_parmi_ceux_que_l_on_dit(
    rang: int, ecart: int
) -> None:
    faux = FRANCAIS[:rang] + str((int(FRANCAIS[rang]) + ecart) % 10) + FRANCAIS[rang + 1 :]
    with pytest.raises(RegleMetier) as refus:
        lire_iban(faux)
    message = plat(refus.value)
    assert f"« {faux[rang // 4 * 4 : rang // 4 * 4 + 4]} »" in message or "chaque groupe" in message


@given(st.text(max_size=60))
def test_rien_de_ce_qui_se_tape_n_est_une_panne(saisie: str) -> None:
    try:
        iban = lire_iban(saisie)
    except RegleMetier:
        return
    assert lire_iban(en_groupes(iban)) == iban


def test_la_banque_est_proposee_d_apres_son_code() -> None:
    assert proposer_banque(FRANCAIS) == Banque("AGRIFRPP", "CREDIT AGRICOLE SA")
    assert proposer_banque("GB82WEST12345698765432").nom == ""


def test_le_bic_est_lu_et_requis_hors_de_l_eee() -> None:
    assert lire_bic("", iban=FRANCAIS) == ""
    assert lire_bic(" agri frpp xxx", iban=FRANCAIS) == "AGRIFRPP"
    for saisie, iban, code in [
        ("AGRI", FRANCAIS, "bic_illisible"),
        ("AGRI99PP", FRANCAIS, "bic_illisible"),
        ("", "GB82WEST12345698765432", "bic_requis"),
    ]:
        with pytest.raises(RegleMetier) as refus:
            lire_bic(saisie, iban=iban)
        assert refus.value.code == code


def test_la_liste_des_pays_est_datee_et_la_bibliotheque_connait_chacun() -> None:
    assert len(sepa().pays) == 42
    for pays in sepa().pays:
        assert get_iban_spec(pays).country == pays
    assert not set(sepa().territoires) & set(sepa().pays)
    assert set(sepa().territoires.values()) <= set(sepa().pays)


@pytest.mark.parametrize(
    ("bic", "iban", "code"),
    [
        ("AGRIFRPP", FRANCAIS, ""),
        ("AGRIRERX", FRANCAIS, ""),  # a branch of the same bank in La Réunion, in Guadeloupe, in Monaco
        ("AGRIGPGX", FRANCAIS, ""),
        ("AGRIMCM1", FRANCAIS, ""),
        ("AGRIBEBB", FRANCAIS, "bic_d_un_autre_pays"),
        ("BNPAFRPP", FRANCAIS, "bic_d_une_autre_banque"),
        ("WESTGB2L", "GB82WEST12345698765432", ""),
        ("WESTJESX", "GB82WEST12345698765432", ""),
        ("WESTGGS1", "GB82WEST12345698765432", ""),
        ("WESTIMD1", "GB82WEST12345698765432", ""),
        ("WESTIE2D", "GB82WEST12345698765432", "bic_d_un_autre_pays"),
        ("WESTGIGI", "GB82WEST12345698765432", "bic_d_un_autre_pays"),
    ],
)
def test_le_bic_est_du_pays_de_l_iban_ou_d_un_de_ses_territoires(bic: str, iban: str, code: str) -> None:
    if not code:
        assert lire_bic(bic, iban=iban) == bic
        return
    with pytest.raises(RegleMetier) as refus:
        lire_bic(bic, iban=iban)
    assert refus.value.code == code
    assert ("laissez le champ vide" in plat(refus.value)) is iban.startswith("FR")


@pytest.mark.parametrize(
    "iban",
    [
        "LT563002616341911540",
        "SE7396342336257600148124",
        "SK9120100197805552007983",
        "BG89CEDE110416K3NORC4N",
        "HU12307768518260014260706760",
    ],
)
def test_le_bic_propose_est_admis_tel_quel_et_celui_de_la_maison_mere_n_en_refuse_aucun(iban: str) -> None:
    """The register names the mother house's, of another country: confirmed as it stood, it was refused, and so was the true one."""
    lu = lire_iban(iban)
    assert lire_bic(proposer_banque(lu).bic, iban=lu) == proposer_banque(lu).bic
    vrai = f"FIOZ{lu[:2]}BA"
    assert lire_bic(vrai, iban=lu) == vrai
