"""The help: its fiches, the pages from which each opens, and the search in them."""
