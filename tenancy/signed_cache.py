"""The values of the cache as Redis stores them: JSON with a signature (HMAC), made for one key and until one time.

What the cache returns decides which account a host belongs to and who is logged in by a hand-over. A client that can
write to Redis must decide neither: it has no key to sign with, cannot move a value to another key, and cannot put a
value back after its time. It can delete values, which is a miss.

`django.core.signing` makes the signatures, so `SECRET_KEY_FALLBACKS` still reads what former keys have signed.
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
    """The serializer of the values. Django's uses pickle.

    Raises TypeError for what JSON does not have, such as model instances and sets; tuples come back as lists.
    """

    def dumps(self, obj: Any) -> bytes:
        """Return what is signed."""
        return json.dumps(obj, allow_nan=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        """Return the value of what had a signature."""
        return json.loads(data)


class AsItIs:
    """The serializer that Django's client calls: the values are texts already."""

    def dumps(self, obj: str) -> str:
        return obj

    def loads(self, data: bytes) -> bytes:
        return data


class SignedCacheClient(RedisCacheClient):
    """Django's client of Redis, with signed values. One that has no valid signature is a miss, which is logged.

    `incr()` and `touch()` are refused: Redis cannot sign.
    """

    def __init__(self, servers: list[str], serializer: object = None, **options: Any) -> None:
        # Whatever serializer the settings name: no setting brings pickle back.
        super().__init__(servers, serializer=AsItIs, **options)  # type: ignore[arg-type]

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

    # Without these two, Django's own would write values without a signature or with one for another time.

    def incr(self, key: Any, delta: int) -> NoReturn:
        raise NotImplementedError("Redis cannot add to a signed value: use count().")

    def touch(self, key: Any, timeout: Any) -> NoReturn:
        raise NotImplementedError("The signature has the time until which a value counts: use set().")


def _signer(key: str) -> Signer:
    return Signer(salt=f"tenancy.signed_cache:{key}")


def _sign(key: str, value: Any, timeout: int | None) -> str:
    until = None if timeout is None else time.time() + timeout
    return _signer(key).sign_object([until, value], serializer=JSONSerializer)


def _read(key: str, data: bytes | None) -> Any:
    """Return the value, ABSENT if there is none that was signed for this key and for now."""
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
