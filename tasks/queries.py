"""Where in a task the words are that somebody looks for."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.models import Task
from tenancy.folding import first_span, is_unspaced, search_words

AROUND = 60  # characters of a text that are shown on either side of what was found
LONGEST = 200  # characters that are shown of what was found: as long as a query
MOST = 3  # subtasks, and as many comments
LEAST = 2  # characters of a query
MOST_WORDS = 40  # of a query: each costs a look at all texts of the account
SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Match:
    """A text with words in it that are looked for: where it is in the task, and what stands around the first one."""

    place: str  # title, description, subtask or comment
    text: str


def validate_query(query: str) -> None:
    """Raise ValidationError for a query of `search/` that is too short, or has too many words.

    One character is in almost every task, unless it is a word of a script that writes words without spaces.
    """
    text = query.strip()
    if len(text) < LEAST and not (text and is_unspaced(text)):
        raise ValidationError(_("Ensure this value has at least %(least)d characters."), params={"least": LEAST})
    validate_words(text)


def validate_words(query: str) -> None:
    """Raise ValidationError for a query with too many words."""
    if len(search_words(query)) > MOST_WORDS:
        raise ValidationError(_("Look for at most %(most)d words at once."), params={"most": MOST_WORDS})


def matches_of(task: Task, query: str) -> list[Match]:
    """Return each text with words of `query` in it. Needs what `matching_anywhere()` adds."""
    words = search_words(query)
    texts = [("title", task.title), ("description", task.description)]
    texts += [("subtask", subtask.title) for subtask in task.found_subtasks[:MOST]]
    texts += [("comment", comment.body) for comment in task.found_comments[:MOST]]
    found = ((place, text, first_span(text, words)) for place, text in texts)
    return [Match(place, excerpt(text, first)) for place, text, first in found if first]


def excerpt(text: str, found: tuple[int, int]) -> str:
    """Return what stands around a part of a text. It begins with a whole word, if there are spaces."""
    start, end = max(found[0] - AROUND, 0), min(found[1], found[0] + LONGEST) + AROUND
    if start and (space := SPACE.search(text, start, found[0])):
        start = space.end()
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
