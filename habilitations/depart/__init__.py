"""Leaving a service, or the portal."""
