"""What docker-compose.yml must say, and .env.example with it."""

import re
import subprocess
import sys

import pytest
import yaml

from config.environment import VARIABLES
from tests.deployment.compose import FILE, ROOT, VARIABLE, services

# {service: why}
SERVE_NOTHING = {"migrate": "runs to its end", "test": "runs to its end", "beat": "only sends messages"}
MAY_WRITE = {"test": "a container of its own for each run, which goes afterwards"}
SERVERS = ["web", "relay", "worker", "beat"]
APPLICATION = ["migrate", *SERVERS, "test"]
SERVICES = services()


def test_it_follows_the_compose_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_have_a_version():
    images = [service.image for service in SERVICES.values() if service.image]
    assert images
    for image in images:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image), image


@pytest.mark.parametrize("name", SERVICES)
def test_only_this_machine_reaches_its_ports(name):
    for port in SERVICES[name].definition.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_confined(name):
    definition = SERVICES[name].definition
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert definition.get("read_only", False) is (name not in MAY_WRITE)
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(definition)


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_not_root(name):
    user = SERVICES[name].user
    assert user is not None, "The image decides, and most of them choose root."
    assert user.partition(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("name", SERVICES)
def test_it_tells_whether_it_is_healthy(name):
    assert bool(SERVICES[name].health_check) is (name not in SERVE_NOTHING)


@pytest.mark.parametrize("name", SERVICES)
def test_it_waits_for_what_it_needs(name):
    service = SERVICES[name]
    for other, condition in service.depends_on.items():
        assert condition == ("service_completed_successfully" if other == "migrate" else "service_healthy")
    addresses = " ".join(service.environment.values())
    needed = {other for other in SERVICES if re.search(rf"[@/=]{other}[: ]", addresses)}
    mail_is_sent_later = {"mailpit", "s3"} if name in ("migrate", "test") else set()
    assert needed - mail_is_sent_later <= set(service.depends_on)


@pytest.mark.parametrize("server", SERVERS)
def test_everything_is_up_before_the_servers(server):
    started_first, waiting = set(SERVERS), [server]
    while waiting:
        name = waiting.pop()
        started_first.add(name)
        waiting += SERVICES[name].depends_on
    assert started_first == {name for name, service in SERVICES.items() if "profiles" not in service.definition}


# Variables


def test_each_variable_is_in_the_example_with_its_default():
    used = dict(VARIABLE.findall(FILE.read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example == used


def test_a_variable_has_one_default_and_no_other_form():
    text = FILE.read_text()
    assert len(set(VARIABLE.findall(text))) == len(dict(VARIABLE.findall(text)))
    assert "$" not in VARIABLE.sub("", text)


@pytest.mark.parametrize("name", APPLICATION)
def test_the_application_knows_what_it_is_told(name):
    image = SERVICES[name].stage.environment()
    python = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert set(SERVICES[name].environment) | set(image) - python <= set(VARIABLES)


def test_changed_passwords_reach_both_ends():
    names = dict(VARIABLE.findall(FILE.read_text()))
    changed = services({name: f"changed{number}" for number, name in enumerate(names)})
    password = changed["db"].environment["DB_APP_PASSWORD"]
    assert password.startswith("changed")
    assert changed["pgbouncer"].environment["APP_PASSWORD"] == password
    assert f":{password}@pgbouncer:" in changed["web"].environment["DATABASE_URL"]
    owners = changed["db"].environment["DB_OWNER_PASSWORD"]
    assert f":{owners}@db:" in changed["migrate"].environment["DATABASE_OWNER_URL"]
    assert changed["web"].environment["S3_SECRET_KEY"] in changed["s3"].environment["RCLONE_AUTH_KEY"]


# Isolation


@pytest.mark.parametrize("server", SERVERS)
def test_servers_go_through_the_pooler_and_have_no_other_credentials(server):
    given = SERVICES[server].environment
    assert re.match(r"postgres://commonhold_app:\w+@pgbouncer:", given["DATABASE_URL"])
    assert not {"DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"} & set(given)
    passwords = {name: value for name, value in SERVICES["db"].environment.items() if "PASSWORD" in name}
    del passwords["DB_APP_PASSWORD"]
    assert not [name for name, secret in passwords.items() if f":{secret}@" in " ".join(given.values())]


def test_only_the_broker_keeps_what_it_has():
    commands = {name: " ".join(SERVICES[name].command) for name in ("redis", "broker")}
    assert "--maxmemory-policy noeviction" in commands["broker"]
    assert "--appendonly yes" in commands["broker"]
    assert "--maxmemory-policy allkeys-lru" in commands["redis"]


def test_data_outlives_a_container():
    volumes = yaml.safe_load(FILE.read_text())["volumes"]
    mounted = [mount for service in SERVICES.values() for mount in service.definition.get("volumes", [])]
    assert {mount.partition(":")[0] for mount in mounted if not mount.startswith("./")} == set(volumes)
    # In PostgreSQL's image from 18 on; a mount on …/data as in earlier ones would be refused.
    assert "db:/var/lib/postgresql" in mounted
