"""`/healthz`: liveness. `/readyz`: readiness. On every host, before tenant resolution."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

logger = structlog.get_logger("config.health")

LIVES, SERVES = PATHS = ("/healthz", "/readyz")


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == LIVES:
            return alive()
        if request.path_info == SERVES:
            return ready()
        return self.get_response(request)


def alive() -> JsonResponse:
    """Answer 200. `config.application` does so in the event loop, also while all threads are at work."""
    return JsonResponse({"status": "ok"})


def ready() -> JsonResponse:
    """Answer 200 with the state of each part, 503 if a required one is missing. The cache is not required."""
    parts = {"database": _database_answers(), "cache": _cache_answers()}
    status = 200 if parts["database"] else 503
    return JsonResponse({"status": "ok" if status == 200 else "unavailable", "parts": parts}, status=status)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("database_unavailable")
        return False
    return True


def _cache_answers() -> bool:
    cache.set("readyz", 1, timeout=5)
    return bool(cache.get("readyz"))
