"""The secure mailbox of a personne: themes, who may read and write, exchanges and drafts, what pages read (CGU §2.3, §4.e)."""
