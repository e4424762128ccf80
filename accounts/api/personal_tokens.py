"""`tokens/`: the personal access tokens of the member"""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import tokens
from accounts.models import ApiToken
from accounts.rest.documentation import Operation, example_id
from accounts.rest.permissions import RoleAllows
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import TenantViewSet


class NotMadeByATokenItself(BasePermission):
    """A personal token cannot create tokens. Otherwise a leaked token could survive its revocation."""

    message = _("A personal token cannot create personal tokens. Log in to create one.")

    def has_permission(self, request: Request, view: object) -> bool:
        return getattr(view, "action", None) != "create" or not isinstance(request.auth, ApiToken)


class ApiTokenSerializer(StrictModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ("id", "name", "prefix", "created_at", "last_used_at", "expires_at")
        extra_kwargs = {"expires_at": {"required": False}}


class NewApiTokenSerializer(ApiTokenSerializer):
    """The only response that contains the text of the token."""

    token = serializers.CharField(read_only=True)

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")


class ApiTokenViewSet(TenantViewSet[ApiToken]):
    """The member's own personal tokens. There is no PATCH: to change one, create another."""

    noun = "personal token"
    example = {
        "id": example_id("token"),
        "name": "Continuous integration",
        "prefix": "chp_6f1c20b7",
        "created_at": "2026-11-21T09:30:00Z",
        "last_used_at": None,
        "expires_at": "2027-11-21T00:00:00Z",
    }
    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    permission_classes = (RoleAllows, NotMadeByATokenItself)
    order = ("-id",)  # ids sort by creation: the newest first
    permissions = {"create": "token.manage", "destroy": "token.manage"}
    unrouted = ("partial_update",)
    operations = {
        "list": Operation("Returns the personal tokens of the user, newest first. Each user sees only their own."),
        "retrieve": Operation("Returns a personal token, without its text."),
        "create": Operation(
            "Creates a personal token. Only this response contains its text, `token`. A token without `expires_at` "
            "does not expire. Returns 403 if the request itself uses a personal token.",
            response={**example, "token": "chp_6f1c20b7-3f0e-5a55-9d6e-6c8f6c1f2f7e_N2Jt5Yd0mG8vXk3wZr4q"},
            headers=(),
        ),
        "destroy": Operation(
            "Revokes a personal token. It stops working at once.", "Revoke a personal token", "revokePersonalToken"
        ),
    }

    @extend_schema(responses={201: NewApiTokenSerializer})
    def create(self, request: Request) -> Response:
        row, text = tokens.create_personal_token(actor=self.membership, **self.read_body())
        row.token = text  # type: ignore[attr-defined]
        data = NewApiTokenSerializer(row, context=self.get_serializer_context()).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    def perform_destroy(self, row: ApiToken) -> None:
        tokens.revoke_personal_token(token=row, actor=self.membership)
