"""Downloads of files through the application. Every request was authorized by its view."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from rest_framework.request import Request

from accounts.files.images import MEDIA_TYPE
from accounts.rest.errors import RangeNotSatisfiable, Stale
from tenancy.storage import StoredFile, storage

ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII)

# Browsers run nothing in the file, also if they show it.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Download:
    """A file that never changes. `read(start, stop)` opens a part of it."""

    name: str
    size: int
    tag: str  # the ETag, in quotes
    modified: datetime
    read: Callable[[int, int], StoredFile]


def stream(file: StoredFile, *, name: str) -> StreamingHttpResponse:
    """Return an answer that streams `file` as an attachment with this name."""
    headers = {**_headers(name), "Content-Length": str(file.size), "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(file.pieces, headers=headers)


def serve(request: Request, file: Download) -> HttpResponseBase:
    """Answer GET and HEAD for `file`, with conditional and range requests (RFC 9110), with one piece in memory.

    Raises RangeNotSatisfiable, Stale, and what `file.read` raises.
    """
    asked = request._request
    modified = int(file.modified.timestamp())
    known = {"ETag": file.tag, "Last-Modified": http_date(modified)}
    # May be cached but must be revalidated, so that the permission is checked each time.
    headers = {**_headers(file.name), **known, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    refused = get_conditional_response(asked, etag=file.tag, last_modified=modified)
    if refused is not None and refused.status_code == 412:
        raise Stale
    if refused is not None:
        return HttpResponse(status=304, headers=headers)
    part = _range(asked, file, modified)
    start, stop = part or (0, file.size)
    headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    status = 200 if part is None else 206
    if asked.method == "HEAD" or start == stop:
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(file.read(start, stop).pieces, status=status, headers=headers)


def show_picture(name: str) -> HttpResponse:
    """Answer with a picture that the application has made, for inline display. Its name is never used again.

    Raises Http404, StorageUnavailable.
    """
    try:
        picture = storage.read(name)
    except FileNotFoundError as error:
        raise Http404 from error
    cached = {"Cache-Control": "private, max-age=604800, immutable"}
    return HttpResponse(b"".join(picture.pieces), content_type=MEDIA_TYPE, headers={**HARMLESS, **cached})


def disposition(name: str) -> str:
    """Return the header that names a downloaded file in any script: RFC 6266 and 8187."""
    return content_disposition_header(True, name) or "attachment"


def _headers(name: str) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Disposition": disposition(name), **HARMLESS}


def _range(request: HttpRequest, file: Download, modified: int) -> tuple[int, int] | None:
    """Return the requested part, from the first byte to before the last; None for the whole file.

    Several ranges, and malformed ones, are ignored, as the RFC allows. Raises RangeNotSatisfiable.
    """
    found = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or found is None or not any(found.groups()) or not _if_range(request, file, modified):
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is None:
        start, stop = max(0, file.size - (last or 0)), file.size
    elif last is not None and last < first:
        return None
    else:
        start, stop = first, min(file.size if last is None else last + 1, file.size)
    if start >= stop:
        raise RangeNotSatisfiable(file.size)
    return start, stop


def _if_range(request: HttpRequest, file: Download, modified: int) -> bool:
    """Return whether the client's other part belongs to the same file; weak tags never match."""
    condition = request.headers.get("If-Range")
    return condition is None or condition == file.tag or parse_http_date_safe(condition) == modified
