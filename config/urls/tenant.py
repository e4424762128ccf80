"""A tenant's host, in the `standard` variant."""

from django.urls import include, path, register_converter

from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend import addresses
from frontend.views import (
    attachments,
    board,
    cards,
    doors,
    exports,
    inbox,
    invitations,
    pictures,
    projects,
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
    path("tasks/<task_key:key>/", tasks.detail, name="task"),
    path("tasks/<task_key:key>/move/", tasks.move, name="move_task"),
    path("tasks/<task_key:key>/place/", cards.place, name="place_task"),
    path("tasks/<task_key:key>/edit/", cards.edit, name="edit_task"),
    path("tasks/<task_key:key>/subtasks/", subtasks.add, name="add_subtask"),
    path("tasks/<task_key:key>/attachments/", attachments.add, name="add_attachment"),
    path("attachments/<uuid:pk>/delete/", attachments.delete, name="delete_attachment"),
    path("subtasks/", subtasks.index, name="subtasks"),
    path("subtasks/<uuid:pk>/tick/", subtasks.tick, name="tick_subtask"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("pictures/logo/<picture:picture>/", pictures.logo, name="logo"),
    path("pictures/avatar/<picture:picture>/", pictures.avatar, name="avatar"),
    path("settings/", include("config.urls.settings")),
    path("auth/enter/", doors.enter, name="enter"),
    path("auth/hand-over/", doors.take, name="take_over"),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]
