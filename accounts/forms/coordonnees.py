"""The particulars of the holder."""

from ..saisies.noms import normaliser_texte
from .champs import ChampRegle, champ_siren_appartenance
from .claviers import Clavier
from .titulaire import TitulaireForm


class CoordonneesForm(TitulaireForm):
    """What the holder may change alone (CGU §4.b)."""

    field_order = (
        "civilite",
        "prenom",
        "nom",
        "telephone",
        "complement",
        "voie",
        "distribution",
        "code_postal",
        "commune",
    )

    distribution = ChampRegle(
        normaliser_texte,
        label="Boîte postale ou lieu-dit",
        required=False,
        max_length=120,
        clavier=Clavier.DISTRIBUTION,
    )
    pays = ChampRegle(
        normaliser_texte,
        label="Pays",
        required=False,
        max_length=80,
        help_text="À remplir si ce n'est pas la France.",
        clavier=Clavier.PAYS,
    )
    siren_appartenance = champ_siren_appartenance(obligatoire=False)
