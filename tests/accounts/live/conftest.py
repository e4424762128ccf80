"""One live web process for the tests of a file, and an account for each test."""

from tests.accounts.live.offices import note, office, other_office, test_database, url  # noqa: F401  # fixtures
from tests.accounts.live.overhearing import overheard  # noqa: F401  # a fixture
