"""Controls of WebSockets: the handshake, the watch, groups, and what keeps events complete and in order."""

from tests.mutants.controls import Edit, Mutant, off

SOCKETS, CREDENTIALS, WATCH = "tenancy/sockets.py", "accounts/live/visitors.py", "accounts/live/watch.py"
CONSUMERS, FEEDS = "accounts/live/consumer.py", "accounts/live/feeds.py"
HANDSHAKE, ACCESS = "tests/accounts/live/test_handshake.py", "tests/accounts/live/test_access.py"
FRAMES, LIMITS, ANNOUNCEMENTS = (
    "tests/accounts/live/test_frames.py",
    "tests/accounts/live/test_limits.py",
    "tests/accounts/live/test_announcements.py",
)
TOPICS, PROJECTS = "tests/accounts/live/test_topics.py", "tests/projects/live/test_access.py"
COUNTED = "tests/accounts/live/test_open_sockets.py"
ADMITTED = "tenant is None or tenant_id != tenant.pk:"
WITH_A_TOKEN, WITH_A_SESSION = (
    f"{ACCESS}::test_a_socket_with_a_token_is_closed",
    f"{ACCESS}::test_a_socket_with_a_session_is_closed",
)

OF_SOCKETS = [
    off(
        "sockets: the origin is that of the host",
        SOCKETS,
        "    if origin.removesuffix(port) != ",
        "    if False and origin.removesuffix(port) != ",
        f"{HANDSHAKE}::test_a_cookie_needs_the_origin_of_its_host",
        f"{HANDSHAKE}::test_a_token_needs_no_page_but_not_a_foreign_one",
    ),
    off(
        "sockets: a cookie comes from a page",
        SOCKETS,
        "if token is None and settings.SESSION_COOKIE_NAME in request.COOKIES:",
        "if False:",
        f"{HANDSHAKE}::test_a_cookie_needs_the_origin_of_its_host",
    ),
    Mutant(
        "sockets: a token belongs to its tenant",
        (
            Edit("accounts/authentication.py", f"if {ADMITTED}", "if tenant is None:"),
            Edit(SOCKETS, 'request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"', "pass"),
        ),
        (f"{HANDSHAKE}::test_token_of_another_account_closes_the_socket",),
    ),
    off(
        "sockets: a session belongs to its tenant",
        CREDENTIALS,
        " and is_bound_here(session)",
        "",
        f"{HANDSHAKE}::test_session_of_another_account_closes_the_socket",
    ),
    off(
        "sockets: a session belongs to its password",
        CREDENTIALS,
        "return right and backend",
        "return backend",
        f"{HANDSHAKE}::test_session_from_before_a_new_password_closes_the_socket",
    ),
    off(
        "sockets: a removed member gets none",
        CREDENTIALS,
        "    if membership is None or not membership.accepts_credentials_of(since):\n",
        "    membership = membership or Membership.objects.get(user=user)\n    if False:\n",
        f"{HANDSHAKE}::test_removed_member_is_refused",
    ),
    off(
        "sockets: the watch closes those who have to go",
        WATCH,
        "socket.end(reason.code, reason.reason)",
        "pass",
        f"{WITH_A_TOKEN}[remove-4403-not_a_member]",
        f"{WITH_A_SESSION}[log_out-4401-not_authenticated]",
    ),
    off(
        "sockets: the watch looks at memberships",
        CREDENTIALS,
        "Membership.objects.current().in_bulk",
        "Membership.objects.in_bulk",
        f"{WITH_A_TOKEN}[remove-4403-not_a_member]",
    ),
    off(
        "sockets: the watch looks at roles",
        CREDENTIALS,
        "elif member.role != visitor.role:",
        "elif False:",
        f"{WITH_A_TOKEN}[demote-4403-role_changed]",
    ),
    off(
        "sockets: the watch looks at the account",
        CREDENTIALS,
        "filter(pk=require_active_tenant().pk, suspended_at=None)",
        "filter(pk=require_active_tenant().pk)",
        f"{WITH_A_TOKEN}[suspend-4403-account_suspended]",
    ),
    off(
        "sockets: the watch looks at sessions",
        CREDENTIALS,
        "if _user_id(session) != visitor.user_id or not _holds(session, user):",
        "if False:",
        f"{WITH_A_SESSION}[log_out-4401-not_authenticated]",
        f"{WITH_A_SESSION}[change_password-4401-not_authenticated]",
    ),
    off(
        "sockets: one with a token ends with it",
        CONSUMERS,
        "call_later(max(expires_at - now, 0), self._expire) if expires_at else None",
        "call_later(LIFETIME, self._expire)",
        f"{ACCESS}::test_a_socket_ends_with_its_token",
    ),
    off(
        "sockets: the watch looks at projects",
        WATCH,
        "            socket.lose(key)",
        "            pass",
        f"{TOPICS}::test_subscription_ends_with_the_visibility_of_the_row",
        f"{PROJECTS}::test_a_subscription_ends_with_access_to_the_project",
    ),
    off(
        "sockets: hidden projects cannot be followed",
        CONSUMERS,
        "topics[key.topic].visible_to(membership).filter(pk=key.id)",
        "topics[key.topic].model.objects.filter(pk=key.id)",
        f"{TOPICS}::test_foreign_hidden_and_absent_rows_are_answered_alike",
        f"{PROJECTS}::test_foreign_hidden_and_absent_projects_are_answered_alike",
    ),
    off(
        "sockets: a subscription asks whether one is a member now",
        CONSUMERS,
        "Membership.objects.current().filter(pk=visitor.member_id)",
        "Membership.objects.filter(pk=visitor.member_id)",
        f"{ACCESS}::test_a_frame_right_after_losing_access_is_refused",
    ),
    off(
        "sockets: groups carry the tenant",
        "tenancy/groups.py",
        'f"tenant.{require_active_tenant().pk}.{name}"',
        'f"{name}"',
        f"{ANNOUNCEMENTS}::test_change_sends_one_announcement_to_the_tenants_group",
        f"{ANNOUNCEMENTS}::test_nothing_is_announced_without_a_tenant",
    ),
    off(
        "sockets: an account has its number of them",
        CREDENTIALS,
        "if self._publish(account) > LIMITS[account.plan].sockets:",
        "if False:",
        f"{LIMITS}::test_too_many_sockets_of_an_account_are_closed",
    ),
    off(
        "sockets: frames are counted",
        CONSUMERS,
        "if not self._allowance.take(self._loop.time()):",
        "if False:",
        f"{LIMITS}::test_too_many_frames_close_their_socket_only",
    ),
    off(
        "sockets: a gap is never passed over in silence",
        CONSUMERS,
        "if event.seq != subscription.seq + 1:",
        "if False:",
        f"{FRAMES}::test_rows_that_are_missing_are_answered_with_resync",
    ),
    off(
        "sockets: a change is announced after the commit",
        "tenancy/groups.py",
        "    places.on_commit(announcement, robust=True)\n",
        "    announcement()\n",
        f"{ANNOUNCEMENTS}::test_rolled_back_change_is_not_announced",
    ),
    off(
        "announcements keep one connection",
        "tenancy/groups.py",
        "runner.run(_send(batch))",
        "asyncio.run(_send(batch))",
        "tests/accounts/live/test_announcements.py::test_all_of_it_goes_over_one_connection",
    ),
    off(
        "sockets: one whose handshake was cancelled is not counted",
        "tenancy/sockets.py",
        "            admission.add_done_callback(partial(self._dismiss_if_admitted, tenant))\n",
        "",
        f"{COUNTED}::test_cancelled_socket_is_not_counted",
    ),
    off(
        "sockets: nor one that was refused",
        "tenancy/sockets.py",
        "if not admission.cancelled() and admission.exception() is None:",
        "if True:",
        f"{COUNTED}::test_refused_handshake_dismisses_no_visitor",
    ),
    off(
        "sockets: nor one that the count refused",
        "accounts/live/visitors.py",
        "            self.leave(account)\n            raise\n",
        "            raise\n",
        f"{COUNTED}::test_socket_that_was_not_admitted_is_not_counted",
    ),
]
