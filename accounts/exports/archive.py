"""The archive of an account: its data as one ZIP, with tables as CSV, files, and sections of the apps.

It excludes credentials, their hashes, and data of a single member: `TenantModel.in_archive`.
"""

from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.exports import archive_files
from accounts.exports.writing import CsvTable, as_json, require_room
from accounts.extensions import ExportKind, archive_sections
from accounts.models import Account, Membership
from tenancy.context import require_active_tenant
from tenancy.fields import DerivedText
from tenancy.models import TenantModel, is_tenant_owned

PAGE = 1000  # rows that are in memory at once
MOST_BYTES = 4 * 1024 * 1024 * 1024

ACCOUNT = "account"  # the kind of export
SECRET = "_hash"  # noqa: S105  # the end of the names of columns that stand for a secret


class AccountExport(ExportKind[Model]):
    """The data of the account."""

    name = ACCOUNT
    permission = "account.export"
    formats = (("zip", gettext_lazy("the whole account")),)
    most = MOST_BYTES

    def count(self, subject: None) -> int:  # type: ignore[override]  # the subject is the account itself
        return count()

    def write(self, subject: None, format: str, file: IO[bytes]) -> Iterator[int]:  # type: ignore[override]  # noqa: A002
        return write_account(file)

    def file_stem(self, subject: None) -> str:  # type: ignore[override]
        return require_active_tenant().slug

    def progress(self, done: int, total: int) -> str:
        return _("%(done)d of %(total)d rows and files") % {"done": done, "total": total}

    def too_large(self, format: str) -> str:  # noqa: A002
        remedy = _("Export its parts one by one, and download large files where they are attached.")
        return f"{super().too_large(format)} {remedy}"


def count() -> int:
    """Return the sum of the rows, files and parts of sections that `write_account()` writes."""
    rows = sum(model._default_manager.count() for model in models())
    return rows + sum(section.count() for section in archive_sections) + archive_files.count()


def models() -> list[type[TenantModel]]:
    """Return the models whose rows are written."""
    owned = (cast(type[TenantModel], model) for model in apps.get_models() if is_tenant_owned(model))
    return [model for model in owned if model.in_archive]


def write_account(file: IO[bytes]) -> Iterator[int]:
    """Write everything of the active account, and yield after each page how much of `count()` is written.

    Raises TooLarge, StorageUnavailable.
    """
    done = 0
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        _write_account_itself(archive)
        for written in _write_parts(archive, file):
            done += written
            yield done


def _write_parts(archive: ZipFile, file: IO[bytes]) -> Iterator[int]:
    for section in archive_sections:
        for written in section.write(archive, MOST_BYTES):
            require_room(file, MOST_BYTES)
            yield written
        require_room(file, MOST_BYTES)
    for model in models():
        for rows in _write_table(archive, model):
            require_room(file, MOST_BYTES)
            yield rows
    yield from archive_files.write_files(archive, file, MOST_BYTES)


def _write_account_itself(archive: ZipFile) -> None:
    account = Account.objects.get(pk=require_active_tenant().pk)
    names = ("id", "slug", "name", "variant", "time_zone", "plan", "accent_hue", "media_access", "created_at")
    archive.writestr("account.json", as_json({name: getattr(account, name) for name in names}))
    with archive.open("people.csv", "w", force_zip64=True) as entry, _csv(entry) as text:
        rows = CsvTable(text)
        rows.write(["member", "name", "email", "role", "joined_at", "ended_at"])
        for member in Membership.objects.order_by("joined_at", "id").prefetch_related("user"):
            user = member.user
            rows.write((member.pk, user.name, user.email, member.role, member.joined_at, member.ended_at))


def _write_table(archive: ZipFile, model: type[TenantModel]) -> Iterator[int]:
    """Write the rows of a table, and yield how many are in each page."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, DerivedText)]
    names = [field.attname for field in fields if not field.attname.endswith(SECRET)]
    place, last = names.index("id"), None
    with archive.open(f"tables/{model._meta.db_table}.csv", "w", force_zip64=True) as entry, _csv(entry) as text:
        table = CsvTable(text)
        table.write(names)
        rows = model._default_manager.order_by("pk").values_list(*names)
        while page := list((rows.filter(pk__gt=last) if last else rows)[:PAGE]):
            table.write(*([_plain(value) for value in row] for row in page))
            last = page[-1][place]
            yield len(page)


def _csv(entry: IO[bytes]) -> TextIOWrapper:
    return TextIOWrapper(entry, encoding="utf-8", newline="")


def _plain(value: Any) -> Any:
    return as_json(value) if isinstance(value, dict | list) else value
