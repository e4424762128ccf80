"""`tasks/bulk/`: many changes in one request, all or none."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.models import Membership
from accounts.rest.serializers import NO_SUCH_ROW, NOT_AN_ID, StrictSerializer
from tasks.actions import bulk
from tasks.api.serializers import TaskSerializer
from tasks.models import Task, TaskQuerySet

MOST = 500


class BulkSerializer(StrictSerializer):
    """The list of changes; each item is validated like a change of its task."""

    tasks = serializers.ListField(
        child=serializers.DictField(),
        allow_empty=False,
        max_length=MOST,
        help_text=gettext_lazy("Changes: the id or key of a task, its version if it must be that one, and fields."),
    )


def change_tasks(
    body: Any, queryset: TaskQuerySet, membership: Membership, context: Mapping[str, Any]
) -> Sequence[Task]:
    """Change the tasks that a body names. Raises ValidationError whose fields are called `tasks[3].title`."""
    serializer = BulkSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    changes, errors = [], {}
    seen: set[Any] = set()
    for index, item in enumerate(serializer.validated_data["tasks"]):
        try:
            change = _read(item, queryset, context)
            if change.task.pk in seen:
                raise serializers.ValidationError({"id": [_("This task is in the list twice.")]})
        except serializers.ValidationError as error:
            errors[index] = cast(dict[str, Any], error.detail)
        else:
            seen.add(change.task.pk)
            changes.append(change)
    if errors:
        raise serializers.ValidationError(dict(_named(errors)))
    try:
        return bulk.update_tasks(actor=membership, changes=changes)
    except bulk.BulkRefused as error:
        raise serializers.ValidationError(dict(_named(error.errors))) from error


def _read(item: dict[str, Any], queryset: TaskQuerySet, context: Mapping[str, Any]) -> bulk.TaskChange:
    fields = dict(item)
    name, version = fields.pop("id", None), fields.pop("version", None)
    if not isinstance(name, str):
        raise serializers.ValidationError({"id": [NOT_AN_ID]})
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise serializers.ValidationError({"version": [_("Must be a whole number.")]})
    try:
        task = queryset.named(name).first()
    except ValueError as error:
        raise serializers.ValidationError({"id": [NOT_AN_ID]}) from error
    if task is None:
        raise serializers.ValidationError({"id": [NO_SUCH_ROW]})
    serializer = TaskSerializer(task, data=fields, partial=True, context=dict(context))
    serializer.is_valid(raise_exception=True)
    return bulk.TaskChange(task=task, version=version, fields=serializer.validated_data)


def _named(errors: Mapping[int, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for index, fields in errors.items():
        for name, texts in fields.items():
            yield f"tasks[{index}].{name}", texts
