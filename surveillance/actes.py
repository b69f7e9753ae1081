"""What the surveillance writes in the journal: the holder reads what was decided about his espace, never the evidence."""

from accounts.traces.actes import SOI, Acte

ESPACE_DESACTIVE = Acte(
    "espace.desactive",
    "Espace désactivé par sécurité : mot de passe et réponse changés d’office",
    SOI,
    details=("voie", "raison", "depuis", "reference"),
)
ESPACE_DESACTIVATION_ANNULEE = Acte(
    "espace.desactivation_annulee", "Désactivation annulée par la cellule de surveillance", SOI, details=("reference",)
)
ESPACE_RETABLI = Acte(
    "espace.retabli",
    "Accès rétabli au guichet, par deux agents",
    SOI,
    details=("cas", "piece", "legitimite", "reference", "adresse_donnee"),
)
RETABLISSEMENT_SAISI = Acte(
    "retablissement.saisi",
    "Rétablissement d’un accès saisi par l’exploitation, pour deux agents",
    SOI,
    details=("reference",),
)
ESPACE_DIRIGE = Acte(
    "espace.dirige",
    "Espace dirigé vers un service gestionnaire par la cellule de surveillance",
    SOI,
    details=("gestionnaire",),
)
CHANGEMENTS_EXAMINES = Acte(
    "changements.examines",
    "Changements faits avant la désactivation examinés par le détenteur",
    SOI,
    details=("defaits", "gardes", "reference"),
)
ESPACE_DESACTIVATION_PLAFONNEE = Acte(
    "espace.desactivation_plafonnee",
    "Désactivation automatique retenue : le plafond du jour est atteint, la cellule décide",
    details=("nombre",),
)
VERIFICATION_DEMANDEE = Acte(
    "verification.demandee", "Vérification demandée : qui se sert de cette session ?", SOI, details=("raison",)
)
VERIFICATION_REUSSIE = Acte("verification.reussie", "Vérification réussie", SOI, details=("preuve",))
VERIFICATION_MANQUEE = Acte("verification.manquee", "Vérification manquée : session fermée", SOI, details=("essais",))
ADRESSE_BLOQUEE = Acte("adresse.bloquee", "Adresse bloquée", details=("reseau", "motif", "jusqu_au"))
ADRESSE_DEBLOQUEE = Acte("adresse.debloquee", "Blocage d’une adresse levé", details=("reseau",))
ADRESSE_MARQUE_LEVEE = Acte("adresse.marque_levee", "Marques d’une adresse surveillée levées", details=("reseau",))
ALERTE_CLASSEE = Acte("alerte.classee", "Alerte classée sans suite", details=("reference",))
ALERTE_AVEREE = Acte("alerte.averee", "Alerte avérée, traitée sans désactiver l’espace", details=("reference",))
ALERTE_QUESTION = Acte(
    "alerte.question", "Question posée au détenteur sur un usage inhabituel", SOI, details=("reference",)
)
ALERTE_REPONSE = Acte(
    "alerte.reponse",
    "Réponse du détenteur à une question sur un usage inhabituel",
    SOI,
    details=("reference", "reponse"),
)
