"""Files of tenants in S3, with a real server, and names that are refused before a request."""

from contextlib import suppress
from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import default_storage

from tenancy.context import NoActiveTenant, tenant_context
from tenancy.storage import StorageUnavailable, TenantStorage

pytestmark = pytest.mark.django_db

OPTIONS = settings.STORAGES["default"]["OPTIONS"]


def put(name, content=b"content"):
    return default_storage.save(name, File(BytesIO(content)))


def keys():
    """Return all keys of the bucket, read without the storage."""
    client = default_storage.connection.meta.client
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=OPTIONS["bucket_name"])
    return {each["Key"] for page in pages for each in page.get("Contents", ())}


def test_saved_file_can_be_read_and_deleted(acme):
    name = f"exports/{uuid4()}"
    with tenant_context(acme):
        assert put(name, b"first") == name
        assert put(name, b"second") == name  # the same place, so that it can be done again
        stored = default_storage.read(name)
        assert (stored.size, b"".join(stored.pieces)) == (6, b"second")
        assert default_storage.exists(name)
        assert default_storage.size(name) == 6
        default_storage.delete(name)
        default_storage.delete(name)
        assert not default_storage.exists(name)
        with pytest.raises(FileNotFoundError):
            default_storage.read(name)


def test_the_key_has_the_tenant_in_front(acme):
    name = f"exports/{uuid4()}"
    with tenant_context(acme):
        put(name)
    assert f"tenants/{acme.pk}/{name}" in keys()


def test_tenant_cannot_reach_files_of_another(acme, globex):
    name = f"exports/{uuid4()}"
    with tenant_context(acme):
        put(name, b"ours")
    with tenant_context(globex):
        assert not default_storage.exists(name)
        with pytest.raises(FileNotFoundError):
            default_storage.read(name)
        default_storage.delete(name)
        put(name, b"theirs")
        assert default_storage.listdir("exports")[1] == [name.removeprefix("exports/")]
    with tenant_context(acme):
        assert b"".join(default_storage.read(name).pieces) == b"ours"


def test_storage_without_a_tenant_raises():
    for call in (
        put,
        *(getattr(default_storage, name) for name in ("read", "exists", "size", "delete", "open", "url")),
    ):
        with pytest.raises(NoActiveTenant):
            call("exports/x")


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "../../tenants/x", "exports/../../../x", "/etc/passwd", "exports//x", "exports/", "", "."),
        *("exports\\..\\x", "exports/\0", "exports/x\n", "Exports/x", "exports/ü", "x.csv", "a" * 5_000 + "é"),
    ],
)
def test_names_of_another_form_are_refused(acme, name):
    with tenant_context(acme):
        for call in (default_storage.read, default_storage._normalize_name):
            with pytest.raises(SuspiciousFileOperation):
                call(name)


@pytest.mark.parametrize("path", ["{globex}/exports/x", "../{globex}/exports/x", "exports/../../{globex}/exports/x"])
def test_key_of_another_tenant_reaches_no_file(acme, globex, path):
    with tenant_context(globex):
        put("exports/x", b"theirs")
    with tenant_context(acme):
        for call in (default_storage.exists, default_storage.read, default_storage.open, default_storage.delete):
            with suppress(SuspiciousFileOperation, FileNotFoundError):
                assert not call(path.format(globex=f"tenants/{globex.pk}"))
    with tenant_context(globex):
        assert b"".join(default_storage.read("exports/x").pieces) == b"theirs"


def test_large_file_is_read_in_chunks(acme):
    content = bytes(range(256)) * 4096 * 20  # 20 MiB: sent in parts
    with tenant_context(acme):
        name = put(f"exports/{uuid4()}", content)
        stored = default_storage.read(name)
        pieces = list(stored.pieces)
    assert (stored.size, b"".join(pieces)) == (len(content), content)
    assert max(len(piece) for piece in pieces) <= 256 * 1024


def test_stopped_server_is_unavailable(acme):
    gone = TenantStorage(**{**OPTIONS, "endpoint_url": "http://127.0.0.1:1"})
    with tenant_context(acme):
        for call in (gone.read, gone.exists, gone.size, gone.delete):
            with pytest.raises(StorageUnavailable):
                call("exports/x")
        with pytest.raises(StorageUnavailable):
            gone.save("exports/x", File(BytesIO(b"x")))


def test_a_server_that_refuses_is_unavailable(acme):
    wrong = TenantStorage(**{**OPTIONS, "secret_key": "x" * 20})
    with tenant_context(acme), pytest.raises(StorageUnavailable):
        wrong.read("exports/x")
