"""`labels/`"""

from typing import Any

from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects import actions
from projects.models import Label


class LabelSerializer(StrictModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ("id", "name", "color")


class LabelViewSet(TenantViewSet[Label]):
    queryset = Label.objects.all()
    serializer_class = LabelSerializer
    order = ("name_key", "id")
    permissions = {"create": "label.write", "partial_update": "label.write", "destroy": "label.write"}

    def lock(self, row: Label) -> None:
        actions.lock_label(row)

    def perform_create(self, fields: dict[str, Any]) -> Label:
        return actions.create_label(actor=self.membership, **fields)

    def perform_update(self, row: Label, fields: dict[str, Any]) -> None:
        actions.update_label(label=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Label) -> None:
        actions.delete_label(label=row, actor=self.membership)
