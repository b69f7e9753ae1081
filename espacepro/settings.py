"""Settings, read from the environment. Nothing secret has a default; `docs/configuration.md` lists the variables.

`ESPACEPRO_MODE` is `production` (the default), `demonstration` or `test`. Production refuses to start without what it
needs: a missing key, a database, a broker or a mail server is an error at import, never a silent fallback.
"""

import logging
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import Env
from kombu import Queue

from espacepro.journalisation import masquer
from espacepro.taches import ANALYSES, CALENDRIER, COURRIELS, ROUTES

RACINE = Path(__file__).resolve().parent.parent
env = Env()

MODE = env.str("ESPACEPRO_MODE", "production")
if MODE not in {"production", "demonstration", "test"}:
    raise ImproperlyConfigured(f"ESPACEPRO_MODE={MODE!r}: expected production, demonstration or test")
PRODUCTION = MODE == "production"
DEMONSTRATION = MODE == "demonstration"
ETAT = Path(env.str("ESPACEPRO_ETAT", str(RACINE / ".etat"))).resolve()

# The State's mark is legally reserved to State sites (design.md §5).
MARQUE_ETAT = env.bool("MARQUE_ETAT", False)

# --- Secrets: five keys, each for one purpose, none in the database ---------------------------------------------------


def _cle(nom: str) -> str:
    """Return the secret `nom`, at least 32 characters long. Raises ImproperlyConfigured when it is missing or short."""
    (valeur,) = _cles(nom, env.str(nom, ""))
    return valeur


def _cles(nom: str, *valeurs: str) -> list[str]:
    """Return these secrets, by default those of `nom` separated by commas; as `_cle`."""
    cles = [*valeurs] or [cle.strip() for cle in env.str(nom, "").split(",")]
    if any(len(cle) < 32 for cle in cles):
        raise ImproperlyConfigured(f"{nom} is required: at least 32 random characters (python -c 'import secrets; …')")
    return cles


SECRET_KEY = _cle("SECRET_KEY")  # sessions, CSRF, signed values
POIVRE = _cle("POIVRE")  # keys every Argon2 hash (design.md §3)
CLE_CODES = _cle("CLE_CODES")  # derives activation codes and one-time links
# Encrypt the seeds of second factors, and what a session must carry for some minutes: the first writes, all of them read.
CLES_CHIFFREMENT = _cles("CLE_CHIFFREMENT")
CLES_JOURNAL = _cles("CLE_JOURNAL")  # seal the journal: the first writes, all of them read
if len({SECRET_KEY, POIVRE, CLE_CODES, *CLES_CHIFFREMENT, *CLES_JOURNAL}) != (
    3 + len(CLES_CHIFFREMENT) + len(CLES_JOURNAL)
):
    raise ImproperlyConfigured("SECRET_KEY, POIVRE, CLE_CODES, CLE_CHIFFREMENT and CLE_JOURNAL must all differ")

# --- Addresses --------------------------------------------------------------------------------------------------------

DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if not PRODUCTION else [])
SITE_URL = env.str("SITE_URL", "http://localhost:8000" if not PRODUCTION else "")
EDITEUR = env.str("EDITEUR", "")
DIRECTEUR_PUBLICATION = env.str("DIRECTEUR_PUBLICATION", "")
HEBERGEUR = env.str("HEBERGEUR", "")
CONTACT = env.str("CONTACT", "")
CONTACT_SECURITE = env.str("CONTACT_SECURITE", "")
# Where the daily statement of the journal goes: the security officer's mailbox, a folder (accounts/traces/attestations.py).
COURRIEL_SECURITE = env.str("COURRIEL_SECURITE", "")
# An authority that stamps its time on them (RFC 3161), and the file of the certificates (PEM) by which it is believed.
HORODATAGE_URL = env.str("HORODATAGE_URL", "")
HORODATAGE_CERTIFICATS = env.str("HORODATAGE_CERTIFICATS", "")
if HORODATAGE_URL and not HORODATAGE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("HORODATAGE_URL must begin with http:// or https://")
DOSSIER_ATTESTATIONS = Path(env.str("DOSSIER_ATTESTATIONS", str(ETAT / "attestations")))
if PRODUCTION and not (ALLOWED_HOSTS and SITE_URL.startswith("https://")):
    raise ImproperlyConfigured("Production needs ALLOWED_HOSTS and SITE_URL (https://…)")
# How many reverse proxies stand before us: the client's address is read that many hops from the right.
PROXYS = env.int("PROXYS", 0)
# From where agents come, and the host name that is theirs (espacepro/gestion/hote.py): by default any network, and ours.
RELIT_LES_BLOCAGES = MODE != "test"  # each process reads the blocked addresses again
RESEAUX_AGENTS = [reseau.strip() for reseau in env.str("RESEAUX_AGENTS", "").split(",") if reseau.strip()]
# Ranges of shared addresses (an operator's, a large company's), one a line: they are asked to verify, never blocked by themselves.
RESEAUX_PARTAGES: list[IPv4Network | IPv6Network] = []
if _fichier := env.str("RESEAUX_PARTAGES_FICHIER", ""):
    try:
        for _ligne in Path(_fichier).read_text(encoding="utf-8").splitlines():
            if _reseau := _ligne.partition("#")[0].strip():
                RESEAUX_PARTAGES.append(ip_network(_reseau))
    except (OSError, ValueError) as erreur:
        raise ImproperlyConfigured(f"RESEAUX_PARTAGES_FICHIER: {erreur}") from erreur
ADMIN_HOST = env.str("ADMIN_HOST", "").strip().lower()
ALLOWED_HOSTS += [ADMIN_HOST] if ADMIN_HOST else []

# --- Apps: the floors of design.md §2 ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "espacepro.apps.GestionConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp_webauthn",
    "django_structlog",
    "axes",
    "django_altcha_widget",  # the files of its widget only (surveillance/automates/epreuve.py decides)
    "widget_tweaks",
    "dsfr",
    "surveillance",
    "activation",
    "habilitations",
    "services",
    "accounts",
    "espacepro.apps.EspaceproConfig",
]

MIDDLEWARE = [
    "espacepro.pile.PileMiddleware",
    "espacepro.middleware.CompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "espacepro.middleware.EnTetesMiddleware",
    "espacepro.middleware.CheminMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "espacepro.middleware.VerbeMiddleware",
    "espacepro.corps.CorpsMiddleware",
    "espacepro.gestion.hote.PorteAgentsMiddleware",
    "espacepro.middleware.BlocageMiddleware",
    "espacepro.middleware.RessourceMiddleware",
    "espacepro.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "espacepro.journalisation.RequetesMiddleware",
    "espacepro.middleware.ContexteMiddleware",
    "espacepro.middleware.AutomatesMiddleware",
    "espacepro.middleware.SignauxMiddleware",
    "espacepro.middleware.TracesMiddleware",
    "espacepro.middleware.LectureSeuleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "espacepro.middleware.SaisieMiddleware",
    "espacepro.middleware.MethodeMiddleware",
    "accounts.portes.middleware.SaisieMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.portes.middleware.SessionMiddleware",
    "surveillance.verification.middleware.VerificationMiddleware",
    "accounts.portes.middleware.RenouvellementMiddleware",
    "accounts.portes.reponse.ReponseMiddleware",
    "accounts.portes.conditions.ConditionsMiddleware",
    "accounts.portes.remplissage.RemplissageMiddleware",
    "accounts.portes.middleware.EssaisMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "espacepro.urls"
WSGI_APPLICATION = "espacepro.wsgi.application"
FORM_RENDERER = "espacepro.rendu.RenduFormulaires"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [RACINE / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["espacepro.typographie.Dossiers", "espacepro.typographie.Applications"],
                )
            ],
            "builtins": [
                "accounts.templatetags.accords",
                "accounts.templatetags.dates",
                "accounts.templatetags.formulaire",
                "accounts.templatetags.identifiants",
                "espacepro.templatetags.adresses",
                "espacepro.templatetags.tableaux",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "espacepro.contexte.portail",
            ],
        },
    },
]

# --- Real parts: PostgreSQL, Redis, SMTP ------------------------------------------------------------------------------

DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database")
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Of a process that runs under the owner's role: the role of web and workers (espacepro/roles.py).
APPLICATION = env.dj_db_url("DATABASE_URL_APPLICATION") if env.str("DATABASE_URL_APPLICATION", "") else {}
if connexions := env.int("DATABASE_POOL", 32 if MODE == "test" else 8):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": connexions, "timeout": 10}
    # Nothing is prepared by itself: psycopg may only be asked to (habilitations/droits/question.py).
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 1_000_000
QUESTION_PREPAREE = bool(connexions)  # without a pool of its own the portal stands behind PgBouncer
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("REDIS_URL"),
        "KEY_PREFIX": "espacepro",
    }
}

EMAIL = env.dj_email_url("EMAIL_URL")
MAILERS = {
    "default": {
        "BACKEND": EMAIL["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": EMAIL["EMAIL_HOST"],
            "port": EMAIL["EMAIL_PORT"],
            "username": EMAIL["EMAIL_HOST_USER"],
            "password": EMAIL["EMAIL_HOST_PASSWORD"],
            "use_tls": EMAIL["EMAIL_USE_TLS"],
            "use_ssl": EMAIL["EMAIL_USE_SSL"],
            "timeout": 10,
        },
    }
}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Espace professionnel <ne-pas-repondre@localhost.localdomain>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Celery: only row ids travel, everything may run twice (references.md F.1) ----------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,  # a wake-up is worth no wait (measured with Redis dead: 6 s a wake-up by default, 0.01 s so)
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULE = CALENDRIER
# A worker started without -Q serves all queues: nothing waits for a process that was not started.
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_QUEUES = [Queue("celery"), Queue(COURRIELS), Queue(ANALYSES)]
CELERY_TASK_ROUTES = ROUTES

# --- Sign-in ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Compte"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.portes.connexion.CompteBackend",
    "habilitations.droits.backends.HabilitationBackend",
]
PASSWORD_HASHERS = ["accounts.mots_de_passe.hachage.Argon2Poivre"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, str]] = []  # the one policy is accounts/mots_de_passe/politique.py (R3)
LOGIN_URL = "connexion"
LOGIN_REDIRECT_URL = "espace"
LOGOUT_REDIRECT_URL = "accueil"

AXES_USERNAME_FORM_FIELD = "username"
AXES_HANDLER = (
    "accounts.compteurs.debit.GardienEssais"  # axes guards, accounts/compteurs/debit.py counts (and says why)
)
AXES_LOCKOUT_CALLABLE = "accounts.portes.connexion.reponse_verrouillee"
AXES_CLIENT_IP_CALLABLE = "accounts.traces.requete.adresse_ip"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
PROCESSUS_WEB = env.int("WEB_CONCURRENCY", 2)  # gunicorn's own variable: the places for hashing are shared among them
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # the address is unique whatever its case: a constraint on Lower("email"), which the check cannot see
]

SESSION_ENGINE = "accounts.models.sessions_base"
SESSION_COOKIE_AGE = int(timedelta(hours=10).total_seconds())
SESSION_INACTIVITE = timedelta(minutes=30)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
OTP_TOTP_ISSUER = "Espace professionnel"
# Passkeys: a second factor after the password (CGU §3.2), never instead of it.
OTP_WEBAUTHN_RP_NAME = "Espace professionnel"
OTP_WEBAUTHN_RP_ID = urlsplit(SITE_URL).hostname
OTP_WEBAUTHN_ALLOWED_ORIGINS = [SITE_URL]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
OTP_WEBAUTHN_HELPER_CLASS = "accounts.facteurs.cles_acces.AideClesAcces"

# --- Headers: closed by default ---------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" would send Origin: null, which CSRF refuses
if PRODUCTION and PROXYS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_FAILURE_VIEW = "espacepro.views.erreurs.csrf"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}

# --- Uploads and body sizes -------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_700_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = ["espacepro.corps.FichierEnMemoire"]  # nothing that is posted is written to disk

# --- French -----------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
FORMAT_MODULE_PATH = "espacepro.formats"  # how the admin writes dates
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
DSFR_USE_INTEGRITY_CHECKSUMS = False
DSFR_MARK_OPTIONAL_FIELDS = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(RACINE / "staticfiles"))) if PRODUCTION else None
STATICFILES_FINDERS = [
    "espacepro.statiques.FeuilleEtScript",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STATICFILES_DIRS = [RACINE / "static", ("dictionnaires", RACINE / "accounts" / "dictionnaires")]
STORAGES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Attachments, encrypted (services/messagerie/pieces/): a folder that no web server reads, saved with the database.
PIECES = Path(env.str("PIECES_DOSSIER", "") or ETAT / "pieces").absolute()
STORAGES["pieces"] = {
    "BACKEND": "services.messagerie.pieces.stockage.Depot",
    "OPTIONS": {"location": PIECES, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
# The scan of attachments: `clamd` (with CLAMD_ADRESSE) or `aucun`. Production says which, or no file is ever served.
ANTIVIRUS = env.str("ANTIVIRUS", "" if PRODUCTION else "aucun").strip().lower()
CLAMD_ADRESSE = env.str("CLAMD_ADRESSE", "")
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION  # no collectstatic in demonstration and tests
WHITENOISE_MAX_AGE = 3600 if not PRODUCTION else 31_536_000

# --- Logs: JSON, no local variables, no secrets (style.md) ------------------------------------------------------------

DJANGO_STRUCTLOG_CELERY_ENABLED = False
# One line a request, once it is answered. From where is for espacepro.middleware.ContexteMiddleware to say (what a browser
# writes into X-Forwarded-For is not believed), and whose it is for accounts.portes.middleware, which has read it.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_USER_ID_FIELD = None
_TRAITEMENTS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_TRAITEMENTS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
                masquer,
            ],
            "foreign_pre_chain": _TRAITEMENTS,
        }
    },
    "filters": {"masque": {"()": "espacepro.journalisation.MasqueLiens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["masque"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")},
}

# --- Business figures (design.md §4, §8) ------------------------------------------------------------------------------

LIEN_EXPERT = timedelta(hours=48)
LIEN_ENTREPRISE = timedelta(hours=72)
LIEN_ADRESSE = timedelta(hours=24)
LIEN_OUBLI = timedelta(minutes=30)
LIEN_PAS_MOI = timedelta(days=7)
CODE_VALIDITE = timedelta(days=60)
CODE_ESSAIS = 5
# Codes typed in « Code reçu » that are of none of the espace's demandes: for the espace, in so long; on no letter.
PLAFOND_CODES_SANS_DEMANDE = 10
PLAFOND_CODES_SANS_DEMANDE_DUREE = timedelta(hours=1)
CODE_NOUVEAU_COURRIER_APRES = timedelta(days=15)
CODE_NOUVEAUX_COURRIERS = 2
# Working days (accounts/saisies/jours_ouvres.py): between the letter that tells of a code put into the mailbox and its reading
# (R8); and, at most, for a code whose demande the company says it does not recognise.
CODE_LISIBLE_APRES = 5
CODE_SUSPENDU = 5
DEBIT_SIGNALEMENTS_RESEAU = (
    10,
    timedelta(hours=1),
)  # demandes said to be unknown, from one network: at once, then one an hour
RAPPELS_CODE = (10, 45, 55)  # days after the letter was made
# Letter economy: nobody can have a company flooded with letters (activation/demandes/plafonds.py).
# To one SIREN, by who asks (activation/models/courrier.py: Priorite): strangers never take the places of its own people.
PLAFOND_COURRIERS_SIREN_HABILITE = 6
PLAFOND_COURRIERS_SIREN_REPRESENTANT = 3
PLAFOND_COURRIERS_SIREN_AUTRE = 3
PLAFOND_COURRIERS_ESPACE_SIREN = 3  # a letter and the two new ones of R9
PLAFOND_COURRIERS_SIREN_DUREE = timedelta(days=60)
PLAFOND_COURRIERS_ESPACE = 20
PLAFOND_COURRIERS_ESPACE_DUREE = timedelta(days=1)
# Between two espaces, in 24 hours: acts of granting, whatever their lines, and mails that tell of one's acts to the other.
PLAFOND_DESIGNATIONS_PAIRE = 10
# Automatic disablings of espaces in 24 hours (R15): beyond, the cell is alerted and decides.
PLAFOND_DESACTIVATIONS_AUTO = 20
PLAFOND_AVIS_PAIRE = 10
# What visitors make us do (accounts/compteurs/plafonds.py): (without delay, step of the growing delay, most in 24 h), as accounts/compteurs/debit.py
# counts guesses. A network is an office behind one address: some thirty inscriptions a day are usual, all in one morning too.
DEBIT_COURRIELS_RESEAU = (40, 10, 150)
# Link mails to one address: few for one network, so that it neither floods a mailbox nor uses up what is left to its owner.
# At once in 24 hours, then one an interval, never none: nobody has a mailbox shut out by asking for it too often.
DEBIT_COURRIELS_ADRESSE_RESEAU = (3, timedelta(hours=1))
DEBIT_COURRIELS_ADRESSE = (6, timedelta(hours=1))
# Changes of address that a signed-in holder asks for: by account, by account and address, by address for all of them.
DEBIT_CHANGEMENTS_COMPTE = (5, 1, 12)
DEBIT_CHANGEMENTS_COMPTE_ADRESSE = (3, 1, 6)
DEBIT_CHANGEMENTS_ADRESSE = (6, timedelta(hours=1))  # dated beyond, never refused
# Links to the new addresses of companies that one espace asks for: an accountant's whole afternoon.
DEBIT_ADRESSES_ENTREPRISE = (20, 1, 60)
# Mails to a company that one of its administrators asks to change its e-mail: at once, then one an hour.
DEBIT_COURRIEL_ENTREPRISE = (3, timedelta(hours=1))
# Mails that tell one reader of the messages of one mailbox: at once, then one an hour that tells of all.
DEBIT_AVIS_MESSAGERIE = (6, timedelta(hours=1))
RENVOI_APRES = timedelta(minutes=2)  # between two confirmation links of one inscription
DEBIT_SIREN_RESEAU = (20, 10, 100)  # SIREN whose admissibility is told to a visitor
# SIREN on which an espace has no right and that it is told of (activation/demandes/consultations.py): a list of a hundred and
# its corrections; in thirty days six times what an espace may hold.
PLAFOND_CONSULTATIONS_JOUR = 200
PLAFOND_CONSULTATIONS_MOIS = 600
# The creditor's identifier that a SEPA mandate bears; no mandate without.
ICS = env.str("ICS", "" if PRODUCTION else "FR00ZZZ000000")
# Accounts to pay from (services/banque/): so many to a company; additions and renamings, and changes said not to be the company's, by
# one espace in one company in 24 hours.
PLAFOND_COMPTES_BANCAIRES = 20
PLAFOND_CHANGEMENTS_BANCAIRES = 20
PLAFOND_SIGNALEMENTS_BANCAIRES = 10
# A new account waits so long when it is added so soon after an unusual sign-in, or a change of address, password or second factor.
DELAI_BANCAIRE = timedelta(hours=48)
DELAI_BANCAIRE_APRES = timedelta(days=7)
PERIMETRE_SIREN = 100
PERIMETRE_ALERTE = 80
REAUTHENTIFICATION = timedelta(minutes=10)
# An espace unused for so long is advised to be deleted, once a year (CGU §3.3.f; LPF art. L. 102 B).
PRESCRIPTION_FISCALE = timedelta(days=2192)  # six years
DORMANCE_RAPPEL = timedelta(days=365)
# How long a line of the journal is kept: the longest time within which the tax of a year may be claimed (LPF art. L. 169).
CONSERVATION_JOURNAL = timedelta(days=3653)  # ten years
