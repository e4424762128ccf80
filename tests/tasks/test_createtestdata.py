"""createtestdata: accounts of random size, whole or absent, the same for the same seed."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import IntegrityError, models

from accounts.models import Account, Membership, User
from projects.models import Label, Project, RankField, Status, validate_key
from tasks.management.commands import createtestdata
from tasks.models import Assignment, Subtask, Task
from tasks.testdata import loading
from tasks.testdata.generated import generate_account
from tasks.testdata.loading import FIELDS
from tenancy.context import tenant_context
from tenancy.fields import DerivedText
from tenancy.models import is_tenant_owned

in_database = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Fields that hold a word of ours, or no text of a user.
WITHOUT_CANARY = {"projects.Project.key", "projects.Status.name"}


def run(accounts, *, seed=1, force=True):
    output = StringIO()
    call_command("createtestdata", accounts=accounts, seed=seed, force=force, stdout=output, stderr=output)
    return output.getvalue()


def accounts():
    return list(Account.objects.order_by("slug"))


def counts():
    """Return how many rows of each kind each account has."""
    found = {}
    for account in accounts():
        with tenant_context(account):
            found[account.slug] = [model.objects.count() for model in FIELDS]
    return found


def contents(new):
    """Return everything in a generated account except its ids, in their places."""
    rows = [list(new.rows[model]) for model in FIELDS]
    return UUID.sub("", repr((new.account.name, new.people, rows)))


# What an account is like -------------------------------------------------------------------------------------------


def test_counts_are_uniform_between_one_and_the_most():
    generated = [generate_account(number, seed=3, now=NOW) for number in range(150)]
    assert {len(new.people) for new in generated} == {1, 2, 3, 4, 5}
    projects = {len(new.rows[Project]) for new in generated}
    assert (min(projects), max(projects)) == (1, 30)
    for parents, children, parent_id in ((Project, Task, 1), (Task, Subtask, 1)):
        averages = []
        for new in generated:
            per_parent = Counter(row[parent_id] for row in new.rows[children])
            assert set(per_parent) == {row[0] for row in new.rows[parents]}, "one without any"
            assert max(per_parent.values()) <= 19
            averages.append(len(new.rows[children]) / len(new.rows[parents]))
        assert 4.5 < sum(averages) / len(averages) < 6.5


def test_same_seed_creates_the_same_contents_with_any_existing_accounts():
    first, again, other = (generate_account(7, seed=seed, now=NOW) for seed in (1, 1, 2))
    assert contents(first) == contents(again)
    assert contents(first) != contents(other)
    assert contents(first) != contents(generate_account(8, seed=1, now=NOW)).replace("tenant-8", "tenant-7")
    assert first.account.pk != again.account.pk


def test_dates_move_with_the_day():
    today, tomorrow = (generate_account(7, seed=1, now=NOW + timedelta(days=days)) for days in (0, 1))
    columns = [FIELDS[Task].index(name) for name in ("due_date", "created_at", "completed_at")]
    for column in columns:
        moved = [
            None if row[column] is None else row[column] + timedelta(days=1)  # type: ignore[operator]
            for row in today.rows[Task]
        ]
        assert moved == [row[column] for row in tomorrow.rows[Task]]


# What is in the database -------------------------------------------------------------------------------------------


@in_database
def test_createtestdata_creates_accounts_with_people_and_prints_the_rate():
    output = run(3)
    assert [account.slug for account in accounts()] == ["tenant-0", "tenant-1", "tenant-2"]
    made = re.fullmatch(r"Made 3 accounts with ([\d,]+) rows in [\d.]+ s \([\d,]+ rows/s\)\.\n", output)
    rows = sum(sum(counts_of) for counts_of in counts().values()) + Account.objects.count() + User.objects.count()
    assert made
    assert int(made[1].replace(",", "")) == rows
    for account in accounts():
        with tenant_context(account):
            people = {member.user.email: member.role for member in Membership.objects.prefetch_related("user")}
        host = f"{account.slug}.example.com"
        roles = {f"user-{number}@{host}": "member" for number in range(1, len(people))}
        assert people == {f"owner@{host}": "owner", **roles}


@in_database
def test_every_text_contains_the_slug_of_its_tenant():
    run(3)
    for account in accounts():
        canary = re.compile(rf"\bCANARY-{account.pk}\b")
        assert canary.search(account.name)
        with tenant_context(account):
            for model, field in texts():
                values = set(model.objects.exclude(**{field.name: ""}).values_list(field.name, flat=True))
                assert all(canary.search(value) for value in values), f"{model._meta.label}.{field.name}"
            members = Membership.objects.prefetch_related("user")
            assert all(canary.search(member.user.name) for member in members)
            assert Task.objects.exclude(description="").exists()
            assert Label.objects.exists()


def texts():
    """Return the fields of tenant-owned models in which people write."""
    for model in filter(is_tenant_owned, apps.get_models()):
        for field in model._meta.local_concrete_fields:
            is_text = isinstance(field, (models.CharField, models.TextField)) and not isinstance(
                field, RankField | DerivedText
            )
            if is_text and not field.choices and f"{model._meta.label}.{field.name}" not in WITHOUT_CANARY:
                yield model, field


@in_database
def test_projects_and_tasks_obey_the_rules_that_actions_keep():
    run(4)
    for account in accounts():
        with tenant_context(account):
            members = set(Membership.objects.values_list("pk", flat=True))
            for project in Project.objects.all():
                validate_key(project.key)
                statuses = Status.objects.filter(project=project).order_by("rank")
                assert [(status.name, status.category) for status in statuses] == [
                    *(("Backlog", "backlog"), ("To do", "todo"), ("In progress", "doing"), ("Done", "done"))
                ]
                tasks = Task.objects.filter(project=project).order_by("number")
                assert [task.number for task in tasks] == list(range(1, project.last_task_number + 1))
                assert [task.pk for task in tasks] == [task.pk for task in tasks.order_by("created_at", "id")]
                assert all(project.created_at <= task.created_at for task in tasks)
            for task in Task.objects.select_related("status"):
                assert task.status.project_id == task.project_id
                assert (task.completed_at is not None) == (task.status.category == "done")
                assert task.completed_at is None or task.created_at <= task.completed_at
                assignees = Assignment.objects.filter(task=task).values_list("member_id", flat=True)
                assert len(assignees) <= 2
                assert set(assignees) <= members


@in_database
def test_people_log_in_with_the_password_of_the_contract(client):
    run(1)
    browser = client.at(accounts()[0])
    answer = browser.post("/auth/login/", {"login": "owner@tenant-0.example.com", "password": "password"})
    assert answer.status_code == 302
    assert browser.get("/").status_code == 200


# Running it again --------------------------------------------------------------------------------------------------


@in_database
def test_second_run_keeps_and_reports_existing_accounts():
    run(2)
    before = counts()
    output = run(2, seed=99)
    assert output.startswith("2 of 2 accounts existed already and were kept.\nMade 0 accounts with 0 rows in ")
    assert counts() == before
    assert "2 of 3 accounts existed already" in run(3)
    after = counts()
    assert after.pop("tenant-2")
    assert after == before


@in_database
def test_existing_users_become_members_and_keep_their_password():
    known = User.objects.create_user("owner@tenant-0.example.com", "another password", name="Known")
    run(1)
    with tenant_context(accounts()[0]):
        assert Membership.objects.filter(user=known, role="owner").exists()
    known.refresh_from_db()
    assert (known.name, known.check_password("another password")) == ("Known", True)


@in_database
def test_a_failure_leaves_whole_accounts_and_no_half_one(monkeypatch):
    def spoiled(number, **options):
        new = generate_account(number, **options)
        if number == 2:
            new.rows[Subtask].append(new.rows[Subtask][0])
        return new

    monkeypatch.setattr(createtestdata, "BATCH", 1)
    monkeypatch.setattr(createtestdata, "generate_account", spoiled)
    with pytest.raises(IntegrityError, match="duplicate key"):
        run(4)
    left = counts()
    assert "tenant-2" not in left
    assert {"tenant-0", "tenant-1"} <= left.keys()
    assert all(
        count for account in left.values() for model, count in zip(FIELDS, account, strict=True) if model is Subtask
    )
    assert not User.objects.filter(email="owner@tenant-2.example.com").exists()

    monkeypatch.undo()
    assert f"{len(left)} of 4 accounts existed already" in run(4)
    after = counts()
    assert len(after) == 4
    assert {slug: after[slug] for slug in left} == left


# Refusals ----------------------------------------------------------------------------------------------------------


@in_database
def test_createtestdata_is_refused_without_debug(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--force") as refused:
        run(1, force=False)
    assert refused.value.returncode == 2
    assert accounts() == []
    settings.DEBUG = True
    run(1, force=False)
    assert len(accounts()) == 1


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", "", "²"])
def test_invalid_number_of_accounts_is_a_usage_error(number, capsys):
    with pytest.raises(SystemExit) as exited:
        execute_from_command_line(["manage.py", "createtestdata", f"--accounts={number}", "--force"])
    assert exited.value.code == 2
    assert f"'{number}' is not a number of accounts: use 1 or more" in capsys.readouterr().err


def test_createtestdata_is_refused_without_the_owners_connection(monkeypatch):
    monkeypatch.setattr(loading, "OWNER", "missing")
    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        run(1)
