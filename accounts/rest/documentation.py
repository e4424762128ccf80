"""Texts and examples of the OpenAPI document, declared beside the endpoints. Docstrings are never part of it.

A view set declares `noun` and `example`, one row as the API returns it. That is sufficient for the usual operations
(list, retrieve, create, partial_update, destroy). `operations` describes the other actions and replaces parts of the
usual texts; its keys are actions of a view set, or methods of a view:

    class LabelViewSet(TenantViewSet[Label]):
        noun = "label"
        example = {"id": example_id("label"), "name": "Bug", "color": "red"}
        operations = {"destroy": Operation("Deletes a label. It is removed from all tasks.")}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from accounts.models import Role
from accounts.permissions import EVERYBODY, PERMISSIONS


@dataclass(frozen=True)
class Operation:
    """The texts and examples of one operation. What is left out is derived from `noun`, `example` and the action."""

    description: str = ""
    summary: str = ""  # "Complete a task"
    id: str = ""  # the operationId: "completeTask"
    request: Any = None  # example of the body
    response: Any = None  # example of the response
    # Headers of the response, or of each status that the view declares. None: `ETag` if the response is one object.
    headers: Sequence[str] | Mapping[str, Sequence[str]] | None = None


class Documented:
    """What a view declares about its operations."""

    noun: str = ""  # "task"
    nouns: str = ""  # the plural, when it is not the noun with an "s"
    example: Mapping[str, Any] = {}
    operations: Mapping[str, Operation] = {}


USUAL = {
    "list": Operation("Returns the {nouns} that the member can see, page by page."),
    "retrieve": Operation("Returns {a_noun}.", "Get {a_noun}", "get{Noun}"),
    "create": Operation("Creates {a_noun}."),
    "partial_update": Operation("Changes the fields that the body contains.", "Update {a_noun}", "update{Noun}"),
    "destroy": Operation("Deletes {a_noun} permanently.", "Delete {a_noun}", "delete{Noun}"),
}


def operation_of(view: Documented, action: str) -> Operation:
    """Return everything the document says about one action of `view`; parts that nothing declares are empty."""
    declared, usual = view.operations.get(action, Operation()), USUAL.get(action, Operation())
    names = _names(view, action)
    derived = Operation(
        description=usual.description.format(**names),
        summary=(usual.summary or "{Verb} {a_noun}").format(**names) if view.noun else "",
        id=(usual.id or "{verb}{Noun}").format(**names) if view.noun else "",
        response=view.example or None,
    )
    if action == "list" and view.noun:
        derived = replace(
            derived, summary=f"List {names['nouns']}", id=f"list{names['Nouns']}", response=page(view.example)
        )
    given = {name: value for name, value in vars(declared).items() if value not in ("", None)}
    return replace(derived, **given)


def page(*rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return the example of a list with these rows."""
    return {"next": None, "previous": None, "results": list(rows)}


def example_id(name: str) -> str:
    """Return the id that examples use for the object called `name`: the same one in all examples."""
    return str(uuid5(NAMESPACE_URL, f"https://example.com/{name}"))


def roles_of(permission: str) -> str:
    """Return a sentence with the roles that have `permission`, empty when it is every role."""
    roles = PERMISSIONS[permission].roles
    if roles == EVERYBODY:
        return ""
    return f"Allowed roles: {', '.join(f'`{role}`' for role in Role if role in roles)}."


def _names(view: Documented, action: str) -> dict[str, str]:
    nouns = view.nouns or f"{view.noun}s"
    article = "an" if view.noun[:1] in set("aeiou") else "a"
    return {
        "a_noun": f"{article} {view.noun}",
        "nouns": nouns,
        "Noun": _joined(view.noun),
        "Nouns": _joined(nouns),
        "verb": action.partition("_")[0],
        "Verb": action.partition("_")[0].capitalize(),
    }


def _joined(words: str) -> str:
    return "".join(word.capitalize() for word in words.split())
