"""Files that come through the application: written on into S3 as they arrive."""

from contextlib import suppress
from typing import Self

from accounts.actions.attachments import NewFile, abandon_attachment, create_attachment, receive_attachment
from accounts.models import Membership
from accounts.quotas import require_allowed_size
from tasks.models import Attachment, Comment, Task
from tenancy.storage import StorageUnavailable, storage


class Arrival:
    """A file that is on its way. `write()` it, and then `finish()` or `abandon()` it.

    Its attachment is there from the first moment and pending, so that its room is kept and nobody has to guess whose
    the object is. Of a process that is killed meanwhile no object is left, and the row is swept away after a day.
    """

    def __init__(self, attachment: Attachment, actor: Membership) -> None:
        self.attachment, self.actor = attachment, actor
        self.upload = storage.begin(attachment.file)
        self.is_stored = self.is_over = False

    @classmethod
    def begin(cls, *, actor: Membership, task: Task, comment: Comment | None = None, file: NewFile) -> Self:
        """Create the attachment, with room for the size that `file` says, which may be too much or too little.

        Raises what `create_attachment()` does, and StorageUnavailable. Not to be called in a transaction, or the row
        would be there only when all has arrived.
        """
        attachment = create_attachment(actor=actor, task=task, comment=comment, file=file)
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
        """Make it an object, now that all of it is there, before a transaction begins. Raises StorageUnavailable."""
        if not self.is_stored:
            self.upload.finish()
            self.is_stored = True

    def finish(self) -> Attachment:
        """Have the file checked, now that all of it is there.

        Raises what `receive_attachment()` does, and StorageUnavailable.
        """
        self.store()
        receive_attachment(attachment=self.attachment, actor=self.actor, size=self.upload.size)
        self.is_over = True
        return self.attachment

    def abandon(self) -> None:
        """Leave nothing behind; after `finish()` has succeeded nothing happens."""
        if self.is_over:
            return
        self.is_over = True
        self.upload.abort()
        with suppress(StorageUnavailable):  # or it is swept away
            storage.delete(self.attachment.file)
        abandon_attachment(attachment=self.attachment)
