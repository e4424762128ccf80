"""The line in the log for each request, from django-structlog, with the address that limits and the audit log use."""

from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

from config.masking import learn_words
from tenancy.clients import address_of


class LogRequests(RequestMiddleware):
    """Ignores forwarded headers of clients: `ip` is the address of rate limits and of the audit log."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        learn_words()

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=address_of(request))
