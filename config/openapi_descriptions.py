"""Descriptions of the fields in the OpenAPI document: unit, format, range, and the meaning of null.

The `help_text` of a serializer or model field takes precedence. A test lists the names that need no description.
"""

from typing import Any

# {field: text}, of the fields with one meaning in all schemas
EVERYWHERE = {
    "access": "Access token (JWT) for `Authorization: Bearer …`. It expires after ten minutes.",
    "actor": "Id of the member who did it. `null`: a job or a command did it.",
    "archived_at": "Time in UTC. `null`: not archived.",
    "expires_at": "Time in UTC. `null`: it does not expire.",
    "next": "URL of the next page. `null`: this is the last one.",
    "object_id": "Id of the object that was changed. The object may no longer exist.",
    "previous": "URL of the previous page. `null`: this is the first one.",
    "project": "Id of the project.",
    "rank": "Position among its siblings: text that is compared byte by byte. Without it, a new object comes last.",
    "refresh": "Refresh token. It is valid for one use: refresh token rotation.",
    "results": "The objects, in the order of the list.",
    "role": "Role in the account.",
    "slug": "Slug of the account: its subdomain.",
    "task": "Id of the task.",
}
# {schema, without `Patched` and `Request`: {field: text}}
IN_SCHEMA = {
    "Accept": {
        "account": "Slug of the account. Required on the public host.",
        "name": "Name of a new user. An existing user keeps theirs.",
        "password": "A new user chooses it. An existing user confirms with it, unless logged in on the public host.",
        "token": "The last part of the link in the invitation email.",
    },
    "Account": {"variant": "Layout of the account's site.", "name": "Name of the account."},
    "Activity": {
        "data": "Names of the changed `fields`, new values, and ids that were `added` and `removed`.",
        "seq": "Number of the event within its project, without gaps, in the order of commits.",
        "verb": "Kind of object and what happened to it, such as `task.completed`.",
    },
    "ApiToken": {
        "last_used_at": "Time of the last use in UTC, to the minute. `null`: not used yet.",
        "prefix": "The first characters of the token, by which it can be recognized.",
    },
    "Attachment": {
        "comment": "Id of the comment with the file. `null`: the file belongs to the task itself.",
        "state": "`pending` until the file is uploaded and inspected, then `ready` or `rejected`.",
        "upload": "How to send the file, within 15 minutes. Then call `complete/`.",
        "uploaded_by": "Id of the member.",
    },
    "AuditEntry": {
        "action": "What was done, such as `member.removed`.",
        "actor_email": "Email address of the actor at that time. Empty without an actor.",
        "data": "Details of the action, such as the old and the new role.",
        "ip": "IP address of the client. `null`: a job or a command did it.",
    },
    "BulkResult": {"results": "The changed tasks, in the order of the request."},
    "Changed": {"id": "Id of the task.", "task": "The task after the change."},
    "Comment": {
        "author": "Id of the member.",
        "body": "Markdown.",
        "edited_at": "Time of the last change, in UTC. `null`: not changed.",
    },
    "Credentials": {
        "account": "Slug of the account. Required on the public host.",
        "email": "Email address of the user.",
        "otp": "Code of the authenticator app or a recovery code. Required with two-factor authentication.",
        "password": "Password of the user.",
    },
    "Export": {
        "expires_at": "Time until which the file is kept, in UTC. `null`: not finished.",
        "finished_at": "Time in UTC. `null`: not finished.",
        "format": "`xlsx`, `csv` or `json` of a project, `zip` of the account.",
        "project": "Id of the project. `null`: the whole account.",
        "size": "Size of the file in bytes. `null`: not finished.",
        "state": "`waiting`, `running`, then `ready` or `failed`.",
    },
    "Found": {
        "key": "Key of the task, such as `WEB-42`.",
        "matches": "The words in context: `text`, and `in`: `title`, `description`, `subtask` or `comment`.",
        "status": "Id of the task's status.",
    },
    "Instructions": {
        "headers": "Headers that the request must have.",
        "url": "URL to send the file to. It is valid for 15 minutes.",
    },
    "Invitation": {
        "email": "Email address of the invited user.",
        "expires_at": "Time until which the link is valid, in UTC.",
        "invited_by": "Id of the member who created it or sent it last.",
        "role": "Role of the new member: `admin`, `member` (the default) or `viewer`.",
    },
    "Label": {"color": "Color of the label. The default is `grey`."},
    "LogIn": {"account": "The account that the tokens are valid for."},
    "Member": {
        "email": "Email address of the user.",
        "role": "Role in the account. A member becomes `owner` by a transfer only.",
    },
    "Move": {"status": "Id of the column. Without it, the task stays in its own."},
    "Notification": {
        "comment": "Id of the comment. `null`: the notification is about the task itself.",
        "kind": "Reason for the notification.",
        "read_at": "Time in UTC. `null`: unread.",
    },
    "Project": {
        "color": "Color of the project. The default is `blue`.",
        "description": "Text below the name. May be empty.",
        "key": "Two to ten capital letters and digits, at first a letter. By default derived from the name.",
        "private": "Whether only its members and the admins see the project.",
    },
    "ProjectMember": {"member": "Id of the member."},
    "ProjectMembers": {"results": "The members of the project."},
    "Status": {
        "category": "Category of the status. A task is completed exactly while it is `done`.",
        "name": "Name of the column.",
    },
    "Subtask": {"done": "Whether it is checked."},
    "Task": {
        "assignees": "Ids of members, at most 100. A request replaces all of them.",
        "completed_at": "Time in UTC. `null`: the category of the status is not `done`.",
        "description": "Markdown. May be empty.",
        "due_date": "Day, as `2026-12-01`. `null`: never due.",
        "key": "Key of the project and number, such as `WEB-42`. It may stand for the id in URLs and bodies.",
        "labels": "Ids of labels, at most 100. A request replaces all of them.",
        "number": "Number of the task within its project, from 1.",
        "priority": "Priority. The default is `none`.",
        "project": "Id of the project. It never changes.",
        "rank": "Position in the column: text that is compared byte by byte. `move/` changes it.",
        "status": "Id of a status of the project. By default the first of the category `todo`.",
        "subtasks_done": "Number of checked subtasks.",
        "subtasks_total": "Number of subtasks.",
        "version": "Number of changes of the task itself, from 1, for optimistic locking.",
    },
    "Transfer": {"member": "Id of the member who becomes the owner."},
    "Upload": {
        "comment": "Id of a comment of the member at the task.",
        "file": "Content of the file. It must be the last field of the form.",
    },
    "Verify": {"token": "An access token."},
}
# Schemas that have the fields of another one.
SAME = {"NewApiToken": "ApiToken", "NewAttachment": "Attachment", "TaskChange": "Task"}
IN_SCHEMA["NewApiToken"] = {"token": "The token itself (`chp_…`). It is shown only once."}


def description_of(schema: str, field: str) -> str:
    """Return the description of a field, empty if there is none."""
    name = schema.removeprefix("Patched").removesuffix("Request")
    for each in (name, SAME.get(name, "")):
        if text := IN_SCHEMA.get(each, {}).get(field):
            return text
    return EVERYWHERE.get(field, "")


def describe_fields(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the descriptions: a hook after the document was made."""
    for name, schema in result["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            text = description_of(name, field)
            if text and "description" not in shape:
                if "$ref" in shape:
                    shape["allOf"] = [{"$ref": shape.pop("$ref")}]
                shape["description"] = text
    return result
