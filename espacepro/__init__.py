"""Wiring of the five apps, and the pages made of every floor."""

from .celery import application as celery_app

__all__ = ["celery_app"]
