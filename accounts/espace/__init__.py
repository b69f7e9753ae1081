"""The life of one espace, from inscription to deletion."""
