from django.contrib.auth.models import User
from django.db import models

from benchmarks.peers.shared.columns import ProjectColumns, SubtaskColumns, TaskColumns


class Membership(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return str(self.user_id)


class Project(ProjectColumns):
    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="project_key")]


class Task(TaskColumns):
    project = models.ForeignKey(Project, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="task_number")]
        indexes = [models.Index(fields=["-created_at", "-id"], name="task_newest")]


class Subtask(SubtaskColumns):
    task = models.ForeignKey(Task, on_delete=models.CASCADE)

    class Meta:
        indexes = [models.Index(fields=["title", "id"], name="subtask_title")]
