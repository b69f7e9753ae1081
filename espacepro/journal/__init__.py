"""The journal in words: for agents, and for the administrators of a company."""
