"""How people, days and accounts are shown. Pure functions; the template tags call them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.exports.workbooks import MOST_ROWS
from accounts.models import Color
from tasks import exporting, exporting_accounts
from tasks.models import ExportFailure, ExportFormat

# Not grey, which says "nobody", and not red, which says "late".
PEOPLE = (Color.ORANGE, Color.AMBER, Color.GREEN, Color.TEAL, Color.BLUE, Color.VIOLET, Color.PINK)
ACCENTS = (Color.BLUE, Color.TEAL, Color.VIOLET, Color.GREEN, Color.PINK)


def initials(name: str) -> str:
    """Return the one or two letters that stand for a person: "Ada Lovelace" → "AL", "bob@example.com" → "BO"."""
    words = name.partition("@")[0].replace(".", " ").split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return (words[0] if words else "?")[:2].upper()


def color_of_person(member_id: UUID) -> str:
    """Return the color that a member has on every page."""
    return str(PEOPLE[member_id.int % len(PEOPLE)].value)


def accent_of(slug: str) -> str:
    """Return the accent of an account: one of the `accent-…` classes, so that `tenant-1` and `tenant-2` differ."""
    return str(ACCENTS[sum(slug.encode()) % len(ACCENTS)].value)


def day_in_words(day: date, today: date) -> str:
    """Return a day as people say it: "today", "Nov 24", or "Nov 24, 2027" in another year."""
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    distance = (day - today).days
    if distance in near:
        return near[distance]
    if day.year == today.year:
        return date_format(day, pgettext("a day of this year, in Django's date format", "M j"))
    return date_format(day, pgettext("a day of another year, in Django's date format", "M j, Y"))


def moment_in_words(moment: datetime, today: date) -> str:
    """Return a moment as people say it: "14:30" today, then the day. It is in the time zone of the user who reads."""
    return clock(moment) if moment.date() == today else day_in_words(moment.date(), today)


def full_moment(moment: datetime) -> str:
    """Return a moment without any doubt: "Tuesday, November 24, 2026, 14:30 CET, Europe/Vienna"."""
    return f"{full_date(moment)}, {clock(moment)} {zone_in_words(moment)}"


def zone_in_words(moment: datetime) -> str:
    """Return the time zone that a moment is in: "CET, Europe/Vienna", "+14, Pacific/Kiritimati", or "UTC"."""
    short, name = str(moment.tzname()), getattr(moment.tzinfo, "key", "")
    return f"{short}, {name}" if name not in ("", short) else short


def clock(moment: datetime) -> str:
    """Return the time of a moment in the zone that it is in: "14:30"."""
    return date_format(moment, pgettext("a time, in Django's date format", "H:i"))


def full_date(day: date) -> str:
    """Return a day without any doubt: "Tuesday, November 24, 2026"."""
    return date_format(day, pgettext("a full date, in Django's date format", "l, F j, Y"))


def failure_in_words(failure: str, format_: str) -> str:
    """Return why an export failed, and what to do about it; `failure` is empty when nobody knows."""
    if failure == ExportFailure.TOO_LARGE:
        return _too_large(format_)
    if failure == ExportFailure.FORBIDDEN:
        return str(ExportFailure.FORBIDDEN.label)
    known = ExportFailure(failure).label if failure else _("It could not be written.")
    return _("%(reason)s Ask for it again.") % {"reason": known}


def _too_large(format_: str) -> str:
    most = exporting_accounts.MOST_BYTES if format_ == ExportFormat.ZIP else exporting.MOST_BYTES
    too_large = _("It would be larger than %(most)s, the most that one file may be.") % {"most": filesizeformat(most)}
    if format_ == ExportFormat.XLSX:
        facts = {"most": filesizeformat(most // 2), "rows": f"{MOST_ROWS - 1:,}"}
        too_large = _("A sheet would have more than %(most)s, or more than %(rows)s tasks.") % facts
    remedies = {
        ExportFormat.XLSX: _("CSV may have more."),
        ExportFormat.ZIP: _("Export the projects one by one, and download large files from their tasks."),
        ExportFormat.JSON: _("CSV leaves out the comments and may be small enough."),
    }
    return " ".join(filter(None, (too_large, remedies.get(ExportFormat(format_)))))


def lateness(due: date, today: date) -> str:
    """Return how late something is, in words, or an empty string if it is not."""
    late = (today - due) // timedelta(days=1)
    if late < 1:
        return ""
    return ngettext("%(days)d day late", "%(days)d days late", late) % {"days": late}
