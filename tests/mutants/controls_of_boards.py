"""Controls of the pages of projects: visibility, permissions, and optimistic locking."""

from tests.mutants.controls import Mutant, off

FILTERS, CARDS = "frontend/board/filters.py", "frontend/board/cards.py"
COLUMNS, MOVING = "tasks/actions/columns.py", "tasks/actions/tasks.py"
SHOWN, MOVED = "tests/frontend/board/test_board.py", "tests/frontend/board/test_editing.py"
SETTLED, KEPT = "tests/frontend/project_settings/test_project_settings.py", "tests/frontend/board/test_kept_cards.py"
FRAME = "tests/frontend/shared/test_kept_frame.py"
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
        "    is_movable: bool" + SAME.format(equal="self.page == other.page"),
        f"{KEPT}::test_viewer_does_not_get_the_cached_card_with_move_buttons",
    ),
    off(
        "a part of the frame is found by all that it shows",
        "frontend/shared/frame.py",
        "    theme: str\n",
        "    theme: str\n" + SAME.format(equal="self.email == other.email"),
        f"{FRAME}::test_sidebar_changes_with_what_it_shows",
        f"{FRAME}::test_theme_of_the_browser_is_checked",
    ),
    off(
        "a part of the frame is found by who looks at it",
        "frontend/templatetags/shell.py",
        'frame.Beside(frame.Viewer(context["request"].membership.as_role))',
        'frame.Beside(frame.Viewer("owner"))',
        f"{FRAME}::test_members_with_equal_content_share_nothing_personal",
    ),
    off(
        "a part of the frame is found by the prefix of its links",
        "frontend/shared/kept.py",
        "script_prefix=get_script_prefix(),",
        'script_prefix="/",',
        f"{FRAME}::test_links_have_the_prefix_of_the_request",
    ),
    off(
        "a part of the frame is found by the site layout",
        "frontend/shared/kept.py",
        'variant=tenant.variant if tenant else "",\n        urlconf=get_urlconf(),',
        'variant="",\n        urlconf=None,',
        f"{FRAME}::test_frame_is_that_of_the_site_layout",
    ),
    off(
        "a part of the frame is found by the language",
        "frontend/shared/kept.py",
        "language=get_language(),",
        "language=None,",
        f"{FRAME}::test_key_of_cached_html_contains_the_language",
    ),
    off(
        "the links to projects are those that the member sees",
        "frontend/projects/sidebar.py",
        "Project.objects.visible_to(membership)",
        "Project.objects.all()",
        f"{FRAME}::test_hidden_project_is_not_in_the_sidebar",
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
