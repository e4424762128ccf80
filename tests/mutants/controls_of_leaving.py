"""Controls of user deletion, of the secrecy of inactive users, and of mail to addresses without a user."""

from tests.mutants.controls import Mutant, off

MEANWHILE, LOG_IN = "tests/accounts/test_user_deletion_races.py", "tests/frontend/auth/test_log_in.py"
ADAPTERS, MEMBERS, PEOPLE = "accounts/adapters.py", "accounts/actions/members.py", "accounts/actions/locks.py"

OF_LEAVING: list[Mutant] = [
    off(
        "a user who deletes themselves is locked: what is theirs",
        PEOPLE,
        "User.objects.select_for_update(no_key=True).filter(pk=user.pk, deleted_at=None).first()",
        "User.objects.filter(pk=user.pk).first()",
        f"{MEANWHILE}::test_name_is_not_changed_during_deletion",
    ),
    off(
        "a user who deletes themselves is locked: invitations",
        PEOPLE,
        "User.objects.select_for_update(no_key=True).filter(email=email).first()",
        "User.objects.filter(email=email).first()",
        f"{MEANWHILE}::test_invitation_cannot_be_accepted_during_deletion",
    ),
    off(
        "a membership does not end while a token is made for it",
        "accounts/actions/authorization.py",
        "    now = locked.first()\n    if now is None or not now.user.is_active:\n",
        "    now = Membership.objects.select_related('account', 'user').get(pk=actor.pk)\n    if False:\n",
        f"{MEANWHILE}::test_no_token_is_issued_during_deletion",
    ),
    off(
        "a new password writes nothing else of a person",
        ADAPTERS,
        'user.save(update_fields=["password"])',
        "user.save()",
        f"{LOG_IN}::test_a_new_password_writes_nothing_else",
    ),
    off(
        "pictures go with the person",
        "accounts/actions/user_deletion.py",
        "    _forget_pictures(user)\n",
        "",
        f"{MEANWHILE}::test_avatar_uploaded_during_deletion_is_removed",
    ),
    off(
        "an inactive user is not revealed",
        "accounts/authentication.py",
        "may_enter = is_right and candidate.is_active and is_known_here",
        "may_enter = is_right and is_known_here",
        f"{LOG_IN}::test_inactive_user_gets_the_answer_of_an_unknown_user",
    ),
    off(
        "who is switched off before the code gets no session",
        "accounts/actions/locks.py",
        "if not found.is_active or not constant_time_compare(found.log_in_stamp, stamp):",
        "if not constant_time_compare(found.log_in_stamp, stamp):",
        f"{LOG_IN}::test_user_deactivated_before_the_code_is_redirected_to_the_login",
    ),
    off(
        "a part of a host is not a redirect target",
        ADAPTERS,
        "        except ValueError:\n            return False\n",
        "        except ZeroDivisionError:\n            return False\n",
        "tests/isolation/test_odd_input.py::test_no_page_fails_on_odd_input[tenant-anonymous]",
    ),
    off(
        "answers to a logged-in user are not cached",
        "accounts/middleware.py",
        'response.headers.setdefault("Cache-Control", "private, no-cache")',
        "pass",
        "tests/isolation/test_odd_input.py::test_pages_behind_a_login_are_not_publicly_cacheable[standard]",
    ),
    # Mail to addresses without a user
    off(
        "invitations are limited, without a limit of members too",
        "accounts/actions/invitations.py",
        '    require_room("invitations")\n    row.save(',
        "    row.save(",
        "tests/accounts/test_invitations.py::test_pending_and_revoked_invitations_count_towards_the_limit",
    ),
    off(
        "taking back an invitation takes back no mail",
        "accounts/models/invitations.py",
        "lately | Q(revoked_at=None",
        "Q(revoked_at=None",
        "tests/accounts/test_invitations.py::test_pending_and_revoked_invitations_count_towards_the_limit",
    ),
]
