"""Requirements for the Dockerfile. The tests do not need Docker."""

import re

import pytest

from config.pytest_plugin import ROOT
from tests.deployment.dockerfile import is_ignored, stages

STAGES = stages()
FINAL = list(STAGES.values())[-1]
BUILD_TOOLS = re.compile(r"\b(gcc|g\+\+|make|build-essential|libc6-dev|git|curl)\b")


def test_the_last_stage_is_the_application():
    assert FINAL.name == "web"


@pytest.mark.parametrize("name", STAGES)
def test_base_images_have_a_version(name):
    stage = STAGES[name]
    assert stage.base or re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", stage.image)


def test_no_frontend_is_fetched():
    assert "syntax=" not in (ROOT / "Dockerfile").read_text()


def test_image_has_the_python_of_the_version_file():
    version = (ROOT / ".python-version").read_text().strip()
    assert STAGES["base"].image.startswith(f"python:{version}.")


@pytest.mark.parametrize("name", STAGES)
def test_copied_files_exist_and_are_not_ignored(name):
    for sources, _ in STAGES[name].copies():
        for source in sources:
            assert (ROOT / source).exists()
            assert not is_ignored(source)


@pytest.mark.parametrize("name", ["test", "pgbouncer", "s3", "web"])
def test_stage_does_not_run_as_root(name):
    assert (STAGES[name].last("USER") or "root").partition(":")[0] not in ("root", "0")


def test_new_volume_belongs_to_the_user_that_writes_it():
    user = STAGES["s3"].last("USER")
    assert f"chown -R {user} /buckets" in STAGES["s3"].last("RUN")


@pytest.mark.parametrize("name", ["test", "pgbouncer", "s3", "web"])
def test_stage_has_no_build_tools(name):
    assert not [line for line in STAGES[name].all("RUN") if BUILD_TOOLS.search(line)]


def test_packages_are_checked_against_their_hashes():
    installs = [line for stage in STAGES.values() for line in stage.all("RUN") if "pip " in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


def test_the_application_has_no_embedded_servers():
    copied = [source for sources, _ in STAGES["packages"].copies() for source in sources]
    assert copied == ["requirements.txt"]


def test_pgbouncer_does_not_wait_for_clients_that_stay():
    """From 1.23 on the default SIGTERM waits for clients, until the container is killed."""
    assert STAGES["pgbouncer"].last("STOPSIGNAL") == "SIGINT"


def test_health_check_uses_python_alone():
    check = FINAL.health_check()
    assert check[0] == "python"
    assert "/healthz" in check[-1]


@pytest.mark.parametrize("path", [".env", ".env.production", ".git/config", ".data/secrets/redis", ".venv/bin/python"])
def test_secrets_and_large_files_are_not_in_the_image(path):
    assert is_ignored(path)


def test_code_and_fixtures_are_not_ignored_for_the_test_image():
    packages = ("accounts", "config", "frontend", "projects", "tasks", "tenancy", "tests", "benchmarks")
    code = [path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.py")]
    assert len(code) > 100
    assert not [path for path in [*code, ".env.example", "docs/settings.md", ".ci/run"] if is_ignored(path)]
