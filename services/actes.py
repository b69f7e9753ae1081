"""What this floor writes in the journal: jobs on reference data, for agents alone."""

from accounts.traces.actes import Acte

PERSONNES_IMPORTEES = Acte(
    "personnes.importees",
    "Personnes sirénisées importées",
    details=("creees", "modifiees", "inchangees", "rejetees", "sans_siege", "complet", "fichiers"),
)
CATALOGUE_CHARGE = Acte("catalogue.charge", "Catalogue des services chargé", details=("crees", "modifies"))
SERVICES_GESTIONNAIRES_CHARGES = Acte(
    "services_gestionnaires.charges", "Services gestionnaires chargés", details=("crees", "modifies")
)
