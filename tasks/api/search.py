"""`search/`"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.rest.documentation import Operation, example_id, page
from accounts.rest.filters import ArchivedFilterSet, TextFilter
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet
from tasks.models import Task
from tasks.queries import matches_of, validate_query


class FoundSerializer(StrictModelSerializer[Task]):
    """A task with the matches of the words in it."""

    matches = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = ("id", "project", "key", "title", "status", "matches")
        read_only_fields = fields

    def get_matches(self, task: Task) -> list[dict[str, str]]:
        """Return `{"in": …, "text": …}` for each text with a word in it, at most three subtasks and comments."""
        found = matches_of(task, self.context["words"])
        return [{"in": match.place, "text": match.text} for match in found]


class SearchFilterSet(ArchivedFilterSet):
    q = TextFilter(
        method="filter_words",
        validators=[validate_query],
        max_length=200,
        required=True,
        label=_("Words to search for, in any order."),
    )
    project = filters.UUIDFilter(field_name="project_id", label=_("The id of a project."))

    def filter_words(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks that have all words anywhere."""
        return queryset.matching_anywhere(value)


class SearchViewSet(ReadOnlyTenantViewSet[Task]):
    """Tasks with all words of `q` in the title, the description, subtasks or comments, newest first."""

    operations = {
        "list": Operation(
            "Returns the tasks that contain all words of `q` in the title, the description, subtasks or comments, "
            "newest first. `matches` shows where.",
            "Search tasks",
            "searchTasks",
            response=page(
                {
                    "id": example_id("task"),
                    "project": example_id("project"),
                    "key": "WEB-42",
                    "title": "Write the pricing page",
                    "status": example_id("status"),
                    "matches": [{"in": "title", "text": "Write the pricing page"}],
                }
            ),
        )
    }
    queryset = Task.objects.select_related("project")
    serializer_class = FoundSerializer
    filterset_class = SearchFilterSet
    order = ("-created_at", "-id")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "words": self.request.query_params.get("q", "")}
