"""Labels are changed while tasks get them: every action locks projects first, so there is no deadlock."""

import threading

import pytest

from projects.actions.labels import create_label, update_label
from projects.actions.projects import create_project
from projects.models import Activity
from tasks.actions.tasks import create_task, update_task
from tenancy.context import tenant_context
from tenancy.places import atomic
from tenancy.testing import membership_of
from tests.waiting import wait_until_blocked


@pytest.mark.django_db(transaction=True)
def test_label_and_its_tasks_can_be_changed_in_parallel(client, acme, alice, at_once):
    member = membership_of(alice, acme)
    with tenant_context(acme):
        label = create_label(actor=member, name="Bug")
        projects = [create_project(actor=member, name=name) for name in ("One", "Two", "Three")]
        tasks = [create_task(actor=member, project=each, title="x", labels=[label]) for each in projects]
    browser = client.as_(alice)
    tag = browser.get(f"/api/v1/labels/{label.pk}/")["ETag"]

    def rename(number):
        with tenant_context(acme):
            for turn in range(5):
                update_label(label=label, actor=member, name=f"Bug {number} {turn}")

    def toggle(task):
        with tenant_context(acme):
            for turn in range(10):
                update_task(task=task, actor=member, labels=[label] if turn % 2 else [])

    def patch():
        path, body = f"/api/v1/labels/{label.pk}/", '{"color": "red"}'
        answer = browser.generic("PATCH", path, body, content_type="application/json", HTTP_IF_MATCH=tag)
        assert answer.status_code in (200, 412)

    calls = [lambda n=n: rename(n) for n in range(2)] + [lambda task=task: toggle(task) for task in tasks] + [patch]
    assert at_once(*calls) == []
    with tenant_context(acme):
        numbers = Activity.objects.filter(project=projects[0]).order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))


@pytest.mark.django_db(transaction=True)
def test_project_that_gets_the_label_meanwhile_is_locked_and_gets_an_event(acme, alice, at_once):
    member = membership_of(alice, acme)
    with tenant_context(acme):
        label = create_label(actor=member, name="Bug")
        one, two = (create_project(actor=member, name=name) for name in ("One", "Two"))
        create_task(actor=member, project=one, title="x", labels=[label])
        other = create_task(actor=member, project=two, title="x")
    labelled = threading.Event()

    def put_on_task():
        with atomic():
            update_task(task=other, actor=member, labels=[label])
            labelled.set()
            wait_until_blocked()

    def rename():
        assert labelled.wait(10)
        update_label(label=label, actor=member, name="Fault")

    assert at_once(put_on_task, rename) == []
    with tenant_context(acme):
        told = Activity.objects.filter(verb="label.updated").values_list("project", flat=True)
        assert set(told) == {one.pk, two.pk}
