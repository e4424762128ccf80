"""What drf-spectacular is told of the whole OpenAPI document. config/openapi.py says the rest."""

from typing import Any

from config import product

SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": product.NAME,
    "DESCRIPTION": "Projects, tasks and subtasks of an account. The host names it, or on the public host the token.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AttachmentStateEnum": "tasks.models.AttachmentState",
        "CategoryEnum": "projects.models.Category",
        "ColorEnum": "accounts.models.Color",
        "ExportFailureEnum": "tasks.models.ExportFailure",
        "ExportFormatEnum": "tasks.models.ExportFormat",
        "ExportStateEnum": "tasks.models.ExportState",
        "MediaAccessEnum": "accounts.models.MediaAccess",
        "NotificationKindEnum": "tasks.models.NotificationKind",
        "PriorityEnum": "tasks.models.Priority",
        "RoleEnum": "accounts.models.Role",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.close_bodies",
        "config.openapi.add_errors",
    ],
}
