"""Controls in Python: the manager, the active tenant, requests and credentials, the cache."""

from tests.mutants.controls import (
    CACHE,
    CONTEXT,
    CREDENTIALS,
    MIDDLEWARE,
    MODELS,
    ORM,
    ROUTING,
    VARIANTS,
    Edit,
    Mutant,
    off,
)

FIELDS, AUTHENTICATION = "tenancy/fields.py", "accounts/authentication.py"
RESOLVING = "tenancy/routing.py"
IN_ITS_ZONE = "        with timezone.override(scope.zone):\n            yield\n"
RESET = f"token = _scope.set(scope)\n    try:\n{IN_ITS_ZONE}    finally:\n        _scope.reset(token)"
IDEMPOTENCY, THROTTLING = "tests/accounts/rest/test_idempotency.py", "tests/accounts/rest/test_throttling.py"
PRECONDITIONS, QUOTAS = "tests/accounts/rest/test_preconditions.py", "tests/accounts/test_quotas.py"
LOG_IN, TOKEN = "tests/frontend/auth/test_log_in.py", "tests/accounts/test_token.py"

IN_THE_ORM = [
    off(
        "managers filter by tenant",
        MODELS,
        "super().get_queryset().filter(scope).defer(",
        "super().get_queryset().defer(",
        f"{ORM}::test_without_a_tenant_every_query_raises",
        f"{ORM}::test_as_user_reads_only_the_memberships_of_the_user",
    ),
    Mutant(
        "the tenant is looked up when SQL is compiled",
        (
            Edit(
                MODELS,
                "self.tenant, self.user = tenant, user\n",
                "self.tenant, self.user, self.built_in = tenant, user, get_scope()\n",
            ),
            Edit(
                MODELS,
                "scope = get_scope()\n        if scope.tenant",
                "scope = self.built_in\n        if scope.tenant",
            ),
        ),
        (
            f"{ORM}::test_class_level_queryset_uses_the_tenant_active_at_evaluation",
            f"{ORM}::test_form_field_uses_the_tenant_active_at_validation",
            f"{ORM}::test_serializer_field_uses_the_tenant_active_at_validation",
            f"{ORM}::test_querysets_bind_the_tenant_late",
        ),
    ),
    off(
        "joins compare the tenant",
        FIELDS,
        "return Exact(Col(alias, theirs), Col(related_alias, ours))",
        "return None",
        f"{ORM}::test_joins_compare_the_tenant",
    ),
    off(
        "no row of another tenant is saved",
        FIELDS,
        "if owner_id is not None and owner_id != tenant.pk:",
        "if False:",
        f"{ORM}::test_writing_another_tenants_row_raises",
    ),
    off(
        "raw() needs a tenant",
        MODELS,
        "        require_active_tenant()\n        return super().raw",
        "        return super().raw",
        f"{ORM}::test_without_a_tenant_every_query_raises",
    ),
    off(
        "a block puts back what was active",
        "tenancy/context.py",
        RESET,
        "token = _scope.set(scope)\n    yield\n    _scope.reset(token)",
        f"{CONTEXT}::test_exception_restores_the_outer_tenant",
        f"{MIDDLEWARE}::test_no_tenant_is_active_after_a_failed_request",
    ),
    off(
        "as_user() suspends the tenant",
        "tenancy/context.py",
        "with scoped(Scope(user_id=user.pk)):",
        "with scoped(Scope(tenant=get_active_tenant(), user_id=user.pk)):",
        f"{CONTEXT}::test_as_user_suspends_the_tenant",
    ),
    off(
        "only memberships are read as a person",
        MODELS,
        "elif scope.user_id is not None and self.user is not None:",
        "elif scope.user_id is not None:\n            return 'TRUE', ()\n        elif False:",
        f"{ORM}::test_as_user_reads_only_the_memberships_of_the_user",
    ),
    off(
        "all_tenants() reads as the operator only",
        MODELS,
        "elif scope.all_tenants_reason is not None and connection.alias == OPERATOR:",
        "elif scope.all_tenants_reason is not None:",
        f"{ORM}::test_without_a_tenant_every_query_raises",
    ),
]

IN_REQUESTS = [
    off(
        "the host is checked",
        RESOLVING,
        r"""HOST = re.compile(rf"(?P<name>{LABEL}(?:\.{LABEL})*)\.?(?::(?P<port>[0-9]{{1,5}}))?\Z")""",
        r"""HOST = re.compile(r"(?P<name>[^:]*)(?::(?P<port>[0-9]{1,5}))?")""",
        f"{ROUTING}::test_malformed_hosts_are_refused",
        f"{ROUTING}::test_a_missing_host_never_falls_back_to_the_servers_name",
    ),
    off(
        "credentials and address name the same tenant",
        RESOLVING,
        "if len({tenant.pk for tenant in named}) > 1:",
        "if False:",
        f"{ROUTING}::test_conflicting_tenants_are_refused",
        f"{ROUTING}::test_a_token_names_the_tenant_on_the_public_host_and_must_agree_elsewhere",
    ),
    off(
        "suspended tenants are refused",
        RESOLVING,
        "if named[0].suspended_at is not None:",
        "if False:",
        f"{ROUTING}::test_suspended_tenant_is_refused",
    ),
    off(
        "a token is checked before it names a user",
        RESOLVING,
        "tenant_id = _personal_tokens()(token.strip()) or read_tenant_id(token.strip())",
        "tenant_id = UUID(__import__('jwt').decode(token.strip(), options={'verify_signature': False})['tenant'])",
        f"{ROUTING}::test_token_with_a_bad_signature_chooses_no_tenant",
    ),
    off(
        "a streamed body has its tenant",
        "tenancy/middleware.py",
        "response.streaming_content = wrap(request, pieces)",
        "response.streaming_content = pieces",
        f"{MIDDLEWARE}::test_streamed_bodies_stay_with_their_tenant",
        f"{MIDDLEWARE}::test_streamed_bodies_stay_with_their_tenant_in_async_code",
    ),
    off(
        "a request does not inherit a tenant",
        "tenancy/middleware.py",
        "with tenant_context(tenant) if tenant else no_tenant(), own",
        "with tenant_context(tenant) if tenant else __import__('contextlib').nullcontext(), own",
        f"{MIDDLEWARE}::test_a_request_does_not_inherit_what_was_active",
    ),
    off(
        "the tenant claim of a token is checked",
        AUTHENTICATION,
        "if tenant is None or tenant_id != tenant.pk:",
        "if tenant is None:",
        f"{CREDENTIALS}::test_the_check_of_the_token_holds_without_the_resolver",
    ),
    off(
        "the audience of a token is checked",
        "config/settings.py",
        '    "AUDIENCE": product.SLUG,\n',
        "",
        f"{CREDENTIALS}::test_a_token_with_a_wrong_claim_is_refused",
    ),
    off(
        "a token ends with the membership",
        AUTHENTICATION,
        "    if membership is None:\n        raise NotAMember\n",
        "",
        f"{CREDENTIALS}::test_a_token_ends_with_the_membership",
    ),
    off(
        "a session ends with the membership",
        "accounts/middleware.py",
        "belongs = membership is not None and membership.accepts_credentials_of(bound_at(request.session))",
        "belongs = True",
        f"{CREDENTIALS}::test_a_session_ends_with_the_membership",
    ),
    off(
        "memberships that have ended are none",
        AUTHENTICATION,
        "filter(user_id=user.pk, ended_at=None)",
        "filter(user_id=user.pk)",
        f"{CREDENTIALS}::test_a_token_ends_with_the_membership",
        f"{CREDENTIALS}::test_a_session_ends_with_the_membership",
    ),
    off(
        "a session is bound to its tenant",
        "tenancy/sessions.py",
        "session.get(KEY) == _space() and ",
        "",
        f"{CREDENTIALS}::test_a_session_of_one_account_is_anonymous_at_another",
        f"{CREDENTIALS}::test_a_session_of_the_public_site_is_anonymous_at_an_account",
        f"{CREDENTIALS}::test_a_session_of_an_account_is_anonymous_on_the_public_site",
    ),
    off(
        "only members log in",
        AUTHENTICATION,
        "is_known_here = get_active_tenant() is None or current_membership(candidate) is not None",
        "is_known_here = True",
        f"{LOG_IN}::test_correct_password_of_a_non_member_answers_like_a_wrong_one",
        f"{TOKEN}::test_every_wrong_credential_gets_the_same_response",
    ),
    off(
        "password links are bound to a tenant",
        "accounts/emails/links.py",
        "{tenant.pk if tenant else 'public'}",
        "everywhere",
        "tests/tenancy/test_commands.py::test_the_link_of_a_new_owner_works_on_no_other_host",
    ),
    Mutant(
        "idempotency keys belong to one member",
        (
            Edit(
                "accounts/rest/idempotency.py",
                "taken = IdempotencyKey.objects.get(member=member, request_hash=request_hash)",
                "taken = IdempotencyKey.objects.filter(request_hash=request_hash).earliest('created_at')",
            ),
        ),
        (f"{IDEMPOTENCY}::test_keys_belong_to_one_member",),
    ),
    off(
        "idempotency keys belong to one path",
        "accounts/rest/idempotency.py",
        "{request.method} {request.path_info} {key}",
        "{request.method} {key}",
        f"{IDEMPOTENCY}::test_keys_belong_to_one_path",
    ),
    off(
        "who lost sight of a row gets no old answer",
        "accounts/rest/idempotency.py",
        "    if is_hidden(",
        "    if False and is_hidden(",
        f"{IDEMPOTENCY}::test_user_who_lost_access_to_a_row_gets_no_replay",
    ),
    off(
        "a tag is compared under the lock of the write",
        "accounts/rest/views.py",
        "        self.lock(row)\n",
        "",
        f"{PRECONDITIONS}::test_exactly_one_of_parallel_changes_succeeds",
    ),
    off(
        "of two who create the last one the second waits",
        "accounts/quotas.py",
        ".select_for_update(no_key=True)",
        "",
        f"{QUOTAS}::test_exactly_one_parallel_last_project_is_created",
    ),
    off(
        "requests are counted for one person",
        "accounts/rest/throttling.py",
        "api-requests:user:{member.pk}:",
        "api-requests:user:",
        f"{THROTTLING}::test_requests_of_one_member_do_not_count_for_another",
    ),
    off(
        "requests over the user's limit are not counted for the account",
        "tenancy/cache.py",
        "        break\n",
        "",
        f"{THROTTLING}::test_requests_refused_for_a_user_do_not_count_for_the_account",
        f"{CACHE}::test_numbers_after_one_that_exceeds_its_limit_are_not_incremented",
    ),
]

IN_THE_CACHE = [
    off(
        "cache keys carry the tenant",
        "tenancy/cache.py",
        'f"tenant:{tenant.pk}"',
        '"public"',
        f"{CACHE}::test_the_same_key_in_two_tenants_is_two_values",
        f"{CACHE}::test_a_cached_page_belongs_to_one_tenant",
        f"{CACHE}::test_a_cached_fragment_belongs_to_one_tenant",
    ),
    off(
        "clearing the cache drops nothing of others in the same Redis",
        "tenancy/cache.py",
        'client.scan_iter(match=f"{self.key_prefix}:*", count=1000)',
        'client.scan_iter(match="*", count=1000)',
        f"{CACHE}::test_clearing_it_drops_nothing_that_others_have_in_the_same_redis",
    ),
    off(
        "log-in attempts count across tenants",
        "tenancy/cache.py",
        'return key.startswith(tuple(settings.TENANCY["PUBLIC_CACHE_KEYS"]))',
        "return False",
        f"{CACHE}::test_log_in_limits_are_counted_across_tenants",
        f"{TOKEN}::test_attempts_count_across_all_hosts",
    ),
    off(
        "cached templates carry the variant",
        "tenancy/variants.py",
        'return f"{active_variant()}:{super().cache_key(template_name, skip)}"',
        "return super().cache_key(template_name, skip)",
        f"{VARIANTS}::test_each_variant_renders_its_own_template",
        f"{VARIANTS}::test_a_template_of_one_variant_does_not_exist_in_another",
    ),
]
