from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from benchmarks.peers.plain.models import Membership


class AccountMiddleware:
    """Sets `request.account`, which the host names. Refuses users who are no members of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            raise PermissionDenied
        memberships = Membership.objects.select_related("account")
        slug = request.get_host().partition(".")[0]
        request.account = get_object_or_404(memberships, user=request.user, account__slug=slug).account
        return self.get_response(request)
