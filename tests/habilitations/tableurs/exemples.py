"""One list, made of what spreadsheets ill-treat: the files of `fichiers/` are what LibreOffice 7 in French saved of it.

They were made by `test_libreoffice.py` (`-m long`), which does it again with the LibreOffice of the machine.
"""

from datetime import date
from pathlib import Path

from accounts.models import Espace
from habilitations.models import Habilitation, Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

FICHIERS = Path(__file__).parent / "fichiers"
FIN = date(2031, 12, 31)
# SIREN or IDSP, dénomination, numéro d'abonné, nom, prénom, role, last day.
LISTE = [
    ("005410220", "+33 RUE", "20263271234569", "Lebœuf", "Hélène", Role.ACTEUR, FIN),
    ("000325175", "=1+1", "20263271234577", "d'Almeida", "Jean", Role.ACTEUR_DELEGANT, None),
    ("12345E678", "1E5", "20263271234585", "Ærø", "Łucja", Role.SUPPLEANT, None),
    ("552032534", "ООО «Ромашка» 🌼", "20263271234593", "Đặng", "Iʻo", Role.ACTEUR, None),
    ("356000000", 'LA POSTE ; "SIÈGE", \u202eRTL', "20263271234601", "'t Hooft", "Anne", Role.ACTEUR, FIN),
]


def etablir() -> tuple[Espace, list[Habilitation]]:
    """Make, in the database, the list that the files hold; return its titulaire and the rights that he granted."""
    titulaire: Espace = EspaceFactory(numero_abonne="20263271239998")
    service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    accordees = []
    for siren, denomination, numero, nom, prenom, role, fin in LISTE:
        personne = PersonneFactory(siren=siren, denomination=denomination, provisoire=not siren.isdigit())
        racine = habiliter(titulaire, personne=personne, service=service)
        accordees.append(
            accorder(racine, EspaceFactory(numero_abonne=numero, nom=nom, prenom=prenom), role, expire_le=fin)
        )
    return titulaire, accordees
