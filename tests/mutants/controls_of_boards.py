"""The controls of the pages of projects: who sees, moves and settles what, and that an old page changes nothing."""

from tests.mutants.controls import Mutant, off

BOARD, FILTERS = "frontend/views/board.py", "frontend/filters.py"
COLUMNS, MOVING = "tasks/actions/columns.py", "tasks/actions/tasks.py"
SHOWN, MOVED = "tests/frontend/test_board_page.py", "tests/frontend/test_cards.py"
SETTLED = "tests/frontend/test_project_settings.py"

OF_BOARDS: list[Mutant] = [
    off(
        "the page of a project is for those who see it",
        BOARD,
        "Project.objects.visible_to(request.membership)",
        "Project.objects.all()",
        f"{SHOWN}::test_hidden_projects_have_no_parts",
    ),
    off(
        "the filters of a page stay within its project",
        FILTERS,
        "Task.objects.filter(project=project)",
        "Task.objects.all()",
        f"{SHOWN}::test_what_is_in_other_projects_is_not_found",
    ),
    off(
        "an old page moves nothing",
        MOVING,
        "if version is not None and version != task.version:",
        "if False:",
        f"{MOVED}::test_who_has_an_old_version_moves_nothing",
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
        "frontend/forms.py",
        "if key != self.project.key:",
        "if not key:",
        f"{SETTLED}::test_who_deletes_a_project_names_it",
    ),
]
