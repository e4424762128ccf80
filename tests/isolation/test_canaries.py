"""Every text contains a canary and the scanner finds it: without both, the other tests here would prove nothing."""

import pytest
from django.apps import apps
from django.db import models

from projects.models import Label
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.testing import CANARY, canary, foreign_canaries

pytestmark = pytest.mark.django_db

# Text with a fixed format, which cannot contain a canary.
FORMATTED = {
    "accounts.ApiToken.prefix": "how the text of a token begins",
    "accounts.ApiToken.text_hash": "a hash",
    "accounts.AuditDraft.action": "one of the program's own words",
    "accounts.AuditDraft.actor_email": "an e-mail address",
    "accounts.AuditEntry.action": "one of the program's own words",
    "accounts.AuditEntry.actor_email": "an e-mail address",
    "accounts.Membership.avatar": "which picture, by a random number",
    "accounts.PlacedIdempotencyKey.request_hash": "a hash",
    "accounts.PlacedIdempotencyKey.body_hash": "a hash",
    "accounts.IdempotencyKey.request_hash": "a hash",
    "accounts.IdempotencyKey.body_hash": "a hash",
    "accounts.Invitation.email": "an e-mail address",
    "accounts.Invitation.token_hash": "a hash",
    "accounts.Export.kind": "one of the program's own words",
    "accounts.Export.format": "one of the program's own words",
    "accounts.Notification.kind": "one of the program's own words",
    "accounts.Notification.data": "ids",
    "accounts.Notification.cause": "an id or a day",
    "projects.Project.key": "two to ten capital letters and digits",
    "projects.Status.rank": "a place in an order",
    "projects.Activity.verb": "one of the program's own words",
    "projects.Label.name_key": "what names are sorted by, without hyphens joined to words",
    "tasks.Task.title_key": "what names are sorted by",
    "tasks.Task.search_text": "what is searched",
    "tasks.Subtask.title_key": "what names are sorted by",
    "tasks.Subtask.search_text": "what is searched",
    "tasks.Comment.search_text": "what is searched",
    "tasks.Task.rank": "a place in an order",
    "tasks.Subtask.rank": "a place in an order",
    "sample.NoteActivity.verb": "one of the program's own words",
}


def text_fields():
    """Yield the text fields of all tenant-owned models that users can edit."""
    for model in apps.get_models():
        for field in model._meta.local_fields if is_tenant_owned(model) else ():
            if isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices:
                yield model, field


@pytest.mark.parametrize("model", [model for model in apps.get_models() if is_tenant_owned(model)])
def test_every_table_has_rows_of_both_tenants(ours, theirs, model):
    for world in (ours, theirs):
        with tenant_context(world.tenant):
            assert model._default_manager.count() == 1


def test_every_text_has_a_canary_of_its_own_tenant(ours, theirs):
    formatted = set()
    for model, field in text_fields():
        label = f"{model._meta.label}.{field.name}"
        for world in (ours, theirs):
            with tenant_context(world.tenant):
                found = CANARY.search(str(model._default_manager.values_list(field.name, flat=True).get()))
            if found is None:
                formatted.add(label)
            else:
                assert found[1] == str(world.tenant.pk), label
    assert formatted == set(FORMATTED)


@pytest.mark.parametrize("room", [80, 50])
def test_scanner_finds_foreign_canaries_only(acme, globex, room):
    own, foreign = canary(acme, room=room), canary(globex, room=room)
    assert foreign_canaries(f'{{"a": "{own}", "b": "{foreign}"}}', acme) == [foreign]
    assert foreign_canaries(f"<b>{own}</b>\xff{foreign}".encode("latin-1"), None) == [own, foreign]


def test_client_refuses_a_response_with_a_foreign_canary(client, acme, globex, alice, ours):
    with tenant_context(acme):
        Label.objects.update(name=canary(globex, room=50))
    with pytest.raises(AssertionError, match="shows CANARY"):
        client.as_(alice).get(f"/tasks/{ours.project.key}-1/")
