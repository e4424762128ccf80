"""`account/`: the account that the address or the credentials name."""

from typing import cast

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import update_account
from accounts.models import Account
from accounts.rest import preconditions
from accounts.rest.serializers import Moment, StrictSerializer, Text
from accounts.rest.views import MemberView, etag
from tenancy.context import require_active_tenant


class AccountSerializer(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    slug = serializers.CharField(read_only=True)
    name = Text(max_length=200)
    variant = serializers.CharField(read_only=True)
    time_zone = Text(max_length=64, help_text="An IANA name, such as `Europe/Berlin`.")
    created_at = Moment(read_only=True)


class AccountView(MemberView):
    serializer_class = AccountSerializer
    permissions = {"patch": "account.update"}

    def get(self, request: Request) -> Response:
        """The account."""
        account = Account.objects.get(pk=require_active_tenant().pk)
        return preconditions.unless_known(request, self.answer(account))

    @transaction.atomic
    def patch(self, request: Request) -> Response:
        """Change the name of the account, or its time zone."""
        self.require_match()
        account = cast(Account, require_active_tenant())
        if fields := self.read_body():
            account = update_account(account=account, actor=self.membership, **fields)
        return self.answer(Account.objects.get(pk=account.pk))

    def locked_tag(self) -> str:
        account = Account.objects.select_for_update().get(pk=require_active_tenant().pk)
        return etag(AccountSerializer(account).data)

    def answer(self, account: Account) -> Response:
        data = AccountSerializer(account).data
        return Response(data, headers={"ETag": etag(data)})
