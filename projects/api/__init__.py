"""The REST API of projects, statuses, labels and activity."""

from projects.api.activity import ActivityViewSet
from projects.api.labels import LabelViewSet
from projects.api.projects import ProjectViewSet
from projects.api.statuses import StatusViewSet

__all__ = ["ActivityViewSet", "LabelViewSet", "ProjectViewSet", "StatusViewSet"]
