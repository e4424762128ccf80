"""Settings of drf-spectacular for the whole OpenAPI document. config/openapi.py adds the rest."""

from typing import Any

from config import product

DESCRIPTION = """\
The REST API of an account: its projects, tasks, members, files and settings.

**Log in.** Send `email` and `password` to `POST /api/v1/auth/token/` and use `access` of the response in the header
`Authorization: Bearer …` of each request. An access token expires after ten minutes;
`POST /api/v1/auth/token/refresh/` returns new tokens. Programs use a personal token (`POST /api/v1/tokens/`) in the
same header. The browser session of a logged-in user works too.

**Account.** The host names the account. On the public host the token names it.

**Lists** are cursor-paginated: follow `next` until it is null. Unknown parameters and unknown fields are rejected.

**Retries and concurrent changes.** `Idempotency-Key` makes a POST safe to retry. `If-Match` with the `ETag` of an
object changes the object only if it is still the same.

**Errors** are `{"code", "detail", "errors"}`. Every response to a member contains the rate limit (`RateLimit-*`).
"""
SERVERS = [
    {"url": "/", "description": "The address that serves this document"},
    {
        "url": "https://{account}.{domain}",
        "description": "The host of an account",
        "variables": {
            "account": {"default": "acme", "description": "The slug of the account"},
            "domain": {"default": "example.com", "description": "The setting BASE_DOMAIN of the installation"},
        },
    },
    {
        "url": "https://{domain}/t/{account}",
        "description": "The path of an account, where path routing is enabled",
        "variables": {
            "account": {"default": "acme", "description": "The slug of the account"},
            "domain": {"default": "example.com", "description": "The setting BASE_DOMAIN of the installation"},
        },
    },
    {
        "url": "https://{domain}",
        "description": "The public host: the token names the account, or the header X-Tenant where it is enabled",
        "variables": {"domain": {"default": "example.com", "description": "The setting BASE_DOMAIN"}},
    },
]
# One for each first part of a path, in the order of the documentation page.
TAGS = {
    "auth": "Log in with email address and password, and refresh, verify and revoke tokens (JWT).",
    "tokens": "Personal access tokens of the user, for programs.",
    "me": "The profile of the user, the avatar, and the accounts that the user belongs to.",
    "account": "The account: settings, logo, transfer of ownership, deletion.",
    "members": "The members of the account and their roles.",
    "invitations": "Invitations to the account by email.",
    "projects": "Projects, and the members of private projects.",
    "statuses": "The columns of a project's board.",
    "labels": "Labels of the account, for tasks of all projects.",
    "tasks": "Tasks: create, change, move, complete and archive them, one by one or in bulk.",
    "subtasks": "The checklist of a task.",
    "comments": "Comments on tasks.",
    "attachments": "Files attached to tasks and comments.",
    "search": "Full-text search in tasks, subtasks and comments.",
    "activity": "What has happened in projects.",
    "notifications": "The inbox of the user.",
    "exports": "Exports of projects and of the account, written by a job.",
    "audit": "The audit log of the account.",
}

SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": product.NAME,
    "DESCRIPTION": DESCRIPTION,
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,  # they are for readers of the code; see accounts/rest/documentation.py
    "SERVERS": SERVERS,
    "TAGS": [{"name": name, "description": about} for name, about in TAGS.items()],
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AttachmentStateEnum": "accounts.models.AttachmentState",
        "CategoryEnum": "projects.models.Category",
        "ColorEnum": "accounts.models.Color",
        "ExportFailureEnum": "accounts.models.ExportFailure",
        "ExportFormatEnum": "accounts.extensions.export_formats",
        "ExportStateEnum": "accounts.models.ExportState",
        "MediaAccessEnum": "accounts.models.MediaAccess",
        "NotificationKindEnum": "accounts.extensions.notification_choices",
        "PriorityEnum": "tasks.models.Priority",
        "RoleEnum": "accounts.models.Role",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.close_bodies",
        "config.openapi_descriptions.describe_fields",
        "config.openapi_responses.add_responses",
    ],
}
