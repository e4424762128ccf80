"""The contents of an account's files in its ZIP: unchanged, a chunk at a time."""

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.db.models import QuerySet
from django.utils import timezone

from accounts.exports.writing import CsvTable, TooLarge
from accounts.extensions import attachment_kinds
from accounts.files.names import avatar_file, clean_name, logo_file
from accounts.models import Account, AttachmentState, Membership
from tenancy.context import require_active_tenant
from tenancy.storage import storage

PAGE = 1000  # rows that are in memory at once


def count() -> int:
    """Return how many files `write_files()` will come to."""
    pictures = Membership.objects.exclude(avatar="").count()
    return sum(rows.count() for rows in _ready()) + pictures + bool(_account().logo)


def write_files(archive: ZipFile, file: IO[bytes], most: int) -> Iterator[int]:
    """Write the files of the active account into `archive`, which is in `file`, and yield 1 after each.

    A file without an object is listed in `files/missing.csv`. Raises TooLarge when there are more than `most`
    bytes, StorageUnavailable.
    """
    missing = []
    for name, stored_as in _files():
        if not _write_file(archive, file, name, stored_as, most):
            missing.append(name)
        yield 1
    if missing:
        text = StringIO()
        CsvTable(text).write(["file"], *([name] for name in missing))
        archive.writestr("files/missing.csv", text.getvalue())


def _write_file(archive: ZipFile, file: IO[bytes], name: str, stored_as: str, most: int) -> bool:
    """Write one of them, which is compressed already where that helps; say whether it is there."""
    try:
        stored = storage.read(stored_as)
    except FileNotFoundError:
        return False
    entry = ZipInfo(f"files/{name}", date_time=timezone.now().timetuple()[:6])
    entry.compress_type = ZIP_STORED
    with closing(stored.pieces), archive.open(entry, "w", force_zip64=True) as target:
        if file.tell() + stored.size > most:
            raise TooLarge(f"More than {most} bytes.")
        for piece in stored.pieces:
            target.write(piece)
    return True


def _files() -> Iterator[tuple[str, str]]:
    """Yield the name in the ZIP of each file, and its name in storage. An id is in each, so no two are the same."""
    if logo := _account().logo:
        yield "logo.webp", logo_file(logo)
    for pk, avatar in Membership.objects.exclude(avatar="").order_by("pk").values_list("pk", "avatar"):
        yield f"avatars/{pk}.webp", avatar_file(avatar)
    for rows in _ready():
        yield from _files_of(rows.order_by("pk"))


def _ready() -> list[QuerySet[Any]]:
    return [kind.model.objects.filter(state=AttachmentState.READY) for kind in attachment_kinds]


def _files_of(rows: QuerySet[Any]) -> Iterator[tuple[str, str]]:
    last = None
    while page := list((rows.filter(pk__gt=last) if last else rows)[:PAGE]):
        # Cleaned again: a name that was stored before there was a rule for it must not lead out of where it is opened.
        yield from ((f"{each.pk}/{clean_name(each.name)}", each.file) for each in page)
        last = page[-1].pk


def _account() -> Account:
    return Account.objects.get(pk=require_active_tenant().pk)
