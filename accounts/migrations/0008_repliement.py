"""The one folding of text, by the database (accounts/saisies/repliement.py): frozen here as it was that day."""

from django.db import migrations

REPLIER = (
    r"CREATE OR REPLACE FUNCTION replier(texte text) RETURNS text"
    "\n"
    r"LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
    "\n"
    r"RETURN replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(repla"
    r"""ce(replace(replace(replace(translate(regexp_replace(normalize(texte, NFKD) COLLATE "C", '[\U00000001"""
    r"-\U0000002f\U0000003a-\U00000040\U0000005b-\U00000060\U0000007b-\U000000bf\U000000d7-\U000000d7\U000"
    r"000f7-\U000000f7\U000002b0-\U0000036f\U00000375-\U00000375\U0000037e-\U0000037e\U00000387-\U00000387"
    r"\U00000482-\U00000489\U00000559-\U0000055f\U00000589-\U000005cf\U000005f3-\U0000061f\U00000640-\U000"
    r"00640\U0000064b-\U0000065f\U0000066a-\U0000066d\U00000670-\U00000670\U000006d4-\U000006d4\U000006d6-"
    r"\U000006ed\U0000180b-\U0000180f\U00001ab0-\U00001aff\U00001dc0-\U00001dff\U00002000-\U00002bff\U0000"
    r"2e00-\U00002e7f\U00003000-\U00003004\U00003008-\U00003020\U0000302a-\U00003030\U0000a66f-\U0000a67e"
    r"\U0000a700-\U0000a721\U0000a788-\U0000a78a\U0000fe00-\U0000fe2f\U0000feff-\U0000feff\U0000fff9-\U000"
    r"0fffd\U0001f000-\U0001faff\U000e0000-\U000e0fff]', '', 'g'), 'AȺᴀᶏⱥBƀƁƂƃɃɓʙᵬᶀꞖꞗCƇƈȻȼɕᴄꞒꞓꞔꟄDĐđƉƊƋƌȡɖɗ"
    r"ᴅᵭᶁᶑꝹꝺꟇꟈÐðEɆɇᴇᶒⱸꬴFƑƒᵮᶂꜰꝻꝼꞘꞙGƓǤǥɠɢʛᵹᶃꝽꞠꞡHĦħɦʜⱧⱨꞕꞪIıƗɨɪᶖꞮJȷɈɉɟʄʝᴊꞲKƘƙᴋᶄⱩⱪꝀꝁꝂꝃꝄꝅꞢꞣĸLŁłƚȴȽɫɬɭʟᴌᶅⱠⱡⱢꝈꝉꞎꞭꬷ"
    r"ꬸꬹMɱᴍᵯᶆⱮꬺNƝƞȠȵɲɳɴᵰᶇꞐꞑꞤꞥꬻOØøƟᴏⱺꝊꝋꝌꝍPƤƥᴘᵱᵽᶈⱣꝐꝑꝒꝓꝔꝕQɊɋʠꝖꝗꝘꝙꞯRƦɌɍɼɽɾʀᵲᵳᶉⱤꞂꞃꞦꞧꭆꭉSȿʂᵴᶊⱾꜱꞄꞅꞨꞩꟅꟉꟊTŦŧƫƬƭƮȶȾʈᴛ"
    r"ᵵⱦꞆꞇUᴜᶙꞸꞹꭎꭒVƲʋᴠᶌⱱⱴꝞꝟWᴡⱲⱳXᶍꭖꭗꭘꭙYƳƴɎɏʏỾỿꭚZƵƶȤȥɀʐʑᴢᵶᶎⱫⱬⱿꟆÆÞŊŒƄƆƎƏƐƔƖƜƢƧƩƱƷƸƼǶǷȜȢɁɄɅͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠ"
    r"ΡΣΤΥΦΧΨΩςϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪ"
    r"ҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖᲀᲁᲂᲃᲄᲅᲆᲇᲈẞỺỼⱭ"
    r"ⱯⱰⱵꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝆꝎꝚꝜꝠꝢꝤꝦꝨꝪꝬꝮꝾꞀꞋꞍꞚꞜꞞꞫꞬꞰꞱꞳꞴꞶꞺꞼꞾꟀꟂꟐꟖꟘꟵ', 'aaaaabb"
    r"bbbbbbbbbbcccccccccccddddddddddddddddddddeeeeeeeffffffffffgggggggggggghhhhhhhhhiiiiiiijjjjjjjjjkkkkk"
    r"kkkkkkkkkkkllllllllllllllllllllllmmmmmmmnnnnnnnnnnnnnnnooooooooooppppppppppppppqqqqqqqqqrrrrrrrrrrrr"
    r"rrrrrrsssssssssssssstttttttttttttttuuuuuuuvvvvvvvvvwwwwxxxxxxyyyyyyyyyzzzzzzzzzzzzzzzæþŋœƅɔǝəɛɣɩɯƣƨʃ"
    r"ʊʒƹƽƕƿȝȣɂʉʌͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωσϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣ"
    r"ѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմ"
    r"յնշոչպջռսվտրցւփքօֆвдосттъѣꙋßỻỽɑɐɒⱶꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝇꝏꝛꝝꝡꝣꝥꝧꝩꝫꝭꝯꝿꞁꞌ"
    r"ɥꞛꞝꞟɜɡʞʇꭓꞵꞷꞻꞽꞿꟁꟃꟑꟗꟙꟶ'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), 'þ', 'th'), 'ŋ', 'ng'), 'ȣ', 'ou'), 'ƕ',"
    r" 'hv'), 'ꜳ', 'aa'), 'ꜵ', 'ao'), 'ꜷ', 'au'), 'ꜹ', 'av'), 'ꜻ', 'av'), 'ꜽ', 'ay'), 'ꝏ', 'oo'), 'ꝡ', 'vy"
    r"')"
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_noms_admis")]

    operations = [migrations.RunSQL(REPLIER, "DROP FUNCTION replier(text)")]
