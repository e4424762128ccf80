"""Names of time zones: validation, and the zone of a name."""

import zoneinfo
from functools import cache
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

UTC = ZoneInfo("UTC")

# Entries of a zoneinfo folder that are no time zones: a placeholder of installers, the zone of the server, the default
# of POSIX rules, and copies of all zones with other leap seconds.
_NO_ZONES = frozenset(("Factory", "localtime", "posixrules"))
_FOLDERS_OF_COPIES = ("posix/", "right/", "SystemV/")


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is the name of a time zone, such as Europe/Vienna."""
    if value not in available_time_zones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Use a name such as Europe/Vienna."), params={"name": value}
        )


@cache
def available_time_zones() -> frozenset[str]:
    """Return the names of all valid time zones, read from the disk once."""
    found = zoneinfo.available_timezones() - _NO_ZONES
    return frozenset(name for name in found if not name.startswith(_FOLDERS_OF_COPIES))


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone; UTC for an unknown name, because a stored name must not raise."""
    return ZoneInfo(name) if name in available_time_zones() else UTC
