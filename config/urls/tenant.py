"""A tenant's host, in the `standard` variant."""

from django.urls import include, path, register_converter

from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend.account_settings import picture_files
from frontend.auth import invitations, login_handoff
from frontend.board import editing
from frontend.board import views as board
from frontend.inbox import views as inbox
from frontend.my_tasks import views as my_tasks
from frontend.project_settings import exports, labels
from frontend.project_settings import views as project_settings
from frontend.projects import views as projects
from frontend.search import views as search
from frontend.shared import converters
from frontend.task import attachments, checklists, comments, fields, subtasks
from frontend.task import views as tasks

register_converter(converters.ProjectKeyConverter, "project_key")
register_converter(converters.PictureConverter, "picture")
register_converter(converters.TaskKeyConverter, "task_key")

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
    path("tasks/new/", tasks.new, name="new_task"),
    path("tasks/<task_key:key>/", tasks.detail, name="task"),
    path("tasks/<task_key:key>/move/", tasks.move, name="move_task"),
    path("tasks/<task_key:key>/place/", editing.place, name="place_task"),
    path("tasks/<task_key:key>/edit/", editing.edit, name="edit_task"),
    path("tasks/<task_key:key>/text/", tasks.text, name="edit_text"),
    path("tasks/<task_key:key>/text/tick/", checklists.tick_text, name="tick_text"),
    path("tasks/<task_key:key>/complete/", tasks.complete, name="complete_task"),
    path("tasks/<task_key:key>/reopen/", tasks.reopen, name="reopen_task"),
    path("tasks/<task_key:key>/archive/", tasks.archive, name="archive_task"),
    path("tasks/<task_key:key>/restore/", tasks.restore, name="restore_task"),
    path("tasks/<task_key:key>/delete/", tasks.delete, name="delete_task"),
    path("tasks/<task_key:key>/priority/", fields.priority, name="set_priority"),
    path("tasks/<task_key:key>/due/", fields.due, name="set_due_date"),
    path("tasks/<task_key:key>/assignees/", fields.assignees, name="assign_task"),
    path("tasks/<task_key:key>/labels/", fields.labels, name="label_task"),
    path("tasks/<task_key:key>/comments/", comments.add, name="add_comment"),
    path("tasks/<task_key:key>/people/", comments.people, name="people_of_task"),
    path("tasks/<task_key:key>/subtasks/", subtasks.add, name="add_subtask"),
    path("comments/<uuid:pk>/edit/", comments.edit, name="edit_comment"),
    path("comments/<uuid:pk>/tick/", checklists.tick_comment, name="tick_comment"),
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
    path("pictures/logo/<picture:picture>/", picture_files.logo, name="logo"),
    path("pictures/avatar/<picture:picture>/", picture_files.avatar, name="avatar"),
    path("auth/enter/", login_handoff.enter, name="enter"),
    path("auth/hand-over/", login_handoff.take, name="take_over"),
    path("settings/", include("config.urls.settings")),
    path("auth/", include("config.urls.auth")),
    path("api/v1/", include("config.urls.api")),
]
