"""The web process: `uvicorn config.asgi:application`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "16")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from tenancy.checks import refuse_unsafe_process  # noqa: E402 - it needs the models, which are loaded now

refuse_unsafe_process()
