"""Every environment variable that the project reads, in one table.

`make settings` writes docs/settings.md from it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import product, rules
from config.rules import Rule

EMBEDDED = "embedded"  # an embedded server is started when it is unset
REQUIRED = "required"

# Programs that tests need and that come from no wheel, with the command that installs them.
TEST_PROGRAMS = {
    "pgbouncer": "apt-get install pgbouncer",
    "curl": "apt-get install curl",
    "browser": "apt-get install chromium-headless-shell",
    "openapi-typescript": "npm install --global openapi-typescript@7.13.0",
    "useradd": "apt-get install passwd",
}


@dataclass(frozen=True)
class Variable:
    name: str
    kind: str  # str, int, bool or list
    default: Any
    meaning: str
    shown: str = ""  # the default in words, if it is not a constant
    rule: Rule | None = None  # of values that are set
    is_secret: bool = False  # no message shows its value


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
            rule=rules.long_key,
            is_secret=True,
        ),
        Variable(
            "SECRET_KEY_FALLBACKS",
            "list",
            [],
            "former ones, which still read what they have signed and encrypted: links, sessions, secrets of "
            "authenticator apps. Tokens are signed with one key only",
            "none",
            rule=rules.for_each(rules.long_key),
            is_secret=True,
        ),
        Variable("DEBUG", "bool", False, "error pages for developers; never on a public host"),
        Variable(
            "LOG_LEVEL",
            "str",
            "INFO",
            "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
            rule=rules.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        ),
        Variable(
            "WEB_CONCURRENCY",
            "int",
            1,
            "number of web processes, which uvicorn starts; sizes of pools follow from it: see [serving](serving.md)",
            rule=rules.between(1, 64),
        ),
    ],
    "Addresses": [
        Variable(
            "BASE_DOMAIN", "str", "localhost", "the public site; accounts are its subdomains", rule=rules.host_name
        ),
        Variable("PORT", "int", 8000, "port of the web server", rule=rules.between(1, 65535)),
        Variable(
            "PUBLIC_URL",
            "str",
            "",
            "what browsers use: `http(s)://BASE_DOMAIN[:port]`, without a path. With `https`, either `TRUST_PROXY` or "
            "`SERVES_TLS` must be set: otherwise every request would be redirected to itself",
            "`http://BASE_DOMAIN:PORT`",
        ),
        Variable(
            "TRUST_PROXY",
            "bool",
            False,
            "believe the first of `X-Forwarded-Proto` and the last of `X-Forwarded-For`; only behind a proxy that "
            "sets both",
        ),
        Variable(
            "SERVES_TLS",
            "bool",
            False,
            "the web server has the certificate itself (`uvicorn --ssl-certfile …`), without a proxy before it",
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
            rule=rules.for_each(rules.dotted_path),
        ),
    ],
    "PostgreSQL": [
        Variable(
            "DATABASE_URL",
            "str",
            "",
            "connection as the app role: web, workers, tests",
            EMBEDDED,
            rule=rules.database_url,
            is_secret=True,
        ),
        Variable(
            "DATABASE_OWNER_URL",
            "str",
            "",
            "connection as the owner: `migrate`, bulk loads, test databases; no server starts with it",
            EMBEDDED,
            rule=rules.database_url,
            is_secret=True,
        ),
        Variable(
            "DATABASE_OPERATOR_URL",
            "str",
            "",
            "read-only connection across tenants, for platform commands",
            "unset; embedded in the demo",
            rule=rules.database_url,
            is_secret=True,
        ),
        Variable(
            "DATABASE_POOL_SIZE",
            "int",
            0,
            "connections of a process; 0: one for each thread",
            "16 in the web server, 0 elsewhere",
            rule=rules.between(0, 1000),
        ),
        Variable(
            "DATABASE_POOL_SECONDS",
            "int",
            5,
            "how long a request waits for one of them, and for the server to connect or to acknowledge, before it is "
            "answered with 503.",
            rule=rules.between(1, 60),
        ),
        Variable(
            "DB_ROLE_PREFIX",
            "str",
            product.SLUG,
            "roles are `<prefix>_owner`, `_app` and `_operator`; they are server-wide",
            rule=rules.matching(r"[a-z_][a-z0-9_]{0,49}", "Use lower-case letters, digits and underscores."),
        ),
    ],
    "Redis": [
        Variable(
            "REDIS_URL", "str", "", "the cache and the live updates", EMBEDDED, rule=rules.redis_url, is_secret=True
        ),
        Variable(
            "BROKER_URL",
            "str",
            "",
            "the jobs, in a Redis that forgets nothing (`noeviction`). The default is for one machine: a Redis that "
            "is full drops keys of all its databases, or none, so in production it is a server of its own",
            "the database after that of `REDIS_URL`",
            rule=rules.redis_url,
            is_secret=True,
        ),
        Variable(
            "BROKER_PREFIX",
            "str",
            f"{product.SLUG}:",
            "begins the broker's keys: two installations may share a Redis",
            rule=rules.without_spaces,
        ),
    ],
    "Jobs": [
        Variable(
            "JOB_SECONDS",
            "int",
            300,
            "how long a job may take; a lost one is sent again after twice that",
            rule=rules.between(1, 86400),
        ),
        Variable(
            "JOBS_PER_TENANT",
            "int",
            2,
            "how many jobs of an account run at a time, which leaves others a place",
            rule=rules.between(1, 1000),
        ),
        Variable(
            "HEARTBEAT_FILE",
            "str",
            "",
            "a file that a worker touches every ten seconds while it takes jobs and the broker answers: see "
            "[jobs](jobs.md)",
            "none",
            rule=rules.file_in_a_folder,
        ),
        Variable(
            "METRICS_PORT",
            "int",
            0,
            "where the relay of the outbox shows Prometheus its metrics",
            "none",
            rule=rules.between(0, 65535),
        ),
        Variable(
            "METRICS_ADDRESS",
            "str",
            "127.0.0.1",
            "the address that it listens on for that",
            rule=rules.listening_address,
        ),
    ],
    "API": [Variable("API_RATE_LIMITS", "bool", True, "0: requests are not counted, for load tests")],
    "Mail": [
        Variable(
            "EMAIL_URL",
            "str",
            "consolemail://",
            "`smtp://`, `smtp+tls://` or `smtp+ssl://` with `user:password@host:port`; mail is printed otherwise",
            is_secret=True,
        ),
        Variable(
            "MAIL_FOLDER",
            "str",
            "",
            "instead of sending mail, keep it in this folder and show it to every client at `/mails/`; only where "
            "`BASE_DOMAIN` is `localhost`",
            "none; the demo's own",
            rule=rules.folder,
        ),
        Variable(
            "EMAIL_FROM", "str", "", "the sender of mail", f"`{product.NAME} <noreply@BASE_DOMAIN>`", rule=rules.sender
        ),
    ],
    "Tokens": [
        Variable(
            "JWT_SIGNING_KEY", "str", "", "signs JSON Web Tokens", "`SECRET_KEY`", rule=rules.long_key, is_secret=True
        )
    ],
    "Files": [
        Variable(
            "S3_ENDPOINT_URL", "str", "", "S3 as this process reaches it", EMBEDDED, rule=rules.origin, is_secret=True
        ),
        Variable(
            "S3_PUBLIC_ENDPOINT_URL",
            "str",
            "",
            "S3 as browsers reach it",
            "`S3_ENDPOINT_URL`",
            rule=rules.origin,
            is_secret=True,
        ),
        Variable(
            "S3_BUCKET",
            "str",
            "",
            "the bucket for files",
            EMBEDDED,
            rule=rules.matching(r"[A-Za-z0-9][A-Za-z0-9._-]{2,62}", "Use 3 to 63 letters, digits, dots and hyphens."),
        ),
        Variable("S3_ACCESS_KEY", "str", "", "", EMBEDDED, rule=rules.without_spaces, is_secret=True),
        Variable("S3_SECRET_KEY", "str", "", "", EMBEDDED, rule=rules.without_spaces, is_secret=True),
        Variable(
            "S3_REGION",
            "str",
            "",
            "",
            EMBEDDED,
            rule=rules.matching(r"[A-Za-z0-9-]+", "Use the name of a region, such as us-east-1."),
        ),
        Variable(
            "S3_BROWSER_UPLOADS",
            "bool",
            False,
            "the web app sends files straight to S3, which must then allow it (CORS); the API always may",
        ),
    ],
    "Tests": [
        Variable(
            "REQUIRE",
            "list",
            [],
            f"whose tests must not be left out: {', '.join(f'`{name}`' for name in TEST_PROGRAMS)}",
            "none",
            rule=rules.some_of(*TEST_PROGRAMS),
        )
    ],
    "The demo": [
        Variable(
            "DEMO",
            "bool",
            True,
            "0: `preparedemo` migrates and makes no accounts. It makes none where `BASE_DOMAIN` is not `localhost` or "
            "`PUBLIC_URL` is `https`, whatever this says: their passwords are known",
        )
    ],
    "Embedded servers": [
        Variable("DATA_DIR", "str", "", "where they keep their data", "`.data`", rule=rules.folder),
        Variable("EMBEDDED_FSYNC", "bool", True, "0: faster, for data that may be lost when the machine fails"),
    ],
}

VARIABLES = {variable.name: variable for group in GROUPS.values() for variable in group}

KINDS = {"int": "a whole number", "bool": "1 or 0", "list": "a list of values with commas between them"}
# Other words are invalid: DEBUG=ture does not mean "false".
BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def read(name: str) -> Any:
    """Return the value of a variable of the table, or its default.

    Raises ImproperlyConfigured with the remedy for an invalid value, and KeyError for a name that is not in the table.
    A value is not expanded: a password may begin with `$`.
    """
    variable = VARIABLES[name]
    text = os.environ.get(name, "")
    if not text.strip():
        return variable.default
    try:
        value = _parse(variable.kind, text)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name}: {text!r} is not {KINDS[variable.kind]}.") from error
    if variable.rule is not None and (remedy := variable.rule(value)):
        shown = "the value" if variable.is_secret else repr(text)
        raise ImproperlyConfigured(f"{name}: {shown} is not valid. {remedy}")
    return value


def _parse(kind: str, text: str) -> Any:
    """Return a value of a kind. Raises ValueError, KeyError."""
    if kind == "list":
        if items := [item.strip() for item in text.split(",") if item.strip()]:
            return items
        raise ValueError(text)
    if kind == "bool":
        return BOOLEANS[text.strip().lower()]
    return int(text) if kind == "int" else text


def check_all() -> None:
    """Raise ImproperlyConfigured for the first variable that is set to an invalid value, used or not."""
    for name in VARIABLES:
        read(name)


def read_required(name: str) -> str:
    """Return the value of a variable that must be there. Raises ImproperlyConfigured."""
    value: str = read(name)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it, or start through manage.py, `make demo` or `make test`, "
            "which start embedded servers and set it for themselves."
        )
    return value


def document() -> Iterator[str]:
    """Yield the lines of docs/settings.md."""
    yield "# Settings"
    yield ""
    yield "All are environment variables. A value that is not valid stops every process at its start, with a message"
    yield "that names the variable and what to do. An empty one is unset."
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
