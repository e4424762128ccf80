"""What time and which day it is: by the clock of the user who acts, if they have chosen a time zone, or the tenant's.

`current_date()` is the only place that decides which day is today. `timezone.localdate()` and `date.today()` return a
date of the server: tests/tenancy/test_dates.py refuses them everywhere else.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenancy.context import get_scope, require_active_tenant
from tenancy.models import AbstractTenant
from tenancy.zones import zone_named


def current_zone() -> ZoneInfo:
    """Return the time zone of the active scope. UTC without a tenant and a user who has chosen one."""
    return get_scope().zone


def current_date() -> date:
    """Return the current date in the active tenant. Raises NoActiveTenant."""
    require_active_tenant()
    return local_date(timezone.now())


def local_time(moment: datetime) -> datetime:
    """Return an aware `moment` in the time zone of the active scope."""
    return moment.astimezone(current_zone())


def local_date(moment: datetime) -> date:
    """Return the day of an aware `moment` in the time zone of the active scope."""
    return local_time(moment).date()


def clock_of(tenant: AbstractTenant) -> datetime:
    """Return the current time in the time zone of a tenant, whichever is active."""
    return timezone.now().astimezone(zone_named(tenant.time_zone))
