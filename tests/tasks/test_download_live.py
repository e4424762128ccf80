"""Streamed downloads from a web process hold no connection to the database."""

import os
from io import BytesIO
from uuid import uuid4

import httpx
import pytest
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.actions.tokens import create_personal_token
from accounts.models import Export
from projects.actions.projects import create_project
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import join, make_user
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database

pytestmark = pytest.mark.django_db(transaction=True)

CONTENT = bytes(range(256)) * 4096 * 32  # 32 MiB: more than the network buffers


@pytest.fixture
def asked():
    """The path of a ready export, and the headers to request it."""
    # With a unique slug: the web process caches hosts longer than this test runs.
    account = get_tenant_model()._default_manager.create(slug=f"download-{uuid4().hex[:8]}", name="Download")
    member = join(make_user("reader"), account, "owner")
    with tenant_context(account):
        _, token = create_personal_token(actor=member, name="download")
        project = create_project(actor=member, name="Website")
        ready = {"state": "ready", "size": len(CONTENT), "expires_at": timezone.now() + Export.LIFETIME}
        export = Export.objects.create(
            kind="project", subject_id=project.pk, requested_by=member, format="json", **ready
        )
        default_storage.save(export.file, File(BytesIO(CONTENT)))
    headers = {"Authorization": f"Bearer {token}", "Host": f"{account.slug}.localhost"}
    return f"/api/v1/exports/{export.pk}/download/", headers


def test_slow_reader_does_not_hold_a_database_connection(asked, tmp_path):
    path, headers = asked
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    # Two: the process uses one for the check of its role at its start.
    with web_process(url, tmp_path / "web.log", connections=2) as web, httpx.Client(trust_env=False) as client:
        with client.stream("GET", web + path, headers=headers, timeout=30) as response:
            assert response.status_code == 200, response.read()
            pieces = response.iter_raw()
            body = next(pieces)  # and no more for now
            other = httpx.get(f"{web}/api/v1/me/", headers=headers, timeout=30, trust_env=False)
            assert other.status_code == 200
            body += b"".join(pieces)
        assert body == CONTENT
        assert response.headers["content-length"] == str(len(CONTENT))
        with client.stream("GET", web + path, headers=headers, timeout=30) as response:
            next(response.iter_raw())  # a client that disconnects in the middle
        assert client.get(f"{web}/api/v1/me/", headers=headers).status_code == 200
