"""The filters above the tasks of a project: what can be chosen, and where each choice leads."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.models import Membership
from frontend.board.filters import ARCHIVED, DUE, GROUPS, SORTS, Look
from projects.models import Label, Project
from tasks.api.filters import NOBODY
from tasks.models import Priority
from tenancy.folding import sort_key

MOST = 100  # people and labels that a menu offers


@dataclass(frozen=True)
class Choice:
    text: str
    query: str
    is_current: bool = False
    color: str = ""  # of the palette


@dataclass(frozen=True)
class Chip:
    """A filter: what it is called, what it is set to, if anything, and its menu."""

    name: str
    title: str
    value: str
    clear: str  # the query without it
    choices: list[Choice] = field(default_factory=list)


def people_of(project: Project) -> list[Membership]:
    """Return who can be assigned in a project, by name. Three queries at most."""
    members = list(Membership.objects.current().prefetch_related("user"))
    return sorted(project.seen_by(members), key=lambda member: sort_key(member.name))


def chips_for(look: Look, people: list[Membership], labels: list[Label]) -> list[Chip]:
    """Return the filters of a project's page in the order of their places."""
    chips = [
        _chip(look, "assignee", _("Assignee"), [*_people(people), (NOBODY, _("Nobody"), "")]),
        _chip(look, "label", _("Label"), [(str(label.pk), label.name, label.color) for label in labels]),
        _chip(look, "priority", _("Priority"), [(each.value, str(each.label), "") for each in reversed(Priority)]),
        _chip(look, "due", _("Due"), [(value, str(text), "") for value, text in DUE]),
        _chip(look, "archived", _("Archive"), [(value, str(text), "") for value, text in ARCHIVED[1:]]),
    ]
    if look.values.get("status"):  # has no menu: the way to it is the rest of a long column
        chips.insert(0, Chip("status", _("Status"), _("one column"), look.query_with(status="")))
    return chips


def orders_for(look: Look) -> list[Choice]:
    return [Choice(str(text), look.query_with(sort=value), look.sort == value) for value, text in SORTS]


def groups_for(look: Look) -> list[Choice]:
    return [Choice(str(text), look.query_with(group=value), look.group == value) for value, text in GROUPS]


def _people(people: list[Membership]) -> list[tuple[str, str, str]]:
    return [(str(member.pk), member.name, "") for member in people]


def _chip(look: Look, name: str, title: str, choices: list[tuple[str, str, str]]) -> Chip:
    current = str(look.values.get(name) or "")
    texts = {value: text for value, text, _color in choices}
    # Somebody who has left, or a label that is gone: the filter holds, and finds what it finds.
    value = texts.get(current, "?") if current in texts or current not in ("", "false") else ""
    menu = [
        Choice(text, look.query_with(**{name: value}), value == current, color)
        for value, text, color in choices[:MOST]
    ]
    return Chip(name, title, value, look.query_with(**{name: ""}), menu)
