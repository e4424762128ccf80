"""The web process: `uvicorn config.asgi:application`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "16")

from django.core.asgi import get_asgi_application

from tenancy.checks import refuse_unsafe_process

application = get_asgi_application()
refuse_unsafe_process()
