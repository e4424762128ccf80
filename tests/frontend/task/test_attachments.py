"""The files on the page of a task: a plain form sends one, without a script."""

import json
import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import plans
from accounts.plans import Plan
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.testing import TenantClient
from tests.accounts.files.clients import TEXT, keys_of
from tests.tasks.files import FILES

pytestmark = pytest.mark.django_db

PAGE, ADD = "/tasks/WEB-1/", "/tasks/WEB-1/attachments/"


@pytest.fixture
def browser(acme, bob):
    """Bob's, which has to send the token of the form."""
    browser = TenantClient(acme)
    browser.handler.enforce_csrf_checks = True
    browser.log_in(bob)
    return browser


def token_in(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]


def send(browser, *, token=None, content=TEXT, name="minutes.txt", kind="text/plain"):
    fields = {"csrfmiddlewaretoken": token} if token else {}
    return browser.post(ADD, {**fields, "file": SimpleUploadedFile(name, content, kind)})


def test_a_form_attaches_a_file_and_the_page_lists_it(browser, acme, task, run_jobs):
    answer = send(browser, token=token_in(browser.get(PAGE)))
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}#files")
    page = browser.get(PAGE).content.decode()
    assert "minutes.txt" in page
    assert "Being checked" in page
    run_jobs()
    page = browser.get(PAGE).content.decode()
    (pk,) = keys_of(acme)
    assert f'href="/api/v1/attachments/{pk}/download/"' in page
    assert "Being checked" not in page
    assert browser.get(f"/api/v1/attachments/{pk}/download/").status_code == 302


def test_htmx_is_told_what_was_attached(client, acme, bob, task):
    picture = SimpleUploadedFile("Plan (版).png", b"\x89PNG\r\n\x1a\n", "image/png")
    answer = client.as_(bob).post(ADD, {"file": picture}, headers={"HX-Request": "true"})
    (pk,) = keys_of(acme)
    assert json.loads(answer["HX-Trigger"]) == {"file-attached": {"id": pk, "name": "Plan (版).png"}}
    refused = client.as_(bob).post(ADD, {}, headers={"HX-Request": "true"})
    assert (refused.status_code, "HX-Trigger" in refused) == (400, False)


@pytest.mark.parametrize("is_on", [True, False])
def test_the_form_says_whether_its_file_may_go_straight_to_storage(browser, vera, client, task, settings, is_on):
    settings.S3_BROWSER_UPLOADS = is_on
    page = browser.get(PAGE).content.decode()
    assert 'data-attachments="/api/v1/attachments/"' in page
    assert ("data-straight" in page, f'data-task="{task.pk}"' in page) == (is_on, is_on)
    assert "data-straight" not in client.as_(vera).get(PAGE).content.decode()


def test_a_script_gets_the_files_alone_and_says_what_was_wrong(browser, acme, task, free_of_room):
    """It takes the fields of tokens out of forms, and sends one in a header instead."""
    token = token_in(browser.get(PAGE))
    headers = {"HX-Request": "true", "X-CSRFToken": token}
    answer = browser.post(ADD, {"file": SimpleUploadedFile("minutes.txt", TEXT)}, headers=headers)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith("<section")
    assert "minutes.txt" in answer.content.decode()
    free_of_room()
    answer = browser.post(ADD, {"file": SimpleUploadedFile("more.txt", TEXT)}, headers=headers)
    assert answer.status_code == 413
    assert 'role="alert"' in answer.content.decode()
    assert browser.post(ADD, {"file": SimpleUploadedFile("a.txt", TEXT)}).status_code == 403


@pytest.fixture
def free_of_room(monkeypatch):
    """Let the plan include files of ten bytes from now on."""
    small = replace(plans.LIMITS[Plan.BUSINESS], file=10)
    return lambda: monkeypatch.setitem(plans.LIMITS, Plan.BUSINESS, small)


@pytest.mark.parametrize("token", [None, "x" * 64])
def test_a_form_of_another_site_attaches_nothing(browser, acme, task, token):
    browser.get(PAGE)
    assert send(browser, token=token).status_code == 403
    with tenant_context(acme):
        assert not Attachment.objects.exists()
    assert keys_of(acme) == set()


def test_a_form_without_a_file_says_so(client, bob, acme, task):
    session = client.as_(bob)
    assert session.post(ADD, {"csrfmiddlewaretoken": "x"}).status_code == 302
    assert keys_of(acme) == set()


def test_why_a_file_was_refused_is_shown(client, bob, task, run_jobs):
    session = client.as_(bob)
    send(session, content=b"no picture", name="x.png", kind="image/png")
    run_jobs()
    assert "The content of the file is not of the announced type." in session.get(PAGE).content.decode()


def test_a_file_that_the_plan_does_not_include_is_refused(client, acme, bob, task, free_of_room):
    free_of_room()
    session = client.as_(bob)
    assert send(session).status_code == 302
    with tenant_context(acme):
        assert not Attachment.objects.exists()
    assert keys_of(acme) == set()


def test_people_delete_their_own(client, alice, bob, acme, task, run_jobs):
    hers, his = FILES.attach(client.as_(alice), task), FILES.attach(client.as_(bob), task)
    run_jobs()
    page = client.as_(bob).get(PAGE).content.decode()
    assert (f"/attachments/{his}/delete/" in page, f"/attachments/{hers}/delete/" in page) == (True, False)
    assert client.as_(bob).post(f"/attachments/{hers}/delete/").status_code == 403
    assert client.as_(bob).post(f"/attachments/{his}/delete/").status_code == 302
    run_jobs()
    assert keys_of(acme) == {hers}


def test_viewers_see_files_and_no_form(client, vera, bob, task, run_jobs):
    pk = FILES.attach(client.as_(bob), task)
    run_jobs()
    page = client.as_(vera).get(PAGE).content.decode()
    assert f"/api/v1/attachments/{pk}/download/" in page
    assert ADD not in page
    assert send(client.as_(vera)).status_code == 403
    assert client.as_(vera).post(f"/attachments/{pk}/delete/").status_code == 403


def test_a_hidden_task_does_not_exist(client, bob, secret_task, acme):
    answer = client.as_(bob).post("/tasks/SEC-1/attachments/", {"file": SimpleUploadedFile("a.txt", TEXT)})
    assert answer.status_code == 404
    assert keys_of(acme) == set()


def test_names_are_text(client, bob, task, run_jobs):
    FILES.attach(client.as_(bob), task, name="<script>alert(1)</script>.txt")
    FILES.attach(client.as_(bob), task, name='"><img src=x onerror=alert(1)>.txt')
    run_jobs()
    page = client.as_(bob).get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
