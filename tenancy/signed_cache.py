"""The signed values of the cache: JSON with a signature (HMAC) for one key and an expiry time.

Cached values decide to which account a host belongs and which user a one-time ticket logs in. A client that can write
to Redis must not control this: it cannot sign values, move a value to another key or restore an expired value. It can
delete values, which causes a miss.

`django.core.signing` makes the signatures, so values signed with `SECRET_KEY_FALLBACKS` stay valid.
"""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import structlog
from django.core.cache.backends.redis import RedisCacheClient
from django.core.signing import BadSignature, Signer

logger = structlog.get_logger("tenancy.cache")

ABSENT = object()


class JSONSerializer:
    """The serializer of the values. That of Django uses pickle.

    Raises TypeError for values that JSON does not support, such as model instances and sets. Tuples become lists.
    """

    def dumps(self, obj: Any) -> bytes:
        """Return the data to sign."""
        return json.dumps(obj, allow_nan=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        """Return the value of signed data."""
        return json.loads(data)


class AsItIs:
    """The serializer that Django's client calls. The values are serialized already."""

    def dumps(self, obj: str) -> str:
        return obj

    def loads(self, data: bytes) -> bytes:
        return data


class SignedCacheClient(RedisCacheClient):
    """Django's Redis client with signed values. A value without a valid signature is a miss, which is logged.

    `incr()` and `touch()` raise NotImplementedError: Redis cannot sign.
    """

    def __init__(self, servers: list[str], serializer: object = None, **options: Any) -> None:
        # The serializer of the settings is ignored, so that no setting enables pickle.
        super().__init__(servers, serializer=AsItIs, **options)  # type: ignore[arg-type]
        self._connected: dict[Any, Any] = {}  # {connection pool: its client}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return the client of a server, which all threads share. Django makes a client for each command."""
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]  # the stubs lack it
        client = self._connected.get(pool)
        if client is None:
            client = self._connected.setdefault(pool, self._client(connection_pool=pool))  # type: ignore[attr-defined]
        return client

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return super().add(key, _sign(key, value, timeout), timeout)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        super().set(key, _sign(key, value, timeout), timeout)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        super().set_many({key: _sign(key, value, timeout) for key, value in data.items()}, timeout)

    def get(self, key: Any, default: Any) -> Any:
        return _or_default(_read(key, super().get(key, None)), default)

    def take(self, key: Any, default: Any) -> Any:
        """Return the value and delete it, in one step."""
        data: Any = self.get_client(key, write=True).getdel(key)
        return _or_default(_read(key, data), default)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        stored: dict[Any, Any] = super().get_many(keys)
        found = {key: _read(key, data) for key, data in stored.items()}
        return {key: value for key, value in found.items() if value is not ABSENT}

    def has_key(self, key: Any) -> bool:
        return self.get(key, ABSENT) is not ABSENT

    # The methods of Django would write values without a signature, or with one for another time.

    def incr(self, key: Any, delta: int) -> NoReturn:
        raise NotImplementedError("Redis cannot increment a signed value: use count().")

    def touch(self, key: Any, timeout: Any) -> NoReturn:
        raise NotImplementedError("The signature contains the expiry time: use set().")


def _signer(key: str) -> Signer:
    return Signer(salt=f"tenancy.signed_cache:{key}")


def _sign(key: str, value: Any, timeout: int | None) -> str:
    until = None if timeout is None else time.time() + timeout
    return _signer(key).sign_object([until, value], serializer=JSONSerializer)


def _read(key: str, data: bytes | None) -> Any:
    """Return the value, or ABSENT without a valid signature for this key and the current time."""
    if data is None:
        return ABSENT
    try:
        until, value = _signer(key).unsign_object(data.decode(), serializer=JSONSerializer)
    except (BadSignature, UnicodeDecodeError):
        # Damaged, written by another program, or for another key.
        logger.warning("cache_value_not_signed")
        return ABSENT
    return value if until is None or time.time() < until else ABSENT


def _or_default(value: Any, default: Any) -> Any:
    return default if value is ABSENT else value
