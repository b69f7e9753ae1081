"""A bare Django site: its users, its sign-in, its sessions, and the portal's Argon2id; what the portal is measured beside.

`python -m tests.charge.site_nu PASSWORD ADDRESS…` makes its tables and these users, then any WSGI server serves
`tests.charge.site_nu:application`; DATABASE_URL names its database.
"""

import os
import sys

import dj_database_url
import django
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Argon2Nu(Argon2PasswordHasher):
    """The cost of accounts/mots_de_passe/hachage.py, without its pepper."""

    algorithm = "argon2nu"
    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


if not settings.configured:  # else this module is only read for its hasher
    base = dict(dj_database_url.parse(os.environ["DATABASE_URL"]))
    base["OPTIONS"] = {**base.get("OPTIONS", {}), "pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["localhost"],
        DATABASES={"default": base},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        PASSWORD_HASHERS=["tests.charge.site_nu.Argon2Nu"],
        ROOT_URLCONF="tests.charge.site_nu",
        LOGIN_REDIRECT_URL="/robots.txt",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {
                                "connexion.html": "<form method=post>{% csrf_token %}{{ form.as_p }}<button>OK</button></form>"
                            },
                        )
                    ]
                },
            }
        ],
    )
    django.setup()
    from django.contrib.auth.views import LoginView
    from django.http import HttpResponse
    from django.urls import path

    urlpatterns = [
        path("connexion/", LoginView.as_view(template_name="connexion.html")),
        path("robots.txt", lambda request: HttpResponse("")),
    ]
    application = get_wsgi_application()

if __name__ == "__main__":
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    premier = User.objects.create_user(sys.argv[2], password=sys.argv[1])
    User.objects.bulk_create(User(username=adresse, password=premier.password) for adresse in sys.argv[3:])
