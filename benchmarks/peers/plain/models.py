from django.contrib.auth.models import User
from django.db import models

from benchmarks.peers.shared.columns import ProjectColumns, SubtaskColumns, TaskColumns


class Account(models.Model):
    slug = models.CharField(max_length=63, unique=True)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.account_id}"


class Project(ProjectColumns):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="project_key")]


class Task(TaskColumns):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="task_number")]
        indexes = [models.Index(fields=["account", "-created_at", "-id"], name="task_newest")]


class Subtask(SubtaskColumns):
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    task = models.ForeignKey(Task, on_delete=models.CASCADE)

    class Meta:
        indexes = [models.Index(fields=["account", "title", "id"], name="subtask_title")]
