"""Helpers of tests of invitations."""

import json
import re

from celery import current_app
from django.core import mail
from kombu.utils.json import loads

from tenancy.outbox.models import OutboxJob

URL, ACCEPT = "/api/v1/invitations/", "/api/v1/invitations/accept/"
NEW = {"name": "Nina", "password": "a long sentence of hers"}


def post():
    """Run the waiting jobs, as a worker does, and return the mails that they have sent."""
    for job in OutboxJob.objects.order_by("created_at", "pk"):
        current_app.tasks[job.name](tenant_id=str(job.tenant_id), **loads(json.dumps(job.kwargs)))
        job.delete()
    sent, mail.outbox[:] = list(mail.outbox), []
    return sent


def link_in(message):
    """Return the link in a mail: its host and its token."""
    return re.search(r"^http://([^/]+)/invitations/([\w-]{43})/$", message.body, re.MULTILINE).groups()


def invite(client, who, account, email="nina@example.com", role="member"):
    """Invite an address as a member, and return the data of the response and the token of the link."""
    answer = client.as_(who, at=account).json("POST", URL, {"email": email, "role": role})
    assert answer.status_code == 201, answer.content
    (message,) = post()
    return answer.json(), link_in(message)[1]


def accept(client, tenant, token, **fields):
    """Accept an invitation at the host of a tenant; `account` among `fields` is part of the body."""
    return client.at(tenant).json("POST", ACCEPT, {"token": token, **fields})
