"""The web process streams files of any size in both directions, with constant memory."""

import json
from contextlib import closing

import httpx
import pytest
from django.conf.global_settings import DATA_UPLOAD_MAX_MEMORY_SIZE

from tests.faults.files import API, MIB, PATTERN, body_of, headers_of, open_office, send, web_behind_gate

pytestmark = pytest.mark.django_db(transaction=True)

MOST_GROWTH = 50 * MIB


@pytest.fixture
def office():
    return open_office()


def get(web, office, pk, **headers):
    return httpx.stream(
        "GET",
        f"{web.url}{API}{pk}/download/",
        headers={**office.headers, **headers},
        timeout=60,
        trust_env=False,
    )


def check(content, size):
    """Compare pieces of bytes with what was sent."""
    place = 0
    for piece in content:
        start = place % MIB
        assert piece == (PATTERN + PATTERN)[start : start + len(piece)]
        place += len(piece)
    assert place == size


def go_in_and_out(web, office, size):
    status, body, _ = send(web, office, size)
    assert status == 201, body
    row = json.loads(body)
    assert row["size"] == size
    office.inspect(row["id"])
    with get(web, office, row["id"]) as answer:
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(size))
        check(answer.iter_raw(), size)


@pytest.mark.parametrize("mebibytes", [64, pytest.param(1024, marks=pytest.mark.torture)])
def test_memory_does_not_grow_with_the_file(office, tmp_path, mebibytes):
    with web_behind_gate(tmp_path) as web:
        go_in_and_out(web, office, 7 * MIB)  # so that everything is loaded
        before = web.memory("VmRSS")
        web.forget()
        go_in_and_out(web, office, mebibytes * MIB + 1)
        growth = web.memory() - before
        assert growth < MOST_GROWTH, f"{growth / MIB:.0f} MiB"


def test_chunked_body_without_a_length_is_received(office, tmp_path):
    with web_behind_gate(tmp_path) as web:
        pieces, _ = body_of(office, 9 * MIB)
        answer = httpx.post(
            f"{web.url}{API}upload/", content=pieces, headers=headers_of(office, None), timeout=60, trust_env=False
        )
        assert (answer.status_code, answer.json()["size"]) == (201, 9 * MIB)


def test_refused_upload_stores_nothing(office, tmp_path):
    """A user without permission, or one who sends too much, gets an error; nothing of the file is stored."""
    with web_behind_gate(tmp_path) as web:
        pieces, length = body_of(office, 3 * MIB)
        headers = headers_of(office, length) | {"Authorization": "Bearer nonsense"}
        answer = httpx.post(f"{web.url}{API}upload/", content=pieces, headers=headers, timeout=60, trust_env=False)
        assert answer.status_code == 401
        assert office.rows() == []


@pytest.mark.parametrize(("size", "status"), [(10, 415), (DATA_UPLOAD_MAX_MEMORY_SIZE + 1, 413)])
def test_unexpected_multipart_body_is_refused_and_hardly_read(office, tmp_path, size, status):
    """An idempotency key belongs to a body, so the view reads all of it; its length is not declared."""
    headers = office.headers | {"Idempotency-Key": "once", "Content-Type": "multipart/form-data"}
    with web_behind_gate(tmp_path) as web:
        pieces = (PATTERN[: min(MIB, size - first)] for first in range(0, size, MIB))
        answer = httpx.post(
            f"{web.url}/api/v1/comments/", content=pieces, headers=headers, timeout=60, trust_env=False
        )
        assert answer.status_code == status, answer.text


def test_the_connection_that_brought_a_large_file_serves_whatever_comes_next(office, tmp_path):
    with web_behind_gate(tmp_path) as web, closing(web.connect()) as connection:
        pieces, length = body_of(office, MIB)
        connection.request("POST", f"{API}upload/", body=pieces, headers=headers_of(office, length))
        connected_by = connection.sock
        statuses = [read(connection)]
        for host in (office.headers["Host"], "localhost"):
            connection.request("GET", "/auth/login/", headers={"Host": host})
            statuses.append(read(connection))
        assert connection.sock is connected_by, "It was another connection."
    assert statuses == [201, 200, 200]


def read(connection):
    answer = connection.getresponse()
    answer.read()
    return answer.status
