"""The current time and date in the time zone of the current user, if they have chosen one, or of the tenant.

Use `current_date()` for today. `timezone.localdate()` and `date.today()` return the date of the server;
tests/tenancy/test_dates.py rejects them.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenancy.context import get_scope, require_active_tenant
from tenancy.models import AbstractTenant
from tenancy.zones import zone_named


def current_zone() -> ZoneInfo:
    """Return the time zone of the active scope: that of the user, of the tenant, or UTC."""
    return get_scope().zone


def current_date() -> date:
    """Return the current date in the active tenant. Raises NoActiveTenant."""
    require_active_tenant()
    return local_date(timezone.now())


def local_time(moment: datetime) -> datetime:
    """Return an aware `moment` in the time zone of the active scope."""
    return moment.astimezone(current_zone())


def local_date(moment: datetime) -> date:
    """Return the date of an aware `moment` in the time zone of the active scope."""
    return local_time(moment).date()


def clock_of(tenant: AbstractTenant) -> datetime:
    """Return the current time in the time zone of `tenant`, which need not be active."""
    return timezone.now().astimezone(zone_named(tenant.time_zone))
