"""`{% load shell %}`: the frame of the pages."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Notification
from frontend.shared import drafts
from tenancy.routing import Refused, parse_host

MOST_UNREAD = 99  # counted notifications
THEMES = ("light", "dark")

register = template.Library()


@register.simple_tag
def public_url() -> str:
    """The URL of the public site, which lists the accounts of a user."""
    return f"{settings.PUBLIC_URL}/"


@register.simple_tag
def home() -> str:
    """The URL of the first page of this host, or of the account with path routing."""
    return get_script_prefix()


@register.simple_tag
def live_subprotocol() -> str:
    """The name and version of the WebSocket protocol."""
    return str(settings.LIVE_SUBPROTOCOL)


@register.simple_tag(takes_context=True)
def asset(context: template.Context, path: str) -> str:
    """The URL of a static file. Hosts without a tenant serve no files, so their pages use the public site."""
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
    """The encryption keys for drafts of the member."""
    return drafts.draft_keys(context["request"].membership)


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> SafeString:
    """The attribute of the root element with the chosen theme, empty for the theme of the system."""
    chosen = _chosen_theme(context)
    return format_html('data-theme="{}"', chosen) if chosen else SafeString("")


@register.simple_tag(takes_context=True)
def theme_choices(context: template.Context) -> list[tuple[str, str, bool]]:
    """The themes as (value, text, whether it is chosen)."""
    chosen = _chosen_theme(context) or "system"
    texts = {"light": _("Light"), "dark": _("Dark"), "system": _("System")}
    return [(value, text, value == chosen) for value, text in texts.items()]


def _chosen_theme(context: template.Context) -> str:
    """Return the theme in the cookie of theme.js, "" for an unknown value."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.inclusion_tag("shared/shell/link.html", takes_context=True)
def inbox_link(context: template.Context, *, oob: bool = False) -> dict[str, Any]:
    """The link to the inbox with the number of unread notifications. With `oob` it replaces the link of an open page.

    One query.
    """
    request = context["request"]
    unread = Notification.objects.visible_to(request.membership).unread()[: MOST_UNREAD + 1].count()
    count = f"{MOST_UNREAD}+" if unread > MOST_UNREAD else unread
    link = {"id": "inbox-link", "url": reverse("inbox"), "text": _("Inbox"), "icon": "inbox", "count": count}
    return {"request": request, **link, "oob": oob, "is_current": oob}


@register.filter
def is_below(path: str, url: str) -> bool:
    """Return whether a page is below another, as `/settings/members/` is below `/settings/`."""
    return path != url and path.startswith(url)
