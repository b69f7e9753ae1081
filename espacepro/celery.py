"""The Celery application: a wake-up, never the memory of what is to be done (design.md §6)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espacepro.settings")

application = Celery("espacepro")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
