"""An email backend for demonstrations that writes mails to a folder: see MAIL_FOLDER in docs/settings.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage as Outgoing
from django.core.mail.backends.base import BaseEmailBackend
from uuid_utils.compat import uuid7

SHOWN = 100


class FolderBackend(BaseEmailBackend):
    """Writes each mail to its own file. The names sort by time."""

    def __init__(self, *, folder: str, **options: Any) -> None:
        super().__init__(**options)
        self.folder = Path(folder)

    def send_messages(self, email_messages: Sequence[Outgoing]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            path = self.folder / f"{uuid7()}.eml"
            unfinished = path.with_suffix(".tmp")
            unfinished.write_bytes(message.message().as_bytes())
            unfinished.rename(path)  # so that no reader sees an incomplete file
        return len(email_messages)


@dataclass(frozen=True)
class StoredMail:
    """A mail in the folder."""

    id: UUID
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def to(self) -> str:
        return str(self.message["To"] or "")

    @property
    def sent_at(self) -> datetime | None:
        moment: datetime | None = getattr(self.message["Date"], "datetime", None)
        # Django writes the offset -0000, which is parsed as a naive datetime in UTC.
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(cast(Any, part).get_content()) if part else ""


def newest() -> Iterator[StoredMail]:
    """Yield the newest mails of the folder, at most SHOWN, newest first."""
    paths = sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True)
    yield from (_read(path) for path in paths[:SHOWN])


def find(mail_id: UUID) -> StoredMail | None:
    """Return a mail, None if it does not exist."""
    path = Path(settings.MAIL_FOLDER) / f"{mail_id}.eml"
    return _read(path) if path.exists() else None


def _read(path: Path) -> StoredMail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return StoredMail(UUID(path.stem), message)
