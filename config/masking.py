"""URLs in log lines, without secrets: `GET /invitations/…/`, `/auth/hand-over/?…`.

Links that set a password, confirm an address or accept an invitation, tickets and presigned URLs are secrets.
URLs are in many log lines: the line for each request, warnings of Django and of the web server, texts of errors. A
deny-list would miss new secret URLs, mistyped links and links sent to another host, so an allow-list decides: of a
path, words of our own URLs, ids, and keys of projects and tasks are logged. No query is logged, and no password in
the URL of a server.
"""

import re
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from logging import LogRecord
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver

MASK = "…"
ADDRESS = re.compile(
    # In a traceback it is a file: `File "/srv/…", line 7`.
    r"""(?<!File\ ")(?<![\w.])
    (?P<origin>[a-z][a-z0-9+.-]*://[^\s/?\#"'<>]*)?
    (?P<path>(?(origin)/?|/)[^\s?\#"'<>]*)
    (?P<rest>[?\#][^\s"'<>]*)?""",
    re.VERBOSE | re.IGNORECASE,
)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z][A-Z0-9]{1,9}(-[1-9][0-9]{0,8})?", re.ASCII)
WORD = re.compile(r"[a-z0-9_-]+")
GROUP = re.compile(r"<[^>]*>|\(\?P<[^)]*\)")  # an argument of a route

# The words of all URLs, set in the web server. Until then, and elsewhere, all words are masked.
_words: set[str] = set()


def mask_addresses(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask the URLs in a log line. A structlog processor, also for lines written with the standard library."""
    record = event.get("_record")
    # Django writes the decoded path, which may contain any character, such as spaces.
    path = getattr(getattr(record, "request", None), "path", None) if isinstance(record, LogRecord) else None
    for name, value in event.items():
        if isinstance(value, str) and "/" in value:
            text = value.replace(path, mask_path(path)) if path else value
            event[name] = ADDRESS.sub(_mask, text)
    return event


def mask_path(path: str) -> str:
    """Return a path with every part masked that is neither a word of our URLs nor an id."""
    return "/".join(part if not part or part in _words or ID.fullmatch(part) else MASK for part in path.split("/"))


def learn_words() -> None:
    """Collect the words of the URLs of all hosts."""
    if not _words:
        conf: dict[str, Any] = settings.TENANCY
        variants = (variant["URLCONF"] for variant in conf["VARIANTS"].values())
        for urlconf in (settings.ROOT_URLCONF, *variants, conf["CLOSING_URLCONF"]):
            _words.update(_words_in(import_module(urlconf).urlpatterns))


def _mask(found: re.Match[str]) -> str:
    origin = found["origin"] or ""
    if "@" in origin:
        scheme, _, rest = origin.partition("://")
        origin = f"{scheme}://{MASK}@{rest.rpartition('@')[2]}"
    rest = f"{found['rest'][0]}{MASK}" if found["rest"] else ""
    return f"{origin}{mask_path(found['path'])}{rest}"


def _words_in(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        for part in GROUP.sub("", str(pattern.pattern)).strip("^$").split("/"):
            if WORD.fullmatch(part):
                yield part
        if isinstance(pattern, URLResolver):
            yield from _words_in(pattern.url_patterns)
