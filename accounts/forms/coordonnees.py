"""The particulars of the holder."""

from .champs import champ_siren_appartenance
from .titulaire import TitulaireForm


class CoordonneesForm(TitulaireForm):
    """What the holder may change alone (CGU §4.b): the fields of the inscription, in its order."""

    siren_appartenance = champ_siren_appartenance(obligatoire=False)
