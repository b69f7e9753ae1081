"""How often somebody may. Public: every floor counts here."""
