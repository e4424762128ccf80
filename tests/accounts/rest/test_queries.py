"""The number of queries of lists and details does not depend on the number of rows."""

import pytest
from django.db import connection
from django.db.models import FETCH_RAISE
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.serializers import SerializerMethodField

from accounts.audit import record_audit
from accounts.models import Export, Invitation, Notification
from accounts.rest.rows import rows_of
from accounts.rest.views import ReadOnlyTenantViewSet
from projects.models import Activity, Label, Project, Status
from tasks.api.serializers import TaskSerializer
from tasks.api.subtasks import SubtaskSerializer
from tasks.models import Assignment, Attachment, Comment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

API = "/api/v1/"
# At most three of them read the user, the membership, and the session or token.
MOST = {
    "projects": 4,
    "statuses": 4,
    "labels": 4,
    "tasks": 4,
    "subtasks": 4,
    "comments": 4,
    "activity": 4,
    "audit": 4,
    "invitations": 4,
    "notifications": 4,
    "exports": 4,
    "attachments": 4,
    "members": 5,
    "search/?q=same": 6,
}


@pytest.fixture(autouse=True)
def _nothing_by_the_way(monkeypatch):
    found = ReadOnlyTenantViewSet.get_queryset
    monkeypatch.setattr(ReadOnlyTenantViewSet, "get_queryset", lambda view: found(view).fetch_mode(FETCH_RAISE))


@pytest.fixture
def fill(acme, alice, project, task, label):
    """Create `count` more rows of each kind, which refer to each other."""

    def fill(count):
        with tenant_context(acme):
            actor, status, start = membership_of(alice, acme), task.status, Task.objects.count()
            for number in range(start, start + count):
                new = Project.objects.create(key=f"P{number}", name="same")
                Status.objects.create(project=project, name=f"same {number}", category="todo", rank="V0000")
                row = Task.objects.create(
                    project=project, number=number + 1, title="same", status=status, rank="V0000"
                )
                Subtask.objects.create(task=row, title="same", rank="V0000")
                Comment.objects.create(task=row, author=actor, body="same")
                Attachment.objects.create(task=row, uploaded_by=actor, name="same", size=1, state="ready")
                Assignment.objects.create(task=row, member=actor)
                TaskLabel.objects.create(task=row, label=Label.objects.create(name=f"same {number}"))
                Notification.objects.create(member=actor, kind="assigned", subject_id=row.pk, cause="x")
                Export.objects.create(kind="project", subject_id=new.pk, requested_by=actor, format="csv")
                Activity.objects.create(project=new, seq=1, actor=actor, verb="x", object_id=row.pk)
                record_audit(action="x", actor=actor, subject=row)
                invited = {"email": f"{number}@example.com", "expires_at": timezone.now()}
                Invitation.objects.create(invited_by=actor, **invited)
        for number in range(count):
            join(make_user(f"member-{start}-{number}"), acme, "member")

    return fill


def queries(session, url):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = session.get(url)
    assert answer.status_code == 200
    return len(captured), answer.json()


@pytest.mark.parametrize("name", MOST)
def test_list_of_a_hundred_rows_needs_as_many_queries_as_one_row(client, alice, fill, name):
    url = f"{API}{name}{'&' if '?' in name else '/?'}page_size=200"
    session, counts = client.with_token(alice), []
    for more in (1, 9, 90):
        fill(more)
        session.get(url)  # fills the cache of the tenant
        count, page = queries(session, url)
        assert len(page["results"]) >= more
        counts.append(count)
    assert counts == [counts[0]] * 3
    assert counts[0] <= MOST[name]


@pytest.mark.parametrize("name", [name for name in MOST if "?" not in name])
def test_detail_needs_no_more_queries_than_a_list(client, alice, fill, name):
    fill(3)
    session = client.with_token(alice)
    _, page = queries(session, f"{API}{name}/")
    count, _ = queries(session, f"{API}{name}/{page['results'][0]['id']}/")
    assert count <= MOST[name]


@pytest.mark.parametrize("name", MOST)
def test_rows_of_a_list_are_those_of_its_serializer(client, alice, fill, monkeypatch, name):
    fill(3)
    session, url = client.with_token(alice), f"{API}{name}{'&' if '?' in name else '/?'}page_size=200"
    compiled = session.get(url).content
    monkeypatch.setattr("accounts.rest.views.rows_of", lambda serializer_class: None)
    assert session.get(url).content == compiled


@pytest.mark.parametrize("serializer_class", [TaskSerializer, SubtaskSerializer])
def test_rows_of_long_lists_are_compiled(serializer_class):
    assert rows_of(serializer_class) is not None


def test_serializer_with_a_representation_of_its_own_is_not_compiled():
    class Shouted(SubtaskSerializer):
        def to_representation(self, instance):
            return {"title": instance.title.upper()}

    class WithMethod(SubtaskSerializer):
        title = SerializerMethodField()

        def get_title(self, subtask):
            return subtask.title.upper()

    assert rows_of(Shouted) is None
    assert rows_of(WithMethod) is None
