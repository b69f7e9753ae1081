"""What the cell does with the alerts: what they have in common, what is decided, what their holder is asked (R15; CGU §3.6)."""
