"""Requirements for docker-compose.yml and .env.example."""

import re
import subprocess
import sys

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from config import trial
from config.environment import VARIABLES
from config.trial import PUBLISHED
from tests.deployment.compose import FILE, ROOT, VARIABLE, services

# {service: why}
SERVE_NOTHING = {"migrate": "runs to its end", "test": "runs to its end", "beat": "only sends messages"}
MAY_WRITE = {"test": "a new container for each run, which is removed afterwards"}
SERVERS = ["web", "relay", "worker", "beat"]
APPLICATION = ["migrate", *SERVERS, "test"]
SERVICES = services()


def test_file_follows_the_compose_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_have_a_version():
    images = [service.image for service in SERVICES.values() if service.image and not service.stage]
    assert images
    for image in images:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image), image


def test_services_share_the_image_that_web_builds_and_never_pull_it():
    """`docker compose build web` updates all of them, and Compose never pulls an image of this name."""
    image = SERVICES["web"].image
    assert [name for name in APPLICATION if "build" in SERVICES[name].definition] == ["web", "test"]
    for name in ("migrate", *SERVERS):
        assert SERVICES[name].image == image
        assert SERVICES[name].definition["pull_policy"] == "never"


@pytest.mark.parametrize("name", SERVICES)
def test_services_have_the_expected_restart_policy(name):
    expected = {"migrate": "no", "test": None}.get(name, "unless-stopped")
    assert SERVICES[name].definition.get("restart") == expected


@pytest.mark.parametrize("server", SERVERS)
def test_server_has_sixty_seconds_to_stop(server):
    """On a busy machine ten seconds, which is Docker's default, were not enough for relay and beat."""
    assert SERVICES[server].definition["stop_grace_period"] == "60s"


@pytest.mark.parametrize("name", SERVICES)
def test_compose_file_starts_with_engine_20_10(name):
    """Engines before 25 refuse a service with `start_interval`."""
    assert "start_interval" not in SERVICES[name].definition.get("healthcheck", {})


def test_worker_runs_without_gossip_mingle_and_heartbeat():
    """Celery's gossip fails whenever the connection to the broker is made again, which has ended the worker."""
    command = SERVICES["worker"].command
    assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} <= set(command)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_localhost_only(name):
    for port in SERVICES[name].definition.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_minimal_privileges(name):
    definition = SERVICES[name].definition
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert definition.get("read_only", False) is (name not in MAY_WRITE)
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(definition)


@pytest.mark.parametrize("name", SERVICES)
def test_service_does_not_run_as_root(name):
    user = SERVICES[name].user
    assert user is not None, "The image decides, and most of them choose root."
    assert user.partition(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_a_health_check(name):
    assert bool(SERVICES[name].health_check) is (name not in SERVE_NOTHING)


@pytest.mark.parametrize("name", SERVICES)
def test_service_depends_on_the_services_it_uses(name):
    service = SERVICES[name]
    for other, condition in service.depends_on.items():
        assert condition == ("service_completed_successfully" if other == "migrate" else "service_healthy")
    addresses = " ".join(service.environment.values())
    needed = {other for other in SERVICES if re.search(rf"[@/=]{other}[: ]", addresses)}
    mail_is_sent_later = {"mailpit", "s3"} if name in ("migrate", "test") else set()
    assert needed - mail_is_sent_later <= set(service.depends_on)


@pytest.mark.parametrize("server", SERVERS)
def test_every_service_without_a_profile_starts_before_a_server(server):
    started_first, waiting = set(SERVERS), [server]
    while waiting:
        name = waiting.pop()
        started_first.add(name)
        waiting += SERVICES[name].depends_on
    assert started_first == {name for name, service in SERVICES.items() if "profiles" not in service.definition}


# Variables


def variables():
    """Return {name: default}, including variables in defaults; a default that names another variable is empty."""
    text = FILE.read_text()
    found = dict(VARIABLE.findall(text))
    inner = dict(match for default in found.values() for match in VARIABLE.findall(default))
    return inner | {name: "" if "$" in default else default for name, default in found.items()}


def test_each_variable_is_in_the_example_with_its_default():
    used = variables()
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert example == used


def test_a_variable_has_one_default_and_no_other_form():
    text = FILE.read_text()
    assert len(set(VARIABLE.findall(text))) == len(dict(VARIABLE.findall(text)))
    assert "$" not in VARIABLE.sub("", text)


@pytest.mark.parametrize("name", APPLICATION)
def test_application_accepts_every_variable_that_compose_sets(name):
    image = SERVICES[name].stage.environment()
    python = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert set(SERVICES[name].environment) | set(image) - python <= set(VARIABLES)


def test_changed_passwords_reach_server_and_client():
    changed = services({name: f"changed{number}" for number, name in enumerate(variables())})
    password = changed["db"].environment["DB_APP_PASSWORD"]
    assert password.startswith("changed")
    assert changed["pgbouncer"].environment["APP_PASSWORD"] == password
    assert f":{password}@pgbouncer:" in changed["web"].environment["DATABASE_URL"]
    owners = changed["db"].environment["DB_OWNER_PASSWORD"]
    assert f":{owners}@db:" in changed["migrate"].environment["DATABASE_OWNER_URL"]
    assert changed["web"].environment["S3_SECRET_KEY"] in changed["s3"].environment["RCLONE_AUTH_KEY"]
    for server, variable in (("redis", "REDIS_URL"), ("broker", "BROKER_URL")):
        secret = changed[server].environment["REDISCLI_AUTH"]
        assert secret.startswith("changed")
        assert secret not in " ".join(changed[server].command)
        for name in APPLICATION:
            assert f"redis://:{secret}@{server}:" in changed[name].environment[variable]


@pytest.mark.parametrize("server", SERVERS)
def test_each_process_has_the_configured_address(server):
    given = {
        "BASE_DOMAIN": "example.com",
        "PUBLIC_URL": "https://example.com",
        "TRUST_PROXY": "1",
        "JWT_SIGNING_KEY": "key",
        "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
        "S3_PUBLIC_ENDPOINT_URL": "https://files.example.com",
    }
    assert given.items() <= services(given)[server].environment.items()


def test_a_changed_port_is_in_the_address_for_browsers():
    changed = services({"S3_PORT": "9001"})["web"].environment
    assert changed["S3_PUBLIC_ENDPOINT_URL"] == "http://localhost:9001"


def test_demo_accounts_are_optional():
    assert SERVICES["migrate"].environment["DEMO"] == "1"
    assert services({"DEMO": "0"})["migrate"].environment["DEMO"] == "0"


def test_test_service_ignores_the_environment():
    secrets = {name for name in variables() if name.endswith("_PASSWORD")} | {"S3_SECRET_KEY"}
    given = dict.fromkeys(set(variables()) - secrets, "changed")
    assert services(given)["test"].environment == SERVICES["test"].environment
    # No server listens on localhost in its container.
    assert not [value for value in SERVICES["test"].environment.values() if "localhost" in value]


# Isolation


@pytest.mark.parametrize("server", SERVERS)
def test_servers_go_through_the_pooler_and_have_no_other_credentials(server):
    given = SERVICES[server].environment
    assert re.match(r"postgres://commonhold_app:\w+@pgbouncer:", given["DATABASE_URL"])
    assert not {"DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"} & set(given)
    passwords = {name: value for name, value in SERVICES["db"].environment.items() if "PASSWORD" in name}
    del passwords["DB_APP_PASSWORD"]
    assert not [name for name, secret in passwords.items() if f":{secret}@" in " ".join(given.values())]


def test_only_the_application_reaches_redis():
    assert yaml.safe_load(FILE.read_text())["networks"] == {"memory": {"internal": True}}
    networks = {name: tuple(service.definition.get("networks", ["default"])) for name, service in SERVICES.items()}
    assert networks == {
        **dict.fromkeys(SERVICES, ("default",)),
        **dict.fromkeys(APPLICATION, ("default", "memory")),
        **dict.fromkeys(("redis", "broker"), ("memory",)),
    }


def test_application_refuses_published_secrets_on_reachable_hosts():
    secrets = {name: value for name, value in variables().items() if name.endswith(("_KEY", "_PASSWORD")) and value}
    assert set(secrets.values()) == PUBLISHED
    given = services(secrets)["test"].environment | services(secrets)["migrate"].environment
    refused = set()
    for name in trial.VARIABLES:
        if given.get(name):
            with pytest.raises(ImproperlyConfigured, match=name):
                trial.refuse_published(name, given[name])
            refused.add(name)
    # All variables of the application in which such a value stands.
    assert refused == {
        name for name, value in given.items() if any(each in re.split(r"[:@]", value) for each in PUBLISHED)
    } - {"S3_BUCKET", "S3_ACCESS_KEY"}


def test_only_the_broker_persists_its_data():
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
