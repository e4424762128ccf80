from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from benchmarks.peers.schemas.models import Membership


class MembershipMiddleware:
    """Refuses users who are no members of the tenant, whose schema the package's middleware has chosen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated or not Membership.objects.filter(user=request.user).exists():
            raise PermissionDenied
        return self.get_response(request)
