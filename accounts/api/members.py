"""`members/`"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import locks, members
from accounts.models import Membership
from accounts.rest.documentation import Operation, example_id
from accounts.rest.serializers import EmptyBody, StrictModelSerializer
from accounts.rest.views import TenantViewSet


class MemberSerializer(StrictModelSerializer[Membership]):
    name = serializers.CharField(source="user.name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "role")


class MemberViewSet(TenantViewSet[Membership]):
    """The members of the account, the oldest first. New members join by invitation."""

    noun = "member"
    example = {"id": example_id("bob"), "name": "Bob", "email": "bob@example.com", "role": "member"}
    # People are shared rows, which those of a tenant do not join.
    queryset = Membership.objects.current().prefetch_related("user")
    serializer_class = MemberSerializer
    order = ("joined_at", "id")
    permissions = {"partial_update": "member.manage", "destroy": "member.manage", "leave": "member.leave"}
    unrouted = ("create",)
    ends_permission = ("leave",)
    operations = {
        "list": Operation("Returns the members of the account, the oldest membership first."),
        "partial_update": Operation(
            "Changes the role of a member to `admin`, `member` or `viewer`. Only owners change the role of an owner. "
            "`account/transfer/` makes another member the owner. Returns 409 for the last owner.",
            "Change the role of a member",
            "changeMemberRole",
            request={"role": "admin"},
            response={"id": example_id("bob"), "name": "Bob", "email": "bob@example.com", "role": "admin"},
        ),
        "destroy": Operation(
            "Ends a membership. The member's sessions and tokens of this account stop working at once. Returns 409 "
            "for the last owner.",
            "Remove a member",
            "removeMember",
        ),
        "leave": Operation(
            "Ends the membership of the user. Returns 409 for the last owner.", "Leave the account", "leaveAccount"
        ),
    }

    def lock(self, row: Membership) -> None:
        locks.lock_account()
        super().lock(row)

    def perform_update(self, row: Membership, fields: dict[str, Any]) -> None:
        if fields:
            members.change_role(member=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Membership) -> None:
        members.remove_member(member=row, actor=self.membership)

    @extend_schema(request=None, responses={204: None})
    @action(detail=False, methods=["post"])
    def leave(self, request: Request) -> Response:
        """Leave the account; 409 for its last owner."""
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        members.leave_account(actor=self.membership)
        return Response(status=204)
