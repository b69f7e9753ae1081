"""Who did what, sealed; who looked."""
