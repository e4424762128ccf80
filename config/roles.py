"""The page about roles, generated from the table of permissions.

`make roles` writes it to docs/roles.md; a test compares the two.
"""

import os
from collections.abc import Iterator

import django

INTRODUCTION = """\
# Roles

Every member of an account has one role. `make roles` generates this page from the table of `accounts/permissions.py`,
which pages and API check.
"""

PRIVATE_PROJECTS = """
A role defines what a member can do with the rows that they see, and all members see all open projects. Anything else
is 403 `permission_denied`.

## Private projects

The members of a private project, and admins and owners of the account, see it. For other members the project and its
contents do not exist: they are absent from lists, searches and activity, and a request by id or key is 404
`not_found`, like that of an absent project.

- The creator of a project is a member of it. Its members and admins make it private or open and add and remove
  members. A private project has at least one member.
- A project member sees the project. Their role in the account defines their permissions in it: a viewer who is a
  member of a private project reads it.
- Tasks are assigned to members who see the project. A member who leaves a private project no longer sees its tasks.
- An open project has members too. They see it if it becomes private.

Other members can still infer these facts:

- **A key is taken.** Keys are unique in an account, since they name tasks (`WEB-42`), so a taken one is refused at
  creation and renaming, and a key that is generated from a name skips it (`SEC2`). The text is the same for all
  unavailable keys and names no project. Name, members and amount of work stay hidden.
- **The total number of projects and bytes.** The plan counts them, its page shows them, and 402 reports the limit.
- **The names of labels.** They belong to the account. The page of the labels counts visible tasks only.
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
