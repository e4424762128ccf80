"""What the OpenAPI document says beyond what serializers and filters say: errors, headers, orders, credentials.

`make openapi` writes it to `config/openapi.json`, which is what `schema/` serves; a test compares the two.
"""

from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.rest.views import ORDERING, MemberView, ReadOnlyTenantViewSet
from accounts.rest.writes import MemberWrites
from config.openapi_fields import ID_OR_KEY, IDEMPOTENCY_KEY, TAGS

DOCUMENT = Path(__file__).with_name("openapi.json")

ERROR = {
    "type": "object",
    "description": "Every error has this form.",
    "properties": {
        "code": {"type": "string", "examples": ["invalid"]},
        "detail": {"type": "string", "examples": ["The request is invalid."]},
        "errors": {
            "type": "object",
            "description": "What is wrong with each field or parameter; empty for errors that concern none.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["code", "detail", "errors"],
}

# status: (codes, which operations answer it); `write` is POST, PATCH and DELETE, `row` an operation on one row
ERRORS: dict[str, tuple[str, str]] = {
    "400": ("`invalid`, also for unknown fields and parameters; `bad_host`", "all"),
    "401": (
        "`not_authenticated`, `invalid_token`; at `auth/token/` and `invitations/accept/` `invalid_credentials`",
        "all",
    ),
    "402": ("`quota_exceeded`", "create"),
    "403": ("`permission_denied`, `tenant_mismatch`, `not_a_member`, `account_suspended`", "all"),
    "404": (
        "`not_found`: foreign, hidden and absent rows read alike; `unknown_host`; the header `X-Tenant` has "
        "the new name when that of the request has a former one",
        "all",
    ),
    "405": ("`method_not_allowed`", "all"),
    "408": ("`too_slow`: the body did not arrive in time", "body"),
    "409": ("`conflict`: it does not fit the state, or somebody else was quicker", "write"),
    "412": ("`stale`: `If-Match` was given and is old", "row"),
    "413": ("`too_large`", "body"),
    "415": ("`unsupported_media_type`", "body"),
    "422": ("`idempotency_mismatch`: the key was used for another body", "repeat"),
    "429": ("`throttled`, with `Retry-After`", "all"),
    "500": ("`server_error`", "all"),
    "503": ("`unavailable`, with `Retry-After`", "all"),
}


MOVED = {
    "description": "The host, or `/t/<slug>/` in the path, has a former name of the account: send the same "
    "to `Location`. Clients may leave out `Authorization` on the way to another host.",
    "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}},
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An access token, or a personal token `chp_…`."}


class Schema(AutoSchema):
    """Adds what our views have in common."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        view = self.view
        if isinstance(view, ReadOnlyTenantViewSet) and view.action == "list" and view.orderings:
            words = [sign + name for name in view.orderings for sign in ("", "-")]
            found.append(OpenApiParameter(ORDERING, str, enum=words, description="A hyphen means the opposite order."))
        if self._is_row() and self.method in ("PATCH", "DELETE", "POST"):
            about = "The `ETag` that was seen. When it is old, nothing is changed: 412."
            found.append(_header("If-Match", TAGS, about))
        if self._is_row() and getattr(self.view, "action", None) == "retrieve":
            about = "The `ETag` that was seen. When it is still the same: 304."
            found.append(_header("If-None-Match", TAGS, about))
        if self._keeps_keys():
            about = "Chosen by the client: a repeated request with it is answered again and not done again."
            found.append(_header("Idempotency-Key", IDEMPOTENCY_KEY, about))
        return found

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Let a DELETE have a body where its view says so."""
        if self.method != "DELETE" or not hasattr(self.view, "body_of_delete"):
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"

    def _keeps_keys(self) -> bool:
        """Say whether a repeat of the request is answered again: that of a member, who may still send it."""
        if self.method != "POST" or not isinstance(self.view, MemberWrites):
            return False
        return getattr(self.view, "action", None) not in self.view.ends_permission

    def _is_row(self) -> bool:
        """Say whether the operation is about what shows a tag: one row, or what there is one of."""
        if isinstance(self.view, MemberView):
            return type(self.view).locked_tag is not MemberView.locked_tag
        return isinstance(self.view, ReadOnlyTenantViewSet) and bool(self.view.detail)

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in found:
            if "/tasks/" in self.path and parameter["name"] == "id":
                about = str(ID_OR_KEY["description"])
                parameter |= {"schema": {"anyOf": ID_OR_KEY["anyOf"]}, "description": about}
        return found


def _header(name: str, schema: dict[str, Any], about: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, description=about)


def close_bodies(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say that unknown fields are refused, in single changes and in those of `tasks/bulk/`: a hook like the next."""
    schemas = result["components"]["schemas"]
    change = {"id": ID_OR_KEY, "version": {"type": ["integer", "null"], "description": "The one that it must be."}}
    change |= schemas["PatchedTaskRequest"]["properties"]
    schemas["TaskChangeRequest"] = {"type": "object", "properties": change, "required": ["id"]}
    schemas["BulkRequest"]["properties"]["tasks"]["items"] = {"$ref": "#/components/schemas/TaskChangeRequest"}
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    return result


def add_errors(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Document every error at every operation that can answer it: a hook after the document was made."""
    result["components"]["schemas"]["Error"] = ERROR
    result["components"]["responses"] = {"Moved": MOVED}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            kinds = _kinds(path, method, operation)
            if "reread" in kinds:
                operation["responses"]["304"] = {"description": "It is as `If-None-Match` says."}
            operation["responses"]["308"] = {"$ref": "#/components/responses/Moved"}
            for status, (codes, kind) in ERRORS.items():
                if kind in kinds:
                    operation["responses"].setdefault(status, _response(codes))
    return result


def _kinds(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    kinds = {"all"}
    if method in ("post", "patch", "delete") or path.endswith("/download/"):  # of what may not be ready
        kinds.add("write")
    if method in ("post", "patch"):
        kinds.add("body")
    if method == "post" and "201" in operation["responses"]:
        kinds.add("create")
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    kinds |= {"row"} if "If-Match" in names else set()
    kinds |= {"repeat"} if "Idempotency-Key" in names else set()
    kinds |= {"reread"} if "If-None-Match" in names else set()
    return kinds


def _response(codes: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": codes, "content": {"application/json": {"schema": schema}}}


@login_not_required
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document. It holds no secret, so it is for everybody."""
    return HttpResponse(DOCUMENT.read_bytes(), content_type="application/json")
