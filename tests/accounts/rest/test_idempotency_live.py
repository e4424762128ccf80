"""Parallel requests with the same idempotency key, sent to a web process over separate connections."""

import os
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import PlacedIdempotencyKey
from projects.models import Project
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import join, make_user
from tenancy.tokens import issue
from tests.isolation.live import Request, send_all, web_process
from tests.pooler.pgbouncer import with_database

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 50


def test_fifty_parallel_requests_with_one_key_have_one_effect_and_one_body(tmp_path):
    # With a unique slug: the web process caches hosts longer than this test runs.
    account = get_tenant_model()._default_manager.create(slug=f"again-{uuid4().hex[:8]}", name="Again")
    person = make_user("again")
    join(person, account, "owner")
    access, _ = issue(user_id=person.pk, tenant=account)
    headers = {"Authorization": f"Bearer {access}", "Idempotency-Key": str(uuid4())}
    request = Request(
        "POST", f"{account.slug}.localhost", "/api/v1/projects/", headers, 201, account, {"name": "Once"}
    )
    bodies, replayed = set(), []

    def check(request, response):
        head, _, body = response.text.partition("\r\n\r\n")
        bodies.add(body)
        replayed.append("idempotency-replayed: true" in head.lower())
        return None if response.status == 201 else response.text

    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path / "web.log", connections=TIMES) as url:
        outcome = send_all(url, [request] * TIMES, check, at_once=TIMES, cancelled=0, seed=0)
    assert outcome.wrong == []
    assert outcome.statuses == {201: TIMES}
    assert (len(bodies), replayed.count(False)) == (1, 1)
    with tenant_context(account):
        assert (Project.objects.count(), PlacedIdempotencyKey.objects.count()) == (1, 1)
