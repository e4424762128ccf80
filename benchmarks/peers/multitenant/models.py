from django.contrib.auth.models import User
from django.db import models
from django_multitenant.fields import TenantForeignKey
from django_multitenant.models import TenantModel

from benchmarks.peers.shared.columns import ProjectColumns, SubtaskColumns, TaskColumns


class Account(TenantModel):
    slug = models.CharField(max_length=63, unique=True)
    name = models.CharField(max_length=200)

    class TenantMeta:
        tenant_field_name = "id"

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    class TenantMeta:
        tenant_field_name = "account_id"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.account_id}"


class Project(ProjectColumns, TenantModel):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)

    class TenantMeta:
        tenant_field_name = "account_id"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="project_key")]


class Task(TaskColumns, TenantModel):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    project = TenantForeignKey(Project, on_delete=models.CASCADE)

    class TenantMeta:
        tenant_field_name = "account_id"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="task_number")]
        indexes = [models.Index(fields=["account", "-created_at", "-id"], name="task_newest")]


class Subtask(SubtaskColumns, TenantModel):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    task = TenantForeignKey(Task, on_delete=models.CASCADE)

    class TenantMeta:
        tenant_field_name = "account_id"

    class Meta:
        indexes = [models.Index(fields=["account", "title", "id"], name="subtask_title")]
