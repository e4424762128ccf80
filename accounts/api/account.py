"""`account/`, the account that the address or the credentials name, and `account/transfer/`"""

from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.account_deletion import delete_account, restore_account
from accounts.actions.accounts import update_account
from accounts.actions.locks import lock_account
from accounts.actions.members import transfer_account
from accounts.hues import HUES
from accounts.models import Account, MediaAccess, Membership
from accounts.rest import preconditions
from accounts.rest.documentation import Operation, example_id
from accounts.rest.serializers import Choice, EmptyBody, Moment, RowField, StrictSerializer, Text
from accounts.rest.views import MemberView, etag
from tenancy.context import require_active_tenant
from tenancy.models import validate_slug


@extend_schema_field({"type": "integer", "minimum": min(HUES), "maximum": max(HUES), "multipleOf": HUES.step})
class Hue(serializers.IntegerField):
    """One of the hues that there are, in degrees."""

    default_error_messages = {"invalid": _("Must be a multiple of 15, from 0 to 345, or null.")}

    def to_internal_value(self, data: Any) -> int:
        # JSON knows one kind of number: 255.0 is 255. `True` is none, but for Python.
        if type(data) not in (int, float) or data not in HUES:
            self.fail("invalid")
        return int(data)


class AccountSerializer(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    slug = Text(
        max_length=63,
        trim_whitespace=False,
        validators=[validate_slug],
        help_text="Its subdomain. The host of a former one redirects to that of the new one.",
    )
    name = Text(max_length=200)
    variant = Choice(choices=sorted(settings.TENANCY["VARIANTS"]))
    time_zone = Text(max_length=64, help_text="An IANA name, such as `Europe/Berlin`.")
    accent_hue = Hue(allow_null=True, help_text="Of its color, a multiple of 15; `null`: one that goes by the slug.")
    media_access = Choice(choices=MediaAccess.choices, help_text="File downloads: by links to storage, or not.")
    created_at = Moment(read_only=True)


class NameSerializer(StrictSerializer):
    name = Text(max_length=200, help_text="The name of the account, as a confirmation.")


class OfAccount(MemberView):
    """A view of the account itself: its ETag is that of `account/`."""

    example = {
        "id": example_id("account"),
        "slug": "acme",
        "name": "Acme",
        "variant": "standard",
        "time_zone": "Europe/Berlin",
        "accent_hue": 210,
        "media_access": "presigned",
        "created_at": "2026-01-05T08:00:00Z",
    }

    def locked_tag(self) -> str:
        return etag(AccountSerializer(lock_account()).data)

    def answer(self, account: Account) -> Response:
        data = AccountSerializer(account).data
        return Response(data, headers={"ETag": etag(data)})


class AccountView(OfAccount):
    serializer_class = AccountSerializer
    permissions = {"patch": "account.update", "delete": "account.delete"}
    operations = {
        "get": Operation("Returns the account that the host or the token names.", "Get the account", "getAccount"),
        "patch": Operation(
            "Changes the fields that the body contains. A new `slug` changes the host of the account; the former host "
            "redirects to the new one.",
            "Update the account",
            "updateAccount",
            request={"name": "Acme Ltd", "time_zone": "Europe/Vienna"},
        ),
        "delete": Operation(
            "Suspends the account at once and erases it after 14 days. Until then the owner can restore it. The body "
            "contains the name of the account as a confirmation.",
            "Delete the account",
            "deleteAccount",
            request={"name": "Acme"},
        ),
    }
    body_of_delete = NameSerializer

    def get(self, request: Request) -> Response:
        """The account."""
        account = Account.objects.get(pk=require_active_tenant().pk)
        return preconditions.unless_known(request, self.answer(account))

    def patch(self, request: Request) -> Response:
        """Change what the account is called, where it is, how it looks, and how files leave it."""
        account = cast(Account, require_active_tenant())
        if fields := self.read_body():
            account = update_account(account=account, actor=self.membership, **fields)
        return self.answer(Account.objects.get(pk=account.pk))

    @extend_schema(request=NameSerializer, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete the account, whose name is typed to confirm it. It is suspended at once, and erased in 14 days."""
        serializer = NameSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        delete_account(actor=self.membership, **serializer.validated_data)
        return Response(status=204)


class RestoreView(OfAccount):
    """Available at the host of an account in deletion, where all other endpoints are refused."""

    serializer_class = EmptyBody
    permissions = {"post": "account.delete"}
    operations = {
        "post": Operation(
            "Cancels the deletion of the account. Returns 409 if the account is not being deleted.",
            "Restore the account",
            "restoreAccount",
        )
    }

    @extend_schema(request=None, responses=AccountSerializer)
    def post(self, request: Request) -> Response:
        """Call the deletion of the account off; 409 when there is none."""
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        return self.answer(restore_account(actor=self.membership))


class TransferSerializer(StrictSerializer):
    """The new owner of the account: the id of a row of `members/`."""

    member = RowField(queryset=Membership.objects.current().prefetch_related("user"))


class TransferView(OfAccount):
    serializer_class = TransferSerializer
    permissions = {"post": "account.transfer"}
    operations = {
        "post": Operation(
            "Makes another member the owner. The previous owner becomes an admin.",
            "Transfer ownership",
            "transferAccount",
            request={"member": example_id("bob")},
        )
    }
    ends_permission = ("post",)

    @extend_schema(responses=AccountSerializer)
    def post(self, request: Request) -> Response:
        """Make another member the owner; the user becomes an admin."""
        serializer = TransferSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        return self.answer(transfer_account(actor=self.membership, **serializer.validated_data))
