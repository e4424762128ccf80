"""`notifications/`: the member's own notifications"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import notifications
from accounts.extensions import notification_choices, notification_kinds
from accounts.models import Notification
from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import FlagFilter, StrictFilterSet
from accounts.rest.serializers import Choice, EmptyBody, StrictModelSerializer, StrictSerializer
from accounts.rest.views import TenantViewSet


class KindChoices:
    """The kinds of notifications, which the apps have registered when the choices are first read."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(notification_choices())


class NotificationSerializer(StrictModelSerializer[Notification]):
    """What happened to which objects. An id that a kind does not have is `null`."""

    class Meta:
        model = Notification
        fields = ("id", "actor", "created_at", "read_at")
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        own = super().get_fields()
        kind = Choice(choices=notification_choices(), read_only=True)
        return {"id": own.pop("id"), "kind": kind, **_fields_of_kinds(), **own}


def _fields_of_kinds() -> dict[str, serializers.UUIDField]:
    kinds = list(notification_kinds)
    names = dict.fromkeys(name for kind in kinds for name in kind.fields)
    return {
        name: serializers.UUIDField(
            source=f"data.{name}", read_only=True, allow_null=not all(name in kind.fields for kind in kinds)
        )
        for name in names
    }


class ReadSerializer(StrictSerializer):
    """How many notifications were marked."""

    read = serializers.IntegerField(help_text="How many were unread.")


class NotificationFilterSet(StrictFilterSet):
    unread = FlagFilter(
        field_name="read_at", lookup_expr="isnull", label=_("`true`: unread notifications. `false`: read ones.")
    )
    kind = filters.ChoiceFilter(choices=KindChoices(), label=_("The kind of notification."))


def _example() -> dict[str, Any]:
    """Return a notification of the kind with the most fields."""
    kind = max(notification_kinds, key=lambda kind: len(kind.fields), default=None)
    shown = {name: example_id(name) for name in (kind.fields if kind else ())}
    return {
        "id": example_id("notification"),
        "kind": kind.name if kind else "",
        **dict.fromkeys(_fields_of_kinds()),
        **shown,
        "actor": example_id("bob"),
        "created_at": "2026-11-21T09:30:00Z",
        "read_at": None,
    }


class NotificationViewSet(TenantViewSet[Notification]):
    """The member's own notifications, newest first. Other members do not see them, nor does an admin."""

    noun = "notification"
    example = _example()
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
        """Mark a notification as read. A read notification does not change."""
        return self.act(notifications.mark_read)

    @extend_schema(request=None, responses=ReadSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="read", pagination_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark all notifications as read."""
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        read: Any = notifications.mark_all_read(actor=self.membership)
        return Response({"read": read})
