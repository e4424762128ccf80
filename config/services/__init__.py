"""Real servers from PyPI wheels for every service that the environment does not name.

    services.ensure(owner=True)  # before Django reads its settings

PostgreSQL is started unless DATABASE_URL is set, Redis unless REDIS_URL, S3 unless S3_ENDPOINT_URL. They listen on
127.0.0.1, keep their data in DATA_DIR (default: `.data`) and are shared by all processes of the checkout: started by
the first, stopped when the last one exits. With the three variables set this package does nothing.

To add a server, subclass Server in a module beside this one and name it in SERVERS.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment import check_all
from config.services.announcement import announced_port
from config.services.lifetime import Hold, stop_left_over
from config.services.postgresql import PostgreSQL
from config.services.redis_server import Redis
from config.services.s3 import S3
from config.services.server import Server, ServicesError

__all__ = ["ServicesError", "data_dir", "ensure", "pretend", "stop"]

PLACEHOLDERS = {
    "DATABASE_URL": "postgres://placeholder@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "S3_ENDPOINT_URL": "http://127.0.0.1:1",
    "S3_PUBLIC_ENDPOINT_URL": "http://127.0.0.1:1",
    "S3_BUCKET": "nothing",
    "S3_ACCESS_KEY": "placeholder",
    "S3_SECRET_KEY": "nothing",
    "S3_REGION": "nowhere",
    "SECRET_KEY": "for commands that read the settings and connect to nothing",
}

SERVERS: tuple[type[Server], ...] = (S3, Redis, PostgreSQL)  # the slowest to prepare comes last


def data_dir() -> Path:
    """Return the folder that holds the servers' data."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[2] / ".data").absolute()


def ensure(*, owner: bool) -> None:
    """Start every service and set the missing variables that lead to it in os.environ.

    `owner` says whether DATABASE_OWNER_URL is among them, which web processes and workers must never hold. Servers
    started here run until the last process that called this has exited. Beside a running demo, PORT becomes its port
    unless it is set. Raises ServicesError, also for a variable that is set to an invalid value.
    """
    try:
        check_all()
    except ImproperlyConfigured as error:
        raise ServicesError(str(error)) from error
    if port := announced_port(data_dir()):
        os.environ["PORT"] = os.environ.get("PORT") or str(port)
    known = [server(data_dir()) for server in SERVERS]
    wanted = [server for server in known if not os.environ.get(server.variable)]
    if not wanted:
        return
    _refuse_half_a_configuration(wanted)
    hold = Hold(data_dir(), wanted=wanted, known=known)
    for variable, value in hold.environment.items():
        is_withheld = variable == "DATABASE_OWNER_URL" and not owner
        if not is_withheld and not os.environ.get(variable):
            os.environ[variable] = value


def pretend() -> None:
    """Set the missing variables in os.environ to unreachable servers, for commands that only read settings."""
    for variable, value in PLACEHOLDERS.items():
        os.environ[variable] = os.environ.get(variable) or value


def _refuse_half_a_configuration(wanted: list[Server]) -> None:
    for server in wanted:
        for companion in server.companions:
            if os.environ.get(companion):
                raise ServicesError(
                    f"{companion} is set and {server.variable} is not: set both to use a server of your own for "
                    f"{server.title}, or neither to have one started."
                )


def stop() -> None:
    """Stop servers that killed processes left behind. Raises ServicesError when they are in use."""
    stop_left_over(data_dir(), [server(data_dir()) for server in SERVERS])
