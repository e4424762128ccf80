from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from projects.api.labels import LabelSerializer, LabelViewSet
        from projects.api.projects import ProjectSerializer, ProjectViewSet
        from projects.api.statuses import StatusSerializer, StatusViewSet
        from projects.events import shows

        shows("project", ProjectViewSet.queryset, ProjectSerializer)
        shows("status", StatusViewSet.queryset, StatusSerializer)
        shows("label", LabelViewSet.queryset, LabelSerializer)
