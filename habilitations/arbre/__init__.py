"""The tree of habilitations under its titulaire: opened, ended, taken over, and who is told."""
