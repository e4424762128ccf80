"""Controls of sign-up, log-in and single sign-on across hosts."""

from tests.mutants.controls import Edit, Mutant, off

SIGN_UP, LINKS = "tests/accounts/test_sign_up.py", "tests/accounts/test_password_links.py"
CODES, HANDOFF = "tests/accounts/test_second_factor.py", "tests/accounts/test_login_handoff.py"
LOGIN = "tests/accounts/test_login_settings.py"
ADAPTERS, HANDOFF_ACTIONS, SIGNING = (
    "accounts/adapters.py",
    "accounts/actions/login_handoff.py",
    "accounts/actions/sign_up.py",
)
HANDOFFS = "frontend/auth/login_handoff.py"
PASSWORDS, USER_DELETION = "accounts/actions/password_reset.py", "accounts/actions/user_deletion.py"
SETTINGS, TOKENS = "config/settings.py", "accounts/api/tokens.py"

OF_PEOPLE: list[Mutant] = [
    # Signing up
    off(
        "nothing works before the address is confirmed: pages",
        SETTINGS,
        'ACCOUNT_EMAIL_VERIFICATION = "mandatory"',
        'ACCOUNT_EMAIL_VERIFICATION = "optional"',
        f"{SIGN_UP}::test_unconfirmed_user_has_no_access",
    ),
    off(
        "nothing works before the address is confirmed: tokens",
        "accounts/authentication.py",
        "is_confirmed = candidate.is_confirmed",
        "is_confirmed = True",
        f"{SIGN_UP}::test_unconfirmed_user_gets_no_tokens",
    ),
    off(
        "a sign-up that loses a race tries again",
        SIGNING,
        "with suppress(IntegrityError):",
        "with suppress(ZeroDivisionError):",
        f"{SIGN_UP}::test_parallel_sign_ups_with_the_same_name_get_different_slugs",
        f"{SIGN_UP}::test_parallel_sign_ups_with_one_address_create_one_user",
    ),
    off(
        "the name of an account does not reveal a known address",
        SIGNING,
        "    save_new_account(account)\n    # For",
        "    if not known:\n        save_new_account(account)\n    # For",
        f"{SIGN_UP}::test_account_name_does_not_reveal_a_known_address",
    ),
    off(
        "a known address costs as much as a new one",
        SIGNING,
        '    user = User.objects.create_user(f"{uuid4()}@placeholder.invalid" if known else email, password)\n'
        "    give_account(account, user)\n",
        "    user = known or User.objects.create_user(email, password)\n    known or give_account(account, user)\n",
        f"{SIGN_UP}::test_known_and_new_addresses_cost_the_same_work",
        "tests/accounts/test_equal_cost.py::test_every_sign_up_writes_the_same",
    ),
    off(
        "what looks like a reserved name is reserved",
        "accounts/slugs.py",
        "_seen(value) in SEEN_AS_RESERVED",
        "value in RESERVED_SLUGS",
        f"{SIGN_UP}::test_reserved_names_are_refused[adm1n]",
    ),
    off(
        "an unconfirmed address belongs to no user: invitations",
        "accounts/actions/acceptance.py",
        "user.has_usable_password() and user.is_confirmed else None",
        "user.has_usable_password() else None",
        f"{SIGN_UP}::test_squatters_password_does_not_work_after_an_invitation_is_accepted",
    ),
    off(
        "whom an operator has made an owner is waited for",
        "accounts/actions/expiry.py",
        "return user.has_usable_password() and",
        "return",
        f"{SIGN_UP}::test_account_created_by_an_operator_is_kept_unconfirmed",
    ),
    # Links
    off(
        "a password link is of one account",
        "accounts/emails/links.py",
        """:{tenant.pk if tenant else 'public'}""",
        "",
        f"{LINKS}::test_link_of_one_account_is_not_found_at_another",
    ),
    off(
        "a link that does not work is not there",
        "frontend/auth/views.py",
        'status = 404 if context.get("token_fail") else 200',
        "status = 200",
        f"{LINKS}::test_link_of_one_account_is_not_found_at_another",
    ),
    off(
        "at an account its members get links",
        PASSWORDS,
        "is_known_here = get_active_tenant() is None or current_membership(user) is not None",
        "is_known_here = True",
        f"{LINKS}::test_known_and_unknown_addresses_get_the_same_answer",
        f"{LINKS}::test_a_former_member_gets_no_link_of_the_account",
    ),
    off(
        "a password link for a non-member costs the same",
        PASSWORDS,
        '    enqueue_user_email("password_link", user_id=user.pk if is_known_here else uuid4())',
        "    if user.email:\n"
        '        enqueue_user_email("password_link", user_id=user.pk if is_known_here else uuid4())',
        f"{LINKS}::test_known_and_unknown_addresses_cost_the_same_work",
    ),
    # Codes
    off(
        "tokens take a code",
        TOKENS,
        '            _require_code(request._request, user, fields.get("otp"))\n',
        "",
        f"{CODES}::test_token_endpoint_accepts_a_code",
    ),
    off(
        "a code works once, wherever it is used",
        SETTINGS,
        '"allauth:rl:", "allauth.mfa.totp.used", "login:"',
        '"allauth:rl:", "login:"',
        f"{CODES}::test_code_works_once_across_all_accounts",
        f"{CODES}::test_codes_are_refused_without_redis",
    ),
    off(
        "a used code is remembered for as long as it is accepted",
        "accounts/second_factor.py",
        "REMEMBERED_SECONDS = 90",
        "REMEMBERED_SECONDS = 30",
        f"{CODES}::test_used_code_stays_used_for_as_long_as_it_would_be_accepted",
    ),
    off(
        "a code of the future is refused",
        "accounts/second_factor.py",
        "        cache.delete(mark)\n        return False\n",
        "        return True\n",
        f"{CODES}::test_code_is_accepted_in_its_half_minute_and_in_the_next[1-401]",
    ),
    off(
        "one of several uses of a code at once succeeds",
        "accounts/second_factor.py",
        'return bool(cache.add(f"{mark}&timely", "y", REMEMBERED_SECONDS))',
        'return cache.get(f"{mark}&timely") is None and not cache.set(f"{mark}&timely", "y", REMEMBERED_SECONDS)',
        f"{CODES}::test_exactly_one_of_parallel_uses_of_a_code_succeeds",
    ),
    off(
        "the code that switches an app on is used up",
        "frontend/auth/forms.py",
        "if not use_up_code(self.user, self.secret, code):",
        "if False:",
        f"{CODES}::test_activation_code_cannot_be_used_again",
    ),
    off(
        "secrets of apps are encrypted",
        ADAPTERS,
        "return _cipher().encrypt(text.encode()).decode()",
        "return text",
        f"{CODES}::test_secret_and_recovery_codes_are_encrypted_in_the_database",
    ),
    off(
        "a user who was removed between password and code stays out",
        ADAPTERS,
        "if get_active_tenant() is not None and member is None:",
        "if False:",
        f"{CODES}::test_member_removed_between_password_and_code_is_not_logged_in",
        f"{CODES}::test_log_in_started_at_one_account_cannot_finish_at_another",
    ),
    off(
        "what protects a log-in is changed by a user who knows the password",
        SETTINGS,
        "ACCOUNT_REAUTHENTICATION_REQUIRED = True",
        "ACCOUNT_REAUTHENTICATION_REQUIRED = False",
        f"{LOGIN}::test_address_change_needs_the_password_again",
    ),
    # From host to host
    off(
        "a token works once",
        "tenancy/signed_cache.py",
        ".getdel(key)",
        ".get(key)",
        f"{HANDOFF}::test_ticket_works_once",
        f"{HANDOFF}::test_exactly_one_parallel_use_of_a_ticket_succeeds",
    ),
    off(
        "a token is of one account",
        HANDOFF_ACTIONS,
        'not value or value["account"] != str(cast(Account, require_active_tenant()).pk)',
        "not value",
        f"{HANDOFF}::test_ticket_is_refused_and_consumed_at_another_account",
    ),
    off(
        "a token is of one browser",
        HANDOFF_ACTIONS,
        'if not constant_time_compare(value["challenge"], hash_of(nonce)):',
        "if False:",
        f"{HANDOFF}::test_ticket_does_not_work_in_another_browser",
        f"{HANDOFF}::test_modified_cookie_is_ignored[x]",
    ),
    Mutant(
        "a token is of a member",
        (
            Edit(
                HANDOFF_ACTIONS,
                "        or current_membership(user) is None\n",
                "",
            ),
            Edit(ADAPTERS, "if get_active_tenant() is not None and member is None:", "if False:"),  # asks again
        ),
        (f"{HANDOFF}::test_member_removed_during_the_handoff_is_not_logged_in",),
    ),
    off(
        "a token ends with the password",
        HANDOFF_ACTIONS,
        'not constant_time_compare(value["stamp"], user.log_in_stamp)',
        "False",
        f"{HANDOFF}::test_user_with_changed_password_is_not_logged_in",
    ),
    off(
        "a token lasts for thirty seconds",
        HANDOFF_ACTIONS,
        "_cache().set(_key(text), value, SECONDS)",
        "_cache().set(_key(text), value, None)",
        f"{HANDOFF}::test_ticket_expires_after_thirty_seconds",
    ),
    off(
        "only members get a ticket",
        HANDOFF_ACTIONS,
        "        if current_membership(user) is None:\n            raise Gone\n",
        "        pass\n",
        f"{HANDOFF}::test_non_member_reads_the_same_page_as_for_an_absent_account",
    ),
    off(
        "the login handoff redirects to no other site",
        HANDOFFS,
        "return url if url and get_adapter().is_safe_url(url) else get_script_prefix()",
        "return url or get_script_prefix()",
        f"{HANDOFF}::test_ticket_does_not_redirect_to_another_site[//evil.example]",
    ),
    # Ending log-ins
    off(
        "sessions end with the others",
        "accounts/middleware.py",
        " and user.accepts_log_in_of(bound_at(request.session))",
        "",
        f"{LOGIN}::test_user_ends_all_other_sessions",
    ),
    off(
        "tokens end with the other log-ins",
        "accounts/authentication.py",
        " or (by_log_in and not user.accepts_log_in_of(issued_at)):",
        ":",
        f"{LOGIN}::test_user_ends_all_other_sessions",
    ),
    off(
        "a session ends in the end",
        "tenancy/sessions.py",
        " and time.time() - session.get(SINCE, 0) < settings.SESSION_COOKIE_AGE)",
        ")",
        f"{LOGIN}::test_a_session_ends_two_weeks_after_the_log_in_however_much_it_is_used[15-False]",
    ),
    off(
        "asking again makes a new session",
        "frontend/auth/forms.py",
        "        context.request.session.cycle_key()  # as",
        "        # as",
        f"{LOGIN}::test_reauthentication_creates_a_new_session_key",
    ),
    # Deleting oneself
    off(
        "the last owner stays",
        USER_DELETION,
        "    if owned:\n",
        "    if False:\n",
        f"{LOGIN}::test_last_owner_of_an_account_cannot_delete_their_user",
    ),
    off(
        "two owners who delete themselves at once wait for each other",
        USER_DELETION,
        "            lock_account()\n",
        "            pass\n",
        f"{LOGIN}::test_parallel_deletion_of_two_owners_leaves_one",
    ),
    off(
        "a user who deletes themselves proves that they are it",
        "frontend/auth/forms.py",
        'not account.get_adapter().reauthenticate(self.user, fields["password"])',
        "False",
        f"{LOGIN}::test_user_deletion_needs_address_and_password[{{'password': 'wrong'}}-This is not your password]",
    ),
    off(
        "a new user with an address does not lose it to another user who wants it",
        ADAPTERS,
        "if User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id).exists():",
        "if False:",
        f"{LOGIN}::test_user_who_signs_up_with_a_pending_address_keeps_it",
    ),
]
