"""Controls of refresh tokens and personal tokens."""

from tests.mutants.controls import Edit, Mutant, off

RULES, MODELS, API, RESOURCE = (
    "accounts/actions/tokens.py",
    "accounts/models/credentials.py",
    "accounts/api/tokens.py",
    "accounts/api/personal_tokens.py",
)
REFRESH, REFUSED = "tests/accounts/test_refresh.py", "tests/accounts/test_refused_tokens.py"
PERSONAL, ACCESS = "tests/accounts/test_personal_tokens.py", "tests/accounts/test_personal_token_access.py"
REVOKES = "            _revoke(token.family_id)\n    raise InvalidToken("

# Asked by `admit()` for the credentials of every request, and by the endpoints for the token in the body.
ADMITS = Edit("accounts/authentication.py", "if tenant is None or tenant_id != tenant.pk:", "if tenant is None:")
COMPARES = Edit(
    "accounts/tokens.py", "if tenant_id is not None and active is not None and tenant_id != active.pk:", "if False:"
)

OF_TOKENS = [
    off(
        "reuse revokes the family",
        RULES,
        REVOKES,
        "            pass\n    raise InvalidToken(",
        f"{REFRESH}::test_reuse_of_a_refresh_token_revokes_the_family",
        f"{REFRESH}::test_exactly_one_parallel_refresh_succeeds_and_reuse_revokes_the_family",
    ),
    off(
        "the revocation outlives the refusal",
        RULES,
        REVOKES,
        "            _revoke(token.family_id)\n        raise InvalidToken(",
        f"{REFRESH}::test_revocation_is_committed_although_the_request_fails",
    ),
    off(
        "only the newest refresh token works",
        MODELS,
        "self.revoked_at is None and self.current_token_id == token.token_id",
        "self.revoked_at is None",
        f"{REFRESH}::test_reuse_of_a_refresh_token_revokes_the_family",
    ),
    off(
        "a revoked family is over",
        MODELS,
        "self.revoked_at is None and self.current_token_id == token.token_id",
        "self.current_token_id == token.token_id",
        f"{REFRESH}::test_reuse_of_a_refresh_token_revokes_the_family",
        "tests/accounts/test_revoke.py::test_revocation_ends_the_token_family",
    ),
    off(
        "a new password ends the log-ins",
        RULES,
        "family.accepts(token) and constant_time_compare(token.stamp, member.user.password_stamp)",
        "family.accepts(token)",
        f"{REFRESH}::test_a_new_password_ends_the_log_ins_in_all_accounts",
    ),
    off(
        "a rotation locks the family",
        RULES,
        "RefreshFamily.objects.select_for_update()",
        "RefreshFamily.objects",
        f"{REFRESH}::test_parallel_rotations_are_serialized",
    ),
    off(
        "a family is of one person",
        RULES,
        "select_for_update().filter(pk=token.family_id, member=member)",
        "select_for_update().filter(pk=token.family_id)",
        f"{REFRESH}::test_token_family_belongs_to_one_user",
    ),
    Mutant(
        "a refresh token belongs to its tenant",
        (Edit(API, "if account is None or account.pk != tenant_id:", "if account is None:"), ADMITS),
        (
            f"{REFUSED}::test_token_of_another_account_is_refused",
            f"{REFUSED}::test_refresh_token_is_refused_at_another_account_of_its_user",
        ),
    ),
    Mutant(
        "personal tokens belong to one tenant",
        (ADMITS, COMPARES),
        (f"{ACCESS}::test_token_check_refuses_another_account_without_the_resolver",),
    ),
    off(
        "personal tokens are known to the resolver",
        "tenancy/routing.py",
        "personal(token.strip(), look_up=look_up) or ",
        "",
        f"{ACCESS}::test_personal_token_selects_the_account_on_the_public_host",
    ),
    Mutant(
        "a personal token is compared before it is looked up",
        (COMPARES,),
        (f"{ACCESS}::test_nothing_is_read_in_another_account_that_a_token_names",),
    ),
    off(
        "a revoked personal token is over",
        MODELS,
        "Q(expires_at__gt=timezone.now()), revoked_at=None)",
        "Q(expires_at__gt=timezone.now()))",
        f"{ACCESS}::test_revoked_personal_token_is_refused",
    ),
    off(
        "an expired personal token is over",
        MODELS,
        "self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)",
        "self.filter(revoked_at=None)",
        f"{ACCESS}::test_expired_personal_token_is_refused",
    ),
    off(
        "people see their own personal tokens only",
        MODELS,
        "self.filter(member=membership, revoked_at=None)",
        "self.filter(revoked_at=None)",
        f"{PERSONAL}::test_member_cannot_see_or_revoke_tokens_of_others",
    ),
    off(
        "a personal token makes no others",
        RESOURCE,
        "(RoleAllows, NotMadeByATokenItself)",
        "(RoleAllows,)",
        f"{PERSONAL}::test_personal_token_cannot_create_tokens",
    ),
]
