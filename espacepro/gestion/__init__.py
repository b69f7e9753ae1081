"""The agents' site: who sees which page, and the steps of its door."""
