"""Rows of a tenant through the ORM, users and their sessions."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from benchmarks.peers.rows import NewProject


def create_owner(slug: str) -> User:
    """Create a user without a password."""
    return User.objects.create_user(f"owner@{slug}.example.com", email=f"owner@{slug}.example.com")


def load_rows(models: Any, projects: Sequence[NewProject], **key: Any) -> None:
    """Insert the rows with the models of a project; `key` has the column of the tenant, where there is one."""
    made = models.Project.objects.bulk_create(
        [models.Project(key=project.key, name=project.name, **key) for project in projects]
    )
    pairs = [(project, task) for project, new in zip(made, projects, strict=True) for task in new.tasks]
    tasks = models.Task.objects.bulk_create(
        [
            models.Task(
                project=project,
                number=new.number,
                title=new.title,
                description=new.description,
                priority=new.priority,
                rank=new.rank,
                created_at=new.created_at,
                updated_at=new.created_at,
                **key,
            )
            for project, new in pairs
        ]
    )
    models.Subtask.objects.bulk_create(
        [
            models.Subtask(task=task, title=new.title, done=new.done, rank=new.rank, **key)
            for task, (_project, parent) in zip(tasks, pairs, strict=True)
            for new in parent.subtasks
        ]
    )


def session_of(slug: str) -> str:
    """Log the owner in and return the Cookie header."""
    client = Client()
    client.force_login(User.objects.get(username=f"owner@{slug}.example.com"))
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
