"""Who gets a socket: hosts, pages, cookies and tokens. Attacks 26, 33, 35, 36 and 43 of docs/attacks.md."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from accounts.models import Account, Membership, Session, User
from tenancy.context import tenant_context
from tenancy.testing import TenantClient, join
from tenancy.tokens import issue
from tests.accounts.forged_tokens import forge
from tests.accounts.live.clients import PROTOCOL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refused():
    """Assert that there is no WebSocket: 403."""

    def refused(opening):
        with pytest.raises(InvalidStatus) as raised:
            with opening:
                pass
        assert raised.value.response.status_code == 403

    return refused


def closed(opening):
    with opening as live:
        return live.refused(type="ping")


# Pages -------------------------------------------------------------------------------------------------------------


def test_a_cookie_needs_the_origin_of_its_host(office, other_office, refused):
    with office.with_cookie() as live:
        assert live.ask(type="ping") == {"type": "pong"}
    sibling = other_office.origin
    port = f":{office.port}"
    for origin in (
        None,
        "null",
        "",
        sibling,
        "http://localhost",
        f"http://localhost{port}",
        office.origin.replace("http:", "https:"),
        office.origin.removesuffix(port),
        f"{office.origin}/",
        f"{office.origin}.evil.example",
        f"http://evil.example/{office.origin}",
        f"{office.origin}, {office.origin}",
    ):
        refused(office.with_cookie(origin=origin))


def test_a_token_needs_no_page_but_not_a_foreign_one(office, other_office, refused):
    for origin in (None, office.origin):
        with office.with_token(origin=origin) as live:
            assert live.ask(type="ping") == {"type": "pong"}
    for origin in ("null", other_office.origin):
        refused(office.with_token(origin=origin))


def test_the_public_host_has_no_pages_for_it_but_a_token_names_its_account(office, refused):
    """As in the API."""
    uri, origin = f"ws://localhost:{office.port}/ws/", f"http://localhost:{office.port}"
    refused(office.open([PROTOCOL], uri=uri))
    refused(office.open([PROTOCOL], uri=uri, origin=origin, headers={"Cookie": office.cookie()}))
    with office.with_token(uri=uri) as live:
        assert live.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("host", ["absent.localhost", "-.-", "127.0.0.1", "example.com"])
def test_unknown_host_is_refused(office, refused, host):
    uri = f"ws://{host}:{office.port}/ws/"
    refused(office.open([PROTOCOL, f"bearer.{office.token()}"], uri=uri))


@pytest.mark.parametrize("path", ["/", "/ws", "/ws/x/", "/api/v1/ws/"])
def test_socket_exists_at_one_path_only(office, refused, path):
    refused(office.open([PROTOCOL, f"bearer.{office.token()}"], uri=f"ws://{office.host}{path}"))


def test_forwarded_hosts_are_not_believed(office, other_office):
    for name in ("X-Forwarded-Host", "X-Tenant"):
        protocols = [PROTOCOL, f"bearer.{office.token()}"]
        with office.open(protocols, headers={name: other_office.host}) as live:
            assert live.ask(type="ping") == {"type": "pong"}


# Credentials -------------------------------------------------------------------------------------------------------


def test_socket_without_credentials_is_closed(office):
    assert closed(office.open([PROTOCOL])) == (4401, "not_authenticated")
    assert closed(office.open([PROTOCOL], origin=office.origin)) == (4401, "not_authenticated")
    cookies = {"Cookie": "sessionid=unknown"}
    assert closed(office.open([PROTOCOL], origin=office.origin, headers=cookies)) == (4401, "not_authenticated")


def test_a_header_is_no_place_for_a_token(office):
    headers = {"Authorization": f"Bearer {office.token()}"}
    assert closed(office.open([PROTOCOL], headers=headers)) == (4401, "not_authenticated")


@pytest.mark.parametrize("protocols", [[], ["commonhold.v2"], ["bearer"]])
def test_missing_subprotocol_closes_with_1002(office, protocols):
    protocols = [*protocols, f"bearer.{office.token()}"] if protocols else []
    code, reason = closed(office.open(protocols))
    assert (code, reason) == (1002, "offer the subprotocol commonhold.v1")


def test_invalid_token_closes_the_socket(office):
    person = office.people["member"]
    access, refresh = issue(user_id=person.pk, tenant=office.tenant)
    for text in (
        "",
        "x",
        refresh,
        forge(access, exp=int(time.time()) - 60),
        forge(access, key="another key, which is long enough as well"),
        forge(access, algorithm="none", key=""),
        forge(access, aud="another service"),
        forge(access, sub=None),
        forge(access, tenant=None),
        forge(access, token_type="refresh"),
    ):
        assert closed(office.open([PROTOCOL, f"bearer.{text}"])) == (4401, "invalid_token"), text


def test_token_of_another_account_closes_the_socket(office, other_office):
    person = office.people["member"]
    join(person, other_office.tenant, "member")  # who belongs to both
    foreign = issue(user_id=person.pk, tenant=other_office.tenant)[0]
    assert closed(office.open([PROTOCOL, f"bearer.{foreign}"])) == (4403, "tenant_mismatch")


def test_session_of_another_account_closes_the_socket(office, other_office):
    person = office.people["member"]
    join(person, other_office.tenant, "member")
    client = TenantClient(other_office.tenant).as_(person, at=other_office.tenant)
    cookies = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    opening = other_office.open([PROTOCOL], origin=other_office.origin, headers=cookies)
    with opening as live:
        assert live.ask(type="ping") == {"type": "pong"}
    opening = office.open([PROTOCOL], origin=office.origin, headers=cookies)
    assert closed(opening) == (4401, "not_authenticated")


def test_removed_member_is_refused(office):
    token, cookie = office.token(), office.cookie()
    with tenant_context(office.tenant):
        Membership.objects.filter(user=office.people["member"]).update(ended_at=timezone.now())
    assert closed(office.open([PROTOCOL, f"bearer.{token}"])) == (4403, "not_a_member")
    opening = office.open([PROTOCOL], origin=office.origin, headers={"Cookie": cookie})
    assert closed(opening) == (4403, "not_a_member")


def test_inactive_user_is_refused(office):
    token, cookie = office.token(), office.cookie()
    User.objects.filter(pk=office.people["member"].pk).update(is_active=False)
    assert closed(office.open([PROTOCOL, f"bearer.{token}"])) == (4401, "invalid_token")
    opening = office.open([PROTOCOL], origin=office.origin, headers={"Cookie": cookie})
    assert closed(opening) == (4401, "not_authenticated")


def test_session_from_before_a_new_password_closes_the_socket(office):
    cookie, person = office.cookie(), office.people["member"]
    person.set_password("another one")
    person.save()
    opening = office.open([PROTOCOL], origin=office.origin, headers={"Cookie": cookie})
    assert closed(opening) == (4401, "not_authenticated")


def test_session_whose_row_has_another_user_is_refused(office):
    cookie = office.cookie()
    key = cookie.partition("=")[2]
    Session.objects.filter(session_key=key).update(user=office.people["owner"])
    opening = office.open([PROTOCOL], origin=office.origin, headers={"Cookie": cookie})
    assert closed(opening) == (4401, "not_authenticated")


def test_suspended_account_closes_the_socket(office):
    Account.objects.filter(pk=office.tenant.pk).update(suspended_at=timezone.now() - timedelta(seconds=1))
    assert closed(office.with_token()) == (4403, "account_suspended")
