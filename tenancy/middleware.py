"""Activates the tenant of each request, for the view and for a streamed body."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction, markcoroutinefunction
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix
from django.utils.module_loading import import_string

from tenancy.context import no_tenant, own_time_zone, tenant_context
from tenancy.models import AbstractTenant
from tenancy.routing import RedirectToPrimary, Refused, resolve, tenant_origin, urlconf_of


class TenantMiddleware:
    """Sets `request.tenant` (or None) and `request.urlconf`, and activates the tenant.

    Runs first, so that other middleware only gets requests with a valid host. The view `TENANCY["REFUSAL_VIEW"]`,
    called with the request and the Refused, renders refusals.

    `config.application` calls it synchronously. The asynchronous variant is for other projects, with Django's handler.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._respond_async(request)
        answer = self._prepare(request)
        if answer is not None:
            return answer
        with _context(request):
            return _activate_body(request, self.get_response(request))

    async def _respond_async(self, request: HttpRequest) -> HttpResponseBase:
        answer = await sync_to_async(self._prepare, thread_sensitive=True)(request)
        if answer is not None:
            return answer
        with _context(request):
            return _activate_body(request, await cast(Awaitable[HttpResponseBase], self.get_response(request)))

    def _prepare(self, request: HttpRequest) -> HttpResponseBase | None:
        """Resolve the tenant. Return a response if the request is refused or redirected."""
        request.tenant = None  # type: ignore[attr-defined]
        with no_tenant():
            try:
                tenant = resolve(request)
            except RedirectToPrimary as redirect:
                if redirect.prefix:
                    return _redirect(redirect.prefix + request.get_full_path_info())
                return _redirect(tenant_origin(redirect.tenant) + request.get_full_path())
            except Refused as refused:
                if refused.closing is not None:  # members can cancel the deletion
                    request.tenant = refused.closing  # type: ignore[attr-defined]
                    request.urlconf = settings.TENANCY["CLOSING_URLCONF"]
                    return None
                refuse: Callable[..., HttpResponseBase] = import_string(settings.TENANCY["REFUSAL_VIEW"])
                return refuse(request, refused)
        if tenant is not None:
            request.tenant = tenant  # type: ignore[attr-defined]
            request.urlconf = urlconf_of(tenant)
        return None


def _redirect(url: str) -> HttpResponseBase:
    """Redirect to another host or path, keeping method and body. Not cached: a tenant may take its old name again."""
    response = HttpResponsePermanentRedirect(url, preserve_request=True)
    response["Cache-Control"] = "no-cache"
    return response


def _tenant(request: HttpRequest) -> AbstractTenant | None:
    return cast("AbstractTenant | None", getattr(request, "tenant", None))


@contextmanager
def _context(request: HttpRequest) -> Iterator[None]:
    """Activate the tenant of `request`, and the prefix of its URLs with path routing.

    Authentication sets `request.time_zone` if the user has chosen one. It also applies to a streamed body.
    """
    tenant = _tenant(request)
    outer, prefix = get_script_prefix(), getattr(request, "tenant_prefix", "")
    if prefix:
        set_script_prefix(f"{prefix}/")
    try:
        with tenant_context(tenant) if tenant else no_tenant(), own_time_zone(getattr(request, "time_zone", None)):
            yield
    finally:
        if prefix:
            set_script_prefix(outer)


def _activate_body(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Activate the tenant around each chunk of a streamed body, which follows after the middleware has returned."""
    if isinstance(response, StreamingHttpResponse) and _tenant(request) is not None:
        pieces = response.streaming_content
        wrap: Any = _async_pieces if response.is_async else _pieces
        response.streaming_content = wrap(request, pieces)
    return response


def _pieces(request: HttpRequest, pieces: Iterator[bytes]) -> Iterator[bytes]:
    iterator = iter(pieces)
    while True:
        with _context(request):
            piece = next(iterator, None)
        if piece is None:
            return
        yield piece


async def _async_pieces(request: HttpRequest, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    iterator = aiter(pieces)
    while True:
        with _context(request):
            piece = await anext(iterator, None)
        if piece is None:
            return
        yield piece
