"""Tables as people and spreadsheets have them: read with their mistakes, written so that they can be read again."""
