"""The accounts that a personne pays from: reading an IBAN, who adds and removes, the SEPA mandate, the bank's answers (CGU §4.d)."""
