from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.accounts import rename_account
from accounts.models import Account
from tenancy.routing import tenant_origin


class Command(BaseCommand):
    help = "Give an account another slug, and so another host. The old host leads there, and stays the account's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("new", help="its subdomain from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(slug=options["slug"]).first()
        if account is None:
            raise CommandError(f'There is no tenant "{options["slug"]}". `listtenants` shows all.', returncode=2)
        try:
            account = rename_account(account=account, slug=options["new"])
        except ValidationError as error:
            raise CommandError("\n".join(error.messages), returncode=2) from error
        self.stdout.write(f"{account.name}: {tenant_origin(account)}/")
