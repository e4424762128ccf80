"""The end of a membership revokes sessions and tokens, and readmission restores none of them"""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.actions.locks import lock_account
from accounts.actions.members import AlreadyMember, change_role, delete_ended_rows, take_in
from accounts.live.visitors import Visitor, look_again
from accounts.models import ApiToken, Membership, RefreshFamily
from projects.models import ProjectMember
from tasks.actions.tasks import update_task
from tasks.models import Assignment
from tenancy.context import tenant_context
from tenancy.fields import TenantForeignKey
from tenancy.testing import PASSWORD, membership_of

URL, PROJECTS = "/api/v1/members/", "/api/v1/projects/"

# {model and field that refer to a member: the effect of leaving}
REFERENCES = {
    "accounts.RefreshFamily.member": "revoked",
    "accounts.ApiToken.member": "revoked",
    "projects.ProjectMember.member": "deleted",
    "accounts.Notification.member": "deleted",
    "accounts.Notification.actor": "kept: what they did",
    "accounts.Export.requested_by": "kept: for a week, and shown to members who see the project",
    "accounts.IdempotencyKey.member": "kept: answers to requests that cannot be sent any more, for a day",
    "accounts.PlacedIdempotencyKey.member": "kept: answers to requests that cannot be sent any more, for a day",
    "accounts.AuditEntry.actor": "kept: what they did",
    "accounts.AuditDraft.actor": "kept: what they did",
    "accounts.Invitation.invited_by": "kept: it is the account's, and admins see and revoke it",
    "projects.Activity.actor": "kept: what they did",
    "tasks.Comment.author": "kept: what they wrote",
    "tasks.Attachment.uploaded_by": "kept: what they added",
    "sample.Note.reader": "kept: it is in a sample",
    "sample.NoteActivity.actor": "kept: what they did",
    "sample.NoteFile.uploaded_by": "kept: what they added",
    "tasks.Assignment.member": "kept: what another member has to take over",
}


@pytest.fixture
def remove(client, acme, alice):
    """Let alice remove a user."""

    def remove(person):
        assert client.as_(alice).delete(f"{URL}{membership_of(person, acme).pk}/").status_code == 204

    return remove


@pytest.fixture
def readmit(acme):
    """Make a user a member again, more than a second later: some timestamps have a precision of a second."""

    def readmit(person, role="member"):
        with tenant_context(acme):
            delete_ended_rows(user_id=person.pk)
        with tenant_context(acme), transaction.atomic():
            lock_account()
            member = take_in(user=person, role=role)
            later = {"readmitted_at": timezone.now() + timedelta(seconds=2)}
            Membership.objects.filter(pk=member.pk).update(**later)
        return member

    return readmit


def log_in(client, account, person):
    body = {"email": person.email, "password": PASSWORD}
    return client.at(account).json("POST", "/api/v1/auth/token/", body).json()


def bearing(client, account, token):
    return client.at(account).get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {token}")


def test_every_reference_to_a_member_states_what_happens_on_leaving():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey) and field.remote_field.model is Membership
    }
    assert found == set(REFERENCES)
    deleted = {model._meta.label for model in apps.get_models() if getattr(model, "ends_with_membership", None)}
    assert deleted == {name.rpartition(".")[0] for name, end in REFERENCES.items() if end == "deleted"}


@pytest.mark.parametrize("leaves", [False, True], ids=["removed", "left"])
def test_leaving_ends_sessions_and_tokens_at_once(client, acme, bob, remove, leaves):
    session, tokens = client.as_(bob), log_in(client, acme, bob)
    personal = session.json("POST", "/api/v1/tokens/", {"name": "CI"}).json()["token"]
    if leaves:
        assert session.json("POST", f"{URL}leave/").status_code == 204
    else:
        remove(bob)
    assert session.get("/")["Location"] == "/auth/login/?next=/"
    assert session.get(PROJECTS).status_code == 401
    answer = bearing(client, acme, tokens["access"])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")
    assert bearing(client, acme, personal).json()["code"] == "invalid_token"
    refreshed = client.at(acme).json("POST", "/api/v1/auth/token/refresh/", {"refresh": tokens["refresh"]})
    assert (refreshed.status_code, refreshed.json()["code"]) == (403, "not_a_member")
    assert log_in(client, acme, bob)["code"] == "invalid_credentials"


def test_leaving_revokes_refresh_tokens(client, acme, bob, remove):
    """Two controls overlap for a readmitted user: this control does not compare dates."""
    log_in(client, acme, bob)
    remove(bob)
    with tenant_context(acme):
        assert RefreshFamily.objects.get(member=membership_of(bob, acme)).revoked_at is not None


def test_leaving_keeps_access_to_other_accounts(client, acme, globex, charlie, remove):
    elsewhere, tokens = client.as_(charlie, at=globex), log_in(client, globex, charlie)
    remove(charlie)
    assert elsewhere.get(PROJECTS).status_code == 200
    assert bearing(client, globex, tokens["access"]).status_code == 200


def test_leaving_keeps_activity_and_removes_project_memberships(client, acme, alice, bob, task, remove, run_jobs):
    with tenant_context(acme):
        his = membership_of(bob, acme)
        update_task(task=task, actor=membership_of(alice, acme), assignees=[his])
        ProjectMember.objects.create(project=task.project, member=his)
    remove(bob)
    run_jobs()
    with tenant_context(acme):
        assert Assignment.objects.filter(member=his).count() == 1
        assert not ProjectMember.objects.filter(member=his).exists()
        assert ProjectMember.objects.filter(project=task.project).count() == 1  # alice's own
    assert client.as_(alice).get(f"/api/v1/tasks/{task.pk}/").json()["assignees"] == [str(his.pk)]
    assert client.as_(alice).get(f"/tasks/{task.key}/").status_code == 200


def test_readmitted_user_is_the_same_member_with_the_new_role(acme, bob, client, remove, readmit):
    before = membership_of(bob, acme)
    remove(bob)
    member = readmit(bob, "viewer")
    assert (member.pk, member.role, member.ended_at) == (before.pk, "viewer", None)
    assert client.as_(bob).get("/api/v1/me/").status_code == 401  # the session is older than the readmission
    with tenant_context(acme):
        Membership.objects.filter(pk=member.pk).update(readmitted_at=timezone.now())
    assert client.as_(bob).get("/api/v1/me/").json()["role"] == "viewer"
    assert bearing(client, acme, log_in(client, acme, bob)["access"]).status_code == 200


def test_revoked_credentials_stay_revoked_after_readmission(client, acme, bob, secret_project, remove, readmit):
    session, tokens = client.as_(bob), log_in(client, acme, bob)
    personal = session.json("POST", "/api/v1/tokens/", {"name": "CI"}).json()["token"]
    with tenant_context(acme):
        ProjectMember.objects.create(project=secret_project, member=membership_of(bob, acme))
    assert len(session.get(PROJECTS).json()["results"]) == 1
    remove(bob)
    readmit(bob)
    assert session.get(PROJECTS).status_code == 401
    assert session.get("/").status_code == 302
    for token in (tokens["access"], personal):
        answer = bearing(client, acme, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    refreshed = client.at(acme).json("POST", "/api/v1/auth/token/refresh/", {"refresh": tokens["refresh"]})
    assert (refreshed.status_code, refreshed.json()["code"]) == (401, "invalid_token")
    for token in (*tokens.values(), personal):
        if isinstance(token, str):
            verified = client.at(acme).json("POST", "/api/v1/auth/token/verify/", {"token": token})
            assert verified.status_code == 401
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(readmitted_at=timezone.now())
    assert client.as_(bob).get(PROJECTS).json()["results"] == []


def test_socket_from_before_readmission_is_closed(acme, bob, remove, readmit):
    his = membership_of(bob, acme)
    before = Visitor(his.pk, bob.pk, "member", timezone.now(), token_expires_at=time.time() + 60)
    remove(bob)
    readmit(bob)
    after = replace(before, since=timezone.now() + timedelta(minutes=1))
    with tenant_context(acme):
        reasons, staying = look_again([before, after])
    assert {visitor: reason.code for visitor, reason in reasons.items()} == {before: 4403}
    assert list(staying) == [his.pk]


def test_rows_added_after_leaving_are_not_restored(acme, bob, secret_project, remove, readmit):
    his = membership_of(bob, acme)
    remove(bob)
    with tenant_context(acme):
        late = ApiToken.objects.create(member=his, name="late", text_hash="x")
        ProjectMember.objects.create(project=secret_project, member=his)
    readmit(bob)
    with tenant_context(acme):
        assert ApiToken.objects.get(pk=late.pk).revoked_at is not None
        assert not ProjectMember.objects.filter(member=his).exists()


def test_readmission_of_a_member_raises(acme, bob, readmit):
    with pytest.raises(AlreadyMember):
        readmit(bob)


def test_removal_of_a_former_member_is_not_found(client, acme, alice, bob, remove):
    url = f"{URL}{membership_of(bob, acme).pk}/"
    remove(bob)
    assert client.as_(alice).delete(url).status_code == 404


def test_member_removed_during_a_request_cannot_act(client, acme, admin, bob, remove):
    """As a request that was authorized before the removal and waited for its lock."""
    stale, his = membership_of(admin, acme), membership_of(bob, acme)
    remove(admin)
    with tenant_context(acme), pytest.raises(PermissionDenied):
        change_role(member=his, actor=stale, role="viewer")
    assert membership_of(bob, acme).role == "member"
