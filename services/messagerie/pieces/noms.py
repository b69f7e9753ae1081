"""The name of a file, as it is kept and given back: nothing that deceives who reads it, nothing that a system refuses."""

import re
from typing import Final

from accounts.saisies.normalisation import sans_marques
from accounts.saisies.porte import TexteIllisible, lire_ligne

LONGUEUR_DU_NOM: Final = 120  # characters: PieceJointe.nom
OCTETS_DU_NOM: Final = 200  # bytes in UTF-8: file systems hold 255, and a browser adds « (1) »
LONGUEUR_LUE: Final = 1_000  # characters: Django keeps 255 of what a browser sends
SANS_NOM: Final = "document"
_ILLISIBLES: Final = re.compile("[\x00\ud800-\udfff]")
_INTERDITS: Final = re.compile(r'[<>:"|?*/\\]')
# Names that Windows takes for a device, whatever follows the dot.
_RESERVES: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\.|$)", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,5})$")


def extension_de(nom: str) -> str:
    """Return the extension of a cleaned name in small letters, without its dot; nothing when it has none."""
    trouvee = _EXTENSION.search(nom)
    return trouvee[1].lower() if trouvee else ""


def nettoyer_nom(nom: str) -> str:
    """Return the name under which a file is kept: one line, without path, signs that nobody sees or names of devices.

    The extension survives the cut, so that what is shown is what opens.
    """
    try:
        propre = lire_ligne(nom)
    except TexteIllisible:
        propre = lire_ligne(sans_marques(_ILLISIBLES.sub("", nom[:LONGUEUR_LUE])))
    propre = _INTERDITS.sub("_", propre.replace("\\", "/").rpartition("/")[2]).strip(" .")
    extension = extension_de(propre)
    racine = propre[: -len(extension) - 1].rstrip(" .") if extension else propre
    fin = f".{extension}" if extension else ""  # in small letters, as all systems know it
    if _RESERVES.match(racine + fin):
        racine = f"_{racine}"
    racine = racine[: LONGUEUR_DU_NOM - len(fin)]
    while len((racine + fin).encode()) > OCTETS_DU_NOM:
        racine = racine[:-1]
    return (racine.rstrip(" .") or SANS_NOM) + fin
