from benchmarks.peers.shared.settings import *  # noqa: F403
from benchmarks.peers.shared.settings import DJANGO_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *DJANGO_APPS,
    "rest_framework",
    "django_multitenant",
    "benchmarks.peers.shared",
    "benchmarks.peers.multitenant",
]
MIDDLEWARE = [*MIDDLEWARE, "benchmarks.peers.multitenant.middleware.MultitenantMiddleware"]
ROOT_URLCONF = "benchmarks.peers.multitenant.views"
TENANT_STRICT_MODE = True  # foreign keys are not followed without a tenant
