"""Rules for the values of the variables of `config.environment`. A rule returns a remedy, "" for a valid value."""

import os
import re
from collections.abc import Callable, Iterable
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg
import redis
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from config import product

type Rule = Callable[[Any], str]

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
KEY_LENGTH = 32
LONG_KEY = "Use at least 32 random characters, such as those of `openssl rand -hex 32`."
DATABASE_URL = "A database URL looks like postgres://user:password@host:5432/name?sslmode=verify-full."
REDIS_URL = "The URL of a Redis looks like redis://:password@host:6379/0, with rediss for TLS."
FOLDER = "Name a folder, or what can become one: there is a file of that name."


def between(least: int, most: int) -> Rule:
    remedy = f"Use a number from {least} to {most}."
    return lambda value: "" if least <= value <= most else remedy


def one_of(*words: str) -> Rule:
    remedy = f"Use {', '.join(words[:-1])} or {words[-1]}."
    return lambda value: "" if value in words else remedy


def some_of(*words: str) -> Rule:
    remedy = f"Use some of {', '.join(words)}, with commas between them."
    return lambda values: "" if set(values) <= set(words) else remedy


def matching(pattern: str, remedy: str) -> Rule:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: "" if compiled.fullmatch(value) else remedy


def for_each(rule: Rule) -> Rule:
    def check(values: Iterable[Any]) -> str:
        return next((remedy for value in values if (remedy := rule(value))), "")

    return check


def long_key(value: str) -> str:
    return "" if len(value) >= KEY_LENGTH else LONG_KEY


host_name = matching(
    rf"(?i:{LABEL}(?:\.{LABEL})*)",
    "Use a host name alone, such as example.com: PUBLIC_URL has the scheme and PORT the port.",
)
dotted_path = matching(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", "Name classes with their modules, as package.module.Class.")
without_spaces = matching(r"\S+", "It must not contain spaces.")


def database_url(value: str) -> str:
    try:
        if urlsplit(value).scheme not in ("postgres", "postgresql", "pgsql", "psql"):
            return DATABASE_URL  # the library would log a warning with the password
        parsed: dict[str, Any] = environ.Env.db_url_config(value)
        libpq = {name: option for name, option in parsed.get("OPTIONS", {}).items() if name.islower()}
        psycopg.conninfo.make_conninfo(**libpq)
    except (ValueError, ImproperlyConfigured, psycopg.Error):
        return DATABASE_URL
    return "" if parsed.get("NAME") else DATABASE_URL


def redis_url(value: str) -> str:
    try:
        redis.ConnectionPool.from_url(value).make_connection()  # which does not connect
    except (ValueError, TypeError):
        return REDIS_URL
    is_number = re.fullmatch(r"(?:/\d*)?", urlsplit(value).path) or value.startswith("unix:")
    return "" if is_number else REDIS_URL


def origin(value: str) -> str:
    """Check an http URL of a server; it may have a path, for an S3 that is served below one."""
    return "" if is_url(value, ("http", "https")) else "Use http(s)://host[:port], without user, query and fragment."


def is_url(value: str, schemes: Iterable[str]) -> bool:
    """Return whether `value` has one of the schemes, a valid host and port, and no user, query or fragment."""
    try:
        parts = urlsplit(value)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    is_host = bool(re.fullmatch(r"[\w.-]+", host, re.ASCII)) or _is_address(host)
    is_bare = not re.search(r"[@?#\s\\]", value) and port != 0 and not parts.netloc.endswith(":")
    return parts.scheme in schemes and is_host and is_bare


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def listening_address(value: str) -> str:
    return "" if value == "localhost" or _is_address(value) else "Use an IP address, such as 127.0.0.1 or 0.0.0.0."


def sender(value: str) -> str:
    try:
        validate_email(parseaddr(value)[1])
    except ValidationError:
        return f"Use an address, such as {product.NAME} <noreply@example.com>."
    return "" if value.isprintable() else "Use one line without control characters."


def folder(value: str) -> str:
    """Check a folder that may be created. An unreadable folder is reported where it is used."""
    return FOLDER if os.path.exists(value) and not os.path.isdir(value) else ""


def file_in_a_folder(value: str) -> str:
    is_file = os.path.isdir(os.path.dirname(value) or ".") and not os.path.isdir(value)
    return "" if is_file else "Name a file in a folder that exists."
