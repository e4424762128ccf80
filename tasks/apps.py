from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"

    def ready(self) -> None:
        from projects.events import shows
        from tasks.api.attachments import AttachmentSerializer, AttachmentViewSet
        from tasks.api.comments import CommentSerializer, CommentViewSet
        from tasks.api.subtasks import SubtaskSerializer, SubtaskViewSet
        from tasks.api.tasks import TaskSerializer, TaskViewSet

        shows("task", TaskViewSet.queryset, TaskSerializer)
        shows("subtask", SubtaskViewSet.queryset, SubtaskSerializer)
        shows("attachment", AttachmentViewSet.queryset, AttachmentSerializer)
        shows("comment", CommentViewSet.queryset, CommentSerializer)
