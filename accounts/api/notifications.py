"""`notifications/`: one's own"""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import FlagFilter, StrictFilterSet
from accounts.rest.serializers import NoBody, StrictModelSerializer, StrictSerializer
from accounts.rest.views import TenantViewSet
from tasks import actions
from tasks.models import Notification, NotificationKind


class NotificationSerializer(StrictModelSerializer[Notification]):
    class Meta:
        model = Notification
        fields = ("id", "kind", "task", "comment", "actor", "created_at", "read_at")
        read_only_fields = fields


class ReadSerializer(StrictSerializer):
    """What became of the unread ones."""

    read = serializers.IntegerField(help_text="How many were unread.")


class NotificationFilterSet(StrictFilterSet):
    unread = FlagFilter(field_name="read_at", lookup_expr="isnull")
    kind = filters.ChoiceFilter(choices=NotificationKind.choices)


class NotificationViewSet(TenantViewSet[Notification]):
    """What one is told about tasks, newest first. Nobody sees those of others, not even an admin."""

    noun = "notification"
    example = {
        "id": example_id("notification"),
        "kind": "mentioned",
        "task": example_id("task"),
        "comment": example_id("comment"),
        "actor": example_id("bob"),
        "created_at": "2026-11-21T09:30:00Z",
        "read_at": None,
    }
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilterSet
    order = ("-created_at", "-id")
    permissions = {"read": "notification.read", "read_all": "notification.read"}
    unrouted = ("create", "partial_update", "destroy")
    operations = {
        "list": Operation("Returns the notifications of the user, newest first. Each user sees only their own."),
        "read": Operation(
            "Marks a notification as read. A notification that is read already does not change.",
            "Mark a notification as read",
            "markNotificationRead",
            response={**example, "read_at": "2026-11-21T10:15:00Z"},
        ),
        "read_all": Operation(
            "Marks all notifications of the user as read, and returns how many were unread.",
            "Mark all notifications as read",
            "markAllNotificationsRead",
            response={"read": 3},
        ),
    }

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark one as read; it changes nothing for one that is."""
        return self.act(actions.mark_read)

    @extend_schema(request=None, responses=ReadSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="read", pagination_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark all as read."""
        NoBody(data=request.data).is_valid(raise_exception=True)
        read: Any = actions.mark_all_read(actor=self.membership)
        return Response({"read": read})
