"""All writes of members: one transaction, `If-Match` and `Idempotency-Key`."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest import idempotency, preconditions
from accounts.rest.errors import Stale
from accounts.rest.strictness import StrictView
from tenancy import places

WRITES = frozenset(["post", "put", "patch", "delete"])
NO_TAG = ""  # of objects without a tag, such as lists: no tag of a client equals it


class MemberWrites(StrictView):
    """Puts `write()` around the method of every write, those of subclasses included.

    `ends_permission` names the actions that take away the permission to send them: the repeat is refused before any
    key is looked at, so the OpenAPI document promises no `Idempotency-Key` there.
    """

    ends_permission: Collection[str] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = (request.method or "").lower()
        if method in WRITES and (handler := getattr(self, method, None)):
            setattr(self, method, partial(self.write, handler))
        return super().dispatch(request, *args, **kwargs)

    def write(self, handler: Callable[..., Response], request: Request, **kwargs: Any) -> HttpResponseBase:
        """Carry out a write if `If-Match` allows it, and once for each `Idempotency-Key`. Raises Stale.

        Write and answer are one transaction. When a row was hidden from the member while the write waited for a lock,
        the answer is 404 and the write is rolled back.
        """
        tags = preconditions.read_tags(request, "If-Match")  # before a stored answer is used
        key = idempotency.read_key(request)
        body_hash = self.receive(request)
        handle = partial(self._write_unless_stale, tags, handler, request, **kwargs)
        if key is None:
            with places.atomic() if self.writes_content else transaction.atomic():
                return handle()
        once = partial(idempotency.once, placed=self.writes_content, body_hash=body_hash)
        return once(request, self.membership, key, handle, self.is_hidden)

    def _write_unless_stale(
        self, tags: list[str] | None, handler: Callable[..., Response], request: Request, **kwargs: Any
    ) -> Response:
        if tags is not None and not preconditions.match(tags, self.locked_tag()):  # locked until the commit
            raise Stale
        return handler(request, **kwargs)

    # What subclasses know -------------------------------------------------------------------------------------------

    @property
    def writes_content(self) -> bool:
        """Whether the writes are on placed rows, and not on the control plane: see `tenancy.planes`."""
        return False

    def receive(self, request: Request) -> str | None:
        """Read a streamed body before the transaction begins, and return its hash; None if Django reads the body."""
        return None

    def locked_tag(self) -> str:
        """Lock the object of the URL and return its tag, or NO_TAG.

        Lock in the same order as the actions.
        """
        return NO_TAG

    def is_hidden(self, answered: Any) -> bool:
        """Return whether rows of a stored answer exist that the member may not see any more."""
        return False
