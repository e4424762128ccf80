"""Controls of the pages of tasks: permissions, visibility, and drafts."""

from tests.mutants.controls import Mutant, off

REFERENCES = "frontend/task/references.py"
REFERRED, TICKED = "tests/frontend/task/test_references.py", "tests/frontend/task/test_checklists.py"
LOOKUPS = "frontend/projects/lookups.py"
FORMS, FOUND = "frontend/task/forms.py", "frontend/search/views.py"
COMMENTS, MINE = "frontend/task/comments.py", "frontend/my_tasks/views.py"
TEXT, SAID = "tests/frontend/task/test_text.py", "tests/frontend/task/test_comments.py"
SET, LISTED, SEARCHED = (
    "tests/frontend/task/test_fields.py",
    "tests/frontend/my_tasks/test_my_tasks.py",
    "tests/frontend/search/test_search.py",
)

OF_TASK_PAGES: list[Mutant] = [
    off(
        "pages of tasks are found among those that one may see",
        LOOKUPS,
        "tasks = Task.objects.visible_to(request.membership)",
        "tasks = Task.objects",
        f"{TEXT}::test_viewers_and_non_members_do_not_write",
        f"{SET}::test_viewers_and_non_members_change_nothing",
    ),
    off(
        "a form is held to the version that it began with",
        FORMS,
        'return self.task.version if is_same else int(self.cleaned_data["version"])',
        "return self.task.version",
        f"{TEXT}::test_conflicting_edit_shows_both_texts",
        f"{SET}::test_a_choice_made_of_old_people_is_asked_again_and_kept",
    ),
    off(
        "those can be assigned who see the project",
        LOOKUPS,
        "sorted(project.seen_by(members), ",
        "sorted(members, ",
        f"{SET}::test_only_members_who_see_the_project_can_be_assigned",
        f"{SAID}::test_mention_suggestions_are_members_who_see_the_project",
    ),
    off(
        "members who are added as assignees must see the project",
        "tasks/actions/tasks.py",
        "seeing = task.project.seen_by(added)",
        "seeing = added",
        "tests/tasks/test_tasks_api_references.py::test_assignees_must_see_the_project",
        "tests/tasks/test_tasks_api_references.py::test_assignee_who_lost_sight_of_the_project_stays",
    ),
    off(
        "members who have left are found only among the assignees that a task has",
        "accounts/rest/serializers.py",
        "return self.queryset.all() | kept.filter(pk__in=present)",
        "return self.queryset.all() | kept.all()",
        "tests/tasks/test_tasks_api_references.py::test_former_member_answers_like_an_absent_member",
        "tests/tasks/test_tasks_api_references.py::test_former_assignee_cannot_be_added_again",
    ),
    off(
        "every member has a separate key for drafts",
        "frontend/shared/drafts.py",
        'value = f"{member.account_id}:{member.pk}"',
        'value = f"{member.account_id}"',
        "tests/frontend/shared/test_drafts.py::test_every_user_and_every_account_has_another_key",
    ),
    off(
        "a script does not read an accepted form in a log-in page",
        "frontend/shared/in_place.py",
        "if request.user.is_authenticated:",
        "if request.user:",
        "tests/frontend/shared/test_drafts.py::test_script_is_told_that_the_session_has_ended",
    ),
    off(
        "pages without drafts end those of other tabs after a log-out",
        "frontend/shared/skeleton.html",
        "{% if csp_nonce is not None %}",
        "{% if False %}",
        "tests/frontend/shared/test_drafts.py::test_pages_without_drafts_run_the_script_that_ends_other_tabs",
    ),
    off(
        "comments are found among those that one may see",
        COMMENTS,
        "comments = Comment.objects.visible_to(request.membership)",
        "comments = Comment.objects",
        f"{SAID}::test_hidden_ones_are_answered_like_absent_ones",
    ),
    off(
        "comments of others are no forms",
        COMMENTS,
        "if comment.author_id != request.membership.pk:",
        "if comment is None:",
        f"{SAID}::test_people_edit_their_own",
    ),
    off(
        "one's tasks are those of projects that one may see",
        MINE,
        "mine = Task.objects.visible_to(request.membership)",
        "mine = Task.objects",
        f"{LISTED}::test_tasks_of_hidden_or_archived_projects_are_not_shown",
    ),
    off(
        "a search finds what one may see",
        FOUND,
        "tasks = Task.objects.visible_to(request.membership)",
        "tasks = Task.objects",
        f"{SEARCHED}::test_hidden_and_foreign_projects_are_no_filters_and_nothing_of_them_is_found",
    ),
    off(
        "what was found is text",
        "frontend/templatetags/tracker.py",
        'format_html("<mark>{}</mark>", text[start:after])',
        'SafeString(f"<mark>{text[start:after]}</mark>")',
        f"{SEARCHED}::test_matches_are_marked_and_other_text_is_escaped",
    ),
    off(
        "a key in a text is a link to what its reader may see",
        REFERENCES,
        "Task.objects.visible_to(self.membership).filter(wanted)",
        "Task.objects.filter(wanted)",
        f"{REFERRED}::test_a_key_in_a_private_project_reads_like_one_that_there_is_not",
    ),
    off(
        "pictures in a text are those of its task",
        REFERENCES,
        "Attachment.objects.filter(wanted, task=self.task)",
        "Attachment.objects.filter(wanted)",
        f"{REFERRED}::test_pictures_of_other_tasks_are_not_shown",
    ),
    off(
        "pictures from elsewhere are links",
        "frontend/shared/markdown_rules.py",
        "is_ours = bool(source) and not ELSEWHERE.match(source)",
        "is_ours = bool(source)",
        "tests/frontend/shared/test_markdown.py::test_pictures_from_elsewhere_are_links",
    ),
    off(
        "a tick is authorized when it is made",
        "tasks/actions/checklists.py",
        'task = lock_task_for(actor, "task.write", task)',
        'task = Task.objects.select_related("project").get(pk=task.pk)',
        f"{TICKED}::test_a_role_that_was_lost_meanwhile_ticks_nothing",
    ),
    off(
        "people edit their own comments, and tick in these only",
        "tasks/actions/comments.py",
        'if comment.author_id != actor.pk:\n        raise PermissionDenied(_("You can edit',
        'if False:\n        raise PermissionDenied(_("You can edit',
        f"{TICKED}::test_another_member_cannot_tick_items_of_a_comment",
        "tests/tasks/test_comments_api.py::test_members_edit_their_own_comments_only",
    ),
    off(
        "a tick is held to the text that its reader saw",
        "tasks/checklists.py",
        "if tick.seen == fingerprint(text) else None",
        "",
        f"{TICKED}::test_a_text_that_was_changed_meanwhile_is_a_conflict_and_is_shown",
    ),
    off(
        "a tick is held to the items that readers see",
        "tasks/checklists.py",
        "item is not None and line in item_lines(text)",
        "item is not None",
        f"{TICKED}::test_a_line_of_code_that_looks_like_an_item_is_a_conflict",
    ),
    off(
        "part of an address is no link",
        "frontend/shared/web_addresses.py",
        "(?:{_REST}|(?!{_MORE}|{_USER}))",
        "(?:{_REST})?",
        "tests/frontend/shared/test_markdown.py::test_part_of_an_address_is_no_link",
    ),
]
