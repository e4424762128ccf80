"""The public roadmap of accounts in the variant of that name."""

import pytest
from django.utils import timezone

from projects.actions.projects import create_project, set_on_roadmap
from projects.models import Project
from tasks.actions.tasks import create_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

URL = "/roadmap/"


@pytest.fixture
def shown(initech, ines):
    """A project on the roadmap, with a task that ines is assigned to."""
    with tenant_context(initech):
        actor = membership_of(ines, initech)
        project = create_project(actor=actor, name="Printer", key="PRN", description="Not for visitors")
        create_task(
            actor=actor, project=project, title="Load letter", description="It is about paper", assignees=[actor]
        )
        return set_on_roadmap(project=project, actor=actor, shown=True)


@pytest.fixture
def kept(initech, ines):
    """A project that was not chosen."""
    with tenant_context(initech):
        actor = membership_of(ines, initech)
        project = create_project(actor=actor, name="Layoffs", key="LAY")
        create_task(actor=actor, project=project, title="Fix the glitch")
        return project


def reread(project):
    with tenant_context(project.account):
        return Project.objects.get(pk=project.pk)


def test_anonymous_client_reads_published_projects_only(client, initech, shown, kept, page):
    response = client.at(initech).get(URL)
    text = page(response).text
    assert response.status_code == 200
    for words in ("Initech", "Printer", "To do 1", "Load letter"):
        assert words in text
    for words in ("Layoffs", "Fix the glitch"):
        assert words not in text


def test_roadmap_shows_no_people_descriptions_or_task_links(client, initech, shown, page):
    response = client.at(initech).get(URL)
    for words in (b"Ines", b"ines@", b"about paper", b"Not for visitors", b"PRN-1"):
        assert words not in response.content
    assert page(response).links == ["#main", "/roadmap/", "/auth/login/"]
    assert page(response).forms == []


def test_private_and_archived_projects_never_appear(client, initech, shown, page):
    for fields in ({"private": True}, {"archived_at": timezone.now()}):
        with tenant_context(initech):
            Project.objects.update(**{"private": False, "archived_at": None, "on_roadmap": True, **fields})
        assert "The roadmap is empty." in page(client.at(initech).get(URL)).text


def test_archived_tasks_do_not_appear(client, initech, shown, page):
    with tenant_context(initech):
        Task.objects.update(archived_at=timezone.now())
    text = page(client.at(initech).get(URL)).text
    assert "Load letter" not in text
    assert "To do 0" in text


def test_long_column_shows_a_hundred_tasks_and_the_number_of_the_others(client, initech, shown, page):
    with tenant_context(initech):
        first = Task.objects.get(project=shown)
        Task.objects.bulk_create(
            Task(project=shown, number=number, title=f"Task {number}", status=first.status, rank=f"b{number:03}")
            for number in range(2, 121)
        )
    seen = page(client.at(initech).get(URL))
    assert len(seen.all("li")) == 100
    assert "and 20 more" in seen.text


def test_members_find_their_way_back(client, initech, ines, shown, page):
    seen = page(client.as_(ines, at=initech).get(URL))
    assert "Open projects" in seen.text
    assert "/roadmap/" in page(client.as_(ines, at=initech).get("/")).links


def test_roadmap_shows_no_projects_of_other_accounts(client, initech, shown, acme, project):
    with tenant_context(acme):
        Project.objects.update(on_roadmap=True)
    assert b"Website" not in client.at(initech).get(URL).content
    assert client.at(acme).get(URL).status_code in (302, 404)


def test_roadmap_is_read_only(client, initech, shown):
    assert client.at(initech).post(URL).status_code == 405


# The switch ----------------------------------------------------------------------------------------------------------


def test_an_admin_switches_a_project_on_and_off(client, initech, ines, kept, page):
    browser = client.as_(ines, at=initech)
    seen = page(browser.get("/projects/LAY/"))
    assert "/projects/LAY/roadmap/" in seen.forms
    assert "Show on the roadmap" in seen.text
    response = browser.post("/projects/LAY/roadmap/", {"on": "1"})
    assert (response.status_code, response["Location"]) == (302, "/projects/LAY/")
    assert reread(kept).on_roadmap
    assert "Remove from the roadmap" in page(browser.get("/projects/LAY/")).text
    browser.post("/projects/LAY/roadmap/", {"on": "0"})
    assert not reread(kept).on_roadmap


def test_a_private_project_has_no_switch_and_says_why(client, initech, ines, kept, page):
    with tenant_context(initech):
        Project.objects.update(private=True)
    browser = client.as_(ines, at=initech)
    assert "/projects/LAY/roadmap/" not in page(browser.get("/projects/LAY/")).forms
    response = browser.post("/projects/LAY/roadmap/", {"on": "1"}, follow=True)
    assert "A private project cannot be on the public roadmap." in page(response).text
    assert not reread(kept).on_roadmap


def test_invalid_switch_value_changes_nothing(client, initech, ines, kept):
    assert client.as_(ines, at=initech).post("/projects/LAY/roadmap/", {"on": "maybe"}).status_code == 302
    assert not reread(kept).on_roadmap


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_roles_without_permission_have_no_switch_and_are_refused(client, initech, kept, page, role):
    user = make_user("milton")
    join(user, initech, role)
    browser = client.as_(user, at=initech)
    assert "/projects/LAY/roadmap/" not in page(browser.get("/projects/LAY/")).forms
    assert browser.post("/projects/LAY/roadmap/", {"on": "1"}).status_code == 403
    assert not reread(kept).on_roadmap


def test_anonymous_client_is_asked_to_log_in(client, initech, kept):
    assert client.at(initech).post("/projects/LAY/roadmap/", {"on": "1"}).status_code == 302
    assert not reread(kept).on_roadmap
