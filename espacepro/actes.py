"""What the portal itself writes in the journal."""

from accounts.traces.actes import SOI, Acte

JOURNAL_ENTREPRISE_EXPORTE = Acte(
    "journal_entreprise.exporte", "Journal de l’entreprise exporté", SOI, details=("format", "lignes")
)
