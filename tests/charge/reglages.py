"""The portal's settings and django-guardian, for tests/charge/test_million.py alone."""

import importlib.util

from espacepro.settings import *  # noqa: F403
from espacepro.settings import AUTHENTICATION_BACKENDS, INSTALLED_APPS

if importlib.util.find_spec("guardian"):
    INSTALLED_APPS = [*INSTALLED_APPS, "guardian"]
    AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "guardian.backends.ObjectPermissionBackend"]
    ANONYMOUS_USER_NAME = None
