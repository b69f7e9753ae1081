"""The portal's settings and django-guardian, for tests/charge/grande.py alone, which puts guardian into GUARDIAN."""

import os
import sys

from espacepro.settings import *  # noqa: F403
from espacepro.settings import AUTHENTICATION_BACKENDS, INSTALLED_APPS

sys.path.append(os.environ["GUARDIAN"])
INSTALLED_APPS = [*INSTALLED_APPS, "guardian"]
AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "guardian.backends.ObjectPermissionBackend"]
ANONYMOUS_USER_NAME = None
