"""Responses that many operations of the API share: errors, redirects, and the headers of all of them.

`add_responses()` is a postprocessing hook of drf-spectacular. It adds to every operation the errors that the operation
can return. docs/api.md has the same table of codes, and a test compares the two.
"""

from typing import Any, NamedTuple

TEXT = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 0}


def _header(about: str, schema: dict[str, Any] = TEXT, *, required: bool = False) -> dict[str, Any]:
    return {"description": about, "schema": schema} | ({"required": True} if required else {})


HEADERS: dict[str, dict[str, Any]] = {
    "Accept-Ranges": _header("`bytes`: the server answers requests with `Range`."),
    "Allow": _header("The methods that this URL has."),
    "Content-Disposition": _header("`attachment`, with the name of the file (RFC 6266)."),
    "Content-Range": _header("The range that the body contains, and the size of the file: `bytes 0-1023/146515`."),
    "ETag": _header(
        "The version of the object. Send it in `If-Match` to change the object only if it is still the same, or in "
        "`If-None-Match` to read it only if it has changed.",
        {"type": "string", "pattern": '^"[!#-~]*"$'},
    ),
    "Idempotency-Replayed": _header(
        "Only if the request was a retry: its `Idempotency-Key` was used before, and this is the first response.",
        {"type": "string", "const": "true"},
    ),
    "Last-Modified": _header("The time at which the file was attached."),
    "Location": _header("The URL to continue at.", {"type": "string", "format": "uri-reference"}, required=True),
    "RateLimit-Limit": _header("The number of requests a minute that the plan allows.", NUMBER),
    "RateLimit-Remaining": _header("The number of requests that are left in this minute.", NUMBER),
    "RateLimit-Reset": _header("Seconds until the next minute begins.", NUMBER),
    "Retry-After": _header("Seconds to wait before the next attempt.", NUMBER, required=True),
    "WWW-Authenticate": _header("`Bearer`", required=True),
    "X-Tenant": _header("The current slug of the account, if the header `X-Tenant` contained a former one."),
}
# Every response to a member, unless rate limits are switched off (API_RATE_LIMITS=0) or Redis does not respond.
RATE_LIMIT = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

ERROR = {
    "type": "object",
    "description": "The body of every error.",
    "properties": {
        "code": {"type": "string", "description": "The reason, for programs.", "examples": ["invalid"]},
        "detail": {
            "type": "string",
            "description": "The reason, for people.",
            "examples": ["The request is invalid."],
        },
        "errors": {
            "type": "object",
            "description": "The messages for each field or parameter. Empty if the error concerns no single field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["code", "detail", "errors"],
}


class Failure(NamedTuple):
    """A kind of error response."""

    name: str  # in `components`
    codes: str
    operations: str  # the operations that can return it: see `_kinds()`
    detail: str  # of the example, whose code is the first one
    errors: dict[str, list[str]] = {}
    headers: tuple[str, ...] = ()
    has_rate_limit: bool = True


# Files of the application repeat them with 304.
KNOWN = ("Accept-Ranges", "Content-Disposition", "Last-Modified")
REQUIRED = {"title": ["This field is required."]}
ERRORS = {
    "400": Failure(
        "Invalid",
        "`invalid`, also for unknown fields and parameters. `bad_host`: the header `Host` is malformed.",
        "all",
        "The request is invalid.",
        REQUIRED,
    ),
    "401": Failure(
        "NotAuthenticated",
        "`not_authenticated`: the request has no credentials. `invalid_token`: the token is expired, revoked or "
        "unknown. At `auth/token/` and `invitations/accept/`: `invalid_credentials` (wrong email address or password) "
        "and `otp_required`.",
        "all",
        "Authentication credentials were not provided.",
        headers=("WWW-Authenticate",),
        has_rate_limit=False,
    ),
    "402": Failure(
        "QuotaExceeded",
        "`quota_exceeded`: the plan of the account does not include one more.",
        "create",
        "The plan of this account includes 10 projects.",
    ),
    "403": Failure(
        "Forbidden",
        "`permission_denied`: the role does not allow this. `tenant_mismatch`: the credentials belong to another "
        "account. `not_a_member`: the membership has ended. `account_suspended`.",
        "all",
        "Your role in this account does not allow this.",
    ),
    "404": Failure(
        "NotFound",
        "`not_found`: the object does not exist, belongs to another account or is hidden from the member; the "
        "response is the same. `unknown_host`: no account has this address.",
        "all",
        "Not found.",
        headers=("X-Tenant",),
    ),
    "405": Failure(
        "MethodNotAllowed",
        "`method_not_allowed`",
        "all",
        'Method "PUT" not allowed.',
        headers=("Allow",),
    ),
    "408": Failure(
        "TooSlow",
        "`too_slow`: the body did not arrive in time.",
        "body",
        "The request arrived too slowly. Try again.",
        has_rate_limit=False,
    ),
    "409": Failure(
        "Conflict",
        "`conflict`: the current state does not allow this, or another request changed the object at the same time. "
        "Nothing was changed.",
        "write",
        "WEB-42 is completed already.",
    ),
    "412": Failure(
        "Stale",
        "`stale`: the object was changed since it was read. Its `ETag` is not in `If-Match`.",
        "row",
        "This was changed after you read it. Read it again before you write.",
    ),
    "413": Failure("TooLarge", "`too_large`: the body is larger than allowed.", "body", "The request is too large."),
    "415": Failure(
        "UnsupportedMediaType",
        "`unsupported_media_type`: the `Content-Type` of the body is not one of this operation.",
        "body",
        'Unsupported media type "text/plain" in request.',
    ),
    "416": Failure(
        "RangeNotSatisfiable",
        "`range_not_satisfiable`: the file has no bytes in the requested range.",
        "part",
        "The file has no bytes in that range.",
        headers=("Content-Range",),
    ),
    "422": Failure(
        "IdempotencyMismatch",
        "`idempotency_mismatch`: the `Idempotency-Key` was used with another body.",
        "repeat",
        "This idempotency key was used for another body. Use a new one for each new request.",
    ),
    "429": Failure(
        "Throttled",
        "`throttled`: too many requests.",
        "all",
        "Request was throttled. Expected available in 16 seconds.",
        headers=("Retry-After",),
    ),
    "500": Failure("ServerError", "`server_error`", "all", "Something went wrong."),
    "503": Failure(
        "Unavailable",
        "`unavailable`: a part of the system does not respond.",
        "all",
        "A part of the system does not respond. Try again in a few seconds.",
        headers=("Retry-After",),
    ),
}
MOVED = {
    "description": "The host, or `/t/<slug>/` in the path, has a former name of the account. Send the same request to "
    "`Location`. Many clients omit `Authorization` when they follow a redirect to another host.",
}


def add_responses(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the responses that operations share: a hook that runs when the rest of the document is made."""
    result["components"]["schemas"]["Error"] = ERROR
    result["components"]["headers"] = HEADERS
    errors = {failure.name: _response(failure, is_member=True) for failure in ERRORS.values()}
    result["components"]["responses"] = {"Moved": MOVED | headers("Location"), **errors}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _add_to(operation, _kinds(path, method, operation), is_member="security" in operation)
    return result


def headers(*names: str) -> dict[str, Any]:
    """Return the part of a response that lists its headers."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}} if names else {}


def _add_to(operation: dict[str, Any], kinds: set[str], *, is_member: bool) -> None:
    responses = operation["responses"]
    responses["308"] = {"$ref": "#/components/responses/Moved"}
    if "reread" in kinds:
        responses["304"] = {"description": "Not changed: `If-None-Match` contains the `ETag`."}
        responses["304"] |= headers(*(KNOWN if "part" in kinds else ()), "ETag", *RATE_LIMIT)
    for status, failure in ERRORS.items():
        if failure.operations in kinds:
            shared = {"$ref": f"#/components/responses/{failure.name}"}
            responses.setdefault(status, shared if is_member else _response(failure, is_member=False))
    operation["responses"] = dict(sorted(responses.items()))


def _kinds(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """Return the groups of errors of an operation. `row` is an operation on one object that has an ETag."""
    kinds = {"all"}
    if method in ("post", "patch", "delete") or path.endswith("/download/"):  # of what may not be ready
        kinds.add("write")
    if method in ("post", "patch", "put"):
        kinds.add("body")
    if method == "post" and "201" in operation["responses"]:
        kinds.add("create")
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    kinds |= {"row"} if "If-Match" in names else set()
    kinds |= {"repeat"} if "Idempotency-Key" in names else set()
    kinds |= {"part", "reread"} if "206" in operation["responses"] else set()
    kinds |= {"reread"} if "If-None-Match" in names else set()
    return kinds


def _response(failure: Failure, *, is_member: bool) -> dict[str, Any]:
    code = failure.codes.split("`")[1]
    example = {"code": code, "detail": failure.detail, "errors": failure.errors}
    media = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    names = (*failure.headers, *(RATE_LIMIT if is_member and failure.has_rate_limit else ()))
    return {"description": failure.codes, **headers(*names), "content": {"application/json": media}}
