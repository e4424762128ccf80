"""Turns views into the OpenAPI document: texts, examples, headers, orders and credentials.

`make openapi` writes it to `config/openapi.json`, which is what `schema/` serves; a test compares the two. The texts
and examples are declared by the views (`accounts.rest.documentation`); config/openapi_responses.py adds the errors.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe
from drf_spectacular.drainage import warn
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.rest.documentation import Documented, Operation, operation_of, roles_of
from accounts.rest.views import ORDERING, MemberView, ReadOnlyTenantViewSet
from accounts.rest.writes import MemberWrites
from config.openapi_fields import ID_OR_KEY, IDEMPOTENCY_KEY, NO_NUL, TAGS
from config.openapi_responses import RATE_LIMIT, headers

DOCUMENT = Path(__file__).with_name("openapi.json")

ABOUT_TOKENS = "An access token of `auth/token/`, or a personal token (`chp_…`) of `tokens/`."


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": ABOUT_TOKENS}


SUCCESSES = {
    "200": "The request succeeded.",
    "201": "The object was created.",
    "202": "The request was accepted. A job completes it.",
    "204": "The request succeeded. The response has no body.",
    "206": "A part of the file, if the request has the header `Range`.",
}
ROW_ACTIONS = {"retrieve", "create", "partial_update"}


class Schema(AutoSchema):
    """Adds the common properties of the views of this API."""

    # Texts and examples ---------------------------------------------------------------------------------------------

    @property
    def action(self) -> str:
        """The action of a view set, or the method of a view."""
        return str(getattr(self.view, "action", None) or self.method.lower())

    @property
    def declared(self) -> Operation:
        return operation_of(cast(Documented, self.view), self.action)

    def get_operation_id(self) -> str:
        declared = self.declared
        if not (declared.id and declared.summary and declared.description):
            name = f"{type(self.view).__name__}.operations[{self.action!r}]"
            warn(f"{name}: declare a description, and a summary and id or the `noun` of the view.")
        return declared.id or super().get_operation_id()

    def get_summary(self) -> str:
        return self.declared.summary

    def get_description(self) -> str:  # type: ignore[override]
        permission = getattr(self.view, "permissions", {}).get(self.action)
        paragraphs = (self.declared.description, roles_of(permission) if permission else "")
        return "\n\n".join(filter(None, paragraphs))

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        found = super()._get_response_bodies(direction)
        for status, response in found.items():
            if status == "204":  # drf-spectacular reads no headers of the default response
                shown = self._get_response_headers_for_code(status)
                response |= {"description": "", **({"headers": shown} if shown else {})}
            response["description"] = response["description"].strip() or SUCCESSES[status]
            for media in response.get("content", {}).values():
                if not _is_binary(media) and self.declared.response is not None:
                    media["example"] = self.declared.response
        return found

    def _request_example(self, media: dict[str, Any]) -> Any:
        """Return the example of a body: the declared one, or the fields of the body from the example of the view."""
        schema = media["schema"]
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.registry._components[name, "schemas"].schema
        row = cast(Documented, self.view).example
        return self.declared.request or {name: value for name, value in row.items() if name in schema["properties"]}

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> Any:
        is_member = bool(self.get_auth())
        names = self.declared.headers
        if isinstance(names, Mapping):
            names = names.get(status_code, ())
        elif names is None:
            names = ("ETag",) if self._answers_with_tag() and status_code != "204" else ()
        replayed = ("Idempotency-Replayed",) if self._keeps_keys() else ()
        return headers(*names, *replayed, *(RATE_LIMIT if is_member else ())).get("headers", {})

    def _answers_with_tag(self) -> bool:
        """Return whether the response is one object with its ETag, as `TenantViewSet.answer()` gives it."""
        return self.action in ROW_ACTIONS or (self._is_row() and self.method in ("GET", "POST", "PATCH"))

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """Mark every field of a response as required: none is ever left out."""
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        fields = schema.get("properties", {})
        if direction == "response" and fields:
            schema["required"] = sorted(name for name, each in fields.items() if not each.get("writeOnly"))
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        """Use one schema for a text that may be blank: the empty text would match both schemas of drf-spectacular."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        first = schema.get("oneOf", [{}])[0]
        if first.get("type") == "string" and "format" not in first and first.get("pattern", NO_NUL) == NO_NUL:
            del schema["oneOf"]
            schema |= first

    # Parameters and bodies ------------------------------------------------------------------------------------------

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        view = self.view
        if isinstance(view, ReadOnlyTenantViewSet) and view.action == "list" and view.orderings:
            words = [sign + name for name in view.orderings for sign in ("", "-")]
            found.append(
                OpenApiParameter(ORDERING, str, enum=words, description="A hyphen in front reverses the order.")
            )
        if self._is_row() and self.method in ("PATCH", "DELETE", "POST"):
            about = "The `ETag` of the object as it was read. The response is 412 if the object has changed since."
            found.append(_header("If-Match", TAGS, about))
        if self._is_row() and getattr(self.view, "action", None) == "retrieve":
            about = (
                "The `ETag` of the object as it was read. If the object has not changed since, the response is 304."
            )
            found.append(_header("If-None-Match", TAGS, about))
        if self._keeps_keys():
            about = "A text that the client chooses. A retry with the same key returns the first response again."
            found.append(_header("Idempotency-Key", IDEMPOTENCY_KEY, about))
        return found

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = self._body(direction)
        for media in (body or {}).get("content", {}).values():
            if not _is_binary(media):
                media["example"] = self._request_example(media)
        return body

    def _body(self, direction: Any) -> Any:
        """Add a body to a DELETE whose view declares one."""
        if self.method != "DELETE" or not hasattr(self.view, "body_of_delete"):
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"

    def _keeps_keys(self) -> bool:
        """Return whether an idempotency key replays the response: for members with the permission."""
        if self.method != "POST" or not isinstance(self.view, MemberWrites):
            return False
        return getattr(self.view, "action", None) not in self.view.ends_permission

    def _is_row(self) -> bool:
        """Return whether the operation is about an object with an ETag: one row, or a singleton."""
        if isinstance(self.view, MemberView):
            return type(self.view).locked_tag is not MemberView.locked_tag
        return isinstance(self.view, ReadOnlyTenantViewSet) and bool(self.view.detail)

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in found:
            if parameter["name"] == "id":
                parameter["description"] = f"The id of the {cast(Documented, self.view).noun}."
            if "/tasks/" in self.path and parameter["name"] == "id":
                about = str(ID_OR_KEY["description"])
                parameter |= {"schema": {"anyOf": ID_OR_KEY["anyOf"]}, "description": about}
        return found


def _is_binary(media: dict[str, Any]) -> bool:
    return bool(media["schema"].get("format") == "binary")


def _header(name: str, schema: dict[str, Any], about: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, description=about)


def close_bodies(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Reject unknown fields, in single changes and in those of `tasks/bulk/`: a hook after the document was made."""
    schemas = result["components"]["schemas"]
    change = {
        "id": ID_OR_KEY,
        "version": {"type": ["integer", "null"], "description": "The version that the task must have."},
    }
    change |= schemas["PatchedTaskRequest"]["properties"]
    schemas["TaskChangeRequest"] = {"type": "object", "properties": change, "required": ["id"]}
    schemas["BulkRequest"]["properties"]["tasks"]["items"] = {"$ref": "#/components/schemas/TaskChangeRequest"}
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    return result


@login_not_required
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document. It contains no secret, so it is public.

    With path routing its first server is the path of the account.
    """
    content = DOCUMENT.read_bytes()
    if (prefix := get_script_prefix()) != "/":
        described = json.loads(content)
        described["servers"][0]["url"] = prefix
        content = json.dumps(described).encode()
    return HttpResponse(content, content_type="application/json")
