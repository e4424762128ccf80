"""`{% load shell %}`: what frames the pages."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.shared import drafts
from frontend.shared.own_accounts import Place, places_of
from tasks.models import Notification
from tenancy.routing import Refused, parse_host

MOST_UNREAD = 99  # are counted
THEMES = ("light", "dark")

register = template.Library()


@register.simple_tag
def public_url() -> str:
    """The public site, where people find all their accounts."""
    return f"{settings.PUBLIC_URL}/"


@register.simple_tag
def home() -> str:
    """The first page of this host, or of the account where accounts are told apart by path."""
    return get_script_prefix()


@register.simple_tag(takes_context=True)
def asset(context: template.Context, path: str) -> str:
    """The URL of a static file, also on a host that belongs to nobody: it serves no files, the public site does."""
    url = static(path)
    return url if _serves_files(context.get("request")) else settings.PUBLIC_URL + url


def _serves_files(request: HttpRequest | None) -> bool:
    if request is None or getattr(request, "tenant", None) is not None:
        return True
    try:
        return parse_host(request) == str(settings.BASE_DOMAIN)
    except Refused:
        return False


@register.simple_tag(takes_context=True)
def draft_keys(context: template.Context) -> str:
    """What the browser keeps text that was not sent with, for the member whose page it is."""
    return drafts.draft_keys(context["request"].membership)


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> SafeString:
    """The attribute of the root element with the theme that somebody chose, nothing when it is that of the system."""
    chosen = _chosen_theme(context)
    return format_html('data-theme="{}"', chosen) if chosen else SafeString("")


@register.simple_tag(takes_context=True)
def theme_choices(context: template.Context) -> list[tuple[str, str, bool]]:
    """The themes that there are, as (value, text, whether it is chosen)."""
    chosen = _chosen_theme(context) or "system"
    texts = {"light": _("Light"), "dark": _("Dark"), "system": _("System")}
    return [(value, text, value == chosen) for value, text in texts.items()]


def _chosen_theme(context: template.Context) -> str:
    """Return what the cookie of theme.js says, if it says something that is known."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.inclusion_tag("shared/shell/link.html", takes_context=True)
def inbox_link(context: template.Context, *, oob: bool = False) -> dict[str, Any]:
    """The way to the inbox, with how many in it were not read; `oob` when it replaces the one of an open inbox.

    One query.
    """
    request = context["request"]
    unread = Notification.objects.visible_to(request.membership).unread()[: MOST_UNREAD + 1].count()
    count = f"{MOST_UNREAD}+" if unread > MOST_UNREAD else unread
    link = {"id": "inbox-link", "url": reverse("inbox"), "text": _("Inbox"), "icon": "inbox", "count": count}
    return {"request": request, **link, "oob": oob, "is_current": oob}


@register.filter
def is_below(path: str, url: str) -> bool:
    """Say whether a page is one of those below another, as `/settings/members/` is of `/settings/`."""
    return path != url and path.startswith(url)


@register.simple_tag(takes_context=True)
def other_accounts(context: template.Context) -> list[Place]:
    """The accounts of the member who asks, without the one that they are at. Two queries."""
    request = context["request"]
    return [place for place in places_of(request.membership.user) if place.account != request.tenant]
