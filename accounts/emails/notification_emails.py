"""The email of a notification, and the daily digest. Links lead to the stored domain of the account."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.emails import sending
from accounts.extensions import Line, Section, notification_kinds
from accounts.models import Account, Membership, Notification
from tenancy.context import own_time_zone, require_active_tenant
from tenancy.routing import tenant_reverse


def send_notification(notification: Notification) -> None:
    """Send a notification to its member. Needs `member` and `actor` with their users, and `subject`."""
    with own_time_zone(notification.member.user.time_zone):
        shown = notification_kinds[notification.kind].shown(notification.subject)
        what = in_words(notification, name=sending.quoted)
        url = tenant_reverse(shown.page, tenant=_account(), args=shown.page_args)
        headers = {"Message-ID": _id(f"notification-{notification.pk}")}
        if shown.thread:
            headers["References"] = _id(shown.thread)  # mail programs show these messages together
        _send(
            notification.member,
            subject=f"{what}: {shown.title}",
            template="notification",
            context={"shown": shown, "what": what, "url": url},
            headers=headers,
        )


def send_digest(
    member: Membership, *, day: date, sections: Sequence[Section], notifications: Sequence[Notification]
) -> None:
    """Send a member the sections of a digest and their unread notifications, which need `actor` and `subject`."""
    with own_time_zone(member.user.time_zone):
        context = {"sections": sections, "notifications": [_line(each) for each in notifications]}
        names = {"summary": _summary(sections, notifications), "account": sending.quoted(_account())}
        subject = _("%(summary)s in %(account)s") % names
        headers = {"Message-ID": _id(f"digest-{member.pk}-{day}")}
        _send(member, subject=subject, template="digest", context=context, headers=headers)


def in_words(notification: Notification, *, name: Callable[[str], str] = str) -> str:
    """Return what happened, as a sentence: “Ada assigned you WEB-42”. Needs `subject`, and `actor` with its user.

    `name` returns how the name of a member is written.
    """
    actor = name(notification.actor.name) if notification.actor else _("A member")
    return notification_kinds[notification.kind].in_words(notification, notification.subject, actor_name=actor)


def _line(notification: Notification) -> Line:
    shown = notification_kinds[notification.kind].shown(notification.subject)
    url = tenant_reverse(shown.page, tenant=_account(), args=shown.page_args)
    return Line(shown.title, url, note=in_words(notification, name=sending.quoted))


def _summary(sections: Sequence[Section], notifications: Sequence[Notification]) -> str:
    if sections:
        return sections[0].summary
    return ngettext("Unread notification", "Unread notifications", len(notifications))


def _account() -> Account:
    return cast(Account, require_active_tenant())


def _id(name: str) -> str:
    """Return the id of a message. It is the same when the message is sent again, so that mail programs show one."""
    return f"<{name}@{settings.BASE_DOMAIN}>"


def _send(
    member: Membership, *, subject: str, template: str, context: dict[str, Any], headers: dict[str, str]
) -> None:
    choices = tenant_reverse("inbox", tenant=_account()) + "#mails"
    sending.send(
        to=member.user.email,
        subject=subject,
        template=template,
        context={**context, "member": member, "choices": choices},
        headers={**headers, "List-Unsubscribe": f"<{choices}>"},
    )
