from benchmarks.peers.shared.settings import *  # noqa: F403
from benchmarks.peers.shared.settings import DJANGO_APPS, MIDDLEWARE

INSTALLED_APPS = [*DJANGO_APPS, "rest_framework", "benchmarks.peers.shared", "benchmarks.peers.plain"]
MIDDLEWARE = [*MIDDLEWARE, "benchmarks.peers.plain.middleware.AccountMiddleware"]
ROOT_URLCONF = "benchmarks.peers.plain.views"
