"""Requests that browsers never send: malformed values in paths, queries, headers, cookies and bodies."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
HUGE = "9" * 5000
LONG = "x" * 100_000

# Parameters and form fields that views read. A test compares the fields with those of the pages.
PARAMETERS = [
    *("page", "q", "project", "status", "archived", "priority", "assignee", "label", "due", "sort", "group", "view"),
    *("since", "action", "actor", "column", "all", "next", "token", "challenge", "account", "cursor", "panel"),
]
FIELDS = [
    *("login", "password", "password1", "password2", "oldpassword", "email", "code", "remember", "next", "name"),
    *("key", "title", "description", "body", "status", "to", "step", "member", "role", "slug", "account_name"),
    "due_date",
    *("format", "priority", "labels", "assignees", "before", "after", "color", "on", "version", "base", "back"),
    *("preview", "clear", "action_add", "action_remove", "action_send", "fact", "column", "category", "time_zone"),
    *("seen", "q", "actor", "action", "since", "theme", "new", "mail_digest", "into", "archived"),
    *("variant", "media_access", "accent_hue", "project", "task", "subtask", "private", "mail_notifications"),
]


@dataclass(frozen=True)
class Odd:
    """One malformed request."""

    method: str
    why: str
    body: bytes = b""
    content_type: str = FORM
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, client: Any, path: str) -> Any:
        return client.generic(
            self.method, path, self.body, content_type=self.content_type, QUERY_STRING=self.query, **self.headers
        )


def _query(value: str) -> Odd:
    return Odd("GET", f"query {value[:12]}", query="&".join(f"{name}={value}" for name in PARAMETERS))


def _form(value: str, *names: str) -> Odd:
    return Odd("POST", f"form {value[:12]!r}", body=urlencode(dict.fromkeys(names or FIELDS, value)).encode())


HEADERS = {
    "HTTP_IF_NONE_MATCH": "\xff\x00",
    "HTTP_IF_MATCH": '"',
    "HTTP_IF_MODIFIED_SINCE": "Mon, 99 Foo 99999999 99:99:99 GMT",
    "HTTP_IF_UNMODIFIED_SINCE": "Mon, 01 Jan 9999999 00:00:00 GMT",
    "HTTP_RANGE": "bytes=-99999999999999999999",
    "HTTP_ACCEPT_LANGUAGE": "\x00,;q=," + "x" * 5000,
    "HTTP_ACCEPT": "\x00",
    "HTTP_ACCEPT_ENCODING": "\x00;q=",
    "HTTP_X_FORWARDED_FOR": "\x00, 999.1.1.1",
    "HTTP_X_FORWARDED_HOST": "http://[",
    "HTTP_X_FORWARDED_PROTO": "\x00",
    "HTTP_REFERER": "http://[",
    "HTTP_USER_AGENT": "\x00\xff",
    "REMOTE_ADDR": "\x00",
}
HTMX = {
    "HTTP_HX_REQUEST": "true",
    "HTTP_HX_CURRENT_URL": "http://[",
    "HTTP_HX_TARGET": "\x00",
    "HTTP_HX_TRIGGER": "\xff",
    "HTTP_HX_TRIGGERING_EVENT": "{",
    "HTTP_HX_PROMPT": "%FF%00",
    "HTTP_HX_PROMPT_URI_AUTOENCODED": "true",
    "HTTP_HX_BOOSTED": "x",
}
COOKIES = "theme=\x00; messages=\x00:x; login_handoff=a:b:c; csrftoken=\x00\xff; \x00=\x00"

PAGES = [
    *(_query(value) for value in ("%00", "%FF%ED%A0%80", HUGE, "-1", "0001-01-01", "http://[", "9999-12-31")),
    *(_form(value) for value in ("\x00", HUGE, "-1", "0001-01-01", "http://[", "a@b.example")),
    _form(LONG, *FIELDS[:10]),
    _form(LONG, *FIELDS[10:20]),
    Odd("POST", "bytes", body=b"name=%ff%00&\xff=\x00&q=%ED%A0%80"),
    Odd("POST", "many fields", body=b"a=b&" * 2000),
    Odd("POST", "half a part", body=b'--x\r\nContent-Disposition: form-data; name="a"\r\n', content_type=PARTS),
    Odd("POST", "no part", body=b"x", content_type="multipart/form-data"),
    Odd(
        "POST",
        "a file",
        body=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00/../b"\r\n\r\n\x00\r\n--x--\r\n',
        content_type=PARTS,
    ),
    Odd("POST", "no form", body=b'{"name": ', content_type="application/json"),
    Odd("POST", "no such charset", body=b"a=b", content_type=f"{FORM}; charset=nonsense"),
    Odd("POST", "no length", body=b"a=b", headers={"CONTENT_LENGTH": "x"}),
    Odd("GET", "headers", headers=HEADERS),
    Odd("GET", "htmx", headers=HTMX),
    Odd("POST", "htmx", headers=HTMX),
    Odd("GET", "cookies", headers={"HTTP_COOKIE": f"sessionid=\x00{'a' * 31}; {COOKIES}"}),
    Odd("BREW", "no such method"),
]
# Replacements for a key, a number or a token in a path.
KEYS = ["%00", "%FF%ED%A0%80", "..%2F", "9" * 3000, "%F0%9F%98%80"]

JSON = "application/json"
BODIES = [
    b'{"name": "\xff\xfe"}',
    b'{"name": "a\x00b", "nul\\u0000": 1}',
    b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"name": "x", "name": 7, "name": {}}',
    b'{"name": "\\ud800", "title": ' + b"9" * 5000 + b"}",
    b"7",
]
CALLS = [
    *(Odd(method, f"{method} {body[:20]!r}", body, JSON) for method in ("POST", "PATCH") for body in BODIES[:2]),
    *(Odd("POST", f"{body[:20]!r}", body, JSON) for body in BODIES[2:]),
    Odd("POST", "XML", b"<a/>", "application/xml"),
    Odd("POST", "parts", b"--x\r\n\r\n", PARTS),
    Odd("PUT", "a picture", b"\x89PNG\r\n", "image/png"),
    Odd("POST", "in pieces", b'{"name": 7', JSON, headers={"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}),
    Odd("GET", "headers", headers=HEADERS | {"HTTP_AUTHORIZATION": "Bearer \x00\xff", "HTTP_IDEMPOTENCY_KEY": "\x00"}),
    Odd("DELETE", "a body", b"\xff", JSON, query="x=%00"),
    Odd("BREW", "no such method"),
]
