"""What the portal holds about a person, how long, and how that person reads it (R18, R24)."""
