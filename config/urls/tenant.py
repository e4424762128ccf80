"""A tenant's host, in the `standard` variant."""

from django.urls import include, path, register_converter

from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend import addresses
from frontend.views import (
    board,
    cards,
    exports,
    inbox,
    invitations,
    labels,
    project_settings,
    projects,
    subtasks,
    tasks,
)

register_converter(addresses.ProjectKeyConverter, "project_key")
register_converter(addresses.TaskKeyConverter, "task_key")

urlpatterns = [
    path("", projects.index, name="projects"),
    path("projects/<project_key:key>/", board.detail, name="project"),
    path("projects/<project_key:key>/parts/", board.parts, name="project_parts"),
    path("projects/<project_key:key>/settings/", project_settings.index, name="project_settings"),
    path("projects/<project_key:key>/archive/", project_settings.archive, name="archive_project"),
    path("projects/<project_key:key>/delete/", project_settings.delete, name="delete_project"),
    path("projects/<project_key:key>/members/", project_settings.members, name="add_project_member"),
    path("projects/<project_key:key>/members/remove/", project_settings.remove_member, name="remove_project_member"),
    path("projects/<project_key:key>/statuses/", project_settings.add_status, name="add_status"),
    path("statuses/<uuid:pk>/", project_settings.edit_status, name="edit_status"),
    path("statuses/<uuid:pk>/place/", project_settings.place_status, name="place_status"),
    path("statuses/<uuid:pk>/delete/", project_settings.retire, name="delete_status"),
    path("settings/labels/", labels.index, name="labels"),
    path("settings/labels/<uuid:pk>/", labels.edit, name="edit_label"),
    path("settings/labels/<uuid:pk>/delete/", labels.delete, name="delete_label"),
    path("projects/<project_key:key>/export/", exports.index, name="export_project"),
    path("inbox/", inbox.index, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read_inbox"),
    path("inbox/mails/", inbox.mails, name="choose_mails"),
    path("inbox/<uuid:pk>/read/", inbox.read, name="read_notification"),
    path("tasks/<task_key:key>/", tasks.detail, name="task"),
    path("tasks/<task_key:key>/move/", tasks.move, name="move_task"),
    path("tasks/<task_key:key>/place/", cards.place, name="place_task"),
    path("tasks/<task_key:key>/edit/", cards.edit, name="edit_task"),
    path("tasks/<task_key:key>/subtasks/", subtasks.add, name="add_subtask"),
    path("subtasks/", subtasks.index, name="subtasks"),
    path("subtasks/<uuid:pk>/tick/", subtasks.tick, name="tick_subtask"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]
