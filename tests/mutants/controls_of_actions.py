"""Controls of authorization at the time of use: after the locks, and after the last byte of an upload."""

from tests.mutants.controls import Mutant, off

AUTHORIZATION, ACTIVITY = "accounts/actions/authorization.py", "projects/actions/activity.py"
MEMBERS, TOKENS, EXPORTS = "accounts/actions/members.py", "accounts/actions/tokens.py", "accounts/actions/exports.py"
REVOKED, UPLOADS = "tests/isolation/test_revocation_races.py", "tests/tasks/test_uploads_revoked.py"
LOG_INS, ENDING = "tests/accounts/test_unfinished_log_ins.py", "tests/accounts/test_invitation_validity.py"
NOTHING = f"{REVOKED}::test_action_writes_nothing_after_the_permission_was_revoked"


def asked_by(action: str) -> str:
    return f"{NOTHING}[{action}]"


OF_ACTING: list[Mutant] = [
    off(
        "authorization: the role is checked again after the locks",
        AUTHORIZATION,
        "    actor.user = now.user\n    require(actor, permission)\n",
        "    actor.user = now.user\n",
        asked_by("tasks.actions.tasks.update_task"),
    ),
    off(
        "authorization: the account is not suspended meanwhile",
        AUTHORIZATION,
        "if now.account.suspended_at is not None and not while_suspended:",
        "if False:",
        asked_by("tasks.actions.tasks.create_task"),
    ),
    off(
        "authorization: the person is not switched off meanwhile",
        AUTHORIZATION,
        "if now is None or not now.user.is_active:",
        "if now is None:",
        asked_by("tasks.actions.tasks.create_task"),
    ),
    off(
        "authorization: a revocation waits for the writes before it",
        AUTHORIZATION,
        "else locked_in_share(rows)",
        "else rows",
        f"{REVOKED}::test_a_revocation_waits_for_the_writes_that_were_authorized_before_it",
    ),
    off(
        "authorization: writes of one member run in parallel",
        AUTHORIZATION,
        "if changes_member else",
        "if True else",
        f"{REVOKED}::test_two_writes_of_one_member_do_not_wait_for_each_other",
    ),
    off(
        "authorization: a project is not hidden meanwhile",
        ACTIVITY,
        "    if not sees(project, actor):\n",
        "    if False:\n",
        asked_by("tasks.actions.tasks.update_task"),
    ),
    off(
        "authorization: nor one of many in bulk",
        "tasks/actions/bulk.py",
        " if sees(project, actor)}",
        "}",
        asked_by("tasks.actions.bulk.update_tasks"),
    ),
    off(
        "authorization: nor one that is exported",
        EXPORTS,
        "    if subjects is not None and not subjects.filter(pk=subject.pk).exists():\n",
        "    if False:\n",
        asked_by("accounts.actions.exports.request_export"),
    ),
    off(
        "authorization: what was exported is for who may still have it",
        EXPORTS,
        "        if _find_allowed(export_id) is None:  # writing takes its time\n",
        "        if False:\n",
        "tests/accounts/exports/test_exports_api.py::test_file_is_not_stored_when_access_is_lost_while_it_is_written",
    ),
    off(
        "authorization: an upload is asked about after its last byte",
        "accounts/actions/attachments.py",
        "    _lock(attachment, actor)\n    if attachment.state",
        "    if attachment.state",
        f"{UPLOADS}::test_upload_is_refused_after_a_revocation",
    ),
    off(
        "authorization: nothing is kept of a picture that was refused",
        "accounts/actions/pictures.py",
        "        with suppress(StorageUnavailable):  # the sweeper does it\n            storage.delete(name)\n",
        "",
        asked_by("accounts.actions.pictures.set_avatar"),
    ),
    off(
        "authorization: an action that the test does not know fails it",
        "projects/actions/labels.py",
        "class _MoreProjects(Exception):",
        "def rename_label(*, actor: Membership) -> None: ...\n\n\nclass _MoreProjects(Exception):",
        f"{REVOKED}::test_every_action_is_covered",
    ),
    off(
        "log-ins: one that waits for its code ends with the password",
        "accounts/adapters.py",
        "stamp = request.session.pop(BEGUN, {}).get(str(user.pk), user.log_in_stamp)",
        "stamp = User.objects.get(pk=user.pk).log_in_stamp",
        f"{LOG_INS}::test_log_in_waiting_for_its_code_ends_with_the_password",
        f"{LOG_INS}::test_log_in_with_a_checked_old_password_is_refused",
    ),
    off(
        "log-ins: no tokens are made with the password of before",
        TOKENS,
        "lock_for_log_in(member.user, stamp=member.user.log_in_stamp)",
        "lock_person(member.user)",
        f"{LOG_INS}::test_token_request_with_a_checked_old_password_is_refused",
    ),
    off(
        "log-ins: a refresh ends with all log-ins",
        TOKENS,
        "if not member.user.is_active or not member.user.accepts_log_in_of(token.issued_at):",
        "if False:",
        f"{LOG_INS}::test_refresh_of_a_session_being_ended_is_refused",
    ),
    off(
        "log-ins: an access token ends with the password",
        "accounts/authentication.py",
        "if token.stamp and not constant_time_compare(token.stamp, membership.user.password_stamp):",
        "if False:",
        f"{LOG_INS}::test_an_access_token_ends_with_the_password",
    ),
    off(
        "log-ins: so does a socket that it has opened",
        "accounts/live/visitors.py",
        " or _has_new_password(user, visitor.stamp):",
        ":",
        "tests/accounts/live/test_access.py::test_a_socket_with_a_token_is_closed[change_password-4401-not_authenticated]",
    ),
    off(
        "log-ins: an invitation takes the password of now",
        "accounts/actions/acceptance.py",
        " or invited.log_in_stamp != user.log_in_stamp:",
        ":",
        f"{LOG_INS}::test_acceptance_with_the_old_password_is_refused",
    ),
    off(
        "invitations: a link is worth what its inviter may do",
        "accounts/models/invitations.py",
        "return self.open().filter(able, expires_at__gt=timezone.now())",
        "return self.open().filter(expires_at__gt=timezone.now())",
        f"{ENDING}::test_link_needs_the_permission_of_its_inviter_at_acceptance",
        f"{ENDING}::test_invitation_of_an_inactive_inviter_is_invalid",
    ),
    off(
        "invitations: they are revoked with the membership",
        MEMBERS,
        "    _revoke_invitations(Q(invited_by=member) | Q(email=member.user.email), actor)\n",
        "",
        f"{ENDING}::test_invitations_end_when_the_inviter_loses_the_permission[removed]",
        f"{ENDING}::test_invitation_to_the_address_of_a_removed_member_ends",
    ),
    off(
        "invitations: they are revoked with the role",
        MEMBERS,
        "        _revoke_invitations(Q(invited_by=member), actor)\n",
        "        pass\n",
        f"{ENDING}::test_invitations_end_when_the_inviter_loses_the_permission[demoted]",
    ),
]
