"""`{% load shell %}`: the frame of the pages."""

from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.shared import drafts, frame

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
    return url if frame.serves_files(context.get("request")) else settings.PUBLIC_URL + url


@register.simple_tag(takes_context=True)
def styles(context: template.Context) -> SafeString:
    """The style sheets and the icon of the page."""
    return frame.styles_of(context.get("request")).html()


@register.simple_tag(takes_context=True)
def sidebar(context: template.Context) -> SafeString:
    """The side bar above the projects. Two queries at most."""
    return frame.sidebar_of(context["request"]).html()


@register.simple_tag(takes_context=True)
def person_menu(context: template.Context) -> SafeString:
    """The menu of the logged-in user."""
    return frame.person_menu_of(context["request"]).html()


@register.simple_tag(takes_context=True)
def beside(context: template.Context) -> SafeString:
    """What scripts show beside the content."""
    return frame.Beside(frame.Viewer(context["request"].membership.as_role)).html()


@register.simple_tag(takes_context=True)
def draft_keys(context: template.Context) -> str:
    """The encryption keys for drafts of the member."""
    return drafts.draft_keys(context["request"].membership)


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> SafeString:
    """The attribute of the root element with the chosen theme, empty for the theme of the system."""
    chosen = frame.chosen_theme(context.get("request"))
    return format_html('data-theme="{}"', chosen) if chosen else SafeString("")


@register.simple_tag(takes_context=True)
def form_token(context: template.Context) -> SafeString:
    """The CSRF token of a form, which is omitted in responses to htmx.

    Scripts send the token as a header, and a part with a new token would differ each time.
    """
    if context["request"].htmx:
        return SafeString("")
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', context.get("csrf_token", ""))


@register.simple_tag
def theme_choices(chosen: str) -> list[tuple[str, str, bool]]:
    """The themes as (value, text, whether it is chosen)."""
    texts = {"light": _("Light"), "dark": _("Dark"), "system": _("System")}
    return [(value, text, value == (chosen or "system")) for value, text in texts.items()]


@register.inclusion_tag("shared/shell/link.html", takes_context=True)
def inbox_link(context: template.Context) -> dict[str, Any]:
    """The link to the inbox, which replaces that of an open inbox. Two queries at most."""
    unread = frame.unread_of(context["request"].membership)
    link = {"id": "inbox-link", "url": reverse("inbox"), "text": _("Inbox"), "icon": "inbox", "count": unread}
    return {**link, "oob": True, "is_current": True}


@register.filter
def is_below(path: str, url: str) -> bool:
    """Return whether a page is below another, as `/settings/members/` is below `/settings/`."""
    return path != url and path.startswith(url)
