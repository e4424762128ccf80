"""Formatting of members, dates and accounts. Pure functions that the template tags call."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.extensions import export_kinds
from accounts.models import Color, Export, ExportFailure

# Without grey, which means "unassigned", and red, which means "late".
PEOPLE = (Color.ORANGE, Color.AMBER, Color.GREEN, Color.TEAL, Color.BLUE, Color.VIOLET, Color.PINK)
ACCENTS = (Color.BLUE, Color.TEAL, Color.VIOLET, Color.GREEN, Color.PINK)


def initials(name: str) -> str:
    """Return the initials of a name: "Ada Lovelace" → "AL", "bob@example.com" → "BO"."""
    words = name.partition("@")[0].replace(".", " ").split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return (words[0] if words else "?")[:2].upper()


def color_of_person(member_id: UUID) -> str:
    """Return the color of a member, which is the same on every page."""
    return str(PEOPLE[member_id.int % len(PEOPLE)].value)


def accent_of(slug: str) -> str:
    """Return the default accent of an account, one of the `accent-…` classes. `tenant-1` and `tenant-2` differ."""
    return str(ACCENTS[sum(slug.encode()) % len(ACCENTS)].value)


def day_in_words(day: date, today: date) -> str:
    """Return a day in words: "today", "Nov 24", or "Nov 24, 2027" in another year."""
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    distance = (day - today).days
    if distance in near:
        return near[distance]
    if day.year == today.year:
        return date_format(day, pgettext("a day of this year, in Django's date format", "M j"))
    return date_format(day, pgettext("a day of another year, in Django's date format", "M j, Y"))


def moment_in_words(moment: datetime, today: date) -> str:
    """Return a moment in words: "14:30" if it is today, otherwise the day. `moment` is in the user's time zone."""
    return clock(moment) if moment.date() == today else day_in_words(moment.date(), today)


def full_moment(moment: datetime) -> str:
    """Return a moment in full: "Tuesday, November 24, 2026, 14:30 CET, Europe/Vienna"."""
    return f"{full_date(moment)}, {clock(moment)} {zone_in_words(moment)}"


def zone_in_words(moment: datetime) -> str:
    """Return the time zone of a moment: "CET, Europe/Vienna", "+14, Pacific/Kiritimati", or "UTC"."""
    short, name = str(moment.tzname()), getattr(moment.tzinfo, "key", "")
    return f"{short}, {name}" if name not in ("", short) else short


def clock(moment: datetime) -> str:
    """Return the time of a moment in its own time zone: "14:30"."""
    return date_format(moment, pgettext("a time, in Django's date format", "H:i"))


def full_date(day: date) -> str:
    """Return a day in full: "Tuesday, November 24, 2026"."""
    return date_format(day, pgettext("a full date, in Django's date format", "l, F j, Y"))


def failure_in_words(export: Export) -> str:
    """Return why an export failed and the remedy, also for an unknown reason."""
    if export.failure == ExportFailure.TOO_LARGE:
        return export_kinds[export.kind].too_large(export.format)
    if export.failure == ExportFailure.FORBIDDEN:
        return str(ExportFailure.FORBIDDEN.label)
    known = ExportFailure(export.failure).label if export.failure else _("The file could not be written.")
    return _("%(reason)s Request it again.") % {"reason": known}


def lateness(due: date, today: date) -> str:
    """Return how late a due date is in words, or an empty string if it is not late."""
    late = (today - due) // timedelta(days=1)
    if late < 1:
        return ""
    return ngettext("%(days)d day late", "%(days)d days late", late) % {"days": late}
