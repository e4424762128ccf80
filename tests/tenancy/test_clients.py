"""The client address, from the connection and the headers of a trusted proxy."""

import pytest

from tenancy.clients import address_of


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("203.0.113.1:51", "203.0.113.1"),
        (" 203.0.113.1:51 ", "203.0.113.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:51", "2001:db8::1"),
        ('"[2001:db8::1]:51"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:51", "fe80::1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("[::ffff:203.0.113.1]:51", "203.0.113.1"),
        ("6.6.6.6, 203.0.113.1", "203.0.113.1"),
    ],
)
def test_address_of_a_proxy_is_read_in_many_formats(rf, settings, written, address):
    settings.TRUST_PROXY = True
    assert address_of(rf.get("/", headers={"X-Forwarded-For": written})) == address


@pytest.mark.parametrize(
    "written", [None, "", "unknown", "_hidden", "6.6.6.6, unknown", "[", "1.2.3.4.5", "203.0.113.256"]
)
def test_a_proxy_that_names_no_address_is_the_client(rf, settings, written):
    settings.TRUST_PROXY = True
    headers = {} if written is None else {"X-Forwarded-For": written}
    assert address_of(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.7")) == "10.0.0.7"


def test_forwarded_headers_are_ignored_without_a_trusted_proxy(rf):
    assert address_of(rf.get("/", headers={"X-Forwarded-For": "6.6.6.6"}, REMOTE_ADDR="::ffff:10.0.0.7")) == "10.0.0.7"


def test_address_may_be_absent(rf):
    assert address_of(rf.get("/", REMOTE_ADDR="")) is None
