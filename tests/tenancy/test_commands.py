"""The commands that create, list and suspend tenants, and that run a command for each."""

import json
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from django.core.management.base import BaseCommand

from accounts.models import Account, Membership, User
from projects.models import Project
from tenancy.context import get_active_tenant, tenant_context


def run(*arguments, **options):
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=output, **options)
    return output.getvalue()


def refused(*arguments, **options):
    with pytest.raises(CommandError) as caught:
        run(*arguments, **options)
    return caught.value.returncode, str(caught.value)


@pytest.mark.django_db
def test_createtenant_makes_account_and_owner_and_prints_where_to_go(client):
    output = run("createtenant", "initech", "--name", "Initech", "--owner", "Peter@Example.com")
    account = Account.objects.get(slug="initech")
    with tenant_context(account):
        membership = Membership.objects.get()
    assert (membership.role, membership.user.email) == ("owner", "peter@example.com")
    assert not membership.user.has_usable_password()
    assert "Initech: http://initech.localhost:8000/\n" in output
    link = output.split(" sets a password at ")[1].strip()
    path = link.removeprefix("http://initech.localhost:8000")
    browser = client.at(account)
    form = browser.get(path, follow=True)
    password = "a long enough secret"
    browser.post(form.redirect_chain[-1][0], {"password1": password, "password2": password})
    browser.post("/auth/login/", {"login": "peter@example.com", "password": password})
    assert browser.get("/").status_code == 200


@pytest.mark.django_db
def test_the_link_of_a_new_owner_works_on_no_other_host(client, acme):
    output = run("createtenant", "initech", "--name", "Initech", "--owner", "peter@example.com")
    path = output.split(" sets a password at ")[1].strip().removeprefix("http://initech.localhost:8000")
    for elsewhere in (acme, None):
        answer = client.at(elsewhere).get(path, follow=True)
        assert b"no longer valid" in answer.content
        assert answer.redirect_chain == []


@pytest.mark.django_db
def test_createtenant_takes_an_existing_person(bob):
    output = run("createtenant", "initech", "--name", "Initech", "--owner", bob.email)
    assert "sets a password" not in output
    assert User.objects.filter(email=bob.email).count() == 1


@pytest.mark.parametrize(
    ("slug", "owner", "message"),
    [
        ("acme", "x@example.com", "already exists"),
        ("www", "x@example.com", "reserved"),
        ("admin", "x@example.com", "reserved"),
        ("xn--bcher-kva", "x@example.com", "reserved"),
        ("Upper", "x@example.com", "lower-case"),
        ("dot.ted", "x@example.com", "lower-case"),
        ("-edge", "x@example.com", "lower-case"),
        ("a" * 64, "x@example.com", "63"),
        ("", "x@example.com", "blank"),
        ("initech", "no address", "owner: Enter a valid email"),
    ],
)
def test_createtenant_refuses_with_a_reason_and_makes_nothing(acme, slug, owner, message):
    status, text = refused("createtenant", "--name=X", f"--owner={owner}", "--", slug)
    assert (status, message in text) == (2, True), text
    assert list(Account.objects.all()) == [acme]
    assert not User.objects.exists()


@pytest.mark.django_db
def test_listtenants_lists_the_tenants(acme, globex):
    assert "globex" in run("listtenants")
    rows = json.loads(run("listtenants", "--format", "json"))
    assert [(row["slug"], row["url"], row["suspended_at"]) for row in rows] == [
        ("acme", "http://acme.localhost:8000/", None),
        ("globex", "http://globex.localhost:8000/", None),
    ]


def test_suspendtenant_works_at_once_and_can_be_undone(client, acme, django_capture_on_commit_callbacks):
    assert client.at(acme).get("/auth/login/").status_code == 200  # and the cache is warm
    with django_capture_on_commit_callbacks(execute=True):
        assert run("suspendtenant", "acme") == "acme is suspended.\n"
    assert client.at(acme).get("/auth/login/").status_code == 403
    assert run("suspendtenant", "acme") == "acme is suspended already.\n"
    with django_capture_on_commit_callbacks(execute=True):
        assert run("suspendtenant", "acme", "--undo") == "acme works again.\n"
    assert client.at(acme).get("/auth/login/").status_code == 200


@pytest.mark.django_db
def test_suspendtenant_refuses_an_unknown_tenant():
    assert refused("suspendtenant", "absent")[0] == 2


class Probe(BaseCommand):
    """Prints the projects of the active tenant, and fails for globex if requested."""

    def add_arguments(self, parser):
        parser.add_argument("--fail", action="store_true")
        parser.add_argument("--print", action="store_true")

    def handle(self, *args, **options):
        if options["fail"] and get_active_tenant().slug == "globex":
            raise CommandError("as told\nand more")
        if options["print"]:
            print("first\nsecond")  # noqa: T201
            print("third", file=sys.stderr)  # noqa: T201
        self.stdout.write(",".join(Project.objects.values_list("name", flat=True)))


@pytest.fixture
def probe(monkeypatch, acme, globex):
    commands = "tenancy.management.commands.tenant_command"
    monkeypatch.setattr(f"{commands}.get_commands", lambda: {"probe": "tests"})
    from django.core import management

    monkeypatch.setattr(
        f"{commands}.call_command", lambda name, *args, **options: management.call_command(Probe(), *args, **options)
    )
    for tenant in (acme, globex):
        with tenant_context(tenant):
            Project.objects.create(key="WEB", name=tenant.slug)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (["acme"], "acme: acme\n"),
        (["globex", "acme"], "acme: acme\nglobex: globex\n"),
        (["--all"], "acme: acme\nglobex: globex\n"),
        (["--all", "--parallel=2"], "acme: acme\nglobex: globex\n"),
        (["--where=slug=globex"], "globex: globex\n"),
        (["--where=variant=roadmap"], ""),
    ],
)
def test_tenant_command_runs_for_each_tenant(probe, choice, expected, capsys):
    execute_from_command_line(["manage.py", "tenant_command", *choice, "--", "probe"])
    assert capsys.readouterr().out == expected


@pytest.mark.django_db(transaction=True)
def test_tenant_command_continues_after_a_failure_and_exits_with_1(probe, capsys):
    with pytest.raises(SystemExit) as exited:
        execute_from_command_line(["manage.py", "tenant_command", "--all", "--", "probe", "--fail"])
    assert exited.value.code == 1
    output = capsys.readouterr()
    assert output.out == "acme: acme\n"
    assert "globex: CommandError: as told\nglobex: and more\n" in output.err
    assert "1 of 2 failed: globex" in output.err


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("parallel", ["1", "2"])
def test_tenant_command_prefixes_each_line_of_print(probe, parallel, capsys):
    options = ["--all", "--parallel", parallel]
    execute_from_command_line(["manage.py", "tenant_command", *options, "--", "probe", "--print"])

    lines = [f"{slug}: {line}" for slug in ("acme", "globex") for line in ("first", "second", "third", slug)]
    output = capsys.readouterr()
    assert (output.out.splitlines(), output.err) == (lines, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["--all"],
        ["--all", "--run", "nosuchcommand"],
        ["--run", "check"],
        ["acme", "--all", "--run", "check"],
        ["absent", "--run", "check"],
        ["--where=nofield=1", "--run", "check"],
        ["--where=slug", "--run", "check"],
        ["--where=id=1", "--run", "check"],
        ["--all", "--parallel=0", "--run", "check"],
    ],
)
def test_tenant_command_with_wrong_arguments_exits_with_2(acme, arguments):
    assert refused("tenant_command", *arguments)[0] == 2


@pytest.mark.django_db(databases=["default", "owner"])
def test_migrate_needs_the_owner(monkeypatch):
    monkeypatch.setattr("tenancy.management.commands.migrate.connections", {})
    assert "DATABASE_OWNER_URL" in refused("migrate")[1]
