"""Folders for embedded servers, before and after their first start."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.embedded import HALF_MADE, User, stop_left_over


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR whose servers were started once, after an interrupted attempt."""
    folder = tmp_path_factory.mktemp("new") / "data"
    (folder / HALF_MADE).mkdir(parents=True)
    (folder / HALF_MADE / "PG_VERSION").write_text("18\n")
    User(folder).leave()
    return folder


@pytest.fixture
def data_dir(first_start: Path) -> Iterator[Path]:
    """A DATA_DIR with a database, nothing running. Tests share it, because making one takes a second."""
    yield first_start
    stop_left_over(first_start)


@pytest.fixture
def empty_dir(tmp_path: Path) -> Iterator[Path]:
    """A DATA_DIR that does not exist yet."""
    yield tmp_path / "data"
    stop_left_over(tmp_path / "data")


@pytest.fixture(scope="module")
def servers(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """All three servers, on a copy of the data, used for the whole module."""
    copy = tmp_path_factory.mktemp("shared") / "data"
    subprocess.run(["cp", "-a", first_start, copy], check=True)
    with User(copy) as user:
        yield user
