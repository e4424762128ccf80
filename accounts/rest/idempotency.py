"""`Idempotency-Key`: a POST that is sent again, because its answer was lost, is not carried out again.

A key is taken by inserting a row, in the transaction of the effect, so after a crash neither exists. A concurrent
request with the same key waits in PostgreSQL for that transaction, and then finds the answer or inserts the row.

Only successful answers are stored. An error has left no effect, and its reason may be gone at the next attempt.
"""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import AbstractIdempotencyKey, IdempotencyKey, Membership, PlacedIdempotencyKey
from accounts.rest.errors import AnswerNotKept, IdempotencyMismatch
from accounts.rest.rendering import JSONRenderer
from tenancy import places

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("ETag", "Location")
SWEPT = 100  # expired keys that one request removes at most


class _Refused(Exception):
    """Nothing was carried out: the transaction is rolled back."""


def read_key(request: Request) -> str | None:
    """Return the key of a POST, None if it has none. Raises ValidationError."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        raise ValidationError({HEADER: [_("Must be 1 to 255 visible ASCII characters.")]})
    return key


def once(  # noqa: PLR0913  # one place for all of it
    request: Request,
    member: Membership,
    key: str,
    handle: Callable[[], Response],
    is_hidden: Callable[[Any], bool],
    *,
    placed: bool,
    body_hash: str | None = None,
) -> HttpResponseBase:
    """Return the answer of `handle`, or its stored answer to the same request of `member`.

    Keys belong to account, member, method and path. `is_hidden` is called with the data of a stored answer and returns
    whether the member may not see its object any more. `placed` is whether `handle` writes content: the key is then in
    the same database. `body_hash` stands for a body that was streamed. Raises Http404 for a hidden object,
    IdempotencyMismatch, AnswerNotKept, and what `handle` raises.
    """
    request_hash = _hash(f"{request.method} {request.path_info} {key}".encode())
    body_hash = body_hash or _hash(request.body)
    keys = PlacedIdempotencyKey if placed else IdempotencyKey
    try:
        with places.atomic() if placed else transaction.atomic():
            taken, is_new = _take(keys, member, request_hash, body_hash)
            if not is_new:
                return _replay(taken, body_hash, is_hidden)
            response = handle()
            if response.status_code >= 300:
                raise _Refused
            _keep(taken, response)
    except _Refused:
        pass
    return response


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _take(
    keys: type[AbstractIdempotencyKey], member: Membership, request_hash: str, body_hash: str
) -> tuple[AbstractIdempotencyKey, bool]:
    """Return the row of a key and whether it is new. Waits for a concurrent request with the same key."""
    _remove_expired(keys, member, request_hash)
    row = keys(member=member, request_hash=request_hash, body_hash=body_hash)
    keys.objects.bulk_create([row], ignore_conflicts=True)
    taken = keys.objects.get(member=member, request_hash=request_hash)
    return taken, taken.pk == row.pk


def _remove_expired(keys: type[AbstractIdempotencyKey], member: Membership, request_hash: str) -> None:
    """Delete the key if it has expired, and some other expired keys of the account, so that they do not accumulate."""
    expired = keys.objects.filter(created_at__lt=timezone.now() - keys.LIFETIME)
    expired.filter(member=member, request_hash=request_hash).delete()
    # Rows that a concurrent request deletes are skipped: the two could deadlock.
    unlocked = expired.select_for_update(skip_locked=True).values("pk")[:SWEPT]
    keys.objects.filter(pk__in=unlocked).delete()


def _keep(row: AbstractIdempotencyKey, response: Response) -> None:
    row.status = response.status_code
    if "no-store" not in response.headers.get("Cache-Control", ""):
        row.body = JSONRenderer().render(response.data).decode()
    row.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    row.save(update_fields=["status", "body", "headers"])


def _replay(row: AbstractIdempotencyKey, body_hash: str, is_hidden: Callable[[Any], bool]) -> HttpResponse:
    if row.body_hash != body_hash:
        raise IdempotencyMismatch
    if row.body is None:
        raise AnswerNotKept
    if is_hidden(json.loads(row.body or "null")):
        raise Http404
    headers: dict[str, Any] = {**row.headers, "Idempotency-Replayed": "true"}
    return HttpResponse(row.body, status=row.status, content_type="application/json", headers=headers)
