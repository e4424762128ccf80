"""Files in a request's body, streamed with one piece in memory, or kept as a whole in limited memory."""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Protocol, cast

from django.core.exceptions import BadRequest, TooManyFieldsSent, TooManyFilesSent, ValidationError
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from accounts.actions.attachments import NewFile
from accounts.actions.uploads import Arrival
from accounts.files.images import TooManyImages
from accounts.models import Membership
from accounts.models.attachments import AbstractAttachment
from accounts.quotas import largest_file

PIECE = 256 * 1024  # bytes
# Bytes of the files that requests keep as a whole in this process, and of those of one account: eight and four of the
# largest pictures. The places of `config.bodies` limit how many of one account arrive, and not how many of all.
ROOM = 160 * 2**20
ROOM_OF_TENANT = ROOM // 2


class Sink(Protocol):
    """The destination of a file: see `tenancy.storage.Upload`."""

    def write(self, piece: bytes) -> None: ...


class Broken(BadRequest):
    """The body is not a complete multipart body: answered with 400."""


# Called with the fields before the file, its name and its media type; returns the sink.
type Begin = Callable[[QueryDict, str, str], Sink]


def streams_body[V: Callable[..., Any]](view: V) -> V:
    """Let `view` read the body while it arrives: see `config.bodies`."""
    view.streams_body = True  # type: ignore[attr-defined]
    return view


class Kept:
    """A sink that keeps a file in memory. Only bytes that have arrived count, so an idle client takes no memory."""

    def __init__(self, room: "Room", who: Hashable) -> None:
        self._room, self._who = room, who
        self._file = BytesIO()  # whose value is no copy of it

    @property
    def size(self) -> int:
        """The number of bytes that have arrived."""
        return self._file.tell()

    @property
    def content(self) -> bytes:
        """The bytes that have arrived."""
        return self._file.getvalue()

    def write(self, piece: bytes) -> None:
        """Keep some bytes. Raises TooManyImages if there is not enough memory."""
        self._room.take(self._who, len(piece))
        self._file.write(piece)


class Room:
    """The memory for files that views need as a whole: ROOM bytes, of which a tenant gets at most half.

    No request waits for memory: waiting requests would keep what they have, which could be a deadlock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def keep(self, who: Hashable) -> Iterator[Kept]:
        """Give a file of the tenant `who`, whose room is free again after the block."""
        kept = Kept(self, who)
        try:
            yield kept
        finally:
            with self._lock:
                self._held -= Counter({who: kept.size})

    def take(self, who: Hashable, size: int) -> None:
        """Take `size` bytes. Raises TooManyImages."""
        with self._lock:
            if self._held[who] + size > ROOM_OF_TENANT or self._held.total() + size > ROOM:
                raise TooManyImages(f"There is no room for {size} bytes of a picture that arrives.")
            self._held[who] += size


room = Room()


def read_all(stream: Any, kept: Kept, *, most: int) -> bytes:
    """Return the rest of a streamed body; of a longer one slightly more than `most` bytes.

    Raises TooManyImages.
    """
    while kept.size <= most and (piece := stream.read(PIECE)):
        kept.write(piece)
    return kept.content


def receive_file(request: HttpRequest, begin: Begin, *, field: str = "file") -> None:
    """Read the body, and write its one file to the sink that `begin` returns. Fields after the file are not returned.

    The body must not have been read before. Raises ValidationError without a file, Broken for an incomplete or
    malformed body, RequestDataTooBig, and what `begin` and the sink raise.
    """
    taking = _Taking(request, begin, field)
    # A chunked body has no length, so the parser would treat it as empty. It uses the length for nothing else.
    meta = {**request.META, "CONTENT_LENGTH": request.META.get("CONTENT_LENGTH") or "1"}
    try:
        parser = _Parser(meta, request, [taking], request.encoding)
        taking.parser = parser
        parser.parse()
    except (MultiPartParserError, UnreadablePostError, TooManyFieldsSent, TooManyFilesSent) as error:
        raise Broken(_("The body is not a complete multipart body.")) from error
    if not taking.is_complete:
        raise ValidationError({field: [_("This field is required, with a file, after the others.")]})


class IncomingAttachment[A: AbstractAttachment]:
    """The file of one request, which becomes an attachment of `model`. `receive()` it, then `finish()` or `abandon()`.

    `read_subject` is called with the fields before the file and returns what the attachment belongs to, as
    `create_attachment()` takes it.
    """

    arrival: Arrival[A] | None = None

    def __init__(
        self,
        request: HttpRequest,
        *,
        actor: Membership,
        model: type[A],
        read_subject: Callable[[QueryDict], Mapping[str, Any]],
    ) -> None:
        self.request, self.actor, self.model, self.read_subject = request, actor, model, read_subject

    def receive(self) -> None:
        """Read the body and send its file to storage. Raises what `receive_file()` and `Arrival.begin()` do."""
        receive_file(self.request, self.begin)

    def begin(self, fields: QueryDict, name: str, content_type: str) -> Sink:
        subject = self.read_subject(fields)
        length = int(self.request.META.get("CONTENT_LENGTH") or 0)  # of more than the file
        file = NewFile(name, content_type, min(length, largest_file()))
        self.arrival = Arrival.begin(actor=self.actor, model=self.model, subject=subject, file=file)
        return self

    def write(self, piece: bytes) -> None:
        """Add a part of the file. Raises what `Arrival.write()` does."""
        cast(Arrival[A], self.arrival).write(piece)

    def store(self) -> None:
        """Make an object of the file, before a transaction begins. Raises StorageUnavailable."""
        cast(Arrival[A], self.arrival).store()

    def finish(self) -> A:
        """Have the received file checked and return its attachment. Raises what `Arrival.finish()` does."""
        return cast(Arrival[A], self.arrival).finish()

    def abandon(self) -> None:
        """Delete what a request that failed has left. After `finish()` has succeeded it does nothing."""
        if self.arrival is not None:
            self.arrival.abandon()


class NoFiles(FileUploadHandler):
    """Rejects files in forms that Django parses: no view expects a file there, and it would be written to the disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> None:
        raise StopUpload(connection_reset=True)


class _Parser(MultiPartParser):
    """The parser of Django, with access to the fields before a file."""

    @property
    def fields(self) -> QueryDict:
        found: QueryDict = self._post  # type: ignore[attr-defined]
        return found


class _Taking(FileUploadHandler):
    chunk_size = PIECE
    parser: _Parser

    def __init__(self, request: HttpRequest, begin: Begin, field: str) -> None:
        super().__init__(request)
        self.begin, self.field = begin, field
        self.sink: Sink | None = None
        self.is_complete = False

    def new_file(self, field_name: str, file_name: str, content_type: Any, *args: Any, **kwargs: Any) -> None:
        if field_name != self.field or self.sink is not None:
            raise ValidationError({field_name: [_("There is one file, called `%(name)s`.") % {"name": self.field}]})
        self.sink = self.begin(self.parser.fields, file_name, content_type or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.sink is not None:
            self.sink.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.is_complete = True

    def upload_interrupted(self) -> None:
        self.is_complete = False
