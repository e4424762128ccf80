"""The controls of what the product does by jobs: whose notifications and exports these are, and where files lie."""

from tests.mutants.controls import Mutant, off

TELLING, WRITING, STORAGE = "accounts/models/notifications.py", "accounts/models/exports.py", "tenancy/storage.py"
STORED, DOWNLOADED = "tests/tenancy/test_storage.py", "tests/tasks/test_exports_api.py"
DELETED = "tests/isolation/test_deleted_subjects.py"
TOLD, MAILED = "tests/tasks/test_notifications_api.py", "tests/tasks/test_mails.py"

IN_THE_PRODUCT: list[Mutant] = [
    off(
        "files lie under the prefix of their tenant",
        STORAGE,
        'return f"tenants/{tenant.pk}/{name}"',
        'return f"tenants/{name}"',
        f"{STORED}::test_the_key_has_the_tenant_in_front",
        f"{STORED}::test_a_tenant_does_not_reach_anothers",
    ),
    off(
        "names of files are those that the program makes",
        STORAGE,
        "if not NAME.fullmatch(name):",
        'if name == "":',
        f"{STORED}::test_names_that_the_program_does_not_make_are_refused",
    ),
    off(
        "people see their own notifications only",
        TELLING,
        "self.filter(shown, member=membership)",
        "self.filter(shown)",
        f"{TOLD}::test_those_of_another_member_do_not_exist",
        f"{TOLD}::test_all_are_marked_as_read_but_nobody_elses",
    ),
    off(
        "notifications of hidden projects are hidden",
        TELLING,
        "self.filter(shown, member=membership)",
        "self.filter(member=membership)",
        "tests/tasks/test_notifications.py::test_nothing_is_shown_of_a_project_that_was_hidden_meanwhile",
    ),
    off(
        "notifications of deleted subjects are hidden",
        TELLING,
        "shown |= Q(Exists(subjects), kind=kind.name)",
        "shown |= Q(kind=kind.name)",
        f"{DELETED}::test_api_hides_notifications_of_deleted_subject",
        f"{DELETED}::test_pages_hide_notifications_of_deleted_subject",
    ),
    off(
        "no email is sent about a deleted subject",
        TELLING,
        "return [row for row in rows if row.subject is not None]",
        "return rows",
        f"{DELETED}::test_no_email_is_sent_for_deleted_subject",
    ),
    off(
        "notifications of deleted subjects are deleted",
        TELLING,
        "gone |= Q(~Exists(subjects), kind=kind.name)",
        "gone |= Q(pk__in=())",
        f"{DELETED}::test_daily_job_deletes_notifications_of_deleted_subjects",
    ),
    off(
        "people see their own exports only",
        WRITING,
        "return self.filter(shown, requested_by=membership)",
        "return self.filter(shown)",
        f"{DOWNLOADED}::test_other_members_do_not_see_it",
    ),
    off(
        "exports of hidden projects are hidden",
        WRITING,
        'Q(project__isnull=False) & visible_through(membership, "project")',
        "Q(project__isnull=False)",
        f"{DOWNLOADED}::test_a_project_that_was_hidden_meanwhile_takes_its_file_along",
    ),
    off(
        "an export is written for those who see the project",
        "accounts/actions/exports.py",
        "return export.project is not None and bool(export.project.seen_by([export.requested_by]))",
        "return export.project is not None",
        f"{DOWNLOADED}::test_nothing_is_written_for_those_who_lost_the_right_to_it",
    ),
    off(
        "no mail goes to those who left",
        "accounts/actions/notification_emails.py",
        "if member.ended_at is not None or not member.user.is_active",
        "if not member.user.is_active",
        f"{MAILED}::test_no_mail_when_it_is_not_right_any_more",
    ),
    off(
        "no cell of a spreadsheet is a formula",
        "accounts/exports/writing.py",
        """return FORMULA.sub("'", """,
        "return str(",
        f"{DOWNLOADED}::test_no_cell_is_a_formula",
        "tests/accounts/test_audit.py::test_no_cell_is_a_formula",
        "tests/tasks/test_csv_files.py::test_no_value_is_a_formula_whatever_separates_values",
    ),
    off(
        "no part of a cell is a formula where another separator ends cells",
        "accounts/exports/writing.py",
        r"|(?<=[,;|\t\n\r\u060c\u061b])",
        "",
        f"{DOWNLOADED}::test_no_cell_is_a_formula",
        "tests/tasks/test_csv_files.py::test_no_value_is_a_formula_whatever_separates_values",
    ),
    off(
        "a text is no formula and no link in an XLSX file",
        "accounts/exports/workbooks.py",
        "self._sheet.write_string(self._row, column, text)",
        "self._sheet.write_formula(self._row, column, text)",
        "tests/tasks/test_xlsx_files.py::test_a_text_is_a_text_whatever_is_in_it",
    ),
]
