"""Forms that a script sends and that redirect to another page: in-place.js, docs/web.md."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER, NEXT = "X-In-Place", "X-Location"
REDIRECTS = (301, 302, 303)


class AnswerInPlaceMiddleware:
    """Answers such a form with 204 and the location instead of a redirect, and with 401 instead of the log-in page.

    A script cannot read the target of a redirect without following it, and that would consume messages.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if HEADER in request.headers and response.status_code in REDIRECTS:
            location = response["Location"]
            del response["Location"]
            response.status_code = 401
            if request.user.is_authenticated:
                response.status_code, response[NEXT] = 204, location
        return response
