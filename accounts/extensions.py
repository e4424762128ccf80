"""The extension points of the product: what an app declares to add to it.

Each app that adds something has a module `extensions.py`. AccountsConfig loads all of them when Django is ready, as
Celery loads the modules `jobs`. There the app registers its kinds and topics here, and declares its permissions and
quotas with `accounts.permissions.declare()` and `accounts.quotas.declare()`.

This module is below `accounts.models`, which may call it. It therefore imports no models at run time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol, cast
from uuid import UUID
from zipfile import ZipFile

from django.core.exceptions import ImproperlyConfigured
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from rest_framework.serializers import BaseSerializer

    from accounts.models import AbstractActivity, AbstractTopic, Membership, Notification
    from accounts.models.attachments import AbstractAttachment


class Named(Protocol):
    """What can be registered: it is found by its name."""

    @property
    def name(self) -> str: ...


class Kinds[K: Named]:
    """The kinds that are registered for one extension point, in the order of registration."""

    def __init__(self) -> None:
        self._kinds: dict[str, K] = {}

    def register(self, kind: K) -> None:
        """Add `kind`. Raises ImproperlyConfigured if another has its name."""
        if kind.name in self._kinds:
            message = f"“{kind.name}” is registered twice, by {self._kinds[kind.name]!r} and by {kind!r}. Rename one."
            raise ImproperlyConfigured(message)
        self._kinds[kind.name] = kind

    def get(self, name: str) -> K | None:
        """Return the kind of that name, None if there is none."""
        return self._kinds.get(name)

    def __getitem__(self, name: str) -> K:
        return self._kinds[name]

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[K]:
        return iter(self._kinds.values())


class Topic(ABC):
    """A model whose rows WebSocket clients can follow, each with its numbered events.

    `name` is the field of the frames that has the row's id, and the name of the activity's key to the row. An instance
    is registered with `topics.register()`.
    """

    name: str
    model: "type[AbstractTopic]"
    activity: "type[AbstractActivity]"

    @abstractmethod
    def visible_to(self, member: "Membership") -> "QuerySet[Any]":
        """Return the rows that a member may follow."""

    @abstractmethod
    def hidden(
        self, members: "Mapping[UUID, Membership]", followed: Collection[tuple[UUID, UUID]]
    ) -> set[tuple[UUID, UUID]]:
        """Return those of the pairs of member and existing row in `followed` that the member may not follow any more.

        It is `visible_to()` for many members at once: the number of queries must not grow with the number of pairs.
        `members` has those who belong to the account now, by their ids.
        """


topics: Kinds[Topic] = Kinds()

shown: "dict[str, tuple[QuerySet[Any], type[BaseSerializer[Any]]]]" = {}  # by kind of object


def shows(kind: str, queryset: "QuerySet[Any]", serializer: "type[BaseSerializer[Any]]") -> None:
    """Have live clients receive the objects of `kind`, the word before the dot in `task.updated`, from `serializer`.

    `queryset` fetches what that needs, so the number of queries does not grow with the number of objects. Raises
    ImproperlyConfigured if the kind is shown already.
    """
    if kind in shown:
        raise ImproperlyConfigured(f"“{kind}” is shown twice. Rename one.")
    shown[kind] = queryset, serializer


class Kind[S: "Model"](ABC):
    """A kind of rows that refer to a subject by its id: to a row of `model`, or to the account itself without one."""

    name: str  # stored, and what the API calls it
    model: type[S] | None = None

    def subjects(self, member: "Membership") -> "QuerySet[S] | None":
        """Return the subjects that a member may see, None if the subject is the account itself.

        Rows about other subjects are hidden from the member.
        """
        if self.model is None:
            return None
        subjects: QuerySet[S] = self.model._default_manager.visible_to(member)  # type: ignore[attr-defined]
        return subjects


# Notifications -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """How emails and the inbox show the subject of a notification."""

    title: str
    label: str  # a short name, for the button in the email: WEB-42
    page: str  # the name of its URL in the account's URLconf
    page_args: Sequence[object] = ()
    details: Sequence[str] = ()  # one line, below the title
    quote: str = ""  # text of a member
    thread: str = ""  # emails with the same one are shown together


class NotificationKind[S: "Model"](Kind[S]):
    """A reason to notify members, with the model of the rows that these notifications are about."""

    label: Any
    model: "type[S]"
    fields: Sequence[str] = ()  # of a notification's `data`, each the id of an object, that the API shows

    def subjects(self, member: "Membership") -> "QuerySet[S]":
        return cast("QuerySet[S]", super().subjects(member))

    @abstractmethod
    def in_words(self, notification: "Notification", subject: S, *, actor_name: str) -> str:
        """Return what happened, as a sentence: “Ada assigned you WEB-42”. `actor_name` is the name to write."""

    @abstractmethod
    def shown(self, subject: S) -> Shown:
        """Return how the subject is shown."""

    def is_wanted(self, notification: "Notification", subject: S) -> bool:
        """Return whether to send the email. Asked when it is sent, which may be long after the notification."""
        return True


notification_kinds = Kinds[NotificationKind[Any]]()


def notification_choices() -> list[tuple[str, Any]]:
    """Return the kinds of notifications as the choices of a field."""
    return [(kind.name, kind.label) for kind in notification_kinds]


# The daily digest ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a section of the daily digest."""

    title: str
    url: str  # absolute
    label: str = ""  # a short name in front of the title: WEB-42
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the daily digest, above the unread notifications."""

    title: str
    summary: str  # in the subject of the email: “3 open notes”
    lines: Sequence[Line]
    more: int = 0  # rows that are not among `lines`


# Each returns its section for a member, or None if it has nothing to show.
digest_sections: list[Callable[["Membership"], Section | None]] = []


# Text ----------------------------------------------------------------------------------------------------------------

# {kind: regular expression}: references to rows in Markdown, such as WEB-42. `frontend.shared.markdown` makes each a
# place, which a page of the app replaces by a link. Without such a page, the reference is plain text.
reference_patterns: dict[str, str] = {}


# Exports -------------------------------------------------------------------------------------------------------------


class ExportKind[S: "Model"](Kind[S]):
    """Something that members export to a file."""

    permission: str  # to export it
    formats: Sequence[tuple[str, Any]]  # each with its label
    most: int  # bytes of a file

    @abstractmethod
    def count(self, subject: S | None) -> int:
        """Return the number that `write()` yields in the end."""

    @abstractmethod
    def write(self, subject: S | None, format: str, file: IO[bytes]) -> Iterator[int]:  # noqa: A002
        """Write the file, and yield after each page how much is written. Raises TooLarge, StorageUnavailable."""

    @abstractmethod
    def file_stem(self, subject: S | None) -> str:
        """Return what the name of a file begins with, such as WEB in WEB-2026-11-21.csv."""

    def progress(self, done: int, total: int) -> str:
        """Return in words how much of an export is written."""
        return _("%(done)d of %(total)d") % {"done": done, "total": total}

    def too_large(self, format: str) -> str:  # noqa: A002
        """Return in words that a file would be larger than it may be, and what to do about it."""
        most = filesizeformat(self.most)
        return _("The file would be larger than %(most)s, which is the limit.") % {"most": most}


export_kinds = Kinds[ExportKind[Any]]()


def export_formats() -> list[tuple[str, Any]]:
    """Return the formats of all kinds as the choices of a field."""
    return list(dict(choice for kind in export_kinds for choice in kind.formats).items())


class ArchiveSection(Protocol):
    """Files that an app adds to the archive of the whole account, beside the tables with its rows."""

    def count(self) -> int:
        """Return the sum of what `write()` yields."""
        ...

    def write(self, archive: ZipFile, most: int) -> Iterator[int]:
        """Write the files, and yield after each page how much was written since the last one.

        Raises TooLarge if a part has more than `most` bytes, StorageUnavailable.
        """
        ...


archive_sections: list[ArchiveSection] = []


# Files ---------------------------------------------------------------------------------------------------------------


class AttachmentKind[A: "AbstractAttachment"](ABC):
    """One model of files that members upload: what a file belongs to, and where its changes are recorded."""

    model: "type[A]"

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @abstractmethod
    def lock(self, attachment: A) -> None:
        """Lock the subject of `attachment` until the transaction ends, and set the reloaded subject on `attachment`.

        It is also called for a new attachment, before that is saved. Locks are taken in the order user, account, rows
        of the app; the membership is locked after this. Raises Gone.
        """

    def check(self, attachment: A) -> None:  # noqa: B027  # a kind without further rules does not override it
        """Check what a new attachment belongs to. Its uploader is authorized and sees it.

        Raises PermissionDenied, ValidationError.
        """

    def record(self, attachment: A, actor: "Membership | None", verb: str) -> None:  # noqa: B027  # optional, too
        """Record `attachment.created` for a file that is ready now, or `attachment.deleted` for one that was.

        `lock()` was called before.
        """


attachment_kinds = Kinds[AttachmentKind[Any]]()
