"""Source addresses that are refused: the address is blocked, never the espace (R17; CGU §3.7.b)."""
