"""`me/` and `me/accounts/`: the authenticated user."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.accounts import choose_mails, update_profile
from accounts.models import Account, Membership, User
from accounts.rest import preconditions
from accounts.rest.documentation import Operation, example_id, page
from accounts.rest.pagination import KeysetPagination
from accounts.rest.serializers import Flag, StrictSerializer, Text
from accounts.rest.views import MemberView, etag
from tenancy.context import as_user
from tenancy.routing import tenant_origin


class MeSerializer(StrictSerializer):
    """A user and their membership in this account."""

    id = serializers.UUIDField(source="user.id", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    name = Text(max_length=150, source="user.name", allow_blank=True)
    time_zone = Text(
        max_length=64,
        source="user.time_zone",
        allow_null=True,
        help_text="An IANA name, such as `Europe/Berlin`; `null` stands for the time zone of each account.",
    )
    member = serializers.UUIDField(source="id", read_only=True, help_text="The id of the user in `members/`.")
    role = serializers.CharField(read_only=True)
    mail_notifications = Flag(help_text="Send an email for each notification of this account.")
    mail_digest = Flag(help_text="Send an email every morning with what is open and unread in this account.")


class MeView(MemberView):
    serializer_class = MeSerializer
    permissions = {"patch": "profile.update"}
    example = {
        "id": example_id("user"),
        "email": "alice@example.com",
        "name": "Alice",
        "time_zone": None,
        "member": example_id("alice"),
        "role": "owner",
        "mail_notifications": True,
        "mail_digest": False,
    }
    operations = {
        "get": Operation("Returns the user, and the user's role in this account.", "Get the current user", "getMe"),
        "patch": Operation(
            "Changes the name and the time zone of the user, in all accounts, and the emails from this account.",
            "Update the current user",
            "updateMe",
            request={"name": "Alice Miller", "mail_digest": True},
        ),
    }

    def get(self, request: Request) -> Response:
        """The authenticated user."""
        return preconditions.unless_known(request, self.answer())

    def patch(self, request: Request) -> Response:
        """Change the user's name and time zone, in all accounts, and their email settings in this account."""
        choices = self.read_body()
        if fields := choices.pop("user", None):
            update_profile(actor=self.membership, **fields)
        if choices:
            choose_mails(actor=self.membership, **choices)
        return self.answer()

    def locked_tag(self) -> str:
        # Read again: they may have changed since authentication read them.
        self.membership.user = User.objects.select_for_update(no_key=True).get(pk=self.membership.user_id)
        locked = Membership.objects.select_for_update(no_key=True).get(pk=self.membership.pk)
        self.membership.mail_notifications = locked.mail_notifications
        self.membership.mail_digest = locked.mail_digest
        return etag(MeSerializer(self.membership).data)

    def answer(self) -> Response:
        data = MeSerializer(self.membership).data
        return Response(data, headers={"ETag": etag(data)})


class OwnAccountSerializer(StrictSerializer):
    """An account of the authenticated user, and their role in it."""

    id = serializers.UUIDField(read_only=True)
    slug = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    role = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="Scheme, host and port of the account's pages and API.")

    def get_role(self, account: Account) -> str:
        return str(self.context["roles"][account.pk])

    def get_url(self, account: Account) -> str:
        return tenant_origin(account)


class OwnAccountsSerializer(StrictSerializer):
    """A page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OwnAccountSerializer(many=True)


PAGE_PARAMETERS = [
    OpenApiParameter(each["name"], each["schema"], description=each["description"])
    for each in KeysetPagination().get_schema_operation_parameters(None)
]


class OwnAccountsView(MemberView):
    serializer_class = OwnAccountSerializer
    operations = {
        "get": Operation(
            "Returns the accounts that the user belongs to, ordered by slug. Suspended accounts are not included.",
            "List the accounts of the current user",
            "listMyAccounts",
            response=page(
                {
                    "id": example_id("account"),
                    "slug": "acme",
                    "name": "Acme",
                    "role": "owner",
                    "url": "https://acme.example.com",
                }
            ),
        )
    }

    def query_parameters(self) -> set[str]:
        return {KeysetPagination.CURSOR, KeysetPagination.SIZE}

    def get_order(self) -> tuple[str, ...]:
        return ("slug",)

    @extend_schema(responses=OwnAccountsSerializer, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """The accounts of the authenticated user, by slug."""
        with as_user(self.membership.user):
            roles = dict(Membership.objects.current().values_list("account_id", "role"))
        pages = KeysetPagination()
        page = pages.paginate_queryset(self.get_queryset(roles), request, self)
        return pages.get_paginated_response(OwnAccountSerializer(page, many=True, context={"roles": roles}).data)

    def get_queryset(self, roles: dict[Any, str]) -> QuerySet[Account]:
        return Account.objects.filter(pk__in=roles, suspended_at=None)
