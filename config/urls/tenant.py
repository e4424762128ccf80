"""A tenant's host, in the `standard` variant."""

from django.urls import include, path, register_converter

from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend import addresses
from frontend.views import (
    attachments,
    board,
    cards,
    comments,
    doors,
    exports,
    facts,
    inbox,
    invitations,
    my_tasks,
    pictures,
    projects,
    search,
    subtasks,
    tasks,
)

register_converter(addresses.ProjectKeyConverter, "project_key")
register_converter(addresses.PictureConverter, "picture")
register_converter(addresses.TaskKeyConverter, "task_key")

urlpatterns = [
    path("", projects.index, name="projects"),
    path("projects/<project_key:key>/", board.detail, name="project"),
    path("projects/<project_key:key>/parts/", board.parts, name="project_parts"),
    path("projects/<project_key:key>/export/", exports.index, name="export_project"),
    path("inbox/", inbox.index, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read_inbox"),
    path("inbox/mails/", inbox.mails, name="choose_mails"),
    path("inbox/<uuid:pk>/read/", inbox.read, name="read_notification"),
    path("tasks/new/", tasks.new, name="new_task"),
    path("tasks/<task_key:key>/", tasks.detail, name="task"),
    path("tasks/<task_key:key>/move/", tasks.move, name="move_task"),
    path("tasks/<task_key:key>/place/", cards.place, name="place_task"),
    path("tasks/<task_key:key>/edit/", cards.edit, name="edit_task"),
    path("tasks/<task_key:key>/text/", tasks.text, name="edit_text"),
    path("tasks/<task_key:key>/complete/", tasks.complete, name="complete_task"),
    path("tasks/<task_key:key>/reopen/", tasks.reopen, name="reopen_task"),
    path("tasks/<task_key:key>/archive/", tasks.archive, name="archive_task"),
    path("tasks/<task_key:key>/restore/", tasks.restore, name="restore_task"),
    path("tasks/<task_key:key>/delete/", tasks.delete, name="delete_task"),
    path("tasks/<task_key:key>/priority/", facts.priority, name="set_priority"),
    path("tasks/<task_key:key>/due/", facts.due, name="set_due_date"),
    path("tasks/<task_key:key>/assignees/", facts.assignees, name="assign_task"),
    path("tasks/<task_key:key>/labels/", facts.labels, name="label_task"),
    path("tasks/<task_key:key>/comments/", comments.add, name="add_comment"),
    path("tasks/<task_key:key>/people/", comments.people, name="people_of_task"),
    path("tasks/<task_key:key>/subtasks/", subtasks.add, name="add_subtask"),
    path("comments/<uuid:pk>/edit/", comments.edit, name="edit_comment"),
    path("comments/<uuid:pk>/delete/", comments.delete, name="delete_comment"),
    path("tasks/<task_key:key>/attachments/", attachments.add, name="add_attachment"),
    path("attachments/<uuid:pk>/delete/", attachments.delete, name="delete_attachment"),
    path("subtasks/", subtasks.index, name="subtasks"),
    path("subtasks/<uuid:pk>/tick/", subtasks.tick, name="tick_subtask"),
    path("subtasks/<uuid:pk>/rename/", subtasks.rename, name="rename_subtask"),
    path("subtasks/<uuid:pk>/move/", subtasks.move, name="move_subtask"),
    path("subtasks/<uuid:pk>/delete/", subtasks.delete, name="delete_subtask"),
    path("my-tasks/", my_tasks.index, name="my_tasks"),
    path("search/", search.index, name="search"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("pictures/logo/<picture:picture>/", pictures.logo, name="logo"),
    path("pictures/avatar/<picture:picture>/", pictures.avatar, name="avatar"),
    path("auth/enter/", doors.enter, name="enter"),
    path("auth/hand-over/", doors.take, name="take_over"),
    path("settings/", include("config.urls.settings")),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]
