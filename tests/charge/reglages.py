"""The portal's settings and django-guardian, for tests/charge/test_million.py alone.

guardian is no dependency of the portal: it is put into a folder of its own, once, by the package client of this machine.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

from espacepro.settings import *  # noqa: F403
from espacepro.settings import AUTHENTICATION_BACKENDS, ETAT, INSTALLED_APPS

GUARDIAN = Path(ETAT) / "guardian"

if not importlib.util.find_spec("guardian"):
    if not (GUARDIAN / "guardian").exists():
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(GUARDIAN),
                "django-guardian",
            ],
            check=True,
        )
    sys.path.append(str(GUARDIAN))
INSTALLED_APPS = [*INSTALLED_APPS, "guardian"]
AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "guardian.backends.ObjectPermissionBackend"]
ANONYMOUS_USER_NAME = None
