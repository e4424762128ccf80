"""Uploads through the application: each part of a file is written to S3 as it arrives."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from accounts.actions.attachments import NewFile, abandon_attachment, create_attachment, receive_attachment
from accounts.models import Membership
from accounts.models.attachments import AbstractAttachment
from accounts.quotas import require_allowed_size
from tenancy.storage import StorageUnavailable, storage


class Arrival[A: AbstractAttachment]:
    """A file that is being uploaded. `write()` it, and then `finish()` or `abandon()` it.

    Its attachment exists from the beginning and is pending: its room is reserved, and its object has a known owner. If
    the process is killed, no object is left, and the row is swept after a day.
    """

    def __init__(self, attachment: A, actor: Membership) -> None:
        self.attachment, self.actor = attachment, actor
        self.upload = storage.begin(attachment.file)
        self.is_stored = self.is_over = False

    @classmethod
    def begin(cls, *, actor: Membership, model: type[A], subject: Mapping[str, Any], file: NewFile) -> "Arrival[A]":
        """Create the attachment, with room for the size that `file` says, which may be too much or too little.

        Raises what `create_attachment()` does, and StorageUnavailable. Do not call it in a transaction: the row must
        exist while the file arrives.
        """
        attachment = create_attachment(actor=actor, model=model, subject=subject, file=file)
        try:
            return cls(attachment, actor)
        except StorageUnavailable:
            abandon_attachment(attachment=attachment)
            raise

    def write(self, piece: bytes) -> None:
        """Add some bytes. Raises FileTooLarge, StorageUnavailable."""
        require_allowed_size(self.upload.size + len(piece))
        self.upload.write(piece)

    def store(self) -> None:
        """Make an object of the parts, before a transaction begins. Raises StorageUnavailable."""
        if not self.is_stored:
            self.upload.finish()
            self.is_stored = True

    def finish(self) -> A:
        """Have the file checked after its last part.

        Raises what `receive_attachment()` does, and StorageUnavailable.
        """
        self.store()
        receive_attachment(attachment=self.attachment, actor=self.actor, size=self.upload.size)
        self.is_over = True
        return self.attachment

    def abandon(self) -> None:
        """Delete row and object. After `finish()` has succeeded it does nothing."""
        if self.is_over:
            return
        self.is_over = True
        self.upload.abort()
        with suppress(StorageUnavailable):  # a sweep deletes it later
            storage.delete(self.attachment.file)
        abandon_attachment(attachment=self.attachment)
