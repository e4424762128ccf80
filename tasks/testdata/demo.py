"""The three accounts of the demo, read from `demo_accounts/*.toml`."""

import json
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from accounts.models import Account, Notification, Role
from projects import ranks
from projects.models import Category, Label, Project, ProjectMember, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tasks.notifications import Assigned
from tasks.testdata.loading import NewAccount, Person, new_id
from tenancy.clock import local_date

CONTENT = Path(__file__).parent / "demo_accounts"
SLUGS = sorted(path.stem for path in CONTENT.glob("*.toml"))

DEMO_EMAIL = "demo@example.com"  # a member of every demo account
STAFF_EMAIL = "staff@example.com"  # an operator of the platform without an account

OLDEST = 60  # days since the first task of a project
READ = timedelta(days=40)  # older notifications were read
ORDER = (Category.DONE, Category.DOING, Category.TODO, Category.BACKLOG)  # from the oldest tasks to the newest


def demo_account(slug: str, *, now: datetime) -> NewAccount:
    """Return a demo account with dates around `now`. Raises KeyError for a name that its file does not declare."""
    content = tomllib.loads((CONTENT / f"{slug}.toml").read_text(encoding="utf-8"))
    return _DemoAccount(slug, content, now).new


class _DemoAccount:
    def __init__(self, slug: str, content: dict[str, Any], now: datetime) -> None:
        self.now = now
        self.new = NewAccount(Account(slug=slug, name=content["name"], variant=content.get("variant", "standard")))
        self.members: dict[str, str] = {}
        for local, person in content["people"].items():
            self.add_person(local, f"{local}@{slug}.example.com", person["name"], Role(person["role"]))
        self.add_person("demo", DEMO_EMAIL, "Robin Demo", Role.MEMBER)
        self.labels = {name: new_id() for name in content["labels"]}
        self.new.rows[Label] += [(self.labels[name], name, color) for name, color in content["labels"].items()]
        for project in content["projects"]:
            self.add_project(project)

    def add_person(self, local: str, email: str, name: str, role: Role) -> None:
        self.members[local] = new_id()
        self.new.people.append(Person(self.members[local], email, name, role.value))

    def add_project(self, project: dict[str, Any]) -> None:
        project_id, rows = new_id(), self.new.rows
        tasks = [(category, task) for category in ORDER for task in project.get(category, ())]
        created_at = self.now - timedelta(days=OLDEST + 1)
        archived_at = self.now - timedelta(days=5) if project.get("archived") else None
        rows[Project].append(
            (
                *(project_id, project["key"], project["name"], project["description"].strip(), project["color"]),
                *(project.get("private", False), project.get("on_roadmap", False)),
                *(archived_at, created_at, archived_at or created_at, len(tasks)),
            )
        )
        # The member who makes a project is a member of it.
        for local in project.get("members", ["owner"]):
            rows[ProjectMember].append((new_id(), project_id, self.members[local]))
        statuses = {category: new_id() for category in Category}
        for (category, status_id), rank in zip(statuses.items(), ranks.spread(len(statuses)), strict=True):
            rows[Status].append((status_id, project_id, str(category.label), category.value, rank))
        for index, ((category, task), rank) in enumerate(zip(tasks, ranks.spread(len(tasks)), strict=True)):
            age = timedelta(days=OLDEST * (1 - index / len(tasks)))
            place = project_id, index + 1, statuses[category], rank
            task_id = self.add_task(task, place, age, done=category == Category.DONE)
            if category == Category.DOING:
                self.add_notifications(task, task_id, age)

    def add_task(self, task: dict[str, Any], place: tuple[str, int, str, str], age: timedelta, *, done: bool) -> str:
        task_id, rows = new_id(), self.new.rows
        project_id, number, status_id, rank = place
        created_at = self.now - age
        completed_at = created_at + age * 0.4 if done else None
        due_date = local_date(self.now + timedelta(days=task["due"])) if "due" in task else None
        rows[Task].append(
            (
                *(task_id, project_id, number, task["title"], task.get("description", "").strip(), status_id),
                *(task.get("priority", "none"), due_date, rank, completed_at, created_at, completed_at or created_at),
            )
        )
        rows[Assignment] += [(new_id(), task_id, self.members[local]) for local in task.get("who", ())]
        rows[TaskLabel] += [(new_id(), task_id, self.labels[name]) for name in task.get("labels", ())]
        subtasks = task.get("subtasks", [])
        for text, rank in zip(subtasks, ranks.spread(len(subtasks)), strict=True):
            done = text.startswith("x ")
            rows[Subtask].append((new_id(), task_id, text.removeprefix("x "), done, rank))
        return task_id

    def add_notifications(self, task: dict[str, Any], task_id: str, age: timedelta) -> None:
        """Notify its assignees of their assignment by the owner, and the owner of an assignment by another member."""
        told_at = self.now - age
        read_at = told_at + timedelta(hours=3) if age > READ else None
        for local in task.get("who", ()):
            actor = self.members["user-1" if local == "owner" else "owner"]
            told = (
                new_id(),
                self.members[local],
                Assigned.name,
                task_id,
                json.dumps({"task": task_id}),
                actor,
                new_id(),
            )
            self.new.rows[Notification].append((*told, told_at, read_at))
