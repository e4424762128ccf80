"""The job after a refused log-in: an entry in the audit log, or the confirmation mail again."""

import pytest
from allauth.account.models import EmailAddress

from accounts.models import AuditEntry
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, join, make_user
from tests.accounts.authentication import log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def nina(acme):
    """A member of acme with an unconfirmed address."""
    person = make_user("nina")
    EmailAddress.objects.filter(user=person).update(verified=False)
    join(person, acme, "member")
    return person


def refused_in(account):
    with tenant_context(account):
        return list(AuditEntry.objects.values_list("action", "actor_email", "ip"))


@pytest.mark.parametrize("at_account", [True, False])
def test_login_of_an_unconfirmed_user_sends_the_confirmation_again(client, acme, nina, post, at_account):
    post(log_in, client.at(acme if at_account else None), nina)
    assert (post.only.to, post.only.subject) == (["nina@example.com"], "Confirm your address")
    post(log_in, client.at(acme if at_account else None), nina)
    assert post.mails == []  # one in three minutes


@pytest.mark.parametrize("at_account", [True, False])
def test_wrong_password_sends_no_confirmation(client, acme, nina, post, at_account):
    post(log_in, client.at(acme if at_account else None), nina, password="wrong")
    assert post.mails == []


def test_login_at_a_foreign_account_sends_no_confirmation_and_records_nothing(client, globex, mallory, nina, post):
    post(log_in, client.at(globex), nina)
    assert post.mails == []
    assert refused_in(globex) == []


def test_refused_log_in_is_audited_for_members_in_their_account_only(
    client, acme, globex, bob, mallory, end_membership, post
):
    for person, password in ((bob, "wrong"), (mallory, PASSWORD), (mallory, "wrong")):
        post(log_in, client.at(acme), person, password=password)
    end_membership(bob, acme)
    post(log_in, client.at(acme), bob)
    assert refused_in(acme) == [("member.log_in_refused", "bob@example.com", "127.0.0.1")]
    assert refused_in(globex) == []


def test_refused_log_in_on_the_public_site_is_not_audited(client, acme, bob, post):
    post(log_in, client, bob, password="wrong")
    assert refused_in(acme) == []
