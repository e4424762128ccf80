"""Fault 7: S3 is unavailable, slow, or closes the connection. 503 with Retry-After, and no lost or partial file."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone

from accounts.actions.attachment_cleanup import sweep_files
from config.services.server import wait_until
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.storage import storage
from tests.accounts.files.clients import TEXT, keys_of
from tests.faults.files import API, MIB, PATTERN, body_of, headers_of, open_office, send, web_behind_gate
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office():
    return open_office()


@pytest.fixture
def web(tmp_path, office):
    with web_behind_gate(tmp_path) as web:
        yield web


@pytest.fixture
def ask(web, office):
    def ask(method, path, body=None):
        return httpx.request(
            method, f"{web.url}{path}", json=body, headers=office.headers, timeout=90, trust_env=False
        )

    return ask


def announce(ask, office):
    about = {"name": "a.txt", "content_type": "text/plain", "size": len(TEXT)}
    return ask("POST", API, {"task": str(office.task.pk), **about}).json()


def is_unavailable(status, body, headers):
    return (status, json.loads(body)["code"], int(headers["Retry-After"]) > 0) == (503, "unavailable", True)


def test_upload_fails_with_503_when_storage_disappears(web, office):
    for count in (0, 2 * MIB, 8 * MIB):  # before the first byte, in the first part, in the second
        web.gate.open()
        web.gate.close_after(count)
        assert is_unavailable(*send(web, office, 12 * MIB)), count
        assert office.rows() == []
        assert keys_of(office.account) == set()
    web.gate.open()
    status, body, _ = send(web, office, 12 * MIB)
    assert status == 201, body


def test_complete_succeeds_after_storage_has_returned(web, ask, office):
    created = announce(ask, office)
    upload = created["upload"]
    assert httpx.put(upload["url"], content=TEXT, headers=upload["headers"], trust_env=False).status_code == 200
    web.gate.close()
    answer = ask("POST", f"{API}{created['id']}/complete/")
    assert is_unavailable(answer.status_code, answer.content, answer.headers)
    web.gate.open()
    assert ask("GET", f"{API}{created['id']}/").json()["state"] == "pending"
    assert ask("POST", f"{API}{created['id']}/complete/").status_code == 202
    office.inspect(created["id"])
    assert ask("GET", f"{API}{created['id']}/").json()["state"] == "ready"


def test_slow_storage_is_503_and_other_requests_continue(web, ask, office):
    created = announce(ask, office)
    web.gate.hang()
    answer = ask("POST", f"{API}{created['id']}/complete/")
    assert is_unavailable(answer.status_code, answer.content, answer.headers)
    assert ask("GET", API).status_code == 200  # which asks S3 for nothing


def test_slow_storage_of_two_accounts_takes_no_connection_from_others(web, ask):
    """The web process has a pool of four connections, of which the requests of one sender can use two."""
    picture = uuid4().hex
    others = [open_office().account for _ in range(2)]
    for account in others:
        type(account).objects.filter(pk=account.pk).update(logo=picture)
    web.gate.hang()

    def show(account):
        host = {"Host": f"{account.slug}.localhost"}
        return httpx.get(f"{web.url}/pictures/logo/{picture}/", headers=host, timeout=90, trust_env=False).status_code

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(show, account) for account in others * 2]
        assert wait_until(lambda: web.gate.attempts >= 4, PATIENCE)
        assert ask("GET", API).status_code == 200
        assert httpx.get(f"{web.url}/readyz", timeout=90, trust_env=False).status_code == 200
        assert {each.result() for each in waiting} == {503}


def test_download_without_storage_is_503_or_cut_off(web, ask, office):
    _, body, _ = send(web, office, 40 * MIB)
    pk = json.loads(body)["id"]
    office.inspect(pk)
    web.gate.close()
    answer = ask("GET", f"{API}{pk}/download/")
    assert is_unavailable(answer.status_code, answer.content, answer.headers)
    web.gate.open()
    web.gate.close_after(9 * MIB)
    with httpx.stream("GET", f"{web.url}{API}{pk}/download/", headers=office.headers, trust_env=False) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):  # it is not taken for all of it
            for _ in answer.iter_raw():
                pass
    web.gate.open()
    answer = ask("GET", f"{API}{pk}/download/")
    assert answer.content == PATTERN * 40


def test_disconnected_upload_leaves_no_object(web, office):
    pieces, length = body_of(office, 20 * MIB)
    asking = web.connect()
    asking.putrequest("POST", f"{API}upload/", skip_host=True)
    for name, value in headers_of(office, length).items():
        asking.putheader(name, value)
    asking.endheaders()
    for _ in range(10):
        asking.send(next(pieces))
    assert wait_until(lambda: bool(office.rows()), PATIENCE)
    asking.close()
    assert wait_until(lambda: not office.rows(), PATIENCE)
    assert keys_of(office.account) == set()
    status, body, _ = send(web, office, MIB)
    assert status == 201, body


def test_killed_process_leaves_no_object_after_the_sweep(web, office):
    pieces, length = body_of(office, 20 * MIB)
    asking = web.connect()
    asking.putrequest("POST", f"{API}upload/", skip_host=True)
    for name, value in headers_of(office, length).items():
        asking.putheader(name, value)
    asking.endheaders()
    for _ in range(15):
        asking.send(next(pieces))
    assert wait_until(lambda: bool(office.rows()), PATIENCE)
    web.process.send_signal(signal.SIGKILL)
    web.process.wait()
    asking.close()
    assert [state for state, _size in office.rows()] == ["pending"]  # its room is kept, until …
    assert keys_of(office.account) == set()
    with tenant_context(office.account):
        Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))
        sweep_files()
        storage.abort_uploads(before=timezone.now() + timedelta(minutes=1))
    assert office.rows() == []


def test_jobs_are_retried_until_storage_is_back(web, ask, office, settings):
    """The state of a file does not change while its content cannot be read."""
    created = announce(ask, office)
    upload = created["upload"]
    httpx.put(upload["url"], content=TEXT, headers=upload["headers"], trust_env=False)
    assert ask("POST", f"{API}{created['id']}/complete/").status_code == 202
    options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"}
    from tenancy.storage import StorageUnavailable

    here = settings.STORAGES
    settings.STORAGES = {**here, "default": {**here["default"], "OPTIONS": options}}
    with pytest.raises(StorageUnavailable):
        office.inspect(created["id"])
    settings.STORAGES = here
    assert ask("GET", f"{API}{created['id']}/").json()["state"] == "pending"
    assert OutboxJob.objects.filter(name="accounts.inspect_attachment").exists()
    office.inspect(created["id"])
    assert ask("GET", f"{API}{created['id']}/").json()["state"] == "ready"
