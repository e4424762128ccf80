"""Controls of the audit log, members and invitations."""

from tests.mutants.controls import CATALOGUE, DATABASE, off

AUDIT = "tests/accounts/test_audit.py"
ROLES, LEAVING = "tests/accounts/test_members.py", "tests/accounts/test_leaving.py"
INVITING, ACCEPTANCE = "tests/accounts/test_invitations.py", "tests/accounts/test_acceptance.py"
AUDIT_API = "accounts/api/audit.py"
MEMBERS, INVITATIONS = "accounts/actions/members.py", "accounts/actions/invitations.py"

OF_MEMBERS = [
    off(
        "rights: the audit log is only added to",
        "tenancy/roles.py",
        "REVOKE UPDATE, DELETE ON {table} FROM {app};",
        "",
        f"{DATABASE}::test_the_audit_log_is_neither_changed_nor_deleted[DELETE FROM accounts_auditentry]",
        f"{CATALOGUE}::test_append_only_tables_cannot_be_updated_or_deleted_from",
        schema=True,
    ),
    off(
        "the audit log is for owners and admins",
        "accounts/rest/permissions.py",
        "return request.method in SAFE_METHODS if permission is None else may(membership, permission)",
        "return request.method in SAFE_METHODS or (permission is not None and may(membership, permission))",
        f"{AUDIT}::test_audit_log_is_for_owners_and_admins[/api/v1/audit/export/]",
    ),
    off(
        "the whole audit log as a file is for owners and admins",
        AUDIT_API,
        ', "export": "audit.read"}',
        "}",
        f"{AUDIT}::test_audit_log_is_for_owners_and_admins[/api/v1/audit/export/]",
    ),
    off(
        "only a trusted proxy names the client's address",
        "tenancy/clients.py",
        "if not settings.TRUST_PROXY:",
        "if 'HTTP_X_FORWARDED_FOR' not in request.META:",
        f"{AUDIT}::test_client_address_is_read_from_trusted_proxies_only",
    ),
    off(
        "the proxy's own word counts and not the client's",
        "tenancy/clients.py",
        'rpartition(",")[2]',
        'partition(",")[0]',
        f"{AUDIT}::test_client_address_is_read_from_trusted_proxies_only",
    ),
    off(
        "an admin has no power over owners",
        MEMBERS,
        "if member.role == Role.OWNER and actor.role != Role.OWNER:",
        "if False:",
        f"{ROLES}::test_roles_change_and_remove_members_as_in_the_matrix[admin-second_owner]",
    ),
    off(
        "no member is made an owner",
        MEMBERS,
        "if role == Role.OWNER:",
        "if False:",
        f"{ROLES}::test_owner_role_is_given_by_transfer_only",
    ),
    off(
        "an account keeps an owner",
        MEMBERS,
        "if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():",
        "if False:",
        f"{ROLES}::test_last_owner_cannot_be_removed_or_demoted",
    ),
    off(
        "a member who leaves waits for the one who leaves before",
        "accounts/actions/locks.py",
        "Account.objects.select_for_update(no_key=True).get(",
        "Account.objects.get(",
        f"{ROLES}::test_parallel_removal_of_two_owners_leaves_one",
        f"{ROLES}::test_exactly_one_parallel_transfer_succeeds",
        f"{ACCEPTANCE}::test_exactly_one_parallel_acceptance_succeeds",
    ),
    off(
        "who was removed meanwhile does nothing more",
        "accounts/actions/authorization.py",
        "    now = locked.first()\n",
        "    now = Membership.objects.select_related('account', 'user').get(pk=actor.pk)\n",
        f"{LEAVING}::test_member_removed_during_a_request_cannot_act",
    ),
    off(
        "the end of a membership ends log-ins",
        MEMBERS,
        "    RefreshFamily.objects.filter(member=member, revoked_at=None).update(revoked_at=now)\n",
        "",
        f"{LEAVING}::test_leaving_revokes_refresh_tokens",
    ),
    off(
        "the end of a membership ends personal tokens",
        MEMBERS,
        "    ApiToken.objects.filter(member=member, revoked_at=None).update(revoked_at=now)\n",
        "",
        f"{LEAVING}::test_leaving_ends_sessions_and_tokens_at_once",
    ),
    off(
        "the end of a membership ends the places in projects",
        "projects/models.py",
        '    ends_with_membership = "member"',
        '    ended_with_membership = "member"',
        f"{LEAVING}::test_revoked_credentials_stay_revoked_after_readmission",
    ),
    off(
        "a return takes away what was added late",
        MEMBERS,
        "    _revoke_credentials(member)  # again",
        "    # again",
        f"{LEAVING}::test_rows_added_after_leaving_are_not_restored",
    ),
    off(
        "sessions and tokens of before do not come back",
        "accounts/models/memberships.py",
        "return self.readmitted_at is None or moment >= self.readmitted_at.replace(microsecond=0)",
        "return True",
        f"{LEAVING}::test_revoked_credentials_stay_revoked_after_readmission",
    ),
    off(
        "invitations are for admins",
        "accounts/api/invitations.py",
        'dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), "member.manage")',
        'dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), "account.read")',
        f"{INVITING}::test_members_and_viewers_cannot_create_or_list_invitations",
    ),
    off(
        "open invitations count as members",
        INVITATIONS,
        """    validate_fields(row, {"email", "role"})
    require_room("members")""",
        """    validate_fields(row, {"email", "role"})
    require_room("members", Membership.objects.current())""",
        f"{INVITING}::test_open_invitations_count_as_members",
        f"{INVITING}::test_exactly_one_parallel_last_invitation_succeeds",
    ),
    off(
        "a link expires",
        "accounts/models/invitations.py",
        "return self.open().filter(able, expires_at__gt=timezone.now())",
        "return self.open().filter(able)",
        f"{ACCEPTANCE}::test_invalid_links_get_the_same_response[expired]",
    ),
    off(
        "a link works once, and not when it was revoked",
        "accounts/models/invitations.py",
        "return self.filter(accepted_at=None, revoked_at=None)",
        "return self.all()",
        f"{ACCEPTANCE}::test_invalid_links_get_the_same_response[used]",
        f"{ACCEPTANCE}::test_invalid_links_get_the_same_response[revoked]",
    ),
    off(
        "a link that is sent again makes the old one useless",
        INVITATIONS,
        'row.asked_at, row.expires_at, row.token_hash, row.invited_by = now, now + LIFETIME, "", actor',
        "row.asked_at, row.expires_at, row.invited_by = now, now + LIFETIME, actor",
        f"{INVITING}::test_resent_invitation_has_a_new_link_and_expiry",
    ),
    off(
        "only the invited user accepts",
        "accounts/actions/acceptance.py",
        "if invited is None or invited != user or invited.log_in_stamp != user.log_in_stamp:",
        "if False:",
        f"{ACCEPTANCE}::test_only_the_invited_user_accepts_without_password",
    ),
    off(
        "a link does not reset a user's password",
        "accounts/actions/acceptance.py",
        "return user if user is not None and user.has_usable_password() and user.is_confirmed else None",
        "return None",
        f"{ACCEPTANCE}::test_invitation_link_does_not_change_the_password_of_a_known_user",
    ),
    off(
        "the password of a new user is checked",
        "accounts/actions/acceptance.py",
        "        validate_password(password, user)\n",
        "        pass\n",
        f"{ACCEPTANCE}::test_refused_acceptance_creates_no_user_and_keeps_the_link",
    ),
    off(
        "a socket of before does not stay open",
        "accounts/live/visitors.py",
        "if member is None or not member.accepts_credentials_of(visitor.since):",
        "if member is None:",
        f"{LEAVING}::test_socket_from_before_readmission_is_closed",
    ),
]
