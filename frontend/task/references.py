"""The places in cached Markdown that depend on the reader: links to tasks, pictures and checkboxes.

They are computed for each response and are not cached.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import Membership
from frontend.shared.markdown import render_kept
from tasks.models import Attachment, Task

MOST_TASKS, MOST_PICTURES = 200, 100  # read for one page; others are shown as text
LONGEST_TITLE = 100
PLACE = re.compile(r'<data value="(\w+):([^"]*)">([^<]*)</data>')
# An attachment by its URL. Other sources without a scheme are names of attachments.
ATTACHMENT = re.compile(r"(?:^|/)attachments/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?:download|preview)/$")


class Key(NamedTuple):
    """The key of a task in a text, such as WEB-42."""

    project: str
    number: int


class Referred(NamedTuple):
    """A task that the reader may see."""

    title: str
    is_done: bool


@dataclass(frozen=True)
class Ticks:
    """The form that sends the checkboxes of a text, and its URL."""

    form: str
    url: str
    seen: str


@dataclass(frozen=True)
class Prose:
    """A rendered text."""

    html: SafeString
    ticks: Ticks | None  # None without checkboxes that the reader may change


class References:
    """The tasks and pictures in `texts`, all texts of a page, for one reader and task. At most two queries."""

    def __init__(self, membership: Membership, task: Task, texts: Iterable[str]) -> None:
        self.membership, self.task = membership, task
        self.places = [match.groups() for text in texts for match in PLACE.finditer(render_kept(text))]

    def show(self, text: str, ticks: Ticks | None = None) -> Prose:
        """Return one of the texts as HTML. With `ticks`, items of task lists are buttons of that form."""
        used = False

        def fill(match: re.Match[str]) -> str:
            nonlocal used
            kind, value, inner = match[1], unescape(match[2]), unescape(match[3])
            if kind == "task":
                return self._task(value)
            if kind == "item":
                used = used or ticks is not None
                return _tick(value, inner, ticks)
            if kind in ("picture", "linked"):
                return self._picture(value, inner, in_link=kind == "linked")
            return match[3]  # a reference of another app

        html = mark_safe(PLACE.sub(fill, render_kept(text)))  # noqa: S308 - every part of it is escaped
        return Prose(html, ticks if used else None)

    @cached_property
    def tasks(self) -> dict[Key, Referred]:
        """The tasks that the member may see. Hidden and absent tasks are both missing."""
        keys = list(dict.fromkeys(_key(value) for kind, value, _inner in self.places if kind == "task"))
        numbers = defaultdict(list)
        for key in keys[:MOST_TASKS]:
            numbers[key.project].append(key.number)
        if not numbers:
            return {}
        wanted = Q()
        for project, some in numbers.items():
            wanted |= Q(project__key=project, number__in=some)
        found = Task.objects.visible_to(self.membership).filter(wanted).order_by()
        rows = found.values_list("project__key", "number", "title", "completed_at")
        return {Key(project, number): Referred(title, bool(done)) for project, number, title, done in rows}

    def _task(self, value: str) -> str:
        task = self.tasks.get(_key(value))
        if task is None:
            return format_html("{}", value)
        done = " task-link-done" if task.is_done else ""
        url, title = reverse("task", args=[value]), task.title[:LONGEST_TITLE]
        return format_html('<a class="task-link{}" href="{}" title="{}">{}</a>', done, url, title, value)

    @cached_property
    def pictures(self) -> dict[UUID | str, Attachment]:
        """The attachments that are shown in texts, by id and by name. Of equal names it is the newest."""
        sources = dict.fromkeys(
            unescape(value) for kind, value, _inner in self.places if kind in ("picture", "linked")
        )
        names = [_source(each) for each in list(sources)[:MOST_PICTURES]]
        if not names:
            return {}
        wanted = Q(pk__in=[each for each in names if isinstance(each, UUID)])
        wanted |= Q(name__in=[each for each in names if isinstance(each, str)])
        files = list(Attachment.objects.filter(wanted, task=self.task).order_by("created_at", "id"))
        return {**{file.name: file for file in files}, **{file.pk: file for file in files}}

    def _picture(self, value: str, text: str, *, in_link: bool) -> str:
        source = _source(value)
        file = self.pictures.get(source)
        name = text or (file.name if file else source if isinstance(source, str) else _("a file"))
        if file is None or not file.is_ready or (in_link and not file.has_preview):
            waits = _(" (being checked)") if file and not file.refusal and not file.is_ready else ""
            return format_html('<span class="no-picture">{}{}</span>', name, waits)
        url = reverse("api:attachment-download", args=[file.pk])
        if not file.has_preview:
            return format_html('<a href="{}">{}</a>', url, name)
        preview = reverse("api:attachment-preview", args=[file.pk])
        picture = format_html('<img src="{}" alt="{}" loading="lazy">', preview, name)
        return picture if in_link else format_html('<a class="picture" href="{}">{}</a>', url, picture)


def _key(value: str) -> Key:
    project, _dash, number = value.rpartition("-")
    return Key(project, int(number))


def _source(value: str) -> UUID | str:
    found = ATTACHMENT.search(value)
    return UUID(found[1]) if found else value


def _tick(value: str, label: str, ticks: Ticks | None) -> str:
    line, _colon, mark = value.partition(":")
    done = mark == "1"
    style = "tick tick-done" if done else "tick"
    if ticks is None:
        state = _("Done:") if done else _("Open:")
        return format_html('<span class="{}" role="img" aria-label="{}"></span>', style, state)
    return format_html(
        '<button type="submit" class="{0}" form="{1}" id="{1}-{2}" name="item" value="{2}:{3}"'
        ' role="checkbox" aria-checked="{4}" aria-label="{5}"></button>',
        style,
        ticks.form,
        line,
        int(not done),
        "true" if done else "false",
        label or _("Item"),
    )
