"""The tasks once more, in a table without protection, behind Django's own backend and plain Django models."""

from typing import Any, ClassVar

from django.db import connections, models, transaction

from accounts.models import Account
from projects.models import Project, Status
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.roles import OWNER, role_name

PLAIN = "plain"  # alias
TABLE = "plain_task"


class PlainTask(models.Model):
    """A model like Task with explicit filters by tenant."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    project = models.ForeignKey(Project, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    description = models.TextField()
    status = models.ForeignKey(Status, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    priority = models.CharField(max_length=10)
    due_date = models.DateField(null=True)
    rank = models.CharField(max_length=255)
    completed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects: ClassVar[models.Manager["PlainTask"]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = TABLE
        managed = False
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.title


def make_twins(accounts: tuple[Account, ...]) -> None:
    """Copy the table with its indexes and all rows, and connect to it as the application's role. Once per database."""
    if PLAIN in connections.settings:
        return
    settings: dict[str, Any] = {**connections.settings["default"], "ENGINE": "django.db.backends.postgresql"}
    connections.settings[PLAIN] = settings
    table = Task._meta.db_table
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (LIKE {table} INCLUDING ALL)")
        cursor.execute(f'GRANT SELECT ON {TABLE} TO "{role_name("app")}"')
        for account in accounts:
            with tenant_context(account):
                cursor.execute(f"INSERT INTO {TABLE} SELECT * FROM {table}")  # noqa: S608  # two constants
    with connections[OWNER].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
