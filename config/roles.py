"""The page about roles, made from the table that is asked.

`make roles` writes it to docs/roles.md; a test compares the two.
"""

import os
from collections.abc import Iterator

import django

INTRODUCTION = """\
# Roles

Every user is a member of an account in one role. The table is that of `accounts/permissions.py`, which pages and API
ask; `make roles` makes this page of it.
"""

PRIVATE_PROJECTS = """
A role says what can be done with what one sees, and all members see all open projects. Anything else is 403
`permission_denied`.

## Private projects

A private project is seen by its own members, and by admins and owners of the account. For other members it does not
exist, nor does anything in it: not in lists, searches and activity, and by id or key it is 404 `not_found`, like one
that was never there.

- The creator of a project is a member of it. Its members and admins make it private or open and say who else is a
  member. A private project keeps one member at least.
- A project member sees the project. What they may do there is up to their role in the account: a viewer who
  is a member of a private project reads it.
- Tasks are assigned to people who see the project. Who leaves a private project loses sight of the tasks in it.
- An open project has members too. They are who sees it once it becomes private.

What can still be inferred of it, and why:

- **That a key is taken.** Keys are unique in an account, since they name tasks (`WEB-42`), so a taken one is refused,
  for creating and for renaming, and a key that is made from a name skips it (`SEC2`). The text is the same for all
  keys that cannot be had, and names no project. Name, members and amount of work stay hidden.
- **How many projects and bytes there are in all.** The plan counts them, its page shows it, and 402 says so.
- **The names of labels.** They belong to the account. The page of the labels counts tasks that one sees.
"""


def document() -> Iterator[str]:
    """Yield the lines of docs/roles.md. Needs Django to be set up."""
    from accounts.models import Role
    from accounts.permissions import PERMISSIONS

    yield from INTRODUCTION.splitlines()
    yield ""
    yield f"| permission | description | {' | '.join(Role)} |"
    yield f"|---|---|{'---|' * len(Role)}"
    for name, permission in PERMISSIONS.items():
        cells = ("✓" if role in permission.roles else "" for role in Role)
        yield f"| `{name}` | {permission.about} | {' | '.join(cells)} |"
    yield from PRIVATE_PROJECTS.splitlines()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print("\n".join(document()))  # noqa: T201  # its output is the page
