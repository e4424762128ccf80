from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from benchmarks.peers.plain.models import Membership
from benchmarks.peers.shared.hosts import account_of


class AccountMiddleware:
    """Sets `request.account`, which the host names. Refuses users who are no members of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.account = account_of(request, Membership.objects)
        return self.get_response(request)
