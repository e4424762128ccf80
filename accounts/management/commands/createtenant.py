from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.accounts import NewAccount, create_account
from accounts.emails.links import password_link
from tenancy.context import tenant_context
from tenancy.routing import tenant_origin


class Command(BaseCommand):
    help = "Create an account and its owner; print where it is, and how a new owner sets a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its subdomain, for example acme")
        parser.add_argument("--name", required=True, help='what people call it, for example "Acme Ltd"')
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="created if no user has this address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = create_account(slug=options["slug"], name=options["name"], owner_email=options["owner"])
        except ValidationError as error:
            problems = [f"{field}: {text}" for field, texts in error.message_dict.items() for text in texts]
            raise CommandError("\n".join(problems), returncode=2) from error
        self.stdout.write(f"{new.account.name}: {tenant_origin(new.account)}/")
        if new.owner_is_new:
            self.stdout.write(f"{new.owner.email} sets a password at {_password_link(new)}")


def _password_link(new: NewAccount) -> str:
    with tenant_context(new.account):  # the link works on its host only
        return password_link(new.owner)
