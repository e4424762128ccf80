"""Forms with a file, whose body is read as it arrives: nothing of it was there when CSRF tokens were looked for."""

from io import BytesIO
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

from accounts.quotas import FileTooLarge
from accounts.rest.uploads import receive_file


def require_token(request: HttpRequest, fields: QueryDict) -> None:
    """Raise PermissionDenied unless `fields`, those before the file, have the token of our own form."""
    request.POST = fields  # type: ignore[assignment]  # where the token is looked for
    if _Token(_anything).process_view(request, _anything, (), {}) is not None:
        raise PermissionDenied


def receive_small_file(request: HttpRequest, *, most: int) -> bytes:
    """Return the `file` of a form of ours. For views that are `csrf_exempt`.

    Raises PermissionDenied, ValidationError without a file, and FileTooLarge for more than `most` bytes.
    """
    kept = _Memory(most)

    def begin(fields: QueryDict, name: str, content_type: str) -> _Memory:
        require_token(request, fields)
        return kept

    receive_file(request, begin)
    return kept.file.getvalue()


class _Memory:
    def __init__(self, most: int) -> None:
        self.most, self.file = most, BytesIO()

    def write(self, piece: bytes) -> None:
        if self.file.tell() + len(piece) > self.most:
            raise FileTooLarge(_("A picture may have %(most)d MB.") % {"most": self.most // 2**20})
        self.file.write(piece)


class _Token(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _anything(request: HttpRequest) -> HttpResponse:
    """Stand for the view that the token is looked for on behalf of."""
    return HttpResponse()
