"""The cache: a key space for each tenant, signed values, and a fallback while Redis is unavailable."""

import time
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from tenancy.context import get_active_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.signed_cache import SignedCacheClient

logger = structlog.get_logger("tenancy.cache")

# Increments the numbers one after the other and stops after the first that exceeds its limit.
COUNT = """
local numbers = {}
for place, key in ipairs(KEYS) do
    local number = redis.call('INCR', key)
    if number == 1 then
        redis.call('EXPIRE', key, ARGV[1])
    end
    numbers[place] = number
    if number > tonumber(ARGV[place + 1]) then
        break
    end
end
return numbers
"""


class CacheUnavailable(Exception):
    """The cache is unavailable, and a default would be unsafe for this key, such as a rate limit of logins."""


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Return the key with the active tenant or `public` as its prefix. For `CACHES[…]["KEY_FUNCTION"]`.

    Keys of `TENANCY["PUBLIC_CACHE_KEYS"]` are always public.
    """
    tenant = get_active_tenant()
    space = "public" if tenant is None or is_public(key) else f"tenant:{tenant.pk}"
    return f"{key_prefix}:{space}:{version}:{key}"


def is_public(key: str) -> bool:
    """Return whether all tenants share `key`. Without Redis it raises CacheUnavailable."""
    return key.startswith(tuple(settings.TENANCY["PUBLIC_CACHE_KEYS"]))


def clear_tenant(tenant: AbstractTenant) -> None:
    """Delete all keys of `tenant` and no others."""
    with tenant_context(tenant):
        client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
        for key in client.scan_iter(match=cache.make_key("*"), count=1000):
            client.delete(key)


def _survive(method: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except RedisError as error:
            if args and isinstance(args[0], str) and is_public(args[0]):
                raise CacheUnavailable(f"The cache does not answer: {error}") from error
            logger.warning("cache_unavailable", method=method.__name__, error=str(error))
            return otherwise(*args, **kwargs)

    return call


def _read_part(text: bytes) -> tuple[int, float]:
    """Return the number of a part and the time when it expires. A malformed part has expired."""
    try:
        number, until = text.split()
        return int(number), float(until)
    except ValueError:
        return 0, 0.0


class TenantRedisCache(RedisCache):
    """Django's Redis cache with signed values. Without Redis, reads miss, writes do nothing and a warning is logged.

    Public keys (`is_public()`) raise CacheUnavailable instead. The numbers of `count()` and `tally()` are not signed,
    because Redis increments them. Use them for limits, never for authentication or authorization.
    """

    # Django creates a cache object for each context, and each request has a context. A shared client (they are
    # thread-safe) avoids a new connection to Redis for each request.
    clients: ClassVar[dict[str, Any]] = {}

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SignedCacheClient

    @cached_property
    def _cache(self) -> Any:
        which = repr((self._servers, self._options))  # type: ignore[attr-defined]
        return self.clients.get(which) or self.clients.setdefault(which, super()._cache)

    def clear(self) -> None:
        """Delete all keys of this cache, of all tenants. Other keys of the same Redis stay."""
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*", count=1000):
            client.delete(key)

    def count(self, limits: Mapping[str, int], seconds: int) -> list[int] | None:
        """Increment the numbers at the keys of `limits`, in order, and return them.

        After a number that exceeds its limit, the following ones are neither incremented nor returned. A number
        expires `seconds` after its first increment. Atomic, in one round trip. None without Redis.
        """
        script = self._cache.get_client(None, write=True).register_script(COUNT)
        keys = [self.make_and_validate_key(key) for key in limits]
        return [int(number) for number in script(keys=keys, args=[seconds, *limits.values()])]

    def tally(self, key: str, part: str, number: int, seconds: int) -> int | None:
        """Set one `part` of the sum at `key`, such as that of a process, and return the sum of all parts.

        A part expires after `seconds`, so the part of a dead process disappears. None without Redis.
        """
        name, now = self.make_and_validate_key(key), time.time()
        with self._cache.get_client(name, write=True).pipeline() as pipeline:
            pipeline.hset(name, part, f"{number} {now + seconds}")
            pipeline.expire(name, seconds)
            pipeline.hgetall(name)
            parts = {each: _read_part(value) for each, value in pipeline.execute()[2].items()}
        if gone := [each for each, (_, until) in parts.items() if until < now]:
            self._cache.get_client(name, write=True).hdel(name, *gone)
        return sum(value for each, (value, _) in parts.items() if each not in gone)

    def take(self, key: str) -> Any:
        """Return the value at `key`, or None, and delete it. Atomic: only one concurrent call gets it."""
        return self._cache.take(self.make_and_validate_key(key), None)

    count = _survive(count, lambda limits, seconds: None)
    tally = _survive(tally, lambda key, part, number, seconds: None)
    take = _survive(take, lambda key: None)
    get = _survive(RedisCache.get, lambda key, default=None, version=None: default)
    get_many = _survive(RedisCache.get_many, lambda keys, version=None: {})
    has_key = _survive(RedisCache.has_key, lambda key, version=None: False)
    set = _survive(RedisCache.set, lambda *args, **kwargs: None)
    set_many = _survive(RedisCache.set_many, lambda *args, **kwargs: [])
    add = _survive(RedisCache.add, lambda *args, **kwargs: True)
    delete = _survive(RedisCache.delete, lambda *args, **kwargs: False)
    delete_many = _survive(RedisCache.delete_many, lambda *args, **kwargs: None)
