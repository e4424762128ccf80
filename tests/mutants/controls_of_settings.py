"""Controls of account settings: permissions, former slugs, deletion, and mails."""

from tests.mutants.controls import Edit, Mutant, off

PEOPLE, GENERAL = "tests/frontend/account_settings/test_members.py", "tests/frontend/account_settings/test_general.py"
LOG, MAILS = "tests/frontend/account_settings/test_audit.py", "tests/frontend/mailbox/test_mailbox.py"
ACCOUNT_DELETION, ACCOUNT_ERASURE = "tests/accounts/test_account_deletion.py", "tests/accounts/test_account_erasure.py"
CLOCK = "tests/tenancy/test_clock.py"
POOL = "tests/faults/test_pool.py"
EXPORTS, DEMO = "tests/tasks/test_account_exports.py", "tests/tasks/test_preparedemo.py"

OF_SETTINGS = [
    off(
        "the day of a time is that of the account's time zone",
        "tenancy/clock.py",
        "return moment.astimezone(current_zone())",
        "return moment",
        f"{CLOCK}::test_repeated_hour_keeps_its_offset",
        "tests/frontend/test_dates.py::test_every_time_on_a_page_is_in_the_zone_and_names_it",
    ),
    off(
        "a user's time zone is not that of the next account",
        "tenancy/context.py",
        "with scoped(Scope(tenant=_checked(tenant))):",
        "with scoped(Scope(tenant=_checked(tenant), time_zone=get_scope().time_zone)):",
        f"{CLOCK}::test_a_users_time_zone_is_not_that_of_the_next_account",
    ),
    off(
        "entries that name no time zone cannot be chosen",
        "tenancy/zones.py",
        "zoneinfo.available_timezones() - _NO_ZONES",
        "zoneinfo.available_timezones()",
        f"{CLOCK}::test_entries_that_name_no_time_zone_are_left_out",
    ),
    off(
        "only admins open the page that removes a member",
        "frontend/account_settings/members.py",
        '''    """Ask for the name of a member. POST removes the member."""
    require(request.membership, "member.manage")
''',
        "",
        f"{PEOPLE}::test_members_and_viewers_do_nothing_to_others[bob]",
        f"{PEOPLE}::test_a_demoted_admin_has_lost_it_at_once",
    ),
    off(
        "an admin who removes a member types the name",
        "frontend/account_settings/forms.py",
        'if not is_same_name(str(self.cleaned_data["name"]), self.expected):',
        "if False:",
        f"{PEOPLE}::test_removal_needs_the_typed_name",
    ),
    Mutant(
        "an account is not transferred to a former member",
        (
            Edit(
                "frontend/account_settings/members.py",
                "people = Membership.objects.current()",
                "people = Membership.objects",
            ),
            Edit(
                "accounts/actions/members.py",
                "get_or_gone(Membership.objects.current()",
                "get_or_gone(Membership.objects.all()",
            ),  # asks again
        ),
        (f"{PEOPLE}::test_account_cannot_be_transferred_to_a_former_member",),
    ),
    off(
        "an invitation is not mailed twice a minute",
        "accounts/actions/invitations.py",
        "if (wait := row.asked_at + BETWEEN_MAILS - now) > timedelta(0):",
        "if (wait := timedelta(0)):",
        f"{PEOPLE}::test_second_mail_within_a_minute_is_refused",
    ),
    off(
        "only admins change the settings",
        "frontend/account_settings/general.py",
        '    require(request.membership, "account.update")\n',
        "",
        f"{GENERAL}::test_members_and_viewers_see_the_settings_and_change_nothing[bob]",
    ),
    off(
        "an action that changes the settings checks the role too",
        "accounts/actions/accounts.py",
        '        authorize(actor, "account.update")\n',
        "        pass\n",
        "tests/accounts/test_account.py::test_action_checks_the_role",
    ),
    off(
        "a former name stays the account's",
        "accounts/actions/renaming.py",
        "if Domain.objects.filter(host=host_of(account.slug)).exclude(tenant=account).exists():",
        "if False:",
        f"{GENERAL}::test_old_address_stays_reserved",
        f"{GENERAL}::test_a_name_that_is_given_up_at_the_same_moment_is_not_free",
    ),
    off(
        "an action that takes a name looks again afterwards",
        "accounts/actions/accounts.py",
        "    refuse_former_slug(account)\n",
        "",
        f"{GENERAL}::test_a_name_that_is_given_up_at_the_same_moment_is_not_free",
        f"{GENERAL}::test_old_address_stays_reserved",
    ),
    off(
        "a former name in the header opens nothing",
        "tenancy/routing.py",
        'raise Refused(404, "unknown_host", detail, called=former.slug)',
        "return former",
        "tests/accounts/test_former_slugs.py::test_former_slug_in_the_header_is_answered_with_the_new_slug",
    ),
    off(
        "tokens are given for the account of the address, by whichever name",
        "accounts/api/tokens.py",
        "_called(slug) != active:",
        "_called(slug) is None:",
        "tests/accounts/test_former_slugs.py::test_tokens_are_issued_for_a_former_slug",
    ),
    off(
        "an account keeps only so many names",
        "accounts/actions/renaming.py",
        ">= MOST_FORMER:",
        ">= 1000:",
        f"{GENERAL}::test_only_so_many_addresses_are_kept",
    ),
    off(
        "the page of the audit log is for owners and admins",
        "frontend/account_settings/audit.py",
        '    require(request.membership, "audit.read")\n',
        "",
        f"{LOG}::test_audit_page_is_for_owners_and_admins[/settings/audit/]",
        f"{LOG}::test_audit_page_is_for_owners_and_admins[/settings/audit/export/]",
    ),
    off(
        "only owners delete an account",
        "accounts/actions/account_deletion.py",
        """    authorize(actor, "account.delete")
    if not is_same_name""",
        "    if not is_same_name",
        f"{ACCOUNT_DELETION}::test_actions_check_the_role",
    ),
    off(
        "the API wants the name too",
        "accounts/actions/account_deletion.py",
        "if not is_same_name(name, account.name):",
        "if False:",
        f"{ACCOUNT_DELETION}::test_api_requires_the_account_name_for_deletion[body4]",
    ),
    off(
        "an account that waits for deletion serves no requests",
        "tenancy/middleware.py",
        '                    request.urlconf = settings.TENANCY["CLOSING_URLCONF"]\n',
        "                    request.urlconf = urlconf_of(refused.closing)\n",
        f"{ACCOUNT_DELETION}::test_owner_closes_the_account_by_typing_its_name",
    ),
    off(
        "only owners call it off",
        "accounts/actions/account_deletion.py",
        """    authorize(actor, "account.delete", while_suspended=True)
    if not account.is_closing""",
        "    if not account.is_closing",
        f"{ACCOUNT_DELETION}::test_actions_check_the_role",
    ),
    off(
        "the deletion cannot be cancelled after two weeks",
        "accounts/actions/account_deletion.py",
        "if not account.is_closing or is_due(account):",
        "if not account.is_closing:",
        f"{ACCOUNT_DELETION}::test_deletion_cannot_be_cancelled_after_two_weeks",
    ),
    off(
        "what the platform has suspended is no account that waits",
        "tenancy/models.py",
        "return self.deleting_since is not None and self.suspended_at == self.deleting_since",
        "return self.deleting_since is not None",
        f"{ACCOUNT_DELETION}::test_operator_can_suspend_an_account_being_deleted",
    ),
    off(
        "nothing is erased before its time",
        "accounts/actions/account_erasure.py",
        "    if not is_due(account):\n        raise ValueError",
        "    if False:\n        raise ValueError",
        f"{ACCOUNT_ERASURE}::test_account_before_its_due_date_is_not_erased",
    ),
    off(
        "files are erased too",
        "accounts/actions/account_erasure.py",
        "            default_storage.delete_all()  # type: ignore[attr-defined]  # ours\n",
        "",
        f"{ACCOUNT_ERASURE}::test_erasure_after_two_weeks_deletes_the_rows_of_that_account_only",
    ),
    off(
        "sessions of one account are erased alone",
        "accounts/actions/account_erasure.py",
        "if SessionStore().decode(row.session_data).get(KEY) == str(account.pk)]",
        "]",
        f"{ACCOUNT_ERASURE}::test_erasure_after_two_weeks_deletes_the_rows_of_that_account_only",
    ),
    off(
        "an erasure looks again for what was written meanwhile",
        "accounts/actions/account_erasure.py",
        "ATTEMPTS = 3",
        "ATTEMPTS = 1",
        f"{ACCOUNT_ERASURE}::test_rows_written_during_erasure_are_erased",
    ),
    off(
        "the audit log goes with its account",
        "tenancy/constraints.py",
        '"ON DELETE CASCADE"',
        '""',
        f"{ACCOUNT_ERASURE}::test_command_with_force_does_not_prompt",
        schema=True,
    ),
    off(
        "a secret is not among what an owner takes along",
        "accounts/exports/archive.py",
        "if not field.attname.endswith(SECRET)]",
        "]",
        f"{EXPORTS}::test_archive_contains_no_credentials_and_no_foreign_data",
    ),
    off(
        "everything is exported for owners alone",
        "accounts/exports/archive.py",
        'permission = "account.export"',
        'permission = "account.read"',
        f"{EXPORTS}::test_account_export_is_for_owners_only[admin]",
    ),
    off(
        "a former owner does not get the account as a file",
        "accounts/models/exports.py",
        " if may(member, kind.permission)]",
        "]",
        f"{EXPORTS}::test_former_owner_gets_no_account_export",
    ),
    off(
        "a client does not say by which scheme it came",
        "config/proxies.py",
        'if settings.TRUST_PROXY and scope["type"] in SCHEMES:',
        'if scope["type"] in SCHEMES:',
        "tests/config/test_proxies.py::test_header_of_a_client_does_not_count_without_a_proxy",
    ),
    off(
        "one broken connection has all of the pool replaced",
        "config/connections.py",
        "            pool.drain()",
        "            pass",
        f"{POOL}::test_first_request_after_all_connections_were_terminated_has_a_connection_without_a_pause[16]",
    ),
    off(
        "no attempt to connect occupies a place while it waits",
        "config/connections.py",
        ', "reconnect_timeout": 0',
        "",
        f"{POOL}::test_places_are_free_as_soon_as_an_unavailable_server_is_back",
    ),
    off(
        "a pool keeps the certificate check of its URL",
        "config/connections.py",
        '{**bounds(pool_seconds), **parsed.get("OPTIONS", {})}',
        "bounds(pool_seconds)",
        f"{POOL}::test_url_keeps_its_options_with_a_pool",
    ),
    off(
        "the demo's mailbox is for localhost",
        "config/settings.py",
        "if MAIL_FOLDER and not IS_TRIAL:",
        "if False:",
        f"{MAILS}::test_nothing_starts_with_a_folder_where_others_could_read_it[variables0]",
    ),
    off(
        "accounts with known passwords are for localhost",
        "config/settings.py",
        'DEMO = read("DEMO") and IS_TRIAL',
        'DEMO = read("DEMO")',
        f"{DEMO}::test_demo_mode_is_enabled_on_localhost_only",
    ),
    off(
        "an installation does not keep the passwords of its trial",
        "tasks/management/commands/preparedemo.py",
        "            refuse_known_passwords()\n",
        "",
        f"{DEMO}::test_preparedemo_refuses_known_passwords_without_demo_mode",
    ),
    off(
        "the HTML of a mail runs nothing",
        "frontend/mailbox/views.py",
        '    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],\n',
        "",
        f"{MAILS}::test_the_html_of_a_mail_runs_and_loads_nothing",
    ),
]
