"""The icon: every page of every host links to it, and browsers that were given no link find it before a log-in."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError
from django.utils import timezone
from PIL import Image

from frontend.projects import views
from tests.frontend.mailbox.test_mailbox import send
from tests.isolation.conftest import ours  # noqa: F401  # a fixture
from tests.isolation.routes import routes
from tests.isolation.visits import HOSTS, mailbox, path_of, visit  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
SVG = ROOT / "frontend/static/frontend/shared/icon.svg"
HOME_SCREEN = "frontend/root/apple-touch-icon.png"
FILES = {"/favicon.ico": "image/x-icon", "/apple-touch-icon.png": "image/png"}
# {name of a route: why its answer has a head without an icon}
WITHOUT = {"mail_html": "is a mail in a frame, which loads nothing"}
UNNAMED = ("", "api:")  # what answers 404 to the rest
# {host: how many pages an owner, and an anonymous client, find there at least}
PAGES = {"tenant": (40, 8), "roadmap": (40, 8), "public": (15, 8), "mails": (15, 10), "closing": (12, 6)}


def is_page(answer):
    return answer["Content-Type"].startswith("text/html") and b"<head" in answer.getvalue()


def check(answer, client, page):
    """Assert that the page links to the one icon, that it is there, and that the page's policy allows it."""
    links = page(answer).all("link", rel="icon")
    assert [link["type"] for link in links] == ["image/svg+xml"], answer.request["PATH_INFO"]
    url = urlsplit(links[0]["href"])
    other = f"{url.scheme}://{url.netloc}" if url.netloc else ""
    icon = (client.at(None) if other else client).get(url.path)
    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml"), answer.request["PATH_INFO"]
    assert icon.getvalue() == SVG.read_bytes()
    directives = dict(each.strip().partition(" ")[::2] for each in answer["Content-Security-Policy"].split(";"))
    assert (other or "'self'") in directives["img-src"].split(), answer.request["PATH_INFO"]


@pytest.mark.parametrize("who", ["alice", "anonymous"])
@pytest.mark.parametrize("host", HOSTS)
def test_every_page_links_to_the_icon(visit, ours, page, host, who):  # noqa: F811
    client, found = visit(host, who), 0
    for route in routes(HOSTS[host]):
        if route.name in UNNAMED or route.name in WITHOUT or route.api_view:
            continue
        answer = client.get(path_of(route, ours))
        if is_page(answer):
            check(answer, client, page)
            found += 1
    assert found >= PAGES[host][who == "anonymous"]


def test_mail_of_the_demo_is_shown_with_the_icon_around_it(visit, mailbox, page):  # noqa: F811
    client = visit("mails", "anonymous")
    send(mailbox)
    (path,) = {link for link in page(client.get("/mails/")).links if len(link) > 40}
    answer = client.get(path)
    assert page(answer).all("iframe")
    check(answer, client, page)
    assert is_page(client.get(f"{path}html/")), "WITHOUT names a route whose answer is no page any more."


@pytest.mark.parametrize("host", ["absent.localhost", "bad_host!", "suspended"])
def test_refusal_links_to_the_icon_of_the_public_site(client, acme, page, host):
    if host == "suspended":
        type(acme).objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
        answer = client.at(acme).get("/")
    else:
        answer = client.at(None).get("/", headers={"host": host})
    assert answer.status_code in (400, 403, 404)
    check(answer, client, page)


@pytest.mark.parametrize("error", [RuntimeError, OperationalError])
def test_page_of_a_failure_links_to_the_icon(visit, monkeypatch, page, error):  # noqa: F811
    def fail(request):
        raise error

    client = visit("tenant", "alice")
    monkeypatch.setattr(views, "_with_counts", fail)
    answer = client.get("/")
    assert answer.status_code >= 500
    check(answer, client, page)


def test_every_template_with_a_head_links_to_the_icon():
    """Also one that no route shows yet."""
    templates = [*ROOT.glob("frontend/**/*.html"), *ROOT.glob("accounts/templates/**/*.html")]
    heads = {file.relative_to(ROOT).as_posix(): file.read_text() for file in templates}
    without = [
        name for name, text in heads.items() if "<head>" in text and not re.search(r'rel="icon"|{% styles %}', text)
    ]
    assert 'rel="icon"' in heads["frontend/shared/shell/styles.html"]
    assert without == ["accounts/templates/mail/base.html"]


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("host", HOSTS)
def test_browsers_find_an_icon_that_no_page_links_to(visit, host, path):  # noqa: F811
    client = visit(host, "anonymous")
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, FILES[path])
    assert answer.getvalue() == (ROOT / "frontend/root" / path[1:]).read_bytes()
    assert "Set-Cookie" not in answer.headers


def test_files_for_browsers_show_the_icon():
    """`python -m tests.browser.icons` draws them."""
    with Image.open(ROOT / "frontend/root/favicon.ico") as icon, Image.open(ROOT / HOME_SCREEN) as home:
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
        assert home.size == (180, 180)
        for image in (icon, home):
            colors = image.convert("RGBA").getcolors(180 * 180)
            shown = {f"#{bytes(color[:3]).hex()}" for _, color in colors if color[3] == 255}
            assert {"#2563c9", "#ffffff"} <= shown
    assert "#2563c9" in SVG.read_text()
