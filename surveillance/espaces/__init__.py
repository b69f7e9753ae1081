"""Espaces disabled and given back: who may see one, the acts of R15 and R16."""
