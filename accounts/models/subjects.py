"""Rows that refer to a subject by kind and `subject_id`, without a foreign key: the model depends on the kind.

Deleting a subject hides these rows at once. A daily job deletes them.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.extensions import Kind
from accounts.models.memberships import Membership


class HasSubject(Protocol):
    kind: Any
    subject_id: Any
    subject: Any


def subject_visible_to(member: Membership, kinds: Iterable[Kind[Any]]) -> Q:
    """Return the condition that a row is of one of `kinds`, and that its subject exists and `member` may see it.

    A row of an unknown kind is hidden. The order in which PostgreSQL evaluates the parts does not matter.
    """
    visible = Q(pk__in=())
    for kind in kinds:
        subjects = kind.subjects(member)
        if subjects is None:
            visible |= Q(kind=kind.name)
        else:
            visible |= Q(("kind", kind.name), Exists(subjects.filter(pk=OuterRef("subject_id"))))
    return visible


def subject_deleted(kinds: Iterable[Kind[Any]]) -> Q:
    """Return the condition that a row is of one of `kinds` and that its subject was deleted."""
    deleted = Q(pk__in=())
    for kind in kinds:
        if kind.model is not None:
            subjects = kind.model._default_manager.filter(pk=OuterRef("subject_id"))
            deleted |= Q(("kind", kind.name), ~Exists(subjects))
    return deleted


def with_subjects[R: HasSubject](rows: Iterable[R], member: Membership, kinds: Iterable[Kind[Any]]) -> list[R]:
    """Return the rows whose subject `member` may see, with it as `subject`: one query for each kind."""
    found = list(rows)
    ids: dict[str, set[UUID]] = defaultdict(set)
    for row in found:
        ids[row.kind].add(row.subject_id)
    subjects = {
        kind.name: {None: None} if (visible := kind.subjects(member)) is None else visible.in_bulk(ids[kind.name])
        for kind in kinds
        if kind.name in ids
    }
    shown = [row for row in found if row.subject_id in subjects.get(row.kind, {})]
    for row in shown:
        row.subject = subjects[row.kind][row.subject_id]
    return shown
