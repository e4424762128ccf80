"""Settings of connections, from the URLs of servers."""

from select import POLLIN, poll
from time import monotonic
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import environ
import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg_pool import ConnectionPool

type Settings = dict[str, Any]

TRUSTED_SECONDS = 1.0  # a connection that was taken so recently is checked without a round trip


def check_connection(connection: psycopg.Connection[Any]) -> None:
    """Raise psycopg.Error for a connection of a pool that is broken, and replace all idle connections of the pool.

    After a restart of PostgreSQL or a pooler all of them are broken. psycopg_pool tests one after the other and
    doubles a pause each time, so with four of them a request would time out although the server is available again.

    A query checks whether the server answers. A connection in constant use needs none, as long as its socket has
    nothing to read: a server that ends a connection says so and closes the socket. The query remains for servers and
    networks that disappear without a message.
    """
    now = monotonic()
    taken_at = connection.__dict__.get("taken_at", -TRUSTED_SECONDS)
    connection.__dict__["taken_at"] = now
    try:
        if now - taken_at >= TRUSTED_SECONDS or _has_input(connection):
            ConnectionPool.check_connection(connection)
    except psycopg.Error:
        pool = connection._pool  # of a connection that was taken out
        if isinstance(pool, ConnectionPool):
            pool.drain()
        raise


def _has_input(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the socket has something to read, or is closed: between two requests the server sends nothing."""
    watched = poll()
    watched.register(connection.fileno(), POLLIN)
    return bool(watched.poll(0))


def database(url: str, *, pool_size: int, pool_seconds: int) -> Settings:
    """Return the entry of DATABASES for a URL, with a pool of `pool_size` connections, or none when that is 0.

    The URL is valid: config.rules. It may have options of libpq, such as `?sslmode=verify-full`.
    """
    parsed: Settings = environ.Env.db_url_config(url)
    options = {**bounds(pool_seconds), **parsed.get("OPTIONS", {})}
    if pool_size:  # a web process has more threads than connections, so connections must not belong to threads
        # No pause between attempts to connect: an attempt that waits occupies a place of the pool, also when the
        # server is available again. The next request makes a new attempt.
        connecting = {"check": check_connection, "reconnect_timeout": 0}
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": pool_seconds, **connecting}
        return {**parsed, "ENGINE": "tenancy.postgresql", "OPTIONS": options, "CONN_HEALTH_CHECKS": True}
    return {**parsed, "ENGINE": "tenancy.postgresql", "OPTIONS": options}


def bounds(seconds: int) -> Settings:
    """Return the options of libpq that end the wait for a server on a stopped machine.

    Connecting, and sending without an acknowledgement, take `seconds` each. A server that works on a long statement
    acknowledges probes meanwhile; without acknowledgements the connection ends after a minute.
    """
    return {
        "connect_timeout": seconds,
        "tcp_user_timeout": seconds * 1000,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }


def broker(url: str, *, cache_url: str) -> str:
    """Return the URL of the broker: `url`, or the next database of the cache's server.

    Raises ImproperlyConfigured if both are one database, because clearing the cache would delete the jobs.
    """
    cache = urlsplit(cache_url)
    number = cache.path.strip("/") or "0"
    if not url:
        if cache.scheme not in ("redis", "rediss") or not number.isdecimal():
            raise ImproperlyConfigured("BROKER_URL is not set, and REDIS_URL is not redis://host:port/number.")
        return urlunsplit(cache._replace(path=f"/{int(number) + 1}"))
    jobs = urlsplit(url)
    if (jobs.hostname, jobs.port or 6379, jobs.path.strip("/") or "0") == (cache.hostname, cache.port or 6379, number):
        raise ImproperlyConfigured(
            "BROKER_URL is the database of REDIS_URL: choose another number, or another server."
        )
    return url


def mailer(url: str) -> Settings:
    """Return the entry of MAILERS for a URL: SMTP, or the console. Raises ImproperlyConfigured for any other."""
    refused = ImproperlyConfigured("EMAIL_URL looks like smtp+tls://user:password@host:587 or consolemail://.")
    try:
        parsed = environ.Env.email_url_config(url)
    except (ImproperlyConfigured, ValueError) as error:
        raise refused from error
    backend = parsed["EMAIL_BACKEND"]
    if backend == "django.core.mail.backends.console.EmailBackend":
        return {"BACKEND": backend}
    if backend != "django.core.mail.backends.smtp.EmailBackend" or not parsed["EMAIL_HOST"]:
        raise refused
    options = {
        "host": parsed["EMAIL_HOST"],
        "port": parsed["EMAIL_PORT"],
        "username": parsed["EMAIL_HOST_USER"],
        "password": parsed["EMAIL_HOST_PASSWORD"],
        "use_tls": parsed.get("EMAIL_USE_TLS"),
        "use_ssl": parsed.get("EMAIL_USE_SSL"),
        "timeout": 10,
    }
    return {"BACKEND": backend, "OPTIONS": {name: value for name, value in options.items() if value}}
