"""Controls of the pages of projects: visibility, permissions, and optimistic locking."""

from tests.mutants.controls import Mutant, off

FILTERS, CARDS = "frontend/board/filters.py", "frontend/board/cards.py"
COLUMNS, MOVING = "tasks/actions/columns.py", "tasks/actions/tasks.py"
SHOWN, MOVED = "tests/frontend/board/test_board.py", "tests/frontend/board/test_editing.py"
SETTLED, KEPT = "tests/frontend/project_settings/test_project_settings.py", "tests/frontend/board/test_kept_cards.py"
SAME = """

    def __eq__(self, other):
        return {equal}

    def __hash__(self):
        return 1
"""

OF_BOARDS: list[Mutant] = [
    off(
        "the page of a project is for those who see it",
        "frontend/projects/lookups.py",
        "Project.objects.visible_to(request.membership)",
        "Project.objects.all()",
        f"{SHOWN}::test_hidden_projects_have_no_parts",
    ),
    off(
        "the filters of a page stay within its project",
        FILTERS,
        "Task.objects.filter(project=project)",
        "Task.objects.all()",
        f"{SHOWN}::test_search_does_not_find_tasks_of_other_projects",
    ),
    off(
        "a card is found by all that it shows",
        CARDS,
        "    people: tuple[Person, ...]\n",
        "    people: tuple[Person, ...]" + SAME.format(equal="self.id == other.id"),
        f"{KEPT}::test_a_card_is_another_when_it_shows_something_else",
    ),
    off(
        "a card is found by who looks at it, from where and when",
        CARDS,
        "    is_movable: bool\n",
        "    is_movable: bool" + SAME.format(equal="self.tenant == other.tenant"),
        f"{KEPT}::test_viewer_does_not_get_the_cached_card_with_move_buttons",
    ),
    off(
        "an old page moves nothing",
        MOVING,
        "if version is not None and version != task.version:",
        "if False:",
        f"{MOVED}::test_stale_version_moves_nothing",
    ),
    off(
        "tasks of a status that ends stay in their project",
        COLUMNS,
        "if into.project_id != project.pk or into.pk == status.pk:",
        "if into.pk == status.pk:",
        f"{SETTLED}::test_the_action_keeps_tasks_in_their_project",
    ),
    off(
        "who deletes a project names it",
        "frontend/shared/forms.py",
        "if key != self.expected:",
        "if not key:",
        f"{SETTLED}::test_project_deletion_needs_the_typed_key",
    ),
]
