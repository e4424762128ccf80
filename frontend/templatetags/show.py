"""`{% load show %}`: members, dates and texts in templates."""

from datetime import date, datetime
from uuid import UUID

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.models import Account, Export, Membership
from accounts.permissions import may as role_allows
from frontend.shared import presentation
from frontend.shared.markdown import render_markdown
from tenancy.clock import current_date, local_date, local_time

register = template.Library()

register.filter("initials", presentation.initials)
register.filter("markdown", render_markdown)


@register.filter
def person_color(member_id: UUID) -> str:
    """The palette class of a member, as in `<span class="color {{ member.id|person_color }}">`."""
    return f"color-{presentation.color_of_person(member_id)}"


@register.filter
def accent(account: Account) -> str:
    """The classes with the accent color of an account, for the root element or for an element about the account."""
    if account.accent_hue is None:
        return f"accent accent-{presentation.accent_of(account.slug)}"
    return f"accent hue-{account.accent_hue}"


@register.filter
def may(membership: Membership | None, permission: str) -> bool:
    """Return whether to offer a control. This is no protection: the view and the action check the permission again."""
    return membership is not None and role_allows(membership, permission)


@register.simple_tag
def day(value: date) -> SafeString:
    """A day, or the day of a moment, in words. The full date is shown on hover, for a moment with its time."""
    if isinstance(value, datetime):
        return _moment(value, presentation.day_in_words(local_date(value), current_date()))
    return _day(value, presentation.day_in_words(value, current_date()))


@register.simple_tag
def moment(value: datetime) -> SafeString:
    """A moment: the time if it is today, otherwise the day. The full moment and the time zone are shown on hover."""
    return _moment(value, presentation.moment_in_words(local_time(value), current_date()))


@register.simple_tag
def clock(value: datetime) -> SafeString:
    """The time of a moment, for lists with a heading for each day. The full moment is shown on hover."""
    return _moment(value, presentation.clock(local_time(value)))


@register.simple_tag
def second(value: datetime) -> SafeString:
    """A moment with seconds, for logs. The full moment and the time zone are shown on hover."""
    return _moment(value, f"{local_time(value):%Y-%m-%d %H:%M:%S}")


@register.simple_tag
def day_title(value: date) -> SafeString:
    """A day as a heading. The full date is shown on hover."""
    return _day(value, capfirst(presentation.day_in_words(value, current_date())))


def _day(value: date, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), presentation.full_date(value), words
    )


def _moment(value: datetime, words: str) -> SafeString:
    shown = local_time(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        shown.isoformat(timespec="seconds"),
        presentation.full_moment(shown),
        words,
    )


@register.filter
def why_it_failed(export: Export) -> str:
    """Why an export failed, and the remedy."""
    return presentation.failure_in_words(export)
