"""How big a file is, in words: by thousands, as the limits are said (« 10 Mo au plus »)."""


def taille_lisible(octets: int) -> str:
    """Return a size as people read it: `212 ko`, `1,9 Mo`, `10 Mo`."""
    if (milliers := max(1, round(octets / 1_000))) < 1_000:
        return f"{milliers} ko"
    return f"{octets / 1_000_000:.1f} Mo".replace(".0 ", " ").replace(".", ",")
