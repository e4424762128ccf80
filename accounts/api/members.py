"""`members/`"""

from rest_framework import serializers

from accounts.models import Membership
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import ReadOnlyTenantViewSet


class MemberSerializer(StrictModelSerializer[Membership]):
    name = serializers.CharField(source="user.name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "role")
        read_only_fields = fields


class MemberViewSet(ReadOnlyTenantViewSet[Membership]):
    """Who belongs to the account, the oldest member first."""

    # People are shared rows, which those of a tenant do not join.
    queryset = Membership.objects.current().prefetch_related("user")
    serializer_class = MemberSerializer
    order = ("joined_at", "id")
