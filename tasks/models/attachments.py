"""Files of tasks and comments."""

from typing import ClassVar, Self

from django.db import models

from accounts.models import Membership
from accounts.models.attachments import AbstractAttachment, AttachmentQuerySet, cascade_with_files
from projects.models import visible_through
from tasks.models.tasks import Comment, Task
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager


class TaskAttachmentQuerySet(AttachmentQuerySet["Attachment"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the attachments of tasks in the projects that a member may see."""
        return self.filter(visible_through(membership, "task__project"))


class Attachment(AbstractAttachment):
    """A file of a task, or of one of its comments."""

    task = TenantForeignKey(Task, on_delete=cascade_with_files, related_name="attachments")
    comment = TenantForeignKey(Comment, on_delete=cascade_with_files, null=True, related_name="attachments")

    objects: ClassVar = TenantManager.from_queryset(TaskAttachmentQuerySet)()

    class Meta(AbstractAttachment.Meta):
        indexes = [
            models.Index(fields=["account", "created_at", "id"], name="attachment_order"),
            models.Index(fields=["account", "task", "created_at", "id"], name="attachment_of_task"),
            models.Index(fields=["account", "comment"], name="attachment_of_comment"),
            models.Index(fields=["account", "uploaded_by"], name="attachment_uploader"),
            # The storage of an account is added up from the index alone.
            models.Index(fields=["account"], include=["size", "state"], name="attachment_storage"),
        ]
