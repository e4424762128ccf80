"""Whole accounts, loaded in bulk as the owner of the tables: what `createtestdata` and `preparedemo` share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.management.base import CommandError
from django.db import connections, transaction
from uuid_utils import uuid7

from accounts.models import Account, Membership, Notification, User
from projects.models import Label, Project, ProjectMember, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.models import TenantModel
from tenancy.postgresql.bulk import Batch, Row, bulk_create_tenants, bulk_load
from tenancy.roles import OWNER

PASSWORD = "password"  # of all users: the contract publishes it

# The columns of each table, in the order in which the tables are loaded.
FIELDS: dict[type[TenantModel], tuple[str, ...]] = {
    Membership: ("id", "user_id", "role"),
    Label: ("id", "name", "color"),
    Project: (
        *("id", "key", "name", "description", "color", "private", "on_roadmap"),
        *("archived_at", "created_at", "updated_at", "last_task_number"),
    ),
    ProjectMember: ("id", "project_id", "member_id"),
    Status: ("id", "project_id", "name", "category", "rank"),
    Task: (
        *("id", "project_id", "number", "title", "description", "status_id", "priority"),
        *("due_date", "rank", "completed_at", "created_at", "updated_at"),
    ),
    Assignment: ("id", "task_id", "member_id"),
    TaskLabel: ("id", "task_id", "label_id"),
    Subtask: ("id", "task_id", "title", "done", "rank"),
    Notification: ("id", "member_id", "kind", "subject_id", "data", "actor_id", "cause", "created_at", "read_at"),
}


def new_id() -> str:
    """Return the id of a new row, as text: ten times cheaper than the UUID object, and COPY sends text anyway."""
    return str(uuid7())


@dataclass(frozen=True, slots=True)
class Person:
    """A new user who becomes a member. An existing user with that email address becomes the member instead."""

    member_id: str
    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is not in the database yet, with everything in it except the memberships."""

    account: Account
    people: list[Person] = field(default_factory=list)
    rows: dict[type[TenantModel], list[Row]] = field(default_factory=lambda: {model: [] for model in FIELDS})


def require_owner() -> None:
    """Raise CommandError where the alias of the tables' owner is not configured."""
    if OWNER not in connections:
        raise CommandError("Test data is loaded as the owner of the tables: set DATABASE_OWNER_URL.")


def existing_slugs(slugs: Iterable[str]) -> set[str]:
    """Return those of `slugs` that accounts have already."""
    return set(Account.objects.using(OWNER).filter(slug__in=slugs).values_list("slug", flat=True))


def load_rows(batch: Batch) -> int:
    return bulk_load(batch, FIELDS)


def load_accounts(batch: Sequence[NewAccount], *, password: str, load: Callable[[Batch], int] = load_rows) -> int:
    """Insert accounts with all their rows, all or none, and return the number of rows.

    `password` is the hash for people who are new. `load` inserts the rows of tenant-owned tables. Raises
    IntegrityError for a slug that is taken.
    """
    with transaction.atomic(using=OWNER):
        bulk_create_tenants([new.account for new in batch])
        user_ids, created = _find_or_create_users([person for new in batch for person in new.people], password)
        for new in batch:
            new.rows[Membership] = [(person.member_id, user_ids[person.email], person.role) for person in new.people]
        return len(batch) + created + load({new.account: new.rows for new in batch})


def _find_or_create_users(people: Iterable[Person], password: str) -> tuple[dict[str, UUID], int]:
    """Return the id of each person by e-mail address, and how many were created."""
    names = {person.email: person.name for person in people}  # a user may be in several accounts
    known = dict(User.objects.using(OWNER).filter(email__in=names).values_list("email", "id"))
    users = [User(email=email, name=name, password=password) for email, name in names.items() if email not in known]
    User.objects.using(OWNER).bulk_create(users)
    confirm_addresses(users)
    return known | {user.email: user.id for user in users}, len(users)


def confirm_addresses(users: Iterable[User]) -> None:
    """Confirm the addresses, which never receive mail, so that the users can log in."""
    EmailAddress.objects.using(OWNER).bulk_create(
        EmailAddress(user_id=user.pk, email=user.email, verified=True, primary=True) for user in users
    )
