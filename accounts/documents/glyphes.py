"""Which characters the fonts inside Typst's wheel draw: their own tables, read once for the version that requirements.txt names.

Asking Typst is a millisecond a character, and twenty thousand different ones would be twenty seconds of processor. A new version of
Typst that draws others turns tests/accounts/documents/test_glyphes.py red.
"""

from bisect import bisect_right
from typing import Final

DERNIER_LATIN: Final = "\u017f"
"""Up to here (Latin-1, Latin Extended-A) the embedded fonts draw everything; a test holds it."""
_PLAGES: Final = """
180-377 37a-37f 384-38a 38c 38e-3a1 3a3-4ff 510-513 51a-51d 531-58f 591-5c7 5d0-5eb 5ef-5f5 5f7 606-60c 615 61b 61f
621-63a 640-655 65a 660-66d 674 679-67b 67e-680 683-684 686-687 691 698 6a4 6a9 6af 6be 6cc 6f0-6f9 900-97f e3f
e81-e82 e84 e87-e88 e8a e8d e94-e97 e99-e9f ea1-ea3 ea5 ea7 eaa-eab ead-eb9 ebb-ebc ec8-ecd 10d0-10ff 13a0-13fd
1ab0-1ace 1d00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3
1fd6-1fdb 1fdd-1fef 1ff2-1ff4 1ff6-1ffe 2000-2027 2029 202f-2040 2042 2044-2052 2054-2064 2070-2071 2074-208e
2090-209c 20a0-20c0 20d0-20f0 2100-211e 2120 2122 2124 2126-2151 2153-2184 2189 2190-23ff 2422-2423 2460-262f
2638-268b 2690-269c 26a0-26a7 26aa-26b2 2701-2704 2706-2709 270c-2727 2729-274b 274d 274f-2752 2756 2758-275e
2761-277f 2794 2798-27af 27b1-2b73 2b76-2b95 2b97-2bff 2c60-2cf3 2cf9-2cff 2e02-2e05 2e08-2e0a 2e17-2e18 2e1f
2e22-2e25 2e2e 3012 3016-3017 301a-301b 3030 3036 306e a46a-a46b a640-a641 a648-a649 a656-a657 a708-a716 a71b-a727
a72d a730 a735 a765 a789-a78e a790-a791 a793 a7aa a7f8-a7f9 ab52 ab66 ab70-abbf e000-e03d e041-e290 e376-e377 e395
e397-e39b e3d3 e801-e803 ea00-ea11 ea14-ea1f ea25-ea36 ea38-ea46 ea57 eb02-eb04 eb08-eb0a eb0d eb0f-eb12 eb15-eb17
eb19 eb1e-eb1f eb28-eb2b eb2e-eb32 eb35-eb36 eb3a-eb3b eb40 eb43 eb48-eb49 eb4c-eb4d eb50-eb57 eb5a eb61 eb63-eb67
eb6b eb6e-eb6f eb7e ec00-ec01 ec06-ec0e ec10-ec11 f100-f101 f103-f106 f109 f113 f115-f11e f121-f123 f126-f15c
f15f-f175 f177-f180 f182-f185 f187-f19c f19e-f1a1 f1a3-f1a4 f1a7-f210 f212-f24e f25c-f2a1 f2a4 f2a6-f2a9 f2ac
f2ae-f2af f460-f468 f46a-f472 f500-f510 f512-f51f f638-f641 f643-f64c f6be f6c4-f6c8 f6d3-f6d6 f6dc f6de f6f9-f6fa
f6fd f6ff f724 f730-f739 f761-f77a f7a2 f7e0-f7f6 f7f8-f7ff fb00-fb06 fb13-fb17 fb1d-fb4f fb52-fb81 fb8a-fb95
fb9e-fb9f fbaa-fbad fbe8-fbe9 fbfc-fbff fe00-fe01 fe20-fe2f fe66 fe70-fe74 fe76-fefc feff fff9-fffd 10140-1018e
102e0-102fb 1d106-1d107 1d400-1d454 1d456-1d49c 1d49e-1d49f 1d4a2 1d4a5-1d4a6 1d4a9-1d4ac 1d4ae-1d4b9 1d4bb
1d4bd-1d4c3 1d4c5-1d505 1d507-1d50a 1d50d-1d514 1d516-1d51c 1d51e-1d539 1d53b-1d53e 1d540-1d544 1d546-1d547
1d54a-1d550 1d552-1d6a5 1d6a8-1d7cb 1d7ce-1d7ff 1ee00-1ee22 1ee24 1ee27 1ee29-1ee32 1ee34-1ee37 1ee39 1ee3b 1ee42
1ee47 1ee49 1ee4b 1ee4d-1ee4f 1ee51-1ee52 1ee54 1ee57 1ee59 1ee5b 1ee5d 1ee5f 1ee61-1ee62 1ee64 1ee67-1ee6a
1ee6c-1ee72 1ee74-1ee77 1ee79-1ee7c 1ee7e-1ee89 1ee8b-1ee9b 1eea1-1eea3 1eea5-1eea9 1eeab-1eebb 1eef0-1eef1 1f12f
1f6d1 1f780-1f7d8 1f7e0-1f7eb 1f7ff-1f80b 1f810-1f847 1f850-1f859 1f860-1f887 1f890-1f8ad 1f8b0-1f8bb 1f8c0-1f8c1
1f8d0-1f8d8
"""


def _lire(plage: str) -> tuple[int, int]:
    premier, _, dernier = plage.partition("-")
    return int(premier, 16), int(dernier or premier, 16)


PLAGES: Final = tuple(_lire(plage) for plage in _PLAGES.split())
"""The first and the last of each run of them, in order."""
_PREMIERS: Final = [premier for premier, _ in PLAGES]


def se_dessine(caractere: str) -> bool:
    """Tell whether one of the embedded fonts draws this character."""
    if caractere <= DERNIER_LATIN:
        return True
    rang = bisect_right(_PREMIERS, ord(caractere)) - 1
    return rang >= 0 and ord(caractere) <= PLAGES[rang][1]
