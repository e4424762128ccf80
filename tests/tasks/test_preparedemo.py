"""preparedemo: three accounts that look as if people worked in them."""

import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, Membership, Notification, User
from config.pytest_plugin import ROOT
from projects.models import Project, ProjectMember
from tasks.management.commands import preparedemo
from tasks.models import Assignment, Priority, Subtask, Task, TaskLabel
from tasks.testdata import loading
from tasks.testdata.demo import DEMO_EMAIL, SLUGS
from tasks.testdata.loading import FIELDS
from tenancy.context import as_user, tenant_context
from tests.environments import own_secrets

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def run(**options):
    output = StringIO()
    call_command("preparedemo", stdout=output, stderr=output, **options)
    return output.getvalue()


def in_each(function):
    """Return the results of `function` in each demo account."""
    results = []
    for account in Account.objects.filter(slug__in=SLUGS).order_by("slug"):
        with tenant_context(account):
            results.append(function())
    return results


def texts(model, field):
    """Return the texts of all demo accounts together."""
    return [text for found in in_each(lambda: list(model.objects.values_list(field, flat=True))) for text in found]


def counts():
    return in_each(lambda: [model.objects.count() for model in FIELDS])


def test_preparedemo_creates_three_different_accounts():
    assert run().startswith("Made the demo accounts tenant-0, tenant-1, tenant-2 with ")
    assert list(Account.objects.values_list("slug", flat=True)) == ["tenant-0", "tenant-1", "tenant-2"]
    names = in_each(lambda: set(Project.objects.values_list("name", flat=True)))
    assert all(3 <= len(projects) <= 5 for projects in names)
    assert len(set.union(*names)) == sum(map(len, names))


def test_demo_has_the_users_of_the_contract():
    run()
    for account in Account.objects.all():
        host = f"{account.slug}.example.com"
        with tenant_context(account):
            roles = {member.user.email: member.role for member in Membership.objects.prefetch_related("user")}
        assert (
            roles.items()
            >= {f"owner@{host}": "owner", f"viewer@{host}": "viewer", "demo@example.com": "member"}.items()
        )
        assert {f"user-1@{host}", f"user-2@{host}"} <= roles.keys()
    assert all(user.name and user.check_password("password") for user in User.objects.all())
    staff = User.objects.get(email="staff@example.com")
    assert list(User.objects.filter(is_staff=True)) == [staff]
    with as_user(staff):
        assert not Membership.objects.exists()
    with as_user(User.objects.get(email="demo@example.com")):
        assert Membership.objects.count() == 3


@pytest.mark.parametrize("person", ["owner@tenant-1.example.com", "viewer@tenant-1.example.com", "demo@example.com"])
def test_demo_users_log_in(client, person):
    run()
    browser = client.at(Account.objects.get(slug="tenant-1"))
    assert browser.post("/auth/login/", {"login": person, "password": "password"}).status_code == 302
    assert browser.get("/").status_code == 200


def test_demo_data_looks_like_work_in_progress():
    run()
    today = timezone.now().date()

    def look():
        tasks = Task.objects.select_related("status", "project")
        by_category = [task.status.category for task in tasks]
        assert set(by_category) == {"backlog", "todo", "doing", "done"}
        assert 0.15 < by_category.count("done") / len(by_category) < 0.5
        assert all((task.completed_at is not None) == (task.status.category == "done") for task in tasks)
        assert Task.objects.filter(completed_at=None, due_date__lt=today).exists(), "nothing is overdue"
        assert Task.objects.filter(due_date__gt=today).exists()
        assert set(Task.objects.values_list("priority", flat=True)) == set(Priority.values)
        assert Subtask.objects.filter(done=True).exists()
        assert Subtask.objects.filter(done=False).exists()
        assert Assignment.objects.exists()
        assert TaskLabel.objects.exists()
        for project in Project.objects.all():
            assert 8 <= project.tasks.count() == project.last_task_number <= 25
            assert project.project_members.exists()

    in_each(look)
    words = " ".join(texts(Task, "title") + texts(Task, "description") + texts(Project, "name"))
    assert "CANARY" not in words
    assert "lorem" not in words.lower()


def test_demo_data_contains_edge_cases():
    run()
    titles = texts(Task, "title")
    assert any(len(word) > 40 for title in titles for word in title.split())
    assert any("\u0600" <= title[0] <= "\u06ff" for title in titles), "no title that starts from the right"
    assert sum(in_each(lambda: Project.objects.exclude(archived_at=None).count())) == 1
    assert sum(in_each(lambda: Project.objects.filter(private=True).count())) == 1
    assert sum(in_each(lambda: ProjectMember.objects.filter(project__private=True).count())) == 2
    assert any("```" in text for text in texts(Task, "description"))


def test_second_run_keeps_and_reports_existing_accounts(monkeypatch):
    run()
    before = counts()
    monkeypatch.setattr(preparedemo, "make_password", None)  # which takes longer than all the rest
    assert run() == "3 of 3 demo accounts existed already.\n"
    assert counts() == before


def test_missing_demo_data_is_created():
    kept = Account.objects.create(slug="tenant-1", name="A kept account")
    output = run()
    assert output.startswith("1 of 3 demo accounts existed already.\nMade the demo accounts tenant-0, tenant-2 with ")
    with tenant_context(kept):
        assert not Project.objects.exists()
        assert not Membership.objects.exists()


@pytest.mark.parametrize("unapplied", [True, False])
def test_preparedemo_migrates_when_migrations_are_unapplied(monkeypatch, unapplied):
    called = []
    monkeypatch.setattr(preparedemo, "call_command", lambda *names, **options: called.append(names))
    if unapplied:
        monkeypatch.setattr(preparedemo, "has_unapplied_migrations", lambda: True)
    run()
    assert called == ([("migrate",)] if unapplied else [])


@pytest.mark.parametrize(
    ("variables", "demo"),
    [
        ({}, True),
        ({"DEMO": "0"}, False),
        ({"BASE_DOMAIN": "example.com"}, False),
        ({"PUBLIC_URL": "https://localhost", "TRUST_PROXY": "1"}, False),
        ({"DEMO": "1", "BASE_DOMAIN": "example.com"}, False),
    ],
)
def test_demo_mode_is_enabled_on_localhost_only(variables, demo):
    code = "from config import settings; print(settings.DEMO)"
    environment = {**own_secrets(), "PUBLIC_URL": "", "DEMO": "", **variables}
    if not environment["DEMO"]:
        del environment["DEMO"]
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{demo}\n", done.stderr


def test_preparedemo_without_demo_mode_only_migrates(settings):
    settings.DEMO = False
    assert run() == "Migrated, without demo accounts: http://localhost:8000/\n"
    assert not Account.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["demo@example.com", "staff@example.com", "owner@tenant-1.example.com"])
def test_preparedemo_refuses_known_passwords_without_demo_mode(settings, email):
    run()
    settings.DEMO = False
    User.objects.exclude(email=email).update(password="!")
    with pytest.raises(CommandError, match=f"{email} has the password of the demo"):
        run()
    User.objects.filter(email=email).update(password="!")
    assert run().startswith("Migrated, without demo accounts")


def test_preparedemo_prints_the_login_address():
    assert run(address=True).endswith(
        "Soon at http://tenant-0.localhost:8000/: log in as demo@example.com with 'password'.\n"
    )


def test_preparedemo_is_refused_without_the_owners_connection(monkeypatch):
    monkeypatch.setattr(loading, "OWNER", "missing")
    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        run()


def test_demo_users_have_notifications():
    run()
    for counted in in_each(lambda: (Notification.objects.count(), Notification.objects.unread().count())):
        assert 5 <= counted[0] <= 30
        assert counted[1] >= 2
    mine = in_each(lambda: Notification.objects.filter(member=Membership.objects.get(user__email=DEMO_EMAIL)).count())
    assert min(mine) >= 1
    assert not any(in_each(Notification.objects.filter(actor=F("member")).exists))
