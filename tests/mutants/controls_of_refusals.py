"""Controls of equal responses and costs of refusals, and of idempotent writes."""

from tests.mutants.controls import Mutant, off

COST, HEADERS = "tests/accounts/test_equal_cost.py", "tests/accounts/rest/test_documented_headers.py"
KEYS, REFUSALS = "tests/projects/test_hidden_keys.py", "tests/accounts/test_refused_log_ins.py"
WRITES, SEVERAL = "accounts/rest/writes.py", "accounts/rest/views.py"

OF_REFUSALS: list[Mutant] = [
    off(
        "a refused log-in costs the same: membership is looked up",
        "accounts/authentication.py",
        "current_membership(candidate) is not None",
        "(user is not None and current_membership(candidate) is not None)",
        f"{COST}::test_every_refused_log_in_costs_the_same",
    ),
    off(
        "a refused log-in costs the same: confirmation is looked up",
        "accounts/authentication.py",
        "is_confirmed = candidate.is_confirmed",
        "is_confirmed = is_right and candidate.is_confirmed",
        f"{COST}::test_every_refused_log_in_costs_the_same",
    ),
    off(
        "a refused log-in costs the same: a job for unknown users too",
        "accounts/authentication.py",
        "    user_id = str(",
        "    if user is None:\n        return\n    user_id = str(",
        f"{COST}::test_every_refused_log_in_costs_the_same",
    ),
    off(
        "a refused log-in of a former member is in no log",
        "accounts/audit.py",
        "Membership.objects.current().filter(user_id=user_id)",
        "Membership.objects.filter(user_id=user_id)",
        f"{REFUSALS}::test_refused_log_in_is_audited_for_members_in_their_account_only",
    ),
    off(
        "the mail to confirm an address is sent to who has its password",
        "accounts/authentication.py",
        "may_confirm=may_enter and not is_confirmed",
        "may_confirm=not is_confirmed",
        f"{REFUSALS}::test_wrong_password_sends_no_confirmation",
    ),
    off(
        "a request for a password link costs the same",
        "accounts/actions/password_reset.py",
        "current_membership(user) is not None\n",
        "(user.email and current_membership(user) is not None)\n",
        f"{COST}::test_every_request_for_a_password_link_costs_the_same",
    ),
    off(
        "an invitation costs the same",
        "accounts/actions/invitations.py",
        "    if Membership.objects.current().filter(user_id=user.pk).exists():",
        "    if user.email and Membership.objects.current().filter(user_id=user.pk).exists():",
        f"{COST}::test_every_invitation_costs_the_same",
    ),
    off(
        "every view keeps idempotency keys",
        WRITES,
        "        if key is None:\n",
        "        if True:\n",
        f"{HEADERS}::test_the_same_key_has_one_effect_and_one_answer",
        f"{HEADERS}::test_the_same_key_with_another_body_is_refused",
    ),
    off(
        "every view compares tags",
        WRITES,
        "if tags is not None and not preconditions.match(tags, self.locked_tag()):",
        "if False:",
        f"{HEADERS}::test_an_outdated_tag_is_refused_and_the_current_one_is_not",
        f"{HEADERS}::test_if_match_fails_where_resource_has_no_etag",
    ),
    off(
        "every write is one transaction",
        WRITES,
        "with places.atomic() if self.writes_content else transaction.atomic():\n                return handle()\n",
        "return handle()\n",
        f"{HEADERS}::test_write_is_rolled_back_with_its_response",
    ),
    off(
        "pictures have no tag that matches",
        "accounts/api/pictures.py",
        "if tags is not None and not preconditions.match(tags, NO_TAG):",
        "if False:",
        f"{HEADERS}::test_if_match_fails_where_resource_has_no_etag",
    ),
    off(
        "an answer without a body is repeated",
        SEVERAL,
        '(answered or {}).get("results", [answered or {}])',
        'answered.get("results", [answered])',
        f"{HEADERS}::test_an_action_of_a_list_without_an_answer_is_repeated_without_one",
    ),
    off(
        "a hidden key is refused like one that is seen",
        "projects/models.py",
        'return ValidationError(KEY_REFUSED, code="unique")',
        "return super().unique_error_message(model_class, unique_check)",
        f"{KEYS}::test_hidden_key_is_refused_like_a_visible_one",
    ),
    off(
        "a label counts no hidden tasks",
        "frontend/project_settings/labels.py",
        'Count("task_labels", filter=seen)',
        'Count("task_labels")',
        f"{KEYS}::test_label_counts_visible_tasks_only",
    ),
]
