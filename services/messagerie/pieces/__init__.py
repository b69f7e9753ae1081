"""Attachments: what is taken, how it is cleaned, kept encrypted, scanned, served and swept (CGU §4.e)."""
