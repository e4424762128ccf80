"""`search/`"""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.rest.filters import ArchivedFilterSet
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet
from tasks.models import Task

AROUND = 60  # characters of a text that are shown on either side of what was found


class FoundSerializer(StrictModelSerializer[Task]):
    """A task, and where in it the words are."""

    matches = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = ("id", "project", "key", "title", "status", "matches")
        read_only_fields = fields

    def get_matches(self, task: Task) -> list[dict[str, str]]:
        """Return `{"in": …, "text": …}` for each text with the words in it, at most three subtasks and comments."""
        words = self.context["words"]
        texts = [("title", task.title), ("description", task.description)]
        texts += [("subtask", subtask.title) for subtask in task.found_subtasks[:3]]
        texts += [("comment", comment.body) for comment in task.found_comments[:3]]
        return [{"in": name, "text": excerpt(text, words)} for name, text in texts if words in text.lower()]


def excerpt(text: str, words: str) -> str:
    """Return what stands around the first `words`, which are in lower case, in a text."""
    place = max(text.lower().find(words), 0)
    start, end = max(place - AROUND, 0), place + len(words) + AROUND
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


class SearchFilterSet(ArchivedFilterSet):
    q = filters.CharFilter(method="filter_words", min_length=2, max_length=200, required=True)
    project = filters.UUIDFilter(field_name="project_id")

    def filter_words(self, queryset: Any, name: str, value: str) -> Any:
        """Return the tasks that have the words anywhere."""
        return queryset.matching_anywhere(value)


class SearchViewSet(ReadOnlyTenantViewSet[Task]):
    """Tasks with words in the title, the description, a subtask or a comment, newest first."""

    queryset = Task.objects.select_related("project")
    serializer_class = FoundSerializer
    filterset_class = SearchFilterSet
    order = ("-created_at", "-id")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "words": self.request.query_params.get("q", "").strip().lower()}
