"""`tokens/`: one's own personal tokens"""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models import ApiToken
from accounts.rest.permissions import RoleAllows
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import TenantViewSet


class NotMadeByATokenItself(BasePermission):
    """A personal token makes no others, or one that leaked would outlive its revocation in its descendants."""

    message = _("A personal token cannot create personal tokens. Log in to create one.")

    def has_permission(self, request: Request, view: object) -> bool:
        return getattr(view, "action", None) != "create" or not isinstance(request.auth, ApiToken)


class ApiTokenSerializer(StrictModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ("id", "name", "prefix", "created_at", "last_used_at", "expires_at")
        extra_kwargs = {"expires_at": {"required": False}}


class NewApiTokenSerializer(ApiTokenSerializer):
    """The only answer that has the text."""

    token = serializers.CharField(read_only=True)

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")


class ApiTokenViewSet(TenantViewSet[ApiToken]):
    """There is no PATCH: whoever wants another name or end makes another token."""

    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    permission_classes = (RoleAllows, NotMadeByATokenItself)
    order = ("-id",)  # ids sort by creation: the newest first
    permissions = {"create": "token.manage", "destroy": "token.manage"}
    unrouted = ("partial_update",)

    @extend_schema(responses={201: NewApiTokenSerializer})
    def create(self, request: Request) -> Response:
        row, text = tokens.create_personal_token(actor=self.membership, **self.read_body())
        row.token = text  # type: ignore[attr-defined]
        data = NewApiTokenSerializer(row, context=self.get_serializer_context()).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    def perform_destroy(self, row: ApiToken) -> None:
        tokens.revoke_personal_token(token=row, actor=self.membership)
