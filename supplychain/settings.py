"""All settings, read from the environment. The table of the variables is in docs/operations.md."""

import os
from pathlib import Path
from typing import Any

from kombu import Queue

from supplychain import env, keyfile
from supplychain.database import addresses
from supplychain.notify_settings import *  # noqa: F403  # each a part of these settings in a file of its own
from supplychain.sign_in_settings import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024

# --- Who we are ----------------------------------------------------------------------------------------------------
# SUPPLYCHAIN_LOCAL=1 is set by ./run: one machine, http, generated secrets. Elsewhere no default is unsafe.
LOCAL = env.flag("SUPPLYCHAIN_LOCAL", default=False)
HOME = Path(env.text("SUPPLYCHAIN_HOME", default=str(BASE_DIR / "var"))).resolve()
PROCESS = env.choice("SUPPLYCHAIN_PROCESS", default="command", allowed=("command", "web", "worker", "beat"))
DEBUG = False
ALLOWED_HOSTS = list(env.words("ALLOWED_HOSTS", default=("localhost", "127.0.0.1", "[::1]")))
CSRF_TRUSTED_ORIGINS = list(env.words("CSRF_TRUSTED_ORIGINS"))
PUBLIC_URL = env.text("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
# NumPy's linear algebra, of which nothing here asks anything, starts a thread a core in each process that imports it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _is_generated(name: str) -> bool:
    return LOCAL and not os.environ.get(name) and not os.environ.get(f"{name}_FILE")


def _secret(name: str, *, file: str) -> str:
    """Return a secret of the environment; on one machine without it, the one generated in the state folder."""
    return keyfile.read_or_create(HOME / file) if _is_generated(name) else env.secret(name)


SECRET_KEY = _secret("SECRET_KEY", file="secret_key")
SECRET_KEY_FALLBACKS = [key for key in [env.secret("SECRET_KEY_PREVIOUS", default="")] if key]
KEY_HMAC_SECRET = _secret("KEY_HMAC_SECRET", file="key_hmac_secret")
# API keys made under this one still work, and are re-hashed under the new one when they are used.
KEY_HMAC_SECRET_PREVIOUS = env.secret("KEY_HMAC_SECRET_PREVIOUS", default="")
# With it the product signs its own verdicts (supplychain/signing.py); without, it signs nothing. The public keys of
# those before are still shown to who checks what they signed.
SIGNING_KEY = (
    keyfile.read_or_create(HOME / "signing_key.pem", make=env.new_signing_key)
    if _is_generated("SIGNING_KEY")
    else env.signing_key("SIGNING_KEY")
)
SIGNING_KEYS_PREVIOUS = env.signing_keys("SIGNING_KEYS_PREVIOUS")

# --- Applications --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    # Not "allauth" itself: it brings bare pages, and one of ours that is missing must fail a test instead.
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "supplychain.ops",
    "supplychain.access",
    "supplychain.web",
    "supplychain.notify",
    "inventory",
    "inventory.policy",
    "incidents",
]
AUTH_USER_MODEL = "access.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "supplychain.urls"
WSGI_APPLICATION = "supplychain.wsgi.application"
# Every path is served with and without a trailing slash and never redirected (routing.StripTrailingSlash).
APPEND_SLASH = False

MIDDLEWARE = [
    "supplychain.ops.middleware.RequestId",
    "supplychain.ops.access_log.AccessLog",
    "supplychain.web.headers.BrowserHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "supplychain.routing.StripTrailingSlash",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "supplychain.web.headers.ContentPolicy",
    "django.middleware.common.CommonMiddleware",
    "supplychain.routing.DirectPaths",
    "supplychain.web.methods.PageMethods",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "supplychain.access.sessions.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
_GATES = ("kubernetes", "gatekeeper", "kyverno")  # what clusters, responders and pipelines wait for, with a key:
DIRECT_PATHS = {"/api/v1/evidence", "/api/v1/impact", *(f"/api/v1/admission/{gate}" for gate in _GATES)}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "supplychain.web.context.page",
            ],
            "libraries": {"web": "supplychain.web.tags", "forms": "supplychain.web.form_tags"},
        },
    },
]

# --- Database, cache -----------------------------------------------------------------------------------------------
DATABASES = addresses.databases(PROCESS)
DATABASE_REPLICA_MAX_LAG_SECONDS = env.number("DATABASE_REPLICA_MAX_LAG_SECONDS", default=30)

# The roles of web and worker, which prepare_database makes: {"web": address, "worker": address}, none or one of them.
# Who owns the tables needs them, and nobody else: each process gets its own address as DATABASE_URL.
DATABASE_ROLES = {
    kind: address
    for kind, address in {
        "web": env.secret("DATABASE_WEB_URL", default=""),
        "worker": env.secret("DATABASE_WORKER_URL", default=""),
    }.items()
    if address
}
# What the roles may do, by dotted name (supplychain/database/grants.py).
DATABASE_GRANTS = [
    "supplychain.database.grants.GRANTS",
    "supplychain.ops.grants.GRANTS",
    "supplychain.notify.grants.GRANTS",
    "inventory.models.grants.GRANTS",
    "inventory.policy.models.grants.GRANTS",
    "incidents.models.grants.GRANTS",
]
# Which of them answers incident questions; audit lines and kept pages are always written to the default one.
READ_DATABASE_ALIAS = addresses.REPLICA if addresses.REPLICA in DATABASES else "default"

# Never Redis: responders must be able to sign in while the broker is away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entries",
        # Wrong codes are counted, and used ones remembered, in these rows: with Django's 300 a few hundred strangers
        # would push them out. What ran out is deleted hourly.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Celery: Redis is a doorbell, the evidence row is the queue -----------------------------------------------------
SWEEP_SECONDS = 5
STAMP_SECONDS = 10  # how soon a service whose last proof came in counts as recovered
FOLLOW_SECONDS = 2  # what no ring told of, and what had to wait for its turn
CELERY_BROKER_URL = env.secret("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
# What people wait for does not stand in line behind documents: a free worker takes from both queues in turn.
CELERY_TASK_QUEUES = tuple(Queue(name, routing_key=name) for name in ("celery", "live", "notify"))
CELERY_TASK_ROUTES = {
    "incidents.tasks.follow_evidence": {"queue": "live", "routing_key": "live"},
    "supplychain.notify.tasks.*": {"queue": "notify", "routing_key": "notify"},
}
EVIDENCE_APPLIED_TASKS = ["incidents.tasks.follow_evidence"]  # rung behind a commit (inventory/applied_rings.py)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300  # the second wall: a document limits itself (inventory/ingest/time_limit.py)
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 5_000  # a new one knows no component: its first documents cost much more
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000  # kB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A document in work needs no broker: its row is locked, and a ring that comes twice does nothing (drill D13).
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, else it would be run twice; a dead worker's document is taken over by the sweep.
    "visibility_timeout": 600,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    # Of whoever opens a channel to ring; without them kombu would try for six seconds while an upload waits.
    **CELERY_TASK_PUBLISH_RETRY_POLICY,
}
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "inventory.tasks.sweep",
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS - 1},
    },
    "sweep-verification": {
        "task": "inventory.tasks.sweep_verification",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "sweep-orphans": {
        "task": "inventory.tasks.sweep_orphans",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "follow-evidence": {
        "task": "incidents.tasks.follow_evidence",
        "schedule": float(FOLLOW_SECONDS),
        "options": {"expires": 2 * FOLLOW_SECONDS},
    },
    "stamp-recoveries": {
        "task": "incidents.tasks.stamp_recoveries",
        "schedule": float(STAMP_SECONDS),
        "options": {"expires": STAMP_SECONDS - 1},
    },
    "run-drills": {"task": "incidents.tasks.run_drills", "schedule": 60.0, "options": {"expires": 50}},
    "sweep-deliveries": {
        "task": "supplychain.notify.tasks.sweep_deliveries",
        "schedule": float(SWEEP_SECONDS),
        "options": {"expires": SWEEP_SECONDS - 1},
    },
    "tidy-operations": {"task": "supplychain.ops.tasks.tidy", "schedule": 600.0, "options": {"expires": 500}},
    "forget-sessions": {
        "task": "supplychain.access.tasks.forget_sessions",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "export-audit-head": {"task": "supplychain.access.tasks.export_audit_head", "schedule": 3600.0},
}

# Whose documents are those that drills plant; none: nothing can be planted.
DRILL_TEAM = env.text("DRILL_TEAM", default="")
# A drill of a random component, every so many hours; 0: only those that somebody starts.
if DRILL_HOURS := env.number("DRILL_HOURS", default=0, maximum=8760):
    CELERY_BEAT_SCHEDULE["drill"] = {
        "task": "incidents.tasks.run_scheduled_drill",
        "schedule": DRILL_HOURS * 3600.0,
        "options": {"expires": 1800},
    }

# --- Who sees what ------------------------------------------------------------------------------------------------
# Teams whose advisories and lists everybody sees, by slug; those of all others are seen by who sent them.
FEED_TEAMS = env.words("FEED_TEAMS")

# --- Limits on what is uploaded ------------------------------------------------------------------------------------
MAX_UPLOAD_BYTES = env.number("MAX_UPLOAD_BYTES", default=64 * MIB, minimum=1024)
# All advisories of OSV in one zip: 200,000 records are 76 MB to 180 MB.
MAX_FEED_BYTES = env.number("MAX_FEED_BYTES", default=192 * MIB, minimum=1024)
MAX_INFLATED_BYTES = env.number("MAX_INFLATED_BYTES", default=256 * MIB, minimum=1024)
MAX_COMPONENTS = env.number("MAX_COMPONENTS", default=200_000, minimum=1)
# What `GET /incidents/{id}/export` gives at most; a zip without its 64-bit extension holds no more than 2 GiB of ours.
MAX_PACK_BYTES = env.number("MAX_PACK_BYTES", default=512 * MIB, minimum=1024, maximum=2048 * MIB - 64 * MIB)
# Of documents this large, as received, only so many are worked on at once: a worker stays free for small ones.
LARGE_DOCUMENT_BYTES = env.number("LARGE_DOCUMENT_BYTES", default=4 * MIB, minimum=1024)
LARGE_DOCUMENTS_AT_ONCE = env.number("LARGE_DOCUMENTS_AT_ONCE", default=1, minimum=1)
# Tags that must never point at a second image.
RELEASE_TAG_PATTERN = env.pattern("RELEASE_TAG_PATTERN", default=r"v?\d+(\.\d+){1,3}([-+._].*)?")
# For each key. The counters are the web processes' own, so each process grants its share (api/throttling.py).
UPLOADS_PER_MINUTE = env.number("UPLOADS_PER_MINUTE", default=8_000, minimum=1)
WEB_WORKERS = env.number("WEB_WORKERS", default=2, minimum=1)
WEB_REPLICAS = env.number("WEB_REPLICAS", default=1, minimum=1)
# Workers that verify signatures at once: the others stay free for documents.
VERIFIERS_AT_ONCE = env.number("VERIFIERS_AT_ONCE", default=1, minimum=1)
REFUSE_SCHEMA_INVALID = env.flag("REFUSE_SCHEMA_INVALID", default=False)
# Where the bytes of new documents go (docs/operations.md, Object storage). Those there before stay readable.
EVIDENCE_STORAGE = env.choice("EVIDENCE_STORAGE", default="database", allowed=("database", "s3"))
EVIDENCE_S3_BUCKET = env.text("EVIDENCE_S3_BUCKET", default=None if EVIDENCE_STORAGE == "s3" else "")
EVIDENCE_S3_PREFIX = env.text("EVIDENCE_S3_PREFIX", default="evidence/").lstrip("/")
EVIDENCE_S3_ENDPOINT_URL = env.text("EVIDENCE_S3_ENDPOINT_URL", default="")
EVIDENCE_S3_REGION = env.text("EVIDENCE_S3_REGION", default="")
EVIDENCE_S3_ADDRESSING_STYLE = env.choice(
    "EVIDENCE_S3_ADDRESSING_STYLE", default="auto", allowed=("auto", "path", "virtual")
)
EVIDENCE_S3_ACCESS_KEY = env.secret("EVIDENCE_S3_ACCESS_KEY", default="")
EVIDENCE_S3_SECRET_KEY = env.secret("EVIDENCE_S3_SECRET_KEY", default="")
EVIDENCE_S3_MIN_BYTES = env.number("EVIDENCE_S3_MIN_BYTES", default=0)
EVIDENCE_S3_TIMEOUT_SECONDS = env.number("EVIDENCE_S3_TIMEOUT_SECONDS", default=10, minimum=1, maximum=60)
# Bytes of documents that are older may be removed, by two people (docs/operations.md, Retention); 0: never.
RETENTION_DAYS = env.number("RETENTION_DAYS", default=0)
# Dotted names of functions by which other parts keep evidence they need (inventory/retention/candidates.py: Hold).
RETENTION_HOLDS: list[str] = []
# What comes of an artifact that a gate cannot judge (docs/policy.md): it may run, or not. A block binds in both.
GATE_MODE = env.choice("GATE_MODE", default="observe", allowed=("observe", "enforce"))
# Dotted names of functions that hear of the end of a block (inventory/policy/announcing.py: Listener).
BLOCK_LISTENERS = ["incidents.response.binding.hear"]
# The evidence view reads the stream itself, under its own ceiling; these bound forms and JSON bodies.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * MIB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "supplychain.access.authentication.ApiKeyAuthentication",
        "supplychain.access.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["supplychain.api.parsers.StrictJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "supplychain.api.errors.problem_response",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Supply chain security platform",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Enums stay where they are used: names made up for them change when a field of that name is added elsewhere.
    "POSTPROCESSING_HOOKS": ["supplychain.api.schema.add_problems", "incidents.api.openapi.add_impact"],
}

# --- Operations: what /readyz asks and /metrics collects, by dotted name (docs/architecture.md) ---------------------
READINESS_PROBES = [
    "supplychain.ops.health.probe_database",
    "supplychain.ops.health.probe_migrations",
    "supplychain.ops.health.probe_broker",
    "inventory.graph.backlog.probe_backlog",
    "inventory.store.health.probe_object_storage",
]
if addresses.REPLICA in DATABASES:
    READINESS_PROBES.append("supplychain.ops.health.probe_replica")
METRIC_COLLECTORS = [
    "supplychain.ops.metrics.ReadinessCollector",
    "supplychain.ops.collectors.ProcessCollector",
    "supplychain.ops.collectors.CapacityCollector",
    "inventory.graph.backlog.EvidenceCollector",
    "inventory.verification.progress.VerificationCollector",
]
OPERATIONS_FINDINGS = [
    "supplychain.ops.findings.of_sweep",
    "supplychain.ops.findings.of_processes",
    "supplychain.ops.findings.of_probes",
    "supplychain.ops.findings.of_backups",
    "supplychain.ops.findings.of_clock",
    "inventory.verification.progress.of_verification",
]
# /metrics answers these networks without a key; others need a key with the scope `admin`.
METRICS_NETWORKS = env.words("METRICS_NETWORKS", default=("127.0.0.0/8", "::1/128"))
SLOW_QUERY_MILLISECONDS = env.number("SLOW_QUERY_MILLISECONDS", default=500, minimum=1)  # ops/slow_statements.py
ENVIRONMENT_NAMES = "inventory.graph.environments.environment_names"  # what a channel's filter may name
WORKER_STALL_SECONDS = env.number("WORKER_STALL_SECONDS", default=60)
OVERDUE_WORK_PROBE = "inventory.ingest.process.is_any_overdue"
READY_MAX_BACKLOG_SECONDS = env.number("READY_MAX_BACKLOG_SECONDS", default=900, minimum=1)

AUDIT_HEAD_FILE = env.text("AUDIT_HEAD_FILE", default="")
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", default="json", allowed=("json", "text"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "supplychain.ops.logging.JsonFormatter"},
        "text": {"()": "supplychain.ops.logging.TextFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Two lines for each sweep, every five seconds, tell nothing; what a task did is logged by the task.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Its line for each refusal holds the address; ours (ops/access_log.py) has the route.
        "django.request": {"level": "ERROR"},
    },
}

# --- Static files --------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = None if LOCAL else BASE_DIR / "staticfiles"
# Our own files, and those that supplychain/local/assets.py takes from the npm packages.
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static", BASE_DIR / "build" / "static") if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # On one machine files are found where they are; an image collects, hashes and compresses them once.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = LOCAL

# --- Language, time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
