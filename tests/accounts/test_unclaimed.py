"""Sign-ups whose address nobody has confirmed do not stay for good."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.jobs import erase_deleted, remove_unclaimed_accounts
from accounts.models import Account, Membership, User
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, make_user
from tests.accounts.logging_in import NEW, SIGN_UP

pytestmark = pytest.mark.django_db


def pass_days(days=8):
    """Have everybody and every account been there for so long."""
    for rows, field in ((User.objects.all(), "date_joined"), (Account.objects.all(), "created_at")):
        for row in rows:
            setattr(row, field, getattr(row, field) - timedelta(days=days))
            row.save(update_fields=[field])


def clean():
    for job in (remove_unclaimed_accounts, erase_deleted, remove_unclaimed_accounts):  # two days of it
        job()


@pytest.fixture
def signed_up(client, post):
    """Nina, who has signed up; `signed_up.mails` has her link."""
    post(client.at(None).post, SIGN_UP, NEW)
    return post


def test_after_a_week_account_and_person_are_gone(acme, alice, signed_up):
    pass_days()
    clean()
    assert list(Account.objects.values_list("slug", flat=True)) == ["acme"]
    assert list(User.objects.all()) == [alice]


def test_so_is_an_account_that_was_made_for_a_known_address(client, acme, bob):
    client.at(None).post(SIGN_UP, {**NEW, "email": bob.email})
    assert Account.objects.count() == 2
    pass_days()
    clean()
    assert list(Account.objects.values_list("slug", flat=True)) == ["acme"]
    assert User.objects.filter(pk=bob.pk).exists()


def test_before_that_they_stay(signed_up):
    pass_days(6)
    clean()
    assert (Account.objects.count(), User.objects.count()) == (1, 1)


def test_whoever_has_confirmed_stays(client, signed_up):
    client.at(None).post(signed_up.link()[1])
    User.objects.update(last_login=None)
    pass_days()
    clean()
    assert (Account.objects.count(), User.objects.count()) == (1, 1)


def test_an_account_with_others_in_it_stays(signed_up):
    with tenant_context(Account.objects.get()):
        Membership.objects.create(user=make_user("helper"), role="member", ended_at=timezone.now())
    pass_days()
    clean()
    assert (Account.objects.count(), User.objects.count()) == (1, 2)


def test_an_account_that_an_operator_has_made_waits_for_its_owner(signed_up):
    call_command("createtenant", "globex", "--name=Globex", "--owner=slow@example.com", verbosity=0)
    pass_days()
    call_command("createtenant", "hooli", "--name=Hooli", f"--owner={NEW['email']}", verbosity=0)
    pass_days()
    clean()
    assert set(Account.objects.values_list("slug", flat=True)) == {"globex", "hooli"}
    assert User.objects.count() == 2


def test_people_of_the_platform_stay():
    User.objects.create_user("staff@example.com", PASSWORD, is_staff=True)
    pass_days()
    clean()
    assert User.objects.count() == 1
