"""`labels/`"""

from typing import Any

from accounts.rest.documentation import Operation, example_id
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects.actions import labels
from projects.models import Label


class LabelSerializer(StrictModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ("id", "name", "color")


class LabelViewSet(TenantViewSet[Label]):
    noun = "label"
    example = {"id": example_id("label"), "name": "Bug", "color": "red"}
    queryset = Label.objects.all()
    serializer_class = LabelSerializer
    order = ("name_key", "id")
    permissions = {"create": "label.write", "partial_update": "label.write", "destroy": "label.write"}
    operations = {
        "list": Operation("Returns the labels of the account, ordered by name. They apply to tasks of all projects."),
        "partial_update": Operation(request={"color": "orange"}),
        "destroy": Operation("Deletes a label permanently and removes it from all tasks."),
    }

    def lock(self, row: Label) -> None:
        labels.lock_label(row)

    def perform_create(self, fields: dict[str, Any]) -> Label:
        return labels.create_label(actor=self.membership, **fields)

    def perform_update(self, row: Label, fields: dict[str, Any]) -> None:
        labels.update_label(label=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Label) -> None:
        labels.delete_label(label=row, actor=self.membership)
