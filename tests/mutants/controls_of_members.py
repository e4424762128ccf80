"""The controls of the audit log, members and invitations."""

from tests.mutants.controls import CATALOGUE, DATABASE, off

AUDIT = "tests/accounts/test_audit.py"
ROLES, LEAVING = "tests/accounts/test_members.py", "tests/accounts/test_leaving.py"
INVITING, ACCEPTING = "tests/accounts/test_invitations.py", "tests/accounts/test_accepting.py"
AUDIT_API = "accounts/api/audit.py"
MEMBERS, INVITATIONS = "accounts/actions/members.py", "accounts/actions/invitations.py"

OF_MEMBERS = [
    off(
        "rights: the audit log is only added to",
        "tenancy/roles.py",
        "REVOKE UPDATE, DELETE ON {table} FROM {app};",
        "",
        f"{DATABASE}::test_the_audit_log_is_neither_changed_nor_deleted[DELETE FROM accounts_auditentry]",
        f"{CATALOGUE}::test_of_the_tables_that_are_only_added_to_nothing_is_changed_or_taken",
        schema=True,
    ),
    off(
        "the audit log is for owners and admins",
        "accounts/rest/permissions.py",
        "return request.method in SAFE_METHODS if permission is None else may(membership, permission)",
        "return request.method in SAFE_METHODS or (permission is not None and may(membership, permission))",
        f"{AUDIT}::test_it_is_for_owners_and_admins[/api/v1/audit/export/]",
    ),
    off(
        "the whole audit log as a file is for owners and admins",
        AUDIT_API,
        ', "export": "audit.read"}',
        "}",
        f"{AUDIT}::test_it_is_for_owners_and_admins[/api/v1/audit/export/]",
    ),
    off(
        "only a trusted proxy names the client's address",
        "tenancy/clients.py",
        "if not settings.TRUST_PROXY:",
        "if 'HTTP_X_FORWARDED_FOR' not in request.META:",
        f"{AUDIT}::test_only_a_trusted_proxy_says_where_a_request_comes_from",
    ),
    off(
        "the proxy's own word counts and not the client's",
        "tenancy/clients.py",
        'rpartition(",")[2]',
        'partition(",")[0]',
        f"{AUDIT}::test_only_a_trusted_proxy_says_where_a_request_comes_from",
    ),
    off(
        "an admin has no power over owners",
        MEMBERS,
        "if member.role == Role.OWNER and actor.role != Role.OWNER:",
        "if False:",
        f"{ROLES}::test_who_changes_and_removes_whom[admin-second_owner]",
    ),
    off(
        "nobody is made an owner",
        MEMBERS,
        "if role == Role.OWNER:",
        "if False:",
        f"{ROLES}::test_nobody_is_made_an_owner_but_by_transfer",
    ),
    off(
        "an account keeps an owner",
        MEMBERS,
        "if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():",
        "if False:",
        f"{ROLES}::test_the_last_owner_stays",
    ),
    off(
        "who leaves waits for whoever leaves before",
        "accounts/actions/locks.py",
        "Account.objects.select_for_update(no_key=True).get(",
        "Account.objects.get(",
        f"{ROLES}::test_of_two_owners_who_go_at_once_one_stays",
        f"{ROLES}::test_an_owner_who_gives_the_account_away_twice_at_once_has_given_it_once",
        f"{ACCEPTING}::test_of_two_who_accept_at_once_one_does",
    ),
    off(
        "who was removed meanwhile does nothing more",
        "accounts/actions/authorization.py",
        "    now = locked.first()\n",
        "    now = Membership.objects.select_related('account', 'user').get(pk=actor.pk)\n",
        f"{LEAVING}::test_who_is_removed_while_acting_does_nothing_more",
    ),
    off(
        "the end of a membership ends log-ins",
        MEMBERS,
        "    RefreshFamily.objects.filter(member=member, revoked_at=None).update(revoked_at=now)\n",
        "",
        f"{LEAVING}::test_the_log_ins_are_revoked_and_not_only_refused",
    ),
    off(
        "the end of a membership ends personal tokens",
        MEMBERS,
        "    ApiToken.objects.filter(member=member, revoked_at=None).update(revoked_at=now)\n",
        "",
        f"{LEAVING}::test_it_ends_sessions_and_tokens_at_once",
    ),
    off(
        "the end of a membership ends the places in projects",
        "projects/models.py",
        '    ends_with_membership = "member"',
        '    ended_with_membership = "member"',
        f"{LEAVING}::test_nothing_of_what_ended_comes_back",
    ),
    off(
        "a return takes away what was added late",
        MEMBERS,
        "    take_away_what_ends(member)  # again",
        "    # again",
        f"{LEAVING}::test_what_a_late_request_added_after_the_end_does_not_come_back_either",
    ),
    off(
        "sessions and tokens of before do not come back",
        "accounts/models/memberships.py",
        "return self.readmitted_at is None or moment >= self.readmitted_at.replace(microsecond=0)",
        "return True",
        f"{LEAVING}::test_nothing_of_what_ended_comes_back",
    ),
    off(
        "invitations are for admins",
        "accounts/api/invitations.py",
        'dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), "member.manage")',
        'dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), "account.read")',
        f"{INVITING}::test_members_and_viewers_neither_invite_nor_see_it",
    ),
    off(
        "open invitations count as members",
        INVITATIONS,
        """    validate_fields(row, {"email", "role"})
    require_room("members")""",
        """    validate_fields(row, {"email", "role"})
    require_room("members", Membership.objects.current())""",
        f"{INVITING}::test_open_invitations_count_as_members",
        f"{INVITING}::test_of_those_who_invite_the_last_one_at_once_one_succeeds",
    ),
    off(
        "a link expires",
        "accounts/models/invitations.py",
        "return self.open().filter(able, expires_at__gt=timezone.now())",
        "return self.open().filter(able)",
        f"{ACCEPTING}::test_a_link_that_is_no_good_reads_like_any_other[expired]",
    ),
    off(
        "a link works once, and not when it was revoked",
        "accounts/models/invitations.py",
        "return self.filter(accepted_at=None, revoked_at=None)",
        "return self.all()",
        f"{ACCEPTING}::test_a_link_that_is_no_good_reads_like_any_other[used]",
        f"{ACCEPTING}::test_a_link_that_is_no_good_reads_like_any_other[revoked]",
    ),
    off(
        "a link that is sent again makes the old one useless",
        INVITATIONS,
        'row.asked_at, row.expires_at, row.token_hash, row.invited_by = now, now + LIFETIME, "", actor',
        "row.asked_at, row.expires_at, row.invited_by = now, now + LIFETIME, actor",
        f"{INVITING}::test_sent_again_it_is_another_link_with_more_time",
    ),
    off(
        "only whoever was invited accepts",
        "accounts/actions/acceptance.py",
        "if invited is None or invited != user or invited.log_in_stamp != user.log_in_stamp:",
        "if False:",
        f"{ACCEPTING}::test_but_it_must_be_the_person_who_was_invited",
    ),
    off(
        "a link is no way to somebody's password",
        "accounts/actions/acceptance.py",
        "return user if user is not None and user.has_usable_password() and user.is_confirmed else None",
        "return None",
        f"{ACCEPTING}::test_a_link_is_no_way_to_another_password",
    ),
    off(
        "the password of somebody new is checked",
        "accounts/actions/acceptance.py",
        "        validate_password(password, user)\n",
        "        pass\n",
        f"{ACCEPTING}::test_what_is_refused_leaves_nobody_behind_and_the_link_as_it_was",
    ),
    off(
        "a socket of before does not stay open",
        "accounts/live/visitors.py",
        "if member is None or not member.accepts_credentials_of(visitor.since):",
        "if member is None:",
        f"{LEAVING}::test_a_socket_of_before_is_closed_although_nobody_looked_meanwhile",
    ),
]
