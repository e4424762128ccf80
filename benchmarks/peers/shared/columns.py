"""The columns of projects, tasks and subtasks, without keys and indexes, which differ."""

from django.db import models


class ProjectColumns(models.Model):
    key = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    color = models.CharField(max_length=10, default="blue")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class TaskColumns(models.Model):
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=10, default="todo")
    priority = models.CharField(max_length=10, default="none")
    due_date = models.DateField(null=True)
    rank = models.CharField(max_length=255)
    completed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class SubtaskColumns(models.Model):
    title = models.CharField(max_length=500)
    done = models.BooleanField(default=False)
    rank = models.CharField(max_length=255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title
