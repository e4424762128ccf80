"""Where in a task the words are that somebody looks for."""

from dataclasses import dataclass

from tasks.models import Task

AROUND = 60  # characters of a text that are shown on either side of what was found
MOST = 3  # subtasks, and as many comments


@dataclass(frozen=True)
class Match:
    """A text with the words in it: where it is in the task, and what stands around them."""

    place: str  # title, description, subtask or comment
    text: str


def matches_of(task: Task, words: str) -> list[Match]:
    """Return each text with `words` in it. Needs what `matching_anywhere()` adds."""
    words = words.lower()
    texts = [("title", task.title), ("description", task.description)]
    texts += [("subtask", subtask.title) for subtask in task.found_subtasks[:MOST]]
    texts += [("comment", comment.body) for comment in task.found_comments[:MOST]]
    return [Match(place, excerpt(text, words)) for place, text in texts if words in text.lower()]


def excerpt(text: str, words: str) -> str:
    """Return what stands around the first `words`, which are in lower case, in a text."""
    place = max(text.lower().find(words), 0)
    start, end = max(place - AROUND, 0), place + len(words) + AROUND
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
