"""From where on each signal is one: read by its detector, and by the table that says it to the cell (registre.py)."""

from typing import Final

REUSSITES_CONNUES: Final = 3
"""Sign-ins of an account before one of its countries is unusual."""
ECHECS_AU_MOINS: Final = 8
COMPTES_ESSAYES: Final = 15
"""Accounts, or addresses that nobody has, of one network in an hour."""
PAGES_PAR_MINUTE: Final = 150
SIREN_PAR_MINUTE: Final = 60
"""One a second for a whole minute: who opens two pages of a list in as many tabs, fifty companies, stays below."""
FICHIERS_PAR_MINUTE: Final = 15
SIREN_METHODIQUES: Final = 40
"""In a day."""
BLOCAGES_A_TERME: Final = 3
"""Blockings of an automaton's address that end by themselves, in so many days (`automates.blocages.DUREES`)."""
JOURS_DE_RECIDIVE: Final = 7
RETABLIS_PAR_JOUR: Final = 8
RETABLIS_HORS_DES_HEURES: Final = 2
RETABLIS_LUS_AVANT: Final = 3
"""In thirty days."""
OUVERTURE, FERMETURE = 7, 20
"""Hours of the portal's time zone, on working days."""
