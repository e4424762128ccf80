"""/auth/signup/: sign-up of a user with an account, and the confirmation mail"""

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from celery import current_app
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.actions.account_erasure import erase_due_accounts
from accounts.models import Account, AuditEntry, Membership, User
from accounts.slugs import slug_of
from tenancy.context import tenant_context
from tenancy.testing import TenantClient, membership_of
from tests.accounts.authentication import LOG_IN, NEW, SIGN_UP, TOKEN, is_in
from tests.accounts.invitations import accept, invite
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db
SENT = "/auth/confirm-email/"


def sign_up(client, **fields):
    return client.post(SIGN_UP, {**NEW, **fields})


def errors(answer):
    return {name: [str(text) for text in texts] for name, texts in answer.context["form"].errors.items()}


def log_in(client, email=NEW["email"], password=NEW["password1"]):
    return client.post(LOG_IN, {"login": email, "password": password})


def confirm(client, path):
    return client.post(path)


# What comes of it ----------------------------------------------------------------------------------------------------


def test_sign_up_creates_a_user_and_an_account_that_they_own(client, post):
    answer = post(sign_up, client)
    assert (answer.status_code, answer["Location"]) == (302, SENT)
    nina, account = User.objects.get(), Account.objects.get()
    assert (nina.email, account.name, account.slug, account.plan) == (NEW["email"], "Initech", "initech", "business")
    member = membership_of(nina, account)
    assert member.role == "owner"
    with tenant_context(account):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.object_id) == ("account.created", member.pk, account.pk)
    assert entry.data == {"slug": "initech", "name": "Initech", "email": nina.email}


def test_signed_up_account_has_the_plan_of_a_created_account(client, post):
    sign_up(client)
    call_command("createtenant", "globex", "--name=Globex", "--owner=x@example.com", verbosity=0)
    assert len(set(Account.objects.values_list("plan", "variant", "time_zone"))) == 1


def test_unconfirmed_user_has_no_access(client, post):
    post(sign_up, client)
    account = Account.objects.get()
    assert not is_in(client)
    for host in (None, account):
        assert log_in(client.at(host)).status_code == 200
        assert not is_in(client.at(host))


def test_unconfirmed_user_gets_no_tokens(client, post):
    post(sign_up, client)
    credentials = {"email": NEW["email"], "password": NEW["password1"]}
    tokens = client.at(Account.objects.get()).json("POST", TOKEN, credentials)
    assert (tokens.status_code, tokens.json()["code"]) == (401, "invalid_credentials")


def test_confirmation_link_logs_in(client, post):
    post(sign_up, client)
    assert post.only.to == [NEW["email"]]
    host, path = post.link()
    assert host == "localhost:8000"
    assert "is your address" in client.get(path).content.decode()
    assert not EmailAddress.objects.get().verified  # mail scanners open links
    answer = confirm(client, path)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = client.get("/").content.decode()
    assert "Your address was confirmed." in page
    assert "http://initech.localhost:8000/auth/enter/" in page
    assert log_in(client.at(Account.objects.get()))["Location"] == "/"


def test_confirmation_in_another_browser_does_not_log_in(client, post):
    """The user who opens the link may not be the one who signed up, so they must log in."""
    post(sign_up, client)
    other = TenantClient()
    assert confirm(other, post.link()[1])["Location"] == LOG_IN
    assert not is_in(other)
    assert "Your address was confirmed." in other.get(LOG_IN).content.decode()


def test_a_link_works_once_and_only_with_its_signature(client, post):
    post(sign_up, client)
    _host, path = post.link()
    confirm(client, path)
    for dead in (path, f"{path[:-2]}x/", f"{SENT}x/"):
        assert client.get(dead).status_code == 404
        assert client.post(dead).status_code == 404


def test_login_sends_the_confirmation_mail_again(client, post):
    post(sign_up, client)
    post(log_in, client)
    assert confirm(client, post.link()[1]).status_code == 302


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "password"}, "password1"),
        ({"password1": "My-Commonhold-1"}, "password1"),
        ({"password1": "nina@example.com"}, "password1"),
        ({"account_name": ""}, "account_name"),
        ({"account_name": "x" * 201}, "account_name"),
        ({"account_name": "x\0y"}, "account_name"),
        ({"account_name": "日本"}, "slug"),
        ({"slug": "dot.ted"}, "slug"),
        ({"slug": "-edge"}, "slug"),
        ({"slug": "a" * 64}, "slug"),
        ({"slug": "acme"}, "slug"),
        ({"slug": "münchen"}, "slug"),
        ({"slug": "аdmin"}, "slug"),  # with a Cyrillic first letter
    ],
    ids=str,
)
def test_invalid_field_shows_an_error_and_nothing_is_created(client, acme, fields, name):
    answer = sign_up(client, **fields)
    assert (answer.status_code, list(errors(answer))) == (200, [name])
    assert not User.objects.exists()
    assert list(Account.objects.all()) == [acme]


@pytest.mark.parametrize(
    "slug",
    [
        *("www", "api", "admin", "static", "WWW", "a-p-i", "adm1n", "adrnin", "vvww", "statlc", "5tatic"),
        *("xn--dmin-7fa", "ab--c", "acc0unt", "log-in", "l0gin"),
    ],
)
def test_reserved_names_are_refused(client, slug):
    assert "is reserved" in str(errors(sign_up(client, slug=slug))["slug"])
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme & Söhne GmbH", "acme-sohne-gmbh"),
        ("Straße 7", "strasse-7"),
        ("  --Ａ__b  ", "a-b"),
        ("日本", ""),
        ("x" * 99, "x" * 40),
    ],
)
def test_slug_is_derived_from_the_name(name, slug):
    assert slug_of(name) == slug


def test_slug_of_a_taken_name_gets_a_number(client, acme):
    sign_up(client, account_name="Acme")
    TenantClient().post(SIGN_UP, {**NEW, "email": "nora@example.com", "account_name": "ACME!"})
    assert set(Account.objects.values_list("slug", flat=True)) == {"acme", "acme-2", "acme-3"}


def test_only_the_public_site_has_a_sign_up(client, acme):
    assert client.at(acme).get(SIGN_UP).status_code == 404
    assert client.at(acme).post(SIGN_UP, NEW).status_code == 404


def test_repeated_sign_ups_are_throttled(client, post):
    codes = [sign_up(client, account_name="").status_code for _ in range(22)]
    assert (codes[0], codes[-1]) == (200, 429)


# User enumeration ----------------------------------------------------------------------------------------------------


def seen(answer, client):
    """Return the parts of the responses by which a client could distinguish two sign-ups."""
    page = client.get(answer["Location"])
    return answer.status_code, answer["Location"], page.content, sorted(client.cookies)


def test_known_address_gets_the_response_of_a_new_one(client, acme, bob, post):
    one, two = TenantClient(), TenantClient()
    new = seen(post(sign_up, one, account_name="One"), one)
    assert post.only.subject == "Confirm your address"
    known = seen(post(sign_up, two, email="bob@example.com", account_name="Two"), two)
    assert known == new
    assert post.only.subject == "You already have a user"
    assert post.only.to == ["bob@example.com"]


@pytest.mark.parametrize("email", ["bob@example.com", "nina@example.com"])
def test_confirmation_mail_does_not_contain_the_chosen_account_name(client, acme, bob, post, email):
    post(sign_up, client, email=email, account_name="Win at https://evil.example")
    assert post.only.to == [email]
    assert "evil" not in str(post.only.message())
    assert "evil" not in post.only.body


def test_login_with_the_chosen_password_does_not_reveal_a_known_address(acme, bob, post):
    pages = []
    for email, name in ((NEW["email"], "One"), ("bob@example.com", "Two")):
        browser = TenantClient()
        post(sign_up, browser, email=email, account_name=name)
        answer = post(log_in, TenantClient(), email)
        pages.append((answer.status_code, errors(answer)))
    assert pages[0] == pages[1]


def test_sign_up_with_a_known_address_does_not_change_the_user(client, acme, bob):
    before = User.objects.filter(pk=bob.pk).values().get()
    sign_up(client, email="BOB@example.com")
    assert User.objects.filter(pk=bob.pk).values().get() == before
    assert User.objects.count() == 1
    assert bob.is_confirmed
    with tenant_context(Account.objects.get(slug="initech")):
        assert not Membership.objects.exists()


def test_account_name_does_not_reveal_a_known_address(client, acme, bob):
    """A client that requests the same slug again finds it taken, whether or not the address was known."""
    sign_up(client, slug="one")
    sign_up(TenantClient(), email="bob@example.com", slug="two")
    answers = [sign_up(TenantClient(), email=f"{slug}@example.com", slug=slug) for slug in ("one", "two")]
    assert [errors(answer) for answer in answers] == [{"slug": ["Account with this Slug already exists."]}] * 2
    hosts = [TenantClient(Account.objects.get(slug=slug)).get("/") for slug in ("one", "two")]
    assert {(host.status_code, host["Location"]) for host in hosts} == {(302, "/auth/login/?next=/")}


def test_known_and_new_addresses_cost_the_same_work(client, acme, bob, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))
    sign_up(TenantClient(), slug="one")
    sign_up(TenantClient(), email="bob@example.com", slug="two")
    assert len(hashed) == 2


# Sign-up with the address of another user ----------------------------------------------------------------------------


def test_squatter_loses_access_when_the_owner_confirms_the_address(client, post):
    post(sign_up, client)  # with a password of the squatter's
    nina = TenantClient()
    post(sign_up, nina, password1="what nina wants", account_name="Hers")
    assert post.only.subject == "You already have a user"  # no link that would confirm the squatter's password
    post(nina.post, "/auth/password/reset/", {"email": NEW["email"]})
    form = nina.get(post.link()[1], follow=True)
    password = {"password1": "what nina wants", "password2": "what nina wants"}
    nina.post(form.redirect_chain[-1][0], password)
    assert log_in(client).status_code == 200  # the squatter's password is wrong now
    assert log_in(nina, password="what nina wants")["Location"] == "/"


def test_squatters_password_does_not_work_after_an_invitation_is_accepted(client, acme, alice, post):
    post(sign_up, client)
    _row, token = invite(client, alice, acme)
    assert accept(client, acme, token, name="Nina", password="what nina wants").status_code == 201
    assert log_in(client.at(acme)).status_code == 200  # the squatter's password is wrong now
    assert log_in(client.at(acme), password="what nina wants").status_code == 302


# Unconfirmed accounts ------------------------------------------------------------------------------------------------


def days_later(slug, days):
    """Let so many days pass for an account, and run its daily job and the erasure."""
    Account.objects.filter(slug=slug).update(created_at=timezone.now() - timedelta(days=days))
    account = Account.objects.get(slug=slug)
    with tenant_context(account):
        current_app.tasks["accounts.remove_expired"]("2026-11-21")
    erase_due_accounts()


def test_unconfirmed_account_is_freed_after_three_days(client, acme, bob):
    sign_up(client)
    sign_up(TenantClient(), email="bob@example.com", slug="two")
    for slug in ("initech", "two"):
        days_later(slug, 2)
        assert Account.objects.filter(slug=slug).exists()
        days_later(slug, 4)
    assert list(Account.objects.all()) == [acme]
    assert list(User.objects.filter(deleted_at=None)) == [bob]
    assert sign_up(TenantClient(), slug="two").status_code == 302


def test_confirmed_account_is_kept(client, post):
    post(sign_up, client)
    confirm(client, post.link()[1])
    days_later("initech", 400)
    assert Account.objects.get().suspended_at is None


def test_account_created_by_an_operator_is_kept_unconfirmed(db):
    call_command("createtenant", "globex", "--name=Globex", "--owner=x@example.com", verbosity=0)
    days_later("globex", 400)
    assert Account.objects.get().suspended_at is None


# At the same moment --------------------------------------------------------------------------------------------------


def at_once(*bodies):
    """Send sign-ups from threads that start together; return the statuses."""
    barrier, statuses = threading.Barrier(len(bodies)), []

    def run(body):
        try:
            barrier.wait(PATIENCE)
            statuses.append(sign_up(TenantClient(raise_request_exception=False), **body).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(statuses)


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_sign_up_gets_a_chosen_slug():
    bodies = [{"email": f"n{number}@example.com", "slug": "initech"} for number in range(4)]
    assert at_once(*bodies) == [200, 200, 200, 302]
    assert (User.objects.count(), Account.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_parallel_sign_ups_with_the_same_name_get_different_slugs():
    assert at_once(*[{"email": f"n{number}@example.com"} for number in range(2)]) == [302, 302]
    assert set(Account.objects.values_list("slug", flat=True)) == {"initech", "initech-2"}


@pytest.mark.django_db(transaction=True)
def test_parallel_sign_ups_with_one_address_create_one_user():
    assert at_once({"slug": "one"}, {"slug": "two"}) == [302, 302]
    assert User.objects.count() == 1
    owned = 0
    for account in Account.objects.all():
        with tenant_context(account):
            owned += Membership.objects.count()
    assert owned == 1
