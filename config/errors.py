"""Error responses: JSON under /api/, a page elsewhere, with the same status. Codes: docs/api.md."""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core import exceptions as core
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accounts.exceptions import Conflicting, FileTooLarge, Gone, QuotaExceeded, TooManyAttempts, WrongPassword
from accounts.files.images import TooManyImages
from accounts.models import Membership
from accounts.permissions import may
from accounts.rest.errors import RangeNotSatisfiable
from tenancy.cache import CacheUnavailable
from tenancy.routing import Refused
from tenancy.storage import StorageUnavailable

logger = structlog.get_logger("config.errors")

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, CacheUnavailable, StorageUnavailable, TooManyImages)
MAY_PASS = {408, 429, 500, 503}  # so the page offers to try again
FROM_SCRIPTS = {"HX-Request", "X-In-Place"}
RETRY_AFTER = {429: {"Retry-After": "60"}, 503: {"Retry-After": "5"}}  # seconds

# status: (code, detail of the API, title of the page, text of the page)
ANSWERS: dict[int, tuple[str, Any, Any, Any]] = {
    400: (
        "invalid",
        _("The request is malformed."),
        _("Bad request"),
        _("The address or the form data is malformed."),
    ),
    403: (
        "permission_denied",
        _("You do not have permission to do this."),
        _("Not allowed"),
        _("You do not have permission to see or do this. If you need it, ask an admin of the account."),
    ),
    404: (
        "not_found",
        _("Not found."),
        _("Not found"),
        _("This page does not exist, or you do not have permission to see it."),
    ),
    409: (
        "conflict",
        _("Another user changed this at the same time. Try again."),
        _("Conflict"),
        _("Another user changed this at the same time. Go back, reload the page and try again."),
    ),
    408: (
        "too_slow",
        _("The request arrived too slowly. Try again."),
        _("Request timeout"),
        _("Your connection was too slow. Try again."),
    ),
    413: (
        "too_large",
        _("The request is too large."),
        _("Request too large"),
        _("The data that you sent is too large for this page."),
    ),
    429: (
        "throttled",
        _("There were too many requests. Try again in a minute."),
        _("Too many attempts"),
        _("Wait for a minute, then try again."),
    ),
    500: (
        "server_error",
        _("Something went wrong."),
        _("Something went wrong"),
        _("The error has been recorded. Please try again."),
    ),
    503: (
        "unavailable",
        _("A part of the system does not respond. Try again in a few seconds."),
        _("Temporarily unavailable"),
        _("A part of the system does not respond. Try again in a few seconds."),
    ),
}
# Refusals are answered before the middleware that sets these, from hosts that serve no style sheet.
REFUSAL_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src {settings.PUBLIC_URL}; img-src {settings.PUBLIC_URL}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PAGES = {
    "bad_host": (_("That address is malformed"), _("Check the address in your browser.")),
    "unknown_host": (_("There is no account at this address"), _("Check the name of the account in the address.")),
    "account_suspended": (
        _("This account is suspended"),
        _(
            "None of its data has been deleted. Its owner can tell you the reason. "
            "Your other accounts are not affected."
        ),
    ),
    "tenant_mismatch": (_("Wrong account"), _("You are signed in to another account than this address belongs to.")),
}


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def body(code: str, detail: Any, errors: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Return the one shape of an error in the API."""
    return {"code": code, "detail": str(detail), "errors": errors or {}}


# Outside of views --------------------------------------------------------------------------------------------------


def refuse(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Answer a request whose tenant could not be resolved: `TENANCY["REFUSAL_VIEW"]`."""
    called = {"X-Tenant": refused.called} if refused.called else {}
    return _refusal(request, refused, called if is_api(request) else REFUSAL_HEADERS | called)


def _refusal(request: HttpRequest, refused: Refused, headers: Any = None) -> HttpResponse:
    if is_api(request):
        return JsonResponse(body(refused.code, refused.detail), status=refused.status, headers=headers)
    return _page(request, refused.status, *PAGES[refused.code], headers)


@login_not_required
@csrf_exempt
def closing(request: HttpRequest) -> HttpResponse:
    """Answer for an account in deletion as for a suspended one, with a link for owners to cancel the deletion."""
    member: Membership | None = getattr(request, "membership", None)
    if member is not None and may(member, "account.delete") and not is_api(request):
        return redirect("danger")
    # This host serves style sheets, and the middleware sets the headers.
    return _refusal(request, Refused(403, "account_suspended", "This account is suspended."))


def refuse_body(request: HttpRequest, status: int) -> HttpResponse:
    """Answer a request whose body is too large, 413, or arrives too slowly, 408. No middleware has seen it."""
    response = _answer(request, status)
    response["Content-Length"] = str(len(response.content))  # the connection stays open for a moment
    for name, value in ({} if is_api(request) else REFUSAL_HEADERS).items():
        response[name] = value
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unhandled exception: 503 if a server is unavailable, 409 for a lost race, 500 otherwise."""
    return _answer(request, _status_of(sys.exc_info()[1]))


def _status_of(error: BaseException | None) -> int:
    if isinstance(error, UNAVAILABLE):
        return 503
    return 409 if isinstance(error, IntegrityError | Conflicting) else 500


class AnswerExceptionsMiddleware:
    """Answers exceptions of actions that a page did not handle, as Django answers Http404. The last middleware."""

    STATUSES: Mapping[type[Exception], int] = {Gone: 404, TooManyAttempts: 429}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        statuses = (status for kind, status in self.STATUSES.items() if isinstance(error, kind))
        status = next(statuses, None)
        return None if status is None else _answer(request, status)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer a request that is over a limit of allauth's, which looks for `handler429` in the public urlconf."""
    return _answer(request, 429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_api(request):
        return _answer(request, 403)
    if request.user.is_authenticated or not _needs_log_in(request):
        return _page(request, 403, _("This page has expired"), _("Go back, reload it and try again."))
    if FROM_SCRIPTS & request.headers.keys():
        return redirect_to_login(request.get_full_path())  # as without a session: the page says that it has ended
    title, text = _("Your session has ended"), _("Nothing was changed. Log in, then try again.")
    return _page(request, 403, title, text, leads_to_log_in=True)


def _needs_log_in(request: HttpRequest) -> bool:
    """Return whether the view requires a log-in, as LoginRequiredMiddleware does later."""
    match = request.resolver_match
    return match is not None and getattr(match.func, "login_required", True)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    code, detail, title, text = ANSWERS[status]
    headers = RETRY_AFTER.get(status)
    if is_api(request):
        return JsonResponse(body(code, detail), status=status, headers=headers)
    return _page(request, status, title, text, headers)


def _page(request: HttpRequest, status: int, title: Any, text: Any, headers: Any = None, **more: Any) -> HttpResponse:
    context = {"status": status, "title": title, "text": text, "may_pass": status in MAY_PASS, **more}
    response = render(request, "shared/error.html", context, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


# In the API --------------------------------------------------------------------------------------------------------


def api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """Answer an exception of an API view: `REST_FRAMEWORK["EXCEPTION_HANDLER"]`.

    It also answers unexpected exceptions, for which DEBUG would render a page.
    """
    for kind, answer in API_ANSWERS:
        if isinstance(error, kind):
            return answer(error)
    logger.error("unhandled", view=type(context.get("view")).__name__, exc_info=error)
    return _of_status(503 if isinstance(error, UNAVAILABLE) else 500)


def _of_status(status: int) -> Response:
    code, detail, *_page = ANSWERS[status]
    return Response(body(code, detail), status=status, headers=RETRY_AFTER.get(status))


def _invalid(errors: dict[str, list[str]]) -> Response:
    return Response(body("invalid", _("The request is invalid."), errors), status=400)


def _documented(error: exceptions.APIException) -> Response:
    codes = {"parse_error": "invalid", "authentication_failed": "invalid_token", "error": "server_error"}
    code = str(error.get_codes())
    headers = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(wait)
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    return Response(body(codes.get(code, code), error.detail), status=error.status_code, headers=headers)


def _messages(error: core.ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {core.NON_FIELD_ERRORS: error.messages}


def _field(name: str) -> str:
    return api_settings.NON_FIELD_ERRORS_KEY if name == core.NON_FIELD_ERRORS else name


def _flatten(detail: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(detail, dict):
        yield api_settings.NON_FIELD_ERRORS_KEY, list(_texts(detail))
        return
    for name, value in detail.items():
        yield str(name), list(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    """Yield the messages of a field, whose own shape may be nested lists and objects."""
    if isinstance(value, dict):
        for nested in value.values():
            yield from _texts(nested)
    elif isinstance(value, list | tuple):
        for nested in value:
            yield from _texts(nested)
    else:
        yield str(value)


def _conflict(error: IntegrityError) -> Response:
    logger.warning("conflict", error=str(error))
    return _of_status(409)


def _denied(error: core.PermissionDenied) -> Response:
    """Answer with the text of the action, or with a general one without it."""
    return Response(body("permission_denied", str(error) or ANSWERS[403][1]), status=403)


def _quota_exceeded(error: QuotaExceeded) -> Response:
    return Response(body("quota_exceeded", " ".join(error.messages)), status=402)


def _file_too_large(error: FileTooLarge) -> Response:
    return Response(body("too_large", error), status=413)


def _wrong_password(error: WrongPassword) -> Response:
    detail = _("The email address or the password is wrong.")
    return Response(body("invalid_credentials", detail), status=401, headers={"WWW-Authenticate": "Bearer"})


def _too_many_attempts(error: TooManyAttempts) -> Response:
    return _documented(exceptions.Throttled(error.seconds, str(error) or None))


def _too_many_images(error: TooManyImages) -> Response:
    """Log a warning instead of an error: the refusal is intended, and the client tries again."""
    logger.warning("too_many_images", reason=str(error))
    return _of_status(503)


def _too_large(error: Exception) -> Response:
    return _of_status(413)


# The first match answers, so special exceptions come before general ones.
API_ANSWERS: list[tuple[type[Exception], Callable[[Any], Response]]] = [
    (QuotaExceeded, _quota_exceeded),
    (FileTooLarge, _file_too_large),
    (exceptions.ValidationError, lambda error: _invalid(dict(_flatten(error.detail)))),
    (core.ValidationError, lambda error: _invalid({_field(name): texts for name, texts in _messages(error).items()})),
    (exceptions.APIException, _documented),
    (Http404, lambda error: _of_status(404)),
    (Gone, lambda error: _of_status(404)),
    (TooManyAttempts, _too_many_attempts),
    (WrongPassword, _wrong_password),
    (core.PermissionDenied, _denied),
    (Conflicting, lambda error: Response(body("conflict", error), status=409)),
    (core.RequestDataTooBig, _too_large),
    (core.BadRequest, lambda error: _of_status(400)),
    (core.SuspiciousOperation, lambda error: _of_status(400)),
    (IntegrityError, _conflict),
    (TooManyImages, _too_many_images),
]
