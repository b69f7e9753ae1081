"""The catalogue of online services: loaded from a file, shown to everybody, and what becomes of a service that leaves it."""
