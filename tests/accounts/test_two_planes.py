"""A change of both planes is two transactions. The second can be repeated; a kill between the two loses nothing."""

from unittest.mock import patch
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from accounts import audit
from accounts.actions import members
from accounts.actions.acceptance import accept_invitation
from accounts.actions.invitations import invite
from accounts.actions.locks import lock_account
from accounts.jobs import record_drafts, remove_old
from accounts.models import AuditDraft, AuditEntry, Export, Membership, Notification
from accounts.tokens import hash_of
from projects.actions.projects import add_project_member, archive_project, delete_project
from projects.models import Project, ProjectMember
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.places import atomic
from tenancy.planes import CrossPlaneTransaction
from tenancy.testing import membership_of

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def his(acme, bob):
    return membership_of(bob, acme)


@pytest.fixture
def kill_in(acme, run_jobs):
    """Run the waiting jobs of acme, and kill the process where it calls `name`. The job stays in the outbox."""

    def kill_in(target, name):
        before = list(OutboxJob.objects.order_by("pk"))
        with patch.object(target, name, side_effect=Killed), pytest.raises(Killed):
            run_jobs()
        OutboxJob.objects.bulk_create(before, ignore_conflicts=True)  # what the worker has not finished

    return kill_in


# The end of a membership ---------------------------------------------------------------------------------------------


@pytest.fixture
def in_project(acme, secret_project, his):
    """Make bob a member of a private project, with a notification."""
    with tenant_context(acme):
        ProjectMember.objects.create(project=secret_project, member=his)
        Notification.objects.create(member=his, kind="assigned", subject_id=secret_project.pk, cause="x")


def rows_of(account, member):
    with tenant_context(account):
        return [model.objects.filter(member=member).count() for model in (ProjectMember, Notification)]


def remove(account, owner, member):
    with tenant_context(account):
        members.remove_member(member=member, actor=membership_of(owner, account))


def test_rows_of_a_removed_member_are_deleted_by_a_job(acme, alice, his, in_project, run_jobs):
    OutboxJob.objects.all().delete()
    remove(acme, alice, his)
    assert rows_of(acme, his) == [1, 1]
    assert run_jobs() == ["accounts.delete_ended_rows"]
    assert rows_of(acme, his) == [0, 0]


def test_killed_end_of_a_membership_is_continued(acme, alice, his, in_project, run_jobs, kill_in):
    remove(acme, alice, his)
    kill_in(members, "_ending_rows")
    assert membership_of(his.user, acme).ended_at is not None
    assert rows_of(acme, his) == [1, 1]
    run_jobs()
    assert rows_of(acme, his) == [0, 0]


def test_rows_whose_job_was_dropped_are_deleted_by_the_daily_job(acme, alice, his, in_project):
    """As the jobs of a suspended account are."""
    others = membership_of(alice, acme)
    with tenant_context(acme):
        Notification.objects.create(member=others, kind="assigned", subject_id=his.pk, cause="x")
    remove(acme, alice, his)
    OutboxJob.objects.all().delete()
    before = rows_of(acme, others)
    with tenant_context(acme):
        remove_old(day="2026-12-01")
    assert rows_of(acme, his) == [0, 0]
    assert rows_of(acme, others)[0] == before[0]


def test_late_job_leaves_the_rows_of_a_readmitted_member(acme, alice, bob, his, secret_project, in_project, run_jobs):
    remove(acme, alice, his)
    late = OutboxJob.objects.get(name="accounts.delete_ended_rows")
    run_jobs()
    with tenant_context(acme):
        Membership.objects.filter(pk=his.pk).update(ended_at=None)
        ProjectMember.objects.create(project=secret_project, member=his)
    late.save(force_insert=True)
    run_jobs()
    assert rows_of(acme, his) == [1, 0]


def invitation_of(account, owner, user):
    with tenant_context(account):
        row = invite(actor=membership_of(owner, account), email=user.email, role="member")
        row.token_hash = hash_of("token")
        row.save(update_fields=["token_hash"])


def test_readmission_deletes_what_remains_before_the_job(acme, alice, bob, his, in_project):
    remove(acme, alice, his)
    invitation_of(acme, alice, bob)
    with tenant_context(acme):
        accept_invitation(token="token", user=bob)
    assert membership_of(bob, acme).ended_at is None
    assert rows_of(acme, his) == [0, 0]


def test_readmission_is_refused_while_rows_remain(acme, alice, bob, his, in_project):
    """As after a removal between the two transactions of an acceptance."""
    remove(acme, alice, his)
    invitation_of(acme, alice, bob)
    with (
        tenant_context(acme),
        patch("accounts.actions.acceptance.delete_ended_rows"),
        pytest.raises(members.StillEnding),
    ):
        accept_invitation(token="token", user=bob)
    assert membership_of(bob, acme).ended_at is not None


def test_rows_of_a_current_member_are_not_deleted(acme, his, in_project):
    with tenant_context(acme):
        members.delete_ended_rows(user_id=his.user_id)
    assert rows_of(acme, his) == [1, 1]


def test_end_of_a_membership_in_one_transaction_is_refused(acme, alice, his, in_project):
    with tenant_context(acme), pytest.raises(CrossPlaneTransaction), transaction.atomic():
        lock_account()
        members.end_membership(his, membership_of(alice, acme))
        members.delete_ended_rows(user_id=his.user_id)


def test_former_member_is_not_added_to_a_project(acme, alice, his, project):
    remove(acme, alice, his)
    with tenant_context(acme), pytest.raises(Exception, match="no longer a member"):
        add_project_member(project=project, actor=membership_of(alice, acme), member=his)


# The audit log of content --------------------------------------------------------------------------------------------


def entries(account, model=AuditEntry):
    with tenant_context(account):
        return list(model.objects.order_by("pk").values_list("pk", "action", "object_id", "data", "created_at"))


@pytest.fixture
def archive(acme, alice, project):
    """Archive the project after the drafts of its creation were copied."""
    with tenant_context(acme):
        record_drafts()
        archive_project(project=project, actor=membership_of(alice, acme))


def test_draft_of_an_entry_is_copied_with_its_id_and_time(acme, archive, run_jobs):
    drafts, before = entries(acme, AuditDraft), entries(acme)
    assert [action for _pk, action, *_rest in drafts] == ["project.archived"]
    run_jobs()
    assert entries(acme) == before + drafts
    assert entries(acme, AuditDraft) == []


def test_entry_of_a_killed_job_is_neither_lost_nor_copied_twice(acme, archive, run_jobs, kill_in):
    drafts = entries(acme, AuditDraft)
    kill_in(AuditEntry.objects, "bulk_create")  # before the first step
    assert entries(acme, AuditDraft) == drafts
    kill_in(AuditDraft.objects, "filter")  # between the two
    assert entries(acme)[-1:] == drafts
    assert entries(acme, AuditDraft) == drafts
    number = len(entries(acme))
    run_jobs()
    assert (len(entries(acme)), entries(acme, AuditDraft)) == (number, [])


def test_change_that_is_rolled_back_leaves_no_draft(acme, alice, project, run_jobs):
    run_jobs()
    with tenant_context(acme), pytest.raises(Killed), atomic():
        delete_project(project=project, actor=membership_of(alice, acme))
        raise Killed
    assert entries(acme, AuditDraft) == []
    assert run_jobs() == []
    with tenant_context(acme):
        assert Project.objects.filter(pk=project.pk).exists()


def test_drafts_of_a_suspended_account_are_copied_by_the_daily_job(acme, archive):
    OutboxJob.objects.all().delete()  # as a worker does with the jobs of a suspended account
    with tenant_context(acme):
        record_drafts(day="2026-12-01")
    assert entries(acme, AuditDraft) == []
    assert entries(acme)[-1][1] == "project.archived"


def test_more_drafts_than_are_copied_at_once(acme, alice, archive, monkeypatch):
    monkeypatch.setattr(audit, "DRAFTS_AT_ONCE", 2)
    with tenant_context(acme):
        for _number in range(4):
            audit.draft_audit(action="x", actor=membership_of(alice, acme), subject=acme)
        assert audit.record_drafts() == 5
    assert entries(acme, AuditDraft) == []


def test_drafts_of_another_account_are_left_alone(acme, globex, archive):
    drafts = entries(acme, AuditDraft)
    with tenant_context(globex):
        record_drafts()
    assert entries(acme, AuditDraft) == drafts
    assert entries(globex) == []


def test_audit_entry_in_the_transaction_of_content_is_refused(acme, alice, project):
    with tenant_context(acme), pytest.raises(CrossPlaneTransaction), atomic():
        archive_project(project=project, actor=membership_of(alice, acme))
        record_drafts()


@pytest.mark.parametrize(
    "url", ["/api/v1/audit/", "/api/v1/audit/export/", "/settings/audit/", "/settings/audit/export/"]
)
def test_log_has_what_was_committed_before_it_is_read(client, acme, alice, archive, url):
    response = client.as_(alice).get(url)
    text = b"".join(response.streaming_content) if response.streaming else response.content
    assert b"project.archived" in text
    assert entries(acme, AuditDraft) == []


def test_archive_of_the_account_has_its_own_entry(client, acme, alice, run_jobs):
    client.as_(alice).json("POST", "/api/v1/exports/", {"format": "zip"})
    with tenant_context(acme):
        OutboxJob.objects.filter(name="accounts.record_drafts").delete()
        run_jobs()
        export = Export.objects.get()
        with default_storage.open(export.file) as file, ZipFile(file) as written:
            assert b"account.exported" in written.read("tables/accounts_auditentry.csv")


def test_export_of_the_account_is_in_the_audit_log(client, acme, alice, run_jobs):
    assert client.as_(alice).json("POST", "/api/v1/exports/", {"format": "zip"}).status_code == 201
    run_jobs()
    with tenant_context(acme):
        export = Export.objects.get()
    assert [(action, subject) for _pk, action, subject, *_rest in entries(acme)] == [("account.exported", export.pk)]
