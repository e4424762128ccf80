"""A session, a token or a host header of one account is invalid at another."""

from datetime import timedelta

import jwt
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils import timezone

from accounts.models import Membership, Session
from accounts.session_store import SessionStore
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tenancy.tokens import issue

pytestmark = pytest.mark.django_db

PROJECTS = "/api/v1/projects/"


def replay(client, tenant, source):
    """Return a client at `tenant` with the cookies of `source`."""
    thief = client.at(tenant)
    thief.cookies = source.cookies
    return thief


def test_a_session_of_one_account_is_anonymous_at_another(client, acme, globex, charlie):
    ours = client.as_(charlie, at=acme)
    assert ours.get("/").status_code == 200
    answer = replay(client, globex, ours).get("/")  # charlie belongs to globex too, but this session does not
    assert (answer.status_code, answer["Location"]) == (302, "/auth/login/?next=/")
    assert replay(client, globex, ours).get(PROJECTS).status_code == 401


def test_a_session_of_the_public_site_is_anonymous_at_an_account(client, acme, charlie):
    public = client.at(None)
    public.log_in(charlie)
    assert replay(client, acme, public).get("/").status_code == 302
    assert replay(client, acme, public).get(PROJECTS).status_code == 401


def test_a_session_of_an_account_is_anonymous_on_the_public_site(client, acme, charlie):
    ours = client.as_(charlie, at=acme)
    assert b"charlie@example.com" not in replay(client, None, ours).get("/").content


def test_a_session_ends_with_the_membership(client, acme, bob):
    ours = client.as_(bob)
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(ended_at=timezone.now())
    assert ours.get("/").status_code == 302
    assert ours.get(PROJECTS).status_code == 401


def test_session_ends_with_the_user(client, acme, bob):
    ours = client.as_(bob)
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    assert_no_access(ours)


def test_session_ends_with_the_password(client, acme, bob):
    ours = client.as_(bob)
    bob.set_password("another password")
    bob.save()
    assert_no_access(ours)
    assert not Session.objects.exists()  # Django has deleted it


def test_expired_session_gives_no_access(client, acme, bob):
    ours = client.as_(bob)
    Session.objects.update(expire_date=timezone.now())
    assert_no_access(ours)


@pytest.mark.parametrize("host", ["acme", "public"])
def test_session_whose_row_was_given_to_another_user_gives_no_access(client, acme, alice, bob, host):
    """The column says whose user and membership are read; the data say who has logged in."""
    ours = client.as_(bob) if host == "acme" else public_session(client, bob)
    Session.objects.update(user=alice)
    assert_no_access(ours)


@pytest.mark.parametrize("host", ["acme", "public"])
def test_session_whose_row_lost_its_user_gives_no_access(client, acme, bob, host):
    ours = client.as_(bob) if host == "acme" else public_session(client, bob)
    Session.objects.update(user=None)
    assert_no_access(ours)


def test_session_with_the_data_of_another_user_gives_no_access(client, acme, alice, bob):
    ours, theirs = client.as_(bob), client.as_(alice)
    key = settings.SESSION_COOKIE_NAME
    data = Session.objects.get(pk=theirs.cookies[key].value).session_data
    Session.objects.filter(pk=ours.cookies[key].value).update(session_data=data)
    assert_no_access(ours)
    assert theirs.get("/").status_code == 200


def test_membership_read_with_a_session_is_of_its_tenant_and_user(client, acme, globex, alice, charlie):
    ours = client.as_(charlie, at=acme)
    session = SessionStore(ours.cookies[settings.SESSION_COOKIE_NAME].value)
    with tenant_context(acme):
        session.load()
        assert session.read_membership(charlie) == membership_of(charlie, acme)
        assert session.read_membership(alice) is None
    with tenant_context(globex):
        assert session.read_membership(charlie) is None


def test_session_that_asynchronous_code_has_saved_still_has_its_user(client, acme, charlie):
    key = client.as_(charlie, at=acme).cookies[settings.SESSION_COOKIE_NAME].value

    async def save():
        session = SessionStore(key)
        await session.aset("noted", 1)
        await session.asave()

    with tenant_context(acme):
        async_to_sync(save)()
        session = SessionStore(key)
        assert session["noted"] == 1
        assert session.read_membership(charlie) == membership_of(charlie, acme)


def public_session(client, user):
    public = client.at(None)
    public.log_in(user)
    return public


def assert_no_access(client):
    """A page of a logged-in user redirects to the log-in, and the API of an account answers 401."""
    page = client.get("/" if client.tenant else "/auth/")
    assert (page.status_code, page["Location"].partition("?")[0]) == (302, "/auth/login/")
    if client.tenant:
        assert client.get(PROJECTS).status_code == 401


def test_demoted_member_cannot_write(client, acme, bob):
    ours = client.as_(bob)
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(role="viewer")
    answer = ours.json("POST", PROJECTS, {"name": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_token_of_one_account_is_refused_at_another(client, acme, globex, charlie):
    access, refresh = issue(user_id=charlie.pk, tenant=acme)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {access}"}
    assert client.at(acme).get(PROJECTS, **bearer).status_code == 200
    answer = client.at(globex).get(PROJECTS, **bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")
    answer = client.at(globex).json("POST", "/api/v1/auth/token/refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")


def test_the_check_of_the_token_holds_without_the_resolver(client, acme, globex, charlie, resolvers):
    """Two controls overlap; this tests the second with the first disabled."""
    resolvers("HostResolver")
    access, _ = issue(user_id=charlie.pk, tenant=acme)
    answer = client.at(globex).get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {access}")
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")


def test_a_token_ends_with_the_membership(client, acme, bob):
    ours = client.at(acme).with_token(bob)
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(ended_at=timezone.now())
    answer = ours.get(PROJECTS)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")


def test_token_ends_with_the_user(client, acme, bob):
    ours = client.at(acme).with_token(bob)
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    answer = ours.get(PROJECTS)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def claims(user, tenant, /, **changes):
    now = timezone.now()
    right = {
        "token_type": "access",
        "sub": str(user.pk),
        "tenant": str(tenant.pk),
        "aud": "commonhold",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": "0" * 32,
    }
    merged = {**right, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def signed(payload, key=None, algorithm="HS256"):
    return jwt.encode(payload, key or settings.SIMPLE_JWT["SIGNING_KEY"], algorithm=algorithm)


def test_token_signed_by_the_test_is_valid(client, acme, bob):
    token = signed(claims(bob, acme))
    assert client.at(acme).get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_700_000_000},  # in 2023
        {"token_type": "refresh"},
        {"token_type": None},
        {"aud": "another service"},
        {"aud": None},
        {"exp": None},
        {"tenant": None},
        {"tenant": "acme"},
        {"sub": None},
        {"sub": "1"},
        {"sub": "01900000-0000-7000-8000-000000000000"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(client, acme, bob, changes):
    answer = client.at(acme).get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {signed(claims(bob, acme, **changes))}")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_with_a_wrong_signature_is_refused(client, acme, bob):
    other_key = signed(claims(bob, acme), key="x" * 40)
    unsigned = jwt.encode(claims(bob, acme), None, algorithm="none")
    for token in (other_key, unsigned, "x.y.z", "", "é", "a" * 10_000):
        answer = client.at(acme).get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {token}")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), token
