"""Environments of processes that load the settings for another host than localhost."""

import os
from urllib.parse import urlsplit

from config.trial import VARIABLES


def own_secrets() -> dict[str, str]:
    """Return this process's environment with secrets that are not published.

    In the image of the tests they are those of docker-compose.yml, with which settings for other hosts are refused.
    """
    return {**os.environ, **{name: _own(os.environ[name]) for name in VARIABLES if os.environ.get(name)}}


def _own(value: str) -> str:
    password = urlsplit(value).password if "://" in value else None
    if password is None:
        return value if "://" in value else "x" * 32
    return value.replace(f":{password}@", f":{'x' * 32}@", 1)
