"""Every environment variable that the project reads, in one table.

`make settings` writes docs/settings.md from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

EMBEDDED = "embedded"  # a server of our own is started when it is unset
REQUIRED = "required"


@dataclass(frozen=True)
class Variable:
    name: str
    kind: str  # str, int, bool or list
    default: Any
    meaning: str
    shown: str = ""  # the default in words, where it is not a constant


GROUPS: dict[str, list[Variable]] = {
    "The process": [
        Variable(
            "SECRET_KEY",
            "str",
            "",
            "signs sessions, links and values of the cache; 32 random characters or more. Like every other secret, it "
            "is refused with a value that is published in `docker-compose.yml`, where `BASE_DOMAIN` is not "
            "`localhost` or `PUBLIC_URL` is `https`",
            f"{EMBEDDED}, {REQUIRED} otherwise",
        ),
        Variable(
            "SECRET_KEY_FALLBACKS",
            "list",
            [],
            "former ones, which still read what they have signed and encrypted: links, sessions, secrets of "
            "authenticator apps. Tokens are signed with one key only",
            "none",
        ),
        Variable("DEBUG", "bool", False, "error pages for developers; never where strangers can come"),
        Variable("LOG_LEVEL", "str", "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`"),
    ],
    "Addresses": [
        Variable("BASE_DOMAIN", "str", "localhost", "the public site; accounts are its subdomains"),
        Variable("PORT", "int", 8000, "port of the web server"),
        Variable(
            "PUBLIC_URL",
            "str",
            "",
            "what browsers use; behind a proxy with HTTPS, say so here",
            "`http://BASE_DOMAIN:PORT`",
        ),
        Variable(
            "TRUST_PROXY",
            "bool",
            False,
            "believe `X-Forwarded-Proto`, and the last of `X-Forwarded-For`; only behind a proxy that sets them",
        ),
        Variable(
            "STATIC_COLLECTED",
            "bool",
            False,
            "`collectstatic` has been run: its files are served, under names that browsers may keep for ever",
        ),
        Variable(
            "TENANCY_RESOLVERS",
            "list",
            ["tenancy.routing.HostResolver", "tenancy.routing.TokenResolver"],
            "how requests name their tenant, in order; there are `PathResolver` and `HeaderResolver` too",
        ),
    ],
    "PostgreSQL": [
        Variable("DATABASE_URL", "str", "", "connection as the app role: web, workers, tests", EMBEDDED),
        Variable(
            "DATABASE_OWNER_URL",
            "str",
            "",
            "connection as the owner: `migrate`, bulk loads, test databases; no server starts with it",
            EMBEDDED,
        ),
        Variable(
            "DATABASE_OPERATOR_URL",
            "str",
            "",
            "read-only connection across tenants, for platform commands",
            "unset; embedded in the demo",
        ),
        Variable(
            "DATABASE_POOL_SIZE",
            "int",
            0,
            "connections of a process; 0: one for each thread",
            "16 in the web server, 0 elsewhere",
        ),
        Variable(
            "DATABASE_POOL_SECONDS",
            "int",
            5,
            "how long a request waits for one of them before it is answered with 503",
        ),
        Variable(
            "DB_ROLE_PREFIX",
            "str",
            "commonhold",
            "roles are `<prefix>_owner`, `_app` and `_operator`; they are server-wide",
        ),
    ],
    "Redis": [
        Variable("REDIS_URL", "str", "", "the cache and the live updates", EMBEDDED),
        Variable(
            "BROKER_URL",
            "str",
            "",
            "the jobs, in a Redis that forgets nothing (`noeviction`). The default is for one machine: a Redis that "
            "is full drops keys of all its databases, or none, so in production it is a server of its own",
            "the database after that of `REDIS_URL`",
        ),
        Variable(
            "BROKER_PREFIX", "str", "commonhold:", "begins the broker's keys: two installations may share a Redis"
        ),
    ],
    "Jobs": [
        Variable("JOB_SECONDS", "int", 300, "how long a job may take; a lost one is sent again after twice that"),
        Variable(
            "JOBS_PER_TENANT", "int", 2, "how many jobs of an account run at a time, which leaves others a place"
        ),
        Variable(
            "HEARTBEAT_FILE",
            "str",
            "",
            "a file that a worker touches every ten seconds while it takes jobs and the broker answers: see "
            "[jobs](jobs.md)",
            "none",
        ),
        Variable("METRICS_PORT", "int", 0, "where the relay of the outbox shows Prometheus its metrics", "none"),
        Variable("METRICS_ADDRESS", "str", "127.0.0.1", "the address that it listens on for that"),
    ],
    "API": [
        Variable("API_RATE_LIMITS", "bool", True, "0: requests are not counted, for load tests"),
    ],
    "Mail": [
        Variable(
            "EMAIL_URL",
            "str",
            "consolemail://",
            "`smtp://`, `smtp+tls://` or `smtp+ssl://` with `user:password@host:port`; mail is printed otherwise",
        ),
        Variable(
            "MAIL_FOLDER",
            "str",
            "",
            "instead of sending mail, keep it in this folder and show it to everybody at `/mails/`; only where "
            "`BASE_DOMAIN` is `localhost`",
            "none; the demo's own",
        ),
        Variable("EMAIL_FROM", "str", "", "the sender of mail", "`Commonhold <noreply@BASE_DOMAIN>`"),
    ],
    "Tokens": [
        Variable("JWT_SIGNING_KEY", "str", "", "signs JSON Web Tokens", "`SECRET_KEY`"),
    ],
    "Files": [
        Variable("S3_ENDPOINT_URL", "str", "", "S3 as this process reaches it", EMBEDDED),
        Variable("S3_PUBLIC_ENDPOINT_URL", "str", "", "S3 as browsers reach it", "`S3_ENDPOINT_URL`"),
        Variable("S3_BUCKET", "str", "", "the bucket for files", EMBEDDED),
        Variable("S3_ACCESS_KEY", "str", "", "", EMBEDDED),
        Variable("S3_SECRET_KEY", "str", "", "", EMBEDDED),
        Variable("S3_REGION", "str", "", "", EMBEDDED),
        Variable(
            "S3_BROWSER_UPLOADS",
            "bool",
            False,
            "the web app sends files straight to S3, which must then allow it (CORS); the API always may",
        ),
    ],
    "Tests": [
        Variable("REQUIRE", "list", [], "whose tests must not be left out: `pgbouncer`, `curl`, `browser`", "none"),
    ],
    "The demo": [
        Variable(
            "DEMO",
            "bool",
            True,
            "0: `preparedemo` migrates and makes no accounts. It makes none where `BASE_DOMAIN` is not `localhost` or "
            "`PUBLIC_URL` is `https`, whatever this says: their passwords are known",
        ),
    ],
    "Embedded servers": [
        Variable("DATA_DIR", "str", "", "where they keep their data", "`.data`"),
        Variable("EMBEDDED_FSYNC", "bool", True, "0: faster, for data that may be lost when the machine fails"),
    ],
}

VARIABLES = {variable.name: variable for group in GROUPS.values() for variable in group}

_env = environ.Env()


def read(name: str) -> Any:
    """Return the value of a variable of the table, or its default.

    Raises ImproperlyConfigured for text that is no value of its kind, KeyError for a name that is not in the table.
    """
    variable = VARIABLES[name]
    try:
        if variable.kind == "bool":
            return _boolean(_env.str(name, default="1" if variable.default else "0"))
        return getattr(_env, variable.kind)(name, default=variable.default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {_env.str(name)!r} is no {variable.kind}.") from error


def read_required(name: str) -> str:
    """Return the value of a variable that must be there. Raises ImproperlyConfigured."""
    value: str = read(name)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it, or start through manage.py, `make demo` or `make test`, "
            "which start embedded servers and set it for themselves."
        )
    return value


def _boolean(text: str) -> bool:
    # django-environ takes every unknown word for false: DEBUG=ture would be quiet, SECURE=on is not.
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return known[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def document() -> Iterator[str]:
    """Yield the lines of docs/settings.md."""
    yield "# Settings"
    yield ""
    yield "All are environment variables. A value of the wrong kind stops the process with a message."
    yield "This page is made by `make settings`."
    for title, variables in GROUPS.items():
        yield from ("", f"## {title}", "", "| variable | default | meaning |", "|---|---|---|")
        for variable in variables:
            yield f"| `{variable.name}` | {_shown(variable)} | {variable.meaning} |"


def _shown(variable: Variable) -> str:
    if variable.shown:
        return variable.shown
    if isinstance(variable.default, list):
        return ", ".join(f"`{item}`" for item in variable.default)
    return f"`{int(variable.default) if isinstance(variable.default, bool) else variable.default}`"


if __name__ == "__main__":
    print("\n".join(document()))  # noqa: T201  # its output is the page
