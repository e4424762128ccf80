"""Controls of the jobs of the product: notifications, exports, and keys of files."""

from tests.mutants.controls import Mutant, off

TELLING, WRITING, STORAGE = "accounts/models/notifications.py", "accounts/models/exports.py", "tenancy/storage.py"
STORED, DOWNLOADED = "tests/tenancy/test_storage.py", "tests/tasks/test_exports_api.py"
EXPORTED = "tests/accounts/exports/test_exports_api.py"
SUBJECTS, DELETED = "accounts/models/subjects.py", "tests/isolation/test_deleted_subjects.py"
TOLD, MAILED = "tests/accounts/emails/test_notifications_api.py", "tests/accounts/emails/test_notification_emails.py"

IN_THE_PRODUCT: list[Mutant] = [
    off(
        "files lie under the prefix of their tenant",
        STORAGE,
        'return f"tenants/{tenant.pk}/{name}"',
        'return f"tenants/{name}"',
        f"{STORED}::test_the_key_has_the_tenant_in_front",
        f"{STORED}::test_tenant_cannot_reach_files_of_another",
    ),
    off(
        "names of files are those that the program makes",
        STORAGE,
        "if not NAME.fullmatch(name):",
        'if name == "":',
        f"{STORED}::test_names_of_another_form_are_refused",
    ),
    off(
        "members see their own notifications only",
        TELLING,
        "subject_visible_to(membership, notification_kinds), member=membership)",
        "subject_visible_to(membership, notification_kinds))",
        f"{TOLD}::test_notifications_of_another_member_do_not_exist",
        f"{TOLD}::test_all_own_notifications_are_marked_as_read",
    ),
    off(
        "members see their own exports only",
        WRITING,
        "subject_visible_to(membership, kinds_for(membership)), requested_by=membership)",
        "subject_visible_to(membership, kinds_for(membership)))",
        f"{EXPORTED}::test_export_is_hidden_from_other_members",
    ),
    off(
        "notifications and exports of hidden and deleted subjects are hidden",
        SUBJECTS,
        'Q(("kind", kind.name), Exists(subjects.filter(pk=OuterRef("subject_id"))))',
        "Q(kind=kind.name)",
        "tests/tasks/test_notifications.py::test_notifications_of_a_project_hidden_later_are_hidden",
        f"{DOWNLOADED}::test_export_of_a_project_hidden_later_is_hidden",
        f"{DELETED}::test_api_hides_notifications_of_deleted_subject",
        f"{DELETED}::test_pages_hide_notifications_of_deleted_subject",
        f"{DELETED}::test_api_hides_exports_of_deleted_subject",
    ),
    off(
        "emails and files of hidden subjects are not written",
        SUBJECTS,
        "visible.in_bulk(ids[kind.name])",
        "kind.model._default_manager.in_bulk(ids[kind.name])",
        f"{MAILED}::test_email_is_not_sent_when_reason_is_gone[hidden]",
        f"{EXPORTED}::test_export_is_not_written_for_member_without_access[hidden]",
    ),
    off(
        "emails of deleted subjects are not sent",
        SUBJECTS,
        "shown = [row for row in found if row.subject_id in subjects.get(row.kind, {})]",
        "shown = found",
        f"{DELETED}::test_no_email_is_sent_for_deleted_subject",
    ),
    off(
        "notifications and exports of deleted subjects are deleted",
        SUBJECTS,
        'deleted |= Q(("kind", kind.name), ~Exists(subjects))',
        "deleted |= Q(pk__in=())",
        f"{DELETED}::test_daily_job_deletes_notifications_of_deleted_subjects",
        "tests/accounts/exports/test_remove_old.py::test_export_of_deleted_subject_is_deleted_with_its_file",
    ),
    off(
        "an export is written for current members",
        "accounts/actions/exports.py",
        "if export is None or export.requested_by.ended_at is not None:",
        "if export is None:",
        f"{EXPORTED}::test_export_is_not_written_for_member_without_access[left]",
    ),
    off(
        "no mail goes to those who left",
        "accounts/actions/notification_emails.py",
        "if member.ended_at is not None or not member.user.is_active",
        "if not member.user.is_active",
        f"{MAILED}::test_email_is_not_sent_when_reason_is_gone",
    ),
    off(
        "no cell of a spreadsheet is a formula",
        "accounts/exports/writing.py",
        """return FORMULA.sub("'", """,
        "return str(",
        f"{DOWNLOADED}::test_export_contains_no_formula",
        "tests/accounts/test_audit.py::test_export_contains_no_formula",
        "tests/tasks/test_csv_files.py::test_no_value_is_a_formula_whatever_separates_values",
    ),
    off(
        "no part of a cell is a formula where another separator ends cells",
        "accounts/exports/writing.py",
        r"|(?<=[,;|\t\n\r\u060c\u061b])",
        "",
        f"{DOWNLOADED}::test_export_contains_no_formula",
        "tests/tasks/test_csv_files.py::test_no_value_is_a_formula_whatever_separates_values",
    ),
    off(
        "a text is no formula and no link in an XLSX file",
        "accounts/exports/workbooks.py",
        "self._sheet.write_string(self._row, column, text)",
        "self._sheet.write_formula(self._row, column, text)",
        "tests/tasks/test_xlsx_files.py::test_text_cell_contains_the_text_and_no_formula",
    ),
]
