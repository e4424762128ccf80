"""The controls that are tried on every route: roles, and the visibility of private projects."""

from tests.mutants.controls import Edit, Mutant, off

LABELS, TASKS = "frontend/project_settings/labels.py", "tasks/models/tasks.py"
EVERY, PRIVATE = "tests/isolation/test_every_route.py", "tests/isolation/test_private_projects.py"
AT_ITS_HOST = "[standard at its host]"
DELETE = '    """Delete a label and remove it from all tasks."""\n'
REQUIRE = '    require(request.membership, "label.write")\n'
HIDDEN = (
    f"{PRIVATE}::test_member_without_access_is_shown_nothing_of_a_private_project{AT_ITS_HOST}",
    f"{PRIVATE}::test_every_visible_to_hides_the_rows_of_a_private_project",
)

OF_ROUTES: list[Mutant] = [
    Mutant(
        "routes: a page that writes checks the role",
        (
            Edit(LABELS, DELETE + REQUIRE, DELETE),
            Edit(LABELS, "    delete_label(label=label, actor=request.membership)\n", "    label.delete()\n"),
        ),
        (f"{EVERY}::test_viewer_changes_no_row_by_any_route{AT_ITS_HOST}",),
    ),
    Mutant(
        "routes: an endpoint that writes checks the role",
        (
            Edit("projects/api/labels.py", "labels.delete_label(label=row, actor=self.membership)", "row.delete()"),
            Edit("projects/api/labels.py", '"destroy": "label.write"', '"destroy": "account.read"'),
        ),
        (f"{EVERY}::test_viewer_changes_no_row_by_any_route{AT_ITS_HOST}",),
    ),
    off(
        "routes: visible_to() of comments hides those of private projects",
        TASKS,
        '        """Return the comments on tasks of the projects that a member may see."""\n'
        '        return self.filter(visible_through(membership, "task__project"))\n',
        '        """Return the comments on tasks of the projects that a member may see."""\n        return self\n',
        *HIDDEN,
    ),
    off(
        "routes: visible_to() of projects hides private ones",
        "projects/models.py",
        "        return self.filter(visible_through(membership))\n",
        "        return self\n",
        *HIDDEN,
        f"{PRIVATE}::test_every_kind_and_topic_hides_a_private_project",
    ),
]
