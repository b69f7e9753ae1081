"""WSGI entry point: `gunicorn espacepro.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from .type_lisible import TypeLisible

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espacepro.settings")
application = TypeLisible(get_wsgi_application())
