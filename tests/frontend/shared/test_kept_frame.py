"""The HTML of the frame is cached by all that it shows: no member sees an old frame, or that of another."""

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Account, Membership, Notification, User
from frontend.shared import kept
from projects.models import Project
from tenancy.context import tenant_context
from tenancy.routing import forget_tenant
from tenancy.testing import membership_of

NOTIFICATION = {"kind": "assigned", "cause": "x"}


@pytest.fixture(autouse=True)
def _cache_is_empty():
    kept.cache.clear()
    yield
    kept.cache.clear()


@pytest.fixture
def forget_host(django_capture_on_commit_callbacks):
    """Return a function that drops the cached values of an account, as actions do that change it."""

    def forget(account):
        with django_capture_on_commit_callbacks(execute=True):
            forget_tenant(account)

    return forget


@pytest.fixture
def notification(acme, alice, task):
    with tenant_context(acme):
        about = {"subject_id": task.pk, "data": {"task": str(task.pk)}}
        return Notification.objects.create(member=membership_of(alice, acme), **NOTIFICATION, **about)


def frame_of(browser, path="/subtasks/", **extra):
    """Return the side bar of a page, without the CSRF token, and what is beside the content."""
    response = browser.get(path, **extra)
    assert response.status_code == 200
    text = response.content.decode()
    sidebar = text.partition('<nav class="sidebar"')[2].partition('<input type="hidden" name="csrf')[0]
    beside = text.partition("</main>")[2].partition('<div id="drafts"')[0]
    return sidebar, beside


# What a side bar shows, and how it shows another value.
CHANGES = {
    "name of the account": (lambda: Account.objects.filter(slug="acme").update(name="Acme & Sons"), "Acme &amp; Sons"),
    "logo of the account": (lambda: Account.objects.filter(slug="acme").update(logo="a" * 32), "a" * 32),
    "unread notifications": (lambda: Notification.objects.update(read_at=None), "sidebar-count"),
    "name of the member": (lambda: User.objects.filter(name="Alice").update(name="Alicia"), "Alicia"),
    "email of the member": (lambda: User.objects.filter(name="Alice").update(email="a@b.example"), "a@b.example"),
    "picture of the member": (lambda: Membership.objects.update(avatar="0" * 32), "0" * 32),
    "role of the member": (lambda: Membership.objects.filter(role="owner").update(role="admin"), "Admin"),
    "name of a project": (lambda: Project.objects.update(name="Renamed"), "Renamed"),
    "key of a project": (lambda: Project.objects.update(key="NEW"), "/projects/NEW/"),
    "color of a project": (lambda: Project.objects.update(color="pink"), "color-pink"),
    "privacy of a project": (lambda: Project.objects.update(private=True), "(private)"),
    "projects": (lambda: Project.objects.update(archived_at=timezone.now()), "sidebar-projects"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_sidebar_changes_with_what_it_shows(client, acme, alice, project, notification, forget_host, what):
    with tenant_context(acme):
        Notification.objects.update(read_at=timezone.now())
    browser = client.as_(alice)
    before = frame_of(browser)
    assert frame_of(browser) == before
    change, shown = CHANGES[what]
    with tenant_context(acme):
        change()
    forget_host(acme)
    after = frame_of(browser)
    assert after[0] != before[0]
    assert shown in after[0]


def test_theme_of_the_browser_is_checked(client, bob):
    browser = client.as_(bob)
    for theme in ("light", "dark", "light"):
        browser.cookies["theme"] = theme
        assert f'value="{theme}" autocomplete="off" checked' in frame_of(browser)[0]


def test_link_of_the_current_page_is_marked(client, alice, task, page):
    browser = client.as_(alice)
    wanted = {
        "/subtasks/": {"/subtasks/": "page"},
        "/my-tasks/": {"/my-tasks/": "page"},
        "/settings/": {"/settings/": "page"},
        "/settings/members/": {"/settings/": "true"},
        "/projects/WEB/": {"/projects/WEB/": "page"},
        "/tasks/WEB-1/": {"/projects/WEB/": "true"},
    }
    for _again in range(2):
        for path, marks in wanted.items():
            links = [each for each in page(browser.get(path)).all("a") if "sidebar-link" in each.get("class", "")]
            assert {each["href"]: each["aria-current"] for each in links if "aria-current" in each} == marks


def test_pages_that_differ_after_the_first_argument_share_a_sidebar(client, bob, project, task):
    browser = client.as_(bob)
    first, _beside = frame_of(browser, "/tasks/WEB-1/edit/")
    rendered = kept.cache.bytes
    assert rendered
    assert frame_of(browser, "/tasks/WEB-1/place/")[0] == first
    assert kept.cache.bytes == rendered


def test_members_with_equal_content_share_nothing_personal(client, bob, vera, project):
    for _again in range(2):
        for user in (bob, vera):
            sidebar, _beside = frame_of(client.as_(user))
            assert user.email in sidebar
        assert "data-new" in frame_of(client.as_(bob))[1]
        assert "data-new" not in frame_of(client.as_(vera))[1]


def test_hidden_project_is_not_in_the_sidebar(client, acme, alice, vera, project):
    with tenant_context(acme):
        Project.objects.update(private=True)
    for _again in range(2):
        assert "/projects/WEB/" in frame_of(client.as_(alice))[0]
        assert "/projects/WEB/" not in frame_of(client.as_(vera))[0]


def test_member_of_two_accounts_sees_the_frame_of_each(client, acme, globex, charlie, project, foreign_project):
    for _again in range(2):
        here, there = (frame_of(client.as_(charlie, at=tenant))[0] for tenant in (acme, globex))
        assert project.name in here
        assert foreign_project.name in there
        assert here != there


def test_links_have_the_prefix_of_the_request(client, bob, project, resolvers):
    resolvers("PathResolver", "HostResolver")
    browser = client.as_(bob)
    for _again in range(2):
        assert 'href="/projects/WEB/"' in frame_of(browser)[0]
        by_path = frame_of(browser, "/t/acme/subtasks/", HTTP_HOST="localhost")
        assert 'href="/t/acme/projects/WEB/"' in by_path[0]
        assert 'href="/projects/WEB/"' not in by_path[0]


def test_key_of_cached_html_contains_the_language():
    keys = set()
    for language in ("en", "de"):
        with translation.override(language):
            keys.add(kept.surroundings())
    assert len(keys) == 2


def test_frame_is_that_of_the_site_layout(client, acme, bob, forget_host):
    for variant, shows in (("standard", False), ("roadmap", True), ("standard", False)):
        Account.objects.filter(pk=acme.pk).update(variant=variant)
        forget_host(acme)
        assert ('href="/roadmap/"' in frame_of(client.as_(bob))[0]) is shows


def test_cached_frame_has_the_csrf_token_of_the_session(client, acme, bob):
    client.as_(bob).get("/subtasks/")
    browser = Client(enforce_csrf_checks=True, HTTP_HOST="acme.localhost:8000")
    browser.cookies = client.as_(bob).cookies
    shown = browser.get("/subtasks/").content.decode()
    token = shown.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert 'form="log-out"' in shown
    assert browser.post("/auth/logout/", {}).status_code == 403
    assert browser.post("/auth/logout/", {"csrfmiddlewaretoken": token}).status_code == 302


def test_cached_html_contains_no_token_and_no_nonce(client, alice, project, monkeypatch):
    rendered = []
    original = kept.render_to_string
    monkeypatch.setattr(kept, "render_to_string", lambda *given: rendered.append(original(*given)) or rendered[-1])
    response = client.as_(alice).get("/subtasks/")
    nonce = response.content.decode().partition('nonce="')[2].partition('"')[0]
    assert len(rendered) == 5
    assert not any("csrfmiddlewaretoken" in each or "nonce" in each or nonce in each for each in rendered)
    assert not any("data-keys" in each for each in rendered)
