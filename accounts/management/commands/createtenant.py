from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import NewAccount, create_account
from tenancy.context import tenant_context
from tenancy.routing import tenant_origin, tenant_reverse


class Command(BaseCommand):
    help = "Create an account and its owner; print where it is, and how a new owner sets a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its subdomain, for example acme")
        parser.add_argument("--name", required=True, help='what people call it, for example "Acme Ltd"')
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="created when nobody has this address")

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
    with tenant_context(new.account):  # the key works on its host only
        key = {"uidb36": user_pk_to_url_str(new.owner), "key": default_token_generator.make_token(new.owner)}
    return tenant_reverse("account_reset_password_from_key", tenant=new.account, kwargs=key)
