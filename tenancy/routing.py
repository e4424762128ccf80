"""Tenant resolution: the tenant of a request, and URLs of tenants.

A resolver gets the request and returns a tenant, returns None if the request does not contain its kind of name, or
raises `Refused`. `settings.TENANCY["RESOLVERS"]` lists them in order. A request in which they find different tenants
is refused, so a token of one tenant is invalid on the host of another.
"""

import re
from collections.abc import Callable
from functools import cache as remember
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.module_loading import import_string

from tenancy.context import Tenant, no_tenant
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.process_cache import ProcessCache
from tenancy.tokens import InvalidToken, read_tenant_id

type Resolver = Callable[[HttpRequest], AbstractTenant | None]

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?P<name>{LABEL}(?:\.{LABEL})*)\.?(?::(?P<port>[0-9]{{1,5}}))?\Z")
# A value is up to date for at most ten seconds: eight in Redis, and two in each process after it was read from there.
CACHE_SECONDS = 8
PROCESS_SECONDS = 2
in_process: ProcessCache[Any] = ProcessCache(seconds=PROCESS_SECONDS, size=5_000)
RESOLVERS = "Name classes such as tenancy.routing.HostResolver, or your own."


class Refused(Exception):
    """The request gets a response with `status` and `code` of the API contract, before any view runs."""

    def __init__(
        self, status: int, code: str, detail: str, *, closing: AbstractTenant | None = None, called: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.closing = closing  # the tenant, if its scheduled deletion is the only reason
        self.called = called  # the current slug, if the request contains a former one


class RedirectToPrimary(Exception):
    """The host is a secondary domain or a former name of `tenant`. Its pages are on the primary domain.

    Or the path contains a former name. Then `prefix` is the current path prefix on this host.
    """

    def __init__(self, tenant: AbstractTenant, *, prefix: str = "") -> None:
        super().__init__(tenant.slug)
        self.tenant, self.prefix = tenant, prefix


def resolve(request: HttpRequest) -> AbstractTenant | None:
    """Return the tenant of `request`, or None on the public host.

    Raises Refused: 400 `bad_host`, 404 `unknown_host`, 403 `tenant_mismatch` or `account_suspended`;
    RedirectToPrimary.
    """
    tenant = _addressed(request)
    for resolver in _resolvers():
        if isinstance(resolver, TokenResolver):
            # Compared first: for a token of another tenant, nothing of that tenant is read.
            if tenant is not None and resolver.named(request) not in (None, tenant.pk):
                raise _mismatch()
            tenant = tenant or resolver(request)
    if tenant is not None and tenant.suspended_at is not None:
        closing = tenant if tenant.is_closing else None
        raise Refused(403, "account_suspended", "This account is suspended.", closing=closing)
    return tenant


def _addressed(request: HttpRequest) -> AbstractTenant | None:
    """Return the tenant that host, path and header name, None if they name none. Raises Refused."""
    addresses = [resolver for resolver in _resolvers() if not isinstance(resolver, TokenResolver)]
    named = [tenant for resolver in addresses if (tenant := resolver(request)) is not None]
    if len({tenant.pk for tenant in named}) > 1:
        raise _mismatch()
    return named[0] if named else None


def _mismatch() -> Refused:
    return Refused(403, "tenant_mismatch", "The credentials belong to another account than the address.")


@remember
def _resolvers() -> list[Resolver]:
    return [_load(path)() for path in settings.TENANCY["RESOLVERS"]]


def _load(path: str) -> Any:
    try:
        resolver = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"TENANCY_RESOLVERS: {path!r} cannot be imported, {error}. {RESOLVERS}") from error
    if not isinstance(resolver, type):
        raise ImproperlyConfigured(f"TENANCY_RESOLVERS: {path!r} is no class of a resolver. {RESOLVERS}")
    return resolver


def check_resolvers() -> None:
    """Raise ImproperlyConfigured for resolvers that cannot be loaded, at the start of the process."""
    _resolvers()


def forget_resolvers() -> None:
    """Read `TENANCY["RESOLVERS"]` again. For tests that change it."""
    _resolvers.cache_clear()


# Resolvers ---------------------------------------------------------------------------------------------------------


class HostResolver:
    """`<slug>.<BASE_DOMAIN>` or a custom domain. It also refuses bad and unknown hosts."""

    def __call__(self, request: HttpRequest) -> AbstractTenant | None:
        host = parse_host(request)
        base = settings.BASE_DOMAIN
        if host == base:
            return None
        slug = host.removesuffix(f".{base}")
        # A renamed tenant keeps its former host as a domain that redirects.
        tenant = (tenant_by_slug(slug) if slug != host else None) or _tenant_by_domain(host)
        if tenant is None:
            raise Refused(404, "unknown_host", "There is no account at this address.")
        return tenant


class PathResolver:
    """`/t/<slug>/…` on the public host, for installations without wildcard DNS. Off by default.

    The prefix becomes the script name, so that the urlconf of the tenant and `reverse()` work unchanged.
    """

    PREFIX = re.compile(rf"/t/(?P<slug>{LABEL})(?P<rest>/.*)\Z", re.DOTALL)

    def __call__(self, request: HttpRequest) -> AbstractTenant | None:
        match = self.PREFIX.match(request.path_info)
        if match is None or parse_host(request) != settings.BASE_DOMAIN:
            return None
        request.path_info = match["rest"]  # also for refusals, so that the API gets JSON
        tenant = tenant_by_slug(match["slug"])
        if tenant is None:
            if former := tenant_by_former_slug(match["slug"]):
                raise RedirectToPrimary(former, prefix=f"/t/{former.slug}")
            raise Refused(404, "unknown_host", "There is no account at this address.")
        request.tenant_prefix = f"/t/{tenant.slug}"  # type: ignore[attr-defined]
        return tenant


class TokenResolver:
    """The `tenant` claim of a bearer JWT with a valid signature, or the tenant of a personal access token.

    `TENANCY["PERSONAL_TOKENS"]` is a function `(text, *, look_up)`. It returns the id of the tenant that the text of a
    personal token names, with `look_up` only if the tenant has this token, and otherwise None. Invalid and expired
    tokens select no tenant; authentication returns 401 for them later.
    """

    def named(self, request: HttpRequest, *, look_up: bool = False) -> UUID | None:
        """Return the id of the tenant in the text of the token. Without `look_up` the token may be unknown."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        personal: Callable[..., UUID | None] = import_string(settings.TENANCY["PERSONAL_TOKENS"])
        try:
            return personal(token.strip(), look_up=look_up) or read_tenant_id(token.strip())
        except InvalidToken:
            return None

    def __call__(self, request: HttpRequest) -> AbstractTenant | None:
        tenant_id = self.named(request, look_up=True)
        if tenant_id is None:
            return None
        tenant = tenant_by_id(tenant_id)
        if tenant is None:
            raise Refused(403, "tenant_mismatch", "The account of these credentials is gone.")
        return tenant


class HeaderResolver:
    """`X-Tenant: <slug>`, for one back-end domain with several front ends. Off by default.

    A former name is refused with the current one in the message, because there is no host to redirect to. This reveals
    no more than the redirect of a former host.
    """

    def __call__(self, request: HttpRequest) -> AbstractTenant | None:
        slug = request.META.get("HTTP_X_TENANT")
        if slug is None:
            return None
        tenant = tenant_by_slug(slug)
        if tenant is None:
            if former := tenant_by_former_slug(slug):
                detail = f"This account has another name now. Send `X-Tenant: {former.slug}`."
                raise Refused(404, "unknown_host", detail, called=former.slug)
            raise Refused(404, "unknown_host", "There is no such account.")
        return tenant


def parse_host(request: HttpRequest) -> str:
    """Return the host name of the request: lower case, without port or final dot. Raises Refused with `bad_host`.

    Reads the header directly: Django's `get_host()` falls back to SERVER_NAME without one.
    """
    raw = request.META.get("HTTP_HOST", "").lower()
    match = HOST.match(raw)
    if match is None or len(match["name"]) > 253 or not 0 < int(match["port"] or 80) < 65536:
        raise Refused(400, "bad_host", "The Host header is missing or malformed.")
    return match["name"]


# Lookups -----------------------------------------------------------------------------------------------------------


def tenant_by_slug(slug: str) -> AbstractTenant | None:
    """Return the tenant, cached for at most ten seconds.

    Invalid slugs are not looked up, because they come from clients and would be part of a cache key.
    """
    return _cached("slug", slug, slug=slug) if re.fullmatch(LABEL, slug) else None


def tenant_by_former_slug(slug: str) -> AbstractTenant | None:
    """Return the tenant with this former name, which it keeps as a domain. Cached as by `tenant_by_slug()`."""
    if not re.fullmatch(LABEL, slug):
        return None
    host = f"{slug}.{settings.BASE_DOMAIN}"
    return _cached("host", host, domains__host=host)


def tenant_by_id(tenant_id: UUID) -> AbstractTenant | None:
    """Return the tenant. Cached as by `tenant_by_slug()`."""
    return _cached("id", str(tenant_id), pk=tenant_id)


def _tenant_by_domain(host: str) -> AbstractTenant | None:
    tenant = _cached("host", host, domains__host=host)
    if tenant is not None and primary_host(tenant) != host:
        raise RedirectToPrimary(tenant)
    return tenant


def _cached(kind: str, value: str, **lookup: Any) -> AbstractTenant | None:
    """Return a tenant from the caches or the database. Misses are not cached: clients could fill the cache.

    Each call returns an object of its own, because the caller may change it.
    """

    def load(key: str) -> dict[str, Any] | None:
        row = _row(cache.get(key))
        if row is None:
            tenant = get_tenant_model()._default_manager.filter(**lookup).first()
            if tenant is None:
                return None
            cache.set(key, _values(tenant), CACHE_SECONDS)
            row = {field.attname: field.value_from_object(tenant) for field in tenant._meta.concrete_fields}
        return row

    row = _in_process(_key(kind, value), load)
    return None if row is None else get_tenant_model().from_db("default", list(row), list(row.values()))


def _in_process[V](key: str, load: Callable[[str], V | None]) -> V | None:
    """Return the value at `key` that this process has read lately, or that of `load(key)`."""
    with no_tenant():  # the cache's public space
        name = cache.make_key(key)
        value: V | None = in_process.get(name)
        if value is None:
            value = load(key)
            if value is not None:
                in_process.set(name, value)
        return value


def _values(tenant: AbstractTenant) -> dict[str, str | None]:
    """Return the values of a tenant as text, which the cache can store."""
    fields = tenant._meta.concrete_fields
    return {
        field.attname: None if field.value_from_object(tenant) is None else field.value_to_string(tenant)
        for field in fields
    }


def _row(values: Any) -> dict[str, Any] | None:
    """Return the columns of a tenant from its `_values()`. None for those of a release with other fields."""
    fields = {field.attname: field for field in get_tenant_model()._meta.concrete_fields}
    if not isinstance(values, dict) or values.keys() != fields.keys():
        return None
    return {name: None if values[name] is None else field.to_python(values[name]) for name, field in fields.items()}


def _key(kind: str, value: str) -> str:
    return f"tenant:{kind}:{value}"


def forget_tenant(tenant: AbstractTenant, *, slugs: tuple[str, ...] = ()) -> None:
    """Delete the cached data of `tenant` after the commit. For all actions that change it or its domains.

    `slugs` are its former slugs. Other processes use what they have read for at most PROCESS_SECONDS.
    """
    hosts = list(tenant.domains.values_list("host", flat=True))  # type: ignore[attr-defined]
    keys = [_key("id", str(tenant.pk)), *(_key("slug", slug) for slug in (tenant.slug, *slugs))]
    keys += [_key("host", f"{slug}.{settings.BASE_DOMAIN}") for slug in (tenant.slug, *slugs)]
    keys += [_key("host", host) for host in hosts]
    keys.append(_key("primary", str(tenant.pk)))

    def drop() -> None:
        with no_tenant():
            cache.delete_many(keys)
            in_process.delete_many([cache.make_key(key) for key in keys])  # afterwards: it is filled from there

    transaction.on_commit(drop)


def primary_host(tenant: Tenant) -> str:
    """Return the host name of the tenant's pages: its primary domain, or its subdomain of BASE_DOMAIN."""

    def load(key: str) -> str:
        host = cache.get(key)
        if host is None:
            domains = tenant.domains.filter(is_primary=True)  # type: ignore[attr-defined]
            host = domains.values_list("host", flat=True).first() or f"{tenant.slug}.{settings.BASE_DOMAIN}"
            cache.set(key, host, CACHE_SECONDS)
        return str(host)

    return str(_in_process(_key("primary", str(tenant.pk)), load))


# URLs --------------------------------------------------------------------------------------------------------------


def urlconf_of(tenant: Tenant) -> str:
    """Return the urlconf of the tenant's variant."""
    return str(settings.TENANCY["VARIANTS"][tenant.variant]["URLCONF"])


def tenant_origin(tenant: Tenant) -> str:
    """Return scheme, host and port of the pages of a tenant, without a final slash."""
    public = urlsplit(settings.PUBLIC_URL)
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{primary_host(tenant)}{port}"


def tenant_reverse(name: str, *, tenant: Tenant, args: Any = None, kwargs: Any = None) -> str:
    """Return the absolute URL of a page of `tenant`, from any request, job or command.

    With path routing it is `<PUBLIC_URL>/t/<slug>/…`. Raises NoReverseMatch if the variant of the tenant has no such
    page.
    """
    path = reverse(name, urlconf=urlconf_of(tenant), args=args, kwargs=kwargs)
    path = "/" + path.removeprefix(get_script_prefix())  # of the current request, perhaps of another tenant
    if any(isinstance(resolver, PathResolver) for resolver in _resolvers()):
        return f"{settings.PUBLIC_URL}/t/{tenant.slug}{path}"
    return tenant_origin(tenant) + path
