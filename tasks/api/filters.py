"""Filters by a task, which is named by its id or its key."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from tasks.models import Task
from tenancy.fields import NormalizedText


class TaskName(NormalizedText):
    """The id of a task or its key. Its value is a queryset of that task."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return Task.objects.named(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(_("Must be the id of a task, or its key such as WEB-42.")) from error


class TaskNameFilter(filters.Filter):  # type: ignore[misc]
    """The rows of one task."""

    field_class = TaskName

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value is None else qs.filter(**{f"{self.field_name}__in": value.values("pk")})
