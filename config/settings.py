"""All settings, from environment variables. docs/settings.md lists them.

A value that is missing or wrong stops the process with a message; nothing falls back to something unsafe.
"""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config import addresses, connections, logs, openapi_settings, product, trial
from config.environment import check_all, read, read_required

BASE_DIR = Path(__file__).resolve().parent.parent

# The process --------------------------------------------------------------------------------------------------------

check_all()
DEBUG = read("DEBUG")
SECRET_KEY = read_required("SECRET_KEY")
SECRET_KEY_FALLBACKS = read("SECRET_KEY_FALLBACKS")

INSTALLED_APPS = [
    "tenancy",  # first: its `migrate` replaces Django's
    "accounts",
    "projects",
    "tasks",
    "frontend",
    "config",  # makes the Celery application known to every process
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

ROOT_URLCONF = "config.urls.public"

# Database -----------------------------------------------------------------------------------------------------------

POOL_SIZE = read("DATABASE_POOL_SIZE")  # config.asgi sets it
DB_ROLE_PREFIX = read("DB_ROLE_PREFIX")
TENANT_MODEL = "accounts.Account"
MEMBERSHIP_MODEL = "accounts.Membership"
AUTH_USER_MODEL = "accounts.User"

DATABASE_URLS = {
    "default": read_required("DATABASE_URL"),
    "operator": read("DATABASE_OPERATOR_URL"),
    "owner": read("DATABASE_OWNER_URL"),
}
DATABASES = {
    alias: connections.database(url, pool_size=POOL_SIZE, pool_seconds=read("DATABASE_POOL_SECONDS"))
    for alias, url in DATABASE_URLS.items()
    if url
}
DATABASE_ROUTERS = ["tenancy.postgresql.router.TenancyRouter"]

# Tenancy ------------------------------------------------------------------------------------------------------------

BASE_DOMAIN = read("BASE_DOMAIN").lower()
PORT = read("PORT")
TRUST_PROXY = read("TRUST_PROXY")  # config.proxies and tenancy.clients
PUBLIC_URL = addresses.public_url(
    read("PUBLIC_URL"), base_domain=BASE_DOMAIN, port=PORT, trust_proxy=TRUST_PROXY, serves_tls=read("SERVES_TLS")
)
HTTPS = PUBLIC_URL.startswith("https:")
IS_TRIAL = BASE_DOMAIN == "localhost" and not HTTPS  # on one machine, where published secrets do no harm
DEMO = read("DEMO") and IS_TRIAL  # the passwords of its accounts are published
if not IS_TRIAL:
    for name in trial.VARIABLES:
        trial.refuse_published(name, read(name))

PRODUCT_NAME = product.NAME
LIVE_SUBPROTOCOL = f"{product.SLUG}.v1"  # of the WebSocket

TENANCY = {
    "NAME": product.SLUG,  # in keys of the broker
    "RESOLVERS": read("TENANCY_RESOLVERS"),
    "VARIANTS": {
        "standard": {"URLCONF": "config.urls.tenant", "TEMPLATES": "standard"},
        "roadmap": {"URLCONF": "config.urls.roadmap", "TEMPLATES": "roadmap"},
    },
    "CLOSING_URLCONF": "config.urls.closing",  # of a tenant that waits for being deleted
    # Keys that are counted across all tenants: fresh log-in attempts on every host would make the limit worthless.
    # Without the cache they refuse, while everything else continues.
    # A code of an authenticator app is also used up on all hosts.
    "PUBLIC_CACHE_KEYS": ["allauth:rl:", "allauth.mfa.totp.used", "login:"],
    # Models whose rows belong to no tenant, and why: {label: reason}. Check tenancy.E015 reports any other one.
    "SHARED_MODELS": {
        "accounts.Account": "the tenants themselves, which are looked up before one is active",
        "accounts.Domain": "host names, which are looked up before a tenant is active",
        "accounts.Session": "sessions, whose tenant MembershipMiddleware compares with that of the request",
        "accounts.User": "users, who can belong to several tenants",
        "accounts.User_groups": "platform permissions of users",
        "accounts.User_user_permissions": "platform permissions of users",
        "account.EmailAddress": "email addresses of users",
        "account.EmailConfirmation": "confirmations of email addresses",
        "auth.Group": "platform permissions",
        "auth.Group_permissions": "platform permissions",
        "auth.Permission": "names of permissions",
        "contenttypes.ContentType": "names of models",
        "mfa.Authenticator": "encrypted authenticator apps and recovery codes of users",
        "tenancy.DailyRun": "the day on which a daily job was last started; contains ids only",
        "tenancy.OutboxJob": "jobs that are not done, which the relay reads for all tenants; names and ids only",
    },
    "REFUSAL_VIEW": "config.errors.refuse",
    "PERSONAL_TOKENS": "accounts.tokens.tenant_id_of_personal_token",
}

# The first resolver checks the host; only the health checks run before it.
ALLOWED_HOSTS = ["*"]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "tenancy.middleware.TenantMiddleware",
    "config.fairness.TurnMiddleware",
    "config.request_log.LogRequests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AuthenticationMiddleware",
    "accounts.middleware.ClientAddressMiddleware",
    "frontend.shared.in_place.AnswerInPlaceMiddleware",
    "accounts.middleware.MembershipMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.errors.AnswerExceptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "tenancy.variants.CachedLoader",
                    [
                        ("tenancy.variants.VariantLoader", [BASE_DIR / "frontend" / "variants"]),
                        ("django.template.loaders.filesystem.Loader", [BASE_DIR / "frontend"]),  # beside the views
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django.templatetags.static", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.shared.context.product",
            ],
        },
    },
]

# People -------------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["accounts.authentication.MemberBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
] + [{"NAME": "accounts.validation.NothingObvious"}]
LOGIN_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up only
ACCOUNT_CHANGE_EMAIL = True  # a user has one address; a new one replaces it after its confirmation
ACCOUNT_SESSION_REMEMBER = True
# In addition to the limits of allauth. `key` is the recipient: an anonymous client can enter any address.
ACCOUNT_RATE_LIMITS = {
    "signed_up": "20/h/ip,50/d/ip,3/h/key,5/d/key",  # what accounts.adapters counts; "signup" are attempts
    "reset_password": "20/m/ip,5/h/key",
    "confirm_email": "1/3m/key,5/h/key,10/d/key",
    "manage_email": "10/m/user,30/d/user",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address or a second factor is changed
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.emails.links.PasswordLinkTokens"  # noqa: S105  # a class
ACCOUNT_FORMS = {
    "add_email": "frontend.auth.forms.ChangeAddress",
    "change_password": "frontend.auth.forms.ChangePassword",
    "login": "frontend.auth.forms.LogIn",
    "reauthenticate": "frontend.auth.forms.AskPassword",
    "reset_password": "frontend.auth.forms.AskForLink",
    "reset_password_from_key": "frontend.auth.forms.SetPassword",
    "signup": "frontend.auth.forms.SignUp",
}

MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_TOTP_ISSUER = product.NAME  # allauth uses the host, but the code belongs to the user and not to an account
MFA_TOTP_TOLERANCE = 1  # backwards only, and once: accounts.second_factor
# allauth prevents activation with an unconfirmed address. Users here always have a confirmed one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "activate_totp": "frontend.auth.forms.SwitchOnApp",
    "authenticate": "frontend.auth.forms.AskCode",
    "reauthenticate": "frontend.auth.forms.AskCodeAgain",
}

# Cookies are host-only, so the sessions of tenants are separate in the browser.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Browsers -----------------------------------------------------------------------------------------------------------

S3_BROWSER_UPLOADS = read("S3_BROWSER_UPLOADS")


# The origin of S3 as browsers know it, for the policy of the pages.
STORAGE_ORIGIN = "/".join((read("S3_PUBLIC_ENDPOINT_URL") or read_required("S3_ENDPOINT_URL")).split("/", 3)[:3])
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF, STORAGE_ORIGIN] if S3_BROWSER_UPLOADS else [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_COLLECTED = read("STATIC_COLLECTED")
WHITENOISE_ROOT = BASE_DIR / "frontend" / "root"  # files that browsers request without a link, on every host
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED  # so that the demo needs no collectstatic
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {
        "BACKEND": "tenancy.storage.TenantStorage",
        "OPTIONS": {
            "endpoint_url": read_required("S3_ENDPOINT_URL"),
            "public_endpoint_url": read("S3_PUBLIC_ENDPOINT_URL"),
            "bucket_name": read_required("S3_BUCKET"),
            "access_key": read_required("S3_ACCESS_KEY"),
            "secret_key": read_required("S3_SECRET_KEY"),
            "region_name": read_required("S3_REGION"),
        },
    },
    "staticfiles": {
        "BACKEND": "config.statics.StaticFiles"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

FILE_UPLOAD_HANDLERS = ["accounts.rest.uploads.NoFiles"]  # views that want one read the body themselves

# Mail ---------------------------------------------------------------------------------------------------------------

MAIL_FOLDER = read("MAIL_FOLDER")  # for a local machine only: a reader of all mails can log in as any user
if MAIL_FOLDER and not IS_TRIAL:
    raise ImproperlyConfigured("MAIL_FOLDER shows all mail: it is for demonstrations on localhost alone.")
MAILERS = {
    "default": {"BACKEND": "frontend.mailbox.backend.FolderBackend", "OPTIONS": {"folder": MAIL_FOLDER}}
    if MAIL_FOLDER
    else connections.mailer(read("EMAIL_URL"))
}
DEFAULT_FROM_EMAIL = read("EMAIL_FROM") or f"{product.NAME} <noreply@{BASE_DOMAIN}>"

# Cache --------------------------------------------------------------------------------------------------------------

CACHES = {
    "default": {
        "BACKEND": "tenancy.cache.TenantRedisCache",
        "LOCATION": read_required("REDIS_URL"),
        "KEY_PREFIX": product.SLUG,
        "KEY_FUNCTION": "tenancy.cache.make_key",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# Jobs ---------------------------------------------------------------------------------------------------------------

JOB_TIME_LIMIT = timedelta(seconds=read("JOB_SECONDS"))
JOBS_PER_TENANT = read("JOBS_PER_TENANT")
METRICS_PORT, METRICS_ADDRESS = read("METRICS_PORT"), read("METRICS_ADDRESS")

BROKER_URL = connections.broker(read("BROKER_URL"), cache_url=read_required("REDIS_URL"))

# The whole configuration of Celery. It does not get the settings, which contain secrets of other servers.
CELERY = {
    "broker_url": BROKER_URL,
    "result_backend": BROKER_URL,
    # Nothing but JSON, both ways: a message in another form, such as pickle, is refused before it is decoded.
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "event_serializer": "json",
    "broker_connection_retry_on_startup": True,
    # A message that is not acknowledged for so long is delivered again. Longer than any job takes.
    "broker_transport_options": {
        "visibility_timeout": 2 * JOB_TIME_LIMIT.total_seconds(),
        "global_keyprefix": read("BROKER_PREFIX"),
        "socket_connect_timeout": 5,
        "socket_timeout": 10,  # a broker that hangs must not hold the relay's transaction
    },
    "result_backend_transport_options": {"global_keyprefix": read("BROKER_PREFIX")},
    "task_default_queue": product.SLUG,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_time_limit": JOB_TIME_LIMIT.total_seconds(),
    "task_soft_time_limit": 0.9 * JOB_TIME_LIMIT.total_seconds(),
    "task_ignore_result": True,  # a chord's parts say otherwise
    "result_expires": timedelta(hours=1),
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": 1000,
    "worker_hijack_root_logger": False,
    # A mail that is printed is no log line: its links would be masked.
    "worker_redirect_stdouts": False,
    # A client of the broker could read a worker's configuration or stop it. HEARTBEAT_FILE shows its health.
    "worker_enable_remote_control": False,
    "timezone": "UTC",
}
HEARTBEAT_FILE = read("HEARTBEAT_FILE")

# Live updates -------------------------------------------------------------------------------------------------------

# Publish and subscribe, without storage: a message only announces new events, and a process that missed it polls. The
# other layer stores messages and members of groups in Redis until they expire, also those of processes that died.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": read_required("REDIS_URL"), "socket_connect_timeout": 1, "socket_timeout": 2}],
            "prefix": f"{product.SLUG}:live:",
        },
    }
}

# API ----------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.rest.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.rest.permissions.RoleAllows"],
    "DEFAULT_RENDERER_CLASSES": ["accounts.rest.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.AlwaysJSON",
    "EXCEPTION_HANDLER": "config.errors.api_exception",
    "DEFAULT_SCHEMA_CLASS": "config.openapi.Schema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_RATE_LIMITS = read("API_RATE_LIMITS")  # accounts/plans.py says how many
SPECTACULAR_SETTINGS = openapi_settings.SETTINGS
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "LEEWAY": timedelta(
        seconds=10
    ),  # the clocks of servers differ: a new token of one server must be valid on another
    "AUDIENCE": product.SLUG,
    "SIGNING_KEY": read("JWT_SIGNING_KEY") or SECRET_KEY,
    "USER_ID_CLAIM": "sub",
}

# Languages and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# Logs ---------------------------------------------------------------------------------------------------------------

LOGGING = logs.configure(level=read("LOG_LEVEL"), for_people=DEBUG)
