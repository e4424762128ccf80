"""Labels belong to the account and not to a project, so nothing about them is recorded in a project."""

from typing import TypedDict, Unpack

from django.db import transaction
from django.shortcuts import get_object_or_404

from accounts.models import Membership
from accounts.permissions import require
from accounts.validation import validate_fields
from projects.actions.activity import assign
from projects.models import Label


class LabelFields(TypedDict, total=False):
    """What people may change of a label."""

    name: str
    color: str


def create_label(*, actor: Membership, **fields: Unpack[LabelFields]) -> Label:
    """Create a label. Needs `name`, which no other label has. Raises PermissionDenied, ValidationError."""
    require(actor, "label.write")
    label = Label(**fields)
    validate_fields(label, {"name", "color"})
    label.save(force_insert=True)
    return label


@transaction.atomic
def update_label(*, label: Label, actor: Membership, **fields: Unpack[LabelFields]) -> Label:
    """Change `fields` of a label. Raises PermissionDenied, ValidationError, Http404 when it was deleted meanwhile."""
    require(actor, "label.write")
    label = _lock(label)
    if changed := assign(label, fields):
        validate_fields(label, changed)
        label.save(update_fields=changed)
    return label


@transaction.atomic
def delete_label(*, label: Label, actor: Membership) -> None:
    """Delete a label and take it off all tasks. Raises PermissionDenied, Http404 when it is gone already."""
    require(actor, "label.write")
    _lock(label).delete()


def _lock(label: Label) -> Label:
    return get_object_or_404(Label.objects.select_for_update(), pk=label.pk)
