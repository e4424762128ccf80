"""The pages and the API of projects and tasks, on the host of every tenant."""

from django.urls import URLPattern, URLResolver, path, register_converter
from rest_framework.routers import SimpleRouter

from frontend.board import editing
from frontend.board import views as board
from frontend.my_tasks import views as my_tasks
from frontend.project_settings import exports, labels
from frontend.project_settings import views as project_settings
from frontend.projects import lookups
from frontend.search import views as search
from frontend.task import attachments, checklists, comments, fields, subtasks
from frontend.task import views as tasks
from projects.api import ActivityViewSet, LabelViewSet, ProjectViewSet, StatusViewSet
from tasks.api import CommentViewSet, SearchViewSet, SubtaskViewSet, TaskViewSet

register_converter(lookups.ProjectKeyConverter, "project_key")
register_converter(lookups.TaskKeyConverter, "task_key")

urlpatterns = [
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
]

api_router = SimpleRouter()
api_router.register("projects", ProjectViewSet, basename="project")
api_router.register("statuses", StatusViewSet, basename="status")
api_router.register("labels", LabelViewSet, basename="label")
api_router.register("activity", ActivityViewSet, basename="activity")
api_router.register("tasks", TaskViewSet, basename="task")
api_router.register("subtasks", SubtaskViewSet, basename="subtask")
api_router.register("comments", CommentViewSet, basename="comment")

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("search/", SearchViewSet.as_view({"get": "list"}), name="search"),
    *api_router.urls,
]
