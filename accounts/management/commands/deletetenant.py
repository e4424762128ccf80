from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.account_erasure import begin_to_erase, erase_account
from accounts.models import Account


class Command(BaseCommand):
    help = "Delete an account for good, now: rows, files, sessions and its name. Asks for the slug again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--force", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        account = Account.objects.filter(slug=slug).first()
        if account is None:
            raise CommandError(f'There is no tenant "{slug}". `listtenants` shows all.', returncode=2)
        if (
            not options["force"]
            and _ask(f'Everything of "{account.name}" is deleted. Type "{slug}" to continue: ') != slug
        ):
            raise CommandError("Nothing was deleted.", returncode=2)
        erase_account(begin_to_erase(account))
        self.stdout.write(f"{slug} is deleted.")


def _ask(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""
