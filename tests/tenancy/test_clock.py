"""The current date in the time zone of the account or of the acting user."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tenancy.clock import clock_of, current_date, current_zone, local_date, local_time
from tenancy.context import NoActiveTenant, activate, all_tenants, deactivate, no_tenant, own_time_zone, tenant_context
from tenancy.zones import available_time_zones


@pytest.fixture
def in_zone(acme):
    """Set the time zone of acme."""

    def in_zone(name):
        acme.time_zone = name
        return acme

    return in_zone


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        ("Pacific/Pago_Pago", "2026-11-30 10:59", "2026-11-29"),  # UTC-11
        ("Pacific/Pago_Pago", "2026-11-30 11:00", "2026-11-30"),
        ("Pacific/Kiritimati", "2026-11-30 09:59", "2026-11-30"),  # UTC+14
        ("Pacific/Kiritimati", "2026-11-30 10:00", "2026-12-01"),
        ("Europe/Vienna", "2026-03-28 22:59", "2026-03-28"),  # UTC+1
        ("Europe/Vienna", "2026-03-28 23:00", "2026-03-29"),
        ("Europe/Vienna", "2026-03-29 22:00", "2026-03-30"),  # UTC+2: that day had 23 hours
        ("Europe/Vienna", "2026-10-24 22:00", "2026-10-25"),
        ("Europe/Vienna", "2026-10-25 22:59", "2026-10-25"),  # UTC+1 again: 25 hours
        ("Europe/Vienna", "2026-10-25 23:00", "2026-10-26"),
        ("America/New_York", "2026-11-01 03:59", "2026-10-31"),
        ("America/New_York", "2026-11-02 04:59", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-30 18:15", "2026-12-01"),  # UTC+5:45
        ("Africa/Cairo", "2026-04-23 22:00", "2026-04-24"),  # a day without the hour after midnight
        ("Mars/Olympus", "2026-11-30 23:59", "2026-11-30"),  # unknown on this machine: UTC
        ("localtime", "2026-11-30 23:59", "2026-11-30"),
    ],
)
def test_the_current_date_is_that_of_the_account(in_zone, at, zone, now, today):
    at(now)
    with tenant_context(in_zone(zone)):
        assert current_date() == timezone.localdate() == date.fromisoformat(today)
        assert local_date(timezone.now()) == current_date()
    assert clock_of(in_zone(zone)).date() == date.fromisoformat(today)


def test_the_current_date_is_that_of_the_user_who_has_chosen_a_time_zone(in_zone, at):
    at("2026-11-30 10:30")
    with tenant_context(in_zone("Pacific/Pago_Pago")):
        with own_time_zone("Pacific/Kiritimati"):
            assert (current_date(), current_zone().key) == (date(2026, 12, 1), "Pacific/Kiritimati")
        with own_time_zone(None):
            assert current_date() == date(2026, 11, 29)
        assert current_date() == date(2026, 11, 29)


def test_a_users_time_zone_is_not_that_of_the_next_account(in_zone, globex):
    with tenant_context(in_zone("Asia/Tokyo")), own_time_zone("Europe/Vienna"):
        with tenant_context(globex):
            assert current_zone().key == "UTC"
        assert current_zone().key == "Europe/Vienna"


def test_current_date_needs_an_active_tenant(acme):
    with pytest.raises(NoActiveTenant):
        current_date()
    with pytest.raises(NoActiveTenant), all_tenants(reason="a test"):
        current_date()


def test_the_zone_ends_with_the_scope(in_zone):
    """Django's current time zone, which templates use, follows."""
    with tenant_context(in_zone("Asia/Tokyo")):
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
        with no_tenant():
            assert timezone.get_current_timezone_name() == current_zone().key == "UTC"
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"
    activate(in_zone("Asia/Tokyo"))
    assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    deactivate()
    assert timezone.get_current_timezone_name() == "UTC"


def test_repeated_hour_keeps_its_offset(in_zone):
    with tenant_context(in_zone("Europe/Vienna")):
        shown = [local_time(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)).isoformat() for hour in (0, 1)]
    assert shown == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


def test_entries_that_name_no_time_zone_are_left_out():
    names = available_time_zones()
    assert {"UTC", "Europe/Vienna", "Etc/GMT+11", "Pacific/Kiritimati", "Asia/Tokyo"} <= names
    assert names.isdisjoint(("Factory", "localtime", "posixrules"))
    assert not [name for name in names if name.startswith(("posix/", "right/", "SystemV/"))]
