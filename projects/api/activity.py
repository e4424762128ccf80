"""`activity/`"""

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet
from projects.models import Activity


class ActivitySerializer(StrictModelSerializer[Activity]):
    class Meta:
        model = Activity
        fields = ("id", "project", "seq", "verb", "actor", "object_id", "data", "created_at")
        read_only_fields = fields


class ActivityFilterSet(StrictFilterSet):
    project = filters.UUIDFilter(field_name="project_id", label=_("The id of a project."))
    object = filters.UUIDFilter(field_name="object_id", label=_("The id of the object that was changed."))
    actor = filters.UUIDFilter(field_name="actor_id", label=_("The id of the member who did it."))


class ActivityViewSet(ReadOnlyTenantViewSet[Activity]):
    """What happened, newest first. `seq` counts the events of one project, without gaps."""

    noun, nouns = "activity entry", "activity entries"
    example = {
        "id": example_id("activity entry"),
        "project": example_id("project"),
        "seq": 118,
        "verb": "task.updated",
        "actor": example_id("alice"),
        "object_id": example_id("task"),
        "data": {"fields": ["priority"], "priority": "high"},
        "created_at": "2026-11-21T09:30:00Z",
    }
    operations = {
        "list": Operation(
            "Returns what happened in the projects that the member can see, newest first. `seq` counts the entries of "
            "one project without gaps.",
            "List activity",
            "listActivity",
        ),
    }
    queryset = Activity.objects.all()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilterSet
    order = ("-created_at", "-id")
