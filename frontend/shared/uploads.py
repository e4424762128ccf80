"""Forms with a file. Their body is streamed, so CsrfViewMiddleware cannot read the token in it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

from accounts.exceptions import FileTooLarge
from accounts.rest.uploads import Kept, receive_file


def require_token(request: HttpRequest, fields: QueryDict) -> None:
    """Raise PermissionDenied unless `fields`, which come before the file, contain a valid CSRF token."""
    request.POST = fields  # type: ignore[assignment]  # where the middleware reads the token
    if _Token(_anything).process_view(request, _anything, (), {}) is not None:
        raise PermissionDenied


def receive_small_file(request: HttpRequest, kept: Kept, *, most: int) -> bytes:
    """Return the `file` of a form, after a check of its CSRF token. For views that are `csrf_exempt`.

    Raises PermissionDenied, ValidationError without a file, FileTooLarge for more than `most` bytes, TooManyImages.
    """

    def begin(fields: QueryDict, name: str, content_type: str) -> _Limited:
        require_token(request, fields)
        return _Limited(kept, most)

    receive_file(request, begin)
    return kept.content


class _Limited:
    def __init__(self, kept: Kept, most: int) -> None:
        self.kept, self.most = kept, most

    def write(self, piece: bytes) -> None:
        if self.kept.size + len(piece) > self.most:
            raise FileTooLarge(_("A picture can have at most %(most)d MB.") % {"most": self.most // 2**20})
        self.kept.write(piece)


class _Token(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _anything(request: HttpRequest) -> HttpResponse:
    """A view that CsrfViewMiddleware needs as an argument."""
    return HttpResponse()
