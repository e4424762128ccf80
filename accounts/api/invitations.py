"""`invitations/`, for owners and admins, and `invitations/accept/`, for clients with the link"""

from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import acceptance, invitations
from accounts.actions.acceptance import accept_with_password
from accounts.actions.locks import lock_account
from accounts.api.members import MemberSerializer, MemberViewSet
from accounts.api.tokens import TokenEndpoint, named_account
from accounts.models import Invitation, User
from accounts.rest.documentation import Operation, example_id
from accounts.rest.errors import AccountSuspended
from accounts.rest.serializers import StrictModelSerializer, StrictSerializer, Text
from accounts.rest.views import TenantViewSet
from tenancy.context import tenant_context


class InvitationSerializer(StrictModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "invited_by", "created_at", "expires_at")
        read_only_fields = ("invited_by",)


class InvitationViewSet(TenantViewSet[Invitation]):
    """The open invitations, the newest first, also those whose links have expired. There is no PATCH."""

    noun = "invitation"
    example = {
        "id": example_id("invitation"),
        "email": "nina@example.com",
        "role": "member",
        "invited_by": example_id("alice"),
        "created_at": "2026-11-21T09:30:00Z",
        "expires_at": "2026-11-28T09:30:00Z",
    }
    queryset = Invitation.objects.all()
    serializer_class = InvitationSerializer
    order = ("-id",)
    permissions = dict.fromkeys(("list", "retrieve", "create", "destroy", "resend"), "member.manage")
    unrouted = ("partial_update",)
    operations = {
        "list": Operation("Returns the open invitations, newest first, including those whose links have expired."),
        "create": Operation(
            "Sends an invitation by email. Its link works once and for seven days. Without `role` the new member is a "
            "`member`. Returns 400 if the address is a member already or has an open invitation."
        ),
        "destroy": Operation(
            "Revokes an invitation. Its link stops working.", "Revoke an invitation", "revokeInvitation"
        ),
        "resend": Operation(
            "Sends a new link, which works for another seven days. The previous link stops working. Once a minute."
        ),
    }

    def lock(self, row: Invitation) -> None:
        lock_account()
        super().lock(row)

    def perform_create(self, fields: dict[str, Any]) -> Invitation:
        return invitations.invite(actor=self.membership, **fields)

    def perform_destroy(self, row: Invitation) -> None:
        invitations.revoke_invitation(invitation=row, actor=self.membership)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send another link, which works for another seven days; the one before works no more. Once a minute."""
        return self.act(invitations.resend_invitation)


class AcceptSerializer(StrictSerializer):
    token = Text(max_length=200)
    name = Text(max_length=150, required=False)
    password = Text(max_length=4096, as_typed=True, trim_whitespace=False, required=False)
    account = Text(max_length=63, required=False)


class AcceptView(TokenEndpoint):
    """Become a member, with the last part of the link as `token`, at the account's own address.

    With `password`: a known user's own, or a new user's choice, with their `name`. Without `password`: a user who has
    logged in on the public site, where `account` names the account, if the invitation was sent to their address.
    """

    authentication_classes = (SessionAuthentication,)
    operations = {
        "post": Operation(
            "Accepts an invitation and returns the new member. `token` is the last part of the link. A new user "
            "sends the `password` and the `name` for the new log-in; an existing user sends the current `password`. "
            "Send the request to the host of the account. A user with a session on the public host sends `account`, "
            "the slug, instead of a password; the user's address must be the invited one. Returns 404 for a link "
            "that is used, revoked, expired or unknown.",
            "Accept an invitation",
            "acceptInvitation",
            request={"token": "jX0r4mJbTuyAvq1GxW3p9w", "name": "Nina", "password": "correct horse battery staple"},
            response={**MemberViewSet.example, "id": example_id("nina"), "name": "Nina", "email": "nina@example.com"},
            headers=(),
        )
    }

    @extend_schema(request=AcceptSerializer, responses={201: MemberSerializer})
    def post(self, request: Request) -> Response:
        fields = self.read(AcceptSerializer)
        account = named_account(fields.get("account"))
        if account is None:
            raise Http404
        if account.suspended_at is not None:
            raise AccountSuspended
        with tenant_context(account):
            if "password" in fields:
                given = _only(fields, "token", "name", "password")
                check = partial(get_adapter(request._request).check_password, request._request)
                member = accept_with_password(**given, authenticate=check)
            elif isinstance(request.user, User):
                member = acceptance.accept_invitation(token=fields["token"], user=request.user)
            else:
                invitations.find_invitation(fields["token"])  # an invalid link is 404 for every client
                raise NotAuthenticated
        return Response(MemberSerializer(member).data, status=201, headers={"Cache-Control": "no-store"})


def _only(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}
