"""Actions on all tasks of a column."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from projects import ranks
from projects.actions.activity import lock_project_for, record_activity
from projects.actions.statuses import delete_status
from projects.models import Category, Status
from tasks.actions.tasks import last_rank
from tasks.models import Task
from tenancy.places import atomic


@atomic
def retire_status(*, status: Status, actor: Membership, into: Status) -> None:
    """Move the tasks of a column, archived ones too, to the end of `into`, another one of its project, and delete it.

    They become completed or open as that column requires. One event covers all of them, as when a column gets new
    ranks: a client that follows the project reads the tasks of `into` again. Raises PermissionDenied, ValidationError,
    Gone when one of the two was deleted meanwhile.
    """
    project = lock_project_for(actor, "status.manage", status.project_id)
    into = project.statuses.filter(pk=into.pk).first() or into
    if into.project_id != project.pk or into.pk == status.pk:
        raise ValidationError({"into": _("Choose another status of the same project.")})
    tasks = list(Task.objects.filter(status=status).order_by("rank", "id"))
    last, now = last_rank(Task.objects.filter(status=into)), timezone.now()
    for task in tasks:
        task.rank = ranks.at_end(last)
        last = [task.rank]
        task.status = into
        task.completed_at = (task.completed_at or now) if into.category == Category.DONE else None
        task.updated_at = now
        task.version += 1
    Task.objects.bulk_update(tasks, ["status", "rank", "completed_at", "updated_at", "version"], batch_size=1000)
    if tasks:
        record_activity(project=project, actor=actor, verb="status.reordered", subject=into)
    delete_status(status=status, actor=actor)
