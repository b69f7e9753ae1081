"""The one folding of text: what is compared, counted, searched or indexed by name is folded here, or by PostgreSQL alike.

`Lebœuf`, `LEBOEUF` and `Le Bœuf` are one name; so are `Łódź` and `lodz`, `L'Hermite` and `L’HERMITE`, `Hélène` in NFC and in
NFD. Accents, case, spaces, punctuation, apostrophes of any kind and invisible signs go; letters with a stroke or a hook
become their base; ligatures become two letters. Other scripts lose marks and case alone.

One table makes both halves: `replier` (Python) and the function `replier(text)` of the database, which a migration writes
down (`sql_repliement`). `unaccent` differs between versions of PostgreSQL, `lower` between locales, and neither is
Python's; here all that is asked of either side is NFKD, stable for every character assigned (Unicode Stability Policy).
A change of the table needs a new migration, the indexes on it made anew, and a new version of the trust answers
(accounts/saisies/reponses.py): tests/accounts/saisies/test_repliement.py holds the table to what was migrated.
"""

import re
from typing import Any, Final

from django.db.models import CharField, EmailField, Func, Lookup, TextField

from .normalisation import normaliser

LIGATURES: Final = {
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "þ": "th",
    "ŋ": "ng",
    "ȣ": "ou",
    "ƕ": "hv",
    "ꜳ": "aa",
    "ꜵ": "ao",
    "ꜷ": "au",
    "ꜹ": "av",
    "ꜻ": "av",
    "ꜽ": "ay",
    "ꝏ": "oo",
    "ꝡ": "vy",
}
# What NFKD does not take apart: capitals, and letters with a stroke, a hook or no dot.
LATINES: Final = {
    "a": "AȺᴀᶏⱥ",
    "b": "BƀƁƂƃɃɓʙᵬᶀꞖꞗ",
    "c": "CƇƈȻȼɕᴄꞒꞓꞔꟄ",
    "d": "DĐđƉƊƋƌȡɖɗᴅᵭᶁᶑꝹꝺꟇꟈÐð",
    "e": "EɆɇᴇᶒⱸꬴ",
    "f": "FƑƒᵮᶂꜰꝻꝼꞘꞙ",
    "g": "GƓǤǥɠɢʛᵹᶃꝽꞠꞡ",
    "h": "HĦħɦʜⱧⱨꞕꞪ",
    "i": "IıƗɨɪᶖꞮ",
    "j": "JȷɈɉɟʄʝᴊꞲ",
    "k": "KƘƙᴋᶄⱩⱪꝀꝁꝂꝃꝄꝅꞢꞣĸ",
    "l": "LŁłƚȴȽɫɬɭʟᴌᶅⱠⱡⱢꝈꝉꞎꞭꬷꬸꬹ",
    "m": "MɱᴍᵯᶆⱮꬺ",
    "n": "NƝƞȠȵɲɳɴᵰᶇꞐꞑꞤꞥꬻ",
    "o": "OØøƟᴏⱺꝊꝋꝌꝍ",
    "p": "PƤƥᴘᵱᵽᶈⱣꝐꝑꝒꝓꝔꝕ",
    "q": "QɊɋʠꝖꝗꝘꝙꞯ",
    "r": "RƦɌɍɼɽɾʀᵲᵳᶉⱤꞂꞃꞦꞧꭆꭉ",
    "s": "SȿʂᵴᶊⱾꜱꞄꞅꞨꞩꟅꟉꟊ",
    "t": "TŦŧƫƬƭƮȶȾʈᴛᵵⱦꞆꞇ",
    "u": "UᴜᶙꞸꞹꭎꭒ",
    "v": "VƲʋᴠᶌⱱⱴꝞꝟ",
    "w": "WᴡⱲⱳ",
    "x": "Xᶍꭖꭗꭘꭙ",
    "y": "YƳƴɎɏʏỾỿꭚ",
    "z": "ZƵƶȤȥɀʐʑᴢᵶᶎⱫⱬⱿꟆ",
}
# Capitals, and other forms, of the letters that stay: Latin, Greek, Cyrillic, Armenian; below each, what it becomes.
CAPITALES: Final = (
    "ÆÞŊŒƄƆƎƏƐƔƖƜƢƧƩƱƷƸƼǶǷȜȢɁɄɅͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТ"
    "УФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵ"
    "ԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖᲀᲁᲂᲃᲄᲅᲆᲇᲈẞỺỼⱭⱯⱰⱵꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾ"
    "ꝆꝎꝚꝜꝠꝢꝤꝦꝨꝪꝬꝮꝾꞀꞋꞍꞚꞜꞞꞫꞬꞰꞱꞳꞴꞶꞺꞼꞾꟀꟂꟐꟖꟘꟵ"
)
MINUSCULES: Final = (
    "æþŋœƅɔǝəɛɣɩɯƣƨʃʊʒƹƽƕƿȝȣɂʉʌͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωσϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрст"
    "уфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդե"
    "զէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆвдосттъѣꙋßỻỽɑɐɒⱶꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿ"
    "ꝇꝏꝛꝝꝡꝣꝥꝧꝩꝫꝭꝯꝿꞁꞌɥꞛꞝꞟɜɡʞʇꭓꞵꞷꞻꞽꞿꟁꟃꟑꟗꟙꟶ"
)
# What goes, once NFKD has set the marks apart: code points, from and to. Nothing of ASCII stays but letters and digits.
RETIRES: Final = (
    (0x0000, 0x002F),
    (0x003A, 0x0040),
    (0x005B, 0x0060),
    (0x007B, 0x00BF),
    (0x00D7, 0x00D7),
    (0x00F7, 0x00F7),
    (0x02B0, 0x036F),  # modifier letters, apostrophes among them, and the marks of Latin, Greek and Cyrillic
    (0x0375, 0x0375),
    (0x037E, 0x037E),
    (0x0387, 0x0387),
    (0x0482, 0x0489),
    (0x0559, 0x055F),
    (0x0589, 0x05CF),  # Hebrew points
    (0x05F3, 0x061F),
    (0x0640, 0x0640),
    (0x064B, 0x065F),  # Arabic vowels
    (0x066A, 0x066D),
    (0x0670, 0x0670),
    (0x06D4, 0x06D4),
    (0x06D6, 0x06ED),
    (0x180B, 0x180F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x2000, 0x2BFF),  # spaces, dashes, quotes, direction marks, symbols
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0x302A, 0x3030),
    (0xA66F, 0xA67E),
    (0xA700, 0xA721),
    (0xA788, 0xA78A),
    (0xFE00, 0xFE2F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFD),
    (0x1F000, 0x1FAFF),  # emoji
    (0xE0000, 0xE0FFF),
)

_RETIRES: Final = re.compile("[" + "".join(f"\\U{debut:08x}-\\U{fin:08x}" for debut, fin in RETIRES) + "]")
_SIMPLES: Final = {signe: cible for cible, signes in LATINES.items() for signe in signes} | dict(
    zip(CAPITALES, MINUSCULES, strict=True)
)
_TABLE: Final = str.maketrans(
    {signe: LIGATURES.get(cible, cible) for signe, cible in _SIMPLES.items()} | LIGATURES,
)


def replier(texte: str) -> str:
    """Return what is left of a text to compare it: letters without case, accent or ligature, and digits; no space."""
    return _RETIRES.sub("", normaliser("NFKD", texte)).translate(_TABLE)


def sql_repliement() -> str:
    """Return the statement that makes the same function in the database: one expression, IMMUTABLE, so that it indexes.

    What is ASCII, as most of the register is, or becomes so without its accents, takes a shorter way to the same.
    """
    retires = "".join(f"\\U{max(debut, 1):08x}-\\U{fin:08x}" for debut, fin in RETIRES)
    nu = f"regexp_replace(normalize(texte, NFKD) COLLATE \"C\", '[{retires}]', '', 'g')"
    plie = f"translate({nu}, '{''.join(_SIMPLES)}', '{''.join(_SIMPLES.values())}')"
    for signe, lettres in LIGATURES.items():
        plie = f"replace({plie}, '{signe}', '{lettres}')"
    return (
        "CREATE OR REPLACE FUNCTION replier(texte text) RETURNS text\n"
        "LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE\n"
        "RETURN CASE\n"
        "WHEN octet_length(texte) = length(texte)\n"
        "THEN regexp_replace(lower(texte COLLATE \"C\"), '[^0-9a-z]+', '', 'g')\n"
        f"WHEN octet_length({nu}) = length({nu})\n"
        f'THEN lower({nu} COLLATE "C")\n'
        f"ELSE {plie} END"
    )


class Replier(Func):
    """The folding by the database, for an index or a comparison."""

    function = "replier"
    output_field = TextField()


class _Replie(Lookup):
    """A column and a typed text, compared by the folding; the text is folded here, once."""

    operateur = "= %s"

    def get_prep_lookup(self) -> str:
        return replier(str(self.rhs))

    def motif(self, replie: str) -> str:
        return replie

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        gauche, parametres = self.process_lhs(compiler, connection)
        return f"replier({gauche}) {self.operateur}", [*parametres, self.motif(self.rhs)]


class RepliEgal(_Replie):
    """`nom__replie="LEBOEUF"`: the same name."""

    lookup_name = "replie"


class RepliContient(_Replie):
    """`nom__replie_contient="boeu"`: the text stands in it, anywhere. Letters and digits alone: nothing to escape."""

    lookup_name = "replie_contient"
    operateur = "LIKE %s"

    def motif(self, replie: str) -> str:
        return f"%{replie}%"


class RepliCommence(RepliContient):
    """`nom__replie_commence="leb"`: it begins so."""

    lookup_name = "replie_commence"

    def motif(self, replie: str) -> str:
        return f"{replie}%"


for _champ in (CharField, TextField, EmailField):
    for _recherche in (RepliEgal, RepliContient, RepliCommence):
        _champ.register_lookup(_recherche)
