from benchmarks.peers.shared.settings import *  # noqa: F403
from benchmarks.peers.shared.settings import DATABASES, DJANGO_APPS, MIDDLEWARE

SHARED_APPS = [
    "django_tenants",
    "benchmarks.peers.schemas.customers",
    *DJANGO_APPS,
    "rest_framework",
    "benchmarks.peers.shared",
]
TENANT_APPS = ["benchmarks.peers.schemas"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "customers.Account"
TENANT_DOMAIN_MODEL = "customers.Domain"
DATABASES = {"default": {**DATABASES["default"], "ENGINE": "django_tenants.postgresql_backend"}}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
MIDDLEWARE = [
    "django_tenants.middleware.main.TenantMainMiddleware",
    *MIDDLEWARE,
    "benchmarks.peers.schemas.middleware.MembershipMiddleware",
]
ROOT_URLCONF = "benchmarks.peers.schemas.views"
TENANT_LIMIT_SET_CALLS = True  # the documentation advises it: the search path is set once a request
