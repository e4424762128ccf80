"""All of an account as one ZIP: its projects as JSON, every table as CSV, and its files.

Left out are what would let somebody in, hashes of it too, and what belongs to one person alone.
"""

import shutil
from collections.abc import Iterator
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from django.apps import apps

from accounts.exports import archive_files
from accounts.exports.writing import CsvTable
from accounts.models import Account, ApiToken, IdempotencyKey, Membership, Notification, RefreshFamily
from projects.models import Project
from tasks import exports
from tasks.models import Export, ExportFormat, Task, UploadURL
from tenancy.context import require_active_tenant
from tenancy.fields import DerivedText
from tenancy.models import TenantModel, is_tenant_owned

PAGE = 1000  # rows that are in memory at once
MOST_BYTES = 4 * 1024 * 1024 * 1024

LEFT_OUT = {ApiToken, IdempotencyKey, RefreshFamily, Export, Notification, UploadURL}
SECRET = "_hash"  # noqa: S105  # how columns end that stand for a secret


def count() -> int:
    """Return of how many rows and files `write_account()` will tell: tasks are in it twice."""
    rows = sum(model._default_manager.count() for model in models())
    return rows + Task.objects.count() + archive_files.count()


def models() -> list[type[TenantModel]]:
    """Return the models whose rows are written."""
    owned = (cast(type[TenantModel], model) for model in apps.get_models() if is_tenant_owned(model))
    return [model for model in owned if model not in LEFT_OUT]


def write_account(file: IO[bytes]) -> Iterator[int]:
    """Write everything of the active account, and yield after each page how many rows and files are written.

    Raises TooLarge, StorageUnavailable.
    """
    done = 0
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        _write_account_itself(archive)
        for project in Project.objects.order_by("key"):
            yield from (done + each for each in _write_project(archive, project))
            done += Task.objects.filter(project=project).count()
            exports.require_room(file, MOST_BYTES)
        for model in models():
            for rows in _write_table(archive, model):
                done += rows
                exports.require_room(file, MOST_BYTES)
                yield done
        for files in archive_files.write_files(archive, file, MOST_BYTES):
            done += files
            yield done


def _write_account_itself(archive: ZipFile) -> None:
    account = Account.objects.get(pk=require_active_tenant().pk)
    names = ("id", "slug", "name", "variant", "time_zone", "plan", "accent_hue", "media_access", "created_at")
    archive.writestr("account.json", exports.as_json({name: getattr(account, name) for name in names}))
    with archive.open("people.csv", "w", force_zip64=True) as entry, _csv(entry) as text:
        rows = CsvTable(text)
        rows.write(["member", "name", "email", "role", "joined_at", "ended_at"])
        for member in Membership.objects.order_by("joined_at", "id").prefetch_related("user"):
            user = member.user
            rows.write((member.pk, user.name, user.email, member.role, member.joined_at, member.ended_at))


def _write_project(archive: ZipFile, project: Project) -> Iterator[int]:
    # In a file of its own first: what is inside a ZIP cannot be asked how long it is.
    with TemporaryFile() as part:
        yield from exports.write_project(project, ExportFormat.JSON, part, MOST_BYTES)
        part.seek(0)
        with archive.open(f"projects/{project.key}.json", "w", force_zip64=True) as entry:
            shutil.copyfileobj(part, entry)


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
    return exports.as_json(value) if isinstance(value, dict | list) else value
