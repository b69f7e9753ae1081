"""The agents' half: the accounts of agents, and what their pages are made of."""
