"""What different readers see in the same text: links to tasks, and pictures of the task."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from frontend.shared.markdown import render_kept
from frontend.task import references
from projects.actions.projects import create_project
from tasks.actions.comments import create_comment
from tasks.actions.progress import complete_task
from tasks.actions.tasks import create_task, update_task
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/tasks/WEB-1/"


@pytest.fixture
def write(alice, task, as_member):
    """Give WEB-1 a description."""
    return lambda text: as_member(alice, update_task, task=task, description=text)


@pytest.fixture
def prose(client):
    """Return the first text of a page as a user sees it."""

    def read(user, path=URL, **options):
        content = client.as_(user, **options).get(path).content.decode()
        return re.search(r'<div class="prose"[^>]*>(.*?)</div>', content, re.DOTALL)[1].strip()

    return read


def link(key, title, done=""):
    return f'<a class="task-link{done}" href="/tasks/{key}/" title="{title}">{key}</a>'


def test_reference_of_another_app_is_text(alice, write, prose):
    write("See note:7")
    assert prose(alice) == "<p>See note:7</p>"


# Tasks -------------------------------------------------------------------------------------------------------------


def test_a_key_is_a_link_to_its_task(alice, project, task, write, as_member, prose):
    done = as_member(alice, create_task, project=project, title='Say "hello" & go')
    as_member(alice, complete_task, task=done)
    write("After WEB-1 请看WEB-2的 `WEB-2` [WEB-2](/x) AWEB-2 WEB-20 WEB-02")
    second = link("WEB-2", "Say &quot;hello&quot; &amp; go", " task-link-done")
    outside = '<a href="/x" rel="noopener noreferrer nofollow">WEB-2</a>'
    assert prose(alice) == (
        f"<p>After {link('WEB-1', 'Write the welcome page')} 请看{second}的 <code>WEB-2</code> {outside}"
        " AWEB-2 WEB-20 WEB-02</p>"
    )


def test_a_key_in_a_private_project_reads_like_one_that_there_is_not(alice, bob, vera, secret_task, write, prose):
    write("SEC-1 or SEC-2 or NIL-1")
    for _ in range(2):  # also from the cache
        assert prose(bob) == prose(vera) == "<p>SEC-1 or SEC-2 or NIL-1</p>"
        assert prose(alice) == f"<p>{link('SEC-1', 'Buy the competition')} or SEC-2 or NIL-1</p>"


def test_a_key_is_that_of_the_account(alice, mallory, globex, task, foreign_task, write, prose):
    write("WEB-1")
    with tenant_context(globex):
        update_task(task=foreign_task, actor=membership_of(mallory, globex), description="WEB-1")
    assert prose(alice) == f"<p>{link('WEB-1', 'Write the welcome page')}</p>"
    assert prose(mallory, at=globex) == f"<p>{link('WEB-1', 'Spy on acme')}</p>"


def test_comments_and_previews_have_links_too(client, alice, bob, secret_task, task, as_member):
    as_member(alice, create_comment, task=task, body="As in WEB-1 and SEC-1")
    expected = f"As in {link('WEB-1', 'Write the welcome page')} and SEC-1"
    assert f"<p>{expected}</p>" in client.as_(bob).get(URL).content.decode()
    for path, name in ((f"{URL}comments/", "body"), (f"{URL}text/", "description")):
        fields = {name: f"> {expected[:5]} WEB-1 and SEC-1", "preview": "1"}
        assert (
            f"{link('WEB-1', 'Write the welcome page')} and SEC-1"
            in client.as_(bob).post(path, fields).content.decode()
        )


def test_all_references_of_a_page_are_one_query(client, alice, project, task, write, as_member):
    other = as_member(alice, create_project, name="Other", key="OTH")
    for each in (project, other, project):
        as_member(alice, create_task, project=each, title="x")
    as_member(alice, create_comment, task=task, body="Hello")
    write("Hello")
    browser = client.as_(alice)

    def count():
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(URL).status_code == 200
        return len(queries)

    plain = count()
    write("WEB-1 WEB-2 OTH-1 NIL-5")
    for number in range(3):
        as_member(alice, create_comment, task=task, body=f"WEB-{number + 1} OTH-{number + 1}")
    assert count() == plain + 1


def test_number_of_looked_up_references_is_limited(alice, project, task, write, as_member, prose, monkeypatch):
    monkeypatch.setattr(references, "MOST_TASKS", 2)
    as_member(alice, create_task, project=project, title="Second")
    write("NIL-1 WEB-1 WEB-1 WEB-2")
    assert prose(alice).count("<a") == 2
    assert prose(alice).endswith(" WEB-2</p>")


def test_a_text_has_five_hundred_places_for_links_pictures_and_ticks():
    assert render_kept("AB-1 " * 600).count("<data") == 500
    assert render_kept("![](a.png)\n\n" * 600).count("<data") == 500
    assert render_kept("- [ ] AB-1\n" * 300).count("<data") == 500


# Pictures ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def attached(acme, alice):
    """Attach a file to a task, without content."""

    def attach(task, name="plan.png", **fields):
        with tenant_context(acme):
            fields = {"state": "ready", "has_preview": True, "content_type": "image/png", **fields}
            return Attachment.objects.create(
                task=task, name=name, size=1, uploaded_by=membership_of(alice, acme), **fields
            ).pk

    return attach


def shown(pk, alt):
    image = f'<img src="/api/v1/attachments/{pk}/preview/" alt="{alt}" loading="lazy">'
    return f'<a class="picture" href="/api/v1/attachments/{pk}/download/">{image}</a>'


def test_a_picture_of_the_task_is_shown_by_its_address_and_by_its_name(vera, task, write, attached, prose):
    attached(task, "my plan.png")
    newest = attached(task, "my plan.png")
    write(f'![A "plan\\]" **b**](/api/v1/attachments/{newest}/download/)\n![](<my plan.png>)\n![](my%20plan.png)')
    by_name = shown(newest, "my plan.png")
    assert prose(vera) == f"<p>{shown(newest, 'A &quot;plan]&quot; **b**')}<br>\n{by_name}<br>\n{by_name}</p>"


def test_pictures_that_are_looked_up_for_a_page_are_limited(vera, task, write, attached, prose, monkeypatch):
    monkeypatch.setattr(references, "MOST_PICTURES", 1)
    first = attached(task, "a.png")
    attached(task, "b.png")
    write("![](a.png)![](a.png)![](b.png)")
    assert prose(vera) == f'<p>{shown(first, "a.png") * 2}<span class="no-picture">b.png</span></p>'


def test_a_picture_in_a_link_leads_where_the_link_does(vera, task, write, attached, prose):
    pk = attached(task)
    write("[![](plan.png)](https://example.com)")
    image = f'<img src="/api/v1/attachments/{pk}/preview/" alt="plan.png" loading="lazy">'
    assert prose(vera) == f'<p><a href="https://example.com" rel="noopener noreferrer nofollow">{image}</a></p>'


@pytest.mark.parametrize(
    ("state", "html"),
    [
        ({"state": "pending", "has_preview": False}, '<span class="no-picture">plan.png (being checked)</span>'),
        ({"state": "rejected", "refusal": "type"}, '<span class="no-picture">plan.png</span>'),
        ({"has_preview": False}, '<a href="/api/v1/attachments/{}/download/">plan.png</a>'),
    ],
)
def test_a_file_that_cannot_be_shown_is_named(vera, task, write, attached, prose, state, html):
    pk = attached(task, **state)
    write("![](plan.png)")
    assert prose(vera) == f"<p>{html.format(pk)}</p>"


def test_pictures_of_other_tasks_are_not_shown(alice, project, task, secret_task, write, attached, as_member, prose):
    other = as_member(alice, create_task, project=project, title="Other")
    ids = [attached(secret_task), attached(other), "0190aaaa-0000-7000-8000-000000000000"]
    write("".join(f"![x](/api/v1/attachments/{pk}/preview/)" for pk in ids) + "![](plan.png)")
    assert prose(alice) == '<p>{}<span class="no-picture">plan.png</span></p>'.format(
        '<span class="no-picture">x</span>' * 3
    )


def test_no_text_makes_a_page_load_from_elsewhere(vera, task, write, attached, prose):
    attached(task)
    write(
        "![a](https://evil.example/api/v1/attachments/0190aaaa-0000-7000-8000-000000000000/preview/)![](//evil.example/)"
    )
    assert "<img" not in prose(vera)
