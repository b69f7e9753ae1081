"""What the portal itself writes in the journal."""

from accounts.traces.actes import SOI, Acte

JOURNAL_ENTREPRISE_EXPORTE = Acte(
    "journal_entreprise.exporte", "Journal de l’entreprise exporté", SOI, details=("format", "lignes")
)
ESPACE_VU_PAR_UN_AGENT = Acte(
    "espace.vu_par_un_agent",
    "Espace consulté par un agent, tel que son détenteur le voit",
    SOI,
    details=("gestionnaire", "raison"),
)
