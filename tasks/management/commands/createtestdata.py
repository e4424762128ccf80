import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from tasks.testdata.generated import generate_account
from tasks.testdata.loading import FIELDS, PASSWORD, existing_slugs, load_accounts, require_owner
from tenancy.postgresql.bulk import exclusive_load

BATCH = 500  # accounts in a transaction, after which PostgreSQL checks the keys of all rows
PART = 25  # of these in memory


class Made(NamedTuple):
    accounts: int
    existed: int
    rows: int


class Command(BaseCommand):
    help = 'Make the accounts "tenant-0", "tenant-1" … with random contents; those that exist are kept as they are.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--accounts", type=positive, required=True, metavar="N", help="how many there shall be")
        parser.add_argument("--seed", type=int, default=0, help="another number makes other contents (default: 0)")
        parser.add_argument("--force", action="store_true", help="also where DEBUG is off")

    def handle(self, *, accounts: int, seed: int, force: bool, **options: Any) -> None:
        if not settings.DEBUG and not force:
            raise CommandError(
                "createtestdata makes people with a known password, so it refuses where DEBUG is off. "
                "Set DEBUG=1, or add --force if this installation is unreachable for others.",
                returncode=2,
            )
        require_owner()
        started = time.perf_counter()
        made = Made(0, 0, 0)
        with tqdm(total=accounts, unit=" accounts", disable=None, leave=False) as bar:  # None: only on a terminal
            for part in make_accounts(accounts, seed):
                made = Made(*map(sum, zip(made, part, strict=True)))
                bar.update(part.accounts + part.existed)
        self.report(made, accounts, time.perf_counter() - started)

    def report(self, made: Made, wanted: int, seconds: float) -> None:
        if made.existed:
            self.stdout.write(f"{made.existed:,} of {wanted:,} accounts existed already and were kept.")
        self.stdout.write(
            f"Made {made.accounts:,} accounts with {made.rows:,} rows in {seconds:.1f} s "
            f"({made.rows / seconds:,.0f} rows/s)."
        )


def positive(text: str) -> int:
    """Parse a number of accounts. Raises ArgumentTypeError, which argparse reports with the usage."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a number of accounts: use 1 or more, for example --accounts 20.")
    return int(text)


def make_accounts(accounts: int, seed: int) -> Iterator[Made]:
    """Make those of `tenant-0` to `tenant-<accounts - 1>` that do not exist; yield each batch when it is committed.

    An account is created completely or not at all, and committed batches stay if a later batch fails.
    """
    # Hashed once: a hash is slow on purpose, and thousands of them would take an hour. The salt is shared too,
    # which reveals nothing: the password is published.
    password, now = make_password(PASSWORD), timezone.now()
    for numbers in batches(range(accounts), BATCH):
        existing = existing_slugs(f"tenant-{number}" for number in numbers)
        missing = [number for number in numbers if f"tenant-{number}" not in existing]
        rows = 0
        if missing:
            with exclusive_load(FIELDS) as load:
                for part in batches(missing, PART):
                    generated = [generate_account(number, seed=seed, now=now) for number in part]
                    rows += load_accounts(generated, password=password, load=load)
        yield Made(len(missing), len(existing), rows)


def batches(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[first : first + size] for first in range(0, len(numbers), size)]
