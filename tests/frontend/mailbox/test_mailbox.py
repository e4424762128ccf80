"""/mails/ of a demonstration: what it would have sent"""

import subprocess
import sys
from uuid import uuid4

import pytest
from django.core import mail

from frontend.mailbox.backend import FolderBackend
from tests.environments import own_secrets
from tests.frontend.conftest import Page
from tests.frontend.mailbox import with_mails

pytestmark = pytest.mark.django_db

HTML = (
    "<!DOCTYPE html><html><head></head><body><script>alert(1)</script><a href='http://acme.localhost/'>Go</a></body>"
)


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.ROOT_URLCONF = with_mails.__name__
    settings.MAIL_FOLDER = str(tmp_path / "mails")
    settings.MAILERS = {
        "default": {"BACKEND": "frontend.mailbox.backend.FolderBackend", "OPTIONS": {"folder": settings.MAIL_FOLDER}}
    }
    return tmp_path / "mails"


def send(mailbox, subject="Grüße", text="Open http://acme.localhost:8000/x/", html=HTML):
    message = mail.EmailMultiAlternatives(subject, text, "a@example.com", ["nina@example.com"])
    message.attach_alternative(html, "text/html")
    assert FolderBackend(folder=str(mailbox), alias="default").send_messages([message]) == 1


def test_mails_are_kept_and_shown_the_newest_first(client, mailbox):
    assert "No emails yet." in Page(client.get("/mails/")).text
    send(mailbox)
    send(mailbox, subject="Another <b>one</b>")
    shown = Page(client.get("/mails/"))
    assert shown.text.index("Another <b>one</b>") < shown.text.index("Grüße")
    detail = Page(client.get(next(link for link in shown.links if link.startswith("/mails/") and link != "/mails/")))
    assert "http://acme.localhost:8000/x/" in detail.links
    (frame,) = detail.all("iframe")
    assert "allow-scripts" not in frame["sandbox"]
    assert "allow-same-origin" not in frame["sandbox"]
    assert frame["src"].endswith("/html/")


def test_the_html_of_a_mail_runs_and_loads_nothing(client, mailbox):
    send(mailbox)
    path = next(link for link in Page(client.get("/mails/")).links if len(link) > 40)
    answer = client.get(f"{path}html/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in answer.content


def test_a_mail_that_there_is_not_is_not_found(client, mailbox):
    assert client.get(f"/mails/{uuid4()}/").status_code == client.get(f"/mails/{uuid4()}/html/").status_code == 404


def test_mailbox_is_on_the_public_site_only(client, acme, alice, mailbox):
    send(mailbox)
    assert client.as_(alice).get("/mails/").status_code == 404


def test_without_the_folder_there_is_no_such_page(client):
    assert client.get("/mails/").status_code == 404


@pytest.mark.parametrize(
    "variables", [{"BASE_DOMAIN": "example.com"}, {"PUBLIC_URL": "https://localhost", "SERVES_TLS": "1"}]
)
def test_nothing_starts_with_a_folder_where_others_could_read_it(variables):
    environment = {**own_secrets(), "MAIL_FOLDER": "/tmp/mails", **variables}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "for demonstrations on localhost alone" in done.stderr
