"""The audit log as a file, as CSV and as XLSX, newest first, read page by page."""

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from io import StringIO
from tempfile import TemporaryFile

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from accounts.exports import workbooks
from accounts.exports.workbooks import Workbook
from accounts.exports.writing import CsvTable
from accounts.models import AuditEntry
from tenancy.clock import current_zone
from tenancy.context import require_active_tenant

FORMATS = ("csv", "xlsx")
COLUMNS = ("id", "action", "actor", "actor_email", "ip", "object_id", "data", "created_at")
ROWS = 500  # that are read at a time
# Of an XLSX, which is sent when it is whole: the request does not wait for more than some seconds.
MOST_IN_WORKBOOK = 50_000
MOST_BYTES = 128 * 2**20  # of its sheet; entries are small
PIECE = 256 * 1024  # bytes


def as_file(rows: QuerySet[AuditEntry], format_: str) -> StreamingHttpResponse:
    """Answer with entries as a file, newest first, which is sent while they are read, or as XLSX when all are.

    Raises ValidationError for another format, and for more entries than an XLSX may have.
    """
    if format_ not in FORMATS:
        raise ValidationError({"format": _("Must be `csv` or `xlsx`.")})
    if format_ == "xlsx" and rows.order_by()[: MOST_IN_WORKBOOK + 1].count() > MOST_IN_WORKBOOK:
        text = _("An XLSX file has at most %(most)d entries, and there are more. Filter them, or export as CSV.")
        raise ValidationError({"format": text % {"most": MOST_IN_WORKBOOK}})
    pieces = (_csv if format_ == "csv" else _xlsx)(rows.order_by("-created_at", "-id"))
    kind = "text/csv; charset=utf-8" if format_ == "csv" else workbooks.MEDIA_TYPE
    name = f"audit-{require_active_tenant().slug}.{format_}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


def _csv(rows: QuerySet[AuditEntry]) -> Generator[bytes]:
    yield _lines([COLUMNS])
    for page in _pages(rows):
        yield _lines([*_values(row)[:-1], _as_in_the_api(row.created_at)] for row in page)


def _as_in_the_api(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    buffer = StringIO(newline="")
    CsvTable(buffer).write(*rows)
    return buffer.getvalue().encode()


def _xlsx(rows: QuerySet[AuditEntry]) -> Generator[bytes]:
    """Yield no byte for each page that is written, so that the connection goes back to the pool, and then the file."""
    tenant = require_active_tenant()
    with TemporaryFile() as file:
        book = Workbook(file, title="Audit log", zone=current_zone(), most=MOST_BYTES)
        with closing(book):
            book.head(COLUMNS)
            for page in _pages(rows):
                for row in page:
                    book.write(_values(row))
                yield b""
            book.finish({"account": tenant.slug})
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _pages(rows: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """Yield the entries page by page. Each page is a separate query, since an open cursor could mix tenants."""
    last = None
    while page := _page_after(rows, last):
        last = page[-1]
        yield page


def _page_after(rows: QuerySet[AuditEntry], last: AuditEntry | None) -> list[AuditEntry]:
    if last is not None:
        older = Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk)
        rows = rows.filter(older, created_at__lte=last.created_at)
    return list(rows[:ROWS])


def _values(row: AuditEntry) -> list[object]:
    data = json.dumps(row.data, ensure_ascii=False)
    return [*(row.pk, row.action, row.actor_id, row.actor_email, row.ip, row.object_id, data), row.created_at]
