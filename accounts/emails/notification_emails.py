"""Mails about tasks. Links lead to the account's own domain, as it is stored; no request has a part in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.emails import sending
from accounts.models import Account, Membership
from tasks.models import Notification, NotificationKind, Task
from tenancy.clock import current_date
from tenancy.context import own_time_zone, require_active_tenant
from tenancy.routing import tenant_reverse


@dataclass(frozen=True)
class Linked:
    """A row in a mail, with the address of its task."""

    row: Task | Notification
    text: str
    url: str


def send_notification(notification: Notification) -> None:
    """Mail a notification to its member. Needs `member` and `actor` with their users, `task.project`, `comment`."""
    task = notification.task
    with own_time_zone(notification.member.user.time_zone):
        what = in_words(notification, name=sending.quoted)
        context = {"notification": notification, "what": what, "url": _url(task)}
        _send(
            notification.member,
            subject=f"{what}: {task.title}",
            template="notification",
            context=context,
            headers={
                "Message-ID": _id(f"notification-{notification.pk}"),
                "References": _id(f"task-{task.pk}"),  # so that mail programs show them together
            },
        )


def send_digest(
    member: Membership, *, day: date, tasks: Sequence[Task], more: int, notifications: Sequence[Notification]
) -> None:
    """Mail a member their open tasks and unread notifications; `more` is how many tasks are not among them."""
    account = _account()
    with own_time_zone(member.user.time_zone):
        context = {
            "tasks": [Linked(task, "", _url(task)) for task in tasks],
            "more": more,
            "notifications": [
                Linked(each, in_words(each, name=sending.quoted), _url(each.task)) for each in notifications
            ],
            "today": current_date(),
        }
        subject = _summary(len(tasks) + more, len(notifications)) % {"account": sending.quoted(account)}
        headers = {"Message-ID": _id(f"digest-{member.pk}-{day}")}
        _send(member, subject=subject, template="digest", context=context, headers=headers)


def in_words(notification: Notification, *, name: Callable[[str], str] = str) -> str:
    """Return what happened: "Ada assigned you WEB-42". Needs the task with its project, and the actor's user.

    `name` says how a name is written.
    """
    actor = name(notification.actor.name) if notification.actor else _("Somebody")
    names = {"actor": actor, "key": notification.task.key}
    match notification.kind:
        case NotificationKind.ASSIGNED:
            return _("%(actor)s assigned you %(key)s") % names
        case NotificationKind.MENTIONED:
            return _("%(actor)s mentioned you in %(key)s") % names
    return _("%(key)s is due") % names


def _summary(tasks: int, notifications: int) -> str:
    """Return the subject of a digest, with a place for the account's name."""
    if tasks:
        text = ngettext("%(number)d open task in %%(account)s", "%(number)d open tasks in %%(account)s", tasks)
        return text % {"number": tasks}
    return ngettext("Something unread in %(account)s", "Some things unread in %(account)s", notifications)


def _account() -> Account:
    return cast(Account, require_active_tenant())


def _url(task: Task) -> str:
    return tenant_reverse("task", tenant=_account(), args=[task.key])


def _id(name: str) -> str:
    """Return the id of a message: the same when it is sent again, so that it is one."""
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
