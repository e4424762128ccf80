"""What holds for every page: the content security policy, and that nothing that people typed becomes markup."""

import pytest
from django.utils import timezone

from accounts.actions.exports import request_export
from accounts.models import Notification, User
from projects.actions.projects import create_project, set_on_roadmap
from projects.models import Label
from tasks.actions.comments import create_comment
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, update_task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b style=color:red>{{ 7|add:'7' }}"
PROSE = f"""{ATTACK}

[link](javascript:alert(3)) [data](data:text/html,x) ![picture](https://evil.example/x.png) <https://example.com>

<iframe src="https://evil.example"></iframe>

| a |
|:-:|
| <style>*{{}}</style> |
"""
ANONYMOUS = ["/auth/login/", "/auth/password/reset/", "/roadmap/", "/nothing/"]
MEMBERS = [
    *(*ANONYMOUS, "/", "/projects/EVIL/", "/projects/EVIL/export/", "/tasks/EVIL-1/", "/subtasks/", "/inbox/"),
    *("/auth/logout/", "/auth/", "/auth/email/", "/auth/password/change/", "/auth/delete/", "/auth/reauthenticate/"),
    *("/tasks/EVIL-1/text/", "/tasks/EVIL-1/assignees/", "/tasks/EVIL-1/labels/", "/tasks/EVIL-1/delete/"),
    *("/my-tasks/", "/search/", "/search/?q=script"),
    *("/settings/", "/settings/members/", "/settings/members/leave/", "/settings/members/transfer/"),
    *("/settings/plan/", "/settings/audit/", "/settings/danger/"),
]
# What a page is allowed to contain; `svg` and what is in it are the icons.
NEVER = {"style", "iframe", "object", "embed", "base", "font", "b"}


@pytest.fixture
def hostile(initech, ines):
    """Initech, where everything that people can type is an attack."""
    initech.name = ATTACK
    initech.save()
    User.objects.filter(pk=ines.pk).update(name=ATTACK[:150])
    with tenant_context(initech):
        actor = membership_of(ines, initech)
        project = create_project(actor=actor, name=ATTACK, description=ATTACK, key="EVIL")
        project.statuses.filter(category="doing").update(name="<script>alert(4)</script>")
        label = Label.objects.create(name="<script>alert(5)</script>")
        fields = {"description": PROSE, "due_date": timezone.localdate(), "labels": [label], "assignees": [actor]}
        task = create_task(actor=actor, project=project, title=ATTACK, **fields)
        create_subtask(actor=actor, task=task, title=ATTACK)
        create_comment(actor=actor, task=task, body=PROSE)
        update_task(actor=actor, task=task, title=f"{ATTACK} ", labels=[])
        update_task(actor=actor, task=task, title=ATTACK, labels=[label])
        about = {"kind": "assigned", "subject_id": task.pk, "data": {"task": str(task.pk)}}
        Notification.objects.create(member=actor, actor=actor, cause="x", **about)
        request_export(actor=actor, kind="project", subject=project, format="csv")
        project.statuses.filter(category="todo").update(name="<script>alert(6)</script>")
        set_on_roadmap(project=project, actor=actor, shown=True)
    return initech


def check(response, page):
    """Assert that a browser would run and apply nothing but files of this site."""
    policy = response["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "style-src 'self'" in policy
    for tag, attrs in page(response).tags:
        assert tag not in NEVER, tag
        assert "style" not in attrs, (tag, attrs)
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        if tag == "script":
            assert attrs["src"].startswith("/static/")
            assert "script-src 'self'" in policy
            assert "nonce" not in attrs or f"'nonce-{attrs['nonce']}'" in policy
        for name in ("href", "src", "action"):
            assert (attrs.get(name) or "").partition(":")[0].lower() not in ("javascript", "data"), (tag, attrs)


@pytest.mark.parametrize("path", ANONYMOUS)
def test_pages_for_anonymous_clients_run_files_of_the_site_only(client, hostile, page, path):
    check(client.at(hostile).get(path), page)


@pytest.mark.parametrize("path", MEMBERS)
def test_for_members_nothing_runs_but_files_of_the_site(client, hostile, ines, page, path):
    check(client.as_(ines, at=hostile).get(path, follow=True), page)


def test_public_pages_contain_no_injected_markup(client, hostile, ines, page):
    check(client.get("/"), page)
    check(client.get("/nothing/"), page)
    client.log_in(ines)
    check(client.get("/"), page)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/", {"name": "", "key": ATTACK}),
        ("/projects/EVIL/", {"title": ATTACK * 9}),
        ("/auth/login/", {"login": ATTACK}),
    ],
)
def test_redisplayed_forms_contain_no_injected_markup(client, hostile, ines, page, path, fields):
    browser = client.at(hostile) if path.startswith("/auth/") else client.as_(ines, at=hostile)
    response = browser.post(path, fields)
    assert ATTACK[:8] in page(response).text or "alert(1)" in response.content.decode()
    check(response, page)


def test_hostile_text_is_shown_as_typed(client, hostile, ines, page):
    seen = page(client.as_(ines, at=hostile).get("/tasks/EVIL-1/"))
    assert ATTACK in seen.text
    assert "<script>alert(5)</script>" in seen.text


def test_every_page_can_be_read_by_machines(client, hostile, ines, page):
    for path in MEMBERS[len(ANONYMOUS) :]:
        seen = page(client.as_(ines, at=hostile).get(path))
        assert seen.all("html", lang="en", dir="ltr"), path
        assert len(seen.all("h1")) == 1, path
        assert len(seen.all("main", id="main")) == 1, path
        ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        named = {attrs.get("for") for attrs in seen.all("label")}
        assert {attrs.get("id") for attrs in seen.unnamed} <= named, path
        assert all(form["method"] == "post" or form.get("role") == "search" for form in seen.all("form")), path
